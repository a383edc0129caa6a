"""Networks built to be filled: nobody else's random numbers move, and what is drawn for long ends."""

from __future__ import annotations

import threading

import torch
from torch import nn

from gan_studio.nn.undrawn import Undrawn


def built() -> nn.Module:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
    nn.init.trunc_normal_(network[3].weight, std=0.02)
    nn.init.kaiming_normal_(tensor=network[0].weight)
    network[0].weight.data.normal_(0, 0.1)
    return network


def test_nothing_is_taken_from_the_global_generator_and_all_can_be_filled() -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    with Undrawn():
        network = built()
    assert torch.equal(torch.get_rng_state(), state)
    wanted = built()
    network.load_state_dict(wanted.state_dict())
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(network.eval()(x), wanted.eval()(x))


def test_other_threads_draw_as_ever() -> None:
    torch.manual_seed(0)
    wanted = torch.randn(5)
    torch.manual_seed(0)
    found = []
    with Undrawn():
        thread = threading.Thread(target=lambda: found.append(torch.empty(5).normal_()))
        thread.start()
        thread.join()
    assert torch.equal(found[0], wanted)
