"""What suits the data: a classifier of its labels where it has some, else random convolutions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_studio.config import option
from gan_studio.data import SOURCES
from gan_studio.feature_networks import FEATURE_NETWORKS
from gan_studio.feature_networks.own_classifier import OwnClassifier
from gan_studio.jobs.together import exhausted


class Hasty(OwnClassifier):
    steps: int = option(3, "Steps of its training.", ge=1)
    width: int = option(8, "Channels at half the size.", ge=8)
    most: int = option(64, "Pictures of the data that it looks at.", ge=50)


def eye_for(values: dict[str, Any] | None) -> str:
    source = None if values is None else SOURCES.parse(values)
    return exhausted(FEATURE_NETWORKS.parse("auto").prepare(source, torch.device("cpu"))).name


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"kind": "digits", "size": 8}, "digits CNN"),
        ({"kind": "avatars", "size": 16, "count": 64}, "avatars CNN"),
        ({"kind": "image-folder", "path": "pictures", "size": 8}, "random convolutions"),
        ({"kind": "avatar-lines", "size": 32, "count": 64}, "random convolutions"),
        (None, "random convolutions"),
    ],
)
def test_the_best_that_the_data_can_teach(
    data: dict[str, Any] | None, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(FEATURE_NETWORKS)  # filled
    monkeypatch.setitem(FEATURE_NETWORKS._entries, "own-classifier", Hasty)
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    for number in range(60):
        Image.fromarray(np.full((8, 8, 3), 4 * number, np.uint8)).save(f"pictures/{number}.png")
    assert eye_for(data) == name


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "digits"}, ""),
        ({"kind": "avatar-lines"}, "random convolutions tell none apart"),
        (None, "random convolutions tell none apart"),
    ],
)
def test_whether_classes_can_be_counted_is_told_before_it_looks(data: dict[str, Any] | None, words: str) -> None:
    source = None if data is None else SOURCES.parse(data)
    told = FEATURE_NETWORKS.parse("auto").why_no_classes(source)
    assert words in told and bool(told) == bool(words)
    assert "pixels tell none apart" in FEATURE_NETWORKS.parse("pixels").why_no_classes(source)
    assert all(not FEATURE_NETWORKS.parse(kind).why_no_classes(source) for kind in ("own-classifier", "inception"))
