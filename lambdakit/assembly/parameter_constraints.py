"""The constraints that a parameter's declaration puts on its value.

Source: CloudFormation User Guide, "CloudFormation template Parameters syntax".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from lambdakit.assembly.allowed_pattern import matches
from lambdakit.assembly.codes import INVALID_PARAMETER
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.scalars import as_text
from lambdakit.errors import AssemblyError

# Source: CloudFormation User Guide, "Understand CloudFormation quotas": Parameter values
VALUE_BYTES_MAX = 4096


def check_constraints(
    declaration: Mapping[str, object], items: Sequence[str], *, is_number: bool, secret: bool, place: Place
) -> None:
    """AssemblyError when a value violates the declaration.

    items: the value, or each member of a list. secret: the message must not quote the value.
    """
    check = _Check(declaration=declaration, secret=secret, place=place)
    if sum(len(item.encode()) for item in items) > VALUE_BYTES_MAX:
        raise place.error(f"the value is longer than {VALUE_BYTES_MAX} bytes", INVALID_PARAMETER)
    for item in items:
        if is_number:
            check.number(item)
        else:
            check.length(item)
        check.allowed_values(item)
        check.allowed_pattern(item)


class _Check:
    def __init__(self, *, declaration: Mapping[str, object], secret: bool, place: Place) -> None:
        self._declaration = declaration
        self._secret = secret
        self._place = place

    def number(self, item: str) -> None:
        number = _number(item)
        if number is None:
            raise self._violation(item, "is not a number")
        low, high = self._bound("MinValue"), self._bound("MaxValue")
        if low is not None and number < low:
            raise self._violation(item, f"is below {low:g}, the MinValue")
        if high is not None and number > high:
            raise self._violation(item, f"is above {high:g}, the MaxValue")

    def length(self, item: str) -> None:
        low, high = self._bound("MinLength"), self._bound("MaxLength")
        if low is not None and len(item) < low:
            raise self._violation(item, f"is shorter than {low:g} characters, the MinLength")
        if high is not None and len(item) > high:
            raise self._violation(item, f"is longer than {high:g} characters, the MaxLength")

    def allowed_values(self, item: str) -> None:
        if "AllowedValues" not in self._declaration:
            return
        values = (self._place / "AllowedValues").sequence(self._declaration["AllowedValues"])
        allowed = [text for text in map(as_text, values) if text is not None]
        if item not in allowed:
            raise self._violation(item, f"is not one of {', '.join(allowed)}", hint=nearest(item, allowed))

    def allowed_pattern(self, item: str) -> None:
        if "AllowedPattern" not in self._declaration:
            return
        place = self._place / "AllowedPattern"
        pattern = place.text(self._declaration["AllowedPattern"])
        if not matches(pattern, item, place):
            raise self._violation(item, f"does not match {shown(pattern)}")

    def _bound(self, name: str) -> float | None:
        value = self._declaration.get(name)
        if value is None:
            return None
        number = _number(as_text(value) or "")
        if number is None:
            raise (self._place / name).error(f"{shown(value)} is not a number", INVALID_PARAMETER)
        return number

    def _violation(self, item: str, problem: str, *, hint: str = "") -> AssemblyError:
        described = self._declaration.get("ConstraintDescription")
        subject = "the value" if self._secret else shown(item)
        return self._place.error(
            f"{subject} {problem}",
            INVALID_PARAMETER,
            hint=described if isinstance(described, str) else "" if self._secret else hint,
        )


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
