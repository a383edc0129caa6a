"""The page of spectra: how much detail of each size real and generated pictures have, with bands."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from ...jobs.closely import Close
from ...jobs.spectra import BAND, Spectra, Spectrum, spectra
from .. import theme
from ..widgets.chart import Chart, Line, of_p, of_q
from ..widgets.image_grid import ImageGrid
from .closer_page import CloserPage
from .desk import Desk

RANGE = 70.0  # decibels of the pictures, from the strongest down
PICTURE = 180  # pixels


class SpectrumPage(CloserPage):
    title = "Spectrum"
    tip = "Details of each size, real beside generated: blur, grain, checkerboards"
    name = "spectrum"
    about = "How much detail of each size generated pictures have, beside real ones, is seen here."

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.told = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.chart = SpectrumChart()
        self.pictures = {kind: ImageGrid("") for kind in ("Real", "Generated")}
        planes = QVBoxLayout()
        for kind, grid in self.pictures.items():
            grid.setAccessibleName(f"Spectrum of {kind.lower()} pictures")
            grid.setToolTip("The mean power by direction: slow changes in the middle, fine ones at the edges")
            grid.setFixedWidth(PICTURE)
            grid.set_caption(kind)
            planes.addWidget(grid, 1)
        row = QHBoxLayout()
        row.addWidget(self.chart, 1)
        row.addLayout(planes)
        self.notes = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.notes.setForegroundRole(self.notes.foregroundRole().PlaceholderText)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.told)
        column.addLayout(row, 1)
        column.addWidget(self.notes)

    def work(self, close: Close) -> Generator[Any, None, Spectra]:
        return (yield from spectra(close))

    def show_found(self, value: Spectra, is_done: bool) -> None:
        self.told.setText(value.told())
        self.chart.show_spectra(value)
        most = max(float(value.real.power.max()), float(value.generated.power.max()))
        for grid, spectrum in zip(self.pictures.values(), (value.real, value.generated), strict=True):
            grid.show_images(as_picture(spectrum, most)[None])
        low, high = (round(100 * share) for share in BAND)
        self.notes.setText(
            f"Of the pixels themselves, whatever the features: {value.real.count:,} real pictures and "
            f"{value.generated.count:,} generated ones. The bands hold the middle {high - low} % of single pictures."
        )


class SpectrumChart(Chart):
    """Power against frequency, each kind with its band."""

    def __init__(self) -> None:
        super().__init__("Power spectra of real and generated pictures", "cycles a pixel", "power in dB")
        self.setToolTip("Right: fine details. A generated line below the real one is blur, above it grain.")
        self._bands: list[tuple[np.ndarray, Spectrum, Any]] = []

    def show_spectra(self, found: Spectra) -> None:
        x = found.frequencies
        self._bands = [(x, found.real, of_p), (x, found.generated, of_q)]
        ends = np.concatenate([[one.low.min(), one.high.max()] for _, one, _ in self._bands])
        self.x_range = (0.0, float(x[-1]))
        margin = 0.06 * float(ends.max() - ends.min()) or 1.0
        self.set_y_range(float(ends.min()) - margin, float(ends.max()) + 3 * margin)
        self.show_lines(
            [Line(x, found.real.mean, of_p, "real"), Line(x, found.generated.mean, of_q, "generated", True)]
        )
        self.setAccessibleDescription(found.told())

    def paint_line(self, painter: QPainter, line: Line) -> None:
        """The bands lie beneath both lines."""
        if line is self.lines[0]:
            for x, one, colour in self._bands:
                self._band(painter, x, one, theme.faded(colour(), 0.16))
        super().paint_line(painter, line)

    def _band(self, painter: QPainter, x: np.ndarray, one: Spectrum, colour: Any) -> None:
        across, low = self.pixels(x, one.low)
        _, high = self.pixels(x, one.high)
        there = [QPointF(a, b) for a, b in zip(across.tolist(), high.tolist(), strict=True)]
        back = [QPointF(a, b) for a, b in zip(across[::-1].tolist(), low[::-1].tolist(), strict=True)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF(there + back))


def as_picture(spectrum: Spectrum, most: float) -> np.ndarray:
    """[H, W, 1] uint8: white is the strongest of both kinds, black RANGE decibels below."""
    shade = (spectrum.power - most + RANGE) / RANGE
    return (255 * shade.clip(0, 1)).round().astype(np.uint8)[..., None]
