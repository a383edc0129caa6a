"""The Explore tab looks deeper, as a user meets it: features of training pictures, the search, the network inside."""

from __future__ import annotations

import contextlib
import shutil
import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from gan_studio import images
from gan_studio.gui.explore import searching as searching_module
from gan_studio.gui.explore.heat import heat
from gan_studio.jobs.encoder import TRAINING, Encoding, kept
from gan_studio.jobs.explore import inputs, latent, render, view_of
from gan_studio.jobs.features import features_of
from gan_studio.jobs.invert import Found
from gan_studio.jobs.look_inside import inside, layers, spectrum
from gan_studio.jobs.neighbours import in_features, judge, neighbours
from gan_studio.jobs.snapshots import open_snapshot
from gan_studio.jobs.together import exhausted
from gan_studio.progress import Progress
from gan_studio.runs import Checkpoint

from . import exploring
from .exploring import SECONDS, choose_run, drawn, drop, notice, with_directions

CONVOLUTIONS = {
    "recipe.discriminator": {"kind": "dcgan", "width": 8},
    "recipe.generator": {"kind": "dcgan", "width": 8},
}


light_collections, open_window = exploring.light_collections, exploring.open_window
run = exploring.run


@pytest.fixture
def open_room(open_window, qtbot):
    def make(run):
        with_directions(run)
        room = open_window().rooms[0]
        choose_run(room, qtbot)
        return room

    return make


@pytest.fixture
def room(open_room, run):
    return open_room(run)


def core(run):
    return open_snapshot(run.folder, device="cpu")


# --- training pictures -----------------------------------------------------------------------------------------------


def test_neighbours_by_pixels_or_by_features(room, run, qtbot):
    room.company.button.click()
    qtbot.waitUntil(room.company.strip.isVisible, timeout=SECONDS)
    assert "By pixels" in room.company.said.text()
    by_pixels = room.company.strip._captions
    room.company.by.setFocus()
    qtbot.keyClick(room.company.by, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: "D's features" in room.company.said.text(), timeout=SECONDS)
    held = exhausted(in_features(exhausted(neighbours(core(run))), features_of(core(run))))
    _, far = held.nearest(room.shown, 5)
    assert room.company.strip._captions == [f"{one:.2f}" for one in far]
    qtbot.waitUntil(room.company.working.isHidden, timeout=SECONDS)
    qtbot.keyClick(room.company.by, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: "By pixels" in room.company.said.text(), timeout=SECONDS)
    assert room.company.strip._captions == by_pixels


def test_features_that_were_chosen_before_are_looked_at_after_reading(room, qtbot):
    room.company.by.setCurrentIndex(1)
    assert room.company.button.isVisible()
    room.company.button.click()
    qtbot.waitUntil(lambda: "D's features" in room.company.said.text(), timeout=SECONDS)
    before = room.company.strip._captions
    room.scene.go_to_seed(3)
    qtbot.waitUntil(lambda: room.company.strip._captions != before, timeout=SECONDS)
    assert "D's features" in room.company.said.text()


def test_looking_at_them_can_be_cancelled(room, qtbot):
    room.company.button.click()
    qtbot.waitUntil(room.company.strip.isVisible, timeout=SECONDS)
    room.company.by.setCurrentIndex(1)
    assert room.company.working.isVisible()
    room.company.cancel_button.click()
    assert room.company.working.isHidden() and not room.comparing.stream.is_running
    assert room.company.by.currentText() == "Pixels" and room.company.strip.isVisible()


def test_another_checkpoints_d_sees_with_its_own_eyes(room, run, qtbot):
    room.company.by.setCurrentIndex(1)
    room.company.button.click()
    qtbot.waitUntil(lambda: "D's features" in room.company.said.text(), timeout=SECONDS)
    weights, _ = run.checkpoint_at(10).load()
    other = {name: {key: value * 1.5 for key, value in tensors.items()} for name, tensors in weights.items()}
    run.save_checkpoint(20, other, {})
    room.opening.open_run(run)
    qtbot.waitUntil(lambda: room.view.step == 20 and room.shown is not None, timeout=SECONDS)
    held = exhausted(in_features(exhausted(neighbours(core(run))), features_of(core(run))))
    wanted = [f"{one:.2f}" for one in held.nearest(room.shown, 5)[1]]
    qtbot.waitUntil(lambda: room.company.strip._captions == wanted, timeout=SECONDS)


