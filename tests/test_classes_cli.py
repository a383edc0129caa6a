"""Classes on the command line, as a user types them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gan_studio import cli, images
from gan_studio.jobs.explore import pictures, render, reopened, view_of
from gan_studio.jobs.pictures import shown
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.walk import Walk, key_frames, through


def typed(*words: object, code: int = 0) -> tuple[str, str]:
    """What is said on stdout and on stderr."""
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout.strip(), result.stderr.strip()


def read(path: str) -> tuple[np.ndarray, dict[str, str]]:
    """A picture and its texts."""
    with Image.open(path) as picture:
        return np.asarray(picture), dict(picture.info)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_inspect_tells_the_classes(class_file: Path) -> None:
    out, _ = typed("inspect", class_file)
    assert "4 classes" in out and "what its classes are called" in out
    assert json.loads(typed("inspect", class_file, "--json")[0])["classes"] == 4


def test_samples_of_a_class_of_a_blend_and_of_any(class_file: Path) -> None:
    snapshot = open_snapshot(class_file, device="cpu")
    for words, shares in (
        (["--class", "3"], ((3, 1.0),)),
        (["--class", "3:0.6,1:0.4"], ((3, 0.6), (1, 0.4))),
        ([], ()),
    ):
        out, _ = typed("sample", class_file, "--count", 5, "--device", "cpu", "--out", "a.png", "--replace", *words)
        picture, texts = read(out)
        assert np.array_equal(picture, images.grid(shown(snapshot, 5, 0, 1.0, shares)))
        assert texts.get("class") == {1: "3", 2: "3 → 1, 40 %", 0: None}[len(shares)]


def test_each_for_itself_opens_again(class_file: Path) -> None:
    typed("sample", class_file, "--count", 2, "--separate", "--class", "3:3,1:1", "--device", "cpu", "--out", "some")
    again = reopened(Path("some/seed-000001.png"))
    assert again.is_exact and again.view.classes == ((3, 0.75), (1, 0.25))


def test_a_gallery_has_a_column_for_each_class(class_file: Path) -> None:
    snapshot = open_snapshot(class_file, device="cpu")
    words = ("--seeds", "0-2", "--no-captions", "--no-heading", "--gap", 0, "--margin", 0, "--width", 32)
    typed("export", "gallery", class_file, "--classes", "all", "-o", "all.png", *words)
    sheet = read("all.png")[0]
    assert sheet.shape == (3 * 32, 4 * 32, 3)
    view = view_of(snapshot, 1).of_classes(((2, 1.0),))
    tile = sheet[32:64, 64:96]
    assert np.abs(tile.astype(int) - render(view, snapshot)).max() <= 1  # drawn in a batch
    typed("export", "gallery", class_file, "--classes", "0,2", "--seeds", "5-6", "-o", "set.zip")
    with zipfile.ZipFile("set.zip") as data:
        labels = json.loads(data.read("dataset.json"))["labels"]
    assert [label for _, label in labels] == [0, 2, 0, 2]
    typed("export", "gallery", class_file, "--classes", "0,2", "-o", "folder")
    assert len(list(Path("folder").glob("*.png"))) == 64  # 32 seeds


def test_a_walk_through_classes(class_file: Path) -> None:
    snapshot = open_snapshot(class_file, device="cpu")
    words = ("--frames", 5, "--device", "cpu")
    typed("explore", "walk", class_file, "--classes", "3,1", *words, "-o", "walk")
    keys = key_frames(view_of(snapshot), [0], [3, 1])
    wanted = pictures(through(keys, snapshot, Walk(frames=5)), snapshot)
    for i, picture in enumerate(wanted):
        found = read(f"walk/frame-{i:05d}.png")[0].astype(int)
        assert np.abs(found - picture).max() <= 1
    assert reopened(Path("walk/frame-00002.png")).view.classes == ((1, 0.5), (3, 0.5))
    typed("explore", "walk", class_file, "--classes", "2", "--seeds", "4,5", *words, "-o", "other")
    assert reopened(Path("other/frame-00004.png")).view.classes == ((2, 1.0),)
    _, said = typed("explore", "walk", class_file, "--classes", "0,1", "--seeds", "1,2,3", *words, code=2)
    assert "make no pairs" in said


def test_directions_of_a_class(class_file: Path) -> None:
    words = ("--by", "pca", "--count", 2, "--no-save", "--json", "--device", "cpu")
    effects = [
        [row["effect"] for row in json.loads(typed("explore", "directions", class_file, *words, *more)[0])]
        for more in (("--class", 1), ("--class", 3), ("--class", 1, "--strips", "strips.png"))
    ]
    assert effects[0] != effects[1] and effects[0] == effects[2] and Path("strips.png").is_file()


COMMANDS = {
    "sample": ("--class", ("sample",)),
    "gallery": ("--classes", ("export", "gallery")),
    "walk": ("--classes", ("explore", "walk")),
    "directions": ("--class", ("explore", "directions")),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_cannot_be_chosen_is_told_in_one_sentence(command: str, class_file: Path, picture_run) -> None:
    option, words = COMMANDS[command]
    run = picture_run()
    for maker, chosen, sentence in (
        (class_file, "4", "There is no class 4: this generator's go from 0 to 3"),
        (class_file, "x", "such as"),
        (run.name, "1", "This generator has no classes, and class 1 is asked for"),
    ):
        _, said = typed(*words, maker, option, chosen, code=2)
        assert sentence in said and len(said.splitlines()) == 1
    assert not list(Path().glob("*.png")) and not list(Path().glob("*.gif"))


def test_too_many_pictures_are_told(class_file: Path) -> None:
    _, said = typed("export", "gallery", class_file, "--classes", "all", "--seeds", "0-499999", code=2)
    assert "500,000 seeds in 4 classes are too many pictures" in said


def test_a_picture_is_searched_for_in_a_class(class_file: Path) -> None:
    snapshot = open_snapshot(class_file, device="cpu").of(((3, 1.0),))
    images.write_png("wanted.png", pictures(snapshot.latents(1, 5), snapshot)[0])
    words = ("explore", "invert", "wanted.png", class_file, "--device", "cpu", "--steps", 150)
    typed(*words, "--class", 3, "-o", "third.png")
    found = reopened(Path("third.png"))
    assert found.is_exact and found.view.classes == ((3, 1.0),)
    errors = [json.loads(typed(*words, "--class", n, "--json", "--replace")[0])["error"] for n in (3, 1)]
    assert errors[0] < errors[1] and errors[0] < 5
    typed(*words, "--seed", 1, "-o", "drawn.png")  # without a class it is the one that the seed draws
    assert reopened(Path("drawn.png")).view.classes == snapshot.shares((), 1) != snapshot.shares((), 0)
    assert "no class 9" in typed(*words, "--class", 9, "--replace", code=2)[1]
