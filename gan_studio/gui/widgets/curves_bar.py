"""The bar beneath the curves: which plots and steps are seen, smoothing and scale, export, follow."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from ...plots import KINDS
from .. import theme
from .flow import FlowLayout
from .toggle import Toggle

RANGES = {"All steps": 0, "Last 10,000": 10_000, "Last 1,000": 1000, "Last 100": 100}


class CurvesBar(QWidget):
    """Its controls and what the user wants with them; it knows no curves."""

    plot_toggled = Signal(str, bool)  # its kind
    range_chosen = Signal()
    smoothed = Signal(float)  # 0 to 0.99
    log_toggled = Signal(bool)
    changed = Signal()  # outliers or following

    def __init__(self, files: list[QAction]):
        super().__init__()
        controls = FlowLayout(gap=8)
        for widget in (self._view_button(), self._range_choice(), self._smoothing_slider(), self._log_choice()):
            controls.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(6)
        row.addLayout(controls, 1)
        for widget in (self._export_button(files), self._follow_toggle()):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)

    def _view_button(self) -> QToolButton:
        self.view_menu = menu = LastingMenu(self)
        menu.setToolTipsVisible(True)
        self.plot_actions: dict[str, QAction] = {}
        for key, kind in KINDS.items():
            action = QAction(kind.title, self, checkable=True)
            action.setToolTip(kind.about)
            action.setData(key)
            menu.addAction(action)
            self.plot_actions[key] = action
        menu.triggered.connect(self._toggle_plot)
        menu.addSeparator()
        self.outliers = QAction("Ignore outliers", self, checkable=True, checked=True)
        self.outliers.setToolTip("Fit the heights to nearly all points, not to single spikes")
        self.outliers.toggled.connect(self.changed)
        menu.addAction(self.outliers)
        self.view_button = menu_button("Plots", menu, "Which plots are seen, and how they are fitted")
        self.view_button.setText("Plots")
        return self.view_button

    def _range_choice(self) -> QComboBox:
        self.range_box = QComboBox()
        for text, last in RANGES.items():
            self.range_box.addItem(text, last)
        self.range_box.setAccessibleName("Steps that are seen")
        self.range_box.setToolTip("How many of the newest steps are seen while following")
        self.range_box.activated.connect(self.range_chosen)
        return self.range_box

    def _smoothing_slider(self) -> QWidget:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 99)
        self.smoothing.setValue(90)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Smoothing: the share of the past in each point of the line, 0 to 0.99")
        self.smoothing.setFixedWidth(80)
        self._smoothing_value = QLabel("0.90")
        self._smoothing_value.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00") + 4)
        self.smoothing.valueChanged.connect(self._smooth)
        words = QLabel("Smooth")
        words.setBuddy(self.smoothing)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget in (words, self.smoothing, self._smoothing_value):
            row.addWidget(widget)
        return whole

    def _log_choice(self) -> QCheckBox:
        self.log_box = QCheckBox("Log scale")
        self.log_box.setAccessibleName("Logarithmic scale")
        self.log_box.setToolTip("Values of 0 and below are left out")
        self.log_box.toggled.connect(self.log_toggled)
        return self.log_box

    def _export_button(self, files: list[QAction]) -> QToolButton:
        menu = QMenu(self)
        menu.addActions(files)
        self.export_button = menu_button("Export the curves", menu, "Copy or export the curves that are seen")
        theme.tint(self.export_button, "export-variant")
        return self.export_button

    def _follow_toggle(self) -> Toggle:
        self.follow = Toggle("Follow", "Show the newest step. Zooming by hand stops it; a double click follows again.")
        self.follow.setChecked(True)
        self.follow.setAccessibleName("Follow the newest step")
        self.follow.toggled.connect(self.changed)
        return self.follow

    def _toggle_plot(self, action: QAction) -> None:
        if action is not self.outliers:
            self.plot_toggled.emit(action.data(), action.isChecked())

    # what was chosen

    def weight(self) -> float:
        return self.smoothing.value() / 100

    def last(self) -> int:
        """How many of the newest steps are to be seen; 0 is all."""
        return int(self.range_box.currentData())

    def _smooth(self, percent: int) -> None:
        self._smoothing_value.setText(f"{percent / 100:.2f}")
        self.smoothed.emit(percent / 100)

    def stop_following(self) -> None:
        """The plots know it already."""
        self.follow.blockSignals(True)
        self.follow.setChecked(False)
        self.follow.blockSignals(False)

    def offer(self, kinds: list[str], seen: list[str]) -> None:
        """Which plots there are, and which of them are seen; one always is."""
        for key, action in self.plot_actions.items():
            action.setVisible(key in kinds)
            action.setChecked(key in seen)
            action.setEnabled(seen != [key])

    def state(self) -> dict[str, Any]:
        return {
            "smoothing": self.smoothing.value(),
            "log": self.log_box.isChecked(),
            "outliers": self.outliers.isChecked(),
            "last": self.last(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """As `state` told. Raises KeyError, TypeError or ValueError where it is damaged."""
        self.smoothing.setValue(int(state["smoothing"]))
        self.log_box.setChecked(bool(state["log"]))
        self.outliers.setChecked(bool(state["outliers"]))
        self.range_box.setCurrentIndex(max(0, self.range_box.findData(int(state["last"]))))


class LastingMenu(QMenu):
    """A menu that stays open when something in it is ticked: one seldom changes one thing alone."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.activeAction()
        if action and action.isEnabled() and action.isCheckable() and self.rect().contains(event.position().toPoint()):
            action.trigger()
        else:
            super().mouseReleaseEvent(event)


def menu_button(name: str, menu: QMenu, tip: str) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    return button
