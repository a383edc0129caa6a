"""The page of nearest pictures: does it copy? Each generated picture beside the training picture next to it."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from ...jobs.closely import Close
from ...jobs.suspects import RARE, Suspect, Suspects, suspects, write_sheet
from .. import theme
from ..choice_boxes import named_box
from ..exporting import Exporting
from ..widgets.chart import Chart, Line, Zone, danger, of_p, of_q
from ..widgets.fold import quiet
from ..widgets.image_grid import tile, to_image
from ..widgets.quiet_table import quiet_table
from .closer_page import CloserPage
from .desk import Desk

SIDE = 64  # pixels of a picture on the screen
MOST = 200  # rows
BINS = 40
BY = {"features": "What the eye sees", "pixels": "Pixels"}
COLUMNS = {
    "Generated": "The most suspicious is first",
    "Nearest training picture": "And how far away it is: the root of the mean squared difference",
    "Nearest unseen picture": "Of those that training never saw; for honest pictures it is about as near",
    "Ratio": "Of the two distances. Small is suspicious",
    "As near": "So many of a hundred honest pictures have as small a ratio",
}
GENERATED, TRAIN, UNSEEN, RATIO, HONEST = range(len(COLUMNS))


class NearestPage(CloserPage):
    title = "Nearest"
    tip = "Does it copy? Generated pictures beside the training pictures next to them, the most suspicious first"
    name = "nearest"
    about = "Generated pictures beside the training pictures next to them are seen here: whether it copies."

    def __init__(self, desk: Desk):
        super().__init__(desk)
        tip = "What tells how near pictures are: their pixels, or the features on the left"
        label, self.by = named_box("&Compared by", tip, BY)
        self.by.activated.connect(self.show_now)
        self.save_button = QPushButton("&Save the sheet …")
        self.save_button.setToolTip("The most suspicious pictures beside their nearest, as a PNG")
        self.save_button.clicked.connect(self.save)
        theme.tint(self.save_button, "content-save-outline")
        self.told = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notes = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.notes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.table = SuspectTable()
        self.chart = RatioChart()
        self.found: Suspects | None = None
        self.exporting = Exporting(self, desk.notices, desk.session.tell)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.by)
        row.addStretch(1)
        row.addWidget(self.save_button)
        halves = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        halves.addWidget(self.table)
        halves.addWidget(self.chart)
        halves.setStretchFactor(0, 1)
        halves.setSizes([400, 130])
        column = QVBoxLayout(self.body)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.told)
        column.addWidget(self.notes)
        column.addWidget(halves, 1)

    @property
    def by_pixels(self) -> bool:
        return self.by.currentData() == "pixels"

    def work(self, close: Close) -> Generator[Any, None, Suspects]:
        return (yield from suspects(close, self._pixels))

    def show_now(self) -> None:
        self._pixels = self.by_pixels  # the thread reads no widget
        self.name = f"nearest, {self.by.currentData()}"
        super().show_now()

    def show_found(self, value: Suspects, is_done: bool) -> None:
        close = self.closer.close
        assert close
        self.found = value
        self.told.setText(value.told())
        self.notes.setText("\n".join(close.notes))  # such as why there are no unseen pictures
        self.notes.setVisible(bool(close.notes))
        self.table.show_suspects(value, close)
        self.chart.show_suspects(value)

    def save(self) -> None:
        close, found = self.closer.close, self.found
        if close is None or found is None:
            return
        self.exporting.ask("Save the sheet", "nearest.png", ["PNG (*.png)"], partial(self._write, close, found))

    def _write(self, close: Close, found: Suspects, path: Path) -> None:
        self.exporting.write(write_sheet(path, close, found), "Writing the sheet")

    def leave(self) -> None:
        super().leave()
        self.exporting.leave()


class SuspectTable(QTableWidget):
    """A row each generated picture, with the pictures themselves."""

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        self.setAccessibleName("Nearest pictures")
        self.setAccessibleDescription("Each generated picture beside its nearest ones, the most suspicious first.")
        quiet_table(self, COLUMNS)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIconSize(QSize(SIDE, SIDE))
        self.verticalHeader().setDefaultSectionSize(SIDE + 8)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def show_suspects(self, found: Suspects, close: Close) -> None:
        shown = found.found[:MOST]
        self.clearContents()
        self.setRowCount(len(shown))
        self.setColumnHidden(UNSEEN, not found.has_unseen)
        unseen = close.unseen.pictures if close.unseen else None
        for row, one in enumerate(shown):
            self._picture(row, GENERATED, close.generated.pictures, one.number, f"no. {one.number}")
            self._picture(row, TRAIN, close.real.pictures, one.train, f"{one.train_distance:.3g} away")
            if one.unseen is not None:
                self._picture(row, UNSEEN, unseen, one.unseen, f"{one.unseen_distance:.3g} away")
            self._number(row, RATIO, f"{one.ratio:.2f}", one)
            self._number(row, HONEST, f"{100 * one.honest:.0f} of 100", one)

    def _picture(self, row: int, column: int, pictures: np.ndarray | None, number: int, words: str) -> None:
        assert pictures is not None
        self.setItem(row, column, PictureItem(pictures[number], words))

    def _number(self, row: int, column: int, text: str, one: Suspect) -> None:
        item = QTableWidgetItem(text)
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        if one.honest < RARE:
            item.setForeground(theme.colours().danger)
            item.setToolTip("Nearer to a training picture than 99 % of honest pictures: a copy, or nearly.")
        self.setItem(row, column, item)


class PictureItem(QTableWidgetItem):
    """Its icon is made when it comes in sight, as most of hundreds never do."""

    def __init__(self, pixels: np.ndarray, words: str):
        super().__init__(words)
        self._pixels = pixels
        self._icon: QIcon | None = None

    def data(self, role: int) -> Any:
        if role != Qt.ItemDataRole.DecorationRole:
            return super().data(role)
        if self._icon is None:
            self._icon = icon_of(self._pixels)
        return self._icon


def icon_of(pixels: np.ndarray) -> QIcon:
    """A picture [H, W, C] uint8, small ones enlarged with crisp pixels."""
    image = to_image(tile(pixels[None]))
    scale = (
        Qt.TransformationMode.FastTransformation if image.width() < SIDE else Qt.TransformationMode.SmoothTransformation
    )
    fitted = image.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, scale)
    square = QPixmap(SIDE, SIDE)
    square.fill(QColor(Qt.GlobalColor.transparent))
    painter = QPainter(square)
    painter.drawImage((SIDE - fitted.width()) // 2, (SIDE - fitted.height()) // 2, fitted)
    painter.end()
    return QIcon(square)


class RatioChart(Chart):
    """How often each ratio comes, of generated and of honest pictures."""

    def __init__(self) -> None:
        super().__init__("Ratios of generated and of honest pictures", x_title="ratio", y_title="share of the pictures")
        self.setToolTip("Where generated pictures lie left of honest ones, they are too near to the training pictures.")

    def show_suspects(self, found: Suspects) -> None:
        ratios = np.array([one.ratio for one in found.found])
        both = np.concatenate([ratios, found.baseline])
        high = float(np.quantile(both, 0.995)) * 1.05
        edges = np.linspace(0, max(high, 1e-6), BINS + 1)
        lines, most = [], 0.0
        for values, colour, label in ((found.baseline, of_p, "honest"), (ratios, of_q, "generated")):
            share = np.histogram(values, edges)[0] / len(values)
            x, y = np.repeat(edges, 2)[1:-1], np.repeat(share, 2)
            lines.append(Line(x, y, colour, label, filled=True))
            most = max(most, float(share.max()))
        self.x_range = (0.0, float(edges[-1]))
        self.set_y_range(0.0, 1.25 * most)
        self.show_lines(lines, [Zone(0.0, found.threshold, "suspicious", danger)])
        self.setAccessibleDescription(found.told())
