"""The playground's steps: those of the GAN recipe and of a plain loop, the same looked at or not, and what is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from gan_studio.compute import default_engine, mixed_seed
from gan_studio.config import ConfigError
from gan_studio.data import Stream
from gan_studio.data.toy2d import DISTRIBUTIONS, PlaneDataset
from gan_studio.jobs.settings import RunConfig
from gan_studio.objectives import OBJECTIVES
from gan_studio.penalties import PENALTIES
from gan_studio.theory import playground
from gan_studio.theory.playground import (
    NOBODY,
    STAGES,
    Game,
    Players,
    Playground,
    Recorder,
    Wish,
    advice,
    goes_on,
    needs_bound,
)
from gan_studio.theory.step_story import W1, chapters, story

NETWORK = {"kind": "mlp", "width": 8}
SMALL = {"generator": NETWORK, "discriminator": NETWORK, "batch_size": 16, "d_steps": 2, "seed": 3}
SMALL |= {"g_optimiser": {"kind": "adam", "lr": 1e-3, "beta1": 0.0, "beta2": 0.99}}
KINDS = [entry.kind for entry in OBJECTIVES]
PENALTY_KINDS = [entry.kind for entry in PENALTIES]


def settings(**values):
    return Playground.parse(SMALL | values)


def weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def next_of(game, what):
    """The first moment of one of its generators."""
    moments = getattr(game, what)()
    try:
        return next(moments)
    finally:
        moments.close()


@pytest.fixture
def few(monkeypatch):
    """Little is looked at."""
    monkeypatch.setattr(playground, "POINTS", 256)
    monkeypatch.setattr(playground, "RESOLUTION", 8)
    monkeypatch.setattr(playground.modes, "SAMPLES", 256)


# --- the same steps, otherwise ---------------------------------------------------------------------------------------


def recipe_of(wanted):
    """The training of the shelf of recipes that is to take the same steps."""
    plain = wanted.plain()
    shared = ("objective", "penalties", "latent", "batch_size", "d_steps", "d_optimiser", "g_optimiser")
    shared += ("generator", "discriminator")
    recipe = {name: plain[name] for name in shared} | {"kind": "gan", "fresh_noise": True, "ema": 0.0}
    data = {"kind": "toy2d", "distribution": plain["data"]}
    config = RunConfig.parse({"data": data, "recipe": recipe, "steps": 100, "seed": wanted.seed})
    engine = default_engine(config.compute)
    engine.seed_step(wanted.seed, 0)
    training = config.recipe.build((2,), 100, engine)
    stream = Stream(PlaneDataset(wanted.data, wanted.data.scale), wanted.batch_size, wanted.seed)

    def step(number, players=("D", "G")):
        engine.seed_step(wanted.seed, number)
        return training.step(stream, players)

    return training, step


def check_same_steps(wanted, turns=(("D", "G"),) * 3):
    players = Players(wanted)
    training, step = recipe_of(wanted)
    for number, turn in enumerate(turns, start=1):
        mine, others = players.take_step(turn), step(number, turn)
        for name, value in others.items():
            assert torch.equal(mine[name], value), name
    assert same(weights(players.G), weights(training.G)) and same(weights(players.D), weights(training.D))


@pytest.mark.parametrize("objective", KINDS)
def test_each_objective_takes_the_recipe_s_steps(objective, few):
    check_same_steps(settings(objective={"kind": objective}))


@pytest.mark.parametrize("penalty", PENALTY_KINDS)
def test_each_penalty_takes_the_recipe_s_steps(penalty, few):
    check_same_steps(settings(objective={"kind": "wasserstein"}, penalties=[{"kind": penalty}]))


def test_lazy_penalties_spectral_norm_and_single_players_take_the_recipe_s_steps(few):
    lazy = [{"kind": "r1", "every": 3}, {"kind": "gradient-penalty"}]
    check_same_steps(settings(penalties=lazy, discriminator=NETWORK | {"spectral": True}))
    check_same_steps(settings(), (("D",), ("G",), ("D", "G"), ("G",)))


def test_a_plain_loop_takes_the_same_steps(few):
    """Written out once more, with torch alone: non-saturating, one step of D, noise on what D sees."""
    wanted = settings(d_steps=1, instance_noise=0.25)
    players = Players(wanted)
    twin = Players(wanted)
    G, D = twin.G, twin.D
    adam = {"lr": 1e-3, "betas": (0.0, 0.99), "fused": True}
    d_opt, g_opt = torch.optim.Adam(D.parameters(), **adam), torch.optim.Adam(G.parameters(), **adam)
    data = PlaneDataset(wanted.data, wanted.data.scale)

    def blurred(x):
        return x + 0.25 * torch.randn_like(x)

    for n in range(1, 5):
        curves = players.take_step()
        torch.manual_seed(mixed_seed(3, 0, n))
        z_of_d, z_of_g = torch.empty(16, 2).normal_(), torch.empty(16, 2).normal_()
        x, fake = data.batch(16, n - 1, 3).x, G(z_of_d).detach()
        loss = softplus(-D(blurred(x))).mean() + softplus(D(blurred(fake))).mean()
        d_opt.zero_grad()
        loss.backward()
        d_opt.step()
        assert float(curves["D/real"] + curves["D/fake"]) == pytest.approx(loss.item(), rel=1e-5)
        loss = softplus(-D(blurred(G(z_of_g)))).mean()
        g_opt.zero_grad()
        loss.backward()
        g_opt.step()
        assert float(curves["G/adversarial"]) == pytest.approx(loss.item(), rel=1e-5)
    assert all(torch.allclose(mine, twin) for mine, twin in zip(players.G.parameters(), G.parameters(), strict=True))
    assert all(torch.allclose(mine, twin) for mine, twin in zip(players.D.parameters(), D.parameters(), strict=True))


# --- who moves -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", ["non-saturating", "wasserstein", "relativistic-average"])
def test_who_has_no_turn_stands_still(objective, few):
    players = Players(settings(objective={"kind": objective}, penalties=[{"kind": "weight-clipping"}]))
    G, D = weights(players.G), weights(players.D)
    players.take_step(("D",))
    assert same(G, weights(players.G)) and not same(D, weights(players.D))
    D = weights(players.D)
    players.take_step(("G",))
    assert same(D, weights(players.D)) and not same(G, weights(players.G))


def test_clipping_clips_after_each_step(few):
    players = Players(settings(penalties=[{"kind": "weight-clipping", "limit": 0.02}]))
    players.take_step()
    assert max(float(p.detach().abs().max()) for p in players.D.parameters()) <= 0.02


# --- looking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", KINDS)
def test_looking_changes_no_number(objective, few):
    wanted = settings(
        objective={"kind": objective}, penalties=["gradient-penalty"], discriminator=NETWORK | {"spectral": True}
    )
    looked_at, plain = Players(wanted), Players(wanted)
    torch.manual_seed(7)
    drawn = torch.rand(3)
    torch.manual_seed(7)
    for _ in range(3):
        looked_at.take_step(witness=Recorder(looked_at))
        looked_at.measures()
        plain.take_step(witness=NOBODY)
    assert same(weights(looked_at.G), weights(plain.G)) and same(weights(looked_at.D), weights(plain.D))
    assert torch.equal(torch.rand(3), drawn), "the global generator was touched"


def test_same_seed_same_game_however_it_is_played(few, monkeypatch):
    monkeypatch.setattr(playground, "TELL_EVERY", 0.0)
    by_steps, at_full_speed, other = Game(settings()), Game(settings()), Game(settings(seed=4))
    moments = at_full_speed.play()
    for n in range(1, 6):
        one, many = next_of(by_steps, "step"), next(moments)
        assert one.step == many.step == n
        assert {name: one.curves[name] for name in many.curves} == many.curves
        assert np.array_equal(one.scene.generated, many.scene.generated)
    moments.close()
    assert not np.array_equal(next_of(other, "step").scene.generated, next_of(Game(settings()), "step").scene.generated)


def test_the_scene_by_hand(few):
    players = Players(settings())
    scene = players.scene()
    assert scene.extent == players.data.extent and scene.values.shape == (8, 8) and scene.warped.shape == (21, 21, 2)
    x = torch.tensor([[-scene.extent, scene.extent]])
    with torch.no_grad():
        assert scene.values[7, 0] == pytest.approx(float(players.D(x)), abs=1e-6)  # row 7 is on top, column 0 left
        assert scene.scores[7, 0] == pytest.approx(float(players.D(x).sigmoid()), abs=1e-6)
        real, fake = players.D(torch.from_numpy(scene.real)), players.D(torch.from_numpy(scene.generated))
    assert scene.middle == pytest.approx(float((real.mean() + fake.mean()) / 2), abs=1e-6)
    assert len(scene.wrong) == int((real < 0).sum() + (fake >= 0).sum())
    # The pull is minus the gradient of softplus(-D): towards higher D, weighed by 1 - sigmoid(D).
    points = torch.from_numpy(scene.generated).requires_grad_()
    (slope,) = torch.autograd.grad(players.D(points).sum(), points)
    assert np.allclose(scene.pull, ((1 - fake.sigmoid())[:, None] * slope).numpy(), atol=1e-6)


def test_answers_without_a_scale_are_judged_by_their_middle(few):
    scene = Players(settings(objective={"kind": "wasserstein"})).scene()
    assert scene.scores is None and 0 < len(scene.wrong) < 512


# --- what is told ----------------------------------------------------------------------------------------------------


def test_a_step_is_told_in_phases(few):
    game = Game(settings())
    first = next_of(game, "look")
    assert first.step == 0 and first.phases == () and first.curves[W1] > 0 and "modes/covered" in first.curves
    moment = next_of(game, "step")
    assert [phase.key for phase in moment.phases] == [stage.key for stage in STAGES]
    assert tuple(s for phase in moment.phases for s in phase.sentences) == moment.story
    assert all(phase.sentences for phase in moment.phases)
    scenes = {phase.key: phase.scene for phase in moment.phases}
    assert np.array_equal(scenes["sees"].values, scenes["pays"].values)
    assert not np.array_equal(scenes["pays"].values, scenes["learns"].values)
    assert np.array_equal(scenes["learns"].values, scenes["moves"].values), "D stands in G's turn"
    assert np.array_equal(scenes["shows"].generated, scenes["feels"].generated)
    assert not np.array_equal(scenes["feels"].generated, scenes["moves"].generated)
    assert [key for key, scene in scenes.items() if scene.pull is not None] == ["feels"]
    told = " ".join(map(str, moment.story))
    assert "D takes 2 steps; in each it sees 16 real and 16 generated points." in told
    assert f"{moment.curves['G/adversarial']:.3g}" in told and f"{moment.curves[W1]:.3g}" in told


def test_single_players_have_their_own_phases(few):
    game = Game(settings())
    game.wish = Wish(settings(), ("D",))
    assert [phase.player for phase in next_of(game, "step").phases] == ["D"] * 4
    game.wish = Wish(settings(), ("G",))
    moment = next_of(game, "step")
    assert [phase.player for phase in moment.phases] == ["G"] * 3
    assert str(moment.story[0]) == "D stands still and only answers."


def test_the_chapters_are_the_story():
    curves = {"D/real": 0.5, "G/adversarial": 1.0, "rate/D": 1e-3, W1: 0.4, "D(real)": 0.5, "D(fake)": 0.5}
    told = chapters(curves, 8)
    assert tuple(s for chapter in told.values() for s in chapter) == story(curves, 8)
    assert [key for key, said in told.items() if said] == [
        "sees",
        "finds",
        "pays",
        "learns",
        "shows",
        "feels",
        "outcome",
    ]


@pytest.mark.parametrize("kind", [entry.kind for entry in DISTRIBUTIONS])
def test_every_distribution_can_be_played_on(kind, few):
    moment = next_of(Game(settings(data={"kind": kind})), "step")
    assert moment.finite and moment.curves[W1] > 0
    assert ("modes/covered" in moment.curves) == bool(len(DISTRIBUTIONS[kind]().centres))


def test_numbers_that_run_away_end_the_game(few, monkeypatch):
    monkeypatch.setattr(playground, "TELL_EVERY", 0.0)
    wild = settings(objective={"kind": "least-squares"}, d_optimiser={"kind": "sgd", "lr": 10.0})
    moments = list(Game(wild).play())
    assert not moments[-1].finite and all(moment.finite for moment in moments[:-1])


# --- live and anew ---------------------------------------------------------------------------------------------------


def test_live_options_hold_from_the_next_step_on(few):
    game = Game(settings())
    next_of(game, "step")
    faster = settings(d_optimiser={"kind": "adam", "lr": 0.02}, batch_size=4, d_steps=1)
    assert not goes_on(settings(), faster)  # another beta
    faster = settings().with_values({"d_optimiser.lr": 0.02, "batch_size": 4, "d_steps": 1, "instance_noise": 0.5})
    assert goes_on(settings(), faster)
    game.wish = Wish(faster)
    moment = next_of(game, "step")
    assert moment.curves["rate/D"] == 0.02 and moment.step == 2
    assert str(moment.story[0]) == "D sees 4 real and 4 generated points."


def test_what_begins_another_game():
    old = settings(penalties=[{"kind": "r1"}])
    assert goes_on(old, old.with_values({"penalties.0.weight": 3.0}))
    for path, value in (
        ("objective", "hinge"),
        ("penalties", []),
        ("penalties.0.every", 2),
        ("discriminator.spectral", True),
        ("latent.dim", 5),
        ("data.modes", 5),
    ):
        assert not goes_on(old, old.with_values({path: value})), path


# --- advice ----------------------------------------------------------------------------------------------------------


def test_who_needs_a_bound():
    assert [kind for kind in KINDS if needs_bound(OBJECTIVES[kind]())] == ["wasserstein"]
    assert needs_bound(OBJECTIVES.parse({"kind": "loss-sensitive", "slope": 1.0}))


def test_what_does_not_go_together_is_told():
    free = settings(objective={"kind": "wasserstein"})
    assert "slope is bounded" in str(advice(free)[0])
    assert advice(free.with_values({"penalties": [{"kind": "weight-clipping"}]})) == ()
    assert advice(free.with_values({"discriminator.spectral": True})) == ()
    tied = settings(penalties=[{"kind": "r1"}], discriminator=NETWORK | {"norm": "batch"})
    assert "batch norm" in str(advice(tied)[0])
    assert advice(settings()) == ()


def test_two_threads_never_play_at_once(few):
    game = Game(settings())
    first = game.play()
    next(first)
    assert game._lock.locked()
    first.close()
    assert not game._lock.locked() and math.isfinite(next_of(game, "look").curves[W1])


def test_settings_out_of_range_are_refused():
    with pytest.raises(ConfigError):
        settings(batch_size=1)
    with pytest.raises(ConfigError, match="pictures"):
        advice(settings(discriminator={"kind": "dcgan"}))
