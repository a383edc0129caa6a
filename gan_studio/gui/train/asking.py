"""Questions in windows of their own: for a folder, for the name of a preset."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget


def for_run(parent: QWidget, root: Path) -> Path | None:
    """A folder that may be a run; None where the user wants none."""
    folder = QFileDialog.getExistingDirectory(parent, "Open a run's folder", str(root))
    return Path(folder) if folder else None


def for_pictures(parent: QWidget) -> Path | None:
    start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    folder = QFileDialog.getExistingDirectory(parent, "Choose a folder of pictures", start)
    return Path(folder) if folder else None


def for_preset_name(parent: QWidget, proposed: str) -> str:
    """A title; one that the user has already is replaced only where that is agreed. "" where nothing is to be saved."""
    from ...presets import own_path

    title, agreed = QInputDialog.getText(parent, "Save as preset", "Name of the preset:", text=proposed)
    title = title.strip()
    if not (agreed and title) or (own_path(title).exists() and not may_replace(parent, title, "settings")):
        return ""
    return title


def may_replace(parent: QWidget, title: str, what: str) -> bool:
    """`what` of the preset would be lost."""
    box = QMessageBox(QMessageBox.Icon.Question, "Save as preset", f"Replace your preset “{title}”?", parent=parent)
    box.setInformativeText(f"There is one of this name already; its {what} would be lost.")
    replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    box.deleteLater()
    return box.clickedButton() is replace
