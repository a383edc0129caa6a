"""`netG_epoch_N.pth` of the PyTorch DCGAN example: transposed convolutions `main.0`, `main.3` ..., each with a norm."""

from __future__ import annotations

from ..config import ConfigError
from ..networks import GENERATORS, SIZES_PX
from . import FORMATS, Draft, Format, consecutive
from .torch_file import Weights


@FORMATS.add
class DcganExample(Format):
    """The studio's own DCGAN has its names and shapes, at any size."""

    kind = "dcgan-example"
    title = "PyTorch DCGAN example"
    paper = "Radford et al. 2016"
    about = "netG_epoch_N.pth, also of the tutorial on faces."

    def fits(self, weights: Weights) -> bool:
        return "main.0.weight" in weights and weights["main.0.weight"].ndim == 4

    def draft(self, weights: Weights) -> Draft:
        if "main.1.weight" not in weights:  # D begins without a norm
            raise ConfigError("is a discriminator; take its generator, netG_epoch_N.pth.")
        layers = consecutive(weights, "main.{}.weight", start=0, stride=3)
        first, last = weights["main.0.weight"], weights[f"main.{layers[-1]}.weight"]
        side = 2 * 2 ** len(layers)
        if last.ndim != 4 or side not in SIZES_PX:
            raise ConfigError("is of a generator with other layers than the PyTorch DCGAN example; it cannot be held.")
        shape = (last.shape[1], side, side)
        z_dim, width = first.shape[0], last.shape[0]
        if not 0 < z_dim <= 4096 or not 0 < width <= 512:
            raise ConfigError(f"has {z_dim:,} latents and {width:,} channels; at most 4,096 and 512 can be held.")
        network = GENERATORS.parse({"kind": "dcgan", "width": width}).build(z_dim, shape)
        return Draft(
            network,
            z_dim,
            shape,
            (f"{width} channels at half the size (ngf)", "latents from N(0, 1), as the example draws them"),
            ("the pictures it learnt from", "the settings of its training", "its discriminator"),
        )
