"""What is wrong with properties in CloudFormation's spelling, by the CDK's own class for the resource's type.

A call of a function, `{Ref: …}`, may stand anywhere: what it gives is known at a deployment.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Stack

from lambdakit.constructs.cloudformation.problem_places import Steps, pointer_text
from lambdakit.constructs.cloudformation.property_shapes import (
    Field,
    Route,
    Shape,
    Step,
    properties_class,
    spelled_fields,
)
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import CfnResource

_CLOSE: Final = 0.65
_SHOWN: Final = 60
_WORDS: Final = {"text": "text", "number": "a number", "boolean": "true or false"}


def property_problems(
    resource: CfnResource, properties: Mapping[str, Any], *, pointer: tuple[str, Steps], over: bool
) -> list[Diagnostic]:
    """Every unknown key, wrong kind of value and missing key of `properties`.

    resource: of the class that says what is allowed; one that the CDK has no class for allows everything.
    pointer: the place of the properties: a construct's path, and the steps below it.
    over: they are laid over those that the resource has, so that none is missing and items are meant by their places.
    """
    struct = properties_class(resource)
    if struct is None:
        return []
    check = _Check(resource, pointer[0], over)
    return list(check.mapping(dict(properties), struct, (), pointer[1], complete=not over))


def is_call(value: object) -> bool:
    """Whether the value is a call of one of CloudFormation's functions."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (key,) = value
    return key == "Ref" or str(key).startswith("Fn::")


@dataclass(frozen=True, slots=True)
class _Check:
    resource: CfnResource
    path: str
    over: bool

    def mapping(
        self, value: dict[str, Any], struct: type, route: Route, steps: Steps, *, complete: bool
    ) -> Iterator[Diagnostic]:
        fields = spelled_fields(self.resource, struct, route)
        meant = set()
        for key, inner in value.items():
            field = fields.get(key)
            if field is None:
                meant.add(near := _nearest(key, fields))
                yield self._unknown(key, near, fields, (*steps, key))
                continue
            step = Step(struct=struct, field=field, spelled=key)
            yield from self.value(inner, field.shape, (*route, step), (*steps, key), complete=complete)
        for key, field in fields.items():
            if complete and field.required and key not in value and key not in meant:
                yield self._problem("LK462", steps, f"{key} is missing", f"add {key}")

    def value(self, value: Any, shape: Shape, route: Route, steps: Steps, *, complete: bool) -> Iterator[Diagnostic]:
        if is_call(value):
            yield from self._branches(value, shape, route, steps)
        elif "anything" in shape.plain:
            if self.over:
                yield from self._laid_over(value, _existing(self.resource, route), steps)
        elif isinstance(value, dict):
            yield from self._of_mapping(value, shape, route, steps, complete=complete)
        elif isinstance(value, list) and shape.items is not None:
            for place, inner in enumerate(value):
                step = Step(place=place)
                yield from self.value(inner, shape.items, (*route, step), (*steps, place), complete=True)
        elif not _is_plain(value, shape):
            yield self._wrong(value, shape, steps)

    def _of_mapping(
        self, value: dict[str, Any], shape: Shape, route: Route, steps: Steps, *, complete: bool
    ) -> Iterator[Diagnostic]:
        if shape.struct is not None:
            yield from self.mapping(value, shape.struct, route, steps, complete=complete)
        elif shape.values is not None:
            for key, inner in value.items():
                yield from self.value(inner, shape.values, (*route, Step()), (*steps, key), complete=complete)
        elif shape.items is not None and self.over and _names_items(value):
            yield from self._items(value, shape.items, route, steps)
        else:
            yield self._wrong(value, shape, steps)

    def _branches(self, call: dict[str, Any], shape: Shape, route: Route, steps: Steps) -> Iterator[Diagnostic]:
        match call:
            case {"Fn::If": [_, *branches]}:
                for place, branch in enumerate(branches, start=1):
                    yield from self.value(branch, shape, route, (*steps, "Fn::If", place), complete=True)

    def _items(self, value: dict[str, Any], shape: Shape, route: Route, steps: Steps) -> Iterator[Diagnostic]:
        existing = _existing(self.resource, route)
        for key, inner in value.items():
            if isinstance(existing, list) and int(key) >= len(existing):
                yield self._no_item(key, existing, (*steps, key))
                continue
            step = Step(place=int(key))
            yield from self.value(inner, shape, (*route, step), (*steps, key), complete=False)

    def _laid_over(self, value: Any, existing: Any, steps: Steps) -> Iterator[Diagnostic]:
        """Mappings over lists, of which the CDK would make neither."""
        if not isinstance(value, dict) or is_call(value):
            return
        if isinstance(existing, list):
            if not _names_items(value):
                problem = "a mapping cannot be laid over a list"
                yield self._problem("LK464", steps, problem, "write the whole list, or {0: …} for its first item")
                return
            for key, inner in value.items():
                if int(key) >= len(existing):
                    yield self._no_item(key, existing, (*steps, key))
                else:
                    yield from self._laid_over(inner, existing[int(key)], (*steps, key))
        elif isinstance(existing, dict):
            for key, inner in value.items():
                yield from self._laid_over(inner, existing.get(key), (*steps, key))

    def _unknown(self, key: str, near: str | None, fields: Mapping[str, Field], steps: Steps) -> Diagnostic:
        hint = f"write {near}" if near else f"keys that are known here: {', '.join(sorted(fields))}"
        problem = f"{_shown(key)} is no property of {self.resource.cfn_resource_type} here"
        return self._problem("LK461", steps, problem, hint)

    def _wrong(self, value: Any, shape: Shape, steps: Steps) -> Diagnostic:
        allowed = [_WORDS[each] for each in sorted(shape.plain) if each in _WORDS]
        allowed += ["a list"] if shape.items is not None else []
        allowed += ["a mapping"] if shape.values is not None or shape.struct is not None else []
        hint = ""
        if "text" in shape.plain and isinstance(value, bool | int | float):
            hint = f"put it in quotes: {json.dumps(json.dumps(value))}"
        elif isinstance(value, str) and value in ("true", "false") and "boolean" in shape.plain:
            hint = "leave out the quotes"
        elif self.over and value == "none":
            hint = "to remove the property, write !Ref AWS::NoValue"
        return self._problem("LK462", steps, f"must be {' or '.join(allowed)}, not {_given(value)}", hint)

    def _no_item(self, key: str, existing: list[Any], steps: Steps) -> Diagnostic:
        problem = f"the list has {len(existing)} items, the first being 0, and none at {key}"
        return self._problem("LK464", steps, problem, "write the whole list to add an item")

    def _problem(self, code: str, steps: Steps, problem: str, hint: str) -> Diagnostic:
        return Diagnostic(problem=problem, code=code, pointer=pointer_text(self.path, steps), hint=hint)


