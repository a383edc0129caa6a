"""Generators of other programs as snapshots: sampled, walked, looked through for directions, found by their hash."""

from __future__ import annotations

import errno
import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from gan_studio import cli, directions, images
from gan_studio.config import ConfigError
from gan_studio.directions import random
from gan_studio.jobs import find_directions
from gan_studio.jobs.explore import as_python, keep, latents, opened, read_recipe, render, reopened, search, view_of
from gan_studio.jobs.find_directions import Finding, file_of, kept
from gan_studio.jobs.neighbours import judge, neighbours
from gan_studio.jobs.snapshots import Snapshot, open_snapshot

Z = 6


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The netG_epoch_4.pth of the PyTorch DCGAN example, whose pictures differ from each other."""
    (tmp_path / "theirs").mkdir()
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "theirs" / "netG_epoch_4.pth")


def write(path: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for a, b in pairwise((Z, 32, 16, 8, 4)):
        layers += [nn.ConvTranspose2d(a, b, 4, bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]
    main = nn.Sequential(*layers, nn.ConvTranspose2d(4, 3, 4, bias=False), nn.Tanh())
    for layer in main:
        if isinstance(layer, nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.2)
    torch.save({f"main.{name}": tensor for name, tensor in main.state_dict().items()}, path)
    return path


@pytest.fixture
def snapshot(file: Path) -> Snapshot:
    return open_snapshot(file, device="cpu")


def told(action, *arguments) -> str:
    with pytest.raises(ConfigError) as error:
        action(*arguments)
    assert len(error.value.problems) == 1 and "\n" not in str(error.value)
    return str(error.value)


def result_of(work):
    with pytest.raises(StopIteration) as done:
        while True:
            next(work)
    return done.value.value


def typed(*words: object, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout.strip(), result.stderr.strip()


# --- a snapshot ------------------------------------------------------------------------------------------------------


def test_a_file_is_a_snapshot_like_any_other(snapshot: Snapshot, file: Path) -> None:
    assert snapshot.shape == (3, 64, 64) and snapshot.z_dim == Z and snapshot.checkpoint == file
    assert snapshot.about["title"] == "netG_epoch_4.pth" and snapshot.about["format"] == "PyTorch DCGAN example"
    assert "64 x 64 px" in snapshot.about["inferred"] and snapshot.about["unknown"]
    z = snapshot.latents(3, 5)
    assert torch.equal(z[1:], snapshot.latents(2, 6))
    x = snapshot.generate(z)
    assert x.shape == (3, 3, 64, 64) and x.std() > 0.01 and not torch.equal(x[0], x[1])


def test_what_a_file_has_not_is_told(snapshot: Snapshot, file: Path) -> None:
    assert "leave the step out" in told(open_snapshot, file, 5)
    assert "was not trained here" in told(lambda: snapshot.config)
    assert "was not trained here" in told(next, neighbours(snapshot))
    assert judge(snapshot) is None
    assert "was not trained here" in told(next, find_directions.find(snapshot, Finding(ways=("attribute",))))


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(b"hello")
    assert "x.pth is no file of weights" in told(open_snapshot, tmp_path / "x.pth")


# --- pictures and their recipes --------------------------------------------------------------------------------------


def test_a_picture_opens_its_file_again_bit_for_bit(snapshot: Snapshot, tmp_path: Path) -> None:
    north = random(Z, 1, 0)[0]
    view = view_of(snapshot, 7).edited(north, 2.0)
    keep(tmp_path / "a.png", view, render(view, snapshot))
    again = reopened(tmp_path / "a.png")
    assert again.is_exact and again.view == view and again.snapshot.about["sha256"] == view.sha256
    exec(as_python(view), {})
    assert read_recipe(tmp_path / "picture.png").view == view


def test_a_file_that_went_away_is_found_by_its_hash(snapshot: Snapshot, file: Path, tmp_path: Path) -> None:
    view = view_of(snapshot, 7)
    keep(tmp_path / "a.png", view, render(view, snapshot))
    write(file.with_name("netG_epoch_5.pth"), seed=1)
    file.rename(file.with_name("best.PTH"))
    assert "is not here any more; bring it back" in told(reopened, tmp_path / "a.png")
    found = result_of(search(view))
    assert found.run.endswith("best.PTH") and (render(found, opened(found)) == render(view, snapshot)).all()

    (tmp_path / "theirs" / "best.PTH").rename(tmp_path / "moved.pt")  # the working folder
    assert result_of(search(view)).run.endswith("moved.pt")
    (tmp_path / "moved.pt").unlink()
    assert result_of(search(view)) is None
    assert result_of(search(view.model_copy(update={"run": "/no/where/at all.pth"}))) is None


def test_a_file_with_other_weights_is_told(snapshot: Snapshot, file: Path) -> None:
    view = view_of(snapshot, 7)
    write(file, seed=1)
    assert "holds other weights than this picture was made with" in told(opened, view)
    file.write_bytes(b"")
    assert "no file of weights" in told(opened, view)


@pytest.mark.parametrize("name", ["/etc/passwd", "/proc/self/mem", "theirs", "theirs/netG_epoch_4.png", "a\0.pth", "."])
def test_a_recipe_opens_no_other_files(snapshot: Snapshot, name: str) -> None:
    assert "is not here any more" in told(opened, view_of(snapshot).model_copy(update={"run": name}))


@pytest.mark.skipif(os.name == "nt", reason="a pipe has no name there")
def test_a_pipe_is_not_waited_for(snapshot: Snapshot, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    view = view_of(snapshot).model_copy(update={"run": str(tmp_path / "pipe.pth")})
    assert "is not here any more" in told(opened, view) and result_of(search(view)) is None
    assert "There is no file" in typed("sample", tmp_path / "pipe.pth", code=2)[1]


# --- directions ------------------------------------------------------------------------------------------------------


def test_directions_are_kept_beside_the_file(snapshot: Snapshot, file: Path) -> None:
    assert kept(snapshot) == []
    found = random(Z, 2, 0)
    find_directions.keep(snapshot, found)
    assert file_of(snapshot) == file.with_name("netG_epoch_4.pth.directions.json") and kept(snapshot) == found
    assert kept(open_snapshot(file, device="cpu")) == found


def test_or_in_the_users_folder_where_that_one_is_not_theirs(
    snapshot: Snapshot, file: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = [random(Z, 1, 3)[0].renamed("theirs")]
    find_directions.replace(snapshot, shared)  # by whoever may write there
    save, refused = directions.save, {"beside": True, "mine": False}

    def forbidden(path: Path, found) -> None:
        if refused["beside" if path.parent == file.parent else "mine"]:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        save(path, found)

    monkeypatch.setattr(directions, "save", forbidden)
    assert kept(snapshot) == shared
    found = random(Z, 2, 0)
    find_directions.keep(snapshot, found)
    assert own_folders in file_of(snapshot).parents and snapshot.about["sha256"] in file_of(snapshot).name
    assert kept(snapshot) == [*shared, *found]

    refused["mine"] = True
    assert "cannot be written (Permission denied)" in told(find_directions.replace, snapshot, [])
    assert kept(snapshot) == [*shared, *found]

    refused["beside"] = False  # it is theirs after all
    find_directions.replace(snapshot, found[:1])
    assert file_of(snapshot).parent == file.parent and kept(snapshot) == found[:1]


def test_directions_of_every_kind_are_found(snapshot: Snapshot) -> None:
    assert [layer.name for layer in find_directions.layers(snapshot)] == [f"main.{3 * i}" for i in range(5)]
    found = result_of(find_directions.find(snapshot, Finding(ways=("pca", "sefa", "random"), count=2, samples=64)))
    assert len(found) == 6 and all(one.effect > 0 for one in found)


# --- as a user types it ----------------------------------------------------------------------------------------------


def test_samples_walks_and_directions_by_the_files_name(file: Path, tmp_path: Path, snapshot: Snapshot) -> None:
    out, _ = typed("sample", file, "--count", 4, "--device", "cpu")
    assert out == "netG_epoch_4-step0-seed0.png"
    texts = images.read_recipe(tmp_path / out)
    assert texts["sha256"] == snapshot.about["sha256"] and texts["format"] == "PyTorch DCGAN example"

    typed("sample", file, "--count", 2, "--separate", "--out", "many", "--device", "cpu")
    again = reopened(tmp_path / "many" / "seed-000001.png")
    assert again.is_exact and np.array_equal(again.picture, render(view_of(snapshot, 1), snapshot))

    out, _ = typed("explore", "walk", file, "--seeds", "1,5", "--frames", 4, "--device", "cpu")
    with Image.open(tmp_path / out) as film:
        assert out == "netG_epoch_4-walk.gif" and film.n_frames == 4 and film.size == (64, 64)

    out, _ = typed("explore", "directions", file, "--by", "sefa", "--count", 3, "--strips", "s.png", "--device", "cpu")
    assert len(out.splitlines()) == 3 and {one.name for one in kept(snapshot)} == {"SeFa 1", "SeFa 2", "SeFa 3"}
    assert latents([view_of(snapshot).edited(kept(snapshot)[0], 1.0)], snapshot).shape == (1, Z)


def test_what_a_file_is_can_be_asked(file: Path, snapshot: Snapshot) -> None:
    out, _ = typed("inspect", file)
    assert out.splitlines()[0] == "netG_epoch_4.pth: PyTorch DCGAN example"
    assert "64 x 64 px" in out and "6 latents" in out and snapshot.about["sha256"] in out and "unknown" in out
    told_to_scripts = json.loads(typed("inspect", file, "--json")[0])
    assert told_to_scripts["shape"] == [3, 64, 64] and told_to_scripts["latent"]["dim"] == Z


def test_wrong_files_are_told_in_one_sentence(file: Path, tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(b"hello")
    for words in (("sample",), ("inspect",), ("explore", "walk"), ("explore", "directions"), ("export", "gallery")):
        _, said = typed(*words, "x.pth", code=2)
        assert said.startswith("x.pth is no file of weights") and len(said.splitlines()) == 1
    assert "There is no file nowhere.pth" in typed("sample", "nowhere.pth", code=2)[1]
    assert "leave the step out" in typed("sample", file, "--step", 7, code=2)[1]
