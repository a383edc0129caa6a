"""What training never sees: of every source it is disjoint from what it sees, and unasked nothing is held out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio.config import ConfigError
from gan_studio.data import SOURCES, HeldOut
from gan_studio.data.augment import Augment
from gan_studio.data.avatars import Avatars
from gan_studio.data.digits import Digits
from gan_studio.data.image_folder import ImageFolder
from gan_studio.data.made_pairs import PairsOfPictures
from gan_studio.data.torchvision_sets import TorchvisionSet
from gan_studio.data.toy2d import Toy2D
from gan_studio.images import to_uint8
from gan_studio.jobs.together import exhausted


@pytest.fixture
def pictures(tmp_path) -> ImageFolder:
    """200 pictures, two of them the same one under two names, in two folders."""
    rng = np.random.default_rng(0)
    for i in range(200):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        number = 0 if i == 199 else i
        pixels = np.full((9, 9, 3), number, np.uint8) if number == 0 else rng.integers(0, 256, (9, 9, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "ab"[i % 2] / f"{i:03}.png")
    return ImageFolder(path=str(tmp_path), size=9)


def seen(source, count: int = 0) -> set[bytes]:
    """All of its pictures, as they are."""
    dataset = exhausted(source.prepare()).plain()
    x = dataset.batch(count or dataset.size, 0, 0).x
    return {sample.tobytes() for sample in (to_uint8(x) if x.ndim == 4 else x.numpy())}


def changed(source, **values):
    return source.model_copy(update=values)


def test_nothing_is_held_out_unless_it_is_asked_for(pictures) -> None:
    """So not one bit of a training changes: the whole set, in the same order."""
    for source in (Digits(size=8), pictures):
        assert source.held_out_share == 0 and source.unseen() is None
        dataset = exhausted(source.prepare())
        assert dataset.held_out is None and dataset._stack.rows is None and not dataset.notes
        assert source.how_to_hold_out().endswith(".") and "data.held_out_share" in source.how_to_hold_out()


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_digits_and_pictures_keep_a_share_that_training_never_sees(pictures, share: float) -> None:
    for whole in (Digits(size=8), pictures):
        source = changed(whole, held_out_share=share)
        unseen = source.unseen()
        assert isinstance(unseen, HeldOut) and unseen.shape() == source.shape() and unseen.called().endswith("held out")
        trained, held = seen(source), seen(unseen)
        everything = seen(whole)
        assert held and not trained & held and trained | held <= everything
        n = exhausted(whole.prepare()).size
        assert exhausted(unseen.prepare()).size == pytest.approx(share * n, abs=4 * (share * n) ** 0.5)
        assert f"{exhausted(unseen.prepare()).size} pictures are kept" in exhausted(source.prepare()).notes[-1]


def test_a_double_is_not_held_out_while_the_other_is_trained_on(pictures) -> None:
    black = np.zeros((9, 9, 3), np.uint8).tobytes()
    sides = []
    for share in np.arange(0.05, 0.51, 0.05):
        source = changed(pictures, held_out_share=float(share))
        trained, held = seen(source), seen(source.unseen())
        assert not trained & held
        sides.append((black in trained, black in held))
    assert (True, False) in sides


def test_labels_stay_with_their_pictures_and_are_counted(pictures) -> None:
    whole, part = exhausted(pictures.prepare()), exhausted(changed(pictures, held_out_share=0.3).prepare())
    batch = whole.batch(200, 0, 0)
    label = {picture.tobytes(): int(y) for picture, y in zip(to_uint8(batch.x), batch.y, strict=True) if picture.any()}
    for dataset in (part, part.held_out):
        batch = dataset.batch(dataset.size, 0, 0)
        assert sum(dataset.counts) == dataset.size and dataset.classes == ("a", "b")
        assert dataset.counts == tuple(batch.y.bincount().tolist())
        for picture, y in zip(to_uint8(batch.x), batch.y, strict=True):
            assert label.get(picture.tobytes(), int(y)) == int(y)


def test_pictures_that_are_added_later_move_no_other(pictures, tmp_path) -> None:
    source = changed(pictures, held_out_share=0.3)
    trained, held = seen(source), seen(source.unseen())
    rng = np.random.default_rng(1)
    for i in range(40):
        Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)).save(tmp_path / "a" / f"new {i}.png")
    assert trained < seen(source) and held < seen(source.unseen())


def test_what_is_held_out_is_changed_as_training_changes_it_or_not_at_all() -> None:
    source = Digits(size=8, held_out_share=0.2, augment=Augment(crop=0.25, rotate=20))
    held = exhausted(source.unseen().prepare())
    assert held.augment == source.augment and held.plain().augment == Augment()
    assert not seen(source) & seen(source.unseen())


def test_a_share_that_leaves_too_few_or_none_is_a_sentence(tmp_path) -> None:
    for i in range(18):
        Image.fromarray(np.full((8, 8, 3), 10 * i, np.uint8)).save(tmp_path / f"{i}.png")
    source = ImageFolder(path=str(tmp_path), size=8, held_out_share=0.5)
    with pytest.raises(ConfigError, match=r"held_out_share: of 18 pictures \d+ would be held out.* hold out less"):
        exhausted(source.prepare())
    tiny = changed(source, held_out_share=1e-9)
    with pytest.raises(ConfigError, match="So few pictures are held out that there is none"):
        exhausted(tiny.unseen().prepare())


# --- the other sources -----------------------------------------------------------------------------------------------


def test_unseen_avatars_are_other_faces_of_the_same_kind() -> None:
    source = Avatars(size=16, count=64, label="glasses")
    unseen = source.unseen()
    assert unseen.label == "glasses" and unseen.size == 16 and unseen.count == 64 and unseen.seed != source.seed
    assert not seen(source) & seen(unseen)
    assert Avatars(count=0).unseen().count == Avatars(count=10**6).unseen().count == 4096
    assert len({Avatars(seed=seed).unseen().seed for seed in range(50)}) == 50


def test_unseen_points_are_those_of_another_seed() -> None:
    source = Toy2D()
    assert source.unseen() == source
    dataset = exhausted(source.prepare())
    assert not set(map(tuple, dataset.batch(500, 0, 0).x.tolist())) & set(
        map(tuple, dataset.batch(500, 0, 1).x.tolist())
    )


def test_published_data_have_another_part() -> None:
    assert TorchvisionSet(split="train").unseen() == TorchvisionSet(split="test")
    assert TorchvisionSet(split="test", name="svhn").unseen() == TorchvisionSet(split="train", name="svhn")
    for values in ({"split": "all"}, {"name": "stl10", "split": "unlabelled"}):
        source = TorchvisionSet(**values)
        assert source.unseen() is None and "set data.split to train" in source.how_to_hold_out()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("avatar-lines", {"size": 32, "count": 64}),
        ("made-pairs", {"pictures": {"kind": "digits", "size": 8}, "made": "edges"}),
    ],
)
def test_pairs_keep_what_they_hold_out(kind: str, values) -> None:
    source = SOURCES.parse({"kind": kind, **values})
    trained, held = (exhausted(one.prepare()) for one in (source, source.unseen()))
    assert held.pairs == trained.pairs == source.unseen().pairs()
    both = [{pair.numpy().tobytes() for pair in one.batch(one.size, 0, 0).pair} for one in (trained, held)]
    assert held.size and not both[0] & both[1]
    none = SOURCES.parse({"kind": kind, "held_out_share": 0.0, **values})
    with pytest.raises(ConfigError, match="set data"):
        exhausted(none.unseen().prepare())


def test_pairs_are_never_made_of_what_their_pictures_hold_out() -> None:
    pictures = Digits(size=8, held_out_share=0.3)
    unseen = seen(pictures.unseen())
    dataset = exhausted(PairsOfPictures(pictures=pictures, made="edges", held_out_share=0.1).prepare())
    for part in (dataset, dataset.held_out):
        shown = {picture.tobytes() for picture in to_uint8(part.batch(part.size, 0, 0).pair)}
        assert shown and not shown & unseen
    assert dataset.size + 64 == exhausted(pictures.prepare()).size


def test_what_is_held_out_is_ready_on_its_own_and_changes_no_batch_of_the_training() -> None:
    source = Digits(size=8, held_out_share=0.2)
    before = exhausted(source.prepare())
    x = before.batch(16, 3, 5).x
    held = exhausted(source.unseen().prepare()).batch(16, 3, 5)
    assert torch.equal(before.batch(16, 3, 5).x, x) and held.x.shape == x.shape
