"""A grid of small pictures, painted with crisp pixels."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from .. import theme

GAP = 2  # pixels between pictures
MARGIN = 8
MOST_ZOOM, LEAST_ZOOM = 64.0, 1 / 16


class ImageGrid(QWidget):
    """Pictures in a grid; the wheel zooms, dragging pans, a double click or 0 fits."""

    looked = Signal()  # elsewhere, by the user: zoomed, moved, fitted

    def __init__(self, empty: str = "Samples appear here.", parent: QWidget | None = None):
        super().__init__(parent)
        self.empty = empty
        self._image: QImage | None = None
        self._count = self._columns = 0
        self._size = QSize()  # of one picture
        self._caption = ""
        self._zoom = 0.0  # device pixels a pixel; 0 fits
        self._shift = QPointF()  # of the picture's centre from the middle of the widget, in device pixels
        self._held: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(96, 96)
        self.setAccessibleName("Pictures")
        self._describe()

    # what is shown

    def show_images(self, images: np.ndarray, columns: int | None = None) -> None:
        """Pictures [N, H, W, C] uint8, C = 1, 3 or 4; `columns` None is a near-square grid. Zoom and place stay."""
        grid = tile(images, columns, GAP)
        self._columns = columns_of(len(images), columns, images.shape[1] / images.shape[2])
        self._size = QSize(images.shape[2], images.shape[1])
        same_size = self._image is not None and self._image.size() == QSize(grid.shape[1], grid.shape[0])
        self._image, self._count = to_image(grid), len(images)
        if not same_size:
            self.fit()
        self._describe()
        self.update()

    def clear(self) -> None:
        """Back to the empty state."""
        self._image, self._count, self._caption = None, 0, ""
        self.fit()
        self._describe()

    def set_caption(self, text: str) -> None:
        """A quiet line beneath the pictures."""
        self._caption = text
        self._describe()
        self.update()

    def image(self) -> QImage | None:
        """The whole grid at one pixel a pixel."""
        return self._image

    def _describe(self) -> None:
        told = f"{self._count} pictures. {self._caption}".strip() if self._count else self.empty
        self.setAccessibleDescription(told)

    # zoom

    def fit(self) -> None:
        self._zoom, self._shift = 0.0, QPointF()
        self.update()

    def look(self) -> tuple[float, QPointF]:
        """Where one looks: for `look_at` of another one."""
        return self._zoom, QPointF(self._shift)

    def look_at(self, look: tuple[float, QPointF]) -> None:
        """The same part as another one shows."""
        self._zoom, self._shift = look
        self.update()

    def zoom(self) -> float:
        """Device pixels a pixel of the pictures."""
        return self._zoom or self._fitting()

    @property
    def fits(self) -> bool:
        """Whether it is as large as there is room, by itself."""
        return not self._zoom

    def zoom_by(self, steps: int, around: QPointF | None = None) -> None:
        """In or out by whole factors above 1 and halves below; `around` (in the widget) stays where it is."""
        if self._image is None:
            return
        old = self.zoom()
        new = min(max(stepped_zoom(old, steps), LEAST_ZOOM), MOST_ZOOM)
        from_middle = ((around or QPointF(self._room().center())) - self._room().center()) * self.devicePixelRatioF()
        self._shift = from_middle - (from_middle - self._shift) * (new / old)
        self._zoom = new
        self.update()
        self.looked.emit()

    def _fitting(self) -> float:
        if self._image is None:
            return 1.0
        room = self._room().size() * self.devicePixelRatioF()
        fits = min(room.width() / self._image.width(), room.height() / self._image.height())
        return float(math.floor(fits)) if fits >= 1 else max(fits, LEAST_ZOOM)

    def _room(self) -> QRectF:
        below = self.fontMetrics().height() + MARGIN if self._caption else 0
        return QRectF(self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN - below))

    def target(self) -> QRectF:
        """Where the grid lies, in device pixels, on whole ones."""
        assert self._image is not None
        ratio, zoom = self.devicePixelRatioF(), self.zoom()
        size = QPointF(self._image.width() * zoom, self._image.height() * zoom)
        middle = self._room().center() * ratio + self._shift
        return QRectF(round(middle.x() - size.x() / 2), round(middle.y() - size.y() / 2), size.x(), size.y())

    def rect_of(self, place: int) -> QRectF:
        """Where one of the pictures lies, in the widget."""
        row, column = divmod(place, self._columns)
        ratio, zoom, target = self.devicePixelRatioF(), self.zoom(), self.target()
        x = target.x() + column * (self._size.width() + GAP) * zoom
        y = target.y() + row * (self._size.height() + GAP) * zoom
        return QRectF(x / ratio, y / ratio, self._size.width() * zoom / ratio, self._size.height() * zoom / ratio)

    def place_at(self, point: QPointF) -> int:
        """Which picture lies there; -1 is none."""
        if self._image is None:
            return -1
        return next((place for place in range(self._count) if self.rect_of(place).contains(point)), -1)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.colours()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.plot)
        if self._image is None:
            painter.setPen(colours.muted)
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), wrap, self.empty)
        else:
            self._paint_image(painter, self._image)
            self._paint_caption(painter)
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_image(self, painter: QPainter, image: QImage) -> None:
        ratio = self.devicePixelRatioF()
        painter.save()
        painter.setClipRect(self._room().adjusted(-MARGIN, -MARGIN, MARGIN, 0))
        painter.scale(1 / ratio, 1 / ratio)  # one unit is one device pixel, so that pixels stay crisp
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom() < 1)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        painter.drawImage(self.target(), image)
        painter.restore()

    def _paint_caption(self, painter: QPainter) -> None:
        room = self.rect().adjusted(MARGIN, 0, -MARGIN, -MARGIN // 2)
        text = self.fontMetrics().elidedText(self._caption, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(theme.colours().muted)
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, text)

    def sizeHint(self) -> QSize:
        return QSize(360, 360)

    # the user

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self.zoom_by(1 if event.angleDelta().y() > 0 else -1, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None or self._image is None:
            return
        self._zoom = self.zoom()  # a picture that was moved does not fit by itself any more
        self._shift += (event.position() - self._held) * self.devicePixelRatioF()
        self._held = event.position()
        self.update()
        self.looked.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._fit_again()

    def _fit_again(self) -> None:
        self.fit()
        self.looked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.text():
            case "+" | "=":
                self.zoom_by(1)
            case "-":
                self.zoom_by(-1)
            case "0":
                self._fit_again()
            case _:
                super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.popup(event.globalPos() if not event.globalPos().isNull() else self.mapToGlobal(QPoint(0, 0)))

    def menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, call in (("Copy", self.copy), ("Save as PNG …", self.save_as)):
            action = menu.addAction(text, call)
            action.setEnabled(self._image is not None)
        menu.addSeparator()
        menu.addAction("Fit", self._fit_again)
        return menu

    def copy(self) -> None:
        if self._image is not None:
            QApplication.clipboard().setImage(self._image)

    def save_as(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the pictures", "samples.png", "PNG (*.png)")
        if path and self._image is not None:
            self._image.save(path if path.lower().endswith(".png") else f"{path}.png")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()


def tile(images: np.ndarray, columns: int | None = None, gap: int = 0) -> np.ndarray:
    """Pictures [N, H, W, C] uint8 in rows, as [height, width, 4] in ARGB32's byte order; black gaps, as in files."""
    count, height, width, channels = images.shape
    columns = columns_of(count, columns, height / width)
    rows = math.ceil(count / columns)
    grid = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), np.uint8)
    grid[..., 3] = 255
    for i, picture in enumerate(images):
        y, x = divmod(i, columns)
        y, x = y * (height + gap), x * (width + gap)
        grid[y : y + height, x : x + width, :3] = picture[..., 2::-1] if channels >= 3 else picture[..., :1]
    return grid


def columns_of(count: int, columns: int | None = None, proportion: float = 1.0) -> int:
    """Of a near-square grid where none are asked for; `proportion` is a picture's height by its width."""
    return min(columns or math.ceil(math.sqrt(count * proportion)), max(count, 1))


def to_image(grid: np.ndarray) -> QImage:
    """[H, W, 4] BGRA uint8 as a QImage that owns its pixels; little-endian, as all of Qt's platforms here."""
    grid = np.ascontiguousarray(grid)
    height, width = grid.shape[:2]
    image = QImage(grid.data, width, height, grid.strides[0], QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()


def stepped_zoom(zoom: float, steps: int) -> float:
    """The next whole zoom above 1 (1, 2, 3, 4, 6, 8, 12 ...), the next half below."""
    stops = sorted([2.0**-k for k in range(5)] + [2.0**k for k in range(1, 7)] + [3.0 * 2**k for k in range(5)])
    for _ in range(abs(steps)):
        beyond = [s for s in stops if s > zoom * 1.001] if steps > 0 else [s for s in stops if s < zoom * 0.999]
        if not beyond:
            return zoom
        zoom = beyond[0] if steps > 0 else beyond[-1]
    return zoom
