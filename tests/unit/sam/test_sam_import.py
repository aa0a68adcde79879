from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.sam_templates import HEAD, function, imported, project_in


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


def source(project: Path, events: str, others: str = "") -> tuple[dict[str, Any], list[str]]:
    document, gaps = imported(project, function(events) + textwrap.dedent(others))
    return document["patterns"]["work"]["source"], gaps


def test_what_sam_does_by_default_is_written(project: Path) -> None:
    document, _ = imported(project, function("T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}"))

    assert document["application"] == "shop"
    assert document["defaults"] == {
        "memory_size": 128,
        "timeout": "3s",
        "architecture": "x86_64",
        "tracing": "pass_through",
    }


def test_globals_become_defaults_and_parameters_those_of_the_document(project: Path) -> None:
    head = HEAD + textwrap.dedent(
        """
        Parameters: {Level: {Type: String, Default: INFO}, Stage: {Type: String}, Most: {Type: Number, Default: 20}}
        Globals:
          Function:
            Timeout: !Ref Most
            MemorySize: 256
            Environment: {Variables: {LEVEL: !Ref Level, STAGE: !Ref Stage}}
        """
    )

    document, gaps = imported(project, function("T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}"), head)

    assert document["defaults"]["timeout"] == "20s"
    assert document["defaults"]["memory_size"] == 256
    assert document["defaults"]["environment"] == {"LEVEL": "${Level}", "STAGE": "${Stage}"}
    assert document["parameters"] == {"Level": {"type": "String", "default": "INFO"}, "Stage": {"type": "String"}}
    # A time-out is a number, which no parameter can be.
    assert gaps == ["Parameters.Most"]


def test_function_carries_its_settings(project: Path) -> None:
    more = """
        Description: does it
        Timeout: 30
        MemorySize: 512
        Architectures: [arm64]
        Tracing: Active
        EphemeralStorage: {Size: 1024}
        ReservedConcurrentExecutions: 5
        AutoPublishAlias: prod
        EventInvokeConfig: {MaximumRetryAttempts: 0}
        Environment: {Variables: {MODE: fast, COUNT: 3, ON: true}}
        Tags: {team: orders}
        Layers: [!Ref Shared, "arn:aws:lambda:eu-west-1:123456789012:layer:other:1"]
    """
    layer = "Shared:\n  Type: AWS::Serverless::LayerVersion\n  Properties: {ContentUri: layer}\n"

    document, gaps = imported(
        project, function("T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}", more) + layer
    )

    assert document["patterns"]["work"]["function"] == {
        "code": "src",
        "handler": "app.handler",
        "runtime": "python3.13",
        "memory_size": 512,
        "timeout": "30s",
        "architecture": "arm_64",
        "tracing": "active",
        "ephemeral_storage_size": 1024,
        "reserved_concurrent_executions": 5,
        "retry_attempts": 0,
        "alias": {"name": "prod"},
        "tags": {"team": "orders"},
        "description": "does it",
        "environment": {"MODE": "fast", "COUNT": "3", "ON": "true"},
        "layers": ["shared"],
    }
    assert document["layers"] == {"shared": {"code": "layer"}}
    assert gaps == ["Resources.Work.Properties.Layers[1]"]


def test_routes_of_one_api_share_their_function_and_table(project: Path) -> None:
    events = """
        List: {Type: HttpApi, Properties: {Path: /orders, Method: get}}
        Add: {Type: HttpApi, Properties: {Path: /orders/, Method: POST}}
        Rest: {Type: HttpApi}
    """
    policies = "Policies: [DynamoDBReadPolicy: {TableName: !Ref Orders}, DynamoDBWritePolicy: {TableName: !Ref Orders}]"
    table = "Orders: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {Name: order, Type: Number}}}\n"

    document, gaps = imported(project, function(events, policies) + table)

    pattern = document["patterns"]["api"]
    assert pattern["table"] == {"partition_key": {"name": "order", "type": "number"}}
    assert pattern["routes"]["GET /orders"]["table_access"] == "read_write"
    assert pattern["routes"]["POST /orders"] == {"function": "work"}
    assert set(pattern["routes"]) == {"GET /orders", "POST /orders", "$default"}
    assert gaps == []


