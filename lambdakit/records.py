"""Frozen dataclasses whose methods are made when they are first needed.

To a type checker, and to whoever uses an instance, they are `dataclasses.dataclass(frozen=True, slots=True)`. The
standard decorator compiles six methods as it runs, half a millisecond a class; of the hundreds of classes that a
harness loads it uses the fewest before its first request. Here methods wait, and are the standard decorator's own when
they come. `InitVar` is not for records.
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

    __slots__ = ("_finish", "_name")

    def __init__(self, name: str, finish: Callable[[], type]) -> None:
        self._name = name
        self._finish = finish

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        method = self._finish().__dict__[self._name]
        return method if instance is None else MethodType(method, instance)


def _decorated(cls: type, *, kw_only: bool, repr: bool, eq: bool) -> type:
    own = {name for name in _LATER if name in cls.__dict__}
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    names = ["__init__", *(["__repr__"] if repr else ()), *(["__eq__", "__hash__"] if eq else ())]
    # As the standard decorator has it: a method of the class's own stays, but for the one that takes the fields.
    names = [name for name in names if name == "__init__" or name not in own]

    def finish() -> type:
        if isinstance(made.__dict__["__init__"], _Later):
            whole = _whole(made, repr=repr, eq=eq)
            for name in names:
                setattr(made, name, whole.__dict__[name])
        return made

    for name in names:
        setattr(made, name, _Later(name, finish))
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
    if hasattr(made, "__post_init__"):
        body["__post_init__"] = made.__post_init__
    # Which of them are for keywords alone, the fields say themselves.
    # With slots, as only then does it set what is no argument and has a default.
    return dataclasses.dataclass(frozen=True, slots=True, repr=repr, eq=eq)(type(made.__name__, (), body))


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
