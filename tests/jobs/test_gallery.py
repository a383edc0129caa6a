"""Galleries: which pictures, what is told of them, and in which order they stand."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from gan_studio.config import ConfigError
from gan_studio.directions import axis
from gan_studio.images import to_uint8
from gan_studio.jobs.events import Progress
from gan_studio.jobs.explore import View, latent, latents, render, view_of
from gan_studio.jobs.features import features_of
from gan_studio.jobs.gallery import (
    BATCH,
    LAST_SEED,
    Arrangement,
    Made,
    Sample,
    along,
    arranged,
    by_seeds,
    make,
    measured,
    measures,
    strips,
)
from gan_studio.jobs.neighbours import in_features, judge, neighbours
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.walk import Walk, key_frames, way
from gan_studio.runs import Checkpoint, Run
from gan_studio.walks import slerp

COUNT = 2 * BATCH + 5


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


def told(work) -> tuple[list, object]:
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as done:
            return events, done.value


# --- which ones ------------------------------------------------------------------------------------------------------


def test_by_seeds_truncation_and_edits_stay(snapshot) -> None:
    view = view_of(snapshot).with_values({"psi": 0.5}).edited(axis(0, 6), 2.0)
    samples = by_seeds(view, range(5, 8))
    expected = 0.5 * snapshot.latents(3, 5) + 2.0 * axis(0, 6).step()
    torch.testing.assert_close(latents([sample.view for sample in samples], snapshot), expected)
    assert by_seeds(view, range(LAST_SEED, LAST_SEED + 1))[0].view.seed == LAST_SEED and by_seeds(view, []) == []
    for seeds in (range(LAST_SEED, LAST_SEED + 2), [-1]):
        with pytest.raises(ConfigError, match=r"Seeds go from 0 to 4,294,967,295"):
            by_seeds(view, seeds)


def test_a_walk_and_strips_are_their_latents(snapshot) -> None:
    keys = key_frames(view_of(snapshot), [1, 5, 9])
    walk = Walk(frames=7, loop=True)
    found = latents([sample.view for sample in along(snapshot, keys, walk)], snapshot)
    assert torch.equal(found, way(latents(keys, snapshot), walk))

    rows = latents([sample.view for sample in strips(snapshot, keys, 5)], snapshot).reshape(2, 5, 6)
    z = latents(keys, snapshot)
    assert torch.equal(rows[:, 0], z[:2]) and torch.equal(rows[:, -1], z[1:])
    assert torch.equal(rows[1, 2], slerp(z[1], z[2], torch.tensor(0.5)))
    straight = strips(snapshot, keys, 3, "lerp")[1].view
    torch.testing.assert_close(latent(straight, snapshot)[0], (z[0] + z[1]) / 2)
    for few, steps in ((keys[:1], 5), (keys, 1)):
        with pytest.raises(ConfigError, match="at least two seeds"):
            strips(snapshot, few, steps)


# --- made and measured -----------------------------------------------------------------------------------------------


def test_pictures_come_in_batches_with_how_far_it_is(snapshot) -> None:
    samples = by_seeds(view_of(snapshot), range(3, 3 + COUNT))
    events, _ = told(make(snapshot, samples))
    assert [event.done for event in events if isinstance(event, Progress)] == [0, BATCH, 2 * BATCH, COUNT]
    made = [event for event in events if isinstance(event, Made)]
    assert [sample for event in made for sample in event.samples] == samples
    drawn = np.concatenate([event.pictures for event in made])
    expected = to_uint8(snapshot.generate(snapshot.latents(COUNT, 3)))
    assert drawn.shape == (COUNT, 16, 16, 1) and np.abs(drawn.astype(int) - expected).max() <= 1


def test_score_and_novelty_are_those_of_a_picture_alone(snapshot) -> None:
    samples = by_seeds(view_of(snapshot), range(6))
    _, found = told(measured(snapshot, samples, scored=True, novel=True))
    _, held = told(neighbours(snapshot))
    score = judge(snapshot)
    assert score is not None
    for sample in found:
        picture = render(sample.view, snapshot)
        assert sample.score == pytest.approx(float(score(picture[None])[0]), abs=0.01)
        assert sample.novelty == pytest.approx(float(held.nearest(picture, 1)[1][0]), abs=0.1)
        assert sample.is_novel is True  # noise is no copy
    assert told(measured(snapshot, samples)) == ([], samples)


def test_novelty_in_features_is_that_of_a_picture_alone(snapshot) -> None:
    samples = by_seeds(view_of(snapshot), range(4))
    _, found = told(measured(snapshot, samples, novel=True, by_features=True))
    _, held = told(in_features(told(neighbours(snapshot))[1], features_of(snapshot)))
    for sample in found:
        far = held.nearest(render(sample.view, snapshot), 1)[1]
        assert sample.novelty == pytest.approx(float(far[0]), abs=0.01)


def test_what_is_cut_off_stops(snapshot) -> None:
    work = make(snapshot, by_seeds(view_of(snapshot), range(COUNT)))
    assert isinstance(next(work), Progress) and isinstance(next(work), Made)
    work.close()
    with pytest.raises(StopIteration):
        next(work)


def test_without_d_or_data_it_is_told(snapshot, monkeypatch) -> None:
    weights, _ = Checkpoint(snapshot.checkpoint).load()
    Run(snapshot.checkpoint.parent.parent).save_checkpoint(10, {"generator": weights["generator"]}, {})
    with pytest.raises(ConfigError, match="holds no discriminator to score pictures"):
        told(measures(snapshot, scored=True))

    def gone(self: object):
        raise ConfigError("The data is not here.")
        yield

    monkeypatch.setattr(type(snapshot.config.data), "prepare", gone)
    with pytest.raises(ConfigError, match="The data is not here"):
        told(measures(snapshot, novel=True))


# --- in which order --------------------------------------------------------------------------------------------------


def sample(seed: int, score: float | None = None, novelty: float | None = None, **more: object) -> Sample:
    return Sample(View(seed=seed), score, novelty, **more)  # type: ignore[arg-type]


def test_samples_are_sorted_and_what_is_unknown_stands_last() -> None:
    some = [sample(0, 1.0, 5.0), sample(1), sample(2, 3.0, 4.0), sample(3, float("nan"), 9.0), sample(4, 1.0, 1.0)]
    assert arranged(some, Arrangement()) == [0, 1, 2, 3, 4]
    assert arranged(some, Arrangement(backwards=True)) == [4, 3, 2, 1, 0]
    assert arranged(some, Arrangement(order="score")) == [2, 0, 4, 1, 3]
    assert arranged(some, Arrangement(order="score", backwards=True)) == [0, 4, 2, 1, 3]
    assert arranged(some, Arrangement(order="novelty")) == [3, 0, 2, 4, 1]
    assert arranged([], Arrangement(order="novelty")) == []


def test_ten_thousand_are_sorted_as_numpy_sorts() -> None:
    numbers = random.Random(0).choices(range(3000), k=10_000)
    some = [sample(i, float(number)) for i, number in enumerate(numbers)]
    expected = np.argsort(-np.array(numbers), kind="stable")
    assert arranged(some, Arrangement(order="score")) == expected.tolist()


def test_what_is_marked_and_what_is_copied() -> None:
    some = [
        sample(0, is_novel=False, mark="starred"),
        sample(1, is_novel=True, mark="rejected"),
        sample(2, is_novel=True, mark="starred"),
        sample(3, is_novel=True),
        sample(4),
    ]
    assert arranged(some, Arrangement()) == [0, 2, 3, 4]
    assert arranged(some, Arrangement(rejected=True)) == [0, 1, 2, 3, 4]
    assert arranged(some, Arrangement(novel_only=True)) == [2, 3]
    assert arranged(some, Arrangement(starred_only=True)) == [0, 2]
    assert arranged(some[2:] + some[:1], Arrangement(order="starred")) == [0, 3, 1, 2]
