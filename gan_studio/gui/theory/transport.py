"""Moving plans: heaps on a line and clouds in the plane, any plan drawn by hand beside the cheapest, and its proof."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtWidgets import QTabWidget, QVBoxLayout

from ...config import ConfigError
from .bench import Bench
from .cloud_plot import CloudPlot
from .heap_plot import HeapPlot
from .heaps import LINE_PRESETS, PLANE_PRESETS, PLANS
from .transport_tab import POWERS, TransportTab

TABS = {"line": "On a line", "plane": "In the plane"}


class TransportBench(Bench):
    """Two tabs that have nothing in common but how they work."""

    id = "transport"
    title = "Transport"
    summary = "What does it cost to move one distribution onto the other?"
    keys = ("tab", "preset", "plan", "cost", "potential")

    def build(self) -> None:
        self.parts = {
            "line": TransportTab(self, "line", HeapPlot(), LINE_PRESETS, "hills"),
            "plane": TransportTab(self, "plane", CloudPlot(), PLANE_PRESETS, "ring"),
        }
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.setAccessibleName("Parts of this bench")
        for id, part in self.parts.items():
            self.tabs.addTab(part, TABS[id])
        self.tabs.currentChanged.connect(self.enter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.tabs)

    def part(self) -> TransportTab:
        """The tab that is seen."""
        part = self.tabs.currentWidget()
        assert isinstance(part, TransportTab)
        return part

    def enter(self) -> None:
        for part in self.parts.values():
            if part is not self.part():
                part.pause()
        self.part().enter()

    def leave(self) -> None:
        for part in self.parts.values():
            part.pause()
        super().leave()

    # what the words set

    def apply(self, settings: dict[str, str]) -> None:
        """Costs are lengths and no potential is shown where nothing else is said."""
        part = self.parts[one_of(settings.get("tab", "line"), self.parts)] if "tab" in settings else self.part()
        preset = one_of(settings["preset"], part.known) if "preset" in settings else ""
        plan = one_of(settings.get("plan", part.kind), PLANS)
        cost = int(one_of(settings.get("cost", "1"), [str(power) for power in POWERS]))
        potential = one_of(settings.get("potential", "off"), ("on", "off")) == "on"
        self.tabs.setCurrentWidget(part)
        part.set_power(cost)
        part.potential.setChecked(potential)
        if preset:
            part.set_preset(preset)
        part.set_kind(plan)


def one_of(id: str, known: Collection[str]) -> str:
    if id not in known:
        raise ConfigError(f"There is no {id!r} here; there are {', '.join(known)}.")
    return id
