"""Stars and rejections are found again by the recipe alone, and a file that is damaged is left as it is."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import pytest

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.directions import axis
from gan_studio.jobs import marks
from gan_studio.jobs.explore import latent, view_of
from gan_studio.jobs.gallery import by_seeds
from gan_studio.jobs.marks import fingerprint
from gan_studio.jobs.snapshots import open_snapshot


@pytest.fixture
def run(picture_run):
    return picture_run()


@pytest.fixture
def snapshot(run):
    return open_snapshot(run.folder, device="cpu")


def test_marks_are_there_again(snapshot) -> None:
    view = view_of(snapshot)
    samples = by_seeds(view, range(6))
    assert marks.read(snapshot).marked(samples) == samples
    marks.mark(snapshot, [view.at_seed(1), view.at_seed(4)], "starred")
    marks.mark(snapshot, [view.at_seed(2), view.at_seed(3)], "rejected")
    marks.mark(snapshot, [view.at_seed(4)], "rejected")  # the last word counts
    found = marks.mark(snapshot, [view.at_seed(3)], "")
    assert found == marks.read(snapshot)
    assert [sample.mark for sample in found.marked(samples)] == ["", "starred", "rejected", "", "rejected", ""]
    assert [sample.view for sample in found.starred(snapshot)] == [view.at_seed(1)]
    json.loads((snapshot.checkpoint.parent.parent / marks.FILE).read_text(encoding="utf-8"))


def test_a_recipe_is_known_by_all_that_makes_the_picture(snapshot) -> None:
    view = view_of(snapshot, 5)
    others = [
        view.at_seed(6),
        view.with_values({"psi": 0.5}),
        view.with_values({"limit": 1.0}),
        view.edited(axis(0, 6), 1.0),
        view.edited(axis(0, 6), 1.5),
        view.model_copy(update={"sha256": "0" * 64}),
        view.at(latent(view, snapshot)),
        view.of_classes(((3, 1.0),)),
        view.at_seed(6).at(latent(view, snapshot)),  # where there are classes the seed draws one
    ]
    assert len({fingerprint(one) for one in [view, *others]}) == len(others) + 1


def test_where_the_weights_lie_does_not_count(snapshot) -> None:
    view = view_of(snapshot, 5)
    assert fingerprint(view.model_copy(update={"run": "elsewhere", "step": 99})) == fingerprint(view)


def test_a_renamed_run_keeps_its_stars(run, snapshot) -> None:
    marks.mark(snapshot, [view_of(snapshot, 5)], "starred")
    shutil.move(run.folder, run.folder.with_name("renamed"))
    moved = open_snapshot(runs.default_root() / "renamed", device="cpu")
    (star,) = marks.read(moved).starred(moved)
    assert star.view == view_of(moved, 5)  # its new address, too


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": 1}', '{"format": 1, "starred": [{"seed": "x"}], "rejected": []}', "[" * 9999],
)
def test_a_damaged_file_is_told_and_left_alone(run, snapshot, text: str) -> None:
    file: Path = run.folder / marks.FILE
    file.write_text(text)
    for action in (lambda: marks.read(snapshot), lambda: marks.mark(snapshot, [view_of(snapshot)], "starred")):
        with pytest.raises(ConfigError, match="is damaged, so there are no stars") as error:
            action()
        assert "\n" not in str(error.value)
    assert file.read_text() == text


def test_a_newer_file_is_left_alone(run, snapshot) -> None:
    (run.folder / marks.FILE).write_text('{"format": 2, "starred": {}, "rejected": []}')
    with pytest.raises(ConfigError, match="newer GAN Studio"):
        marks.mark(snapshot, [view_of(snapshot)], "starred")


def test_a_full_disk_keeps_what_was_there(run, snapshot, monkeypatch) -> None:
    marks.mark(snapshot, [view_of(snapshot, 1)], "starred")
    before = marks.read(snapshot)

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        marks.mark(snapshot, [view_of(snapshot, 2)], "starred")
    assert marks.read(snapshot) == before
    assert [file.name for file in run.folder.iterdir() if file.name.endswith(".tmp")] == []
