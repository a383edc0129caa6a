"""Galleries as files, read back by other readers than wrote them; cut off, on a full disk, and where something is."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from fpdf.fpdf import get_page_format
from PIL import Image
from PIL.PdfParser import PdfParser

from gan_studio import images
from gan_studio.config import ConfigError
from gan_studio.data.image_folder import ImageFolder
from gan_studio.directions import axis
from gan_studio.jobs.events import Exported, Progress
from gan_studio.jobs.explore import kept, latents, pictures, read_recipe, render, reopened, view_of
from gan_studio.jobs.gallery import BATCH, Sample, by_seeds, strips
from gan_studio.jobs.gallery_export import FORMS, export_gallery
from gan_studio.jobs.sheet import PAPERS, Book, Layout, Sheet, caption, layout, names, page_layout
from gan_studio.jobs.snapshots import open_snapshot

COUNT = BATCH + 4
ALL = [f"gallery{suffix}" for suffix in FORMS]
PLAIN = Sheet(captions=False, heading=False)


@pytest.fixture
def snapshot(picture_run):
    return open_snapshot(picture_run().folder, device="cpu")


@pytest.fixture
def samples(snapshot) -> list[Sample]:
    view = view_of(snapshot).with_values({"psi": 0.9}).edited(axis(0, 6), 1.5)
    return by_seeds(view, range(7, 7 + COUNT))


def drawn(snapshot, samples) -> np.ndarray:
    return np.stack([render(sample.view, snapshot) for sample in samples])  # [N, H, W, C]


def told(action, *arguments) -> str:
    """The one sentence of a ConfigError."""
    with pytest.raises(ConfigError) as error:
        action(*arguments)
    assert len(error.value.problems) == 1 and "\n" not in str(error.value)
    return str(error.value)


# --- all of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_progress_is_told_and_nothing_else_lies_there(snapshot, samples, tmp_path: Path, name: str) -> None:
    *events, last = export_gallery(snapshot, samples, tmp_path / name)
    assert last == Exported(tmp_path / name)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done[0] == 0 and done[-1] == COUNT and done == sorted(done) and len(done) == len(events)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", [name for name in ALL if "." in name])
def test_the_same_gallery_is_the_same_file(snapshot, samples, tmp_path: Path, name: str) -> None:
    list(export_gallery(snapshot, samples, tmp_path / name))
    before = (tmp_path / name).read_bytes()
    assert "there already" in told(list, export_gallery(snapshot, samples[:1], tmp_path / name))
    assert (tmp_path / name).read_bytes() == before
    list(export_gallery(snapshot, samples, tmp_path / name, replace=True))
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", ALL)
def test_a_cut_off_export_leaves_nothing(snapshot, samples, tmp_path: Path, name: str) -> None:
    work = export_gallery(snapshot, samples, tmp_path / name)
    for _ in range(2):
        assert isinstance(next(work), Progress)
    work.close()
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def little_room(count: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 100, 700])
@pytest.mark.parametrize("name", ALL)
def test_without_room_nothing_is_left_and_it_is_told(snapshot, samples, tmp_path: Path, name: str, room: int) -> None:
    with little_room(room):
        said = told(list, export_gallery(snapshot, samples, tmp_path / name))
    assert said.startswith(f"{tmp_path / name} cannot be written (File too large)")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ALL)
def test_a_full_disk_keeps_what_was_there(snapshot, samples, tmp_path: Path, name: str, monkeypatch) -> None:
    if "." in name:
        (tmp_path / name).write_bytes(b"before")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert "(No space left on device)" in told(list, export_gallery(snapshot, samples, tmp_path / name, None, True))
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([b"before"] if "." in name else [])


def test_a_folder_is_never_replaced(snapshot, samples, tmp_path: Path) -> None:
    for name in ALL:
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").touch()
        assert "there already" in told(list, export_gallery(snapshot, samples, tmp_path / name, None, True))
        assert (tmp_path / name / "mine").exists()


def test_bad_wishes_are_told(snapshot, samples, tmp_path: Path, picture_run) -> None:
    assert "ends in .png, .html, .pdf or .zip" in told(list, export_gallery(snapshot, samples, tmp_path / "a.bmp"))
    assert "no picture to write" in told(list, export_gallery(snapshot, [], tmp_path / "a.png"))
    nowhere = told(list, export_gallery(snapshot, samples, tmp_path / "no" / "a.pdf"))
    assert "cannot be written (No such file" in nowhere
    points = open_snapshot(picture_run({"data": {"kind": "toy2d"}}, title="Points").folder)
    assert "makes points" in told(list, export_gallery(points, samples, tmp_path / "a.png"))
    other = [Sample(samples[0].view.edited(axis(0, 4), 1.0))]
    assert "has 4 numbers" in told(list, export_gallery(snapshot, other, tmp_path / "a.zip"))
    assert list(tmp_path.iterdir()) == []


# --- a folder --------------------------------------------------------------------------------------------------------


def test_a_folder_holds_pictures_that_open_in_their_state(snapshot, samples, tmp_path: Path) -> None:
    list(export_gallery(snapshot, samples, tmp_path / "many"))
    assert len(list((tmp_path / "many").iterdir())) == 2 * COUNT
    for sample, picture in zip(samples, drawn(snapshot, samples), strict=True):
        file = tmp_path / "many" / f"seed-{sample.view.seed:06d}.png"
        with Image.open(file) as theirs:
            assert (np.asarray(theirs)[:, :, None] == picture).all()
        assert read_recipe(file) == read_recipe(file.with_suffix(".json")) == kept(sample.view, picture)
    again = reopened(file)
    assert again.is_exact and again.view == samples[-1].view


def test_files_are_named_by_seeds_only_where_these_tell_them_apart(snapshot, samples) -> None:
    assert names(samples[:2]) == ["seed-000007", "seed-000008"]
    assert names([samples[0], samples[0]]) == ["picture-00000", "picture-00001"]
    rows = strips(snapshot, [sample.view for sample in samples[:3]], 2)
    assert names(rows) == [f"picture-{i:05d}" for i in range(4)]


# --- a data set ------------------------------------------------------------------------------------------------------


def prepared(path: Path):
    work = ImageFolder(path=str(path), size=16, channels="grey").prepare()
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def in_order(dataset) -> np.ndarray:
    """All pictures of a data set [N, H, W, C] uint8, sorted by their bytes."""
    batch = images.to_uint8(dataset.batch(dataset.size, 0, 0).x)
    return np.array(sorted(batch.tolist()), np.uint8)


def test_a_data_set_is_read_by_our_own_source(snapshot, samples, tmp_path: Path) -> None:
    list(export_gallery(snapshot, samples, tmp_path / "set.zip"))
    dataset = prepared(tmp_path / "set.zip")
    assert dataset.size == COUNT and dataset.classes == () and dataset.skipped == ()
    assert (in_order(dataset) == np.array(sorted(drawn(snapshot, samples).tolist()), np.uint8)).all()


def test_a_data_set_has_stylegans_names_and_classes(snapshot, samples, tmp_path: Path) -> None:
    classes = [Sample(sample.view, label=i % 3) for i, sample in enumerate(samples)]
    list(export_gallery(snapshot, classes, tmp_path / "set.zip"))
    with zipfile.ZipFile(tmp_path / "set.zip") as file:
        assert file.testzip() is None
        rows = dict(json.loads(file.read("dataset.json"))["labels"])
        files = sorted(name for name in file.namelist() if name.endswith(".png"))
        assert files[0] == "00000/img00000000.png" and files == list(rows)  # as training/dataset.py looks them up
        assert [rows[name] for name in files] == [sample.label for sample in classes]
        (tmp_path / "one.png").write_bytes(file.read(files[5]))
    assert reopened(tmp_path / "one.png").view == samples[5].view
    dataset = prepared(tmp_path / "set.zip")
    assert dataset.classes == ("0", "1", "2") and dataset.counts == (12, 12, 12)

    half = [Sample(samples[0].view, label=1), *samples[1:]]
    list(export_gallery(snapshot, half, tmp_path / "half.zip"))
    with zipfile.ZipFile(tmp_path / "half.zip") as file:
        assert json.loads(file.read("dataset.json")) == {"labels": None}


# --- a page for browsers ---------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """What a page holds."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_pictures_in_a_page_open_in_their_state(snapshot, samples, tmp_path: Path) -> None:
    list(export_gallery(snapshot, samples, tmp_path / "page.html"))
    found = Reader((tmp_path / "page.html").read_text(encoding="utf-8"))
    tiles, links = found.all("img"), found.all("a")
    assert len(tiles) == len(links) == COUNT and "seed 7" in found.words
    for i in (0, COUNT - 1):
        kind, data = tiles[i]["src"].split(",")
        assert kind == "data:image/png;base64" and tiles[i]["width"] == "16" and tiles[i]["class"] == "crisp"
        (tmp_path / links[i]["download"]).write_bytes(base64.b64decode(data, validate=True))
        again = reopened(tmp_path / f"seed-{samples[i].view.seed:06d}.png")
        assert again.is_exact and again.view == samples[i].view


