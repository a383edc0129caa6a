"""A comparison with what stands above it: how to look at the pictures, and how large."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from .compare import CompareView, Shown
from .compare_modes import MODES
from .flow import FlowLayout
from .toggle import Toggle, ToggleGroup
from .tool import tool_button


class ComparePanel(QWidget):
    menu_wanted = Signal(QMenu)

    def __init__(self, empty: str = "Pictures appear here."):
        super().__init__()
        self.view = CompareView(empty)
        self.view.menu_wanted.connect(self.menu_wanted)
        self.view.mode_changed.connect(self._show_mode)
        self.view.other_changed.connect(self._show_other)
        self.view.told.connect(self._tell)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar())
        column.addWidget(self.view, 1)
        column.addLayout(self._foot())
        self._show_mode(self.view.mode.id)
        self._offer()

    # --- what stands above and beneath ---

    def _bar(self) -> QWidget:
        bar = QWidget()
        row = FlowLayout(bar, gap=4)
        row.setContentsMargins(8, 4, 8, 4)
        self._group = ToggleGroup(self)
        self.modes = {}
        for mode in MODES:
            button = Toggle(mode.title, f"{mode.about} ({mode.key})")
            button.setAccessibleName(mode.title.replace("&", ""))
            button.clicked.connect(partial(self.view.set_mode, mode.id))
            self._group.addButton(button)
            self.modes[mode.id] = button
            row.addWidget(button)
        self.others = QComboBox()
        self.others.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.others.setMinimumContentsLength(12)
        self.others.setAccessibleName("Picture to compare with the first")
        self.others.setToolTip("Which of the pictures is compared with the first one")
        self.others.activated.connect(lambda row: self.view.set_chosen(row + 1))
        self.fit_button = tool_button("Fit", "fit-to-page-outline", "Show all of the picture (0)", self.view.fit)
        self.pixels_button = tool_button(
            "Pixel by pixel", "numeric-1-box-outline", "One pixel of the picture is one of the screen (1)",
            self.view.show_pixels,
        )  # fmt: skip
        self.out_button = tool_button(
            "Zoom out", "magnify-minus-outline", "Smaller (-)", partial(self.view.zoom_by, -1)
        )
        self.in_button = tool_button("Zoom in", "magnify-plus-outline", "Larger (+)", partial(self.view.zoom_by, 1))
        self.smooth = Toggle("S&mooth", "Soften enlarged pixels; what is written or copied stays as it is.")
        self.smooth.setAccessibleName("Smooth")
        self.smooth.toggled.connect(self.view.set_smooth)
        self._tools = (self.fit_button, self.pixels_button, self.out_button, self.in_button)
        for widget in (*self._tools, self.smooth, self.others):
            row.addWidget(widget)
        return bar

    def _foot(self) -> QHBoxLayout:
        """What the pictures are, and what is under the mouse; neither moves what is around it."""
        self.caption, self.told = (QLabel(textFormat=Qt.TextFormat.PlainText) for _ in range(2))
        row = QHBoxLayout()
        row.setContentsMargins(8, 2, 8, 2)
        for label, width in ((self.caption, 3), (self.told, 2)):
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            row.addWidget(label, width)
        self.told.setAlignment(Qt.AlignmentFlag.AlignRight)
        return row

    # --- what is shown ---

    def show_pictures(self, shown: Sequence[Shown], caption: str = "", fit: bool = False) -> None:
        self.view.show_pictures(shown, fit)
        self.others.clear()
        self.others.addItems([one.name for one in shown[1:]])
        self.others.setCurrentIndex(self.view.chosen - 1)
        self.set_caption(caption)
        self._offer()

    def set_caption(self, text: str) -> None:
        self.caption.setText(text)
        self.caption.setToolTip(text)

    def clear(self, empty: str = "") -> None:
        self.view.clear(empty)
        self.others.clear()
        self.set_caption("")
        self._offer()

    def _tell(self, text: str) -> None:
        self.told.setText(text)

    def _show_mode(self, id: str) -> None:
        self.modes[id].setChecked(True)

    def _show_other(self, number: int) -> None:
        self.others.setCurrentIndex(number - 1)

    def _offer(self) -> None:
        count = len(self.view.pictures)
        for button in self.modes.values():
            button.setEnabled(count > 1)
        self.others.setVisible(count > 2)
        for tool in (*self._tools, self.smooth):
            tool.setEnabled(count > 0)

    def leave(self) -> None:
        self.view.leave()
