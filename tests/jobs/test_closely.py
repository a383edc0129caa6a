"""A close look at what was generated, and what starts from it: suspects, map, spectra, smoothness."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors

from gan_studio.config import ConfigError
from gan_studio.feature_networks.pixels import EyeOfPixels
from gan_studio.jobs import closely
from gan_studio.jobs.closely import Close, Closely, look_closely
from gan_studio.jobs.feature_map import KINDS, Map, drawn_map, mixing
from gan_studio.jobs.look_inside import usual_radial
from gan_studio.jobs.smoothness import between_of, smoothness, usual_distance, walk
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.spectra import decibels, spectra
from gan_studio.jobs.subjects import Chosen
from gan_studio.jobs.suspects import RARE, suspects
from gan_studio.jobs.together import exhausted
from gan_studio.jobs.tsne import Forces, affinities, conditional, reduced, squared, tsne
from gan_studio.metrics import Seen
from gan_studio.progress import Progress

PIXELS = EyeOfPixels(1024, torch.device("cpu"))


def pictures(count, seed, mean=128, spread=30.0, shape=(8, 8, 1)):
    rng = np.random.default_rng(seed)
    return rng.normal(mean, spread, (count, *shape)).round().clip(0, 255).astype(np.uint8)


def seen(pixels):
    looked = PIXELS.look(pixels)
    return Seen(looked.rows, looked.chances, pixels)


def close_of(generated, real=None, unseen=None) -> Close:
    real = pictures(120, 1) if real is None else real
    others = None if unseen is None else seen(unseen)
    return Close("a run", 10, PIXELS, "Squares", seen(generated), seen(real), others, ())


# --- the close look itself -------------------------------------------------------------------------------------------


def test_a_run_is_looked_at_with_its_own_data(picture_run):
    run = picture_run()
    close = exhausted(
        look_closely(Chosen(run.folder, device="cpu"), Closely.parse({"features": "pixels", "samples": 9}))
    )
    assert (close.name, close.step) == (run.name, run.checkpoint_at().step)
    assert len(close.generated) == 9 and close.generated.pictures.dtype == np.uint8
    assert len(close.real) > 100 and close.real.pictures.shape[1:] == close.generated.pictures.shape[1:]
    assert np.array_equal(close.generated.rows, PIXELS.look(close.generated.pictures).rows)
    assert close.unseen is None and any("before the next" in note for note in close.notes)
    assert close.snapshot is not None and close.shares() == ()


def test_a_folder_is_looked_at_beside_another_and_has_no_latents(tmp_path):
    for name, seed in (("made", 1), ("real", 2)):
        (tmp_path / name).mkdir()
        for i, pixels in enumerate(pictures(10, seed)):
            Image.fromarray(pixels[..., 0]).save(tmp_path / name / f"{i}.png")
    how = Closely.parse({"features": "pixels", "against": str(tmp_path / "real")})
    close = exhausted(look_closely(Chosen(tmp_path / "made"), how))
    assert (len(close.generated), len(close.real), close.snapshot) == (10, 10, None)
    with pytest.raises(ConfigError, match="latents"):
        exhausted(smoothness(close))


def test_points_and_too_few_pictures_are_refused(make_run, tmp_path):
    from gan_studio.jobs.train import TrainJob

    run = make_run({"steps": 1, "checkpoint_every": 1})
    list(TrainJob(run, dry_run=False))
    with pytest.raises(ConfigError, match="points in the plane"):
        exhausted(look_closely(Chosen(run.folder, device="cpu"), Closely.parse({"features": "pixels"})))
    for i, pixels in enumerate(pictures(3, 0)):
        Image.fromarray(pixels[..., 0]).save(tmp_path / f"{i}.png")
    how = Closely.parse({"features": "pixels", "against": str(tmp_path)})
    with pytest.raises(ConfigError, match="3 pictures"):
        exhausted(look_closely(Chosen(tmp_path), how))


def test_no_more_is_held_than_there_is_room_for(picture_run, monkeypatch):
    monkeypatch.setattr(closely, "MOST_BYTES", 20 * 16 * 16)
    close = exhausted(look_closely(Chosen(picture_run().folder, device="cpu"), Closely.parse({"features": "pixels"})))
    assert len(close.real) == len(close.generated) == 20
    assert any("no room for more" in note for note in close.notes)


def test_shares_of_classes_are_those_of_the_likeliest():
    chances = np.eye(3, dtype=np.float32)[[0, 0, 1, 2]]
    eye = SimpleNamespace(classes=("a", "b", "c"), name="c")
    close = replace(
        close_of(pictures(4, 0), pictures(4, 1)),
        eye=eye,
        real=Seen(np.zeros((4, 1)), chances),
        generated=Seen(np.zeros((2, 1)), chances[:2]),
    )
    assert close.shares() == (("a", 0.5, 1.0), ("b", 0.25, 0.0), ("c", 0.25, 0.0))


# --- suspects --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_pixels", [True, False])
def test_distances_and_numbers_are_those_of_scikit_learn(by_pixels):
    close = close_of(pictures(15, 2), unseen=pictures(60, 3))
    found = exhausted(suspects(close, by_pixels))
    rows = [(x.pictures.astype(float) if by_pixels else x.rows).reshape(len(x), -1) for x in
            (close.generated, close.real, close.unseen)]  # fmt: skip
    root = rows[0].shape[1] ** 0.5
    for theirs, mine in ((rows[1], lambda one: (one.train_distance, one.train)),
                         (rows[2], lambda one: (one.unseen_distance, one.unseen))):  # fmt: skip
        far, numbers = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(theirs).kneighbors(rows[0])
        for one in found.found:
            distance, number = mine(one)
            assert distance == pytest.approx(far[one.number, 0] / root, rel=1e-5)
            assert number == numbers[one.number, 0]
    assert [one.ratio for one in found.found] == sorted(one.ratio for one in found.found)
    assert all(one.ratio == pytest.approx(one.train_distance / one.unseen_distance) for one in found.found)


def test_copies_come_first_and_are_counted():
    real = pictures(120, 1)
    generated = np.concatenate([pictures(40, 2), np.clip(real[[7, 77]].astype(int) + 1, 0, 255).astype(np.uint8)])
    found = exhausted(suspects(close_of(generated, real, pictures(120, 3)), True))
    assert {(one.number, one.train) for one in found.found[:2]} == {(40, 7), (41, 77)}
    assert all(one.honest < RARE and one.ratio < found.threshold for one in found.found[:2])
    assert found.copies <= 4 and found.has_unseen and "copies" in found.told()


def test_of_honest_pictures_about_as_many_as_chance_are_suspicious():
    found = exhausted(suspects(close_of(pictures(300, 2), pictures(300, 1), pictures(300, 3)), True))
    assert found.copies <= 12 and found.median == pytest.approx(1.0, abs=0.05)
    assert "Nothing says" in found.told()


def test_without_unseen_pictures_training_pictures_say_what_is_near():
    real = pictures(120, 1)
    found = exhausted(suspects(close_of(np.concatenate([real[:3], pictures(20, 2)]), real), True))
    assert not found.has_unseen and [one.ratio for one in found.found[:3]] == [0, 0, 0]
    assert found.found[0].unseen is None and found.copies == 3
    assert np.median(found.baseline) == pytest.approx(1.0)


# --- the map ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    from gan_studio.data.digits import read

    raw, labels = read()
    return raw[:150].reshape(150, -1).astype(np.float32), labels[:150]


def test_principal_components_keep_what_lies_apart_and_each_row_its_perplexity(digits):
    rows = digits[0].astype(float)
    assert np.allclose(squared(reduced(rows)), squared(rows), atol=40)  # what is left out is small
    P = conditional(squared(rows[:40])[:, 1:] + np.eye(40)[:, 1:], 10.0)
    assert np.allclose(np.exp(-(P * np.log(np.maximum(P, 1e-300))).sum(axis=1)), 10.0)
    P = affinities(rows, 20.0)
    assert np.allclose(P, P.T) and P.sum() == pytest.approx(1) and (np.diag(P) == 0).all()


def affinities_of_one(D, perplexity):
    """By SciPy's root finder."""
    from scipy.optimize import brentq

    def p(beta):
        e = np.exp(-(D - D.min()) * beta)
        return e / e.sum()

    def excess(beta):
        q = p(beta)
        return -(q * np.log(np.maximum(q, 1e-300))).sum() - np.log(perplexity)

    return p(brentq(excess, 1e-8, 10))


