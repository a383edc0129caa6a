"""Evaluate: how near samples come to real ones. A run's checkpoints, a generator's file, folders, translations, points.

First the real samples are made ready (`prepare`): read, named by their contents, and looked at with a feature network;
then any samples are compared with them (`Ready.measured`), of one checkpoint or of many. Nothing of a training is
touched: latents come from seeds of their own, the same ones for every checkpoint.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from ..compute import pick_device
from ..config import ConfigError, did_you_mean
from ..data import cache
from ..feature_networks import Eye, Looked, without_classes
from ..metrics import METRICS, Metric, Need, Reading, Seen, Sets
from ..progress import Progress
from .evaluation import Evaluation as Evaluation
from .evaluations import Basis, Evaluated, Number, keep, read
from .events import Log
from .kept_features import keep as keep_features
from .kept_features import kept, place_of
from .reference import Reference, Samples, of_unseen
from .subjects import Chosen, Subject

T = TypeVar("T")

FORMAT = 1  # part of every key: count it up when the same choices would give other numbers
LOOKING, MAKING = "Looking at the real samples", "making samples"
MADE = 0.75  # of the work with one subject, as far as progress knows; the rest is measuring
HELD_BYTES = 2**30  # of the pictures of one set; metrics of pictures are of the first ones that fit
MOST_BARS = 256  # of a histogram over classes that is told
SPECIAL: set[Need] = {"points", "modes", "pairs"}  # where samples have these, metrics that need none are not asked


def metric_of(word: str) -> str:
    """The kind of the metric of this kind, or of the one that gives this measure. Raises ConfigError."""
    kinds = {entry.kind: entry.kind for entry in METRICS}
    known = {measure: entry.kind for entry in METRICS for measure in entry.measures} | kinds
    if word not in known:
        raise ConfigError(f"There is no metric called {word!r}.{did_you_mean(word, sorted(known))}")
    return known[word]


def check_measure(word: str) -> None:
    """Raises ConfigError where no metric gives this measure."""
    known = sorted(measure for entry in METRICS for measure in entry.measures)
    if word not in known:
        raise ConfigError(f"Nothing is measured that is called {word!r}.{did_you_mean(word, known)}")


def evaluate(
    chosen: Sequence[Chosen], evaluation: Evaluation, use_kept: bool = True
) -> Generator[Progress | Evaluated | Log, None, None]:
    """Measure one subject, or several that are compared with the same: a run's checkpoints.

    What is measured of a run is kept with it, and told again where it was measured before; `use_kept` False measures it
    anew. Closing the generator cancels, and keeps what was measured. Raises ConfigError; where there are several, what
    cannot be measured is told in the notes of an `Evaluated` without numbers.
    """
    ready: Ready | None = None
    for place, one in enumerate(chosen):
        subject = _opened(one, alone=len(chosen) == 1)
        if isinstance(subject, Evaluated):
            yield subject
            continue
        if ready is None:
            reference = yield from subject.reference(evaluation.against, evaluation.samples)
            ready = yield from prepare(reference, evaluation, use_kept, one.device)
        step = "" if subject.step is None else f"Step {subject.step:,}: "
        try:
            yield from told_and_kept(subject, ready, Part(place, len(chosen), step))
        except ConfigError as error:
            if len(chosen) == 1:
                raise
            yield Evaluated(subject.name, subject.step, (), tuple(map(str, error.problems)))


def told_and_kept(
    subject: Subject, ready: Ready, part: Part | None = None
) -> Generator[Progress | Evaluated | Log, None, None]:
    """Measure one subject; what is measured of a run is kept with it. Raises ConfigError as `Ready.told` does."""
    evaluated = yield from ready.told(subject, part or Part())
    yield from _keep(subject, evaluated)
    yield evaluated


def _opened(one: Chosen, alone: bool) -> Subject | Evaluated:
    """What was chosen, or the sentence why it cannot be opened, where others may. Raises ConfigError."""
    try:
        return one.open()
    except ConfigError as error:
        if alone:
            raise
        return Evaluated(one.path.name, one.step, (), tuple(map(str, error.problems)))


def _keep(subject: Subject, evaluated: Evaluated) -> Generator[Log, None, None]:
    if subject.run is None or not evaluated.numbers or evaluated in read(subject.run):
        return
    try:
        keep(subject.run, evaluated)
    except OSError as error:
        text = f"{subject.run.folder} cannot be written ({error.strerror}): these numbers are told, and not kept."
        yield Log(text, "warning")


@dataclass(frozen=True)
class Part:
    """How far the work with one subject is within all the work, in hundredths of a subject."""

    place: int = 0
    total: int = 1
    before: str = ""  # of what is said

    def at(self, share: float, text: str) -> Progress:
        """`share` of this subject's work is done."""
        said = self.before + text if self.before else text[:1].upper() + text[1:]
        return Progress(round(100 * (self.place + share)), 100 * self.total, said)

    def within(
        self, work: Generator[Progress, None, T], first: float, last: float, text: str
    ) -> Generator[Progress, None, T]:
        """Work that goes from the first of these shares to the last, and never back where parts of it count anew."""
        done = 0.0
        with contextlib.closing(work):
            while True:
                try:
                    told = next(work)
                except StopIteration as end:
                    return end.value  # type: ignore[no-any-return]
                done = max(done, min(1.0, told.done / (told.total or 1)))
                yield self.at(first + (last - first) * done, text)


