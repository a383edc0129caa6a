"""Copying and nearest neighbours against SciPy's U test and scikit-learn's neighbours, new samples, and copies."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from gan_studio.config import ConfigError
from gan_studio.metrics import Seen, Sets, honest
from gan_studio.metrics.data_copying import DataCopying, z_score
from gan_studio.metrics.nearest import Nearest, distances


def normal(count: int, seed: int, shift: float = 0.0, features: int = 5) -> Seen:
    rng = np.random.default_rng(seed)
    return Seen((rng.normal(size=(count, features)) + shift).astype(np.float32))


def copied(training: Seen, count: int, noise: float, seed: int = 9) -> Seen:
    rng = np.random.default_rng(seed)
    rows = training.rows[rng.integers(len(training), size=count)]
    return Seen((rows + noise * rng.normal(size=rows.shape)).astype(np.float32))


def fresh(seed: int, count: int = 200) -> Sets:
    return Sets(normal(300, 3 * seed), normal(count, 3 * seed + 1), normal(count, 3 * seed + 2))


@pytest.mark.parametrize("counts", [(40, 70), (25, 25)])
@pytest.mark.parametrize("ties", [False, True])
def test_z_is_that_of_scipys_u(counts, ties):
    rng = np.random.default_rng(0)
    q, p = rng.gamma(2, size=counts[0]), rng.gamma(2.5, size=counts[1])
    if ties:
        q, p = q.round(), p.round()
    U = mannwhitneyu(q, p).statistic
    n, m = counts
    assert z_score(q, p) == pytest.approx((U - n * m / 2 + 0.5) / np.sqrt(n * m * (n + m + 1) / 12))


def test_c_t_is_the_one_of_the_paper_by_scikit_learn_and_scipy():
    sets = Sets(normal(300, 0), normal(250, 1, 0.3), normal(200, 2))
    T, Q, P = (
        seen.rows.astype(float) - sets.real.rows.astype(float).mean(0)
        for seen in (sets.real, sets.generated, sets.unseen)
    )
    cells = KMeans(3, n_init=1, random_state=0).fit(T)
    of_q, of_p = cells.predict(Q), cells.predict(P)
    scores, weights = [], []
    for c in range(3):
        near = NearestNeighbors(n_neighbors=1).fit(T[cells.labels_ == c])
        q, p = (near.kneighbors(x)[0][:, 0] for x in (Q[of_q == c], P[of_p == c]))
        mean, deviation = len(q) * len(p) / 2 - 0.5, np.sqrt(len(q) * len(p) * (len(q) + len(p) + 1) / 12)
        scores.append((mannwhitneyu(q, p).statistic - mean) / deviation)
        weights.append(len(p))
    assert DataCopying(cells=3).values(sets)["copying"] == pytest.approx(np.average(scores, weights=weights))


def test_new_samples_have_a_standard_normal_z():
    """With one cell; over 150 experiments. Its quantiles are what a z score's are."""
    found = np.array([DataCopying(cells=1).values(fresh(s, 100))["copying"] for s in range(150)])
    assert abs(found.mean()) < 3 / 150**0.5 + 0.1  # one training set for both sides leaves them a little alike
    assert found.std() == pytest.approx(1, abs=0.2)
    assert np.mean(np.abs(found) > norm.ppf(0.975)) < 0.1


def test_copies_are_far_below_and_bad_samples_far_above():
    sets = fresh(0)
    for cells in (1, 5):
        metric = DataCopying(cells=cells)
        assert abs(metric.values(sets)["copying"]) < 3
        for noise in (0.0, 0.1):
            assert metric.values(replace(sets, generated=copied(sets.real, 200, noise)))["copying"] < -5
    off = replace(sets, generated=Seen(3 * sets.generated.rows))
    assert DataCopying().values(off)["copying"] > 5
    (reading,) = honest.finished(DataCopying().read(replace(sets, generated=copied(sets.real, 200, 0.1)), 20, 0))
    assert reading.high < -3


def test_the_ratio_is_one_for_new_samples_and_none_for_copies():
    found = [Nearest().values(fresh(s))["nearest"] for s in range(30)]
    assert np.mean(found) == pytest.approx(1, abs=3 * np.std(found) / 30**0.5)
    sets = fresh(0)
    assert Nearest().values(replace(sets, generated=copied(sets.real, 200, 0.0))) == {"nearest": 0}
    assert Nearest().values(replace(sets, generated=copied(sets.real, 200, 0.05)))["nearest"] < 0.25
    twice = Sets(*(Seen(2 * seen.rows + 7) for seen in (sets.real, sets.generated, sets.unseen)))
    assert Nearest().values(twice)["nearest"] == pytest.approx(Nearest().values(sets)["nearest"], rel=1e-5)


def test_distances_are_those_of_scikit_learn():
    sets = fresh(1)
    near = NearestNeighbors(n_neighbors=1).fit(sets.real.rows.astype(float))
    ours, usual = honest.finished(distances(sets))
    for found, seen in ((ours, sets.generated), (usual, sets.unseen)):
        np.testing.assert_allclose(found, near.kneighbors(seen.rows.astype(float))[0][:, 0], rtol=1e-9)


def test_what_cannot_be_told_is_said():
    sets = fresh(0)
    same = replace(sets, unseen=sets.real)
    for metric in (Nearest(), DataCopying()):
        with pytest.raises(ConfigError, match="copies cannot be told"):
            metric.values(same)
    away = replace(sets, generated=normal(200, 1, shift=50.0))
    rows = np.concatenate([sets.unseen.rows - 50, sets.real.rows[:10] + 50])
    parted = replace(away, unseen=Seen(rows), real=Seen(np.concatenate([sets.real.rows + 50, sets.real.rows - 50])))
    with pytest.raises(ConfigError, match="No cell"):
        DataCopying(cells=2).values(parted)