def test_affinities_are_those_of_a_root_finder(digits):
    x = reduced(digits[0][:40])
    D = squared(x)
    rows = np.zeros((40, 40))
    for i in range(40):
        others = np.arange(40) != i
        rows[i, others] = affinities_of_one(D[i, others], 13.0)
    assert np.allclose(affinities(x, 13.0), (rows + rows.T) / 80, atol=1e-9)


def test_the_gradient_is_that_of_autograd():
    rng = np.random.default_rng(0)
    P = affinities(rng.normal(size=(30, 4)), 5.0)
    y = torch.tensor(rng.normal(size=(30, 2)), requires_grad=True)
    W = 1 / (1 + (y[:, None] - y[None]).square().sum(dim=2))
    W = W - torch.diag(torch.diag(W))
    Q, there = W / W.sum(), torch.tensor(P > 0)
    kl = (torch.tensor(P)[there] * (torch.tensor(P)[there] / Q[there]).log()).sum()
    kl.backward()
    forces = Forces(P)
    assert np.allclose(forces.gradient(y.detach().numpy()), y.grad.numpy(), atol=1e-6)
    assert forces.divergence() == pytest.approx(kl.item(), rel=1e-5)


def test_a_map_is_as_good_as_that_of_scikit_learn(digits):
    rows, _ = digits
    *_, last = tsne(rows, perplexity=20, iterations=500)
    theirs = TSNE(perplexity=20, init="pca", method="barnes_hut", angle=0.2, max_iter=500, random_state=0).fit(rows)
    assert last.divergence < theirs.kl_divergence_ + 0.05
    ours, others = (trustworthiness(rows, points, n_neighbors=10) for points in (last.points, theirs.embedding_))
    assert ours > others - 0.02


