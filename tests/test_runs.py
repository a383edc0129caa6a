"""Run folders: whatever cuts the writing off, they open again with all that was complete."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.runs import Run, State


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return runs.create(tmp_path / "runs", "A ring", {"steps": 10, "recipe": {"lr": 0.1}}, preset="ring")


def save(run: Run, step: int, starred: bool = False) -> runs.Checkpoint:
    return run.save_checkpoint(step, {"G": {"w": torch.full((3,), float(step))}}, {"iteration": step}, starred)


def full_disk(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


# --- nothing is ever half there --------------------------------------------------------------------------------------


def test_write_atomic_replaces_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    runs.write_atomic(path, "long text that was there")
    runs.write_atomic(path, b"short")
    assert path.read_bytes() == b"short"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_write_atomic_keeps_the_old_file_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path = tmp_path / "a.txt"
    runs.write_atomic(path, "old")
    monkeypatch.setattr(*{"fsync": (os, "fsync", full_disk), "replace": (Path, "replace", full_disk)}[broken])
    with pytest.raises(OSError):
        runs.write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def other_process(code: str, *arguments: Any) -> subprocess.Popen[str]:
    """Python that runs beside this one and has said a line when this returns."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline(), "it ended early"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    writer = """
        import itertools, pathlib, sys
        from gan_studio import runs
        for number in itertools.count():
            runs.write_json(pathlib.Path(sys.argv[1]), {"number": number, "filling": [number] * 2000})
            print(number, flush=True)
    """
    for killed_after in (1, 5, 20):
        process = other_process(writer, tmp_path / "state.json")
        assert process.stdout is not None
        for _ in range(killed_after):
            process.stdout.readline()
        kill(process)
        values = runs.read_json(tmp_path / "state.json")
        assert values["filling"] == [values["number"]] * 2000


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"name": "runn', "\x00\x00"])
def test_a_cut_off_json_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert runs.read_json(tmp_path / "a.json") == {}
    assert runs.read_json(tmp_path / "missing.json") == {}


rows = st.lists(st.fixed_dictionaries({"step": st.integers(0, 100), "loss": st.floats(-9, 9)}), min_size=1, max_size=5)


@given(first=rows, second=rows, data=st.data())
def test_lines_cut_off_anywhere_lose_only_the_last(
    tmp_path_factory: pytest.TempPathFactory, first: list[Any], second: list[Any], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("lines") / "curves.jsonl"
    runs.append_lines(path, first)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    complete = whole[:cut].count(b"\n") + (0 < cut < len(whole) and whole[cut : cut + 1] == b"\n")
    assert list(runs.read_lines(path)) == first[:complete]
    runs.append_lines(path, second)  # the half line must not swallow the first of the new ones
    assert list(runs.read_lines(path)) == first[:complete] + second


def test_lines_that_are_not_tables_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "curves.jsonl"
    path.write_bytes(b'{"step": 1}\n3\n[1]\n\xff\xfe\nnonsense\n{"step": 2}\n')
    assert [row["step"] for row in runs.read_lines(path)] == [1, 2]
    assert list(runs.read_lines(tmp_path / "missing.jsonl")) == []


# --- resumed runs ----------------------------------------------------------------------------------------------------


def test_a_resumption_takes_back_what_came_after(run: Run) -> None:
    run.append_curves([1, 2, 3, 4], {"D": np.array([0.1, 0.2, 0.3, 0.4], np.float32)})
    run.mark_resumed(2)
    run.append_curves([3], {"D": np.array([9.0], np.float32)})
    steps, values = run.curves()["D"]
    assert steps.tolist() == [1, 2, 3] and steps.dtype == np.int64
    assert values.tolist() == pytest.approx([0.1, 0.2, 9.0]) and values.dtype == np.float32


@given(st.lists(st.one_of(st.just("train"), st.integers(0, 30)), max_size=20))
def test_standing_rows_are_those_of_the_last_pass(script: list[Any]) -> None:
    """Against a second account: a list that is truncated at each resumption."""
    written: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    for number, action in enumerate(script):
        if action == "train":
            row = {"step": len(truth) + 1, "number": number}
            written.append(row)
            truth.append(row)
        else:
            written.append({"resumed": action})
            truth = truth[:action]
    assert runs.standing(iter(written)) == truth


def test_a_resumption_removes_later_samples(run: Run) -> None:
    for step in (0, 5, 10):
        (run.folder / "samples" / f"step-{step:08d}.npy").write_bytes(b"x")
    run.mark_resumed(5)
    assert [runs.sample_step(path) for path in run.samples()] == [0, 5]


def test_changes_apply_up_to_a_step(run: Run) -> None:
    run.append_change(3, "recipe.lr", 0.1, 0.2)
    run.append_change(6, "recipe.lr", 0.2, 0.3)
    assert [run.config_at(step)["recipe"]["lr"] for step in (0, 3, 5, 6, 9)] == [0.1, 0.2, 0.2, 0.3, 0.3]
    run.mark_resumed(4)
    assert run.config_at(9)["recipe"]["lr"] == 0.2
    assert [row["new"] for row in run.changes()] == [0.2]


def test_curves_leave_out_what_was_not_measured(run: Run) -> None:
    run.append_curves([1, 2], {"D": np.array([1, np.nan], np.float32), "G": np.array([np.inf, 2], np.float32)})
    assert {name: steps.tolist() for name, (steps, _) in run.curves().items()} == {"D": [1], "G": [2]}
    for line in (run.folder / "curves.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


# --- checkpoints -----------------------------------------------------------------------------------------------------


def test_a_checkpoint_round_trip(run: Run) -> None:
    weights = {"G": {"w": torch.randn(4, 5), "n": torch.tensor(7)}, "D": {"b": torch.randn(3).to(torch.bfloat16)}}
    state = {"iteration": 12, "optimiser": [{"m": torch.randn(3)}, "adam"], "none": None}
    saved = run.save_checkpoint(12, weights, state)
    assert saved == run.checkpoint_at() == run.checkpoint_at(12) and saved.step == 12
    loaded_weights, loaded_state = saved.load()
    for name, tensors in weights.items():
        assert all(torch.equal(loaded_weights[name][key], tensor) for key, tensor in tensors.items())
        assert loaded_weights[name].keys() == tensors.keys()
    assert torch.equal(loaded_state["optimiser"][0]["m"], state["optimiser"][0]["m"])  # type: ignore[index]
    assert loaded_state["iteration"] == 12


def test_the_same_step_again_replaces_and_keeps_the_star(run: Run) -> None:
    save(run, 5).star()
    run.save_checkpoint(5, {"G": {"w": torch.zeros(3)}}, {"iteration": 5})
    (checkpoint,) = run.checkpoints()
    assert checkpoint.starred
    assert torch.equal(checkpoint.load()[0]["G"]["w"], torch.zeros(3))
    checkpoint.star(False)
    assert not checkpoint.starred


@pytest.mark.parametrize(
    ("newest", "every", "kept"),
    [(1, 0, [30, 60]), (2, 0, [30, 50, 60]), (1, 20, [20, 30, 40, 60]), (9, 0, [10, 20, 30, 40, 50, 60])],
)
def test_prune_keeps_the_newest_the_chosen_and_the_starred(run: Run, newest: int, every: int, kept: list[int]) -> None:
    for step in (10, 20, 30, 40, 50, 60):
        save(run, step, starred=step == 30)
    run.prune(newest, every)
    assert [checkpoint.step for checkpoint in run.checkpoints()] == kept


arrivals = st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=60)


@given(arrivals=arrivals, newest=st.integers(1, 4), most=st.integers(0, 9))
def test_what_is_spread_is_little_and_leaves_no_large_gap(
    arrivals: list[tuple[int, bool]], newest: int, most: int
) -> None:
    """Pruned after each new checkpoint, at any steps, with any of them starred."""
    present: list[int] = []
    starred: set[int] = set()
    step, widest = 0, 0
    for gap, star in arrivals:
        step += gap
        widest = max(widest, gap if present else 0)
        present.append(step)
        starred |= {step} if star and len(starred) < 5 else set()
        kept = runs.spread_out(present, set(present[-newest:]) | (starred & set(present)), most)
        assert starred <= kept and set(present[-newest:]) <= kept
        present = sorted(kept)
        assert len(present) <= newest + len(starred) + most
        if most:
            assert present[0] == arrivals[0][0]  # one can go back to the very beginning
            gaps = [b - a for a, b in itertools.pairwise(present)]
            assert max(gaps, default=0) <= max(widest, 2 * (present[-1] - present[0]) / most)


def test_the_spread_takes_no_more_of_the_disk_than_it_may(run: Run) -> None:
    for step in range(30):
        checkpoint = save(run, step, starred=step == 7)
        run.prune(2, 0, 20, 5 * checkpoint.size() + 1)
    steps = [checkpoint.step for checkpoint in run.checkpoints()]
    assert len(steps) == 5 + 2 + 1 and steps[0] == 0 and 7 in steps and steps[-2:] == [28, 29]
    run.prune(2, 0, 20, 0)
    assert [checkpoint.step for checkpoint in run.checkpoints()] == [7, 28, 29]


def test_checkpoints_stay_spread_over_a_long_run(run: Run) -> None:
    seen = {}
    for step in range(101):
        save(run, step)
        run.prune(2, 0, 6)
        seen[step] = [checkpoint.step for checkpoint in run.checkpoints()]
    assert seen[5] == [0, 1, 2, 3, 4, 5]
    assert all(len(steps) == 8 for step, steps in seen.items() if step >= 7)
    assert seen[100][:2] != [0, 1] and seen[100][0] == 0 and seen[100][-2:] == [99, 100]
    gaps = [b - a for a, b in itertools.pairwise(seen[100])]
    assert max(gaps) <= 32  # 100 steps in seven gaps: 14 each would be even


def test_a_full_disk_leaves_the_older_checkpoints_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save(run, 1)
    monkeypatch.setattr(torch, "save", full_disk)
    for step in (1, 2):
        with pytest.raises(OSError, match="No space"):
            save(run, step)
    assert [checkpoint.step for checkpoint in run.checkpoints()] == [1]
    run.checkpoint_at(1).load()
    assert [path.name for path in (run.folder / "checkpoints").iterdir()] == ["step-00000001"]


def test_sweep_removes_what_a_killed_process_left(run: Run) -> None:
    save(run, 1)
    (run.folder / "checkpoints" / ".step-00000002.123.tmp").mkdir()
    (run.folder / "checkpoints" / ".step-00000002.123.tmp" / "G.safetensors").write_bytes(b"half")
    (run.folder / ".state.json.123.tmp").write_bytes(b"half")
    assert [checkpoint.step for checkpoint in run.checkpoints()] == [1]
    run.sweep()
    left = [path.name for path in run.folder.rglob("*") if path.name.endswith(".tmp")]
    assert left == []
    run.checkpoint_at(1).load()


@pytest.mark.parametrize(
    ("file", "damage"),
    [("state.pt", "missing")] + [(f, d) for f in ("state.pt", "G.safetensors") for d in ("truncated", "nonsense")],
)
def test_a_damaged_checkpoint_gives_way_to_an_older_one(run: Run, file: str, damage: str) -> None:
    save(run, 1)
    path = save(run, 2).path / file
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:20] if damage == "truncated" else b"nonsense" * 50)
    with pytest.raises(ConfigError, match="cannot be read"):
        run.checkpoint_at(2).load()
    found = run.newest_readable()
    assert found is not None and found[0].step == 1
    assert "step-00000002 cannot be read" in (run.folder / "log.txt").read_text()


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "Permission denied"), MemoryError()])
def test_what_cannot_be_read_just_now_is_not_taken_for_damaged(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    save(run, 1)

    def refused(*args: Any, **kwargs: Any) -> Any:
        raise error

    monkeypatch.setattr(torch, "load", refused)
    with pytest.raises(ConfigError, match="cannot be read now"):
        run.newest_readable()


def test_a_checkpoint_runs_no_code(run: Run, tmp_path: Path) -> None:
    path = save(run, 1).path / "state.pt"
    torch.save({"iteration": Trap(tmp_path / "sprung")}, path)
    with pytest.raises(ConfigError):
        run.checkpoint_at(1).load()
    assert not (tmp_path / "sprung").exists()


class Trap:
    """A pickle that would make a file when it is read."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_no_checkpoint_is_a_sentence(run: Run) -> None:
    with pytest.raises(ConfigError, match="has no checkpoint yet"):
        run.checkpoint_at()
    save(run, 3)
    with pytest.raises(ConfigError, match=r"no checkpoint at step 4 \(it has: 3\)"):
        run.checkpoint_at(4)
    assert Run(run.folder).newest_readable() is not None


