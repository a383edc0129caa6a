"""Foreign translators: the same pictures as their own programs', and one sentence for whatever else a file may be."""

from __future__ import annotations

import functools
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor, nn

from gan_studio import importers
from gan_studio.config import ConfigError
from gan_studio.files import file_hash
from gan_studio.importers.own_export import KEY
from gan_studio.importers.translators import options_of, read_translator
from gan_studio.networks import TRANSLATORS

# --- the program's own networks, as they are written there -----------------------------------------------------------


def norm_of(kind: str) -> Callable[[int], nn.Module]:
    return {
        "batch": functools.partial(nn.BatchNorm2d, affine=True, track_running_stats=True),
        "instance": functools.partial(nn.InstanceNorm2d, affine=False, track_running_stats=False),
        "2018": functools.partial(nn.InstanceNorm2d, affine=False, track_running_stats=True),
        "none": lambda channels: nn.Identity(),
    }[kind]


class TheirBlock(nn.Module):
    def __init__(self, dim: int, norm: Callable[[int], nn.Module], dropout: bool, bias: bool, padding: str):
        super().__init__()
        pad = {"reflect": [nn.ReflectionPad2d(1)], "replicate": [nn.ReplicationPad2d(1)], "zero": []}[padding]
        p = 1 if padding == "zero" else 0
        layers = [*pad, nn.Conv2d(dim, dim, 3, padding=p, bias=bias), norm(dim), nn.ReLU(True)]
        layers += [nn.Dropout(0.5)] if dropout else []
        self.conv_block = nn.Sequential(*layers, *pad, nn.Conv2d(dim, dim, 3, padding=p, bias=bias), norm(dim))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class TheirResnet(nn.Module):
    def __init__(self, blocks: int = 2, ngf: int = 3, norm: str = "instance", dropout: bool = False,
                 padding: str = "reflect", inputs: int = 3, outputs: int = 3):  # fmt: skip
        super().__init__()
        n, bias = norm_of(norm), norm in ("instance", "2018")
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, ngf, 7, bias=bias), n(ngf), nn.ReLU(True)]
        for i in range(2):
            a = ngf * 2**i
            layers += [nn.Conv2d(a, 2 * a, 3, stride=2, padding=1, bias=bias), n(2 * a), nn.ReLU(True)]
        layers += [TheirBlock(4 * ngf, n, dropout, bias, padding) for _ in range(blocks)]
        for i in range(2):
            a = ngf * 2 ** (2 - i)
            up = nn.ConvTranspose2d(a, a // 2, 3, stride=2, padding=1, output_padding=1, bias=bias)
            layers += [up, n(a // 2), nn.ReLU(True)]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(ngf, outputs, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class TheirLevel(nn.Module):
    def __init__(self, outer: int, inner: int, below: nn.Module | None, norm: str, inputs: int = 0,
                 outermost: bool = False, dropout: bool = False):  # fmt: skip
        super().__init__()
        self.outermost = outermost
        n, bias = norm_of(norm), norm in ("instance", "2018")
        down = nn.Conv2d(inputs or outer, inner, 4, stride=2, padding=1, bias=bias)
        if outermost:
            up = nn.ConvTranspose2d(inner * 2, outer, 4, stride=2, padding=1)
            layers = [down, below, nn.ReLU(True), up, nn.Tanh()]
        elif below is None:
            up = nn.ConvTranspose2d(inner, outer, 4, stride=2, padding=1, bias=bias)
            layers = [nn.LeakyReLU(0.2, True), down, nn.ReLU(True), up, n(outer)]
        else:
            up = nn.ConvTranspose2d(inner * 2, outer, 4, stride=2, padding=1, bias=bias)
            layers = [nn.LeakyReLU(0.2, True), down, n(inner), below, nn.ReLU(True), up, n(outer)]
            layers += [nn.Dropout(0.5)] if dropout else []
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class TheirUnet(nn.Module):
    def __init__(self, downs: int = 5, ngf: int = 2, norm: str = "batch", dropout: bool = True,
                 inputs: int = 3, outputs: int = 3):  # fmt: skip
        super().__init__()
        level = TheirLevel(ngf * 8, ngf * 8, None, norm)
        for _ in range(downs - 5):
            level = TheirLevel(ngf * 8, ngf * 8, level, norm, dropout=dropout)
        for a in (4, 2, 1):
            level = TheirLevel(ngf * a, ngf * a * 2, level, norm)
        self.model = TheirLevel(outputs, ngf, level, norm, inputs, outermost=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def trained(network: nn.Module, side: int = 32) -> nn.Module:
    """With statistics in its norms that are not those of the start."""
    inputs = next(part.in_channels for part in network.modules() if isinstance(part, nn.Conv2d))
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0, 0.3), nn.init.normal_(part.bias, 0.0, 0.3)
    with torch.no_grad():
        for _ in range(3):
            network.train()(torch.randn(2, inputs, side, side))
    return network.eval()


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def saved(path: Path, content: Any, legacy: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


def assert_same_pictures(path: Path, theirs: nn.Module, side: int = 32) -> None:
    found = read_translator(path)
    x = torch.rand(1, found.draft.channels[0], side, side) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(found.draft.network(x), theirs(x), atol=1e-5, rtol=0)


def told(path: Path) -> str:
    """The one sentence of a ConfigError, which names the file."""
    with pytest.raises(ConfigError) as error:
        read_translator(path)
    assert len(error.value.problems) == 1 and "\n" not in str(error.value)
    assert path.name in str(error.value) and len(str(error.value)) < 350, str(error.value)
    return str(error.value)


# --- pytorch-CycleGAN-and-pix2pix ------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("padding", ["reflect", "zero"])
@pytest.mark.parametrize("blocks, inputs, outputs", [(6, 3, 3), (9, 1, 3)])
def test_their_resnets_make_their_pictures(
    tmp_path: Path, norm: str, dropout: bool, padding: str, blocks: int, inputs: int, outputs: int
) -> None:
    G = trained(TheirResnet(blocks, 2, norm, dropout, padding, inputs, outputs))
    path = saved(tmp_path / "latest_net_G_B.pth", G.state_dict())
    found = read_translator(path)
    assert found.format == "pytorch-CycleGAN-and-pix2pix" and found.draft.direction == "B to A"
    assert found.inferred[0] == f"ResNet with {blocks} blocks" and found.draft.channels == (inputs, outputs)
    assert ("with dropout in its blocks" in found.inferred) == dropout and f"{padding} padding" in found.inferred
    assert f"{norm} norm" in found.inferred or norm == "none"
    assert found.sha256 == file_hash(path) and "2 channels (ngf)" in found.inferred
    assert_same_pictures(path, G)


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("downs, side", [(5, 64), (6, 64), (8, 256)])
def test_their_unets_make_their_pictures(tmp_path: Path, norm: str, downs: int, side: int) -> None:
    G = trained(TheirUnet(downs, 2, norm, outputs=1), side)
    path = saved(tmp_path / "edges2shoes.pth", G.state_dict())
    found = read_translator(path)
    assert f"U-Net with {downs} levels (unet_{2**downs})" in found.inferred and found.draft.channels == (3, 1)
    assert found.draft.needs.multiple == found.draft.needs.least == 2**downs and found.draft.needs.reach is None
    assert any("dropout, which leaves no trace" in line for line in found.unknown)
    assert bool(found.draft.notes) == (norm == "batch")
    assert_same_pictures(path, G, side)


@pytest.mark.parametrize("legacy", [False, True])
def test_statistics_of_2018_are_dropped(tmp_path: Path, legacy: bool) -> None:
    """Their program drops them and normalises by the picture: not what `eval` would do with them."""
    old = trained(TheirResnet(norm="2018"))
    state = {name: t for name, t in old.state_dict().items() if legacy or not name.endswith("num_batches_tracked")}
    path = saved(tmp_path / "horse2zebra.pth", state, legacy)
    theirs = TheirResnet(norm="instance")
    theirs.load_state_dict({name: t for name, t in state.items() if name.split(".")[-1] in ("weight", "bias")})
    assert_same_pictures(path, theirs.eval())
    assert any("of instance norms, kept in 2018" in line for line in read_translator(path).found)
    x = torch.rand(1, 3, 32, 32)
    assert (read_translator(path).draft.network(x) - old(x)).abs().max() > 0.01


def test_wrappers_and_safetensors_make_no_difference(tmp_path: Path) -> None:
    G = trained(TheirResnet())
    wrapped = {f"module._orig_mod.{name}": tensor for name, tensor in G.state_dict().items()}
    assert_same_pictures(saved(tmp_path / "a.pth", {"netG": wrapped, "epoch": 7}), G)
    (tmp_path / "b.safetensors").write_bytes(safetensors_bytes(G.state_dict()))
    assert_same_pictures(tmp_path / "b.safetensors", G)


OPTIONS = """----------------- Options ---------------
               batch_size: 1
                crop_size: 256
                direction: BtoA                          \t[default: AtoB]
                load_size: 286                           \t[default: 286]
               no_dropout: {no_dropout}
                     norm: batch
----------------- End -------------------
"""


@pytest.mark.parametrize("no_dropout", [True, False])
def test_their_options_settle_what_weights_cannot(tmp_path: Path, no_dropout: bool) -> None:
    (tmp_path / "train_opt.txt").write_text(OPTIONS.format(no_dropout=no_dropout))
    found = read_translator(saved(tmp_path / "latest_net_G.pth", trained(TheirUnet(6), 64).state_dict()))
    assert found.draft.direction == "B to A"
    assert "training pictures loaded at 286 px, cropped to 256 px" in found.found
    assert ("with dropout, as its options say" in found.inferred) != no_dropout
    dropouts = [part for part in found.draft.network.modules() if isinstance(part, nn.Dropout)]
    assert bool(dropouts) != no_dropout
    assert not any("dropout" in line or "direction" in line for line in found.unknown)


def test_options_are_read_as_their_program_writes_them() -> None:
    found = options_of(OPTIONS.format(no_dropout=False))
    assert found["direction"] == "BtoA" and found["batch_size"] == "1" and found["no_dropout"] == "False"
    assert options_of("nonsense \x00 [default: ]\n::::\n") == {}


def test_our_resize_convolutions_come_back(tmp_path: Path) -> None:
    for kind, side in (("resnet", 32), ("unet", 32)):
        values = {"kind": kind, "width": 2, "upsampling": "nearest"} | ({"blocks": 2} if kind == "resnet" else {})
        ours = TRANSLATORS.parse(values).build((3, side, side), (1, side, side)).eval()
        assert_same_pictures(saved(tmp_path / f"{kind}.pth", ours.state_dict()), ours, side)


def test_their_discriminators_are_named(tmp_path: Path) -> None:
    def patch(layers: int) -> nn.Module:
        parts: list[nn.Module] = [nn.Conv2d(6, 4, 4, 2, 1), nn.LeakyReLU(0.2)]
        for _ in range(layers):
            parts += [nn.Conv2d(4, 4, 4, 2, 1), nn.BatchNorm2d(4), nn.LeakyReLU(0.2)]
        D = nn.Module()
        D.model = nn.Sequential(*parts, nn.Conv2d(4, 1, 4, 1, 1))
        return D

    assert "discriminator of pix2pix or CycleGAN (PatchGAN, 70 px)" in told(
        saved(tmp_path / "latest_net_D.pth", patch(3).state_dict())
    )
    pixel = nn.Module()
    pixel.net = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.LeakyReLU(), nn.Conv2d(4, 8, 1), nn.BatchNorm2d(8), nn.LeakyReLU(), nn.Conv2d(8, 1, 1)
    )
    assert "PixelGAN" in told(saved(tmp_path / "D.pth", pixel.state_dict()))
    with pytest.raises(ConfigError, match="is a translator"):
        importers.read(tmp_path / "D.pth")


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"model.1.bias": None}, "looks like"),
        ({"model.4.weight": torch.ones(6, 5, 3, 3)}, "model.4.weight is 6 x 5 x 3 x 3"),
        ({"model.10.conv_block.1.weight": torch.ones(3)}, "other layers"),
        ({"model.30.conv_block.1.weight": torch.ones(3)}, "halves its pictures more or less than twice"),
        ({"model.1.weight": torch.ones(1)}, "other layers"),
        ({"model.1.weight": torch.ones(600, 3, 7, 7)}, "width"),
        ({"model.99.weight": torch.ones(700, 2, 3, 3)}, "700 channels"),
        ({"other": torch.ones(1)}, "other is too many"),
    ],
)  # fmt: skip
def test_a_network_that_nearly_fits_is_not_half_loaded(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    state = TheirResnet().state_dict() | change
    path = saved(tmp_path / "G.pth", {name: tensor for name, tensor in state.items() if tensor is not None})
    assert sentence in told(path)


def test_a_tower_of_levels_does_not_fill_the_memory(tmp_path: Path) -> None:
    name, weights = "model.model.1.model", {"model.model.0.weight": torch.ones(1, 1, 4, 4)}
    for _ in range(300):
        weights |= {f"{name}.1.weight": torch.ones(1, 1, 4, 4), f"{name}.5.weight": torch.ones(1, 1, 4, 4)}
        name += ".3.model"
    weights["model.model.3.weight"] = torch.ones(2, 1, 4, 4)
    assert "levels" in told(saved(tmp_path / "G.pth", weights))


# --- spandrel --------------------------------------------------------------------------------------------------------


class Compact(nn.Module):
    """Real-ESRGAN's SRVGGNetCompact, as it is written there."""

    def __init__(self, features: int = 8, convs: int = 2, scale: int = 2):
        super().__init__()
        self.scale = scale
        body = [nn.Conv2d(3, features, 3, 1, 1), nn.PReLU(features)]
        for _ in range(convs):
            body += [nn.Conv2d(features, features, 3, 1, 1), nn.PReLU(features)]
        self.body = nn.ModuleList([*body, nn.Conv2d(features, 3 * scale**2, 3, 1, 1)])

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for layer in self.body:
            h = layer(h)
        return nn.functional.pixel_shuffle(h, self.scale) + nn.functional.interpolate(x, scale_factor=self.scale)


def esrgan(scale: int = 4) -> nn.Module:
    """Ours has BasicSR's names and, without the base, its arithmetic."""
    values = {"kind": "rrdb", "width": 8, "blocks": 1, "growth": 32, "base": False}
    return TRANSLATORS.parse(values).build((3, 16, 16), (3, 16 * scale, 16 * scale)).eval()


def in_unit_range(network: nn.Module) -> Callable[[Tensor], Tensor]:
    return lambda x: network((x + 1) / 2).clamp(0, 1) * 2 - 1


@pytest.mark.parametrize("wrapper", ["", "params", "params_ema"])
def test_compact_networks_make_their_pictures(tmp_path: Path, wrapper: str) -> None:
    G = Compact()
    content = {wrapper: G.state_dict()} if wrapper else G.state_dict()
    path = saved(tmp_path / "realesr-general-x2v3.pth", content)
    found = read_translator(path)
    assert found.draft.needs.scale == 2 and found.draft.channels == (3, 3) and "2 times the size" in found.inferred
    assert_same_pictures(path, in_unit_range(G), 12)


def test_averaged_weights_go_before_plain_ones(tmp_path: Path) -> None:
    G, other = Compact(), Compact()
    path = saved(tmp_path / "x.pth", {"params": other.state_dict(), "params_ema": G.state_dict()})
    assert_same_pictures(path, in_unit_range(G), 12)


def test_esrgan_makes_its_pictures(tmp_path: Path) -> None:
    G = esrgan()
    path = saved(tmp_path / "RealESRGAN_x4plus.pth", {"params_ema": G.state_dict()})
    found = read_translator(path)
    assert found.inferred[0] == "ESRGAN" and found.draft.needs.scale == 4
    assert_same_pictures(path, in_unit_range(G), 12)


def test_what_spandrel_stumbles_over_is_one_sentence(tmp_path: Path) -> None:
    growth = TRANSLATORS.parse({"kind": "rrdb", "width": 8, "blocks": 1, "growth": 4, "base": False})
    state = growth.build((3, 16, 16), (3, 64, 64)).state_dict()
    assert "looks like ESRGAN, but spandrel cannot build it" in told(saved(tmp_path / "x.pth", state))
    state = Compact().state_dict() | {"body.99999999.weight": torch.ones(12, 8, 3, 3)}
    assert "count more layers" in told(saved(tmp_path / "y.pth", state))


# --- ours ------------------------------------------------------------------------------------------------------------


def exported(changes: dict[str, Any] | None = None) -> bytes:
    spec = TRANSLATORS.parse({"kind": "rrdb", "width": 4, "blocks": 1, "growth": 4})
    network = spec.build((3, 64, 64), (3, 128, 128))
    said = {"network": spec.plain(), "in_shape": [3, 64, 64], "out_shape": [3, 128, 128], "direction": "A to B",
            "title": "Mine", "as_trained": False} | (changes or {})  # fmt: skip
    return safetensors_bytes(network.state_dict(), {KEY: json.dumps(said)})


def test_our_export_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors").write_bytes(exported())
    found = read_translator(tmp_path / "mine.safetensors")
    assert found.format == "GAN Studio's export" and found.inferred[0] == "RRDB (ESRGAN)"
    assert found.draft.needs.scale == 2


@pytest.mark.parametrize("changes", [{"in_shape": "x"}, {"network": {"kind": "evil"}}, {"network": 3},
                                     {"direction": "up"},
                                     {"in_shape": [3, 64]}, {"in_shape": [3, 10**9, 64]}, {"out_shape": [3, 256, 256]},
                                     {"in_shape": [1, 64, 64]},
                                     {"network": {"kind": "rrdb", "blocks": 64}}])  # fmt: skip
def test_an_export_that_lies_is_told(tmp_path: Path, changes: dict[str, Any]) -> None:
    (tmp_path / "mine.safetensors").write_bytes(exported(changes))
    told(tmp_path / "mine.safetensors")


# --- what belongs elsewhere, and what was made to do harm ------------------------------------------------------------


def test_generators_and_translators_are_sent_to_their_tabs(tmp_path: Path) -> None:
    dcgan = {"main.0.weight": torch.ones(7, 32, 4, 4), "main.1.weight": torch.ones(32)}
    assert "Explore tab" in told(saved(tmp_path / "netG.pth", dcgan))
    for network in (TheirResnet(), TheirUnet()):
        path = saved(tmp_path / "latest_net_G.pth", network.state_dict())
        with pytest.raises(ConfigError, match="Translate tab"):
            importers.read(path)


def test_other_files_are_one_sentence(tmp_path: Path) -> None:
    assert "is of no translator that is known here" in told(saved(tmp_path / "a.pth", nn.Linear(2, 3).state_dict()))
    (tmp_path / "photo.pth").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    assert "no file of weights" in told(tmp_path / "photo.pth")
    assert "No such file" in told(tmp_path / "gone.pth")
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        for name in ("m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"):
            archive.writestr(name, b"\x80\x02N.")
    assert "TorchScript program" in told(tmp_path / "script.pt")


class Canary:
    def __reduce__(self) -> Any:
        return os.system, ("touch canary",)


@pytest.mark.parametrize("legacy", [False, True])
def test_nothing_in_a_file_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, legacy: bool) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "latest_net_G.pth": {"netG": TheirResnet().state_dict(), "note": Canary()},
        "x4.pth": {"params_ema": Compact().state_dict(), "note": Canary()},
    }.items():
        assert "nothing in a file is run here" in told(saved(tmp_path / name, content, legacy))
    saved(tmp_path / "module.pth", TheirResnet(), legacy)
    assert "nothing in a file is run here" in told(tmp_path / "module.pth")
    assert not (tmp_path / "canary").exists()
    os.system("touch canary")
    assert (tmp_path / "canary").exists()  # where it may, it sings


@pytest.mark.parametrize("network", [TheirResnet, lambda: TheirUnet(5), Compact])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_cut_off_or_changed_is_read_or_told(tmp_path: Path, network: Any, legacy: bool) -> None:
    whole = saved(tmp_path / "G.pth", network().state_dict(), legacy).read_bytes()
    for share in (0.01, 0.3, 0.9, 0.99):
        (tmp_path / "cut.pth").write_bytes(whole[: int(share * len(whole))])
        told(tmp_path / "cut.pth")
    for place in torch.randint(0, len(whole), (15,)).tolist() + list(range(0, 2000, 200)):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        (tmp_path / "changed.pth").write_bytes(changed)
        try:
            read_translator(tmp_path / "changed.pth")
        except ConfigError as error:
            assert len(error.problems) == 1 and "\n" not in str(error)