def test_a_page_asks_for_nothing_and_says_what_it_is_told(snapshot, samples, tmp_path: Path) -> None:
    snapshot.about["title"] = '<script>alert("1")</script> & co'
    list(export_gallery(snapshot, samples, tmp_path / "page.html", PLAIN))
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    found = Reader(text)
    assert "<script>alert" not in text and len(found.all("script")) == 1 and found.all("figcaption") == []
    assert '<script>alert("1")</script> & co, step 10, 36 pictures' in found.words
    addresses = [value for _, attributes in found.tags for name, value in attributes.items() if name in ("src", "href")]
    assert len(addresses) == COUNT and all(address.startswith("data:image/png;") for address in addresses)
    assert found.all("meta")[1]["content"].startswith("default-src 'none'; img-src data:;")


# --- a contact sheet -------------------------------------------------------------------------------------------------


def sheet_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_plain_sheet_is_a_grid(snapshot, samples, tmp_path: Path) -> None:
    sheet = PLAIN.with_values({"columns": 5, "width": 16, "gap": 3, "margin": 0, "ground": "black"})
    list(export_gallery(snapshot, samples[:12], tmp_path / "a.png", sheet))
    expected = images.grid(pictures_of(snapshot, samples[:12]), 5, 3, (16, 16, 16))
    assert (sheet_of(tmp_path / "a.png")[:, :, None] == expected).all()