def test_without_d_random_convolutions_are_named(open_room, run, qtbot):
    weights, _ = Checkpoint(run.checkpoint_at(10).path).load()
    run.save_checkpoint(10, {"generator": weights["generator"]}, {})
    room = open_room(run)
    room.company.by.setCurrentIndex(1)
    room.company.button.click()
    qtbot.waitUntil(lambda: "random convolutions" in room.company.said.text(), timeout=SECONDS)
    assert room.company.score.text() == "This checkpoint holds no D."


# --- a picture from elsewhere ----------------------------------------------------------------------------------------


@pytest.fixture
def wanted(run, tmp_path):
    """A picture file that the generator makes of seed 31."""
    snapshot = core(run)
    images.write_png(tmp_path / "mine.png", render(view_of(snapshot, 31), snapshot), {})
    return tmp_path / "mine.png"


@pytest.fixture
def go_on(monkeypatch):
    """A search stays where it first tells of an encoder, or of a near picture, until this is set."""
    event, search = threading.Event(), searching_module.inverting

    def held(*given):
        with contextlib.closing(search(*given)) as told:
            for one in told:
                yield one
                tells = isinstance(one, Found) or (isinstance(one, Progress) and one.text == TRAINING)
                while tells and not event.wait(0.01):
                    yield one

    monkeypatch.setattr(searching_module, "inverting", held)
    return event


def searched(room, qtbot):
    qtbot.waitUntil(lambda: not room.searching.stream.is_running and bool(room.view.z), timeout=SECONDS)


def test_what_was_found_stays_readable_until_it_is_closed(room, wanted, go_on, qtbot):
    drop(room.window(), wanted)
    qtbot.waitUntil(lambda: "nearest so far" in room.search_row.said.text(), timeout=SECONDS)
    assert room.search_row.bar.isVisible() and not room.search_row.wanted.pixmap().isNull()
    go_on.set()
    searched(room, qtbot)
    said = room.search_row.said.text()
    error = np.sqrt(np.square(drawn(room, qtbot).astype(float) - images_of(wanted)).mean())
    assert said.startswith("The nearest that was found is ") and said.endswith("compared by pixels and D's features.")
    assert float(said.split()[6]) == pytest.approx(error, abs=0.5)
    room.scene.go_to_seed(2)
    assert room.search_row.isVisible() and room.search_row.said.text() == said
    room.search_row.close_button.click()
    assert room.search_row.isHidden()


def images_of(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture).astype(float)[:, :, None]


def test_options_begin_the_search_again(room, wanted, go_on, qtbot):
    drop(room.window(), wanted)
    qtbot.waitUntil(lambda: "nearest so far" in room.search_row.said.text(), timeout=SECONDS)
    room.search_row.features.trigger()
    assert room.searching.stream.is_running and room.search_row.said.text() == "Searching for mine.png"
    go_on.set()
    searched(room, qtbot)
    assert room.search_row.said.text().endswith("compared by pixels.")
    first = room.view.z
    room.search_row.features.trigger()
    assert not room.searching.stream.is_running  # it is asked for by its button
    room.search_row.again_button.click()
    qtbot.waitUntil(lambda: room.view.z not in ((), first), timeout=SECONDS)
    assert room.search_row.said.text().endswith("D's features.")


