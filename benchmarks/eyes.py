"""Eyes against their bare networks: pictures a second of `look`, and of forward passes alone.

    python benchmarks/eyes.py [--px 32 64] [--pictures 512] [--slow 32] [--rounds 7] [--json eyes.json]

Both sides are measured by turns in one run, on the device and with the batches of the eye: by processor time on the
CPU, where others may be at work, and by the clock on a card. The bare side gets its pictures as the network reads them,
float and on the device already; what a network's own definition does to them first (the resizing of Inception and of
torchvision) is counted on both. Wanted: `look` at no less than 0.95 of the bare rate. Weights are drawn, not learnt, as
the rate does not depend on them. Inception is measured where torch-fidelity is installed.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from common import arguments, processor, show
from torch import Tensor, nn

from gan_studio.compute import Engine, device_name, pick_device
from gan_studio.feature_networks import BatchedEye, random_convolutions
from gan_studio.feature_networks.inception import EyeOfInception
from gan_studio.feature_networks.own_classifier import EyeOfClassifier, Learnt, OwnClassifier, _drawn
from gan_studio.feature_networks.random_convolutions import EyeOfRandomConvolutions
from gan_studio.feature_networks.torchvision_classifier import EyeOfTorchvision
from gan_studio.images import to_float

Bare = tuple[BatchedEye, Callable[[Tensor], Any], Callable[[Tensor], Tensor]]  # eye, network, what it reads of pixels


def own(px: int, device: torch.device) -> Bare:
    columns = [("", tuple("0123456789"))]
    network = _drawn(OwnClassifier(), (3, px, px), columns).eval().requires_grad_(False)
    eye = EyeOfClassifier(Learnt(network, (3, px, px), tuple(columns), (1.0,), (0.1,), 1), 0, "drawn", device)
    return eye, network, to_float


def convolutions(px: int, device: torch.device) -> Bare:
    weights = random_convolutions.drawn((3, px, px), device)
    return (
        EyeOfRandomConvolutions(512, device),
        lambda x: random_convolutions.bounded(random_convolutions.maps(x, weights)[-1], 512),
        to_float,
    )


def resnet(px: int, device: torch.device) -> Bare:
    from torchvision import models

    weights = models.ResNet18_Weights.IMAGENET1K_V1
    network = models.resnet18(weights=None).eval().requires_grad_(False)
    eye = EyeOfTorchvision(network, weights, True, device)
    transforms = weights.transforms()
    return eye, lambda pixels: network(transforms(pixels)), lambda pixels: pixels


def inception(px: int, device: torch.device) -> Bare:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Drawn(FeatureExtractorInceptionV3):
        def load_state_dict(self, *given: Any) -> None:  # type: ignore[override]
            return None

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    names = ["2048", "logits_unbiased"]
    network: nn.Module = Drawn("inception-v3-compat", names, feature_extractor_weights_path=nothing).eval()
    return EyeOfInception(network, False, device), network, lambda pixels: pixels


def measured(bare: Bare, px: int, count: int, rounds: int) -> dict[str, Any]:
    eye, network, read = bare
    pictures = np.random.default_rng(0).integers(0, 256, (count, px, px, 3), np.uint8)
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    ready = [read(part.to(eye.device)).contiguous() for part in pixels.split(eye.batch)]
    engine = Engine(eye.device)

    @torch.inference_mode()
    def forward() -> None:
        for x in ready:
            network(x)
        engine.wait()

    clock = time.perf_counter if engine.on_card else time.process_time
    sides: dict[str, Callable[[], Any]] = {"bare": forward, "look": lambda: eye.look(pictures)}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):  # the first is to get warm
        for name, side in sides.items():
            began = clock()
            side()
            if number:
                seconds[name].append(clock() - began)
    rates = {name: count / statistics.median(times) for name, times in seconds.items()}
    shares = [bare / look for bare, look in zip(seconds["bare"], seconds["look"], strict=True)]
    return {
        "eye": eye.name,
        "px": px,
        "pictures": count,
        "bare, a second": round(rates["bare"]),
        "look, a second": round(rates["look"]),
        "look / bare": round(statistics.median(shares), 3),
    }


def main() -> None:
    given = arguments(__doc__ or "", px=[32, 64], pictures=512, slow=32, rounds=7, threads=1)
    torch.set_num_threads(given.threads)
    device = pick_device()
    torch.backends.cudnn.benchmark = True
    networks = [own, convolutions, resnet, *([inception] if find_spec("torch_fidelity") else [])]
    rows = []
    for network in networks:
        for px in given.px if network in (own, convolutions) else given.px[-1:]:
            count = given.pictures if network in (own, convolutions) else given.slow
            rows.append(measured(network(px, device), px, count, given.rounds))
    machine = processor() if device.type == "cpu" else device_name(device)
    show("Eyes and their bare networks", rows, given.json, machine=machine, threads=given.threads)


if __name__ == "__main__":
    main()