# --- how it stands ---------------------------------------------------------------------------------------------------


def test_a_run_that_nobody_writes_was_interrupted(run: Run) -> None:
    run.set_state(State("running", 5, 10))
    assert run.state().name == "interrupted" and run.state().step == 5
    with run.lock():
        assert run.is_being_written()
        assert Run(run.folder).state().name == "running"
    assert not run.is_being_written()
    assert run.state().name == "interrupted"


def test_threads_that_ask_do_not_take_each_other_for_the_writer(run: Run) -> None:
    with run.lock():
        pass  # from now on there is a file to lock
    told: list[bool] = []

    def ask() -> None:
        told.extend(Run(run.folder).is_being_written() for _ in range(300))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(told) == 1200 and not any(told)


def test_with_patience_a_moment_is_not_taken_for_a_job(run: Run) -> None:
    held, seen = threading.Event(), threading.Event()

    def ask() -> None:
        with run.lock():  # as another process does that asks
            held.set()
            seen.wait(60)
            time.sleep(0.1)

    asker = threading.Thread(target=ask)
    asker.start()
    assert held.wait(60) and run.is_being_written()
    seen.set()
    assert not run.is_being_written(patience=60)
    asker.join()
    with run.lock():
        assert run.is_being_written(patience=0.05)


def test_a_folder_that_is_deleted_while_it_is_read_holds_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save(run, 5)
    monkeypatch.setattr(Path, "exists", lambda path: True)  # it was there a moment ago
    monkeypatch.setattr(Path, "is_dir", lambda path: True)
    shutil.rmtree(run.folder)
    assert run.checkpoints() == [] and list(runs.read_lines(run.folder / "changes.jsonl")) == []


