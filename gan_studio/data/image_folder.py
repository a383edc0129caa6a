"""The user's own pictures: a folder of any depth, a zip, or StyleGAN's dataset.zip with its labels."""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import numpy as np
from PIL import Image
from pydantic import AfterValidator

from ..config import ConfigError, Problem, option
from ..images import BANDS, Channels, Fit, PictureError, colour, decode, fitted, planes, suffixes
from . import SOURCES, HeldOut, Progress, Source, cache
from .augment import Augment
from .images import HELD_OUT_HELP, ImageDataset, hold_out

LEAST_PICTURES = 16
MAX_FILE_BYTES = 512 * 2**20  # of one picture, also as it lies in a zip: what is larger is left out
LABELS_FILE = "dataset.json"  # StyleGAN: {"labels": [["00000/img00000000.png", 6], ...]} or {"labels": null}
CROPPED_FROM = 9 / 8  # a random crop is cut from a picture this much larger, where the augmentation does not say


def _known(text: str) -> str:
    colour(text)
    return text


ColourName = Annotated[str, AfterValidator(_known)]


@SOURCES.add
class ImageFolder(Source):
    kind = "image-folder"
    title = "My pictures"
    about = "A folder of pictures, a zip of pictures, or StyleGAN's dataset.zip."

    path: str = option(
        "",
        "The folder or the .zip with the pictures, sub-folders too; the more alike and the more of them, the better.",
        learn=True,
    )
    size: int = option(
        64,
        "Side of the square pictures that are trained on: twice the side takes about four times as long.",
        ge=8,
        le=512,
        unit="px",
        learn=True,
    )
    fit: Fit = option(
        "centre-crop", "How a picture that is not square becomes so: cut, cut at random, squeezed, or with bars."
    )
    channels: Channels = option("rgb", "What a pixel holds: colours, a grey, or colours and transparency.")
    labels: Literal["auto", "folders", "none"] = option(
        "auto", "Where the classes come from. Auto: dataset.json, or the sub-folders if all pictures are in some."
    )
    held_out_share: float = option(0.0, HELD_OUT_HELP, ge=0, le=0.5)
    background: ColourName = option("white", "The colour that shows through transparent parts.", group="Colours")
    bars: ColourName = option("black", "The colour of the bars that pad a picture.", group="Colours")
    augment: Augment = option(Augment(), "Random changes that turn few pictures into many.", group="Augmentation")

    def check(self) -> None:
        place = Path(self.path).expanduser()
        if not self.path.strip():
            raise ConfigError(Problem("path", "choose a folder or a .zip with pictures, or drop one on the window."))
        if not place.exists():
            raise ConfigError(Problem("path", f"there is no folder or file {place}; check it, or connect its disk."))

    def shape(self) -> tuple[int, ...]:
        return (BANDS[self.channels], self.size, self.size)

    def short(self) -> str:
        return Path(self.path).expanduser().stem or self.kind

    def prepare(self) -> Generator[Progress, None, ImageDataset]:
        yield Progress(0, 0, "Looking for pictures")
        with closing(open_place(self.path)) as place:
            classes, numbers, unlabelled = self._classes(place)
            names = [name for name in place.names if name not in numbers or numbers[name] >= 0]
            _check_count(len(names))

            side = self.augment.stored(self.size)
            if self.fit == "random-crop" and side == self.size:
                side = int(np.ceil(self.size * CROPPED_FROM))
            draw = picture_drawer(place.read, side, self.fit, self.channels, self.background, self.bars)
            entry = yield from cache.cached(
                "pictures",
                {"files": place.fingerprint(), "names": names, **self._settings(side)},
                (BANDS[self.channels], side, side),
                lambda: cache.Work(names, draw),
                "Decoding pictures",
            )
        skipped = [(names[i], reason) for i, reason in entry.skipped] + unlabelled
        kept = [names[i] for i in entry.kept]
        _check_kept(len(kept), skipped)
        pictures = ImageDataset(
            entry.pixels,
            labels=np.array([numbers[name] for name in kept]) if classes else None,
            classes=classes,
            size=self.size,
            augment=self.augment,
            skipped=tuple(skipped),
            notes=place.notes,
        )
        trained = hold_out(pictures, kept, self.held_out_share)
        _check_trained(trained.size or 0, len(kept))
        return trained

    def unseen(self) -> Source | None:
        return HeldOut(source=self) if self.held_out_share else None

    def how_to_hold_out(self) -> str:
        if self.held_out_share:
            return "So few pictures are held out that there is none: set data.held_out_share higher before training."
        return "Training sees all of these pictures: set data.held_out_share, such as to 0.1, before the next one."

    def _settings(self, side: int) -> dict[str, Any]:
        colours = {"background": colour(self.background), "bars": colour(self.bars)}
        return {"side": side, "fit": self.fit, "channels": self.channels} | colours

    def _classes(self, place: Place) -> tuple[tuple[str, ...], dict[str, int], list[tuple[str, str]]]:
        """The classes' names, {file: its class, or -1}, and (file, reason) of those that have none."""
        given = place.labels() if self.labels == "auto" else None
        if given is not None:
            numbers = {name: given.get(name, -1) for name in place.names}
            without = [(name, f"has no label in {LABELS_FILE}") for name in place.names if numbers[name] < 0]
            return tuple(map(str, range(max(given.values()) + 1))), numbers, without
        tops = {name: PurePosixPath(name).parts[0] if "/" in name else "" for name in place.names}
        folders = sorted(set(tops.values()))
        if self.labels == "none" or (self.labels == "auto" and ("" in folders or len(folders) < 2)):
            return (), {}, []
        return tuple(folder or "." for folder in folders), {n: folders.index(top) for n, top in tops.items()}, []


