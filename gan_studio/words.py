"""Numbers as people say them, in the window and in a terminal."""

from __future__ import annotations

import math

NEVER_S = 1e9  # an estimate of thirty years is none


def duration(seconds: float) -> str:
    """ "40 s", "2 min", "1 h 20 min", "3 days"; rounded as an estimate is."""
    if not math.isfinite(seconds):
        return "…"
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"


def time_left(seconds: float) -> str:
    """ "40 s left"; "" where nobody knows: NaN, endless, or negative."""
    return f"{duration(seconds)} left" if 0 <= seconds < NEVER_S else ""


def clock(seconds: float) -> str:
    """ "0:07", "12:05", "1:02:03"; exact, for time that has passed."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def rate(per_second: float) -> str:
    """ "214 samples/s"; "…" where nothing was measured."""
    if not math.isfinite(per_second) or per_second <= 0:
        return "…"
    return f"{per_second:,.0f} samples/s" if per_second >= 10 else f"{per_second:.1f} samples/s"


def memory(byte_count: float) -> str:
    """ "840 MB", "1.2 GB"; in powers of 1,000, as the tools of the desktop count."""
    megabytes = byte_count / 1e6
    return f"{megabytes:,.0f} MB" if megabytes < 999.5 else f"{megabytes / 1000:,.1f} GB"