def test_the_lock_of_a_killed_process_is_free(run: Run) -> None:
    holder = """
        import pathlib, sys, time
        from gan_studio.runs import Run
        with Run(pathlib.Path(sys.argv[1])).lock():
            print("held", flush=True)
            time.sleep(600)
    """
    process = other_process(holder, run.folder)
    assert run.is_being_written()
    kill(process)
    assert not run.is_being_written()


def test_a_state_with_strange_keys_still_reads(run: Run) -> None:
    runs.write_json(run.folder / "state.json", {"name": "finished", "step": 3, "from the future": 1})
    assert run.state() == State("finished", 3)
    (run.folder / "state.json").write_text("{")
    assert run.state() == State()


@pytest.mark.parametrize("odd", ["[]", "{}", '"x"', "1.5", "true", "-1e999", "NaN", "null"])
def test_a_state_with_strange_values_still_reads(run: Run, odd: str) -> None:
    told = {"reason": "", "step": 3, "steps": 9, "seconds": 2.0, "updated": 1.0, "best": None}
    for name, default in asdict(State()).items():
        values = {key: json.dumps(value) for key, value in told.items()} | {name: odd}
        inner = ", ".join(f'"{key}": {value}' for key, value in values.items())
        (run.folder / "state.json").write_text("{" + inner + "}")
        found = asdict(run.state())[name]
        assert isinstance(found, (type(default), dict) if default is None else type(default) | int), (name, found)


