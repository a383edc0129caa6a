"""How the doctor's verdicts look, in every tab: an icon and a colour each, and words for those who see neither."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QLabel

from . import theme

ICON = 20  # pixels
ICONS = {
    "ill": "alert-octagon",
    "watch": "alert",
    "well": "check-circle",
    "unclear": "help-circle",
    "early": "timer-sand",
}
WORDS = {
    "ill": "Ill: it will not mend itself",
    "watch": "To be watched",
    "well": "Well",
    "unclear": "Not well, and no rule says why",
    "early": "Too early to tell",
}


def colour_of(verdict: str) -> QColor:
    c = theme.colours()
    return {"ill": c.danger, "watch": c.warning, "well": c.third}.get(verdict, c.muted)


def icon_of(verdict: str) -> QIcon:
    return theme.icon(ICONS[verdict], colour_of(verdict))


class Sign(QLabel):
    """The icon of a verdict; it follows the theme."""

    def __init__(self, verdict: str = "early", side: int = ICON):
        super().__init__()
        self._side, self._verdict = side, verdict
        self.setFixedSize(side, side)
        theme.changed.connect(self._draw)
        self._draw()

    def show_verdict(self, verdict: str) -> None:
        self._verdict = verdict
        self._draw()

    def _draw(self) -> None:
        self.setPixmap(icon_of(self._verdict).pixmap(QSize(self._side, self._side), self.devicePixelRatioF()))
        self.setToolTip(WORDS[self._verdict])
        self.setAccessibleName(WORDS[self._verdict])
