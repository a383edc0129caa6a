"""Films of a run's samples, read back by other readers than wrote them."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_studio.config import ConfigError
from gan_studio.jobs import frames, timelapse
from gan_studio.jobs.events import Exported, Progress
from gan_studio.jobs.frames import read_frame
from gan_studio.jobs.pictures import GENERATED, PULL, REAL
from gan_studio.jobs.timelapse import FORMATS, Film, Stock, captioned, file_format, stock
from gan_studio.runs import create

PLAIN = {"caption": False, "hold": 0.0}
STEPS = list(range(0, 90, 10))


def colour(step: int) -> tuple[int, int, int]:
    return (2 * step, 250 - 2 * step, 40)


def painted(step: int, width: int = 21, height: int = 15) -> np.ndarray:
    """[H, W, 3] of one colour, with one white pixel in the corner: it shows the zoom."""
    picture = np.full((height, width, 3), colour(step), np.uint8)
    picture[0, 0] = 255
    return picture


@pytest.fixture
def run(tmp_path):
    run = create(tmp_path, "Blobs", {})
    for step in STEPS:
        Image.fromarray(painted(step)).save(run.folder / f"samples/step-{step:08d}.png")
        Image.fromarray(255 - painted(step)).save(run.folder / f"samples/raw-{step:08d}.png")
    return run


def write(run, path: Path, **options) -> list:
    return list(timelapse.timelapse(run, path, Film.parse(PLAIN | options)))


def read(path: Path) -> tuple[list[np.ndarray], list[int]]:
    """All frames [H, W, 3] and their durations in ms, as Pillow reads them."""
    with Image.open(path) as film:
        shown, lasted = [], []
        for i in range(film.n_frames):
            film.seek(i)
            shown.append(np.asarray(film.convert("RGB")))
            lasted.append(film.info["duration"])
    return shown, lasted


def read_video(path: Path) -> tuple[list[np.ndarray], float]:
    import av

    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)], float(stream.average_rate)


# --- the files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_holds_every_step(run, tmp_path, ending):
    events = write(run, tmp_path / f"film{ending}", frames_per_second=10)
    assert events[-1] == Exported(tmp_path / f"film{ending}")
    assert [(e.done, e.total) for e in events[:-1]] == [(done, 9) for done in range(10)]
    shown, _ = read_video(tmp_path / f"film{ending}") if ending == ".mp4" else read(tmp_path / f"film{ending}")
    assert len(shown) == len(STEPS)
    for step, frame in zip(STEPS, shown, strict=True):
        assert frame[8, 12] == pytest.approx(np.array(colour(step)), abs=12), step
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [f"film{ending}"]


@pytest.mark.parametrize("ending", [".gif", ".webp", ".apng"])
def test_pixels_stay_crisp_when_they_are_zoomed(run, tmp_path, ending):
    write(run, tmp_path / f"film{ending}", zoom=3, last=20)
    shown, _ = read(tmp_path / f"film{ending}")
    assert shown[0].shape == (45, 63, 3)
    white = shown[0].min(axis=2) > 170  # a WebP is a little blurred
    assert white[:2, :2].all() and not white[4:].any() and not white[:, 4:].any()
    assert white[2, 2] or ending == ".webp"


def test_a_gif_has_its_exact_colours_and_plays_for_ever(run, tmp_path):
    write(run, tmp_path / "film.gif")
    shown, _ = read(tmp_path / "film.gif")
    for step, frame in zip(STEPS, shown, strict=True):
        assert np.abs(frame.astype(int) - painted(step)).max() <= 3
    with Image.open(tmp_path / "film.gif") as film:
        assert film.info["loop"] == 0


@pytest.mark.parametrize("ending", [".gif", ".apng"])
def test_greys_are_kept_exactly(tmp_path, ending):
    run = create(tmp_path, "Grey", {})
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(pixels).save(run.folder / "samples/step-00000000.png")
    write(run, tmp_path / f"film{ending}")
    assert np.array_equal(read(tmp_path / f"film{ending}")[0][0], np.stack([pixels] * 3, axis=2))


def test_an_apng_keeps_every_pixel_and_plays_for_ever(run, tmp_path):
    """Noise, which no palette and no loss would bring back; read by Pillow and by FFmpeg."""
    noise = np.random.default_rng(0).integers(0, 256, (len(STEPS), 150, 210, 3), np.uint8)  # more than one IDAT each
    for step, picture in zip(STEPS, noise, strict=True):
        Image.fromarray(picture).save(run.folder / f"samples/step-{step:08d}.png")
    path = tmp_path / "film.apng"
    write(run, path, frames_per_second=24, hold=1.0)
    shown, lasted = read(path)
    np.testing.assert_array_equal(shown, noise)
    assert lasted == pytest.approx([1000 / 24] * 8 + [1000 / 24 + 1000])
    with Image.open(path) as film:
        assert film.format == "PNG" and film.info["loop"] == 0
    av = pytest.importorskip("av")
    with av.open(str(path)) as film:
        decoded = [(frame.to_ndarray(format="rgb24"), frame.time) for frame in film.decode(video=0)]
    np.testing.assert_array_equal([picture for picture, _ in decoded], noise)
    assert [time for _, time in decoded] == pytest.approx([i / 24 for i in range(9)], abs=1e-3)


def test_a_viewer_that_knows_no_apng_shows_the_first_frame(run, tmp_path):
    """Each chunk's checksum is right, and what is not of the animation is a plain PNG."""
    write(run, tmp_path / "film.apng")
    data, place, plain = (tmp_path / "film.apng").read_bytes(), 8, b""
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        chunk = data[place : place + 12 + length]
        assert zlib.crc32(chunk[4:-4]) == struct.unpack(">I", chunk[-4:])[0]
        plain += b"" if chunk[4:8] in (b"acTL", b"fcTL", b"fdAT") else chunk
        place += len(chunk)
    with Image.open(io.BytesIO(data[:8] + plain)) as still:
        np.testing.assert_array_equal(still, painted(0))


