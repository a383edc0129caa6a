"""mimicry's generators with classes: their pictures by a formula of our own, and a sentence for files that lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gan_studio import classes
from gan_studio.config import ConfigError
from gan_studio.importers import read

Weights = dict[str, Tensor]

# --- the formula: every sample for itself, in float64 ----------------------------------------------------------------


def by_hand(weights: Weights, z: Tensor, w: Tensor) -> Tensor:
    """[N, 3, H, W] of latents [N, z_dim] and shares [N, classes]."""
    P = {name: tensor.double() for name, tensor in weights.items()}
    for name in [name for name in P if name.endswith(".weight_orig")]:
        bare, W = name.removesuffix("_orig"), P[name]
        sigma = sum(
            P[f"{bare}_u"][i] * P[f"{bare}_v"][j] * W.flatten(1)[i, j]
            for i in range(len(W))
            for j in range(W[0].numel())
        )
        P[bare] = W / sigma
    return torch.stack([_one(P, row, shares) for row, shares in zip(z.double(), w.double(), strict=True)])


def _one(P: Weights, z: Tensor, w: Tensor) -> Tensor:
    def bilinear(x: Tensor) -> Tensor:
        return functional.interpolate(x[None], scale_factor=2, mode="bilinear", align_corners=False)[0]

    def convolved(x: Tensor, name: str, padding: int) -> Tensor:
        return functional.conv2d(x[None], P[f"{name}.weight"], P.get(f"{name}.bias"), padding=padding)[0]

    def normed(x: Tensor, name: str) -> Tensor:
        mean, variance = P[f"{name}.running_mean"], P[f"{name}.running_var"]
        return (x - mean[:, None, None]) / (variance + 1e-5).sqrt()[:, None, None]

    def of_classes(x: Tensor, name: str) -> Tensor:
        """The blend of what each class alone makes of x: batch norm is linear in its gains and biases."""
        h, E = normed(x, f"{name}.bn"), P[f"{name}.embed.weight"]
        each = [E[k, : len(x), None, None] * h + E[k, len(x) :, None, None] for k in range(len(E))]
        return sum(share * one for share, one in zip(w, each, strict=True))

    def looked_around(x: Tensor) -> Tensor:
        theta, phi, g = (convolved(x, f"attn_block.{name}", 0) for name in ("theta", "phi", "g"))
        keys, values = (functional.max_pool2d(part[None], 2)[0].flatten(1) for part in (phi, g))
        seen = torch.empty(len(g), *x.shape[1:], dtype=x.dtype)
        for i in range(x.shape[1]):
            for j in range(x.shape[2]):
                heed = (theta[:, i, j] @ keys).exp()
                seen[:, i, j] = values @ (heed / heed.sum())
        return x + P["attn_block.gamma"] * convolved(seen, "attn_block.o", 0)

    blocks = sum(name.endswith(".c1.bias") for name in P)
    x = (P["l1.weight"] @ z + P["l1.bias"]).view(-1, 4, 4)
    for i in range(2, blocks + 2):
        h = convolved(bilinear(of_classes(x, f"block{i}.b1").relu()), f"block{i}.c1", 1)
        h = convolved(of_classes(h, f"block{i}.b2").relu(), f"block{i}.c2", 1)
        x = h + convolved(bilinear(x), f"block{i}.c_sc", 0)
        if "attn_block.gamma" in P and i == {3: 3, 5: 4}[blocks]:
            x = looked_around(x)
    last = f"b{blocks + 2}"
    x = normed(x, last) * P[f"{last}.weight"][:, None, None] + P[f"{last}.bias"][:, None, None]
    return convolved(x.relu(), f"c{blocks + 2}", 1).tanh()


# --- what is read ----------------------------------------------------------------------------------------------------

KINDS = {
    "cGAN, 32 px": {},
    "cGAN, 128 px": {"widths": (8, 8, 4, 2, 2, 1)},
    "SAGAN, 32 px": {"attention": 8},
    "SAGAN, 128 px": {"widths": (16, 16, 16, 8, 2, 1), "attention": 8},
}


def written(path: Path, weights: dict[str, Any]) -> Path:
    torch.save({"model_state_dict": weights, "global_step": 300}, path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_each_class_and_each_blend_is_what_the_formula_says(
    tmp_path: Path, class_weights: Callable[..., Weights], kind: str
) -> None:
    weights = class_weights(**KINDS[kind])
    found = read(written(tmp_path / "netG_300_steps.pth", weights))
    z = found.latent.seeded(6, 0)
    rng = torch.Generator().manual_seed(1)
    blends = torch.rand(2, 4, generator=rng).softmax(dim=1)
    w = torch.cat([torch.eye(4), blends])  # the four classes, and two blends of all
    x = found.network(torch.cat([z, w], dim=1))
    torch.testing.assert_close(x.double(), by_hand(weights, z, w), atol=1e-5, rtol=0)
    same = found.network(torch.cat([z[:1].expand(4, -1), torch.eye(4)], dim=1))
    assert (same[0] - same[1:]).abs().amax(dim=(1, 2, 3)).min() > 0.05  # the class is seen


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_told_of_them(tmp_path: Path, class_weights: Callable[..., Weights], kind: str) -> None:
    found = read(written(tmp_path / "netG_300_steps.pth", class_weights(**KINDS[kind])))
    side = int(kind.split()[1])
    assert found.format == "mimicry" and found.shape == (3, side, side) and found.latent.dim == 5 and found.step == 300
    assert "4 classes" in found.inferred and classes.count(found.network) == 4
    assert any(("projection" if "cGAN" in kind else "SAGAN") in line for line in found.inferred)
    assert "what its classes are called" in found.unknown and not any("sigmoid" in line for line in found.unknown)


def test_a_blend_of_classes_is_the_class_of_the_blended_embeddings(
    tmp_path: Path, class_weights: Callable[..., Weights]
) -> None:
    """By hand: 0.6 of class 1's row and 0.4 of class 3's, written into the file as a class of its own."""
    weights = class_weights()
    blended = {
        name: torch.cat([tensor, (0.6 * tensor[1] + 0.4 * tensor[3])[None]]) if "embed" in name else tensor
        for name, tensor in weights.items()
    }
    ours, theirs = (
        read(written(tmp_path / name, state)).network for name, state in (("a.pth", weights), ("b.pth", blended))
    )
    assert isinstance(ours, classes.ByClass) and isinstance(theirs, classes.ByClass)
    z = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    x = ours.of(((1, 0.6), (3, 0.4)))(z)
    torch.testing.assert_close(x, theirs.of(classes.one(4))(z), atol=1e-6, rtol=0)
    between = (ours.of(classes.one(1))(z) + ours.of(classes.one(3))(z)) / 2
    assert (x - between).abs().max() > 0.05  # which is another thing than mixing pictures


def test_choosing_classes_copies_no_weights(class_file: Path) -> None:
    G = read(class_file).network
    assert isinstance(G, classes.ByClass)
    other = G.of(classes.one(2))
    assert all(a is b for a, b in zip(G.parameters(), other.parameters(), strict=True))
    assert [name for name, _ in G.named_modules()] == [name for name, _ in other.named_modules()]


def test_normalised_weights_are_divided_once(tmp_path: Path, class_weights: Callable[..., Weights]) -> None:
    network = read(written(tmp_path / "G.pth", class_weights(attention=8))).network
    names = network.state_dict().keys()
    assert "block2.c1.weight" in names and not any(name.endswith(("_orig", "_u", "_v")) for name in names)


def test_reading_draws_from_no_generator_of_others(tmp_path: Path, class_weights: Callable[..., Weights]) -> None:
    path = written(tmp_path / "G.pth", class_weights(attention=8))
    before = torch.get_rng_state()
    read(path)
    assert torch.equal(torch.get_rng_state(), before)


# --- files that lie --------------------------------------------------------------------------------------------------


def told(path: Path) -> str:
    """The one sentence of a ConfigError, which names the file."""
    with pytest.raises(ConfigError) as error:
        read(path)
    assert len(error.value.problems) == 1 and "\n" not in str(error.value) and len(str(error.value)) < 300
    assert path.name in str(error.value)
    return str(error.value)


EMBEDDING = "block2.b1.embed.weight"


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({EMBEDDING: torch.ones(5, 16)}, "block2.b2.embed.weight is 4 x 16 and not 5 x 16"),
        ({EMBEDDING: torch.ones(4, 8)}, "block2.b1.embed.weight is 4 x 8 and not 4 x 16"),
        ({EMBEDDING: torch.ones(4097, 16)}, "no list of up to 4,096 classes"),
        ({EMBEDDING: torch.ones(1, 1).expand(2**40, 16)}, "claims more numbers than it holds"),
        ({EMBEDDING: torch.ones(16)}, "no list of up to 4,096 classes"),
        ({EMBEDDING: torch.ones(0, 16)}, "empty"),
        ({EMBEDDING: None}, "no list of up to 4,096 classes"),
        ({EMBEDDING: torch.full((4, 16), torch.nan)}, "not numbers"),
        ({"block3.b2.embed.weight": None}, "block3.b2.embed.weight is missing"),
        ({"block3.b1.bn.running_var": torch.ones(9)}, "block3.b1.bn.running_var is 9 and not 8"),
        ({"block3.b1.bn.weight": torch.ones(8)}, "block3.b1.bn.weight is too many"),
        ({"b5.weight": None}, "b5.weight is missing"),
        ({"l_y.weight": torch.ones(4, 8)}, "l_y.weight is too many"),
        ({"block1.c1.weight": torch.ones(4, 3, 3, 3)}, "is a discriminator"),
    ],
)  # fmt: skip
def test_a_generator_that_nearly_fits_is_not_half_loaded(
    tmp_path: Path, class_weights: Callable[..., Weights], change: dict[str, Any], sentence: str
) -> None:
    weights = class_weights() | change
    assert sentence in told(
        written(tmp_path / "G.pth", {n: tensor for n, tensor in weights.items() if tensor is not None})
    )


@pytest.mark.parametrize(
    "kind, change, sentence",
    [
        ({"widths": (8, 8, 8, 8, 8)}, {}, "other layers than that for 32 or 128 px"),
        ({"widths": (4, 4, 4, 4)}, {}, "other layers than that for 32 or 128 px"),
        ({}, {"attn_block.o.weight_orig": torch.ones(8, 5, 1, 1)}, "attn_block.o.weight_orig is 8 x 5 x 1 x 1"),
        ({}, {"attn_block.gamma": torch.ones(2)}, "attn_block.gamma is 2 and not one number"),
        ({}, {"attn_block.gamma": None}, "attn_block.gamma is missing"),
        ({}, {"c5.weight_u": None}, "c5.weight_u is missing"),
        ({}, {"l1.weight": torch.ones(128, 5)}, "l1.weight is too many"),
        ({}, {"l1.weight_orig": torch.ones(128)}, "other layers than mimicry's ResNet"),
        ({}, {"c5.weight_v": torch.zeros(72)}, "pictures that are not numbers"),
        ({}, {EMBEDDING: None}, "no list of up to 4,096 classes"),
    ],
)  # fmt: skip
def test_nor_one_with_attention(
    tmp_path: Path, class_weights: Callable[..., Weights], kind: dict[str, Any], change: dict[str, Any], sentence: str
) -> None:
    weights = class_weights(**{"attention": 8} | kind) | change
    assert sentence in told(
        written(tmp_path / "G.pth", {n: tensor for n, tensor in weights.items() if tensor is not None})
    )


def test_a_cgan_without_its_classes_is_told(tmp_path: Path, class_weights: Callable[..., Weights]) -> None:
    weights = {name: tensor for name, tensor in class_weights().items() if "embed" not in name}
    assert "is missing" in told(written(tmp_path / "G.pth", weights))
