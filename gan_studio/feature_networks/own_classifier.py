"""A small convolutional network that learns the data's own labels, here and now: it sees what matters in them.

It learns every label that the data has at once, so that its features hold all of them; classes are counted by one. What
it learnt is kept under the contents of the data and its settings, and is not learnt twice.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..compute import mixed_seed, pick_device
from ..config import ConfigError, Problem, did_you_mean, option
from ..data import Batch, Dataset, Progress, Source, cache
from ..images import to_float, to_uint8
from ..nn.blocks import doubling
from ..nn.resample import bicubic
from . import FEATURE_NETWORKS, BatchedEye, FeatureNetwork, Looked, digest, with_channels

FORMAT = 1
WEIGHTS, ABOUT = "classifier.safetensors", "classifier.json"
MOST_PX = 64  # a side, of what it looks at
SMALLEST_PX = 4  # a side, of its last maps
GROUPS = 8  # of channels that are normalised together
LEAST = 50  # labelled pictures, to learn from and to be tested on
BATCH, BATCH_OF_CARDS = 32, 512  # that an eye looks at together: what stays in a processor's cache is twice as fast
READ = 256  # pictures of the data at a time
OTHERWISE = "Choose the pixels, random convolutions, or a ready classifier."
Column = tuple[str, tuple[str, ...]]  # (what is told, the names of its values)


@FEATURE_NETWORKS.add
class OwnClassifier(FeatureNetwork):
    kind = "own-classifier"
    title = "Classifier of the data's own labels"
    about = "A small network that learns the data's labels once, in seconds to a minute, and sees what matters in them."

    label: str = option(
        "", "What classes are counted by: an attribute of the data; empty for its own classes.", learn=True
    )
    features: int = option(
        64, "Numbers that it makes of a picture: more see more, and need more samples.", ge=64, le=128, multiple_of=8
    )
    width: int = option(16, "Channels at half the size; they double up to 8 times.", ge=GROUPS, le=256, multiple_of=8)
    steps: int = option(500, "Steps of its training: more make it better.", ge=1, le=100_000)
    batch_size: int = option(64, "Pictures a step.", ge=1, le=4096)
    rate: float = option(2e-3, "Learning rate of AdamW at first; it falls to 0.", gt=0, le=1, log=True)
    most: int = option(8192, "It looks at so many pictures of the data, at most.", ge=LEAST, le=200_000)
    tested_share: float = option(0.2, "This share of them is kept, to say how good it is.", ge=0.05, le=0.5)
    seed: int = option(0, "Names its first weights, its batches, and what it is tested on.", ge=0, le=2**31 - 1)

    def missing(self, source: Source | None) -> str:
        if source is None:
            return f"It learns from labels, and there is no data set here that has some. {OTHERWISE}"
        if source.pairs() is not None or len(source.shape() or (0, 0, 0)) != 3:
            return f"It learns from labels of pictures, and this data has none. {OTHERWISE}"
        return ""

    def prepare(
        self, source: Source | None, device: torch.device | None = None
    ) -> Generator[Progress, None, EyeOfClassifier]:
        if source is None or self.missing(source):
            raise ConfigError(self.missing(source))
        dataset = yield from source.prepare()
        columns = labels_of(dataset)
        shown = self._shown(columns, dataset)
        device = device or pick_device()
        yield Progress(0, 0, "Reading what the classifier is to learn")
        place = cache.folder() / f"classifier-{cache.key(self._settings(dataset))}"
        learnt = _kept(place, self, dataset.shape, columns)
        if learnt is None:
            learnt = yield from _trained(self, dataset, columns, source.short(), device)
            with contextlib.suppress(OSError):  # without room for it, it serves this once
                _keep(place, learnt)
        return EyeOfClassifier(learnt, shown, source.short(), device)

    def _settings(self, dataset: Dataset) -> dict[str, Any]:
        """All that its weights depend on: the label that is shown is none of it."""
        return {"format": FORMAT, "data": dataset.fingerprint(), "how": self.plain() | {"label": ""}}

    def _shown(self, columns: list[Column], dataset: Dataset) -> int:
        """Which of the columns classes are counted by. Raises ConfigError."""
        names = [name for name, _ in columns]
        if not names:
            raise ConfigError(f"This data has no labels that a classifier could learn. {OTHERWISE}")
        if not self.label and not dataset.classes:
            raise ConfigError(Problem("label", f"this data has no classes, but attributes: choose {_either(names)}."))
        if self.label and self.label not in names:
            raise ConfigError(
                Problem("label", f"this data has no attribute {self.label!r}.{did_you_mean(self.label, names)}")
            )
        return names.index(self.label)


def labels_of(dataset: Dataset) -> list[Column]:
    """What its pictures are labelled with: its classes, named "", and its attributes; of two values or more."""
    columns = [("", dataset.classes), *dataset.attributes.items()]
    return [(name, values) for name, values in columns if len(values) > 1]


def _either(names: list[str]) -> str:
    shown = names if len(names) <= 8 else [*names[:8], "..."]
    return " or ".join(shown)


# --- the eye ---------------------------------------------------------------------------------------------------------


class EyeOfClassifier(BatchedEye):
    def __init__(self, learnt: Learnt, shown: int, data: str, device: torch.device):
        name, self.classes = learnt.columns[shown]
        self.name = f"{data} CNN, {name}" if name else f"{data} CNN"
        self.network, self.device = learnt.network.to(device), device
        self.batch = BATCH if device.type == "cpu" else BATCH_OF_CARDS
        C, H, W = learnt.shape
        self.preprocessing = f"{W} x {H} px, {'grey' if C == 1 else 'in colour'}, in [-1, 1]"
        of = {"weights": digest(learnt.network.state_dict()), "shape": learnt.shape, "shown": shown}
        self.id = f"own-classifier-{cache.key(of)}"
        right, usual = learnt.right[shown], learnt.usual[shown]
        self.notes = (
            f"The classifier names {right:.1%} of {learnt.tested:,} pictures rightly that it did not learn from;"
            f" always naming the most frequent, {usual:.1%} would be right.",
        )
        if right < (1 + usual) / 2:
            self.notes += ("It tells the classes badly: do not count classes by it.",)

        ends = np.cumsum([0, *(len(values) for _, values in learnt.columns)])
        self._columns = slice(int(ends[shown]), int(ends[shown + 1]))
        self._shape = learnt.shape

    def reader(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], Tensor]:
        """On the processor, pictures that need no more than that become floats in place: to make room anew for each
        batch would take as long as a tenth of the network."""
        C, H, W = self._shape
        if self.device.type != "cpu" or tuple(shape) != (H, W, C):
            return super().reader(shape)
        room, floor = torch.empty(self.batch, C, H, W), torch.tensor(-1.0)

        def laid(pictures: np.ndarray) -> Tensor:
            ours = pictures if pictures.flags.writeable else pictures.copy()  # torch warns of what it cannot write
            x = room[: len(pictures)].copy_(torch.from_numpy(ours).permute(0, 3, 1, 2))
            return torch.add(floor, x, alpha=1 / 127.5, out=x)  # as `to_float`, in one pass

        return laid

    def see(self, pixels: Tensor) -> tuple[Tensor, ...]:
        return (self.network.features(pixels if pixels.is_floating_point() else prepared(pixels, self._shape)),)

    @torch.inference_mode()
    def look(self, pictures: np.ndarray) -> Looked:
        """What it answers to all of them at once: for each batch it would be small work and many calls."""
        rows = super().look(pictures).rows  # [N, F]
        answers = self.network.answer(torch.from_numpy(rows).to(self.device))[:, self._columns]
        return Looked(rows, answers.softmax(dim=1).cpu().numpy())


def prepared(pixels: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Pixels [N, C', H', W'] uint8 of any size -> x [N, C, H, W] in [-1, 1], as the network looks at them."""
    C, H, W = shape
    x = to_float(with_channels(pixels, C).contiguous())
    return x if x.shape[2:] == (H, W) else bicubic(x, (H, W)).clamp(-1, 1)


