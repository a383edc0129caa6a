"""Networks whose features say how alike two pictures look, for perceptual losses. Johnson et al. 2016.

Nothing is ever fetched: VGG19 is offered where its weights lie in torch's cache already; a small network can learn
from the pictures that are trained on, and is called what it is.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..config import ConfigError, Spec, option
from ..nn.blocks import initialise
from ..registry import Registry
from . import Shape

VGG_FILE = "vgg19-dcbb9e9d.pth"  # as torchvision names it
VGG_MEAN, VGG_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CONV5_4 = 34  # its place among the layers; what comes after is left out, so features are before the ReLU, as in ESRGAN


class FeatureModule(nn.Module):
    """x [N, C, H, W] in [-1, 1] -> features [N, F, h, w]."""

    def lesson(self, x: Tensor) -> dict[str, Tensor]:
        """What it minimises while it learns from real pictures, {name: [N]}; {} where there is nothing to learn."""
        return {}


class Features(Spec):
    """Which features a perceptual loss compares."""

    learns: ClassVar[bool] = False  # whether it is trained in the run, before it is asked

    @abstractmethod
    def build(self, shape: Shape) -> FeatureModule:
        """The network on the CPU. Raises ConfigError where its weights are not here."""

    def check(self) -> None:
        """Raises ConfigError where its weights are not here."""


FEATURES: Registry[Features] = Registry("gan_studio.networks", "feature network")


@FEATURES.add
class NoFeatures(Features):
    """The neutral element: all pictures look alike to it."""

    kind = "none"
    title = "None"
    about = "No perceptual loss."

    def build(self, shape: Shape) -> FeatureModule:
        return _Nothing()


class _Nothing(FeatureModule):
    def forward(self, x: Tensor) -> Tensor:
        return x.new_zeros(len(x), 1, 1, 1)


# --- learnt here -----------------------------------------------------------------------------------------------------


@FEATURES.add
class Rotations(Features):
    """Learns which way is up, in the first steps of the run. Gidaris et al. 2018 (RotNet)."""

    learns = True
    kind = "rotations"
    title = "Small network, trained on this data"
    paper = "Gidaris et al. 2018"
    about = "Learns in this run which way is up, on your pictures alone: no VGG, but no download either."

    width: int = option(32, "Channels of its first layer.", ge=4, le=256)

    def build(self, shape: Shape) -> FeatureModule:
        return RotationNetwork(shape[0], self.width)


class RotationNetwork(FeatureModule):
    """Square pictures turned by 0, 90, 180 or 270 degrees; features are those before the last ReLU."""

    def __init__(self, channels: int, width: int):
        super().__init__()

        def layer(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.LeakyReLU(0.2, inplace=True)]

        first = [*layer(channels, width, 1), *layer(width, 2 * width, 2), *layer(2 * width, 4 * width, 2)]
        self.features = nn.Sequential(*first, nn.Conv2d(4 * width, 4 * width, 3, padding=1))
        self.turn = nn.Linear(4 * width, 4)
        initialise(self, "orthogonal", gain=1.4)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)  # [N, 4 width, H / 4, W / 4]

    def lesson(self, x: Tensor) -> dict[str, Tensor]:
        turns = torch.arange(len(x), device=x.device) % 4  # the batch comes in a random order
        turned = torch.stack([picture.rot90(int(k), (1, 2)) for picture, k in zip(x, turns.tolist(), strict=True)])
        logits = self.turn(self(turned).relu().mean((2, 3))).float()
        return {"rotation": cross_entropy(logits, turns, reduction="none")}


# --- VGG19 ------------------------------------------------------------------------------------------------------------


@FEATURES.add
class Vgg19(Features):
    """conv5_4 before its ReLU, of the network trained on ImageNet. Simonyan & Zisserman 2015."""

    kind = "vgg19"
    title = "VGG19, where its weights are here"
    paper = "Simonyan & Zisserman 2015"
    about = "The network of the papers; its weights must lie in torch's cache, and nothing is fetched."

    def check(self) -> None:
        if not vgg_path().is_file():
            raise ConfigError(
                f"VGG19's weights are not on this computer; put {VGG_FILE} into {vgg_path().parent}, or choose the "
                "small network trained on this data."
            )

    def build(self, shape: Shape) -> FeatureModule:
        self.check()
        from torchvision.models import vgg19

        with torch.device("meta"):  # to draw its 140 million first weights would take seconds
            layers = vgg19(weights=None, init_weights=False).features[: CONV5_4 + 1]
        network = VggFeatures(layers)
        if network.mean.device.type != "meta":  # on which only shapes are looked at
            network.layers.load_state_dict(_vgg_weights(), strict=True, assign=True)
        return network.eval().requires_grad_(False)


class VggFeatures(FeatureModule):
    mean: Tensor
    std: Tensor

    def __init__(self, layers: nn.Module):
        super().__init__()
        self.layers = layers
        self.register_buffer("mean", torch.tensor(VGG_MEAN)[:, None, None])
        self.register_buffer("std", torch.tensor(VGG_STD)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :3] if x.shape[1] >= 3 else x[:, :1].expand(-1, 3, -1, -1)
        return self.layers(((x + 1) / 2 - self.mean) / self.std)


def vgg_path() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / VGG_FILE


def _vgg_weights() -> dict[str, Tensor]:
    """Those of the layers that are used. Raises ConfigError."""
    try:
        state = torch.load(vgg_path(), map_location="cpu", weights_only=True)
        return {
            key.removeprefix("features."): value
            for key, value in state.items()
            if key.startswith("features.") and int(key.split(".")[1]) <= CONV5_4
        }
    except Exception as error:  # a damaged or foreign file makes the reader raise many things
        raise ConfigError(
            f"{vgg_path()} is not VGG19's file ({error}); delete it, or put the right one there."
        ) from None
