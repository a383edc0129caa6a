"""The studio's own exported translators: safetensors that carry the network's settings as JSON."""

from __future__ import annotations

import json
from typing import Any

from ..config import ConfigError
from ..networks import BACK, FORTH, TRANSLATORS
from .torch_file import File
from .translators import TRANSLATOR_FORMATS, Beside, TranslatorDraft, TranslatorFormat

KEY = "gan_studio_translator"  # of the text in the file
MOST_PX = 8192  # a side, of the pictures that it was trained on


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
            in_shape, out_shape = (_shape(said[name]) for name in ("in_shape", "out_shape"))
            spec = TRANSLATORS.parse(said["network"])
            direction = {FORTH: FORTH, BACK: BACK}[said["direction"]]
            title, as_trained = str(said["title"]), bool(said["as_trained"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ConfigError("says in words that cannot be read what network it holds; export it again.") from None
        network = spec.build(in_shape, out_shape)
        return TranslatorDraft(
            network,
            (in_shape[0], out_shape[0]),
            network.needs,
            spec.title,
            (f"exported of {''.join(letter for letter in title[:80] if letter.isprintable())}",),
            notes=("It was trained to be applied with its noise and the picture's own statistics.",)
            if as_trained
            else (),
            direction=direction,
            trained_size=(in_shape[1], in_shape[2]),
        )


def _shape(values: Any) -> tuple[int, int, int]:
    """Raises ValueError or TypeError."""
    channels, height, width = (int(value) for value in values)
    if not (1 <= channels <= 4 and 1 <= height <= MOST_PX and 1 <= width <= MOST_PX):
        raise ValueError
    return channels, height, width
