"""The pixels against means that are written out, and random convolutions against those that Explore looks with."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_studio.feature_networks.pixels import Pixels
from gan_studio.feature_networks.random_convolutions import RandomConvolutions
from gan_studio.jobs import features
from gan_studio.jobs.together import exhausted

CPU = torch.device("cpu")


def pictures(shape) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)


def test_few_pixels_are_left_as_they_are() -> None:
    drawn = pictures((8, 8, 1))
    rows = exhausted(Pixels().prepare(None, CPU)).look(drawn).rows
    np.testing.assert_allclose(rows, drawn.reshape(3, -1) / 127.5 - 1, atol=1e-6)


def test_many_pixels_are_made_fewer_by_means() -> None:
    drawn = pictures((64, 64, 3))
    rows = exhausted(Pixels(most=800).prepare(None, CPU)).look(drawn).rows  # 16 x 16 x 3 are 768
    means = (drawn / 127.5 - 1).reshape(3, 16, 4, 16, 4, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(rows, means.reshape(3, -1), atol=1e-5)


def test_no_edge_of_an_odd_picture_is_left_out() -> None:
    drawn = np.zeros((1, 5, 5, 1), np.uint8)
    drawn[0, 4, 4] = 255
    rows = exhausted(Pixels(most=9).prepare(None, CPU)).look(drawn).rows
    assert rows.shape == (1, 9) and rows[0, 8] == 1 and (rows[0, :8] == -1).all()


@pytest.mark.parametrize("shape", [(16, 16, 1), (64, 64, 3), (24, 40, 3), (3, 3, 3)])
def test_the_eye_sees_what_explore_compares_by(shape) -> None:
    H, W, C = shape
    drawn = pictures(shape)
    theirs = features.RandomConvolutions((C, H, W), CPU).vectors(drawn)
    eye = exhausted(RandomConvolutions(most=features.MOST_FEATURES).prepare(None, CPU))
    np.testing.assert_allclose(eye.look(drawn).rows, theirs, rtol=1e-5, atol=1e-6)  # layouts in memory round otherwise


def test_the_weights_never_change() -> None:
    """They name statistics that are kept."""
    grey = np.full((1, 8, 8, 3), 200, np.uint8)
    rows = exhausted(RandomConvolutions(most=1024).prepare(None, CPU)).look(grey).rows
    np.testing.assert_allclose(rows[0, :4], [0.78650296, 1.1748838, 1.0979229, 0.86488795], rtol=1e-4)
    assert rows.sum() == pytest.approx(241.91457, rel=1e-4)
