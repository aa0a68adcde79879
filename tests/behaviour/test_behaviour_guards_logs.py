"""A function's log is written as its role, and only where the role may.

Source: AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs", required IAM permissions.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.trace import RuntimeNote
from tests.fakes.plain_assembly import Resources, function, write_stack

SOURCE = """
    def handler(event, context):
        print("heard", event["n"])
        return event["n"]
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


def talker(*actions: str) -> Resources:
    """A function whose role allows these actions on its own log group, and nothing else."""
    resources = function("Talker", SOURCE)
    statement = {
        "Effect": "Allow",
        "Action": list(actions) or ["logs:DescribeLogGroups"],
        "Resource": {"Fn::GetAtt": ["TalkerLogs", "Arn"]},
    }
    policy = {"PolicyName": "inline", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    resources["TalkerRole"]["Properties"]["Policies"] = [policy]
    return resources


def heard(harness: Harness, group: str) -> list[str]:
    logs = harness.client("logs")
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    events: list[dict[str, Any]] = [
        event
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]
    return sorted(line for event in events if "heard" in (line := event["message"].strip()))


@pytest.mark.parametrize(
    ("actions", "written"),
    [
        (["logs:CreateLogStream", "logs:PutLogEvents"], True),
        (["logs:CreateLogStream"], False),
        (["logs:PutLogEvents"], False),
        ([], False),
    ],
    ids=["both", "no events", "no stream", "neither"],
)
def test_a_role_without_the_right_leaves_the_log_empty_and_the_function_well(
    harness: Harness, tmp_path: Path, actions: list[str], written: bool
) -> None:
    before = len(harness.trace.events)
    deployment = harness.deploy(write_stack(tmp_path / "app", f"talk-{len(actions)}-{before}", talker(*actions)))
    (stack,) = deployment.stacks.values()

    result = deployment.function("Talker").invoke({"n": 1})
    harness.drain()

    assert result.payload == 1
    assert "heard 1" in result.log  # the tail of the answer is Lambda's own
    assert heard(harness, str(stack.resources["TalkerLogs"].physical_id)) == (["heard 1"] if written else [])
    notes = [event.note for event in harness.trace.events[before:] if isinstance(event, RuntimeNote)]
    told = [note for note in notes if "gets nothing" in note and str(stack.resources["TalkerLogs"].physical_id) in note]
    assert len(told) == (0 if written else 1)
    deployment.destroy()


def test_a_right_that_comes_later_counts_from_the_next_invocation(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(write_stack(tmp_path / "before", "talk", talker()))
    talking = deployment.function("Talker")
    talking.invoke({"n": 1}).raise_for_error()

    deployment.update(write_stack(tmp_path / "after", "talk", talker("logs:CreateLogStream", "logs:PutLogEvents")))
    talking.invoke({"n": 2}).raise_for_error()
    harness.drain()

    (stack,) = deployment.stacks.values()
    assert heard(harness, str(stack.resources["TalkerLogs"].physical_id)) == ["heard 2"]
    deployment.destroy()


def test_a_right_that_is_taken_counts_from_the_next_invocation(harness: Harness, tmp_path: Path) -> None:
    resources = talker("logs:CreateLogStream", "logs:PutLogEvents")
    deployment = harness.deploy(write_stack(tmp_path / "app", "taken", resources))
    (stack,) = deployment.stacks.values()
    talking = deployment.function("Talker")
    for number in range(3):
        talking.invoke({"n": number}).raise_for_error()

    role = str(stack.resources["TalkerRole"].physical_id)
    harness.client("iam").delete_role_policy(RoleName=role, PolicyName="inline")
    talking.invoke({"n": 3}).raise_for_error()
    harness.drain()

    group = str(stack.resources["TalkerLogs"].physical_id)
    assert heard(harness, group) == ["heard 0", "heard 1", "heard 2"]
    deployment.destroy()


def test_a_right_that_ends_at_a_time_counts_until_then(harness: Harness, tmp_path: Path) -> None:
    resources = talker("logs:CreateLogStream", "logs:PutLogEvents")
    end = harness.clock.now() + timedelta(hours=1)
    [policy] = resources["TalkerRole"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"][0]["Condition"] = {
        "DateLessThan": {"aws:CurrentTime": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    }
    deployment = harness.deploy(write_stack(tmp_path / "app", "ending", resources))
    (stack,) = deployment.stacks.values()
    talking = deployment.function("Talker")
    talking.invoke({"n": 1}).raise_for_error()
    talking.invoke({"n": 2}).raise_for_error()

    harness.clock.advance(hours=2)
    talking.invoke({"n": 3}).raise_for_error()
    harness.drain()

    assert heard(harness, str(stack.resources["TalkerLogs"].physical_id)) == ["heard 1", "heard 2"]
    deployment.destroy()


def test_a_right_that_is_used_again_after_a_reset_is_reported_as_used(harness: Harness, tmp_path: Path) -> None:
    resources = talker("logs:CreateLogStream", "logs:PutLogEvents")
    deployment = harness.deploy(write_stack(tmp_path / "app", "again", resources))
    deployment.function("Talker").invoke({"n": 1}).raise_for_error()

    deployment.reset()
    deployment.function("Talker").invoke({"n": 2}).raise_for_error()
    harness.drain()

    assert "logs:PutLogEvents" in {one.action for one in deployment.permissions.used}
    deployment.destroy()


def test_without_guards_every_role_may(tmp_path: Path) -> None:
    with Harness(enforce_iam="off") as open_harness:
        deployment = open_harness.deploy(write_stack(tmp_path / "app", "talk", talker()))
        deployment.function("Talker").invoke({"n": 1}).raise_for_error()

        (stack,) = deployment.stacks.values()
        assert heard(open_harness, str(stack.resources["TalkerLogs"].physical_id)) == ["heard 1"]


def without_group(*actions: str) -> Resources:
    """The same function; its log group is Lambda's to make."""
    resources = talker("logs:CreateLogStream", "logs:PutLogEvents", *actions)
    del resources["TalkerLogs"]
    resources["Talker"]["Properties"].pop("LoggingConfig")
    [policy] = resources["TalkerRole"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"][0]["Resource"] = "*"
    return resources


def test_a_role_is_not_asked_about_a_group_that_is_there(harness: Harness, tmp_path: Path) -> None:
    resources = talker("logs:CreateLogStream", "logs:PutLogEvents")
    deployment = harness.deploy(write_stack(tmp_path / "app", "asked", resources))
    deployment.function("Talker").invoke({"n": 1}).raise_for_error()
    harness.drain()

    assert deployment.permissions.denied == set()
    deployment.destroy()


@pytest.mark.parametrize("may", [True, False], ids=["may", "may not"])
def test_a_group_that_is_not_there_is_made_by_a_role_that_may(harness: Harness, tmp_path: Path, may: bool) -> None:
    resources = without_group(*(["logs:CreateLogGroup"] if may else []))
    deployment = harness.deploy(write_stack(tmp_path / "app", f"made-{may}".lower(), resources))
    talking = deployment.function("Talker")
    group = f"/aws/lambda/{talking.name}"
    talking.invoke({"n": 1}).raise_for_error()
    harness.drain()

    groups = [one["logGroupName"] for one in harness.client("logs").describe_log_groups()["logGroups"]]
    assert (group in groups) is may
    assert {one.action for one in deployment.permissions.denied} == (set() if may else {"logs:CreateLogGroup"})

    if may:
        assert heard(harness, group) == ["heard 1"]
        harness.client("logs").delete_log_group(logGroupName=group)
        talking.invoke({"n": 2}).raise_for_error()
        harness.drain()
        assert heard(harness, group) == ["heard 2"]
    deployment.destroy()


def test_a_group_goes_with_its_stack_and_its_last_lines(harness: Harness, tmp_path: Path) -> None:
    resources = talker("logs:*")
    deployment = harness.deploy(write_stack(tmp_path / "app", "gone", resources))
    (stack,) = deployment.stacks.values()
    group = str(stack.resources["TalkerLogs"].physical_id)
    deployment.function("Talker").invoke({"n": 1}).raise_for_error()
    deployment.destroy()
    harness.drain()

    groups = [one["logGroupName"] for one in harness.client("logs").describe_log_groups()["logGroups"]]
    assert group not in groups
