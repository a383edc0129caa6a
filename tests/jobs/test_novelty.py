"""Many nearest neighbours at once, against one at a time and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from gan_studio.jobs import novelty
from gan_studio.jobs.features import features_of
from gan_studio.jobs.neighbours import BATCH, Neighbours, in_features
from gan_studio.jobs.novelty import COPIES, PROBES, Known, known, nearest
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.together import exhausted


def drawn(count: int, seed: int, shape=(8, 8, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


@pytest.mark.parametrize("held", [1, 3, BATCH, 2 * BATCH + 7])
def test_distances_are_those_of_one_at_a_time(held: int) -> None:
    training, pictures = drawn(held, 0), drawn(20, 1)
    expected = [Neighbours(training, held).nearest(picture, 3)[1] for picture in pictures]
    found = nearest(Neighbours(training, held), pictures, 3)
    assert found.shape == (20, min(3, held))
    np.testing.assert_allclose(found, np.stack(expected), rtol=1e-6)


def test_distances_are_those_of_scikit_learn() -> None:
    training, pictures = drawn(700, 2), drawn(30, 3)
    flat = [x.reshape(len(x), -1).astype(np.float64) for x in (training, pictures)]
    theirs, _ = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(flat[0]).kneighbors(flat[1])
    found = Known(Neighbours(training, 700), 0.0).distances(pictures)
    np.testing.assert_allclose(found, theirs[:, 0] / np.sqrt(192), rtol=1e-5)


def test_a_copy_is_at_0_and_one_grey_level_is_seen() -> None:
    training = drawn(600, 4, (32, 32, 3)) // 2  # far from the middle, where float32 is coarse
    copies = training[[5, 599]].copy()
    copies[1, 3, 4, 0] += 1
    found = nearest(Neighbours(training, 600), copies, 1)[:, 0]
    np.testing.assert_allclose(found, [0, np.sqrt(1 / 3072)], rtol=1e-5)


def test_near_is_what_few_training_pictures_are_to_each_other(picture_run, monkeypatch) -> None:
    monkeypatch.setattr(novelty, "neighbours", lambda snapshot: small(drawn(300, 5)))
    work = known(open_snapshot(picture_run().folder, device="cpu"))
    with pytest.raises(StopIteration) as done:
        while True:
            next(work)
    flat = drawn(300, 5).reshape(300, -1).astype(np.float64)
    theirs, _ = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(flat).kneighbors(flat[:PROBES])
    expected = np.quantile(theirs[:, 1] / np.sqrt(192), COPIES)
    np.testing.assert_allclose(done.value.value.near, expected, rtol=1e-5)


def test_in_features_distances_are_those_of_one_at_a_time(picture_run) -> None:
    snapshot = open_snapshot(picture_run({"recipe.discriminator": {"kind": "dcgan", "width": 8}}).folder, device="cpu")
    training = Neighbours(drawn(600, 6, (16, 16, 1)), 600)
    held = exhausted(in_features(training, features_of(snapshot)))
    pictures = np.concatenate([drawn(9, 7, (16, 16, 1)), training.pictures[:3]])
    expected = np.stack([held.nearest(picture, 3)[1] for picture in pictures])
    found = nearest(held, pictures, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[-3:, 0], 0, atol=1e-5)
    rows = held.rows_of(np.concatenate([pictures, training.pictures])).astype(np.float64)
    theirs, _ = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(rows[12:]).kneighbors(rows[:9])
    np.testing.assert_allclose(found[:9], theirs / np.sqrt(rows.shape[1]) / held.unit, rtol=1e-4)


def test_what_is_near_in_features_follows_their_distances(picture_run, monkeypatch) -> None:
    monkeypatch.setattr(novelty, "neighbours", lambda snapshot: small(drawn(300, 5, (16, 16, 1))))
    snapshot = open_snapshot(picture_run().folder, device="cpu")
    by = exhausted(known(snapshot, by_features=True))
    assert by.held.by == "D's features"
    assert by.near == pytest.approx(np.quantile(nearest(by.held, by.held.pictures[:PROBES], 2)[:, 1], COPIES))
    assert 0 < by.near < 1 and (by.distances(by.held.pictures[:4]) < by.near).all()


def small(pictures: np.ndarray):
    yield from ()
    return Neighbours(pictures, len(pictures))
