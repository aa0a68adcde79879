"""The parameters that every template has without declaring them.

Source: CloudFormation Template Reference, "Pseudo parameters".
"""

from __future__ import annotations

from typing import Final

from lambdakit.arn import partition_of
from lambdakit.records import dataclass

NO_VALUE_NAME: Final = "AWS::NoValue"

# Of the partitions with domains of their own.
_URL_SUFFIXES: Final = {
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoParameters:
    """What the stack's place in the world gives. notification_arns: the topics told of stack events."""

    account_id: str
    region: str
    stack_name: str
    stack_id: str
    notification_arns: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """`aws`, or the partition of a region outside of it."""
        return partition_of(self.region)

    @property
    def url_suffix(self) -> str:
        """`amazonaws.com`, or the domain of the region's partition."""
        return _URL_SUFFIXES.get(self.partition, "amazonaws.com")

    def values(self) -> dict[str, str | list[str]]:
        """Name -> value of each, but for `AWS::NoValue`, which is none."""
        return {
            "AWS::AccountId": self.account_id,
            "AWS::NotificationARNs": list(self.notification_arns),
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": self.url_suffix,
        }
