"""The Dirac-GAN against the closed forms of Mescheder et al. 2018, against SciPy, and against finite differences."""

import cmath
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from gan_studio.config import from_toml, to_toml
from gan_studio.theory.dynamics import LOSSES, REGULARISERS
from gan_studio.theory.dynamics.game import Game, field
from gan_studio.theory.dynamics.portrait import PANELS, Portrait, draw
from gan_studio.theory.dynamics.rules import FAR, RULES, Alternating, Flow, Simultaneous
from gan_studio.theory.dynamics.spectrum import TEMPLATES, course, largest_step, spectrum, verdict

every_loss = pytest.mark.parametrize("loss", [loss.kind for loss in LOSSES])
every_regulariser = pytest.mark.parametrize("regulariser", [entry.kind for entry in REGULARISERS])
every_rule = pytest.mark.parametrize("rule", [rule() for rule in RULES], ids=lambda rule: rule.kind)

SLOPE = {"minimax": 0.5, "non-saturating": 0.5, "least-squares": 0.5, "wasserstein": 1.0, "hinge": 1.0}  # f'(0)
BEND = {"minimax": -0.25, "non-saturating": -0.25, "least-squares": -1.0, "wasserstein": 0.0, "hinge": 0.0}  # f''(0)


def game(loss="minimax", kind="none", **values):
    return Game.parse({"loss": loss, "regulariser": {"kind": kind, **values}})


def pair(centre, root):
    """centre ± √root, sorted."""
    return sorted([centre + cmath.sqrt(root), centre - cmath.sqrt(root)], key=lambda z: (z.real, z.imag))


def ordered(eigenvalues):
    return sorted(eigenvalues, key=lambda z: (z.real, z.imag))


def radii(path):
    return np.linalg.norm(path, axis=-1)


def one_path(played, rule, start=(1.0, 1.0), steps=500):
    return rule.paths(played, np.array([start]), steps)[:, 0]


# --- the field -------------------------------------------------------------------------------------------------------


@every_loss
def test_the_field_is_the_gradient_of_what_the_players_minimise(loss):
    def sp(t):
        return np.logaddexp(0, t)

    costs = {  # (what G minimises, what D maximises) of t = ψ θ, with the mark of the real point left out
        "minimax": (lambda t: -sp(-t), lambda t: -sp(-t)),
        "non-saturating": (lambda t: sp(t), lambda t: -sp(-t)),
        "wasserstein": (lambda t: t, lambda t: t),
        "least-squares": (lambda t: 0.5 * (0.5 - t - 1) ** 2, lambda t: -0.5 * (0.5 - t) ** 2),
        "hinge": (lambda t: t, lambda t: -np.maximum(0, 1 - t)),
    }
    of_g, of_d = costs[loss]
    theta, psi, e = *np.random.default_rng(0).normal(size=(2, 50)), 1e-6
    apart = abs(psi * theta - 1) > 1e-4
    g = -(of_g(psi * (theta + e)) - of_g(psi * (theta - e))) / (2 * e)
    d = (of_d((psi + e) * theta) - of_d((psi - e) * theta)) / (2 * e)
    played = game(loss)
    np.testing.assert_allclose(played.g(theta, psi)[apart], g[apart], atol=1e-8)
    np.testing.assert_allclose(played.d(theta, psi)[apart], d[apart], atol=1e-8)


@every_loss
def test_slopes_of_the_pushes(loss):
    played, t, e = game(loss).loss, np.linspace(-3, 0.9, 40), 1e-6
    np.testing.assert_allclose(played.da(t), (played.a(t + e) - played.a(t - e)) / (2 * e), atol=1e-8)
    np.testing.assert_allclose(played.db(t), (played.b(t + e) - played.b(t - e)) / (2 * e), atol=1e-8)
    assert played.slope == SLOPE[loss] == float(played.a(np.zeros(())))


