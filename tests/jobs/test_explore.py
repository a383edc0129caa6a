"""Views: the same picture from the same view, what a picture carries, and what is told of files from anywhere."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio import images
from gan_studio.config import ConfigError
from gan_studio.directions import axis, random
from gan_studio.jobs.explore import (
    Edit,
    View,
    as_python,
    keep,
    kept,
    latent,
    latent_as_text,
    latent_from_text,
    latents,
    opened,
    pictures,
    pixels_hash,
    read_recipe,
    render,
    reopened,
    search,
    strip,
    view_of,
)
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.runs import Checkpoint, Run

NORTH, EAST = (one.renamed(name) for one, name in zip(random(6, 2, 0), ("north", "east"), strict=True))


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


def told(action, *arguments) -> str:
    """The one sentence of a ConfigError."""
    with pytest.raises(ConfigError) as error:
        action(*arguments)
    assert len(error.value.problems) == 1 and "\n" not in str(error.value)
    return str(error.value)


# --- the latent ------------------------------------------------------------------------------------------------------


def test_a_plain_view_is_the_seeds_latent(snapshot) -> None:
    assert torch.equal(latent(view_of(snapshot, 7), snapshot), snapshot.latents(1, 7))
    assert torch.equal(latents([view_of(snapshot, i) for i in (3, 4)], snapshot), snapshot.latents(2, 3))


def test_truncation_comes_before_the_edits_and_the_edits_add_up(snapshot) -> None:
    view = view_of(snapshot, 7).model_copy(update={"psi": 0.5}).edited(NORTH, 2.0).edited(EAST, -1.5)
    expected = 0.5 * snapshot.latents(1, 7) + 2.0 * NORTH.step() - 1.5 * EAST.step()
    torch.testing.assert_close(latent(view, snapshot), expected)


def test_a_limit_draws_again_what_is_beyond_it_and_nothing_else(snapshot) -> None:
    view = view_of(snapshot, 7).model_copy(update={"limit": 0.7})
    plain, limited = snapshot.latents(1, 7), latent(view, snapshot)
    inside = plain.abs() <= 0.7
    assert limited.abs().max() <= 0.7 and torch.equal(limited[inside], plain[inside]) and not inside.all()
    assert torch.equal(limited, latent(view, snapshot))


def test_an_edit_is_replaced_in_its_place_and_taken_away_by_0(snapshot) -> None:
    view = view_of(snapshot).edited(NORTH, 1.0).edited(EAST, 1.0).edited(NORTH, 3.0)
    assert [(edit.direction.name, edit.amount) for edit in view.edits] == [("north", 3.0), ("east", 1.0)]
    assert view.amount("north") == 3.0 and view.amount("west") == 0.0
    assert view.edited(NORTH, 0).edits == (Edit(direction=EAST, amount=1.0),)
    assert view.unedited().edits == () and view.at_seed(5).edits == view.edits and view.at_seed(5).seed == 5


def test_a_view_at_a_latent_is_that_latent_to_the_last_bit(snapshot) -> None:
    z = latent(view_of(snapshot, 7).edited(NORTH, 1 / 3), snapshot)
    view = View.parse(json.loads(json.dumps(view_of(snapshot, 1).at(z).plain())))
    assert torch.equal(latent(view, snapshot), z)


def test_a_latent_or_a_direction_for_another_generator_is_told(snapshot) -> None:
    assert "has 3 numbers, and this generator takes 6" in told(latent, view_of(snapshot).at(torch.ones(3)), snapshot)
    assert "z 0 has 4 numbers" in told(latent, view_of(snapshot).edited(axis(0, 4), 1.0), snapshot)


# --- the picture -----------------------------------------------------------------------------------------------------


def test_the_same_view_gives_the_same_bytes_from_a_snapshot_opened_anew(snapshot) -> None:
    view = view_of(snapshot, 7).edited(NORTH, 2.0)
    picture = render(view, snapshot)
    assert picture.shape == (16, 16, 1) and picture.dtype == np.uint8 and picture.std() > 5
    again = View.parse(json.loads(json.dumps(view.plain())))
    assert again == view and (render(again, opened(again)) == picture).all()
    expected = images.to_uint8(snapshot.network(latent(view, snapshot)))[0]
    assert (picture == expected).all()


def test_a_strip_shows_what_a_direction_does(snapshot) -> None:
    view = view_of(snapshot, 7).edited(NORTH, 1.0)
    found = strip(view, NORTH, [-3.0, 0.0, 1.0], snapshot)
    assert found.shape == (3, 16, 16, 1)
    expected = pictures(latents([view.edited(NORTH, -3.0), view.unedited(), view], snapshot), snapshot)
    assert (found == expected).all() and not (found[0] == found[2]).all()


def test_points_are_not_explored(picture_run) -> None:
    run = picture_run({"data": {"kind": "toy2d"}})
    assert "makes points, and not pictures" in told(view_of, open_snapshot(run.folder))


# --- what a picture carries ------------------------------------------------------------------------------------------


@pytest.fixture
def picture_file(snapshot, tmp_path: Path) -> Path:
    view = view_of(snapshot, 7).edited(NORTH, 2.0)
    keep(tmp_path / "a.png", view, render(view, snapshot))
    return tmp_path / "a.png"


def test_a_kept_picture_is_opened_in_its_state_bit_for_bit(snapshot, picture_file: Path) -> None:
    again = reopened(picture_file)
    assert again.view == view_of(snapshot, 7).edited(NORTH, 2.0) and again.is_exact
    with Image.open(picture_file) as theirs:
        assert (np.asarray(theirs)[:, :, None] == again.picture).all()
    assert reopened(picture_file.with_suffix(".json")).view == again.view
    assert not read_recipe(picture_file).view.run.startswith("/")  # in the folder of runs its name says enough


def test_a_picture_that_lost_its_text_is_opened_by_the_file_beside_it(picture_file: Path) -> None:
    with Image.open(picture_file) as picture:
        pixels = np.asarray(picture)
    images.write_png(picture_file, pixels)
    assert reopened(picture_file).is_exact
    picture_file.with_suffix(".json").unlink()
    assert "carries no recipe" in told(read_recipe, picture_file)


def test_a_picture_that_comes_out_otherwise_is_noticed(snapshot, tmp_path: Path) -> None:
    view = view_of(snapshot, 7)
    keep(tmp_path / "b.png", view, 255 - render(view, snapshot))
    assert not reopened(tmp_path / "b.png").is_exact


def test_nothing_is_replaced_without_being_asked(snapshot, picture_file: Path) -> None:
    view = view_of(snapshot, 1)
    before = picture_file.read_bytes()
    assert "there already" in told(keep, picture_file, view, render(view, snapshot))
    assert picture_file.read_bytes() == before
    keep(picture_file, view, render(view, snapshot), True)
    assert read_recipe(picture_file).view == view


def test_a_picture_that_cannot_be_written_leaves_no_side_car(snapshot, tmp_path: Path) -> None:
    view = view_of(snapshot, 1)
    (tmp_path / "c.png").mkdir()
    assert "cannot be written" in told(keep, tmp_path / "c.png", view, render(view, snapshot), True)
    assert [path.name for path in tmp_path.iterdir()] == ["c.png"]


# --- what is gone or has changed -------------------------------------------------------------------------------------


def test_a_run_that_is_gone_is_told_and_found_under_another_name(picture_run, picture_file: Path) -> None:
    recipe = read_recipe(picture_file)
    folder = opened(recipe.view).checkpoint.parent.parent
    picture_run({}, seed=1, title="Other")
    folder.rename(folder.with_name("renamed"))
    assert "is not here any more" in told(reopened, picture_file)

    searching = search(recipe.view)
    with pytest.raises(StopIteration) as done:
        while True:
            next(searching)
    assert done.value.value.run == "renamed"
    assert pixels_hash(render(done.value.value, opened(done.value.value))) == recipe.pixels

    shutil.rmtree(folder.with_name("renamed"))
    with pytest.raises(StopIteration) as done:
        searching = search(recipe.view)
        while True:
            next(searching)
    assert done.value.value is None


def test_a_checkpoint_that_is_gone_or_changed_is_told(picture_run, snapshot) -> None:
    view = view_of(snapshot)
    assert "keeps no checkpoint of step 11" in told(opened, view.model_copy(update={"step": 11}))
    other = picture_run({}, seed=1, title="Other")
    assert "holds other weights than this picture" in told(opened, view.model_copy(update={"run": other.name}))
    assert opened(view.model_copy(update={"run": other.name, "sha256": ""})).about["step"] == 10


def test_a_checkpoint_without_a_generator_is_told(snapshot) -> None:
    weights, _ = Checkpoint(snapshot.checkpoint).load()
    Run(snapshot.checkpoint.parent.parent).save_checkpoint(10, {"discriminator": weights["discriminator"]}, {})
    assert "holds no generator" in told(opened, view_of(snapshot))


@pytest.mark.parametrize("name", ["", "x" * 3000, "a\0b", "../../etc", "/proc/self/mem", "nul"])
def test_a_run_of_any_name_is_looked_for(name: str) -> None:
    assert "is not here any more" in told(opened, View(run=name))


# --- files from anywhere ---------------------------------------------------------------------------------------------


def png(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (1, 1)) -> bytes:
    """A PNG with these chunks before its grey pixel."""
    head = (b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0))
    body = (b"IDAT", zlib.compress(b"\0\0"))
    whole = b"\x89PNG\r\n\x1a\n"
    for name, data in (head, *chunks, body, (b"IEND", b"")):
        whole += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return whole


def itxt(text: bytes, packed: bool = False) -> tuple[bytes, bytes]:
    return b"iTXt", b"GAN Studio\0" + (b"\1" if packed else b"\0") + b"\0\0\0" + (
        zlib.compress(text) if packed else text
    )


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"null", b'"x"', b'{"format": 1}', b'{"format": 1, "view": {}}',
        b'{"format": "x", "view": {"run": "a"}}',
        b'{"format": 1, "view": 5}', b'{"format": null, "view": {"run": "a"}}', b'{"format": 1e400}', b'{"format": 0}',
        b'{"format": 1, "view": {"run": "a", "seed": -1}}', b'{"format": 1, "view": {"run": "a", "colour": 1}}',
        b'{"format": 1, "view": {"run": "a", "z": ["a"]}}', b'{"format": 1, "view": {"run": "a", "z": [NaN]}}',
        b'{"format": 1, "view": {"run": "a", "z": [' + b"1," * 5000 + b"1]}}",
        b'{"format": 1, "view": {"run": "a", "edits": [' + b"{}," * 64 + b"{}]}}",
        b'{"format": 1, "view": {"run": "a", "sha256": "../../x"}}',
        b'{"format": 1, "view": {"run": "a", "psi": 1e400}}',
        b"[" * 100_000, b'{"format": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_a_hostile_text_is_told_in_one_sentence(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "h.png"
    path.write_bytes(png(itxt(text)))
    assert told(read_recipe, path).startswith(f"The recipe in {path} is damaged")
    path.with_suffix(".json").write_bytes(text)
    assert "is damaged" in told(read_recipe, path.with_suffix(".json"))


def test_texts_that_unpack_to_too_much_and_lying_sizes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "h.png"
    path.write_bytes(png(itxt(b" " * 2**26, packed=True)))
    assert "h.png" in told(read_recipe, path)
    path.write_bytes(png(itxt(b"{}"), size=(100_000, 100_000)))
    assert "million pixels" in told(read_recipe, path)
    path.write_bytes(png(itxt(b"{}"))[:40])
    assert "not a PNG" in told(read_recipe, path)
    path.with_suffix(".json").write_bytes(b" " * (2**23 + 1))
    assert "is damaged" in told(read_recipe, path.with_suffix(".json"))
    path.with_suffix(".json").write_bytes(b"\xff\xfe")
    assert "is damaged" in told(read_recipe, path.with_suffix(".json"))
    assert "cannot be read" in told(read_recipe, tmp_path / "no.json")
    assert "not a PNG" in told(read_recipe, tmp_path / "no.png")


def test_a_recipe_of_another_time_is_told(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text('{"format": 3, "planet": 1}')
    assert "newer GAN Studio" in told(read_recipe, tmp_path / "n.json")


# --- the clipboard ---------------------------------------------------------------------------------------------------


def test_a_latent_goes_through_the_clipboard_to_the_last_bit(snapshot) -> None:
    z = latent(view_of(snapshot, 3).edited(EAST, 0.1), snapshot)
    assert torch.equal(latent_from_text(latent_as_text(z), 6), z)
    assert torch.equal(latent_from_text(" 1, 2\n3 ", 3), torch.tensor([[1.0, 2.0, 3.0]]))


@pytest.mark.parametrize("text", ["", "hello", "[1, [2]]", "[1, null]", '["x"]', "[" * 10_000, "[1", "{}"])
def test_what_is_no_latent_is_told(text: str) -> None:
    assert "latent" in told(latent_from_text, text, 3)


def test_a_latent_of_the_wrong_length_or_without_an_end_is_told() -> None:
    assert "has 2 numbers, and this generator takes 3" in told(latent_from_text, "[1, 2]", 3)
    assert "not finite" in told(latent_from_text, "[1, 2, NaN]", 3)
    assert "not finite" in told(latent_from_text, "[1, 2, 1e60]", 3)


def test_the_script_of_a_view_makes_its_picture(snapshot, tmp_path: Path, monkeypatch) -> None:
    view = view_of(snapshot, 7).edited(NORTH, 2.0)
    monkeypatch.chdir(tmp_path)
    exec(as_python(view), {})
    assert read_recipe(tmp_path / "picture.png") == kept(view, render(view, snapshot))
