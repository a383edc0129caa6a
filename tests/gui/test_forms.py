from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from gan_studio.config import ConfigError, Problem, Spec, get, option
from gan_studio.gui.form_fields import complete, range_text
from gan_studio.gui.form_items import ChoiceItem, FieldRow, ListItem
from gan_studio.gui.forms import ConfigForm
from gan_studio.gui.widgets.points_editor import PointsEditor
from gan_studio.jobs.settings import RunConfig
from gan_studio.presets import all_presets
from gan_studio.registry import OneOf, Registry

TOOLS: Registry[Spec] = Registry("email", "tool")  # an existing package; the entries are below
TOOLS._filled = True


@TOOLS.add
class Hammer(Spec):
    kind = "hammer"
    title = "Hammer"
    paper = "Thor 1000"
    about = "It hits."

    weight: float = option(2.0, "How heavy it is.", ge=0, le=10, unit="kg", live=True, learn=True)


@TOOLS.add
class Saw(Spec):
    kind = "saw"
    title = "Saw"

    teeth: int = option(32, "How many teeth.", ge=16, le=128, multiple_of=16)
    points: tuple[tuple[float, float], ...] = option(((0.5, 0.5),), "Where it cuts.")


class Bench(Spec):
    height: int = option(80, "Of the top.", ge=1, le=200, unit="cm")
    bright: bool = option(False, "Whether a lamp is on.")


class Shop(Spec):
    tool: Annotated[Spec, OneOf(TOOLS)] = option("hammer", "What is held.", learn=True)
    rack: tuple[Annotated[Spec, OneOf(TOOLS)], ...] = option((), "What hangs on the wall.")
    lr: float = option(2e-4, "The size of each step.", gt=0, le=10, live=True, learn=True, log=True)
    hours: int = option(8, "A working day.", ge=1, le=24)
    mode: Literal["day", "night"] = option("day", "The shift.", group="Shifts")
    path: str = option("", "Where things are kept.", group="Shifts")
    sizes: tuple[int, ...] = option((1, 2), "Sizes at hand.", group="Shifts")
    bench: Bench = option(Bench(), "Where one works.")


def test_built_in_pieces_it_is_the_same(qtbot):
    whole, pieces = ConfigForm(Shop), ConfigForm(Shop, at_once=False)
    qtbot.addWidget(whole)
    qtbot.addWidget(pieces)
    assert not list(pieces._root.all_items())
    assert sum(1 for _ in pieces.furnish()) > 10
    assert [item.path for item in pieces._root.all_items()] == [item.path for item in whole._root.all_items()]
    assert pieces.values() == whole.values()


@pytest.fixture
def form(qtbot) -> ConfigForm:
    form = ConfigForm(Shop)
    qtbot.addWidget(form)
    form.resize(360, 900)
    form.set_level("all")
    form.show()
    qtbot.waitExposed(form)
    return form


def write(qtbot, box, text: str) -> None:
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)


def item(form: ConfigForm, path: str):
    return form._root.item_at(path)


# --- values ----------------------------------------------------------------------------------------------------------


def test_a_form_that_is_not_built_to_the_end_leaves_nobodys_widgets(qtbot):
    before = set(map(id, QApplication.topLevelWidgets()))
    form = ConfigForm(RunConfig, at_once=False)
    qtbot.addWidget(form)
    pieces = form.furnish()
    for _ in pieces:
        new = [w for w in QApplication.topLevelWidgets() if id(w) not in before and w.parent() is None]
        assert new in ([], [form])


def test_a_new_form_shows_the_defaults(form):
    assert form.values() == Shop().plain()


def test_missing_values_are_completed_and_unknown_ones_kept():
    values = complete(Shop, {"tool": "saw", "rack": ["hammer"], "nonsense": 1})
    assert values["tool"] == Saw().plain() and values["rack"] == [Hammer().plain()] and values["nonsense"] == 1


def test_values_that_do_not_fit_come_back_as_they_were(form):
    values = Shop().plain() | {"hours": 99, "tool": {"kind": "spoon", "size": 3}, "sizes": ["x"]}
    form.set_values(values)
    assert form.values() == values


def test_a_changed_spin_box_tells_all_values(form, qtbot):
    with qtbot.waitSignal(form.values_changed) as told:
        write(qtbot, form.editor("hours"), "12")
    assert told.args[0] == Shop(hours=12).plain() == form.values()


