"""The X-Ray trace header of an invocation.

Source: AWS Lambda Developer Guide, "Visualize Lambda function invocations using AWS X-Ray": without an upstream
header Lambda makes one with `Sampled=0` for a function in pass-through mode.
"""

from __future__ import annotations

import re
from datetime import datetime

from lambdakit.harness.invocation.recursion import with_invocation
from lambdakit.harness.runtime.random_ids import random_hex

_HEADER = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")


def chain_header(upstream: str, *, at: datetime) -> str:
    """The upstream header where it is well-formed, else a new one: what all attempts at one event have in common."""
    if _HEADER.match(upstream):
        return upstream
    return f"Root=1-{int(at.timestamp()):08x}-{random_hex(24)};Parent={random_hex(16)};Sampled=0"


def trace_header(upstream: str, *, at: datetime, arn: str) -> str:
    """The header to hand to the function `arn`: the chain's, with this invocation in its lineage; see `recursion`."""
    return with_invocation(chain_header(upstream, at=at), arn)
