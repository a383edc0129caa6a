"""Key-frames, and the walk through them: played in place, or written as a film."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...config import ConfigError
from ...jobs.explore import View
from ...jobs.walk import Walk
from .. import theme
from ..form_fields import bounds_of
from ..widgets.editors import CheckBox, NumberBox
from ..widgets.flow import FlowLayout
from ..widgets.fold import quiet
from ..widgets.image_grid import tile, to_image
from .scrub_bar import ScrubBar

THUMB = 52  # pixels
VIEW = Qt.ItemDataRole.UserRole
CHOICES: dict[str, dict[str, str]] = {  # of Walk's options, in words
    "way": {"keys": "Through all", "circle": "Around a circle"},
    "between": {"slerp": "On the sphere (slerp)", "lerp": "Straight (lerp)"},
    "easing": {"none": "Even speed", "in-out": "Rest at each"},
}
NAMES = {"way": "Way", "between": "Between", "easing": "Easing"}
PLAY = "Walk through the key-frames, here; the frame it is paused at becomes the picture."
EMPTY = "Add this view and one or more others: the walk leads through them."


class KeyFrames(QListWidget):
    removed = Signal()  # the chosen one, by its key

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class WalkBar(QWidget):
    add_wanted = Signal()
    opened = Signal(object)  # a View: show it
    play_wanted = Signal(bool)
    export_wanted = Signal()
    cancel_wanted = Signal()
    changed = Signal()  # the key-frames, or how one goes from one to the next

    def __init__(self) -> None:
        super().__init__()
        self._count = 0  # of all that were ever added: each is known by its number
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 6)
        column.setSpacing(4)
        self.scrub = ScrubBar()
        self.scrub.hide()
        column.addLayout(self._keys())
        column.addWidget(self.scrub)
        column.addLayout(self._options())
        column.addWidget(self._progress())
        self.scrub.play_pressed.connect(self.play_button.toggle)
        self._offer()

    def _keys(self) -> QHBoxLayout:
        self.list = KeyFrames()
        self.list.removed.connect(self.remove_chosen)
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setFlow(QListView.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setMovement(QListView.Movement.Snap)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.NoDragDrop)
        self.list.setIconSize(QSize(THUMB, THUMB))
        self.list.setGridSize(QSize(THUMB + 8, THUMB + 8))
        self.list.setFixedHeight(THUMB + 26)
        self.list.setAccessibleName("Key-frames")
        self.list.setToolTip("The key-frames in order; a click shows one, Delete takes it away.")
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)
        self.list.itemSelectionChanged.connect(self._offer)
        self.empty = quiet(QLabel(EMPTY, alignment=Qt.AlignmentFlag.AlignCenter))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.list)
        self.stack.setFixedHeight(THUMB + 26)
        self.add_button = self._tool("plus", "Add this view to the key-frames (K)", self.add_wanted.emit)
        self.remove_button = self._tool("minus", "Take the chosen key-frame away", self.remove_chosen)
        self.left_button = self._tool("arrow-left", "Move the chosen key-frame to the front", self._move_left)
        self.right_button = self._tool("arrow-right", "Move the chosen key-frame to the end", self._move_right)
        buttons = QVBoxLayout()
        buttons.setSpacing(2)
        for pair in ((self.add_button, self.remove_button), (self.left_button, self.right_button)):
            line = QHBoxLayout()
            line.setSpacing(2)
            for button in pair:
                line.addWidget(button)
            buttons.addLayout(line)
        row = QHBoxLayout()
        row.addWidget(self.stack, 1)
        row.addLayout(buttons)
        return row

    def _tool(self, icon: str, tip: str, slot: Any) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(slot)
        theme.tint(button, icon)
        return button

    def _options(self) -> FlowLayout:
        self.play_button = QPushButton("Play")
        self.play_button.setCheckable(True)
        self.play_button.setToolTip(PLAY)
        self.play_button.toggled.connect(self._play)
        theme.tint(self.play_button, "play")
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("Write the walk as a GIF, WebP, APNG or MP4.")
        self.export_button.clicked.connect(self.export_wanted)
        theme.tint(self.export_button, "export")
        row = FlowLayout(gap=6)
        row.addWidget(self.play_button)
        self.choices: dict[str, QComboBox] = {}
        for name, texts in CHOICES.items():
            box = self.choices[name] = QComboBox()
            for value, text in texts.items():
                box.addItem(text, value)
            box.setAccessibleName(NAMES[name])
            box.setToolTip(Walk.model_fields[name].description or "")
            box.activated.connect(self.changed)
            row.addWidget(box)
        self.loop = CheckBox()
        self.loop.setText("Loop")
        self.loop.setAccessibleName("Loop")
        self.loop.setToolTip(Walk.model_fields["loop"].description or "")
        self.loop.edited.connect(self.changed)
        row.addWidget(self.loop)
        self.boxes: dict[str, NumberBox] = {}
        for name, unit in (("frames", "frames"), ("frames_per_second", "a second")):
            field = Walk.model_fields[name]
            bounds = bounds_of(field)
            number = self.boxes[name] = NumberBox(name == "frames", bounds["ge"], bounds["le"], unit=unit)
            number.set_value(field.get_default())
            number.setFixedWidth(104)
            number.setAccessibleName(unit.capitalize() if name == "frames" else "Frames a second")
            number.setToolTip(field.description or "")
            number.edited.connect(self.changed)
            row.addWidget(number)
        row.addWidget(self.export_button)
        return row

    def _progress(self) -> QWidget:
        self.working = QWidget()
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(8)
        self.bar.setAccessibleName("Progress of the export")
        self.doing = quiet(QLabel())
        self.doing.setWordWrap(False)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Write nothing.")
        self.cancel_button.clicked.connect(self.cancel_wanted)
        row = QHBoxLayout(self.working)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.doing)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        self.working.hide()
        return self.working

    # --- the walk ---

    def walk(self) -> Walk:
        """Raises ConfigError."""
        values: dict[str, Any] = {name: box.currentData() for name, box in self.choices.items()}
        values |= {name: box.value() for name, box in self.boxes.items()}
        return Walk.parse(values | {"loop": self.loop.value()})

    def views(self) -> list[View]:
        return [self.list.item(row).data(VIEW) for row in range(self.list.count())]

    def add(self, view: View) -> int:
        """Behind the chosen one; its number, for its thumbnail."""
        self._count += 1
        item = QListWidgetItem()
        item.setData(VIEW, view)
        item.setData(VIEW + 1, self._count)
        item.setToolTip(f"Seed {view.seed}" if not view.z else "A latent of its own")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"Key-frame, {item.toolTip().lower()}")
        item.setSizeHint(QSize(THUMB + 8, THUMB + 8))
        at = self.list.currentRow() + 1 if self.list.selectedItems() else self.list.count()
        self.list.insertItem(at, item)
        self.list.setCurrentItem(item)
        self.stack.setCurrentWidget(self.list)
        self._changed()
        return self._count

    def show_thumbnail(self, number: int, picture: np.ndarray) -> None:
        """[H, W, C] uint8"""
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(VIEW + 1) == number:
                image = to_image(tile(picture[None]))
                smooth = Qt.TransformationMode.FastTransformation if image.width() < THUMB else (
                    Qt.TransformationMode.SmoothTransformation)  # fmt: skip
                scaled = image.scaled(THUMB, THUMB, Qt.AspectRatioMode.KeepAspectRatio, smooth)
                icon = QIcon()
                for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # not tinted by the style where it is chosen
                    icon.addPixmap(QPixmap.fromImage(scaled), mode)
                item.setIcon(icon)

    def clear(self) -> None:
        self.list.clear()
        self._changed()

    def remove_chosen(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self._changed()

    def _move_left(self) -> None:
        self._move(-1)

    def _move_right(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        row = self.list.currentRow()
        if 0 <= row + by < self.list.count():
            item = self.list.takeItem(row)
            self.list.insertItem(row + by, item)
            self.list.setCurrentItem(item)
            self._changed()

    # --- playing and writing ---

    def set_playing(self, playing: bool) -> None:
        self.play_button.setChecked(playing)

    def _play(self, playing: bool) -> None:
        self.play_button.setText("Pause" if playing else "Play")
        theme.tint(self.play_button, "pause" if playing else "play")
        self.play_wanted.emit(playing)

    def show_progress(self, done: int, total: int, text: str) -> None:
        self.working.show()
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.doing.setText(text)
        self._offer()

    def end_progress(self) -> None:
        self.working.hide()
        self._offer()

    def why_not(self) -> str:
        """Why there is no walk; "" if there is."""
        return "" if self.list.count() > 1 else "Add two key-frames or more first."

    def _open(self, item: QListWidgetItem) -> None:
        self.opened.emit(item.data(VIEW))

    def _changed(self) -> None:
        self.stack.setCurrentWidget(self.list if self.list.count() else self.empty)
        self._offer()
        self.changed.emit()

    def _offer(self) -> None:
        self.scrub.setVisible(not self.why_not())
        chosen = bool(self.list.selectedItems())
        for button in (self.remove_button, self.left_button, self.right_button):
            button.setEnabled(chosen)
        self.play_button.setEnabled(not self.why_not())
        self.export_button.setEnabled(not self.why_not() and self.working.isHidden())
        self.play_button.setToolTip(self.why_not() or PLAY)
        self.export_button.setToolTip(self.why_not() or "Write the walk as a GIF, WebP, APNG or MP4.")


def valid(bar: WalkBar) -> Walk | None:
    """None where a field holds what no walk can have."""
    try:
        return bar.walk()
    except ConfigError:
        return None
