"""The Theory tab as a user meets it: benches that appear when they are first seen, their words, what to try."""

from __future__ import annotations

import threading
import time
from importlib import import_module

import pytest
from PySide6.QtCore import QSettings, QSize
from PySide6.QtGui import QColor
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from gan_studio.config import ConfigError
from gan_studio.gui import theme, window
from gan_studio.gui.computing import LatestWins, Stream
from gan_studio.gui.session import Session
from gan_studio.gui.theory import room as theory_room
from gan_studio.gui.theory.room import BENCHES, TheoryRoom, bold
from gan_studio.gui.theory.words import FormulaView, TryButton, blocks, drawn, one_line, own_language, read
from gan_studio.presets import resources

IDS = sorted(path.name for path in (resources() / "theory").iterdir() if path.is_dir())
KINDS = [getattr(import_module(f"gan_studio.gui.theory.{m}"), n) for m, n in (place.split(".") for place in BENCHES)]


# --- the words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_both_languages_have_the_same_but_for_the_words(id):
    en, zh = read(id, "en"), read(id, "zh")
    assert [type(block) for block in en.blocks] == [type(block) for block in zh.blocks]
    assert en.formulas() == zh.formulas()
    assert [one.settings for one in en.tries()] == [one.settings for one in zh.tries()]
    assert en.tries() and en.formulas()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in zh.title)


@pytest.mark.parametrize("latex", sorted({latex for id in IDS for latex in read(id, "en").formulas()}))
def test_formulas_can_be_drawn_and_take_the_theme_s_colour(latex):
    svg = drawn(latex, 16.0, "#e4e6ea")
    assert QSvgRenderer(svg).isValid()
    assert b"#e4e6ea" in svg and b"<text" not in svg


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_a_bench_is_called_as_its_words_call_it_and_takes_what_they_try(kind):
    text = read(kind.id, "en")
    assert (kind.title, kind.summary) == (text.title, text.summary)
    for one in text.tries():
        assert {key for key, _ in one.settings} <= set(kind.keys), one.label


def test_the_small_part_of_markdown():
    found = [block for part in ("## H", "a\nb **c**", "$$x^2$$", "[Try: L](try:a=1&b=x)") for block in blocks(part)]
    assert [type(block).__name__ for block in found] == ["Heading", "Paragraph", "Formula", "Try"]
    assert found[1].text == "a b **c**"
    assert found[3].settings == (("a", "1"), ("b", "x"))
    assert one_line("中文\n中文 and\nmore\n- one\n  and\n- two") == "中文中文 and more\n- one and\n- two"


def test_words_that_are_missing_are_told():
    with pytest.raises(ConfigError, match="missing"):
        read("no-such-bench", "en")


def test_the_language_follows_the_system(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "zh_CN:en")
    assert own_language() == "zh"
    monkeypatch.setenv("LANGUAGE", "de_DE")
    assert own_language() == "en"


# --- computing -------------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(qtbot):
    owner = QWidget()
    qtbot.addWidget(owner)
    return owner


def test_the_newest_question_wins_and_stale_answers_are_dropped(qtbot, owner):
    latest, go, told = LatestWins(owner), threading.Event(), []
    latest.ask("a", lambda: go.wait(60) and "slow", told.append)
    qtbot.waitUntil(lambda: not latest._waiting)  # it is being computed
    latest.ask("a", lambda: "never computed", told.append)
    latest.ask("a", lambda: "new", told.append)
    latest.ask("b", lambda: "other", told.append)
    go.set()
    qtbot.waitUntil(lambda: not latest.is_busy)
    assert told == ["new", "other"]


def test_a_forgotten_question_is_not_answered(qtbot, owner):
    latest, go, told = LatestWins(owner), threading.Event(), []
    latest.ask("a", lambda: go.wait(60), told.append)
    latest.forget("a")
    go.set()
    qtbot.waitUntil(lambda: not latest.is_busy)
    assert told == []


def test_what_is_computed_as_the_window_closes_is_waited_for(qtbot, owner):
    latest, begun, over, told = LatestWins(owner), threading.Event(), threading.Event(), []

    def compute():
        begun.set()
        time.sleep(0.1)
        over.set()

    latest.ask("a", compute, told.append)
    latest.ask("b", lambda: "never computed", told.append)
    assert begun.wait(60)
    latest.leave(60)
    assert over.is_set()
    qtbot.waitUntil(lambda: not latest.is_busy)
    assert told == []


def test_an_error_is_told_and_the_next_question_is_answered(qtbot, owner):
    latest, told = LatestWins(owner), []
    with qtbot.waitSignal(latest.failed) as failed:
        latest.ask("a", lambda: 1 / 0, told.append)
    assert isinstance(failed.args[0], ZeroDivisionError)
    latest.ask("a", lambda: 1, told.append)
    qtbot.waitUntil(lambda: told == [1])
    qtbot.waitUntil(lambda: not latest.is_busy)


