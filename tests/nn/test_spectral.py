"""Spectral normalisation against NumPy's SVD, torch's own, and the Lipschitz bound it is for."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_studio.networks import DISCRIMINATORS, GENERATORS
from gan_studio.nn.gradients import gradient_norm
from gan_studio.nn.spectral import spectral_normalise

LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def largest_singular_value(layer):
    weight = layer.weight.detach().numpy()
    if isinstance(layer, nn.ConvTranspose2d):
        weight = np.swapaxes(weight, 0, 1)  # outputs first
    return np.linalg.svd(weight.reshape(len(weight), -1), compute_uv=False)[0]


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ({"kind": "mlp", "width": 32}, (2,)),
        ({"kind": "dcgan", "width": 8}, (3, 32, 32)),
        ({"kind": "resnet"}, (3, 16, 16)),
    ],
    ids=["mlp", "dcgan", "resnet"],
)
def test_every_layer_has_largest_singular_value_1(values, shape):
    torch.manual_seed(0)
    values = values | {"width": values.get("width", 8), "spectral": True}
    G, D = GENERATORS.parse(values).build(4, shape), DISCRIMINATORS.parse(values).build(shape)
    with torch.no_grad():
        for _ in range(60):
            D(G(torch.randn(2, 4)))
    for network in (G.eval(), D.eval()):
        layers = [layer for layer in network.modules() if isinstance(layer, LAYERS)]
        assert layers
        np.testing.assert_allclose([largest_singular_value(layer) for layer in layers], 1, atol=1e-2)


@pytest.mark.parametrize("activation", ["relu", "leaky-relu", "tanh", "maxout"])
def test_mlp_has_slope_at_most_1(activation):
    torch.manual_seed(0)
    values = {"kind": "mlp", "width": 32, "depth": 3, "activation": activation, "spectral": True}
    D = DISCRIMINATORS.parse(values).build((2,))
    with torch.no_grad():
        for _ in range(60):
            D(torch.randn(2, 2))
    slopes = gradient_norm(D.eval(), torch.randn(500, 2) * 3)
    assert 0 < slopes.max() <= 1.01


@pytest.mark.parametrize(
    "make",
    [lambda: nn.Linear(7, 5), lambda: nn.Conv2d(3, 5, 3), lambda: nn.ConvTranspose2d(3, 5, 4)],
    ids=["linear", "convolution", "transposed"],
)
def test_equals_torch(make):
    torch.manual_seed(0)
    ours = spectral_normalise(make())
    theirs = spectral_norm(make())
    theirs.load_state_dict(ours.state_dict(), strict=True)
    for training in (True, True, False):
        ours.train(training), theirs.train(training)
        target = torch.randn_like(ours.parametrizations.weight.original)
        a, b = ours.weight, theirs.weight
        torch.testing.assert_close(a, b)
        (da,) = torch.autograd.grad((a * target).sum(), ours.parametrizations.weight.original)
        (db,) = torch.autograd.grad((b * target).sum(), theirs.parametrizations.weight.original)
        torch.testing.assert_close(da, db)


def test_singular_vectors_move_in_training_only():
    torch.manual_seed(0)
    layer = spectral_normalise(nn.Linear(7, 5))
    u = layer.parametrizations.weight[0]._u
    before = u.clone()
    layer.eval()(torch.randn(1, 7))
    assert torch.equal(u, before)
    layer.train()(torch.randn(1, 7))
    assert not torch.equal(u, before)


def test_stays_in_float32_under_autocast():
    layer = spectral_normalise(nn.Linear(7, 5)).eval()
    with torch.autocast("cpu", torch.bfloat16):
        inside = layer.weight
        assert layer(torch.randn(1, 7)).dtype == torch.bfloat16
    assert torch.equal(inside, layer.weight)


def test_two_passes_before_one_backward():
    """Real and fake samples each move the singular vectors; the first pass keeps those it used."""
    torch.manual_seed(0)
    layer, a, b = spectral_normalise(nn.Linear(7, 5)), torch.randn(3, 7), torch.randn(3, 7)
    vectors = layer.parametrizations.weight[0]
    both = layer(a).sum() + layer(b).square().sum()
    after = vectors._u.clone(), vectors._v.clone()
    (found,) = torch.autograd.grad(both, layer.parametrizations.weight.original)
    assert torch.equal(vectors._u, after[0]) and torch.equal(vectors._v, after[1])
    assert found.isfinite().all()
