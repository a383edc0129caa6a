"""Metrics of features against closed forms and independent implementations: torch-fidelity, torchmetrics, SciPy,
scikit-learn."""

import warnings

import numpy as np
import pytest
import scipy.linalg
import torch
from scipy.spatial.distance import cdist
from scipy.stats import entropy
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from tqdm import tqdm

from gan_studio.metrics import Seen, Sets, honest
from gan_studio.metrics.class_histogram import ClassHistogram
from gan_studio.metrics.density_coverage import DensityCoverage, expected_coverage
from gan_studio.metrics.frechet import Frechet, fitted, frechet
from gan_studio.metrics.kernel import Kernel
from gan_studio.metrics.precision_recall import PrecisionRecall


@pytest.fixture(autouse=True)
def no_monitor(monkeypatch):
    """torch-fidelity's progress bar would leave a thread behind."""
    monkeypatch.setattr(tqdm, "monitor_interval", 0)


def normal(count: int, features: int, seed: int = 0, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (scale * rng.normal(size=(count, features)) + shift).astype(np.float32)


def two(real: np.ndarray, generated: np.ndarray) -> Sets:
    return Sets(Seen(real), Seen(generated))


def mixed(count: int, features: int, seed: int) -> np.ndarray:
    """Samples whose covariance is no multiple of one."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, features)) @ rng.normal(size=(features, features)) / 4).astype(np.float32)


# --- the Frechet distance --------------------------------------------------------------------------------------------


def by_roots(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x.astype(float), y.astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what SciPy will change
        root = scipy.linalg.sqrtm(np.cov(x.T) @ np.cov(y.T)).real
    return float(np.square(x.mean(0) - y.mean(0)).sum() + np.trace(np.cov(x.T) + np.cov(y.T) - 2 * root))


@pytest.mark.parametrize(("counts", "features"), [((300, 500), 40), ((5000, 400), 12), ((60, 60), 50)])
def test_frechet_is_that_of_the_roots_and_of_torch_fidelity(counts, features):
    x, y = mixed(counts[0], features, 0), mixed(counts[1], features, 1) + 0.2
    found = Frechet().values(two(x, y))["frechet"]
    assert found == pytest.approx(by_roots(x, y), rel=1e-6)
    theirs = [fid_features_to_statistics(torch.from_numpy(rows)) for rows in (x, y)]
    told = fid_statistics_to_metric(*theirs, verbose=False)["frechet_inception_distance"]
    assert found == pytest.approx(told, rel=1e-6)


def test_frechet_of_fewer_samples_than_features():
    x, y = mixed(40, 96, 0), mixed(30, 96, 1)
    S, T = (np.cov(rows.T.astype(float)) for rows in (x, y))
    values = scipy.linalg.eigvals(S @ T).real.clip(0)
    far = np.square(x.astype(float).mean(0) - y.astype(float).mean(0)).sum()
    expected = far + np.trace(S) + np.trace(T) - 2 * np.sqrt(values).sum()
    assert frechet(fitted(x), fitted(y)) == pytest.approx(expected, rel=1e-6)
    sets = two(mixed(260, 300, 0), mixed(260, 300, 1))
    (reading,) = honest.finished(Frechet().read(sets, 10, 0))
    assert "singular covariance" in reading.notes[0]
    assert reading.at_infinity is None


def test_frechet_of_dead_features_and_of_the_same_sets():
    x = normal(300, 40)
    x[:, 10:] = 0  # as after a ReLU that is never on
    y = x @ np.diag(np.linspace(1, 2, 40)).astype(np.float32)
    expected = by_roots(x[:, :10], y[:, :10])
    assert frechet(fitted(x), fitted(y)) == pytest.approx(expected, rel=1e-6)
    for rows in (x, mixed(300, 40, 0), mixed(60, 200, 0)):
        assert frechet(fitted(rows), fitted(rows)) < 1e-8 * np.square(rows).sum() / len(rows)


def test_frechet_of_moved_and_stretched_sets_is_the_closed_form():
    """|t|^2 for the move, and sum (a - b)^2 of the deviations where the axes are the same."""
    x = normal(500, 6)
    t = np.arange(6, dtype=np.float32)
    assert frechet(fitted(x), fitted(x + t)) == pytest.approx(float(t @ t), rel=1e-5)
    deviations = x.astype(float).std(axis=0, ddof=1)
    assert frechet(fitted(x), fitted(3 * x)) == pytest.approx(
        4 * (deviations**2 @ np.ones(6)) + 4 * np.square(x.mean(0)).sum(), rel=1e-5
    )


def test_frechet_of_two_gaussians_is_reached_at_infinity():
    """|m|^2 + F (s - 1)^2; 400 samples give a good deal more."""
    expected = 32 * 0.1**2 + 32 * (1.3 - 1) ** 2
    readings = []
    for seed in range(60):
        sets = two(normal(400, 32, seed), normal(400, 32, 1000 + seed, shift=0.1, scale=1.3))
        readings += honest.finished(Frechet().read(sets, 10, 0))
    beyond = np.array([reading.at_infinity for reading in readings])
    assert np.mean([reading.value for reading in readings]) > 1.25 * expected
    assert beyond.mean() == pytest.approx(expected, abs=3 * beyond.std() / 60**0.5)


# --- the kernel distance ---------------------------------------------------------------------------------------------


def test_kernel_of_all_pairs_is_that_of_torch_fidelity():
    x, y = mixed(150, 20, 0), mixed(150, 20, 1)
    theirs = kid_features_to_metric(
        torch.from_numpy(x).double(), torch.from_numpy(y).double(), kid_subsets=1, kid_subset_size=150, verbose=False
    )
    assert Kernel().values(two(x, y))["kernel"] == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)


def test_kernel_of_subsets_agrees_with_torch_fidelity():
    x, y = mixed(300, 10, 0), mixed(300, 10, 1)
    theirs = kid_features_to_metric(
        torch.from_numpy(x).double(), torch.from_numpy(y).double(), kid_subsets=40, kid_subset_size=40, verbose=False
    )
    error = 4 * theirs["kernel_inception_distance_std"] / 40**0.5
    found = Kernel(subsets=40, subset_size=40).values(two(x, y))["kernel"]
    assert found == pytest.approx(theirs["kernel_inception_distance_mean"], abs=error)
    assert found != Kernel().values(two(x, y))["kernel"]


def test_kernel_of_uneven_sets_and_parts_is_the_plain_sum():
    x, y = mixed(60, 5, 0), mixed(90, 5, 1)
    rng = np.random.default_rng(0)
    pick = honest.Pick(rng.permutation(60)[:30], rng.permutation(90)[:45])
    found = honest.finished(Kernel().resampled(two(x, y), [honest.Pick(), pick], 0))
    for values, a, b in zip(found, (x, x[pick.real]), (y, y[pick.generated]), strict=True):
        k = [(p.astype(float) @ q.T.astype(float) / 5 + 1) ** 3 for p, q in ((a, a), (b, b), (a, b))]
        within = [(K.sum() - np.trace(K)) / (len(K) * (len(K) - 1)) for K in k[:2]]
        assert values["kernel"] == pytest.approx(sum(within) - 2 * k[2].mean(), rel=1e-9)


def test_kernel_is_unbiased():
    found = [Kernel().values(two(normal(40, 3, s), normal(40, 3, 1000 + s)))["kernel"] for s in range(200)]
    assert abs(np.mean(found)) < 3 * np.std(found) / 200**0.5
    assert min(found) < 0


# --- precision, recall, density, coverage ----------------------------------------------------------------------------


def plainly(real: np.ndarray, generated: np.ndarray, k: int, m: int) -> dict[str, float]:
    real, generated = real.astype(float), generated.astype(float)
    between = cdist(generated, real)  # [M, N]
    of_real, of_generated = (np.sort(cdist(x, x), axis=1) for x in (real, generated))
    inside = between <= of_real[:, m] * (1 + 1e-12)
    return {
        "precision": (between <= of_real[:, k]).any(axis=1).mean(),
        "recall": (of_generated[:, k] >= between.T).any(axis=1).mean(),
        "density": inside.sum() / (m * len(generated)),
        "coverage": inside.any(axis=0).mean(),
    }


@pytest.mark.parametrize("shift", [0.0, 0.5, 30.0])
@pytest.mark.parametrize("counts", [(200, 200), (120, 300)])
def test_neighbours_are_those_of_plain_distances(monkeypatch, counts, shift):
    monkeypatch.setattr("gan_studio.metrics.near.ROOM", 5000)  # some rows at a time
    real, generated = normal(counts[0], 6), normal(counts[1], 6, 1, shift, 0.9)
    expected = plainly(real, generated, 3, 5)
    found = PrecisionRecall().values(two(real, generated)) | DensityCoverage().values(two(real, generated))
    assert found == pytest.approx(expected, abs=1e-12)
    theirs = prc_features_to_metric(
        torch.from_numpy(generated).double(), torch.from_numpy(real).double(), prc_neighborhood=3, verbose=False
    )
    assert (theirs["precision"], theirs["recall"]) == pytest.approx((found["precision"], found["recall"]), abs=1e-6)


def test_neighbours_far_from_the_origin_are_the_same():
    """Squared lengths of 1e8 beside squared distances of 1: centring saves what a float can hold."""
    real, generated = normal(200, 6), normal(200, 6, 1, 0.5)
    far = [(x + np.float32(4096)).astype(np.float32) for x in (real, generated)]  # itself rounded to 5e-4
    near = [x - np.float32(4096) for x in far]
    for metric in (PrecisionRecall(), DensityCoverage()):
        assert metric.values(two(*far)) == metric.values(two(*near))


def test_copies_and_a_single_place():
    real = normal(100, 4)
    found = PrecisionRecall().values(two(real, real)) | DensityCoverage().values(two(real, real))
    assert found == {"precision": 1, "recall": 1, "density": 6 / 5, "coverage": 1}  # itself, and five neighbours
    one = np.repeat(real[:1], 100, axis=0)
    found = PrecisionRecall().values(two(real, one))
    assert (found["precision"], found["recall"]) == (1, 0.01)  # the one real sample there
    away = PrecisionRecall().values(two(real, real + np.float32(1000)))
    assert away == {"precision": 0, "recall": 0}


def test_density_and_coverage_of_one_distribution_are_as_expected():
    found = [DensityCoverage().values(two(normal(150, 8, s), normal(150, 8, 500 + s))) for s in range(60)]
    density, coverage = (np.array([values[name] for values in found]) for name in ("density", "coverage"))
    assert density.mean() == pytest.approx(1, abs=3 * density.std() / 60**0.5)
    expected = expected_coverage(150, 150, 5)
    assert coverage.mean() == pytest.approx(expected, abs=3 * coverage.std() / 60**0.5)
    assert expected_coverage(10_000, 10_000, 5) == pytest.approx(1 - 2**-5, abs=1e-4)


# --- the class histogram ---------------------------------------------------------------------------------------------


def of_classes(counts: list[int]) -> Seen:
    labels = np.repeat(np.arange(len(counts)), counts)
    chances = np.full((len(labels), len(counts)), 0.1 / (len(counts) - 1), np.float32)
    chances[np.arange(len(labels)), labels] = 0.9
    return Seen(normal(len(labels), 2), chances)


def test_the_histogram_by_hand_and_by_scipy():
    real, generated = [50, 30, 20, 10], [80, 1, 0, 15]
    sets = Sets(of_classes(real), of_classes(generated), classes=("a", "b", "c", "d"))
    found = {r.measure: r for r in honest.finished(ClassHistogram().read(sets, 10, 0))}
    p, q = np.array(real) / 110, np.array(generated) / 96
    assert found["classes"].value == 2 and found["classes"].most == 4
    assert found["missing"].items == ("b", "c") and found["missing"].value == 2
    assert found["reverse_kl"].value == pytest.approx(entropy(q, p))
    assert found["histogram"].value == pytest.approx(0.5 * entropy(p, (p + q) / 2) + 0.5 * entropy(q, (p + q) / 2))
    assert ClassHistogram(share=0).values(sets)["missing"] == 1
    assert honest.finished(ClassHistogram().measure(Sets(sets.real, sets.real, classes=sets.classes), 0)) == {
        "classes": 4,
        "missing": 0,
        "reverse_kl": 0,
        "histogram": 0,
    }


def test_a_class_that_no_real_sample_has_is_told():
    sets = Sets(of_classes([50, 50, 0]), of_classes([50, 40, 10]), classes=("a", "b", "c"))
    found = {r.measure: r for r in honest.finished(ClassHistogram().read(sets, 10, 0))}
    assert found["classes"].most == 2 and found["missing"].value == 0
    assert np.isfinite(found["reverse_kl"].value)
    assert "is of c by the classifier" in found["reverse_kl"].notes[0]
