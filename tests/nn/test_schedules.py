"""Every schedule; the closed forms of those we have."""

import numpy as np
import pytest
import torch

from gan_studio.nn.schedules import SCHEDULES

STEPS = 200


@pytest.mark.parametrize("entry", list(SCHEDULES), ids=lambda entry: entry.kind)
def test_factor_stays_in_0_to_1(entry):
    spec = entry()
    assert SCHEDULES.parse(spec.plain()) == spec
    factors = np.array([spec.factor(step, STEPS) for step in range(STEPS + 50)])
    assert factors.min() >= 0 and factors.max() <= 1
    assert spec.factor(0, 0) >= 0  # a training of no steps


def test_constant():
    assert {SCHEDULES["constant"]().factor(step, STEPS) for step in range(STEPS)} == {1.0}


@pytest.mark.parametrize("start", [0.0, 0.25, 0.9])
def test_linear_is_a_line_from_start_to_the_end(start):
    steps = np.arange(STEPS + 50)
    found = [SCHEDULES["linear"](start=start).factor(int(step), STEPS) for step in steps]
    np.testing.assert_allclose(found, np.interp(steps, [start * STEPS, STEPS], [1, 0]), atol=1e-12)


def test_cosine_equals_torch():
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for step in range(STEPS + 1):
        assert SCHEDULES["cosine"]().factor(step, STEPS) == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)
        optimiser.step()
        theirs.step()
