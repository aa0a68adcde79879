"""Versions and aliases of state machines: published, listed, deleted, described and started.

moto publishes a version beside an update only, and cannot start one; of an alias it knows the name.

Private surface used: of `moto.stepfunctions.responses` `StepFunctionResponse` with `_get_param`, `_get_int_param`,
`stepfunction_backend`, `create_state_machine_alias`, `describe_execution`, `describe_state_machine` and
`update_state_machine`; of `moto.stepfunctions.models` `StepFunctionBackend` with `state_machines` and
`describe_state_machine`, `StateMachine` with `update`, `publish`, `versions`, `latest_version`, `aliases` and
`executions`, `StateMachineVersion`, `StateMachineAlias.routing_configuration`.
Canary: tests/behaviour/test_behaviour_state_machine_versions.py.

Source: AWS Step Functions Developer Guide, "State machine versions in Step Functions workflows", "State machine
aliases in Step Functions workflows" and "How Step Functions associates executions with a version or alias".
"""

from __future__ import annotations

import copy
import functools
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_ARN_PARTS: Final = 7
_WHOLE: Final = 100
_PAGE: Final = 100
# Step Functions API Reference, "PublishStateMachineVersion" (`revisionId`): of a state machine that never changed.
_INITIAL: Final = "INITIAL"


def changes_of_versions() -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules."""
    return {"moto.stepfunctions.responses": _answer_more, "moto.stepfunctions.models": _note_revisions}


def know_versions() -> None:
    """Does so at once, where nothing runs state machines."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    change = changes_of_versions().get(module.__name__)
    if change is not None:
        change(module)


def unqualified(arn: str) -> str:
    """The state machine's ARN, of its own, a version's or an alias's."""
    return ":".join(arn.split(":")[:_ARN_PARTS])


def started_as(machine: Any) -> tuple[str | None, str | None]:
    """The ARNs of the version and of the alias that an execution's state machine was named by; None without one."""
    return getattr(machine, "started_version", None), getattr(machine, "started_alias", None)


def machine_at(backend: Any, arn: str) -> Any:
    """The state machine that an ARN means, as its version was where one is meant. StateMachineDoesNotExist for none.

    An alias means each of its versions as often as its weights say.
    """
    qualifier = ":".join(arn.split(":")[_ARN_PARTS:])
    if not qualifier:
        return backend.describe_state_machine(arn)
    machine = backend.describe_state_machine(unqualified(arn))
    alias = machine.aliases.get(qualifier)
    version = backend.describe_state_machine(arn if alias is None else _drawn(alias))
    # Of the machine itself, whose executions it shares, so that their names are unique among all of them.
    shown = copy.copy(machine)
    names = ("definition", "roleArn", "encryptionConfiguration", "loggingConfiguration", "tracingConfiguration")
    for name in names:
        setattr(shown, name, getattr(version, name))
    shown.started_version = version.arn
    shown.started_alias = None if alias is None else alias.arn
    return shown


class Qualified:
    """A backend in whose place `start_execution` runs, that finds the state machine which a qualified ARN means."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def describe_state_machine(self, arn: str) -> Any:
        """See `machine_at`."""
        return machine_at(self._backend, arn)


def _drawn(alias: Any) -> str:
    """One of an alias's versions: the same one for the start of the same number, in whatever run."""
    alias.starts = getattr(alias, "starts", 0) + 1
    routing = alias.routing_configuration
    versions = [str(route["stateMachineVersionArn"]) for route in routing]
    draws = random.Random(f"{alias.arn} {alias.starts}")
    return draws.choices(versions, weights=[route["weight"] for route in routing])[0]


def _note_revisions(models: Any) -> None:
    """A state machine that is updated gets another revision; a version is of the one that it was published of."""
    machine = models.StateMachine
    update = getattr(machine.update, "__wrapped__", machine.update)
    publish = getattr(machine.publish, "__wrapped__", machine.publish)

    @functools.wraps(update)
    def updated(self: Any, **given: Any) -> None:
        changed = any(value is not None and getattr(self, key, None) != value for key, value in given.items())
        update(self, **given)
        if changed:
            self.revision = str(uuid.uuid4())

    @functools.wraps(publish)
    def published(self: Any, description: str | None) -> None:
        publish(self, description)
        self.latest_version.revision = _revision(self)

    machine.update = updated
    machine.publish = published


def _revision(machine: Any) -> str:
    return str(getattr(machine, "revision", _INITIAL))


def _answer_more(module: Any) -> None:
    responses = module.StepFunctionResponse
    responses.publish_state_machine_version = _publish
    responses.list_state_machine_versions = _list_versions
    responses.delete_state_machine_version = _delete_version
    responses.list_executions = _list_executions
    for name, more in (
        ("create_state_machine_alias", _refuse_taken_alias),
        ("describe_execution", _with_what_it_was_started_as),
        ("describe_state_machine", _with_revision),
        ("update_state_machine", _with_revision),
    ):
        own = getattr(responses, name)
        if not hasattr(own, "of_versions"):  # the harness may have changed it before, for another reason
            setattr(responses, name, more(own))
            getattr(responses, name).of_versions = True


