"""The Evaluate tab as a user meets it: choose, measure, see which step is best and why, and what the doctor says."""

from __future__ import annotations

import hashlib
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from gan_studio import runs
from gan_studio.conditions import Evidence, Finding, Remedy
from gan_studio.config import option
from gan_studio.feature_networks import FEATURE_NETWORKS, FeatureNetwork, inception
from gan_studio.gui.evaluate import examining, reading
from gan_studio.gui.evaluate.choosing import EVERY
from gan_studio.gui.evaluate.doctor_page import DoctorPage
from gan_studio.gui.evaluate.measure_panel import KIND
from gan_studio.gui.evaluate.numbers import NumbersPage, newest_of_each
from gan_studio.gui.evaluate.over_time import OverTimePage
from gan_studio.gui.evaluate.room import EvaluateRoom
from gan_studio.gui.evaluate.spectrum_page import SpectrumPage
from gan_studio.gui.evaluate.table import BADGE, MEASURE, OF, VALUE, as_csv, rows_of
from gan_studio.gui.worker import Worker
from gan_studio.jobs.diagnose import Diagnosis
from gan_studio.jobs.evaluations import Basis, Evaluated, Number, keep, read
from gan_studio.jobs.verdict import figure, headline, judge
from gan_studio.progress import Progress
from gan_studio.runs import Run

from . import exploring
from .exploring import SECONDS, drop, notice, opened_window, press

STEPS = (10, 20, 30)
VALUES = {10: 20.0, 20: 12.0, 30: 14.0}  # of the Frechet distance
BASIS = Basis("cnn", "digits CNN", "16 x 16 px", "abc", "Digits", (500, 500), {"kind": "frechet"})
FRECHET = ("frechet", "Frechet distance (digits CNN)")


light_collections = exploring.light_collections


@pytest.fixture
def open_window(qtbot, tmp_path, request, monkeypatch):
    return lambda rooms=(EvaluateRoom,): opened_window(qtbot, tmp_path, request, monkeypatch, rooms)


@pytest.fixture
def run(picture_run) -> Run:
    run = picture_run()
    for step in STEPS[1:]:
        shutil.copytree(run.checkpoint_at(10).path, run.folder / "checkpoints" / f"step-{step:08d}")
    for step in STEPS:
        Image.fromarray(np.full((16, 16), step, np.uint8)).save(run.folder / "samples" / f"step-{step:08d}.png")
    run.append_curves([10, 20, 30], {"D/real": np.array([0.5, 0.4, 0.1], np.float32)})
    run.set_state(runs.State("stopped", 30, 40))
    return run


def number(value, half=0.5, measure=FRECHET, better="lower", ideal=0.0, basis=BASIS, **more) -> Number:
    return Number(*measure, value, value - half, value + half, None, better, ideal, basis, **more)


def told(run, step, value, **more) -> Evaluated:
    recall = number(0.3 + step / 100, 0.05, ("recall", "Recall (digits CNN)"), "higher", 1.0)
    return Evaluated(run.name, step, (number(value, **more), recall), ("A note.",))


def measured(run, values=VALUES, **more) -> list[Evaluated]:
    """What an evaluation would have left."""
    found = [told(run, step, value, **more) for step, value in values.items()]
    for one in found:
        keep(run, one)
    return found


@pytest.fixture
def fake(monkeypatch, run):
    """Instead of measuring: what was asked is noted, and `VALUES` are told. Nothing goes on before `gate` is open."""
    asked, gate = [], threading.Event()
    gate.set()

    def evaluate(chosen, evaluation):
        asked.append((chosen, evaluation))
        for place, one in enumerate(chosen):
            yield Progress(place, len(chosen), f"Step {one.step}: making samples")
            while not gate.wait(0.01):
                yield Progress(place, len(chosen), f"Step {one.step}: making samples")
            if one.step is None:
                yield Evaluated(str(one.path), None, (number(9.0),))
            else:
                keep(run, told(run, one.step, VALUES[one.step]))
                yield read(run)[-1]

    monkeypatch.setattr(reading, "evaluate", evaluate)
    return asked, gate


@pytest.fixture
def room(open_window, run, qtbot):
    return ready(open_window().rooms[0], qtbot)


def ready(room, qtbot) -> EvaluateRoom:
    qtbot.waitUntil(lambda: room.desk.subject is not None and room._fits is not None, timeout=SECONDS)
    qtbot.waitUntil(lambda: not room.desk.disk.is_busy, timeout=SECONDS)
    return room


