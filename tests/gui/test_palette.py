"""The palette and the list of keys, on their own."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from gan_studio.gui.widgets.key_list import KeyList
from gan_studio.gui.widgets.palette import Entry, Palette, find

done: list[str] = []


def entry(text: str, detail: str = "", keys: str = "", reason: str = "") -> Entry:
    return Entry(text, detail, lambda: done.append(text), keys, reason)


ENTRIES = [
    entry("Run: Start", "Start the training.", "F5"),
    entry("Run: Stop", "Save the run and end the training.", "Shift+F5", "Nothing is training."),
    entry("View: Full screen", "Fill the screen with the window.", "F11"),
    entry("Preset: Ring of 8, WGAN-GP", "Gulrajani et al. 2017"),
    entry("Setting: Learning rate (G optimiser)", "The size of each step."),
]


def texts(typed: str, recent: tuple[str, ...] = ()) -> list[str]:
    return [match.entry.text for match in find(ENTRIES, typed, recent)]


# --- finding ---------------------------------------------------------------------------------------------------------


def test_nothing_typed_finds_all_in_their_order():
    assert texts("") == [e.text for e in ENTRIES]


def test_the_newest_used_come_first_among_equals():
    assert texts("", ("View: Full screen", "Run: Stop"))[:3] == ["View: Full screen", "Run: Stop", "Run: Start"]
    assert texts("sta", ("Run: Stop",))[0] == "Run: Start"  # a better match beats an earlier use


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("start", "Run: Start"),
        ("wgan ring", "Preset: Ring of 8, WGAN-GP"),
        ("rw", "Preset: Ring of 8, WGAN-GP"),  # letters strewn over the words
        ("lrate", "Setting: Learning rate (G optimiser)"),
        ("FULL", "View: Full screen"),
        ("gulrajani", "Preset: Ring of 8, WGAN-GP"),  # from the sentence beneath
    ],
)
def test_what_is_meant_stands_first(typed, first):
    assert texts(typed)[0] == first


def test_the_nearest_name_stands_first():
    """That which is called so, then what begins so, then what has a word that does, then what holds it anywhere."""
    named = ["Substeps", "D steps", "Steps ahead", "Steps (recipe)", "Steps"]
    entries = [entry(f"Setting: {name}", "How many steps.") for name in named] + [entry("Run: Step both")]
    found = [match.entry.text.partition(": ")[2] for match in find(entries, "steps")]
    assert found == ["Steps", "Steps (recipe)", "Steps ahead", "D steps", "Substeps"]
    assert find(entries, "step both")[0].entry.text == "Run: Step both"


def test_every_word_must_be_found():
    assert texts("ring banana") == []
    assert texts("(") == ["Setting: Learning rate (G optimiser)"]  # letters, not patterns


def test_the_letters_that_match_are_known():
    (match,) = find([entry("Run: Step")], "st")
    assert [match.entry.text[i] for i in match.spots] == ["S", "t"]


# --- the widget ------------------------------------------------------------------------------------------------------


@pytest.fixture
def frame(qtbot):
    done.clear()
    frame = QWidget()
    frame.line = QLineEdit()
    QVBoxLayout(frame).addWidget(frame.line)
    frame.palette_ = Palette(frame, lambda: ENTRIES, ["Run: Start"])
    qtbot.addWidget(frame)
    frame.resize(800, 600)
    frame.show()
    with qtbot.waitActive(frame):
        frame.activateWindow()
    frame.line.setFocus()
    return frame


@pytest.fixture
def palette(frame):
    return frame.palette_


def test_it_is_worked_by_the_keyboard_alone(frame, palette, qtbot):
    palette.open()
    qtbot.keyClicks(palette.line, "full")
    assert palette.found() == ["View: Full screen"]
    with qtbot.waitSignal(palette.used) as used:
        qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert done == ["View: Full screen"]
    assert used.args[0] == ["View: Full screen", "Run: Start"]
    assert palette.isHidden() and frame.line.hasFocus()


def test_arrows_choose_and_go_round(palette, qtbot):
    palette.open()
    for key, row in ((Qt.Key.Key_Up, 4), (Qt.Key.Key_Down, 0), (Qt.Key.Key_Tab, 1), (Qt.Key.Key_PageDown, 4)):
        qtbot.keyClick(palette.line, key)
        assert palette.chosen() == find(ENTRIES, "", ["Run: Start"])[row].entry
    assert palette.line.accessibleDescription() == "Setting: Learning rate (G optimiser), The size of each step."


def test_what_cannot_be_had_says_why_and_does_nothing(palette, qtbot):
    palette.open("stop")
    assert "not available: Nothing is training." in palette.line.accessibleDescription()
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible() and not done


def test_escape_and_a_click_elsewhere_close_it(frame, palette, qtbot):
    palette.open()
    qtbot.keyClick(palette.line, Qt.Key.Key_Escape)
    assert palette.isHidden() and frame.line.hasFocus()
    palette.open()
    qtbot.mouseClick(frame.line, Qt.MouseButton.LeftButton)
    assert palette.isHidden() and frame.line.hasFocus()


def test_a_click_chooses(palette, qtbot):
    palette.open("ring")
    row = palette.view.visualRect(palette.view.model().index(0, 0))
    qtbot.mouseClick(palette.view.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert done == ["Preset: Ring of 8, WGAN-GP"]


def test_nothing_found_is_said(palette):
    palette.open("banana")
    assert palette.nothing.isVisible() and not palette.view.isVisible()
    palette.do()
    assert not done


def test_it_fits_a_small_window_and_draws_long_texts(frame, palette, qtbot):
    frame.resize(320, 200)
    palette.open()
    palette._entries = [entry("A very long command " * 9, "And a sentence that goes on " * 9, "Ctrl+Shift+Alt+F12")]
    palette._find()
    assert frame.rect().contains(palette.geometry())
    assert not palette.grab().toImage().isNull()


def test_the_keys_are_listed_by_menu(qtbot):
    frame = QWidget()
    qtbot.addWidget(frame)
    keys = KeyList(frame)
    keys.show_keys([("Run", "Start", "F5", "Start."), ("Run", "Quiet", "", ""), ("View", "Log", "Ctrl+L", "Show it.")])
    groups = [keys.tree.topLevelItem(i) for i in range(keys.tree.topLevelItemCount())]
    assert [(group.text(0), group.childCount()) for group in groups] == [("Run", 1), ("View", 1)]
    assert (groups[0].child(0).text(0), groups[0].child(0).text(1)) == ("F5", "Start")
    qtbot.keyClick(keys, Qt.Key.Key_Escape)
    assert keys.isHidden()
