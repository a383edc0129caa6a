"""A point of view on a generator: which weights, which latent, which edits; and the picture that it gives.

A `View` is all that a picture needs: on the CPU the same view gives the same bytes. A PNG carries its view as text,
with a side-car of the same name in JSON beside it, and is opened again from either.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import platformdirs
import torch
from pydantic import Field
from torch import Tensor

from .. import __version__, images, importers, runs
from ..classes import MOST as MOST_CLASSES
from ..classes import Shares, dense, sparse
from ..compute import mixed_seed
from ..config import ConfigError, Spec, option
from ..directions import Direction, plain_numbers
from ..files import file_hash, write_atomic
from ..walks import resampled, truncated
from .events import Progress
from .exports import refuse_existing
from .snapshots import Snapshot, open_file, open_snapshot, weights_hash

FORMAT = 2  # 1 knew no classes
TEXT = "GAN Studio"  # the name of the text in a PNG
SHEET = "count"  # and of the one that only a PNG with several pictures has
MOST_BYTES = 2**23  # of a picture's recipe
MOST_NUMBERS = 4096  # of a latent
MOST_EDITS = 64
LOOK_FOR_IT = "drop the picture itself to be found in the latent space"
NETWORKS = {"averaged": "generator_ema", "raw": "generator"}  # the file of a checkpoint that a view's weights lie in

# --- a view ----------------------------------------------------------------------------------------------------------


class Edit(Spec):
    """So many sigmas along a direction."""

    direction: Direction = option(Direction(), "Where to.")
    amount: float = option(0.0, "How many sigmas.", ge=-1000, le=1000)


Number = Annotated[int, Field(ge=0, lt=MOST_CLASSES)]
Share = Annotated[float, Field(ge=0, le=1)]


class View(Spec):
    """What a picture is made of. Drawn from the seed, within the limit; then truncated; then edited."""

    run: Annotated[str, Field(max_length=4096)] = option(
        "", "The run's name, or its folder where it lies elsewhere; or the file of another program's generator."
    )
    step: int = option(0, "Its checkpoint.", ge=0, le=2**53)
    weights: Literal["averaged", "raw"] = option("averaged", "The running average of the weights, or as they are.")
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = option("", "Of the file with the weights.")
    seed: int = option(0, "The latent, unless its numbers are given.", ge=0, le=2**32)
    z: Annotated[tuple[float, ...], Field(max_length=MOST_NUMBERS)] = option((), "The latent's numbers.")
    limit: float = option(0.0, "Entries of the seed's latent beyond this are drawn again; 0: none.", ge=0, le=10)
    psi: float = option(1.0, "How far the latent is from the mean, before the edits.", title="Truncation", ge=-2, le=2)
    edits: Annotated[tuple[Edit, ...], Field(max_length=MOST_EDITS)] = option((), "Directions and how far along them.")
    classes: Annotated[tuple[tuple[Number, Share], ...], Field(max_length=MOST_CLASSES)] = option(
        (), "Where the network has classes: which, and the share of each; none: one that the seed draws."
    )

    def at_seed(self, seed: int) -> View:
        """The edits stay."""
        return self.model_copy(update={"seed": seed, "z": ()})

    def at(self, z: Tensor) -> View:
        """At a latent [z_dim] or [1, z_dim], which is taken as it is: truncation and edits are in it, or gone."""
        return self.model_copy(update={"z": plain_numbers(z.flatten()), "psi": 1.0, "limit": 0.0, "edits": ()})

    def of_classes(self, shares: Shares) -> View:
        return self.model_copy(update={"classes": shares})

    def edited(self, direction: Direction, amount: float) -> View:
        """With so much of a direction, told by its name, instead of what there was of it; 0 takes it away."""
        others = [edit for edit in self.edits if edit.direction.name != direction.name]
        place = next((i for i, edit in enumerate(self.edits) if edit.direction.name == direction.name), len(others))
        if amount:
            others.insert(place, Edit(direction=direction, amount=amount))
        return self.model_copy(update={"edits": tuple(others)})

    def amount(self, name: str) -> float:
        """How much there is of a direction."""
        return next((edit.amount for edit in self.edits if edit.direction.name == name), 0.0)

    def unedited(self) -> View:
        return self.model_copy(update={"edits": ()})


def view_of(snapshot: Snapshot, seed: int = 0) -> View:
    """What a snapshot shows of a seed. Raises ConfigError where it makes no pictures."""
    explorable(snapshot)
    about = snapshot.about
    return View(
        run=snapshot.origin.address(),
        step=about["step"],
        weights=about["weights"],
        sha256=about["sha256"],
        seed=seed,
    )


def explorable(snapshot: Snapshot) -> Snapshot:
    """Raises ConfigError where it makes points in the plane."""
    if len(snapshot.shape) != 3:
        raise ConfigError(f"The run {snapshot.about['run']} makes points, and not pictures; choose a run of pictures.")
    return snapshot


# --- its latent and its picture --------------------------------------------------------------------------------------


def latent(view: View, snapshot: Snapshot) -> Tensor:
    """z [1, z_dim] float32 on the CPU. Raises ConfigError where the view's numbers are for another generator."""
    z = truncated(_start(view, snapshot), view.psi)
    for edit in view.edits:
        step = edit.direction.step()
        if len(step) != z.shape[1]:
            raise ConfigError(_length(f"The direction {edit.direction.name}", len(step), z.shape[1]))
        z = z + edit.amount * step
    return z


