"""Pictures as files, with what belongs to them: alpha, grey, 16 bits, EXIF, ICC profile, texts. Border of `translate`.

A profile is respected by converting to sRGB, which networks were trained on; what is written says that it is sRGB.
"""

from __future__ import annotations

import io
import re
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngInfo

from . import images
from .files import write_atomic
from .images import Colour, PictureError

__all__ = ["FORMS", "Carried", "Picture", "PictureError", "cropped", "encoded", "form_of", "read", "seen", "write"]

FORMS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "tiff": ".tif"}  # that are written
MOST_PX = {"jpeg": 65_535, "webp": 16_383}  # a side
MOST_TEXT = 2**20  # letters of a text that goes along
ORIENTATION, WIDTH, HEIGHT, EXIF_IFD, GPS_IFD = 0x0112, 0xA002, 0xA003, 0x8769, 0x8825


@dataclass(frozen=True)
class Carried:
    """What goes along with a picture from file to file."""

    exif: bytes = b""  # without orientation: the pixels are upright
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None
    texts: dict[str, str] = field(default_factory=dict)
    had_profile: bool = False  # then what is written says that it is sRGB
    profile: bytes = b""  # one that was not converted: of greys, and of 16-bit colours


@dataclass(frozen=True)
class Picture:
    """As it is to be seen: upright, in sRGB, alpha apart."""

    colour: np.ndarray  # [H, W, C] uint8 or uint16, C = 1 (grey) or 3
    alpha: np.ndarray | None = None  # [H, W] of the same type
    carried: Carried = Carried()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)"""
        return self.colour.shape[1], self.colour.shape[0]


def seen(picture: Picture, background: Colour = images.WHITE) -> np.ndarray:
    """[H, W, 3] uint8 for the screen; transparency lies over `background`."""
    colour = eight_bits(picture.colour)
    colour = np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour
    if picture.alpha is None:
        return colour
    share = eight_bits(picture.alpha)[:, :, None].astype(np.float32) / 255
    return (colour * share + np.asarray(background, np.float32) * (1 - share)).round().astype(np.uint8)


def cropped(picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    """What lies in (left, top, right, bottom), as far as it is inside the picture."""
    left, top, right, bottom = box
    part = np.s_[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    return replace(picture, colour=picture.colour[part], alpha=None if picture.alpha is None else picture.alpha[part])


def eight_bits(pixels: np.ndarray) -> np.ndarray:
    """uint8 of uint8 or uint16."""
    return pixels if pixels.dtype == np.uint8 else ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


# --- reading ---------------------------------------------------------------------------------------------------------


def read(source: Path | bytes) -> Picture:
    """The first frame of an untrusted picture. Raises PictureError."""
    with images.opened(source) as opened:
        deep = _deep_mode(opened)
        opened.load()
        orientation = int(opened.getexif().get(ORIENTATION, 1))
        if deep:
            colour, alpha = _deep(opened, source, deep)
            carried = _carried(opened, converted=False)
        else:
            converted = _in_srgb(opened)
            colour, alpha = _planes(converted or opened)
            carried = _carried(opened, converted is not None)
        turn = TURNS.get(orientation, np.asarray)
        return Picture(
            np.ascontiguousarray(turn(colour)),
            None if alpha is None else np.ascontiguousarray(turn(alpha)),
            carried,
        )


# By the EXIF orientation: how to set [H, W ...] upright.
TURNS: dict[int, Any] = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


def _planes(picture: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """(colour [H, W, C], alpha [H, W] or None), 8 bits, or 16 where greys have more."""
    if images.is_deep_grey(picture):
        return (images.deep_grey(picture) * 65535).round().astype(np.uint16)[:, :, None], None
    grey = picture.mode in ("1", "L", "LA", "La")
    if picture.has_transparency_data:
        pixels = np.asarray(picture.convert("RGBA"))  # a grey's key colour becomes alpha on this way alone
        return pixels[:, :, : 1 if grey else 3], pixels[:, :, 3]
    pixels = np.asarray(picture.convert("L" if grey else "RGB"))
    return pixels[:, :, None] if grey else pixels, None


DEEP_MODE = re.compile(r"(RGBA?);16([BLN])")


def _deep_mode(picture: ImageFile) -> str:
    """How its file holds 16 bits in several bands, of which Pillow keeps 8; "" where not. Loading forgets it."""
    modes = {_raw_mode(tile) for tile in picture.tile}
    return modes.pop() if len(modes) == 1 and DEEP_MODE.fullmatch(next(iter(modes))) else ""


def _raw_mode(tile: Any) -> str:
    args: tuple[Any, ...] = (tile.args,) if isinstance(tile.args, str) else tile.args or ("",)
    return str(args[0])


def _deep(high: ImageFile, source: Path | bytes, mode: str) -> tuple[np.ndarray, np.ndarray | None]:
    """(colour, alpha) uint16: read a second time as if its bytes were in the other order, for the lower ones."""
    name, order = DEEP_MODE.fullmatch(mode).groups()  # type: ignore[union-attr]  # `_deep_mode` found it
    big = order == "B" or (order == "N" and sys.byteorder == "big")
    other = f"{name};16{'L' if big else 'B'}"
    with images.opened(source) as low:
        low.tile = [
            tile._replace(args=(other, *tile.args[1:]) if isinstance(tile.args, tuple) else other) for tile in low.tile
        ]
        low.load()
        pixels = np.asarray(high).astype(np.uint16) << 8 | np.asarray(low)
    return (pixels, None) if name == "RGB" else (pixels[:, :, :-1], pixels[:, :, -1])


def _in_srgb(picture: Image.Image) -> Image.Image | None:
    """Converted by its profile; None where there is nothing to convert: none, a damaged one, sRGB itself, greys."""
    icc = picture.info.get("icc_profile")
    if not icc or picture.mode not in ("RGB", "RGBA", "CMYK", "P", "PA", "LAB"):
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "srgb" in (ImageCms.getProfileDescription(profile) or "").lower():
            return None
        with_alpha = picture.has_transparency_data
        if picture.mode in ("P", "PA", "RGBA"):
            picture = picture.convert("RGBA" if with_alpha else "RGB")
        out = "RGBA" if picture.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(picture, profile, _srgb(), outputMode=out)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return converted


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _carried(picture: Image.Image, converted: bool) -> Carried:
    icc = picture.info.get("icc_profile") or b""
    keeps = bool(icc) and not converted and picture.mode not in ("CMYK", "LAB")
    return Carried(
        _exif(picture),
        _xmp(picture),
        _dpi(picture),
        dict(_texts(picture)),
        bool(icc),
        bytes(icc) if keeps else b"",
    )


def _exif(picture: Image.Image) -> bytes:
    """Its EXIF data without what is not true any more; b"" where there is none or it is damaged."""
    try:
        exif = picture.getexif()
        exif.pop(ORIENTATION, None)
        inner = exif.get_ifd(EXIF_IFD)
        for gone in (WIDTH, HEIGHT):
            inner.pop(gone, None)
        if picture.format == "TIFF":  # its own tags stand there too: how its pixels lie
            exif = _without_layout(exif)
        return exif.tobytes() if len(exif) else b""
    except Exception:  # others wrote it, and Pillow raises what it pleases
        return b""


# Of TIFF: what people put in, beside the many tags that describe the file itself.
DESCRIBING = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, EXIF_IFD, GPS_IFD)


def _without_layout(exif: Image.Exif) -> Image.Exif:
    kept = Image.Exif()
    for tag in DESCRIBING:
        if tag in exif:
            kept[tag] = exif.get_ifd(tag) if tag in (EXIF_IFD, GPS_IFD) else exif[tag]
    return kept


def _xmp(picture: Image.Image) -> bytes:
    found = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    found = found.encode() if isinstance(found, str) else bytes(found)
    return re.sub(rb'tiff:Orientation(="\d+"|>\d+</tiff:Orientation)', rb"", found)[:MOST_TEXT].strip(b"\0")


def _dpi(picture: Image.Image) -> tuple[float, float] | None:
    try:
        x, y = map(float, picture.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def _texts(picture: Image.Image) -> Iterator[tuple[str, str]]:
    """Of a PNG, by their keys; of a JPEG or GIF, its comment."""
    for name, value in getattr(picture, "text", {}).items():
        if name != "XML:com.adobe.xmp" and 0 < len(name) < 80 and len(value) <= MOST_TEXT:
            yield name, str(value)
    comment = picture.info.get("comment")
    if isinstance(comment, bytes) and 0 < len(comment) <= MOST_TEXT:
        yield "Comment", comment.decode("utf-8", "replace").rstrip("\0")


# --- writing ---------------------------------------------------------------------------------------------------------


def write(path: Path, picture: Picture, form: str = "png", quality: int = 90, metadata: bool = True) -> None:
    """The file appears whole or not at all. Raises PictureError (too large for the form) and OSError."""
    write_atomic(path, encoded(picture, form, quality, metadata))


def encoded(picture: Picture, form: str = "png", quality: int = 90, metadata: bool = True) -> bytes:
    """The bytes of such a file. 16 bits stay where the form holds them: PNG, and grey TIFF. JPEG lies alpha over white.

    Raises PictureError where the form cannot hold so large a picture.
    """
    if max(picture.size) > MOST_PX.get(form, 2**31):
        raise PictureError(
            f"is too large for {form.upper()}, which holds {MOST_PX[form]:,} px a side; write PNG or TIFF"
        )
    carried = picture.carried if metadata else replace(Carried(), had_profile=picture.carried.had_profile)
    icc = carried.profile or (_srgb().tobytes() if carried.had_profile else b"")
    if form == "png" and picture.colour.dtype == np.uint16:
        return _deep_png_bytes(picture, carried, icc)
    buffer = io.BytesIO()
    _pillow(picture, form).save(buffer, form.upper(), **_words(carried, icc, form, quality))
    return buffer.getvalue()


def form_of(path: Path) -> str:
    """The form whose files end like this one; "png" where none does."""
    same = {".jpeg": ".jpg", ".jpe": ".jpg", ".jfif": ".jpg", ".tiff": ".tif"}
    suffix = same.get(path.suffix.lower(), path.suffix.lower())
    return next((form for form, ending in FORMS.items() if ending == suffix), "png")


def _pillow(picture: Picture, form: str) -> Image.Image:
    grey = picture.colour.shape[2] == 1
    if form == "jpeg" and picture.alpha is not None:
        flat = seen(picture)
        return Image.fromarray(flat[:, :, 0] if grey else flat)
    if form == "tiff" and picture.colour.dtype == np.uint16 and grey and picture.alpha is None:
        return Image.fromarray(picture.colour[:, :, 0])  # "I;16"
    colour = eight_bits(picture.colour)
    if picture.alpha is not None:
        colour = np.dstack([colour, eight_bits(picture.alpha)])
    return Image.fromarray(colour[:, :, 0] if colour.shape[2] == 1 else colour)


def _words(carried: Carried, icc: bytes, form: str, quality: int) -> dict[str, Any]:
    """What Pillow takes for a form."""
    words: dict[str, Any] = {"exif": carried.exif} if carried.exif else {}
    words |= {"icc_profile": icc} if icc else {}
    words |= {"dpi": carried.dpi} if carried.dpi and form != "webp" else {}
    if form == "png":
        return words | {"pnginfo": _png_texts(carried), "compress_level": PNG_LEVEL}
    words |= {"xmp": carried.xmp} if carried.xmp and form in ("jpeg", "webp") else {}
    if form == "tiff":
        return words | {"compression": "raw" if _has_inner_exif(carried.exif) else "tiff_deflate"}
    words |= {"comment": carried.texts["Comment"]} if form == "jpeg" and "Comment" in carried.texts else {}
    return words | {"quality": quality} | ({"subsampling": 0} if form == "jpeg" and quality >= 90 else {})


def _has_inner_exif(data: bytes) -> bool:
    """Whether there is more than the first directory, which Pillow cannot write into packed TIFFs."""
    exif = Image.Exif()
    exif.load(data)
    return EXIF_IFD in exif or GPS_IFD in exif


PNG_LEVEL = 4  # a third of the time of 6, at a few per cent more bytes


def _png_texts(carried: Carried) -> PngInfo:
    texts = PngInfo()
    for name, value in carried.texts.items():
        texts.add_itxt(name, value)
    if carried.xmp:
        texts.add_itxt("XML:com.adobe.xmp", carried.xmp.decode("utf-8", "replace"))
    return texts


def _deep_png_bytes(picture: Picture, carried: Carried, icc: bytes) -> bytes:
    """PNG, ISO/IEC 15948, of 16 bits: rows as differences to the one above (filter 2), which packs well."""
    bands = picture.colour if picture.alpha is None else np.dstack([picture.colour, picture.alpha])
    height, width, count = bands.shape
    rows = np.ascontiguousarray(bands.astype(">u2")).view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])  # modulo 256
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[count]
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))]
    if icc:
        parts.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if carried.dpi:
        parts.append(_chunk(b"pHYs", struct.pack(">IIB", *(round(dpi / 0.0254) for dpi in carried.dpi), 1)))
    if carried.exif:
        parts.append(_chunk(b"eXIf", carried.exif.removeprefix(b"Exif\0\0")))
    parts += [_chunk(kind, data) for kind, data, *_ in _png_texts(carried).chunks]
    parts += [_chunk(b"IDAT", zlib.compress(filtered.data, PNG_LEVEL)), _chunk(b"IEND", b"")]
    return b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
