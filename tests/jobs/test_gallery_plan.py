"""Plans become samples: by seeds, along walks, in strips, and by stars; what makes no sense is told."""

from __future__ import annotations

import pytest
import torch

from gan_studio.classes import one
from gan_studio.config import ConfigError
from gan_studio.directions import axis
from gan_studio.jobs import marks
from gan_studio.jobs.explore import latent, view_of
from gan_studio.jobs.gallery_plan import MOST, Plan, samples_of, seeds_in
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.walk import Walk, way
from gan_studio.walks import slerp


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


def test_seeds_in_a_row_keep_the_edits(snapshot) -> None:
    view = view_of(snapshot).edited(axis(2, 6), 1.5)
    found = samples_of(Plan(first=5, count=3, truncation=0.5), snapshot, view)
    assert [sample.view for sample in found] == [view.at_seed(seed).with_values({"psi": 0.5}) for seed in (5, 6, 7)]


def test_a_walk_through_seeds(snapshot) -> None:
    view = view_of(snapshot)
    found = samples_of(Plan(way="walk", seeds="4, 9", count=7, loop=True), snapshot, view)
    z = torch.cat([latent(view.at_seed(seed), snapshot) for seed in (4, 9)])
    expected = way(z, Walk(frames=7, loop=True))
    torch.testing.assert_close(torch.cat([latent(sample.view, snapshot) for sample in found]), expected)


def test_strips_between_given_views(snapshot) -> None:
    keys = [view_of(snapshot, seed).with_values({"psi": 0.3}) for seed in (1, 2, 3)]
    found = samples_of(Plan(way="strips", steps=5, truncation=1.0), snapshot, view_of(snapshot), keys)
    assert len(found) == 2 * 5
    ends = [latent(key, snapshot) for key in keys]
    torch.testing.assert_close(latent(found[2].view, snapshot), slerp(ends[0], ends[1], torch.tensor(0.5)))


def test_each_seed_in_each_class(class_file) -> None:
    snapshot = open_snapshot(class_file, device="cpu")
    view = view_of(snapshot)
    found = samples_of(Plan(first=3, count=2, classes="1,0"), snapshot, view)
    assert [sample.view for sample in found] == [
        view.at_seed(seed).of_classes(one(number)) for seed in (3, 4) for number in (1, 0)
    ]
    walk = samples_of(Plan(way="walk", seeds="5", classes="0,2", count=6), snapshot, view)
    assert walk[0].view.classes == one(0) and walk[-1].view.classes == one(2)
    with pytest.raises(ConfigError, match="There is no class"):
        samples_of(Plan(classes=f"{snapshot.classes}"), snapshot, view)


def test_what_has_a_star(snapshot) -> None:
    with pytest.raises(ConfigError, match="No picture of this checkpoint has a star yet"):
        samples_of(Plan(way="starred"), snapshot, view_of(snapshot))
    marks.mark(snapshot, [view_of(snapshot, 77)], "starred")
    assert [sample.view.seed for sample in samples_of(Plan(way="starred"), snapshot, view_of(snapshot))] == [77]


@pytest.mark.parametrize(
    ("text", "expected"), [("3", [3]), ("3, 8 20-22", [3, 8, 20, 21, 22]), ("5,5", [5, 5]), (" 0-0 ", [0])]
)
def test_seeds_that_are_named(text: str, expected: list[int]) -> None:
    assert seeds_in(text) == expected


@pytest.mark.parametrize("text", ["", ",", "x", "9-3", "-5", "1.5", "0-99999999999"])
def test_seeds_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        seeds_in(text)
    assert "\n" not in str(error.value)


def test_too_much_is_told(snapshot) -> None:
    view = view_of(snapshot)
    with pytest.raises(ConfigError, match="more than"):
        samples_of(Plan(way="strips", seeds="0-999", steps=200), snapshot, view)
    with pytest.raises(ConfigError, match="Seeds go from 0"):
        samples_of(Plan(first=2**32 - 1, count=2), snapshot, view)
    with pytest.raises(ConfigError, match="at least two seeds"):
        samples_of(Plan(way="strips", seeds="7"), snapshot, view)
    with pytest.raises(ConfigError):
        Plan.parse({"count": MOST + 1})
