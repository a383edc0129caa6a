"""Evaluation: of checkpoints, folders, files, translations and points; kept, told again, and never stale."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio import runs
from gan_studio.compute import Engine
from gan_studio.config import ConfigError, option
from gan_studio.data import cache, shuffled
from gan_studio.data.augment import Augment
from gan_studio.data.digits import Digits
from gan_studio.data.images import ImageDataset
from gan_studio.feature_networks import FEATURE_NETWORKS, Eye, FeatureNetwork, Looked
from gan_studio.images import to_uint8
from gan_studio.jobs.drawn import REAL_SEED
from gan_studio.jobs.evaluate import Evaluation, evaluate
from gan_studio.jobs.evaluations import Evaluated, comparable, read
from gan_studio.jobs.events import Log, Progress
from gan_studio.jobs.reference import POINTS as POINTS_AT_ONCE
from gan_studio.jobs.reference import UNSEEN_SEED
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.subjects import Chosen, every_checkpoint
from gan_studio.jobs.together import exhausted
from gan_studio.jobs.translators import Translator, open_translator
from gan_studio.jobs.translators import choices as choices_of
from gan_studio.metrics import METRICS, Measure, Metric, Sets
from gan_studio.nn.as_trained import seed_noise
from gan_studio.recipes import FORTH
from gan_studio.runs import EVALUATIONS, Run

from .conftest import POINTS
from .test_translating import CASES

SMALL = {"samples": 24, "rounds": 4}


class Means(Eye):
    """Sees the mean of each channel, and whether a picture is dark."""

    name, id, preprocessing, classes = "means", "means-1", "the mean of each colour", ("dark", "bright")
    looked = 0  # pictures, by all of them

    def look(self, pictures: np.ndarray) -> Looked:
        type(self).looked += len(pictures)
        rows = pictures.reshape(len(pictures), -1, pictures.shape[3]).mean(axis=1).astype(np.float32)
        bright = (rows.mean(axis=1) > 100).astype(np.float32)
        return Looked(rows, np.stack([1 - bright, bright], axis=1))


class MeansNetwork(FeatureNetwork):
    kind = "means"
    title = "Means of colours"

    def prepare(self, source: Any, device: Any = None) -> Generator[Progress, None, Eye]:
        yield Progress(0, 1, "Opening an eye")
        return Means()


class Shift(Metric):
    """How far the means of the rows are apart."""

    kind = "shift"
    title = "Shift"
    needs = ("features",)
    measures = {"shift": Measure("Shift of the mean", "How far it is.", least=0)}
    size: float = option(1.0, "What it is told in.", gt=0)

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        yield Progress(0, 1, "Comparing")
        far = sets.real.rows.mean(axis=0) - sets.generated.rows.mean(axis=0)
        return {"shift": float(np.abs(far).sum()) / self.size}


@pytest.fixture(autouse=True)
def small_shelves(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path_factory.mktemp("cache")))
    list(METRICS), list(FEATURE_NETWORKS)  # filled
    monkeypatch.setitem(METRICS._entries, "shift", Shift)
    monkeypatch.setitem(METRICS._entries, "pairs-apart", PairsApart)
    monkeypatch.setitem(FEATURE_NETWORKS._entries, "means", MeansNetwork)
    monkeypatch.setattr(Means, "looked", 0)


def run_config(run: Run) -> RunConfig:
    return RunConfig.parse(run.config())


def choices(**values: Any) -> Evaluation:
    return Evaluation.parse(SMALL | {"features": "means", "metrics": ["shift"]} | values)


def told(path: Path, evaluation: Evaluation | None = None, **of: Any) -> Evaluated:
    return told_of([Chosen(path, **of)], evaluation)[0]


def told_of(chosen: list[Chosen], evaluation: Evaluation | None = None, use_kept: bool = True) -> list[Evaluated]:
    events = list(evaluate(chosen, evaluation or choices(), use_kept))
    assert all(isinstance(event, (Progress, Evaluated)) for event in events)
    return [event for event in events if isinstance(event, Evaluated)]


def write_folder(folder: Path, count: int = 20, size: tuple[int, int] = (8, 8), seed: int = 0, at: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    for number in range(at, at + count):
        pixels = rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")
    return folder


# --- folders ---------------------------------------------------------------------------------------------------------


def test_a_folder_beside_itself_is_nowhere_apart(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a")
    found = told(folder, choices(against=str(folder)))
    number = found.number("shift")
    assert number is not None
    assert (number.value, number.title, number.basis.samples) == (0.0, "Shift of the mean (means)", (20, 20))
    assert (
        number.basis.preprocessing
        == "8 x 8 px, as they are; the others: 8 x 8 px, as they are; the mean of each colour"
    )
    assert (found.subject, found.step, found.notes) == (str(folder), None, ())
    assert [name for name, *_ in found.histogram] == ["dark", "bright"]
    assert all(real == made for _, real, made in found.histogram)


def test_a_file_that_is_no_picture_is_left_out_and_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a")
    (write_folder(tmp_path / "b") / "bad.png").write_bytes(b"\x89PNG and nothing more")
    found = told(tmp_path / "b", choices(against=str(folder)))
    assert found.numbers[0].value == 0.0
    assert any("1 file was left out: bad.png" in note for note in found.notes)


def test_pictures_of_several_sizes_are_brought_to_one_and_that_is_told(tmp_path: Path) -> None:
    real = write_folder(write_folder(tmp_path / "a", 12), 5, (12, 20), at=12)
    others = write_folder(tmp_path / "b", 6, (16, 16))
    number = told(others, choices(against=str(real))).numbers[0]
    assert number.basis.preprocessing.startswith(
        "8 x 8 px, 5 pictures brought to it: cut in the middle, Lanczos; "
        "the others: 8 x 8 px, 6 pictures brought to it: cut in the middle, Lanczos"
    )
    assert number.basis.samples == (17, 6)


def test_of_many_pictures_so_many_are_taken_always_the_same(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a", 30)
    number = told(folder, choices(against=str(folder), samples=10)).numbers[0]
    assert (number.value, number.basis.samples) == (0.0, (10, 10))


@pytest.mark.parametrize("other", ["an empty folder", "no folder", "nothing", "only a text"])
def test_what_cannot_be_compared_is_refused_in_a_sentence(tmp_path: Path, other: str) -> None:
    folder = write_folder(tmp_path / "a", 4)
    against = {
        "an empty folder": (str(tmp_path / "empty"), "There is no picture in there; choose a folder"),
        "no folder": (str(tmp_path / "gone"), "There is no folder or file"),
        "nothing": ("", "is a folder: choose what to compare it with"),
        "only a text": (str(tmp_path / "texts"), "None of the 1 pictures can be read: a.png"),
    }
    for name in ("empty", "texts"):
        (tmp_path / name).mkdir()
    (tmp_path / "texts" / "a.png").write_text("no picture")
    path, sentence = against[other]
    with pytest.raises(ConfigError, match=sentence) as raised:
        told(folder, choices(against=path))
    assert len(raised.value.problems) == 1


def test_a_single_real_picture_is_too_few_also_where_it_was_seen_before(tmp_path: Path) -> None:
    one, others = write_folder(tmp_path / "a", 1, (16, 16)), write_folder(tmp_path / "b", 30, (16, 16))
    for _ in range(2):
        with pytest.raises(ConfigError, match="Spectrum distance needs at least 20 real samples, and there are 1"):
            told(others, choices(metrics=["kernel", "spectrum"], against=str(one)))


def test_a_changed_picture_is_looked_at_again_and_the_same_ones_are_not(tmp_path: Path) -> None:
    real, others = write_folder(tmp_path / "a"), write_folder(tmp_path / "b", seed=1)
    first = told(others, choices(against=str(real))).numbers[0]
    assert Means.looked == 40
    assert told(others, choices(against=str(real))).numbers[0] == first
    assert Means.looked == 60  # only the others were looked at again

    file = real / "000.png"
    before = file.stat()
    Image.new("RGB", (8, 8), "white").save(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a copy with its old date does
    changed = told(others, choices(against=str(real))).numbers[0]
    assert Means.looked == 100
    assert changed.value != first.value
    assert first.basis.differences(changed.basis) == ("other real samples: a, of other contents",)


def test_steps_of_the_same_weights_are_told_each(picture_run: Callable[..., Run]) -> None:
    run = picture_run()
    shutil.copytree(run.checkpoint_at(10).path, run.folder / "checkpoints" / "step-00000020")
    found = told_of(every_checkpoint(Chosen(run.folder)))
    assert [one.step for one in found][-2:] == [10, 20] and found[-1].numbers == found[-2].numbers
    assert read(run) == tuple(found)


def test_without_what_is_kept_everything_is_looked_at_anew(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a")
    for _ in range(2):
        told_of([Chosen(folder)], choices(against=str(folder)), use_kept=False)
    assert Means.looked == 80


def test_metrics_read_what_is_kept_and_warn_of_nothing(tmp_path: Path) -> None:
    """It lies on the disk; torch warns of arrays that cannot be written."""
    a, b = write_folder(tmp_path / "a"), write_folder(tmp_path / "b", seed=1)
    evaluation = choices(metrics=["frechet", "kernel"], against=str(a))
    first, again = (told(b, evaluation) for _ in range(2))
    assert Means.looked == 60 and len(first.numbers) == 2 and again == first


# --- runs ------------------------------------------------------------------------------------------------------------


def test_a_run_is_compared_with_what_it_learnt_from(picture_run: Callable[..., Run]) -> None:
    run = picture_run()
    found = told(run.folder)
    number = found.numbers[0]
    assert (found.subject, found.step, found.weights) == (run.name, 10, "averaged")
    assert (number.basis.real_name, number.basis.samples) == ("Handwritten digits", (24, 24))
    assert number.low <= number.value <= number.high
    assert read(run) == (found,)


def test_a_run_is_measured_once(picture_run: Callable[..., Run]) -> None:
    run = picture_run()
    first = told(run.folder)
    looked = Means.looked
    assert told(run.folder) == first
    assert (Means.looked, read(run)) == (looked, (first,))
    again = told_of([Chosen(run.folder)], use_kept=False)
    assert again == [first]
    assert Means.looked > looked
    other = told(run.folder, choices(seed=1))
    assert other.numbers[0].basis == first.numbers[0].basis
    assert read(run) == (first, other)


def several_steps(picture_run: Callable[..., Run]) -> Run:
    run = picture_run(step=10)
    weights, rest = run.checkpoint_at(10).load()
    for step in (2, 30):
        moved = {name: {key: step * x for key, x in part.items()} for name, part in weights.items()}
        run.save_checkpoint(step, moved, rest)
    return run


def test_every_checkpoint_is_measured_in_order_with_the_same_latents(picture_run: Callable[..., Run]) -> None:
    run = several_steps(picture_run)
    chosen = every_checkpoint(Chosen(run.folder))
    events = list(evaluate(chosen, choices()))
    found = [event for event in events if isinstance(event, Evaluated)]
    assert [one.step for one in found] == [2, 10, 30]
    assert len({one.numbers[0].value for one in found}) == 3
    assert len({str(one.numbers[0].basis) for one in found}) == 1
    assert Means.looked == 4 * 24  # the real ones once
    assert told(run.folder, step=10) == found[1]
    measuring = [event for event in events if isinstance(event, Progress) and event.text.startswith("Step")]
    assert {event.total for event in measuring} == {300}
    assert [event.done for event in measuring] == sorted(event.done for event in measuring)
    assert measuring[-1].done == 300


def test_cancelling_keeps_what_was_measured_and_the_rest_follows(picture_run: Callable[..., Run]) -> None:
    run = several_steps(picture_run)
    chosen = every_checkpoint(Chosen(run.folder))
    events = evaluate(chosen, choices())
    first = next(event for event in events if isinstance(event, Evaluated))
    next(events)
    events.close()
    assert read(run) == (first,)
    with (run.folder / EVALUATIONS).open("ab") as file:
        file.write(b'{"subject": "cut o')
    looked = Means.looked
    assert [one.step for one in told_of(chosen)] == [2, 10, 30]
    assert Means.looked == looked + 2 * 24
    assert [one.step for one in read(run)] == [2, 10, 30]


def test_a_checkpoint_that_cannot_be_measured_is_told_among_the_others(picture_run: Callable[..., Run]) -> None:
    run = several_steps(picture_run)
    weights, rest = run.checkpoint_at(10).load()
    broken = {name: {key: float("nan") * x for key, x in part.items()} for name, part in weights.items()}
    run.save_checkpoint(10, broken, rest)
    (run.checkpoint_at(2).path / "state.pt").write_bytes(b"")
    found = told_of(every_checkpoint(Chosen(run.folder)))
    assert [(one.step, len(one.numbers)) for one in found] == [(2, 0), (10, 0), (30, 1)]
    assert "cannot be read" in found[0].notes[0]
    assert f"What {run.name} makes at step 10 holds NaN or infinity" in found[1].notes[0]
    assert [one.step for one in read(run)] == [30]
    with pytest.raises(ConfigError, match="holds NaN or infinity"):
        told(run.folder, step=10)


def test_numbers_of_a_run_that_cannot_be_written_are_told(
    picture_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = picture_run()
    monkeypatch.setattr(runs, "append", full)
    events = list(evaluate([Chosen(run.folder)], choices()))
    assert [event.text for event in events if isinstance(event, Log)] == [
        f"{run.folder} cannot be written (No space left on device): these numbers are told, and not kept."
    ]
    assert isinstance(events[-1], Evaluated)


def test_numbers_of_averaged_and_of_raw_weights_stand_apart(picture_run: Callable[..., Run]) -> None:
    run = picture_run()
    weights, rest = run.checkpoint_at(10).load()
    weights["generator"] = {key: 3 * x for key, x in weights["generator"].items()}
    run.save_checkpoint(10, weights, rest)
    averaged, raw = told(run.folder), told(run.folder, raw=True)
    assert (averaged.weights, raw.weights) == ("averaged", "raw")
    assert averaged.numbers[0].value != raw.numbers[0].value
    assert comparable(read(run))["shift"] == {10: raw.numbers[0]}


def test_real_pictures_are_compared_without_the_random_changes_of_training(picture_run: Callable[..., Run]) -> None:
    plain = told(picture_run().folder)
    changed = told(picture_run({"data.augment": {"crop": 0.25, "brightness": 0.5, "vertical_flip": True}}).folder)
    assert "Training changes its pictures at random; here they are as they were." in changed.notes
    assert not any("at random" in note for note in plain.notes)
    dataset = exhausted(Digits(size=16, augment=Augment(crop=0.25)).prepare())
    assert isinstance(dataset, ImageDataset)
    middles = to_uint8(dataset.plain().batch(24, 0, REAL_SEED).x)
    np.testing.assert_array_equal(middles[:, :, :, 0], dataset.pixels[shuffled(1797, 24, 0, REAL_SEED), 0, 2:18, 2:18])
    assert dataset.plain().plain().augment == Augment()
    seen = [np.load(place / "rows.npy") for place in cache.folder().glob("features-*")]
    assert any(np.allclose(rows, Means().look(middles).rows) for rows in seen)


# --- pictures beside a run's data, files, points, translations -------------------------------------------------------


def test_a_folder_beside_what_a_run_learnt_from_has_its_size_and_colours(
    picture_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = picture_run()
    dataset = exhausted(run_config(run).data.prepare())
    (tmp_path / "same").mkdir()
    for number, picture in enumerate(to_uint8(dataset.batch(24, 0, REAL_SEED).x)):
        Image.fromarray(picture[:, :, 0]).resize((32, 32), Image.Resampling.NEAREST).save(
            tmp_path / "same" / f"{number}.png"
        )
    number = told(tmp_path / "same", choices(against=str(run.folder))).numbers[0]
    assert number.value < 1.0  # of 255: resized there and back
    assert "the others: 16 x 16 px, 24 pictures brought to it" in number.basis.preprocessing
    assert read(run) == ()


def test_a_foreign_generator_is_compared_with_a_folder_alone(tmp_path: Path) -> None:
    from .test_foreign import write

    file, folder = write(tmp_path / "netG_epoch_4.pth"), write_folder(tmp_path / "a", size=(64, 64))
    found = told(file, choices(against=str(folder), samples=20))
    assert (found.subject, found.step, found.weights) == (str(file), None, "")
    assert found.numbers[0].basis.samples == (20, 20)
    with pytest.raises(ConfigError, match="nobody knows its training pictures; choose a folder of real pictures"):
        told(file)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data.size": 8}, r"another shape \(8 x 8 px, grey\) than these samples \(16 x 16 px, grey\)"),
        (POINTS, r"another shape \(points in the plane\) than these samples"),
    ],
)
def test_data_of_another_shape_is_refused(
    picture_run: Callable[..., Run], changes: dict[str, Any], sentence: str
) -> None:
    run, other = picture_run(), picture_run(changes)
    with pytest.raises(ConfigError, match=sentence):
        told(run.folder, choices(against=str(other.folder)))


def test_points_beside_a_folder_of_pictures_are_refused(picture_run: Callable[..., Run], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a", 4)
    with pytest.raises(ConfigError, match="Points in the plane cannot be compared with pictures"):
        told(picture_run(POINTS).folder, choices(against=str(folder)))


class PointsApart(Shift):
    kind = "points-apart"
    title = "Points apart"
    needs = ("points", "modes")
    measures = {"apart": Measure("Points apart", "How far their means are.", least=0)}

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        assert sets.points and sets.centres.shape == (8, 2) and sets.sigma > 0
        found = yield from super().measure(sets, seed)
        return {"apart": found["shift"]}


class PairsApart(Metric):
    kind = "pairs-apart"
    title = "Pairs apart"
    needs = ("pairs",)
    measures = {"pairs": Measure("Pairs apart", "The mean difference of their pixels.", least=0)}

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        yield from ()
        a, b = sets.real.pictures, sets.generated.pictures
        assert a is not None and b is not None
        return {"pairs": float(np.abs(a.astype(float) - b).mean())}


def test_points_are_their_own_features(picture_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METRICS, "_entries", {"points-apart": PointsApart, "pairs-apart": PairsApart, "shift": Shift})
    run = picture_run(POINTS)
    found = told(run.folder, choices(metrics=[]))
    (number,) = found.numbers  # of all that there are, the one for points
    assert (number.title, number.basis.eye_name, number.basis.preprocessing) == (
        "Points apart",
        "",
        "points as in training",
    )
    snapshot = open_snapshot(run.folder, device="cpu")
    generated = snapshot.generate(snapshot.latents(24, 0)).numpy()
    real = exhausted(run_config(run).data.prepare()).batch(POINTS_AT_ONCE, 0, REAL_SEED).x[:24].numpy()
    assert number.value == pytest.approx(np.abs(real.mean(axis=0) - generated.mean(axis=0)).sum(), rel=1e-5)


def translating_run(changes: dict[str, Any]) -> Run:
    """With weights as they are drawn."""
    config = RunConfig.parse({"steps": 10, "compute": {"device": "cpu", "threads": 1}} | changes)
    dataset = exhausted(config.data.prepare())
    run = runs.create(runs.default_root(), "translating", config.plain())
    torch.manual_seed(0)
    training = config.recipe.build(dataset.shape, config.steps, Engine(torch.device("cpu")), dataset.pairs)
    run.save_checkpoint(4, {name: network.state_dict() for name, network in training.networks().items()}, {})
    return run


@pytest.mark.parametrize("kind", ["pix2pix", "cyclegan", "super-resolution"])
def test_translations_are_compared_with_what_was_held_out(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METRICS, "_entries", {"points-apart": PointsApart, "pairs-apart": PairsApart, "shift": Shift})
    run = translating_run(CASES[kind])
    dataset = exhausted(run_config(run).data.prepare())
    source = dataset.held_out or dataset
    for direction in choices_of(run.folder):
        found = told(run.folder, choices(metrics=[], samples=6), direction=direction)
        (number,) = found.numbers
        assert (number.measure, number.basis.eye, number.basis.samples) == ("pairs", "", (6, 6))
        a, b = source.batch(64, 0, REAL_SEED).both()
        x, truth = (a[:6], b[:6]) if direction == FORTH else (b[:6], a[:6])
        translator = open_translator(run.folder, direction=direction, device="cpu")
        made = [pixels_of(translator, one[None], i) for i, one in enumerate(x)]
        wanted = np.abs(np.concatenate(made).astype(float) - to_uint8(truth)).mean()
        assert number.value == pytest.approx(wanted, abs=0.05)
        assert "held out" in number.basis.preprocessing
    assert len({one.numbers[0].basis.real for one in read(run)}) == len(choices_of(run.folder))


def test_the_truth_of_a_harder_task_is_compared_with_no_easier_one() -> None:
    numbers = []
    for made in ({"scale": 2}, {"scale": 4}, {"scale": 2, "blur": 1.0}):
        case = CASES["super-resolution"]
        data = case["data"] | {"made": {"kind": "low-resolution"} | made}
        run = translating_run(case | {"data": data})
        numbers += told(run.folder, choices(metrics=["pairs-apart"], samples=4)).numbers
    double, fourfold, blurred = (number.basis for number in numbers)
    (words,) = double.differences(fourfold)
    assert words.startswith("other preprocessing: ")
    (words,) = double.differences(blurred)
    assert words.startswith("other real samples: ") and words.endswith(", of other contents")


@torch.no_grad()
def pixels_of(translator: Translator, x: torch.Tensor, seed: int) -> np.ndarray:
    seed_noise(translator.network, seed)
    return to_uint8(translator.network(x))


def test_worlds_without_a_truth_are_compared_as_sets(tmp_path: Path) -> None:
    a, b = write_folder(tmp_path / "a", size=(32, 32)), write_folder(tmp_path / "b", size=(32, 32), seed=1)
    data = {"kind": "two-folders", "path_a": str(a), "path_b": str(b), "size": 32, "held_out_share": 0}
    run = translating_run({**CASES["cyclegan"], "data": data})
    found = told(run.folder, choices(metrics=["shift", "pairs-apart"]))
    assert [number.measure for number in found.numbers] == ["shift"]
    assert found.numbers[0].basis.samples == (20, 20)
    assert any("these are not pairs" in note for note in found.notes)
    assert "Nothing is held out of this data: these pictures were trained on." in found.notes


class UnseenApart(Metric):
    kind = "unseen-apart"
    title = "Unseen apart"
    needs = ("features", "unseen")
    measures = {"unseen": Measure("Unseen apart", "How far other real samples are.", least=0)}

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        yield from ()
        assert sets.unseen is not None
        return {"unseen": float(np.abs(sets.real.rows.mean(axis=0) - sets.unseen.rows.mean(axis=0)).sum())}


def test_what_training_never_saw_stands_beside_what_it_saw(
    picture_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(METRICS._entries, "unseen-apart", UnseenApart)
    evaluation = choices(metrics=["shift", "unseen-apart"])
    run = picture_run({"data.held_out_share": 0.2})
    found = told(run.folder, evaluation)
    assert any(
        note.startswith("Copies are looked for among 24 training samples; there are 1,4") for note in found.notes
    )
    shift, apart = found.numbers
    held_out = exhausted(run_config(run).data.prepare()).held_out
    unseen, real = (
        Means().look(to_uint8(part.batch(24, 0, seed).x)).rows
        for part, seed in ((held_out, UNSEEN_SEED), (exhausted(run_config(run).data.prepare()), REAL_SEED))
    )
    assert apart.value == pytest.approx(abs(real.mean() - unseen.mean()), rel=1e-4)
    assert apart.basis.real.startswith(f"{shift.basis.real}+")
    points = told(picture_run(POINTS).folder, evaluation)
    assert points.numbers[1].value > 0  # of endless data others are drawn

    found = told(picture_run().folder, evaluation)
    assert [number.measure for number in found.numbers] == ["shift"]
    assert any("set data.held_out_share, such as to 0.2" in note for note in found.notes)
    folder = write_folder(tmp_path / "a")
    found = told(folder, choices(metrics=["shift", "unseen-apart"], against=str(folder)))
    assert any("Of a folder nobody knows what training saw" in note for note in found.notes)


def test_the_same_pictures_twice_are_as_good_as_can_be(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a", 60, (4, 4))
    metrics = ["frechet", "precision-recall", "density-coverage"]
    found = told(folder, Evaluation.parse({"metrics": metrics, "features": "pixels", "against": str(folder)}))
    values = {number.measure: number.value for number in found.numbers}
    assert values["frechet"] == pytest.approx(0, abs=1e-6)
    assert (values["precision"], values["recall"], values["coverage"]) == (1, 1, 1)
    title = next(number.title for number in found.numbers if number.measure == "frechet")
    assert title == "Frechet distance (pixels)"


def test_too_few_samples_say_how_many_are_needed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a", 30, (4, 4))
    evaluation = {"metrics": ["frechet", "kernel"], "features": "pixels", "against": str(folder), "rounds": 4}
    found = told(folder, Evaluation.parse(evaluation))
    assert [number.measure for number in found.numbers] == ["kernel"]
    assert "Frechet distance needs at least 49 real samples, and there are 30" in " ".join(found.notes)
    with pytest.raises(ConfigError, match="needs at least 49 real samples"):
        told(folder, Evaluation.parse(evaluation | {"metrics": ["frechet"]}))


class Lightness(Metric):
    kind = "lightness"
    title = "Lightness"
    needs = ("pictures",)
    measures = {"lightness": Measure("Lightness", "How much lighter the others are.")}

    def measure(self, sets: Sets, seed: int) -> Generator[Progress, None, dict[str, float]]:
        yield from ()
        a, b = sets.real.pictures, sets.generated.pictures
        assert a is not None and b is not None and len(a) == len(sets.real) and len(b) == len(sets.generated)
        return {"lightness": float(b.mean() - a.mean())}


def test_too_few_samples_for_many_classes_name_these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(map(str, range(1000)))
    monkeypatch.setattr(Means, "classes", names)
    monkeypatch.setattr(Means, "look", lambda self, x: Looked(np.zeros((len(x), 1)), np.eye(1000)[[0] * len(x)]))
    folder = write_folder(tmp_path / "real")
    with pytest.raises(ConfigError, match="at least 5,000 real samples for 1,000 classes, and there are 20"):
        told(folder, choices(against=str(folder), metrics=["class-histogram"]))


def test_whoever_cancels_need_not_wait_for_a_whole_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Means, "at_once", 4)
    folder = write_folder(tmp_path / "real")
    events = evaluate([Chosen(folder)], choices(against=str(folder)))
    while Means.looked == 0:
        next(events)
    assert Means.looked <= 8
    events.close()
    assert Means.looked <= 8


def test_pictures_are_held_as_far_as_there_is_room_and_features_of_all(
    picture_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METRICS._entries, "lightness", Lightness)
    evaluation = choices(metrics=["shift", "lightness"], samples=300)
    run = picture_run()
    for use_kept in (True, True, False):  # read from what is kept, too
        (run.folder / EVALUATIONS).unlink(missing_ok=True)
        shift, light = told_of([Chosen(run.folder)], evaluation, use_kept)[0].numbers
        assert (shift.basis.samples, light.basis.samples) == ((300, 300), (300, 300))
        assert (light.title, light.basis.eye) == ("Lightness", "")
        assert abs(light.value) == pytest.approx(shift.value, rel=1e-3)
    monkeypatch.setattr("gan_studio.jobs.evaluate.HELD_BYTES", 20 * 16 * 16)
    (run.folder / EVALUATIONS).unlink()
    for _ in range(2):
        shift, light = told(run.folder, evaluation).numbers
        assert (shift.basis.samples, light.basis.samples) == ((300, 300), (20, 20))