def evaluate(room, qtbot, steps=EVERY):
    room.steps.setCurrentIndex(room.steps.findData(steps))
    qtbot.mouseClick(room.measure.evaluate_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not room.working_on.is_running, timeout=SECONDS)


def show(room, kind):
    page = room.page(kind)
    room.pages.setCurrentWidget(page)
    return page


def cells(page, column) -> list[str]:
    return [page.table.item(row, column).text() for row in range(page.table.rowCount())]


# --- the verdict, without a window -----------------------------------------------------------------------------------


def test_the_headline_says_which_step_is_best_and_why(run):
    found = [told(run, step, value) for step, value in VALUES.items()]
    assert headline(judge(found, FRECHET)) == (
        "Step 20 is best by Frechet distance (digits CNN): 12 (11.5 to 12.5); the newest, 30, has 14."
    )
    near = [*found, told(run, 30, 12.4)]  # measured again: the later number counts
    assert headline(judge(near, FRECHET)).endswith("the newest, 30, has 12.4, which their intervals do not tell apart.")
    assert headline(judge(found[:2], FRECHET)).startswith("Step 20, the newest, is best by")
    assert "alone was measured" in headline(judge(found[:1], FRECHET))
    assert judge(found, ("kernel", "Kernel distance")) is None
    recall = judge(found, ("recall", "Recall (digits CNN)"))
    assert recall.best.step == 30  # where more is better


def test_what_was_measured_otherwise_is_left_out_of_the_verdict(run):
    other = replace(BASIS, samples=(100, 100))
    found = [told(run, 10, 1.0, basis=other), told(run, 20, 12.0), told(run, 30, 14.0)]
    verdict = judge(found, FRECHET)
    assert (verdict.best.step, verdict.count) == (20, 2)
    assert verdict.left_out == {10: "other number of samples: 500, 100"}
    assert headline(verdict).endswith(
        "Step 10 was measured otherwise, and left out (other number of samples: 500, 100)."
    )


def of_other_eye(run, step, value) -> Evaluated:
    basis = replace(BASIS, eye="pixels", eye_name="pixels")
    return Evaluated(run.name, step, (number(value, measure=("frechet", "Frechet distance (pixels)"), basis=basis),))


@pytest.mark.parametrize("others", ["samples", "features", "weights", "no number", "both"])
def test_a_step_that_alone_was_measured_so_says_how_many_others_were_and_why_they_are_left_out(run, others):
    fewer = [told(run, step, 5.0, basis=replace(BASIS, samples=(100, 100))) for step in (10, 20)]
    found, sentence = {
        "samples": (fewer, "2 steps were measured otherwise, and left out (other number of samples: 500, 100)."),
        "features": (
            [of_other_eye(run, step, 5.0) for step in (10, 20)],
            "2 steps were measured otherwise, and left out (other features: digits CNN, pixels).",
        ),
        "weights": (
            [replace(told(run, 20, 5.0), weights="raw")],
            "Step 20 was measured otherwise, and left out (raw weights).",
        ),
        "no number": ([told(run, 20, np.inf)], "Step 20 was measured otherwise, and left out (no finite number)."),
        "both": (
            [*fewer, of_other_eye(run, 25, 5.0)],
            "3 steps were measured otherwise, and left out (other number of samples: 500, 100, and more).",
        ),
    }[others]
    verdict = judge([*found, told(run, 30, 14.0)], FRECHET)
    assert headline(verdict) == (
        "Step 30 alone was measured so, Frechet distance (digits CNN): 14 (13.5 to 14.5)."
        f" {sentence} Evaluate every checkpoint to see which is best."
    )


def test_what_was_measured_otherwise_is_told_over_the_window_and_over_time(open_window, run, qtbot):
    measured(run, {10: 20.0, 20: 12.0}, basis=replace(BASIS, samples=(100, 100)))
    measured(run, {30: 14.0})
    room = ready(open_window().rooms[0], qtbot)
    qtbot.waitUntil(lambda: "alone was measured so" in room.verdict.text(), timeout=SECONDS)
    sentence = "2 steps were measured otherwise, and left out (other number of samples: 500, 100)."
    assert sentence in room.verdict.text()
    left_out = [f"Step {step} is left out: other number of samples: 500, 100." for step in (10, 20)]
    assert room.verdict.toolTip().splitlines() == left_out
    page = show(room, OverTimePage)
    assert page.hint.text().startswith(sentence) and "Every checkpoint" in page.hint.text()
    room.steps.setCurrentIndex(room.steps.findData(EVERY))
    measured(run, {10: 20.0, 20: 12.0})
    room._read_kept()
    qtbot.waitUntil(lambda: room.verdict.text().startswith("Step 20 is best"), timeout=SECONDS)
    assert "left out" not in room.verdict.text() and "star" in page.hint.text()


