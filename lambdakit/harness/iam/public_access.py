"""Whether a bucket policy is public, and what is left of a public one where public access is blocked.

Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage" ("The meaning of 'public'",
"Block public access settings").
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

# Conditions that keep a statement for everybody from being public, as long as their values are fixed.
_NARROWING: Final = frozenset(
    {
        *("aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount"),
        *("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner"),
        *("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:userid", "s3:dataaccesspointaccount"),
        *("s3:dataaccesspointarn", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
    }
)
_EQUALITIES: Final = frozenset(
    {
        *("stringequals", "stringequalsignorecase", "stringlike"),
        *("arnequals", "arnlike", "ipaddress"),
    }
)
# A broader range of addresses counts as everybody. Source: the page above.
_PREFIX_MIN: Final = {4: 8, 6: 32}


def is_public(document: Mapping[str, Any]) -> bool:
    """Whether a statement allows everybody something, with no condition that narrows it down to fixed values."""
    return any(_is_public(statement) for statement in _statements(document))


def within_account(document: Mapping[str, Any], account_id: str) -> Mapping[str, Any]:
    """The policy as it counts under RestrictPublicBuckets: only the bucket's account and AWS services get anything."""
    left: list[Mapping[str, Any]] = []
    for statement in _statements(document):
        if str(statement.get("Effect")) != "Allow":
            left.append(statement)
            continue
        left.append(_narrowed(statement, "StringEqualsIgnoreCase", "aws:PrincipalAccount", account_id))
        left.append(_narrowed(statement, "Bool", "aws:PrincipalIsAWSService", "true"))
    return {**document, "Statement": left}


def _narrowed(statement: Mapping[str, Any], operator: str, key: str, value: str) -> Mapping[str, Any]:
    given = statement.get("Condition")
    condition = dict(given) if isinstance(given, Mapping) else {}
    below = condition.get(operator)
    return {
        **{name: part for name, part in statement.items() if name != "Sid"},
        "Condition": {**condition, operator: {**(below if isinstance(below, Mapping) else {}), key: value}},
    }


def _statements(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    given = document.get("Statement")
    listed = given if isinstance(given, list) else [given]
    return (statement for statement in listed if isinstance(statement, Mapping))


def _is_public(statement: Mapping[str, Any]) -> bool:
    if str(statement.get("Effect")) != "Allow":
        return False
    if "NotPrincipal" not in statement and not _names_everybody(statement.get("Principal")):
        return False
    condition = statement.get("Condition")
    return not (isinstance(condition, Mapping) and _narrows(condition))


def _names_everybody(principal: object) -> bool:
    if isinstance(principal, Mapping):
        return any(_names_everybody(names) for names in principal.values())
    if isinstance(principal, list):
        return any(_names_everybody(name) for name in principal)
    return isinstance(principal, str) and "*" in principal


def _narrows(condition: Mapping[str, Any]) -> bool:
    for operator, tests in condition.items():
        if str(operator).lower() not in _EQUALITIES or not isinstance(tests, Mapping):
            continue
        for key, values in tests.items():
            listed: Sequence[object] = values if isinstance(values, list) else [values]
            if str(key).lower() == "aws:sourceip":
                if all(_is_narrow_range(str(value)) for value in listed):
                    return True
            elif str(key).lower() in _NARROWING and all(_is_fixed(str(key).lower(), str(value)) for value in listed):
                return True
    return False


def _is_fixed(key: str, value: str) -> bool:
    """Whether a value leaves nothing open; of an ARN its account counts, which a resource's name follows."""
    if "${" in value:
        return False
    if key in ("aws:sourcearn", "aws:principalarn") and value.startswith("arn:"):
        parts = value.split(":", 5)
        return len(parts) == 6 and not any("*" in part or "?" in part for part in (parts[2], parts[4]))
    return "*" not in value and "?" not in value


def _is_narrow_range(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _PREFIX_MIN[network.version]
