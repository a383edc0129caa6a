"""The run list as a user meets it, over folders as trainings, people and other processes leave them."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QMimeData, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QAccessible, QColor, QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QAbstractItemView, QLineEdit

from gan_studio import runs
from gan_studio.gui.form_fields import complete
from gan_studio.gui.session import Session
from gan_studio.gui.train import overlays, run_list, run_reader, run_words
from gan_studio.gui.train.later import Later
from gan_studio.gui.train.run_compare import CompareDialog, flat
from gan_studio.gui.train.run_delegate import eye_rect
from gan_studio.gui.train.run_list import MOST_OVERLAYS, RunList, thinned
from gan_studio.gui.train.run_reader import Entry, RunReader, newest_step, read_entry, stamp_of, thumbnail
from gan_studio.gui.train.run_rows import DEEPEST, DRAGGED, NOWHERE, ORDERS, PICTURE, ROW, RUN, RunRows, arranged
from gan_studio.jobs.settings import RunConfig
from gan_studio.presets import all_presets
from gan_studio.runs import Run, State

CONFIG = {"steps": 1000, "seed": 0, "recipe": {"objective": {"kind": "non-saturating"}, "penalties": []}}
NEWEST, BY_NAME, BEST, BY_STATE = ORDERS


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def make(root):
    """A run that stands as it is told, newer than those made before."""
    made = []

    def make(title="A run", state="stopped", step=400, best=None, config=CONFIG, **about):
        run = runs.create(root, title, config, **about)
        runs.write_json(run.folder / "run.json", run.about() | {"created": float(len(made))})
        told = {"best": {"name": "distance/W1, exact", "value": best, "step": 300}} if best else {}
        runs.write_json(run.folder / "state.json", State(state, step, 1000, seconds=61).__dict__ | told)
        made.append(run)
        return run

    return make


@pytest.fixture
def seen(qtbot, root):
    """The list on the screen, with what the folder holds by then."""

    def seen():
        session = Session(root, SimpleNamespace())
        shown = RunList(session)
        session.setParent(shown)
        qtbot.addWidget(shown, before_close_func=quiet(qtbot))
        shown.resize(330, 700)
        with qtbot.waitSignal(shown.refreshed):
            shown.show()
        shown.activateWindow()
        if shown.rows.entries:  # the keyboard goes to the rows
            shown.view.setFocus()
            qtbot.waitUntil(shown.view.hasFocus)
        return shown

    return seen


def quiet(qtbot):
    """Before it is closed, let the threads end that read for it."""
    return lambda shown: qtbot.waitUntil(
        lambda: not (shown._reading or shown.rows.later._worker or shown.chores._worker), timeout=5000
    )


def titles(rows, parent=NOWHERE):
    """Nested lists: a title, then its branches."""
    found = []
    for i in range(rows.rowCount(parent)):
        index = rows.index(i, 0, parent)
        inner = titles(rows, index)
        found += [index.data(), inner] if inner else [index.data()]
    return found


def row_of(shown, run):
    return shown.rows.index_of(run.name).data(ROW)


def middle(shown, run):
    return shown.view.visualRect(shown.rows.index_of(run.name)).center()


def click(qtbot, shown, run, modifier=Qt.KeyboardModifier.NoModifier, place=None):
    qtbot.mouseClick(shown.view.viewport(), Qt.MouseButton.LeftButton, modifier, place or middle(shown, run))


def read_again(qtbot, shown):
    with qtbot.waitSignal(shown.refreshed):
        shown.refresh()


def test_a_run_that_is_called_as_its_preset_says_it_once(make, seen):
    preset = all_presets()[0]
    alike, other = make(preset.title, preset=preset.id), make("Mine", preset=preset.id)
    shown = seen()
    assert row_of(shown, alike).facts == "" and row_of(shown, other).facts == preset.title


# --- words -----------------------------------------------------------------------------------------------------------


def test_differences_in_words():
    told = run_words.in_words(
        {
            "recipe.objective": ({"kind": "non-saturating", "smoothing": 0.0}, {"kind": "hinge"}),
            "recipe.g_optimiser.lr": (2e-4, 1e-4),
            "recipe.d_optimiser.lr": (2e-4, 1e-4),
            "recipe.d_optimiser.beta1": (0.5, 0.0),
            "recipe.penalties": ([], [{"kind": "gradient-penalty", "weight": 10}]),
            "recipe.penalties.1.weight": (10, 5.5),
            "steps": (2000, 50_000),
            "compute.compile": (False, True),
            "keep_spread": (None, 8),
        }
    )
    assert told == (
        "objective non-saturating → hinge, learning rate 2e-4 → 1e-4, D beta1 0.5 → 0, "
        "penalties none → gradient-penalty, penalties 2 weight 10 → 5.5, steps 2,000 → 50,000, compile off → on"
    )


def test_where_a_branch_comes_from():
    assert run_words.origin(4000, "seed 0 → 1") == "from step 4,000: seed 0 → 1"
    assert run_words.origin(4000, None) == "from step 4,000"
    assert run_words.origin(4000, "", title="A") == "from “A”, step 4,000, same settings"
    assert run_words.origin(4000, None, gone=True) == "from step 4,000; parent deleted"


# --- the order of the rows -------------------------------------------------------------------------------------------


def entry(name, parent=None, state="stopped", created=0.0, best=None, place=0.0):
    measured = ("W1", best, 1) if best is not None else None
    run = Run(Path("/nowhere") / name)
    return Entry(run, name, "", created, State(state), place, measured, parent and (parent, 10), (), (), 0)


def nested(nodes):
    found = []
    for node in nodes:
        found.append(node.heading or node.entry.name)
        if node.children:
            found.append(nested(node.children))
    return found


def order(entries, by=NEWEST, search=""):
    ids = {entry.name: number for number, entry in enumerate(entries, 10)}
    return nested(arranged(entries, by, search, lambda entry: ids[entry.name]))


def test_a_family_stands_where_its_first_member_would():
    family = [entry("old", created=1), entry("branch", "old", created=9, best=0.5)]
    other = entry("other", created=5, best=0.7)
    assert order([*family, other]) == ["old", ["branch"], "other"]
    assert order([*family, other], BEST) == ["old", ["branch"], "other"]
    assert order([*family, other], BY_NAME) == ["old", ["branch"], "other"]
    assert order([entry("zebra"), entry("ant", "zebra"), entry("bee")], BY_NAME) == ["bee", "zebra", ["ant"]]


def test_what_is_in_training_comes_first_by_state():
    states = ["finished", "stopped", "paused", "running", "failed"]
    found = order([entry(state, state=state) for state in states], BY_STATE)
    assert found == ["running", "paused", "failed", "stopped", "finished"]


def test_what_was_not_measured_is_the_last_by_best():
    assert order([entry("a"), entry("b", best=2.0), entry("c", best=1.0)], BEST) == ["c", "b", "a"]


def test_where_more_is_better_the_most_comes_first_by_best(make):
    made = []
    for share in (0.3, 0.9, 0.5):
        best = {"name": "metrics/precision", "value": share, "step": 1, "badness": -share}
        run = make(f"Of {share:.0%}")
        run.set_state(State("stopped", 1, 1, best=best))
        made.append(read_entry(run, stamp_of(run.folder)))
    low, high, middle = (one.name for one in made)
    assert order(made, BEST) == [high, middle, low]


def test_the_queue_stands_on_top_in_its_order():
    waiting = [entry("second", state="queued", place=2), entry("first", state="queued", place=1, parent="old")]
    found = order([*waiting, entry("old"), entry("child", parent="first")])
    assert found == ["Queue", "first", "second", "Other runs", "child", "old"]
    assert order(waiting) == ["Queue", "first", "second"]


def test_a_search_keeps_what_a_match_hangs_on():
    entries = [entry("root"), entry("middle", "root"), entry("leaf", "middle"), entry("other")]
    assert order(entries, search="LEAF stopped") == ["root", ["middle", ["leaf"]]]
    assert order(entries, search="nothing") == []


@settings(max_examples=200)
@given(st.lists(st.integers(0, 12), min_size=12, max_size=12), st.sampled_from(ORDERS))
def test_every_run_stands_somewhere_once(parents, by):
    """Also where files say that runs branched from each other, or from none there is."""
    entries = [entry(str(i), parent=str(above), created=i) for i, above in enumerate(parents)]
    nodes = arranged(entries, by, "", lambda entry: int(entry.name) + 10)
    found, level, depth = [], nodes, 0
    while level:
        found += [node.entry.name for node in level]
        level, depth = [child for node in level for child in node.children], depth + 1
    assert sorted(found, key=int) == [str(i) for i in range(12)]
    assert depth <= DEEPEST + 1


def test_ten_thousand_branches_of_branches_are_no_trouble():
    chain = [entry(str(i), parent=str(i - 1) if i else None) for i in range(10_000)]
    deep = order(chain)
    for _ in range(DEEPEST):
        deep = deep[1]
    assert len(deep) == 10_000 - DEEPEST


def test_the_rows_keep_qts_rules_whatever_changes(qtbot, qapp):
    rows = RunRows(qapp)
    tester = QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    dice = random.Random(0)
    states = ["stopped", "queued", "running", "finished"]
    rows.set_entries([entry("kept")])
    kept = rows.index_of("kept")
    held = QPersistentModelIndex(kept)
    for _ in range(60):
        names = dice.sample([str(i) for i in range(12)], 8)
        found = [
            entry(name, dice.choice([None, *names]), dice.choice(states), dice.random(), place=dice.random())
            for name in names
        ]
        rows.set_entries([*found, entry("kept", dice.choice(names), created=dice.random())])
        rows.set_order(dice.choice(ORDERS))
        rows.set_marks(names[0], names[1:3])
        assert held.isValid() and held.data(RUN).name == "kept"
    rows.set_entries([])
    assert not held.isValid()
    qtbot.waitUntil(lambda: rows.later._worker is None)
    tester.deleteLater()
    rows.deleteLater()


# --- reading ---------------------------------------------------------------------------------------------------------


def read(reader, root):
    (listing,) = reader.read(root)
    return {entry.title: entry for entry in listing.entries}


def test_a_row_tells_how_its_run_stands(make, seen):
    run = make("First", "finished", 1000, best=0.0314, preset="dcgan-digits")
    row = row_of(seen(), run)
    assert row.status == "finished · 1,000 steps · 1:01"
    assert row.facts == "W1 0.0314 at 300 · DCGAN on digits"


def test_only_what_has_changed_is_read_again(make, root, monkeypatch):
    first, second = make("First"), make("Second")
    reader, asked = RunReader(), []
    assert set(read(reader, root)) == {"First", "Second"}
    real = run_reader.read_entry
    monkeypatch.setattr(run_reader, "read_entry", lambda run, stamp: asked.append(run.name) or real(run, stamp))
    read(reader, root)
    assert asked == []
    second.set_state(State("finished", 1000, 1000))  # of the same length, and within one tick of the clock
    assert read(reader, root)["Second"].state.name == "finished"
    assert asked == [second.name]
    (first.folder / "samples" / "step-00000500.png").write_bytes(b"")
    assert read(reader, root)["First"].drawn and asked == [second.name, first.name]


def test_a_run_in_training_is_as_far_as_its_curves(make, root):
    run = make("Live", "running", 400)
    with run.lock():
        state = read(RunReader(), root)["Live"].state
        assert (state.name, state.step, state.seconds) == ("running", 400, 61)
        run.append_curves([401, 777], {"D/loss": np.array([1.0, 2.0])})
        with (run.folder / "curves.jsonl").open("a") as file:
            file.write('{"step":9')
        after = (run.folder / "state.json").stat().st_mtime_ns + 40 * 10**9
        os.utime(run.folder / "curves.jsonl", ns=(after, after))
        state = read(RunReader(), root)["Live"].state
        assert (state.step, state.seconds) == (777, 101)
    assert read(RunReader(), root)["Live"].state.name == "interrupted"


def test_the_newest_step_of_damaged_curves(tmp_path):
    curves = tmp_path / "curves.jsonl"
    assert newest_step(curves) == 0
    curves.write_bytes(b'{"step":7,"a":1}\n\xff\xfe\n{"step":8')
    assert newest_step(curves) == 7
    curves.write_bytes(b'{"step":7}\n{"resumed":3}\n')
    assert newest_step(curves) == 3
    curves.write_bytes(b"x" * 100_000)
    assert newest_step(curves) == 0


@pytest.mark.parametrize("name", ["run.json", "state.json"])
@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[1]",
        "null",
        '{"title": 5, "created": "x", "parent": 3, "shape": "no"}',
        '{"step": "x", "steps": null, "seconds": [], "name": 3, "best": 7}',
        '{"parent": {"run": "a", "step": Infinity}, "queued": NaN, "preset": {}}',
    ],
)
def test_damaged_files_are_still_a_row(make, root, qtbot, qapp, name, damage):
    run = make("A run")
    (run.folder / name).write_text(damage)
    (listing,) = RunReader().read(root)
    rows = RunRows(qapp)
    rows.set_entries(listing.entries)
    index = rows.index_of(run.name)
    assert index.data() and index.data(ROW).status and index.data(Qt.ItemDataRole.ToolTipRole)
    qtbot.waitUntil(lambda: rows.later._worker is None)
    rows.deleteLater()


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    (listing,) = RunReader().read(tmp_path / "file")
    assert listing.entries == () and listing.problem.count(".") == 1
    (listing,) = RunReader().read(tmp_path / "nowhere")
    assert listing == run_reader.Listing(())


def test_the_window_itself_reads_no_folder(make, seen, qtbot, monkeypatch):
    """Neither on showing, nor on refreshing, nor on painting pictures and branches."""
    parent = make("Parent", preset="dcgan-digits")
    make("Child", parent={"run": parent.name, "step": 200})
    grid(parent)
    readers = []
    for name in ("about", "state", "config", "config_at", "checkpoints", "samples", "is_being_written"):
        real = getattr(Run, name)

        def told(self, *args, real=real):
            readers.append(threading.current_thread())
            return real(self, *args)

        monkeypatch.setattr(Run, name, told)
    shown = seen()
    qtbot.waitUntil(lambda: not shown.rows.index_of(parent.name).data(PICTURE).isNull())
    parent.set_state(State("finished", 1000, 1000))
    read_again(qtbot, shown)
    assert readers and threading.main_thread() not in readers


def test_it_is_read_again_when_it_is_shown(make, seen, qtbot):
    make("First")
    shown = seen()
    shown.hide()
    make("Second")
    shown.session.runs_changed.emit()
    assert titles(shown.rows) == ["First"]
    with qtbot.waitSignal(shown.refreshed):
        shown.show()
    assert titles(shown.rows) == ["Second", "First"]


def test_a_change_while_it_is_read_is_not_missed(make, seen, qtbot):
    shown = seen()
    shown.refresh()
    make("Late")
    shown.session.runs_changed.emit()
    qtbot.waitUntil(lambda: titles(shown.rows) == ["Late"])


# --- pictures --------------------------------------------------------------------------------------------------------


def grid(run, step=400, tile=16, columns=8):
    """Eight pictures a row, each of one grey, 2 pixels apart."""
    side = columns * (tile + 2) - 2
    pixels = np.zeros((side, side), np.uint8)
    for i in range(columns**2):
        top, left = i // columns * (tile + 2), i % columns * (tile + 2)
        pixels[top : top + tile, left : left + tile] = 3 * i
    Image.fromarray(pixels).save(run.folder / "samples" / f"step-{step:08d}.png")


def test_a_thumbnail_shows_the_first_four_pictures(make, root):
    run = make(shape=[1, 16, 16])
    grid(run)
    (listing,) = RunReader().read(root)
    image = thumbnail(listing.entries[0], 88, QColor("blue"), QColor("white"))
    corners = [image.pixelColor(x, y).red() for x, y in ((20, 20), (68, 20), (20, 68), (68, 68))]
    assert corners == [0, 3, 24, 27]


def test_a_thumbnail_of_points(make, root):
    run = make()
    np.save(run.folder / "samples" / "step-00000400.npy", np.array([[1, 1], [-1, -1], [np.nan, 0]], np.float32))
    (listing,) = RunReader().read(root)
    image = thumbnail(listing.entries[0], 88, QColor("blue"), QColor("white"))
    blue = [image.pixelColor(x, y).red() < 100 for x, y in ((84, 4), (4, 84), (44, 44), (4, 4))]
    assert blue == [True, True, False, False]


def test_damaged_samples_are_no_thumbnail(make, root):
    run = make()
    (run.folder / "samples" / "step-00000400.png").write_bytes(b"no picture")
    (listing,) = RunReader().read(root)
    assert thumbnail(listing.entries[0], 88, QColor("blue"), QColor("white")).isNull()


# --- branches --------------------------------------------------------------------------------------------------------


def branch_of(make, parent, title="Branch", step=200, **changes):
    config = json.loads(json.dumps(parent.config()))
    return make(title, config=config | changes, parent={"run": parent.name, "step": step})


def test_a_branch_stands_under_its_parent_and_says_how_it_differs(make, seen, qtbot):
    parent = make("Parent")
    child = branch_of(make, parent, seed=7)
    shown = seen()
    assert titles(shown.rows) == ["Parent", ["Branch"]]
    assert shown.view.isExpanded(shown.rows.index_of(parent.name))
    qtbot.waitUntil(lambda: row_of(shown, child).origin == "from step 200: seed 0 → 7")
    assert "seed 0 → 7" in shown.rows.index_of(child.name).data(Qt.ItemDataRole.ToolTipRole)


def test_the_differences_count_what_the_parent_had_changed_by_then(make, seen, qtbot):
    parent = make("Parent")
    parent.append_change(100, "seed", 0, 5)
    parent.append_change(300, "seed", 5, 9)
    child = branch_of(make, parent, seed=5)
    shown = seen()
    qtbot.waitUntil(lambda: row_of(shown, child).origin == "from step 200, same settings")


def test_a_branch_outlives_its_parent(make, seen, qtbot, monkeypatch):
    parent = make("Parent")
    child = branch_of(make, parent)
    shown = seen()
    in_bin = trash(monkeypatch)
    shown.select(parent)
    monkeypatch.setattr(shown, "_agreed", lambda runs: True)
    with qtbot.waitSignal(shown.deleted):
        shown.deeds["trash"].trigger()
    assert in_bin == [parent.name]
    qtbot.waitUntil(lambda: titles(shown.rows) == ["Branch"])
    assert row_of(shown, child).origin == "from step 200; parent deleted"


def test_what_was_folded_stays_folded_but_for_a_search(make, seen, qtbot):
    parent = make("Parent")
    branch_of(make, parent)
    shown = seen()
    shown.view.collapse(shown.rows.index_of(parent.name))
    make("Another")
    read_again(qtbot, shown)
    assert not shown.view.isExpanded(shown.rows.index_of(parent.name))
    qtbot.keyClicks(shown.search, "branch")
    assert shown.view.isExpanded(shown.rows.index_of(parent.name))
    shown.search.clear()
    assert not shown.view.isExpanded(shown.rows.index_of(parent.name))


# --- finding ---------------------------------------------------------------------------------------------------------


def test_searching_and_sorting(make, seen, qtbot):
    make("Wasserstein", "finished", preset="wgan-gp-digits")
    make("Hinge", "stopped")
    shown = seen()
    qtbot.keyClicks(shown.search, "fini")
    assert titles(shown.rows) == ["Wasserstein"]
    shown.search.setText("nothing like it")
    assert shown.pages.currentWidget() is shown.nothing and "nothing like it" in shown.nothing.text()
    shown.search.clear()
    assert shown.pages.currentWidget() is shown.view and titles(shown.rows) == ["Hinge", "Wasserstein"]
    qtbot.keyClick(shown.sort, Qt.Key.Key_Down)
    assert shown.sort.currentText() == "Name" and titles(shown.rows) == ["Hinge", "Wasserstein"]


def test_without_runs_it_says_what_will_be_here(seen):
    shown = seen()
    assert shown.pages.currentWidget() is shown.nothing
    assert shown.nothing.text() == run_list.NOTHING


def test_a_run_can_be_marked_before_it_was_read(make, seen, qtbot):
    make("First")
    shown = seen()
    late = make("Late")
    shown.select(late)
    read_again(qtbot, shown)
    assert [entry.title for entry in shown.chosen()] == ["Late"]


def test_marking_a_run_keeps_what_was_gathered_with_it(make, seen, qtbot):
    first, second, third = make("First"), make("Second"), make("Third")
    shown = seen()
    click(qtbot, shown, first)
    click(qtbot, shown, second, Qt.KeyboardModifier.ControlModifier)
    shown.select(first)  # it was clicked, and is opened by now
    assert len(shown.chosen()) == 2
    shown.select(third)
    assert [entry.title for entry in shown.chosen()] == ["Third"]


def test_every_control_can_be_reached_and_has_a_name(make, seen, assert_named, qtbot):
    run = make("A run", "queued")
    shown = seen()
    assert_named(shown)
    chain, widget = [], shown.search
    for _ in range(20):
        chain.append(widget)
        widget = widget.nextInFocusChain()
    places = [chain.index(w) for w in (shown.search, shown.sort, shown.queue_button, shown.view)]
    assert places == sorted(places)
    spoken = shown.rows.index_of(run.name).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "A run, next in the queue · 400 of 1,000 · 1:01"
    assert QAccessible.queryAccessibleInterface(shown.view).text(QAccessible.Text.Name) == "Runs"
    assert all(action.toolTip() for action in shown.view.actions())


# --- opening ---------------------------------------------------------------------------------------------------------


def test_a_click_or_enter_opens_and_ctrl_gathers(make, seen, qtbot):
    first, second = make("First"), make("Second")
    shown = seen()
    opened = []
    shown.opened.connect(lambda run: opened.append(run.name))
    click(qtbot, shown, first)
    click(qtbot, shown, second, Qt.KeyboardModifier.ControlModifier)
    assert opened == [first.name] and len(shown.chosen()) == 2
    qtbot.keyClick(shown.view, Qt.Key.Key_Return)
    assert opened == [first.name] and not shown.deeds["open"].isEnabled()
    shown.view.clearSelection()
    shown.select(second)
    qtbot.keyClick(shown.view, Qt.Key.Key_Return)
    assert opened == [first.name, second.name]


def test_the_menu_says_what_can_be_done_and_why_not(make, seen, qtbot):
    run = make("A run", "finished", 1000)
    for step in (0, 500, 1000):
        (run.folder / "checkpoints" / f"step-{step:08d}").mkdir()
    (run.folder / "checkpoints" / "step-00000500" / "starred").touch()
    shown = seen()
    shown.select(run)
    shown.fill_menu()
    texts = [action.text() for action in shown.menu.actions()]
    assert "Add to &queue" in texts and "Move &up" not in texts
    assert not shown.deeds["resume"].isEnabled()
    assert shown.deeds["resume"].toolTip().startswith("It is finished.")
    assert [action.text() for action in shown.branches.actions()] == ["Step 1,000", "Step 500 ★", "Step 0"]
    with qtbot.waitSignal(shown.branched) as told:
        shown.branches.actions()[1].trigger()
    assert told.args[1] == 500
    letters = [action.text().partition("&")[2][:1].lower() for action in shown.menu.actions() if action.text()]
    assert len(letters) == len(set(letters)) and all(letters)


def test_the_menu_key_opens_the_menu_of_the_current_row(make, seen, qtbot):
    run = make("A run")
    shown = seen()
    shown.select(run)
    opened_at = []
    shown.menu.popup = opened_at.append  # the offscreen screen cannot give it the keyboard
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 600), QPoint(5, 600))
    QGuiApplication.sendEvent(shown.view.viewport(), event)
    assert opened_at == [shown.view.viewport().mapToGlobal(middle(shown, run))]
    assert shown.deeds["open"] in shown.menu.actions()


@pytest.mark.parametrize("id", ["report", "timelapse", "curves"])
def test_exports_are_asked_for(make, seen, qtbot, id):
    run = make("A run")
    shown = seen()
    shown.select(run)
    with qtbot.waitSignal(getattr(shown, f"{id}_wanted")) as told:
        shown.deeds[id].trigger()
    assert told.args[0].name == run.name


def test_a_long_menu_of_checkpoints_is_thinned():
    checkpoints = tuple((step, step == 70) for step in range(0, 1000, 10))
    found = thinned(checkpoints)
    assert len(found) <= run_list.MOST_BRANCHES + 1
    assert found[0] == (0, False) and found[-1] == (990, False) and (70, True) in found
    assert thinned(checkpoints[:5]) == list(checkpoints[:5])


# --- titles, copies, the trash ---------------------------------------------------------------------------------------


def typed(shown):
    return shown.view.findChild(QLineEdit)


def test_f2_renames(make, seen, qtbot):
    run = make("A run")
    shown = seen()
    shown.select(run)
    qtbot.keyClick(shown.view, Qt.Key.Key_F2)
    editor = typed(shown)
    editor.clear()
    qtbot.keyClicks(editor, "  A better  name ")
    with qtbot.waitSignals([shown.rows.retitled, shown.renamed]):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert titles(shown.rows) == ["A better name"]
    assert run.about()["title"] == "A better name" and run.folder.is_dir()


def test_a_title_that_is_typed_survives_what_is_read(make, seen, qtbot):
    run = make("A run")
    shown = seen()
    shown.select(run)
    qtbot.keyClick(shown.view, Qt.Key.Key_F2)
    typed(shown).selectAll()
    qtbot.keyClicks(typed(shown), "Half a na")
    shown.set_overlaid([run.name])  # the row is painted anew
    make("Another")
    shown.refresh()
    qtbot.waitUntil(lambda: shown._reading is None)
    assert shown.view.state() == QAbstractItemView.State.EditingState and typed(shown).text() == "Half a na"
    qtbot.keyClick(typed(shown), Qt.Key.Key_Escape)
    read_again(qtbot, shown)
    assert titles(shown.rows) == ["Another", "A run"]


def test_what_cannot_be_written_is_told_and_taken_back(make, seen, qtbot, monkeypatch):
    run = make("A run")
    shown = seen()

    def full(self, title):
        raise OSError(28, "No space left on device", str(self.folder))

    monkeypatch.setattr(Run, "rename", full)
    shown.rows.setData(shown.rows.index_of(run.name), "Another")
    with qtbot.waitSignal(shown.session.problem) as told:
        pass
    assert "No space left" in told.args[0] and told.args[2]
    qtbot.waitUntil(lambda: titles(shown.rows) == ["A run"])


def test_a_duplicate_appears_and_is_not_started(make, seen, qtbot, root):
    run = make("A run", "finished", 1000)
    shown = seen()
    shown.select(run)
    with qtbot.waitSignal(shown.duplicated) as told:
        shown.deeds["duplicate"].trigger()
    copy = told.args[0]
    qtbot.waitUntil(lambda: [entry.name for entry in shown.chosen()] == [copy.name])
    assert copy.folder != run.folder and copy.config() == run.config()
    assert row_of(shown, copy).entry.state.name == "new"


def trash(monkeypatch, works=True):
    """Instead of the desktop's trash; names of folders that were moved there."""
    moved = []

    def move(path):
        moved.append(path.name)
        path.rename(path.parent.parent / path.name)
        return True

    monkeypatch.setattr(run_list, "move_to_trash", lambda path: move(path) if works else False)
    return moved


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the trash is the desktop's own")
def test_the_real_trash_takes_a_run_with_all_of_it(make, seen, qtbot, tmp_path, monkeypatch):
    """Also of an account whose data folder is not there yet: a fresh one's."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home/.local/share"))
    run = make("A run, é #1")
    run.append_curves([1], {"D/loss": np.ones(1, np.float32)})
    shown = seen()
    agree = lambda box: next(button for button in box.buttons() if "trash" in button.text()).click()  # noqa: E731
    monkeypatch.setattr(run_list.QMessageBox, "exec", agree)
    shown.select(run)
    with qtbot.waitSignal(shown.deleted):
        qtbot.keyClick(shown.view, Qt.Key.Key_Delete)
    kept = tmp_path / "home/.local/share/Trash"
    assert not run.folder.exists() and (kept / "files" / run.name / "curves.jsonl").is_file()
    assert quote(str(run.folder)) in (kept / "info" / f"{run.name}.trashinfo").read_text()  # to be put back


def test_several_are_moved_to_the_trash_at_once(make, seen, qtbot, monkeypatch):
    made = [make(f"Run {i}") for i in range(3)]
    shown = seen()
    moved, gone = trash(monkeypatch), []
    monkeypatch.setattr(shown, "_agreed", lambda runs: True)
    shown.deleted.connect(lambda run: gone.append(run.name))
    click(qtbot, shown, made[0])
    click(qtbot, shown, made[2], Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(shown.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(gone) == 2)
    assert sorted(moved) == sorted(gone) == sorted([made[0].name, made[2].name])
    qtbot.waitUntil(lambda: titles(shown.rows) == ["Run 1"])


def test_it_asks_first(make, seen, qtbot, monkeypatch):
    run = make("A <b>run</b>")
    shown = seen()
    asked = []

    def refuse(box):
        asked.append(box.text())

    monkeypatch.setattr(run_list.QMessageBox, "exec", refuse)
    shown.select(run)
    qtbot.keyClick(shown.view, Qt.Key.Key_Delete)
    assert "A <b>run</b>" in asked[0] and run.folder.exists()


def test_a_run_in_training_is_not_deleted(make, seen, qtbot, monkeypatch):
    run = make("A run", "running")
    shown = seen()
    monkeypatch.setattr(shown, "_agreed", lambda runs: True)
    moved = trash(monkeypatch)
    with run.lock(), qtbot.waitSignal(shown.problem) as told:
        shown.delete(run)  # it began while the question stood
    assert "stop it" in told.args[0] and not moved
    with run.lock():
        read_again(qtbot, shown)
        shown.select(run)
        assert not shown.deeds["trash"].isEnabled()
        assert shown.deeds["trash"].toolTip().startswith("It is in training; stop it first.")


def test_without_a_trash_it_says_what_to_do(make, seen, qtbot, monkeypatch):
    run = make("A run")
    shown = seen()
    monkeypatch.setattr(shown, "_agreed", lambda runs: True)
    trash(monkeypatch, works=False)
    with qtbot.waitSignal(shown.problem) as told:
        shown.delete(run)
    assert "file browser" in told.args[0] and run.folder.exists()


# --- overlays --------------------------------------------------------------------------------------------------------


def eye(shown, run):
    return eye_rect(shown.view.visualRect(shown.rows.index_of(run.name))).center()


def test_the_eye_overlays_and_opens_nothing(make, seen, qtbot):
    run, other = make("A run"), make("Other")
    shown = seen()
    opened, wanted = [], []
    shown.opened.connect(opened.append)
    shown.overlay_wanted.connect(lambda run, on: wanted.append((run.name, on)))
    click(qtbot, shown, other, place=eye(shown, other))
    assert wanted == [(other.name, True)]
    shown.set_overlaid([other.name])
    assert row_of(shown, other).overlaid
    click(qtbot, shown, other, place=eye(shown, other))
    assert wanted[1:] == [(other.name, False)]
    shown.select(run)
    qtbot.keyClick(shown.view, Qt.Key.Key_Space)
    assert wanted[2:] == [(run.name, True)]
    assert not opened


def test_the_run_that_is_shown_lies_over_no_other(make, seen, qtbot):
    run = make("A run")
    shown = seen()
    wanted = []
    shown.overlay_wanted.connect(lambda run, on: wanted.append((run.name, on)))
    shown.set_overlaid([run.name])
    shown.set_shown(run)
    assert wanted == [(run.name, False)]
    shown.set_overlaid([])
    place = eye(shown, run)
    shown.select(run)
    assert not shown.deeds["overlay"].isEnabled()
    click(qtbot, shown, run, place=place)  # there is no eye: the row is opened
    assert len(wanted) == 1


def test_ten_runs_are_overlaid_and_no_more(make, seen, qtbot):
    made = [make(f"Run {i}") for i in range(MOST_OVERLAYS + 2)]
    shown = seen()
    wanted, told = [], []
    shown.overlay_wanted.connect(lambda run, on: wanted.append(run.name))
    shown.problem.connect(told.append)
    shown.view.selectAll()
    qtbot.keyClick(shown.view, Qt.Key.Key_Space)
    assert len(wanted) == MOST_OVERLAYS and len(told) == 1
    shown.set_overlaid(wanted)
    left = next(run for run in made if run.name not in wanted)
    shown.view.verticalScrollBar().setValue(10_000)
    click(qtbot, shown, left, place=eye(shown, left))
    assert len(wanted) == MOST_OVERLAYS and len(told) == 2


def test_several_chosen_runs_are_overlaid_and_taken_off_at_once(make, seen, qtbot):
    made = [make(f"Run {i}") for i in range(4)]
    shown = seen()
    shown.set_shown(made[0])
    wanted = []
    shown.overlay_wanted.connect(lambda run, on: wanted.append((run.name, on)))
    shown.view.selectAll()  # the one that is shown among them, which cannot lie over itself
    assert shown.chosen_bar.isVisible() and shown.chosen_words.text() == "4 chosen"
    shown.fill_menu()
    assert "O&verlay 3 runs" in [action.text() for action in shown.menu.actions()]
    qtbot.mouseClick(shown.chosen_buttons["overlay"], Qt.MouseButton.LeftButton)
    others = {run.name for run in made[1:]}
    assert set(wanted) == {(name, True) for name in others}
    shown.set_overlaid(others)
    assert shown.deeds["overlay"].text() == "Take 3 runs o&ff"
    click(qtbot, shown, made[1], place=middle(shown, made[1]))
    assert not shown.chosen_bar.isVisible() and shown.deeds["overlay"].text() == "Take its curves o&ff"
    shown.deeds["bare"].trigger()
    assert set(wanted[3:]) == {(name, False) for name in others}
    shown.set_overlaid([])
    assert not shown.deeds["bare"].isEnabled() and shown.deeds["overlay"].text() == "O&verlay its curves"


def test_an_overlaid_run_that_vanishes_is_taken_away(make, seen, qtbot):
    run = make("A run")
    shown = seen()
    shown.set_overlaid([run.name])
    run.folder.rename(run.folder.parent.parent / "elsewhere")
    with qtbot.waitSignal(shown.overlay_wanted) as told:
        shown.refresh()
    assert (told.args[0].name, told.args[1]) == (run.name, False)


# --- comparing -------------------------------------------------------------------------------------------------------


def test_settings_are_compared_and_copied(make, seen, qtbot):
    first = make("First", config={"steps": 1000, "seed": 1})
    second = make("Second", config={"steps": 1000, "seed": 2, "sample_count": 9})
    shown = seen()
    click(qtbot, shown, first)
    assert not shown.deeds["compare"].isEnabled()
    click(qtbot, shown, second, Qt.KeyboardModifier.ControlModifier)
    shown.deeds["compare"].trigger()
    dialog = shown.findChild(CompareDialog)
    qtbot.waitUntil(lambda: dialog.table.topLevelItemCount() > 0, timeout=20_000)  # torch may have to be loaded
    dialog.copy()
    rows = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert rows[0] == ["Setting", "Second", "First"]
    assert sorted(rows[1:]) == [["Sample count", "9", "64"], ["Seed", "2", "1"]]
    dialog.only.click()
    assert dialog.table.topLevelItemCount() > 20
    dialog.table.topLevelItem(0).setSelected(True)
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 2
    dialog.close()


def test_a_branch_is_compared_with_its_parent_at_that_step(make, seen, qtbot):
    parent = make("Parent", config={"seed": 1})
    parent.append_change(300, "seed", 1, 4)
    child = branch_of(make, parent, seed=3)
    shown = seen()
    shown.select(child)
    left, right = shown._sides(shown.chosen())
    assert (left.title, left.step, right.title) == ("Parent, step 200", 200, "Branch")
    shown.deeds["compare"].trigger()
    dialog = shown.findChild(CompareDialog)
    qtbot.waitUntil(lambda: dialog.table.topLevelItemCount() == 1, timeout=20_000)
    assert [dialog.table.topLevelItem(0).text(i) for i in range(3)] == ["Seed", "1", "3"]
    dialog.close()


def test_settings_that_cannot_be_read_are_one_sentence(make, seen, qtbot):
    first, second = make("First"), make("Second")
    shown = seen()
    (second.folder / "config.toml").write_text("= broken")
    click(qtbot, shown, first)
    click(qtbot, shown, second, Qt.KeyboardModifier.ControlModifier)
    shown.deeds["compare"].trigger()
    dialog = shown.findChild(CompareDialog)
    qtbot.waitUntil(lambda: "Second cannot be read" in dialog.words.text(), timeout=20_000)
    dialog.close()


# --- the queue -------------------------------------------------------------------------------------------------------


@pytest.fixture
def queue(make, seen):
    """Three runs that wait, and one that does not."""
    waiting = [make(f"Waits {i}", "queued", 0) for i in range(3)]
    for i, run in enumerate(waiting):
        runs.write_json(run.folder / "run.json", run.about() | {"queued": float(i)})
    make("Other")
    return SimpleNamespace(shown=seen(), waiting=waiting)


def names(root):
    return [run.about()["title"] for run in runs.queued(root)]


def test_the_queue_is_reordered_with_the_keyboard(queue, qtbot, root):
    shown = queue.shown
    assert titles(shown.rows) == ["Queue", "Waits 0", "Waits 1", "Waits 2", "Other runs", "Other"]
    shown.select(queue.waiting[0])
    assert not shown.deeds["up"].isEnabled()
    qtbot.keyClick(shown.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert titles(shown.rows)[1:4] == ["Waits 1", "Waits 0", "Waits 2"]  # at once
    qtbot.keyClick(shown.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert titles(shown.rows)[1:4] == ["Waits 1", "Waits 2", "Waits 0"]
    assert not shown.deeds["down"].isEnabled()
    qtbot.waitUntil(lambda: names(root) == ["Waits 1", "Waits 2", "Waits 0"])
    qtbot.keyClick(shown.view, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: names(root) == ["Waits 1", "Waits 0", "Waits 2"])
    assert [entry.title for entry in shown.chosen()] == ["Waits 0"]


@pytest.mark.parametrize(
    ("moved", "row", "expected"),
    [([2], 1, [2, 0, 1]), ([0], 3, [1, 0, 2]), ([0], 4, [1, 2, 0]), ([0, 1], 4, [2, 0, 1]), ([1], 2, [0, 1, 2])],
)
def test_the_queue_is_reordered_by_dragging(queue, qtbot, root, moved, row, expected):
    rows = queue.shown.rows
    data = rows.mimeData([rows.index_of(queue.waiting[i].name) for i in moved])
    assert rows.dropMimeData(data, Qt.DropAction.MoveAction, row, 0, rows.index(-1, -1))
    qtbot.waitUntil(lambda: names(root) == [f"Waits {i}" for i in expected])


def test_nothing_is_dropped_outside_the_queue(queue):
    rows = queue.shown.rows
    data = rows.mimeData([rows.index_of(queue.waiting[0].name)])
    nowhere, onto = rows.index(-1, -1), rows.index(2, 0)
    allowed = [rows.canDropMimeData(data, Qt.DropAction.MoveAction, row, 0, nowhere) for row in range(7)]
    assert allowed == [False, True, True, True, True, False, False]
    assert not rows.canDropMimeData(data, Qt.DropAction.MoveAction, -1, -1, onto)
    assert not rows.canDropMimeData(QMimeData(), Qt.DropAction.MoveAction, 1, 0, nowhere)
    other = next(entry for entry in rows.entries.values() if entry.title == "Other")
    assert not rows.flags(rows.index_of(other.name)) & Qt.ItemFlag.ItemIsDragEnabled
    assert data.hasFormat(DRAGGED)


def test_a_run_is_taken_out_of_the_queue(queue, qtbot, root):
    shown = queue.shown
    shown.select(queue.waiting[1])
    shown.fill_menu()
    texts = [action.text() for action in shown.menu.actions()]
    assert "Add to &queue" not in texts and "Move &up" in texts
    shown.deeds["dequeue"].trigger()
    qtbot.waitUntil(lambda: names(root) == ["Waits 0", "Waits 2"])
    assert queue.waiting[1].state().name == "new"
    qtbot.waitUntil(lambda: len(shown.rows.queue()) == 2)


def test_a_queue_that_nobody_works_off_can_be_started(queue, qtbot, monkeypatch):
    shown = queue.shown
    assert shown.queue_bar.isVisible() and shown.queue_words.text() == "3 runs wait."
    begun = []
    monkeypatch.setattr(shown.session, "train", lambda run: begun.append(run.name))
    qtbot.mouseClick(shown.queue_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: begun == [queue.waiting[0].name])


def test_what_could_not_be_read_may_be_wanted_again(qtbot):
    later, told, found = Later(None), [], []
    later.failed.connect(told.append)
    for read in (lambda: 1 / 0, lambda: 7):
        later.want("key", read, found.append)
        qtbot.waitUntil(lambda: later._worker is None)
    assert len(told) == 1 and found == [7]


def test_settings_are_called_as_people_call_them_and_told_apart():
    paths = ["data.seed", "seed", "recipe.g_optimiser.kind", "recipe.g_optimiser.lr", "recipe.penalties.0.weight"]
    assert list(run_words.told_apart(paths).values()) == [
        "Seed (data)",
        "Seed",
        "G optimiser",
        "G learning rate",
        "Penalties 1 weight",
    ]
    for preset in all_presets():
        names = run_words.told_apart(dict(flat(complete(RunConfig, preset.values))))
        assert len(set(names.values())) == len(names), preset.id


def test_a_branch_that_is_laid_over_is_called_by_what_was_changed(make):
    parent = make("parent")
    child = branch_of(make, parent, "parent", seed=7)
    assert overlays._label(parent) == "parent" and overlays._label(child) == "parent: seed 0 → 7"
    child.rename("mine")
    assert overlays._label(child) == "mine"
