"""Everything that can be done from a menu, a button or the keyboard: one table, one line each.

The table feeds the menus and the shortcuts; rooms connect what they can do with `on` and put the same actions on their
buttons, so that text, shortcut, tooltip and the reason for being unavailable stand once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from . import theme


@dataclass(frozen=True)
class Command:
    id: str
    menu: str
    text: str
    help: str
    shortcut: str = ""
    icon: str = ""
    line_before: bool = False  # a separator in the menu
    checkable: bool = False
    short: str = ""  # for buttons


FILE, EDIT, RUN, VIEW, HELP = "&File", "&Edit", "&Run", "&View", "&Help"
EXPORT = f"{FILE}/E&xport"  # a menu within a menu

# fmt: off
COMMANDS = (
    Command("new", FILE, "&New run", "Begin afresh with the first preset.", "Ctrl+N", "plus"),
    Command("open", FILE, "&Open run…", "Open the folder of an earlier run.", "Ctrl+O", "folder-open-outline"),
    Command("pictures", FILE, "&Learn from pictures…", "Choose a folder of your own pictures to learn from.",
            icon="image-multiple-outline"),
    Command("save_preset", FILE, "Save settings as &preset…", "Keep these settings among the presets.",
            icon="bookmark-plus-outline", line_before=True),
    Command("report", EXPORT, "&Report…", "Write one HTML page of this run, to mail or print.",
            icon="file-chart-outline"),
    Command("export_curves", EXPORT, "&Curves…", "Write the curves as a table, a picture or a drawing.",
            icon="chart-line"),
    Command("export_tensorboard", EXPORT, "&TensorBoard files", "Write the curves and samples for TensorBoard.",
            icon="chart-box-outline"),
    Command("timelapse", EXPORT, "Time-&lapse…", "Write the samples from step to step as a GIF, WebP, APNG or MP4.",
            icon="filmstrip"),
    Command("export_picture", EXPORT, "Pict&ure of the Explore tab…", "Write it as a PNG with its recipe inside.",
            icon="image-outline"),
    Command("export_walk", EXPORT, "&Walk of the Explore tab…", "Write the walk through the key-frames as a film.",
            icon="movie-open-outline"),
    Command("export_gallery", EXPORT, "G&allery…",
            "Write the pictures of the Gallery tab: a sheet, a web page, files, a print, a film.",
            icon="view-grid-outline"),
    Command("export_league", EXPORT, "Lea&gue of the race…", "Write the race's league table at all steps, as CSV.",
            icon="table"),
    Command("export", EXPORT, "&Find an export…", "Choose among all that can be exported.", "Ctrl+E", "export"),
    Command("quit", FILE, "&Quit", "Save what is training and leave.", "Ctrl+Q", line_before=True),
    Command("undo", EDIT, "&Undo", "Take the last change of a setting back.", "Ctrl+Z"),
    Command("redo", EDIT, "&Redo", "Make the change again that was taken back.", "Ctrl+Shift+Z"),
    Command("start", RUN, "&Start", "Start the training.", "F5", "play"),
    Command("stop", RUN, "S&top", "Save the run and end the training.", "Shift+F5", "stop"),
    Command("step", RUN, "Step &both", "Train D and then G for one step, then pause.", "F10", "skip-next",
            line_before=True, short="Step"),
    Command("step_d", RUN, "Step &D only", "Let only D take its turn, then pause."),
    Command("step_g", RUN, "Step &G only", "Let only G take its turn, then pause."),
    Command("sample_now", RUN, "Sa&mple now", "Draw the sample grid now.", "Ctrl+G", "image-refresh-outline",
            line_before=True),
    Command("save_now", RUN, "Sa&ve checkpoint now", "Save everything now, and keep it for good.", "Ctrl+S",
            "content-save-outline", short="Save now"),
    Command("enqueue", RUN, "Add to &queue", "Let this run wait until the one before it has ended.", "Ctrl+Shift+Q",
            "tray-plus", line_before=True, short="Queue"),
    Command("fresh", RUN, "Start as a &new run", "Start from step 0 with these settings, in a folder of its own.",
            icon="restart"),
    Command("branch", RUN, "B&ranch", "Go on from the newest checkpoint with these settings, in a new run.",
            icon="source-branch"),
    Command("branch_here", RUN, "Branch &here",
            "Go on from the last checkpoint until the step that the timeline shows, with changed settings.", "Ctrl+B"),
    Command("explore", RUN, "E&xplore", "Walk through what this run has learnt to draw, in the Explore tab.",
            "Ctrl+Shift+E", "compass-outline", line_before=True),
    Command("evaluate", RUN, "Eva&luate", "Tell how good this run's samples are, and which step is best.",
            "Ctrl+Shift+V", "scale-balance"),
    Command("make_gallery", RUN, "Make &pictures", "Draw the pictures of the Gallery tab, as its form says.", "F7",
            "image-multiple-outline"),
    Command("measure", RUN, "M&easure", "Measure in the Evaluate tab, as its form says.", "Shift+F7", "ruler"),
    Command("race", RUN, "Start r&ace", "Race the lanes of the Race tab: the same data, first weights and noise.",
            "Ctrl+F5", "flag-checkered", line_before=True),
    Command("enqueue_race", RUN, "Add race to que&ue", "Let this race wait until what is before it has ended.",
            icon="tray-plus", short="Queue"),
    Command("play", VIEW, "Pla&y time-lapse", "Play the whole training, or pause it there.", "F6", "play-outline"),
    Command("live", VIEW, "N&ewest samples", "Leave the past, and follow what comes.", "F8"),
    Command("log", VIEW, "&Log", "Show what is going on, line by line.", "Ctrl+L", checkable=True),
    Command("panels", VIEW, "Side &panels", "Show or hide what stands left and right of the middle.", "F9",
            checkable=True),
    Command("full_screen", VIEW, "&Full screen", "Fill the screen with the window.", "F11", checkable=True),
    Command("reset_layout", VIEW, "&Reset layout", "Put all panels back to where they were at first."),
    Command("palette", HELP, "&Commands…", "Find any command, preset or setting by a few letters.", "Ctrl+Shift+P",
            "magnify"),
    Command("keys", HELP, "&Keyboard shortcuts", "All keys at a glance.", "Ctrl+/", "keyboard-outline"),
    Command("about", HELP, "&About GAN Studio", "The version of GAN Studio and what it stands on."),
)
# fmt: on


class Commands(QObject):
    """The table's actions by id."""

    def __init__(self, window: QWidget):
        super().__init__(window)
        self._help = {command.id: command.help for command in COMMANDS}
        self._actions = {command.id: self._action(command) for command in COMMANDS}
        self.menus: dict[str, QMenu] = {}

    def __getitem__(self, id: str) -> QAction:
        return self._actions[id]

    def on(self, id: str, slot: Callable[[], object]) -> None:
        """Let a command do something; until then it is greyed out."""
        self[id].triggered.connect(lambda _checked=False: slot())
        self.allow(id)

    def allow(self, id: str, reason: str = "") -> None:
        """Enable a command, or disable it for a reason, which its tooltip tells."""
        action = self[id]
        action.setEnabled(not reason)
        self._tell(action, reason or self._help[id])

    def rename(self, id: str, text: str, help: str, icon: str) -> None:
        """The same command with another face: Start, Pause, Resume."""
        action = self[id]
        action.setText(text)
        action.setIconText(text.replace("&", ""))
        theme.tint(action, icon)
        self._help[id] = help
        self._tell(action, help)

    def fill(self, bar: QMenuBar) -> None:
        """The menus, in the order of the table."""
        for command in COMMANDS:
            if command.menu not in self.menus:
                self.add_menu(command.menu, bar)
            if command.line_before:
                self.menus[command.menu].addSeparator()
            self.menus[command.menu].addAction(self[command.id])

    def add_menu(self, name: str, bar: QMenuBar | None = None) -> QMenu:
        """A menu in the bar, or one within another: "&File/E&xport"."""
        above, _, title = name.rpartition("/")
        menu: QMenu = (self.menus[above] if above else bar).addMenu(title)  # type: ignore[union-attr, assignment]
        menu.setToolTipsVisible(True)
        self.menus[name] = menu
        return menu

    def all_actions(self) -> Iterator[tuple[str, QAction]]:
        """(title of its menu, action) for all that the menus hold, also what others have added to them."""
        for menu in self.menus.values():
            choices = [action for action in menu.actions() if action.text() and action.menu() is None]
            yield from ((menu.title().replace("&", ""), action) for action in choices)

    def draw_icons(self) -> Iterator[None]:
        """Not before the first paint, as the icon font is large; each `yield` lets the window paint what is new."""
        for command in COMMANDS:
            if command.icon:
                theme.tint(self[command.id], command.icon)
                yield

    def _action(self, command: Command) -> QAction:
        action = QAction(command.text, self, checkable=command.checkable)
        action.setShortcut(QKeySequence(command.shortcut))
        action.setIconText(command.short or command.text.replace("&", ""))
        action.setEnabled(False)
        self._tell(action, command.help)
        return action

    def _tell(self, action: QAction, sentence: str) -> None:
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setWhatsThis(sentence)
        action.setToolTip(f"{sentence} ({shortcut})" if shortcut else sentence)
