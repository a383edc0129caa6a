"""The window is there before anything heavy is loaded, and says in one sentence why it cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from gan_studio.gui import app, warmup

HEAVY = ("torch", "torchvision", "numpy", "pydantic", "pyqtgraph", "qtawesome", "scipy", "sklearn")


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment}
    return subprocess.run([sys.executable, "-c", code], env=known, capture_output=True, text=True, timeout=300)


def test_the_window_imports_nothing_heavy():
    told = python(
        "import sys, gan_studio.gui, gan_studio.gui.app, gan_studio.gui.window;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert told.stdout.strip() == "[]", told.stderr


def test_it_is_painted_before_torch_and_closes_in_the_middle_of_loading(tmp_path):
    """Leaving while the warm-up imports torch is an exit code of 0, not an abort."""
    told = python(
        "import sys\n"
        "from gan_studio.gui import app, window\n"
        "def look(self):\n"
        "    print('torch' in sys.modules)\n"
        "    self._warm.start()\n"
        "    self.close()\n"
        "window.Window._after_first_paint = look\n"
        "sys.exit(app.main(start=False))",
        GAN_STUDIO_RUNS=str(tmp_path),
    )
    assert (told.returncode, told.stdout.strip()) == (0, "False"), told.stderr


def test_the_start_can_be_measured(tmp_path):
    told = python(
        f"import sys; from gan_studio.gui import app; sys.exit(app.main(start=False, measure={time.time()}))",
        GAN_STUDIO_RUNS=str(tmp_path),
    )
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert 0 < found["first_paint_ms"] < found["ready_ms"]
    assert "Traceback" not in told.stderr


BUSY = (
    "import sys, threading, time, torch\n"
    "from gan_studio.gui import app, window\n"
    "app.LAST_WORDS_S = PATIENCE\n"
    "def busy():\n"
    "    time.sleep(SECONDS)\n"
    "    print('written', flush=True)\n"
    "    begun.set()\n"
    "    while time.monotonic() < until:\n"
    "        torch.randn(500, 500) @ torch.randn(500, 500)\n"
    "until, begun = time.monotonic() + LONG, threading.Event()\n"
    "def begin(self):\n"
    "    threading.Thread(target=busy, daemon=True).start()\n"
    "    begun.wait(LONG)\n"
    "    self.close()\n"
    "window.Window._after_first_paint = begin\n"
    "sys.exit(app.main(start=False))"
)


@pytest.mark.parametrize(("seconds", "long", "patience"), [("0.2", "0", "60"), ("0", "3600", "0.5")])
def test_leaving_waits_a_moment_for_threads_and_never_aborts(tmp_path, seconds, long, patience):
    """A thread that is about to end may write its last words; one that goes on and on in torch is left behind."""
    code = BUSY.replace("SECONDS", seconds).replace("LONG", long).replace("PATIENCE", patience)
    told = python(code, GAN_STUDIO_RUNS=str(tmp_path))
    assert (told.returncode, told.stdout.strip()) == (0, "written"), told.stderr


# --- why there can be no window --------------------------------------------------------------------------------------


@pytest.fixture
def no_screen(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(app.sys, "platform", "linux")


def test_no_screen_is_one_sentence(no_screen, capsys):
    assert "no screen" in app.screen_problem()
    assert app.main() == app.NO_SCREEN
    assert capsys.readouterr().err.count("\n") == 1


def test_offscreen_needs_no_screen(no_screen, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert app.screen_problem() == ""


def test_wayland_is_a_screen(no_screen, monkeypatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert app.screen_problem() == ""


def test_a_missing_cursor_library_is_named(no_screen, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setattr(app.ctypes.util, "find_library", lambda name: None)
    assert "libxcb-cursor0" in app.screen_problem()


@pytest.mark.skipif(sys.platform != "linux", reason="X11 is Linux's")
def test_a_screen_that_does_not_answer_is_told_without_an_abort(no_screen, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":4711")
    assert app.screen_problem() != ""


@pytest.mark.parametrize(
    ("library", "python", "refused"),
    [("6.12.0", (3, 11), True), ("6.12.0", (3, 12), False), ("6.11.3", (3, 11), False), ("6.12.1", (3, 11), False)],
)
def test_the_bad_pair_is_refused(monkeypatch, library, python, refused):
    monkeypatch.setattr(app.importlib.metadata, "version", lambda name: library)
    monkeypatch.setattr(app.sys, "version_info", python)
    assert ("PYSIDE-3474" in app.library_problem()) is refused


# --- loading ---------------------------------------------------------------------------------------------------------


def test_the_icon_font_is_among_those_of_the_library():
    """We keep one of qtawesome's fonts by a name that it does not promise."""
    import qtawesome

    warmup.keep_one_icon_font()
    assert [font[0] for font in qtawesome._BUNDLED_FONTS] == ["mdi6"]


def test_mapping_a_library_that_is_not_there_is_harmless():
    warmup.map_library("no_such_package", "lib.so")
    warmup.map_library("json", "lib.so")
