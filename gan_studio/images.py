"""The only place where [-1, 1] float becomes uint8; decodes untrusted pictures; grids; PNG with its recipe inside."""

from __future__ import annotations

import contextlib
import functools
import io
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import torch
from PIL import ExifTags, Image, ImageColor, ImageOps
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from torch import Tensor

from .config import ConfigError
from .files import write_atomic

Colour = tuple[int, int, int]
Channels = Literal["rgb", "grey", "rgba"]
Fit = Literal["centre-crop", "random-crop", "resize", "pad"]

MODES: dict[str, str] = {"rgb": "RGB", "grey": "L", "rgba": "RGBA"}
BANDS: dict[str, int] = {"rgb": 3, "grey": 1, "rgba": 4}

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)

# --- [-1, 1] and uint8 -----------------------------------------------------------------------------------------------


def to_uint8(x: Tensor) -> np.ndarray:
    """[N, C, H, W] float in [-1, 1] -> [N, H, W, C] uint8; values outside are clamped, NaN is black."""
    x = x.detach().float().clamp(-1, 1)  # from here on in place: fresh memory costs more than the arithmetic
    pixels = x.nan_to_num_(nan=-1).add_(1).mul_(127.5).round_().to(torch.uint8)  # a quarter of the bytes to move
    return torch.stack(pixels.unbind(1), dim=3).cpu().numpy()


def to_uint8_cut_off(x: Tensor) -> np.ndarray:
    """As `to_uint8`, but cut off instead of rounded: bit for bit what pytorch-CycleGAN-and-pix2pix writes."""
    pixels = x.detach().float().clamp(-1, 1).nan_to_num(nan=-1).add(1).div(2).mul(255).to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_float(pixels: Tensor) -> Tensor:
    """uint8 of any shape -> float32 in [-1, 1] on its device; `to_uint8` is its inverse."""
    return pixels.float().div_(127.5).sub_(1)


def to_pixels(x: Tensor, dtype: np.dtype) -> np.ndarray:
    """[N, C, H, W] float in [-1, 1] -> [N, H, W, C] of uint8, uint16, or float32 as it is, unclamped."""
    if dtype == np.uint8:
        return to_uint8(x)
    x = x.detach().float()
    if dtype == np.uint16:
        x = x.clamp(-1, 1).nan_to_num(nan=-1).add(1).mul(32767.5).round()
    return x.permute(0, 2, 3, 1).contiguous().cpu().numpy().astype(dtype)


def to_numbers(pixels: np.ndarray) -> Tensor:
    """[H, W, C] as `to_pixels` gives them -> [1, C, H, W] float32."""
    own = np.array(pixels, np.uint8 if pixels.dtype == np.uint8 else np.float32)
    x = torch.from_numpy(own).permute(2, 0, 1)[None].contiguous()
    if pixels.dtype == np.uint8:
        return to_float(x)
    return x.div_(32767.5).sub_(1) if pixels.dtype == np.uint16 else x


# --- decoding what others made ---------------------------------------------------------------------------------------

MAX_PIXELS = 89_478_485  # Pillow's own limit: 256 MiB of RGB
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

# PostScript and metafiles are programs that other software runs; FITS unpacks gzip without a bound.
REFUSED_FORMATS = {"EPS", "WMF", "FITS", "GRIB", "BUFR", "HDF5"}
FILM_FORMATS = {"GIF", "PNG", "WEBP", "AVIF", "FLI"}  # several pictures in one of these are a film


class PictureError(ValueError):
    """A picture that cannot be used; the text is a reason that stands after the file's name."""


def decode(
    source: Path | str | bytes | BinaryIO,
    channels: Channels = "rgb",
    background: Colour = WHITE,
    at_least: int | None = None,
    still: bool = False,
) -> Image.Image:
    """The first frame of an untrusted picture, turned as its EXIF data says, 8 bits, in the mode that `channels` names.

    Transparency is laid over `background`, unless it is kept as "rgba". With `at_least`, a JPEG may come smaller, with
    neither side below that many pixels: large photographs decode several times faster. `still` refuses films. Raises
    PictureError.
    """
    with opened(source) as picture:
        if still:
            _refuse_film(picture)
        if at_least and isinstance(at_least, int):
            picture.draft(None, (at_least, at_least))  # type: ignore[arg-type]
        picture.load()
        return _flat(ImageOps.exif_transpose(_eight_bits(picture)), channels, background)


def dimensions(source: Path | str | bytes | BinaryIO) -> tuple[int, int]:
    """(width, height) of an untrusted picture as `decode` gives it; only its header is read. Raises PictureError."""
    with opened(source) as picture:
        turned = picture.getexif().get(ExifTags.Base.Orientation, 1) >= 5  # a quarter turn
        return (picture.height, picture.width) if turned else (picture.width, picture.height)


