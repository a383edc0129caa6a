"""The left side: presets above, the form below, and what is wrong with the choices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from ...config import Problem
    from ...presets import Preset
    from ..forms import ConfigForm
    from ..widgets.preset_list import PresetList
    from .data_panel import DataPanel

PRESETS_PX = 220  # height of their list at first
CHECK_AFTER_MS = 200  # of quiet, so that typing a number is not judged at each digit


class SettingsPanel(QWidget):
    """Empty until `furnish` and `build_form` have been called."""

    preset_chosen = Signal(str)
    edited = Signal()  # by the user; the problems are not known yet
    checked = Signal()  # `problems` is up to date
    live_changed = Signal(str, object)
    branch_dropped = Signal()  # the user does not want to branch after all

    presets: PresetList
    form: ConfigForm
    data: DataPanel

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.problems: tuple[Problem, ...] = ()
        self.known: list[Preset] = []
        self.has_form = False
        self.splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.waiting = QLabel("Loading the settings…", alignment=Qt.AlignmentFlag.AlignCenter)
        self.waiting.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.splitter.addWidget(self.waiting)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addWidget(self._branch_strip())
        self.column.addWidget(self.splitter, 1)
        self._timer = QTimer(self, singleShot=True, interval=CHECK_AFTER_MS)
        self._timer.timeout.connect(self.check)

    def _branch_strip(self) -> QWidget:
        """Says on top what the settings are for, while they are those of a branch to come."""
        self.branch_strip = QWidget()
        self.branch_words = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        back = QPushButton("Discard", autoDefault=False)
        back.setAccessibleName("Discard the branch")
        back.setToolTip("Do not branch; show the settings of the run again.")
        back.clicked.connect(self.branch_dropped)
        row = QHBoxLayout(self.branch_strip)
        row.setContentsMargins(8, 8, 8, 0)
        row.addWidget(self.branch_words, 1)
        row.addWidget(back, 0, Qt.AlignmentFlag.AlignTop)
        self.branch_strip.hide()
        return self.branch_strip

    def furnish(self) -> Iterator[None]:
        """The presets; they need no torch."""
        from ...presets import all_presets
        from ..widgets.preset_list import PresetList

        yield
        self.known = all_presets()
        yield
        self.presets = PresetList()
        self.presets.set_presets(self.known)
        yield
        for number in range(len(self.known)):
            self.presets.cards.index(number).data(Qt.ItemDataRole.DecorationRole)  # read before it is painted
            yield
        self.presets.chosen.connect(self.preset_chosen)
        self.splitter.insertWidget(0, self.presets)

    def build_form(self) -> Iterator[None]:
        from ...jobs.settings import RunConfig
        from ..forms import ConfigForm
        from .data_panel import DataPanel

        yield
        self.form = ConfigForm(RunConfig, at_once=False)
        yield from self.form.furnish()
        yield
        self.form.values_changed.connect(self._edited)
        self.form.live_changed.connect(self.live_changed)
        self.waiting.hide()
        self.splitter.addWidget(self.form)
        self.splitter.setStretchFactor(self.splitter.indexOf(self.form), 1)
        self.splitter.setSizes([PRESETS_PX, 2 * PRESETS_PX])
        self.data = DataPanel()
        self.data.pressed.connect(self.settle)  # what is typed counts
        self.column.addWidget(self.data)
        self.has_form = True
        yield

    # what is shown

    def reload_presets(self) -> None:
        from ...presets import all_presets

        self.known = all_presets()
        self.presets.set_presets(self.known)

    def show_preset(self, preset: Preset) -> None:
        self.presets.set_current(preset.id)
        self.show_values(preset.values)
        self.form.show_top()

    def show_values(self, values: dict[str, Any]) -> None:
        """These plain values, as what "changed" is measured against."""
        self.form.set_base(values)
        self.form.set_values(values)
        self.check()

    def show_branch(self, step: int | None) -> None:
        """The settings are those of a branch from this step; None: of the run that is shown, or of a new one."""
        self.branch_words.setText("" if step is None else f"Settings of a branch from step {step:,}.")
        self.branch_strip.setVisible(step is not None)

    def edit(self, path: str, value: object) -> None:
        """Change one value as if the user had done it."""
        from ...config import put

        values = self.form.values()
        put(values, path, value)
        self.form.set_values(values)
        self._edited(values)

    def values(self) -> dict[str, Any]:
        return self.form.values()

    def settle(self) -> None:
        """Take what is still being typed, and judge it."""
        self.form.values()
        self.check()

    def check(self) -> None:
        """Say beside the fields what is wrong; what is still being typed is left alone."""
        from ...jobs.settings import problems

        self._timer.stop()
        values = self.form.current()
        self.problems = problems(values)
        self.form.set_problems(self.problems)
        self.data.show_choice(values["data"])
        self.checked.emit()

    def _edited(self, values: dict[str, Any]) -> None:
        self._timer.start()
        self.edited.emit()
