from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QPushButton

from gan_studio.gui import theme

Role = QPalette.ColorRole


@pytest.fixture(autouse=True)
def _light_again(qapp):
    yield
    theme.apply(qapp, "light")


def luminance(colour: QColor) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: QColor, b: QColor) -> float:
    bright, dim = sorted([luminance(a), luminance(b)], reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_of_black_on_white_is_21():
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_everything_that_is_read_has_contrast(qapp, choice):
    theme.apply(qapp, choice)
    palette, colours = qapp.palette(), theme.colours()
    pairs = [
        (Role.WindowText, Role.Window),
        (Role.Text, Role.Base),
        (Role.Text, Role.AlternateBase),
        (Role.ButtonText, Role.Button),
        (Role.PlaceholderText, Role.Window),
        (Role.PlaceholderText, Role.Base),
        (Role.BrightText, Role.Window),
        (Role.BrightText, Role.Base),
        (Role.ToolTipText, Role.ToolTipBase),
        (Role.Link, Role.Window),
        (Role.HighlightedText, Role.Highlight),
    ]
    for text, ground in pairs:
        assert contrast(palette.color(text), palette.color(ground)) >= 4.5, (text, ground)
    for name in ("d", "g", "third", "text", "muted", "danger", "warning"):
        for ground in (colours.plot, palette.color(Role.Window)):
            assert contrast(getattr(colours, name), ground) >= 4.5, name


def test_dark_and_light_are_dark_and_light(qapp):
    theme.apply(qapp, "dark")
    assert theme.colours().dark
    assert qapp.palette().color(Role.Window).lightness() < 60
    assert qapp.style().name() == "fusion"
    theme.apply(qapp, "light")
    assert not theme.colours().dark
    assert qapp.palette().color(Role.Window).lightness() > 200


def test_system_follows_the_desktop(qapp, qtbot):
    theme.apply(qapp, "system")
    from PySide6.QtCore import Qt

    with qtbot.waitSignal(theme.changed):
        qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.colours().dark
    theme.apply(qapp, "light")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)  # a forced theme stays
    assert not theme.colours().dark


def test_tinted_icons_follow_the_palette(qapp, qtbot):
    button = QPushButton("Start")
    qtbot.addWidget(button)
    theme.tint(button, "play")

    def brightness() -> int:
        image = button.icon().pixmap(32, 32).toImage()
        pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        return max((p.lightness() for p in pixels if p.alpha() > 200), default=-1)

    light = brightness()
    theme.apply(qapp, "dark")
    assert 0 <= light < 80 and brightness() > 180
    theme.tint(button, "stop")
    assert len(button.children()) == 1
