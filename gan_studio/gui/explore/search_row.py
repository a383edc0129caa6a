"""The line beneath the picture while another one is searched for, and what came of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

from .. import theme
from ..widgets.image_grid import tile, to_image

SIDE = 36  # pixels, of the picture that is searched for
FEATURES_TIP = (
    "Beside the pixels it counts that D sees the same in both pictures, or random convolutions where there is no D: "
    "mostly nearer, and slower."
)
ENCODER_TIP = (
    "Train a small network to guess latents from pictures, and begin at its guess: about a minute, once for each "
    "checkpoint; it is kept."
)
CANCEL_TIP = "Neither train the encoder nor search."
STOP_TIP = "Take the nearest that was found so far."


class SearchRow(QWidget):
    stop_wanted = Signal()
    again_wanted = Signal()
    options_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.wanted = QLabel()
        self.wanted.setFixedSize(SIDE, SIDE)
        self.wanted.setAccessibleName("The picture that is searched for")
        self.wanted.setToolTip("The picture that is searched for, as large as this generator makes them")
        self.said = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.said.setMinimumWidth(140)
        self.said.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(8)
        self.bar.setAccessibleName("Progress of finding the picture")
        self.stop_button = QPushButton("Stop here")
        self.stop_button.clicked.connect(self.stop_wanted)
        self.again_button = QPushButton("Search again")
        self.again_button.setToolTip("Search for the same picture with the options of now.")
        self.again_button.clicked.connect(self.again_wanted)
        self.close_button = QToolButton(autoRaise=True)
        self.close_button.setAccessibleName("Close the line about the search")
        self.close_button.setToolTip("Close this line; the picture stays.")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.close_button.clicked.connect(self.hide)
        theme.tint(self.close_button, "close")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 0)
        for widget, stretch in (
            (self.wanted, 0),
            (self.said, 3),
            (self.bar, 2),
            (self._options(), 0),
            (self.stop_button, 0),
            (self.again_button, 0),
            (self.close_button, 0),
        ):
            row.addWidget(widget, stretch)
        self.hide()

    def _options(self) -> QToolButton:
        self.options = QToolButton(autoRaise=True)
        self.options.setText("Options")
        self.options.setToolTip("How the picture is searched for")
        self.options.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.options.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.options)
        menu.setToolTipsVisible(True)
        self.features = self._choice(menu, "Compare &features, too", FEATURES_TIP, True)
        self.encoder = self._choice(menu, "Train an &encoder first", ENCODER_TIP, False)
        self.options.setMenu(menu)
        return self.options

    def _choice(self, menu: QMenu, text: str, tip: str, on: bool) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(on)
        action.setToolTip(tip)
        action.toggled.connect(self.options_changed)
        return action

    # --- what is shown ---

    def show_wanted(self, picture: np.ndarray) -> None:
        """[H, W, C] uint8"""
        ratio = self.devicePixelRatioF()
        image = to_image(tile(picture[None])).scaled(
            round(SIDE * ratio),
            round(SIDE * ratio),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        image.setDevicePixelRatio(ratio)
        self.wanted.setPixmap(QPixmap.fromImage(image))

    def begin(self, text: str) -> None:
        self.wanted.clear()
        self.show_progress(0, 0, text, trains=False)
        for widget, seen in ((self.bar, True), (self.stop_button, True), (self.again_button, False)):
            widget.setVisible(seen)
        self.close_button.hide()
        self.show()

    def show_progress(self, done: int, total: int, text: str, trains: bool) -> None:
        """`trains`: the encoder does, and nothing is found yet."""
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.said.setText(text)
        self.stop_button.setText("Cancel" if trains else "Stop here")
        self.stop_button.setToolTip(CANCEL_TIP if trains else STOP_TIP)

    def end(self, text: str) -> None:
        """What came of it stays until it is closed."""
        self.said.setText(text)
        for widget, seen in ((self.bar, False), (self.stop_button, False), (self.again_button, True)):
            widget.setVisible(seen)
        self.close_button.show()