def test_a_stream_is_closed_when_another_takes_its_place(qtbot, owner):
    stream, closed, told = Stream(owner), threading.Event(), []

    def endless():
        try:
            while True:
                yield "old"
        finally:
            closed.set()

    stream.told.connect(told.extend)
    stream.start(endless())
    qtbot.waitUntil(lambda: bool(told))
    told.clear()
    with qtbot.waitSignal(stream.ended):
        stream.start(iter(["new"]))
    assert closed.wait(60) and told == ["new"] and not stream.is_running


# --- the room --------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_room(qtbot, tmp_path, request, monkeypatch):
    """A window with this tab alone; the room, furnished."""
    monkeypatch.setattr(window, "ROOMS", (TheoryRoom,))

    def make(wait=True):
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        opened = window.Window(Session(tmp_path / "runs"), settings, warm=lambda: iter(("light", "ready")))
        opened.resize(QSize(1360, 860))
        request.addfinalizer(opened.deleteLater)
        request.addfinalizer(opened.close)
        with qtbot.waitSignal(opened.ready, timeout=20_000):
            opened.show()
        room = opened.rooms[0]
        qtbot.waitUntil(lambda: not opened.is_warming)
        if wait:
            qtbot.waitUntil(lambda: room.bench() is not None, timeout=20_000)
            qtbot.waitUntil(lambda: not room.latest.is_busy, timeout=20_000)
        return room

    return make


@pytest.fixture
def room(open_room):
    return open_room()


def test_benches_are_listed_and_the_first_is_shown(room):
    assert list(room.benches) == [kind.id for kind in KINDS]
    assert room.bench().id == KINDS[0].id
    assert room.list.item(0).text() == read(KINDS[0].id, room.words.language).title
    assert room.list.sizeHintForRow(0) > bold(room.list.font()).pointSize()
    assert not room.grab().toImage().isNull()


def test_formulas_are_drawn_and_follow_the_theme(room, qtbot, qapp):
    views = room.words.findChildren(FormulaView)
    qtbot.waitUntil(lambda: all(view.is_drawn for view in views))
    view = views[0]
    assert view.heightForWidth(2000) > view.heightForWidth(120)  # shrinks to the pane
    theme.apply(qapp, "dark")
    qtbot.waitUntil(lambda: not room.latest.is_busy)
    picture = view.grab().toImage()
    brightest = max(
        QColor(picture.pixel(x, y)).lightness() for x in range(picture.width()) for y in range(picture.height())
    )
    theme.apply(qapp, "light")
    qtbot.waitUntil(lambda: not room.latest.is_busy)
    assert brightest > 180


def test_the_language_is_switched_and_remembered(room, open_room, qtbot):
    other = "zh" if room.words.language == "en" else "en"
    room.words.set_language(other)
    assert room.list.item(0).text() == read(KINDS[0].id, other).title
    room.words.fold.click()
    assert not room.words.is_open
    qtbot.waitUntil(lambda: room.beside.width() < 50)
    qtbot.waitUntil(lambda: not room.latest.is_busy)
    room.window().close()
    again = open_room()
    assert again.words.language == other and not again.words.is_open
    again.reset_layout()
    assert again.words.is_open
    qtbot.waitUntil(lambda: again.beside.width() > 250)


def test_each_button_of_each_bench_can_be_pressed(room, qtbot, monkeypatch):
    problems = []
    room.session.problem.connect(lambda *what: problems.append(what))
    for id in room.benches:
        room.show_bench(id)
        for button in room.words.findChildren(TryButton):
            if button.isVisible():
                button.click()
    room.leave()
    qtbot.waitUntil(lambda: not room.latest.is_busy, timeout=20_000)
    assert problems == []


def test_settings_that_make_no_sense_are_one_sentence(room):
    told = []
    room.session.problem.connect(lambda sentence, *_: told.append(sentence))
    room.words.wanted.emit({"preset": "no such thing"})
    assert len(told) == 1 and "no such thing" in told[0]


def test_everything_has_a_name(room, assert_named):
    assert_named(room)


def test_panels_can_be_hidden_and_the_palette_finds_benches(room):
    room.show_panels(False)
    assert not room.list.isVisible() and not room.words.isVisible()
    room.show_panels(True)
    names = [text for text, _, _ in room.palette_entries()]
    assert names[0] == f"Bench: {room.list.item(0).text()}" and len(names) == len(room.benches)


def test_a_damaged_layout_is_forgotten(room):
    kept = room.save_layout()
    room.restore_layout([kept[0], kept[0]])
    room.restore_layout([])
    assert room._kept == {}


def test_nothing_is_loaded_before_the_tab_is_seen(open_room, monkeypatch):
    monkeypatch.setattr(theory_room.TheoryRoom, "isVisible", lambda self: False)
    room = open_room(wait=False)
    assert room.waiting.isVisibleTo(room) or not room.benches
