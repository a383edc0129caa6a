"""Keys that serve while the keyboard is in a part of the Train tab, for the sheet of shortcuts.

Those that do something to a run stand with the deeds in `run_actions.py`; the sheet takes them from there.
"""

from __future__ import annotations

from ..room import Keys

RUNS = "List of runs"

# fmt: off
OF_RUNS: tuple[Keys, ...] = (
    (RUNS, "Choose a run", "Up, Down", "Another row, without opening its run."),
    (RUNS, "Choose several", "Shift+Up, Shift+Down", "Rows beside each other; Ctrl with a click gathers others."),
    (RUNS, "Choose all", "Ctrl+A", "All runs in the list."),
    (RUNS, "Fold and unfold branches", "Left, Right", "Of the run that is chosen."),
)
OF_PARTS: tuple[Keys, ...] = (
    ("Timeline", "Back and on by one frame", "Left, Right", "To the samples before or after those that are shown."),
    ("Timeline", "On and back by a tenth", "PgUp, PgDown", "Of all that was drawn."),
    ("Timeline", "To the first, to the newest", "Home, End", "At the newest, what comes is followed."),
    ("Timeline", "Play or pause the time-lapse", "Space", "Again and again with Repeat."),
    ("Plots", "Move along the steps", "Left, Right", "In all plots."),
    ("Plots", "Zoom in and out", "+, -", "Around the middle, in all plots."),
    ("Plots", "Fit", "0, Home", "All that the bar says is to be seen, and follow."),
    ("Plots", "Hide or show a curve or a run", "Space", "On its name above the plots."),
    ("Plots", "Take a run off", "Del", "On its name above the plots."),
    ("Samples", "Zoom in and out", "+, -", "Of pictures and of points."),
    ("Samples", "Fit", "0", "See all of them."),
)
# fmt: on
