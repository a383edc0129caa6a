"""Activations against the network run by hand; spectra against numpy.fft and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_studio.jobs.look_inside import (
    MOST_MAPS,
    MOST_PX,
    inside,
    layers,
    radial_mean,
    spectrum,
    usual_radial,
)
from gan_studio.jobs.snapshots import open_snapshot

DCGAN = {
    "recipe.generator": {"kind": "dcgan", "width": 8},
    "recipe.discriminator": {"kind": "dcgan", "width": 8},
}


# --- activations -----------------------------------------------------------------------------------------------------


def test_the_maps_are_what_the_layer_makes(picture_run) -> None:
    snapshot = open_snapshot(picture_run(DCGAN).folder, device="cpu")
    names = [layer.name for layer in layers(snapshot)]
    z = snapshot.latents(1, 3)
    found = inside(snapshot, names[1], z)
    with torch.no_grad():
        x = z[:, :, None, None]
        for module in snapshot.network.main:
            x = module(x.clone())
            if module is snapshot.network.get_submodule(names[1]):
                break
    x = x[0].numpy()
    assert found.shape == x.shape == (8, 8, 8) and not found.is_linear
    strength = np.square(x.astype(np.float64)).mean(axis=(1, 2))
    assert found.channels.tolist() == (-strength).argsort(kind="stable").tolist()
    np.testing.assert_array_equal(found.maps, x[found.channels])
    np.testing.assert_allclose(found.means, x.mean(axis=(1, 2))[found.channels], atol=1e-7)
    np.testing.assert_allclose(found.stds, x.std(axis=(1, 2))[found.channels], rtol=1e-5)


def test_every_layer_can_be_looked_at_and_nothing_is_left_hooked(picture_run) -> None:
    for changes in ({}, DCGAN, DCGAN | {"recipe.generator": {"kind": "resnet", "width": 8}}):
        snapshot = open_snapshot(picture_run(changes).folder, device="cpu")
        for layer in layers(snapshot):
            found = inside(snapshot, layer.name, snapshot.latents(1, 0))
            assert found.shape == layer.shape and len(found.channels) == min(MOST_MAPS, layer.shape[0])
            assert found.is_linear == (len(layer.shape) == 1)
        assert not any(module._forward_hooks for module in snapshot.network.modules())


def test_a_linear_layer_gives_its_numbers(picture_run) -> None:
    snapshot = open_snapshot(picture_run().folder, device="cpu")
    first = layers(snapshot)[0].name
    z = snapshot.latents(1, 3)
    found = inside(snapshot, first, z, most=5)
    numbers = snapshot.network.get_submodule(first)(z)[0].numpy()
    assert found.is_linear and found.maps.shape == (5, 1, 1)
    np.testing.assert_array_equal(found.maps[:, 0, 0], numbers[np.abs(numbers).argsort()[::-1][:5]])
    assert (found.stds == 0).all()


def test_large_maps_are_made_smaller_after_they_are_measured(picture_run) -> None:
    large = DCGAN | {"data": {"kind": "avatars", "size": 128, "count": 8}}
    snapshot = open_snapshot(picture_run(large).folder, device="cpu")
    last = layers(snapshot)[-1]
    found = inside(snapshot, last.name, snapshot.latents(1, 0))
    assert last.shape == (3, 128, 128) and found.maps.shape == (3, MOST_PX, MOST_PX)
    np.testing.assert_allclose(found.maps.mean(axis=(1, 2)), found.means, atol=1e-6)


# --- frequencies -----------------------------------------------------------------------------------------------------


def grey(values: np.ndarray) -> np.ndarray:
    """[H, W] in [0, 1] as a picture."""
    return (255 * values).round().clip(0, 255).astype(np.uint8)[:, :, None]


def test_the_power_is_that_of_numpy() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    y = picture.astype(np.float64) @ [0.299, 0.587, 0.114] / 255  # Rec. 601
    window = np.outer(*(0.5 * (1 - np.cos(2 * np.pi * np.arange(n) / n)) for n in (16, 24)))
    y -= np.average(y, weights=window)
    expected = np.abs(np.fft.fftshift(np.fft.fft2(y * window))) ** 2 / (window**2).sum()
    found = spectrum(picture)
    np.testing.assert_allclose(found.power, expected, atol=1e-12)
    assert found.power[8, 12] == pytest.approx(0, abs=1e-20)  # the mean


@pytest.mark.parametrize("down, across", [(0, 5), (6, 0), (3, 9)])
def test_a_grating_is_one_peak_and_its_mirror(down: int, across: int) -> None:
    """A wave of amplitude a under a Hann window: a^2 N / 4 * (2 / 3) ^ 2 at its frequency, a quarter beside it."""
    side, a = 64, 0.4
    v, u = np.mgrid[:side, :side]
    found = spectrum(grey(0.5 + a * np.cos(2 * np.pi * (down * v + across * u) / side)))
    peaks = np.argwhere(found.power > 0.5 * found.power.max()) - side // 2
    assert sorted(map(tuple, peaks.tolist())) == sorted([(-down, -across), (down, across)])
    peak = found.power[side // 2 + down, side // 2 + across]
    assert peak == pytest.approx(a**2 / 4 * side**2 * (2 / 3) ** 2, rel=0.01)
    assert found.power[side // 2 + down, side // 2 + across + 1] == pytest.approx(peak / 4, rel=0.01)
    assert found.radial.argmax() + 1 == round(np.hypot(down, across))


def test_white_noise_is_flat_at_its_variance() -> None:
    rng = np.random.default_rng(0)
    noise = np.stack([grey(0.5 + 0.1 * rng.standard_normal((32, 32))) for _ in range(400)])
    radial = usual_radial(noise)
    variance = (noise / 255.0).var()
    np.testing.assert_allclose(radial[2:], variance, rtol=0.05)  # below, the mean was taken away


def test_the_radial_mean_is_that_of_rings() -> None:
    power = np.random.default_rng(1).random((10, 16))
    frequencies, found = radial_mean(power)
    y, x = np.mgrid[-5:5, -8:8]
    radius = np.hypot(y / 10, x / 16)
    expected = [power[np.rint(radius * 10) == ring].mean() for ring in range(1, 6)]
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(frequencies, [0.1, 0.2, 0.3, 0.4, 0.5])


def test_what_is_transparent_lies_on_white_and_colours_are_weighed() -> None:
    rgb = np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8)
    clear = np.concatenate([rgb, np.zeros((8, 8, 1), np.uint8)], axis=2)
    opaque = np.concatenate([rgb, np.full((8, 8, 1), 255, np.uint8)], axis=2)
    assert spectrum(clear).power.max() < 1e-20
    np.testing.assert_allclose(spectrum(opaque).power, spectrum(rgb).power, atol=1e-20)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 3), (3, 64, 1), (4, 5, 3)])
def test_the_smallest_pictures_have_one_too(shape) -> None:
    found = spectrum(np.random.default_rng(3).integers(0, 256, shape, np.uint8))
    assert found.power.shape == shape[:2] and np.isfinite(found.power).all() and np.isfinite(found.radial).all()
    assert len(found.radial) == len(found.frequencies) == min(shape[:2]) // 2
