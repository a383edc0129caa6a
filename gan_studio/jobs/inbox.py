"""Commands to a running job: put from any thread, read by the job between two steps."""

from __future__ import annotations

import queue
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    pass


@dataclass(frozen=True)
class Pause(Command):
    pass


@dataclass(frozen=True)
class Resume(Command):
    pass


@dataclass(frozen=True)
class Stop(Command):
    """Save and end."""


@dataclass(frozen=True)
class Step(Command):
    """Take one step of these players, then pause."""

    players: tuple[str, ...] = ("D", "G")


@dataclass(frozen=True)
class SampleNow(Command):
    pass


@dataclass(frozen=True)
class CheckpointNow(Command):
    starred: bool = False


@dataclass(frozen=True)
class Change(Command):
    """Set a live option of the run's config: `Change("recipe.g_optimiser.lr", 1e-4)`."""

    path: str
    value: object


class Inbox:
    """Thread-safe and never blocking for the sender."""

    def __init__(self) -> None:
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()  # its put may interrupt itself: Ctrl-C
        self._stop = False

    def put(self, command: Command) -> None:
        self._stop |= isinstance(command, Stop)
        self._commands.put(command)

    def waiting(self) -> list[Command]:
        """The commands that have come, without waiting."""
        found = []
        while True:
            try:
                found.append(self._commands.get_nowait())
            except queue.Empty:
                return found

    def stop_waits(self) -> bool:
        """Whether a Stop has come; everything stays where it is."""
        return self._stop

    def wait(self) -> Command:
        """The next command, however long it takes."""
        return self._commands.get()
