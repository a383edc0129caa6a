"""Curves on disk: exact, readable after any cut, and the columnar copy is believed only where it is true."""

from __future__ import annotations

import errno
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_studio import history, runs
from gan_studio.history import Curves

NAMES = ["D/real", "distance/W1, exact", 'odd "name"\n']


def columns(rows: list[dict[str, float]]) -> dict[str, np.ndarray]:
    """{name: [K] float32}, NaN where a row has none."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([row.get(name, np.nan) for row in rows], np.float32) for name in names}


def naive(path: Path) -> dict[str, tuple[list[int], list[float]]]:
    """A second account: row by row, as the file's format says."""
    rows: list[dict[str, Any]] = []
    for line in path.read_bytes().split(b"\n") if path.exists() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if not isinstance(row, dict):
            continue
        if isinstance(row.get("resumed"), int):
            rows = [kept for kept in rows if kept["step"] <= row["resumed"]]
        elif isinstance(row.get("step"), int):
            rows.append(row)
    found: dict[str, tuple[list[int], list[float]]] = {}
    for row in rows:
        for name, value in row.items():
            if name != "step" and isinstance(value, (int, float)):
                steps, values = found.setdefault(name, ([], []))
                steps.append(row["step"])
                values.append(float(np.float32(value)))
    return found


def plain(curves: Curves) -> dict[str, tuple[list[int], list[float]]]:
    assert all(s.dtype == np.int64 and v.dtype == np.float32 for s, v in curves.values())
    return {name: (steps.tolist(), values.tolist()) for name, (steps, values) in curves.items()}


# --- lines -----------------------------------------------------------------------------------------------------------

float32s = st.floats(width=32)
told = st.lists(st.dictionaries(st.sampled_from(NAMES), float32s), min_size=1, max_size=6)


@given(told)
def test_every_number_comes_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    path = tmp_path_factory.mktemp("run") / "curves.jsonl"
    history.append_rows(path, list(range(len(rows))), columns(rows))
    found = history.read(path)
    for name, expected in columns(rows).items():
        there = np.isfinite(expected)
        steps, values = found.get(name, (np.empty(0), np.empty(0, np.float32)))
        assert steps.tolist() == np.flatnonzero(there).tolist()
        assert values.tobytes() == expected[there].tobytes()


DAMAGE = [b"nonsense\n", b"\n\n", b'{"step": 7, "D/real": "text"}\n', b"[1]\n", b'{"step": 1e99}\n']
script = st.lists(
    st.one_of(
        told.map(lambda rows: ("tell", rows)),
        st.integers(0, 40).map(lambda step: ("resume", step)),
        st.integers(1, 60).map(lambda count: ("cut", count)),
        st.sampled_from(DAMAGE).map(lambda line: ("damage", line)),
        st.just(("copy", None)),
    ),
    max_size=12,
)


@given(script=script, chunk=st.sampled_from([7, 64, 2**22]))
def test_reading_equals_a_second_account(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, Any]], chunk: int
) -> None:
    """Whatever was appended, cut off or damaged, with a copy of any age beside it."""
    path = tmp_path_factory.mktemp("run") / "curves.jsonl"
    path.touch()
    patch = pytest.MonkeyPatch()
    patch.setattr(history, "CHUNK", chunk)
    step = 0
    try:
        for what, argument in script:
            if what == "tell":
                history.append_rows(path, list(range(step, step + len(argument))), columns(argument))
                step += len(argument)
            elif what == "resume":
                runs.append_lines(path, [{"resumed": argument}])
                step = min(step, argument + 1)
            elif what == "cut":
                path.write_bytes(path.read_bytes()[:-argument])
            elif what == "damage":
                with path.open("ab") as file:
                    file.write(argument)
            else:
                history.write_copy(path)
            assert plain(history.read(path)) == naive(path)
    finally:
        patch.undo()


def test_curves_measured_at_the_same_steps_share_them(tmp_path: Path) -> None:
    path = tmp_path / "curves.jsonl"
    rows = [{"a": 1.0, "b": 2.0} | ({"c": 3.0} if i % 2 else {}) for i in range(10)]
    for copied in (False, True):
        history.append_rows(path, list(range(10)), columns(rows))
        runs.append_lines(path, [{"resumed": 4}])
        if copied:
            history.write_copy(path)
        found = history.read(path)
        assert found["a"][0] is found["b"][0]
        assert found["c"][0].tolist() == [1, 3] * (2 if copied else 1)


