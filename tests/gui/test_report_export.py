"""Exports from the window, as a user makes them: ask, watch, cancel, open."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLineEdit, QWidget

from gan_studio.config import ConfigError
from gan_studio.gui.commands import Commands
from gan_studio.gui.exporting import SaveDialog
from gan_studio.gui.train.report_export import COMMANDS, NO_RUN, Exports
from gan_studio.gui.widgets.notice import Bar, Notices
from gan_studio.jobs.events import Exported, Progress
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import new_run
from gan_studio.runs import Run, State


class Drawn:
    """Stands for the curves on the screen: a picture of them is written at once."""

    def export(self, path: Path) -> None:
        if path.suffix == ".svg":
            raise PermissionError(13, "Permission denied", str(path))
        path.write_bytes(b"picture")


class Desk:
    """A window with exports of one run, and what a user sees and does there."""

    def __init__(self, qtbot: Any, folder: Path):
        self.qtbot = qtbot
        self.window = QWidget()
        self.window.resize(900, 600)
        qtbot.addWidget(self.window)
        self.window.show()
        self.notices = Notices(self.window)
        self.commands = Commands(self.window)
        self.told: list[Exception] = []
        self.exports = Exports(self.window, self.commands, self.notices, self.told.append, Drawn())  # type: ignore[arg-type]
        self.run = new_run(RunConfig(), "Small", folder)
        steps = np.arange(1, 31)
        self.run.append_curves(steps.tolist(), {"D/real": steps.astype(np.float32)})
        self.run.set_state(State("finished", 30, 30))
        self.exports.show_run(self.run)

    def save_as(self, command: str, path: Path, kind: str = "") -> None:
        """Choose a command, type a name, press Enter."""
        self.commands[command].trigger()
        dialog = self.window.findChild(SaveDialog)
        with self.qtbot.waitExposed(dialog):
            pass
        if kind:
            dialog.selectNameFilter(kind)
            dialog.filterSelected.emit(kind)
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        field.setText(str(path))
        self.qtbot.keyClick(field, Qt.Key.Key_Return)

    def notice(self, start: str) -> Bar:
        """The notice that begins like this, as soon as it is there."""
        self.qtbot.waitUntil(lambda: any(bar.text.startswith(start) for bar in self.notices.bars), timeout=10_000)
        return next(bar for bar in self.notices.bars if bar.text.startswith(start))

    def wait_for_the_end(self) -> None:
        self.qtbot.waitUntil(lambda: not self.exports.under_way, timeout=10_000)


@pytest.fixture
def desk(qtbot: Any, tmp_path: Path) -> Iterator[Desk]:
    found = Desk(qtbot, tmp_path / "runs")
    yield found
    found.exports.leave()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What would have been opened by the desktop; an .odd file has no program."""
    found: list[Path] = []

    def open_url(url: QUrl) -> bool:
        found.append(Path(url.toLocalFile()))
        return not url.toLocalFile().endswith(".odd")

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return found


def press(qtbot: Any, bar: Bar, label: str) -> None:
    (button,) = (button for button in bar.action_buttons if button.text() == label)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


class Slow:
    """A job that waits to be let on, so that a test can look at it meanwhile."""

    def __init__(self, path: Path):
        self.path, self.go, self.closed = path, threading.Event(), threading.Event()

    def __iter__(self) -> Iterator[Any]:
        try:
            yield Progress(1, 4, "Half a moment")
            for _ in range(1200):
                if self.go.wait(0.05):
                    break
                yield Progress(1, 4, "Half a moment")
            self.path.write_text("whole")
            yield Exported(self.path)
        finally:
            self.closed.set()


def test_without_a_run_there_is_nothing_to_export(desk: Desk) -> None:
    desk.exports.show_run(None)
    for id in COMMANDS:
        assert not desk.commands[id].isEnabled() and NO_RUN in desk.commands[id].toolTip()
    desk.exports.show_run(desk.run)
    assert all(desk.commands[id].isEnabled() for id in COMMANDS)


def test_a_report_is_written_and_opened(desk: Desk, tmp_path: Path, opened: list[Path]) -> None:
    desk.save_as("report", tmp_path / "mine")  # without an ending
    bar = desk.notice(f"Written: {tmp_path / 'mine.html'}")
    desk.wait_for_the_end()
    assert "Small" in (tmp_path / "mine.html").read_text() and desk.notices.bars == [bar] and not desk.told
    press(desk.qtbot, bar, "Open")
    assert opened == [tmp_path / "mine.html"] and not desk.notices.bars


def test_the_folder_can_be_shown_and_is_remembered(desk: Desk, tmp_path: Path, opened: list[Path]) -> None:
    desk.save_as("report", tmp_path / "mine.html")
    press(desk.qtbot, desk.notice("Written"), "Show in the file browser")
    assert opened == [tmp_path]
    desk.commands["report"].trigger()
    dialog = desk.window.findChild(SaveDialog)
    assert Path(dialog.directory().path()) == tmp_path and dialog.windowTitle() == "Export the report"
    assert Path(dialog.selectedFiles()[0]).name == f"{desk.run.name}.html"
    dialog.reject()
    desk.wait_for_the_end()


