"""Two densities on the line: how far apart they are by every measure, how a critic learns that, and what fits best."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QTabWidget, QVBoxLayout

from ...config import ConfigError
from ...theory.divergences import MEASURES
from .bench import Bench
from .critic_tab import CriticTab
from .fit_tab import FitTab
from .part import Part
from .shapes import PRESETS, Pair
from .two_tab import TwoTab

TABS = ("Two densities", "A critic learns it", "Fit one Gaussian")


class DivergenceBench(Bench):
    """The tabs share one pair of densities; those that are not seen catch up when they are."""

    id = "divergence"
    title = "Divergences"
    summary = "How far apart are two distributions, and does the answer help a generator?"
    keys = ("preset", "tab", "measure", "f", "show", "alpha", "shift")

    def build(self) -> None:
        self.pair: Pair = PRESETS["gaussians"][2]
        self.presets = QComboBox()
        self.presets.setAccessibleName("Preset")
        self.presets.setToolTip("Two densities to begin with")
        for id, (name, about, _) in PRESETS.items():
            self.presets.addItem(name, id)
            self.presets.setItemData(self.presets.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        self.presets.activated.connect(self._choose_preset)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.setAccessibleName("Parts of this bench")
        self.two = TwoTab(self)
        self.critic = CriticTab(self)
        self.fit = FitTab(self)
        self.parts: dict[str, Part] = {"two": self.two, "critic": self.critic, "fit": self.fit}
        for part, name in zip(self.parts.values(), TABS, strict=True):
            self.tabs.addTab(part, name)
        self.tabs.currentChanged.connect(self.enter)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 0)
        label = QLabel("&Preset")
        label.setBuddy(self.presets)
        bar.addWidget(label)
        bar.addWidget(self.presets)
        bar.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(bar)
        layout.addWidget(self.tabs, 1)

    def alpha(self) -> float:
        """Of the α-divergence, where it is not one of its limits, KL and reverse KL, which are rows of their own."""
        alpha = self.two.alpha.value()
        return alpha + 0.02 if min(abs(alpha), abs(alpha - 1)) < 0.015 else alpha

    def enter(self) -> None:
        for part in self.parts.values():
            if part is not self.part():
                part.pause()
        self.part().show_pair(self.pair)

    def part(self) -> Part:
        """The tab that is seen."""
        part = self.tabs.currentWidget()
        assert isinstance(part, Part)
        return part

    def set_pair(self, pair: Pair) -> None:
        self.pair = pair
        self.part().show_pair(pair)

    def set_preset(self, id: str) -> None:
        self.presets.setCurrentIndex(self.presets.findData(id))
        self.set_pair(PRESETS[id][2])

    def _choose_preset(self) -> None:
        self.set_preset(str(self.presets.currentData()))

    # what the words set

    def apply(self, settings: dict[str, str]) -> None:
        """In the order in which they depend on each other, whatever the order of the words."""
        known = {
            "preset": self._apply_preset,
            "tab": self._apply_tab,
            "measure": self._apply_measure,
            "alpha": self._apply_alpha,
            "shift": self._apply_shift,
            "show": self._apply_show,
            "f": self._apply_f,
        }
        for key, put in known.items():
            if key in settings:
                put(settings[key])

    def _apply_preset(self, id: str) -> None:
        self.set_preset(one_of(id, PRESETS))

    def _apply_tab(self, id: str) -> None:
        self.tabs.setCurrentWidget(self.parts[one_of(id, self.parts)])

    def _apply_measure(self, key: str) -> None:
        self.two.table.choose(one_of(key, MEASURES))

    def _apply_f(self, kind: str) -> None:
        """In the tab that is seen: the critic is trained at once, and so is the Gaussian."""
        part = self.part()
        part.choose(one_of(kind, part.kinds()))
        part.train()

    def _apply_show(self, letter: str) -> None:
        """What the second tab draws of a critic."""
        self.critic.as_d.setChecked(one_of(letter, ("T", "D")) == "D")

    def _apply_alpha(self, text: str) -> None:
        self.two.alpha.setValue(float(text))

    def _apply_shift(self, text: str) -> None:
        self.set_pair(self.pair.with_shift(float(text)))


def one_of(id: str, known: Iterable[str]) -> str:
    if id not in known:
        raise ConfigError(f"There is no {id!r} here; there are {', '.join(known)}.")
    return id
