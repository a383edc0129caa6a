"""Packs of samples."""

import torch

from gan_studio.nn.packing import filled_up, of_copies, packed, packed_shape


def test_packs_of_one_are_the_samples() -> None:
    x = torch.randn(4, 3, 2, 2)
    assert packed(x, 1) is x and packed_shape((3, 2, 2), 1) == (3, 2, 2)


def test_neighbours_share_a_pack() -> None:
    x = torch.randn(7, 3, 2, 2)
    y = packed(x, 2)
    assert y.shape[1:] == packed_shape((3, 2, 2), 2) == (6, 2, 2)
    assert torch.equal(y, torch.stack([torch.cat([x[i], x[i + 1]]) for i in (0, 2, 4)]))
    points = torch.randn(6, 2)
    assert torch.equal(packed(points, 3), torch.cat([points[0::3], points[1::3], points[2::3]], dim=1))


def test_copies_and_full_packs() -> None:
    x = torch.randn(4, 2, requires_grad=True)
    assert torch.equal(of_copies(x, 3), packed(x.repeat_interleave(3, dim=0), 3))
    full = filled_up(x, 3)
    assert torch.equal(full, torch.cat([x, x[:2]]))
    full.sum().backward()
    assert torch.equal(x.grad, torch.ones(4, 2))
    assert filled_up(x, 2).shape == (4, 2)
