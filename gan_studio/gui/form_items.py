"""The parts of a form: a field, a group, a choice from a shelf, a list of such choices."""

from __future__ import annotations

import copy
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic.fields import FieldInfo
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..config import Spec, extra, join
from ..registry import Registry
from . import theme
from .form_fields import (
    Values,
    as_sentence,
    base_of,
    bounds_of,
    entry_of,
    entry_sentence,
    entry_tip,
    field_title,
    group_names,
    is_spec,
    kinds,
    list_shelf_of,
    plain_type,
    shelf_of,
    tool_tip,
    value_text,
)
from .widgets.editors import CheckBox, ChoiceBox, NumberBox, PathLine, TextLine, TomlLine
from .widgets.fold import INDENT, FoldButton, Title, alarming, quiet
from .widgets.palette import closeness
from .widgets.points_editor import PointsEditor

if TYPE_CHECKING:
    from .forms import ConfigForm

Editor = NumberBox | ChoiceBox | CheckBox | TextLine | PathLine | PointsEditor

EDITOR_WIDTH = 104
GUTTER = 18  # left of every title in "All settings", where the arrows stand

PLACES = ("path", "path_a", "path_b", "folder")  # texts that name a folder or a file


@dataclass(frozen=True)
class Look:
    """What the user wants to see."""

    learn: bool
    words: tuple[str, ...]  # of the search

    @property
    def flat(self) -> bool:
        """Nothing is folded: few settings are shown."""
        return self.learn or bool(self.words)

    def nearness(self, title: str) -> int:
        """Of a title to what is searched, the greater the nearer; 0 where nothing is."""
        return closeness(title.lower(), " ".join(self.words)) if self.words else 0

    def wants(self, learn: bool, haystack: str) -> bool:
        if self.words:
            return all(word in haystack for word in self.words)
        return learn or not self.learn


