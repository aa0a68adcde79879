"""Amazon Resource Names: text in, parts out, and back.

Source: AWS General Reference, "Amazon Resource Names (ARNs)".
"""

from __future__ import annotations

import functools
from typing import Final

from lambdakit.records import dataclass

_ELSEWHERE: Final = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
)
PARTITIONS: Final = ("aws", *(partition for _, partition in _ELSEWHERE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arn:
    """`arn:partition:service:region:account:resource`; region and account may be empty."""

    service: str
    resource: str
    region: str = ""
    account: str = ""
    partition: str = "aws"

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @staticmethod
    def parse(text: str) -> Arn:
        """The parts of `text`. ValueError when it has fewer than six or does not start with `arn:`."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise ValueError(f"not an ARN: {text!r}")
        _, partition, service, region, account, resource = parts
        return Arn(service=service, resource=resource, region=region, account=account, partition=partition)


@functools.cache
def partition_of(region: str) -> str:
    """The partition that a region is in; `aws` for no region."""
    return next((partition for prefix, partition in _ELSEWHERE if region.startswith(prefix)), "aws")
