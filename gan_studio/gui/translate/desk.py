"""What the tab is about, as its parts share it: a translator, the picture that is looked at, and the threads."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ..computing import LatestWins
from .reading import Opened, Photo

PATIENCE_S = 2.0  # a closing window waits so long for what is being computed


class Desk(QObject):
    """Networks run on one thread, disks are read on another; of questions of one kind only the newest counts."""

    came = Signal(object)  # Opened
    looked_at = Signal(object)  # Photo, or None where nothing is chosen
    failed = Signal(object)  # an exception that nobody was to raise

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.opened: Opened | None = None
        self.photo: Photo | None = None
        self.disk, self.glimpses, self.networks = LatestWins(self), LatestWins(self), LatestWins(self)
        for line in (self.disk, self.glimpses, self.networks):
            line.failed.connect(self.failed)

    def open(self, found: Opened) -> None:
        self.opened = found
        self.came.emit(found)

    def look_at(self, photo: Photo | None) -> None:
        self.photo = photo
        self.looked_at.emit(photo)

    def leave(self) -> None:
        for line in (self.disk, self.glimpses, self.networks):
            line.leave(PATIENCE_S)
