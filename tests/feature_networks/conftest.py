"""Weights that are made here, where the networks of others are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn


@pytest.fixture(scope="session")
def weights_made_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of torch with two small classifiers of torchvision in it."""
    from torchvision import models

    home = tmp_path_factory.mktemp("torch")
    (home / "hub" / "checkpoints").mkdir(parents=True)
    torch.manual_seed(0)
    for model in ("shufflenet_v2_x0_5", "squeezenet1_1"):
        name = models.get_model_weights(model).IMAGENET1K_V1.url.rpartition("/")[2]
        torch.save(models.get_model(model, weights=None).state_dict(), home / "hub" / "checkpoints" / name)
    return home


@pytest.fixture(scope="session")
def inception_made_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with weights of Inception that nobody learnt."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Empty(FeatureExtractorInceptionV3):
        def load_state_dict(self, *given):
            return None

    network = Empty("inception-v3-compat", ["2048"], feature_extractor_weights_path=_nothing(tmp_path_factory))
    rng = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=rng)
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save(network.state_dict(), path)
    return path


def _nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nothing") / "nothing.pth"
    torch.save({}, path)
    return path


@pytest.fixture(autouse=True)
def torch_home(monkeypatch: pytest.MonkeyPatch, weights_made_here: Path) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(weights_made_here))
    return weights_made_here
