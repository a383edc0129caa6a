"""A comparison of runs to mail or print: one HTML page, or Markdown with its pictures beside it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import __version__, images
from ..plots import KINDS, kind_of
from ..runs import Run
from . import page, svg
from .charts import LOOKS
from .comparison import Comparison, Entrant, compare
from .events import Exported, Progress
from .exports import save, whole
from .frames import Frame, frame_steps, read_frame, read_real
from .page import paragraph, section
from .pictures import plane
from .verdict import Key, good_is, interval, value_of

PLOTS = ("distance", "psnr", "ssim", "modes", "quality", "metrics", "shares")  # whose curves are laid over each other
PICTURE_BYTES = 200_000
PLANE_PX = 360
WRITING = "Writing the comparison"
LINES = (*LOOKS["g"][:1], *LOOKS["d"][:1], *LOOKS["o"], LOOKS["g"][2], LOOKS["d"][2])  # one for each run


def export_comparison(runs: list[Run], path: Path, by: str = "") -> Iterator[Progress | Exported]:
    """Write a comparison: Markdown where the name ends in .md, with a folder of pictures beside it, else HTML.

    Raises ConfigError.
    """
    yield Progress(0, 2, WRITING)
    found = compare(runs, by)
    yield Progress(1, 2, WRITING)
    if path.suffix.lower() == ".md":
        yield from _write_markdown(found, path)
    else:
        save(path, as_page(found))
        yield Exported(path)


def as_page(found: Comparison) -> bytes:
    title = " · ".join(one.title for one in found.entrants)
    return page.page(
        title,
        [
            f"<header>\n<h1>{page.safe(title)}</h1>\n{paragraph(verdict(found))}</header>",
            section("Numbers", _numbers(found), *(paragraph(line, "quiet") for line in footnotes(found))),
            section("Settings that differ", _settings(found)),
            section("Samples", _pictures(found)),
            section("Curves", _curves(found)),
            f"<footer>{paragraph(f'Written by GAN Studio {__version__} on {moment()}.')}</footer>",
        ],
    )


def moment() -> str:
    return time.strftime("%Y-%m-%d %H:%M %z")


# --- in words --------------------------------------------------------------------------------------------------------


def verdict(found: Comparison) -> str:
    """Which run is best and by what, in a sentence."""
    if found.by is None:
        return "Nothing has been measured of these runs yet; evaluate them to see which is best."
    best = found.best(found.by)
    if not best:
        why = next((reasons for one in found.entrants if (reasons := found.reasons(one, found.by))), ())
        return f"No two of these runs can be compared by {found.by[1]}{f': {why[0]}' if why else ''}."
    number = best[0].numbers[found.by]
    names = " and ".join(f"{one.title}, step {one.step:,}," for one in best)
    doubt = "" if found.is_apart(found.by) else "; the intervals do not tell the runs apart"
    verb = "is" if len(best) == 1 else "are"
    return f"{names} {verb} best by {number.title}: {value_of(number)} ({interval(number)}){doubt}."


def cell(found: Comparison, entrant: Entrant, key: Key) -> str:
    """ "12.3 (11.8 to 12.9)", with a sign where it cannot be compared."""
    number = entrant.numbers.get(key)
    if number is None:
        return ""
    sign = " ≠" if found.reasons(entrant, key) else ""
    return f"{value_of(number)} ({interval(number)}){sign}"


def footnotes(found: Comparison) -> list[str]:
    """What the intervals are, and why some numbers cannot be compared."""
    if not found.keys:
        return []
    lines = ["In brackets: the 95 % interval of what other samples would give. Best of those that compare: marked."]
    for key in found.keys:
        for one in found.entrants:
            if reasons := found.reasons(one, key):
                lines.append(f"≠ {key[1]} of {one.title} cannot be compared: {'; '.join(reasons)}.")
    return lines


def head(found: Comparison) -> list[str]:
    return ["Measure", "Good is", *(one.title for one in found.entrants)]


def rows(found: Comparison) -> list[list[str]]:
    """What each run was measured with; the first row says at which step."""
    steps = ["Step", "", *(_step(one) for one in found.entrants)]
    return [steps, *(_row(found, key) for key in found.keys)]


def _step(one: Entrant) -> str:
    if one.step is None:
        return "not measured"
    return f"{one.step:,}{', its best' if one.is_best else ''}"


def _row(found: Comparison, key: Key) -> list[str]:
    reference = found.reference(key)
    assert reference
    best = found.best(key)
    cells = [cell(found, one, key) + (" ★" if one in best else "") for one in found.entrants]
    return [key[1], good_is(reference), *cells]


# --- HTML ------------------------------------------------------------------------------------------------------------


def _numbers(found: Comparison) -> str:
    kinds = ["", "quiet", *("value" for _ in found.entrants)]
    return page.table(head(found), rows(found), kinds)


def _settings(found: Comparison) -> str:
    if not found.settings:
        return paragraph("All settings are the same.")
    lines = [[path, *values] for path, values in found.settings.items()]
    return page.table(
        ["Setting", *(one.title for one in found.entrants)], lines, ["path", *("value" for _ in found.entrants)]
    )


def _pictures(found: Comparison) -> str:
    figures = []
    for one in found.entrants:
        drawn = newest_samples(one)
        if drawn is not None:
            step, pixels = drawn
            about = f"Samples of {one.title} at step {step:,}"
            figures.append(page.figure(pixels, f"{one.title}, step {step:,}", about, PICTURE_BYTES))
    return f'<div class="pair">{"".join(figures)}</div>' if figures else ""


def newest_samples(one: Entrant) -> tuple[int, np.ndarray] | None:
    """(step, picture [H, W, C] uint8) of what was drawn next to the step that is shown; None where nothing was."""
    steps = frame_steps(one.run)
    if not steps:
        return None
    near = steps[-1] if one.step is None else one.step
    wanted = min(steps, key=lambda step: abs(step - near))
    frame = read_frame(one.run, wanted, raw=False)
    return None if frame is None else (wanted, _pixels(one.run, frame))


def _pixels(run: Run, frame: Frame) -> np.ndarray:
    if frame.array.ndim == 4:
        return frame.array[0]
    logits, extent = (frame.landscape.logits, frame.landscape.extent) if frame.landscape else (None, 0.0)
    return plane(frame.array, read_real(run), logits, extent, PLANE_PX)


def _curves(found: Comparison) -> str:
    """Of each curve that says how good samples are, one plot with a line a run."""
    names = dict.fromkeys(name for one in found.entrants for name in one.curves if kind_of(name) in PLOTS)
    figures = [_overlaid(found, name) for name in names]
    drawn = zip(found.entrants, looks(found), strict=True)
    legend = "".join(f"<li>{svg.sample(look)} {svg.safe(one.title)}</li>" for one, look in drawn)
    return f'<ul class="legend">{legend}</ul>\n<div class="curves">{"".join(figures)}</div>' if any(figures) else ""


def looks(found: Comparison) -> list[svg.Look]:
    return [LINES[i % len(LINES)] for i in range(len(found.entrants))]


def _overlaid(found: Comparison, name: str) -> str:
    kind = KINDS[kind_of(name)]
    lines = [
        svg.Line(one.title, *one.curves[name], look)
        for one, look in zip(found.entrants, looks(found), strict=True)
        if name in one.curves and len(one.curves[name][0])
    ]
    if not lines:
        return ""
    span = min(int(line.steps[0]) for line in lines), max(int(line.steps[-1]) for line in lines)
    title = name.removeprefix(kind.prefix)
    picture = svg.plot(name, kind.about, lines, span, (), kind.unit_range, kind.log, kind.ideal, always=kind.always)
    return f"<figure><figcaption><b>{svg.safe(title)}</b></figcaption>\n{picture}\n</figure>" if picture else ""


# --- Markdown --------------------------------------------------------------------------------------------------------


def _write_markdown(found: Comparison, path: Path) -> Iterator[Progress | Exported]:
    """The text, and the pictures in a folder of its name; the pictures first, so that no text points to nothing."""
    folder = path.with_name(f"{path.stem}-pictures")
    pictures = {one.title: drawn for one in found.entrants if (drawn := newest_samples(one)) is not None}
    names = {title: f"{number:02d}-{step:08d}.png" for number, (title, (step, _)) in enumerate(pictures.items(), 1)}
    if pictures and not folder.exists():
        with whole(folder) as temporary:
            temporary.mkdir()
            for title, (_, pixels) in pictures.items():
                images.write_png(temporary / names[title], pixels)
    else:
        for title, (_, pixels) in pictures.items():
            save(folder / names[title], images.png(pixels))
    save(path, as_markdown(found, {title: f"{folder.name}/{name}" for title, name in names.items()}))
    yield Exported(path)


def as_markdown(found: Comparison, pictures: dict[str, str]) -> str:
    title = _plain(" · ".join(one.title for one in found.entrants))
    lines = [f"# {title}", "", _plain(verdict(found)), "", "## Numbers", ""]
    lines += _grid(head(found), rows(found))
    lines += ["", *(f"{_plain(line)}  " for line in footnotes(found)), "", "## Settings that differ", ""]
    if found.settings:
        table = [[path, *values] for path, values in found.settings.items()]
        lines += _grid(["Setting", *(one.title for one in found.entrants)], table)
    else:
        lines += ["All settings are the same."]
    if pictures:
        lines += ["", "## Samples", ""]
        lines += [f"![{_plain(title)}](<{place}>)\n\n{_plain(title)}\n" for title, place in pictures.items()]
    return "\n".join([*lines, "", f"Written by GAN Studio {__version__} on {moment()}.", ""])


def _grid(head: list[str], rows: list[list[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Text that stays text in Markdown, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", " ".join(text.split()))
