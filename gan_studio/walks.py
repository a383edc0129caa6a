"""Ways through a space of latents: between two, along key-frames, around a circle, and new ones from old ones.

Pure functions of latents [..., z_dim]. What is random in them is given from outside, so a seed gives the same again.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Between = Callable[[Tensor, Tensor, Tensor], Tensor]  # (a, b, t) -> what lies the share t of the way from a to b
Easing = Callable[[Tensor], Tensor]  # the share of the time -> the share of the way, [...] in 0 to 1

PARALLEL = 1e-7  # the sine of an angle below which two directions count as one line
REDRAWS = 200  # of a latent that lies too far out, before its entries are cut off instead


# --- between two -----------------------------------------------------------------------------------------------------


def lerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """(1 - t) a + t b; t [...] broadcasts over all but the last dimension. Exact at t = 0 and t = 1."""
    t = t[..., None].to(a.dtype)
    return (1 - t) * a + t * b


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Along the great circle from a's direction to b's, at even speed, while the length goes evenly from |a| to |b|.

    For |a| = |b| this is sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b, w the angle between them (Shoemake 1985).
    Where that has no answer: parallel latents and those with a zero go straight; opposite ones go around by the axis
    that a has least of. t broadcasts as in `lerp`.
    """
    shape = torch.broadcast_shapes(a.shape, b.shape, (*t.shape, 1))
    a64, b64, t64 = a.double().expand(shape), b.double().expand(shape), t.double()[..., None]
    length_a, length_b = a64.norm(dim=-1, keepdim=True), b64.norm(dim=-1, keepdim=True)
    e, towards = _unit(a64, length_a), _unit(b64, length_b)

    # The part of b's direction that a has nothing of; upright to a where there is none left.
    cosine = (e * towards).sum(dim=-1, keepdim=True)
    rest = towards - cosine * e
    sine = rest.norm(dim=-1, keepdim=True)
    on_one_line = sine < PARALLEL
    f = torch.where(on_one_line, _upright(e), _unit(rest, sine))

    angle = t64 * torch.atan2(sine, cosine)
    length = (1 - t64) * length_a + t64 * length_b
    around = length * (angle.cos() * e + angle.sin() * f)
    straight = (on_one_line & (cosine > 0)) | (length_a == 0) | (length_b == 0)
    way = torch.where(straight, (1 - t64) * a64 + t64 * b64, around)
    way = torch.where(t64 == 0, a64, torch.where(t64 == 1, b64, way))  # exact at the ends
    return way.to(a.dtype)


BETWEEN: dict[str, Between] = {"slerp": slerp, "lerp": lerp}


def _unit(v: Tensor, length: Tensor) -> Tensor:
    return v / torch.where(length == 0, torch.ones_like(length), length)


def _upright(e: Tensor) -> Tensor:
    """A unit vector at right angles to the unit vector e; 0 where there is none, with one dimension alone."""
    axis = torch.nn.functional.one_hot(e.abs().argmin(dim=-1), e.shape[-1]).to(e.dtype)
    rest = axis - (axis * e).sum(dim=-1, keepdim=True) * e
    return _unit(rest, rest.norm(dim=-1, keepdim=True))


def bilinear(corners: Tensor, x: Tensor, y: Tensor, between: Between = slerp) -> Tensor:
    """Within four latents, corners [2, 2, z_dim]; x [...] is the share of the way along a row, y from row to row."""
    upper = between(corners[0, 0], corners[0, 1], x)
    lower = between(corners[1, 0], corners[1, 1], x)
    return between(upper, lower, y)


# --- paths -----------------------------------------------------------------------------------------------------------

EASINGS: dict[str, Easing] = {
    "none": lambda t: t,
    "in-out": lambda t: t * t * (3 - 2 * t),  # the smooth step: it rests at each key-frame
}


def path(
    keys: Tensor,
    frames: int,
    between: Between = slerp,
    easing: Easing = EASINGS["none"],
    loop: bool = False,
) -> Tensor:
    """[frames, z_dim] through the key-frames [K, z_dim], as long between each two; it starts at the first.

    It ends at the last; or with `loop` one frame before it would be back at the first, so that it repeats seamlessly.
    Frames that fall upon a key-frame are it, exactly.
    """
    count = len(keys)
    stretches = count if loop else count - 1
    time = torch.arange(frames, dtype=torch.float64) * stretches / max(1, frames if loop else frames - 1)
    k = time.floor().long().clamp(max=max(0, stretches - 1))
    t = time - k
    return between(keys[k % count], keys[(k + 1) % count], easing(t))


def circle(u: Tensor, v: Tensor, frames: int, centre: Tensor | None = None, radius: float | None = None) -> Tensor:
    """[frames, z_dim] once around in the plane of u and v [z_dim], starting towards u; the last is next to the first.

    Around 0 unless there is a centre. Without a radius it goes through u (from the centre on), so a circle around 0
    stays as far from it as a latent is. Where u and v lie on one line, the axis that u has least of stands for v.
    """
    u64, v64 = u.double(), v.double()
    length = u64.norm(dim=-1, keepdim=True)
    e = _unit(u64, length)
    rest = v64 - (v64 * e).sum(dim=-1, keepdim=True) * e
    sine = rest.norm(dim=-1, keepdim=True)
    f = torch.where(sine <= PARALLEL * v64.norm(dim=-1, keepdim=True), _upright(e), _unit(rest, sine))
    angle = torch.arange(frames, dtype=torch.float64)[:, None] * (2 * torch.pi / frames)
    ring = (length if radius is None else radius) * (angle.cos() * e + angle.sin() * f)
    return (ring if centre is None else centre.double() + ring).to(u.dtype)


# --- truncation ------------------------------------------------------------------------------------------------------


def truncated(z: Tensor, psi: float, mean: Tensor | float = 0.0) -> Tensor:
    """mean + psi (z - mean): psi = 1 leaves z, 0 is the mean, less than 0 the other side. Karras et al. 2019."""
    return mean + psi * (z - mean)


def resampled(z: Tensor, limit: float, again: Callable[[int], Tensor]) -> Tensor:
    """z with each entry beyond +-limit replaced by the next draw that is within. Brock et al. 2019, section 3.1.

    `again(k)`, k = 1, 2 ..., draws latents of z's shape anew. What is still outside after REDRAWS is cut off.
    """
    for k in range(1, REDRAWS + 1):
        outside = z.abs() > limit
        if not outside.any():
            return z
        z = torch.where(outside, again(k), z)
    return z.clamp(-limit, limit)


# --- new ones from old ones ------------------------------------------------------------------------------------------


def children(parent: Tensor, fresh: Tensor, distance: float) -> Tensor:
    """[N, z_dim] around a parent [z_dim]: sqrt(1 - distance^2) parent + distance fresh, `fresh` [N, z_dim] being drawn.

    Of normal latents the children are normal, too; at distance 0 they are the parent, at 1 they are strangers.
    """
    return (1 - distance**2) ** 0.5 * parent + distance * fresh


def crossed(a: Tensor, b: Tensor, count: int, seed: int) -> Tensor:
    """[count, z_dim]: children of two parents [z_dim], each entry from the one or the other, by the toss of a coin."""
    rng = torch.Generator().manual_seed(seed)
    from_a = torch.rand(count, a.shape[-1], generator=rng) < 0.5
    return torch.where(from_a, a, b)


def analogy(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """a - b + c: what is to c as a is to b. Radford et al. 2016, section 6.3.2."""
    return a - b + c