def pictures_of(snapshot, samples) -> np.ndarray:
    return pictures(latents([sample.view for sample in samples], snapshot), snapshot)


def test_every_picture_of_a_sheet_stands_in_its_place(snapshot, samples, tmp_path: Path) -> None:
    known = [Sample(sample.view, score=1.5, novelty=20.0) for sample in samples]
    sheet = Sheet(columns=6, gap=5, margin=11, width=48)
    list(export_gallery(snapshot, known, tmp_path / "a.png", sheet))
    pixels, place = sheet_of(tmp_path / "a.png"), layout(sheet, known, (1, 16, 16))
    assert pixels.shape == tuple(round(side) for side in place.size[::-1]) and pixels[:11].min() == 255
    for i, picture in enumerate(pictures_of(snapshot, samples)):
        left, top = map(round, place.place(i))
        assert (pixels[top : top + 48, left : left + 48] == picture[:, :, 0].repeat(3, 0).repeat(3, 1)).all()
        words = pixels[top + 48 : top + 48 + round(place.words), left : left + 48]
        assert words.min() < 128 and (words.min(axis=1) < 128).sum() > 12  # three lines of ink
    assert caption(known[0], 0) == ["seed 7", "D 1.50", "novelty 20.0"]
    assert images.read_recipe(tmp_path / "a.png")["step"] == "10"


