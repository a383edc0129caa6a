"""A form made from a Spec class: every field, range, unit and help sentence comes from there.

The form edits plain values, the same that stand in a TOML file, by dotted path. It never judges them: whoever listens
to `values_changed` does, and says what is wrong through `set_problems`. This module imports no torch; the shelves that
a Spec class names do, once the form is built.
"""

from __future__ import annotations

import copy
import html
import itertools
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QUndoCommand, QUndoStack
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..config import ConfigError, Problem, Spec, differences, extra, join, put
from ..registry import OneOf, Registry
from . import theme
from .widgets.editors import CheckBox, ChoiceBox, NumberBox, PathLine, TextLine, TomlLine
from .widgets.fold import INDENT, FoldButton, Title, alarming, quiet
from .widgets.points_editor import PointsEditor

Level = Literal["learn", "all"]
Values = dict[str, Any]
Editor = NumberBox | ChoiceBox | CheckBox | TextLine | PathLine | PointsEditor

EDITOR_WIDTH = 120
GUTTER = 18  # left of every title in "All settings", where the arrows stand


class ConfigForm(QWidget):
    """Edits the plain values of a Spec; undo and redo are in `undo_stack`."""

    values_changed = Signal(dict)  # all plain values, after every edit
    live_changed = Signal(str, object)  # (dotted path, value) of a live field edited while a run trains
    level_changed = Signal(str)  # "learn" or "all"

    def __init__(self, spec: type[Spec], parent: QWidget | None = None):
        super().__init__(parent)
        self._spec = spec
        self._base = complete(spec, {})
        self._values = copy.deepcopy(self._base)
        self._look = Look(learn=True, words=())
        self._running = False
        self.rebuilt = True  # a part of the form is new
        self._problems: tuple[Problem, ...] = ()
        self.undo_stack = QUndoStack(self)

        self.search = QLineEdit(placeholderText="Search settings", clearButtonEnabled=True)
        self.search.setAccessibleName("Search settings")
        self.search.textChanged.connect(self._look_again)
        self._top = alarming(QLabel(textFormat=Qt.TextFormat.RichText))
        self._top.linkActivated.connect(self.show_field)
        self._top.setContentsMargins(8, 0, 8, 8)
        self._nothing = quiet(QLabel(alignment=Qt.AlignmentFlag.AlignCenter, textFormat=Qt.TextFormat.PlainText))
        self._nothing.setContentsMargins(8, 24, 8, 24)
        self._root = Section(spec, "", (), self)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._bar())
        column.addWidget(self._top)
        column.addWidget(self._scrolling(), 1)
        self._refresh()

    def _bar(self) -> QHBoxLayout:
        self._level = QButtonGroup(self)
        row = QHBoxLayout()
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(0)
        for number, (text, tip) in enumerate(
            [("Learn", "The few settings that matter most, explained"), ("All settings", "Every setting")]
        ):
            button = QPushButton(text, autoDefault=False)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setAccessibleName(f"Show: {text}")
            self._level.addButton(button, number)
            row.addWidget(button)
        self._level.button(0).setChecked(True)
        self._level.idToggled.connect(self._level_toggled)
        row.addSpacing(8)
        row.addWidget(self.search, 1)
        return row

    def _scrolling(self) -> QScrollArea:
        self._page = QWidget()
        column = QVBoxLayout(self._page)
        column.setContentsMargins(8, 8, 8, 16)
        column.setSpacing(0)
        column.addWidget(self._root)
        column.addWidget(self._nothing)
        column.addStretch(1)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(self._page)
        self._area.setMinimumWidth(300)
        return self._area

    # values

    def set_base(self, values: Values) -> None:
        """The plain values that "changed" and "reset" are measured against: those of the preset."""
        self._base = complete(self._spec, values)
        self._refresh()

    def set_values(self, values: Values) -> None:
        """Show these plain values, completed by the defaults; emits nothing and forgets what could be undone."""
        self._values = complete(self._spec, values)
        self.undo_stack.clear()
        self._refresh()

    def values(self) -> Values:
        """The plain values of the form, all of them; a copy. What is still being typed counts."""
        self._commit()
        return copy.deepcopy(self._values)

    def edit(self, path: str, value: Any) -> None:
        """Set one value as the user would: it can be undone."""
        self.edit_many({path: value})

    def edit_many(self, changes: Values) -> None:
        """Set values by dotted path, as one step of undo."""
        new = copy.deepcopy(self._values)
        for path, value in changes.items():
            put(new, path, value)
        new = complete(self._spec, new)
        if new != self._values:
            self.undo_stack.push(Edit(self, ", ".join(changes), self._values, new))

    def take(self, new: Values) -> None:
        """Show the values of an edit, or of one undone, and tell of them."""
        old, self._values = self._values, copy.deepcopy(new)
        self._refresh()
        self.values_changed.emit(copy.deepcopy(new))
        if self._running:
            for path, (_, value) in differences(old, new).items():
                self.live_changed.emit(path, value)

    def _commit(self) -> None:
        for item in list(self._root.all_items()):
            if isinstance(item, FieldRow):
                item.editor.commit()

    # state

    def set_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show what is wrong beneath the fields; what belongs to no field in sight is told on top."""
        self._problems = tuple(problems)
        self._place_problems(unfold=True)

    def set_running(self, running: bool) -> None:
        """Lock all fields but the live ones; what was done before the start cannot be undone any more."""
        if running and not self._running:
            self.undo_stack.clear()
        self._running = running
        self._root.set_running(running)

    def level(self) -> Level:
        return "learn" if self._look.learn else "all"

    def set_level(self, level: Level) -> None:
        self._level.button(0 if level == "learn" else 1).setChecked(True)

    def editor(self, path: str) -> QWidget | None:
        """The editor of the value at this path, None where there is none (yet)."""
        item = self._root.item_at(path)
        return item.editor if isinstance(item, (FieldRow, ChoiceItem)) else None

    def show_field(self, path: str) -> None:
        """Bring a field into sight, whatever hides it, and give it the keyboard."""
        item = self._root.nearest(path)
        if item is None:
            return
        self.search.clear()
        if not item.shown:
            self.set_level("all")
        item.reveal()
        self.settle()
        self._area.ensureWidgetVisible(item, 0, 40)
        target = item.editor if isinstance(item, (FieldRow, ChoiceItem)) else item
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _level_toggled(self, number: int, checked: bool) -> None:
        if checked:
            self._look_again()
            self.level_changed.emit(self.level())

    def _look_again(self) -> None:
        words = tuple(self.search.text().lower().split())
        self._look = Look(learn=self._level.checkedId() == 0, words=words)
        self._filter()
        self._place_problems(unfold=False)

    def _refresh(self) -> None:
        self._root.show_values(self._values, self._base)
        self._root.set_running(self._running)
        self._filter()
        self._place_problems(unfold=False)
        if self.rebuilt:
            self._order_tabs()

    def _order_tabs(self) -> None:
        """Tab goes from top to bottom, also through what was built late."""
        self.rebuilt = False
        stops = [self.search, *(stop for item in self._root.all_items() for stop in item.tab_stops())]
        for before, after in itertools.pairwise(stops):
            QWidget.setTabOrder(before, after)

    def settle(self) -> None:
        """Lay out at once, the innermost first; Qt alone would take several rounds, and be seen doing it."""
        for widget in [*reversed(self._page.findChildren(QWidget)), self._page]:
            layout = widget.layout()
            if layout is not None:
                layout.activate()
        QCoreApplication.sendPostedEvents(self._page, QEvent.Type.LayoutRequest)  # the scroll area fits the page

    def _filter(self) -> None:
        found = self._root.filter(self._look)
        sentence = f"No setting matches “{self.search.text().strip()}”." if self._look.words else "Nothing to set here."
        self._nothing.setText(sentence)
        self._nothing.setVisible(not found)

    def _place_problems(self, unfold: bool) -> None:
        left: dict[str, list[str]] = {}
        for problem in self._problems:
            left.setdefault(problem.path, []).append(problem.sentence)
        self._root.place(left, unfold)
        lines = [self._top_line(path, sentence) for path, sentences in left.items() for sentence in sentences]
        self._top.setText("<br>".join(lines))
        self._top.setVisible(bool(lines))
        self.settle()

    def _top_line(self, path: str, sentence: str) -> str:
        item = self._root.nearest(path) if path else None
        if item is None:
            return html.escape(f"{path}: {sentence}" if path else sentence)
        rest = path.removeprefix(item.path).lstrip(".")
        label = f"{item.title} ({rest})" if rest else item.title
        return f'<a href="{html.escape(path)}">{html.escape(label)}</a>: {html.escape(sentence)}'


class Edit(QUndoCommand):
    """One step of undo; a second edit of the same place joins the first."""

    def __init__(self, form: ConfigForm, path: str, old: Values, new: Values):
        super().__init__(f"Change {path}")
        self.form, self.path, self.old, self.new = form, path, old, new

    def redo(self) -> None:
        self.form.take(self.new)

    def undo(self) -> None:
        self.form.take(self.old)

    def id(self) -> int:
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        assert isinstance(other, Edit)
        if other.path != self.path or other.path.endswith("kind"):
            return False
        self.new = other.new
        self.setObsolete(self.new == self.old)
        return True


# --- the parts of the form -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """What the user wants to see."""

    learn: bool
    words: tuple[str, ...]  # of the search

    @property
    def flat(self) -> bool:
        """Nothing is folded: few settings are shown."""
        return self.learn or bool(self.words)

    def wants(self, learn: bool, haystack: str) -> bool:
        if self.words:
            return all(word in haystack for word in self.words)
        return learn or not self.learn


class Item(QWidget):
    """A place in the values: a field, a group, a choice, a list. `shown` says whether the look lets it be seen."""

    def __init__(self, title: str, path: str, above: tuple[str, ...], form: ConfigForm):
        super().__init__()
        self.title, self.path, self.form = title, path, form
        self.above = above  # titles of what it is nested in
        self.shown = True
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2)

    def show_values(self, values: Values, base: Values) -> None:
        """Show this item's part of the table that holds it."""

    def filter(self, look: Look) -> bool:
        """Hide what the look does not want; whether anything is left."""
        raise NotImplementedError

    def set_running(self, running: bool) -> None:
        raise NotImplementedError

    def place(self, problems: dict[str, list[str]], unfold: bool) -> bool:
        """Show the sentences that belong here and take them out of `problems`; whether there were any."""
        raise NotImplementedError

    def children_items(self) -> Iterator[Item]:
        yield from ()

    def tab_stops(self) -> list[QWidget]:
        """What takes the keyboard here, in order; not in what is nested."""
        raise NotImplementedError

    def reveal(self) -> None:
        """Unfold whatever it is folded under."""
        above = self.parentWidget()
        while above is not None and above is not self.form:
            if isinstance(above, Folding):
                above.fold.set_open(True)
            above = above.parentWidget()


