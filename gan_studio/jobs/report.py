"""A run as one HTML page to mail or print: samples, curves, settings, environment, and how to do it again.

What is in a run's folder may have been written by somebody else, or be cut off: what is missing is left out, and
whatever a text holds stays text.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__, presets
from ..config import ConfigError, differences, to_toml
from ..runs import Run, State, read_json
from ..tables import Curves
from . import choices, evaluations, page
from .charts import charts
from .events import Exported, Progress
from .exports import save
from .frames import Frame, columns_of, frame_steps, read_frame, read_real
from .pictures import plane
from .svg import Mark, number

FRAMES = 12  # samples along the way, at most
SHARE_BYTES = 140_000  # for each of them; the newest and the real ones get two shares
PLANE_PX, SMALL_PLANE_PX = 480, 300
LOG_LINES, LOG_BYTES = 60, 2**16
WRITING = "Writing the report"


@dataclass(frozen=True)
class Told:
    """What the folder of a run tells, as it stood when it was read."""

    run: Run
    title: str
    about: dict[str, Any]
    state: State
    step: int  # of the newest curves or checkpoint
    begun: choices.Values  # the settings at the start; {} where they are damaged
    values: choices.Values  # with what was changed on the way
    problem: str  # why there are none
    curves: Curves
    changes: list[dict[str, Any]]
    real: np.ndarray | None  # as in `Frame.array`
    frames: list[Frame]


def report(run: Run, path: Path) -> Iterator[Progress | Exported]:
    """Write the page of a run, also of one that still trains. Raises ConfigError where it cannot be written."""
    steps = chosen(frame_steps(run))
    frames: list[Frame] = []
    for done, step in enumerate(steps):
        yield Progress(done, len(steps) + 2, WRITING)
        if frame := read_frame(run, step):
            frames.append(frame)
    yield Progress(len(steps), len(steps) + 2, WRITING)
    told = read(run, frames)
    yield Progress(len(steps) + 1, len(steps) + 2, WRITING)
    save(path, page.page(told.title, parts(told)))
    yield Exported(path)


def file_name(run: Run) -> str:
    """What a report is called unless somebody knows better."""
    return f"{run.name}.html"


def chosen(steps: list[int], most: int = FRAMES) -> list[int]:
    """At most so many of the ascending steps, spread evenly over the training, with the first and the last."""
    if len(steps) <= most:
        return steps
    nearest = [int(np.abs(np.array(steps) - at).argmin()) for at in np.linspace(steps[0], steps[-1], most)]
    return [steps[i] for i in sorted(set(nearest))]


# --- reading ---------------------------------------------------------------------------------------------------------


def read(run: Run, frames: list[Frame]) -> Told:
    about, state, curves = run.about(), run.state(), run.curves() | evaluations.lines(run)
    step = max([state.step, *(int(steps[-1]) for steps, _ in curves.values() if len(steps))])
    begun: choices.Values = {}
    values: choices.Values = {}
    problem = ""
    try:
        begun, values = run.config(), run.config_at(step)
    except ConfigError as error:
        problem = str(error)
    return Told(
        run=run,
        title=str(about.get("title") or run.name),
        about=about,
        state=state,
        step=step,
        begun=choices.complete(begun),
        values=choices.complete(values),
        problem=problem,
        curves=curves,
        changes=run.changes(),
        real=read_real(run),
        frames=frames,
    )


def tail(path: Path) -> str:
    """The last lines of a log, however long it is."""
    try:
        with path.open("rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - LOG_BYTES)
            file.seek(start)
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[1 if start else 0 :][-LOG_LINES:])


def private(text: str) -> str:
    """Without the user's name, which the path of a home folder holds."""
    home = str(Path.home())
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text) if len(home) > 1 else text


# --- the page --------------------------------------------------------------------------------------------------------


def parts(told: Told) -> list[str]:
    base = compared_with(told)
    return [
        head(told),
        samples(told),
        curves(told),
        settings(told, base),
        environment(told),
        again(told, base),
        page.section("Log", page.code(private(tail(told.run.folder / "log.txt")), "log")),
        f"<footer>{page.paragraph(f'Written by GAN Studio {__version__} on {moment(time.time())}.')}</footer>",
    ]


