"""What a Lambda authorizer's function said, from its result.

Source: API Gateway Developer Guide, "Output from an API Gateway Lambda authorizer".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdakit.harness.iam.policy_document import NamedPolicy, parse_policy
from lambdakit.harness.iam.policy_json import MalformedPolicy
from lambdakit.records import dataclass


class MalformedOutput(Exception):
    """A result that is not of the form; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """context: every value a text. usage_key: the API key that is named; empty for none."""

    principal_id: str
    policy: NamedPolicy
    context: Mapping[str, str]
    usage_key: str = ""


def read_verdict(payload: bytes, *, name: str) -> Verdict:
    """What a result says. MalformedOutput. name: of the authorizer."""
    said = _object(payload)
    if said is None:
        raise MalformedOutput("the function's result is no object")
    principal_id, document, usage_key = (
        said.get("principalId"),
        said.get("policyDocument"),
        said.get("usageIdentifierKey"),
    )
    if not isinstance(principal_id, str) or not isinstance(document, dict):
        raise MalformedOutput("the result is no principalId with a policyDocument")
    if usage_key is not None and not isinstance(usage_key, str):
        raise MalformedOutput("usageIdentifierKey is no text")
    try:
        policy = NamedPolicy(name=name, document=parse_policy(document))
    except MalformedPolicy as malformed:
        raise MalformedOutput(f"policyDocument: {malformed}") from None
    return Verdict(
        principal_id=principal_id, policy=policy, context=_context(said.get("context")), usage_key=usage_key or ""
    )


def is_unauthorized(payload: bytes) -> bool:
    """Whether a function failed with the text `Unauthorized`, and nothing but that."""
    error = _object(payload)
    return error is not None and error.get("errorMessage") == "Unauthorized"


def _context(context: Any) -> dict[str, str]:
    """Texts, numbers and booleans, each as a text; null is left out."""
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise MalformedOutput("context is no object")
    nested = next((name for name, value in context.items() if isinstance(value, dict | list)), None)
    if nested is not None:
        raise MalformedOutput(f"context.{nested} is an object or a list; only texts, numbers and booleans are allowed")
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in context.items()
        if value is not None
    }


def _object(payload: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