def test_an_encoder_is_trained_first_and_kept(room, run, wanted, go_on, qtbot, monkeypatch):
    small = Encoding(steps=40, width=8, batch_size=8)
    monkeypatch.setattr(searching_module, "Encoding", lambda: small)
    room.search_row.encoder.setChecked(True)
    drop(room.window(), wanted)
    qtbot.waitUntil(lambda: "Training an encoder" in room.search_row.said.text(), timeout=SECONDS)
    assert room.search_row.stop_button.text() == "Cancel"
    room.scene.go_to_seed(4)  # the picture can be moved meanwhile
    assert room.searching.stream.is_running
    go_on.set()
    searched(room, qtbot)
    assert "nearest that was found" in room.search_row.said.text()
    assert kept(core(run), small) is not None


def test_training_an_encoder_can_be_cancelled(room, run, wanted, qtbot):
    room.search_row.encoder.setChecked(True)
    drop(room.window(), wanted)
    qtbot.waitUntil(lambda: " left" in room.search_row.said.text(), timeout=SECONDS)
    room.search_row.stop_button.click()
    assert room.search_row.isHidden() and not room.searching.stream.is_running
    assert room.view.seed == 0 and not room.view.z and kept(core(run), Encoding()) is None


@pytest.mark.usefixtures("go_on")
def test_a_search_that_is_stopped_takes_the_nearest_so_far(room, wanted, qtbot):
    drop(room.window(), wanted)
    qtbot.waitUntil(lambda: "nearest so far" in room.search_row.said.text(), timeout=SECONDS)
    room.search_row.stop_button.click()
    assert room.view.z and "that was found" in room.search_row.said.text()


def test_a_picture_is_chosen_from_the_menu(room, wanted, qtbot, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(wanted), ""))
    actions = {action.text().replace("&", ""): action for action in room.open_menu.actions()}
    actions["A picture, to search for it…"].trigger()
    qtbot.waitUntil(lambda: room.search_row.isVisible(), timeout=SECONDS)
    searched(room, qtbot)


def test_what_cannot_be_searched_for_is_one_sentence(room, qtbot, tmp_path):
    stills = [Image.new("RGB", (20, 20), (0, 0, shade)) for shade in (0, 200)]
    stills[0].save(tmp_path / "film.gif", save_all=True, append_images=stills[1:])
    (tmp_path / "empty.png").write_bytes(b"")
    for name, words in (("film.gif", "is a film of 2 pictures"), ("empty.png", "is not a picture")):
        drop(room.window(), tmp_path / name)
        assert notice(room, qtbot, words).count(".") <= 3
        qtbot.waitUntil(room.search_row.isHidden, timeout=SECONDS)


def test_another_run_ends_the_search(room, picture_run, wanted, qtbot):
    other = with_directions(picture_run(seed=1, title="Other"))
    room.search_row.encoder.setChecked(True)
    drop(room.window(), wanted)
    qtbot.waitUntil(lambda: room.search_row.isVisible(), timeout=SECONDS)
    room.opening.open_run(other)
    qtbot.waitUntil(lambda: room.opened.choice.path == other.folder, timeout=SECONDS)
    assert not room.searching.stream.is_running and room.search_row.isHidden() and not room.view.z


# --- inside ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_inside(open_room, picture_run, qtbot):
    def make(changes=None):
        run = picture_run(changes)
        room = open_room(run)
        assert room.inside.isHidden() or not room.inside.isVisible()  # folded at first
        room.inside_fold.button.click()
        qtbot.waitUntil(lambda: room.inside.layers.count() > 0, timeout=SECONDS)
        return room, run

    return make


def seen(room, qtbot, name, view):
    """What the panel shows, once it is of this layer and view."""
    own = core_of(room)
    wanted = inside(own, name, latent(view, own))
    qtbot.waitUntil(
        lambda: (
            room.inside._found is not None
            and room.inside._found.layer == name
            and np.array_equal(room.inside._found.maps, wanted.maps)
        ),
        timeout=SECONDS,
    )
    return wanted


def core_of(room):
    return open_snapshot(room.opened.choice.path, room.view.step, device="cpu")