def test_setting_values_is_silent(form, qtbot):
    with qtbot.assertNotEmitted(form.values_changed):
        form.set_values(Shop(hours=9).plain())
        form.set_base(Shop(hours=9).plain())
    assert form.editor("hours").value() == 9


def test_a_number_is_told_when_it_is_finished(form, qtbot):
    box = form.editor("lr")
    with qtbot.assertNotEmitted(form.values_changed):
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, "5e-5")  # on its way it was 5
    assert form.values()["lr"] == 5e-5  # whoever asks for the values gets what stands there
    assert box.text() == "5e-5"


def test_a_kind_swaps_the_fields_beneath_it_and_nothing_else(form, qtbot):
    kept, gone = form.editor("hours"), form.editor("tool.weight")
    box = form.editor("tool")
    with qtbot.waitSignal(form.values_changed):
        box.setFocus()
        qtbot.keyClick(box, Qt.Key.Key_Down)
        box.activated.emit(box.currentIndex())
    assert form.values()["tool"] == Saw().plain()
    assert form.editor("tool.teeth").value() == 32 and form.editor("tool.weight") is None
    assert form.editor("hours") is kept and form.editor("tool") is box and gone is not None


def test_a_list_grows_and_shrinks(form, qtbot):
    rack = item(form, "rack")
    assert isinstance(rack, ListItem)
    for action in rack.menu.actions():
        action.trigger()
    assert form.values()["rack"] == [Hammer().plain(), Saw().plain()]
    write(qtbot, form.editor("rack.1.teeth"), "64")
    qtbot.mouseClick(rack.entries[0].remove, Qt.MouseButton.LeftButton)
    assert form.values()["rack"] == [Saw(teeth=64).plain()]
    qtbot.mouseClick(rack.heading.reset, Qt.MouseButton.LeftButton)
    assert form.values()["rack"] == []


def test_every_kind_of_editor(form, qtbot, monkeypatch):
    mode = form.editor("mode")
    mode.setCurrentIndex(1)
    mode.activated.emit(1)
    item(form, "bench.bright").reveal()
    qtbot.mouseClick(form.editor("bench.bright"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    write(qtbot, form.editor("sizes"), "[3, 4, 5]")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/a/pretty folder")
    form.editor("path").pick.click()
    values = form.values()
    assert (values["mode"], values["bench"]["bright"], values["sizes"]) == ("night", True, [3, 4, 5])
    assert values["path"] == "/a/pretty folder"
    assert Shop.parse(values).sizes == (3, 4, 5)


def test_drawn_points_are_a_field(form):
    form.edit("tool.kind", "saw")
    editor = form.editor("tool.points")
    assert isinstance(editor, PointsEditor) and editor.points() == [(0.5, 0.5)]
    editor.clear_button.click()
    assert form.values()["tool"]["points"] == []


def test_undo_and_redo(form, qtbot):
    write(qtbot, form.editor("hours"), "12")
    write(qtbot, form.editor("hours"), "13")
    form.edit("tool.kind", "saw")
    form.undo_stack.undo()
    assert form.values() == Shop(hours=13).plain()
    with qtbot.waitSignal(form.values_changed):
        form.undo_stack.undo()  # two edits of one field are one step
    assert form.values() == Shop().plain() and not form.undo_stack.canUndo()
    form.undo_stack.redo()
    assert form.editor("hours").value() == 13


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "start", "up", "down"),
    [("hours", 24, 24, 23), ("hours", 1, 2, 1), ("lr", 2e-4, 5e-4, 1e-4), ("lr", 3e-4, 5e-4, 2e-4), ("lr", 10, 10, 5)],
)
def test_arrows_step(form, qtbot, path, start, up, down):
    box = form.editor(path)
    box.setFocus()
    for key, end in ((Qt.Key.Key_Up, up), (Qt.Key.Key_Down, down)):
        form.edit(path, start)
        qtbot.keyClick(box, key)
        assert form.values()[path] == pytest.approx(end, rel=1e-12)


def test_multiples_stay_multiples(form, qtbot):
    form.edit("tool.kind", "saw")
    box = form.editor("tool.teeth")
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert form.values()["tool"]["teeth"] == 48
    write(qtbot, box, "50")
    assert box.value() == 48
    write(qtbot, box, "5000")
    assert box.value() == 128