def _start(view: View, snapshot: Snapshot) -> Tensor:
    z = snapshot.latents(1, view.seed).cpu()
    if view.z:
        if len(view.z) != z.shape[1]:
            raise ConfigError(_length("This latent", len(view.z), z.shape[1]))
        return torch.tensor([view.z], dtype=torch.float32)
    if view.limit:
        return resampled(z, view.limit, lambda k: snapshot.latents(1, mixed_seed(view.seed, k)).cpu())
    return z


def _length(what: str, has: int, needs: int) -> str:
    return f"{what} has {has} number{'s' * (has != 1)}, and this generator takes {needs}; use one that belongs to it."


def latents(views: Sequence[View], snapshot: Snapshot) -> Tensor:
    """z [N, z_dim] float32 on the CPU."""
    return torch.cat([latent(view, snapshot) for view in views])


def shares(view: View, snapshot: Snapshot) -> Shares:
    """Its classes. Raises ConfigError where the generator has not these."""
    return snapshot.shares(view.classes, view.seed)


def class_shares(views: Sequence[View], snapshot: Snapshot) -> Tensor:
    """w [N, classes] float32 on the CPU."""
    return dense([shares(view, snapshot) for view in views], snapshot.classes)


def inputs(views: Sequence[View], snapshot: Snapshot) -> Tensor:
    """What the network takes: [N, z_dim + classes] float32 on the CPU."""
    return torch.cat([latents(views, snapshot), class_shares(views, snapshot)], dim=1)


def at_input(view: View, row: Tensor, snapshot: Snapshot) -> View:
    """At one of `inputs`, [z_dim + classes], taken as it is."""
    z, w = row.split([snapshot.z_dim, snapshot.classes])
    return view.at(z).of_classes(sparse(w))


def render(view: View, snapshot: Snapshot) -> np.ndarray:
    """[H, W, C] uint8. Drawn alone: in a batch the last bit of a sum may fall otherwise."""
    return pictures(inputs([view], snapshot), snapshot)[0]


def pictures(z: Tensor, snapshot: Snapshot, batch: int = 64) -> np.ndarray:
    """`inputs`, or latents [N, z_dim] of the classes that the snapshot is `of` -> [N, H, W, C] uint8."""
    return images.to_uint8(snapshot.generate(z, batch))


def strip(view: View, direction: Direction, amounts: Sequence[float], snapshot: Snapshot) -> np.ndarray:
    """What a direction does to a view: [A, H, W, C] uint8, one for each of its amounts."""
    return pictures(inputs([view.edited(direction, amount) for amount in amounts], snapshot), snapshot)


# --- what a picture carries ------------------------------------------------------------------------------------------


class Kept(Spec):
    """The text inside a picture, and in the file beside it."""

    format: int = option(FORMAT, "Of this text.", ge=1)
    version: Annotated[str, Field(max_length=100)] = option("", "Of the GAN Studio that wrote it.")
    pixels: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = option("", "The SHA-256 of the picture's pixels.")
    view: View = option(View(), "What the picture is made of.")


K = TypeVar("K", bound=Kept)


def kept(view: View, picture: np.ndarray) -> Kept:
    return Kept(version=__version__, pixels=pixels_hash(picture), view=view)


def pixels_hash(picture: np.ndarray) -> str:
    """Of [H, W, C] uint8, its shape included."""
    return hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()


def text_of(view: View, picture: np.ndarray) -> dict[str, str]:
    """The text for `images.write_png`."""
    values = json.dumps(kept(view, picture).plain(), ensure_ascii=False, separators=(",", ":"))
    return {"Software": f"GAN Studio {__version__}", TEXT: values}


def sidecar_of(view: View, picture: np.ndarray) -> str:
    """The same for the file beside it."""
    return json.dumps(kept(view, picture).plain(), ensure_ascii=False, indent=1) + "\n"


def pair_of(view: View, picture: np.ndarray, more: Mapping[str, str] | None = None) -> tuple[bytes, str]:
    """What every picture is written as: a PNG with its recipe, and `more` texts, inside; and the side-car."""
    return images.png(picture, {**(more or {}), **text_of(view, picture)}), sidecar_of(view, picture)


