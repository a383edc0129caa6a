"""A close look: pictures that were generated beside real ones, and what an eye sees in both, all held at once.

What shows failure starts from it: `suspects.py` the nearest training pictures, `feature_map.py`, `spectra.py`, and
`smoothness.py` of the generator itself. A new way to look is a file beside them.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np

from ..compute import pick_device
from ..config import ConfigError, Spec, option
from ..feature_networks import FEATURE_NETWORKS, Eye, FeatureNetwork
from ..metrics import Seen
from ..progress import Progress
from ..registry import OneOf
from .evaluate import looked_at, real_seen, unseen_samples
from .reference import Reference, Samples
from .snapshots import Snapshot
from .subjects import Chosen, OfGenerator

MOST_BYTES = 2**28  # of pictures of one kind that are held
FEWEST = 8
MAKING, LOOKING = "Making pictures", "Looking at the real pictures"
POINTS = "These pages are about pictures, and this makes points in the plane; look at the numbers instead."


class Closely(Spec):
    """How closely one looks."""

    features: Annotated[FeatureNetwork, OneOf(FEATURE_NETWORKS)] = option(
        "auto", "What pictures are looked at with: it decides which of them are alike."
    )
    samples: int = option(500, "So many generated pictures.", ge=FEWEST, le=10_000, learn=True)
    real: int = option(5000, "Up to so many training pictures, and as many unseen ones.", ge=FEWEST, le=100_000)
    seed: int = option(0, "Picture i belongs to this seed + i: the same latents for every checkpoint.", ge=0, le=2**31)
    against: str = option(
        "", "What is compared with: a folder or a zip of real pictures, or a run, for its data. Empty: the run's own."
    )


@dataclass(frozen=True)
class Close:
    """What a close look finds; row i of each `Seen` belongs to picture i."""

    name: str
    step: int | None
    eye: Eye
    real_name: str
    generated: Seen
    real: Seen  # what training saw, as far as it was held
    unseen: Seen | None  # real pictures that it never saw
    notes: tuple[str, ...]
    seed: int = 0
    snapshot: Snapshot | None = field(default=None, repr=False)  # of what is a generator

    @property
    def knows_classes(self) -> bool:
        return bool(self.eye.classes) and self.real.chances is not None and self.generated.chances is not None

    def shares(self) -> tuple[tuple[str, float, float], ...]:
        """(class, share of the real pictures, share of the generated) by the eye; () where it knows none."""
        real, generated = self.real.chances, self.generated.chances
        if real is None or generated is None or not self.eye.classes:
            return ()
        found = (np.bincount(p.argmax(axis=1), minlength=p.shape[1]) / len(p) for p in (real, generated))
        return tuple((name, float(a), float(b)) for name, a, b in zip(self.eye.classes, *found, strict=True))


def look_closely(chosen: Chosen, how: Closely) -> Generator[Progress, None, Close]:
    """Make pictures, read real ones, and look at all of them. Closing the generator cancels.

    Raises ConfigError with what to do.
    """
    yield Progress(0, 0, "Opening it")
    subject = chosen.open()
    reference = yield from subject.reference(how.against, how.real)
    if reference.samples.are_points:
        raise ConfigError(POINTS)
    eye = yield from how.features.prepare(reference.source, pick_device(chosen.device))
    originals = held(reference.samples)
    real = (yield from real_seen(originals, eye, True)).shown
    unseen, notes = yield from _unseen(reference, how, eye)
    samples = held((yield from subject.samples(reference, how.samples, how.seed)))
    generated = (yield from looked_at(samples, eye, True)).shown
    if min(len(generated), len(real)) < FEWEST:
        few = min(len(generated), len(real))
        raise ConfigError(f"There are {few} pictures of one kind, and {FEWEST} are the least; add some.")
    return Close(
        subject.name,
        subject.step,
        eye,
        reference.samples.name,
        generated,
        real,
        unseen,
        tuple(dict.fromkeys([*originals.notes, *samples.notes, *eye.notes, *notes])),
        how.seed,
        subject.snapshot if isinstance(subject, OfGenerator) else None,
    )


def _unseen(
    reference: Reference, how: Closely, eye: Eye
) -> Generator[Progress, None, tuple[Seen | None, tuple[str, ...]]]:
    """Real pictures that training never saw, or a sentence why there are none."""
    try:
        samples = yield from unseen_samples(reference, how.real)
    except ConfigError as error:
        return None, (str(error),)
    found = yield from real_seen(held(samples), eye, True)
    return found.shown, ()


def held(samples: Samples) -> Samples:
    """As many as there is room for."""
    most = max(FEWEST, MOST_BYTES // int(np.prod(samples.shape)))
    if samples.count <= most:
        return samples

    def first() -> Generator[np.ndarray, None, None]:
        left = most
        for batch in samples.batches():
            yield batch[:left]
            left -= len(batch)
            if left <= 0:
                return

    note = f"{most:,} of {samples.count:,} pictures are looked at, as there is no room for more."
    return Samples(samples.name, samples.shape, most, first, samples.preprocessing, (*samples.notes, note))
