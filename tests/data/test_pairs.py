"""Data with pictures A and B: every source gives what it announces, and what is held out is never trained on."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from gan_studio.config import ConfigError, from_toml, to_toml
from gan_studio.data import SOURCES, Dataset
from gan_studio.data.avatar_worlds import NIGHT, AvatarWorlds
from gan_studio.data.makers import MAKERS, Holes, LowResolution, blurred
from gan_studio.data.pairing import Left, by_name, inspected
from gan_studio.data.pairs import Jitter, PairedPictures, Stack, TwoSets, split
from gan_studio.images import PictureError, to_uint8

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))


def finished(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def prepared(values: dict[str, Any]) -> Dataset:
    source = SOURCES.parse(values)
    assert SOURCES.parse(source.plain()) == source
    assert SOURCES.parse(from_toml(to_toml(source.plain()))) == source
    source.check()
    return finished(source.prepare())


def png(red: int, size: tuple[int, int] = (16, 16), blue: int = 0) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (red, 0, blue)).save(file, "PNG")
    return file.getvalue()


def double(left: int, right: int, size: tuple[int, int] = (32, 16)) -> bytes:
    picture = Image.new("RGB", size, (left, 0, 0))
    picture.paste((right, 0, 0), (size[0] // 2, 0, *size))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def folder(root, files: dict[str, bytes]) -> str:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return str(root)


def reds(x: torch.Tensor) -> list[int]:
    """The number that each picture carries."""
    return to_uint8(x)[:, 8, 8, 0].tolist()


# --- every source ----------------------------------------------------------------------------------------------------


def every(tmp_path) -> list[dict[str, Any]]:
    doubles = folder(tmp_path / "doubles", {f"{i:02}.png": double(i, 100 + i) for i in range(20)})
    a = folder(tmp_path / "a", {f"{i:02}.png": png(i) for i in range(20)})
    b = folder(tmp_path / "b", {f"{i:02}.png": png(100 + i) for i in range(20)})
    jitter = {"crop": 0.12, "horizontal_flip": True}
    avatars = {"kind": "avatars", "size": 16, "count": 40}
    return [
        {"kind": "ab-pairs", "path": doubles, "size": 16, "jitter": jitter},
        {"kind": "ab-pairs", "path": doubles, "size": 16, "a_channels": "grey"},
        {"kind": "paired-folders", "path_a": a, "path_b": b, "size": 16, "jitter": jitter},
        {"kind": "two-folders", "path_a": a, "path_b": b, "size": 16, "jitter": jitter, "b_channels": "grey"},
        {"kind": "avatar-lines", "size": 32, "count": 64, "jitter": jitter},
        {"kind": "avatar-worlds", "size": 32, "count": 16, "jitter": jitter},
        {"kind": "avatar-worlds", "size": 32, "count": 16, "worlds": "glasses"},
        *({"kind": "made-pairs", "pictures": avatars, "made": maker.kind} for maker in MAKERS),
        {
            "kind": "made-pairs",
            "pictures": {"kind": "digits", "size": 16},
            "made": {"kind": "low-resolution", "scale": 4},
        },
    ]


def test_every_source_gives_what_it_announces(tmp_path):
    for values in every(tmp_path):
        source = SOURCES.parse(values)
        dataset = prepared(values)
        assert dataset.pairs is not None and source.pairs() is not None
        assert dataset.shape == source.shape() and dataset.pairs.shape == source.pairs().shape
        assert dataset.pairs.matched == source.pairs().matched
        for part in (dataset, dataset.held_out):
            assert part is not None and part.pairs is not None
            batch = part.to(CPU).batch(3, 4, 7)
            x, pair = batch.both()
            assert x.shape == (3, *dataset.shape) and pair.shape == (3, *dataset.pairs.shape)
            for pictures in (x, pair):
                assert pictures.dtype == torch.float32 and pictures.is_contiguous()
                assert pictures.min() >= -1 and pictures.max() <= 1
            again = part.batch(3, 4, 7)
            assert torch.equal(again.x, x) and torch.equal(again.both()[1], pair)
            if part is dataset:
                assert not torch.equal(part.batch(3, 4, 8).x, x)
        assert isinstance(dataset.size, int) and isinstance(dataset.held_out.size, int)


def test_plain_pictures_are_the_middles_of_those_that_are_jittered(tmp_path):
    jittered = every(tmp_path)
    for values, stacks in ((jittered[0], ("stack",)), (jittered[3], ("a", "b"))):
        dataset = prepared(values)
        plain = dataset.plain()
        assert plain.plain() is plain and dataset.jitter != plain.jitter
        x, pair = plain.batch(len(getattr(dataset, stacks[0])), 0, 5).both()
        middles = [getattr(dataset, name).all()[:, :, 1:17, 1:17] for name in stacks]
        both = middles if len(middles) == 2 else (middles[0][:, :3], middles[0][:, 3:])
        for drawn, stored in zip((x, pair), both, strict=True):
            assert sorted(map(bytes, to_uint8(drawn))) == sorted(map(bytes, stored.transpose(0, 2, 3, 1).copy()))
    made = prepared(
        {"kind": "made-pairs", "pictures": {"kind": "avatars", "size": 16, "count": 40, "augment": {"shift": 0.4}}}
    )
    assert not torch.equal(made.batch(4, 0, 0).both()[1], made.plain().batch(4, 0, 0).both()[1])
    assert made.plain().plain().batch(4, 0, 0).x.shape == made.batch(4, 0, 0).x.shape


# --- what is held out ------------------------------------------------------------------------------------------------


def test_a_split_is_disjoint_and_whole():
    rows, held = split(100, 0.1)
    assert len(held) == 10 and sorted([*rows, *held]) == list(range(100))
    assert len(split(5000, 0.5)[1]) == 64 and len(split(100, 0.0)[1]) == 0


@pytest.mark.parametrize("kind", ["ab-pairs", "paired-folders"])
def test_held_out_pairs_are_never_trained_on(tmp_path, kind):
    values = next(v for v in every(tmp_path) if v["kind"] == kind)
    dataset = prepared(values)
    trained = {number for position in range(20) for number in reds(dataset.batch(4, position, 0).x)}
    held = set(reds(dataset.held_out.batch(dataset.held_out.size, 0, 0).x))
    assert not trained & held and sorted(trained | held) == list(range(20))
    for part in (dataset, dataset.held_out):
        a, b = (reds(x) for x in part.batch(2, 3, 1).both())
        assert [n + 100 for n in a] == b  # each with its own partner


def test_nobody_lives_in_two_worlds():
    source = AvatarWorlds(count=16, size=32)
    people = source.people()
    assert sum(map(len, people)) == len({index for group in people for index in group})
    dataset = finished(source.prepare())
    seen = [to_uint8(x) for x in (dataset.a.take(np.arange(16)), dataset.b.take(np.arange(16)))]
    truth = dataset.held_out.batch(64, 0, 0).both()
    for pictures in truth:
        shown = {picture.tobytes() for group in seen for picture in group}
        assert not shown & {picture.tobytes() for picture in to_uint8(pictures)}


@pytest.mark.parametrize("worlds", ["hair", "night", "glasses"])
def test_the_truth_is_the_same_person_in_the_other_world(worlds):
    dataset = finished(AvatarWorlds(count=16, size=32, worlds=worlds).prepare())
    a, b = dataset.held_out.batch(64, 0, 0).both()
    same = (a - b).abs().amax(dim=1) < 0.02  # [N, H, W]
    if worlds == "night":
        day = (to_uint8(a).astype(float) * NIGHT).round()
        np.testing.assert_array_equal(day, to_uint8(b))
    else:
        assert 0.3 < same.float().mean() < 0.98 and same[:, :2].float().mean() > 0.7
    # Other people, on the other hand, differ nearly everywhere.
    assert (a - b.roll(1, 0)).abs().mean() > 1.5 * (a - b).abs().mean() or worlds == "night"


def test_two_sets_are_not_shown_in_step():
    a, b = (np.full((20, 3, 16, 16), 0, np.uint8) for _ in "ab")
    a[:, 0], b[:, 0] = np.arange(20)[:, None, None], np.arange(20)[:, None, None]
    dataset = TwoSets(Stack(a), Stack(b), 16, ("A", "B"))
    met = {
        (x, y) for position in range(60) for x, y in zip(*map(reds, dataset.batch(4, position, 0).both()), strict=True)
    }
    assert len(met) > 100
    for position in range(5):  # and each set once in an epoch of its own
        numbers = [reds(x) for x in dataset.batch(20, position, 0).both()]
        assert all(sorted(column) == list(range(20)) for column in numbers)


# --- jitter ----------------------------------------------------------------------------------------------------------


def test_jitter_is_the_same_for_both_of_a_pair():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 3, 18, 18), dtype=np.uint8)
    both = np.concatenate([pixels, pixels], axis=1)  # B is A: so it must stay
    jitter = Jitter(horizontal_flip=True, vertical_flip=True, crop=0.12)
    assert jitter.stored(16) == 18
    dataset = PairedPictures(Stack(both), 3, 16, ("A", "B"), jitter)
    seen = set()
    for position in range(30):
        x, pair = dataset.batch(3, position, 0).both()
        assert torch.equal(x, pair)
        seen |= {picture.tobytes() for picture in to_uint8(x)}
    assert len(seen) > 40  # 6 pictures, 9 windows, 4 flips
    windows = {
        np.flip(picture[:, top : top + 16, left : left + 16], axes).transpose(1, 2, 0).tobytes()
        for picture in pixels
        for top in range(3)
        for left in range(3)
        for axes in ((), (1,), (2,), (1, 2))
    }
    assert seen <= windows


# --- pairs made of pictures -------------------------------------------------------------------------------------------


def test_low_resolution_is_that_of_pillow():
    b = torch.rand(1, 1, 32, 32) * 2 - 1
    expected = Image.fromarray(b[0, 0].numpy()).resize((8, 8), Image.Resampling.BICUBIC)
    found = LowResolution(scale=4)(b, 0, 0)
    np.testing.assert_allclose(found[0, 0], np.asarray(expected).clip(-1, 1), atol=1e-5)


def test_edges_are_where_the_step_is():
    b = -torch.ones(1, 3, 16, 16)
    b[..., 8:] = 1
    edges = MAKERS.parse({"kind": "edges", "blur": 0.0})(b, 0, 0)
    assert edges.shape == (1, 1, 16, 16)
    assert (edges[..., 7:9] < -0.9).all() and (edges[..., :7] == 1).all() and (edges[..., 9:] == 1).all()


def test_holes_are_seeded_and_of_the_sizes_asked_for():
    b = torch.ones(8, 3, 20, 20)
    make = Holes(least=0.25, most=0.5)
    a = make(b, 3, 1)
    assert torch.equal(a, make(b, 3, 1)) and not torch.equal(a, make(b, 4, 1))
    for picture in a:
        hole = picture[0] == 0
        rows, columns = hole.any(1).sum(), hole.any(0).sum()
        assert 5 <= rows <= 10 and 5 <= columns <= 10 and hole.sum() == rows * columns
    assert len({tuple((picture[0] == 0).nonzero()[0].tolist()) for picture in a}) > 4


def test_a_mosaic_is_the_mean_of_its_blocks():
    b = torch.rand(2, 3, 8, 8) * 2 - 1
    a = MAKERS.parse({"kind": "mosaic", "block": 4})(b, 0, 0)
    torch.testing.assert_close(a, functional.interpolate(functional.avg_pool2d(b, 4), scale_factor=4))


def test_blur_keeps_the_mean_and_spreads_a_point():
    x = torch.zeros(1, 1, 33, 33)
    x[..., 16, 16] = 1
    y = blurred(x, 2.0)
    assert float(y.sum()) == pytest.approx(1, abs=1e-5)
    at = torch.arange(33) - 16
    assert float((y[0, 0].sum(0) * at**2).sum()) == pytest.approx(4, rel=0.02)  # the variance is sigma^2


# --- side by side -----------------------------------------------------------------------------------------------------


def test_the_right_half_may_be_a(tmp_path):
    path = folder(tmp_path / "doubles", {f"{i:02}.png": double(i, 100 + i) for i in range(20)})
    dataset = prepared({"kind": "ab-pairs", "path": path, "size": 16, "a_is": "right"})
    a, b = (reds(x) for x in dataset.batch(4, 0, 0).both())
    assert [n - 100 for n in a] == b


@pytest.mark.parametrize("zipped", [False, True])
def test_train_and_test_are_found(tmp_path, zipped):
    files = {f"facades/train/{i}.png": double(i, 0) for i in range(8)}
    files |= {f"facades/test/{i}.png": double(100 + i, 0) for i in range(5)}
    path = folder(tmp_path / "set", files)
    if zipped:
        path = str(tmp_path / "set.zip")
        with zipfile.ZipFile(path, "w") as box:
            for name, data in files.items():
                box.writestr(name, data)
    dataset = prepared({"kind": "ab-pairs", "path": path, "size": 16})
    assert sorted(reds(dataset.batch(8, 0, 0).x)) == list(range(8))
    assert sorted(reds(dataset.held_out.batch(5, 0, 0).x)) == list(range(100, 105))


def test_broken_and_odd_doubles_are_left_out_with_a_reason(tmp_path):
    files = {f"{i:02}.png": double(i, 100 + i) for i in range(8)}
    files |= {"broken.png": b"no picture", "odd.png": png(0, (31, 16))}
    dataset = prepared({"kind": "ab-pairs", "path": folder(tmp_path / "d", files), "size": 16})
    reasons = dict(dataset.skipped)
    assert "31 px wide, which is odd" in reasons["odd.png"] and "not a picture" in reasons["broken.png"]
    assert dataset.notes[0].startswith("2 files were left out")


# --- two folders ------------------------------------------------------------------------------------------------------


def test_train_and_test_worlds_are_found(tmp_path):
    files = {f"horse2zebra/train{w}/{i}.png": png(base + i) for w, base in (("A", 0), ("B", 100)) for i in range(8)}
    files |= {f"horse2zebra/test{w}/{i}.png": png(base + i) for w, base in (("A", 50), ("B", 150)) for i in range(4)}
    dataset = prepared({"kind": "two-folders", "path_a": folder(tmp_path / "set", files), "size": 16})
    a, b = (sorted(reds(x)) for x in dataset.batch(8, 0, 0).both())
    assert (a, b) == (list(range(8)), list(range(100, 108)))
    a, b = (sorted(reds(x)) for x in dataset.held_out.batch(4, 0, 0).both())
    assert (a, b) == (list(range(50, 54)), list(range(150, 154)))
    assert not dataset.held_out.pairs.matched


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "ab-pairs"}, "path: choose a folder"),
        ({"kind": "ab-pairs", "path": "/nowhere/at/all"}, "path: there is no folder"),
        ({"kind": "paired-folders", "path_a": "GOOD", "path_b": "EMPTY"}, "path_b: there is no picture"),
        ({"kind": "paired-folders", "path_a": "GOOD", "path_b": "OTHER"}, "0 pairs can be used.*is only in A"),
        ({"kind": "paired-folders", "path_a": "GOOD", "path_b": "TALL"}, "0 pairs can be used.*its sizes differ"),
        ({"kind": "two-folders", "path_a": "GOOD", "path_b": "EMPTY"}, "path_b: there is no picture"),
        ({"kind": "two-folders", "path_a": "GOOD"}, "path_a: there is no folder trainA"),
        ({"kind": "made-pairs", "pictures": {"kind": "avatar-lines"}}, "pictures: these are pairs already"),
        ({"kind": "made-pairs", "pictures": {"kind": "toy2d"}}, "pictures: these are points"),
        ({"kind": "made-pairs", "pictures": {"kind": "avatars", "count": 0}}, "pictures: .* without an end"),
        ({"kind": "made-pairs", "pictures": {"kind": "digits"}, "made": "grey"}, "made: .* no colours"),
        ({"kind": "made-pairs", "pictures": "image-folder"}, "pictures.path: choose"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_sentence(tmp_path, values, says):
    places = {
        "GOOD": folder(tmp_path / "good", {f"{i:02}.png": png(i) for i in range(9)}),
        "OTHER": folder(tmp_path / "other", {f"x{i:02}.png": png(i) for i in range(9)}),
        "TALL": folder(tmp_path / "tall", {f"{i:02}.png": png(i, (16, 32)) for i in range(9)}),
        "EMPTY": folder(tmp_path / "empty", {"readme.txt": b"nothing here"}),
    }
    with pytest.raises(ConfigError, match=says) as error:
        prepared({key: places.get(value, value) if isinstance(value, str) else value for key, value in values.items()})
    assert len(error.value.problems) == 1 and str(error.value).endswith((".", "!"))


# --- the pairing assistant --------------------------------------------------------------------------------------------


def test_names_match_but_for_ending_and_case():
    pairing = by_name(["x/1.png", "x/2.JPG", "x/3.png"], ["X/1.jpg", "x/2.png", "y/3.png"])
    assert pairing.matched == (("x/1.png", "X/1.jpg"), ("x/2.JPG", "x/2.png"))
    assert pairing.left == (Left("A", "x/3.png", "is only in A"), Left("B", "y/3.png", "is only in B"))


def test_names_match_but_for_what_tells_them_apart():
    pairing = by_name(
        ["001_A.png", "002-input.png", "0801x4.png", "face_real_A.png"],
        ["001_B.png", "002-target.png", "0801.png", "face_fake_B.png"],
    )
    assert len(pairing.matched) == 4 and not pairing.left


def test_namesakes_are_left_alone():
    pairing = by_name(["1.png", "1.jpg", "2.png"], ["1.png", "2.png"])
    assert pairing.matched == (("2.png", "2.png"),)
    assert [left.name for left in pairing.left] == ["1.jpg", "1.png", "1.png"]
    assert all("several namesakes" in left.why for left in pairing.left)


def test_every_name_is_told_of_once():
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = ({f"{rng.integers(12)}{rng.choice(['', '_A', '_B', 'x2'])}.png" for _ in range(8)} for _ in "ab")
        pairing = by_name(a, b)
        told = [("A", x) for x, _ in pairing.matched] + [("B", y) for _, y in pairing.matched]
        told += [(left.side, left.name) for left in pairing.left]
        assert sorted(told) == sorted([("A", x) for x in a] + [("B", y) for y in b])


def test_pairs_that_cannot_be_used_say_why():
    files = {
        "good.png": png(0),
        "tall.png": png(0, (16, 32)),
        "broken.png": b"\x89PNG nothing",
        "larger.png": png(0, (64, 64)),
    }
    other = {name: png(1) for name in files}

    def read(name: str) -> bytes:
        return files[name]

    pairing = finished(inspected(by_name(files, other), read, other.__getitem__))
    assert pairing.matched == (("good.png", "good.png"), ("larger.png", "larger.png"))
    why = {left.name: left.why for left in pairing.left}
    assert "sizes differ, 16 x 32 px in A and 16 x 16 px in B" in why["tall.png"]
    assert "picture" in why["broken.png"] or "damaged" in why["broken.png"]


def test_unreadable_reasons_are_told_as_they_are():
    def gone(name: str) -> bytes:
        raise PictureError("is not there any more")

    pairing = finished(inspected(by_name(["1.png"], ["1.png"]), gone, lambda name: png(0)))
    assert pairing.matched == () and pairing.left == (Left("A", "1.png", "is not there any more"),)