def test_notes_of_several_features_stay_and_say_of_which_they_are(run):
    first, other = told(run, 30, 14.0), replace(of_other_eye(run, 30, 5.0), notes=("A note.", "Take more."))
    (merged,) = newest_of_each((first, other)).values()
    assert merged.notes == ("Pixels: A note.", "Pixels: Take more.", "Digits CNN: A note.")
    anew = replace(told(run, 30, 14.0), notes=("Now.",))
    (merged,) = newest_of_each((first, other, anew)).values()
    assert merged.notes == ("Digits CNN: Now.", "Pixels: A note.", "Pixels: Take more.")
    assert newest_of_each((first,))[run.name, 30].notes == ("A note.",)


def test_many_notes_leave_the_table_most_of_the_page(open_window, run, qtbot):
    keep(run, replace(told(run, 30, 14.0), notes=tuple(f"Note {i}." for i in range(20))))
    page = show(ready(open_window().rooms[0], qtbot), NumbersPage)
    qtbot.waitUntil(lambda: "and 15 more" in page.notes.text(), timeout=SECONDS)
    assert "Note 4." in page.notes.text() and "Note 5." not in page.notes.text()
    assert "Note 19." in page.notes.toolTip()


# --- features, and what they serve -----------------------------------------------------------------------------------


def choose_eye(room, kind):
    box = room.measure.features
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())


def test_metrics_of_classes_are_for_features_that_tell_these_apart(room, fake, qtbot):
    panel = room.measure
    rows = {kind: panel.metrics.item(row) for row, kind in enumerate(panel._kinds())}
    assert room.desk.eye == "auto"
    choose_eye(room, "pixels")
    for kind in ("class-histogram", "score"):
        assert not rows[kind].flags() & Qt.ItemFlag.ItemIsEnabled
        assert rows[kind].checkState() == Qt.CheckState.Unchecked
        why, _, about = rows[kind].toolTip().partition("\n\n")
        assert why.startswith("Classes are counted by a classifier, and pixels tell none apart.") and about
    assert rows["frechet"].flags() & Qt.ItemFlag.ItemIsEnabled
    assert panel.wished_metrics() == ()  # all that suit
    evaluate(room, qtbot, 30)
    assert fake[0][0][1].metrics == () and fake[0][0][1].features.kind == "pixels"
    rows["precision-recall"].setCheckState(Qt.CheckState.Unchecked)
    assert {one["kind"] for one in panel.wished_metrics()} == set(panel.chosen_metrics())
    assert not {"score", "class-histogram"} & set(panel.chosen_metrics())


def test_what_was_checked_is_checked_again_with_features_that_tell_classes_apart(needing, room):
    panel = room.measure
    row = panel._kinds().index("score")
    choose_eye(room, "pixels")
    assert panel.metrics.item(row).checkState() == Qt.CheckState.Unchecked
    choose_eye(room, "needing")
    assert panel.metrics.item(row).checkState() == Qt.CheckState.Checked
    assert "pixels" not in panel.metrics.item(row).toolTip()


@pytest.fixture
def site(monkeypatch, tmp_path):
    """An address that has the weights of Inception, and a cache of torch that has none."""
    site = tmp_path / "site"
    site.mkdir()
    (site / inception.FILE).write_bytes(b"weights")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(inception, "URL", f"{site.as_uri()}/")
    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(b"weights").hexdigest())
    return site


@pytest.mark.parametrize("is_there", [True, False])
def test_weights_that_lack_are_downloaded_when_the_user_asks(site, room, qtbot, is_there):
    panel = room.measure
    assert not panel.download_button.isVisible()
    choose_eye(room, "inception")
    assert panel.about_features.text().startswith("The weights of Inception (95 MB) are not in")
    assert panel.download_button.isVisible() and panel.download_button.text() == "Download 95 MB"
    assert not panel.evaluate_button.isEnabled() and not inception.published().path.parent.exists()
    if not is_there:
        (site / inception.FILE).unlink()
    qtbot.mouseClick(panel.download_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not room.working_on.is_running, timeout=SECONDS)
    ready(room, qtbot)
    assert panel.evaluate_button.isEnabled() == (not panel.download_button.isVisible()) == is_there
    if not is_there:
        assert "See that you are online" in notice(room, qtbot, "could not be downloaded")
        assert not list(inception.published().path.parent.iterdir())


