import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from gan_studio.config import ConfigError
from gan_studio.data import SOURCES, digits
from gan_studio.data.augment import Augment


def prepared(source):
    steps = source.prepare()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_the_file_is_what_scikit_learn_loads():
    pixels, labels = digits.read()
    expected = load_digits()
    assert np.array_equal(pixels, expected.images)
    assert np.array_equal(labels, expected.target)


@pytest.mark.parametrize("size", [8, 16, 32])
def test_batches(size):
    source = SOURCES.parse({"kind": "digits", "size": size})
    data = prepared(source)
    assert data.shape == source.shape() == (1, size, size)
    assert data.size == 1797
    assert data.classes == tuple("0123456789")
    batch = data.batch(1797, 0, seed=3)
    assert batch.x.shape == (1797, 1, size, size) and batch.x.dtype == torch.float32
    assert batch.x.min() == -1 and batch.x.max() == 1
    assert torch.equal(batch.y.bincount(), torch.from_numpy(np.bincount(load_digits().target)))


def test_eight_pixels_are_the_originals():
    data = prepared(digits.Digits(size=8))
    batch = data.batch(1797, 0, seed=0)
    ink = ((batch.x + 1) * 8).round().flatten(1).sort(dim=0).values
    expected = torch.from_numpy(load_digits().data).sort(dim=0).values
    assert torch.equal(ink.double(), expected)


@pytest.mark.parametrize("size", [16, 32])
def test_enlarged_digits_keep_their_content(size):
    """Shrunk back, they are nearly the originals, and a classifier reads them."""
    raw, labels = digits.read()
    large = digits.enlarged(raw, size)
    small = np.stack([np.asarray(Image.fromarray(x).resize((10, 10), Image.Resampling.BOX)) for x in large])
    correlation = np.corrcoef(small[:, 1:-1, 1:-1].ravel(), raw.ravel())[0, 1]
    assert correlation > 0.95
    assert large[:, [0, -1]].max() < 128  # a margin
    reader = SVC().fit(small[:1300].reshape(1300, -1) / 255, labels[:1300])
    assert reader.score(small[1300:].reshape(497, -1) / 255, labels[1300:]) > 0.93


def test_augmentation_and_crop_keep_the_size():
    data = prepared(digits.Digits(size=16, augment=Augment(crop=0.25, rotate=10)))
    assert data.batch(8, 0, 0).x.shape == (8, 1, 16, 16)


def test_bad_size_is_explained():
    with pytest.raises(ConfigError, match="20 is none of 8, 16 or 32"):
        digits.Digits.parse({"size": 20})
