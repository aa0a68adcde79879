"""What Lambda asks of an execution role before it takes it: that it may be assumed, read a source, fill a queue.

Source: AWS Lambda Developer Guide, "Defining Lambda function permissions with an execution role"; API Reference,
"CreateFunction", "CreateEventSourceMapping" (InvalidParameterValueException); "Adding a dead-letter queue".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lambdakit.harness.lambda_service.faults import ServiceFault

# Lambda Developer Guide, "Using Lambda with Amazon SQS" ("Execution role permissions").
_QUEUE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
# Those without which no record is read; a role may list its streams or not.
_STREAM_ACTIONS = ("GetRecords", "GetShardIterator", "DescribeStream")
# Service of a dead-letter target -> what is done to it, and how the service is called.
_DEAD_LETTERS = {"sqs": ("SendMessage", "SQS"), "sns": ("Publish", "SNS")}
_CONSUMER_ACTIONS = ("SubscribeToShard",)


class ExecutionRoles(Protocol):
    """Knows what roles are for."""

    def assumption_refusal(self, role_arn: str, function_arn: str) -> str | None:
        """Why Lambda may not assume a role for a function; None when it may, or nobody knows the role."""

    def lambda_refusal(self, role_arn: str, action: str, resource: str) -> str | None:
        """Why Lambda may not do something in a session of a role; None when it may."""

    def trust_refusal(self, service: str, role_arn: str) -> str | None:
        """Why an AWS service may not assume a role; None when it may, or nobody knows the role."""


class AnyRole:
    """Every role may be assumed and does everything."""

    def assumption_refusal(self, role_arn: str, function_arn: str) -> str | None:
        """None."""
        del role_arn, function_arn
        return None

    def lambda_refusal(self, role_arn: str, action: str, resource: str) -> str | None:
        """None."""
        del role_arn, action, resource
        return None

    def trust_refusal(self, service: str, role_arn: str) -> str | None:
        """None."""
        del service, role_arn
        return None


def check_assumable(roles: ExecutionRoles, role_arn: str, function_arn: str) -> None:
    """InvalidParameterValueException for a role that does not trust Lambda."""
    if roles.assumption_refusal(role_arn, function_arn) is not None:
        raise ServiceFault(
            "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
        )


def check_execution_role(roles: ExecutionRoles, role_arn: str, function_arn: str, dead_letter_target: str) -> None:
    """InvalidParameterValueException for a role that a function cannot have.

    dead_letter_target: ARN of its dead-letter queue or topic; empty without one. The text is the service's, as seen in
    elastic/beats, issue 13963, and functionalone/serverless-iam-roles-per-function, issue 5.
    """
    check_assumable(roles, role_arn, function_arn)
    service = dead_letter_target.split(":", 3)[2] if dead_letter_target.count(":") > 4 else ""
    if service in _DEAD_LETTERS:
        action, name = _DEAD_LETTERS[service]
        if roles.lambda_refusal(role_arn, f"{service}:{action}", dead_letter_target) is not None:
            raise _refused(f"The provided execution role does not have permissions to call {action} on {name}")


def check_reads_source(roles: ExecutionRoles, role_arn: str, source_arn: str) -> None:
    """InvalidParameterValueException for a role that may not read the queue or stream of a mapping.

    The texts are those of the service, as seen in anomalyco/sst, issue 5737 (SQS), functionalone/
    serverless-iam-roles-per-function, issue 21 (SQS), aws-samples/cross-account-amazon-dynamodb-replication, issue 11
    (Kinesis) and awslabs/dynamodb-continuous-backup, issue 39 (DynamoDB).
    """
    service = source_arn.split(":", 3)[2] if source_arn.count(":") > 4 else ""
    if service == "sqs":
        action = _first_refused(roles, role_arn, source_arn, _QUEUE_ACTIONS)
        if action:
            raise _refused(f"The function execution role does not have permissions to call {action} on SQS")
    elif service in ("kinesis", "dynamodb"):
        actions = _CONSUMER_ACTIONS if "/consumer/" in source_arn else _STREAM_ACTIONS
        if _first_refused(roles, role_arn, source_arn, actions):
            shards = " ListShards," if service == "kinesis" else ""
            raise _refused(
                f"Cannot access stream {source_arn}. Please ensure the role can perform the GetRecords, "
                f"GetShardIterator, DescribeStream,{shards} and ListStreams Actions on your stream in IAM."
            )


def _first_refused(roles: ExecutionRoles, role_arn: str, source_arn: str, actions: Sequence[str]) -> str:
    service = source_arn.split(":", 3)[2]
    refused = (name for name in actions if roles.lambda_refusal(role_arn, f"{service}:{name}", source_arn) is not None)
    return next(refused, "")


def _refused(problem: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValueException", problem)
