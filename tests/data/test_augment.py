import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from gan_studio.data import augment
from gan_studio.data.augment import CROP_X, CROP_Y, DRAWS, Augment, draws, preview, windows
from gan_studio.images import to_float

STRONG = {
    "horizontal_flip": True,
    "vertical_flip": True,
    "crop": 0.25,
    "shift": 0.2,
    "rotate": 30.0,
    "zoom": 0.3,
    "brightness": 0.2,
    "contrast": 0.5,
    "saturation": 0.5,
}
X = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8  # away from the ends: no clamping


def numbers(**columns: float) -> torch.Tensor:
    """The random numbers [5, DRAWS]: 0.5 is no change, but for the flips, which are at 0.5 and above."""
    u = torch.full((5, DRAWS), 0.5)
    for name, value in columns.items():
        u[:, getattr(augment, name)] = value
    return u


MIDDLE = 32


def blob(right: int = 0) -> torch.Tensor:
    """A smooth spot [5, 1, 65, 65], some px right of the middle."""
    rows, columns = torch.meshgrid(torch.arange(65), torch.arange(65), indexing="ij")
    spot = torch.exp(-((rows - MIDDLE) ** 2 + (columns - MIDDLE - right) ** 2) / 18)
    return spot.expand(5, 1, -1, -1) * 1.6 - 0.8


def centre(x: torch.Tensor) -> tuple[float, float]:
    return ndimage.center_of_mass((x[0, 0] + 0.8).clamp(min=0).numpy())


def test_nothing_happens_at_zero():
    u = draws(5, 3, 1)
    assert Augment()(X, u) is X
    assert windows(X, 16, u) is X
    assert Augment().stored(64) == 64 and Augment(crop=0.125).stored(64) == 72


@pytest.mark.parametrize("name", STRONG)
def test_each_option_changes_pictures_and_tends_to_nothing(name):
    u = draws(5, 3, 1)
    if name == "crop":
        return
    strong = Augment(**{name: STRONG[name]})(X, u)
    assert strong.shape == X.shape and strong.min() >= -1 and strong.max() <= 1
    assert not torch.equal(strong, X)
    if isinstance(STRONG[name], float):
        torch.testing.assert_close(Augment(**{name: 1e-6})(X, u), X, atol=1e-4, rtol=0)


def test_flips():
    torch.testing.assert_close(Augment(horizontal_flip=True)(X, numbers(H_FLIP=0.2)), X.flip(3))
    torch.testing.assert_close(Augment(horizontal_flip=True)(X, numbers(H_FLIP=0.7)), X)
    torch.testing.assert_close(Augment(vertical_flip=True)(X, numbers(V_FLIP=0.2)), X.flip(2))


def test_windows_are_cut_where_the_numbers_say():
    pixels = torch.arange(5 * 3 * 20 * 20).reshape(5, 3, 20, 20)
    u = draws(5, 0, 0)
    found = windows(pixels, 16, u)
    for i in range(5):
        top, left = int(u[i, CROP_Y] * 5), int(u[i, CROP_X] * 5)
        assert torch.equal(found[i], pixels[i, :, top : top + 16, left : left + 16])
    many = draws(5000, 0, 0)
    corners = windows(torch.arange(400).reshape(1, 1, 20, 20).expand(5000, -1, -1, -1), 16, many)[:, 0, 0, 0]
    assert len(corners.unique()) == 25  # every place comes


def test_shift_moves_by_a_share_of_the_side():
    moved = Augment(shift=0.25)(blob(), numbers(SHIFT_X=1.0, SHIFT_Y=0.25))
    row, column = centre(moved)
    assert abs(row - (MIDDLE + 65 * 0.25 / 2)) < 0.1 and abs(column - (MIDDLE - 65 * 0.25)) < 0.1


def test_rotation_turns_about_the_middle():
    """A spot right of the middle goes round; SciPy turns the picture the same way."""
    x = blob(right=10)
    turned = Augment(rotate=40)(x, numbers(ROTATE=1.0))
    row, column = centre(turned)
    assert abs(math.hypot(row - MIDDLE, column - MIDDLE) - 10) < 0.1
    assert abs(abs(math.degrees(math.atan2(row - MIDDLE, column - MIDDLE))) - 40) < 1
    expected = ndimage.rotate(x[0, 0].numpy(), 40, reshape=False, order=1, mode="mirror")
    assert abs(turned[0, 0].numpy() - expected)[10:55, 10:55].max() < 0.01


def test_zoom_scales_about_the_middle():
    larger = Augment(zoom=0.5)(blob(right=8), numbers(ZOOM=1.0))
    smaller = Augment(zoom=0.5)(blob(right=8), numbers(ZOOM=0.0))
    assert abs(centre(larger)[1] - (MIDDLE + 8 * 1.5)) < 0.1
    assert abs(centre(smaller)[1] - (MIDDLE + 8 / 1.5)) < 0.1


def test_colours():
    torch.testing.assert_close(Augment(brightness=0.05)(X, numbers(BRIGHTNESS=1.0)), X + 0.1)
    mean = X.mean(dim=(1, 2, 3), keepdim=True)
    torch.testing.assert_close(Augment(contrast=0.9)(X, numbers(CONTRAST=0.0)), mean + 0.1 * (X - mean))
    grey = 0.299 * X[:, 0] + 0.587 * X[:, 1] + 0.114 * X[:, 2]
    faded = Augment(saturation=1.0)(X, numbers(SATURATION=0.0))
    torch.testing.assert_close(faded, grey[:, None].expand_as(X))


def test_colours_leave_alpha_and_grey_pictures_stay_grey():
    rgba = torch.cat([X, X[:, :1]], dim=1)
    strong = Augment(brightness=0.3, contrast=0.5, saturation=1.0)
    assert torch.equal(strong(rgba, draws(5, 0, 0))[:, 3], X[:, 0])
    assert torch.equal(Augment(saturation=1.0)(X[:, :1], draws(5, 0, 0)), X[:, :1])


def test_the_numbers_belong_to_a_position_and_a_seed():
    assert torch.equal(draws(8, 5, 1), draws(8, 5, 1))
    assert not torch.equal(draws(8, 5, 1), draws(8, 6, 1)) and not torch.equal(draws(8, 5, 1), draws(8, 5, 2))
    u = draws(4000, 0, 0)
    assert abs(u.mean() - 0.5) < 0.01 and u.min() >= 0 and u.max() < 1


def test_turning_one_option_does_not_change_the_others():
    u = draws(5, 0, 0)
    flipped = Augment(horizontal_flip=True)(X, u)
    both = Augment(horizontal_flip=True, brightness=0.05)(X, u)
    shift = both - flipped
    torch.testing.assert_close(shift, shift[:, :1, :1, :1].expand_as(shift))


def test_preview_shows_versions_of_one_picture():
    picture = np.random.default_rng(0).integers(0, 256, (36, 36, 3), dtype=np.uint8)
    shown = preview(Augment(crop=0.125, horizontal_flip=True), picture, 9)
    assert shown.shape == (9, 32, 32, 3) and shown.dtype == np.uint8
    assert len(np.unique(shown.reshape(9, -1), axis=0)) > 4
    assert (preview(Augment(), picture, 2) == picture).all()
    assert (preview(Augment(**STRONG), picture, 3, seed=1) == preview(Augment(**STRONG), picture, 3, seed=1)).all()
    assert to_float(torch.from_numpy(picture)).dtype == torch.float32
