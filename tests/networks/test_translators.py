"""Every translator and judge of the shelves; and, for those with foreign files, their layout and arithmetic."""

from itertools import product
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from gan_studio.config import ConfigError
from gan_studio.networks import JUDGES, TRANSLATORS
from gan_studio.networks.patch import receptive_field
from gan_studio.nn.blocks import parameter_count
from gan_studio.nn.resample import bicubic

SHAPES = [  # of A and B
    ((3, 32, 32), (3, 32, 32)),
    ((1, 32, 64), (3, 32, 64)),
    ((3, 16, 16), (3, 32, 32)),
    ((1, 8, 12), (1, 32, 48)),
    ((2,), (2,)),
]


def variants(shelf):
    """Plain values of every entry: narrow, with each norm and each way to double."""
    for entry in shelf:
        fields = entry.model_fields
        norms = get_args(fields["norm"].annotation) if "norm" in fields else [None]
        ups = get_args(fields["upsampling"].annotation) if "upsampling" in fields else [None]
        for norm, up in product(norms, ups):
            values = {"kind": entry.kind, "width": 4, "blocks": 2, "norm": norm, "upsampling": up}
            yield {key: value for key, value in values.items() if key in ("kind", *fields) and value is not None}


def cases(shelf, shapes):
    return [pytest.param(v, s, id=" ".join(map(str, [*v.values(), s]))) for v, s in product(variants(shelf), shapes)]


def build_or_say_why(spec, *shapes):
    try:
        return spec.build(*shapes)
    except ConfigError as refused:
        assert "choose" in str(refused) or "set " in str(refused)
        return None


@pytest.mark.parametrize("shelf", [TRANSLATORS, JUDGES], ids=["translators", "judges"])
def test_two_networks_share_no_part(shelf):
    """A module that stood in both would carry the mode of the one into the other."""
    shapes = SHAPES[0] if shelf is TRANSLATORS else SHAPES[0][:1]
    for values in variants(shelf):
        one, other = (build_or_say_why(shelf.parse(values), *shapes) for _ in range(2))
        if one is not None:
            assert not {id(m) for m in one.modules()} & {id(m) for m in other.modules()}


@pytest.mark.parametrize(("values", "shapes"), cases(TRANSLATORS, SHAPES))
def test_translator(values, shapes):
    torch.manual_seed(0)
    spec = TRANSLATORS.parse(values)
    assert TRANSLATORS.parse(spec.plain()) == spec
    network = build_or_say_why(spec, *shapes)
    if network is None:
        return
    (c, h, w), out = shapes
    x = torch.rand(2, c, h, w) * 2 - 1
    y = network(x)
    assert y.shape == (2, *out) and y.dtype == torch.float32 and y.isfinite().all()
    assert network.needs.scale == out[1] // h
    (y * torch.randn_like(y)).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())

    again = spec.build(*shapes)
    again.load_state_dict(network.state_dict(), strict=True)
    torch.testing.assert_close(again.eval()(x), network.eval()(x), rtol=0, atol=0)

    # Other sizes, as its needs promise.
    side = max(network.needs.least, network.needs.multiple)
    assert network(torch.zeros(1, c, side, 2 * side)).shape[2:] == (
        side * network.needs.scale,
        2 * side * network.needs.scale,
    )