def test_numbers_are_held_in_range(form, qtbot):
    write(qtbot, form.editor("hours"), "99")
    assert form.values()["hours"] == 24
    write(qtbot, form.editor("lr"), "0")  # the bound itself is out: what stood there stays
    assert form.values()["lr"] == 2e-4
    form.editor("lr").lineEdit().setText("-")
    form.editor("lr").commit()
    assert form.editor("lr").text() == "2e-4"


def test_units_stand_behind_the_number(form, qtbot):
    item(form, "bench.height").reveal()
    assert form.editor("bench.height").text() == "80 cm"
    write(qtbot, form.editor("bench.height"), "90")
    assert form.editor("bench.height").text() == "90 cm"


@pytest.mark.parametrize("path", ["hours", "tool"])
def test_the_wheel_scrolls_the_page_unless_the_field_has_focus(form, qtbot, path):
    box = form.editor(path)

    def wheel() -> None:
        down, none = QPoint(0, -120), QPoint()
        modifiers, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(QPointF(5, 5), QPointF(5, 5), none, down, Qt.MouseButton.NoButton, modifiers, phase, False)
        QApplication.sendEvent(box, event)

    form.search.setFocus()
    before = form.values()
    wheel()
    assert form.values() == before and not box.hasFocus()
    form.activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    wheel()
    assert form.values() != before


# --- changed, reset --------------------------------------------------------------------------------------------------


def test_changed_fields_are_marked_and_reset(form, qtbot):
    row = item(form, "hours")
    assert isinstance(row, FieldRow) and row.heading.reset.isHidden()
    write(qtbot, row.editor, "12")
    assert row.heading.title.font().bold() and not row.heading.reset.isHidden()
    assert row.heading.reset.toolTip() == "Back to 8"
    qtbot.mouseClick(row.heading.reset, Qt.MouseButton.LeftButton)
    assert form.values() == Shop().plain() and not row.heading.title.font().bold()


def test_fields_of_another_kind_are_measured_against_its_defaults(form, qtbot):
    form.edit("tool.kind", "saw")
    choice, teeth = item(form, "tool"), item(form, "tool.teeth")
    assert isinstance(choice, ChoiceItem)
    assert choice.heading.title.font().bold() and not teeth.heading.title.font().bold()
    form.edit("tool.teeth", 48)
    assert teeth.heading.title.font().bold()
    qtbot.mouseClick(choice.heading.reset, Qt.MouseButton.LeftButton)
    assert form.values() == Shop().plain()


def test_the_base_is_the_preset(form):
    form.set_base({"hours": 12, "tool": {"kind": "hammer", "weight": 3}})
    assert item(form, "hours").heading.title.font().bold()
    form.set_values({"hours": 12, "tool": {"kind": "hammer", "weight": 3}})
    assert not any(row.heading.title.font().bold() for row in form._root.all_items())


# --- problems --------------------------------------------------------------------------------------------------------


def test_problems_stand_beneath_their_fields(form):
    form.set_values(Shop().plain() | {"hours": 99})
    with pytest.raises(ConfigError) as wrong:
        Shop.parse(form.values())
    form.set_problems(wrong.value.problems)
    row = item(form, "hours")
    assert row.problem.isVisible() and row.problem.text() == "99 is too large; the most is 24."
    assert form._top.isHidden()
    form.set_problems(())
    assert row.problem.isHidden()


def test_problems_in_folded_groups_unfold_them(form):
    height = item(form, "bench.height")
    assert not height.isVisible()
    form.set_problems((Problem("bench.height", "too low."), Problem("sizes.1", "no number.")))
    assert height.problem.isVisible() and item(form, "sizes").problem.isVisible()


def test_problems_without_a_field_in_sight_are_told_on_top(form, qtbot):
    form.set_level("learn")
    form.set_problems((Problem("", "It <does> not fit."), Problem("hours", "too long."), Problem("tool.size", "what?")))
    assert "It &lt;does&gt; not fit." in form._top.text()
    assert '<a href="hours">Hours</a>' in form._top.text() and "Tool (size)" in form._top.text()
    form._top.linkActivated.emit("hours")
    assert form.level() == "all" and item(form, "hours").problem.isVisible() and "hours" not in form._top.text()


# --- what is in sight ------------------------------------------------------------------------------------------------


def test_learn_shows_the_few_with_their_help(form):
    form.set_level("learn")
    seen = {row.path for row in form._root.all_items() if isinstance(row, FieldRow) and row.isVisible()}
    assert seen == {"lr", "tool.weight"}
    assert item(form, "lr").help.isVisible() and item(form, "lr").help.text() == "The size of each step."
    assert item(form, "tool").about.text() == "What is held. It hits. Thor 1000."
    form.set_level("all")
    assert not item(form, "lr").help.isVisible()