# --- made ready ------------------------------------------------------------------------------------------------------


def prepare(
    reference: Reference, evaluation: Evaluation, use_kept: bool = True, device: str = "auto"
) -> Generator[Progress, None, Ready]:
    """Look at the real samples, so that others can be compared with them. Closing the generator cancels.

    Raises ConfigError where the feature network cannot be used.
    """
    eye = None
    if not reference.samples.are_points and any(metric.by_eye() for metric in asked(evaluation, reference, True)):
        eye = yield from evaluation.features.prepare(reference.source, pick_device(device))
    classes = eye is not None and bool(eye.classes)
    metrics, notes = _that_eye_serves(asked(evaluation, reference, classes), eye)
    with_pictures = any(map(_needs_pictures, metrics))
    real = yield from real_seen(reference.samples, eye, with_pictures, use_kept)
    unseen = None
    if any("unseen" in metric.needs for metric in metrics):
        try:
            others = yield from unseen_samples(reference, evaluation.samples)
            unseen = yield from real_seen(others, eye, with_pictures, use_kept)
        except ConfigError as error:  # the rest can be measured
            notes += map(str, error.problems)
            metrics, _ = _that_eye_serves(asked(evaluation, replace(reference, unseen=None), classes), eye)
    return Ready(evaluation, metrics, reference, eye, real, unseen, tuple(notes), use_kept)


def _that_eye_serves(metrics: tuple[Metric, ...], eye: Eye | None) -> tuple[tuple[Metric, ...], list[str]]:
    """(those that it can be measured with, what is said of the others). Raises ConfigError where there are none."""
    if eye is None or eye.classes:
        return metrics, []
    served = tuple(metric for metric in metrics if "classes" not in metric.needs)
    titles = [metric.title for metric in metrics if metric not in served]
    if not titles:
        return metrics, []
    told = f"Not measured: {', '.join(titles)}. {without_classes(eye.name)}"
    if not served:
        raise ConfigError(told)
    return served, [told]


def unseen_samples(reference: Reference, count: int) -> Generator[Progress, None, Samples]:
    """Raises ConfigError where training saw all that there is."""
    if reference.unseen is not None:
        return (yield from of_unseen(reference.unseen, count))
    if reference.source is None:
        raise ConfigError("Of a folder nobody knows what training saw: what is copied is told beside a run's data.")
    raise ConfigError(reference.source.how_to_hold_out())


def asked(evaluation: Evaluation, reference: Reference, classes: bool) -> tuple[Metric, ...]:
    """The metrics that were chosen, or else those that suit such samples, with a classifier or without."""
    if evaluation.metrics:
        return evaluation.metrics
    there = {need for need, is_there in _there(reference, classes).items() if is_there}
    special = bool(there & SPECIAL)
    fits = (entry for entry in METRICS if set(entry.needs) <= there and bool(set(entry.needs) & SPECIAL) == special)
    return tuple(entry() for entry in fits)


def _there(reference: Reference, classes: bool) -> dict[Need, bool]:
    points = reference.samples.are_points
    return {
        "features": True,  # points are their own
        "classes": classes and not points,
        "pictures": not points,
        "points": points,
        "modes": bool(len(reference.centres)),
        "pairs": reference.paired,
        "unseen": reference.unseen is not None,
    }


def _needs_pictures(metric: Metric) -> bool:
    return bool({"pictures", "pairs"} & set(metric.needs))


