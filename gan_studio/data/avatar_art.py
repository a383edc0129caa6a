"""Draws the avatars: flat shapes with soft edges, from the background forward, drawn large and shrunk.

The head has its own coordinates: the origin between the temples, x to the right, y down, the face one unit to either
side and its chin at 1.24. Shapes are splines through a few points; colours come as a base, from which shade and light
are mixed. `paint` tells the order.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Points = np.ndarray  # [N, 2]

UNIT = 0.258  # of the picture's side: half the width of a face
OVERSAMPLING = 4
LEAST_PX = 192  # the side of the drawing, so that small pictures show what large ones do
INK = (52, 34, 48)
LINE_PX = 0.7  # the thinnest line of line art, in pixels of the finished picture
DARK = 280  # colours whose three channels add up to less are drawn as ink in line art
WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Look:
    """All that a face is drawn from. The words are the values of the attributes; `u` feeds what has no name."""

    hair: Colour
    style: str
    eyes: Colour
    skin: Colour
    expression: str
    glasses: str
    accessory: str
    background: Colour
    clothes: Colour
    ribbon: Colour
    u: tuple[float, ...]  # uniform numbers in [0, 1)


def paint(look: Look, size: int) -> np.ndarray:
    """[size, size, 3] uint8."""
    sheet = Sheet(max(OVERSAMPLING * size, LEAST_PX), look)
    backdrop(sheet)
    figure(sheet)
    return sheet.shrunk(size)


def paint_lines(look: Look, size: int, spots: bool = False) -> np.ndarray:
    """The same figure as ink on white paper [size, size, 3] uint8; `spots` of colour say what has which."""
    sheet = LineSheet(max(OVERSAMPLING * size, LEAST_PX), look, size)
    figure(sheet)
    if spots:
        colour_spots(sheet)
    return sheet.shrunk(size)


def figure(sheet: Sheet) -> None:
    """All but the background."""
    look = sheet.look
    STYLES[look.style].back(sheet)
    body(sheet)
    face(sheet)
    expression = EXPRESSIONS[look.expression]
    expression.features(sheet)
    STYLES[look.style].front(sheet)
    brows(sheet, expression.lift, expression.inner, expression.arch)
    GLASSES[look.glasses](sheet)
    ACCESSORIES[look.accessory](sheet)


# --- colours ---------------------------------------------------------------------------------------------------------


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with this share of `b`."""
    return (
        round(a[0] + share * (b[0] - a[0])),
        round(a[1] + share * (b[1] - a[1])),
        round(a[2] + share * (b[2] - a[2])),
    )


def shade(colour: Colour, share: float = 0.35) -> Colour:
    """Darker and a little towards violet, as in shadow."""
    return mix(colour, (58, 24, 74), share)


def light(colour: Colour, share: float = 0.4) -> Colour:
    return mix(colour, (255, 250, 240), share)


def varied(colour: Colour, a: float, b: float, c: float, amount: float = 1.0) -> Colour:
    """Another colour of the same name; a, b, c in [0, 1) move hue, saturation and brightness."""
    h, s, v = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    h += 0.03 * amount * (a - 0.5)
    s *= 1 + 0.24 * amount * (b - 0.5)
    v *= 1 + 0.14 * amount * (c - 0.5)
    r, g, b = colorsys.hsv_to_rgb(h % 1, min(s, 1), min(v, 1))
    return round(255 * r), round(255 * g), round(255 * b)


# --- shapes ----------------------------------------------------------------------------------------------------------


def at(*numbers: float) -> Points:
    """Points from x, y, x, y ..."""
    return np.array(numbers, np.float64).reshape(-1, 2)


@cache
def path(text: str) -> Points:
    """Points from "x,y x,y ..."."""
    points = np.array([pair.split(",") for pair in text.split()], np.float64)
    points.flags.writeable = False  # shared by all who ask for them
    return points


def mirrored(points: Points) -> Points:
    return points * (-1, 1)


# Most shapes return in every face of a style, so splines and strokes are worked out once and kept.


def spline(points: Points, closed: bool = False, pieces: int = 7) -> Points:
    """A smooth line through the points (Catmull & Rom 1974)."""
    return _spline(points.tobytes(), closed, pieces)


@lru_cache(4096)
def _spline(packed: bytes, closed: bool, pieces: int) -> Points:
    points = np.frombuffer(packed).reshape(-1, 2)
    if closed:
        around = np.concatenate([points[-1:], points, points[:2]])
    else:
        around = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    corners = np.stack([around[:-3], around[1:-2], around[2:-1], around[3:]], axis=1)  # [segments, 4, 2]
    line = (_catmull_rom(pieces) @ corners).reshape(-1, 2)
    return line if closed else np.concatenate([line, points[-1:]])