class Heading(QWidget):
    """The line of an item: arrow, title, mark of live fields, room for an editor, reset."""

    def __init__(self, title: str, tip: str, reset: Any, foldable: bool = False):
        super().__init__()
        self.fold = FoldButton(title) if foldable else None
        self.gutter = QWidget()
        self.gutter.setFixedWidth(GUTTER)
        if self.fold is not None:
            self.fold.setParent(self.gutter)
        self.title = Title(title)
        self.title.setToolTip(tip)
        self.live = quiet(QLabel("live"))
        self.live.setWordWrap(False)
        self.live.setToolTip("May be changed while the run trains; takes effect before the next step.")
        self.live.hide()
        self.reset = QToolButton(autoRaise=True)
        self.reset.setFixedSize(20, 20)
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.setAccessibleName(f"Reset {title}")
        self.reset.clicked.connect(reset)
        theme.tint(self.reset, "restore")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.reset.hide()
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(4)
        self.row.addWidget(self.gutter)
        self.row.addWidget(self.title, 1)
        self.row.addWidget(self.live)
        self.row.addWidget(self.reset)
        if self.fold is not None:
            self.title.pressed.connect(self.fold.toggle)

    def add(self, editor: QWidget) -> None:
        self.row.insertWidget(self.row.count() - 1, editor)

    def set_changed(self, changed: bool, base: str) -> None:
        self.title.set_changed(changed)
        self.reset.setVisible(changed)
        self.reset.setToolTip(f"Back to {base}")

    def set_gutter(self, visible: bool) -> None:
        self.gutter.setVisible(visible)


