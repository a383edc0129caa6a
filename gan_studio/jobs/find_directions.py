"""Find the directions of a snapshot's latent space, measure what each does, and keep them beside its weights.

A new way to find them is a function and a line in WAYS.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from .. import directions
from ..compute import mixed_seed
from ..config import ConfigError, Spec, option
from ..data import Dataset
from ..directions import Direction, Layer
from .events import Progress
from .explore import explorable
from .snapshots import Snapshot

Way = Literal["pca", "sefa", "attribute", "random"]
Work = Generator[Progress, None, list[Direction]]

BATCH = 64
LEFT_OUT = 0.25  # the share of the labelled pictures that a label's reading is tested on
READ_PX = 16  # labels are read off pictures of at most this size
RIDGE = 0.02  # of the mean variance of a pixel, times the number of pictures
LEAST_AUC = 0.8  # a label that is read worse is left out: its direction would be of something else
MOST_VALUES = 64  # of labels


class Finding(Spec):
    """How directions are found."""

    ways: Annotated[tuple[Way, ...], Field(max_length=8)] = option(
        ("pca", "sefa"), "PCA of a layer's activations, closed form (SeFa), labels of the data, random.", learn=True
    )
    layer: str = option("", "Of PCA: the layer that is looked at; the first one otherwise.")
    count: int = option(12, "So many of each.", ge=1, le=512, learn=True)
    samples: int = option(512, "Latents that PCA looks at.", ge=8, le=20_000)
    labelled: int = option(2048, "Training pictures that labels are learnt from, and latents they are read of.", ge=64)
    measured: int = option(8, "Latents that the effect of each direction is measured on.", ge=1, le=1024)
    seed: int = option(0, "Names the latents and the random directions.", ge=0, le=2**31 - 1)


def find(snapshot: Snapshot, how: Finding) -> Work:
    """Directions with their measured effects, in the order of the ways.

    Closing the generator cancels. Raises ConfigError where a way does not fit this network or its data.
    """
    explorable(snapshot)
    found: list[Direction] = []
    for way in how.ways:
        found += yield from WAYS[way](snapshot, how)
    return (yield from measured(snapshot, found, how))


def measured(snapshot: Snapshot, found: Sequence[Direction], how: Finding) -> Work:
    """The directions with the effect that each has on this snapshot."""
    z = snapshot.latents(how.measured, mixed_seed(how.seed, 2)).cpu()
    effects = []
    for done, one in enumerate(directions.effects(lambda z: snapshot.generate(z, BATCH), found, z)):
        effects.append(one)
        yield Progress(done + 1, len(found), "Measuring what the directions do")
    return effects


def layers(snapshot: Snapshot) -> list[Layer]:
    """Those of a snapshot's network that PCA can look at, in order."""
    return directions.layers(snapshot.network, snapshot.latents(1, 0))


# --- the ways --------------------------------------------------------------------------------------------------------


def _pca(snapshot: Snapshot, how: Finding) -> Work:
    names = [layer.name for layer in layers(snapshot)]
    layer = how.layer or names[0]
    if layer not in names:
        raise ConfigError(f"The network has no layer {layer}; it has: {', '.join(names)}.")
    z = snapshot.latents(how.samples, mixed_seed(how.seed, 0))
    parts: list[Tensor] = []
    for part in directions.activations(snapshot.network, layer, z, BATCH):
        parts.append(part)
        yield Progress(min(BATCH * len(parts), len(z)), len(z), "Looking at the layer")
    return directions.pca(torch.cat(parts), z.cpu(), layer, how.count)


def _sefa(snapshot: Snapshot, how: Finding) -> Work:
    yield Progress(0, 1, "Factorising the first layer")
    return directions.sefa(snapshot.network, spread(snapshot), how.count)


def _random(snapshot: Snapshot, how: Finding) -> Work:
    yield Progress(0, 1, "Drawing directions")
    return directions.random(snapshot.z_dim, how.count, how.seed, spread(snapshot))


def spread(snapshot: Snapshot) -> float:
    """The standard deviation of the latents' entries."""
    return snapshot.latents(512, 0).std().item()