def test_learn_offers_no_choice_among_one(qtbot):
    lonely: Registry[Spec] = Registry("email", "tool")
    lonely._filled = True
    lonely.add(Hammer)

    class Alone(Spec):
        tool: Annotated[Spec, OneOf(lonely)] = option("hammer", "What is held.", learn=True)

    form = ConfigForm(Alone)
    qtbot.addWidget(form)
    form.show()
    qtbot.waitUntil(lambda: form.editor("tool.weight").isVisible())
    assert not form.editor("tool").isVisible() and not item(form, "tool").heading.isVisible()
    form.set_level("all")
    assert form.editor("tool").isVisible() and item(form, "tool").heading.isVisible()


def test_learn_shows_about_six_settings_of_every_preset_and_says_why(qtbot):
    form = ConfigForm(RunConfig)
    qtbot.addWidget(form)
    form.show()
    for preset in all_presets():
        form.set_base(preset.values)
        form.set_values(preset.values)
        QApplication.processEvents()  # what was built anew is shown by its layout
        fields = [row for row in form._root.all_items() if isinstance(row, FieldRow) and row.isVisible()]
        choices = [c for c in form._root.all_items() if isinstance(c, ChoiceItem) and c.editor.isVisible()]
        assert 6 <= len(fields) + len(choices) <= 9, preset.id
        assert all(len(row.help.text()) > 40 and row.help.isVisible() for row in fields)
        assert all(len(choice.about.text()) > 40 and choice.about.isVisible() for choice in choices)


def test_all_settings_are_listed_and_can_be_gone_to(form, qtbot):
    listed = {path: (title, help) for path, title, help in form.all_settings()}
    assert listed["lr"] == ("Learning rate", "The size of each step.")
    assert listed["tool.weight"] == ("Weight (Tool)", "How heavy it is.")
    assert listed["mode"][0] == "Mode (Shifts)" and "rack" not in listed
    form.show_field("bench.height")
    assert form.editor("bench.height").isVisible()


def test_search_finds_by_title_help_and_path(form, qtbot):
    for words, found in {
        "working": {"hours"},
        "learning rate": {"lr"},
        "bench lamp": {"bench.bright"},
        "TOOL": {"tool.weight"},
    }.items():
        form.search.clear()
        qtbot.keyClicks(form.search, words)
        seen = {row.path for row in form._root.all_items() if isinstance(row, FieldRow) and row.isVisible()}
        assert seen == found
    qtbot.keyClicks(form.search, "xyz")
    assert form._nothing.isVisible() and "TOOLxyz" in form._nothing.text()
    form.search.clear()
    assert form._nothing.isHidden() and item(form, "hours").isVisible()


def shown_rows(form) -> list[str]:
    """Titles from the top of the screen."""
    seen = [row for row in form._root.all_items() if isinstance(row, (FieldRow, ChoiceItem)) and row.isVisible()]
    return [row.title for row in sorted(seen, key=lambda row: row.mapTo(form, QPoint(0, 0)).y())]


def test_the_nearest_match_stands_first(qtbot):
    class Inner(Spec):
        steps: int = option(1, "Of the inner one.")
        rate: int = option(1, "Every so many steps.")

    class Outer(Spec):
        every: int = option(1, "So many steps go by.", group="Steps")  # a heading that no search shows
        d_steps: int = option(1, "Of D.")
        steps_ahead: int = option(1, "Beyond.")
        inner: Inner = option(Inner(), "Within.")

    form = ConfigForm(Outer)
    qtbot.addWidget(form)
    form.resize(360, 900)
    form.set_level("all")
    form.show()
    qtbot.waitExposed(form)
    qtbot.keyClicks(form.search, "steps")
    assert shown_rows(form) == ["Steps", "Rate", "Steps ahead", "D steps", "Every"]  # Inner holds the exact one
    form.search.setFocus()
    qtbot.waitUntil(form.search.hasFocus)
    qtbot.keyClick(form.search, Qt.Key.Key_Tab)
    while QApplication.focusWidget() is not form.editor("inner.steps"):  # what is folded and reset is passed over
        assert QApplication.focusWidget() not in [form.editor(name) for name in ("every", "d_steps", "steps_ahead")]
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    form.search.clear()
    assert [item.path for item in form._root.items] == ["d_steps", "steps_ahead", "inner", ""]
    assert shown_rows(form)[:3] == ["D steps", "Steps ahead", "Every"] or not form.editor("every").isVisible()


