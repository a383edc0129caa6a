"""What the window shows of the data is what a training would get of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio.config import ConfigError
from gan_studio.data import SOURCES, Progress, Source
from gan_studio.data.augment import Augment, draws, preview, windows
from gan_studio.data.digits import Digits
from gan_studio.data.image_folder import ImageFolder
from gan_studio.images import to_float, to_uint8
from gan_studio.jobs.events import Looked
from gan_studio.jobs.look import ROWS, VERSIONS, look, looked_at
from gan_studio.jobs.shown import REAL_SEED


def finished(steps):
    """(what was told on the way, the last event)."""
    *told, last = steps
    assert all(isinstance(step, Progress) for step in told)
    assert isinstance(last, Looked)
    return told, last


def prepared(source: Source):
    steps = source.prepare()
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def test_samples_are_those_of_the_training_and_classes_are_counted():
    source = Digits(size=16, augment=Augment(horizontal_flip=True, rotate=20))
    told, seen = finished(look(source, samples=30))
    assert told and seen.size == 1797
    assert (seen.real == to_uint8(prepared(source).batch(30, 0, REAL_SEED).x)).all()
    assert [name for name, _ in seen.classes] == list("0123456789")
    assert sum(count for _, count in seen.classes) == 1797 and dict(seen.classes)["0"] == 178
    assert seen.skipped == seen.notes == ()


@pytest.mark.parametrize("crop", [0.0, 0.25])
def test_rows_are_a_picture_and_its_versions(crop):
    source = Digits(size=16, augment=Augment(horizontal_flip=True, brightness=0.2, crop=crop))
    dataset = prepared(source)
    rows = looked_at(dataset).augmented
    assert rows.shape == (ROWS, 1 + VERSIONS, 16, 16, 1)
    edge = (dataset.pixels.shape[2] - 16) // 2
    middles = dataset.pixels[:, 0, edge : edge + 16, edge : edge + 16]
    for original, *versions in rows[..., 0]:
        (number, *_) = np.flatnonzero((middles == original).all(axis=(1, 2)))
        assert len(np.unique(np.stack(versions), axis=0)) > 3
        if not crop:  # each is some brightness of the picture or of its mirror image
            for version in versions:
                both = np.stack([original, original[:, ::-1]]).astype(float)
                shift = version.astype(float) - both
                inside = (version > 0) & (version < 255)
                assert min(np.ptp(row[inside]) if inside.any() else 0 for row in shift) <= 2
        assert number < dataset.size


def test_versions_are_made_as_batches_are():
    picture = prepared(Digits(size=16, augment=Augment(crop=0.25))).pixels[5]  # [1, 20, 20]
    augment, u = Augment(crop=0.25, shift=0.1), draws(6, 0, 11)
    pixels = torch.from_numpy(picture).expand(6, -1, -1, -1)
    same = to_uint8(augment(to_float(windows(pixels, 16, u)), u))
    assert (preview(augment, picture.transpose(1, 2, 0), 6, seed=11, size=16) == same).all()


def test_random_crops_are_versions_too(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(16):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(tmp_path / f"{i}.png")
    assert finished(look(ImageFolder(path=str(tmp_path), size=16)))[1].augmented is None
    rows = finished(look(ImageFolder(path=str(tmp_path), size=16, fit="random-crop")))[1].augmented
    assert rows.shape == (ROWS, 1 + VERSIONS, 16, 16, 3)
    assert len(np.unique(rows[0].reshape(1 + VERSIONS, -1), axis=0)) > 2


def test_files_that_were_left_out_are_listed_with_reasons(tmp_path):
    for i in range(20):
        Image.new("RGB", (16, 16), (10 * i, 0, 0)).save(tmp_path / f"{i:02}.png")
    (tmp_path / "letter.png").write_text("Dear diary")
    seen = finished(look(ImageFolder(path=str(tmp_path), size=16)))[1]
    assert seen.size == 20 and seen.classes == () and seen.notes == ()
    assert seen.skipped == (("letter.png", "is not a picture in a format that can be read"),)


def test_points_have_no_versions():
    seen = finished(look(SOURCES["toy2d"].parse({})))[1]
    assert seen.real.shape == (2500, 2) and seen.augmented is None and seen.size is None


def test_closing_cancels_the_preparation(tmp_path):
    closed = []

    class Slow(Digits):
        def prepare(self):
            try:
                while True:
                    yield Progress(1, 2, "Working")
            finally:
                closed.append(True)

    steps = look(Slow())
    next(steps)
    steps.close()
    assert closed


def test_what_is_missing_is_fetched_first_if_asked():
    here = []

    class Far(Digits):
        def missing(self):
            return "" if here else "It is far away."

        def fetch(self):
            yield Progress(1, 1, "Fetching")
            here.append(True)

        def prepare(self):
            if self.missing():
                raise ConfigError(self.missing())
            return (yield from super().prepare())

    with pytest.raises(ConfigError, match="far away"):
        list(look(Far()))
    told, _ = finished(look(Far(), fetch=True))
    assert told[0].text == "Fetching"


def test_only_published_sets_have_to_be_fetched():
    missing = {entry.kind: entry().missing() for entry in SOURCES}
    assert missing.pop("torchvision") == "MNIST is not on this computer; it is a download of 12 MB."
    assert set(missing.values()) == {""}
    for entry in SOURCES:
        if entry.kind != "torchvision":
            assert list(entry().fetch()) == []