@pytest.mark.parametrize("odd", ['{"step": 1}', '{"step": 1, "path": 3, "new": 4}', '{"resumed": null}'])
def test_a_strange_change_is_none(run: Run, odd: str) -> None:
    run.append_change(1, "steps", 3, 4)
    with (run.folder / "changes.jsonl").open("a") as file:
        file.write(odd + "\n")
    assert [row["new"] for row in run.changes()] == [4]
    assert run.config_at(1)["steps"] == 4


# --- all of them -----------------------------------------------------------------------------------------------------


def test_create_never_takes_a_folder_twice(tmp_path: Path) -> None:
    made = [runs.create(tmp_path, "Same / title!", {}) for _ in range(4)]
    assert len({run.folder for run in made}) == 4
    assert all(run.name.startswith("same-title-") for run in made)
    assert all(run.state().name == "new" and run.about()["title"] == "Same / title!" for run in made)


def test_a_root_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="choose another folder"):
        runs.create(tmp_path / "file" / "runs", "x", {})
    with pytest.raises(ConfigError, match="choose another folder"):
        runs.create(tmp_path / "file", "x", {})
    monkeypatch.setattr(runs, "write_atomic", full_disk)
    with pytest.raises(ConfigError, match="No space left"):
        runs.create(tmp_path / "runs", "x", {})


