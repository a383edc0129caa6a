"""Translators applied to pictures: every way gives the same picture, and what belongs to it stays with it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_studio import images
from gan_studio.config import ConfigError
from gan_studio.jobs import apply, readied
from gan_studio.jobs.apply import Cancelled, Manner, applied, computed, run_out, translated, way_for
from gan_studio.jobs.translators import Opening, Translator, choices, open_translator, other_way
from gan_studio.networks import TRANSLATORS, Needs
from gan_studio.picture_files import Carried, Picture, cropped

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def smooth(height: int, width: int, bands: int = 3) -> np.ndarray:
    """[H, W, C] uint8, as pictures are."""
    x = nn.functional.interpolate(torch.rand(1, bands, 6, 6), size=(height, width), mode="bilinear")
    return (x[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()


@pytest.fixture
def of_file(tmp_path: Path) -> Callable[..., Translator]:
    """A translator from a file with junyanz' names."""

    def make(
        kind: str = "resnet", name: str = "latest_net_G.pth", inputs: int = 3, outputs: int = 3, **values: Any
    ) -> Translator:
        values = {"kind": kind, "width": 3} | ({"blocks": 2} if kind == "resnet" else {}) | values
        network = TRANSLATORS.parse(values).build((inputs, 64, 64), (outputs, 64, 64))
        for part in network.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.normal_(part.running_mean, 0, 0.3), nn.init.uniform_(part.running_var, 0.5, 2)
            if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_normal_(part.weight)
        torch.save(network.state_dict(), tmp_path / name)
        return open_translator(tmp_path / name, device="cpu")

    return make


def plain(translator: Translator, pixels: np.ndarray) -> np.ndarray:
    """The second implementation: the network upon the picture, nothing else."""
    with torch.no_grad():
        y = translator.network(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1)
    return y[0].permute(1, 2, 0).numpy()


EXACT = {"precision": "fp32"}


def in_floats(translator: Translator, pixels: np.ndarray, **values: Any) -> np.ndarray:
    return run_out(computed(translator, pixels, Manner.parse(EXACT | values), np.float32))


# --- ways ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, values",
    [
        ("resnet", {"blocks": 6}),
        ("resnet", {"blocks": 9, "upsampling": "nearest"}),
        ("unet", {"levels": 4}),
        ("unet", {"levels": 3, "norm": "instance"}),
    ],
)
def test_layer_by_layer_is_the_whole(of_file: Callable[..., Translator], kind: str, values: dict[str, Any]) -> None:
    """Within 1e-4 where values are up to 1; measured some 1e-6."""
    translator, pixels = of_file(kind, **values), smooth(64, 96)
    whole = plain(translator, pixels)
    np.testing.assert_allclose(in_floats(translator, pixels, way="whole"), whole, atol=1e-5)
    np.testing.assert_allclose(in_floats(translator, pixels, way="layers", tile=32), whole, atol=1e-4)
    assert np.abs(in_floats(translator, pixels, way="tiles", tile=32, overlap=4) - whole).max() > 1e-3


def test_tiles_are_exact_where_they_overlap_by_the_reach(of_file: Callable[..., Translator]) -> None:
    translator, pixels = of_file(norm="batch"), smooth(100, 144)
    assert not translator.sees_all and translator.needs.reach
    whole = plain(translator, pixels)
    np.testing.assert_allclose(in_floats(translator, pixels, way="tiles", tile=32), whole, atol=1e-5)
    assert way_for(translator, (100, 144), Manner(way="tiles", tile=32)).exact
    loose = way_for(translator, (100, 144), Manner(way="tiles", tile=32, overlap=2))
    assert not loose.exact and "seams are possible" in str(loose)
    assert 0 < np.abs(in_floats(translator, pixels, way="tiles", tile=32, overlap=2) - whole).max() < 1


@pytest.mark.parametrize("kind", ["resnet", "unet"])
def test_one_pixel_is_a_picture_too(of_file: Callable[..., Translator], kind: str) -> None:
    """Only its size is compared: norms of a picture without any variance enlarge rounding without bounds."""
    assert in_floats(of_file(kind), smooth(1, 1)).shape == (1, 1, 3)


