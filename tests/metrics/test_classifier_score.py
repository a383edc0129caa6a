"""The classifier score against torch-fidelity's Inception score and closed forms."""

import numpy as np
import pytest
import torch
from torch_fidelity.metric_isc import isc_features_to_metric

from gan_studio.metrics import Seen, Sets, honest
from gan_studio.metrics.classifier_score import ClassifierScore, score


def of(chances: np.ndarray) -> Sets:
    seen = Seen(np.zeros((len(chances), 1), np.float32), chances.astype(np.float32))
    return Sets(seen, seen, classes=tuple(f"class {i}" for i in range(chances.shape[1])))


def test_it_is_torch_fidelitys():
    logits = 3 * np.random.default_rng(0).normal(size=(400, 7))
    p = torch.from_numpy(logits).softmax(dim=1).numpy()
    theirs = isc_features_to_metric(torch.from_numpy(logits), splits=1)
    assert ClassifierScore(splits=1).values(of(p))["score"] == pytest.approx(theirs["inception_score_mean"], rel=1e-6)
    parts = isc_features_to_metric(torch.from_numpy(logits), splits=10, shuffle=False)
    ours = np.mean([score(part) for part in np.array_split(p, 10)])
    assert ours == pytest.approx(parts["inception_score_mean"], rel=1e-9)
    assert ClassifierScore().values(of(p))["score"] == pytest.approx(ours, rel=0.02)  # splits of another shuffle


def test_closed_forms():
    sure = np.eye(5)[np.arange(500) % 5]
    (reading,) = honest.finished(ClassifierScore(splits=1).read(of(sure), 10, 0))
    assert reading.value == pytest.approx(5) and reading.most == 5 and reading.high == pytest.approx(5, rel=0.1)
    unsure = np.full((500, 5), 0.2)
    assert ClassifierScore().values(of(unsure))["score"] == pytest.approx(1)
    uneven = np.eye(2)[(np.arange(500) % 10 == 0).astype(int)]
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert ClassifierScore(splits=1).values(of(uneven))["score"] == pytest.approx(np.exp(entropy))
    assert "score of 1.38" in honest.finished(ClassifierScore(splits=1).read(of(uneven), 10, 0))[0].notes[0]


def test_samples_that_come_sorted_score_the_same():
    sure = np.eye(5)[np.sort(np.arange(1000) % 5)]
    assert ClassifierScore().values(of(sure))["score"] == pytest.approx(5, rel=0.05)


def test_the_bias_of_few_samples_goes_at_infinity():
    """Chances of a Dirichlet distribution: exp(E sum p log p - log 1/K) at infinity, by many samples."""
    rng = np.random.default_rng(0)
    many = score(rng.dirichlet([0.2] * 6, size=200_000))
    found = []
    for _ in range(40):
        (reading,) = honest.finished(ClassifierScore(splits=5).read(of(rng.dirichlet([0.2] * 6, size=150)), 10, 0))
        found.append((reading.value, reading.at_infinity))
    values, beyond = np.array(found).T
    assert values.mean() < many - 0.05
    assert beyond.mean() == pytest.approx(many, abs=3 * beyond.std() / 40**0.5)