def _publish(response: Any) -> Any:
    """`PublishStateMachineVersion`: the version that there is already, of a revision that has one."""
    from moto.core.responses import ActionResult

    machine = response.stepfunction_backend.describe_state_machine(response._get_param("stateMachineArn"))
    wanted = response._get_param("revisionId")
    if wanted is not None and wanted != _revision(machine):
        _conflict("Failed to publish the State Machine version for revision " + str(wanted))
    if not any(version.revision == _revision(machine) for version in machine.versions.values()):
        machine.publish(response._get_param("description"))
    version = next(version for version in machine.versions.values() if version.revision == _revision(machine))
    return ActionResult({"creationDate": version.creation_date, "stateMachineVersionArn": version.arn})


def _list_versions(response: Any) -> Any:
    """`ListStateMachineVersions`: "in descending order of the version creation time"."""
    machine = response.stepfunction_backend.describe_state_machine(response._get_param("stateMachineArn"))
    told = [
        {"creationDate": version.creation_date, "stateMachineVersionArn": version.arn}
        for _, version in sorted(machine.versions.items(), reverse=True)
    ]
    return _page(response, "stateMachineVersions", told)


def _delete_version(response: Any) -> Any:
    """`DeleteStateMachineVersion`: of one that is not there as well, but of none that an alias names."""
    from moto.core.responses import EmptyResult

    arn = str(response._get_param("stateMachineVersionArn"))
    for machine in response.stepfunction_backend.state_machines:
        users = [alias.name for alias in machine.aliases.values() if _names(alias, arn)]
        if users:
            _conflict(
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this "
                f"version: [{', '.join(users)}]"
            )
        for number, version in list(machine.versions.items()):
            if version.arn == arn:
                del machine.versions[number]
    return EmptyResult()


def _names(alias: Any, version_arn: str) -> bool:
    return any(route["stateMachineVersionArn"] == version_arn for route in alias.routing_configuration)


def _list_executions(response: Any) -> Any:
    """`ListExecutions`: of a version or an alias those that were started with it."""
    arn, status = str(response._get_param("stateMachineArn")), response._get_param("statusFilter")
    backend = response.stepfunction_backend
    machine = backend.describe_state_machine(unqualified(arn))
    if arn != machine.arn and arn.rpartition(":")[2] not in machine.aliases:
        backend.describe_state_machine(arn)  # of a version that there is
    found = [
        execution
        for execution in machine.executions
        if arn in (machine.arn, *_started_as(execution)) and (status is None or str(execution.status) == status)
    ]
    found.sort(key=lambda execution: execution.start_date, reverse=True)
    return _page(response, "executions", [_summary(execution) for execution in found])


def _summary(execution: Any) -> dict[str, Any]:
    version, alias = _started_as(execution)
    told = {
        "executionArn": execution.execution_arn,
        "stateMachineArn": unqualified(execution.state_machine_arn),
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.start_date,
        "stopDate": None if str(execution.status) == "RUNNING" else execution.stop_date,
        "stateMachineVersionArn": version,
        "stateMachineAliasArn": alias,
    }
    return {name: value for name, value in told.items() if value is not None}


def _started_as(execution: Any) -> tuple[str | None, str | None]:
    return started_as(getattr(execution, "state_machine", None))


def _page(response: Any, name: str, items: Sequence[Mapping[str, Any]]) -> Any:
    """A page of what is listed. The token is the place in the list; `maxResults` of 0 means the default."""
    from moto.core.responses import ActionResult

    token = response._get_param("nextToken")
    first = int(token) if str(token).isdecimal() else 0
    last = first + (response._get_int_param("maxResults") or _PAGE)
    answer: dict[str, Any] = {name: list(items[first:last])}
    if last < len(items):
        answer["nextToken"] = str(last)
    return ActionResult(answer)


def _refuse_taken_alias(own: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An alias's name is taken by one that says something else. moto puts the new one in its place.

    Source: Step Functions API Reference, "CreateStateMachineAlias" (idempotency).
    """

    @functools.wraps(own)
    def create_state_machine_alias(response: Any) -> Any:
        routing, name = response._get_param("routingConfiguration") or [], response._get_param("name")
        arn = unqualified(str(routing[0].get("stateMachineVersionArn"))) if routing else ""
        machines = [machine for machine in response.stepfunction_backend.state_machines if machine.arn == arn]
        there = machines[0].aliases.get(name) if machines else None
        said = (list(routing), response._get_param("description") or None)
        if there is not None and (there.routing_configuration, there.description or None) != said:
            _conflict(
                f"Failed to create alias because an alias with the same name and a different routing "
                f"configuration already exists: '{there.arn}'"
            )
        return own(response)

    return create_state_machine_alias


def _with_what_it_was_started_as(own: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(own)
    def describe_execution(response: Any) -> Any:
        answer = own(response)
        execution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
        version, alias = _started_as(execution)
        if version is not None:
            answer.result["stateMachineVersionArn"] = version
        if alias is not None:
            answer.result["stateMachineAliasArn"] = alias
        return answer

    return describe_execution


def _with_revision(own: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A state machine that never changed has none to tell."""

    @functools.wraps(own)
    def told(response: Any) -> Any:
        answer = own(response)
        machine = response.stepfunction_backend.describe_state_machine(response._get_param("stateMachineArn"))
        if _revision(machine) != _INITIAL:
            answer.result["revisionId"] = _revision(machine)
        return answer

    return told


def _conflict(message: str) -> None:
    """ConflictException. Its messages are not confirmed by a page."""
    from moto.core.exceptions import AWSError

    class ConflictException(AWSError):
        TYPE = "ConflictException"
        STATUS = 400

    raise ConflictException(message)
