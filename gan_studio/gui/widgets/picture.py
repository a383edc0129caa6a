"""Widgets as a file, one beneath the other: PNG at twice the pixels, SVG with its text as text."""

from __future__ import annotations

import re

from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

DENSITY = 2
DPI = 96  # a text of 9 points is 12 pixels high


def as_image(widgets: list[QWidget]) -> QImage:
    image = QImage(size_of(widgets) * DENSITY, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(DENSITY)
    painter = QPainter(image)
    paint(painter, widgets)
    painter.end()
    return image


def as_png(widgets: list[QWidget]) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    as_image(widgets).save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def as_svg(widgets: list[QWidget], title: str) -> bytes:
    from PySide6.QtSvg import QSvgGenerator  # not before somebody asks for it

    size = size_of(widgets)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(DPI)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    generator.setTitle(title)
    painter = QPainter(generator)
    paint(painter, widgets)
    painter.end()
    text = bytes(buffer.data().data()).decode()
    in_pixels = f'width="{size.width()}" height="{size.height()}"'
    text = re.sub(r'width="[\d.]+mm" height="[\d.]+mm"', in_pixels, text, count=1)
    family = widgets[0].font().family()  # a name of Qt's own is known to no browser
    return text.replace(f'"{family}"', f'"{family}, sans-serif"').encode()


def size_of(widgets: list[QWidget]) -> QSize:
    return QSize(max(widget.width() for widget in widgets), sum(widget.height() for widget in widgets))


def paint(painter: QPainter, widgets: list[QWidget]) -> None:
    size, y = size_of(widgets), 0
    painter.fillRect(QRect(QPoint(), size), widgets[0].palette().window())
    for widget in widgets:
        widget.render(painter, QPoint(0, y))
        y += widget.height()