class Item(QWidget):
    """A place in the values: a field, a group, a choice, a list. `shown` says whether the look lets it be seen."""

    sentence = ""  # of help

    def __init__(self, title: str, path: str, above: tuple[str, ...], form: ConfigForm):
        super().__init__()
        self.title, self.path, self.form = title, path, form
        self.above = above  # titles of what it is nested in
        self.shown = True
        self.nearness = 0  # of it, or of the nearest in it, to what is searched
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2)

    def furnish(self, values: Values) -> Iterator[None]:
        """Build what is nested in pieces, as these values of the table that holds it need it."""
        yield from ()

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
        self.sentence = field.description or ""
        self._name, self._info = name, extra(field)
        self._base: Any = None
        self.editor = editor_for(name, field)
        tip = tool_tip(self.title, field, path)
        self.heading = Heading(self.title, tip, self._reset)
        self.heading.title.setBuddy(self.editor)
        self.editor.setAccessibleName(self.title)
        self.editor.setAccessibleDescription(self.sentence)
        self.editor.setToolTip(tip)
        self.editor.edited.connect(self._edited)
        self.column.setContentsMargins(0, 3, 0, 3)
        self.column.addWidget(self.heading)
        if isinstance(self.editor, (PathLine, PointsEditor)):
            self.column.addLayout(self._beneath(self.editor))
        else:
            self.editor.setFixedWidth(EDITOR_WIDTH)
            self.heading.add(self.editor)
        self.help = quiet(QLabel(self.sentence, textFormat=Qt.TextFormat.PlainText))
        self.problem = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.problem.hide()
        self.column.addLayout(self._beneath(self.problem))
        self.column.addLayout(self._beneath(self.help))
        self._haystack = " ".join([*above, self.title, path, self.sentence]).lower()

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
        value: Any = values.get(self._name)
        self._base = base.get(self._name)
        self.editor.set_value(value)
        self.heading.set_changed(value != self._base, value_text(self._base))

    def filter(self, look: Look) -> bool:
        self.shown = look.wants(self._info["learn"], self._haystack)
        self.nearness = look.nearness(self.title) if self.shown else -1
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
        sentences = [as_sentence(sentence) for p in mine for sentence in problems.pop(p)]
        self.problem.setText("\n".join(sentences))
        self.problem.setVisible(bool(sentences))
        self.editor.setAccessibleDescription("\n".join([*sentences, self.help.text()]))
        return bool(sentences)

    def tab_stops(self) -> list[QWidget]:
        return [self.editor, self.heading.reset]  # Qt keeps the order within an editor of several parts

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

    def furnish(self, values: Values) -> Iterator[None]:
        yield from self.section.furnish(values[self._name] if self._name else values)

    def children_items(self) -> Iterator[Item]:
        yield from self.section.items

    def show_values(self, values: Values, base: Values) -> None:
        self._values, self._base = (values[self._name], base[self._name]) if self._name else (values, base)
        self.section.show_values(self._values, self._base)
        changed = any(self._values.get(key) != self._base.get(key) for key in self.section.names)
        self.heading.set_changed(changed, "the preset")

    def filter(self, look: Look) -> bool:
        self.shown = self.section.filter(look)
        own = look.nearness(self.title) if self.shown and self._name else -1  # other headings are hidden in a search
        self.nearness = max(self.section.nearness(), own)
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
        self.sentence = field.description or ""
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

    def furnish(self, values: Values) -> Iterator[None]:
        own = values.get(self._name)
        yield from self._rebuild(own if isinstance(own, dict) else {})

    def show_values(self, values: Values, base: Values) -> None:
        own = values.get(self._name)
        self._base = base.get(self._name) or {}
        kind = own.get("kind") if isinstance(own, dict) else None
        if kind != self._kind or self.section is None:
            exhaust(self.furnish(values))
        self.editor.set_value(kind)
        entry = entry_of(self._shelf, kind)
        self.about.setText(f"{self._field.description or ''} {entry_sentence(entry)}".strip())
        self.editor.setToolTip(entry_tip(entry) if entry else "")
        self.heading.set_changed(kind != self._base.get("kind"), value_text(self._base.get("kind")))
        if self.section is not None and isinstance(own, dict):
            self.section.show_values(own, base_of(entry, self._base))

    def _rebuild(self, own: Values) -> Iterator[None]:
        if self.section is not None:
            retire(self.section)
        self._kind, self.form.rebuilt = own.get("kind"), True
        entry = entry_of(self._shelf, self._kind)
        self.section = Section(entry, self.path, (*self.above, self.title), self.form) if entry else None
        if self.section is not None:
            self.section.setParent(self.body)
            yield from self.section.furnish(own)
            self.body.column.addWidget(self.section)

    def filter(self, look: Look) -> bool:
        is_choice = self.editor.count() > 1
        own = look.wants(self._info["learn"] and is_choice, self._haystack)
        nested = self.section.filter(look) if self.section else False
        within = self.section.nearness() if self.section and nested else -1
        self.shown = own or nested
        self.nearness = max(look.nearness(self.title) if own else -1, within)
        self._own_shown = own
        self.setVisible(self.shown)
        self.heading.setHidden(look.learn and not (look.words or own or self.above))
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
        sentences = [as_sentence(sentence) for p in mine for sentence in problems.pop(p)]
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
        self.add.setToolTip(f"Add one more to {self.title}")
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
        self.nearness = max([look.nearness(self.title) if own else -1, *(entry.nearness for entry in self.entries)])
        self.setVisible(self.shown)
        self.none.setVisible(not self.entries)
        self.none.setIndent(0 if look.flat else GUTTER + 4 - INDENT)  # beneath the title
        self.lay_out(look, bool(nested) or not self.entries)
        return self.shown

    def set_running(self, running: bool) -> None:
        self.add.setEnabled(not running)
        self.heading.reset.setEnabled(not running)
        for entry in self.entries:
            entry.set_running(running)

    def place(self, problems: dict[str, list[str]], unfold: bool) -> bool:
        sentences = [as_sentence(s) for s in problems.pop(self.path, [])] if self.shown else []
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
            exhaust(self.section.furnish({}))
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
        own = look.nearness(self.title) if self.shown else -1
        self.nearness = max(own, self.section.nearness() if self.section else -1)
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
    """The items of one table: its fields in their order, then its groups. Empty until `furnish` is exhausted."""

    def __init__(
        self,
        spec: type[Spec],
        path: str,
        above: tuple[str, ...],
        form: ConfigForm,
        fields: dict[str, FieldInfo] | None = None,
    ):
        super().__init__()
        self.path, self.above, self.form = path, above, form
        self._spec = spec
        self._fields = dict(spec.model_fields) if fields is None else fields
        self._groups = group_names(self._fields) if fields is None else []
        self.names = list(self._fields)
        self.items: list[Item] = []  # as they stand on the screen
        self._in_order: list[Item] = []  # as they stand where nothing is searched
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2)

    def furnish(self, values: Values) -> Iterator[None]:
        """Build the items in pieces, each with what these values nest in it."""
        for item in self._made():
            item.setParent(self)  # before it is finished: who stops building here leaves nobody's widgets behind
            yield
            yield from item.furnish(values)
            self.items.append(item)
            self._in_order.append(item)
            self.column.addWidget(item)

    def _made(self) -> Iterator[Item]:
        for name, field in self._fields.items():
            if extra(field)["group"] not in self._groups:
                yield item_for(name, field, join(self.path, name), self.above, self.form)
        for group in self._groups:
            members = {name: field for name, field in self._fields.items() if extra(field)["group"] == group}
            inner = Section(self._spec, self.path, (*self.above, group), self.form, members)
            yield GroupItem(group, "", inner, self.path, self.above, self.form)

    def show_values(self, values: Values, base: Values) -> None:
        for item in self.items:
            item.show_values(values, base)

    def filter(self, look: Look) -> bool:
        found = [item.filter(look) for item in self.items]
        self._sort(look)
        return any(found)

    def nearness(self) -> int:
        return max((item.nearness for item in self.items), default=-1)

    def _sort(self, look: Look) -> None:
        """What is nearest to what is searched comes first; else the order of the table."""
        items = sorted(self._in_order, key=lambda item: -item.nearness) if look.words else list(self._in_order)
        if items == self.items:
            return
        self.items, self.form.rebuilt = items, True
        for item in items:
            self.column.removeWidget(item)
            self.column.addWidget(item)

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
        unit = extra(field)["unit"]
        return ChoiceBox([(value, f"{value} {unit}".strip(), "") for value in typing.get_args(kind)])
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
    if kind is Path or (kind is str and name in PLACES):
        return PathLine()
    if kind is str:
        return TextLine()
    if kind == tuple[tuple[float, float], ...]:
        return PointsEditor()
    return TomlLine()


def shelf_box(shelf: Registry[Any]) -> ChoiceBox:
    return ChoiceBox([(entry.kind, entry.title, entry_tip(entry)) for entry in shelf])


def exhaust(pieces: Iterator[None]) -> None:
    """Build all pieces at once."""
    for _ in pieces:
        pass


def retire(widget: QWidget) -> None:
    """Delete a part of the form; what is still typed in it is not told any more."""
    for child in [widget, *widget.findChildren(QObject)]:
        child.blockSignals(True)
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()
