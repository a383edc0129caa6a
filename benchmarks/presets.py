"""Every preset: run it, time it, and keep its last samples as its thumbnail.

python benchmarks/presets.py --only ring grid --thumbnails yes
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from common import arguments, prepared, processor, show
from PIL import Image

from gan_studio import images, presets
from gan_studio.data.toy2d import PlaneDataset
from gan_studio.jobs.events import Finished, Forecast, Landscape, Real, Samples, Stopped
from gan_studio.jobs.settings import RunConfig
from gan_studio.jobs.shown_pairs import MARGIN
from gan_studio.jobs.train import TrainJob, new_run
from gan_studio.metrics.modes import score_modes

WIDTH_PX = 288  # of a thumbnail
COLUMNS = 6  # of pictures in it


def run(preset: presets.Preset, folder: Path, thumbnails: bool) -> dict[str, object]:
    config = RunConfig.parse(preset.values)
    told: dict[type, object] = {}
    start = time.perf_counter()
    for event in TrainJob(new_run(config, preset.title, folder, preset.id)):
        told[type(event)] = event
    minutes = (time.perf_counter() - start) / 60
    samples, forecast = told[Samples], told[Forecast]
    assert isinstance(samples, Samples) and isinstance(forecast, Forecast)
    if thumbnails and preset.path:
        draw(told, preset.path.with_suffix(".png"))
        write_minutes(preset.path, minutes)
    ended = told.get(Stopped) or told[Finished]
    return {
        "preset": preset.id,
        "minutes": minutes,
        "ms a step": 1000 * forecast.seconds_per_step,
        "picked": forecast.picked,
        "end": type(ended).__name__,
        "modes, high quality, reverse KL": modes(config, samples),
    }


def modes(config: RunConfig, samples: Samples) -> str:
    dataset = prepared(config.data)
    if not isinstance(dataset, PlaneDataset) or not len(dataset.centres):
        return ""
    score = score_modes(torch.from_numpy(samples.array), dataset.centres, dataset.sigma)
    return f"{score.covered}/{score.modes}, {100 * score.high_quality:.1f} %, {score.reverse_kl:.3f}"


def draw(told: dict[type, object], path: Path) -> None:
    samples = told[Samples]
    assert isinstance(samples, Samples)
    if samples.array.ndim == 2:
        draw_plane(told, path)
        return
    real = told[Real]
    assert isinstance(real, Real)
    if real.columns:  # rows of pictures: as many as make a square
        sheet = images.grid(samples.array[: len(real.columns), :, :-MARGIN], 1)
    else:
        sheet = images.grid(samples.array[: COLUMNS**2], COLUMNS, gap=0)
    picture = Image.fromarray(sheet[:, :, 0] if sheet.shape[2] == 1 else sheet)
    picture.resize((WIDTH_PX, WIDTH_PX), Image.Resampling.LANCZOS).save(path, optimize=True)


def draw_plane(told: dict[type, object], path: Path) -> None:
    """As the window shows it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from gan_studio.gui import theme
    from gan_studio.gui.widgets.points import Plane

    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme.apply(application, "light")
    samples, landscape, real = told[Samples], told[Landscape], told[Real]
    assert isinstance(samples, Samples) and isinstance(landscape, Landscape) and isinstance(real, Real)
    plane = Plane("")
    plane.resize(WIDTH_PX, WIDTH_PX)
    plane.set_points("real", real.array[:1000])
    plane.set_points("generated", samples.array[:1000])
    plane.set_landscape(landscape.logits, landscape.extent)
    plane.grab().save(str(path))


def write_minutes(path: Path, minutes: float) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^minutes = .*\n", "", text, flags=re.MULTILINE)
    rounded = np.ceil(minutes * 2) / 2  # to half a minute, upwards
    text = re.sub(r"^(expect = .*\n)", rf"\1minutes = {rounded:g}\n", text, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    options = arguments(__doc__ or "", only=[""], thumbnails="no")
    chosen = [p for p in presets.all_presets() if not p.own and p.id != "my-folder"]
    chosen = [p for p in chosen if not any(options.only) or p.id in options.only]
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for preset in chosen:
            rows.append(run(preset, Path(folder), options.thumbnails == "yes"))
            print(rows[-1], flush=True)
    show("Presets", rows, options.json, processor=processor())


if __name__ == "__main__":
    main()
