"""`latest_net_G.pth` of pytorch-CycleGAN-and-pix2pix: its ResNets and U-Nets, of all years.

Our networks have its names and shapes. What leaves no trace in the weights comes from the `*_opt.txt` beside them.
"""

from __future__ import annotations

import re
from typing import Any

from ..config import ConfigError
from ..networks import BACK, FORTH, TRANSLATORS, TranslatorModule
from .torch_file import File, Weights
from .translators import TRANSLATOR_FORMATS, Beside, TranslatorDraft, TranslatorFormat

OUTER = "model.model"  # the outermost level of a U-Net; the next one is at OUTER + ".1.model", and so on by ".3.model"
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
DROPOUT = 0.5  # theirs
LIGHTNESS_TO_COLOUR = (1, 2)  # channels of its colourising models: L in, a and b out
MOST_PX = 8192  # a side of training pictures that is believed
AS_TRAINED = (
    "Its own program applies it as it was trained, with dropout and the picture's own statistics; that is a choice."
)


@TRANSLATOR_FORMATS.add
class Junyanz(TranslatorFormat):
    kind = "junyanz"
    title = "pytorch-CycleGAN-and-pix2pix"
    paper = "Isola et al. 2017; Zhu et al. 2017"
    about = "latest_net_G.pth, latest_net_G_A.pth, horse2zebra.pth and their like."

    def fits(self, file: File) -> bool:
        weights = file.weights
        return (
            f"{OUTER}.0.weight" in weights
            or any(re.match(r"model\.\d+\.conv_block\.", name) for name in weights)
            or bool(_judge(weights))
        )

    def draft(self, file: File, beside: Beside) -> TranslatorDraft:
        weights = file.weights
        if judge := _judge(weights):
            raise ConfigError(
                f"is a discriminator of pix2pix or CycleGAN ({judge}), which tells pictures apart and makes none; "
                "take its generator, latest_net_G.pth."
            )
        options = beside.options or {}
        stale = frozenset(name for name in weights if _is_stale(name, weights))
        build = _unet if f"{OUTER}.0.weight" in weights else _resnet
        try:
            network, title, inferred, unknown = build(weights, options)
        except ConfigError:
            raise
        except (KeyError, ValueError, IndexError):
            raise ConfigError("has other layers than the networks of its program; it cannot be held.") from None
        direction, said = _direction(beside.name, options)
        found: tuple[str, ...] = (
            (f"{len(stale)} statistics of instance norms, kept in 2018 and used by nobody",) if stale else ()
        )
        if options:
            found += ("the options of its training, in a text file beside it",)
        else:
            unknown += ("the size and preparation of its training pictures, which its options file would tell",)
        return TranslatorDraft(
            network,
            _channels(weights),
            network.needs,
            title,
            (*found, *said, *_sizes(options)),
            inferred,
            unknown + (() if said else ("its direction, taken as from A to B",)),
            (AS_TRAINED,) if "batch norm" in inferred else (),
            direction,
            cuts_off=True,
            lab=_channels(weights) == LIGHTNESS_TO_COLOUR,
            trained_size=_trained_size(options),
            ignored=stale,
        )


def _judge(weights: Weights) -> str:
    """What kind of discriminator it is; "" where it is none."""
    if "net.0.weight" in weights and "net.2.weight" in weights and "net.5.weight" in weights:
        return "PixelGAN"
    first = weights.get("model.0.weight")
    if first is None or first.ndim != 4 or first.shape[-1] != 4 or f"{OUTER}.0.weight" in weights:
        return ""
    layers = sum(name.endswith(".weight") and weights[name].ndim == 4 for name in weights) - 2
    side = 1
    for stride in [1, 1] + [2] * max(0, layers):
        side = (side - 1) * stride + 4
    return f"PatchGAN, {side} px"


def _is_stale(name: str, weights: Weights) -> bool:
    """Statistics of a norm without a gain: of the instance norms of 2018, whose program drops them too."""
    stem, _, leaf = name.rpartition(".")
    return leaf in BUFFERS and f"{stem}.weight" not in weights


def _norm(norm: str, conv: str, weights: Weights) -> str:
    """By what the norm and the convolution before it have."""
    if f"{norm}.weight" in weights:
        return "batch"
    return "instance" if f"{norm}.running_mean" in weights or f"{conv}.bias" in weights else "none"


def _channels(weights: Weights) -> tuple[int, int]:
    """(in, out)"""
    if f"{OUTER}.0.weight" in weights:
        last = next(f"{OUTER}.3{inner}.weight" for inner in ("", ".1") if f"{OUTER}.3{inner}.weight" in weights)
        return weights[f"{OUTER}.0.weight"].shape[1], weights[last].shape[0 if last.endswith(".1.weight") else 1]
    last = f"model.{max(_numbers(weights, r'model[.]([0-9]+)[.]weight'))}.weight"
    return weights["model.1.weight"].shape[1], weights[last].shape[0]


def _numbers(weights: Weights, pattern: str) -> list[int]:
    return sorted({int(found[1]) for name in weights if (found := re.fullmatch(pattern, name)) and len(found[1]) < 5})


