"""Train in a process of its own, told and steered over a pipe: the window keeps its interpreter to itself.

Measured (`benchmarks/window.py`): on a thread, a training of small steps and the window share one interpreter lock;
the training fell to half its speed and the window's p99 gap rose to 55 ms. What breaks a training, a kill or memory
that runs out, leaves the window standing too. `Apart` offers what `jobs.train` does; torch is imported over there.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import ConfigError
from ..priority import lower_of_process
from ..runs import Run
from .inbox import Command, Inbox, Stop

if TYPE_CHECKING:
    from .race_folder import Race
    from .settings import RunConfig

PATIENCE_S = 120.0  # for a process that was told to end and gives no sign: longer than any step or checkpoint takes


@dataclass(frozen=True)
class Order:
    """What a new process is to do: `job(folder, **options)` makes it, over there."""

    folder: Path
    options: dict[str, Any]
    job: Callable[..., Any]  # of a module: it is sent by its name


@dataclass(frozen=True)
class Close:
    """Nobody listens any more: end at the next event, as closing the job's iterator does."""


@dataclass(frozen=True)
class Failure:
    """The job raised."""

    error: Exception
    trace: str


@dataclass(frozen=True)
class End:
    """The job has told everything; the last message."""


class Trace(Exception):  # noqa: N818 (shown as the cause of another one)
    """The traceback of an error in another process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


# --- on this side ----------------------------------------------------------------------------------------------------


class Apart:
    """Trains runs in processes of their own, with one kept warm, so that a start need not wait for imports."""

    def __init__(self) -> None:
        self._spare: tuple[SpawnProcess, Connection] | None = None
        self._lock = threading.Lock()

    def new_run(self, config: RunConfig, title: str, root: Path | None = None, preset: str = "") -> Run:
        """As `jobs.train.new_run`."""
        from .train import new_run

        return new_run(config, title, root, preset)

    def TrainJob(self, run: Run, **options: Any) -> RemoteJob:  # noqa: N802 (it stands for the class of that name)
        """As `jobs.train.TrainJob`: iterate it for events, put commands into its `inbox`."""
        return RemoteJob(self, Order(run.folder, options, training))

    def RaceJob(self, race: Race, **options: Any) -> RemoteJob:  # noqa: N802 (as above)
        """As `jobs.race.RaceJob`; all lanes share one process."""
        return RemoteJob(self, Order(race.folder, options, racing))

    def warm(self) -> None:
        """Have a process import what a training needs; it waits for an order."""
        with self._lock:
            if self._spare is None or not self._spare[0].is_alive():
                self._spare = born(serve, name="training")

    def take(self) -> tuple[SpawnProcess, Connection]:
        """A process that waits for its order."""
        with self._lock:
            spare, self._spare = self._spare, None
        return spare if spare and spare[0].is_alive() else born(serve, name="training")

    def dismiss(self) -> None:
        """Let the waiting process go."""
        with self._lock:
            spare, self._spare = self._spare, None
        if spare:
            spare[1].close()
            spare[0].terminate()  # it holds nothing, and would import for seconds before it heard of the end
            spare[0].join()


def born(life: Callable[..., None], *given: Any, name: str) -> tuple[SpawnProcess, Connection]:
    """A new process that lives `life(pipe, *given)`, and the pipe to it."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=life, args=(theirs, *given), name=name, daemon=True)
    process.start()
    theirs.close()
    return process, ours


class RemoteJob:
    """A job that runs elsewhere. Closing its iterator waits until the run is saved; a process that hangs is ended."""

    def __init__(self, crew: Apart, order: Order):
        self.crew, self.order = crew, order
        self.inbox = Outbox()

    def __iter__(self) -> Iterator[Any]:
        process, pipe = self.crew.take()
        try:
            with contextlib.suppress(OSError):  # it is dead already, which `received` will say
                pipe.send(self.order)
            self.inbox.connect(pipe)
            yield from received(process, pipe)
        finally:
            self.inbox.connect(None)
            with contextlib.suppress(OSError, AttributeError):  # the latter where the interpreter itself is ending
                pipe.send(Close())
            with contextlib.suppress(EOFError, OSError):
                while pipe.poll(PATIENCE_S) and not isinstance(pipe.recv(), End):
                    pass
            pipe.close()
            process.join(PATIENCE_S)
            process.kill()  # nothing happens to one that has ended
            process.join()


