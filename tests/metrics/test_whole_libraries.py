"""The same pictures through torch-fidelity and torchmetrics as whole libraries, with a small network of their own."""

import pytest
import torch
import torch_fidelity
from torch import nn
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance
from tqdm import tqdm

from gan_studio.metrics import METRICS, Seen, Sets

N, SIDE, FEATURES, CLASSES = 90, 8, 12, 5
NAME = "gan-studio-small"


class Small(FeatureExtractorBase):
    """Uint8 pictures -> features and logits, through one layer of fixed weights."""

    INPUT_IMAGE_SIZE = SIDE
    num_features = FEATURES

    def __init__(self, name=NAME, features_list=("rows", "logits"), **kwargs):
        super().__init__(name, list(features_list))
        rng = torch.Generator().manual_seed(0)
        self.rows = torch.randn(3 * SIDE * SIDE, FEATURES, generator=rng)
        self.logits = torch.randn(FEATURES, CLASSES, generator=rng)

    def both(self, x):
        rows = torch.tanh((x.flatten(1).float() / 255 - 0.5) @ self.rows / 4)
        return rows, rows @ self.logits

    def forward(self, x):
        found = dict(zip(("rows", "logits"), self.both(x), strict=True))
        return tuple(found[name] for name in self.features_list)

    @staticmethod
    def get_provided_features_list():
        return "rows", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return "logits" if metric == "isc" else "rows"

    @staticmethod
    def can_be_compiled():
        return False

    @staticmethod
    def get_dummy_input_for_compile():
        return torch.zeros(1, 3, SIDE, SIDE, dtype=torch.uint8)


class OnlyRows(nn.Module):
    num_features = FEATURES

    def __init__(self):
        super().__init__()
        self.small = Small()

    def forward(self, x):
        return self.small.both(x)[0]


class Pictures(torch.utils.data.Dataset):
    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        return self.pictures[i]


@pytest.fixture(autouse=True)
def no_monitor(monkeypatch):
    monkeypatch.setattr(tqdm, "monitor_interval", 0)


def pictures(seed: int, least: int, most: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(least, most, (N, 3, SIDE, SIDE), generator=rng, dtype=torch.uint8)


REAL, GENERATED = pictures(0, 0, 256), pictures(1, 30, 230)


def sets() -> Sets:
    seen = []
    for x in (REAL, GENERATED):
        rows, logits = Small().both(x)
        seen.append(Seen(rows.numpy(), logits.softmax(dim=1).numpy()))
    return Sets(*seen, classes=tuple("abcde"))


def test_they_are_torch_fidelitys():
    torch_fidelity.register_feature_extractor(NAME, Small)
    theirs = torch_fidelity.calculate_metrics(
        input1=Pictures(GENERATED),
        input2=Pictures(REAL),
        feature_extractor=NAME,
        fid=True,
        kid=True,
        prc=True,
        isc=True,
        isc_splits=1,
        kid_subsets=1,
        kid_subset_size=N,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    ours = {}
    for metric in ("frechet", "kernel", "precision-recall", {"kind": "score", "splits": 1}):
        ours |= METRICS.parse(metric).values(sets())
    names = {
        "frechet": "frechet_inception_distance",
        "kernel": "kernel_inception_distance_mean",
        "precision": "precision",
        "recall": "recall",
        "score": "inception_score_mean",
    }
    expected = {name: theirs[key] for name, key in names.items()}
    kernel = expected.pop("kernel")  # the difference of numbers near 1, in float32
    assert ours.pop("kernel") == pytest.approx(kernel, abs=1e-6)
    assert ours == pytest.approx(expected, rel=1e-5)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save")
def test_they_are_torchmetrics():
    fid = FrechetInceptionDistance(feature=OnlyRows()).set_dtype(torch.float64)
    kid = KernelInceptionDistance(feature=OnlyRows(), subsets=1, subset_size=N)
    for metric in (fid, kid):
        metric.update(REAL, real=True)
        metric.update(GENERATED, real=False)
    found = METRICS.parse("frechet").values(sets())["frechet"]
    assert found == pytest.approx(float(fid.compute()), rel=1e-6)
    found = METRICS.parse("kernel").values(sets())["kernel"]
    assert found == pytest.approx(float(kid.compute()[0]), abs=1e-6)
