"""`gan-studio` and `python -m gan_studio`: without arguments the window, otherwise the command line."""

from __future__ import annotations

import sys


def main() -> None:
    if len(sys.argv) > 1:
        from .cli import app

        app(prog_name="gan-studio")
    else:
        sys.exit(open_window())


def open_window() -> int:
    """The window; where there is no screen, the same training in the terminal."""
    from .gui import app

    if problem := app.screen_problem():
        print(f"{problem} So the default preset is trained here in the terminal.", flush=True)
        from .cli import train_default

        return train_default()
    return app.main()


if __name__ == "__main__":
    main()
