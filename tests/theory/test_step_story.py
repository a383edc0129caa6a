"""The story of a step: every number in it comes from the step, and every term of every objective is told."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from gan_studio.compute import default_engine
from gan_studio.data import Stream
from gan_studio.data.toy2d import PlaneDataset, Ring
from gan_studio.jobs.settings import RunConfig
from gan_studio.objectives import OBJECTIVES
from gan_studio.penalties import PENALTIES
from gan_studio.theory.step_story import TEMPLATES, Seen, look, share_called_real, story

CURVES = {"D/real": 0.5, "D/fake": 0.25, "G/adversarial": 1.5, "D(real)": 0.81, "D(fake)": 0.24, "distance/js": 0.3}


def texts(sentences, about=None):
    return [str(sentence) for sentence in sentences if about is None or sentence.about == about]


def test_a_whole_step():
    told = story(CURVES | {"gradient/D": 0.7, "rate/D": 2e-4, "rate/G": 1e-4}, 64)
    assert texts(told, "D") == [
        "D sees 64 real and 64 generated points.",
        "On average it finds the real ones 81 % real, and the generated ones 24 %.",
        "Its loss is 0.5 for the real ones and 0.25 for the generated ones.",
        "So their Jensen-Shannon divergence is 0.3 or more; it is never above 0.693.",
        "Its weights go against a gradient of length 0.7, at a learning rate of 0.0002.",
    ]
    assert texts(told, "G") == [
        "Then G shows 64 points to D, which has just learnt.",
        "D's answers cost it 1.5.",
        "Its weights take a step, at a learning rate of 0.0001.",
    ]
    assert texts(told, "") == []


def test_one_player_alone():
    of_d = texts(story(CURVES, 8, ("D",)))
    assert of_d[-1] == "G stands still: its points stay where they are." and "Then G" not in " ".join(of_d)
    of_g = texts(story(CURVES, 8, ("G",)))
    assert of_g[:2] == ["D stands still and only answers.", "G shows 8 points to D."]
    assert not any("sees" in text for text in of_g)


def test_many_steps_of_d():
    assert texts(story(CURVES, 8, d_steps=5))[0] == "D takes 5 steps; in each it sees 8 real and 8 generated points."


@pytest.mark.parametrize(
    ("real", "fake", "comment"),
    [(0.52, 0.49, "hardly tell"), (0.99, 0.01, "with ease"), (0.8, 0.3, None)],
)
def test_how_well_d_tells(real, fake, comment):
    told = " ".join(texts(story(CURVES | {"D(real)": real, "D(fake)": fake}, 8), "D"))
    assert all((words in told) == (words == comment) for words in ("hardly tell", "with ease"))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [(0.5, 0.4, "fell from 0.5 to 0.4"), (0.4, 0.5, "rose from 0.4 to 0.5"), (0.4, 0.40001, "as before")],
)
def test_the_exact_distance(before, after, words):
    name = "distance/W1, exact"
    assert words in texts(story({name: after}, 8, before={name: before}), "")[0]
    assert texts(story({name: after}, 8), "") == [f"The exact Wasserstein distance is {after:.3g}."]
    assert texts(story({name: math.nan}, 8, before={name: before}), "") == []


def test_what_was_not_measured_is_not_told():
    told = texts(story(dict.fromkeys(CURVES, math.nan), 8))
    assert told == [
        "D sees 8 real and 8 generated points.",
        "Then G shows 8 points to D, which has just learnt.",
    ]


def test_what_the_plane_shows():
    seen = Seen(real_called_real=0.81, generated_called_real=0.3, pull=0.125, moved=0.02)
    told = texts(story(CURVES | {"modes/covered": 7, "modes/high quality": 0.5}, 8, seen=seen))
    assert "Now D calls 81 % of the real points real, and 30 % of the generated ones." in told
    assert "Its points have gone 0.02 far on average." in told
    assert any("with a force of 0.12 on average" in text for text in told)
    assert told[-1] == "Modes that the generated points reach: 7; 50 % of the points lie close to one."


def test_looking_at_the_plane():
    rng = np.random.default_rng(0)
    axis = np.linspace(-2, 2, 16)
    scores = rng.random((16, 16))
    points = rng.uniform(-2, 2, (500, 2))
    read = RegularGridInterpolator((axis, axis), scores)(points[:, ::-1])  # rows are y
    assert share_called_real(scores, 2.0, points) == (read >= 0.5).mean()
    assert share_called_real(np.ones((4, 4)), 1.0, np.array([[9.0, -9.0]])) == 1  # outside: as at the border
    right = np.tile(axis > 0, (16, 1)).astype(float)
    assert share_called_real(right, 2.0, np.array([[1.5, -1.5], [-1.5, 1.5]])) == 0.5

    seen = look(points, points - [3, 4], pull=np.array([[0.6, 0.8], [0, 0]]), real=points, scores=scores, extent=2.0)
    assert seen.moved == pytest.approx(5) and seen.pull == pytest.approx(0.5)
    assert seen.real_called_real == seen.generated_called_real == (read >= 0.5).mean()
    assert look(points) == Seen()


def step_of(objective, penalties=()):
    """The curves of one real step."""
    recipe = {
        "kind": "gan",
        "objective": objective,
        "penalties": list(penalties),
        "generator": {"kind": "mlp", "width": 8},
        "discriminator": {"kind": "mlp", "width": 8},
        "latent": {"dim": 2},
        "batch_size": 16,
    }
    config = RunConfig.parse({"data": {"kind": "toy2d"}, "recipe": recipe, "steps": 10})
    engine = default_engine(config.compute)
    engine.seed_step(0, 0)
    training = config.recipe.build((2,), 10, engine)
    stream = Stream(PlaneDataset(Ring(), 1.0), 16, 0)
    return {name: float(value) for name, value in training.step(stream).items()}


def check_all_is_told(curves):
    told = story(curves, 16)
    assert {sentence.template for sentence in told} <= set(TEMPLATES)
    values = {round(abs(float(v)), 6) for s in told for v in s.values.values() if not isinstance(v, str)}
    for name, value in curves.items():
        if name.startswith(("D/", "G/", "distance/")):
            assert round(abs(value), 6) in values, f"{name} is not told"


@pytest.mark.parametrize("objective", [entry.kind for entry in OBJECTIVES])
def test_every_term_of_every_objective_is_told(objective):
    check_all_is_told(step_of(objective))


@pytest.mark.parametrize("penalty", [entry.kind for entry in PENALTIES])
def test_every_penalty_is_told(penalty):
    curves = step_of("wasserstein", [penalty])
    check_all_is_told(curves)
    slopes = {name: value for name, value in curves.items() if name.startswith("slope/")}
    told = " ".join(texts(story(curves, 16)))
    assert all(f"{value:.3g}" in told for value in slopes.values())
    assert "Its term" not in told


def test_torch_is_not_needed_to_tell():
    code = (
        "import sys, gan_studio.theory.step_story, gan_studio.theory.dynamics.portrait; print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
