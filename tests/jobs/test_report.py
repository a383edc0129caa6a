"""The page of a run: whole, safe, small, and true to the run, whatever state its folder is in."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shlex
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan_studio import cli, images, presets, runs
from gan_studio.config import ConfigError, from_text, get
from gan_studio.jobs import choices, page, svg
from gan_studio.jobs.charts import charts
from gan_studio.jobs.events import Exported, Progress
from gan_studio.jobs.frames import frame_steps, read_frame, read_real
from gan_studio.jobs.pictures import FOR_FAKE, FOR_REAL, GENERATED, REAL, plane
from gan_studio.jobs.report import chosen, report
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.train import TrainJob, new_run
from gan_studio.plots import KINDS, kind_of
from gan_studio.runs import Run

MLP = {"kind": "mlp", "width": 8}
POINTS: dict[str, Any] = {
    "data": {"kind": "toy2d"},
    "recipe": {"kind": "gan", "generator": MLP, "discriminator": MLP, "latent": {"dim": 3}, "batch_size": 8},
    "steps": 20,
    "samples_every": 2,
    "checkpoint_every": 10,
    "sample_count": 4,
    "compute": {"device": "cpu", "threads": 1},
}
PICTURES = POINTS | {"data": {"kind": "digits", "size": 8}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Finished runs, only to be read."""
    folder = tmp_path_factory.mktemp("trained")
    found = {}
    for name, values in {"points": POINTS, "pictures": PICTURES}.items():
        found[name] = new_run(RunConfig.parse(values), name, folder)
        for _ in TrainJob(found[name], dry_run=False):
            pass
    return found


@pytest.fixture(params=["points", "pictures"])
def run(request: pytest.FixtureRequest, trained: dict[str, Run], tmp_path: Path) -> Run:
    return copy_of(trained[request.param], tmp_path)


@pytest.fixture
def points(trained: dict[str, Run], tmp_path: Path) -> Run:
    return copy_of(trained["points"], tmp_path)


def copy_of(run: Run, folder: Path) -> Run:
    return Run(Path(shutil.copytree(run.folder, folder / "runs" / run.name)))


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


# --- reading a page as a browser would -------------------------------------------------------------------------------

VOID = {"meta", "img", "br", "input", "link"}
FETCHES = {"src", "href", "xlink:href", "data", "poster", "srcset", "action", "background"}


class Page(HTMLParser):
    """The elements and the text of a page; fails where a tag is left open or something would be fetched."""

    def __init__(self, path: Path):
        super().__init__(convert_charrefs=True)
        self.source = path.read_text(encoding="utf-8")
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.feed(self.source)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in FETCHES & attributes.keys():
            assert attributes[name].startswith("data:"), (tag, attributes[name][:80])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.scripts.append(data)
        elif self.open[-1:] == ["style"]:
            self.styles.append(data)
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def drawings(self) -> list[ElementTree.Element]:
        """The inline SVGs, read as XML."""
        found = re.findall(r"<svg .*?</svg>", self.source, re.DOTALL)
        return [ElementTree.fromstring(text) for text in found]

    def code(self) -> str:
        return "\n".join(re.findall(r"<pre[^>]*>(.*?)</pre>", self.source, re.DOTALL))


def written(run: Run, path: Path) -> Page:
    *progress, last = report(run, path)
    assert all(isinstance(event, Progress) for event in progress) and last == Exported(path)
    return Page(path)


def inside(address: str) -> bytes:
    return base64.b64decode(address.partition(";base64,")[2], validate=True)


# --- whole, and alone ------------------------------------------------------------------------------------------------


def test_the_page_is_whole_and_fetches_nothing(run: Run, tmp_path: Path) -> None:
    found = written(run, tmp_path / "page.html")
    assert found.source.startswith("<!DOCTYPE html>") and "http" not in found.source.replace("http-equiv", "").replace(
        "http://www.w3.org/2000/svg", ""
    )
    for words in ("Samples", "Curves", "Settings", "Environment", "How to do it again", "Log", run.name, "20 of 20"):
        assert words in found.text
    assert found.all("html") == [{"lang": "en"}] and all("alt" in image for image in found.all("img"))


