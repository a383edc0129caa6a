"""The list of files that are worked on: states, pictures, what is dragged out, and many files at once."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication, QMenu

from gan_studio.gui.translate.queue_panel import QueuePanel, progress_words
from gan_studio.gui.widgets.file_queue import FILE, PICTURE, FileQueue


@pytest.fixture
def panel(qtbot):
    panel = QueuePanel()
    qtbot.addWidget(panel)
    panel.resize(300, 500)
    panel.show()
    return panel


def paths(count) -> list[Path]:
    return [Path(f"/pictures/photo-{i:03}.png") for i in range(count)]


def test_each_file_is_there_once_and_in_order(panel):
    queue = panel.queue
    assert queue.add(paths(3)) == paths(3)
    assert queue.add([paths(5)[4], *paths(2)]) == [paths(5)[4]]
    assert queue.paths() == [*paths(3), paths(5)[4]]
    assert panel.pages.currentWidget() is panel.view


def test_without_files_there_is_where_to_drop_them(panel, qtbot):
    assert panel.pages.currentWidget() is panel.drop_area
    with qtbot.waitSignal(panel.files_wanted):
        panel.choose_button.click()
    panel.show_state(working=False)
    assert not panel.start_button.isEnabled() and panel.start_button.toolTip() == "Add pictures first."


def test_the_states_are_counted_and_said(panel):
    queue = panel.queue
    queue.add(paths(5))
    queue.change(paths(1)[0], state="done", seconds=3.2, target=Path("/out/photo-000.png"))
    queue.change(paths(2)[1], state="failed", reason="It is damaged.")
    queue.change(paths(3)[2], state="working", share=0.25)
    assert panel.counts.text() == "5 files · 1 failed"
    assert panel.counts.toolTip() == "5 files · 1 failed · 1 done"
    texts = [queue.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert texts == [
        "photo-000.png, Done in 4 s", "photo-001.png, Failed: It is damaged.", "photo-002.png, Working, 25%",
    ]  # fmt: skip
    assert "damaged" in queue.index(1).data(Qt.ItemDataRole.ToolTipRole)
    assert panel.start_button.text() == "&Translate 2" and panel.retry_button.isEnabled()


def test_what_failed_can_be_tried_again(panel, qtbot):
    panel.queue.add(paths(3))
    panel.queue.change(paths(2)[1], state="failed", reason="The disk is full.")
    panel.retry_wanted.connect(panel.queue.wait_again)
    panel.retry_button.click()
    assert panel.queue.file(paths(2)[1]).status == "Waiting" and not panel.retry_button.isEnabled()


def test_only_pictures_in_sight_are_asked_for(panel, qtbot):
    asked = []
    panel.queue.look_wanted.connect(asked.append)
    panel.queue.add(paths(500))
    panel.view.repaint()
    assert 1 <= len(asked) < 40 and len(set(asked)) == len(asked)
    panel.queue.show_picture(paths(1)[0], QImage(20, 10, QImage.Format.Format_RGB32))
    assert panel.queue.index(0).data(PICTURE).width() == 20


def test_results_can_be_dragged_out_and_nothing_else(panel):
    queue = panel.queue
    queue.add(paths(3))
    queue.change(paths(2)[1], state="done", target=Path("/out/b.png"))
    flags = [bool(queue.flags(queue.index(row)) & Qt.ItemFlag.ItemIsDragEnabled) for row in range(3)]
    assert flags == [False, True, False]
    data = queue.mimeData([queue.index(row) for row in range(3)])
    assert [url.toLocalFile() for url in data.urls()] == ["/out/b.png"]


def test_files_are_taken_out_by_the_keyboard(panel, qtbot):
    panel.queue.add(paths(4))
    panel.view.remove_wanted.connect(panel.queue.remove)
    panel.view.choose(paths(2)[1])
    panel.view.selectionModel().select(panel.queue.index(2), QItemSelectionModel.SelectionFlag.Select)
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert panel.queue.paths() == [paths(1)[0], paths(4)[3]]
    assert panel.queue.row(paths(4)[3]) == 1


def test_the_menu_offers_what_can_be_done(panel, qtbot):
    panel.queue.add(paths(2))
    panel.queue.change(paths(1)[0], state="done", target=Path("/out/a.png"))
    panel.view.choose(paths(1)[0])
    at = panel.view.visualRect(panel.queue.index(0)).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, panel.view.mapToGlobal(at))
    QApplication.sendEvent(panel.view.viewport(), event)
    (menu,) = panel.view.findChildren(QMenu)
    assert [action.isEnabled() for action in menu.actions()] == [True, True, True, True]
    with qtbot.waitSignal(panel.show_result_wanted) as told:
        menu.actions()[0].trigger()
    assert told.args == [paths(1)[0]]
    menu.close()


def test_what_is_held_over_the_window_lights_it_up(panel):
    panel.queue.add(paths(2))
    panel.dragged_over("Add 3 pictures")
    assert panel.pages.currentWidget() is panel.drop_area and panel.drop_area.label.text() == "Add 3 pictures"
    panel.dragged_over("")
    assert panel.pages.currentWidget() is panel.view


def test_pause_and_cancel_are_there_while_it_works(panel, qtbot):
    panel.queue.add(paths(2))
    panel.show_state(working=True)
    assert panel.pause_button.isVisible() and not panel.start_button.isVisible()
    with qtbot.waitSignal(panel.pause_wanted) as told:
        panel.pause_button.click()
    assert told.args == [True]
    panel.show_state(working=True, paused=True)
    assert panel.pause_button.text() == "&Go on"
    with qtbot.waitSignal(panel.cancel_wanted):
        panel.cancel_button.click()


def test_ten_thousand_files_are_no_burden(panel, qtbot):
    """Adding and changing them costs the window moments, not seconds."""
    begun = time.thread_time()  # of the processor: others may have it meanwhile
    panel.queue.add(paths(10_000))
    panel.view.repaint()
    for path in paths(10_000)[:300]:
        panel.queue.change(path, state="done", seconds=0.2)
    panel.view.scrollToBottom()
    panel.view.repaint()
    assert time.thread_time() - begun < 5
    assert panel.queue.index(9_999).data(FILE).state == "waiting"


def test_progress_in_words():
    assert progress_words(3, 12, 40, 0.7123) == "3 of 12 · 40 s left · 0.712 pictures/s"
    assert progress_words(0, 12, -1, 0) == "0 of 12"


def test_every_control_has_a_name(panel, assert_named):
    assert_named(panel)
    panel.queue.add(paths(2))
    panel.show_state(working=True)
    assert_named(panel)


def test_a_removed_picture_is_forgotten():
    queue = FileQueue()
    queue.add(paths(2))
    queue.show_picture(paths(1)[0], QImage(np.zeros((4, 4, 3), np.uint8).data, 4, 4, 12, QImage.Format.Format_RGB888))
    queue.remove(paths(1))
    queue.show_picture(paths(1)[0], QImage())  # comes late: nobody waits
    queue.change(paths(1)[0], state="done")
    assert queue.paths() == [paths(2)[1]]
