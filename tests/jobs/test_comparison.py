"""Runs beside each other: which is best, what cannot be compared, which settings differ; as a page and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from gan_studio import runs
from gan_studio.cli import app
from gan_studio.config import ConfigError
from gan_studio.jobs import evaluations
from gan_studio.jobs.comparison import compare
from gan_studio.jobs.comparison_report import as_page, cell, export_comparison, verdict
from gan_studio.jobs.evaluations import Basis, Evaluated, Number

from .conftest import job_of

Make = Callable[..., runs.Run]
FRECHET, RECALL = ("frechet", "Frechet distance (pixels)"), ("recall", "Recall (pixels)")


def number(value: float, spread: float = 0.5, key: tuple[str, str] = FRECHET, samples: int = 100) -> Number:
    better, ideal = ("lower", 0.0) if key == FRECHET else ("higher", 1.0)
    basis = Basis("pixels-1", "pixels", "32 px", "abc", "Digits", (samples, samples), {"kind": key[0]})
    return Number(*key, value, value - spread, value + spread, None, better, ideal, basis)


@pytest.fixture
def pair(make_run: Make) -> list[runs.Run]:
    """Two runs that differ in a learning rate: the first is best at step 3 and worse later, the second at its end."""
    first, second = make_run(), make_run({"recipe.g_optimiser.lr": 0.01})
    first.rename("plain | run")
    second.rename("fast <run>")
    for run, values in ((first, {3: 5.0, 6: 9.0}), (second, {3: 8.0, 6: 2.0})):
        list(job_of(run))
        for step, value in values.items():
            evaluations.keep(run, Evaluated(run.name, step, (number(value), number(0.8, 0.1, RECALL))))
    return [first, second]


def test_each_run_stands_at_its_best_step_and_the_best_of_them_is_named(pair: list[runs.Run]) -> None:
    found = compare(pair)
    assert [one.step for one in found.entrants] == [3, 6] and found.by == FRECHET and found.keys == (FRECHET, RECALL)
    assert [one.title for one in found.best(FRECHET)] == ["fast <run>"] and found.is_apart(FRECHET)
    assert len(found.best(RECALL)) == 2 and not found.is_apart(RECALL)
    assert verdict(found) == "fast <run>, step 6, is best by Frechet distance (pixels): 2 (1.50 to 2.50)."
    assert found.settings == {"recipe.g_optimiser.lr": (found.entrants[0].settings["recipe.g_optimiser.lr"], "0.01")}


def test_numbers_from_other_samples_are_not_compared(pair: list[runs.Run]) -> None:
    evaluations.keep(pair[1], Evaluated(pair[1].name, 6, (number(1.0, samples=5000),)))
    found = compare(pair)
    assert found.reasons(found.entrants[1], FRECHET) == ("other number of samples: 100, 5,000",)
    assert not found.best(FRECHET) and "≠" in cell(found, found.entrants[1], FRECHET)
    assert verdict(found).endswith("can be compared by Frechet distance (pixels): other number of samples: 100, 5,000.")


def test_what_cannot_be_compared_casts_no_doubt_and_replaces_nothing(pair: list[runs.Run], make_run: Make) -> None:
    third = make_run()
    evaluations.keep(third, Evaluated(third.name, 3, (number(2.1, samples=5000),)))
    evaluations.keep(pair[1], Evaluated(pair[1].name, 6, (number(9.5, samples=5000),)))
    evaluations.keep(pair[1], Evaluated(pair[1].name, 3, (number(8.0),)))  # the newest basis is the first again
    found = compare([*pair, third])
    assert found.entrants[1].numbers[FRECHET].value == 2.0
    assert [one.run for one in found.best(FRECHET)] == [pair[1]] and found.is_apart(FRECHET)


def test_intervals_that_overlap_do_not_tell_runs_apart(pair: list[runs.Run]) -> None:
    evaluations.keep(pair[1], Evaluated(pair[1].name, 6, (number(4.9),)))
    assert verdict(compare(pair)).endswith("the intervals do not tell the runs apart.")


def test_another_measure_chooses_other_steps(pair: list[runs.Run]) -> None:
    found = compare(pair, by="recall")
    assert [one.step for one in found.entrants] == [3, 3] and found.by == RECALL
    with pytest.raises(ConfigError, match=r"measured by 'psnr'; measured: frechet, recall\. Evaluate"):
        compare(pair, by="psnr")


def test_runs_that_were_not_measured_still_show_their_settings(make_run: Make) -> None:
    found = compare([make_run(), make_run({"steps": 7})])
    assert found.by is None and found.keys == () and list(found.settings) == ["steps"]
    assert [one.title for one in found.entrants] == [one.run.name for one in found.entrants]  # of the same title
    assert "evaluate them" in verdict(found)
    with pytest.raises(ConfigError, match="two runs"):
        compare([make_run()])


# --- to mail ---------------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_a_page_holds_tables_pictures_and_curves(pair: list[runs.Run]) -> None:
    reader = Reader(as_page(compare(pair)).decode())
    assert reader.tags.count("table") == 2 and reader.tags.count("img") == 2
    assert {"fast <run>", "recipe.g_optimiser.lr", "0.01", "2 (1.50 to 2.50) ★", "frechet", "W1, exact"} <= set(
        reader.words
    )


def test_markdown_points_to_its_pictures(pair: list[runs.Run], tmp_path: Path) -> None:
    for _ in range(2):  # again over the first one
        list(export_comparison(pair, tmp_path / "both.md"))
    text = (tmp_path / "both.md").read_text(encoding="utf-8")
    assert "| Frechet distance (pixels) | lower is better, 0 at best | 5 (4.50 to 5.50) | 2 (1.50 to 2.50) ★ |" in text
    assert r"\| run" in text and r"\<run\>" in text
    places = [line.split("](<")[1].split(">)")[0] for line in text.splitlines() if line.startswith("![")]
    assert len(places) == 2
    for place in places:
        with Image.open(tmp_path / place) as picture:
            assert min(picture.size) > 100


def test_the_command_prints_both_tables_and_json(pair: list[runs.Run], tmp_path: Path) -> None:
    names = [str(run.folder) for run in pair]
    told = CliRunner().invoke(app, ["compare", *names])
    assert told.exit_code == 0 and "2 (1.50 to 2.50) ★" in told.output and "recipe.g_optimiser.lr" in told.output
    rows = CliRunner().invoke(app, ["compare", *names, "--json"]).output.splitlines()
    assert [json.loads(row)["step"] for row in rows] == [3, 6]
    page = tmp_path / "both.html"
    assert CliRunner().invoke(app, ["compare", *names, "-o", str(page)]).stdout.strip() == str(page)
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    assert CliRunner().invoke(app, ["compare", names[0]]).exit_code != 0
