"""Every feature network of the shelf: what an eye promises, whoever looks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_studio.config import ConfigError
from gan_studio.data import digits
from gan_studio.data.images import ImageDataset
from gan_studio.feature_networks import FEATURE_NETWORKS, digest, with_channels
from gan_studio.feature_networks.own_classifier import OwnClassifier
from gan_studio.jobs.together import exhausted

CPU = torch.device("cpu")
DATA = digits.Digits(size=8)
FAST: dict[str, dict[str, object]] = {"own-classifier": {"steps": 3, "most": 64, "width": 8}}
# Another choice of the same network: it sees otherwise.
OTHERS = {
    "pixels": {"most": 16},
    "random-convolutions": {"most": 256},
    "own-classifier": {"seed": 1},
    "torchvision-classifier": {"weights": "SqueezeNet1_1_Weights.IMAGENET1K_V1"},
}
KINDS = [entry.kind for entry in FEATURE_NETWORKS if entry.kind != "auto"]  # which is one of the others
every_network = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True, scope="module")
def inceptions_file(inception_made_here):
    FAST["inception"] = {"weights": str(inception_made_here)}


def spec(kind: str, **changes):
    return FEATURE_NETWORKS.parse({"kind": kind, **FAST.get(kind, {}), **changes})


def ready(kind: str, **changes):
    return exhausted(spec(kind, **changes).prepare(DATA, CPU))


def pictures(count: int, shape=(8, 8, 1), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


@every_network
def test_an_eye_says_what_it_sees_of_each_picture(kind: str) -> None:
    eye = ready(kind)
    looked = eye.look(pictures(5))
    assert eye.name and eye.id and eye.preprocessing and eye.called("Distance") == f"Distance ({eye.name})"
    assert looked.rows.dtype == np.float32 and looked.rows.shape[0] == 5 and looked.rows.shape[1] > 1
    assert np.isfinite(looked.rows).all() and len(np.unique(looked.rows.round(5), axis=0)) == 5
    if looked.chances is None:
        assert not eye.classes
        return
    assert looked.chances.dtype == np.float32 and len(looked.chances) == 5
    assert len(eye.classes) in (0, looked.chances.shape[1])
    np.testing.assert_allclose(looked.chances.sum(axis=1), 1, atol=1e-5)


@every_network
def test_a_picture_looks_the_same_alone_as_among_others_and_again(kind: str) -> None:
    eye = ready(kind)
    eye.batch = 3
    drawn = pictures(4)
    drawn.flags.writeable = False
    together, again = eye.look(drawn), ready(kind).look(drawn)
    alone = [eye.look(drawn[i : i + 1]) for i in range(len(drawn))]
    for name in ("rows", "chances"):
        if getattr(together, name) is not None:
            whole = getattr(together, name)
            np.testing.assert_allclose(
                np.concatenate([getattr(one, name) for one in alone]), whole, rtol=1e-4, atol=1e-5
            )
            np.testing.assert_allclose(getattr(again, name), whole, rtol=1e-4, atol=1e-5)


@every_network
def test_it_leaves_everybody_elses_state_alone(kind: str) -> None:
    torch.manual_seed(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    np.random.seed(0)  # the old global generator is one of the things that may not move
    numbers = np.random.get_state()[1].copy()
    with torch.enable_grad():
        ready(kind).look(pictures(2))
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
    assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == threads
    assert (np.random.get_state()[1] == numbers).all() and torch.get_default_device() == CPU


@pytest.mark.parametrize("kind", OTHERS)
def test_another_choice_is_another_eye_and_the_same_choice_the_same(kind: str) -> None:
    first, same, other = ready(kind), ready(kind), ready(kind, **OTHERS[kind])
    assert first.id == same.id != other.id
    assert first.id.startswith(kind)


def test_no_two_networks_share_an_id() -> None:
    ids = [ready(kind).id for kind in KINDS]
    assert len(set(ids)) == len(ids) > 2


@every_network
def test_it_stands_in_files(kind: str) -> None:
    network = spec(kind)
    assert FEATURE_NETWORKS.parse(network.plain()) == network
    assert network.title and network.about.endswith(".")


@every_network
@pytest.mark.parametrize("shape", [(8, 8, 3), (8, 8, 4), (13, 9, 1), (40, 40, 3)])
def test_pictures_of_other_sizes_and_channels_are_looked_at(kind: str, shape) -> None:
    looked = ready(kind).look(pictures(2, shape))
    assert len(looked.rows) == 2 and np.isfinite(looked.rows).all()


@every_network
def test_what_is_missing_is_a_sentence_and_nothing_runs(kind: str) -> None:
    network = spec(kind)
    if lacking := network.missing(None):
        assert lacking.endswith(".")
        with pytest.raises(ConfigError) as told:
            exhausted(network.prepare(None, CPU))
        assert str(told.value) == lacking
    else:
        assert exhausted(network.prepare(None, CPU)).look(pictures(2)).rows.shape[0] == 2


# --- what suits ------------------------------------------------------------------------------------------------------


def test_a_classifier_suits_data_with_labels_and_random_convolutions_all_others(monkeypatch) -> None:
    fast, real = spec("own-classifier"), OwnClassifier.prepare
    monkeypatch.setattr(OwnClassifier, "prepare", lambda self, *given: real(fast, *given))
    auto = spec("auto")
    assert exhausted(auto.prepare(DATA, CPU)).id == ready("own-classifier").id
    for source in (None, Unlabelled()):
        assert exhausted(auto.prepare(source, CPU)).id == ready("random-convolutions").id


class Unlabelled(digits.Digits):
    def prepare(self):
        dataset = yield from super().prepare()
        return ImageDataset(dataset.pixels)


# --- bricks ----------------------------------------------------------------------------------------------------------


def test_grey_becomes_colour_and_back_and_transparency_lies_over_white() -> None:
    grey = torch.from_numpy(pictures(2)).permute(0, 3, 1, 2)
    assert (with_channels(grey, 3) == grey).all() and with_channels(grey, 3).shape[1] == 3
    assert torch.equal(with_channels(with_channels(grey, 3), 1), grey)
    clear = torch.cat([grey.expand(-1, 3, -1, -1), torch.zeros_like(grey)], dim=1)
    assert (with_channels(clear, 3) == 255).all() and (with_channels(clear, 1) == 255).all()
    opaque = with_channels(grey, 4)
    assert (opaque[:, 3] == 255).all() and torch.equal(with_channels(opaque, 1), grey)


def test_the_name_of_weights_follows_every_number_of_them() -> None:
    weights = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(7)}
    name = digest(weights)
    assert digest({"b": torch.tensor(7), "a": torch.arange(6.0).reshape(2, 3)}) == name
    assert digest(weights | {"b": torch.tensor(8)}) != name
    assert digest(weights | {"a": torch.arange(6.0).reshape(3, 2)}) != name