class FieldRow(Item):
    """One value with its editor, its help and what is wrong with it."""

    def __init__(self, name: str, field: FieldInfo, path: str, above: tuple[str, ...], form: ConfigForm):
        super().__init__(field_title(name, field), path, above, form)
        self._name, self._info = name, extra(field)
        self._base: Any = None
        self.editor = editor_for(name, field)
        tip = tool_tip(self.title, field, path)
        self.heading = Heading(self.title, tip, self._reset)
        self.heading.title.setBuddy(self.editor)
        self.editor.setAccessibleName(self.title)
        self.editor.setAccessibleDescription(field.description or "")
        self.editor.setToolTip(tip)
        self.editor.edited.connect(self._edited)
        self.column.setContentsMargins(0, 3, 0, 3)
        self.column.addWidget(self.heading)
        if isinstance(self.editor, (PathLine, PointsEditor)):
            self.column.addLayout(self._beneath(self.editor))
        else:
            self.editor.setFixedWidth(EDITOR_WIDTH)
            self.heading.add(self.editor)
        self.help = quiet(QLabel(field.description or "", textFormat=Qt.TextFormat.PlainText))
        self.problem = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.problem.hide()
        self.column.addLayout(self._beneath(self.problem))
        self.column.addLayout(self._beneath(self.help))
        self._haystack = " ".join([*above, self.title, path, field.description or ""]).lower()

    def _beneath(self, widget: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 24, 0)
        row.setSpacing(0)
        indent = QWidget()
        indent.setFixedWidth(GUTTER + 4)
        self._indents = [*getattr(self, "_indents", []), indent]
        row.addWidget(indent)
        row.addWidget(widget, 1)
        return row

    def show_values(self, values: Values, base: Values) -> None:
        value, self._base = values.get(self._name), base.get(self._name)
        self.editor.set_value(value)
        self.heading.set_changed(value != self._base, value_text(self._base))

    def filter(self, look: Look) -> bool:
        self.shown = look.wants(self._info["learn"], self._haystack)
        self.setVisible(self.shown)
        self.help.setVisible(look.learn or bool(look.words))
        self.heading.set_gutter(not look.flat)
        for indent in self._indents:
            indent.setVisible(not look.flat)
        return self.shown

    def set_running(self, running: bool) -> None:
        locked = running and not self._info["live"]
        self.editor.setEnabled(not locked)
        self.heading.reset.setEnabled(not locked)
        self.heading.live.setVisible(running and self._info["live"])

    def place(self, problems: dict[str, list[str]], unfold: bool) -> bool:
        mine = [p for p in problems if p == self.path or p.startswith(f"{self.path}.")] if self.shown else []
        sentences = [_as_sentence(sentence) for p in mine for sentence in problems.pop(p)]
        self.problem.setText("\n".join(sentences))
        self.problem.setVisible(bool(sentences))
        self.editor.setAccessibleDescription("\n".join([*sentences, self.help.text()]))
        return bool(sentences)

    def tab_stops(self) -> list[QWidget]:
        match self.editor:
            case PathLine():
                parts: list[QWidget] = [self.editor.line, self.editor.pick]
            case PointsEditor():
                parts = [self.editor.canvas, self.editor.clear_button]
            case _:
                parts = [self.editor]
        return [*parts, self.heading.reset]

    def _edited(self, value: Any) -> None:
        self.form.edit(self.path, value)

    def _reset(self) -> None:
        self.form.edit(self.path, copy.deepcopy(self._base))


