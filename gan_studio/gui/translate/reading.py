"""What of the Translate tab reads disks or runs networks: for threads, it touches no widget."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ... import images, picture_files, presets, runs
from ...config import ConfigError
from ...data import cache
from ...jobs import naming, translators
from ...jobs.apply import Manner
from ...jobs.naming import Item, Output, Rooted
from ...jobs.settings import RunConfig
from ...jobs.together import exhausted
from ...jobs.translate import TranslateJob
from ...jobs.translators import Opening, Translator
from ...picture_files import Picture, PictureError
from ...recipes import BACK, RECIPES, TranslatingRecipe
from ...runs import Run
from ..computing import attempted
from ..train.dropped import is_checkpoint
from ..widgets.navigator import Box

THUMB_PX = 96
SMALL_PX = 400  # a side of a picture in small, at most
PAPER_PX = 256  # a side, where a translator does not tell what it was trained on
PASTED = "pasted"
MOST_FILES = 100_000  # that a drop may bring


# --- translators -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A run that translates, or a file of another program."""

    path: Path
    title: str
    steps: tuple[int, ...] = ()  # of its checkpoints, ascending; a file has none
    directions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    choice: Choice
    translator: Translator
    back: Translator | None  # the other way
    paper: tuple[int, int]  # (width, height) of what is drawn for it


def choices(root: Path) -> list[Choice]:
    """The runs that translate and have a checkpoint, newest first."""
    found = [attempted(partial(choice_of_run, run)) for run in runs.list_runs(root)]
    return [choice for choice in found if isinstance(choice, Choice) and choice.steps]


def choice_of_run(run: Run) -> Choice:
    """Raises ConfigError where it does not translate."""
    steps = tuple(sorted(checkpoint.step for checkpoint in run.checkpoints()))
    directions = translators.choices(run.folder)
    return Choice(run.folder, str(run.about().get("title", run.name)), steps, directions)


def opened(opening: Opening) -> Opened:
    """With its way back where there is one. Raises ConfigError."""
    path = Path(opening.path)
    if path.is_dir():
        choice = choice_of_run(Run(path))
        if not choice.steps:
            raise ConfigError(f"The run {choice.title} keeps no checkpoint yet; train it on, or save one now.")
        translator = opening.open()
    else:
        translator = opening.open()
        file = Path(translator.opening.path)
        choice = Choice(file, file.name, (), translator.directions)
    back = attempted(partial(translators.other_way, translator)) if len(translator.directions) > 1 else None
    other = back if isinstance(back, Translator) else None
    return Opened(choice, translator, other, paper_of(choice, translator))


def opening_of(path: Path) -> Opening:
    """For what was dropped: a run, one of its checkpoints, a network's file in one of these, or another file."""
    raw = path.is_file() and not path.stem.endswith("_ema")
    place = path.parent if is_checkpoint(path.parent) else path
    if is_checkpoint(place):
        return Opening(path=str(place.parent.parent), step=runs.Checkpoint(place).step, raw=raw)
    return Opening(path=str(path))


def preset_that_translates() -> str:
    """The id of the first one; "" where there is none."""
    return next((preset.id for preset in presets.all_presets() if translates(preset.values)), "")


def translates(values: dict[str, Any]) -> bool:
    kind = values.get("recipe", {}).get("kind")
    return any(entry.kind == kind and issubclass(entry, TranslatingRecipe) for entry in RECIPES)


# --- pictures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Photo:
    """A picture that is looked at."""

    path: Path
    picture: Picture
    small: np.ndarray  # [h, w, 3] uint8


def photo(path: Path) -> Photo:
    """Raises ConfigError."""
    try:
        picture = picture_files.read(path)
    except PictureError as error:
        raise ConfigError(f"{path.name} {error}.") from None
    return Photo(path, picture, in_small(picture, SMALL_PX))


