"""The widgets of the Translate tab, and their layout: the translator above, options, pictures, the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from .. import theme
from ..choice_boxes import doing_label, run_box, step_box, tool
from ..commands import Commands
from ..room import LOADING, PanedRoom, bar_row, empty_column, put
from ..session import Session
from ..widgets.empty_page import EmptyPage, waiting_button
from ..widgets.toggle import Toggle, ToggleGroup

if TYPE_CHECKING:
    from ..widgets.notice import Notices
    from .draw_page import DrawPage
    from .looks_panel import LooksPanel
    from .options_panel import OptionsPanel
    from .queue_panel import QueuePanel

WHICH = "The network that translates: your runs, the newest first, and files you opened."
WAY = "Which way: from A to B as it was trained, or back where it learnt that, too."
NOTHING = "Turn pictures into other pictures."
HINT = "Choose a translator above, or drop one here: a run, or a file such as latest_net_G.pth. Then drop pictures."
NO_TRANSLATORS = "No run of yours translates pictures yet. Train one, from line-art to avatars for instance, or open a "
NO_TRANSLATORS += "file of another program, such as latest_net_G.pth."


class TranslateFrame(PanedRoom):
    widths = (310, 680, 290)  # of the options, the pictures and the files at first
    options: OptionsPanel
    looks: LooksPanel
    files: QueuePanel
    draw: DrawPage

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self._build()

    # --- at once ---

    def _build(self) -> None:
        self.pages = QStackedWidget()
        self.nothing = self._empty_state()
        self.drawing = empty_column()
        for page in (self.nothing, self.splitter, self.drawing):
            self.pages.addWidget(page)
        self.lay_out(self._bar(), self.pages)

    def _bar(self) -> QHBoxLayout:
        self.translators = run_box("Translator", WHICH, "Choose a translator", most=280)
        self.steps = step_box("Checkpoint", "The step of the checkpoint", letters=9)
        self.directions = step_box("Direction", WAY, letters=8)
        self.raw = Toggle("Raw weights", "The weights as they are, without the running average.")
        self.as_trained = Toggle(
            "As trained",
            "With dropout, and batch norm by the picture's own statistics, as pix2pix is meant to be applied. Of "
            "files of its own program, pixels are also cut off instead of rounded, as there.",
        )
        self.open_button = tool("Open a translator from a file: .pth, .pt, .safetensors …")
        self.said = doing_label()
        bar = bar_row()
        bar.setSpacing(6)
        for widget in (self.translators, self.open_button, self.steps, self.directions, self.raw, self.as_trained):
            widget.setEnabled(False)
            bar.addWidget(widget)
        bar.addSpacing(8)
        bar.addWidget(self.said, 1)
        for button in self._page_buttons():
            bar.addWidget(button)
        return bar

    def _page_buttons(self) -> tuple[Toggle, Toggle]:
        self.pictures_button = Toggle("Pictures", "Translate pictures and folders.")
        self.draw_button = Toggle("Draw", "Draw, and see the drawing translated as you draw.")
        self._page_group = ToggleGroup(self)
        for button in (self.pictures_button, self.draw_button):
            button.setEnabled(False)
            self._page_group.addButton(button)
        self.pictures_button.setChecked(True)
        return self.pictures_button, self.draw_button

    def _empty_state(self) -> QWidget:
        tip = "Show a preset that learns from pairs of pictures, in the Train tab."
        self.train_button = waiting_button("Train a translator…", tip)
        tip = "Open a translator of another program: .pth, .pt, .safetensors …"
        self.open_file_button = waiting_button("Open a file…", tip)
        page = EmptyPage(NOTHING, LOADING, self.train_button, self.open_file_button)
        self.heading, self.hint = page.heading, page.hint
        return page

    # --- later ---

    def draw_icons(self) -> None:
        for button, icon in (
            (self.open_button, "folder-open-outline"),
            (self.open_file_button, "folder-open-outline"),
            (self.train_button, "school-outline"),
            (self.draw_button, "draw"),
            (self.pictures_button, "image-multiple-outline"),
        ):
            theme.tint(button, icon)

    def build_sides(self) -> None:
        from .queue_panel import QueuePanel

        self.files = QueuePanel()
        put(self.files, self.right)
        self.keep_foot(self.files.foot.sizeHint().height())
        self.right.setMinimumWidth(200)

    def build_options(self) -> None:
        from .options_panel import OptionsPanel

        self.options = OptionsPanel()
        put(self.options, self.left)

    def build_centre(self) -> None:
        from .looks_panel import LooksPanel

        self.looks = LooksPanel()
        put(self.looks, self.centre)

    def build_drawing(self) -> None:
        from .draw_page import DrawPage

        self.draw = DrawPage()
        put(self.draw, self.drawing)
