"""`gan-studio race` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gan_studio import cli
from gan_studio.config import to_toml
from gan_studio.jobs.events import Log, Stopped
from gan_studio.jobs.race import Lane, League, Race, Standing, list_races
from gan_studio.terminal_race import RaceBar, said_of

POINTS = {
    "data": {"kind": "toy2d"},
    "recipe": {
        "kind": "gan",
        "generator": {"kind": "mlp", "width": 8},
        "discriminator": {"kind": "mlp", "width": 8},
        "latent": {"dim": 3},
        "batch_size": 8,
    },
    "steps": 4,
    "samples_every": 2,
    "checkpoint_every": 4,
    "sample_count": 4,
    "compute": {"device": "cpu", "threads": 1},
}
LANES = ("--lane", "plain:", "--lane", "wgan-gp: recipe.objective=wasserstein; recipe.penalties=['gradient-penalty']")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(to_toml(POINTS))
    return path


def typed(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def the_race() -> Race:
    (race,) = list_races()
    return race


def test_a_race_ends_with_its_table(config: Path) -> None:
    out = typed("race", config, *LANES, "--no-dry-run", "--steps", 2, "--name", "two of them").stdout
    race = the_race()
    assert race.title == "two of them" and race.state().name == "finished" and race.state().step == 2
    assert "step 2" in out and "plain" in out and "W1, exact" in out and "finished" in out
    gp = race.config().configs()[1].recipe.plain()
    assert gp["objective"]["kind"] == "wasserstein" and gp["penalties"][0]["kind"] == "gradient-penalty"


def test_a_race_as_json_and_gone_on_with(config: Path) -> None:
    lines = [json.loads(line) for line in typed("race", config, *LANES, "--no-dry-run", "--json").stdout.splitlines()]
    assert lines[-1] == {"event": "finished", "step": 4}
    leagues = [line for line in lines if line["event"] == "league"]
    assert [league["step"] for league in leagues] == [0, 2, 4]
    assert {row["title"] for row in leagues[-1]["rows"]} == {"plain", "wgan-gp"}
    told = [line["told"]["event"] for line in lines if line["event"] == "lane" and line["index"] == 1]
    assert {"started", "samples", "curves", "checkpoint", "finished"} <= set(told)

    typed("race", "--resume", the_race().name, "--steps", 6)
    assert the_race().state().step == 6 and [lane.state().step for lane in the_race().lanes()] == [6, 6]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Name a preset"),
        (["--resume", "nowhere"], "no race at nowhere"),
        (["CONFIG", "--lane", "one:"], "2 to 8 lanes, not 1"),
        (["CONFIG", "--lane", "one:", "--lane", "two: recipe.objectiv=hinge"], "lanes.1.recipe.objectiv"),
        (["CONFIG", "--lane", "one:", "--lane", "two: hinge"], "write KEY=VALUE"),
        (["CONFIG", "--lane", "one:", "--lane", "seed=3"], "is the same for all lanes"),
    ],
)
def test_what_cannot_be_raced_is_told(config: Path, words: list[str], says: str) -> None:
    result = typed("race", *(str(config) if word == "CONFIG" else word for word in words), code=2)
    assert says in result.stderr and not list_races()


def test_a_lane_without_a_name_is_named_by_what_it_does() -> None:
    assert cli.lane_of("recipe.objective=hinge") == ("recipe.objective=hinge", {"recipe.objective": "hinge"})
    assert cli.lane_of("a b: recipe.pack=2; recipe.unroll = 3") == ("a b", {"recipe.pack": 2, "recipe.unroll": 3})


def test_the_live_table(capsys: pytest.CaptureFixture[str]) -> None:
    bar = RaceBar(["one", "two"])
    bar.show(League(2, (Standing(1, "two", 1, "running", {"distance/W1, exact": 0.25}, 3.0),)))
    bar.show(Lane(0, Stopped(3, "It diverged.")))
    bar.close()
    out = capsys.readouterr().out
    assert "two" in out and "0.25" in out and "one: step 3: stopped. It diverged." in out
    assert said_of(Lane(1, Log("careful", "warning")), ["one", "two"]) == "two: warning: careful"
    assert said_of(Lane(1, Log("fine")), ["one", "two"]) == ""


def test_a_race_waits_in_the_queue_until_it_is_worked_off(config: Path) -> None:
    out = typed("race", config, *LANES, "--queue", "--name", "later").stdout
    assert "waits for its turn" in out and the_race().state().name == "queued"
    out = typed("queue", "--no-dry-run").stdout
    assert the_race().state().name == "finished" and "step 4" in out
