"""Heaps of earth above, holes beneath, and between them what is carried from where to where."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from .. import theme
from ..widgets.chart import CENTRE, LINE, RIGHT
from ..widgets.ticks import labels, ticks
from .heaps import Heaps, Scene
from .plan_answer import Answer, Critic
from .scene_plot import COLOURS, WASTE, Cell, ScenePlot, arrow_colour

GAP = 0.55  # half the height of what is between heaps and holes, in units of the highest heap
WIDE = 0.8  # of a bar, of the way to the next
HEADROOM = 1.15
LEAST_TOP = 0.12  # a heap of so much fills the room that there is
TIP = 7.0  # pixels of an arrow's head
THIN = 1.5  # half the width of an arrow, in pixels, up to which it is a hair
FAINT = 0.5
FINE, COARSE = 0.002, 0.01  # what a key moves
NAMES = {"p": "p: heaps of earth", "q": "q: holes to fill"}


class HeapPlot(ScenePlot):
    """Shares go up from +GAP and down from -GAP, in units of the plot."""

    scene: Heaps | None

    def __init__(self) -> None:
        super().__init__("Heaps and holes", "Drag a bar: the others give or take, so that all masses stay 1")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(260, 200)
        self.setToolTip(
            "Drag the top of a heap or the bottom of a hole; the others give or take, so that all masses stay 1.\n"
            "Keys: ← → choose, ↑ ↓ more and less, with Shift finely; P the heaps, Q the holes."
        )
        self.top = LEAST_TOP
        self._held: tuple[str, int, Heaps] | None = None  # what is dragged, and the scene before
        self._below = np.empty(0), np.empty(0)  # [K] what lies beneath each load, at its start and its end

    def show_scene(self, scene: Scene) -> None:
        super().show_scene(scene)
        highest = HEADROOM * max(scene.p.max(), scene.q.max(), LEAST_TOP)
        self.top = max(highest, self.top) if self._held else highest
        edge = (1 + GAP) * self.top
        self.x_range, self.y_range = (-0.5, len(scene.p) - 0.5), (-edge, edge)

    def show_answer(self, answer: Answer) -> None:
        super().show_answer(answer)
        moved = answer.moved
        self._below = stacked(moved.source, moved.mass), stacked(moved.target, moved.mass)

    def surface(self, which: str) -> float:
        return (GAP if which == "p" else -GAP) * self.top

    def end_of(self, which: str, i: int) -> QPointF:
        """The top of a heap, the bottom of a hole, in pixels."""
        assert self.scene
        share = float(self.scene.heap(which)[i])
        return self.point(i, self.surface(which) + (share if which == "p" else -share))

    def told(self, which: str, i: int) -> str:
        assert self.scene
        return f"{'heap' if which == 'p' else 'hole'} {i} with {100 * self.scene.heap(which)[i]:.1f} %"

    # painting

    def _paint_axes(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        font = self.fontMetrics()
        for x in range(round(self.x_range[1] + 0.5)):
            at = self.point(x, 0).x()
            painter.setPen(c.muted)
            painter.drawText(QRectF(at - 20, box.bottom() + 2, 40, font.height()), CENTRE, str(x))
        below = QRectF(box.left() - 40, box.bottom() + 2 + font.height(), box.width() + 48, font.height())
        painter.drawText(below, CENTRE, self.x_title)
        upward = ticks(0, self.top, max(2, int(box.height() / 110)))
        for which, sign in (("p", 1), ("q", -1)):
            for share, text in zip(upward, labels([100 * share for share in upward]), strict=True):
                at = self.point(0, self.surface(which) + sign * share).y()
                painter.setPen(QPen(c.grid if share else c.muted, 1))
                painter.drawLine(QPointF(box.left(), at), QPointF(box.right(), at))
                painter.setPen(c.muted)
                painter.drawText(QRectF(0, at - 10, box.left() - 4, 20), RIGHT, f"{text} %")
        for which, at in (("p", box.top() + font.ascent() + 4), ("q", box.bottom() - 6)):
            painter.setPen(COLOURS[which]())
            painter.drawText(QPointF(box.left() + 6, at), NAMES[which])

    def paint_more(self, painter: QPainter, box: QRectF, c: theme.Colours) -> None:
        if self.scene is None:
            return
        if self.fits():
            self._paint_arrows(painter)
        self._paint_bars(painter, c)
        if self.fits():
            self._paint_earth(painter, c)
            assert self.answer
            if self.answer.critic is not None:
                self._paint_critic(painter, box, self.answer.critic, c)

    def _paint_arrows(self, painter: QPainter) -> None:
        """Each as wide as it carries, in the order in which they leave and arrive."""
        assert self.answer and self.scene
        moved, plan = self.answer.moved, self.answer.plan
        if not len(moved.mass):
            return
        rows, columns = plan.sum(axis=1), plan.sum(axis=0)
        scale = WIDE / max(rows.max(), columns.max(), self.scene.p.max(), self.scene.q.max())
        middle = moved.mass / 2
        leave = moved.source + (self._below[0] + middle - rows[moved.source] / 2) * scale
        arrive = moved.target + (self._below[1] + middle - columns[moved.target] / 2) * scale
        up, down = (self.point(0, self.surface(which)).y() for which in ("p", "q"))
        start, end = self.pixels(leave, leave)[0], self.pixels(arrive, arrive)[0]  # [K] each
        half = np.maximum(middle * scale * self.inside().width() / (self.x_range[1] - self.x_range[0]), 0.5)
        self._paint_thin(painter, np.stack([start, end], axis=1), (up, down), half)
        for k in np.flatnonzero(half > THIN).tolist():
            x, y, w = float(start[k]), float(end[k]), float(half[k])
            tip = down - min(TIP, 2 * w)
            corners = [(x - w, up), (x + w, up), (y + w, tip), (y, down), (y - w, tip)]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._shade(k))
            painter.drawConvexPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_thin(self, painter: QPainter, ends: np.ndarray, rows: tuple[float, float], half: np.ndarray) -> None:
        """Hairs of a colour at once: a hundred of them are quick, a hundred polygons are not."""
        thin, wastes = half <= THIN, self.wastes()
        for wasteful in (False, True):
            lines = [QLineF(a, rows[0], b, rows[1]) for a, b in ends[thin & (wastes == wasteful)].tolist()]
            painter.setPen(QPen(theme.faded(arrow_colour(wasteful), FAINT), LINE))
            painter.drawLines(lines)
        assert self.answer
        moved = self.answer.moved
        for k in np.flatnonzero(thin).tolist():
            if (moved.source[k], moved.target[k]) == self.pointed:
                painter.setPen(QPen(theme.colours().text, 2))
                painter.drawLine(QLineF(ends[k, 0], rows[0], ends[k, 1], rows[1]))

    def _shade(self, k: int) -> QColor:
        """Of an arrow."""
        assert self.answer
        moved = self.answer.moved
        if (moved.source[k], moved.target[k]) == self.pointed:
            return theme.faded(theme.colours().text, 0.9)
        return theme.faded(arrow_colour(bool(self.answer.wasted[k] > WASTE and self.answer.critic)), FAINT)

    def _paint_critic(self, painter: QPainter, box: QRectF, critic: Critic, c: theme.Colours) -> None:
        """Its own axis, at the left, between heaps and holes; slopes are written on it."""
        reach = max(float(np.abs(critic.values).max()), 0.5)
        scale = 0.86 * GAP * self.top / reach
        places = np.linspace(*self.x_range, len(critic.values))
        x, y = self.pixels(places, critic.values * scale)
        painter.setPen(QPen(c.d, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(box.left(), self.point(0, 0).y()), QPointF(box.right(), self.point(0, 0).y()))
        painter.setPen(QPen(c.d, 2))
        painter.drawPolyline(QPolygonF([QPointF(*corner) for corner in zip(x.tolist(), y.tolist(), strict=True)]))
        for start, stop, slope in runs(critic.at_p):
            at = self.point((start + stop) / 2, scale * float(critic.at_p[start] + critic.at_p[stop]) / 2)
            if self.point(stop, 0).x() - self.point(start, 0).x() > 48:
                side = -1 if at.y() > box.center().y() else 1
                place = QRectF(at.x() - 40 + 8 * slope, at.y() + 14 * side - 9, 80, 18)
                text = f"slope {slope:+d}".replace("-", "−") if slope else "slope 0"
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.faded(c.plot, 0.75))
                wide = self.fontMetrics().horizontalAdvance(text) + 6
                painter.drawRoundedRect(QRectF(place.center().x() - wide / 2, place.top() + 1, wide, 16), 3, 3)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(c.d)
                painter.drawText(place, CENTRE, text)
        painter.setClipping(False)
        painter.setPen(c.d)
        marks = ticks(-reach, reach, 5)
        for value, text in zip(marks, labels(marks), strict=True):
            mark = self.point(0, value * scale).y()
            painter.drawText(QRectF(0, mark - 10, box.left() - 4, 20), RIGHT, text if value else "f = 0")
        painter.setClipRect(box.adjusted(-1, -1, 1, 1))

    def _paint_bars(self, painter: QPainter, c: theme.Colours) -> None:
        assert self.scene
        for which in ("p", "q"):
            colour = COLOURS[which]()
            for i, share in enumerate(self.scene.heap(which).tolist()):
                box = self._bar(which, i, 0.0, share)
                painter.setBrush(theme.faded(colour, 0.07))
                painter.setPen(QPen(colour, LINE, Qt.PenStyle.DashLine if which == "q" else Qt.PenStyle.SolidLine))
                if share > 0:
                    painter.drawRect(box)
                if (which, i) == (self.which, self.chosen):
                    painter.setPen(QPen(colour, 3))
                    end = self.end_of(which, i).y()
                    painter.drawLine(QPointF(box.left() - 1, end), QPointF(box.right() + 1, end))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _bar(self, which: str, i: float, start: float, stop: float) -> QRectF:
        """From one depth of a heap or hole to another."""
        sign = 1 if which == "p" else -1
        a = self.point(i - WIDE / 2, self.surface(which) + sign * start)
        b = self.point(i + WIDE / 2, self.surface(which) + sign * stop)
        return QRectF(a, b).normalized()

    def _paint_earth(self, painter: QPainter, c: theme.Colours) -> None:
        """Loads on their way, what nobody carries, and what is carried but not there."""
        assert self.scene and self.answer and self.frame
        moved, rows = self.answer.moved, self.answer.plan.sum(axis=1)
        gone, (below, beneath) = self.frame.gone, self._below
        x = moved.source + gone * (moved.target - moved.source) - WIDE / 2
        start = self.surface("p") + below
        end = self.surface("q") - self.scene.q[moved.target] + beneath
        low = start + gone * (end - start)
        left, bottom = self.pixels(x, low)
        right, top = self.pixels(x + WIDE, low + moved.mass)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(theme.faded(c.plot, 0.6), 1))
        painter.setBrush(theme.faded(c.third, 0.75))
        for a, b, w, h in np.stack([left, top, right - left, bottom - top], axis=1).tolist():
            painter.drawRect(QRectF(a, b, w, h))
        painter.setPen(Qt.PenStyle.NoPen)
        for which, carried in (("p", rows), ("q", self.answer.plan.sum(axis=0))):
            for i, (share, there) in enumerate(zip(self.scene.heap(which).tolist(), carried.tolist(), strict=True)):
                if there > share + 1e-9:
                    painter.setBrush(QBrush(theme.faded(c.danger, 0.8), Qt.BrushStyle.BDiagPattern))
                    painter.drawRect(self._over(which, i, share, there))
                elif which == "p" and there < share - 1e-9:
                    painter.setBrush(QBrush(theme.faded(c.third, 0.8), Qt.BrushStyle.Dense5Pattern))
                    painter.drawRect(self._bar("p", i, there, share))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _over(self, which: str, i: int, share: float, there: float) -> QRectF:
        """More than a heap has stands on it; more than a hole takes stands above it."""
        return self._bar("p", i, share, there) if which == "p" else self._bar("q", i, 0.0, share - there)

    # the mouse

    def under(self, pixel: QPointF) -> Cell | None:
        """(0 for p or 1 for q, the place) whose bar is at that place or beyond it."""
        x, y = self.place(pixel)
        reach = self.place(QPointF(0, 0))[1] - self.place(QPointF(0, 8))[1]
        i = round(x)
        if self.scene is None or not 0 <= i < len(self.scene.p) or abs(y) < GAP * self.top - reach:
            return None
        return (0 if y > 0 else 1), i

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.under(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found and self.scene:
            which = "pq"[found[0]]
            self._held = which, found[1], self.scene
            self.choose(which, found[1])
            self._drag(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._drag(event)
            return
        shapes = Qt.CursorShape
        hovering = shapes.SizeVerCursor if self.under(event.position()) else shapes.ArrowCursor
        if self.cursor().shape() != hovering:
            self.setCursor(hovering)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        held, self._held = self._held, None
        if held and self.scene:
            self.show_scene(self.scene)

    def _drag(self, event: QMouseEvent) -> None:
        assert self._held
        which, i, before = self._held
        y = self.place(event.position())[1]
        share = y - self.surface("p") if which == "p" else self.surface("q") - y
        self.edited.emit(before.with_share(which, i, share))

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.scene is None:
            return
        by = FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else COARSE
        if key in SIDES:
            self.choose(self.which, self.chosen + SIDES[key])
        elif key in HEAPS:
            self.choose(HEAPS[key], self.chosen)
        elif key in CHANGES:
            share = self.scene.heap(self.which)[self.chosen] + by * CHANGES[key]
            self.edited.emit(self.scene.with_share(self.which, self.chosen, float(share)))
            self.choose(self.which, self.chosen)
        else:
            super().keyPressEvent(event)


SIDES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
CHANGES = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
HEAPS = {Qt.Key.Key_P: "p", Qt.Key.Key_Q: "q"}


def stacked(group: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """[K] how much of its own group comes before each."""
    order = np.argsort(group, kind="stable")
    groups, before = group[order], np.cumsum(mass[order]) - mass[order]
    below = np.empty_like(mass)
    below[order] = before - before[np.searchsorted(groups, groups)] if len(mass) else before
    return below


def runs(heights: np.ndarray) -> list[tuple[int, int, int]]:
    """(first, last, slope) of the stretches of a potential [N] at 0, 1, 2 ... between which its slope changes."""
    slopes = np.round(np.diff(heights)).astype(int)
    edges = [0, *(np.flatnonzero(np.diff(slopes)) + 1).tolist(), len(slopes)]
    return [(a, b, int(slopes[a])) for a, b in pairwise(edges)]
