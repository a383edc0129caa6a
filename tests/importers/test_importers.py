"""Foreign generators: the same pictures as their own programs', and one sentence for whatever else a file may be."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor, nn
from torch.nn import functional

from gan_studio import importers
from gan_studio.config import ConfigError
from gan_studio.files import file_hash
from gan_studio.importers import read
from gan_studio.importers.torch_file import LEGACY

# --- the programs' own networks, as they are written there -----------------------------------------------------------


class ExampleGenerator(nn.Module):
    """Of the PyTorch DCGAN example."""

    def __init__(self, nz: int = 7, ngf: int = 4, nc: int = 3):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 8), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf * 4), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf * 2), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf), nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z: Tensor) -> Tensor:
        return self.main(z[:, :, None, None])


def example_discriminator() -> nn.Module:
    D = nn.Module()
    D.main = nn.Sequential(
        nn.Conv2d(3, 4, 4, 2, 1, bias=False), nn.LeakyReLU(0.2), nn.Conv2d(4, 8, 4, 2, 1, bias=False), nn.BatchNorm2d(8)
    )
    return D


class MimicryGenerator(nn.Module):
    """mimicry's ResNet: pictures double bilinearly, before they are convolved."""

    def __init__(self, widths: list[int], nz: int = 5, bottom_width: int = 4):
        super().__init__()
        self.bottom_width, self.count = bottom_width, len(widths) - 1
        self.l1 = nn.Linear(nz, bottom_width**2 * widths[0])
        for i in range(self.count):
            block, a, b = nn.Module(), widths[i], widths[i + 1]
            block.c1, block.c2 = nn.Conv2d(a, b, 3, 1, padding=1), nn.Conv2d(b, b, 3, 1, padding=1)
            block.b1, block.b2 = nn.BatchNorm2d(a), nn.BatchNorm2d(b)
            block.c_sc = nn.Conv2d(a, b, 1, 1, padding=0)
            setattr(self, f"block{i + 2}", block)
        setattr(self, f"b{self.count + 2}", nn.BatchNorm2d(widths[-1]))
        setattr(self, f"c{self.count + 2}", nn.Conv2d(widths[-1], 3, 3, 1, padding=1))

    def forward(self, z: Tensor) -> Tensor:
        def up(x: Tensor, conv: nn.Module) -> Tensor:
            return conv(functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))

        h = self.l1(z).view(len(z), -1, self.bottom_width, self.bottom_width)
        for i in range(self.count):
            block = self.get_submodule(f"block{i + 2}")
            h = block.c2(block.b2(up(block.b1(h).relu(), block.c1)).relu()) + up(h, block.c_sc)
        norm, conv = self.get_submodule(f"b{self.count + 2}"), self.get_submodule(f"c{self.count + 2}")
        return torch.tanh(conv(norm(h).relu()))


