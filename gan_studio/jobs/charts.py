"""A run's curves as pictures for a page: how each looks, and the words beneath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..plots import KINDS, Kind, kind_of
from ..tables import Curves
from . import svg
from .svg import Line, Look, Mark, safe

# Orange for D, blue and dashed for G, others for the rest; the lines differ without colour too.
LOOKS = {
    "d": (
        Look("d0", "#c8421a"),
        Look("d1", "#96600b", "9 2"),
        Look("d2", "#a8327d", "12 3 2 3"),
        Look("d3", "#6f5148", "2 2"),
    ),
    "g": (
        Look("g0", "#1c6cc4", "6 3"),
        Look("g1", "#5b51cc", "3 2"),
        Look("g2", "#0b7285", "6 2 1 2"),
        Look("g3", "#4c6079", "1 2"),
    ),
    "o": (
        Look("o0", "#0c7a53"),
        Look("o1", "#7a4fb5", "6 3"),
        Look("o2", "#8a6100", "2 2"),
        Look("o3", "#a8327d", "8 2 2 2"),
    ),
}


def charts(curves: Curves, marks: Sequence[Mark]) -> Iterator[str]:
    """A <figure> for each plot that has curves."""
    ends = [(int(steps[0]), int(steps[-1])) for steps, _ in curves.values() if len(steps)]
    if not ends:
        return
    span = min(first for first, _ in ends), max(last for _, last in ends)
    for key, kind in KINDS.items():
        names = [name for name in curves if kind_of(name) == key]
        looks = looks_of(names)
        yield _figure(kind, [Line(name, *curves[name], looks[name]) for name in names], span, marks)


def looks_of(names: Sequence[str]) -> dict[str, Look]:
    """A look for each of the curves in one plot, by the player it belongs to."""
    found: dict[str, Look] = {}
    met = dict.fromkeys(LOOKS, 0)
    for name in names:
        family = family_of(name)
        found[name] = LOOKS[family][met[family] % len(LOOKS[family])]
        met[family] += 1
    return found


def family_of(name: str) -> str:
    if name.startswith(("D/", "D(real)")) or name.endswith("/D"):
        return "d"
    return "g" if name.startswith(("G/", "D(fake)")) or name.endswith("/G") else "o"


def _figure(kind: Kind, lines: list[Line], span: tuple[float, float], marks: Sequence[Mark]) -> str:
    picture = svg.plot(
        kind.title, kind.about, lines, span, marks, kind.unit_range, kind.log, kind.ideal, always=kind.always
    )
    if not picture:
        return ""
    beyond = "" if kind.unit_range else svg.hidden(lines, kind.log)
    about = f"{kind.about} Single values reach {beyond}." if beyond else kind.about
    legend = "".join(f"<li>{svg.sample(line.look)} {safe(line.label)}: {_newest(line)}</li>" for line in lines)
    return (
        f"<figure><figcaption><b>{safe(kind.title)}</b> {safe(about)}"
        f'<ul class="legend">{legend}</ul></figcaption>\n{picture}\n</figure>'
    )


def _newest(line: Line) -> str:
    return svg.number(float(line.values[-1]), 3) if len(line.values) else ""
