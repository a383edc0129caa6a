"""The page that a close look is written to."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from gan_studio import cli
from gan_studio.config import ConfigError
from gan_studio.jobs import closely_page, feature_map, smoothness
from gan_studio.jobs.closely import Closely
from gan_studio.jobs.closely_page import write_page
from gan_studio.jobs.events import Exported
from gan_studio.jobs.subjects import Chosen

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(closely_page, "drawn_map", lambda close: feature_map.drawn_map(close, 20, 20))
    monkeypatch.setattr(closely_page, "smoothness", lambda close: smoothness.smoothness(close, 4, 5))


class Reader(HTMLParser):
    """Which tags a page has, and what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.styled = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href") and not str(value).startswith("data:"):
                self.fetched.append(value)
            if name == "style":
                self.styled.append(value)


def written(path):
    return path.read_text(encoding="utf-8")


def test_a_page_of_a_run_has_all_sections_and_fetches_nothing(picture_run, tmp_path):
    run = picture_run()
    path = tmp_path / "page.html"
    how = Closely.parse({"features": "pixels", "samples": 20, "real": 200})
    told = list(write_page(Chosen(run.folder, device="cpu"), how, path))
    assert told[-1] == Exported(path)
    text = written(path)
    reader = Reader(text)
    titles = re.findall(r"<h2>([^<]+)</h2>", text)
    assert titles == ["Nearest pictures", "Map", "Spectrum", "Smoothness"]  # pixels know no classes
    assert reader.fetched == [] and reader.styled == []  # the page's own rules would refuse them
    assert reader.tags.count("img") == 2 + closely_page.WALKS
    assert "20 generated, 200 real" in text and run.name in text
    drawings = [ET.fromstring(found) for found in re.findall(r"<svg xmlns.*?</svg>", text, re.DOTALL)]
    assert len(drawings) == 3
    assert len(drawings[0].findall(f"{SVG}circle")) == 40
    assert "cycles a picture" in text


def test_a_page_is_not_written_where_it_cannot_be(picture_run, tmp_path):
    how = Closely.parse({"features": "pixels", "samples": 10, "real": 50})
    with pytest.raises(ConfigError, match="cannot be written"):
        list(write_page(Chosen(picture_run().folder, device="cpu"), how, tmp_path / "none" / "page.html"))


def test_a_page_that_is_cancelled_is_not_written(picture_run, tmp_path):
    path = tmp_path / "page.html"
    work = write_page(Chosen(picture_run().folder, device="cpu"), Closely.parse({"features": "pixels"}), path)
    next(work)
    work.close()
    assert not path.exists()


def test_evaluate_writes_it_after_the_numbers(picture_run, tmp_path):
    from typer.testing import CliRunner

    run, path = picture_run(), tmp_path / "page.html"
    words = ["evaluate", str(run.folder), "--features", "pixels", "--metric", "kernel", "--samples", "40"]
    done = CliRunner().invoke(cli.app, [*words, "--set", "rounds=4", "--pages", str(path)])
    assert done.exit_code == 0, done.output
    assert str(path) in done.stdout
    text = written(path)
    assert "<h2>Numbers</h2>" in text and "Kernel distance (pixels)" in text
