"""The moving average against a plain NumPy loop and against closed forms."""

import numpy as np
import pytest
import torch
from torch import nn

from gan_studio.nn.ema import Average, ramped
from gan_studio.nn.spectral import spectral_normalise


def network(spectral=False):
    made = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 2))
    return spectral_normalise(made) if spectral else made


@pytest.mark.parametrize("spectral", [False, True])
def test_equals_a_plain_loop(spectral):
    torch.manual_seed(0)
    made = network(spectral)
    average = Average(made)
    expected = {name: p.detach().numpy().copy() for name, p in made.named_parameters()}
    step = torch.optim.SGD(made.parameters(), 0.1)
    for t in range(20):
        step.zero_grad()
        made(torch.randn(4, 2, 4, 4)).square().sum().backward()
        step.step()
        decay = ramped(0.9, t)
        average.update(made, decay)
        for name, p in made.named_parameters():
            expected[name] = decay * expected[name] + (1 - decay) * p.detach().numpy()

    found = dict(average.module.named_parameters())
    assert found.keys() == expected.keys()
    for name, p in found.items():
        np.testing.assert_allclose(p.numpy(), expected[name], rtol=1e-5, atol=1e-7, err_msg=name)
    for name, buffer in average.module.named_buffers():
        assert torch.equal(buffer, dict(made.named_buffers())[name]), name


@pytest.mark.parametrize("spectral", [False, True])
def test_is_a_frozen_copy_with_the_same_keys(spectral):
    made = network(spectral)
    average = Average(made).module
    assert not any(m.training for m in average.modules()) and all(m.training for m in made.modules())
    assert not any(p.requires_grad for p in average.parameters()) and all(p.requires_grad for p in made.parameters())
    made.load_state_dict(average.state_dict(), strict=True)
    mine = {tensor.data_ptr() for tensor in made.state_dict().values()}
    assert not any(tensor.data_ptr() in mine for tensor in average.state_dict().values())


def test_follows_after_loading_a_state():
    torch.manual_seed(0)
    made, other = network(), Average(network())
    other.module.load_state_dict(made.state_dict())
    other.update(made, 0.5)
    for a, b in zip(other.module.parameters(), made.parameters(), strict=True):
        assert torch.equal(a, b)


def test_ramp():
    assert ramped(0.999, 0) == 0.1
    assert ramped(0.999, 90) == pytest.approx(0.91)
    assert ramped(0.999, 10**6) == 0.999
