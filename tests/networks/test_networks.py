"""Every generator and discriminator of the shelves, in all their norms, on points and pictures."""

from itertools import product
from typing import get_args

import pytest
import safetensors.torch
import torch

from gan_studio.config import ConfigError
from gan_studio.networks import DISCRIMINATORS, GENERATORS
from gan_studio.nn.blocks import parameter_count
from gan_studio.nn.gradients import gradient_norm

SHAPES = [(2,), (1, 8, 8), (1, 16, 16), (3, 32, 32), (3, 64, 64)]
Z_DIM = 6


def variants(shelf):
    """Plain values of every entry: narrow, with each norm, with and without spectral normalisation."""
    for entry in shelf:
        fields = entry.model_fields
        norms = get_args(fields["norm"].annotation) if "norm" in fields else [None]
        for norm, spectral in product(norms, [False, True] if "spectral" in fields else [None]):
            values = {"kind": entry.kind, "width": 4, "norm": norm, "spectral": spectral}
            yield {key: value for key, value in values.items() if key in ("kind", *fields) and value is not None}


def cases(shelf):
    return [pytest.param(v, s, id=" ".join(map(str, [*v.values(), *s]))) for v, s in product(variants(shelf), SHAPES)]


@pytest.mark.parametrize(("values", "shape"), cases(GENERATORS))
def test_generator(values, shape):
    torch.manual_seed(0)
    spec = GENERATORS.parse(values)
    assert GENERATORS.parse(spec.plain()) == spec
    G = build_or_say_why(spec, Z_DIM, shape)
    if G is None:
        return

    x = G(torch.randn(3, Z_DIM))
    assert x.shape == (3, *shape) and x.dtype == torch.float32
    assert x.isfinite().all()
    assert len(shape) == 1 or x.abs().max() <= 1
    (x * torch.randn_like(x)).sum().backward()
    assert_gradients(G.parameters())
    assert_same_after_loading(G, spec.build(Z_DIM, shape), torch.randn(3, Z_DIM))


@pytest.mark.parametrize(("values", "shape"), cases(DISCRIMINATORS))
def test_discriminator(values, shape):
    torch.manual_seed(0)
    spec = DISCRIMINATORS.parse(values)
    assert DISCRIMINATORS.parse(spec.plain()) == spec
    D = build_or_say_why(spec, shape)
    if D is None:
        return

    x = torch.rand(3, *shape) * 2 - 1
    logits = D(x)
    assert logits.shape == (3,) and logits.dtype == torch.float32
    assert logits.isfinite().all()
    (logits * torch.randn(3)).sum().backward()
    assert_gradients(D.parameters())

    # A gradient penalty reaches every weight through second derivatives.
    D.zero_grad()
    gradient_norm(D, x).sum().backward()
    assert_gradients(p for p in D.parameters() if p.ndim > 1)
    assert_same_after_loading(D, spec.build(shape), x)


@pytest.mark.parametrize("values", list(variants(DISCRIMINATORS)), ids=lambda v: " ".join(map(str, v.values())))
def test_gradient_penalty_in_bfloat16_and_channels_last(values):
    torch.manual_seed(0)
    D = DISCRIMINATORS.parse(values).build((3, 16, 16)).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        norms = gradient_norm(D, torch.randn(3, 3, 16, 16))
    assert norms.dtype == torch.float32
    norms.sum().backward()
    assert_gradients(p for p in D.parameters() if p.ndim > 1)


@pytest.mark.parametrize("values", list(variants(GENERATORS)), ids=lambda v: " ".join(map(str, v.values())))
def test_generator_in_bfloat16_and_channels_last(values):
    torch.manual_seed(0)
    G = GENERATORS.parse(values).build(Z_DIM, (3, 16, 16)).eval()
    z = torch.randn(3, Z_DIM)
    plain = G(z)
    G.to(memory_format=torch.channels_last)
    torch.testing.assert_close(G(z), plain, atol=1e-5, rtol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        x = G(z)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x, plain, atol=0.1, rtol=0.1)


