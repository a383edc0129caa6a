"""Slide shows, decoded again frame by frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gan_studio.config import ConfigError
from gan_studio.jobs.events import Exported
from gan_studio.jobs.explore import render, view_of
from gan_studio.jobs.gallery import by_seeds
from gan_studio.jobs.slides import Slides, slide_show
from gan_studio.jobs.snapshots import open_snapshot


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


def test_each_picture_stays_for_its_time(snapshot, tmp_path: Path) -> None:
    samples = by_seeds(view_of(snapshot), (4, 8, 2))
    path = tmp_path / "show.gif"
    *_, last = slide_show(snapshot, samples, path, Slides(seconds=0.3, zoom=2))
    assert last == Exported(path) and list(tmp_path.iterdir()) == [path]
    with Image.open(path) as film:
        frames = [(frame.info["duration"], np.asarray(frame.convert("L"))) for frame in ImageSequence.Iterator(film)]
    assert [duration for duration, _ in frames] == [300, 300, 300]
    for (_, shown), sample in zip(frames, samples, strict=True):
        expected = render(sample.view, snapshot)[:, :, 0].repeat(2, 0).repeat(2, 1)
        assert np.abs(shown.astype(int) - expected).max() <= 1  # a batch rounds otherwise than one alone


def test_a_video_is_as_long(snapshot, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "show.mp4"
    list(slide_show(snapshot, by_seeds(view_of(snapshot), range(3)), path, Slides(seconds=0.5)))
    with av.open(str(path)) as film:
        assert len(list(film.decode(video=0))) == 30 and float(film.duration) / av.time_base == pytest.approx(1.5)


def test_bad_wishes_and_what_is_cut_off(snapshot, tmp_path: Path) -> None:
    samples = by_seeds(view_of(snapshot), range(3))
    with pytest.raises(ConfigError, match="says no format"):
        list(slide_show(snapshot, samples, tmp_path / "show.xyz", Slides()))
    (tmp_path / "a.gif").write_bytes(b"before")
    with pytest.raises(ConfigError, match="there already"):
        list(slide_show(snapshot, samples, tmp_path / "a.gif", Slides()))
    work = slide_show(snapshot, samples, tmp_path / "a.gif", Slides(), replace=True)
    next(work), next(work)
    work.close()
    assert (tmp_path / "a.gif").read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1
