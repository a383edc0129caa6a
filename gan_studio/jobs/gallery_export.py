"""A gallery as files for others: a folder of PNGs, a sheet, a page for browsers, a PDF, or a data set.

A new form is a function and a line in FORMS. Pictures that carry their recipe are drawn alone, as in `explore.render`,
so that they are the same again to the last bit.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from .. import __version__, images
from ..config import ConfigError
from . import page
from .events import Exported, Progress
from .explore import explorable, inputs, pictures, put, render, text_of
from .exports import refuse_existing, whole
from .gallery import BATCH, Sample, labelled
from .sheet import Book, Drawing, Sheet, caption, layout, names, page_layout
from .snapshots import Snapshot

WRITING = "Writing the gallery"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of all files in a zip: the same pictures give the same bytes
A_FOLDER = 1000  # pictures of a data set that lie in one folder, as StyleGAN's tool does it

Writer = Callable[[Snapshot, Sequence[Sample], Path, Sheet], Iterator[Progress]]


def export_gallery(
    snapshot: Snapshot, samples: Sequence[Sample], path: Path, sheet: Sheet | None = None, replace: bool = False
) -> Iterator[Progress | Exported]:
    """Write the samples in their order. A name ending in .png is a contact sheet, .html a page, .pdf a print, .zip a
    data set in StyleGAN's layout; one without an end is a folder of PNGs.

    It appears whole or not at all; closing the iterator cancels. Raises ConfigError where something of that name is
    there already (a file may `replace` one), where there is nothing to write, or it cannot be written.
    """
    explorable(snapshot)
    refuse(path, replace)
    if not samples:
        raise ConfigError("There is no picture to write; choose other seeds, or show more of them.")
    write, samples = FORMS[path.suffix.lower()], labelled(samples, snapshot)
    with whole(path) as temporary:
        yield Progress(0, len(samples), WRITING)
        yield from write(snapshot, samples, temporary, sheet or Sheet())
    yield Exported(path)


def refuse(path: Path, replace: bool = False) -> None:
    """What can be told before the work. Raises ConfigError."""
    if path.suffix.lower() not in FORMS:
        raise ConfigError(f"{path}: a gallery's name ends in .png, .html, .pdf or .zip, or in nothing for a folder.")
    if not replace or path.is_dir():
        refuse_existing(path)


def heading(snapshot: Snapshot, samples: Sequence[Sample]) -> str:
    """One line, whatever the title holds."""
    return ", ".join(filter(None, [_title(snapshot), f"step {snapshot.about['step']:,}", _counted(len(samples))]))


def _title(snapshot: Snapshot) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in snapshot.about["title"]).split())


def _counted(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"


# --- pictures that carry their recipe --------------------------------------------------------------------------------


def alone(snapshot: Snapshot, samples: Sequence[Sample]) -> Iterator[tuple[Sample, np.ndarray]]:
    """Each with its picture [H, W, C] uint8."""
    for sample in samples:
        yield sample, render(sample.view, snapshot)


def _folder(snapshot: Snapshot, samples: Sequence[Sample], folder: Path, sheet: Sheet) -> Iterator[Progress]:
    """PNGs, and beside each what it is made of."""
    folder.mkdir()
    called = names(samples)
    for done, (sample, picture) in enumerate(alone(snapshot, samples)):
        put(folder / f"{called[done]}.png", sample.view, picture)
        yield Progress(done + 1, len(samples), WRITING)


def _zip(snapshot: Snapshot, samples: Sequence[Sample], path: Path, sheet: Sheet) -> Iterator[Progress]:
    """00000/img00000000.png ... and dataset.json with the classes, as StyleGAN reads them."""
    labels: list[list[object]] = []
    with path.open("wb") as file, zipfile.ZipFile(file, "w") as out:
        for done, (sample, picture) in enumerate(alone(snapshot, samples)):
            name = f"{done // A_FOLDER:05d}/img{done:08d}.png"
            out.writestr(zipfile.ZipInfo(name, FIRST_DAY), images.png(picture, text_of(sample.view, picture)))
            if sample.label is not None:
                labels.append([name, sample.label])
            yield Progress(done + 1, len(samples), WRITING)
        classes = {"labels": labels if len(labels) == len(samples) else None}
        out.writestr(zipfile.ZipInfo("dataset.json", FIRST_DAY), json.dumps(classes))


def _html(snapshot: Snapshot, samples: Sequence[Sample], path: Path, sheet: Sheet) -> Iterator[Progress]:
    """One page without anything outside it; the pictures in it are the very PNGs."""
    about = f"Step {snapshot.about['step']:,} · {_counted(len(samples))}"
    parts = [
        f"<header>\n<h1>{page.safe(_title(snapshot))}</h1>\n{page.paragraph(about, 'quiet')}</header>",
        page.paragraph(
            "Each picture carries its recipe. Save one with the browser's menu, or by a click, and drop the file onto "
            "GAN Studio to go on from it."
        ),
        '<div class="tiles">',
    ]
    called = names(samples)
    for done, (sample, picture) in enumerate(alone(snapshot, samples)):
        words = caption(sample, done) if sheet.captions else []
        parts.append(page.tile(f"{called[done]}.png", picture, text_of(sample.view, picture), words))
        yield Progress(done + 1, len(samples), WRITING)
    footer = f"<footer>\n{page.facts(_facts(snapshot))}\nGAN Studio {__version__}</footer>"
    path.write_bytes(page.page(heading(snapshot, samples), [*parts, "</div>", footer]))


def _facts(snapshot: Snapshot) -> list[tuple[str, str]]:
    about = snapshot.about
    return [("Run", about["run"]), ("Weights", about["weights"]), ("SHA-256 of the weights", about["sha256"])]


# --- sheets ----------------------------------------------------------------------------------------------------------


def in_batches(snapshot: Snapshot, samples: Sequence[Sample]) -> Iterator[list[tuple[Sample, np.ndarray]]]:
    """Samples with their pictures [H, W, C] uint8, some at a time: faster than each alone."""
    for start in range(0, len(samples), BATCH):
        part = samples[start : start + BATCH]
        drawn = pictures(inputs([sample.view for sample in part], snapshot), snapshot)
        yield list(zip(part, drawn, strict=True))


def _png(snapshot: Snapshot, samples: Sequence[Sample], path: Path, sheet: Sheet) -> Iterator[Progress]:
    """One page: what has no place on it is left out."""
    place = layout(sheet, samples, snapshot.shape)
    samples = samples[: place.count]
    drawing = Drawing(sheet, place, heading(snapshot, samples), snapshot.shape[0])
    done = 0
    for part in in_batches(snapshot, samples):
        for sample, picture in part:
            drawing.add(sample, picture)
        done += len(part)
        yield Progress(done, len(samples), WRITING)
    about = {name: str(value) for name, value in snapshot.about.items()}
    drawing.save(path, {"Software": f"GAN Studio {__version__}", "count": str(len(samples))} | about)


def _pdf(snapshot: Snapshot, samples: Sequence[Sample], path: Path, sheet: Sheet) -> Iterator[Progress]:
    book = Book(sheet, page_layout(sheet, samples, snapshot.shape), heading(snapshot, samples))
    done = 0
    for part in in_batches(snapshot, samples):
        for sample, picture in part:
            book.add(sample, picture)
        done += len(part)
        yield Progress(done, len(samples), WRITING)
    book.save(path)


FORMS: dict[str, Writer] = {"": _folder, ".png": _png, ".html": _html, ".pdf": _pdf, ".zip": _zip}
