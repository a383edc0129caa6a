"""Small layers and initial weights that architectures share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

Init = Literal["default", "normal", "orthogonal", "glorot"]

LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm, nn.LayerNorm)


def parameter_count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def doubling(width: int, levels: int, most: int = 8) -> list[int]:
    """Channels from the finest level to the coarsest: width, 2 width, 4 width ..., never above `most` times width."""
    return [width * min(most, 2**level) for level in range(levels)]


# --- initial weights -------------------------------------------------------------------------------------------------


def initialise(module: nn.Module, init: Init, gain: float = 1.0) -> None:
    """Draw the weights of all linear layers and convolutions in `module`, their biases 0.

    default: torch's own, left as they are. normal: N(0, 0.02), with the gains of norms N(1, 0.02) (Radford et al.
    2016). orthogonal (Saxe et al. 2014) and glorot (Glorot & Bengio 2010, uniform): scaled by `gain`.
    Networks without numbers, built to be checked (on the device "meta"), are left as they are: that is slow there.
    """
    if init == "default" or any(parameter.is_meta for parameter in module.parameters()):
        return
    for layer in module.modules():
        if isinstance(layer, LAYERS):
            _DRAWS[init](layer.weight, gain)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif init == "normal" and isinstance(layer, NORMS) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1.0, 0.02)


_DRAWS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "normal": lambda weight, gain: nn.init.normal_(weight, 0.0, 0.02),
    "orthogonal": nn.init.orthogonal_,
    "glorot": nn.init.xavier_uniform_,
}


# --- layers ----------------------------------------------------------------------------------------------------------


class Maxout(nn.Module):
    """The largest of `pieces` linear functions, for each feature: [N, F] -> [N, outputs]. Goodfellow et al. 2013."""

    def __init__(self, features: int, outputs: int, pieces: int):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(features, pieces * outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).unflatten(1, (self.pieces, -1)).max(dim=1).values  # [N, pieces, outputs] -> [N, outputs]


class VectorToPicture(nn.ConvTranspose2d):
    """A transposed convolution upon one pixel, [N, C_in, 1, 1] -> [N, C_out, k, k], done as the matrix product it is.

    Keys and shapes are those of nn.ConvTranspose2d. The picture comes in the weight's memory format.
    """

    def __init__(self, inputs: int, channels: int, size_px: int, bias: bool):
        super().__init__(inputs, channels, size_px, bias=bias)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        weight = self.weight  # read once: a parametrised weight is computed at each reading
        rows = x.flatten(1)  # [N, C_in]
        if weight.is_contiguous():
            y = (rows @ weight.flatten(1)).unflatten(1, weight.shape[1:])
        else:
            weight = weight.permute(0, 2, 3, 1)  # [C_in, k, k, C_out], in channels_last nothing moves
            y = (rows @ weight.flatten(1)).unflatten(1, weight.shape[1:]).permute(0, 3, 1, 2)
        return y if self.bias is None else y + self.bias[:, None, None]


class PictureToScalar(nn.Conv2d):
    """A convolution whose kernel covers the whole picture, [N, C, k, k] -> [N], done as the matrix product it is.

    Keys and shapes are those of nn.Conv2d. The gradient goes back in the picture's memory format: in another one it
    would slow down every layer before.
    """

    def __init__(self, channels: int, size_px: int, bias: bool):
        super().__init__(channels, 1, size_px, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight
        if not x.is_contiguous():
            x, weight = x.permute(0, 2, 3, 1), weight.permute(0, 2, 3, 1)  # in channels_last nothing moves
        return nn.functional.linear(x.flatten(1), weight.flatten(1), self.bias).flatten()  # [N]
