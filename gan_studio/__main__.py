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
    from .gui.app import main as window
    from .gui.app import screen_problem

    problem = screen_problem()
    if problem is None:
        return window()
    print(f"{problem} Training the default preset here in the terminal instead.", flush=True)
    from .cli import train_default

    return train_default()


if __name__ == "__main__":
    main()