class Body(QWidget):
    """What is folded under a heading: indented, with a hairline at its left."""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setSpacing(0)
        self.set_indented(True)

    def set_indented(self, indented: bool) -> None:
        self.column.setContentsMargins(INDENT if indented else 0, 0, 0, 0)
        self._line = indented
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._line:
            painter = QPainter(self)
            painter.setPen(theme.colours().grid)
            painter.drawLine(9, 2, 9, self.height() - 4)


class Folding(Item):
    """A heading over a body that folds."""

    def __init__(self, title: str, tip: str, path: str, above: tuple[str, ...], form: ConfigForm, open_: bool):
        super().__init__(title, path, above, form)
        self.heading = Heading(title, tip, self.reset, foldable=True)
        self.fold: FoldButton = self.heading.fold  # type: ignore[assignment]
        self.body = Body()
        self._flat, self._any_shown = False, True
        self.column.setContentsMargins(0, 5, 0, 3)
        self.column.addWidget(self.heading)
        self.build_beneath_heading()
        self.column.addWidget(self.body)
        self.fold.set_open(open_)
        self.fold.turned.connect(self._turned)

    def build_beneath_heading(self) -> None:
        """For what stays when the body is folded."""

    def tab_stops(self) -> list[QWidget]:
        return [self.fold, *self.own_stops(), self.heading.reset]

    def own_stops(self) -> list[QWidget]:
        return []

    def reset(self) -> None:
        raise NotImplementedError

    def lay_out(self, look: Look, any_shown: bool) -> None:
        self._flat, self._any_shown = look.flat, any_shown
        self.heading.set_gutter(not look.flat)
        self.body.set_indented(not look.flat)
        self._show_body()

    def _turned(self) -> None:
        self._show_body()
        self.form.settle()

    def _show_body(self) -> None:
        self.body.setVisible(self._any_shown and (self._flat or self.fold.isChecked()))


class GroupItem(Folding):
    """Fields under a heading: a nested Spec (`own_table`), or those of one table that share a group."""

    def __init__(
        self,
        title: str,
        tip: str,
        section: Section,
        path: str,
        above: tuple[str, ...],
        form: ConfigForm,
        name: str = "",
    ):
        super().__init__(title, tip, path, above, form, open_=False)
        self._name = name  # of the nested table; "" for a group within the same table
        self.section = section
        self.body.column.addWidget(section)
        self._values: Values = {}
        self._base: Values = {}

    def children_items(self) -> Iterator[Item]:
        yield from self.section.items

    def show_values(self, values: Values, base: Values) -> None:
        self._values, self._base = (values[self._name], base[self._name]) if self._name else (values, base)
        self.section.show_values(self._values, self._base)
        changed = any(self._values.get(key) != self._base.get(key) for key in self.section.names)
        self.heading.set_changed(changed, "the preset")

    def filter(self, look: Look) -> bool:
        self.shown = self.section.filter(look)
        self.setVisible(self.shown)
        self.heading.setHidden(look.flat and not self._name)  # the few that are left explain themselves
        self.lay_out(look, self.shown)
        return self.shown

    def set_running(self, running: bool) -> None:
        self.heading.reset.setEnabled(not running)
        self.section.set_running(running)

    def place(self, problems: dict[str, list[str]], unfold: bool) -> bool:
        found = self.section.place(problems, unfold)
        if found and unfold:
            self.fold.set_open(True)
        return found

    def reset(self) -> None:
        if self._name:
            self.form.edit(self.path, copy.deepcopy(self._base))
            return
        whole = {key: copy.deepcopy(self._base.get(key)) for key in self.section.names}
        self.form.edit_many({join(self.section.path, key): value for key, value in whole.items()})


