"""The widgets of the Gallery tab, and their layout: what to make, the pictures, what is known of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from .. import theme
from ..choice_boxes import doing_label, menu_tool, run_box, step_box
from ..commands import Commands
from ..room import LOADING, PanedRoom, bar_row
from ..session import Session
from ..widgets.empty_page import EmptyPage, waiting_button
from ..widgets.work_bar import WorkBar

if TYPE_CHECKING:
    from ..widgets.notice import Notices
    from .arrange_bar import ArrangeBar
    from .details import Details
    from .grid import Grid
    from .loupe import Compare, Loupe
    from .make_panel import MakePanel

NOTHING = "Many pictures of one generator: look through them, star the best, and export them."
HINT = "Choose a run above, and how many pictures on the left."
NO_RUNS = "No run of pictures has a checkpoint yet. Train one in the Train tab, DCGAN on avatars for instance; or drop "
NO_RUNS += "the folder of a run here, or another program's generator."


class GalleryFrame(PanedRoom):
    widths = (250, 780, 250)  # of the form, the pictures and the details at first
    maker: MakePanel
    bar: ArrangeBar
    grid: Grid
    loupe: Loupe
    compare: Compare
    details: Details

    def __init__(self, session: Session, commands: Commands, notices: Notices):
        super().__init__(session, commands, notices)
        self._build()

    # --- at once ---

    def _build(self) -> None:
        self.pages = QStackedWidget()
        self.nothing = self._empty_state()
        self.pages.addWidget(self.nothing)
        self.lay_out(self._top(), self.splitter)

    def _top(self) -> QHBoxLayout:
        self.open_tool, self.open_menu = menu_tool("Open a run's folder, or a generator's file of another program")
        self.runs = run_box("Run of the gallery", "The run whose generator draws; the newest is first.")
        tip = "The checkpoint: the newest, the one next to the best samples, or that of a step"
        self.steps = step_box("Checkpoint of the gallery", tip, letters=12)
        self.said = doing_label()
        self.export_button = QPushButton("Export…")
        self.export_button.setAccessibleName("Export pictures")
        row = bar_row()
        row.setSpacing(6)
        for widget in (self.open_tool, self.runs, self.steps, self.export_button):
            widget.setEnabled(False)
        row.addWidget(self.open_tool)
        row.addWidget(self.runs)
        row.addWidget(self.steps)
        row.addSpacing(8)
        row.addWidget(self.said, 1)
        row.addWidget(self.export_button)
        return row

    def _empty_state(self) -> QWidget:
        self.first_button = waiting_button("Make pictures", LOADING)
        page = EmptyPage(NOTHING, LOADING, self.first_button)
        self.heading, self.hint = page.heading, page.hint
        return page

    # --- later ---

    def build_sides(self) -> None:
        from .details import Details
        from .make_panel import MakePanel

        self.maker, self.details = MakePanel(), Details()
        for part, widget in ((self.left, self.maker), (self.right, self.details)):
            scroll = QScrollArea(widgetResizable=True)
            scroll.setFrameShape(QScrollArea.Shape.NoFrame)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            scroll.setWidget(widget)
            part.setMinimumWidth(170)
            layout = part.layout()
            assert layout
            layout.addWidget(scroll)

    def build_centre(self, grid: Grid) -> None:
        from .arrange_bar import ArrangeBar
        from .loupe import Compare, Loupe

        self.bar, self.grid, self.loupe, self.compare = ArrangeBar(), grid, Loupe(), Compare()
        for page in (self.grid, self.loupe, self.compare):
            self.pages.addWidget(page)
        layout = self.centre.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addWidget(self.bar)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self._progress())
        theme.tint(self.open_tool, "folder-open-outline")
        theme.tint(self.export_button, "export")
        theme.tint(self.first_button, "image-multiple-outline")

    def _progress(self) -> QWidget:
        self.working = WorkBar("Progress of making the pictures", "What has been made stays.")
        self.cancel_button = self.working.cancel_button
        return self.working