def test_only_its_own_script_and_style_may_run(points: Run, tmp_path: Path) -> None:
    found = written(points, tmp_path / "page.html")
    (policy,) = (meta["content"] for meta in found.all("meta") if "http-equiv" in meta)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    for rule, (text,) in {"script-src": found.scripts, "style-src": found.styles}.items():
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_the_drawings_have_titles_and_descriptions(run: Run, tmp_path: Path) -> None:
    drawings = [root for root in written(run, tmp_path / "page.html").drawings() if root.get("role")]
    space = "{http://www.w3.org/2000/svg}"
    assert len(drawings) >= 3
    for root in drawings:
        assert root.get("role") == "img" and root.find(f"{space}title").text in [kind.title for kind in KINDS.values()]  # type: ignore[union-attr]
        assert "Newest values" in root.find(f"{space}desc").text  # type: ignore[operator, union-attr]


def test_it_is_the_same_page_without_a_browsers_script(run: Run, tmp_path: Path) -> None:
    """The samples on the way stand in the page, the slider only enlarges them."""
    found = written(run, tmp_path / "page.html")
    assert [image["alt"] for image in found.all("img") if "step" in image["alt"]] == [
        f"Generated samples at step {step}" for step in [20, *chosen(frame_steps(run))[:-1]]
    ]


# --- true to the run -------------------------------------------------------------------------------------------------


def test_small_grids_are_there_pixel_by_pixel(trained: dict[str, Run], tmp_path: Path) -> None:
    run = trained["pictures"]
    found = {image["alt"]: image["src"] for image in written(run, tmp_path / "page.html").all("img")}
    wanted = {"Real samples": read_real(run)}
    for step in chosen(frame_steps(run)):
        frame = read_frame(run, step)
        assert frame is not None
        wanted[f"Generated samples at step {step}"] = frame.array
    assert found.keys() == wanted.keys()
    for alt, array in wanted.items():
        assert array is not None
        with Image.open(io.BytesIO(inside(found[alt]))) as picture:
            assert np.array_equal(np.asarray(picture).reshape(array[0].shape), array[0])


def test_all_settings_are_there_with_their_meaning(points: Run, tmp_path: Path) -> None:
    found = written(points, tmp_path / "page.html")
    for path, value in choices.flat(points.config()):
        where = path.removesuffix(".kind")
        assert f">{where}</td>" in found.source, where
        assert choices.said(value) in found.text
    assert "The training algorithm with its parts." not in found.text  # the algorithm says what it is itself
    assert str(RunConfig.model_fields["steps"].description) in found.text


def test_what_differs_from_the_preset_comes_first(points: Run, tmp_path: Path) -> None:
    presets.save("Tiny", POINTS | {"steps": 99})
    change(points.folder / "run.json", preset="tiny")
    points.append_change(15, "recipe.g_optimiser.lr", 0.001, 0.0005)
    found = written(points, tmp_path / "page.html")
    table = found.source.partition("Different from the preset “Tiny”")[2].partition("</table>")[0]
    rows = re.findall(r"<tr><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>", table)
    lr = str(get(points.config(), "recipe.g_optimiser.lr"))
    assert set(rows) == {("steps", "99", "20"), ("recipe.g_optimiser.lr", lr, "0.0005")}
    marked = re.findall(r'<tr class="changed"><td class="path">(.*?)</td>', found.source)
    assert marked == ["recipe.g_optimiser.lr", "steps"]


