from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from lambdakit.spec.application import Application
from lambdakit.spec.schema import SCHEMA_FILE, json_schema, schema_text

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

EXAMPLE: dict[str, Any] = {
    "application": "shop",
    "include": ["network.yaml"],
    "parameters": {
        "Stage": {"default": "dev", "allowed_values": ["dev", 1], "allowed_pattern": "[a-z]+", "max_length": 5},
        "Limit": {"type": "Number", "default": 5, "min_value": 1.5, "no_echo": True},
    },
    "context": {"@aws-cdk/core:stackRelativeExports": True, "mine": {"a": [1]}},
    "environments": {
        "staging": {"account": "111122223333", "region": "eu-west-1", "defaults": {"memory_size": 64}},
        "small-1": {"network": "none"},
    },
    "defaults": {
        "runtime": "python3.13",
        "architecture": "arm_64",
        "memory_size": 512,
        "timeout": "10s",
        "tracing": "active",
        "alias": {"name": "live", "provisioned_concurrent_executions": 2},
    },
    "layers": {"shared": {"code": "layers/shared"}},
    "resources": {
        "queue": {
            "kind": "queue",
            "stack": "jobs",
            "visibility_timeout": "1m",
            "max_receive_count": 5,
            "dead_letter_queue": "none",
            "encryption_master_key": "key",
        },
        "table": {"kind": "table", "partition_key": "id", "stream": "new_image", "encryption_key": "key"},
        "known": {"kind": "table", "table_name": "orders"},
        "topic": {"kind": "topic", "display_name": "Shop", "master_key": "key"},
        "bucket": {"kind": "bucket", "lifecycle_rules": [{"prefix": "tmp/", "expiration": "7d"}]},
        "stream": {"kind": "stream", "shard_count": 2, "retention_period": "7d"},
        "bus": {"kind": "event_bus", "description": "all of the shop"},
        "key": {"kind": "key", "alias": "shop/master"},
        "secret": {"kind": "secret", "generate_secret_string": {"password_length": 64, "exclude_characters": "/@"}},
        "parameter": {"kind": "parameter", "parameter_name": "/shop/flags", "string_value": "on"},
        "machine": {
            "kind": "state_machine",
            "definition": "order.asl.json",
            "substitutions": {"orders": "table", "limit": 10, "sender": {"value": "Shop"}},
            "grants": {"table": "write"},
        },
    },
    "functions": {
        "reserve": {
            "code": "functions/reserve",
            "handler": "app.handler",
            "grants": {"queue": "publish", "bucket": "read_write_delete", "charge": "invoke"},
            "secrets": {"SIGNING": "secret"},
            "ssm_parameters": {"FLAGS": "parameter"},
            "environment_encryption": "key",
            "initial_policy": [
                {"actions": ["ses:Send*"], "resources": ["arn:aws:ses:eu-west-1:1:identity/*", "*"]},
                {
                    "actions": ["s3:GetObject"],
                    "resources": ["bucket/*", "table", "arn:${AWS::Partition}:s3:::${AWS::AccountId}-a/*"],
                    "conditions": {"StringEquals": {"aws:ResourceAccount": "${AWS::AccountId}"}},
                },
            ],
            "dead_letter_queue": "queue",
            "on_success": "charge",
            "on_failure": "topic",
            "runtime_management_mode": "auto",
            "acknowledge": {"AwsSolutions-IAM5[Resource::*]": "mails go to everybody"},
        },
        "charge": {"code": "functions/charge", "handler": "app.handler", "vpc": "none"},
        "around": {
            "code": "functions/charge",
            "handler": "app.handler",
            "role": "arn:aws:iam::111122223333:role/shop/orders",
            "security_groups": ["sg-0123456789abcdef0"],
            "filesystem": {
                "access_point_arn": "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/"
                "fsap-0123456789abcdef0",
                "file_system_id": "fs-0123456789abcdef0",
                "mount_path": "/mnt/files",
            },
            "code_signing_config": {
                "signing_profiles": [{"signing_profile_name": "shop", "signing_profile_version": "0a1B2c3D4e"}]
            },
            "insights_version": "1.0.498.0",
            "params_and_secrets": {"cache_size": 10, "secrets_manager_ttl": "1m"},
            "adot_instrumentation": {"layer_version": "python_sdk", "exec_wrapper": "instrument_handler"},
            "alias": {
                "additional_versions": [
                    {"version": "arn:aws:lambda:eu-west-1:111122223333:function:orders:7", "weight": 0.1}
                ],
                "provisioned_scaling": {
                    "max_capacity": 4,
                    "schedules": [{"schedule": "cron(0 8 * * ? *)", "time_zone": "Europe/Berlin"}],
                },
            },
            "deployment": {
                "pre_hook": "charge",
                "alarm_arns": ["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:orders-fail"],
            },
            "alarms": {"concurrent_executions": 80, "topics": ["topic"]},
        },
        "undo": {"code": "functions/charge", "handler": "app.undo", "stack": "2", "overrides": {".": {"Timeout": 5}}},
    },
    "network": {
        "vpc": {
            "vpc_id": "vpc-0123456789abcdef0",
            "availability_zones": ["eu-west-1a"],
            "private_subnet_ids": ["subnet-0123456789abcdef0"],
        }
    },
    "conditions": {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
    "mappings": {"Sizes": {"eu-west-1": {"memory": 512, "zones": ["a", "b"], "large": True}}},
    "outputs": {"JobsUrl": {"value": {"Ref": "Jobs"}, "export_name": "jobs", "condition": "IsProd"}},
    "cloudformation": {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5}, "DependsOn": "queue"},
        "Seed": {"Type": "Custom::Seed", "DependsOn": ["Jobs"], "Condition": "IsProd", "DeletionPolicy": "Retain"},
    },
    "patterns": {
        "shared": {
            "kind": "event_processing",
            "source": {"kind": "sqs", "queue": "queue"},
            "function": {"code": "functions/jobs", "handler": "app.handler"},
            "targets": {"items": {"kind": "dynamodb", "table": "table"}, "flow": {"kind": "step_functions"}},
            "on_failure": {"kind": "sns", "topic": "topic"},
        },
        "changed": {
            "kind": "stream_processing",
            "stack": "streams-1",
            "source": {"kind": "dynamo_stream", "table": "table"},
            "function": {"code": "functions/jobs", "handler": "app.handler"},
            "delivery": {"kind": "dynamodb", "table": "table"},
        },
        "orders": {
            "kind": "api_backend",
            "api": {"type": "http", "cors": {"allow_origins": ["https://example.com"], "max_age": "1h"}},
            "overrides": {"Table": {"BillingMode": "PROVISIONED"}, "create_order/Role": {"Path": "/shop/"}},
            "table": {"partition_key": "order_id", "sort_key": {"name": "at", "type": "number"}},
            "routes": {
                "POST /orders": {
                    "name": "create_order",
                    "code": "functions/orders",
                    "handler": "app.create",
                    "table_access": "read_write",
                    "environment": {"LEVEL": "INFO"},
                    "layers": ["shared"],
                },
                "GET /orders/{order_id}": {"code": "functions/orders", "handler": "app.read", "log_retention": "90d"},
                "HEAD /orders": {"function": "create_order"},
            },
        },
        "thumbnails": {
            "kind": "event_processing",
            "source": {"kind": "s3", "events": ["object_created"], "prefix": "incoming/", "max_event_age": "1h"},
            "function": {"code": "functions/thumbnails", "handler": "app.handler"},
            "targets": {"processed": {"kind": "s3"}, "items": {"kind": "dynamodb", "partition_key": "id"}},
            "on_failure": {"kind": "sqs", "retention_period": "14d"},
        },
        "jobs": {
            "kind": "event_processing",
            "source": {"kind": "sqs", "batch_size": 100, "max_batching_window": "5s", "filters": [{"body": {}}]},
            "function": {"code": "functions/jobs", "handler": "app.handler"},
        },
        "nightly": {
            "kind": "event_processing",
            "source": {"kind": "schedule", "schedule": "rate(5 minutes)", "input": {"task": "backup"}},
            "function": {"code": "functions/jobs", "handler": "app.handler"},
        },
        "placed": {
            "kind": "event_processing",
            "source": {"kind": "event_rule", "event_pattern": {"source": ["shop"], "detail": {"total": [1]}}},
            "function": {"code": "functions/jobs", "handler": "app.handler"},
        },
        "watched": {
            "kind": "event_processing",
            "source": {"kind": "alarm", "namespace": "Shop", "metric_name": "Lost", "threshold": 1.5},
            "function": {"code": "functions/jobs", "handler": "app.handler"},
        },
    },
}


