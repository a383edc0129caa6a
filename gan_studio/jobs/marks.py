"""The stars and rejections of a gallery, kept beside the weights: who makes the same pictures again finds them again.

What is rejected is kept as the hash of its recipe, and what has a star as the recipe itself, to be made again by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..config import ConfigError
from ..files import write_atomic
from .explore import View
from .gallery import Mark, Sample
from .snapshots import Snapshot

FILE = "stars.json"
FORMAT = 1
MOST_BYTES = 2**26


def fingerprint(view: View) -> str:
    """Of all that its picture is made of, in hexadecimal: the same wherever the weights lie now."""
    elsewhere = {"run", "step", "weights"} if view.sha256 else set()
    values = view.model_dump(mode="json", exclude_defaults=True, exclude=elsewhere)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Marks:
    """Recipes with a star, by their fingerprints, in the order in which they got it; and fingerprints of the rest."""

    stars: dict[str, View]
    rejected: frozenset[str]

    def of(self, view: View) -> Mark:
        name = fingerprint(view)
        return "starred" if name in self.stars else "rejected" if name in self.rejected else ""

    def marked(self, samples: Iterable[Sample]) -> list[Sample]:
        if not self.stars and not self.rejected:
            return list(samples)
        return [replace(sample, mark=self.of(sample.view)) for sample in samples]

    def starred(self, snapshot: Snapshot) -> list[Sample]:
        """Those with a star that these weights make."""
        here = snapshot.about
        values = {"run": snapshot.origin.address(), "step": here["step"], "weights": here["weights"]}
        views = [view for view in self.stars.values() if view.sha256 == here["sha256"]]
        return [Sample(view.model_copy(update=values), mark="starred") for view in views]

    def changed(self, views: Sequence[View], mark: Mark) -> Marks:
        names = [fingerprint(view) for view in views]
        stars = {name: view for name, view in self.stars.items() if name not in names}
        rejected = self.rejected - set(names)
        if mark == "starred":
            stars |= dict(zip(names, views, strict=True))
        return Marks(stars, rejected | set(names) if mark == "rejected" else rejected)


def read(snapshot: Snapshot) -> Marks:
    """Those of a run, or of another program's file. Raises ConfigError where the file with them is damaged."""
    path = snapshot.origin.place(FILE)
    damaged = ConfigError(f"{path} is damaged, so there are no stars; bring an older copy back, or delete it.")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise damaged
        values = json.loads(data)
        newer = int(values["format"]) > FORMAT
        views = [] if newer else [View.parse(one) for one in values["starred"]]
        rejected = frozenset(map(str, values["rejected"]))
    except FileNotFoundError:
        return Marks({}, frozenset())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); see to its permissions.") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):  # what `parse` raises is a ValueError
        raise damaged from None
    if newer:
        raise ConfigError(f"{path} was written by a newer GAN Studio; update GAN Studio to see its stars.")
    return Marks({fingerprint(view): view for view in views}, rejected)


def mark(snapshot: Snapshot, views: Sequence[View], as_: Mark) -> Marks:
    """Give these a star, reject them, or take that back. Raises ConfigError where it cannot be kept."""
    found = read(snapshot).changed(views, as_)
    stars = [view.model_dump(mode="json", exclude_defaults=True) for view in found.stars.values()]
    values = {"format": FORMAT, "starred": stars, "rejected": sorted(found.rejected)}
    text = json.dumps(values, ensure_ascii=False, indent=1) + "\n"
    snapshot.origin.keep(FILE, lambda place: write_atomic(place, text))
    return found