def test_r1_penalises_half_gamma_psi_squared():
    theta, psi, e = np.array([0.3]), np.array([0.7]), 1e-6
    change = game(kind="r1", gamma=0.8).d(theta, psi) - game().d(theta, psi)
    assert change == pytest.approx(-0.8 / 2 * ((0.7 + e) ** 2 - (0.7 - e) ** 2) / (2 * e))


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "least-squares", "wasserstein"])
def test_consensus_descends_half_the_squared_speed(loss):
    theta, psi, e, gamma = *np.random.default_rng(1).normal(size=(2, 30)), 1e-5, 0.6
    plain, consensus = game(loss), game(loss, "consensus", gamma=gamma)

    def speed(theta, psi):
        return 0.5 * (plain.g(theta, psi) ** 2 + plain.d(theta, psi) ** 2)

    by_theta = (speed(theta + e, psi) - speed(theta - e, psi)) / (2 * e)
    by_psi = (speed(theta, psi + e) - speed(theta, psi - e)) / (2 * e)
    np.testing.assert_allclose(consensus.g(theta, psi), plain.g(theta, psi) - gamma * by_theta, atol=1e-8)
    np.testing.assert_allclose(consensus.d(theta, psi), plain.d(theta, psi) - gamma * by_psi, atol=1e-8)


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "wasserstein", "least-squares"])
def test_instance_noise_is_the_mean_over_noisy_points(loss):
    theta, psi, sigma = 0.4, 0.8, 0.7
    x = np.linspace(-8, 8, 4001) * sigma
    p = np.exp(-(x**2) / (2 * sigma**2))
    p /= p.sum()
    noisy, bare = game(loss, "instance-noise", sigma=sigma), game(loss).loss
    g = (p * -psi * bare.a(psi * (theta + x))).sum()
    d = (p * (theta + x) * bare.b(psi * (theta + x))).sum() - (p * x * bare.b(-psi * x)).sum()
    assert noisy.g(np.array([theta]), np.array([psi]))[0] == pytest.approx(g, abs=1e-6)
    assert noisy.d(np.array([theta]), np.array([psi]))[0] == pytest.approx(d, abs=1e-6)


def test_arrows_lie_on_the_grid():
    played, theta, psi = game("wasserstein"), np.linspace(-1, 1, 5), np.linspace(-2, 2, 7)
    arrows = field(played, theta, psi, d_rate=3)
    assert arrows.shape == (7, 5, 2)
    np.testing.assert_allclose(arrows[..., 0], -np.tile(psi[:, None], 5))
    np.testing.assert_allclose(arrows[..., 1], 3 * np.tile(theta, (7, 1)))


# --- eigenvalues -----------------------------------------------------------------------------------------------------


@every_loss
@every_regulariser
def test_the_jacobian_is_that_of_the_field(loss, regulariser):
    played, e = game(loss, regulariser), 1e-5
    at = np.array([played.regulariser.rest(played.loss), 1e-3 if played.regulariser.rest(played.loss) else 0.0])
    J = np.empty((2, 2))
    for column, step in enumerate(np.eye(2) * e):
        (a, b), (c, d) = at + step, at - step
        J[:, column] = (
            np.array([played.g(*np.array([[a], [b]])), played.d(*np.array([[a], [b]]))])[:, 0] / (2 * e)
        ) - (np.array([played.g(*np.array([[c], [d]])), played.d(*np.array([[c], [d]]))])[:, 0] / (2 * e))
    np.testing.assert_allclose(played.jacobian(), J, atol=5e-3 if at.any() else 1e-6)


@every_loss
def test_eigenvalues_in_closed_form(loss):
    f, ff = SLOPE[loss], BEND[loss]
    cases = {
        ("none", ()): pair(0, -(f**2)),
        ("clipping", ()): pair(0, -(f**2)),
        ("r1", (("gamma", 0.3),)): pair(-0.15, 0.15**2 - f**2),
        ("r1", (("gamma", 3.0),)): pair(-1.5, 1.5**2 - f**2),
        ("instance-noise", (("sigma", 0.7),)): pair(0.49 * ff, (0.49 * ff) ** 2 - f**2),
        ("consensus", (("gamma", 0.6),)): pair(-0.6 * f**2, -(f**2)),
    }
    for (kind, values), expected in cases.items():
        found = spectrum(game(loss, kind, **dict(values)), Flow()).field
        np.testing.assert_allclose(ordered(found), expected, atol=1e-9, err_msg=kind)


