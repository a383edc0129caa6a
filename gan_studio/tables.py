"""Curves as a table that other programs read."""

from __future__ import annotations

import csv
import io

import numpy as np

Curves = dict[str, tuple[np.ndarray, np.ndarray]]  # {name: (steps [K] int64, values [K] float32)}


def as_csv(curves: Curves) -> str:
    """A column for each curve, a row for each step, empty where nothing was measured."""
    rows: dict[int, dict[str, float]] = {}
    for name, (steps, values) in curves.items():
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            rows.setdefault(step, {})[name] = float(f"{value:.7g}")  # as many digits as float32 has
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", *curves])
    writer.writerows([step, *(row.get(name, "") for name in curves)] for step, row in sorted(rows.items()))
    return text.getvalue()