def _model_accepts(document: Any, *, whatever_the_bounds: bool = False) -> bool:
    """whatever_the_bounds: a duration or size that is out of bounds counts as accepted; only the models see those."""
    try:
        Application.model_validate(copy.deepcopy(document))
    except ValidationError as refused:
        return whatever_the_bounds and all(error["type"] == "LK114" for error in refused.errors())
    return True


def test_published_schema_is_the_models() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), "run `python -m lambdakit.spec.schema`"


def test_schema_is_a_valid_and_small_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert len(schema_text().encode()) < 150_000


def test_the_example_of_the_documentation_is_accepted() -> None:
    assert list(VALIDATOR.iter_errors(EXAMPLE)) == []
    assert _model_accepts(EXAMPLE)
    assert all(VALIDATOR.is_valid(example) and _model_accepts(example) for example in SCHEMA["examples"])


def _fields(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    objects = [("", schema), *schema["$defs"].items()]
    return [
        (f"{owner}.{name}", _resolved(field))
        for owner, entry in objects
        for name, field in entry.get("properties", {}).items()
    ]


def _resolved(field: dict[str, Any]) -> dict[str, Any]:
    """The setting, also where several models have it alike."""
    name = field.get("$ref", "").removeprefix("#/$defs/")
    return SCHEMA["$defs"][name] if name and "description" not in field else field


@pytest.mark.parametrize(("name", "field"), _fields(SCHEMA), ids=[name for name, _ in _fields(SCHEMA)])
def test_every_key_is_described_and_its_default_and_examples_are_allowed(name: str, field: dict[str, Any]) -> None:
    validator = Draft202012Validator({"$defs": SCHEMA["$defs"], **field})

    assert field["description"]
    for value in [*field.get("examples", []), *([field["default"]] if "default" in field else [])]:
        assert validator.is_valid(value), value


@pytest.mark.parametrize(
    ("sections", "is_something"),
    [
        ({}, False),
        ({"patterns": {}}, False),
        ({"patterns": {}, "functions": {}, "resources": {}, "cloudformation": {}}, False),
        ({"network": {"vpc": {}}, "layers": {"a": {"code": "a"}}}, False),
        ({"functions": {"a": {"code": "a", "handler": "a.b"}}}, True),
        ({"patterns": {}, "resources": {"a": {"kind": "queue"}}}, True),
        ({"cloudformation": {"A": {"Type": "AWS::SQS::Queue"}}}, True),
    ],
    ids=lambda each: ", ".join(each) if isinstance(each, dict) else "",
)
def test_a_document_has_something_to_deploy(sections: dict[str, Any], is_something: bool) -> None:
    document = {"application": "shop", **sections}

    assert (VALIDATOR.is_valid(document), _model_accepts(document)) == (is_something, is_something)


def test_no_key_may_be_null_and_no_mapping_has_keys_of_any_name() -> None:
    text = json.dumps(SCHEMA)

    assert '"null"' not in text
    for schema in [SCHEMA, *SCHEMA["$defs"].values()]:
        assert "properties" not in schema or schema["additionalProperties"] is False


# Values that are near the edge of what some key takes. Left out, because the two differ by intent: durations and
# sizes of the right form and out of bounds, which only the models see; 512.0, which JSON Schema takes for an
# integer and the models for a number with decimals; text that ends in a line break, where Python's `$` matches.
VALUES = st.sampled_from(
    [
        *(0, 1, -1, 127, 128, 512, 10_240, 10_241, 5, 3.5, True, False),
        *("", "a", "shop", "my shop", "1", "x" * 64, "x" * 65, "x" * 129, "x" * 257, "a/b", "../a", "a\x00b", "ü"),
        *("10s", "1m", "1x", "10 s", "1 GiB", "512MiB", "1 GB", "30d", "31d", "live", "active", "Active"),
        *("python3.13", "python3.8", "arm_64", "arm64", "http", "rest", "api_backend", "event_processing", "read"),
        *("*", "https://example.com", "https://example.com/", "GET", "get", "app.create", "app create", "number"),
        *([], ["shared"], ["a"] * 5, ["a"] * 6, [1], ["*"], ["GET", "ANY"], [None]),
        *({}, {"name": "id"}, {"name": ""}, {"function": "create_order"}, {"code": "a", "handler": "b.c"}),
        *(
            "s3",
            "sqs",
            "schedule",
            "alarm",
            "cognito",
            "dynamodb",
            "rate(5 minutes)",
            "cron(0 3 * * ? *)",
            "object_created",
        ),
        *({"kind": "sqs"}, {"kind": "s3"}, {"kind": "dynamodb"}, {"kind": "cognito", "triggers": ["pre_sign_up"]}),
        *(
            "queue",
            "table",
            "none",
            "web-1",
            "state_machine",
            "my table",
            "standard",
            "express",
            "/shop/flags",
            "aws/x",
            "7d",
        ),
        *({"kind": "queue"}, {"kind": "table", "partition_key": "id"}, {"kind": "table"}, {"value": "x"}, {"value": 1}),
        *([{"prefix": "tmp/"}], [{"expiration": "7d"}], {"password_length": 3}, {"password_length": 4}, "keys_only"),
        *("publish", "consume", "invoke", "read_write_delete", "auto", "ses:SendEmail", "SendEmail", "arn:aws:s3:::a"),
        *("arn:${AWS::Partition}:s3:::a", "arn:${AWS::Nothing}:s3:::a", "bucket/*", "bucket/", {"Bool": {"a:b": True}}),
        *({"queue": "publish"}, {"queue": "push"}, {"1st": "read"}, {"AB": "secret"}, {"AB": "my secret"}, ["*:*"]),
        *([{"actions": ["a:B"], "resources": ["*"]}], [{"actions": [], "resources": ["*"]}], [{"actions": ["a:B"]}]),
        *("String", "Number", "List<Number>", "string", "AWS::EC2::VPC::Id", "012345678901", "eu-west-1", "a ${Stage}"),
        *(
            {"Stage": {}},
            {"a-b": {}},
            {"BootstrapVersion": {}},
            {"staging": {}},
            {"a_b": {}},
            {"aws:cdk:x": 1},
            ["a.yaml"],
        ),
        *("1.0.498.0", "2.0", "/mnt/files", "/files", "sg-0123456789abcdef0", "vpc-0123456789abcdef0", "python_sdk"),
        *("fs-0123456789abcdef0", "orders role", "arn:aws:iam::111122223333:role/a", "eu-west-1a", "Europe/Berlin"),
        *(["sg-0123456789abcdef0"], ["sg-1"] * 6, {"vpc_id": "vpc-1"}, {"max_azs": 1}, {"cache_size": 1_001}),
        *({"AB": "x"}, {"A": "x"}, {"AWS_REGION": "x"}, {"AB": 1}, {"code": "a"}, {"allow_origins": []}),
    ]
)
KEYS = st.sampled_from(
    [
        *("include", "parameters", "context", "environments", "account", "region", "allowed_values", "min_length"),
        *("application", "defaults", "layers", "patterns", "network", "kind", "api", "table", "routes", "cors", "type"),
        *("code", "handler", "runtime", "memory_size", "memorySize", "timeout", "environment", "alias", "name"),
        *("function", "table_access", "partition_key", "sort_key", "removal_policy", "log_retention", "description"),
        *("GET /", "GET /a/", "get /a", "$default", "ANY /{proxy+}", "GET /{a+}/b", "orders", "10x", "a b", "x" * 65),
        *("provisioned_concurrent_executions", "reserved_concurrent_executions", "ephemeral_storage_size", "max_age"),
        *("source", "targets", "on_failure", "events", "prefix", "batch_size", "fifo", "filters", "schedule", "input"),
        *("resources", "stream", "topic", "bucket", "table_name", "lifecycle_rules", "visibility_timeout", "alias"),
        *(
            "dead_letter_queue",
            "substitutions",
            "grants",
            "definition",
            "string_value",
            "display_name",
            "state_machine",
        ),
        *("functions", "secrets", "ssm_parameters", "environment_encryption", "initial_policy", "actions", "vpc"),
        *("conditions", "StringEquals", "ForAnyValue:StringLike", "stringEquals"),
        *("dead_letter_topic", "on_success", "runtime_management_mode", "acknowledge", "stack"),
        *("encryption_key", "encryption_master_key", "master_key", "role", "security_groups", "filesystem"),
        *("insights_version", "params_and_secrets", "adot_instrumentation", "code_signing_config", "vpc_id"),
        *("additional_versions", "pre_hook", "topics", "time_zone", "cloudformation", "access_point_arn"),
        *("event_pattern", "detail_type", "threshold", "states", "queue_arn", "bucket_name", "filter_policy"),
        *("AB", "A", "AWS_REGION", "allow_methods", "allow_headers", "allow_credentials", "point_in_time_recovery"),
    ]
)


def _containers(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [
        *([value] if isinstance(value, (dict, list)) else []),
        *(found for item in inner for found in _containers(item)),
    ]


@st.composite
def _documents(draw: st.DrawFn) -> Any:
    document = copy.deepcopy(EXAMPLE)
    for _ in range(draw(st.integers(1, 3))):
        container = draw(st.sampled_from(_containers(document)))
        if isinstance(container, list):
            container.append(copy.deepcopy(draw(VALUES)))
            continue
        keys = st.sampled_from(sorted(container)) if container else KEYS
        key = draw(keys | KEYS)
        if draw(st.integers(0, 3)) == 0:
            container.pop(key, None)
        else:
            container[key] = copy.deepcopy(draw(VALUES))
    return document


@given(_documents())
@settings(max_examples=1_000, deadline=None)
def test_schema_and_models_accept_and_refuse_the_same_documents(document: Any) -> None:
    accepted = _model_accepts(document)

    # The schema says of some numbers what their bounds are, and of no text that stands for one.
    assert VALIDATOR.is_valid(document) in (accepted, _model_accepts(document, whatever_the_bounds=True))