def in_small(picture: Picture, side: int) -> np.ndarray:
    step = max(1, max(picture.size) // (2 * side))  # a rough cut first, as the whole may be huge
    rough = Picture(picture.colour[::step, ::step], None if picture.alpha is None else picture.alpha[::step, ::step])
    small = Image.fromarray(picture_files.seen(rough))
    small.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(small)


@dataclass(frozen=True)
class Glimpse:
    """Of a file in the list: its picture in small, and its facts; or why it is of no use."""

    path: Path
    small: np.ndarray | None
    facts: str = ""
    reason: str = ""


def glimpse(path: Path) -> Glimpse:
    try:
        small = images.decode(path, at_least=THUMB_PX)
        with Image.open(path) as header:
            width, height = header.size
    except PictureError as error:
        return Glimpse(path, None, reason=f"It {error}.")
    except OSError as error:
        return Glimpse(path, None, reason=f"It cannot be read: {(error.strerror or str(error)).lower()}.")
    small.thumbnail((THUMB_PX, THUMB_PX))
    return Glimpse(path, np.asarray(small), f"{width:,} × {height:,}")


def cut(picture: Picture, box: Box) -> Picture:
    return picture_files.cropped(picture, box)


# --- files to translate ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What a drop brought: pictures, under which root each lies, and what was of no use, in words."""

    files: tuple[Rooted, ...]
    refused: str = ""


def pictures_among(paths: Sequence[Path]) -> Found:
    """Files as they are, folders with all below them; the rest is told of."""
    files: list[Rooted] = []
    refused: list[str] = []
    for path in paths:
        if path.is_dir():
            inside = [Rooted(item, root=path) for item in naming.pictures_below(path)]
            files += inside
            if not inside:
                refused.append(f"{path.name} holds no pictures")
        elif path.suffix.lower() in images.suffixes():
            files.append(Rooted(path, root=path.parent))
        else:
            refused.append(f"{path.name} is no picture")
    return Found(tuple(files[:MOST_FILES]), sentence_of(refused))


def sentence_of(refused: list[str]) -> str:
    if not refused:
        return ""
    more = f", and {len(refused) - 3:,} more are of no use" if len(refused) > 3 else ""
    return f"{', '.join(refused[:3])}{more}."


def keep_pasted(pixels: np.ndarray) -> Path:
    """A picture from the clipboard as a file, which the list and a restart can come back to. Raises OSError."""
    folder = cache.folder() / PASTED
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while (path := folder / f"pasted-{number}.png").exists():
        number += 1
    images.write_png(path, pixels)
    return path


# --- their translation -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """What Start is to do."""

    opening: Opening
    files: tuple[Rooted, ...]
    folder: Path
    output: Output
    manner: Manner

    def items(self, translator: Translator) -> list[Item]:
        """What becomes of each. Raises ConfigError."""
        return naming.listed(self.files, self.folder, self.output, translator)

    def job(self) -> TranslateJob:
        """With a network of its own: that of the window is busy with previews. Raises ConfigError."""
        return TranslateJob(self.opening.open(), self.files, self.folder, self.output, self.manner)


# --- drawing ---------------------------------------------------------------------------------------------------------


def paper_of(choice: Choice, translator: Translator) -> tuple[int, int]:
    """(width, height): what it was trained on, as far as its run tells, in multiples that the network takes."""
    shape = Run(choice.path).about().get("shape") if choice.steps else None
    height, width = shape[1:] if isinstance(shape, list) and len(shape) == 3 else (PAPER_PX, PAPER_PX)
    needs = translator.needs
    width, height = (max(needs.least, -(-side // needs.multiple) * needs.multiple) for side in (width, height))
    return width, height


def example(folder: Path, direction: str) -> np.ndarray:
    """[H, W, 3] uint8: one of the pictures that the run does not learn from, by chance. Raises ConfigError."""
    dataset = exhausted(RunConfig.parse(Run(folder).config()).data.prepare())
    batch = (dataset.held_out or dataset).batch(1, random.randrange(100_000), random.randrange(2**31))
    x = batch.pair if direction == BACK and batch.pair is not None else batch.x
    pixels = images.to_uint8(x)[0]
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]
