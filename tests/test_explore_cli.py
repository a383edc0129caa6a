"""`gan-studio explore` and what of `sample` belongs to it, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from gan_studio import cli, directions, images
from gan_studio.config import ConfigError
from gan_studio.jobs.explore import reopened
from gan_studio.jobs.find_directions import file_of
from gan_studio.jobs.snapshots import open_snapshot


def typed(*words: object, code: int = 0) -> tuple[str, str]:
    """What is said on stdout and on stderr."""
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout.strip(), result.stderr.strip()


@pytest.fixture
def run(picture_run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    return picture_run()


def test_a_walk_by_its_name(run, tmp_path: Path) -> None:
    options = ("--seeds", "1,5,9", "--frames", 6, "--ease", "--loop", "--zoom", 2, "--device", "cpu")
    out, _ = typed("explore", "walk", run.name, *options)
    assert out == f"{run.name}-walk.gif"
    with Image.open(tmp_path / out) as film:
        assert film.n_frames == 6 and film.size == (32, 32)
    before = (tmp_path / out).read_bytes()
    _, said = typed("explore", "walk", run.name, *options, code=2)
    assert "there already" in said and len(said.splitlines()) == 1
    typed("explore", "walk", run.name, *options, "--replace")
    assert (tmp_path / out).read_bytes() == before
    typed("explore", "walk", run.name, *options, "-o", "pictures")
    assert reopened(tmp_path / "pictures" / "frame-00002.png").is_exact


def test_a_walk_tells_scripts_how_far_it_is(run) -> None:
    out, _ = typed("explore", "walk", run.name, "--frames", 3, "--circle", "-o", "a.webp", "--json")
    events = [json.loads(line)["event"] for line in out.splitlines()]
    assert events == ["progress", "progress", "exported"]


@pytest.mark.parametrize("seeds", ["", "1,x", "-1", "1.5", "99999999999"])
def test_seeds_that_are_none_are_told(run, seeds: str) -> None:
    _, said = typed("explore", "walk", run.name, "--seeds", seeds, code=2)
    assert "such as 1,5,9" in said


def test_bad_options_are_told_in_a_sentence(run, picture_run) -> None:
    assert "frames" in typed("explore", "walk", run.name, "--frames", 0, code=2)[1]
    assert "no run at" in typed("explore", "walk", "nowhere", code=2)[1]
    points = picture_run({"data": {"kind": "toy2d"}}, title="Points")
    assert "makes points" in typed("explore", "walk", points.name, code=2)[1]
    assert "makes points" in typed("explore", "directions", points.name, code=2)[1]
    assert "ways" in typed("explore", "directions", run.name, "--by", "magic", code=2)[1]


def test_directions_are_listed_by_their_effect_and_kept(run, tmp_path: Path) -> None:
    out, _ = typed("explore", "directions", run.name, "--by", "sefa,random", "--count", 3, "--strips", "s.png")
    shown = [line.split("  ")[0] for line in out.splitlines()]
    assert sorted(shown) == ["Random 1", "Random 2", "Random 3", "SeFa 1", "SeFa 2", "SeFa 3"]
    kept = directions.load(file_of(open_snapshot(run.folder)), 6)
    assert [one.name for one in sorted(kept, key=lambda one: -one.effect)] == shown
    rows = len(directions.ranked(kept)[0])
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.size == (7 * 18 - 2, rows * 18 - 2)
    assert json.loads((tmp_path / "s.json").read_text()) == images.read_recipe(tmp_path / "s.png")
    assert "there already" in typed("explore", "directions", run.name, "--strips", "s.png", code=2)[1]
    typed("explore", "directions", run.name, "--by", "random", "--count", 1, "--strips", "s.png", "--replace")


def test_strips_carry_all_that_is_needed_to_make_them_again(run, tmp_path: Path) -> None:
    typed("explore", "directions", run.name, "--by", "random", "--count", 2, "--strips", "s.png", "--device", "cpu")
    recipe = images.read_recipe(tmp_path / "s.png")
    snapshot = open_snapshot(run.folder, int(recipe["step"]), device="cpu")
    ways = [directions.Direction.parse(values) for values in json.loads(recipe["directions"])]
    z = snapshot.latents(1, int(recipe["seed"]))
    pictures = [snapshot.generate(z + a * one.step()) for one in ways for a in json.loads(recipe["amounts"])]
    expected = images.grid(images.to_uint8(torch.cat(pictures)), len(pictures) // len(ways))
    with Image.open(tmp_path / "s.png") as sheet:
        assert (np.abs(np.asarray(sheet).astype(int) - expected[:, :, 0]) <= 1).all()
    with pytest.raises(ConfigError, match="several pictures"):
        reopened(tmp_path / "s.png")


def test_directions_as_json_without_keeping_them(run) -> None:
    out, _ = typed("explore", "directions", run.name, "--by", "pca", "--count", 2, "--no-save", "--json")
    rows = json.loads(out)
    assert {"name", "vector", "effect", "dead", "layer"} <= rows[0].keys() and len(rows[0]["vector"]) == 6
    assert not file_of(open_snapshot(run.folder)).exists()


def test_damaged_directions_are_told_before_the_work(run) -> None:
    (run.folder / directions.FILE).write_text("{")
    assert "is damaged; delete it" in typed("explore", "directions", run.name, code=2)[1]


def test_samples_are_truncated_and_open_in_their_state(run, tmp_path: Path) -> None:
    typed("sample", run.name, "--count", 2, "--seed", 7, "--truncation", 0.5, "--separate", "--out", "many")
    again = reopened(tmp_path / "many" / "seed-000008.png")
    assert again.is_exact and again.view.psi == 0.5 and again.view.seed == 8
    assert images.read_recipe(tmp_path / "many" / "seed-000008.png")["seed"] == "8"
    snapshot = open_snapshot(run.folder, device="cpu")
    expected = images.to_uint8(snapshot.generate(0.5 * snapshot.latents(2, 7)))
    assert np.abs(again.picture.astype(int) - expected[1]).max() <= 1

    typed("sample", run.name, "--count", 2, "--seed", 7, "--truncation", 0, "--out", "grid.png")
    with Image.open(tmp_path / "grid.png") as sheet:
        left, right = np.asarray(sheet)[:, :16], np.asarray(sheet)[:, 18:]
    assert (left == right).all() and images.read_recipe(tmp_path / "grid.png")["truncation"] == "0.0"
    mean = images.to_uint8(snapshot.generate(torch.zeros(1, 6)))[0, :, :, 0]
    assert np.abs(left.astype(int) - mean).max() <= 1


# --- invert ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def wanted(run, tmp_path: Path) -> Path:
    """A picture that the run's generator makes of seed 5, without its recipe."""
    snapshot = open_snapshot(run.folder, device="cpu")
    images.write_png(tmp_path / "wanted.png", images.to_uint8(snapshot.generate(snapshot.latents(1, 5)))[0])
    return tmp_path / "wanted.png"


