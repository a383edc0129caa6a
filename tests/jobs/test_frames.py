"""What was drawn is read back as it was shown, from today's folders and older ones, whatever happened to the files."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_studio import images, runs
from gan_studio.data.digits import Digits
from gan_studio.data.toy2d import Ring, Toy2D
from gan_studio.jobs.events import Landscape, Samples
from gan_studio.jobs.frames import Frame, frame_steps, read_frame, read_real
from gan_studio.jobs.shown import Drawn, Shown, shown
from gan_studio.jobs.together import exhausted

RNG = np.random.default_rng(0)


@pytest.fixture
def run(tmp_path: Path) -> runs.Run:
    return runs.create(tmp_path, "drawn", {})


@pytest.fixture(scope="module")
def pictures() -> Shown:
    return shown(exhausted(Digits(size=16).prepare()), 9, 0)


@pytest.fixture(scope="module")
def points() -> Shown:
    return shown(exhausted(Toy2D(distribution=Ring()).prepare()), 9, 0)


def drawn_pictures(step: int, channels: int = 1, raw: bool = True) -> Drawn:
    array = RNG.integers(0, 256, (2, 9, 8, 8, channels), np.uint8)
    return Drawn(Samples(step, array[0], array[1] if raw else None), None, {})


def drawn_points(step: int, raw: bool = True) -> Drawn:
    def plane(*shape: int) -> np.ndarray:
        return RNG.normal(size=(*shape, 2)).astype(np.float32)

    logits = RNG.normal(size=(64, 64)).astype(np.float32)
    landscape = Landscape(step, logits, 1.5, plane(400), plane(21, 21))
    return Drawn(Samples(step, plane(2500), plane(2500) if raw else None), landscape, {})


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("raw", [True, False])
def test_pictures_come_back_as_one_grid(run: runs.Run, pictures: Shown, channels: int, raw: bool) -> None:
    drawn = drawn_pictures(300, channels, raw)
    pictures.keep(run, drawn)
    frame = read_frame(run, 300)
    assert frame and frame.step == 300 and frame.landscape is None
    np.testing.assert_array_equal(frame.array, images.grid(drawn.samples.array)[None])
    if raw:
        assert drawn.samples.raw is not None and frame.raw is not None
        np.testing.assert_array_equal(frame.raw, images.grid(drawn.samples.raw)[None])
        assert (again := read_frame(run, 300, raw=False)) and again.raw is None
    else:
        assert frame.raw is None
    assert frame_steps(run) == [300]


@pytest.mark.parametrize("raw", [True, False])
def test_points_come_back_with_the_plane(run: runs.Run, points: Shown, raw: bool) -> None:
    drawn = drawn_points(7, raw)
    points.keep(run, drawn)
    frame = read_frame(run, 7)
    assert frame and frame.landscape and drawn.landscape
    np.testing.assert_array_equal(frame.array, drawn.samples.array)
    assert (frame.raw is None) != raw
    assert frame.landscape.extent == 1.5 and frame.landscape.step == 7
    np.testing.assert_allclose(frame.landscape.logits, drawn.landscape.logits, rtol=1e-3, atol=1e-6)
    for name in ("pull", "warped"):
        np.testing.assert_array_equal(getattr(frame.landscape, name), getattr(drawn.landscape, name))
    assert [path.name for path in run.samples()] == ["step-00000007.npz"]


def test_logits_beyond_half_precision_are_kept_finite(run: runs.Run, points: Shown) -> None:
    drawn = drawn_points(7)
    assert drawn.landscape
    drawn.landscape.logits[0, :2] = 1e30, -1e30
    points.keep(run, drawn)
    frame = read_frame(run, 7)
    assert frame and frame.landscape
    assert frame.landscape.logits[0, :2].tolist() == [65504, -65504]


def test_what_older_versions_wrote_is_read(run: runs.Run) -> None:
    points = RNG.normal(size=(50, 2)).astype(np.float32)
    for step in (0, 100):
        np.save(run.folder / "samples" / f"step-{step:08d}.npy", points + step)
    np.savez(run.folder / "landscape.npz", logits=np.eye(64, dtype=np.float32), extent=2.0)
    first, newest = read_frame(run, 0), read_frame(run, 100)
    assert first and newest and first.landscape is None and newest.landscape  # of the newest alone
    np.testing.assert_array_equal(first.array, points)
    np.testing.assert_array_equal(newest.array, points + 100)
    assert newest.landscape.extent == 2 and newest.landscape.pull is None and newest.landscape.warped is None


def test_the_real_ones_stand_beside(run: runs.Run, points: Shown, pictures: Shown) -> None:
    assert read_real(run) is None
    real = points.real().array
    points.keep_real(run, real)
    found = read_real(run)
    assert found is not None and found.shape == (2500, 2)
    np.testing.assert_array_equal(found, real)
    grid = pictures.real().array
    pictures.keep_real(run, grid)
    found = read_real(run)
    assert found is not None
    np.testing.assert_array_equal(found, images.grid(grid)[None])
    (run.folder / "real.png").write_bytes(b"")
    (run.folder / "real.npy").write_bytes(b"\x93NUMPY")
    assert read_real(run) is None


def test_only_names_are_read_for_the_steps(run: runs.Run) -> None:
    ours = ["step-00000300.png", "step-00000020.npz", "step-00000001.npy", "step-00000020.png"]
    others = ["raw-00000400.png", "step-1.tmp", ".step-00000009.png.ab.tmp", "step-x.png", "notes.txt", "step-00000005"]
    for name in ours + others:
        (run.folder / "samples" / name).touch()
    assert frame_steps(run) == [1, 20, 300]
    assert frame_steps(runs.Run(run.folder / "nowhere")) == []


@pytest.mark.parametrize("kind", ["pictures", "points"])
def test_damage_is_no_frame_or_the_same_one(run: runs.Run, pictures: Shown, points: Shown, kind: str) -> None:
    """Cut off anywhere, or with any byte spoilt: never an exception, and never another shape."""
    of_pictures = kind == "pictures"
    (pictures if of_pictures else points).keep(run, drawn_pictures(1) if of_pictures else drawn_points(1))
    (path,) = run.samples()
    whole, expected = path.read_bytes(), read_frame(run, 1)
    assert expected
    size = len(whole)
    damaged = [whole[:keep] for keep in range(0, size, max(1, size // 40))]
    damaged += [whole[:at] + bytes([whole[at] ^ 42]) + whole[at + 1 :] for at in range(0, size, max(1, size // 80))]
    lost = 0
    for data in damaged:
        path.write_bytes(data)
        frame = read_frame(run, 1)
        assert frame is None or frame.array.shape == expected.array.shape
        lost += frame is None
    assert lost > 30
    path.unlink()
    assert read_frame(run, 1) is None


def test_files_of_others_are_no_frames(run: runs.Run, points: Shown) -> None:
    path = run.folder / "samples" / "step-00000001.png"
    Image.new("CMYK", (4, 4)).save(path, "TIFF")
    assert read_frame(run, 1) is None
    path.write_bytes(bomb())
    assert read_frame(run, 1) is None
    path.unlink()
    for arrays in ({"points": np.zeros((3, 3))}, {"logits": np.zeros((2, 2))}, {"points": np.array(["text"])}):
        np.savez(path.with_suffix(".npz"), **arrays)
        assert read_frame(run, 1) is None
    np.savez(path.with_suffix(".npz"), points=np.zeros((3, 2)), logits=np.zeros((2, 3)), extent=1.0)
    assert read_frame(run, 1) is None
    np.savez(path.with_suffix(".npz"), points=np.array([{"a": 1}]), allow_pickle=True)
    assert read_frame(run, 1) is None


def bomb() -> bytes:
    """A PNG that says it has 900 million pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_many_threads_read_at_once(run: runs.Run, pictures: Shown, points: Shown) -> None:
    for step in range(20):
        (points if step % 2 else pictures).keep(run, drawn_points(step) if step % 2 else drawn_pictures(step))
    alone = [read_frame(run, step) for step in range(20)]

    def same(step: int) -> bool:
        frame, expected = read_frame(run, step), alone[step]
        assert isinstance(frame, Frame) and isinstance(expected, Frame)
        return np.array_equal(frame.array, expected.array)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(same, [step for step in range(20) for _ in range(10)]))


def test_reading_needs_no_torch() -> None:
    code = "import sys, gan_studio.jobs.frames; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
