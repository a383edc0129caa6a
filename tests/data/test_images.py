from collections import Counter

import numpy as np
import pytest
import torch

from gan_studio.data import Stream, images, shuffled
from gan_studio.data.augment import Augment
from gan_studio.data.images import ImageDataset
from gan_studio.images import to_uint8

CPU = torch.device("cpu")
N = 23
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 3, 10, 10), dtype=np.uint8)
PIXELS[:, 0, 0, 0] = np.arange(N)  # every picture names itself
LABELS = np.arange(N) % 4
STRONG = Augment(horizontal_flip=True, crop=0.25, shift=0.1, rotate=10, brightness=0.1, saturation=0.2)


@pytest.fixture(params=["array", "map"])
def pixels(request, tmp_path):
    if request.param == "array":
        return PIXELS
    np.save(tmp_path / "pixels.npy", PIXELS)
    return np.load(tmp_path / "pixels.npy", mmap_mode="r")


@pytest.fixture(params=["held", "read batch by batch"])
def dataset(request, pixels, monkeypatch):
    if request.param != "held":
        monkeypatch.setattr(images, "free_bytes", lambda device: 0)
    moved = ImageDataset(pixels, LABELS, ("a", "b", "c", "d"), {"hair": LABELS % 2}, {"hair": ("red", "blue")}).to(CPU)
    assert (moved._stack.held is not None) == (request.param == "held")
    return moved


def drawn(batch) -> list[int]:
    return to_uint8(batch.x)[:, 0, 0, 0].tolist()


def test_a_batch_is_what_shuffled_names(dataset):
    batch = dataset.batch(8, 5, 1)
    numbers = shuffled(N, 8, 5, 1)
    assert batch.x.shape == (8, 3, 10, 10) and batch.x.dtype == torch.float32 and batch.x.is_contiguous()
    assert (to_uint8(batch.x).transpose(0, 3, 1, 2) == PIXELS[numbers]).all()
    assert batch.y is not None and batch.y.dtype == torch.int64 and batch.y.tolist() == LABELS[numbers].tolist()
    assert batch.attributes["hair"].tolist() == (LABELS[numbers] % 2).tolist()
    assert dataset.size == N and dataset.shape == (3, 10, 10) and dataset.attributes == {"hair": ("red", "blue")}


def test_an_epoch_has_every_picture_once(dataset):
    stream = Stream(dataset, 5, seed=7)
    seen = [number for _ in range(23) for number in drawn(next(stream))]  # 5 epochs of 23
    for epoch in range(5):
        assert sorted(seen[epoch * N : (epoch + 1) * N]) == list(range(N))
    assert seen[:N] != seen[N : 2 * N]


def test_any_batch_alone_is_the_same_as_in_a_row():
    dataset = ImageDataset(PIXELS, LABELS, size=8, augment=STRONG).to(CPU)
    stream = Stream(dataset, 6, seed=3)
    in_a_row = [next(stream) for _ in range(9)]
    for position in (8, 0, 4, 4):
        alone = dataset.batch(6, position, 3)
        assert torch.equal(alone.x, in_a_row[position].x) and torch.equal(alone.y, in_a_row[position].y)
    assert not torch.equal(dataset.batch(6, 4, 4).x, in_a_row[4].x)


def test_held_or_not_the_pictures_are_the_same(monkeypatch):
    held = ImageDataset(PIXELS, size=8, augment=STRONG).to(CPU)
    monkeypatch.setattr(images, "free_bytes", lambda device: 0)
    read = ImageDataset(PIXELS, size=8, augment=STRONG).to(CPU)
    assert held._stack.held is not None and read._stack.held is None
    assert torch.equal(held.batch(9, 2, 0).x, read.batch(9, 2, 0).x)


def test_larger_pictures_are_seen_through_windows():
    dataset = ImageDataset(PIXELS, size=8)
    x = to_uint8(dataset.batch(N, 0, 0).x).transpose(0, 3, 1, 2)
    assert dataset.shape == (3, 8, 8) and x.shape == (N, 3, 8, 8)
    places = set()
    for picture, number in zip(x, shuffled(N, N, 0, 0), strict=True):
        every = [
            (r, c) for r in range(3) for c in range(3) if (PIXELS[number, :, r : r + 8, c : c + 8] == picture).all()
        ]
        assert len(every) == 1
        places.update(every)
    assert len(places) > 4


def test_moving_copies_nothing_twice_and_leaves_the_first_alone(monkeypatch):
    monkeypatch.setattr(images, "COPIED_BYTES", 1000)  # several pieces
    first = ImageDataset(PIXELS)
    second = first.to(CPU)
    assert (
        first._stack.held is None
        and second._stack.held is not None
        and torch.equal(second._stack.held, torch.from_numpy(PIXELS))
    )
    assert second.to(CPU)._stack.held is second._stack.held
    meta = second.to(torch.device("meta"))
    assert (
        meta._stack.held is not None
        and meta._stack.held.device.type == "meta"
        and second._stack.held.device.type == "cpu"
    )


def test_without_labels():
    batch = ImageDataset(PIXELS).batch(4, 0, 0)
    assert batch.y is None and batch.attributes == {}


def test_notes_name_the_first_few_that_were_left_out():
    skipped = tuple((f"{i}.png", "is damaged") for i in range(5))
    dataset = ImageDataset(PIXELS, skipped=skipped, notes=("Beware.",))
    assert (
        dataset.notes[0].startswith("5 files were left out: 0.png is damaged; 1.png") and dataset.notes[1] == "Beware."
    )
    assert dataset.skipped == skipped and "4.png" not in dataset.notes[0]
    assert ImageDataset(PIXELS, skipped=skipped[:1]).notes == ("1 file was left out: 0.png is damaged.",)
    assert ImageDataset(PIXELS).notes == ()


def test_a_map_outlives_its_file(tmp_path, monkeypatch):
    """A data folder that vanishes, or a cache that is cleared, does not hurt a training that runs."""
    np.save(tmp_path / "pixels.npy", PIXELS)
    monkeypatch.setattr(images, "free_bytes", lambda device: 0)
    dataset = ImageDataset(np.load(tmp_path / "pixels.npy", mmap_mode="r")).to(CPU)
    try:
        (tmp_path / "pixels.npy").unlink()
    except PermissionError:
        return  # Windows keeps a file that is in use
    assert Counter(drawn(dataset.batch(N, 0, 0))) == Counter(range(N))