def test_a_download_can_be_cancelled(site, room, qtbot, monkeypatch):
    gate = threading.Event()

    def slow(file):
        try:
            while True:
                yield Progress(1, 2, f"Downloading {file.name}: 1 MB of 2 MB")
                gate.wait(0.01)
        finally:
            gate.set()

    monkeypatch.setattr(reading, "downloading", slow)
    choose_eye(room, "inception")
    qtbot.mouseClick(room.measure.download_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "1 MB of 2 MB" in room.doing.text(), timeout=SECONDS)
    assert not room.measure.download_button.isEnabled()
    choose_eye(room, "pixels")
    assert room.measure.evaluate_button.toolTip().startswith("Weights are being downloaded")
    qtbot.mouseClick(room.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(gate.is_set, timeout=SECONDS)
    assert not room.working.isVisible() and room.measure.evaluate_button.isEnabled()


@pytest.mark.parametrize(
    ("value", "words"),
    [(12.34, "12.3"), (8.0, "8"), (0.5, "0.500"), (1234.4, "1,234"), (1.5e-7, "1.5e-07"), (np.inf, "–"), (0.0, "0")],
)
def test_figures_have_three_digits_and_counts_are_counts(value, words):
    assert figure(value) == words


# --- choosing and measuring ------------------------------------------------------------------------------------------


def test_without_a_run_it_says_what_to_do(open_window, qtbot):
    room = open_window().rooms[0]
    qtbot.waitUntil(lambda: "Train one" in room.verdict.text(), timeout=SECONDS)
    assert not room.measure.evaluate_button.isEnabled() and not room.commands["measure"].isEnabled()
    assert "Train one" in room.measure.evaluate_button.toolTip()
    for kind in (NumbersPage, OverTimePage, DoctorPage):
        page = show(room, kind)
        assert page.is_blank and "Choose" in page.words.text()


def test_every_checkpoint_is_measured_and_the_best_is_told_at_a_glance(room, run, fake, qtbot):
    asked, _ = fake
    assert "Every checkpoint" in room.verdict.text() and room.page(NumbersPage).is_blank
    room.measure.samples.set_value(500)
    evaluate(room, qtbot)
    ((chosen, evaluation),) = asked
    assert [one.step for one in chosen] == list(STEPS) and chosen[0].path == run.folder
    assert (evaluation.samples, evaluation.metrics, evaluation.against) == (500, (), "")
    assert room.verdict.text().startswith("Step 20 is best by Frechet distance (digits CNN): 12 (11.5 to 12.5);")
    page = room.page(NumbersPage)
    assert not page.is_blank
    assert cells(page, OF) == ["Step 20", "Step 30", "Step 20", "Step 30"]  # the best and the newest, of two measures
    assert cells(page, MEASURE)[::2] == ["Frechet distance", "Recall"]
    assert "Lower is better, 0 at best." in page.about.text() and "500 real samples (Digits)" in page.about.text()
    assert page.notes.text() == "A note."
    assert len(read(run)) == 3


def test_the_measure_that_judges_can_be_changed(open_window, run, qtbot):
    measured(run)
    room = ready(open_window().rooms[0], qtbot)
    assert room.by.count() == 2
    room.by.setCurrentIndex(1)
    room.by.activated.emit(1)
    assert room.verdict.text().startswith("Step 30, the newest, is best by Recall")


def test_two_checkpoints_are_really_measured(open_window, picture_run, qtbot):
    """By the job itself: what the window shows is what the run keeps."""
    later, run = picture_run(step=20, seed=1), picture_run()
    shutil.move(later.checkpoint_at(20).path, run.folder / "checkpoints")
    shutil.rmtree(later.folder)
    room = ready(open_window().rooms[0], qtbot)
    box, listed = room.measure.features, room.measure.metrics
    box.setCurrentIndex(box.findData("pixels"))
    for row, kind in enumerate(room.measure._kinds()):
        if kind != "kernel":
            listed.item(row).setCheckState(Qt.CheckState.Unchecked)
    room.measure.samples.set_value(40)
    evaluate(room, qtbot)
    kept = read(run)
    assert [one.step for one in kept] == [10, 20] == [one.step for one in room.desk.found]
    first, second = (one.numbers[0] for one in kept)
    assert first.title == "Kernel distance (pixels)" and first.basis.samples == (40, 40)
    assert set(cells(room.page(NumbersPage), VALUE)) == {figure(first.value), figure(second.value)}
    best = 10 if first.value < second.value else 20
    assert room.verdict.text().startswith(f"Step {best}")


def test_cancel_keeps_what_was_measured(room, run, fake, qtbot):
    _, gate = fake
    gate.clear()
    room.steps.setCurrentIndex(room.steps.findData(EVERY))
    qtbot.mouseClick(room.measure.evaluate_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Step 10: making" in room.doing.text(), timeout=SECONDS)
    assert room.working.isVisible() and "being measured" in room.measure.evaluate_button.toolTip()
    qtbot.mouseClick(room.cancel_button, Qt.MouseButton.LeftButton)
    assert not room.working.isVisible() and room.measure.evaluate_button.isEnabled()


def test_what_was_read_before_takes_back_nothing_that_was_measured_since(room, run, fake, qtbot, monkeypatch):
    """Reading the folder began before the evaluation, and ends after it."""
    go, begun = threading.Event(), threading.Event()

    def slow(run):
        found = read(run)
        begun.set()
        assert go.wait(60)
        return found

    monkeypatch.setattr(reading, "kept", slow)
    room._read_kept()
    assert begun.wait(60)
    evaluate(room, qtbot)
    go.set()
    qtbot.waitUntil(lambda: not room.desk.disk.is_busy, timeout=SECONDS)
    assert room.desk.found == read(run) and len(room.desk.found) == 3
    room._read_kept()  # and nothing stands there twice
    qtbot.waitUntil(lambda: not room.desk.disk.is_busy, timeout=SECONDS)
    assert room.desk.found == read(run)


def test_numbers_that_could_not_be_kept_stay_until_another_run_is_chosen(room, run, qtbot):
    room.desk.add(told(run, 20, VALUES[20]))
    room._read_kept()
    qtbot.waitUntil(lambda: not room.desk.disk.is_busy, timeout=SECONDS)
    assert [one.step for one in room.desk.found] == [20] and read(run) == ()
    room.desk.choose(room.desk.subject)
    qtbot.waitUntil(lambda: not room.desk.disk.is_busy, timeout=SECONDS)
    assert room.desk.found == ()


@pytest.mark.usefixtures("patient")
def test_a_window_that_closes_waits_for_what_is_being_measured(room, fake, qtbot):
    _, gate = fake
    gate.clear()
    qtbot.mouseClick(room.measure.evaluate_button, Qt.MouseButton.LeftButton)
    (worker,) = room.working_on.findChildren(Worker)
    assert worker.is_alive()
    room.leave()
    assert not worker.is_alive() and not room.working_on.is_running


def test_what_goes_wrong_is_told_and_the_form_is_free_again(room, fake, qtbot, monkeypatch):
    def broken(chosen, evaluation):
        yield Progress(0, 1, "Looking at the real samples")
        raise reading.ConfigError("The samples are too few; choose more.")

    monkeypatch.setattr(reading, "evaluate", broken)
    with qtbot.waitSignal(room.session.problem) as problem:
        evaluate(room, qtbot)
    assert problem.args[0] == "The samples are too few; choose more."
    assert room.measure.evaluate_button.isEnabled()


def test_metrics_say_what_they_are_for_and_those_that_do_not_fit_why(room):
    listed = room.measure.metrics
    items = {listed.item(row).data(KIND): listed.item(row) for row in range(listed.count())}
    assert items
    for kind, item in items.items():
        usable = bool(item.flags() & Qt.ItemFlag.ItemIsEnabled)
        assert len(item.toolTip()) > 20
        assert usable is (kind in room.measure.chosen_metrics()) or item.checkState() is Qt.CheckState.Unchecked


def test_unchecked_metrics_are_not_measured(room, fake, qtbot):
    kept = room.measure.chosen_metrics()
    for kind in kept[1:]:
        room.measure.metrics.item(room.measure._kinds().index(kind)).setCheckState(Qt.CheckState.Unchecked)
    if len(kept) > 1:
        evaluate(room, qtbot, 30)
        assert [metric.kind for metric in fake[0][0][1].metrics] == [kept[0]]
    room.measure.metrics.item(room.measure._kinds().index(kept[0])).setCheckState(Qt.CheckState.Unchecked)
    assert not room.measure.evaluate_button.isEnabled()
    assert room.measure.problem.text() == "Check what is to be measured."


class Needing(FeatureNetwork):
    """Cannot be used before it is told where its weights are."""

    kind = "needing"
    title = "Needing"
    about = "For a test."
    weights: str = option("", "A file with its weights.")

    def prepare(self, source):
        raise NotImplementedError

    def missing(self, source):
        return "" if self.weights else "Its weights are not here: name their file."


@pytest.fixture
def needing(monkeypatch):
    list(FEATURE_NETWORKS)
    monkeypatch.setitem(FEATURE_NETWORKS._entries, "needing", Needing)


def test_features_that_cannot_be_used_say_why_and_their_options_mend_it(needing, room, fake, qtbot):
    box = room.measure.features
    row = box.findData("needing")
    assert box.itemData(row, Qt.ItemDataRole.ToolTipRole) == "Its weights are not here: name their file."
    assert room.measure.eye() == "auto"
    box.setCurrentIndex(row)
    box.activated.emit(row)
    assert room.measure.about_features.text() == room.measure.evaluate_button.toolTip() == Needing().missing(None)
    fold = room.measure.eye_options
    qtbot.mouseClick(fold.button, Qt.MouseButton.LeftButton)
    fold.editors["weights"].setText("w.pth")
    fold.editors["weights"].commit()
    ready(room, qtbot)
    assert room.measure.evaluate_button.isEnabled()
    assert room.measure.wished_eye() == {"kind": "needing", "weights": "w.pth"}
    assert room.measure.kept()["eyes"] == {"needing": {"weights": "w.pth"}}


def test_the_options_of_a_metric_are_measured_with(room, fake, qtbot):
    listed, kinds = room.measure.metrics, room.measure._kinds()
    listed.setCurrentRow(kinds.index("precision-recall"))
    fold = room.measure.metric_options
    qtbot.mouseClick(fold.button, Qt.MouseButton.LeftButton)
    fold.editors["k"].stepBy(1)
    evaluate(room, qtbot, 30)
    metrics = {metric.kind: metric for metric in fake[0][0][1].metrics}
    assert metrics["precision-recall"].k == 4 and set(metrics) == set(room.measure.chosen_metrics())
    fold.editors["k"].stepBy(-1)
    assert room.measure.wished_metrics() == ()  # as it was: all that suit


def test_a_folder_needs_another_to_compare_with(room, fake, qtbot, tmp_path):
    for name in ("made", "real"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / name / "a.png")
    drop(room.window(), tmp_path / "made")
    qtbot.waitUntil(lambda: room.desk.subject.path == tmp_path / "made", timeout=SECONDS)
    ready(room, qtbot)
    assert "folder of real pictures" in room.measure.evaluate_button.toolTip() and not room.steps.isEnabled()
    room.measure.compare_with(tmp_path / "real")
    ready(room, qtbot)
    evaluate(room, qtbot, None)
    ((chosen, evaluation),) = fake[0]
    assert (chosen[0].path, chosen[0].step, evaluation.against) == (tmp_path / "made", None, str(tmp_path / "real"))
    assert room.verdict.text() == "Frechet distance (digits CNN): 9 (8.50 to 9.50)."
    assert "no time axis" in (show(room, OverTimePage).words.text())
    room.choosing.take(tmp_path / "made", tmp_path / "real")
    qtbot.waitUntil(lambda: room.measure.real == tmp_path / "real", timeout=SECONDS)


def test_what_is_nothing_to_evaluate_is_told(room, qtbot, tmp_path):
    room.choosing.take(tmp_path / "nowhere")
    assert "choose one of these" in notice(room, qtbot, "is no run")


# --- numbers beside each other ---------------------------------------------------------------------------------------


@pytest.fixture
def beside(open_window, run, picture_run, qtbot):
    """Two runs that were measured by other features."""
    other = picture_run(title="Other")
    measured(run)
    keep(other, told(other, 10, 30.0, basis=replace(BASIS, eye="px", eye_name="pixels")))
    room = open_window().rooms[0]
    ready(room, qtbot)
    room.choosing.choose_run(run)
    qtbot.waitUntil(lambda: room.desk.subject.path == run.folder and len(room.desk.found) == 3, timeout=SECONDS)
    ready(room, qtbot)
    return room


def test_numbers_of_other_features_have_a_badge_that_says_why(beside, qtbot):
    page = beside.page(NumbersPage)
    assert page.table.isColumnHidden(BADGE)
    page._fill_menu()
    next(action for action in page.add_menu.actions() if action.text() == "Other").trigger()
    qtbot.waitUntil(lambda: "Other, step 10" in cells(page, OF), timeout=SECONDS)
    assert not page.table.isColumnHidden(BADGE)
    row = cells(page, OF).index("Other, step 10")
    assert page.table.item(row, BADGE).text() == "not comparable"
    assert "other features: digits CNN, pixels" in page.table.item(row, BADGE).toolTip()
    page.table.selectRow(row)
    assert "Not comparable with Step 20: other features: digits CNN, pixels." in page.about.text()
    page.take_out(page.columns[-1])
    assert "Other, step 10" not in cells(page, OF)


def test_the_table_is_sorted_and_copied(beside, qtbot):
    page = beside.page(NumbersPage)
    page._put_step((page.columns[0].evaluated.subject, 10))
    assert cells(page, VALUE)[:3] == ["12", "14", "20"]
    header = page.table.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(VALUE) + 5, header.height() // 2)
    for order in (sorted, lambda values: sorted(values, reverse=True)):
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
        values = [float(value) for value in cells(page, VALUE)]
        assert values == order(values)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = QApplication.clipboard().text()
    assert text.splitlines()[0] == (
        "Frechet distance (digits CNN), Step 10: 20 (19.5 to 20.5); 500 samples, lower is better, 0 at best."
    )
    page.table.copy_csv()
    head, first, *_ = QApplication.clipboard().text().splitlines()
    assert head.startswith("measure,title,of,step,value") and first.startswith("frechet,")
    assert as_csv(rows_of([])).count("\n") == 1


# --- over time -------------------------------------------------------------------------------------------------------


def test_a_click_on_a_step_shows_its_samples_and_what_can_be_done(open_window, run, qtbot):
    measured(run)
    room = ready(open_window().rooms[0], qtbot)
    page = show(room, OverTimePage)
    plot = page.plots[FRECHET]
    assert [point.step for point in plot.points] == list(STEPS) and plot.best == 20
    assert plot.x_range == pytest.approx((0.0, 30.0), abs=0.5) and "Best is step 20" in plot.accessibleDescription()
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=plot.point(10, 20.0).toPoint())
    qtbot.waitUntil(lambda: room.seen.step_title.text() == "Step 10", timeout=SECONDS)
    assert room.seen.pictures.image().pixelColor(0, 0).red() == 10
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert room.desk.step == 20
    for button, signal in (
        (room.seen.branch_button, room.session.branch_wanted),
        (room.seen.explore_button, room.session.explore_at_wanted),
    ):
        with qtbot.waitSignal(signal) as wish:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert (wish.args[0].folder, wish.args[1]) == (run.folder, 20)
    qtbot.mouseClick(room.seen.star_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.desk.subject.starred == (20,), timeout=SECONDS)
    assert run.checkpoint_at(20).starred and room.seen.star_button.text() == "Take its star back"
    qtbot.mouseClick(room.best_button, Qt.MouseButton.LeftButton)
    assert room.desk.step == 20


def test_a_step_without_a_checkpoint_cannot_be_branched_from(open_window, run, qtbot):
    measured(run)
    shutil.rmtree(run.checkpoint_at(10).path)
    room = ready(open_window().rooms[0], qtbot)
    room.desk.look_at(10)
    for button in (room.seen.star_button, room.seen.explore_button, room.seen.branch_button):
        assert not button.isEnabled() and "No checkpoint of this step" in button.toolTip()


# --- the doctor ------------------------------------------------------------------------------------------------------

WON = Finding(
    "d-has-won",
    "D has won",
    "D tells real from generated without fail.",
    "ill",
    20,
    (Evidence("D/real", 20, 30, 0.2),),
    (Remedy("Lower D's learning rate, so that G can follow.", {"recipe.d_optimiser.lr": 1e-5}),),
    "A perfect D gives no gradient.",
    20,
)


@pytest.fixture
def doctor(monkeypatch, run):
    """Tells what it is told to; the branch is the real one."""
    said = {"diagnosis": Diagnosis(run.name, 30, 40, "ill", "D has won (since step 20)", (WON,))}
    monkeypatch.setattr(examining.diagnose, "diagnose", lambda run, curves: said["diagnosis"])
    return said


def test_a_finding_has_its_evidence_and_a_remedy_makes_a_branch(open_window, run, doctor, qtbot):
    room = ready(open_window().rooms[0], qtbot)
    page = show(room, DoctorPage)
    qtbot.waitUntil(lambda: len(page.cards) == 1, timeout=SECONDS)
    (card,) = page.cards
    assert page.words.text() == "D has won (since step 20). At step 30 of 40."
    assert (card.title.text(), card.since.text()) == ("D has won", "since step 20")
    plot = card.plots["D/real"]
    assert (plot.zones[0].low, plot.zones[0].high, plot.levels[0][0]) == (20.0, 30.0, 0.2)
    assert list(plot.lines[0].x) == [10.0, 20.0, 30.0]
    (button,) = card.buttons
    assert button.text() == "Branch from 20" and "Lower D's learning rate" in button.accessibleName()
    with qtbot.waitSignal(room.session.train_wanted, timeout=SECONDS) as wish:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        press(room, qtbot, "The branch is made", "Start it")
    branch = wish.args[0]
    assert branch.parent() == (run.name, 20)
    assert branch.config()["recipe"]["d_optimiser"]["lr"] == 1e-5


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [("well", "Nothing wrong that these curves could tell."), ("early", "Too early to tell; come back at step 800.")],
)
def test_nothing_wrong_and_too_early_are_said(open_window, run, doctor, qtbot, verdict, sentence):
    doctor["diagnosis"] = Diagnosis(run.name, 30, 40, verdict, sentence)
    page = show(ready(open_window().rooms[0], qtbot), DoctorPage)
    qtbot.waitUntil(lambda: page.words.text().startswith(sentence.rstrip(".")), timeout=SECONDS)
    assert not page.cards and not page.is_blank


