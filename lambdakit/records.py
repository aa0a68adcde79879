"""Frozen dataclasses whose methods are made when they are first needed.

To a type checker, and to whoever uses an instance, they are `dataclasses.dataclass(frozen=True, slots=True)`. The
standard decorator compiles six methods as it runs, half a millisecond a class; of the hundreds of classes that a
harness loads it uses the fewest before its first request. Here methods wait, and are the standard decorator's own when
they come, but for the one that takes the fields: it sets each by its slot, where the standard one asks `object` for
every field of what is frozen, which takes twice as long. `InitVar` is not for records.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass

_LATER: Final = ("__init__", "__repr__", "__eq__", "__hash__")


class _Later:
    """A method that is not made yet. Whoever asks for it, an instance or the class, has it made."""

    __slots__ = ("_make", "_name")

    def __init__(self, name: str, make: Callable[[str], Any]) -> None:
        self._name = name
        self._make = make

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        method = self._make(self._name)
        return method if instance is None else MethodType(method, instance)


def _decorated(cls: type, *, kw_only: bool, repr: bool, eq: bool) -> type:
    own = {name for name in _LATER if name in cls.__dict__}
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    wanted = [*(["__repr__"] if repr else ()), *(["__eq__", "__hash__"] if eq else ())]
    # As the standard decorator has it: a method of the class's own stays, but for the one that takes the fields.
    names = ["__init__", *(name for name in wanted if name not in own)]

    def make(name: str) -> Any:
        """The method, in its place in the class. Most classes need none but the one that takes the fields."""
        if isinstance(made.__dict__[name], _Later):
            if name == "__init__":
                made.__init__ = _init_of(made)  # type: ignore[misc]
            else:
                whole = _whole(made, repr=repr, eq=eq)
                for other in names[1:]:
                    setattr(made, other, whole.__dict__[other])
        return made.__dict__[name]

    for name in names:
        setattr(made, name, _Later(name, make))
    for name, method in (
        ("__setattr__", _refuse_assignment),
        ("__delattr__", _refuse_deletion),
        ("__getstate__", _state),
        ("__setstate__", _restore),
    ):
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made


def _whole(made: type, *, repr: bool, eq: bool) -> type:
    """The standard dataclass of the same fields, whose methods do for `made`."""
    fields = dataclasses.fields(made)
    body: dict[str, Any] = {field.name: copy.copy(field) for field in fields}
    body["__annotations__"] = {field.name: field.type for field in fields}
    body |= {"__module__": made.__module__, "__qualname__": made.__qualname__, "__doc__": ""}
    # A hash of the fields, as what is frozen has it, without the refusals that records have already.
    return dataclasses.dataclass(init=False, repr=repr, eq=eq, unsafe_hash=eq)(type(made.__name__, (), body))


class _Factory:
    """Stands in a signature for what is made anew for each instance."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<factory>"


_MADE_ANEW: Final = _Factory()


def _init_of(made: Any) -> Any:
    """The method that takes the fields of `made`, whose slots it has. What it uses has names that no field has."""
    fields = dataclasses.fields(made)
    used: dict[str, Any] = {"_anew_of_": _MADE_ANEW}
    positional: list[str] = ["self"]
    keywords: list[str] = []
    lines: list[str] = []
    for number, field in enumerate(fields):
        default, name = f"_default_{number}_of_", field.name
        is_made = field.default_factory is not dataclasses.MISSING
        has_default = field.default is not dataclasses.MISSING
        if is_made or has_default:
            used[default] = field.default_factory if is_made else field.default
        elif not field.init:
            continue
        made_anew = f"{default}()" if is_made else default
        value = made_anew if not field.init else f"{made_anew} if {name} is _anew_of_ else {name}" if is_made else name
        used[f"_set_{number}_of_"] = getattr(made, name).__set__
        lines.append(f" _set_{number}_of_(self, {value})")
        if field.init:
            absent = "=_anew_of_" if is_made else f"={default}" if has_default else ""
            (keywords if field.kw_only else positional).append(name + absent)
    if hasattr(made, "__post_init__"):
        lines.append(" self.__post_init__()")
    parameters = ", ".join([*positional, *(["*", *keywords] if keywords else ())])
    exec(f"def __init__({parameters}):\n" + "\n".join(lines or [" pass"]), used)
    init = used["__init__"]
    init.__module__, init.__qualname__ = made.__module__, f"{made.__qualname__}.__init__"
    init.__annotations__ = {field.name: field.type for field in fields if field.init} | {"return": None}
    return init


def _refuse_assignment(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


if not TYPE_CHECKING:

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, repr=True, eq=True, order=False):
        """`dataclasses.dataclass`, with the settings that records have; what is not frozen waits for nothing."""

        def decorate(cls):
            if frozen and slots and not order:
                return _decorated(cls, kw_only=kw_only, repr=repr, eq=eq)
            return dataclasses.dataclass(frozen=frozen, slots=slots, kw_only=kw_only, repr=repr, eq=eq, order=order)(
                cls
            )

        return decorate if cls is None else decorate(cls)