def test_a_sheet_has_any_size(snapshot, samples, tmp_path: Path) -> None:
    sheet = PLAIN.with_values({"columns": 3, "rows": 2, "width": 37, "gap": 0, "margin": 4})
    list(export_gallery(snapshot, samples, tmp_path / "a.png", sheet))
    assert sheet_of(tmp_path / "a.png").shape == (2 * 37 + 8, 3 * 37 + 8)  # what has no place is left out
    square = layout(PLAIN.with_values({"columns": 0}), samples, (1, 16, 16))
    assert (square.columns, square.rows) == (6, 6) and square.tile == (96, 96)
    huge = told(layout, Sheet(width=8192), samples, (1, 16, 16))
    assert "choose smaller or fewer pictures, or a PDF" in huge
    assert "choose smaller" in told(layout, Sheet(columns=1), samples * 100, (1, 16, 16))


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_colours_and_transparency(picture_run, tmp_path: Path, suffix: str) -> None:
    changes = {"data": {"kind": "image-folder", "path": "x", "size": 8, "channels": "rgba"}}
    snapshot = open_snapshot(picture_run(changes).folder, device="cpu")
    sheet = PLAIN.with_values({"columns": 1, "width": 8, "margin": 0, "ground": "black"})
    samples = by_seeds(view_of(snapshot), [3])
    list(export_gallery(snapshot, samples, tmp_path / f"a{suffix}", sheet))
    pixel = render(samples[0].view, snapshot).astype(float)
    expected = pixel[:, :, :3] * pixel[:, :, 3:] / 255 + 16 * (1 - pixel[:, :, 3:] / 255)
    shown = sheet_of(tmp_path / "a.png") if suffix == ".png" else read(tmp_path / "a.pdf")[0].pictures[0]
    assert np.abs(shown - expected).max() <= 1.5


def test_titles_of_any_length_and_letters_fit(snapshot, samples, tmp_path: Path) -> None:
    for title in ("W" * 500, "(\\) \n ✨ шум", ""):
        snapshot.about["title"] = title
        for name in ("a.png", "a.pdf"):
            list(export_gallery(snapshot, samples[:1], tmp_path / name, Sheet(columns=1, width=16), True))
        assert sheet_of(tmp_path / "a.png").shape[1] == 16 + 48
        words = read(tmp_path / "a.pdf")[0].words
        assert len(words) == 2 and words[1] == b"seed 7"


# --- a PDF, read by Pillow's parser ----------------------------------------------------------------------------------


@dataclass
class Page:
    size: tuple[float, float]
    content: bytes
    words: list[bytes]  # each line, in cp1252
    pictures: list[np.ndarray]  # [H, W, C], in their order
    boxes: list[list[float]]  # width, height, left, bottom of each, in points


def read(path: Path) -> list[Page]:
    with PdfParser(str(path)) as pdf:
        return [page_of(pdf, pdf.read_indirect(reference)) for reference in pdf.pages]


def page_of(pdf: PdfParser, page: dict) -> Page:
    content = pdf.read_indirect(page[b"Contents"]).decode()
    lines = re.findall(rb"\(((?:[^\\()]|\\.)*)\) Tj", content)
    words = [re.sub(rb"\\(.)", rb"\1", line) for line in lines]
    drawn = re.findall(rb"q ([\d.]+) 0 0 ([\d.]+) ([\d.]+) ([\d.]+) cm /(\w+) Do Q", content)
    shown = pdf.read_indirect(page[b"Resources"])[b"XObject"] if drawn else {}
    found = [pixels(pdf, shown[name]) for *_, name in drawn]
    size = {**pdf.read_indirect(page[b"Parent"]), **page}[b"MediaBox"][2:]
    return Page(tuple(size), content, words, found, [list(map(float, box)) for *box, _ in drawn])


def pixels(pdf: PdfParser, reference: object) -> np.ndarray:
    stream = pdf.read_indirect(reference)
    about = stream.dictionary
    assert b"Interpolate" not in about and about[b"BitsPerComponent"] == 8
    rows = np.frombuffer(stream.decode(), np.uint8).reshape(about[b"Height"], -1)
    assert about[b"DecodeParms"][b"Predictor"] == 15 and not rows[:, 0].any()  # ISO 32000-1, 7.4.4.4: as it is
    return rows[:, 1:].reshape(about[b"Height"], about[b"Width"], -1)


