from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit.assembly.cloud_assembly import read_assembly
from lambdakit.reports.architecture import Architecture, architecture_of
from lambdakit.reports.stack_templates import stack_templates
from tests.fakes.plain_assembly import write_stacks

Resources = Mapping[str, Mapping[str, Any]]

FUNCTION = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {}}
ALIAS = {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Fn"}, "Name": "live"}}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {}}
TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {}}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {}}
BUS = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}}
BASE: Resources = {"Fn": FUNCTION, "Role": ROLE, "Alias": ALIAS}
ALIAS_REF = {"Ref": "Alias"}


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def of(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def drawn(tmp_path: Path, resources: Resources) -> Architecture:
    directory = write_stacks(tmp_path / "assembly", {"shop": {"Resources": {**BASE, **resources}}})
    return architecture_of(stack_templates(read_assembly(directory)))


def arrows(architecture: Architecture) -> list[tuple[str, str, str]]:
    """`(from, label, to)` of each arrow; `!` before the label of failures."""
    labels = {node.id: node.label for node in architecture.nodes}
    return [
        (labels[edge.start], f"{'!' if edge.is_failure else ''}{edge.label}", labels[edge.end])
        for edge in architecture.edges
    ]


def grant(*actions: str, to: Any, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": to, **more}
    return of("AWS::IAM::Policy", Roles=[{"Ref": "Role"}], PolicyDocument={"Statement": [statement]})


HTTP_API = {
    "Api": of("AWS::ApiGatewayV2::Api", ProtocolType="HTTP"),
    "Integration": of("AWS::ApiGatewayV2::Integration", ApiId={"Ref": "Api"}, IntegrationUri=ALIAS_REF),
    "Route": of(
        "AWS::ApiGatewayV2::Route",
        ApiId={"Ref": "Api"},
        RouteKey="GET /orders/{id}",
        Target={"Fn::Join": ["", ["integrations/", {"Ref": "Integration"}]]},
    ),
}
REST_API = {
    "Api": of("AWS::ApiGateway::RestApi"),
    "Orders": of(
        "AWS::ApiGateway::Resource",
        RestApiId={"Ref": "Api"},
        PathPart="orders",
        ParentId={"Fn::GetAtt": ["Api", "RootResourceId"]},
    ),
    "One": of("AWS::ApiGateway::Resource", RestApiId={"Ref": "Api"}, PathPart="{id}", ParentId={"Ref": "Orders"}),
    "Method": of(
        "AWS::ApiGateway::Method",
        RestApiId={"Ref": "Api"},
        ResourceId={"Ref": "One"},
        HttpMethod="GET",
        Integration={
            "Type": "AWS_PROXY",
            "Uri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/functions/${Alias}/invocations"},
        },
    ),
    "Preflight": of(
        "AWS::ApiGateway::Method",
        RestApiId={"Ref": "Api"},
        ResourceId={"Ref": "One"},
        HttpMethod="OPTIONS",
        Integration={"Type": "MOCK"},
    ),
}
BODY_API = {
    "Api": of(
        "AWS::ApiGateway::RestApi",
        Body={
            "paths": {
                "/orders": {
                    "x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": {"uri": {"Ref": "Alias"}}}
                }
            }
        },
    )
}
BALANCER = {
    "Balancer": of("AWS::ElasticLoadBalancingV2::LoadBalancer"),
    "Group": of("AWS::ElasticLoadBalancingV2::TargetGroup", Targets=[{"Id": ALIAS_REF}]),
    "Listener": of("AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn={"Ref": "Balancer"}, DefaultActions=[]),
    "Rule": of(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        ListenerArn={"Ref": "Listener"},
        Actions=[{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}],
        Conditions=[
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a*"]}},
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        ],
    ),
}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param(
            {"Q": QUEUE, "M": of("AWS::Lambda::EventSourceMapping", EventSourceArn=arn("Q"), FunctionName=ALIAS_REF)},
            [("Q", "", "Fn")],
            id="queue through an alias",
        ),
        pytest.param(
            {
                "T": TABLE,
                "M": of(
                    "AWS::Lambda::EventSourceMapping",
                    EventSourceArn={"Fn::GetAtt": ["T", "StreamArn"]},
                    FunctionName={"Ref": "Fn"},
                    DestinationConfig={"OnFailure": {"Destination": arn("Q")}},
                ),
                "Q": QUEUE,
            },
            [("Fn", "!failures", "Q"), ("T", "changes", "Fn")],
            id="stream of a table",
        ),
        pytest.param(
            {
                "M": of(
                    "AWS::Lambda::EventSourceMapping",
                    EventSourceArn="arn:aws:kinesis:eu-west-1:123456789012:stream/clicks",
                    FunctionName={"Ref": "Fn"},
                )
            },
            [("clicks", "", "Fn")],
            id="stream of somebody else",
        ),
        pytest.param(
            {"Q": {**QUEUE, "Properties": {"RedrivePolicy": {"deadLetterTargetArn": arn("D")}}}, "D": QUEUE},
            [("Q", "!failures", "D")],
            id="redrive",
        ),
        pytest.param(
            {
                "R": of(
                    "AWS::Events::Rule",
                    ScheduleExpression="rate(1 day)",
                    Targets=[{"Arn": ALIAS_REF, "DeadLetterConfig": {"Arn": arn("Q")}}],
                ),
                "Q": QUEUE,
            },
            [("R", "rate(1 day)", "Fn"), ("R", "!failures", "Q")],
            id="schedule of a rule",
        ),
        pytest.param(
            {"S": of("AWS::Scheduler::Schedule", ScheduleExpression="rate(1 hour)", Target={"Arn": ALIAS_REF})},
            [("S", "rate(1 hour)", "Fn")],
            id="schedule",
        ),
        pytest.param(
            {
                "B": BUS,
                "R": of(
                    "AWS::Events::Rule",
                    EventBusName={"Ref": "B"},
                    EventPattern={"detail-type": ["Placed"]},
                    Targets=[{"Arn": arn("Fn")}],
                ),
            },
            [("B", "Placed", "Fn")],
            id="bus",
        ),
        pytest.param(
            {"R": of("AWS::Events::Rule", EventPattern={"source": ["aws.ec2"]}, Targets=[{"Arn": arn("Fn")}])},
            [("default", "aws.ec2", "Fn")],
            id="default bus",
        ),
        pytest.param(
            {
                "B": BUCKET,
                "R": of(
                    "AWS::Events::Rule",
                    EventPattern={
                        "detail-type": ["Object Created"],
                        "detail": {"bucket": {"name": [{"Ref": "B"}]}},
                    },
                    Targets=[{"Arn": arn("Fn")}],
                ),
            },
            [("B", "Object Created", "Fn")],
            id="bucket through EventBridge",
        ),
        pytest.param(
            {
                "B": BUCKET,
                "N": of(
                    "Custom::S3BucketNotifications",
                    ServiceToken=arn("BucketNotificationsHandler050a0587b"),
                    BucketName={"Ref": "B"},
                    NotificationConfiguration={
                        "LambdaFunctionConfigurations": [
                            {"Events": ["s3:ObjectCreated:*"], "LambdaFunctionArn": arn("Fn")}
                        ]
                    },
                ),
                "BucketNotificationsHandler050a0587b": of("AWS::Lambda::Function"),
            },
            [("B", "ObjectCreated:*", "Fn")],
            id="bucket through the CDK's handler, which is not drawn",
        ),
        pytest.param(
            {
                "T": TOPIC,
                "S": of(
                    "AWS::SNS::Subscription",
                    TopicArn={"Ref": "T"},
                    Protocol="lambda",
                    Endpoint=ALIAS_REF,
                    FilterPolicy={},
                    RedrivePolicy={"deadLetterTargetArn": arn("Q")},
                ),
                "Mail": of("AWS::SNS::Subscription", TopicArn={"Ref": "T"}, Protocol="email", Endpoint="a@example.com"),
                "Q": QUEUE,
            },
            [("T", "filtered", "Fn"), ("T", "!failures", "Q"), ("T", "", "email")],
            id="topic",
        ),
        pytest.param(HTTP_API, [("Api", "", "GET /orders/{id}"), ("GET /orders/{id}", "", "Fn")], id="HTTP API"),
        pytest.param(REST_API, [("Api", "", "GET /orders/{id}"), ("GET /orders/{id}", "", "Fn")], id="REST API"),
        pytest.param(BODY_API, [("Api", "", "ANY /orders"), ("ANY /orders", "", "Fn")], id="OpenAPI"),
        pytest.param(BALANCER, [("Balancer", "", "GET /a*"), ("GET /a*", "", "Fn")], id="load balancer"),
        pytest.param(
            {"U": of("AWS::Lambda::Url", TargetFunctionArn=ALIAS_REF, AuthType="NONE")},
            [("U", "", "Fn")],
            id="function URL",
        ),
        pytest.param(
            {"T": TABLE, "P": grant("dynamodb:GetItem", "dynamodb:Put*", to=[arn("T")])},
            [("Fn", "reads, writes", "T")],
            id="grants",
        ),
        pytest.param({"T": TABLE, "P": grant("dynamodb:*", to="*")}, [], id="grant on everything says nothing"),
        pytest.param({"T": TABLE, "P": grant("dynamodb:*", to=arn("T"), Effect="Deny")}, [], id="denial"),
        pytest.param(
            {"P": grant("dynamodb:Query", to="arn:aws:dynamodb:eu-west-1:123456789012:table/old")},
            [("Fn", "reads", "old")],
            id="table of somebody else",
        ),
        pytest.param(
            {
                "Q": QUEUE,
                "M": of("AWS::Lambda::EventSourceMapping", EventSourceArn=arn("Q"), FunctionName=ALIAS_REF),
                "P": grant("sqs:ReceiveMessage", "sqs:DeleteMessage", to=arn("Q")),
            },
            [("Q", "", "Fn")],
            id="what Lambda reads itself is not read by the function",
        ),
        pytest.param(
            {
                "Q": QUEUE,
                "C": of(
                    "AWS::Lambda::EventInvokeConfig",
                    FunctionName={"Ref": "Fn"},
                    DestinationConfig={"OnFailure": {"Destination": arn("Q")}},
                ),
                "P": grant("sqs:SendMessage", to=arn("Q")),
            },
            [("Fn", "!failures", "Q")],
            id="a destination is not sent to twice",
        ),
        pytest.param(
            {
                "P": of(
                    "AWS::Lambda::Permission",
                    Action="lambda:InvokeFunction",
                    FunctionName=ALIAS_REF,
                    Principal="iot.amazonaws.com",
                )
            },
            [("iot", "", "Fn")],
            id="a permission alone",
        ),
        pytest.param(
            {
                "D": of(
                    "AWS::KinesisFirehose::DeliveryStream",
                    ExtendedS3DestinationConfiguration={"BucketARN": arn("B")},
                ),
                "B": BUCKET,
            },
            [("D", "writes", "B")],
            id="delivery stream",
        ),
    ],
)
def test_arrows(tmp_path: Path, resources: Resources, expected: list[tuple[str, str, str]]) -> None:
    assert sorted(arrows(drawn(tmp_path, resources))) == sorted(expected)


