"""The menu of presets: the whole view is kept by a name, with how many pictures there are, and comes back."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog

from ...config import ConfigError
from ...jobs import view_presets
from ...jobs.explore import View
from ...jobs.view_presets import ViewPreset
from ..computing import attempted
from ..train.asking import may_replace
from .frame import ExploreFrame
from .opening import Opening
from .scene import Scene

NOTHING_TO_SAVE = "Open a run or a generator's file first."


class Presets(QObject):
    def __init__(self, frame: ExploreFrame, scene: Scene, opening: Opening):
        super().__init__(frame)
        self.frame, self.scene, self.opening = frame, scene, opening
        self.known: list[ViewPreset] = []
        self._told: set[str] = set()  # what was said of damaged files
        frame.presets_button.setEnabled(True)
        frame.presets_menu.aboutToShow.connect(self.read)
        scene.moved.connect(self._offer)
        self._fill()

    def read(self) -> None:
        self.scene.disk.ask("presets", view_presets.load_all, self._show)

    def _show(self, found: tuple[list[ViewPreset], list[str]]) -> None:
        before, (self.known, problems) = self.known, found
        for problem in problems:
            if problem not in self._told:
                self._told.add(problem)
                self.frame.notices.show_notice(problem, "warning")
        if self.known != before:
            self._fill()

    def _fill(self) -> None:
        menu = self.frame.presets_menu
        menu.clear()
        self.save_action = menu.addAction("&Save this view…", self.ask_for_name)
        menu.addSeparator()
        if not self.known:
            menu.addAction("No view is kept yet.").setEnabled(False)
        for preset in self.known:
            menu.addAction(_text(preset), partial(self.open, preset)).setToolTip(about(preset))
        menu.addSeparator()
        delete = menu.addMenu("&Delete")
        for preset in self.known:
            delete.addAction(_text(preset), partial(self.delete, preset))
        delete.setEnabled(bool(self.known))
        self._offer()

    def _offer(self) -> None:
        there = self.scene.view is not None
        self.save_action.setEnabled(there)
        self.save_action.setToolTip(
            "Keep all that is set by a name: weights, seed, truncation and directions." if there else NOTHING_TO_SAVE
        )

    # --- the user ---

    def ask_for_name(self) -> None:
        view, count = self.scene.view, self.scene.count
        if view is None:
            return
        proposed = "A latent" if view.z else f"Seed {view.seed:,}"
        name, agreed = QInputDialog.getText(self.frame, "Save as preset", "Name of the view:", text=proposed)
        if not agreed:
            return
        try:
            preset = view_presets.named(name, view, count)
        except ConfigError as error:
            self.frame.notices.show_notice(str(error), "warning")
            return
        is_known = preset.name in {one.name for one in self.known}
        if not is_known or may_replace(self.frame, preset.name, "view"):
            self.save(preset, f"Saved as the preset “{preset.name}”.")

    def save(self, preset: ViewPreset, then: str = "") -> None:
        """`then` is said."""
        self._do(partial(view_presets.save, preset), then)

    def delete(self, preset: ViewPreset) -> None:
        self._do(partial(view_presets.delete, preset), f"Deleted the preset “{preset.name}”.", preset)

    def open(self, preset: ViewPreset) -> None:
        self.frame.raise_tab()
        opened, view = self.scene.opened, preset.view
        if opened and view.sha256 == opened.snapshot.about["sha256"]:
            self.scene.show_view(view, count=preset.count)
        else:
            self.opening.open_view(view, preset.count, partial(self._found, preset))

    def _found(self, preset: ViewPreset, view: View) -> None:
        """Where its weights are now: the preset remembers it."""
        moved = preset.model_copy(update={"view": view})
        self.save(moved)
        self.open(moved)

    # --- files ---

    def _do(self, deed: partial[None], then: str, gone: ViewPreset | None = None) -> None:
        self.scene.disk.ask(("preset", then), partial(attempted, deed), partial(self._done, then, gone))

    def _done(self, then: str, gone: ViewPreset | None, problem: Exception | None) -> None:
        if problem:
            self.frame.notices.show_notice(str(problem), "error")
        elif then:
            back = ("Bring it back", partial(self.save, gone)) if gone else None
            self.frame.notices.show_notice(then, action=back)
        self.read()


def _text(preset: ViewPreset) -> str:
    return preset.name.replace("&", "&&")


def about(preset: ViewPreset) -> str:
    view = preset.view
    what = "A latent of its own" if view.z else f"Seed {view.seed:,}"
    if preset.count > 1:
        what += f" and the next {preset.count - 1}"
    if view.edits:
        what += f", {len(view.edits)} {'direction' if len(view.edits) == 1 else 'directions'}"
    return f"{what}; {view.run}, step {view.step:,}."
