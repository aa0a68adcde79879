"""Evaluating a value of a template: plain data is copied, functions are replaced by what they return.

Which functions exist depends on the place (`functions.py` has the tables), what names mean on the scope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from lambdakit.assembly.budget import Budget
from lambdakit.assembly.codes import OUT_OF_BOUNDS, UNKNOWN_INTRINSIC, WRONG_ARGUMENT
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.scalars import as_text
from lambdakit.assembly.scopes import NO_VALUE, Scope
from lambdakit.assembly.template import LOOP_PREFIX, TRANSFORM_FUNCTION, Template
from lambdakit.errors import AssemblyError

Function: TypeAlias = "Callable[[Evaluator, object, Place], object]"

DEPTH_MAX = 100


class Evaluator:
    """Evaluates values within one template.

    conditions: the values of the conditions known so far.
    """

    def __init__(
        self,
        template: Template,
        *,
        scope: Scope,
        region: str,
        conditions: Mapping[str, bool],
        functions: Mapping[str, Function],
        budget: Budget,
    ) -> None:
        self.template = template
        self.scope = scope
        self.region = region
        self.conditions = conditions
        self.budget = budget
        self._functions = functions
        self._depth = 0

    def evaluate(self, value: object, place: Place) -> object:
        """The value: JSON, or `NO_VALUE`. Keys and elements without a value are left out."""
        if isinstance(value, str | bool | int | float):
            return value
        if self._depth > DEPTH_MAX:
            raise place.error(f"nested deeper than {DEPTH_MAX} levels", OUT_OF_BOUNDS)
        self._depth += 1
        try:
            return self._evaluate(value, place)
        finally:
            self._depth -= 1

    def text(self, value: object, place: Place) -> str:
        """The value as text: a string, number or truth value, or a function that returns one."""
        result = self.evaluate(value, place)
        text = as_text(result)
        if text is None:
            raise place.error(f"{_described(result)} stands where a string is needed", WRONG_ARGUMENT)
        return text

    def items(self, value: object, place: Place) -> list[object]:
        """The value as a list: one in the template, or a function that returns one."""
        result = self.evaluate(value, place)
        if not isinstance(result, list):
            raise place.error(f"{_described(result)} stands where a list is needed", WRONG_ARGUMENT)
        return result

    def texts(self, value: object, place: Place) -> list[str]:
        """The value as a list of texts."""
        texts = []
        for index, item in enumerate(self.items(value, place)):
            text = as_text(item)
            if text is None:
                problem = f"{_described(item)} stands where a string is needed"
                raise (place / index).error(problem, WRONG_ARGUMENT)
            texts.append(text)
        return texts

    def require_language_extensions(self, what: str, place: Place) -> None:
        """AssemblyError unless the template asks for the transform that brings `what`."""
        if not self.template.uses_language_extensions:
            raise place.error(
                f"{what} needs the transform AWS::LanguageExtensions",
                UNKNOWN_INTRINSIC,
                hint='add "Transform": "AWS::LanguageExtensions" to the template',
            )

    def _evaluate(self, value: object, place: Place) -> object:
        if isinstance(value, dict):
            name = self._function_name(value, place)
            if name is not None:
                return self._functions[name](self, value[name], place / name)
            return self._object(value, place)
        if isinstance(value, list):
            return self._list(value, place)
        if value is None:
            # Source: CloudFormation's validation: "'null' values are not allowed in templates"
            raise place.error("null is not allowed in a template", hint="leave the key out, or use AWS::NoValue")
        raise place.error(f"{shown(value)} is no value of a template")

    def _object(self, value: Mapping[str, object], place: Place) -> dict[str, object]:
        result: dict[str, object] = {}
        for key, item in value.items():
            resolved = self.evaluate(item, place / key)
            if resolved is not NO_VALUE:
                result[key] = resolved
        return result

    def _list(self, value: Sequence[object], place: Place) -> list[object]:
        result = []
        for index, item in enumerate(value):
            resolved = self.evaluate(item, place / index)
            if resolved is not NO_VALUE:
                result.append(resolved)
        return result

    def _function_name(self, value: Mapping[str, object], place: Place) -> str | None:
        if len(value) == 1:
            (key,) = value
            if key in self._functions:
                return key
            if key.startswith("Fn::"):
                raise self._unknown(key, place)
            return None
        for key in value:
            if key.startswith("Fn::"):
                if key not in self._functions:
                    raise self._unknown(key, place)
                raise place.error(f"{key} has other keys beside it", WRONG_ARGUMENT, hint="a function stands alone")
        return None

    def _unknown(self, key: str, place: Place) -> AssemblyError:
        if key.startswith(LOOP_PREFIX):
            return place.error(f"{key} is not allowed here", UNKNOWN_INTRINSIC)
        if key == TRANSFORM_FUNCTION:
            return place.error("a transform is not allowed here", UNKNOWN_INTRINSIC)
        return place.error(
            f"there is no function {shown(key)} for this place",
            UNKNOWN_INTRINSIC,
            hint=nearest(key, self._functions),
        )


def arguments(value: object, place: Place, *counts: int) -> Sequence[object]:
    """The arguments of a function that takes a list of one of these lengths."""
    if not isinstance(value, list) or len(value) not in counts:
        allowed = " or ".join(str(count) for count in counts)
        raise place.error(f"{shown(value)} is not a list of {allowed} arguments", WRONG_ARGUMENT)
    return value


def _described(value: object) -> str:
    return "AWS::NoValue" if value is NO_VALUE else shown(value)
