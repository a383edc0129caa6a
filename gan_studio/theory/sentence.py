"""A sentence as data: an English template and named values, so that the window can translate it before it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sentence:
    """`str(sentence)` is English; another language looks `template` up and formats what it finds with `values`."""

    template: str  # "D sees {batch} points": names and formats as in str.format
    values: Mapping[str, float | str] = field(default_factory=dict)
    about: str = ""  # whom it tells of, where there are players: "D", "G", or both ("")

    def __str__(self) -> str:
        return self.template.format(**self.values)
