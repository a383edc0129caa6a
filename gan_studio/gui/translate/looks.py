"""What one can see of a translator on one picture, one class each; for a thread. A new one is a class and a place in
`LOOKS`."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

import numpy as np

from ...jobs import cycles
from ...jobs.apply import Cancelled, Manner, applied
from ...jobs.translators import Translator
from ...picture_files import Picture, eight_bits, seen

TILE = 128  # px: small enough that there is something to see


class Ticket:
    """Of one question: the window says by it that nobody waits any more, the thread how far it is."""

    def __init__(self) -> None:
        self.is_void = False
        self.share = 0.0

    def stop(self) -> bool:
        return self.is_void


@dataclass(frozen=True)
class Question:
    """Everything that is needed, none of which changes any more."""

    picture: Picture
    there: Translator
    manner: Manner
    back: Translator | None = None  # the other way of the same one
    others: tuple[tuple[str, Translator], ...] = ()  # more networks, with what they are called


@dataclass(frozen=True)
class Seen:
    """Pictures to compare: (name, [H, W, C] uint8); the first is what went in."""

    pictures: tuple[tuple[str, np.ndarray], ...]
    caption: str
    sentence: str = ""  # what follows from it


class Look:
    id = title = about = ""
    mode = ""  # of the comparison that shows it best; "" leaves what the user has chosen
    needs_back = needs_others = False

    def see(self, question: Question, ticket: Ticket) -> Seen | None:
        """None where nobody waits any more. Raises ConfigError."""
        with contextlib.suppress(Cancelled):
            return self.look(question, ticket)
        return None

    def look(self, question: Question, ticket: Ticket) -> Seen:
        """Raises ConfigError, and Cancelled where nobody waits any more."""
        raise NotImplementedError


class Result(Look):
    id, title = "result", "&Result"
    about = "The picture, and what becomes of it. Nothing is written."

    def look(self, question: Question, ticket: Ticket) -> Seen:
        began = time.monotonic()
        result = translated(question.there, question.picture, question.manner, ticket)
        took = time.monotonic() - began
        caption = f"{size(question.picture)} → {size(result)} · {took:.2g} s"
        return Seen((("Before", shown(question.picture)), ("After", shown(result))), caption)


class ThereAndBack(Look):
    id, title, mode = "cycle", "&There and back", "side"
    about = "Translate it, then translate the result back: how much of the picture comes home?"
    needs_back = True

    def look(self, question: Question, ticket: Ticket) -> Seen:
        assert question.back
        cycle = cycles.cycle(question.there, question.back, question.picture, question.manner, ticket.stop)
        pictures = (
            ("Before", shown(question.picture)),
            (question.there.direction, cycle.there),
            ("And back", cycle.back),
            ("Error of the way back", heat(cycle.map)),
        )
        caption = f"The way back is {255 * cycle.error:.1f} of 255 away on average, {cycle.psnr:.1f} dB"
        return Seen(pictures, caption)


class TrustTest(Look):
    id, title, mode = "trust", "Tr&ust test", "side"
    about = "Does the result hide what the way back needs? It is quantised, and blurred, before it goes back."
    needs_back = True

    def look(self, question: Question, ticket: Ticket) -> Seen:
        assert question.back
        trust = cycles.trust(question.there, question.back, question.picture, question.manner, ticket.stop)
        pictures = (
            ("Before", shown(question.picture)),
            ("Back, as it is", trust.plain.back),
            ("Back from fewer levels", trust.quantised.back),
            ("Back from a blurred one", trust.blurred.back),
        )
        errors = " · ".join(
            f"{name} {255 * cycle.error:.1f}"
            for name, cycle in (
                ("as it is", trust.plain),
                ("fewer levels", trust.quantised),
                ("blurred", trust.blurred),
            )
        )
        return Seen(pictures, f"Error of 255: {errors}", trust.sentence)


class Several(Look):
    id, title, mode = "several", "&Networks", "side"
    about = "Up to four networks on the same picture, side by side."
    needs_others = True

    def look(self, question: Question, ticket: Ticket) -> Seen:
        pictures = [("Before", shown(question.picture))]
        for name, translator in question.others:
            result = translated(translator, question.picture, question.manner, ticket)
            pictures.append((name, shown(result)))
        return Seen(tuple(pictures), f"On {size(question.picture)}")


class Tiles(Look):
    id, title, mode = "tiles", "T&iles", "difference"
    about = "Translated whole and in tiles: does one see where a large picture was cut?"

    def look(self, question: Question, ticket: Ticket) -> Seen:
        manner = question.manner if question.manner.tile else question.manner.model_copy(update={"tile": TILE})
        found = cycles.difference(question.there, question.picture, manner, ticket.stop)
        caption = f"Whole and in pieces differ by {found.mean:.2g} of 255 on average, by {found.most:.3g} at most"
        return Seen((("Whole", found.whole), ("In pieces", found.pieces)), caption)


LOOKS: tuple[Look, ...] = (Result(), ThereAndBack(), TrustTest(), Several(), Tiles())
BY_ID = {look.id: look for look in LOOKS}


# --- what they share -------------------------------------------------------------------------------------------------


def translated(translator: Translator, picture: Picture, manner: Manner, ticket: Ticket) -> Picture:
    """A piece at a time, so that one sees how far it is. Raises Cancelled."""
    with contextlib.closing(applied(translator, picture, manner)) as work:
        while not ticket.is_void:
            try:
                ticket.share = next(work)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
    raise Cancelled


def shown(picture: Picture) -> np.ndarray:
    """[H, W, C] uint8, with what is clear where the picture has that."""
    if picture.alpha is None:
        return seen(picture)
    colour = eight_bits(picture.colour)
    colour = np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour
    return np.dstack([colour, eight_bits(picture.alpha)])


def heat(error: np.ndarray) -> np.ndarray:
    """[H, W] in [0, 1] as [H, W, 3] uint8, the largest as white."""
    from ..widgets.difference import colours

    levels = (255 * error).clip(0, 255).round().astype(np.uint8)
    return colours(int(levels.max(initial=0)))[levels]


def size(picture: Picture) -> str:
    return "{} × {}".format(*picture.size)
