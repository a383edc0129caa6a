"""All directions of a snapshot as sliders: the strongest first, the dead folded away, and the latent's own numbers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...directions import Direction, ranked
from ...jobs.explore import View
from .. import theme
from ..widgets.fold import Fold, quiet
from .direction_row import REACH, REACHES, DirectionRow, axis_of

GROUP = 10  # of the latent's numbers
AT_ONCE = 6  # rows; the others follow one by one
GROUPS = {  # how they were found: in this order
    "attribute": "From the labels",
    "pca": "PCA",
    "sefa": "SeFa",
    "random": "Random",
    "axis": "Numbers of the latent",
}
NOTHING = "Directions are ways to go from any picture. Find some, and each becomes a slider that shows what it will do."
WAYS = (
    (("pca",), "&PCA of the first layer", "The principal directions of its activations."),
    (("sefa",), "&SeFa", "In closed form: what changes the first layer's output most."),
    (("attribute",), "From the &labels of the data", "Where the data have labels: glasses, hair, the digit."),
    (("random",), "&Random", "Twelve directions by chance, at right angles to each other."),
)


class DirectionList(QWidget):
    edited = Signal(object, float)  # Direction, amount
    reset_wanted = Signal()  # of all
    find_wanted = Signal(object, str)  # ways, a layer
    cancel_wanted = Signal()
    keep_wanted = Signal(list)  # these Directions, in the run's folder
    save_wanted = Signal(list)  # these Directions, in a file of the user's choice
    load_wanted = Signal()
    renamed = Signal(object, str)  # Direction, its new name
    seen = Signal()  # other rows came into sight
    listed = Signal(list)  # Directions: all that are there now

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Direction] = []
        self.rows: dict[str, DirectionRow] = {}
        self._view: View | None = None
        self._z_dim, self._spread = 0, 1.0
        self._reach = REACH  # of the sliders, in sigmas
        self._groups: list[tuple[range, Fold]] = []  # of the latent's numbers
        self._kinds: list[tuple[list[Direction], Fold]] = []  # of the directions
        self._numbers: Fold | None = None  # of the latent
        self._open: dict[str, bool] = {}  # of the groups that the user opened or folded
        self._waiting: deque[tuple[Direction, Fold]] = deque()  # rows that are to be built
        self._builder = QTimer(self, interval=0)
        self._builder.timeout.connect(self._build_next)
        self.setMinimumWidth(340)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addLayout(self._bar())
        column.addWidget(self._progress())
        self.sheet = QScrollArea(widgetResizable=True)
        self.sheet.setFrameShape(QScrollArea.Shape.NoFrame)
        self.sheet.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sheet.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.sheet.verticalScrollBar().valueChanged.connect(self.seen)
        column.addWidget(self.sheet, 1)
        inside = QWidget()
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(0, 0, 8, 0)
        self.sheet.setWidget(inside)
        self._fill()

    def _bar(self) -> QHBoxLayout:
        self.find_button = QPushButton("Find directions")
        self.find_button.setToolTip("Find more ways to go, and measure what each does.")
        self.menu = QMenu(self.find_button)
        self.menu.setToolTipsVisible(True)
        self.find_button.setMenu(self.menu)
        self.keep_button = self._tool("content-save-outline", "Keep these directions, with their names, in the run")
        self.keep_button.clicked.connect(self._keep)
        self.reset_button = self._tool("restore", "Take all directions out of the picture")
        self.reset_button.clicked.connect(self.reset_wanted)
        self.more_button = self._tool("dots-horizontal", "Files of directions, and how far the sliders reach")
        self.more_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.setMenu(self._more())
        bar = QHBoxLayout()
        bar.setSpacing(4)
        self.search = QLineEdit(placeholderText="Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search the directions")
        self.search.setToolTip(
            "Show the directions with these words in their names, or one of the latent's numbers: z 17."
        )
        self.search.textChanged.connect(self._search)
        bar.addWidget(self.find_button)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.keep_button)
        bar.addWidget(self.reset_button)
        bar.addWidget(self.more_button)
        return bar

    def _more(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.save_action = menu.addAction("&Save these directions…", self._save)
        self.save_action.setToolTip("Write them, with their names, into a file of your choice.")
        self.load_action = menu.addAction("&Load directions…", self.load_wanted.emit)
        self.load_action.setToolTip("Put those of a file beside these; they fit latents of the same length.")
        reaches = menu.addMenu("Sliders &reach")
        self.reaches = QActionGroup(menu)
        for reach in REACHES:
            action = reaches.addAction(f"±{reach:g} sigmas", partial(self.set_reach, reach))
            action.setCheckable(True)
            action.setChecked(reach == REACH)
            self.reaches.addAction(action)
        return menu

    def _tool(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.tint(button, icon)
        return button

    def _progress(self) -> QWidget:
        self.working = QWidget()
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(8)
        self.bar.setAccessibleName("Progress of finding directions")
        self.doing = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.doing.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.doing.setWordWrap(False)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop finding directions; those that are there stay.")
        self.cancel_button.clicked.connect(self.cancel_wanted)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.doing)
        column.addWidget(self.bar)
        row = QHBoxLayout(self.working)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(column, 1)
        row.addWidget(self.cancel_button)
        self.working.hide()
        return self.working

    # --- what is shown ---

    def show_network(self, z_dim: int, spread: float, layers: list[str], no_labels: str = "") -> None:
        """Of another snapshot; `no_labels` is why its data have none that anybody knows."""
        self._z_dim, self._spread = z_dim, spread
        self.rows = {name: row for name, row in self.rows.items() if row.direction.found_by != "axis"}
        if self._numbers:
            self._numbers.hide()
            self._numbers.deleteLater()
        self._numbers = self._make_numbers()
        self.menu.clear()
        for ways, text, tip in WAYS:
            action = self.menu.addAction(text)
            reason = no_labels if "attribute" in ways else ""
            action.setToolTip(reason or tip)
            action.setEnabled(not reason)
            action.triggered.connect(partial(self._want, ways, ""))
        inner = self.menu.addMenu("PCA of &another layer")
        for layer in layers[1:]:
            inner.addAction(layer).triggered.connect(partial(self._want, ("pca",), layer))
        inner.setEnabled(len(layers) > 1)

    def show_directions(self, found: list[Direction]) -> None:
        """In place of all that were there."""
        self.found = list(found)
        self._fill()
        self.listed.emit(self.found)
        if self._view:
            self.show_view(self._view)

    def add_directions(self, found: list[Direction]) -> None:
        """Those of the same names are replaced."""
        names = {one.name for one in found}
        self.show_directions([one for one in self.found if one.name not in names] + list(found))

    def show_view(self, view: View) -> None:
        """How much of each direction is in it."""
        self._view = view
        amounts = {edit.direction.name: edit.amount for edit in view.edits}
        strangers = [
            edit.direction
            for edit in view.edits
            if edit.direction.found_by != "axis" and edit.direction not in self.found
        ]
        if strangers:
            self.add_directions(strangers)
            return
        for name, row in self.rows.items():
            row.set_amount(amounts.get(name, 0.0))
        self.reset_button.setEnabled(bool(amounts))

    def show_progress(self, done: int, total: int, text: str) -> None:
        self.working.show()
        self.find_button.setEnabled(False)
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.doing.setText(text)

    def end_progress(self) -> None:
        self.working.hide()
        self.find_button.setEnabled(True)

    def seen_rows(self) -> Iterator[DirectionRow]:
        yield from (row for row in self.rows.values() if row.is_seen())

    def leave(self) -> None:
        """The window closes."""
        self._builder.stop()

    def forget_strips(self) -> None:
        for row in self.rows.values():
            row.drawn = None

    # --- the rows ---

    def _fill(self) -> None:
        """In groups by how they were found; a row that is there already stays, with its strip."""
        self._waiting.clear()
        self._kinds.clear()
        before, self.rows = self.rows, {}
        old = [item.widget() for item in iter(partial(self.column.takeAt, 0), None)]
        alive, dead = ranked(self.found)
        for kind, title in GROUPS.items():
            if some := [one for one in alive if one.found_by == kind]:
                self.column.addWidget(self._group(f"{title} ({len(some)})", kind, some, before, open_=True))
        if dead:
            self.column.addWidget(self._group(f"{len(dead)} that change little", "dead", dead, before, open_=False))
        if not self.found:
            self.column.addWidget(quiet(QLabel(NOTHING)))
        if self._numbers:
            self.column.addWidget(self._numbers)
            self.rows |= {name: row for name, row in before.items() if row.direction.found_by == "axis"}
        self.column.addStretch(1)
        for widget in old:  # with those of the rows that are not wanted any more
            if widget is not None and widget is not self._numbers:
                widget.hide()
                widget.deleteLater()
        self.keep_button.setEnabled(bool(self.found))
        self.save_action.setEnabled(bool(self.found))
        self.search.setEnabled(bool(self.found or self._numbers))
        self._build_some(AT_ONCE)
        self._builder.start()

    def _group(
        self, title: str, kind: str, some: list[Direction], before: dict[str, DirectionRow], open_: bool
    ) -> Fold:
        fold = Fold(title, f"Show or hide {title}, the strongest first")
        self._kinds.append((some, fold))
        if not any(map(self._is_wanted, some)):
            fold.hide()  # and never shown here, where it would be a window of its own
        for one in some:
            row = before.get(one.name)
            if row is not None and row.direction == one:
                self.rows[one.name] = row
                fold.rows.addWidget(row)
            else:
                self._waiting.append((one, fold))
        fold.button.setChecked(self._open.get(kind, open_))
        fold.button.turned.connect(partial(self._open.__setitem__, kind))
        fold.opened.connect(self.seen)
        return fold

    def _build_next(self) -> None:
        """A few at a time, so that the window goes on."""
        self._build_some(1)
        if not self._waiting:
            self._builder.stop()
            self._search()
            self.seen.emit()

    def _build_some(self, count: int) -> None:
        for _ in range(min(count, len(self._waiting))):
            one, fold = self._waiting.popleft()
            row = self._row(one)
            if self._view:
                row.set_amount(self._view.amount(one.name))
            fold.rows.addWidget(row)
            row.setVisible(self._is_wanted(one))

    def _is_wanted(self, direction: Direction) -> bool:
        return all(word in direction.name.lower() for word in self.search.text().lower().split())

    def _search(self) -> None:
        self._search_numbers()
        for some, fold in self._kinds:
            fold.setVisible(any(map(self._is_wanted, some)))
        for row in self.rows.values():
            if row.direction.found_by != "axis":
                row.setVisible(self._is_wanted(row.direction))
        self.seen.emit()

    def _search_numbers(self) -> None:
        """One of the latent's numbers is built when it is looked for; what is about directions alone hides none."""
        asked = re.fullmatch(r"z\s*(\d+)", self.search.text().strip().lower())
        wanted = int(asked[1]) if asked else None
        for numbers, group in self._groups:
            if wanted in numbers:
                self._open_numbers(group)
            group.setVisible(wanted is None or wanted in numbers)
            for i in numbers:
                if row := self.rows.get(f"z {i}"):
                    row.setVisible(wanted in (None, i))

    def _open_numbers(self, group: Fold) -> None:
        assert self._numbers
        self._numbers.button.set_open(True)
        group.button.set_open(True)

    def _row(self, direction: Direction) -> DirectionRow:
        row = self.rows[direction.name] = DirectionRow(direction, self._reach)
        row.edited.connect(self.edited)
        row.rename_wanted.connect(self._rename)
        row.remove_wanted.connect(self._remove)
        return row

    def _make_numbers(self) -> Fold:
        self._groups.clear()
        fold = Fold(f"The latent's {self._z_dim} numbers", "Each number of z for itself, as sigmas from where it is")
        for first in range(0, self._z_dim, GROUP):
            last = min(first + GROUP, self._z_dim) - 1
            group = Fold(f"z {first} to {last}", "A slider for each of these numbers")
            group.opened.connect(partial(self._fill_group, group, first, last))
            self._groups.append((range(first, last + 1), group))
            fold.rows.addWidget(group)
        return fold

    def _fill_group(self, group: Fold, first: int, last: int) -> None:
        if not group.rows.count():
            for index in range(first, last + 1):
                row = self._row(axis_of(index, self._z_dim, self._spread))
                if self._view:
                    row.set_amount(self._view.amount(row.direction.name))
                group.rows.addWidget(row)
        self.seen.emit()

    # --- the user ---

    def _want(self, ways: tuple[str, ...], layer: str) -> None:
        self.find_wanted.emit(ways, layer)

    def _keep(self) -> None:
        self.keep_wanted.emit(self.found)

    def _save(self) -> None:
        self.save_wanted.emit(self.found)

    def set_reach(self, reach: float) -> None:
        """So many sigmas to either side, of all sliders."""
        self._reach = reach
        for row in self.rows.values():
            row.set_reach(reach)
        self.seen.emit()

    def _remove(self, direction: Direction) -> None:
        self.edited.emit(direction, 0.0)
        self.show_directions([one for one in self.found if one.name != direction.name])

    def _rename(self, direction: Direction) -> None:
        name, is_given = QInputDialog.getText(self, "Name the direction", "&Name:", text=direction.name)
        if is_given and name.strip():
            self.rename(direction, name.strip())

    def rename(self, direction: Direction, name: str) -> None:
        """Nothing where another one has that name."""
        if name not in {one.name for one in self.found}:
            self.found = [one.renamed(name) if one.name == direction.name else one for one in self.found]
            self.renamed.emit(direction, name)
            self.show_directions(self.found)
