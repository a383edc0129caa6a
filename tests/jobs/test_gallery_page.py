"""A gallery's page in a real browser that reaches nothing: all pictures are drawn, and each opens again as it was."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from gan_studio.directions import axis
from gan_studio.jobs.explore import render, reopened, view_of
from gan_studio.jobs.gallery import Sample, by_seeds
from gan_studio.jobs.gallery_export import export_gallery
from gan_studio.jobs.snapshots import open_snapshot

COUNT = 14  # two rows and a part of one
WIDTH, HEIGHT = 1000, 900
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ALONE = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--force-device-scale-factor=1", f"--window-size={WIDTH},{HEIGHT}",
]  # fmt: skip

pytestmark = pytest.mark.skipif(
    BROWSER is None and "CI" not in os.environ, reason="no Chromium here: install it to see the pages drawn"
)


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


@pytest.fixture
def samples(snapshot) -> list[Sample]:
    return by_seeds(view_of(snapshot).with_values({"psi": 0.8}).edited(axis(1, 6), 2.0), range(30, 30 + COUNT))


@pytest.fixture
def page(snapshot, samples, tmp_path: Path) -> Path:
    path = tmp_path / "a gallery.html"
    list(export_gallery(snapshot, samples, path))
    return path


def browse(page: Path, *options: str) -> str:
    """What a browser says of a page, with a profile of its own."""
    assert BROWSER, "continuous integration needs Chromium for this"
    profile = page.parent / "profile"
    words = [BROWSER, *ALONE, f"--user-data-dir={profile}", *options, page.as_uri()]
    told = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
    shutil.rmtree(profile, ignore_errors=True)
    return told.stdout


def tiles_in(screen: np.ndarray) -> list[np.ndarray]:
    """What stands apart on the page and is as large as a picture, row by row, with its frame of paper."""
    apart, _ = ndimage.label((screen != screen[0, 0]).any(axis=2))
    found = [screen[place] for place in ndimage.find_objects(apart)]
    return [one for one in found if min(one.shape[:2]) > 80 and abs(one.shape[0] - one.shape[1]) < 4]


def middles(tile: np.ndarray, size: int) -> np.ndarray:
    """A pixel of the screen within each of the picture's, [size, size, 3]."""
    at = [((np.arange(size) + 0.5) * length / size).astype(int) for length in tile.shape[:2]]
    return tile[np.ix_(*at)]


def test_every_picture_is_drawn_pixel_by_pixel(page, snapshot, samples, tmp_path: Path) -> None:
    browse(page, f"--screenshot={tmp_path / 'screen.png'}")
    with Image.open(tmp_path / "screen.png") as screen:
        tiles = tiles_in(np.asarray(screen.convert("RGB")))
    assert len(tiles) == COUNT
    for tile, sample in zip(tiles, samples, strict=True):
        expected = render(sample.view, snapshot)  # [16, 16, 1]
        np.testing.assert_array_equal(middles(tile, 16), np.broadcast_to(expected, (16, 16, 3)))


def test_a_picture_out_of_the_page_opens_again_as_it_was(page, snapshot, samples, tmp_path: Path) -> None:
    document = browse(page, "--dump-dom")
    found = re.findall(r'<img[^>]* src="data:image/png;base64,([^"]+)"', document)
    assert len(found) == COUNT
    for data, sample in zip(found, samples, strict=True):
        saved = tmp_path / "saved.png"
        saved.write_bytes(base64.b64decode(data))
        again = reopened(saved)
        assert again.is_exact and again.view == sample.view
