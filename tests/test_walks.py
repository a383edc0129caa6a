"""Walks: against closed forms in NumPy, at the ends, and where the closed forms have no answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from gan_studio.walks import (
    BETWEEN,
    EASINGS,
    analogy,
    bilinear,
    children,
    circle,
    crossed,
    lerp,
    path,
    resampled,
    slerp,
    truncated,
)

SHARES = torch.linspace(0, 1, 9)
each_way = pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)


def drawn(count: int, seed: int = 0, dim: int = 7) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def shoemake(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """The closed form for vectors of one length."""
    w = np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    return np.sin((1 - t) * w) / np.sin(w) * a + np.sin(t * w) / np.sin(w) * b


def on_the_sphere(count: int, seed: int = 0) -> Tensor:
    z = drawn(count, seed).double()
    return 3 * z / z.norm(dim=1, keepdim=True)


def test_slerp_equals_its_closed_form() -> None:
    a, b = on_the_sphere(2)
    expected = np.stack([shoemake(a.numpy(), b.numpy(), t) for t in SHARES.tolist()])
    np.testing.assert_allclose(slerp(a, b, SHARES).numpy(), expected, atol=1e-12)


def test_slerp_turns_evenly_and_its_length_goes_evenly() -> None:
    a, b = drawn(2).double() * torch.tensor([[1.0], [4.0]])
    way = slerp(a, b, SHARES)
    lengths = way.norm(dim=1)
    np.testing.assert_allclose(lengths, np.linspace(a.norm().item(), b.norm().item(), 9), rtol=1e-12)
    unit = way / lengths[:, None]
    turns = (unit[1:] * unit[:-1]).sum(dim=1).arccos()
    np.testing.assert_allclose(turns, turns.mean().item(), atol=1e-7)


def test_lerp_equals_torch() -> None:
    a, b = drawn(2)
    torch.testing.assert_close(lerp(a, b, SHARES), torch.lerp(a, b, SHARES[:, None]))


@each_way
def test_the_ends_are_exact(between) -> None:
    a, b = drawn(2)
    first, last = between(a, b, torch.tensor([0.0, 1.0]))
    assert torch.equal(first, a) and torch.equal(last, b)


@pytest.mark.parametrize("factor", [1.0, 2.5, 1 + 1e-9])
def test_parallel_latents_go_straight(factor: float) -> None:
    a = drawn(1).double()[0]
    torch.testing.assert_close(slerp(a, factor * a, SHARES), lerp(a, factor * a, SHARES))


def test_a_zero_goes_straight() -> None:
    a, zero = drawn(1)[0], torch.zeros(7)
    for start, end in ((a, zero), (zero, a), (zero, zero)):
        torch.testing.assert_close(slerp(start, end, SHARES), lerp(start, end, SHARES))


def test_opposite_latents_go_around_and_not_through_the_middle() -> None:
    a = on_the_sphere(1)[0]
    way = slerp(a, -a, SHARES)
    np.testing.assert_allclose(way.norm(dim=1), 3.0, rtol=1e-12)
    np.testing.assert_allclose(way @ a / 9, np.cos(np.pi * SHARES.numpy()), atol=1e-7)
    assert torch.equal(way, slerp(a, -a, SHARES))


def test_with_one_dimension_opposite_latents_are_still_defined() -> None:
    way = slerp(torch.tensor([2.0]), torch.tensor([-2.0]), SHARES)
    assert torch.isfinite(way).all()


def test_slerp_of_batches_is_that_of_each_row() -> None:
    a, b = drawn(5), drawn(5, seed=1)
    t = torch.rand(5, generator=torch.Generator().manual_seed(2))
    rows = torch.stack([slerp(*row) for row in zip(a, b, t, strict=True)])
    torch.testing.assert_close(slerp(a, b, t), rows)


@each_way
def test_bilinear_has_its_corners_and_its_edges(between) -> None:
    corners = drawn(4).reshape(2, 2, 7)
    x, y = torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.tensor([0.0, 0.0, 1.0, 1.0])
    assert torch.equal(bilinear(corners, x, y, between), corners.flatten(0, 1))
    half = torch.tensor(0.5)
    torch.testing.assert_close(
        bilinear(corners, half, torch.tensor(0.0), between), between(corners[0, 0], corners[0, 1], half)
    )


def test_bilinear_by_lerp_is_the_weighted_mean_of_four() -> None:
    corners, x, y = drawn(4).reshape(2, 2, 7), torch.tensor(0.3), torch.tensor(0.8)
    weights = torch.tensor([[0.2 * 0.7, 0.2 * 0.3], [0.8 * 0.7, 0.8 * 0.3]])
    torch.testing.assert_close(bilinear(corners, x, y, lerp), (weights[..., None] * corners).sum(dim=(0, 1)))


# --- paths -----------------------------------------------------------------------------------------------------------


@each_way
@pytest.mark.parametrize("easing", EASINGS.values(), ids=EASINGS)
def test_a_path_goes_through_its_keys_and_ends_at_the_last(between, easing) -> None:
    keys = drawn(3)
    way = path(keys, 9, between, easing)
    assert way.shape == (9, 7) and torch.equal(way[[0, 4, 8]], keys)


@each_way
def test_a_loop_ends_one_frame_before_its_start(between) -> None:
    keys = drawn(3)
    way = path(keys, 12, between, loop=True)
    assert torch.equal(way[[0, 4, 8]], keys)
    torch.testing.assert_close(way[11], between(keys[2], keys[0], torch.tensor(0.75)))


def test_easing_is_slow_at_the_keys_and_fast_between() -> None:
    keys = torch.tensor([[0.0], [1.0]])
    speed = path(keys, 21, lerp, EASINGS["in-out"]).diff(dim=0)[:, 0]
    assert speed[0] < speed[5] < speed[9] and torch.allclose(speed, speed.flip(0), atol=1e-6)
    np.testing.assert_allclose(path(keys, 21, lerp)[:, 0], np.linspace(0, 1, 21), atol=1e-7)


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize(("count", "frames"), [(1, 1), (1, 5), (2, 1), (5, 2), (3, 100)])
def test_paths_of_any_length(count: int, frames: int, loop: bool) -> None:
    way = path(drawn(count), frames, loop=loop)
    assert way.shape == (frames, 7) and torch.isfinite(way).all() and torch.equal(way[0], drawn(count)[0])


def test_a_circle_is_round_closed_and_starts_at_its_latent() -> None:
    u, v = drawn(2).double()
    ring = circle(u, v, 12)
    torch.testing.assert_close(ring[0], u)
    np.testing.assert_allclose(ring.norm(dim=1), u.norm(), rtol=1e-12)
    steps = torch.cat([ring, ring[:1]]).diff(dim=0).norm(dim=1)  # the last step leads back to the first
    np.testing.assert_allclose(steps, 2 * u.norm() * np.sin(np.pi / 12), rtol=1e-9)
    assert np.linalg.matrix_rank(ring.numpy(), tol=1e-9) == 2


def test_a_circle_around_a_centre() -> None:
    centre, u, v = drawn(3).double()
    ring = circle(u, v, 8, centre, radius=0.5)
    np.testing.assert_allclose((ring - centre).norm(dim=1), 0.5, rtol=1e-12)
    torch.testing.assert_close(ring.mean(dim=0), centre)
    assert torch.isfinite(circle(u, 2 * u, 8)).all()


# --- truncation and new ones -----------------------------------------------------------------------------------------


def test_truncation_moves_towards_the_mean() -> None:
    z, mean = drawn(3), drawn(1, seed=1)
    assert torch.equal(truncated(z, 1.0), z)
    torch.testing.assert_close(truncated(z, 0.0, mean), mean.expand(3, 7))
    torch.testing.assert_close(truncated(z, 0.5, mean), lerp(mean, z, torch.tensor(0.5)))


def test_resampling_keeps_what_is_inside_and_draws_the_rest_from_the_truncated_normal() -> None:
    import scipy.stats

    z = drawn(1, dim=20_000)
    within = resampled(z, 0.8, lambda k: drawn(1, seed=k, dim=20_000))
    kept = z.abs() <= 0.8
    assert torch.equal(within[kept], z[kept]) and within.abs().max() <= 0.8
    assert scipy.stats.kstest(within[0].numpy(), scipy.stats.truncnorm(-0.8, 0.8).cdf).pvalue > 0.01


def test_resampling_always_comes_to_an_end() -> None:
    far = torch.full((1, 3), 9.0)
    assert torch.equal(resampled(far, 0.5, lambda k: far), torch.full((1, 3), 0.5))


def test_children_stay_normal() -> None:
    parent, fresh = drawn(1, dim=50_000)[0], drawn(1, seed=1, dim=50_000)
    (child,) = children(parent, fresh, 0.6)
    assert child.std().item() == pytest.approx(1, abs=0.02)
    assert torch.corrcoef(torch.stack([parent, child]))[0, 1].item() == pytest.approx(0.8, abs=0.01)
    assert torch.equal(children(parent, fresh, 0.0)[0], parent) and torch.equal(children(parent, fresh, 1.0), fresh)


def test_a_crossing_takes_each_entry_from_one_parent() -> None:
    a, b = drawn(2, dim=1000)
    found = crossed(a, b, 4, seed=3)
    assert found.shape == (4, 1000) and ((found == a) | (found == b)).all()
    assert (found == a).float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert torch.equal(found, crossed(a, b, 4, seed=3)) and not torch.equal(found, crossed(a, b, 4, seed=4))


def test_an_analogy() -> None:
    woman, man, glasses = drawn(3)
    torch.testing.assert_close(analogy(man + glasses, man, woman), woman + glasses)
