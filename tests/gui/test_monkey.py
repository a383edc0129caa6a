"""A monkey at the window: it clicks, types, drags, turns the wheel, resizes and gives commands, with a real training
or a race under its hands. Nothing may raise, warn, or be left behind.

It stops at the first thing that went wrong and tells its last actions. MONKEYS=100 lets a hundred seeds have a go,
MONKEYS=40-59 twenty others, MONKEYS=7-7 one alone. Each action draws from its own seed, so that a seed does much the
same again; but what the training does meanwhile comes at other moments each time, and a failure may need some trials.
"""

from __future__ import annotations

import gc
import os
import random
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import shiboken6
import torch
from PIL import Image
from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, QRect, QSettings, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QContextMenuEvent, QDesktopServices, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QTabBar, QWidget

from gan_studio import presets
from gan_studio.config import ConfigError, to_toml
from gan_studio.gui import theme
from gan_studio.gui.exporting import SaveDialog
from gan_studio.gui.race.room import RaceRoom
from gan_studio.gui.session import Session
from gan_studio.gui.theory.room import TheoryRoom, imported
from gan_studio.gui.train.room import TrainRoom
from gan_studio.gui.translate.room import TranslateRoom
from gan_studio.gui.warmup import warm_up
from gan_studio.gui.window import Window
from gan_studio.jobs import look as look_job
from gan_studio.jobs import race, train
from gan_studio.jobs.settings import RunConfig
from gan_studio.networks import TRANSLATORS

pytestmark = pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")  # of ziamath's fonts


def seeds(wanted: str) -> range:
    """ "12" is the first twelve, "40-59" are those from 40 to 59."""
    first, dash, last = wanted.partition("-")
    return range(int(first), int(last) + 1) if dash else range(int(first))


SEEDS, ACTIONS = seeds(os.environ.get("MONKEYS", "12")), 630  # ninety a tab
PATIENCE = 10  # actions in one menu or dialog before it is closed
STAY = (6, 14)  # actions in one tab before it goes to the next, at least and at most
TOLD = 40  # of the last actions, when something fails
HANGS_MS = 900_000  # far more than it needs on a machine that is busy with other things

TEXTS = ("", "0", "-1", "1e999", "7", "0.5", "1e-4", "12,5", "ä ß 漢", "/nowhere", "adam", "x" * 300, "[1, 2]", "%s")
KEYS = [getattr(Qt.Key, f"Key_{name}") for name in (
    "Tab", "Backtab", "Up", "Down", "Left", "Right", "Home", "End", "PageUp", "PageDown", "Return", "Escape", "Space",
    "Delete", "Backspace", "Plus", "Minus", "0", "A", "F2",
)]  # fmt: skip
NONE, SHIFT, CONTROL = (getattr(Qt.KeyboardModifier, f"{name}Modifier") for name in ("No", "Shift", "Control"))
MODIFIERS = [*[NONE] * 4, SHIFT, CONTROL]
NOT_FOR_MONKEYS = ("quit",)
SCHEMES = ("http", "https", "file")  # of what other programs show


