"""Step Functions, EventBridge Scheduler and EventBridge Pipes.

Source: Service Authorization Reference, "AWS Step Functions", "Amazon EventBridge Scheduler" and "Amazon EventBridge
Pipes"; EventBridge Scheduler User Guide, "Managing a schedule group" (schedules without a group are in `default`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall, member_at
from lambdakit.harness.iam.rules import Need, Rules
from lambdakit.harness.moto_state.state_versions import unqualified


def _all_state_machines(call: ApiCall) -> Sequence[Need]:
    """As policies for all of them write it; the reference names nothing that they are about.

    Source: Step Functions Developer Guide, "Creating granular permissions for non-admin users".
    """
    return [Need(action="states:ListStateMachines", resources=(call.arn("states", "stateMachine:*"),))]


def _state_machine(call: ApiCall) -> Sequence[str]:
    """The state machine's ARN, which stands for its versions and aliases as well.

    Source: Step Functions Developer Guide, "Authorization for versions and aliases in Step Functions workflows".
    """
    routes = call.entries("routingConfiguration")  # of an alias that is made, whose own name is `name`
    routed = str(member_at(routes[0], "stateMachineVersionArn")) if routes else ""
    named = call.text("stateMachineArn", "stateMachineAliasArn", "stateMachineVersionArn", "resourceArn") or routed
    if named:
        return [unqualified(named)] if ":stateMachine:" in named else []
    name = call.text("name")
    return [call.arn("states", f"stateMachine:{name}")] if name else []


STATES: Final = Rules(
    members={
        "activity.ActivityName": ("activityArn", "resourceArn", "name"),
    },
    resources={"statemachine": _state_machine},
    any_of=frozenset({"DescribeExecution", "ListExecutions"}),
    # A token stands for an activity or, as CDK's `grant_task_response` has it, for a state machine.
    opaque=frozenset({"SendTaskFailure", "SendTaskHeartbeat", "SendTaskSuccess"}),
    readers={"ListStateMachines": _all_state_machines},
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
