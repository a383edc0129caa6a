"""The whole walk on a line: the hand goes to any of its frames, and playing moves along it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from .. import theme
from ..widgets.editors import ChoiceBox
from ..widgets.fold import quiet
from ..widgets.timeline import DIGITS, NEAR_PX, THUMB, Track

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
EMPTY = "Two key-frames make a walk."
ABOUT = "Drag through the walk: the frame beneath the mark becomes the picture. Wedges are key-frames; Space plays."


class WalkTrack(Track):
    """Its steps are the walk's frames, its checkpoints the places of the key-frames."""

    def __init__(self) -> None:
        super().__init__(EMPTY)
        self._rate = 24.0
        self._is_here = False  # the picture is the frame at the mark
        self.setAccessibleName("Frame of the walk")
        self.setToolTip(ABOUT)

    def show_walk(self, frames: int, places: list[float], rate: float) -> None:
        """Its place stays. Tells nobody."""
        self._rate = rate
        self.checkpoints = [round(place) for place in places]
        self.set_steps(list(range(frames)), min(self.value(), max(0, frames - 1)))

    def set_here(self, is_here: bool) -> None:
        if is_here != self._is_here:
            self._is_here = is_here
            self.update()

    def words(self, frame: int) -> str:
        return f"{frame + 1:,} of {len(self.steps):,} · {frame / self._rate:.2f} s"

    def words_at(self, x: float) -> str:
        for number, place in enumerate(self.checkpoints):
            if abs(self.x_of(place) - x) <= NEAR_PX:
                return f"Key-frame {number + 1}"
        return self.words(min(max(round(self.step_at(x)), 0), self.maximum())) if self.steps else self.empty

    def _paint_thumb(self, painter: QPainter) -> None:
        """Hollow where the picture is another one."""
        super()._paint_thumb(painter)
        if not self._is_here:
            painter.setBrush(self.palette().window())
            painter.setPen(QPen(theme.colours().g, 1.5))
            painter.drawEllipse(self._thumb(), THUMB - 1.5, THUMB - 1.5)


class ScrubBar(QWidget):
    scrubbed = Signal(int)  # to this frame, by the user
    speed_changed = Signal(object)  # times
    play_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.track = WalkTrack()
        self.track.valueChanged.connect(self._moved)
        self.track.play_pressed.connect(self.play_pressed)
        self.place = quiet(QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
        self.place.setWordWrap(False)
        self.place.setToolTip("The frame, and when it is shown")
        self.speed = ChoiceBox([(speed, f"{speed:g}×", "") for speed in SPEEDS])
        self.speed.setMinimumContentsLength(4)
        self.speed.set_value(1.0)
        self.speed.setAccessibleName("Speed of playing")
        self.speed.setToolTip("Play slower or faster here; a film keeps its frames a second.")
        self.speed.edited.connect(self.speed_changed)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.track, 1)
        row.addWidget(self.place)
        row.addWidget(self.speed)
        self._say()

    def show_walk(self, frames: int, places: list[float], rate: float) -> None:
        self.track.show_walk(frames, places, rate)
        widest = self.track.words(max(0, frames - 1)).translate(DIGITS)
        width = self.place.fontMetrics().horizontalAdvance(f"{widest}0")
        self.place.setFixedWidth(width)  # or each frame would have the window laid out anew
        self._say()

    def show_frame(self, frame: int) -> None:
        """That is played; tells nobody."""
        self.track.blockSignals(True)
        self.track.setValue(frame)
        self.track.blockSignals(False)
        self.track.update()
        self._say()

    @property
    def frame(self) -> int:
        return self.track.value()

    def _moved(self, frame: int) -> None:
        self._say()
        self.scrubbed.emit(frame)

    def _say(self) -> None:
        told = self.track.words(self.track.value()) if self.track.steps else ""
        self.place.setText(told)
        self.track.setAccessibleDescription(told or EMPTY)