def put(path: Path, view: View, picture: np.ndarray) -> None:
    """Write a PNG and its side-car .json into a folder that nobody sees yet. Raises OSError."""
    data, sidecar = pair_of(view, picture)
    path.write_bytes(data)
    path.with_suffix(".json").write_text(sidecar, encoding="utf-8")


def keep(
    path: Path, view: View, picture: np.ndarray, replace: bool = False, more: Mapping[str, str] | None = None
) -> None:
    """Write a PNG and its side-car .json; each whole or not at all.

    Raises ConfigError where there is such a file already and it may not be replaced, or none can be written.
    """
    if not replace:
        refuse_pair(path)
    save_pair(path, *pair_of(view, picture, more))


def refuse_pair(path: Path) -> None:
    """Raises ConfigError where there is such a picture, or such a side-car."""
    refuse_existing(path)
    refuse_existing(path.with_suffix(".json"))


def save_pair(path: Path, data: bytes, sidecar: str) -> None:
    """No side-car is left alone. Raises ConfigError."""
    try:
        write_atomic(path.with_suffix(".json"), sidecar)
        write_atomic(path, data)
    except OSError as error:
        path.with_suffix(".json").unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def read_recipe(path: Path) -> Kept:
    """What a picture was made of, from its PNG, the side-car beside it, or the side-car itself.

    The file may be anybody's. Raises ConfigError with one sentence.
    """
    if path.suffix.lower() == ".json":
        return read_kept(path, Kept, LOOK_FOR_IT)
    try:
        texts = images.read_recipe(path)
    except images.PictureError as error:
        raise ConfigError(f"{path} {error}.") from None
    if TEXT in texts:
        return _parsed(texts[TEXT], path, Kept, LOOK_FOR_IT)
    if SHEET in texts:
        raise ConfigError(_several(path))
    sidecar = path.with_suffix(".json")
    if sidecar.is_file():
        return read_kept(sidecar, Kept, LOOK_FOR_IT)
    raise ConfigError(f"{path} carries no recipe of GAN Studio; drop it as a picture to be found in the latent space.")


