"""The drawing is translated while it is drawn: the newest wins, on the thread of the networks."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from ...config import ConfigError
from ...jobs.apply import Manner
from ...jobs.translators import Translator
from ...picture_files import Picture
from ..widgets.compare import Shown
from . import reading
from .desk import Desk
from .frame import TranslateFrame
from .looks import Ticket, shown, translated
from .reading import Opened, Photo, attempted


class Drawing(QObject):
    drawn = Signal()  # what is shown belongs to the drawing as it is now

    def __init__(self, frame: TranslateFrame, desk: Desk):
        super().__init__(frame)
        self.frame, self.desk = frame, desk
        self._asked = 0  # drawings so far
        sketch = frame.draw.sketch
        sketch.changed.connect(self.translate)
        sketch.example_wanted.connect(self._take_example)
        sketch.picture_wanted.connect(self._ask_for_picture)
        sketch.allow_example("Choose a run of yours first: its data is what one draws on.")
        desk.came.connect(self._translator_came)

    @property
    def is_seen(self) -> bool:
        return self.frame.pages.currentWidget() is self.frame.drawing

    def _translator_came(self, opened: Opened) -> None:
        sketch = self.frame.draw.sketch
        is_run = bool(opened.choice.steps)
        sketch.allow_example("" if is_run else "A file brings no data with it; open a run of yours.")
        sketch.set_paper(*opened.paper)
        self.frame.draw.result.clear("What the translator makes of the drawing is shown here.")
        self.translate()

    # --- the translation ---

    def translate(self) -> None:
        """Of the drawing as it is now, as soon as the one before is done; those in between are left out."""
        opened = self.desk.opened
        if opened is None or not self.is_seen:
            return
        self._asked += 1
        pixels = self.frame.draw.sketch.pixels()
        manner = attempted(self.frame.options.manner)
        if isinstance(manner, ConfigError):
            manner = Manner()
        ask = partial(attempted, partial(timed, opened.translator, pixels, manner))
        self.desk.networks.ask("drawing", ask, partial(self._show, self._asked))

    def _show(self, number: int, found: Any) -> None:
        draw = self.frame.draw
        if isinstance(found, Exception):
            draw.said.setText(str(found))
        else:
            pixels, seconds = found
            draw.result.show_pictures([Shown("Translation", pixels)])
            height, width = pixels.shape[:2]
            draw.said.setText(f"{width} × {height} · {1000 * seconds:.0f} ms")
        if number == self._asked:
            self.drawn.emit()

    # --- what one draws on ---

    def _take_example(self) -> None:
        if self.desk.opened:
            self.frame.draw.said.setText("Reading the data …")
            take = partial(
                attempted, partial(reading.example, self.desk.opened.choice.path, self.desk.opened.translator.direction)
            )
            self.desk.disk.ask("example", take, self._draw_on)

    def _ask_for_picture(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self.frame, "Draw on a picture", str(Path.home()))
        if name:
            self.desk.disk.ask("example", partial(attempted, partial(reading.photo, Path(name))), self._draw_on)

    def _draw_on(self, found: Photo | np.ndarray | Exception) -> None:
        self.frame.draw.said.setText("")
        match found:
            case Exception():
                self.frame.notices.show_notice(str(found), "warning")
            case Photo():
                self.frame.draw.sketch.show_picture(shown(found.picture))
            case pixels:
                self.frame.draw.sketch.show_picture(pixels)


def timed(translator: Translator, pixels: np.ndarray, manner: Manner) -> tuple[np.ndarray, float]:
    """On the thread: ([H, W, C] uint8, seconds it took)."""
    began = time.monotonic()
    result = translated(translator, Picture(pixels), manner, Ticket())
    return shown(result), time.monotonic() - began
