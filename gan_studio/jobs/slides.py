"""Pictures of a gallery one after the other as a film."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..config import ConfigError, Spec, option
from .events import Exported, Progress
from .exports import refuse_existing, whole
from .gallery import Sample
from .gallery_export import WRITING, in_batches
from .snapshots import Snapshot
from .timelapse import FORMATS, MOST_PX, crisp, file_format

RATE = 20  # frames a second of a video, which cannot hold one


class Slides(Spec):
    """How they follow each other."""

    seconds: float = option(1.0, "Each picture stays for so long.", ge=0.1, le=60.0, unit="s", learn=True)
    zoom: int = option(4, "Each pixel becomes so many pixels wide and high; they stay crisp.", ge=1, le=64, learn=True)


def slide_show(
    snapshot: Snapshot, samples: Sequence[Sample], path: Path, slides: Slides, replace: bool = False
) -> Iterator[Progress | Exported]:
    """Write the samples in their order as a film; its name says in which format.

    It appears whole or not at all; closing the iterator cancels. Raises ConfigError.
    """
    file_format(path)
    if not replace:
        refuse_existing(path)
    side = slides.zoom * max(snapshot.shape[1:])
    if side > MOST_PX:
        raise ConfigError(f"The film would be {side:,} pixels wide or high, and {MOST_PX:,} is the most; zoom less.")
    yield Progress(0, len(samples), WRITING)
    done = 0
    with whole(path) as temporary, contextlib.closing(FORMATS[path.suffix.lower()](temporary, RATE)) as film:
        for part in in_batches(snapshot, samples):
            for _, picture in part:
                film.add(crisp(picture, slides.zoom), slides.seconds)
            done += len(part)
            yield Progress(done, len(samples), WRITING)
    yield Exported(path)