def test_open_by_name_by_folder_or_not_at_all(run: Run) -> None:
    root = run.folder.parent
    assert runs.open_run(run.name, root).folder == run.folder
    assert runs.open_run(run.folder).folder == run.folder
    for wrong in ("no-such-run", root):
        with pytest.raises(ConfigError, match="There is no run at"):
            runs.open_run(wrong, root)


def test_a_run_without_its_config_is_a_sentence(run: Run) -> None:
    (run.folder / "config.toml").write_text("steps = ")
    with pytest.raises(ConfigError, match="not a TOML file"):
        run.config()
    (run.folder / "config.toml").unlink()
    with pytest.raises(ConfigError, match=r"config\.toml is missing"):
        run.config()
    assert runs.list_runs(run.folder.parent) == []


def test_the_list_is_newest_first_and_the_queue_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1, 1000))
    monkeypatch.setattr(runs.time, "time", lambda: float(next(clock)))
    a, b, c = (runs.create(tmp_path, title, {}) for title in "abc")
    names = lambda found: [run.folder for run in found]  # noqa: E731
    assert names(runs.list_runs(tmp_path)) == [c.folder, b.folder, a.folder]
    for run in (b, c, a):
        runs.enqueue(run)
    assert names(runs.queued(tmp_path)) == [b.folder, c.folder, a.folder]
    c.set_state(State("finished"))
    assert names(runs.queued(tmp_path)) == [b.folder, a.folder]


def test_the_root_that_does_not_exist_holds_no_runs(tmp_path: Path) -> None:
    assert runs.list_runs(tmp_path / "nowhere") == [] == runs.queued(tmp_path / "nowhere")


def test_a_branch_knows_its_parent_and_has_its_checkpoint(run: Run) -> None:
    save(run, 4)
    save(run, 8)
    child = runs.branch(run, 4, {"steps": 20})
    assert child.about()["parent"] == {"run": run.name, "step": 4}
    assert child.about()["preset"] == "ring"
    assert child.config() == {"steps": 20}
    assert [checkpoint.step for checkpoint in child.checkpoints()] == [4]
    assert child.state() == State("stopped", 4, 20, updated=child.state().updated)
    assert torch.equal(child.checkpoint_at().load()[0]["G"]["w"], torch.full((3,), 4.0))
    assert [checkpoint.step for checkpoint in run.checkpoints()] == [4, 8]
    assert runs.branch(run, None, {}).about()["parent"]["step"] == 8
    with pytest.raises(ConfigError, match="no checkpoint at step 5"):
        runs.branch(run, 5, {})


def test_a_branch_from_a_checkpoint_that_is_removed_meanwhile_leaves_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(run, 4)

    def copy_late(source: Path, *_: Any, **__: Any) -> None:
        shutil.rmtree(source)
        raise shutil.Error([(source, "", "no such file")])

    monkeypatch.setattr(shutil, "copytree", copy_late)
    with pytest.raises(ConfigError, match="step 4 is not kept any more"):
        runs.branch(run, 4, {"steps": 20})
    assert [found.name for found in runs.list_runs(run.folder.parent)] == [run.name]


def test_a_branch_that_finds_no_room_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save(run, 4)
    monkeypatch.setattr(shutil, "copytree", full_disk)
    with pytest.raises(ConfigError, match="make room"):
        runs.branch(run, 4, {"steps": 20})
    assert [found.name for found in runs.list_runs(run.folder.parent)] == [run.name]


