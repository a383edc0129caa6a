"""Where translated pictures go: names by a pattern, the same folders below, and nothing that was there is lost."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .. import images
from ..config import ConfigError, Spec, option
from ..picture_files import FORMS, form_of
from .translators import Translator

WORDS = ("stem", "direction", "network", "number", "step")
NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
MOST_NAME = 200  # letters


class Output(Spec):
    """How translated pictures are written."""

    pattern: str = option(
        "{stem}-{direction}",
        "Names of the files, without an ending: {stem} is the picture's own, {direction}, {network}, {number}, {step}.",
        learn=True,
    )
    format: Literal["png", "jpeg", "webp", "tiff", "same"] = option(
        "png",
        "Form of the files. PNG keeps 16 bits; same: each as it came, as far as that form can be written.",
        learn=True,
    )
    quality: int = option(90, "Of JPEG and WebP.", ge=1, le=100)
    existing: Literal["skip", "number", "replace"] = option(
        "skip", "Where there is a file of that name: leave it, add a number to the new one, or replace it.", learn=True
    )
    metadata: bool = option(True, "Copy what stands in the pictures: EXIF, texts, resolution.")

    def check(self) -> None:
        """Raises ConfigError where the pattern makes no names."""
        try:
            parts = [part for part in string.Formatter().parse(self.pattern) if part[1] is not None]
        except ValueError:
            raise ConfigError(f"pattern: {self.pattern!r} is no pattern; write something like {{stem}}-new.") from None
        for _, word, form, conversion in parts:
            if word not in WORDS or form or conversion:
                known = ", ".join(f"{{{word}}}" for word in WORDS)
                raise ConfigError(f"pattern: there is no {{{word}{':' if form else ''}{form}}}; write {known}.")

    def form(self, source: Path) -> str:
        return form_of(source) if self.format == "same" else self.format


@dataclass(frozen=True)
class Item:
    """A picture to translate."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Rooted:
    """A picture that comes from a folder, and is to lie as deep below the folder of the results."""

    path: Path
    root: Path


def named(pattern: str, words: dict[str, str]) -> str:
    """A file's name without its ending, made harmless."""
    name = NOT_IN_NAMES.sub("-", pattern.format(**words)).strip(" .")[:MOST_NAME]
    return name or "picture"


def listed(
    files: Sequence[Path | str | Rooted], folder: Path | str, output: Output, translator: Translator
) -> list[Item]:
    """What is translated to where: folders with all below them, in the same folders below `folder`.

    No two come to the same place, and none to where one of the pictures lies. Raises ConfigError.
    """
    output.check()
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; choose a folder for the pictures.")
    found = [pair for given in files for pair in _found(given, folder)]
    if not found:
        endings = ", ".join(sorted(FORMS.values()))
        where = ", ".join(str(given) for given in files[:3]) or "the list"
        raise ConfigError(f"There is no picture in {where} that can be read ({endings} ...); choose another folder.")
    words = {
        "direction": translator.direction.replace(" ", "-"),
        "network": str(translator.about["run"]),
        "step": str(translator.about["step"]),
    }
    taken = {same(source) for source, _ in found}
    digits = len(str(len(found)))
    items = []
    for number, (source, below) in enumerate(dict.fromkeys(found), start=1):
        ours = words | {"stem": source.stem, "number": str(number).zfill(digits)}
        name = named(output.pattern, ours)
        target = free(folder / below / f"{name}{FORMS[output.form(source)]}", taken)
        taken.add(same(target))
        items.append(Item(source, target))
    return items


def free(path: Path, taken: set[str], on_disk: bool = False) -> Path:
    """This path, or with -2, -3 ... where it is taken."""
    found, number = path, 1
    while same(found) in taken or (on_disk and found.exists()):
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def same(path: Path) -> str:
    """What two names of one file have in common, also where letters' case makes no difference."""
    return os.path.normcase(str(path.absolute().parent.resolve() / path.name)).casefold()


def _found(given: Path | str | Rooted, folder: Path) -> Iterator[tuple[Path, Path]]:
    """(picture, its folder below the one that was given). What is no picture is found out when it is read."""
    if isinstance(given, Rooted):
        yield given.path, given.path.parent.relative_to(given.root)
    elif Path(given).is_dir():
        yield from ((path, path.parent.relative_to(given)) for path in pictures_below(Path(given), but=folder))
    else:
        yield Path(given), Path()


def pictures_below(given: Path, but: Path | None = None) -> Iterator[Path]:
    """The pictures of a folder and of all in it, by name; without what is hidden, and without one folder."""
    own = but.absolute().resolve() if but else None
    for place, folders, names in os.walk(given):
        here = Path(place)
        folders[:] = sorted(
            name for name in folders if not _is_hidden(name) and (here / name).absolute().resolve() != own
        )
        for name in sorted(names):
            if Path(name).suffix.lower() in images.suffixes() and not _is_hidden(name):
                yield here / name


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db")
