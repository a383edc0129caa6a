"""What is seen of a race: its views, the league and the plot, all at the step of one timeline."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ..train.frame_reader import FrameReader
from ..widgets.overlaid import OverlaidPlot
from ..widgets.timeline import Timeline
from .lane_view import LaneGrid, LaneView
from .league_table import LeagueTable
from .record import RaceNews, Record, distance_of

if TYPE_CHECKING:
    from ...jobs.frames import Frame
    from ...jobs.race_folder import Standing
    from ...runs import Run


class Player(QObject):
    """Shows one lane at a step: from the disk, or what it tells now."""

    def __init__(self, view: LaneView, parent: QObject):
        super().__init__(parent)
        self.view, self.steps, self.out = view, list[int](), ""
        self.reader = FrameReader(self)
        self.reader.read.connect(self._show)

    def open(self, run: Run, steps: list[int]) -> None:
        self.steps = list(steps)
        self.reader.open(run)

    def add(self, step: int) -> None:
        self.take_back(step - 1)
        self.steps.append(step)

    def take_back(self, after: int) -> None:
        self.steps = self.steps[: bisect.bisect_right(self.steps, after)]
        self.reader.forget(after)

    def go_to(self, step: int) -> None:
        """As it was drawn there or, where it is out, last before."""
        i = bisect.bisect_right(self.steps, step)
        if i:
            self.reader.wish(self.steps[i - 1], self.steps[i : i + 3])

    def show_now(self, samples: Any, landscape: Any) -> None:
        self.reader.cancel()
        if samples:
            self.view.show_samples(samples.array)
        if landscape:
            self.view.show_landscape(landscape)

    def _show(self, step: int, frame: Frame | None) -> None:
        self.view.show_frame(frame)


class Show(QObject):
    """Takes a race that was read, or the events of one that races."""

    stands = Signal(str)  # one sentence: step, and who leads
    failed = Signal(object)  # an exception that reading a frame was not to raise

    def __init__(self, grid: LaneGrid, table: LeagueTable, plot: OverlaidPlot, timeline: Timeline, parent: QObject):
        super().__init__(parent)
        self.grid, self.table, self.plot, self.timeline = grid, table, plot, timeline
        self.players: list[Player] = []
        self.league: dict[int, tuple[Standing, ...]] = {}
        timeline.moved.connect(self._go_to)
        timeline.live_wanted.connect(self._go_live)
        plot.picked.connect(timeline.go_to)

    # a race

    def begin(self, names: list[str], runs: list[Run]) -> None:
        """Of lanes that have told nothing yet."""
        self._leave_players()
        self.league = {}
        self.grid.show_lanes(names)
        self.table.clear_rows()
        self.plot.show_lines(len(names))
        self.plot.set_cursor(None)
        self.timeline.set_steps([])
        for view, run in zip(self.grid.views, runs, strict=True):
            player = Player(view, self)
            player.reader.failed.connect(self.failed)
            player.open(run, [])
            self.players.append(player)

    def open(self, record: Record) -> None:
        self.begin([lane.name for lane in record.lanes], [lane.run for lane in record.lanes])
        self.league = dict(record.league)
        for number, (player, lane) in enumerate(zip(self.players, record.lanes, strict=True)):
            player.steps, player.out = list(lane.frames), lane.out
            self.plot.extend(number, *lane.distance)
            if lane.real is not None:
                player.view.show_real(lane.real)
            if lane.out:
                self.table.reasons[number] = lane.out
        steps = sorted({step for lane in record.lanes for step in lane.frames})
        self.timeline.set_steps(steps)
        self._go_live()

    def _leave_players(self) -> None:
        for player in self.players:
            player.reader.leave()
            player.deleteLater()
        self.players = []

    def leave(self) -> None:
        self.timeline.pause()
        self._leave_players()

    def add_news(self, news: RaceNews) -> None:
        """What another process has written since."""
        self.league = news.league
        before = [player.steps for player in self.players]
        for number, (player, lane) in enumerate(zip(self.players, news.lanes, strict=True)):
            player.steps, player.out = lane.frames, lane.out
            self.plot.extend(number, *lane.distance)
            if lane.real is not None:
                player.view.show_real(lane.real)
            if lane.out:
                self.table.reasons[number] = lane.out
        if [player.steps for player in self.players] != before:
            self.timeline.set_steps(sorted({step for lane in news.lanes for step in lane.frames}))
            if self.timeline.is_live:
                self._go_live()
                return
        self._show_standings(self.timeline.step())

    # what it tells

    def draw(self, mail: list[Any]) -> None:
        """Of what a lane drew only the last is shown, and nothing while the past is looked at."""
        from ...jobs import events
        from ...jobs.race import League

        for event in mail:
            match event:
                case events.Started():
                    self._take_back(event.step)
                case League():
                    self.league[event.step] = event.rows
                case events.Lane():
                    self._note(event.index, event.event)
        if self.timeline.is_live:
            self._draw_newest(mail)
            self._show_standings(self.timeline.step())
        else:
            self._say()

    def _note(self, number: int, event: Any) -> None:
        from ...jobs import events

        match event:
            case events.Curves():
                self.plot.extend(number, *distance_of({n: (event.steps, v) for n, v in event.values.items()}))
            case events.Samples():
                self.players[number].add(event.step)
                if event.step not in self.timeline.track.steps:
                    self.timeline.add_step(event.step)
            case events.Real():
                self.players[number].view.show_real(event.array)
            case events.Stopped() if event.reason:
                self.players[number].out = event.reason
                self.table.show_out(number, event.reason)

    def _draw_newest(self, mail: list[Any]) -> None:
        from ...jobs import events

        lanes = [event for event in mail if isinstance(event, events.Lane)]
        samples = {lane.index: lane.event for lane in lanes if isinstance(lane.event, events.Samples)}
        planes = {lane.index: lane.event for lane in lanes if isinstance(lane.event, events.Landscape)}
        for number in samples.keys() | planes.keys():
            self.players[number].show_now(samples.get(number), planes.get(number))

    def _take_back(self, step: int) -> None:
        """A race that goes on tells anew what came after its checkpoints."""
        self.league = {told: rows for told, rows in self.league.items() if told <= step}
        self.timeline.set_steps([told for told in self.timeline.track.steps if told <= step])
        self.plot.trim(step)
        for player in self.players:
            if not player.out:
                player.take_back(step)

    # the step that is shown

    def _go_to(self, step: int) -> None:
        for player in self.players:
            player.go_to(step)
        self._show_standings(step)

    def _go_live(self) -> None:
        step = self.timeline.step()
        if step is not None:
            self._go_to(step)

    def _show_standings(self, step: int | None) -> None:
        at, rows = self.league_at(step)
        self.table.show_rows(rows, at)
        by_lane, leading = {row.lane: row for row in rows}, leaders(rows)
        for number, player in enumerate(self.players):
            row = by_lane.get(number)
            player.view.show_standing(row, row in leading)
            if player.out and (row is None or row.state == "failed"):
                player.view.show_out(player.out)
        self.plot.set_cursor(None if self.timeline.is_live else step)
        self._say()

    def league_at(self, step: int | None) -> tuple[int, tuple[Standing, ...]]:
        """The newest league at or before a step, and its own step."""
        told = [other for other in self.league if step is not None and other <= step]
        return (max(told), self.league[max(told)]) if told else (0, ())

    def _say(self) -> None:
        step, leading = self.timeline.step(), leaders(self.table.rows)
        leads = f" · {' and '.join(row.title for row in leading)} lead{'s' * (len(leading) == 1)}" if leading else ""
        self.stands.emit("" if step is None else f"Step {step:,}{leads}")


def leaders(rows: tuple[Standing, ...]) -> list[Standing]:
    """Those in the first place; none where all share it."""
    first = [row for row in rows if row.place == 1 and row.state != "failed"]
    return first if len(first) < len(rows) else []
