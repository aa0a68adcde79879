"""A document's delivery as the constructs'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk import aws_s3 as s3

from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.compiler.bindings.resources import shared
from lambdakit.compiler.bindings.table import table_properties
from lambdakit.constructs.delivery.firehose import FirehoseDelivery
from lambdakit.constructs.delivery.open_search import OpenSearchDelivery
from lambdakit.constructs.delivery.stream import StreamDelivery
from lambdakit.constructs.delivery.table import TableDelivery
from lambdakit.spec import delivery as spec

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.constructs.delivery.kinds import Delivery


def stream_delivery(scope: BindingScope, key: str, settings: spec.Delivery) -> Delivery:
    """What `delivery` of the pattern called `key` says. What it names, and others made, is imported into the stack."""
    # No pattern's key holds a colon.
    id = f"{key}:delivery"
    match settings:
        case spec.FirehoseDelivery():
            return _firehose(scope, id, settings)
        case spec.OpenSearchDelivery():
            domain = opensearch.Domain.from_domain_attributes(
                scope.stack, id, domain_arn=settings.domain_arn, domain_endpoint=settings.domain_endpoint
            )
            return OpenSearchDelivery(domain=domain, index=settings.index)
        case spec.TableDelivery():
            return TableDelivery(table=table_properties(settings, scope.resources), access=settings.access)
        case spec.SharedTableDelivery():
            return TableDelivery(table=shared(scope, settings.table), access=settings.access)
        case spec.ExistingTableDelivery():
            table = dynamodb.Table.from_table_name(scope.stack, id, settings.table_name)
            return TableDelivery(table=table, access=settings.access)
        case spec.StreamDelivery(stream_arn=arn):
            return StreamDelivery(
                stream=shared(scope, settings.stream)
                if arn is None
                else kinesis.Stream.from_stream_arn(scope.stack, id, arn),
                shard_count=settings.shard_count,
                retention_period=settings.retention_period,
                encryption_key=shared(scope, settings.encryption_key),
                removal_policy=REMOVAL_POLICIES[settings.removal_policy],
            )


def _firehose(scope: BindingScope, id: str, settings: spec.FirehoseDelivery) -> FirehoseDelivery:
    bucket = settings.bucket_name
    return FirehoseDelivery(
        delivery_stream=settings.delivery_stream_name,
        bucket=shared(scope, settings.bucket)
        if bucket is None
        else s3.Bucket.from_bucket_name(scope.stack, id, bucket),
        prefix=settings.prefix,
        error_prefix=settings.error_prefix,
        buffering_interval=settings.buffering_interval,
        buffering_size=settings.buffering_size,
        compression=settings.compression,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
    )
