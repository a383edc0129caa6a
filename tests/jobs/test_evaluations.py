"""What was measured: kept in a run whatever is cut off, compared by its basis, and the best step of it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gan_studio.config import ConfigError
from gan_studio.jobs.evaluations import Basis, Evaluated, Number, best, comparable, curves, keep, read
from gan_studio.runs import EVALUATIONS, Run

BASIS = Basis("cnn-1", "digits CNN", "32 x 32 px", "abc", "Digits", (500, 500), {"kind": "frechet", "exact": True})
NUMBER = Number("frechet", "Frechet distance (digits CNN)", 3.0, 2.0, 4.0, 2.5, "lower", 0.0, BASIS)
TOLD = Evaluated("small", 3, (NUMBER,), ("a note",), (("0", 0.5, 0.25), ("1", 0.5, 0.75)), "averaged", "key")


def at(
    step: int | None, value: float = 3.0, basis: Basis = BASIS, weights: str = "averaged", **of: object
) -> Evaluated:
    return replace(TOLD, step=step, weights=weights, numbers=(replace(NUMBER, value=value, basis=basis, **of),))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ()),
        ({"eye": "px", "eye_name": "pixels"}, ("other features: digits CNN, pixels",)),
        ({"eye": "cnn-2"}, ("other features: digits CNN, trained anew",)),
        ({"preprocessing": "8 x 8 px", "real": "xyz"}, ("other preprocessing: 32 x 32 px, 8 x 8 px",)),
        ({"samples": (1000, 1000), "real": "xyz"}, ("other number of samples: 500, 1,000",)),
        ({"samples": (500, 5000)}, ("other number of generated samples: 500, 5,000",)),
        ({"real": "xyz"}, ("other real samples: Digits, of other contents",)),
        ({"real": "xyz", "real_name": "Avatars"}, ("other real samples: Digits, Avatars",)),
        ({"metric": {"kind": "frechet", "exact": False}}, ("other exact of the metric: True, False",)),
        ({"metric": {"kind": "kernel"}}, ("other metric: frechet, kernel",)),
    ],
)
def test_why_two_numbers_cannot_be_compared_stands_in_words(changed: dict, words: tuple[str, ...]) -> None:
    other = replace(BASIS, **changed)
    told = BASIS.differences(other)
    assert told == words
    assert (other == BASIS) is (words == ())


def test_what_was_measured_is_read_back_as_it_was(make_run: Callable[..., Run]) -> None:
    run = make_run()
    told = [TOLD, at(None), at(4, math.inf, low=-math.inf, at_infinity=None)]
    for one in told:
        keep(run, one)
    assert list(read(run)) == told
    for line in (run.folder / EVALUATIONS).read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)  # numbers that are not finite are texts


def test_a_line_that_was_cut_off_is_skipped_and_the_next_one_stands(make_run: Callable[..., Run]) -> None:
    run = make_run()
    keep(run, at(1))
    whole = (run.folder / EVALUATIONS).read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 1):
        (run.folder / EVALUATIONS).write_bytes(whole + whole[:cut])
        keep(run, at(2))
        kept = [one.step for one in read(run)]
        assert kept in ([1, 2], [1, 1, 2])  # a line that lacks its last newline alone is whole
    (run.folder / EVALUATIONS).write_text('{"step": 1}\n[]\n{"subject": "a", "step": 1, "numbers": [{}]}\n')
    assert read(run) == ()
    assert read(Run(run.folder / "nowhere")) == ()


def test_a_resumption_takes_back_what_was_measured_after_it(make_run: Callable[..., Run]) -> None:
    run = make_run()
    for step in (6, 3, None, 4):
        keep(run, at(step))
    run.mark_resumed(3)
    keep(run, at(5))
    assert [one.step for one in read(run)] == [3, None, 5]


def test_curves_are_of_one_basis_the_newest_by_rising_steps(make_run: Callable[..., Run]) -> None:
    run = make_run()
    pixels = replace(BASIS, eye="px")
    for one in (
        at(2, 9.0, pixels),
        at(6, 1.0),
        at(4, 5.0),
        at(4, 2.0),
        at(8, 7.0, weights="raw"),
        at(None, 8.0),
        at(5),
    ):
        keep(run, one)
    steps, values, lows, highs = curves(run)["metrics/frechet"]
    assert steps.dtype == np.int64
    assert (steps.tolist(), values.tolist()) == ([4, 5, 6], [2.0, 3.0, 1.0])
    assert (lows.tolist(), highs.tolist()) == ([2.0] * 3, [4.0] * 3)
    keep(run, at(1, 4.0, pixels))
    assert curves(run)["metrics/frechet"][1].tolist() == [4.0, 9.0]
    assert list(comparable(read(run))) == ["frechet"]


@pytest.mark.parametrize(
    ("better", "ideal", "values", "step"),
    [
        ("lower", 0.0, [3.0, 1.0, 1.0, math.nan], 1),
        ("higher", 1.0, [0.2, 0.9, math.inf, 0.9], 1),
        ("nearer", 1.0, [0.4, 1.3, 0.8, -1.0], 2),
    ],
)
def test_the_best_step_is_the_first_that_no_other_beats(
    better: str, ideal: float, values: list[float], step: int
) -> None:
    told = [at(i, value, better=better, ideal=ideal) for i, value in enumerate(values)]
    assert best(told, "frechet") == step
    assert best(told, "frechet", among=[0, 3]) in (0, 3)


def test_what_was_not_measured_has_no_best_step() -> None:
    with pytest.raises(ConfigError, match="No checkpoint that is there was measured by 'kernel'; measured: frechet"):
        best([at(1)], "kernel")
    with pytest.raises(ConfigError, match="measured: frechet"):
        best([at(1, math.nan)], "frechet")