def trained(network: nn.Module, z_dim: int) -> nn.Module:
    """With statistics in its norms that are not those of the start."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0, 0.3), nn.init.normal_(part.bias, 0.0, 0.3)
    for _ in range(3):
        network.train()(torch.randn(16, z_dim))
    return network.eval()


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def saved(path: Path, content: Any, legacy: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


def assert_same_pictures(path: Path, theirs: nn.Module) -> None:
    found = read(path)
    z = found.latent.seeded(4, 0)
    with torch.no_grad():
        torch.testing.assert_close(found.network(z), theirs(z), atol=1e-5, rtol=1e-4)


def told(path: Path) -> str:
    """The one sentence of a ConfigError, which names the file."""
    with pytest.raises(ConfigError) as error:
        read(path)
    assert len(error.value.problems) == 1 and "\n" not in str(error.value)
    assert path.name in str(error.value) and len(str(error.value)) < 300, str(error.value)
    return str(error.value)


# --- what is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("legacy", [False, True])
def test_the_dcgan_examples_generator_makes_its_pictures(tmp_path: Path, legacy: bool) -> None:
    G = trained(ExampleGenerator(), 7)
    path = saved(tmp_path / "netG_epoch_3.pth", G.state_dict(), legacy)
    found = read(path)
    assert found.format == "PyTorch DCGAN example" and found.shape == (3, 64, 64) and found.latent.dim == 7
    assert found.sha256 == file_hash(path)
    assert "pictures of 64 x 64 px in colour" in found.inferred and "7 latents" in found.inferred
    assert any("ngf" in line for line in found.inferred) and found.unknown
    assert ("before PyTorch 1.6" in found.found[0]) == legacy
    assert not found.network.training and not any(p.requires_grad for p in found.network.parameters())
    assert_same_pictures(path, G)


@pytest.mark.parametrize("nz, ngf, nc", [(100, 64, 3), (3, 1, 1), (16, 8, 4)])
def test_its_sizes_are_read_off_the_weights(tmp_path: Path, nz: int, ngf: int, nc: int) -> None:
    found = read(saved(tmp_path / "G.pth", ExampleGenerator(nz, ngf, nc).state_dict()))
    assert (found.latent.dim, found.shape) == (nz, (nc, 64, 64))


@pytest.mark.parametrize(
    "widths, start, size",
    [([8] * 4, 4, 32), ([16, 8, 4, 2], 6, 48), ([16, 8, 4, 2, 1], 4, 64), ([16, 16, 8, 4, 2, 1], 4, 128)],
    ids=["32", "48", "64", "128"],
)
def test_mimicrys_generators_make_their_pictures(tmp_path: Path, widths: list[int], start: int, size: int) -> None:
    G = trained(MimicryGenerator(widths, bottom_width=start), 5)
    optimiser = torch.optim.Adam(G.parameters())
    G(torch.randn(2, 5)).sum().backward(), optimiser.step()
    content = {
        "model_state_dict": G.state_dict(),
        "optimizer_state_dict": optimiser.state_dict(),
        "global_step": 1500,
    }
    path = saved(tmp_path / "netG_1500_steps.pth", content)
    found = read(path)
    assert found.format == "mimicry" and found.shape == (3, size, size) and found.latent.dim == 5 and found.step == 1500
    assert any("sigmoid" in line for line in found.unknown) == (size == 32)
    assert "saved at step 1,500" in found.found and "'model_state_dict'" in found.found[0]
    assert_same_pictures(path, G)


def test_wrappers_halves_and_old_norms_make_no_difference(tmp_path: Path) -> None:
    G = trained(ExampleGenerator(), 7)
    state = G.state_dict()
    wrapped = {f"_orig_mod.module.{name}": tensor for name, tensor in state.items()}
    assert_same_pictures(saved(tmp_path / "a.pth", {"netG": wrapped, "epoch": 3}), G)
    assert read(tmp_path / "a.pth").step == 3
    old = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    assert_same_pictures(saved(tmp_path / "b.pth", old), G)
    assert_same_pictures(saved(tmp_path / "c.pth", {name: tensor.double() for name, tensor in state.items()}), G)
    (tmp_path / "d.safetensors").write_bytes(safetensors_bytes(state))
    assert_same_pictures(tmp_path / "d.safetensors", G)
    for name, parameter in G.named_parameters():
        state[name] = nn.Parameter(parameter.clone())
    assert_same_pictures(saved(tmp_path / "e.pth", state), G)
    assert_same_pictures(
        saved(tmp_path / "f.pth", {name: tensor.half() for name, tensor in state.items()}), G.half().float()
    )


def test_reading_draws_from_no_generator_of_others(tmp_path: Path) -> None:
    path = saved(tmp_path / "G.pth", ExampleGenerator().state_dict())
    before = torch.get_rng_state()
    read(path)
    assert torch.equal(torch.get_rng_state(), before)


# --- what is told ----------------------------------------------------------------------------------------------------


def test_discriminators_and_other_networks_are_told(tmp_path: Path) -> None:
    assert "is a discriminator; take its generator" in told(
        saved(tmp_path / "netD.pth", example_discriminator().state_dict())
    )
    D = {
        "block1.c1.weight_orig": torch.ones(4, 3, 3, 3),
        "block1.c1.weight_u": torch.ones(4),
        "l5.weight_orig": torch.ones(1, 4),
    }
    assert "is a discriminator; take its generator" in told(
        saved(tmp_path / "netD_1_steps.pth", {"model_state_dict": D})
    )
    state = MimicryGenerator([4, 4, 4, 4]).state_dict()
    mixed = state | {"block2.b1.embed.weight": torch.ones(10, 8)}
    assert "block2.b1.bn.running_mean is missing" in told(saved(tmp_path / "c.pth", mixed))
    assert "SAGAN" in told(saved(tmp_path / "s.pth", state | {"attn_block.sigma": torch.ones(1)}))
    other = told(saved(tmp_path / "o.pth", nn.Linear(2, 3).state_dict()))
    assert "no network that is known here" in other and "mimicry, PyTorch DCGAN example" in other


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"main.3.weight": torch.ones(32, 15, 4, 4)}, "main.3.weight is 32 x 15 x 4 x 4 and not 32 x 16 x 4 x 4"),
        ({"main.3.bias": torch.ones(16)}, "main.3.bias is too many"),
        ({"main.4.running_var": None}, "main.4.running_var is missing"),
        ({"main.12.weight": torch.ones(4, 5, 4, 4)}, "5 channels"),
        ({"main.12.weight": None}, "looks like"),
        ({"main.9.weight": torch.ones(8)}, "main.9.weight is 8 and"),
        ({"main.12.weight": torch.ones(4)}, "other layers"),
        ({"main.15.weight": torch.ones(3, 3, 4, 4)}, "looks like"),
        ({"main.1.weight": torch.full((32,), torch.nan)}, "not numbers"),
        ({"main.1.running_var": -torch.ones(32)}, "not numbers"),
        ({"main.1.weight": torch.ones(0)}, "empty"),
    ],
)  # fmt: skip
def test_a_network_that_nearly_fits_is_not_half_loaded(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    state = ExampleGenerator().state_dict() | change
    path = saved(tmp_path / "G.pth", {name: tensor for name, tensor in state.items() if tensor is not None})
    assert sentence in told(path)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"l1.weight": torch.ones(63, 5)}, "l1.weight is 63 x 5"),
        ({"l1.weight": torch.ones(64)}, "other layers"),
        ({"l1.weight": torch.ones(4 * 64**2, 5)}, "begins with 64 x 64 px"),
        ({"block2.c1.weight": torch.ones(4)}, "other layers"),
        ({"block3.c1.weight": torch.ones(4, 4)}, "other layers"),
        ({"c5.weight": None}, "other layers"),
        ({"block4.c_sc.weight": None}, "block4.c_sc.weight is missing"),
        ({"c5.weight": torch.ones(2, 4, 3, 3)}, "2 channels"),
    ],
)  # fmt: skip
def test_nor_one_of_mimicry(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    state = MimicryGenerator([4, 4, 4, 4]).state_dict() | change
    path = saved(tmp_path / "G.pth", {name: tensor for name, tensor in state.items() if tensor is not None})
    assert sentence in told(path)


def test_a_tower_of_blocks_does_not_fill_the_memory(tmp_path: Path) -> None:
    G = MimicryGenerator([1] * 12)
    assert "8192 x 8192 px" in told(saved(tmp_path / "G.pth", G.state_dict()))
    layers = {f"main.{3 * i}.weight": torch.ones(1, 1, 4, 4) for i in range(40)} | {"main.1.weight": torch.ones(1)}
    assert "other layers" in told(saved(tmp_path / "H.pth", layers))


def test_names_that_would_move_the_cursor_are_made_harmless(tmp_path: Path) -> None:
    odd = "a\n\x1b[2J\ud800" + "b" * 10_000
    assert "a??[2J?bbb" in told(saved(tmp_path / "a.pth", {odd: torch.ones(1)}))
    state = ExampleGenerator(3, 1).state_dict() | {odd: torch.ones(1)}
    assert "a??[2J?bbb" in told(saved(tmp_path / "b.pth", state))


@pytest.mark.parametrize("content", [[], {}, {"a": 1}, None, 5, "x", [torch.ones(2)], {1: torch.ones(2)}, torch.ones(3),
                                     {"state_dict": {"a": [1]}}, {"model_state_dict": {}}])  # fmt: skip
@pytest.mark.parametrize("legacy", [False, True])
def test_what_holds_no_weights_is_told(tmp_path: Path, content: Any, legacy: bool) -> None:
    assert "holds no weights" in told(saved(tmp_path / "x.pth", content, legacy))


def test_tensors_of_other_kinds_are_told(tmp_path: Path) -> None:
    for name, odd in {
        "sparse": torch.eye(4).to_sparse(),
        "meta": torch.ones(4, device="meta"),
        "complex": torch.ones(4) * 1j,
        "tiny": torch.ones(4).to(torch.float8_e4m3fn),
    }.items():
        assert "kind that weights are not" in told(saved(tmp_path / f"{name}.pth", {"main.0.weight": odd}))


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04", b"\x80\x02", b"\x80\x04N.", b"\0" * 100, b"\xff" * 9,
                                  b"\x05\0\0\0\0\0\0\0{aaaa", b"\xff\xff\xff\xff\0\0\0\0{}"])  # fmt: skip
def test_what_is_no_file_of_weights_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.pth").write_bytes(data)
    told(tmp_path / "x.pth")


def test_files_that_cannot_be_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No such file" in told(tmp_path / "gone.pth")
    assert "directory" in told(tmp_path)
    path = saved(tmp_path / "G.pth", ExampleGenerator().state_dict())
    monkeypatch.setattr(importers, "MOST_BYTES", 1000)
    assert "has more than" in told(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_cut_off_anywhere_is_told(tmp_path: Path, legacy: bool) -> None:
    whole = saved(tmp_path / "G.pth", ExampleGenerator(3, 1).state_dict(), legacy).read_bytes()
    for share in (0.01, 0.1, 0.3, 0.5, 0.9, 0.99):
        (tmp_path / "cut.pth").write_bytes(whole[: int(share * len(whole))])
        told(tmp_path / "cut.pth")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_with_any_byte_changed_is_read_or_told(tmp_path: Path, legacy: bool) -> None:
    whole = saved(tmp_path / "G.pth", ExampleGenerator(3, 1).state_dict(), legacy).read_bytes()
    places = torch.randint(0, len(whole), (60,)).tolist() + list(range(0, 3000, 60))
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        (tmp_path / "changed.pth").write_bytes(changed)
        try:
            read(tmp_path / "changed.pth")
        except ConfigError as error:
            assert len(error.problems) == 1 and "\n" not in str(error)


# --- what was made to do harm ----------------------------------------------------------------------------------------


class Canary:
    """Whoever unpickles it calls a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any):
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("payload", ["system", "eval", "exec", "getattr", "load", "touch"])
def test_nothing_in_a_file_runs(tmp_path: Path, monkeypatch, payload: str, inside: bool, legacy: bool) -> None:
    monkeypatch.chdir(tmp_path)
    blob = io.BytesIO()
    torch.save(Canary(os.system, "touch canary"), blob)
    canary = {
        "system": Canary(os.system, "touch canary"),
        "eval": Canary(eval, "open('canary', 'w')"),
        "exec": Canary(exec, "open('canary', 'w')"),
        "getattr": Canary(getattr, Path, "touch"),
        "load": Canary(torch.storage._load_from_bytes, blob.getvalue()),
        "touch": Canary(Path.touch, Path("canary")),
    }[payload]
    state = ExampleGenerator(3, 1).state_dict()
    content = {"model_state_dict": state, "note": canary} if inside else canary
    path = saved(tmp_path / "evil.pth", content, legacy)
    assert "nothing in a file is run here" in told(path)
    assert not (tmp_path / "canary").exists()


