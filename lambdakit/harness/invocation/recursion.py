"""Recursion detection: how often a function ran in one chain of requests, and where that is counted.

The chain is told by the X-Ray header, in its part `Lineage=<hash>:<loops>|…`: one entry for each function that ran,
with the number of times it came back to itself. Whoever forwards the header forwards the count; the AWS SDKs do, out of
`_X_AMZN_TRACE_ID`.
Source: AWS Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops"; AWS X-Ray Developer
Guide, "X-Ray concepts" (tracing header: Lineage).
"""

from __future__ import annotations

import functools
import hashlib
import re
from typing import Final

# DG "Use Lambda recursive loop detection …": after about 16 invocations in one chain the next one is stopped.
INVOCATIONS_MAX: Final = 16

# The bar between two entries comes back as %7C: botocore escapes it when it forwards the header.
_LINEAGE = re.compile(r";?Lineage=([^;]*)")
_ENTRY = re.compile(r"([0-9a-f]{8}):([0-9]{1,5})")


class RecursionDetected(Exception):
    """A function was not run because it called itself too often. invocations: how often it ran before."""

    def __init__(self, invocations: int) -> None:
        super().__init__(
            "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
            "resources and stopped your function's invocation."
        )
        self.invocations = invocations


def invocations_so_far(header: str, arn: str) -> int:
    """How often the function `arn` has run in the chain that the X-Ray header belongs to; 0 without a lineage."""
    if "Lineage=" not in header:
        return 0
    loops = _lineage(header).get(_name(arn))
    return 0 if loops is None else loops + 1


def with_invocation(header: str, arn: str) -> str:
    """The header for one more invocation of `arn`: its first one stands there with 0 loops."""
    if "Lineage=" not in header:
        return f"{header};Lineage={_name(arn)}:0"
    lineage = _lineage(header)
    name = _name(arn)
    lineage[name] = lineage[name] + 1 if name in lineage else 0
    entries = "|".join(f"{function}:{loops}" for function, loops in lineage.items())
    return f"{_LINEAGE.sub('', header)};Lineage={entries}"


def _lineage(header: str) -> dict[str, int]:
    match = _LINEAGE.search(header)
    if match is None:
        return {}
    return {name: int(loops) for name, loops in _ENTRY.findall(match[1])}


@functools.lru_cache(maxsize=4096)
def _name(arn: str) -> str:
    return hashlib.sha256(arn.encode()).hexdigest()[:8]
