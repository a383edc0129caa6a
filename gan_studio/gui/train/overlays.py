"""Curves of other runs over those that are shown: read on a thread, and read again when their run has ended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from ..session import Session
from ..widgets.curves import CurvesView
from .later import Later
from .run_list import RunList
from .run_reader import branch_differences
from .run_words import in_words

if TYPE_CHECKING:
    from ...runs import Run


class Overlays(QObject):
    """Runs are told apart by the names of their folders, in the list as in the plots."""

    def __init__(self, session: Session, curves: CurvesView, runs: RunList, parent: QObject):
        super().__init__(parent)
        self.curves, self.runs = curves, runs
        self._wanted: dict[str, Run] = {}
        self._later = Later(self)
        self._later.failed.connect(session.tell)
        runs.overlay_wanted.connect(self.want)
        runs.renamed.connect(self._again)
        session.ended.connect(self._again)
        curves.overlay_removed.connect(self._removed)

    def want(self, run: Run, on: bool) -> None:
        if on:
            self._wanted[run.name] = run
            self._later.want(run.name, partial(_read, run), partial(self._show, run.name))
        else:
            self.curves.remove_overlay(run.name)
            self._removed(run.name)
        self._mark()

    def _again(self, run: Run) -> None:
        if run.name in self._wanted:
            self.want(run, True)

    def _removed(self, name: str) -> None:
        self._wanted.pop(name, None)
        self._mark()

    def _show(self, name: str, told: tuple[str, dict[str, Any]]) -> None:
        title, curves = told
        if name in self._wanted:
            self.curves.set_overlay(name, title, curves)

    def _mark(self) -> None:
        self.runs.set_overlaid(list(self._wanted))


def _read(run: Run) -> tuple[str, dict[str, Any]]:
    return _label(run), run.curves()


def _label(run: Run) -> str:
    """Its title; of a branch that is called as its parent, with what was changed."""
    title, parent = _title(run), run.parent()
    if parent is None:
        return title
    name, step = parent
    origin = type(run)(run.folder.parent / name)
    changed = in_words(branch_differences(run, origin, step)) if _title(origin) == title else ""
    return f"{title}: {changed}" if changed else title


def _title(run: Run) -> str:
    return str(run.about().get("title", run.name))
