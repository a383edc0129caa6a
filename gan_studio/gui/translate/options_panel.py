"""The left side: what the translator is, what part is tried out, and how results are made and written."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QStandardPaths, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from ...config import ConfigError, Spec, option
from ...jobs.apply import Manner
from ...jobs.naming import Output
from ..forms import ConfigForm
from ..widgets.fold import INDENT, FoldButton, Title, quiet
from ..widgets.navigator import Navigator, middle

if TYPE_CHECKING:
    from .reading import Opened, Photo

PARTS = (("256 px", 256), ("512 px", 512), ("1024 px", 1024), ("All of it", 0))  # that is tried out, at most
CHECK_AFTER_MS = 200


class Choices(Spec):
    """Everything about how files are translated."""

    output: Output = option(Output(), "How results are named and written.", learn=True)
    manner: Manner = option(Manner(), "How a picture is passed through the network.")


class OptionsPanel(QWidget):
    changed = Signal()  # the options, once they are in order
    part_moved = Signal()  # of the picture, that is tried out
    part_resized = Signal()
    folder_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.folder = default_folder()
        self.form = ConfigForm(Choices, at_once=False)
        self.names = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.names.setContentsMargins(8, 4, 8, 8)
        self._timer = QTimer(self, singleShot=True, interval=CHECK_AFTER_MS)
        self._timer.timeout.connect(self.check)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._about())
        column.addWidget(self._part())
        column.addLayout(self._folder_row())
        column.addWidget(self.form, 1)
        column.addWidget(self.names)

    def furnish(self) -> Iterator[None]:
        yield from self.form.furnish()
        self.form.values_changed.connect(self._edited)

    # --- its parts ---

    def _about(self) -> QWidget:
        """What the translator is; what is known of it can be folded away."""
        self.title = Title("")
        bold = self.title.font()
        bold.setBold(True)
        self.title.setFont(bold)
        self.fold = FoldButton("what is known of the translator")
        self.about = quiet(QLabel(textFormat=Qt.TextFormat.RichText))
        self.about.setContentsMargins(INDENT, 0, 0, 0)
        self.fold.turned.connect(self.about.setVisible)
        head = QHBoxLayout()
        head.addWidget(self.fold)
        head.addWidget(self.title, 1)
        about = QWidget()
        column = QVBoxLayout(about)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.about)
        self.fold.set_open(True)  # not before: it would be a window of its own
        return about

    def _part(self) -> QWidget:
        """Of a large picture only a part is tried out."""
        self.part = QWidget()
        self.navigator = Navigator()
        self.navigator.moved.connect(self.part_moved)
        self.part_size = QComboBox()
        for text, side in PARTS:
            self.part_size.addItem(text, side)
        self.part_size.setCurrentIndex(1)
        self.part_size.setAccessibleName("Size of the part")
        self.part_size.setToolTip("How much of a large picture is tried out at once")
        self.part_size.activated.connect(self.part_resized)
        label = quiet(QLabel("Try out"))
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.part_size)
        row.addStretch(1)
        column = QVBoxLayout(self.part)
        column.setContentsMargins(8, 0, 8, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.navigator)
        self.part.hide()
        return self.part

    def _folder_row(self) -> QHBoxLayout:
        self.folder_line = QLineEdit(str(self.folder), readOnly=True)
        self.folder_line.setAccessibleName("Folder of the results")
        self.folder_line.setToolTip("Where the results are written; below it the folders are as you dropped them.")
        self.folder_button = QPushButton("&To…", autoDefault=False)
        self.folder_button.setAccessibleName("Choose the folder of the results")
        self.folder_button.setToolTip("Choose the folder of the results.")
        self.folder_button.clicked.connect(self.folder_wanted)
        row = QHBoxLayout()
        row.setContentsMargins(8, 6, 8, 0)
        row.addWidget(self.folder_button)
        row.addWidget(self.folder_line, 1)
        return row

    # --- what is chosen ---

    def choices(self) -> Choices:
        """Without what is still being typed. Raises ConfigError."""
        choices = Choices.parse(self.form.current())
        try:
            choices.output.check()
        except ConfigError as error:
            raise error.under("output") from None
        return choices

    def settle(self) -> None:
        """What is still being typed counts."""
        self.form.values()

    def manner(self) -> Manner:
        """Raises ConfigError."""
        return Manner.parse(self.form.current()["manner"])

    def takes_all(self) -> bool:
        """Whether a picture is shrunk before it is translated, so that a part of it alone would become another one."""
        return bool(self.form.current()["manner"]["size"] == "resize")

    def set_folder(self, folder: Path) -> None:
        self.folder = folder
        self.folder_line.setText(str(folder))
        self.changed.emit()

    def side(self) -> int:
        """Of the part that is tried out, at most; 0 is all."""
        return int(self.part_size.currentData())

    def show_photo(self, photo: Photo) -> None:
        """The part of a large picture that is tried out: its middle at first."""
        whole, side = photo.picture.size, self.side()
        self.part.setVisible(max(whole) > min(side for _, side in PARTS if side) and not self.takes_all())
        self.navigator.setVisible(0 < side < max(whole))
        self.navigator.show_picture(photo.small, whole, middle(whole, side or max(whole)))

    def _edited(self, _values: dict[str, Any]) -> None:
        self._timer.start()

    def check(self) -> None:
        try:
            self.choices()
        except ConfigError as error:
            self.form.set_problems(error.problems)
        else:
            self.form.set_problems(())
            self.changed.emit()

    # --- what is shown ---

    def show_about(self, opened: Opened) -> None:
        self.title.setText(opened.choice.title)
        self.title.setToolTip(str(opened.choice.path))
        self.about.setText("".join(f"<p style='margin:2px 0'>{line}</p>" for line in lines(opened)))

    def show_names(self, names: list[str], more: int) -> None:
        rest = f"\nand {more:,} more" if more > 0 else ""
        self.names.setText(f"Will be written as\n{chr(10).join(names)}{rest}" if names else "")

    def leave(self) -> None:
        self._timer.stop()


def lines(opened: Opened) -> list[str]:
    """What was found, inferred and not known, and what to beware of."""
    translator, found = opened.translator, []
    about = translator.about
    if opened.choice.steps and translator.trained_size:
        height, width = translator.trained_size
        found.append(f"Trained on pictures of {width} × {height} px.")
    for name, title in (("found", ""), ("inferred", "Inferred: "), ("unknown", "Not in the file: ")):
        if said := about.get(name):
            words = said if isinstance(said, str) else "; ".join(map(str, said))
            found.append(escape(f"{title}{words}"))
    found += [f"<i>{escape(note)}</i>" for note in translator.notes]
    return found


def default_folder() -> Path:
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(pictures or Path.home()) / "GAN Studio"
