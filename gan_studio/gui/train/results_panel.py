"""The right side: what G makes of the fixed latents, beside what is real. On 2-D data both in one plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QSplitter, QStackedLayout, QVBoxLayout, QWidget

if TYPE_CHECKING:
    import numpy as np

    from ...jobs.events import Looked
    from ..widgets.points import PointsView

WIDE = 1.4  # the two grids stand side by side where the panel is wider than this many times its height


class ResultsPanel(QWidget):
    points: PointsView

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.pages = QStackedLayout(self)
        self.pages.addWidget(QWidget())

    def furnish(self) -> None:
        from ..widgets.image_grid import ImageGrid
        from ..widgets.points import PointsView
        from .real_view import RealView

        self.generated = ImageGrid("Here you will watch what the generator makes of the same latents, again and again.")
        self.generated.setAccessibleName("Generated samples")
        self.real = ImageGrid("Real samples stand here for comparison.")
        self.real.setAccessibleName("Real samples")
        self.pictures = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.generated_view = titled("Generated, from fixed latents", self.generated)
        self.pictures.addWidget(self.generated_view)
        self.real_view = RealView(self.real)
        self.pictures.addWidget(self.real_view)
        self.pictures.setSizes([1000, 1000])
        self.points = PointsView("Real and generated points stand here.")
        self.points.setAccessibleName("Real and generated points")
        self.pages.addWidget(self.pictures)
        self.pages.addWidget(titled("Real and generated, over what D thinks", self.points))
        self.pages.setCurrentWidget(self.pictures)

    def clear(self) -> None:
        self.generated.clear()
        self.real.clear()
        self.generated_view.show()
        self.real_view.forget_look()
        self.points.clear()
        self.generated.set_caption("")
        self.points.set_caption("")

    def show_real(self, array: np.ndarray) -> None:
        """Pictures [N, H, W, C] uint8 or points [N, 2]."""
        if array.ndim == 2:
            self.points.show_real(array)
        else:
            self.real.show_images(array)
            self.real_view.forget_look()
        self._turn_to(array)

    def show_look(self, look: Looked) -> None:
        """What there is to learn from, before anything is learnt."""
        if look.real.ndim == 2:
            self.points.show_real(look.real)
        else:
            self.real_view.show_look(look)
            self.generated_view.setVisible(self.generated.image() is not None)  # the whole room, where it is free
        self._turn_to(look.real)

    def show_samples(self, array: np.ndarray, step: int) -> None:
        """Pictures [N, H, W, C] uint8 or points [N, 2]."""
        if array.ndim == 2:
            self.points.show_generated(array)
            self.points.set_caption(f"Step {step:,}")
        else:
            self.generated.show_images(array)
            self.generated_view.show()
            self.generated.set_caption(f"Step {step:,}")
        self._turn_to(array)

    def show_landscape(self, logits: np.ndarray, extent: float) -> None:
        self.points.show_landscape(logits, extent)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.pages.count() > 1:
            wide = self.width() > WIDE * self.height()
            self.pictures.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def _turn_to(self, array: np.ndarray) -> None:
        self.pages.setCurrentIndex(2 if array.ndim == 2 else 1)


def heading(text: str) -> QLabel:
    label = QLabel(text, textFormat=Qt.TextFormat.PlainText)
    font = QFont(label.font())
    font.setBold(True)
    label.setFont(font)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return label


def titled(text: str, widget: QWidget) -> QWidget:
    """A widget under a quiet heading."""
    frame = QWidget()
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(6, 4, 6, 4)
    layout.setSpacing(4)
    layout.addWidget(heading(text))
    layout.addWidget(widget, 1)
    return frame
