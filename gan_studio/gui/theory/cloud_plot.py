"""Two clouds of points in the plane, what is carried between them as arrows, and the critic as a map beneath."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPen

from .. import theme
from ..widgets.chart import LINE
from ..widgets.points import heat_map
from .heaps import EXTENT, MOST, Clouds
from .phase_plane import STEPS, TURNS
from .plan_answer import Answer
from .plane_map import FULL, of_values
from .scene_plot import COLOURS, ScenePlot, arrow_colour

REACH = 11.0  # pixels within which a point is taken hold of
GRIP = 4.5  # half the size of a point
HEAD = 7.0  # pixels of an arrow's head
SHADES = 5  # of arrows: the more they carry, the darker
EARTH = 6.0  # radius of what one point holds on its way, in pixels
FINE, COARSE = 0.01, 0.1  # what a key moves
FULL_UP = f"There are at most {MOST} points in a cloud. Remove one first: right-click it, or press Delete."
ALONE = "A cloud needs a point: the last one stays."


class CloudPlot(ScenePlot):
    scene: Clouds | None

    def __init__(self) -> None:
        super().__init__("Two clouds", "Click adds · drag moves · right-click removes")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(240, 220)
        self.setToolTip(
            "Drag a point; click beside the points to add one to the chosen cloud; right-click a point to remove it.\n"
            "All points of a cloud weigh the same.\n"
            "Keys: arrows move the chosen point, with Shift finely; PageUp and PageDown choose, P and Q the cloud;\n"
            "N a new point, Delete removes it."
        )
        self.x_range = self.y_range = (-EXTENT, EXTENT)
        self._held = False
        self._map: QImage | None = None
        theme.changed.connect(self._draw_map)

    def inside(self) -> QRectF:
        """A square, so that lengths are the same in all directions."""
        box = super().inside()
        side = min(box.width(), box.height())
        return QRectF(box.left() + (box.width() - side) / 2, box.top(), side, side)

    def show_answer(self, answer: Answer) -> None:
        old = self.answer.critic if self.answer else None
        super().show_answer(answer)
        if answer.critic is not old:
            self._draw_map()

    def _draw_map(self) -> None:
        critic = self.answer.critic if self.answer else None
        self._map = heat_map(FULL * of_values(critic.values), theme.colours()) if critic else None
        self.update()

    def told(self, which: str, i: int) -> str:
        assert self.scene
        x, y = self.scene.heap(which)[i].tolist()
        return f"point {i} of {which} at {x:.2f}, {y:.2f}"

    # painting

    def paint_more(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        if self.scene is None:
            return
        if self._map is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(box, self._map)
        if self.fits():
            self._paint_arrows(painter)
        self._paint_points(painter, c)
        if self.fits():
            self._paint_earth(painter, c)
        self._paint_chosen(painter, c)
        self._paint_names(painter, box, c)

    def _paint_arrows(self, painter: QPainter) -> None:
        assert self.scene and self.answer
        moved = self.answer.moved
        if not len(moved.mass):
            return
        start = np.stack(self.pixels(*self.scene.p[moved.source].T), axis=1)  # [K, 2]
        end = np.stack(self.pixels(*self.scene.q[moved.target].T), axis=1)
        shade = np.ceil(SHADES * moved.mass / moved.mass.max()).astype(int)
        wastes = self.wastes()
        faint = 0.45 if len(moved.mass) > 3 * sum(self.answer.plan.shape) else 1.0
        for wasteful in (False, True):
            for k in range(1, SHADES + 1):
                some = (shade == k) & (wastes == wasteful)
                painter.setPen(QPen(theme.faded(arrow_colour(wasteful), faint * (0.3 + 0.7 * k / SHADES)), LINE))
                painter.drawLines(arrow_lines(start[some], end[some]))
        if self.pointed is not None:
            some = (moved.source == self.pointed[0]) & (moved.target == self.pointed[1])
            painter.setPen(QPen(theme.colours().text, 3))
            painter.drawLines(arrow_lines(start[some], end[some]))

    def _paint_points(self, painter: QPainter, c: theme.Colours) -> None:
        assert self.scene
        for which in ("q", "p"):
            painter.setPen(QPen(COLOURS[which](), 1.5))
            painter.setBrush(c.plot)
            for at in self._places(which):
                painter.drawEllipse(at, GRIP, GRIP) if which == "p" else painter.drawRect(square(at, GRIP))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_earth(self, painter: QPainter, c: theme.Colours) -> None:
        """Discs, as large as what they carry; a point's whole mass has the size of a point."""
        assert self.scene and self.answer and self.frame
        moved, gone = self.answer.moved, self.frame.gone
        waits, arrived = gone == 0, gone == 1
        goes = ~waits & ~arrived
        start, end = self.scene.p[moved.source[goes]], self.scene.q[moved.target[goes]]
        left = np.bincount(moved.source[waits], moved.mass[waits], len(self.scene.p))
        there = np.bincount(moved.target[arrived], moved.mass[arrived], len(self.scene.q))
        places = np.concatenate([self.scene.p, self.scene.q, start + gone[goes, None] * (end - start)])
        mass = np.concatenate([left, there, moved.mass[goes]])
        size = EARTH * np.sqrt(mass * min(len(self.scene.p), len(self.scene.q)))
        painter.setPen(QPen(theme.faded(c.plot, 0.8), 1))
        painter.setBrush(theme.faded(c.third, 0.85))
        for x, y, radius in np.stack([*self.pixels(*places.T), size], axis=1)[mass > 0].tolist():
            painter.drawEllipse(QPointF(x, y), radius, radius)
        for which, errors in (("p", self.answer.bill.row_errors), ("q", self.answer.bill.column_errors)):
            self._paint_errors(painter, which, errors, c)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_errors(self, painter: QPainter, which: str, errors: np.ndarray, c: theme.Colours) -> None:
        """A ring around points whose mass is carried in part, or more than once."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for at, error in zip(self._places(which), errors.tolist(), strict=True):
            if abs(error) > 1e-9:
                painter.setPen(QPen(c.danger if error > 0 else c.warning, 1.5, Qt.PenStyle.DotLine))
                painter.drawEllipse(at, GRIP + 5, GRIP + 5)

    def _paint_chosen(self, painter: QPainter, c: theme.Colours) -> None:
        at = self._places(self.which)[self.chosen]
        painter.setPen(QPen(c.text, 1.5))
        painter.drawEllipse(at, GRIP + 3, GRIP + 3) if self.which == "p" else painter.drawRect(square(at, GRIP + 3))

    def _paint_names(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        """On a ground of their own: a map may lie beneath."""
        names = [("p: from", COLOURS["p"]()), ("q: to", COLOURS["q"]())]
        font = self.fontMetrics()
        wide = max(font.horizontalAdvance(name) for name, _ in names) + 12
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.faded(c.plot, 0.85))
        painter.drawRect(QRectF(box.left() + 1, box.top() + 1, wide, font.height() * len(names) + 6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, (name, colour) in enumerate(names):
            painter.setPen(colour)
            painter.drawText(QPointF(box.left() + 7, box.top() + font.ascent() + 4 + line * font.height()), name)

    def _places(self, which: str) -> list[QPointF]:
        assert self.scene
        x, y = self.pixels(*self.scene.heap(which).T)
        return [QPointF(*place) for place in zip(x.tolist(), y.tolist(), strict=True)]

    # the mouse

    def under(self, pixel: QPointF) -> tuple[str, int] | None:
        """The nearest point, the chosen cloud first."""
        for which in (self.which, "q" if self.which == "p" else "p"):
            away = [(place - pixel).manhattanLength() for place in self._places(which)]
            if min(away) <= REACH:
                return which, away.index(min(away))
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self.scene is None:
            return
        if not self.inside().contains(event.position()):
            return
        if found := self.under(event.position()):
            self.choose(*found)
            self._held = True
        else:
            self._held = self.add(self.place(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.scene is None:
            return
        if self._held:
            self.edited.emit(self.scene.moved(self.which, self.chosen, self.place(event.position())))
            return
        shapes = Qt.CursorShape
        inside = self.inside().contains(event.position())
        hovering = shapes.ArrowCursor
        if inside:
            hovering = shapes.OpenHandCursor if self.under(event.position()) else shapes.CrossCursor
        if self.cursor().shape() != hovering:
            self.setCursor(hovering)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = False

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.scene is not None and (found := self.under(QPointF(event.pos()))):
            self.remove(*found)

    # points

    def add(self, place: tuple[float, float]) -> bool:
        """To the chosen cloud. Whether there was room."""
        assert self.scene
        if len(self.scene.heap(self.which)) >= MOST:
            self.said.emit(FULL_UP)
            return False
        self.edited.emit(self.scene.with_point(self.which, place))
        self.choose(self.which, len(self.scene.heap(self.which)) - 1)
        return True

    def remove(self, which: str, i: int) -> None:
        assert self.scene
        if len(self.scene.heap(which)) == 1:
            self.said.emit(ALONE)
            return
        self.edited.emit(self.scene.without(which, i))
        self.choose(which, max(0, i - 1))

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.scene is None:
            return
        by = FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else COARSE
        if key in STEPS:
            x, y = self.scene.heap(self.which)[self.chosen].tolist()
            right, up = STEPS[key]
            self.edited.emit(self.scene.moved(self.which, self.chosen, (x + by * right, y + by * up)))
            self.choose(self.which, self.chosen)
        elif key in TURNS:
            self.choose(self.which, self.chosen + TURNS[key])
        elif key in (Qt.Key.Key_P, Qt.Key.Key_Q):
            self.choose("p" if key == Qt.Key.Key_P else "q", self.chosen)
        elif key == Qt.Key.Key_N:
            x, y = self.scene.heap(self.which)[self.chosen].tolist()
            self.add((x + (0.2 if x < 0 else -0.2), y))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove(self.which, self.chosen)
        else:
            super().keyPressEvent(event)


def square(at: QPointF, half: float) -> QRectF:
    return QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half)


def arrow_lines(start: np.ndarray, end: np.ndarray) -> list[QLineF]:
    """Shafts and heads from [K, 2] to [K, 2] in pixels; they end at the point's edge."""
    way = end - start
    length = np.linalg.norm(way, axis=1, keepdims=True)
    along = way / np.maximum(length, 1e-9)
    tip = end - along * np.minimum(GRIP + 1, length / 2)
    across = along[:, ::-1] * np.array([1, -1])
    head = np.minimum(HEAD, 0.4 * length)
    back, wide = tip - along * head, across * head * 0.45
    parts = [np.hstack([start, tip]), np.hstack([tip, back + wide]), np.hstack([tip, back - wide])]
    return [QLineF(*line) for line in np.concatenate(parts).tolist()]