@contextlib.contextmanager
def opened(source: Path | str | bytes | BinaryIO) -> Iterator[ImageFile]:
    """An untrusted picture, to be loaded in here. Whatever goes wrong in here becomes a PictureError."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_formats()) as picture:
            _refuse_bomb(picture)
            yield picture
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_BOMB) from None
    except Image.UnidentifiedImageError:
        raise PictureError("is not a picture in a format that can be read") from None
    except FileNotFoundError:
        raise PictureError("is not there any more") from None
    except PermissionError:
        raise PictureError("may not be read by this user") from None
    except MemoryError:
        raise PictureError("does not fit into the memory") from None
    except Exception as error:  # broken files make decoders raise SyntaxError, KeyError ...
        raise PictureError(f"is damaged: {str(error) or type(error).__name__}") from None


_BOMB = f"has more than {MAX_PIXELS // 10**6} million pixels, which is not safe to open; make it smaller first"


def _refuse_bomb(picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureError(_BOMB)


def _refuse_film(picture: Image.Image) -> None:
    """Photographs of telephones and scans may hold several pictures, too, but these are no film."""
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format in FILM_FORMATS:
        raise PictureError(f"is a film of {frames:,} pictures; save one of them, and take that")


@functools.cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in Image.OPEN if name not in REFUSED_FORMATS)


@functools.cache
def suffixes() -> frozenset[str]:
    """The endings of the files that `decode` may read: ".png", ".jpg" ..., lower case."""
    Image.init()
    return frozenset(suffix for suffix, name in Image.EXTENSION.items() if name in _formats())


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float greys as "L"; the rest as it is."""
    if not is_deep_grey(picture):
        return picture
    grey = Image.fromarray((deep_grey(picture) * 255).round().astype(np.uint8))
    grey.info.update({name: value for name, value in picture.info.items() if name == "exif"})
    return grey


def is_deep_grey(picture: Image.Image) -> bool:
    """Whether it has more than 8 bits a pixel, in one band."""
    return picture.mode.startswith("I;16") or picture.mode in ("I", "F")


def deep_grey(picture: Image.Image) -> np.ndarray:
    """Greys of more than 8 bits as [H, W] float32 in [0, 1]."""
    pixels = np.asarray(picture)
    if picture.mode.startswith("I;16"):
        full = 65535.0
    else:  # these carry no range: the smallest usual one that holds the brightest pixel
        brightest = np.nanmax(pixels)
        full = next((r for r in (1.0, 255.0, 65535.0) if brightest <= r), float(brightest))
        full = 255.0 if picture.mode == "I" and full == 1.0 else full
    return (np.nan_to_num(pixels.astype(np.float32)) / np.float32(full)).clip(0, 1)


def _flat(picture: Image.Image, channels: Channels, background: Colour) -> Image.Image:
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if channels != "rgba":
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, (*background, 255)), picture)
    if picture.mode in ("CMYK", "LAB", "HSV", "YCbCr"):  # these convert to RGB alone
        picture = picture.convert("RGB")
    return picture if picture.mode == MODES[channels] else picture.convert(MODES[channels])


def fitted(picture: Image.Image, size: int, fit: Fit = "centre-crop", colour: Colour = BLACK) -> Image.Image:
    """The picture as a square of `size` px: cut to its middle, squeezed ("resize"), or with bars of `colour` ("pad").

    "random-crop" cuts as "centre-crop" does: who wants a window at a random place asks for a larger square.
    """
    if fit == "resize":
        return _resized(picture, (size, size))
    if fit == "pad":
        inside = ImageOps.contain(picture, (size, size), Image.Resampling.LANCZOS)
        square = Image.new(picture.mode, (size, size), _as_mode(colour, picture.mode))
        square.paste(inside, ((size - inside.width) // 2, (size - inside.height) // 2))
        return square
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    return _resized(picture, (size, size), (left, top, left + side, top + side))


def _resized(
    picture: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> Image.Image:
    if picture.size == size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, box)


def _as_mode(colour: Colour, mode: str) -> int | tuple[int, ...]:
    if mode == "L":
        return Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))  # type: ignore[return-value]
    return (*colour, 255) if mode == "RGBA" else colour


def planes(picture: Image.Image) -> np.ndarray:
    """A decoded picture as [C, H, W] uint8."""
    pixels = np.asarray(picture)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def colour(text: str) -> Colour:
    """(red, green, blue) of "#ff8800" or a colour's CSS name. Raises ConfigError."""
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError:
        raise ConfigError(f"{text!r} is not a colour; write #rrggbb or a name such as white.") from None


# --- grids and files -------------------------------------------------------------------------------------------------


def grid(pixels: np.ndarray, columns: int | None = None, gap: int = 2, background: Colour = BLACK) -> np.ndarray:
    """[N, H, W, C] uint8 -> one picture [H', W', C], row by row; about a square unless `columns` is given."""
    n, h, w, c = pixels.shape
    columns = columns or int(np.ceil(np.sqrt(n * h / w)))
    rows = -(-n // columns)
    paper = _as_mode(background, {1: "L", 3: "RGB", 4: "RGBA"}[c])
    sheet = np.empty((rows * (h + gap) - gap, columns * (w + gap) - gap, c), np.uint8)
    sheet[:] = paper
    for i, picture in enumerate(pixels):
        top, left = i // columns * (h + gap), i % columns * (w + gap)
        sheet[top : top + h, left : left + w] = picture
    return sheet


def write_png(path: Path | str, pixels: np.ndarray, recipe: Mapping[str, str] | None = None) -> None:
    """Write [H, W, C] or [H, W] uint8 with `recipe` as text inside; the file appears whole or not at all.

    Raises OSError (no permission, full disk).
    """
    write_atomic(Path(path), png(pixels, recipe))


def png(pixels: np.ndarray, recipe: Mapping[str, str] | None = None, level: int = 6) -> bytes:
    """The bytes of such a file; a lower level of compression is faster."""
    text = PngInfo()
    for name, value in (recipe or {}).items():
        text.add_itxt(name, value)
    buffer = io.BytesIO()
    _picture(pixels).save(buffer, "PNG", pnginfo=text, compress_level=level)
    return buffer.getvalue()


def read_recipe(path: Path | str) -> dict[str, str]:
    """The texts inside a PNG; {} where there are none. Raises PictureError."""
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            assert isinstance(picture, PngImageFile)
            picture.load()
            return {name: str(value) for name, value in picture.text.items()}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_BOMB) from None
    except (OSError, ValueError, SyntaxError) as error:
        raise PictureError(f"is not a PNG that can be read: {error}") from None


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
