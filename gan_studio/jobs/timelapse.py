"""A run's samples from the first to the last as a film: GIF, WebP, APNG or MP4, frame by frame, whatever their number.

A new format is a class with `add` and `close`, and a line in FORMATS. GIF, WebP and APNG are put together here from
stills that Pillow writes, as Pillow itself would hold all frames of a film in memory.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import secrets
import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from ..config import ConfigError, Spec, option
from ..plane import pulled
from ..runs import Run
from .events import Exported, Progress
from .frames import Frame, frame_steps, read_frame, read_real
from .pictures import PLANE_PX, extent_of, plane

WRITING = "Writing the film"
NIGHT, DAY = (24, 226), (255, 60)  # ground and ink of the caption, in grey: under pictures, under points
MOST_PX = 8192  # of a side


class Film(Spec):
    """How a time-lapse is made of what was drawn."""

    frames_per_second: float = option(12.0, "How fast it plays.", title="Frames a second", ge=0.5, le=50.0)
    zoom: int = option(1, "Each pixel becomes so many pixels wide and high; they stay crisp.", ge=1, le=16)
    first: int | None = option(None, "Begin at this step; otherwise at the first drawn.", title="From step", ge=0)
    last: int | None = option(None, "End at this step; otherwise at the last drawn.", title="To step", ge=0)
    every: int = option(1, "Take each n-th of the frames, and the last.", title="Each n-th frame", ge=1, le=10_000)
    hold: float = option(2.0, "The last frame stays for so long.", title="Hold the end", ge=0.0, le=60.0, unit="s")
    caption: bool = option(True, "Write the run's title and the step beneath each frame.")
    raw: bool = option(False, "Samples by G's weights as they are, not by their running average.", title="Raw weights")
    real: bool = option(True, "Points of the data.")
    generated: bool = option(True, "Points that G makes.")
    landscape: bool = option(True, "Where D takes points for real (blue) and for generated (orange).", title="D's map")
    arrows: bool = option(True, "Where G's loss pulls the points that it made by the averaged weights.", title="Pull")
    grid: bool = option(False, "What G makes of an even grid of latents.", title="Warped grid")


LAYERS = ("real", "generated", "landscape", "arrows", "grid")  # of Film, on points: what is drawn on the plane


def timelapse(run: Run, path: Path, film: Film) -> Iterator[Progress | Exported]:
    """Write a film; its name says in which format. It appears whole or not at all; closing the iterator cancels.

    Raises ConfigError where there is nothing to show, the format is not known, or the file cannot be written.
    """
    make = file_format(path)
    steps = Stock(frame_steps(run)).taken(film)
    if not steps:
        raise ConfigError("No samples were drawn in these steps of the run; choose others, or let it train for longer.")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield from _write(run, temporary, film, steps, make)
        _flush(temporary)
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror or error}); choose another place.") from error
    finally:
        temporary.unlink(missing_ok=True)
    yield Exported(path)


@dataclass(frozen=True)
class Stock:
    """What a run has to make a film of."""

    steps: list[int]  # that were drawn
    size: tuple[int, int] = (0, 0)  # of a frame without zoom and caption, in pixels
    has_raw: bool = False
    layers: tuple[str, ...] = ()  # on points: those of the plane that the newest frame has something of

    def taken(self, film: Film) -> list[int]:
        """The steps whose frames are in a film."""
        low, high = film.first or 0, math.inf if film.last is None else film.last
        steps = [step for step in self.steps if low <= step <= high]
        return sorted({*steps[:: film.every], *steps[-1:]})

    def film_size(self, film: Film) -> tuple[int, int]:
        width, height = self.size[0] * film.zoom, self.size[1] * film.zoom
        return width, height + (2 * text_px(width) if film.caption else 0)


def file_name(run: Run) -> str:
    """What a film is called unless somebody knows better."""
    return f"{run.name}.gif"


def stock(run: Run) -> Stock:
    """Reads the newest frame."""
    steps = frame_steps(run)
    newest = read_frame(run, steps[-1]) if steps else None
    if newest is None:
        return Stock(steps)
    has_raw = newest.raw is not None
    if newest.array.ndim == 4:
        return Stock(steps, (newest.array.shape[2], newest.array.shape[1]), has_raw)
    place = newest.landscape
    kept = {"generated": newest.array, "real": read_real(run)}
    kept |= {"landscape": place.logits, "arrows": place.pull, "grid": place.warped} if place else {}
    return Stock(steps, (PLANE_PX, PLANE_PX), has_raw, tuple(id for id in LAYERS if kept.get(id) is not None))


def _write(run: Run, path: Path, film: Film, steps: list[int], make: type[Format]) -> Iterator[Progress]:
    yield Progress(0, len(steps), WRITING)
    sheet = Sheet(run, film)
    still = 1 / film.frames_per_second
    with contextlib.closing(make(path, film.frames_per_second)) as out:
        waiting: Image.Image | None = None  # the last frame is not known to be the last before the end
        for done, step in enumerate(steps):
            frame = read_frame(run, step)
            if frame is not None:  # a damaged one is left out
                if waiting is not None:
                    out.add(waiting, still)
                waiting = sheet.draw(frame)
            yield Progress(done + 1, len(steps), WRITING)
        if waiting is None:
            raise ConfigError("None of the samples of these steps can be read; choose others.")
        out.add(waiting, still + film.hold)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


# --- one frame -------------------------------------------------------------------------------------------------------


class Sheet:
    """Draws frames, all of one size: that of the first."""

    def __init__(self, run: Run, film: Film):
        self.film = film
        self.title = str(run.about().get("title", run.name))
        self.real = read_real(run)
        self.extent = 0.0  # of the plane, kept for the whole film
        self.size: tuple[int, int] | None = None

    def draw(self, frame: Frame) -> Image.Image:
        """In mode L or RGB."""
        array = frame.raw if self.film.raw and frame.raw is not None else frame.array
        side = self.film.zoom * (PLANE_PX if array.ndim == 2 else max(array.shape[1:3]))
        if side > MOST_PX:
            raise ConfigError(
                f"The film would be {side:,} pixels wide or high, and {MOST_PX:,} is the most; zoom less."
            )
        picture = self._plane(array, frame) if array.ndim == 2 else self._picture(array)
        if self.film.caption:
            picture = captioned(picture, self.title, frame.step, DAY if array.ndim == 2 else NIGHT)
        self.size = self.size or picture.size
        return picture if picture.size == self.size else ImageOps.pad(picture, self.size, Image.Resampling.NEAREST)

    def _picture(self, array: np.ndarray) -> Image.Image:
        """[1, H, W, C] uint8."""
        return crisp(array[0], self.film.zoom)

    def _plane(self, points: np.ndarray, frame: Frame) -> Image.Image:
        """[N, 2]."""
        film, place = self.film, frame.landscape
        if place is not None:
            self.extent = self.extent or place.extent
        extent = self.extent or extent_of(points if self.real is None else self.real)
        logits = arrows = warped = None
        if place is not None:
            logits = place.logits if film.landscape and place.extent == extent else None
            warped = place.warped if film.grid else None
            if film.arrows and place.pull is not None and points is frame.array:  # the pull on those by the average
                arrows = pulled(points, place.pull, extent)
        real, generated = self.real if film.real else None, points if film.generated else points[:0]
        return Image.fromarray(plane(generated, real, logits, extent, PLANE_PX * film.zoom, arrows, warped))


def crisp(picture: np.ndarray, zoom: int) -> Image.Image:
    """[H, W, C] uint8 with so many pixels for each, in mode L or RGB; transparency is laid over black."""
    large = picture.repeat(zoom, axis=0).repeat(zoom, axis=1)
    if large.shape[2] == 4:
        laid = Image.new("RGBA", (large.shape[1], large.shape[0]), (0, 0, 0, 255))
        return Image.alpha_composite(laid, Image.fromarray(large)).convert("RGB")
    return Image.fromarray(large[:, :, 0] if large.shape[2] == 1 else large)


def captioned(picture: Image.Image, title: str, step: int, tones: tuple[int, int]) -> Image.Image:
    """The picture over a line: the title where there is room, and the step."""
    ground, ink = tones
    size = text_px(picture.width)
    font = ImageFont.load_default(size)
    sheet = Image.new(picture.mode, (picture.width, picture.height + 2 * size), _tone(picture.mode, ground))
    sheet.paste(picture)
    pen, middle, pad = ImageDraw.Draw(sheet), picture.height + size, size // 2
    said = f"step {step:,}"
    pen.text((picture.width - pad, middle), said, _tone(picture.mode, ink), font, anchor="rm")
    room = picture.width - 3 * pad - pen.textlength(said, font)
    pen.text((pad, middle), _cut(title, room, font), _tone(picture.mode, ink), font, anchor="lm")
    return sheet


def _cut(title: str, room: float, font: Any) -> str:
    """As much of it as there is room for."""
    most = len(title)
    while most > 1 and font.getlength(title[:most] + "…" * (most < len(title))) > room:
        most = min(most - 1, max(1, int(most * room / font.getlength(title[:most]))))
    return "" if most < 2 else title if most == len(title) else title[:most].rstrip() + "…"


def text_px(width: int) -> int:
    """The height of a caption's letters; the line is twice as high."""
    return min(max(width // 26, 11), 40)


def _tone(mode: str, grey: int) -> int | tuple[int, int, int]:
    return grey if mode == "L" else (grey, grey, grey)


# --- the formats -----------------------------------------------------------------------------------------------------


class Format(ABC):
    """A file that takes one frame after the other. Raises ConfigError where it cannot be made here, and OSError."""

    title: ClassVar[str] = ""
    about: ClassVar[str] = ""

    @abstractmethod
    def __init__(self, path: Path, frames_per_second: float): ...

    @abstractmethod
    def add(self, picture: Image.Image, seconds: float) -> None:
        """A frame in mode L or RGB that stays for so long; all are of one size."""

    @abstractmethod
    def close(self) -> None: ...


class Gif(Format):
    """Graphics Interchange Format 89a, each frame with a palette of its own."""

    title = "GIF"
    about = "Plays everywhere, also in mails; 256 colours a frame."

    def __init__(self, path: Path, frames_per_second: float):
        self._file = path.open("wb")
        self._late = 0.0  # seconds that rounding to hundredths has left over

    def add(self, picture: Image.Image, seconds: float) -> None:
        if not self._file.tell():
            self._file.write(b"GIF89a" + struct.pack("<HHBBB", *picture.size, 0, 0, 0))
            self._file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # again and again
        hundredths = max(2, round(100 * (seconds + self._late)))  # browsers slow down what is faster
        self._late += seconds - hundredths / 100
        colours, pixels, packed = gif_parts(picture)
        self._file.write(b"!\xf9\x04" + struct.pack("<BHBB", 4, min(hundredths, 65535), 0, 0))
        self._file.write(b"," + struct.pack("<HHHHB", 0, 0, *picture.size, 0x80 | packed) + colours + pixels)

    def close(self) -> None:
        self._file.write(b";")
        self._file.close()


def gif_parts(picture: Image.Image) -> tuple[bytes, bytes, int]:
    """(colour table, compressed pixels, size of the table as the format packs it) of a still."""
    few = picture if picture.mode == "L" else picture.quantize(256, Image.Quantize.FASTOCTREE)
    buffer = io.BytesIO()
    few.save(buffer, "GIF", optimize=False, interlace=False)
    still = buffer.getvalue()
    packed = still[10] & 7
    start = 13 + 3 * 2 ** (packed + 1)
    place = start
    while still[place] == 0x21:  # extensions: a chain of blocks, each led by its length
        place += 2
        while still[place]:
            place += 1 + still[place]
        place += 1
    return still[13:start], still[place + 10 : -1], packed


class WebP(Format):
    """Google's container: RIFF with a still in each ANMF chunk."""

    title = "WebP"
    about = "All colours, and a quarter of a GIF's size; plays in every browser."

    def __init__(self, path: Path, frames_per_second: float):
        self._file = path.open("wb")
        self._late = 0.0  # seconds that rounding to thousandths has left over

    def add(self, picture: Image.Image, seconds: float) -> None:
        size = _triple(picture.width - 1) + _triple(picture.height - 1)
        if not self._file.tell():
            self._file.write(b"RIFF\0\0\0\0WEBP")
            self._file.write(_chunk(b"VP8X", struct.pack("<I", 0b10) + size))  # it has frames
            self._file.write(_chunk(b"ANIM", struct.pack("<IH", 0xFFFFFFFF, 0)))  # again and again
        thousandths = max(1, round(1000 * (seconds + self._late)))
        self._late += seconds - thousandths / 1000
        buffer = io.BytesIO()
        picture.convert("RGB").save(buffer, "WEBP", quality=90, method=1)
        still = buffer.getvalue()[12:]  # without its own RIFF
        self._file.write(_chunk(b"ANMF", bytes(6) + size + _triple(thousandths) + b"\x02" + still))

    def close(self) -> None:
        length = self._file.tell()
        if length:
            self._file.seek(4)
            self._file.write(struct.pack("<I", length - 8))
        self._file.close()


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _triple(number: int) -> bytes:
    return struct.pack("<I", number)[:3]


class Apng(Format):
    """Animated PNG: the first still as any PNG has it, the others in fdAT chunks with a running number."""

    title = "APNG"
    about = "Every pixel as it was drawn, and large; plays in browsers. Its name ends in .apng: a .png is one picture."

    def __init__(self, path: Path, frames_per_second: float):
        self._file = path.open("wb")
        self._head = b""  # IHDR: all frames are like the first
        self._mode = ""
        self._frames = self._chunks = 0

    def add(self, picture: Image.Image, seconds: float) -> None:
        self._mode = self._mode or picture.mode
        head, pixels = png_parts(picture.convert(self._mode))
        if not self._frames:
            self._head = head
            self._file.write(PNG + _png_chunk(b"IHDR", head) + self._count())
        lasts = Fraction(seconds).limit_denominator(1000)  # 1/24 s is 1/24 s; a minute is 60000/1000 at most
        frame = struct.pack(">IIIIHHBB", *picture.size, 0, 0, lasts.numerator, lasts.denominator, 0, 0)
        self._file.write(_png_chunk(b"fcTL", self._number() + frame))
        self._file.write(_png_chunk(b"fdAT", self._number() + pixels) if self._frames else _png_chunk(b"IDAT", pixels))
        self._frames += 1

    def _number(self) -> bytes:
        self._chunks += 1
        return struct.pack(">I", self._chunks - 1)

    def _count(self) -> bytes:
        return _png_chunk(b"acTL", struct.pack(">II", self._frames, 0))  # again and again

    def close(self) -> None:
        if self._frames:
            self._file.write(_png_chunk(b"IEND", b""))
            self._file.seek(len(PNG + _png_chunk(b"IHDR", self._head)))
            self._file.write(self._count())  # now it is known
        self._file.close()


PNG = b"\x89PNG\r\n\x1a\n"


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_parts(picture: Image.Image) -> tuple[bytes, bytes]:
    """(IHDR, compressed pixels) of a still."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    still = buffer.getvalue()
    parts: dict[bytes, bytes] = {}
    place = len(PNG)
    while place < len(still):  # chunks: a length, a name, the data, a checksum
        (length,) = struct.unpack_from(">I", still, place)
        name, data = still[place + 4 : place + 8], still[place + 8 : place + 8 + length]
        parts[name] = parts.get(name, b"") + data
        place += 12 + length
    return parts[b"IHDR"], parts[b"IDAT"]


class Mp4(Format):
    """H.264 in yuv420p with even sides: what every player takes."""

    title = "MP4"
    about = "A small video for slides and players."

    def __init__(self, path: Path, frames_per_second: float):
        try:
            import av
        except ImportError:
            raise ConfigError("MP4 needs PyAV. Install it with: pip install 'gan-studio[video]'") from None
        self._av = av
        self._rate = Fraction(frames_per_second).limit_denominator(1000)
        self._container: Any = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._stream: Any = None

    def add(self, picture: Image.Image, seconds: float) -> None:
        if self._stream is None:
            self._stream = self._begin(picture.width + picture.width % 2, picture.height + picture.height % 2)
        even = Image.new("RGB", (self._stream.width, self._stream.height))
        even.paste(picture)
        frame = self._av.VideoFrame.from_ndarray(np.asarray(even), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        for _ in range(max(1, round(seconds * self._rate))):
            frame.pts = None
            self._container.mux(self._stream.encode(frame))

    def _begin(self, width: int, height: int) -> Any:
        stream = self._container.add_stream("libx264", rate=self._rate, options={"crf": "16", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.colorspace = stream.codec_context.color_primaries = stream.codec_context.color_trc = 1
        return stream

    def close(self) -> None:
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()


FORMATS: dict[str, type[Format]] = {".gif": Gif, ".webp": WebP, ".apng": Apng, ".mp4": Mp4}


def file_format(path: Path) -> type[Format]:
    """By the end of its name. Raises ConfigError."""
    known = FORMATS.get(path.suffix.lower())
    if known is None:
        raise ConfigError(f"{path.name} says no format: let its name end in {', '.join(FORMATS)}.")
    return known
