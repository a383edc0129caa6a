import io
import json
import os
import struct
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan_studio import images
from gan_studio.config import ConfigError, from_toml, to_toml
from gan_studio.data import SOURCES, image_folder
from gan_studio.data.image_folder import ImageFolder


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))


def png(value: int, size: tuple[int, int] = (20, 16)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (value, 0, 255 - value)).save(file, "PNG")
    return file.getvalue()


def pictures(names: list[str]) -> dict[str, bytes]:
    return {name: png(i) for i, name in enumerate(names)}


TWENTY = pictures([f"{i:02}.png" for i in range(20)])
CLASSES = pictures([f"{top}/deep/{i:02}.png" for top in ("cats", "dogs") for i in range(10)])


def folder(root, files: dict[str, bytes]) -> str:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return str(root)


def boxed(path, files: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in files.items():
            box.writestr(name, data)
    return str(path)


@pytest.fixture(params=["folder", "zip"])
def place(request, tmp_path):
    """Puts files into a folder or a zip and gives its path."""
    if request.param == "folder":
        return lambda files: folder(tmp_path / "pictures", files)
    return lambda files: boxed(tmp_path / "pictures.zip", files)


def prepared(**options):
    steps = ImageFolder(**({"size": 8} | options)).prepare()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def reds(dataset) -> list[int]:
    return dataset.pixels[:, 0, 4, 4].tolist()


def test_pictures_are_read_in_the_order_of_their_names(place):
    dataset = prepared(path=place(TWENTY | {"readme.txt": b"hello", ".hidden.png": b"", "__MACOSX/00.png": b""}))
    assert dataset.shape == (3, 8, 8) == ImageFolder(size=8).shape() and dataset.size == 20
    assert reds(dataset) == list(range(20)) and dataset.classes == () and dataset.notes == ()
    assert dataset.batch(4, 0, 0).y is None


def test_sub_folders_are_classes(place):
    path = place(CLASSES)
    dataset = prepared(path=path)
    assert dataset.classes == ("cats", "dogs")
    batch = dataset.batch(20, 0, 0)
    assert (images.to_uint8(batch.x)[:, 4, 4, 0] // 10 == batch.y.numpy()).all()
    assert prepared(path=path, labels="none").classes == ()


def test_sub_folders_are_no_classes_where_pictures_lie_beside_them(place):
    path = place(CLASSES | {"other.png": png(99)})
    assert prepared(path=path).classes == ()
    dataset = prepared(path=path, labels="folders")
    assert dataset.classes == (".", "cats", "dogs")
    assert sorted(dataset.batch(21, 0, 0).y.tolist()) == [0] + [1] * 10 + [2] * 10


def test_labels_of_stylegan(place):
    names = [f"0000{i % 2}/img{i:08}.png" for i in range(20)]
    labels = {"labels": [[name, i % 3] for i, name in enumerate(names)]}
    dataset = prepared(path=place(pictures(names) | {"dataset.json": json.dumps(labels).encode()}))
    assert dataset.classes == ("0", "1", "2")
    batch = dataset.batch(20, 0, 0)
    assert (images.to_uint8(batch.x)[:, 4, 4, 0] % 3 == batch.y.numpy()).all()


def test_stylegan_without_labels_and_with_some_missing(place, tmp_path):
    path = place(TWENTY | {"dataset.json": b'{"labels": null}'})
    assert prepared(path=path).classes == ()
    some = json.dumps({"labels": [[f"{i:02}.png", 1] for i in range(18)]}).encode()
    dataset = prepared(path=folder(tmp_path / "some", TWENTY | {"dataset.json": some}))
    assert dataset.size == 18 and ("18.png", "has no label in dataset.json") in dataset.skipped
    assert prepared(path=str(tmp_path / "some"), labels="none").size == 20


@pytest.mark.parametrize(
    "text", [b"no", b"[]", b"{}", b'{"labels": 3}', b'{"labels": [["00.png"]]}', b"\xff\xfe", b"[" * 9**5]
)
def test_broken_labels_are_a_sentence(place, text):
    with pytest.raises(ConfigError, match=r"dataset\.json does not hold labels"):
        prepared(path=place(TWENTY | {"dataset.json": text}))


@pytest.mark.parametrize("label", [-1, 1.5, "cat", [0.0, 1.0], True])
def test_labels_that_are_no_class_numbers_are_a_sentence(place, label):
    text = json.dumps({"labels": [[name, label] for name in TWENTY]}).encode()
    with pytest.raises(ConfigError, match="whole class numbers"):
        prepared(path=place(TWENTY | {"dataset.json": text}))


# --- what cannot be read ---


def test_unreadable_files_are_listed_and_left_out(place):
    broken = {"a.png": b"nothing", "b.jpg": png(7)[:60], "c.png": png(8)[:-30]}
    dataset = prepared(path=place(TWENTY | broken))
    assert dataset.size == 20 and [name for name, _ in dataset.skipped] == ["a.png", "b.jpg", "c.png"]
    assert dataset.skipped[0][1] == "is not a picture in a format that can be read"
    assert "damaged" in dataset.skipped[2][1]
    assert dataset.notes[0].startswith("3 files were left out: a.png is not a picture")


def test_labels_stay_with_their_pictures_when_some_are_left_out(place):
    dataset = prepared(path=place(CLASSES | {"cats/deep/03.png": b"broken", "dogs/0.png": b"broken"}))
    batch = dataset.batch(19, 0, 0)
    assert dataset.size == 19
    assert (images.to_uint8(batch.x)[:, 4, 4, 0] // 10 == batch.y.numpy()).all()


def test_bombs_are_left_out(place):
    bomb = bytearray(png(0))
    bomb[16:24] = struct.pack(">II", 60_000, 60_000)
    bomb[29:33] = struct.pack(">I", zipfile.crc32(bytes(bomb[12:29])))
    dataset = prepared(path=place(TWENTY | {"bomb.png": bytes(bomb)}))
    assert dataset.size == 20 and "million pixels" in dataset.skipped[0][1]


def test_files_that_are_too_large_are_left_out(place, monkeypatch):
    """In a zip, the size that an entry announces is what counts: nothing is unpacked to find out."""
    monkeypatch.setattr(image_folder, "MAX_FILE_BYTES", 10_000)
    dataset = prepared(path=place(TWENTY | {"zeros.png": bytes(10_001)}))
    assert dataset.size == 20 and dataset.skipped[0][0] == "zeros.png" and "larger" in dataset.skipped[0][1]


@pytest.mark.parametrize(
    "name", ["../a.png", "a/../../b.png", "/etc/a.png", "C:/a.png", "C:\\a.png", "..\\a.png", "\\\\x\\a.png"]
)
def test_zips_that_lead_outside_are_refused(tmp_path, name):
    path = boxed(tmp_path / "evil.zip", TWENTY | {name: png(0)})
    with pytest.raises(ConfigError, match="leads outside"):
        prepared(path=path)
    assert not (tmp_path / "a.png").exists()


def test_damaged_and_encrypted_entries_are_left_out(tmp_path):
    path = tmp_path / "box.zip"
    boxed(path, TWENTY)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as box:
        first, second = box.infolist()[:2]
    data[first.header_offset + 45] ^= 0xFF  # in the packed bytes of the first
    at = data.index(b"PK\1\2", data.index(b"PK\1\2") + 1)
    data[at + 8] |= 1  # the second says that it is encrypted
    path.write_bytes(data)
    dataset = prepared(path=str(path))
    assert dataset.size == 18 and second.filename == "01.png"
    assert dataset.skipped[0][1].startswith("cannot be unpacked") and dataset.skipped[1] == ("01.png", "is encrypted")


def test_what_is_not_a_zip_is_a_sentence(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK, not really")
    with pytest.raises(ConfigError, match="not a zip that can be read"):
        prepared(path=str(tmp_path / "a.zip"))


def test_no_folder_an_empty_one_and_too_few(place, tmp_path):
    with pytest.raises(ConfigError, match="No pictures are chosen yet"):
        prepared(path=" ")
    with pytest.raises(ConfigError, match="There is no folder or file"):
        prepared(path=str(tmp_path / "gone"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no picture in there"):
        prepared(path=str(tmp_path / "empty"))
    with pytest.raises(ConfigError, match=r"are 15 pictures.*at least 16"):
        prepared(path=place(dict(list(TWENTY.items())[:15])))


def test_too_few_that_can_be_used(place):
    with pytest.raises(ConfigError, match=r"Only 15 of 20 .* 00\.png is not a picture"):
        prepared(path=place(TWENTY | {f"{i:02}.png": b"" for i in range(5)}))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_followed_and_loops_end(tmp_path):
    path = folder(tmp_path / "pictures", TWENTY)
    folder(tmp_path / "elsewhere", {"linked.png": png(50)})
    (tmp_path / "pictures" / "loop").symlink_to(tmp_path / "pictures")
    (tmp_path / "pictures" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "pictures" / "dangling.png").symlink_to(tmp_path / "nothing.png")
    os.mkfifo(tmp_path / "pictures" / "pipe.png")
    dataset = prepared(path=path)
    assert dataset.size == 21 and 50 in reds(dataset)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_closed_folders_are_told(tmp_path):
    path = folder(tmp_path / "pictures", TWENTY | {"closed/a.png": png(1)})
    (tmp_path / "pictures" / "closed").chmod(0)
    assert "closed could not be read" in prepared(path=path).notes[0]
    (tmp_path / "pictures").chmod(0)
    with pytest.raises(ConfigError, match="may not be read"):
        prepared(path=path)
    (tmp_path / "pictures").chmod(0o755)
    (tmp_path / "pictures" / "closed").chmod(0o755)


# --- the cache ---


@pytest.fixture
def decoded(monkeypatch) -> list[object]:
    """Grows with each picture that is decoded."""
    calls: list[object] = []

    def counted(source, *args, **options):
        calls.append(source)
        return images.decode(source, *args, **options)

    monkeypatch.setattr(image_folder, "decode", counted)
    return calls


def test_nothing_is_decoded_twice(place, decoded):
    path = place(CLASSES)
    first = prepared(path=path)
    for options in ({}, {"labels": "none"}, {"augment": {"horizontal_flip": True}}):
        again = prepared(path=path, **options)
        assert len(decoded) == 20 and (again.pixels == first.pixels).all()


@pytest.mark.parametrize(
    "options",
    [
        {"size": 9},
        {"fit": "pad"},
        {"fit": "pad", "bars": "red"},
        {"channels": "grey"},
        {"channels": "rgba"},
        {"background": "#00ff00"},
        {"augment": {"crop": 0.2}},
    ],
    ids=str,
)
def test_what_changes_the_pixels_decodes_again(place, decoded, options):
    path = place(TWENTY)
    prepared(path=path)
    dataset = prepared(path=path, **options)
    assert len(decoded) == 40
    batch = dataset.batch(4, 0, 0)
    assert batch.x.shape[1:] == dataset.shape == ImageFolder(**({"size": 8} | options)).shape()


def test_what_changes_the_content_decodes_again(place, decoded, tmp_path):
    prepared(path=place(TWENTY))
    changed = prepared(path=place(TWENTY | {"00.png": png(200)}))
    assert len(decoded) == 40 and reds(changed)[0] == 200
    assert prepared(path=place(TWENTY | {"20.png": png(20)})).size == 21 and len(decoded) == 61


def test_a_zip_is_known_wherever_it_lies(tmp_path, decoded):
    prepared(path=boxed(tmp_path / "a.zip", TWENTY))
    prepared(path=boxed(tmp_path / "b.zip", TWENTY))
    assert len(decoded) == 20


def test_closing_cancels(place):
    steps = ImageFolder(path=place(TWENTY)).prepare()
    next(steps), next(steps)
    steps.close()
    assert prepared(path=ImageFolder(path=place(TWENTY)).path).size == 20


# --- settings ---


def test_random_crops_come_from_larger_pictures(place):
    dataset = prepared(path=place(TWENTY), fit="random-crop", size=16)
    assert dataset.pixels.shape == (20, 3, 18, 18) and dataset.shape == (3, 16, 16)


def test_transparency_shows_the_background(tmp_path):
    clear = io.BytesIO()
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(clear, "PNG")
    path = folder(tmp_path / "p", {f"{i}.png": clear.getvalue() for i in range(16)})
    assert (prepared(path=path, background="#102030").pixels[0, :, 0, 0] == (0x10, 0x20, 0x30)).all()
    assert (prepared(path=path, channels="rgba").pixels[0, 3] == 0).all()


def test_the_settings_survive_a_file_and_refuse_nonsense():
    source = ImageFolder(path="~/x", size=100, fit="pad", bars="#ff0000", augment={"crop": 0.1})
    assert SOURCES.parse(from_toml(to_toml(source.plain()))) == source
    for wrong in ({"bars": "blurple"}, {"size": 4}, {"fit": "stretch"}, {"augment": {"zoom": 9}}, {"pth": "x"}):
        with pytest.raises(ConfigError) as error:
            ImageFolder.parse(wrong)
        assert str(error.value).startswith(next(iter(wrong)))


def test_memory_of_a_picture_is_its_own(place):
    pixels = prepared(path=place(TWENTY)).pixels
    assert isinstance(pixels, np.memmap) and pixels.dtype == np.uint8