def head(told: Told) -> str:
    about, state, preset, parent = told.about, told.state, preset_of(told), told.run.parent()
    rows = [
        ("Preset", preset.title if preset else str(about.get("preset", ""))),
        ("After", ", ".join(filter(None, [preset.paper, preset.figure])) if preset else ""),
        ("Branched from", f"{parent[0]} at step {parent[1]:,}" if parent else ""),
        ("State", state.name),
        ("Step", f"{told.step:,} of {state.steps:,}" if state.steps else f"{told.step:,}"),
        ("Best", best(state.best)),
        ("Trained for", str(timedelta(seconds=round(state.seconds))) if state.seconds else ""),
        ("Begun", moment(about.get("created"))),
        ("Last saved", moment(state.updated)),
        ("Run", told.run.name),
    ]
    reason = page.paragraph(private(state.reason), "reason")
    return f"<header>\n<h1>{page.safe(told.title)}</h1>\n{reason}{page.facts(rows)}</header>"


def best(found: Any) -> str:
    """The samples that came nearest to the data; "" where they were not measured."""
    match found:
        case {"name": str(name), "value": int() | float() as value, "step": int(step)}:
            return f"{name} {number(value, 3)} at step {step:,}"
    return ""


def moment(seconds: Any) -> str:
    """ "2026-03-05 14:03 +0100"; "" for what is no time."""
    known = isinstance(seconds, (int, float)) and 0 < seconds < 2**35
    return time.strftime("%Y-%m-%d %H:%M %z", time.localtime(seconds)) if known else ""


# --- samples ---


def samples(told: Told) -> str:
    """The newest beside real ones, then those on the way."""
    if not told.frames:
        return page.section("Samples", page.paragraph("No samples are kept in this run.", "quiet"))
    *earlier, last = told.frames
    on_a_plane = last.array.ndim == 2
    newest = _figure(told, last, PLANE_PX, 2 * SHARE_BYTES, "newest")
    real = "" if on_a_plane or told.real is None else page.figure(told.real[0], "Real", "Real samples", 2 * SHARE_BYTES)
    film = "".join(_figure(told, frame, SMALL_PLANE_PX, SHARE_BYTES) for frame in earlier)
    return page.section(
        "Samples",
        page.paragraph(_legend(told) if on_a_plane else _rows(told)),
        f'<div class="pair">{newest}{real}</div>',
        f'<h3>On the way</h3>\n<div class="film" id="film">{film}</div>' if film else "",
    )


def _figure(told: Told, frame: Frame, plane_px: int, most_bytes: int, id: str = "") -> str:
    pixels = frame.array[0] if frame.array.ndim == 4 else _plane(told, frame, plane_px)
    words = f"Step {frame.step:,}"
    return page.figure(pixels, words, f"Generated samples at step {frame.step:,}", most_bytes, id)


def _plane(told: Told, frame: Frame, size_px: int) -> np.ndarray:
    """Points over what D thought of the plane, all of a run to the same scale."""
    extents = [frame.landscape.extent for frame in told.frames if frame.landscape]
    logits = frame.landscape.logits if frame.landscape else None
    return plane(frame.array, told.real, logits, max(extents, default=0.0), size_px)


def _rows(told: Told) -> str:
    columns = columns_of(told.run)
    return f"In each row: {', '.join(columns)}." if columns else "What the generator makes of the same latents."


def _legend(told: Told) -> str:
    points = "Dark points are generated, green ones real." if told.real is not None else "The points are generated."
    seen = any(frame.landscape for frame in told.frames)
    return f"{points} Blue is where D takes points for real, orange where for generated." if seen else points


# --- curves ---


def curves(told: Told) -> str:
    rows = [
        (str(i), f"{change['step']:,}", *(str(change.get(word)) for word in ("path", "old", "new")))
        for i, change in enumerate(told.changes, 1)
    ]
    marks = [
        Mark(change["step"], i, f"{path.rpartition('.')[2]} {old} → {new}")
        for i, (change, (_, _, path, old, new)) in enumerate(zip(told.changes, rows, strict=True), 1)
    ]
    drawn = "".join(charts(told.curves, marks))
    return page.section(
        "Curves",
        f'<div class="curves">{drawn}</div>' if drawn else page.paragraph("Nothing has been measured yet.", "quiet"),
        "<h3>Changed while it trained</h3>" if rows else "",
        page.table(("", "Step", "Setting", "From", "To"), rows, ("number", "number", "path", "value", "value")),
    )


