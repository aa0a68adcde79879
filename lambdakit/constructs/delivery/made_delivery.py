"""A delivery as it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_kinesis as kinesis
    from aws_cdk import aws_kinesisfirehose as firehose
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_opensearchservice as opensearch
    from aws_cdk import aws_s3 as s3


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeDelivery:
    """What the function delivers to, made here or existing; what it does not consist of is None.

    variables: of the function. outputs: of the stack, behind the pattern's name, for what was made here.
    delivery_stream: of Firehose, with the bucket behind it, if that was made or given here; None for one known by its
        name alone.
    """

    variables: Mapping[str, str]
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    delivery_stream: firehose.CfnDeliveryStream | firehose.IDeliveryStream | None = None
    bucket: s3.IBucket | None = None
    log_group: logs.ILogGroup | None = None
    domain: opensearch.IDomain | None = None
    table: dynamodb.ITable | None = None
    stream: kinesis.IStream | None = None
