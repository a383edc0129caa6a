"""A small sign beside the forecast: what the doctor says of the run in training. It leads to the doctor's page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QToolButton

from .. import theme
from ..computing import LatestWins, attempted
from ..session import Session
from ..signs import icon_of

if TYPE_CHECKING:
    from ...jobs.diagnose import Diagnosis
    from ...runs import Run

AGAIN_MS = 5000  # between two looks
PATIENCE_S = 2.0
WIDEST = 300  # pixels


class DoctorSign(QToolButton):
    """Hidden while nothing is in training, and before anything can be said."""

    def __init__(self, session: Session):
        super().__init__(autoRaise=True)
        self.session = session
        self.said: Diagnosis | None = None
        self._looks = False  # a look that takes long is not begun anew before it has ended
        self._line = LatestWins(self)
        self._line.failed.connect(session.tell)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaximumWidth(WIDEST)
        self.hide()
        self.clicked.connect(self._lead)
        theme.changed.connect(self._draw)
        session.stage_changed.connect(self._follow)
        self._timer = QTimer(self, interval=AGAIN_MS)
        self._timer.timeout.connect(self._look)

    def _follow(self, stage: str) -> None:
        if stage == "running" and self.session.run:
            self._timer.start()
        elif stage == "idle":
            self._timer.stop()
            self._line.forget("doctor")
            self._looks, self.said = False, None
            self.hide()

    def _look(self) -> None:
        run, place = self.session.run, self.parentWidget()
        is_seen = place is not None and place.isVisible()  # or would be, once there is something to say
        if run and is_seen and not self._looks:
            self._looks = True
            self._line.ask("doctor", partial(attempted, partial(diagnosed, run)), partial(self._show, run))

    def _show(self, run: Run, found: Diagnosis | Exception) -> None:
        """One whose folder cannot be read is told of elsewhere."""
        self._looks = False
        if not isinstance(found, Exception) and self.session.is_at(run):
            self.said = found
            self._draw()
            self.show()

    def _draw(self) -> None:
        if self.said is None:
            return
        words = f"Doctor: {words_of(self.said)}"
        room = WIDEST - self.iconSize().width() - 16
        self.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))
        self.setIcon(icon_of(self.said.verdict))
        self.setToolTip(f"{self.said.sentence.rstrip('.')}. Press for the evidence, and what helps.")
        self.setAccessibleName(words)

    def _lead(self) -> None:
        if self.session.run:
            self.session.evaluate_wanted.emit(self.session.run, "Doctor")

    def leave(self) -> None:
        self._timer.stop()
        self._line.leave(PATIENCE_S)


def diagnosed(run: Run) -> Diagnosis:
    """On a thread. Raises ConfigError."""
    from ...jobs.diagnose import diagnose

    return diagnose(run)


def words_of(said: Diagnosis) -> str:
    """ "D has won since step 400", "nothing wrong"."""
    if not said.findings:
        return said.short
    first, more = said.findings[0], len(said.findings) - 1
    return f"{first.title} since step {first.since:,}" + (f" and {more} more" if more else "")
