"""The JSON of policies: text in, checked plain values out.

A document that cannot be read raises `MalformedPolicy`, whatever is wrong with it, and no other exception.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from lambdakit.harness.iam.matching import is_plain

SYNTAX_ERRORS: Final = "Syntax errors in policy."

# IAM's own limit on what a request may carry (botocore's model of IAM, `policyDocumentType`).
_CHARACTERS_MAX: Final = 131_072
_ELEMENTS: Final = frozenset(
    {"Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"}
    | {"Resource", "NotResource", "Condition"}
)


class MalformedPolicy(Exception):
    """A policy document that AWS refuses. message: in AWS's words, for the error of the service at hand."""

    def __init__(self, message: str = SYNTAX_ERRORS) -> None:
        super().__init__(message)
        self.message = message


def read_json(document: str | Mapping[str, Any], *, broken: str = SYNTAX_ERRORS) -> Mapping[str, Any]:
    """The document as an object. broken: the message for a text that is no JSON."""
    if isinstance(document, Mapping):
        return document
    if not isinstance(document, str) or len(document) > _CHARACTERS_MAX:
        raise MalformedPolicy
    try:
        found = json.loads(document, object_pairs_hook=_without_repetition, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicy(broken) from error
    if not isinstance(found, dict):
        raise MalformedPolicy
    return found


def mapping(value: object) -> Mapping[str, Any]:
    """An object whose keys are texts."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise MalformedPolicy
    return value


def members(value: object) -> tuple[Any, ...]:
    """A list's members; a value that stands alone is a list of itself."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def text(value: object) -> str:
    """A text without the control characters that no policy may have."""
    if not isinstance(value, str) or not is_plain(value):
        raise MalformedPolicy
    return value


def texts(value: object) -> tuple[str, ...]:
    """One text or several; at least one."""
    found = tuple(text(member) for member in members(value))
    if not found:
        raise MalformedPolicy
    return found


def scalar(value: object) -> str:
    """A condition's value: a text, or a number or boolean as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError as error:  # an integer of more than 4,300 digits
            raise MalformedPolicy from error
    return text(value)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, if no name stands in it twice (IAM User Guide, "Grammar of the IAM JSON policy language")."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in found if names.count(name) > 1)
        raise MalformedPolicy(
            f"Statement/policy already has instance of {repeated}" if repeated in _ELEMENTS else SYNTAX_ERRORS
        )
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
