"""Random assemblies of supported types: deployed, brought to another one, and destroyed, they leave nothing."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.errors import error_from_wire
from tests.fakes.account_contents import account_contents
from tests.fakes.any_assembly import Template, enabled, templates
from tests.fakes.plain_assembly import write_stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-any-assembly")

_CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """A name for each stack: what one leaves behind must not be found by the next."""
    return (f"any{number}" for number in itertools.count())


@settings(max_examples=20, suppress_health_check=_CHECKS)
@given(steps=st.lists(templates(), min_size=2, max_size=3))
def test_any_assembly(harness: WiredHarness, names: Iterator[str], steps: list[Template]) -> None:
    walk(harness, next(names), steps)


@pytest.mark.soak
@settings(max_examples=200, suppress_health_check=_CHECKS)
@given(steps=st.lists(templates(), min_size=2, max_size=4))
def test_any_assembly_in_the_long_run(harness: WiredHarness, names: Iterator[str], steps: list[Template]) -> None:
    walk(harness, next(names), steps)


def walk(harness: WiredHarness, name: str, steps: list[Template]) -> None:
    before = contents(harness)
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory)
        deployment = harness.deploy(write_stacks(out, {name: steps[0]}))
        try:
            assert_there(deployment, name, steps[0])
            for template in steps[1:]:
                write_stacks(out, {name: template})
                assert_there(update(harness, deployment, out), name, template)
                told = len(harness.events("resource_changed"))
                update(harness, deployment, out)
                assert harness.events("resource_changed")[told:] == []  # there was nothing more to do
        finally:
            harness.destroy(deployment)
    assert contents(harness) == before


def update(harness: WiredHarness, deployment: dict[str, Any], out: Path) -> dict[str, Any]:
    answer = harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": str(out)})
    if answer.status != 200:
        raise error_from_wire(answer.json()["error"], answer.json()["diagnostics"])
    changed: dict[str, Any] = answer.json()
    return changed


def assert_there(deployment: dict[str, Any], name: str, template: Template) -> None:
    stack = deployment["stacks"][name]
    assert set(stack["resources"]) == enabled(template)
    for key, value in stack["outputs"].items():
        assert value.rpartition("/")[2] == stack["resources"][key.removeprefix("Of")]["physical_id"].rpartition("/")[2]


def contents(harness: WiredHarness) -> dict[str, list[str]]:
    """Everything that such an assembly may leave behind."""
    return {
        **account_contents(harness),
        "queues": harness.aws("sqs").list_queues().get("QueueUrls", []),
        "topics": [topic["TopicArn"] for topic in harness.aws("sns").list_topics()["Topics"]],
        "subscriptions": [s["SubscriptionArn"] for s in harness.aws("sns").list_subscriptions()["Subscriptions"]],
        "buckets": [bucket["Name"] for bucket in harness.aws("s3").list_buckets()["Buckets"]],
        "parameters": [item["Name"] for item in harness.aws("ssm").describe_parameters()["Parameters"]],
        "functions": [item["FunctionName"] for item in harness.aws("lambda").list_functions()["Functions"]],
        "stacks": [stack["StackName"] for stack in harness.aws("cloudformation").describe_stacks()["Stacks"]],
    }