@pytest.mark.parametrize("ending", [".gif", ".webp", ".apng"])
@pytest.mark.parametrize("rate", [7, 12, 30])
def test_rounded_durations_add_up(run, tmp_path, ending, rate):
    write(run, tmp_path / f"film{ending}", frames_per_second=rate, hold=1.5)
    _, lasted = read(tmp_path / f"film{ending}")
    assert sum(lasted) == pytest.approx(1000 * (9 / rate + 1.5), abs=10)
    assert max(lasted[:-1]) - min(lasted[:-1]) <= 10 and lasted[-1] > 1500


def test_a_video_has_even_sides_and_holds_its_end(run, tmp_path):
    write(run, tmp_path / "film.mp4", frames_per_second=10, hold=1.0)
    shown, rate = read_video(tmp_path / "film.mp4")
    assert rate == 10 and len(shown) == 9 + 10
    assert shown[0].shape == (16, 22, 3)
    assert shown[-1][8, 12] == pytest.approx(np.array(colour(80)), abs=12)


def test_a_video_needs_an_extra(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"pip install 'gan-studio\[video\]'"):
        write(run, tmp_path / "film.mp4")
    assert not list(tmp_path.glob("*film*"))


# --- which frames ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, STEPS),
        ({"first": 20, "last": 55}, [20, 30, 40, 50]),
        ({"every": 3}, [0, 30, 60, 80]),  # the last one is always in it
        ({"first": 15, "every": 2, "last": 70}, [20, 40, 60, 70]),
    ],
)
def test_steps_are_chosen(run, tmp_path, options, steps):
    assert stock(run).taken(Film.parse(options)) == steps
    write(run, tmp_path / "film.gif", **options)
    assert len(read(tmp_path / "film.gif")[0]) == len(steps)


def test_raw_weights(run, tmp_path):
    write(run, tmp_path / "film.gif", raw=True, last=10)
    assert read(tmp_path / "film.gif")[0][1][8, 12] == pytest.approx(255 - np.array(colour(10)), abs=3)


def test_a_damaged_frame_is_left_out(run, tmp_path):
    (run.folder / "samples/step-00000080.png").write_bytes(b"no")
    (run.folder / "samples/step-00000030.png").unlink()
    write(run, tmp_path / "film.gif", hold=1.0)
    shown, lasted = read(tmp_path / "film.gif")
    assert len(shown) == 7 and lasted[-1] > 1000  # the last one that could be read stays


