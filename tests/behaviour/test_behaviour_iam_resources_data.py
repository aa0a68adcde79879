"""What policies of secrets, tables, streams, APIs and other resources decide: a row per fact.

The rows follow the example policies of the services' guides. DG is the AWS Lambda Developer Guide, UG a service's user
guide or developer guide.
"""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.principal import ANONYMOUS
from tests.fakes.policies import ROLE, statement
from tests.fakes.resource_facts import OTHER, OURS, THEIRS, Row, check, lets, none

pytestmark = pytest.mark.xdist_group("moto")

_SECRET = "AWS Secrets Manager UG, Resource-based policies"
_BUS = "Amazon EventBridge UG, Permissions for event buses in Amazon EventBridge"
_ECR = "Amazon ECR UG, Private repository policy examples in Amazon ECR"
_API = "API Gateway UG, API Gateway resource policy examples"
_TABLE = "Amazon DynamoDB UG, DynamoDB resource-based policy examples"
_STREAM = "Amazon Kinesis Data Streams UG, Sharing your data stream with another account"
_FILES = "Amazon EFS UG, Examples of resource-based policies for Amazon EFS"
_DOMAIN = "Amazon OpenSearch Service UG, Identity and Access Management: Resource-based policies"
_DESTINATION = "Amazon CloudWatch Logs UG, Create a destination"

ROWS = (
    # Secrets, repositories, buses, streams, tables, file systems, domains, APIs, destinations
    Row(
        says="a secret may be given to a role",
        source=_SECRET,
        of="secret",
        policy=lambda _: [statement({"AWS": ROLE}, "secretsmanager:GetSecretValue")],
        who=OURS,
        does="secretsmanager:GetSecretValue",
        allowed=True,
    ),
    Row(
        says="a secret may be kept from a role",
        source=_SECRET,
        of="secret",
        policy=lambda _: [statement({"AWS": ROLE}, "secretsmanager:*", Effect="Deny")],
        who=OURS,
        own=("secretsmanager:*",),
        does="secretsmanager:GetSecretValue",
        allowed=False,
    ),
    Row(
        says="another account may pull images",
        source=_ECR,
        of="repository",
        policy=lambda _: [
            statement({"AWS": f"arn:aws:iam::{OTHER}:root"}, ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])
        ],
        who=THEIRS,
        own=("ecr:*",),
        does="ecr:BatchGetImage",
        allowed=True,
    ),
    Row(
        says="another account may not push them",
        source=_ECR,
        of="repository",
        policy=lambda _: [
            statement({"AWS": f"arn:aws:iam::{OTHER}:root"}, ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])
        ],
        who=THEIRS,
        own=("ecr:*",),
        does="ecr:PutImage",
        allowed=False,
    ),
    Row(
        says="another account puts events on a bus that lets it",
        source=_BUS,
        of="bus",
        policy=lets({"AWS": f"arn:aws:iam::{OTHER}:root"}, "events:PutEvents", Sid="their"),
        who=THEIRS,
        own=("events:PutEvents",),
        does="events:PutEvents",
        allowed=True,
    ),
    Row(
        says="a bus without a policy is for its own account",
        source=_BUS,
        of="bus",
        policy=none,
        who=THEIRS,
        own=("events:PutEvents",),
        does="events:PutEvents",
        allowed=False,
    ),
    Row(
        says="another account reads a stream that lets it",
        source=_STREAM,
        of="stream",
        policy=lets(
            {"AWS": f"arn:aws:iam::{OTHER}:role/worker"}, ["kinesis:DescribeStreamSummary", "kinesis:GetRecords"]
        ),
        who=THEIRS,
        own=("kinesis:*",),
        does="kinesis:GetRecords",
        allowed=True,
    ),
    Row(
        says="a table's policy counts for its indexes",
        source=_TABLE,
        of="table",
        policy=lets({"AWS": ROLE}, "dynamodb:Query"),
        who=OURS,
        does="dynamodb:Query",
        below="/index/by-name",
        allowed=True,
    ),
    Row(
        says="a table's policy may refuse what the account's allow",
        source=_TABLE,
        of="table",
        policy=lets({"AWS": "*"}, "dynamodb:DeleteItem", Effect="Deny"),
        who=OURS,
        own=("dynamodb:*",),
        does="dynamodb:DeleteItem",
        allowed=False,
    ),
    Row(
        says="a file system may be read only",
        source=_FILES,
        of="file_system",
        policy=lambda _: [statement({"AWS": "*"}, ["elasticfilesystem:ClientMount"])],
        who=ANONYMOUS,
        does="elasticfilesystem:ClientWrite",
        allowed=False,
    ),
    Row(
        says="a domain lets a role search one index",
        source=_DOMAIN,
        of="domain",
        policy=lambda domain: [statement({"AWS": [ROLE]}, ["es:ESHttpGet"], f"{domain}/test-index/*")],
        who=OURS,
        does="es:ESHttpGet",
        below="/test-index/_search",
        allowed=True,
    ),
    Row(
        says="and no other",
        source=_DOMAIN,
        of="domain",
        policy=lambda domain: [statement({"AWS": [ROLE]}, ["es:ESHttpGet"], f"{domain}/test-index/*")],
        who=OURS,
        does="es:ESHttpGet",
        below="/restricted-index/_search",
        allowed=False,
    ),
    Row(
        says="an API may be open to everybody",
        source=_API,
        of="rest_api",
        policy=lambda _: [statement("*", "execute-api:Invoke", "execute-api:/*")],
        who=ANONYMOUS,
        does="execute-api:Invoke",
        below="/prod/GET/orders",
        allowed=True,
    ),
    Row(
        says="an API may keep some addresses out",
        source=_API,
        of="rest_api",
        policy=lambda _: [
            statement("*", "execute-api:Invoke", "execute-api:/*"),
            statement(
                "*",
                "execute-api:Invoke",
                "execute-api:/*",
                Effect="Deny",
                Condition={"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}},
            ),
        ],
        who=ANONYMOUS,
        does="execute-api:Invoke",
        below="/prod/GET/orders",
        keys={"aws:sourceip": ("192.0.2.7",)},
        allowed=False,
    ),
    Row(
        says="another account subscribes to a destination that lets it",
        source=_DESTINATION,
        of="destination",
        policy=lets({"AWS": OTHER}, "logs:PutSubscriptionFilter"),
        who=THEIRS,
        own=("logs:*",),
        does="logs:PutSubscriptionFilter",
        allowed=True,
    ),
)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.of}: {row.says}") for row in ROWS])
def test_what_a_resources_policy_decides(row: Row) -> None:
    check(row)
