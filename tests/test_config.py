"""The config: what is written comes back, and what is wrong is told in a sentence."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_studio import config
from gan_studio.config import ConfigError, Spec, option
from gan_studio.registry import OneOf, Registry


class Fruit(Spec):
    weight: float = option(1.0, "How heavy it is.", gt=0, le=100, unit="kg", live=True)


FRUITS: Registry[Fruit] = Registry("gan_studio", "fruit")
FRUITS._filled = True  # no package to import: the entries stand here


@FRUITS.add
class Apple(Fruit):
    kind = "apple"
    title = "Apple"
    crunch: float = option(0.5, "How loud it is.", ge=0, le=1)


@FRUITS.add
class Pear(Fruit):
    kind = "pear"
    title = "Pear"
    ripe: bool = option(False, "Whether it is soft.")


class Ribbon(Spec):
    colour: Literal["red", "blue"] = option("red", "Its colour.")


class Basket(Spec):
    first: Annotated[Fruit, OneOf(FRUITS)] = option("apple", "The one on top.")
    rest: tuple[Annotated[Fruit, OneOf(FRUITS)], ...] = option((), "Those below.")
    count: int = option(3, "How many.", ge=1, le=12, multiple_of=3)
    ribbon: Ribbon = option(Ribbon(), "What holds it together.")


def sentences(values: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Basket.parse(values)
    return [str(problem) for problem in caught.value.problems]


def test_defaults_are_complete() -> None:
    basket = Basket()
    assert isinstance(basket.first, Apple) and basket.rest == () and basket.count == 3
    assert basket.plain() == {
        "first": {"kind": "apple", "weight": 1.0, "crunch": 0.5},
        "rest": [],
        "count": 3,
        "ribbon": {"colour": "red"},
    }


def test_an_entry_is_named_by_kind_by_table_or_is_itself() -> None:
    expected = Pear(weight=2.0)
    assert Basket.parse({"first": expected}).first is expected
    assert Basket.parse({"first": {"kind": "pear", "weight": 2}}).first == expected
    assert Basket.parse({"first": "pear"}).first == Pear()


def test_specs_are_frozen() -> None:
    with pytest.raises(ValueError):
        Basket().count = 6  # type: ignore[misc]


# --- round trips -----------------------------------------------------------------------------------------------------

weights = st.floats(min_value=0, max_value=100, exclude_min=True)
fruits = st.one_of(
    st.builds(Apple, weight=weights, crunch=st.floats(0, 1)), st.builds(Pear, weight=weights, ripe=st.booleans())
)
baskets = st.builds(
    Basket,
    first=fruits,
    rest=st.lists(fruits, max_size=3).map(tuple),
    count=st.sampled_from([3, 6, 9, 12]),
    ribbon=st.builds(Ribbon, colour=st.sampled_from(["red", "blue"])),
)


@given(baskets)
def test_toml_round_trip(basket: Basket) -> None:
    assert Basket.parse(config.from_toml(config.to_toml(basket.plain()))) == basket


@given(baskets, baskets)
def test_differences_lead_from_one_to_the_other(old: Basket, new: Basket) -> None:
    values = old.plain()
    for path, (before, after) in config.differences(old.plain(), new.plain()).items():
        assert config.get(values, path) == before
        config.put(values, path, after)
    assert Basket.parse(values) == new


@given(baskets)
def test_nothing_differs_from_itself(basket: Basket) -> None:
    assert config.differences(basket.plain(), basket.plain()) == {}


@given(st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.booleans()))
def test_numbers_typed_on_the_command_line_keep_their_type(value: int | float | bool) -> None:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    found = config.from_text(text)
    assert found == value and type(found) is type(value)


def test_text_typed_on_the_command_line() -> None:
    assert config.from_text("hinge") == "hinge"
    assert config.from_text('["r1", "drift"]') == ["r1", "drift"]
    assert config.from_text("1e-4") == 1e-4
    assert config.from_text("") == ""
    assert config.from_text("a = b") == "a = b"


@given(st.text(max_size=40))
def test_any_text_on_the_command_line_is_some_value(text: str) -> None:
    config.from_text(text)


@given(st.text(max_size=200))
def test_any_text_is_toml_or_a_sentence(text: str) -> None:
    try:
        config.from_toml(text)
    except ConfigError as error:
        assert "TOML" in str(error) or "format" in str(error)


def test_a_newer_format_is_refused() -> None:
    newer = config.to_toml({}).replace(f"format = {config.FORMAT}", f"format = {config.FORMAT + 1}")
    with pytest.raises(ConfigError, match=r"Update GAN Studio"):
        config.from_toml(newer)
    with pytest.raises(ConfigError, match=r"format"):
        config.from_toml('format = "two"')


# --- dotted paths ----------------------------------------------------------------------------------------------------


def test_put_reaches_into_tables_and_lists() -> None:
    values = Basket(rest=(Apple(), Pear())).plain()
    config.put(values, "rest.1.ripe", True)
    config.put(values, "ribbon.colour", "blue")
    config.put(values, "first.kind", "pear")
    basket = Basket.parse(values)
    assert basket.rest == (Apple(), Pear(ripe=True))
    assert basket.ribbon.colour == "blue"
    assert basket.first == Pear()  # not an apple's crunch, which a pear has not


def test_naming_the_same_kind_keeps_the_rest() -> None:
    values = Basket(first=Apple(crunch=0.25)).plain()
    config.put(values, "first.kind", "apple")
    assert Basket.parse(values).first == Apple(crunch=0.25)


@pytest.mark.parametrize("path", ["rest.7.ripe", "rest.x", "count.deeper", "rest.0"])
def test_put_says_where_there_is_no_place(path: str) -> None:
    with pytest.raises(ConfigError, match="there is no such place") as caught:
        config.put(Basket().plain(), path, 1)
    assert caught.value.problems[0].path == path


def test_with_values_validates_the_whole() -> None:
    assert Basket().with_values({"count": 6, "first": "pear"}) == Basket(count=6, first=Pear())
    with pytest.raises(ConfigError):
        Basket().with_values({"count": 5})


@pytest.mark.parametrize(
    ("path", "live"),
    [("first.weight", True), ("rest.0.weight", True), ("first.crunch", False), ("count", False), ("first.no", False)],
)
def test_live_options(path: str, live: bool) -> None:
    assert config.is_live(Basket(rest=(Pear(),)), path) is live


# --- sentences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"cuont": 3}, ["cuont: there is no such setting. Did you mean 'count'?"]),
        ({"zzz": 3}, ["zzz: there is no such setting. Known are: first, rest, count, ribbon."]),
        ({"count": 0}, ["count: 0 is too small; the least is 1."]),
        ({"count": 15}, ["count: 15 is too large; the most is 12."]),
        ({"count": 4}, ["count: 4 must be a multiple of 3."]),
        ({"ribbon": {"colour": "green"}}, ["ribbon.colour: 'green' is none of 'red' or 'blue'."]),
        ({"first": {"kind": "apple", "weight": 0}}, ["first.weight: 0 is too small; it must be above 0."]),
        ({"first": "aple"}, ["first.kind: there is no fruit called 'aple'. Did you mean 'apple'?"]),
        ({"first": 5}, ["first: 5 does not name fruit by its kind."]),
        ({"first": {}}, ["first: {} does not name fruit by its kind."]),
        ({"rest": ["apple", "plum"]}, ["rest.1.kind: there is no fruit called 'plum'. Known are: apple, pear."]),
        (
            {"first": {"kind": "pear", "crunch": 1}},
            ["first.crunch: there is no such setting. Known are: weight, ripe."],
        ),
    ],
)
def test_wrong_values(values: dict[str, Any], expected: list[str]) -> None:
    assert sentences(values) == expected


def test_a_wrong_type_is_a_sentence_at_its_place() -> None:
    (sentence,) = sentences({"count": "many"})
    assert sentence.startswith("count: 'many' does not fit here:") and sentence.endswith(".")


def test_an_unknown_key_further_down_is_a_sentence_too() -> None:
    (sentence,) = sentences({"ribbon": {"color": "red"}})
    assert sentence.startswith("ribbon.color: there is no such setting.")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_not_a_number_is_refused(value: float) -> None:
    (sentence,) = sentences({"first": {"kind": "apple", "weight": value}})
    assert sentence.startswith("first.weight:")


def test_all_problems_are_told_at_once() -> None:
    assert len(sentences({"count": 0, "first": "plum", "colour": 1})) == 3


def test_an_error_told_from_above() -> None:
    error = ConfigError(config.Problem("b", "is wrong."), "the whole is wrong.").under("a")
    assert [str(problem) for problem in error.problems] == ["a.b: is wrong.", "a: the whole is wrong."]


# --- shelves ---------------------------------------------------------------------------------------------------------


def test_a_shelf_is_in_the_order_of_titles() -> None:
    assert [entry.kind for entry in FRUITS] == ["apple", "pear"]


def test_an_entry_needs_a_name_of_its_own() -> None:
    with pytest.raises(AssertionError, match="two entries"):

        @FRUITS.add
        class Other(Fruit):
            kind = "apple"
            title = "Other"


def test_a_shelf_fills_itself_from_its_package(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "orchard_of_test"
    package.mkdir()
    (package / "__init__.py").write_text("entries = []\n")
    (package / "plum.py").write_text("from orchard_of_test import entries\nentries.append('plum')\n")
    monkeypatch.syspath_prepend(tmp_path)
    shelf: Registry[Fruit] = Registry("orchard_of_test", "fruit")
    assert list(shelf) == []
    import orchard_of_test

    assert orchard_of_test.entries == ["plum"]
