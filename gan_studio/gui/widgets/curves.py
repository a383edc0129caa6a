"""Live curves: losses, estimated distance, scores, in linked plots. The only module that imports pyqtgraph.

What makes it light, as measured: at most a thousand points a curve, thinned here; pyqtgraph's auto-range is off and
the range is set four times a second; pens are one pixel wide, since a wider antialiased one costs 125 ms a frame.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSlider,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from .. import theme
from .flow import FlowLayout
from .fold import quiet
from .series import Series
from .toggle import Toggle

PROGRESS = QSize(220, 12)
SAMPLE = 16  # pixels of line in the legend
MOST = 1000  # points of a curve that are drawn
UNIT = (-0.09, 1.09)  # room for the labels at 0 and 1
FRAME_MS = 40
RANGE_S = 0.25
EMPTY = "Curves appear here when a training runs."


@dataclass(frozen=True)
class Kind:
    """One of the plots."""

    title: str
    about: str
    height: int  # weight among the plots
    unit_range: bool = False  # 0 to 1, with the ideal at 0.5


KINDS = {
    "losses": Kind("Losses", "What D and G minimise, term by term.", 3),
    "distance": Kind("Distance", "How far generated samples are from real ones, as D estimates it.", 2),
    "scores": Kind("Scores", "What D gives real and generated samples: 0.5 for both when it cannot tell.", 2, True),
    "more": Kind("More", "Other curves of this recipe.", 2),
}


def kind_of(name: str) -> str:
    """Which plot a curve belongs to."""
    if name.startswith(("D/", "G/")):
        return "losses"
    if name.startswith("distance/"):
        return "distance"
    return "scores" if name in ("D(real)", "D(fake)") else "more"


class CurvesView(QWidget):
    """Curves by name, routed by prefix: "D/..." and "G/..." are losses, "distance/..." a distance, "D(...)" scores.

    With `at_once` False only the frame is built, and whoever made it exhausts `furnish` before anything else.
    """

    def __init__(self, parent: QWidget | None = None, at_once: bool = True):
        super().__init__(parent)
        self.series: dict[str, Series] = {}
        self._marks: list[tuple[int, str]] = []
        self._dirty = False
        self._ranged = 0.0
        self.setAccessibleName("Curves")

        self._splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.plots: dict[str, Plot] = {}
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty_page())
        self._stack.addWidget(self._splitter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._stack, 1)
        column.addLayout(self._bar())

        self._timer = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._timer.timeout.connect(self._draw)
        self._range_timer = QTimer(self, singleShot=True)
        self._range_timer.timeout.connect(self.redraw)
        theme.changed.connect(self._recolour)
        if at_once:
            for _ in self.furnish():
                pass

    def furnish(self) -> Iterator[None]:
        """Build the plots; each `yield` gives the window time to breathe."""
        for key, kind in KINDS.items():
            self.plots[key] = plot = Plot(kind)
            self._splitter.addWidget(plot)
            self._splitter.setStretchFactor(self._splitter.count() - 1, kind.height)
            plot.setVisible(False)
            plot.hovered.connect(self._hover)
            plot.moved_by_hand.connect(self._moved)
            plot.double_clicked.connect(self.fit)
            plot.toggled.connect(self.redraw)
            plot.view.setXLink(self.plots["losses"].view if plot is not self.plots["losses"] else None)
            plot.recolour()
            yield

    def _empty_page(self) -> QWidget:
        self._empty = quiet(QLabel(EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, textFormat=Qt.TextFormat.PlainText))
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedSize(PROGRESS)
        self._progress.setAccessibleName("Progress of what comes before the training")
        self._progress.hide()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(self._empty)
        column.addWidget(self._progress, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    def _bar(self) -> QHBoxLayout:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 99)
        self.smoothing.setValue(90)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Smoothing: the share of the past in each point of the line, 0 to 0.99")
        self.smoothing.setMaximumWidth(140)
        self._smoothing_value = QLabel("0.90")
        self._smoothing_value.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00") + 4)
        self.smoothing.valueChanged.connect(self._smooth)
        self.log_box = QCheckBox("Log scale")
        self.log_box.setAccessibleName("Logarithmic scale")
        self.log_box.setToolTip("Values of 0 and below are left out")
        self.log_box.toggled.connect(self._set_log)
        self.outliers_box = QCheckBox("Ignore outliers")
        self.outliers_box.setChecked(True)
        self.outliers_box.setAccessibleName("Ignore outliers")
        self.outliers_box.setToolTip("Fit the height to nearly all points, not to single spikes")
        self.outliers_box.toggled.connect(self._range_now)
        tip = "Show everything up to the newest step. Zooming by hand stops it; a double click fits."
        self.follow = Toggle("Follow", tip)
        self.follow.setChecked(True)
        self.follow.setAccessibleName("Follow the newest step")
        self.follow.toggled.connect(self._range_now)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(8)
        smoothing = QLabel("Smoothing")
        smoothing.setBuddy(self.smoothing)
        for widget in (smoothing, self.smoothing, self._smoothing_value, self.log_box, self.outliers_box):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.follow)
        return row

    # what comes before the numbers

    def wait_for(self, text: str, done: int = 0, total: int = 0) -> None:
        """Say what is going on until the first point, with how much of it is done; total 0 where nobody knows."""
        self._empty.setText(text)
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._progress.show()

    def wait_no_more(self) -> None:
        self._empty.setText(EMPTY)
        self._progress.hide()

    # numbers

    def clear(self) -> None:
        """Forget all curves and markers."""
        self.series, self._marks = {}, []
        for plot in self.plots.values():
            plot.clear()
            plot.setVisible(False)
        self._stack.setCurrentIndex(0)
        self.follow.setChecked(True)
        self._ranged = 0.0

    def extend(self, steps: np.ndarray, values: dict[str, np.ndarray]) -> None:
        """Append points; steps [K], values {name: [K]} with NaN where there is none."""
        for name, numbers in values.items():
            self._series(name).extend(np.asarray(steps), np.asarray(numbers, np.float32))
        self.redraw()

    def set_curves(self, curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Replace all curves by {name: (steps, values)}; markers stay."""
        marks = self._marks
        self.clear()
        for step, text in marks:
            self.mark(step, text)
        for name, (steps, values) in curves.items():
            self._series(name).extend(np.asarray(steps), np.asarray(values, np.float32))
        self.redraw()

    def mark(self, step: int, text: str) -> None:
        """A vertical line with a word, where a setting was changed."""
        self._marks.append((step, text))
        for plot in self.plots.values():
            plot.mark(step, text)

    def _series(self, name: str) -> Series:
        if name not in self.series:
            self.series[name] = Series()
            self.series[name].set_smoothing(self.smoothing.value() / 100)
            plot = self.plots[kind_of(name)]
            plot.add(name)
            plot.setVisible(True)
            self._stack.setCurrentIndex(1)
            self.wait_no_more()
            self._number_axes()
        return self.series[name]

    def _number_axes(self) -> None:
        """Only the lowest plot numbers the steps."""
        seen = [plot for plot in self.plots.values() if not plot.isHidden()]
        for plot in seen:
            plot.number_steps(plot is seen[-1])
            plot.name_marks(plot is seen[0])

    # drawing

    def redraw(self) -> None:
        """Draw soon, once, and only if somebody looks."""
        self._dirty = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._dirty:
            self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._dirty |= self._range_timer.isActive()
        self._timer.stop()
        self._range_timer.stop()

    def _draw(self) -> None:
        self._dirty = False
        begun = time.monotonic()
        early = self._ranged + RANGE_S - begun
        if early <= 0:
            self._set_range()
        elif not self._range_timer.isActive():
            self._range_timer.start(int(1000 * early) + 1)  # the last points of a burst are fitted too
        for plot in self._seen():
            low, high = plot.view.viewRange()[0]
            if not plot.cross.isVisible():
                plot.read_out(float("nan"), self.series)
            for name in plot.curves:
                plot.show_curve(name, self.series[name], low, high, self.smoothing.value() > 0)
        # However long the curves are, drawing takes at most a fifth of the time.
        self._timer.setInterval(max(FRAME_MS, int(5000 * (time.monotonic() - begun))))

    def _seen(self) -> list[Plot]:
        return [plot for plot in self.plots.values() if not plot.isHidden()]

    def _range_now(self) -> None:
        self._ranged = 0.0
        self.redraw()

    def fit(self) -> None:
        """Show everything, and follow."""
        self.follow.setChecked(True)
        self._range_now()

    def _set_range(self) -> None:
        if not self.follow.isChecked():
            return
        ends = [(s.steps[0], s.steps[-1]) for s in self.series.values() if s.count]
        if not ends:
            return
        self._ranged = time.monotonic()
        low, high = min(a for a, _ in ends), max(b for _, b in ends)
        pad = max(0.02 * (high - low), 0.5)
        for plot in self._seen():
            plot.set_steps(low - pad, high + pad)
            plot.fit_height(self.series, self.outliers_box.isChecked())

    def _moved(self) -> None:
        if self.follow.isChecked():
            self.follow.blockSignals(True)
            self.follow.setChecked(False)
            self.follow.blockSignals(False)
        self.redraw()

    def _smooth(self, percent: int) -> None:
        self._smoothing_value.setText(f"{percent / 100:.2f}")
        for series in self.series.values():
            series.set_smoothing(percent / 100)
        self.redraw()

    def _set_log(self, log: bool) -> None:
        for plot in self.plots.values():
            plot.set_log(log)
        self._range_now()

    def _hover(self, step: float) -> None:
        """Show the values at a step in all legends; NaN: the newest."""
        for plot in self._seen():
            plot.read_out(step, self.series)

    def _recolour(self) -> None:
        for plot in self.plots.values():
            plot.recolour()
        self.redraw()