def test_the_doctor_looks_again_while_the_run_trains(open_window, run, doctor, qtbot, monkeypatch):
    room = ready(open_window().rooms[0], qtbot)
    page = show(room, DoctorPage)
    qtbot.waitUntil(lambda: len(page.cards) == 1, timeout=SECONDS)
    (card,) = page.cards
    monkeypatch.setattr(room.session, "run", run)
    doctor["diagnosis"] = replace(doctor["diagnosis"], step=35, findings=(replace(WON, sentence="Still so."),))
    page._timer.setInterval(10)
    qtbot.waitUntil(lambda: card.sentence.text() == "Still so.", timeout=SECONDS)
    assert page.cards == [card]  # the same card: whoever reads it is not disturbed


def test_a_run_that_cannot_be_read_is_told_and_looked_at_again(open_window, run, doctor, qtbot, monkeypatch):
    def broken(run, curves):
        raise reading.ConfigError("The config.toml is damaged; branch from another run.")

    monkeypatch.setattr(examining.diagnose, "diagnose", broken)
    page = show(ready(open_window().rooms[0], qtbot), DoctorPage)
    qtbot.waitUntil(lambda: "damaged" in page.words.text() or page.first_button.isVisible(), timeout=SECONDS)
    monkeypatch.setattr(examining.diagnose, "diagnose", lambda run, curves: doctor["diagnosis"])
    qtbot.mouseClick(page.first_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.cards) == 1, timeout=SECONDS)