class ChoiceItem(Folding):
    """One entry of a shelf with its own fields beneath."""

    def __init__(self, name: str, field: FieldInfo, path: str, above: tuple[str, ...], form: ConfigForm):
        self._name, self._field, self._info = name, field, extra(field)
        self._shelf = typing.cast(Registry[Any], shelf_of(field.metadata))
        self.section: Section | None = None
        self._kind: str | None = None
        self._base: Values = {}
        title = field_title(name, field)
        super().__init__(title, tool_tip(title, field, path), path, above, form, open_=not above)
        self._haystack = " ".join([*above, title, path, field.description or ""]).lower()

    def build_beneath_heading(self) -> None:
        self.editor = shelf_box(self._shelf)
        self.editor.setAccessibleName(self.title)
        self.editor.edited.connect(self._chosen)
        self.heading.title.setBuddy(self.editor)
        self.about = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.problem = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.problem.hide()
        self._indent = QWidget()
        self._indent.setFixedWidth(GUTTER + 4)
        beneath = QVBoxLayout()
        beneath.setContentsMargins(0, 0, 24, 2)
        beneath.setSpacing(3)
        for widget in (self.editor, self.problem, self.about):
            beneath.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._indent)
        row.addLayout(beneath, 1)
        self.column.addLayout(row)

    def own_stops(self) -> list[QWidget]:
        return [self.editor]

    def children_items(self) -> Iterator[Item]:
        yield from self.section.items if self.section else ()

    def show_values(self, values: Values, base: Values) -> None:
        own = values.get(self._name)
        self._base = base.get(self._name) or {}
        kind = own.get("kind") if isinstance(own, dict) else None
        if kind != self._kind or self.section is None:
            self._rebuild(kind)
        self.editor.set_value(kind)
        entry = entry_of(self._shelf, kind)
        self.about.setText(entry_sentence(entry) or self._field.description or "")
        self.editor.setToolTip(entry_tip(entry) if entry else "")
        self.heading.set_changed(kind != self._base.get("kind"), value_text(self._base.get("kind")))
        if self.section is not None and isinstance(own, dict):
            self.section.show_values(own, base_of(entry, self._base))

    def _rebuild(self, kind: str | None) -> None:
        if self.section is not None:
            retire(self.section)
        self._kind, self.form.rebuilt = kind, True
        entry = entry_of(self._shelf, kind)
        self.section = Section(entry, self.path, (*self.above, self.title), self.form) if entry else None
        if self.section is not None:
            self.body.column.addWidget(self.section)

    def filter(self, look: Look) -> bool:
        own = look.wants(self._info["learn"], self._haystack)
        nested = self.section.filter(look) if self.section else False
        self.shown = own or nested
        self._own_shown = own
        self.setVisible(self.shown)
        self.editor.setVisible(own)
        self.about.setVisible(own and look.flat)
        self._indent.setVisible(not look.flat)
        self.lay_out(look, nested)
        self.fold.setVisible(nested and not look.flat)
        return self.shown

    def set_running(self, running: bool) -> None:
        self.editor.setEnabled(not running)
        self.heading.reset.setEnabled(not running)
        if self.section is not None:
            self.section.set_running(running)

    def place(self, problems: dict[str, list[str]], unfold: bool) -> bool:
        mine = [p for p in (self.path, join(self.path, "kind")) if p in problems and self._own_shown]
        sentences = [_as_sentence(sentence) for p in mine for sentence in problems.pop(p)]
        self.problem.setText("\n".join(sentences))
        self.problem.setVisible(bool(sentences))
        nested = self.section.place(problems, unfold) if self.section else False
        if nested and unfold:
            self.fold.set_open(True)
        return nested or bool(sentences)

    def _chosen(self, kind: str) -> None:
        self.form.edit(join(self.path, "kind"), kind)

    def reset(self) -> None:
        self.form.edit(self.path, copy.deepcopy(self._base))