def test_a_branch_is_held_against_its_parent(points: Run, tmp_path: Path) -> None:
    values = points.config()
    values["recipe"]["objective"] = {"kind": "hinge"}
    values["steps"] = 25
    child = runs.branch(points, 10, RunConfig.parse(values).plain(), points.folder.parent)
    found = written(child, tmp_path / "page.html")
    assert f"Different from the parent {points.name}" in found.text and f"{points.name} at step 10" in found.text
    command = next(line for line in found.code().splitlines() if " branch " in line)
    assert f"gan-studio branch {points.name} --step 10" in command and "recipe.objective" in command
    shutil.rmtree(points.folder)
    assert "Different from" not in written(child, tmp_path / "alone.html").text


def test_the_command_gives_the_same_settings(points: Run, tmp_path: Path) -> None:
    presets.save("Tiny", POINTS | {"steps": 99, "recipe": {"kind": "gan", "penalties": ["r1"]}})
    change(points.folder / "run.json", preset="tiny")
    found = written(points, tmp_path / "page.html")
    line = next(line for line in found.text.splitlines() if line.startswith("gan-studio train tiny"))
    assert "\n" not in line
    words = shlex.split(line)
    sets = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    again = cli.configured(presets.find("tiny").values, cli.changes(sets))
    assert again == RunConfig.parse(points.config())


def test_the_settings_can_be_saved_from_the_page(points: Run, tmp_path: Path) -> None:
    (link,) = written(points, tmp_path / "page.html").all("a")
    (tmp_path / "config.toml").write_bytes(inside(link["href"]))
    assert link["download"] == "config.toml"
    assert RunConfig.parse(presets.find(str(tmp_path / "config.toml")).values) == RunConfig.parse(points.config())


def test_the_name_of_the_user_stays_at_home(points: Run, own_folders: Path, tmp_path: Path) -> None:
    points.log(f"Reading {own_folders}/pictures")
    found = written(points, tmp_path / "page.html")
    assert str(own_folders) not in found.source and "Reading ~/pictures" in found.text


def test_what_was_changed_is_marked_and_listed(points: Run, tmp_path: Path) -> None:
    points.append_change(7, "recipe.d_steps", 1, 2)
    found = written(points, tmp_path / "page.html")
    assert "Changed while it trained" in found.text
    marks = [text for root in found.drawings() for text in root.itertext() if text.startswith("Step 7: d_steps 1 → 2")]
    assert len(marks) == len([root for root in found.drawings() if root.get("role")])


# --- untrusted -------------------------------------------------------------------------------------------------------

HOSTILE = (
    '"><script>alert(1)</script><img src=x onerror=alert(1)>\' onload="x" </pre></svg>\x00\x07\x1b[31m \ud800 ]]> &lt;'
)


def test_whatever_a_run_holds_stays_text(points: Run, tmp_path: Path) -> None:
    run, text = points, HOSTILE
    change(run.folder / "run.json", title=text, preset=text, parent={"run": text, "step": text}, created=text)
    change(run.folder / "state.json", name="failed", reason=text)
    run.append_change(3, text, text, {text: [text]})
    for file, values in {
        "environment.json": {text: text, "tried": [[text, 0.1]]},
        "engine.json": {"device": text},
    }.items():
        (run.folder / file).write_text(json.dumps(values))
    steps = np.arange(1, 21)
    name = text.replace("\ud800", "")  # which no file of curves can hold
    run.append_curves(steps.tolist(), {name: np.ones(20, np.float32), f"D/{name}": np.ones(20, np.float32)})
    run.log(text.replace("\ud800", ""))
    found = written(run, tmp_path / "page.html")  # which fails on handlers, foreign addresses and open tags
    assert len(found.scripts) == 1 and len(found.all("img")) == len(chosen(frame_steps(run)))
    assert found.drawings()
    shown = svg.CONTROLS.sub("", text)
    assert found.text.count(shown) > 8
    assert not svg.CONTROLS.search(found.source)