def test_what_goes_wrong_with_the_doctor_is_told_once_and_may_be_tried_again(
    open_window, run, doctor, qtbot, monkeypatch
):
    def broken(run, curves):
        raise ZeroDivisionError

    monkeypatch.setattr(examining.diagnose, "diagnose", broken)
    room = ready(open_window().rooms[0], qtbot)
    with qtbot.waitSignal(room.session.problem, timeout=SECONDS):
        page = show(room, DoctorPage)
    monkeypatch.setattr(room.session, "run", run)  # it goes on, and yet is not looked at again and again
    page._timer.timeout.emit()
    assert page.first_button.isVisible() and not room.desk.disk._waiting
    monkeypatch.setattr(room.session, "run", None)
    monkeypatch.setattr(examining.diagnose, "diagnose", lambda run, curves: doctor["diagnosis"])
    qtbot.mouseClick(page.first_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.cards) == 1, timeout=SECONDS)


# --- from elsewhere --------------------------------------------------------------------------------------------------


def test_another_room_may_ask_for_a_run_and_a_page(room, picture_run, qtbot):
    other = picture_run(title="Other")
    room.session.evaluate_wanted.emit(other, "Doctor")
    qtbot.waitUntil(lambda: room.desk.subject.path == other.folder, timeout=SECONDS)
    assert room.pages.currentWidget() is room.page(DoctorPage)
    ready(room, qtbot)


def test_a_run_that_was_deleted_says_so(room, run, qtbot):
    shutil.rmtree(run.folder)
    room.session.runs_changed.emit()
    qtbot.waitUntil(lambda: "there no more" in room.measure.evaluate_button.toolTip(), timeout=SECONDS)
    assert room.steps.count() == 0 and not room.measure.evaluate_button.isEnabled()
    for kind in (DoctorPage, SpectrumPage):
        page = show(room, kind)
        assert "there no more" in page.words.text() and not page.first_button.isVisible()


def test_what_was_chosen_is_there_again_in_the_next_session(room):
    room.measure.samples.set_value(777)
    layout = room.save_layout()
    room.measure.samples.set_value(5)
    room.restore_layout(layout)
    room.measure.restore(room._kept)
    assert room.measure.samples.value() == 777
    room.restore_layout([layout[0], layout[0]])  # of another version
    assert room._kept == {}


def test_names(room, assert_named):
    for page in room.page_list:
        room.pages.setCurrentWidget(page)
        assert_named(room)
