"""Published data sets, read by torchvision: MNIST and its kin, CIFAR, SVHN, STL-10, CelebA. A new one: a class and a
line in SETS.

torchvision takes over a second to import, so that happens inside functions, and not at all where the cache has the
pictures already. Downloads are ours, with progress and cancel; addresses and checksums are torchvision's own.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import http.client
import os
import secrets
import shutil
import tarfile
import time
import urllib.request
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import platformdirs
from PIL import Image
from pydantic import field_validator

from ..config import ConfigError, did_you_mean, option
from ..images import BANDS, Channels, Fit, decode, fitted, planes
from . import SOURCES, Progress, Source, cache
from .augment import Augment
from .images import ImageDataset

Split = Literal["train", "test", "all", "unlabelled"]
# fmt: off
Name = Literal[
    "mnist", "fashion-mnist", "kmnist", "emnist-balanced", "emnist-letters", "emnist-digits", "emnist-byclass",
    "emnist-bymerge", "cifar10", "cifar100", "svhn", "stl10", "celeba",
]
# fmt: on

OTHER_PART: dict[Split, Split] = {"train": "test", "test": "train"}  # unseen: of the same kind, and disjoint


@SOURCES.add
class TorchvisionSet(Source):
    kind = "torchvision"
    title = "Published data set"
    about = "MNIST and its kin, CIFAR, SVHN, STL-10 or CelebA; downloaded once."

    name: Name = option("mnist", "The data set: grey digits are easy, colours and faces are harder.", learn=True)
    split: Split = option("train", "Which part; STL-10 has 100,000 unlabelled pictures too.")
    size: int = option(
        32,
        "Side of the square pictures that are trained on: twice the side takes about four times as long.",
        ge=8,
        le=512,
        unit="px",
        learn=True,
    )
    fit: Fit = option("centre-crop", "How pictures that are not square (CelebA's) become so.")
    root: str = option("", "The folder that holds it, as torchvision lays it out; empty for that of GAN Studio.")
    download: bool = option(False, "Fetch it from the internet if it is not on this computer.")
    augment: Augment = option(Augment(), "Random changes that turn few pictures into many.", group="Augmentation")

    @field_validator("split")
    @classmethod
    def _has_split(cls, split: Split, info: Any) -> Split:
        name = info.data.get("name")
        if name in SETS and split not in SETS[name].splits:
            raise ConfigError(f"{SETS[name].title} has no part {split!r}; choose {' or '.join(SETS[name].splits)}.")
        return split

    def shape(self) -> tuple[int, ...]:
        return (BANDS[SETS[self.name].channels], self.size, self.size)

    @classmethod
    def variants(cls) -> tuple[Source, ...]:
        return tuple(cls.parse({"name": name}) for name in SETS)

    def called(self) -> str:
        return SETS[self.name].title

    def short(self) -> str:
        return self.called()

    def unseen(self) -> Source | None:
        other = OTHER_PART.get(self.split)
        return None if other is None else self.model_copy(update={"split": other})

    def how_to_hold_out(self) -> str:
        return f"Of {self.called()} nothing is like this and unseen: set data.split to train before the next training."

    def missing(self) -> str:
        wanted = SETS[self.name]
        if not wanted.missing(folder(self.root), self.split):
            return ""
        return f"{wanted.title} is not on this computer; it is a download of {_bytes(wanted.download_mb * 10**6)}."

    def fetch(self) -> Generator[Progress, None, None]:
        yield from download(self.name, self.root)

    def prepare(self) -> Generator[Progress, None, ImageDataset]:
        wanted, root = SETS[self.name], folder(self.root)
        if missing := wanted.missing(root, self.split):
            if not self.download:
                raise ConfigError(
                    f"{wanted.title} is not on this computer: press Download, or run `gan-studio data download"
                    f" {self.name}`. (Looked for {missing[0]}.)"
                )
            yield from download(self.name, self.root)

        yield Progress(0, 0, f"Reading {wanted.title}")
        side = self.augment.stored(self.size)
        files = [(name, (root / name).stat()) for name in wanted.files(self.split)]
        entry = yield from cache.cached(
            self.name,
            {"files": cache.fingerprint(files), "root": str(root), "split": self.split, "side": side, "fit": self.fit},
            (BANDS[wanted.channels], side, side),
            lambda: _work(wanted, root, self.split, side, self.fit),
            f"Decoding {wanted.title}",
        )
        columns = dict(entry.columns)
        labels = columns.pop("label", None)
        return ImageDataset(
            entry.pixels,
            labels=labels,
            classes=tuple(entry.facts["classes"]),
            columns=columns,
            attributes=dict.fromkeys(columns, ("no", "yes")),
            size=self.size,
            augment=self.augment,
            skipped=tuple((f"picture {i}", reason) for i, reason in entry.skipped),
        )


def folder(root: str = "") -> Path:
    """Where data sets are kept: `root`, or $GAN_STUDIO_DATA, or the data folder of the user."""
    given = root.strip() or os.environ.get("GAN_STUDIO_DATA")
    return Path(given).expanduser() if given else Path(platformdirs.user_data_dir("gan-studio")) / "datasets"


def names() -> tuple[str, ...]:
    return get_args(Name)


def _work(wanted: PictureSet, root: Path, split: str, side: int, fit: Fit) -> cache.Work[Any]:
    try:
        raw = wanted.read(root, split)
    except Exception as error:  # torchvision asserts; SciPy, pickle and csv each fail in their own way
        raise ConfigError(
            f"{wanted.title} in {root} is damaged or incomplete ({error}); download it again with `gan-studio data"
            f" download {wanted.name}`."
        ) from error
    columns = dict(raw.columns) | ({} if raw.labels is None else {"label": raw.labels})
    return cache.Work(raw.items, partial(_drawn, side, fit), columns, {"classes": list(raw.classes)})


def _drawn(side: int, fit: Fit, item: np.ndarray | Path) -> np.ndarray:
    picture = decode(item, at_least=2 * side) if isinstance(item, Path) else Image.fromarray(item)
    return planes(fitted(picture, side, fit))


# --- the sets --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Raw:
    """What torchvision read."""

    items: Any  # a sequence of arrays [H, W] or [H, W, 3] uint8, or paths of pictures
    labels: np.ndarray | None
    classes: tuple[str, ...] = ()
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)  # {attribute: [N], 0 or 1}


@dataclass(frozen=True)
class Archive:
    """A file to fetch to `path`, below the root, from the first of `urls` that has it."""

    urls: tuple[str, ...]
    path: str
    md5: str


class PictureSet(ABC):
    splits: tuple[str, ...] = ("train", "test", "all")
    channels: Channels = "rgb"

    def __init__(self, name: str, title: str, class_name: str, download_mb: int):
        self.name, self.title, self.class_name, self.download_mb = name, title, class_name, download_mb

    @property
    def torchvision(self) -> Any:
        """The class of torchvision."""
        from torchvision import datasets

        return getattr(datasets, self.class_name)

    @abstractmethod
    def files(self, split: str) -> list[str]:
        """What must be there, below the root."""

    @abstractmethod
    def archives(self) -> list[Archive]: ...

    @abstractmethod
    def read(self, root: Path, split: str) -> Raw: ...

    def unpack(self, root: Path, archive: Archive) -> Generator[Progress, None, None]:
        """Make `files` of a fetched archive; each appears whole or not at all."""
        yield from ()

    def missing(self, root: Path, split: str) -> list[Path]:
        return [root / file for file in self.files(split) if not (root / file).exists()]


def _trains(split: str) -> list[bool]:
    """The values of torchvision's `train` that make up a split."""
    return {"train": [True], "test": [False], "all": [True, False]}[split]


