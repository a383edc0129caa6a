import math

import pytest
import torch

from gan_studio.data import toy2d
from gan_studio.metrics.modes import PERFECT_SHARE, SAMPLES, score_modes


@pytest.mark.parametrize(("distribution", "floor"), [(toy2d.Ring(), 0.0015), (toy2d.Grid(), 0.0048)])
def test_a_perfect_sampler_reaches_the_published_floors(distribution, floor):
    scores = [
        score_modes(distribution.sample(SAMPLES, toy2d.seeded(seed)), distribution.centres, distribution.spread)
        for seed in range(60)
    ]
    assert all(score.covered == score.modes for score in scores)
    assert sum(s.high_quality for s in scores) / 60 == pytest.approx(0.9889, abs=0.0009)  # three standard errors
    mean_kl = sum(s.reverse_kl for s in scores) / 60
    assert mean_kl == pytest.approx(floor, rel=0.15)
    assert mean_kl == pytest.approx((len(distribution.centres) - 1) / (2 * SAMPLES * PERFECT_SHARE), rel=0.15)


def test_the_definitions_by_hand():
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    samples = torch.tensor([[0.0, 2.9], [0.5, 0.5], [10.0, 0.1], [10.0, 3.1], [5.1, 5.0], [-2.5, 0.0]])
    score = score_modes(samples, centres, sigma=1.0)
    assert (score.modes, score.covered) == (4, 2)
    assert score.high_quality == pytest.approx(4 / 6)
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert score.reverse_kl == pytest.approx(math.log(4) - entropy)


def test_collapse_to_one_mode_is_as_bad_as_none_good():
    centres = toy2d.Ring().centres
    one = score_modes(centres[3].repeat(100, 1), centres, 0.02)
    none = score_modes(torch.full((100, 2), 50.0), centres, 0.02)
    assert (one.covered, one.high_quality) == (1, 1.0)
    assert (none.covered, none.high_quality) == (0, 0.0)
    assert one.reverse_kl == none.reverse_kl == pytest.approx(math.log(8))


def test_dividing_by_the_scale_changes_nothing():
    ring = toy2d.Ring()
    x = ring.sample(1000, toy2d.seeded(0)) * 1.01
    a = score_modes(x, ring.centres, ring.spread)
    b = score_modes(x / ring.scale, ring.centres / ring.scale, ring.spread / ring.scale)
    assert (a.covered, a.reverse_kl) == (b.covered, pytest.approx(b.reverse_kl, abs=2e-3))
    assert a.high_quality == pytest.approx(b.high_quality, abs=2e-3)
