"""A square between four seeds: dragging in it blends their latents; pictures show what is where."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from .. import theme
from ..widgets.editors import NumberBox
from ..widgets.image_grid import tile, to_image

SIDE = 5  # pictures a row
STEP = 0.02  # of an arrow key
CORNERS = ("Upper left", "Upper right", "Lower left", "Lower right")
MOST_SEED = 2**32


class Square(QWidget):
    """x goes right, y goes down, 0 to 1."""

    moved = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.across, self.down = 0.5, 0.5
        self._is_here = False  # the picture is the one at the mark
        self._image: QImage | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumSize(120, 120)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Blend of four seeds")
        self.setToolTip("Drag to blend the four corners; the arrow keys move in small steps, with Shift in large ones.")

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(width, 260)

    def sizeHint(self) -> QSize:
        return QSize(240, 240)

    def show_pictures(self, pictures: np.ndarray) -> None:
        """[SIDE * SIDE, H, W, C] uint8, row by row."""
        self._image = to_image(tile(pictures, SIDE))
        self.update()

    def clear(self) -> None:
        self._image = None
        self.update()

    def set_here(self, is_here: bool) -> None:
        if is_here != self._is_here:
            self._is_here = is_here
            self.update()

    def area(self) -> QRectF:
        """The square itself, in the middle of the widget."""
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _centres(self) -> QRectF:
        """From the centre of the first picture to that of the last: there the corners are."""
        area = self.area()
        inset = area.width() / SIDE / 2
        return area.adjusted(inset, inset, -inset, -inset)

    def move_to(self, x: float, y: float) -> None:
        """As the user does."""
        self.across, self.down = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
        self._is_here = True
        self.setAccessibleDescription(f"{self.across:.0%} to the right, {self.down:.0%} down")
        self.update()
        self.moved.emit(self.across, self.down)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self.area()
        painter.fillRect(area, theme.colours().grid)
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self._centres()
        at = QPointF(frame.x() + self.across * frame.width(), frame.y() + self.down * frame.height())
        accent = self.palette().highlight().color()
        painter.setPen(QPen(theme.LIGHT.plot, 4))
        painter.drawEllipse(at, 7, 7)
        painter.setPen(QPen(accent if self._is_here else theme.LIGHT.muted, 2))
        painter.drawEllipse(at, 7, 7)
        if self.hasFocus():
            painter.setPen(QPen(accent, 2))
            painter.drawRect(area)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            frame = self._centres()
            at = event.position() - frame.topLeft()
            self.move_to(at.x() / frame.width(), at.y() / frame.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)  # while a button is held

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEP * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        match event.key():
            case Qt.Key.Key_Left:
                self.move_to(self.across - step, self.down)
            case Qt.Key.Key_Right:
                self.move_to(self.across + step, self.down)
            case Qt.Key.Key_Up:
                self.move_to(self.across, self.down - step)
            case Qt.Key.Key_Down:
                self.move_to(self.across, self.down + step)
            case _:
                super().keyPressEvent(event)


class Pad(QWidget):
    """The square and the seeds at its corners."""

    moved = Signal(float, float)
    corners_changed = Signal()
    corners_wanted = Signal()  # other ones, by chance

    def __init__(self) -> None:
        super().__init__()
        self.square = Square()
        self.square.moved.connect(self.moved)
        self.boxes = []
        grid = QGridLayout()
        grid.setSpacing(4)
        for i, name in enumerate(CORNERS):
            box = NumberBox(True, 0, MOST_SEED, step=1)
            box.setAccessibleName(f"{name} seed")
            box.setToolTip(f"The seed at the {name.lower()} corner")
            box.edited.connect(self.corners_changed)
            self.boxes.append(box)
            grid.addWidget(box, i // 2, i % 2)
        self.new_button = QPushButton("Other corners")
        self.new_button.setToolTip("Put four seeds into the corners by chance.")
        self.new_button.clicked.connect(self.corners_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.square)
        column.addLayout(grid)
        column.addWidget(self.new_button)

    def seeds(self) -> list[int]:
        """Upper left, upper right, lower left, lower right."""
        return [int(box.value()) for box in self.boxes]

    def set_seeds(self, seeds: list[int]) -> None:
        for box, seed in zip(self.boxes, seeds, strict=True):
            box.set_value(seed)
