"""A document's plain value as an `Application`, or as much of one as is valid, with everything that is wrong.

An invalid document is validated again without its invalid parts, until what is left is valid, so that rules
across fields also speak about the valid parts. `Pruned` says what was taken out: a rule that would report
something as absent asks it first.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lambdakit.records import dataclass
from lambdakit.spec.application import Application
from lambdakit.spec.finding import Finding
from lambdakit.spec.model_path import walk
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.violations import meant_key, violations

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_STAND_IN = "stand-in"  # for a stack name that is missing or invalid: nothing else depends on it
_ABSENT = object()


@dataclass(slots=True)
class Pruned:
    """The parts of a document that were taken out because they are invalid."""

    values: set[Pointer] = field(default_factory=set)
    unknown_keys: dict[Pointer, str | None] = field(default_factory=dict)  # and the known key that it stands for

    def spares(self, *pointer: str | int) -> bool:
        """Whether all that the document says at or below `pointer` is there.

        An unknown key whose nearest known one is it, or one of its parents, may be what was meant to be there.
        """
        length = len(pointer)
        if any(value[:length] == pointer or pointer[: len(value)] == value for value in self.values):
            return False
        return not any(self._may_stand_for(key, meant, pointer) for key, meant in self.unknown_keys.items())

    def _may_stand_for(self, key: Pointer, meant: str | None, pointer: Pointer) -> bool:
        beside = len(key) - 1
        if len(pointer) <= beside or pointer[:beside] != key[:beside]:
            return False
        return pointer[beside] == meant


@dataclass(frozen=True, slots=True)
class Validated:
    """application: what is valid; None when nothing is. findings: what is not. pruned: what was taken out for it."""

    application: Application | None
    findings: list[Finding]
    pruned: Pruned


def validate(value: Any, absent: set[Pointer]) -> Validated:
    """The plain value of a document, validated. The value is changed.

    absent: where values are empty or refused, which is reported already.
    """
    pruned = Pruned(values=set(absent))
    findings: list[Finding] | None = None
    while True:
        try:
            application = Application.model_validate(value)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            if findings is None:
                findings = violations(errors, absent)
            if not any([_prune(value, detail, pruned) for detail in errors]):
                return Validated(None, findings, pruned)
        else:
            return Validated(application, findings or [], pruned)


def _prune(value: Any, error: ErrorDetails, pruned: Pruned) -> bool:
    """Takes the part with the error out of `value`; false when nothing could be taken out."""
    path = walk(Application, error)
    pointer = path.pointer
    if pointer == ("application",):
        had = value.get("application")
        value["application"] = _STAND_IN
        return bool(had != _STAND_IN)
    if error["type"] == "extra_forbidden":
        pruned.unknown_keys[pointer] = meant_key(str(pointer[-1]), path.model)
    elif error["type"] == "missing":
        pointer = pointer[:-1]
    return _take_out(value, pointer, pruned)


def _take_out(value: Any, pointer: Pointer, pruned: Pruned) -> bool:
    """Removes what is at the pointer. An item takes its whole list with it, so that items keep their places."""
    parents: list[Any] = [value]
    for step in pointer[:-1]:
        inner = parents[-1].get(step) if isinstance(parents[-1], dict) else None
        if not isinstance(inner, dict):
            break
        parents.append(inner)
    reached = pointer[: len(parents)]
    if not reached:
        return False
    pruned.values.add(reached)
    return parents[-1].pop(reached[-1], _ABSENT) is not _ABSENT