class ListItem(Folding):
    """Any number of entries of a shelf."""

    def __init__(self, name: str, field: FieldInfo, path: str, above: tuple[str, ...], form: ConfigForm):
        self._name, self._field, self._info = name, field, extra(field)
        self._shelf = typing.cast(Registry[Any], list_shelf_of(field))
        self.entries: list[EntryItem] = []
        self._own: list[Any] = []
        self._base: list[Any] = []
        title = field_title(name, field)
        super().__init__(title, tool_tip(title, field, path), path, above, form, open_=True)
        self._haystack = " ".join([*above, title, path, field.description or ""]).lower()

    def build_beneath_heading(self) -> None:
        self.add = QToolButton(autoRaise=True)
        self.add.setText("Add")
        self.add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.add.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.add.setAccessibleName(f"Add to {self.title}")
        theme.tint(self.add, "plus")
        self.menu = QMenu(self.add)
        self.menu.setToolTipsVisible(True)
        for entry in self._shelf:
            action = self.menu.addAction(entry.title)
            action.setData(entry.kind)
            action.setToolTip(entry_tip(entry))
        self.menu.triggered.connect(self._added)
        self.add.clicked.connect(self._offer)
        self.heading.add(self.add)
        self.problem = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.problem.hide()
        self.none = quiet(QLabel("None. Add one with the button above."))
        self.column.addWidget(self.problem)
        self.body.column.addWidget(self.none)

    def own_stops(self) -> list[QWidget]:
        return [self.add]

    def children_items(self) -> Iterator[Item]:
        yield from self.entries

    def show_values(self, values: Values, base: Values) -> None:
        self._own, self._base = list(values.get(self._name) or []), list(base.get(self._name) or [])
        if kinds(self._own) != [entry.kind for entry in self.entries]:
            self._rebuild()
        self.heading.set_changed(kinds(self._own) != kinds(self._base), value_text(kinds(self._base)) or "none")
        for i, entry in enumerate(self.entries):
            there = self._base[i] if i < len(self._base) else {}
            entry.show_values(self._own[i], there if isinstance(there, dict) else {})

    def _rebuild(self) -> None:
        for entry in self.entries:
            retire(entry)
        self.form.rebuilt = True
        above = (*self.above, self.title)
        self.entries = [
            EntryItem(self._shelf, kind, join(self.path, str(i)), above, self.form)
            for i, kind in enumerate(kinds(self._own))
        ]
        for entry in self.entries:
            entry.removed.connect(self._removed)
            self.body.column.addWidget(entry)

    def filter(self, look: Look) -> bool:
        own = look.wants(self._info["learn"], self._haystack)
        nested = sum([entry.filter(look) for entry in self.entries])
        self.shown = self._own_shown = own or bool(nested)
        self.setVisible(self.shown)
        self.none.setVisible(not self.entries)
        self.lay_out(look, bool(nested) or not self.entries)
        return self.shown

    def set_running(self, running: bool) -> None:
        self.add.setEnabled(not running)
        self.heading.reset.setEnabled(not running)
        for entry in self.entries:
            entry.set_running(running)

    def place(self, problems: dict[str, list[str]], unfold: bool) -> bool:
        sentences = [_as_sentence(s) for s in problems.pop(self.path, [])] if self.shown else []
        self.problem.setText("\n".join(sentences))
        self.problem.setVisible(bool(sentences))
        nested = sum([entry.place(problems, unfold) for entry in self.entries])
        if nested and unfold:
            self.fold.set_open(True)
        return bool(nested or sentences)

    def _offer(self) -> None:
        self.menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def _added(self, action: QAction) -> None:
        self.form.edit(self.path, [*copy.deepcopy(self._own), {"kind": action.data()}])
        if self.entries:
            self.fold.set_open(True)
            self.entries[-1].fold.set_open(True)

    def _removed(self, path: str) -> None:
        gone = int(path.rsplit(".", 1)[1])
        self.form.edit(self.path, [copy.deepcopy(v) for i, v in enumerate(self._own) if i != gone])

    def reset(self) -> None:
        self.form.edit(self.path, copy.deepcopy(self._base))


class EntryItem(Folding):
    """One entry in a list."""

    removed = Signal(str)  # its path

    def __init__(self, shelf: Registry[Any], kind: str, path: str, above: tuple[str, ...], form: ConfigForm):
        self.kind, self._entry = kind, entry_of(shelf, kind)
        self._base: Values = {}
        title = self._entry.title if self._entry else kind
        super().__init__(title, entry_tip(self._entry) if self._entry else "", path, above, form, open_=False)
        self.section = Section(self._entry, path, (*above, title), form) if self._entry else None
        if self.section is not None:
            self.body.column.addWidget(self.section)

    def build_beneath_heading(self) -> None:
        self.remove = QToolButton(autoRaise=True)
        self.remove.setFixedSize(20, 20)
        self.remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.remove.setToolTip(f"Remove {self.title}")
        self.remove.setAccessibleName(f"Remove {self.title}")
        self.remove.clicked.connect(self._remove)
        theme.tint(self.remove, "close")
        self.heading.add(self.remove)

    def own_stops(self) -> list[QWidget]:
        return [self.remove]

    def children_items(self) -> Iterator[Item]:
        yield from self.section.items if self.section else ()

    def show_values(self, values: Values, base: Values) -> None:
        self._base = base_of(self._entry, base)
        if self.section is not None:
            self.section.show_values(values, self._base)
        self.heading.set_changed(
            values != self._base, "its defaults" if base.get("kind") != self.kind else "the preset"
        )

    def filter(self, look: Look) -> bool:
        nested = self.section.filter(look) if self.section else False
        haystack = " ".join([*self.above, self.title, self.path, self.kind]).lower()
        self.shown = nested or look.wants(False, haystack)
        self.setVisible(self.shown)
        self.lay_out(look, nested)
        return self.shown

    def set_running(self, running: bool) -> None:
        self.remove.setEnabled(not running)
        self.heading.reset.setEnabled(not running)
        if self.section is not None:
            self.section.set_running(running)

    def place(self, problems: dict[str, list[str]], unfold: bool) -> bool:
        found = self.section.place(problems, unfold) if self.section else False
        if found and unfold:
            self.fold.set_open(True)
        return found

    def _remove(self) -> None:
        self.removed.emit(self.path)

    def reset(self) -> None:
        self.form.edit(self.path, copy.deepcopy(self._base))


