import hashlib
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats

from gan_studio.config import ConfigError, from_toml, to_toml
from gan_studio.data import SOURCES, avatar_art, avatars
from gan_studio.data.augment import Augment
from gan_studio.data.avatars import ATTRIBUTES, Avatars, caption, describe, draw


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path))


def prepared(source):
    steps = source.prepare()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def shrunk(picture, size):
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BOX)).astype(float)


def test_faces_are_the_same_in_another_process():
    code = (
        "import hashlib; from gan_studio.data.avatars import draw;"
        "draw(9, 9, 16);"  # what was drawn before must not matter
        "print(hashlib.sha256(b''.join(draw(4, i, 32).tobytes() for i in range(12))).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == hashlib.sha256(b"".join(draw(4, i, 32).tobytes() for i in range(12))).hexdigest()


def test_the_attributes_of_a_face_never_change():
    """They stand in the labels of saved runs."""
    assert describe(0, 0) == {
        "hair colour": "purple",
        "hair style": "long",
        "eye colour": "blue",
        "skin": "fair",
        "expression": "winking",
        "glasses": "square",
        "accessory": "hairpin",
        "background": "lavender",
    }


@pytest.mark.parametrize("size", [16, 32, 64, 128])
def test_content_is_the_same_at_every_size(size):
    """A face is nearer to its own larger version than any other face is."""
    small = np.stack([draw(1, i, size) for i in range(8)])
    assert small.shape == (8, size, size, 3) and small.dtype == np.uint8
    large = [shrunk(draw(1, i, 256), size) for i in range(8)]
    distance = np.array([[np.abs(a - b).mean() for b in large] for a in small.astype(float)])
    assert distance.diagonal().max() < 5
    assert (distance + 1000 * np.eye(8)).min() > 3 * distance.diagonal().max()


def test_pictures_are_antialiased():
    """Edges have tones between: a face has far more colours than a flat drawing of some thirty shapes."""
    assert min(len(np.unique(draw(0, i, 64).reshape(-1, 3), axis=0)) for i in range(4)) > 800


@pytest.mark.parametrize("name", list(ATTRIBUTES))
def test_every_value_of_an_attribute_is_drawn_differently(name):
    """The same person with another value; only what the attribute names may change, and it must."""
    drawn = [draw(2, 5, 64, {name: value}).astype(int) for value in ATTRIBUTES[name]]
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert (np.abs(one - other).max(axis=2) > 24).mean() > 0.002
    own = describe(2, 5)
    assert np.array_equal(draw(2, 5, 64, {name: own[name]}), draw(2, 5, 64))


def test_glasses_leave_the_rest_alone():
    without, with_glasses = (draw(3, 1, 128, {"glasses": value}) for value in ("none", "round"))
    changed = (without != with_glasses).any(axis=2)
    rows = np.flatnonzero(changed.any(axis=1))
    assert 0.02 < changed.mean() < 0.2
    assert rows.min() > 35 and rows.max() < 95  # around the eyes


def test_hair_has_the_colour_that_is_named():
    """Of all named colours, the nearest to the hair above the forehead is the right one, for nearly every face."""
    names, colours = list(avatars.HAIR), np.array(list(avatars.HAIR.values()), float)
    right = 0
    for i in range(40):
        patch = draw(6, i, 32, {"hair style": "short", "accessory": "none"})[7:10, 13:19].reshape(-1, 3)
        near = names[np.abs(np.median(patch, axis=0) - colours).sum(axis=1).argmin()]
        right += near == describe(6, i)["hair colour"]
    assert right >= 34


@pytest.mark.parametrize("name", list(ATTRIBUTES))
def test_values_come_as_often_as_they_should(name):
    count, values = 3000, ATTRIBUTES[name]
    seen = np.bincount([values.index(describe(7, i)[name]) for i in range(count)], minlength=len(values))
    shares = np.array(avatars.SHARES.get(name, [1 / len(values)] * len(values)))
    assert shares.sum() == pytest.approx(1)
    assert stats.chisquare(seen, shares * count).pvalue > 1e-3


def test_attributes_are_independent():
    described = [describe(8, i) for i in range(3000)]
    names = list(ATTRIBUTES)
    for first, second in pairwise(names):
        table = np.zeros((len(ATTRIBUTES[first]), len(ATTRIBUTES[second])))
        for one in described:
            table[ATTRIBUTES[first].index(one[first]), ATTRIBUTES[second].index(one[second])] += 1
        assert stats.chi2_contingency(table).pvalue > 1e-3


def test_captions_name_every_attribute():
    for i in range(300):
        description = describe(0, i)
        sentence = caption(description)
        for name, value in description.items():
            assert value in sentence or value == "none" or (name, value) == ("hair style", "buns"), sentence
        assert ("glasses" in sentence) == (description["glasses"] != "none")
        assert sentence.endswith(" background.") and " a cat ears" not in sentence
    assert caption(describe(0, 0)) == (
        "A winking character with fair skin, long purple hair, blue eyes, square glasses and a hairpin"
        " on a lavender background."
    )


def test_captions_tell_descriptions_apart():
    assert len({caption({**describe(0, 0), "hair style": style}) for style in ATTRIBUTES["hair style"]}) == 8


def test_the_cached_set():
    source = SOURCES.parse({"kind": "avatars", "size": 16, "count": 40, "seed": 3, "label": "eye colour"})
    data = prepared(source)
    assert data.shape == source.shape() == (3, 16, 16)
    assert data.size == 40
    assert data.classes == tuple(avatars.EYES) and data.attributes == ATTRIBUTES
    batch = data.batch(40, 0, seed=1)  # each face once
    assert set(batch.attributes) == set(ATTRIBUTES)
    assert torch.equal(batch.y, batch.attributes["eye colour"])

    # A picture and its labels belong together.
    pixels = ((batch.x + 1) * 127.5).round().permute(0, 2, 3, 1).byte().numpy()
    faces = {draw(3, i, 16).tobytes(): describe(3, i) for i in range(40)}
    assert len(faces) == 40
    for n, picture in enumerate(pixels):
        told = {name: ATTRIBUTES[name][values[n]] for name, values in batch.attributes.items()}
        assert told == faces[picture.tobytes()]


def test_the_endless_set():
    data = prepared(Avatars(size=16, count=0, label="skin"))
    assert data.size is None and data.shape == (3, 16, 16)
    batch = data.batch(6, 3, seed=1)
    assert batch.x.shape == (6, 3, 16, 16) and batch.x.dtype == torch.float32
    assert batch.x.min() >= -1 and batch.x.max() <= 1
    assert torch.equal(batch.x, data.batch(6, 3, seed=1).x)
    assert torch.equal(batch.y, batch.attributes["skin"])
    for other in (data.batch(6, 4, seed=1), data.batch(6, 3, seed=2)):
        assert not torch.equal(batch.x, other.x)


def test_augmented_pictures_keep_their_size():
    data = prepared(Avatars(size=16, count=8, augment=Augment(horizontal_flip=True, crop=0.25)))
    assert data.batch(4, 0, 0).x.shape == (4, 3, 16, 16)


def test_file_round_trip():
    source = Avatars(label="hair style", augment=Augment(horizontal_flip=True))
    assert SOURCES.parse(from_toml(to_toml(source.plain()))) == source


def test_bad_choices_are_explained():
    with pytest.raises(ConfigError, match="is none of 'hair colour'"):
        Avatars.parse({"label": "hat"})
    with pytest.raises(ConfigError, match="Did you mean 'hair colour'"):
        draw(0, 0, 16, {"hair color": "red"})
    with pytest.raises(ConfigError, match="'mauve' is no hair colour"):
        draw(0, 0, 16, {"hair colour": "mauve"})


def test_every_pose_stays_on_the_sheet():
    """Extremes of all that has no name can be drawn."""
    for extreme in (0.0, 0.999999):
        look = avatar_art.Look(
            *((90, 90, 90), "ponytail", (90, 90, 200), (240, 220, 200), "sad", "square", "flower"),
            *((200, 200, 250), (90, 40, 40), (250, 40, 40), (extreme,) * 48),
        )
        assert avatar_art.paint(look, 33).shape == (33, 33, 3)
