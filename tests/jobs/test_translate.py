"""Files translated one after the other: their names, their states, what stops them, and what stays after a cut."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_studio.config import ConfigError
from gan_studio.jobs import translate
from gan_studio.jobs.apply import Manner, translated
from gan_studio.jobs.cycles import coarser, cycle, difference, softer, trust
from gan_studio.jobs.events import FileState, Finished, Listed, Log, Paused, Resumed, Stopped, Translating
from gan_studio.jobs.inbox import Pause, Resume, Stop
from gan_studio.jobs.journal import home, unfinished
from gan_studio.jobs.naming import Output, listed
from gan_studio.jobs.translate import TranslateJob
from gan_studio.jobs.translators import Opening, Translator, open_translator
from gan_studio.networks import TRANSLATORS, Needs
from gan_studio.picture_files import Picture, encoded, read, write

RANDOM = np.random.default_rng(0)


class Negative(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return -x


def translator(network: nn.Module | None = None, direction: str = "A to B", needs: Needs | None = None) -> Translator:
    about = {"run": "negative", "title": "Negative", "step": 3}
    return Translator(network or Negative(), (3, 3), needs or Needs(), about, direction, ("A to B",),
                      torch.device("cpu"), Opening(path="nowhere"))  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures in a folder and one below it."""
    folder = tmp_path / "in"
    (folder / "deep" / "er").mkdir(parents=True)
    for name in ("a.png", "b.png", "c.jpg", "deep/er/d.png"):
        picture = Picture(RANDOM.integers(0, 256, (12, 16, 3), np.uint8))
        write(folder / name, picture, "jpeg" if name.endswith("jpg") else "png")
    return folder


def job_of(files: Any, out: Path, **values: Any) -> TranslateJob:
    network = values.pop("network", None)
    files = files if isinstance(files, list) else [files]
    journal = values.pop("journal", False)
    manner = Manner.parse({"precision": "fp32"} | values.pop("manner", {}))
    return TranslateJob(translator(network), files, out, Output.parse(values), manner, journal)


def states(events: list[Any]) -> dict[str, str]:
    """{name of the picture: its last state}"""
    return {event.source.name: event.state for event in events if isinstance(event, FileState)}


