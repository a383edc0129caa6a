"""Pictures scaled to the size in which they are seen: in the background, what is in sight first, and not more than fit.

Until a tile is there its picture is stretched as it is, so that nothing is ever blank.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtGui import QImage

from ..computing import LatestWins
from .held import Held, scaled

MOST_BYTES = 96 * 2**20  # of tiles
AT_ONCE = 64  # tiles in one piece of work
FORMATS = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}


def image_of(pixels: np.ndarray) -> QImage:
    """[H, W, C] uint8; it shares them, which live as long as their array."""
    height, width, channels = pixels.shape
    return QImage(pixels.data, width, height, pixels.strides[0], FORMATS[channels])


class Tiles(QObject):
    """`in_sight` says which places are seen now."""

    came = Signal(set)  # of these places

    def __init__(self, in_sight: Callable[[], list[int]], parent: QObject):
        super().__init__(parent)
        self._in_sight = in_sight
        self._held: Held | None = None
        self._size = QSize()
        self._cache: OrderedDict[int, QImage] = OrderedDict()
        self._waits = False  # for an answer
        self._asks = False  # soon
        self.line = LatestWins(self)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)

    def show_held(self, held: Held | None) -> None:
        self._held = held
        self._forget()

    def set_size(self, size: QSize) -> None:
        """In pixels of the screen."""
        if size != self._size:
            self._size = size
            self._forget()

    def tile(self, place: int) -> QImage | None:
        """None where it is not there yet; it is then on its way."""
        found = self._cache.get(place)
        if found is None:
            if not self._asks:
                self._asks = True
                self._soon.start()
        else:
            self._cache.move_to_end(place)
        return found

    def raw(self, place: int) -> QImage:
        """As it is kept."""
        assert self._held is not None
        return image_of(self._held.picture(place))

    def leave(self, seconds: float) -> None:
        self._soon.stop()
        self.line.leave(seconds)

    def _forget(self) -> None:
        self.line.forget_all()
        self._waits = False
        self._cache.clear()

    def _ask(self) -> None:
        self._asks = False
        if self._held is None or self._size.isEmpty() or self._waits:
            return
        missing = [place for place in self._in_sight() if place not in self._cache][:AT_ONCE]
        if missing:
            self._waits = True
            size = (self._size.width(), self._size.height())
            self.line.ask("tiles", partial(_tiles, self._held, missing, size), self._take)

    def _take(self, found: dict[int, QImage]) -> None:
        self._waits = False
        self._cache.update(found)
        room = max(AT_ONCE, MOST_BYTES // (4 * self._size.width() * self._size.height()))
        while len(self._cache) > room:
            self._cache.popitem(last=False)
        self.came.emit(set(found))
        self._soon.start()  # for what has come into sight meanwhile


def _painted(channels: int) -> QImage.Format:
    """What is painted fastest."""
    return QImage.Format.Format_ARGB32_Premultiplied if channels == 4 else QImage.Format.Format_RGB32


def _tiles(held: Held, places: list[int], size: tuple[int, int]) -> dict[int, QImage]:
    """On a thread."""
    return {place: _tile(held.picture(place), *size) for place in places}


def _tile(picture: np.ndarray, width: int, height: int) -> QImage:
    """As it is painted fastest; a copy that shares nothing with the array."""
    return image_of(scaled(picture, width, height)).convertToFormat(_painted(picture.shape[2]))
