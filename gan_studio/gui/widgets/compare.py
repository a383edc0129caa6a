"""Pictures of one thing over each other: before and after, or what several networks make of it.

They may be of different sizes, as where one has four times the pixels; each fills the same place. Zoom and place are
common to all. Only what is seen is painted, from pictures in halves of their size that are made on a thread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from .. import theme
from ..computing import LatestWins
from .compare_modes import BY_ID, Mode
from .difference import difference_of
from .image_grid import stepped_zoom
from .pyramid import FORMATS, Pyramid, levels_of

MARGIN = 8.0  # pixels around pictures that fit
UNEVEN = 3.0  # pixels of the screen a pixel, from which on only whole ones fit
BLINK_MS = 650
NOTCH = 120  # of a wheel
MOST_ZOOM, LEAST_ZOOM = 64.0, 1 / 64
PAN = 0.08  # of what is seen, for an arrow key
SQUARES, GREYS = 8, ((225, 225, 225), (190, 190, 190))  # the pattern beneath what is clear: pixels, colours
PATIENCE_S = 2.0


@dataclass(frozen=True)
class Shown:
    """A picture to compare: [H, W, C] uint8."""

    name: str
    pixels: np.ndarray


class Picture(Pyramid):
    def __init__(self, name: str, pixels: np.ndarray):
        super().__init__(pixels)
        self.name = name


class CompareView(QWidget):
    """The wheel zooms, dragging pans, a double click or 0 fits, 1 shows a pixel as a pixel; the space key, held, shows
    the first picture alone."""

    mode_changed = Signal(str)
    other_changed = Signal(int)
    told = Signal(str)  # what is under the mouse
    menu_wanted = Signal(QMenu)  # whoever knows more about the pictures may add to it

    def __init__(self, empty: str = "Pictures appear here."):
        super().__init__()
        self.empty = empty
        self.pictures: list[Picture] = []
        self.chosen = 1  # which of them is compared with the first
        self.mode: Mode = BY_ID["divider"]
        self.divider = 0.5  # in parts of what is seen
        self.lens = QPointF(0.5, 0.5)  # in parts of the view
        self.is_first_seen = True  # of the two that blink
        self.difference: Picture | None = None
        self._smooth = False
        self._only_first = False  # while the key is held
        self._zoom = 0.0  # device pixels a pixel of the largest picture; 0 fits
        self._centre = QPointF(0.5, 0.5)  # what part of the picture is in the middle of a pane
        self._held = ""  # what the mouse drags: "own" of the mode, or "picture"
        self._last = QPointF()
        self._turned = 0  # of the wheel, less than a notch
        self._line = LatestWins(self)
        self._line.failed.connect(self._computing_failed)
        self._blink = QTimer(self, interval=BLINK_MS)
        self._blink.timeout.connect(self._blink_now)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 120)
        self.setAccessibleName("Pictures to compare")
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    # --- what is shown ---

    def show_pictures(self, shown: Sequence[Shown], fit: bool = False) -> None:
        """Zoom and place stay where they are of the same shape, so that another result of one picture can be judged."""
        old, was = self.pictures, self.whole() if self.pictures else None
        kept = {id(picture.pixels): picture for picture in old}
        self.pictures = [self._as_picture(one, kept) for one in shown]
        self.chosen = min(max(1, self.chosen), max(1, len(shown) - 1))
        self._forget_difference()
        now = self.whole() if self.pictures else None
        if fit or was is None or now is None or not alike(was, now):
            self._zoom, self._centre = 0.0, QPointF(0.5, 0.5)
        elif self._zoom:
            self._zoom *= was[0] / now[0]
        for picture in self.pictures:
            if not picture.is_grown:
                self._line.ask(id(picture), partial(levels_of, picture.pixels), partial(self._grow, picture))
        self._describe()
        self.update()

    def _as_picture(self, one: Shown, kept: dict[int, Picture]) -> Picture:
        """The one that is there already where it is the same array."""
        picture = kept.pop(id(one.pixels), None) or Picture(one.name, one.pixels)
        picture.name = one.name
        return picture

    def clear(self, empty: str = "") -> None:
        self.empty = empty or self.empty
        self._line.forget_all()
        self.show_pictures([])

    def _grow(self, picture: Picture, levels: list[np.ndarray]) -> None:
        picture.grow(levels)
        self.update()

    def set_mode(self, id: str) -> None:
        self.mode = BY_ID[id]
        self.is_first_seen = True
        self._run_blinking()
        self._want_difference()
        self.unsetCursor()
        self.mode_changed.emit(id)
        self._describe()
        self.update()

    def set_chosen(self, number: int) -> None:
        """Which picture is compared with the first."""
        if 1 <= number < len(self.pictures) and number != self.chosen:
            self.chosen = number
            self._forget_difference()
            self.other_changed.emit(number)
            self._describe()
            self.update()

    def set_smooth(self, smooth: bool) -> None:
        self._smooth = smooth
        self.update()

    def set_divider(self, place: float) -> None:
        self.divider = min(max(place, 0.0), 1.0)
        self._describe()
        self.update()

    def set_lens(self, place: QPointF) -> None:
        self.lens = QPointF(min(max(place.x(), 0.0), 1.0), min(max(place.y(), 0.0), 1.0))
        self.update()

    @property
    def first(self) -> Picture:
        return self.pictures[0]

    @property
    def other(self) -> Picture:
        return self.pictures[min(self.chosen, len(self.pictures) - 1)]

    def _describe(self) -> None:
        """For those who hear the window."""
        if not self.pictures:
            self.setAccessibleDescription(self.empty)
            return
        names = ", ".join(f"{one.name}, {one.width} × {one.height}" for one in self.pictures)
        where = f" Divider at {self.divider:.0%}." if self.mode.id == "divider" and len(self.pictures) > 1 else ""
        self.setAccessibleDescription(f"{names}.{where}")

    # --- how far two are apart ---

    def _forget_difference(self) -> None:
        self._line.forget("difference")
        self.difference = None
        self._want_difference()

    def _want_difference(self) -> None:
        if self.mode.needs_difference and self.difference is None and len(self.pictures) > 1:
            compute = partial(difference_of, self.first.pixels, self.other.pixels)
            self._line.ask("difference", compute, self._show_difference)

    def _show_difference(self, found: tuple[np.ndarray, list[np.ndarray], str]) -> None:
        pixels, levels, words = found
        self.difference = Picture(words, pixels)
        self.difference.grow(levels)
        self.update()

    def _computing_failed(self, error: Exception) -> None:
        """Only a memory that is full: what is there already goes on being shown."""
        self.told.emit(f"This cannot be shown: {str(error) or type(error).__name__}.")

    # --- blinking, while it is seen ---

    def _run_blinking(self) -> None:
        if self.mode.blinks and self.isVisible():
            self._blink.start()
        else:
            self._blink.stop()

    def _blink_now(self) -> None:
        self.is_first_seen = not self.is_first_seen
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._run_blinking()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._blink.stop()
        self._only_first = False

    # --- places, in device pixels ---

    def room(self) -> QRectF:
        return QRectF(0, 0, self.width() * self.devicePixelRatioF(), self.height() * self.devicePixelRatioF())

    def whole(self) -> tuple[int, int]:
        """The size of the largest picture, in whose pixels one zooms."""
        largest = max(self.pictures, key=lambda one: one.width)
        return largest.width, largest.height

    def panes(self) -> list[QRectF]:
        return [self.room()] if len(self.pictures) < 2 or self._only_first else self.mode.panes(self)

    def zoom(self) -> float:
        """Device pixels a pixel of the largest picture."""
        return self._zoom or self._fitting()

    def _fitting(self) -> float:
        if not self.pictures:
            return 1.0
        width, height = self.whole()
        pane, margin = self.panes()[0], 2 * MARGIN * self.devicePixelRatioF()
        fits = min(max(pane.width() - margin, 1) / width, max(pane.height() - margin, 1) / height)
        return float(int(fits)) if fits >= UNEVEN else fits

    def place(self, pane: QRectF) -> QRectF:
        """Where the whole of a picture lies, for one that looks through a pane; on whole pixels."""
        width, height = self.whole()
        wide, high = width * self.zoom(), height * self.zoom()
        left, top = pane.center().x() - self._centre.x() * wide, pane.center().y() - self._centre.y() * high
        return QRectF(math.floor(left + 0.5), math.floor(top + 0.5), wide, high)

    def _pane_at(self, at: QPointF) -> QRectF:
        return next((pane for pane in self.panes() if pane.contains(at)), self.panes()[0])

    def _to_device(self, at: QPointF) -> QPointF:
        return at * self.devicePixelRatioF()

    # --- zoom and place ---

    def fit(self) -> None:
        self._zoom, self._centre = 0.0, QPointF(0.5, 0.5)
        self.update()

    def show_pixels(self) -> None:
        """A pixel of the largest picture is one of the screen."""
        self.zoom_to(1.0, None)

    def zoom_by(self, steps: int, around: QPointF | None = None) -> None:
        self.zoom_to(stepped_zoom(self.zoom(), steps), around)

    def zoom_to(self, zoom: float, around: QPointF | None) -> None:
        """`around`, in device pixels of the view, stays where it is."""
        if not self.pictures:
            return
        pane = self._pane_at(around) if around is not None else self.panes()[0]
        fixed = around if around is not None else pane.center()
        before = self.place(pane)
        part = QPointF((fixed.x() - before.left()) / before.width(), (fixed.y() - before.top()) / before.height())
        self._zoom = min(max(zoom, LEAST_ZOOM), MOST_ZOOM)
        width, height = self.whole()
        off = (pane.center() - fixed) / self._zoom
        self._move_to(part + QPointF(off.x() / width, off.y() / height))

    def pan(self, by: QPointF) -> None:
        """So many device pixels, as the hand moves."""
        if self.pictures:
            self._zoom = self.zoom()  # a picture that was moved does not fit by itself any more
            width, height = self.whole()
            self._move_to(self._centre - QPointF(by.x() / width, by.y() / height) / self._zoom)

    def _move_to(self, centre: QPointF) -> None:
        """The picture stays in sight."""
        self._centre = QPointF(min(max(centre.x(), 0.0), 1.0), min(max(centre.y(), 0.0), 1.0))
        self.update()

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ratio = QPainter(self), self.devicePixelRatioF()
        painter.fillRect(self.rect(), theme.colours().plot)
        if not self.pictures:
            painter.setPen(theme.colours().muted)
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), wrap, self.empty)
        else:
            painter.save()
            painter.scale(1 / ratio, 1 / ratio)  # one unit is one pixel of the screen, so that pixels stay crisp
            self._paint_pictures(painter)
            painter.restore()
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_pictures(self, painter: QPainter) -> None:
        room = self.room()
        if len(self.pictures) > 1 and not self._only_first:
            self.mode.paint(self, painter)
        else:
            self.paint_picture(painter, self.first, room, room)
            self.paint_tag(painter, self.first.name, room)

    def paint_picture(self, painter: QPainter, picture: Picture, pane: QRectF, part: QRectF) -> None:
        """As it is seen through a pane, of which only a part is painted."""
        place = self.place(pane)
        if picture.channels == 4:
            self._paint_ground(painter, place & pane & part)
        scale = place.width() / picture.width
        picture.paint(painter, place, pane & part, self._smooth or is_uneven(scale))

    def _paint_ground(self, painter: QPainter, area: QRectF) -> None:
        """As image programs show what is clear."""
        painter.fillRect(area, squares())

    def paint_tag(self, painter: QPainter, text: str, pane: QRectF, at_right: bool = False) -> None:
        """A name in the upper corner of a pane, so far as there is room."""
        ratio = self.devicePixelRatioF()
        metrics = QFontMetricsF(self.font())
        text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, pane.width() / ratio - 28)
        if len(text) < 2:
            return
        size = QSize(round(metrics.horizontalAdvance(text)) + 12, round(metrics.height()) + 4)
        left = pane.right() / ratio - size.width() - 6 if at_right else pane.left() / ratio + 6
        box = QRectF(left, pane.top() / ratio + 6, size.width(), size.height())
        painter.save()
        painter.scale(ratio, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.faded(theme.colours().plot, 0.85))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(theme.colours().text)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    # --- the mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.pictures:
            return
        at = self._to_device(event.position())
        self._held, self._last = "own" if self._is_own(at) else "picture", at

    def _is_own(self, at: QPointF) -> bool:
        return len(self.pictures) > 1 and self.mode.holds(self, at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.pictures:
            return
        at = self._to_device(event.position())
        if self._held == "own":
            self.mode.drag(self, at)
        elif self._held:
            self.pan(at - self._last)
        else:
            self.setCursor(Qt.CursorShape.SplitHCursor if self._is_own(at) else Qt.CursorShape.ArrowCursor)
        self.mode.hover(self, at)
        self._last = at
        self.told.emit(self._under(at))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = ""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._held = ""
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._turned += event.angleDelta().y()
        steps = int(self._turned / NOTCH)
        self._turned -= steps * NOTCH
        if steps:
            self.zoom_by(steps, self._to_device(event.position()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.told.emit("")

    def _under(self, at: QPointF) -> str:
        """The values of all pictures at one place: a pixel of the largest, and what the others have there."""
        place, (width, height) = self.place(self._pane_at(at)), self.whole()
        x, y = (at.x() - place.left()) / place.width(), (at.y() - place.top()) / place.height()
        if not (0 <= x < 1 and 0 <= y < 1):
            return ""
        values = [one.pixels[int(y * one.height), int(x * one.width)] for one in self.pictures[:4]]
        told = " → ".join(" ".join(str(value) for value in pixel) for pixel in values)
        return f"{int(x * width)}, {int(y * height)}: {told}"

    # --- the keyboard ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Backslash):
            self._hold_first(True)
        elif not self._arrow(event) and not self._letter(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Backslash) and not event.isAutoRepeat():
            self._hold_first(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QEvent) -> None:  # type: ignore[override]
        self._hold_first(False)
        super().focusOutEvent(event)  # type: ignore[arg-type]

    def _hold_first(self, held: bool) -> None:
        self._only_first = held and bool(self.pictures)
        self.update()

    def _arrow(self, event: QKeyEvent) -> bool:
        """Moves what the mode has to move; with Ctrl, or where it has nothing, the picture."""
        x = (event.key() == Qt.Key.Key_Right) - (event.key() == Qt.Key.Key_Left)
        y = (event.key() == Qt.Key.Key_Down) - (event.key() == Qt.Key.Key_Up)
        if not self.pictures or not (x or y):
            return False
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        large = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if control or len(self.pictures) < 2 or not self.mode.arrow(self, x, y, large):
            pane = self.panes()[0]
            self.pan(QPointF(-x * pane.width(), -y * pane.height()) * PAN)
        return True

    def _letter(self, event: QKeyEvent) -> bool:
        if event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier):
            return False
        letter = event.text().upper()
        for mode in BY_ID.values():
            if mode.key == letter:
                self.set_mode(mode.id)
                return True
        match letter:
            case "+" | "=":
                self.zoom_by(1)
            case "-":
                self.zoom_by(-1)
            case "0":
                self.fit()
            case "1":
                self.show_pixels()
            case _:
                return False
        return True

    # --- a menu ---

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for i, picture in enumerate(self.pictures):
            menu.addAction(f"Copy “{picture.name}”", partial(self.copy, i))
        menu.addAction("Fit", self.fit).setEnabled(bool(self.pictures))
        menu.addAction("Pixel by pixel", self.show_pixels).setEnabled(bool(self.pictures))
        self.menu_wanted.emit(menu)
        at = event.globalPos()
        menu.popup(at if not at.isNull() else self.mapToGlobal(self.rect().center()))

    def copy(self, number: int) -> None:
        if number < len(self.pictures):
            QApplication.clipboard().setImage(image_of(self.pictures[number].pixels))

    def leave(self) -> None:
        """The window closes."""
        self._blink.stop()
        self._line.leave(PATIENCE_S)


@cache
def squares() -> QBrush:
    """Light and dark grey in turn."""
    image = QImage(2 * SQUARES, 2 * SQUARES, QImage.Format.Format_RGB32)
    for y, x in np.ndindex(2 * SQUARES, 2 * SQUARES):
        image.setPixelColor(x, y, QColor(*GREYS[(x // SQUARES + y // SQUARES) % 2]))
    return QBrush(image)


def image_of(pixels: np.ndarray) -> QImage:
    """[H, W, C] uint8 as an image of its own."""
    pixels = np.ascontiguousarray(pixels)
    height, width, channels = pixels.shape
    return QImage(pixels.data, width, height, pixels.strides[0], FORMATS[channels]).copy()


def is_uneven(zoom: float) -> bool:
    """Whether some pixels would be seen wider than others, so that a picture looks better softened."""
    return zoom < UNEVEN and abs(zoom - round(zoom)) > 0.01


def alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes are of the same shape, within what rounding to whole pixels explains."""
    return abs(one[0] * other[1] - one[1] * other[0]) <= max(*one, *other)
