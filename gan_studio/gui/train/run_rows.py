"""The rows of the run list: the queue in its order, then the other runs, branches under their parents."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QImage, QPixmap

from ...runs import Run, State
from .. import theme
from . import run_words as words
from .later import Later
from .run_reader import Entry, branch_differences, thumbnail

Index = QModelIndex | QPersistentModelIndex
RUN = Qt.ItemDataRole.UserRole  # a Run, None for a heading
ROW = RUN + 1  # a Row
PICTURE = RUN + 2  # a QPixmap, null where there is none yet
LINES = RUN + 3  # of text in a row, 0 for a heading: asked of all rows at once, so that it has to be quick
PICTURE_PX = 44
DEEPEST = 6  # levels of branches; what is deeper stands on the last of them
THUMBNAIL_PX = 2 * PICTURE_PX  # sharp on screens of twice the density
DRAGGED = "application/x-gan-studio-queued-run"
STATES = ("running", "paused", "queued", "failed", "interrupted", "stopped", "new", "finished")
QUEUE, REST = 1, 2  # ids of the headings; runs have larger ones, and an invalid index has 0
NOWHERE = QModelIndex()
OUTSIDE = Qt.ItemFlag.ItemIsDropEnabled  # between the rows
HEADING = Qt.ItemFlag.ItemIsEnabled
RUNNABLE = HEADING | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
WAITING = RUNNABLE | Qt.ItemFlag.ItemIsDragEnabled


# --- in which order --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    title: str
    help: str
    key: Callable[[Entry], Any]
    of_family: bool = True  # a run stands where the first of its branches would


def by_best(entry: Entry) -> tuple[bool, str, float]:
    """Values of the same curve beside each other; what was not measured comes last."""
    if entry.best is None:
        return True, "", 0.0
    return False, entry.best[0], entry.best[1] if entry.badness is None else entry.badness


def by_state(entry: Entry) -> tuple[int, float]:
    name = entry.state.name
    return STATES.index(name) if name in STATES else len(STATES), -entry.created


ORDERS = (
    Order("Newest", "The newest run first.", lambda entry: (-entry.created, entry.name)),
    Order("Name", "By title.", lambda entry: (entry.title.casefold(), entry.name), of_family=False),
    Order("Best", "What was measured best first: the smallest distance, or the highest share.", by_best),
    Order("State", "What is in training first, what is finished last.", by_state),
)


# --- the tree --------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Node:
    id: int
    entry: Entry
    heading: str = ""  # not a run, but the words above some
    parent: Node | None = None
    row: int = 0
    children: list[Node] = field(default_factory=list)
    fits: bool = True  # False: it stands here for the sake of a branch that fits the search
    number: int = 0  # in the queue, from 1
    of: Entry | None = None  # what it branched from, where that is there

    @property
    def level(self) -> int:
        return 0 if self.parent is None else self.parent.level + 1


def heading(id: int, words: str) -> Node:
    return Node(id, NOBODY, words)


NOBODY = Entry(Run(Path()), "", "", 0.0, State(), 0.0, None, None, (), (), 0)


def arranged(entries: Iterable[Entry], order: Order, search: str, ids: Callable[[Entry], int]) -> list[Node]:
    """The rows of the first level."""
    nodes = {entry.name: Node(ids(entry), entry) for entry in entries}
    wanted = search.casefold().split()
    for node in nodes.values():
        node.fits = all(word in haystack(node.entry) for word in wanted)
        node.of = _parent(node, nodes)
    queue = sorted((node for node in nodes.values() if node.entry.is_queued), key=_place)
    for number, node in enumerate(queue, 1):
        node.number = number
    roots = tree([node for node in nodes.values() if not node.entry.is_queued], order)
    if queue := [node for node in queue if node.fits]:
        roots = [heading(QUEUE, "Queue"), *queue, *([heading(REST, "Other runs")] if roots else []), *roots]
    _number_rows(roots)
    return roots


def tree(nodes: Iterable[Node], order: Order) -> list[Node]:
    """Hang branches under their parents and sort; what does not fit the search is left out, but for ancestors."""
    below: dict[str, list[Node]] = {}
    roots = []
    for node in nodes:
        if node.of is None or node.of.is_queued:
            roots.append(node)
        else:
            below.setdefault(node.of.name, []).append(node)
    walk = list(_walk(roots, below))
    while left := next((siblings for siblings in below.values() if siblings), None):
        roots.append(left.pop())  # branches of each other, as nobody but an editor of files makes them
        walk += _walk(roots[-1:], below)
    keys = {node.id: order.key(node.entry) for node in walk}
    for node in reversed(walk):  # branches come before what they hang on
        node.children = _sorted(node.children, keys)
        if order.of_family:
            keys[node.id] = min([keys[node.id], *(keys[child.id] for child in node.children)])
    return _sorted(roots, keys)


def _walk(roots: Iterable[Node], below: dict[str, list[Node]]) -> Iterator[Node]:
    """Parents before their branches, hanging these on the way; takes them out of `below`."""
    waiting = list(roots)
    for node in waiting:
        yield node
        for child in below.pop(node.entry.name, []):
            child.parent = node.parent if node.level == DEEPEST else node
            assert child.parent
            child.parent.children.append(child)
            waiting.append(child)


def _sorted(nodes: list[Node], keys: dict[int, Any]) -> list[Node]:
    return sorted((node for node in nodes if node.fits or node.children), key=lambda node: keys[node.id])


def _number_rows(nodes: list[Node]) -> None:
    for row, node in enumerate(nodes):
        node.row = row
        _number_rows(node.children)


def _place(node: Node) -> tuple[float, str]:
    return node.entry.place, node.entry.name


def _parent(node: Node, nodes: dict[str, Node]) -> Entry | None:
    parent = node.entry.parent
    return nodes[parent[0]].entry if parent and parent[0] in nodes else None


def haystack(entry: Entry) -> str:
    """What a search looks through."""
    return " ".join((entry.title, entry.preset, words.state_words(entry), entry.state.name)).casefold()


# --- what is painted -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """All that is painted of a run, but for its picture."""

    entry: Entry
    preset: str  # "" where another line tells it
    origin: str  # of a branch
    number: int  # in the queue, from 1
    fits: bool
    overlaid: bool
    shown: bool

    @property
    def status(self) -> str:
        return words.status(self.entry, self.number)

    @property
    def facts(self) -> str:
        return " · ".join(part for part in (words.best(self.entry), self.preset) if part)


class RunRows(QAbstractItemModel):
    """Shows what it is given; what the user does with it, it tells."""

    retitled = Signal(object, str)  # Run, new title
    reordered = Signal(list)  # the queued Runs in their new order

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self.entries: dict[str, Entry] = {}  # by the name of the folder
        self.order, self.search = ORDERS[0], ""
        self.shown, self.overlaid = "", frozenset[str]()
        self.later = Later(self)
        self._ids: dict[str, int] = defaultdict(count(REST + 1).__next__)
        self._roots: list[Node] = []
        self._nodes: dict[int, Node] = {}
        self._shape: list[tuple[int, int]] = []  # (id, id of the row it hangs on) of all rows
        self._above: dict[int, QModelIndex] = {}  # by id, for Qt asks tens of thousands of times
        self._below: dict[int, list[QModelIndex]] = {}  # 0: the first level
        self._pictures: dict[str, tuple[tuple[int, bool] | None, QPixmap]] = {}  # with what they were made from
        self._differences: dict[tuple[str, str, int], str] = {}

    # what is shown

    def set_entries(self, entries: Iterable[Entry]) -> None:
        self.entries = {entry.name: entry for entry in entries}
        self._pictures = {name: made for name, made in self._pictures.items() if name in self.entries}
        self._arrange()

    def change(self, entry: Entry) -> None:
        """Show a change before it is read again from the files."""
        self.set_entries((self.entries | {entry.name: entry}).values())

    def set_order(self, order: Order) -> None:
        self.order = order
        self._arrange()

    def set_search(self, text: str) -> None:
        self.search = text
        self._arrange()

    def set_marks(self, shown: str, overlaid: Iterable[str]) -> None:
        """The run that is shown and those whose curves lie over its own, by the names of their folders."""
        before = {self.shown, *self.overlaid}
        self.shown, self.overlaid = shown, frozenset(overlaid)
        for name in before | {shown, *self.overlaid}:
            self._show_again(self.index_of(name))

    def queue(self) -> list[Entry]:
        """In its order; also those that do not fit the search."""
        waiting = [entry for entry in self.entries.values() if entry.is_queued]
        return sorted(waiting, key=lambda entry: (entry.place, entry.name))

    def index_of(self, name: str) -> QModelIndex:
        """Where a run stands; invalid where it is not shown."""
        node = self._nodes.get(self._ids.get(name, 0))
        return self._index(node) if node else NOWHERE

    def entries_at(self, indexes: Iterable[Index]) -> list[Entry]:
        """The runs in these rows, from the top."""
        ids = {index.internalId() for index in indexes}
        return [node.entry for id, node in self._nodes.items() if id in ids and not node.heading]

    def entry_at(self, index: Index) -> Entry | None:
        node = self._node(index)
        return None if node is None or node.heading else node.entry

    def parents(self) -> list[QModelIndex]:
        """The rows that others hang on."""
        return [self._index(node) for node in self._nodes.values() if node.children]

    def _arrange(self) -> None:
        roots = arranged(self.entries.values(), self.order, self.search, self._id)
        nodes = {node.id: node for node in all_of(roots)}
        shape = [(node.id, node.parent.id if node.parent else 0) for node in nodes.values()]
        if shape == self._shape:
            changed = [node for id, node in nodes.items() if self._differs(node, self._nodes[id])]
            self._roots, self._nodes = roots, nodes
            for node in changed:
                self._show_again(self._index(node))
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        self._roots, self._nodes, self._shape = roots, nodes, shape
        self._index_rows()
        found = [nodes.get(index.internalId()) for index in before]
        self.changePersistentIndexList(before, [self._index(node) if node else NOWHERE for node in found])
        self.layoutChanged.emit()

    def _index_rows(self) -> None:
        self._above, self._below = {}, {0: [self._index(node) for node in self._roots]}
        for node in self._nodes.values():
            if node.children:
                here = self._index(node)
                self._below[node.id] = [self._index(child) for child in node.children]
                self._above.update((child.id, here) for child in node.children)

    def _differs(self, node: Node, before: Node) -> bool:
        return (node.entry, node.of, node.fits, node.number) != (before.entry, before.of, before.fits, before.number)

    def _id(self, entry: Entry) -> int:
        return self._ids[entry.name]

    # what Qt asks

    def index(self, row: int, column: int, parent: Index = NOWHERE) -> QModelIndex:
        below = self._below.get(parent.internalId(), [])
        return below[row] if column == 0 and 0 <= row < len(below) else NOWHERE

    def parent(self, index: Index | None = None) -> Any:
        """Of an index; without one, as every QObject."""
        return super().parent() if index is None else self._above.get(index.internalId(), NOWHERE)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return len(self._below.get(parent.internalId(), ()))

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self._node(index)
        if node is None:
            return None
        return self._heading_data(node, role) if node.heading else self._run_data(node, role)

    def _heading_data(self, node: Node, role: int) -> Any:
        if role == LINES:
            return 0
        return node.heading if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) else None

    def _run_data(self, node: Node, role: int) -> Any:
        entry = node.entry
        if role == LINES:
            return 2 + bool(entry.best or preset_of(node)) + (entry.parent is not None)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return entry.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(node)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(node)
            case Qt.ItemDataRole.CheckStateRole if entry.name != self.shown:
                return Qt.CheckState.Checked if entry.name in self.overlaid else Qt.CheckState.Unchecked
            case _ if role == RUN:
                return entry.run
            case _ if role == ROW:
                return self._row(node)
            case _ if role == PICTURE:
                return self._picture(entry)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        node = self._node(index)
        if node is None:
            return OUTSIDE
        if node.heading:
            return HEADING
        flags = WAITING if node.number else RUNNABLE
        return flags if node.entry.name == self.shown else flags | Qt.ItemFlag.ItemIsUserCheckable

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A new title; the folder keeps its name, as branches name it as their parent."""
        entry, title = self.entry_at(index), " ".join(str(value).split())
        if entry is None or role != Qt.ItemDataRole.EditRole or not title or title == entry.title:
            return False
        self.retitled.emit(entry.run, title)
        self.change(replace(entry, title=title))
        return True

    # dragging in the queue

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [DRAGGED]

    def mimeData(self, indexes: Iterable[Index]) -> QMimeData:
        names = [entry.name for entry in map(self.entry_at, indexes) if entry and entry.is_queued]
        data = QMimeData()
        data.setData(DRAGGED, "\n".join(names).encode())
        return data

    def canDropMimeData(self, data: QMimeData, action: Any, row: int, column: int, parent: Index) -> bool:
        """Into the queue, which begins beneath its heading."""
        in_queue = sum(node.number > 0 for node in self._roots)
        return data.hasFormat(DRAGGED) and not parent.isValid() and 1 <= row <= in_queue + 1

    def dropMimeData(self, data: QMimeData, action: Any, row: int, column: int, parent: Index) -> bool:
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        names = bytes(data.data(DRAGGED).data()).decode().split("\n")
        follower = self._roots[row] if row < len(self._roots) else None
        self.move(names, before=follower.entry.name if follower and follower.number else "")
        return True

    def move(self, names: list[str], before: str) -> None:
        """Let these queued runs come before another one; "" is the end."""
        queue = [entry.name for entry in self.queue()]
        moved = [name for name in queue if name in names]
        while before in moved:  # before one of their own: the next that stays
            before = next(iter(queue[queue.index(before) + 1 :]), "")
        order = [name for name in queue if name not in moved]
        at = order.index(before) if before in order else len(order)
        order[at:at] = moved
        if order != queue:
            self.set_queue(order)
            self.reordered.emit([self.entries[name].run for name in order])

    def set_queue(self, names: list[str]) -> None:
        """Show the queue in this order before it is read again from the files."""
        placed = {name: replace(self.entries[name], place=float(i)) for i, name in enumerate(names)}
        self.set_entries((self.entries | placed).values())

    # one run

    def _row(self, node: Node) -> Row:
        entry = node.entry
        marks = entry.name in self.overlaid, entry.name == self.shown
        return Row(entry, preset_of(node), self._origin(node), node.number, node.fits, *marks)

    def _origin(self, node: Node) -> str:
        """Of a branch; where it does not stand under its parent, the parent is named."""
        if node.entry.parent is None:
            return ""
        name, step = node.entry.parent
        if node.of is None:
            return words.origin(step, None, gone=True)
        title = "" if node.parent and node.parent.entry is node.of else node.of.title
        key = (node.entry.name, name, step)
        if key not in self._differences:
            read = partial(branch_differences, node.entry.run, node.of.run, step)
            self.later.want(key, read, partial(self._take_differences, key))
        return words.origin(step, self._differences.get(key), title=title)

    def _take_differences(self, key: tuple[str, str, int], differences: words.Differences) -> None:
        self._differences[key] = words.in_words(differences)
        self._show_again(self.index_of(key[0]))

    def _picture(self, entry: Entry) -> QPixmap:
        """What was made last, until the newest samples are read; points are drawn in the colours of the theme."""
        colours = theme.colours()
        source = entry.drawn, colours.dark
        made_from, picture = self._pictures.get(entry.name, (None, QPixmap()))
        if entry.drawn and source != made_from:
            read = partial(thumbnail, entry, THUMBNAIL_PX, colours.g, colours.plot)
            self.later.want((entry.name, source), read, partial(self._take_picture, entry.name, source))
        return picture

    def _take_picture(self, name: str, source: tuple[int, bool], image: QImage) -> None:
        self._pictures[name] = source, QPixmap.fromImage(image)
        self._show_again(self.index_of(name))

    def _spoken(self, node: Node) -> str:
        row = self._row(node)
        marks = ["shown"] * row.shown + ["its curves are overlaid"] * row.overlaid
        return ", ".join(part for part in (node.entry.title, row.status, row.facts, row.origin, *marks) if part)

    def _tip(self, node: Node) -> str:
        """Whole, where the row is cut off."""
        row = self._row(node)
        facts = words.best_in_full(node.entry), node.entry.preset and f"Preset: {node.entry.preset}"
        lines = (node.entry.title, row.status, *facts, row.origin, node.entry.state.reason, str(node.entry.run.folder))
        return "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)

    # nodes and indexes

    def _node(self, index: Index) -> Node | None:
        return self._nodes.get(index.internalId())

    def _index(self, node: Node) -> QModelIndex:
        return self.createIndex(node.row, 0, node.id)

    def _show_again(self, index: QModelIndex) -> None:
        if index.isValid():
            self.dataChanged.emit(index, index)


def preset_of(node: Node) -> str:
    """ "" for a branch that shares its parent's, and for a run that is called after it."""
    entry = node.entry
    shared = node.of is not None and node.of.preset == entry.preset
    return "" if shared or entry.preset.casefold() == entry.title.casefold() else entry.preset


def all_of(nodes: Iterable[Node]) -> Iterator[Node]:
    """Rows from the top, each with what hangs on it."""
    for node in nodes:
        yield node
        yield from all_of(node.children)
