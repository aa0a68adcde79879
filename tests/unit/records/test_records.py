"""Records beside the standard decorator's dataclasses: whoever uses an instance sees no difference."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import threading
from collections.abc import Callable
from dataclasses import field
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit import records


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order."""

    sku: str
    quantity: int = 1
    notes: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False, compare=False)


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Sets some of its fields itself."""

    text: str
    weight: int = field(default=1, init=False)
    parts: list[str] = field(default_factory=list, init=False)


@records.dataclass(frozen=True, slots=True)
class Point:
    """A point."""

    x: int
    y: int = 0

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("left of the edge")


@records.dataclass(frozen=True, slots=True)
class Corner(Point):
    """A point with a name."""

    name: str = ""


@records.dataclass(frozen=True, slots=True, eq=False)
class Token:
    """One of a kind."""

    text: str


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Says itself how it looks, and what it is equal to."""

    a: int

    def __repr__(self) -> str:
        return "shown"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shown)

    def __hash__(self) -> int:
        return 7


_VALUES = st.one_of(st.integers(), st.text(max_size=3), st.none(), st.booleans())
_Decorator = Callable[..., Any]


def _made(decorator: _Decorator, names: list[str], defaults: dict[str, object], kw_only: bool, eq: bool) -> Any:
    body: dict[str, Any] = {
        "__annotations__": dict.fromkeys(names, "object"),
        "__doc__": "Made.",
        "__module__": __name__,
    }
    body |= {name: defaults[name] for name in names if name in defaults}
    return decorator(frozen=True, slots=True, kw_only=kw_only, eq=eq)(type("Made", (), body))


def _outcome(work: Callable[[], object]) -> object:
    try:
        return work()
    except Exception as error:
        return type(error), str(error)


@given(
    names=st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True),
    defaults=st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), _VALUES),
    given_values=st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e"]), _VALUES),
    positional=st.lists(_VALUES, max_size=3),
    kw_only=st.booleans(),
    eq=st.booleans(),
)
def test_any_class_is_as_the_standard_decorator_makes_it(
    names: list[str],
    defaults: dict[str, object],
    given_values: dict[str, object],
    positional: list[object],
    kw_only: bool,
    eq: bool,
) -> None:
    names = names if kw_only else sorted(names, key=lambda name: name in defaults)
    ours = _made(records.dataclass, names, defaults, kw_only, eq)
    theirs = _made(dataclasses.dataclass, names, defaults, kw_only, eq)

    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__slots__ == theirs.__slots__
    assert (ours.__hash__ is object.__hash__) is (theirs.__hash__ is object.__hash__)
    made = _outcome(lambda: ours(*positional, **given_values))
    expected = _outcome(lambda: theirs(*positional, **given_values))
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    if isinstance(expected, tuple):
        assert made == expected
        return
    assert repr(made) == repr(expected)
    assert dataclasses.asdict(made) == dataclasses.asdict(expected)  # type: ignore[call-overload]
    again = ours(*positional, **given_values)
    assert (made == again) is eq
    assert (hash(made) == hash(again)) is eq
    for name in names:
        assert _outcome(partial(setattr, made, name, 1)) == _outcome(partial(setattr, expected, name, 1))
        assert _outcome(partial(delattr, made, name)) == _outcome(partial(delattr, expected, name))


def test_fields_keep_what_was_said_of_them() -> None:
    order = Order(sku="a", secret="s")

    assert repr(order) == "Order(sku='a', quantity=1, notes=[])"
    assert order == Order(sku="a", secret="other")
    assert order.notes is not Order(sku="a").notes
    assert dataclasses.replace(order, quantity=3) == Order(sku="a", quantity=3)


def test_fields_that_are_no_arguments_have_their_defaults() -> None:
    counted = Counted(text="a")

    assert (counted.weight, counted.parts) == (1, [])
    with pytest.raises(TypeError, match="weight"):
        Counted(text="a", weight=2)  # type: ignore[call-arg]


def test_what_follows_the_fields_runs() -> None:
    with pytest.raises(ValueError, match="left of the edge"):
        Corner(-1)

    corner = Corner(1, 2, "top")

    assert corner == Corner(x=1, y=2, name="top")
    assert (corner == Point(1, 2)) is False
    match corner:
        case Corner(x, y, name):
            assert (x, y, name) == (1, 2, "top")


@pytest.mark.parametrize("each", [Order(sku="a", notes=["n"]), Corner(1, 2, "top")], ids=["keywords", "inherited"])
def test_copies_are_equal(each: object) -> None:
    assert copy.copy(each) == each
    assert copy.deepcopy(each) == each
    assert pickle.loads(pickle.dumps(each)) == each


def test_identity_can_be_what_counts() -> None:
    assert Token("a") != Token("a")
    assert len({Token("a"), Token("a")}) == 2


def test_methods_of_the_classes_own_stay() -> None:
    assert repr(Shown(a=1)) == "shown"
    assert Shown(a=1) == Shown(a=2)
    assert hash(Shown(a=1)) == 7


def test_the_first_instances_may_be_made_by_many_threads() -> None:
    cls = _made(records.dataclass, ["a"], {}, True, True)
    begin, made = threading.Barrier(8), []

    def make() -> None:
        begin.wait()
        made.append(cls(a=1))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert made == [cls(a=1)] * 8


def test_other_settings_are_the_standard_decorators_business() -> None:
    @records.dataclass(slots=True, order=True)
    class Count:
        """Changes."""

        n: int = 0

    count = Count()
    count.n = 3

    assert Count(1) < count