def test_the_canary_sings_where_it_is_let(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path / "evil.pth", Canary(Path.touch, Path("canary")))
    torch.load(path, weights_only=False)
    assert (tmp_path / "canary").exists()


@pytest.mark.parametrize("legacy", [False, True])
def test_whole_modules_are_not_rebuilt(tmp_path: Path, legacy: bool) -> None:
    path = tmp_path / "module.pth"
    saved(path, nn.Linear(2, 3), legacy)
    assert "save the generator's state_dict() instead" in told(path)


def test_a_tar_in_the_clothes_of_the_old_format_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("\udc80\x02\udc8a\nl\udcfc\udc9cF\udcf9 j\udca8P\x19.")
    with tarfile.open(tmp_path / "t.pth", "w", format=tarfile.USTAR_FORMAT, errors="surrogateescape") as archive:
        archive.addfile(member)
    assert (tmp_path / "t.pth").read_bytes().startswith(LEGACY)
    assert "is no file of weights" in told(tmp_path / "t.pth")


def test_programs_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        for name in ("m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"):
            archive.writestr(name, b"\x80\x02N.")
    assert "TorchScript program" in told(tmp_path / "script.pt")
    (tmp_path / "raw.pth").write_bytes(pickle.dumps(Canary(print, "x")))
    assert "no file of weights" in told(tmp_path / "raw.pth")


