"""`gan-studio` and `python -m gan_studio`: without arguments the window, with a run's or a race's folder the window at
it, otherwise the command line."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    if len(sys.argv) == 2 and is_ours(sys.argv[1]):
        sys.exit(open_window(sys.argv[1]))
    elif len(sys.argv) > 1:
        from .cli import app

        app(prog_name="gan-studio")
    else:
        sys.exit(open_window())


def is_ours(path: str) -> bool:
    """Whether it is the folder of a run or of a race, or a settings file: no command is called so."""
    folder = Path(path)
    return any(map(Path.is_file, (folder / "config.toml", folder / "race.toml"))) or folder.suffix == ".toml"


def open_window(path: str = "") -> int:
    """The window, at a path; where there is no screen, the default preset's training in the terminal instead."""
    from .gui import app

    problem = app.screen_problem()
    if problem and path:
        print(problem, file=sys.stderr)
        return app.NO_SCREEN
    if problem:
        print(f"{problem} So the default preset is trained here in the terminal.", flush=True)
        from .cli import train_default

        return train_default()
    return app.main(path)


if __name__ == "__main__":
    main()
