import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from gan_studio.config import ConfigError, from_toml, to_toml
from gan_studio.data import SOURCES, toy2d

# Beside the defaults, values for which every branch and every integral is another one.
VARIANTS = [
    *(entry() for entry in toy2d.DISTRIBUTIONS),
    toy2d.Ring(modes=1, radius=1.0, sigma=0.3),
    toy2d.Grid(side=4, step=1.0, sigma=0.2),
    toy2d.SwissRoll(sigma=1.5),
    toy2d.TwoMoons(sigma=0.3),
    toy2d.ParallelLines(theta=0.3, sigma=0.1),
    toy2d.Checkerboard(cells=6),
    toy2d.Blobs(count=1),
    toy2d.Blobs(count=12, fill=0.9),
    toy2d.Drawn(points=((0.5, -0.5), (0.5, -0.5), (-1.0, 1.0)), sigma=0.2),
]


def prepared(source):
    steps = source.prepare()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def dataset(distribution):
    return prepared(toy2d.Toy2D(distribution=distribution))


def grid_density(data, cells):
    """The density at the middle of each cell of the square that `extent` names, and the cell's area."""
    width = 2 * data.extent / cells
    places = (torch.arange(cells, dtype=torch.float64) + 0.5) * width - data.extent
    x, y = torch.meshgrid(places, places, indexing="ij")
    return data.log_density(torch.stack([x, y], dim=2).flatten(0, 1)).exp().view(cells, cells), width**2


@pytest.mark.parametrize("distribution", VARIANTS, ids=str)
def test_density_integrates_to_one_within_the_extent(distribution):
    density, area = grid_density(
        dataset(distribution), {"swiss-roll": 160, "two-moons": 300}.get(distribution.kind, 600)
    )
    assert float(density.sum() * area) == pytest.approx(1, abs=4e-3)  # the jumps at sharp edges cost the most


@pytest.mark.parametrize("distribution", VARIANTS, ids=str)
def test_samples_follow_the_density(distribution):
    """Chi-squared of a 2-D histogram against the density integrated over its bins."""
    data, bins, fine, count = dataset(distribution), 16, 10 if distribution.kind == "swiss-roll" else 20, 40_000
    density, area = grid_density(data, bins * fine)
    expected = density.view(bins, fine, bins, fine).sum(dim=(1, 3)).numpy().ravel() * area * count
    edges = np.linspace(-data.extent, data.extent, bins + 1)
    x = data.batch(count, 0, seed=3).x
    assert data.log_density(x[:2000]).isfinite().all()
    seen = np.histogram2d(*x.double().T.numpy(), bins=[edges, edges])[0].ravel()
    assert seen.sum() >= 0.999 * count
    full = expected > 20
    error = 0.01 * expected[full]  # of the numerical integral over a bin that a sharp edge cuts
    chi2 = ((seen[full] - expected[full]) ** 2 / (expected[full] + error**2)).sum()
    assert stats.chi2.sf(chi2, full.sum()) > 1e-3


@pytest.mark.parametrize("distribution", VARIANTS, ids=str)
def test_batches_are_deterministic_with_random_access(distribution):
    data = dataset(distribution)
    x = data.batch(64, 7, seed=1).x
    data.batch(64, 8, seed=1)
    assert x.shape == (64, 2) and x.dtype == torch.float32 and data.shape == (2,) and data.size is None
    assert torch.equal(x, data.batch(64, 7, seed=1).x)
    assert not torch.equal(x, data.batch(64, 8, seed=1).x)
    assert not torch.equal(x, data.batch(64, 7, seed=2).x)
    assert x.abs().max() < data.extent


@pytest.mark.parametrize("distribution", list(toy2d.DISTRIBUTIONS), ids=lambda entry: entry.kind)
def test_coordinates_are_about_one(distribution):
    deviation = dataset(distribution()).batch(4000, 0, 0).x.std(dim=0)
    assert deviation.min() > 0.2
    assert deviation.max() < 1.5


@pytest.mark.parametrize("distribution", VARIANTS, ids=str)
def test_form_and_file_round_trip(distribution):
    source = toy2d.Toy2D(distribution=distribution, scaled=False)
    assert SOURCES.parse(from_toml(to_toml(source.plain()))) == source


@pytest.mark.parametrize("distribution", VARIANTS, ids=str)
def test_good_samples_lie_within_three_sigma_of_a_centre(distribution):
    data = dataset(distribution)
    if len(data.centres) == 0:
        assert data.sigma == 0
        return
    near = torch.cdist(data.batch(5000, 0, 0).x, data.centres).amin(dim=1) < 3 * data.sigma * (1 + 1e-5)
    assert near.float().mean() > 0.98  # 98.89 % for a Gaussian


def test_ring_has_eight_distinct_centres_equally_spaced():
    centres = dataset(toy2d.Ring()).centres
    assert torch.allclose(centres.norm(dim=1), torch.full((8,), 2 / 1.414), atol=1e-3)
    following = (centres - centres.roll(1, dims=0)).norm(dim=1)
    assert torch.allclose(following, torch.full((8,), 2 * math.sqrt(2) * math.sin(math.pi / 8)), atol=1e-5)
    assert torch.pdist(centres).min() > 1


def test_grid_is_the_published_one():
    grid = toy2d.Grid()
    expected = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert {tuple(map(int, c)) for c in grid.centres.tolist()} == expected
    data = dataset(grid)
    assert data.scale == pytest.approx(2.828, abs=1e-3) and data.sigma == pytest.approx(0.05 / 2.828, rel=1e-3)


def test_swiss_roll_density_is_the_integral_along_the_curve():
    roll = toy2d.SwissRoll()

    def by_quad(x, y):
        def integrand(t):
            return math.exp(-((x - t * math.cos(t)) ** 2 + (y - t * math.sin(t)) ** 2) / (2 * roll.sigma**2))

        pieces = np.linspace(1.5 * math.pi, 4.5 * math.pi, 200)
        total = sum(integrate.quad(integrand, a, b)[0] for a, b in pairwise(pieces))
        return total / (3 * math.pi) / (2 * math.pi * roll.sigma**2)

    points = roll.sample(4, toy2d.seeded(5)).double()
    expected = [by_quad(*point) for point in points.tolist()]
    assert roll.log_density(points).exp().numpy() == pytest.approx(np.array(expected), rel=1e-6)


def test_gaussian_mixture_density_agrees_with_scipy():
    ring = toy2d.Ring(sigma=0.5)
    points = ring.sample(20, toy2d.seeded(0)).double()
    expected = np.mean([stats.multivariate_normal(c, 0.25).pdf(points.numpy()) for c in ring.centres.tolist()], axis=0)
    assert ring.log_density(points).exp().numpy() == pytest.approx(expected, rel=1e-6)


def test_discs_do_not_touch():
    blobs = toy2d.Blobs(count=9, fill=0.99)
    assert torch.pdist(blobs.centres).min() > 2 * 3 * blobs.spread


def test_bad_choices_are_explained():
    with pytest.raises(ConfigError, match=r"distribution\.kind: there is no 2-D distribution called 'rings'"):
        toy2d.Toy2D.parse({"distribution": {"kind": "rings"}})
    with pytest.raises(ConfigError, match=r"distribution\.sigma: 0 is too small"):
        toy2d.Toy2D.parse({"distribution": {"kind": "ring", "sigma": 0}})
    with pytest.raises(ConfigError, match=r"distribution\.points"):
        toy2d.Toy2D.parse({"distribution": {"kind": "points", "points": []}})
