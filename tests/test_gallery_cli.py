"""`gan-studio export gallery`, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from gan_studio import cli
from gan_studio.jobs import gallery, marks
from gan_studio.jobs.explore import read_recipe, render, reopened, view_of
from gan_studio.jobs.neighbours import judge
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.together import exhausted


def typed(*words: object, code: int = 0) -> tuple[str, str]:
    """What is said on stdout and on stderr."""
    result = CliRunner().invoke(cli.app, ["export", "gallery", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout.strip(), result.stderr.strip()


@pytest.fixture
def run(picture_run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    return picture_run()


def test_without_a_word_more_it_is_a_sheet_of_64(run, tmp_path: Path) -> None:
    out, _ = typed(run.name, "--no-captions", "--no-heading", "--gap", 0, "--margin", 0)
    assert out == f"{run.name}-gallery.png"
    with Image.open(tmp_path / out) as sheet:
        assert sheet.size == (8 * 96, 8 * 96)
    assert "there already" in typed(run.name, code=2)[1]
    typed(run.name, "--replace", "--columns", 2, "--width", 16, "--black", "--count", 4)


def test_a_folder_of_the_best_by_d(run, tmp_path: Path) -> None:
    typed(run.name, "-o", "best", "--seeds", "20-39", "--sort", "score", "--count", 3, "--truncation", 0.7)
    found = [read_recipe(file).view for file in sorted((tmp_path / "best").glob("*.png"))]
    snapshot = open_snapshot(run.folder, device="cpu")
    plain, score = view_of(snapshot).with_values({"psi": 0.7}), judge(snapshot)
    by_hand = {seed: score(render(plain.at_seed(seed), snapshot)[None])[0] for seed in range(20, 40)}
    assert {view.seed for view in found} == set(sorted(by_hand, key=by_hand.__getitem__)[-3:])
    assert reopened(next((tmp_path / "best").glob("*.png"))).is_exact and found[0].psi == 0.7


def test_novelty_by_pixels_or_by_features(run, tmp_path: Path) -> None:
    options = ("--seeds", "20-39", "--sort", "novelty", "--count", 3)
    snapshot = open_snapshot(run.folder, device="cpu")
    samples = gallery.by_seeds(view_of(snapshot), range(20, 40))
    how = gallery.Arrangement(order="novelty")
    for words, by_features in (((), False), (("--by-features",), True)):
        typed(run.name, "-o", f"by-{by_features}", *options, *words)
        files = sorted((tmp_path / f"by-{by_features}").glob("*.png"))
        known = exhausted(gallery.measured(snapshot, samples, novel=True, by_features=by_features))
        best = [known[place].view.seed for place in gallery.arranged(known, how)[:3]]
        assert {read_recipe(file).view.seed for file in files} == set(best)


def test_strips_have_a_row_from_each_seed_to_the_next(run, tmp_path: Path) -> None:
    typed(run.name, "-o", "s.png", "--seeds", "3-6", "--strips", 5, "--no-captions", "--no-heading", "--width", 16,
          "--gap", 0, "--margin", 0)  # fmt: skip
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.size == (5 * 16, 3 * 16)


def test_starred_ones_alone(run, tmp_path: Path) -> None:
    assert "no picture to write" in typed(run.name, "--starred", code=2)[1]
    snapshot = open_snapshot(run.folder, device="cpu")
    view = view_of(snapshot)
    marks.mark(snapshot, [view.at_seed(seed) for seed in (900, 5, 7)], "starred")
    typed(run.name, "-o", "all", "--starred")
    assert {read_recipe(file).view.seed for file in (tmp_path / "all").glob("*.png")} == {900, 5, 7}
    typed(run.name, "-o", "some", "--starred", "--seeds", "0-6")
    assert [read_recipe(file).view for file in (tmp_path / "some").glob("*.png")] == [view.at_seed(5)]
    (run.folder / marks.FILE).write_text("{")
    assert "is damaged, so there are no stars" in typed(run.name, "--starred", "-o", "c.png", code=2)[1]


def test_scripts_are_told_how_far_it_is(run, tmp_path: Path) -> None:
    out, _ = typed(run.name, "-o", "a.html", "--count", 5, "--novel", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert events[-1]["event"] == "exported" and events[-1]["path"].endswith("a.html")
    texts = list(dict.fromkeys(event["text"] for event in events[:-1]))
    assert texts[-2:] == ["Making pictures", "Writing the gallery"]
    assert (tmp_path / "a.html").read_text(encoding="utf-8").count("<img") == 5


@pytest.mark.parametrize("seeds", ["", "x", "9-3", "-5", "1.5", "0-99999999999"])
def test_seeds_that_are_none_are_told(run, seeds: str) -> None:
    assert "such as 0-99" in typed(run.name, f"--seeds={seeds}", code=2)[1]


def test_bad_options_are_told_in_a_sentence(run, picture_run, tmp_path: Path) -> None:
    assert "ends in .png, .html" in typed(run.name, "-o", "a.jpg", code=2)[1]
    assert "order" in typed(run.name, "--sort", "beauty", code=2)[1]
    assert "columns" in typed(run.name, "--columns", -1, code=2)[1]
    assert "at least two seeds" in typed(run.name, "--strips", 4, "--seeds", "3-3", code=2)[1]
    assert "Seeds go from 0" in typed(run.name, "--seeds", 2**32 - 1, code=2)[1]
    points = picture_run({"data": {"kind": "toy2d"}}, title="Points")
    assert "makes points" in typed(points.name, code=2)[1]
    assert list(tmp_path.iterdir()) == []