def test_every_layer_can_be_looked_at(open_inside, qtbot):
    room, _ = open_inside(CONVOLUTIONS)
    names = [layer.name for layer in layers(core_of(room))]
    assert [room.inside.layers.itemData(i) for i in range(room.inside.layers.count())] == names
    seen(room, qtbot, names[len(names) // 2], room.view)
    room.inside.layers.setCurrentIndex(0)
    room.inside.layers.activated.emit(0)
    found = seen(room, qtbot, names[0], room.view)
    room.sides.ensureWidgetVisible(room.inside.channels)
    place = 5
    where = room.inside.channels.rect_of(place).center().toPoint()
    qtbot.mouseClick(room.inside.channels, Qt.MouseButton.LeftButton, pos=where)
    said = room.inside.said.text()
    assert said.startswith(f"Channel {found.channels[place]} of {found.shape[0]}: mean {found.means[place]:.3g}")
    assert said.endswith(f"deviation {found.stds[place]:.3g}")
    qtbot.keyClick(room.inside.channels, Qt.Key.Key_Right)
    assert room.inside.said.text().startswith(f"Channel {found.channels[place + 1]} ")
    qtbot.keyClick(room.inside.channels, Qt.Key.Key_Up)  # there is no row above
    assert room.inside.channels.place == place + 1


def test_a_map_is_painted_in_its_colours(open_inside, qtbot):
    room, _ = open_inside(CONVOLUTIONS)
    name = room.inside.layer
    found = seen(room, qtbot, name, room.view)
    view = room.inside.channels
    image = view.grab().toImage()
    full = np.percentile(np.abs(found.maps), 99)
    for place in (0, len(found.channels) - 1):
        where = view.rect_of(place).toRect()
        H, W = found.maps.shape[1:]
        y, x = H // 2, W // 2
        ratio = image.devicePixelRatio()
        at = image.pixelColor(
            int((where.x() + (x + 0.5) * where.width() / W) * ratio),
            int((where.y() + (y + 0.5) * where.height() / H) * ratio),
        )
        expected = heat(found.maps[place, y, x] / full)
        assert np.abs(np.array(at.getRgb()[:3]) - expected).max() <= 3


def test_a_linear_layer_is_a_strip_of_bars(open_inside, qtbot):
    room, _ = open_inside()
    room.inside.layers.setCurrentIndex(0)
    room.inside.layers.activated.emit(0)
    found = seen(room, qtbot, room.inside.layer, room.view)
    assert found.is_linear
    last = len(found.channels) - 1
    where = room.inside.channels.rect_of(last).center().toPoint()
    qtbot.mouseClick(room.inside.channels, Qt.MouseButton.LeftButton, pos=where)
    assert room.inside.said.text() == f"Channel {found.channels[last]} of {found.shape[0]}: {found.means[last]:.3g}"


def test_it_follows_when_the_hand_rests(open_inside, qtbot):
    room, _ = open_inside(CONVOLUTIONS)
    name = room.inside.layer
    before = seen(room, qtbot, name, room.view)
    for seed in (3, 4, 5):
        room.scene.go_to_seed(seed)
        assert np.array_equal(room.inside._found.maps, before.maps)  # not while the hand moves
    seen(room, qtbot, name, room.view)
    room.inside_fold.button.click()
    room.scene.go_to_seed(6)
    qtbot.waitUntil(lambda: room.shown is not None and not room.scene.resting.is_busy, timeout=SECONDS)
    room.inside_fold.button.click()
    seen(room, qtbot, name, room.view)


def test_the_networks_layers_are_looked_into_on_one_copy(open_inside, qtbot):
    room, _ = open_inside(CONVOLUTIONS)
    seen(room, qtbot, room.inside.layer, room.view)
    first = room.looking._own.snapshot.network
    room.scene.go_to_seed(8)
    seen(room, qtbot, room.inside.layer, room.view)
    assert room.looking._own.snapshot.network is first and first is not room.scene.snapshot.network


def test_the_spectrum_stands_beside_that_of_the_training_pictures(open_inside, qtbot):
    room, run = open_inside()
    seen(room, qtbot, room.inside.layer, room.view)
    chart = room.inside.spectrum.chart
    found = spectrum(drawn(room, qtbot))
    (line,) = chart.lines
    np.testing.assert_allclose(line.x, found.frequencies)
    np.testing.assert_allclose(line.y, np.log10(found.radial + 1e-12))
    assert "Read the training pictures" in room.inside.spectrum.said.text()
    room.company.button.click()
    qtbot.waitUntil(lambda: len(chart.lines) == 2, timeout=SECONDS)
    pictures = exhausted(neighbours(core(run))).pictures[:1024]
    expected = np.mean([spectrum(one).radial for one in pictures], axis=0)
    np.testing.assert_allclose(chart.lines[1].y, np.log10(expected + 1e-12), rtol=1e-6)
    room.comparing.stop()
    assert len(chart.lines) == 1


def test_another_checkpoint_and_another_run(open_inside, picture_run, qtbot):
    room, run = open_inside(CONVOLUTIONS)
    other = with_directions(picture_run(title="Other"))
    weights, _ = run.checkpoint_at(10).load()
    run.save_checkpoint(20, {name: {k: v + 0.05 for k, v in w.items()} for name, w in weights.items()}, {})
    room.opening.open_run(run)
    qtbot.waitUntil(lambda: room.view.step == 20, timeout=SECONDS)
    seen(room, qtbot, room.inside.layer, room.view)
    room.opening.open_run(other)
    qtbot.waitUntil(lambda: room.opened.choice.path == other.folder, timeout=SECONDS)
    names = [layer.name for layer in layers(core(other))]
    qtbot.waitUntil(lambda: room.inside.layer in names, timeout=SECONDS)
    seen(room, qtbot, room.inside.layer, room.view)


def test_every_control_has_a_name_and_a_tool_tip(open_inside, wanted, qtbot, assert_named):
    room, _ = open_inside()
    drop(room.window(), wanted)
    searched(room, qtbot)
    assert_named(room)
    from PySide6.QtWidgets import QAbstractButton, QComboBox

    kinds = (QAbstractButton, QComboBox)
    bare = [w for kind in kinds for w in room.findChildren(kind) if w.isVisible() and not w.toolTip()]
    assert not bare


def test_closing_while_it_looks_and_searches_leaves_nothing_behind(open_inside, wanted, qtbot):
    room, _ = open_inside(CONVOLUTIONS)
    room.search_row.encoder.setChecked(True)
    drop(room.window(), wanted)
    room.company.by.setCurrentIndex(1)
    room.company.button.click()
    qtbot.waitUntil(lambda: room.searching.stream.is_running, timeout=SECONDS)
    room.inside.layers.activated.emit(0)
    room.window().close()


def test_the_map_of_colours_is_dark_at_0_and_differs_at_its_ends():
    assert heat(np.array(0.0)).tolist() == [20, 23, 28]
    low, high = heat(np.array([-1.0, 1.0])).astype(int)
    assert low[2] > low[0] + 50 and high[0] > high[2] + 50
    lightness = heat(np.linspace(0, 1, 33)).astype(float) @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) > 0).all() and heat(np.zeros((3, 4))).shape == (3, 4, 3)