@every_loss
@every_regulariser
@pytest.mark.parametrize(
    "rule",
    [
        Simultaneous(h=0.1, d_rate=2),
        Alternating(h=0.15),
        Alternating(h=0.1, d_steps=3, g_steps=2),
        Flow(h=0.2, d_rate=0.5),
    ],
    ids=["simultaneous", "alternating", "3 to 2", "flow"],
)
def test_an_iteration_has_the_eigenvalues_of_its_derivative(loss, regulariser, rule):
    played = game(loss, regulariser)
    if played.regulariser.rest(played.loss):
        pytest.skip("no derivative at the equilibrium")
    e = 1e-5
    ends = rule.paths(played, e * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]), 1)[1]
    M = (ends[:2] - ends[2:]).T / (2 * e)
    np.testing.assert_allclose(ordered(spectrum(played, rule).step), ordered(np.linalg.eigvals(M)), atol=1e-5)


@every_loss
def test_simultaneous_steps_leave_the_equilibrium_at_any_step_size(loss):
    for h in (1e-3, 0.1, 1.0):
        found = spectrum(game(loss), Simultaneous(h=h))
        assert found.radius == pytest.approx(math.sqrt(1 + (h * SLOPE[loss]) ** 2), abs=1e-12)
        assert verdict(game(loss), Simultaneous(h=h)).word == "diverges"
    assert largest_step(game(loss), Simultaneous()) == 0


@every_loss
@pytest.mark.parametrize(("d_steps", "g_steps"), [(1, 1), (5, 1), (2, 3)])
def test_alternating_steps_stay_on_the_unit_circle_while_steps_are_small(loss, d_steps, g_steps):
    for h in (0.05, 0.2, 4.0):
        rule = Alternating(h=h, d_steps=d_steps, g_steps=g_steps)
        alpha = math.sqrt(d_steps * g_steps) * h * SLOPE[loss]
        found = spectrum(game(loss), rule)
        np.testing.assert_allclose(
            ordered(found.step), pair(1 - alpha**2 / 2, (1 - alpha**2 / 2) ** 2 - 1), atol=1e-6, rtol=1e-9
        )
        assert verdict(game(loss), rule).word == ("cycles" if alpha <= 2 else "diverges")


def test_r1_is_stable_below_a_step_size_in_closed_form():
    for gamma in (0.3, 0.9):  # a pair: |1 + h λ|² = 1 - h γ + h² f'², so h < γ / f'²
        assert largest_step(game(kind="r1", gamma=gamma), Simultaneous()) == pytest.approx(4 * gamma, rel=1e-4)
    assert largest_step(game(kind="r1", gamma=0.3), Flow()) == math.inf


@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.99, 1.0, 1.5, 4.0])
def test_r1_converges_and_glides_from_the_critical_gamma_on(gamma):
    played = game(kind="r1", gamma=gamma)
    found = verdict(played, Flow(h=0.2))
    assert found.word == "converges"
    slowest = max((-gamma / 2 + cmath.sqrt(gamma**2 / 4 - 0.25)).real, -gamma / 2)
    assert found.rate == pytest.approx(math.exp(0.2 * slowest), rel=1e-6)
    assert math.isfinite(found.period) == (gamma < 1.0)


def test_noise_does_not_help_a_loss_that_does_not_bend():
    assert verdict(game("wasserstein", "instance-noise"), Alternating()).word == "cycles"
    assert verdict(game("minimax", "instance-noise"), Alternating()).word == "converges"


def test_wgan_gp_never_rests_at_the_data():
    for gamma, word in ((0.3, "cycles"), (0.7, "cycles"), (1.7, "cycles"), (2.5, "misses")):
        played = game("wasserstein", "gradient-penalty", gamma=gamma)
        assert verdict(played, Alternating(h=0.1)).word == word
        assert largest_step(played, Alternating()) == 0
        path = one_path(played, Alternating(h=0.1), steps=4000)
        assert course(path).word == word
        assert radii(path)[-1000:].max() > 0.9 * gamma  # it runs around, or rests at, γ g0 / f'(0)
    assert verdict(game("wasserstein", "gradient-penalty", target=0), Alternating(h=0.1)).word == "converges"


def test_a_bending_loss_under_the_penalty_rests_beside_the_data():
    played = game("non-saturating", "gradient-penalty", gamma=0.7)
    path = one_path(played, Flow(h=0.2))
    assert course(path).word == verdict(played, Flow(h=0.2)).word == "misses"
    np.testing.assert_allclose(np.abs(path[-1]), [1.4, 0], atol=1e-3)  # γ g0 / f'(0)