def test_a_print_holds_every_pixel_on_its_pages(snapshot, samples, tmp_path: Path) -> None:
    sheet = Sheet(columns=4, rows=3)
    list(export_gallery(snapshot, samples, tmp_path / "a.pdf", sheet))
    pages = read(tmp_path / "a.pdf")
    assert [len(page.pictures) for page in pages] == [12, 12, 12]
    found = np.stack([picture for page in pages for picture in page.pictures])
    assert (found == pictures_of(snapshot, samples)).all()
    words = [word for page in pages for word in page.words if word.startswith(b"seed")]
    assert words == [b"seed %d" % sample.view.seed for sample in samples]
    assert [page.words[0] for page in pages] == [b"Pictures, step 10, 36 pictures"] * 3


@pytest.mark.parametrize("paper", PAPERS)
def test_pictures_of_a_print_stand_in_their_places(snapshot, samples, tmp_path: Path, paper: str) -> None:
    sheet = Sheet(columns=7, page=paper, margin=13, gap=3, ground="black")
    list(export_gallery(snapshot, samples, tmp_path / "a.pdf", sheet))
    (page,), place = read(tmp_path / "a.pdf"), page_layout(sheet, samples, (1, 16, 16))
    assert page.size == pytest.approx(get_page_format(paper, 1), abs=0.01) == PAPERS[paper]
    for i, box in enumerate(page.boxes):
        left, top = place.place(i)
        assert box == pytest.approx([*place.tile, left, page.size[1] - top - place.tile[1]], abs=0.01)
    grey, *area = map(float, re.findall(rb"([\d.]+) g\n([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+) re f", page.content)[0])
    assert grey == pytest.approx(16 / 255, abs=1e-3)  # all over the page, from its upper corner down
    assert area == pytest.approx([0, page.size[1], page.size[0], -page.size[1]], abs=0.01)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("columns", [1, 2, 8, 40])
def test_pages_hold_what_they_have_room_for(samples, paper: str, columns: int) -> None:
    sheet = Sheet(columns=columns, page=paper)
    place = page_layout(sheet, samples, (1, 16, 16))
    width, height = PAPERS[paper]
    across, down = place.size
    full = columns <= len(samples)
    assert place.count and down <= height + 0.01 and (across == pytest.approx(width) or not full)
    one_more = page_layout(sheet.with_values({"rows": 1}), samples, (1, 16, 16))
    assert one_more.rows == 1 and one_more.tile == place.tile


def test_no_room_for_a_picture_is_told(samples) -> None:
    for sheet in (Sheet(margin=400), Sheet(columns=1000, gap=100), Sheet(columns=1, margin=0)):
        shape = (1, 16, 16) if sheet.margin else (1, 64, 16)  # the last is higher than the page
        assert "no room for a picture" in told(page_layout, sheet, samples * 50, shape)


def test_words_of_a_print_keep_their_letters_and_their_room(samples, tmp_path: Path) -> None:
    place = Layout(2, 1, (21, 21), 10, 14, 42, gap=0, margin=10)
    book = Book(Sheet(columns=2), place, r"Grün (\) “{nb}” ✨")
    for sample in samples[:3]:
        book.add(sample, np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
    book.save(tmp_path / "a.pdf")
    first, second = read(tmp_path / "a.pdf")
    assert (np.stack(first.pictures + second.pictures) == np.arange(12).reshape(2, 2, 3)).all()
    assert first.words[0] == second.words[0] == "Grün (\\) “{nb}” ?".encode("cp1252")
    assert first.words[1:] == [b"se\x85"] * 2  # Helvetica: 5 + 5.56 + 10 points of 21, one more e is too many
    with PdfParser(str(tmp_path / "a.pdf")) as theirs:
        assert bytes(theirs.info[b"Title"]).decode("utf-16") == r"Grün (\) “{nb}” ✨"
