"""The clipboard and files: what is seen, its latent, and the script that draws it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QFileDialog

from ...jobs.explore import View, as_python, latent, latent_as_text, latent_from_text
from ...jobs.gallery import by_seeds
from ...jobs.gallery_export import FORMS, export_gallery
from ..computing import attempted
from ..exporting import Exporting
from . import reading
from .choices import Opened
from .frame import ExploreFrame
from .scene import Scene

KINDS = {  # of files that hold several pictures, with their endings
    "A contact sheet (*.png)": ".png",
    "A folder of PNGs that open again (*)": "",
    "A page for browsers (*.html)": ".html",
    "A PDF (*.pdf)": ".pdf",
    "A ZIP data set (*.zip)": ".zip",
}


class Keeping(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene):
        super().__init__(frame)
        self.frame, self.scene = frame, scene
        self.exporting = Exporting(frame, frame.notices, frame.session.tell)
        for text, slot in (
            ("&Picture", frame.picture.copy),
            ("&Latent, as a list of numbers", self.copy_latent),
            ("As P&ython, a script that draws it", self.copy_python),
        ):
            frame.copy_menu.addAction(text, slot)
        frame.paste_button.clicked.connect(self.paste)
        frame.save_button.clicked.connect(self.save)
        frame.picture.save_wanted.connect(self.save)

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

    def save(self) -> None:
        """What is seen."""
        view, opened = self.scene.view, self.scene.opened
        if view is None or opened is None:
            return
        seeds = self.scene.seeds()
        if len(seeds) > 1:
            self._save_several(view, seeds, opened)
        else:
            self._save_one(view, opened)

    def leave(self) -> None:
        self.exporting.leave()

    def _save_one(self, view: View, opened: Opened) -> None:
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

    def _save_several(self, view: View, seeds: range, opened: Opened) -> None:
        name = str(Path.home() / f"{opened.choice.name}-seeds-{seeds[0]}-{seeds[-1]}")
        chosen, kind = QFileDialog.getSaveFileName(self.frame, "Save the pictures", name, ";;".join(KINDS))
        if chosen:
            self.write_several(view, seeds, Path(chosen), KINDS.get(kind, ""))

    def write_several(self, view: View, seeds: range, path: Path, ending: str) -> None:
        """In the form that the ending says; what is there of that very name already was asked about."""
        named = path if path.suffix.lower() in FORMS and path.suffix else path.with_name(path.name + ending)
        assert self.scene.opened
        events = export_gallery(
            self.scene.opened.snapshot, by_seeds(view, seeds), named, replace=named == path and path.exists()
        )
        self.exporting.write(events, "Writing the pictures")
