"""L*a*b* against scikit-image, and a colourising network of pytorch-CycleGAN-and-pix2pix against its own arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import color

from gan_studio.jobs import cycles, lab
from gan_studio.jobs.apply import Manner, translated
from gan_studio.jobs.translators import open_translator
from gan_studio.networks import TRANSLATORS
from gan_studio.picture_files import Picture

pytestmark = pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")  # of colours that there are not
RANDOM = np.random.default_rng(0)


def test_colours_are_those_of_scikit_image() -> None:
    rgb = np.concatenate([RANDOM.random((500, 3)), np.linspace(0, 0.1, 50)[:, None].repeat(3, 1), np.eye(3)])
    found = lab.lab_of(rgb)
    np.testing.assert_allclose(found, color.rgb2lab(rgb), atol=2e-3)  # whose thresholds have four digits
    np.testing.assert_allclose(lab.rgb_of(found), rgb, atol=1e-9)
    wild = RANDOM.uniform([0, -110, -110], [100, 110, 110], (500, 3))
    np.testing.assert_allclose(lab.rgb_of(wild), color.lab2rgb(wild), atol=1e-4)


def test_its_own_lightness_and_colour_are_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "STRIP", 5)  # several strips, and a rest
    for dtype in (np.uint8, np.uint16):
        colour = RANDOM.integers(0, np.iinfo(dtype).max, (12, 7, 3)).astype(dtype)
        ab = lab.lab_of(colour / np.iinfo(dtype).max)[:, :, 1:] / 110
        np.testing.assert_array_equal(lab.coloured(colour, ab), colour)
        expected = color.rgb2lab(colour / np.iinfo(dtype).max)[:, :, :1] / 50 - 1
        np.testing.assert_allclose(lab.lightness(colour), expected, atol=1e-4)


@pytest.mark.parametrize("as_trained", [False, True])
def test_a_colourising_network_keeps_the_lightness(tmp_path: Path, as_trained: bool) -> None:
    torch.manual_seed(0)
    network = TRANSLATORS.parse({"kind": "resnet", "width": 3, "blocks": 1}).build((1, 64, 64), (2, 64, 64)).eval()
    torch.save(network.state_dict(), tmp_path / "latest_net_G.pth")
    found = open_translator(tmp_path / "latest_net_G.pth", device="cpu", as_trained=as_trained)
    assert found.channels == (1, 2) and "from grey to its colour (L*a*b*)" in found.about["inferred"]
    colour = RANDOM.integers(0, 256, (16, 20, 3), np.uint8)
    lightness = color.rgb2lab(colour)[:, :, :1]
    with torch.no_grad():
        ab = network(torch.from_numpy(lightness / 50 - 1).permute(2, 0, 1)[None].float())[0].permute(1, 2, 0).numpy()
    theirs = color.lab2rgb(np.concatenate([lightness, ab * 110.0], axis=2)) * 255
    made = translated(found, Picture(colour), Manner(precision="fp32")).colour
    apart = np.abs(made.astype(int) - (theirs.astype(int) if as_trained else theirs.round().astype(int)))
    assert apart.max() <= 1 and (apart > 0).mean() < 0.01  # of the four digits
    grey = translated(found, Picture(colour[:, :, :1])).colour
    assert grey.shape == (16, 20, 3)
    assert cycles.difference(found, Picture(colour), Manner(tile=16, precision="fp32")).pieces.shape == (16, 20, 3)