@dataclass(frozen=True)
class Sight:
    """Samples as they were seen."""

    all: Seen = field(repr=False)  # without their pictures
    shown: Seen = field(repr=False)  # as many of the first as there is room for the pictures of, with these

    def for_metric(self, metric: Metric) -> Seen:
        return self.shown if _needs_pictures(metric) else self.all


@dataclass(frozen=True)
class Real(Sight):
    """Real samples as they were seen."""

    hash: str  # of the samples


def real_seen(
    samples: Samples, eye: Eye | None, with_pictures: bool, use_kept: bool = True
) -> Generator[Progress, None, Real]:
    """Looked at, or read from what is kept of these very samples and this eye."""
    name = yield from samples.hashed()
    place = place_of(name, eye.id) if eye is not None and use_kept else None
    known = kept(place) if place is not None else None
    if known is None:
        sight = yield from Part().within(looked_at(samples, eye, with_pictures), 0, 1, LOOKING)
        if place is not None:
            keep_features(place, sight.all)
        return Real(sight.all, sight.shown, name)
    if not with_pictures:
        return Real(known, known, name)
    pictures = (yield from Part().within(looked_at(samples, None, True), 0, 1, LOOKING)).shown.pictures
    assert pictures is not None
    return Real(known, replace(known.taken(np.arange(len(pictures))), pictures=pictures), name)


def looked_at(samples: Samples, eye: Eye | None, with_pictures: bool) -> Generator[Progress, None, Sight]:
    """Make the samples and look at them, a batch at a time; pictures are held only where they are wanted."""
    rows, chances, pictures = Held(samples.count), Held(samples.count), Held(_room(samples) if with_pictures else 0)
    for batch in samples.batches():
        yield Progress(rows.filled, samples.count, MAKING)
        if samples.are_points:
            rows.put(batch)
            continue
        pictures.put(batch)
        for looked in (Looked(np.empty((len(batch), 0), np.float32)),) if eye is None else eye.looks(batch):
            rows.put(looked.rows)
            if looked.chances is not None:
                chances.put(looked.chances)
            yield Progress(rows.filled, samples.count, MAKING)
    yield Progress(rows.filled, samples.count, MAKING)
    assert rows.array is not None and rows.filled == samples.count  # else the rest would be whatever memory held
    seen = Seen(rows.array, chances.array)
    if not pictures.filled:
        return Sight(seen, seen)
    return Sight(seen, replace(seen.taken(np.arange(pictures.filled)), pictures=pictures.array))


