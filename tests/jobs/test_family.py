"""Relatives of pictures against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_studio.config import ConfigError
from gan_studio.directions import random
from gan_studio.jobs.explore import latent, render, view_of
from gan_studio.jobs.family import COUNT, Analogy, Around, Crossed, family
from gan_studio.jobs.snapshots import open_snapshot


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


@pytest.fixture
def views(snapshot):
    """The second is truncated and edited, which is passed on."""
    plain = view_of(snapshot)
    return plain, plain.at_seed(5).with_values({"psi": 0.5}).edited(random(6, 1, 0)[0], 1.5), plain.at_seed(9)


def test_children_are_so_far_from_their_parent(snapshot, views) -> None:
    parent, strangers = latent(views[1], snapshot), snapshot.latents(COUNT, 3 * COUNT)
    for distance in (0.0, 0.6, 1.0):
        found = family(Around(views[1], distance, draw=3), snapshot)
        torch.testing.assert_close(found.rows, (1 - distance**2) ** 0.5 * parent + distance * strangers)
        assert len(found.children) == COUNT
    again, others = (family(Around(views[1], 0.6, draw), snapshot) for draw in (3, 4))
    assert (
        torch.equal(again.rows, family(Around(views[1], 0.6, draw=3), snapshot).rows)
        and not (again.rows == others.rows).any()
    )


def test_each_number_of_a_child_is_one_of_its_parents(snapshot, views) -> None:
    a, b = latent(views[1], snapshot), latent(views[2], snapshot)
    z = family(Crossed(views[1], views[2], draw=0), snapshot).rows
    assert z.shape == (COUNT, 6) and ((z == a) | (z == b)).all() and (z == a).any() and (z == b).any()
    assert not torch.equal(z, family(Crossed(views[1], views[2], draw=1), snapshot).rows)


def test_an_analogy_is_a_minus_b_plus_c(snapshot, views) -> None:
    a, b, c = (latent(view, snapshot) for view in views)
    torch.testing.assert_close(family(Analogy(*views), snapshot).rows, a - b + c)
    torch.testing.assert_close(family(Analogy(views[1], views[1], views[2]), snapshot).rows, c)


def test_what_is_shown_is_what_is_taken(snapshot, views) -> None:
    found = family(Crossed(*views[:2], draw=0), snapshot)
    for view, picture in zip(views[:2], found.parents, strict=True):
        assert np.abs(render(view, snapshot).astype(int) - picture).max() <= 1  # in a batch the last bit may differ
    taken = views[1].at(found.rows[2])
    assert taken.psi == 1 and not taken.edits and torch.equal(latent(taken, snapshot)[0], found.rows[2])
    assert np.abs(render(taken, snapshot).astype(int) - found.children[2]).max() <= 1


def test_a_parent_of_another_generator_is_a_sentence(snapshot, views) -> None:
    with pytest.raises(ConfigError, match="has 5 numbers, and this generator takes 6"):
        family(Crossed(views[0], views[0].at(torch.zeros(5)), draw=0), snapshot)


def test_classes_are_inherited(class_file) -> None:
    snapshot = open_snapshot(class_file, device="cpu")
    here = view_of(snapshot)
    a, b, both = (here.of_classes(shares) for shares in (((0, 1.0),), ((2, 1.0),), ((2, 0.5), (3, 0.5))))

    def shares(kinship) -> list[list[float]]:
        return family(kinship, snapshot).rows[:, snapshot.z_dim :].tolist()

    only_2, half = [0.0] * snapshot.classes, [0.0] * snapshot.classes
    only_2[2], half[2], half[3] = 1.0, 0.5, 0.5
    assert shares(Around(both, 0.5, draw=0)) == [half] * COUNT
    crossed = shares(Crossed(b, both, draw=0))
    assert only_2 in crossed and half in crossed and len(crossed) == COUNT
    assert shares(Analogy(b, a, a)) == [only_2]
    assert shares(Analogy(a, a, both)) == [half]
    (mixed,) = shares(Analogy(both, b, b))  # 0.5 and 0.5
    assert mixed == half
    seeded = family(Analogy(here.at_seed(1), here.at_seed(2), here.at_seed(3)), snapshot).rows[0, snapshot.z_dim :]
    assert float(seeded.sum()) == pytest.approx(1) and (seeded >= 0).all()