def made(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


# --- files in, files out ---------------------------------------------------------------------------------------------


def test_a_folder_becomes_the_same_tree(pictures: Path, tmp_path: Path) -> None:
    events = list(job_of(pictures, tmp_path / "out"))
    assert made(tmp_path / "out") == ["a-A-to-B.png", "b-A-to-B.png", "c-A-to-B.png", "deep/er/d-A-to-B.png"]
    np.testing.assert_array_equal(
        read(tmp_path / "out/deep/er/d-A-to-B.png").colour, 255 - read(pictures / "deep/er/d.png").colour
    )
    assert isinstance(events[0], Listed) and len(events[0].items) == 4
    assert set(states(events).values()) == {"done"} and events[-1] == Finished(4)
    first = [event.state for event in events if isinstance(event, FileState) and event.source.name == "a.png"]
    assert first == ["working", "done"]
    told = [event for event in events if isinstance(event, Translating)]
    assert told[-1].done == told[-1].total == 4 and told[-1].seconds_left == 0


def test_one_alone_and_one_of_many_are_the_same_bytes(pictures: Path, tmp_path: Path) -> None:
    values = TRANSLATORS.parse({"kind": "resnet", "width": 3, "blocks": 1})
    network = values.build((3, 64, 64), (3, 64, 64)).eval().requires_grad_(False)
    needs = network.needs
    one = translator(network, needs=needs)
    list(TranslateJob(one, [pictures], tmp_path / "many", journal=False))
    list(TranslateJob(one, [pictures / "b.png"], tmp_path / "alone", journal=False))
    assert (tmp_path / "many/b-A-to-B.png").read_bytes() == (tmp_path / "alone/b-A-to-B.png").read_bytes()
    preview = translated(one, read(pictures / "b.png"))
    assert (tmp_path / "alone/b-A-to-B.png").read_bytes() == encoded(preview)


def test_every_manner_is_the_same_for_one_and_for_many(pictures: Path, tmp_path: Path) -> None:
    network = Negative()
    picture = Picture(RANDOM.integers(0, 256, (20, 30, 3), np.uint8), RANDOM.integers(0, 256, (20, 30), np.uint8))
    write(pictures / "clear.png", picture)
    for values in ({"alpha": "translate"}, {"alpha": "drop"}, {"size": "resize"}):
        one = replace(translator(network), trained_size=(16, 16))
        out, manner = tmp_path / str(values), Manner.parse(values)
        list(TranslateJob(one, [pictures], out, manner=manner, journal=False))
        assert (out / "clear-A-to-B.png").read_bytes() == encoded(translated(one, picture, manner))
    with pytest.raises(ConfigError, match="nobody knows at which size"):
        TranslateJob(translator(network), [pictures], tmp_path, manner=Manner(size="resize"))


@pytest.mark.parametrize("format, ending", [("png", ".png"), ("jpeg", ".jpg"), ("webp", ".webp"), ("tiff", ".tif")])
def test_forms(pictures: Path, tmp_path: Path, format: str, ending: str) -> None:
    list(job_of(pictures / "a.png", tmp_path / "out", format=format, quality=70))
    assert made(tmp_path / "out") == [f"a-A-to-B{ending}"]
    list(job_of(pictures, tmp_path / "same", format="same"))
    assert made(tmp_path / "same")[2] == "c-A-to-B.jpg"


def test_bad_files_fail_alone_and_say_why(pictures: Path, tmp_path: Path) -> None:
    (pictures / "b.png").write_bytes((pictures / "b.png").read_bytes()[:200])
    (pictures / "e.png").write_text("no picture")
    events = list(job_of([pictures, tmp_path / "gone.png"], tmp_path / "out"))
    found = states(events)
    assert found == {"a.png": "done", "b.png": "failed", "c.jpg": "done", "d.png": "done", "e.png": "failed",
                     "gone.png": "failed"}  # fmt: skip
    reasons = {e.source.name: e.reason for e in events if isinstance(e, FileState) and e.state == "failed"}
    assert "is damaged" in reasons["b.png"] and "is not a picture" in reasons["e.png"]
    assert "is not there any more" in reasons["gone.png"] and events[-1] == Finished(3)
    assert len(made(tmp_path / "out")) == 3


def test_a_network_that_breaks_on_one_picture_stops_no_other(pictures: Path, tmp_path: Path) -> None:
    class Touchy(nn.Module):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            if x.shape[2] == 12:  # not of the probe
                self.calls += 1
                if self.calls == 2:
                    raise ValueError("no")
            return x

    events = list(job_of(pictures, tmp_path / "out", network=Touchy()))
    assert list(states(events).values()) == ["done", "failed", "done", "done"]
    assert [e.reason for e in events if isinstance(e, FileState) and e.state == "failed"] == ["ValueError: no"]


# --- names -----------------------------------------------------------------------------------------------------------


def test_names_follow_the_pattern_and_never_meet(pictures: Path, tmp_path: Path) -> None:
    write(pictures / "a.jpg", Picture(RANDOM.integers(0, 256, (4, 4, 3), np.uint8)), "jpeg")
    output = Output(pattern="{number}-{stem}_{network}.{step}")
    names = [item.target.name for item in listed([pictures], tmp_path / "out", output, translator())]
    assert names == ["1-a_negative.3.png", "2-a_negative.3.png", "3-b_negative.3.png", "4-c_negative.3.png",
                     "5-d_negative.3.png"]  # fmt: skip
    names = [item.target.name for item in listed([pictures], tmp_path / "out", Output(), translator())]
    assert names[:2] == ["a-A-to-B.png", "a-A-to-B-2.png"]


@pytest.mark.parametrize("existing", ["skip", "number", "replace"])
def test_originals_are_never_written_over(pictures: Path, existing: str) -> None:
    before = {path: path.read_bytes() for path in pictures.rglob("*") if path.is_file()}
    list(job_of(pictures, pictures, pattern="{stem}", format="same", existing=existing))
    assert all(path.read_bytes() == data for path, data in before.items())
    assert (pictures / "a-2.png").is_file()


@pytest.mark.parametrize("pattern", ["{", "{x}", "{}", "{stem.upper}", "{stem[0]}", "{stem:>99999999}", "{stem!r}"])
def test_patterns_that_make_no_names_are_told(pictures: Path, tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ConfigError, match="pattern"):
        job_of(pictures, tmp_path / "out", pattern=pattern)


def test_names_stay_in_their_folder(pictures: Path, tmp_path: Path) -> None:
    for pattern in ("../../{stem}", "/etc/{stem}", "..", "a\\b:{stem}"):
        for item in listed([pictures / "a.png"], tmp_path / "out", Output(pattern=pattern), translator()):
            assert item.target.parent == tmp_path / "out" and item.target.stem.strip(".")


@pytest.mark.parametrize("existing, names", [("skip", ["a-A-to-B.png"]), ("replace", ["a-A-to-B.png"]),
                                             ("number", ["a-A-to-B-2.png", "a-A-to-B.png"])])  # fmt: skip
def test_what_is_there_is_left_replaced_or_numbered(
    pictures: Path, tmp_path: Path, existing: str, names: list[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a-A-to-B.png").write_bytes(b"mine")
    events = list(job_of(pictures / "a.png", out, existing=existing))
    assert made(out) == names
    assert ((out / "a-A-to-B.png").read_bytes() == b"mine") == (existing != "replace")
    last = [event for event in events if isinstance(event, FileState)][-1]
    assert last.state == ("skipped" if existing == "skip" else "done")
    assert last.target.name == names[0]


def test_an_output_folder_inside_is_not_read_and_hidden_files_neither(pictures: Path) -> None:
    list(job_of(pictures, pictures / "out"))
    write(pictures / ".hidden.png", Picture(np.zeros((2, 2, 3), np.uint8)))
    again = listed([pictures], pictures / "out", Output(), translator())
    assert [item.source.name for item in again] == ["a.png", "b.png", "c.jpg", "d.png"]


def test_nothing_to_do_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="There is no picture in"):
        job_of(tmp_path / "empty", tmp_path / "out")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ConfigError, match="is a file"):
        job_of(tmp_path / "empty", tmp_path / "out")


# --- commands --------------------------------------------------------------------------------------------------------


def upon(job: TranslateJob, wanted: Callable[[Any], bool], command: Any) -> list[Any]:
    """All events; a command is put at the first that is wanted."""
    events, waits = [], True
    for event in job:
        events.append(event)
        if waits and wanted(event):
            waits = False
            for one in command if isinstance(command, list) else [command]:
                job.inbox.put(one)
    return events


def test_a_stop_is_heard_within_a_picture(pictures: Path, tmp_path: Path) -> None:
    job = job_of(pictures, tmp_path / "out", manner={"way": "tiles", "tile": 32})
    write(pictures / "a.png", Picture(np.zeros((400, 400, 3), np.uint8)))
    events = upon(job, lambda event: isinstance(event, Translating), Stop())
    assert states(events)["a.png"] == "waiting" and events[-1] == Stopped(0)
    assert made(tmp_path / "out") == [] if (tmp_path / "out").exists() else True


def test_a_pause_waits_and_goes_on(pictures: Path, tmp_path: Path) -> None:
    job = job_of(pictures, tmp_path / "out")
    events = upon(job, lambda event: isinstance(event, FileState), [Pause(), Resume()])
    kinds = [type(event) for event in events]
    assert kinds.index(Paused) + 1 == kinds.index(Resumed) and events[-1] == Finished(4)


def test_in_a_pause_all_that_is_computed_is_written(pictures: Path, tmp_path: Path, monkeypatch) -> None:
    real = translate._write

    def slow(*rest: Any) -> None:
        time.sleep(0.1)  # a disk that takes longer than the network
        real(*rest)

    monkeypatch.setattr(translate, "_write", slow)
    job = job_of(pictures, tmp_path / "out")

    def second_begins(event: Any) -> bool:
        return isinstance(event, FileState) and event.index == 1 and event.state == "working"

    events = upon(job, second_begins, [Pause(), Resume()])
    paused = next(number for number, event in enumerate(events) if isinstance(event, Paused))
    assert states(events[:paused])["a.png"] == "done"


def test_closing_the_iterator_leaves_whole_files_alone(pictures: Path, tmp_path: Path) -> None:
    events = iter(job_of(pictures, tmp_path / "out"))
    for event in events:
        if isinstance(event, FileState) and event.state == "done":
            break
    events.close()
    for name in made(tmp_path / "out"):
        read(tmp_path / "out" / name)


def test_a_full_disk_pauses_and_nothing_is_lost(pictures: Path, tmp_path: Path, monkeypatch) -> None:
    real, calls = translate.write, iter(range(100))

    def full(path: Path, *rest: Any) -> None:
        if 1 <= next(calls) <= 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, *rest)

    monkeypatch.setattr(translate, "write", full)
    job = job_of(pictures, tmp_path / "out")
    events = []
    for event in job:
        events.append(event)
        if isinstance(event, Paused):
            assert "is full; make room" in event.reason
            job.inbox.put(Resume())
    assert sum(isinstance(event, Paused) for event in events) == 2
    assert set(states(events).values()) == {"done"} and len(made(tmp_path / "out")) == 4


