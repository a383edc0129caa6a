"""One lane as the user describes it: a name, an objective, penalties, and whatever else is to differ."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QMenu, QToolButton, QWidget

from ...config import ConfigError, Problem, from_text
from .. import theme
from ..widgets import looks
from ..widgets.entry_box import EntryBox
from ..widgets.fold import alarming

OBJECTIVE, PENALTIES = "recipe.objective", "recipe.penalties"
AS_BASE = "As the base"
NONE = "No penalty"
EXTRA_TIP = (
    "What else this lane does differently: settings of the recipe by their paths, parted by semicolons,\n"
    "such as recipe.pack=2; recipe.d_steps=5"
)


class LaneRow(QWidget):
    """`edited` when anything changed, `removed(self)` when it is to go."""

    edited = Signal()
    removed = Signal(QWidget)

    def __init__(self, number: int, parent: QWidget | None = None):
        super().__init__(parent)
        self._loading = False
        self._kept: dict[str, Any] = {}  # an objective or penalties with settings of their own, as they came
        self._build()
        self.set_number(number)
        theme.changed.connect(self._recolour)

    def _build(self) -> None:
        from ...objectives import OBJECTIVES

        self.swatch = QLabel()
        self.name = QLineEdit(placeholderText="Name of the lane", maxLength=60)
        self.name.setToolTip("What this lane is called; each has a name of its own")
        self.objective = EntryBox("", letters=8)  # `set_number` names it
        self.objective.addItem(AS_BASE, None)
        self.objective.setItemData(0, "The objective that the base has", Qt.ItemDataRole.ToolTipRole)
        self.objective.add(OBJECTIVES)
        self.objective.setToolTip("The loss that D and G play for in this lane")
        self.penalties = PenaltyButton()
        self.extra = QLineEdit(placeholderText="path=value; …")
        self.extra.setToolTip(EXTRA_TIP)
        self.remove = QToolButton(autoRaise=True)
        self.remove.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.tint(self.remove, "close")
        self.wrong = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.wrong.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 4)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(3)
        grid.addWidget(self.swatch, 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.objective, 0, 2)
        grid.addWidget(self.remove, 0, 3)
        grid.addWidget(self.penalties, 1, 1)
        grid.addWidget(self.extra, 1, 2)
        grid.addWidget(self.wrong, 2, 1, 1, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.name.textChanged.connect(self._edited)
        self.objective.currentIndexChanged.connect(self._chose_objective)
        self.penalties.changed.connect(self._chose_penalties)
        self.extra.textChanged.connect(self._edited)
        self.remove.clicked.connect(self._remove)

    def set_number(self, number: int) -> None:
        """Its place in the list, from 0: the colour that stands for it everywhere."""
        self.number = number
        for widget, what in (
            (self.name, "Name"),
            (self.objective, "Objective"),
            (self.penalties, "Penalties"),
            (self.extra, "Other changes"),
            (self.remove, "Remove"),
        ):
            widget.setAccessibleName(
                f"{what} of lane {number + 1}" if what != "Remove" else f"Remove lane {number + 1}"
            )
        self._recolour()

    def allow_removal(self, reason: str) -> None:
        self.remove.setEnabled(not reason)
        self.remove.setToolTip(reason or "Take this lane out")

    # what it says

    def title(self) -> str:
        return self.name.text().strip()

    def changes(self) -> dict[str, Any]:
        """{dotted path: value}. Raises ConfigError."""
        found: dict[str, Any] = {}
        if (objective := self.objective.currentData()) is not None:
            found[OBJECTIVE] = self._kept.get(OBJECTIVE, objective)
        if (penalties := self.penalties.kinds()) is not None:
            found[PENALTIES] = self._kept.get(PENALTIES, penalties)
        return found | typed(self.extra.text())

    def show_lane(self, name: str, changes: dict[str, Any]) -> None:
        """Show what a lane does differently; tells nothing."""
        changes, self._loading = dict(changes), True
        objective, penalties = changes.pop(OBJECTIVE, None), changes.pop(PENALTIES, None)
        self._kept = {OBJECTIVE: objective, PENALTIES: penalties}
        self._kept = {path: value for path, value in self._kept.items() if value is not None}
        self.name.setText(name)
        self.name.setCursorPosition(0)
        self.objective.setCurrentIndex(max(0, self.objective.findData(kind_of(objective))))
        self.penalties.set_kinds(None if penalties is None else [str(kind_of(penalty)) for penalty in penalties])
        self.extra.setText("; ".join(f"{path}={written(value)}" for path, value in changes.items()))
        self.extra.setCursorPosition(0)
        self._loading = False

    def show_problem(self, sentence: str) -> None:
        self.wrong.setText(sentence)
        self.wrong.setVisible(bool(sentence))

    # the user

    def _chose_objective(self) -> None:
        if not self._loading:
            self._kept.pop(OBJECTIVE, None)
        self._edited()

    def _chose_penalties(self) -> None:
        if not self._loading:
            self._kept.pop(PENALTIES, None)
        self._edited()

    def _edited(self) -> None:
        if not self._loading:
            self.edited.emit()

    def _remove(self) -> None:
        self.removed.emit(self)

    def _recolour(self) -> None:
        self.swatch.setPixmap(looks.swatch(self.number))


class PenaltyButton(QToolButton):
    """A menu of penalties to tick: as the base, none, or some of the shelf."""

    changed = Signal()

    def __init__(self) -> None:
        from ...penalties import PENALTIES as SHELF

        super().__init__()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(self.sizePolicy().Policy.Ignored, self.sizePolicy().Policy.Fixed)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.as_base = self._action(menu, AS_BASE, "The penalties that the base has")
        self.none = self._action(menu, NONE, "None, whatever the base has")
        menu.addSeparator()
        self.each = {entry.kind: self._action(menu, entry.title, entry.about) for entry in SHELF}
        self.setMenu(menu)
        menu.triggered.connect(self._ticked)
        self.set_kinds(None)

    def _action(self, menu: QMenu, text: str, tip: str) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setToolTip(tip)
        return action

    def kinds(self) -> list[str] | None:
        """None is as the base."""
        if self.as_base.isChecked():
            return None
        return [kind for kind, action in self.each.items() if action.isChecked()]

    def set_kinds(self, kinds: list[str] | None) -> None:
        self.as_base.setChecked(kinds is None)
        self.none.setChecked(kinds == [])
        for kind, action in self.each.items():
            action.setChecked(kind in (kinds or []))
        self._say()

    def _ticked(self, action: QAction) -> None:
        chosen = [kind for kind, one in self.each.items() if one.isChecked()]
        self.set_kinds(None if action is self.as_base else [] if action is self.none else chosen)
        self.changed.emit()

    def _say(self) -> None:
        """The text on the button is cut where there is no room; the tooltip says all."""
        titles = [action.text() for action in self.each.values() if action.isChecked()]
        told = AS_BASE if self.as_base.isChecked() else ", ".join(titles) or NONE
        self.setText(told)
        self.setAccessibleDescription(told)
        self.setToolTip(f"Penalties on D in this lane: {told}")


def typed(text: str) -> dict[str, Any]:
    """{path: value} of "path=value; path=value". Raises ConfigError."""
    found = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        path, equals, value = part.partition("=")
        if not equals or not path.strip():
            raise ConfigError(Problem("", f"Write path=value, such as recipe.pack=2, instead of “{part}”."))
        found[path.strip()] = from_text(value.strip())
    return found


def written(value: Any) -> str:
    """As `from_text` reads it."""
    from ...config import to_toml

    if isinstance(value, dict):  # within one line
        return "{ " + ", ".join(f"{key} = {written(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return to_toml({"value": value}).partition("value = ")[2].strip()


def kind_of(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, dict) else value
