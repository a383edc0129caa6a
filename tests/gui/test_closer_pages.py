"""The pages of the Evaluate tab that show failure, as a user meets them: look closely, read, point, stop, save."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from gan_studio import runs
from gan_studio.config import ConfigError
from gan_studio.feature_networks import Looked
from gan_studio.feature_networks.pixels import EyeOfPixels
from gan_studio.gui import theme
from gan_studio.gui.evaluate import closer as closer_module
from gan_studio.gui.evaluate import map_page, spectrum_page
from gan_studio.gui.evaluate.classes_page import ClassesPage
from gan_studio.gui.evaluate.closer import Closer
from gan_studio.gui.evaluate.closer_page import CloserPage
from gan_studio.gui.evaluate.map_page import MapPage
from gan_studio.gui.evaluate.nearest_page import HONEST, TRAIN, UNSEEN, NearestPage
from gan_studio.gui.evaluate.room import EvaluateRoom
from gan_studio.gui.evaluate.smoothness_page import SmoothnessPage
from gan_studio.gui.evaluate.spectrum_page import SpectrumPage
from gan_studio.gui.worker import Worker
from gan_studio.jobs.classes_shown import classes_of, interval
from gan_studio.jobs.closely import Close
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.metrics import Seen
from gan_studio.progress import Progress

from . import exploring
from .exploring import SECONDS, opened_window

LEFT = Qt.MouseButton.LeftButton
PAGES = (ClassesPage, NearestPage, MapPage, SpectrumPage, SmoothnessPage)

light_collections = exploring.light_collections


class Eye(EyeOfPixels):
    """Pixels, and three classes by brightness."""

    name, classes = "a small eye", ("dark", "middle", "bright")

    def __init__(self):
        import torch

        super().__init__(1024, torch.device("cpu"))

    def look(self, pictures):
        mean = pictures.reshape(len(pictures), -1).mean(axis=1)
        classes = np.digitize(mean, [85, 170])
        return Looked(super().look(pictures).rows, np.eye(3, dtype=np.float32)[classes])


def pictures(count, seed, means=(40, 128, 210)):
    rng = np.random.default_rng(seed)
    return np.clip(np.resize(means, count)[:, None, None, None] + rng.normal(0, 20, (count, 16, 16, 1)), 0, 255).astype(
        np.uint8
    )


def seen(eye, pixels):
    looked = eye.look(pixels)
    return Seen(looked.rows, looked.chances, pixels)


@pytest.fixture
def run(picture_run):
    run = picture_run()
    shutil.copytree(run.checkpoint_at(10).path, run.folder / "checkpoints" / "step-00000020")
    run.set_state(runs.State("stopped", 20, 40))
    return run


@pytest.fixture
def fake(monkeypatch, run):
    """Instead of looking: generated pictures without bright ones, two of them copies. Waits while `gate` is shut."""
    asked, gate, eye = [], threading.Event(), Eye()
    gate.set()
    real = pictures(60, 1)

    def look_closely(chosen, how):
        asked.append((chosen, how))
        yield Progress(0, 10, "Making pictures")
        while not gate.wait(0.01):
            yield Progress(5, 10, "Making pictures")
        if chosen.step == 20 and len(asked) > 9:
            raise ConfigError("No.")
        made = np.concatenate([pictures(38, 2, (40, 128)), real[:2]])
        snapshot = open_snapshot(run.folder, device="cpu")
        yield Progress(10, 10, "Making pictures")
        shown = seen(eye, made), seen(eye, real), seen(eye, pictures(60, 3))
        return Close("a run", 20, eye, "Squares", *shown, ("A note.",), 0, snapshot)

    monkeypatch.setattr(closer_module, "look_closely", look_closely)
    monkeypatch.setattr(map_page, "drawn_map", lambda close: original(close, most=20, iterations=60))
    return asked, gate


original = map_page.drawn_map


@pytest.fixture
def room(qtbot, tmp_path, request, monkeypatch, fake):
    room = opened_window(qtbot, tmp_path, request, monkeypatch, (EvaluateRoom,)).rooms[0]
    qtbot.waitUntil(lambda: room.desk.subject is not None and room._fits is not None, timeout=SECONDS)
    qtbot.waitUntil(lambda: not room.desk.disk.is_busy, timeout=SECONDS)
    return room


def show(room, kind) -> CloserPage:
    page = room.page(kind)
    room.pages.setCurrentWidget(page)
    return page


def look(room, qtbot, kind) -> CloserPage:
    """Press its button, and wait until all is there."""
    page = show(room, kind)
    if page.is_blank:
        qtbot.mouseClick(page.first_button, LEFT)
    settle(room, qtbot)
    return page


def settle(room, qtbot):
    closer = Closer.of(room.desk)
    qtbot.waitUntil(lambda: not closer.working, timeout=SECONDS)


def test_nothing_is_looked_at_before_it_is_asked_for(room, fake, qtbot):
    asked, _ = fake
    for kind in PAGES:
        page = show(room, kind)
        assert page.is_blank and "step 20" in page.first_button.text() and page.words.text() == page.about
    assert asked == []


def test_one_look_serves_all_pages(room, fake, run, qtbot):
    asked, _ = fake
    for kind in PAGES:
        assert not look(room, qtbot, kind).is_blank
    ((chosen, how),) = asked
    assert (chosen.path, chosen.step) == (run.folder, 20)
    assert (how.features.kind, how.against) == (room.measure.eye() or "auto", "")


def test_another_step_is_another_look(room, fake, qtbot):
    look(room, qtbot, SpectrumPage)
    room.desk.look_at(10)
    page = room.page(SpectrumPage)
    assert page.is_blank and "step 10" in page.first_button.text()
    look(room, qtbot, SpectrumPage)
    assert [chosen.step for chosen, _ in fake[0]] == [20, 10]


def test_a_look_shows_how_far_it_is_and_can_be_cancelled(room, fake, qtbot):
    _, gate = fake
    gate.clear()
    page = show(room, SpectrumPage)
    qtbot.mouseClick(page.first_button, LEFT)
    qtbot.waitUntil(lambda: page.bar.value() == 5, timeout=SECONDS)
    assert page.busy.isVisible() and "Making pictures" in page.doing.text() and page.bar.maximum() == 10
    qtbot.mouseClick(page.cancel_button, LEFT)
    assert page.is_blank and page.closer.close is None and not page.closer.working
    gate.set()
    assert not look(room, qtbot, SpectrumPage).is_blank


def test_what_cannot_be_looked_at_is_one_sentence(room, monkeypatch, qtbot):
    def refuse(chosen, how):
        yield Progress(0, 1, "Opening it")
        raise ConfigError("It is broken; take another.")

    monkeypatch.setattr(closer_module, "look_closely", refuse)
    page = look(room, qtbot, MapPage)
    assert page.is_blank and page.words.text() == "It is broken; take another." and page.first_button.isEnabled()


def test_what_a_page_makes_of_a_look_is_cancelled_and_fails_for_itself(room, qtbot, monkeypatch):
    gate = threading.Event()

    def slow(close):
        while not gate.wait(0.01):
            yield Progress(1, 2, "Taking spectra")
        raise ConfigError("Too few.")

    monkeypatch.setattr(spectrum_page, "spectra", slow)
    page = show(room, SpectrumPage)
    qtbot.mouseClick(page.first_button, LEFT)
    qtbot.waitUntil(lambda: page.bar.value() == 1, timeout=SECONDS)
    qtbot.mouseClick(page.cancel_button, LEFT)
    assert not page.closer.working and page.is_blank and "cancelled" in page.words.text()
    gate.set()
    qtbot.mouseClick(page.first_button, LEFT)  # the look is there: this is the page's own work
    settle(room, qtbot)
    assert page.is_blank and page.words.text() == "Too few." and page.first_button.text() == "Again"
    assert not look(room, qtbot, NearestPage).is_blank  # what failed elsewhere is no reason here
    assert show(room, SpectrumPage).words.text() == "Too few."


def test_classes_name_what_is_dropped(room, qtbot):
    page = look(room, qtbot, ClassesPage)
    assert page.told.text().startswith("Dropped: bright") or "Too rare: bright" in page.told.text()
    assert "bright: real 33.3%" in page.bars.accessibleDescription()
    assert page.bars.order == [0, 1, 2]
    page.by_gap.click()
    assert page.bars.order[0] == 2
    assert not page.bars.grab().toImage().isNull()


def test_intervals_of_shares_are_wilsons():
    from scipy.stats import binomtest

    low, high = interval(np.array([0.0, 0.25]), 40)
    for share, (a, b) in zip((0.0, 0.25), zip(low, high, strict=True), strict=True):
        expected = binomtest(round(40 * share), 40).proportion_ci(0.95, "wilson")
        assert (a, b) == pytest.approx(expected, abs=1e-3)


def test_an_eye_without_classes_says_what_to_choose(room, qtbot, monkeypatch):
    page = look(room, qtbot, ClassesPage)
    monkeypatch.setattr(Eye, "classes", ())
    page.show_now()
    assert page.is_blank and "know no classes" in page.words.text()


def test_copies_stand_first_beside_their_originals(room, qtbot):
    page = look(room, qtbot, NearestPage)
    assert page.table.rowCount() == 40 and not page.table.isColumnHidden(UNSEEN)
    assert page.notes.text() == "A note." and page.notes.isVisible()
    assert {page.table.item(row, 0).text() for row in (0, 1)} == {"no. 38", "no. 39"}
    assert page.table.item(0, TRAIN).text() == "0 away" and page.table.item(0, HONEST).text() == "0 of 100"
    assert not page.table.grab().isNull()
    made = [page.table.item(row, 0)._icon is not None for row in range(40)]
    assert made[0] and not made[-1]  # what is not seen is not made
    assert not page.table.item(0, 0).icon().isNull()
    assert [line.label for line in page.chart.lines] == ["honest", "generated"]
    page.by.setCurrentIndex(page.by.findData("pixels"))
    page.by.activated.emit(page.by.currentIndex())
    settle(room, qtbot)
    assert page.found.by == "pixels" and page.table.item(0, TRAIN).text() == "0 away"
    page.by.setCurrentIndex(0)
    page.by.activated.emit(0)
    assert page.found.by == "a small eye" and not page.closer.working  # it is known already


def test_the_sheet_is_saved(room, qtbot, tmp_path):
    page = look(room, qtbot, NearestPage)
    qtbot.mouseClick(page.save_button, LEFT)
    (dialog,) = page.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "sheet.png"))
    qtbot.waitUntil(lambda: not page.exporting.under_way, timeout=SECONDS)
    dialog.close()
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (3 * 16 + 2 * 4, 32 * 20 - 4)
        first = np.asarray(sheet)[:16, :36]
    assert np.array_equal(first[:, :16], first[:, 20:])  # a copy beside its original


def test_the_map_shows_pictures_where_one_points(room, qtbot):
    page = look(room, qtbot, MapPage)
    view = page.view
    assert len(view.map.points) == 60 and view.map.iteration == 60 and "60 pictures" in page.status.text()
    point = 7
    qtbot.mouseMove(view, view.place_of(point).toPoint())
    qtbot.waitUntil(lambda: view.at >= 0)
    assert view._picture is not None and view.words().split()[0] in ("Real", "Unseen", "Generated")
    qtbot.mouseMove(view, QPoint(1, 1))
    qtbot.waitUntil(lambda: view.at == -1)
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    first = view.at
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.at == first >= 0 and view.words() in view.accessibleDescription()


def test_kinds_are_hidden_and_points_coloured_by_class(room, qtbot):
    page = look(room, qtbot, MapPage)
    before = page.view.grab().toImage()
    page.view._point(7)
    page.kinds["real"].click()
    assert page.view.at == -1 and "Real" not in page.view.accessibleDescription()
    page.kinds["unseen"].click()
    assert page.view.visible().sum() == 20 and page.view.grab().toImage() != before
    assert all(page.view.nearest(page.view.place_of(i)) >= 40 or page.view.nearest(page.view.place_of(i)) == -1
               for i in range(40))  # fmt: skip
    before = page.view.grab().toImage()
    page.colouring.setCurrentIndex(1)
    page.colouring.activated.emit(1)
    assert page.view.by_class and page.view.grab().toImage() != before


def test_a_map_is_stopped_where_it_is_and_drawn_again(room, qtbot, monkeypatch):
    page = look(room, qtbot, MapPage)
    go = threading.Event()

    def slow(close):
        for one in original(close, most=20, iterations=60):
            yield one
            if not isinstance(one, Progress) and not go.wait(60):
                return

    monkeypatch.setattr(map_page, "drawn_map", slow)
    qtbot.mouseClick(page.again_button, LEFT)
    assert "Stop" in page.again_button.text().replace("&", "")  # also while the first points are being placed
    qtbot.waitUntil(lambda: page.view.map.iteration == 10, timeout=SECONDS)
    assert "Stop" in page.again_button.text().replace("&", "")
    qtbot.mouseClick(page.again_button, LEFT)
    go.set()
    assert "Again" in page.again_button.text().replace("&", "") and "stopped at 10 of 60" in page.status.text()
    monkeypatch.setattr(map_page, "drawn_map", lambda close: original(close, most=20, iterations=60))
    qtbot.mouseClick(page.again_button, LEFT)
    settle(room, qtbot)
    assert page.view.map.iteration == 60 and "stopped" not in page.status.text()


def test_spectra_have_bands_and_pictures(room, qtbot):
    page = look(room, qtbot, SpectrumPage)
    assert [line.label for line in page.chart.lines] == ["real", "generated"] and "dB" in page.told.text()
    assert all(grid.image() is not None for grid in page.pictures.values())
    assert "60 real pictures and 40 generated" in page.notes.text()


def test_walks_are_chosen_and_their_steps_pointed_at(room, qtbot):
    page = look(room, qtbot, SmoothnessPage)
    assert page.table.rowCount() == len(page.found.ways) and "Unevenness" in page.told.text()
    first = page.strip.image()
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    assert page.way() is page.found.ways[1] and page.strip.image() != first
    page.chart.setFocus()
    qtbot.keyClick(page.chart, Qt.Key.Key_Right)
    qtbot.keyClick(page.chart, Qt.Key.Key_Right)
    assert page.chart.cursor_x == 2 and page.strip.accessibleDescription().count("Step 2")
    qtbot.mouseClick(page.chart, LEFT, pos=page.chart.point(5.0, 0.0).toPoint())
    assert page.chart.cursor_x == 5


def test_a_folder_needs_a_real_one_and_has_no_walks(room, qtbot, tmp_path, fake):
    folder = tmp_path / "made"
    folder.mkdir()
    for i, pixels in enumerate(pictures(10, 4)):
        Image.fromarray(pixels[..., 0]).save(folder / f"{i}.png")
    room.take(folder)
    qtbot.waitUntil(lambda: room.desk.subject.path == folder, timeout=SECONDS)
    page = show(room, SmoothnessPage)
    assert page.is_blank and "Choose a folder of real pictures" in page.words.text()
    room.measure.compare_with(tmp_path)
    qtbot.waitUntil(lambda: room.desk.real == tmp_path, timeout=SECONDS)
    assert look(room, qtbot, SpectrumPage) and fake[0][-1][1].against == str(tmp_path)


@pytest.mark.usefixtures("patient")
def test_a_window_that_closes_waits_for_what_computes(room, fake, qtbot):
    _, gate = fake
    gate.clear()
    page = show(room, MapPage)
    qtbot.mouseClick(page.first_button, LEFT)
    (worker,) = page.closer.findChildren(Worker)
    room.leave()
    assert not worker.is_alive() and not page.closer.working
    gate.set()


PAINTED = {
    ClassesPage: lambda page: page.bars,
    NearestPage: lambda page: page.chart,
    MapPage: lambda page: page.view,
    SpectrumPage: lambda page: page.chart,
    SmoothnessPage: lambda page: page.chart,
}


@pytest.mark.parametrize("kind", PAGES)
def test_pages_are_named_fit_and_are_drawn_in_both_themes(room, qtbot, qapp, kind, assert_named):
    page = look(room, qtbot, kind)
    assert_named(page)
    controls = [w for w in page.findChildren(QWidget) if w.isVisible() and w.focusPolicy().value & 1]
    assert [w for w in controls if not (w.toolTip() or w.accessibleDescription())] == []
    assert page.minimumSizeHint().width() <= 700 and page.minimumSizeHint().height() <= 480
    part = PAINTED[kind](page)
    light = part.grab().toImage()
    theme.apply(qapp, "dark")
    dark = part.grab().toImage()
    theme.apply(qapp, "light")
    assert dark != light and part.grab().toImage() == light


def test_classes_that_are_colours_have_their_own():
    names = ("red", "blue", "tabby", "7")
    hues = [map_page.class_colour(i, names).hslHueF() for i in range(4)]
    assert hues[0] == pytest.approx(0, abs=0.01) and hues[1] == pytest.approx(2 / 3, abs=0.01)
    assert len({map_page.class_colour(i, names).name() for i in range(4)}) == 4


def test_shares_tell_dropped_from_rare():
    eye = Eye()
    close = Close("r", 1, eye, "", seen(eye, pictures(200, 1, (40, 128))), seen(eye, pictures(300, 2)), None, ())
    found = classes_of(close)
    assert found.dropped == (2,) and found.rare == () and found.told() == "Dropped: bright."
    few = np.concatenate([pictures(180, 1, (40, 128)), pictures(20, 1, (210,))])
    found = classes_of(Close("r", 1, eye, "", seen(eye, few), seen(eye, pictures(300, 2)), None, ()))
    assert found.dropped == () and found.rare == (2,) and "Too rare: bright" in found.told()
    assert (
        "No class is dropped, and none"
        in classes_of(Close("r", 1, eye, "", seen(eye, pictures(90, 3)), seen(eye, pictures(300, 2)), None, ())).told()
    )
