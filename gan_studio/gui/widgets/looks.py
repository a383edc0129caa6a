"""How runs that share a plot look wherever they are named: colour and dashes, as their lines."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from .plot import run_pen

WIDTH, HEIGHT, STROKE = 24, 10, 3  # pixels


def swatch(number: int) -> QPixmap:
    """A piece of a line. Five colours and four dashes make eight looks."""
    picture = QPixmap(WIDTH, HEIGHT)
    picture.fill(Qt.GlobalColor.transparent)
    thin = run_pen(number)
    pen = QPen(thin)
    pen.setWidth(STROKE)
    pen.setDashPattern([length / STROKE * 1.2 for length in thin.dashPattern()])
    painter = QPainter(picture)
    painter.setPen(pen)
    painter.drawLine(0, HEIGHT // 2, WIDTH, HEIGHT // 2)
    painter.end()
    return picture