# --- paths -----------------------------------------------------------------------------------------------------------


def test_a_wgan_path_turns_and_grows_as_its_eigenvalues_say():
    path = one_path(game("wasserstein"), Simultaneous(h=0.1), steps=60)
    np.testing.assert_allclose(radii(path), math.sqrt(2) * 1.01 ** (np.arange(61) / 2), rtol=1e-12)
    angle = np.unwrap(np.arctan2(path[:, 1], path[:, 0]))
    np.testing.assert_allclose(np.diff(angle), math.atan(0.1), rtol=1e-10)


def test_flows_in_closed_form():
    times = 0.2 * np.arange(501)
    turned = one_path(game("wasserstein"), Flow(h=0.2))
    np.testing.assert_allclose(turned[:, 0], np.cos(times) - np.sin(times), atol=1e-3)
    J = np.array([[0, -1], [1, -0.3]])
    damped = one_path(game("wasserstein", "r1", gamma=0.3), Flow(h=0.2), steps=50)
    np.testing.assert_allclose(damped, [expm(J * t) @ [1, 1] for t in times[:51]], atol=1e-5)
    kept = radii(one_path(game("minimax"), Flow(h=0.2)))
    np.testing.assert_allclose(kept, math.sqrt(2), atol=1e-4)


@every_loss
@pytest.mark.parametrize("regulariser", ["none", "r1", "instance-noise", "consensus"])
def test_flows_against_scipy(loss, regulariser):
    if loss == "hinge":
        pytest.skip("jumps")
    played = game(loss, regulariser)

    def speed(_, state):
        theta, psi = state[:1], state[1:]
        return np.concatenate([played.g(theta, psi), 2 * played.d(theta, psi)])

    times = 0.2 * np.arange(51)
    solved = solve_ivp(speed, (0, times[-1]), [1.0, 0.5], t_eval=times, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one_path(played, Flow(h=0.2, d_rate=2), (1.0, 0.5), 50), solved.y.T, atol=1e-3)


def test_the_flow_of_a_jumping_game_against_scipy():
    played = game("wasserstein", "gradient-penalty")

    def speed(_, state):
        return np.concatenate([played.g(state[:1], state[1:]), played.d(state[:1], state[1:])])

    times = 0.2 * np.arange(101)
    solved = solve_ivp(speed, (0, times[-1]), [1.0, 1.0], t_eval=times, rtol=1e-6, atol=1e-9, max_step=0.05)
    np.testing.assert_allclose(one_path(played, Flow(h=0.2), steps=100), solved.y.T, atol=0.1)


def test_the_flow_of_clipping_settles_on_the_largest_circle_within_the_bounds():
    path = one_path(game("wasserstein", "clipping", limit=0.5), Flow(h=0.2))
    assert np.abs(path[:, 1]).max() <= 0.5
    np.testing.assert_allclose(radii(path)[-40:], 0.5, atol=1e-3)
    first = one_path(game("wasserstein", "clipping", limit=0.5), Flow(h=0.2), (1.0, 0.5), 5)
    np.testing.assert_allclose(first[:, 0], 1 - 0.5 * 0.2 * np.arange(6), atol=1e-9)  # ψ stays at the bound


def test_small_steps_follow_the_flow():
    starts = np.array([[1.0, 0.5], [-0.3, 1.2]])
    flow = Flow(h=0.1).paths(game("non-saturating", "r1"), starts, 100)
    for rule in (Simultaneous(h=1e-3), Alternating(h=1e-3)):
        steps = rule.paths(game("non-saturating", "r1"), starts, 10_000)[::100]
        np.testing.assert_allclose(steps, flow, atol=5e-3)


def test_many_d_steps_follow_the_flow_with_a_faster_d():
    rule = Alternating(h=1e-3, d_steps=5)
    assert rule.balance == 5
    steps = rule.paths(game(kind="r1"), np.array([[1.0, 0.5]]), 5000)[::100]
    flow = Flow(h=0.1, d_rate=5).paths(game(kind="r1"), np.array([[1.0, 0.5]]), 50)
    np.testing.assert_allclose(steps, flow, atol=1e-2)


def test_alternating_steps_let_d_go_first():
    (_, after) = one_path(game("wasserstein"), Alternating(h=0.1), (1.0, 0.0), 1)
    np.testing.assert_allclose(after, [1 - 0.1 * 0.1, 0.1])
    (_, after) = one_path(game("wasserstein"), Simultaneous(h=0.1), (1.0, 0.0), 1)
    np.testing.assert_allclose(after, [1, 0.1])


