"""A whole training on one line: a slider over all that was drawn, and a time-lapse that moves it."""

from __future__ import annotations

import bisect
import time

from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QToolTip,
    QWidget,
)

from .. import theme
from .toggle import Toggle

EDGE = 9  # pixels at both ends of the track, half a thumb
THUMB = 6.0  # its radius
NEAR_PX = 4  # a tick so near to the mouse is meant by it
DENSE_PX = 6  # frames that lie closer are not marked one by one
TICK_MS = 33
ALL_IN_S = 10.0
LIVE_TIP = "Show the newest samples, and go on with what comes."
BRANCH = "Branch here"
PLAY_TIP = "Play the training as a time-lapse (Space)"
NO_BRANCH = "There is no checkpoint at or before this step."
DIGITS = str.maketrans("123456789", "000000000")


class Timeline(QWidget):
    """Moves over steps that were drawn. At its right end it is live: it stays there while steps are added.

    Every move of the user or of the time-lapse is told once: as `live_wanted` at the right end, else as `moved`.
    """

    moved = Signal(int)  # to this step
    live_wanted = Signal()
    branch_wanted = Signal(int)  # from this step, or from the nearest one before it

    def __init__(self, empty: str = "Each sample grid becomes a place on this line.", parent: QWidget | None = None):
        super().__init__(parent)
        self._trains = False
        self._build(empty)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._play_on)
        self._played_at = self._due = 0.0
        self._show_place()

    def _build(self, empty: str) -> None:
        self.setAccessibleName("Timeline of the training")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.track = Track(empty)
        self.track.valueChanged.connect(self._tell)
        self.track.play_pressed.connect(self.toggle_play)
        self.play_button = QToolButton(autoRaise=True)
        self.play_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.play_button.clicked.connect(self.toggle_play)
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed of the time-lapse")
        self.speed.setToolTip("Frames of the time-lapse in a second")
        for rate in (2, 5, 10, 20, 30):
            self.speed.addItem(f"{rate}/s", float(rate))
        self.speed.addItem(f"All in {ALL_IN_S:.0f} s", 0.0)
        self.speed.setCurrentIndex(2)
        self.loop = QToolButton(autoRaise=True)
        self.loop.setCheckable(True)
        self.loop.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.loop.setAccessibleName("Repeat")
        self.loop.setToolTip("Begin again at the end of the time-lapse")
        self.place = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.place.setToolTip("The step that is shown")
        self.live_button = Toggle("Newest", LIVE_TIP)
        self.live_button.clicked.connect(self.go_live)
        self.branch_button = QPushButton(BRANCH, autoDefault=False)
        self.branch_button.clicked.connect(self.branch_here)
        self.branch_button.setAccessibleName(BRANCH)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(6)
        before: tuple[QWidget, ...] = (self.play_button, self.speed, self.loop)
        after: tuple[QWidget, ...] = (self.place, self.live_button, self.branch_button)
        for widget in before:
            row.addWidget(widget)
        row.addWidget(self.track, 1)
        for widget in after:
            row.addWidget(widget)

    def draw_icons(self) -> None:
        """Not before the first paint: the icon font is large."""
        theme.tint(self.play_button, "play")
        theme.tint(self.loop, "repeat")
        theme.tint(self.branch_button, "source-branch")
        self._make_room()

    # what there is

    def set_steps(self, steps: list[int]) -> None:
        """The steps that were drawn, in order. Stays live, else as near as possible to the step that was shown."""
        before = None if self.is_live else self.step()
        self.track.set_steps(sorted(set(steps)), before)
        if len(self.track.steps) < 2:
            self.pause()
        self._show_place()

    def add_step(self, step: int) -> None:
        """A new one was drawn; steps after it are of a past that was taken back."""
        kept = self.track.steps[: bisect.bisect_left(self.track.steps, step)]
        self.set_steps([*kept, step])

    def set_checkpoints(self, steps: list[int]) -> None:
        """From where one can branch."""
        self.track.checkpoints = sorted(steps)
        self.track.update()
        self._make_room()
        self._show_place()

    def set_changes(self, steps: list[int]) -> None:
        """Where settings were changed."""
        self.track.changes = sorted(steps)
        self.track.update()

    def set_training(self, trains: bool) -> None:
        """Whether new steps are to come."""
        self._trains = trains
        self._show_place()

    # where it stands

    def step(self) -> int | None:
        """The step that is shown; None where nothing was drawn."""
        return self.track.steps[self.track.value()] if self.track.steps else None

    @property
    def is_live(self) -> bool:
        return not self.track.steps or self.track.value() == self.track.maximum()

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def checkpoint(self) -> int | None:
        """The one to branch from: the newest at or before what is shown; at the right end the newest of all."""
        step = self.step()
        there = self.track.checkpoints if self.is_live else [c for c in self.track.checkpoints if c <= (step or 0)]
        return there[-1] if there else None

    # moving

    def go_to(self, step: float) -> None:
        """To the nearest step that was drawn."""
        if self.track.steps:
            self.pause()
            self.track.setValue(nearest(self.track.steps, step))

    def go_live(self) -> None:
        self.pause()
        if self.is_live:
            self._show_place()  # the button was pressed, and stays down
        else:
            self.track.setValue(self.track.maximum())

    def branch_here(self) -> None:
        self.pause()
        newest = self.checkpoint() if self.is_live else None
        step = self.step() if newest is None else newest
        if step is not None:
            self.branch_wanted.emit(step)

    def _tell(self) -> None:
        self._show_place()
        if self.is_live:
            self.live_wanted.emit()
        else:
            self.moved.emit(self.step())

    # the time-lapse

    def toggle_play(self) -> None:
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """From here, or from the beginning where this is the end."""
        if len(self.track.steps) < 2:
            return
        self._timer.start()
        self._played_at, self._due = time.monotonic(), 0.0
        if self.is_live:
            self.track.setValue(0)
        self._show_place()

    def pause(self) -> None:
        self._timer.stop()
        self._show_place()

    def frames_per_second(self) -> float:
        return self.speed.currentData() or max(1.0, len(self.track.steps) / ALL_IN_S)

    def _play_on(self) -> None:
        """As many frames further as are due; a window that was busy for long does not jump."""
        now = time.monotonic()
        self._due += min(now - self._played_at, 0.25) * self.frames_per_second()
        self._played_at = now
        further = int(self._due)
        if not further:
            return
        self._due -= further
        place, end = self.track.value() + further, self.track.maximum()
        if place > end and self.loop.isChecked():
            self.track.setValue(0)
            return
        self.track.setValue(min(place, end))
        if place >= end and not self.loop.isChecked():
            self.pause()

    # what is said

    def _show_place(self) -> None:
        step, playing = self.step(), self.is_playing
        several = len(self.track.steps) > 1
        for widget in (self.track, self.play_button, self.speed, self.loop):
            widget.setEnabled(several)
        self.place.setText("" if step is None else f"Step {step:,}")
        widest = f"Step {self.track.high():,}".translate(DIGITS)
        metrics = self.fontMetrics()  # of a fixed size, or every word would have the whole window laid out anew
        self.place.setFixedSize(metrics.horizontalAdvance(widest), metrics.height())
        self.track.setAccessibleDescription(self.place.text() or self.track.empty)
        if self.play_button.icon() and playing != (self.play_button.accessibleName() == "Pause the time-lapse"):
            theme.tint(self.play_button, "pause" if playing else "play")
        self.play_button.setAccessibleName("Pause the time-lapse" if playing else "Play the time-lapse")
        self.play_button.setToolTip(PLAY_TIP if several else "Two sample grids make a time-lapse.")
        self._show_live(several)
        self._show_branch()

    def _show_live(self, several: bool) -> None:
        button = self.live_button
        button.setText("Live" if self._trains else "Newest")
        button.setAccessibleName(f"{button.text()}: the newest samples")
        button.setChecked(several and self.is_live)
        button.setEnabled(several)
        button.setToolTip(LIVE_TIP if not self.is_live else "You see the newest samples.")

    def _make_room(self) -> None:
        """On the branch button for any of the checkpoints: the line does not jump as one moves."""
        button, newest = self.branch_button, self.track.checkpoints[-1:]
        text = button.text()
        button.setText(max([BRANCH, *(f"Branch at {step:,}".translate(DIGITS) for step in newest)], key=len))
        button.setMinimumWidth(button.sizeHint().width())
        button.setText(text)

    def _show_branch(self) -> None:
        """On the button and on the line: only what was kept can be gone on from, which may be far before this step."""
        button, checkpoint, step = self.branch_button, self.checkpoint(), self.step()
        self.track.set_origin(checkpoint)
        button.setEnabled(checkpoint is not None)
        button.setText(BRANCH if checkpoint is None else f"Branch at {checkpoint:,}")
        if checkpoint is None:
            button.setToolTip(NO_BRANCH)
        elif checkpoint == step:
            button.setToolTip(f"Go on from step {checkpoint:,} with changed settings, in a new run.")
        else:
            which = "newest checkpoint" if self.is_live else f"nearest checkpoint before step {step:,}"
            button.setToolTip(f"Go on from step {checkpoint:,}, the {which}, with changed settings, in a new run.")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.toggle_play()
        else:
            super().keyPressEvent(event)


