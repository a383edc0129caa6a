"""Augmentation of pictures on the device, vectorised; each option leaves the pictures alone at its zero."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from ..compute import mixed_seed
from ..config import Spec, option
from ..images import to_float, to_uint8

# Every option has its own columns of the random numbers, so that turning one does not change the others.
H_FLIP, V_FLIP, CROP_Y, CROP_X, SHIFT_Y, SHIFT_X, ROTATE, ZOOM, BRIGHTNESS, CONTRAST, SATURATION, DRAWS = range(12)

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


class Augment(Spec):
    """Random changes that turn few pictures into many; G learns to make them too, so mild ones are best."""

    title = "Augmentation"

    horizontal_flip: bool = option(False, "Mirror half of the pictures left to right.")
    vertical_flip: bool = option(False, "Mirror half of the pictures upside down.")
    crop: float = option(
        0.0, "Keep the pictures larger by this share and cut a window at a random place.", ge=0, le=0.5
    )
    shift: float = option(0.0, "Move the picture by at most this share of its side; edges are mirrored.", ge=0, le=0.5)
    rotate: float = option(0.0, "Turn the picture by at most this angle, either way.", ge=0, le=180, unit="degrees")
    zoom: float = option(0.0, "Enlarge or shrink the picture by at most this share.", ge=0, le=0.5)
    brightness: float = option(0.0, "Lighten or darken by at most this share of the full range.", ge=0, le=0.5)
    contrast: float = option(0.0, "Stretch or squeeze the contrast by at most this share.", ge=0, le=0.9)
    saturation: float = option(0.0, "Strengthen or fade the colours by at most this share.", ge=0, le=1)

    def stored(self, size: int) -> int:
        """The side in px at which pictures are kept, so that windows of `size` can be cut."""
        return math.ceil(size * (1 + self.crop))

    def __call__(self, x: Tensor, u: Tensor) -> Tensor:
        """All but the crop: x [N, C, H, W] float in [-1, 1], u [N, DRAWS] of `draws`; on one device."""
        if self.horizontal_flip:
            x = torch.where(_each(u[:, H_FLIP]) < 0.5, x.flip(3), x)
        if self.vertical_flip:
            x = torch.where(_each(u[:, V_FLIP]) < 0.5, x.flip(2), x)
        if self.shift or self.rotate or self.zoom:
            x = self._moved(x, u)
        if self.brightness or self.contrast or self.saturation:
            x = torch.cat([self._coloured(x[:, :3], u), x[:, 3:]], dim=1)  # never the alpha
        return x

    def _moved(self, x: Tensor, u: Tensor) -> Tensor:
        v = 2 * u - 1  # U[-1, 1]
        angle = v[:, ROTATE] * math.radians(self.rotate)
        scale = torch.exp(-v[:, ZOOM] * math.log1p(self.zoom))  # as likely to shrink by a factor as to grow by it
        cos, sin = angle.cos() * scale, angle.sin() * scale
        shift_x, shift_y = 2 * self.shift * v[:, SHIFT_X], 2 * self.shift * v[:, SHIFT_Y]  # the side is 2 wide
        rows = [torch.stack([cos, -sin, shift_x], dim=1), torch.stack([sin, cos, shift_y], dim=1)]
        theta = torch.stack(rows, dim=1).to(x.dtype)  # [N, 2, 3]: from the new picture to the old
        places = affine_grid(theta, list(x.shape), align_corners=False)
        return grid_sample(x, places, padding_mode="reflection", align_corners=False)

    def _coloured(self, x: Tensor, u: Tensor) -> Tensor:
        v = (2 * u - 1).to(x.dtype)  # U[-1, 1]
        if self.brightness:
            x = x + 2 * self.brightness * _each(v[:, BRIGHTNESS])  # the full range is 2 wide
        if self.contrast:
            mean = x.mean(dim=(1, 2, 3), keepdim=True)
            x = mean + (x - mean) * (1 + self.contrast * _each(v[:, CONTRAST]))
        if self.saturation and x.shape[1] == 3:
            luma = torch.tensor(LUMA, dtype=x.dtype, device=x.device)
            grey = (x * luma[:, None, None]).sum(dim=1, keepdim=True)
            x = grey + (x - grey) * (1 + self.saturation * _each(v[:, SATURATION]))
        return x.clamp(-1, 1)


def draws(count: int, position: int, seed: int) -> Tensor:
    """The random numbers [N, DRAWS] in [0, 1) of batch `position`, drawn on the CPU: the same on every device."""
    generator = torch.Generator().manual_seed(mixed_seed(seed, position, DRAWS))
    return torch.rand(count, DRAWS, generator=generator)


def windows(pixels: Tensor, size: int, u: Tensor) -> Tensor:
    """Windows [N, C, size, size] at random places of pictures [N, C, T, T], T >= size; u as above."""
    side = pixels.shape[3]
    if side == size:
        return pixels
    top, left = (u[:, [CROP_Y, CROP_X]] * (side - size + 1)).long().unbind(1)  # 0 to T - size
    every = pixels.unfold(2, size, 1).unfold(3, size, 1)  # a view: [N, C, T - size + 1, T - size + 1, size, size]
    return every[torch.arange(len(pixels), device=pixels.device), :, top, left]


def preview(augment: Augment, picture: np.ndarray, count: int, seed: int = 0, size: int | None = None) -> np.ndarray:
    """`count` versions [N, size, size, C] uint8 of one picture [T, T, C] uint8; by default, size is what T is for."""
    side = size or int(picture.shape[0] / (1 + augment.crop))
    pixels = torch.from_numpy(picture.transpose(2, 0, 1).copy()).expand(count, -1, -1, -1)
    u = draws(count, 0, seed)
    return to_uint8(augment(to_float(windows(pixels, side, u)), u))


def _each(values: Tensor) -> Tensor:
    """[N] -> [N, 1, 1, 1]."""
    return values[:, None, None, None]
