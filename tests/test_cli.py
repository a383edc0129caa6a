"""The command line, as a user types it: what it makes, what it says, and its exit codes."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from gan_studio import __main__, cli, images, presets, runs, terminal
from gan_studio.config import FORMAT, ConfigError, to_toml
from gan_studio.jobs.events import Curves
from gan_studio.jobs.explore import read_recipe, reopened
from gan_studio.jobs.frames import frame_steps
from gan_studio.jobs.settings import RunConfig
from gan_studio.recipes.gan import GanTraining
from gan_studio.runs import Run

POINTS: dict[str, Any] = {
    "data": {"kind": "toy2d"},
    "recipe": {
        "kind": "gan",
        "generator": {"kind": "mlp", "width": 8},
        "discriminator": {"kind": "mlp", "width": 8},
        "latent": {"dim": 3},
        "batch_size": 8,
    },
    "steps": 6,
    "samples_every": 3,
    "checkpoint_every": 3,
    "sample_count": 4,
    "compute": {"device": "cpu", "threads": 1},
}
PICTURES = POINTS | {"data": {"kind": "digits", "size": 8}}


class Typed:
    """What came of a command."""

    def __init__(self, *words: object):
        result = CliRunner().invoke(cli.app, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr
        assert "Traceback" not in self.out + self.err


def typed(*words: object, code: int = 0) -> Typed:
    found = Typed(*words)
    assert found.code == code, found.out + found.err
    return found


def refused(*words: object, code: int = 2) -> str:
    """The sentences on stderr; nothing is said on stdout."""
    return typed(*words, code=code).err.strip()


def write_config(folder: Path, values: dict[str, Any], name: str = "small.toml") -> Path:
    (folder / name).write_text(to_toml(values))
    return folder / name


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Finished runs, made by the command line once: on points and on pictures. Only to be read."""
    folder = tmp_path_factory.mktemp("trained")
    for name, values in {"points": POINTS, "pictures": PICTURES}.items():
        path = write_config(folder, values, f"{name}.toml")
        typed("train", path, "--name", name, "--root", folder / name, "--no-dry-run")
    yield {name: runs.list_runs(folder / name)[0] for name in ("points", "pictures")}


@pytest.fixture
def points(trained: dict[str, Run]) -> Run:
    """A finished run of one's own, in the folder of runs."""
    folder = runs.default_root() / "points"
    shutil.copytree(trained["points"].folder, folder)
    return Run(folder)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, POINTS)


