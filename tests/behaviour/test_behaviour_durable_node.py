"""Durable functions for Node.js whose packages do not hold the SDK: the runtime does.

Source: AWS Lambda Developer Guide, "Supported runtimes for durable functions" (Note).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-durable-node")

_HANDLER = """
const { withDurableExecution } = require('@aws/durable-execution-sdk-js');
exports.handler = withDurableExecution(async (event, context) => {
  const doubled = await context.step('double', async () => event.size * 2);
  return { doubled };
});
"""


def _resources() -> Resources:
    durable = {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 1}
    return function("Flow", _HANDLER, Runtime="nodejs24.x", DurableConfig=durable)


def _invoked(harness: WiredHarness, deployment: dict[str, Any]) -> Any:
    name = physical_id(deployment, "Flow")
    answer = harness.invoke(name, json.dumps({"size": 21}).encode(), qualifier="$LATEST")
    assert answer.headers.get("x-amz-function-error") is None, answer.body
    return answer.json()


def test_the_runtime_has_the_sdk(harness: WiredHarness, stacks: Stacks) -> None:
    deployment = stacks.deploy(_resources())

    assert _invoked(harness, deployment) == {"doubled": 42}