class Monkey(QObject):
    """Acts once an event loop turn, also within the loops of menus and dialogs that it opened itself.

    It is in each tab as long as in the others, and in the Theory tab goes from bench to bench.
    """

    def __init__(self, window: Window, seed: int, actions: int, things: list[Path], troubles: Callable[[], list[str]]):
        super().__init__(window)
        self.window, self.things, self.seed, self.troubles = window, things, seed, troubles
        self.random = random.Random(seed)
        self.left = actions
        self.stay = 0  # so many actions still in this tab
        self.been: Counter[str] = Counter()  # {tab or bench: actions there}
        self.told: deque[str] = deque(maxlen=TOLD)
        self.above: QWidget | None = None  # the menu or dialog that it is in,
        self.patience = PATIENCE  # and how long still
        self.depth = 0  # of loops within loops: menus, dialogs, drags from one widget to another
        self.done = False
        self.acts = [
            (self.click, 24), (self.double_click, 6), (self.right_click, 5), (self.key, 24), (self.write, 8),
            (self.drag, 9), (self.wheel, 8), (self.resize, 3), (self.command, 9), (self.drop, 1), (self.train, 4),
            (self.turn, 4),
        ]  # fmt: skip

    def start(self) -> None:
        QTimer.singleShot(0, self, self.act)

    def act(self) -> None:
        """One action. The next one is on its way before, as this one may open a loop of its own."""
        top = self.top()
        self.done = self.left <= 0 and top is self.window and not self.depth
        if self.done:
            return
        QTimer.singleShot(0, self, self.act)
        if self.left > 0 and self.troubles():
            self.told.append("That was it.")
            self.left = 0
        self.random = random.Random(f"{self.seed}, {self.left}")
        self.left -= 1
        self.stay -= 1
        self.depth += 1
        try:
            self.act_on(top)
        finally:
            self.depth -= 1

    def act_on(self, top: QWidget) -> None:
        if not top.isActiveWindow() and top.windowType() != Qt.WindowType.Popup:
            top.activateWindow()  # as a desktop does, where a dialog has closed
        if top is not self.above:
            self.above, self.patience = top, PATIENCE
        self.patience -= 1
        if self.left < 0 or (top is not self.window and self.patience < 0):
            self.leave(top)
        elif top is self.window and self.stay <= 0:
            self.go_on()
        elif isinstance(top, QMenu) and self.random.random() < 0.6:
            self.choose(top)
        else:
            acts, weights = zip(*self.acts, strict=True)
            self.random.choices(acts, weights)[0](top)

    # where

    def top(self) -> QWidget:
        """What takes clicks now."""
        if over := QApplication.activePopupWidget() or QApplication.activeModalWidget():
            return over
        dialogs = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w.isWindow() and w is not self.window]
        dialogs = [w for w in dialogs if w.parent() is not None and w.windowType() == Qt.WindowType.Dialog]
        return dialogs[-1] if dialogs else self.window

    def place(self, top: QWidget) -> tuple[QWidget, QPoint]:
        """Somewhere on the top: half of the time anywhere, half of the time on a control."""
        if self.random.random() < 0.5:
            at = self.point_in(top.rect())
            target = top.childAt(at) or top
            return target, target.mapFrom(top, at)
        target = self.control(top)
        return target, self.point_in(target.visibleRegion().boundingRect())

    def point_in(self, rect: QRect) -> QPoint:
        x, y = (self.random.randrange(max(1, length)) for length in rect.size().toTuple())
        return rect.topLeft() + QPoint(x, y)

    def control(self, top: QWidget) -> QWidget:
        inside = [w for w in top.findChildren(QWidget) if w.isVisible() and w.window() is top.window()]
        takes = [w for w in inside if w.isEnabled() and w.focusPolicy() != Qt.FocusPolicy.NoFocus]
        seen = [w for w in takes if not w.visibleRegion().isEmpty()]
        return self.random.choice(seen) if seen else top

    def typed_into(self) -> QWidget:
        """What a person's keys would go to; where nothing has the keyboard, a person clicks first."""
        if self.focus() is self.top():
            target = self.control(self.top())
            QTest.mouseClick(target, Qt.MouseButton.LeftButton, NONE, target.visibleRegion().boundingRect().center())
        return self.focus()

    def focus(self) -> QWidget:
        top = self.top()
        focus = top.focusWidget() if top.windowType() == Qt.WindowType.Popup else QApplication.focusWidget()
        return focus if focus and focus.isVisible() and top.isAncestorOf(focus) else top

    def tell(self, what: str, target: QObject | None = None, more: object = "") -> None:
        room, stage = self.window.current_room(), self.window.session.stage
        bench = room.bench() if isinstance(room, TheoryRoom) else None
        self.been.update([room.title, *([bench.id] if bench else [])])
        name = str(target.property("accessibleName") or target.objectName()).partition("\n")[0] if target else ""
        kind = type(target).__name__ if target else ""
        self.told.append(f"{self.left:4} {room.title}, {stage}: {what} {kind} {name} {more}")

    # what

    def click(self, top: QWidget) -> None:
        target, at = self.place(top)
        self.tell("click", target, at.toTuple())
        QTest.mouseClick(target, Qt.MouseButton.LeftButton, self.random.choice(MODIFIERS), at)

    def double_click(self, top: QWidget) -> None:
        target, at = self.place(top)
        self.tell("double click", target, at.toTuple())
        QTest.mouseClick(target, Qt.MouseButton.LeftButton, NONE, at)
        if is_there(target):
            QTest.mouseDClick(target, Qt.MouseButton.LeftButton, NONE, at)

    def right_click(self, top: QWidget) -> None:
        target, at = self.place(top)
        self.tell("right click", target, at.toTuple())
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, target.mapToGlobal(at))
        QApplication.sendEvent(target, event)

    def key(self, top: QWidget) -> None:
        target = self.typed_into()
        key, modifier = self.random.choice(KEYS), self.random.choice(MODIFIERS)
        self.tell("key", target, f"{key.name} {modifier.name}")
        self.strike(target, key, modifier)

    def strike(self, target: QWidget, *key) -> None:
        """A key that is pressed may close what it was pressed in, and PySide may tell of a list that has just gone."""
        for strike in (QTest.keyPress, QTest.keyRelease):
            if is_there(target):
                strike(target, *key)

    def write(self, top: QWidget) -> None:
        """Each letter goes where the focus is by then."""
        text = self.random.choice(TEXTS)
        self.tell("write", self.typed_into(), text[:20])
        for letter in text[:30]:
            if ord(letter) < 128:
                self.strike(self.typed_into(), letter)
        if self.random.random() < 0.7:
            self.strike(self.typed_into(), Qt.Key.Key_Return)

    def drag(self, top: QWidget) -> None:
        target, at = self.place(top)
        to = at + QPoint(self.random.randint(-200, 200), self.random.randint(-120, 120))
        to = QPoint(min(max(to.x(), 0), target.width() - 1), min(max(to.y(), 0), target.height() - 1))
        button = self.random.choice([Qt.MouseButton.LeftButton] * 4 + [Qt.MouseButton.MiddleButton])
        self.tell("drag", target, f"{at.toTuple()} to {to.toTuple()}")
        QTest.mousePress(target, button, NONE, at)
        for step in (1, 2, 3):
            if is_there(target):
                QTest.mouseMove(target, at + (to - at) * step / 3)
        if is_there(target):
            QTest.mouseRelease(target, button, NONE, to)

    def wheel(self, top: QWidget) -> None:
        target, at = self.place(top)
        turns = QPoint(0, self.random.choice([-360, -120, 120, 360]))
        self.tell("wheel", target, turns.y())
        around = (Qt.MouseButton.NoButton, self.random.choice(MODIFIERS), Qt.ScrollPhase.NoScrollPhase, False)
        event = QWheelEvent(QPointF(at), QPointF(target.mapToGlobal(at)), QPoint(), turns, *around)
        QApplication.sendEvent(target, event)

    def resize(self, top: QWidget) -> None:
        width, height = self.random.randint(300, 1700), self.random.randint(200, 1100)
        self.tell("resize", top, (width, height))
        self.window.resize(width, height)

    def command(self, top: QWidget) -> None:
        if top is self.window:
            actions = [action for _, action in self.window.commands.all_actions() if action.isEnabled()]
            action = self.random.choice(actions)
            self.tell("command", None, action.text())
            action.trigger()

    def drop(self, top: QWidget) -> None:
        data = QMimeData()
        root = self.window.session.root
        thing = self.random.choice([*self.things, *sorted(root.iterdir() if root.is_dir() else [])[-3:]])
        data.setUrls([QUrl.fromLocalFile(str(thing))])
        self.tell("drop", None, thing.name)
        self.window.take_dropped(data)

    def train(self, top: QWidget) -> None:
        """Left alone it would seldom find settings that can be trained, or raced."""
        stage = self.window.session.stage
        if top is self.window and stage == "idle":
            runs, races = (next(r for r in self.window.rooms if isinstance(r, kind)) for kind in (TrainRoom, RaceRoom))
            room = races if self.random.random() < 0.4 else runs
            self.tell("begin in", room)
            if room is races:
                races.form.show_preset(self.random.choice(races.form.known))
            else:
                runs.choose_preset(self.random.choice(runs.settings.known).id)
            room.start()
        elif top is self.window and self.random.random() < 0.25:
            self.tell("stop")
            self.window.session.stop()

    def turn(self, top: QWidget) -> None:
        """To another page, of which the smaller ones are seldom met by chance."""
        bars = [bar for bar in top.findChildren(QTabBar) if bar.isVisible() and bar.count() > 1]
        if bars:
            bar = self.random.choice(bars)
            bar.setCurrentIndex(self.random.randrange(bar.count()))
            self.tell("turn", bar, bar.tabText(bar.currentIndex()))

    def go_on(self) -> None:
        """To the tab that it knows least, and there to the bench that it knows least."""
        self.stay = self.random.randint(*STAY)
        room = min(self.window.rooms, key=lambda room: self.been[room.title])
        room.raise_tab()
        if isinstance(room, TheoryRoom) and room.benches:
            self.stay //= 2  # there are many, and all are to be seen
            room.show_bench(min(room.benches, key=lambda id: self.been[id]))
        if isinstance(room, TranslateRoom) and room.is_ready and room.desk.opened is None:
            network, faces = (next(thing for thing in self.things if thing.name == name) for name in (G_A, "faces"))
            room.take_all(network, [faces])
        self.tell("go to", room)

    def choose(self, menu: QMenu) -> None:
        actions = [action for action in menu.actions() if action.isEnabled() and not action.isSeparator()]
        if actions:
            action = self.random.choice(actions)
            self.tell("choose", None, action.text())
            at = menu.actionGeometry(action).center()
            QTest.mouseClick(menu, Qt.MouseButton.LeftButton, NONE, at)

    def leave(self, top: QWidget) -> None:
        """End a menu, a dialog, or a drag."""
        self.tell("leave", top)
        QTest.keyClick(top, Qt.Key.Key_Escape)
        if top is self.window:
            QTest.mouseRelease(top, Qt.MouseButton.LeftButton)
        elif shiboken6.isValid(top) and top.isVisible() and self.patience < -3:
            top.close()