# --- settings ---


@dataclass(frozen=True)
class Base:
    """What the settings of a run are held against."""

    name: str
    values: choices.Values
    command: list[str]  # that trains with these settings


def compared_with(told: Told) -> Base | None:
    """The parent of a branch, else the preset; None where neither is known any more."""
    parent, preset = told.run.parent(), preset_of(told)
    if parent:
        name, step = parent
        found = [place.parent for place in told.run.folder.parent.glob("*/config.toml") if place.parent.name == name]
        try:
            values = Run(found[0]).config_at(step) if found else {}
        except ConfigError:
            values = {}
        command = ["branch", name, "--step", str(step)]
        return Base(f"the parent {one_line(name)}", choices.complete(values), command) if values else None
    if preset:
        return Base(f"the preset “{one_line(preset.title)}”", choices.complete(preset.values), ["train", preset.id])
    return None


def one_line(text: str) -> str:
    """It stands in a comment among commands, which nobody else may add to."""
    return " ".join(text.split())


def preset_of(told: Told) -> presets.Preset | None:
    return next((preset for preset in presets.all_presets() if preset.id == told.about.get("preset")), None)


def settings(told: Told, base: Base | None) -> str:
    if not told.values:
        return page.section("Settings", page.paragraph(private(told.problem), "reason"))
    different = differences(base.values, told.values) if base else {}
    rows = [(path, private(value), meaning) for path, value, meaning in choices.explained(told.values)]
    changed = [i for i, (path, *_) in enumerate(rows) if any(f"{path}.".startswith(f"{p}.") for p in different)]
    return page.section(
        "Settings",
        _different(base, different) if base else "",
        "<h3>All</h3>",
        page.table(("Setting", "Value", "What it is"), rows, ("path", "value", "quiet"), changed),
    )


def _different(base: Base, different: dict[str, tuple[Any, Any]]) -> str:
    if not different:
        return page.paragraph(f"All settings are those of {base.name}.")
    rows = [(path, private(choices.said(old)), private(choices.said(new))) for path, (old, new) in different.items()]
    table = page.table(("Setting", "There", "Here"), rows, ("path", "value", "value"))
    return f"<h3>Different from {page.safe(base.name)}</h3>\n{table}"


# --- where it was computed, and how to do it again ---


def environment(told: Told) -> str:
    around, engine = read_json(told.run.folder / "environment.json"), told.run.engine()
    tried = around.pop("tried", None)
    engine = {"computed on" if word == "device" else word: value for word, value in engine.items()}
    known = [(word, value) for word, value in (around | engine).items() if value is not None]
    rows = [(word.replace("_", " "), private(choices.said(value))) for word, value in known]
    return page.section("Environment", page.facts(rows), *_tried(tried))


def _tried(tried: Any) -> list[str]:
    """What the dry run before the start measured."""
    pairs = [pair for pair in tried if isinstance(pair, list) and len(pair) == 2] if isinstance(tried, list) else []
    rows = [(str(name), f"{1000 * seconds:.2f} ms") for name, seconds in pairs if isinstance(seconds, (int, float))]
    return (
        ["<h3>Tried before the start</h3>", page.table(("With", "A step takes"), rows, ("", "value"))] if rows else []
    )


def again(told: Told, base: Base | None) -> str:
    """The commands, and the settings as a file."""
    if not told.begun:
        return ""
    begun = {name: value for name, value in told.begun.items() if value is not None}
    lines = ["# with the settings that this run began with", "gan-studio train config.toml"]
    if base:
        changes = {path: new for path, (_, new) in differences(base.values, told.begun).items() if new is not None}
        lines += [f"# the same, from {base.name}", private(choices.command(base.command, changes))]
    lines += ["# where the folder of this run is: go on, or draw samples"]
    lines += [choices.command(words, {}) for words in (["train", "--resume", told.run.name], ["sample", told.run.name])]
    return page.section(
        "How to do it again",
        page.download("config.toml", private(to_toml(begun)).encode(), "Save the settings as config.toml"),
        page.code("\n".join(lines)),
        page.paragraph(
            "The same settings with the same versions give the same run, on a processor bit for bit."
            + (" What was changed while it trained is in the table under the curves." if told.changes else ""),
            "quiet",
        ),
    )