def test_a_frame_of_another_size_is_fitted(run, tmp_path):
    Image.fromarray(painted(40, 42, 30)).save(run.folder / "samples/step-00000040.png")
    write(run, tmp_path / "film.gif")
    assert {frame.shape for frame in read(tmp_path / "film.gif")[0]} == {(15, 21, 3)}


def test_clear_pictures_are_laid_on_black(tmp_path):
    run = create(tmp_path, "Clear", {})
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[..., 0], pixels[:4, :, 3] = 200, 255
    Image.fromarray(pixels).save(run.folder / "samples/step-00000000.png")
    write(run, tmp_path / "film.gif")
    frame = read(tmp_path / "film.gif")[0][0]
    assert tuple(frame[1, 1]) == (200, 0, 0) and tuple(frame[6, 6]) == (0, 0, 0)


def test_points_are_drawn_on_one_plane(tmp_path):
    """The middle of the points moves to the right, and the extent stays."""
    run = create(tmp_path, "Points", {})
    np.save(run.folder / "real.npy", np.array([[0.0, 1.0], [0.0, -1.0]], np.float32))
    for step in (0, 1, 2):
        np.savez(
            run.folder / f"samples/step-{step:08d}.npz",
            points=np.full((50, 2), (0.5 * step, 0), np.float32),
            logits=np.full((4, 4), 5.0, np.float32),
            extent=2.0,
        )
    write(run, tmp_path / "film.gif")
    shown, _ = read(tmp_path / "film.gif")
    assert shown[0].shape == (512, 512, 3)
    dark = [np.argwhere(frame.max(axis=2) < 100).mean(axis=0) for frame in shown]
    assert [place[1] for place in dark] == pytest.approx([256, 320, 384], abs=4)
    assert shown[0][10, 10, 2] > shown[0][10, 10, 0] + 50  # D takes all of it for real: blue


