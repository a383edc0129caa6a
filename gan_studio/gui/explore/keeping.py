"""The clipboard and files: what is seen, its latent, and the script that draws it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QFileDialog

from ...jobs.explore import as_python, latent, latent_as_text, latent_from_text
from . import reading
from .choices import attempted
from .frame import ExploreFrame
from .scene import Scene


class Keeping(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene = frame, scene
        for text, slot in (
            ("&Picture", frame.picture.copy),
            ("&Latent, as a list of numbers", self.copy_latent),
            ("As P&ython, a script that draws it", self.copy_python),
        ):
            frame.copy_menu.addAction(text, slot)
        frame.paste_button.clicked.connect(self.paste)
        frame.save_button.clicked.connect(self.save_picture)
        frame.picture.save_wanted.connect(self.save_picture)

    # --- the clipboard ---

    def copy_latent(self) -> None:
        if view := self.scene.view:
            self._copy(latent_as_text(latent(view, self.scene.snapshot)), "The latent is on the clipboard.")

    def copy_python(self) -> None:
        if view := self.scene.view:
            self._copy(as_python(view), "A script that draws this picture is on the clipboard.")

    def _copy(self, text: str, sentence: str) -> None:
        QApplication.clipboard().setText(text)
        self.frame.notices.show_notice(sentence, seconds=2)

    def paste(self) -> None:
        if self.scene.view is None:
            return
        z = attempted(partial(latent_from_text, QApplication.clipboard().text(), self.scene.snapshot.z_dim))
        if isinstance(z, Exception):
            self.frame.notices.show_notice(str(z), "warning")
        else:
            self.scene.show_view(self.scene.view.at(z))

    # --- files ---

    def save_picture(self) -> None:
        view, opened = self.scene.view, self.scene.opened
        if view is None or opened is None:
            return
        what = "latent" if view.z else f"seed-{view.seed}"
        name = str(Path.home() / f"{opened.choice.name}-{what}.png")
        chosen, _ = QFileDialog.getSaveFileName(self.frame, "Save the picture", name, "PNG (*.png)")
        if chosen:
            self.write_picture(Path(chosen))

    def write_picture(self, path: Path) -> None:
        """With its recipe. What is there of that very name already was asked about."""
        assert self.scene.view
        named = path if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png")
        replaces = named == path and path.exists()
        write = partial(reading.save_view, self.scene.view, self.scene.snapshot, named, replaces)
        self.scene.disk.ask("save", partial(attempted, write), self._saved)

    def _saved(self, result: Path | Exception) -> None:
        if isinstance(result, Exception):
            self.frame.notices.show_notice(str(result), "error")
        else:
            self.frame.notices.show_notice(f"Saved {result}. Dropped here, it opens again.")
