"""The Explore tab in tests: its window, a room with a run open, and what a user does first in it.

A module has the fixtures that it names: `run, room = exploring.run, exploring.room`.
"""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QMimeData, QSettings, QUrl

from gan_studio import runs
from gan_studio.directions import random as random_directions
from gan_studio.gui import window as window_module
from gan_studio.gui.explore import pace, past
from gan_studio.gui.explore.room import ExploreRoom
from gan_studio.gui.session import Session
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs import find_directions
from gan_studio.jobs.explore import render
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.networks import GENERATORS
from gan_studio.runs import Run

SECONDS = 20_000


def opened_window(qtbot, tmp_path, request, monkeypatch, rooms=(ExploreRoom,)) -> Window:
    monkeypatch.setattr(window_module, "ROOMS", rooms)
    monkeypatch.setattr(past, "TOGETHER_S", 3600.0)  # a drag is one change however slow the machine is,
    monkeypatch.setattr(pace, "SLOW_MS", 3.6e6)  # and no network takes long
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    session = Session(runs.default_root())
    window = Window(session, settings, warm=lambda: (stage for stage in ("light", "ready")))
    window.resize(1280, 720)
    with qtbot.waitSignal(window.ready, timeout=SECONDS):
        window.show()
    request.addfinalizer(lambda: leave(window))
    return window


def leave(window: Window) -> None:
    window.close()
    window.deleteLater()


def with_directions(run: Run) -> Run:
    """Of its own, so that none are looked for."""
    snapshot = open_snapshot(run.folder, device="cpu")
    find_directions.replace(snapshot, [one.model_copy(update={"effect": 9.0}) for one in random_directions(6, 2, 0)])
    return run


def foreign_file(path: Path) -> Path:
    """As the PyTorch DCGAN example leaves it: our DCGAN has the same names."""
    torch.manual_seed(1)
    network = GENERATORS.parse({"kind": "dcgan", "width": 8}).build(6, (3, 16, 16))
    path.parent.mkdir()
    torch.save(network.state_dict(), path)
    return path


def choose_run(room, qtbot, row=0):
    qtbot.waitUntil(lambda: room.runs.count() > row, timeout=SECONDS)
    room.runs.setCurrentIndex(row)
    room.runs.activated.emit(row)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=SECONDS)


def drawn(room, qtbot) -> np.ndarray:
    """The picture, once it is that of the view."""
    qtbot.waitUntil(lambda: room.shown is not None, timeout=SECONDS)
    return room.shown


def expected(room) -> np.ndarray:
    """By the core alone."""
    return render(room.view, open_snapshot(room.opened.choice.path, room.view.step, device="cpu"))


def drop(window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.take_dropped(data)


def notice(room, qtbot, words: str) -> str:
    qtbot.waitUntil(lambda: any(words in bar.text for bar in room.notices.bars), timeout=SECONDS)
    return next(bar.text for bar in room.notices.bars if words in bar.text)


def press(room, qtbot, words: str, label: str) -> None:
    """A button of a notice."""
    notice(room, qtbot, words)
    bar = next(bar for bar in room.notices.bars if words in bar.text)
    next(button for button in bar.action_buttons if button.text() == label).click()


# --- fixtures --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


@pytest.fixture
def open_window(qtbot, tmp_path, request, monkeypatch):
    """Opens the window, with the Explore tab alone unless others are named."""
    return partial(opened_window, qtbot, tmp_path, request, monkeypatch)


@pytest.fixture
def run(picture_run) -> Run:
    return with_directions(picture_run())


@pytest.fixture
def room(open_window, run, qtbot) -> ExploreRoom:
    """With the run open."""
    room = open_window().rooms[0]
    choose_run(room, qtbot)
    return room
