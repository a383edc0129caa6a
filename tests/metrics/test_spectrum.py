"""Power spectra against closed forms: noise, gratings, scaled and moved pictures."""

import numpy as np
import pytest

from gan_studio.config import ConfigError
from gan_studio.metrics import Seen, Sets, honest
from gan_studio.metrics.spectrum import ROUNDING, SpectrumDistance, frequencies, spectrum


def noise(deviation: float, seed: int = 0, shape: tuple[int, ...] = (60, 32, 24, 1)) -> np.ndarray:
    x = 128 + deviation * np.random.default_rng(seed).normal(size=shape)
    return x.round().clip(0, 255).astype(np.uint8)


def distance(real: np.ndarray, generated: np.ndarray) -> float:
    sets = Sets(*(Seen(np.empty((len(x), 0), np.float32), pictures=x) for x in (real, generated)))
    return SpectrumDistance().values(sets)["spectrum"]


def test_white_noise_has_its_variance_at_all_frequencies():
    found = spectrum(noise(20, shape=(400, 32, 24, 1)))
    np.testing.assert_allclose(found.power, 10 * np.log10(400 + 2 * ROUNDING), atol=0.35)
    assert len(found.frequencies) == len(found.power)
    assert found.frequencies[0] == 1 / 24 and found.frequencies[-1] == pytest.approx(0.5**0.5, abs=1 / 48)


@pytest.mark.parametrize("cycles", [3, 8, 16])
def test_a_grating_is_at_its_own_frequency(cycles):
    """128 + 100 cos: variance 5,000, all in one ring; at 16 cycles in 32 px it is a chequer, of 10,000."""
    t = np.arange(32)
    row = 128 + 100 * np.cos(2 * np.pi * cycles * t / 32)
    pictures = np.repeat(row.round().astype(np.uint8)[None, None, :, None], 32, axis=1)
    found = spectrum(np.repeat(pictures, 20, axis=0))
    assert found.frequencies[found.power.argmax()] == pytest.approx(cycles / 32)
    others = np.delete(found.power, found.power.argmax())
    assert others.max() < found.power.max() - 20


def test_twice_the_contrast_is_six_decibels_everywhere():
    x = noise(15)
    louder = (2 * (x.astype(int) - 128) + 128).astype(np.uint8)
    assert distance(x, louder) == pytest.approx(20 * np.log10(2), abs=0.01)
    assert distance(x, x) == 0
    assert distance(x, x + 20) < 1e-9  # brightness is no pattern


def test_the_power_of_all_rings_is_the_variance():
    """Parseval, with every ring as often as it has frequencies."""
    x = noise(30, shape=(20, 16, 16, 3))
    fy, fx = np.meshgrid(np.fft.fftfreq(16), np.fft.fftfreq(16))
    sizes = np.bincount((np.hypot(fx, fy) * 16).round().astype(int).ravel())[1:]
    power = 10 ** (spectrum(x).power / 10) - ROUNDING
    assert (power * sizes).sum() / 256 == pytest.approx(x.astype(float).var(axis=(1, 2)).mean())
    assert len(frequencies(16, 16)) == len(sizes)


def test_pictures_without_a_pattern_are_told():
    flat = np.full((30, 16, 16, 1), 7, np.uint8)
    with pytest.raises(ConfigError, match="of one colour each"):
        distance(flat, noise(5, shape=(30, 16, 16, 1)))
    with pytest.raises(ConfigError, match="at least 8 x 8"):
        distance(noise(5, shape=(30, 6, 16, 1)), noise(5, shape=(30, 6, 16, 1)))
    real = noise(20, shape=(30, 16, 16, 1))
    sets = Sets(*(Seen(np.empty((30, 0), np.float32), pictures=x) for x in (real, flat)))
    (reading,) = honest.finished(SpectrumDistance().read(sets, 10, 0))
    assert reading.value == pytest.approx(10 * np.log10(400 / ROUNDING), abs=1)
    assert reading.notes == ("The generated pictures are of one colour each.",)