Built = tuple[TranslatorModule, str, tuple[str, ...], tuple[str, ...]]  # network, title, inferred, unknown


def _resnet(weights: Weights, options: dict[str, str]) -> Built:
    blocks = _numbers(weights, r"model[.]([0-9]+)[.]conv_block[.].*")
    if blocks != list(range(10, 10 + len(blocks))):
        raise ConfigError("is a ResNet that halves its pictures more or less than twice; it cannot be held.")
    convolutions = _numbers(weights, r"model[.]10[.]conv_block[.]([0-9]+)[.]weight")
    convolutions = [i for i in convolutions if weights[f"model.10.conv_block.{i}.weight"].ndim == 4]
    # Where the second convolution stands tells whether a dropout and paddings stand before it.
    dropout, padding = {
        (1, 5): (0.0, "reflect"),
        (1, 6): (DROPOUT, "reflect"),
        (0, 3): (0.0, "zero"),
        (0, 4): (DROPOUT, "zero"),
    }[tuple(convolutions)]  # type: ignore[index]
    norm = _norm("model.2", "model.1", weights)
    doubled = f"model.{10 + len(blocks)}.1.weight" in weights
    network = _built(
        {"kind": "resnet", "width": weights["model.1.weight"].shape[0], "blocks": len(blocks), "norm": norm,
         "dropout": dropout, "padding": padding, "upsampling": "nearest" if doubled else "transposed"},
        weights,
        64,
    )  # fmt: skip
    inferred = (
        f"{weights['model.1.weight'].shape[0]} channels (ngf)",
        f"{norm} norm" if norm != "none" else "no norm",
        "with dropout in its blocks" if dropout else "without dropout",
        f"{padding} padding",
    )
    unknown = (
        ("whether edges were mirrored or repeated in training; mirrored is usual",) if padding == "reflect" else ()
    )
    return network, f"ResNet with {len(blocks)} blocks", inferred, unknown


def _unet(weights: Weights, options: dict[str, str]) -> Built:
    level, levels = f"{OUTER}.1.model", 2
    while f"{level}.5.weight" in weights or f"{level}.5.1.weight" in weights:  # the innermost goes up at 3
        level, levels = f"{level}.3.model", levels + 1
    norm = _norm(f"{OUTER}.1.model.2", f"{OUTER}.1.model.1", weights)
    said = {"True": False, "False": True}.get(options.get("no_dropout", ""))
    dropout = norm == "batch" if said is None else said
    network = _built(
        {"kind": "unet", "width": weights[f"{OUTER}.0.weight"].shape[0], "levels": levels, "norm": norm,
         "dropout": DROPOUT if dropout else 0.0,
         "upsampling": "nearest" if f"{OUTER}.3.1.weight" in weights else "transposed"},
        weights,
        2**min(levels, 12),
    )  # fmt: skip
    inferred: tuple[str, ...] = (
        f"{weights[f'{OUTER}.0.weight'].shape[0]} channels (ngf)",
        f"{norm} norm" if norm != "none" else "no norm",
        f"sides in multiples of {2**levels} px, to which pictures are continued and cut back",
    )
    unknown: tuple[str, ...] = ()
    if said is None:
        unknown = (f"whether it has dropout, which leaves no trace; taken as {'there' if dropout else 'not there'}",)
    elif dropout:
        inferred += ("with dropout, as its options say",)
    return network, f"U-Net with {levels} levels (unet_{2**levels})", inferred, unknown


def _built(values: dict[str, Any], weights: Weights, side: int) -> TranslatorModule:
    """Raises ConfigError where our network has not such sizes."""
    inputs, outputs = _channels(weights)
    try:
        return TRANSLATORS.parse(values).build((inputs, side, side), (outputs, side, side))
    except ConfigError as error:
        words = "; ".join(str(problem) for problem in error.problems)
        raise ConfigError(f"is of a network that cannot be held here: {words}") from None


def _direction(name: str, options: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """(the direction, what tells it)"""
    if part := re.search(r"_net_G_([AB])\b", name):
        direction = FORTH if part[1] == "A" else BACK
        return direction, (f"from {direction}, by its name",)
    if options.get("direction") in ("AtoB", "BtoA"):
        direction = FORTH if options["direction"] == "AtoB" else BACK
        return direction, (f"from {direction}, by its options",)
    return FORTH, ()


def _trained_size(options: dict[str, str]) -> tuple[int, int] | None:
    """Pictures are cropped to squares."""
    said = options.get("crop_size") or options.get("fineSize", "")  # as it was called before 2019
    side = int(said) if re.fullmatch("[0-9]{1,5}", said) else 0
    return (side, side) if 1 <= side <= MOST_PX else None


def _sizes(options: dict[str, str]) -> tuple[str, ...]:
    """What the options say of the training pictures."""
    words = {"load_size": "loaded at {} px", "crop_size": "cropped to {} px", "preprocess": "prepared by {}"}
    said = [
        text.format(options[name][:40])
        for name, text in words.items()
        if options.get(name, "").isascii() and options.get(name)
    ]
    return (f"training pictures {', '.join(said)}",) if said else ()
