"""What the benchmarks share: a table on the screen, a JSON beside it, and the name of the processor."""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def arguments(about: str, **defaults: Any) -> argparse.Namespace:
    """`--name value` for each default, and `--json FILE`."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, value in defaults.items():
        many = isinstance(value, list)
        kind = type(value[0]) if many else type(value)
        parser.add_argument(f"--{name}", type=kind, default=value, nargs="*" if many else None, help=" ")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    return parser.parse_args()


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def show(title: str, rows: list[dict[str, Any]], json_path: Path | None = None, **facts: Any) -> None:
    """Print rows of equal keys as a table; write them with the facts as JSON."""
    table = Table(title=title, title_justify="left")
    for key in rows[0]:
        table.add_column(key, justify="left" if isinstance(rows[0][key], str) else "right")
    for row in rows:
        table.add_row(*(f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()))
    Console(width=140).print(table)
    for name, fact in facts.items():
        print(f"{name}: {fact}")
    if json_path:
        json_path.write_text(json.dumps({"title": title, "rows": rows} | facts, indent=1))
