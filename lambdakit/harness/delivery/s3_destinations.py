"""What S3 checks of a notification configuration before it keeps it.

Source: Amazon S3 API Reference, "PutBucketNotificationConfiguration"; Amazon S3 User Guide, "Configuring event
notifications using object key name filtering" and "Event notification types and destinations".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from botocore.exceptions import ClientError

from lambdakit.arn import Arn
from lambdakit.harness.delivery.targets import Clients, Permissions
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.moto_state.bucket_notifications import BucketPlace, ConfigurationRefused, NotificationRule

SERVICE: Final = "s3.amazonaws.com"
_UNVALIDATED: Final = "Unable to validate the following destination configurations"
_OVERLAP: Final = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
_AMBIGUOUS: Final = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)
_ELSEWHERE: Final = "The notification destination service region is not valid for the bucket location constraint"


class S3Destinations:
    """Checks configurations."""

    def __init__(self, stores: FunctionStores, clients: Clients, permissions: Permissions) -> None:
        self._stores = stores
        self._clients = clients
        self._permissions = permissions

    def check(
        self, bucket: BucketPlace, rules: Sequence[NotificationRule], *, skips_validation: bool
    ) -> ConfigurationRefused | None:
        """Why S3 would not keep these rules; None when it would.

        skips_validation: whether the destinations are taken as they are.
        """
        overlap = overlap_of(rules)
        if overlap:
            return ConfigurationRefused(message=overlap)
        if any(rule.target.split(":")[3:4] != [bucket.region] for rule in rules):
            return ConfigurationRefused(message=_ELSEWHERE)
        problems = [] if skips_validation else [(rule, self._problem(bucket, rule)) for rule in rules]
        details: dict[str, str] = {}
        for number, (rule, problem) in enumerate((pair for pair in problems if pair[1]), start=1):
            suffix = ", null" if rule.kind == "CloudFunction" else ""
            details[f"ArgumentName{number}"] = rule.target + suffix
            details[f"ArgumentValue{number}"] = problem
        return ConfigurationRefused(message=_UNVALIDATED, details=details) if details else None

    def _problem(self, bucket: BucketPlace, rule: NotificationRule) -> str:
        """What is wrong with a destination; empty for a good one."""
        if rule.kind == "CloudFunction":
            return self._function_problem(bucket, rule.target)
        kind = "queue" if rule.kind == "Queue" else "topic"
        if rule.target.endswith(".fifo"):
            return f"FIFO {kind}s are not supported as an Amazon S3 event notification destination"
        if not self._exists(rule):
            return f"The destination {kind} does not exist"
        action = "sqs:SendMessage" if rule.kind == "Queue" else "sns:Publish"
        if self._refused(bucket, action, rule.target):
            return f"Permissions on the destination {kind} do not allow S3 to publish notifications from this bucket"
        return ""

    def _function_problem(self, bucket: BucketPlace, arn: str) -> str:
        try:
            self._stores.resolve(arn)
        except ServiceFault:
            return f"Not authorized to invoke function [{arn}]"
        refused = self._refused(bucket, "lambda:InvokeFunction", arn)
        return f"Not authorized to invoke function [{arn}]" if refused else ""

    def _refused(self, bucket: BucketPlace, action: str, arn: str) -> bool:
        reason = self._permissions.service_refusal(
            SERVICE, action, arn, source_arn=bucket.arn, source_account=bucket.account_id
        )
        return reason is not None

    def _exists(self, rule: NotificationRule) -> bool:
        try:
            target = Arn.parse(rule.target)
            if rule.kind == "Queue":
                client = self._clients("sqs", target.region, target.account)
                client.get_queue_url(QueueName=target.resource, QueueOwnerAWSAccountId=target.account)
            else:
                self._clients("sns", target.region, target.account).get_topic_attributes(TopicArn=rule.target)
        except (ClientError, ValueError):
            return False
        return True


def overlap_of(rules: Sequence[NotificationRule]) -> str:
    """S3's message for two rules that mean one event of one key; empty when no two do."""
    for one, other in itertools.combinations(rules, 2):
        if not any(_same_event(left, right) for left in one.events for right in other.events):
            continue
        if not (_nested(one.prefix, other.prefix) and _nested(one.suffix[::-1], other.suffix[::-1])):
            continue
        filtered = one.prefix or one.suffix or other.prefix or other.suffix
        return _AMBIGUOUS if filtered else _OVERLAP
    return ""


def _same_event(one: str, other: str) -> bool:
    """Whether something is both events. They end with `:*` for all of a kind."""
    return _nested(one.removesuffix("*"), other.removesuffix("*")) if "*" in one + other else one == other


def _nested(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