def test_nothing_told_is_no_curve(tmp_path: Path) -> None:
    assert history.read(tmp_path / "missing.jsonl") == {}
    (tmp_path / "empty.jsonl").touch()
    assert history.read(tmp_path / "empty.jsonl") == {}


# --- the copy --------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A hundred steps, sixty of them copied."""
    path = tmp_path / "curves.jsonl"
    for first in (0, 60):
        rows = [{"D/real": i / 7, "G/fake": -i / 3} for i in range(first, 100 if first else 60)]
        history.append_rows(path, list(range(first, first + len(rows))), columns(rows))
        if not first:
            history.write_copy(path)
    return path


def test_the_copy_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    rows = history._rows
    monkeypatch.setattr(history, "_rows", lambda lines: parsed.append(lines) or rows(lines))
    assert plain(history.read(path)) == naive(path)
    assert sum(lines.count(b"step") for lines in parsed) == 40
    parsed.clear()
    history.write_copy(path)
    assert plain(history.read(path)) == naive(path)
    assert sum(lines.count(b"step") for lines in parsed) == 40  # the copying parsed them; the reading none


@pytest.mark.parametrize("keep", [0, 1, 10, 100, 400, -1, -30])
def test_a_damaged_copy_is_passed_over(path: Path, keep: int) -> None:
    copy = history.copy_of(path)
    copy.write_bytes(copy.read_bytes()[:keep])
    assert plain(history.read(path)) == naive(path)


def test_no_byte_of_a_copy_can_be_spoilt_unseen(path: Path) -> None:
    """What is not noticed must not matter: the columns are the same all the same."""
    copy = history.copy_of(path)
    whole, expected = copy.read_bytes(), naive(path)
    for at in range(0, len(whole), 11):
        copy.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        assert plain(history.read(path)) == expected


def test_a_copy_of_other_lines_is_not_believed(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    for lines in (
        whole[: len(whole) // 3],  # shorter
        whole.replace(b"0.14285715", b"0.24285715"),  # another value near the beginning
        whole.replace(b"-19.666666", b"-19.666667"),  # near the end of what was copied
        b"",
    ):
        path.write_bytes(lines)
        assert plain(history.read(path)) == naive(path)
    other = tmp_path / "other.npz"
    np.savez(other, anything=np.arange(3))
    other.replace(history.copy_of(path))
    assert plain(history.read(path)) == naive(path)


def test_a_job_renews_the_copy_when_the_lines_have_grown_by_a_quarter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "WORTH_BYTES", 2000)
    run = runs.create(tmp_path, "long", {})
    copied = []
    write_copy = history.write_copy
    monkeypatch.setattr(history, "write_copy", lambda path: copied.append(write_copy(path)) or copied[-1])
    for step in range(4000):
        run.append_curves([step], {"D": np.array([step / 3], np.float32)})
    size = (run.folder / "curves.jsonl").stat().st_size
    assert all(b > 1.25 * a for a, b in itertools.pairwise(copied))
    assert copied[-1] > 0.75 * (size - 2000) and len(copied) < 20
    assert plain(run.curves()) == naive(run.folder / "curves.jsonl")
    resumed = runs.Run(run.folder)
    resumed.mark_resumed(1000)
    resumed.append_curves([1001], {"D": np.array([0], np.float32)})
    assert resumed.curves()["D"][0].tolist() == [*range(1001), 1001]


def test_a_short_history_needs_no_copy(tmp_path: Path) -> None:
    run = runs.create(tmp_path, "short", {})
    run.append_curves([1], {"D": np.array([1], np.float32)})
    run.copy_curves()
    assert not history.copy_of(run.folder / "curves.jsonl").exists()


def test_a_copy_that_cannot_be_written_is_not_worth_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "WORTH_BYTES", 0)
    run = runs.create(tmp_path, "full", {})

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(history.np, "savez", full)
    run.append_curves([1], {"D": np.array([1], np.float32)})
    run.copy_curves()
    assert run.curves()["D"][0].tolist() == [1]
    assert not [path for path in run.folder.iterdir() if path.name.endswith((".tmp", ".npz"))]