def picture_drawer(
    read: Callable[[str], Path | bytes], side: int, fit: Fit, channels: Channels, background: str, bars: str
) -> Callable[[str], np.ndarray]:
    """A function that makes [C, side, side] uint8 of the picture that `read` finds under a name."""
    return partial(_drawn, read, side, fit, channels, colour(background), colour(bars))


def _drawn(read: Any, side: int, fit: Fit, channels: Channels, background: Any, bars: Any, name: str) -> np.ndarray:
    # A JPEG may be decoded at half, a quarter or an eighth of its size, as long as twice the pixels needed are left.
    picture: Image.Image = decode(read(name), channels, background, at_least=2 * side)
    return planes(fitted(picture, side, fit, bars))


# --- where pictures lie ----------------------------------------------------------------------------------------------


class Place(ABC):
    """Somewhere with pictures in it."""

    names: list[str]  # of the pictures, with "/" between folders, sorted
    notes: tuple[str, ...] = ()

    @abstractmethod
    def read(self, name: str) -> Path | bytes:
        """What `decode` takes. Raises PictureError."""

    @abstractmethod
    def fingerprint(self) -> str:
        """One word that changes with the pictures."""

    @abstractmethod
    def labels_text(self) -> bytes | None:
        """What stands in StyleGAN's dataset.json, where there is one."""

    def labels(self) -> dict[str, int] | None:
        """{picture: class number} of StyleGAN's dataset.json; None where it has none. Raises ConfigError."""
        text = self.labels_text()
        return None if text is None else _labels_from(text)

    def close(self) -> None:
        """Let go of open files."""
        return


def open_place(path: str) -> Place:
    """The folder or zip at `path`. Raises ConfigError."""
    if not path.strip():
        raise ConfigError("No pictures are chosen yet: set `path` to a folder or a .zip with pictures.")
    place = Path(path).expanduser()
    try:
        if place.is_dir():
            return Folder(place)
        if place.is_file():
            return Zip(place)
    except PermissionError:
        raise ConfigError(f"{place} may not be read by this user; allow it, or choose another folder.") from None
    raise ConfigError(f"There is no folder or file {place}; check the path, or whether its disk is connected.")


class Folder(Place):
    def __init__(self, root: Path):
        self.root = root
        os.scandir(root).close()  # so that a root that may not be read is an error, where a sub-folder is a note
        closed: list[str] = []
        self._stats = dict(_walked(root, lambda error: closed.append(str(error.filename))))
        self.names = sorted(self._stats)
        self.notes = tuple(f"The folder {folder} could not be read." for folder in closed)

    def read(self, name: str) -> Path | bytes:
        if self._stats[name].st_size > MAX_FILE_BYTES:
            raise PictureError(_TOO_LARGE)
        return self.root / name

    def fingerprint(self) -> str:
        return cache.fingerprint((f"{self.root.resolve()}/{name}", self._stats[name]) for name in self.names)

    def labels_text(self) -> bytes | None:
        file = self.root / LABELS_FILE
        return file.read_bytes() if file.is_file() and file.stat().st_size <= MAX_FILE_BYTES else None