@pytest.mark.parametrize(
    ("api", "settings_", "gaps"),
    [
        (
            "{Type: AWS::Serverless::HttpApi, Properties: {CorsConfiguration: {AllowOrigins: ['https://a.example']}}}",
            {"type": "http", "cors": {"allow_origins": ["https://a.example"]}},
            [],
        ),
        (
            "{Type: AWS::Serverless::HttpApi, Properties: {Auth: {EnableIamAuthorizer: true}}}",
            {"type": "http", "authorizer": {"kind": "iam"}},
            [],
        ),
        (
            "{Type: AWS::Serverless::HttpApi, Properties: {Auth: {DefaultAuthorizer: J, Authorizers: {J: "
            "{JwtConfiguration: {issuer: 'https://i.example/', audience: [shop]}}}}}}",
            {"type": "http", "authorizer": {"kind": "jwt", "issuer": "https://i.example/", "audience": ["shop"]}},
            [],
        ),
        (
            "{Type: AWS::Serverless::HttpApi, Properties: {Auth: {DefaultAuthorizer: L, Authorizers: {L: "
            "{FunctionArn: x}}}}}",
            {"type": "http", "authorizer": {"kind": "iam"}},
            ["Resources.Shop.Properties.Auth.DefaultAuthorizer"],
        ),
        (
            "{Type: AWS::Serverless::HttpApi, Properties: {Auth: {DefaultAuthorizer: J, Authorizers: {J: "
            "{JwtConfiguration: {issuer: 'http://plain.example', audience: [shop]}}}}}}",
            {"type": "http", "authorizer": {"kind": "iam"}},
            ["Resources.Shop"],
        ),
    ],
    ids=["cors", "iam", "jwt", "an authorizer that is not carried over closes", "one that is refused closes"],
)
def test_http_api_is_carried_over(project: Path, api: str, settings_: object, gaps: list[str]) -> None:
    events = "G: {Type: HttpApi, Properties: {Path: /a, Method: GET, ApiId: !Ref Shop}}"

    document, found = imported(project, function(events) + f"Shop: {api}\n")

    assert document["patterns"]["shop"]["api"] == settings_
    assert found == gaps


def test_rest_api_is_carried_over(project: Path) -> None:
    events = "G: {Type: Api, Properties: {Path: '/{proxy+}', Method: any, RestApiId: !Ref Shop}}"
    api = """
        Shop:
          Type: AWS::Serverless::Api
          Properties: {StageName: prod, Cors: "'https://a.example'", BinaryMediaTypes: [image~1png], WafArn: x}
    """

    document, gaps = imported(project, function(events) + textwrap.dedent(api))

    assert document["patterns"]["shop"]["api"] == {
        "type": "rest",
        "cors": {"allow_origins": ["https://a.example"]},
        "binary_media_types": ["image/png"],
    }
    assert gaps == ["Resources.Shop.Properties.WafArn"]


@pytest.mark.parametrize(
    ("auth", "api", "route"),
    [
        ("NONE", {"kind": "iam"}, "none"),
        ("AWS_IAM", {"kind": "iam"}, None),
    ],
)
def test_route_may_be_open_where_the_api_is_not(project: Path, auth: str, api: object, route: str | None) -> None:
    head = HEAD + "Globals: {HttpApi: {Auth: {DefaultAuthorizer: AWS_IAM, EnableIamAuthorizer: true}}}\n"
    events = f"G: {{Type: HttpApi, Properties: {{Path: /a, Method: GET, Auth: {{Authorizer: {auth}}}}}}}"

    document, _ = imported(project, function(events), head)

    assert document["patterns"]["api"]["api"]["authorizer"] == api
    assert document["patterns"]["api"]["routes"]["GET /a"].get("authorizer") == route


QUEUE = """
    Jobs:
      Type: AWS::SQS::Queue
      Properties: {VisibilityTimeout: 60, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}}
    Dead: {Type: AWS::SQS::Queue}
"""


