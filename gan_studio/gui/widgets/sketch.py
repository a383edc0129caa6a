"""A paper with what one draws with: pen, eraser, fill, colours that mean something, and what can be drawn on."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .. import theme
from .flow import FlowLayout
from .sketch_pad import LEAST_BRUSH, MOST_BRUSH, SketchPad
from .toggle import Toggle, ToggleGroup
from .tool import tool_button

TOOLS = (
    ("pen", "&Pen", "Draw a line. (P)"),
    ("eraser", "&Eraser", "Make it white again. (E)"),
    ("fill", "&Fill", "Colour what is closed in. (F)"),
)

# Colours that networks were taught to read, by what they mean.
# fmt: off
PALETTES: dict[str, tuple[tuple[str, str], ...]] = {
    "Lines": (("#000000", "Black"), ("#808080", "Grey"), ("#ffffff", "White")),
    "Colours": (
        ("#000000", "Black"), ("#ffffff", "White"), ("#c62828", "Red"), ("#ef6c00", "Orange"), ("#fbc02d", "Yellow"),
        ("#2e7d32", "Green"), ("#00838f", "Teal"), ("#1565c0", "Blue"), ("#6a1b9a", "Violet"), ("#f4a6b8", "Pink"),
        ("#f2c79b", "Skin"), ("#6d4c41", "Brown"),
    ),
    "Labels of facades": (
        ("#0006d9", "Background"), ("#0d3dfb", "Wall"), ("#a50000", "Door"), ("#0075ff", "Window"),
        ("#68f898", "Window sill"), ("#1dffdd", "Window head"), ("#eeed28", "Shutter"), ("#b8ff38", "Balcony"),
        ("#ff9204", "Trim"), ("#ff4401", "Cornice"), ("#f60001", "Column"), ("#00c9ff", "Entrance"),
    ),
    "Labels of streets": (
        ("#804080", "Road"), ("#f423e8", "Pavement"), ("#464646", "Building"), ("#66669c", "Wall"),
        ("#be9999", "Fence"), ("#999999", "Pole"), ("#faaa1e", "Traffic light"), ("#dcdc00", "Traffic sign"),
        ("#6b8e23", "Trees"), ("#98fb98", "Ground"), ("#4682b4", "Sky"), ("#dc143c", "Person"), ("#00008e", "Car"),
    ),
}
# fmt: on


def suiting(side: int) -> int:
    """The width of a brush for line art on a paper of so many pixels: 3 where it is 256, 1 where it is 64."""
    return max(LEAST_BRUSH, round(side * 3 / 256))


class Sketch(QWidget):
    changed = Signal()  # the drawing, while it is drawn
    example_wanted = Signal()
    picture_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pad = SketchPad()
        self._build()
        self._connect()
        self._show_palette(0)
        self.set_tool("pen")
        self._brush_chosen = False  # by the user; until then it suits the paper
        self._show_brush(suiting(self.pad.drawing.size.width()))
        self._offer()

    # --- what stands above the paper ---

    def _build(self) -> None:
        above = QWidget()
        row = FlowLayout(above, gap=4)
        row.setContentsMargins(8, 4, 8, 4)
        self.tools = {}
        self._tool_group, self._colour_group = ToggleGroup(self), ToggleGroup(self)
        for id, text, tip in TOOLS:
            tool = self.tools[id] = Toggle(text, tip)
            tool.setAccessibleName(text.replace("&", ""))
            tool.clicked.connect(partial(self.set_tool, id))
            self._tool_group.addButton(tool)
            row.addWidget(tool)
        self.brush = QSlider(Qt.Orientation.Horizontal)
        self.brush.setRange(LEAST_BRUSH, MOST_BRUSH)
        self.brush.setFixedWidth(90)
        self.brush.setAccessibleName("Width of the brush")
        self.brush.setToolTip("Width of the brush, in pixels of the picture ([ and ])")
        self.brush_said = QLabel()
        self.brush_said.setFixedWidth(self.fontMetrics().horizontalAdvance(f"{MOST_BRUSH} px "))
        self.undo_button = tool_button("Undo", "undo", "Take the last stroke back (Ctrl+Z)", self.pad.undo)
        self.redo_button = tool_button("Redo", "redo", "Draw it again (Ctrl+Shift+Z)", self.pad.redo)
        self.clear_button = self._button("C&lear", "Begin with a white paper; it can be taken back.", self.pad.clear)
        self.example_button = self._button("E&xample", "Draw on a picture of the data, by chance", self.example_wanted)
        self.load_button = self._button("&Load…", "Draw on a picture of yours", self.picture_wanted)
        for widget in (self.brush, self.brush_said, self.undo_button, self.redo_button):
            row.addWidget(widget)
        for button in (self.clear_button, self.example_button, self.load_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(above)
        column.addWidget(self._colours())
        column.addWidget(self.pad, 1)

    def _colours(self) -> QWidget:
        self.colours = QWidget()
        self._swatches = FlowLayout(self.colours, gap=2)
        self._swatches.setContentsMargins(8, 0, 8, 4)
        self.palettes = QComboBox()
        self.palettes.addItems(list(PALETTES))
        self.palettes.setAccessibleName("Colours")
        self.palettes.setToolTip("Which colours there are, by what a network was taught that they mean")
        self.other_button = tool_button("Another colour", "palette-outline", "Another colour…", self._ask_colour)
        self._swatches.addWidget(self.palettes)
        self._swatches.addWidget(self.other_button)
        return self.colours

    def _button(self, text: str, tip: str, call: object) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.setAccessibleName(text.replace("&", "").rstrip("…"))
        button.setToolTip(tip)
        button.clicked.connect(call)
        return button

    def _connect(self) -> None:
        self.pad.changed.connect(self.changed)
        self.pad.could_change.connect(self._offer)
        self.pad.tool_wanted.connect(self.set_tool)
        self.pad.brush_wanted.connect(self.set_brush)
        self.pad.colour_wanted.connect(self.set_colour)
        self.brush.valueChanged.connect(self.set_brush)
        self.palettes.activated.connect(self._show_palette)

    # --- what one draws with ---

    def set_tool(self, id: str) -> None:
        self.pad.tool = id
        self.tools[id].setChecked(True)

    def set_brush(self, width: int) -> None:
        self._brush_chosen = True
        self._show_brush(width)

    def _show_brush(self, width: int) -> None:
        self.pad.brush = min(max(width, LEAST_BRUSH), MOST_BRUSH)
        with QSignalBlocker(self.brush):
            self.brush.setValue(self.pad.brush)
        self.brush_said.setText(f"{self.pad.brush} px")
        self.pad.update()

    def set_colour(self, colour: QColor) -> None:
        """With the pen again, if the eraser was in the hand."""
        self.pad.colour = colour
        if self.pad.tool == "eraser":
            self.set_tool("pen")
        for button in self._colour_group.buttons():
            button.setChecked(button.property("colour") == colour)
        if all(button.property("colour") != colour for button in self._colour_group.buttons()):
            self._add_swatch(colour, f"{colour.name()}, taken")

    def set_palette(self, name: str) -> None:
        self.palettes.setCurrentText(name)
        self._show_palette(self.palettes.currentIndex())

    def _show_palette(self, row: int) -> None:
        for button in self._colour_group.buttons():
            self._colour_group.removeButton(button)
            self._swatches.removeWidget(button)
            button.hide()
            button.deleteLater()
        name, colours = list(PALETTES.items())[row]
        self.pad.soft = not name.startswith("Labels")
        for colour, meaning in colours:
            self._add_swatch(QColor(colour), meaning)
        self.set_colour(QColor(colours[0][0]))

    def _add_swatch(self, colour: QColor, meaning: str) -> None:
        button = QToolButton(autoRaise=True)
        button.setCheckable(True)
        button.setProperty("colour", colour)
        button.setIcon(theme.swatch(colour))
        button.setIconSize(QSize(18, 18))
        button.setAccessibleName(meaning)
        button.setToolTip(meaning)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setChecked(colour == self.pad.colour)
        button.clicked.connect(partial(self.set_colour, colour))
        self._colour_group.addButton(button)
        self._swatches.addWidget(button)

    def _ask_colour(self) -> None:
        dialog = QColorDialog(self.pad.colour, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self.set_colour)
        dialog.open()

    # --- the drawing ---

    def set_paper(self, width: int, height: int) -> None:
        self.pad.set_paper(QSize(width, height))
        if not self._brush_chosen:
            self._show_brush(suiting(width))

    def show_picture(self, pixels: np.ndarray) -> None:
        """[H, W, C] uint8, to draw on."""
        from .compare import image_of

        self.pad.show_picture(image_of(pixels).convertToFormat(QImage.Format.Format_RGB32))

    def pixels(self) -> np.ndarray:
        """[H, W, 3] uint8."""
        return self.pad.pixels()

    def allow_example(self, reason: str = "") -> None:
        self.example_button.setEnabled(not reason)
        self.example_button.setToolTip(reason or "Draw on a picture of the data, by chance")

    def _offer(self) -> None:
        self.undo_button.setEnabled(bool(self.pad.drawing.acts))
        self.redo_button.setEnabled(bool(self.pad.drawing.undone))
        self.clear_button.setEnabled(bool(self.pad.drawing.acts))

    def leave(self) -> None:
        self.pad.leave()
