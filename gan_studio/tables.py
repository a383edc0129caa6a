"""Curves as tables that other programs read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import orjson

from .history import Curves

AT_ONCE = 10_000  # rows that become text in one go, which holds up other threads for some milliseconds


def as_csv(curves: Curves) -> str:
    """A column for each curve, a row for each step, empty where nothing was measured; exact as float32."""
    return "".join([",".join(["step", *map(_quoted, curves)]) + "\n", *_rows(curves)])


def as_json(curves: Curves) -> bytes:
    """{name: {"steps": [...], "values": [...]}}, null where a value is not a number."""
    parts = [_dumped(name) + b":" + _table(*curve) for name, curve in curves.items()]
    return b"{" + b",".join(parts) + b"}\n"


def _table(steps: np.ndarray, values: np.ndarray) -> bytes:
    return b'{"steps":' + _dumped(steps) + b',"values":' + _dumped(values) + b"}"


def _dumped(value: np.ndarray | str) -> bytes:
    """Other threads wait meanwhile, so not everything at once."""
    whole = value if isinstance(value, str) else np.ascontiguousarray(value)
    return orjson.dumps(whole, option=orjson.OPT_SERIALIZE_NUMPY)


def _rows(curves: Curves) -> Iterator[str]:
    """Lines of the table, many in one string."""
    steps = _all_steps([steps for steps, _ in curves.values()])
    for start in range(0, len(steps), AT_ONCE):
        part = steps[start : start + AT_ONCE]
        columns = [_cells(part), *(_cells(_column(part, *curve)) for curve in curves.values())]
        yield "\n".join(map(",".join, zip(*columns, strict=True))) + "\n"


def _all_steps(steps: list[np.ndarray]) -> np.ndarray:
    """Those of any curve, ascending; most curves are measured at the same ones."""
    different: list[np.ndarray] = []
    for some in steps:
        if not any(np.array_equal(some, other) for other in different):
            different.append(some)
    return np.unique(np.concatenate([np.empty(0, np.int64), *different]))


def _column(rows: np.ndarray, steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values of a curve at ascending steps, NaN where it has none."""
    first, last = np.searchsorted(steps, rows[0]), np.searchsorted(steps, rows[-1], side="right")
    column = np.full(len(rows), np.nan, np.float32)
    column[np.searchsorted(rows, steps[first:last])] = values[first:last]
    return column


def _cells(column: np.ndarray) -> list[str]:
    """Numbers as the shortest texts that give them back; nothing where they are none."""
    return _dumped(column).decode()[1:-1].replace("null", "").split(",")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(sign in name for sign in ',"\n\r') else name