def read_kept(path: Path, kind: type[K], advice: str) -> K:
    """From a JSON file. Raises ConfigError: one sentence that ends with the advice."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1).decode()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); see to it.") from None
    except UnicodeDecodeError:
        raise ConfigError(_damaged(path, advice)) from None
    return _parsed(text, path, kind, advice)


def _parsed(text: str, path: Path, kind: type[K], advice: str) -> K:
    if len(text) > MOST_BYTES:
        raise ConfigError(_damaged(path, advice))
    try:
        values = json.loads(text)
        several = SHEET in values and "view" not in values
        newer = not several and int(values["format"]) > FORMAT
        found = None if several or newer or not values["view"]["run"] else kind.parse(values)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):  # what `parse` raises is a ValueError
        raise ConfigError(_damaged(path, advice)) from None
    if several:
        raise ConfigError(_several(path))
    if newer:
        raise ConfigError(f"The recipe in {path} was written by a newer GAN Studio; update GAN Studio to use it.")
    if found is None:
        raise ConfigError(_damaged(path, advice))
    return found


def _several(path: Path) -> str:
    return f"{path} is of several pictures in one; take a picture that was written alone."


def _damaged(path: Path, advice: str) -> str:
    return f"The recipe in {path} is damaged; {advice}."


# --- and is opened by again ------------------------------------------------------------------------------------------


class LostError(ConfigError):
    """The weights of a view are not where it says; `search` may find them."""

    def __init__(self, view: View, sentence: str):
        self.view = view
        super().__init__(sentence)


def opened(view: View, root: Path | None = None, device: str = "cpu") -> Snapshot:
    """The snapshot of a view. Raises LostError where its run, checkpoint or file is gone, or holds other weights."""
    if is_of_file(view):
        return _opened_file(view, device)
    try:
        run = runs.open_run(view.run, root)
    except (ConfigError, OSError):
        sentence = f"The run {view.run} is not here any more; bring it back, or search the other runs."
        raise LostError(view, sentence) from None
    if view.step not in [checkpoint.step for checkpoint in run.checkpoints()]:
        sentence = f"The run {run.name} keeps no checkpoint of step {view.step} any more; search the other runs."
        raise LostError(view, sentence)
    snapshot = open_snapshot(run.folder, view.step, view.weights == "raw", device)
    if view.sha256 and snapshot.about["sha256"] != view.sha256:
        raise LostError(
            view,
            f"The checkpoint of step {view.step} of the run {run.name} holds other weights than this picture was made "
            "with; search the other runs.",
        )
    return explorable(snapshot)


def is_of_file(view: View) -> bool:
    """Whether its generator is another program's. A picture is anybody's: no other files are opened for it."""
    return view.run.lower().endswith(importers.SUFFIXES)


def _opened_file(view: View, device: str) -> Snapshot:
    path = Path(view.run)
    if not path.is_file():
        raise LostError(view, f"The file {path} is not here any more; bring it back, or search for it.")
    snapshot = open_file(path, device=device)
    if view.sha256 and snapshot.about["sha256"] != view.sha256:
        sentence = f"{path} holds other weights than this picture was made with; search for the file it was."
        raise LostError(view, sentence)
    return snapshot


def search(view: View, root: Path | None = None) -> Generator[Progress, None, View | None]:
    """The view with the run and step that hold its weights, wherever they are now; None where they are nowhere.

    Reads every checkpoint of every run, those of the same step first. A file of another program is looked for, under
    any name, where it was, in the working folder, and among the user's downloads. Closing the generator cancels.
    """
    if is_of_file(view):
        return (yield from _search_files(view))
    places = [(run, checkpoint) for run in runs.list_runs(root) for checkpoint in run.checkpoints()]
    places.sort(key=lambda place: place[1].step != view.step)
    for done, (run, checkpoint) in enumerate(places):
        yield Progress(done, len(places), "Searching the runs")
        for weights, name in NETWORKS.items():
            if _hash_or_none(checkpoint, name) == view.sha256:
                where = run.name if run.folder.parent == runs.default_root() else str(run.folder)
                return view.model_copy(update={"run": where, "step": checkpoint.step, "weights": weights})
    return None


def _search_files(view: View) -> Generator[Progress, None, View | None]:
    folders = [Path(view.run).parent, Path.cwd(), Path(platformdirs.user_downloads_dir())]
    places = [path for folder in dict.fromkeys(folders) for path in _weights_in(folder)]
    places.sort(key=lambda path: path.name != Path(view.run).name)
    for done, path in enumerate(places):
        yield Progress(done, len(places), "Searching the files")
        with contextlib.suppress(OSError):
            if file_hash(path) == view.sha256:
                return view.model_copy(update={"run": str(path.absolute())})
    return None


def _weights_in(folder: Path) -> list[Path]:
    try:
        found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in importers.SUFFIXES]
        return [path for path in found if path.is_file() and path.stat().st_size <= importers.MOST_BYTES]
    except (OSError, ValueError):  # no such folder; a name with a null
        return []


def _hash_or_none(checkpoint: runs.Checkpoint, name: str) -> str | None:
    """None where there is no such file: not all networks are averaged."""
    try:
        return weights_hash(checkpoint, name)
    except ConfigError:
        return None


@dataclass(frozen=True)
class Reopened:
    """A picture that was made again from its recipe."""

    view: View
    snapshot: Snapshot
    picture: np.ndarray  # [H, W, C] uint8
    is_exact: bool  # bit for bit what was kept


def reopened(path: Path, root: Path | None = None) -> Reopened:
    """The state that a dropped picture was made in. Raises ConfigError with one sentence."""
    recipe = read_recipe(path)
    snapshot = opened(recipe.view, root)
    picture = render(recipe.view, snapshot)
    return Reopened(recipe.view, snapshot, picture, pixels_hash(picture) == recipe.pixels)


# --- the clipboard ---------------------------------------------------------------------------------------------------


def latent_as_text(z: Tensor) -> str:
    """[z_dim] or [1, z_dim] as a list that JSON and Python read."""
    return json.dumps(plain_numbers(z.flatten()))


def latent_from_text(text: str, z_dim: int) -> Tensor:
    """The inverse of `latent_as_text`, [1, z_dim]; numbers may also stand one by one. Raises ConfigError."""
    try:
        if len(text) > MOST_BYTES:
            raise ValueError
        values: Any = json.loads(text) if text.lstrip().startswith("[") else text.replace(",", " ").split()
        z = torch.tensor([float(value) for value in values], dtype=torch.float64).float()
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise ConfigError("The clipboard holds no latent; copy one from here, or a list of numbers.") from None
    if len(z) != z_dim:
        raise ConfigError(_length("The latent on the clipboard", len(z), z_dim))
    if not torch.isfinite(z).all():
        raise ConfigError("The latent on the clipboard holds numbers that are not finite; copy another one.")
    return z[None]


def as_python(view: View) -> str:
    """A script that makes the picture of a view."""
    return (
        "from gan_studio.images import write_png\n"
        "from gan_studio.jobs.explore import View, opened, render, text_of\n\n"
        f"view = View.parse({view.model_dump(mode='json', exclude_defaults=True)!r})\n"
        "picture = render(view, opened(view))  # [H, W, C] uint8\n"
        'write_png("picture.png", picture, text_of(view, picture))\n'
    )
