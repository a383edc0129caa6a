"""Files for others, from any tab: ask where, write on a thread, tell how far it is, and offer to open them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QStandardPaths, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from ..progress import Pace, Progress
from .widgets.notice import Notices
from .worker import Worker

STAYS_S = 20  # a notice that offers to open a file
PATIENCE_S = 3.0  # a window that closes waits so long for what is being written


class Exporting(QObject):
    """Several exports may be under way at once. `tell` shows an error to the user."""

    def __init__(self, room: QWidget, notices: Notices, tell: Callable[[Exception], object]):
        super().__init__(room)
        self._room, self._notices, self._tell = room, notices, tell
        self.folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        self.under_way: list[Writing] = []

    def ask(self, title: str, name: str, kinds: list[str], then: Callable[[Path], object]) -> SaveDialog:
        """Ask for a file and give its path to `then`; `kinds` are such as "Table (*.csv)", the usual one first."""
        dialog = SaveDialog(self._room, title, str(Path(self.folder) / name), kinds)
        dialog.fileSelected.connect(partial(self._chosen, then))
        dialog.open()
        return dialog

    def _chosen(self, then: Callable[[Path], object], name: str) -> None:
        path = Path(name)
        self.folder = str(path.parent)
        then(path)

    def write(self, events: Iterator[Any], what: str) -> Writing:
        """Iterate a job that ends with `Exported`; `what` is told meanwhile: "Writing the report"."""
        writing = Writing(events, what, self._notices, self)
        writing.worker.finished.connect(self._forget)
        writing.worker.failed.connect(self._tell)
        self.under_way.append(writing)
        writing.worker.start()
        return writing

    def _forget(self) -> None:
        ended = self.sender()
        for writing in [writing for writing in self.under_way if writing.worker is ended]:
            self.under_way.remove(writing)
            writing.end()
            for path in writing.paths:
                self.offer(path)
            writing.deleteLater()

    def offer(self, path: Path) -> None:
        """Say that a file is written, and offer to look at it."""
        show = ("Show in the file browser", partial(self._open, path.parent))
        if path.is_dir():
            self._notices.show_notice(f"Written: {path}", action=show, seconds=STAYS_S)
        else:
            view = ("Open", partial(self._open, path))
            self._notices.show_notice(f"Written: {path}", action=view, other=show, seconds=STAYS_S)

    def _open(self, path: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self._notices.show_notice(f"No program was found that opens {path}.", "warning")

    def leave(self) -> None:
        """The window closes: what is not whole yet is not written at all."""
        for writing in self.under_way:
            writing.cancel()
        for writing in self.under_way:
            writing.worker.join(PATIENCE_S)


class Writing(QObject):
    """One export under way, with its notice."""

    def __init__(self, events: Iterator[Any], what: str, notices: Notices, parent: QObject):
        super().__init__(parent)
        self._what, self._notices = what, notices
        self._pace = Pace()
        self.paths: list[Path] = []
        self.worker = Worker(events, parent=self)
        self.worker.events.connect(self._show)
        self.bar = notices.show_notice(f"{what} …", action=("Cancel", self.cancel), seconds=0)

    def cancel(self) -> None:
        """Nothing is left behind: files appear whole or not at all."""
        self.worker.cancel()

    def end(self) -> None:
        self._notices.take_back(self.bar)

    def _show(self, mail: list[Any]) -> None:
        from ..jobs.events import Exported

        for event in mail:
            match event:
                case Exported(path):
                    self.paths.append(path)
                case Progress(done, total) if total:
                    said = self._pace.told(Progress(done, total, f"{self._what}: {100 * done // total} %"))
                    if self.bar in self._notices.bars:  # else it was closed
                        self.bar.say(said)


class SaveDialog(QFileDialog):
    """Asks for the name of a file; the ending follows the kind that is chosen, unless one is typed."""

    def __init__(self, parent: QWidget, title: str, path: str, kinds: list[str]):
        super().__init__(parent, title, str(Path(path).parent))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setNameFilters(kinds)
        self._follow(kinds[0])
        self.filterSelected.connect(self._follow)
        self.selectFile(Path(path).name)

    def _follow(self, kind: str) -> None:
        self.setDefaultSuffix(suffix_of(kind))


def suffix_of(kind: str) -> str:
    """Of "Table (*.csv)" it is "csv", of "Folder (*)" it is ""."""
    return kind.partition("*.")[2].rstrip(")")
