"""Failures on purpose: that each is what it says, and that each metric says of it what it must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gan_studio.config import ConfigError
from gan_studio.data.digits import Digits
from gan_studio.data.toy2d import Toy2D
from gan_studio.feature_networks import Eye, FeatureNetwork, Looked
from gan_studio.jobs import failures
from gan_studio.jobs.failures import FAILURES, Usual, drawn, gather, measured, of_honest_sets, verdict
from gan_studio.jobs.together import exhausted
from gan_studio.metrics import Measure

N = 60


class Squares(Eye):
    """Means of squares of pixels, and chances by the nearest mean picture of a class."""

    name, id, preprocessing, classes = "squares", "squares", "as they are", tuple("0123456789")

    def __init__(self, means):
        self.means = means  # [10, F]

    def look(self, pictures):
        rows = pictures.reshape(len(pictures), 4, 2, 4, 2).mean(axis=(2, 4)).reshape(len(pictures), -1) / 255
        far = ((rows[:, None] - self.means[None]) ** 2).sum(axis=2)  # [N, 10]
        chances = np.exp(-20 * (far - far.min(axis=1, keepdims=True)))
        return Looked(rows.astype(np.float32), (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32))


class LooksAtSquares(FeatureNetwork):
    def prepare(self, source, device=None):
        dataset = yield from source.prepare()
        pictures = dataset.pixels.transpose(0, 2, 3, 1)
        rows = Squares(np.zeros((10, 16))).look(pictures).rows
        labels = dataset._labels.numpy()
        return Squares(np.stack([rows[labels == k].mean(axis=0) for k in range(10)]))


@pytest.fixture(scope="module")
def ground():
    return exhausted(gather(Digits(size=8), LooksAtSquares(), most=N))


@pytest.fixture(scope="module")
def honest(ground):
    return exhausted(of_honest_sets(ground, rounds=4))


# --- the pictures ----------------------------------------------------------------------------------------------------


def test_the_parts_have_no_picture_in_common(ground):
    parts = ground.parts()
    assert (len(parts.real), len(parts.unseen), len(parts.fresh)) == (N, N, 2 * N)
    assert sorted(np.concatenate([parts.real, parts.unseen, parts.fresh])) == list(range(4 * N))
    assert len(np.unique(ground.pictures.reshape(4 * N, -1), axis=0)) == 4 * N
    assert not np.array_equal(parts.real, ground.parts(1).real)


@pytest.mark.parametrize("failure", FAILURES.values(), ids=lambda failure: failure.id)
def test_at_0_a_failure_is_honest_and_at_any_amount_there_are_as_many_pictures(ground, failure):
    fresh = ground.pictures[ground.parts().fresh[:N]]
    assert np.array_equal(drawn(ground, failure, 0.0), fresh)
    for amount in (0.6, 1.0):
        pictures = drawn(ground, failure, amount)
        assert pictures.shape == fresh.shape and pictures.dtype == np.uint8
        assert (failure.id == "good") == np.array_equal(pictures, fresh)
        assert failure.told(ground, amount) and failure.lacking(ground) == ""


def test_duplicates_are_as_few_as_they_say(ground):
    for amount in (0.25, 0.5, 1.0):
        pictures = drawn(ground, FAILURES["duplicates"], amount)
        different = len(np.unique(pictures.reshape(N, -1), axis=0))
        assert different == round(N ** (1 - amount))
        assert FAILURES["duplicates"].told(ground, amount).startswith(f"{different} different picture")


@pytest.mark.parametrize(("id", "dropped"), [("one-class", 1), ("half-of-classes", 5)])
def test_dropped_classes_go_and_the_others_stay(ground, id, dropped):
    def shares(amount):
        labels = ground.labels[FAILURES[id].numbers(ground, ground.parts(), amount)]
        return np.bincount(labels, minlength=10)

    before, half, after = shares(0.0), shares(0.5), shares(1.0)
    assert before[:dropped].sum() > 0 and after[:dropped].sum() == 0 and after.sum() == N
    assert half[:dropped].sum() == before[:dropped].sum() - round(before[:dropped].sum() / 2)
    assert (after[dropped:] >= before[dropped:]).all()
    drawn_numbers = FAILURES[id].numbers(ground, ground.parts(), 1.0)
    assert not set(drawn_numbers) & set(ground.parts().real)


def test_copies_are_training_pictures(ground):
    real = {picture.tobytes() for picture in ground.pictures[ground.parts().real]}
    for amount in (0.25, 1.0):
        pictures = drawn(ground, FAILURES["copies"], amount)
        assert sum(picture.tobytes() in real for picture in pictures) == round(amount * N)


def test_blur_noise_and_brightness_change_each_picture_by_what_they_say(ground):
    fresh = drawn(ground, FAILURES["good"], 0.0).astype(float)
    sigma = 0.5 * FAILURES["blur"].most * 8
    one_by_one = np.stack([gaussian_filter(picture[..., 0], sigma) for picture in fresh])
    assert abs(drawn(ground, FAILURES["blur"], 0.5)[..., 0] - one_by_one).max() <= 0.51
    bright = drawn(ground, FAILURES["brightness"], 0.5).astype(float)
    assert np.array_equal(bright, np.minimum(fresh + 48, 255))
    middle = replace(ground, pictures=np.full_like(ground.pictures, 128))
    grain = drawn(middle, FAILURES["noise"], 0.25).astype(float) - 128
    assert grain.std() == pytest.approx(24, rel=0.05) and abs(grain.mean()) < 2


def test_without_classes_none_can_be_dropped(ground):
    bare = replace(ground, labels=None, classes=())
    assert [id for id, one in FAILURES.items() if one.lacking(bare)] == ["one-class", "half-of-classes"]


# --- what cannot be used ---------------------------------------------------------------------------------------------


def test_points_and_too_few_pictures_are_refused(monkeypatch):
    with pytest.raises(ConfigError, match="pictures"):
        exhausted(gather(Toy2D(), LooksAtSquares()))
    monkeypatch.setattr(failures, "LEAST", 500)
    with pytest.raises(ConfigError, match="1797 pictures, and 2000"):
        exhausted(gather(Digits(size=8), LooksAtSquares()))


# --- what metrics say ------------------------------------------------------------------------------------------------


def test_alarms_are_deviations_to_the_worse():
    usual = Usual(10.0, 2.0)
    measures = {better: Measure("M", "", better) for better in ("lower", "higher", "nearer")}
    assert [usual.alarm(measure, 16.0) for measure in measures.values()] == [3.0, -3.0, 3.0]
    assert [usual.alarm(measure, 4.0) for measure in measures.values()] == [-3.0, 3.0, 3.0]
    assert [verdict(alarm) for alarm in (-3.0, -2.9, 2.9, 3.0, 10.0)] == [
        "fooled", "blind", "blind", "notices", "alarmed",
    ]  # fmt: skip


def test_what_honest_sets_never_vary_in_is_an_alarm_at_the_first_difference():
    assert verdict(Usual(10.0, 0.0).alarm(Measure("Classes", "", "higher"), 9.0)) == "alarmed"
    assert Usual(10.0, 0.0).alarm(Measure("Classes", "", "higher"), 10.0) == 0


def test_the_classes_see_what_is_dropped_and_not_what_is_copied(ground, honest):
    assert {"classes", "missing", "histogram"} <= set(honest.measures)
    dropped = measured(ground, honest, FAILURES["half-of-classes"], 1.0)
    assert dropped.values["missing"] >= 3 and verdict(dropped.alarms["missing"]) == "alarmed"
    copied = measured(ground, honest, FAILURES["copies"], 1.0)  # the same histogram: better than honest sets can be
    assert copied.values["histogram"] == 0 and verdict(copied.alarms["histogram"]) in ("blind", "fooled")


def test_a_metric_that_refuses_honest_sets_is_left_out_and_told(ground):
    few = replace(ground, pictures=ground.pictures[:40], labels=ground.labels[:40])
    found = exhausted(of_honest_sets(few, rounds=2))
    assert "classes" not in found.measures and any("left out" in note for note in found.notes)


def test_a_metric_that_refuses_a_failure_says_why(ground, honest, monkeypatch):
    def refusing(self, sets, seed=0):
        raise ConfigError("No.")

    monkeypatch.setattr(type(honest.metrics[0]), "values", refusing)
    found = measured(ground, honest, FAILURES["duplicates"], 1.0)
    assert found.refused == dict.fromkeys(honest.metrics[0].measures, "No.")
    assert not set(found.refused) & set(found.values)
