"""Physical names for resources whose template gives none, in the form that CloudFormation gives them.

CloudFormation ends them at random; here the ending follows from what the resource is, so that a second deployment of
the same assembly gives the same names.
Source: CloudFormation User Guide, "Name type" and "Resource attributes".
"""

from __future__ import annotations

import base64
import hashlib

_SUFFIX_LENGTH = 12


def generated_name(
    *scope: str, stack: str, logical_id: str, length_max: int, lower_case: bool = False, ending: str = ""
) -> str:
    """`Stack-LogicalId-1A2B3C4D5E6F`, cut to `length_max` from the front parts.

    scope: what else tells two resources apart: the account and the region.
    ending: what every name of the kind must end with, such as `.fifo`.
    """
    digest = hashlib.sha256("\0".join((*scope, stack, logical_id)).encode()).digest()
    suffix = base64.b32encode(digest).decode()[:_SUFFIX_LENGTH]
    room = length_max - _SUFFIX_LENGTH - len(ending) - 2
    stack_part = stack[: max(1, room - min(len(logical_id), room // 2))]
    name = f"{stack_part}-{logical_id[: room - len(stack_part)]}-{suffix}{ending}"
    return name.lower() if lower_case else name
