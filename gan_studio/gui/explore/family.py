"""The relatives of a picture: its children, those it has with another, and analogies; a click takes one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...jobs.explore import View
from ...jobs.family import COUNT, Analogy, Around, Crossed, Family, Kinship, Litter
from .. import theme
from ..form_fields import bounds_of
from ..widgets.editors import ChoiceBox, NumberBox
from ..widgets.fold import quiet
from ..widgets.image_grid import tile, to_image
from ..widgets.number_slider import NumberSlider
from .choice_grid import ChoiceGrid

THUMB = 48  # pixels
MOST_SEED = 2**32
HERE, SEED, PASTED, HELD = "here", "seed", "pasted", "held"  # where a parent comes from, beside the key-frames
TAKEN = "Truncation and directions of the parents are in their latents, and so in what is taken."


# --- a parent --------------------------------------------------------------------------------------------------------


class ParentBox(QWidget):
    """Which picture: the one that is shown, a seed, a key-frame, or what was pasted or dropped here."""

    changed = Signal()
    paste_wanted = Signal()
    dropped = Signal(Path)

    def __init__(self, name: str, letter: str, source: str, seed: int = 0):
        super().__init__()
        self._keys: list[View] = []
        self._held: tuple[View, str] | None = None
        self.name = name
        self.setAcceptDrops(True)
        self.thumb = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.thumb.setFixedSize(THUMB, THUMB)
        self.choice = ChoiceBox([])
        self.choice.setAccessibleName(name)
        self.choice.setToolTip(f"{name}. A picture that was saved here can be dropped upon it.")
        self.choice.edited.connect(self._chosen)
        self.seed = NumberBox(True, 0, MOST_SEED, step=1)
        self.seed.set_value(seed)
        self.seed.setAccessibleName(f"{name}, seed")
        self.seed.setToolTip("With the truncation and the directions of the picture that is shown")
        self.seed.edited.connect(self.changed)
        sign = QLabel(letter)
        sign.setFixedWidth(self.fontMetrics().horizontalAdvance("With"))
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.choice)
        column.addWidget(self.seed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(sign)
        row.addWidget(self.thumb)
        row.addLayout(column, 1)
        self._fill(source)

    def view(self, here: View) -> View:
        source = self.choice.value()
        if source == SEED:
            return here.at_seed(int(self.seed.value()))
        if source == HELD:
            assert self._held
            return self._held[0]
        return here if source == HERE else self._keys[source]

    def show_keys(self, keys: list[View]) -> None:
        """The key-frames, in order. One that is gone gives way to the picture that is shown."""
        source = self.choice.value()
        if isinstance(source, int):
            before = self._keys[source]
            source = keys.index(before) if before in keys else HERE
        self._keys = keys
        self._fill(source)

    def hold(self, view: View, title: str) -> None:
        """Take what was pasted or dropped."""
        self._held = view, title
        self._fill(HELD)
        self.changed.emit()

    def refuse(self) -> None:
        """There was nothing to paste."""
        self._fill(HELD if self._held else HERE)
        self.changed.emit()

    def show_picture(self, picture: np.ndarray) -> None:
        """[H, W, C] uint8"""
        image = to_image(tile(picture[None]))
        smooth = Qt.TransformationMode.SmoothTransformation
        self.thumb.setPixmap(QPixmap.fromImage(image.scaled(THUMB, THUMB, Qt.AspectRatioMode.KeepAspectRatio, smooth)))

    def _fill(self, source: str | int) -> None:
        rows: list[tuple[str | int, str, str]] = [(HERE, "This picture", ""), (SEED, "Seed", "")]
        rows += [(number, f"Key-frame {number + 1}", "") for number in range(len(self._keys))]
        rows += [(HELD, self._held[1], "")] if self._held else []
        self.choice.set_rows([*rows, (PASTED, "Paste a latent", "A list of numbers on the clipboard")])
        self.choice.set_value(source)
        self.seed.setVisible(source == SEED)

    def _chosen(self, source: str | int) -> None:
        self.seed.setVisible(source == SEED)
        if source == PASTED:
            self.paste_wanted.emit()
        else:
            self.changed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len(event.mimeData().urls()) == 1 and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.dropped.emit(Path(event.mimeData().urls()[0].toLocalFile()))
        event.acceptProposedAction()


# --- who has children with whom --------------------------------------------------------------------------------------


class Form(QWidget):
    """The controls of one kinship."""

    title = ""
    about = ""
    count, columns = COUNT, 3  # of the pictures
    is_drawn = True  # chance has a part in it
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[ParentBox] = []
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)

    def _ask(self, name: str, letter: str, source: str, seed: int = 0) -> None:
        box = ParentBox(name, letter, source, seed)
        box.changed.connect(self.changed)
        self.boxes.append(box)
        self.column.addWidget(box)

    def kinship(self, here: View, draw: int) -> Kinship:
        raise NotImplementedError

    def show_parents(self, pictures: np.ndarray) -> None:
        """The last ones, for each box one: [P, H, W, C] uint8."""
        for box, picture in zip(self.boxes, pictures[len(pictures) - len(self.boxes) :], strict=True):
            box.show_picture(picture)


class AroundForm(Form):
    title = "Children of this picture"
    about = "Click the one you like; its own children follow."

    def __init__(self) -> None:
        super().__init__()
        self.distance = NumberSlider("Distance", Litter.model_fields["distance"], 0.0, 1.0)
        self.distance.set_value(Litter.model_fields["distance"].get_default())
        self.distance.edited.connect(self.changed)
        self.column.addWidget(self.distance)

    def kinship(self, here: View, draw: int) -> Kinship:
        return Around(here, float(self.distance.value()), draw)


class CrossedForm(Form):
    title = "Children with another"
    about = f"Each number of the latent comes from the one or the other. {TAKEN}"

    def __init__(self) -> None:
        super().__init__()
        self._ask("The other parent", "With", SEED, 1)

    def kinship(self, here: View, draw: int) -> Kinship:
        return Crossed(here, self.boxes[0].view(here), draw)


class AnalogyForm(Form):
    title = "Analogy: a − b + c"
    about = f"What is to c as a is to b. It lies farther out than latents are drawn: truncation brings it back. {TAKEN}"
    count = columns = 1
    is_drawn = False

    def __init__(self) -> None:
        super().__init__()
        self._ask("a, what c is to become", "a", SEED, 0)
        self._ask("b, what a is without", "− b", SEED, 1)
        self._ask("c, where it goes", "+ c", HERE)

    def kinship(self, here: View, draw: int) -> Kinship:
        a, b, c = (box.view(here) for box in self.boxes)
        return Analogy(a, b, c)


# --- the panel -------------------------------------------------------------------------------------------------------


class FamilyPanel(QWidget):
    changed = Signal()  # another family is to be shown
    picked = Signal(object)  # a latent, with shares of classes [z_dim + classes]
    paste_wanted = Signal(object)  # ParentBox
    dropped = Signal(object, Path)  # ParentBox, a file

    def __init__(self) -> None:
        super().__init__()
        self.family: Family | None = None
        self.forms: list[Form] = [AroundForm(), CrossedForm(), AnalogyForm()]
        self.form = self.forms[0]
        self.kind = ChoiceBox([(form, form.title, form.about) for form in self.forms])
        self.kind.setAccessibleName("Kinship")
        self.kind.setToolTip("Whose children are shown")
        self.kind.edited.connect(self.show_form)
        self.children_grid = ChoiceGrid(COUNT, 3, "Children", "A click or Enter makes it the picture.")
        self.children_grid.picked.connect(self._pick)
        self.about = quiet(QLabel())
        self.problem = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.kind)
        for form in self.forms:
            form.changed.connect(self.changed)
            column.addWidget(form)
            form.setVisible(form is self.form)  # not before: it would be a window of its own
            for box in form.boxes:
                box.paste_wanted.connect(self._paste)
                box.dropped.connect(self._drop)
        column.addWidget(self._draw_row())
        column.addWidget(self.children_grid)
        column.addWidget(self.problem)
        column.addWidget(self.about)
        self.show_form(self.form)

    def _draw_row(self) -> QWidget:
        field = Litter.model_fields["draw"]
        bounds = bounds_of(field)
        self.draw = NumberBox(True, bounds["ge"], bounds["le"], step=1)
        self.draw.setAccessibleName("Draw")
        self.draw.setToolTip(field.description or "")
        self.draw.edited.connect(self.changed)
        label = QLabel("Draw")
        label.setBuddy(self.draw)
        self.next_button = QToolButton(autoRaise=True)
        self.next_button.setAccessibleName("Other children")
        self.next_button.setToolTip("Other children: the next draw")
        self.next_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.next_button.clicked.connect(self._next)
        theme.tint(self.next_button, "dice-5-outline")
        self.draw_row = QWidget()
        self.draw_row.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self.draw_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(label)
        row.addWidget(self.draw, 1)
        row.addWidget(self.next_button)
        return self.draw_row

    def show_form(self, form: Form) -> None:
        self.form = form
        self.kind.set_value(form)
        for other in self.forms:
            other.setVisible(other is form)
        self.draw_row.setVisible(form.is_drawn)
        self.about.setText(form.about)
        self.family = None
        self.children_grid.set_places(form.count, form.columns)
        self.changed.emit()

    def kinship(self, here: View) -> Kinship:
        """What is asked for around a view."""
        return self.form.kinship(here, int(self.draw.value()))

    def show_keys(self, keys: list[View]) -> None:
        for form in self.forms:
            for box in form.boxes:
                box.show_keys(keys)

    def show_family(self, found: Family | Exception) -> None:
        """Or why there is none."""
        is_there = isinstance(found, Family)
        self.problem.setVisible(not is_there)
        if isinstance(found, Family):
            self.family = found
            self.form.show_parents(found.parents)
            self.children_grid.show_pictures(found.children)
        else:
            self.family = None
            self.problem.setText(str(found))
            self.children_grid.clear()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.changed.emit()

    def _pick(self, place: int) -> None:
        """With the same draw again the grandchildren would go on the same ways as the children."""
        if self.family is not None:
            row = self.family.rows[place]
            self.family = None  # of another parent soon
            if self.form.is_drawn:
                self._advance()
            self.picked.emit(row)

    def _advance(self) -> None:
        most = bounds_of(Litter.model_fields["draw"])["le"]
        self.draw.set_value(min(int(self.draw.value()) + 1, most))

    def _next(self) -> None:
        self._advance()
        self.changed.emit()

    def _paste(self) -> None:
        self.paste_wanted.emit(self.sender())

    def _drop(self, path: Path) -> None:
        self.dropped.emit(self.sender(), path)
