"""The page that holds runs against each other: a table, the measure over their steps, and a report to mail."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QSplitter, QVBoxLayout

from ...jobs.comparison import Comparison
from ...jobs.verdict import Key, good_is
from .. import theme
from ..computing import attempted
from ..exporting import Exporting
from ..widgets.fold import quiet
from ..widgets.overlaid import OverlaidPlot
from .about import about_of
from .compare_table import CompareTable
from .desk import Desk
from .page import Page
from .reading import compared

FEW = "Evaluate two runs or more, and they stand here beside each other."
MOST = 8  # checked at first, as many as have looks of their own
KINDS = ["Web page (*.html)", "Markdown with pictures (*.md)"]


class ComparePage(Page):
    title = "Compare"
    tip = "All runs that were measured, with the settings that differ, and a report of them"

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self._asked: tuple[object, ...] = ()  # what was read of last
        self.table = CompareTable()
        self.plot = OverlaidPlot("", "", "the checked runs")
        self.exporting = Exporting(self, desk.notices, desk.failed.emit)
        self.verdict = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.notes = quiet(QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True))
        self.notes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.table)
        parts.addWidget(self.plot)
        parts.setSizes([320, 200])
        column = QVBoxLayout(self.body)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.verdict)
        column.addLayout(self._bar())
        column.addWidget(parts, 1)
        column.addWidget(self.notes)
        self.table.checked.connect(self._show_part)

    def _bar(self) -> QHBoxLayout:
        self.filter = QLineEdit(clearButtonEnabled=True)
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the runs")
        self.filter.setToolTip("Only runs whose title, numbers or settings hold these words")
        self.filter.textChanged.connect(self.table.filter)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copy the table for a spreadsheet, with all digits (Ctrl+C)")
        self.copy_button.clicked.connect(self.table.copy)
        self.report_button = QPushButton("Report…")
        self.report_button.clicked.connect(self.report)
        theme.tint(self.copy_button, "content-copy")
        theme.tint(self.report_button, "file-document-outline")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.filter, 1)
        row.addWidget(self.copy_button)
        row.addWidget(self.report_button)
        return row

    # what is shown

    def show_now(self) -> None:
        desk = self.desk
        runs = [subject.run for subject in desk.subjects if subject.run]
        key = desk.key
        asked = (tuple(run.folder for run in runs), key, len(desk.found))
        if asked == self._asked:
            return
        self._asked = asked
        work = partial(compared, runs, key[0] if key else "")
        desk.disk.ask("compare", partial(attempted, work), self._show)
        if self.is_blank:
            self.blank("Reading what was measured of the runs …")

    def showEvent(self, event: QShowEvent) -> None:
        """Other programs may have measured, too."""
        self._asked = ()
        super().showEvent(event)

    def _show(self, found: Comparison | Exception | None) -> None:
        if found is None or isinstance(found, Exception):
            self.blank(str(found or FEW))
            return
        there = [one.run.name for one in found.entrants]
        names = self.table.names & set(there) if self.table.found else set(there[:MOST])
        self.table.show_runs(found, names)
        self._show_part()
        self.fill()

    def _show_part(self) -> None:
        from ...jobs.comparison_report import verdict

        part = self.table.part
        assert part
        enough = len(part.entrants) >= 2
        self.verdict.setText(verdict(part) if enough else "Check two runs or more to compare them.")
        self.report_button.setEnabled(enough)
        tip = "Write the checked runs as a page, or as Markdown with pictures, to be mailed"
        self.report_button.setToolTip(tip if enough else "Check two runs or more first.")
        self.notes.setText("Bold is the best of those checked. ≠ cannot be compared; point at it to see why.")
        self._draw(part, part.by)

    def _draw(self, part: Comparison, key: Key | None) -> None:
        name = f"metrics/{key[0]}" if key else ""
        reference = part.reference(key) if key else None
        title = f"{key[1]}: {good_is(reference)}" if key and reference else ""
        self.plot.set_title(title, about_of(key[0]) if key else "")
        self.plot.show_lines(len(part.entrants))
        for number, one in enumerate(part.entrants):
            if name in one.curves:
                self.plot.extend(number, *one.curves[name])
        self.plot.setVisible(bool(title))

    # what can be done

    def report(self) -> None:
        self.exporting.ask("Report of the checked runs", "comparison.html", KINDS, self._write)

    def _write(self, path: Path) -> None:
        from ...jobs.comparison_report import export_comparison

        part = self.table.part
        if part is not None:
            runs = [one.run for one in part.entrants]
            by = part.by[0] if part.by else ""
            self.exporting.write(export_comparison(runs, path, by), "Writing the comparison")

    def leave(self) -> None:
        self.exporting.leave()