def near(frame: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels of about this colour."""
    return int((np.abs(frame.astype(int) - colour).max(axis=2) < 40).sum())


def test_the_layers_of_the_plane_are_a_choice(tmp_path):
    run = create(tmp_path, "Points", {})
    np.save(run.folder / "real.npy", np.array([[0.0, 1.8], [0.0, -1.8]], np.float32))
    away = np.linspace(-1.5, 1.5, 7, dtype=np.float32)
    np.savez(
        run.folder / "samples/step-00000000.npz",
        points=np.stack([away, np.zeros(7, np.float32)], axis=1),
        logits=np.full((4, 4), 5.0, np.float32),
        extent=2.0,
        pull=np.tile(np.float32([0, 3]), (7, 1)),  # upwards
        warped=np.stack(np.meshgrid(away, away / 2 - 1), axis=2),  # in the lower half
    )
    assert stock(run).layers == timelapse.LAYERS
    nothing = dict.fromkeys(timelapse.LAYERS, False)

    def drawn(**layers: bool) -> np.ndarray:
        return np.asarray(timelapse.Sheet(run, Film.parse(PLAIN | nothing | layers)).draw(read_frame(run, 0)))

    assert (drawn() == 255).all()
    assert near(drawn(real=True), REAL) > 10 and near(drawn(generated=True), GENERATED) > 20
    assert (drawn(landscape=True)[:, :, 2] > drawn(landscape=True)[:, :, 0] + 50).all()
    assert near(drawn(arrows=True), PULL) > 200
    up = np.argwhere(drawn(arrows=True).min(axis=2) < 120)
    assert len(up) > 200 and up[:, 0].max() <= 257 and up[:, 0].min() == pytest.approx(256 - 0.1 * 512, abs=2)
    mesh = np.argwhere(drawn(grid=True).min(axis=2) < 200)
    assert len(mesh) > 1000 and mesh[:, 0].min() == pytest.approx(256 + 0.25 * 256 / 2, abs=3)
    assert (drawn(grid=True) != drawn()).any() and (drawn(**dict.fromkeys(nothing, True)) != drawn()).any()


def test_arrows_belong_to_the_points_of_the_average(tmp_path):
    run = create(tmp_path, "Points", {})
    points, pull = np.zeros((4, 2), np.float32), np.ones((4, 2), np.float32)
    logits = np.zeros((4, 4), np.float32)
    np.savez(run.folder / "samples/step-00000000.npz", points=points, raw=points, logits=logits, extent=2.0, pull=pull)
    frame, choices = read_frame(run, 0), PLAIN | {"generated": False, "landscape": False}
    by_average, by_own = (timelapse.Sheet(run, Film.parse(choices | {"raw": raw})).draw(frame) for raw in (False, True))
    assert np.asarray(by_average).min() < 200 and np.asarray(by_own).min() == 255


# --- the caption -----------------------------------------------------------------------------------------------------


def test_the_caption_stands_beneath_the_picture(run, tmp_path):
    write(run, tmp_path / "film.gif", caption=True, zoom=10)
    frame = read(tmp_path / "film.gif")[0][0]
    assert frame.shape[:2] == tuple(reversed(stock(run).film_size(Film(zoom=10))))
    assert frame[:150].shape[0] == 150 and frame[5, 100] == pytest.approx(np.array(colour(0)), abs=3)
    line = frame[150:].astype(int)
    left, right = line[:, :105], line[:, 105:]
    assert line[0, 0].max() < 40 and left.max() > 150 and right.max() > 150  # a dark ground; title and step


@pytest.mark.parametrize("width", [8, 60, 2000])
def test_a_long_title_leaves_room_for_the_step(width):
    picture = captioned(Image.new("L", (width, 20)), "A title that is far too long " * 20, 1_234_567, (0, 255))
    assert picture.width == width and picture.height > 20


# --- faults ----------------------------------------------------------------------------------------------------------


def test_a_name_without_a_format_is_refused(run, tmp_path):
    with pytest.raises(ConfigError, match=r"\.gif, \.webp, \.apng, \.mp4"):
        write(run, tmp_path / "film.avi")


def test_a_run_without_samples_says_so(run, tmp_path):
    with pytest.raises(ConfigError, match="No samples"):
        write(create(tmp_path, "Empty", {}), tmp_path / "film.gif")
    with pytest.raises(ConfigError, match="No samples"):
        write(run, tmp_path / "film.gif", first=1000)
    for step in STEPS:
        (run.folder / f"samples/step-{step:08d}.png").write_bytes(b"no")
    with pytest.raises(ConfigError, match="can be read"):
        write(run, tmp_path / "film.gif")
    assert not list(tmp_path.glob("*film*")) and stock(run) == Stock(STEPS)


def test_a_folder_that_is_not_there_is_a_sentence(run, tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        write(run, tmp_path / "nowhere" / "film.gif")


def test_a_film_too_large_is_refused_before_memory_is_gone(tmp_path, monkeypatch):
    monkeypatch.delattr(timelapse.Sheet, "_picture")
    run = create(tmp_path, "Large", {})
    Image.new("RGB", (3000, 10)).save(run.folder / "samples/step-00000000.png")
    with pytest.raises(ConfigError, match="zoom less"):
        write(run, tmp_path / "film.gif", zoom=16)


@pytest.mark.parametrize("ending", FORMATS)
def test_cancelling_leaves_nothing_and_the_old_file(run, tmp_path, ending):
    path = tmp_path / f"film{ending}"
    path.write_text("old")
    job = timelapse.timelapse(run, path, Film())
    for event in job:
        if isinstance(event, Progress) and event.done == 4:
            break
    job.close()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [path.name]


def test_a_full_disk_leaves_nothing(run, tmp_path, monkeypatch):
    def full(self, picture, seconds):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(timelapse.Gif, "add", full)
    with pytest.raises(ConfigError, match="No space left"):
        write(run, tmp_path / "film.gif")
    assert not list(tmp_path.glob("*film*"))


def test_a_run_that_is_being_written_may_lose_frames(run, tmp_path, monkeypatch):
    """Steps that a resumption takes back while the film is written are left out."""
    monkeypatch.setattr(timelapse, "read_frame", lambda run, step: frames.read_frame(run, step) if step < 50 else None)
    write(run, tmp_path / "film.gif")
    assert len(read(tmp_path / "film.gif")[0]) == 5


def test_options_out_of_range_are_sentences():
    for options in ({"frames_per_second": 0}, {"zoom": 99}, {"every": 0}, {"hold": -1}, {"fast": True}):
        with pytest.raises(ConfigError):
            Film.parse(options)


def test_formats_say_what_they_are():
    assert all(made.title and made.about for made in FORMATS.values())
    assert file_format(Path("A.GIF")) is timelapse.Gif
