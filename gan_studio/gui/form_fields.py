"""What a Spec class says about its fields: titles, ranges, shelves, tool tips, and plain values with defaults."""

from __future__ import annotations

import html
import typing
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ..config import ConfigError, Spec, extra
from ..registry import OneOf, Registry
from .widgets.editors import number_text

Values = dict[str, Any]


WORDS = {
    "g": "G",
    "d": "D",
    "z": "z",
    "lr": "learning rate",
    "ema": "EMA",
    "r1": "R1",
    "r2": "R2",
    "kl": "KL",
    "mb": "MB",
}


def field_title(name: str, field: FieldInfo) -> str:
    """The title it was given, or one made of its name: `g_optimiser` is "G optimiser"."""
    if field.title:
        return field.title
    text = " ".join(WORDS.get(word, word) for word in name.split("_"))
    return text if name.split("_")[0] == "z" else text[:1].upper() + text[1:]


def shelf_of(metadata: typing.Iterable[Any]) -> Registry[Any] | None:
    return next((mark.shelf for mark in metadata if isinstance(mark, OneOf)), None)


def list_shelf_of(field: FieldInfo) -> Registry[Any] | None:
    """The shelf of `tuple[Annotated[Entry, OneOf(SHELF)], ...]`."""
    inner = typing.get_args(field.annotation) if typing.get_origin(field.annotation) in (tuple, list) else ()
    return shelf_of(getattr(inner[0], "__metadata__", ())) if inner else None


def is_spec(kind: Any) -> typing.TypeGuard[type[Spec]]:
    return isinstance(kind, type) and issubclass(kind, Spec)


def plain_type(annotation: Any) -> Any:
    """Without Annotated."""
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is typing.Annotated else annotation


def bounds_of(field: FieldInfo) -> dict[str, float]:
    words = ("ge", "gt", "le", "lt", "multiple_of")
    return {word: getattr(mark, word) for mark in field.metadata for word in words if hasattr(mark, word)}


def group_names(fields: dict[str, FieldInfo]) -> list[str]:
    return list(dict.fromkeys(extra(field)["group"] for field in fields.values() if extra(field)["group"]))


def entry_of(shelf: Registry[Any], kind: Any) -> type[Spec] | None:
    try:
        return shelf[kind]
    except ConfigError:
        return None


def base_of(entry: type[Spec] | None, base: Values) -> Values:
    """What an entry's fields are measured against: the base where it has the same kind, else the entry's defaults."""
    if entry is None or base.get("kind") == entry.kind:
        return base
    return complete(entry, {})


def kinds(entries: list[Any]) -> list[str]:
    return [str(entry.get("kind")) if isinstance(entry, dict) else str(entry) for entry in entries]


# --- plain values ----------------------------------------------------------------------------------------------------


def complete(spec: type[Spec], values: Values) -> Values:
    """Plain values with the defaults filled in. Nothing is judged: what does not fit stays as it is."""
    done: Values = {"kind": spec.kind} if spec.kind else {}
    for name, field in spec.model_fields.items():
        given = values[name] if name in values else field.get_default(call_default_factory=True)
        done[name] = complete_field(field, to_plain(given))
    return done | {key: value for key, value in values.items() if key not in done}


def complete_field(field: FieldInfo, given: Any) -> Any:
    one, many = shelf_of(field.metadata), list_shelf_of(field)
    if one is not None:
        return complete_entry(one, given)
    if many is not None and isinstance(given, list):
        return [complete_entry(many, value) for value in given]
    if is_spec(field.annotation) and isinstance(given, dict):
        return complete(field.annotation, given)
    return given


def complete_entry(shelf: Registry[Any], given: Any) -> Any:
    values = {"kind": given} if isinstance(given, str) else given
    entry = entry_of(shelf, values.get("kind")) if isinstance(values, dict) else None
    return complete(entry, values) if entry else values


def to_plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.plain()
    if isinstance(value, dict):
        return {key: to_plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(inner) for inner in value]
    if isinstance(value, Path):
        return str(value)
    return None if value is PydanticUndefined else value


# --- sentences -------------------------------------------------------------------------------------------------------


def tool_tip(title: str, field: FieldInfo, path: str) -> str:
    lines = [f"<b>{html.escape(title)}</b>", html.escape(field.description or ""), html.escape(range_text(field))]
    lines += ["Live: may be changed while a run trains."] if extra(field)["live"] else []
    return "".join(f"<p>{line}</p>" for line in lines if line) + f"<p><code>{html.escape(path)}</code></p>"


def range_text(field: FieldInfo) -> str:
    """ "1 to 64 steps", "above 0, below 1", "at least 0"."""
    bounds, unit = bounds_of(field), extra(field)["unit"]
    says = {word: number_text(value, log=True) for word, value in bounds.items()}
    if "ge" in says and "le" in says:
        parts = [f"{says['ge']} to {says['le']}"]
    else:
        words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
        parts = [f"{words[word]} {says[word]}" for word in words if word in says]
    text = " ".join([", ".join(parts), unit]).strip()
    text += f", a multiple of {says['multiple_of']}" if "multiple_of" in says else ""
    return text[:1].upper() + text[1:]


def value_text(value: Any) -> str:
    """For "Back to ...": short, or "the preset's"."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(value, bool):
        text = "on" if value else "off"
    return text if len(text) <= 40 and value is not None else "the preset's value"


def entry_tip(entry: type[Spec]) -> str:
    lines = [f"<b>{html.escape(entry.title)}</b>", html.escape(entry.about), f"<i>{html.escape(entry.paper)}</i>"]
    return "".join(f"<p>{line}</p>" for line in lines if line not in ("", "<i></i>"))


def entry_sentence(entry: type[Spec] | None) -> str:
    if entry is None or not entry.about:
        return ""
    return f"{entry.about} {entry.paper}." if entry.paper else entry.about


def as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
