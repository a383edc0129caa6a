"""A run's curves as pictures for a page: which share a plot, how each looks, and the words beneath."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..tables import Curves
from . import svg
from .svg import Line, Look, Mark, safe


@dataclass(frozen=True)
class Kind:
    """One of the plots: its curves begin like this."""

    title: str
    about: str
    begins: tuple[str, ...]
    unit_range: bool = False  # 0 to 1, with the ideal at 0.5
    log: bool = False


KINDS = (
    Kind("Losses", "What D and G minimise, term by term.", ("D/", "G/")),
    Kind("Distance", "How far generated samples are from real ones, as estimated or measured.", ("distance/",)),
    Kind("Scores", "What D gives real and generated samples: 0.5 for both when it cannot tell.", ("D(",), True),
    Kind("Modes", "How many modes of the data the samples reach.", ("modes/covered",)),
    Kind("High quality", "The share of the samples that lie near a mode of the data.", ("modes/",)),
    Kind("Gradients", "The norms of both players' gradients.", ("gradient/",), log=True),
    Kind("Slope of D", "The norm of D's gradient where a penalty looks at it.", ("slope/",)),
    Kind("Learning rates", "How large the steps of both players are.", ("rate/",), log=True),
    Kind("Speed", "Samples that were trained on in a second.", ("speed/",)),
    Kind("More", "Other curves of this recipe.", ("",)),
)

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
    for kind in KINDS:
        names = [name for name in curves if kind_of(name) is kind]
        looks = looks_of(names)
        yield _figure(kind, [Line(name, *curves[name], looks[name]) for name in names], span, marks)


def kind_of(name: str) -> Kind:
    """The plot that a curve stands in."""
    return next(kind for kind in KINDS if name.startswith(kind.begins))


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
    picture = svg.plot(kind.title, kind.about, lines, span, marks, kind.unit_range, kind.log)
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
