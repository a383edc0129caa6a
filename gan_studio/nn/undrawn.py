"""Networks that are built to be filled with weights: what they would begin with is hardly drawn.

Drawing takes time, and takes the global random numbers away from whoever trains meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

DRAWS = {"normal_", "uniform_"}  # methods of tensors


class Undrawn(TorchFunctionMode):
    """Within it, on this thread, parameters hold what the memory holds, or numbers of a generator of its own.

    Most functions of torch.nn.init do nothing. Others, such as trunc_normal_, draw until it suits them, so they get
    random numbers, but not the global ones.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rng = torch.Generator()

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else given["tensor"]
        if getattr(func, "__name__", "") in DRAWS:
            given["generator"] = self.rng
        return func(*args, **given)
