"""The tags that a call gives for a stack.

Source: AWS CloudFormation API Reference, "CreateStack" (`Tags`: 50 at most) and "Tag" (no key that begins with `aws:`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.deployment.cloudformation.refusal import Refused

TAGS_MAX: Final = 50
_RESERVED: Final = "aws:"


def given_tags(given: Mapping[str, Any], before: Mapping[str, str]) -> Mapping[str, str]:
    """The tags by key. Refused when they cannot be a stack's; the messages are not confirmed by a page.

    before: the stack's before the call, which stay when the call names none.
    """
    if "Tags" not in given:
        return before
    listed = given["Tags"]
    if len(listed) > TAGS_MAX:
        text = (
            f"1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less "
            f"than or equal to {TAGS_MAX}"
        )
        raise Refused("ValidationError", text)
    tags = {str(tag["Key"]): str(tag["Value"]) for tag in listed}
    if len(tags) < len(listed):
        raise Refused("ValidationError", "Duplicate tag keys found. Please note that tag keys are case sensitive.")
    if reserved := sorted(key for key in tags if key.lower().startswith(_RESERVED)):
        raise Refused("ValidationError", f"{_RESERVED} prefixed tag key names are not allowed: [{', '.join(reserved)}]")
    return tags