class Idx(PictureSet):
    """MNIST's own format, gzipped."""

    channels: Channels = "grey"

    def files(self, split: str) -> list[str]:
        parts = ["train" if train else "t10k" for train in _trains(split)]
        return [f"{self.class_name}/raw/{p}-{what}-ubyte" for p in parts for what in ("images-idx3", "labels-idx1")]

    def archives(self) -> list[Archive]:
        mirrors, resources = self.torchvision.mirrors, self.torchvision.resources
        raw = f"{self.class_name}/raw"
        return [Archive(tuple(m + file for m in mirrors), f"{raw}/{file}", md5) for file, md5 in resources]

    def unpack(self, root: Path, archive: Archive) -> Generator[Progress, None, None]:
        packed = root / archive.path
        with gzip.open(packed) as source:
            yield from _copied(source, packed.with_suffix(""))

    def read(self, root: Path, split: str) -> Raw:
        parts = [self._opened(root, train) for train in _trains(split)]
        return Raw(
            np.concatenate([part.data.numpy() for part in parts]),
            np.concatenate([part.targets.numpy() for part in parts]),
            tuple(parts[0].classes),
        )

    def _opened(self, root: Path, train: bool) -> Any:
        return self.torchvision(root, train=train)


class Emnist(Idx):
    """Letters and digits; the files hold every picture transposed, and count letters from 1."""

    def __init__(self, name: str, title: str, class_name: str, download_mb: int):
        super().__init__(name, title, class_name, download_mb)
        self.part = name.removeprefix("emnist-")

    def files(self, split: str) -> list[str]:
        return [f"EMNIST/raw/{name}" for train in _trains(split) for name in self._names(train)]

    def _names(self, train: bool) -> list[str]:
        part = f"emnist-{self.part}-{'train' if train else 'test'}"
        return [f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"]

    def archives(self) -> list[Archive]:
        return [Archive((self.torchvision.url,), "EMNIST/raw/gzip.zip", self.torchvision.md5)]

    def unpack(self, root: Path, archive: Archive) -> Generator[Progress, None, None]:
        with zipfile.ZipFile(root / archive.path) as box:
            for name in (name for train in (True, False) for name in self._names(train)):
                with box.open(f"gzip/{name}.gz") as packed, gzip.open(packed) as source:
                    yield from _copied(source, root / "EMNIST" / "raw" / name)

    def read(self, root: Path, split: str) -> Raw:
        raw = super().read(root, split)
        first = 1 if self.part == "letters" else 0
        assert raw.labels is not None
        return Raw(np.asarray(raw.items).transpose(0, 2, 1), raw.labels - first, raw.classes[first:])

    def _opened(self, root: Path, train: bool) -> Any:
        return self.torchvision(root, split=self.part, train=train)


class Tarred(PictureSet):
    """One tar with a folder in it; torchvision checks the sum of each file before it reads any."""

    def archives(self) -> list[Archive]:
        kind = self.torchvision
        return [Archive((kind.url,), kind.filename, kind.tgz_md5)]

    def unpack(self, root: Path, archive: Archive) -> Generator[Progress, None, None]:
        with tarfile.open(root / archive.path) as box, _beside(root / self.torchvision.base_folder) as temporary:
            for member in box:
                if member.isfile():
                    source = box.extractfile(member)
                    assert source is not None
                    yield from _copied(source, temporary / Path(member.name).name)  # all lie in one flat folder


class Cifar(Tarred):
    """Pickled batches: safe to read for their checksums alone, which torchvision insists on."""

    def files(self, split: str) -> list[str]:
        if self.class_name == "CIFAR100":
            return [f"cifar-100-python/{name}" for name in ("train", "test", "meta")]
        batches = [f"data_batch_{i}" for i in range(1, 6)]
        return [f"cifar-10-batches-py/{name}" for name in (*batches, "test_batch", "batches.meta")]

    def read(self, root: Path, split: str) -> Raw:
        parts = [self.torchvision(root, train=train) for train in _trains(split)]
        labels = np.concatenate([part.targets for part in parts])
        return Raw(np.concatenate([part.data for part in parts]), labels, tuple(parts[0].classes))


class Svhn(PictureSet):
    """Two MATLAB files, straight from their site."""

    def files(self, split: str) -> list[str]:
        return [f"{'train' if train else 'test'}_32x32.mat" for train in _trains(split)]

    def archives(self) -> list[Archive]:
        parts = [self.torchvision.split_list[part] for part in ("train", "test")]
        return [Archive((url,), filename, md5) for url, filename, md5 in parts]

    def read(self, root: Path, split: str) -> Raw:
        parts = [self.torchvision(root, split="train" if train else "test") for train in _trains(split)]
        pixels = np.concatenate([part.data for part in parts]).transpose(0, 2, 3, 1)  # [N, 32, 32, 3]
        return Raw(pixels, np.concatenate([part.labels for part in parts]), tuple(map(str, range(10))))


class Stl10(Tarred):
    splits = ("train", "test", "all", "unlabelled")

    def files(self, split: str) -> list[str]:
        names = ("train_X.bin", "train_y.bin", "unlabeled_X.bin", "test_X.bin", "test_y.bin")
        return [f"stl10_binary/{name}" for name in names]

    def read(self, root: Path, split: str) -> Raw:
        if split == "unlabelled":
            return Raw(self.torchvision(root, split="unlabeled").data.transpose(0, 2, 3, 1), None)
        parts = [self.torchvision(root, split="train" if train else "test") for train in _trains(split)]
        pixels = np.concatenate([part.data for part in parts]).transpose(0, 2, 3, 1)  # [N, 96, 96, 3]
        return Raw(pixels, np.concatenate([part.labels for part in parts]), tuple(parts[0].classes))


CELEBA_SITE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="


class CelebA(PictureSet):
    """200,000 faces with 40 attributes; no classes."""

    def files(self, split: str) -> list[str]:
        lists = ("attr_celeba", "bbox_celeba", "landmarks_align_celeba", "eval_partition")
        texts = [f"list_{name}.txt" for name in lists]
        return [f"celeba/{name}" for name in (*texts, "identity_CelebA.txt", "img_align_celeba")]

    def archives(self) -> list[Archive]:
        return [Archive((CELEBA_SITE + file,), f"celeba/{name}", md5) for file, md5, name in self.torchvision.file_list]

    def unpack(self, root: Path, archive: Archive) -> Generator[Progress, None, None]:
        packed = root / archive.path
        if packed.suffix != ".zip":
            return
        with zipfile.ZipFile(packed) as box, _beside(packed.with_suffix("")) as temporary:
            infos = [info for info in box.infolist() if not info.is_dir()]
            for done, info in enumerate(infos):
                (temporary / Path(info.filename).name).write_bytes(box.read(info))  # all lie in one flat folder
                if done % 500 == 0:
                    yield Progress(done, len(infos), f"Unpacking {packed.name}")

    def read(self, root: Path, split: str) -> Raw:
        opened = self.torchvision(root, split=split)
        pictures = root / "celeba" / "img_align_celeba"
        attributes = [name for name in opened.attr_names if name]
        columns = {name: opened.attr[:, i].numpy().astype(np.uint8) for i, name in enumerate(attributes)}
        return Raw([pictures / name for name in opened.filename], None, (), columns)


SETS: dict[str, PictureSet] = {
    entry.name: entry
    for entry in (
        Idx("mnist", "MNIST", "MNIST", 12),
        Idx("fashion-mnist", "Fashion-MNIST", "FashionMNIST", 31),
        Idx("kmnist", "KMNIST", "KMNIST", 21),
        Emnist("emnist-balanced", "EMNIST balanced", "EMNIST", 562),
        Emnist("emnist-letters", "EMNIST letters", "EMNIST", 562),
        Emnist("emnist-digits", "EMNIST digits", "EMNIST", 562),
        Emnist("emnist-byclass", "EMNIST by class", "EMNIST", 562),
        Emnist("emnist-bymerge", "EMNIST by merge", "EMNIST", 562),
        Cifar("cifar10", "CIFAR-10", "CIFAR10", 170),
        Cifar("cifar100", "CIFAR-100", "CIFAR100", 169),
        Svhn("svhn", "SVHN", "SVHN", 246),
        Stl10("stl10", "STL-10", "STL10", 2640),
        CelebA("celeba", "CelebA", "CelebA", 1471),
    )
}


# --- fetching --------------------------------------------------------------------------------------------------------

CHUNK_BYTES = 2**18
TIMEOUT_S = 30.0
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


def download(name: str, root: str = "") -> Generator[Progress, None, None]:
    """Fetch what is not there or damaged, and unpack it anew. Closing the generator cancels. Raises ConfigError."""
    if name not in SETS:
        raise ConfigError(f"There is no data set called {name!r}.{did_you_mean(name, list(SETS))}")
    wanted, place = SETS[name], folder(root)
    yield Progress(0, 0, f"Preparing to download {wanted.title}")
    try:
        for archive in wanted.archives():
            yield from _fetched(archive, place)
            yield from wanted.unpack(place, archive)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise ConfigError(f"{wanted.title} cannot be unpacked ({error}); delete it in {place}, try again.") from error
    except OSError as error:
        raise ConfigError(
            f"{wanted.title} cannot be written to {place} ({error.strerror or error}); free some space there, or choose"
            " another folder."
        ) from error


def _fetched(archive: Archive, root: Path) -> Generator[Progress, None, None]:
    yield from fetched(archive.urls, root / archive.path, lambda path: _md5(path) == archive.md5)


def fetched(urls: Sequence[str], path: Path, is_right: Callable[[Path], bool]) -> Generator[Progress, None, None]:
    """Download a file from the first of these addresses that has it, unless it is there; whole or not at all.

    Closing the generator cancels. Raises ConfigError, and OSError where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and is_right(path):
        return
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    problems = []
    try:
        for url in urls:
            try:
                yield from _pulled(url, temporary, f"Downloading {path.name}")
            except (OSError, http.client.HTTPException) as error:  # OSError is the base of urllib's own
                if isinstance(error, OSError) and error.errno in _UNWRITABLE:
                    raise
                problems.append(f"{url}: {getattr(error, 'reason', error)}")
                continue
            if is_right(temporary):
                temporary.replace(path)
                return
            problems.append(f"{url}: what came is not the right file")
    finally:
        temporary.unlink(missing_ok=True)
    raise ConfigError(
        f"{path.name} could not be downloaded ({'; '.join(problems)}). See that you are online and try again later, or"
        f" fetch that file yourself and put it in {path.parent}."
    )


def _pulled(url: str, to: Path, text: str) -> Generator[Progress, None, None]:
    request = urllib.request.Request(url, headers={"User-Agent": "gan-studio"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response, to.open("wb") as file:
        total, told = int(response.headers.get("Content-Length") or 0), 0.0
        while chunk := response.read(CHUNK_BYTES):
            file.write(chunk)
            if time.monotonic() - told > 0.1:
                told = time.monotonic()
                yield Progress(file.tell(), total, f"{text}: {_so_far(file.tell(), total)}")
        yield Progress(file.tell(), total, f"{text}: {_so_far(file.tell(), total)}")


def _so_far(done: int, total: int) -> str:
    """ "3.1 MB of 12 MB"; "3.1 MB" where the server does not say how much there is."""
    return f"{_bytes(done)} of {_bytes(total)}" if total else _bytes(done)


def _bytes(count: int) -> str:
    if count >= 10**9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:,.{0 if count >= 10**7 else 1}f} MB"


def _copied(source: Any, to: Path) -> Generator[Progress, None, None]:
    temporary = to.with_name(f"{to.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("wb") as file:
            while chunk := source.read(16 * CHUNK_BYTES):
                file.write(chunk)
                yield Progress(file.tell(), 0, f"Unpacking {to.name}")
        temporary.replace(to)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _beside(to: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `to` when all went well."""
    temporary = to.with_name(f"{to.name}.{secrets.token_hex(4)}.part")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if to.is_dir():
            shutil.rmtree(to)
        temporary.rename(to)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _md5(path: Path) -> str:
    """Against damage, as torchvision does."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
