"""Quality on digits: every objective, scored by a small classifier that was trained on the real digits.

An SVM (RBF) learns two thirds of the real digits; its accuracy on the rest is printed. Of 1,000 generated digits are
told: how many of the ten classes have at least 2 % of them, the total variation between their histogram and the real
one, and the share that looks like a digit: nearer to a real digit of its class than 95 % of the held-out real ones are
(so that real digits score 95 %).

    python benchmarks/quality_digits.py --steps 600 --seeds 2
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from common import OBJECTIVES, arguments, prepared, processor, show, spread, trained
from scipy.spatial.distance import cdist
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from gan_studio.compute import default_engine
from gan_studio.data import Dataset
from gan_studio.jobs.settings import RunConfig
from gan_studio.recipes.gan import GanTraining

SIZE, SAMPLES = 16, 1000

BASE = {
    "data": {"kind": "digits", "size": SIZE},
    "recipe": {
        "kind": "gan",
        "batch_size": 64,
        "ema": 0.99,
        "latent": {"dim": 64},
        "generator": {"kind": "dcgan", "width": 24},
        "discriminator": {"kind": "dcgan", "width": 24, "norm": "none"},
        "g_optimiser": {"kind": "adam", "lr": 5e-4, "beta1": 0.5, "beta2": 0.99},
        "d_optimiser": {"kind": "adam", "lr": 5e-4, "beta1": 0.5, "beta2": 0.99},
    },
}


class Classifier:
    """Tells digits apart, and how near a digit is to the real ones of its class."""

    def __init__(self, dataset: Dataset):
        batch = dataset.batch(dataset.size or 0, 0, 0)
        assert batch.y is not None
        x, y = batch.x.flatten(1).numpy(), batch.y.numpy()
        learn_x, test_x, learn_y, test_y = train_test_split(x, y, test_size=1 / 3, random_state=0)
        self.svm = SVC(C=10, gamma="scale").fit(learn_x, learn_y)
        self.accuracy = float(self.svm.score(test_x, test_y))
        self.real = {digit: learn_x[learn_y == digit] for digit in range(10)}
        self.near = float(np.quantile(self.distances(test_x), 0.95))
        self.histogram = np.bincount(y, minlength=10) / len(y)

    def distances(self, x: np.ndarray) -> np.ndarray:
        """To the nearest real digit of the class it is taken for, [N]."""
        taken_for = self.svm.predict(x)
        found = np.empty(len(x))
        for digit in np.unique(taken_for):
            found[taken_for == digit] = cdist(x[taken_for == digit], self.real[digit]).min(axis=1)
        return found

    def judged(self, x: np.ndarray) -> dict[str, float]:
        histogram = np.bincount(self.svm.predict(x), minlength=10) / len(x)
        return {
            "classes": float((histogram >= 0.02).sum()),
            "variation": float(np.abs(histogram - self.histogram).sum() / 2),
            "like digits": float((self.distances(x) < self.near).mean()),
        }


def scored(config: RunConfig, dataset: Dataset, classifier: Classifier) -> dict[str, float]:
    start = time.perf_counter()
    training = trained(config, dataset, default_engine(config.compute))
    assert isinstance(training, GanTraining)
    x = training.generate(training.latents(SAMPLES, 10**6)).flatten(1).cpu().numpy()
    return classifier.judged(np.nan_to_num(x)) | {"seconds": time.perf_counter() - start}


def row(name: str, scores: list[dict[str, float]], steps: int) -> dict[str, Any]:
    found = {
        "objective": name,
        "classes of 10": spread([s["classes"] for s in scores]),
        "like digits, %": spread([100 * s["like digits"] for s in scores]),
        "histogram off by, %": spread([100 * s["variation"] for s in scores]),
        "seeds": len(scores),
        "steps": steps,
        "s a run": sum(s["seconds"] for s in scores) / len(scores),
    }
    print(found, flush=True)
    return found


def main() -> None:
    options = arguments(__doc__ or "", steps=600, seeds=2, threads=1)
    base = RunConfig.parse(BASE | {"steps": options.steps}).with_values({"compute.threads": options.threads})
    dataset = prepared(base.data)
    classifier = Classifier(dataset)
    rows = []
    for name, changes in OBJECTIVES.items():
        configs = [base.with_values(changes | {"seed": seed}) for seed in range(options.seeds)]
        rows.append(row(name, [scored(config, dataset, classifier) for config in configs], options.steps))
    show("Quality on digits", rows, options.json, processor=processor(), classifier_accuracy=classifier.accuracy)


if __name__ == "__main__":
    main()
