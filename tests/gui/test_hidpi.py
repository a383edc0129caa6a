"""The window on screens of other densities, at 1280 x 720 as people count: each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

LOOK = """
import json, sys, types
from PySide6.QtCore import QSettings
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QTabBar, QWidget
from gan_studio.gui import theme
from gan_studio.gui.session import Session
from gan_studio.gui.widgets.fold import Title
from gan_studio.gui.window import Window

app = QApplication([])
app.setFont(QFont("DejaVu Sans", 9))
theme.apply(app, "light")
engine = types.SimpleNamespace(new_run=None, TrainJob=None)
settings = QSettings(sys.argv[1], QSettings.Format.IniFormat)
window = Window(Session(engine=engine), settings, warm=lambda: (stage for stage in ("light", "ready")))
window.resize(1280, 720)
window.ready.connect(lambda: app.exit(0))  # quit would close the window
window.show()
app.exec()

def all_of(kind):
    return [w for w in window.findChildren(kind) if w.isVisible() and w.window() is window]

def name(widget):
    return f"{type(widget).__name__} {widget.text()!r}"

def wide(widget):
    return widget.fontMetrics().horizontalAdvance(widget.text())

def look():
    for _ in range(3):
        app.processEvents()
    labels = [w for w in all_of(QLabel) if w.text() and not w.wordWrap() and not isinstance(w, Title)]
    return {
        "narrow buttons": [name(b) for b in all_of(QAbstractButton) if b.text() and b.width() < b.sizeHint().width()],
        "low buttons": [name(b) for b in all_of(QAbstractButton) if b.text() and b.height() < b.sizeHint().height()],
        "cut labels": [name(w) for w in labels if w.width() < w.minimumSizeHint().width()],
        "cut titles": [name(t) for t in all_of(Title) if t.width() < wide(t)],
        "tabs out of sight": [t.accessibleName() for t in all_of(QTabBar) if t.width() < t.minimumSizeHint().width()],
    }

room = window.rooms[0]
seen = {"learn": look()}
looked_at = len(all_of(QAbstractButton)), len(all_of(Title)), len(all_of(QLabel))
room.settings.form.set_level("all")
for item in room.settings.form._root.all_items():
    item.reveal()
seen["all"] = look()
room.left.setCurrentIndex(1)
seen["runs"] = look()
grab = window.grab()
picture = grab.toImage()
colours = {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}
print(json.dumps({
    "window": [window.width(), window.height()], "grab": [grab.width(), grab.height()],
    "ratio": grab.devicePixelRatio(), "colours": len(colours), "seen": seen, "looked at": looked_at,
}))
window.close()
"""


@pytest.mark.parametrize("scale", ["1", "1.25", "1.5", "2"])
def test_nothing_is_cut(scale, tmp_path):
    environment = {**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
    told = subprocess.run(
        [sys.executable, "-c", LOOK, str(tmp_path / "window.ini")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout.splitlines()[-1])
    assert found["window"] == [1280, 720] and found["ratio"] == float(scale)
    assert found["grab"] == [round(1280 * float(scale)), round(720 * float(scale))]
    assert found["colours"] > 20 and min(found["looked at"]) > 5
    for state, faults in found["seen"].items():
        assert not any(faults.values()), (state, faults)
