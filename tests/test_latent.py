"""Latents: the even grid against SciPy's quantiles and against what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch

from gan_studio.latent import Latent

SCIPY = {
    "normal": scipy.stats.norm(),
    "uniform": scipy.stats.uniform(-1, 2),
    "truncated": scipy.stats.truncnorm(-2, 2),
}
every_distribution = pytest.mark.parametrize("distribution", sorted(SCIPY))


@every_distribution
@pytest.mark.parametrize("dim", [2, 5])
def test_the_lines_of_the_grid_stand_at_even_quantiles(distribution: str, dim: int) -> None:
    z = Latent(dim=dim, distribution=distribution).grid(7)
    assert z.shape == (49, dim) and z.dtype == torch.float32
    lines = SCIPY[distribution].ppf(np.linspace(0.02, 0.98, 7))
    rows = z.reshape(7, 7, dim).numpy()
    np.testing.assert_allclose(rows[..., 0], np.tile(lines, (7, 1)), rtol=0, atol=1e-6)  # rises within a row
    np.testing.assert_allclose(rows[..., 1], np.tile(lines[:, None], 7), rtol=0, atol=1e-6)  # row 0 is the lowest
    assert not rows[..., 2:].any()


@every_distribution
def test_every_cell_holds_the_same_share_of_what_is_drawn(distribution: str) -> None:
    torch.manual_seed(0)
    latent = Latent(dim=2, distribution=distribution)
    drawn = latent.draw(40_000, torch.device("cpu")).numpy()
    lines = latent.grid(5)[:5, 0].numpy()
    counts, _, _ = np.histogram2d(drawn[:, 0], drawn[:, 1], bins=(lines, lines))
    np.testing.assert_allclose(counts / len(drawn), (0.96 / 4) ** 2, rtol=0, atol=0.006)  # five standard deviations


def test_one_latent_repeats_its_line() -> None:
    z = Latent(dim=1).grid(4).reshape(4, 4)
    assert (z == z[0]).all() and (z[0].diff() > 0).all()


def test_the_grid_is_the_same_each_time_and_draws_nothing() -> None:
    before = torch.get_rng_state()
    assert torch.equal(Latent(dim=3).grid(6), Latent(dim=3).grid(6))
    assert torch.equal(torch.get_rng_state(), before)
