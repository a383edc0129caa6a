"""Metrics of pairs against scikit-image and torchmetrics, those of points against the functions they are made of."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage import data
from skimage import metrics as of_skimage
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure
from torchmetrics.functional.image.ssim import _get_normalized_sim_and_cs as similarity_and_contrast

from gan_studio.config import ConfigError
from gan_studio.data import toy2d
from gan_studio.metrics import METRICS, Seen, Sets, honest
from gan_studio.metrics.exact_wasserstein import ExactWasserstein, wasserstein1
from gan_studio.metrics.modes import Modes, score_modes
from gan_studio.metrics.ms_ssim import WEIGHTS, ms_ssim


def photographs(side: int = 64, count: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Parts of a photograph, and the same with noise, [N, H, W, 3] uint8."""
    whole, rng = data.astronaut(), np.random.default_rng(0)
    corners = rng.integers(0, 512 - side, size=(count, 2))
    clean = np.stack([whole[y : y + side, x : x + side] for y, x in corners])
    worse = clean + rng.normal(0, 20, size=clean.shape)
    return clean, worse.clip(0, 255).astype(np.uint8)


def pairs(clean: np.ndarray, made: np.ndarray) -> Sets:
    seen = [Seen(np.empty((len(x), 0), np.float32), pictures=x) for x in (clean, made)]
    return Sets(*seen, paired=True)


def test_psnr_and_ssim_are_the_means_of_scikit_images():
    clean, worse = photographs()
    how = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": -1}
    both = list(zip(clean, worse, strict=True))
    psnr = np.mean([of_skimage.peak_signal_noise_ratio(a, b) for a, b in both])
    ssim = np.mean([of_skimage.structural_similarity(a, b, **how) for a, b in both])
    assert METRICS.parse("psnr").values(pairs(clean, worse))["psnr"] == pytest.approx(psnr, abs=1e-4)
    assert METRICS.parse("ssim").values(pairs(clean, worse))["ssim"] == pytest.approx(ssim, abs=1e-5)
    luma = METRICS.parse({"kind": "psnr", "luma": True})
    assert luma.values(pairs(clean, worse))["psnr"] > psnr + 2
    with pytest.raises(ConfigError, match="in colour"):
        luma.values(pairs(clean[..., :1], worse[..., :1]))


def as_batch(pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pictures[..., :1]).permute(0, 3, 1, 2).double() / 255


@pytest.mark.parametrize("scales", [1, 3, 5])
def test_ms_ssim_is_the_product_of_torchmetrics_and_scikit_images_terms(scales):
    """torchmetrics gives the contrasts where windows fit, scikit-image the whole similarity at the last scale."""
    clean, worse = photographs(192, 2)
    x, y = as_batch(worse), as_batch(clean)
    weights = np.array(WEIGHTS[:scales]) / sum(WEIGHTS[:scales])
    expected = np.ones(2)
    a, b = x, y
    for weight in weights[:-1]:
        expected *= similarity_and_contrast(a, b, data_range=1.0)[1].numpy() ** weight
        a, b = torch.nn.functional.avg_pool2d(a, 2), torch.nn.functional.avg_pool2d(b, 2)
    how = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    last = [of_skimage.structural_similarity(p.numpy()[0], q.numpy()[0], **how) for p, q in zip(a, b, strict=True)]
    assert ms_ssim(x, y, scales=scales).numpy() == pytest.approx(expected * np.array(last) ** weights[-1], abs=1e-9)


def test_ms_ssim_is_that_of_torchmetrics_but_for_the_rim():
    """It takes the similarity at the last scale over the rim, too."""
    clean, worse = photographs(192, 2)
    theirs = multiscale_structural_similarity_index_measure(as_batch(worse), as_batch(clean), data_range=1.0)
    assert float(ms_ssim(as_batch(worse), as_batch(clean)).mean()) == pytest.approx(float(theirs), abs=2e-3)
    assert float(ms_ssim(as_batch(clean), as_batch(clean)).mean()) == pytest.approx(1)


