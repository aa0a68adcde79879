"""A topic of a managed Kafka cluster, whose records are handled in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Duration, Fn
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lambdakit import limits
from lambdakit.constructs.acknowledgements import acknowledge_grant
from lambdakit.constructs.cdk_words import word
from lambdakit.constructs.event_sources.stream_reading import (
    MAX_RECORD_AGE_SECONDS,
    RETRY_ATTEMPTS,
    StartingPosition,
    StreamSource,
    filter_criteria,
    filter_problems,
    make_mapping,
    position_problems,
    response_types,
    whole_seconds,
)
from lambdakit.constructs.ranges import optional_seconds, range_problems
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_secretsmanager as secretsmanager
    from constructs import Construct

    from lambdakit.constructs.failure_destinations import FailurePath

# Source: Lambda Developer Guide, "Configuring Lambda permissions for Amazon MSK event source mappings". Lambda puts
# network interfaces into the cluster's subnets; these actions know no resource that exists beforehand.
_NETWORK_ACTIONS: Final = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
_CLUSTER_ACTIONS: Final = ("kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers")
# Below the cluster's ARN, in which `cluster` then is `topic` or `group`.
# Source: Amazon MSK Developer Guide, "Semantics of IAM authorization policy actions and resources"
_SIGN_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "cluster": ("kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration"),
    "topic": ("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"),
    "group": ("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"),
}
# Settings that Lambda takes of Kafka sources with provisioned pollers only.
_OF_POLLERS: Final = ("bisect_batch_on_error", "report_batch_item_failures", "retry_attempts", "max_record_age")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedPollers:
    """Pollers of the mapping's own, which are paid for by the hour, and with which failed batches end.

    minimum_pollers: 1 to 200; absent, 1. maximum_pollers: 1 to 2000; absent, 200.
    """

    minimum_pollers: int = 1
    maximum_pollers: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MskSource:
    """Records of a topic of an existing cluster.

    cluster_arn, topic: which one.
    consumer_group_id: absent, one that Lambda makes up.
    secret: name and password of SASL/SCRAM; absent, the function's role signs in (IAM).
    batch_size: most records of one invocation, 1 to 10000; absent, 100.
    max_batching_window: a `Duration` or seconds, up to 300; absent, half a second.
    starting_position: of the first read, also as the CDK's `StartingPosition`; absent, `trim_horizon`, the oldest
        record there is.
    starting_position_timestamp: seconds since 1970, with `at_timestamp`.
    filters: patterns, or what the CDK's `FilterCriteria.filter` gives, at most 5, of which a record has to match one;
        absent, every record counts.
    enabled: absent, records are read.
    provisioned_pollers: absent, those that Lambda shares out. A failed batch is then tried until its records expire.
    bisect_batch_on_error, report_batch_item_failures, retry_attempts, max_record_age: with provisioned pollers only;
        absent, on, on, 10 and a day there.
    """

    cluster_arn: str
    topic: str
    consumer_group_id: str | None = None
    secret: secretsmanager.ISecret | None = None
    batch_size: int = limits.STREAM_BATCH_DEFAULT
    max_batching_window: Duration | int | None = None
    starting_position: StartingPosition | lambda_.StartingPosition = "trim_horizon"
    starting_position_timestamp: int | None = None
    filters: Sequence[Mapping[str, Any]] = ()
    enabled: bool = True
    provisioned_pollers: ProvisionedPollers | None = None
    bisect_batch_on_error: bool | None = None
    report_batch_item_failures: bool | None = None
    retry_attempts: int | None = None
    max_record_age: Duration | int | None = None


def msk_problems(pointer: str, source: MskSource) -> Iterator[Diagnostic]:
    """What Lambda would refuse of `source`."""
    bounds: tuple[tuple[str, float | None, int, int], ...] = (
        ("batch_size", source.batch_size, 1, limits.STREAM_BATCH_MAX),
        ("max_batching_window", optional_seconds(source.max_batching_window), 0, limits.BATCHING_WINDOW_SECONDS_MAX),
        ("retry_attempts", source.retry_attempts, 0, limits.STREAM_RETRIES_MAX),
        (
            "max_record_age",
            optional_seconds(source.max_record_age),
            limits.STREAM_RECORD_AGE_SECONDS_MIN,
            limits.STREAM_RECORD_AGE_SECONDS_MAX,
        ),
    )
    for name, value, low, high in bounds:
        yield from range_problems(f"{pointer}.{name}", value, low, high)
    yield from filter_problems(pointer, source.filters)
    yield from position_problems(pointer, word(source.starting_position), source.starting_position_timestamp)
    yield from _poller_problems(pointer, source)


def wire_msk(scope: Construct, source: MskSource, handler: lambda_.IFunction, failure: FailurePath) -> StreamSource:
    """The mapping that reads the topic."""
    _grant(source, handler)
    settings = {
        "topics": [source.topic],
        "batch_size": source.batch_size,
        "maximum_batching_window_in_seconds": whole_seconds(source.max_batching_window),
        "starting_position": word(source.starting_position).upper(),
        "starting_position_timestamp": source.starting_position_timestamp,
        "filter_criteria": filter_criteria(source.filters),
        "enabled": source.enabled,
        "amazon_managed_kafka_event_source_config": None
        if source.consumer_group_id is None
        else lambda_.CfnEventSourceMapping.AmazonManagedKafkaEventSourceConfigProperty(
            consumer_group_id=source.consumer_group_id
        ),
        "source_access_configurations": None
        if source.secret is None
        else [
            lambda_.CfnEventSourceMapping.SourceAccessConfigurationProperty(
                type="SASL_SCRAM_512_AUTH", uri=source.secret.secret_arn
            )
        ],
        **_poller_settings(source),
    }
    return StreamSource(mapping=make_mapping(scope, handler, source.cluster_arn, failure, settings))


def _poller_problems(pointer: str, source: MskSource) -> Iterator[Diagnostic]:
    pollers = source.provisioned_pollers
    if pollers is None:
        for name in _OF_POLLERS:
            if getattr(source, name) is not None:
                yield Diagnostic(
                    pointer=f"{pointer}.{name}",
                    problem="Lambda takes it of Kafka with provisioned pollers only",
                    code="LK405",
                    hint=f"leave {name} out, or add provisioned_pollers",
                )
        return
    at = f"{pointer}.provisioned_pollers"
    least, most = pollers.minimum_pollers, pollers.maximum_pollers
    yield from range_problems(f"{at}.minimum_pollers", least, 1, limits.KAFKA_MINIMUM_POLLERS_MAX)
    yield from range_problems(f"{at}.maximum_pollers", most, 1, limits.KAFKA_MAXIMUM_POLLERS_MAX)
    if least > most:
        yield Diagnostic(
            pointer=f"{at}.minimum_pollers",
            problem=f"{least} is above maximum_pollers, {most}",
            code="LK405",
            hint=f"minimum_pollers: {most}",
        )


def _poller_settings(source: MskSource) -> dict[str, Any]:
    pollers = source.provisioned_pollers
    if pollers is None:
        return {}
    # Absence is no zero here: what Lambda's own defaults would try without end has an end.
    reports = source.report_batch_item_failures is not False
    retries = RETRY_ATTEMPTS if source.retry_attempts is None else source.retry_attempts
    age = MAX_RECORD_AGE_SECONDS if source.max_record_age is None else whole_seconds(source.max_record_age)
    return {
        "provisioned_poller_config": lambda_.CfnEventSourceMapping.ProvisionedPollerConfigProperty(
            minimum_pollers=pollers.minimum_pollers, maximum_pollers=pollers.maximum_pollers
        ),
        "bisect_batch_on_function_error": source.bisect_batch_on_error is not False,
        "function_response_types": response_types(reports),
        "maximum_retry_attempts": retries,
        "maximum_record_age_in_seconds": age,
    }


def _grant(source: MskSource, handler: lambda_.IFunction) -> None:
    handler.add_to_role_policy(iam.PolicyStatement(actions=list(_NETWORK_ACTIONS), resources=["*"]))
    acknowledge_grant(handler, "*", "The network interfaces by which Lambda reads know no resource beforehand.")
    actions = [*_CLUSTER_ACTIONS, *(() if source.secret is None else ("kafka:ListScramSecrets",))]
    handler.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[source.cluster_arn]))
    if source.secret is not None:
        source.secret.grant_read(handler)
        return
    begin, name = (Fn.select(part, Fn.split(":cluster/", source.cluster_arn, 2)) for part in (0, 1))
    # Without an id of the user's, the group is called by the mapping's, which exists after the role only.
    below = {"cluster": "", "topic": f"/{source.topic}", "group": f"/{source.consumer_group_id or '*'}"}
    for kind, actions_there in _SIGN_IN.items():
        arn = f"{begin}:{kind}/{name}{below[kind]}"
        handler.add_to_role_policy(iam.PolicyStatement(actions=list(actions_there), resources=[arn]))
        if arn.endswith("*"):
            acknowledge_grant(handler, arn, "The group has the id of the mapping, which exists after the role only.")
