"""The plane of the two players: the field as arrows, and paths from starts that are put down and dragged."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF, QWheelEvent

from ...theory.dynamics.portrait import Drawing
from .. import theme
from ..widgets.chart import LINE, Chart, unbroken
from ..widgets.lines import polygon
from ..widgets.plot import RUN_COLOURS

Start = tuple[float, float]

ARROWS = 17  # along each side: more would hide the paths
REACH = 11.0  # pixels within which a start is taken hold of
GRIP = 5.0  # half the size of a start
HEAD = 4.0  # pixels of an arrow's head
MOST = 8  # starts; the next one takes the place of the oldest
NOTCH = 1.25
LEAST_EXTENT, MOST_EXTENT = 0.25, 10.0
EMPTY = "Click to start a path."


class PhasePlane(Chart):
    """`show_drawing` shows what was computed for `starts`; the starts themselves are shown at once."""

    edited = Signal(object, int)  # starts, and which of them is chosen
    extent_wanted = Signal(float)

    def __init__(self) -> None:
        super().__init__("The plane of θ and ψ", "θ →: where the generated point lies   ψ ↑: D's slope")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(
            "Click to start a path there, drag a start to move it, right-click it to remove it; the wheel zooms.\n"
            "Keys: ← → ↑ ↓ move the chosen start, with Shift finely; N a new one, Delete removes it,\n"
            "PageUp and PageDown choose, + and − zoom."
        )
        self.setMinimumSize(220, 220)
        self.setMouseTracking(True)
        self.starts: list[Start] = []
        self.chosen = 0
        self.rest = 0.0  # θ of a rest beside the data
        self._held = False
        self._arrows: list[QLineF] = []
        self._arrows_for: tuple[float, ...] = ()
        self._drawing: Drawing | None = None

    def show_starts(self, starts: list[Start], chosen: int) -> None:
        self.starts, self.chosen = starts, chosen
        told = [f"θ {theta:.2f}, ψ {psi:.2f}" for theta, psi in starts]
        self.setAccessibleDescription(f"{len(starts)} paths. {told[chosen]} is chosen." if starts else EMPTY)
        self.update()

    def show_drawing(self, drawing: Drawing, bound: float) -> None:
        """`bound` is that of |ψ|, infinite without any."""
        extent = float(drawing.axis[-1])
        self._drawing, self.rest = drawing, drawing.spectrum.at
        self.x_range = self.y_range = (-extent, extent)
        self.levels = [(bound, "clipped here"), (-bound, "")] if bound < extent else []
        self._arrows_for = ()
        self.show_lines([])

    # places

    def inside(self) -> QRectF:
        """A square, so that a circle is one."""
        box = super().inside()
        side = min(box.width(), box.height())
        return QRectF(box.left() + (box.width() - side) / 2, box.top(), side, side)

    def start_at(self, pixel: QPointF) -> int | None:
        """The chosen one first."""
        order = sorted(range(len(self.starts)), key=lambda i: i != self.chosen)
        near = ((self.point(*self.starts[i]) - pixel, i) for i in order)
        return next((i for away, i in near if QPointF.dotProduct(away, away) <= REACH**2), None)

    # painting

    def paint_more(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        if self._drawing is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.faded(c.muted, 0.75), LINE))
            painter.drawLines(self._field_lines(self._drawing, box))
            for i in range(self._drawing.paths.shape[1]):
                self._paint_path(painter, self._drawing.paths[:, i], start_colour(i))
        self._paint_rest(painter, c)
        for i in range(len(self.starts)):
            self._paint_start(painter, i, c)
        if not self.starts:
            painter.setPen(c.text)
            painter.drawText(box.adjusted(0, 0, 0, -8), BELOW, EMPTY)

    def _field_lines(self, drawing: Drawing, box: QRectF) -> list[QLineF]:
        """Kept until the field or the size changes: while a start is dragged they stay."""
        size = (box.left(), box.top(), box.width())
        if self._arrows_for != size:
            self._arrows = [QLineF(*line) for line in field_lines(drawing, box.width()).tolist()]
            for line in self._arrows:
                line.translate(box.center())
            self._arrows_for = size
        return self._arrows

    def _paint_path(self, painter: QPainter, path: np.ndarray, colour: QColor) -> None:
        painter.setPen(QPen(colour, LINE))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pieces = unbroken(*self.pixels(*path.T))
        for points in pieces:
            painter.drawPolyline(polygon(*apart(points).T))
        if pieces:
            x, y = pieces[-1][-1].tolist()
            painter.fillRect(QRectF(x - 3, y - 3, 6, 6), colour)

    def _paint_rest(self, painter: QPainter, c: theme.Colours) -> None:
        """The equilibrium, and where else all is still."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(c.third, LINE))
        painter.drawEllipse(self.point(0, 0), GRIP, GRIP)
        for theta in {-abs(self.rest), abs(self.rest)} if self.rest else ():
            at = self.point(theta, 0)
            painter.drawPolygon(QPolygonF([at + QPointF(*corner) for corner in DIAMOND]))

    def _paint_start(self, painter: QPainter, i: int, c: theme.Colours) -> None:
        colour = start_colour(i)
        size = GRIP + 1 if i == self.chosen else GRIP - 1
        painter.setPen(QPen(colour, LINE))
        painter.setBrush(colour if i == self.chosen else c.plot)
        painter.drawEllipse(self.point(*self.starts[i]), size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.inside().contains(event.position()):
            return
        found = self.start_at(event.position())
        self._held = True
        if found is None:
            self.add_start(self.place(event.position()))
        else:
            self.edited.emit(self.starts, found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self.move_start(self.place(event.position()))
            return
        found = self.inside().contains(event.position()) and self.start_at(event.position()) is not None
        hovering = Qt.CursorShape.OpenHandCursor if found else Qt.CursorShape.CrossCursor
        if self.cursor().shape() != hovering:
            self.setCursor(hovering)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = False

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        found = self.start_at(QPointF(event.pos()))
        if found is not None:
            self.remove_start(found)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(NOTCH ** (-event.angleDelta().y() / 120))
        event.accept()

    def zoom(self, factor: float) -> None:
        self.extent_wanted.emit(float(f"{min(max(self.x_range[1] * factor, LEAST_EXTENT), MOST_EXTENT):.3g}"))

    # starts

    def add_start(self, start: Start) -> None:
        starts = [*self.starts, start][-MOST:]
        self.edited.emit(starts, len(starts) - 1)

    def move_start(self, start: Start) -> None:
        low, high = self.x_range
        if 0 <= self.chosen < len(self.starts):
            starts = list(self.starts)
            starts[self.chosen] = (min(max(start[0], low), high), min(max(start[1], low), high))
            self.edited.emit(starts, self.chosen)

    def remove_start(self, i: int) -> None:
        starts = [start for k, start in enumerate(self.starts) if k != i]
        self.edited.emit(starts, min(max(0, i), max(0, len(starts) - 1)))

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in STEPS and self.starts:
            by = self.x_range[1] * (0.005 if fine else 0.05)
            theta, psi = self.starts[self.chosen]
            self.move_start((theta + by * STEPS[key][0], psi + by * STEPS[key][1]))
        elif key in TURNS and self.starts:
            self.edited.emit(self.starts, (self.chosen + TURNS[key]) % len(self.starts))
        elif key == Qt.Key.Key_N:
            self.add_start((self.x_range[1] / 2, 0.0))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.starts:
            self.remove_start(self.chosen)
        elif event.text() in ZOOMS:
            self.zoom(ZOOMS[event.text()])
        else:
            super().keyPressEvent(event)


STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
TURNS = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}
ZOOMS = {"+": 1 / NOTCH, "=": 1 / NOTCH, "-": NOTCH}
DIAMOND = ((-5.0, 0.0), (0.0, -5.0), (5.0, 0.0), (0.0, 5.0))
BELOW = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.AlignmentFlag.AlignBottom)


