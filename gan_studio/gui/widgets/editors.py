"""Editors of one value each. All have `edited(value)`, for what the user did, and `set_value`, which is silent.

A value is told when it is finished (Enter, Tab, an arrow, a choice), not while it is typed: on the way to 5e-5 stands
a learning rate of 5. `commit` finishes at once.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QWidget,
)

from ...config import from_text
from .. import theme

LARGEST = 2**53  # whole numbers beyond are not exact in a float


# --- numbers ---------------------------------------------------------------------------------------------------------


class NumberBox(QAbstractSpinBox):
    """A spin box for whole numbers or floats that shows 2e-4 as such and leaves the wheel alone until it has focus.

    `low`, `high`: bounds, themselves allowed unless `open_low`, `open_high`. `step`: what one press of an arrow adds;
    None picks about a tenth of the value. `log`: the arrows go 1, 2, 5, 10 instead.
    """

    edited = Signal(object)

    def __init__(
        self,
        whole: bool = True,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        open_low: bool = False,
        open_high: bool = False,
        step: float | None = None,
        log: bool = False,
        unit: str = "",
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self._whole, self._log, self._step = whole, log, step
        self._low, self._high, self._open_low, self._open_high = low, high, open_low, open_high
        self._suffix = f" {unit}" if unit else ""
        self._value: float = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.editingFinished.connect(self.commit)
        self.lineEdit().setAcceptDrops(False)  # what is dropped is for the window
        self._write()

    def value(self) -> float:
        return self._value

    def set_value(self, value: Any) -> None:
        """Show a value as it is, even one out of range: the sentence beneath the field says so."""
        if isinstance(value, (int, float)) and value != self._value:
            self._value = value
            self._write()

    def commit(self) -> None:
        """Take what stands in the field; out of range, the nearest bound; not a number, what stood there before."""
        typed = self._read(self.text())
        if typed is None:
            self._write()
        elif typed != self._value:
            self._take(self._nearest(typed))
        else:
            self._write()

    def _take(self, value: float) -> None:
        changed = value != self._value
        self._value = value
        self._write()
        if changed:
            self.edited.emit(value)

    # text

    def _write(self) -> None:
        text = number_text(self._value, self._log) + self._suffix
        if text != self.text():
            self.lineEdit().setText(text)
            self.lineEdit().setCursorPosition(0)

    def _read(self, text: str) -> float | None:
        word = text.removesuffix(self._suffix).strip().replace(" ", "").replace("_", "")
        if self._whole and re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", word):
            word = word.replace(",", "")  # of thousands; elsewhere a comma is a point
        word = word.replace(",", ".")
        try:
            number = float(word)
        except ValueError:
            return None
        if not math.isfinite(number):
            return None
        return round(number) if self._whole else number

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        word = text.removesuffix(self._suffix).strip()
        if self._read(text) is not None:
            return (QValidator.State.Acceptable, text, position)
        typing = all(c in "0123456789+-eE.,_ " for c in word) or self._suffix.strip().startswith(word[-1:])
        return (QValidator.State.Intermediate if typing else QValidator.State.Invalid, text, position)

    def fixup(self, text: str) -> str:
        return text  # `commit` mends it

    # steps

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flag = QAbstractSpinBox.StepEnabledFlag
        down = flag.StepDownEnabled if self._value > self._low else flag.StepNone
        up = flag.StepUpEnabled if self._value < self._high else flag.StepNone
        return down | up

    def stepBy(self, steps: int) -> None:
        value = self._read(self.text())
        value = self._value if value is None else value
        for _ in range(abs(steps)):
            value = self._nearest(self._stepped(value, 1 if steps > 0 else -1))
        self._take(value)
        self.selectAll()

    def _stepped(self, value: float, sign: int) -> float:
        if self._log and value > 0:
            return one_two_five(value, sign)
        step = self._step or adaptive_step(value, sign, self._whole, self._high - self._low)
        # On the lattice of the step: 17 goes to 32 or 16 when the step is 16.
        place = math.floor(value / step + 1e-9) + 1 if sign > 0 else math.ceil(value / step - 1e-9) - 1
        stepped = place * step
        return round(stepped) if self._whole else tidy(stepped)

    def _nearest(self, value: float) -> float:
        """The nearest allowed value; beyond an open bound of a float there is none, and what stood there stays."""
        low, high = self._low, self._high
        if self._whole:
            low = low + 1 if self._open_low else low
            high = high - 1 if self._open_high else high
        elif (self._open_low and value <= low) or (self._open_high and value >= high):
            return self._value
        nearest = min(max(value, low), high)
        if self._whole and self._step:
            nearest = round(nearest / self._step) * self._step
            nearest += self._step * ((nearest < low) - (nearest > high))
        return round(nearest) if self._whole else nearest

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # the page scrolls on


def number_text(value: float, log: bool = False) -> str:
    """As people write it: 200, 0.5, 2e-4, 1e6 where the steps are factors."""
    if isinstance(value, int) and not (log and abs(value) >= 1_000_000):
        return str(value)
    plain = f"{value:.12g}"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e15 or (log and size >= 1e6)):
        plain = f"{value:.11e}"
    if "e" not in plain:
        return plain
    mantissa, power = plain.split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(power)}"


def one_two_five(value: float, sign: int) -> float:
    """The next of ... 0.1, 0.2, 0.5, 1, 2, 5, 10 ... above or below a positive value."""
    power = math.floor(math.log10(value))
    near = [float(f"{m}e{p}") for p in range(power - 1, power + 2) for m in (1, 2, 5)]
    if sign > 0:
        return min(n for n in near if n > value * (1 + 1e-9))
    return max(n for n in near if n < value * (1 - 1e-9))


def adaptive_step(value: float, sign: int, whole: bool, span: float) -> float:
    """About a tenth of the value, a power of ten; at least 1 for whole numbers and a hundredth of the span below."""
    size = abs(value) - (1e-9 * abs(value) if sign * value < 0 else 0)  # from 100 down to 99, not to 90
    tenth = 10.0 ** (math.floor(math.log10(size)) - 1) if size > 0 else 0.0
    if whole:
        return max(1.0, tenth) if span > 1000 else 1.0
    least = 10.0 ** math.floor(math.log10(span / 50)) if math.isfinite(span) and span > 0 else 0.1
    return min(max(tenth, least), 1.0 if size < 100 else tenth)


def tidy(value: float) -> float:
    return float(f"{value:.10g}")


# --- choices ---------------------------------------------------------------------------------------------------------


class ChoiceBox(QComboBox):
    """A combo box over (value, title, tool tip) rows."""

    edited = Signal(object)

    def __init__(self, rows: Sequence[tuple[Any, str, str]], parent: QWidget | None = None):
        super().__init__(parent)
        self.set_rows(rows)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.activated.connect(lambda row: self.edited.emit(self._values[row]))

    def set_rows(self, rows: Sequence[tuple[Any, str, str]]) -> None:
        """In place of those that were there; the first is chosen."""
        self.clear()
        self._values = [value for value, _, _ in rows]
        for row, (_, title, tip) in enumerate(rows):
            self.addItem(title)
            self.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)

    def value(self) -> Any:
        return self._values[self.currentIndex()] if self.currentIndex() >= 0 else None

    def set_value(self, value: Any) -> None:
        known = value in self._values
        self.setPlaceholderText("" if known else str(value))
        self.setCurrentIndex(self._values.index(value) if known else -1)

    def commit(self) -> None:
        pass  # every choice is finished

    def showPopup(self) -> None:
        """The list may be wider than the box, so that no title is cut."""
        widest = max((self.fontMetrics().horizontalAdvance(self.itemText(i)) for i in range(self.count())), default=0)
        self.view().setMinimumWidth(widest + 40)
        self.view().setAccessibleName(self.accessibleName())
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class CheckBox(QCheckBox):
    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.clicked.connect(self._tell)

    def _tell(self, checked: bool) -> None:
        self.edited.emit(checked)

    def value(self) -> bool:
        return self.isChecked()

    def set_value(self, value: Any) -> None:
        self.setChecked(bool(value))

    def commit(self) -> None:
        pass


# --- text ------------------------------------------------------------------------------------------------------------


class TextLine(QLineEdit):
    """One line of text."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._value: Any = ""
        self.editingFinished.connect(self.commit)
        self.setAcceptDrops(False)  # what is dropped is for the window

    def value(self) -> Any:
        return self._value

    def set_value(self, value: Any) -> None:
        if value != self._value:
            self._value = value
            self.setText(self._to_text(value))
            self.setCursorPosition(0)

    def commit(self) -> None:
        value = self._from_text(self.text())
        if value != self._value:
            self._value = value
            self.edited.emit(value)

    def _to_text(self, value: Any) -> str:
        return str(value)

    def _from_text(self, text: str) -> Any:
        return text


