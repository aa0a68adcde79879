"""The smallest policy under which everything that was done is still allowed.

In come pairs of action and resource; out goes a policy document. What a name is made of by chance is widened: objects
to their bucket, log streams to their group, indexes and streams to their table, durable executions to their function,
a secret's random ending. Conditions are left out: one test run says nothing of the values that others will have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

# An inline policy of a role, without white space; managed policies may have 6,144.
# Source: IAM User Guide, "IAM and AWS STS quotas" ("IAM and AWS STS entity character limits")
CHARACTERS_MAX: Final = 10_240

_ALL: Final = "*"
# What a resource's name is made of -> what stands in the policy; the first that matches counts.
_WIDENED: Final[Sequence[tuple[re.Pattern[str], str]]] = tuple(
    (re.compile(pattern, re.DOTALL), written)
    for pattern, written in (
        (r"(arn:[^:]+:s3:::[^:/]+)/.*", r"\1/*"),
        (r"(arn:[^:]+:s3:[^:]+:[^:]*:accesspoint/[^/]+/object)/.*", r"\1/*"),
        (r"(arn:[^:]+:logs:[^:]*:[^:]*:log-group:[^:]+):.*", r"\1:*"),
        (r"(arn:[^:]+:dynamodb:[^:]*:[^:]*:table/[^/]+/(?:index|stream|backup|export|import))/.*", r"\1/*"),
        (r"(arn:[^:]+:kinesis:[^:]*:[^:]*:stream/[^/]+/consumer/[^:]+):.*", r"\1:*"),
        # Secrets Manager User Guide, "IAM permissions policy examples": six random characters follow the name.
        (r"(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:.+)-[A-Za-z0-9]{6}", r"\1-??????"),
        (r"(arn:[^:]+:states:[^:]*:[^:]*:(?:execution|express):[^:]+):.*", r"\1:*"),
        (r"(arn:[^:]+:lambda:[^:]*:[^:]*:function:[^:]+):.+/durable-execution/.*", r"\1:*"),
        (r"(arn:[^:]+:ecs:[^:]*:[^:]*:task/[^/]+)/.*", r"\1/*"),
        (r"(arn:[^:]+:execute-api:[^:]*:[^:]*:.+/@connections)/.*", r"\1/*"),
        (r"(arn:[^:]+:ec2:[^:]*:[^:]*:network-interface)/.*", r"\1/*"),
    )
)
# A resource's ARN up to its kind: `arn:aws:sqs:us-east-1:123456789012:` or `…:table/`.
_KIND: Final = re.compile(r"(arn:[^:]+:s3:::|arn:[^:]+:[^:]+:[^:]*:[^:]*:(?:[a-z-]+[/:])?).+", re.DOTALL)
_SPECIAL: Final = re.compile(r"[*?$]")


def minimal_policy(used: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The document. used: action and resource; none of them gives a policy without statements.

    Where the resources are too many for IAM, those of a kind become one pattern, the most numerous kind first.
    """
    actions: dict[str, set[str]] = {}
    for action, resource in used:
        actions.setdefault(widened(resource), set()).add(action)
    document = _document(actions)
    while _length(document) > CHARACTERS_MAX and (kind := _most_numerous_kind(actions)):
        together = [resource for resource in actions if _kind(resource) == kind]
        merged = set().union(*(actions.pop(resource) for resource in together))
        actions[f"{kind}*"] = merged
        document = _document(actions)
    return document


def widened(resource: str) -> str:
    """The resource as a policy names it, without what is in its name by chance; characters of its own stay literal."""
    for pattern, written in _WIDENED:
        if pattern.fullmatch(resource):
            return pattern.sub(written, resource)
    if resource.endswith(_ALL) and _SPECIAL.sub("", resource) == resource[:-1]:
        return resource  # a pattern already: what many resources lie in
    return _SPECIAL.sub(lambda found: f"${{{found[0]}}}", resource)


def _document(actions: dict[str, set[str]]) -> dict[str, Any]:
    """One statement for each set of actions, with all resources that it is needed on."""
    resources: dict[tuple[str, ...], list[str]] = {}
    for resource in sorted(actions):
        resources.setdefault(tuple(sorted(actions[resource], key=str.lower)), []).append(resource)
    ordered = sorted(resources.items(), key=lambda item: (item[0][0].lower(), item[1]))
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(names), "Resource": list(arns)} for names, arns in ordered],
    }


def _most_numerous_kind(actions: Iterable[str]) -> str:
    """The kind of which there are most, at least two; empty when there is none."""
    kinds: dict[str, int] = {}
    for resource in actions:
        if kind := _kind(resource):
            kinds[kind] = kinds.get(kind, 0) + 1
    kind = max(kinds, key=lambda kind: kinds[kind], default="")
    return kind if kinds.get(kind, 0) > 1 else ""


def _kind(resource: str) -> str:
    found = _KIND.fullmatch(resource)
    return "" if found is None else found[1]


def _length(document: dict[str, Any]) -> int:
    return len(json.dumps(document, separators=(",", ":")))
