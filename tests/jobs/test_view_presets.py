"""Views by name: written, read again to the last bit, deleted; damaged files are told of and hide none."""

from __future__ import annotations

import json

import pytest

from gan_studio.config import ConfigError
from gan_studio.directions import random
from gan_studio.jobs.explore import FORMAT, Edit, View
from gan_studio.jobs.view_presets import delete, folder, load, load_all, named, path_of, save


def a_view(**changes) -> View:
    edits = tuple(Edit(direction=one, amount=0.1 + i) for i, one in enumerate(random(6, 3, 0)))
    return View(run="mine", step=10, sha256="a" * 64, seed=7, psi=0.7, edits=edits).model_copy(update=changes)


def test_a_view_comes_back_as_it_was():
    save(named("  Red   hair ", a_view(), 9))
    (found,), problems = load_all()
    assert (found.name, found.view, found.count, problems) == ("Red hair", a_view(), 9, [])
    assert load(path_of("Red hair")) == found and [path.name for path in folder().iterdir()] == [found.path.name]


def test_they_stand_by_name_and_each_has_its_file():
    for name in ("b", "A", "ä", "Ü?", "a/b", "a b", "a-b", "../up"):
        save(named(name, a_view(run=name)))
    found, _ = load_all()
    assert [preset.name for preset in found] == ["../up", "A", "a b", "a-b", "a/b", "b", "ä", "Ü?"]
    assert all(preset.view.run == preset.name for preset in found)
    assert all(path.parent == folder() for path in folder().iterdir())


def test_one_of_the_same_name_is_replaced_and_deleted():
    save(named("mine", a_view(), 1))
    save(named("mine", a_view(seed=8), 4))
    (found,), _ = load_all()
    assert (found.view.seed, found.count) == (8, 4)
    delete(found)
    delete(found)  # somebody else did
    assert load_all() == ([], [])


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\x1b[2Jb"])
def test_what_is_no_name_is_told(name):
    with pytest.raises(ConfigError, match="name has 1 to 100"):
        named(name, a_view())


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"format": 1}', b'{"format": 1, "name": "x", "view": {"run": "r", "seed": -1}}'],
)
def test_a_damaged_one_is_told_and_hides_none(content):
    save(named("whole", a_view()))
    (folder() / "broken.json").write_bytes(content)
    found, problems = load_all()
    assert [preset.name for preset in found] == ["whole"] and len(problems) == 1
    assert "broken.json is damaged; delete the file" in problems[0] and "\n" not in problems[0]


def test_a_newer_one_is_told():
    save(named("new", a_view()))
    path = path_of("new")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": FORMAT + 1}))
    assert "newer GAN Studio" in load_all()[1][0]


def test_a_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GAN_STUDIO_VIEWS", str(tmp_path / "file" / "views"))
    with pytest.raises(ConfigError, match="cannot be written"):
        save(named("x", a_view()))
    assert load_all() == ([], [])
