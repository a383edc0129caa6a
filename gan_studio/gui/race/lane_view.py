"""What one lane makes, small: its place and figures above points over D's map, or pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from .. import theme
from ..widgets import looks
from ..widgets.fold import Title, alarming, quiet
from ..widgets.image_grid import ImageGrid
from ..widgets.points import Plane

if TYPE_CHECKING:
    from ...jobs.frames import Frame
    from ...jobs.race_folder import Standing

FIGURES = "Modes that the samples reach, share of them that lie near a mode, distance from the data."
HEAD = 66  # pixels above and beneath a square, about
COVERED, QUALITY, TRUTH = "modes/covered", "modes/high quality", "distance/RMSE to the truth"


class LaneView(QWidget):
    run_wanted = Signal(int)  # this lane's number: it is to be looked at by itself

    def __init__(self, number: int, name: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.number, self.name = number, name
        self.swatch = QLabel()
        self.title = Title(name)
        self.figures = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.plane = Plane("Not drawn yet")
        self.plane.setMinimumSize(90, 90)
        self.plane.shown -= {"arrows"}  # too small for them
        self.plane.setToolTip("Real points and G's, over where D sees real (blue) and generated (orange) ones")
        self.pictures = ImageGrid("Not drawn yet")
        self.pictures.setMinimumSize(90, 90)
        self.pictures.setToolTip("What G makes of the same noise in each lane")
        self.pages = QStackedLayout()
        self.pages.addWidget(self.plane)
        self.pages.addWidget(self.pictures)
        head = QHBoxLayout()
        head.setContentsMargins(8, 2, 8, 0)
        head.setSpacing(6)
        head.addWidget(self.swatch)
        head.addWidget(self.title, 1)
        self.as_run = QToolButton(autoRaise=True)
        self.as_run.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.as_run.setToolTip("Open this lane as a run: all its curves, settings and checkpoints, in the Train tab")
        self.as_run.setAccessibleName(f"Open {name} as a run")
        theme.tint(self.as_run, "open-in-app")
        self.as_run.clicked.connect(self._want_run)
        head.addWidget(self.as_run)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        self.out = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.out.hide()
        beneath = QVBoxLayout()
        beneath.setContentsMargins(8, 0, 8, 2)
        beneath.addWidget(self.figures)
        beneath.addWidget(self.out)
        column.addLayout(beneath)
        column.addLayout(self.pages, 1)
        for view in (self.plane, self.pictures):
            view.setAccessibleName(f"What {name} makes")
        theme.changed.connect(self._recolour)
        self._recolour()
        self.show_standing(None)

    def _want_run(self) -> None:
        self.run_wanted.emit(self.number)

    # what is shown

    def show_standing(self, row: Standing | None, leads: bool = False) -> None:
        """Its place, and what was measured; None before the first league."""
        place = f"{row.place}. " if row and row.state != "failed" else ""
        self.title.setText(f"{place}{self.name}")
        told = told_of(row) if row else "not measured yet"
        self.figures.setText(told)
        self.figures.setToolTip(f"{told}. {FIGURES}")
        self.title.setToolTip(f"{self.name}: {told}")
        font = self.title.font()
        font.setBold(leads)
        self.title.setFont(font)
        self.out.hide()
        self.figures.show()

    def show_out(self, reason: str) -> None:
        """It races no more, and why: whole, whatever room that takes from the picture."""
        self.figures.hide()
        self.out.setText(f"Out of the race. {reason}")
        self.out.show()
        self.title.setToolTip(f"{self.name}: {reason}")

    def show_real(self, array: np.ndarray) -> None:
        """Points [N, 2], for the map; pictures are not shown."""
        if array.ndim == 2:
            self.plane.set_points("real", array)

    def show_samples(self, array: np.ndarray, columns: int | None = None) -> None:
        """Points [N, 2] float32 or pictures [N, H, W, C] uint8."""
        if array.ndim == 2:
            self.pages.setCurrentWidget(self.plane)
            self.plane.set_points("generated", array)
        else:
            self.pages.setCurrentWidget(self.pictures)
            self.pictures.show_images(array, columns)

    def show_landscape(self, place: Any) -> None:
        self.plane.set_landscape(place.logits, place.extent)

    def show_frame(self, frame: Frame | None) -> None:
        """As it was kept; None where it is gone."""
        if frame is None:
            return
        self.show_samples(frame.array, 1)
        if frame.landscape:
            self.show_landscape(frame.landscape)

    # its looks

    def _recolour(self) -> None:
        self.swatch.setPixmap(looks.swatch(self.number))
        self.plane.recolour()

    def sizeHint(self) -> QSize:
        return QSize(200, 200 + HEAD)


class LaneGrid(QWidget):
    """The views side by side, in as many columns as make them largest."""

    run_wanted = Signal(int)  # number of a lane

    GAP = 4

    def __init__(self) -> None:
        super().__init__()
        self.views: list[LaneView] = []
        self.setMinimumSize(300, 260)

    def show_lanes(self, names: list[str]) -> None:
        """Empty views for these."""
        if [view.name for view in self.views] == names:
            for view in self.views:
                view.plane.clear()
                view.pictures.clear()
                view.show_standing(None)
            return
        for view in self.views:
            view.hide()
            view.deleteLater()
        self.views = [LaneView(number, name, self) for number, name in enumerate(names)]
        for view in self.views:
            view.run_wanted.connect(self.run_wanted)
        for before, after in zip(self.views, self.views[1:], strict=False):
            QWidget.setTabOrder(before.plane, after.as_run)
        self._place()
        for view in self.views:
            view.show()

    def columns(self) -> int:
        """What makes the planes largest; of equals the fewest."""
        count = max(1, len(self.views))
        return max(range(1, count + 1), key=lambda columns: (self._side(columns, count), -columns))

    def _side(self, columns: int, count: int) -> float:
        rows = -(-count // columns)
        return min(self.width() / columns, self.height() / rows - HEAD)

    def _place(self) -> None:
        columns = self.columns()
        rows = max(1, -(-len(self.views) // columns))
        width, height = self.width() / columns, self.height() / rows
        for number, view in enumerate(self.views):
            row, column = divmod(number, columns)
            left, top = round(column * width), round(row * height)
            right, bottom = round((column + 1) * width), round((row + 1) * height)
            view.setGeometry(QRect(left, top, right - left - self.GAP, bottom - top - self.GAP))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()


def told_of(row: Standing) -> str:
    """ "7 modes · 93% · W1 0.127": what there is of it."""
    if row.state == "failed":
        return "out of the race"
    words = {COVERED: modes, QUALITY: "{:.0%}".format, TRUTH: "RMSE\u00a0{:.3g}".format}
    told = [words.get(name, "W1\u00a0{:.3g}".format)(value) for name, value in row.measures.items()]
    return " · ".join(told) or "not measured"


def modes(value: float) -> str:
    return f"{value:.0f}\u00a0mode{'s' * (round(value) != 1)}"