@pytest.mark.parametrize(
    ("event", "others", "expected"),
    [
        pytest.param(
            "Q: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, BatchSize: 5}}",
            QUEUE,
            {
                "kind": "sqs",
                "visibility_timeout": "60s",
                "max_receive_count": 3,
                "batch_size": 5,
                "report_batch_item_failures": False,
            },
            id="queue of the template",
        ),
        pytest.param(
            "Q: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:eu-west-1:123456789012:jobs', Enabled: false, "
            'FilterCriteria: {Filters: [{Pattern: \'{"body": {"a": [1]}}\'}]}}}',
            "",
            {
                "kind": "sqs",
                "queue_arn": "arn:aws:sqs:eu-west-1:123456789012:jobs",
                "batch_size": 10,
                "report_batch_item_failures": False,
                "filters": [{"body": {"a": [1]}}],
                "enabled": False,
            },
            id="queue of somebody else",
        ),
        pytest.param(
            "N: {Type: SNS, Properties: {Topic: !Ref News, FilterPolicy: {store: [berlin]}}}",
            "News: {Type: AWS::SNS::Topic}\n",
            {"kind": "sns", "filter_policy": {"store": ["berlin"]}},
            id="topic",
        ),
        pytest.param(
            "B: {Type: S3, Properties: {Bucket: !Ref Files, Events: s3:ObjectCreated:*, "
            "Filter: {S3Key: {Rules: [{Name: suffix, Value: .jpg}]}}}}",
            "Files: {Type: AWS::S3::Bucket}\n",
            {"kind": "s3", "via": "notification", "events": ["object_created"], "suffix": ".jpg"},
            id="bucket",
        ),
        pytest.param(
            "T: {Type: Schedule, Properties: {Schedule: rate(1 hour), Input: '{\"a\": 1}', Enabled: false}}",
            "",
            {"kind": "schedule", "schedule": "rate(1 hour)", "input": {"a": 1}, "enabled": False},
            id="schedule of a rule",
        ),
        pytest.param(
            "T: {Type: ScheduleV2, Properties: {ScheduleExpression: cron(0 3 * * ? *), "
            "ScheduleExpressionTimezone: Europe/Berlin, RetryPolicy: {MaximumRetryAttempts: 2}}}",
            "",
            {
                "kind": "schedule",
                "schedule": "cron(0 3 * * ? *)",
                "timezone": "Europe/Berlin",
                "retry_attempts": 2,
            },
            id="schedule",
        ),
        pytest.param(
            "R: {Type: EventBridgeRule, Properties: {EventBusName: shop, Pattern: {source: [a], detail-type: [b]}}}",
            "",
            {
                "kind": "event_rule",
                "event_pattern": {"source": ["a"], "detail_type": ["b"]},
                "event_bus_name": "shop",
            },
            id="rule",
        ),
    ],
)
def test_event_is_carried_over(project: Path, event: str, others: str, expected: object) -> None:
    found, gaps = source(project, event, others)

    assert found == expected
    assert gaps == []


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ("K: {Type: Kinesis, Properties: {Stream: !GetAtt Lost.Arn, StartingPosition: LATEST}}", "Events.K"),
        ("Q: {Type: SQS, Properties: {BatchSize: 3}}", "Events.Q"),
        ("S: {Type: SelfManagedKafka, Properties: {Topics: [orders]}}", "Events.S"),
        ("X: 3", "Events.X"),
        ("T: {Type: Schedule, Properties: {Schedule: every day}}", ""),
    ],
)
def test_event_that_cannot_be_said_is_a_gap(project: Path, event: str, pointer: str) -> None:
    kept = function("T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}", name="Kept")

    document, gaps = imported(project, kept + function(event))

    assert list(document["patterns"]) == ["kept"]
    assert any(gap.endswith(pointer) and gap.startswith("Resources.Work") for gap in gaps)


def test_second_event_of_a_function_is_what_it_stands_for(project: Path) -> None:
    events = """
        G: {Type: HttpApi, Properties: {Path: /a, Method: GET}}
        T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
    """

    document, gaps = imported(project, function(events))

    assert list(document["patterns"]) == ["api"]
    assert document["cloudformation"]["WorkT"] == {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "ScheduleExpression": "rate(1 day)",
            "Targets": [{"Arn": {"Ref": "work/Function/Aliaslive"}, "Id": "Function"}],
        },
    }
    assert document["cloudformation"]["WorkTPermission"]["Properties"]["Principal"] == "events.amazonaws.com"
    assert gaps == []


def test_targets_come_of_policies(project: Path) -> None:
    policies = """
        Policies:
          - AWSLambdaBasicExecutionRole
          - S3WritePolicy: {BucketName: !Ref Results}
          - SQSSendMessagePolicy: {QueueName: !GetAtt Next.QueueName}
          - Statement: {Effect: Allow, Action: "*", Resource: "*"}
    """
    others = "Results: {Type: AWS::S3::Bucket}\nNext: {Type: AWS::SQS::Queue}\n"
    event = "T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}"

    document, gaps = imported(project, function(event, policies) + others)

    assert document["patterns"]["work"]["targets"] == {"results": {"kind": "s3"}, "next": {"kind": "sqs"}}
    policy = document["cloudformation"]["WorkPolicy"]["Properties"]
    assert policy["RoleName"] == {"Ref": "work/Function/Role"}
    assert policy["PolicyDocument"]["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert gaps == []


@pytest.mark.parametrize(
    "more",
    ["CodeUri: nowhere", "CodeUri: s3://bucket/key", "CodeUri: ../elsewhere", "Runtime: x"],
)
def test_function_without_usable_code_is_left_out(project: Path, more: str) -> None:
    key = more.partition(":")[0]
    broken = function("G: {Type: HttpApi, Properties: {Path: /a, Method: GET}}", name="Broken")
    lines = [line for line in broken.splitlines() if not line.strip().startswith(f"{key}:")]
    lines.insert(3, f"    {more}")
    kept = function("G: {Type: HttpApi, Properties: {Path: /b, Method: GET}}", name="Kept")

    document, gaps = imported(project, "\n".join(lines) + "\n" + kept)

    routes = document["patterns"]["api"]["routes"]
    assert "GET /b" in routes
    assert ("GET /a" in routes) is (key == "Runtime")  # of which the document's own stands in
    assert any(gap.startswith("Resources.Broken") for gap in gaps)
