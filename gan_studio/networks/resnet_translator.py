"""The ResNet that translates pictures. Johnson et al. 2016; as CycleGAN uses it: Zhu et al. 2017, appendix 7.2.

Keys and shapes are those of pytorch-CycleGAN-and-pix2pix' `resnet_9blocks` and `resnet_6blocks`, so that its files fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from ..config import ConfigError, option
from ..nn.blocks import initialise
from ..nn.norm import TranslatorNorm, translator_bias, translator_norm
from ..nn.resample import DOUBLE_3, UPSAMPLING_HELP, Upsampling
from . import TRANSLATORS, Needs, Shape, TranslatorModule, TranslatorNetwork, same_size

Padding = Literal["reflect", "replicate", "zero"]

LEAST_PX = 8  # a quarter of it is what the blocks mirror at the edges
LARGE_PX = 256  # from this side on, the paper takes 9 blocks instead of 6


@TRANSLATORS.add
class ResnetTranslator(TranslatorNetwork):
    """Halves the picture twice, changes it block by block, and doubles it twice."""

    kind = "resnet"
    title = "ResNet"
    paper = "Johnson et al. 2016; Zhu et al. 2017"
    about = "Residual blocks at a quarter of the size, for changes of colour and texture at any size."

    width: int = option(64, "Channels at full size; four times as many in the blocks.", ge=1, le=512)
    blocks: int = option(0, "Residual blocks. 0: 9 from 256 px on, 6 below, as in the paper.", ge=0, le=64)
    norm: TranslatorNorm = option("instance", "Normalisation after each layer.")
    dropout: float = option(0.0, "This share of each block's features is left out at random.", ge=0, lt=1)
    padding: Padding = option(
        "reflect", "What the picture is continued with at its edges: mirrored, its last pixel, or 0.", group="More"
    )
    upsampling: Upsampling = option("transposed", UPSAMPLING_HELP)

    def build(self, in_shape: Shape, out_shape: Shape) -> TranslatorModule:
        same_size(in_shape, out_shape, "The ResNet")
        _, h, w = in_shape
        if h % 4 or w % 4 or min(h, w) < LEAST_PX:
            raise ConfigError(
                f"The ResNet works on pictures whose sides are multiples of 4 from {LEAST_PX} px on, and these have "
                f"{w} x {h} px; choose such a size in the data."
            )
        blocks = self.blocks or (9 if max(h, w) >= LARGE_PX else 6)
        network = ResnetNetwork(in_shape[0], out_shape[0], blocks, self)
        initialise(network, "normal")
        return network


class ResnetNetwork(TranslatorModule):
    """The places in the Sequential are part of the keys; tanh comes in `forward`, in float32."""

    def __init__(self, inputs: int, outputs: int, blocks: int, spec: ResnetTranslator):
        super().__init__()
        width, bias, double = spec.width, translator_bias(spec.norm), DOUBLE_3[spec.upsampling]
        # Of the two halvings, the blocks at a quarter, the two doublings and both ends, in pixels of the input.
        self.needs = Needs(multiple=4, least=LEAST_PX, reach=3 + (1 + 2) + 8 * blocks + (4 + 2) + 3)

        def normed(layer: nn.Module, channels: int) -> list[nn.Module]:
            return [layer, translator_norm(spec.norm, channels), nn.ReLU(inplace=True)]

        layers = [nn.ReflectionPad2d(3), *normed(nn.Conv2d(inputs, width, 7, bias=bias), width)]
        for wide in (2 * width, 4 * width):
            layers += normed(nn.Conv2d(wide // 2, wide, 3, 2, 1, bias=bias), wide)
        layers += [_Block(4 * width, bias, spec) for _ in range(blocks)]
        for wide in (2 * width, width):
            layers += normed(double(2 * wide, wide, bias), wide)
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, outputs, 7)]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x).float().tanh()  # [N, C_out, H, W]


class _Block(nn.Module):
    """x -> x + residual(x), with no ReLU upon the sum."""

    def __init__(self, channels: int, bias: bool, spec: ResnetTranslator):
        super().__init__()
        layers = [*_conv(channels, bias, spec), nn.ReLU(inplace=True)]
        layers += [nn.Dropout(spec.dropout)] if spec.dropout else []
        self.conv_block = nn.Sequential(*layers, *_conv(channels, bias, spec))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


def _conv(channels: int, bias: bool, spec: ResnetTranslator) -> list[nn.Module]:
    pad = [make(1) for make in _PADS[spec.padding]]
    conv = nn.Conv2d(channels, channels, 3, padding=0 if pad else 1, bias=bias)
    return [*pad, conv, translator_norm(spec.norm, channels)]


_PADS: dict[str, list[Callable[[int], nn.Module]]] = {
    "reflect": [nn.ReflectionPad2d],
    "replicate": [nn.ReplicationPad2d],
    "zero": [],  # the convolution's own
}