def test_a_disk_that_stays_full_keeps_what_is_done(pictures: Path, tmp_path: Path, monkeypatch) -> None:
    real, calls = translate.write, iter(range(100))

    def full(path: Path, *rest: Any) -> None:
        if next(calls) >= 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, *rest)

    monkeypatch.setattr(translate, "write", full)
    job = job_of(pictures, tmp_path / "out", journal=True)
    events = upon(job, lambda event: isinstance(event, Paused), Stop())
    assert sorted(states(events).values())[:1] == ["done"] and isinstance(events[-1], Stopped)
    assert len(made(tmp_path / "out")) == 1 and unfinished()[0].left == 3


def test_a_folder_that_may_not_be_written_fails_each(pictures: Path, tmp_path: Path, monkeypatch) -> None:
    def refused(*rest: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(translate, "write", refused)
    events = list(job_of(pictures, tmp_path / "out"))
    assert set(states(events).values()) == {"failed"} and events[-1] == Finished(0)
    assert "cannot be written (Permission denied)" in next(e.reason for e in events if getattr(e, "reason", ""))


def test_whatever_a_writer_raises_fails_one(pictures: Path, tmp_path: Path, monkeypatch) -> None:
    real, calls = translate.write, iter(range(100))

    def odd(path: Path, *rest: Any) -> None:
        if next(calls) == 1:
            raise ValueError("this form\ncannot hold it")
        real(path, *rest)

    monkeypatch.setattr(translate, "write", odd)
    events = list(job_of(pictures, tmp_path / "out"))
    assert sorted(states(events).values()) == ["done"] * 3 + ["failed"]
    assert "ValueError: this form" in [getattr(event, "reason", "") for event in events]


def test_numbers_never_meet_what_is_still_to_be_written(pictures: Path, tmp_path: Path) -> None:
    """a-A-to-B.png is there, and so a becomes a-A-to-B-2.png, which another one was to be called."""
    write(pictures / "a.jpg", Picture(np.zeros((4, 4, 3), np.uint8)), "jpeg")
    out = tmp_path / "out"
    out.mkdir()
    (out / "a-A-to-B.png").write_bytes(b"mine")
    events = list(job_of(pictures, out, existing="number"))
    targets = [event.target for event in events if isinstance(event, FileState) and event.state == "done"]
    assert len(set(targets)) == 5 and all(read(path) for path in targets)
    assert (out / "a-A-to-B.png").read_bytes() == b"mine"


# --- after a restart -------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = TRANSLATORS.parse({"kind": "resnet", "width": 2, "blocks": 1}).build((3, 64, 64), (3, 64, 64))
    torch.save(network.state_dict(), tmp_path / "latest_net_G.pth")
    return tmp_path / "latest_net_G.pth"


def test_it_goes_on_after_a_restart(pictures: Path, tmp_path: Path, file: Path) -> None:
    out = tmp_path / "out"
    (pictures / "b.png").write_text("no picture")
    job = TranslateJob(open_translator(file, device="cpu"), [pictures], out, Output(existing="replace"))
    assert unfinished() == []

    def third(event: Any) -> bool:
        return isinstance(event, FileState) and event.state == "working" and event.index == 2

    upon(job, third, Stop())
    first = made(out)
    assert 1 <= len(first) < 4
    stamps = {name: (out / name).stat().st_mtime_ns for name in first}
    (journal,) = unfinished()
    assert journal.left == 4 - len(first) - 1 and journal.title == "latest_net_G.pth" and journal.folder == out
    with journal.path.open("ab") as half:
        half.write(b'{"index": 3, "sta')
    (journal,) = unfinished()
    events = list(TranslateJob.going_on(journal, "cpu"))
    assert states(events) == {"a.png": "done", "b.png": "failed", "c.jpg": "done", "d.png": "done"}
    assert {name: (out / name).stat().st_mtime_ns for name in first} == stamps
    assert len(made(out)) == 3 and unfinished() == [] and not list(home().glob("*.jsonl"))


def test_journals_that_cannot_be_read_are_left_out(pictures: Path, tmp_path: Path, file: Path) -> None:
    job = TranslateJob(open_translator(file, device="cpu"), [pictures], tmp_path / "out")
    upon(job, lambda event: isinstance(event, Listed), Stop())
    (journal,) = unfinished()
    good = journal.path.read_text()
    said = json.loads(good.splitlines()[0])
    for number, bad in enumerate(
        ["", "nonsense", "[]", '{"format": 99}', json.dumps(said | {"items": 5}), "\udc80" * 3]
    ):
        (home() / f"{number}.jsonl").write_bytes(bad.encode("utf-8", "surrogateescape"))
    assert [one.path for one in unfinished()] == [journal.path]
    with journal.lock():
        assert unfinished() == []  # somebody works on it
    journal.forget()
    assert unfinished() == []


def test_a_list_that_cannot_be_kept_is_told(pictures: Path, tmp_path: Path, monkeypatch) -> None:
    def refused(*rest: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(translate, "begun", refused)
    events = list(job_of(pictures, tmp_path / "out", journal=True))
    assert any(isinstance(event, Log) and "will not go on after a restart" in event.text for event in events)
    assert events[-1] == Finished(4)


# --- there and back --------------------------------------------------------------------------------------------------


class Smuggler(nn.Module):
    """Hides the picture in the last bits of a grey one, and finds it there."""

    def __init__(self, back: bool):
        super().__init__()
        self.back = back

    def forward(self, x: Tensor) -> Tensor:
        return x * 100 if self.back else x / 100


class Honest(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return -x


@pytest.fixture
def natural() -> Picture:
    x = np.linspace(0, 4 * np.pi, 64)
    wave = 127 + 100 * np.sin(x)[:, None] * np.cos(x)[None]
    return Picture(np.repeat(wave[:, :, None], 3, 2).round().astype(np.uint8))


def test_a_cycle_measures_what_comes_back(natural: Picture) -> None:
    found = cycle(translator(Honest()), translator(Honest(), "B to A"), natural)
    assert found.error == pytest.approx(0, abs=1e-6) and found.psnr > 100
    np.testing.assert_array_equal(found.there, 255 - natural.colour)
    np.testing.assert_array_equal(found.back, natural.colour)

    class Darker(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return -x - 0.2

    found = cycle(translator(Honest()), translator(Darker(), "B to A"), natural)
    expected = np.abs((natural.colour / 127.5 - 1 - 0.2).clip(-1, 1) - (natural.colour / 127.5 - 1)).mean(2) / 2
    np.testing.assert_allclose(found.map, expected, atol=1e-6)
    assert found.error == pytest.approx(expected.mean(), abs=1e-6)


def test_smuggling_is_found_out(natural: Picture) -> None:
    honest = trust(translator(Honest()), translator(Honest(), "B to A"), natural)
    smuggled = trust(translator(Smuggler(False)), translator(Smuggler(True), "B to A"), natural)
    assert smuggled.plain.error < 1e-5 and smuggled.quantised.error > 0.1
    assert smuggled.ratio > 100 and "It smuggles" in smuggled.sentence
    assert honest.quantised.error < 0.02 and honest.blurred.error < 0.02
    assert honest.quantised.map.shape == (64, 64)


def test_what_does_not_come_back_at_all_is_not_trusted(natural: Picture) -> None:
    class Grey(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.zeros_like(x) + 1

    lost = trust(translator(Honest()), translator(Grey(), "B to A"), natural)
    assert lost.ratio == pytest.approx(1) and "Nothing can be said" in lost.sentence
    home = trust(translator(nn.Identity()), translator(nn.Tanh(), "B to A"), natural)
    assert home.plain.psnr > 15 and "It can be trusted" in home.sentence


def test_fewer_levels_and_softer() -> None:
    x = RANDOM.uniform(-1, 1, (40, 40, 3)).astype(np.float32)
    assert len(np.unique(coarser(x))) <= 32 and np.abs(coarser(x) - x).max() <= 1 / 31 + 1e-6
    assert softer(x).std() < x.std() and softer(x).mean() == pytest.approx(x.mean(), abs=0.02)


def test_two_that_do_not_fit_are_told(natural: Picture) -> None:
    with pytest.raises(ConfigError, match="do not lead there and back"):
        cycle(translator(), translator(needs=Needs(scale=2)), natural)


def test_the_difference_of_pieces_can_be_shown(file: Path, natural: Picture) -> None:
    one = open_translator(file, device="cpu")
    exact = difference(one, natural, Manner(way="layers", tile=32, precision="fp32"))
    assert exact.most < 0.02 and exact.map.shape == (64, 64)
    loose = difference(one, natural, Manner(way="tiles", tile=32, overlap=4, precision="fp32"))
    assert loose.most > 1 and loose.mean > 0.01
    np.testing.assert_array_equal(exact.whole, loose.whole)


def test_iterating_is_an_iterator() -> None:
    assert isinstance(iter(job_of([Path("x.png")], Path("out"))), Iterator)