@pytest.mark.parametrize("rows", [np.zeros((10, 4)), np.eye(9)[:, :1], np.random.default_rng(0).normal(size=(8, 1))])
def test_odd_rows_have_a_map_without_nan(rows):
    *_, last = tsne(rows.astype(np.float32), iterations=30)
    assert np.isfinite(last.points).all() and last.points.shape == (len(rows), 2)


def test_the_map_comes_about_and_knows_its_points():
    close = close_of(pictures(20, 2), pictures(30, 1), pictures(25, 3))
    told = list(drawn_map(close, most=22, iterations=40))
    maps = [one for one in told if isinstance(one, Map)]
    assert len(maps) == 4 and maps[-1].iteration == 40 and any(isinstance(one, Progress) for one in told)
    assert np.bincount(maps[-1].kinds).tolist() == [22, 22, 20] and KINDS[2] == "generated"
    assert maps[-1].numbers[-1] == 19 and maps[-1].classes is None
    assert maps[-1].points.shape == (64, 2)


def test_mixing_is_a_half_of_like_sets_and_nothing_of_unlike_ones():
    rng = np.random.default_rng(0)
    kinds = np.repeat([0, 2], [300, 100])
    rows = rng.normal(size=(400, 3)).astype(np.float32)
    assert mixing(rows, kinds) == pytest.approx(0.5, abs=0.04)
    rows[300:] += 100
    assert mixing(rows, kinds) == 0


