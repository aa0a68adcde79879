"""The grant methods that refusals suggest: each exists, and allows what it is suggested for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as stepfunctions

from lambdakit.harness.iam.grants import action_matches
from lambdakit.harness.iam.missing_statement import GRANT_METHODS, GrantMethod

pytestmark = pytest.mark.xdist_group("cdk")

Constructs = Mapping[str, Callable[[cdk.Stack, str], Any]]

CONSTRUCTS: Constructs = {
    "table": lambda stack, name: dynamodb.TableV2(
        stack,
        name,
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
    ),
    "bucket": s3.Bucket,
    "queue": sqs.Queue,
    "topic": sns.Topic,
    "stream": kinesis.Stream,
    "function": lambda stack, name: lambda_.Function(
        stack,
        name,
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
    ),
    "event_bus": events.EventBus,
    "secret": secretsmanager.Secret,
    "parameter": lambda stack, name: ssm.StringParameter(stack, name, string_value="x"),
    "key": kms.Key,
    "state_machine": lambda stack, name: stepfunctions.StateMachine(
        stack,
        name,
        definition_body=stepfunctions.DefinitionBody.from_chainable(stepfunctions.Pass(stack, f"{name}Pass")),
    ),
    "log_group": logs.LogGroup,
    "delivery_stream": lambda stack, name: firehose.DeliveryStream(
        stack, name, destination=firehose.S3Bucket(s3.Bucket(stack, f"{name}Bucket"))
    ),
    "web_socket_api": apigatewayv2.WebSocketApi,
    "domain": lambda stack, name: opensearch.Domain(stack, name, version=opensearch.EngineVersion.OPENSEARCH_2_19),
    "database": lambda stack, name: rds.DatabaseCluster(
        stack,
        name,
        engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_6),
        writer=rds.ClusterInstance.serverless_v2("writer"),
        vpc=ec2.Vpc(stack, f"{name}Vpc"),
        enable_data_api=True,
    ),
    "repository": ecr.Repository,
    "Metric": lambda stack, name: cloudwatch.Metric,
}


@pytest.fixture(scope="module")
def granted() -> Mapping[GrantMethod, list[str]]:
    """The actions that each method writes into the grantee's policy."""
    app = cdk.App(builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "grants")
    methods = sorted(set(GRANT_METHODS.values()), key=lambda method: (method.construct, method.method))
    made = {name: make(stack, name.capitalize()) for name, make in CONSTRUCTS.items()}
    roles = {method: iam.Role(stack, _role(method), assumed_by=iam.AccountRootPrincipal()) for method in methods}
    for method, role in roles.items():
        getattr(made[method.construct], method.method)(role)
    ids = {
        method: stack.get_logical_id(cast("cdk.CfnElement", role.node.default_child)) for method, role in roles.items()
    }
    resources: Mapping[str, Any] = app.synth().get_stack_by_name("grants").template["Resources"]
    return {method: list(_actions(resources, logical_id)) for method, logical_id in ids.items()}


def _role(method: GrantMethod) -> str:
    return f"{method.construct}-{method.method}".replace("_", "-")


def _actions(resources: Mapping[str, Any], role: str) -> Iterator[str]:
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": role} in properties["Roles"]:
            for statement in properties["PolicyDocument"]["Statement"]:
                action = statement["Action"]
                yield from [action] if isinstance(action, str) else action


def test_every_method_named_grants_the_action_it_is_named_for(granted: Mapping[GrantMethod, list[str]]) -> None:
    wrong = {
        action: str(method)
        for action, method in GRANT_METHODS.items()
        if not any(action_matches(pattern, action) for pattern in granted[method])
    }

    assert wrong == {}
