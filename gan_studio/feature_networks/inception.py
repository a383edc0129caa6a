"""Inception v3 with the weights that FID, KID and the Inception score are defined by, as torch-fidelity builds it.

Szegedy et al. 2016; Heusel et al. 2017 (FID), Binkowski et al. 2018 (KID), Salimans et al. 2016 (Inception score).
torch-fidelity is an extra and takes seconds to import, so that happens inside functions.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from ..compute import pick_device
from ..config import ConfigError, Problem, option
from ..data import Progress, Source, cache
from ..data.torchvision_sets import fetched
from ..importers.torch_file import read_weights
from ..nn.undrawn import Undrawn
from . import FEATURE_NETWORKS, BatchedEye, FeatureNetwork, digest, with_channels

FILE = "weights-inception-2015-12-05-6726825d.pth"  # as torch-fidelity names it
SHA256 = "6726825d"  # how the checksum of that file begins
FEATURES, LOGITS = "2048", "logits_unbiased"  # those that FID and KID, and the Inception score, are defined by
CLASSES = tuple(map(str, range(1008)))  # of the logits, which come without names
OWN_NAMES = {"Frechet distance": "FID", "Kernel distance": "KID", "Classifier score": "Inception score"}


@FEATURE_NETWORKS.add
class Inception(FeatureNetwork):
    kind = "inception"
    title = "Inception, as FID has it"
    paper = "Heusel et al. 2017"
    about = (
        "The network that FID, KID and the Inception score of papers are computed with; slow without a graphics card."
    )

    weights: str = option("", "A file with its weights; empty: the one in torch's cache.")
    download: bool = option(False, "Fetch the weights (95 MB) into torch's cache, if they are not there.")

    def missing(self, source: Source | None) -> str:
        if find_spec("torch_fidelity") is None:
            return 'Inception comes with torch-fidelity, which is not installed: pip install "gan-studio[fid]".'
        if self.weights.strip():
            path = Path(self.weights).expanduser()
            return "" if path.is_file() else f"There is no file {path} with the weights of Inception; check the path."
        if self.download or cached().is_file():
            return ""
        return (
            f"The weights of Inception (95 MB) are not in {cached().parent}: turn the download on, or name a file that"
            " holds them."
        )

    def prepare(
        self, source: Source | None, device: torch.device | None = None
    ) -> Generator[Progress, None, EyeOfInception]:
        if lacking := self.missing(source):
            raise ConfigError(lacking)
        path = Path(self.weights).expanduser() if self.weights.strip() else cached()
        if not path.is_file():
            yield from _downloaded(path)
        yield Progress(0, 1, "Reading the weights of Inception")
        data = _bytes(path)
        network = _filled(data, path)
        yield Progress(1, 1, "Reading the weights of Inception")
        return EyeOfInception(network, is_the_one(data), device or pick_device())


def cached() -> Path:
    """Where torch-fidelity keeps the weights, whether they are there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / FILE


def is_the_one(data: bytes) -> bool:
    """Whether this is the file that FID is computed with, bit for bit."""
    return hashlib.sha256(data).hexdigest().startswith(SHA256)


def _downloaded(path: Path) -> Generator[Progress, None, None]:
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    try:
        yield from fetched([URL_INCEPTION_V3], path, lambda file: is_the_one(file.read_bytes()))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror or error}); free some space, or name a file with the weights."
        ) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(Problem("weights", f"{path} cannot be read ({error.strerror}).")) from None


def _filled(data: bytes, path: Path) -> nn.Module:
    """torch-fidelity's own network with weights that were read safely. Raises ConfigError."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    try:
        weights = read_weights(data).weights
    except ConfigError as error:
        raise ConfigError(f"{path.name} {error}") from None
    # It unpickles its file without care, so it is given one of ours, which holds these tensors and nothing else.
    ours = io.BytesIO()
    torch.save(weights, ours)
    ours.seek(0)
    try:
        with Undrawn():
            network: nn.Module = FeatureExtractorInceptionV3(
                "inception-v3-compat", [FEATURES, LOGITS], feature_extractor_weights_path=ours
            )
    except RuntimeError:
        raise ConfigError(f"{path.name} holds weights of another network than FID's Inception.") from None
    return network


class EyeOfInception(BatchedEye):
    classes = CLASSES

    def __init__(self, network: nn.Module, is_the_one: bool, device: torch.device):
        self.network, self.device, self.is_the_one = network.to(device), device, is_the_one
        self.name = "Inception" if is_the_one else "Inception with other weights"
        self.preprocessing = "in colour, resized to 299 x 299 px, bilinear as TensorFlow 1 does it, (x - 128) / 128"
        self.id = f"inception-{cache.key({'weights': digest(network.state_dict()), 'seen': self.preprocessing})}"
        if not is_the_one:
            self.notes = ("These are not the weights that FID is defined by, so no number here is called FID.",)

    def see(self, pixels: Tensor) -> tuple[Tensor, ...]:
        rows, logits = self.network(with_channels(pixels, 3))
        return rows, logits.softmax(dim=1)

    def called(self, title: str) -> str:
        own = OWN_NAMES.get(title) if self.is_the_one else None
        return own or super().called(title)
