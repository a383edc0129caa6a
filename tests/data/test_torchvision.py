"""Tiny files in the exact formats, read by torchvision itself; fetched from a folder instead of the internet."""

import gzip
import hashlib
import io
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image
from torchvision import datasets

from gan_studio.config import ConfigError
from gan_studio.data import torchvision_sets
from gan_studio.data.torchvision_sets import SETS, TorchvisionSet, download, names
from gan_studio.images import to_uint8

RNG = np.random.default_rng(0)
N = 20


@pytest.fixture(autouse=True)
def own_folders_here(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_STUDIO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GAN_STUDIO_DATA", str(tmp_path / "data"))
    (tmp_path / "site").mkdir()


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "data"


def finish(steps):
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return end.value, told


def prepared(name, **options):
    return finish(TorchvisionSet(name=name, **options).prepare())[0]


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def idx(values: np.ndarray) -> bytes:
    """The IDX format: two zeros, 8 for bytes, the number of axes, their lengths in big-endian order, the values."""
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def tarred(folder: str, files: dict[str, bytes]) -> bytes:
    box = io.BytesIO()
    with tarfile.open(fileobj=box, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return box.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
    return box.getvalue()


# --- each site, in small: puts its files down, and its checksums into torchvision ---


def mnist_site(site, monkeypatch, kind):
    truth, resources = {}, []
    for part, split in (("train", "train"), ("t10k", "test")):
        pixels, labels = RNG.integers(0, 256, (N, 28, 28), np.uint8), RNG.integers(0, 10, N, np.uint8)
        truth[split] = (pixels[..., None], labels)
        for what, values in (("images-idx3", pixels), ("labels-idx1", labels)):
            data = gzip.compress(idx(values))
            (site / f"{part}-{what}-ubyte.gz").write_bytes(data)
            resources.append((f"{part}-{what}-ubyte.gz", md5(data)))
    monkeypatch.setattr(kind, "mirrors", [site.as_uri() + "/nowhere/", site.as_uri() + "/"])
    monkeypatch.setattr(kind, "resources", resources)
    return truth


def emnist_site(site, monkeypatch, part):
    truth, files = {}, {}
    first = 1 if part == "letters" else 0
    for split in ("train", "test"):
        pixels, labels = RNG.integers(0, 256, (N, 28, 28), np.uint8), RNG.integers(first, 10, N, np.uint8)
        truth[split] = (pixels.transpose(0, 2, 1)[..., None], labels - first)
        files[f"gzip/emnist-{part}-{split}-images-idx3-ubyte.gz"] = gzip.compress(idx(pixels))
        files[f"gzip/emnist-{part}-{split}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels))
    data = zipped(files)
    (site / "gzip.zip").write_bytes(data)
    monkeypatch.setattr(datasets.EMNIST, "url", (site / "gzip.zip").as_uri())
    monkeypatch.setattr(datasets.EMNIST, "md5", md5(data))
    return truth


def cifar_site(site, monkeypatch, kind, label_key):
    lists = {"train": kind.train_list, "test": kind.test_list}
    files, truth, sums = {}, {}, {}
    for split, batches in lists.items():
        pixels = RNG.integers(0, 256, (len(batches), N, 3, 32, 32), np.uint8)
        labels = RNG.integers(0, 10, (len(batches), N))
        truth[split] = (pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels.ravel())
        for (name, _), x, y in zip(batches, pixels, labels, strict=True):
            files[name] = pickle.dumps({"data": x.reshape(N, -1), label_key: y.tolist()}, protocol=2)
        sums[split] = [[name, md5(files[name])] for name, _ in batches]
    meta = kind.meta["filename"]
    files[meta] = pickle.dumps({kind.meta["key"]: [f"class {i}" for i in range(10)]}, protocol=2)
    data = tarred(kind.base_folder, files)
    (site / kind.filename).write_bytes(data)
    monkeypatch.setattr(kind, "url", (site / kind.filename).as_uri())
    monkeypatch.setattr(kind, "tgz_md5", md5(data))
    monkeypatch.setattr(kind, "train_list", sums["train"])
    monkeypatch.setattr(kind, "test_list", sums["test"])
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": md5(files[meta])})
    return truth


def svhn_site(site, monkeypatch):
    truth, parts = {}, {}
    for split in ("train", "test"):
        pixels, labels = RNG.integers(0, 256, (N, 32, 32, 3), np.uint8), np.arange(N) % 10
        truth[split] = (pixels, labels)
        file = site / f"{split}_32x32.mat"
        ten_for_zero = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        scipy.io.savemat(file, {"X": pixels.transpose(1, 2, 3, 0), "y": ten_for_zero})
        parts[split] = [file.as_uri(), file.name, md5(file.read_bytes())]
    monkeypatch.setattr(datasets.SVHN, "split_list", parts)
    return truth


def stl10_site(site, monkeypatch):
    kind, files, truth = datasets.STL10, {}, {}
    for split, name in (("train", "train"), ("test", "test"), ("unlabelled", "unlabeled")):
        pixels, labels = RNG.integers(0, 256, (N, 96, 96, 3), np.uint8), RNG.integers(0, 10, N, np.uint8)
        truth[split] = (pixels, None if split == "unlabelled" else labels)
        files[f"{name}_X.bin"] = pixels.transpose(0, 3, 2, 1).tobytes()  # column by column
        files[f"{name}_y.bin"] = (labels + 1).tobytes()
    del files["unlabeled_y.bin"]
    files["class_names.txt"] = "\n".join(f"class {i}" for i in range(10)).encode()
    data = tarred(kind.base_folder, files)
    (site / kind.filename).write_bytes(data)
    monkeypatch.setattr(kind, "url", (site / kind.filename).as_uri())
    monkeypatch.setattr(kind, "tgz_md5", md5(data))
    for which in ("train_list", "test_list"):
        monkeypatch.setattr(kind, which, [[name, md5(files[name])] for name, _ in getattr(kind, which)])
    return truth


def celeba_site(site, monkeypatch):
    jpegs, pixels = {}, []
    for i in range(3 * N):
        file = io.BytesIO()
        Image.new("RGB", (178, 218), (4 * i, 100, 50)).save(file, "JPEG", quality=95)
        jpegs[f"{i + 1:06}.jpg"] = file.getvalue()
        pixels.append(4 * i)
    attributes = RNG.choice([-1, 1], (3 * N, 2))
    rows = [f"{name} {a:2d} {b:2d}" for name, (a, b) in zip(jpegs, attributes, strict=True)]
    four = "\n".join(f"{name} 1 2 3 4" for name in jpegs)
    ten = "\n".join(f"{name} 1 2 3 4 5 6 7 8 9 10" for name in jpegs)
    files = {
        "img_align_celeba.zip": zipped({f"img_align_celeba/{name}": data for name, data in jpegs.items()}),
        "list_attr_celeba.txt": f"{3 * N}\nSmiling Young \n{chr(10).join(rows)}\n".encode(),
        "identity_CelebA.txt": "\n".join(f"{name} 7" for name in jpegs).encode(),
        "list_bbox_celeba.txt": f"{3 * N}\nimage_id x_1 y_1 width height\n{four}\n".encode(),
        "list_landmarks_align_celeba.txt": f"{3 * N}\nlefteye_x lefteye_y\n{ten}\n".encode(),
        "list_eval_partition.txt": "\n".join(f"{name} {i // N}" for i, name in enumerate(jpegs)).encode(),
    }
    for name, data in files.items():
        (site / name).write_bytes(data)
    sums = [(name, md5(files[name]), name) for _, _, name in datasets.CelebA.file_list]
    monkeypatch.setattr(datasets.CelebA, "file_list", sums)
    monkeypatch.setattr(torchvision_sets, "CELEBA_SITE", site.as_uri() + "/")
    return np.array(pixels), (attributes + 1) // 2


def site_of(name, site, monkeypatch):
    families = {"mnist": datasets.MNIST, "fashion-mnist": datasets.FashionMNIST, "kmnist": datasets.KMNIST}
    if name in families:
        return mnist_site(site, monkeypatch, families[name])
    if name.startswith("emnist"):
        return emnist_site(site, monkeypatch, name.removeprefix("emnist-"))
    if name == "cifar10":
        return cifar_site(site, monkeypatch, datasets.CIFAR10, "labels")
    if name == "cifar100":
        return cifar_site(site, monkeypatch, datasets.CIFAR100, "fine_labels")
    return {"svhn": svhn_site, "stl10": stl10_site}[name](site, monkeypatch)


NATIVE = dict.fromkeys(names(), 32) | dict.fromkeys([n for n in names() if "mnist" in n], 28) | {"stl10": 96}


@pytest.mark.parametrize("name", [name for name in names() if name != "celeba"])
def test_downloaded_and_read_pixel_by_pixel(name, tmp_path, monkeypatch, root):
    truth = site_of(name, tmp_path / "site", monkeypatch)
    options = {"name": name, "size": NATIVE[name], "augment": {}}
    with pytest.raises(ConfigError, match=rf"not on this computer: press Download.*data download {name}"):
        finish(TorchvisionSet(**options).prepare())

    _, told = finish(download(name))
    assert any(step.total and step.done == step.total for step in told)
    assert not list(root.rglob("*.part"))
    for split in SETS[name].splits:
        pixels, labels = truth[split] if split != "all" else tuple(map(np.concatenate, zip(*_two(truth), strict=True)))
        dataset = prepared(split=split, **options)
        assert (dataset.pixels.transpose(0, 2, 3, 1) == pixels).all()
        assert dataset.shape == TorchvisionSet(**options).shape()
        batch = dataset.batch(7, 0, 0)
        if labels is None:
            assert batch.y is None and dataset.classes == ()
        else:
            same = (to_uint8(batch.x)[:, None] == pixels[None]).all(axis=(2, 3, 4))  # [7, N]
            assert (labels[same.argmax(axis=1)] == batch.y.numpy()).all()
            assert len(dataset.classes) > batch.y.max()


def _two(truth):
    return truth["train"], truth["test"]


def test_celeba(tmp_path, monkeypatch, root):
    reds, attributes = celeba_site(tmp_path / "site", monkeypatch)
    dataset = prepared("celeba", split="all", size=64, download=True)
    assert dataset.size == 3 * N and dataset.shape == (3, 64, 64) and dataset.classes == ()
    assert abs(dataset.pixels[:, 0, 32, 32] - reds).max() < 4
    assert dataset.attributes == {"Smiling": ("no", "yes"), "Young": ("no", "yes")}
    batch = dataset.batch(10, 0, 0)
    which = abs(to_uint8(batch.x)[:, 32, 32, 0, None].astype(int) - reds[None]).argmin(axis=1)
    assert (batch.attributes["Smiling"].numpy() == attributes[which, 0]).all()
    assert (batch.attributes["Young"].numpy() == attributes[which, 1]).all()
    assert prepared("celeba", split="test").size == N
    (root / "celeba" / "img_align_celeba" / "000003.jpg").write_bytes(b"broken")
    os.utime(root / "celeba" / "img_align_celeba", (0, 0))
    assert prepared("celeba", split="train").size == N - 1


def test_sizes_are_made_when_it_is_read(tmp_path, monkeypatch):
    site_of("mnist", tmp_path / "site", monkeypatch)
    finish(download("mnist"))
    assert prepared("mnist", size=16).batch(3, 0, 0).x.shape == (3, 1, 16, 16)
    cropped = prepared("mnist", size=32, augment={"crop": 0.125})
    assert cropped.pixels.shape == (N, 1, 36, 36) and cropped.shape == (1, 32, 32)


def test_the_second_time_nothing_is_read(tmp_path, monkeypatch):
    site_of("cifar10", tmp_path / "site", monkeypatch)
    first = prepared("cifar10", download=True)
    monkeypatch.setattr(SETS["cifar10"], "read", None)
    again = prepared("cifar10")
    assert (again.pixels == first.pixels).all() and again.classes == first.classes == tuple(
        f"class {i}" for i in range(10)
    )


def test_torchvision_is_not_imported_before_it_is_needed(tmp_path, monkeypatch):
    site_of("mnist", tmp_path / "site", monkeypatch)
    prepared("mnist", download=True)
    script = (
        "import sys; from gan_studio.data import SOURCES; source = SOURCES['torchvision']();\n"
        "for _ in source.prepare(): pass\n"
        "assert 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ)


# --- what goes wrong ---


def test_pickles_with_another_checksum_are_never_opened(tmp_path, monkeypatch, root):
    site_of("cifar10", tmp_path / "site", monkeypatch)
    finish(download("cifar10"))

    class Evil:
        def __reduce__(self):
            return (Path.write_text, (tmp_path / "owned", "x"))

    (root / "cifar-10-batches-py" / "data_batch_2").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ConfigError, match="damaged or incomplete"):
        prepared("cifar10")
    assert not (tmp_path / "owned").exists()
    finish(download("cifar10"))  # mends it
    assert prepared("cifar10").size == 5 * N


def test_damaged_files_are_a_sentence_and_mended_by_another_download(tmp_path, monkeypatch, root):
    site_of("mnist", tmp_path / "site", monkeypatch)
    finish(download("mnist"))
    file = root / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ConfigError, match=r"MNIST in .* is damaged or incomplete"):
        prepared("mnist")
    finish(download("mnist"))
    assert prepared("mnist").size == N


def test_a_wrong_file_is_thrown_away(tmp_path, monkeypatch, root):
    site_of("mnist", tmp_path / "site", monkeypatch)
    (tmp_path / "site" / "train-labels-idx1-ubyte.gz").write_bytes(b"<html>Sorry</html>")
    with pytest.raises(ConfigError, match=r"train-labels-idx1-ubyte\.gz could not be .*not the right file"):
        finish(download("mnist"))
    left = sorted(path.name for path in (root / "MNIST" / "raw").iterdir())
    assert left == ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"]


def test_no_network_is_a_sentence(monkeypatch):
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(ConfigError, match="See that you are online"):
        finish(download("mnist"))


def test_closing_cancels_a_download(tmp_path, monkeypatch, root):
    site_of("stl10", tmp_path / "site", monkeypatch)
    monkeypatch.setattr(torchvision_sets, "CHUNK_BYTES", 100)
    monkeypatch.setattr(torchvision_sets.time, "monotonic", iter(range(10**9)).__next__)
    steps = download("stl10")
    while (step := next(steps)).done < 500:
        pass
    assert step.total > 1000
    steps.close()
    assert [path.name for path in root.rglob("*")] == []


def test_closing_while_it_unpacks_leaves_no_half(tmp_path, monkeypatch, root):
    site_of("stl10", tmp_path / "site", monkeypatch)
    steps = download("stl10")
    while not next(steps).text.startswith("Unpacking"):
        pass
    steps.close()
    assert [path.name for path in root.iterdir()] == ["stl10_binary.tar.gz"]
    (tmp_path / "site" / "stl10_binary.tar.gz").unlink()  # not fetched again
    finish(download("stl10"))
    assert prepared("stl10").size == N


def test_unknown_names_and_parts():
    with pytest.raises(ConfigError, match="Did you mean 'mnist'"):
        finish(download("mnits"))
    with pytest.raises(ConfigError, match="MNIST has no part 'unlabelled'; choose train or test or all"):
        TorchvisionSet.parse({"name": "mnist", "split": "unlabelled"})
    assert TorchvisionSet.parse({"name": "stl10", "split": "unlabelled"}).split == "unlabelled"
    with pytest.raises(ConfigError, match="is none of"):
        TorchvisionSet.parse({"name": "imagenet"})


def test_every_name_has_a_set_that_torchvision_knows():
    assert set(names()) == set(SETS)
    for entry in SETS.values():
        for archive in entry.archives():
            assert len(archive.md5) == 32 and all(url.startswith("http") for url in archive.urls)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch):
    site_of("mnist", tmp_path / "site", monkeypatch)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written to"):
        finish(download("mnist", str(tmp_path / "file")))