# --- quick things are quick ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["presets", "--json"], ["train", "--help"], ["train", "nothing"]])
def test_what_computes_nothing_loads_no_torch(words: list[str]) -> None:
    code = f"""
import sys
from gan_studio.cli import app
try:
    app({words!r})
except SystemExit:
    heavy = {{"torch", "numpy", "rich", "PySide6"}} & sys.modules.keys()
    sys.exit(str(heavy) if heavy else 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_every_command_has_help() -> None:
    said = typed("--help").out
    for command in ("train", "branch", "queue", "sample", "runs", "presets", "preset", "data", "doctor", "export"):
        assert command in said
        assert "Usage" in typed(command, "--help").out
    assert typed("--version").out.strip().count(".") == 2


# --- train -----------------------------------------------------------------------------------------------------------


def test_train_makes_a_finished_run(trained: dict[str, Run]) -> None:
    for name, run in trained.items():
        assert run.state().name == "finished" and run.state().step == 6
        assert run.about()["title"] == name
        assert run.curves()["G/adversarial"][0].tolist() == [1, 2, 3, 4, 5, 6]
        assert [c.step for c in run.checkpoints()] == [0, 3, 6]
        assert (run.folder / "gallery.png").exists()


def test_the_gallery_is_large_and_knows_its_making(trained: dict[str, Run]) -> None:
    path = trained["pictures"].folder / "gallery.png"
    with Image.open(path) as picture:
        assert picture.width > 1000
    made = images.read_recipe(path)
    assert made["run"] == trained["pictures"].name and made["step"] == "6"


def test_train_as_json(config: Path) -> None:
    rows = [json.loads(text) for text in typed("train", config, "--json").out.splitlines()]
    kinds = [row["event"] for row in rows]
    assert kinds[-2:] == ["finished", "gallery"] and "forecast" in kinds and "started" in kinds
    steps = [step for row in rows if row["event"] == "curves" for step in row["steps"]]
    assert steps == [0, 1, 2, 3, 4, 5, 6]  # 0 is of what was measured before the first
    assert Path(rows[-1]["path"]).exists()


def test_settings_on_the_command_line(config: Path) -> None:
    settings = {
        "recipe.objective": ("hinge", "hinge"),
        "recipe.penalties": ('["r1"]', "r1"),
        "recipe.g_optimiser.lr": ("1e-3", 1e-3),
        "recipe.d_optimiser.kind": ("rmsprop", "rmsprop"),
        "samples_every": ("2", 2),
    }
    words = [word for path, (text, _) in settings.items() for word in ("--set", f"{path}={text}")]
    typed("train", config, *words, "--steps", 2, "--seed", 5, "--device", "cpu", "--name", "Mine", "--no-dry-run")
    (run,) = runs.list_runs()
    found = RunConfig.parse(run.config())
    recipe: Any = found.recipe
    assert recipe.objective.kind == "hinge" and [p.kind for p in recipe.penalties] == ["r1"]
    assert recipe.g_optimiser.lr == 1e-3 and recipe.d_optimiser.kind == "rmsprop"
    assert (found.steps, found.seed, found.samples_every) == (2, 5, 2)
    assert run.name.startswith("mine-")


def test_a_preset_is_trained_by_name() -> None:
    presets.save("tiny ring", POINTS)
    typed("train", "tiny-ring", "--no-dry-run")
    assert runs.list_runs()[0].about()["preset"] == "tiny-ring"


def test_a_limit_of_time_saves_and_says_how_to_go_on(config: Path) -> None:
    said = typed("train", config, "--steps", 10_000_000, "--minutes", 0.01, "--no-dry-run").out
    (run,) = runs.list_runs()
    assert run.state().name == "stopped" and run.checkpoints()[-1].step == run.state().step
    assert f"gan-studio train --resume {run.name}" in said and (run.folder / "gallery.png").exists()


def test_resume_with_more_steps_and_a_live_change(points: Run) -> None:
    typed("train", "--resume", points.name, "--steps", 8, "--set", "recipe.g_optimiser.lr=1e-3")
    assert points.state().name == "finished" and points.state().step == 8
    assert points.curves()["G/adversarial"][0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {(row["step"], row["path"], row["new"]) for row in points.changes()} == {
        (6, "steps", 8),
        (6, "recipe.g_optimiser.lr", 1e-3),
    }
    typed("train", "--resume", points.folder, "--steps", 9)  # by its folder, and the changes still stand
    assert RunConfig.parse(points.config_at(9)).recipe.g_optimiser.lr == 1e-3  # type: ignore[attr-defined]


def test_resume_refuses_what_would_be_another_run(points: Run) -> None:
    before = sorted(path.name for path in points.folder.iterdir() if path.name != "log.txt")
    assert "gan-studio branch" in refused("train", "--resume", points.name, "--set", "recipe.objective=hinge")
    assert "no such setting" in refused("train", "--resume", points.name, "--set", "recipe.d_step=2")
    with points.lock():
        assert "being trained already" in refused("train", "--resume", points.name, "--steps", 9)
        assert "being trained already" in refused("train", "--resume", points.name)
    after = sorted(path.name for path in points.folder.iterdir() if path.name != "log.txt")  # it has the traces
    assert points.changes() == [] and after == before


def test_branch_knows_its_parent(points: Run) -> None:
    typed("branch", points.name, "--step", 3, "--set", "recipe.objective=hinge", "--steps", 5)
    child = runs.list_runs()[0]
    assert child.about()["parent"] == {"run": "points", "step": 3}
    assert child.state().name == "finished" and child.state().step == 5
    assert child.config()["recipe"]["objective"]["kind"] == "hinge"
    assert child.curves()["G/adversarial"][0].tolist() == [4, 5]
    assert points.state().step == 6
    assert "it has: 0, 3, 6" in refused("branch", points.name, "--step", 4)


def test_the_queue_trains_in_order_and_survives_a_bad_run(config: Path) -> None:
    for name in ("first", "second", "third"):
        assert "waits for its turn" in typed("train", config, "--name", name, "--queue", "--no-dry-run").out
    waiting = runs.queued()
    assert [run.about()["title"] for run in waiting] == ["first", "second", "third"]
    assert all(run.state().step == 0 for run in waiting)
    (waiting[1].folder / "config.toml").write_text("format = 99\n")
    found = typed("queue", "--no-dry-run", code=2)
    assert [run.state().name for run in waiting] == ["finished", "failed", "finished"]
    assert f"{waiting[1].name}: This file has format 99" in found.err
    assert "No run is waiting" in typed("queue").out


# --- ends that nobody planned ----------------------------------------------------------------------------------------


def start(config: Path, *words: str) -> subprocess.Popen[str]:
    """`gan-studio train` as a process that has begun to train."""
    command = [sys.executable, "-m", "gan_studio", "train", str(config), "--no-dry-run", "--json", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while '"curves"' not in (text := process.stdout.readline()):
        assert text, process.communicate()[1]
    return process


def assert_saved_where_it_stopped() -> None:
    (run,) = runs.list_runs()
    state = run.state()
    assert state.name == "stopped" and state.step == run.checkpoints()[-1].step > 0
    assert run.curves()["G/adversarial"][0].tolist() == list(range(1, state.step + 1))


def test_ctrl_c_saves_and_ends(config: Path) -> None:
    process = start(config, "--steps", "1000000")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130 and "Saving" in err and "Traceback" not in err
    assert_saved_where_it_stopped()


def test_a_polite_kill_saves_too(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def show(self: terminal.JsonLines, event: Any) -> None:
        if isinstance(event, Curves) and 1 in event.steps:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(terminal.JsonLines, "show", show)
    typed("train", config, "--steps", 1_000_000, "--no-dry-run", "--json", code=130)
    assert_saved_where_it_stopped()
    assert signal.getsignal(signal.SIGTERM) == before


def test_ctrl_c_twice_ends_at_once(config: Path, tmp_path: Path) -> None:
    code = """