def test_groups_fold(form, qtbot):
    group = item(form, "bench")
    assert not form.editor("bench.height").isVisible()
    qtbot.mouseClick(group.fold, Qt.MouseButton.LeftButton)
    assert form.editor("bench.height").isVisible()
    qtbot.mouseClick(group.heading.title, Qt.MouseButton.LeftButton)
    assert not form.editor("bench.height").isVisible()


def test_long_titles_do_not_widen_the_form(qtbot):
    class Long(Spec):
        number: int = option(1, "Help.", title="A title that goes on and on " * 5, ge=0, le=9)

    form = ConfigForm(Long)
    qtbot.addWidget(form)
    assert form.minimumSizeHint().width() <= 360


# --- running ---------------------------------------------------------------------------------------------------------


def test_a_running_form_is_locked_but_for_live_fields(form, qtbot):
    form.set_running(True)
    free = {row.path for row in form._root.all_items() if isinstance(row, FieldRow) and row.editor.isEnabled()}
    assert free == {"lr", "tool.weight"}
    assert not form.editor("tool").isEnabled() and not item(form, "rack").add.isEnabled()
    assert item(form, "lr").heading.live.isVisible() and not item(form, "hours").heading.live.isVisible()
    with qtbot.waitSignal(form.live_changed) as told:
        write(qtbot, form.editor("lr"), "1e-4")
    assert told.args == ["lr", 1e-4]
    with qtbot.waitSignal(form.live_changed) as undone:
        form.undo_stack.undo()
    assert undone.args == ["lr", 2e-4]
    form.set_running(False)
    assert form.editor("hours").isEnabled() and not item(form, "lr").heading.live.isVisible()
    with qtbot.assertNotEmitted(form.live_changed):
        write(qtbot, form.editor("lr"), "1e-3")


# --- everyone --------------------------------------------------------------------------------------------------------


def test_every_control_has_a_name(form, assert_named):
    form.edit("rack", [{"kind": "hammer"}, {"kind": "saw"}])
    for part in form._root.all_items():
        part.reveal()
    assert_named(form)


def test_tab_reaches_every_editor_in_its_order(form, qtbot):
    form.activateWindow()
    form.search.setFocus()
    qtbot.waitUntil(form.search.hasFocus)
    reached = []
    for _ in range(40):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
    order = [reached.index(form.editor(path)) for path in ("tool", "tool.weight", "lr", "hours")]
    assert order == sorted(order)


def test_ranges_are_told():
    assert range_text(Hammer.model_fields["weight"]) == "0 to 10 kg"
    assert range_text(Saw.model_fields["teeth"]) == "16 to 128, a multiple of 16"
    assert range_text(Shop.model_fields["lr"]) == "Above 0, at most 10"


def test_tool_tips_tell_help_range_and_path(form):
    tip = form.editor("tool.weight").toolTip()
    assert all(part in tip for part in ("How heavy it is.", "0 to 10 kg", "tool.weight"))


def test_disabled_and_narrow_forms_paint(form):
    form.setEnabled(False)
    form.resize(300, 500)
    image = form.grab().toImage()
    assert isinstance(image, QImage) and image.width() == 300
    assert not any(label.isVisible() and label.width() > 300 for label in form.findChildren(QLabel))


def test_the_form_imports_no_torch():
    script = "import sys, gan_studio.gui.forms; assert not {'torch', 'pyqtgraph'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])


def test_the_whole_config_round_trips(qtbot, assert_named):
    from gan_studio.jobs.settings import RunConfig

    form = ConfigForm(RunConfig)
    qtbot.addWidget(form)
    assert RunConfig.parse(form.values()) == RunConfig()
    assert_named(form)
    for part in list(form._root.all_items()):
        if isinstance(part, (FieldRow, ChoiceItem)) and part.path:
            get(form.values(), part.path)  # every path leads somewhere
    for path, shelf in [(p.path, p._shelf) for p in form._root.all_items() if isinstance(p, ChoiceItem)]:
        for entry in shelf:
            form.edit(f"{path}.kind", entry.kind)
            assert get(form.values(), path) == entry().plain()
        form.set_values({})
    assert RunConfig.parse(form.values()) == RunConfig()
