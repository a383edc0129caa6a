"""The worker carries everything, in order, whole, and leaves the window its time."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject, QTimer

from gan_studio.gui.worker import Worker, end_all
from gan_studio.jobs.inbox import Inbox, Pause, Resume, Stop


def collect(worker):
    """What the worker emits, in order: events, then the failure, then "finished"."""
    told = []
    worker.events.connect(told.extend)
    worker.failed.connect(told.append)
    worker.finished.connect(lambda: told.append("finished"))
    return told


def run(worker, qtbot, timeout=20_000):
    told = collect(worker)
    with qtbot.waitSignal(worker.finished, timeout=timeout):
        worker.start()
    return told


def test_carries_every_event_in_order(qtbot):
    assert run(Worker(iter_events(1000)), qtbot) == [*range(1000), "finished"]


def iter_events(count):
    yield from range(count)


def test_a_fast_job_leaves_the_window_its_time(qtbot):
    """With one queued signal an event the window would not tick at all."""
    ticks = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(0))
    worker = Worker(busy(100_000))
    lists = []
    worker.events.connect(lambda mail: lists.append(len(mail)))
    timer.start()
    with qtbot.waitSignal(worker.finished, timeout=60_000):
        worker.start()
    timer.stop()
    assert sum(lists) == 100_000
    assert len(lists) < 1000  # gathered, not one by one
    assert len(ticks) >= len(lists)  # at least one tick between two deliveries


def busy(count):
    """Pure Python that holds the interpreter's lock whenever it can."""
    for number in range(count):
        sum(range(100))
        yield number


def test_a_failure_travels_whole(qtbot):
    told = run(Worker(failing()), qtbot)
    assert told[0] == "before"
    assert isinstance(told[1], ZeroDivisionError)
    assert told[1].__traceback__.tb_next.tb_frame.f_code.co_name == "failing"
    assert told[2] == "finished"


def failing():
    yield "before"
    yield 1 / 0


def test_a_failure_while_saving_is_told_too(qtbot):
    worker = Worker(cannot_save())
    told = collect(worker)
    with qtbot.waitSignal(worker.finished):
        worker.start()
        worker.stop()
    assert isinstance(told[-2], OSError)


def cannot_save():
    try:
        yield from endless()
    finally:
        raise OSError("the disk is full")


def endless():
    number = 0
    while True:
        yield number
        number += 1


class Saving:
    """A job without an inbox that notes where it was closed."""

    def __init__(self):
        self.saved_on = None
        self.reached = threading.Event()

    def __iter__(self):
        try:
            for number in endless():
                if number == 10:
                    self.reached.set()
                yield number
        finally:
            self.saved_on = threading.current_thread()


def test_stop_closes_the_job_on_its_own_thread(qtbot):
    job = Saving()
    worker = Worker(job)
    with qtbot.waitSignal(worker.finished):
        worker.start()
        assert job.reached.wait(60)
        worker.stop()
    assert job.saved_on is worker._thread
    assert not worker.is_alive()


def test_those_that_work_for_a_window_are_ended_together(qtbot):
    window, jobs = QObject(), [Saving(), Saving(), Saving()]
    for job in jobs:
        Worker(job, parent=QObject(window)).start()
        assert job.reached.wait(10)
    end_all(window, 60.0)
    assert all(job.saved_on is not None for job in jobs)


def test_the_wait_for_one_that_hangs_is_bounded(qtbot):
    window, go = QObject(), threading.Event()
    workers = [Worker(hanging(go), parent=window) for _ in range(2)]
    for worker in workers:
        worker.start()
    end_all(window, 0.05)
    assert all(worker.is_alive() for worker in workers)
    go.set()
    end_all(window, 60.0)
    assert not any(worker.is_alive() for worker in workers)


def hanging(go):
    yield go.wait(60)


def test_pause_holds_a_job_between_two_events(qtbot):
    job, told = Saving(), []
    worker = Worker(job)
    worker.events.connect(told.extend)
    worker.put(Pause())  # before the start: it holds after the first event
    worker.start()
    qtbot.waitUntil(lambda: told == [0])
    assert not job.reached.is_set()
    worker.resume()
    qtbot.waitUntil(lambda: len(told) > 10)
    with qtbot.waitSignal(worker.finished):
        worker.pause()
        worker.stop()  # ends a paused job too


def test_a_job_with_an_inbox_obeys_by_itself(qtbot):
    inbox = Inbox()
    told = []
    worker = Worker(echoing(inbox), inbox)
    worker.events.connect(told.extend)
    worker.start()
    for command in (Pause(), Resume(), Stop()):
        worker.put(command)
    with qtbot.waitSignal(worker.finished):
        pass
    assert told == [Pause(), Resume(), Stop()]


def echoing(inbox):
    while True:
        command = inbox.wait()
        yield command
        if isinstance(command, Stop):
            return


def test_cancel_ends_a_job_that_does_not_read_its_inbox(qtbot):
    worker = Worker(endless(), Inbox())
    with qtbot.waitSignal(worker.finished):
        worker.start()
        worker.cancel()


def test_join_waits_for_the_end(qtbot):
    worker = Worker(iter_events(3))
    told = collect(worker)
    with qtbot.waitSignal(worker.finished):
        worker.start()
        assert worker.join(60)
    assert told == [0, 1, 2, "finished"]  # what was told before the end is delivered after it


@pytest.mark.skipif(not hasattr(threading, "get_native_id"), reason="needs a thread's system number")
def test_two_thousand_signals_keep_the_counts_of_none(qtbot):
    """PySide6 6.12.0 loses a reference to None at each call on Python before 3.12, until the process aborts."""
    import sys

    worker = Worker(iter_events(1), hz=1000)
    with qtbot.waitSignal(worker.finished):
        worker.start()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(2000):
        worker.events.emit([])
    lost = before[0] - sys.getrefcount(None), before[1] - sys.getrefcount(True)
    assert max(lost) < 500
