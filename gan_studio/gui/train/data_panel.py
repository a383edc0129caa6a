"""The strip beneath the settings: whether the data is here, a look at it, and fetching what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from .. import theme
from ..widgets.fold import quiet
from ..worker import Worker

if TYPE_CHECKING:
    from ...data import Source

PREVIEW_TIP = "Show samples as they will be trained on, and what augmentation makes of them."
LEAVE_S = 1.0  # a closing window waits so long for a job to clean up


class DataPanel(QWidget):
    """At most one job at a time; the latest wish counts."""

    looked = Signal(object)  # a Looked event of the data that is chosen
    aged = Signal(bool)  # whether other data is chosen by now than what was looked at
    failed = Signal(object)  # the exception
    pressed = Signal()  # before anything begins: the last chance to say what is chosen

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.source: Source | None = None  # what is chosen; None where that cannot be used
        self._wrong = "Nothing is chosen yet."  # why it cannot be used
        self._busy = ""  # why nothing may be begun now
        self._missing = ""  # what has to be fetched first
        self._worker: Worker | None = None
        self._source_at_work: Source | None = None
        self._fetches = False
        self._seen: tuple[Source, str] | None = None  # what was looked at last, and what was found
        self._build()
        self._offer()

    def _build(self) -> None:
        self.sentence = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.button = QPushButton("Preview", autoDefault=False)
        self.button.clicked.connect(self._press)
        self.pairs_button = QPushButton("Pairs…", autoDefault=False)
        self.pairs_button.setToolTip("Which picture of A belongs to which of B, what is left over, and why")
        self.pairs_button.clicked.connect(self.show_pairs)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setFixedHeight(8)
        self.bar.setAccessibleName("Progress of the data")
        self.cancel_button = QToolButton(autoRaise=True)
        self.cancel_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.cancel_button.setAccessibleName("Cancel")
        self.cancel_button.setToolTip("Cancel; what was half made is thrown away.")
        self.cancel_button.clicked.connect(self.cancel)
        theme.tint(self.cancel_button, "close")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 6)
        column.setSpacing(6)
        column.addWidget(QFrame(frameShape=QFrame.Shape.HLine, frameShadow=QFrame.Shadow.Sunken))
        for parts in ((self.sentence, self.pairs_button, self.button), (self.bar, self.cancel_button)):
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(parts[0], 1)
            for part in parts[1:]:
                row.addWidget(part)
            column.addLayout(row)

    # what is chosen

    def show_choice(self, data: dict[str, Any]) -> None:
        """The plain values of a data source. A preview that is under way begins anew."""
        from ...config import ConfigError
        from ...data import SOURCES

        before = self.source
        try:
            source = SOURCES.parse(data)
            source.check()
        except ConfigError as error:
            self.source, self._wrong = None, f"First mend: {error.under('data').problems[0]}"
        else:
            self.source, self._wrong = source, ""
        self._missing = self.source.missing() if self.source else ""
        if self._worker and not self._fetches and self.source != before:
            self.cancel()
            if self.source and not self._missing:
                self.begin()
        self.aged.emit(self._seen is not None and self._seen[0] != self.source)
        self._offer()

    def allow(self, busy: str) -> None:
        """`busy` is the reason why nothing may be begun, "" if it may. A download that is under way goes on."""
        self._busy = busy
        if busy and not self._fetches:
            self.cancel()
        self._offer()

    # the job

    def _press(self) -> None:
        self.pressed.emit()
        if self.button.isEnabled():
            self.begin()

    def begin(self) -> None:
        """Look at the data; fetch it first where it is missing."""
        from ...jobs.look import look

        assert self.source
        self._let_go()
        self._source_at_work, self._fetches = self.source, bool(self._missing)
        worker = Worker(look(self.source, self._fetches), parent=self)
        worker.events.connect(self._take)
        worker.failed.connect(self.failed)
        worker.finished.connect(self._end)
        worker.finished.connect(worker.deleteLater)
        self._worker = worker
        self._show_progress("Looking at the data", 0, 0)
        self._offer()
        worker.start()

    def show_pairs(self) -> None:
        """The assistant, beside the settings; the data that is chosen now."""
        from ...data.pairing import PairsByName
        from .pairing_dialog import PairingDialog

        self.pressed.emit()
        if isinstance(self.source, PairsByName):
            PairingDialog(self.source, self).open()

    def cancel(self) -> None:
        """End what is under way, and offer it again."""
        with_keyboard = self.window().focusWidget() is self.cancel_button
        self._let_go()
        self._offer()
        if with_keyboard:
            self.button.setFocus()

    def leave(self) -> None:
        """The window closes."""
        worker = self._worker
        self._let_go()
        if worker:
            worker.join(LEAVE_S)

    @property
    def is_working(self) -> bool:
        return self._worker is not None

    def _let_go(self) -> None:
        """Nobody listens any more to the job that is under way; it ends by itself."""
        if self._worker:
            self._worker.events.disconnect(self._take)
            self._worker.failed.disconnect(self.failed)
            self._worker.finished.disconnect(self._end)
            self._worker.cancel()
        self._worker, self._fetches = None, False

    def _take(self, mail: list[Any]) -> None:
        from ...jobs.events import Looked, Progress
        from .real_view import summary

        for event in {type(event): event for event in mail}.values():
            match event:
                case Progress():
                    self._show_progress(event.text, event.done, event.total)
                case Looked() if self._source_at_work == self.source and not self._busy:
                    assert self.source
                    self._seen = (self.source, summary(event))
                    self.looked.emit(event)

    def _end(self) -> None:
        self._worker, self._fetches = None, False
        self._missing = self.source.missing() if self.source else ""
        self._offer()

    # what is shown

    def _show_progress(self, text: str, done: int, total: int) -> None:
        self.sentence.setText(text)
        with QSignalBlocker(self.bar):
            self.bar.setRange(0, 1000 if total else 0)
            self.bar.setValue(round(1000 * done / total) if total else 0)

    def _offer(self) -> None:
        """Say what can be done now, and if not, why."""
        fetches = self._fetches or bool(self._missing)
        name = "Download" if fetches else "Preview"
        self.button.setText(name)
        self.button.setAccessibleName(f"{name} the data")
        why_not = self._busy or self._wrong or ("It is being downloaded." if self._fetches else "")
        self.button.setEnabled(not why_not)
        self.button.setToolTip(
            why_not or ("Fetch it from the internet, once, then show it." if fetches else PREVIEW_TIP)
        )
        self.pairs_button.setVisible(self._has_pairs())
        for widget in (self.bar, self.cancel_button):
            widget.setVisible(self.is_working)
        if not self.is_working:
            self.sentence.setText(self._state())

    def _has_pairs(self) -> bool:
        """Whether they are found by names, so that there may be something to find out."""
        if self.source is None:
            return False
        from ...data.pairing import PairsByName

        return isinstance(self.source, PairsByName)

    def _state(self) -> str:
        if self._wrong:
            return "The data cannot be used yet."
        if self._missing:
            return self._missing
        if self._seen is None:
            return "See what will be trained on."
        seen, found = self._seen
        return found if seen == self.source else "The data was changed since its preview."
