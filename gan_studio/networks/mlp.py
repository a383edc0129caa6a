"""Multilayer perceptron, for points and for flattened pictures. Goodfellow et al. 2014, section 5; Metz et al. 2017."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from ..config import option
from ..nn.blocks import Maxout, initialise
from ..nn.minibatch import MinibatchDiscrimination
from ..nn.norm import VectorNorm, vector_norm
from ..nn.spectral import spectral_normalise
from . import DISCRIMINATORS, GENERATORS, Discriminator, Generator, Shape

WeightInit = Literal["default", "orthogonal", "normal"]

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
}


@GENERATORS.add
class MlpGenerator(Generator):
    """Hidden layers of one width; tanh at the end for pictures, nothing for points."""

    kind = "mlp"
    title = "MLP"
    paper = "Goodfellow et al. 2014"
    about = "Fully connected layers: for points in the plane and small pictures of any size."

    width: int = option(128, "Units in each hidden layer.", ge=1, le=8192, log=True)
    depth: int = option(2, "Number of hidden layers.", ge=1, le=32)
    activation: Literal["relu", "leaky-relu", "tanh"] = option("relu", "What bends the output of each hidden layer.")
    norm: VectorNorm = option("none", "Normalisation after each hidden layer.")
    spectral: bool = option(False, "Divide every weight by its largest singular value.")
    init: WeightInit = option("default", "How the first weights are drawn; normal is N(0, 0.02).", group="Weights")
    gain: float = option(1.0, "Scale of orthogonal first weights.", gt=0, le=10, group="Weights")

    def build(self, z_dim: int, shape: Shape) -> nn.Module:
        hidden, features = _hidden(self, z_dim, 1)
        layers = [*hidden, nn.Linear(features, math.prod(shape))]
        return _finish(self, _GeneratorNetwork(layers, shape))


@DISCRIMINATORS.add
class MlpDiscriminator(Discriminator):
    """Hidden layers of one width and a linear one at the end; the 2014 paper used maxout with 5 pieces on MNIST."""

    kind = "mlp"
    title = "MLP"
    paper = "Goodfellow et al. 2014"
    about = "Fully connected layers: for points in the plane and small pictures of any size."

    width: int = option(128, "Units in each hidden layer.", ge=1, le=8192, log=True)
    depth: int = option(2, "Number of hidden layers.", ge=1, le=32)
    activation: Literal["relu", "leaky-relu", "tanh", "maxout"] = option(
        "leaky-relu", "What bends the output of each hidden layer; maxout takes the largest of several."
    )
    pieces: int = option(5, "Linear functions that each maxout unit takes the largest of.", ge=2, le=16)
    norm: VectorNorm = option("none", "Normalisation after each hidden layer.")
    spectral: bool = option(False, "Divide every weight by its largest singular value.")
    dropout: float = option(0.0, "Share of the hidden units that are left out at random in training.", ge=0, lt=1)
    minibatch_kernels: int = option(
        0,
        "So many kernels tell D how close each sample is to the rest of its batch (minibatch discrimination), so that "
        "it sees a collapse; 0: none.",
        ge=0,
        le=512,
        group="Mode collapse",
    )
    init: WeightInit = option("default", "How the first weights are drawn; normal is N(0, 0.02).", group="Weights")
    gain: float = option(1.0, "Scale of orthogonal first weights.", gt=0, le=10, group="Weights")

    def build(self, shape: Shape) -> nn.Module:
        hidden, features = _hidden(self, math.prod(shape), self.pieces, self.dropout)
        if self.minibatch_kernels:
            hidden.append(MinibatchDiscrimination(features, self.minibatch_kernels))
        return _finish(self, _DiscriminatorNetwork([*hidden, nn.Linear(features + self.minibatch_kernels, 1)]))


class _GeneratorNetwork(nn.Module):
    def __init__(self, layers: list[nn.Module], shape: Shape):
        super().__init__()
        self.main = nn.Sequential(*layers)
        self.shape = shape
        self.bound = nn.Tanh() if len(shape) == 3 else nn.Identity()

    def forward(self, z: Tensor) -> Tensor:
        x = self.main(z).float().unflatten(1, self.shape)  # [N, prod(shape)] -> [N, *shape]
        return self.bound(x)


class _DiscriminatorNetwork(nn.Module):
    def __init__(self, layers: list[nn.Module]):
        super().__init__()
        self.main = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x.flatten(1)).float().flatten()  # [N, 1] -> [N]


Mlp = MlpGenerator | MlpDiscriminator


def _hidden(spec: Mlp, features: int, pieces: int, dropout: float = 0.0) -> tuple[list[nn.Module], int]:
    """The hidden layers for so many inputs, and the number of their outputs."""
    layers: list[nn.Module] = []
    for _ in range(spec.depth):
        if spec.activation == "maxout":
            layers += [Maxout(features, spec.width, pieces), vector_norm(spec.norm, spec.width)]
        else:
            linear = nn.Linear(features, spec.width, bias=spec.norm == "none")  # a norm brings its own bias
            layers += [linear, vector_norm(spec.norm, spec.width), _ACTIVATIONS[spec.activation]()]
        if dropout:
            layers.append(nn.Dropout(dropout))
        features = spec.width
    return layers, features


def _finish(spec: Mlp, network: nn.Module) -> nn.Module:
    initialise(network, spec.init, spec.gain)
    return spectral_normalise(network) if spec.spectral else network