def is_there(target: QWidget) -> bool:
    """Whether the mouse would still meet it."""
    return shiboken6.isValid(target) and target.isVisible()


# --- its playground --------------------------------------------------------------------------------------------------


TINY = {
    "ring": {"data": {"kind": "toy2d"}, "recipe": {"objective": "non-saturating"}},
    "critic": {
        "data": {"kind": "toy2d", "distribution": {"kind": "grid"}},
        "recipe": {"objective": "wasserstein", "penalties": [{"kind": "gradient-penalty"}], "d_steps": 2},
    },
    "digits": {"data": {"kind": "digits", "size": 8}, "recipe": {"objective": "least-squares"}},
}
G_A, G_B = "latest_net_G_A.pth", "latest_net_G_B.pth"
TRANSLATOR = {"kind": "resnet", "width": 2, "blocks": 1}
NETWORK = {"kind": "mlp", "width": 16, "depth": 1}
REST = {
    "steps": 3000,
    "samples_every": 40,
    "sample_count": 16,
    "checkpoint_every": 400,
    "compute": {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "threads": 1},
}


def write_resources(folder: Path) -> None:
    """Those of the program, with other presets."""
    folder.mkdir()
    for path in presets.resources().iterdir():
        if path.name != "presets":
            (folder / path.name).symlink_to(path)
    (folder / "presets").mkdir()
    for name, values in TINY.items():
        recipe = values["recipe"] | {"kind": "gan", "batch_size": 32, "generator": NETWORK, "discriminator": NETWORK}
        whole = RunConfig.parse(values | REST | {"recipe": recipe}).plain()
        (folder / "presets" / f"{name}.toml").write_text(to_toml(whole | {"preset": {"title": f"Tiny {name}"}}))


