"""Bricks against torch's own layers."""

import pytest
import torch
from torch import nn

from gan_studio.nn.blocks import Maxout, PictureToScalar, VectorToPicture, doubling, initialise, parameter_count
from gan_studio.nn.norm import picture_norm, vector_norm

FORMATS = [torch.contiguous_format, torch.channels_last]


def assert_same(ours, plain, x):
    """Same values and gradients, for the same weights."""
    plain.load_state_dict(ours.state_dict(), strict=True)
    x = x.requires_grad_()
    a, b = ours(x), plain(x)
    b = b.view_as(a) if a.ndim == 1 else b
    torch.testing.assert_close(a, b)
    direction = torch.randn_like(a)
    gradients = torch.autograd.grad((a * direction).sum(), [x, *ours.parameters()])
    for mine, other in zip(
        gradients, torch.autograd.grad((b * direction).sum(), [x, *plain.parameters()]), strict=True
    ):
        torch.testing.assert_close(mine, other)
    return a, gradients[0]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("memory_format", FORMATS)
def test_vector_to_picture(memory_format, bias):
    torch.manual_seed(0)
    ours = VectorToPicture(5, 6, 4, bias).to(memory_format=memory_format)
    y, _ = assert_same(ours, nn.ConvTranspose2d(5, 6, 4, bias=bias), torch.randn(3, 5, 1, 1))
    assert y.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("memory_format", FORMATS)
def test_picture_to_scalar(memory_format, bias):
    torch.manual_seed(0)
    ours = PictureToScalar(5, 4, bias).to(memory_format=memory_format)
    x = torch.randn(3, 5, 4, 4).contiguous(memory_format=memory_format)
    y, gradient = assert_same(ours, nn.Conv2d(5, 1, 4, bias=bias), x)
    assert y.shape == (3,)
    assert gradient.is_contiguous(memory_format=memory_format)


def test_maxout_is_the_largest_of_its_linear_pieces():
    torch.manual_seed(0)
    layer, x = Maxout(3, 4, pieces=5), torch.randn(7, 3)
    W, b = layer.linear.weight.view(5, 4, 3), layer.linear.bias.view(5, 4)
    pieces = torch.stack([x @ W[k].T + b[k] for k in range(5)])
    torch.testing.assert_close(layer(x), pieces.amax(0))


@pytest.mark.parametrize(("kind", "over"), [("batch", (0, 2, 3)), ("instance", (2, 3)), ("layer", (1, 2, 3))])
def test_picture_norms_take_their_statistics_over(kind, over):
    torch.manual_seed(0)
    x = torch.randn(6, 4, 5, 5) * 3 + 2
    y = picture_norm(kind, 4)(x)
    expected = (x - x.mean(over, keepdim=True)) / (x.var(over, unbiased=False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(y, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("kind", "over"), [("batch", 0), ("layer", 1)])
def test_vector_norms_take_their_statistics_over(kind, over):
    torch.manual_seed(0)
    x = torch.randn(6, 8) * 3 + 2
    expected = (x - x.mean(over, keepdim=True)) / (x.var(over, unbiased=False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(vector_norm(kind, 8)(x), expected, atol=1e-5, rtol=1e-4)


def test_no_norm_changes_nothing():
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(picture_norm("none", 3)(x), x)
    assert torch.equal(vector_norm("none", 4)(x[0, 0]), x[0, 0])


def test_glorot_bound_and_zero_biases():
    torch.manual_seed(0)
    layer = nn.Conv2d(8, 16, 3)
    initialise(layer, "glorot", gain=2.0)
    bound = 2 * (6 / (8 * 9 + 16 * 9)) ** 0.5
    assert 0.98 * bound < layer.weight.abs().max() <= bound
    assert not layer.bias.any()


def test_default_weights_stay():
    layer = nn.Linear(3, 3)
    before = layer.weight.clone()
    initialise(layer, "default")
    assert torch.equal(layer.weight, before)


def test_counts():
    assert doubling(64, 6) == [64, 128, 256, 512, 512, 512]
    assert doubling(128, 4, most=1) == [128] * 4
    assert parameter_count(nn.Linear(3, 4)) == 16
