"""Every metric of the shelf: its numbers, its intervals, what it refuses, and its way through forms and files."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from gan_studio.config import ConfigError, from_toml, to_toml
from gan_studio.data import toy2d
from gan_studio.metrics import METRICS, Metric, Reading, Seen, Sets, honest

KINDS = [entry.kind for entry in METRICS]
NAMES = ("a", "b", "c", "d")
N, SIDE = 240, 24


def seen(seed: int, count: int = N, shift: float = 0.0) -> Seen:
    """Features that lie around, chances of four classes, and noise for pictures."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet([0.3] * len(NAMES), size=count)
    pictures = rng.integers(0, 256, size=(count, SIDE, SIDE, 3), dtype=np.uint8)
    return Seen((rng.normal(size=(count, 8)) + shift).astype(np.float32), chances.astype(np.float32), pictures)


def ring(seed: int) -> Seen:
    return Seen((toy2d.Ring().sample(2 * N, toy2d.seeded(seed)) / toy2d.Ring().scale).numpy())


def sets_for(metric: Metric, shift: float = 0.3) -> Sets:
    """Sets with all that it needs, as it would meet them."""
    if "points" in metric.needs:
        modes = toy2d.Ring()
        centres, sigma = (modes.centres / modes.scale).numpy(), modes.spread / modes.scale
        return Sets(ring(0), ring(1), points=True, centres=centres, sigma=sigma)
    real, generated = seen(0), seen(1, shift=shift)
    if "pairs" in metric.needs:
        assert real.pictures is not None
        noise = np.random.default_rng(2).integers(0, 30, size=real.pictures.shape, dtype=np.uint8)
        generated = replace(generated, pictures=real.pictures // 2 + noise)
    return Sets(real, generated, unseen=seen(3), classes=NAMES, paired="pairs" in metric.needs)


def read(metric: Metric, sets: Sets, rounds: int = 10, seed: int = 0) -> tuple[Reading, ...]:
    return honest.finished(metric.read(sets, rounds, seed))


@pytest.fixture(params=KINDS)
def metric(request) -> Metric:
    return small(request.param)


def small(kind: str) -> Metric:
    """With options that the small sets here allow."""
    return METRICS.parse({"kind": kind} | {"ms-ssim": {"scales": 2}}.get(kind, {}))


def test_readings_are_finite_and_within_their_intervals(metric):
    readings = read(metric, sets_for(metric))
    assert [reading.measure for reading in readings] == list(metric.measures)
    for reading in readings:
        about = metric.measures[reading.measure]
        assert about.least <= reading.low <= reading.value <= reading.high <= about.most
        assert np.isfinite([reading.low, reading.value, reading.high]).all()
        assert reading.samples == (len(sets_for(metric).real), len(sets_for(metric).generated))
        assert reading.at_infinity is None or about.bias_shrinks
        assert reading.at_infinity is None or about.least <= reading.at_infinity <= about.most
        assert about.title and about.about.endswith(".")


def test_the_same_seed_reads_the_same(metric):
    sets = sets_for(metric)
    assert read(metric, sets, seed=3) == read(metric, sets, seed=3)
    assert metric.values(sets, seed=3) == {r.measure: r.value for r in read(metric, sets, seed=3)}


def test_it_tells_how_far_it_is_and_can_be_stopped(metric):
    reading = metric.read(sets_for(metric), 10, 0)
    progress = next(reading)
    assert progress.text and 0 <= progress.done <= progress.total
    reading.close()


def test_it_comes_back_from_forms_and_files(metric):
    values = from_toml(to_toml({"metric": metric.plain()}))["metric"]
    assert METRICS.parse(values) == metric
    assert values["kind"] == metric.kind
    with pytest.raises(ConfigError, match="there is no such setting"):
        METRICS.parse(values | {"no such": 1})


def refusal(metric: Metric, sets: Sets) -> str:
    """The one sentence, with what to do, that comes before any work."""
    with pytest.raises(ConfigError) as caught:
        next(metric.read(sets, 10, 0))
    with pytest.raises(ConfigError):
        metric.values(sets)
    assert len(caught.value.problems) == 1
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


def test_what_is_lacking_is_refused(metric):
    sets = sets_for(metric)
    without = {
        "points": replace(sets, points=False),
        "modes": replace(sets, centres=np.empty((0, 2), np.float32)),
        "pairs": replace(sets, paired=False),
        "unseen": replace(sets, unseen=None),
        "classes": replace(sets, generated=replace(sets.generated, chances=None)),
        "pictures": replace(sets, generated=replace(sets.generated, pictures=None)),
    }
    for need in set(metric.needs) & set(without):
        assert metric.title in refusal(metric, without[need])


def test_too_few_samples_are_refused_with_the_fewest(metric):
    sets = sets_for(metric)
    fewest = metric.fewest(sets.real.rows.shape[1], len(sets.classes))
    few = sets.taken(honest.Pick(*[np.arange(fewest - 1)] * 3))
    text = refusal(metric, few)
    assert f"at least {fewest:,} real samples" in text and f"there are {fewest - 1:,}: " in text
    read(metric, sets.taken(honest.Pick(*[np.arange(fewest)] * 3)))  # and that many are enough


def test_broken_features_are_refused(metric):
    if not {"features", "points", "unseen"} & set(metric.needs):
        return
    sets = sets_for(metric)
    rows = sets.generated.rows.copy()
    rows[[3, 5], 1] = np.nan, np.inf
    assert "2 of the" in refusal(metric, replace(sets, generated=replace(sets.generated, rows=rows)))
    wider = np.hstack([sets.generated.rows, rows[:, :1]])
    assert "as many features" in refusal(metric, replace(sets, generated=replace(sets.generated, rows=wider)))
    flat = replace(sets.real, rows=np.ones_like(sets.real.rows))
    assert "the very same features" in refusal(metric, replace(sets, real=flat))


def test_arrays_of_other_samples_are_refused(metric):
    sets = sets_for(metric)
    if sets.generated.pictures is not None:
        fewer = replace(sets.generated, pictures=sets.generated.pictures[1:])
        assert "of the same generated samples" in refusal(metric, replace(sets, generated=fewer))


@pytest.mark.parametrize("kind", [entry.kind for entry in METRICS if entry.needs == ("features",)])
def test_samples_in_one_place_are_measured_and_told(kind):
    """A generator that has collapsed: the number is right, and stands with a note."""
    sets = sets_for(small(kind))
    one = Seen(np.repeat(sets.generated.rows[:1], N, axis=0))
    for reading in read(small(kind), replace(sets, generated=one)):
        assert "All 240 generated samples have the very same features." in reading.notes
        assert np.isfinite(reading.value)


def test_the_shelf_is_light():
    """Whoever lists the metrics does not wait for what one of them computes with."""
    heavy = "{'scipy', 'sklearn', 'torch_fidelity', 'torchmetrics', 'torchvision'}"
    code = f"import sys; from gan_studio.metrics import METRICS; list(METRICS); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("kind", [entry.kind for entry in METRICS if "classes" in entry.needs])
def test_broken_chances_are_refused(kind):
    metric, sets = small(kind), sets_for(small(kind))
    assert sets.generated.chances is not None
    doubled = replace(sets.generated, chances=2 * sets.generated.chances)
    assert "do not add up to 1" in refusal(metric, replace(sets, generated=doubled))
    fewer = replace(sets.generated, chances=sets.generated.chances[:, :3])
    assert "chances of 4 classes" in refusal(metric, replace(sets, generated=fewer))


@pytest.mark.parametrize("kind", [entry.kind for entry in METRICS if {"pictures", "pairs"} & set(entry.needs)])
def test_pictures_of_other_sizes_are_refused(kind):
    metric, sets = small(kind), sets_for(small(kind))
    assert sets.generated.pictures is not None
    smaller = replace(sets.generated, pictures=sets.generated.pictures[:, 1:])
    assert "pictures of one size" in refusal(metric, replace(sets, generated=smaller))
    floats = replace(sets.generated, pictures=sets.generated.pictures / np.float32(255))
    assert "8 bits" in refusal(metric, replace(sets, generated=floats))
