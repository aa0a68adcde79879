"""A serverless.yml of the Serverless Framework as the beginning of a document."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.errors import LambdakitError
from lambdakit.sam.conversion import convert
from lambdakit.sam.template_file import read_template_file
from lambdakit.sam.yaml_text import yaml_text
from lambdakit.spec.document import load
from tests.fakes.sam_templates import assert_loads, project_in

HEAD = "service: shop\nprovider: {name: aws, runtime: python3.12}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


def imported(project: Path, text: str) -> tuple[dict[str, Any], list[str]]:
    """The document that a serverless.yml begins, which is valid, and its gaps as `line: pointer: problem`."""
    path = project / "serverless.yml"
    path.write_text(textwrap.dedent(text))
    conversion = convert(read_template_file(path), project / "lambdakit.yaml")
    (project / "lambdakit.yaml").write_text(yaml_text(conversion.document))
    load(project / "lambdakit.yaml")
    document: dict[str, Any] = json.loads(json.dumps(conversion.document))
    return document, [f"{gap.line}: {gap.pointer}: {gap.problem}" for gap in conversion.gaps]


def of_event(project: Path, event: str, more: str = "") -> tuple[dict[str, Any], list[str]]:
    return imported(project, f"{HEAD}functions:\n  work: {{handler: src/app.handler, events: [{event}]}}\n{more}")


def test_what_the_framework_does_by_default_is_written(project: Path) -> None:
    document, gaps = of_event(project, "{schedule: rate(1 day)}")

    assert gaps == []
    assert document["application"] == "shop"
    assert document["defaults"] == {
        "runtime": "python3.12",
        "memory_size": 1024,
        "timeout": "6s",
        "architecture": "x86_64",
        "tracing": "pass_through",
    }
    assert document["patterns"]["work"]["function"] == {"code": ".", "handler": "src/app.handler"}


def test_settings_are_carried_over(project: Path) -> None:
    document, gaps = imported(
        project,
        """
        service: {name: store}
        provider:
          name: aws
          runtime: python3.12
          architecture: arm64
          timeout: 20
          tracing: {lambda: true}
          environment: {STAGE: "${sls:stage}"}
        functions:
          createOrder:
            handler: src/app.handler
            name: orders-create
            description: does it
            memorySize: 256
            reservedConcurrency: 5
            ephemeralStorageSize: 512
            maximumRetryAttempts: 1
            maximumEventAge: 120
            snapStart: true
            environment: {LEVEL: INFO}
            url: {authorizer: aws_iam, invokeMode: RESPONSE_STREAM}
            events: [{schedule: rate(1 day)}]
        """,
    )

    assert gaps == []
    assert document["application"] == "store"
    assert document["defaults"] == {
        "runtime": "python3.12",
        "memory_size": 1024,
        "timeout": "20s",
        "architecture": "arm_64",
        "tracing": "active",
        "environment": {"STAGE": "dev"},
    }
    assert document["patterns"]["create_order"]["function"] == {
        "code": ".",
        "handler": "src/app.handler",
        "memory_size": 256,
        "ephemeral_storage_size": 512,
        "reserved_concurrent_executions": 5,
        "snap_start": True,
        "retry_attempts": 1,
        "max_event_age": "120s",
        "environment": {"LEVEL": "INFO"},
        "description": "does it",
        "function_name": "orders-create",
        "function_url": {"auth_type": "aws_iam", "invoke_mode": "response_stream"},
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${self:custom.name}", "orders"),
        ("${self:custom.names.${sls:stage}}", "orders-dev"),
        ("${opt:name, 'plain'}", "plain"),
        ("${opt:name, self:custom.name}", "orders"),
        ("${env:NAME, 7}", "7"),
        ("a-${self:service}-${opt:stage, 'prod'}", "a-shop-dev"),
        ("${param:size}", "9"),
        ("${self:custom.twice}", "orders orders"),
        ("${ssm:/shop/secret}", None),
        ("${file(./names.yml):name}", None),
        ("${self:custom.round}", None),
        ("${self:custom.grows}", None),
        ("arn:${AWS::Partition}", None),
    ],
)
def test_variables_stand_for_what_they_say(project: Path, written: str, expected: str | None) -> None:
    custom = {
        "name": "orders",
        "names": {"dev": "orders-dev"},
        "twice": "${self:custom.name} ${self:custom.name}",
        "round": "${self:custom.round}",
        "grows": "${self:custom.grows}${self:custom.grows}x",
    }
    more = f"custom: {json.dumps(custom)}\nparams: {{dev: {{size: 9}}, default: {{size: 1}}}}\n"
    text = f"{HEAD}{more}functions:\n  work:\n    handler: src/app.handler\n    environment: {{NAME: {json.dumps(written)}}}\n    events: [{{schedule: rate(1 day)}}]\n"  # noqa: E501

    document, gaps = imported(project, text)

    function = document["patterns"]["work"]["function"]
    assert function.get("environment", {}).get("NAME") == expected
    place = "8: functions.work.environment.NAME"
    assert gaps == ([] if expected else [f"{place}: its value is known only when the template is deployed"])


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("{sqs: 'arn:aws:sqs:us-east-1:123456789012:jobs'}",
         {"kind": "sqs", "queue_arn": "arn:aws:sqs:us-east-1:123456789012:jobs", "batch_size": 10,
          "report_batch_item_failures": False}),
        ("{sqs: {arn: !GetAtt [Jobs, Arn], batchSize: 5, maximumBatchingWindow: 3, maximumConcurrency: 4, "
         "functionResponseType: ReportBatchItemFailures, filterPatterns: [{body: [a]}], enabled: false}}",
         {"kind": "sqs", "visibility_timeout": "120s", "batch_size": 5, "max_batching_window": "3s",
          "max_concurrency": 4, "report_batch_item_failures": True, "filters": [{"body": ["a"]}], "enabled": False}),
        ("{sns: news}", {"kind": "sns"}),
        ("{sns: 'arn:aws:sns:us-east-1:123456789012:news'}",
         {"kind": "sns", "topic_arn": "arn:aws:sns:us-east-1:123456789012:news"}),
        ("{sns: {topicName: news, filterPolicy: {a: [b]}, filterPolicyScope: MessageBody}}",
         {"kind": "sns", "filter_policy": {"a": ["b"]}, "filter_policy_scope": "message_body"}),
        ("{s3: {bucket: photos, event: 's3:ObjectRemoved:*', rules: [{prefix: in/}, {suffix: .png}]}}",
         {"kind": "s3", "via": "notification", "events": ["object_removed"], "prefix": "in/", "suffix": ".png"}),
        ("{schedule: {rate: ['cron(0 3 * * ? *)'], timezone: Europe/Vienna, input: {a: 1}, enabled: false}}",
         {"kind": "schedule", "schedule": "cron(0 3 * * ? *)", "timezone": "Europe/Vienna", "input": {"a": 1},
          "enabled": False}),
        ("{eventBridge: {eventBus: orders, pattern: {source: [shop], detail-type: [Paid]}, "
         "retryPolicy: {maximumEventAge: 60, maximumRetryAttempts: 2}}}",
         {"kind": "event_rule", "event_bus_name": "orders", "retry_attempts": 2, "max_event_age": "60s",
          "event_pattern": {"source": ["shop"], "detail_type": ["Paid"]}}),
        ("{eventBridge: {schedule: rate(5 minutes)}}", {"kind": "schedule", "schedule": "rate(5 minutes)"}),
    ],
)  # fmt: skip
def test_event_is_carried_over(project: Path, event: str, expected: dict[str, Any]) -> None:
    queue = "resources: {Resources: {Jobs: {Type: 'AWS::SQS::Queue', Properties: {VisibilityTimeout: 120}}}}\n"

    document, gaps = of_event(project, event, queue if "Jobs" in event else "")

    assert gaps == []
    assert document["patterns"]["work"]["source"] == expected


def test_routes_share_their_function_and_their_authorizer(project: Path) -> None:
    document, gaps = imported(
        project,
        """
        service: shop
        provider:
          name: aws
          httpApi:
            cors: {allowedOrigins: ["https://example.com"], allowedMethods: [GET], maxAge: 60}
            authorizers:
              users: {type: jwt, issuerUrl: "https://issuer.example.com", audience: [shop]}
        functions:
          orders:
            handler: src/app.handler
            events:
              - httpApi: {path: /orders, method: post, authorizer: {name: users}}
              - httpApi: {path: "/orders/{id}", method: "*", authorizer: {name: users}}
        """,
    )

    assert gaps == []
    assert document["patterns"]["api"] == {
        "kind": "api_backend",
        "api": {
            "type": "http",
            "cors": {"allow_origins": ["https://example.com"], "allow_methods": ["GET"], "max_age": "60s"},
            "authorizer": {"kind": "jwt", "issuer": "https://issuer.example.com", "audience": ["shop"]},
        },
        "routes": {
            "POST /orders": {"name": "orders", "code": ".", "handler": "src/app.handler"},
            "ANY /orders/{id}": {"function": "orders"},
        },
    }


def test_rest_routes_and_the_rest_of_an_http_api(project: Path) -> None:
    rest, _ = of_event(project, "{http: {path: orders, method: post, cors: true}}, {http: get orders}")
    every, _ = of_event(project, "{httpApi: '*'}")

    assert rest["patterns"]["rest_api"]["api"] == {"type": "rest", "cors": {"allow_origins": ["*"]}}
    assert list(rest["patterns"]["rest_api"]["routes"]) == ["POST /orders", "GET /orders"]
    assert list(every["patterns"]["api"]["routes"]) == ["$default"]


def test_an_api_that_some_may_call_only_with_a_token_is_not_opened(project: Path) -> None:
    document, gaps = of_event(
        project, "{httpApi: {path: /a, method: get, authorizer: {name: users}}}, {httpApi: GET /b}"
    )

    assert document["patterns"]["api"]["api"]["authorizer"] == {"kind": "iam"}
    assert [gap for gap in gaps if "an authorizer of a single route is not carried over" in gap]


def test_layers_are_carried_over(project: Path) -> None:
    (project / "common").mkdir()
    more = "layers: {common: {path: common}}\n"
    text = f"{HEAD}{more}functions:\n  work: {{handler: src/app.handler, layers: [{{Ref: CommonLambdaLayer}}], events: [{{schedule: rate(1 day)}}]}}\n"  # noqa: E501

    document, gaps = imported(project, text)

    assert gaps == []
    (name,) = document["layers"]
    assert document["layers"][name] == {"code": "common"}
    assert document["patterns"]["work"]["function"]["layers"] == [name]


def test_what_is_not_carried_over_is_told_at_its_line(project: Path) -> None:
    document, gaps = imported(
        project,
        """\
        service: shop
        plugins: [some-plugin]
        provider:
          name: aws
          vpc: {securityGroupIds: [a]}
        functions:
          work:
            handler: src/app.handler
            onError: arn
            events:
              - schedule: rate(1 day)
              - websocket: $connect
          image:
            image: some
            events: [{schedule: rate(1 day)}]
        resources:
          Resources:
            Cache: {Type: "AWS::ElastiCache::CacheCluster"}
          Outputs: {A: {Value: b}}
        """,
    )

    assert document["cloudformation"] == {"Cache": {"Type": "AWS::ElastiCache::CacheCluster"}}
    assert document["outputs"] == {"A": {"value": "b"}}
    assert [": ".join(gap.split(": ")[:2]) for gap in gaps] == [
        "2: plugins",
        "5: provider.vpc",
        "9: functions.work.onError",
        "12: functions.work.events[1]",
        "13: functions.image",
        "14: functions.image.image",
    ]


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6), st.sampled_from(["${self:a}", "*"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["Ref", "arn", "path", "method", "name", "rate", "bucket", "authorizer"]), inner
        ),
    ),
    max_leaves=6,
)
KEYS = ("handler", "timeout", "environment", "layers", "url", "tags", "image", "tracing", "snapStart", "architecture")
EVENTS = ("httpApi", "http", "sqs", "sns", "s3", "schedule", "eventBridge", "stream", "other")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(
    function=st.dictionaries(st.sampled_from(KEYS), VALUES),
    event=st.dictionaries(st.sampled_from(EVENTS), VALUES, max_size=2),
    provider=st.dictionaries(st.sampled_from(["runtime", "httpApi", "stage", "environment", "layers", "iam"]), VALUES),
    rest=st.dictionaries(st.sampled_from(["resources", "layers", "custom", "params", "service", "plugins"]), VALUES),
)
def test_anything_gives_a_valid_document_or_a_message(
    project: Path,
    function: dict[str, Any],
    event: dict[str, Any],
    provider: dict[str, Any],
    rest: dict[str, Any],
) -> None:
    tame = {"handler": "src/app.handler", "events": [{"schedule": "rate(1 day)"}]}
    functions = {"wild": {"handler": "src/app.handler", "events": [event], **function}, "tame": tame}
    (project / "s.json").write_text(json.dumps({"provider": provider, "functions": functions, **rest}))

    try:
        document = convert(read_template_file(project / "s.json"), project / "d.yaml").document
    except LambdakitError:
        return

    (project / "d.yaml").write_text(yaml_text(document))
    assert_loads(project / "d.yaml")