def test_a_title_adds_no_command(points: Run, tmp_path: Path) -> None:
    """Nobody pastes what a run's maker slipped in between the lines."""
    presets.save("Tiny", POINTS)
    presets.own_folder().joinpath("tiny.toml").write_text(
        presets.own_folder().joinpath("tiny.toml").read_text().replace('title = "Tiny"', 'title = "Tiny\\nrm -rf /"')
    )
    change(points.folder / "run.json", preset="tiny")
    for name, parent in {"preset": None, "parent": {"run": "x\nrm -rf /", "step": "1\nrm -rf /"}}.items():
        change(points.folder / "run.json", parent=parent)
        lines = written(points, tmp_path / f"{name}.html").code().splitlines()
        assert not [line for line in lines if line.startswith("rm")]


@pytest.mark.parametrize("cut", ["gone", "half", "empty", "noise"])
def test_a_run_that_lost_a_file_has_a_page_too(run: Run, tmp_path: Path, cut: str) -> None:
    for path in (run.folder / "samples").iterdir():
        if "0020." not in path.name:
            path.unlink()
    files = [path for path in run.folder.rglob("*") if path.is_file() and "checkpoints" not in path.parts]
    assert len(files) > 8
    for number, path in enumerate(files):
        data = path.read_bytes()
        if cut == "gone":
            path.unlink()
        else:
            path.write_bytes({"half": data[: len(data) // 2], "empty": b"", "noise": bytes(range(256)) * 4}[cut])
        if path.name != "config.toml" or cut != "gone":
            found = written(run, tmp_path / f"{number}.html")
            assert "Curves" in found.text
        path.write_bytes(data)


def test_a_new_run_has_a_page_too(tmp_path: Path) -> None:
    run = new_run(RunConfig.parse(POINTS), "new", tmp_path)
    found = written(run, tmp_path / "page.html")
    assert "No samples are kept" in found.text and "Nothing has been measured yet" in found.text
    assert "0 of 20" in found.text or "Step0" in found.text.replace("\n", "")


def test_a_run_in_training_has_a_page_too(tmp_path: Path) -> None:
    run = new_run(RunConfig.parse(POINTS), "running", tmp_path)
    events = iter(TrainJob(run, dry_run=False))
    for event in events:
        if getattr(event, "step", 0) == 8:
            break
    found = written(run, tmp_path / "page.html")
    assert "running" in found.text and "Step 6" in found.text
    events.close()


def test_a_place_that_cannot_be_written_is_a_sentence(points: Run, tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "page.html", tmp_path):
        with pytest.raises(ConfigError, match=r"cannot be written .* choose another place"):
            list(report(points, path))


def test_a_report_that_is_cancelled_leaves_nothing(points: Run, tmp_path: Path) -> None:
    events = report(points, tmp_path / "page.html")
    assert isinstance(events, Iterator)
    for _ in range(5):
        next(events)
    events.close()  # type: ignore[attr-defined]
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_the_run_is_only_read(run: Run, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    written(run, tmp_path / "page.html")
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


# --- small -----------------------------------------------------------------------------------------------------------


def test_large_noisy_grids_and_long_curves_stay_below_five_megabytes(trained: dict[str, Run], tmp_path: Path) -> None:
    run = copy_of(trained["pictures"], tmp_path)
    rng = np.random.default_rng(0)
    for path in [*run.samples(), run.folder / "real.png"]:
        noise = rng.integers(0, 256, (64, 64, 64, 3), np.uint8)
        images.write_png(path, images.grid(noise))
    steps = list(range(21, 5_021))
    names = [f"{prefix}{i}" for prefix in ("D/", "G/", "distance/", "gradient/", "rate/") for i in range(4)]
    run.append_curves(steps, {name: rng.standard_normal(len(steps)).astype(np.float32) for name in names})
    found = written(run, tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 5_000_000
    points = [len(line.split()) for line in re.findall(r'points="([^"]*)"', found.source)]
    assert max(points) <= svg.MOST and len(found.all("img")) == 12


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_picture_keeps_to_its_bytes(channels: int) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (200, 200, channels), np.uint8)
    for most in (10**6, 60_000, 9_000, 2_000):
        address = page.picture(noise, most)
        data = inside(address)
        assert len(data) <= most
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
        if most == 10**6:
            assert address.startswith("data:image/png") and np.array_equal(
                np.asarray(Image.open(io.BytesIO(data))).reshape(noise.shape), noise
            )


@given(st.lists(st.integers(0, 10**6), min_size=0, max_size=200, unique=True).map(sorted))
def test_chosen_steps_are_spread_over_the_training(steps: list[int]) -> None:
    found = chosen(steps)
    assert len(found) <= 12 and found == sorted(set(found)) and set(found) <= set(steps)
    assert found[:1] == steps[:1] and found[-1:] == steps[-1:]
    if len(steps) <= 12:
        assert found == steps


def test_evenly_drawn_steps_are_chosen_evenly() -> None:
    gaps = np.diff(chosen(list(range(0, 10_001, 10))))
    assert len(gaps) == 11 and gaps.max() - gaps.min() <= 10


# --- curves ----------------------------------------------------------------------------------------------------------

NAMES = ["D/real", "G/adversarial", "distance/W1, exact", "D(real)", "gradient/D", "slope/r1", "rate/G"]
NAMES += [
    "speed/samples per second",
    "modes/covered",
    "modes/high quality",
    "diversity/pairwise distance",
    "overfitting/r_v",
    "psnr/made",
    "ssim/made",
    "metrics/frechet",
    "metrics/recall",
    "something",
]


def test_every_kind_of_curve_has_its_plot() -> None:
    steps = np.arange(1, 50)
    curves = {name: (steps, np.linspace(0.1, 1, 49, dtype=np.float32)) for name in NAMES}
    drawn = [text for text in charts(curves, []) if text]
    assert len(drawn) == len(KINDS) == len({kind_of(name) for name in NAMES})
    for name in NAMES:
        assert sum(f"</svg> {svg.safe(name)}" in text for text in drawn) == 1


def test_a_line_lies_where_its_values_are() -> None:
    """Read back through the ticks, whose texts say what they stand for."""
    steps, values = np.arange(1, 41), np.sin(np.arange(40)).astype(np.float32)
    root = ElementTree.fromstring(svg.plot("A", "", [svg.Line("a", steps, values, svg.Look("d0", "#000"))], (1, 40)))
    space = "{http://www.w3.org/2000/svg}"
    line = root.find(f".//{space}polyline")
    assert line is not None
    at = np.array([[float(part) for part in pair.split(",")] for pair in line.get("points", "").split()])
    texts = [
        (text.get("text-anchor"), float(text.get("x", 0)), float(text.get("y", 0)), text.text)
        for text in root.iter(f"{space}text")
    ]
    across = [(x, float(label)) for anchor, x, _, label in texts if anchor == "middle" and label]
    upright = [(y - 4, float(label)) for anchor, _, y, label in texts if anchor == "end" and label and label != "step"]
    assert len(across) >= 3 and len(upright) >= 3
    assert np.allclose(np.polyval(np.polyfit(*zip(*across, strict=True), 1), at[:, 0]), steps, atol=0.05)
    assert np.allclose(np.polyval(np.polyfit(*zip(*upright, strict=True), 1), at[:, 1]), values, atol=0.02)


def test_a_logarithmic_axis_names_powers() -> None:
    steps, values = np.arange(1, 201), np.logspace(-4, 1, 200)
    text = svg.plot("A", "", [svg.Line("a", steps, values, svg.Look("d0", "#000"))], (1, 200), log=True)
    ticks = [float(tick) for tick in re.findall(r'text-anchor="end">([^<]*)</text>', text) if tick != "step"]
    assert len(ticks) >= 3 and all(np.log10(tick) == round(np.log10(tick)) for tick in ticks)


@pytest.mark.parametrize(("always", "most"), [((), 0.2), ((0.0, 1.0), 1.2)])
def test_some_heights_are_always_seen(always: tuple[float, ...], most: float) -> None:
    steps, values = np.arange(1, 201), np.linspace(0, 0.1, 200)
    text = svg.plot("A", "", [svg.Line("a", steps, values, svg.Look("d0", "#000"))], (1, 200), always=always)
    ticks = [float(tick) for tick in re.findall(r'text-anchor="end">([^<]*)</text>', text) if tick != "step"]
    assert most / 2 <= max(ticks) <= most


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=3000), st.sampled_from([2, 10, 600]))
def test_thinning_keeps_the_extremes(numbers: list[float], most: int) -> None:
    values, steps = np.array(numbers), np.arange(len(numbers)) * 3
    kept_steps, kept = svg.thinned(steps, values, most)
    assert len(kept) <= max(most, 2) and np.all(np.diff(kept_steps) > 0)
    assert kept.min() == values.min() and kept.max() == values.max()
    assert np.array_equal(kept, values[kept_steps // 3])


def test_means_are_means() -> None:
    values = np.random.default_rng(0).standard_normal(1003)
    steps, found = svg.means(np.arange(1003), values, 100)
    by_hand = [values[i : i + 11].mean() for i in range(0, 1003, 11)]
    assert np.allclose(found, by_hand) and np.allclose(steps[:2], [5, 16]) and len(found) <= 100


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=0, max_size=400),
    st.booleans(),
    st.booleans(),
)
def test_any_numbers_make_a_drawing(numbers: list[float], log: bool, unit_range: bool) -> None:
    line = svg.Line("a", np.arange(len(numbers)), np.array(numbers, np.float32), svg.Look("d0", "#000"))
    marks = [svg.Mark(1, 1, "a"), svg.Mark(1, 2, "b"), svg.Mark(10**9, 3, "far away")]
    text = svg.plot("A", "", [line], (0, max(0, len(numbers) - 1)), marks, unit_range, log)
    assert bool(text) == bool(np.isfinite(numbers).any())
    if text:
        ElementTree.fromstring(text)
        assert "nan" not in text.lower().replace("finance", "") and "inf" not in text.lower()


# --- settings on the command line ------------------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=12)
SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), WORDS
)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)))
def test_a_value_is_read_back_as_it_was(value: Any) -> None:
    text = choices.as_toml(value)
    assert from_text(text) == value
    line = choices.command(["train"], {"a.b": value})
    assert shlex.split(line)[-1] == f"a.b={text}"