@every_rule
@every_loss
@every_regulariser
def test_paths_do_not_depend_on_each_other_and_end_in_nan_alone(rule, loss, regulariser):
    played, starts = game(loss, regulariser), np.array([[1.0, 1.0], [-0.5, 0.2], [9.0, -9.0]])
    together = rule.model_copy(update={"h": 1.0}).paths(played, starts, 40)
    assert together.shape == (41, 3, 2)
    alone = rule.model_copy(update={"h": 1.0}).paths(played, starts[1:2], 40)
    np.testing.assert_allclose(together[:, 1:2], alone, atol=1e-9)
    assert (np.abs(together[np.isfinite(together)]) <= FAR).all()
    gone = np.isnan(together).any(axis=2)
    assert (np.diff(gone.astype(int), axis=0) >= 0).all()


def test_what_diverges_is_told_with_its_time():
    found = course(one_path(game("wasserstein"), Simultaneous(h=1.0)))
    assert found.word == "diverges"
    steps = math.ceil(math.log(FAR / math.sqrt(2)) / math.log(math.sqrt(2)))
    assert found.sentence.values["steps"] == pytest.approx(steps, abs=2)


# --- the paper's figures ---------------------------------------------------------------------------------------------


def test_the_panels_of_the_paper_come_out():
    found = {panel.key: draw(panel.portrait()) for panel in PANELS}
    words = {key: drawing.verdict.word for key, drawing in found.items()}
    rest = {"consensus", "instance-noise", "r1", "r1-critical", "non-saturating-r1"}
    assert words == {key: "converges" if key in rest else "cycles" for key in words}
    assert all(found[key].courses[0].word == "converges" for key in rest)
    assert all(found[key].courses[0].word == "cycles" for key in ("gan", "wgan", "wgan-gp"))
    for key in rest:
        drawing = found[key]
        assert drawing.courses[0].rate == pytest.approx(drawing.verdict.rate, abs=3e-3)  # as the eigenvalues say
    for key in ("gan", "non-saturating"):
        np.testing.assert_allclose(ordered(found[key].spectrum.field), [-0.5j, 0.5j], atol=1e-12)


def test_the_non_saturating_flow_nears_slower_than_any_geometric_rate():
    r = radii(one_path(game("non-saturating"), Flow(h=1.0), steps=4000))
    rates = [math.log(r[k + 500] / r[k]) / 500 for k in (500, 1500, 3000)]
    assert all(rate < 0 for rate in rates)
    assert abs(rates[0]) > 2 * abs(rates[1]) > 2 * abs(rates[2])
    # (r²)' = -2 t tanh(t/2) ~ -t², whose mean over a circle is r⁴/8: r² falls as 8/time
    assert r[4000] ** 2 == pytest.approx(8 / 4000, rel=0.15)


def test_a_drawing_holds_everything():
    starts = np.random.default_rng(0).normal(size=(20, 2))
    drawing = draw(Portrait(), starts)
    assert drawing.arrows.shape == (30, 30, 2) and drawing.axis.shape == (30,)
    assert drawing.paths.shape == (501, 20, 2) and len(drawing.courses) == 20
    np.testing.assert_array_equal(drawing.paths[0], starts)
    assert draw(Portrait(theta=0.3, psi=-0.2, steps=7)).paths[0].tolist() == [[0.3, -0.2]]


def test_a_start_at_the_equilibrium_stays_there():
    drawing = draw(Portrait(theta=0, psi=0))
    assert not drawing.paths.any() and drawing.courses[0].word == "converges"


def test_portraits_survive_a_file():
    for panel in PANELS:
        assert Portrait.parse(from_toml(to_toml(panel.portrait().plain()))) == panel.portrait()


@every_loss
@every_regulariser
@every_rule
def test_every_verdict_is_said_in_known_sentences(loss, regulariser, rule):
    played = game(loss, regulariser)
    found = [*verdict(played, rule).sentences, course(one_path(played, rule, steps=40)).sentence]
    for sentence in found:
        assert sentence.template in TEMPLATES
        assert str(sentence).endswith(".") and "nan" not in str(sentence)
