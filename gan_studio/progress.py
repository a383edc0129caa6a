"""What long work says on its way; light, so that whoever listens need not load what works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Long work, `done` of `total` (0: not known); `text` says what is being done."""

    done: int
    total: int
    text: str
