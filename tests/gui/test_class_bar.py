"""The chooser of classes as a user meets it: with the keyboard, with the mouse, and back again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gan_studio.classes import one
from gan_studio.gui.explore.class_bar import ClassBar
from gan_studio.gui.explore.seed_bar import SeedBar


@pytest.fixture
def bar(qtbot):
    bar = ClassBar()
    qtbot.addWidget(bar)
    bar.show_classes(10)
    bar.show_shares((), one(6))
    return bar


def asked(bar, act):
    """What an act asks for; the bar shows it, as the room does."""
    told = []
    bar.wanted.connect(lambda shares, kind: told.append((shares, kind)))
    act()
    bar.wanted.disconnect()
    for shares, _ in told:
        bar.show_shares(shares, shares or one(6))
    return told


def press(widget, *keys):
    for key in keys:
        QTest.keyClick(widget, key)


def test_it_is_seen_where_there_are_classes(bar):
    assert not bar.isHidden() and bar.first.count() == bar.second.count() == 11
    bar.show_classes(0)
    assert bar.isHidden()


def test_a_class_is_chosen_with_the_keyboard(bar):
    assert bar.first.currentText() == "By the seed: 6" and not bar.share.isEnabled()
    assert bar.share.slider.toolTip() == "Choose a class to blend in first."
    assert asked(bar, lambda: press(bar.first, Qt.Key.Key_Down)) == [(one(0), "")]
    assert asked(bar, lambda: press(bar.first, Qt.Key.Key_7)) == [(one(7), "")]
    assert bar.first.currentText() == "7" and bar.first.itemText(0) == "By the seed"
    assert asked(bar, lambda: press(bar.first, Qt.Key.Key_Home)) == [((), "")]
    assert bar.first.currentText() == "By the seed: 6"


def test_two_classes_are_blended(bar):
    asked(bar, lambda: press(bar.first, Qt.Key.Key_3))
    assert asked(bar, lambda: press(bar.second, Qt.Key.Key_7)) == [(((3, 0.5), (7, 0.5)), "")]
    assert bar.share.isEnabled()
    (half,) = asked(bar, lambda: press(bar.share.slider, Qt.Key.Key_PageUp))
    assert half == (((3, 0.4), (7, 0.6)), "classes")
    (end,) = asked(bar, lambda: press(bar.share.slider, Qt.Key.Key_End))
    assert end == (((3, 0.0), (7, 1.0)), "classes")
    assert bar.second.currentText() == "7" and bar.first.currentText() == "3"  # both stay to go back
    (other,) = asked(bar, lambda: press(bar.first, Qt.Key.Key_Down))
    assert other == (((4, 0.0), (7, 1.0)), "")
    assert asked(bar, lambda: press(bar.second, Qt.Key.Key_Home)) == [(one(4), "")]
    assert not bar.share.isEnabled()


def test_what_the_seed_draws_can_be_blended(bar):
    assert asked(bar, lambda: press(bar.second, Qt.Key.Key_2)) == [(((6, 0.5), (2, 0.5)), "")]


def test_a_blend_of_many_is_told_and_left_for_two(bar):
    many = ((1, 0.2), (2, 0.5), (3, 0.3))
    bar.show_shares(many, many)
    assert bar.first.currentIndex() == -1 and bar.first.placeholderText() == "A blend of 3"
    assert asked(bar, lambda: press(bar.second, Qt.Key.Key_7)) == [(((2, 0.5), (7, 0.5)), "")]


def test_showing_asks_for_nothing(bar):
    assert asked(bar, lambda: bar.show_shares(((3, 0.6), (7, 0.4)), ((3, 0.6), (7, 0.4)))) == []
    assert (bar.first.currentText(), bar.second.currentText(), bar.share.value()) == ("3", "7", 0.4)


def test_every_part_has_a_name_and_a_tip(bar):
    parts = (bar.first, bar.second, bar.share.slider, bar.share.box)
    assert all(part.accessibleName() and part.toolTip() for part in parts)
    assert len({part.accessibleName() for part in parts}) == len(parts)


def test_none_of_it_is_cut_off_where_there_is_little_room(qtbot):
    bar = SeedBar()
    qtbot.addWidget(bar)
    bar.classes.show_classes(10)
    bar.show()
    bar.resize(bar.minimumSizeHint().width(), 200)
    box = bar.classes.share.box
    right = box.mapTo(bar, box.rect().topRight()).x()
    assert right < bar.width() - bar.layout().contentsMargins().right()