@pytest.mark.parametrize("height, width", [(2, 5), (3, 50), (65, 66), (7, 129)])
@pytest.mark.parametrize("kind", ["resnet", "unet"])
def test_any_size_comes_back(of_file: Callable[..., Translator], kind: str, height: int, width: int) -> None:
    """Continued by reflection as NumPy does it, and cut back."""
    translator = of_file(kind)
    pixels = smooth(height, width)
    multiple = translator.needs.multiple
    rows, columns = (-(-max(side, translator.needs.least) // multiple) * multiple for side in (height, width))
    continued = np.pad(pixels, ((0, rows - height), (0, columns - width), (0, 0)), "reflect")
    expected = plain(translator, continued)[:height, :width]
    np.testing.assert_allclose(in_floats(translator, pixels), expected, atol=1e-5)
    np.testing.assert_allclose(in_floats(translator, pixels, way="layers", tile=24), expected, atol=1e-4)


def test_the_way_is_chosen_by_size_and_network(of_file: Callable[..., Translator], monkeypatch) -> None:
    sees_all, bounded = of_file(), of_file(norm="batch", name="b.pth")
    assert str(way_for(sees_all, (512, 512))) == str(way_for(bounded, (512, 512))) == "in one piece"
    assert str(way_for(sees_all, (8192, 8192))).startswith("layer by layer")
    assert str(way_for(bounded, (8192, 8192))).startswith("in tiles")
    monkeypatch.setattr(apply, "free_bytes", lambda device: 2**23)
    assert str(way_for(sees_all, (512, 512))).startswith("layer by layer in pieces of")
    assert way_for(sees_all, (8192, 8192)).tile < 128
    assert "kept on the disk" in str(way_for(sees_all, (8192, 8192)))


def test_memory_that_runs_out_halves_the_tiles(of_file: Callable[..., Translator], monkeypatch) -> None:
    translator, pixels = of_file(norm="batch"), smooth(200, 200)
    expected = in_floats(translator, pixels)
    real, tried = translator.network.forward, []

    def scarce(x: Tensor) -> Tensor:
        tried.append(tuple(x.shape[2:]))
        if x.shape[2] * x.shape[3] > 140**2:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory")
        return real(x)

    monkeypatch.setattr(translator.network, "forward", scarce)
    np.testing.assert_allclose(in_floats(translator, pixels, way="whole"), expected, atol=1e-5)
    assert tried[0] == (200, 200) and len(tried) > 4

    def none(x: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(translator.network, "forward", none)
    with pytest.raises(ConfigError, match="does not suffice even for tiles"):
        in_floats(translator, pixels, tile=64)


def test_other_errors_of_a_network_are_not_hidden(of_file: Callable[..., Translator], monkeypatch) -> None:
    translator = of_file()
    in_floats(translator, smooth(16, 16))
    monkeypatch.setattr(translator.network, "forward", lambda x: (_ for _ in ()).throw(RuntimeError("broken")))
    with pytest.raises(RuntimeError, match="broken"):
        in_floats(translator, smooth(16, 16))


def test_a_stop_is_heard_between_tiles(of_file: Callable[..., Translator]) -> None:
    translator, asked = of_file(norm="batch"), iter([False, False, True])
    with pytest.raises(Cancelled):
        translated(translator, Picture(smooth(200, 200)), Manner(way="tiles", tile=32), lambda: next(asked))
    assert not torch.is_inference_mode_enabled() and not torch.is_autocast_enabled("cpu")


def test_work_on_its_way_leaves_torch_as_it_is(of_file: Callable[..., Translator]) -> None:
    for way in ("tiles", "layers"):
        work = computed(of_file(), smooth(96, 96), Manner(way=way, tile=32))
        shares = [next(work), next(work)]
        assert 0 < shares[0] < shares[1] < 1
        assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
        work.close()


# --- what belongs to a picture ---------------------------------------------------------------------------------------


def test_alpha_passes_through_and_metadata_too(of_file: Callable[..., Translator]) -> None:
    alpha = RANDOM.integers(0, 256, (20, 30), np.uint8)
    carried = Carried(texts={"Title": "Lamp"})
    found = translated(of_file(), Picture(smooth(20, 30), alpha, carried))
    np.testing.assert_array_equal(found.alpha, alpha)
    assert found.carried is carried and found.colour.shape == (20, 30, 3)


def doubling(channels: tuple[int, int] = (3, 3)) -> Translator:
    """Repeats pixels, twice the size."""

    class Twice(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
            return x if channels[0] == channels[1] else x[:, :1].repeat(1, channels[1], 1, 1)

    needs = Needs(reach=0, scale=2)
    return Translator(
        Twice(), channels, needs, {"run": "twice", "title": "Twice", "step": 0}, "A to B", ("A to B",),
        torch.device("cpu"), Opening(path="none"),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("tile", [0, 16])
def test_every_level_survives_both_ways_through_floats(dtype: Any, tile: int) -> None:
    most = np.iinfo(dtype).max
    pixels = RANDOM.integers(0, most + 1, (40, 30, 3)).astype(dtype)
    pixels[0, :2] = [[0] * 3, [most] * 3]
    alpha = np.full((40, 30), most // 3, dtype)
    found = translated(doubling(), Picture(pixels, alpha), Manner(tile=tile))
    np.testing.assert_array_equal(found.colour, pixels.repeat(2, 0).repeat(2, 1))
    assert found.colour.dtype == found.alpha.dtype == dtype
    np.testing.assert_array_equal(found.alpha, most // 3)


def test_greys_become_colours_and_colours_greys_as_the_network_wants() -> None:
    from PIL import Image

    colour, grey = smooth(8, 8), smooth(8, 8, 1)
    assert translated(doubling(), Picture(grey)).colour.shape == (16, 16, 3)
    found = translated(doubling((1, 1)), Picture(colour)).colour[::2, ::2, 0].astype(int)
    assert np.abs(found - np.asarray(Image.fromarray(colour).convert("L"))).max() <= 1
    four = translated(doubling((4, 4)), Picture(colour, grey[:, :, 0]))
    np.testing.assert_array_equal(four.alpha[::2, ::2], grey[:, :, 0])
    assert (translated(doubling((4, 4)), Picture(colour)).alpha == 255).all()


@pytest.mark.parametrize("channels", [(3, 3), (1, 1), (3, 1)])
def test_transparency_goes_its_chosen_way(channels: tuple[int, int]) -> None:
    from PIL import Image

    colour, alpha = smooth(20, 30), RANDOM.integers(0, 256, (20, 30), np.uint8)
    kept, apart, dropped = (
        translated(doubling(channels), Picture(colour, alpha), Manner(alpha=way))
        for way in ("keep", "translate", "drop")
    )
    soft = np.asarray(Image.fromarray(alpha).resize((60, 40), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(kept.alpha, soft)
    np.testing.assert_array_equal(apart.alpha, alpha.repeat(2, 0).repeat(2, 1))  # as the network enlarges
    assert dropped.alpha is None
    for one in (apart, dropped):
        np.testing.assert_array_equal(one.colour, kept.colour)


def test_transparency_that_a_network_makes_is_its_own() -> None:
    colour, alpha = smooth(8, 8), smooth(8, 8, 1)[:, :, 0]
    for way in ("keep", "translate"):
        found = translated(doubling((4, 4)), Picture(colour, alpha), Manner(alpha=way))
        np.testing.assert_array_equal(found.alpha, alpha.repeat(2, 0).repeat(2, 1))
    assert translated(doubling((4, 4)), Picture(colour, alpha), Manner(alpha="drop")).alpha is None


def test_a_picture_may_be_translated_at_the_size_of_the_training(of_file: Callable[..., Translator]) -> None:
    """As pix2pix's program does it, with Pillow, and back."""
    from PIL import Image

    translator = of_file()
    colour, alpha = smooth(37, 50), smooth(37, 50, 1)[:, :, 0]
    with pytest.raises(ConfigError, match="size: of this translator nobody knows at which size it was trained"):
        translated(translator, Picture(colour), Manner(size="resize"))
    Path(translator.opening.path).with_name("train_opt.txt").write_text("      crop_size: 48  [default: 256]\n")
    translator = translator.opening.open("cpu")
    made = translated(translator, Picture(colour, alpha), Manner(size="resize", precision="fp32"))
    small = np.asarray(Image.fromarray(colour).resize((48, 48), Image.Resampling.BICUBIC))
    theirs = translated(translator, Picture(small), Manner(precision="fp32")).colour
    theirs = np.asarray(Image.fromarray(theirs).resize((50, 37), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(made.colour, theirs)
    np.testing.assert_array_equal(made.alpha, alpha)
    of_training_size = Picture(smooth(48, 48))
    one, other = (translated(translator, of_training_size, Manner(size=size)) for size in ("resize", "pad"))
    np.testing.assert_array_equal(one.colour, other.colour)


def test_a_crop_is_a_picture_and_nothing_is_none() -> None:
    part = cropped(Picture(smooth(20, 20)), (5, 6, 9, 8))
    assert translated(doubling(), part).size == (8, 4)
    with pytest.raises(ConfigError, match="no pixels"):
        translated(doubling(), cropped(part, (50, 50, 60, 60)))


# --- as it was trained -----------------------------------------------------------------------------------------------


def test_noise_is_by_the_seed_and_statistics_by_the_picture(of_file: Callable[..., Translator], tmp_path: Path) -> None:
    still = of_file("unet", levels=5)
    assert still.notes and not still.as_trained and not still.has_noise
    noisy = open_translator(tmp_path / "latest_net_G.pth", device="cpu", as_trained=True)
    assert noisy.has_noise and noisy.sees_all and not noisy.notes
    picture = Picture(smooth(64, 64))
    one, same, other = (translated(noisy, picture, Manner(seed=seed)).colour for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any() and (one != translated(still, picture).colour).any()
    assert not way_for(noisy, (64, 64), Manner(way="layers")).exact


def test_pixels_are_cut_off_as_by_their_program_where_that_is_wanted(
    of_file: Callable[..., Translator], tmp_path: Path
) -> None:
    rounded, pixels = of_file("resnet"), smooth(64, 64)
    theirs = open_translator(tmp_path / "latest_net_G.pth", device="cpu", as_trained=True)
    y = plain(rounded, pixels)
    made = [run_out(computed(one, pixels, Manner.parse(EXACT))) for one in (theirs, rounded)]
    expected = ((y + 1) / 2.0 * 255.0).astype(np.uint8)  # as in its util.tensor2im
    assert (made[0] != expected).mean() < 0.002  # where another order of sums crosses a border
    np.testing.assert_array_equal(made[0], images.to_uint8_cut_off(images.to_numbers(in_floats(theirs, pixels)))[0])
    assert 0.3 < (made[1] != made[0]).mean() < 0.7 and (made[1] >= made[0]).all()
    deep = run_out(computed(theirs, pixels, Manner.parse(EXACT), np.uint16))  # they know no 16 bits
    assert deep.dtype == np.uint16


# --- number formats --------------------------------------------------------------------------------------------------


def test_the_format_is_measured_once_and_remembered(
    of_file: Callable[..., Translator], monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(readied, "formats_to_try", two_formats)
    timed: list[str] = []

    def measured(ready: readied.Ready, x: Tensor) -> tuple[float, Tensor]:
        timed.append(ready.engine.precision)
        return {"fp32": 1.0, "bf16": 0.5}[ready.engine.precision], torch.zeros(1)

    monkeypatch.setattr(readied, "_timed", measured)
    first = readied.readied(of_file())
    assert first.engine.precision == "bf16" and timed == ["fp32", "bf16"]
    assert readied.readied(of_file()).engine.precision == "bf16" and len(timed) == 2  # of another file of this kind
    readied.readied(of_file(width=4))
    assert len(timed) == 4


def two_formats(compute: Any, best: Any, pictures: bool) -> list[Any]:
    from dataclasses import replace

    return [best] if compute.precision == "fp32" else [replace(best, precision=p) for p in ("fp32", "bf16")]


@pytest.mark.parametrize("seconds, change, picked", [(0.5, 0.0, "bf16"), (0.95, 0.0, "fp32"), (0.5, 0.1, "fp32")])
def test_bf16_must_be_faster_and_near(
    of_file: Callable[..., Translator], monkeypatch, seconds: float, change: float, picked: str
) -> None:
    monkeypatch.setattr(readied, "formats_to_try", two_formats)
    answers = {"fp32": (1.0, torch.zeros(1)), "bf16": (seconds, torch.full((1,), change))}
    monkeypatch.setattr(readied, "_timed", lambda ready, x: answers[ready.engine.precision])
    monkeypatch.setattr(readied, "_remembered", dict)
    assert readied.readied(of_file()).engine.precision == picked


def test_sixteen_bits_are_computed_in_full(of_file: Callable[..., Translator]) -> None:
    """bf16 itself has eight."""
    translator, deep = of_file(), (smooth(32, 32).astype(np.uint16) * 257)
    auto = translated(translator, Picture(deep)).colour
    np.testing.assert_array_equal(auto, translated(translator, Picture(deep), Manner(precision="fp32")).colour)
    np.testing.assert_allclose(auto / 32767.5 - 1, plain(translator, smooth_of(deep)), atol=1e-4)


def smooth_of(deep: np.ndarray) -> np.ndarray:
    return (deep // 257).astype(np.uint8)


def test_what_is_measured_goes_with_its_translator(of_file: Callable[..., Translator]) -> None:
    """A window opens many networks one after the other."""
    translator = of_file()
    in_floats(translator, smooth(16, 16))
    gone = weakref.ref(translator.network)
    del translator
    gc.collect()
    assert gone() is None


def test_bf16_is_near(of_file: Callable[..., Translator]) -> None:
    translator, pixels = of_file(), smooth(64, 64)
    near = in_floats(translator, pixels, precision="bf16")
    change = np.abs(near - in_floats(translator, pixels)).mean() * 127.5
    assert 0 < change < readied.MOST_CHANGE


# --- opening ---------------------------------------------------------------------------------------------------------


def test_files_are_told_and_lead_back_where_there_is_a_partner(
    of_file: Callable[..., Translator], tmp_path: Path
) -> None:
    there = of_file(name="latest_net_G_A.pth")
    assert (there.direction, there.directions) == ("A to B", ("A to B",))
    with pytest.raises(ConfigError, match="There is no way back"):
        other_way(there)
    of_file(name="latest_net_G_B.pth")
    there = open_translator(tmp_path / "latest_net_G_A.pth", device="cpu")
    assert there.directions == choices(tmp_path / "latest_net_G_A.pth") == ("A to B", "B to A")
    back = other_way(there)
    assert back.direction == "B to A" and back.about["title"] == "latest_net_G_B.pth"
    same = open_translator(tmp_path / "latest_net_G_A.pth", direction="B to A", device="cpu")
    assert same.about["sha256"] == back.about["sha256"]
    again = there.opening.open("cpu")
    assert again.about == there.about and "format" in there.about
    with pytest.raises(ConfigError, match="goes A to B and not up"):
        open_translator(tmp_path / "latest_net_G_A.pth", direction="up")
    with pytest.raises(ConfigError, match="leave the step out"):
        open_translator(tmp_path / "latest_net_G_A.pth", step=7)


def test_runs_of_generators_are_sent_to_explore(picture_run: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="Explore tab"):
        open_translator(picture_run().folder)
    with pytest.raises(ConfigError):
        open_translator("no such run")


def test_shares_rise_to_one(of_file: Callable[..., Translator]) -> None:
    for way in ("whole", "tiles", "layers"):
        found = list(applied(of_file(), Picture(smooth(70, 70)), Manner(way=way, tile=32)))
        assert found == sorted(found) and found[-1] == pytest.approx(1)
