"""`gan-studio translate`, and what of `inspect` and `export` belongs to translators, as a user types it."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from gan_studio import cli, runs
from gan_studio.compute import Engine
from gan_studio.config import ConfigError, to_toml
from gan_studio.jobs import translate as translate_job
from gan_studio.jobs.apply import Manner, computed, run_out, translated
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.translators import choices, open_translator, other_way
from gan_studio.networks import TRANSLATORS
from gan_studio.picture_files import Picture, read, write
from gan_studio.recipes import BACK, FORTH

RANDOM = np.random.default_rng(0)


def typed(*words: object, code: int = 0) -> tuple[str, str]:
    """What is said on stdout and on stderr."""
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout.strip(), result.stderr.strip()


SMALL = {"kind": "patch", "layers": 1, "width": 2, "norm": "instance"}
RECIPES: dict[str, dict[str, Any]] = {
    "pix2pix": {"generator": {"kind": "unet", "width": 3, "norm": "batch"}, "discriminator": SMALL, "ema": 0.9},
    "cyclegan": {"generator": {"kind": "resnet", "width": 3, "blocks": 1}, "discriminator": SMALL, "ema": 0.9},
}


@pytest.fixture
def trained() -> Callable[..., runs.Run]:
    """Runs with one checkpoint, of networks as they are drawn."""

    def make(kind: str = "cyclegan") -> runs.Run:
        data = {"pix2pix": "avatar-lines", "cyclegan": "avatar-worlds"}[kind]
        values = {"data": {"kind": data, "size": 32}, "recipe": {"kind": kind, "batch_size": 2} | RECIPES[kind]}
        config = RunConfig.parse(values | {"steps": 10, "compute": {"device": "cpu", "threads": 1}})
        run = runs.create(runs.default_root(), kind, config.plain())
        shape, pairs = config.data.shape(), config.data.pairs()
        assert shape is not None and pairs is not None
        torch.manual_seed(0)
        training = config.recipe.build(shape, config.steps, Engine(torch.device("cpu")), pairs)
        for network in training.networks().values():
            for part in network.parameters():
                part.data.add_(0.05 * torch.randn_like(part))
        run.save_checkpoint(10, {name: net.state_dict() for name, net in training.networks().items()}, {})
        run.training = training  # type: ignore[attr-defined]  # the truth of the test
        return run

    return make


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = TRANSLATORS.parse({"kind": "resnet", "width": 2, "blocks": 1}).build((3, 64, 64), (3, 64, 64))
    torch.save(network.state_dict(), tmp_path / "latest_net_G.pth")
    return tmp_path / "latest_net_G.pth"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.png", "deep/b.png"):
        write(tmp_path / "in" / name, Picture(RANDOM.integers(0, 256, (32, 32, 3), np.uint8)))
    return tmp_path / "in"


# --- runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("raw", [False, True])
def test_a_run_translates_as_its_training_does(trained: Callable[..., Any], kind: str, raw: bool) -> None:
    run = trained(kind)
    assert choices(run.folder) == ((FORTH, BACK) if kind == "cyclegan" else (FORTH,))
    for direction in choices(run.folder):
        found = open_translator(run.folder, direction=direction, raw=raw, device="cpu", as_trained=False)
        x = torch.rand(1, found.channels[0], 32, 32) * 2 - 1
        network = run.training.networks()[_name(kind, direction) + ("" if raw else "_ema")].eval()
        with torch.no_grad():
            expected = network(x)[0].permute(1, 2, 0).numpy()
        pixels = x[0].permute(1, 2, 0).numpy()
        made = run_out(computed(found, pixels, Manner(precision="fp32"), np.float32))
        np.testing.assert_allclose(made, expected, atol=1e-5)
        assert found.about["weights"] == ("raw" if raw else "averaged") and found.about["step"] == 10
        again = found.opening.open("cpu")
        assert again.about == found.about and again.direction == direction


def _name(kind: str, direction: str) -> str:
    return {"pix2pix": "generator"}.get(kind, "generator_a_to_b" if direction == FORTH else "generator_b_to_a")


def test_a_run_is_applied_as_its_recipe_says(trained: Callable[..., Any]) -> None:
    run = trained("pix2pix")
    found = open_translator(run.folder, device="cpu")
    assert found.as_trained and found.has_noise
    assert not open_translator(run.folder, device="cpu", as_trained=False).has_noise


def test_a_run_of_a_translator_is_none_of_a_generator(trained: Callable[..., Any]) -> None:
    run = trained()
    with pytest.raises(ConfigError, match="Translate tab"):
        open_snapshot(run.folder)
    there = open_translator(run.folder, device="cpu")
    assert other_way(there).direction == BACK and other_way(other_way(there)).about == there.about
    with pytest.raises(ConfigError, match="knows no way up"):
        open_translator(run.folder, direction="up")
    assert there.address() == run.name


# --- translate -------------------------------------------------------------------------------------------------------


def test_a_training_ends_with_its_newest_rows(tmp_path: Path) -> None:
    values = {"data": {"kind": "avatar-lines", "size": 32, "count": 64}, "steps": 2, "samples_every": 1}
    config = RunConfig.parse(values | {"recipe": {"kind": "pix2pix", "batch_size": 2} | RECIPES["pix2pix"]})
    (tmp_path / "small.toml").write_text(to_toml(config.plain()))
    out, _ = typed("train", tmp_path / "small.toml", "--device", "cpu")
    (run,) = runs.list_runs()
    path = run.folder / "gallery.png"
    assert out.splitlines()[-1] == f"pictures: {path}" and run.state().name == "finished"
    np.testing.assert_array_equal(read(path).colour, read(run.folder / "samples" / "step-00000002.png").colour)


def test_a_folder_by_a_runs_name(trained: Callable[..., Any], pictures: Path, tmp_path: Path) -> None:
    run = trained()
    out, _ = typed("translate", run.name, pictures, "-o", tmp_path / "out", "--direction", "B to A", "--device", "cpu")
    assert read(tmp_path / "out/deep/b-B-to-A.png").size == (32, 32)
    picture = Picture(RANDOM.integers(0, 256, (20, 50, 3), np.uint8), RANDOM.integers(0, 256, (20, 50), np.uint8))
    write(tmp_path / "clear.png", picture)
    options = ("--size", "resize", "--alpha", "translate", "--device", "cpu")
    typed("translate", run.name, tmp_path / "clear.png", "-o", tmp_path / "sized", *options)
    manner = Manner(size="resize", alpha="translate")
    expected = translated(open_translator(run.folder, device="cpu"), picture, manner)
    written = read(tmp_path / "sized/clear-A-to-B.png")
    np.testing.assert_array_equal(written.colour, expected.colour)
    np.testing.assert_array_equal(written.alpha, expected.alpha)
    assert "2 pictures to translate" in out and "deep/b.png ->" in out and out.endswith("2 done")


def test_a_file_with_all_options(file: Path, pictures: Path, tmp_path: Path) -> None:
    words = ("translate", file, pictures / "a.png", "-o", tmp_path / "out", "--device", "cpu")
    options = ("--format", "webp", "--quality", 80, "--pattern", "new {stem}", "--way", "layers", "--tile", 16,
               "--precision", "fp32", "--alpha", "drop", "--size", "pad", "--no-metadata")  # fmt: skip
    typed(*words, *options)
    assert (tmp_path / "out/new a.webp").is_file()
    out, _ = typed(*words, *options)
    assert "skipped:" in out and "is there already" in out
    typed(*words, *options, "--existing", "number")
    assert (tmp_path / "out/new a-2.webp").is_file()


def test_names_are_shown_before_anything_is_written(file: Path, pictures: Path, tmp_path: Path) -> None:
    out, _ = typed("translate", file, pictures, "-o", tmp_path / "out", "--names", "--json")
    rows = json.loads(out)
    assert [Path(row["target"]).name for row in rows] == ["a-A-to-B.png", "b-A-to-B.png"]
    assert not (tmp_path / "out").exists()


def test_scripts_are_told_line_by_line_and_failures_by_the_code(file: Path, pictures: Path, tmp_path: Path) -> None:
    (pictures / "c.png").write_text("none")
    out, _ = typed("translate", file, pictures, "-o", tmp_path / "out", "--device", "cpu", "--json", code=1)
    events = [json.loads(line) for line in out.splitlines()]
    ends = {Path(e["source"]).name: e["state"] for e in events if e["event"] == "filestate"}
    assert ends == {"a.png": "done", "b.png": "done", "c.png": "failed"}
    assert events[0]["event"] == "listed" and events[-1] == {"event": "finished", "step": 2}


def test_a_full_disk_ends_it(file: Path, pictures: Path, tmp_path: Path, monkeypatch) -> None:
    def full(*rest: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(translate_job, "write", full)
    _, said = typed("translate", file, pictures, "-o", tmp_path / "out", "--device", "cpu", code=1)
    assert "is full; make room" in said and not list((tmp_path / "out").rglob("*.png"))


@pytest.mark.parametrize(
    "options, sentence",
    [
        (("--pattern", "{x}"), "there is no {x}"),
        (("--format", "bmp"), "format"),
        (("--quality", 0), "quality"),
        (("--way", "up"), "way"),
        (("--alpha", "up"), "alpha"),
        (("--size", "up"), "size"),
        (("--size", "resize"), "nobody knows at which size it was trained"),
        (("--direction", "up"), "goes A to B and not up"),
        (("--step", 7), "leave the step out"),
    ],
)
def test_bad_words_are_told(
    file: Path, pictures: Path, tmp_path: Path, options: tuple[Any, ...], sentence: str
) -> None:
    _, said = typed("translate", file, pictures, "-o", tmp_path / "out", *options, code=2)
    assert sentence in said and len(said.splitlines()) == 1


def test_what_is_no_translator_is_told(picture_run: Callable[..., Any], pictures: Path, tmp_path: Path) -> None:
    _, said = typed("translate", picture_run().name, pictures, "-o", tmp_path / "out", code=2)
    assert "Explore tab" in said
    _, said = typed("translate", tmp_path / "gone.pth", pictures, "-o", tmp_path / "out", code=2)
    assert "There is no file" in said
    _, said = typed("translate", tmp_path / "in/a.png", pictures, "-o", tmp_path / "out", code=2)
    assert len(said.splitlines()) == 1


# --- inspect ---------------------------------------------------------------------------------------------------------


def test_inspect_tells_translators(file: Path, tmp_path: Path) -> None:
    out, _ = typed("inspect", file)
    assert "a translator of pytorch-CycleGAN-and-pix2pix, A to B" in out and "ResNet with 1 blocks" in out
    values = json.loads(typed("inspect", file, "--json")[0])
    assert values["channels"] == [3, 3] and values["scale"] == 1 and values["direction"] == "A to B"
    (tmp_path / "x.pth").write_bytes(b"none")
    _, said = typed("inspect", tmp_path / "x.pth", code=2)
    assert "no file of weights" in said


# --- export ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
@pytest.mark.parametrize("kind", RECIPES)
def test_weights_go_out_and_come_back(trained: Callable[..., Any], tmp_path: Path, kind: str, ending: str) -> None:
    run = trained(kind)
    path = tmp_path / f"mine{ending}"
    out, _ = typed("export", "safetensors", run.name, "-o", path)
    assert out == str(path)
    ours, again = (open_translator(one, device="cpu", as_trained=False) for one in (run.folder, path))
    for name, tensor in ours.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name])
    assert again.channels == ours.channels and again.needs == ours.needs
    assert ("GAN Studio" in again.about["format"]) == (ending == ".safetensors")
    _, said = typed("export", "safetensors", run.name, "-o", path, code=2)
    assert "is there already" in said


def test_noise_cannot_be_told_in_onnx(trained: Callable[..., Any], tmp_path: Path) -> None:
    run = trained("pix2pix")
    path = tmp_path / "x.onnx"
    _, said = typed("export", "onnx", run.name, "-o", path, "--as-trained", code=2)
    assert "--no-as-trained" in said and not path.exists()


def test_without_the_packages_it_is_told(file: Path, tmp_path: Path, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    _, said = typed("export", "onnx", file, "-o", tmp_path / "x.onnx", code=2)
    assert "gan-studio[onnx]" in said


@pytest.mark.parametrize("kind, sizes", [("resnet", [(64, 64), (96, 72)]), ("unet", [(64, 64), (96, 128)])])
def test_onnx_makes_the_same_pictures(tmp_path: Path, kind: str, sizes: list[tuple[int, int]]) -> None:
    """Checked against onnxruntime at other sizes and numbers than it was followed at."""
    import onnxruntime

    torch.manual_seed(0)
    values = {"kind": kind, "width": 3} | ({"blocks": 1} if kind == "resnet" else {"levels": 5})
    network = TRANSLATORS.parse(values).build((3, 64, 64), (3, 64, 64))
    torch.save(network.state_dict(), tmp_path / "latest_net_G.pth")
    typed("export", "onnx", tmp_path / "latest_net_G.pth", "-o", tmp_path / "x.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "x.onnx")
    ours = open_translator(tmp_path / "latest_net_G.pth", device="cpu")
    for count, (height, width) in enumerate(sizes, start=1):
        x = torch.rand(count, 3, height, width) * 2 - 1
        (y,) = session.run(None, {"picture": x.numpy()})
        np.testing.assert_allclose(y, ours.network(x).numpy(), atol=1e-4)
    assert session.get_modelmeta().custom_metadata_map["direction"] == "A to B"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest_net_G.pth", "x.onnx"]
