"""The ways to look at two pictures of one thing, one class each; a new one is a class and a place in `MODES`.

What is painted is in device pixels: one unit of the painter is one of the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

if TYPE_CHECKING:
    from .compare import CompareView

GRIP = 9.0  # pixels of the window around the divider within which it is taken hold of
HANDLE = 11.0  # radius of its handle
STEP, LARGE_STEP = 0.02, 0.1  # of an arrow key, in parts of what is seen
LENS = 0.22  # radius of the lens, in parts of the view's smaller side
GAP = 2.0  # pixels between pictures side by side
EDGE = (QColor(255, 255, 255), QColor(0, 0, 0, 140))  # seen on any picture: a line and what is beside it


class Mode:
    """Everything on one pane, the mouse pans, the arrow keys pan."""

    id = title = about = key = ""
    blinks = False  # the two change places, again and again
    needs_difference = False

    def panes(self, view: CompareView) -> list[QRectF]:
        return [view.room()]

    def paint(self, view: CompareView, painter: QPainter) -> None:
        raise NotImplementedError

    def holds(self, view: CompareView, at: QPointF) -> bool:
        """Whether a drag from here moves something of the mode's own instead of the picture."""
        return False

    def drag(self, view: CompareView, at: QPointF) -> None:
        """The mouse has come here with what it holds."""

    def hover(self, view: CompareView, at: QPointF) -> None:
        """The mouse is here."""

    def arrow(self, view: CompareView, x: int, y: int, large: bool) -> bool:
        """What an arrow key moves; False pans."""
        return False


class Divider(Mode):
    id, title, key = "divider", "&Divider", "D"
    about = "The first picture left of a line that can be dragged, the other right of it."

    def place(self, view: CompareView) -> float:
        """Where the line is: in what is seen of the picture, so that it is always at hand."""
        seen = view.place(view.room()) & view.room()
        return float(round(seen.left() + view.divider * seen.width()))

    def paint(self, view: CompareView, painter: QPainter) -> None:
        room, x = view.room(), self.place(view)
        left, right = QRectF(room), QRectF(room)
        left.setRight(x)
        right.setLeft(x)
        view.paint_picture(painter, view.first, room, left)
        view.paint_picture(painter, view.other, room, right)
        self._paint_line(view, painter, x)
        view.paint_tag(painter, view.first.name, left)
        view.paint_tag(painter, view.other.name, right, at_right=True)

    def _paint_line(self, view: CompareView, painter: QPainter, x: float) -> None:
        ratio, seen = view.devicePixelRatioF(), view.place(view.room()) & view.room()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in zip(reversed(EDGE), (4.0, 2.0), strict=True):
            painter.setPen(QPen(colour, width * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawLine(QPointF(x, seen.top()), QPointF(x, seen.bottom()))
        middle, radius = QPointF(x, seen.center().y()), HANDLE * ratio
        painter.setPen(QPen(EDGE[1], ratio))
        painter.setBrush(view.palette().highlight() if view.hasFocus() else EDGE[0])
        painter.drawEllipse(middle, radius, radius)
        painter.setPen(QPen(EDGE[0] if view.hasFocus() else QColor(0, 0, 0), 1.5 * ratio))
        for side in (-1, 1):
            tip, back = middle + QPointF(side * 0.65, 0) * radius, middle + QPointF(side * 0.3, 0) * radius
            painter.drawPolyline([back + QPointF(0, -0.3) * radius, tip, back + QPointF(0, 0.3) * radius])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def holds(self, view: CompareView, at: QPointF) -> bool:
        return abs(at.x() - self.place(view)) <= GRIP * view.devicePixelRatioF()

    def drag(self, view: CompareView, at: QPointF) -> None:
        seen = view.place(view.room()) & view.room()
        view.set_divider((at.x() - seen.left()) / max(seen.width(), 1.0))

    def arrow(self, view: CompareView, x: int, y: int, large: bool) -> bool:
        if x:
            view.set_divider(view.divider + x * (LARGE_STEP if large else STEP))
        return bool(x)


class SideBySide(Mode):
    id, title, key = "side", "&Side by side", "Y"
    about = "All pictures beside each other, at the same place and zoom."

    def panes(self, view: CompareView) -> list[QRectF]:
        """As many columns as show them largest."""
        room, count = view.room(), len(view.pictures)
        width, height = view.whole()

        def zoom(columns: int) -> float:
            rows = -(-count // columns)
            return min(room.width() / columns / width, room.height() / rows / height)

        columns = max(range(1, count + 1), key=zoom)
        rows = -(-count // columns)
        gap = round(GAP * view.devicePixelRatioF())
        wide, high = int((room.width() + gap) / columns), int((room.height() + gap) / rows)  # with the gap
        places = [divmod(i, columns) for i in range(count)]
        return [QRectF(column * wide, row * high, wide - gap, high - gap) for row, column in places]

    def paint(self, view: CompareView, painter: QPainter) -> None:
        for picture, pane in zip(view.pictures, self.panes(view), strict=True):
            view.paint_picture(painter, picture, pane, pane)
            view.paint_tag(painter, picture.name, pane)


class Blink(Mode):
    id, title, key = "blink", "&Blink", "B"
    about = "One after the other at the same place: what differs seems to move."
    blinks = True

    def paint(self, view: CompareView, painter: QPainter) -> None:
        picture, room = view.first if view.is_first_seen else view.other, view.room()
        view.paint_picture(painter, picture, room, room)
        view.paint_tag(painter, picture.name, room, at_right=not view.is_first_seen)


class Lens(Mode):
    id, title, key = "lens", "&Lens", "L"
    about = "The other picture; a lens that follows the mouse, or the arrow keys, shows the first one."

    def paint(self, view: CompareView, painter: QPainter) -> None:
        room, ratio = view.room(), view.devicePixelRatioF()
        view.paint_picture(painter, view.other, room, room)
        radius = LENS * min(room.width(), room.height())
        circle = QPainterPath()
        circle.addEllipse(self._middle(view), radius, radius)
        painter.save()
        painter.setClipPath(circle)
        view.paint_picture(painter, view.first, room, room)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in zip(reversed(EDGE), (4.0, 2.0), strict=True):
            painter.setPen(QPen(colour, width * ratio))
            painter.drawPath(circle)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        view.paint_tag(painter, view.other.name, room, at_right=True)
        view.paint_tag(painter, f"In the lens: {view.first.name}", room)

    def _middle(self, view: CompareView) -> QPointF:
        room = view.room()
        return QPointF(view.lens.x() * room.width(), view.lens.y() * room.height())

    def hover(self, view: CompareView, at: QPointF) -> None:
        room = view.room()
        view.set_lens(QPointF(at.x() / room.width(), at.y() / room.height()))

    def arrow(self, view: CompareView, x: int, y: int, large: bool) -> bool:
        view.set_lens(view.lens + QPointF(x, y) * (LARGE_STEP if large else STEP))
        return True


class Difference(Mode):
    id, title, key = "difference", "D&ifference", "I"
    about = "How far the two are apart, pixel by pixel: black is the same, white the most."
    needs_difference = True

    def paint(self, view: CompareView, painter: QPainter) -> None:
        room = view.room()
        if view.difference is not None:
            view.paint_picture(painter, view.difference, room, room)
            view.paint_tag(painter, view.difference.name, room)
        else:
            view.paint_tag(painter, "Comparing …", room)


MODES: tuple[Mode, ...] = (Divider(), SideBySide(), Blink(), Lens(), Difference())
BY_ID = {mode.id: mode for mode in MODES}
