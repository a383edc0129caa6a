"""Every control in every state of the window has a name and says what it is for, and Tab comes by all of them.

Controls say so in a tool tip; pictures, plots and lists, which a tool tip would cover, in an accessible description.
"""

from __future__ import annotations

import gc
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QEvent, QSettings, Qt, QTimer
from PySide6.QtGui import QAccessible, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QMenu, QMessageBox, QWidget

from gan_studio.conditions import Evidence, Finding, Remedy
from gan_studio.gui.evaluate.finding_card import FindingCard
from gan_studio.gui.evaluate.room import EvaluateRoom
from gan_studio.gui.session import Session
from gan_studio.gui.train.film_dialog import FilmDialog
from gan_studio.gui.train.run_compare import CompareDialog, Side
from gan_studio.gui.translate.room import TranslateRoom
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs import diagnose, train
from gan_studio.jobs import events as e
from gan_studio.jobs.evaluations import Basis, Evaluated, Number, keep
from gan_studio.networks import TRANSLATORS

pytestmark = pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")  # of ziamath's fonts

STEPS_OF_TAB = 600  # more than there are controls


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in warm_up():
        pass
    yield
    gc.unfreeze()


@pytest.fixture
def window(qtbot, tmp_path, request):
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    session = Session(tmp_path / "runs", SimpleNamespace(new_run=train.new_run, TrainJob=None))
    window = Window(session, settings, warm=lambda: (stage for stage in ("light", "ready")))
    request.addfinalizer(lambda: leave(window))
    window.resize(1280, 720)
    with qtbot.waitSignal(window.ready, timeout=20_000):
        window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    return window


def leave(window):
    window.close()
    window.deleteLater()


# --- what there is to check ------------------------------------------------------------------------------------------


def stops(top: QWidget) -> list[QWidget]:
    """What Tab is to come by: in sight, enabled, and not a part within one of Qt's own controls."""
    inside = [w for w in [top, *top.findChildren(QWidget)] if w.window() is top.window() and w.isVisible()]
    takes = [w for w in inside if w.focusPolicy().value & Qt.FocusPolicy.TabFocus.value and w.isEnabled()]
    return [w for w in takes if w.focusProxy() is None and not w.objectName().startswith("qt_") and not by_arrows(w)]


def by_arrows(widget: QWidget) -> bool:
    """Of several buttons of which one is chosen Tab comes by that one, and arrow keys go from it to the others."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return group is not None and group.exclusive() and group.checkedButton() not in (None, widget)


def described(widget: QWidget) -> tuple[str, str]:
    """(name, what it is for); the tool tip may be that of what holds the widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    name = interface.text(QAccessible.Text.Name) if interface else ""
    above = widget
    while not above.toolTip() and above.parentWidget() and above.parentWidget().focusProxy() is widget:
        above = above.parentWidget()
    return name, above.toolTip() or told_otherwise(widget)


def told_otherwise(widget: QWidget) -> str:
    if isinstance(widget, QAbstractItemView) and widget.model():
        first = widget.model().index(0, 0)
        return widget.accessibleDescription() or str(first.data(Qt.ItemDataRole.ToolTipRole) or "")
    return "" if isinstance(widget, QAbstractButton) else widget.accessibleDescription()


def check(top: QWidget) -> None:
    found = stops(top)
    assert found
    nameless = [(widget, *described(widget)) for widget in found if not all(described(widget))]
    assert not nameless, "\n".join(f"{path_of(w)}: name {name!r}, tip {tip!r}" for w, name, tip in nameless)
    missed = set(found) - walk(found[0])
    assert not missed, "\n".join(f"Tab never comes to {path_of(widget)}" for widget in missed)


def walk(first: QWidget) -> set[QWidget]:
    """Press Tab until it comes back to where it began."""
    first.setFocus(Qt.FocusReason.TabFocusReason)
    seen: set[QWidget] = set()
    at = first
    for _ in range(STEPS_OF_TAB):
        before, at = at, QApplication.focusWidget()
        assert at is not None, f"Tab leads nowhere from {path_of(before)}"
        if at is first and seen:
            return seen
        seen.add(at)
        QApplication.sendEvent(at, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier))
    pytest.fail(f"Tab does not come back; it is caught at {path_of(at)}")


def path_of(widget: QWidget) -> str:
    """For messages: the widget within what holds it."""
    names = []
    while widget is not None and not widget.isWindow():
        names.append(f"{type(widget).__name__}{f'({text})' if (text := widget.accessibleName()) else ''}")
        widget = widget.parentWidget()
    return " < ".join(names[:4])


# --- the window in its states ----------------------------------------------------------------------------------------


def test_the_few_settings(window):
    check(window)


def test_all_settings_unfolded(window):
    form = window.rooms[0].settings.form
    form.set_level("all")
    form.edit("recipe.penalties", [{"kind": "gradient-penalty"}, {"kind": "r1"}])
    for item in form._root.all_items():
        item.reveal()
    QApplication.processEvents()  # what was built anew is shown by its layout
    check(window)


@pytest.mark.parametrize("preset", ["my-folder", "ring"])
def test_other_data(window, preset):
    window.rooms[0].choose_preset(preset)
    QApplication.processEvents()
    check(window)


def test_the_runs(window, qtbot):
    room = window.rooms[0]
    for _ in range(2):
        window.session.new_run(room.settings.values(), "A run")
    room.left.setCurrentIndex(1)
    qtbot.wait(200)
    check(window)


