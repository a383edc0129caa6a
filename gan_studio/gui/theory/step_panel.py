"""A step told in words: a strip of its phases, and the sentences of the one that is shown."""

from __future__ import annotations

import html
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from ...theory.playground import STAGES, Phase
from ...theory.sentence import Sentence
from .. import theme

BEFORE = "Before the first step: both players have their first weights. Step shows what happens next."
GAP = 3


class StepPanel(QWidget):
    wanted = Signal(int)  # the phase of this number

    def __init__(self) -> None:
        super().__init__()
        self._sentences: tuple[Sentence, ...] = ()
        self._title, self._hint = "", BEFORE
        self.strip = PhaseStrip()
        self.strip.wanted.connect(self.wanted)
        self.words = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setAccessibleName("The step in words")
        self.words.setContentsMargins(4, 2, 4, 2)
        page = QScrollArea(widgetResizable=True)
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page.setWidget(self.words)
        page.setMinimumHeight(70)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 0)
        column.setSpacing(2)
        column.addWidget(self.strip)
        column.addWidget(page, 1)
        theme.changed.connect(self._show)
        self._show()

    def show_phase(self, phases: tuple[Phase, ...], index: int) -> None:
        """One of them, in slow motion."""
        self.strip.show_phases(phases, index)
        phase = phases[index]
        self._title, self._hint = f"{index + 1} of {len(phases)}: {phase.title}", ""
        self._tell(phase.sentences)

    def show_story(self, title: str, sentences: tuple[Sentence, ...], hint: str = "") -> None:
        """A whole step, or what came of many."""
        self.strip.show_phases((), -1)
        self._title, self._hint = title, hint
        self._tell(sentences)

    def text(self) -> str:
        """Without colours."""
        return " ".join(filter(None, [self._title, *map(str, self._sentences), self._hint]))

    def _tell(self, sentences: tuple[Sentence, ...]) -> None:
        self._sentences = sentences
        self._show()

    def _show(self) -> None:
        c = theme.colours()
        told = "".join(f"<p style='margin:0 0 4px 0'>{part}</p>" for part in told_by(self._sentences))
        title = f"<p style='margin:0 0 4px 0'><b>{html.escape(self._title)}</b></p>" if self._title else ""
        hint = f"<p style='margin:0'><font color='{c.muted.name()}'>{html.escape(self._hint)}</font></p>"
        text = title + told + (hint if self._hint else "")
        if text != self.words.text():
            self.words.setText(text)


def told_by(sentences: Iterable[Sentence]) -> list[str]:
    """A paragraph for each player, and one for both, as HTML."""
    c = theme.colours()
    colours = {"D": c.d, "G": c.g}
    paragraphs: list[tuple[str, list[str]]] = []
    for sentence in sentences:
        if not paragraphs or paragraphs[-1][0] != sentence.about:
            paragraphs.append((sentence.about, []))
        paragraphs[-1][1].append(html.escape(str(sentence)))
    return [
        (f"<font color='{colours[about].name()}'>■</font> " if about in colours else "") + " ".join(told)
        for about, told in paragraphs
    ]


class PhaseStrip(QWidget):
    """All phases of a step in a row, D's orange and G's blue; a click, or an arrow key, shows one again."""

    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[str] = []  # of the phases that the step had
        self.index = -1
        self.setAccessibleName("Phases of the step")
        self.setToolTip("The phases of a step, D's orange and G's blue. In slow motion a click shows one again")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self.show_phases((), -1)

    def show_phases(self, phases: tuple[Phase, ...], index: int) -> None:
        self._keys, self.index = [phase.key for phase in phases], index
        self.setAccessibleDescription(phases[index].title if phases else "No phase is shown by itself")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 16)

    def box(self, place: int) -> QRectF:
        wide = (self.width() - 1 - GAP * (len(STAGES) - 1)) / len(STAGES)
        return QRectF(place * (wide + GAP), 3, wide, 9)

    def _at(self, x: float) -> int:
        return next((i for i in range(len(STAGES)) if x <= self.box(i).right() + GAP / 2), len(STAGES) - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, stage in enumerate(STAGES):
            colour = QColor({"D": c.d, "G": c.g}[stage.player])
            there = stage.key in self._keys
            now = there and self._keys.index(stage.key) == self.index
            past = there and self._keys.index(stage.key) < self.index
            colour.setAlphaF(1.0 if now else 0.45 if past else 0.14)
            painter.setBrush(colour)
            painter.setPen(QPen(c.text, 1) if now else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(self.box(place).translated(0.5, 0.5), 3, 3)
        if self.hasFocus():
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.drawLine(QPointF(0, self.height() - 1), QPointF(self.width(), self.height() - 1))

    # the user

    def mousePressEvent(self, event: QMouseEvent) -> None:
        key = STAGES[self._at(event.position().x())].key
        if key in self._keys:
            self.wanted.emit(self._keys.index(key))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turn = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if turn and 0 <= self.index + turn < len(self._keys):
            self.wanted.emit(self.index + turn)
        elif not turn:
            super().keyPressEvent(event)

    def event(self, event: object) -> bool:  # type: ignore[override]
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), STAGES[self._at(event.pos().x())].title, self)
            return True
        return super().event(event)  # type: ignore[arg-type]
