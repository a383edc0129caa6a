"""Classifiers of torchvision: against torchvision itself, from files that are there, never from the internet."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from gan_studio.config import ConfigError
from gan_studio.feature_networks import torchvision_classifier
from gan_studio.feature_networks.torchvision_classifier import TorchvisionClassifier, here, published
from gan_studio.jobs.together import exhausted

CPU = torch.device("cpu")
SHUFFLENET = "ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1"


def pictures(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 30, 40, 3), np.uint8)


def put(folder, weights, state) -> None:
    (folder / "hub" / "checkpoints").mkdir(parents=True, exist_ok=True)
    torch.save(state, folder / "hub" / "checkpoints" / weights.url.rpartition("/")[2])


@pytest.fixture
def own_home(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path


def test_it_sees_what_torchvision_sees(torch_home) -> None:
    weights = models.ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1
    network = models.shufflenet_v2_x0_5(weights=None)
    network.load_state_dict(torch.load(next(torch_home.rglob("shufflenet*.pth")), weights_only=True))
    network.eval()
    drawn = pictures()
    x = weights.transforms()(torch.from_numpy(drawn).permute(0, 3, 1, 2))
    with torch.no_grad():
        chances = network(x).softmax(dim=1)
        network.fc = nn.Identity()
        rows = network(x)

    eye = exhausted(TorchvisionClassifier().prepare(None, CPU))
    looked = eye.look(drawn)
    assert next(iter(here())) == SHUFFLENET and eye.name == "ShuffleNet_V2_X0_5 with other weights"
    assert eye.classes == tuple(weights.meta["categories"]) and looked.rows.shape == (2, 1024)
    np.testing.assert_allclose(looked.rows, rows, atol=1e-5)
    np.testing.assert_allclose(looked.chances, chances, atol=1e-6)
    assert eye.preprocessing.startswith("in colour, resized to 256 px (bilinear), the middle 224 x 224 px")


def test_one_without_a_linear_layer_is_read_where_its_last_convolution_reads(own_home) -> None:
    weights = models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    network = models.squeezenet1_1(weights=None).eval()
    put(own_home, weights, network.state_dict())
    drawn = pictures()
    looked = exhausted(TorchvisionClassifier(weights=str(weights)).prepare(None, CPU)).look(drawn)
    x = weights.transforms()(torch.from_numpy(drawn).permute(0, 3, 1, 2))
    with torch.no_grad():
        np.testing.assert_allclose(looked.rows, network.features(x).mean(dim=(2, 3)), atol=1e-5)
        np.testing.assert_allclose(looked.chances, network(x).softmax(dim=1), atol=1e-6)


@pytest.mark.parametrize("model", ["mnasnet0_5", "densenet121", "regnet_y_400mf"])
def test_files_of_other_times_and_networks_that_compute_while_they_are_built_are_read(own_home, model: str) -> None:
    weights = models.get_model_weights(model).IMAGENET1K_V1
    state = models.get_model(model, weights=None).state_dict()
    if model == "densenet121":  # as the published file has its names
        for name in list(state):
            parts = name.split(".")
            if len(parts) > 4 and parts[3][:-1] in ("norm", "conv"):
                state[".".join([*parts[:3], parts[3][:-1], parts[3][-1], *parts[4:]])] = state.pop(name)
        assert "features.denseblock1.denselayer1.norm.1.weight" in state
    put(own_home, weights, state)
    eye = exhausted(TorchvisionClassifier(weights=str(weights)).prepare(None, CPU))
    assert not any(p.requires_grad for p in eye.network.parameters())


def test_only_the_published_file_has_its_name(own_home, monkeypatch) -> None:
    weights = models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    put(own_home, weights, models.squeezenet1_1(weights=None).state_dict())
    others = exhausted(TorchvisionClassifier().prepare(None, CPU))
    assert others.called("Frechet distance") == "Frechet distance (SqueezeNet1_1 with other weights)"
    assert "its checksum differs" in others.notes[0]

    file = published(str(weights))
    its_own = hashlib.sha256(file.path.read_bytes()).hexdigest()
    monkeypatch.setattr(torchvision_classifier, "published", lambda name: replace(file, sha256=its_own))
    eye = exhausted(TorchvisionClassifier().prepare(None, CPU))
    assert eye.name == "SqueezeNet1_1 IMAGENET1K_V1" and not eye.notes and eye.id == others.id


def test_every_classifier_has_a_file_with_a_checksum_and_a_size() -> None:
    files = [published(name) for name in torchvision_classifier._known()]
    assert len(files) > 100 and all(len(file.sha256) >= 8 and file.mb > 0 for file in files)


@pytest.mark.parametrize("word", ["squeezenet1_1", "SqueezeNet1_1", "SqueezeNet1_1_Weights.IMAGENET1K_V1", ""])
def test_a_network_may_be_named_instead_of_its_weights(own_home, word: str) -> None:
    put(own_home, models.SqueezeNet1_1_Weights.IMAGENET1K_V1, {})
    network = TorchvisionClassifier(weights=word)
    assert network.missing(None) == "" and network.lacks() is None


def test_a_network_that_is_not_there_names_the_file_that_would_come(own_home) -> None:
    network = TorchvisionClassifier(weights="resnet18")
    assert "Download ResNet18_Weights.IMAGENET1K_V1 (45 MB)" in network.missing(None)
    assert network.lacks().name == "resnet18-f37072fd.pth" and network.lacks().sha256 == "f37072fd"
    assert TorchvisionClassifier(weights="resnet18", download=True).missing(None) == ""
    assert TorchvisionClassifier(weights="none such").lacks() is None


# --- what is refused -------------------------------------------------------------------------------------------------


def test_where_there_is_none_it_says_how_to_get_one_and_nothing_is_fetched(own_home, monkeypatch) -> None:
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *given: pytest.fail("fetched"))
    network = TorchvisionClassifier()
    assert network.missing(None).startswith(f"No weights of a classifier of torchvision are in {own_home}")
    assert "Download ResNet18_Weights.IMAGENET1K_V1 (45 MB" in network.missing(None)
    with pytest.raises(ConfigError, match=r"No weights of a classifier .* --set features\.download=true"):
        exhausted(network.prepare(None, CPU))


def test_the_wrong_name_is_answered_with_those_that_are_there() -> None:
    absent = TorchvisionClassifier(weights="ResNet50_Weights.IMAGENET1K_V2").missing(None)
    assert absent.startswith("The weights ResNet50_Weights.IMAGENET1K_V2 are not in")
    assert f"There are: {SHUFFLENET}, SqueezeNet1_1_Weights.IMAGENET1K_V1." in absent
    unknown = TorchvisionClassifier(weights="ResNet19_Weights.IMAGENET1K_V1").missing(None)
    assert "torchvision has none called 'ResNet19_Weights.IMAGENET1K_V1'. Did you mean 'ResNet1" in unknown


class Program:
    def __reduce__(self):
        return print, ("a program ran",)


@pytest.mark.parametrize("content", ["damaged", "program", "other network"])
def test_a_file_that_is_none_is_refused_and_never_run(own_home, capsys, content: str) -> None:
    weights = models.ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1
    put(own_home, weights, {"a": torch.zeros(2)} if content == "other network" else Program())
    if content == "damaged":
        (torchvision_classifier.folder() / weights.url.rpartition("/")[2]).write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(ConfigError, match="another network than shufflenet_v2_x0_5; delete it") as told:
        exhausted(TorchvisionClassifier().prepare(None, CPU))
    assert "\n" not in str(told.value) and not capsys.readouterr().out