def is_small(values: dict) -> bool:
    """Whether a training of these settings leaves the processor to the others."""
    data, recipe, compute = values["data"], values["recipe"], values["compute"]
    networks = (recipe["generator"], recipe["discriminator"])
    return (
        data["kind"] in ("toy2d", "digits")
        and all(n["kind"] == "mlp" and n["width"] <= 64 and n["depth"] <= 4 for n in networks)
        and max(recipe["batch_size"], values["sample_count"], recipe["latent"]["dim"]) <= 256
        and not compute["compile"]
        and compute["threads"] == 1
    )


class Small:
    """A job that fails at once where it is too much for a monkey."""

    def __init__(self, job, find_runs):
        self.job, self.find_runs, self.inbox = job, find_runs, job.inbox

    def __iter__(self):
        if not all(is_small(run.config()) for run in self.find_runs()):
            raise ConfigError("That is too much for a monkey; choose something smaller.")
        yield from self.job


def small_job(run, **options):
    return Small(train.TrainJob(run, **options), lambda: [run])


def small_race(lanes, **options):
    return Small(race.RaceJob(lanes, dry_run=False, **options), lanes.lanes)


def small_look(source, fetch=False, samples=64):
    if fetch or source.kind not in ("toy2d", "digits", "image-folder"):
        raise ConfigError("Monkeys fetch nothing.")
    yield from look(source, fetch, samples)


look = look_job.look


@pytest.fixture(scope="module", autouse=True)
def light_collections():
    """Let the search for what tests leave behind skip the third of a million objects of torch."""
    for _ in [*warm_up(), *imported()]:  # not while a monkey is at work: on a busy machine that may take long
        pass
    yield
    gc.unfreeze()


