"""What a network makes of samples on the way to its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from .blocks import LAYERS


def layer_inputs(network: nn.Module, use: Callable[[], object]) -> list[Tensor]:
    """What reaches its linear layers and convolutions while `use` passes samples through, [N, ...], shallow to deep.

    That is what norms and non-linearities made of the layers before, the last one what the answer is read off.
    Gradients flow where the samples ask for them. What sees the samples themselves, at whatever size, is left out.
    """
    found: list[Tensor] = []

    def note(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        found.append(inputs[0])

    hooks = [module.register_forward_pre_hook(note) for module in network.modules() if isinstance(module, LAYERS)]
    try:
        use()
    finally:
        for hook in hooks:
            hook.remove()
    return [x for x in found[1:] if x.ndim != 4 or x.shape[1] != found[0].shape[1]]
