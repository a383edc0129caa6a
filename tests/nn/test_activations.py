"""What is seen of a network on the way to its answer."""

import torch
from torch import nn

from gan_studio.nn.activations import layer_inputs


def test_what_reaches_each_layer_but_the_pixels() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(4, 5, 3, bias=False), nn.BatchNorm2d(5),
        nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(20, 1),
    ).eval()  # fmt: skip
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    found = layer_inputs(network, lambda: network(x))
    first = nn.functional.leaky_relu(network[0](x), 0.2)
    assert [tuple(maps.shape) for maps in found] == [(2, 4, 4, 4), (2, 20)]
    torch.testing.assert_close(found[0], first)
    torch.testing.assert_close(found[1], network[3](network[2](first)).relu().flatten(1))
    (gradient,) = torch.autograd.grad(found[1].sum(), x)
    assert gradient.abs().sum() > 0
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_a_shortcut_for_the_pixels_is_left_out() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(3, 4, 1)

        def forward(self, x):
            small = nn.functional.avg_pool2d(x, 2)
            return nn.functional.avg_pool2d(self.b(self.a(x).relu()), 2) + self.c(small)

    block = Block()
    x = torch.randn(1, 3, 4, 4)
    (only,) = layer_inputs(block, lambda: block(x))
    torch.testing.assert_close(only, block.a(x).relu())
