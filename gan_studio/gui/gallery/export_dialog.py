"""How pictures of a gallery are to be written: which ones, in which form, and how it will look."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...config import ConfigError, Spec
from ..computing import LatestWins
from ..forms import ConfigForm
from ..widgets.editors import ChoiceBox
from ..widgets.fold import alarming, quiet
from ..widgets.image_grid import ImageGrid
from .export_forms import FORMS, Form, Look, Nothing, Shown

WAIT_MS = 120  # after the last change: then the preview is drawn anew
PATIENCE_S = 3.0
SIZE = (940, 600)
NO_PREVIEW = "There is nothing to see of this form beforehand."


class ExportDialog(QDialog):
    """`which` are (words, pictures) to choose from, the usual first; `kept` are choices of an earlier time."""

    wanted = Signal(object, object, object, dict)  # Form, Shown, what was chosen of its Spec, and all that is kept

    def __init__(self, which: list[tuple[str, Callable[[], Shown]]], kept: dict[str, Any], parent: QWidget):
        super().__init__(parent)
        self._which, self._kept = which, dict(kept)
        self._forms: dict[str, ConfigForm] = {}  # by the titles of their forms, built when first wanted
        self._cached: dict[int, Shown] = {}
        self.setWindowTitle("Export pictures")
        self._line = LatestWins(self)
        self._line.failed.connect(self._failed)
        self._soon = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._soon.timeout.connect(self._look)
        self._build()
        self._choose_form()

    def _build(self) -> None:
        self.which = ChoiceBox([(number, words, "") for number, (words, _) in enumerate(self._which)])
        self.which.set_value(0)
        self.which.setAccessibleName("Which pictures")
        self.which.setToolTip("Which pictures are written, in the order in which they are shown")
        self.which.edited.connect(self._changed)
        self.form = ChoiceBox([(form.title, form.title, form.about) for form in FORMS])
        titles = [form.title for form in FORMS]
        kept = self._kept.get("form")
        self.form.set_value(kept if kept in titles else titles[0])
        self.form.setAccessibleName("Form")
        self.form.setToolTip("What they are written as")
        self.form.edited.connect(self._choose_form)
        self.about = quiet(QLabel())
        rows = QFormLayout()
        for words, editor in (("&Pictures", self.which), ("&Form", self.form)):
            rows.addRow(words, editor)
        rows.addRow("", self.about)
        self.options = QStackedWidget()
        self.options.addWidget(QWidget())
        left = QVBoxLayout()
        left.addLayout(rows)
        left.addWidget(self.options, 1)
        self.preview = ImageGrid(NO_PREVIEW)
        self.preview.setAccessibleName("Preview")
        self.preview.setToolTip("How it will look; the wheel zooms.")
        self.said = QLabel(wordWrap=True)
        self.problem = alarming(QLabel())
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setToolTip("Write nothing (Esc)")
        self.write_button = self.buttons.addButton("Write…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.write_button.setToolTip("Choose where, then write it while you go on.")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        right = QVBoxLayout()
        right.addWidget(self.preview, 1)
        right.addWidget(self.said)
        right.addWidget(self.problem)
        both = QHBoxLayout()
        both.addLayout(left, 2)
        both.addLayout(right, 3)
        column = QVBoxLayout(self)
        column.addLayout(both, 1)
        column.addWidget(self.buttons)
        room = self.screen().availableSize()
        self.resize(min(SIZE[0], room.width() - 40), min(SIZE[1], room.height() - 60))

    # what is chosen

    def chosen_form(self) -> Form:
        return next(form for form in FORMS if form.title == self.form.value())

    def chosen(self) -> Spec:
        """Raises ConfigError."""
        form = self.chosen_form()
        shown = self._forms.get(form.title)
        return form.spec.parse(shown.values() if shown else {})

    def shown(self) -> Shown:
        number = self.which.value()
        if number not in self._cached:
            self._cached[number] = self._which[number][1]()
        return self._cached[number]

    def _choose_form(self, _: object = None) -> None:
        form = self.chosen_form()
        self.about.setText(form.about)
        if form.spec is Nothing:
            self.options.setCurrentIndex(0)
        else:
            self.options.setCurrentWidget(self._form_of(form))
        self.preview.clear()
        self.preview.empty = "One moment …"
        self._changed()

    def _form_of(self, form: Form) -> ConfigForm:
        if form.title not in self._forms:
            made = self._forms[form.title] = ConfigForm(form.spec)
            made.set_values(self._kept.get(form.title, {}))
            made.values_changed.connect(self._changed)
            self.options.addWidget(made)
        return self._forms[form.title]

    def _changed(self, _: object = None) -> None:
        problem: ConfigError | None = None
        try:
            self.chosen()
        except ConfigError as error:
            problem = error
        self.write_button.setEnabled(problem is None)
        if made := self._forms.get(self.form.value()):
            made.set_problems(problem.problems if problem else ())
        self.problem.hide()
        if problem is None:
            self._soon.start()

    # how it will look

    def _look(self) -> None:
        try:
            how = self.chosen()
        except ConfigError:
            return  # told beside the field
        self._line.ask("look", partial(_looked, self.chosen_form(), self.shown(), how), self._show)

    def _show(self, found: Look | ConfigError) -> None:
        if isinstance(found, ConfigError):
            self._say(found.problems[0].sentence)
            return
        pixels, words = found
        self.said.setText(words)
        self.write_button.setEnabled(True)
        if pixels is None:
            self.preview.clear()
            self.preview.empty = NO_PREVIEW
        else:
            self.preview.show_images(pixels[None, :, :, None] if pixels.ndim == 2 else pixels[None])

    def _say(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.show()
        self.said.setText("")
        self.preview.empty = ""
        self.preview.clear()
        self.write_button.setEnabled(False)

    def _failed(self, error: Exception) -> None:
        self._say(f"There is no preview: {error}.")

    # the end

    def accept(self) -> None:
        try:
            how = self.chosen()
        except ConfigError:
            return
        kept = {title: form.current() for title, form in self._forms.items()} | {"form": self.form.value()}
        self.wanted.emit(self.chosen_form(), self.shown(), how, self._kept | kept)
        super().accept()

    def done(self, result: int) -> None:
        self._soon.stop()
        self._line.leave(PATIENCE_S)
        super().done(result)
        self.deleteLater()


def _looked(form: Form, shown: Shown, how: Spec) -> tuple[np.ndarray | None, str] | ConfigError:
    """On a thread."""
    try:
        return form.look(shown, how)
    except ConfigError as error:
        return error