def test_curves_as_a_table_and_as_a_picture(desk: Desk, tmp_path: Path) -> None:
    desk.save_as("export_curves", tmp_path / "a")
    desk.notice(f"Written: {tmp_path / 'a.csv'}")
    with (tmp_path / "a.csv").open() as file:
        rows = [(int(row["step"]), float(row["D/real"])) for row in csv.DictReader(file)]
    assert rows == [(step, step) for step in range(1, 31)]
    desk.save_as("export_curves", tmp_path / "b", "Picture (*.png)")
    desk.notice(f"Written: {tmp_path / 'b.png'}")
    assert (tmp_path / "b.png").read_bytes() == b"picture"
    desk.wait_for_the_end()


def test_what_cannot_be_written_is_told(desk: Desk, tmp_path: Path) -> None:
    desk.save_as("export_curves", tmp_path / "c.svg", "Drawing (*.svg)")
    desk.qtbot.waitUntil(lambda: len(desk.told) == 1)
    desk.run.folder.joinpath("tensorboard").write_text("in the way")
    desk.commands["export_tensorboard"].trigger()
    desk.qtbot.waitUntil(lambda: len(desk.told) == 2, timeout=10_000)
    assert all(isinstance(error, ConfigError) for error in desk.told) and not desk.notices.bars
    assert str(desk.told[0]) == f"{tmp_path / 'c.svg'} cannot be written (Permission denied); choose another place."
    desk.wait_for_the_end()


def test_tensorboard_finds_its_files_in_the_run(desk: Desk, opened: list[Path]) -> None:
    desk.commands["export_tensorboard"].trigger()
    bar = desk.notice("Written")
    assert [button.text() for button in bar.action_buttons] == ["Show in the file browser"]
    press(desk.qtbot, bar, "Show in the file browser")
    assert opened == [desk.run.folder] and list(desk.run.folder.glob("tensorboard/*"))
    desk.wait_for_the_end()


def test_it_tells_how_far_it_is(desk: Desk, tmp_path: Path, assert_named: Any) -> None:
    job = Slow(tmp_path / "a.txt")
    desk.exports.write(iter(job), "Writing")
    bar = desk.notice("Writing: 25 %")
    assert bar.accessibleName() == "Info: Writing: 25 %" and not bar.timer.isActive()
    assert_named(desk.window)
    job.go.set()
    desk.notice("Written")
    desk.wait_for_the_end()
    assert [bar.text for bar in desk.notices.bars] == [f"Written: {tmp_path / 'a.txt'}"]


def test_cancel_ends_it_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    job = Slow(tmp_path / "a.txt")
    desk.exports.write(iter(job), "Writing")
    press(desk.qtbot, desk.notice("Writing"), "Cancel")
    desk.wait_for_the_end()
    assert job.closed.is_set() and not job.path.exists() and not desk.notices.bars and not desk.told


def test_its_notice_may_be_closed_before_the_end(desk: Desk, tmp_path: Path) -> None:
    job = Slow(tmp_path / "a.txt")
    desk.exports.write(iter(job), "Writing")
    desk.qtbot.mouseClick(desk.notice("Writing: 25").close_button, Qt.MouseButton.LeftButton)
    job.go.set()
    desk.notice("Written")
    assert job.path.read_text() == "whole"
    desk.wait_for_the_end()


def test_several_are_under_way_at_once(desk: Desk, tmp_path: Path) -> None:
    jobs = [Slow(tmp_path / f"{name}.txt") for name in "ab"]
    for job in jobs:
        desk.exports.write(iter(job), f"Writing {job.path.stem}")
    desk.notice("Writing a: 25"), desk.notice("Writing b: 25")
    jobs[1].go.set()
    desk.notice(f"Written: {jobs[1].path}")
    assert len(desk.exports.under_way) == 1
    jobs[0].go.set()
    desk.notice(f"Written: {jobs[0].path}")
    desk.wait_for_the_end()


@pytest.mark.usefixtures("patient")
def test_a_closing_window_waits_for_no_export(desk: Desk, tmp_path: Path) -> None:
    job = Slow(tmp_path / "a.txt")
    desk.exports.write(iter(job), "Writing")
    desk.notice("Writing: 25")
    desk.exports.leave()
    assert job.closed.is_set() and not job.path.exists()
    desk.wait_for_the_end()


def test_a_file_without_a_program(desk: Desk, tmp_path: Path, opened: list[Path]) -> None:
    desk.exports.offer(tmp_path / "a.odd")
    press(desk.qtbot, desk.notice("Written"), "Open")
    assert desk.notice("No program was found that opens").level == "warning"


def test_the_run_that_is_exported_is_the_one_that_was_shown(desk: Desk, tmp_path: Path) -> None:
    """Opening another run while the question stands changes nothing."""
    desk.commands["export_curves"].trigger()
    other: Run = new_run(RunConfig(), "Other", tmp_path / "others")
    desk.exports.show_run(other)
    dialog = desk.window.findChild(SaveDialog)
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    field.setText(str(tmp_path / "a.csv"))
    desk.qtbot.keyClick(field, Qt.Key.Key_Return)
    desk.notice("Written")
    assert "D/real" in (tmp_path / "a.csv").read_text()
    desk.wait_for_the_end()


def test_a_picture_is_never_made_of_another_run(desk: Desk, tmp_path: Path) -> None:
    other: Run = new_run(RunConfig(), "Other", tmp_path / "others")
    desk.exports.curves_of(other)
    dialog = desk.window.findChild(SaveDialog)
    assert dialog.nameFilters() == ["Table (*.csv)", "Names and numbers (*.json)"]
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    field.setText(str(tmp_path / "a.png"))
    desk.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert [str(error) for error in desk.told] == [
        f"A picture is made of the curves on the screen; open {other.name} first, or write .csv."
    ]
    assert not (tmp_path / "a.png").exists()