def test_the_environment_names_the_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert runs.default_root() == Path(os.environ["GAN_STUDIO_RUNS"])
    monkeypatch.setenv("GAN_STUDIO_RUNS", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert runs.default_root().parts[-2:] == ("GAN Studio", "runs")


def test_a_run_in_training_cannot_be_queued(run: Run) -> None:
    with run.lock(), pytest.raises(ConfigError, match="being trained already"):
        runs.enqueue(run)


def test_a_run_is_renamed_and_keeps_the_rest(run: Run) -> None:
    run.rename("  A better\n  name ")
    assert run.about()["title"] == "A better name" and run.about()["preset"] == "ring"
    assert Run(run.folder).name == run.name
    run.rename("x" * 1000)
    assert run.about()["title"] == "x" * runs.TITLE_LENGTH
    with pytest.raises(ConfigError, match="needs a title"):
        run.rename(" \n ")


@pytest.mark.parametrize("told", [None, {}, "run", {"run": "a"}, {"run": "a", "step": "x"}, [1]])
def test_a_parent_that_cannot_be_made_out_is_none(run: Run, told: Any) -> None:
    assert run.parent() is None
    runs.write_json(run.folder / "run.json", {"parent": told})
    assert run.parent() is None


def test_a_branch_names_its_parent(run: Run) -> None:
    save(run, 4)
    assert runs.branch(run, 4, {}).parent() == (run.name, 4)


def test_a_duplicate_has_the_same_settings_and_nothing_else(run: Run) -> None:
    save(run, 4)
    run.append_curves([1], {"D": np.array([1], np.float32)})
    run.append_change(3, "recipe.lr", 0.1, 0.2)
    run.append_change(9, "recipe.lr", 0.2, 0.3)
    run.set_state(State("stopped", 4, 10, best={"name": "W1", "value": 1.0, "step": 3}))
    child = run.duplicate()
    assert child.config() == {"steps": 10, "recipe": {"lr": 0.2}}
    assert child.about()["title"] == "A ring" and child.about()["preset"] == "ring" and child.parent() is None
    assert child.state() == State("new", 0, 10, updated=child.state().updated)
    assert child.curves() == {} and child.changes() == [] and child.checkpoints() == []
    assert child.folder.parent == run.folder.parent and child.folder != run.folder


def test_the_best_is_read_back_and_survives_the_queue(run: Run) -> None:
    best = {"name": "distance/W1, exact", "value": 0.25, "step": 3}
    run.set_state(State("finished", 5, 5, best=best))
    assert run.state().best == best
    runs.enqueue(run)
    assert run.state().best == best and run.state().name == "queued"


def test_the_queue_is_put_in_order(tmp_path: Path) -> None:
    a, b, c, d = made = [runs.create(tmp_path, title, {}) for title in "abcd"]
    for run in made:
        runs.enqueue(run)
    names = lambda: [run.name for run in runs.queued(tmp_path)]  # noqa: E731
    runs.order_queue(tmp_path, [c, a])
    assert names() == [c.name, a.name, b.name, d.name]
    c.set_state(State("running"))
    runs.order_queue(tmp_path, [c, d, b, a])  # c has begun meanwhile
    assert names() == [d.name, b.name, a.name]
    runs.order_queue(tmp_path, [a])
    late = runs.create(tmp_path, "late", {})
    runs.enqueue(late)
    assert names() == [a.name, d.name, b.name, late.name]
    runs.order_queue(tmp_path / "nowhere", [])


def test_what_cannot_be_written_about_a_run_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.enqueue(run)
    monkeypatch.setattr(runs, "write_atomic", full_disk)
    for write in (lambda: run.rename("x"), lambda: runs.enqueue(run), lambda: runs.order_queue(run.folder.parent, [])):
        with pytest.raises(ConfigError, match="cannot be written"):
            write()


def test_a_checkpoint_never_makes_a_run_that_is_gone(run: Run) -> None:
    shutil.rmtree(run.folder)
    with pytest.raises(FileNotFoundError):
        save(run, 1)
    assert not run.folder.exists()


def test_a_resumption_takes_back_what_was_drawn_after_it(run: Run) -> None:
    names = [
        f"{kind}-{step:08d}.{end}"
        for step in (5, 10)
        for kind, end in (("step", "png"), ("raw", "png"), ("step", "npz"))
    ]
    for name in [*names, "notes-10.txt"]:
        (run.folder / "samples" / name).touch()
    run.mark_resumed(5)
    assert sorted(path.name for path in (run.folder / "samples").iterdir()) == sorted([*names[:3], "notes-10.txt"])
