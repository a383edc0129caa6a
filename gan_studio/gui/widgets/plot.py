"""One of the plots: its title, its legend, its canvas, and how its lines look."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...plots import KINDS, kind_of
from .. import theme
from .canvas import Canvas
from .flow import FlowLayout
from .legend import Chip, Row, RunChip
from .lines import Line
from .series import Series

FEW = 2  # so many runs laid over keep the colours of the curves; more have each a colour of their own
BAND = 0.24  # opacity of the values beneath the smoothed line
ALONE = 0.2  # opacity of the other runs while one is looked at
HOW = "The wheel zooms, dragging pans, dragging with Shift shows that part, a double click fits, a click picks a step."


def is_sparse(series: Series, mates: Iterable[Series]) -> bool:
    """Whether it is measured much less often than the densest curve of its run."""
    return math.inf > series.spacing > 2 * min(mate.spacing for mate in mates)


# --- how lines look --------------------------------------------------------------------------------------------------

# Of runs laid over each other, in the order of their coming: five colours and four dashes make twenty looks. The
# colours were searched for: 4.5:1 on the plot, clear of D's orange, G's blue and the green, and as far apart as can be
# for eyes without red or green cones as well.
RUN_COLOURS = {  # {dark: colours}
    False: ("#7732a6", "#4a7694", "#b81244", "#82760d", "#0000ff"),
    True: ("#a366ff", "#66f5ff", "#e65c81", "#997f17", "#b7ff26"),
}
DASHES: tuple[tuple[float, ...], ...] = ((7, 3), (2.5, 2.5), (10, 3, 2.5, 3), (16, 3))
G_DASH = (4.0, 2.0)


def curve_pen(name: str, names: Iterable[str]) -> QPen:
    """Orange for D's curves, blue for G's, green for others; further ones of a family, by their order in `names`, are
    turned. A second cue beside the colour: D's lines are solid, G's dashed."""
    c = theme.colours()
    family, _, term = name.partition("/")
    of_d = family in ("D", "D(real)") or term == "D"
    of_g = family in ("G", "D(fake)") or term == "G"
    base = c.d if of_d else c.g if of_g else c.third
    mates = [other for other in names if other.partition("/")[0] == family]
    place = mates.index(name) if name in mates else len(mates)
    turn = (0, 28, -24, 52)[place % 4] if family in ("D", "G") else 0 if of_d or of_g else 40 * place
    hue = (base.hsvHueF() * 360 + turn) % 360 / 360
    colour = QColor.fromHsvF(hue, base.hsvSaturationF(), base.valueF())
    return dashed(theme.readable(colour), G_DASH if of_g else ())


def run_pen(look: int, colour: QColor | None = None) -> QPen:
    """Of a run laid over, by its number; `colour` instead of its own."""
    colours = RUN_COLOURS[theme.colours().dark]
    return dashed(colour or QColor(colours[look % len(colours)]), DASHES[look % len(DASHES)])


def dashed(colour: QColor, pattern: tuple[float, ...]) -> QPen:
    pen = QPen(colour, 1)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if pattern:
        pen.setDashPattern(pattern)
    return pen


# --- a plot ----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Overlay:
    """Another run, laid over the one that is looked at."""

    chip: RunChip
    look: int  # which colour and dashes
    series: dict[str, Series] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.chip.name()

    @property
    def is_seen(self) -> bool:
        return self.chip.isChecked()


def sample_pen(overlay: Overlay, count: int) -> QPen:
    """What stands for a run: its colour, unless `count` runs are few and keep the colours of the curves."""
    return run_pen(overlay.look, theme.colours().text if count <= FEW else None)


class Plot(QWidget):
    hovered = Signal(float, float)  # step and height; NaN when the mouse leaves
    toggled = Signal()  # a curve was hidden or shown
    menu_wanted = Signal(QPoint)

    def __init__(self, key: str):
        super().__init__()
        self.key = key
        self.kind = kind = KINDS[key]
        self.chips: dict[str, Chip] = {}
        self._compared = False  # with other runs
        self.off: set[str] = set()  # names that the user has hidden; they stay so in the next run
        title = QLabel(kind.title)
        title.setToolTip(kind.about)
        title.setFixedHeight(Chip("").sizeHint().height())  # on one line with the first row of the legend
        self._legend = FlowLayout(gap=4)
        header = QHBoxLayout()
        header.setContentsMargins(8, 3, 8, 0)
        header.setSpacing(8)
        header.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)
        header.addLayout(self._legend, 1)
        self.canvas = Canvas(kind.ideal, kind.unit_range, kind.always)
        self.canvas.setAccessibleName(f"{kind.title}: {kind.about} Arrows and + and - move it, 0 fits.")
        self.canvas.setAccessibleDescription(HOW)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.menu_wanted.connect(self.menu_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(header)
        column.addWidget(self.canvas, 1)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        policy.setVerticalStretch(kind.height)
        self.setSizePolicy(policy)

    # curves

    def compose(self, main: dict[str, Series], overlays: list[Overlay], smoothed: bool, alone: str = "") -> None:
        """Make chips and lines anew: those of the runs laid over, and on top those of the run itself.

        Of each run come all its curves; a plot draws those of its kind. `alone` is the key of a run whose mates fade.
        """
        names = dict.fromkeys(name for series in (main, *(o.series for o in overlays)) for name in series)
        found = [name for name in names if kind_of(name) == self.key]
        self._make_chips(sorted(found) if self.kind.measured else found)  # which of them comes first is chance
        self._compared = bool(overlays)
        self._dress_chips(main)
        lines: list[Line] = []
        for overlay in overlays:
            if overlay.is_seen:
                share = ALONE if alone not in ("", overlay.chip.key) else 1.0
                lines += self._lines_over(overlay, len(overlays), smoothed, share)
        for name in self._names_on(main):
            lines += self._lines_of(main, name, smoothed, not overlays)
        self.canvas.show_lines(lines)

    def _make_chips(self, names: list[str]) -> None:
        if names == list(self.chips):
            return
        for chip in self.chips.values():
            self._legend.removeWidget(chip)
        for name in set(self.chips) - set(names):
            self.chips[name].hide()
            self.chips.pop(name).deleteLater()
        self.chips = {name: self.chips[name] if name in self.chips else self._chip(name) for name in names}
        for chip in self.chips.values():
            self._legend.addWidget(chip)
            chip.show()

    def _chip(self, name: str) -> Chip:
        chip = Chip(name, name.removeprefix(self.kind.prefix))
        chip.setChecked(name not in self.off)
        chip.toggled.connect(self._chip_toggled)
        return chip

    def _names_on(self, series: dict[str, Series]) -> list[str]:
        return [name for name in self.chips if name in series and self.chips[name].isChecked()]

    def _lines_of(self, main: dict[str, Series], name: str, smoothed: bool, band: bool) -> list[Line]:
        """The values as a line; or smoothed, on a dim band of the values where nothing else would be hidden by it."""
        series, pen = main[name], self._pen(name)
        measured = self.is_measured(main, name)
        if measured or not (smoothed and self.kind.smoothed):
            return [Line(series, pen, dots=measured)]
        return [Line(series, QPen(theme.faded(pen.color(), BAND)))] * band + [Line(series, pen, smooth=True)]

    def _lines_over(self, overlay: Overlay, count: int, smoothed: bool, share: float) -> list[Line]:
        lines = []
        for name in self._names_on(overlay.series):
            pen = QPen(self.pen_over(overlay, name, count))
            pen.setColor(theme.faded(pen.color(), share))
            measured = self.is_measured(overlay.series, name)
            smooth = smoothed and self.kind.smoothed and not measured
            lines.append(Line(overlay.series[name], pen, smooth, dots=measured and count <= FEW))
        return lines

    def _pen(self, name: str) -> QPen:
        """Of the run itself: beside others it is the one that is not dashed."""
        pen = curve_pen(name, self.chips)
        return dashed(pen.color(), ()) if self._compared else pen

    def pen_over(self, overlay: Overlay, name: str, count: int) -> QPen:
        colour = curve_pen(name, self.chips).color() if count <= FEW else None
        return run_pen(overlay.look, colour)

    def measured(self, series: dict[str, Series]) -> list[str]:
        """Of a run's curves in this plot those that are measured now and then."""
        return [name for name in self.chips if name in series and self.is_measured(series, name)]

    def is_measured(self, series: dict[str, Series], name: str) -> bool:
        return self.kind.measured and is_sparse(series[name], series.values())

    def _dress_chips(self, main: dict[str, Series]) -> None:
        """The chips' lines and tooltips, as what they stand for became known."""
        mixed = len(self.measured(main)) < len(self.chips)
        for name, chip in self.chips.items():
            measured = name in main and self.is_measured(main, name)
            chip.set_pen(self._pen(name), dots=measured)
            every = f"Measured on samples, every {main[name].spacing:,.0f} steps." if measured else ""
            chip.describe(name.removeprefix(self.kind.prefix) + " (measured)" * (measured and mixed), every)

    def _chip_toggled(self) -> None:
        self.off = {name for name, chip in self.chips.items() if not chip.isChecked()} | (self.off - set(self.chips))
        self.toggled.emit()

    # the values

    def read_out(self, step: float, series: dict[str, Series]) -> None:
        """Show the values at a step in the legend; at infinity the newest."""
        for name, chip in self.chips.items():
            chip.show_value(series[name].at(step) if name in series else math.nan)

    def table(
        self, step: float, height: float, main: dict[str, Series], overlays: list[Overlay]
    ) -> tuple[list[str], list[Row], tuple[int, int]]:
        """(columns, rows, row and column of the value that is nearest to a height) of all runs at a step."""
        names = [name for name, chip in self.chips.items() if chip.isChecked()]
        seen = [overlay for overlay in overlays if overlay.is_seen]
        runs = [("This run", dashed(theme.colours().text, ()), main)] if main else []
        runs += [(o.label, sample_pen(o, len(overlays)), o.series) for o in seen]
        rows = [
            Row(label, pen, [series[name].at(step) if name in series else math.nan for name in names])
            for label, pen, series in runs
        ]
        scale = self.canvas.scale
        places = {
            (i, j): abs(scale.height_of(value) - height)
            for i, row in enumerate(rows)
            for j, value in enumerate(row.values)
            if math.isfinite(scale.height_of(value))
        }
        columns = [name.removeprefix(self.kind.prefix) for name in names]
        return columns, rows, min(places, key=places.__getitem__, default=(-1, -1))