@pytest.mark.parametrize("values", list(variants(TRANSLATORS)), ids=lambda v: " ".join(map(str, v.values())))
def test_translators_in_bfloat16_and_channels_last(values):
    torch.manual_seed(0)
    spec, shapes = TRANSLATORS.parse(values), ((3, 32, 32), (3, 32, 32))
    network = build_or_say_why(spec, *shapes) or spec.build((3, 32, 32), (3, 64, 64))
    network.eval()
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    plain = network(x)
    network.to(memory_format=torch.channels_last)
    torch.testing.assert_close(network(x), plain, atol=1e-4, rtol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        y = network(x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, plain, atol=0.1, rtol=0.1)


def with_reach():
    for values in variants(TRANSLATORS):
        if values.get("norm") != "instance" and values["kind"] != "unet":
            yield pytest.param(values | {"norm": "none"} if "norm" in values else values, id=str(values))


@pytest.mark.parametrize("values", list(with_reach()))
def test_nothing_beyond_the_reach_matters(values):
    """And something just within it may: the stated reach is neither too short nor twice too long."""
    torch.manual_seed(0)
    spec = TRANSLATORS.parse(values)
    low, side = (1, 256, 256), 256
    network = build_or_say_why(spec, low, low) or spec.build(low, (1, 512, 512))
    x = torch.randn(1, 1, side, side, requires_grad=True)
    scale, reach = network.needs.scale, network.needs.reach
    at = side // 2
    y = network(x)[0, 0, scale * at : scale * (at + 4), scale * at : scale * (at + 4)]
    (gradient,) = torch.autograd.grad(y.sum(), x)
    rows = gradient[0, 0].abs().sum(dim=1).nonzero().flatten()
    furthest = max(at - int(rows.min()), int(rows.max()) - (at + 3))
    assert furthest <= reach < 2 * max(furthest, 8)


@pytest.mark.parametrize(("values", "shape"), cases(JUDGES, [(3, 32, 32), (6, 64, 64), (1, 24, 48), (4, 8, 8), (2,)]))
def test_judge(values, shape):
    torch.manual_seed(0)
    spec = JUDGES.parse(values)
    assert JUDGES.parse(spec.plain()) == spec
    D = build_or_say_why(spec, shape)
    if D is None:
        return
    x = torch.rand(2, *shape) * 2 - 1
    logits = D(x)
    assert logits.shape[0] == 2 and (logits.ndim == 1 or (logits.ndim == 4 and logits.shape[1] == 1))
    assert logits.dtype == torch.float32 and logits.isfinite().all()
    (logits * torch.randn_like(logits)).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in D.parameters())
    again = spec.build(shape)
    again.load_state_dict(D.state_dict(), strict=True)