def start_colour(i: int) -> QColor:
    """D's orange and G's blue are left out: a path is neither's."""
    c = theme.colours()
    colours = [c.warning.name(), *RUN_COLOURS[c.dark]]
    return QColor(colours[i % len(colours)])


def apart(points: np.ndarray) -> np.ndarray:
    """Of points [M, 2] in pixels those that are seen apart from the one before; the first and the last stay."""
    places = np.round(points)
    keep = np.append(True, (places[1:] != places[:-1]).any(axis=1))
    keep[-1] = True
    return points[keep]


def field_lines(drawing: Drawing, side: float) -> np.ndarray:
    """Lines [L, 4] in pixels around the middle of a square of this side: shafts and heads.

    An arrow's length grows with the root of the speed, so that the slow ones are seen too.
    """
    A, extent = len(drawing.axis), drawing.axis[-1]
    theta, psi = np.meshgrid(drawing.axis, drawing.axis)
    middle = np.stack([theta, -psi], axis=-1).reshape(-1, 2) / extent * side / 2  # [A * A, 2]; y goes down
    speed = drawing.arrows.reshape(-1, 2) * np.array([1, -1])
    norm = np.linalg.norm(speed, axis=1, keepdims=True)
    fastest = float(norm.max())
    length = 0.8 * side / A * np.sqrt(norm / fastest) if fastest else 0 * norm
    along = speed / np.maximum(norm, 1e-12)
    a, b = middle - along * length / 2, middle + along * length / 2
    across = along[:, ::-1] * np.array([1, -1])
    head = np.minimum(HEAD, 0.5 * length)
    back, wide = b - along * head, across * head * 0.5
    seen = length[:, 0] > 2
    parts = [np.hstack([a, b]), np.hstack([b, back + wide]), np.hstack([b, back - wide])]
    return np.concatenate([part[seen] for part in parts])
