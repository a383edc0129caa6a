"""Frozen, typed choices: the one truth behind the form, the command line and the TOML files.

A `Spec` stands beside the code that it configures. A field is one line: its default, its range, its unit and one
sentence of help, given by `option`. Everything that comes from outside passes through `validate`, and what is wrong
comes back as a `ConfigError`, a list of sentences that a person can act on.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer
from pydantic.fields import FieldInfo

FORMAT = 1  # of the TOML files; a file of a newer format is refused with a sentence


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at a dotted path such as `recipe.objective.smoothing` ("" is the whole)."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


class ConfigError(ValueError):
    """Input that cannot be used; `problems` says where, why, and what to do."""

    def __init__(self, *problems: Problem | str):
        self.problems = tuple(p if isinstance(p, Problem) else Problem("", p) for p in problems)
        super().__init__("\n".join(map(str, self.problems)))

    def under(self, path: str) -> ConfigError:
        """The same error, told from one level above."""
        return ConfigError(*(Problem(join(path, p.path), p.sentence) for p in self.problems))


def option(
    default: Any,
    help: str,
    *,
    title: str | None = None,
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    lt: float | None = None,
    multiple_of: float | None = None,
    unit: str = "",
    live: bool = False,
    learn: bool = False,
    group: str = "",
    log: bool = False,
) -> Any:
    """A field of a Spec.

    `live`: may be changed while a run trains. `learn`: one of the few that matter, shown first. `group`: the heading
    it is folded under. `log`: steps by factors in the form. The rest are the words of JSON Schema.
    """
    extra: dict[str, Any] = {"unit": unit, "live": live, "learn": learn, "group": group, "log": log}
    bounds: dict[str, Any] = {"ge": ge, "le": le, "gt": gt, "lt": lt, "multiple_of": multiple_of}
    bounds = {name: bound for name, bound in bounds.items() if bound is not None}
    return Field(default, description=help, title=title, json_schema_extra=extra, **bounds)


class Spec(BaseModel):
    """A frozen set of options. Entries of a shelf also carry `kind`, the id that stands in files."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False, protected_namespaces=()
    )

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""  # the field's standard term, as people see it
    paper: ClassVar[str] = ""  # "Goodfellow et al. 2014"
    about: ClassVar[str] = ""  # one sentence for the tooltip

    @model_serializer(mode="wrap")
    def _with_kind(self, handler: Any) -> dict[str, Any]:
        return ({"kind": self.kind} if self.kind else {}) | handler(self)

    @classmethod
    def parse(cls, values: Any) -> Self:
        """A Spec from plain values. Raises ConfigError."""
        return validate(cls, values)

    def plain(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers, `kind` first: what stands in files."""
        return self.model_dump(mode="json")

    def with_values(self, changes: dict[str, Any]) -> Self:
        """A copy with some values changed by dotted path, validated as a whole. Raises ConfigError."""
        values = self.plain()
        for path, value in changes.items():
            put(values, path, value)
        return validate(type(self), values)


S = TypeVar("S", bound=Spec)


def validate(cls: type[S], values: Any) -> S:
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        raise ConfigError(*_problems(error, cls)) from None


# --- files -----------------------------------------------------------------------------------------------------------


def from_toml(text: str) -> dict[str, Any]:
    """The plain values of a TOML file; its `format` is checked and taken out. Raises ConfigError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"This is not a TOML file: {error}. Mend that line, or start from a preset.") from None
    written_by = values.pop("format", FORMAT)
    if not isinstance(written_by, int) or written_by > FORMAT:
        raise ConfigError(
            f"This file has format {written_by}, and this GAN Studio reads up to {FORMAT}. Update GAN Studio to use it."
        )
    return values


def to_toml(values: dict[str, Any]) -> str:
    return tomli_w.dumps({"format": FORMAT} | values)


# --- dotted paths ----------------------------------------------------------------------------------------------------


