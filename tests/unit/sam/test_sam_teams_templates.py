"""Templates as teams have them: what of them becomes a document, and where it says what does not."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from lambdakit import limits
from lambdakit.sam.conversion import convert
from lambdakit.sam.properties import merged
from lambdakit.sam.template_file import read_template_file
from lambdakit.sam.yaml_text import yaml_text
from lambdakit.spec.document import load
from tests.fakes.sam_templates import function, project_in

HEAD = "Transform: AWS::Serverless-2016-10-31\n"
SERVERLESS = "service: shop\nprovider: {name: aws, runtime: python3.12}\n"
ROUTE = "G: {Type: Api, Properties: {Path: /a, Method: GET}}"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:failed"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
TABLE_STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2030-01-31T06:00:00.000"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


def imported(project: Path, text: str, name: str = "template.yaml") -> tuple[dict[str, Any], list[str]]:
    """The document, which is valid, and its gaps as `line: pointer: problem`."""
    path = project / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    conversion = convert(read_template_file(path), project / "lambdakit.yaml")
    (project / "lambdakit.yaml").write_text(yaml_text(conversion.document), encoding="utf-8")
    load(project / "lambdakit.yaml")
    document: dict[str, Any] = json.loads(json.dumps(conversion.document))
    return document, [f"{gap.line}: {gap.pointer}: {gap.problem}" for gap in conversion.gaps]


def of_function(
    project: Path, events: str, *, general: str = "{}", others: str = ""
) -> tuple[dict[str, Any], list[str]]:
    return imported(
        project, f"{HEAD}Globals: {general}\nResources:\n" + textwrap.indent(function(events) + others, "  ")
    )


def test_a_deprecated_runtime_becomes_the_nearest_that_is_not(project: Path) -> None:
    document, gaps = of_function(project, ROUTE, general="{Function: {Runtime: python3.8}}")

    assert document["defaults"]["runtime"] == "python3.11"
    assert gaps[0].startswith("2: Globals.Function.Runtime: python3.8 is deprecated")


def test_a_function_that_nothing_starts_is_one_of_no_pattern(project: Path) -> None:
    document, gaps = imported(project, f"{HEAD}Resources:\n" + textwrap.indent(function(""), "  "))

    assert list(document["functions"]) == ["work"]
    assert "patterns" not in document
    assert gaps == []


def test_globals_of_an_api_come_together_with_its_own(project: Path) -> None:
    general = "{Api: {Auth: {DefaultAuthorizer: AWS_IAM}, TracingEnabled: true}}"
    api = "Mine: {Type: AWS::Serverless::Api, Properties: {StageName: v1, Auth: {ApiKeyRequired: true}}}\n"
    event = "G: {Type: Api, Properties: {RestApiId: !Ref Mine, Path: /a, Method: GET}}"

    document, gaps = of_function(project, event, general=general, others=api)

    # Not open to everybody, as it would be if its own Auth stood for all of it.
    assert document["patterns"]["mine"]["api"]["authorizer"] == {"kind": "iam"}
    assert document["patterns"]["mine"]["api"]["tracing"] is True
    assert [gap.partition(": ")[2].partition(":")[0] for gap in gaps] == [
        "Resources.Mine.Properties.Auth.ApiKeyRequired"
    ]


@pytest.mark.parametrize(
    ("general", "own", "both"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": [1]}, {"a": [2]}, {"a": [2]}),
        ({"a": {"b": 1}}, {"a": {"Fn::If": ["C", 1, 2]}}, {"a": {"Fn::If": ["C", 1, 2]}}),
        ({"a": {"Ref": "X"}}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
    ],
    ids=["mapping", "list", "own call", "general call", "scalar"],
)
def test_what_globals_and_one_say_comes_together(
    general: dict[str, object], own: dict[str, object], both: dict[str, object]
) -> None:
    assert merged(general, own) == both


def test_a_route_whose_path_nobody_knows_is_none_for_every_path(project: Path) -> None:
    known = "K: {Type: Api, Properties: {Path: /b, Method: GET}}"
    event = f'G: {{Type: Api, Properties: {{Path: !Sub "/${{Stage}}/a", Method: GET}}}}\n{known}'

    document, gaps = of_function(project, event)

    assert list(document["patterns"]["rest_api"]["routes"]) == ["GET /b"]
    assert any("Events.G: the route is left out" in gap for gap in gaps)


@pytest.mark.parametrize("method", ["'*'", "any", "ANY", "x-amazon-apigateway-any-method"])
def test_every_word_for_any_method_is_known(project: Path, method: str) -> None:
    document, gaps = of_function(project, f"G: {{Type: HttpApi, Properties: {{Path: /a, Method: {method}}}}}")

    assert list(document["patterns"]["api"]["routes"]) == ["ANY /a"]
    assert gaps == []


def test_a_whole_block_that_a_condition_decides_is_a_gap(project: Path) -> None:
    general = "{Function: {Environment: !If [C, {Variables: {LEVEL: a}}, !Ref AWS::NoValue]}}"

    document, gaps = of_function(project, ROUTE, general=general)

    assert "environment" not in document["defaults"]
    assert gaps == ["2: Globals.Function.Environment: its value is known only when the template is deployed"]


def test_a_second_api_of_a_function_leaves_no_empty_pattern(project: Path) -> None:
    event = f"{ROUTE}\nH: {{Type: HttpApi, Properties: {{Path: /b, Method: GET}}}}"

    document, gaps = of_function(project, event)

    assert list(document["patterns"]) == ["rest_api"]
    assert len(gaps) == 1 and "this one has rest_api" in gaps[0]


@pytest.mark.parametrize(
    ("event", "others", "expected"),
    [
        (
            "K: {Type: Kinesis, Properties: {Stream: !GetAtt S.Arn, StartingPosition: LATEST, BatchSize: 10, "
            "BisectBatchOnFunctionError: true, TumblingWindowInSeconds: 30}}",
            "S: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 2, RetentionPeriodHours: 48}}\n",
            {
                "kind": "kinesis",
                "shard_count": 2,
                "retention_period": "48h",
                "batch_size": 10,
                "tumbling_window": "30s",
                "starting_position": "latest",
                "bisect_batch_on_error": True,
                "report_batch_item_failures": False,
                # Lambda tries again until the record is gone where nothing is said.
                "retry_attempts": limits.STREAM_RETRIES_MAX,
                "max_record_age": f"{limits.STREAM_RECORD_AGE_SECONDS_MAX}s",
            },
        ),
        (
            f'D: {{Type: DynamoDB, Properties: {{Stream: "{TABLE_STREAM}", StartingPosition: TRIM_HORIZON, '
            "MaximumRetryAttempts: 2, MaximumRecordAgeInSeconds: -1, FunctionResponseTypes: [ReportBatchItemFailures], "
            'FilterCriteria: {Filters: [{Pattern: \'{"eventName": ["INSERT"]}\'}]}, Enabled: false}}',
            "",
            {
                "kind": "dynamo_stream",
                "table_stream_arn": TABLE_STREAM,
                "batch_size": 100,
                "starting_position": "trim_horizon",
                "bisect_batch_on_error": False,
                "report_batch_item_failures": True,
                "retry_attempts": 2,
                "max_record_age": f"{limits.STREAM_RECORD_AGE_SECONDS_MAX}s",
                "filters": [{"eventName": ["INSERT"]}],
                "enabled": False,
            },
        ),
        (
            "L: {Type: CloudWatchLogs, Properties: {LogGroupName: /aws/x, FilterPattern: ERROR}}",
            "",
            {"kind": "logs", "log_group_name": "/aws/x", "filter_pattern": "ERROR"},
        ),
        (
            "I: {Type: IoTRule, Properties: {Sql: \"SELECT * FROM 'a'\", AwsIotSqlVersion: beta}}",
            "",
            {"kind": "iot_rule", "sql": "SELECT * FROM 'a'", "aws_iot_sql_version": "beta"},
        ),
    ],
    ids=["kinesis", "dynamodb", "logs", "iot"],
)
def test_streams_logs_and_devices_are_sources(
    project: Path, event: str, others: str, expected: dict[str, object]
) -> None:
    document, gaps = of_function(project, event, others=others)

    assert document["patterns"]["work"]["source"] == expected
    assert gaps == []


TABLE = (
    "T: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}], "
    "AttributeDefinitions: [{AttributeName: id, AttributeType: S}], "
    "StreamSpecification: {StreamViewType: KEYS_ONLY}}}\n"
)
CHANGES = "D: {Type: DynamoDB, Properties: {Stream: !GetAtt T.StreamArn, StartingPosition: LATEST}}"


def test_the_stream_of_a_table_of_the_template_is_a_source(project: Path) -> None:
    document, gaps = of_function(project, CHANGES, others=TABLE)

    source = document["patterns"]["work"]["source"]
    assert {key: source[key] for key in ("kind", "table", "stream", "starting_position")} == {
        "kind": "dynamo_stream",
        "table": {"partition_key": "id"},
        "stream": "keys_only",
        "starting_position": "latest",
    }
    assert gaps == []


def test_a_table_that_others_use_too_is_shared_with_its_stream(project: Path) -> None:
    route = function(ROUTE, "Policies: [{DynamoDBReadPolicy: {TableName: !Ref T}}]", name="Read")

    document, gaps = of_function(project, CHANGES, others=TABLE + route)

    assert document["resources"] == {"t": {"kind": "table", "partition_key": "id", "stream": "keys_only"}}
    assert document["patterns"]["work"]["source"]["table"] == "t"
    assert document["patterns"]["rest_api"]["table"] == "t"
    assert document["patterns"]["rest_api"]["routes"]["GET /a"]["table_access"] == "read"
    assert gaps == []


def test_indexes_of_a_table_are_carried_over(project: Path) -> None:
    table = """\
