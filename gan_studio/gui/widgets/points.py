"""Real and generated points in the plane over the landscape of D."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from .. import theme

MOST = 5000  # points of a kind that are drawn
STEEPNESS = 0.5  # of the colours: logits of about 4 are full


class PointsView(QWidget):
    """A scatter plot with equal axes. The heat map beneath is blue where D sees real samples, orange where fake."""

    def __init__(self, empty: str = "Points appear here.", parent: QWidget | None = None):
        super().__init__(parent)
        self.plane = Plane(empty)
        self.real_box = self._toggle("Real", "real")
        self.generated_box = self._toggle("Generated", "generated")
        self.landscape_box = self._toggle("D's view", "landscape")
        self.real_box.setToolTip("Points of the data")
        self.generated_box.setToolTip("Points that G makes")
        self.landscape_box.setToolTip("Where D takes points for real (blue) and for generated (orange)")
        legend = QHBoxLayout()
        legend.setContentsMargins(8, 4, 8, 4)
        legend.setSpacing(16)
        for box in (self.real_box, self.generated_box, self.landscape_box):
            legend.addWidget(box)
        legend.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(legend)
        column.addWidget(self.plane, 1)
        theme.changed.connect(self._recolour)
        self._recolour()

    def show_real(self, points: np.ndarray) -> None:
        """Points [N, 2]. They set the extent until a landscape does."""
        self.plane.set_points("real", points)

    def show_generated(self, points: np.ndarray) -> None:
        """Points [N, 2]."""
        self.plane.set_points("generated", points)

    def show_landscape(self, logits: np.ndarray, extent: float) -> None:
        """D's logits [R, R] on the square [-extent, extent]^2, row 0 at y = -extent."""
        self.plane.set_landscape(logits, extent)

    def set_caption(self, text: str) -> None:
        """A quiet line beneath the plot."""
        self.plane.caption = text
        self.plane.redraw()

    def clear(self) -> None:
        """Back to the empty state."""
        self.plane.clear()

    def _toggle(self, title: str, layer: str) -> QCheckBox:
        box = QCheckBox(title)
        box.setChecked(True)
        box.setAccessibleName(f"Show {title}")
        box.toggled.connect(lambda on: self.plane.set_shown(layer, on))
        return box

    def _recolour(self) -> None:
        real, generated = self.plane.colours()
        self.real_box.setIcon(theme.swatch(real))
        self.generated_box.setIcon(theme.swatch(generated))
        self.plane.recolour()


class Plane(QWidget):
    """What PointsView paints on."""

    def __init__(self, empty: str):
        super().__init__()
        self.empty, self.caption = empty, ""
        self.extent = 1.0
        self._points: dict[str, np.ndarray] = {}
        self._shown = {"real": True, "generated": True, "landscape": True}
        self._logits: np.ndarray | None = None
        self._heat: QImage | None = None
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Real and generated points")
        self.redraw()

    def set_points(self, layer: str, points: np.ndarray) -> None:
        finite = points[np.isfinite(points).all(axis=1)]
        self._points[layer] = finite[:MOST].astype(np.float64)
        if self._logits is None and "real" in self._points and len(self._points["real"]):
            self.extent = float(1.15 * np.abs(self._points["real"]).max()) or 1.0
        self.redraw()

    def set_landscape(self, logits: np.ndarray, extent: float) -> None:
        self._logits, self.extent = logits, extent
        self.recolour()

    def set_shown(self, layer: str, shown: bool) -> None:
        self._shown[layer] = shown
        self.redraw()

    def clear(self) -> None:
        self._points, self._logits, self._heat, self.extent, self.caption = {}, None, None, 1.0, ""
        self.redraw()

    def recolour(self) -> None:
        self._heat = None if self._logits is None else heat_map(self._logits, theme.colours())
        self.redraw()

    def redraw(self) -> None:
        counts = [f"{len(points)} {layer}" for layer, points in self._points.items()]
        self.setAccessibleDescription(" and ".join(counts) + f" points. {self.caption}" if counts else self.empty)
        self.update()

    def colours(self) -> tuple[QColor, QColor]:
        """Of real and of generated points; green and the text's colour stand out on orange and blue."""
        c = theme.colours()
        return c.third, c.text

    # painting

    def square(self) -> QRectF:
        below = self.fontMetrics().height() + 8
        room = QRectF(self.rect().adjusted(8, 4, -8, -4 - below))
        side = min(room.width(), room.height())
        return QRectF(room.center().x() - side / 2, room.top(), side, side)  # close beneath the legend

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """[N, 2] in the plane to [N, 2] in the widget; y goes up."""
        square = self.square()
        middle = np.array([square.center().x(), square.center().y()])
        return middle + points * (square.width() / (2 * self.extent)) * np.array([1, -1])

    def paintEvent(self, event: QPaintEvent) -> None:
        c, square = theme.colours(), self.square()
        painter = QPainter(self)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        painter.fillRect(square, c.plot)
        if not self._points and self._logits is None:
            painter.setPen(c.muted)
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(square.adjusted(16, 16, -16, -16), wrap, self.empty)
            return
        if self._heat is not None and self._shown["landscape"]:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(square, self._heat)
        painter.setPen(QPen(c.grid, 1))
        painter.drawRect(square)
        painter.setClipRect(square)
        real, generated = self.colours()
        # Real points are squares, generated ones round: told apart without colour too.
        self._paint_points(painter, "real", real, 3, Qt.PenCapStyle.SquareCap)
        self._paint_points(painter, "generated", generated, 3.5, Qt.PenCapStyle.RoundCap)
        painter.setClipping(False)
        self._paint_text(painter, square)

    def _paint_points(self, painter: QPainter, layer: str, colour: QColor, size: float, cap: Qt.PenCapStyle) -> None:
        points = self._points.get(layer)
        if points is None or not self._shown[layer] or not len(points):
            return
        colour = QColor(colour)
        colour.setAlphaF(0.85 if len(points) < 1000 else 0.55)
        painter.setPen(QPen(colour, size, Qt.PenStyle.SolidLine, cap))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, cap == Qt.PenCapStyle.RoundCap)
        painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in self.to_pixels(points).tolist()]))

    def _paint_text(self, painter: QPainter, square: QRectF) -> None:
        painter.setPen(theme.colours().muted)
        line = QRectF(square.left(), square.bottom() + 2, square.width(), self.fontMetrics().height() + 4)
        scale = f"±{self.extent:.3g}"
        room = int(square.width()) - self.fontMetrics().horizontalAdvance(scale) - 8
        text = self.fontMetrics().elidedText(self.caption, Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, scale)

    def sizeHint(self) -> QSize:
        return QSize(360, 360)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()


def heat_map(logits: np.ndarray, c: theme.Colours) -> QImage:
    """Logits [R, R] as a picture: through tanh, so that near 0 shows detail; orange below, blue above."""
    upright = logits[::-1].astype(np.float32)  # row 0 of pictures is on top
    amount = np.tanh(STEEPNESS * np.nan_to_num(upright))[..., None]  # [R, R, 1]
    ground, fake, real = (np.array([q.red(), q.green(), q.blue()], np.float32) / 255 for q in (c.plot, c.d, c.g))
    strength = 0.65 * np.abs(amount)
    mixed = ground * (1 - strength) + np.where(amount < 0, fake, real) * strength  # [R, R, 3]
    rgb = np.ascontiguousarray((mixed * 255).round().astype(np.uint8))
    height, width = rgb.shape[:2]
    picture = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return picture.convertToFormat(QImage.Format.Format_RGB32)  # a copy: the array may go
