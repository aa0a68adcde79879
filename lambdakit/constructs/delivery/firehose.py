"""Amazon Data Firehose, which gathers records and writes them to a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3

from lambdakit import limits
from lambdakit.constructs.acknowledgements import acknowledge_wildcard
from lambdakit.constructs.delivery.made_delivery import MadeDelivery
from lambdakit.constructs.encrypted_bucket import make_bucket
from lambdakit.constructs.event_sources.stream_reading import whole_seconds
from lambdakit.constructs.function_properties import seconds_of
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention
from lambdakit.constructs.object_arns import OBJECTS
from lambdakit.constructs.ranges import range_problems
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_kinesisfirehose as firehose
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

DELIVERY_STREAM_ID: Final = "DeliveryStream"
DELIVERY_BUCKET_ID: Final = "DeliveryBucket"
DELIVERY_ROLE_ID: Final = "DeliveryRole"
DELIVERY_LOG_ID: Final = "DeliveryLog"
_LOG_STREAM: Final = "S3Delivery"
_COMPRESSIONS: Final[Mapping[str, str]] = {
    "uncompressed": "UNCOMPRESSED",
    "gzip": "GZIP",
    "zip": "ZIP",
    "snappy": "Snappy",
    "hadoop_snappy": "HADOOP_SNAPPY",
}
# Source: Amazon Data Firehose Developer Guide, "Grant Firehose access to an Amazon S3 destination"
_BUCKET_ACTIONS: Final = (
    *("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
    *("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
)
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
_PUT: Final = ("firehose:PutRecord", "firehose:PutRecordBatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirehoseDelivery:
    """Records, gathered into objects of a bucket by Firehose.

    delivery_stream: an existing one, or the name of one in the stack's account and region, of which nothing else here
        counts; absent, a new one, encrypted. The CDK's import by name adds a mapping of addresses to the template.
    bucket: an existing one; absent, a new one: private, encrypted, TLS only, versioned.
    prefix, error_prefix: how the keys of delivered and of failed records begin, Firehose's expressions included;
        absent, the hour of arrival, `2030/01/31/06/`, and `failed/` with the kind of error before it.
    buffering_interval: a `Duration` or seconds, up to 900, after which an object is written; absent, 300.
    buffering_size: MiB, 1 to 128, at which it is written sooner; absent, 5.
    compression: also as the CDK's `Compression`; absent, gzip.
    removal_policy: what happens to a new bucket when it leaves the stack; absent, it is retained.
    """

    delivery_stream: firehose.IDeliveryStream | str | None = None
    bucket: s3.IBucket | None = None
    prefix: str | None = None
    error_prefix: str | None = None
    buffering_interval: Duration | int = limits.DELIVERY_INTERVAL_SECONDS_DEFAULT
    buffering_size: int = limits.DELIVERY_SIZE_MIB_DEFAULT
    compression: Literal["uncompressed", "gzip", "zip", "snappy", "hadoop_snappy"] | firehose.Compression = "gzip"
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN


def firehose_problems(pointer: str, delivery: FirehoseDelivery) -> Iterator[Diagnostic]:
    """What Firehose would refuse of `delivery`."""
    if delivery.delivery_stream is not None and delivery.bucket is not None:
        yield Diagnostic(
            pointer=f"{pointer}.bucket",
            problem="an existing delivery stream has a destination of its own, which cannot be changed here",
            code="LK405",
            hint="leave bucket out, or leave delivery_stream out",
        )
    interval = seconds_of(delivery.buffering_interval)
    yield from range_problems(f"{pointer}.buffering_interval", interval, 0, limits.DELIVERY_INTERVAL_SECONDS_MAX)
    yield from range_problems(f"{pointer}.buffering_size", delivery.buffering_size, 1, limits.DELIVERY_SIZE_MIB_MAX)
    # Source: Amazon Data Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects": semantic rules
    if delivery.error_prefix is None and "!{" in (delivery.prefix or ""):
        yield Diagnostic(
            pointer=f"{pointer}.error_prefix",
            problem="a prefix with expressions needs one for failed records, too",
            code="LK405",
            hint="error_prefix: failed/!{firehose:error-output-type}/",
        )


def make_firehose_delivery(scope: Construct, delivery: FirehoseDelivery) -> MadeDelivery:
    """The delivery stream, known to the function by `DELIVERY_STREAM_NAME`."""
    existing = delivery.delivery_stream
    if isinstance(existing, str):
        return MadeDelivery(variables={"DELIVERY_STREAM_NAME": existing})
    if existing is not None:
        name = existing.delivery_stream_name
        return MadeDelivery(variables={"DELIVERY_STREAM_NAME": name}, delivery_stream=existing)
    bucket = delivery.bucket
    is_new = bucket is None
    if bucket is None:
        bucket = make_bucket(scope, DELIVERY_BUCKET_ID, removal_policy=delivery.removal_policy)
    log_group = logs.LogGroup(
        scope,
        DELIVERY_LOG_ID,
        retention=retention(LOG_RETENTION_DAYS_DEFAULT),
        removal_policy=RemovalPolicy.DESTROY,
    )
    log_stream = logs.LogStream(
        log_group, _LOG_STREAM, log_group=log_group, log_stream_name=_LOG_STREAM, removal_policy=RemovalPolicy.DESTROY
    )
    stream = _new_delivery_stream(scope, delivery, bucket, log_group, log_stream)
    outputs = {"DeliveryStreamName": stream.ref, **({"DeliveryBucketName": bucket.bucket_name} if is_new else {})}
    return MadeDelivery(
        variables={"DELIVERY_STREAM_NAME": stream.ref},
        outputs=outputs,
        delivery_stream=stream,
        bucket=bucket,
        log_group=log_group,
    )


def grant_firehose_delivery(delivery: FirehoseDelivery, made: MadeDelivery, handler: lambda_.IFunction) -> None:
    """Allows the function to put records."""
    existing = delivery.delivery_stream
    if isinstance(existing, str):
        stack = Stack.of(handler)
        arn = stack.format_arn(service="firehose", resource="deliverystream", resource_name=existing)
    elif existing is not None:
        arn = existing.delivery_stream_arn
    else:
        arn = cast("firehose.CfnDeliveryStream", made.delivery_stream).attr_arn
    handler.add_to_role_policy(iam.PolicyStatement(actions=list(_PUT), resources=[arn]))


def _new_delivery_stream(
    scope: Construct,
    delivery: FirehoseDelivery,
    bucket: s3.IBucket,
    log_group: logs.LogGroup,
    log_stream: logs.LogStream,
) -> firehose.CfnDeliveryStream:
    # Only now: it takes a tenth of a second, which no stack without Firehose should wait for.
    from aws_cdk import aws_kinesisfirehose as firehose

    role = _make_role(scope, bucket, log_group)
    properties = firehose.CfnDeliveryStream
    # The template's own class: the CDK's would also let Firehose delete objects.
    return properties(
        scope,
        DELIVERY_STREAM_ID,
        delivery_stream_type="DirectPut",
        delivery_stream_encryption_configuration_input=properties.DeliveryStreamEncryptionConfigurationInputProperty(
            key_type="AWS_OWNED_CMK"
        ),
        extended_s3_destination_configuration=properties.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=bucket.bucket_arn,
            role_arn=role.role_arn,
            prefix=delivery.prefix,
            error_output_prefix=delivery.error_prefix or "failed/!{firehose:error-output-type}/",
            buffering_hints=properties.BufferingHintsProperty(
                interval_in_seconds=whole_seconds(delivery.buffering_interval), size_in_m_bs=delivery.buffering_size
            ),
            compression_format=_COMPRESSIONS[delivery.compression]
            if isinstance(delivery.compression, str)
            else delivery.compression.value,
            cloud_watch_logging_options=properties.CloudWatchLoggingOptionsProperty(
                enabled=True, log_group_name=log_group.log_group_name, log_stream_name=log_stream.log_stream_name
            ),
        ),
    )


def _make_role(scope: Construct, bucket: s3.IBucket, log_group: logs.LogGroup) -> iam.Role:
    statements = [
        iam.PolicyStatement(actions=list(_BUCKET_ACTIONS), resources=[bucket.bucket_arn, bucket.arn_for_objects("*")]),
        iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[log_group.log_group_arn]),
    ]
    if (key := bucket.encryption_key) is not None:
        statements.append(iam.PolicyStatement(actions=list(_KEY_ACTIONS), resources=[key.key_arn]))
    role = iam.Role(
        scope,
        DELIVERY_ROLE_ID,
        # Source: CloudFormation Template Reference, "AWS::KinesisFirehose::DeliveryStream", the example's trust policy
        assumed_by=iam.ServicePrincipal(
            "firehose.amazonaws.com", conditions={"StringEquals": {"sts:ExternalId": Stack.of(scope).account}}
        ),
        inline_policies={"Deliver": iam.PolicyDocument(statements=statements)},
    )
    acknowledge_wildcard(role, bucket.arn_for_objects("*"), OBJECTS)
    return role
