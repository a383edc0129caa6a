"""Train: the job behind the Train tab and `gan-studio train`.

One step at a time: obey the commands that have come, seed, step, and now and then tell, draw and save. Scalars stay on
the device until they are told, about ten times a second.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import runs
from ..compute import Engine, default_engine, engine_from, environment
from ..conditions import NOT_A_NUMBER
from ..config import ConfigError, get, is_live
from ..data import Dataset, Progress, Stream
from ..nn.blocks import parameter_count
from ..ranks import ALONE, Ranks
from ..recipes import PLAYERS, Training
from . import together
from .beside import Beside, Measurer
from .dryrun import dry_run, forecast, is_out_of_memory
from .evaluations import CURVES as METRICS
from .evaluations import Evaluated, read
from .events import (
    Changed,
    Checkpoint,
    Curves,
    Event,
    Finished,
    Log,
    Paused,
    Resumed,
    Started,
    Stopped,
    Turn,
)
from .hold import Hold, TakenError
from .inbox import Change, CheckpointNow, Command, Inbox, Pause, Resume, SampleNow, Step, Stop
from .overfitting import Gap
from .settings import RunConfig
from .shown import Drawn, Measures, Shown, shown
from .verdict import Key, judge, measures_of

Events = Generator[Event | Progress, None, None]
TELL_EVERY = 0.1  # seconds between two Curves events


def new_run(config: RunConfig, title: str, root: Path | None = None, preset: str = "") -> runs.Run:
    """A run folder for this config, ready to be trained. Raises ConfigError."""
    config.check()
    run = runs.create(root or runs.default_root(), title, config.plain(), preset=preset)
    run.set_state(runs.State("new", 0, config.steps))
    return run


class Ending(Exception):  # noqa: N818 (no error: somebody may have asked for it)
    """The training ends before its last step; `reason` is "" when somebody asked for it."""

    state = "stopped"
    worth_saving = True

    def __init__(self, reason: str = ""):
        super().__init__(reason)
        self.reason = reason


class Failed(Ending):
    """What the networks hold now is not worth saving: a term is no longer a number, or a step was cut off."""

    state = "failed"
    worth_saving = False


@dataclass(frozen=True)
class Common:
    """What the lanes of a race share, prepared and picked once."""

    dataset: Dataset
    engine: Engine
    measurer: Measurer = field(default_factory=Measurer)


class TrainJob:
    """Train a run from where it stands to its last step. Iterate it for events; put commands into `inbox`.

    The first iteration takes the run's lock, prepares the data (yielding Progress), does the dry run (Progress, then
    Forecast), and yields Started, Real, then Curves (about ten times a second), Samples, Landscape, Checkpoint,
    Changed, Paused, Resumed, and at the end Finished or Stopped. Closing the iterator saves first. While paused it
    blocks in `inbox.wait()`. Raises ConfigError before Started where the config, data or folder cannot be used.

    With `common` it is a lane of a race: it prepares nothing, and tells its Turn before it would go on or wait.
    """

    def __init__(
        self,
        run: runs.Run,
        spare_core: bool = False,
        dry_run: bool = True,
        ranks: Ranks = ALONE,
        common: Common | None = None,
    ):
        self.run, self.spare_core, self.ranks, self.common = run, spare_core, ranks, common
        self.dry_run = dry_run and not ranks.are_many  # its steps would wait for the others
        self.inbox = Inbox()

    def __iter__(self) -> Events:
        hold = Hold(self.run)
        hold.acquire()
        before = self.run.state()
        try:
            self.run.set_state(replace(before, name="running", reason=""))
            yield from self._train(hold)
        except Ending:  # a Stop while the data was being prepared
            self.run.set_state(replace(before, name="stopped"))
            yield Stopped(before.step)
        except ConfigError as error:
            self.run.set_state(replace(before, name="failed", reason=str(error)))
            raise
        except OSError as error:
            place = error.filename or self.run.folder
            raise ConfigError(f"{place} cannot be used ({error.strerror}); make room, or mend it.") from error
        finally:
            if self.run.state().name == "running":  # whoever iterated went before the first step
                with contextlib.suppress(OSError):
                    self.run.set_state(replace(before, name="stopped"))
            hold.release()

    def _train(self, hold: Hold) -> Events:
        self.run.sweep()
        resumed = self.run.newest_readable()
        step = resumed[0].step if resumed else 0
        config = RunConfig.parse(self.run.config_at(step))
        together.check(config, self.ranks)
        dataset = yield from self._dataset(config)
        for note in dataset.notes:
            yield self._log(note, "warning")
        for sentence in config.recipe.advice(dataset.shape, dataset.pairs):
            yield self._log(sentence, "warning")
        engine = yield from self._engine(config, dataset)
        engine.enter()
        engine.seed_step(config.seed, 0)
        training = config.recipe.build(dataset.shape, config.steps, engine, dataset.pairs)
        for name, network in training.networks().items():
            self.run.log(f"{name}: {parameter_count(network):,} parameters")
        stream = Stream(dataset.to(engine.device), config.recipe.batch_size, config.seed)
        seen = shown(dataset, config.sample_count, config.seed, training)
        self._tell_what_is_shown(seen)
        gap = Gap(dataset, training, config.recipe.batch_size, config.seed, engine)
        hold.remember()
        beside = Beside(self.run, self.common.measurer if self.common else Measurer())
        turns = self.common is not None
        loop = Loop(self.run, hold, config, training, stream, engine, seen, gap, self.inbox, beside, turns)
        if resumed:
            loop.load(*resumed[1:])
        self.ranks.tell(together.Begin(config.plain(), engine.plain(), resumed[0].path if resumed else None))
        self.run.mark_resumed(step)  # takes back what was told after it, or all of it
        loop.look_back()
        yield from loop.events()

    def _tell_what_is_shown(self, seen: Shown) -> None:
        """What readers of the run cannot see in its samples."""
        about = self.run.about()
        columns = {"columns": list(seen.columns)} if seen.columns else {}
        facts = {} if "facts" in about else {"facts": seen.facts()}
        if columns or facts:
            runs.write_json(self.run.folder / "run.json", about | columns | facts)

    def _stoppable(self, preparation: Generator[Progress, None, Any]) -> Generator[Event | Progress, None, Any]:
        """Yield the progress of a preparation; a Stop command cancels it."""
        try:
            while True:
                try:
                    progress = next(preparation)
                except StopIteration as done:
                    return done.value
                if self.inbox.stop_waits():
                    raise Ending
                yield progress
        finally:
            preparation.close()

    def _dataset(self, config: RunConfig) -> Generator[Event | Progress, None, Dataset]:
        if self.common:
            return self.common.dataset
        return (yield from self._stoppable(config.data.prepare()))

    def _engine(self, config: RunConfig, dataset: Dataset) -> Generator[Event | Progress, None, Engine]:
        """What an earlier part of the run computed with, or what the dry run picks."""
        saved = engine_from(self.run.engine())
        if saved and saved.satisfies(config.compute):
            if not (self.run.folder / "environment.json").exists():  # of a branch
                runs.write_json(self.run.folder / "environment.json", environment())
            if self.ranks.are_many:
                share = default_engine(config.compute, self.spare_core, self.ranks).threads  # the cores are shared now
                saved = replace(saved, threads=min(saved.threads, share), ranks=self.ranks)
            yield forecast(config, saved, 0.0)
            return saved
        if self.common:
            engine, told = self.common.engine, forecast(config, self.common.engine, 0.0)
        elif self.dry_run:
            outcome = yield from self._stoppable(dry_run(config, dataset, self.spare_core))
            engine, told = outcome.engine, outcome.forecast
        else:
            engine = default_engine(config.compute, self.spare_core, self.ranks)
            told = forecast(config, engine, 0.0)
        pairs = {"pairs": asdict(dataset.pairs)} if dataset.pairs else {}
        runs.write_json(self.run.folder / "run.json", self.run.about() | {"shape": list(dataset.shape)} | pairs)
        runs.write_json(self.run.folder / "engine.json", engine.plain())
        runs.write_json(self.run.folder / "environment.json", environment() | {"tried": told.table})
        yield told
        return engine

    def _log(self, text: str, level: str = "info") -> Log:
        self.run.log(text)
        return Log(text, level)


class Loop:
    """The training itself, with its clock and its folder."""

    def __init__(
        self,
        run: runs.Run,
        hold: Hold,
        config: RunConfig,
        training: Training,
        stream: Stream,
        engine: Engine,
        shown: Shown,
        gap: Gap,
        inbox: Inbox,
        beside: Beside,
        turns: bool = False,
    ):
        self.run, self.hold, self.config, self.training, self.stream = run, hold, config, training, stream
        self.engine, self.shown, self.gap, self.inbox = engine, shown, gap, inbox
        self.beside, self.turns = beside, turns
        self.untold: list[tuple[int, dict[str, torch.Tensor]]] = []  # scalars still on the device
        self.measured: dict[int, Measures] = {}  # {step: what was measured at it, and is not told yet}
        self.unkept: list[tuple[list[int], dict[str, np.ndarray]]] = []  # curves that could not be written yet
        self.saved_at = -1  # step of the last checkpoint
        self.drawn_at = -1  # step of the last samples
        self.measured_at = -1  # step of the last samples that were measured
        self.nearest: dict[str, Any] | None = None  # the best by the distance of samples, as in `runs.State`
        self.foremost: dict[str, Any] | None = None  # the best by what was measured of checkpoints
        self.evaluated: list[Evaluated] = []  # what was measured of them
        self.judged_at = -1  # step of the last of these
        self.first_asked = -1  # step of the first checkpoint that was to be measured
        self.was_told = False  # anything of what came of measuring
        self.is_judge_missed = False  # it is known what came of the first
        self.resumed_from = 0  # patience is counted from there
        self.seconds = 0.0  # of training, pauses not counted
        self.told_at = self.resumed_at = time.perf_counter()
        self.rate = 0.0  # steps a second, smoothed
        self.paused = False

    @property
    def step(self) -> int:
        return self.training.iteration

    @property
    def best(self) -> dict[str, Any] | None:
        """By what was measured of checkpoints where they are measured, else by the distance of samples."""
        return self.foremost if self.config.watch.every else self.nearest

    # --- the story ---

    def events(self) -> Events:
        yield Started(self.run.folder, self.step, self.config.steps)
        self._set_state("running")
        try:
            yield from self._begin()
            while self.step < self.config.steps:
                yield from self._turn()
                yield from self._obey(self.inbox.waiting())
                yield from self._one_step()
            if self.drawn_at != self.step:
                yield from self._draw()
            yield from self._tell()
            if self.saved_at != self.step:
                yield from self._save()
            yield from self._last_measures()
        except Ending as ending:
            yield self._end(ending)
            if ending.worth_saving:  # else the others hang in a step; this process fails, and torchrun ends them
                self.engine.ranks.tell(together.End())
        except GeneratorExit:  # whoever iterated has gone; there is nobody left to tell
            self._end(Ending())
            self.engine.ranks.tell(together.End())
            raise
        except Exception as error:
            self._set_state("failed", f"{type(error).__name__}: {error}")
            raise
        else:
            self.engine.ranks.tell(together.End())
            self.run.copy_curves()
            self._set_state("finished")
            yield Finished(self.step)
        finally:
            self.beside.leave()

    def _begin(self) -> Events:
        """The real samples, a first look, and a checkpoint to fall back on."""
        real = self.shown.real()
        yield from self._writing(lambda: self.shown.keep_real(self.run, real.array))
        yield real
        if self.step == 0:
            yield from self._save()
        yield from self._draw(measured=self.measured_at < 0)  # else it stands there already, or was not due
        if self.step:
            yield from self._tell()
        self.told_at = self.resumed_at = time.perf_counter()

    def _one_step(self, players: tuple[str, ...] = PLAYERS) -> Events:
        self.engine.seed_step(self.config.seed, self.step + 1)
        self.engine.ranks.tell(together.Take(players))
        try:
            scalars = self.training.step(self.stream, players)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise Failed(self._out_of_memory()) from error
        self.untold.append((self.step, scalars))
        self._note(self.gap.look(self.step))
        drawn = self.step % self.config.samples_every == 0 or self.step == self.config.steps
        measured = bool(self.config.watch.every) and self.step % self.config.watch.every == 0
        saved = measured or self.step % self.config.steps_to_save() == 0
        if drawn:
            yield from self._draw()
        if drawn or saved or time.perf_counter() - self.told_at >= TELL_EVERY:
            yield from self._tell()  # after drawing, so that what was measured stands beside the step's other scalars
        if saved:
            yield from self._save()
        if measured:
            self.beside.ask(self.step, self.config.watch.how)
            self.first_asked = self.step if self.first_asked < 0 else self.first_asked

    def _end(self, ending: Ending) -> Stopped:
        """Save what is worth saving and say how it ended. Nothing in here waits for anybody."""
        try:
            if ending.worth_saving and self.saved_at != self.step:
                self._append_curves()
                self._checkpoint()
            self.run.copy_curves()
        except Failed as worse:
            ending = worse
        except OSError as error:
            trouble = self.hold.trouble(error)
            if not trouble:
                raise
            saved = f", step {self.saved_at} is" if self.run.checkpoints() else ""
            what = f"{trouble.what}: step {self.step} could not be saved{saved}."
            ending = Ending(f"{what} {trouble.later} before you resume.")
        self._set_state(ending.state, ending.reason)
        if ending.reason:
            self.run.log(ending.reason)
        return Stopped(self.step, ending.reason)

    # --- commands ---

    def _obey(self, commands: list[Command]) -> Events:
        for command in commands:
            yield from self._obey_one(command)
        yield from self._wait_while_paused()

    def _wait_while_paused(self) -> Events:
        while self.paused:
            yield from self._turn()
            yield from self._obey_one(self.inbox.wait())

    def _turn(self) -> Events:
        if self.turns:
            yield Turn(self.step)

    def _obey_one(self, command: Command) -> Events:
        match command:
            case Stop():
                raise Ending
            case Pause():
                yield from self._pause()
            case Resume():
                yield from self._resume()
            case Step(players):
                yield from self._single_step(players)
            case SampleNow():
                yield from self._draw()
                yield from self._tell()
            case CheckpointNow(starred):
                yield from self._tell()
                yield from self._save(starred)
            case Change(path, value):
                yield from self._change(path, value)

    def _pause(self) -> Events:
        yield from self._tell()
        yield from self._halt()
        self.run.copy_curves()

    def _halt(self, reason: str = "") -> Events:
        if self.paused:
            if reason:  # paused already, and now there is something to say
                self._set_state("paused", reason)
                yield Paused(self.step, reason)
            return
        self.seconds = self._seconds_so_far()
        self.paused = True
        self._set_state("paused", reason)
        yield Paused(self.step, reason)

    def _resume(self) -> Events:
        if not self.paused:
            return
        self.paused = False
        self.told_at = self.resumed_at = time.perf_counter()
        self._set_state("running")
        yield Resumed(self.step)

    def _single_step(self, players: tuple[str, ...]) -> Events:
        yield from self._pause()
        if self.step >= self.config.steps:
            return
        self.told_at = time.perf_counter()  # the pause is no part of the step
        yield from self._one_step(players)
        if self.drawn_at != self.step:
            yield from self._draw()
        yield from self._tell()

    def _change(self, path: str, value: object) -> Events:
        """Take over a live option, and remember when."""
        if not is_live(self.config, path):
            yield self._say(f"{path} cannot be changed while a run trains; branch the run to change it.", "warning")
            return
        old = get(self.config.plain(), path)
        try:
            self.config = self.config.with_values({path: value})
        except ConfigError as error:
            yield self._say(str(error), "warning")
            return
        new = get(self.config.plain(), path)
        self.training.apply(self.config.recipe)
        self.engine.ranks.tell(together.Apply(self.config.plain()))
        yield from self._writing(lambda: self.run.append_change(self.step, path, old, new))
        self.run.log(f"step {self.step}: {path} {old} -> {new}")
        yield Changed(self.step, path, old, new)

    # --- telling, drawing, saving ---

    def _tell(self) -> Events:
        """Fetch the scalars of the last steps in one transfer, check them, keep them and tell them."""
        if not self.untold and not self.measured:
            return
        self._average()
        count = len(self.untold)
        steps, values = self._fetch()
        if count:
            self._clock(count)
            values |= self._at_the_end(len(steps))
        self.unkept.append((steps, values))
        yield from self._writing(self._keep_curves)
        left = (self.config.steps - self.step) / self.rate if self.rate else math.inf
        yield Curves(np.array(steps), values, self._samples_per_second, left)
        yield from self._hear()

    def _clock(self, count: int) -> None:
        """Take the time that the last `count` steps needed; the rate is smoothed over about a second."""
        now = time.perf_counter()
        seconds = max(1e-9, now - self.told_at)
        old = 0.9 ** (seconds / TELL_EVERY) if self.rate else 0.0
        self.rate = old * self.rate + (1 - old) * count / seconds
        self.told_at = now

    def _at_the_end(self, rows: int) -> dict[str, np.ndarray]:
        """What is told of the last step alone: {name: [rows]}."""
        values = self.training.rates() | {"speed/samples per second": self._samples_per_second}
        columns = {name: np.full(rows, np.nan, np.float32) for name in values}
        for name, value in values.items():
            columns[name][-1] = value
        return columns

    @property
    def _samples_per_second(self) -> float:
        return self.rate * self.config.recipe.samples_per_step

    def _average(self) -> None:
        """The scalars of this rank's share become those of the whole batch."""
        ranks = self.engine.ranks
        if not ranks.are_many or not self.untold:
            return
        ranks.tell(together.Average())
        means = iter(ranks.mean(together.stacked([scalars for _, scalars in self.untold])))
        self.untold = [(step, dict(zip(scalars, means, strict=False))) for step, scalars in self.untold]

    def _fetch(self) -> tuple[list[int], dict[str, np.ndarray]]:
        """(steps [K], {name: values [K]}), NaN where not measured. Raises Failed where a term is not finite."""
        untold, self.untold = self.untold, []
        numbers = self._numbers(untold)
        measured, self.measured = self.measured, {}
        steps = sorted({step for step, _ in untold} | measured.keys())
        row = {step: i for i, step in enumerate(steps)}
        names = [name for _, scalars in untold for name in scalars] + [n for found in measured.values() for n in found]
        columns = {name: np.full(len(steps), np.nan, np.float32) for name in dict.fromkeys(names)}
        for step, scalars in untold:
            for name in scalars:
                columns[name][row[step]] = next(numbers)
        for step, found in measured.items():
            for name, value in found.items():
                columns[name][row[step]] = value
        return steps, columns

    def _numbers(self, untold: list[tuple[int, dict[str, torch.Tensor]]]) -> Iterator[float]:
        """The scalars of many steps, in their order. Raises Failed where one is not finite."""
        if not untold:
            return iter(())
        flat = torch.stack([value.float() for _, scalars in untold for value in scalars.values()])
        numbers = flat.cpu().numpy()  # the one CPU-GPU sync
        if not np.isfinite(numbers).all():
            where = [(i, name) for i, (_, scalars) in enumerate(untold) for name in scalars]
            row, name = where[int(np.argmin(np.isfinite(numbers)))]
            if row:  # what led there is worth seeing
                self.untold = untold[:row]
                with contextlib.suppress(OSError):
                    self.run.append_curves(*self._fetch())
            raise Failed(self._divergence(f"The term {name}", untold[row][0]))
        return iter(numbers.tolist())

    def _divergence(self, what: str, step: int) -> str:
        return (
            f"{what} {NOT_A_NUMBER} at step {step}. The healthy checkpoint of step {self.saved_at} is kept: "
            "branch from it with a lower learning rate, or with recipe.clip_norm set."
        )

    def _out_of_memory(self) -> str:
        batch = self.config.recipe.batch_size
        less = max(1, batch // 2)
        return f"Memory ran out after step {self.step}. Branch with recipe.batch_size {less} instead of {batch}."

    def _draw(self, measured: bool = True) -> Events:
        self.drawn_at = self.step
        drawn = self.shown.draw(self.step, self.training)
        yield from self._writing(lambda: self.shown.keep(self.run, drawn))
        if measured and self.step > self.measured_at:
            self._take_down(drawn)
        yield from drawn.events

    def _take_down(self, drawn: Drawn) -> None:
        """Note what was measured of the samples, for the next tell, and whether they are the best so far."""
        self.measured_at = self.step
        if not drawn.measures:
            return
        self._note(drawn.measures)
        name = self.shown.yardstick
        if self.nearest is None or drawn.measures[name] < self.nearest["value"]:
            self.nearest = {"name": name, "value": drawn.measures[name], "step": self.step}

    def _note(self, measures: Measures) -> None:
        """For the next tell."""
        if measures:
            self.measured[self.step] = self.measured.get(self.step, {}) | measures

    # --- measuring beside it ---

    def _hear(self, patience: float = 0.0) -> Events:
        """What was measured of checkpoints meanwhile, and what follows from it."""
        for event in self.beside.told(patience):
            self.was_told = True
            yield event
            if isinstance(event, Evaluated):
                yield from self._judge(event)
        yield from self._miss_a_judge()
        self._stop_early()

    def _miss_a_judge(self) -> Events:
        """Say once that nothing can stop it early, where the first checkpoint has no number to judge by."""
        if self.is_judge_missed or not self.was_told or self.first_asked in self.beside.held:
            return
        self.is_judge_missed = True
        if not self.config.watch.patience or self.foremost or self.step >= self.config.steps:
            return
        chosen = self.config.watch.how.metrics
        title = chosen[0].title if chosen else ""
        notes = [note for one in self.evaluated[-1:] for note in one.notes if title and title in note]
        yield self._say(
            f"Nothing can stop this training early so far: step {self.first_asked:,} has no"
            f" {title or 'number'} that watch.patience could judge by. {' '.join(notes)}".rstrip(),
            "warning",
        )

    def _judge(self, evaluated: Evaluated) -> Events:
        """Star the checkpoint that this was measured of, where it is the best so far."""
        self.evaluated.append(evaluated)
        self._weigh()
        step = evaluated.step
        if step is not None and self.foremost and self.foremost["step"] == step and self.config.watch.star_best:
            yield from self._writing(lambda: self.run.mark_best(step))

    def _weigh(self) -> None:
        """Which checkpoint is the best, of those that compare with the last that was measured."""
        key = self._judging()
        if key and (verdict := judge(self.evaluated, key)):
            best = verdict.best
            told = {"name": f"{METRICS}{key[0]}", "value": best.number.value, "step": best.step}
            self.foremost = told | {"badness": best.number.badness()}
            self.judged_at = verdict.newest.step

    def _judging(self) -> Key | None:
        """What says how good a checkpoint is: the first of the first metric that was chosen, by the newest features."""
        chosen = self.config.watch.how.metrics
        wanted = next(iter(chosen[0].measures)) if chosen else ""
        keys = measures_of(reversed(self.evaluated))
        return next((key for key in keys if key[0] == wanted or not wanted), None)

    def _stop_early(self) -> None:
        """Raises Ending where nothing has been better for as long as patience lasts."""
        patience, best = self.config.watch.patience, self.best
        judged_at = self.judged_at if self.config.watch.every else self.measured_at
        if not patience or not best or self.step == self.config.steps:  # it ends by itself
            return
        if judged_at - max(best["step"], self.resumed_from) >= patience:
            raise Ending(
                f"Stopped early: {best['name']} was best at step {best['step']:,} ({best['value']:.4g}), not better "
                f"for {patience:,} steps since, as watch.patience asks."
            )

    def _last_measures(self) -> Events:
        """The last checkpoint is measured too; a Stop does without."""
        if not self.config.watch.every:
            return
        if self.step % self.config.watch.every:
            self.beside.ask(self.step, self.config.watch.how)
        while (held := self.beside.held) and not self.inbox.stop_waits():
            yield Progress(0, 0, f"Measuring step {max(held):,}")
            yield from self._turn()
            yield from self._hear(patience=0.2)
        yield from self._hear()  # what came while another lane listened

    def _save(self, starred: bool = False) -> Events:
        yield from self._writing(lambda: self._checkpoint(starred))
        self._set_state("paused" if self.paused else "running")
        yield Checkpoint(self.step, self.run.checkpoint_at(self.step).path)

    def _checkpoint(self, starred: bool = False) -> None:
        if self.saved_at == self.step and self.step in [checkpoint.step for checkpoint in self.run.checkpoints()]:
            if starred:
                self.run.checkpoint_at(self.step).star()
            return
        self._check_weights()
        weights = {name: network.state_dict() for name, network in self.training.networks().items()}
        rest = {
            "training": self.training.state(),
            "position": self.stream.position,
            "seconds": self._seconds_so_far(),
        }
        self.run.save_checkpoint(self.step, weights, rest, starred)
        self.saved_at = self.step
        config = self.config
        self.run.prune(
            config.keep_newest, config.keep_every, config.keep_spread, config.keep_mb * 10**6, self.beside.held
        )

    def _check_weights(self) -> None:
        """A gradient can spoil the weights while the losses before it were still numbers."""
        for name, network in self.training.networks().items():
            norms = torch._foreach_norm(list(network.parameters()))
            if norms and not bool(torch.isfinite(torch.stack(norms)).all()):
                raise Failed(self._divergence(f"A weight of the {name}", self.step))

    def load(self, weights: dict[str, dict[str, Any]], rest: dict[str, Any]) -> None:
        """Go on from a checkpoint. Raises ConfigError where it was made by other networks."""
        try:
            self.training.load_weights(weights)
            self.training.load_state(rest["training"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"The checkpoint of {self.run.name} was made by other networks than its config names; "
                "start a new run, or branch with the networks unchanged."
            ) from error
        self.stream.position = rest["position"]
        self.seconds = rest["seconds"]
        self.saved_at = self.step

    def look_back(self) -> None:
        """What was measured before, by what still stands of it."""
        self.resumed_from = self.step
        self.evaluated = list(read(self.run))
        self._weigh()
        steps, values = self.run.curves().get(self.shown.yardstick, ([], []))
        if len(steps):
            i = int(np.argmin(values))
            self.nearest = {"name": self.shown.yardstick, "value": float(values[i]), "step": int(steps[i])}
            self.measured_at = int(steps[-1])

    def _writing(self, write: Callable[[], object]) -> Events:
        """Write; a full disk or a lost folder pauses the run until somebody has mended it."""
        mending = False
        while True:
            try:
                if mending:
                    yield from self._mend()
                if not self.hold.is_there:  # what is left of it would be no run
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
                write()
                return
            except OSError as error:
                trouble = self.hold.trouble(error)
                if not trouble:
                    raise
                if error.errno == errno.ENOENT and self._refurnished():
                    continue
            yield from self._halt(f"{trouble.what}. {trouble.now}")
            yield from self._wait_while_paused()
            mending = True

    def _refurnished(self) -> bool:
        try:
            return self.hold.refurnish()
        except OSError:
            return False

    def _mend(self) -> Events:
        """Take hold of the folder again; where it is gone, begin it anew with what is in memory. Raises OSError."""
        try:
            anew = self.hold.mend(self.config.plain())
        except TakenError:
            raise Failed(f"Another process trains the run {self.run.name} now; this one has ended.") from None
        if anew:
            yield self._say(f"{self.run.folder} was gone and is begun anew at step {self.step}.", "warning")
            self.shown.keep_real(self.run, self.shown.real().array)
            self._checkpoint()
            yield Checkpoint(self.step, self.run.checkpoint_at(self.step).path)

    # --- small things ---

    def _append_curves(self) -> None:
        if self.untold or self.measured:
            self._average()
            self.unkept.append(self._fetch())
        self._keep_curves()

    def _keep_curves(self) -> None:
        while self.unkept:
            self.run.append_curves(*self.unkept[0])
            del self.unkept[0]

    def _seconds_so_far(self) -> float:
        return self.seconds + (0.0 if self.paused else time.perf_counter() - self.resumed_at)

    def _set_state(self, name: str, reason: str = "") -> None:
        try:
            seconds = self._seconds_so_far()
            self.run.set_state(runs.State(name, self.step, self.config.steps, reason, seconds=seconds, best=self.best))
        except OSError as error:  # a full disk or a lost folder; the checkpoint tells the step all the same
            if not self.hold.trouble(error):
                raise

    def _say(self, text: str, level: str = "info") -> Log:
        self.run.log(text)
        return Log(text, level)
