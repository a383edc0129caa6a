"""How D's answers to samples that it is trained on part from those to samples that it never sees, while it trains.

The earliest sign that D learns the data by heart. A look asks D about three batches without a gradient, which takes
a third to half of a step.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..compute import Engine, mixed_seed
from ..data import Batch, Dataset
from ..recipes import Generates, Training
from .drawn import REAL_SEED, Measures

EVERY = 25  # steps from one look to the next, so that all of them take 1 to 2 % of the time
LOOKED_AT = 64  # samples of each kind in a look, or a whole batch where that is more
FEWEST = 16  # samples held out, fewer of which say too little
SURE = 4.0  # standard errors that D's lead must be above 0 for a share of it to be told

HELD_OUT, R_V = "D(held out)", "overfitting/r_v"


class Gap:
    """Looks at one training: at fixed samples of its data, as many that are held out of it, and generated ones.

    It sees nothing where nothing, or too little, is held out, nor in a training that does not tell D's answers
    (`Generates.answers`), as translators do not. Samples of both kinds are taken without random changes.
    """

    def __init__(self, dataset: Dataset, training: Training, count: int, seed: int, engine: Engine):
        """`count` samples are in a batch of the training."""
        self.training, self.seed, self.engine = training, seed, engine
        parts = (dataset, dataset.held_out) if dataset.held_out else ()  # trained on and held out
        self.parts = [part.plain() for part in parts]
        self.count = min([max(LOOKED_AT, count), *(part.size or 0 for part in parts)]) if parts else 0
        self.every = EVERY * max(1, self.count // count)  # steps; as much for each step whatever the batch
        self._fixed: tuple[list[Batch], Tensor] | None = None  # slow to make

    def look(self, step: int) -> Measures:
        """{curve: value} after a step: D's mean score of held-out samples, where it has one, and r_v; {} most times.

        Everything is of the step alone, and nothing of the training is moved.
        """
        training = self.training
        if step % self.every or self.count < FEWEST or not isinstance(training, Generates):
            return {}
        if self._fixed is None:
            real = [part.batch(self.count, 0, REAL_SEED).to(self.engine.device) for part in self.parts]
            self._fixed = real, training.latents(self.count, self.seed)
        with self.engine.aside(mixed_seed(self.seed, step)):
            answers = training.answers(*self._fixed)
        if not answers:
            return {}
        trained_on, unseen, generated = torch.stack(answers).float().cpu()  # [3, N], the one CPU-GPU sync
        score, share = training.score(unseen), r_v(trained_on, unseen, generated)
        told = {HELD_OUT: None if score is None else float(score.mean()), R_V: share}
        return {name: value for name, value in told.items() if value is not None and math.isfinite(value)}


def r_v(trained_on: Tensor, unseen: Tensor, generated: Tensor) -> float | None:
    """(E[D_train] - E[D_val]) / (E[D_train] - E[D_gen]) of D's logits, [N] each. Karras et al. 2020 (ADA), equation 1.

    The share of D's lead, of samples that it is trained on before generated ones, which samples that it never sees
    lack: 0 is no overfitting, and at 1 they are to D as generated ones are. None where that lead vanishes, being less
    than SURE of its standard errors: the ratio would be noise.
    """
    lead = trained_on.mean() - generated.mean()
    error = ((trained_on.var() + generated.var()) / len(generated)).sqrt()
    if not lead.abs() > SURE * error:  # nor where one of them is not a number
        return None
    return float((trained_on.mean() - unseen.mean()) / lead)
