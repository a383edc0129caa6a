"""SRResNet, and the discriminator beside it. Ledig et al. 2017 (SRGAN), figure 4."""

from __future__ import annotations

from torch import Tensor, nn

from ..config import ConfigError, option
from ..nn.blocks import PictureToScalar, doubling
from ..nn.norm import TranslatorNorm, translator_norm
from ..nn.resample import bicubic
from . import JUDGES, TRANSLATORS, Judge, Needs, Shape, TranslatorModule, TranslatorNetwork, enlargement

BASE_HELP = "Learn what is missing in the picture enlarged bicubically, which is sooner learnt than the whole picture."


@TRANSLATORS.add
class SrResnet(TranslatorNetwork):
    """Residual blocks at the low resolution, then one pixel shuffle for each doubling."""

    kind = "srresnet"
    title = "SRResNet"
    paper = "Ledig et al. 2017"
    about = "Residual blocks at the low resolution and a pixel shuffle; enlarges 2 or 4 times."

    width: int = option(64, "Channels.", ge=4, le=512)
    blocks: int = option(16, "Residual blocks.", ge=1, le=64)
    norm: TranslatorNorm = option(
        "none", "Normalisation in the blocks: batch as in the paper; later work leaves it out, which is sharper."
    )
    base: bool = option(True, BASE_HELP)

    def build(self, in_shape: Shape, out_shape: Shape) -> TranslatorModule:
        scale = enlargement(in_shape, out_shape, "SRResNet")
        return SrResnetNetwork(in_shape[0], out_shape[0], scale, self)


class SrResnetNetwork(TranslatorModule):
    def __init__(self, inputs: int, outputs: int, scale: int, spec: SrResnet):
        super().__init__()
        width = spec.width
        doublings = scale.bit_length() - 1
        self.scale, self.base = scale, spec.base and inputs == outputs
        # Both ends, the blocks, the layer after them, and a layer for each doubling, in pixels of the input.
        self.needs = Needs(least=4, reach=4 + 2 * spec.blocks + 1 + doublings + 4, scale=scale)
        self.start = nn.Sequential(nn.Conv2d(inputs, width, 9, padding=4), nn.PReLU())
        self.blocks = nn.Sequential(*(_Block(width, spec.norm) for _ in range(spec.blocks)))
        self.middle = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), translator_norm(spec.norm, width))
        ups = [(nn.Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2), nn.PReLU()) for _ in range(doublings)]
        self.up = nn.Sequential(*(layer for up in ups for layer in up))
        self.end = nn.Conv2d(width, outputs, 9, padding=4)
        if self.base:  # begins as bicubic
            nn.init.normal_(self.end.weight, 0.0, 1e-3)
            assert self.end.bias is not None
            nn.init.zeros_(self.end.bias)

    def forward(self, x: Tensor) -> Tensor:
        h = self.start(x)
        y = self.end(self.up(h + self.middle(self.blocks(h)))).float()  # [N, C, s H, s W]
        return y + enlarged(x, self.scale) if self.base else y


class _Block(nn.Module):
    def __init__(self, width: int, norm: TranslatorNorm):
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            translator_norm(norm, width),
            nn.PReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            translator_norm(norm, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.residual(x)


def enlarged(x: Tensor, scale: int) -> Tensor:
    """The baseline that every network of this kind must beat."""
    return bicubic(x, (scale * x.shape[2], scale * x.shape[3]))


# --- the judge -------------------------------------------------------------------------------------------------------


@JUDGES.add
class VggDiscriminator(Judge):
    """Pairs of convolutions, every second of which halves the picture, down to 4 px; then one logit."""

    kind = "vgg"
    title = "VGG-style"
    paper = "Ledig et al. 2017"
    about = "Judges the whole picture by many small convolutions, as SRGAN and ESRGAN do."

    width: int = option(64, "Channels of the first layers; they double with each level, up to 8 times.", ge=1, le=512)
    norm: TranslatorNorm = option("batch", "Normalisation after each layer but the first and the last.")

    def build(self, shape: Shape) -> nn.Module:
        if len(shape) != 3 or shape[1] != shape[2] or shape[1] < 8 or shape[1] & (shape[1] - 1):
            raise ConfigError(
                "The VGG-style judge halves square pictures of 8, 16, 32 ... px; choose PatchGAN instead."
            )
        return VggNetwork(shape, self.width, self.norm)


class VggNetwork(nn.Module):
    def __init__(self, shape: Shape, width: int, norm: TranslatorNorm):
        super().__init__()
        widths = doubling(width, levels=shape[1].bit_length() - 3)  # at full size, at half ... at 8 px
        layers: list[nn.Module] = []
        before = shape[0]
        for wide in widths:
            for conv in (nn.Conv2d(before, wide, 3, padding=1), nn.Conv2d(wide, wide, 4, 2, 1)):
                layers += [conv, translator_norm(norm, wide) if layers else nn.Identity()]
                layers.append(nn.LeakyReLU(0.2, inplace=True))
            before = wide
        self.main = nn.Sequential(*layers, PictureToScalar(before, 4, bias=True))

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x).float()  # [N]
