"""Finding directions in a snapshot: each way, labels that are read off pictures, and what the run keeps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from gan_studio import directions
from gan_studio.config import ConfigError
from gan_studio.directions import ranked
from gan_studio.jobs.events import Progress
from gan_studio.jobs.explore import pictures
from gan_studio.jobs.find_directions import (
    RIDGE,
    WAYS,
    Finding,
    area_under_roc,
    file_of,
    find,
    keep,
    kept,
    layers,
    learnt,
    replace,
    small,
)
from gan_studio.jobs.snapshots import open_snapshot

QUICK = {"count": 3, "samples": 64, "labelled": 256, "measured": 2}


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


def found_by(snapshot, **changes) -> list[directions.Direction]:
    work = find(snapshot, Finding.parse(QUICK | changes))
    while True:
        try:
            assert isinstance(next(work), Progress)
        except StopIteration as done:
            return done.value


@pytest.mark.parametrize("way", [way for way in WAYS if way != "attribute"])
def test_every_way_finds_directions_with_their_effects(snapshot, way: str) -> None:
    found = found_by(snapshot, ways=[way])
    assert len(found) == 3 and all(one.found_by == way and len(one.vector) == 6 for one in found)
    z = snapshot.latents(2, 0)
    assert all(one.effect > 0 and one.sigma > 0 for one in found)
    moved = pictures(z + 2 * found[0].step(), snapshot).astype(int) - pictures(z, snapshot)
    assert np.abs(moved).mean() == pytest.approx(2 * found[0].effect, rel=0.6)
    assert found == found_by(snapshot, ways=[way])
    assert len(ranked(found)[0]) >= 1


def test_pca_looks_at_the_chosen_layer(snapshot) -> None:
    names = [layer.name for layer in layers(snapshot)]
    assert len(names) == 2
    first, last = (found_by(snapshot, ways=["pca"], layer=name) for name in names)
    assert first[0].layer == names[0] and last[0].layer == names[1] and first[0].vector != last[0].vector
    with pytest.raises(ConfigError, match=f"has no layer nine; it has: {names[0]}, {names[1]}"):
        found_by(snapshot, ways=["pca"], layer="nine")


def test_several_ways_come_in_their_order(snapshot) -> None:
    assert [one.found_by for one in found_by(snapshot, ways=["random", "sefa"], count=1)] == ["random", "sefa"]


# --- labels ----------------------------------------------------------------------------------------------------------


def test_labels_are_read_as_by_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 10)).astype(np.float32)
    has = X[:, 0] - 2 * X[:, 3] + 0.5 * rng.normal(size=400) > 0
    reader = learnt("tall", torch.from_numpy(X), torch.from_numpy(has))
    assert reader is not None
    A = X[100:] - X[100:].mean(axis=0)
    theirs = Ridge(alpha=RIDGE * 300 * (A**2).mean(), solver="cholesky").fit(A, has[100:].astype(float))
    np.testing.assert_allclose(reader.weight, theirs.coef_, atol=1e-4)
    scores = reader.score(torch.from_numpy(X[:100]))
    assert reader.auc == pytest.approx(roc_auc_score(has[:100], scores)) and reader.auc > 0.9


def test_the_area_is_that_of_scikit_learn_and_defined_without_pairs() -> None:
    rng = np.random.default_rng(1)
    scores, has = rng.normal(size=50), rng.random(50) < 0.3
    ours = area_under_roc(torch.from_numpy(scores), torch.from_numpy(has))
    assert ours == pytest.approx(roc_auc_score(has, scores))
    assert area_under_roc(torch.from_numpy(scores), torch.ones(50, dtype=torch.bool)) == 0.0


def test_labels_that_pictures_do_not_show_are_left_out() -> None:
    rng = torch.Generator().manual_seed(0)
    X = torch.randn(400, 10, generator=rng)
    assert learnt("lucky", X, torch.rand(400, generator=rng) < 0.5) is None
    assert learnt("never", X, torch.zeros(400)) is None
    assert learnt("blank", torch.zeros(400, 10), X[:, 0] > 0) is None


def test_attributes_of_the_data_become_directions(snapshot) -> None:
    found = found_by(snapshot, ways=["attribute"], labelled=1024)
    names = [one.name for one in found]
    assert "class: 0" in names and len(names) >= 8 and all(one.found_by == "attribute" for one in found)
    # Going along it, the reader of the digit sees more of it.
    zero = found[names.index("class: 0")]
    data = snapshot.config.data.prepare()
    while True:
        try:
            next(data)
        except StopIteration as done:
            dataset = done.value
            break
    batch = dataset.batch(1024, 0, 5)
    reader = learnt("0", small(batch.x), batch.y == 0)
    z = snapshot.latents(64, 900)
    more, less = (reader.score(small(snapshot.generate(z + sign * zero.step()))) for sign in (1, -1))
    assert (more > less).float().mean() > 0.8


def test_data_without_labels_are_told(snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    from gan_studio.data.images import ImageDataset

    def unlabelled(self):
        yield Progress(0, 1, "x")
        return ImageDataset(np.zeros((70, 1, 16, 16), np.uint8))

    monkeypatch.setattr(type(snapshot.config.data), "prepare", unlabelled)
    with pytest.raises(ConfigError, match="have no labels"):
        found_by(snapshot, ways=["attribute"])


def test_it_can_be_cancelled(snapshot) -> None:
    work = find(snapshot, Finding())
    next(work)
    work.close()
    assert not any(module._forward_hooks for module in snapshot.network.modules())


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_the_run_keeps_directions_and_those_that_got_a_name(snapshot) -> None:
    assert kept(snapshot) == []
    first, second = found_by(snapshot, ways=["random"], count=2)
    assert keep(snapshot, [first.renamed("age"), second]) == [first.renamed("age"), second]
    third = first.renamed("Random 2")
    assert keep(snapshot, [third]) == [first.renamed("age"), third] == kept(snapshot)
    replace(snapshot, [])
    assert kept(snapshot) == []
    file_of(snapshot).write_text("{")
    with pytest.raises(ConfigError, match="is damaged"):
        keep(snapshot, [third])
