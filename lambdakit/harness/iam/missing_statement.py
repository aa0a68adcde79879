"""The statement that would have allowed a request, and the grant method of the CDK that writes such a one.

Source: IAM User Guide, "IAM JSON policy elements: Resource", "IAM policy elements: Variables and tags"; aws-cdk-lib
2.275, the `grant…` methods of each construct.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from lambdakit.records import dataclass

_SPECIAL: Final = re.compile(r"[*?$]")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantMethod:
    """A method of a construct. construct: what such a construct is usually called in code, such as `table`."""

    construct: str
    method: str

    def call(self, grantee: str, *, on: str = "") -> str:
        """The call in the CDK's Python. on: the construct's id; absence: what it is usually called."""
        return f"{on or self.construct}.{self.method}({grantee})"


def missing_statement(action: str, resource: str, *, principal: str = "") -> str:
    """The Allow statement that would have allowed `action` on exactly `resource`, as JSON.

    resource: an ARN, or `*` for an action that is about no resource. principal: of a policy that names one.
    """
    exact = resource if resource == "*" else _SPECIAL.sub(lambda found: f"${{{found[0]}}}", resource)
    whom = {"Principal": principal} if principal else {}
    return json.dumps({"Effect": "Allow", **whom, "Action": action, "Resource": exact})


def grant_method(action: str) -> GrantMethod | None:
    """The narrowest grant method that allows an action; None where none is obvious."""
    return GRANT_METHODS.get(action.lower())


def _rows(construct: str, service: str, methods: Mapping[str, str]) -> dict[str, GrantMethod]:
    """Lower-case action -> method. methods: method -> the actions that it is the narrowest for, without prefix."""
    return {
        f"{service}:{action}".lower(): GrantMethod(construct=construct, method=method)
        for method, actions in methods.items()
        for action in actions.split()
    }


# Lower-case action -> the method that grants it with the least besides.
GRANT_METHODS: Final[Mapping[str, GrantMethod]] = {
    **_rows(
        "table",
        "dynamodb",
        {
            "grant_read_data": "BatchGetItem ConditionCheckItem DescribeTable GetItem Query Scan",
            "grant_write_data": "BatchWriteItem DeleteItem PutItem UpdateItem",
            "grant_stream_read": "DescribeStream GetRecords GetShardIterator",
            "grant_table_list_streams": "ListStreams",
        },
    ),
    **_rows(
        "bucket",
        "s3",
        {
            "grant_read": "GetBucketLocation GetObject GetObjectTagging GetObjectVersion ListBucket ListBucketVersions",
            "grant_put": "AbortMultipartUpload PutObject PutObjectTagging",
            "grant_delete": "DeleteObject DeleteObjectVersion",
            "grant_put_acl": "PutObjectAcl",
        },
    ),
    **_rows(
        "queue",
        "sqs",
        {
            "grant_send_messages": "GetQueueAttributes GetQueueUrl SendMessage",
            "grant_consume_messages": "ChangeMessageVisibility DeleteMessage ReceiveMessage",
            "grant_purge": "PurgeQueue",
        },
    ),
    **_rows("topic", "sns", {"grant_publish": "Publish", "grant_subscribe": "Subscribe"}),
    **_rows(
        "stream",
        "kinesis",
        {
            "grant_read": "DescribeStream DescribeStreamConsumer DescribeStreamSummary GetRecords GetShardIterator "
            "ListShards SubscribeToShard",
            "grant_write": "PutRecord PutRecords",
        },
    ),
    **_rows("function", "lambda", {"grant_invoke": "InvokeFunction", "grant_invoke_url": "InvokeFunctionUrl"}),
    **_rows("event_bus", "events", {"grant_put_events_to": "PutEvents"}),
    **_rows(
        "secret",
        "secretsmanager",
        {"grant_read": "DescribeSecret GetSecretValue", "grant_write": "PutSecretValue UpdateSecret"},
    ),
    **_rows(
        "parameter",
        "ssm",
        {
            "grant_read": "DescribeParameters GetParameter GetParameterHistory GetParameters",
            "grant_write": "PutParameter",
        },
    ),
    **_rows(
        "key",
        "kms",
        {
            "grant_decrypt": "Decrypt",
            "grant_encrypt": "Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo",
            "grant_sign": "Sign",
            "grant_verify": "Verify",
            "grant_generate_mac": "GenerateMac",
            "grant_verify_mac": "VerifyMac",
        },
    ),
    **_rows(
        "state_machine",
        "states",
        {
            "grant_start_execution": "StartExecution",
            "grant_start_sync_execution": "StartSyncExecution",
            "grant_task_response": "SendTaskFailure SendTaskHeartbeat SendTaskSuccess",
            "grant_read": "DescribeExecution DescribeStateMachine GetExecutionHistory ListExecutions",
        },
    ),
    **_rows(
        "log_group",
        "logs",
        {"grant_read": "FilterLogEvents GetLogEvents", "grant_write": "CreateLogStream PutLogEvents"},
    ),
    **_rows("delivery_stream", "firehose", {"grant_put_records": "PutRecord PutRecordBatch"}),
    **_rows("web_socket_api", "execute-api", {"grant_manage_connections": "ManageConnections"}),
    **_rows(
        "domain",
        "es",
        {"grant_read": "ESHttpGet ESHttpHead", "grant_write": "ESHttpDelete ESHttpPatch ESHttpPost ESHttpPut"},
    ),
    **_rows(
        "database",
        "rds-data",
        {
            "grant_data_api_access": "BatchExecuteStatement BeginTransaction CommitTransaction ExecuteStatement "
            "RollbackTransaction"
        },
    ),
    **_rows(
        "repository",
        "ecr",
        {"grant_pull": "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer", "grant_push": "PutImage"},
    ),
    **_rows("Metric", "cloudwatch", {"grant_put_metric_data": "PutMetricData"}),
}
