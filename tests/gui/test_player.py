"""Which frame of a walk is due, by a clock that the test moves."""

from __future__ import annotations

import pytest

from gan_studio.gui.explore.player import LONGEST_S, Player


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def player(qtbot, qapp, clock):
    player = Player(qapp, clock)
    player.told = []
    player.due.connect(player.told.append)
    player.ended.connect(lambda: player.told.append("end"))
    yield player
    player.stop()
    player.deleteLater()


def pass_time(player, clock, seconds):
    clock.now += seconds
    player.look()


def test_frames_follow_the_clock_and_the_speed(player, clock):
    player.set_walk(100, 16.0, loops=False)
    player.start()
    pass_time(player, clock, 0.125)
    player.set_speed(2.0)
    pass_time(player, clock, 0.125)
    player.set_speed(0.25)
    for _ in range(4):
        pass_time(player, clock, 0.125)
    assert player.told == [0, 2, 6, 7, 8] and player.is_playing


def test_it_ends_at_the_last_frame_and_begins_anew(player, clock):
    player.set_walk(5, 20.0, loops=False)
    player.go_to(3)
    player.start()
    pass_time(player, clock, 0.2)
    assert player.told == [3, 4, "end"] and not player.is_playing and player.frame == 4
    player.start()
    assert player.told[-1] == 0 and player.is_playing


def test_a_loop_goes_around(player, clock):
    player.set_walk(5, 20.0, loops=True)
    player.go_to(4)
    player.start()
    pass_time(player, clock, 0.15)
    assert player.told == [4, 2] and player.is_playing


def test_a_window_that_was_busy_goes_on_from_where_it_was(player, clock):
    player.set_walk(1000, 20.0, loops=False)
    player.start()
    pass_time(player, clock, 10.0)
    assert player.frame == int(LONGEST_S * 20)


def test_a_shorter_walk_keeps_the_place_within_it(player):
    player.set_walk(100, 20.0, loops=False)
    player.go_to(80)
    player.start()
    player.set_walk(10, 20.0, loops=False)
    assert player.frame == 9 and player.is_playing
    player.set_walk(0, 20.0, loops=False)
    assert player.frame == 0 and not player.is_playing
