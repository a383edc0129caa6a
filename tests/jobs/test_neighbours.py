"""The nearest training pictures against scikit-learn, and D's score against D."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from gan_studio.config import ConfigError
from gan_studio.jobs import neighbours as module
from gan_studio.jobs.events import Progress
from gan_studio.jobs.explore import render, view_of
from gan_studio.jobs.features import features_of
from gan_studio.jobs.neighbours import Neighbours, in_features, judge, neighbours
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.recipes import RECIPES, GeneratingRecipe
from gan_studio.runs import Checkpoint


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


def read(work) -> tuple[list[Progress], Any]:
    told = []
    while True:
        try:
            told.append(next(work))
        except StopIteration as done:
            return told, done.value


def test_the_nearest_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    held = Neighbours(rng.integers(0, 256, (600, 4, 4, 3), np.uint8), 600)
    picture = rng.integers(0, 256, (4, 4, 3), np.uint8)
    found, far = held.nearest(picture, 5)
    theirs = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(held.pictures.reshape(600, -1).astype(np.float64))
    distances, order = theirs.kneighbors(picture.reshape(1, -1).astype(np.float64))
    assert (found == held.pictures[order[0]]).all()
    np.testing.assert_allclose(far, distances[0] / np.sqrt(48), rtol=1e-5)


def test_the_nearest_in_features_are_those_of_scipy(picture_run) -> None:
    wide = {"recipe.discriminator": {"kind": "dcgan", "width": 8}}
    features = features_of(open_snapshot(picture_run(wide).folder, device="cpu"))
    rng = np.random.default_rng(0)
    held = Neighbours(rng.integers(0, 256, (600, 16, 16, 1), np.uint8), 600)
    told, found = read(in_features(held, features))
    assert [one.done for one in told] == [0, 256, 512, 600] and {one.total for one in told} == {600}
    picture = rng.integers(0, 256, (16, 16, 1), np.uint8)
    nearest, far = found.nearest(picture, 5)

    vectors = features.vectors(np.concatenate([picture[None], held.pictures])).astype(np.float64)
    distances = cdist(vectors[:1], vectors[1:])[0]
    order = distances.argsort()[:5]
    pairs = [np.linalg.norm(vectors[1 + i] - vectors[1 + 256 + i]) for i in range(256)]
    assert (nearest == held.pictures[order]).all()
    np.testing.assert_allclose(far, distances[order] / np.median(pairs), rtol=1e-4)


def test_features_are_bounded_and_reading_them_can_be_cancelled(snapshot, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_NUMBERS", 2000)
    rng = np.random.default_rng(0)
    held = Neighbours(rng.integers(0, 256, (600, 16, 16, 1), np.uint8), 600)
    _, found = read(in_features(held, features_of(snapshot)))
    assert found.vectors.shape == (250, 8) and len(found.pictures) == 250
    work = in_features(held, features_of(snapshot))
    next(work)
    work.close()
    assert list(work) == []


def test_of_one_picture_the_distance_needs_no_other(snapshot) -> None:
    one = Neighbours(np.zeros((1, 16, 16, 1), np.uint8), 1)
    found = read(in_features(one, features_of(snapshot)))[1]
    assert found.unit == 1 and found.nearest(one.pictures[0])[1] == pytest.approx(0, abs=1e-6)


def test_a_training_picture_is_its_own_neighbour(snapshot) -> None:
    told, held = read(neighbours(snapshot, most=300))
    assert held.pictures.shape == (300, 16, 16, 1) and held.total == 1797
    assert told[-1].done == told[-1].total == 300
    found, far = held.nearest(held.pictures[7], 3)
    assert (found[0] == held.pictures[7]).all() and far[0] == 0 and 0 < far[1] <= far[2]
    assert held.nearest(render(view_of(snapshot), snapshot))[1][0] > 0


@pytest.mark.parametrize("kind", [entry.kind for entry in RECIPES if issubclass(entry, GeneratingRecipe)])
def test_the_score_is_what_d_says(picture_run, kind: str) -> None:
    snapshot = open_snapshot(picture_run({"recipe.kind": kind, "recipe.generator.kind": "mlp",
                                          "recipe.discriminator.kind": "mlp"}).folder)  # fmt: skip
    view = view_of(snapshot)
    pictures = np.stack([render(view.at_seed(seed), snapshot) for seed in range(4)])
    score = judge(snapshot)
    assert score is not None
    found = score(pictures)
    assert found.shape == (4,) and np.isfinite(found).all() and len(set(found.tolist())) == 4


def test_the_score_of_a_plain_gan_is_that_of_its_network(snapshot) -> None:
    D = snapshot.config.recipe.discriminator.build(snapshot.shape).eval()
    D.load_state_dict(Checkpoint(snapshot.checkpoint).load()[0]["discriminator"])
    picture = render(view_of(snapshot), snapshot)
    picture.setflags(write=False)  # as a decoded one is
    x = torch.from_numpy(picture / 127.5 - 1).float().permute(2, 0, 1)[None]
    np.testing.assert_allclose(judge(snapshot)(picture[None]), D(x).detach(), atol=1e-5)


def test_a_checkpoint_without_d_has_no_score(snapshot) -> None:
    weights, _ = Checkpoint(snapshot.checkpoint).load()
    run_of(snapshot).save_checkpoint(10, {"generator": weights["generator"]}, {})
    assert judge(snapshot) is None


def test_d_of_another_network_is_told(snapshot) -> None:
    weights, _ = Checkpoint(snapshot.checkpoint).load()
    run_of(snapshot).save_checkpoint(10, weights | {"discriminator": {"other": torch.ones(1)}}, {})
    with pytest.raises(ConfigError, match="other networks"):
        judge(snapshot)


def run_of(snapshot):
    from gan_studio.runs import Run

    return Run(snapshot.checkpoint.parent.parent)
