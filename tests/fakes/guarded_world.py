"""Functions that do what a test asks them to, with the grants that it gives them, in a harness with its guards on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.plain_assembly import Resources, function, role
from tests.fakes.wired_harness import WiredHarness

_CALLS = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        answer = getattr(boto3.client(event["service"]), event["operation"])(**event["parameters"])
    except ClientError as refused:
        return {"code": refused.response["Error"]["Code"], "message": refused.response["Error"]["Message"]}
    return {"code": "", "message": "", "errors": answer.get("Errors", [])}
"""


def allow(action: object, resource: object = "*", **condition: Mapping[str, object]) -> dict[str, Any]:
    """A statement. condition: operators with their tests."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def caller(name: str, *statements: Mapping[str, Any], **properties: Any) -> Resources:
    """A function that makes the calls it is asked for, and its role with these statements."""
    resources = function(name, _CALLS, FunctionName=name, **properties)
    resources[f"{name}Role"] = role(*statements)
    return resources


def trust(service: str, **more: object) -> dict[str, Any]:
    """A trust policy. more: elements of its statement."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def ask(harness: WiredHarness, name: str, service: str, operation: str, **parameters: object) -> dict[str, Any]:
    """What came of one call: `code` and `message` of the service's error, empty when there was none."""
    event = {"service": service, "operation": operation, "parameters": parameters}
    answer = harness.invoke(name, json.dumps(event).encode())
    told: dict[str, Any] = answer.json()
    assert "code" in told, told
    return told
