"""Unrolling `Fn::ForEach` loops.

Source: CloudFormation Template Reference, "Fn::ForEach"; how `&{}` treats a value: aws-cloudformation/cfn-lint,
template/transforms/_language_extensions.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lambdakit.assembly.budget import Budget
from lambdakit.assembly.codes import WRONG_ARGUMENT
from lambdakit.assembly.evaluation import Evaluator, arguments
from lambdakit.assembly.place import Place, shown
from lambdakit.assembly.template import LOOP_PREFIX, is_loop

_NAME: Final = re.compile(r"[A-Za-z0-9]+")
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Za-z0-9]+")


def unroll(value: object, evaluator: Evaluator, place: Place) -> object:
    """`value` with every loop in it replaced by what it produces.

    evaluator: knows parameters only; gives the collections their values and bounds the result.
    """
    if isinstance(value, dict):
        return _unroll_object(value, evaluator, place)
    if isinstance(value, list):
        return [unroll(item, evaluator, place / index) for index, item in enumerate(value)]
    return value


def _unroll_object(value: Mapping[str, object], evaluator: Evaluator, place: Place) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, item in value.items():
        if not is_loop(key):
            _add(result, key, unroll(item, evaluator, place / key), place)
            continue
        at = place / key
        for produced in _turns(key, item, evaluator, at):
            for name, content in _unroll_object(produced, evaluator, at).items():
                _add(result, name, content, at)
    return result


def _add(result: dict[str, object], key: str, value: object, place: Place) -> None:
    if key in result:
        raise place.error(
            f"the key {shown(key)} is produced twice",
            WRONG_ARGUMENT,
            hint="use the loop's identifier in the key, as ${Identifier} or &{Identifier}",
        )
    result[key] = value


def _turns(key: str, value: object, evaluator: Evaluator, place: Place) -> Iterator[Mapping[str, object]]:
    """The loop's fragment once for each item, with the item in the identifier's place."""
    evaluator.require_language_extensions("Fn::ForEach", place)
    if not _NAME.fullmatch(key.removeprefix(LOOP_PREFIX)):
        raise place.error(f"{shown(key)} does not end in a name of letters and digits", WRONG_ARGUMENT)
    identifier, collection, fragment = arguments(value, place, 3)
    if not isinstance(identifier, str) or not _NAME.fullmatch(identifier):
        raise (place / 0).error(f"{shown(identifier)} is not a name of letters and digits", WRONG_ARGUMENT)
    if not isinstance(fragment, dict):
        raise (place / 2).error(f"{shown(fragment)} is not an object", WRONG_ARGUMENT)
    for item in _unique(evaluator.texts(collection, place / 1)):
        turn = _Substitution(identifier, item, evaluator.budget, place).of(fragment)
        yield place.mapping(turn)


def _unique(items: Sequence[str]) -> Sequence[str]:
    return list(dict.fromkeys(items))


class _Substitution:
    """The replacement of a loop's identifier by one item."""

    def __init__(self, identifier: str, item: str, budget: Budget, place: Place) -> None:
        self._identifier = identifier
        self._item = item
        self._marks = (("${" + identifier + "}", item), ("&{" + identifier + "}", _NOT_ALPHANUMERIC.sub("", item)))
        self._budget = budget
        self._place = place

    def of(self, value: object) -> object:
        self._budget.spend(self._place, elements=1)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, dict):
            if value == {"Ref": self._identifier}:
                return self._item
            return {self._text(key): self.of(item) for key, item in value.items()}
        return value

    def _text(self, text: str) -> str:
        for mark, item in self._marks:
            if mark in text:
                self._budget.spend(self._place, characters=text.count(mark) * len(item))
                text = text.replace(mark, item)
        self._budget.spend(self._place, characters=len(text))
        return text
