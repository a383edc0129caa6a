"""Two densities that are moved, reshaped and drawn by the mouse and by the keyboard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen

from ...theory.densities import Density, Drawn
from .. import theme
from ..widgets.chart import LINE, Chart, Line, of_p, of_q
from .shapes import BINS, LEAST, WIDEST, X_RANGE, Handle, Pair, bounded, handles

GRIP = 5.0  # half the size of a handle, in pixels
REACH = 11.0  # so near the mouse takes hold of one
COLOURS = {"p": of_p, "q": of_q}
NAMES = {"p": "p, the data", "q": "q, the generator"}
HEADROOM = 1.18
POINT_HEIGHT = 0.85  # of the plot, for a point that holds all the mass
XS = np.linspace(*X_RANGE, 481)


@dataclass(frozen=True)
class Grasp:
    """What the mouse holds: a handle (its number) or, with none, the whole density; and where it was taken."""

    which: str
    handle: int | None
    x: float
    before: Density


class DensityPlot(Chart):
    """Left and right move the chosen density, up and down widen and narrow it; P and Q choose."""

    edited = Signal(object)  # the Pair, while it is dragged
    released = Signal()

    def __init__(self) -> None:
        super().__init__("Two densities")
        self.x_range = X_RANGE
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setToolTip(
            "Drag a density to move it, a round handle to move or raise a hill, a square one to change a width.\n"
            "Keys: P and Q choose, ← → move, ↑ ↓ widen and narrow; with Shift finely."
        )
        self.pair: Pair | None = None
        self.chosen = "q"
        self.pen: str | None = None  # which density is drawn by the mouse
        self._grasp: Grasp | None = None
        self._last: tuple[float, float] | None = None  # of the stroke that is being drawn
        self._heights: np.ndarray | None = None

    def show_pair(self, pair: Pair) -> None:
        self.pair = pair
        lines = [
            Line(*outline(density), COLOURS[which], NAMES[which], dashed=which == "q", filled=True)
            for which, density in (("p", pair.p), ("q", pair.q))
        ]
        only_points = len(pair.p.atoms) > 0 and len(pair.q.atoms) > 0
        needed = 1 / POINT_HEIGHT if only_points else HEADROOM * max(highest(pair.p), highest(pair.q), 0.05)
        held = self._grasp is not None or self._last is not None
        self.y_range = (0.0, max(needed, self.y_range[1]) if held else needed)
        self.show_lines(lines)
        means = f"p has mean {pair.p.mean:.2f}, q has mean {pair.q.mean:.2f}"
        self.setAccessibleDescription(f"{means}. {self.chosen} is chosen.")

    def choose(self, which: str) -> None:
        self.chosen = which
        self.update()

    # painting

    def paint_more(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        if self.pair is None:
            return
        for which, density in (("p", self.pair.p), ("q", self.pair.q)):
            self._paint_points(painter, density, which)
            for i, handle in enumerate(handles(density)):
                held = self._grasp is not None and (self._grasp.which, self._grasp.handle) == (which, i)
                self._paint_handle(painter, density, handle, which, held)

    def _paint_points(self, painter: QPainter, density: Density, which: str) -> None:
        """Masses without a width: as stems, the higher the more they hold."""
        painter.setPen(QPen(COLOURS[which](), LINE, Qt.PenStyle.DashLine if which == "q" else Qt.PenStyle.SolidLine))
        for x, mass in zip(density.atoms.tolist(), density.masses.tolist(), strict=True):
            painter.drawLine(self.point(x, 0), self.point(x, self._height(density, mass)))

    def _paint_handle(self, painter: QPainter, density: Density, handle: Handle, which: str, held: bool) -> None:
        where = self.point(handle.x, self._height(density, handle.y))
        chosen = which == self.chosen
        painter.setPen(QPen(COLOURS[which](), LINE))
        painter.setBrush(COLOURS[which]() if held or chosen else theme.colours().plot)
        size = GRIP + 1 if held else GRIP
        shape = QRectF(where.x() - size, where.y() - size, 2 * size, 2 * size)
        painter.drawRect(shape) if handle.sideways else painter.drawEllipse(shape)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _height(self, density: Density, y: float) -> float:
        """In units of the axis: of points it is the mass that stands upright."""
        return y * POINT_HEIGHT * self.y_range[1] if len(density.atoms) else y

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self.pair is None:
            return
        x, y = self.place(event.position())
        if self.pen:
            self._begin_stroke(x, y)
        elif grasp := self._under(event.position()):
            self._grasp = grasp
            self.choose(grasp.which)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = self.place(event.position())
        if self._last is not None:
            self._stroke(x, y)
        elif self._grasp is not None:
            self._drag(self._grasp, x, y)
        else:
            found = self._under(event.position())
            shapes = Qt.CursorShape
            hovering = shapes.CrossCursor if self.pen else shapes.OpenHandCursor if found else shapes.ArrowCursor
            if self.cursor().shape() != hovering:
                self.setCursor(hovering)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held = self._grasp is not None or self._last is not None
        self._grasp = self._last = None
        if held and self.pair is not None:
            self.show_pair(self.pair)
            self.released.emit()

    def _under(self, pixel: QPointF) -> Grasp | None:
        """The nearest handle, else the density whose area it is; what is chosen comes first."""
        assert self.pair
        x, y = self.place(pixel)
        order = [self.chosen, "p" if self.chosen == "q" else "q"]
        near = [
            ((self.point(handle.x, self._height(density, handle.y)) - pixel).manhattanLength(), which, i)
            for which in order
            for density in [getattr(self.pair, which)]
            for i, handle in enumerate(handles(density))
        ]
        if near and min(near)[0] <= REACH:
            _, which, i = min(near, key=lambda entry: entry[0])
            return Grasp(which, i, x, getattr(self.pair, which))
        for which in order:
            density = getattr(self.pair, which)
            if 0 <= y <= float(density.pdf(np.array([x]))[0]) or self._on_stem(density, pixel):
                return Grasp(which, None, x, density)
        return None

    def _on_stem(self, density: Density, pixel: QPointF) -> bool:
        stems = zip(density.atoms.tolist(), density.masses.tolist(), strict=True)
        tops = [self.point(x, self._height(density, mass)) for x, mass in stems]
        return any(abs(top.x() - pixel.x()) <= REACH and pixel.y() >= top.y() for top in tops)

    def _drag(self, grasp: Grasp, x: float, y: float) -> None:
        assert self.pair
        if grasp.handle is None:
            moved = grasp.before.moved(bounded(x, *X_RANGE) - grasp.x)
        else:
            height = y / (POINT_HEIGHT * self.y_range[1]) if len(grasp.before.atoms) else y
            moved = handles(grasp.before)[grasp.handle].drag(bounded(x, *X_RANGE), height)
        self.edited.emit(self.pair.with_density(grasp.which, moved))

    # drawing

    def _begin_stroke(self, x: float, y: float) -> None:
        assert self.pair and self.pen
        old = getattr(self.pair, self.pen)
        drawn = old if isinstance(old, Drawn) and len(old.heights) == BINS else Drawn.of(old, *X_RANGE, BINS)
        low, high = drawn.low, drawn.high
        self._heights = drawn.shares * BINS / (high - low)  # a density's height
        self._where = (low, high)
        self._last = (x, y)
        self._stroke(x, y)

    def _stroke(self, x: float, y: float) -> None:
        """Set the bins between the last place and this one; what is drawn is scaled to an area of 1."""
        assert self.pair and self.pen and self._last is not None and self._heights is not None
        low, high = self._where
        centres = low + (np.arange(BINS) + 0.5) * (high - low) / BINS
        (x0, y0), (x1, y1) = sorted([self._last, (x, y)])
        half = (high - low) / BINS / 2
        touched = (centres >= x0 - half) & (centres <= x1 + half)
        self._heights[touched] = np.maximum(np.interp(centres[touched], [x0, x1 + 1e-9], [y0, y1]), 0)
        self._last = (x, y)
        if self._heights.sum() > 0:
            drawn = Drawn(tuple(self._heights.tolist()), low, high)
            self.edited.emit(self.pair.with_density(self.pen, drawn))

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.pair is None:
            return
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        key, density = Qt.Key, getattr(self.pair, self.chosen)
        step, factor = (0.02, 1.01) if fine else (0.1, 1.05)
        match event.key():
            case key.Key_P | key.Key_Q:
                self.choose("p" if event.key() == key.Key_P else "q")
                self.show_pair(self.pair)
                return
            case key.Key_Left:
                moved = density.moved(-step)
            case key.Key_Right:
                moved = density.moved(step)
            case key.Key_Up:
                moved = density.scaled(factor) if density.deviation * factor <= WIDEST else density
            case key.Key_Down:
                moved = density.scaled(1 / factor) if density.deviation / factor >= LEAST else density
            case _:
                super().keyPressEvent(event)
                return
        self.edited.emit(self.pair.with_density(self.chosen, moved))
        self.released.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()


def outline(density: Density) -> tuple[np.ndarray, np.ndarray]:
    """x and y [N] to draw; jumps are upright."""
    if len(density.atoms):
        return np.empty(0), np.empty(0)
    low, high = density.extent
    inside = np.array([mark for mark in density.marks.tolist() if X_RANGE[0] <= mark <= X_RANGE[1]])
    x = np.union1d(XS, np.concatenate([inside, [low - 1e-9, low, high, high + 1e-9]]))
    return x, density.pdf(x)


def highest(density: Density) -> float:
    return float(density.pdf(XS).max(initial=0.0))
