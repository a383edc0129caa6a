"""What networks make of pictures: against the network itself, and against a second implementation of LPIPS."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_studio.jobs.features import (
    MOST_FEATURES,
    RandomConvolutions,
    features_of,
)
from gan_studio.jobs.neighbours import neighbours
from gan_studio.jobs.snapshots import open_file, open_snapshot
from gan_studio.jobs.together import exhausted
from gan_studio.nn.perceptual import apart
from gan_studio.recipes import RECIPES, GeneratingRecipe
from gan_studio.runs import Checkpoint, Run

CONVOLUTIONS = {
    "recipe.discriminator": {"kind": "dcgan", "width": 8},
    "recipe.generator": {"kind": "dcgan", "width": 8},
}


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run(CONVOLUTIONS).folder, device="cpu")


def pictures(count: int, shape=(16, 16, 1), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def as_x(drawn: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(drawn / 127.5 - 1).float().permute(0, 3, 1, 2).contiguous()


def test_they_are_what_d_makes_of_them_before_its_answer(snapshot) -> None:
    D = snapshot.config.recipe.discriminator.build(snapshot.shape).eval()
    D.load_state_dict(Checkpoint(snapshot.checkpoint).load()[0]["discriminator"])
    drawn = pictures(3)
    found = features_of(snapshot)
    assert found.name == "D's features"
    maps = found.maps(as_x(drawn))
    assert [tuple(one.shape) for one in maps] == [(3, 8, 8, 8), (3, 16, 4, 4)]
    before = D.main[:-1](as_x(drawn))
    torch.testing.assert_close(maps[-1], before, atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(found.vectors(drawn), before.detach().flatten(1).numpy(), atol=1e-5)


@pytest.mark.parametrize("kind", [entry.kind for entry in RECIPES if issubclass(entry, GeneratingRecipe)])
def test_every_recipe_that_tells_them_lets_gradients_through_and_moves_nothing(picture_run, kind: str) -> None:
    of_mlps = {"recipe.kind": kind, "recipe.generator.kind": "mlp", "recipe.discriminator.kind": "mlp"}
    snapshot = open_snapshot(picture_run(of_mlps).folder, device="cpu")
    found = features_of(snapshot)
    x = as_x(pictures(2)).requires_grad_()
    first = found.maps(x)
    (gradient,) = torch.autograd.grad(torch.stack([one.sum() for one in first]).sum(), x)
    assert gradient.abs().sum() > 0
    torch.testing.assert_close(found.maps(x), first)


def test_a_pack_of_copies_is_looked_at_where_d_sees_packs(picture_run) -> None:
    snapshot = open_snapshot(picture_run(CONVOLUTIONS | {"recipe.pack": 2}).folder, device="cpu")
    assert features_of(snapshot).vectors(pictures(3)).shape == (3, 16 * 4 * 4)


def test_without_d_they_are_random_convolutions_and_say_so(snapshot, tmp_path) -> None:
    weights, _ = Checkpoint(snapshot.checkpoint).load()
    Run(snapshot.checkpoint.parent.parent).save_checkpoint(10, {"generator": weights["generator"]}, {})
    found = features_of(snapshot)
    assert found.name == "random convolutions"
    assert features_of(foreign(tmp_path)).name == "random convolutions"


def foreign(folder):
    """As the PyTorch DCGAN example saves them."""
    from gan_studio.networks.dcgan import DcganGenerator

    torch.manual_seed(0)
    network = DcganGenerator(width=8).build(10, (3, 64, 64))
    torch.save(network.state_dict(), folder / "netG_epoch_3.pth")
    return open_file(folder / "netG_epoch_3.pth", device="cpu")


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 64, 64), (3, 24, 40), (3, 3, 3), (4, 128, 128)])
def test_random_convolutions_are_always_the_same_and_of_bounded_length(shape) -> None:
    C, H, W = shape
    drawn = pictures(5, (H, W, C))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first, again = (RandomConvolutions(shape, torch.device("cpu")).vectors(drawn) for _ in range(2))
    assert (first == again).all() and torch.equal(torch.get_rng_state(), state)
    assert first.dtype == np.float32 and 0 < first.shape[1] <= MOST_FEATURES
    assert len(np.unique(first.round(4), axis=0)) == 5


def test_larger_maps_are_made_smaller_by_means(picture_run) -> None:
    wide = CONVOLUTIONS | {"recipe.discriminator": {"kind": "dcgan", "width": 64}}  # 128 channels of 4 x 4
    found = features_of(open_snapshot(picture_run(wide).folder, device="cpu"))
    drawn = pictures(2)
    deepest = found.maps(as_x(drawn))[-1].detach().numpy()
    means = deepest.reshape(2, 128, 2, 2, 2, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(found.vectors(drawn), means.reshape(2, -1), atol=1e-5)


# --- how far ---------------------------------------------------------------------------------------------------------


def lpips(ours: list[np.ndarray], wanted: list[np.ndarray]) -> float:
    """Of single pictures, place by place, as the paper's equation 1 reads with w = 1."""
    d = 0.0
    for y, y_0 in zip(ours, wanted, strict=True):
        _, H, W = y.shape
        for h in range(H):
            for w in range(W):
                a, b = (m[:, h, w] / np.linalg.norm(m[:, h, w]) for m in (y, y_0))
                d += np.square(a - b).sum() / (H * W)
    return d


def test_the_distance_is_that_of_the_paper() -> None:
    rng = np.random.default_rng(0)
    ours, wanted = ([rng.normal(size=(4, *shape)) for shape in ((5, 6, 6), (7, 3, 2))] for _ in range(2))
    found = apart(*([torch.from_numpy(one) for one in maps] for maps in (ours, wanted)))
    expected = [lpips([one[i] for one in ours], [one[i] for one in wanted]) for i in range(4)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_it_is_0_of_the_same_and_2_of_what_has_nothing_in_common() -> None:
    a, b = torch.zeros(1, 4, 3, 3), torch.zeros(1, 4, 3, 3)
    a[:, 0], b[:, 2] = 5.0, 0.1
    assert apart([a, a], [a, a]).item() == 0
    assert apart([a, a], [b, b]).item() == pytest.approx(4)  # 2 a layer
    assert apart([a], [0.3 * a]).item() == pytest.approx(0)  # strength is left out
    assert torch.isfinite(apart([torch.zeros_like(a)], [b])).all()


def test_a_digit_under_noise_is_nearest_to_itself(snapshot) -> None:
    digits = exhausted(neighbours(snapshot, most=200)).pictures
    noise = np.random.default_rng(0).normal(0, 20, digits[:10].shape)
    noisy = (digits[:10] + noise).clip(0, 255).astype(np.uint8)
    for features in (features_of(snapshot), RandomConvolutions(snapshot.shape, torch.device("cpu"))):
        maps = [one.detach() for one in features.maps(as_x(digits))]
        far = torch.stack([apart(features.maps(as_x(one[None])), maps) for one in noisy])  # [10, 200]
        assert far.argmin(dim=1).tolist() == list(range(10)), features.name