@pytest.mark.parametrize(("layers", "side"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_an_answer_is_about_a_patch_of_the_papers_sizes(layers, side):
    assert receptive_field(layers) == side
    if layers > 4:
        return
    spec = JUDGES.parse({"kind": "patch", "layers": layers, "width": 2, "norm": "none"})
    x = torch.randn(1, 1, 320, 320, requires_grad=True)
    logits = spec.build((1, 320, 320))(x)
    middle = logits.shape[2] // 2
    (gradient,) = torch.autograd.grad(logits[0, 0, middle, middle], x)
    rows = gradient[0, 0].abs().sum(dim=1).nonzero().flatten()
    assert int(rows.max() - rows.min()) + 1 == side


def test_a_judge_with_too_many_layers_says_how_many_fit():
    with pytest.raises(ConfigError, match="set layers to 3"):
        JUDGES.parse({"kind": "patch", "layers": 4}).build((6, 32, 32))


@pytest.mark.parametrize(
    ("kind", "shapes", "says"),
    [
        ("unet", ((3, 36, 32), (3, 36, 32)), "multiples of 8"),
        ("unet", ((3, 32, 32), (3, 64, 64)), "super-resolution"),
        ("resnet", ((3, 30, 32), (3, 30, 32)), "multiples of 4"),
        ("srresnet", ((3, 32, 32), (3, 32, 32)), "2 or 4 times"),
        ("rrdb", ((3, 32, 32), (3, 96, 96)), "2 or 4 times"),
        ("rrdb", ((2,), (2,)), "pictures of pictures"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_with_advice(kind, shapes, says):
    with pytest.raises(ConfigError, match=says) as error:
        TRANSLATORS[kind]().build(*shapes)
    assert "choose" in str(error.value)


# --- the layout of foreign files --------------------------------------------------------------------------------------


def test_sizes_are_those_of_the_published_networks():
    side = (3, 256, 256)
    assert parameter_count(TRANSLATORS["unet"]().build(side, side)) == 54_413_955
    assert parameter_count(TRANSLATORS["unet"]().build((3, 128, 128), (3, 128, 128))) == 41_828_995
    assert parameter_count(TRANSLATORS["resnet"]().build(side, side)) == 11_378_179
    assert parameter_count(JUDGES["patch"]().build((6, 256, 256))) == 2_768_705
    rrdb = TRANSLATORS["rrdb"]().build((3, 32, 32), (3, 128, 128))
    assert parameter_count(rrdb) == 16_697_987  # RRDBNet of ESRGAN x4


def norm_keys(stem, channels, norm):
    if norm != "batch":
        return {}
    found = {f"{stem}.{name}": (channels,) for name in ("weight", "bias", "running_mean", "running_var")}
    return found | {f"{stem}.num_batches_tracked": ()}


def conv_keys(stem, shape, bias, outputs):
    return {f"{stem}.weight": shape} | ({f"{stem}.bias": (outputs,)} if bias else {})


def shapes_of(network):
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("side", [32, 128, 256])
def test_unet_has_the_keys_of_the_files(side, norm):
    bias, downs = norm == "instance", side.bit_length() - 1
    widths = [4 * min(8, 2**i) for i in range(downs)]
    expected, stem = {}, "model"
    for depth, width in enumerate(widths):
        below = depth == downs - 1
        above = 3 if depth == 0 else widths[depth - 1]
        down, up = (0, 3) if depth == 0 else (1, 3 if below else 5)
        expected |= conv_keys(f"{stem}.model.{down}", (width, above, 4, 4), bias, width)
        inner = width if below else 2 * width
        expected |= conv_keys(f"{stem}.model.{up}", (inner, above, 4, 4), bias or depth == 0, above)
        if depth:
            expected |= norm_keys(f"{stem}.model.{up + 1}", above, norm)
            expected |= {} if below else norm_keys(f"{stem}.model.2", width, norm)
        stem += ".model.1" if depth == 0 else ".model.3"
    shape = (3, side, side)
    network = TRANSLATORS.parse({"kind": "unet", "width": 4, "norm": norm}).build(shape, shape)
    assert shapes_of(network) == expected


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("padding", ["reflect", "replicate", "zero"])
def test_resnet_has_the_keys_of_the_files(padding, norm, dropout):
    bias, B, w = norm == "instance", 3, 4
    expected = conv_keys("model.1", (w, 3, 7, 7), bias, w) | norm_keys("model.2", w, norm)
    for i, wide in ((4, 2 * w), (7, 4 * w)):
        expected |= conv_keys(f"model.{i}", (wide, wide // 2, 3, 3), bias, wide) | norm_keys(
            f"model.{i + 1}", wide, norm
        )
    first = 0 if padding == "zero" else 1
    second = 2 * first + 3 + (dropout > 0)
    for block in range(10, 10 + B):
        for i in (first, second):
            stem = f"model.{block}.conv_block"
            expected |= conv_keys(f"{stem}.{i}", (4 * w, 4 * w, 3, 3), bias, 4 * w)
            expected |= norm_keys(f"{stem}.{i + 1}", 4 * w, norm)
    for i, wide in ((10 + B, 2 * w), (13 + B, w)):
        expected |= conv_keys(f"model.{i}", (2 * wide, wide, 3, 3), bias, wide) | norm_keys(
            f"model.{i + 1}", wide, norm
        )
    expected |= conv_keys(f"model.{17 + B}", (3, w, 7, 7), True, 3)
    values = {"kind": "resnet", "width": 4, "blocks": B, "norm": norm, "dropout": dropout, "padding": padding}
    assert shapes_of(TRANSLATORS.parse(values).build((3, 32, 32), (3, 32, 32))) == expected


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_discriminators_have_the_keys_of_the_files(norm):
    bias, w = norm == "instance", 4
    expected = conv_keys("model.0", (w, 6, 4, 4), True, w)
    for i, wide, before in ((2, 8, 4), (5, 16, 8), (8, 32, 16)):
        expected |= conv_keys(f"model.{i}", (wide, before, 4, 4), bias, wide) | norm_keys(f"model.{i + 1}", wide, norm)
    expected |= conv_keys("model.11", (1, 32, 4, 4), True, 1)
    patch = JUDGES.parse({"kind": "patch", "width": w, "norm": norm}).build((6, 64, 64))
    assert shapes_of(patch) == expected

    expected = conv_keys("net.0", (w, 6, 1, 1), True, w) | conv_keys("net.2", (2 * w, w, 1, 1), bias, 2 * w)
    expected |= norm_keys("net.3", 2 * w, norm) | conv_keys("net.5", (1, 2 * w, 1, 1), bias, 1)
    pixel = JUDGES.parse({"kind": "pixel", "width": w, "norm": norm}).build((6, 64, 64))
    assert shapes_of(pixel) == expected


def test_unet_computes_what_the_paper_draws():
    """A second implementation, level by level, without a module and without anything in place."""
    torch.manual_seed(0)
    values = {"kind": "unet", "width": 3, "norm": "instance", "dropout": 0.0}
    network = TRANSLATORS.parse(values).build((3, 32, 32), (2, 32, 32))
    state, x = network.state_dict(), torch.randn(2, 3, 32, 32)

    def level(stem, depth, h):
        norm, lrelu = functional.instance_norm, functional.leaky_relu
        outermost, innermost = depth == 0, depth == 4
        down = f"{stem}.model.{0 if outermost else 1}"
        d = h if outermost else lrelu(h, 0.2)
        d = functional.conv2d(d, state[f"{down}.weight"], state[f"{down}.bias"], 2, 1)
        if not innermost:
            d = level(f"{stem}.model.{1 if outermost else 3}", depth + 1, d if outermost else norm(d))
        up = f"{stem}.model.{3 if outermost or innermost else 5}"
        u = functional.conv_transpose2d(d.relu(), state[f"{up}.weight"], state[f"{up}.bias"], 2, 1)
        return u if outermost else torch.cat([h, norm(u)], dim=1)

    torch.testing.assert_close(network(x), level("model", 0, x).tanh(), atol=1e-5, rtol=1e-4)


def test_resnet_computes_what_the_paper_says():
    torch.manual_seed(0)
    values = {"kind": "resnet", "width": 3, "blocks": 2}
    network = TRANSLATORS.parse(values).build((3, 16, 16), (1, 16, 16))
    state, x = network.state_dict(), torch.randn(2, 3, 16, 16)
    norm = functional.instance_norm

    def conv(h, stem, stride=1, padding=0):
        return functional.conv2d(h, state[f"{stem}.weight"], state[f"{stem}.bias"], stride, padding)

    def mirrored(h, by):
        return functional.pad(h, (by,) * 4, "reflect")

    h = norm(conv(mirrored(x, 3), "model.1")).relu()
    h = norm(conv(h, "model.4", 2, 1)).relu()
    h = norm(conv(h, "model.7", 2, 1)).relu()
    for i in (10, 11):
        stem = f"model.{i}.conv_block"
        r = norm(conv(mirrored(h, 1), f"{stem}.1")).relu()
        h = h + norm(conv(mirrored(r, 1), f"{stem}.5"))
    for i in (12, 15):
        weight, bias = state[f"model.{i}.weight"], state[f"model.{i}.bias"]
        h = norm(functional.conv_transpose2d(h, weight, bias, 2, 1, output_padding=1)).relu()
    torch.testing.assert_close(network(x), conv(mirrored(h, 3), "model.19").tanh(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("side", "places"), [(32, 1), (64, 1), (128, 2), (256, 3)])
def test_every_unet_has_noise(side, places):
    """As in the files' code; in small pictures, which have no level of its kind, at the bottom."""
    network = TRANSLATORS.parse({"kind": "unet", "width": 2}).build((1, side, side), (1, side, side))
    assert sum(isinstance(m, torch.nn.Dropout) for m in network.modules()) == places


# --- bicubic ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(10, 9), (20, 18), (80, 72), (37, 50)])
def test_bicubic_is_that_of_pillow(size):
    plane = np.random.default_rng(0).random((40, 36), np.float32)
    expected = np.asarray(Image.fromarray(plane).resize(size[::-1], Image.Resampling.BICUBIC))
    found = bicubic(torch.from_numpy(plane)[None, None], size)[0, 0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["srresnet", "rrdb"])
def test_super_resolution_begins_near_bicubic(kind):
    """So that the first steps learn what is missing and not how to enlarge."""
    torch.manual_seed(0)
    x = torch.rand(1, 3, 8, 8)
    y = TRANSLATORS.parse({"kind": kind, "width": 8, "blocks": 2}).build((3, 8, 8), (3, 32, 32))(x)
    assert float((y - bicubic(x, (32, 32))).detach().abs().mean()) < 0.05
