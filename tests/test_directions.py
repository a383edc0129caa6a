"""Directions: against scikit-learn, explicit eigen-decompositions, NumPy's least squares, and what was planted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor, nn

from gan_studio.config import ConfigError
from gan_studio.directions import (
    Direction,
    activations,
    attribute,
    axis,
    direction,
    effects,
    first_matrix,
    layers,
    load,
    pca,
    plain_numbers,
    principal,
    random,
    ranked,
    save,
    sefa,
)
from gan_studio.networks.dcgan import DcganGenerator
from gan_studio.networks.mlp import MlpGenerator
from gan_studio.networks.resnet import ResnetGenerator

Z_DIM = 6
GENERATORS = {
    "dcgan": DcganGenerator(width=4),
    "dcgan, spectral": DcganGenerator(width=4, spectral=True),
    "dcgan, no norm": DcganGenerator(width=4, norm="none"),
    "resnet": ResnetGenerator(width=4),
    "mlp": MlpGenerator(width=8),
}
every_network = pytest.mark.parametrize("spec", GENERATORS.values(), ids=GENERATORS)


def network_of(spec) -> nn.Module:
    torch.manual_seed(0)
    network = spec.build(Z_DIM, (3, 16, 16)).eval().requires_grad_(False)
    for buffer in (b for name, b in network.named_buffers() if name.endswith("running_var")):
        buffer.fill_(0.01)  # so that an untrained network's pictures differ
    return network


def latents(count: int, dim: int = Z_DIM, seed: int = 1) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def cosine(a, b) -> float:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b))


# --- layers and their activations ------------------------------------------------------------------------------------


@every_network
def test_the_layers_of_a_network_and_what_they_hold(spec) -> None:
    network, z = network_of(spec), latents(5)
    found = layers(network, z[:1])
    assert found[0].name == first_matrix(network)[0]
    for layer in found:
        A = torch.cat(list(activations(network, layer.name, z, batch=2)))
        assert A.shape == (5, np.prod(layer.shape)) and torch.isfinite(A).all()
    assert not any(module._forward_hooks for module in network.modules())


def test_what_a_layer_makes_is_kept_before_a_relu_writes_upon_it() -> None:
    network = nn.Sequential(nn.Linear(Z_DIM, 4), nn.ReLU(inplace=True))
    (A,) = activations(network, "0", latents(9))
    torch.testing.assert_close(A, network[0](latents(9)).detach())


# --- PCA -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "columns"), [(40, 12), (12, 40)])
def test_principal_components_equal_those_of_scikit_learn(rows: int, columns: int) -> None:
    A = latents(rows, columns) @ torch.diag(torch.linspace(3, 0.5, columns))
    scores, shares = principal(A, 5)
    theirs = PCA(5, whiten=True, svd_solver="full").fit(A.double().numpy())
    np.testing.assert_allclose(shares, theirs.explained_variance_ratio_, rtol=1e-6)
    expected = theirs.transform(A.double().numpy())
    for ours, other in zip(scores.numpy().T, expected.T, strict=True):
        np.testing.assert_allclose(ours * np.sign(ours @ other), other, atol=1e-5)


def test_principal_components_without_variance_are_left_out() -> None:
    scores, shares = principal(latents(20, 3) @ latents(3, 9), 8)
    assert scores.shape == (20, 3) and len(shares) == 3
    scores, _ = principal(torch.ones(5, 4), 3)
    assert scores.shape == (5, 0)


def test_pca_leads_back_to_the_latents_by_regression() -> None:
    network, z = network_of(GENERATORS["dcgan"]), latents(200)
    (name, *_) = [layer.name for layer in layers(network, z[:1])][1:]
    A = torch.cat(list(activations(network, name, z)))
    scores = PCA(3, whiten=True, svd_solver="full").fit_transform(A.double().numpy())
    design = np.column_stack([scores, np.ones(200)])
    expected = np.linalg.lstsq(design, z.double().numpy(), rcond=None)[0][:3]
    for ours, step in zip(pca(A, z, name, 3), expected, strict=True):
        np.testing.assert_allclose(ours.sigma, np.linalg.norm(step), rtol=1e-5)
        assert cosine(ours.vector, step) == pytest.approx(1, abs=1e-6)


def test_pca_of_a_linear_layer_finds_its_singular_vectors() -> None:
    network = nn.Linear(Z_DIM, 20)
    with torch.no_grad():
        network.weight.copy_(latents(20) @ torch.diag(torch.tensor([9.0, 6.0, 4.0, 2.5, 1.5, 1.0])))
    z = latents(20_000)
    found = pca(torch.cat(list(activations(network, "", z, batch=10_000))), z, "", 3)
    for ours, closed in zip(found, sefa(network, count=3), strict=True):
        assert cosine(ours.vector, closed.vector) > 0.99
        assert ours.sigma == pytest.approx(1, abs=0.03) and ours.share == pytest.approx(closed.share, abs=0.03)


# --- the closed form -------------------------------------------------------------------------------------------------


@every_network
def test_the_first_matrix_is_what_the_first_layer_does(spec) -> None:
    network = network_of(spec)
    name, A = first_matrix(network)
    z = torch.cat([torch.eye(Z_DIM), torch.zeros(1, Z_DIM)])
    made = torch.cat(list(activations(network, name, z))).double()
    torch.testing.assert_close((made[:-1] - made[-1]).T, A, rtol=1e-4, atol=1e-7)


@every_network
def test_sefa_equals_an_explicit_eigen_decomposition(spec) -> None:
    network = network_of(spec)
    _, A = first_matrix(network)
    values, vectors = np.linalg.eig(A.numpy().T @ A.numpy())
    order = np.argsort(-values.real)
    found = sefa(network, count=4)
    assert [one.found_by for one in found] == ["sefa"] * 4 and found[0].share >= found[1].share
    for k, one in enumerate(found):
        assert cosine(one.vector, vectors[:, order[k]].real) == pytest.approx(1, abs=1e-6)
        assert one.share == pytest.approx(values.real[order[k]] / values.real.sum(), rel=1e-6)


def test_sefa_says_where_there_is_nothing_to_factorise() -> None:
    with pytest.raises(ConfigError, match="by PCA instead"):
        sefa(nn.Sequential(nn.Conv2d(3, 3, 3), nn.Linear(3, 3)))


# --- the others ------------------------------------------------------------------------------------------------------


def test_random_directions_are_orthonormal_and_belong_to_their_seed() -> None:
    found = random(Z_DIM, 10, seed=3, spread=0.5)
    V = np.array([one.vector for one in found])
    np.testing.assert_allclose(V @ V.T, np.eye(Z_DIM), atol=1e-6)
    assert all(one.sigma == pytest.approx(0.5) for one in found)
    assert found == random(Z_DIM, 10, 3, 0.5) and found != random(Z_DIM, 10, 4, 0.5)


def test_an_axis_moves_one_entry_alone() -> None:
    assert torch.equal(axis(2, 4, spread=0.5).step(), torch.tensor([0.0, 0.0, 0.5, 0.0]))


def test_an_attribute_is_the_normal_of_the_least_squares_plane() -> None:
    z = latents(300)
    planted = torch.tensor([-3.0, 1.0, 0.0, 0.0, 0.0, 0.5])
    labels = (z @ planted + 0.2 * latents(300, 1, seed=2)[:, 0] > 0.4).long()
    found = attribute("smiles", z, labels)
    design = np.column_stack([z.numpy(), np.ones(300)]).astype(np.float64)
    expected = np.linalg.lstsq(design, labels.numpy().astype(np.float64), rcond=None)[0][:-1]
    np.testing.assert_allclose(found.vector, expected / np.linalg.norm(expected), atol=1e-6)
    assert float(np.array(found.vector) @ planted.numpy()) > 0.98 * float(planted.norm())  # also its sign
    assert 0.4 < found.share < 1


def test_the_same_direction_looks_the_same_whichever_way_it_was_found() -> None:
    step = latents(1)[0]
    assert direction("a", step, "pca") == direction("a", -step, "pca")
    torch.testing.assert_close(direction("a", step, "pca").step().abs(), step.abs())


# --- what they do ----------------------------------------------------------------------------------------------------


def test_effects_are_the_mean_change_of_a_pixel_and_the_dead_are_told() -> None:
    weights = torch.tensor([0.0, 0.001, 0.4, 0.1, 0.2, 0.0])

    def generate(z: Tensor) -> Tensor:
        return (0.1 * z * weights).sum(dim=1)[:, None, None, None].expand(-1, 3, 4, 4)

    measured = list(effects(generate, [axis(i, Z_DIM) for i in range(Z_DIM)], latents(5)))
    np.testing.assert_allclose([one.effect for one in measured], 127.5 * 0.1 * weights, rtol=1e-5)
    alive, dead = ranked(measured)
    assert [one.name for one in alive] == ["z 2", "z 4", "z 3"]
    assert [one.name for one in dead] == ["z 1", "z 0", "z 5"]
    assert ranked([]) == ([], [])
    assert ranked([axis(0, 2)]) == ([], [axis(0, 2)])


# --- files -----------------------------------------------------------------------------------------------------------


def test_numbers_come_back_as_the_very_same() -> None:
    z = torch.cat([latents(1)[0], torch.tensor([1e-38, -3e38, 0.0, 1 / 3, -0.0])])
    assert torch.equal(torch.tensor(json.loads(json.dumps(plain_numbers(z)))), z)


def test_a_file_of_directions_comes_back(tmp_path: Path) -> None:
    found = [random(Z_DIM, 1, 0)[0].renamed("älter & jünger"), axis(3, Z_DIM)]
    assert load(tmp_path / "directions.json", Z_DIM) == []
    save(tmp_path / "directions.json", found)
    assert load(tmp_path / "directions.json", Z_DIM) == found
    assert [path.name for path in tmp_path.iterdir()] == ["directions.json"]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"format": 1}', '{"format": "x", "directions": []}', '{"format": 1, "directions": 5}',
        '{"format": 1, "directions": [{"vector": ["a"]}]}', '{"format": 1, "directions": [{"vector": [NaN]}]}',
        '{"format": 1, "directions": [{"colour": 1}]}', "[" * 100_000, "\udc80",
    ],
)  # fmt: skip
def test_a_damaged_file_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "directions.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match="is damaged; delete it") as told:
        load(path, Z_DIM)
    assert len(told.value.problems) == 1


def test_a_file_for_other_latents_or_of_another_time_is_told(tmp_path: Path) -> None:
    path = tmp_path / "directions.json"
    save(path, [axis(0, 4)])
    with pytest.raises(ConfigError, match="another length than 6"):
        load(path, Z_DIM)
    path.write_text('{"format": 2, "directions": []}')
    with pytest.raises(ConfigError, match="newer GAN Studio"):
        load(path, Z_DIM)


def test_a_direction_with_sigma_zero_goes_nowhere() -> None:
    assert torch.equal(Direction(vector=(1.0, 0.0), sigma=0.0).step(), torch.zeros(2))
    assert direction("nothing", torch.zeros(3), "pca").vector == (0.0, 0.0, 0.0)
