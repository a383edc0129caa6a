"""Inception v3 with the weights that FID, KID and the Inception score are defined by, as torch-fidelity builds it.

Szegedy et al. 2016; Heusel et al. 2017 (FID), Binkowski et al. 2018 (KID), Salimans et al. 2016 (Inception score).
torch-fidelity is an extra and takes seconds to import, so that happens inside functions.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from ..compute import pick_device
from ..config import ConfigError, Problem, option
from ..data import Progress, Source, cache
from ..data.published import Published
from ..importers.torch_file import read_weights
from ..nn.undrawn import Undrawn
from . import FEATURE_NETWORKS, BatchedEye, FeatureNetwork, digest, slowly, with_channels

FILE, SHA256, MB = "weights-inception-2015-12-05-6726825d.pth", "6726825d", 95  # as torch-fidelity names it
URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
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
        if self.download or published().path.is_file():
            return ""
        return (
            f"The weights of Inception ({MB} MB) are not in {published().path.parent}. Download them, or name a file"
            " that holds them."
        )

    def lacks(self) -> Published | None:
        lacks_them = find_spec("torch_fidelity") is not None and not self.weights.strip()
        return published() if lacks_them and not published().path.is_file() else None

    def prepare(
        self, source: Source | None, device: torch.device | None = None
    ) -> Generator[Progress, None, EyeOfInception]:
        yield from self.fetched(source)
        path = Path(self.weights).expanduser() if self.weights.strip() else published().path
        yield Progress(0, 1, "Reading the weights of Inception")
        network = _filled(_bytes(path), path)
        is_the_one = published().is_the_one(path)
        yield Progress(1, 1, "Reading the weights of Inception")
        return EyeOfInception(network, is_the_one, device or pick_device())


def published() -> Published:
    """The file that FID is computed with, where torch-fidelity keeps it."""
    return Published(FILE, URL + FILE, SHA256, MB)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(Problem("weights", f"{path} cannot be read ({error.strerror}).")) from None


def _filled(data: bytes, path: Path) -> nn.Module:
    """torch-fidelity's own network with weights that were read safely. Raises ConfigError."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    otherwise = _instead_of(path)
    try:
        weights = read_weights(data).weights
    except ConfigError as error:
        what, _, _ = str(error).partition(";")
        raise ConfigError(f"{path.name} {what.rstrip('.')}; {otherwise}.") from None
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
        raise ConfigError(f"{path.name} holds weights of another network than FID's Inception; {otherwise}.") from None
    return network


def _instead_of(path: Path) -> str:
    """What to do where a file is none."""
    if path == published().path:
        return f"delete it in {path.parent}, and download the weights again"
    return "name another file with them, or none to take those in torch's cache"


class EyeOfInception(BatchedEye):
    classes = CLASSES

    def __init__(self, network: nn.Module, is_the_one: bool, device: torch.device):
        self.network, self.device, self.is_the_one = network.to(device), device, is_the_one
        self.at_once = slowly(device)
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
