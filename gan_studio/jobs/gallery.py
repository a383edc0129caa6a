"""Many pictures of a snapshot: made by seeds, along a walk or in strips; scored, sorted and filtered.

A gallery is a list of `Sample`, each a view with what is known of it. Pictures are not held: whoever shows them keeps
what `make` tells, and an export draws each again from its view, so ten thousand need no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..classes import one, single
from ..config import ConfigError, Spec, option
from ..walks import BETWEEN, lerp
from .events import Event, Progress
from .explore import View, at_input, class_shares, explorable, inputs, latents, pictures, shares
from .neighbours import Judge, judge
from .novelty import Known, known
from .snapshots import Snapshot
from .walk import Walk, through

BATCH = 32  # pictures between two looks at whether to stop
MAKING = "Making pictures"
LAST_SEED = 2**32 - 1

Mark = Literal["", "starred", "rejected"]


@dataclass(frozen=True)
class Sample:
    """A picture of a gallery, without its pixels."""

    view: View
    score: float | None = None  # D's logit, higher: more like real
    novelty: float | None = None  # distance to the nearest training picture, of pixels or features: see `neighbours`
    is_novel: bool | None = None  # whether that is further than training pictures are from each other
    mark: Mark = ""
    label: int | None = None  # its class, where there are classes


@dataclass(frozen=True)
class Made(Event):
    """The next samples of a gallery and their pictures."""

    samples: tuple[Sample, ...]
    pictures: np.ndarray  # [N, H, W, C] uint8


# --- which ones ------------------------------------------------------------------------------------------------------


def by_seeds(view: View, seeds: Sequence[int]) -> list[Sample]:
    """The view at each seed; its truncation and edits stay. Raises ConfigError where a seed is none."""
    if len(seeds) and not 0 <= min(seeds) <= max(seeds) <= LAST_SEED:
        raise ConfigError(f"Seeds go from 0 to {LAST_SEED:,}; choose others, or fewer pictures.")
    return [Sample(view.at_seed(seed)) for seed in seeds]


def of_each(samples: Sequence[Sample], numbers: Sequence[int]) -> list[Sample]:
    """Each of them in each of these classes, side by side."""
    return [replace(sample, view=sample.view.of_classes(one(number))) for sample in samples for number in numbers]


def along(snapshot: Snapshot, keys: Sequence[View], walk: Walk) -> list[Sample]:
    """The pictures of a walk. Raises ConfigError."""
    return _at(keys[0], through(keys, snapshot, walk), snapshot)


def strips(snapshot: Snapshot, keys: Sequence[View], steps: int, between: str = "slerp") -> list[Sample]:
    """Rows of so many pictures from each view to the next, both ends among them. Raises ConfigError."""
    if len(keys) < 2 or steps < 2:
        raise ConfigError("A strip goes from one picture to another; name at least two seeds and two pictures a row.")
    z, w = latents(keys, snapshot), class_shares(keys, snapshot).double()
    t = torch.linspace(0, 1, steps)
    rows = BETWEEN[between](z[:-1, None], z[1:, None], t)  # [K - 1, steps, z_dim]
    shares = lerp(w[:-1, None], w[1:, None], t).float()  # [K - 1, steps, classes]
    return _at(keys[0], torch.cat([rows, shares], dim=2).flatten(0, 1), snapshot)


def _at(view: View, rows: Tensor, snapshot: Snapshot) -> list[Sample]:
    return [Sample(at_input(view, row, snapshot)) for row in rows]


def labelled(samples: Sequence[Sample], snapshot: Snapshot) -> list[Sample]:
    """With the class of each, where the generator has classes and it is of one. Raises ConfigError."""
    if not snapshot.classes:
        return list(samples)
    return [replace(sample, label=single(shares(sample.view, snapshot))) for sample in samples]


# --- made and measured -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measures:
    """What is found out about each picture."""

    score: Judge | None = None
    training: Known | None = None

    def of(self, part: Sequence[Sample], drawn: np.ndarray) -> list[Sample]:
        """The samples of pictures [N, H, W, C] uint8, with what is known of them then."""
        found = list(part)
        if self.score is not None:
            found = [replace(sample, score=float(one)) for sample, one in zip(found, self.score(drawn), strict=True)]
        if self.training is not None:
            near, far = self.training.near, self.training.distances(drawn)
            found = [
                replace(sample, novelty=float(one), is_novel=bool(one > near))
                for sample, one in zip(found, far, strict=True)
            ]
        return found


def measures(
    snapshot: Snapshot, scored: bool = False, novel: bool = False, by_features: bool = False
) -> Generator[Progress, None, Measures]:
    """D's score, and how new a picture is by its pixels or by features, where that is wanted.

    Closing the generator cancels. Raises ConfigError where there is no D, or the data is not here.
    """
    score = _judge(snapshot) if scored else None
    return Measures(score, (yield from known(snapshot, by_features)) if novel else None)


def _judge(snapshot: Snapshot) -> Judge:
    found = judge(snapshot)
    if found is None:
        raise ConfigError("This checkpoint holds no discriminator to score pictures; sort them by seed.")
    return found


def make(snapshot: Snapshot, samples: Sequence[Sample], by: Measures | None = None) -> Iterator[Progress | Made]:
    """Draw the samples in batches, and measure them. Closing the iterator cancels."""
    explorable(snapshot)
    by = by or Measures()
    yield Progress(0, len(samples), MAKING)
    for start in range(0, len(samples), BATCH):
        part = labelled(samples[start : start + BATCH], snapshot)
        drawn = pictures(inputs([sample.view for sample in part], snapshot), snapshot)
        yield Made(tuple(by.of(part, drawn)), drawn)
        yield Progress(start + len(part), len(samples), MAKING)


def measured(
    snapshot: Snapshot,
    samples: Sequence[Sample],
    scored: bool = False,
    novel: bool = False,
    by_features: bool = False,
) -> Generator[Progress, None, list[Sample]]:
    """The samples with what is wanted of them, their pictures forgotten. Raises ConfigError as `measures` does."""
    if not scored and not novel:
        return list(samples)
    by = yield from measures(snapshot, scored, novel, by_features)
    found: list[Sample] = []
    for event in make(snapshot, samples, by):
        if isinstance(event, Made):
            found += event.samples
        else:
            yield event
    return found


# --- in which order --------------------------------------------------------------------------------------------------

Order = Literal["seed", "score", "novelty", "starred"]
_FIRST: dict[Order, Callable[[Sample], float]] = {  # the smallest stands first; what is not known stands last
    "seed": lambda sample: 0.0,
    "score": lambda sample: _largest_first(sample.score),
    "novelty": lambda sample: _largest_first(sample.novelty),
    "starred": lambda sample: -(sample.mark == "starred"),
}


def _largest_first(value: float | None) -> float:
    return -value if value is not None and np.isfinite(value) else np.inf


class Arrangement(Spec):
    """Which samples are shown, and in which order."""

    order: Order = option("seed", "By seed; what D takes for real first; what is newest first; or starred ones first.")
    backwards: bool = option(False, "The other way round.")
    novel_only: bool = option(False, "Without what is as near to a training picture as those are to each other.")
    starred_only: bool = option(False, "Without what has no star.")
    rejected: bool = option(False, "Rejected ones too.", title="Show rejected")


def arranged(samples: Sequence[Sample], how: Arrangement) -> list[int]:
    """The places of the samples that are shown, in order; equal ones keep theirs, and what is unknown stands last."""
    places = [i for i, sample in enumerate(samples) if _is_shown(sample, how)]
    key = _FIRST[how.order]
    if how.order == "seed":
        return places[::-1] if how.backwards else places
    sign = -1.0 if how.backwards else 1.0
    return sorted(places, key=lambda i: np.inf if key(samples[i]) == np.inf else sign * key(samples[i]))


def _is_shown(sample: Sample, how: Arrangement) -> bool:
    return (
        (sample.is_novel is True or not how.novel_only)
        and (sample.mark == "starred" or not how.starred_only)
        and (sample.mark != "rejected" or how.rejected)
    )