def test_what_serves_others_is_no_node(tmp_path: Path) -> None:
    resources = {
        "Logs": of("AWS::Logs::LogGroup"),
        "Version": of("AWS::Lambda::Version", FunctionName={"Ref": "Fn"}),
        "AccessLogs": BUCKET,
        "B": of("AWS::S3::Bucket", LoggingConfiguration={"DestinationBucketName": {"Ref": "AccessLogs"}}),
        "Handler": of("AWS::Lambda::Function"),
        "Custom": of("Custom::Thing", ServiceToken=arn("Handler")),
    }

    assert [node.label for node in drawn(tmp_path, resources).nodes] == ["Fn", "B"]


def test_names_are_as_long_as_they_must_be(tmp_path: Path) -> None:
    def at(path: str, resource: Mapping[str, Any]) -> dict[str, Any]:
        return {**resource, "Metadata": {"aws:cdk:path": f"shop/{path}/Resource"}}

    resources = {
        "A": at("orders/create/Function", of("AWS::Lambda::Function")),
        "B": at("orders/Table", TABLE),
        "C": at("jobs/left/work", QUEUE),
        "D": at("jobs/right/work", QUEUE),
    }

    labels = [node.label for node in drawn(tmp_path, resources).nodes]

    assert labels == ["Fn", "create", "orders/Table", "left/work", "right/work"]


def test_stacks_are_followed_through_exports_and_nested_parameters(tmp_path: Path) -> None:
    directory = tmp_path / "assembly"
    directory.mkdir()
    nested = directory / "nested.json"
    mapping = of("AWS::Lambda::EventSourceMapping", EventSourceArn={"Ref": "Source"}, FunctionName={"Ref": "Inner"})
    nested.write_text(
        json.dumps(
            {
                "Parameters": {"Source": {"Type": "String"}},
                "Resources": {"Inner": of("AWS::Lambda::Function"), "M": mapping},
            }
        )
    )
    first = {"Resources": {"Q": QUEUE}, "Outputs": {"Q": {"Value": arn("Q"), "Export": {"Name": "first:Q"}}}}
    given = {"Source": {"Fn::ImportValue": "first:Q"}}
    url = {"Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/b/nested.json"}
    second = {"Resources": {"Child": of("AWS::CloudFormation::Stack", TemplateURL=url, Parameters=given)}}
    write_stacks(directory, {"first": first, "second": second}, assets={"nested.json": nested})

    architecture = architecture_of(stack_templates(read_assembly(directory)))

    assert arrows(architecture) == [("Q", "", "Inner")]
