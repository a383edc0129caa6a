"""Curves as tables, read back by Python's own readers."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from gan_studio import tables
from gan_studio.tables import Curves, as_csv, as_json

SPARSE: Curves = {
    "D/real": (np.arange(1, 8), np.array([0.1, -1e-7, 3e20, np.nan, 5, np.inf, -0.0], np.float32)),
    'distance/W1, "exact"': (np.array([2, 9]), np.array([1 / 3, 16777216], np.float32)),
    "none": (np.empty(0, np.int64), np.empty(0, np.float32)),
}


def read(text: str) -> tuple[list[str], list[list[str]]]:
    head, *rows = csv.reader(io.StringIO(text))
    return head, rows


def expected(curves: Curves) -> list[list[str]]:
    """Row by row, as it would be written by hand; numbers are compared as float32."""
    found = {name: dict(zip(steps.tolist(), values.tolist(), strict=True)) for name, (steps, values) in curves.items()}
    steps = sorted({step for column in found.values() for step in column})
    return [[str(step), *(str(column.get(step, "")) for column in found.values())] for step in steps]


def number(cell: str) -> np.float32:
    return np.float32(cell) if cell not in ("", "nan", "inf") else np.float32("nan")


@pytest.mark.parametrize("at_once", [1, 3, 10_000])
def test_a_cell_for_each_value_exact_as_float32(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "AT_ONCE", at_once)
    head, rows = read(as_csv(SPARSE))
    assert head == ["step", *SPARSE]
    wanted = expected(SPARSE)
    assert [row[0] for row in rows] == [row[0] for row in wanted] == ["1", "2", "3", "4", "5", "6", "7", "9"]
    for row, line in zip(rows, wanted, strict=True):
        assert np.array_equal([*map(number, row[1:])], [*map(number, line[1:])], equal_nan=True)
    assert "nan" not in as_csv(SPARSE) and "inf" not in as_csv(SPARSE)


def test_curves_of_different_steps_meet_in_rows() -> None:
    curves = {"a": (np.array([1, 3]), np.float32([1, 3])), "b": (np.array([2, 3]), np.float32([20, 30]))}
    assert as_csv(curves) == "step,a,b\n1,1.0,\n2,,20.0\n3,3.0,30.0\n"


def test_no_curves_are_a_table_without_rows() -> None:
    assert as_csv({}) == "step\n" and json.loads(as_json({})) == {}


def test_json_gives_the_same_numbers_back() -> None:
    found = json.loads(as_json(SPARSE))
    for name, (steps, values) in SPARSE.items():
        assert found[name]["steps"] == steps.tolist()
        back = np.array([np.nan if value is None else value for value in found[name]["values"]], np.float32)
        assert np.array_equal(back, np.where(np.isfinite(values), values, np.nan), equal_nan=True)


def test_parts_of_larger_arrays_are_written_too() -> None:
    """A column of a table is not contiguous."""
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    curves = {"a": (np.arange(8)[::2], table[:, 1])}
    assert as_csv(curves) == "step,a\n0,1.0\n2,4.0\n4,7.0\n6,10.0\n"
    assert json.loads(as_json(curves))["a"] == {"steps": [0, 2, 4, 6], "values": [1, 4, 7, 10]}
