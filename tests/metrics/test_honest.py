"""Intervals hold what they promise: on Gaussians, over a few hundred small experiments, and where parts are smaller."""

import numpy as np
import pytest

from gan_studio.metrics import METRICS, Seen, Sets, honest
from gan_studio.metrics.precision_recall import PrecisionRecall

EXPERIMENTS = 200
NAMES = ("a", "b", "c", "d", "e")


def drawn(seed: int, counts: tuple[int, int] = (100, 100), shift: float = 0.5, features: int = 4) -> Sets:
    """Sets from two Gaussians, and from two Dirichlet distributions of chances."""
    rng = np.random.default_rng(seed)

    def some(count: int, shift: float, scale: float, even: float) -> Seen:
        rows = scale * rng.normal(size=(count, features)) + shift
        return Seen(rows.astype(np.float32), rng.dirichlet([even] * len(NAMES), size=count).astype(np.float32))

    return Sets(some(counts[0], 0, 1, 0.3), some(counts[1], shift, 0.8, 0.5), some(counts[0], 0, 1, 0.3), NAMES)


def coverages(kind: str, counts: tuple[int, int] = (100, 100), shift: float = 0.5) -> dict[str, float]:
    """{measure: how often its interval holds what the experiments give on average}."""
    metric = METRICS.parse({"kind": kind, "splits": 2} if kind == "score" else kind)
    experiments = [honest.finished(metric.read(drawn(s, counts, shift), 10, 0)) for s in range(EXPERIMENTS)]
    found = {}
    for readings in zip(*experiments, strict=True):
        average = np.mean([reading.value for reading in readings])
        found[readings[0].measure] = float(np.mean([r.low <= average <= r.high for r in readings]))
    return found


@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("kind", ["frechet", "kernel", "nearest", "data-copying", "density-coverage", "score"])
def test_intervals_hold_the_average_as_often_as_they_say(kind, shift):
    for measure, share in coverages(kind, shift=shift).items():
        assert share >= 0.95 - 3 * (0.95 * 0.05 / EXPERIMENTS) ** 0.5, measure  # three standard errors


@pytest.mark.parametrize(("counts", "most_rows"), [((100, 100), 25), ((120, 60), None)])
def test_intervals_of_smaller_parts_and_uneven_sets_do_so_too(monkeypatch, most_rows, counts):
    monkeypatch.setattr(PrecisionRecall, "most_rows", most_rows)
    for measure, share in coverages("precision-recall", counts).items():
        assert share >= 0.95 - 3 * (0.95 * 0.05 / EXPERIMENTS) ** 0.5, measure


def test_intervals_shrink_with_more_samples_and_do_not_promise_the_impossible():
    """With the root of the samples; repeated samples, as of draws with replacement, would spoil the kernel's."""
    widths = []
    for count in (100, 1600):
        readings = [METRICS.parse("kernel").read(drawn(s, (count, count)), 60, 0) for s in range(4)]
        widths.append(np.mean([r.high - r.low for reading in readings for r in honest.finished(reading)]))
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.3)
    (precision, _) = honest.finished(PrecisionRecall().read(drawn(0, shift=0.0), 10, 0))
    assert 0.9 < precision.value <= precision.high <= 1


def test_the_interval_of_a_mean_is_that_of_student():
    """Halves of n samples: the deviation of their means is that of the mean of all, s / sqrt(n)."""
    x, rng = np.random.default_rng(0).normal(size=400), np.random.default_rng(1)
    orders = [rng.permutation(400) for _ in range(500)]
    halves = [x[half].mean() for order in orders for half in (order[:200], order[200:])]
    low, high = honest.interval(x.mean(), halves, 1.0)
    assert (high - low) / 2 == pytest.approx(1.96 * x.std() / 20, rel=0.08)


def test_a_line_in_the_samples_is_extrapolated_exactly():
    """a + b / n of n = 30 and of 10 of them."""
    assert honest.at_infinity(2 + 6 / 30, [2 + 6 / 10] * 4, 1 / 3) == pytest.approx(2)


def test_without_rounds_there_is_no_interval():
    (reading,) = honest.finished(METRICS.parse("frechet").read(drawn(0), 0, 0))
    assert (reading.low, reading.high, reading.rounds) == (reading.value, reading.value, 0)
    assert reading.at_infinity is None


def test_long_work_has_fewer_rounds(monkeypatch):
    monkeypatch.setattr(honest, "MOST_WORK", 16 * METRICS.parse("frechet").work(50, 4))
    (reading,) = honest.finished(METRICS.parse("frechet").read(drawn(0), 1000, 0))
    assert reading.rounds == 16
    monkeypatch.setattr(honest, "MOST_WORK", 1.0)
    (reading,) = honest.finished(METRICS.parse("frechet").read(drawn(0), 1000, 0))
    assert reading.rounds == honest.LEAST_ROUNDS


def test_a_number_that_is_none_is_never_told():
    """float32 holds these features; their squares are beyond what the distance can be."""
    sets = drawn(0)
    sets.generated.rows[0] = 3e38
    (reading,) = honest.finished(METRICS.parse("frechet").read(sets, 10, 0))
    assert np.isfinite(reading.value)
    with pytest.raises(honest.ConfigError, match="came out as inf"):
        honest.check_found(METRICS.parse("frechet"), [{"frechet": float("inf")}])
