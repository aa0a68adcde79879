"""The ids of stacks: `arn:aws:cloudformation:region:account:stack/name/uuid`.

AWS's end at random; here they follow from what the stack is, so that a second deployment gives the same.
"""

from __future__ import annotations

import hashlib
import uuid

from lambdakit.arn import partition_of


def stack_id(account_id: str, region: str, name: str, *, number: int = 0) -> str:
    """The id of a stack. number: how many stacks had the name before it."""
    seed = hashlib.sha256(
        "/".join((account_id, region, name, *((str(number),) if number else ()))).encode()
    ).hexdigest()
    return f"arn:{partition_of(region)}:cloudformation:{region}:{account_id}:stack/{name}/{uuid.UUID(seed[:32])}"
