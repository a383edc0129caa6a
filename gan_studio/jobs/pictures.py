"""Samples as one picture for people: a grid, a roomy gallery, or the density of points in the plane."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from .. import images
from ..classes import Shares, dense, told
from ..config import ConfigError
from ..directions import Direction
from ..plane import Arrows
from ..runs import Run
from ..walks import truncated
from .explore import SHEET, save_pair, strip, view_of
from .frames import columns_of, frame_steps, read_frame
from .snapshots import Snapshot, open_snapshot

PAPER: images.Colour = (250, 249, 246)  # of a gallery's wall
AMOUNTS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)  # sigmas of a direction, side by side
PLANE_PX = 512  # width of a picture of points
MOST = 5000  # points of a kind in the plane

# Of the plane, as in the window: what D takes for real and for generated, real points, generated points, the pull.
FOR_REAL, FOR_FAKE, REAL, GENERATED = (28, 108, 196), (200, 66, 26), (12, 122, 83), (30, 33, 38)
PULL = (133, 86, 0)


def one_picture(array: np.ndarray) -> np.ndarray:
    """What a Samples event holds, pictures [N, H, W, C] uint8 or points [N, 2], as one picture [H', W', C] uint8."""
    return images.grid(array) if array.ndim == 4 else points(array)


def points(array: np.ndarray, extent: float = 0.0, size_px: int = PLANE_PX) -> np.ndarray:
    """Points [N, 2] as ink on paper, [size_px, size_px, 1] uint8, y upwards. `extent` 0: nearly all are in it."""
    array = array[np.isfinite(array).all(axis=1)]
    extent = extent or 1.05 * float(np.quantile(np.abs(array), 0.995) if len(array) else 1.0) or 1.0
    bins = size_px // 2  # two pixels a dot
    counts, _, _ = np.histogram2d(array[:, 1], array[:, 0], bins, [[-extent, extent]] * 2)  # [row, column]
    ink = np.minimum(1.0, 0.35 * counts[::-1] ** 0.7)
    return np.kron(255 * (1 - ink), np.ones((2, 2))).round().astype(np.uint8)[:, :, None]


def plane(
    generated: np.ndarray,
    real: np.ndarray | None = None,
    logits: np.ndarray | None = None,
    extent: float = 0.0,
    size_px: int = PLANE_PX,
    arrows: Arrows | None = None,
    warped: np.ndarray | None = None,
) -> np.ndarray:
    """Points [N, 2] over D's logits [R, R] on the square [-extent, extent]^2, as [size_px, size_px, 3] uint8.

    Row 0 of the logits is at y = -extent. `extent` 0: all the real points are in it, or nearly all the generated ones.
    `arrows` as `plane.pulled` gives them; `warped` [K, K, 2] is what G makes of an even grid.
    """
    layers = [(real, REAL, 2.0)] if real is not None else []
    extent = extent or extent_of(generated if real is None else real)
    sheet = Image.new("RGB", (size_px, size_px), images.WHITE) if logits is None else _heat(logits, size_px)
    if warped is not None:
        sheet.paste(GENERATED, mask=_mesh(warped / extent, size_px, 115))
    for points, colour, radius in [*layers, (generated, GENERATED, 1.8)]:
        finite = points[np.isfinite(points).all(axis=1)][:MOST]
        sheet.paste(colour, mask=_dots(finite / extent, size_px, radius, 217 if len(finite) < 1000 else 140))
    if arrows is not None:
        lines = _strokes(arrows[0] / extent, arrows[1] / extent, size_px)
        sheet.paste(images.WHITE, mask=_lines(lines, size_px, 3.0, 178))  # legible on every colour of the map
        sheet.paste(PULL, mask=_lines(lines, size_px, 1.5, 255))
    return np.asarray(sheet)


def extent_of(points: np.ndarray) -> float:
    far = np.abs(points[np.isfinite(points).all(axis=1)])
    return 1.15 * float(np.quantile(far, 0.999) if len(far) else 1.0) or 1.0


def _heat(logits: np.ndarray, size_px: int) -> Image.Image:
    """Blue above 0, orange below; through tanh, so that near 0 shows detail."""
    amount = np.tanh(0.5 * np.nan_to_num(logits[::-1].astype(np.float32)))[:, :, None]  # [R, R, 1], row 0 on top
    strength = 0.65 * np.abs(amount)
    mixed = 255 * (1 - strength) + np.where(amount < 0, FOR_FAKE, FOR_REAL) * strength  # [R, R, 3]
    small = Image.fromarray(mixed.round().astype(np.uint8))
    return small.resize((size_px, size_px), Image.Resampling.BILINEAR)


def _strokes(start: np.ndarray, end: np.ndarray, size_px: int, head_px: float = 5.0) -> np.ndarray:
    """Arrows in [-1, 1]^2 as lines in pixels, [3 A, 4]: each its shaft and the two sides of its head."""
    a, b = ((places * [1, -1] + 1) * size_px / 2 for places in (start, end))
    length = np.linalg.norm(b - a, axis=1, keepdims=True)  # [A, 1]
    seen = np.isfinite(length[:, 0]) & (length[:, 0] > 1.5)  # shorter ones are a dot's blur
    a, b, length = a[seen], b[seen], length[seen]
    along = (b - a) / np.maximum(length, 1e-9)
    across = along[:, ::-1] * [1, -1]
    back = b - along * np.minimum(head_px, 0.6 * length)
    wide = across * np.minimum(0.6 * head_px, 0.4 * length)
    return np.concatenate([np.hstack([a, b]), np.hstack([b, back + wide]), np.hstack([b, back - wide])])


def _mesh(warped: np.ndarray, size_px: int, opacity: int) -> Image.Image:
    """A mask with thin lines along both directions of a grid [K, K, 2] in units of the square."""
    pixels = (np.nan_to_num(warped * [1, -1], nan=1e3, posinf=1e3, neginf=-1e3).clip(-1e3, 1e3) + 1) * size_px / 2
    rows = [np.concatenate([line[:-1], line[1:]], axis=1) for line in [*pixels, *pixels.transpose(1, 0, 2)]]
    return _lines(np.concatenate(rows), size_px, 1.0, opacity)


def _lines(lines: np.ndarray, size_px: int, width: float, opacity: int) -> Image.Image:
    """A mask with lines [L, 4] in pixels; drawn at twice the size, for smooth edges."""
    mask = Image.new("L", (2 * size_px, 2 * size_px))
    draw = ImageDraw.Draw(mask)
    for line in (2 * lines).tolist():
        draw.line(line, opacity, round(2 * width))
    return mask.reduce(2)


def _dots(points: np.ndarray, size_px: int, radius: float, opacity: int) -> Image.Image:
    """A mask with a dot for each point of [-1, 1]^2; drawn at twice the size, for smooth edges."""
    mask = Image.new("L", (2 * size_px, 2 * size_px))
    draw = ImageDraw.Draw(mask)
    inside = points[np.abs(points).max(axis=1, initial=0) <= 1]
    for x, y in ((inside * [1, -1] + 1) * size_px).tolist():
        draw.ellipse((x - 2 * radius, y - 2 * radius, x + 2 * radius, y + 2 * radius), opacity)
    return mask.reduce(2)


def shown(snapshot: Snapshot, count: int, seed: int, truncation: float = 1.0, shares: Shares = ()) -> np.ndarray:
    """Samples as in an event: pictures [N, H, W, C] uint8 or points [N, 2] float32; row i belongs to seed + i.

    Where the network has classes and none is given, the seed of each draws it.
    """
    z = truncated(snapshot.latents(count, seed), truncation)
    w = dense([snapshot.shares(shares, seed + i) for i in range(count)], snapshot.classes)
    x = snapshot.generate(torch.cat([z, w.to(z)], dim=1))
    return images.to_uint8(x) if x.ndim == 4 else x.numpy()


def provenance(
    snapshot: Snapshot, count: int, seed: int, truncation: float = 1.0, shares: Shares = ()
) -> dict[str, str]:
    """The texts inside a PNG: all that is needed to make it again."""
    chosen = snapshot.about | {"truncation": truncation} | ({"class": told(shares)} if shares else {})
    about = {name: str(value) for name, value in chosen.items()}
    return {"Software": "GAN Studio", SHEET: str(count), "seed": str(seed)} | about | snapshot.origin.texts()


def write_grid(
    path: Path, snapshot: Snapshot, count: int, seed: int, truncation: float = 1.0, shares: Shares = ()
) -> None:
    """Pictures in a grid, with all that is needed to make them again inside, and in the .json beside it.

    Raises ConfigError.
    """
    grid = images.grid(shown(snapshot, count, seed, truncation, shares))
    _save_sheet(path, grid, provenance(snapshot, count, seed, truncation, shares))


def write_strips(
    path: Path, snapshot: Snapshot, found: Sequence[Direction], seed: int = 0, shares: Shares = ()
) -> None:
    """What directions do, a row each, of `AMOUNTS` sigmas; the recipe is inside and beside it as above.

    Raises ConfigError.
    """
    plain = view_of(snapshot, seed).of_classes(shares)
    rows = [strip(plain, one, AMOUNTS, snapshot) for one in found]
    texts = provenance(snapshot, len(rows) * len(AMOUNTS), seed, shares=shares) | {
        "directions": json.dumps([one.plain() for one in found], ensure_ascii=False),
        "amounts": json.dumps(AMOUNTS),
    }
    _save_sheet(path, images.grid(np.concatenate(rows), len(AMOUNTS)), texts)


def _save_sheet(path: Path, grid: np.ndarray, texts: dict[str, str]) -> None:
    save_pair(path, images.png(grid, texts), json.dumps(texts, ensure_ascii=False, indent=1) + "\n")


def write_gallery(run: Run, width_px: int = 1600) -> Path:
    """A large picture of what the run's newest generator makes, in its folder: of one that translates, its newest rows.

    Raises ConfigError and OSError.
    """
    if columns := columns_of(run):
        return _write_rows(run, columns)
    snapshot = open_snapshot(run.folder)
    on_a_plane = len(snapshot.shape) == 1
    count = 10_000 if on_a_plane else 60
    samples = shown(snapshot, count, seed=0)
    picture = points(samples, size_px=1024) if on_a_plane else hung(samples, width_px)
    path = run.folder / "gallery.png"
    images.write_png(path, picture, provenance(snapshot, count, 0))
    return path


def _write_rows(run: Run, columns: tuple[str, ...]) -> Path:
    """Raises ConfigError and OSError."""
    step = max(frame_steps(run), default=-1)
    frame = read_frame(run, step, raw=False)
    if frame is None:
        raise ConfigError(f"The run {run.name} keeps no picture of what it made; train it for some more steps.")
    path = run.folder / "gallery.png"
    about = {"Software": "GAN Studio", "run": run.name, "step": str(step), "columns": ", ".join(columns)}
    images.write_png(path, frame.array[0], about)
    return path


def hung(pictures: np.ndarray, width_px: int, columns: int = 10) -> np.ndarray:
    """[N, H, W, C] uint8 -> [H', W', C]: in rows of `columns`, enlarged by a whole number, with room between them."""
    gap = width_px // 100
    room = (width_px - gap) // columns - gap
    factor = max(1, room // pictures.shape[2])
    enlarged = pictures.repeat(factor, axis=1).repeat(factor, axis=2)
    sheet = images.grid(enlarged, columns, gap, PAPER)
    colour = images.grid(np.empty((2, 1, 1, sheet.shape[2]), np.uint8), 2, 1, PAPER)[0, 1]  # the paper in these bands
    framed = np.empty((sheet.shape[0] + 4 * gap, sheet.shape[1] + 4 * gap, sheet.shape[2]), np.uint8)
    framed[:] = colour
    framed[2 * gap : -2 * gap, 2 * gap : -2 * gap] = sheet
    return framed
