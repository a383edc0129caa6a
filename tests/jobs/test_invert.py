"""Inversion: the latents of a small generator are found again, to a stated error."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio.config import ConfigError
from gan_studio.jobs.explore import render, view_of
from gan_studio.jobs.features import features_of
from gan_studio.jobs.invert import Inversion, as_asked, invert
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.nn.perceptual import apart
from gan_studio.runs import Checkpoint, Run

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


@pytest.mark.parametrize("seed", [0, 1])
def test_known_latents_are_recovered_by_features_too(snapshot, seed: int) -> None:
    picture = render(view_of(snapshot, seed), snapshot)
    last = list(invert(snapshot, picture, Inversion(prior=0, feature_weight=0.5)))[-1]
    z = snapshot.latents(1, seed)[0].numpy()
    assert np.sqrt(np.mean((last.z - z) ** 2)) < LATENT_ERROR
    assert last.error < PIXEL_ERROR and last.compared_by == "pixels and D's features"


def test_what_is_compared_is_told_and_descended(snapshot) -> None:
    wanted = drawn_by_hand()
    how = Inversion(steps=60, starts=2, tried=8, prior=0)
    plain, seen = (
        list(invert(snapshot, wanted, how.with_values({"feature_weight": weight})))[-1] for weight in (0, 20)
    )
    assert plain.compared_by == "pixels" and plain.error < seen.error
    features = features_of(snapshot)
    far = [apart(features.maps(as_x(found.picture)), features.maps(as_x(wanted))).item() for found in (plain, seen)]
    assert far[1] < far[0]


def test_without_d_random_convolutions_are_named(snapshot) -> None:
    weights, _ = Checkpoint(snapshot.checkpoint).load()
    Run(snapshot.checkpoint.parent.parent).save_checkpoint(10, {"generator": weights["generator"]}, {})
    how = Inversion(steps=1, starts=1, tried=1, feature_weight=1)
    assert next(invert(snapshot, drawn_by_hand(), how)).compared_by == "pixels and random convolutions"


def drawn_by_hand() -> np.ndarray:
    """A disc, which no latent makes."""
    y, x = np.mgrid[:16, :16] - 7.5
    return np.where(np.hypot(x, y) < 5, 255, 0).astype(np.uint8)[:, :, None]


def as_x(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture / 127.5 - 1).float().permute(2, 0, 1)[None]


def test_an_encoders_word_is_one_of_the_starts(snapshot) -> None:
    wanted = render(view_of(snapshot, 9), snapshot)
    how = Inversion(steps=1, starts=3, tried=8)
    asked: list[torch.Tensor] = []

    def encode(x: torch.Tensor) -> torch.Tensor:
        asked.append(x)
        return snapshot.latents(1, 9)

    first = next(invert(snapshot, wanted, how, encode=encode))
    assert first.error < 0.5 and (first.z == snapshot.latents(1, 9)[0].numpy()).all()
    torch.testing.assert_close(asked[0], as_x(wanted))
    assert first.error < next(invert(snapshot, wanted, how)).error
    lost = next(invert(snapshot, wanted, how, encode=lambda x: torch.full((1, 6), 50.0)))
    assert lost.error == next(invert(snapshot, wanted, how.with_values({"starts": 2}))).error


def test_what_cannot_be_looked_for_is_one_sentence(snapshot, tmp_path) -> None:
    path = tmp_path / "odd.png"
    stills = [Image.new("RGB", (20, 20), (0, 0, shade)) for shade in (0, 100, 200)]
    stills[0].save(tmp_path / "film.gif", save_all=True, append_images=stills[1:])
    with pytest.raises(ConfigError, match=r"film.gif is a film of 3 pictures; save one of them, and take that\.$"):
        as_asked(tmp_path / "film.gif", snapshot)
    path.write_bytes(b"")
    with pytest.raises(ConfigError, match="is not a picture"):
        as_asked(path, snapshot)
    path.write_bytes(png_of(0, 16))
    with pytest.raises(ConfigError, match=r"odd\.png is"):
        as_asked(path, snapshot)
    path.write_bytes(png_of(60_000, 60_000))
    with pytest.raises(ConfigError, match="million pixels"):
        as_asked(path, snapshot)
    Image.new("RGB", (1, 4000)).save(path)
    assert as_asked(path, snapshot).shape == (16, 16, 1)
    stills[0].save(tmp_path / "scan.tiff", save_all=True, append_images=stills[1:])  # several pages are no film
    assert as_asked(tmp_path / "scan.tiff", snapshot).shape == (16, 16, 1)


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, with hardly anything in it."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def test_points_cannot_be_inverted(picture_run) -> None:
    points = open_snapshot(picture_run({"data": {"kind": "toy2d"}}).folder)
    with pytest.raises(ConfigError, match="makes points"):
        next(invert(points, np.zeros((2,), np.uint8), Inversion()))