@lru_cache(4096)
def _stroke(packed: bytes, width: float, start: float, end: float) -> Points:
    """The outline of a brush stroke along a spline."""
    line = _spline(packed, False, 6)
    along = np.gradient(line, axis=0)
    normal = along[:, ::-1] * (-1, 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
    t = np.linspace(0, 1, len(line))
    ends = np.where(t < 0.5, start, end)
    half = (width / 2 * (ends + (1 - ends) * np.sqrt(np.sin(math.pi * t).clip(0))))[:, None]
    return np.concatenate([line + half * normal, (line - half * normal)[::-1]])


@cache
def _catmull_rom(pieces: int) -> np.ndarray:
    t = np.arange(pieces)[:, None] / pieces
    powers = t ** np.arange(4)
    return powers @ (np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2)  # [pieces, 4]


def both(points: Points) -> Points:
    """A closed outline from its right half, told from top to bottom on the axis."""
    return spline(np.concatenate([points, mirrored(points[-2:0:-1])]), closed=True)


@cache
def _circle(count: int = 28) -> Points:
    turn = np.arange(count) * (2 * math.pi / count)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def ellipse(x: float, y: float, a: float, b: float) -> Points:
    return _circle() * (a, b) + (x, y)


def locks(knots: Points) -> Points:
    """The lower edge of hair: valley, tip, valley, tip ... valley; every lock leaves its valley downwards."""
    start, end = knots[:-1], knots[1:]
    falling = np.arange(len(start)) % 2 == 0
    valley, tip = np.where(falling[:, None], start, end), np.where(falling[:, None], end, start)
    control = np.stack([0.85 * valley[:, 0] + 0.15 * tip[:, 0], 0.35 * valley[:, 1] + 0.65 * tip[:, 1]], axis=1)
    t = (np.arange(6) / 6)[None, :, None]
    line = (1 - t) ** 2 * start[:, None] + 2 * t * (1 - t) * control[:, None] + t**2 * end[:, None]
    return np.concatenate([line.reshape(-1, 2), knots[-1:]])


# --- the sheet -------------------------------------------------------------------------------------------------------


class Sheet:
    """A picture in the making, with brushes that take the head's coordinates."""

    def __init__(self, side: int, look: Look):
        self.side, self.look = side, look
        self.image = Image.new("RGB", (side, side))
        self.pen = ImageDraw.Draw(self.image)
        self.glaze = ImageDraw.Draw(self.image, "RGBA")
        u = look.u
        scale = UNIT * (0.95 + 0.1 * u[0])
        shift = (0.5 + 0.05 * (u[1] - 0.5), 0.475 + 0.04 * (u[2] - 0.5))
        tilt = math.radians(14) * (u[3] - 0.5)
        self._head = self._placing(scale, shift, tilt)
        self._body = self._placing(scale, shift, 0.25 * tilt)
        self._place = self._head
        self.width = scale * side  # of one unit, in pixels

    def _placing(self, scale: float, shift: tuple[float, float], tilt: float) -> tuple[np.ndarray, np.ndarray]:
        cos, sin = math.cos(tilt), math.sin(tilt)
        turn = np.array([[cos, sin], [-sin, cos]])
        pivot = np.array([0.0, 1.1])  # the neck
        offset = (np.array(shift) + scale * (pivot - pivot @ turn)) * self.side
        return turn * scale * self.side, offset

    def on_body(self) -> None:
        self._place = self._body

    def on_head(self) -> None:
        self._place = self._head

    def _flat(self, points: Points) -> list[float]:
        turn, offset = self._place
        return (points @ turn + offset).ravel().tolist()

    def fill(self, points: Points, colour: Colour, outline: Colour | None = None, thick: float = 0.03) -> None:
        flat = self._flat(points)
        self.pen.polygon(flat, colour)
        if outline is not None:
            self._trace(flat, outline, thick)

    def tint(self, points: Points, colour: Colour, alpha: float) -> None:
        self.glaze.polygon(self._flat(points), (*colour, round(255 * alpha)))

    def blend(
        self, points: Points, stops: Sequence[Colour], outline: Colour | None = None, thick: float = 0.03
    ) -> None:
        """Fill with a gradient from the shape's top to its bottom."""
        turn, offset = self._place
        places = points @ turn + offset
        (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
        left, top = max(0, math.floor(left)), max(0, math.floor(top))
        width, height = min(self.side, math.ceil(right) + 1) - left, min(self.side, math.ceil(bottom) + 1) - top
        if width > 0 and height > 0:
            mask = Image.new("L", (width, height))
            ImageDraw.Draw(mask).polygon((places - (left, top)).ravel().tolist(), 255)
            self.image.paste(gradient(tuple(stops), (width, height)), (left, top), mask)
        if outline is not None:
            self._trace(places.ravel().tolist(), outline, thick)

    def _trace(self, flat: list[float], colour: Colour, thick: float) -> None:
        self.pen.line(flat + flat[:4], colour, max(1, round(thick * self.width)))

    def stroke(self, points: Points, width: float, colour: Colour, start: float = 0.0, end: float = 0.0) -> None:
        """A brush stroke along a spline, `width` in its middle, at its ends these shares of it."""
        self.pen.polygon(self._flat(_stroke(points.tobytes(), width, start, end)), colour)

    def glow(self, x: float, y: float, a: float, b: float, colour: Colour, alpha: float) -> None:
        """A soft spot."""
        turn, offset = self._place
        cx, cy = (np.array([x, y]) @ turn + offset).tolist()
        w, h = round(2 * a * self.width), round(2 * b * self.width)
        mask = soft_spot(round(255 * alpha)).resize((w, h), Image.Resampling.BILINEAR)
        self.image.paste(colour, (round(cx - w / 2), round(cy - h / 2)), mask)

    def shrunk(self, size: int) -> np.ndarray:
        factor = self.side // size
        picture = self.image.reduce(factor) if factor * size == self.side else self.image
        if picture.size[0] != size:
            picture = picture.resize((size, size), Image.Resampling.BOX)
        return np.asarray(picture)


class LineSheet(Sheet):
    """Brushes that leave the outlines, the strokes and what is dark as ink, and all else as paper."""

    def __init__(self, side: int, look: Look, size: int):
        super().__init__(side, look)
        self.thin = LINE_PX * side / size
        self.image.paste(WHITE, (0, 0, side, side))

    def fill(self, points: Points, colour: Colour, outline: Colour | None = None, thick: float = 0.03) -> None:
        dark = outline is None and sum(colour) < DARK  # pupils and mouths
        super().fill(points, INK if dark else WHITE, outline and INK, thick)

    def tint(self, points: Points, colour: Colour, alpha: float) -> None:
        pass

    def blend(
        self, points: Points, stops: Sequence[Colour], outline: Colour | None = None, thick: float = 0.03
    ) -> None:
        super().fill(points, WHITE, outline and INK, thick)

    def _trace(self, flat: list[float], colour: Colour, thick: float) -> None:
        super()._trace(flat, colour, max(thick, self.thin / self.width))

    def stroke(self, points: Points, width: float, colour: Colour, start: float = 0.0, end: float = 0.0) -> None:
        super().stroke(points, max(width, self.thin / self.width), INK, start, end)

    def glow(self, x: float, y: float, a: float, b: float, colour: Colour, alpha: float) -> None:
        pass


def colour_spots(sheet: Sheet) -> None:
    """Dabs of colour, as a colourist leaves them beside and upon the lines."""
    look = sheet.look
    _dab(sheet, look.background, 0.3, (-1.6, -1.4), (1.6, -1.4))
    _dab(sheet, look.hair, 0.2, (0, -1.2), (-0.75, -0.75), (0.75, -0.75))
    _dab(sheet, look.skin, 0.16, (-0.5, 0.72), (0.5, 0.72), (0, 0.5))
    _dab(sheet, look.eyes, 0.14, (-0.45, 0.22), (0.45, 0.22))
    _dab(sheet, look.ribbon, 0.16, (1.1, -1.65))
    sheet.on_body()
    _dab(sheet, look.clothes, 0.2, (-0.85, 1.86), (0.85, 1.86))
    sheet.on_head()


def _dab(sheet: Sheet, colour: Colour, radius: float, *places: tuple[float, float]) -> None:
    for x, y in places:
        Sheet.fill(sheet, ellipse(x, y, radius, radius), colour)


def gradient(stops: tuple[Colour, ...], size: tuple[int, int]) -> Image.Image:
    """Evenly spaced colours from top to bottom."""
    column = Image.frombytes("RGB", (1, len(stops)), bytes(sum(stops, ())))
    return column.resize((1, size[1]), Image.Resampling.BILINEAR).resize(size, Image.Resampling.NEAREST)


@cache
def soft_spot(alpha: int) -> Image.Image:
    r = np.hypot(*np.meshgrid(*[np.linspace(-1, 1, 33)] * 2))
    return Image.fromarray((alpha * (np.cos(math.pi * r.clip(0, 1)) + 1) / 2).astype(np.uint8))


# --- around the face -------------------------------------------------------------------------------------------------


def backdrop(sheet: Sheet) -> None:
    colour, u = sheet.look.background, sheet.look.u
    stops = (light(colour, 0.5), colour, mix(colour, shade(colour), 0.3))
    sheet.image.paste(gradient(stops, (sheet.side, sheet.side)))
    for i in range(5):  # soft discs, out of focus
        x, y, r = 4 * u[10 + i] - 2, 3.6 * u[15 + i] - 1.9, 0.15 + 0.3 * u[20 + i]
        sheet.tint(ellipse(x, y, r, r), WHITE, 0.13)


def body(sheet: Sheet) -> None:
    look = sheet.look
    skin, cloth = look.skin, look.clothes
    dark = shade(cloth, 0.5)
    sheet.on_body()
    shoulders = both(path("0,1.42 .36,1.46 .85,1.62 1.3,1.82 1.55,2.3 1.6,2.9 0,3"))
    sheet.blend(shoulders, (light(cloth, 0.12), cloth, shade(cloth, 0.2)), dark)
    # Neck, the shadow of the chin on it, and the open neckline.
    neck = spline(path("-.3,.95 -.29,1.3 -.42,1.5 0,1.95 .42,1.5 .29,1.3 .3,.95"), closed=True)
    sheet.fill(neck, skin, shade(skin, 0.45), 0.022)
    sheet.fill(spline(path("-.29,.9 -.29,1.28 0,1.44 .29,1.28 .29,.9"), closed=True), shade(skin, 0.26))
    COLLARS[int(look.u[4] * len(COLLARS))](sheet)
    sheet.on_head()


def sailor_collar(sheet: Sheet) -> None:
    ribbon, cloth = sheet.look.ribbon, sheet.look.clothes
    cape = path("-.33,1.36 -.62,1.52 -1.02,1.72 -.92,2.02 -.45,2.06 0,2.12")
    inner = at(0, 1.93, -0.2, 1.72)
    half = np.concatenate([cape, inner])
    for side in (half, mirrored(half)):
        sheet.fill(side, light(cloth, 0.78), shade(cloth, 0.5), 0.028)
    stripe = path("-.93,1.74 -.85,1.95 -.45,1.985 -.08,2.02")
    for side in (stripe, mirrored(stripe)):
        sheet.stroke(side, 0.05, cloth, 1, 1)
    bow(sheet, 0, 2.06, 0.3, ribbon)


def shirt_collar(sheet: Sheet) -> None:
    cloth = sheet.look.clothes
    white = light(cloth, 0.85)
    half = path("-.32,1.3 -.52,1.5 -.4,1.86 -.02,1.98 -.16,1.7")
    for side in (half, mirrored(half)):
        sheet.fill(side, white, shade(cloth, 0.45), 0.028)
    sheet.fill(path("-.11,1.93 .11,1.93 .08,2.06 .16,2.6 -.16,2.6 -.08,2.06"), sheet.look.ribbon)


def round_collar(sheet: Sheet) -> None:
    cloth = sheet.look.clothes
    rim = path("-.46,1.42 -.36,1.68 0,1.86 .36,1.68 .46,1.42")
    sheet.stroke(rim, 0.2, light(cloth, 0.5), 0.7, 0.7)
    sheet.stroke(rim + at(0, 0.1), 0.03, shade(cloth, 0.45), 1, 1)
    for x in (-0.22, 0.22):
        sheet.stroke(at(x, 1.85, 1.15 * x, 2.1, 1.1 * x, 2.35), 0.05, light(cloth, 0.75), 1, 1)


COLLARS = (sailor_collar, shirt_collar, round_collar)


def face(sheet: Sheet) -> None:
    skin = sheet.look.skin
    line = shade(skin, 0.5)
    for side in (1, -1):
        ear = spline(path(".9,.1 1.08,.06 1.13,.24 1.05,.46 .92,.52") * (side, 1), closed=True)
        sheet.fill(ear, skin, line, 0.022)
        sheet.stroke(path("1.04,.16 1.05,.28 .99,.38") * (side, 1), 0.03, shade(skin, 0.3))
    outline = both(path("0,-1.15 .6,-1 .95,-.45 .98,.1 .92,.5 .7,.88 .36,1.14 0,1.23"))
    sheet.fill(outline, skin, line, 0.024)
    sheet.glow(0, 0.95, 0.7, 0.4, light(skin, 0.35), 0.35)
    rosy = mix(skin, (245, 90, 90), 0.5)
    for x in (-0.62, 0.62):
        sheet.glow(x, 0.64, 0.34, 0.2, rosy, 0.75)
    # The nose is a hint: a small shadow and a spot of light.
    sheet.stroke(path(".02,.56 .055,.63 0,.65"), 0.035, shade(skin, 0.38))


# --- expressions -----------------------------------------------------------------------------------------------------


def open_eye(sheet: Sheet, side: int, wide: float = 1.0, iris: float = 1.0, look_down: float = 0.0) -> None:
    """One eye; `side` is -1 on the left of the picture and 1 on the right."""
    look, (x, y) = sheet.look, (0.45 * side, 0.2)
    h = 0.36 * wide
    gaze = 0.04 * (look.u[5] - 0.5), 0.02 * (look.u[6] - 0.5) + look_down

    def here(points: Points) -> Points:
        return points * (side, h) + (x, y)  # told for the right eye: its outer corner has the larger x

    white = spline(here(path("-.27,.16 -.23,-.6 0,-1 .22,-.72 .31,0 .22,.8 -.02,1 -.22,.72")), closed=True)
    sheet.blend(white, (mix(WHITE, look.skin, 0.45), WHITE, WHITE))

    # The iris: a dark rim, dark above and bright below, a pupil, and two lights from the upper left.
    colour = look.eyes
    cx, cy, a, b = x + gaze[0], y + 0.02 + gaze[1], 0.222 * iris, 0.335 * iris * wide
    sheet.fill(ellipse(cx, cy, a, b), shade(colour, 0.72))
    sheet.blend(
        ellipse(cx, cy + 0.012, 0.87 * a, 0.9 * b),
        (shade(colour, 0.58), mix(colour, shade(colour), 0.25), colour, light(colour, 0.5)),
    )
    sheet.fill(ellipse(cx, cy - 0.02, 0.42 * a, 0.46 * b), shade(colour, 0.85))
    sheet.tint(ellipse(cx, cy + 0.62 * b, 0.5 * a, 0.2 * b), light(colour, 0.75), 0.75)
    sheet.fill(ellipse(cx - 0.4 * a, cy - 0.42 * b, 0.36 * a, 0.28 * b), WHITE)
    sheet.fill(ellipse(cx + 0.42 * a, cy + 0.36 * b, 0.17 * a, 0.13 * b), WHITE)

    # Lashes: a heavy upper line with a flick at the outer corner, a light lower one, and the fold of the lid.
    lash = mix(INK, shade(look.hair, 0.6), 0.35)
    sheet.stroke(here(path("-.3,0 -.22,-.72 .02,-1.06 .25,-.78 .36,-.05")), 0.12, lash, 0.25, 0.5)
    sheet.stroke(here(path(".28,-.35 .38,-.2 .45,-.38")), 0.06, lash, 0.8, 0.0)
    sheet.stroke(here(path("-.1,1.03 .08,1.02 .23,.72")), 0.03, lash)
    sheet.stroke(here(path("-.18,-1.12 .02,-1.36 .24,-1.1")), 0.022, shade(look.skin, 0.42))


def shut_eye(sheet: Sheet, side: int) -> None:
    """An eye closed for joy."""
    lash = mix(INK, shade(sheet.look.hair, 0.6), 0.35)
    x, y = 0.45 * side, 0.27

    def here(points: Points) -> Points:
        return points * (side, 1) + (x, y)

    sheet.stroke(here(path("-.27,.06 -.15,-.1 .02,-.16 .18,-.1 .3,.07")), 0.085, lash, 0.3, 0.5)
    sheet.stroke(here(path(".22,-.05 .33,0 .4,-.06")), 0.05, lash, 0.6, 0.0)


def brows(sheet: Sheet, lift: float, inner: float, arch: float) -> None:
    """They show through the hair. `lift` raises both, `inner` their inner ends, `arch` their middles."""
    colour = mix(shade(sheet.look.hair, 0.5), INK, 0.3)
    for side in (1, -1):
        points = at(0.2, -0.27 - inner, 0.46, -0.31 - arch - inner / 3, 0.74, -0.22) - (0, lift)
        sheet.stroke(points * (side, 1), 0.05, colour, 0.5, 0.0)


def line_mouth(sheet: Sheet, width: float, bend: float) -> None:
    """A closed mouth; its corners go up with a positive bend."""
    colour = mix(shade(sheet.look.skin, 0.6), (150, 40, 60), 0.45)
    sheet.stroke(path("-1,-1 -.5,.33 0,.62 .5,.33 1,-1") * (width, bend) + at(0, 0.86), 0.045, colour, 0.4, 0.4)
    sheet.stroke(path("-.08,.97 0,.98 .08,.97") + at(0, bend / 2), 0.025, shade(sheet.look.skin, 0.2))


def open_mouth(sheet: Sheet, outline: Points, width: float, height: float, teeth: bool) -> None:
    """An open mouth with a tongue; `outline` is one unit to either side and one high."""
    place = at(0, 0.8)
    edge = mix(shade(sheet.look.skin, 0.6), (120, 30, 50), 0.5)
    sheet.fill(spline(outline * (width, height) + place, closed=True), (148, 46, 62), edge, 0.03)
    sheet.fill(ellipse(0, 0.8 + 0.82 * height, 0.5 * width, 0.2 * height), (238, 122, 128))
    if teeth:
        row = path("-.72,.05 0,.07 .72,.05 .5,.13 -.5,.13")
        sheet.fill(spline(row * (width, 1) + place, closed=True), WHITE)


GRIN = path("-1,.08 -.5,.16 .5,.16 1,.08 .72,.7 0,1 -.72,.7")
GASP = path("-1,.1 -.5,-.1 .5,-.1 1,.1 .72,.7 0,1 -.72,.7")


def smiling(sheet: Sheet) -> None:
    for side in (-1, 1):
        open_eye(sheet, side)
    line_mouth(sheet, 0.24, 0.09)


def neutral(sheet: Sheet) -> None:
    for side in (-1, 1):
        open_eye(sheet, side, wide=0.92)
    line_mouth(sheet, 0.13, 0.0)


def surprised(sheet: Sheet) -> None:
    for side in (-1, 1):
        open_eye(sheet, side, wide=1.12, iris=0.82)
    open_mouth(sheet, GASP, 0.12, 0.25, teeth=False)


def sad(sheet: Sheet) -> None:
    for side in (-1, 1):
        open_eye(sheet, side, wide=0.88, look_down=0.03)
    line_mouth(sheet, 0.17, -0.075)
    drop = spline(path(".6,.5 .67,.68 .6,.78 .53,.68"), closed=True)
    sheet.fill(drop, (190, 226, 252), (110, 160, 214), 0.02)
    sheet.fill(ellipse(0.58, 0.68, 0.02, 0.035), WHITE)


def winking(sheet: Sheet) -> None:
    side = 1 if sheet.look.u[7] < 0.5 else -1
    open_eye(sheet, -side)
    shut_eye(sheet, side)
    open_mouth(sheet, GRIN, 0.2, 0.2, teeth=True)


def laughing(sheet: Sheet) -> None:
    for side in (-1, 1):
        open_eye(sheet, side)  # not shut: the colour of the eyes is always there to be seen
    open_mouth(sheet, GRIN, 0.28, 0.3, teeth=True)


@dataclass(frozen=True)
class Expression:
    features: Callable[[Sheet], None]  # eyes and mouth
    lift: float  # of the brows, as `brows` takes them
    inner: float
    arch: float


EXPRESSIONS: dict[str, Expression] = {
    "smiling": Expression(smiling, 0.06, 0.0, 0.06),
    "neutral": Expression(neutral, 0.0, -0.02, 0.02),
    "surprised": Expression(surprised, 0.2, 0.03, 0.1),
    "sad": Expression(sad, 0.0, 0.16, 0.0),
    "winking": Expression(winking, 0.08, 0.0, 0.06),
    "laughing": Expression(laughing, 0.1, 0.02, 0.1),
}


# --- hair ------------------------------------------------------------------------------------------------------------

SKULL = path("0,-1.5 .48,-1.43 .92,-1.12 1.16,-.62 1.2,-.1")  # the right half of the hair's outline


def tones(sheet: Sheet) -> tuple[Colour, Colour, Colour]:
    """Light, base and shade of the hair."""
    hair = sheet.look.hair
    return light(hair, 0.22), hair, shade(hair, 0.3)


def strands(sheet: Sheet, points: Sequence[Points], width: float = 0.045) -> None:
    for line in points:
        sheet.stroke(line, width, shade(sheet.look.hair, 0.34))


def behind(sheet: Sheet, right_half: Points) -> None:
    """Hair behind the head, in shadow near the neck; the half begins at the top on the axis."""
    hair = sheet.look.hair
    sheet.blend(both(right_half), (hair, shade(hair, 0.22), shade(hair, 0.36)), shade(hair, 0.62))


FRINGES = (  # valleys and tips from the right temple to the left
    path("1.16,-.35 .86,.12 .72,-.32 .5,-.02 .3,-.42 .02,.02 -.2,-.42 -.46,0 -.68,-.34 -.88,.12 -1.16,-.35"),
    path("1.16,-.3 .94,.28 .8,-.3 .62,-.08 .3,-.8 -.1,.02 -.3,-.3 -.6,.1 -.76,-.2 -.96,.3 -1.16,-.3"),
    path("1.16,-.3 .97,.4 .82,-.15 .66,.08 .06,-.98 -.66,.08 -.82,-.15 -.97,.4 -1.16,-.3"),
    path(
        "1.16,-.3 .88,-.06 .74,-.14 .52,-.05 .36,-.14 .16,-.04 0,-.14 -.18,-.04 -.36,-.14 -.54,-.05 "
        "-.74,-.14 -.9,-.06 -1.16,-.3"
    ),
    path("1.16,-.3 .95,.16 .82,-.2 .66,.1 .5,-.34 .2,.1 .02,-.3 -.24,-.12 -.42,-.5 -.8,.16 -.9,-.1 -1,.2 -1.16,-.3"),
)


def fringe(sheet: Sheet, top: Points = SKULL) -> None:
    """The hair over the forehead, its shadow on the skin, strands, and the ring of light."""
    look = sheet.look
    knots = FRINGES[int(look.u[8] * len(FRINGES))]
    if look.u[9] < 0.5:
        knots = mirrored(knots)[::-1]
    edge = locks(knots)
    inside = edge[np.abs(edge[:, 0]) < 0.93]
    sheet.tint(np.concatenate([inside + at(0, 0.09), at(-0.9, -0.7, 0.9, -0.7)]), shade(look.skin, 0.6), 0.3)
    crown = spline(np.concatenate([mirrored(top[::-1]), top[1:]]))  # from the left temple over the top to the right
    sheet.blend(np.concatenate([crown, edge]), tones(sheet), shade(look.hair, 0.62))
    # Strands rise from the valleys towards the crown and end half way; the parting reaches it.
    crown_x = 0.06 if look.u[9] < 0.5 else -0.06
    valleys = knots[2:-1:2]
    strands(sheet, [np.array([(x, y), (0.93 * x, y - 0.28), (0.75 * x + 0.2 * crown_x, y - 0.58)]) for x, y in valleys])
    strands(sheet, [at(x, -1.4, 1.6 * x, -1.2, 2.6 * x + crown_x, -0.86) for x in (-0.13, 0.06, 0.2)], 0.035)
    shine(sheet)


def shine(sheet: Sheet) -> None:
    """The ring of light on the crown: two bands with an even upper and a jagged lower edge."""
    for x, y in ((np.linspace(-0.9, -0.22, 9), _TEETH), (np.linspace(0.32, 0.86, 7), _TEETH[:7])):
        arc = -1.06 + 0.4 * x * x
        upper, lower = np.stack([0.97 * x, arc - 0.04], axis=1), np.stack([x, arc + y], axis=1)
        band = np.concatenate([upper, lower[::-1]])
        sheet.tint(band, light(sheet.look.hair, 0.8), 0.55)


_TEETH = np.array([0.0, 0.16, 0.03, 0.22, 0.06, 0.26, 0.04, 0.15, 0.0])


def side_locks(sheet: Sheet, length: float, width: float = 0.24) -> None:
    """A lock before each ear, down to y = length."""
    hair = sheet.look.hair
    for side in (1, -1):
        outer = at(1.1, -0.62, 1.2, -0.1, 1.16, 0.6 * length, 0.98, length)
        inner = at(0.98 - 0.4 * width, 0.55 * length, 1.18 - 1.5 * width, -0.05, 0.95, -0.62)
        shape = np.concatenate([spline(outer), spline(inner)]) * (side, 1)
        sheet.blend(shape, (light(hair, 0.12), hair, shade(hair, 0.16)), shade(hair, 0.62))
        strands(sheet, [at(1.06, -0.3, 1.05, 0.3 * length, 0.99, 0.8 * length) * (side, 1)], 0.035)


def cap(sheet: Sheet, length: float = 0.62) -> None:
    behind(sheet, np.concatenate([SKULL, at(1.16, 0.6 * length, 0.92, length, 0, length + 0.1)]))


# Each style is a pair of drawings: behind the body, and before the face.


@dataclass(frozen=True)
class Style:
    back: Callable[[Sheet], None]
    front: Callable[[Sheet], None]


def short_front(sheet: Sheet) -> None:
    side_locks(sheet, 0.5)
    fringe(sheet)


def bob_back(sheet: Sheet) -> None:
    behind(sheet, np.concatenate([SKULL, path("1.3,.45 1.3,.95 1.02,1.22 .5,1.18 0,1.15")]))


def bob_front(sheet: Sheet) -> None:
    side_locks(sheet, 1.12, 0.34)
    fringe(sheet)


def long_back(sheet: Sheet) -> None:
    behind(sheet, np.concatenate([SKULL, path("1.27,.5 1.34,1.2 1.48,1.9 1.56,2.7 .8,3 0,3")]))
    strands(sheet, [at(x, 0.6, 1.08 * x, 1.4, 1.18 * x, 2.5) for x in (-1.16, -1.0, 1.0, 1.16)], 0.05)


def long_front(sheet: Sheet) -> None:
    side_locks(sheet, 1.75, 0.26)
    fringe(sheet)


def wavy_back(sheet: Sheet) -> None:
    waves = path("1.42,.15 1.3,.5 1.58,.85 1.42,1.2 1.7,1.55 1.5,1.85 1.45,2.1 1,2 0,2.05")
    behind(sheet, np.concatenate([SKULL, waves]))
    for side in (1, -1):
        strands(sheet, [path("1.2,.1 1.14,.5 1.34,.9 1.2,1.25 1.42,1.7") * (side, 1)], 0.06)


def wavy_front(sheet: Sheet) -> None:
    hair = sheet.look.hair
    for side in (1, -1):
        lock = path("1.05,-.6 1.25,-.1 1.12,.3 1.32,.7 1.12,1.05 1.25,1.45 .95,1.2 .96,.95 1.08,.65 .9,.3 .98,-.1")
        sheet.blend(
            spline(lock * (side, 1), closed=True), (light(hair, 0.12), hair, shade(hair, 0.16)), shade(hair, 0.62)
        )
    fringe(sheet)


def twin_tails_back(sheet: Sheet) -> None:
    hair = sheet.look.hair
    for side in (1, -1):
        tail = path("1.05,-.75 1.5,-.82 1.86,-.2 1.9,.6 1.72,1.35 1.5,1.95 1.42,1.3 1.36,.6 1.28,0")
        sheet.blend(
            spline(tail * (side, 1), closed=True), (light(hair, 0.16), hair, shade(hair, 0.3)), shade(hair, 0.62)
        )
        strands(
            sheet,
            [path("1.25,-.62 1.6,-.1 1.64,.7 1.53,1.6") * (side, 1), path("1.3,-.7 1.74,-.2 1.77,.6") * (side, 1)],
        )
        sheet.stroke(path("1.42,-.55 1.6,-.2 1.64,.1") * (side, 1), 0.08, light(hair, 0.55))
    cap(sheet)


def twin_tails_front(sheet: Sheet) -> None:
    side_locks(sheet, 0.75)
    fringe(sheet)
    for side in (1, -1):
        bow(sheet, 1.1 * side, -0.78, 0.24, sheet.look.ribbon)


def ponytail_back(sheet: Sheet) -> None:
    hair, side = sheet.look.hair, 1 if sheet.look.u[9] < 0.5 else -1
    tail = path(".45,-1.3 .95,-1.72 1.55,-1.5 1.88,-.7 1.84,.2 1.6,.95 1.3,1.5 1.36,.8 1.36,.1 1.22,-.5 .9,-.9")
    sheet.blend(spline(tail * (side, 1), closed=True), (light(hair, 0.2), hair, shade(hair, 0.3)), shade(hair, 0.62))
    strands(
        sheet,
        [path(".9,-1.4 1.45,-1 1.58,-.1 1.42,1.1") * (side, 1), path("1,-1.55 1.6,-1.05 1.72,-.2 1.62,.6") * (side, 1)],
    )
    sheet.stroke(path("1.3,-1.4 1.6,-1.1 1.72,-.7") * (side, 1), 0.09, light(hair, 0.55))
    cap(sheet, 0.5)


def ponytail_front(sheet: Sheet) -> None:
    side_locks(sheet, 0.62, 0.2)
    fringe(sheet)
    side = 1 if sheet.look.u[9] < 0.5 else -1
    sheet.stroke(path(".5,-1.52 .72,-1.42 .86,-1.2") * (side, 1), 0.16, sheet.look.ribbon, 0.7, 0.7)


SPIKES = path(
    "0,-1.5 .1,-1.88 .32,-1.46 .66,-1.82 .72,-1.3 1.22,-1.46 1.06,-.95 1.56,-.92 1.22,-.5 "
    "1.66,-.28 1.24,-.08 1.5,.28 1.14,.3 1.22,.66 .9,.5"
)


def spiky_back(sheet: Sheet) -> None:
    hair = sheet.look.hair
    shape = np.concatenate([SPIKES, mirrored(SPIKES[::-1])])
    sheet.blend(shape, (hair, shade(hair, 0.16), shade(hair, 0.36)), shade(hair, 0.62))


def spiky_front(sheet: Sheet) -> None:
    side_locks(sheet, 0.42, 0.2)
    fringe(sheet, SPIKES[:12])


def buns_back(sheet: Sheet) -> None:
    hair = sheet.look.hair
    for side in (1, -1):
        sheet.blend(
            ellipse(0.86 * side, -1.36, 0.44, 0.42), (light(hair, 0.3), hair, shade(hair, 0.3)), shade(hair, 0.62)
        )
        strands(
            sheet,
            [path(".62,-1.5 .86,-1.62 1.1,-1.45") * (side, 1), path(".7,-1.3 .9,-1.42 1.14,-1.25") * (side, 1)],
            0.04,
        )
        sheet.stroke(path(".78,-1.64 .94,-1.66 1.08,-1.56") * (side, 1), 0.06, light(hair, 0.6))
        sheet.stroke(path(".5,-1.5 .86,-1.25 1.12,-.92") * (side, 1), 0.17, sheet.look.ribbon, 0.7, 0.7)
    cap(sheet, 0.5)


def buns_front(sheet: Sheet) -> None:
    side_locks(sheet, 0.95, 0.18)
    fringe(sheet)


STYLES: dict[str, Style] = {
    "short": Style(cap, short_front),
    "bob": Style(bob_back, bob_front),
    "long": Style(long_back, long_front),
    "wavy": Style(wavy_back, wavy_front),
    "twin tails": Style(twin_tails_back, twin_tails_front),
    "ponytail": Style(ponytail_back, ponytail_front),
    "spiky": Style(spiky_back, spiky_front),
    "buns": Style(buns_back, buns_front),
}


# --- glasses and accessories -----------------------------------------------------------------------------------------


def nothing(sheet: Sheet) -> None:
    pass


def frames(sheet: Sheet, lens: Points) -> None:
    """`lens` is the right one around the origin."""
    colour = mix(INK, sheet.look.ribbon, 0.25)
    for side in (1, -1):
        shape = lens * (side, 1) + (0.46 * side, 0.22)
        sheet.tint(shape, (214, 236, 255), 0.1)
        around = np.concatenate([shape[-1:], shape, shape[:1]])
        sheet.stroke(around[::3], 0.062, colour, 1, 1)
        sheet.stroke(at(0.87, 0.12, 1.02, 0.1) * (side, 1), 0.05, colour, 1, 1)
        sheet.tint(path("-.2,.12 .04,-.22 .12,-.22 -.12,.12") + at(0.42 * side, 0.24), WHITE, 0.22)
    sheet.stroke(path("-.08,.2 0,.16 .08,.2"), 0.055, colour, 1, 1)


def round_glasses(sheet: Sheet) -> None:
    frames(sheet, ellipse(0, 0, 0.4, 0.4))


def square_glasses(sheet: Sheet) -> None:
    frames(sheet, np.sign(_circle(32)) * np.abs(_circle(32)) ** 0.4 * (0.4, 0.31))


GLASSES: dict[str, Callable[[Sheet], None]] = {
    "none": nothing,
    "round": round_glasses,
    "square": square_glasses,
}


def bow(sheet: Sheet, x: float, y: float, r: float, colour: Colour) -> None:
    line = shade(colour, 0.5)
    for side in (1, -1):
        tail = path(".05,.1 .55,.95 .12,.85") * (side * r, r) + (x, y)
        sheet.fill(tail, shade(colour, 0.16), line, 0.022)
        wing = spline(path("0,0 .55,-.62 1.12,-.6 1.2,.1 1.02,.55 .5,.4") * (side * r, r) + (x, y), closed=True)
        sheet.blend(wing, (light(colour, 0.3), colour, shade(colour, 0.2)), line, 0.024)
        sheet.stroke(path(".2,0 .55,-.12 .8,-.1") * (side * r, r) + (x, y), 0.12 * r, shade(colour, 0.3))
    sheet.fill(ellipse(x, y, 0.24 * r, 0.28 * r), light(colour, 0.12), line, 0.022)


def hair_bow(sheet: Sheet) -> None:
    side = 1 if sheet.look.u[25] < 0.5 else -1
    bow(sheet, 0.62 * side, -1.3, 0.42, sheet.look.ribbon)


def hairpin(sheet: Sheet) -> None:
    side, colour = 1 if sheet.look.u[25] < 0.5 else -1, sheet.look.ribbon
    for lift in (0.0, 0.17):
        bar = at(0.52, -0.5 - lift, 0.74, -0.56 - lift, 0.94, -0.66 - lift) * (side, 1)
        sheet.stroke(bar, 0.13, shade(colour, 0.5), 0.8, 0.8)
        sheet.stroke(bar, 0.085, light(colour, 0.25), 0.8, 0.8)


def headband(sheet: Sheet) -> None:
    colour = sheet.look.ribbon
    arc = path("-1.19,-.62 -.96,-1.02 -.5,-1.3 0,-1.38 .5,-1.3 .96,-1.02 1.19,-.62")
    sheet.stroke(arc, 0.2, shade(colour, 0.5), 0.8, 0.8)
    sheet.stroke(arc, 0.15, colour, 0.8, 0.8)
    sheet.stroke(arc[1:-1] - (0, 0.03), 0.04, light(colour, 0.5))


def flower(sheet: Sheet) -> None:
    side, colour = 1 if sheet.look.u[25] < 0.5 else -1, sheet.look.ribbon
    x, y = 0.78 * side, -0.92
    for turn in np.arange(5) * (2 * math.pi / 5) + 0.3:
        sheet.fill(
            ellipse(x + 0.17 * math.cos(turn), y + 0.17 * math.sin(turn), 0.145, 0.145),
            light(colour, 0.35),
            shade(colour, 0.4),
            0.02,
        )
    sheet.fill(ellipse(x, y, 0.1, 0.1), (255, 214, 92), (200, 140, 50), 0.02)


def cat_ears(sheet: Sheet) -> None:
    hair = sheet.look.hair
    for side in (1, -1):
        ear = spline(path(".36,-1.4 .62,-1.72 .98,-1.92 1.1,-1.55 1.08,-1.02"), pieces=6) * (side, 1)
        sheet.blend(ear, (light(hair, 0.1), hair, shade(hair, 0.1)), shade(hair, 0.62))
        inner = spline(path(".62,-1.38 .74,-1.6 .94,-1.74 1,-1.5 .98,-1.2"), pieces=6) * (side, 1)
        sheet.fill(inner, (248, 176, 182))


ACCESSORIES: dict[str, Callable[[Sheet], None]] = {
    "none": nothing,
    "bow": hair_bow,
    "hairpin": hairpin,
    "headband": headband,
    "flower": flower,
    "cat ears": cat_ears,
}
