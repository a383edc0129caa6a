"""Two players with a number each: the field, paths from clicked starts, the eigenvalues, and what follows from them."""

from __future__ import annotations

import html
import math
import re
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ...config import ConfigError
from ...theory.dynamics.game import Game
from ...theory.dynamics.portrait import PANELS, Drawing, Portrait, draw
from ...theory.dynamics.spectrum import Course, Spectrum, Word
from ...theory.sentence import Sentence
from .. import theme
from .bench import Bench
from .dynamics_form import PLACES, SHELVES, SLIDERS, DynamicsForm, owners, part_of
from .eigen_plot import FieldEigenPlot, StepEigenPlot, number, pair_text
from .panel_strip import PanelStrip, drawings
from .phase_plane import ARROWS, PhasePlane, Start

VERDICTS: dict[Word, str] = {
    "converges": "comes to rest",
    "cycles": "circles",
    "diverges": "runs away",
    "misses": "rests beside the data",
}


class DynamicsBench(Bench):
    """Holds the portrait and the starts; the form and the plane show them and say what the user wants instead."""

    id = "dynamics"
    title = "Two players"
    summary = "Two numbers play against each other: does the game come to rest?"
    keys = ("panel", *SHELVES, *SLIDERS, "theta", "psi", "extent")

    def build(self) -> None:
        self.portrait = PANELS[0].portrait()
        self.starts: list[Start] = [(self.portrait.theta, self.portrait.psi)]
        self.chosen = 0
        self._drawing: Drawing | None = None
        self.form = DynamicsForm()
        self.plane = PhasePlane()
        self.field_plot = FieldEigenPlot("Eigenvalues of the field", "field")
        self.step_plot = StepEigenPlot("Eigenvalues of a step", "one step")
        self.field_text, self.step_text = quiet_label(), quiet_label()
        self.near = VerdictLabel("By the eigenvalues", "What becomes of players that start near the equilibrium")
        self.path = VerdictLabel("The chosen path", "What this path did in fact, as far as it is shown")
        self.formulas = quiet_label()
        self.clear = QPushButton("&Clear")
        self.clear.setAutoDefault(False)
        self.clear.setToolTip("Remove all paths")
        self.strip = PanelStrip()
        self._lay_out()
        self.form.edited.connect(self.set_portrait)
        self.plane.edited.connect(self.set_starts)
        self.plane.extent_wanted.connect(self._zoom)
        self.clear.clicked.connect(self._clear)
        self.strip.chosen.connect(self.set_panel)
        theme.changed.connect(self._show_words)
        self.form.show_portrait(self.portrait)
        self.plane.show_starts(self.starts, self.chosen)
        self.strip.mark(self.portrait)
        self.ask("panels", drawings, self.strip.show_drawings)

    def _lay_out(self) -> None:
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(self.plane)
        halves.addWidget(self._beside())
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setSizes([430, 330])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(self.form)
        layout.addWidget(halves, 1)
        layout.addWidget(self.strip)

    def _beside(self) -> QWidget:
        eigen = QGridLayout()
        eigen.setContentsMargins(0, 0, 0, 0)
        eigen.setSpacing(2)
        for column, (plot, text) in enumerate(((self.field_plot, self.field_text), (self.step_plot, self.step_text))):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            eigen.addWidget(plot, 0, column)
            eigen.addWidget(text, 1, column)
            eigen.setColumnStretch(column, 1)
        words = QWidget()
        column_of = QVBoxLayout(words)
        column_of.setContentsMargins(4, 0, 4, 0)
        column_of.setSpacing(6)
        for label in (self.near, self.path, self.formulas):
            column_of.addWidget(label)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.clear)
        column_of.addStretch(1)
        page = QScrollArea(widgetResizable=True)
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page.setWidget(words)
        beside = QWidget()
        beside.setMinimumWidth(270)
        rows = QVBoxLayout(beside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(eigen)
        rows.addWidget(page, 1)
        rows.addLayout(row)
        return beside

    def enter(self) -> None:
        self.compute()

    # what is set

    def set_portrait(self, portrait: Portrait) -> None:
        self.portrait = portrait
        self.form.show_portrait(portrait)
        self.strip.mark(portrait)
        self.compute()

    def set_starts(self, starts: list[Start], chosen: int) -> None:
        moved = starts != self.starts
        self.starts, self.chosen = starts, chosen
        self.clear.setEnabled(bool(starts))
        self.plane.show_starts(starts, chosen)
        if moved:
            self.compute()
        else:
            self._show_words()

    def set_panel(self, key: str) -> None:
        """As in the paper: its game, its rule, its start."""
        panel = next(panel for panel in PANELS if panel.key == key)
        portrait = panel.portrait()
        self.set_starts([(portrait.theta, portrait.psi)], 0)
        self.set_portrait(portrait)

    def _zoom(self, extent: float) -> None:
        self.set_portrait(self.portrait.with_values({"extent": extent}))

    def _clear(self) -> None:
        self.set_starts([], 0)

    # what is shown

    def compute(self) -> None:
        self.ask("drawing", partial(drawn, self.portrait, tuple(self.starts)), self._show)

    def _show(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self.plane.show_drawing(drawing, bound_of(self.portrait.game))
        self.field_plot.show_values(drawing.spectrum.field)
        self.step_plot.show_values(drawing.spectrum.step)
        self._show_words()

    def _show_words(self) -> None:
        if self._drawing is None:
            return
        verdict, spectrum, courses = self._drawing.verdict, self._drawing.spectrum, self._drawing.courses
        self.near.show_verdict(VERDICTS[verdict.word], word_colour(verdict.word), verdict.sentences)
        course = courses[self.chosen] if self.chosen < len(courses) else None
        if course is None:
            self.path.show_verdict("none yet", theme.colours().muted, (CLICK,))
        else:
            self.path.show_verdict(word_of(course), word_colour(course.word), told_of(course))
        self.field_text.setText(f"λ = {pair_text(spectrum.field)}\n{place(spectrum)}")
        self.step_text.setText(f"λ = {pair_text(spectrum.step)}\n|λ| = {number(spectrum.radius)}")
        game = self.portrait.game
        self.formulas.setText(with_minus(f"Field: {game.loss.formula}\nOf the game: {game.regulariser.eigenvalues}"))

    # what the words set

    def apply(self, settings: dict[str, str]) -> None:
        """From the paper's own settings, so that what was tried before does not matter."""
        portrait, wanted = Portrait.parse({"rule": {"kind": "alternating"}}), dict(settings)
        if "panel" in wanted:
            portrait = panel_of(wanted["panel"])
        values: dict[str, Any] = {PLACES[key]: {"kind": wanted[key]} for key in SHELVES if key in wanted}
        portrait = portrait.with_values(values)
        for key in (*SLIDERS, "theta", "psi", "extent"):
            if key in wanted:
                portrait = portrait.with_values({path_of(portrait, key): read(key, wanted[key])})
        self.set_starts([(portrait.theta, portrait.psi)], 0)
        self.set_portrait(portrait)


AT_REST = 0.05  # of the distance at the start is left, at most
MINUS = re.compile(r"(?<![\w])-(?=[\s\dθψγκσλ√(])")
CLICK = Sentence("Click in the plane to start a path.")


def drawn(portrait: Portrait, starts: tuple[Start, ...]) -> Drawing:
    """On the thread."""
    return draw(portrait.model_copy(update={"arrows": ARROWS}), np.array(starts, float).reshape(-1, 2))


def bound_of(game: Game) -> float:
    """What a step of D cannot leave; inf without such a bound."""
    far = 1e9
    held = float(game.regulariser.after_d_step(np.array(far)))
    return held if held < far else math.inf


def word_of(course: Course) -> str:
    """A path that is on its way has not come to rest."""
    values = course.sentence.values
    far = course.word == "converges" and float(values["last"]) > AT_REST * float(values["first"])
    return "comes nearer" if far else VERDICTS[course.word]


def with_minus(text: str) -> str:
    """Hyphens before numbers and letters of a formula are minus signs: "θ' = -ψ", "γ - θ²", but "so-called"."""
    return MINUS.sub("−", text)


def told_of(course: Course) -> tuple[Sentence, ...]:
    """What became of a path, and where it began if that is not told yet."""
    values = course.sentence.values
    if "first" in values and "{first" not in course.sentence.template:
        return course.sentence, Sentence("It began {first:.3g} away.", values)
    return (course.sentence,)


def place(spectrum: Spectrum) -> str:
    return f"at θ = ± {number(abs(spectrum.at))}" if spectrum.at else "at θ = 0"


def panel_of(key: str) -> Portrait:
    found = [panel for panel in PANELS if panel.key == key]
    if not found:
        raise ConfigError(f"There is no panel {key!r}; there are {', '.join(panel.key for panel in PANELS)}.")
    return found[0].portrait()


def path_of(portrait: Portrait, key: str) -> str:
    """Where a number stands in a portrait. Raises ConfigError where what is chosen does not have it."""
    part = SLIDERS[key][1] if key in SLIDERS else ""
    if not part:
        return key
    chosen = part_of(portrait, part)
    if key not in type(chosen).model_fields:
        raise ConfigError(f"{chosen.title} has no {key!r}; {', '.join(o.title for o in owners(key))} would.")
    return f"{PLACES[part]}.{key}"


def read(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ConfigError(f"{key} is to be a number, not {text!r}.") from error
    return int(value) if value.is_integer() else value


def word_colour(word: Word) -> QColor:
    c = theme.colours()
    return {"converges": c.third, "diverges": c.danger}.get(word, c.warning)


def quiet_label() -> QLabel:
    label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setSizePolicy(wrapping())
    return label


def wrapping() -> QSizePolicy:
    """As wide as there is room, as high as its words then are."""
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    return policy


class VerdictLabel(QLabel):
    """A heading, a coloured word, and sentences."""

    def __init__(self, heading: str, about: str):
        super().__init__(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self._heading = heading
        self.setToolTip(about)
        self.setSizePolicy(wrapping())

    def show_verdict(self, word: str, colour: QColor, sentences: tuple[Sentence, ...]) -> None:
        told = " ".join(html.escape(with_minus(str(sentence))) for sentence in sentences)
        self.setText(f'{self._heading}: <b><font color="{colour.name()}">{word}</font></b>. {told}')