class Section(QWidget):
    """The items of one table: its fields in their order, then its groups."""

    def __init__(
        self,
        spec: type[Spec],
        path: str,
        above: tuple[str, ...],
        form: ConfigForm,
        fields: dict[str, FieldInfo] | None = None,
    ):
        super().__init__()
        self.path = path
        shown = dict(spec.model_fields) if fields is None else fields
        self.names = list(shown)
        groups = group_names(shown) if fields is None else []
        self.items: list[Item] = [
            item_for(name, field, join(path, name), above, form)
            for name, field in shown.items()
            if extra(field)["group"] not in groups
        ]
        for group in groups:
            members = {name: field for name, field in shown.items() if extra(field)["group"] == group}
            inner = Section(spec, path, (*above, group), form, members)
            self.items.append(GroupItem(group, "", inner, path, above, form))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for item in self.items:
            column.addWidget(item)

    def show_values(self, values: Values, base: Values) -> None:
        for item in self.items:
            item.show_values(values, base)

    def filter(self, look: Look) -> bool:
        found = [item.filter(look) for item in self.items]
        return any(found)

    def set_running(self, running: bool) -> None:
        for item in self.items:
            item.set_running(running)

    def place(self, problems: dict[str, list[str]], unfold: bool) -> bool:
        found = [item.place(problems, unfold) for item in self.items]
        return any(found)

    def all_items(self) -> Iterator[Item]:
        pending: list[Item] = list(self.items)
        while pending:
            item = pending.pop(0)
            yield item
            pending = [*item.children_items(), *pending]

    def item_at(self, path: str) -> Item | None:
        return next((item for item in self.all_items() if item.path == path and not is_group(item)), None)

    def nearest(self, path: str) -> Item | None:
        """The item at this path, or the innermost one that holds it."""
        while path:
            item = self.item_at(path)
            if item is not None:
                return item
            path = path.rpartition(".")[0]
        return None


def is_group(item: Item) -> bool:
    """A heading within a table: it has the path of the table."""
    return isinstance(item, GroupItem) and not item._name


def item_for(name: str, field: FieldInfo, path: str, above: tuple[str, ...], form: ConfigForm) -> Item:
    if shelf_of(field.metadata) is not None:
        return ChoiceItem(name, field, path, above, form)
    if list_shelf_of(field) is not None:
        return ListItem(name, field, path, above, form)
    nested = field.annotation
    if is_spec(nested):
        title = field_title(name, field)
        groups = {extra(inner)["group"] for inner in nested.model_fields.values()}
        alone = dict(nested.model_fields) if len(groups) == 1 else None  # one group for all needs no heading of its own
        section = Section(nested, path, (*above, title), form, alone)
        return GroupItem(title, tool_tip(title, field, path), section, path, above, form, name)
    return FieldRow(name, field, path, above, form)


def editor_for(name: str, field: FieldInfo) -> Editor:
    kind = plain_type(field.annotation)
    bounds = bounds_of(field)
    if typing.get_origin(kind) is Literal:
        return ChoiceBox([(value, str(value), "") for value in typing.get_args(kind)])
    if kind is bool:
        return CheckBox()
    if kind in (int, float):
        info = extra(field)
        return NumberBox(
            kind is int,
            bounds.get("ge", bounds.get("gt", float("-inf"))),
            bounds.get("le", bounds.get("lt", float("inf"))),
            open_low="gt" in bounds,
            open_high="lt" in bounds,
            step=bounds.get("multiple_of"),
            log=info["log"],
            unit=info["unit"],
        )
    if kind is Path or (kind is str and name in ("path", "folder")):
        return PathLine()
    if kind is str:
        return TextLine()
    if kind == tuple[tuple[float, float], ...]:
        return PointsEditor()
    return TomlLine()


def retire(widget: QWidget) -> None:
    """Delete a part of the form; what is still typed in it is not told any more."""
    for child in [widget, *widget.findChildren(QObject)]:
        child.blockSignals(True)
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()


# --- what a Spec says about its fields -------------------------------------------------------------------------------

WORDS = {"g": "G", "d": "D", "z": "z", "lr": "learning rate", "ema": "EMA", "r1": "R1", "r2": "R2", "kl": "KL"}


def field_title(name: str, field: FieldInfo) -> str:
    """The title it was given, or one made of its name: `g_optimiser` is "G optimiser"."""
    if field.title:
        return field.title
    text = " ".join(WORDS.get(word, word) for word in name.split("_"))
    return text if name.split("_")[0] == "z" else text[:1].upper() + text[1:]


def shelf_of(metadata: typing.Iterable[Any]) -> Registry[Any] | None:
    return next((mark.shelf for mark in metadata if isinstance(mark, OneOf)), None)


