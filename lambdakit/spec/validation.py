"""A document's plain value as an `Application`, or as much of one as is valid, with everything that is wrong.

An invalid document is validated again without its invalid parts, until what is left is valid, so that rules
across fields also speak about the valid parts. A mistyped `kind` is taken for the one that was meant, and something
stands in for what a pattern or a function cannot be without, so that what is wrong beside it is told as well. `Pruned`
says what was taken out: a rule that would report something as absent asks it first.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from lambdakit.records import dataclass
from lambdakit.spec.application import Application
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.finding import Finding
from lambdakit.spec.kinds import KIND, TYPE
from lambdakit.spec.meant_kinds import mend_kinds
from lambdakit.spec.model_path import ModelPath, walk
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.stream_processing import StreamProcessing
from lambdakit.spec.violations import is_within, meant_key, violations

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_STAND_IN = "stand-in"  # for a stack name that is missing or invalid: nothing else depends on it
_ABSENT = object()
# Wrong kinds that are looked behind; each takes a few validations, and a report shows a hundred problems.
_MENDED_MAX = 40
# What no function and no pattern is without.
_STAND_INS: Mapping[str, Any] = {
    "code": ".",
    "handler": "stand_in.handler",
    "function": {"code": ".", "handler": "stand_in.handler"},
}
_SOURCES: Mapping[type[BaseModel], Any] = {
    EventProcessing: {"kind": "schedule", "schedule": "rate(1 day)"},
    StreamProcessing: {"kind": "kinesis"},
}


@dataclass(slots=True)
class Pruned:
    """The parts of a document that were taken out because they are invalid."""

    values: set[Pointer] = field(default_factory=set)
    stand_ins: set[Pointer] = field(default_factory=set)  # where something stands that nobody wrote
    unknown_keys: dict[Pointer, str | None] = field(default_factory=dict)  # and the known key that it stands for
    _places: set[Pointer] = field(default_factory=set)
    _counted: int = 0

    def spares(self, *pointer: str | int) -> bool:
        """Whether all that the document says at or below `pointer` is there.

        An unknown key whose nearest known one is it, or one of its parents, may be what was meant to be there.
        """
        if pointer in self._above() or is_within(pointer, self.values):
            return False
        return not any(self._may_stand_for(key, meant, pointer) for key, meant in self.unknown_keys.items())

    def _above(self) -> set[Pointer]:
        """All places at or above one that was taken out."""
        if self._counted != len(self.values):
            self._places = {value[:length] for value in self.values for length in range(len(value) + 1)}
            self._counted = len(self.values)
        return self._places

    def is_about_stand_in(self, finding: Finding) -> bool:
        """Whether a rule speaks of what nobody wrote."""
        places = (finding.pointer, *finding.mentions)
        return any(is_within(place, self.stand_ins) for place in places)

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
    findings: list[Finding] = []
    # Parts that are validated for the first time, as their kind was not known before. At first, all of it.
    fresh: set[Pointer] = {()}
    number_mended = 0
    while True:
        try:
            application = Application.model_validate(value)
        except ValidationError as refused:
            errors = refused.errors(include_url=False)
            placed = [(error, walk(Application, error).pointer) for error in errors]
            mended = mend_kinds(value, errors, at_most=_MENDED_MAX - number_mended)
            number_mended += len(mended)
            # What stands beside a wrong kind is told when it is checked by the right one.
            told = [error for error, at in placed if is_within(at, fresh) and not is_within(at[:-2], mended)]
            findings += [finding for finding in violations(told, absent) if finding not in findings]
            pruned.values |= {(*place, key) for place in mended for key in (KIND, TYPE)}
            others = [error for error, at in placed if not is_within(at, mended)]
            if not any([_prune(value, error, pruned) for error in others]) and not mended:
                return Validated(None, findings, pruned)
            fresh = mended
        else:
            return Validated(application, findings, pruned)


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
        if pointer not in pruned.stand_ins and _stand_in(value, path):
            pruned.stand_ins.add(pointer)
            pruned.values.add(pointer)
            return True
        pointer = pointer[:-1]
    return _take_out(value, pointer, pruned)


def _stand_in(value: Any, path: ModelPath) -> bool:
    """Writes something for what is missing, which no rule but one about it itself looks at."""
    key = path.pointer[-1]
    stand_in = _STAND_INS.get(str(key))
    if key == "source":
        stand_in = _SOURCES.get(path.model) if path.model is not None else None
    owner = value
    for step in path.pointer[:-1]:
        is_there = step in owner if isinstance(owner, dict) else isinstance(owner, list)
        owner = owner[step] if is_there else None  # it may be taken out already
    if stand_in is None or not isinstance(owner, dict):
        return False
    owner[key] = copy.deepcopy(stand_in)
    return True


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