# --- the plane -------------------------------------------------------------------------------------------------------


def test_points_and_the_view_of_d_are_where_they_belong() -> None:
    """Generated at the upper left, real at the lower right; D takes the upper half for real."""
    logits = np.repeat(np.linspace(-9, 9, 32, dtype=np.float32)[:, None], 32, axis=1)  # row 0 is at y = -extent
    generated, real = np.array([[-1.0, 1.0]]), np.array([[1.0, -1.0], [np.nan, 0.0]])
    picture = plane(generated, real, logits, extent=2.0, size_px=200).astype(int)
    assert picture.shape == (200, 200, 3)

    def near(row: int, column: int, colour: tuple[int, int, int]) -> float:
        return float(np.abs(picture[row, column] - colour).max())

    top, bottom = picture[2, 100], picture[197, 100]
    assert top[2] > top[0] and bottom[0] > bottom[2]  # blue above, orange below
    mix = lambda colour, ground: tuple(217 / 255 * np.array(colour) + 38 / 255 * ground)  # noqa: E731
    assert near(50, 50, mix(GENERATED, picture[50, 60])) < 4
    assert near(150, 150, mix(REAL, picture[150, 160])) < 4
    full = 255 * 0.35 + 0.65 * np.array(FOR_REAL)
    assert np.abs(top - full).max() < 4 and np.abs(bottom - (255 * 0.35 + 0.65 * np.array(FOR_FAKE))).max() < 4


def test_a_plane_without_a_scale_shows_its_points() -> None:
    points = np.random.default_rng(0).standard_normal((500, 2)).astype(np.float32) * 7
    assert (plane(points, points).min(axis=2) < 200).sum() > 500
    assert plane(np.empty((0, 2), np.float32)).min() == 255
