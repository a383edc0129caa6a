"""The sliced distance against SciPy along each direction, and against closed forms for moved sets."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from gan_studio.metrics.sliced_wasserstein import SlicedWasserstein


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_along_each_direction_it_is_scipys():
    a, b = noise(50, 3, 4, 4), noise(50, 3, 4, 4, seed=1).exp()
    distance = SlicedWasserstein(a, directions=7)
    projected = [(x.flatten(1) @ distance.U).numpy() for x in (a, b)]
    expected = np.mean([wasserstein_distance(projected[0][:, p], projected[1][:, p]) for p in range(7)])
    assert distance(b) == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(distance.U.norm(dim=0), torch.ones(7))


def test_in_one_dimension_it_is_the_distance_itself():
    a, b = noise(200, 1), 2 * noise(200, 1, seed=1) + 1
    expected = wasserstein_distance(a[:, 0].numpy(), b[:, 0].numpy())
    assert SlicedWasserstein(a)(b) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", [(2,), (3, 8, 8), (1, 32, 32)])
def test_a_moved_set_is_as_far_as_the_mean_shadow_of_the_move(shape):
    """E |<u, t>| = |t| Gamma(D/2) / (sqrt(pi) Gamma((D+1)/2)) over the unit sphere."""
    D = math.prod(shape)
    x, t = noise(64, *shape), noise(*shape, seed=1)
    shadow = math.exp(math.lgamma(D / 2) - math.lgamma((D + 1) / 2)) / math.sqrt(math.pi)
    found = SlicedWasserstein(x, directions=4000)(x[torch.randperm(64)] + t)
    assert found == pytest.approx(float(t.norm()) * shadow, rel=0.05)


def test_it_stands_still_and_moves_no_global_generator():
    a, b = noise(64, 1, 8, 8), noise(64, 1, 8, 8, seed=1)
    before = torch.get_rng_state()
    assert SlicedWasserstein(a)(b) == SlicedWasserstein(a)(b) > 0
    assert SlicedWasserstein(a)(a) == 0
    assert torch.equal(before, torch.get_rng_state())
    assert SlicedWasserstein(a, seed=1)(b) != SlicedWasserstein(a)(b)


def test_real_digits_are_nearer_to_real_digits_than_anything_else_is():
    from gan_studio.data.digits import Digits

    preparation = Digits(size=32).prepare()
    while True:
        try:
            next(preparation)
        except StopIteration as done:
            digits = done.value
            break
    real, others = digits.batch(256, 0, 0).x, digits.batch(256, 0, 1).x
    distance = SlicedWasserstein(real)
    assert distance(others) == pytest.approx(0.04, abs=0.01)
    assert distance(torch.full_like(real, -1)) == pytest.approx(0.6, abs=0.1)
    assert distance(noise(*real.shape).clamp(-1, 1)) == pytest.approx(0.7, abs=0.1)
    one_kind = others[:1].expand_as(others)
    assert distance(one_kind) > 2 * distance(others)
