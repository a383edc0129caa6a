"""Pictures as files: what belongs to a picture comes in, goes along and comes out."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from gan_studio import picture_files
from gan_studio.picture_files import Carried, Picture, PictureError, cropped, encoded, form_of, read, seen, write

RANDOM = np.random.default_rng(0)
COLOUR = RANDOM.integers(0, 256, (6, 9, 3), np.uint8)
DEEP = RANDOM.integers(0, 65536, (6, 9, 3), np.uint16)
ALPHA = RANDOM.integers(0, 256, (6, 9), np.uint8)


def saved(picture: Image.Image, form: str = "PNG", **words: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **words)
    return buffer.getvalue()


# --- pixels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["png", "tiff"])
@pytest.mark.parametrize("alpha", [None, ALPHA])
@pytest.mark.parametrize("colour", [COLOUR, COLOUR[:, :, :1]], ids=["colour", "grey"])
def test_what_loses_nothing_gives_the_pixels_back(colour: np.ndarray, alpha: np.ndarray | None, form: str) -> None:
    again = read(encoded(Picture(colour, alpha), form))
    np.testing.assert_array_equal(again.colour, colour)
    assert (again.alpha is None) == (alpha is None)
    if alpha is not None:
        np.testing.assert_array_equal(again.alpha, alpha)


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_sixteen_bits_stay_in_a_png(bands: int) -> None:
    deep = RANDOM.integers(0, 65536, (6, 9, bands), np.uint16)
    colour, alpha = (deep, None) if bands in (1, 3) else (deep[:, :, :-1], deep[:, :, -1])
    again = read(encoded(Picture(colour, alpha)))
    np.testing.assert_array_equal(again.colour, colour)
    assert (again.alpha is None) == (alpha is None)
    if alpha is not None:
        np.testing.assert_array_equal(again.alpha, alpha)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bands", [3, 4])
def test_sixteen_bits_of_a_tiff_are_read(bands: int, order: str, compressed: bool) -> None:
    deep = RANDOM.integers(0, 65536, (6, 9, bands), np.uint16)
    found = read(deep_tiff(deep, order, compressed))
    np.testing.assert_array_equal(found.colour, deep[:, :, :3])
    if bands == 4:
        np.testing.assert_array_equal(found.alpha, deep[:, :, 3])


def deep_tiff(pixels: np.ndarray, order: str, compressed: bool) -> bytes:
    """TIFF 6.0 with one strip, as scanners and dark rooms write it."""
    height, width, bands = pixels.shape
    data = pixels.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if compressed else data
    bits = 8 + len(data) + len(data) % 2
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, bands, bits), (259, 3, 1, 8 if compressed else 1),
            (262, 3, 1, 2), (273, 4, 1, 8), (277, 3, 1, bands), (278, 3, 1, height),
            (279, 4, 1, len(data))]  # fmt: skip
    tags += [(338, 3, 1, 2)] if bands == 4 else []
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", bits + 2 * bands)
    out += data + b"\0" * (len(data) % 2) + struct.pack(f"{order}{bands}H", *[16] * bands)
    out += struct.pack(f"{order}H", len(tags))
    for tag, kind, count, value in tags:
        short = kind == 3 and count == 1
        out += struct.pack(
            f"{order}HHI" + ("HH" if short else "I"), tag, kind, count, *((value, 0) if short else (value,))
        )
    return out + struct.pack(f"{order}I", 0)


def test_pillow_reads_our_sixteen_bits() -> None:
    """The second implementation: it keeps the upper byte."""
    again = np.asarray(Image.open(io.BytesIO(encoded(Picture(DEEP)))))
    np.testing.assert_array_equal(again, (DEEP >> 8).astype(np.uint8))
    grey = np.asarray(Image.open(io.BytesIO(encoded(Picture(DEEP[:, :, :1])))))
    np.testing.assert_array_equal(grey, DEEP[:, :, 0])


def test_sixteen_bits_of_grey_stay_in_a_tiff_and_colours_become_eight() -> None:
    np.testing.assert_array_equal(read(encoded(Picture(DEEP[:, :, :1]), "tiff")).colour, DEEP[:, :, :1])
    assert read(encoded(Picture(DEEP), "tiff")).colour.dtype == np.uint8
    near = read(encoded(Picture(DEEP), "webp", 100)).colour
    assert near.dtype == np.uint8 and near.shape == DEEP.shape


def test_eight_of_sixteen_bits_are_rounded() -> None:
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    expected = np.rint(every.astype(np.float64) * 255 / 65535)
    np.testing.assert_array_equal(picture_files.eight_bits(every), expected)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    picture = Image.fromarray(COLOUR)
    picture = picture.convert("L").convert(mode) if mode in ("I", "F", "LA") else picture.convert(mode)
    data = saved(picture, "PNG" if mode in ("1", "L", "LA", "P", "RGB", "RGBA") else "TIFF")
    found = read(data)
    assert found.colour.shape == (6, 9, 1 if mode in ("1", "L", "LA", "I", "F") else 3)
    assert found.colour.dtype == (np.uint16 if mode in ("I", "F") else np.uint8)
    assert (found.alpha is not None) == (mode in ("LA", "RGBA"))


def test_a_key_colour_becomes_alpha() -> None:
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8)).convert("P")
    found = read(saved(picture, transparency=1))
    np.testing.assert_array_equal(found.alpha, [[255, 0], [255, 0]])


def test_the_screen_sees_transparency_over_a_ground() -> None:
    picture = Picture(np.full((1, 2, 1), 100, np.uint8), np.array([[0, 255]], np.uint8))
    np.testing.assert_array_equal(seen(picture, (10, 20, 30)), [[[10, 20, 30], [100, 100, 100]]])
    assert seen(Picture(DEEP)).dtype == np.uint8


def test_a_crop_is_cut_from_all_planes() -> None:
    part = cropped(Picture(COLOUR, ALPHA), (2, 1, 50, 4))
    np.testing.assert_array_equal(part.colour, COLOUR[1:4, 2:])
    np.testing.assert_array_equal(part.alpha, ALPHA[1:4, 2:])


def test_a_jpeg_lies_alpha_over_white_and_too_large_is_told() -> None:
    clear = Picture(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.uint8))
    assert read(encoded(clear, "jpeg")).colour.min() > 250
    with pytest.raises(PictureError, match="is too large for WEBP"):
        encoded(Picture(np.zeros((1, 16_384, 1), np.uint8)), "webp")


# --- what goes along -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("deep", [False, True])
def test_pictures_are_set_upright_as_pillow_does(orientation: int, deep: bool) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a lamp"
    if deep:
        data = encoded(Picture(DEEP, carried=Carried(exif=exif.tobytes())))
    else:
        data = saved(Image.fromarray(COLOUR), exif=exif)
    found = read(data)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    np.testing.assert_array_equal(found.colour >> 8 if deep else found.colour, expected)
    again = Image.open(io.BytesIO(encoded(found))).getexif()
    assert 0x0112 not in again and again[0x010E] == "a lamp"


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff"])
def test_metadata_is_copied(source: str, form: str) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Ada"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0hello"
    words: dict[str, Any] = {"exif": exif.tobytes()}
    words |= {} if source == "WEBP" else {"dpi": (300, 300)}
    data = saved(Image.fromarray(COLOUR), source, **words)
    out = Image.open(io.BytesIO(encoded(read(data), form)))
    assert out.getexif()[0x013B] == "Ada"
    assert out.getexif().get_ifd(0x8769)[0x9286] == b"ASCII\0\0\0hello"
    if source != "WEBP" and form != "webp":
        assert out.info["dpi"][0] == pytest.approx(300, abs=0.1)
    bare = Image.open(io.BytesIO(encoded(read(data), form, metadata=False)))
    assert 0x013B not in bare.getexif()


@pytest.mark.parametrize("deep", [False, True])
def test_texts_and_xmp_go_along(deep: bool) -> None:
    texts = PngInfo()
    texts.add_text("Title", "Lamp"), texts.add_itxt("Müller", "grün")
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6" a="b"/></x:xmpmeta>'
    texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
    found = read(saved(Image.fromarray(COLOUR), pnginfo=texts))
    found = Picture(DEEP, carried=found.carried) if deep else found
    out = Image.open(io.BytesIO(encoded(found)))
    out.load()
    assert out.text["Title"] == "Lamp" and out.text["Müller"] == "grün"
    assert "Orientation" not in out.text["XML:com.adobe.xmp"] and 'a="b"' in out.text["XML:com.adobe.xmp"]
    assert b'a="b"' in Image.open(io.BytesIO(encoded(found, "jpeg"))).info["xmp"]


def wide_gamut() -> bytes:
    """A profile with other primaries: red and blue swapped, so that a missing conversion is seen."""
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(icc[128:132], "big")
    tags = {bytes(icc[p : p + 4]): p for p in range(132, 132 + 12 * count, 12)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    icc[red + 4 : red + 12], icc[blue + 4 : blue + 12] = icc[blue + 4 : blue + 12], icc[red + 4 : red + 12]
    return bytes(icc).replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_profile_is_converted_to_srgb_and_named(mode: str) -> None:
    red = np.zeros((2, 2, len(mode)), np.uint8)
    red[:, :, 0] = 255
    found = read(saved(Image.fromarray(red), icc_profile=wide_gamut()))
    np.testing.assert_allclose(found.colour, np.broadcast_to([0, 0, 255], (2, 2, 3)), atol=2)
    assert (found.alpha is not None) == (mode == "RGBA")
    out = Image.open(io.BytesIO(encoded(found)))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(out.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_without_a_profile_none_is_written_and_a_damaged_one_does_no_harm() -> None:
    assert "icc_profile" not in Image.open(io.BytesIO(encoded(read(saved(Image.fromarray(COLOUR)))))).info
    found = read(saved(Image.fromarray(COLOUR), icc_profile=b"nonsense" * 40))
    np.testing.assert_array_equal(found.colour, COLOUR)


def test_a_greys_profile_goes_along() -> None:
    icc = wide_gamut()
    out = Image.open(io.BytesIO(encoded(read(saved(Image.fromarray(COLOUR[:, :, 0]), icc_profile=icc)))))
    assert out.mode == "L" and out.info["icc_profile"] == icc


# --- files that are none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff"])
def test_a_file_cut_off_or_changed_is_read_or_told(form: str) -> None:
    whole = encoded(Picture(COLOUR, carried=Carried(exif=b"", texts={"a": "b"})), form)
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            try:
                read(data)
            except PictureError as error:
                assert "\n" not in str(error)


def test_a_damaged_deep_png_is_told() -> None:
    whole = encoded(Picture(RANDOM.integers(0, 65536, (64, 64, 3), np.uint16)))
    with pytest.raises(PictureError):
        read(whole[: len(whole) // 2])


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.webp", Picture(COLOUR), "webp")
    assert read(tmp_path / "a.webp").size == (9, 6)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError):
        write(tmp_path / "b.png", Picture(COLOUR))
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]


@pytest.mark.parametrize("name, form", [("a.JPEG", "jpeg"), ("a.tiff", "tiff"), ("a.webp", "webp"), ("a.bmp", "png")])
def test_the_form_of_a_name(name: str, form: str) -> None:
    assert form_of(Path(name)) == form
