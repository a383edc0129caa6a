"""Remedies against mode collapse as options of the GAN recipe: packs, steps ahead, minibatch discrimination."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_studio.compute import Engine
from gan_studio.config import ConfigError
from gan_studio.nn.descent import total
from gan_studio.objectives import OBJECTIVES
from gan_studio.penalties import PENALTIES
from gan_studio.recipes import RECIPES
from gan_studio.recipes.gan import Gan, GanTraining

POINTS = {
    "kind": "gan",
    "generator": {"kind": "mlp", "width": 8},
    "discriminator": {"kind": "mlp", "width": 8, "activation": "tanh"},
    "latent": {"dim": 3},
    "batch_size": 8,
}
PICTURES = {"generator": {"kind": "dcgan", "width": 4}, "discriminator": {"kind": "dcgan", "width": 4}}


def small(
    options: dict[str, Any] | None = None, shape: tuple[int, ...] = (2,), engine: Engine | None = None
) -> GanTraining:
    recipe = RECIPES.parse(POINTS | (options or {}))
    assert isinstance(recipe, Gan)
    recipe.check(shape)
    torch.manual_seed(0)
    return recipe.build(shape, 100, engine or Engine(torch.device("cpu")))


def batches(shape: tuple[int, ...] = (2,)) -> Any:
    def forever() -> Iterator[SimpleNamespace]:
        rng = torch.Generator().manual_seed(1)
        while True:
            yield SimpleNamespace(x=torch.randn(8, *shape, generator=rng))

    return forever()


def weights(training: GanTraining) -> list[Tensor]:
    return [p.detach().clone() for network in (training.G, training.D) for p in network.parameters()]


@pytest.mark.parametrize("kind", [entry.kind for entry in OBJECTIVES])
@pytest.mark.parametrize("remedy", [{"pack": 2}, {"unroll": 2}, {"pack": 4, "unroll": 1}])
def test_remedies_go_with_every_objective(kind: str, remedy: dict[str, Any]) -> None:
    training, stream = small(remedy | {"objective": kind}), batches()
    before = weights(training)
    for _ in range(2):
        assert all(value.isfinite() and value.shape == () for value in training.step(stream).values())
    assert all(not torch.equal(a, b) for a, b in zip(before[::2], weights(training)[::2], strict=True))
    assert training.judge(torch.randn(5, 2)).shape == (5,)
    assert training.pull(torch.randn(5, 2), torch.randn(5, 2)).shape == (5, 2)


@pytest.mark.parametrize("kind", [entry.kind for entry in PENALTIES])
def test_remedies_go_with_every_penalty(kind: str) -> None:
    training, stream = small({"pack": 2, "unroll": 2, "penalties": [kind]}), batches()
    assert all(value.isfinite() for value in training.step(stream).values())


def test_remedies_on_pictures_in_mixed_precision() -> None:
    discriminator = {"kind": "dcgan", "width": 4, "minibatch_kernels": 4}
    options = PICTURES | {"pack": 2, "unroll": 2, "discriminator": discriminator}
    training = small(options, (3, 16, 16), Engine(torch.device("cpu"), "bf16", channels_last=True))
    curves = training.step(batches((3, 16, 16)))
    assert all(value.isfinite() for value in curves.values())
    assert training.judge(torch.randn(5, 3, 16, 16)).shape == (5,)


# --- packs ------------------------------------------------------------------------------------------------------------


def test_d_minimises_the_loss_of_packs() -> None:
    """Written out: neighbours side by side, D twice as wide at its entrance."""
    training, x = small({"pack": 2}), next(batches()).x
    D = copy.deepcopy(training.D)
    assert D.main[0].in_features == 4
    torch.manual_seed(5)
    fake = training.G(training.recipe.latent.draw(8, x.device)).detach()
    l_r, l_f = (D(torch.cat([side[0::2], side[1::2]], dim=1)) for side in (x, fake))
    torch.manual_seed(5)
    curves = training.step(batches())
    torch.testing.assert_close(curves["D/real"], -l_r.sigmoid().log().mean())
    torch.testing.assert_close(curves["D/fake"], -(1 - l_f.sigmoid()).log().mean())
    torch.testing.assert_close(curves["D(real)"], l_r.sigmoid().mean())


def test_packs_are_shown_as_of_copies() -> None:
    training, x = small({"pack": 3, "batch_size": 9}), torch.randn(4, 2)
    torch.testing.assert_close(training.judge(x), training.D(torch.cat([x, x, x], dim=1)).detach())


def test_a_batch_must_be_whole_packs() -> None:
    with pytest.raises(ConfigError, match=r"batch_size.*multiple of pack \(3\), such as 9"):
        small({"pack": 3})


# --- steps ahead ------------------------------------------------------------------------------------------------------


def test_looking_ahead_leaves_d_where_it_was() -> None:
    training, stream = small({"unroll": 3, "discriminator": {"kind": "mlp", "width": 8, "norm": "batch"}}), batches()
    training.step(stream)
    before = copy.deepcopy([training.D.state_dict(), training.d_opt.state_dict()])
    training.step(stream, ("G",))
    torch.testing.assert_close([training.D.state_dict(), training.d_opt.state_dict()], before, rtol=0, atol=0)
    assert all(p.requires_grad for p in training.D.parameters())


@pytest.mark.parametrize("unroll", [0, 1, 5])
def test_gs_gradient_through_ds_answers(unroll: int) -> None:
    """By central differences of G's loss in the place of the generated points."""
    optimiser = {"kind": "sgd", "lr": 0.3}
    training = small({"unroll": unroll, "d_optimiser": optimiser, "objective": "minimax"})
    stream = batches()
    real, fake = next(stream).x, next(stream).x

    def g_loss(fake: Tensor) -> Tensor:
        D = training._judge_of(training._d_ahead(real, fake), real, fake)
        return total(training.recipe.objective.g_loss(D, real, fake))

    (gradient,) = torch.autograd.grad(g_loss(fake.requires_grad_()), fake)
    fake = fake.detach()
    direction = torch.randn(8, 2)
    slope = (g_loss(fake + 1e-2 * direction) - g_loss(fake - 1e-2 * direction)) / 2e-2
    assert float((gradient * direction).sum()) == pytest.approx(float(slope.detach()), rel=5e-3, abs=1e-4)


def test_without_steps_ahead_it_is_the_plain_gan() -> None:
    ends = []
    for options in ({}, {"unroll": 0, "pack": 1}):
        training, stream = small(options), batches()
        torch.manual_seed(2)
        for _ in range(3):
            training.step(stream)
        ends.append(weights(training))
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))


def test_minibatch_discrimination_beside_a_penalty_is_advised_against() -> None:
    recipe = RECIPES.parse(
        POINTS | {"discriminator": {"kind": "mlp", "minibatch_kernels": 4}, "penalties": ["gradient-penalty"]}
    )
    (sentence,) = recipe.advice((2,))
    assert "minibatch_kernels" in sentence