class Classifier(nn.Module):
    """Convolutions that halve the picture down to SMALLEST_PX, the features, and one linear layer for all answers."""

    def __init__(self, shape: tuple[int, ...], width: int, features: int, answers: int):
        super().__init__()
        C, H, W = shape
        layers: list[nn.Module] = []
        for channels in doubling(width, levels=max(1, (min(H, W) // SMALLEST_PX).bit_length() - 1)):
            layers += [nn.Conv2d(C, channels, 4, 2, 1), nn.GroupNorm(GROUPS, channels), nn.SiLU()]
            C, H, W = channels, H // 2, W // 2
        # No ReLU: a feature that is 0 of every picture would make covariances singular.
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(C * H * W, features), nn.SiLU())
        self.answer = nn.Linear(features, answers)

    def forward(self, x: Tensor) -> Tensor:
        return self.answer(self.features(x))


# --- the training ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Learnt:
    network: Classifier
    shape: tuple[int, ...]  # of what it looks at
    columns: tuple[Column, ...]
    right: tuple[float, ...]  # the share of pictures it never saw whose label it tells, of each column
    usual: tuple[float, ...]  # the share of those that have the most frequent label
    tested: int  # pictures it never saw


def _trained(
    how: OwnClassifier, dataset: Dataset, columns: list[Column], data: str, device: torch.device
) -> Generator[Progress, None, Learnt]:
    """Learn all columns at once. Raises ConfigError."""
    pixels, labels = yield from _read(dataset, columns, how)
    shape = pixels.shape[1:]
    kept = max(1, round(how.tested_share * len(pixels)))  # the data come in a random order
    network = _drawn(how, tuple(shape), columns).to(device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=how.rate, weight_decay=0.01)
    rng = torch.Generator().manual_seed(mixed_seed(how.seed, 1))
    for step in range(how.steps):
        yield Progress(step, how.steps, f"Training a classifier of {data}")
        optimiser.param_groups[0]["lr"] = how.rate * (1 - step / how.steps)
        rows = kept + torch.randint(len(pixels) - kept, (how.batch_size,), generator=rng)
        x = prepared(pixels[rows].to(device), tuple(shape))
        with torch.enable_grad():
            told = network(x).split([len(values) for _, values in columns], dim=1)
            of = labels[rows].to(device).unbind(dim=1)
            loss = torch.stack([cross_entropy(*pair) for pair in zip(told, of, strict=True)]).sum()
            optimiser.zero_grad()
            loss.backward()
        optimiser.step()
    yield Progress(how.steps, how.steps, f"Training a classifier of {data}")
    return _tested(network.eval().requires_grad_(False), pixels[:kept], labels[:kept], columns, device)


def _read(
    dataset: Dataset, columns: list[Column], how: OwnClassifier
) -> Generator[Progress, None, tuple[Tensor, Tensor]]:
    """Pictures [N, C, H, W] uint8, made smaller where they are large, and their labels [N, columns] int64."""
    count = min(how.most, dataset.size or how.most)
    if count < LEAST:
        raise ConfigError(f"A classifier needs at least {LEAST} labelled pictures, and here are {count}. {OTHERWISE}")
    C, H, W = dataset.shape
    scale = min(1.0, MOST_PX / max(H, W))
    size = (C, max(1, round(H * scale)), max(1, round(W * scale)))
    pixels, labels = torch.empty((count, *size), dtype=torch.uint8), torch.empty(count, len(columns), dtype=torch.int64)
    for start in range(0, count, READ):
        yield Progress(start, count, "Reading the labelled pictures")
        batch = dataset.batch(READ, start // READ, mixed_seed(how.seed, 2))
        rows = slice(start, min(start + READ, count))
        n = rows.stop - start
        seen = torch.from_numpy(to_uint8(batch.x[:n])).permute(0, 3, 1, 2)
        small = to_uint8(prepared(seen, size)) if seen.shape[1:] != size else seen.permute(0, 2, 3, 1).numpy()
        pixels[rows] = torch.from_numpy(small).permute(0, 3, 1, 2)
        labels[rows] = torch.stack([_column(batch, name) for name, _ in columns], dim=1)[:n].cpu()
    return pixels, labels


def _column(batch: Batch, name: str) -> Tensor:
    if name:
        return batch.attributes[name]
    assert batch.y is not None
    return batch.y


def _drawn(how: OwnClassifier, shape: tuple[int, ...], columns: list[Column]) -> Classifier:
    """He's weights, biases of 0, norms that change nothing; nobody else's random numbers are touched."""
    with torch.device("meta"):
        network = Classifier(shape, how.width, how.features, sum(len(values) for _, values in columns))
    network = network.to_empty(device="cpu")
    rng = torch.Generator().manual_seed(mixed_seed(how.seed, 0))
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, generator=rng)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        elif isinstance(module, nn.GroupNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
    return network


@torch.no_grad()
def _tested(network: Classifier, pixels: Tensor, labels: Tensor, columns: list[Column], device: torch.device) -> Learnt:
    """How often it is right of pictures that it never saw. Raises ConfigError where its answers are no numbers."""
    shape = tuple(pixels.shape[1:])
    answers = torch.cat([network(prepared(part.to(device), shape)).cpu() for part in pixels.split(READ)])
    if not torch.isfinite(answers).all():
        raise ConfigError("The training of the classifier diverged; train it with a lower rate.")
    told = answers.split([len(values) for _, values in columns], dim=1)
    of = labels.unbind(dim=1)
    right = tuple((a.argmax(dim=1) == y).float().mean().item() for a, y in zip(told, of, strict=True))
    usual = tuple(y.bincount().max().item() / len(y) for y in of)
    return Learnt(network, shape, tuple(columns), right, usual, len(pixels))


# --- what is kept ----------------------------------------------------------------------------------------------------


def _kept(place: Path, how: OwnClassifier, shape: tuple[int, ...], columns: list[Column]) -> Learnt | None:
    """None where there is none, or what is there is damaged."""
    try:
        told = json.loads((place / ABOUT).read_bytes())
        size = tuple(map(int, told["shape"]))
        network = _drawn(how, size, columns)
        network.load_state_dict(load_file(place / WEIGHTS))
        right, usual = (tuple(map(float, told[name])) for name in ("right", "usual"))
        tested = int(told["tested"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError):
        return None
    if not len(right) == len(usual) == len(columns):
        return None
    cache.use(place)
    return Learnt(network.eval().requires_grad_(False), size, tuple(columns), right, usual, tested)


def _keep(place: Path, learnt: Learnt) -> None:
    """Whole or not at all. Raises OSError."""
    weights = {name: tensor.cpu().contiguous() for name, tensor in learnt.network.state_dict().items()}
    about = {"shape": learnt.shape, "right": learnt.right, "usual": learnt.usual, "tested": learnt.tested}
    with cache.replacing(place) as folder:
        save_file(weights, folder / WEIGHTS)
        (folder / ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
