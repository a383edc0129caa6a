"""Any classifier of torchvision whose weights are on this computer already: it knows ImageNet's photographs.

Nothing is downloaded unless that is asked for. torchvision takes over a second to import, so that happens inside
functions.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..compute import pick_device
from ..config import ConfigError, Problem, did_you_mean, option
from ..data import Progress, Source, cache
from ..data.published import Published, folder
from ..nn.undrawn import Undrawn
from . import FEATURE_NETWORKS, BatchedEye, FeatureNetwork, digest, slowly, with_channels

# What torchvision's own builders set where they are given weights.
AS_TRAINED: dict[str, dict[str, Any]] = {
    model: {"transform_input": True, "aux_logits": True, "init_weights": False}
    for model in ("googlenet", "inception_v3")
}
USUAL = "ResNet18_Weights.IMAGENET1K_V1"  # where nobody chose, and none are there
OTHERS = "with other weights"
CHECKSUM = re.compile(r"-([0-9a-f]{8,})\.pth$")  # at the end of a published file's name: how its SHA-256 begins


@FEATURE_NETWORKS.add
class TorchvisionClassifier(FeatureNetwork):
    kind = "torchvision-classifier"
    title = "Classifier of torchvision"
    about = "A network that learnt to tell photographs apart, such as ResNet-18; its weights must be in torch's cache."

    weights: str = option(
        "",
        f"Its weights or its network by name, such as {USUAL} or resnet18; empty: the first that are there.",
        learn=True,
    )
    download: bool = option(
        False, "Fetch the weights into torch's cache, if they are not there; of no name those of resnet18."
    )

    def missing(self, source: Source | None) -> str:
        try:
            name = self._name()
        except ConfigError as error:
            return str(error)
        if self.download or name in here():
            return ""
        file, there = published(name), ", ".join(here())
        wanted = self.weights.strip()
        what = f"The weights {name} are not" if wanted else "No weights of a classifier of torchvision are"
        return (
            f"{what} in {folder()}.{f' There are: {there}.' if there else ''} Download {name}"
            f" ({file.mb} MB), or put such a file there."
        )

    def lacks(self) -> Published | None:
        try:
            name = self._name()
        except ConfigError:
            return None
        return None if name in here() else published(name)

    def prepare(
        self, source: Source | None, device: torch.device | None = None
    ) -> Generator[Progress, None, EyeOfTorchvision]:
        yield from self.fetched(source)
        name = self._name()
        file = published(name)
        yield Progress(0, 1, f"Reading {name}")
        model, weights = _known()[name]
        network = _filled(model, len(weights.meta["categories"]), file.path)
        is_the_one = file.is_the_one(file.path)
        yield Progress(1, 1, f"Reading {name}")
        return EyeOfTorchvision(network, weights, is_the_one, device or pick_device())

    def _name(self) -> str:
        """Of the weights, whether they are there or not. Raises ConfigError where torchvision has none of this name."""
        wanted, known = self.weights.strip(), _known()
        if wanted in known:
            return wanted
        of_network = [name for name, (model, _) in known.items() if not wanted or model == wanted.lower()]
        if not of_network:
            names = [*known, *dict.fromkeys(model for model, _ in known.values())]
            none = f"torchvision has none called {wanted!r}.{did_you_mean(wanted, names)}"
            raise ConfigError(Problem("weights", none))
        there = here()
        return next((name for name in of_network if name in there), of_network[0] if wanted else USUAL)


def published(name: str) -> Published:
    """The file of these weights, by their name."""
    _, weights = _known()[name]
    file = weights.url.rpartition("/")[2]
    checksum = CHECKSUM.search(file)
    assert checksum
    return Published(file, weights.url, checksum[1], round(weights.meta["_file_size"]))


def here() -> dict[str, Path]:
    """{name of weights: their file} of the classifiers that are on this computer."""
    files = {path.name: path for path in folder().glob("*.pth")}
    if not files:
        return {}
    named = {name: weights.url.rpartition("/")[2] for name, (_, weights) in _known().items()}
    return {name: files[file] for name, file in named.items() if file in files}


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[str, Any]]:
    """{name of weights: (name of the model, the weights)} of all classifiers that torchvision has."""
    from torchvision import models

    return {
        str(weights): (model, weights)
        for model in models.list_models(module=models)
        for weights in models.get_model_weights(model)
    }


def _filled(model: str, classes: int, path: Path) -> nn.Module:
    """Raises ConfigError where the file cannot be used."""
    from torchvision import models

    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        with Undrawn():
            network = models.get_model(model, weights=None, num_classes=classes, **AS_TRAINED.get(model, {}))
        if model.startswith("densenet"):  # these files are older than the names that torchvision now uses
            weights = {re.sub(r"\.(norm|relu|conv)\.([12])\.", r".\1\2.", name): x for name, x in weights.items()}
        network.load_state_dict(weights)
    except Exception as error:  # of any type: the file chooses it
        raise ConfigError(
            f"{path.name} is damaged, or holds weights of another network than {model}; delete it in {path.parent}, and"
            " download the weights again."
        ) from error
    return network.eval().requires_grad_(False)


class EyeOfTorchvision(BatchedEye):
    def __init__(self, network: nn.Module, weights: Any, is_the_one: bool, device: torch.device):
        self.network, self.device = network.to(device), device
        self.at_once = slowly(device)
        self.transforms = weights.transforms()
        self.name = f"{type(weights).__name__.removesuffix('_Weights')} {weights.name if is_the_one else OTHERS}"
        if not is_the_one:
            self.notes = (f"The weights are not those that torchvision publishes as {weights}: its checksum differs.",)
        self.classes = tuple(weights.meta["categories"])
        self.preprocessing = _in_words(self.transforms)
        of = {"weights": digest(network.state_dict()), "seen": repr(self.transforms), "model": str(weights)}
        self.id = f"torchvision-classifier-{cache.key(of)}"
        # What the last layer reads is what the network makes of a picture.
        *_, last = (module for module in network.modules() if isinstance(module, nn.Linear | nn.Conv2d))
        self._read: list[Tensor] = []
        last.register_forward_pre_hook(lambda layer, inputs: self._read.append(inputs[0]))

    def see(self, pixels: Tensor) -> tuple[Tensor, ...]:
        chances = self.network(self.transforms(with_channels(pixels, 3))).softmax(dim=1)
        rows = self._read.pop()
        return rows if rows.ndim == 2 else rows.mean(dim=(2, 3)), chances


def _in_words(transforms: Any) -> str:
    (resized,), (cut,) = transforms.resize_size, transforms.crop_size
    return (
        f"in colour, resized to {resized} px ({transforms.interpolation.value}), the middle {cut} x {cut} px,"
        " standardised as in its training"
    )
