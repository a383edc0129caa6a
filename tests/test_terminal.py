"""How events look in a terminal."""

from __future__ import annotations

import inspect
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_studio import terminal
from gan_studio.jobs import doctor, events

CURVES = events.Curves(np.array([7, 8]), {"D/real": np.array([0.25, np.nan], np.float32)}, 1234.5, 61.0)
EVENTS: list[Any] = [
    events.Progress(1, 4, "Reading"),
    events.Log("a note", "warning"),
    events.Forecast("bf16", "CPU (2 cores)", (("bf16", 0.1), ("fp32", 0.2)), 0.1, 640.0, 2**30),
    events.Started(Path("/runs/x"), 3, 9),
    events.Real(np.zeros((4, 2), np.float32)),
    events.Looked(np.zeros((4, 2), np.float32), None, None, (("a", 4),), (("b.png", "is empty"),), ()),
    CURVES,
    events.Samples(8, np.zeros((4, 8, 8, 3), np.uint8)),
    events.Landscape(8, np.zeros((4, 4), np.float32), 1.5),
    events.Checkpoint(8, Path("/runs/x/checkpoints/step-00000008")),
    events.Exported(Path("/runs/x.html")),
    events.Changed(8, "recipe.d_steps", 1, 2),
    events.Paused(8, "The disk is full."),
    events.Resumed(8),
    events.Stopped(8),
    events.Finished(9),
    events.Turn(9),
    events.Listed(((Path("a.png"), Path("out/a.png")),)),
    events.FileState(0, Path("a.png"), Path("out/a.png"), "failed", "is damaged"),
    events.Translating(0, 0.5, 0, 2, float("nan"), float("nan")),
    doctor.Check("Disk", "ok", "9 GiB free"),
]


def test_every_event_is_looked_at_here() -> None:
    """A Lane is taken apart by the view of races."""
    kinds = {kind for _, kind in inspect.getmembers(events, inspect.isclass) if kind.__name__ in events.__all__}
    assert kinds - {events.Event, events.Lane} == {type(event) for event in EVENTS} - {doctor.Check}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_strict_json(event: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.JsonLines().show(event)
    (row,) = [
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
        for text in capsys.readouterr().out.splitlines()
    ]
    assert row["event"] == type(event).__name__.lower()


def test_what_json_tells_of_curves_and_pictures() -> None:
    assert terminal.plain(CURVES) == {
        "event": "curves",
        "steps": [7, 8],
        "values": {"D/real": [0.25, None]},
        "samples_per_second": 1234.5,
        "seconds_left": 61.0,
    }
    samples = next(event for event in EVENTS if isinstance(event, events.Samples))
    assert terminal.plain(samples)["array"] == {"shape": [4, 8, 8, 3]}


def test_the_newest_measured_value_is_shown() -> None:
    assert terminal.losses(CURVES) == "D/real 0.25"


@pytest.mark.parametrize(
    ("seconds_left", "told"),
    [(61.0, "1,234 samples/s, 1 min left, D/real 0.25"), (math.inf, "1,234 samples/s, D/real 0.25")],
)
def test_the_time_that_is_left_is_told_where_it_is_known(capsys, seconds_left: float, told: str) -> None:
    terminal.PlainLines().show(replace(CURVES, seconds_left=seconds_left))
    assert capsys.readouterr().out == f"step 8 of 0: {told}\n"


@pytest.mark.parametrize("live", [False, True])
def test_lines_and_bar_take_every_event(live: bool, capsys: pytest.CaptureFixture[str]) -> None:
    display = terminal.view(as_json=False, live=live)
    for event in EVENTS:
        display.show(event)
    display.close()
    said = capsys.readouterr().out
    assert "starting" not in said and "resuming /runs/x at step 3 of 9" in said
    assert "step 8: recipe.d_steps 1 -> 2" in said and "The disk is full." in said and "step 9: finished" in said


def test_lines_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    lines = terminal.PlainLines(every=1000)
    for _ in range(100):
        lines.show(CURVES)
    assert capsys.readouterr().out.count("\n") == 1
