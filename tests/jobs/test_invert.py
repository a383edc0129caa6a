"""Inversion: the latents of a small generator are found again, to a stated error."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio.config import ConfigError
from gan_studio.jobs.explore import render, view_of
from gan_studio.jobs.invert import Inversion, as_asked, invert
from gan_studio.jobs.snapshots import open_snapshot

LATENT_ERROR = 0.05  # root mean squared, of latents whose standard deviation is 1
PIXEL_ERROR = 1.0  # of 255: pictures are rounded to 0.3


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_known_latents_are_recovered(snapshot, seed: int) -> None:
    picture = render(view_of(snapshot, seed), snapshot)
    last = list(invert(snapshot, picture, Inversion(prior=0)))[-1]
    z = snapshot.latents(1, seed)[0].numpy()
    assert np.sqrt(np.mean((last.z - z) ** 2)) < LATENT_ERROR
    assert last.error < PIXEL_ERROR and last.is_last


def test_the_picture_and_its_error_are_those_of_the_latent(snapshot) -> None:
    wanted = render(view_of(snapshot, 5), snapshot)
    for found in invert(snapshot, wanted, Inversion(steps=20, starts=2, tried=8)):
        view = view_of(snapshot).at(torch.from_numpy(found.z))
        assert (render(view, snapshot) == found.picture).all()
        difference = found.picture.astype(float) - wanted
        assert np.sqrt(np.mean(difference**2)) == pytest.approx(found.error, abs=0.5)


def test_it_only_gets_nearer_and_tells_so(snapshot) -> None:
    wanted = np.full((16, 16, 1), 128, np.uint8)  # what no latent makes
    found = list(invert(snapshot, wanted, Inversion(steps=25, starts=2, tried=8), every=10))
    assert [one.step for one in found] == [0, 10, 20, 25]
    errors = [one.error for one in found]
    assert errors == sorted(errors, reverse=True) and errors[-1] < errors[0]


def test_it_is_the_same_again_and_disturbs_nothing(snapshot) -> None:
    wanted, how = render(view_of(snapshot, 5), snapshot), Inversion(steps=5, starts=2, tried=8)
    wanted.setflags(write=False)  # as a decoded picture is
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, again = (list(invert(snapshot, wanted, how))[-1] for _ in range(2))
    assert (first.z == again.z).all() and torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in snapshot.network.parameters())
    assert (render(view_of(snapshot, 5), snapshot) == wanted).all()


def test_it_can_be_cancelled_at_any_moment(snapshot) -> None:
    work = invert(snapshot, render(view_of(snapshot, 5), snapshot), Inversion(steps=100_000), every=1)
    assert next(work).step == 0 and next(work).step == 1
    work.close()
    assert list(work) == []


def test_a_prior_keeps_latents_at_their_length(snapshot) -> None:
    wanted = np.full((16, 16, 1), 255, np.uint8)
    free, held = (
        list(invert(snapshot, wanted, Inversion(steps=60, starts=2, tried=8, prior=prior)))[-1] for prior in (0, 10)
    )
    assert abs(np.mean(held.z**2) - 1) < abs(np.mean(free.z**2) - 1)


def test_a_picture_of_another_size_is_told_and_fitted(snapshot, tmp_path) -> None:
    with pytest.raises(ConfigError, match="is not 16 x 16 px in 1 colours"):
        next(invert(snapshot, np.zeros((8, 8, 1), np.uint8), Inversion()))
    Image.new("RGB", (50, 30), (255, 0, 0)).save(tmp_path / "red.jpg")
    fitted = as_asked(tmp_path / "red.jpg", snapshot)
    assert fitted.shape == (16, 16, 1) and fitted.dtype == np.uint8 and abs(int(fitted.mean()) - 76) < 3
    (tmp_path / "no.png").write_text("no")
    with pytest.raises(ConfigError, match="not a picture"):
        as_asked(tmp_path / "no.png", snapshot)


def test_points_cannot_be_inverted(picture_run) -> None:
    points = open_snapshot(picture_run({"data": {"kind": "toy2d"}}).folder)
    with pytest.raises(ConfigError, match="makes points"):
        next(invert(points, np.zeros((2,), np.uint8), Inversion()))
