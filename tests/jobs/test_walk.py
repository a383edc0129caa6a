"""Walks as films and folders, read back by other readers than wrote them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio.config import ConfigError
from gan_studio.jobs.events import Exported, Progress
from gan_studio.jobs.explore import latents, pictures, read_recipe, reopened, view_of
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.walk import BATCH, Walk, export_walk, key_frames, key_places, way
from gan_studio.walks import EASINGS, circle, lerp, path

FRAMES = BATCH + 3
LOST = {".gif": 1e-9, ".webp": 6, ".apng": 1e-9}  # of 255, in the mean


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


@pytest.fixture
def views(snapshot):
    return key_frames(view_of(snapshot), [1, 5, 9])


def expected(snapshot, views, walk: Walk) -> np.ndarray:
    return pictures(way(latents(views, snapshot), walk), snapshot)


def test_a_walk_is_the_path_that_its_options_name(snapshot, views) -> None:
    keys = latents(views, snapshot)
    assert torch.equal(way(keys, Walk(frames=9)), path(keys, 9))
    eased = path(keys, 9, lerp, EASINGS["in-out"], loop=True)
    assert torch.equal(way(keys, Walk(frames=9, between="lerp", easing="in-out", loop=True)), eased)
    assert torch.equal(way(keys, Walk(frames=9, way="circle")), circle(keys[0], keys[1], 9))
    with pytest.raises(ConfigError, match="two key-frames"):
        way(keys[:1], Walk(way="circle"))
    with pytest.raises(ConfigError, match="name some seeds"):
        key_frames(views[0], [])


@pytest.mark.parametrize("loop", [False, True])
def test_key_frames_are_where_the_walk_passes_them(loop: bool) -> None:
    """At even places they are frames of the walk, exactly."""
    keys = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    walk = Walk(frames=12 if loop else 10, loop=loop)
    places = key_places(keys, walk)
    assert places == [0, 3, 6, 9]
    assert torch.equal(way(keys, walk)[[int(place) for place in places]], keys)
    assert key_places(keys[:2], Walk(frames=1)) == [0, 0]


def test_the_second_key_frame_lies_on_the_circle_by_its_angle() -> None:
    u, v = torch.tensor([2.0, 0.0, 0.0]), torch.tensor([-3.0, 3.0, 0.0])  # at 135 degrees
    walk = Walk(frames=16, way="circle")
    first, second = key_places(torch.stack([u, v]), walk)
    frames = way(torch.stack([u, v]), walk)
    assert (first, second) == (0, pytest.approx(6)) and torch.equal(frames[0], u)
    torch.testing.assert_close(frames[6], v / v.norm() * u.norm())


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_a_film_shows_every_frame(snapshot, views, tmp_path: Path, suffix: str) -> None:
    walk = Walk(frames=FRAMES, frames_per_second=25, zoom=2)
    events = list(export_walk(snapshot, views, tmp_path / f"walk{suffix}", walk))
    assert events[-1] == Exported(tmp_path / f"walk{suffix}")
    assert [event.done for event in events[:-1]] == [0, BATCH, FRAMES]
    wanted = expected(snapshot, views, walk)
    with Image.open(tmp_path / f"walk{suffix}") as film:
        assert film.n_frames == FRAMES and film.size == (32, 32) and film.info["loop"] == 0
        for i in range(FRAMES):
            film.seek(i)
            shown = np.asarray(film.convert("L")).astype(int)
            assert film.info["duration"] == 40
            large = wanted[i, :, :, 0].repeat(2, axis=0).repeat(2, axis=1)
            assert np.abs(shown - large).mean() < LOST[suffix]
    assert [file.name for file in tmp_path.iterdir()] == [f"walk{suffix}"]


def test_a_video_shows_every_frame(snapshot, views, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    walk = Walk(frames=10, frames_per_second=20, zoom=4)
    list(export_walk(snapshot, views, tmp_path / "walk.mp4", walk))
    wanted = expected(snapshot, views, walk)
    with av.open(str(tmp_path / "walk.mp4")) as film:
        shown = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
        assert film.streams.video[0].average_rate == 20
    assert len(shown) == 10
    for frame, picture in zip(shown, wanted, strict=True):
        assert frame.shape == (64, 64)
        small = frame.reshape(16, 4, 16, 4).mean(axis=(1, 3))
        assert np.corrcoef(small.ravel(), picture.ravel())[0, 1] > 0.95


def test_a_folder_holds_pictures_that_open_in_their_state(snapshot, views, tmp_path: Path) -> None:
    walk = Walk(frames=4, loop=True)
    list(export_walk(snapshot, views, tmp_path / "walk", walk))
    files = sorted((tmp_path / "walk").iterdir())
    assert [file.name for file in files] == [f"frame-{i:05d}.{end}" for i in range(4) for end in ("json", "png")]
    again = reopened(files[-1])
    assert again.is_exact and read_recipe(files[-2]) == read_recipe(files[-1])
    torch.testing.assert_close(torch.tensor(again.view.z), way(latents(views, snapshot), walk)[3])


@pytest.mark.parametrize("name", ["walk.gif", "walk.webp", "walk.apng", "walk.mp4", "walk"])
def test_a_cut_off_export_leaves_nothing(snapshot, views, tmp_path: Path, name: str) -> None:
    work = export_walk(snapshot, views, tmp_path / name, Walk(frames=3 * BATCH))
    for _ in range(2):
        assert isinstance(next(work), Progress)
    assert list(tmp_path.iterdir())
    work.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["walk.gif", "walk"])
def test_a_full_disk_leaves_nothing_and_is_told(snapshot, views, tmp_path: Path, name: str, monkeypatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr("gan_studio.jobs.timelapse.Gif.add", full)
    with pytest.raises(ConfigError, match=r"cannot be written \(No space left on device\)"):
        list(export_walk(snapshot, views, tmp_path / name, Walk(frames=4)))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_replaced_without_being_asked(snapshot, views, tmp_path: Path) -> None:
    film, folder = tmp_path / "walk.gif", tmp_path / "walk"
    film.write_text("mine")
    folder.mkdir()
    for place, may in ((film, False), (folder, False), (folder, True)):
        with pytest.raises(ConfigError, match="is there already"):
            list(export_walk(snapshot, views, place, Walk(frames=2), may))
    assert film.read_text() == "mine"
    list(export_walk(snapshot, views, film, Walk(frames=2), replace=True))
    assert film.read_bytes()[:3] == b"GIF"


def test_what_cannot_be_written_is_told_before_the_work(snapshot, views, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="says no format"):
        next(export_walk(snapshot, views, tmp_path / "walk.avi", Walk()))
    with pytest.raises(ConfigError, match="zoom less"):
        huge = open_snapshot(snapshot.checkpoint, device="cpu")
        object.__setattr__(huge, "shape", (1, 1024, 1024))
        next(export_walk(huge, views, tmp_path / "walk.gif", Walk(zoom=64)))
    with pytest.raises(ConfigError, match="cannot be written"):
        list(export_walk(snapshot, views, tmp_path / "no" / "walk.gif", Walk(frames=2)))