def test_a_picture_is_found_and_opens_again(run, wanted: Path, tmp_path: Path) -> None:
    out, _ = typed("explore", "invert", wanted, run.name, "--steps", 200, "--device", "cpu")
    assert out.startswith("wanted-found.png: ") and out.endswith("of 255 away, compared by pixels")
    assert float(out.split()[1]) < 3
    again = reopened(tmp_path / "wanted-found.png")
    assert again.is_exact and len(again.view.z) == 6
    with Image.open(wanted) as picture:
        assert np.abs(again.picture[:, :, 0].astype(int) - np.asarray(picture)).mean() < 3
    before = (tmp_path / "wanted-found.png").read_bytes()
    assert "there already" in typed("explore", "invert", wanted, run.name, code=2)[1]
    assert (tmp_path / "wanted-found.png").read_bytes() == before
    typed("explore", "invert", wanted, run.name, "--steps", 1, "--replace")


def test_with_features_and_an_encoder(run, wanted: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))
    options = (
        "--encoder",
        "--encoder-steps",
        3,
        "--feature-weight",
        0.2,
        "--steps",
        5,
        "--starts",
        2,
        "--json",
        "--device",
        "cpu",
    )
    out, said = typed("explore", "invert", wanted, run.name, "-o", "a.png", *options)
    told = json.loads(out)
    assert told["compared_by"] == "pixels and D's features" and len(told["z"]) == 6 and told["error"] > 0
    assert "Training an encoder" in said and len(list((tmp_path / "cache").iterdir())) == 1
    out, said = typed("explore", "invert", wanted, run.name, "-o", "b.png", *options)
    assert "Training" not in said and json.loads(out)["z"] == told["z"]


def test_pictures_that_cannot_be_found_are_one_sentence(run, wanted: Path, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("no")
    frames = [Image.new("L", (16, 16), shade) for shade in (0, 200)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    for name, words in (("no.png", "is not a picture"), ("film.gif", "is a film"), ("gone.png", "not there any more")):
        _, said = typed("explore", "invert", name, run.name, code=2)
        assert words in said and len(said.splitlines()) == 1
    assert "ends in .png" in typed("explore", "invert", wanted, run.name, "-o", "a.jpg", code=2)[1]
    assert "feature_weight" in typed("explore", "invert", wanted, run.name, "--feature-weight", -1, code=2)[1]
    assert not list(tmp_path.glob("*-found.png"))