def _room(samples: Samples) -> int:
    """How many pictures are held."""
    return 0 if samples.are_points else min(samples.count, max(2, HELD_BYTES // int(np.prod(samples.shape))))


class Held:
    """So many rows, filled part by part; they take memory once, and what comes after them is left out."""

    def __init__(self, count: int):
        self.count, self.filled = count, 0
        self.array: np.ndarray | None = None

    def put(self, part: np.ndarray) -> None:
        part = part[: self.count - self.filled]
        if self.array is None:
            self.array = np.empty((self.count, *part.shape[1:]), part.dtype)
        self.array[self.filled : self.filled + len(part)] = part
        self.filled += len(part)


# --- measured --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """Real samples as they were seen, and what is to be measured: any samples are compared with them."""

    evaluation: Evaluation
    metrics: tuple[Metric, ...]
    reference: Reference
    eye: Eye | None
    real: Real
    unseen: Real | None
    notes: tuple[str, ...] = ()  # what is lacking
    use_kept: bool = True

    def told(self, subject: Subject, part: Part) -> Generator[Progress, None, Evaluated]:
        """What is measured of a subject; or was, where its run has kept that. Closing the generator cancels.

        Raises ConfigError.
        """
        samples = yield from subject.samples(self.reference, self.evaluation.samples, self.evaluation.seed)
        key = self.key(subject.key, samples)
        known = read(subject.run) if subject.run is not None and self.use_kept else ()
        if (same := next((one for one in known if one.key == key), None)) is not None:
            yield part.at(1, MAKING)
            return replace(same, step=subject.step)  # another step may have the same weights
        found = yield from self.measured(samples, part)
        return replace(found, subject=subject.name, step=subject.step, weights=subject.weights, key=key)

    def measured(self, samples: Samples, part: Part = Part()) -> Generator[Progress, None, Evaluated]:
        """What the metrics say of any samples. Closing the generator cancels.

        Raises ConfigError where nothing can be measured, or the samples cannot be made.
        """
        with_pictures = any(map(_needs_pictures, self.metrics))
        generated = yield from part.within(looked_at(samples, self.eye, with_pictures), 0, MADE, MAKING)
        numbers: list[Number] = []
        notes = self._notes(samples)
        for place, metric in enumerate(self.metrics):
            first, last = (MADE + (1 - MADE) * i / len(self.metrics) for i in (place, place + 1))
            reading = metric.read(self._sets(metric, generated), self.evaluation.rounds, self.evaluation.seed)
            try:
                readings = yield from part.within(reading, first, last, f"measuring: {metric.title}")
            except ConfigError as error:
                notes += map(str, error.problems)
                continue
            numbers += [self._number(metric, one, samples) for one in readings]
            notes += [note for one in readings for note in one.notes]
        yield part.at(1, "measured")
        notes = list(dict.fromkeys(notes))
        if not numbers:
            raise ConfigError(*notes or ["There is no metric that suits these samples; choose one."])
        return Evaluated(samples.name, None, tuple(numbers), tuple(notes), self._histogram(generated.all))

    def key(self, generated: str, samples: Samples) -> str:
        """What names numbers: all that they are computed of and by. `generated` names what the samples come from."""
        return cache.key(
            {
                "numbers": FORMAT,
                "generated": generated,
                "real": [self.real.hash, self.unseen.hash if self.unseen else ""],
                "samples": [self.reference.samples.count, samples.count],
                "eye": self.eye.id if self.eye else "",
                "preprocessing": [self.reference.samples.preprocessing, samples.preprocessing],
                "metrics": [metric.plain() for metric in self.metrics],
                "how": [self.evaluation.rounds, self.evaluation.seed],
            }
        )

    def _sets(self, metric: Metric, generated: Sight) -> Sets:
        return Sets(
            self.real.for_metric(metric),
            generated.for_metric(metric),
            self.unseen.for_metric(metric) if self.unseen else None,
            self.eye.classes if self.eye else (),
            points=self.reference.samples.are_points,
            centres=self.reference.centres,
            sigma=self.reference.sigma,
            paired=self.reference.paired,
        )

    def _notes(self, samples: Samples) -> list[str]:
        found = [*self.reference.samples.notes, *samples.notes, *(self.eye.notes if self.eye else ()), *self.notes]
        if self.reference.samples.count < samples.count:
            found.append(f"There are {self.reference.samples.count:,} real samples, and {samples.count:,} others.")
        if self.reference.samples.left_out and any("unseen" in metric.needs for metric in self.metrics):
            found.append(
                f"Copies are looked for among {self.reference.samples.count:,} training samples; there are "
                f"{self.reference.samples.left_out} more: raise the number of samples to look among these, too."
            )
        return found

    def _number(self, metric: Metric, reading: Reading, samples: Samples) -> Number:
        measure = metric.measures[reading.measure]
        eye = self.eye if metric.by_eye() else None
        return Number(
            reading.measure,
            measure.title if eye is None else eye.called(measure.title),
            reading.value,
            reading.low,
            reading.high,
            reading.at_infinity,
            measure.better,
            measure.ideal,
            self._basis(metric, reading, samples, eye),
            measure.unit,
            reading.most,
            reading.items,
        )

    def _basis(self, metric: Metric, reading: Reading, samples: Samples, eye: Eye | None) -> Basis:
        others = f"the others: {samples.preprocessing}" if samples.preprocessing else ""
        words = (self.reference.samples.preprocessing, others, eye.preprocessing if eye else "")
        return Basis(
            eye=eye.id if eye else "",
            eye_name=eye.name if eye else "",
            preprocessing="; ".join(filter(None, words)),
            real=self.real.hash + (f"+{self.unseen.hash}" if self.unseen and "unseen" in metric.needs else ""),
            real_name=self.reference.samples.name,
            samples=reading.samples,
            metric=metric.plain(),
        )

    def _histogram(self, generated: Seen) -> tuple[tuple[str, float, float], ...]:
        real, classes = self.real.all.chances, self.eye.classes if self.eye else ()
        if real is None or generated.chances is None or not 0 < len(classes) <= MOST_BARS:
            return ()
        shares = (np.bincount(p.argmax(axis=1), minlength=len(classes)) / len(p) for p in (real, generated.chances))
        return tuple((name, float(a), float(b)) for name, a, b in zip(classes, *shares, strict=True))
