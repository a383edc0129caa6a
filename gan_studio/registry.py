"""A shelf: {kind: class}, filled by importing every module of a package.

`OBJECTIVES = Registry("gan_studio.objectives", "objective")`; an entry adds itself with `@OBJECTIVES.add`; a field that
holds any entry is `Annotated[Objective, OneOf(OBJECTIVES)]`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from .config import ConfigError, Problem, Spec, did_you_mean

T = TypeVar("T", bound=Spec)


class Registry(Generic[T]):
    """The entries of one shelf by `kind`, in the order of their titles."""

    def __init__(self, package: str, what: str):
        self.package, self.what = package, what
        self._entries: dict[str, type[T]] = {}
        self._filled = False

    def add(self, entry: type[T]) -> type[T]:
        assert entry.kind and entry.title, f"{entry.__name__} needs a kind and a title"
        assert self._entries.setdefault(entry.kind, entry) is entry, f"two entries are called {entry.kind!r}"
        return entry

    def __getitem__(self, kind: str) -> type[T]:
        self._fill()
        if kind not in self._entries:
            hint = did_you_mean(str(kind), sorted(self._entries))
            raise ConfigError(Problem("kind", f"there is no {self.what} called {kind!r}.{hint}"))
        return self._entries[kind]

    def __iter__(self) -> Iterator[type[T]]:
        self._fill()
        return iter(sorted(self._entries.values(), key=lambda entry: entry.title.lower()))

    def parse(self, value: Any) -> T:
        """An entry from itself, from its kind alone, or from a table with `kind`. Raises ConfigError."""
        if isinstance(value, Spec) and type(value) is self._entries.get(value.kind):
            return value  # type: ignore[return-value]
        values = {"kind": value} if isinstance(value, str) else value
        if not isinstance(values, dict) or not isinstance(values.get("kind"), str):
            raise ConfigError(f"{value!r} does not name {self.what} by its kind.")
        rest = {key: item for key, item in values.items() if key != "kind"}
        return self[values["kind"]].parse(rest)

    def _fill(self) -> None:
        if self._filled:
            return
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        self._filled = True


class OneOf:
    """Marks a field that holds one entry of a shelf: `Annotated[Objective, OneOf(OBJECTIVES)]`."""

    def __init__(self, shelf: Registry[Any]):
        self.shelf = shelf

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.shelf.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda spec: spec.plain()),
        )
