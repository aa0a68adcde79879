"""Shared resources: what each kind takes, what is refused, and what follows from where a name stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.errors import DocumentError
from lambdakit.spec.application import Application
from lambdakit.spec.document import load
from lambdakit.spec.resources.definition import read_definition
from lambdakit.spec.resources.kinds import RESOURCE_KINDS
from lambdakit.spec.resources.queue_uses import is_last, visibility_seconds
from lambdakit.spec.rules.output_names import RESOURCE_OUTPUTS

FUNCTION = {"code": "code", "handler": "app.handler"}
PATTERN = {"kind": "event_processing", "source": {"kind": "schedule", "schedule": "rate(1 hour)"}, "function": FUNCTION}
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:jobs"


def codes(tmp_path: Path, resources: dict[str, Any], **patterns: Any) -> list[str]:
    """The codes of what is wrong with the document, in order of their places."""
    (tmp_path / "code").mkdir(exist_ok=True)
    (tmp_path / "code" / "app.py").touch()
    document = {"application": "shop", "resources": resources, "patterns": patterns or {"other": PATTERN}}
    (tmp_path / "lambdakit.yaml").write_text(json.dumps(document))
    try:
        load(tmp_path / "lambdakit.yaml")
    except DocumentError as refused:
        return [each.code for each in refused.diagnostics]
    return []


def application(resources: dict[str, Any], **patterns: Any) -> Application:
    return Application.model_validate(
        {"application": "shop", "resources": resources, "patterns": patterns or {"other": PATTERN}}
    )


@pytest.mark.parametrize(
    "resource",
    [
        {"kind": "table", "partition_key": "id"},
        {"kind": "table", "table_name": "orders", "grant_index_permissions": True},
        {"kind": "queue"},
        {"kind": "queue", "queue_arn": QUEUE_ARN},
        {"kind": "topic"},
        {"kind": "topic", "topic_arn": "arn:aws:sns:eu-west-1:123456789012:news.fifo"},
        {"kind": "bucket"},
        {"kind": "bucket", "bucket_name": "archive-of-shop"},
        {"kind": "stream"},
        {"kind": "stream", "stream_arn": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"},
        {"kind": "event_bus"},
        {"kind": "event_bus", "event_bus_name": "default"},
        {"kind": "key"},
        {"kind": "key", "key_arn": "arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"},
        {"kind": "secret"},
        {"kind": "secret", "secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:signing-AbCdEf"},
        {"kind": "parameter", "string_value": "on"},
        {"kind": "parameter", "parameter_name": "/shop/flags"},
        {"kind": "parameter", "parameter_name": "/shop/flags", "string_value": "on"},
        {
            "kind": "state_machine",
            "state_machine_arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:orders",
        },
    ],
    ids=lambda resource: " ".join(str(value)[:20] for value in resource.values()),
)
def test_a_resource_that_nobody_uses_is_fine(tmp_path: Path, resource: dict[str, Any]) -> None:
    assert codes(tmp_path, {"one": resource}) == []


def test_every_kind_has_an_output() -> None:
    assert set(RESOURCE_OUTPUTS) == set(RESOURCE_KINDS)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        # Source: API sqs SetQueueAttributes
        ({"kind": "queue", "visibility_timeout": "0s"}, "LK114"),
        ({"kind": "queue", "visibility_timeout": "1s"}, None),
        ({"kind": "queue", "visibility_timeout": "12h"}, None),
        ({"kind": "queue", "visibility_timeout": "43201s"}, "LK114"),
        ({"kind": "queue", "retention_period": "59s"}, "LK114"),
        ({"kind": "queue", "retention_period": "14d"}, None),
        ({"kind": "queue", "retention_period": "15d"}, "LK114"),
        ({"kind": "queue", "max_receive_count": 0}, "LK114"),
        ({"kind": "queue", "max_receive_count": 1000}, None),
        ({"kind": "queue", "max_receive_count": 1001}, "LK114"),
        # Source: API sns SetTopicAttributes, DisplayName
        ({"kind": "topic", "display_name": "x" * 100}, None),
        ({"kind": "topic", "display_name": "x" * 101}, "LK115"),
        # Source: API s3 LifecycleExpiration.Days
        ({"kind": "bucket", "lifecycle_rules": [{"expiration": "23h"}]}, "LK114"),
        ({"kind": "bucket", "lifecycle_rules": [{"expiration": "24h"}]}, None),
        ({"kind": "bucket", "lifecycle_rules": [{"expiration": "36h"}]}, "LK114"),
        ({"kind": "bucket", "lifecycle_rules": [{}]}, "LK165"),
        ({"kind": "bucket", "lifecycle_rules": [{"noncurrent_version_expiration": "1d"}]}, None),
        ({"kind": "bucket", "versioned": False, "lifecycle_rules": [{"noncurrent_version_expiration": "1d"}]}, "LK165"),
        # Source: API kms CreateAlias.AliasName
        ({"kind": "key", "alias": "x" * 250}, None),
        ({"kind": "key", "alias": "x" * 251}, "LK115"),
        ({"kind": "key", "alias": "aws/mine"}, "LK115"),
        ({"kind": "key", "alias": "alias/mine"}, "LK115"),
        # Source: API secretsmanager GetRandomPassword.PasswordLength
        ({"kind": "secret", "generate_secret_string": {"password_length": 3}}, "LK114"),
        ({"kind": "secret", "generate_secret_string": {"password_length": 4}}, None),
        ({"kind": "secret", "generate_secret_string": {"password_length": 4096}}, None),
        ({"kind": "secret", "generate_secret_string": {"password_length": 4097}}, "LK114"),
        ({"kind": "secret", "generate_secret_string": {"generate_string_key": "password"}}, "LK165"),
        ({"kind": "secret", "secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:signing"}, "LK115"),
        # Source: Systems Manager User Guide, "Requirements and constraints for parameter names"
        ({"kind": "parameter", "parameter_name": "/ssm-like", "string_value": "x"}, "LK115"),
        ({"kind": "parameter", "parameter_name": "shop/flags", "string_value": "x"}, "LK115"),
        ({"kind": "parameter", "parameter_name": "/" + "/".join("x" * 15), "string_value": "x"}, None),
        ({"kind": "parameter", "parameter_name": "/" + "/".join("x" * 16), "string_value": "x"}, "LK115"),
        ({"kind": "parameter", "string_value": "x" * 4096}, None),
        ({"kind": "parameter", "string_value": "x" * 4097}, "LK115"),
        ({"kind": "parameter", "string_value": "{{ssm:other}}"}, "LK115"),
        ({"kind": "parameter"}, "LK165"),
        ({"kind": "stream", "shard_count": 0}, "LK114"),
        ({"kind": "stream", "retention_period": "25h"}, None),
        ({"kind": "stream", "retention_period": "90m"}, "LK114"),
    ],
)
def test_a_setting_within_its_bounds_is_taken_and_one_outside_refused(
    tmp_path: Path, settings: dict[str, Any], code: str | None
) -> None:
    assert codes(tmp_path, {"one": settings}) == ([] if code is None else [code])


@given(st.text(alphabet="/aws.mx-", max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_name_of_a_parameter_is_judged_at_once(name: str) -> None:
    """Whatever the slashes, the pattern neither hangs nor takes a path with an empty part."""
    document = {"one": {"kind": "parameter", "parameter_name": name or "x"}}
    try:
        application(document)
    except ValueError:
        return
    assert "//" not in name
    assert not name.endswith("/") or name == ""


def test_a_shared_queue_hides_messages_six_times_as_long_as_its_slowest_function_may_work() -> None:
    def reader(timeout: str, **source: Any) -> dict[str, Any]:
        return {
            "kind": "event_processing",
            "source": {"kind": "sqs", "queue": "jobs", **source},
            "function": {**FUNCTION, "timeout": timeout},
        }

    found = application(
        {"jobs": {"kind": "queue"}, "other": {"kind": "queue"}, "set": {"kind": "queue", "visibility_timeout": "2m"}},
        slow=reader("20s"),
        windowed=reader("15s", max_batching_window="1m"),
    )

    assert visibility_seconds(found, "jobs") == 15 * 6 + 60
    assert visibility_seconds(found, "other") is None
    assert visibility_seconds(found, "set") == 120


@pytest.mark.parametrize(("timeout", "expected"), [("1s", 30), ("5s", 30), ("6s", 36), ("15m", 5400)])
def test_a_shared_queue_hides_messages_no_shorter_than_sqs_itself(timeout: str, expected: int) -> None:
    pattern = {
        "kind": "event_processing",
        "source": {"kind": "sqs", "queue": "jobs"},
        "function": {**FUNCTION, "timeout": timeout},
    }

    assert visibility_seconds(application({"jobs": {"kind": "queue"}}, work=pattern), "jobs") == expected


@pytest.mark.parametrize(
    ("queue", "last"),
    [
        ({}, True),
        ({"max_receive_count": 3}, False),
        ({"dead_letter_queue": "none"}, True),
        ({"dead_letter_queue": "other"}, False),
    ],
)
def test_what_failed_elsewhere_ends_in_a_queue_that_says_nothing_of_moving_on(
    queue: dict[str, Any], last: bool
) -> None:
    found = application(
        {"failed": {"kind": "queue", **queue}, "other": {"kind": "queue"}},
        told={**PATTERN, "on_failure": {"kind": "sqs", "queue": "failed"}},
    )

    assert is_last(found, "failed") is last


def test_a_queue_that_nobody_fails_into_has_a_dead_letter_queue() -> None:
    found = application(
        {
            "jobs": {"kind": "queue", "dead_letter_queue": "failed"},
            "failed": {"kind": "queue"},
            "own": {"kind": "queue"},
        }
    )

    assert [is_last(found, name) for name in ("jobs", "failed", "own")] == [False, True, False]


def test_a_definition_tells_its_names_and_the_tasks_at_every_depth() -> None:
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "Parameters": {"TableName": "${orders}", "Item": {"note": {"S": "${not_the_table}"}}},
        "End": True,
    }
    inner = {"StartAt": "Put", "States": {"Put": put}}
    text = json.dumps(
        {
            "StartAt": "Each",
            "States": {
                "Each": {"Type": "Map", "ItemProcessor": inner, "Next": "Both"},
                "Both": {"Type": "Parallel", "Branches": [inner], "Next": "Say"},
                "Say": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::events:putEvents.waitForTaskToken",
                    "Parameters": {"Entries": [{"EventBusName": "${bus}"}]},
                    "End": True,
                },
            },
        }
    )

    found = read_definition(text)

    assert found is not None
    assert set(found.placeholders) == {"orders", "not_the_table", "bus"}
    assert [(task.state, task.kind, task.access, task.placeholders) for task in found.tasks] == [
        ("Put", "table", "write", ("orders",)),
        ("Put", "table", "write", ("orders",)),
        ("Say", "event_bus", "publish", ("bus",)),
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["States", "Branches", "Iterator", "Resource", "Parameters", "Type", "x"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_any_json_is_a_definition_or_none(value: Any) -> None:
    found = read_definition(json.dumps(value))

    assert (found is not None) == isinstance(value, dict)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "NaN", '"text"'])
def test_what_is_no_json_object_is_no_definition(text: str) -> None:
    assert read_definition(text) is None


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ({}, ["LK168"]),
        ({"orders": "read"}, ["LK168"]),
        ({"orders": "write"}, []),
        ({"orders": "read_write"}, []),
        ({"orders": "publish"}, ["LK145"]),
        ({"ordres": "write"}, ["LK168", "LK144"]),
    ],
)
def test_a_task_may_do_what_is_granted(tmp_path: Path, grants: dict[str, str], expected: list[str]) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": {"TableName": "${orders}"}}
    (tmp_path / "order.asl.json").write_text(json.dumps({"StartAt": "Put", "States": {"Put": state}}))
    resources = {
        "orders": {"kind": "table", "partition_key": "id"},
        "flow": {"kind": "state_machine", "definition": "order.asl.json", "grants": grants},
    }

    assert sorted(codes(tmp_path, resources)) == sorted(expected)


def test_names_may_meet_where_their_outputs_do_not(tmp_path: Path) -> None:
    backend = {
        "kind": "api_backend",
        "table": "orders",
        "routes": {"GET /orders": {**FUNCTION, "table_access": "read"}},
    }
    reader = {"kind": "event_processing", "source": {"kind": "sqs", "queue": "jobs"}, "function": FUNCTION}
    resources = {"orders": {"kind": "table", "partition_key": "id"}, "jobs": {"kind": "queue"}}

    assert codes(tmp_path, resources, orders=backend, jobs=reader) == []


@pytest.mark.parametrize(
    ("name", "kind", "pattern"),
    [
        ("jobs", {"kind": "queue"}, {"source": {"kind": "sqs"}}),
        ("jobs", {"kind": "topic"}, {"source": {"kind": "sns"}}),
        ("jobs-failure", {"kind": "queue"}, {"source": {"kind": "sns"}}),
        ("jobsKept", {"kind": "bucket"}, {"source": {"kind": "sns"}, "targets": {"kept": {"kind": "s3"}}}),
        ("Jobs", {"kind": "bucket"}, {"source": {"kind": "s3"}}),
    ],
)
def test_an_output_that_a_pattern_has_is_refused(
    tmp_path: Path, name: str, kind: dict[str, Any], pattern: dict[str, Any]
) -> None:
    whole = {"kind": "event_processing", "function": FUNCTION, **pattern}

    assert codes(tmp_path, {name: kind}, jobs=whole) == ["LK139"]
