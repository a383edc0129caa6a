"""The classifier of the data's own labels: against its labels, its cache, and a second reading of its network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gan_studio.config import ConfigError
from gan_studio.data import Batch, Dataset, Progress, Source, avatars, cache, digits, toy2d
from gan_studio.data.augment import Augment
from gan_studio.data.images import ImageDataset
from gan_studio.feature_networks import own_classifier
from gan_studio.feature_networks.own_classifier import OwnClassifier, prepared
from gan_studio.images import to_uint8
from gan_studio.jobs.together import exhausted

CPU = torch.device("cpu")
DIGITS = digits.Digits(size=8)
SHORT = OwnClassifier(steps=2, most=64, width=8)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def counted(monkeypatch):
    """How often one was trained."""
    calls, real = [], own_classifier._trained
    monkeypatch.setattr(own_classifier, "_trained", lambda *given: calls.append(1) or real(*given))
    return calls


def ready(how: OwnClassifier, source: Source = DIGITS):
    return exhausted(how.prepare(source, CPU))


class Given(Source):
    """Data by hand."""

    title = "Given"
    given: Dataset
    model_config = Source.model_config | {"arbitrary_types_allowed": True}

    def prepare(self):
        yield Progress(1, 1, "Ready")
        return self.given


def coloured(count: int = 80, size: int = 8, classes=("dark", "light"), attributes=("left", "right")) -> ImageDataset:
    """Grey pictures, dark or light, with a mark on one of two sides."""
    rng = np.random.default_rng(0)
    light, right = rng.integers(0, 2, (2, count))
    pixels = (40 + 150 * light[:, None, None, None] + rng.integers(0, 9, (count, 1, size, size))).astype(np.uint8)
    half = size // 2
    pixels[right == 0, :, :, :half] += 40
    pixels[right == 1, :, :, half:] += 40
    of = {"mark": right} if attributes else None
    return ImageDataset(pixels, light if classes else None, classes, of, {"mark": attributes} if attributes else None)


def test_it_learns_the_digits_in_seconds_and_says_how_well() -> None:
    eye = ready(OwnClassifier(steps=200, width=8))
    assert eye.name == "digits CNN" and eye.called("Frechet distance") == "Frechet distance (digits CNN)"
    assert eye.classes == tuple("0123456789")
    dataset = exhausted(DIGITS.prepare())
    batch = dataset.batch(1797, 0, 11)
    looked = eye.look(to_uint8(batch.x))
    assert looked.rows.shape == (1797, 64) and looked.chances.shape == (1797, 10)
    right = (looked.chances.argmax(axis=1) == batch.y.numpy()).mean()
    assert right > 0.95
    told = float(eye.notes[0].split("names ")[1].split("%")[0]) / 100
    assert 0.93 < told <= 1 and "of 359 pictures rightly that it did not learn from" in eye.notes[0]
    assert len(eye.notes) == 1
    assert (looked.rows.std(axis=0) > 1e-3).all()  # no feature is dead


def test_a_bad_one_says_so() -> None:
    assert "do not count classes by it" in ready(SHORT).notes[-1]


def test_it_is_learnt_once_and_its_weights_are_the_ones_kept(counted) -> None:
    first, again = ready(SHORT), ready(SHORT)
    assert len(counted) == 1 and first.id == again.id and first.notes == again.notes
    (place,) = cache.folder().glob("classifier-*")
    weights = load_file(place / "classifier.safetensors")
    drawn = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)
    x = torch.from_numpy(drawn / 127.5 - 1).float().permute(0, 3, 1, 2)
    first.network.load_state_dict(weights)
    rows = first.network.features(x)
    chances = (rows @ weights["answer.weight"].T + weights["answer.bias"]).softmax(dim=1)
    np.testing.assert_allclose(again.look(drawn).rows, rows.numpy(), atol=1e-5)
    np.testing.assert_allclose(again.look(drawn).chances, chances.numpy(), atol=1e-5)


def test_it_is_the_same_for_the_same_seed_wherever_it_is_kept(counted, monkeypatch, tmp_path) -> None:
    first = ready(SHORT)
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "elsewhere"))
    assert ready(SHORT).id == first.id and len(counted) == 2
    assert ready(SHORT.model_copy(update={"seed": 1})).id != first.id


@pytest.mark.parametrize("change", ["data", "augment", "how", "damage"])
def test_other_data_other_settings_or_damage_make_a_new_one(counted, change: str) -> None:
    ready(SHORT)
    how, source = SHORT, DIGITS
    if change == "data":
        source = digits.Digits(size=16)
    elif change == "augment":
        source = digits.Digits(size=8, augment=Augment(rotate=10))
    elif change == "how":
        how = SHORT.model_copy(update={"steps": 3})
    else:
        next(cache.folder().glob("classifier-*/*.safetensors")).write_bytes(b"no weights")
    ready(how, source)
    assert len(counted) == 2


def test_the_label_chooses_what_classes_are_counted_by_and_nothing_is_learnt_anew(counted) -> None:
    source = Given(given=coloured())
    how = OwnClassifier(steps=60, width=8, rate=5e-3)
    by_class, by_mark = ready(how, source), ready(how.model_copy(update={"label": "mark"}), source)
    assert len(counted) == 1 and by_class.id != by_mark.id
    assert by_class.classes == ("dark", "light") and by_mark.classes == ("left", "right")
    assert by_mark.name.endswith("CNN, mark") and not by_class.name.endswith("mark")
    batch = source.given.batch(80, 0, 0)
    pictures = to_uint8(batch.x)
    assert (by_class.look(pictures).chances.argmax(axis=1) == batch.y.numpy()).mean() > 0.9
    assert (by_mark.look(pictures).chances.argmax(axis=1) == batch.attributes["mark"].numpy()).mean() > 0.9
    np.testing.assert_array_equal(by_class.look(pictures).rows, by_mark.look(pictures).rows)


def test_avatars_are_told_by_any_of_their_attributes() -> None:
    source = avatars.Avatars(size=16, count=64)
    eye = ready(SHORT.model_copy(update={"label": "glasses"}), source)
    assert eye.name == "avatars CNN, glasses" and eye.classes == avatars.ATTRIBUTES["glasses"]
    assert ready(SHORT, source).classes == avatars.ATTRIBUTES["hair colour"]


class Endless(Dataset):
    """Bright or dark pictures without an end, larger than the network looks at."""

    shape, classes = (1, 80, 80), ("dark", "light")

    def batch(self, count: int, position: int, seed: int) -> Batch:
        y = torch.randint(2, (count,), generator=torch.Generator().manual_seed(seed % 1000 + position))
        return Batch((2.0 * y - 1)[:, None, None, None].expand(-1, *self.shape), y)


def test_endless_and_large_pictures_are_read_as_far_as_needed_and_made_smaller() -> None:
    eye = ready(SHORT.model_copy(update={"steps": 20, "width": 8}), Given(given=Endless()))
    assert eye.preprocessing == "64 x 64 px, grey, in [-1, 1]"
    light = eye.look(np.stack([np.zeros((80, 80, 1), np.uint8), np.full((80, 80, 1), 255, np.uint8)]))
    assert light.chances.argmax(axis=1).tolist() == [0, 1]


def test_pictures_that_fit_are_laid_in_place_and_seen_the_same() -> None:
    """As the long way; also what cannot be written, and more than one batch, the last a short one."""
    eye = ready(SHORT)
    pictures = np.random.default_rng(0).integers(0, 256, (eye.batch + 5, 8, 8, 1), np.uint8)
    pictures.flags.writeable = False
    seen = eye.look(pictures)
    x = prepared(torch.tensor(pictures).permute(0, 3, 1, 2), (1, 8, 8))
    with torch.no_grad():
        rows = torch.cat([eye.network.features(part) for part in x.split(eye.batch)])
    np.testing.assert_allclose(seen.rows, rows.numpy(), rtol=1e-4, atol=1e-5)
    assert np.array_equal(eye.look(pictures).rows, seen.rows)


def test_larger_pictures_are_made_smaller_by_means_that_do_not_alias() -> None:
    stripes = torch.zeros(1, 1, 64, 64, dtype=torch.uint8)
    stripes[:, :, ::2] = 254
    x = prepared(stripes, (1, 16, 16))
    np.testing.assert_allclose(x[0, 0, 2:-2].numpy(), 127 / 127.5 - 1, atol=0.02)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "no data set here that has some"),
        (toy2d.Toy2D(), "labels of pictures"),
        (Given(given=coloured(classes=(), attributes=())), "This data has no labels"),
        (Given(given=coloured(classes=())), "this data has no classes, but attributes: choose mark"),
        (Given(given=coloured(count=20)), "needs at least 50 labelled pictures, and here are 20"),
    ],
)
def test_what_cannot_be_learnt_is_one_sentence(source, said: str, counted) -> None:
    with pytest.raises(ConfigError, match=said):
        ready(SHORT, source)
    assert not list(cache.folder().glob("classifier-*"))


def test_an_attribute_that_is_not_there_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigError, match=r"no attribute 'marc'. Did you mean 'mark'\?"):
        ready(SHORT.model_copy(update={"label": "marc"}), Given(given=coloured()))


def test_a_training_that_diverges_is_said_and_not_kept() -> None:
    with pytest.raises(ConfigError, match="diverged"):
        ready(OwnClassifier(steps=40, most=64, width=8, rate=1.0).model_copy(update={"rate": 1e30}))
    assert not list(cache.folder().glob("classifier-*"))


def test_closing_it_cancels_and_keeps_nothing() -> None:
    work = SHORT.prepare(DIGITS, CPU)
    for told in work:
        if "Training" in told.text and told.done == 1:
            break
    assert told.total == 2 and told.text == "Training a classifier of digits"
    work.close()
    assert not list(cache.folder().glob("classifier-*"))
