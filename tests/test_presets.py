"""Presets: those that come with the program are whole, and the user's own are kept in the same format."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gan_studio import presets
from gan_studio.config import ConfigError
from gan_studio.jobs.settings import RunConfig, problems

SHIPPED = sorted((presets.resources() / "presets").glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_a_shipped_preset_is_whole(path: Path) -> None:
    preset = presets.read(path)
    asked = {"data.path"} if preset.values["data"]["kind"] == "image-folder" else set()  # for the user's own folder
    assert {problem.path for problem in problems(preset.values)} == asked
    assert preset.title != preset.id and preset.expect
    assert 0 < preset.minutes <= 30
    config = RunConfig.parse(preset.values)
    assert RunConfig.parse(config.plain()) == config


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_a_shipped_preset_can_be_branched_from_where_samples_were_drawn(path: Path) -> None:
    """A checkpoint about every twentieth of the run, none of them taken away, each where samples are drawn."""
    config = RunConfig.parse(presets.read(path).values)
    assert config.checkpoint_every % config.samples_every == 0
    count = config.steps // config.checkpoint_every
    assert 15 <= count <= config.keep_spread + config.keep_newest + 3


NUMERAL = re.compile(r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|a minute|seconds?)\b", re.I)


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_the_words_of_a_preset_say_numbers_in_digits(path: Path) -> None:
    preset = presets.read(path)
    assert not NUMERAL.search(preset.expect), preset.expect


@pytest.mark.skipif(not SHIPPED, reason="no presets yet")
def test_the_default_is_one_of_them_and_their_names_are_unique() -> None:
    found = presets.all_presets()
    assert len({preset.id for preset in found}) == len(found) == len(SHIPPED)
    assert presets.find(presets.DEFAULT).id == presets.DEFAULT


def test_presets_are_listed_without_torch() -> None:
    code = "import sys; from gan_studio import presets; presets.all_presets(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_own_presets_are_kept(own_folders: Path) -> None:
    values = {"steps": 7, "data": {"kind": "digits", "size": 16}}
    saved = presets.save("My Ring, No. 2", values, expect="A ring.")
    assert saved.id == "my-ring-no-2" and saved.own and saved.title == "My Ring, No. 2" and saved.expect == "A ring."
    assert presets.find("my-ring-no-2").values == values
    assert presets.find(str(saved.path)).values == values
    assert saved.path is not None and saved.path.is_relative_to(own_folders)
    assert [preset.id for preset in presets.all_presets() if preset.own] == ["my-ring-no-2"]


def test_an_unreadable_preset_hides_no_other(own_folders: Path) -> None:
    kept = presets.save("good", {"steps": 1})
    assert kept.path is not None
    (kept.path.parent / "bad.toml").write_text("steps = ")
    (kept.path.parent / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert [preset.id for preset in presets.all_presets() if preset.own] == ["good"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        (b"steps = ", "not a TOML file"),
        (b"\xff\xfe", "not a text file"),
        (b"format = 99", "Update"),
    ],
)
def test_a_bad_file_is_a_sentence(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "preset.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        presets.find(str(path))


def test_an_unknown_name_is_a_sentence() -> None:
    presets.save("dcgan on my cat", {})
    with pytest.raises(ConfigError, match="Did you mean 'dcgan-on-my-cat'"):
        presets.find("dcgan-on-my-cats")


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GAN_STUDIO_PRESETS", str(tmp_path / "file" / "presets"))
    with pytest.raises(ConfigError, match="cannot be written"):
        presets.save("x", {})


def test_a_thumbnail_lies_beside_its_preset(own_folders: Path) -> None:
    saved = presets.save("with picture", {})
    assert saved.thumbnail is None and saved.path is not None
    saved.path.with_suffix(".png").write_bytes(b"png")
    assert saved.thumbnail == saved.path.with_suffix(".png")


@pytest.mark.parametrize("table", ["preset = 3", '[preset]\norder = "first"', "[preset]\ntitle = 5"])
def test_a_malformed_preset_is_left_out_of_the_list(own_folders: Path, table: str) -> None:
    folder = presets.own_folder()
    folder.mkdir(parents=True)
    (folder / "odd.toml").write_text(table)
    assert "odd" not in {preset.id for preset in presets.all_presets()}
    with pytest.raises(ConfigError, match="preset"):
        presets.read(folder / "odd.toml")
