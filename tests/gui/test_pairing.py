"""The pairing assistant: what belongs together, what does not and why, and a look at a pair."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gan_studio.data.paired_folders import PairedFolders
from gan_studio.data.pairing import Left, Pairing
from gan_studio.gui.train.data_panel import DataPanel
from gan_studio.gui.train.pairing_dialog import PairingDialog, words

SECONDS = 20_000


@pytest.fixture
def folders(tmp_path):
    """Three that match, one in A alone, one in B alone, one of another shape, and one that is broken."""
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
    for i, name in enumerate(("one", "two", "three")):
        Image.fromarray(np.full((16, 16, 3), 40 * i, np.uint8)).save(tmp_path / "a" / f"{name}_A.png")
        Image.fromarray(np.full((16, 16, 3), 255 - 40 * i, np.uint8)).save(tmp_path / "b" / f"{name}_B.jpg")
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "a" / "lonely.png")
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "b" / "other.png")
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "a" / "wide.png")
    Image.fromarray(np.zeros((16, 32, 3), np.uint8)).save(tmp_path / "b" / "wide.png")
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "a" / "broken.png")
    (tmp_path / "b" / "broken.png").write_bytes(b"no picture")
    return {"kind": "paired-folders", "path_a": str(tmp_path / "a"), "path_b": str(tmp_path / "b"), "size": 16}


@pytest.fixture
def panel(qtbot):
    panel = DataPanel()
    qtbot.addWidget(panel, before_close_func=lambda panel: panel.leave())
    panel.resize(420, 90)
    panel.show()
    return panel


@pytest.fixture
def dialog(panel, folders, qtbot):
    panel.show_choice(folders)
    assert panel.pairs_button.isVisible()
    panel.pairs_button.click()
    (dialog,) = panel.findChildren(PairingDialog)
    qtbot.waitUntil(lambda: dialog.pairing is not None, timeout=SECONDS)
    yield dialog
    with qtbot.waitSignal(dialog.destroyed, timeout=SECONDS):
        dialog.close()


def rows(table) -> list[list[str]]:
    model = table.filter
    return [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]


def test_what_matches_and_what_not_and_why(dialog):
    assert rows(dialog.matched) == [
        ["one_A.png", "one_B.jpg"], ["three_A.png", "three_B.jpg"], ["two_A.png", "two_B.jpg"],
    ]  # fmt: skip
    reasons = {(name, side): why for name, side, why in rows(dialog.left)}
    assert reasons["lonely.png", "A"] == "is only in A" and reasons["other.png", "B"] == "is only in B"
    assert "sizes differ" in reasons["wide.png", "A"] and ("broken.png", "B") in reasons
    assert dialog.summary.text() == "3 pairs. 2 of A and 2 of B are left out."
    assert dialog.tabs.tabText(0) == "Pairs (3)" and dialog.tabs.tabText(1) == "Left out (4)"


def test_a_pair_is_shown_as_it_is_trained_on(dialog, qtbot):
    view = dialog.pictures.view
    qtbot.waitUntil(lambda: len(view.pictures) == 2, timeout=SECONDS)
    assert (view.pictures[0].pixels == 0).all() and (view.pictures[1].pixels > 250).all()
    dialog.matched.setFocus()
    qtbot.keyClick(dialog.matched, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: (view.pictures[0].pixels == 80).all(), timeout=SECONDS)
    assert "three_A.png and three_B.jpg" in dialog.pictures.caption.text()


def test_one_searches_in_both_lists_and_copies_the_reasons(dialog, qtbot):
    qtbot.keyClicks(dialog.search, "lonely")
    assert rows(dialog.matched) == [] and [row[0] for row in rows(dialog.left)] == ["lonely.png"]
    dialog.copy_button.click()
    assert "A\tlonely.png\tis only in A" in QApplication.clipboard().text()


def test_folders_without_pictures_are_one_sentence(panel, tmp_path, qtbot):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    source = PairedFolders(path_a=str(tmp_path / "a"), path_b=str(tmp_path / "b"))
    dialog = PairingDialog(source, panel)
    dialog.open()
    qtbot.waitUntil(lambda: "no picture" in dialog.summary.text(), timeout=SECONDS)
    with qtbot.waitSignal(dialog.destroyed, timeout=SECONDS):
        dialog.close()


def test_other_data_has_no_pairs_to_look_at(panel):
    panel.show_choice({"kind": "digits"})
    assert not panel.pairs_button.isVisible()


def test_the_sum_in_words():
    matched = (("a", "b"),)
    assert words(Pairing(matched)) == "1 pair. Every picture has its partner."
    assert words(Pairing(matched, (Left("B", "x", "is only in B"),))) == "1 pair. 1 of B is left out."


def test_every_control_has_a_name(dialog, assert_named):
    assert_named(dialog)
