"""The bench of deliberate failures as a user meets it: choose a failure, move the amount, read what the metrics say."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from gan_studio.config import ConfigError
from gan_studio.feature_networks import FEATURE_NETWORKS
from gan_studio.gui import theme
from gan_studio.gui.computing import LatestWins
from gan_studio.gui.theory import failures
from gan_studio.gui.theory.alarm_table import SAYS, STRIP, counted
from gan_studio.gui.theory.failures import FailuresBench, coarse_to_fine
from gan_studio.gui.theory.words import read
from gan_studio.gui.worker import Worker
from gan_studio.jobs.failures import FAILURES

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bench(qtbot, monkeypatch):
    monkeypatch.setattr(failures, "COUNT", 60)
    monkeypatch.setattr(failures, "NOTCHES", 4)
    monkeypatch.setattr(failures, "SETTLED_MS", 10)
    monkeypatch.setattr(failures, "DATA", {"digits": {"kind": "digits", "size": 8}})
    monkeypatch.setattr(failures, "EYES", ("pixels",))
    monkeypatch.setattr(failures.job, "ROUNDS", 4)
    host = QWidget()
    bench = FailuresBench(LatestWins(host))
    bench.build()
    bench.resize(760, 620)
    bench.show()
    bench.enter()
    yield bench
    bench.leave()
    qtbot.waitUntil(lambda: not bench._latest.is_busy and not bench.stream.findChildren(Worker), timeout=20_000)
    for widget in (bench, host):
        widget.close()
        widget.deleteLater()


@pytest.fixture
def measured(bench, qtbot):
    """Once it is there."""
    settle(qtbot, bench)
    return bench


def settle(qtbot, bench):
    qtbot.waitUntil(lambda: bench.scene() is not None, timeout=20_000)
    qtbot.waitUntil(
        lambda: not (bench.stream.is_running or bench.settled.isActive() or bench._latest.is_busy), timeout=20_000
    )


def said(bench, id):
    row = bench.table._ids.index(id)
    return bench.table.item(row, SAYS).text()


def test_pictures_measures_and_bars_come_by_themselves(measured):
    bench = measured
    assert bench.failure().id == "duplicates" and bench.told.text().startswith("50 %: 8 different pictures in 60")
    assert bench.real.image() is not None and bench.fake.image() is not None
    assert len(bench.findings("duplicates")) == failures.NOTCHES + 1
    assert said(bench, "recall") == "alarmed" and said(bench, "precision") != "alarmed"
    assert len(bench.chart.lines[0].x) == failures.NOTCHES + 1
    assert "60 pictures" in bench.status.text() and not bench.progress.isVisible()


def test_the_slider_shows_what_is_known_at_once(measured, qtbot):
    bench = measured
    pictures = bench.fake.image()
    bench.amount.setFocus()
    qtbot.keyClick(bench.amount, Qt.Key.Key_Home)
    assert bench.notch() == 0 and bench.table.at == 0 and bench.chart.cursor_x == 0
    assert said(bench, "recall") == "blind"
    settle(qtbot, bench)
    assert bench.fake.image() != pictures


def test_a_click_in_the_bars_and_one_in_the_plot_go_to_an_amount(measured, qtbot):
    bench = measured
    index = bench.table.model().index(0, STRIP)
    box = bench.table.visualRect(index)
    qtbot.mouseClick(bench.table.viewport(), LEFT, pos=box.center() + (box.topRight() - box.topLeft()) / 2.2)
    assert bench.notch() == failures.NOTCHES
    qtbot.mouseClick(bench.chart, LEFT, pos=bench.chart.point(0.0, bench.chart.y_range[0]).toPoint())
    assert bench.notch() == 0


def test_another_measure_is_drawn(measured, qtbot):
    bench = measured
    bench.table.choose("precision")
    assert "Precision (pixels)" in bench.chart.y_title and bench.chart.accessibleDescription()


def test_all_failures_beside_each_other_and_back_to_one(measured, qtbot):
    bench = measured
    bench.tabs.setCurrentWidget(bench.matrix)
    settle(qtbot, bench)
    column, row = 1 + list(FAILURES).index("copies"), bench.matrix._ids.index("precision")
    assert {bench.matrix.item(row, c).text() for c in range(1, 9)} <= {"blind", "sees", "alarm", "fooled"}
    bench.matrix.setCurrentCell(row, column)
    qtbot.keyClick(bench.matrix, Qt.Key.Key_Return)
    settle(qtbot, bench)
    assert bench.failure().id == "copies" and bench.table.key() == "precision"
    assert bench.tabs.currentWidget() is bench.parts["one"]


def test_it_stops_and_goes_on(bench, qtbot):
    assert bench.stream.is_running and "Stop" in bench.hold.text().replace("&", "")
    qtbot.mouseClick(bench.hold, LEFT)
    assert not bench.stream.is_running and "Measure" in bench.hold.text().replace("&", "")
    bench.failures.setCurrentIndex(2)
    bench.failures.activated.emit(2)
    assert not bench.stream.is_running and "Press Measure" in bench.status.text()
    qtbot.mouseClick(bench.hold, LEFT)
    settle(qtbot, bench)
    assert bench.findings(bench.failure().id)


def test_what_is_being_prepared_goes_on_while_another_failure_is_chosen(bench, qtbot):
    workers = bench.stream.findChildren(Worker)
    bench.failures.setCurrentIndex(3)
    bench.failures.activated.emit(3)
    if bench.scene() is None:
        assert bench.stream.findChildren(Worker) == workers
    settle(qtbot, bench)
    assert bench.findings(bench.failure().id) and not bench.findings("duplicates")


def test_a_folder_without_classes_cannot_drop_any(measured, qtbot, tmp_path, monkeypatch):
    bench = measured
    rng = np.random.default_rng(0)
    for i in range(240):
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(tmp_path / f"{i}.png")
    monkeypatch.setattr(failures, "FOLDER", {"kind": "image-folder", "size": 8})
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    bench.data.setCurrentIndex(bench.data.findData("folder"))
    bench.data.activated.emit(bench.data.currentIndex())
    settle(qtbot, bench)
    assert bench.data.currentText().startswith(tmp_path.name) and bench.findings("duplicates")
    bench.failures.setCurrentIndex(bench.failures.findData("one-class"))
    bench.failures.activated.emit(0)
    settle(qtbot, bench)
    assert "no classes" in bench.about.text() and bench.fake.image() is None
    bench.tabs.setCurrentWidget(bench.matrix)
    settle(qtbot, bench)
    assert bench.matrix.item(0, 1 + list(FAILURES).index("one-class")).text() == "–"


def test_a_folder_that_cannot_be_used_is_told_once(measured, qtbot, tmp_path, monkeypatch):
    bench = measured
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    bench.data.setCurrentIndex(bench.data.findData("folder"))
    with qtbot.waitSignal(bench.failed) as failed:
        bench.data.activated.emit(bench.data.currentIndex())
    assert isinstance(failed.args[0], ConfigError)
    qtbot.waitUntil(lambda: not bench.stream.is_running)
    assert "Measure" in bench.hold.text() and bench.hold.isEnabled()
    bench.data.setCurrentIndex(0)
    bench.data.activated.emit(0)
    assert bench.scene() is not None and bench.table.rowCount()


def test_features_that_cannot_be_used_say_why_and_others_take_their_place(measured, qtbot, monkeypatch):
    bench, threads = measured, []

    def missing(choice):
        threads.append(threading.current_thread())
        return {network.kind: "It is not there." if network.kind == "pixels" else "" for network in FEATURE_NETWORKS}

    monkeypatch.setattr(failures, "missing_eyes", missing)
    assert bench.eyes.currentData() == "pixels"
    bench.data.activated.emit(bench.data.currentIndex())
    qtbot.waitUntil(lambda: bench.eyes.currentData() != "pixels", timeout=20_000)
    qtbot.mouseClick(bench.hold, LEFT)  # what else is measured is no matter here
    row = bench.eyes.findData("pixels")
    assert bench.eyes.itemData(row, Qt.ItemDataRole.ToolTipRole) == "It is not there."
    assert not bench.eyes.model().item(row).isEnabled()
    assert threads and threading.main_thread() not in threads  # a library may be imported for it


def test_nothing_chosen_in_the_dialog_stays_with_the_digits(measured, monkeypatch):
    bench = measured
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    bench.data.setCurrentIndex(bench.data.findData("folder"))
    bench.data.activated.emit(bench.data.currentIndex())
    assert bench.choice()[0] == "digits" and bench.scene() is not None


def test_what_the_words_try_is_set(measured, qtbot):
    bench = measured
    for one in read("failures", "en").tries():
        wanted = dict(one.settings)
        bench.apply(wanted)
        assert bench.failure().id == wanted.get("failure", bench.failure().id)
        assert bench.notch() == round(int(wanted["amount"]) / 100 * failures.NOTCHES)
        assert bench.tabs.currentWidget() is bench.parts[wanted.get("tab", "one")]
        settle(qtbot, bench)
        if wanted.get("measure") in bench.scene().honest.measures:
            assert bench.table.key() == wanted["measure"]


@pytest.mark.parametrize(
    "settings", [{"data": "no"}, {"failure": "no"}, {"amount": "x"}, {"amount": "101"}, {"tab": "no"}, {"eye": "no"}]
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(measured, settings):
    before = measured.choice(), measured.failure(), measured.notch()
    with pytest.raises(ConfigError):
        measured.apply({"failure": "blur"} | settings)
    assert (measured.choice(), measured.failure(), measured.notch()) == before


def test_amounts_come_coarse_to_fine_and_all_of_them(monkeypatch):
    monkeypatch.setattr(failures, "NOTCHES", 20)
    order = coarse_to_fine(7)
    assert order[:4] == [7, 0, 20, 10] and sorted(order) == list(range(21))


def test_verdicts_are_counted():
    assert counted(["blind", "alarmed", "alarmed", "fooled", "notices"]) == "2 alarmed, 1 notice, 1 blind, 1 fooled"


def test_everything_has_a_name_and_a_tooltip_and_fits(measured, assert_named):
    bench = measured
    assert_named(bench)
    controls = [bench.data, bench.eyes, bench.failures, bench.amount, bench.hold, bench.chart]
    assert all((widget.toolTip() and widget.accessibleName()) or widget is bench.hold for widget in controls)
    assert bench.minimumSizeHint().width() <= 760 and bench.minimumSizeHint().height() <= 560


def test_it_can_be_drawn_in_both_themes(measured, qapp):
    parts = [measured.chart, measured.table]
    light = [part.grab().toImage() for part in parts]
    theme.apply(qapp, "dark")
    dark = [part.grab().toImage() for part in parts]
    theme.apply(qapp, "light")
    for one, other in zip(light, dark, strict=True):
        places = [(x, 60) for x in range(one.width())]
        assert sum(one.pixelColor(*at).lightness() - other.pixelColor(*at).lightness() for at in places) > 0
