"""Classes through all that is made of a generator: views and their recipes, walks, strips, galleries, inversion."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio import directions, images, walks
from gan_studio.classes import ByClass, dense, one
from gan_studio.config import ConfigError
from gan_studio.jobs import find_directions, gallery
from gan_studio.jobs.explore import (
    TEXT,
    View,
    as_python,
    at_input,
    class_shares,
    inputs,
    keep,
    latents,
    opened,
    pictures,
    read_recipe,
    render,
    reopened,
    shares,
    strip,
    text_of,
    view_of,
)
from gan_studio.jobs.gallery_export import export_gallery
from gan_studio.jobs.invert import Inversion, invert
from gan_studio.jobs.pictures import provenance, shown
from gan_studio.jobs.snapshots import Snapshot, open_snapshot
from gan_studio.jobs.walk import Walk, export_walk, key_frames, through, way

BLEND = ((1, 0.6), (3, 0.4))


@pytest.fixture
def snapshot(class_file: Path) -> Snapshot:
    return open_snapshot(class_file, device="cpu")


@pytest.fixture
def view(snapshot: Snapshot) -> View:
    return view_of(snapshot, seed=5)


@pytest.fixture
def plain(picture_run: Callable[..., Any]) -> Snapshot:
    """Without classes."""
    return open_snapshot(picture_run().folder, device="cpu")


# --- a view of classes -----------------------------------------------------------------------------------------------


def test_the_class_of_a_view_is_the_one_that_is_drawn(snapshot: Snapshot, view: View) -> None:
    assert snapshot.classes == 4
    z = latents([view], snapshot)
    for number in range(4):
        x = snapshot.network(torch.cat([z, torch.eye(4)[number : number + 1]], dim=1))
        assert np.array_equal(render(view.of_classes(one(number)), snapshot), images.to_uint8(x)[0])
    x = snapshot.network(torch.cat([z, torch.tensor([[0.0, 0.6, 0.0, 0.4]])], dim=1))
    assert np.array_equal(render(view.of_classes(BLEND), snapshot), images.to_uint8(x)[0])
    assert inputs([view.of_classes(BLEND)], snapshot).shape == (1, 5 + 4)


def test_without_a_class_the_seed_draws_one(snapshot: Snapshot, view: View) -> None:
    drawn = [shares(view.at_seed(seed), snapshot) for seed in range(400)]
    counts = np.bincount([number for ((number, share),) in drawn if share == 1.0], minlength=4)
    assert counts.sum() == 400 and counts.min() > 60  # 100 of each, within 4.6 sigmas
    assert drawn[:20] == [shares(view.at_seed(seed), open_snapshot(snapshot.checkpoint)) for seed in range(20)]
    here = view.at(snapshot.latents(1, 9))  # the class stays where the latent goes elsewhere
    assert shares(here, snapshot) == shares(view, snapshot)


def test_a_snapshot_of_classes_draws_them_of_latents_alone(snapshot: Snapshot, view: View) -> None:
    z = latents([view], snapshot)
    assert np.array_equal(pictures(z, snapshot.of(BLEND))[0], render(view.of_classes(BLEND), snapshot))
    assert np.array_equal(pictures(z, snapshot)[0], render(view.of_classes(one(0)), snapshot))
    assert snapshot.of(()) is snapshot
    other = snapshot.of(one(2))  # a view's own come first
    assert np.array_equal(render(view.of_classes(one(3)), other), render(view.of_classes(one(3)), snapshot))


def test_a_network_without_classes_is_as_before(plain: Snapshot) -> None:
    view = view_of(plain, 3)
    assert plain.classes == 0 and plain.of(()) is plain and shares(view, plain) == ()
    assert torch.equal(inputs([view], plain), latents([view], plain))
    assert class_shares([view], plain).shape == (1, 0)
    z = latents([view], plain)[0]
    assert at_input(view, z, plain) == view.at(z)
    for refuse in (lambda: render(view.of_classes(one(1)), plain), lambda: plain.of(one(1))):
        with pytest.raises(ConfigError, match="This generator has no classes, and class 1 is asked for"):
            refuse()


# --- its recipe ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", [(), one(3), BLEND, ((0, 1 / 3), (1, 1 / 3), (2, 1 / 3))])
def test_a_picture_opens_again_bit_for_bit(snapshot: Snapshot, view: View, tmp_path: Path, chosen: Any) -> None:
    here = view.of_classes(chosen).model_copy(update={"psi": 0.7}).edited(directions.axis(2, 5), 1.5)
    picture = render(here, snapshot)
    keep(tmp_path / "a.png", here, picture)
    for path in (tmp_path / "a.png", tmp_path / "a.json"):
        again = reopened(path)
        assert again.view == here and again.is_exact and np.array_equal(again.picture, picture)
    names: dict[str, Any] = {}
    exec(as_python(here).replace("write_png(", "("), {}, names)
    assert np.array_equal(names["picture"], picture)


def test_recipes_of_before_open_as_they_were(plain: Snapshot, snapshot: Snapshot, tmp_path: Path) -> None:
    """Format 1 knew no classes."""
    for of, view in ((plain, view_of(plain, 4)), (snapshot, view_of(snapshot, 4))):
        picture = render(view, of)
        texts = text_of(view, picture)
        recipe = json.loads(texts[TEXT])
        assert recipe["format"] == 2
        del recipe["view"]["classes"]
        images.write_png(tmp_path / "old.png", picture, texts | {TEXT: json.dumps(recipe | {"format": 1})})
        again = reopened(tmp_path / "old.png")
        assert again.view == view and again.is_exact


@pytest.mark.parametrize(
    "chosen, sentence",
    [
        ([[4, 1.0]], "There is no class 4: this generator's go from 0 to 3"),
        ([[0, 0.5]], "must add up to 1"),
        ([[0, 1.0], [1, 1.0]], "must add up to 1"),
        ([[5000, 1.0]], "damaged"),
        ([[-1, 1.0]], "damaged"),
        ([[0, 1.5]], "damaged"),
        ([[0, float("nan")]], "damaged"),
        ([[0.5, 1.0]], "damaged"),
        ([[0]], "damaged"),
        ("all", "damaged"),
        ([[0, 0.0]] * 4097, "damaged"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_recipes_of_classes_that_are_none_are_told(
    snapshot: Snapshot, view: View, tmp_path: Path, chosen: Any, sentence: str
) -> None:
    picture = render(view, snapshot)
    recipe = json.loads(text_of(view, picture)[TEXT])
    recipe["view"]["classes"] = chosen
    (tmp_path / "a.json").write_text(json.dumps(recipe))
    with pytest.raises(ConfigError) as error:
        reopened(tmp_path / "a.json")
    assert sentence in str(error.value) and len(error.value.problems) == 1 and "\n" not in str(error.value)


# --- ways through it -------------------------------------------------------------------------------------------------


def test_on_a_walk_latents_go_round_and_shares_go_straight(snapshot: Snapshot, view: View) -> None:
    keys = [view.at_seed(1).of_classes(one(3)), view.at_seed(2).of_classes(BLEND), view.at_seed(3).of_classes(BLEND)]
    rows = through(keys, snapshot, Walk(frames=9, easing="in-out"))
    z, w = rows.split([5, 4], dim=1)
    assert torch.equal(z, way(latents(keys, snapshot), Walk(frames=9, easing="in-out")))
    t = torch.tensor([0, 0.25, 0.5, 0.75, 1])
    eased = (t**2 * (3 - 2 * t))[:, None]
    start, end = torch.tensor([0.0, 0, 0, 1]), torch.tensor([0, 0.6, 0, 0.4])
    torch.testing.assert_close(w[:5], (1 - eased) * start + eased * end)
    assert torch.equal(w[4:], end.expand(5, -1))  # exactly, where both ends are the same
    assert torch.equal(w[0], start)
    ring = through(keys, snapshot, Walk(frames=7, way="circle"))
    assert torch.equal(ring[:, 5:], start.expand(7, -1))
    assert torch.equal(ring[:, :5], walks.circle(*latents(keys[:2], snapshot), 7))


def test_a_walk_through_classes_at_one_seed(snapshot: Snapshot, view: View, tmp_path: Path) -> None:
    keys = key_frames(view, [7], [3, 1])
    assert [key.classes for key in keys] == [one(3), one(1)] and {key.seed for key in keys} == {7}
    list(export_walk(snapshot, keys, tmp_path / "walk", Walk(frames=5)))
    z = snapshot.latents(1, 7)
    for frame, share in enumerate((0, 0.25, 0.5, 0.75, 1)):
        path = tmp_path / "walk" / f"frame-{frame:05d}.png"
        again = reopened(path)
        assert again.is_exact
        w = torch.tensor([[0, share, 0, 1 - share]])
        x = snapshot.network(torch.cat([z, w], dim=1))
        with Image.open(path) as picture:
            assert np.array_equal(np.asarray(picture), images.to_uint8(x)[0])


def test_key_frames_of_seeds_and_classes(view: View) -> None:
    def pairs(seeds: list[int], numbers: list[int]) -> list[tuple[int, int]]:
        return [(key.seed, key.classes[0][0]) for key in key_frames(view, seeds, numbers)]

    assert pairs([1, 5], [2]) == [(1, 2), (5, 2)] and pairs([4], [0, 1]) == [(4, 0), (4, 1)]
    assert pairs([1, 5], [2, 3]) == [(1, 2), (5, 3)]
    with pytest.raises(ConfigError, match="3 seeds and 2 classes make no pairs"):
        key_frames(view, [1, 2, 3], [0, 1])


def test_strips_keep_the_class(snapshot: Snapshot, view: View) -> None:
    direction, here = directions.axis(1, 5), view.of_classes(BLEND)
    rows = torch.cat([latents([here.edited(direction, a)], snapshot) for a in (-2.0, 0.0, 2.0)])
    w = dense([BLEND] * 3, 4)
    wanted = images.to_uint8(snapshot.network(torch.cat([rows, w], dim=1)))
    assert np.array_equal(strip(here, direction, [-2.0, 0.0, 2.0], snapshot), wanted)


def test_directions_are_found_in_a_class(snapshot: Snapshot) -> None:
    how = find_directions.Finding(ways=("pca", "sefa"), count=3, samples=32, measured=4)
    found = [finished(find_directions.find(snapshot.of(one(number)), how)) for number in (0, 3)]
    assert [one.name for one in found[0]] == [one.name for one in found[1]]
    for a, b in zip(*found, strict=True):
        assert a.vector == b.vector and a.effect != b.effect  # the first layer knows no class, the picture does
    z = snapshot.latents(4, find_directions.mixed_seed(0, 2))
    step = found[1][0].step()
    G = snapshot.of(one(3)).network
    change = 127.5 * (G(z + step) - G(z - step)).abs().mean().item() / 2
    assert found[1][0].effect == pytest.approx(change)
    layers = [layer.name for layer in find_directions.layers(snapshot)]
    assert layers[:3] == ["l1", "block2.c1", "block2.c2"] and layers[-1] == "c5"


def finished(work: Any) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def test_a_picture_is_found_in_its_class(snapshot: Snapshot, view: View) -> None:
    picture = render(view.of_classes(one(2)), snapshot)
    errors = {
        number: list(invert(snapshot.of(one(number)), picture, Inversion(steps=60, prior=0)))[-1].error
        for number in (2, 3)
    }
    assert errors[2] < 8 < errors[3]


# --- galleries -------------------------------------------------------------------------------------------------------


def test_a_gallery_of_seeds_in_classes(snapshot: Snapshot, view: View, tmp_path: Path) -> None:
    samples = gallery.of_each(gallery.by_seeds(view, range(2)), [3, 0])
    assert [(sample.view.seed, sample.view.classes) for sample in samples] == [
        (0, one(3)), (0, one(0)), (1, one(3)), (1, one(0))
    ]  # fmt: skip
    made = next(event for event in gallery.make(snapshot, samples) if isinstance(event, gallery.Made))
    assert [sample.label for sample in made.samples] == [3, 0, 3, 0]
    for sample, picture in zip(made.samples, made.pictures, strict=True):
        assert np.abs(picture.astype(int) - render(sample.view, snapshot)).max() <= 1  # drawn in a batch
    list(export_gallery(snapshot, samples, tmp_path / "set.zip"))
    with zipfile.ZipFile(tmp_path / "set.zip") as data:
        labels = json.loads(data.read("dataset.json"))["labels"]
        assert [label for _, label in labels] == [3, 0, 3, 0]
        for (name, label), sample in zip(labels, samples, strict=True):
            picture = np.asarray(Image.open(io.BytesIO(data.read(name))))
            assert np.array_equal(picture, render(sample.view.of_classes(one(label)), snapshot))
    list(export_gallery(snapshot, samples, tmp_path / "files"))
    assert sorted(path.name for path in (tmp_path / "files").glob("*.png")) == [
        f"seed-{seed:06d}-class-{number}.png" for seed in (0, 1) for number in (0, 3)
    ]
    assert reopened(tmp_path / "files" / "seed-000001-class-3.png").is_exact


def test_classes_that_seeds_draw_are_labels_too_and_blends_are_none(
    snapshot: Snapshot, view: View, tmp_path: Path
) -> None:
    samples = gallery.by_seeds(view, range(6))
    list(export_gallery(snapshot, samples, tmp_path / "a.zip"))
    labels = labels_of(tmp_path / "a.zip")
    assert [label for _, label in labels] == [shares(sample.view, snapshot)[0][0] for sample in samples]
    blends = [*samples, gallery.Sample(view.of_classes(BLEND))]
    list(export_gallery(snapshot, blends, tmp_path / "b.zip"))
    assert labels_of(tmp_path / "b.zip") is None


def labels_of(path: Path) -> Any:
    with zipfile.ZipFile(path) as data:
        return json.loads(data.read("dataset.json"))["labels"]


def test_strips_between_pictures_of_classes(snapshot: Snapshot, view: View) -> None:
    keys = [view.at_seed(1).of_classes(one(0)), view.at_seed(2).of_classes(one(2))]
    samples = gallery.strips(snapshot, keys, 3)
    assert [sample.view.classes for sample in samples] == [one(0), ((0, 0.5), (2, 0.5)), one(2)]
    z = latents([sample.view for sample in samples], snapshot)
    assert torch.equal(z, walks.slerp(*latents(keys, snapshot)[:, None], torch.linspace(0, 1, 3)))
    along = gallery.along(snapshot, keys, Walk(frames=3))
    assert [sample.view.classes for sample in along] == [sample.view.classes for sample in samples]


def test_samples_for_people(snapshot: Snapshot, view: View) -> None:
    drawn = shown(snapshot, 6, 3)
    for i, picture in enumerate(drawn):
        assert np.abs(picture.astype(int) - render(view.at_seed(3 + i), snapshot)).max() <= 1
    of = shown(snapshot, 2, 3, shares=BLEND)
    assert np.abs(of[1].astype(int) - render(view.at_seed(4).of_classes(BLEND), snapshot)).max() <= 1
    assert provenance(snapshot, 2, 3, shares=BLEND)["class"] == "1 → 3, 40 %"
    assert "class" not in provenance(snapshot, 2, 3)


def test_a_recipe_finds_its_file_and_its_class(snapshot: Snapshot, view: View, tmp_path: Path) -> None:
    here = view.of_classes(BLEND)
    keep(tmp_path / "a.png", here, render(here, snapshot))
    network = opened(read_recipe(tmp_path / "a.png").view).network
    assert isinstance(network, ByClass) and network.classes == 4
