"""`gan-studio evaluate`, as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gan_studio import cli
from gan_studio.config import option
from gan_studio.feature_networks import FEATURE_NETWORKS, Eye, FeatureNetwork, Looked
from gan_studio.jobs.evaluations import read
from gan_studio.metrics import METRICS, Measure, Metric, Sets
from gan_studio.runs import Run

SMALL = ("--features", "means", "--metric", "shift", "--samples", 24, "--set", "rounds=4")


class Means(Eye):
    name, id, preprocessing = "means", "means-1", "the mean of all pixels"
    stop_at = 10**9  # looks

    def look(self, pictures: np.ndarray) -> Looked:
        type(self).stop_at -= 1
        if type(self).stop_at < 0:
            raise KeyboardInterrupt
        return Looked(pictures.reshape(len(pictures), -1).mean(axis=1, keepdims=True).astype(np.float32))


class MeansNetwork(FeatureNetwork):
    kind = "means"
    title = "Means"

    def prepare(self, source: Any, device: Any = None) -> Generator[Any, None, Eye]:
        yield from ()
        return Means()


class Shift(Metric):
    kind = "mean-shift"
    title = "Shift"
    measures = {"shift": Measure("Shift of the mean", "How far it is.", least=0)}
    unit: float = option(1.0, "What it is told in.", gt=0)

    def measure(self, sets: Sets, seed: int) -> Generator[Any, None, dict[str, float]]:
        yield from ()
        return {"shift": abs(float(sets.real.rows.mean() - sets.generated.rows.mean())) / self.unit}


@pytest.fixture(autouse=True)
def small_shelves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))
    list(METRICS), list(FEATURE_NETWORKS)  # filled
    monkeypatch.setitem(METRICS._entries, "mean-shift", Shift)
    monkeypatch.setitem(FEATURE_NETWORKS._entries, "means", MeansNetwork)
    monkeypatch.setattr(Means, "stop_at", 10**9)


def typed(*words: object, code: int = 0) -> tuple[str, str]:
    """What is said on stdout and on stderr."""
    result = CliRunner().invoke(cli.app, ["evaluate", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout.strip(), result.stderr.strip()


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]


@pytest.fixture
def run(picture_run: Callable[..., Run]) -> Run:
    """With three checkpoints, the darkest of step 10."""
    run = picture_run(step=10)
    weights, rest = run.checkpoint_at(10).load()
    for step in (2, 30):
        moved = {name: {key: step * x for key, x in part.items()} for name, part in weights.items()}
        run.save_checkpoint(step, moved, rest)
    return run


def folder(path: Path, seed: int = 0) -> Path:
    path.mkdir()
    rng = np.random.default_rng(seed)
    for number in range(12):
        Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).save(path / f"{number}.png")
    return path


def test_a_run_by_its_name_becomes_a_table_with_what_it_was_compared_with(run: Run) -> None:
    out, err = typed(run.name, *SMALL)
    (evaluated,) = read(run)
    (number,) = evaluated.numbers
    assert f"{run.name}, step 30, averaged weights" in out
    row = next(line for line in out.splitlines() if "Shift of the mean (means)" in line)
    assert f"{number.value:.4g}" in row and f"{number.low:.4g} to {number.high:.4g}" in row and row.count("24") == 2
    assert "Beside Handwritten digits: 16 x 16 px, as in training; the mean of all pixels." in out
    assert "measuring: Shift" in err


def test_every_checkpoint_is_a_row_and_the_best_one_gets_a_star(run: Run) -> None:
    out, _ = typed(run.name, *SMALL, "--every-checkpoint", "--best-by", "shift", "--star")
    values = {one.step: one.numbers[0].value for one in read(run)}
    best = min(values, key=values.__getitem__)
    rows = [line for line in out.splitlines() if " ± " in line]
    assert [row.split()[1] for row in rows] == ["2", "10", "30"]
    assert [step for step, row in zip(values, rows, strict=True) if "*" in row] == [best]
    assert out.endswith(f"Best by shift: step {best}, which has a star now.")
    assert [checkpoint.step for checkpoint in run.checkpoints() if checkpoint.starred] == [best]
    assert typed(run.name, *SMALL, "--every-checkpoint")[0] in out  # told again


def test_json_is_one_object_a_line(run: Run, tmp_path: Path) -> None:
    out, err = typed(run.name, *SMALL, "--step", 2, "--json", "--best-by", "shift", "--set", "metrics.0.unit=2")
    told = objects(out)
    assert (err, {one["event"] for one in told}) == ("", {"progress", "evaluated", "best"})
    (evaluated,) = (one for one in told if one["event"] == "evaluated")
    assert (evaluated["step"], evaluated["weights"]) == (2, "averaged")
    assert evaluated["numbers"][0]["basis"]["metric"] == {"kind": "mean-shift", "unit": 2.0}
    assert told[-1] == {"event": "best", "measure": "shift", "step": 2, "starred": False}


def test_two_folders_and_the_same_one_twice(tmp_path: Path) -> None:
    a, b = folder(tmp_path / "a"), folder(tmp_path / "b", seed=1)
    (told,) = (one for one in objects(typed(a, "--against", a, *SMALL, "--json")[0]) if one["event"] == "evaluated")
    assert told["numbers"][0]["value"] == 0.0
    (b / "bad.png").write_text("no picture")
    out, _ = typed(b, "--against", a, *SMALL)
    assert "1 file was left out: bad.png is not a picture" in out
    assert "Beside a: 6 x 6 px, as they are; the others: 6 x 6 px, as they are; the mean of all pixels." in out


def test_ctrl_c_tells_and_keeps_what_was_measured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Means, "stop_at", 2)  # the real ones, and those of one step
    out, _ = typed(run.name, *SMALL, "--every-checkpoint", code=130)
    assert [one.step for one in read(run)] == [2]
    assert f"{run.name}, step 2" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody",), "There is no run, file or folder nobody."),
        (("RUN", "--against", "nowhere"), "There is no run, file or folder nowhere."),
        (("RUN", "--metric", "shft"), "There is no metric called 'shft'. Did you mean 'shift'?"),
        (("RUN", "--best-by", "shft"), "Nothing is measured that is called 'shft'. Did you mean 'shift'?"),
        (("RUN", "--features", "meens"), "features.kind: there is no feature network called 'meens'."),
        (("RUN", "--samples", 1), "samples: 1 is too small; the least is 2."),
        (("RUN", "--set", "round=3"), "round: there is no such setting. Did you mean 'rounds'?"),
        (("RUN", "--star"), "--star needs a measure"),
        (("RUN", "--every-checkpoint", "--step", 2), "leave out --step"),
        (("RUN", "--step", 3), "no checkpoint at step 3 (it has: 2, 10, 30)"),
        (("FOLDER",), "is a folder: choose what to compare it with"),
        (("FOLDER", "--against", "FOLDER", "--step", 3), "is no run and has no step 3"),
        (("FOLDER", "--against", "FOLDER", "--every-checkpoint"), "There is no run at"),
        (("FOLDER", "--against", "FOLDER", "--best-by", "shift"), "There is no run at"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    run: Run, tmp_path: Path, words: tuple[object, ...], sentence: str
) -> None:
    names = {"RUN": run.name, "FOLDER": folder(tmp_path / "f")}
    out, err = typed(*(names.get(str(word), word) for word in words), code=2)
    assert (out, len(err.splitlines())) == ("", 1)
    assert sentence in err


def test_classes_of_features_that_tell_none_apart_are_one_sentence(tmp_path: Path) -> None:
    a = folder(tmp_path / "a")
    classes = ("--metric", "histogram", "--metric", "score")
    of = (a, "--against", a, "--features", "means", "--samples", 24, "--set", "rounds=0")
    sentence = (
        "Not measured: Class histogram, Classifier score. Classes are counted by a classifier, and means tell none"
    )
    out, err = typed(*of, *classes, code=2)
    assert not out and err.count(sentence) == 1 and "needs a feature network" not in err
    out, _ = typed(*of, *classes, "--metric", "shift")
    assert out.count(sentence) == 1 and "needs a feature network" not in out
    assert "Classes" not in typed(*of, "--metric", "shift")[0]  # nobody asked for them
