"""The GAN recipe: what it tells against what can be computed by hand, and what it must equal beside the job's tests."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_studio.compute import Engine
from gan_studio.nn.descent import LONGEST, NORMS_EVERY
from gan_studio.nn.optimisers import OPTIMISERS, load_optimiser
from gan_studio.objectives import OBJECTIVES
from gan_studio.objectives.wasserstein import Wasserstein
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


def small(
    options: dict[str, Any] | None = None, shape: tuple[int, ...] = (2,), engine: Engine | None = None
) -> GanTraining:
    recipe = RECIPES.parse(POINTS | (options or {}))
    assert isinstance(recipe, Gan)
    torch.manual_seed(0)
    return recipe.build(shape, 100, engine or Engine(torch.device("cpu")))


def batches(shape: tuple[int, ...] = (2,), count: int = 8) -> Any:
    """Real samples for ever, the same each time."""

    def forever() -> Iterator[SimpleNamespace]:
        rng = torch.Generator().manual_seed(1)
        while True:
            yield SimpleNamespace(x=torch.randn(count, *shape, generator=rng))

    return forever()


def two_batches(shape: tuple[int, ...] = (2,)) -> tuple[Tensor, Tensor]:
    stream = batches(shape)
    return next(stream).x, next(stream).x


def length(network: nn.Module) -> Tensor:
    """Of the gradient that lies on the weights."""
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]).norm()


def untouched(training: GanTraining) -> dict[str, Any]:
    """All that looking must not change."""
    networks = {"G": training.G, "D": training.D}
    return {
        "state": {n: {k: v.clone() for k, v in net.state_dict().items()} for n, net in networks.items()},
        "modes": [m.training for net in networks.values() for m in net.modules()],
        "frozen": [p.requires_grad for net in networks.values() for p in net.parameters()],
        "gradients": [None if p.grad is None else p.grad.clone() for p in training.D.parameters()],
        "random": torch.get_rng_state(),
    }


# --- norms of gradients -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("d_steps", [1, 3])
def test_norms_are_of_the_gradients_that_lie_on_the_weights(d_steps: int) -> None:
    """Of D's last step, where there are several."""
    training = small({"d_steps": d_steps, "penalties": ["gradient-penalty"]})
    curves = training.step(batches())
    torch.testing.assert_close(curves["gradient/D"], length(training.D))
    torch.testing.assert_close(curves["gradient/G"], length(training.G))


def test_norms_are_measured_now_and_then_by_the_iteration() -> None:
    """A resumed training measures at the same steps."""
    training, stream = small(), batches()
    told = ["gradient/D" in training.step(stream) for _ in range(2 * NORMS_EVERY)]
    assert told == ([True] + [False] * (NORMS_EVERY - 1)) * 2
    training.iteration = NORMS_EVERY
    assert "gradient/D" in training.step(stream)


def test_clipping_tells_each_norm_as_it_was_before() -> None:
    free, clipped = small(), small({"clip_norm": 1e-4})
    told = []
    for training in (free, clipped):
        torch.manual_seed(0)
        told.append(training.step(batches())["gradient/D"])
    torch.testing.assert_close(*told)
    assert float(length(clipped.D)) == pytest.approx(1e-4, rel=1e-2)
    stream = batches()
    assert all({"gradient/D", "gradient/G"} <= clipped.step(stream).keys() for _ in range(NORMS_EVERY))


def test_a_gradient_too_long_for_its_square_ends_no_training() -> None:
    class Steep(Wasserstein):
        def d_loss(self, D: Any, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
            return {"critic": 1e25 * D(fake)}

    training = small({"clip_norm": 1.0})
    training.recipe = training.recipe.model_copy(update={"objective": Steep()})
    assert training.step(batches())["gradient/D"] == torch.tensor(LONGEST)
    assert all(p.isfinite().all() for p in training.D.parameters())


# --- slopes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [entry.kind for entry in PENALTIES if entry.second_order])
def test_slopes_are_told_beside_their_terms(kind: str) -> None:
    curves = small({"penalties": [kind]}).step(batches())
    (slope,) = (name for name in curves if name.startswith("slope/"))
    assert "D/" + slope.removeprefix("slope/") in curves
    assert curves[slope].shape == () and curves[slope] > 0


def test_a_slope_is_the_mean_norm_and_not_multiplied_when_lazy() -> None:
    training = small({"penalties": [{"kind": "r1", "weight": 6.0, "every": 4}]})
    D, x = copy.deepcopy(training.D), next(batches()).x.requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x)
    curves = training.step(batches())
    torch.testing.assert_close(curves["slope/r1"], gradient.norm(dim=1).mean())
    torch.testing.assert_close(curves["D/r1"], 4 * 6 / 2 * gradient.square().sum(dim=1).mean())