class Track(QSlider):
    """The line itself. Its value is the number of a frame; it is drawn where the frame's step lies."""

    play_pressed = Signal()

    def __init__(self, empty: str):
        super().__init__(Qt.Orientation.Horizontal)
        self.empty = empty
        self.steps: list[int] = []
        self.checkpoints: list[int] = []
        self.changes: list[int] = []
        self.origin: int | None = None  # the checkpoint that a branch would begin with
        self.setAccessibleName("Step of the training")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(120)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    def set_steps(self, steps: list[int], place: int | None) -> None:
        """`place` None is the last one. Tells nobody."""
        with QSignalBlocker(self):
            self.steps = steps
            self.setMaximum(max(0, len(steps) - 1))
            self.setPageStep(max(1, len(steps) // 10))
            self.setValue(self.maximum() if place is None or not steps else nearest(steps, place))
        self.update()

    def set_origin(self, checkpoint: int | None) -> None:
        if checkpoint != self.origin:
            self.origin = checkpoint
            self.update()

    def low(self) -> int:
        return min(self.steps[:1] + self.checkpoints[:1] + self.changes[:1], default=0)

    def high(self) -> int:
        return max(self.steps[-1:] + self.checkpoints[-1:] + self.changes[-1:], default=0)

    # places in pixels

    def x_of(self, step: float) -> float:
        room = self.width() - 2 * EDGE
        return EDGE + room * (step - self.low()) / max(1, self.high() - self.low())

    def step_at(self, x: float) -> float:
        room = max(1, self.width() - 2 * EDGE)
        return self.low() + (x - EDGE) / room * (self.high() - self.low())

    def _thumb(self) -> QPointF:
        at_end = self.value() == self.maximum()
        return QPointF(self.x_of(self.high() if at_end else self.steps[self.value()]), self._middle())

    def _middle(self) -> float:
        return self.height() / 2

    # the user

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.steps:
            self.setSliderDown(True)
            self._drag_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._drag_to(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def _drag_to(self, event: QMouseEvent) -> None:
        at_end = event.position().x() >= self.width() - EDGE
        self.setValue(self.maximum() if at_end else nearest(self.steps, self.step_at(event.position().x())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.play_pressed.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.words_at(event.pos().x()), self)
            return True
        return super().event(event)

    def words_at(self, x: float) -> str:
        """What lies beneath the mouse."""
        if not self.steps:
            return self.empty
        marks = [(self.checkpoints, "a checkpoint to branch from"), (self.changes, "a setting was changed")]
        for steps, words in marks:
            near = [step for step in steps if abs(self.x_of(step) - x) <= NEAR_PX]
            if near:
                return f"Step {min(near, key=lambda step: abs(self.x_of(step) - x)):,}: {words}"
        return f"Step {self.steps[nearest(self.steps, self.step_at(x))]:,}"

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.steps:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            room = self.rect().adjusted(EDGE, 0, -EDGE, 0)
            text = self.fontMetrics().elidedText(self.empty, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
            return
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        self._paint_groove(painter)
        self._paint_ticks(painter)
        self._paint_thumb(painter)

    def _paint_groove(self, painter: QPainter) -> None:
        c, thumb = theme.colours(), self._thumb()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(c.grid)
        painter.drawRoundedRect(QRectF(EDGE, self._middle() - 2, self.width() - 2 * EDGE, 4), 2, 2)
        painter.setBrush(c.g)
        painter.drawRoundedRect(QRectF(EDGE, self._middle() - 2, thumb.x() - EDGE, 4), 2, 2)

    def _paint_ticks(self, painter: QPainter) -> None:
        """Frames as dots on the line where there is room, changes as strokes above it, checkpoints as wedges below.

        The wedge from which a branch would begin is larger.
        """
        c, middle = theme.colours(), self._middle()
        if len(self.steps) * DENSE_PX < self.width():
            painter.setPen(QPen(c.muted, 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF([QPointF(self.x_of(step), middle) for step in self.steps]))
        painter.setPen(QPen(c.warning, 1.5))
        for step in self.changes:
            x = self.x_of(step)
            painter.drawLine(QPointF(x, middle - 10), QPointF(x, middle - 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(c.third)
        for step in self.checkpoints:
            x, half = self.x_of(step), 4.5 if step == self.origin else 3.0
            foot = middle + 4 + 2 * half
            painter.drawPolygon(QPolygonF([QPointF(x, middle + 4), QPointF(x - half, foot), QPointF(x + half, foot)]))

    def _paint_thumb(self, painter: QPainter) -> None:
        c = theme.colours()
        painter.setBrush(c.g)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Window), 1.5))
        painter.drawEllipse(self._thumb(), THUMB, THUMB)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1.5))
            painter.drawEllipse(self._thumb(), THUMB + 2.5, THUMB + 2.5)

    def sizeHint(self) -> QSize:
        return QSize(320, 28)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 28)


def nearest(steps: list[int], step: float) -> int:
    """The number of the nearest of some sorted steps."""
    after = bisect.bisect_left(steps, step)
    near = [i for i in (after - 1, after) if 0 <= i < len(steps)]
    return min(near, key=lambda i: abs(steps[i] - step))
