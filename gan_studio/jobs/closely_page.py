"""What a close look finds, as one HTML page to mail: classes, nearest pictures, map, spectrum, smoothness."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np

from .. import images
from . import page, svg
from .charts import LOOKS
from .classes_shown import classes_of
from .closely import Close, Closely, look_closely
from .evaluations import Evaluated, read
from .events import Exported, Progress
from .exports import save
from .feature_map import KINDS, Map, drawn_map
from .page import facts, paragraph, section, table
from .smoothness import Smoothness, Way, smoothness
from .spectra import Spectra, Spectrum, spectra
from .subjects import Chosen, is_of_run
from .suspects import Suspect, Suspects, suspects
from .verdict import good_is, interval, value_of

WRITING = "Writing the page"
SHOWN = 16  # suspicious pictures
WALKS = 3
MOST_BYTES = 600_000  # of a picture in the page
REAL, GENERATED, UNSEEN = LOOKS["o"][0], LOOKS["g"][0], LOOKS["d"][1]
SIDE = 420  # of the map, in its own units
COLOURS = {"real": REAL.colour, "unseen": UNSEEN.colour, "generated": GENERATED.colour}
WORDS = {"real": "real", "unseen": "real, never seen", "generated": "generated"}


def write_page(chosen: Chosen, how: Closely, path: Path) -> Iterator[Progress | Exported]:
    """Look, and write the page. Closing the iterator cancels, and writes nothing. Raises ConfigError."""
    close = yield from look_closely(chosen, how)
    parts = [head(close), numbers(_measured(chosen, close))]
    for make in (classes, nearest, map_of, spectrum, smooth):
        parts.append((yield from make(close)))
    yield Progress(0, 1, WRITING)
    save(path, page.page(f"{close.name}: where it fails", parts))
    yield Exported(path)


def head(close: Close) -> str:
    at = "" if close.step is None else f", step {close.step:,}"
    sizes = f"{len(close.generated):,} generated, {len(close.real):,} real"
    unseen = f", {len(close.unseen):,} that training never saw" if close.unseen else ""
    rows = [
        ("Compared with", close.real_name),
        ("Pictures", sizes + unseen),
        ("Looked at with", f"{close.eye.name}: {close.eye.preprocessing}"),
        ("To know", " ".join(close.notes)),
    ]
    return f"<header><h1>{svg.safe(close.name + at)}</h1>{facts(rows)}</header>"


def _measured(chosen: Chosen, close: Close) -> Evaluated | None:
    """What was measured of this very step, the last time."""
    if not is_of_run(chosen.path):
        return None
    from .snapshots import checkpoint_of

    run, _ = checkpoint_of(chosen.path)
    return next((one for one in reversed(read(run)) if one.step == close.step), None)


def numbers(measured: Evaluated | None) -> str:
    if measured is None:
        return ""
    rows = [[one.title, value_of(one), interval(one), good_is(one)] for one in measured.numbers]
    return section("Numbers", table(["measure", "value", "95 % interval", "good"], rows, ["", "number", "number", ""]))


# --- sections --------------------------------------------------------------------------------------------------------


def classes(close: Close) -> Generator[Progress, None, str]:
    yield Progress(0, 1, WRITING)
    if not close.knows_classes:
        return ""
    found = classes_of(close)
    shares = zip(found.names, found.real, found.generated, strict=True)
    rows = [[name, f"{100 * a:.1f} %", f"{100 * b:.1f} %"] for name, a, b in shares]
    kinds = ["", "number", "number"]
    return section(
        "Classes", paragraph(found.told()), table(["class", "real", "generated"], rows, kinds, found.dropped)
    )


def nearest(close: Close) -> Generator[Progress, None, str]:
    parts = []
    for by_pixels in (False, True):
        found = yield from suspects(close, by_pixels)
        parts += [paragraph(f"By {found.by}: {found.told()}"), _row(close, found)]
    return section("Nearest pictures", *parts)


def _row(close: Close, found: Suspects) -> str:
    """The most suspicious from left to right, and below each its nearest ones."""
    chosen = found.found[:SHOWN]
    rows = [_taken(close.generated.pictures, chosen, "number"), _taken(close.real.pictures, chosen, "train")]
    if found.has_unseen and close.unseen:
        rows.append(_taken(close.unseen.pictures, chosen, "unseen"))
    below = "the nearest training picture" + (", and the nearest that training never saw" if found.has_unseen else "")
    ratios = ", ".join(f"{one.ratio:.2f}" for one in chosen)
    caption = f"The most suspicious first; below each {below}. Ratios: {ratios}."
    sheet = images.grid(np.concatenate(rows), len(chosen), 4, (255, 255, 255))
    return page.figure(sheet, caption, f"Generated pictures and {below}", MOST_BYTES)


def _taken(pictures: np.ndarray | None, chosen: Sequence[Suspect], field: str) -> np.ndarray:
    assert pictures is not None
    return pictures[[getattr(one, field) for one in chosen]]


def map_of(close: Close) -> Generator[Progress, None, str]:
    last: Map | None = None
    for one in drawn_map(close):
        if isinstance(one, Progress):
            yield one
        else:
            last = one
    assert last
    there = [kind for kind in KINDS if kind in _kinds(last)]
    legend = "".join(f"<li>{_dot(kind)} {WORDS[kind]}</li>" for kind in there)
    mixed = f"of the neighbours of a generated picture {100 * last.mixed:.0f} % are real, where 50 % would be even"
    about = f"t-SNE of {close.eye.name}: {mixed}. Rings are real, discs generated."
    figure = f'<figure><figcaption><ul class="legend">{legend}</ul></figcaption>\n{scatter(last)}\n</figure>'
    return section("Map", paragraph(about), figure)


def _dot(kind: str) -> str:
    """For legends: the page allows no styles but its own."""
    return f'<svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">{_circle(kind, 5, 5, 4)}</svg>'


def _circle(kind: str, x: float, y: float, radius: float) -> str:
    colour = COLOURS[kind]
    look = f'fill="{colour}"' if kind == "generated" else f'fill="none" stroke="{colour}"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" {look}/>'


def _kinds(found: Map) -> set[str]:
    return {KINDS[int(kind)] for kind in np.unique(found.kinds)}


def scatter(found: Map) -> str:
    """An <svg> of the points: rings are real, discs generated."""
    low, high = found.points.min(axis=0), found.points.max(axis=0)
    size = max(float((high - low).max()), 1e-12)
    places = (found.points - (low + high) / 2) * ((SIDE - 20) / size) * [1, -1] + SIDE / 2
    dots = [_circle(KINDS[kind], x, y, 2.5) for kind, (x, y) in zip(found.kinds.tolist(), places.tolist(), strict=True)]
    title = "<title>Map of real and generated pictures</title>"
    top = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {SIDE} {SIDE}">'
    return "\n".join([top, title, *dots, "</svg>"])


def spectrum(close: Close) -> Generator[Progress, None, str]:
    found = yield from spectra(close)
    return section("Spectrum", paragraph(found.told()), _spectrum_plot(found, min(_side(close))))


def _side(close: Close) -> tuple[int, int]:
    assert close.real.pictures is not None
    height, width = close.real.pictures.shape[1:3]
    return height, width


def _spectrum_plot(found: Spectra, side: int) -> str:
    cycles = np.rint(found.frequencies * side)
    lines = [*_lines("real", found.real, cycles, REAL), *_lines("generated", found.generated, cycles, GENERATED)]
    about = "Mean power in dB, and between the thin lines the middle 80 % of single pictures."
    return _plot("Power spectra", about, lines, (1.0, float(cycles[-1])), "cycles a picture")


def _lines(name: str, one: Spectrum, x: np.ndarray, look: svg.Look) -> list[svg.Line]:
    thin = svg.Look(f"{look.name}-band", look.colour, "1 3")
    return [
        svg.Line(name, x, one.mean, look),
        svg.Line(f"{name}, 10 %", x, one.low, thin),
        svg.Line(f"{name}, 90 %", x, one.high, thin),
    ]


def _plot(title: str, about: str, lines: list[svg.Line], span: tuple[float, float], across: str) -> str:
    picture = svg.plot(title, about, lines, span, across=across)
    legend = "".join(f"<li>{svg.sample(line.look)} {svg.safe(line.label)}</li>" for line in lines)
    return (
        f'<figure><figcaption><b>{svg.safe(title)}</b> {svg.safe(about)}<ul class="legend">{legend}</ul></figcaption>'
        f"\n{picture}\n</figure>"
    )


def smooth(close: Close) -> Generator[Progress, None, str]:
    if close.snapshot is None:
        return ""
    found = yield from smoothness(close)
    return section("Smoothness", paragraph(found.told()), *(_walk(way) for way in found.ways[:WALKS]), _steps(found))


def _walk(way: Way) -> str:
    first, second = way.seeds
    caption = f"From seed {first} to {second}: the longest step is {way.largest:.2f} times the mean."
    return page.figure(images.grid(way.pictures, 10), caption, "Pictures of a walk between two latents", MOST_BYTES)


def _steps(found: Smoothness) -> str:
    looks = (LOOKS["g"][0], LOOKS["o"][1], LOOKS["d"][1])
    lines = [
        svg.Line(f"seed {way.seeds[0]} to {way.seeds[1]}", np.arange(1, len(way.steps) + 1), way.steps, look)
        for way, look in zip(found.ways[:WALKS], looks, strict=False)
    ]
    about = "Length of each step, by the usual distance of two real pictures."
    return _plot("Steps of the walks", about, lines, (1.0, float(len(found.ways[0].steps))), "step")
