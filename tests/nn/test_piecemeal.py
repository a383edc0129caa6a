"""A network in pieces equals the network at once: layer by layer for whole-picture statistics, in tiles otherwise."""

from __future__ import annotations

import copy
import gc
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_studio.networks import TRANSLATORS, TranslatorModule
from gan_studio.nn.as_trained import SeededDropout, as_trained, has_noise, seed_noise
from gan_studio.nn.piecemeal import Box, Moments, Reader, Unfit, layers_of, mirrored, picked, piecemeal, plans
from gan_studio.nn.tiles import cuts, tiled

CPU = torch.device("cpu")


class Of(Reader):
    """A tensor that counts how much of it is read at once."""

    def __init__(self, x: Tensor):
        self.x, self.channels, self.size = x, x.shape[1], (x.shape[2], x.shape[3])
        self.most = 0

    def read(self, box: Box) -> Tensor:
        piece = self.x[:, :, slice(*box[0]), slice(*box[1])].clone()
        self.most = max(self.most, piece.numel())
        return piece


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    torch.manual_seed(0)
    with torch.no_grad():
        yield


def network(kind: str, scale: int = 1, **values: Any) -> TranslatorModule:
    """With statistics in its norms that are not those of the start."""
    built = TRANSLATORS.parse({"kind": kind, **values}).build((3, 64, 64), (3, 64 * scale, 64 * scale))
    for part in built.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.2), part.running_var.uniform_(0.5, 2)
    return built.eval().requires_grad_(False)


def in_pieces(net: nn.Module, x: Tensor, tile: int, plan: int = 0, folder: Path | None = None) -> Tensor:
    layers = layers_of(net, Of(x))
    result = torch.full((1, layers[-1].channels, *layers[-1].size), torch.nan)

    def write(box: Box, piece: Tensor) -> None:
        result[:, :, slice(*box[0]), slice(*box[1])] = piece

    shares = list(piecemeal(layers, plans(layers)[plan], write, tile, CPU, folder))
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    return result