class Plot(QWidget):
    """One of the plots: title, legend, curves."""

    hovered = Signal(float)
    moved_by_hand = Signal()
    double_clicked = Signal()
    toggled = Signal()

    def __init__(self, kind: Kind):
        super().__init__()
        self.kind = kind
        self.log = False
        self.curves: dict[str, Curve] = {}
        self._lines: list[pg.InfiniteLine] = []
        self._marks_named = True
        title = QLabel(kind.title)
        title.setToolTip(kind.about)
        self._legend = FlowLayout(gap=4)
        header = QHBoxLayout()
        header.setContentsMargins(8, 4, 8, 0)
        header.setSpacing(8)
        title.setFixedHeight(Chip("").sizeHint().height())  # on one line with the first row of the legend
        header.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)
        header.addLayout(self._legend, 1)
        self.graph = Graph()
        self.graph.setAccessibleName(f"{kind.title}: {kind.about}")
        self.item = self.graph.getPlotItem()
        self.view = self.item.getViewBox()
        self._set_up()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(header)
        column.addWidget(self.graph, 1)
        self.graph.left.connect(self._left)
        self.graph.double_clicked.connect(self.double_clicked)
        self.graph.scene().sigMouseMoved.connect(self._mouse_moved)
        self.view.sigRangeChangedManually.connect(self.moved_by_hand)

    def _set_up(self) -> None:
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        menu = self.item.ctrlMenu  # made all the same, and without a parent to go with
        menu.setParent(self.graph, menu.windowFlags())
        self.view.disableAutoRange()
        self.view.setDefaultPadding(0)
        self.item.getAxis("left").setWidth(52)
        for side in ("left", "bottom"):
            self.item.getAxis(side).setStyle(maxTickLevel=0)  # finer grid lines cost 15 ms a frame
        self.item.showGrid(x=True, y=True, alpha=0.3)
        self.cross = pg.InfiniteLine(angle=90, movable=False)
        self.cross.hide()
        self.item.addItem(self.cross, ignoreBounds=True)
        self.ideal = pg.InfiniteLine(0.5, angle=0, movable=False)
        if self.kind.unit_range:
            self.item.addItem(self.ideal, ignoreBounds=True)
            self.view.setYRange(*UNIT, padding=0)
            self.item.getAxis("left").setTicks([[(value, f"{value:g}") for value in (0, 0.5, 1)]])

    # curves

    def add(self, name: str) -> None:
        curve = Curve(name, self.colour_of(name), self.style_of(name), round(self.devicePixelRatioF()))
        self.curves[name] = curve
        for line in (curve.raw, curve.line):
            self.item.addItem(line, ignoreBounds=True)
        self._legend.addWidget(curve.chip)
        curve.chip.toggled.connect(self._chip_toggled)
        curve.chip.show()

    def clear(self) -> None:
        for curve in self.curves.values():
            for line in (curve.raw, curve.line):
                self.item.removeItem(line)
            self._legend.removeWidget(curve.chip)
            curve.chip.hide()
            curve.chip.deleteLater()
        self.curves = {}
        for line in self._lines:
            self.item.removeItem(line)
        self._lines = []

    def show_curve(self, name: str, series: Series, low: float, high: float, smoothed: bool) -> None:
        curve = self.curves[name]
        on = curve.chip.isChecked()
        curve.raw.setVisible(on and smoothed)
        curve.line.setVisible(on)
        if not on:
            return
        if smoothed:
            self._set_data(curve.raw, *series.shown(low, high, MOST))
        self._set_data(curve.line, *series.shown(low, high, MOST, smoothed))

    def _set_data(self, line: pg.PlotCurveItem, steps: np.ndarray, values: np.ndarray, gaps: np.ndarray) -> None:
        joined = np.ones(len(steps), np.int32)
        joined[:-1][gaps[1:]] = 0  # entry i says whether point i is joined to the next
        if self.log:
            good = values > 0
            joined &= good & np.append(good[1:], False)
            values = np.log10(np.where(good, values, 1))
            joined[:-1] &= good[1:]
        line.setData(steps, values, connect=joined)

    def colour_of(self, name: str) -> QColor:
        """Orange for D's curves, blue for G's, green for others; further ones of a family are lighter or darker."""
        c = theme.colours()
        family = name.startswith(("D/", "D(real)")), name.startswith(("G/", "D(fake)"))
        base = c.d if family[0] else c.g if family[1] else c.third
        turn = (0, 28, -24, 52)[self._place(name) % 4] if name.startswith(("D/", "G/")) else 40 * self._place(name)
        return QColor.fromHsvF(((base.hsvHueF() * 360 + turn) % 360) / 360, base.hsvSaturationF(), base.valueF())

    def style_of(self, name: str) -> Qt.PenStyle:
        """A second cue beside the colour: D's lines are solid, G's dashed."""
        return Qt.PenStyle.DashLine if name.startswith(("G/", "D(fake)")) else Qt.PenStyle.SolidLine

    def _place(self, name: str) -> int:
        """Which of its family, in the order of their coming."""
        family = name.partition("/")[0]
        mates = [other for other in self.curves if other.partition("/")[0] == family and other != name]
        known = list(self.curves)
        return len([m for m in mates if name not in known or known.index(m) < known.index(name)])

    def _chip_toggled(self) -> None:
        self.toggled.emit()

    # axes

    def set_steps(self, low: float, high: float) -> None:
        self.view.setXRange(low, high, padding=0)

    def fit_height(self, series: dict[str, Series], robust: bool) -> None:
        if self.kind.unit_range:
            self.view.setYRange(*UNIT, padding=0)
            return
        low, high = self.view.viewRange()[0]
        shown = [
            series[name].shown(low, high, MOST)[1] for name, curve in self.curves.items() if curve.chip.isChecked()
        ]
        values = np.concatenate([np.empty(0, np.float32), *shown]).astype(np.float64)
        if self.log:
            values = np.log10(values[values > 0])
        if not len(values):
            return
        bottom, top = np.percentile(values, [2, 98]) if robust and len(values) >= 20 else (values.min(), values.max())
        pad = 0.08 * (top - bottom) or 0.1 * abs(top) or 0.1
        self.view.setYRange(bottom - pad, top + pad, padding=0)

    def set_log(self, log: bool) -> None:
        self.log = log and not self.kind.unit_range
        self.item.getAxis("left").setLogMode(x=False, y=self.log)

    def number_steps(self, on: bool) -> None:
        self.item.getAxis("bottom").setStyle(showValues=on)
        self.item.getAxis("bottom").setHeight(None if on else 6)

    # markers and the read-out

    def mark(self, step: int, text: str) -> None:
        line = pg.InfiniteLine(step, angle=90, movable=False, label=text, labelOpts={"position": 0.92})
        self._lines.append(line)
        self.item.addItem(line, ignoreBounds=True)
        self.name_marks(self._marks_named)
        self.recolour()

    def name_marks(self, on: bool) -> None:
        self._marks_named = on
        for line in self._lines:
            line.label.setVisible(on)

    def read_out(self, step: float, series: dict[str, Series]) -> None:
        there = bool(np.isfinite(step))
        self.cross.setVisible(there)
        if there:
            self.cross.setValue(step)
        for name, curve in self.curves.items():
            curve.chip.show_value(series[name].at(step if there else np.inf))

    def _mouse_moved(self, place: QPointF) -> None:
        if self.view.sceneBoundingRect().contains(place):
            self.hovered.emit(self.view.mapSceneToView(place).x())

    def _left(self) -> None:
        self.hovered.emit(float("nan"))

    # colours

    def recolour(self) -> None:
        c = theme.colours()
        self.graph.setBackground(c.plot)
        for side in ("left", "bottom"):
            axis = self.item.getAxis(side)
            axis.setPen(pg.mkPen(c.grid))
            axis.setTextPen(pg.mkPen(c.muted))
            axis.setTickPen(pg.mkPen(c.muted))
        self.cross.setPen(pg.mkPen(c.muted))
        self.ideal.setPen(pg.mkPen(c.muted, style=Qt.PenStyle.DashLine))
        for line in self._lines:
            line.setPen(pg.mkPen(c.warning, style=Qt.PenStyle.DotLine))
            line.label.setColor(c.warning)
            line.label.fill = pg.mkBrush(c.plot)
        for name, curve in self.curves.items():
            curve.set_colour(self.colour_of(name), self.style_of(name))


