"""The Compare page of the Evaluate tab: runs beside each other, the settings that differ, a report to mail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gan_studio.gui.evaluate.compare_page import ComparePage
from gan_studio.gui.evaluate.compare_table import RUN, STEP
from gan_studio.gui.evaluate.room import EvaluateRoom
from gan_studio.jobs.evaluations import Basis, Evaluated, Number, keep

from . import exploring
from .exploring import SECONDS, notice, opened_window

BASIS = Basis("cnn", "digits CNN", "16 x 16 px", "abc", "Digits", (500, 500), {"kind": "frechet"})

light_collections = exploring.light_collections


def measured(run, values, basis=BASIS) -> None:
    for step, value in values.items():
        title = f"Frechet distance ({basis.eye_name})"
        number = Number("frechet", title, value, value - 0.5, value + 0.5, None, "lower", 0.0, basis)
        keep(run, Evaluated(run.name, step, (number,)))


@pytest.fixture
def runs(picture_run):
    """Three that were measured, the last with fewer samples, and one that was not."""
    found = [picture_run(title=title) for title in ("Plain", "Fast", "Few", "Unmeasured")]
    text = (found[1].folder / "config.toml").read_text()
    assert "batch_size" in text
    lines = ["batch_size = 3" if line.startswith("batch_size") else line for line in text.splitlines()]
    (found[1].folder / "config.toml").write_text("\n".join(lines))
    measured(found[0], {5: 9.0, 10: 12.0})
    measured(found[1], {10: 7.0})
    measured(found[2], {10: 1.0}, replace(BASIS, samples=(50, 50)))
    return found


@pytest.fixture
def page(runs, qtbot, tmp_path, request, monkeypatch):
    room = opened_window(qtbot, tmp_path, request, monkeypatch, (EvaluateRoom,)).rooms[0]
    qtbot.waitUntil(lambda: room.desk.subject is not None, timeout=SECONDS)
    qtbot.waitUntil(lambda: not room.desk.disk.is_busy, timeout=SECONDS)
    page = room.page(ComparePage)
    room.pages.setCurrentWidget(page)
    qtbot.waitUntil(lambda: not page.is_blank, timeout=SECONDS)
    return page


def column(page, number) -> list[str]:
    return [page.table.item(row, number).text() for row in range(page.table.rowCount())]


def row_of(page, title) -> int:
    return column(page, RUN).index(title)


def check(page, title, state) -> None:
    page.table.item(row_of(page, title), RUN).setCheckState(state)


def test_runs_stand_beside_each_other_with_the_settings_that_differ(page):
    assert sorted(column(page, RUN)) == ["Fast", "Few", "Plain"]  # what was not measured is not there
    assert column(page, STEP)[row_of(page, "Plain")] == "5"  # its best
    heads = [page.table.horizontalHeaderItem(i).text() for i in range(page.table.columnCount())]
    assert heads == ["Run", "Step", "Frechet distance (digits CNN)", "batch_size"]
    batches = dict(zip(column(page, RUN), column(page, 3), strict=True))
    assert batches["Fast"] == "3" and batches["Plain"] == batches["Few"] != "3"
    assert len(page.plot.series) == 3 and sum(series.count for series in page.plot.series) == 4


def test_other_samples_cannot_be_compared_and_say_why(page):
    check(page, "Few", Qt.CheckState.Unchecked)
    assert page.verdict.text() == ("Fast, step 10, is best by Frechet distance (digits CNN): 7 (6.50 to 7.50).")
    signs = {title: column(page, 2)[row_of(page, title)].endswith("≠") for title in ("Plain", "Fast", "Few")}
    odd = [title for title, sign in signs.items() if sign]  # from the first of the table that has it
    assert odd in (["Few"], ["Plain", "Fast"])
    assert "other number of samples" in page.table.item(row_of(page, odd[0]), 2).toolTip()
    check(page, "Fast", Qt.CheckState.Unchecked)
    assert not page.report_button.isEnabled() and "two runs" in page.verdict.text()


def test_the_table_is_sorted_filtered_and_copied(page, qtbot):
    for _ in range(2):  # by keys, as by a click on the head
        by = next(action.menu() for action in page.table.menu().actions() if action.menu())
        next(action for action in by.actions() if action.text().startswith("Frechet")).trigger()
    assert page.table.order == (2, True) and column(page, RUN) == ["Plain", "Fast", "Few"]
    qtbot.keyClicks(page.filter, "fast")
    assert [page.table.isRowHidden(row) for row in range(3)] == [True, False, True]
    qtbot.mouseClick(page.copy_button, Qt.MouseButton.LeftButton)
    head, only = QApplication.clipboard().text().splitlines()
    assert head.startswith("run,step,Frechet distance (digits CNN)") and only.startswith("Fast,10,7.0,6.5,7.5")


@pytest.mark.parametrize("name", ["both.html", "both.md"])
def test_a_report_is_written(page, qtbot, tmp_path: Path, name: str):
    page._write(tmp_path / name)
    assert "Written" in notice(page.desk.parent(), qtbot, "Written")
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert all(word in text for word in ("Plain", "Fast", "batch", "9 (8.50 to 9.50)"))


def test_one_run_is_nothing_to_compare(picture_run, qtbot, tmp_path, request, monkeypatch):
    measured(picture_run(), {10: 3.0})
    room = opened_window(qtbot, tmp_path, request, monkeypatch, (EvaluateRoom,)).rooms[0]
    qtbot.waitUntil(lambda: room.desk.subject is not None, timeout=SECONDS)
    page = room.page(ComparePage)
    room.pages.setCurrentWidget(page)
    qtbot.waitUntil(lambda: "two runs" in page.words.text(), timeout=SECONDS)
