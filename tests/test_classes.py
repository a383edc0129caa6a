"""Shares of classes: from words and numbers and back, and a sentence for what is none."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan_studio.classes import ByClass, checked, count, dense, listed, one, parsed, single, sparse, told
from gan_studio.config import ConfigError


class Sum(ByClass):
    """Tells what it was given."""

    def __init__(self) -> None:
        super().__init__(z_dim=2, classes=3)

    def drawn(self, z: Tensor, w: Tensor) -> Tensor:
        return torch.cat([10 * z, w], dim=1)


def test_a_network_takes_rows_or_latents_of_the_chosen_classes() -> None:
    G, z = Sum(), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert G(z).tolist() == [[10, 20, 1, 0, 0], [30, 40, 1, 0, 0]]
    w = torch.tensor([[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]])
    assert torch.equal(G(torch.cat([z, w], dim=1))[:, 2:], w)
    other = G.of(((0, 0.25), (2, 0.75)))
    assert other(z)[:, 2:].tolist() == [[0.25, 0, 0.75]] * 2
    assert G(z)[0, 2:].tolist() == [1, 0, 0]  # as it was
    assert torch.equal(other(torch.cat([z, w], dim=1))[:, 2:], w)
    assert count(G) == 3 and count(torch.nn.Identity()) == 0


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=9))
def test_shares_come_back_to_the_last_bit(numbers: list[float]) -> None:
    w = torch.tensor(numbers, dtype=torch.float32)
    assert torch.equal(dense([sparse(w)], len(w))[0], w)


def test_shares_in_words() -> None:
    assert [told(shares) for shares in (one(3), ((3, 0.6), (7, 0.4)), ((1, 0.2), (2, 0.3), (1000, 0.5)), ())] == [
        "3", "3 → 7, 40 %", "1, 2 and 1,000", ""
    ]  # fmt: skip
    assert parsed("3") == one(3)
    assert parsed("3:0.6,7:0.4") == ((3, 0.6), (7, 0.4))
    assert parsed(" 3, 7 ") == ((3, 0.5), (7, 0.5))
    assert listed("0,2, 1", 3) == [0, 2, 1] and listed("all", 3) == [0, 1, 2]
    assert single(one(3)) == 3 == single(((3, 1.0), (7, 0.0))) == single(((3, 0.5), (3, 0.5)))
    assert single(((3, 0.6), (7, 0.4))) is None and single(()) is None


@pytest.mark.parametrize("text", ["", "x", "3:", "3:x", "-1", "3:-1", "3:0", "3:nan", "3:inf", "1.5", "3,,7", "3:1e9"])
def test_what_names_no_class_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match=r"such as 3:0\.6,7:0\.4"):
        parsed(text)


def test_classes_that_are_not_there_are_told() -> None:
    assert checked((), 0) == () and checked(one(2), 3) == one(2)
    with pytest.raises(ConfigError, match="This generator has no classes, and class 2 is asked for"):
        checked(one(2), 0)
    with pytest.raises(ConfigError, match="There is no class 3: this generator's go from 0 to 2"):
        checked(((1, 0.5), (3, 0.5)), 3)
    with pytest.raises(ConfigError, match="must add up to 1"):
        checked(((1, 0.5), (2, 0.4)), 3)
    for text, classes in (("x", 3), ("0,,1", 3), ("", 3)):
        with pytest.raises(ConfigError, match="such as 0,1,2"):
            listed(text, classes)
    for text, classes in (("all", 0), ("0", 0), ("3", 3), ("-1", 3)):
        with pytest.raises(ConfigError, match="no class"):
            listed(text, classes)
