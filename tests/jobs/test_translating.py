"""Trainings that translate, from the start to what the window reads back: rows, measures and their baselines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import metrics
from torch import Tensor

from gan_studio import images, runs
from gan_studio.config import ConfigError
from gan_studio.jobs.drawn import DIVERSITY
from gan_studio.jobs.dryrun import dry_run
from gan_studio.jobs.events import Curves, Finished, Forecast, Real, Samples
from gan_studio.jobs.frames import columns_of, read_frame, read_real
from gan_studio.jobs.look import look
from gan_studio.jobs.report import report
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.shown import shown
from gan_studio.jobs.shown_pairs import GAP, MARGIN, TRUTH, WORLD, Translations
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.together import exhausted
from gan_studio.recipes import BACK, FORTH, Translates

from .conftest import job_of

Make = Callable[..., runs.Run]
PATCHES = {"kind": "patch", "layers": 2, "width": 4, "norm": "instance"}
RESNET = {"kind": "resnet", "width": 4, "blocks": 1}
CASES: dict[str, dict[str, Any]] = {
    "pix2pix": {
        "data": {"kind": "avatar-lines", "size": 32, "count": 64, "held_out_share": 0.2},
        "recipe": {"kind": "pix2pix", "generator": {"kind": "unet", "width": 4}, "discriminator": PATCHES, "ema": 0.9},
    },
    "cyclegan": {
        "data": {"kind": "avatar-worlds", "size": 32, "count": 16},
        "recipe": {"kind": "cyclegan", "generator": RESNET, "discriminator": PATCHES},
    },
    "super-resolution": {
        "data": {"kind": "made-pairs", "pictures": {"kind": "avatars", "size": 32, "count": 64}},
        "recipe": {
            "kind": "super-resolution",
            "generator": {"kind": "srresnet", "width": 4, "blocks": 1},
            "discriminator": {"kind": "vgg", "width": 4},
            "features": {"kind": "rotations", "width": 4},
            "batch_size": 4,
        },
    },
}
COLUMNS = {"pix2pix": 4, "cyclegan": 5, "super-resolution": 5}
CHANGES = {"steps": 4, "samples_every": 2, "sample_count": 30}


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAN_STUDIO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("kind", CASES)
def test_rows_are_told_kept_and_read_back(make_run: Make, kind: str) -> None:
    run = make_run(CASES[kind] | CHANGES)
    events = list(job_of(run))
    assert isinstance(events[-1], Finished)
    (real,) = [event for event in events if isinstance(event, Real)]
    drawn = [event for event in events if isinstance(event, Samples)]
    assert [event.step for event in drawn] == [0, 2, 4]
    n, columns = COLUMNS[kind], columns_of(run)
    assert len(columns) == n and real.columns == columns
    for samples in drawn:
        assert samples.array.shape == (30 // n, 32, n * 32 + (n - 1) * GAP + MARGIN, 3)
        assert (samples.raw is not None) == (kind == "pix2pix")  # the one with an average
        frame = read_frame(run, samples.step)
        assert frame is not None
        np.testing.assert_array_equal(frame.array, images.grid(samples.array)[None])
    assert real.array.shape == (30 // n, 32, 2 * 32 + GAP + MARGIN, 3)
    np.testing.assert_array_equal(read_real(run), images.grid(real.array)[None])
    about = run.about()
    assert about["shape"] and about["pairs"]["shape"] == [3, 32, 32]


@pytest.mark.parametrize("kind", CASES)
def test_measures_stand_beside_flat_baselines(make_run: Make, kind: str) -> None:
    run = make_run(CASES[kind] | CHANGES)
    list(job_of(run))
    curves = run.curves()
    made = {"cyclegan": [FORTH, BACK]}.get(kind, ["made"])
    flat = {
        "pix2pix": ["lines, unchanged", "mean picture"],
        "cyclegan": ["unchanged", "mean A", "mean B"],
        "super-resolution": ["bicubic", "bicubic, Y"],
    }[kind]
    made += ["made, Y"] if kind == "super-resolution" else []
    for measure in ("psnr", "ssim"):
        assert {name for name in curves if name.startswith(measure)} == {f"{measure}/{name}" for name in made + flat}
        for name in made + flat:
            steps, values = curves[f"{measure}/{name}"]
            assert steps.tolist() == [0, 2, 4] and np.isfinite(values).all()
            assert (len(set(values.tolist())) == 1) == (name in flat), name
    best = run.state().best
    assert best is not None and best["name"] == TRUTH
    steps, values = curves[TRUTH]
    assert best["value"] == pytest.approx(values.min()) and best["step"] == steps[values.argmin()]


class Stub(Translates):
    """Translates by functions that a test gives."""

    averages = False

    def __init__(self, forth: Callable[[Tensor], Tensor], back: Callable[[Tensor], Tensor] | None = None):
        self.ways = {FORTH: forth} | ({BACK: back} if back else {})
        self.directions = tuple(self.ways)

    def translate(self, x: Tensor, direction: str = FORTH, averaged: bool = True) -> Tensor:
        return self.ways[direction](x)


def measured(kind: str, stub: Stub, count: int = 20, data: dict[str, Any] | None = None) -> tuple[Translations, Any]:
    dataset = exhausted(RunConfig.parse({"data": data or CASES[kind]["data"]}).data.prepare())
    seen = shown(dataset, count, 0, stub)  # type: ignore[arg-type]
    assert isinstance(seen, Translations)
    return seen, seen.draw(0, stub)  # type: ignore[arg-type]


def pictures_of(row: np.ndarray, columns: int) -> list[np.ndarray]:
    return [row[:, i * (32 + GAP) : i * (32 + GAP) + 32] for i in range(columns)]


def test_who_knows_the_truth_measures_best() -> None:
    truth: dict[bytes, Tensor] = {}
    stub = Stub(lambda x: torch.stack([truth[picture.numpy().tobytes()] for picture in x]))
    dataset = exhausted(RunConfig.parse({"data": CASES["pix2pix"]["data"]}).data.prepare())
    for a, b in zip(*dataset.held_out.batch(dataset.held_out.size, 0, 0).both(), strict=True):
        truth[a.numpy().tobytes()] = b
    _, drawn = measured("pix2pix", stub)
    assert drawn.measures[TRUTH] == 0 and drawn.measures["ssim/made"] == pytest.approx(1)
    assert drawn.measures["psnr/made"] > 90 > 40 > drawn.measures["psnr/mean picture"]
    for row in drawn.samples.array:
        a, made, b, error = pictures_of(row, 4)
        np.testing.assert_array_equal(made, b)
        assert error.max() == 0 and not np.array_equal(a, b)


def test_who_changes_nothing_measures_as_the_baseline() -> None:
    for kind, stub, name, made in (
        ("pix2pix", Stub(lambda x: x), "lines, unchanged", "made"),
        ("cyclegan", Stub(lambda x: x, lambda x: x), "unchanged", FORTH),
    ):
        _, drawn = measured(kind, stub)
        for measure in ("psnr", "ssim"):
            assert drawn.measures[f"{measure}/{made}"] == drawn.measures[f"{measure}/{name}"]


def test_measures_are_those_of_scikit_image() -> None:
    seen, drawn = measured("cyclegan", Stub(lambda x: 0.8 * x, lambda x: -x))
    a, b = (images.to_uint8(x) / 255 for x in seen.inputs)
    for way, x, truth in ((FORTH, images.to_uint8(0.8 * seen.inputs[0]) / 255, b), (BACK, 1 - b, a)):
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        psnr = [metrics.peak_signal_noise_ratio(t, y, data_range=1.0) for y, t in zip(x, truth, strict=True)]
        ssim = [
            metrics.structural_similarity(t, y, data_range=1.0, channel_axis=-1, **options)
            for y, t in zip(x, truth, strict=True)
        ]
        assert drawn.measures[f"psnr/{way}"] == pytest.approx(np.mean(psnr), abs=1e-3)
        assert drawn.measures[f"ssim/{way}"] == pytest.approx(np.mean(ssim), abs=1e-4)


def test_bicubic_is_measured_as_papers_do() -> None:
    """Pillow's bicubic, the border cropped by the scale, on the Y of scikit-image."""
    from skimage.color import rgb2ycbcr

    data = CASES["super-resolution"]["data"] | {"made": {"kind": "low-resolution", "scale": 4}}
    seen, drawn = measured("super-resolution", Stub(lambda x: torch.zeros(len(x), 3, 32, 32)), data=data)
    low, high = seen.inputs
    found = {"bicubic": [], "bicubic, Y": []}  # type: dict[str, list[float]]
    for small, large in zip(low, high, strict=True):
        planes = [Image.fromarray(plane.numpy()).resize((32, 32), Image.Resampling.BICUBIC) for plane in small]
        up = np.stack([np.asarray(plane) for plane in planes], axis=-1).clip(-1, 1)
        x, truth = (np.round((y + 1) * 127.5) / 255 for y in (up, large.permute(1, 2, 0).numpy()))
        x, truth = x[4:-4, 4:-4], truth[4:-4, 4:-4]
        found["bicubic"].append(metrics.peak_signal_noise_ratio(truth, x, data_range=1.0))
        luma = [rgb2ycbcr(picture)[..., 0] / 255 for picture in (truth, x)]
        found["bicubic, Y"].append(metrics.peak_signal_noise_ratio(*luma, data_range=1.0))
    for name, values in found.items():
        assert drawn.measures[f"psnr/{name}"] == pytest.approx(np.mean(values), abs=0.02)
    assert drawn.measures["psnr/bicubic, Y"] > drawn.measures["psnr/bicubic"]


