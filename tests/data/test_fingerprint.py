"""The word for the contents of data: it follows every pixel, label and change, and no name, date or order."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from gan_studio.data import SOURCES, avatars
from gan_studio.data.augment import Augment
from gan_studio.data.digits import Digits
from gan_studio.data.images import ImageDataset
from gan_studio.data.toy2d import Grid, Ring, Toy2D
from gan_studio.jobs.together import exhausted

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (20, 1, 8, 8), np.uint8)
LABELS = np.arange(20) % 3


def of(pixels=PIXELS, labels=LABELS, **rest) -> str:
    return ImageDataset(pixels, labels, ("a", "b", "c"), **rest).fingerprint()


def test_a_pixel_a_label_a_picture_and_a_change_are_each_told() -> None:
    other = PIXELS.copy()
    other[3, 0, 2, 2] ^= 1
    words = [of(), of(other), of(labels=(LABELS + 1) % 3), of(PIXELS[:-1], LABELS[:-1]), of(size=6)]
    words += [of(augment=Augment(rotate=5)), of(columns={"hair": LABELS}), of(columns={"eyes": LABELS})]
    words += [ImageDataset(PIXELS).fingerprint(), ImageDataset(PIXELS.reshape(20, 1, 4, 16), size=4).fingerprint()]
    assert len(set(words)) == len(words)
    assert of() == words[0] and len(words[0]) == 24


def test_the_order_is_not_told_but_which_label_is_of_which_picture_is() -> None:
    order = RNG.permutation(20)
    assert of(PIXELS[order], LABELS[order]) == of() != of(PIXELS[order], LABELS)


def test_a_part_is_what_it_holds() -> None:
    rows = np.array([4, 7, 1])
    whole = ImageDataset(PIXELS, LABELS, ("a", "b", "c"))
    assert whole.only(rows).fingerprint() == of(PIXELS[rows], LABELS[rows])
    assert whole.only(rows).only(np.array([2])).fingerprint() == of(PIXELS[[1]], LABELS[[1]])
    assert whole.only(rows).counts == (0, 3, 0) and whole.counts == (7, 7, 6)


def test_files_elsewhere_under_other_names_and_of_another_day_are_the_same(tmp_path) -> None:
    words = []
    for folder, names in (("here", "abcdefghijklmnopqrst"), ("there", "tsrqponmlkjihgfedcba")):
        (tmp_path / folder).mkdir()
        for name, picture in zip(names, PIXELS, strict=True):
            Image.fromarray(picture[0]).save(tmp_path / folder / f"{name}.png")
            os.utime(tmp_path / folder / f"{name}.png", (len(words), len(words)))
        source = SOURCES.parse({"kind": "image-folder", "path": str(tmp_path / folder), "size": 8, "channels": "grey"})
        assert source.short() == folder
        words.append(exhausted(source.prepare()).fingerprint())
    assert words[0] == words[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Toy2D(distribution=Ring()), Toy2D(distribution=Grid())),
        (Toy2D(), Toy2D(distribution=Ring(sigma=0.05))),
        (avatars.Avatars(size=16, count=0), avatars.Avatars(size=16, count=0, seed=1)),
        (Digits(size=8), Digits(size=16)),
    ],
)
def test_other_data_have_other_words_and_the_same_the_same(one, other) -> None:
    first, again, second = (exhausted(source.prepare()).fingerprint() for source in (one, one, other))
    assert first == again != second


@pytest.mark.parametrize(("kind", "count"), [("avatar-lines", 64), ("avatar-worlds", 16)])
def test_pairs_have_one_too(kind: str, count: int) -> None:
    sources = [SOURCES.parse({"kind": kind, "size": 32, "count": count, "seed": seed}) for seed in (0, 0, 1)]
    words = [exhausted(source.prepare()).fingerprint() for source in sources]
    assert words[0] == words[1] != words[2]


def test_made_pairs_tell_how_they_are_made() -> None:
    words = [
        exhausted(
            SOURCES.parse({"kind": "made-pairs", "pictures": {"kind": "digits", "size": 8}, "made": made}).prepare()
        ).fingerprint()
        for made in ("low-resolution", "edges")
    ]
    assert words[0] != words[1]
