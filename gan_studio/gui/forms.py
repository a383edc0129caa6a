"""A form made from a Spec class: every field, range, unit and help sentence comes from there.

The form edits plain values, the same that stand in a TOML file, by dotted path. It never judges them: whoever listens
to `values_changed` does, and says what is wrong through `set_problems`. This module imports no torch; the shelves that
a Spec class names do, once the form is built.
"""

from __future__ import annotations

import copy
import html
import itertools
from collections.abc import Iterator
from typing import Any, Literal

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..config import Problem, Spec, differences, put
from .form_fields import Values, complete
from .form_items import ChoiceItem, FieldRow, Look, Section, exhaust
from .widgets.fold import alarming, quiet
from .widgets.toggle import Toggle, ToggleGroup

Level = Literal["learn", "all"]
UNDO_STEPS = 100


class ConfigForm(QWidget):
    """Edits the plain values of a Spec; undo and redo are in `undo_stack`.

    With `at_once` False only the frame is built, and whoever made it exhausts `furnish` before anything else.
    """

    values_changed = Signal(dict)  # all plain values, after every edit
    live_changed = Signal(str, object)  # (dotted path, value) of a live field edited while a run trains
    level_changed = Signal(str)  # "learn" or "all"

    def __init__(self, spec: type[Spec], parent: QWidget | None = None, at_once: bool = True):
        super().__init__(parent)
        self._spec = spec
        self._base = complete(spec, {})
        self._values = copy.deepcopy(self._base)
        self._look = Look(learn=True, words=())
        self._running = False
        self.rebuilt = True  # a part of the form is new
        self._problems: tuple[Problem, ...] = ()
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_STEPS)

        self.search = QLineEdit(placeholderText="Search settings", clearButtonEnabled=True)
        self.search.setAccessibleName("Search settings")
        self.search.setToolTip("Words of a setting's name, path or help")
        self.search.setAcceptDrops(False)  # what is dropped is for the window
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
        if at_once:
            exhaust(self.furnish())

    def furnish(self) -> Iterator[None]:
        """Build the fields; each `yield` gives the window time to breathe."""
        self._root.setParent(self._page)
        yield from self._root.furnish(self._values)
        yield
        self._page_column.insertWidget(0, self._root)
        yield from self._refreshing()

    def _bar(self) -> QHBoxLayout:
        self._level = ToggleGroup(self)
        row = QHBoxLayout()
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(0)
        for number, (text, tip) in enumerate(
            [("Learn", "The few settings that matter most, explained"), ("All settings", "Every setting")]
        ):
            button = Toggle(text, tip)
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
        self._page_column = QVBoxLayout(self._page)
        self._page_column.setContentsMargins(8, 8, 8, 16)
        self._page_column.setSpacing(0)
        self._page_column.addWidget(self._nothing)
        self._page_column.addStretch(1)
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
        return self.current()

    def current(self) -> Values:
        """The same without what is still being typed."""
        return copy.deepcopy(self._values)

    def edit(self, path: str, value: Any) -> None:
        """Set one value as the user would: it can be undone."""
        self.edit_many({path: value})

    def edit_many(self, changes: Values) -> None:
        """Set values by dotted path, as one step of undo. What is still being typed is taken first."""
        self._commit()
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

    def all_settings(self) -> Iterator[tuple[str, str, str]]:
        """(dotted path, title with what it belongs to, help) of every value that can be set, from top to bottom."""
        for item in self._root.all_items():
            if isinstance(item, (FieldRow, ChoiceItem)):
                title = f"{item.title} ({item.above[-1]})" if item.above else item.title
                yield item.path, title, item.sentence

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

    def show_top(self) -> None:
        self._area.verticalScrollBar().setValue(0)

    def _level_toggled(self, number: int, checked: bool) -> None:
        if checked:
            self._look_again()
            self.level_changed.emit(self.level())

    def _look_again(self) -> None:
        words = tuple(self.search.text().lower().split())
        self._look = Look(learn=self._level.checkedId() == 0, words=words)
        self._filter()
        self._place_problems(unfold=False)
        if self.rebuilt:
            self._order_tabs()
        if words:
            self.show_top()

    def _refresh(self) -> None:
        exhaust(self._refreshing())

    def _refreshing(self) -> Iterator[None]:
        self._root.show_values(self._values, self._base)
        yield
        self._root.set_running(self._running)
        yield
        self._filter()
        yield
        self._place_problems(unfold=False)
        if self.rebuilt:
            yield
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
        QCoreApplication.sendPostedEvents(self._area.viewport(), QEvent.Type.LayoutRequest)  # the page is resized

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
