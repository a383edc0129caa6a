"""The recipes that translate: their losses against what can be written by hand, and that looking disturbs nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_studio.compute import Engine
from gan_studio.config import ConfigError
from gan_studio.data import Batch, Pairs
from gan_studio.networks.features import CONV5_4, FEATURES, vgg_path
from gan_studio.nn.as_trained import as_trained, seed_noise
from gan_studio.nn.pool import Pool
from gan_studio.objectives import OBJECTIVES
from gan_studio.penalties import PENALTIES
from gan_studio.recipes import BACK, FORTH, NOISE_SEED, RECIPES, Translates, TranslatingRecipe

A = (3, 16, 16)
SMALL = {"kind": "patch", "layers": 1, "width": 4, "norm": "instance"}
UNET = {"kind": "unet", "width": 4, "norm": "instance", "dropout": 0.0}
CASES: dict[str, dict[str, Any]] = {
    "pix2pix": {"generator": UNET, "discriminator": SMALL, "batch_size": 2},
    "cyclegan": {"generator": {"kind": "resnet", "width": 4, "blocks": 1}, "discriminator": SMALL, "batch_size": 2},
    "super-resolution": {
        "generator": {"kind": "srresnet", "width": 4, "blocks": 1},
        "discriminator": SMALL,
        "features": {"kind": "rotations", "width": 4},
        "batch_size": 4,
    },
}
KINDS = [entry.kind for entry in RECIPES if issubclass(entry, TranslatingRecipe)]


def pairs_of(kind: str) -> Pairs:
    return Pairs((3, 32, 32) if kind == "super-resolution" else A, matched=kind != "cyclegan")


def made(kind: str, steps: int = 100, engine: Engine | None = None, **options: Any) -> Any:
    recipe = RECIPES.parse({"kind": kind} | CASES[kind] | options)
    recipe.check(A, pairs_of(kind))
    torch.manual_seed(0)
    return recipe.build(A, steps, engine or Engine(torch.device("cpu")), pairs_of(kind))


def batches(kind: str, count: int = 2) -> Iterator[Batch]:
    rng = torch.Generator().manual_seed(1)
    while True:
        x, pair = (torch.rand(count, *shape, generator=rng) * 2 - 1 for shape in (A, pairs_of(kind).shape))
        yield Batch(x, pair=pair)


def test_every_case_is_here() -> None:
    assert sorted(KINDS) == sorted(CASES)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mixed", [False, True])
def test_two_steps_move_every_network(kind: str, mixed: bool) -> None:
    engine = Engine(torch.device("cpu"), "bf16", channels_last=True) if mixed else None
    options = {"alone": 0.01} if kind == "super-resolution" else {}
    training, stream = made(kind, engine=engine, ema=0.5, **options), batches(kind)
    before = {name: copy.deepcopy(net.state_dict()) for name, net in training.networks().items()}
    for _ in range(2):
        curves = training.step(stream)
        assert all(value.shape == () and value.isfinite() for value in curves.values())
    for name, net in training.networks().items():
        assert any(not torch.equal(value, before[name][key]) for key, value in net.state_dict().items()), name
    assert {"gradient/D", "gradient/G"} <= made(kind, **({"alone": 0.0} if options else {})).step(stream).keys()
    assert training.rates().keys() == {"rate/D", "rate/G"}


@pytest.mark.parametrize("kind", KINDS)
def test_looking_changes_nothing(kind: str) -> None:
    training, stream = made(kind, ema=0.5), batches(kind)
    training.step(stream)
    x = next(stream).x
    states = {name: copy.deepcopy(net.state_dict()) for name, net in training.networks().items()}
    modes = {name: [m.training for m in net.modules()] for name, net in training.networks().items()}
    random = torch.get_rng_state()
    assert isinstance(training, Translates)
    for way in training.directions:
        for averaged in (False, True):
            y = training.translate(x, way, averaged)
            assert y.dtype == torch.float32 and not y.requires_grad
            assert torch.equal(y, training.translate(x, way, averaged))
    assert torch.equal(random, torch.get_rng_state())
    for name, net in training.networks().items():
        assert [m.training for m in net.modules()] == modes[name]
        torch.testing.assert_close(dict(net.state_dict()), dict(states[name]), rtol=0, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bare_translator_takes_the_weights(kind: str) -> None:
    noisy = {"generator": UNET | {"norm": "batch", "dropout": 0.5}} if kind == "pix2pix" else {}
    training, stream = made(kind, ema=0.5, **noisy), batches(kind)
    training.step(stream)
    recipe, x = training.recipe, next(stream).x
    for way in recipe.directions:
        for averaged, suffix in ((False, ""), (True, "_ema")):
            bare = recipe.build_translator(way, A, pairs_of(kind)).eval()
            bare.load_state_dict(training.networks()[recipe.weights_name(way) + suffix].state_dict(), strict=True)
            bare = as_trained(bare) if recipe.as_trained else bare
            seed_noise(bare, NOISE_SEED)
            torch.testing.assert_close(bare(x), training.translate(x, way, averaged), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_one_player_alone_leaves_the_other(kind: str) -> None:
    options = {"alone": 0.0} if kind == "super-resolution" else {}
    for player, other in (("D", "generator"), ("G", "discriminator")):
        training = made(kind, **options)
        before = {name: copy.deepcopy(net.state_dict()) for name, net in training.networks().items()}
        training.step(batches(kind), (player,))
        for name, net in training.networks().items():
            same = all(torch.equal(value, before[name][key]) for key, value in net.state_dict().items())
            if name != "features":
                assert same == name.startswith(other), (player, name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("objective", [entry.kind for entry in OBJECTIVES])
def test_any_objective_goes_with_patches(kind: str, objective: str) -> None:
    options = {"alone": 0.0} if kind == "super-resolution" else {}
    curves = made(kind, objective=objective, **options).step(batches(kind))
    assert all(value.isfinite() for value in curves.values()) and any(name.startswith("D/") for name in curves)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("penalty", [entry.kind for entry in PENALTIES])
def test_any_penalty_goes_with_patches(kind: str, penalty: str) -> None:
    options = {"alone": 0.0} if kind == "super-resolution" else {}
    curves = made(kind, penalties=[penalty], **options).step(batches(kind))
    assert all(value.isfinite() for value in curves.values())


# --- what each term is ------------------------------------------------------------------------------------------------


def test_pix2pix_adds_what_the_paper_adds() -> None:
    """L_G = BCE(D(A, G(A)), 1) + 100 |G(A) - B|_1, L_D = BCE(D(A, B), 1) + BCE(D(A, G(A)), 0)."""
    training = made("pix2pix")
    batch = next(batches("pix2pix"))
    D, G = copy.deepcopy(training.D), copy.deepcopy(training.G)
    bce = nn.functional.binary_cross_entropy_with_logits
    real = D(torch.cat([batch.x, batch.pair], 1))
    fake = D(torch.cat([batch.x, G(batch.x)], 1))
    curves = training.step(iter([batch]))
    torch.testing.assert_close(curves["D/real"], bce(real, torch.ones_like(real)).detach())
    torch.testing.assert_close(curves["D/fake"], bce(fake, torch.zeros_like(fake)).detach())
    torch.testing.assert_close(curves["G/L1"], 100 * (G(batch.x) - batch.pair).abs().mean().detach())
    torch.testing.assert_close(curves["D(real)"], real.sigmoid().mean().detach())


def test_halving_d_halves_its_gradient() -> None:
    training = made("pix2pix", d_optimiser={"kind": "sgd", "momentum": 0.0, "lr": 1.0})
    batch = next(batches("pix2pix"))
    D, G = copy.deepcopy(training.D), copy.deepcopy(training.G)
    bce = nn.functional.binary_cross_entropy_with_logits
    real, fake = D(torch.cat([batch.x, batch.pair], 1)), D(torch.cat([batch.x, G(batch.x).detach()], 1))
    (0.5 * (bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake)))).backward()
    training.step(iter([batch]), ("D",))
    for p, q in zip(D.parameters(), training.D.parameters(), strict=True):
        torch.testing.assert_close(q.detach(), (p - p.grad).detach(), rtol=1e-4, atol=1e-5)


def test_cyclegan_adds_what_the_paper_adds() -> None:
    """One step by hand, without any shared pass: G first, then the judges."""
    training = made("cyclegan", pool=0)
    batch = next(batches("cyclegan"))
    a, b = batch.both()
    G, F, D = copy.deepcopy(training.G), copy.deepcopy(training.F), copy.deepcopy(training.D)
    curves = training.step(iter([batch]))

    fake_b, fake_a = G(a), F(b)
    expected = {
        "G/cycle A": 10 * (F(fake_b) - a).abs().mean(),
        "G/cycle B": 10 * (G(fake_a) - b).abs().mean(),
        "G/identity A": 5 * (F(a) - a).abs().mean(),
        "G/identity B": 5 * (G(b) - b).abs().mean(),
        "G/adversarial A": (D["A"](fake_a) - 1).square().mean(),  # twice the half
        "G/adversarial B": (D["B"](fake_b) - 1).square().mean(),
        "D/real A": (D["A"](a) - 1).square().mean() / 2,
        "D/fake A": D["A"](fake_a).square().mean() / 2,
        "D/real B": (D["B"](b) - 1).square().mean() / 2,
        "D/fake B": D["B"](fake_b).square().mean() / 2,
    }
    for name, value in expected.items():
        torch.testing.assert_close(curves[name], value.detach(), rtol=1e-4, atol=1e-5)


def test_cyclegans_gradient_is_that_of_the_sum() -> None:
    options = {"g_optimiser": {"kind": "sgd", "momentum": 0.0, "lr": 1.0}, "schedule": "constant"}
    training = made("cyclegan", **options)
    batch = next(batches("cyclegan"))
    a, b = batch.both()
    G, F, D = copy.deepcopy(training.G), copy.deepcopy(training.F), training.D
    fake_b, fake_a = G(a), F(b)
    loss = 10 * ((F(fake_b) - a).abs().mean() + (G(fake_a) - b).abs().mean())
    loss = loss + 5 * ((F(a) - a).abs().mean() + (G(b) - b).abs().mean())
    loss = loss + (D["A"](fake_a) - 1).square().mean() + (D["B"](fake_b) - 1).square().mean()
    loss.backward()
    training.step(iter([batch]), ("G",))
    for mine, theirs in ((G, training.G), (F, training.F)):
        for p, q in zip(mine.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(q.detach(), (p - p.grad).detach(), rtol=1e-3, atol=1e-4)


def test_super_resolution_has_two_phases() -> None:
    training, stream = made("super-resolution", steps=10, alone=0.4, slower=0.5), batches("super-resolution", 4)
    told = [training.step(stream) | {k: torch.tensor(v) for k, v in training.rates().items()} for _ in range(10)]
    for i, curves in enumerate(told):
        alone = i < 4
        assert ("D/real" in curves) == ("G/perceptual" in curves) == ("G/fake" in curves) == (not alone)
        assert ("features/rotation" in curves) == alone
        assert float(curves["rate/G"]) == pytest.approx(2e-4 if alone else 1e-4)
    assert "G/pixels" in told[0] and told[4]["G/pixels"] < 0.1 * told[0]["G/pixels"]  # it weighs 0.01 then


def test_the_first_phase_is_plain_regression() -> None:
    for pixel, loss in (("l1", nn.L1Loss()), ("mse", nn.MSELoss())):
        training = made("super-resolution", pixel=pixel)
        batch = next(batches("super-resolution"))
        G = copy.deepcopy(training.G)
        curves = training.step(iter([batch]))
        torch.testing.assert_close(curves["G/pixels"], loss(G(batch.x), batch.pair).detach())


@pytest.mark.parametrize("manner", ["esrgan", "srgan"])
def test_features_differ_as_in_the_papers(manner: str) -> None:
    """SRGAN: the squared difference of features after the ReLU, by 12.75; what the paper calls a factor of 0.006."""
    training = made("super-resolution", alone=0.0, perceptual_as=manner, perceptual=2.0)
    batch = next(batches("super-resolution", 4))
    low, high = batch.both()
    with torch.no_grad():
        of_made, of_truth = training.F.eval()(training.G(low)), training.F(high)
    absolute, squared = (of_made - of_truth).abs().mean(), (of_made.relu() - of_truth.relu()).square().mean()
    told = training.step(iter([batch]))["G/perceptual"]
    torch.testing.assert_close(told, 2 * (absolute if manner == "esrgan" else squared / 12.75**2))


def test_noise_stays_only_where_it_is_wanted() -> None:
    unet = {"kind": "unet", "width": 4, "norm": "batch", "dropout": 0.5}
    for stays in (False, True):
        training, stream = made("pix2pix", generator=unet, noise_stays=stays), batches("pix2pix")
        training.step(stream)
        x = next(stream).x
        with torch.no_grad():
            calm = training.G.eval()(x)
        training.G.train()
        same = torch.allclose(calm, training.translate(x), atol=1e-6)
        assert same == (not stays) and training.recipe.as_trained == stays
        # Each picture by itself, whatever stands beside it.
        torch.testing.assert_close(training.translate(x)[:1], training.translate(x[:1]), rtol=1e-5, atol=1e-5)


def test_live_options_are_taken_over() -> None:
    training = made("cyclegan")
    training.apply(RECIPES.parse(training.recipe.plain() | {"ema": 0.9, "cycle_a": 3.0}))
    assert training.averages and set(training.networks()) >= {"generator_a_to_b_ema", "generator_b_to_a_ema"}
    curves = training.step(batches("cyclegan"))
    assert curves["G/cycle A"] < curves["G/cycle B"]
    training.apply(RECIPES.parse(training.recipe.plain() | {"ema": 0.0}))
    assert not training.averages


# --- the pool ---------------------------------------------------------------------------------------------------------


def test_a_pool_keeps_half_of_the_time() -> None:
    torch.manual_seed(0)
    pool, size = Pool(10), 10
    fakes = [torch.full((1, 1, 1), float(i)) for i in range(2000)]
    out = [float(pool.swap(fake[None])) for fake in fakes]
    assert out[:size] == list(range(size))  # while it fills
    older = [given != i for i, given in enumerate(out[size:], size)]
    assert 0.46 < sum(older) / len(older) < 0.54
    assert all(given <= i for i, given in enumerate(out))
    swapped = [given for given, old in zip(out[size:], older, strict=True) if old]
    assert len(set(swapped)) == len(swapped)  # each is given out once
    # A kept picture waits about 2 * size turns until it is given out: each turn one of `size`, half of the time.
    waits = [i - given for i, (given, old) in enumerate(zip(out[size:], older, strict=True), size) if old]
    assert 15 < sum(waits) / len(waits) < 25


def test_a_pool_goes_on_from_its_state() -> None:
    pool, again = Pool(3), Pool(3)
    for i in range(5):
        pool.swap(torch.full((1, 1, 2, 2), float(i)))
    again.load_state(pool.state(), torch.device("cpu"))
    for i in range(5, 20):
        x, gone_on = torch.full((2, 1, 2, 2), float(i)), []
        for each in (pool, again):
            torch.manual_seed(i)
            gone_on.append(each.swap(x))
        assert torch.equal(*gone_on)
    again.load_state(Pool(3).state(), torch.device("cpu"))
    assert again.pictures == []


# --- features ---------------------------------------------------------------------------------------------------------


def test_rotations_are_learnt() -> None:
    """Pictures that are bright on top: after some lessons, which way is up is known."""
    torch.manual_seed(0)
    network = FEATURES.parse({"kind": "rotations", "width": 8}).build((1, 16, 16))
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)

    def pictures() -> Tensor:
        return torch.linspace(1, -1, 16)[None, None, :, None] + 0.3 * torch.randn(16, 1, 16, 16)

    first = float(network.lesson(pictures())["rotation"].mean().detach())
    for _ in range(60):
        optimiser.zero_grad()
        network.lesson(pictures())["rotation"].mean().backward()
        optimiser.step()
    assert float(network.lesson(pictures())["rotation"].mean().detach()) < 0.3 * first


def test_no_features_find_all_alike() -> None:
    network = FEATURES["none"]().build((3, 16, 16))
    assert float(network(torch.randn(2, 3, 16, 16)).abs().sum()) == 0


def test_vgg_is_used_where_it_is_and_never_fetched(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", None)
    with pytest.raises(ConfigError, match="features: VGG19's weights are not on this computer"):
        made("super-resolution", features="vgg19")

    from torchvision.models import vgg19

    torch.manual_seed(0)
    theirs = vgg19(weights=None, init_weights=False).eval()
    vgg_path().parent.mkdir(parents=True)
    torch.save(theirs.state_dict(), vgg_path())
    network = FEATURES["vgg19"]().build((3, 32, 32))
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = theirs.features[: CONV5_4 + 1](((x + 1) / 2 - mean[:, None, None]) / std[:, None, None])
    torch.testing.assert_close(network(x), expected)
    assert isinstance(theirs.features[CONV5_4], nn.Conv2d) and isinstance(theirs.features[CONV5_4 + 2], nn.MaxPool2d)
    assert network(x[:, :1]).shape == expected.shape  # grey
    training = made("super-resolution", features="vgg19", alone=0.0)
    assert "features" not in training.networks()
    assert training.step(batches("super-resolution"))["G/perceptual"].isfinite()

    vgg_path().write_bytes(b"something else")
    with pytest.raises(ConfigError, match="is not VGG19's file"):
        FEATURES["vgg19"]().build((3, 32, 32))


# --- what does not fit ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "shape", "pairs", "says"),
    [
        ("pix2pix", {}, A, None, "choose data with pairs"),
        ("pix2pix", {}, A, Pairs(A, matched=False), "choose CycleGAN"),
        ("super-resolution", {}, A, Pairs((3, 32, 32), matched=False), "belong together"),
        ("super-resolution", {}, A, Pairs(A, matched=True), "generator: SRResNet enlarges"),
        ("cyclegan", {}, A, None, "two sets"),
        ("cyclegan", {}, A, Pairs((1, 16, 16), matched=False), "identity: .* set it to 0"),
        ("cyclegan", {"discriminator": "patch"}, A, Pairs(A, matched=False), "discriminator: .* set layers to 2"),
        ("pix2pix", {}, (3, 20, 20), Pairs((3, 20, 20), matched=True), "generator: The U-Net"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    kind: str, options: dict[str, Any], shape: Any, pairs: Pairs | None, says: str
) -> None:
    recipe = RECIPES.parse({"kind": kind} | CASES[kind] | options)
    with pytest.raises(ConfigError, match=says):
        recipe.check(shape, pairs)


def test_worlds_of_other_channels_go_without_identity() -> None:
    recipe = RECIPES.parse({"kind": "cyclegan", "identity": 0.0} | CASES["cyclegan"])
    pairs = Pairs((1, 16, 16), matched=False)
    recipe.check(A, pairs)
    training = recipe.build(A, 10, Engine(torch.device("cpu")), pairs)
    training.step(iter([Batch(torch.rand(2, *A), pair=torch.rand(2, 1, 16, 16))]))
    assert training.translate(torch.rand(1, *A), FORTH).shape == (1, 1, 16, 16)
    assert training.translate(torch.rand(1, 1, 16, 16), BACK).shape == (1, *A)


def test_advice() -> None:
    batch = {"discriminator": SMALL | {"norm": "batch"}, "penalties": ["r1"]}
    for kind in KINDS:
        recipe = RECIPES.parse({"kind": kind} | CASES[kind] | batch)
        assert "batch norm ties" in recipe.advice(A, pairs_of(kind))[0]
        assert RECIPES.parse({"kind": kind} | CASES[kind]).advice(A, pairs_of(kind)) == ()
    recipe = RECIPES.parse({"kind": "super-resolution", "alone": 0.0} | CASES["super-resolution"])
    assert "recipe.alone" in recipe.advice(A, pairs_of("super-resolution"))[0]


def test_batch_norm_that_learns_on_several_and_is_applied_to_one_is_advised_against() -> None:
    several = {"kind": "pix2pix"} | CASES["pix2pix"] | {"generator": UNET | {"norm": "batch"}}
    instance = {"generator": UNET | {"norm": "instance"}}
    for options, count in (({}, 1), ({"noise_stays": False}, 0), ({"batch_size": 1}, 0), (instance, 0)):
        recipe = RECIPES.parse(several | options)
        assert len(recipe.advice(A, pairs_of("pix2pix"))) == count