import sys, time
from gan_studio.runs import Run
Run.save_checkpoint = lambda *args, **kwargs: time.sleep(600)  # a disk that takes for ever
from gan_studio.__main__ import main
main()
"""
    command = [sys.executable, "-c", code, "train", str(config), "--no-dry-run", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    while '"real"' not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    while "Saving" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)
    assert process.returncode == 130


def test_a_reader_that_goes_away_is_no_error(config: Path) -> None:
    process = start(config, "--steps", "1000000")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(300) == 1 and err == ""
    assert_saved_where_it_stopped()


def test_divergence_is_a_sentence_and_a_failure(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = GanTraining.step
    spoil = lambda self, *a: real(self, *a) | {"D/critic": torch.tensor(float("nan"))}  # noqa: E731
    monkeypatch.setattr(GanTraining, "step", spoil)
    said = refused("train", config, "--no-dry-run", code=1)
    assert "D/critic stopped being a number at step" in said and "checkpoint of step 0 is kept" in said
    assert runs.list_runs()[0].state().name == "failed"


def full_disk(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fills_up_loses_nothing(points: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "save_checkpoint", full_disk)
    said = refused("train", "--resume", points.name, "--steps", 12, code=1)
    assert "step 9 could not be saved, step 6 is. Make room" in said
    monkeypatch.undo()
    assert points.checkpoints()[-1].step == 6
    typed("train", "--resume", points.folder)
    assert points.state().name == "finished" and points.state().step == 12


def test_a_disk_that_is_full_at_the_start(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "write_atomic", full_disk)
    said = refused("train", config, "--no-dry-run")
    assert "No space left on device" in said and "choose another folder" in said


def test_an_unknown_failure_is_one_sentence_and_its_trace_is_logged(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("seven")

    monkeypatch.setattr(GanTraining, "step", fail)
    said = refused("train", config, "--no-dry-run", code=1)
    (run,) = runs.list_runs()
    log = run.folder / "log.txt"
    assert said.startswith("Something went wrong: ValueError: seven.") and str(log) in said and "\n" not in said
    assert "Traceback" in log.read_text() and "seven" in log.read_text()


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "stepz=3"], "stepz: there is no such setting. Did you mean 'steps'?"),
        (["--set", "recipe.objectiv=hinge"], "recipe.objectiv: there is no such setting. Did you mean 'objective'?"),
        (["--set", "recipe.objective=hing"], "Did you mean 'hinge'?"),
        (["--set", "steps=many"], "steps: 'many' does not fit here"),
        (["--steps", "0"], "steps: 0 is too small; the least is 1."),
        (["--set", "recipe.g_optimiser.lr=-1"], "recipe.g_optimiser.lr: -1 is too small; it must be above 0."),
        (["--set", "recipe.penalties.3.weight=1"], "recipe.penalties.3.weight: there is no such place"),
        (["--set", "steps"], "write KEY=VALUE"),
        (["--device", "abacus"], "compute.device: 'abacus' is none of"),
        (["--set", "recipe.generator=dcgan"], "recipe.generator"),
    ],
)
def test_wrong_settings_are_refused(config: Path, words: list[str], sentence: str) -> None:
    said = refused("train", config, *words)
    assert sentence in said and "\n" not in said
    assert not runs.default_root().exists()  # nothing was begun


def test_all_that_is_wrong_is_told_one_a_line(config: Path) -> None:
    said = refused("train", config, "--set", "stepz=3", "--set", "seed=-1").splitlines()
    assert [text.split(":")[0] for text in said] == ["seed", "stepz"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train"], "Name a preset"),
        (["train", "no-such-preset"], "There is no preset called 'no-such-preset'."),
        (["train", "missing.toml"], "missing.toml cannot be read"),
        (["train", "--resume", "no-such-run"], "There is no run at no-such-run."),
        (["branch", "no-such-run"], "There is no run at no-such-run."),
        (["sample", "no-such-run"], "There is no run at no-such-run."),
        (["doctor", "resume", "no-such-run"], "There is no run at no-such-run."),
        (["export", "curves", "no-such-run"], "There is no run at no-such-run."),
        (["export", "report", "no-such-run"], "There is no run at no-such-run."),
        (["export", "tensorboard", "no-such-run"], "There is no run at no-such-run."),
        (["preset", "show", "no-such-preset"], "There is no preset called"),
        (["data", "preview", "no-such-data"], "no-such-data"),
        (["data", "download", "mnits"], "Did you mean 'mnist'?"),
    ],
)
def test_what_is_not_there_is_refused(words: list[str], sentence: str) -> None:
    said = refused(*words)
    assert sentence in said and "\n" not in said


def test_a_typing_error_ends_with_two_and_no_trace() -> None:
    assert "No such command 'trian'" in refused("trian")
    assert "No such option" in refused("train", "--step", "3")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"format = {FORMAT + 1}\n", "Update GAN Studio"),
        ("steps = ", "not a TOML file"),
        ("colour = 3\n", "colour: there is no such setting."),
    ],
)
def test_a_config_that_cannot_be_used(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    assert sentence in refused("train", tmp_path / "config.toml")


def test_a_folder_of_runs_that_cannot_be_written(config: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "choose another folder" in refused("train", config, "--root", tmp_path / "file")


def test_a_run_that_lost_files(points: Run) -> None:
    for checkpoint in points.checkpoints():
        (checkpoint.path / "state.pt").write_bytes(b"cut off")
    assert "cannot be read" in refused("sample", points.name)
    (points.folder / "config.toml").write_text('steps = "')
    assert "not a TOML file" in refused("train", "--resume", points.name)
    (points.folder / "state.json").unlink()
    assert points.name in typed("runs").out
    (points.folder / "config.toml").unlink()
    assert "There is no run at" in refused("train", "--resume", points.name)


def test_a_run_written_by_a_newer_version(points: Run) -> None:
    (points.folder / "config.toml").write_text("format = 99\n")
    for words in (["train", "--resume"], ["branch"], ["sample"], ["doctor", "resume"], ["export", "tensorboard"]):
        assert "Update GAN Studio" in refused(*words, points.name)


def test_a_checkpoint_of_another_network(points: Run) -> None:
    values = points.config()
    values["recipe"]["generator"]["width"] = 9
    (points.folder / "config.toml").write_text(to_toml(values))
    assert "other networks" in refused("train", "--resume", points.name, "--steps", 9)
    assert "another network" in refused("sample", points.name)
    assert points.checkpoints()[-1].step == 6


def test_errors_of_the_command_line_are_in_its_log() -> None:
    refused("train", "no-such-preset")
    assert "ConfigError" in cli.log_file().read_text()


# --- looking ---------------------------------------------------------------------------------------------------------


def test_runs_as_a_list_and_as_json(points: Run) -> None:
    assert "finished" in typed("runs").out
    (row,) = json.loads(typed("runs", "--json").out)
    assert row["name"] == "points" and row["state"] == "finished" and row["step"] == row["steps"] == 6
    assert Path(row["folder"]) == points.folder
    assert json.loads(typed("runs", "--json", "--root", points.folder).out) == []


def test_presets_as_a_list_and_as_json() -> None:
    presets.save("tiny ring", POINTS, expect="A ring.")
    assert "tiny-ring" in typed("presets").out
    found = {row["id"]: row for row in json.loads(typed("presets", "--json").out)}
    assert found["tiny-ring"]["own"] and found["tiny-ring"]["values"] == POINTS


def test_a_preset_shown_is_a_config_that_trains(tmp_path: Path) -> None:
    presets.save("tiny ring", POINTS, expect="A ring.")
    for words in ([], ["--full"]):
        said = typed("preset", "show", "tiny-ring", *words).out
        assert "# Expect: A ring." in said
        (tmp_path / "again.toml").write_text(said)
        again = presets.find(str(tmp_path / "again.toml")).values
        assert RunConfig.parse(again) == RunConfig.parse(POINTS)


def test_samples_are_made_again_from_what_is_inside_the_picture(trained: dict[str, Run], tmp_path: Path) -> None:
    run = trained["pictures"]
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    typed("sample", run.folder, "--count", 6, "--seed", 11, "--step", 3, "--raw", "--out", first)
    made = images.read_recipe(first)
    assert made["weights"] == "raw" and "[recipe" in made["config"]
    words = ["--count", made["count"], "--seed", made["seed"], "--step", made["step"], "--raw"]
    typed("sample", run.folder, *words, "--out", second)
    with Image.open(first) as a, Image.open(second) as b:
        assert np.array_equal(np.asarray(a), np.asarray(b))


def test_separate_samples_are_those_of_the_grid(trained: dict[str, Run], tmp_path: Path) -> None:
    run = trained["pictures"]
    typed("sample", run.folder, "--count", 2, "--seed", 4, "--separate", "--out", tmp_path / "files")
    typed("sample", run.folder, "--count", 2, "--seed", 4, "--out", tmp_path / "grid.png")
    files = sorted((tmp_path / "files").glob("*.png"))
    assert [path.name for path in files] == ["seed-000004.png", "seed-000005.png"]
    with Image.open(tmp_path / "grid.png") as grid:
        whole = np.asarray(grid)
    for i, path in enumerate(files):
        with Image.open(path) as picture:
            part = np.asarray(picture)
        assert np.array_equal(whole[:, 10 * i : 10 * i + 8], part)  # a gap of two pixels between them
    assert images.read_recipe(files[1])["seed"] == "5"
    beside = json.loads((tmp_path / "grid.json").read_text())
    assert beside == images.read_recipe(tmp_path / "grid.png") and beside["count"] == "2"


@pytest.mark.parametrize("words", [("--count", 1, "-o", "seed-000004.png"), ("--count", 2, "--separate", "-o", ".")])
def test_a_sample_is_opened_by_its_side_car_as_by_itself(trained: dict[str, Run], words, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    typed("sample", trained["pictures"].folder, "--seed", 4, "--device", "cpu", *words)
    picture, sidecar = Path("seed-000004.png"), Path("seed-000004.json")
    assert read_recipe(picture) == read_recipe(sidecar)
    with Image.open(picture) as shown:
        pixels = np.asarray(shown)
    images.write_png(picture, pixels)  # as a site does that strips it
    for path in (picture, sidecar):
        again = reopened(path)
        assert again.is_exact and again.view.seed == 4 and np.array_equal(again.picture.squeeze(), pixels)


def test_a_grid_is_not_taken_for_a_picture(trained: dict[str, Run], tmp_path: Path) -> None:
    typed("sample", trained["pictures"].folder, "--count", 2, "--out", tmp_path / "grid.png")
    for path in (tmp_path / "grid.png", tmp_path / "grid.json"):
        with pytest.raises(ConfigError, match="several pictures in one"):
            read_recipe(path)


def test_samples_are_not_written_over_others_unless_that_is_said(trained: dict[str, Run], tmp_path: Path) -> None:
    words = ["sample", trained["pictures"].folder, "--count", 2, "--seed", 4]
    grid, folder = tmp_path / "grid.png", tmp_path / "files"
    grid.write_bytes(b"mine")
    folder.mkdir()
    (folder / "seed-000005.png").write_bytes(b"mine")
    for more in (["-o", grid], ["--separate", "-o", folder]):
        assert "is there already" in refused(*words, *more)
        assert grid.read_bytes() == (folder / "seed-000005.png").read_bytes() == b"mine"
        assert len(list(folder.iterdir())) == 1
    (tmp_path / "other.json").write_text("mine")
    assert "other.json is there already" in refused(*words, "-o", tmp_path / "other.png")
    typed(*words, "-o", grid, "--replace")
    typed(*words, "--separate", "-o", folder, "--replace")
    assert images.read_recipe(grid)["seed"] == "4" and images.read_recipe(folder / "seed-000005.png")["seed"] == "5"


def test_samples_of_points_are_numbers(points: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(typed("sample", points.name, "--count", 5).out.strip())
    assert path == Path("points-step6-seed0.npy")
    array = np.load(path)
    assert array.shape == (5, 2) and array.dtype == np.float32 and np.isfinite(array).all()


def test_samples_into_a_folder_that_is_none(trained: dict[str, Run], tmp_path: Path) -> None:
    said = refused("sample", trained["pictures"].folder, "--out", tmp_path / "none" / "a.png")
    assert "a.png cannot be written (No such file" in said and "\n" not in said


def test_data_is_listed_and_previewed(tmp_path: Path) -> None:
    rows = {(row["kind"], row["name"]): row for row in json.loads(typed("data", "--json").out)}
    assert rows["digits", ""]["state"] == "ready" and rows["torchvision", "mnist"]["state"] == "to fetch"
    assert "digits" in typed("data").out
    typed("data", "preview", "digits", "--set", "data.size=16", "--count", 9, "--out", tmp_path / "digits.png")
    with Image.open(tmp_path / "digits.png") as picture:
        assert picture.size == (3 * 16 + 4, 3 * 16 + 4) and np.asarray(picture).std() > 10
    typed("data", "preview", write_config(tmp_path, POINTS), "--out", tmp_path / "ring.png")
    with Image.open(tmp_path / "ring.png") as picture:
        assert np.asarray(picture).min() < 128


# --- doctor ----------------------------------------------------------------------------------------------------------


def test_the_doctor_looks_at_everything() -> None:
    rows = {row["name"]: row for row in map(json.loads, typed("doctor", "--json").out.splitlines())}
    assert {row["outcome"] for row in rows.values()} <= {"ok", "warning"}
    assert rows["Training"]["outcome"] == "ok" and "steps of a small GAN" in rows["Training"]["text"]
    assert "offscreen" in rows["Screen"]["text"]
    assert rows["Folder of runs"]["text"] == os.environ["GAN_STUDIO_RUNS"]


def test_the_doctor_finds_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gan_studio.jobs import doctor

    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GAN_STUDIO_RUNS", str(tmp_path / "file" / "runs"))
    monkeypatch.setattr(doctor, "_training", lambda seconds: doctor.Check("Training", "ok", ""))
    assert "cannot be written" in typed("doctor", code=1).out


def test_the_doctor_proves_that_a_run_resumes(points: Run) -> None:
    before = {path: path.read_bytes() for path in points.folder.rglob("*") if path.is_file()}
    said = typed("doctor", "resume", points.name).out
    assert "equal, bit for bit" in said and "steps 0 to 6 straight" in said
    assert {path: path.read_bytes() for path in points.folder.rglob("*") if path.is_file()} == before


def test_the_doctor_starts_from_the_newest_checkpoint_with_room_after_it(points: Run) -> None:
    points.append_change(6, "steps", 6, 40)
    said = typed("doctor", "resume", points.name).out
    assert "steps 6 to 20 straight, and again with a stop and a resumption at step 10" in said


def test_the_doctor_would_notice(points: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: GanTraining, state: dict[str, Any]) -> None:
        self.iteration, self.d_iteration = state["iteration"], state["d_iteration"]  # and no optimiser

    monkeypatch.setattr(GanTraining, "load_state", forgetful)
    said = typed("doctor", "resume", points.name, code=1).out
    assert "differ" in said and "equal" not in said


# --- for other programs ----------------------------------------------------------------------------------------------


def test_curves_as_csv(points: Run, tmp_path: Path) -> None:
    typed("export", "curves", points.name, "--csv", tmp_path / "curves.csv")
    text = (tmp_path / "curves.csv").read_text()
    assert typed("export", "curves", points.name).out.splitlines() == text.splitlines()
    head, *rows = csv.reader(text.splitlines())
    table = np.array([[float(cell or "nan") for cell in row] for row in rows])
    for name, (steps, values) in points.curves().items():
        column = table[:, head.index(name)]
        assert np.array_equal(table[np.isfinite(column), 0], steps)
        assert np.array_equal(column[np.isfinite(column)].astype(np.float32), values)


def test_curves_as_json(points: Run) -> None:
    found = json.loads(typed("export", "curves", points.name, "--json").out)
    curves = points.curves()
    assert found.keys() == curves.keys()
    for name, (steps, values) in curves.items():
        assert found[name]["steps"] == steps.tolist()
        assert np.array_equal(np.array(found[name]["values"], np.float32), values)


@pytest.mark.parametrize("name", ["points", "pictures"])
def test_a_report_of_a_run(trained: dict[str, Run], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = trained[name]
    found = typed("export", "report", run.folder)
    assert found.out == f"{run.name}.html\n" and "Writing the report" in found.err
    page = Path(found.out.strip()).read_text()
    assert page.startswith("<!DOCTYPE html>") and f"<h1>{name}</h1>" in page
    assert typed("export", "report", run.folder, tmp_path / "mine.html").out.strip() == str(tmp_path / "mine.html")


@pytest.mark.parametrize("name", ["points", "pictures"])
def test_a_time_lapse_of_a_run(trained: dict[str, Run], tmp_path: Path, name: str) -> None:
    path = tmp_path / "film.gif"
    assert typed("export", "timelapse", trained[name].folder, path, "--zoom", 2, "--fps", 5).out == f"{path}\n"
    with Image.open(path) as film:
        assert film.n_frames == len(frame_steps(trained[name]))
    said = refused("export", "timelapse", trained[name].folder, tmp_path / "film.avi")
    assert said.strip().endswith("let its name end in .gif, .webp, .apng, .mp4.")
    assert "the most is 16" in refused("export", "timelapse", trained[name].folder, path, "--zoom", 99)


def test_exports_tell_scripts_what_they_wrote(points: Run, tmp_path: Path) -> None:
    for words in (["report", tmp_path / "a.html"], ["curves", "--csv", tmp_path / "a.csv"]):
        rows = [
            json.loads(line) for line in typed("export", words[0], points.name, *words[1:], "--json").out.splitlines()
        ]
        assert {row["event"] for row in rows[:-1]} == {"progress"}
        assert rows[-1] == {"event": "exported", "path": str(words[-1])} and Path(words[-1]).stat().st_size > 100
    rows = [json.loads(line) for line in typed("export", "tensorboard", points.name, "--json").out.splitlines()]
    assert rows[-1]["event"] == "log"


@pytest.mark.parametrize("words", [["report"], ["curves", "--csv"]])
def test_an_export_that_cannot_be_written(points: Run, tmp_path: Path, words: list[str]) -> None:
    said = refused("export", words[0], points.name, *words[1:], tmp_path / "none" / "file")
    assert said.splitlines()[-1].endswith("cannot be written (No such file or directory); choose another place.")


def test_the_exports_are_listed() -> None:
    said = typed("export", "--help").out
    for command in ("report", "curves", "timelapse", "gallery", "tensorboard"):
        assert f"\n  {command} " in said and "Usage" in typed("export", command, "--help").out


def read_board(folder: Path) -> tuple[dict[str, tuple[list[int], list[float]]], dict[str, list[int]]]:
    """({curve: (steps, values)}, {pictures: steps}) as TensorBoard itself reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its own, of NumPy and protobuf
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        board = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
        board.Reload()
        tags = board.Tags()
        curves = {tag: board.Scalars(tag) for tag in tags["scalars"]}
        pictures = {tag: [event.step for event in board.Images(tag)] for tag in tags["images"]}
    return {tag: ([e.step for e in rows], [e.value for e in rows]) for tag, rows in curves.items()}, pictures


