"""What of a disk belongs in the Train tab: runs, checkpoints, settings, pictures. Reads only; touches no widget."""

from __future__ import annotations

from pathlib import Path

PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def is_run(path: Path) -> bool:
    return (path / "config.toml").is_file()


def is_checkpoint(path: Path) -> bool:
    """A folder within a run's checkpoints."""
    return path.parent.name == "checkpoints" and (path / "state.pt").is_file() and is_run(path.parent.parent)


def has_pictures(path: Path) -> bool:
    """Whether a folder holds a picture, at most one level down; whoever drops a home folder does not wait for it."""
    if not path.is_dir() or (path / "race.toml").is_file():  # a race's lanes hold pictures, too
        return False
    near = [path, *[child for child in files_in(path) if child.is_dir()][:50]]
    return any(file.suffix.lower() in PICTURES for folder in near for file in files_in(folder))


def files_in(folder: Path) -> list[Path]:
    """Nothing where it may not be read."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