T:
  Type: AWS::DynamoDB::Table
  Properties:
    AttributeDefinitions: [{AttributeName: id, AttributeType: S}, {AttributeName: at, AttributeType: N}]
    KeySchema: [{AttributeName: id, KeyType: HASH}]
    GlobalSecondaryIndexes:
      - {IndexName: by_time, KeySchema: [{AttributeName: id, KeyType: HASH}, {AttributeName: at, KeyType: RANGE}],
         Projection: {ProjectionType: INCLUDE, NonKeyAttributes: [total]}}
"""
    policies = "Policies: [{DynamoDBCrudPolicy: {TableName: !Ref T}}]"

    text = f"{HEAD}Resources:\n" + textwrap.indent(function(ROUTE, policies) + table, "  ")
    document, gaps = imported(project, text)

    assert document["patterns"]["rest_api"]["table"]["global_secondary_indexes"] == [
        {
            "index_name": "by_time",
            "partition_key": "id",
            "sort_key": {"name": "at", "type": "number"},
            "projection_type": "include",
            "non_key_attributes": ["total"],
        }
    ]
    assert gaps == []


class TestServerless:
    def test_functions_may_be_a_list_and_lie_in_files(self, project: Path) -> None:
        functions = "functions:\n- ${file(a.yml)}\n- work: {handler: src/app.handler, events: [httpApi: GET /a]}\n"

        document, gaps = imported(project, SERVERLESS + functions, "serverless.yml")

        assert document["patterns"]["api"]["routes"]["GET /a"]["name"] == "work"
        assert gaps == ["4: functions[0]: ${file(a.yml)} is not read"]

    @pytest.mark.parametrize(
        ("event", "kind", "source"),
        [
            (
                f"stream: {STREAM}",
                "stream_processing",
                {"kind": "kinesis", "stream_arn": STREAM, "batch_size": 100, "starting_position": "trim_horizon"},
            ),
            (
                f'stream: {{type: dynamodb, arn: "{TABLE_STREAM}", startingPosition: LATEST, batchWindow: 5}}',
                "stream_processing",
                {"kind": "dynamo_stream", "table_stream_arn": TABLE_STREAM, "max_batching_window": "5s"},
            ),
            ("cloudwatchLog: /aws/x", "event_processing", {"kind": "logs", "log_group_name": "/aws/x"}),
            ("iot: {sql: \"SELECT * FROM 'a'\"}", "event_processing", {"kind": "iot_rule", "sql": "SELECT * FROM 'a'"}),
        ],
        ids=["kinesis", "dynamodb", "logs", "iot"],
    )
    def test_streams_logs_and_devices_are_sources(
        self, project: Path, event: str, kind: str, source: dict[str, object]
    ) -> None:
        text = f"{SERVERLESS}functions:\n  work: {{handler: src/app.handler, events: [{{{event}}}]}}\n"

        document, gaps = imported(project, text, "serverless.yml")

        pattern = document["patterns"]["work"]
        assert pattern["kind"] == kind
        assert source.items() <= pattern["source"].items()
        assert gaps == []

    def test_variables_that_nobody_knows_are_gaps_where_they_stand(self, project: Path) -> None:
        work = "work: {handler: src/app.handler, environment: '${file(x.json)}', events: [httpApi: GET /a]}"

        _, gaps = imported(project, f"{SERVERLESS}functions:\n  {work}\n", "serverless.yml")

        assert gaps == [
            "4: functions.work.environment: its value is known only when the template is deployed",
        ]


def test_connectors_are_grants(project: Path) -> None:
    embedded = "  Connectors: {ToTable: {Properties: {Destination: {Id: Orders}, Permissions: [Write, Read]}}}\n"
    others = (
        "Orders: {Type: AWS::Serverless::SimpleTable}\nJobs: {Type: AWS::SQS::Queue}\n"
        "Mail: {Type: AWS::SES::Template}\n"
        "ToJobs: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Work}, Destination: {Id: Jobs}, "
        "Permissions: [Write]}}\n"
        "ToMail: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Work}, Destination: {Id: Mail}, "
        "Permissions: [Write]}}\n"
    )

    document, gaps = of_function(project, ROUTE, others=embedded + others)

    pattern = document["patterns"]["rest_api"]
    assert pattern["table"] == {"partition_key": "id"}
    assert pattern["routes"]["GET /a"]["table_access"] == "read_write"
    assert pattern["routes"]["GET /a"]["grants"] == {"jobs": "publish"}
    assert [gap.partition(": ")[2] for gap in gaps] == [
        "Resources.ToMail: a resource of the type AWS::Serverless::Connector is not carried over"
    ]


def test_code_that_stands_in_the_template_is_written_to_a_file(project: Path) -> None:
    inline = "Small: {Type: AWS::Serverless::Function, Properties: {InlineCode: 'def go(event, context): ...', %s}}\n"

    document, gaps = imported(project, f"{HEAD}Resources:\n  {inline % 'Handler: index.go, Runtime: python3.13'}")

    assert document["functions"]["small"] == {
        "code": "functions/small",
        "handler": "index.go",
        "runtime": "python3.13",
    }
    assert (project / "functions/small/index.py").read_text() == "def go(event, context): ...\n"
    assert gaps == []


def test_a_layer_of_another_account_is_laid_over_the_function(project: Path) -> None:
    arn = "arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-arm64:18"

    document, gaps = of_function(project, ROUTE, general=f"{{Function: {{Layers: ['{arn}']}}}}")

    assert document["patterns"]["rest_api"]["overrides"]["work"]["Layers"] == [arn]
    assert gaps == []


def test_a_layer_of_another_account_beside_one_of_the_template_is_a_gap(project: Path) -> None:
    arn = "arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-arm64:18"
    layer = "Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}\n"

    document, gaps = of_function(
        project, ROUTE, general=f"{{Function: {{Layers: [!Ref Shared, '{arn}']}}}}", others=layer
    )

    assert document["defaults"]["layers"] == ["shared"]
    assert gaps == ["2: Globals.Function.Layers[1]: it is no layer of the template"]
