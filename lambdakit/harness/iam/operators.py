"""What the condition operators compare: a policy's values in, a test of one value of the request out.

A value that is not of the operator's type, on either side, matches nothing.
Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from lambdakit.harness.iam.matching import Matcher, any_of, arn_like, like
from lambdakit.records import dataclass

_NUMBER: Final = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?")
# The six forms of the W3C note on ISO 8601, which leave out from the right.
_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d))?)?)?"
)

Build = Callable[[Sequence[str]], Matcher]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A condition operator.

    build: the test whether a value of the request matches one of the policy's values. negated: it holds where nothing
    matches. takes_patterns: `*` and `?` in the policy's values are wildcards. takes_variables: they may hold variables.
    """

    build: Build
    negated: bool = False
    takes_patterns: bool = False
    takes_variables: bool = False


def _equals(values: Sequence[str]) -> Matcher:
    return frozenset(values).__contains__


def _equals_ignoring_case(values: Sequence[str]) -> Matcher:
    wanted = frozenset(value.lower() for value in values)
    return lambda value: value.lower() in wanted


def _like(patterns: Sequence[str]) -> Matcher:
    return any_of([like(pattern) for pattern in patterns], frozenset())


def _arn_like(patterns: Sequence[str]) -> Matcher:
    return any_of([arn_like(pattern) for pattern in patterns], frozenset())


def _bool(values: Sequence[str]) -> Matcher:
    wanted = frozenset(value.lower() for value in values) & {"true", "false"}
    return lambda value: value.lower() in wanted


def _binary(values: Sequence[str]) -> Matcher:
    """Both sides are base 64; what they encode is compared."""
    wanted = frozenset(filter(None, map(_decoded, values)))
    return lambda value: _decoded(value) in wanted


def _ip_address(values: Sequence[str]) -> Matcher:
    """A bare address is the range of itself alone."""
    networks = [network for value in values if (network := _network(value)) is not None]

    def matches(value: str) -> bool:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return matches


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Build:
    """A test whether what the request has stands in a relation to one of the policy's values."""

    def build(values: Sequence[str]) -> Matcher:
        wanted = [bound for value in values if (bound := read(value)) is not None]

        def matches(value: str) -> bool:
            found = read(value)
            return found is not None and any(compare(found, bound) for bound in wanted)

        return matches

    return build


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _date(text: str) -> Decimal | None:
    """Seconds since 1970, of a date or of a number that says so already; four digits alone are a year."""
    match = _DATE.fullmatch(text)
    if match is None:
        return _number(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    offset = zone.replace("Z", "+00:00") if zone else "+00:00"
    moment = f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}{offset}"
    try:
        whole = datetime.fromisoformat(moment).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return Decimal(whole.days * 86400 + whole.seconds) + Decimal(f"0.{fraction or 0}")


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _string(build: Build, *, patterns: bool = False, negated: bool = False) -> Operator:
    return Operator(build=build, takes_patterns=patterns, takes_variables=True, negated=negated)


def _ordered(prefix: str, read: Callable[[str], Any]) -> dict[str, Operator]:
    return {
        f"{prefix}Equals": Operator(build=_compared(read, operator.eq)),
        f"{prefix}NotEquals": Operator(build=_compared(read, operator.eq), negated=True),
        f"{prefix}LessThan": Operator(build=_compared(read, operator.lt)),
        f"{prefix}LessThanEquals": Operator(build=_compared(read, operator.le)),
        f"{prefix}GreaterThan": Operator(build=_compared(read, operator.gt)),
        f"{prefix}GreaterThanEquals": Operator(build=_compared(read, operator.ge)),
    }


OPERATORS: Final[Mapping[str, Operator]] = {
    "StringEquals": _string(_equals),
    "StringNotEquals": _string(_equals, negated=True),
    "StringEqualsIgnoreCase": _string(_equals_ignoring_case),
    "StringNotEqualsIgnoreCase": _string(_equals_ignoring_case, negated=True),
    "StringLike": _string(_like, patterns=True),
    "StringNotLike": _string(_like, patterns=True, negated=True),
    "ArnEquals": _string(_arn_like, patterns=True),
    "ArnLike": _string(_arn_like, patterns=True),
    "ArnNotEquals": _string(_arn_like, patterns=True, negated=True),
    "ArnNotLike": _string(_arn_like, patterns=True, negated=True),
    "Bool": Operator(build=_bool, takes_variables=True),
    "BinaryEquals": Operator(build=_binary),
    "IpAddress": Operator(build=_ip_address),
    "NotIpAddress": Operator(build=_ip_address, negated=True),
    **_ordered("Numeric", _number),
    **_ordered("Date", _date),
}
