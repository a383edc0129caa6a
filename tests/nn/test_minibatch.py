"""Minibatch discrimination against the formula of the paper, and within the discriminators that offer it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from gan_studio.networks import DISCRIMINATORS
from gan_studio.nn.gradients import gradient_norm
from gan_studio.nn.minibatch import DIMENSIONS, MOMENTUM, MinibatchDiscrimination


def test_the_formula_of_the_paper() -> None:
    torch.manual_seed(0)
    N, A, B = 5, 3, 4
    layer, f = MinibatchDiscrimination(A, B), torch.randn(N, A)
    T = layer.T.weight.detach().numpy().reshape(B, DIMENSIONS, A)
    M = np.einsum("na,bca->nbc", f.numpy(), T)
    o = np.zeros((N, B))
    for i in range(N):
        for b in range(B):
            o[i, b] = sum(np.exp(-np.abs(M[i, b] - M[j, b]).sum()) for j in range(N))
    y = layer(f)
    assert torch.equal(y[:, :A], f)
    np.testing.assert_allclose(y[:, A:].detach().numpy(), o, rtol=1e-5)
    np.testing.assert_allclose(layer.usual.numpy(), 1 + MOMENTUM * (o.mean(axis=0) - 1), rtol=1e-5)


def test_a_collapsed_batch_is_seen() -> None:
    layer = MinibatchDiscrimination(3, 4)
    spread, collapsed = torch.randn(8, 3) * 10, torch.ones(8, 3)
    assert torch.allclose(layer(collapsed)[:, 3:], torch.tensor(8.0))
    assert layer(spread)[:, 3:].mean() < 4


def test_in_evaluation_each_sample_is_judged_alone() -> None:
    layer = MinibatchDiscrimination(3, 4)
    layer(torch.randn(8, 3))
    layer.eval()
    f = torch.randn(6, 3)
    together, usual = layer(f), layer.usual.clone()
    assert torch.equal(together, torch.cat([layer(f[:2]), layer(f[2:])]))
    assert torch.equal(layer.usual, usual)


@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize(("kind", "shape"), [("mlp", (2,)), ("mlp", (1, 8, 8)), ("dcgan", (3, 16, 16))])
def test_discriminators_with_it(kind: str, shape: tuple[int, ...], spectral: bool) -> None:
    values: dict[str, Any] = {"kind": kind, "width": 4, "norm": "none", "spectral": spectral, "minibatch_kernels": 6}
    torch.manual_seed(0)
    spec = DISCRIMINATORS.parse(values)
    D, other, x = spec.build(shape), spec.build(shape), torch.randn(3, *shape)
    logits = D(x)
    assert logits.shape == (3,) and logits.dtype == torch.float32
    gradient_norm(D, x).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in D.parameters() if p.ndim > 1)
    other.load_state_dict(safetensors.torch.load(safetensors.torch.save(D.state_dict())))
    assert torch.equal(D.eval()(x), other.eval()(x))
    with torch.autocast("cpu", torch.bfloat16):
        assert D.train()(x).dtype == torch.float32


def test_hidden_layers_begin_as_without_it() -> None:
    """So that a race compares like with like."""
    networks = []
    for kernels in (0, 6):
        torch.manual_seed(0)
        values = {"kind": "mlp", "width": 4, "minibatch_kernels": kernels}
        networks.append(DISCRIMINATORS.parse(values).build((2,)))
    for i in (0, 3):
        assert torch.equal(networks[0].main[i].weight, networks[1].main[i].weight)
