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
    "defaults": {
        "runtime": "python3.13",
        "architecture": "arm_64",
        "memory_size": 512,
        "timeout": "10s",
        "tracing": "active",
        "alias": {"name": "live", "provisioned_concurrent_executions": 2},
    },
    "layers": {"shared": {"code": "layers/shared"}},
    "patterns": {
        "orders": {
            "kind": "api_backend",
            "api": {"type": "http", "cors": {"allow_origins": ["https://example.com"], "max_age": "1h"}},
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

    assert len(schema_text()) < 150 * 1024


def test_the_example_of_the_documentation_is_accepted() -> None:
    assert list(VALIDATOR.iter_errors(EXAMPLE)) == []
    assert _model_accepts(EXAMPLE)
    assert all(VALIDATOR.is_valid(example) and _model_accepts(example) for example in SCHEMA["examples"])


def _fields(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    objects = [("", schema), *schema["$defs"].items()]
    return [(f"{owner}.{name}", field) for owner, entry in objects for name, field in entry["properties"].items()]


@pytest.mark.parametrize(("name", "field"), _fields(SCHEMA), ids=[name for name, _ in _fields(SCHEMA)])
def test_every_key_is_described_and_its_default_and_examples_are_allowed(name: str, field: dict[str, Any]) -> None:
    validator = Draft202012Validator({"$defs": SCHEMA["$defs"], **field})

    assert field["description"]
    for value in [*field.get("examples", []), *([field["default"]] if "default" in field else [])]:
        assert validator.is_valid(value), value


def test_no_key_may_be_null_and_no_mapping_has_keys_of_any_name() -> None:
    text = json.dumps(SCHEMA)

    assert '"null"' not in text
    for schema in [SCHEMA, *SCHEMA["$defs"].values()]:
        assert schema["additionalProperties"] is False


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
        *({"AB": "x"}, {"A": "x"}, {"AWS_REGION": "x"}, {"AB": 1}, {"code": "a"}, {"allow_origins": []}),
    ]
)
KEYS = st.sampled_from(
    [
        *("application", "defaults", "layers", "patterns", "network", "kind", "api", "table", "routes", "cors", "type"),
        *("code", "handler", "runtime", "memory_size", "memorySize", "timeout", "environment", "alias", "name"),
        *("function", "table_access", "partition_key", "sort_key", "removal_policy", "log_retention", "description"),
        *("GET /", "GET /a/", "get /a", "$default", "ANY /{proxy+}", "GET /{a+}/b", "orders", "10x", "a b", "x" * 65),
        *("provisioned_concurrent_executions", "reserved_concurrent_executions", "ephemeral_storage_size", "max_age"),
        *("source", "targets", "on_failure", "events", "prefix", "batch_size", "fifo", "filters", "schedule", "input"),
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
