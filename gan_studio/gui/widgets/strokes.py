"""A drawing as what the hand did: strokes, fills and pictures, which are painted anew at any size, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

SMOOTH = Qt.TransformationMode.SmoothTransformation
NEAR = 40  # levels of 255: so far a colour may be from that where one fills, for the soft rims of lines
FORM = QImage.Format.Format_RGB32

Place = tuple[float, float]  # on the paper, in its units


@dataclass(frozen=True)
class Stroke:
    places: tuple[Place, ...]
    width: float  # in units of the paper
    colour: QColor
    soft: bool = True  # its rim; labels have hard ones, as every colour means something

    def draw(self, image: QImage, scale: float) -> None:
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.soft)
        cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        painter.setPen(QPen(self.colour, max(1.0, self.width * scale), Qt.PenStyle.SolidLine, cap, join))
        points = [QPointF(x, y) * scale for x, y in self.places]
        if len(points) == 1:
            painter.drawPoint(points[0])
        else:
            painter.drawPath(path_through(points))
        painter.end()


def path_through(points: Sequence[QPointF]) -> QPainterPath:
    """Round where the hand's places were coarse: through the middles, with the places as what bends it."""
    path = QPainterPath(points[0])
    path.lineTo((points[0] + points[1]) / 2)
    for place, following in pairwise(points[1:]):
        path.quadTo(place, (place + following) / 2)
    path.lineTo(points[-1])
    return path


@dataclass(frozen=True)
class Fill:
    place: Place
    colour: QColor

    def draw(self, image: QImage, scale: float) -> None:
        x, y = (int(value * scale) for value in self.place)
        if image.rect().contains(x, y):
            pixels = view_of(image)
            area = connected(pixels, x, y)
            pixels[area] = (self.colour.blue(), self.colour.green(), self.colour.red(), 255)


@dataclass(frozen=True)
class Sheet:
    """Everything of one colour, and a picture in its middle if there is one: what was before is gone."""

    colour: QColor
    picture: QImage | None = None

    def draw(self, image: QImage, scale: float) -> None:
        image.fill(self.colour)
        if self.picture is not None:
            size = self.picture.size().scaled(image.size(), Qt.AspectRatioMode.KeepAspectRatio)
            painter = QPainter(image)
            box = QRectF(QPointF(), size)
            box.moveCenter(QRectF(image.rect()).center())
            smooth = self.picture.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, SMOOTH)
            painter.drawImage(box.topLeft().toPoint(), smooth)
            painter.end()


Act = Stroke | Fill | Sheet


class Drawing:
    """Acts on a paper of `size`, in units of which one is a pixel of what is made of it."""

    def __init__(self, size: QSize, paper: QColor):
        self.size, self.paper = size, paper
        self.acts: list[Act] = []
        self.undone: list[Act] = []
        self.image = self.raster(size)  # with all acts

    def add(self, act: Act) -> None:
        self.acts.append(act)
        self.undone.clear()
        act.draw(self.image, 1.0)

    def undo(self) -> None:
        if self.acts:
            self.undone.append(self.acts.pop())
            self.image = self.raster(self.size)

    def redo(self) -> None:
        if self.undone:
            act = self.undone.pop()
            self.acts.append(act)
            act.draw(self.image, 1.0)

    def resize(self, size: QSize) -> None:
        """The same drawing on a paper of another size."""
        scale = size.width() / self.size.width()
        self.acts = [scaled(act, scale) for act in self.acts]
        self.undone = [scaled(act, scale) for act in self.undone]
        self.size = size
        self.image = self.raster(size)

    def raster(self, size: QSize) -> QImage:
        """Everything anew at a size, from the last sheet on."""
        image = QImage(size, FORM)
        image.fill(self.paper)
        scale = size.width() / self.size.width()
        sheets = [i for i, act in enumerate(self.acts) if isinstance(act, Sheet)]
        for act in self.acts[sheets[-1] if sheets else 0 :]:
            act.draw(image, scale)
        return image


def scaled(act: Act, by: float) -> Act:
    match act:
        case Stroke(places, width, colour, soft):
            return Stroke(tuple((x * by, y * by) for x, y in places), width * by, colour, soft)
        case Fill((x, y), colour):
            return Fill((x * by, y * by), colour)
    return act


# --- filling ---------------------------------------------------------------------------------------------------------


def view_of(image: QImage) -> np.ndarray:
    """[H, W, 4] BGRX: the image's own memory, which goes with the image."""
    height, width = image.height(), image.width()
    rows = np.frombuffer(image.bits(), np.uint8).reshape(height, image.bytesPerLine())
    return rows[:, : 4 * width].reshape(height, width, 4)


def connected(pixels: np.ndarray, x: int, y: int) -> np.ndarray:
    """[H, W] bool: what is of about the same colour as the pixel at (x, y) and reached from it by sides."""
    far = np.abs(pixels[..., :3].astype(np.int16) - pixels[y, x, :3]).max(axis=2)
    open_ = far <= NEAR
    rows, columns = runs(open_), runs(open_.T).T
    reached = np.zeros_like(open_)
    reached[y, x] = True
    count = 0
    while reached.sum() != count:  # along rows and columns in turn, whole runs at once
        count = int(reached.sum())
        for ids in (rows, columns):
            hit = np.zeros(int(ids.max()) + 1, bool)
            hit[ids[reached]] = True
            reached = open_ & hit[ids]
    return reached


def runs(open_: np.ndarray) -> np.ndarray:
    """[H, W]: a number for each run of True within a row; what is False has that of the run before."""
    starts = open_.copy()
    starts[:, 1:] &= ~open_[:, :-1]
    return np.cumsum(starts.ravel()).reshape(open_.shape)
