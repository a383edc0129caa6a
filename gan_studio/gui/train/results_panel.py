"""The right side: what G makes of the fixed latents, beside what is real. On 2-D data both in one plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from ..widgets.toggle import Toggle

if TYPE_CHECKING:
    import numpy as np

    from ...jobs.events import Landscape, Looked
    from ..widgets.points import PointsView

WIDE = 1.4  # the two grids stand side by side where the panel is wider than this many times its height
RAW_TIP = "Show what G makes by its weights as they are; else by their running average, which is calmer."
OF_LATENTS = "Generated, from fixed latents"
NO_RAW = "This run keeps no running average of G's weights, so there is only one kind of samples."


class ResultsPanel(QWidget):
    raw_changed = Signal(bool)  # the user wants samples by G's own weights, or by their average

    points: PointsView

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._samples: tuple[np.ndarray, int, np.ndarray | None] | None = None  # as in `show_samples`
        self._landscape: Landscape | None = None  # of these
        self.wants_raw = False
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
        self.raw_buttons = [Toggle("Raw weights", NO_RAW), Toggle("Raw weights", NO_RAW)]  # one on each page
        for button in self.raw_buttons:
            button.setChecked(self.wants_raw)
            button.setEnabled(False)
            button.clicked.connect(self.set_raw)
            button.clicked.connect(self.raw_changed)
        self.pictures = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.told = heading(OF_LATENTS)
        self.generated_view = titled(self.told, self.generated, self.raw_buttons[0])
        self.pictures.addWidget(self.generated_view)
        self.real_view = RealView(self.real)
        self.pictures.addWidget(self.real_view)
        self.pictures.setSizes([1000, 1000])
        self.points = PointsView("Real and generated points stand here.")
        self.points.setAccessibleName("Real and generated points")
        self.pages.addWidget(self.pictures)
        self.pages.addWidget(titled(heading("Real and generated"), self.points, self.raw_buttons[1]))
        self.pages.setCurrentWidget(self.pictures)

    def clear(self) -> None:
        self._samples = self._landscape = None
        self.generated.clear()
        self.set_columns(())
        self.real.clear()
        self.generated_view.show()
        self.real_view.forget_look()
        self.points.clear()
        self.generated.set_caption("")
        self.points.set_caption("")
        self._allow_raw(False)

    # what is real

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

    # what is generated

    def set_columns(self, columns: tuple[str, ...]) -> None:
        """What each picture of a row is, where samples are rows of pictures; () where they are of latents."""
        names = ", ".join(columns)
        told = f"In each row: {names}" if columns else OF_LATENTS
        self.told.setText(f"Rows: {names}" if columns else OF_LATENTS)
        self.told.setToolTip(told if columns else "")
        self.generated.setAccessibleName(told if columns else "Generated samples")

    def show_samples(self, array: np.ndarray, step: int, raw: np.ndarray | None = None) -> None:
        """Pictures [N, H, W, C] uint8 or points [N, 2]; `raw` by G's own weights, where there is an average."""
        self._samples = (array, step, raw)
        self._allow_raw(raw is not None)
        by_own = raw is not None and self.wants_raw
        seen = raw if raw is not None and by_own else array
        if array.ndim == 2:
            self.points.show_generated(seen)
        else:
            self.generated.show_images(seen)
            self.generated_view.show()
        self._caption(array, f"Step {step:,}{' · raw weights' if by_own else ''}")
        self._turn_to(array)

    def show_landscape(self, landscape: Landscape | None) -> None:
        """Of the samples that are shown; None where there is none of their step."""
        self._landscape = landscape
        if landscape is None:
            self.points.forget_landscape()
        else:
            # The pull is on the points by the average; on those by the raw weights nobody asked for it.
            by_own = self.wants_raw and self._samples is not None and self._samples[2] is not None
            pull = None if by_own else landscape.pull
            self.points.show_landscape(landscape.logits, landscape.extent, pull, landscape.warped)

    def show_missing(self, step: int) -> None:
        """The samples of a step cannot be read; the last ones stay."""
        if self._samples:
            self._caption(self._samples[0], f"The samples of step {step:,} are damaged or gone")

    def set_raw(self, raw: bool) -> None:
        """Show samples by G's own weights, where an average is kept beside them."""
        self.wants_raw = raw
        for button in self.raw_buttons:
            button.setChecked(raw)
        if self._samples:
            self.show_samples(*self._samples)
            self.show_landscape(self._landscape)

    def _allow_raw(self, there: bool) -> None:
        for button in self.raw_buttons:
            button.setEnabled(there)
            button.setToolTip(RAW_TIP if there else NO_RAW)

    def _caption(self, array: np.ndarray, text: str) -> None:
        view = self.points if array.ndim == 2 else self.generated
        view.set_caption(text)

    # the room

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


def titled(text: QLabel, widget: QWidget, *beside: QWidget) -> QWidget:
    """A widget under its heading, with what belongs to it at the heading's end."""
    frame = QWidget()
    top = QHBoxLayout()
    top.setSpacing(8)
    top.addWidget(text, 1)
    for button in beside:
        top.addWidget(button)
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(6, 4, 6, 4)
    layout.setSpacing(4)
    layout.addLayout(top)
    layout.addWidget(widget, 1)
    return frame