def _existing(resource: CfnResource, route: Route) -> Any:
    """What the construct writes at the route; None where it writes nothing, or cannot be asked."""
    first = route[0].field
    if first is None:
        return None
    found = Stack.of(resource).resolve(getattr(resource, first.python_name, None))
    for step in route[1:]:
        if step.field is not None:
            found = found.get(step.field.name) if isinstance(found, dict) else None
        elif step.place is not None:
            found = found[step.place] if isinstance(found, list) and step.place < len(found) else None
        else:
            return None
    return found


def _names_items(value: Mapping[str, Any]) -> bool:
    return bool(value) and all(key.isdecimal() and key.isascii() for key in value)


def _is_plain(value: Any, shape: Shape) -> bool:
    match value:
        case bool():
            return "boolean" in shape.plain
        case int() | float():
            return "number" in shape.plain
        case str():
            return "text" in shape.plain
    return False


def _nearest(key: str, fields: Mapping[str, Field]) -> str | None:
    by_letters = {name.casefold(): name for name in fields}
    close = difflib.get_close_matches(_letters(key), by_letters, n=1, cutoff=_CLOSE)
    return by_letters[close[0]] if close else None


def _letters(key: str) -> str:
    return "".join(character for character in key.casefold() if character.isalnum())[:_SHOWN]


def _shown(text: str) -> str:
    return json.dumps(text if len(text) <= _SHOWN else text[:_SHOWN] + "…", ensure_ascii=False)


def _given(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {_shown(value)}"
        case list():
            return "a list"
    return "a mapping"