NETWORKS = {
    "resnet-6": ("resnet", {"width": 4, "blocks": 6}),
    "resnet-9": ("resnet", {"width": 3, "blocks": 9, "dropout": 0.5}),
    "resnet, replicate, nearest": (
        "resnet",
        {"width": 4, "blocks": 2, "padding": "replicate", "upsampling": "nearest"},
    ),
    "resnet, zero, batch": ("resnet", {"width": 4, "blocks": 2, "padding": "zero", "norm": "batch"}),
    "u-net, batch": ("unet", {"width": 4, "levels": 5}),
    "u-net, instance, nearest": ("unet", {"width": 4, "levels": 3, "norm": "instance", "upsampling": "nearest"}),
    "srresnet": ("srresnet", {"width": 4, "blocks": 2, "base": False, "scale": 2}),
    "rrdb": ("rrdb", {"width": 4, "blocks": 1, "growth": 4, "base": False, "scale": 4}),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("tile", [17, 32])
def test_layer_by_layer_is_the_whole(name: str, tile: int) -> None:
    """Within 1e-5 where values are up to 1: float32 sums in another order."""
    kind, values = NETWORKS[name]
    net = network(kind, **values)
    x = torch.rand(1, 3, 96, 128) * 2 - 1
    torch.testing.assert_close(in_pieces(net, x, tile), net(x), atol=1e-5, rtol=0)


@pytest.mark.parametrize("plan", [0, 1, -1])
def test_what_is_kept_and_where_makes_no_difference(plan: int, tmp_path: Path) -> None:
    net = network("resnet", width=4, blocks=2)
    x = torch.rand(1, 3, 64, 40) * 2 - 1
    torch.testing.assert_close(in_pieces(net, x, 24, plan), net(x), atol=1e-5, rtol=0)
    torch.testing.assert_close(in_pieces(net, x, 24, plan, tmp_path), net(x), atol=1e-5, rtol=0)
    assert not list(tmp_path.iterdir())


def test_plainly_tiled_it_is_another_picture() -> None:
    """Why layer by layer: each tile would be normalised by its own statistics."""
    net = network("resnet", width=4, blocks=2)
    x = torch.rand(1, 3, 64, 128) * torch.linspace(0.1, 1, 128)
    assert (in_tiles(net, x, 64, 16) - net(x)).abs().max() > 0.01


def test_a_plan_is_picked_by_the_room_there_is() -> None:
    layers = layers_of(network("resnet", width=4, blocks=3), Of(torch.zeros(1, 3, 64, 64)))
    found = plans(layers)
    costs, peaks = [sum(plan.costs) for plan in found], [plan.peak for plan in found]
    assert costs == sorted(costs) and len(found) > 2
    assert picked(found, 2 * max(peaks), 0) == (found[0], False)
    assert picked(found, 0, 2 * max(peaks)) == (found[0], True)
    least = min(found, key=lambda plan: plan.peak)
    assert picked(found, least.peak, 0) == (least, False)
    with pytest.raises(Unfit, match="GiB"):
        picked(found, 0, 0)


def test_pieces_bound_what_is_read_at_once() -> None:
    reader = Of(torch.rand(1, 3, 256, 256))
    layers = layers_of(network("resnet", width=2, blocks=1), reader)
    list(piecemeal(layers, plans(layers)[0], lambda box, piece: None, 32, CPU))
    assert reader.most <= 3 * (32 + 2 * 20) ** 2


def test_stopping_half_way_leaves_nothing(tmp_path: Path) -> None:
    layers = layers_of(network("resnet", width=2, blocks=1), Of(torch.rand(1, 3, 64, 64)))
    work = piecemeal(layers, plans(layers)[0], lambda box, piece: None, 16, CPU, tmp_path)
    for _ in range(40):
        next(work)
    assert not list(tmp_path.iterdir())  # even a kill would leave nothing
    work.close()  # a file that stays open would be a ResourceWarning, and so a failed test
    gc.collect()


def test_a_disk_without_room_is_told_at_once(tmp_path: Path, monkeypatch) -> None:
    def full(*rest: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    layers = layers_of(network("resnet", width=2, blocks=1), Of(torch.rand(1, 3, 64, 64)))
    with pytest.raises(OSError, match="No space left"):
        list(piecemeal(layers, plans(layers)[0], lambda box, piece: None, 16, CPU, tmp_path))


@pytest.mark.parametrize("odd", [nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 3, 3, padding=1, padding_mode="circular"),
                                 nn.GroupNorm(1, 3), nn.Upsample(scale_factor=2, mode="bilinear"), nn.Flatten(),
                                 nn.BatchNorm2d(3)])  # fmt: skip
def test_what_cannot_be_done_in_pieces_is_told(odd: nn.Module) -> None:
    with pytest.raises(Unfit):
        layers_of(nn.Sequential(nn.Conv2d(3, 3, 1), odd), Of(torch.zeros(1, 3, 16, 16)))


def test_the_running_moments_are_those_of_all() -> None:
    x = torch.randn(1, 5, 40, 30) * 3 + 100
    moments = Moments(5, CPU)
    for piece in (x[:, :, :7], x[:, :, 7:39], x[:, :, 39:]):
        moments.add(piece)
    variance, mean = torch.var_mean(x.double(), dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(moments.mean, mean, rtol=1e-6, atol=0)
    torch.testing.assert_close(moments.squares / moments.count, variance, rtol=1e-5, atol=0)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_mirrors_beyond_mirrors(size: int) -> None:
    import numpy as np

    places = np.arange(-20, 30)
    expected = np.pad(np.arange(size), (20, 30 - size), "reflect")
    np.testing.assert_array_equal(mirrored(places, size), expected)


# --- tiles -----------------------------------------------------------------------------------------------------------


def in_tiles(net: nn.Module, x: Tensor, tile: int, overlap: int, blend: int = 0, multiple: int = 4) -> Tensor:
    probe = net(x[:, :, :64, :64])
    scale = probe.shape[2] // 64
    result = torch.full((1, probe.shape[1], x.shape[2] * scale, x.shape[3] * scale), torch.nan)

    def write(box: Box, piece: Tensor) -> None:
        assert result[:, :, slice(*box[0]), slice(*box[1])].isnan().all()  # each pixel once
        result[:, :, slice(*box[0]), slice(*box[1])] = piece

    rows, columns = (cuts(n, tile, overlap, multiple, 8, blend) for n in x.shape[2:])
    shares = list(tiled(net, Of(x), write, rows, columns, scale))
    assert shares[-1] == 1 and len(shares) == len(rows) * len(columns)
    return result


BOUNDED = {
    "resnet": ("resnet", {"width": 4, "blocks": 2, "norm": "batch"}),
    "srresnet": ("srresnet", {"width": 4, "blocks": 2, "scale": 2}),
    "rrdb": ("rrdb", {"width": 4, "blocks": 1, "growth": 4, "scale": 2}),
}


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("blend", [0, 8])
def test_tiles_that_overlap_by_the_reach_are_the_whole(name: str, blend: int) -> None:
    kind, values = BOUNDED[name]
    net = network(kind, **values)
    assert net.needs.reach is not None
    x = torch.rand(1, 3, 100, 132) * 2 - 1
    overlap = net.needs.reach + blend
    torch.testing.assert_close(in_tiles(net, x, 40, overlap, blend, net.needs.multiple), net(x), atol=1e-5, rtol=0)


def test_blending_has_no_seam_where_tiles_disagree() -> None:
    """Each tile of another brightness: between neighbouring pixels there is no more than the slope of a ramp."""
    count = iter(range(100))

    def shades(x: Tensor) -> Tensor:
        return torch.full_like(x, float(next(count) % 2))

    x = torch.zeros(1, 1, 96, 96)
    plain, blended = (torch.zeros_like(x) for _ in range(2))
    for result, blend in ((plain, 0), (blended, 16)):
        rows = cuts(96, 48, 16, 1, 1, blend)

        def write(box: Box, piece: Tensor, result: Tensor = result) -> None:
            result[:, :, slice(*box[0]), slice(*box[1])] = piece

        list(tiled(shades, Of(x), write, rows, rows))
    assert plain.diff(dim=3).abs().max() == 1
    assert blended.diff(dim=3).abs().max() < 0.04 and blended.diff(dim=2).abs().max() < 0.04


@pytest.mark.parametrize("size", [8, 9, 64, 100, 257])
@pytest.mark.parametrize("tile", [8, 30, 64])
@pytest.mark.parametrize("overlap, blend", [(0, 0), (5, 0), (16, 16)])
@pytest.mark.parametrize("multiple, least", [(1, 1), (4, 8), (8, 32)])
def test_cuts_cover_all_and_fit_the_network(
    size: int, tile: int, overlap: int, blend: int, multiple: int, least: int
) -> None:
    size = max(least, -(-size // multiple) * multiple)
    found = cuts(size, tile, overlap, multiple, least, blend)
    assert found[0].written[0] == 0 and found[-1].written[1] == size
    for cut in found:
        assert cut.read[0] % multiple == 0 and (cut.read[1] - cut.read[0]) % multiple == 0
        assert cut.read[1] - cut.read[0] >= least
        assert cut.read[0] <= cut.written[0] < cut.written[1] <= cut.read[1]
    for one, other in itertools.pairwise(found):
        assert one.fade[1] == other.fade[0] == one.written[1] - other.written[0]
        assert one.written[0] + one.fade[0] <= one.written[1] - one.fade[1]


# --- as in training --------------------------------------------------------------------------------------------------


def test_batch_norm_of_one_picture_is_as_in_training() -> None:
    net = network("unet", width=4, levels=4, dropout=0)
    x = torch.rand(3, 3, 32, 48)
    alone = as_trained(net).eval()
    expected = torch.cat([net.train()(picture) for picture in x.split(1)])
    torch.testing.assert_close(alone(x), expected, atol=1e-5, rtol=0)


def test_being_as_trained_leaves_the_training_alone() -> None:
    """It has the weights themselves, so that they need no copy, and follows them; nothing of the other is moved."""
    net = network("unet", width=4, levels=5, dropout=0.5).train().requires_grad_()
    x, before, random = torch.rand(2, 3, 64, 64), copy.deepcopy(net.state_dict()), torch.get_rng_state()
    alone = as_trained(net).eval()
    with torch.no_grad():
        seed_noise(alone, 0)
        y = alone(x)
        seed_noise(alone, 0)
        torch.testing.assert_close(alone(x[1:]), y[1:])  # the same noise for each picture, whatever stands beside it
        torch.testing.assert_close(dict(net.state_dict()), dict(before), rtol=0, atol=0)
        assert torch.equal(random, torch.get_rng_state())
        assert all(p.requires_grad for p in net.parameters()) and all(m.training for m in net.modules())
        next(net.parameters()).mul_(2)
        seed_noise(alone, 0)
        assert not torch.equal(alone(x), y)


def test_noise_is_seeded_and_disturbs_nobody() -> None:
    net = as_trained(network("unet", width=4, levels=5, dropout=0.5))
    assert has_noise(net) and not has_noise(network("unet", width=4, levels=5))
    x, before = torch.rand(1, 3, 64, 64), torch.get_rng_state()
    pictures = []
    for seed in (1, 1, 2):
        seed_noise(net, seed)
        pictures.append(net(x))
    assert torch.equal(pictures[0], pictures[1]) and not torch.equal(pictures[0], pictures[2])
    assert torch.equal(torch.get_rng_state(), before)


def test_noise_leaves_out_its_share_and_keeps_the_mean() -> None:
    drop = SeededDropout(0.3)
    y = drop(torch.ones(1, 1, 500, 500))
    assert (y == 0).float().mean() == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1, abs=0.01)
    torch.testing.assert_close(y.unique(), torch.tensor([0, 1 / 0.7]))


def test_following_the_layers_disturbs_no_network_that_runs_meanwhile():
    """Tracing takes the place of what all modules are called by, and several threads may do it at once."""
    other, x = network("resnet", width=2, blocks=1), torch.rand(1, 3, 16, 16)
    expected, problems, done = other(x), [], threading.Event()

    def run() -> None:
        while not done.is_set():
            try:
                with torch.no_grad():
                    torch.testing.assert_close(other(x), expected)
                torch.nn.Sequential(nn.Conv2d(1, 1, 1))(torch.zeros(1, 1, 2, 2))
            except Exception as error:
                problems.append(error)

    def follow() -> None:
        for _ in range(10):
            try:
                assert layers_of(network("resnet", width=2, blocks=1), Of(torch.zeros(1, 3, 16, 16)))
            except Exception as error:
                problems.append(error)

    running, *following = (threading.Thread(target=what) for what in (run, follow, follow))
    for thread in (running, *following):
        thread.start()
    for thread in following:
        thread.join()
    done.set()
    running.join()
    assert not problems
