"""Contact sheets: pictures in rows and columns with words beneath, as one PNG or as the pages of a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .. import images
from ..config import ConfigError, Spec, option
from .gallery import Sample

GROUNDS = {"white": 255, "black": 16}
INKS = {"white": 70, "black": 190}
LINE = 1.4  # the height of a line, in sizes of its letters
TITLE = 1.5  # the size of the heading's letters, in those of the captions
LEVEL = 4  # of compression: measured on enlarged pictures, as small as 6 within 2 %, and up to 2.6 times as fast
MOST_PX = 65_000  # of a side: what programs open
SMALL_PX = 96  # pictures narrower than this are enlarged unless a width is given
LEAST, MOST, MOST_ON_PAPER = 9, 28, 11  # the size of letters, in pixels and in points
PAPERS = {"A4": (595.28, 841.89), "letter": (612.0, 792.0)}  # points of 1/72 inch
LETTERS = "cp1252"  # what the fonts that every reader of PDFs has can write
FIRST_DAY = datetime(1980, 1, 1, tzinfo=UTC)  # of a PDF, as in a zip: the same pictures give the same bytes


class Sheet(Spec):
    """How a sheet looks. Lengths are pixels in a PNG, and points (1/72 inch) on paper."""

    columns: int = option(8, "Pictures side by side; 0: about as many as rows.", ge=0, le=1000, learn=True)
    rows: int = option(0, "Rows of a page; 0: as many as there is room for. A PNG is one page.", ge=0, le=10_000)
    width: int = option(
        0,
        "Of a picture in a PNG; 0: as it is, small ones several times as large.",
        ge=0,
        le=8192,
        unit="px",
        learn=True,
    )
    gap: int = option(8, "Between pictures.", ge=0, le=1000)
    margin: int = option(24, "Around all of them.", ge=0, le=1000)
    captions: bool = option(True, "Write seed, score and novelty beneath each picture.", learn=True)
    heading: bool = option(True, "Write what they are above them.")
    ground: Literal["white", "black"] = option("white", "The colour between them.")
    page: Literal["A4", "letter"] = option("A4", "Of a PDF.")


# --- words -----------------------------------------------------------------------------------------------------------


def names(samples: Sequence[Sample]) -> list[str]:
    """What their files are called: by their seeds and classes where these tell them apart, else by their places."""
    called = [_name(sample) for sample in samples]
    if len(set(called)) == len(called) and not any(sample.view.z for sample in samples):
        return called
    return [f"picture-{place:05d}" for place in range(len(samples))]


def _name(sample: Sample) -> str:
    return f"seed-{sample.view.seed:06d}" + ("" if sample.label is None else f"-class-{sample.label}")


def caption(sample: Sample, place: int) -> list[str]:
    """Its lines."""
    lines = [str(place + 1) if sample.view.z else f"seed {sample.view.seed}"]
    if sample.label is not None:
        lines.append(f"class {sample.label}")
    if sample.score is not None:
        lines.append(f"D {sample.score:.2f}")
    if sample.novelty is not None:
        lines.append(f"novelty {novelty_told(sample.novelty)}")
    return lines


def novelty_told(novelty: float) -> str:
    """Distances of pixels are some tens, those of features about 1."""
    return f"{novelty:.{1 if novelty >= 10 else 2}f}"


# --- where everything stands -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """A page, in pixels or points."""

    columns: int
    rows: int
    tile: tuple[float, float]  # width and height of a picture
    letters: float  # the size of the captions' letters
    words: float  # the height of the captions beneath a picture
    head: float  # and of the heading above all
    gap: float
    margin: float

    @property
    def count(self) -> int:
        return self.columns * self.rows

    @property
    def size(self) -> tuple[float, float]:
        down = self.rows * (self.tile[1] + self.words + self.gap) - self.gap
        across = self.columns * (self.tile[0] + self.gap) - self.gap
        return across + 2 * self.margin, down + self.head + 2 * self.margin

    def place(self, i: int) -> tuple[float, float]:
        """Left and top of the i-th picture of a page."""
        row, column = divmod(i, self.columns)
        left = self.margin + column * (self.tile[0] + self.gap)
        return left, self.margin + self.head + row * (self.tile[1] + self.words + self.gap)


def layout(sheet: Sheet, samples: Sequence[Sample], shape: tuple[int, ...]) -> Layout:
    """That of a PNG for pictures of `shape` [C, H, W]. Raises ConfigError where it would be too large to open."""
    columns = min(sheet.columns or int(np.ceil(np.sqrt(len(samples)))), len(samples))
    rows = -(-len(samples) // columns)
    width = sheet.width or shape[2] * -(-SMALL_PX // shape[2])
    tile = (width, max(1, round(width * shape[1] / shape[2])))
    found = _layout(sheet, samples, columns, min(rows, sheet.rows or rows), tile, MOST)
    across, down = found.size
    if across * down > images.MAX_PIXELS or max(across, down) > MOST_PX:
        raise ConfigError(
            f"The sheet would have {across:,.0f} x {down:,.0f} pixels, more than most programs open; choose smaller or "
            "fewer pictures, or a PDF."
        )
    return found


def page_layout(sheet: Sheet, samples: Sequence[Sample], shape: tuple[int, ...]) -> Layout:
    """That of a PDF's pages, whose width the columns fill. Raises ConfigError where there is no room for a picture."""
    width, height = PAPERS[sheet.page]
    columns = min(sheet.columns or 8, len(samples))
    across = (width - 2 * sheet.margin + sheet.gap) / columns - sheet.gap
    one = _layout(sheet, samples, columns, 1, (across, across * shape[1] / shape[2]), MOST_ON_PAPER)
    _, least = one.size
    rows = 1 + int((height - least) // (one.tile[1] + one.words + one.gap))
    if across < 1 or rows < 1:
        raise ConfigError("There is no room for a picture on this paper; choose fewer columns or a smaller margin.")
    return replace(one, rows=min(rows, sheet.rows or rows))


def _layout(
    sheet: Sheet, samples: Sequence[Sample], columns: int, rows: int, tile: tuple[float, float], most: float
) -> Layout:
    letters = min(max(tile[0] // 8, LEAST), most)
    lines = max(len(caption(sample, 0)) for sample in samples) if sheet.captions else 0
    words = lines * LINE * letters
    head = 2 * LINE * TITLE * letters if sheet.heading else 0.0
    return Layout(columns, rows, tile, letters, np.ceil(words), np.ceil(head), sheet.gap, sheet.margin)


# --- a PNG -----------------------------------------------------------------------------------------------------------


class Drawing:
    """One picture of all. `add` puts a picture in the next place."""

    def __init__(self, sheet: Sheet, place: Layout, heading: str, channels: int):
        self._sheet, self._layout, self._count = sheet, place, 0
        width, height = place.size
        mode = "L" if channels == 1 else "RGB"
        self._ink = _tone(mode, INKS[sheet.ground])
        self._ground = _tone(mode, GROUNDS[sheet.ground])
        self._image = Image.new(mode, (max(1, round(width)), max(1, round(height))), self._ground)
        self._pen = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(place.letters)
        if sheet.heading:
            font = ImageFont.load_default(TITLE * place.letters)
            self._write(heading, (place.margin, place.margin), width - 2 * place.margin, font)

    def add(self, sample: Sample, pixels: np.ndarray) -> None:
        """[H, W, C] uint8."""
        left, top = self._layout.place(self._count)
        across, down = self._layout.tile
        tile = sized(Image.fromarray(on_ground(pixels, GROUNDS[self._sheet.ground])), (round(across), round(down)))
        self._image.paste(tile, (round(left), round(top)))
        for i, words in enumerate(caption(sample, self._count) if self._sheet.captions else []):
            below = top + down + (LINE * i + 0.2) * self._layout.letters
            self._write(words, (left, below), across, self._font)
        self._count += 1

    def _write(self, words: str, place: tuple[float, float], room: float, font: Any) -> None:
        while len(words) > 1 and self._pen.textlength(words, font) > room:
            words = words[:-2].rstrip() + "…"
        self._pen.text(place, words, self._ink, font)

    def pixels(self, size: tuple[int, int]) -> np.ndarray:
        """[H, W] or [H, W, 3] uint8, on a ground of so many pixels across and down."""
        paper = Image.new(self._image.mode, size, self._ground)
        paper.paste(self._image)
        return np.asarray(paper)

    def save(self, path: Path, recipe: dict[str, str]) -> None:
        """Raises OSError."""
        path.write_bytes(images.png(np.asarray(self._image), recipe, LEVEL))


def on_ground(pixels: np.ndarray, grey: int) -> np.ndarray:
    """[H, W, C] uint8 -> [H, W] or [H, W, 3]: transparency shows the ground."""
    if pixels.shape[2] != 4:
        return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    share = pixels[:, :, 3:].astype(np.float32) / 255
    return (pixels[:, :, :3] * share + grey * (1 - share)).round().astype(np.uint8)


def sized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Enlarged by a whole number it keeps its pixels."""
    crisp = size[0] % picture.width == 0 and size[1] % picture.height == 0
    return picture.resize(size, Image.Resampling.NEAREST if crisp else Image.Resampling.LANCZOS)


def _tone(mode: str, grey: int) -> int | tuple[int, int, int]:
    return grey if mode == "L" else (grey, grey, grey)


# --- a PDF -----------------------------------------------------------------------------------------------------------


class Book:
    """Pages of pictures, pixel for pixel. `add` puts a picture in the next place, on a new page where one is full.

    All of it is in memory, compressed, until it is saved.
    """

    def __init__(self, sheet: Sheet, place: Layout, heading: str):
        from fpdf import FPDF  # takes half a second

        self._sheet, self._layout, self._heading, self._count = sheet, place, heading, 0
        self._pdf = FPDF(unit="pt", format=PAPERS[sheet.page])
        self._pdf.set_image_filter("FlateDecode")
        self._pdf.core_fonts_encoding = LETTERS
        self._pdf.set_title(heading)
        self._pdf.set_creator("GAN Studio")
        self._pdf.set_creation_date(FIRST_DAY)
        self._pdf.set_fill_color(GROUNDS[sheet.ground])
        self._pdf.set_text_color(INKS[sheet.ground])

    def add(self, sample: Sample, pixels: np.ndarray) -> None:
        """[H, W, C] uint8."""
        if self._count % self._layout.count == 0:
            self._turn()
        left, top = self._layout.place(self._count % self._layout.count)
        across, down = self._layout.tile
        picture = Image.fromarray(on_ground(pixels, GROUNDS[self._sheet.ground]))
        self._pdf.image(picture, left, top, across, down)
        for i, words in enumerate(caption(sample, self._count) if self._sheet.captions else []):
            below = top + down + (LINE * i + 0.2) * self._layout.letters
            self._write(words, (left, below), across, self._layout.letters)
        self._count += 1

    def _turn(self) -> None:
        self._pdf.add_page()
        self._pdf.rect(0, 0, self._pdf.w, self._pdf.h, style="F")
        if self._sheet.heading:
            margin = self._layout.margin
            self._write(self._heading, (margin, margin), self._pdf.w - 2 * margin, TITLE * self._layout.letters)

    def _write(self, words: str, place: tuple[float, float], room: float, size: float) -> None:
        """Letters that the font lacks become `?`."""
        self._pdf.set_font("Helvetica", size=size)
        words = words.encode(LETTERS, "replace").decode(LETTERS)
        while len(words) > 1 and self._pdf.get_string_width(words) > room:
            words = words[:-2].rstrip() + "…"
        self._pdf.text(place[0], place[1] + size, words)

    def save(self, path: Path) -> None:
        """Raises OSError."""
        path.write_bytes(self._pdf.output())
