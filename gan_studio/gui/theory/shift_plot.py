"""What becomes of a distance while q is moved, with its slope, and where that is flat."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...theory.divergences import LOG2, MEASURES, Curves
from ..widgets.chart import Chart, Line, Zone, danger, muted, of_t, warning
from .shapes import X_RANGE

SHIFTS = np.linspace(*X_RANGE, 161)
COARSE = np.linspace(*X_RANGE, 65)  # while something is dragged


class ShiftPlot(QWidget):
    """Two plots above each other: the measure and its slope, over how far q's mean lies to the right of p's."""

    moved = Signal(float)  # the shift that was asked for by mouse or keyboard

    def __init__(self) -> None:
        super().__init__()
        self.value = ShiftChart("The distance against the shift", y_title="")
        self.slope = ShiftChart("Its slope", x_title="θ: how far q lies to the right of p", y_title="slope")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.value, 3)
        layout.addWidget(self.slope, 2)
        for chart in (self.value, self.slope):
            chart.x_range = X_RANGE
            chart.moved.connect(self.moved)
        self._shift = 0.0

    def set_shift(self, shift: float) -> None:
        """Where q is now."""
        self._shift = shift
        for chart in (self.value, self.slope):
            chart.cursor_x = shift
            chart.update()

    def show_curves(self, curves: Curves, key: str) -> None:
        measure = MEASURES[key]
        values = np.where(np.isfinite(curves.values[key]), curves.values[key], np.nan)
        slopes = curves.slopes[key]
        zones = [Zone(*zone, "flat", warning) for zone in curves.flat[key]]
        zones += [Zone(*zone, "∞", danger) for zone in curves.infinite[key]]
        lines = [Line(curves.shifts, values, of_t, measure.title)]
        top = 1.22 * highest(values)
        self.value.set_y_range(min(0.0, 1.05 * lowest(values)), top)
        self.value.levels = [(measure.highest, bound_of(measure.highest))] if measure.highest < top else []
        self.value.empty = "It is infinite everywhere." if not np.isfinite(values).any() else ""
        self.value.show_lines(lines if np.isfinite(values).any() else [], zones)
        size = max(1.1 * highest(np.abs(slopes)), 1e-3)
        self.slope.set_y_range(-size, size)
        self.slope.levels = [(0.0, "")]
        self.slope.show_lines([Line(curves.shifts, slopes, muted, "")], zones)
        flat = ", ".join(f"{low:.1f} to {high:.1f}" for low, high in curves.flat[key]) or "nowhere"
        self.value.setAccessibleDescription(f"{measure.title}; flat: {flat}")


class ShiftChart(Chart):
    moved = Signal(float)

    def __init__(self, name: str, x_title: str = "", y_title: str = ""):
        super().__init__(name, x_title, y_title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip("Click or drag to move q there. Keys: ← →. Shaded: flat, there is no gradient worth following.")
        self._held = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self._move(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = False

    def _move(self, event: QMouseEvent) -> None:
        x, _ = self.place(event.position())
        self.moved.emit(min(max(x, self.x_range[0]), self.x_range[1]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -0.1, Qt.Key.Key_Right: 0.1}
        if event.key() in steps and self.cursor_x is not None:
            self.moved.emit(self.cursor_x + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


def bound_of(value: float) -> str:
    return f"log 2 = {value:.4f}" if value == LOG2 else f"{value:.4g}"


def highest(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else 1.0


def lowest(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.min()) if len(finite) else 0.0
