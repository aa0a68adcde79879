"""The kind that was meant where a wrong one, or none, is written, so that what stands beside it can be validated."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lambdakit.spec.api import API_TYPES
from lambdakit.spec.application import Application
from lambdakit.spec.kinds import KIND
from lambdakit.spec.model_path import ModelPath, walk
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.violations import decides_others, is_api_type, literals, meant_word, members_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def mend_kinds(value: Any, errors: list[ErrorDetails], *, at_most: int) -> set[Pointer]:
    """Writes the kinds that were meant into a document's value, and says into which of its mappings.

    A kind that stands alone becomes the mapping that has it. at_most: wrong kinds that are looked at.
    """
    mended: set[Pointer] = set()
    tried = 0
    for error in errors if at_most > 0 else ():
        path = walk(Application, error)
        if any(path.pointer[: len(other)] == other for other in mended):
            continue
        if _wrap(value, error, path):
            mended.add(path.pointer)
            continue
        if not decides_others(error, path):
            continue
        if tried == at_most:
            return mended
        tried += 1
        words = list(API_TYPES) if is_api_type(path.pointer) else literals(path.annotation)
        written = error["input"] if error["type"] != "missing" else None
        meant = _meant(value, path.pointer, words, written if isinstance(written, str) else None)
        if meant is not None:
            _at(value, path.pointer[:-1])[path.pointer[-1]] = meant
            mended.add(path.pointer[:-1])
    return mended


def _wrap(value: Any, error: ErrorDetails, path: ModelPath) -> bool:
    written = error["input"]
    if error["type"] not in ("model_type", "dict_type") or not isinstance(written, str) or not path.pointer:
        return False
    if written not in members_of(path.annotation, KIND):
        return False
    _at(value, path.pointer[:-1])[path.pointer[-1]] = {KIND: written}
    return True


def _meant(value: Any, pointer: Pointer, words: list[str], written: str | None) -> str | None:
    """The word that is close to the written one, or else with which least is wrong beside it.

    None when keys beside it speak against the first, or several could be the second.
    """
    section, *rest = pointer
    if not rest or not isinstance(value.get(section), dict):
        return None
    part = {rest[0]: copy.deepcopy(value[section][rest[0]])}
    wrong: dict[str, tuple[int, int]] = {}
    for word in words:
        trial = {"application": "trial", section: part}
        _at(trial, pointer[:-1])[pointer[-1]] = word
        wrong[word] = _wrong_below(trial, pointer[:-1])
    close = meant_word(written, words) if written is not None else None
    if close is not None:
        return close if wrong[close][0] == min(wrong.values())[0] else None
    best = [word for word, counts in wrong.items() if counts == min(wrong.values())]
    return best[0] if len(best) == 1 else None


def _wrong_below(trial: dict[Any, Any], pointer: Pointer) -> tuple[int, int]:
    """How many keys of a mapping are unknown, and how much is wrong in it at all."""
    try:
        Application.model_validate(trial)
    except ValidationError as error:
        found = [(detail["type"], walk(Application, detail).pointer) for detail in error.errors(include_url=False)]
        below = [(kind, place) for kind, place in found if place[: len(pointer)] == pointer]
        unknown = [place for kind, place in below if kind == "extra_forbidden" and len(place) == len(pointer) + 1]
        return len(unknown), len(below)
    return 0, 0


def _at(value: Any, pointer: Pointer) -> Any:
    for step in pointer:
        value = value[step]
    return value
