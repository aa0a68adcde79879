"""The state machine that the CDK's provider framework waits with when a custom resource has an `isComplete` handler.

The framework's function starts an execution with its own event as input and returns; the execution invokes a second
function until that one has answered at the event's `ResponseURL`, and a third when the attempts are used up. Machines
of that shape are run here: tasks that are Lambda functions, each with retries, and a catcher for when those fail.
Source: Amazon States Language, "Task State" and "Errors"; aws-cdk-lib, `custom-resources/lib/provider-framework`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lambdakit.harness.deployment.custom_resource_responses import PendingResponse
from lambdakit.harness.deployment.provisioner import Context, ResourceRefused
from lambdakit.harness.moto_state.executions import finish_execution
from lambdakit.records import dataclass

# Nothing in the harness changes between two attempts but what is under way, so its end is waited for, not an interval.
_PAUSE_SECONDS: Final = 0.02
ATTEMPTS_MAX: Final = 500
# Amazon States Language, "Retrying after error": what absence means.
_ATTEMPTS_DEFAULT: Final = 3
_TASK_FIELDS: Final = frozenset({"Type", "Resource", "Retry", "Catch", "End", "Comment", "TimeoutSeconds"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingExecution:
    """An execution that was started for one request of a custom resource, and the definition of its machine."""

    arn: str
    machine_arn: str
    definition: Mapping[str, Any]
    input: str


def find_waiting_execution(request_id: str, service_token: str, context: Context) -> WaitingExecution | None:
    """The running execution whose input is the event with this id, beside the function of the service token."""
    region, account_id = service_token.split(":")[3:5]
    states = context.account.client("stepfunctions", region, account_id)
    for machine in _pages(states, "list_state_machines", "stateMachines"):
        machine_arn = machine["stateMachineArn"]
        if machine.get("type") == "EXPRESS":
            continue  # the service lists no executions of those
        for running in _pages(states, "list_executions", "executions", stateMachineArn=machine_arn):
            if running["status"] != "RUNNING":
                continue
            given = states.describe_execution(executionArn=running["executionArn"]).get("input", "")
            if _request_id(given) == request_id:
                definition = states.describe_state_machine(stateMachineArn=machine_arn)["definition"]
                return WaitingExecution(
                    arn=running["executionArn"],
                    machine_arn=machine_arn,
                    definition=json.loads(definition),
                    input=given,
                )
    return None


def run_waiting_execution(execution: WaitingExecution, pending: PendingResponse, context: Context) -> None:
    """Runs an execution to its end. ResourceRefused when its machine is of another shape than those of the framework.

    A retry's interval is not waited for, only what is under way at the time; no more than 500 attempts are made.
    """
    states = _tasks(execution)
    name: str | None = execution.definition["StartAt"]
    given, fault = execution.input, ""
    while name is not None:
        state = states[name]
        fault = _attempts(state, given, pending, context)
        name = None
        if fault:
            name = next(
                (catcher["Next"] for catcher in state.get("Catch", ()) if _matches(catcher, _error(fault))), None
            )
            given = json.dumps({"Error": _error(fault), "Cause": fault})
    finish_execution(execution.arn, failed=_error(fault) if fault else "")


def _attempts(state: Mapping[str, Any], given: str, pending: PendingResponse, context: Context) -> str:
    """What a task failed with in the end; empty when it succeeded."""
    calls = context.custom_resources
    fault = calls.invoke(state["Resource"], given.encode())
    used: dict[int, int] = {}
    for _ in range(ATTEMPTS_MAX):
        if not fault:
            return ""
        retrier = next((item for item in state.get("Retry", ()) if _matches(item, _error(fault))), None)
        if retrier is None:
            return fault
        used[id(retrier)] = used.get(id(retrier), 0) + 1
        if used[id(retrier)] > retrier.get("MaxAttempts", _ATTEMPTS_DEFAULT):
            return fault
        _rest(float(retrier.get("IntervalSeconds", 1)), pending, context, calls.quiet)
        fault = calls.invoke(state["Resource"], given.encode())
    return fault


def _rest(interval_seconds: float, pending: PendingResponse, context: Context, quiet: Callable[[], bool]) -> None:
    """Waits until nothing is under way any more, or for the interval."""
    deadline = context.clock.monotonic() + interval_seconds
    while not pending.arrived.wait(_PAUSE_SECONDS) and not quiet() and context.clock.monotonic() < deadline:
        pass


def _tasks(execution: WaitingExecution) -> Mapping[str, Mapping[str, Any]]:
    """The machine's states. ResourceRefused when one is more than a function with retries and catchers."""
    states: Mapping[str, Mapping[str, Any]] = execution.definition.get("States", {})
    for name, state in states.items():
        plain = state.get("Type") == "Task" and state.get("End") is True and set(state) <= _TASK_FIELDS
        if not plain or ":lambda:" not in str(state.get("Resource")):
            raise ResourceRefused(
                f"its answer is up to an execution of {execution.machine_arn}, whose state {name!r} is not run here",
                hint="what waits for a custom resource may be made of Lambda tasks with Retry and Catch",
            )
    return states


def _matches(rule: Mapping[str, Any], error: str) -> bool:
    return any(name in ("States.ALL", "States.TaskFailed", error) for name in rule.get("ErrorEquals", ()))


def _error(fault: str) -> str:
    """The error's name, as the function's answer has it."""
    try:
        return str(json.loads(fault)["errorType"])
    except (ValueError, LookupError, TypeError):
        return "States.TaskFailed"


def _request_id(text: str) -> str:
    try:
        event = json.loads(text)
    except ValueError:
        return ""
    return str(event.get("RequestId", "")) if isinstance(event, dict) else ""


def _pages(client: Any, operation: str, member: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page[member]
