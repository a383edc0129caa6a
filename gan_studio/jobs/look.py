"""Look at the data before training on it: real samples, how they are augmented, what was left out and why."""

from __future__ import annotations

from collections.abc import Generator

from ..data import Dataset, Progress, Source
from .events import Looked
from .shown import REAL_SEED, shown

SAMPLES = 64
ROWS, VERSIONS = 4, 7  # pictures that are shown augmented, and how often each


def look(source: Source, fetch: bool = False, samples: int = SAMPLES) -> Generator[Progress | Looked, None, None]:
    """Prepare a source and show it; with `fetch`, what is missing comes from the internet first.

    Closing the generator cancels. Raises ConfigError with what to do.
    """
    if fetch:
        yield from source.fetch()
    dataset = yield from source.prepare()
    yield looked_at(dataset, samples)


def looked_at(dataset: Dataset, samples: int = SAMPLES) -> Looked:
    return Looked(
        real=shown(dataset, samples, REAL_SEED).real().array,
        augmented=dataset.augmented(ROWS, VERSIONS, REAL_SEED),
        size=dataset.size,
        classes=tuple(zip(dataset.classes, dataset.counts, strict=True)) if dataset.counts else (),
        skipped=dataset.skipped,
        notes=dataset.notes[1:] if dataset.skipped else dataset.notes,
    )