def test_a_slope_that_is_shown_moves_nothing() -> None:
    plain, watched = small(), small({"penalties": [{"kind": "r1", "weight": 0.0}]})
    for training in (plain, watched):
        torch.manual_seed(3)
        stream = batches()
        for _ in range(3):
            training.step(stream)
    for a, b in zip(plain.D.parameters(), watched.D.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_lazy_terms_of_earlier_d_steps_are_told() -> None:
    """With two steps of D, a penalty in every second looks in the first of each iteration."""
    training, stream = small({"d_steps": 2, "penalties": [{"kind": "r1", "every": 2}]}), batches()
    assert all({"D/r1", "slope/r1"} <= training.step(stream).keys() for _ in range(3))


# --- learning rates ---------------------------------------------------------------------------------------------------


def test_rates_are_those_of_the_last_step() -> None:
    adam = {"kind": "adam", "lr": 0.004}
    training, stream = small({"schedule": "cosine", "d_optimiser": adam}), batches()
    for _ in range(11):
        training.step(stream)
    factor = training.recipe.schedule.factor(10, 100)
    assert factor != 1
    assert training.rates() == {"rate/D": 0.004 * factor, "rate/G": training.recipe.g_optimiser.lr * factor}


# --- the pull on samples ----------------------------------------------------------------------------------------------


class Linear(nn.Module):
    """D(x) = a x + 0.3."""

    def __init__(self, a: Tensor):
        super().__init__()
        self.a = nn.Parameter(a)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.a + 0.3


def test_under_a_linear_critic_all_are_pulled_along_its_slope() -> None:
    training, a = small({"objective": "wasserstein"}), torch.tensor([0.5, -2.0])
    training.D = Linear(a)
    x, real = two_batches()
    torch.testing.assert_close(training.pull(x, real), a.expand(8, 2))


def test_a_sample_that_convinces_is_pulled_less() -> None:
    """Non-saturating: -grad softplus(-l) = sigmoid(-l) a."""
    training, a = small(), torch.tensor([0.5, -2.0])
    training.D = Linear(a)
    x, real = two_batches()
    torch.testing.assert_close(training.pull(x, real), torch.sigmoid(-(x @ a + 0.3))[:, None] * a)


def test_relativistic_samples_are_pulled_by_the_real_ones() -> None:
    """Paired, standard: -grad softplus(l_r - l_f) = sigmoid(l_r - l_f) a."""
    training, a = small({"objective": "relativistic-paired"}), torch.tensor([0.5, -2.0])
    training.D = Linear(a)
    x, real = two_batches()
    torch.testing.assert_close(training.pull(x, real), torch.sigmoid((real - x) @ a)[:, None] * a)


@pytest.mark.parametrize("kind", [entry.kind for entry in OBJECTIVES])
def test_pull_against_numeric_differences(kind: str) -> None:
    """Central differences of the summed loss in double precision, D in evaluation mode."""
    discriminator = {"kind": "mlp", "width": 8, "activation": "tanh", "norm": "batch", "dropout": 0.4}
    training, stream = small({"objective": kind, "discriminator": discriminator}), batches()
    for _ in range(3):  # so that the statistics of batch norm are not those of the start
        training.step(stream)
    x, real = two_batches()
    pull = training.pull(x, real)

    D = copy.deepcopy(training.D).double().eval()

    @torch.no_grad()
    def loss(moved: Tensor) -> float:
        terms = training.recipe.objective.g_loss(lambda y: D.main(y).flatten(), real.double(), moved)
        return float(sum(term.sum() for term in terms.values()))

    numeric = torch.zeros_like(x)
    for i, j in torch.cartesian_prod(torch.arange(len(x)), torch.arange(2)):
        step = torch.zeros(len(x), 2, dtype=torch.float64)
        step[i, j] = 1e-6
        numeric[i, j] = -(loss(x.double() + step) - loss(x.double() - step)) / 2e-6
    torch.testing.assert_close(pull, numeric, rtol=1e-3, atol=1e-5)


PICTURES = {
    "generator": {"kind": "dcgan", "width": 4},
    "discriminator": {"kind": "resnet", "width": 4, "norm": "batch", "spectral": True},
    "objective": "relativistic-average",
    "instance_noise": 0.2,
}
MIXED = Engine(torch.device("cpu"), "bf16", channels_last=True)


def test_looking_changes_nothing() -> None:
    """No weight, statistic, mode, gradient or random number; nor the samples themselves."""
    shape = (3, 16, 16)
    training = small(PICTURES, shape, MIXED)
    training.step(batches(shape))
    x, real = two_batches(shape)
    before, x_before = untouched(training), x.clone()
    with torch.no_grad():  # as whoever looks may have it
        pull = training.pull(x, real)
    assert pull.shape == x.shape and pull.dtype == torch.float32 and pull.isfinite().all() and pull.any()
    assert not pull.requires_grad and not x.requires_grad and torch.equal(x, x_before)
    torch.testing.assert_close(untouched(training), before, rtol=0, atol=0)
    torch.testing.assert_close(training.pull(x, real), pull, rtol=0, atol=0)


def test_a_watched_training_goes_the_same_way() -> None:
    ends = []
    for watched in (False, True):
        training, stream = small({"instance_noise": 0.1}), batches()
        for step in range(6):
            torch.manual_seed(step)
            training.step(stream)
            if watched:
                z = training.latent_grid(3)
                training.pull(training.generate(z), torch.ones(9, 2))
                training.rates()
        ends.append([p.detach() for network in (training.G, training.D) for p in network.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))


@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_the_pull_of_a_compiled_discriminator() -> None:
    """Traced, and run without generating code, which would take long and a C++ compiler."""
    plain, compiled = small({"objective": "hinge"}), small({"objective": "hinge"})
    compiled.D.compile(backend="eager")
    for training in (plain, compiled):
        torch.manual_seed(5)
        training.step(batches())
    x, real = two_batches()
    torch.testing.assert_close(compiled.pull(x, real), plain.pull(x, real))


# --- the latent grid --------------------------------------------------------------------------------------------------


def test_the_latent_grid_is_of_the_recipes_latents() -> None:
    training = small({"latent": {"dim": 3, "distribution": "uniform"}})
    z = training.latent_grid(5)
    assert torch.equal(z, training.recipe.latent.grid(5)) and float(z.max()) == pytest.approx(0.96)
    assert training.generate(z).shape == (25, 2)


# --- optimisers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [entry.kind for entry in OPTIMISERS])
def test_moments_are_laid_out_as_the_weights_they_are_loaded_for(kind: str) -> None:
    """Fused kernels go through weights and moments in the order of memory, without looking at strides."""
    spec = OPTIMISERS[kind](lr=0.1)
    start, gradients = torch.randn(4, 3, 2, 2), torch.randn(2, 4, 3, 2, 2)
    ends = []
    for second_format in (torch.channels_last, torch.contiguous_format):
        first = torch.nn.Parameter(start.clone(memory_format=torch.channels_last))
        optimiser = spec.build([first])
        first.grad = gradients[0].clone(memory_format=torch.channels_last)
        optimiser.step()
        saved = {"kind": kind, "state": optimiser.state_dict()}

        second = torch.nn.Parameter(first.detach().clone(memory_format=second_format))
        resumed = spec.build([second])
        load_optimiser(resumed, spec, saved)
        second.grad = gradients[1].clone(memory_format=second_format)
        resumed.step()
        ends.append(second.detach())
    torch.testing.assert_close(*ends, rtol=0, atol=1e-7)