class TomlLine(TextLine):
    """Anything else, as it would stand in a TOML file: [1, 2], "text", 0.5; empty is None."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._value = None

    def _to_text(self, value: Any) -> str:
        return "" if value is None else json.dumps(value, ensure_ascii=False)

    def _from_text(self, text: str) -> Any:
        return from_text(text.strip()) if text.strip() else None


class PathLine(QWidget):
    """A folder or a file, typed or picked."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.line = TextLine()
        self.line.setPlaceholderText("No folder chosen")
        self.line.edited.connect(self.edited)
        self.pick = QToolButton()
        self.pick.setToolTip("Choose a folder")
        self.pick.setAccessibleName("Choose a folder")
        self.pick.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.pick.clicked.connect(self._pick)
        theme.tint(self.pick, "folder-open-outline")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.line, 1)
        row.addWidget(self.pick)
        self.setFocusProxy(self.line)

    def value(self) -> Any:
        return self.line.value()

    def set_value(self, value: Any) -> None:
        self.line.set_value("" if value is None else str(value))

    def commit(self) -> None:
        self.line.commit()

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.line.setAccessibleName(name)

    def _pick(self) -> None:
        start = self.line.text() or str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder of pictures", start)
        if chosen:
            self.line.setText(chosen)
            self.line.commit()
