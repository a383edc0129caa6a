"""The page of numbers: what was evaluated, beside each other, with intervals, and what of it can be compared."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...jobs.evaluations import Evaluated
from ...jobs.verdict import figure, good_is, judge, key_of, measures_of, points_of
from .. import theme
from ..choice_boxes import menu_tool
from ..widgets.flow import FlowLayout
from ..widgets.fold import quiet
from .about import about_of
from .desk import Desk
from .numbers_table import NumbersTable
from .page import Page
from .reading import kept
from .subjects import Subject
from .table import Column, Row, rows_of

NOTHING = "Nothing has been measured of this yet."
MOST = 8  # beside each other; more are no table to read
MOST_NOTES = 5  # beneath the table, which is to keep most of the page
Place = tuple[str, int | None]  # (subject, step)


class NumbersPage(Page):
    title = "Numbers"
    tip = "What was measured, with intervals; several steps, runs and folders beside each other"

    def __init__(self, desk: Desk):
        super().__init__(desk)
        self.columns: list[Column] = []  # those that are shown
        self.others: list[Column] = []  # of other subjects, that were put beside
        self._shown: list[Place] | None = None  # of this subject, chosen by the user; None: those that tell most
        self.table = NumbersTable()
        self.table.described.connect(self._describe)
        self.table.looked_at.connect(self._look)
        self.about = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.notes = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.notes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(self._bar())
        column.addWidget(self.table, 1)
        column.addWidget(self.about)
        column.addWidget(self.notes)
        desk.chosen.connect(self._begin_anew)

    def _bar(self) -> QHBoxLayout:
        self.chips = QWidget()
        self.flow = FlowLayout(self.chips, gap=4)
        self.add_tool, self.add_menu = menu_tool("Put another step, run or folder beside these")
        self.add_menu.aboutToShow.connect(self._fill_menu)
        self.copy_tool, menu = menu_tool("Copy the numbers: as text, or for a spreadsheet")
        menu.addAction("Copy as &text", self.table.copy_text).setToolTip("A line a number, to be read (Ctrl+C)")
        menu.addAction("Copy as CS&V", self.table.copy_csv).setToolTip("For a spreadsheet, with all digits")
        theme.tint(self.add_tool, "plus")
        theme.tint(self.copy_tool, "content-copy")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.chips, 1)
        row.addWidget(self.add_tool, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.copy_tool, 0, Qt.AlignmentFlag.AlignTop)
        return row

    # what stands beside each other

    def _begin_anew(self) -> None:
        """What was put beside the last subject stays: one looks at one run after the other to compare them."""
        self._shown = None

    def show_now(self) -> None:
        subject = self.desk.subject
        if subject is None:
            self.blank("Choose above what is to be evaluated: a run, or a folder of pictures.")
            return
        found = newest_of_each(self.desk.found)
        chosen = self._shown if self._shown is not None else telling(self.desk)
        ours = [Column(subject.title, found[place], is_here=True) for place in chosen if place in found]
        here = {column.evaluated.subject for column in ours}
        self.columns = [*ours, *(other for other in self.others if other.evaluated.subject not in here)]
        if not found and not self.columns:
            self.blank(NOTHING, "Evaluate", "Measure it as the form on the left says.", self.desk.reason)
            return
        self.table.show_rows(rows_of(self.columns))
        self._fill_chips()
        self._tell_notes()
        self.fill()

    def _fill_chips(self) -> None:
        while item := self.flow.takeAt(0):
            chip = item.widget()
            assert chip
            chip.hide()
            chip.deleteLater()
        for column in self.columns:
            chip = QToolButton()
            chip.setText(column.of)
            chip.setToolTip(f"Take {column.of} out of the table")
            chip.setAccessibleName(f"Take {column.of} out of the table")
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            chip.setEnabled(len(self.columns) > 1)
            chip.clicked.connect(partial(self.take_out, column))
            theme.tint(chip, "close")
            self.flow.addWidget(chip)
            chip.show()
        full = len(self.columns) >= MOST
        self.add_tool.setEnabled(not full)
        self.add_tool.setToolTip(
            f"{MOST} beside each other are enough to read; take one out first."
            if full
            else "Put another step, run or folder beside these"
        )

    def _fill_menu(self) -> None:
        """The steps of this subject, and the other runs, which keep what was measured of them."""
        menu = self.add_menu
        menu.clear()
        assert self.desk.subject
        shown = [column.evaluated for column in self.columns]
        for place, one in sorted(newest_of_each(self.desk.found).items(), key=lambda pair: -(pair[0][1] or 0)):
            if one not in shown:
                column = Column(self.desk.subject.title, one, is_here=True)
                menu.addAction(column.of, partial(self._put_step, place))
        menu.addSeparator()
        for other in self.desk.subjects:
            if other.path != self.desk.subject.path and other.run is not None:
                menu.addAction(other.title, partial(self._put_run, other)).setToolTip(str(other.path))
        if not menu.actions():
            menu.addAction("Evaluate another step or run first").setEnabled(False)

    def _put_step(self, place: Place) -> None:
        now = [(c.evaluated.subject, c.evaluated.step) for c in self.columns if c.is_here]
        self._shown = [*now, place]
        self.show_now()

    def _put_run(self, other: Subject) -> None:
        assert other.run is not None
        self.desk.disk.ask(("beside", other.path), partial(kept, other.run), partial(self._put_kept, other))

    def _put_kept(self, other: Subject, found: tuple[Evaluated, ...]) -> None:
        """Its best step, or the newest where nothing says which is best."""
        if not found:
            self.desk.notices.show_notice(
                f"Nothing has been measured of {other.title} yet; choose it above, and evaluate it."
            )
            return
        key = self.desk.key if self.desk.key in measures_of(found) else measures_of(found)[0]
        verdict = judge(found, key)
        step = verdict.best.step if verdict else found[-1].step
        one = newest_of_each(found)[found[-1].subject, step]
        self.others = [*self.others, Column(other.title, one, is_here=False)]
        self.show_now()

    def take_out(self, column: Column) -> None:
        if column.is_here:
            self._shown = [(c.evaluated.subject, c.evaluated.step) for c in self.columns if c.is_here and c != column]
        else:
            self.others = [other for other in self.others if other != column]
        self.show_now()

    # what is said of them

    def _describe(self, row: Row | None) -> None:
        self.about.setText(told(row) if row else "")

    def _look(self, row: Row) -> None:
        if row.step is not None:
            self.desk.look_at(row.step)

    def _tell_notes(self) -> None:
        lines = list(dict.fromkeys(note for column in self.columns for note in column.evaluated.notes))
        more = len(lines) - MOST_NOTES
        shown = lines if more <= 0 else [*lines[:MOST_NOTES], f"... and {more} more, which the mouse here tells."]
        self.notes.setText("\n".join(shown))
        self.notes.setToolTip("\n".join(lines) if more > 0 else "")
        self.notes.setVisible(bool(lines))


def newest_of_each(found: tuple[Evaluated, ...]) -> dict[Place, Evaluated]:
    """All numbers of a subject's step as one, of those that were measured again the last; with the notes of all that
    a number is from, and of the last, which come first."""
    merged: dict[Place, Evaluated] = {}
    parts: dict[Place, list[Evaluated]] = {}
    for one in found:
        parts.setdefault((one.subject, one.step), []).append(one)
    for place, ones in parts.items():
        numbers = {key_of(number): number for one in ones for number in one.numbers}
        shown = set(map(id, numbers.values()))
        left = [one for one in ones if one is ones[-1] or any(id(number) in shown for number in one.numbers)]
        notes = dict.fromkeys(note for one in reversed(left) for note in notes_of(one, alone=len(left) == 1))
        merged[place] = replace(ones[-1], numbers=tuple(numbers.values()), notes=tuple(notes))
    return merged


def notes_of(one: Evaluated, alone: bool) -> list[str]:
    """With the features that they are about, where others were measured with, too."""
    eye = next((number.basis.eye_name for number in one.numbers if number.basis.eye_name), "")
    return [note if alone or not eye else f"{eye[:1].upper()}{eye[1:]}: {note}" for note in one.notes]


def telling(desk: Desk) -> list[Place]:
    """What is worth a look first: the best step, the newest, what was measured last; two at least, where there are."""
    if not desk.found:
        return []
    last = desk.found[-1]
    steps: list[int | None] = []
    if (verdict := desk.verdict()) and desk.key:
        steps += [verdict.best.step, verdict.newest.step]
        steps += [point.step for point in points_of(desk.found, desk.key)[-2:]] if len(set(steps)) < 2 else []
    places = [(last.subject, step) for step in steps] + [(last.subject, last.step)]
    return list(dict.fromkeys(places))


def told(row: Row) -> str:
    """What was measured, how, and what good looks like."""
    n, basis = row.number, row.number.basis
    real, generated = basis.samples
    good = good_is(n)
    how = f"From {real:,} real samples ({basis.real_name}) and {generated:,} generated ones"
    sentences = [
        about_of(n.measure),
        f"{good[:1].upper()}{good[1:]}.",
        f"These are: {', '.join(n.items)}." if n.items else "",
        f"{how}, {basis.preprocessing}." if basis.preprocessing else f"{how}.",
        f"Of endlessly many samples it would be {figure(n.at_infinity)}." if n.at_infinity is not None else "",
        f"Not comparable with {row.reference}: {'; '.join(row.reasons)}." if row.reasons else "",
    ]
    return f"{n.title}: {' '.join(filter(None, sentences))}"
