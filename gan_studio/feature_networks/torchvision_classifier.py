"""Any classifier of torchvision whose weights are on this computer already: it knows ImageNet's photographs.

Nothing is downloaded. torchvision takes over a second to import, so that happens inside functions.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..compute import pick_device
from ..config import ConfigError, Problem, did_you_mean, option
from ..data import Progress, Source, cache
from ..nn.undrawn import Undrawn
from . import FEATURE_NETWORKS, BatchedEye, FeatureNetwork, digest, with_channels

# What torchvision's own builders set where they are given weights.
AS_TRAINED: dict[str, dict[str, Any]] = {
    model: {"transform_input": True, "aux_logits": True, "init_weights": False}
    for model in ("googlenet", "inception_v3")
}
PROBABLE = "ResNet18_Weights.IMAGENET1K_V1"  # an example for sentences


@FEATURE_NETWORKS.add
class TorchvisionClassifier(FeatureNetwork):
    kind = "torchvision-classifier"
    title = "Classifier of torchvision"
    about = "A network that learnt to tell photographs; its weights must be in torch's cache, and are not downloaded."

    weights: str = option(
        "", f"Its weights by their name, such as {PROBABLE}; empty: the first that are there.", learn=True
    )

    def missing(self, source: Source | None) -> str:
        try:
            self._found()
        except ConfigError as error:
            return str(error)
        return ""

    def prepare(
        self, source: Source | None, device: torch.device | None = None
    ) -> Generator[Progress, None, EyeOfTorchvision]:
        name, path = self._found()
        yield Progress(0, 1, f"Reading {name}")
        model, weights = _known()[name]
        network = _filled(model, len(weights.meta["categories"]), path)
        yield Progress(1, 1, f"Reading {name}")
        return EyeOfTorchvision(network, weights, device or pick_device())

    def _found(self) -> tuple[str, Path]:
        """(name of the weights, their file). Raises ConfigError where they are not there."""
        there = here()
        if self.weights and self.weights in there:
            return self.weights, there[self.weights]
        if not self.weights and there:
            return next(iter(there.items()))
        wanted = self.weights or PROBABLE
        if wanted not in (known := _known()):
            raise ConfigError(
                Problem("weights", f"torchvision has none called {wanted!r}.{did_you_mean(wanted, list(known))}")
            )
        what = f"The weights {wanted} are not" if self.weights else "No weights of a classifier of torchvision are"
        choose = f" There are: {', '.join(there)}." if there else ""
        raise ConfigError(
            f'{what} in {folder()}.{choose} To bring them there, run: python -c "from torchvision import models;'
            f" models.get_model('{known[wanted][0]}', weights='{wanted.partition('.')[2]}')\"."
        )


def folder() -> Path:
    """Where torch keeps weights that it downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def here() -> dict[str, Path]:
    """{name of weights: their file} of the classifiers that are on this computer."""
    files = {path.name: path for path in folder().glob("*.pth")}
    if not files:
        return {}
    named = {name: weights.url.rpartition("/")[2] for name, (_, weights) in _known().items()}
    return {name: files[file] for name, file in named.items() if file in files}


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
            f"{path} cannot be used as weights of {model} ({type(error).__name__}); delete it and download it again."
        ) from error
    return network.eval().requires_grad_(False)


class EyeOfTorchvision(BatchedEye):
    def __init__(self, network: nn.Module, weights: Any, device: torch.device):
        self.network, self.device = network.to(device), device
        self.transforms = weights.transforms()
        self.name = f"{type(weights).__name__.removesuffix('_Weights')} {weights.name}"
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
