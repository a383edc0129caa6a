"""Light and dark: two palettes over the Fusion style, the colours of the plots, and icons tinted to match.

Two roles have a meaning here: PlaceholderText is quiet text and BrightText is the colour of errors, so that labels
follow the palette by themselves: `label.setForegroundRole(QPalette.ColorRole.PlaceholderText)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractButton, QApplication

Choice = Literal["system", "light", "dark"]
Role = QPalette.ColorRole
READABLE = 4.5  # the contrast that text needs, as WCAG 2.2 has it, and lines that are told apart by their colours


@dataclass(frozen=True)
class Colours:
    """What a palette does not name; each reaches a contrast of 4.5:1 on `plot` and on the window, but for the grid."""

    dark: bool
    d: QColor  # the discriminator: orange-red
    g: QColor  # the generator: blue
    third: QColor  # neither: green
    plot: QColor  # background of plots and pictures
    grid: QColor
    text: QColor
    muted: QColor
    danger: QColor
    warning: QColor


DARK = Colours(
    dark=True,
    d=QColor("#e8623b"),
    g=QColor("#4a99ec"),
    third=QColor("#17a673"),
    plot=QColor("#17191d"),
    grid=QColor("#33373f"),
    text=QColor("#e4e6ea"),
    muted=QColor("#a8afba"),
    danger=QColor("#ff8d85"),
    warning=QColor("#e5b04b"),
)
LIGHT = Colours(
    dark=False,
    d=QColor("#c8421a"),
    g=QColor("#1c6cc4"),
    third=QColor("#0c7a53"),
    plot=QColor("#ffffff"),
    grid=QColor("#dfe2e7"),
    text=QColor("#1e2126"),
    muted=QColor("#5d6470"),
    danger=QColor("#b3261e"),
    warning=QColor("#855600"),
)


def dark_palette() -> QPalette:
    surfaces = {"window": "#1d2025", "base": "#333942", "stripe": "#373d47", "button": "#343a44", "tip": "#2b3038"}
    return _palette(DARK, surfaces, accent=QColor("#2a6fbd"), disabled=QColor("#727985"))


def light_palette() -> QPalette:
    surfaces = {"window": "#f4f5f7", "base": "#ffffff", "stripe": "#f7f8fa", "button": "#eceef1", "tip": "#ffffff"}
    return _palette(LIGHT, surfaces, accent=QColor("#1c6cc4"), disabled=QColor("#9aa0a9"))


def _palette(c: Colours, surfaces: dict[str, str], accent: QColor, disabled: QColor) -> QPalette:
    window, button = QColor(surfaces["window"]), QColor(surfaces["button"])
    palette = QPalette(button, window)  # Fusion's bevels are derived from these two
    roles = {
        Role.Window: window,
        Role.Base: QColor(surfaces["base"]),
        Role.AlternateBase: QColor(surfaces["stripe"]),
        Role.Button: button,
        Role.ToolTipBase: QColor(surfaces["tip"]),
        Role.WindowText: c.text,
        Role.Text: c.text,
        Role.ButtonText: c.text,
        Role.ToolTipText: c.text,
        Role.PlaceholderText: c.muted,
        Role.BrightText: c.danger,
        Role.Link: c.g,
        Role.LinkVisited: c.g,
        Role.Highlight: accent,
        Role.HighlightedText: QColor("#ffffff"),
        Role.Accent: accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, colour)
    for role in (Role.WindowText, Role.Text, Role.ButtonText, Role.PlaceholderText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    palette.setColor(QPalette.ColorGroup.Disabled, Role.Highlight, c.grid)
    palette.setColor(QPalette.ColorGroup.Disabled, Role.HighlightedText, disabled)
    return palette


# --- the theme in use ------------------------------------------------------------------------------------------------


class Theme(QObject):
    """Keeps the application's palette; `changed` tells that colours and icons are to be fetched again."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.colours = LIGHT
        self._follows: QApplication | None = None

    def apply(self, app: QApplication, choice: Choice) -> None:
        scheme = {"system": Qt.ColorScheme.Unknown, "light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}[choice]
        hints = app.styleHints()
        if self._follows is not None:
            self._follows.styleHints().colorSchemeChanged.disconnect(self._system_changed)
            self._follows = None
        hints.setColorScheme(scheme)  # the title bars; without effect on bare X11, hence the palettes
        if choice == "system":
            self._follows = app
            hints.colorSchemeChanged.connect(self._system_changed)
            scheme = hints.colorScheme()
        self._show(app, scheme)

    def _system_changed(self, scheme: Qt.ColorScheme) -> None:
        if self._follows is not None:
            self._show(self._follows, scheme)

    def _show(self, app: QApplication, scheme: Qt.ColorScheme) -> None:
        dark = scheme == Qt.ColorScheme.Dark
        self.colours = DARK if dark else LIGHT
        if app.style().name() != "fusion":
            app.setStyle("Fusion")
        app.setPalette(dark_palette() if dark else light_palette())
        self.changed.emit()


theme = Theme()
changed = theme.changed


def apply(app: QApplication, choice: Choice = "system") -> None:
    """Dress the application; "system" follows the desktop's colour scheme from now on."""
    theme.apply(app, choice)


def colours() -> Colours:
    return theme.colours


# --- icons -----------------------------------------------------------------------------------------------------------


ICON_SIDES = (16, 24, 32, 64)  # pixels
_icons: dict[tuple[str, int, int], QIcon] = {}  # a form has a hundred of the same few


def faded(colour: QColor, opacity: float) -> QColor:
    """The same colour, so opaque, 0 to 1."""
    colour = QColor(colour)
    colour.setAlphaF(opacity)
    return colour


def readable(colour: QColor) -> QColor:
    """The colour, so much lighter on a dark ground, and darker on a light one, that it has READABLE on plots."""
    end, ground = QColor("white" if colours().dark else "black"), colours().plot
    steps = (mixed(colour, end, share / 20) for share in range(21))
    return next(step for step in steps if contrast(step, ground) >= READABLE)


def mixed(a: QColor, b: QColor, share: float) -> QColor:
    """`share` of b, 0 to 1, in a."""
    parts = zip((a.redF(), a.greenF(), a.blueF()), (b.redF(), b.greenF(), b.blueF()), strict=True)
    return QColor.fromRgbF(*((1 - share) * x + share * y for x, y in parts))


def contrast(a: QColor, b: QColor) -> float:
    """1 to 21, as WCAG 2.2 defines it."""
    dim, bright = sorted((luminance(a), luminance(b)))
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: QColor) -> float:
    """0 to 1, relative to white."""
    parts = colour.redF(), colour.greenF(), colour.blueF()
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def icon(name: str, colour: QColor | None = None) -> QIcon:
    """A Material Design icon ("play", "stop"), tinted for the palette in use; see `tint` for one that follows it."""
    import qtawesome  # loads fonts: not before the first icon is wanted

    palette = QApplication.palette()
    normal, disabled = palette.color(Role.ButtonText), palette.color(QPalette.ColorGroup.Disabled, Role.ButtonText)
    key = (name, (colour or normal).rgba(), disabled.rgba())
    if key not in _icons:
        _icons[key] = painted(qtawesome.icon(f"mdi6.{name}", color=colour or normal, color_disabled=disabled))
    return _icons[key]


def painted(drawn: QIcon) -> QIcon:
    """The icon as pictures: one that is drawn anew each time warns where a squeezed button leaves it no room at all."""
    pictures = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
        for side in ICON_SIDES:
            pictures.addPixmap(drawn.pixmap(side, side, mode), mode)
    return pictures


def tint(target: QAbstractButton | QAction, name: str) -> None:
    """Give a button or an action an icon that follows the palette; calling it again changes the icon."""
    for old in target.findChildren(_Tint, options=Qt.FindChildOption.FindDirectChildrenOnly):
        old.setParent(None)
    _Tint(target, name)


class _Tint(QObject):
    def __init__(self, target: QAbstractButton | QAction, name: str):
        super().__init__(target)
        self._target, self._name = target, name
        changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self._target.setIcon(icon(self._name))


def swatch(colour: QColor) -> QIcon:
    """A small square of a colour, for legends."""
    picture = QPixmap(24, 24)
    picture.fill(colour)
    return QIcon(picture)
