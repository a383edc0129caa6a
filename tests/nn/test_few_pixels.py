"""Convolutions on few pixels against torch's own: what they compute, and both gradients."""

import copy

import pytest
import torch
from torch import nn

from gan_studio.nn.few_pixels import FEW, Doubling, Halving


def twin(layer):
    """torch's own layer with the same weights."""
    kind = nn.Conv2d if isinstance(layer, Halving) else nn.ConvTranspose2d
    own = kind(layer.in_channels, layer.out_channels, 4, 2, 1, bias=layer.bias is not None)
    own.load_state_dict(layer.state_dict(), strict=True)
    return own


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("shape", [(1, 2, 2), (1, 4, 6), (2, 8, 4), (3, 8, 8), (1, 32, 32)])
@pytest.mark.parametrize("kind", [Halving, Doubling])
def test_equal_to_the_layers_of_torch(kind, shape, last, bias):
    torch.manual_seed(0)
    layer = kind(5, 7, bias)
    own = twin(layer)
    n, h, w = shape
    x = torch.randn(n, 5, h, w)
    if last:
        layer, x = layer.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    mine, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y, expected = layer(mine), own(theirs)
    torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-5)
    pull = torch.randn_like(expected)
    (y * pull).sum().backward()
    (expected * pull).sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-5, atol=1e-5)
    for p, q in zip(layer.parameters(), own.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, rtol=1e-4, atol=1e-4)
        assert p.grad.stride() == p.stride()  # as fused optimisers want it


@pytest.mark.parametrize("kind", [Halving, Doubling])
def test_mixed_precision(kind):
    torch.manual_seed(0)
    layer, x = kind(8, 8, True), torch.randn(1, 8, 4, 4)
    plain = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(layer(x).float(), plain, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("kind", [Halving, Doubling])
def test_many_pixels_and_applied_networks_take_the_library(kind, monkeypatch):
    """Bit for bit, so that exports and tiles see what they know."""
    layer = kind(3, 4, True)
    own = twin(layer)
    many = torch.randn(1, 3, 32, 32)
    assert many[0, 0].numel() > 4 * FEW
    torch.testing.assert_close(layer(many), own(many), rtol=0, atol=0)
    few = torch.randn(1, 3, 4, 4)
    torch.testing.assert_close(copy.deepcopy(layer).eval()(few), own(few), rtol=0, atol=0)
