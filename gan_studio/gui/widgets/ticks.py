"""Where an axis is numbered, and how the numbers are written. No Qt here."""

from __future__ import annotations

import math
from itertools import pairwise

NICE = (1, 2, 5, 10)


def ticks(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """Round numbers from `low` to `high`, at most `most` + 1 of them; `whole` leaves out what lies between integers."""
    rough = max((high - low) / most, 1e-300)
    power = 10.0 ** math.floor(math.log10(rough))
    spacing = next(n * power for n in NICE if n * power >= 0.9999 * rough)
    if whole:
        spacing = max(1.0, spacing)
    first, last = math.ceil(low / spacing - 1e-9), math.floor(high / spacing + 1e-9)
    return [i * spacing for i in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Places on a logarithmic axis, low and high being base-10 logarithms: powers of ten, with 2 and 5 if few."""
    stride = max(1, math.ceil((high - low) / most))
    powers = range(math.floor(low), math.ceil(high) + 1)
    tens = [float(p) for p in powers if p % stride == 0 and low <= p <= high]
    if len(tens) > 2:
        return tens
    fine = [p + math.log10(n) for p in powers for n in (1, 2, 5) if low <= p + math.log10(n) <= high]
    if len(fine) > 1 and len(fine) <= 2 * most:
        return fine
    return [math.log10(value) for value in ticks(10**low, 10**high, most) if value > 0]


def labels(values: list[float]) -> list[str]:
    """As many digits as it takes to tell neighbours apart; large and small numbers by their power of ten."""
    spacing = min((b - a for a, b in pairwise(values)), default=0.0)
    size = max(map(abs, values), default=0.0)
    spacing = spacing or size or 1.0
    decimals = -math.floor(math.log10(spacing) + 1e-6)
    if size >= 1e5 or size < 1e-3:
        digits = max(0, math.floor(math.log10(size or 1.0) + 1e-6) + decimals)
        return [_short(f"{value:.{digits}e}") if value else "0" for value in values]
    return [f"{value:,.{max(0, decimals)}f}" if value else "0" for value in values]


def log_labels(places: list[float]) -> list[str]:
    return [_short(f"{10**place:.3g}") for place in places]


def step_labels(values: list[float]) -> list[str]:
    """In thousands (k) and millions (M) where that leaves at most two decimals; otherwise in full."""
    largest = max(map(abs, values), default=0)
    for unit, sign in ((1_000_000, "M"), (1_000, "k")):
        if largest >= max(unit, 10_000) and all(value % (unit / 100) == 0 for value in values):
            return [f"{value / unit:g}{sign}" if value else "0" for value in values]
    return [f"{value:,.0f}" for value in values]


def _short(text: str) -> str:
    """1e+05 as 1e5."""
    mantissa, _, power = text.partition("e")
    return f"{mantissa}e{int(power)}" if power else mantissa
