"""The words beside a bench: `resources/theory/<id>/en.md` and `zh.md`, in a small part of Markdown.

A file holds, with an empty line between: `# The bench's title` first, a paragraph that is its summary, then
`## Headings`, paragraphs (with **bold**, *emphasis* and links), `$$ a formula in LaTeX $$` on a line of its own, and
what there is to try: `[Try: what the button says](try:key=value&key=value)`, one a line. Both languages have the same
headings, formulas and things to try, in the same order.
"""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import parse_qsl

from PySide6.QtCore import QByteArray, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ...config import ConfigError
from ...presets import resources
from .. import theme
from ..computing import LatestWins
from ..widgets.fold import FoldButton

LANGUAGES = {"en": "English", "zh": "中文"}
TRY = re.compile(r"\[Try: (?P<label>[^\]]+)\]\(try:(?P<settings>[^)]*)\)")
LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
FORMULA = re.compile(r"\$\$(.+)\$\$", re.DOTALL)
FOLDED = 28  # width in pixels
QWIDGETSIZE_MAX = (1 << 24) - 1  # Qt's "no limit"
NARROWEST = 0.55  # a formula is drawn at least so large, else it is wider than the pane


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str  # Markdown


@dataclass(frozen=True)
class Formula:
    latex: str


@dataclass(frozen=True)
class Try:
    label: str
    settings: tuple[tuple[str, str], ...]  # (key, value) as they stand in the file


Block = Heading | Paragraph | Formula | Try


@dataclass(frozen=True)
class Text:
    """What one file says."""

    title: str
    summary: str
    blocks: tuple[Block, ...]

    def tries(self) -> list[Try]:
        return [block for block in self.blocks if isinstance(block, Try)]

    def formulas(self) -> list[str]:
        return [block.latex for block in self.blocks if isinstance(block, Formula)]


@lru_cache(maxsize=64)
def read(bench: str, language: str) -> Text:
    """The words of a bench. Raises ConfigError where there are none."""
    path = resources() / "theory" / bench / f"{language}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The words beside this bench are missing: {path}.") from error
    title, summary, *rest = re.split(r"\n\s*\n", text.strip())
    return Text(title.removeprefix("# ").strip(), one_line(summary), tuple(b for part in rest for b in blocks(part)))


def blocks(part: str) -> Iterator[Block]:
    """What stands between two empty lines."""
    part = part.strip()
    if formula := FORMULA.fullmatch(part):
        yield Formula(one_line(formula[1]))
    elif part.startswith("## "):
        yield Heading(part.removeprefix("## ").strip())
    elif TRY.match(part):
        for found in TRY.finditer(part):
            yield Try(found["label"], tuple(parse_qsl(found["settings"], keep_blank_values=True, strict_parsing=True)))
    else:
        yield Paragraph(one_line(part))


def one_line(text: str) -> str:
    """Lines joined, but those of a list; between two Chinese characters without a space."""
    lines = re.split(r"\n(?=- )", text.strip())
    return "\n".join(_joined(line) for line in lines)


def _joined(text: str) -> str:
    joined = re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef])\s*\n\s*(?=[\u3000-\u9fff\uff00-\uffef])", "", text.strip())
    return " ".join(joined.split())


def own_language() -> str:
    """What the system speaks, if there are words in it; else English."""
    spoken = [os.environ.get("LANGUAGE") or "", QLocale.system().name(), (locale.getlocale()[0] or "")]
    return "zh" if next((name for name in spoken if name), "").startswith("zh") else "en"


# --- formulas --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def drawn(latex: str, size_px: float, colour: str) -> bytes:
    """A formula as SVG of paths alone. About 30 ms, and 250 ms the first time: not for the GUI thread."""
    import ziamath

    ziamath.config.svg2 = False  # Qt draws SVG Tiny
    return str(ziamath.Latex(latex, size=size_px, color=colour).svg()).encode()


class FormulaView(QWidget):
    """Shows a formula in the theme's colour; empty until it is drawn, which another thread does."""

    def __init__(self, latex: str, latest: LatestWins):
        super().__init__()
        self.latex, self._latest = latex, latest
        self._svg = QSvgRenderer(self)
        self._natural = QSize(0, round(2.4 * self.fontMetrics().height()))
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(f"Formula: {latex}")
        self.setToolTip(latex)
        theme.changed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        size, colour = 1.15 * self.fontMetrics().height(), theme.colours().text.name()
        self._latest.ask(("formula", id(self)), partial(drawn, self.latex, size, colour), self._show)

    def forget(self) -> None:
        """It is about to go."""
        self._latest.forget(("formula", id(self)))

    def _show(self, svg: bytes) -> None:
        self._svg.load(QByteArray(svg))
        self._natural = self._svg.defaultSize()
        self.updateGeometry()
        self.update()

    @property
    def is_drawn(self) -> bool:
        return self._svg.isValid()

    def sizeHint(self) -> QSize:
        return self._natural

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._natural.height() * self._scale(width)) + 4

    def _scale(self, width: int) -> float:
        natural = self._natural.width()
        return min(1.0, max(width / natural, NARROWEST)) if natural else 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._svg.isValid():
            scale = self._scale(self.width())
            box = self._svg.viewBoxF()
            box.moveTo(0, 2)
            box.setSize(box.size() * scale)
            self._svg.render(QPainter(self), box)