def _attribute(snapshot: Snapshot, how: Finding) -> Work:
    """A reader of each label is learnt on the training pictures; its scores of generated ones give the direction."""
    dataset = yield from snapshot.config.data.prepare()
    parts: list[tuple[Tensor, Labels]] = []
    count = min(how.labelled, dataset.size or how.labelled)
    for position in range(-(-count // BATCH)):
        parts.append(_labelled(dataset, position, how.seed))
        yield Progress(min(count, (position + 1) * BATCH), count, "Reading the labels")
    pixels = torch.cat([part for part, _ in parts])[:count]
    readers = [
        reader
        for name, of in _columns([labels for _, labels in parts], count).items()
        if (reader := learnt(name, pixels, of)) is not None
    ]
    if not readers:
        raise ConfigError("None of the labels of this run's data can be told from its pictures; choose another way.")

    z = snapshot.latents(how.labelled, mixed_seed(how.seed, 1))
    seen: list[Tensor] = []
    for part in z.split(BATCH):
        seen.append(small(snapshot.generate(part)))
        yield Progress(min(BATCH * len(seen), len(z)), len(z), "Reading generated pictures")
    features = torch.cat(seen)
    return [directions.attribute(one.name, z.cpu(), one.score(features), spread(snapshot)) for one in readers]


WAYS: dict[str, Callable[[Snapshot, Finding], Work]] = {
    "pca": _pca,
    "sefa": _sefa,
    "attribute": _attribute,
    "random": _random,
}

# --- labels ----------------------------------------------------------------------------------------------------------

Labels = dict[str, Tensor]  # {"hair colour: red": whether [N]}


def _labelled(dataset: Dataset, position: int, seed: int) -> tuple[Tensor, Labels]:
    """Pictures small [N, F], and which labels each has. Raises ConfigError where the data have none."""
    batch = dataset.batch(BATCH, position, seed)
    if dataset.attributes:
        columns = {name: (values, batch.attributes[name]) for name, values in dataset.attributes.items()}
    elif batch.y is not None:
        columns = {"class": (dataset.classes, batch.y)}
    else:
        raise ConfigError("The data of this run have no labels; find directions in another way.")
    labels = {
        f"{name}: {value}": numbers == i
        for name, (values, numbers) in columns.items()
        for i, value in enumerate(values)
    }
    return small(batch.x), dict(list(labels.items())[:MOST_VALUES])


def _columns(parts: list[Labels], count: int) -> Labels:
    return {name: torch.cat([part[name] for part in parts])[:count] for name in parts[0]}


def small(x: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, F], of at most READ_PX a side."""
    if max(x.shape[2:]) > READ_PX:
        x = torch.nn.functional.adaptive_avg_pool2d(x, READ_PX)
    return x.flatten(1).float().cpu()


@dataclass(frozen=True)
class Reader:
    """Scores how sure a label is, by a linear function of the pixels."""

    name: str
    weight: Tensor  # [F]
    mean: Tensor  # [F]
    auc: float  # on pictures that it was not learnt from

    def score(self, features: Tensor) -> Tensor:
        """[N, F] -> [N]"""
        return (features - self.mean) @ self.weight


def learnt(name: str, features: Tensor, has: Tensor) -> Reader | None:
    """By ridge regression; None where the label cannot be told, or is too rare to say."""
    held = round(len(features) * LEFT_OUT)
    X, y = features[held:], has[held:].float()
    mean = X.mean(dim=0)
    A = X - mean
    variance = A.square().mean().clamp(min=1e-12)
    gram = A.T @ A + RIDGE * len(X) * variance * torch.eye(A.shape[1])
    weight = torch.linalg.solve(gram, A.T @ (y - y.mean()))
    reader = Reader(name, weight, mean, 0.0)
    auc = area_under_roc(reader.score(features[:held]), has[:held])
    return Reader(name, weight, mean, auc) if auc >= LEAST_AUC else None


def area_under_roc(scores: Tensor, has: Tensor) -> float:
    """The share of the pairs with and without in which the one with scores higher; 0 where there is no pair."""
    ranks = scores.argsort().argsort().double()
    positives = int(has.sum())
    negatives = len(has) - positives
    if not positives or not negatives:
        return 0.0
    return float((ranks[has.bool()].sum() - positives * (positives - 1) / 2) / (positives * negatives))


# --- the run's own ---------------------------------------------------------------------------------------------------


def file_of(snapshot: Snapshot) -> Path:
    """Where they are kept now, or will be."""
    return snapshot.origin.place(directions.FILE)


def kept(snapshot: Snapshot) -> list[Direction]:
    """The directions that are kept for a run or file. Raises ConfigError where the file with them is damaged."""
    return directions.load(file_of(snapshot), snapshot.z_dim)


def keep(snapshot: Snapshot, found: Sequence[Direction]) -> list[Direction]:
    """Put directions beside those that are kept, in place of those of the same names. Raises ConfigError."""
    names = {one.name for one in found}
    together = [one for one in kept(snapshot) if one.name not in names] + list(found)
    replace(snapshot, together)
    return together


def replace(snapshot: Snapshot, found: Sequence[Direction]) -> None:
    """Keep these and no others. Raises ConfigError where they cannot be written."""
    snapshot.origin.keep(directions.FILE, lambda place: directions.save(place, found))
