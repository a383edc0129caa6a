"""Spectral normalisation: every weight divided by its largest singular value. Miyato et al. 2018, Algorithm 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils import parametrize

EPS = 1e-12


def spectral_normalise(network: nn.Module) -> nn.Module:
    """Normalise the weight of every linear layer and convolution, the last one too; biases stay. Returns the network.

    The plain weight becomes `parametrizations.weight.original`, with the singular vectors as buffers beside it: the
    layout of `torch.nn.utils.parametrizations.spectral_norm`.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d))]
    for layer in layers:
        outputs = 1 if isinstance(layer, nn.ConvTranspose2d) else 0  # the dimension of the weight that counts outputs
        parametrize.register_parametrization(layer, "weight", SpectralNorm(layer.weight, outputs), unsafe=True)
    return network


class SpectralNorm(nn.Module):
    """W -> W / sigma(W), W seen as a matrix [outputs, all the rest].

    Each forward in training mode takes one step of the power iteration; in evaluation mode u and v stand still.
    Unlike torch's own it computes sigma in float32 under autocast too: there, torch mixes precisions on a GPU
    (pytorch/pytorch#125544), and eight bits are few for a number that scales the whole layer.
    """

    _u: Tensor  # left singular vector [outputs]
    _v: Tensor  # right singular vector [all the rest]

    def __init__(self, weight: Tensor, outputs: int, warm_up: int = 15):
        super().__init__()
        self.outputs = outputs
        with torch.no_grad():
            W = self._matrix(weight)
            self.register_buffer("_u", normalize(torch.randn(len(W)), dim=0, eps=EPS))
            self.register_buffer("_v", normalize(torch.randn(W.shape[1]), dim=0, eps=EPS))
            for _ in range(warm_up):
                self._power_iteration(W)

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):
            W = self._matrix(weight)
            if self.training:
                self._power_iteration(W.detach())
            u, v = self._u.clone(), self._v.clone()  # the next forward writes into the buffers before this backward
            sigma = torch.dot(u, torch.mv(W, v))  # u^T W v; its gradient is u v^T
            return weight / sigma

    def _matrix(self, weight: Tensor) -> Tensor:
        return weight.movedim(self.outputs, 0).flatten(1)

    @torch.no_grad()
    def _power_iteration(self, W: Tensor) -> None:
        self._u.copy_(normalize(torch.mv(W, self._v), dim=0, eps=EPS))
        self._v.copy_(normalize(torch.mv(W.t(), self._u), dim=0, eps=EPS))
