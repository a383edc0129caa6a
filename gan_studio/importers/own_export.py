"""The studio's own exported translators: safetensors that carry the network's settings as JSON."""

from __future__ import annotations

import json
from typing import Any

from ..config import ConfigError
from ..networks import BACK, FORTH, TRANSLATORS
from .torch_file import File
from .translators import TRANSLATOR_FORMATS, Beside, TranslatorDraft, TranslatorFormat

KEY = "gan_studio_translator"  # of the text in the file
SIDES = (64, 128, 256, 512)  # at one of which any of our networks can be drafted


@TRANSLATOR_FORMATS.add
class OwnExport(TranslatorFormat):
    kind = "own-export"
    title = "GAN Studio's export"
    about = "gan-studio export safetensors."

    def fits(self, file: File) -> bool:
        return KEY in file.texts

    def draft(self, file: File, beside: Beside) -> TranslatorDraft:
        try:
            said: dict[str, Any] = json.loads(file.texts[KEY])
            inputs, outputs, scale = (int(said[name]) for name in ("in", "out", "scale"))
            spec = TRANSLATORS.parse(said["network"])
            direction = {FORTH: FORTH, BACK: BACK}[said["direction"]]
            title, as_trained = str(said["title"]), bool(said["as_trained"])
            side = next(side for side in SIDES if side % int(said["multiple"]) == 0)
        except (ValueError, KeyError, TypeError, RecursionError, StopIteration, ZeroDivisionError):
            raise ConfigError("says in words that cannot be read what network it holds; export it again.") from None
        network = spec.build((inputs, side, side), (outputs, side * scale, side * scale))
        return TranslatorDraft(
            network,
            (inputs, outputs),
            network.needs,
            spec.title,
            (f"exported of {''.join(letter for letter in title[:80] if letter.isprintable())}",),
            notes=("It was trained to be applied with its noise and the picture's own statistics.",)
            if as_trained
            else (),
            direction=direction,
        )