@pytest.mark.parametrize("kind", ["dcgan", "resnet"])
@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((2,), "points"),
        ((1, 8, 8), "8 x 8 px"),
        ((3, 28, 28), "choose 16"),
        ((3, 32, 64), "64 x 32"),
        ((3, 512, 512), "512 x 512"),
    ],
)
def test_shapes_that_cannot_be_made_are_refused_with_advice(kind, shape, says):
    for build in (lambda: GENERATORS[kind]().build(Z_DIM, shape), lambda: DISCRIMINATORS[kind]().build(shape)):
        with pytest.raises(ConfigError, match=says) as error:
            build()
        assert "choose" in str(error.value)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", ["mlp", "dcgan", "resnet"])
def test_grey_colour_and_alpha(kind, channels):
    shape = (channels, 16, 16)
    x = GENERATORS.parse({"kind": kind, "width": 2}).build(Z_DIM, shape)(torch.randn(2, Z_DIM))
    assert x.shape == (2, *shape)
    assert DISCRIMINATORS.parse({"kind": kind, "width": 2}).build(shape)(x).shape == (2,)


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256])
@pytest.mark.parametrize("kind", ["dcgan", "resnet"])
def test_every_power_of_two(kind, size):
    values = {"kind": kind, "width": 1}
    G, D = GENERATORS.parse(values).build(2, (1, size, size)), DISCRIMINATORS.parse(values).build((1, size, size))
    x = G(torch.randn(2, 2))
    assert x.shape == (2, 1, size, size)
    assert D(x).shape == (2,)


def test_size_of_the_published_resnet():
    """WGAN-GP's generator for CIFAR-10: 128 channels everywhere, counted by hand."""
    G = GENERATORS.parse({"kind": "resnet", "width": 128, "widest": 1}).build(128, (3, 32, 32))
    conv3, conv1, norm = 128 * 128 * 9 + 128, 128 * 128 + 128, 2 * 128
    blocks = 3 * (2 * conv3 + conv1 + 2 * norm)
    assert parameter_count(G) == (128 + 1) * 128 * 16 + blocks + norm + (128 * 9 + 1) * 3

    D = DISCRIMINATORS.parse({"kind": "resnet", "width": 128, "widest": 1}).build((3, 32, 32))
    first = (3 * 9 * 128 + 128) + conv3 + (3 * 128 + 128)
    assert parameter_count(D) == first + (2 * conv3 + conv1) + 2 * (2 * conv3) + 129


def test_residual_blocks_equal_the_published_order():
    """Published: up, then the 1 x 1 convolution; the 1 x 1 convolution, then the mean. Ours are turned round."""
    torch.manual_seed(0)
    x = torch.randn(2, 4, 8, 8)
    up = GENERATORS.parse({"kind": "resnet", "width": 4, "widest": 1}).build(Z_DIM, (3, 16, 16)).blocks[0]
    convolve, double = up.shortcut
    torch.testing.assert_close(up(x), up.residual(x) + convolve(double(x)))
    down = DISCRIMINATORS.parse({"kind": "resnet", "width": 4, "widest": 1}).build((3, 64, 64)).blocks[1]
    mean, convolve = down.shortcut
    torch.testing.assert_close(down(x), down.residual(x) + mean(convolve(x)))


def test_first_weights():
    torch.manual_seed(0)
    G = GENERATORS.parse({"kind": "dcgan", "width": 32}).build(100, (3, 64, 64))
    weight, gamma = G.main[3].weight, G.main[1].weight
    assert weight.std().item() == pytest.approx(0.02, rel=0.02) and abs(weight.mean()) < 1e-3
    assert gamma.mean().item() == pytest.approx(1, abs=0.01) and gamma.std().item() == pytest.approx(0.02, rel=0.3)

    D = DISCRIMINATORS.parse({"kind": "mlp", "width": 32, "init": "orthogonal", "gain": 1.4}).build((2,))
    W = D.main[3].weight
    torch.testing.assert_close(W @ W.T, 1.4**2 * torch.eye(32), atol=1e-5, rtol=0)


def build_or_say_why(spec, *shape):
    try:
        return spec.build(*shape)
    except ConfigError as error:
        assert "choose" in str(error) and str(error).endswith(".")
        return None


def assert_gradients(parameters):
    gradients = [p.grad for p in parameters]
    assert gradients and all(g is not None and g.isfinite().all() for g in gradients)
    assert sum(g.abs().sum() for g in gradients) > 0


def assert_same_after_loading(network, other, x):
    file = safetensors.torch.save(network.state_dict())
    other.load_state_dict(safetensors.torch.load(file), strict=True)
    with torch.no_grad():
        assert torch.equal(other.eval()(x), network.eval()(x))
