"""PSNR and SSIM against closed forms and scikit-image."""

import numpy as np
import pytest
import torch
from skimage import color, data, metrics

from gan_studio.metrics.psnr import mean_square, psnr, studio_luma
from gan_studio.metrics.ssim import ssim


def noisy(sigma: float = 0.05, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A photograph and the same with noise, [H, W, 3] in [0, 1]."""
    picture = data.astronaut()[100:228, 100:196] / 255
    rng = np.random.default_rng(seed)
    return picture, (picture + sigma * rng.standard_normal(picture.shape)).clip(0, 1)


def batch(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


def test_psnr_of_a_constant_offset():
    """An offset of c: 20 log10(R / c)."""
    x = torch.rand(3, 1, 7, 9, dtype=torch.float64)
    for c, decibels in ((0.1, 20.0), (0.01, 40.0)):
        torch.testing.assert_close(psnr(x + c, x), torch.full((3,), decibels, dtype=torch.float64))
    torch.testing.assert_close(psnr(255 * (x + 0.1), 255 * x, 255), torch.full((3,), 20.0, dtype=torch.float64))


def test_equal_pictures_have_the_most():
    x = torch.rand(2, 3, 16, 16)
    assert psnr(x, x).tolist() == pytest.approx([100.0, 100.0])
    torch.testing.assert_close(ssim(x, x), torch.ones(2, dtype=torch.float64))


def test_each_picture_is_measured_alone():
    x, y = torch.rand(4, 3, 20, 20), torch.rand(4, 3, 20, 20)
    for measure in (psnr, ssim, mean_square):
        alone = torch.cat([measure(a[None], b[None]) for a, b in zip(x, y, strict=True)])
        torch.testing.assert_close(measure(x, y), alone)


@pytest.mark.parametrize("sigma", [0.01, 0.05, 0.2])
def test_psnr_is_that_of_scikit_image(sigma):
    clean, worse = noisy(sigma)
    expected = metrics.peak_signal_noise_ratio(clean, worse, data_range=1.0)
    assert float(psnr(batch(worse), batch(clean))) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("sigma", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("data_range", [1.0, 255.0])
def test_ssim_is_that_of_scikit_image(sigma, data_range):
    clean, worse = (data_range * x for x in noisy(sigma))
    expected = metrics.structural_similarity(
        clean,
        worse,
        data_range=data_range,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert float(ssim(batch(clean), batch(worse), data_range)) == pytest.approx(expected, abs=1e-9)


def test_ssim_of_constant_pictures():
    """Only luminance is left: (2 a b + c1) / (a^2 + b^2 + c1)."""
    a, b, c1 = 0.3, 0.7, 0.01**2
    found = ssim(torch.full((1, 1, 16, 16), a), torch.full((1, 1, 16, 16), b))
    assert float(found) == pytest.approx((2 * a * b + c1) / (a**2 + b**2 + c1), abs=1e-6)


def test_ssim_of_opposite_structure_is_negative():
    rng = torch.Generator().manual_seed(0)
    noise = torch.rand(1, 1, 32, 32, generator=rng) - 0.5
    assert float(ssim(0.5 + noise, 0.5 - noise)) < -0.8


def test_luma_is_that_of_scikit_image():
    clean, worse = noisy()
    for picture in (clean, worse):
        expected = color.rgb2ycbcr(picture)[..., 0] / 255
        np.testing.assert_allclose(studio_luma(batch(picture))[0, 0], expected, atol=1e-6)
    black_and_white = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(-1, 3, 1, 1)
    torch.testing.assert_close(255 * studio_luma(black_and_white).flatten(), torch.tensor([16.0, 235.0]))


def test_noise_weighs_less_in_the_luma():
    """Independent noise in three channels: var of Y is (65.481^2 + 128.553^2 + 24.966^2) / 255^2 of one channel's."""
    rng = torch.Generator().manual_seed(0)
    clean = torch.full((1, 3, 200, 200), 0.5, dtype=torch.float64)
    worse = clean + 0.02 * torch.randn(clean.shape, generator=rng, dtype=torch.float64)
    gain = float(psnr(studio_luma(worse), studio_luma(clean)) - psnr(worse, clean))
    share = (65.481**2 + 128.553**2 + 24.966**2) / 255**2
    assert gain == pytest.approx(-10 * np.log10(share), abs=0.05)
