"""How a time-lapse is to be made, before it is written."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from ...words import duration
from ..form_fields import bounds_of, field_title
from ..widgets.editors import CheckBox, ChoiceBox, NumberBox
from ..widgets.fold import alarming, quiet
from ..worker import Worker

if TYPE_CHECKING:
    from ...jobs.timelapse import Film, Stock
    from ...runs import Run

NO_VIDEO = "MP4 needs PyAV. Install it with: pip install 'gan-studio[video]'"
NO_LAYER = "Nothing of it was kept at the newest step of this run."
NO_RAW = "This run keeps no running average of G's weights: there is only one kind of samples."


class FilmDialog(QDialog):
    """Tells by `wanted` what was chosen. `kept` are choices of an earlier time, `layers` what the plane shows now."""

    wanted = Signal(object, object, dict)  # Run, Film, and what is worth keeping for the next one

    def __init__(self, run: Run, title: str, kept: dict[str, Any], layers: list[str], parent: QWidget):
        super().__init__(parent)
        from ...jobs.timelapse import LAYERS, Film

        self.run, self._film = run, Film
        self._kept = kept | {id: id in layers for id in LAYERS}
        self._stock: Stock | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export the time-lapse")
        self._build(title)
        self._reader = Worker(_look(run), parent=self)
        self._reader.events.connect(self._found)
        self._reader.start()
        self._judge()

    def _build(self, title: str) -> None:
        from ...jobs.timelapse import FORMATS

        heading = QLabel(f"What G made of the same latents, from step to step of “{title}”.", wordWrap=True)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        self.format = ChoiceBox([(end, made.title, made.about) for end, made in FORMATS.items()])
        self.format.set_value(self._kept.get("format", ".gif"))
        self.format.setAccessibleName("Format")
        self.format.setToolTip("What the film is written as")
        self.format.edited.connect(self._judge)
        self.about_format = quiet(QLabel(wordWrap=True))
        form = QFormLayout()
        form.addRow("&Format", self.format)
        form.addRow("", self.about_format)
        self.editors: dict[str, NumberBox | CheckBox] = {}
        for name in ("frames_per_second", "zoom"):
            form.addRow(*self._row(name))
        form.addRow("Steps", self._side_by_side("first", "last"))
        for name in ("every", "hold", "caption", "raw"):
            form.addRow(*self._row(name))
        self._form = form
        self.layers = self._layers()
        form.addRow("Show", self.layers)
        form.setRowVisible(self.layers, False)
        self.summary = QLabel(wordWrap=True)
        self.problem = alarming(QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setToolTip("Write nothing (Esc)")
        self.write_button = self.buttons.addButton("Write…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.write_button.setToolTip("Choose where, then write it while you go on.")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(heading)
        column.addLayout(form)
        column.addWidget(self.summary)
        column.addWidget(self.problem)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.setMinimumWidth(400)

    def _row(self, name: str) -> tuple[QLabel, QWidget]:
        """A field of Film: label and editor."""
        field = self._film.model_fields[name]
        editor = self.editors[name] = _editor(field)
        title = field_title(name, field)
        editor.setAccessibleName(title)
        editor.setToolTip(field.description or "")
        default = field.get_default()
        editor.set_value(self._kept.get(name, 0 if default is None else default))
        editor.edited.connect(self._judge)
        label = QLabel(title)
        label.setBuddy(editor)
        return label, editor

    def _side_by_side(self, *names: str) -> QWidget:
        pair = QWidget()
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, 0, 0)
        for name in names:
            label, editor = self._row(name)
            label.setText(label.text().partition(" ")[0].lower())
            row.addWidget(label)
            row.addWidget(editor, 1)
        return pair

    def _layers(self) -> QWidget:
        """What is drawn on the plane, as beneath the points in the window."""
        from ...jobs.timelapse import LAYERS

        boxes = QWidget()
        grid = QGridLayout(boxes)
        grid.setContentsMargins(0, 0, 0, 0)
        for number, name in enumerate(LAYERS):
            label, editor = self._row(name)
            assert isinstance(editor, CheckBox)
            editor.setText(label.text())
            editor.setAccessibleName(f"Show {label.text()}")
            label.deleteLater()
            grid.addWidget(editor, *divmod(number, 3))
        return boxes

    # what is chosen

    def film(self) -> Film:
        """Raises ConfigError."""
        return self._film.parse({name: editor.value() for name, editor in self.editors.items()})

    def choices(self) -> dict[str, Any]:
        """What is worth keeping for the next film; steps belong to one run, and the plane says its layers itself."""
        from ...jobs.timelapse import LAYERS

        kept = {name: editor.value() for name, editor in self.editors.items()}
        kept = {name: value for name, value in kept.items() if name not in ("first", "last", *LAYERS)}
        return kept | {"format": self.format.value()}

    def accept(self) -> None:
        for editor in self.editors.values():
            editor.commit()
        if self.write_button.isEnabled():
            self.wanted.emit(self.run, self.film(), self.choices())
            super().accept()

    # what there is

    def _found(self, found: list[Stock]) -> None:
        from ...jobs.timelapse import LAYERS

        stock = self._stock = found[-1]
        if stock.steps:
            for name, step in (("first", stock.steps[0]), ("last", stock.steps[-1])):
                self.editors[name].set_value(step)
        raw = self.editors["raw"]
        raw.setEnabled(stock.has_raw)
        raw.set_value(stock.has_raw and raw.value())
        if not stock.has_raw:
            raw.setToolTip(NO_RAW)
        self._form.setRowVisible(self.layers, bool(stock.layers))
        for name in LAYERS:
            if name not in stock.layers:
                self.editors[name].setEnabled(False)
                self.editors[name].setToolTip(NO_LAYER)
        self._judge()
        self.adjustSize()  # there are more rows on points

    def _judge(self, _: object = None) -> None:
        """Say what the film will be, or why there can be none."""
        from ...config import ConfigError
        from ...jobs.timelapse import FORMATS

        self.about_format.setText(FORMATS[self.format.value()].about)
        problem = ""
        try:
            self.summary.setText(self._sentence(self.film()))
        except ConfigError as error:
            problem = str(error.problems[0])
        if self.format.value() == ".mp4" and importlib.util.find_spec("av") is None:
            problem = NO_VIDEO
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.write_button.setEnabled(not problem and self._stock is not None)

    def _sentence(self, film: Film) -> str:
        """ "312 frames of 528 × 568 pixels, 28 s". Raises ConfigError where nothing would be shown."""
        from ...config import ConfigError

        if self._stock is None:
            return "Looking at what was drawn …"
        taken = self._stock.taken(film)
        if not taken:
            raise ConfigError("No samples were drawn in these steps.")
        width, height = self._stock.film_size(film)
        count = "1 frame" if len(taken) == 1 else f"{len(taken):,} frames"
        return f"{count} of {width:,} × {height:,} pixels, {duration(len(taken) / film.frames_per_second + film.hold)}"


def _look(run: Run) -> Iterator[Stock]:
    from ...jobs.timelapse import stock

    yield stock(run)


def _editor(field: Any) -> NumberBox | CheckBox:
    if field.annotation is bool:
        return CheckBox()
    bounds = bounds_of(field)
    unit = field.json_schema_extra["unit"]
    return NumberBox(field.annotation is not float, bounds.get("ge", 0), bounds.get("le", 2**53), unit=unit)