class Zip(Place):
    """Pictures are read one by one into memory; nothing is ever unpacked onto the disk."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise ConfigError(f"{path} is not a zip that can be read ({error}); choose a folder or a .zip.") from None
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        for info in infos:
            _refuse_outside(info, path)
        self._infos = {info.filename: info for info in infos}
        self.names = sorted(name for name in self._infos if _is_picture(name))

    def read(self, name: str) -> Path | bytes:
        info = self._infos[name]
        if info.file_size > MAX_FILE_BYTES:
            raise PictureError(_TOO_LARGE)
        if info.flag_bits & 1:
            raise PictureError("is encrypted")
        try:
            return self._zip.read(info)  # no more than the bytes it announces, or it is refused
        except Exception as error:  # each method of compression has its own: zlib.error, lzma.LZMAError, EOFError ...
            raise PictureError(f"cannot be unpacked: {error}") from None

    def fingerprint(self) -> str:
        """Of the contents by their checksums: a copy of the zip elsewhere is the same."""
        parts = [(name, self._infos[name].CRC, self._infos[name].file_size) for name in self.names]
        return cache.key({"zip": parts})

    def labels_text(self) -> bytes | None:
        info = self._infos.get(LABELS_FILE)
        try:
            return self._zip.read(info) if info and info.file_size <= MAX_FILE_BYTES else None
        except Exception as error:
            raise ConfigError(
                f"{LABELS_FILE} in {self.path} cannot be unpacked ({error}); make the zip anew."
            ) from None

    def close(self) -> None:
        self._zip.close()


_TOO_LARGE = f"is larger than {MAX_FILE_BYTES // 2**20} MiB"


def _walked(root: Path, failed: Callable[[OSError], None]) -> Iterator[tuple[str, os.stat_result]]:
    """(name, stat) of every picture below; links are followed, and every folder is entered once: loops end."""
    entered = set()
    for folder, folders, files in os.walk(root, onerror=failed, followlinks=True):
        status = Path(folder).stat()
        identity = (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(folder)
        if identity in entered:
            folders.clear()
            continue
        entered.add(identity)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        for file in files:
            path = Path(folder, file)
            name = path.relative_to(root).as_posix()
            if _is_picture(name):
                try:
                    status = path.stat()
                except OSError:  # a link that leads nowhere
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield name, status


def _is_picture(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return path.suffix.lower() in suffixes() and not hidden


def _refuse_outside(info: zipfile.ZipInfo, path: Path) -> None:
    for name in (info.filename, info.orig_filename):
        parts = name.replace("\\", "/").split("/")
        if parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
            raise ConfigError(
                f"{path} holds {name!r}, a name that leads outside of it, so it is not used; ask where it comes from."
            )


def _labels_from(text: bytes) -> dict[str, int] | None:
    try:
        rows = json.loads(text)["labels"]
        if rows is None:
            return None
        labels = {str(name).replace("\\", "/"): label for name, label in rows}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(
            f"{LABELS_FILE} does not hold labels as StyleGAN writes them; mend it, or set labels to none."
        ) from None
    wrong = next((label for label in labels.values() if type(label) is not int or not 0 <= label < 10**5), None)
    if wrong is not None:
        raise ConfigError(
            f"{LABELS_FILE} holds the label {wrong!r}, and only whole class numbers from 0 can be used; set labels to"
            " none or folders."
        )
    return labels or None


def _check_count(count: int) -> None:
    if count == 0:
        raise ConfigError(
            "There is no picture in there; choose a folder or a .zip with pictures (.png, .jpg, .webp and the like)."
        )
    if count < LEAST_PICTURES:
        found = "is 1 picture" if count == 1 else f"are {count} pictures"
        raise ConfigError(
            f"There {found} in there, and a GAN needs at least {LEAST_PICTURES} to learn from; add more. Hundreds are"
            " a start, thousands are good."
        )


def _check_kept(kept: int, skipped: list[tuple[str, str]]) -> None:
    if kept < LEAST_PICTURES:
        name, reason = skipped[0]
        raise ConfigError(
            f"Only {kept} of {kept + len(skipped)} pictures can be used, and a GAN needs at least"
            f" {LEAST_PICTURES}; {name} {reason}. Mend or replace them."
        )


def _check_trained(count: int, of: int) -> None:
    if count < LEAST_PICTURES:
        raise ConfigError(
            Problem(
                "held_out_share",
                f"of {of} pictures {of - count} would be held out, and a GAN needs at least {LEAST_PICTURES} to learn"
                " from; hold out less, or add more.",
            )
        )