def join(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def get(values: Any, path: str) -> Any:
    """The value at a dotted path in plain values; list items by number: `recipe.penalties.0.weight`."""
    for part in path.split("."):
        values = values[int(part)] if isinstance(values, list) else values[part]
    return values


def put(values: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path in plain values. Naming another `kind` starts from that kind's defaults."""
    *parents, last = path.split(".")
    target: Any = values
    try:
        for part in parents:
            key: Any = int(part) if isinstance(target, list) else part
            if isinstance(target, dict):
                target.setdefault(part, {})
            if isinstance(target[key], str):  # an entry of a shelf, named by its kind alone
                target[key] = {"kind": target[key]}
            target = target[key]
        if isinstance(target, list):
            target[int(last)] = value
        elif last == "kind" and target.get("kind") != value:
            target.clear()
            target["kind"] = value
        else:
            target[last] = value
    except (ValueError, IndexError, AttributeError, TypeError):
        raise ConfigError(Problem(path, "there is no such place in the settings.")) from None


def from_text(text: str) -> Any:
    """A value typed on the command line: TOML where it is TOML (5, 0.1, true, [1, 2]), else the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def differences(old: Any, new: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """{dotted path: (old, new)} of two plain values."""
    if isinstance(old, dict) and isinstance(new, dict) and old.get("kind") == new.get("kind"):
        found: dict[str, tuple[Any, Any]] = {}
        for key in dict.fromkeys([*old, *new]):
            found |= differences(old.get(key), new.get(key), join(path, key))
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        found = {}
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            found |= differences(a, b, join(path, str(i)))
        return found
    return {} if old == new else {path: (old, new)}


# --- what a form, a tooltip or a help page needs ---------------------------------------------------------------------


def is_live(spec: Spec, path: str) -> bool:
    """Whether the option at this path may be changed while a run trains."""
    node: Any = spec
    *parents, last = path.split(".")
    try:
        for part in parents:
            node = node[int(part)] if isinstance(node, (list, tuple)) else getattr(node, part, None)
    except (ValueError, IndexError):
        return False
    if not isinstance(node, Spec) or last not in type(node).model_fields:
        return False
    return bool(extra(type(node).model_fields[last])["live"])


def extra(field: FieldInfo) -> dict[str, Any]:
    """What `option` was told beside the JSON-Schema words; defaults where a field was made without it."""
    given = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return {"unit": "", "live": False, "learn": False, "group": "", "log": False} | given


# --- sentences -------------------------------------------------------------------------------------------------------


def _problems(error: ValidationError, cls: type[BaseModel], at: str = "") -> Iterator[Problem]:
    for line in error.errors(include_url=False):
        path = join(at, *map(str, line["loc"]))
        inner = line.get("ctx", {}).get("error")
        if isinstance(inner, ConfigError):
            yield from inner.under(path).problems
        else:
            yield Problem(path, _sentence(line, cls))


def did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else f" Known are: {', '.join(known)}."


def _sentence(line: Any, cls: type[BaseModel]) -> str:
    given, context = line.get("input"), line.get("ctx", {})
    match line["type"]:
        case "extra_forbidden":
            known = list(cls.model_fields) if len(line["loc"]) == 1 else []
            hint = did_you_mean(str(line["loc"][-1]), known) if known else " Remove it or check its spelling."
            return f"there is no such setting.{hint}"
        case "greater_than_equal":
            return f"{given!r} is too small; the least is {context['ge']:g}."
        case "greater_than":
            return f"{given!r} is too small; it must be above {context['gt']:g}."
        case "less_than":
            return f"{given!r} is too large; it must be below {context['lt']:g}."
        case "less_than_equal":
            return f"{given!r} is too large; the most is {context['le']:g}."
        case "multiple_of":
            return f"{given!r} must be a multiple of {context['multiple_of']:g}."
        case "literal_error":
            return f"{given!r} is none of {context['expected']}."
        case "missing":
            return "this setting is missing; give it a value."
        case "finite_number":
            return f"{given!r} must be a finite number."
        case _:
            return f"{given!r} does not fit here: {line['msg'][0].lower()}{line['msg'][1:]}."
