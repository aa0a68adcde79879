"""What a grant may be for, where a request does not say what it is about.

In: a pattern of ARNs, such as `arn:aws:athena:us-east-1:123456789012:workgroup/*`. Out: the resources of the caller's
own grants of the action that may be meant. A function that may read the results of one work group's queries names a
query and no work group; whether it is one of that group only Athena knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.harness.iam.matching import resource_like, wildcards
from lambdakit.harness.iam.policy_document import Policies

_ARN_PARTS = 6


def granted_resources(action: str, pattern: str, policies: Policies) -> Iterator[str]:
    """The resources, as the policies write them, that fit the pattern. action: in lower case."""
    fits = resource_like(wildcards(pattern))
    for policy in policies.identity:
        for statement in policy.document.about(action).allowing:
            if statement.resource is None or statement.resource.negated:
                continue
            for written in statement.resource.written:
                resource = _placed(written, pattern)
                if written != "*" and fits(resource):
                    yield resource


def _placed(written: str, pattern: str) -> str:
    """The policy's resource in the partition, region and account of the pattern, where the pattern names them."""
    parts, known = written.split(":", _ARN_PARTS - 1), pattern.split(":", _ARN_PARTS - 1)
    if len(parts) != _ARN_PARTS or len(known) != _ARN_PARTS:
        return written
    placed = [own if "*" in one and "*" not in own else one for one, own in zip(parts[:-1], known[:-1], strict=True)]
    return ":".join([*placed, parts[-1]])
