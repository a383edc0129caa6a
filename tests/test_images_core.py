"""Every mode and format that Pillow writes, decoded against arrays turned and mixed by hand."""

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio.config import ConfigError
from gan_studio.images import (
    PictureError,
    colour,
    decode,
    fitted,
    grid,
    planes,
    read_recipe,
    suffixes,
    to_float,
    to_uint8,
    write_png,
)

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 16, 3), dtype=np.uint8)  # [H, W, C]
SMOOTH = np.stack(  # what JPEG keeps nearly unharmed
    [*np.meshgrid(np.linspace(40, 200, 64), np.linspace(60, 220, 48)), np.full((48, 64), 90.0)], axis=-1
).astype(np.uint8)


def saved(picture: Image.Image, format: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def array(source, **options) -> np.ndarray:
    return np.asarray(decode(source, **options))


def png_of(width: int, height: int, bits: int, colours: int, rows: bytes) -> bytes:
    """A PNG put together by hand, for what Pillow cannot write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# --- [-1, 1] and uint8 ---


def test_every_byte_survives_the_way_to_float_and_back():
    pixels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    x = to_float(pixels)
    assert x.dtype == torch.float32 and x.min() == -1 and x.max() == 1
    assert (to_uint8(x) == pixels.permute(0, 2, 3, 1).numpy()).all()
    assert (to_uint8(x.bfloat16()) - pixels.permute(0, 2, 3, 1).numpy().astype(int)).__abs__().max() <= 1


def test_to_uint8_clamps_and_shows_nan_as_black():
    x = torch.tensor([-7.0, -1.0, 0.0, 0.999, 7.0, float("nan"), float("inf"), -float("inf")]).reshape(1, 1, 1, 8)
    assert to_uint8(x).ravel().tolist() == [0, 0, 128, 255, 255, 0, 255, 0]
    assert to_uint8(torch.zeros(2, 3, 4, 5)).shape == (2, 4, 5, 3)


# --- formats ---


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "TGA", "PPM", "PCX", "SGI"])
def test_lossless_formats_give_the_same_pixels(format):
    assert (array(saved(Image.fromarray(PIXELS), format)) == PIXELS).all()


def test_lossless_webp_and_close_lossy_ones():
    assert (array(saved(Image.fromarray(PIXELS), "WEBP", lossless=True)) == PIXELS).all()
    for format in ("JPEG", "WEBP", "JPEG2000"):
        assert abs(array(saved(Image.fromarray(SMOOTH), format)).astype(int) - SMOOTH).mean() < 4


TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_exif_orientation(orientation, format):
    """A camera that was turned stores the turned picture and how to turn it back."""
    upright = np.kron(PIXELS, np.ones((8, 8, 1), np.uint8)) if format == "JPEG" else PIXELS
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}[format]
    stored = np.ascontiguousarray(TURNED[orientation](upright))
    found = array(saved(Image.fromarray(stored), format, exif=exif, **options))
    assert found.shape == upright.shape
    assert abs(found.astype(int) - upright).mean() < (3 if format == "JPEG" else 1e-9)


def test_16_bit_greys_are_scaled_not_clipped():
    values = np.array([[0, 255, 257, 32767, 65535, 128 * 257]], np.uint16)
    expected = np.round(values / 257).astype(np.uint8)
    for format in ("PNG", "TIFF"):
        assert (array(saved(Image.fromarray(values), format), channels="grey") == expected).all()
    big_endian = Image.frombytes("I;16B", (6, 1), values.astype(">u2").tobytes())
    assert (array(saved(big_endian, "TIFF"), channels="grey") == expected).all()
    assert (array(saved(Image.fromarray(values), "PNG")) == expected[..., None]).all()  # grey as RGB


def test_16_bit_colour_keeps_its_high_byte():
    values = RNG.integers(0, 65536, (4, 5, 3), dtype=np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    assert abs(array(png_of(5, 4, 16, 2, rows)).astype(float) - values / 257).max() <= 1


def test_32_bit_and_float_greys():
    ints = np.array([[0, 100, 255]], np.int32)
    assert array(saved(Image.fromarray(ints), "TIFF"), channels="grey").tolist() == [[0, 100, 255]]
    floats = np.array([[0.0, 0.5, 1.0, np.nan]], np.float32)
    assert array(saved(Image.fromarray(floats), "TIFF"), channels="grey").tolist() == [[0, 128, 255, 0]]


def test_one_bit_grey_and_palette():
    bits = Image.fromarray((PIXELS[:, :, 0] > 127).astype(np.uint8) * 255).convert("1")
    assert (array(saved(bits, "PNG"), channels="grey") == np.where(PIXELS[:, :, 0] > 127, 255, 0)).all()
    grey = PIXELS[:, :, 0].copy()
    assert (array(saved(Image.fromarray(grey), "PNG")) == grey[:, :, None]).all()
    palette = Image.fromarray(PIXELS).quantize(16)
    assert (array(saved(palette, "PNG")) == np.asarray(palette.convert("RGB"))).all()


def test_cmyk_jpeg_is_ink_on_paper():
    ink = np.zeros((32, 32, 4), np.uint8)
    ink[:, :16, 0] = 255  # cyan on the left, bare paper on the right
    found = array(saved(Image.fromarray(ink, "CMYK"), "JPEG", quality=100)).astype(int)
    assert abs(found[:, :8] - (0, 255, 255)).max() < 6 and abs(found[:, 24:] - 255).max() < 6


# --- transparency ---


def test_alpha_is_laid_over_the_background():
    alpha = RNG.integers(0, 256, (12, 16), dtype=np.uint8)
    picture = Image.fromarray(np.dstack([PIXELS, alpha]), "RGBA")
    share = alpha[:, :, None] / 255
    for background in ((255, 255, 255), (0, 0, 0), (10, 200, 30)):
        mixed = PIXELS * share + np.array(background) * (1 - share)
        for format in ("PNG", "TIFF"):
            assert abs(array(saved(picture, format), background=background) - mixed).max() <= 1
    assert (array(saved(picture, "PNG"), channels="rgba") == np.asarray(picture)).all()


def test_alpha_of_grey_and_palette_pictures():
    grey, alpha = PIXELS[:, :, 0], PIXELS[:, :, 1]
    picture = Image.merge("LA", (Image.fromarray(grey.copy()), Image.fromarray(alpha.copy())))
    mixed = grey * (alpha / 255) + 200 * (1 - alpha / 255)
    assert abs(array(saved(picture, "PNG"), background=(200,) * 3)[:, :, 0] - mixed).max() <= 1
    assert array(saved(picture, "PNG"), channels="grey").shape == (12, 16)

    numbers = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    numbers.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    one_index = array(saved(numbers, "PNG", transparency=1), background=(9, 9, 9))
    assert one_index.tolist() == [[[255, 0, 0], [9, 9, 9], [0, 0, 255]]]
    table = array(saved(numbers, "PNG", transparency=bytes([255, 0, 255])), background=(9, 9, 9))
    assert table.tolist() == [[[255, 0, 0], [9, 9, 9], [0, 0, 255]]]

    one_colour = saved(Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)), "PNG", transparency=(1, 2, 3))
    assert array(one_colour, background=(9, 9, 9)).tolist() == [[[9, 9, 9], [4, 5, 6]]]


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animations_give_their_first_frame(format):
    frames = [Image.new("RGB", (8, 8), c) for c in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    options = {"lossless": True} if format == "WEBP" else {}
    found = array(saved(frames[0], format, save_all=True, append_images=frames[1:], **options))
    assert (found == (255, 0, 0)).all()


# --- what cannot be used ---


def test_truncated_files_say_so():
    for format in ("JPEG", "PNG", "GIF", "WEBP"):
        data = saved(Image.fromarray(np.kron(PIXELS, np.ones((8, 8, 1), np.uint8))), format)
        with pytest.raises(PictureError, match=r"is damaged|not a picture"):
            decode(data[: len(data) // 2])
    with pytest.raises(PictureError, match=r"is damaged: .*truncated"):
        decode(saved(Image.fromarray(SMOOTH), "JPEG")[:-200])


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_gives_a_picture_or_a_reason(seed):
    rng = np.random.default_rng(seed)
    format = ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "ICO", "TGA"][seed % 8]
    data = bytearray(saved(Image.fromarray(np.kron(PIXELS, np.ones((2, 2, 1), np.uint8))), format))
    for place in rng.integers(0, len(data), 12):
        data[place] = rng.integers(0, 256)
    try:
        assert array(bytes(data)).ndim == 3
    except PictureError as reason:
        assert str(reason)


def test_what_is_not_a_picture_says_so(tmp_path):
    with pytest.raises(PictureError, match="not a picture"):
        decode(b"hello")
    with pytest.raises(PictureError, match="not a picture"):
        decode(b"")
    with pytest.raises(PictureError, match="not there"):
        decode(tmp_path / "gone.png")
    with pytest.raises(PictureError, match="not a picture"):  # a program in disguise
        decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    assert ".eps" not in suffixes() and {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".bmp"} <= suffixes()


@pytest.mark.parametrize("side", [10_000, 30_000])
def test_decompression_bombs_are_refused_before_they_are_unpacked(side):
    bomb = png_of(side, side, 1, 0, bytes(side // 8 + 1))
    with pytest.raises(PictureError, match="million pixels"):
        decode(bomb)


# --- sizes ---


def test_large_jpegs_are_decoded_smaller_but_not_too_small():
    large = saved(Image.fromarray(SMOOTH).resize((1600, 1200)), "JPEG")
    picture = decode(large, at_least=128)
    assert 128 <= min(picture.size) < 1200
    whole = fitted(decode(large), 64)
    assert abs(np.asarray(fitted(picture, 64)).astype(int) - np.asarray(whole)).mean() < 1.5


def test_fits():
    left_red = np.zeros((40, 80, 3), np.uint8)
    left_red[:, :20] = (255, 0, 0)
    picture = Image.fromarray(left_red)
    assert (np.asarray(fitted(picture, 40, "centre-crop")) == left_red[:, 20:60]).all()
    squeezed = np.asarray(fitted(picture, 40, "resize"))
    assert squeezed.shape == (40, 40, 3) and squeezed[20, 2, 0] > 200 and squeezed[20, 20, 0] < 20
    padded = np.asarray(fitted(picture, 40, "pad", (1, 2, 3)))
    assert (padded[:10] == (1, 2, 3)).all() and (padded[30:] == (1, 2, 3)).all() and padded[20, 2, 0] > 200
    assert (np.asarray(fitted(Image.fromarray(PIXELS[:12, :12].copy()), 12)) == PIXELS[:12, :12]).all()
    for channels, bands in (("rgb", 3), ("grey", 1), ("rgba", 4)):
        for fit in ("centre-crop", "random-crop", "resize", "pad"):
            assert planes(fitted(decode(saved(picture, "PNG"), channels), 24, fit)).shape == (bands, 24, 24)


def test_colours():
    assert colour("#ff8000") == (255, 128, 0) and colour("white") == (255, 255, 255)
    with pytest.raises(ConfigError, match="not a colour"):
        colour("blurple")


# --- grids and files ---


def test_grid_puts_pictures_row_by_row():
    pictures = np.stack([np.full((2, 3, 3), i, np.uint8) for i in range(1, 6)])
    sheet = grid(pictures, columns=3, gap=1, background=(9, 8, 7))
    assert sheet.shape == (5, 11, 3)
    assert (sheet[:2, 4:7] == 2).all() and (sheet[3:, 0:3] == 4).all()
    assert (sheet[2] == (9, 8, 7)).all() and (sheet[3:, 8:] == (9, 8, 7)).all()
    assert grid(pictures, gap=0).shape == (6, 6, 3)  # about a square
    assert grid(pictures[:1, :, :, :1]).shape == (2, 3, 1)


def test_png_keeps_its_recipe_and_appears_whole(tmp_path):
    recipe = {"recipe": 'format = 1\nname = "Zoë – 東京"\n', "seed": "7"}
    write_png(tmp_path / "a.png", PIXELS, recipe)
    assert (array(tmp_path / "a.png") == PIXELS).all() and read_recipe(tmp_path / "a.png") == recipe
    write_png(tmp_path / "a.png", PIXELS[:, :, :1])
    assert read_recipe(tmp_path / "a.png") == {}
    with pytest.raises(OSError):
        write_png(tmp_path / "nowhere" / "a.png", PIXELS)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    (tmp_path / "b.png").write_bytes(b"no")
    with pytest.raises(PictureError):
        read_recipe(tmp_path / "b.png")