# --- spectra ---------------------------------------------------------------------------------------------------------


def test_the_real_spectrum_is_the_usual_one_and_a_wave_is_seen_where_it_is():
    real = pictures(40, 1, shape=(16, 16, 3))
    x = np.arange(16)
    wave = (40 * np.cos(2 * np.pi * 4 / 16 * x))[None, :, None]
    generated = (pictures(40, 2, shape=(16, 16, 3)) + wave).round().clip(0, 255).astype(np.uint8)
    found = exhausted(spectra(close_of(generated, real)))
    assert np.allclose(found.real.mean, decibels(usual_radial(real)))
    assert found.frequencies[np.abs(found.gap).argmax()] == pytest.approx(4 / 16)
    assert (found.real.low <= found.real.high).all() and "0.25 cycles" in found.told() and "more" in found.told()


def test_blur_and_grain_are_named():
    from scipy.ndimage import gaussian_filter

    real = pictures(60, 1, spread=40, shape=(16, 16, 1))
    soft = gaussian_filter(pictures(60, 2, spread=40, shape=(16, 16, 1)).astype(float), (0, 1, 1, 0)).astype(np.uint8)
    assert "blur" in exhausted(spectra(close_of(soft, real))).told()
    assert "grain" in exhausted(spectra(close_of(pictures(60, 2, spread=80, shape=(16, 16, 1)), real))).told()
    assert "about the power" in exhausted(spectra(close_of(pictures(60, 3, spread=40, shape=(16, 16, 1)), real))).told()


# --- smoothness ------------------------------------------------------------------------------------------------------


class Fake:
    """A generator without a network: a latent's first number is the brightness."""

    classes = 0
    config = SimpleNamespace(recipe=SimpleNamespace(latent=SimpleNamespace(distribution="uniform")))

    def __init__(self, brightness):
        self.brightness = brightness

    def latents(self, count, seed):
        return torch.tensor([[-0.9, 0.1]]) if seed % 2 == 0 else torch.tensor([[0.9, 0.1]])

    def shares(self, chosen, seed):
        return ()

    def generate(self, z):
        return self.brightness(z[:, :1])[:, :, None, None].expand(-1, 1, 8, 8)


def walked(brightness, steps=10):
    close = replace(close_of(pictures(10, 0)), snapshot=Fake(brightness))
    return exhausted(smoothness(close, ways=2, steps=steps)), close


def test_an_even_generator_has_even_steps():
    found, close = walked(lambda z: z)
    assert found.between == "lerp" and found.unevenness < 0.05
    assert all(way.largest == pytest.approx(1, abs=0.1) for way in found.ways)
    whole = 0.9 * 2 * 8 / usual_distance(close.real.rows)  # 64 pixels, each from -0.9 to 0.9
    assert found.ways[0].length == pytest.approx(whole, rel=0.01)
    assert found.path_length == pytest.approx(whole**2, rel=0.02)
    assert "No walk jumps" in found.told() and "no PPL" in found.told()


def test_one_that_jumps_is_found_out():
    found, _ = walked(lambda z: 2.0 * (z > 0.05) - 1)
    assert found.ways[0].largest == pytest.approx(10) and found.unevenness == pytest.approx(3)
    assert "2 of 2 walks jump" in found.told()


def test_one_that_ignores_its_latent_is_found_out():
    found, _ = walked(torch.zeros_like)
    assert found.unevenness == 0 and "ignores its latent" in found.told()


def test_a_walk_goes_from_seed_to_seed(picture_run):
    snapshot = open_snapshot(picture_run().folder, device="cpu")
    assert between_of(snapshot) == "slerp"
    z = walk(snapshot, (5, 9), 4, "slerp")
    assert torch.equal(z[0], snapshot.latents(1, 5)[0]) and torch.equal(z[-1], snapshot.latents(1, 9)[0])
    assert len(z) == 5