class Curve:
    """The lines of one curve, raw and smoothed, and its chip in the legend."""

    def __init__(self, name: str, colour: QColor, style: Qt.PenStyle, density: int):
        self.raw = pg.PlotCurveItem(antialias=False, skipFiniteCheck=True)  # a dim band
        self.line = pg.PlotCurveItem(antialias=density == 1, skipFiniteCheck=True)
        self._width = density  # one pixel, counted as the user sees them; a hairline is too thin on a dense screen
        self.raw.setZValue(-1)
        self.chip = Chip(name)
        self.set_colour(colour, style)

    def set_colour(self, colour: QColor, style: Qt.PenStyle) -> None:
        dim = QColor(colour)
        dim.setAlphaF(0.24)
        for line, pen in ((self.raw, QPen(dim, 0)), (self.line, QPen(colour, self._width, style))):
            pen.setCosmetic(True)  # as wide at every zoom
            line.setPen(pen)
        self.chip.set_pen(colour, style)


class Chip(QAbstractButton):
    """A curve in the legend: a click hides it. It tells the value under the mouse, else the newest."""

    def __init__(self, name: str):
        super().__init__(checkable=True, checked=True)
        self._value = ""
        self._pen = QPen()
        self.setText(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"Show {name}")
        self.setToolTip(f"Show or hide {name}")

    def set_pen(self, colour: QColor, style: Qt.PenStyle) -> None:
        self._pen = QPen(colour, 2, style)
        self.update()

    def show_value(self, value: float) -> None:
        text = f"{value:.3g}" if np.isfinite(value) else ""
        if text != self._value:
            self._value = text
            self.update()

    def value_text(self) -> str:
        return self._value

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = SAMPLE + 12 + metrics.horizontalAdvance(self.text()) + metrics.horizontalAdvance("-0.00e+00")
        return QSize(width + 12, metrics.height() + 6)  # room for any value: the legend does not dance

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, c, on = QPainter(self), theme.colours(), self.isChecked()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(self.palette().highlight().color() if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(c.grid)
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
        painter.setOpacity(1.0 if on else 0.5)
        painter.setPen(self._pen)
        middle = self.height() // 2
        painter.drawLine(6, middle, 6 + SAMPLE, middle)
        font = self.font()
        font.setStrikeOut(not on)
        painter.setFont(font)
        painter.setPen(c.text if on else c.muted)
        left = SAMPLE + 12
        room = self.rect().adjusted(left, 0, 0, 0)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, flags, self.text())
        painter.setPen(c.muted)
        font.setStrikeOut(False)
        painter.setFont(font)
        painter.drawText(
            room.adjusted(self.fontMetrics().horizontalAdvance(self.text()) + 6, 0, 0, 0), flags, self._value
        )


class Graph(pg.PlotWidget):
    """A plot that tells of double clicks and of the mouse leaving."""

    left = Signal()
    double_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)

    def leaveEvent(self, event: object) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def mouseDoubleClickEvent(self, event: object) -> None:
        self.double_clicked.emit()
