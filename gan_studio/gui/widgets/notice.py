"""Notices inside the window, stacked at its lower right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtWidgets import QWidget

Level = Literal["info", "warning", "error"]


class Notices(QWidget):
    """Lies over `parent`. Information goes after six seconds; errors stay until they are closed."""

    def __init__(self, parent: QWidget):
        super().__init__(parent)

    def show_notice(
        self,
        text: str,
        level: Level = "info",
        details: str = "",
        action: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """`details` (a traceback) is shown on request and copied with the text; `action` is a button (label, call)."""

    def clear(self) -> None:
        """Close all notices."""
