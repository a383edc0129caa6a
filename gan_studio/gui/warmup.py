"""What is loaded behind the first picture of the window, in two stages, on a thread of its own.

Measured: a plain `import torch` on a thread freezes the window for 250 to 510 ms, because the library is mapped with
the interpreter's lock held. Mapping it first through ctypes, which lets the lock go, leaves 75 to 98 ms at worst.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

LIGHT = "light"  # presets, runs, plots and icons can be used
READY = "ready"  # torch and the shelves can be used
RTLD_NOW = 2


def warm_up() -> Iterator[str]:
    """Import in the order in which the window needs things; yields the stage that is reached. Run it with a Worker."""
    gc.disable()  # a full collection holds the interpreter's lock, the longer the more has been imported
    try:
        import_light()
        yield LIGHT
        import_torch()
        import_shelves()
        gc.freeze()  # with all that torch brings a collection takes 145 ms; frozen, nothing of it is looked at again
    finally:
        gc.enable()
    yield READY


def import_light() -> None:
    from .. import presets, runs  # noqa: F401
    from . import forms  # noqa: F401
    from .race import race_form, race_list, race_watch, show  # noqa: F401
    from .theory import words  # noqa: F401
    from .train import run_list  # noqa: F401
    from .widgets import curves  # noqa: F401

    keep_one_icon_font()


def keep_one_icon_font() -> None:
    """The first icon loads all twelve fonts of qtawesome, 115 ms of the window's time; we draw from one of them."""
    import qtawesome

    qtawesome._BUNDLED_FONTS = tuple(font for font in qtawesome._BUNDLED_FONTS if font[0] == "mdi6")


def import_torch() -> None:
    map_library("torch", "lib/libtorch_python.so")
    import torch

    # The first optimiser imports another 900 modules.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)], fused=True)


def import_shelves() -> None:
    """Everything that the forms offer."""
    from ..data import SOURCES
    from ..feature_networks import FEATURE_NETWORKS
    from ..jobs import settings, train  # noqa: F401
    from ..metrics import METRICS
    from ..networks import GENERATORS
    from ..objectives import OBJECTIVES
    from ..penalties import PENALTIES
    from ..recipes import RECIPES

    for shelf in (SOURCES, GENERATORS, OBJECTIVES, PENALTIES, RECIPES, METRICS, FEATURE_NETWORKS):
        list(shelf)


def map_library(package: str, library: str) -> None:
    """Map a package's library with the interpreter's lock released, so that importing it later finds it in place."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None or sys.platform == "win32":
        return  # on Windows torch itself loads its libraries through ctypes
    path = Path(found.origin).parent / library
    if sys.platform == "darwin":
        path = path.with_suffix(".dylib")
    here = ctypes.CDLL(None)
    here.dlopen.restype = ctypes.c_void_p
    here.dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    here.dlopen(str(path).encode(), RTLD_NOW)
