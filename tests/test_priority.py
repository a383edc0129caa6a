"""What stands back, and what does not."""

import os
import sys
import threading

import pytest

from gan_studio.priority import NICE, lower_of_thread

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")


def own() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def on_thread(*calls):
    """What the last of these calls gives on a new thread."""
    given = []
    thread = threading.Thread(target=lambda: given.extend(call() for call in calls))
    thread.start()
    thread.join()
    return given[-1]


def test_a_thread_stands_back_with_those_that_it_makes_and_no_other():
    before = own()
    lowered = max(before, NICE)
    assert on_thread(lambda: lower_of_thread(lowered), own) == lowered
    assert on_thread(lambda: lower_of_thread(lowered), lambda: on_thread(own)) == lowered
    assert own() == before == on_thread(own)
