"""Minibatch discrimination: how close each sample is to the others of its batch. Salimans et al. 2016, section 3.2."""

from __future__ import annotations

import functools

import torch
from torch import Tensor, nn

DIMENSIONS = 5  # C of each kernel, as in the published code
MOMENTUM = 0.1  # of the running mean, as in batch norm


class MinibatchDiscrimination(nn.Module):
    """Features [N, A] -> [N, A + B], with o(x_i)_b = sum_j exp(-|M_ib - M_jb|_1) of M = f T, [N, B, C], beside them.

    In evaluation mode a sample is judged alone, with the o that is usual: a running mean of training. Then the answer
    does not depend on what else is asked.
    """

    usual: Tensor  # [B]

    def __init__(self, features: int, kernels: int):
        super().__init__()
        self.kernels = kernels
        self.T = nn.Linear(features, kernels * DIMENSIONS, bias=False)  # a bias falls out of all differences
        self.register_buffer("usual", torch.ones(kernels))  # of a sample whose batch is far away

    def forward(self, f: Tensor) -> Tensor:
        if not self.training:
            return torch.cat([f, self.usual.to(f.dtype).expand(len(f), -1)], dim=1)
        M = self.T(f).float().unflatten(1, (self.kernels, DIMENSIONS)).permute(2, 1, 0).contiguous()  # [C, B, N]
        each = ((m[:, :, None] - m[:, None, :]).abs() for m in M)  # C times [B, N, N]
        apart = functools.reduce(torch.add, each)  # |M_ib - M_jb|_1
        o = apart.neg().exp().sum(dim=2).T  # [N, B]
        with torch.no_grad():
            self.usual.lerp_(o.mean(dim=0), MOMENTUM)
        return torch.cat([f, o.to(f.dtype)], dim=1)
