"""The mean distance of pairs against SciPy's, and where digits could be lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist

from gan_studio.metrics.pairwise import mean_distance


@pytest.mark.parametrize("shape", [(64, 2), (40, 3, 8, 8)])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-4, 1.0)], ids=["wide", "nearly alike"])
def test_it_is_the_mean_of_all_pairs(shape: tuple[int, ...], scale: float, offset: float) -> None:
    x = offset + scale * torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    assert mean_distance(x) == pytest.approx(pdist(x.double().flatten(1).numpy()).mean(), rel=1e-4)


def test_of_copies_and_of_a_single_sample_it_is_nothing() -> None:
    assert mean_distance(torch.ones(5, 3)) == 0 == mean_distance(torch.ones(1, 3))


def test_it_grows_with_the_distance_of_two_heaps() -> None:
    x = torch.cat([torch.zeros(10, 2), torch.full((10, 2), 3.0)])
    assert mean_distance(x) == pytest.approx(np.hypot(3, 3) * 100 / 190)
