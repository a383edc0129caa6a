"""A run's settings for people: what each means, how they differ from others, and the command that gives them again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import tomli_w

from ..config import ConfigError, Spec, extra, from_text, join
from .settings import RunConfig

Values = dict[str, Any]


def complete(values: Values) -> Values:
    """Plain values with all defaults; as they are where they make no config."""
    try:
        return RunConfig.parse(values).plain()
    except ConfigError:
        return values


def explained(values: Values) -> list[tuple[str, str, str]]:
    """(path, value, what it means) of every setting, in order; without meanings where they make no config."""
    try:
        return list(_options(RunConfig.parse(values)))
    except ConfigError:
        return [(path, said(value), "") for path, value in flat(values)]


def _options(spec: Spec, path: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in type(spec).model_fields.items():
        at, value, meaning = join(path, name), getattr(spec, name), field.description or ""
        parts = value if isinstance(value, tuple) and value and isinstance(value[0], Spec) else (value,)
        if not isinstance(parts[0], Spec):
            yield at, _measured(value, extra(field)["unit"]), meaning
            continue
        for i, part in enumerate(parts):
            inner = at if part is value else join(at, str(i))
            if part.kind:
                yield inner, part.kind, part.about or meaning
            yield from _options(part, inner)


def _measured(value: Any, unit: str) -> str:
    """ "20 steps", "1 step", "0.5"."""
    return " ".join(filter(None, [said(value), unit.removesuffix("s") if value == 1 else unit]))


def flat(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of nested plain values; a list of numbers or texts is one value."""
    if isinstance(values, dict) and values:
        inner = list(values.items())
    elif isinstance(values, list) and any(isinstance(value, (dict, list)) for value in values):
        inner = list(enumerate(values))
    else:
        yield path, values
        return
    for key, value in inner:
        yield from flat(value, join(path, str(key)))


def said(value: Any) -> str:
    """As people write it: "0.0002", "on", "none", "adam, lr 0.001, beta1 0.5"."""
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:.10g}"
        case {"kind": kind, **rest}:
            return ", ".join([str(kind), *(f"{name} {said(inner)}" for name, inner in rest.items())])
        case dict():
            return ", ".join(f"{name} {said(inner)}" for name, inner in value.items()) or "none"
        case list() | tuple():
            return "; ".join(map(said, value)) or "none"
        case None | "":
            return "none"
    return str(value)


# --- on the command line ---------------------------------------------------------------------------------------------


def command(words: list[str], changes: Values) -> str:
    """A line for a shell, with a `--set` for each change."""
    sets = [word for path, value in changes.items() for word in ("--set", f"{path}={as_toml(value)}")]
    return shlex.join(["gan-studio", *words, *sets])


def as_toml(value: Any) -> str:
    """A value as `--set` reads it: TOML on one line, or a word without quotes where it is taken for nothing else."""
    if isinstance(value, str) and from_text(value) == value:
        return value
    return _inline(value)


def _inline(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_key(name)} = {_inline(inner)}" for name, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_inline, value)) + "]"
    return tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")


def _key(name: str) -> str:
    return tomli_w.dumps({name: 0}).removesuffix(" = 0\n")