class _Storage:
    def __init__(self, *parts: Any):
        self.parts = parts


class _Pickler(pickle.Pickler):
    def persistent_id(self, thing: Any) -> Any:
        return thing.parts if isinstance(thing, _Storage) else None


def lying(path: Path, numel: int, size: tuple[int, ...], stride: tuple[int, ...], record: bytes) -> Path:
    """A file whose tensor `main.0.weight` says one thing and whose record is another."""
    storage = _Storage("storage", torch.FloatStorage, "0", "cpu", numel)
    tensor = Canary(torch._utils._rebuild_tensor_v2, storage, 0, size, stride, False, OrderedDict())
    pickled = io.BytesIO()
    _Pickler(pickled, 2).dump({"main.0.weight": tensor, "main.1.weight": tensor})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("g/data.pkl", pickled.getvalue())
        archive.writestr("g/version", "3\n")
        archive.writestr("g/data/0", record)
    return path


@pytest.mark.parametrize(
    "numel, size, stride, sentence",
    [
        (4, (10**12, 1, 4, 4), (0, 0, 0, 0), "claims more numbers than it holds"),
        (4, (4, 64, 64, 64), (0, 0, 0, 0), "claims more numbers than it holds"),
        (10**6, (4,), (1,), "damaged"),
        (10**15, (4,), (1,), "damaged"),
        (4, (10**9,), (1,), "damaged"),
        (-4, (4,), (1,), "damaged"),
        (4, (4,), (-1,), "damaged"),
        (2**70, (4,), (1,), "damaged"),
    ],
)  # fmt: skip
def test_lying_sizes_are_told(tmp_path: Path, numel: int, size: Any, stride: Any, sentence: str) -> None:
    assert sentence in told(lying(tmp_path / "lie.pth", numel, size, stride, b"\0" * 16))