def list_shelf_of(field: FieldInfo) -> Registry[Any] | None:
    """The shelf of `tuple[Annotated[Entry, OneOf(SHELF)], ...]`."""
    inner = typing.get_args(field.annotation) if typing.get_origin(field.annotation) in (tuple, list) else ()
    return shelf_of(getattr(inner[0], "__metadata__", ())) if inner else None


def is_spec(kind: Any) -> typing.TypeGuard[type[Spec]]:
    return isinstance(kind, type) and issubclass(kind, Spec)


def plain_type(annotation: Any) -> Any:
    """Without Annotated."""
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is typing.Annotated else annotation


def bounds_of(field: FieldInfo) -> dict[str, float]:
    words = ("ge", "gt", "le", "lt", "multiple_of")
    return {word: getattr(mark, word) for mark in field.metadata for word in words if hasattr(mark, word)}


def group_names(fields: dict[str, FieldInfo]) -> list[str]:
    return list(dict.fromkeys(extra(field)["group"] for field in fields.values() if extra(field)["group"]))


def entry_of(shelf: Registry[Any], kind: Any) -> type[Spec] | None:
    try:
        return shelf[kind]
    except ConfigError:
        return None


def base_of(entry: type[Spec] | None, base: Values) -> Values:
    """What an entry's fields are measured against: the base where it has the same kind, else the entry's defaults."""
    if entry is None or base.get("kind") == entry.kind:
        return base
    return complete(entry, {})


def kinds(entries: list[Any]) -> list[str]:
    return [str(entry.get("kind")) if isinstance(entry, dict) else str(entry) for entry in entries]


# --- plain values ----------------------------------------------------------------------------------------------------


def complete(spec: type[Spec], values: Values) -> Values:
    """Plain values with the defaults filled in. Nothing is judged: what does not fit stays as it is."""
    done: Values = {"kind": spec.kind} if spec.kind else {}
    for name, field in spec.model_fields.items():
        given = values[name] if name in values else field.get_default(call_default_factory=True)
        done[name] = complete_field(field, to_plain(given))
    return done | {key: value for key, value in values.items() if key not in done}


def complete_field(field: FieldInfo, given: Any) -> Any:
    one, many = shelf_of(field.metadata), list_shelf_of(field)
    if one is not None:
        return complete_entry(one, given)
    if many is not None and isinstance(given, list):
        return [complete_entry(many, value) for value in given]
    if is_spec(field.annotation) and isinstance(given, dict):
        return complete(field.annotation, given)
    return given


def complete_entry(shelf: Registry[Any], given: Any) -> Any:
    values = {"kind": given} if isinstance(given, str) else given
    entry = entry_of(shelf, values.get("kind")) if isinstance(values, dict) else None
    return complete(entry, values) if entry else values


def to_plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.plain()
    if isinstance(value, dict):
        return {key: to_plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(inner) for inner in value]
    if isinstance(value, Path):
        return str(value)
    return None if value is PydanticUndefined else value


# --- sentences -------------------------------------------------------------------------------------------------------


def tool_tip(title: str, field: FieldInfo, path: str) -> str:
    lines = [f"<b>{html.escape(title)}</b>", html.escape(field.description or ""), html.escape(range_text(field))]
    return "".join(f"<p>{line}</p>" for line in lines if line) + f"<p><code>{html.escape(path)}</code></p>"


def range_text(field: FieldInfo) -> str:
    """ "1 to 64 steps", "above 0, below 1", "at least 0"."""
    from .widgets.editors import number_text

    bounds, unit = bounds_of(field), extra(field)["unit"]
    says = {word: number_text(value, log=True) for word, value in bounds.items()}
    if "ge" in says and "le" in says:
        parts = [f"{says['ge']} to {says['le']}"]
    else:
        words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
        parts = [f"{words[word]} {says[word]}" for word in words if word in says]
    text = " ".join([", ".join(parts), unit]).strip()
    text += f", a multiple of {says['multiple_of']}" if "multiple_of" in says else ""
    return text[:1].upper() + text[1:]


def value_text(value: Any) -> str:
    """For "Back to ...": short, or "the preset's"."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(value, bool):
        text = "on" if value else "off"
    return text if len(text) <= 40 and value is not None else "the preset's value"


def shelf_box(shelf: Registry[Any]) -> ChoiceBox:
    return ChoiceBox([(entry.kind, entry.title, entry_tip(entry)) for entry in shelf])


def entry_tip(entry: type[Spec]) -> str:
    lines = [f"<b>{html.escape(entry.title)}</b>", html.escape(entry.about), f"<i>{html.escape(entry.paper)}</i>"]
    return "".join(f"<p>{line}</p>" for line in lines if line not in ("", "<i></i>"))


def entry_sentence(entry: type[Spec] | None) -> str:
    if entry is None or not entry.about:
        return ""
    return f"{entry.about} {entry.paper}." if entry.paper else entry.about


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