@pytest.mark.parametrize("preset", ["dcgan-digits", "ring"])
def test_a_run_with_curves_and_samples(window, qtbot, preset):
    room = window.rooms[0]
    room.choose_preset(preset)
    run = window.session.new_run(room.settings.values(), "A run")
    steps = np.arange(1, 50)
    names = ["D/real", "D/fake", "G/fake", "distance/JS", "D(real)", "D(fake)", "gradient/D", "gradient/G"]
    run.append_curves(list(steps), {name: np.sin(steps / 9).astype(np.float32) for name in names})
    room.open_run(run)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)
    pictures = np.zeros((1, 64, 64, 1), np.uint8) if preset == "dcgan-digits" else np.zeros((50, 2), np.float32)
    room.live.draw([e.Real(pictures), e.Samples(10, pictures, pictures), e.Samples(20, pictures, pictures)])
    check(window)


def test_the_other_tabs(window, qtbot):
    """With the first of their pages; their own tests know the rest."""
    for room in window.rooms[1:]:
        room.raise_tab()
        qtbot.waitUntil(lambda room=room: bool(stops(room)))
        check(window)


def test_translating_pictures_and_drawing(window, qtbot, tmp_path):
    room = next(room for room in window.rooms if isinstance(room, TranslateRoom))
    room.raise_tab()
    network = TRANSLATORS.parse({"kind": "resnet", "width": 2, "blocks": 1}).build((3, 16, 16), (3, 16, 16))
    for name in ("latest_net_G_A.pth", "latest_net_G_B.pth"):
        torch.save(network.state_dict(), tmp_path / name)
    Image.fromarray(np.zeros((400, 600, 3), np.uint8)).save(tmp_path / "large.png")
    room.take_all(tmp_path / "latest_net_G_A.pth", [tmp_path / "large.png"])
    qtbot.waitUntil(lambda: room.desk.opened is not None and room.desk.photo is not None, timeout=20_000)
    room.looks.buttons["several"].click()
    check(window)
    room.draw_button.click()
    check(window)
    qtbot.waitUntil(lambda: bool(room.draw.result.pictures), timeout=20_000)


def test_the_pages_of_an_evaluated_run(window, qtbot, picture_run, monkeypatch):
    run = picture_run()
    basis = Basis("cnn", "digits CNN", "16 x 16 px", "abc", "Digits", (50, 50), {"kind": "frechet"})
    for other in (basis, replace(basis, eye="px", eye_name="pixels")):
        number = Number("frechet", f"Frechet distance ({other.eye_name})", 3.0, 2.0, 4.0, 2.5, "lower", 0.0, other)
        keep(run, Evaluated(run.name, 10, (number,), ("A note.",)))
    remedy = Remedy("Lower it.", {"recipe.d_optimiser.lr": 1e-5})
    won = Finding(
        "d-has-won", "D has won", "It has.", "ill", 10, (Evidence("D/real", 1, 9, 0.5),), (remedy,), "Why.", 10
    )
    run.append_curves([1, 5, 9], {"D/real": np.ones(3, np.float32)})
    monkeypatch.setattr(
        diagnose, "diagnose", lambda *_: diagnose.Diagnosis(run.name, 9, 10, "ill", "D has won", (won,))
    )
    room = next(room for room in window.rooms if isinstance(room, EvaluateRoom))
    window.session.evaluate_wanted.emit(run, "")
    qtbot.waitUntil(lambda: room.desk.subject is not None and bool(room.desk.found), timeout=20_000)
    room.measure.metrics.setCurrentRow(room.measure._kinds().index("precision-recall"))
    for fold in (room.measure.metric_options, room.measure.eye_options):
        fold.button.set_open(True)
    for page in room.page_list:
        room.pages.setCurrentWidget(page)
        qtbot.waitUntil(lambda: not room.desk.disk.is_busy, timeout=20_000)
        check(window)
    cards = room.findChildren(FindingCard)
    assert cards and all(described(button) for card in cards for button in card.buttons)


def test_the_time_lapse_and_the_comparison(window, qtbot):
    room = window.rooms[0]
    first, second = (window.session.new_run(room.settings.values(), f"Run {i}") for i in (1, 2))
    room.open_run(first)
    qtbot.waitUntil(lambda: room.shown is not None, timeout=10_000)
    window.commands["timelapse"].trigger()
    check_dialog(window, qtbot, FilmDialog)
    CompareDialog(Side("Run 1", first, 0), Side("Run 2", second, 0), room).open()
    check_dialog(window, qtbot, CompareDialog)


def check_dialog(window, qtbot, kind):
    (dialog,) = window.findChildren(kind)
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    check(dialog)
    with qtbot.waitSignal(dialog.destroyed):
        dialog.close()


def test_the_log_and_the_problems(window):
    window.commands["log"].trigger()
    check(window)
    window.log.show_problems()
    check(window)


def test_notices(window):
    window.notices.show_notice("Something went wrong.", "error", "Traceback", ("Again", lambda: None))
    window.notices.bars[0].details_button.click()
    check(window.notices)


def test_the_list_of_keys(window, qtbot):
    window.commands["keys"].trigger()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window.keys)
    check(window.keys)
    window.keys.close()


def test_the_palette(window):
    window.commands["palette"].trigger()
    assert all(described(window.finder.line))
    model = window.finder.view.model()
    rows = [model.index(row, 0) for row in range(model.rowCount())]
    assert all(index.data(Qt.ItemDataRole.AccessibleTextRole) for index in rows)


def test_about(window):
    def look():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox) and "GAN Studio" in box.text()
        box.close()

    QTimer.singleShot(100, look)
    window.commands["about"].trigger()


def test_every_entry_of_every_menu_says_what_it_does(window):
    for menu in window.findChildren(QMenu):
        if menu.window() is not menu and not menu.toolTipsVisible():
            continue
        for action in menu.actions():
            assert action.isSeparator() or action.menu() or action.text(), menu.title()
    for menu, action in window.commands.all_actions():
        assert action.whatsThis() and action.toolTip(), (menu, action.text())
