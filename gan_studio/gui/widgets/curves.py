"""Live curves: losses, distances, scores and more in plots that share their steps, with other runs laid over them.

What makes them light, as measured: at most a thousand points a line, thinned here; heights are fitted four times a
second; plots that are not seen do not exist, and those that are seen draw only if somebody looks, one after another.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QMenu,
    QProgressBar,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from ...plots import KINDS, kind_of
from .. import theme
from .curves_bar import CurvesBar
from .curves_files import CurvesFiles, Numbers
from .flow import FlowLayout
from .fold import quiet
from .legend import ReadOut, RunChip
from .plot import Overlay, Plot, sample_pen
from .series import Series

PROGRESS = (220, 12)  # pixels
FRAME_MS = 100  # between two rounds of drawing at least,
TURN_MS = 12  # and between the plots in one: the window is never held for longer than a plot takes
FIT_S = 0.25
SHARE = 5  # drawing takes at most one part in so many of the time
LEAST_SPAN = 4.0  # steps that are seen at least
FIRST = ("losses", "distance", "scores")  # the plots that are seen until the user chooses
WHERE_THERE = ("overfitting", "psnr", "metrics", "shares")  # those that are seen too, of trainings that have them
EMPTY = "Curves appear here when a training runs."


class CurvesView(QWidget):
    """Curves by name, each in the plot of its prefix (`kind_of`); other runs may be laid over them.

    With `at_once` False only the frame is built, and whoever made it exhausts `furnish` before anything else.
    """

    picked = Signal(float)  # the user clicked at a step, or dragged the cursor there
    overlay_removed = Signal(str)  # by the cross on its chip; its key
    exported = Signal(str)  # the path of a file that was written
    failed = Signal(str)  # why none was, in a sentence

    def __init__(self, parent: QWidget | None = None, at_once: bool = True):
        super().__init__(parent)
        self.series: dict[str, Series] = {}
        self.plots: dict[str, Plot] = {}  # those that were ever seen
        self._overlays: dict[str, Overlay] = {}
        self._wanted = {*FIRST, *WHERE_THERE}
        self._marks: list[tuple[int, str]] = []
        self._cursor = math.inf
        self._mouse = math.nan
        self._alone = ""
        self._heights: dict[str, int] = {}  # weights of plots that the user has dragged
        self._measured: list[str] = []
        self._waiting = False
        self._dirty = False
        self._fitted = 0.0
        self.setAccessibleName("Curves")
        self._build()

        self._round: Iterator[None] | None = None
        self._pause = FRAME_MS
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._take_turn)
        self._fit_timer = QTimer(self, singleShot=True)
        self._fit_timer.timeout.connect(self.redraw)
        theme.changed.connect(self._compose)
        if at_once:
            for _ in self.furnish():
                pass

    # --- the frame ---

    def _build(self) -> None:
        self.files = CurvesFiles(self, self.columns, self._paint_with)
        self.files.written.connect(self.exported)
        self.files.failed.connect(self.failed)
        self._fit_action = QAction("Fit", self)
        self._fit_action.triggered.connect(self.fit)
        self.bar = bar = CurvesBar(self.files.actions)
        bar.plot_toggled.connect(self.show_plot)
        bar.range_chosen.connect(self.fit)
        bar.smoothed.connect(self._smooth)
        bar.log_toggled.connect(self._set_log)
        bar.changed.connect(self._fit_now)
        self._stack = QStackedLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._stack, 1)
        column.addWidget(bar)
        self._stack.addWidget(self._empty_page())  # now that they have a parent: it shows the first
        self._stack.addWidget(self._plots_page())
        self._read_out = ReadOut(self)

    def _empty_page(self) -> QWidget:
        self._empty = quiet(QLabel(EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, textFormat=Qt.TextFormat.PlainText))
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedSize(*PROGRESS)
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

    def _plots_page(self) -> QWidget:
        """The runs laid over, and the plots; they scroll where there are too many of them for the height."""
        self._runs = QWidget()
        self._run_chips = FlowLayout(self._runs, gap=4)
        self._run_chips.setContentsMargins(8, 3, 8, 0)
        self._splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self._splitter.splitterMoved.connect(self._keep_heights)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._splitter)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._runs)
        column.addWidget(area, 1)
        return page

    def furnish(self) -> Iterator[None]:
        """Build the first plots; each `yield` gives the window time to breathe."""
        for key in FIRST:
            self._plot(key).hide()
            yield

    def _plot(self, key: str) -> Plot:
        """A plot, built when it is first seen."""
        if key in self.plots:
            return self.plots[key]
        plot = Plot(key)
        self.plots = {k: plot if k == key else self.plots[k] for k in KINDS if k == key or k in self.plots}
        self._splitter.insertWidget(list(self.plots).index(key), plot)
        canvas = plot.canvas
        canvas.marks = self._marks
        canvas.set_log(self.bar.log_box.isChecked())
        canvas.set_cursor_step(self._cursor)
        canvas.moved.connect(self._moved)
        canvas.stretched.connect(self._stop_following)
        canvas.fit_wanted.connect(self.fit)
        canvas.picked.connect(self.picked)
        plot.hovered.connect(self._hover)
        plot.toggled.connect(self._compose)
        plot.menu_wanted.connect(self._pop_up)
        return plot

    # --- what comes before the numbers ---

    def wait_for(self, text: str, done: int = 0, total: int = 0) -> None:
        """Say what is going on until the first point, with how much of it is done; total 0 where nobody knows."""
        self._waiting = True
        self._empty.setText(text)
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._progress.show()
        self._turn_page()

    def wait_no_more(self) -> None:
        self._waiting = False
        self._empty.setText(EMPTY)
        self._progress.hide()
        self._turn_page()

    def _turn_page(self) -> None:
        """Plots where there is a curve; of other runs alone, unless something is waited for."""
        plots = bool(self.series) or (bool(self._overlays) and not self._waiting)
        self._stack.setCurrentIndex(int(plots))

    # --- numbers ---

    def clear(self) -> None:
        """Forget the run's curves, its markers and the cursor; runs laid over stay."""
        self._marks.clear()
        self.set_cursor(None)
        self._replace({})

    def extend(self, steps: np.ndarray, values: dict[str, np.ndarray]) -> None:
        """Append points; steps [K], values {name: [K]} with NaN where there is none."""
        if self._append(self.series, steps, values):
            self.wait_no_more()
            self._compose()
        self.redraw()

    def _append(self, series: dict[str, Series], steps: np.ndarray, values: dict[str, np.ndarray]) -> bool:
        """Whether there is a curve now that was not there before."""
        new = [name for name in values if name not in series]
        for name in new:
            series[name] = Series()
            series[name].set_smoothing(self.bar.weight())
        for name, numbers in values.items():
            series[name].extend(np.asarray(steps), np.asarray(numbers, np.float32))
        return bool(new)

    def set_curves(self, curves: Numbers) -> None:
        """Replace the run's curves; markers, the cursor and runs laid over stay."""
        self._replace(series_of(curves, self.bar.weight()))
        if self.series:
            self.wait_no_more()

    def _replace(self, series: dict[str, Series]) -> None:
        self.series = series
        for plot in self.plots.values():
            plot.canvas.forget_click()
        self.bar.follow.setChecked(True)
        self._fitted = 0.0
        self._compose()

    def trim(self, step: int) -> None:
        """Take back what was told after a step: the run goes on from there."""
        for series in self.series.values():
            series.trim(step)
        self._marks[:] = [mark for mark in self._marks if mark[0] <= step]
        self._fit_now()

    def mark(self, step: int, text: str) -> None:
        """A vertical line with a word, where a setting was changed."""
        self._marks.append((step, text))
        self.redraw()

    # --- other runs ---

    def set_overlay(self, key: str, label: str, curves: Numbers) -> None:
        """Lay another run over the curves, or replace its numbers; `key` tells it from others, `label` is shown."""
        if key not in self._overlays:
            self._overlays[key] = self._new_overlay(key, label)
        overlay = self._overlays[key]
        overlay.chip.set_name(label)
        overlay.series = series_of(curves, self.bar.weight())
        self._compose()

    def extend_overlay(self, key: str, steps: np.ndarray, values: dict[str, np.ndarray]) -> None:
        """Append points to a run laid over, as `extend` does; nothing happens where there is none of that key."""
        overlay = self._overlays.get(key)
        if overlay is None:
            return
        if self._append(overlay.series, steps, values):
            self._compose()
        self.redraw()

    def _new_overlay(self, key: str, label: str) -> Overlay:
        used = {overlay.look for overlay in self._overlays.values()}
        chip = RunChip(key, label)
        chip.toggled.connect(self._compose)
        chip.removed.connect(self._remove_by_hand)
        chip.looked_at.connect(self._look_at)
        self._run_chips.addWidget(chip)
        chip.show()
        return Overlay(chip, look=min(set(range(len(used) + 1)) - used))

    def remove_overlay(self, key: str) -> None:
        """Take a run away; nothing happens where there is none of that key."""
        if overlay := self._overlays.pop(key, None):
            self._alone = ""
            self._run_chips.removeWidget(overlay.chip)
            overlay.chip.hide()
            overlay.chip.deleteLater()
            self._compose()

    def overlays(self) -> list[str]:
        """The keys of the runs laid over, in the order of their coming."""
        return list(self._overlays)

    def _remove_by_hand(self, key: str) -> None:
        self.remove_overlay(key)
        self.overlay_removed.emit(key)

    def _look_at(self, key: str) -> None:
        """The others fade while the mouse is on a run's chip."""
        self._alone = key
        self._compose()

    # --- the timeline and the mouse ---

    def set_cursor(self, step: float | None) -> None:
        """A line through all plots, with its values in the legends; None: no line, and the newest values."""
        self._cursor = math.inf if step is None else step
        for plot in self.plots.values():
            plot.canvas.set_cursor_step(self._cursor)
        self._tell_values()

    def _hover(self, step: float, height: float) -> None:
        """Show the values under the mouse in all legends; NaN: at the cursor."""
        self._mouse = step
        for plot in self._seen():
            plot.canvas.set_cross(step)
        self._tell_values()
        under = self.sender()
        if self._overlays and math.isfinite(step) and isinstance(under, Plot):
            self._show_table(under, step, height)
        else:
            self._read_out.hide()

    def _tell_values(self) -> None:
        for plot in self._seen():
            plot.read_out(self._told_step(), self.series)

    def _told_step(self) -> float:
        return self._mouse if math.isfinite(self._mouse) else self._cursor

    def _show_table(self, plot: Plot, step: float, height: float) -> None:
        columns, rows, nearest = plot.table(step, height, self.series, list(self._overlays.values()))
        scale = plot.canvas.scale
        mouse = plot.canvas.mapTo(self, QPoint(round(scale.to_x(step)), round(scale.to_y(height))))
        if rows and columns:
            self._read_out.show_table(round(step), columns, rows, nearest, mouse)

    # --- which plots ---

    def offered(self) -> list[str]:
        """The kinds that have curves."""
        every = (self.series, *(overlay.series for overlay in self._overlays.values()))
        there = {kind_of(name) for series in every for name in series}
        return [key for key in KINDS if key in there]

    def seen(self) -> list[str]:
        """The kinds that are seen: what is wanted of what is there, at least one."""
        offered = self.offered()
        return [key for key in offered if key in self._wanted] or offered[:1]

    def show_plot(self, key: str, on: bool = True) -> None:
        self._wanted = self._wanted | {key} if on else self._wanted - {key}
        self._compose()

    def _keep_heights(self) -> None:
        """What the user drags is kept as weights: windows are of many heights."""
        sizes = {key: size for key, size in zip(self.plots, self._splitter.sizes(), strict=True) if size}
        unit = sum(self._weight(self.plots[key]) for key in sizes) / max(1, sum(sizes.values()))
        self._heights |= {key: round(unit * size) for key, size in sizes.items()}

    def _weight(self, plot: Plot) -> int:
        return self._heights.get(plot.key, 100 * plot.kind.height)

    def _set_heights(self) -> None:
        self._splitter.setSizes([self._weight(plot) for plot in self.plots.values()])

    def reset_heights(self) -> None:
        """As they were before anybody dragged them."""
        self._heights = {}
        self._set_heights()

    def save_state(self) -> QByteArray:
        """What the user chose in the bar and of the plots."""
        plots = {"plots": sorted(self._wanted), "heights": self._heights}
        return QByteArray(json.dumps(self.bar.state() | plots).encode())

    def restore_state(self, state: QByteArray | bytes) -> None:
        """As `save_state` told; what is damaged or of another version is passed over."""
        try:
            told = json.loads(bytes(QByteArray(state).data()))
            self.bar.restore(told)
            self._wanted = {key for key in told["plots"] if key in KINDS}
            self._heights = {key: int(height) for key, height in told.get("heights", {}).items() if key in KINDS}
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        self._compose()
        self._set_heights()

    def _seen(self) -> list[Plot]:
        return [plot for plot in self.plots.values() if not plot.isHidden()]

    def _compose(self) -> None:
        """Make plots, legends and lines anew: which curves there are, or how they look, has changed."""
        seen, overlays = self.seen(), list(self._overlays.values())
        self.bar.offer(self.offered(), seen)
        for key in seen:
            plot = self._plot(key)
            plot.compose(self.series, overlays, self.bar.weight() > 0, self._alone)
            plot.canvas.numbered = key == seen[-1]
            plot.canvas.names_marks = key == seen[0]
        for overlay in overlays:
            overlay.chip.set_pen(sample_pen(overlay, len(overlays)))
        if seen != [plot.key for plot in self._seen()]:
            for key, plot in self.plots.items():
                plot.setVisible(key in seen)
            self._set_heights()
            self._fitted = 0.0
        self._turn_page()
        self._tell_values()
        self.redraw()

    # --- drawing ---

    def redraw(self) -> None:
        """Draw soon, once, and only if somebody looks."""
        self._dirty = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(self._pause)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._dirty:
            self._timer.start(self._pause)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._dirty |= self._fit_timer.isActive() or self._round is not None
        self._round = None
        self._timer.stop()
        self._fit_timer.stop()
        self._read_out.hide()

    def _take_turn(self) -> None:
        """Draw the next plot of this round, or of the next one."""
        self._round = self._round or self._draw()
        for _ in self._round:
            self._timer.start(TURN_MS)
            return
        self._round = None
        if self._dirty:
            self._timer.start(self._pause)

    def _draw(self) -> Iterator[None]:
        """Draw the plots that are seen; each `yield` gives the window time to breathe."""
        begun = time.monotonic()
        self._notice_measured()
        self._dirty = False
        fits = self._is_time_to_fit(begun)
        plots = self._seen()
        steps = self._span() if fits and self.bar.follow.isChecked() else None
        cost = time.monotonic() - begun
        for plot in plots:
            yield
            begun = time.monotonic()
            if fits:
                plot.canvas.show_steps(*(steps or plots[0].canvas.steps))  # all the same, also one not seen before
                plot.canvas.fit_heights(self.bar.outliers.isChecked())
            plot.canvas.refresh()
            plot.read_out(self._told_step(), self.series)
            cost += time.monotonic() - begun
        # However long the curves are, drawing takes at most a fifth of the time.
        cost += sum(plot.canvas.cost for plot in plots)
        self._pause = max(FRAME_MS, int(1000 * SHARE * cost))

    def _is_time_to_fit(self, now: float) -> bool:
        early = self._fitted + FIT_S - now
        if early <= 0:
            self._fitted = now
        elif not self._fit_timer.isActive():
            self._fit_timer.start(int(1000 * early) + 1)  # the last points of a burst are fitted too
        return early <= 0

    def _notice_measured(self) -> None:
        """That a curve is measured now and then is known from its second point on."""
        measured = [name for plot in self._seen() for name in plot.measured(self.series)]
        if measured != self._measured:
            self._measured = measured
            self._compose()

    # --- what part is seen ---

    def fit(self) -> None:
        """Show the steps that the bar says, at their full height, and follow."""
        for plot in self.plots.values():
            plot.canvas.by_hand = False
        self.bar.follow.setChecked(True)
        self._fit_now()

    def _fit_now(self) -> None:
        self._fitted = 0.0
        self.redraw()

    def _span(self) -> tuple[float, float] | None:
        """The steps that are followed: the last so many of the run, or all of all runs that are seen."""
        own = ends_of(self.series)
        ends = own + [end for o in self._overlays.values() if o.is_seen for end in ends_of(o.series)]
        if not ends:
            return None
        if last := self.bar.last():
            newest = max(high for _, high in own or ends)
            return newest - last, newest + 0.02 * last
        low, high = min(a for a, _ in ends), max(b for _, b in ends)
        pad = max(0.02 * (high - low), 0.5)
        return low - pad, high + pad

    def _moved(self, low: float, high: float) -> None:
        """The user asks for these steps; the heights follow four times a second."""
        ends = ends_of(self.series) + [end for o in self._overlays.values() for end in ends_of(o.series)]
        if not ends:
            return
        first, last = min(a for a, _ in ends), max(b for _, b in ends)
        wide = min(max(high - low, LEAST_SPAN), 3 * (last - first) + LEAST_SPAN)
        middle = min(max((low + high) / 2, first), last)  # some of the curves stays in sight
        for plot in self._seen():
            plot.canvas.show_steps(middle - wide / 2, middle + wide / 2)
        self._stop_following()

    def _stop_following(self) -> None:
        self.bar.stop_following()
        if self.isVisible() and not self._fit_timer.isActive():
            self._fit_timer.start(int(1000 * max(0.0, self._fitted + FIT_S - time.monotonic())) + 1)

    def _smooth(self, weight: float) -> None:
        for series in (self.series, *(overlay.series for overlay in self._overlays.values())):
            for one in series.values():
                one.set_smoothing(weight)
        self._compose()

    def _set_log(self, log: bool) -> None:
        for plot in self.plots.values():
            plot.canvas.set_log(log)
        self._fit_now()

    # --- files ---

    def export(self, path: Path) -> None:
        """All curves as .csv, or the plots that are seen as .png or .svg. Raises OSError."""
        self.files.write(path)

    def columns(self) -> Numbers:
        """All curves; the names of those laid over begin with their run's."""
        found = numbers_of(self.series)
        for overlay in self._overlays.values():
            label, number = overlay.label, 2
            while any(name.startswith(f"{label}: ") for name in found):
                label, number = f"{overlay.label} ({number})", number + 1
            found |= {f"{label}: {name}": numbers for name, numbers in numbers_of(overlay.series).items()}
        return found

    def _paint_with(self, draw: Callable[[list[QWidget]], object], density: float) -> object:
        """Have the plots painted as they would be now, without the mouse; as strokes where the density is 0."""
        self._fitted = 0.0
        for _ in self._draw():
            pass
        self._hover(math.nan, math.nan)
        for plot in self._seen():
            plot.canvas.print_with(density, vector=not density)
        try:
            return draw([self._runs, self._splitter])
        finally:
            for plot in self._seen():
                plot.canvas.print_with(0.0, vector=False)

    def _pop_up(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.files.actions)
        menu.addSeparator()
        menu.addAction(self._fit_action)
        log = menu.addAction("Log scale", self.bar.log_box.toggle)
        log.setCheckable(True)
        log.setChecked(self.bar.log_box.isChecked())
        menu.popup(place)


def series_of(curves: Numbers, weight: float) -> dict[str, Series]:
    found = {}
    for name, (steps, values) in curves.items():
        found[name] = Series()
        found[name].set_smoothing(weight)
        found[name].extend(np.asarray(steps), np.asarray(values, np.float32))
    return found


def numbers_of(series: dict[str, Series]) -> Numbers:
    return {name: (one.steps.astype(np.int64), one.values.copy()) for name, one in series.items()}


def ends_of(series: dict[str, Series]) -> list[tuple[float, float]]:
    """The first and the last step of each curve."""
    return [(float(s.steps[0]), float(s.steps[-1])) for s in series.values() if s.count]