@pytest.mark.usefixtures("go_on")
def test_of_a_generator_with_classes_it_is_this_class(open_room, run, class_file, qtbot, tmp_path):
    room = open_room(run)
    room.opening.take(class_file)
    qtbot.waitUntil(lambda: room.opened.choice.path == class_file and room.shown is not None, timeout=SECONDS)
    own = open_snapshot(class_file, device="cpu")
    room.scene.show_view(room.view.of_classes(((3, 1.0),)))
    room.inside_fold.button.click()
    name = layers(own)[-1].name
    qtbot.waitUntil(lambda: room.inside.layers.findData(name) >= 0, timeout=SECONDS)
    room.inside.layers.setCurrentIndex(room.inside.layers.findData(name))
    room.inside.layers.activated.emit(0)
    wanted = inside(own, name, inputs([room.view], own))
    qtbot.waitUntil(lambda: np.array_equal(room.inside._found.maps, wanted.maps), timeout=SECONDS)
    assert not room.company.by.isEnabled() and "not trained here" in room.company.hint.text()

    images.write_png(tmp_path / "third.png", render(view_of(own, 7).of_classes(((3, 1.0),)), own), {})
    drop(room.window(), tmp_path / "third.png")
    qtbot.waitUntil(lambda: "nearest so far" in room.search_row.said.text(), timeout=SECONDS)
    room.search_row.stop_button.click()
    assert room.view.z and room.view.classes == ((3, 1.0),)
    assert room.search_row.said.text().endswith("compared by pixels and random convolutions.")