def test_rows_of_cycles_go_there_and_back_in_turn() -> None:
    seen, drawn = measured("cyclegan", Stub(lambda x: -x, lambda x: x * 0.5))
    a, b = (images.to_uint8(x) for x in seen.inputs)
    rows = drawn.samples.array
    assert len(rows) == 4
    for i, row in enumerate(rows):
        x, other, back, truth, _ = pictures_of(row, 5)
        from_a = i % 2 == 0
        np.testing.assert_array_equal(x, (a if from_a else b)[i // 2])
        np.testing.assert_array_equal(truth, (b if from_a else a)[i // 2])
        if from_a:
            np.testing.assert_allclose(other, 255 - x.astype(int), atol=1)
        assert np.abs(back.astype(float) - 127.5).max() <= 65


def test_without_a_truth_worlds_are_compared(tmp_path: Any) -> None:
    rng = np.random.default_rng(0)
    for world, brightness in (("trainA", 40), ("trainB", 200), ("testA", 40), ("testB", 200)):
        for i in range(8):
            picture = rng.integers(0, 50, (32, 32, 3), dtype=np.uint8) + brightness
            (tmp_path / world).mkdir(exist_ok=True)
            Image.fromarray(picture.astype(np.uint8)).save(tmp_path / world / f"{i}.png")
    data = {"kind": "two-folders", "path_a": str(tmp_path), "size": 32}
    same = measured("cyclegan", Stub(lambda x: x, lambda x: x), data=data)
    better = measured("cyclegan", Stub(lambda x: x + 160 / 127.5, lambda x: x - 160 / 127.5), data=data)
    for seen, drawn in (same, better):
        assert drawn.measures.keys() == {WORLD, DIVERSITY} and seen.yardstick == WORLD and len(seen.columns) == 3
    assert better[1].measures[WORLD] < 0.2 * same[1].measures[WORLD]


def test_what_is_no_number_is_shown_and_not_measured() -> None:
    _, drawn = measured("pix2pix", Stub(lambda x: x * float("nan")))
    assert drawn.measures == {} and drawn.samples.array.shape[0] > 0


def test_the_data_alone_is_shown_side_by_side() -> None:
    source = RunConfig.parse({"data": CASES["pix2pix"]["data"]}).data
    looked = list(look(source, samples=6))[-1]
    assert looked.real.shape == (6, 32, 2 * 32 + GAP + MARGIN, 3)  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", CASES)
def test_the_dry_run_times_it(kind: str) -> None:
    """Each precision and memory format that is allowed here, one step each."""
    config = RunConfig.parse(CASES[kind] | {"steps": 100, "compute": {"device": "cpu", "threads": 1}})
    dataset = exhausted(config.data.prepare())
    steps = dry_run(config, dataset, spare_core=False)
    outcome = exhausted(steps)
    assert isinstance(outcome.forecast, Forecast)
    tried = {name for name, _ in outcome.forecast.table}
    assert {"fp32, contiguous, 1 thread", "fp32, channels-last, 1 thread"} <= tried


def test_the_forecast_is_of_the_longer_phase() -> None:
    recipe = RunConfig.parse(CASES["super-resolution"] | {"steps": 1000}).recipe
    assert recipe.typical(1000) == 500
    assert RunConfig.parse(CASES["pix2pix"]).recipe.typical(1000) == 26


def test_who_makes_samples_says_where_to_go(make_run: Make, tmp_path: Any) -> None:
    run = make_run(CASES["pix2pix"] | {"steps": 1, "samples_every": 1})
    list(job_of(run))
    with pytest.raises(ConfigError, match="open it on the Translate tab"):
        open_snapshot(run.folder)
    list(report(run, tmp_path / "report.html"))
    assert "In each row: lines, made, avatar, error." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_gan_trains_on_the_pictures_a_of_pairs(make_run: Make) -> None:
    run = make_run(
        {
            "data": CASES["pix2pix"]["data"],
            "recipe.generator": {"kind": "dcgan", "width": 4},
            "recipe.discriminator": {"kind": "dcgan", "width": 4},
            "steps": 2,
            "samples_every": 1,
        }
    )
    events = list(job_of(run))
    assert isinstance(events[-1], Finished) and columns_of(run) == ()
    assert [e.array.shape[1:] for e in events if isinstance(e, Samples)] == [(32, 32, 3)] * 3
    assert any(isinstance(e, Curves) and WORLD in e.values for e in events)
