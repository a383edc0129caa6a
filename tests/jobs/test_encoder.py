"""The encoder: what it learns, that it helps the search, and what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from gan_studio.config import ConfigError
from gan_studio.data import cache
from gan_studio.jobs import encoder as module
from gan_studio.jobs.encoder import ABOUT, WEIGHTS, Encoding, build, encoder, kept, place, trained
from gan_studio.jobs.events import Progress
from gan_studio.jobs.explore import render, view_of
from gan_studio.jobs.features import BATCH
from gan_studio.jobs.invert import Inversion, invert
from gan_studio.jobs.snapshots import open_file, open_snapshot

SMALL = Encoding(steps=150, batch_size=16, width=8, rate=3e-3)
FIRST = Inversion(steps=1, starts=1, tried=1)  # its step 0 tells how near the start is


@pytest.fixture
def snapshot(picture_run, monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))
    return open_snapshot(picture_run().folder, device="cpu")


def ended(work) -> tuple[list[Progress], module.Encoder]:
    told = []
    while True:
        try:
            told.append(next(work))
        except StopIteration as done:
            return told, done.value


def test_it_learns_to_tell_latents(snapshot) -> None:
    told, found = ended(trained(snapshot, SMALL))
    assert [one.done for one in told] == list(range(151)) and told[0].total == 150
    z = snapshot.latents(BATCH, 77)
    with torch.no_grad():
        told_z = found(snapshot.network(z))
    error = (told_z - z).square().mean().sqrt().item()
    assert error < 0.45  # 1 would be to say nothing
    assert error == pytest.approx(found.latent_error, rel=0.2)
    again = ended(trained(snapshot, SMALL))[1]
    assert all(torch.equal(a, b) for a, b in zip(found.network.parameters(), again.network.parameters(), strict=True))


def test_nothing_else_is_touched(snapshot) -> None:
    before = {name: tensor.clone() for name, tensor in snapshot.network.state_dict().items()}
    torch.manual_seed(0)
    state = torch.get_rng_state()
    ended(trained(snapshot, SMALL.with_values({"steps": 2})))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in snapshot.network.state_dict().items())
    assert all(parameter.grad is None for parameter in snapshot.network.parameters())


def test_its_start_is_nearer_than_the_best_random_one(snapshot) -> None:
    """On average, in pixels of 255, over 12 pictures that it never saw; the random one is the best of 256 seeds."""
    _, found = ended(trained(snapshot, SMALL))
    ours, theirs = [], []
    for seed in range(500, 512):
        wanted = render(view_of(snapshot, seed), snapshot)
        ours.append(next(invert(snapshot, wanted, FIRST, encode=found)).error)
        theirs.append(next(invert(snapshot, wanted, Inversion(steps=1, starts=4, tried=256))).error)
    assert np.mean(ours) < 0.75 * np.mean(theirs)


@pytest.mark.parametrize("seed", [0, 1])
def test_known_latents_are_recovered_from_it_alone(snapshot, seed: int) -> None:
    _, found = ended(trained(snapshot, SMALL))
    picture = render(view_of(snapshot, seed), snapshot)
    *_, last = invert(snapshot, picture, Inversion(prior=0, starts=1, steps=200), encode=found)
    z = snapshot.latents(1, seed)[0].numpy()
    assert np.sqrt(np.mean((last.z - z) ** 2)) < 0.05 and last.error < 1


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 28, 28), (3, 5, 40), (4, 4, 4), (3, 64, 64)])
def test_it_is_built_for_any_shape_and_the_same_for_a_seed(shape) -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, again, other = (build(shape, 7, Encoding(width=8, seed=seed)) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    x = torch.randn(2, *shape)
    assert first(x).shape == (2, 7) and torch.equal(first(x), again(x)) and not torch.equal(first(x), other(x))
    torch.testing.assert_close(first(x)[:1], first(x[:1]))  # alone as in a batch


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_it_is_kept_for_these_weights_and_settings(snapshot) -> None:
    how = SMALL.with_values({"steps": 3})
    told, found = ended(encoder(snapshot, how))
    assert told and sorted(path.name for path in place(snapshot, how).iterdir()) == [ABOUT, WEIGHTS]
    again, same = ended(encoder(snapshot, how))
    assert not again and same.latent_error == found.latent_error
    x = torch.randn(2, *snapshot.shape)
    assert torch.equal(same(x), found(x))
    about = json.loads((place(snapshot, how) / ABOUT).read_text())
    assert about["of"]["sha256"] == snapshot.about["sha256"] and about["how"]["steps"] == 3
    assert kept(snapshot, how.with_values({"steps": 4})) is None
    assert kept(replace(snapshot, about=snapshot.about | {"sha256": "0" * 64}), how) is None


def test_the_cache_knows_it(snapshot) -> None:
    how = SMALL.with_values({"steps": 1})
    ended(encoder(snapshot, how))
    assert cache.size() > 1000
    cache.clear()
    assert kept(snapshot, how) is None and cache.size() == 0


@pytest.mark.parametrize("file, content", [(WEIGHTS, b"no"), (ABOUT, b"{"), (ABOUT, b"[]"), (ABOUT, b"{}")])
def test_a_damaged_one_is_trained_anew(snapshot, file: str, content: bytes) -> None:
    how = SMALL.with_values({"steps": 1})
    ended(encoder(snapshot, how))
    (place(snapshot, how) / file).write_bytes(content)
    told, _ = ended(encoder(snapshot, how))
    assert told and kept(snapshot, how) is not None


def test_weights_of_another_shape_are_no_encoder(snapshot) -> None:
    how = SMALL.with_values({"steps": 1})
    ended(encoder(snapshot, how))
    wider = how.with_values({"width": 16})
    place(snapshot, how).rename(place(snapshot, wider))
    assert kept(snapshot, wider) is None


def test_without_room_for_it_it_serves_this_once(snapshot, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save_file", full)
    how = SMALL.with_values({"steps": 1})
    _, found = ended(encoder(snapshot, how))
    assert found(torch.zeros(1, *snapshot.shape)).shape == (1, 6)
    assert not list(cache.folder().iterdir())


def test_what_is_cancelled_leaves_nothing(snapshot) -> None:
    work = encoder(snapshot, SMALL)
    for _ in range(3):
        next(work)
    work.close()
    assert list(work) == [] and not cache.folder().exists()


def test_a_training_that_diverges_is_told(snapshot) -> None:
    with pytest.raises(ConfigError, match="diverged"):
        ended(trained(replace(snapshot, network=Broken()), SMALL.with_values({"steps": 1})))


class Broken(torch.nn.Module):
    def forward(self, z):
        return torch.full((len(z), 1, 16, 16), float("nan"))


def test_a_foreign_generator_needs_no_more(tmp_path, monkeypatch) -> None:
    from gan_studio.networks.dcgan import DcganGenerator

    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))
    torch.save(DcganGenerator(width=8).build(10, (3, 64, 64)).state_dict(), tmp_path / "netG_epoch_3.pth")
    snapshot = open_file(tmp_path / "netG_epoch_3.pth", device="cpu")
    how = SMALL.with_values({"steps": 1, "batch_size": 2})
    ended(encoder(snapshot, how))
    assert kept(snapshot, how) is not None


def test_of_a_generator_with_classes_each_has_its_own(class_file) -> None:
    snapshot = open_file(class_file, device="cpu")
    third, blend = (snapshot.of(shares) for shares in (((3, 1.0),), ((3, 0.5), (1, 0.5))))
    assert len({place(one, SMALL) for one in (snapshot, third, blend)}) == 3