@pytest.mark.parametrize("name", ["points", "pictures"])
def test_tensorboard_reads_an_exported_run(trained: dict[str, Run], tmp_path: Path, name: str) -> None:
    run = trained[name]
    typed("export", "tensorboard", run.folder, "--out", tmp_path / "board")
    curves, pictures = read_board(tmp_path / "board")
    expected = run.curves()
    assert len(curves) == len(expected)
    for name, (steps, values) in expected.items():
        tag = re.sub("[, ]+", "-", {"D(real)": "D.real", "D(fake)": "D.fake"}.get(name, name))
        assert curves[tag][0] == steps.tolist()
        assert np.array_equal(np.array(curves[tag][1], np.float32), values)
    assert pictures == {"samples": [0, 3, 6]}


def test_tensorboard_reads_a_live_run(config: Path) -> None:
    typed("train", config, "--tensorboard", "--no-dry-run")
    (run,) = runs.list_runs()
    curves, pictures = read_board(run.folder / "tensorboard")
    assert curves["G/adversarial"][0] == [1, 2, 3, 4, 5, 6] and pictures == {"samples": [0, 3, 6]}
    values = np.array(curves["G/adversarial"][1])
    assert np.allclose(values, run.curves()["G/adversarial"][1], rtol=1e-6)


def test_tensorboard_without_its_package(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    assert "pip install" in refused("train", config, "--tensorboard", "--no-dry-run")


# --- without a screen ------------------------------------------------------------------------------------------------


def test_without_a_screen_the_default_preset_is_trained_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    presets.save("tiny ring", POINTS)
    monkeypatch.setattr(presets, "DEFAULT", "tiny-ring")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "argv", ["gan-studio"])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 0
    first, *rest = capsys.readouterr().out.splitlines()
    (run,) = runs.list_runs()
    assert "no screen" in first and "terminal" in first
    assert rest[-1] == f"pictures: {run.folder / 'gallery.png'}" and (run.folder / "gallery.png").exists()
    assert run.state().name == "finished" and len(run.samples()) == 3
