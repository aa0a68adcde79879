"""Step Functions, EventBridge Scheduler and EventBridge Pipes.

Source: Service Authorization Reference, "AWS Step Functions", "Amazon EventBridge Scheduler" and "Amazon EventBridge
Pipes"; EventBridge Scheduler User Guide, "Managing a schedule group" (schedules without a group are in `default`).
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.iam.rules import Rules

STATES: Final = Rules(
    members={
        "activity.ActivityName": ("activityArn", "resourceArn", "name"),
        "statemachine.StateMachineName": (
            *("stateMachineArn", "stateMachineAliasArn", "stateMachineVersionArn", "resourceArn"),
            "name",
        ),
    },
    any_of=frozenset({"DescribeExecution", "ListExecutions"}),
    pass_role=frozenset({"TestState"}),
)

SCHEDULER: Final = Rules(
    members={
        "schedule.GroupName": ("GroupName",),
        "schedule.ScheduleName": ("Name",),
        "schedule-group.GroupName": ("ResourceArn", "Name"),
    },
    defaults={"GroupName": "default"},
    pass_role=frozenset({"CreateSchedule", "UpdateSchedule"}),
)

PIPES: Final = Rules(pass_role=frozenset({"CreatePipe", "UpdatePipe"}))

FIREHOSE: Final = Rules(pass_role=frozenset({"CreateDeliveryStream", "UpdateDestination"}))
