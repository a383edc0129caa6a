"""The widgets of the Explore tab, and their layout: the run above, the pad, the picture, the directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from .. import theme
from ..choice_boxes import doing_label, menu_tool, run_box, step_box, tool
from ..commands import Commands
from ..room import LOADING, PanedRoom, bar_row, put
from ..session import Session
from ..widgets.empty_page import EmptyPage, waiting_button
from ..widgets.toggle import Toggle
from .about_button import AboutButton

if TYPE_CHECKING:
    from ..widgets.fold import Fold
    from ..widgets.notice import Notices
    from .company_panel import CompanyPanel
    from .direction_list import DirectionList
    from .family import FamilyPanel
    from .inside_panel import InsidePanel
    from .pad import Pad
    from .picture_view import PictureView
    from .search_row import SearchRow
    from .seed_bar import SeedBar
    from .side_panels import SidePanels
    from .walk_bar import WalkBar

SAVE_ONE = "Write the picture as a PNG with its recipe inside: dropped here, it opens again."
WHOSE = "The run whose generator draws; the newest is first."
SMOOTH = b"smooth"  # of the kept layout
NOTHING = "Walk through what a trained generator can draw."
HINT = "Choose a run above. Or drop a picture that was saved here, and it opens as it was; or a generator's file of "
HINT += "another program, such as netG_epoch_24.pth."
NO_RUNS = "No run of pictures has a checkpoint yet. Train one in the Train tab, DCGAN on avatars for instance, or drop "
NO_RUNS += "a run's folder here."


class ExploreFrame(PanedRoom):
    widths = (250, 630, 400)  # of the pad, the picture and the directions at first
    picture: PictureView
    seeds: SeedBar
    walks: WalkBar
    pad: Pad
    family: FamilyPanel
    sides: SidePanels  # on the left: another panel is one line in `build_sides`
    company: CompanyPanel
    inside: InsidePanel
    inside_fold: Fold
    search_row: SearchRow
    directions: DirectionList

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self._furnished = False
        self._panels = b""  # which of `sides` are open, as it was kept
        self._build()

    # --- at once ---

    def _build(self) -> None:
        self.pages = QStackedWidget()
        self.nothing = self._empty_state()
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self.splitter)
        self.lay_out(self._bar(), self.pages)

    def _bar(self) -> QHBoxLayout:
        self.runs = run_box("Run", WHOSE)
        self.steps = step_box("Checkpoint", "The step of the checkpoint", letters=9)
        self.raw = Toggle("Raw weights", "The weights as they are, without the running average.")
        self.follow = Toggle("Follow", "Show the newest checkpoint as soon as the run has saved it.")
        self.smooth = Toggle("Smooth", "Soften the enlarged pixels; what is saved or copied stays as it is.")
        self.open_tool, self.open_menu = menu_tool(
            "Open a run's folder, a generator's file of another program, or a picture"
        )
        self.about_button = AboutButton()
        self.said = doing_label()
        bar = bar_row()
        bar.setSpacing(4)
        for widget in (
            self.open_tool,
            self.runs,
            self.steps,
            self.about_button,
            self.raw,
            self.follow,
            self.smooth,
        ):
            widget.setEnabled(False)
            bar.addWidget(widget)
        bar.addSpacing(8)
        bar.addWidget(self.said, 1)
        self.presets_button, self.presets_menu = menu_tool("Presets: views that are kept by name, with all that is set")
        self.undo_button = tool("Take the last change back (Ctrl+Z)")
        self.redo_button = tool("Make the change again (Ctrl+Shift+Z)")
        self.copy_button, self.copy_menu = menu_tool("Copy the picture, its latent, or a script that draws it")
        self.paste_button = tool("Paste a latent: a list of numbers (Ctrl+V)")
        self.gallery_button, self.gallery_menu = menu_tool(
            "Make a gallery of this view or this walk, in the Gallery tab"
        )
        self.save_button = QPushButton("Save…")
        self.save_button.setAccessibleName("Save the picture")
        self.save_button.setToolTip(SAVE_ONE)
        for button in (
            self.presets_button,
            self.undo_button,
            self.redo_button,
            self.copy_button,
            self.paste_button,
            self.gallery_button,
            self.save_button,
        ):
            button.setEnabled(False)
            bar.addWidget(button)
        return bar

    def _empty_state(self) -> QWidget:
        self.open_button = waiting_button("Open a run's folder…", "A run that lies elsewhere than the others")
        tip = "Weights that another program wrote: PyTorch's DCGAN example, or mimicry"
        self.file_button = waiting_button("Open a generator's file…", tip)
        page = EmptyPage(NOTHING, LOADING, self.open_button, self.file_button)
        self.heading, self.hint = page.heading, page.hint
        return page

    def allow(self, widget: QWidget, reason: str = "") -> None:
        """Enable it, or disable it for a reason, which its tooltip tells."""
        tip = widget.property("tip") or widget.toolTip()
        widget.setProperty("tip", tip)
        widget.setEnabled(not reason)
        widget.setToolTip(reason or tip)

    # --- later ---

    def draw_icons(self) -> None:
        for button, icon in (
            (self.undo_button, "undo"),
            (self.redo_button, "redo"),
            (self.copy_button, "content-copy"),
            (self.paste_button, "content-paste"),
            (self.gallery_button, "image-multiple-outline"),
            (self.save_button, "content-save-outline"),
            (self.open_button, "folder-open-outline"),
            (self.open_tool, "folder-open-outline"),
            (self.file_button, "file-outline"),
            (self.about_button, "information-outline"),
            (self.presets_button, "bookmark-outline"),
        ):
            theme.tint(button, icon)

    def build_centre(self) -> None:
        """The picture, and what it is."""
        from .picture_view import PictureView
        from .search_row import SearchRow
        from .seed_bar import SeedBar
        from .walk_bar import WalkBar

        self.picture, self.search_row, self.seeds, self.walks = PictureView(), SearchRow(), SeedBar(), WalkBar()
        column = self.centre.layout()
        assert isinstance(column, QVBoxLayout)
        column.addWidget(self.picture, 1)
        column.addWidget(self.search_row)
        column.addWidget(self.seeds)
        column.addWidget(self.walks)

    def build_sides(self) -> None:
        """The pad and the training pictures on the left, the directions on the right."""
        from .company_panel import CompanyPanel
        from .direction_list import DirectionList
        from .family import FamilyPanel
        from .inside_panel import InsidePanel
        from .pad import Pad
        from .side_panels import SidePanels

        self.pad, self.family, self.company, self.directions = Pad(), FamilyPanel(), CompanyPanel(), DirectionList()
        self.inside = InsidePanel()
        self.sides = SidePanels()
        self.sides.add("Pad", self.pad)
        self.sides.add("Family", self.family, open_=False)
        self.sides.add("Training pictures and D", self.company)
        self.inside_fold = self.sides.add("Inside", self.inside, open_=False)
        put(self.sides, self.left)
        put(self.directions, self.right)
        self.sides.restore(self._panels)
        self._furnished = True

    # --- the window's wishes ---

    def save_layout(self) -> list[QByteArray]:
        smooth = SMOOTH if self.smooth.isChecked() else b"crisp"
        panels = self.sides.state() if self._furnished else self._panels
        return [*super().save_layout(), QByteArray(smooth), QByteArray(panels)]

    def restore_layout(self, layout: list[QByteArray]) -> None:
        """Before the sides are built."""
        if len(layout) == 3:
            super().restore_layout(layout)
            self.smooth.setChecked(layout[1] == SMOOTH)
            self._panels = bytes(layout[2].data())