def received(process: SpawnProcess, pipe: Connection) -> Iterator[Any]:
    """Events until the end. Raises what the job raised, and ConfigError where its process died."""
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            process.join()
            raise ConfigError(cause_of_death(process.exitcode)) from None
        match message:
            case End():
                return
            case Failure(error, trace):
                raise error from Trace(trace)
            case _:
                yield message


def cause_of_death(code: int | None) -> str:
    how = f"exit code {code}"
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            how = signal.Signals(-code).name
    memory = " The system may have run out of memory: choose a smaller batch." if how == "SIGKILL" else ""
    return f"The training's process ended of itself ({how}).{memory} Resume goes on from the newest checkpoint."


class Outbox(Inbox):
    """Commands go over the pipe; those that come before it is there are kept."""

    def __init__(self) -> None:
        super().__init__()
        self._pipe: Connection | None = None
        self._sending = threading.Lock()

    def connect(self, pipe: Connection | None) -> None:
        with self._sending:
            self._pipe = pipe
            if pipe:
                for command in self.waiting():
                    self._send(pipe, command)

    def put(self, command: Command) -> None:
        with self._sending:
            if self._pipe:
                self._send(self._pipe, command)
            else:
                super().put(command)

    def _send(self, pipe: Connection, command: Command) -> None:
        with contextlib.suppress(OSError):  # whoever has died obeys no more
            pipe.send(command)


# --- on the other side -----------------------------------------------------------------------------------------------


def serve(pipe: Connection) -> None:
    """The whole life of a process: import, wait for an order, carry it out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches all processes; the window's decides
    multiprocessing.current_process().daemon = False  # data may be drawn by processes of its own, which end with it
    lower_of_process()
    import torch

    from . import train  # noqa: F401
    from .settings import RunConfig

    torch.optim.Adam([torch.zeros(1, requires_grad=True)], fused=True)  # imports another 900 modules
    RunConfig()  # fills the shelves
    try:
        order = pipe.recv()
    except EOFError:  # dismissed
        return
    job = order.job(order.folder, **order.options)
    signal.signal(signal.SIGTERM, lambda *_: cut(pipe))  # whoever logs out, or ends the window, loses nothing
    listener = Listener(pipe, job.inbox)
    listener.start()
    with contextlib.suppress(OSError):  # whoever listened has gone; the job has saved
        try:
            carry_out(job, pipe, listener)
        except Exception as error:
            pipe.send(portable(error))
        pipe.send(End())


def cut(pipe: Connection) -> None:
    """As if the other side had gone: what is being sent or waited for ends, and the job saves."""
    if os.name == "posix":  # elsewhere the pipe is no socket, and nobody can catch being terminated
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(pipe.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


def training(folder: Path, **options: Any) -> Any:
    from .train import TrainJob

    return TrainJob(Run(folder), **options)


def racing(folder: Path, **options: Any) -> Any:
    from .race import Race, RaceJob

    return RaceJob(Race(folder), **options)


def carry_out(job: Any, pipe: Connection, listener: Listener) -> None:
    events = iter(job)
    try:
        for event in events:
            pipe.send(event)
            if listener.is_closing:
                break
    finally:
        events.close()  # saves


class Listener(threading.Thread):
    """Puts what comes over the pipe into a job's inbox. A pipe that ends means: save, and end."""

    def __init__(self, pipe: Connection, inbox: Inbox):
        super().__init__(name="commands", daemon=True)
        self.pipe, self.inbox = pipe, inbox
        self.is_closing = False

    def run(self) -> None:
        while not self.is_closing:
            try:
                message = self.pipe.recv()
            except (EOFError, OSError):
                message = Close()
            if isinstance(message, Close):
                self.is_closing = True
                message = Stop()  # also for a job that waits, paused, in its inbox
            self.inbox.put(message)


def portable(error: Exception) -> Failure:
    """An error as it can be sent; one that cannot be pickled goes as its text."""
    trace = "".join(traceback.format_exception(error))
    try:
        multiprocessing.reduction.ForkingPickler.dumps(error)
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return Failure(error, trace)
