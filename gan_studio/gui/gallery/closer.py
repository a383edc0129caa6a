"""Pictures looked at from near: one large, two side by side, one on the whole screen; drawn exactly, one by one."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from ..computing import LatestWins
from .frame import GalleryFrame
from .loupe import Compare, FullScreen, Loupe
from .pictures import Pictures, described
from .reading import exact

TWO = "Choose two pictures to compare: click one, then another with Ctrl."


class Closer(QObject):
    mark_wanted = Signal(object)
    copy_wanted = Signal()
    turned = Signal()  # to another picture, or back to the grid

    def __init__(self, frame: GalleryFrame, pictures: Pictures, line: LatestWins):
        super().__init__(frame)
        self.frame, self.pictures, self.line = frame, pictures, line
        self._full: FullScreen | None = None
        self._two: tuple[int, ...] = ()  # places of those that are compared
        frame.grid.opened.connect(self.open_loupe)
        frame.grid.compare_wanted.connect(self.open_compare)
        frame.grid.fill_wanted.connect(self.fill_screen)
        for near in (frame.loupe, frame.compare):
            near.back_wanted.connect(self.back)
        frame.loupe.fill_wanted.connect(self.fill_screen)
        frame.compare.turned.connect(self.turned)
        self._connect(frame.compare)
        self._connect_loupe(frame.loupe)

    def _connect_loupe(self, loupe: Loupe) -> None:
        loupe.step_wanted.connect(self.step)
        self._connect(loupe)

    def _connect(self, near: Loupe | Compare) -> None:
        near.mark_wanted.connect(self.mark_wanted)
        near.copy_wanted.connect(self.copy_wanted)

    @property
    def place(self) -> int | None:
        """Of the one picture that keys are about; None in the grid, where they are about all that are chosen."""
        row = self.frame.grid.current_row()
        if self._compares:
            return self._two[self.frame.compare.current]
        return self.pictures.places[row] if self._is_one_alone and row >= 0 else None

    @property
    def _is_one_alone(self) -> bool:
        return self.frame.pages.currentWidget() is self.frame.loupe or self._full is not None

    @property
    def _compares(self) -> bool:
        return self.frame.pages.currentWidget() is self.frame.compare and self._full is None

    def back(self) -> None:
        """To the grid."""
        if self.pictures.held is not None:
            self.frame.pages.setCurrentWidget(self.frame.grid)
            self.frame.grid.setFocus()
            self.turned.emit()

    def step(self, by: int) -> None:
        """To another of those that are shown."""
        row = self.frame.grid.current_row() + by
        self.frame.grid.go_to(min(max(row, 0), len(self.pictures.places) - 1))

    # --- one ---

    def open_loupe(self) -> None:
        if self.frame.grid.current_row() >= 0:
            self.frame.loupe.fit()
            self.frame.pages.setCurrentWidget(self.frame.loupe)
            self.frame.loupe.setFocus()
            self.draw()

    def draw(self) -> None:
        """The current one, where it is seen large: the small one at once, the exact one as soon as it is drawn."""
        row = self.frame.grid.current_row()
        if self._compares:
            self._name_sides()
        if not self._is_one_alone:
            return
        if row < 0:  # all have been rejected
            self.leave_full()
            self.back()
            return
        place, sample = self.pictures.places[row], self.pictures.sample(row)
        assert self.pictures.held and self.pictures.snapshot
        words = f"{described(sample, place)} · {row + 1:,} of {len(self.pictures.places):,}"
        self._show(words, self.pictures.held.picture(place))
        self.line.ask("large", partial(exact, sample, self.pictures.snapshot), partial(self._show, words))

    def _show(self, words: str, picture: np.ndarray) -> None:
        for loupe in (self.frame.loupe, *([self._full.loupe] if self._full else [])):
            loupe.show_images(picture[None])
            loupe.set_caption(words)

    def fill_screen(self) -> None:
        if self.frame.grid.current_row() >= 0 and self._full is None:
            self._full = FullScreen(self.frame)
            self._full.finished.connect(self._left_full)
            self._connect_loupe(self._full.loupe)
            self._full.showFullScreen()
            self.draw()

    def leave_full(self) -> None:
        if self._full is not None:
            self._full.close()

    def _left_full(self) -> None:
        self._full = None

    # --- two ---

    def open_compare(self) -> None:
        rows = self.frame.grid.chosen_rows()
        if len(rows) != 2:
            self.frame.notices.show_notice(TWO, "warning")
            return
        self.frame.compare.fit()
        self._two = tuple(self.pictures.places[row] for row in rows)
        for side, place in enumerate(self._two):
            self._draw_side(side, place)
        self.frame.pages.setCurrentWidget(self.frame.compare)
        self.frame.compare.go_to(0)
        self.turned.emit()

    def _draw_side(self, side: int, place: int) -> None:
        held, snapshot = self.pictures.held, self.pictures.snapshot
        assert held and snapshot
        show = partial(self.frame.compare.show_side, side)
        show(held.picture(place))
        self.line.ask(("side", side), partial(exact, held.samples[place], snapshot), show)

    def _name_sides(self) -> None:
        """With the marks that they have now."""
        assert self.pictures.held
        for side, place in zip(self.frame.compare.sides, self._two, strict=True):
            side.set_caption(described(self.pictures.held.samples[place], place))