def test_d_speaks_where_the_training_pictures_are_gone(open_room, picture_run, qtbot, tmp_path):
    """The folder that a run learnt from may be moved; its D is still there."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for i in range(4):
        Image.new("L", (16, 16), 60 * i).save(folder / f"{i}.png")
    source = {"kind": "image-folder", "path": str(folder), "size": 16, "channels": "grey"}
    room = open_room(picture_run({"data": source}))
    for path in folder.iterdir():
        path.unlink()
    room.company.button.click()
    qtbot.waitUntil(lambda: "D's score" in room.company.score.text(), timeout=SECONDS)
    qtbot.waitUntil(lambda: not room.comparing.stream.is_running, timeout=SECONDS)
    assert room.company.button.isVisible() and room.notices.bars
    assert room.company.working.isHidden() and not room.company.strip.isVisible()
    first = room.company.score.text()
    room.scene.go_to_seed(4)
    qtbot.waitUntil(lambda: room.company.score.text() != first, timeout=SECONDS)


def test_a_d_that_is_gone_is_one_sentence(room, run, qtbot):
    shutil.rmtree(run.folder)
    room.company.button.click()
    assert "Error" not in notice(room, qtbot, "is not there any more; bring it back")


def test_a_checkpoint_that_comes_while_the_pictures_are_read(room, run, qtbot, monkeypatch):
    weights, _ = run.checkpoint_at(10).load()
    run.save_checkpoint(20, {name: {k: v * 1.5 for k, v in w.items()} for name, w in weights.items()}, {})
    room.company.button.click()
    room.opening.open_run(run, 20)
    qtbot.waitUntil(lambda: room.view.step == 20 and room.company.strip.isVisible(), timeout=SECONDS)
    score = judge(core(run))(drawn(room, qtbot)[None])[0]
    qtbot.waitUntil(lambda: room.company.score.text() == f"D's score: {score:+.2f}", timeout=SECONDS)


def test_of_several_pictures_d_scores_all_and_the_first_is_compared(room, run, qtbot):
    room.company.button.click()
    qtbot.waitUntil(room.company.strip.isVisible, timeout=SECONDS)
    room.inside_fold.button.click()
    room.scene.show_many(4)
    own = core(run)
    shown = np.stack([render(view_of(own, seed), own) for seed in range(4)])
    scores = judge(own)(shown)
    wanted = f"D's scores: {scores.min():+.2f} to {scores.max():+.2f}, the first {scores[0]:+.2f}"
    qtbot.waitUntil(lambda: room.company.score.text() == wanted, timeout=SECONDS)
    assert room.company.said.text().startswith("Those of the first picture.")
    _, far = exhausted(neighbours(own)).nearest(shown[0], 5)
    assert room.company.strip._captions == [f"{one:.0f}" for one in far]
    qtbot.waitUntil(lambda: "the first picture" in room.inside.said.text(), timeout=SECONDS)
    room.scene.show_many(1)
    qtbot.waitUntil(lambda: room.company.score.text() == f"D's score: {scores[0]:+.2f}", timeout=SECONDS)
    qtbot.waitUntil(lambda: "this picture" in room.inside.said.text(), timeout=SECONDS)
