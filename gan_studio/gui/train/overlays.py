"""Curves of other runs over those that are shown: read on a thread, and followed while somebody trains them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from ...config import ConfigError
from ..session import Session
from ..widgets.curves import CurvesView
from .dropped import is_run
from .later import Later
from .record import Tail, columns
from .run_list import RunList
from .run_reader import branch_differences
from .run_words import in_words

if TYPE_CHECKING:
    from ...runs import Run

LOOK_MS = 2000  # between two looks at what the runs in training have told


class Overlays(QObject):
    """Runs are told apart by the names of their folders, in the list as in the plots."""

    def __init__(self, session: Session, curves: CurvesView, runs: RunList, parent: QObject):
        super().__init__(parent)
        self.session, self.curves, self.runs = session, curves, runs
        self._wanted: dict[str, Run] = {}
        self._labels: dict[str, str] = {}  # of those that are laid over
        self._tails: dict[str, Tail] = {}  # of those that grow
        self._later = Later(self)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        runs.overlay_wanted.connect(self.want)
        runs.renamed.connect(self._again)
        runs.refreshed.connect(self._follow_begun)
        session.stage_changed.connect(self._follow_begun)
        session.ended.connect(self._again)
        curves.overlay_removed.connect(self._forget)

    def want(self, run: Run, on: bool) -> None:
        if on:
            self._wanted[run.name] = run
            self._later.want(run.name, partial(_read, run), partial(self._show, run), partial(self._fail, run))
            self._mark()
        else:
            self.curves.remove_overlay(run.name)
            self._forget(run.name)

    def leave(self) -> None:
        """The window closes."""
        self._tails.clear()
        self._timer.stop()

    def _again(self, run: Run) -> None:
        if run.name in self._wanted:
            self.want(run, True)

    def _forget(self, name: str) -> None:
        self._wanted.pop(name, None)
        self._labels.pop(name, None)
        self._keep_tail(name, None)
        self._mark()

    def _show(self, run: Run, told: Told) -> None:
        if run.name in self._wanted:
            self._labels[run.name] = told.label
            taken = [label for name, label in self._labels.items() if name != run.name]
            label = f"{told.label} ({told.when})" if told.label in taken else told.label
            self.curves.set_overlay(run.name, label, told.curves)
            self._keep_tail(run.name, told.tail)

    def _fail(self, run: Run, error: Exception) -> None:
        """The eye closes, so that a press of it is another try."""
        if run.name in self._wanted:
            self.want(run, False)
            if isinstance(error, ConfigError):
                self.runs.problem.emit(str(error))
            else:
                self.session.tell(error)

    def _mark(self) -> None:
        self.runs.set_overlaid(list(self._wanted))

    # what grows

    def _keep_tail(self, name: str, tail: Tail | None) -> None:
        self._tails.pop(name, None)
        if tail:
            self._tails[name] = tail
        if not self._tails:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def _look(self) -> None:
        for name, tail in self._tails.items():
            run = self._wanted[name]
            self._later.want((name, "more"), partial(_more, tail), partial(self._grow, run), partial(self._fail, run))

    def _grow(self, run: Run, more: More) -> None:
        if self._tails.get(run.name) is not more.tail:
            return  # it was taken away, or read anew
        if more.rows is None:
            self.want(run, True)
            return
        if more.rows:
            self.curves.extend_overlay(run.name, *columns(more.rows))
        if not more.goes_on:
            self._keep_tail(run.name, None)

    def _follow_begun(self, _stage: str = "") -> None:
        """Somebody goes on with a run that stood still: this window, or another process."""
        live = {entry.name for entry in self.runs.entries() if entry.is_live}
        if self.session.run and self.session.stage == "running":
            live.add(self.session.run.name)
        for name in live & (self._wanted.keys() - self._tails.keys()):
            self.want(self._wanted[name], True)


# --- on a thread -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """All that a run has told; `tail` is where it grows."""

    label: str
    when: str  # it was made, for those that are called the same
    curves: dict[str, Any]
    tail: Tail | None


@dataclass(frozen=True)
class More:
    """What came since; `rows` is None where it is to be read anew."""

    tail: Tail
    rows: list[dict[str, Any]] | None
    goes_on: bool


def _read(run: Run) -> Told:
    """Raises ConfigError where there is nothing to be laid over anything."""
    tail = Tail(run) if run.is_being_written() else None  # before the curves, so that no row is missed
    curves = run.curves()
    if not (curves or tail):
        raise ConfigError(_why_none(run))
    return Told(_label(run), _when(run), curves, tail)


def _more(tail: Tail) -> More:
    goes_on = tail.run.is_being_written()  # before the rows, so that the last are not missed
    return More(tail, tail.rows(), goes_on)


def _why_none(run: Run) -> str:
    if not is_run(run.folder):
        return f"{run.folder} is not there any more; its curves cannot be laid over others."
    try:
        (run.folder / "curves.jsonl").open("rb").close()
    except FileNotFoundError:
        return f"{_title(run)} has no curves yet; train it first."
    except OSError as error:
        return f"The curves of {_title(run)} cannot be read ({error.strerror}); mend that, and press its eye again."
    return f"{_title(run)} has no curves yet; train it first."


def _label(run: Run) -> str:
    """Its title; of a branch that is called as its parent, with what was changed."""
    title, parent = _title(run), run.parent()
    if parent is None:
        return title
    name, step = parent
    origin = type(run)(run.folder.parent / name)
    changed = in_words(branch_differences(run, origin, step)) if _title(origin) == title else ""
    return f"{title}: {changed}" if changed else title


def _when(run: Run) -> str:
    """ "22 Nov 15:34"; the name of its folder where nothing sensible is told."""
    try:
        made = datetime.fromtimestamp(float(run.about()["created"]))
        return f"{made.day} {made:%b %H:%M}"
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return run.name


def _title(run: Run) -> str:
    return str(run.about().get("title", run.name))