@pytest.fixture
def things(tmp_path) -> list[Path]:
    """To drop, and to be chosen in file dialogs."""
    for name in ("faces", "box"):
        (tmp_path / name).mkdir()
    for i in range(20):
        noise = np.random.default_rng(i).integers(0, 255, (16, 16, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "faces" / f"{i}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "broken.toml").write_text("format = ]")
    for name in (G_A, G_B):
        torch.save(TRANSLATORS.parse(TRANSLATOR).build((3, 16, 16), (3, 16, 16)).state_dict(), tmp_path / name)
    return [tmp_path / name for name in ("faces", "box", "broken.png", "broken.toml", "gone", G_A)]


class Nobody(QObject):
    """Takes what is to be shown by another program."""

    @Slot(QUrl)
    def look(self, url: QUrl) -> None:
        pass


@pytest.fixture
def playground(monkeypatch, tmp_path, things):
    """No file dialog, no program outside, no download, nothing large."""
    write_resources(tmp_path / "resources")
    answers = random.Random(0)

    def choose_folder(*_):
        runs = sorted((tmp_path / "runs").iterdir()) if (tmp_path / "runs").is_dir() else []
        return str(answers.choice(["", things[0], things[1], *runs[-1:]]))

    def save_at_once(dialog):
        dialog.fileSelected.emit(str(tmp_path / f"written.{dialog.defaultSuffix()}"))
        dialog.deleteLater()

    monkeypatch.setattr(presets, "resources", lambda: tmp_path / "resources")
    monkeypatch.setattr(look_job, "look", small_look)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(choose_folder))

    def choose_file(*_):
        return str(answers.choice(["", *things, things[0] / "3.png"])), ""

    def choose_files(*_):
        return [str(things[0] / f"{answers.randrange(25)}.png"), str(things[2])], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(choose_file))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", staticmethod(choose_files))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(tmp_path / "written.png"), "")))
    monkeypatch.setattr(SaveDialog, "open", save_at_once)
    nobody = Nobody()
    for scheme in SCHEMES:  # links in texts do not come by Python's `openUrl`
        QDesktopServices.setUrlHandler(scheme, nobody, "look")
    yield
    for scheme in SCHEMES:
        QDesktopServices.unsetUrlHandler(scheme)


@pytest.fixture
def window(qtbot, tmp_path, playground, request):
    engine = SimpleNamespace(new_run=train.new_run, TrainJob=small_job, RaceJob=small_race)
    session = Session(tmp_path / "runs", engine)
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    window = Window(session, settings, warm=lambda: (stage for stage in ("light", "ready")))
    window.resize(1280, 720)
    with qtbot.waitSignal(window.ready, timeout=20_000):
        window.show()
    for id in NOT_FOR_MONKEYS:
        window.commands[id].setEnabled(False)
    request.addfinalizer(lambda: leave(window, qtbot))
    return window


def leave(window, qtbot):
    window.session.leaving = True  # nothing of the queue is begun any more
    window.session.stop()
    qtbot.waitUntil(lambda: not window.session.is_training, timeout=30_000)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    window.deleteLater()
    theme.apply(QApplication.instance(), "light")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_monkey_breaks_nothing(window, qtbot, qtlog, things, seed):
    with qtbot.captureExceptions() as raised:
        monkey = Monkey(window, seed, ACTIONS, things, partial(troubles, window, qtlog, raised))
        monkey.start()
        try:
            qtbot.waitUntil(lambda: monkey.done, timeout=HANGS_MS)
        finally:
            print(f"Again: MONKEYS={seed}-{seed} pytest tests/gui/test_monkey.py. Actions: {dict(monkey.been)}")
            print(*monkey.told, sep="\n")
    assert window.isVisible()
    assert not troubles(window, qtlog, raised)
    benches = [id for room in window.rooms if isinstance(room, TheoryRoom) for id in room.benches]
    unseen = {*(room.title for room in window.rooms), *benches} - set(monkey.been)
    assert not unseen, f"it was never in {unseen}"


def troubles(window, qtlog, raised):
    """What went wrong until now."""
    warned = [record.message for record in qtlog.records if record.matches_level("WARNING") and not record.ignored]
    told = [line for line in window.log.problems.toPlainText().splitlines() if "should not have happened" in line]
    return [*(repr(error) for _, error, _ in raised), *warned, *told]
