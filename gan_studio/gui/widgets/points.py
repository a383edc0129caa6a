"""Real and generated points in the plane, over the landscape of D and with what G feels there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QIcon,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QMenu, QSizePolicy, QVBoxLayout, QWidget

from ...plane import pulled
from .. import theme
from .flow import FlowLayout

MOST = 5000  # points of a kind that are drawn
STEEPNESS = 0.5  # of the colours: logits of about 4 are full
HEAD_PX = 4.0
RING_PX = 5.0  # radius
MOST_ZOOM, LEAST_ZOOM = 64.0, 0.25
NOTCH = 1.25  # of the wheel
SWATCH = QSize(14, 14)
PAINT_MS = 8  # after new points came: what brought them and their painting do not hold the window in one go
# The pixels of a dot. Single pixels are drawn ten times as fast as round pens, which took 7 ms for 2,500 points.
SQUARE = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)], np.float64)
CROSS = np.array([(0, -1), (-1, 0), (0, 0), (1, 0), (0, 1)], np.float64)


@dataclass(frozen=True)
class Layer:
    id: str
    title: str
    about: str
    missing: str  # what to say where there is none


LAYERS = (
    Layer("real", "Real", "Points of the data", "No real points have been shown yet."),
    Layer("generated", "Generated", "Points that G makes", "G has not made any points yet."),
    Layer(
        "landscape",
        "D's map",
        "Where D takes points for real (blue) and for generated (orange). Colourless: it cannot tell. A critic, whose "
        "answers have no scale, is colourless halfway between its mean answers to real and to generated points.",
        "No map yet.",
    ),
    Layer(
        "arrows",
        "Pull",
        "Where G's loss pulls the generated points: minus its gradient. The lengths are relative to each other.",
        "No pull was kept at this step.",
    ),
    Layer(
        "grid",
        "Warped grid",
        "What G makes of an even grid in the plane of its first two latents",
        "No warped grid was kept at this step.",
    ),
)


class PointsView(QWidget):
    """A scatter plot with equal axes and layers to choose from. The wheel zooms, dragging pans, a double click fits."""

    layers_changed = Signal()  # the user chose among them

    def __init__(self, empty: str = "Points appear here.", parent: QWidget | None = None):
        super().__init__(parent)
        self.plane = Plane(empty)
        self.boxes: dict[str, LayerBox] = {}
        legend = FlowLayout(gap=12)
        legend.setContentsMargins(8, 4, 8, 4)
        for layer in LAYERS:
            self.boxes[layer.id] = box = LayerBox(layer, self.plane.set_shown)
            box.setChecked(layer.id in self.plane.shown)
            box.clicked.connect(self.layers_changed)
            legend.addWidget(box)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(legend)
        column.addWidget(self.plane, 1)
        theme.changed.connect(self._recolour)
        self._recolour()

    # what is shown

    def show_real(self, points: np.ndarray) -> None:
        """Points [N, 2]. They set the extent until a landscape does."""
        self.plane.set_points("real", points)
        self._allow()

    def show_generated(self, points: np.ndarray) -> None:
        """Points [N, 2]."""
        self.plane.set_points("generated", points)
        self._allow()

    def show_landscape(
        self, logits: np.ndarray, extent: float, pull: np.ndarray | None = None, warped: np.ndarray | None = None
    ) -> None:
        """D's logits [R, R] on the square [-extent, extent]^2, row 0 at y = -extent; what pulls the first M generated
        points, [M, 2]; G of an even grid, [K, K, 2]. The points of the same step are shown before."""
        self.plane.set_landscape(logits, extent)
        self.plane.set_pull(pull)
        self.plane.warped = warped
        self._allow()

    def forget_landscape(self) -> None:
        """There is none of this step."""
        self.plane.set_landscape(None, self.plane.extent)
        self.plane.set_pull(None)
        self.plane.warped = None
        self._allow()

    def show_ringed(self, points: np.ndarray | None) -> None:
        """A ring around each of these points [N, 2], whatever layers are shown."""
        self.plane.ringed = points
        self.plane.redraw()

    def set_caption(self, text: str) -> None:
        """A quiet line beneath the plot."""
        self.plane.caption = text
        self.plane.redraw()

    def clear(self) -> None:
        """Back to the empty state; the layers stay chosen."""
        self.plane.clear()
        self._allow()

    def layers(self) -> list[str]:
        """The ids of those that are chosen."""
        return [id for id, box in self.boxes.items() if box.isChecked()]

    def set_layers(self, ids: list[str]) -> None:
        for id, box in self.boxes.items():
            box.setChecked(id in ids)

    def _allow(self) -> None:
        there = self.plane.there()
        for id, box in self.boxes.items():
            box.allow(id in there)

    def _recolour(self) -> None:
        c = theme.colours()
        real, generated = self.plane.colours()
        self.boxes["real"].setIcon(theme.swatch(real))
        self.boxes["generated"].setIcon(theme.swatch(generated))
        self.boxes["landscape"].setIcon(halves(c.g, c.d))
        self.plane.recolour()


class LayerBox(QCheckBox):
    """Shows or hides a layer; where there is none it says so."""

    def __init__(self, layer: Layer, show: Callable[[str, bool], None]):
        super().__init__(layer.title)
        self.layer, self._show = layer, show
        self.setAccessibleName(f"Show {layer.title}")
        self.setIconSize(SWATCH)
        self.toggled.connect(self._toggled)
        self.allow(False)

    def allow(self, there: bool) -> None:
        self.setEnabled(there)
        self.setToolTip(self.layer.about if there else self.layer.missing)

    def _toggled(self, on: bool) -> None:
        self._show(self.layer.id, on)


class Plane(QWidget):
    """What PointsView paints on."""

    def __init__(self, empty: str):
        super().__init__()
        self.empty, self.caption = empty, ""
        self.extent = 1.0
        self.shown = {"real", "generated", "landscape", "arrows"}
        self.warped: np.ndarray | None = None  # [K, K, 2]
        self.ringed: np.ndarray | None = None  # [N, 2]
        self._points: dict[str, np.ndarray] = {}
        self._logits: np.ndarray | None = None
        self._heat: QImage | None = None
        self._pull: tuple[np.ndarray, np.ndarray] | None = None  # from and to, [A, 2] each
        self._zoom = 1.0  # 1 shows the whole extent
        self._centre = np.zeros(2)  # of what is seen
        self._held: QPointF | None = None
        self._real_picture, self._real_place = QPixmap(), ()  # real points seldom change: they are painted once
        self._soon = QTimer(self, singleShot=True, interval=PAINT_MS)
        self._soon.timeout.connect(self.update)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Real and generated points")
        self.redraw()

    # what there is

    def set_points(self, layer: str, points: np.ndarray) -> None:
        finite = points[np.isfinite(points).all(axis=1)] if len(points) else points.reshape(0, 2)
        self._points[layer] = finite[:MOST].astype(np.float64)
        if layer == "real":
            self._real_place = ()
        if self._logits is None and "real" in self._points and len(self._points["real"]):
            self.extent = float(1.15 * np.abs(self._points["real"]).max()) or 1.0
        self.redraw()

    def set_landscape(self, logits: np.ndarray | None, extent: float) -> None:
        self._logits, self.extent = logits, extent
        self.recolour()

    def set_pull(self, pull: np.ndarray | None) -> None:
        """Of the first M of the generated points that are shown; the arrows stay where these are now."""
        generated = self._points.get("generated", np.empty((0, 2)))
        self._pull = None
        if pull is not None and len(pull) and len(generated):
            self._pull = pulled(generated, pull, self.extent)
        self.redraw()

    def set_shown(self, layer: str, shown: bool) -> None:
        self.shown = self.shown | {layer} if shown else self.shown - {layer}
        self.redraw()

    def there(self) -> set[str]:
        """The layers that there is something of."""
        extra = {"landscape": self._logits, "arrows": self._pull, "grid": self.warped}
        return set(self._points) | {layer for layer, what in extra.items() if what is not None}

    def clear(self) -> None:
        self._points, self._logits, self._heat, self._pull, self.warped = {}, None, None, None, None
        self.ringed = None
        self.extent, self.caption = 1.0, ""
        self.fit()
        self.redraw()

    def recolour(self) -> None:
        self._heat = None if self._logits is None else heat_map(self._logits, theme.colours())
        self.redraw()

    def redraw(self) -> None:
        counts = [f"{len(points)} {layer}" for layer, points in self._points.items()]
        self.setAccessibleDescription(" and ".join(counts) + f" points. {self.caption}" if counts else self.empty)
        if not self._soon.isActive():
            self._soon.start()

    def colours(self) -> tuple[QColor, QColor]:
        """Of real and of generated points; green and the text's colour stand out on orange and blue."""
        c = theme.colours()
        return c.third, c.text

    # places

    def square(self) -> QRectF:
        below = self.fontMetrics().height() + 8
        room = QRectF(self.rect().adjusted(8, 4, -8, -4 - below))
        side = min(room.width(), room.height())
        return QRectF(room.center().x() - side / 2, room.top(), side, side)  # close beneath the legend

    def scale(self) -> float:
        """Pixels of the widget in a unit of the plane."""
        return self.square().width() * self._zoom / (2 * self.extent)

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """[..., 2] in the plane to [..., 2] in the widget; y goes up."""
        middle = self.square().center()
        return np.array([middle.x(), middle.y()]) + (points - self._centre) * self.scale() * np.array([1, -1])

    def zoom(self) -> float:
        return self._zoom

    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """`around` (in the widget) stays where it is."""
        new = min(max(self._zoom * factor, LEAST_ZOOM), MOST_ZOOM)
        away = (around or self.square().center()) - self.square().center()
        fixed = np.array([away.x(), -away.y()]) / self.scale()  # from the centre, in the plane
        self._centre = self._centre + fixed * (1 - self._zoom / new)
        self._zoom = new
        self.update()

    def fit(self) -> None:
        self._zoom, self._centre = 1.0, np.zeros(2)
        self.update()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        c, square = theme.colours(), self.square()
        painter = QPainter(self)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        painter.fillRect(square, c.plot)
        if not self._points and self._logits is None:
            painter.setPen(c.muted)
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(square.adjusted(16, 16, -16, -16), wrap, self.empty)
        else:
            painter.setClipRect(square)
            self._paint_layers(painter)
            painter.setClipping(False)
            self._paint_text(painter, square)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().highlight().color() if self.hasFocus() else c.grid, 1))
        painter.drawRect(square)

    def _paint_layers(self, painter: QPainter) -> None:
        real, generated = self.colours()
        if self._heat is not None and "landscape" in self.shown:
            corners = self.to_pixels(np.array([[-1.0, 1.0], [1.0, -1.0]]) * self.extent)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(QPointF(*corners[0]), QPointF(*corners[1])), self._heat)
        if self.warped is not None and "grid" in self.shown:
            self._paint_grid(painter, self.warped, theme.faded(generated, 0.45))
        # Real points are squares, generated ones crosses: told apart without colour too.
        if "real" in self.shown:
            painter.drawPixmap(0, 0, self._kept_real(real))
        if "generated" in self.shown:
            self._paint_points(painter, "generated", generated, CROSS)
        if self._pull is not None and "arrows" in self.shown:
            self._paint_arrows(painter, *self._pull)
        if self.ringed is not None:
            self._paint_rings(painter, self.ringed)

    def _kept_real(self, colour: QColor) -> QPixmap:
        ratio = self.devicePixelRatioF()
        place = (self.square().getRect(), self.extent, self._zoom, *self._centre, colour.rgba(), ratio)
        if place != self._real_place:
            self._real_place = place
            self._real_picture = QPixmap(self.size() * ratio)
            self._real_picture.setDevicePixelRatio(ratio)
            self._real_picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._real_picture)
            self._paint_points(painter, "real", colour, SQUARE)
            painter.end()
        return self._real_picture

    def _paint_points(self, painter: QPainter, layer: str, colour: QColor, dot: np.ndarray) -> None:
        points = self._points.get(layer)
        if points is None or not len(points):
            return
        painter.setPen(QPen(theme.faded(colour, 0.85 if len(points) < 1000 else 0.55), 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        pixels = self.to_pixels(points).round()[:, None] + dot  # [N, pixels of a dot, 2]
        x, y = np.ascontiguousarray(pixels.reshape(-1, 2).T)
        painter.drawPointsNp(x, y)  # type: ignore[arg-type]

    def _paint_grid(self, painter: QPainter, warped: np.ndarray, colour: QColor) -> None:
        """Thin lines along both directions of the latent plane."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1))
        pixels = self.to_pixels(np.nan_to_num(warped.astype(np.float64), nan=1e6, posinf=1e6, neginf=-1e6))
        for line in [*pixels, *pixels.transpose(1, 0, 2)]:
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line.clip(-1e5, 1e5).tolist()]))

    def _paint_arrows(self, painter: QPainter, start: np.ndarray, end: np.ndarray) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        a, b = self.to_pixels(start), self.to_pixels(end)
        length = np.linalg.norm(b - a, axis=1, keepdims=True)  # [A, 1]
        seen = length[:, 0] > 1.5  # shorter ones are a dot's blur
        a, b, length = a[seen], b[seen], length[seen]
        along = (b - a) / np.maximum(length, 1e-9)
        across = along[:, ::-1] * np.array([1, -1])
        back = b - along * np.minimum(HEAD_PX, 0.6 * length)
        wide = across * np.minimum(0.6 * HEAD_PX, 0.4 * length)
        lines = np.concatenate([np.hstack([a, b]), np.hstack([b, back + wide]), np.hstack([b, back - wide])])
        halo, ink = theme.colours().plot, theme.colours().warning
        drawn = [QLineF(*line) for line in lines.tolist()]
        for pen in (QPen(theme.faded(halo, 0.7), 3), QPen(ink, 1)):  # legible on every colour of the map
            painter.setPen(pen)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, pen.width() == 1)  # wide: too slow
            painter.drawLines(drawn)

    def _paint_rings(self, painter: QPainter, points: np.ndarray) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colours().danger, 1))
        for x, y in self.to_pixels(points).clip(-1e5, 1e5).tolist():
            painter.drawEllipse(QPointF(x, y), RING_PX, RING_PX)

    def _paint_text(self, painter: QPainter, square: QRectF) -> None:
        painter.setPen(theme.colours().muted)
        line = QRectF(square.left(), square.bottom() + 2, square.width(), self.fontMetrics().height() + 4)
        scale = f"±{self.extent:.3g}" if self._zoom == 1 else f"±{self.extent / self._zoom:.3g} · {self._zoom:.2g}×"
        room = int(square.width()) - self.fontMetrics().horizontalAdvance(scale) - 8
        text = self.fontMetrics().elidedText(self.caption, Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, scale)

    def sizeHint(self) -> QSize:
        return QSize(360, 360)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    # the user

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self.zoom_by(NOTCH ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            return
        moved = event.position() - self._held
        self._centre = self._centre - np.array([moved.x(), -moved.y()]) / self.scale()
        self._held = event.position()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.text():
            case "+" | "=":
                self.zoom_by(NOTCH)
            case "-":
                self.zoom_by(1 / NOTCH)
            case "0":
                self.fit()
            case _:
                super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.popup(event.globalPos() if not event.globalPos().isNull() else self.mapToGlobal(QPoint(0, 0)))

    def menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, call in (("Copy", self.copy), ("Save as PNG …", self.save_as)):
            menu.addAction(text, call).setEnabled(bool(self._points))
        menu.addSeparator()
        menu.addAction("Fit", self.fit)
        return menu

    def copy(self) -> None:
        QApplication.clipboard().setPixmap(self.grab())

    def save_as(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the points", "points.png", "PNG (*.png)")
        if path:
            self.grab().save(path if path.lower().endswith(".png") else f"{path}.png")


def halves(left: QColor, right: QColor) -> QIcon:
    """A small square of two colours."""
    picture = QPixmap(24, 24)
    picture.fill(left)
    painter = QPainter(picture)
    painter.fillRect(12, 0, 12, 24, right)
    painter.end()
    return QIcon(picture)


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
