"""What the bindings do to the CDK and to the constructs, noted as expressions while it really happens.

Every object of theirs that a binding sees is a `Recorded`: it stands for the real object, hands every use on to it,
and knows the expression that gives it. Plain values stay what they are. So nothing here knows a pattern: what a
binding calls is what is written.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from types import GeneratorType, MappingProxyType, ModuleType
from typing import Any, Final
from typing import Literal as OneOf

from constructs import Construct

from lambdakit.compiler.ejection.defaults import says_its_default
from lambdakit.compiler.ejection.expressions import (
    UNPACKED,
    Attribute,
    Call,
    Entries,
    Expression,
    Items,
    Literal,
    Module,
    ProjectPath,
    Reference,
    Subscript,
    Text,
    Unwritable,
    walk,
)
from lambdakit.compiler.ejection.readable_constants import readable_constant
from lambdakit.compiler.ejection.tokens import holds_token, split_at, tokens_in
from lambdakit.records import dataclass

_SCALARS: Final = (bool, int, float, str, bytes, Path, enum.Enum, date, time, timedelta)
_LISTS: Final = (list, tuple, set, frozenset)
_MAPPINGS: Final = (dict, MappingProxyType)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """A call or an assignment that may change something, or makes something that others use.

    expression: the call. result: what it gave. makes: whether it added a construct, `path`, to the tree.
    value: what is assigned to the attribute `expression`; absent for a call.
    """

    expression: Expression
    result: object = None
    makes: bool = False
    path: str = ""
    value: Expression | None = None


class Recorder:
    """Notes steps in their order. directory: the document's; paths below it are written relative to it."""

    def __init__(self, directory: Path) -> None:
        self.steps: list[Step] = []
        self._directory = directory
        self._known: dict[object, Recorded] = {}
        self._tokens: dict[str | float, Expression] = {}
        self._made: set[Expression] = set()
        self._mappings: list[tuple[Mapping[str, Any], Expression]] = []

    def recorded(self, value: Any, expression: Expression) -> Any:
        """What a binding is given for `value`: the value itself when it is plain, else its `Recorded`."""
        if is_plain(value):
            for token in tokens_in(value):
                self._tokens.setdefault(token, expression)
            return value
        if isinstance(value, GeneratorType):
            return value
        if isinstance(value, _LISTS):
            return type(value)(
                self.recorded(each, Subscript(expression, Literal(place))) for place, each in enumerate(value)
            )
        if isinstance(value, _MAPPINGS):
            recorded = {
                key: self.recorded(each, Subscript(expression, self.expression(key))) for key, each in value.items()
            }
            self._mappings.append((recorded, expression))
            return recorded
        if isinstance(value, ModuleType | type) or callable(value):
            return Recorded(self, value, expression)
        return self._known.setdefault(_identity(value), Recorded(self, value, expression))

    def expression(self, value: Any) -> Expression:
        """The expression that gives `value`."""
        if isinstance(value, Recorded):
            return expression_of(value)
        for token in tokens_in(value):
            if (known := self._tokens.get(token)) is not None:
                return known
        match value:
            case enum.Enum():
                return Attribute(Reference(type(value).__module__, type(value).__qualname__), value.name)
            case None | bool() | int() | float():
                return Literal(value)
            case Path():
                return self._path(value, as_text=False)
            case str():
                return self._text(value)
        if isinstance(value, (*_LISTS, *_MAPPINGS)):
            return self._collection(value)
        if (found := self._known.get(_identity(value))) is not None:
            return expression_of(found)
        return Unwritable(f"{type(value).__module__}.{type(value).__qualname__}")

    def _collection(self, value: Any) -> Expression:
        if isinstance(value, _MAPPINGS):
            return Entries(tuple((self.expression(key), self.expression(each)) for key, each in value.items()))
        kind: OneOf["list", "tuple", "set"] = "set"
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
        return Items(kind, tuple(self.expression(each) for each in value))

    def call(self, function: Recorded, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
        """Calls the real function, and notes the call when it may have changed something."""
        real = value_of(function)
        real_arguments = tuple(real_value(each) for each in arguments)
        real_keywords = {name: real_value(each) for name, each in keywords.items()}
        call = Call(
            expression_of(function),
            tuple(self.expression(each) for each in arguments),
            self._keywords(real, keywords, real_keywords),
        )
        result = real(*real_arguments, **real_keywords)
        constant = readable_constant(call.function, result)
        expression = call if constant is None else constant
        self._note(real, expression, result)
        return self.recorded(result, expression)

    def _keywords(
        self, function: Any, keywords: Mapping[str, Any], real: Mapping[str, Any]
    ) -> tuple[tuple[str, Expression], ...]:
        """The keyword arguments that are worth writing; those that came as a mapping whole stand behind `**`."""
        written = {
            name: self.expression(each)
            for name, each in keywords.items()
            if not says_its_default(function, name, real[name])
        }
        for mapping, expression in reversed(self._mappings):
            is_whole = all(name in keywords and keywords[name] is each for name, each in mapping.items())
            # Without an item of its own, it only gathers what is written elsewhere, and can be written here.
            if is_whole and any(_is_item(each, expression) for each in written.values()):
                rest = ((name, each) for name, each in written.items() if name not in mapping)
                return (*rest, (UNPACKED, expression))
        return tuple(written.items())

    def assign(self, owner: Recorded, name: str, value: Any) -> None:
        """Sets the real attribute, and notes it."""
        setattr(value_of(owner), name, real_value(value))
        self.steps.append(Step(expression=Attribute(expression_of(owner), name), value=self.expression(value)))

    def attribute(self, owner: Recorded, name: str) -> Any:
        """The attribute of the real object."""
        value, source = getattr(value_of(owner), name), expression_of(owner)
        match source, value:
            case _, ModuleType():
                return self.recorded(value, Module(value.__name__))
            case Module(name=module), _:
                return self.recorded(value, Reference(module, name))
        return self.recorded(value, Attribute(source, name))

    def _note(self, function: Any, call: Expression, result: Any) -> None:
        makes = is_construct(result) and _identity(result) not in self._known and not _only_finds(function)
        if makes:
            self._made.add(call)
            self.steps.append(Step(expression=call, result=result, makes=True, path=result.node.path))
        elif not isinstance(function, type) and not _only_finds(function) and self._touches(call):
            # What gives a plain value was asked for that value.
            if result is None or not is_plain(result):
                self.steps.append(Step(expression=call, result=result))

    def _touches(self, call: Expression) -> bool:
        """Whether something that was made before has a part in the call."""
        return any(each in self._made for each in walk(call))

    def _path(self, path: Path, *, as_text: bool) -> Expression:
        try:
            return ProjectPath(path.relative_to(self._directory).parts, as_text)
        except ValueError:
            return Unwritable(f"the path {path}, which is outside the document's directory")

    def _text(self, value: str) -> Expression:
        if value.startswith(str(self._directory)):
            return self._path(Path(value), as_text=True)
        if not holds_token(value):
            return Text((value,) if value else ())
        parts: list[str | Expression] = []
        for part, is_known in split_at(value, (token for token in self._tokens if isinstance(token, str))):
            if not is_known and holds_token(part):
                return Unwritable("a value that only the deployment knows, inside a text")
            parts.append(self._tokens[part] if is_known else part)
        return Text(tuple(parts))


class Recorded:
    """A real object, with the expression that gives it."""

    __slots__ = ("_lambdakit_expression", "_lambdakit_recorder", "_lambdakit_value")

    def __init__(self, recorder: Recorder, value: Any, expression: Expression) -> None:
        object.__setattr__(self, "_lambdakit_recorder", recorder)
        object.__setattr__(self, "_lambdakit_value", value)
        object.__setattr__(self, "_lambdakit_expression", expression)

    @property  # type: ignore[misc]  # where `object` has what can be set
    def __class__(self) -> Any:
        """The real object's class, so that `isinstance` and `match` see what is there."""
        return type(value_of(self))

    def __getattr__(self, name: str) -> Any:
        """The real object's attribute."""
        return _recorder_of(self).attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Sets the real object's attribute."""
        _recorder_of(self).assign(self, name, value)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Calls the real object."""
        return _recorder_of(self).call(self, arguments, keywords)

    def __getitem__(self, key: Any) -> Any:
        """An item of the real object."""
        recorder = _recorder_of(self)
        expression = Subscript(expression_of(self), recorder.expression(key))
        return recorder.recorded(value_of(self)[real_value(key)], expression)

    def __iter__(self) -> Any:
        """The real object's items."""
        recorder, source = _recorder_of(self), expression_of(self)
        return (recorder.recorded(each, Subscript(source, Literal(place))) for place, each in enumerate(value_of(self)))

    def __instancecheck__(self, instance: object) -> bool:
        """Whether the instance, real or recorded, is one of the real class."""
        return isinstance(real_value(instance), value_of(self))

    def __or__(self, other: object) -> Recorded:
        """A union of types, which only type checkers read."""
        return self

    __ror__ = __or__

    def __len__(self) -> int:
        """The real object's length."""
        return len(value_of(self))

    def __contains__(self, item: object) -> bool:
        """Whether the real object holds the item."""
        return real_value(item) in value_of(self)

    def __bool__(self) -> bool:
        """The real object's truth."""
        return bool(value_of(self))

    def __eq__(self, other: object) -> bool:
        """Whether the real objects are equal."""
        return bool(value_of(self) == real_value(other))

    def __hash__(self) -> int:
        """The real object's hash."""
        return hash(value_of(self))

    def __str__(self) -> str:
        """The real object as text."""
        return str(value_of(self))


def value_of(recorded: Recorded) -> Any:
    """The real object."""
    return object.__getattribute__(recorded, "_lambdakit_value")


def expression_of(recorded: Recorded) -> Expression:
    """The expression that gives the object."""
    expression: Expression = object.__getattribute__(recorded, "_lambdakit_expression")
    return expression


def _recorder_of(recorded: Recorded) -> Recorder:
    recorder: Recorder = object.__getattribute__(recorded, "_lambdakit_recorder")
    return recorder


def real_value(value: Any) -> Any:
    """The value with real objects for recorded ones, also within lists and dictionaries."""
    if type(value) is Recorded:
        return value_of(value)
    if type(value) in _LISTS:
        return type(value)(real_value(each) for each in value)
    if type(value) in _MAPPINGS:
        return {real_value(key): real_value(each) for key, each in value.items()}
    return value


def is_plain(value: Any) -> bool:
    """Whether the value is text, a number, a path and so on, or a collection of such."""
    if value is None or isinstance(value, _SCALARS):
        return True
    if isinstance(value, _LISTS):
        return all(is_plain(each) for each in value)
    return isinstance(value, _MAPPINGS) and all(is_plain(key) and is_plain(each) for key, each in value.items())


def is_construct(value: Any) -> bool:
    """Whether the value is in the tree; what is imported comes from Node.js as an interface alone."""
    return isinstance(value, Construct) or (_jsii_number(value) is not None and hasattr(value, "node"))


def _identity(value: Any) -> object:
    """The same for each Python object that stands for one of Node.js."""
    number = _jsii_number(value)
    # With the object itself, so that it lives on and its address stays its own.
    return ("jsii", number) if number is not None else _ById(value)


def _jsii_number(value: Any) -> str | None:
    reference = getattr(value, "__jsii_ref__", None)
    identifier = getattr(reference, "ref", None)
    return identifier.rpartition("@")[2] if isinstance(identifier, str) else None


@dataclass(frozen=True, slots=True, eq=False)
class _ById:
    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def _is_item(expression: Expression, owner: Expression) -> bool:
    return any(isinstance(each, Subscript) and each.owner is owner for each in walk(expression))


def _only_finds(function: Any) -> bool:
    """Whether it is a method of a construct's node that reads the tree."""
    owner = getattr(function, "__self__", None)
    return type(owner).__name__ == "Node" and function.__name__.startswith(("find", "try", "get"))