def rezipped(path: Path, change: Callable[[zipfile.ZipFile, zipfile.ZipInfo, bytes], None]) -> Path:
    """The same file with its members written otherwise."""
    out = path.with_name("rezipped.pth")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            change(new, info, old.read(info))
    return out


def test_zip_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "G.pth", ExampleGenerator(3, 1).state_dict())

    def packed(new: zipfile.ZipFile, info: zipfile.ZipInfo, data: bytes) -> None:
        new.writestr(info.filename, b"\0" * 2**24 if info.filename.endswith("data/0") else data, zipfile.ZIP_DEFLATED)

    bomb = rezipped(path, packed)
    assert bomb.stat().st_size < 100_000 and "packed zip" in told(bomb)

    def plain(new: zipfile.ZipFile, info: zipfile.ZipInfo, data: bytes) -> None:
        new.writestr(info.filename, data)

    whole = rezipped(path, plain).read_bytes()
    read(tmp_path / "rezipped.pth")
    entry = whole.rindex(b"PK\x01\x02")  # in the directory at the end: the last member says that it is larger
    (tmp_path / "lie.pth").write_bytes(whole[: entry + 20] + struct.pack("<II", 2**31, 2**31) + whole[entry + 28 :])
    assert "parts do not fit its size" in told(tmp_path / "lie.pth")

    monkeypatch.setattr("gan_studio.importers.torch_file.MOST_MEMBERS", 3)
    assert "parts do not fit" in told(path)
    monkeypatch.setattr("gan_studio.importers.torch_file.MOST_MEMBERS", 1000)
    monkeypatch.setattr("gan_studio.importers.torch_file.MOST_PICKLE", 100)
    assert "parts do not fit" in told(path)


def test_members_of_the_same_name_and_other_zips_are_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.pth", "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02N.")
        archive.writestr("b/data.pkl", b"\x80\x02N.")
    assert "parts do not fit" in told(tmp_path / "twice.pth")
    with zipfile.ZipFile(tmp_path / "other.pth", "w") as archive:
        archive.writestr("a.txt", json.dumps({}))
    assert "something else than weights" in told(tmp_path / "other.pth")


def test_the_shelf_describes_itself() -> None:
    for entry in importers.FORMATS:
        assert entry.title and entry.about.endswith(".") and entry.paper