# --- the pane --------------------------------------------------------------------------------------------------------


class WordsPane(QWidget):
    """The words of one bench, in one of the languages, with the buttons that set the bench."""

    wanted = Signal(dict)  # settings of a "Try this" button: {key: value}, both texts
    language_changed = Signal(str)

    def __init__(self, latest: LatestWins):
        super().__init__()
        self._latest = latest
        self._bench = ""
        self.language = own_language()
        self._choice = QComboBox()
        for id, name in LANGUAGES.items():
            self._choice.addItem(name, id)
        self._choice.setAccessibleName("Language of the words")
        self._choice.setToolTip("Language of the words · 文字的语言")
        self._choice.currentIndexChanged.connect(self._choose)
        self.set_language(self.language)
        self._page = QScrollArea(widgetResizable=True)
        self._page.setFrameShape(QFrame.Shape.NoFrame)
        self._page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page.setAccessibleName("What this bench is about")
        self._page.setAccessibleDescription("Arrows scroll; Tab goes on to what there is to try.")
        self.fold = FoldButton("the words")
        self.fold.set_open(True)
        self.fold.turned.connect(self.set_open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 0, 0)
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 8, 0)
        bar.addWidget(self.fold)
        bar.addStretch(1)
        bar.addWidget(self._choice)
        layout.addLayout(bar)
        layout.addWidget(self._page, 1)
        layout.addStretch(0)
        self.set_open(True)

    @property
    def is_open(self) -> bool:
        return self.fold.isChecked()

    def set_open(self, open_: bool) -> None:
        """Folded, only the button is left that opens it again."""
        self.fold.set_open(open_)
        self._choice.setVisible(open_)
        self._page.setVisible(open_)
        self.setMinimumWidth(200 if open_ else FOLDED)
        self.setMaximumWidth(QWIDGETSIZE_MAX if open_ else FOLDED)

    def set_language(self, language: str) -> None:
        self._choice.setCurrentIndex(max(0, self._choice.findData(language)))

    def _choose(self) -> None:
        self.language = str(self._choice.currentData())
        if self._bench:
            self.show_words(self._bench)
        self.language_changed.emit(self.language)

    def show_words(self, bench: str) -> None:
        """Of the bench with this id. Raises ConfigError where there are none."""
        self._bench = bench
        text = read(bench, self.language)
        for view in self.findChildren(FormulaView):
            view.forget()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 10, 8)
        column.setSpacing(7)
        column.addWidget(self._heading(text.title, 1.25))
        column.addWidget(self._paragraph(text.summary))
        for block in text.blocks:
            column.addWidget(self._widget(block))
        column.addStretch(1)
        self._page.setWidget(page)

    def _widget(self, block: Block) -> QWidget:
        match block:
            case Heading():
                return self._heading(block.text, 1.05)
            case Formula():
                return FormulaView(block.latex, self._latest)
            case Try():
                return TryButton(block, self.wanted.emit)
        return self._paragraph(block.text)

    def _heading(self, text: str, size: float) -> QLabel:
        label = QLabel(text, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        font = label.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * size)
        label.setFont(font)
        label.setContentsMargins(0, 5, 0, 0)
        return label

    def _paragraph(self, text: str) -> QLabel:
        return ParagraphLabel(text)


class ParagraphLabel(QLabel):
    """Markdown. Qt would draw its links in a blue that nobody reads on dark ground."""

    def __init__(self, text: str):
        super().__init__(wordWrap=True, textFormat=Qt.TextFormat.MarkdownText, openExternalLinks=True)
        self._markdown = text
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.TextSelectableByMouse | flags.LinksAccessibleByMouse)
        if LINK.search(text):
            self.setTextInteractionFlags(self.textInteractionFlags() | flags.LinksAccessibleByKeyboard)
            self.setAccessibleName(LINK.sub(r"\1", text))
            self.setToolTip("Opens in your browser")
        self.setBackgroundRole(QPalette.ColorRole.Window)
        theme.changed.connect(self._colour)
        self._colour()

    def _colour(self) -> None:
        link = rf'<a href="\2" style="color: {theme.colours().g.name()}">\1</a>'
        self.setText(LINK.sub(link, self._markdown))


class TryButton(QPushButton):
    """Says what it does; a long label is wrapped by being cut with an ellipsis and told whole in the tooltip."""

    def __init__(self, what: Try, press: Any):
        super().__init__()
        self._what, self._press = what, press
        self._text = what.label
        self.setAutoDefault(False)
        self.setAccessibleName(what.label)
        self.setToolTip(what.label)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme.tint(self, "play-circle-outline")
        self.clicked.connect(self._pressed)
        self._fit()

    def _pressed(self) -> None:
        self._press(dict(self._what.settings))

    def _fit(self) -> None:
        room = max(40, self.width() - 40)
        self.setText(self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, room))

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._fit()
