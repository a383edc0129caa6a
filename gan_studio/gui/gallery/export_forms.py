"""The forms in which pictures of a gallery are written: what each asks for, how it will look, and the job that writes.

A new form is a class with a line in FORMS.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...config import Spec, option
from ...jobs.explore import inputs, pictures
from ...jobs.gallery import Sample, strips
from ...jobs.gallery_export import export_gallery, heading
from ...jobs.sheet import PAPERS, Drawing, Layout, Sheet, layout, page_layout
from ...jobs.slides import Slides, slide_show
from ...jobs.snapshots import Snapshot
from ...jobs.timelapse import FORMATS
from ...jobs.walk import Walk, export_walk
from ...words import duration

PREVIEW_PX = 900  # of its longer side
MOST_TILES = 2000  # more are too small to be told apart
MOST_DRAWN = 64  # pictures that a network draws for a preview


class Nothing(Spec):
    """There is nothing to choose."""


class Shown:
    """Pictures that are to be written, and small ones of them for a preview."""

    def __init__(self, snapshot: Snapshot, samples: Sequence[Sample], pictures: Sequence[np.ndarray]):
        self.snapshot, self.samples, self.pictures = snapshot, samples, pictures


Look = tuple[np.ndarray | None, str]  # [H, W] or [H, W, 3] uint8, and a sentence


class Form(ABC):
    title: ClassVar[str] = ""
    about: ClassVar[str] = ""
    kinds: ClassVar[tuple[str, ...]] = ()  # for the file dialog
    spec: ClassVar[type[Spec]] = Nothing

    @abstractmethod
    def job(self, shown: Shown, path: Path, how: Any, replace: bool) -> Iterator[Any]: ...

    def look(self, shown: Shown, how: Any) -> Look:
        """For a thread. Raises ConfigError."""
        count = len(shown.samples)
        return (
            None,
            f"{count:,} picture{'s' * (count != 1)} of {_size(shown.snapshot.shape[2], shown.snapshot.shape[1])}",
        )


class SheetForm(Form):
    title = "Contact sheet (PNG)"
    about = "All on one picture, in rows and columns."
    kinds = ("Contact sheet (*.png)",)
    spec = Sheet
    on_paper: ClassVar[bool] = False

    def job(self, shown: Shown, path: Path, how: Any, replace: bool) -> Iterator[Any]:
        return export_gallery(shown.snapshot, shown.samples, path, how, replace)

    def look(self, shown: Shown, how: Any) -> Look:
        whole = (page_layout if self.on_paper else layout)(how, shown.samples, shown.snapshot.shape)
        paper = PAPERS[how.page] if self.on_paper else whole.size
        return _drawn(shown, how, whole, paper), self._words(shown, whole, paper)

    def _words(self, shown: Shown, whole: Layout, paper: tuple[float, float]) -> str:
        left_out = len(shown.samples) - whole.count
        return f"{_size(*paper)} pixels" + (f"; {left_out:,} have no place on it" if left_out > 0 else "")


class PrintForm(SheetForm):
    title = "Print (PDF)"
    about = "Pages of paper, pixel for pixel."
    kinds = ("Print (*.pdf)",)
    on_paper = True

    def _words(self, shown: Shown, whole: Layout, paper: tuple[float, float]) -> str:
        pages = -(-len(shown.samples) // whole.count)
        return "The one page" if pages == 1 else f"The first of {pages:,} pages"


class PageForm(Form):
    title = "Web page"
    about = "One file that any browser shows, also offline; a picture saved from it opens here again."
    kinds = ("Web page (*.html)",)
    top: ClassVar[Sheet] = Sheet(columns=8, rows=6)  # what is seen of it beforehand

    def look(self, shown: Shown, how: Any) -> Look:
        whole = layout(self.top, shown.samples, shown.snapshot.shape)
        words = super().look(shown, how)[1]
        left_out = f"; the first {whole.count} are seen here" if whole.count < len(shown.samples) else ""
        return _drawn(shown, self.top, whole, whole.size), f"{words}{left_out}"

    def job(self, shown: Shown, path: Path, how: Any, replace: bool) -> Iterator[Any]:
        return export_gallery(shown.snapshot, shown.samples, path, None, replace)


class FolderForm(PageForm):
    title = "Folder of PNGs"
    about = "A file for each, with its recipe inside and beside it: dropped here, it opens again."
    kinds = ("Folder (*)",)
    top = Sheet(columns=8, rows=6, heading=False)


class DataForm(PageForm):
    title = "Data set (ZIP)"
    about = "As StyleGAN's tools read it, to learn from."
    kinds = ("Data set (*.zip)",)
    top = Sheet(columns=8, rows=6, captions=False, heading=False)


class Strips(Sheet):
    columns: int = option(
        8, "Pictures in a row, from one to the next, both among them.", title="A row", ge=2, le=200, learn=True
    )


class StripForm(SheetForm):
    title = "Strips between them (PNG)"
    about = "Rows that lead from each picture to the next."
    kinds = ("Contact sheet (*.png)",)
    spec = Strips

    def job(self, shown: Shown, path: Path, how: Any, replace: bool) -> Iterator[Any]:
        return export_gallery(shown.snapshot, self._between(shown, how), path, how, replace)

    def look(self, shown: Shown, how: Any) -> Look:
        samples = self._between(shown, how)
        first = [sample.view for sample in samples[:MOST_DRAWN]]
        drawn = pictures(inputs(first, shown.snapshot), shown.snapshot)
        return super().look(Shown(shown.snapshot, samples, list(drawn)), how)

    def _between(self, shown: Shown, how: Any) -> list[Sample]:
        return strips(shown.snapshot, [sample.view for sample in shown.samples], how.columns)


FILMS = tuple(f"{made.title} (*{end})" for end, made in FORMATS.items())


class SlideForm(Form):
    title = "Slide show (film)"
    about = "One after the other, in this order."
    kinds = FILMS
    spec = Slides

    def job(self, shown: Shown, path: Path, how: Any, replace: bool) -> Iterator[Any]:
        return slide_show(shown.snapshot, shown.samples, path, how, replace)

    def look(self, shown: Shown, how: Any) -> Look:
        return None, _film(len(shown.samples), len(shown.samples) * how.seconds, how.zoom, shown.snapshot.shape)


class Between(Walk):
    zoom: int = option(4, Walk.model_fields["zoom"].description or "", ge=1, le=64, learn=True)


class WalkForm(Form):
    title = "Walk through them (film)"
    about = "From each picture to the next, through what lies between."
    kinds = FILMS
    spec = Between

    def job(self, shown: Shown, path: Path, how: Any, replace: bool) -> Iterator[Any]:
        return export_walk(shown.snapshot, [sample.view for sample in shown.samples], path, how, replace)

    def look(self, shown: Shown, how: Any) -> Look:
        return None, _film(how.frames, how.seconds, how.zoom, shown.snapshot.shape)


FORMS: tuple[Form, ...] = (
    SheetForm(), PageForm(), FolderForm(), PrintForm(), DataForm(), StripForm(), SlideForm(), WalkForm(),
)  # fmt: skip


# --- how it will look ------------------------------------------------------------------------------------------------


def _drawn(shown: Shown, sheet: Sheet, whole: Layout, paper: tuple[float, float]) -> np.ndarray:
    """Small."""
    share = min(1.0, PREVIEW_PX / max(paper))
    small = _shrunk(whole, share)
    drawing = Drawing(sheet, small, heading(shown.snapshot, shown.samples), shown.snapshot.shape[0])
    count = min(whole.count, MOST_TILES, len(shown.pictures))
    for sample, picture in zip(shown.samples[:count], shown.pictures[:count], strict=True):
        drawing.add(sample, picture)
    return drawing.pixels((max(1, round(paper[0] * share)), max(1, round(paper[1] * share))))


def _shrunk(whole: Layout, share: float) -> Layout:
    lengths = {name: getattr(whole, name) * share for name in ("letters", "words", "head", "gap", "margin")}
    tile = (max(1.0, whole.tile[0] * share), max(1.0, whole.tile[1] * share))
    return Layout(whole.columns, whole.rows, tile, **lengths | {"letters": max(1.0, lengths["letters"])})


def _size(width: float, height: float) -> str:
    return f"{width:,.0f} × {height:,.0f}"


def _film(frames: int, seconds: float, zoom: int, shape: tuple[int, ...]) -> str:
    return f"{frames:,} frames, {duration(seconds)}, {_size(zoom * shape[2], zoom * shape[1])} pixels"
