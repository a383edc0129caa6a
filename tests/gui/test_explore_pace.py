"""Where pictures take long, a draft follows the hand, and the exact picture comes when it rests."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_studio.compute import Engine
from gan_studio.gui.explore import pace, scene
from gan_studio.gui.explore.pace import Drawn, Pace
from gan_studio.jobs.drafts import Draft
from gan_studio.jobs.explore import inputs, pictures, view_of
from gan_studio.jobs.snapshots import open_snapshot

from . import exploring
from .exploring import SECONDS, choose_run, drawn, expected


class Negative(torch.nn.Module):
    """A draft that cannot be mistaken for the picture."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, rows):
        return -self.network(rows)


def negative_of(snapshot) -> Draft:
    return Draft(Engine(torch.device("cpu")), Negative(snapshot.network))


light_collections, open_window = exploring.light_collections, exploring.open_window
run = exploring.run


# --- how long they take ----------------------------------------------------------------------------------------------


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


def taking(*milliseconds: float, count: int = 1) -> Pace:
    found = Pace()
    for one in milliseconds:
        found.took(Drawn(np.zeros((count, 2, 2, 1), np.uint8), one))
    return found


def test_the_median_of_the_last_counts():
    assert taking(400, 30).milliseconds == 0  # two are too few
    assert taking(400, 30, 20).milliseconds == 30
    assert taking(*[400] * 9, *range(10, 19)).milliseconds == 14
    assert taking(80, 80, 80, count=4).milliseconds == 20


def test_drafts_are_not_counted():
    found = taking(60, 70, 80)
    found.took(Drawn(np.zeros((1, 2, 2, 1), np.uint8), 1.0, is_exact=False))
    assert found.milliseconds == 70


def test_a_draft_is_sought_once_and_where_it_is_slow():
    slow, quick = taking(60, 70, 80), taking(10, 49, 50)
    assert slow.wants_draft() and not slow.wants_draft() and not quick.wants_draft()


def test_what_is_drawn_while_the_hand_moves(snapshot):
    view = view_of(snapshot, 3)
    assert taking(40, 40, 40).roughly(view, range(3, 4), snapshot) is None
    assert taking(90, 90, 90).roughly(view, range(3, 4), snapshot) is None  # the newest that is finished has to do
    few = taking(20, 20, 20).roughly(view, range(3, 19), snapshot)()
    assert not few.is_exact and few.told(16).startswith("draft · 2 of 16 · ")
    rows = inputs([view.at_seed(3), view.at_seed(4)], snapshot)
    np.testing.assert_array_equal(few.pictures, pictures(rows, snapshot))
    slow = taking(90, 90, 90)
    slow.set_draft(negative_of(snapshot))
    draft = slow.roughly(view, range(3, 4), snapshot)()
    assert not draft.is_exact and "of" not in draft.told(1)
    assert np.abs(draft.pictures.astype(int) + pictures(rows[:1], snapshot) - 255).max() <= 1


# --- in the window ---------------------------------------------------------------------------------------------------


@pytest.fixture
def room(open_window, run, qtbot, monkeypatch):
    monkeypatch.setattr(scene, "draft_of", negative_of)
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    room.told = []
    room.scene.drawing_told.connect(room.told.append)
    return room


def make_slow(room, qtbot, monkeypatch):
    """As if each picture took too long."""
    monkeypatch.setattr(pace, "SLOW_MS", 1e-6)
    for seed in range(1, 5):
        room.scene.go_to_seed(seed)
        drawn(room, qtbot)
    qtbot.waitUntil(lambda: room.scene.pace.draft is not None, timeout=SECONDS)
    room.told.clear()


def slide(room, qtbot, *notches):
    """With a draft to be seen on the way."""
    slider, rest = room.directions.rows["Random 1"].number.slider, room.scene._rest
    rest.setInterval(3_600_000)  # the hand does not rest on the way, however slow the machine is
    for notch in notches:
        slider.setValue(notch)
        told = len(room.told)
        qtbot.waitUntil(lambda told=told: len(room.told) > told, timeout=SECONDS)
    rest.start(scene.REST_MS)


def test_a_draft_follows_the_hand_and_the_picture_comes_when_it_rests(room, qtbot, monkeypatch):
    make_slow(room, qtbot, monkeypatch)
    shown = []
    room.scene.all_drawn.connect(lambda view, pictures: shown.append(pictures))
    slide(room, qtbot, 600, 700, 800)
    np.testing.assert_array_equal(drawn(room, qtbot), expected(room))
    assert room.view.amount("Random 1") == pytest.approx(1.8, abs=0.01)
    drafts = [words.startswith("draft") for words in room.told]
    assert drafts[0] and not drafts[-1]
    exact = shown[-1].astype(int)
    np.testing.assert_array_equal(exact[0], expected(room))
    assert any(np.abs(picture.astype(int) + exact - 255).max() <= 1 for picture in shown[:-1])
    assert "ms" in room.picture._corner and "draft" not in room.picture._corner


def test_of_many_pictures_the_first_follow_the_hand(room, qtbot, monkeypatch):
    room.scene.show_many(4)
    make_slow(room, qtbot, monkeypatch)
    sizes = []
    room.scene.all_drawn.connect(lambda view, pictures: sizes.append(len(pictures)))
    slide(room, qtbot, 600, 700)
    assert room.told[0].startswith("draft · 1 of 4 · ")
    drawn(room, qtbot)
    assert set(sizes) == {4} and not room.told[-1].startswith("draft")


def test_quick_networks_are_never_drafted(room, qtbot):
    slide(room, qtbot, 600, 650, 700, 750, 800)
    drawn(room, qtbot)
    assert room.scene.pace.draft is None and not any("draft" in words for words in room.told)