def test_metrics_of_pairs_order_pictures_as_eyes_do():
    clean, worse = photographs(64)
    worst = (worse + np.random.default_rng(1).normal(0, 60, size=worse.shape)).clip(0, 255).astype(np.uint8)
    for kind, sign in (("psnr", 1), ("ssim", 1), ("ms-ssim", 1), ("perceptual", -1)):
        metric = METRICS.parse({"kind": kind, "scales": 2} if kind == "ms-ssim" else kind)
        equal, near, far = (metric.values(pairs(clean, x)).popitem()[1] for x in (clean, worse, worst))
        assert equal == pytest.approx({"psnr": 100, "perceptual": 0}.get(kind, 1), abs=1e-6)
        assert sign * equal > sign * near > sign * far


@pytest.mark.parametrize(("kind", "least"), [("ms-ssim", 176), ("ssim", 11), ("perceptual", 4)])
def test_small_pictures_and_missing_truths_are_refused(kind, least):
    clean, worse = photographs(least)
    with pytest.raises(ConfigError, match=f"at least {least} px a side, and these are {least} x {least - 1} px"):
        METRICS.parse(kind).values(pairs(clean[:, 1:], worse[:, 1:]))
    with pytest.raises(ConfigError, match="3 samples for 4 true ones"):
        METRICS.parse(kind).values(pairs(clean, worse[:3]))


def test_the_mean_of_pairs_has_the_interval_of_a_mean():
    clean, worse = photographs(32, 60)
    metric = METRICS.parse("psnr")
    each = [metric.values(pairs(clean[[i, i]], worse[[i, i]]))["psnr"] for i in range(60)]
    (reading,) = honest.finished(metric.read(pairs(clean, worse), 200, 0))
    assert reading.value == pytest.approx(np.mean(each))
    assert reading.high - reading.value == pytest.approx(1.96 * np.std(each) / 60**0.5, rel=0.25)


# --- points ----------------------------------------------------------------------------------------------------------


def ring(count: int, seed: int) -> Seen:
    return Seen((toy2d.Ring().sample(count, toy2d.seeded(seed)) / toy2d.Ring().scale).numpy())


def on_the_ring(generated: Seen, real: Seen) -> Sets:
    modes = toy2d.Ring()
    centres = (modes.centres / modes.scale).numpy()
    return Sets(real, generated, points=True, centres=centres, sigma=modes.spread / modes.scale)


def test_w1_is_the_distance_of_as_many_points_and_the_mean_over_plans():
    sets = on_the_ring(ring(64, 0), ring(64, 1))
    found = ExactWasserstein(samples=64).values(sets)["w1"]
    assert found == pytest.approx(wasserstein1(sets.generated.rows, sets.real.rows))
    assert ExactWasserstein(samples=16).values(sets)["w1"] > found  # fewer points lie farther apart
    moved = replace(sets, generated=Seen(sets.real.rows + np.float32([3, 4])))
    assert ExactWasserstein(samples=64).values(moved)["w1"] == pytest.approx(5, rel=1e-5)
    many = on_the_ring(ring(600, 0), ring(500, 1))
    floor = ExactWasserstein().values(many)["w1"]
    assert floor == pytest.approx(0.17, abs=0.12)


def test_modes_are_those_of_the_score():
    sets = on_the_ring(ring(500, 0), ring(500, 1))
    score = score_modes(torch.from_numpy(sets.generated.rows), torch.from_numpy(sets.centres), sets.sigma)
    readings = {r.measure: r for r in honest.finished(Modes().read(sets, 20, 0))}
    assert readings["modes"].value == readings["modes"].most == score.covered == 8
    assert readings["quality"].value == score.high_quality
    assert readings["reverse_kl"].value == pytest.approx(score.reverse_kl)
    one = replace(sets, generated=Seen(np.repeat(sets.centres[:1], 60, axis=0)))
    assert Modes().values(one) == {"modes": 1, "quality": 1, "reverse_kl": pytest.approx(np.log(8))}
    with pytest.raises(ConfigError, match="how wide"):
        Modes().values(replace(sets, sigma=0.0))
