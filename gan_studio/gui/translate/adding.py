"""Files into the list: dropped, chosen or pasted; folders are looked through on a thread, and what is of no use is
told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from ... import images
from ..drops import local_paths
from ..widgets.compare import image_of
from . import reading
from .desk import Desk
from .frame import TranslateFrame
from .reading import Found, Glimpse, Rooted, attempted

EMPTY_CLIPBOARD = "There is no picture on the clipboard, nor a file."


class Adding(QObject):
    def __init__(self, frame: TranslateFrame, desk: Desk):
        super().__init__(frame)
        self.frame, self.desk = frame, desk
        self.rooted: dict[Path, Rooted] = {}  # of each file: below which folder it was dropped
        files = frame.files
        files.files_wanted.connect(self.ask_for_files)
        files.folder_wanted.connect(self.ask_for_folder)
        files.paste_wanted.connect(self.paste)
        files.queue.look_wanted.connect(self._glimpse)

    # --- where they come from ---

    def ask_for_files(self) -> None:
        endings = " ".join(f"*{ending}" for ending in sorted(images.suffixes()))
        names, _ = QFileDialog.getOpenFileNames(
            self.frame, "Choose pictures", str(Path.home()), f"Pictures ({endings});;All files (*)"
        )
        self.add([Path(name) for name in names])

    def ask_for_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self.frame, "Choose a folder of pictures", str(Path.home())):
            self.add([Path(name)])

    def paste(self) -> None:
        """Files that were copied, or a picture."""
        data: QMimeData | None = QGuiApplication.clipboard().mimeData()  # None where another program holds it
        if data is None:
            self.frame.notices.show_notice(EMPTY_CLIPBOARD, "warning")
        elif paths := local_paths(data):
            self.add(paths)
        elif data.hasImage():
            self.add_picture(QGuiApplication.clipboard().image())
        else:
            self.frame.notices.show_notice(EMPTY_CLIPBOARD, "warning")

    def add_picture(self, picture: QImage) -> None:
        """One that is no file yet becomes one."""
        if picture.isNull():
            self.frame.notices.show_notice(EMPTY_CLIPBOARD, "warning")
            return
        self.desk.disk.ask("paste", partial(attempted, partial(reading.keep_pasted, pixels_of(picture))), self._pasted)

    def _pasted(self, found: Path | Exception) -> None:
        if isinstance(found, Exception):
            self.frame.notices.show_notice(f"The picture cannot be kept: {found}", "error")
        else:
            self.add([found])

    # --- into the list ---

    def add(self, paths: Sequence[Path]) -> None:
        """Each drop is looked through, also where another comes meanwhile."""
        if paths:
            self.frame.files.say("Looking for pictures …")
            look = partial(reading.pictures_among, tuple(paths))
            self.desk.disk.ask(("add", *paths), look, self._found)

    def _found(self, found: Found) -> None:
        self.frame.files.say("")
        if found.refused:
            self.frame.notices.show_notice(found.refused, "warning")
        self.rooted |= {file.path: file for file in found.files}
        known = [file.path for file in found.files]
        new = self.frame.files.queue.add(known)
        if known:
            self.frame.files.view.choose((new or known)[0])

    def _glimpse(self, path: Path) -> None:
        self.desk.glimpses.ask(path, partial(reading.glimpse, path), self._glimpsed)

    def _glimpsed(self, found: Glimpse) -> None:
        queue = self.frame.files.queue
        if found.small is not None:
            queue.show_picture(found.path, image_of(found.small))
        file = queue.file(found.path)
        if file is None:
            return
        if found.reason and file.state == "waiting":
            queue.change(found.path, state="failed", reason=found.reason)
        elif found.facts:
            queue.change(found.path, facts=found.facts)


def pixels_of(picture: QImage) -> np.ndarray:
    """[H, W, 3 or 4] uint8."""
    has_alpha = picture.hasAlphaChannel()
    form = QImage.Format.Format_RGBA8888 if has_alpha else QImage.Format.Format_RGB888
    picture = picture.convertToFormat(form)
    height, width, channels = picture.height(), picture.width(), 4 if has_alpha else 3
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(height, picture.bytesPerLine())
    return rows[:, : width * channels].reshape(height, width, channels).copy()
