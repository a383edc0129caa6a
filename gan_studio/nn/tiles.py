"""A network over a picture too large for the memory: in tiles that overlap.

Where the overlap reaches as far as the network looks, a tile's middle is what the whole picture would give. Where it
does not, neighbouring tiles are blended into each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .piecemeal import Box, Reader, Span


@dataclass(frozen=True)
class Cut:
    """One tile along an axis, in pixels of the picture."""

    read: Span  # what the network is given
    written: Span  # what becomes of it, with what is blended
    fade: Span  # so many pixels are blended at the beginning and at the end of `written`


def cuts(size: int, tile: int, overlap: int, multiple: int, least: int, blend: int = 0) -> list[Cut]:
    """Tiles of about `tile` px with `overlap` px of context on both sides; they begin and end at multiples.

    `blend` px on both sides of a seam are made by both neighbours; they are taken from the context.
    """

    def up(value: int) -> int:
        return -(-value // multiple) * multiple

    context, count = up(overlap), max(1, -(-size // up(tile)))
    edges = [min(size, up(-(-size * number // count))) for number in range(count)] + [size]  # of about equal lengths
    half = min(blend, overlap, (size // count - multiple) // 2) if count > 1 else 0
    found = []
    for start, end in itertools.pairwise(edges):
        first, last = max(0, start - context), min(size, end + context)
        if last - first < least:
            first = max(0, min(first, (size - up(least)) // multiple * multiple))
            last = min(size, max(last, first + up(least)))
        before, after = (half if start else 0), (half if end < size else 0)
        found.append(Cut((first, last), (start - before, end + after), (2 * before, 2 * after)))
    return found


def tiled(
    network: Callable[[Tensor], Tensor],
    reader: Reader,
    write: Callable[[Box, Tensor], None],
    rows: Sequence[Cut],
    columns: Sequence[Cut],
    scale: int = 1,
) -> Iterator[float]:
    """The pieces of the result, in its own pixels, go to `write`. Yields the share that is done, tile by tile."""
    total, done = len(rows) * len(columns), 0
    above: Tensor | None = None  # the end of the row above, weighted: [1, C, h, W]
    for row in rows:
        band: Tensor | None = None
        for column in columns:
            y = network(reader.read((row.read, column.read)))
            piece = _cropped(y, row, column, scale)
            done += 1
            if not _blends(rows) and not _blends(columns):
                write((_scaled(row.written, scale), _scaled(column.written, scale)), piece)
            else:
                band = _added(band, piece, row, column, reader, scale)
            yield done / total
        if band is not None:
            above = _put(band, above, row, write, scale)


def _blends(found: Sequence[Cut]) -> bool:
    return any(any(cut.fade) for cut in found)


def _scaled(span: Span, scale: int) -> Span:
    return span[0] * scale, span[1] * scale


def _cropped(y: Tensor, row: Cut, column: Cut, scale: int) -> Tensor:
    for axis, cut in enumerate((row, column)):
        length = cut.written[1] - cut.written[0]
        y = y.narrow(2 + axis, (cut.written[0] - cut.read[0]) * scale, length * scale)
    return y


def _added(band: Tensor | None, piece: Tensor, row: Cut, column: Cut, reader: Reader, scale: int) -> Tensor:
    """The row of tiles with one more, by weights that add up to 1 at every pixel."""
    if band is None:
        band = piece.new_zeros(1, piece.shape[1], piece.shape[2], reader.size[1] * scale, dtype=torch.float32)
    weight = _ramps(row, scale, piece)[:, None] * _ramps(column, scale, piece)[None]
    band[:, :, :, slice(*_scaled(column.written, scale))] += piece.float() * weight
    return band


def _ramps(cut: Cut, scale: int, like: Tensor) -> Tensor:
    """[h]: 1, but for a slope where there is a neighbour."""
    weight = torch.ones((cut.written[1] - cut.written[0]) * scale, device=like.device)
    for length, flip in ((cut.fade[0] * scale, False), (cut.fade[1] * scale, True)):
        if length:
            slope = (torch.arange(length, device=like.device) + 0.5) / length
            part = slice(-length, None) if flip else slice(0, length)
            weight[part] = slope.flip(0) if flip else slope
    return weight


def _put(
    band: Tensor, above: Tensor | None, row: Cut, write: Callable[[Box, Tensor], None], scale: int
) -> Tensor | None:
    """Write a row of tiles but for its end, which waits for the next one."""
    if above is not None:
        band[:, :, : above.shape[2]] += above
    waits = row.fade[1] * scale
    whole = band.shape[2] - waits
    top = row.written[0] * scale
    write(((top, top + whole), (0, band.shape[3])), band[:, :, :whole])
    return band[:, :, whole:].clone() if waits else None
