"""VEEGAN against its algorithm box, written out."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.nn.functional import softplus as sp

from gan_studio.compute import Engine
from gan_studio.config import ConfigError
from gan_studio.recipes import RECIPES
from gan_studio.recipes.veegan import Veegan, VeeganTraining, paired

MLP = {"kind": "mlp", "width": 8}
POINTS = {
    "kind": "veegan",
    "generator": MLP,
    "discriminator": MLP,
    "reconstructor": MLP,
    "latent": {"dim": 3},
    "batch_size": 8,
}


def small(options: dict[str, Any] | None = None, shape: tuple[int, ...] = (2,)) -> VeeganTraining:
    recipe = RECIPES.parse(POINTS | (options or {}))
    assert isinstance(recipe, Veegan)
    recipe.check(shape)
    torch.manual_seed(0)
    return recipe.build(shape, 100, Engine(torch.device("cpu")))


def batches(shape: tuple[int, ...] = (2,)) -> Any:
    rng = torch.Generator().manual_seed(1)
    while True:
        yield SimpleNamespace(x=torch.randn(8, *shape, generator=rng))


def test_the_terms_of_the_algorithm() -> None:
    training = small()
    G, D, F = copy.deepcopy([training.G, training.D, training.F])
    x = next(batches()).x
    torch.manual_seed(4)
    curves = training.step(batches(), ("D",)) | small().step(batches(), ())
    torch.manual_seed(4)
    z = training.recipe.latent.draw(8, x.device)
    x_g, mean = G(z), F(x)
    z_r = mean + torch.randn_like(mean)
    torch.testing.assert_close(curves["D/real"], sp(-D(torch.cat([x, z_r], 1))).mean())
    torch.testing.assert_close(curves["D/fake"], sp(D(torch.cat([x_g, z], 1))).mean())

    training = small()
    torch.manual_seed(4)
    curves = training.step(batches(), ("G",))
    torch.testing.assert_close(curves["G/adversarial"], -D(torch.cat([x_g, z], 1)).mean())
    torch.testing.assert_close(curves["G/reconstruction"], (z - F(x_g)).square().sum(1).mean() / 2)


def test_f_learns_from_reconstruction_alone() -> None:
    """Its gradient is that of d; G's is of both terms; D feels nothing of G's turn."""
    training = small()
    G, D, F = copy.deepcopy([training.G, training.D, training.F])
    torch.manual_seed(4)
    training.step(batches(), ("G",))
    torch.manual_seed(4)
    z = training.recipe.latent.draw(8, torch.device("cpu"))
    x_g = G(z)
    d = (z - F(x_g)).square().sum(1).mean() / 2
    of_f = torch.autograd.grad(d, list(F.parameters()), retain_graph=True)
    of_g = torch.autograd.grad(d - D(torch.cat([x_g, z], 1)).mean(), list(G.parameters()))
    for network, expected in ((training.F, of_f), (training.G, of_g)):
        for p, gradient in zip(network.parameters(), expected, strict=True):
            torch.testing.assert_close(p.grad, gradient)
    assert all(p.grad is None and p.requires_grad for p in training.D.parameters())


def test_latents_are_constant_channels_beside_pictures() -> None:
    x, z = torch.randn(2, 3, 4, 4), torch.randn(2, 5)
    y = paired(z, x)
    assert y.shape == (2, 8, 4, 4) and torch.equal(y[:, :3], x)
    assert torch.equal(y[:, 3:], z[:, :, None, None].expand(2, 5, 4, 4))


def test_on_pictures() -> None:
    dcgan = {"kind": "dcgan", "width": 4}
    training, stream = small({"generator": dcgan, "discriminator": dcgan}, (1, 16, 16)), batches((1, 16, 16))
    for _ in range(2):
        assert all(value.isfinite() for value in training.step(stream).values())
    assert training.generate(training.latents(3, 0)).shape == (3, 1, 16, 16)


def test_looking_changes_nothing() -> None:
    training, x = small(), torch.randn(5, 2)
    before = copy.deepcopy({name: network.state_dict() for name, network in training.networks().items()})
    state = torch.get_rng_state()
    assert training.judge(x).shape == (5,) and training.pull(x, x).shape == (5, 2)
    assert torch.equal(torch.get_rng_state(), state)
    after = {name: network.state_dict() for name, network in training.networks().items()}
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    assert all(
        p.grad is None and p.requires_grad
        for n in training.networks().values()
        for p in n.parameters()
        if n is not training.averages_of["generator"].module
    )


def test_the_generator_begins_as_that_of_a_plain_gan() -> None:
    plain = RECIPES.parse({k: v for k, v in POINTS.items() if k != "reconstructor"} | {"kind": "gan"})
    torch.manual_seed(0)
    other = plain.build((2,), 100, Engine(torch.device("cpu")))
    for a, b in zip(small().G.parameters(), other.G.parameters(), strict=True):
        assert torch.equal(a, b)


def test_parts_that_do_not_fit_are_named() -> None:
    with pytest.raises(ConfigError, match="reconstructor"):
        small({"reconstructor": {"kind": "dcgan"}})
