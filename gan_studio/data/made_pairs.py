"""Pairs made on the fly of one set of pictures: edges, grey, low resolution or holes to the picture."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated

from ..config import ConfigError, Problem, option
from ..registry import OneOf
from . import SOURCES, HeldOut, Pairs, Progress, Source
from .images import ImageDataset
from .makers import MAKERS
from .pairs import HELD_OUT_HELP, PAIRS_HOLD_OUT, MadePairs, Maker, check_pairs, split


@SOURCES.add
class PairsOfPictures(Source):
    """B are the pictures of any other source, A is made of each as it is needed."""

    kind = "made-pairs"
    title = "Pairs made of pictures"
    about = "One folder is enough: A is made of each picture, and training learns the way back."

    pictures: Annotated[Source, OneOf(SOURCES)] = option(
        "image-folder", "Where the pictures come from: your own, or a ready set.", learn=True
    )
    made: Annotated[Maker, OneOf(MAKERS)] = option(
        "low-resolution", "What becomes of a picture to make A: training learns the way back.", learn=True
    )
    held_out_share: float = option(0.1, HELD_OUT_HELP, ge=0, le=0.5)

    def check(self) -> None:
        if self.pictures.pairs() is not None:
            raise ConfigError(Problem("pictures", "these are pairs already; choose single pictures."))
        try:
            self.pictures.check()
        except ConfigError as error:
            raise error.under("pictures") from None
        self.shape()

    def shape(self) -> tuple[int, ...] | None:
        shape = self.pictures.shape()
        if shape is None:
            return None
        if len(shape) != 3:
            raise ConfigError(Problem("pictures", "these are points; choose pictures."))
        try:
            return self.made.shape(shape)
        except ConfigError as error:
            raise error.under("made") from None

    def unseen(self) -> Source:
        return HeldOut(source=self)

    def how_to_hold_out(self) -> str:
        return PAIRS_HOLD_OUT

    def pairs(self) -> Pairs | None:
        shape = self.pictures.shape()
        return None if shape is None else Pairs(shape, matched=True, names=self.made.names)

    def missing(self) -> str:
        return self.pictures.missing()

    def fetch(self) -> Generator[Progress, None, None]:
        yield from self.pictures.fetch()

    def prepare(self) -> Generator[Progress, None, MadePairs]:
        self.check()
        try:
            pictures = yield from self.pictures.prepare()
        except ConfigError as error:
            raise error.under("pictures") from None
        if not isinstance(pictures, ImageDataset):
            raise ConfigError(Problem("pictures", "these are drawn without an end; set their count, such as 4096."))
        assert pictures.size is not None
        trained, held = split(pictures.size, self.held_out_share)
        check_pairs(len(trained), "pictures", lambda: "")
        held_out = None
        if len(held):
            held_out = MadePairs(pictures.only(held).plain(), self.made)
        return MadePairs(pictures.only(trained), self.made, held_out)
