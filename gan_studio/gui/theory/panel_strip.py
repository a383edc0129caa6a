"""The panels of Mescheder et al. 2018 as small pictures that set the bench."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from ...theory.dynamics.portrait import PANELS, Drawing, Panel, Portrait, draw
from .. import theme
from ..widgets.chart import LINE, unbroken
from ..widgets.lines import polygon
from .phase_plane import apart, field_lines, start_colour

ARROWS = 9
SHOWN = 1.6  # half the width of what a picture shows
PATH_STEPS = 300
LINES = 2  # of a title


def drawings() -> dict[str, Drawing]:
    """Of all panels; some 150 ms."""
    return {panel.key: draw(small(panel.portrait())) for panel in PANELS}


def small(portrait: Portrait) -> Portrait:
    return portrait.with_values({"arrows": ARROWS, "steps": PATH_STEPS, "extent": SHOWN})


class PanelStrip(QWidget):
    chosen = Signal(str)  # a panel's key

    def __init__(self) -> None:
        super().__init__()
        self.buttons = {panel.key: PanelButton(panel) for panel in PANELS}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for key, button in self.buttons.items():
            button.clicked.connect(partial(self._press, key))
            row.addWidget(button, 1)

    def show_drawings(self, drawn: dict[str, Drawing]) -> None:
        for key, drawing in drawn.items():
            self.buttons[key].show_drawing(drawing)

    def mark(self, portrait: Portrait) -> None:
        """Which of them is seen large."""
        for panel in PANELS:
            own = panel.portrait()
            self.buttons[panel.key].setChecked((own.game, own.rule) == (portrait.game, portrait.rule))

    def _press(self, key: str) -> None:
        self.buttons[key].setChecked(True)
        self.chosen.emit(key)


class PanelButton(QAbstractButton):
    """A picture with its title beneath."""

    def __init__(self, panel: Panel):
        super().__init__()
        self.panel = panel
        self._drawing: Drawing | None = None
        self.setCheckable(True)
        self.setAccessibleName(panel.title)
        self.setToolTip(f"{panel.title}: a panel of figure 3 of Mescheder et al. 2018, 500 alternating steps of 0.2")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_drawing(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self.setToolTip(f"{self.panel.title} · {drawing.courses[0].sentence}\nMescheder et al. 2018, Dirac-GAN")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours()
        painter = QPainter(self)
        painter.setFont(smaller(self.font()))
        font = painter.fontMetrics()
        side = min(self.width() - 2, self.height() - LINES * font.height() - 4)
        box = QRectF((self.width() - side) / 2, 1, side, side)
        painter.fillRect(box, c.plot)
        if self._drawing is not None:
            painter.setClipRect(box)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_drawing(painter, self._drawing, box, c)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setClipping(False)
        role = self.palette().color(QPalette.ColorRole.Accent)
        marked = self.isChecked() or self.hasFocus() or self.underMouse()
        painter.setPen(QPen(role if marked else c.grid, 2 if self.isChecked() else 1))
        painter.drawRect(box)
        painter.setPen(c.text if self.isChecked() else c.muted)
        below = QRectF(-3, box.bottom() + 2, self.width() + 6, LINES * font.height())
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap), self.panel.title)

    def _paint_drawing(self, painter: QPainter, drawing: Drawing, box: QRectF, c: theme.Colours) -> None:
        painter.translate(box.center())
        painter.setPen(QPen(theme.faded(c.muted, 0.6), LINE))
        painter.drawLines(lines_of(drawing, box.width()))
        painter.setPen(QPen(start_colour(0), LINE))
        theta, psi = drawing.paths[:, 0].T * (box.width() / 2 / drawing.axis[-1])
        for points in unbroken(theta, -psi):
            painter.drawPolyline(polygon(*apart(points).T))
        painter.resetTransform()

    def sizeHint(self) -> QSize:
        return QSize(78, 72 + LINES * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(48, self.sizeHint().height())


def lines_of(drawing: Drawing, side: float) -> list[QLineF]:
    return [QLineF(*line) for line in field_lines(drawing, side).tolist()]


def smaller(font: QFont) -> QFont:
    font = QFont(font)
    font.setPointSizeF(0.8 * font.pointSizeF())
    return font
