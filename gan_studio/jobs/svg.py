"""Lines over steps as inline SVG, with axes, marks and a title. Knows nothing of GANs.

The colours stand in the attributes, so that a picture shows without a style sheet; a page may restyle the classes.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 560, 230  # of a plot, in its own units
LEFT, RIGHT, TOP, BOTTOM = 58, 536, 22, 192  # of the frame in it
MOST = 600  # points of a line
MEANS = 150  # points of the line through the averages of a long curve
FEW = 60  # points are marked one by one up to here
CHARACTER = 6.2  # width of a letter in a mark's label

INK, MUTED, GRID, WARNING = "#1e2126", "#5d6470", "#dfe2e7", "#855600"
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Look:
    """How a line is drawn; `name` is its class."""

    name: str
    colour: str
    dash: str = ""


@dataclass(frozen=True)
class Line:
    label: str
    steps: np.ndarray  # [K], ascending
    values: np.ndarray  # [K]; what is not a number is left out
    look: Look


@dataclass(frozen=True)
class Mark:
    """A vertical line where something was changed; the number stands where there is no room for the text."""

    step: int
    number: int
    text: str


def safe(text: object) -> str:
    """For HTML and SVG, between tags and in attributes, whatever it holds."""
    return html.escape(CONTROLS.sub("", str(text)))


# --- one plot --------------------------------------------------------------------------------------------------------


def plot(
    name: str,
    about: str,
    lines: Sequence[Line],
    span: tuple[float, float],
    marks: Sequence[Mark] = (),
    unit_range: bool = False,
    log: bool = False,
    ideal: float | None = None,
    across: str = "step",
    always: Sequence[float] = (),
) -> str:
    """An <svg> of the lines over the steps in `span`; "" where there is nothing to draw.

    `unit_range`: from 0 to 1. `log`: a logarithmic axis where the values ask for one. `ideal`: a line at this height.
    `across`: what the horizontal axis counts. `always`: heights that are seen even where no value is as far.
    """
    drawn = [kept for line in lines if len((kept := _finite(line)).steps)]
    if not drawn:
        return ""
    x = Scale(*_roomy(*span, 0.01), LEFT, RIGHT)
    y = Scale(-0.06, 1.06, BOTTOM, TOP) if unit_range else _height([line.values for line in drawn], log, always)
    frame = "frame-" + re.sub(r"\W+", "-", name.lower())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{safe(name)}</title><desc>{safe(_described(about, drawn, across))}</desc>",
        f'<clipPath id="{frame}"><path d="M{LEFT} {TOP}H{RIGHT}V{BOTTOM}H{LEFT}Z"/></clipPath>',
        *_axes(x, y, (0.0, 0.5, 1.0) if unit_range else y.ticks(5), across),
        f'<g clip-path="url(#{frame})" fill="none" stroke-linejoin="round">',
        *([_level(ideal, y)] if ideal is not None else []),
        *(part for line in drawn for part in _drawn(line, x, y)),
        "</g>",
        *_marks(marks, x),
        "</svg>",
    ]
    return "\n".join(parts)


def sample(look: Look) -> str:
    """A piece of a line, for legends."""
    return (
        f'<svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><path class="{look.name}" d="M1 5H25" '
        f"{_stroke(look, 2)}/></svg>"
    )


def hidden(lines: Sequence[Line], log: bool = False) -> str:
    """What lies outside of the frame: "from -3 to 40"; "" where everything is in it."""
    values = [kept.values for line in lines if len((kept := _finite(line)).steps)]
    if not values:
        return ""
    y, (low, high) = _height(values, log), (min(v.min() for v in values), max(v.max() for v in values))
    return f"from {number(low, 3)} to {number(high, 3)}" if low < y.low or high > y.high else ""


def _finite(line: Line) -> Line:
    good = np.isfinite(line.values)
    return Line(line.label, line.steps[good], line.values[good].astype(np.float64), line.look)


def _described(about: str, lines: Sequence[Line], across: str) -> str:
    last = ", ".join(f"{line.label} {number(line.values[-1], 3)} at {across} {int(line.steps[-1])}" for line in lines)
    return f"{about} Newest values: {last}."


# --- lines -----------------------------------------------------------------------------------------------------------


def thinned(steps: np.ndarray, values: np.ndarray, most: int = MOST) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` points (even): the lowest and the highest of each stretch, in their order."""
    if len(steps) <= most:
        return steps, values
    size = -(-len(steps) // (most // 2))
    whole = len(steps) // size * size
    starts, body = np.arange(0, whole, size), values[:whole].reshape(-1, size)
    pairs = np.stack([starts + body.argmin(axis=1), starts + body.argmax(axis=1)], axis=1)
    if whole < len(steps):
        rest = values[whole:]
        pairs = np.append(pairs, [[whole + rest.argmin(), whole + rest.argmax()]], axis=0)
    chosen = np.unique(pairs)
    return steps[chosen], values[chosen]


def means(steps: np.ndarray, values: np.ndarray, most: int = MEANS) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` points: the averages of stretches of the same length."""
    starts = np.arange(0, len(steps), -(-len(steps) // most))
    counts = np.diff(np.append(starts, len(steps)))
    return np.add.reduceat(steps.astype(np.float64), starts) / counts, np.add.reduceat(values, starts) / counts


def _drawn(line: Line, x: Scale, y: Scale) -> list[str]:
    """A short curve is a line; a long one is a pale band with its averages above; few points are dots too."""
    look = line.look
    band = _path(look, 1.4, *thinned(line.steps, line.values), x, y)
    if len(line.steps) <= FEW:
        return [band, _dots(line, x, y)]
    if len(line.steps) <= 2 * MEANS:
        return [band]
    pale = _path(look, 1, *thinned(line.steps, line.values), x, y, ' stroke-opacity="0.3"', dashed=False)
    return [pale, _path(look, 1.8, *means(line.steps, line.values), x, y)]


def _path(
    look: Look,
    width: float,
    steps: np.ndarray,
    values: np.ndarray,
    x: Scale,
    y: Scale,
    more: str = "",
    dashed: bool = True,
) -> str:
    pairs = zip(x(steps).tolist(), y(values).tolist(), strict=True)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in pairs)
    return f'<polyline class="{look.name}" {_stroke(look, width, dashed)}{more} points="{points}"/>'


def _dots(line: Line, x: Scale, y: Scale) -> str:
    """Zero-length pieces of a line with round ends."""
    places = zip(x(line.steps).tolist(), y(line.values).tolist(), strict=True)
    path = "".join(f"M{a:.1f} {b:.1f}h.01" for a, b in places)
    return f'<path class="{line.look.name}" {_stroke(line.look, 5, dashed=False)} stroke-linecap="round" d="{path}"/>'


def _stroke(look: Look, width: float, dashed: bool = True) -> str:
    dash = f' stroke-dasharray="{look.dash}"' if look.dash and dashed else ""
    return f'stroke="{look.colour}" stroke-width="{width:g}"{dash}'


# --- axes and marks --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """From values to units of the picture."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, values: np.ndarray | float) -> np.ndarray:
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        at = np.log10(np.maximum(values, 1e-300)) if self.log else np.asarray(values, np.float64)
        share = ((at - low) / (high - low)).clip(-2, 3)  # far outside of the frame is as good as infinitely far
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Round values in the range, at most about so many."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            every = -(-(last - first) // most) or 1
            decades = range(first, last + 1, every)
            inside = [f * 10.0**d for d in decades for f in ((1, 2, 5) if last - first <= 2 else (1,))]
            return [tick for tick in inside if self.low <= tick <= self.high]
        step = _round_up((self.high - self.low) / most)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [i * step for i in range(first, last + 1)]


def _round_up(size: float) -> float:
    """The next of 1, 2, 5, 10, 20 ..."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= size * (1 - 1e-9))


def _height(values: list[np.ndarray], log: bool, always: Sequence[float] = ()) -> Scale:
    """Room for nearly all values, not for single spikes; and for what is `always` seen, where it is not logarithmic."""
    everything = np.concatenate(values)
    log = log and bool(everything.min() > 0) and bool(everything.max() > 30 * everything.min())
    spread = np.log10(everything) if log else everything
    low, high = np.percentile(spread, [1, 99]) if len(spread) >= 100 else (spread.min(), spread.max())
    ends = [float(low), float(high), *(() if log else always)]
    low, high = _roomy(min(ends), max(ends), 0.08)
    return Scale(10**low, 10**high, BOTTOM, TOP, True) if log else Scale(low, high, BOTTOM, TOP)


def _roomy(low: float, high: float, share: float) -> tuple[float, float]:
    pad = share * (high - low) or 0.1 * abs(high) or 0.5
    return low - pad, high + pad


def _axes(x: Scale, y: Scale, levels: Sequence[float], unit: str) -> list[str]:
    down = [tick for tick in x.ticks(6) if tick >= 0 and tick == int(tick)]
    across = [f"M{LEFT} {at:.1f}H{RIGHT}" for at in y(np.array(levels)).tolist()]
    upright = [f"M{at:.1f} {TOP}V{BOTTOM}" for at in x(np.array(down)).tolist()]
    words = [
        f'<text x="{LEFT - 6}" y="{float(y(level)) + 4:.1f}" text-anchor="end">{safe(number(level))}</text>'
        for level in levels
    ]
    words += [f'<text x="{float(x(t)):.1f}" y="{BOTTOM + 18}" text-anchor="middle">{int(t):,}</text>' for t in down]
    return [
        f'<path class="grid" stroke="{GRID}" fill="none" d="{"".join(across + upright)}"/>',
        f'<g class="words" fill="{MUTED}">',
        *words,
        f'<text x="{RIGHT}" y="{HEIGHT - 3}" text-anchor="end">{safe(unit)}</text>',
        "</g>",
    ]


def number(value: float, digits: int = 6) -> str:
    """ "0.25", "45,000", "1e-05"; what is off 0 by rounding is 0."""
    if abs(value) < 1e-12:
        return "0"
    return f"{value:,.0f}" if 10 ** (digits - 1) <= abs(value) < 1e9 else f"{value:,.{digits}g}"


def _level(value: float, y: Scale) -> str:
    return f'<path class="ideal" stroke="{MUTED}" stroke-dasharray="2 3" d="M{LEFT} {float(y(value)):.1f}H{RIGHT}"/>'


def _marks(marks: Sequence[Mark], x: Scale) -> list[str]:
    parts, free = [], float(LEFT)  # from where on there is room for a label
    inside = sorted((mark for mark in marks if x.low <= mark.step <= x.high), key=lambda mark: mark.step)
    places = [float(x(mark.step)) for mark in inside]
    for i, (mark, at) in enumerate(zip(inside, places, strict=True)):
        until = places[i + 1] if i + 1 < len(places) else float(RIGHT)
        long, short = f"{mark.number}: {mark.text}", str(mark.number)
        label = next((text for text in (long, short) if at >= free and at + CHARACTER * len(text) <= until + 20), "")
        parts.append(f'<g class="mark"><title>{safe(f"Step {mark.step:,}: {mark.text}")}</title>')
        parts.append(f'<path stroke="{WARNING}" stroke-dasharray="1 3" fill="none" d="M{at:.1f} {TOP - 4}V{BOTTOM}"/>')
        if label:
            parts.append(f'<text x="{at:.1f}" y="{TOP - 8}" fill="{WARNING}">{safe(label)}</text>')
            free = at + CHARACTER * len(label) + 4
        parts.append("</g>")
    return parts
