"""Which frequencies a picture is made of: its spectrum as a picture, and the mean around as a curve."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ...jobs.look_inside import FLOOR, Spectrum
from .. import theme
from ..widgets.chart import Chart, Line, of_p, of_q
from ..widgets.fold import quiet
from .heat import heat_image

SIDE = 84  # pixels
DECADES = 6.0  # below the strongest, at which a frequency is dark
HALF = 0.5  # cycles a pixel, the highest frequency
CHART_HIGH = 128
ABOUT = "The power of the picture's frequencies, coarse ones in the middle; below as a power of ten."
READ = "Read the training pictures above to see theirs."


class SpectrumImage(QWidget):
    """Frequency 0 in the middle, logarithmic."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self.setFixedSize(SIDE, SIDE)
        self.setAccessibleName("Power by frequency")
        self.setToolTip(
            "How much of the picture is at each frequency: the coarse ones in the middle, half a cycle a pixel at the "
            "edges. A checkerboard is a light dot in the corners, stripes are two dots."
        )

    def show_power(self, power: np.ndarray) -> None:
        """[H, W]"""
        decades = np.log10(power + FLOOR)
        self._image = heat_image(1 + (decades - decades.max()) / DECADES)
        self.update()

    def clear(self) -> None:
        self._image = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), theme.colours().grid)
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        where = QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, *size.toTuple())
        painter.drawImage(where, self._image)

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)


class SpectrumView(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.image = SpectrumImage()
        self.said = quiet(QLabel(ABOUT))
        self.chart = Chart("Power by frequency, whatever the direction", "cycles a pixel")
        self.chart.x_range, self.chart.y_range = (0.0, HALF), (-6.0, 0.0)
        self.chart.setToolTip("The mean power around, from coarse to fine: half a cycle a pixel is a checkerboard's.")
        self.chart.setFixedHeight(CHART_HIGH)
        row = QHBoxLayout()
        row.addWidget(self.image, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.said, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.chart)

    def show_spectrum(self, found: Spectrum, usual: np.ndarray | None) -> None:
        """`usual` is the same curve of the training pictures, None where they were not read."""
        self.image.show_power(found.power)
        self.said.setText(ABOUT if usual is not None else f"{ABOUT} {READ}")
        lines = [Line(found.frequencies, np.log10(found.radial + FLOOR), of_q, "picture")]
        if usual is not None:
            lines.append(Line(found.frequencies, np.log10(usual + FLOOR), of_p, "training", dashed=True))
        heights = np.concatenate([line.y for line in lines])
        if len(heights):
            self.chart.set_y_range(float(np.floor(heights.min())), float(np.ceil(heights.max())))
        self.chart.show_lines(lines)

    def clear(self) -> None:
        self.image.clear()
        self.said.setText(ABOUT)
        self.chart.show_lines([])
