"""moto's state machines: its interpreter runs them, with the harness's clients and clock.

By default moto starts executions and runs none; its interpreter calls services over HTTP, as nobody in particular, and
waits by the machine's time. Executions that a custom resource waits with are left alone: the deployment runs them.

Private surface used: of `moto.stepfunctions.responses` `get_backend` and `StepFunctionResponse` with `_get_param`
and `describe_execution`; `moto.stepfunctions.models.stepfunctions_backends`; of `moto.stepfunctions.parser`
`api.ServiceException`, `models.StepFunctionsParserBackend` and `stepfunctions_parser_backends`,
`asl.utils.boto_client.boto_client_for`, `backend.execution` with `Execution`, `SyncExecution` and
`BaseExecutionWorkerCommunication.terminated`, `StateTaskService._normalise_parameters` and `_normalise_response`,
`StateTaskLambda._from_error`, `_SUPPORTED_API_PARAM_BINDINGS` of the Lambda task, `utils.TMP_THREADS`, and that it
takes threads and time from the modules `threading` and `time`.
Canary: tests/unit/harness/test_harness_moto_other_services.py.
"""

from __future__ import annotations

import datetime
import functools
import json
import uuid
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.distributed_maps import changes_of_distributed_maps
from lambdakit.harness.moto_state.execution_threads import ExecutionThreads, is_time
from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.harness.moto_state.state_calls import TaskCalls, changes_of_calls
from lambdakit.harness.moto_state.state_definitions import changes_of_definitions
from lambdakit.harness.moto_state.state_errors import changes_of_errors
from lambdakit.harness.moto_state.state_intrinsics import changes_of_intrinsics
from lambdakit.harness.moto_state.state_paths import changes_of_paths
from lambdakit.harness.moto_state.state_queries import changes_of_queries
from lambdakit.harness.moto_state.state_table_errors import changes_of_tables
from lambdakit.harness.moto_state.state_tasks import changes_of_tasks
from lambdakit.harness.moto_state.state_versions import (
    Qualified,
    changes_of_versions,
    machine_at,
    started_as,
)
from lambdakit.records import dataclass

_INTERPRETER: Final = "moto.stepfunctions.parser."
_CUSTOM_RESOURCE: Final = frozenset({"RequestType", "ResponseURL", "RequestId", "StackId", "LogicalResourceId"})

# A client of a service in a region, in a session of a role.
TaskClients = Callable[[str, str, str], Any]
# Service, operation as boto3's method, and what is to be renamed in place.
Rename = Callable[[str, str, Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionChange:
    """An execution that has begun or ended. status: as the API names it. error, cause: empty unless it failed.

    input, output: JSON; output is None unless it succeeded. ended: None while it runs. express: emits no events.
    version_arn, alias_arn: what it was started as; None of the state machine itself.
    """

    arn: str
    machine_arn: str
    name: str
    status: str
    begun: datetime.datetime
    ended: datetime.datetime | None
    input: str
    output: str | None
    express: bool
    error: str = ""
    cause: str = ""
    version_arn: str | None = None
    alias_arn: str | None = None


class StateMachines:
    """Makes moto run state machines. Make it before moto's service is loaded.

    clients: for the tasks. to_api, from_api: give members of parameters and results their names and values.
    client_name, error_prefix: as in `changes_of_tasks`. evaluate: as in `changes_of_queries`. call: makes requests.
    begun, ended: told of every execution that begins or has ended, in its thread. recorded: as in `changes_of_tasks`.
    """

    def __init__(
        self,
        threads: ExecutionThreads,
        clients: TaskClients,
        *,
        to_api: Rename,
        from_api: Rename,
        client_name: Callable[[str], str],
        error_prefix: Callable[[str], str],
        evaluate: Callable[[str], Any],
        call: TaskCalls,
        ended: Callable[[ExecutionChange], None],
        begun: Callable[[ExecutionChange], None] = lambda change: None,
        recorded: Callable[[str, str], None] = lambda machine, what: None,
    ) -> None:
        self._threads = threads
        self._stand_ins = threads.stand_ins()
        self._clients = clients
        self._to_api = to_api
        self._from_api = from_api
        self._begun, self._ended = begun, ended
        base = f"{_INTERPRETER}asl.component.state.exec.state_task"
        changes: Mapping[str, Callable[[Any], None]] = {
            "moto.stepfunctions.responses": self._change_responses,
            f"{_INTERPRETER}api": _name_refusals,
            f"{_INTERPRETER}models": self._change_backend,
            f"{_INTERPRETER}asl.utils.boto_client": self._change_clients,
            f"{_INTERPRETER}backend.execution": self._change_executions,
            f"{base}.state_task_lambda": _change_function_task,
            f"{base}.service.state_task_service_lambda": _allow_more,
            f"{base}.service.state_task_service": self._change_members,
        }
        of_tasks = changes_of_tasks(_INTERPRETER, client_name=client_name, error_prefix=error_prefix, recorded=recorded)
        of_queries, of_calls = changes_of_queries(_INTERPRETER, evaluate), changes_of_calls(_INTERPRETER, call)
        of_others = (changes_of_errors(_INTERPRETER), changes_of_distributed_maps(_INTERPRETER))
        of_data = (changes_of_intrinsics(_INTERPRETER), changes_of_paths(_INTERPRETER))
        of_making, of_tables = changes_of_definitions(_INTERPRETER), changes_of_tables(_INTERPRETER)
        of_what_runs = (changes, of_tasks, of_queries, of_calls, *of_others, *of_data, of_making, of_tables)
        self._changes = (*of_what_runs, changes_of_versions())
        change_when_loaded(self._change)

    def abort_all(self) -> None:
        """Ends every execution that runs, where it stands."""
        self._threads.stop()
        for execution in _running():
            execution.exec_status = type(execution.exec_status).ABORTED

    def _change(self, module: ModuleType) -> None:
        if module.__name__.startswith(_INTERPRETER):
            names = vars(module)
            pause = self._threads.pause if module.__name__.endswith("_service_callback") else self._threads.sleep
            for name, value in list(names.items()):
                if id(value) in self._stand_ins:
                    names[name] = self._stand_ins[id(value)]
                elif is_time(value):
                    names[name] = self._threads.time_like(value, pause)
        for changes in self._changes:
            if module.__name__ in changes:
                changes[module.__name__](module)

    def _change_responses(self, responses: Any) -> None:
        responses.get_backend = _backend
        responses.StepFunctionResponse.send_task_failure = _send_task_failure
        responses.StepFunctionResponse.start_sync_execution = _start_sync_execution
        describe = responses.StepFunctionResponse.describe_execution
        responses.StepFunctionResponse.describe_execution = _told_in_json(getattr(describe, "__wrapped__", describe))

    def _change_clients(self, module: Any) -> None:
        def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
            role = "" if state_credentials is None else str(state_credentials.role_arn)
            return self._clients(service, region, role)

        module.boto_client_for = client_for

    def _change_members(self, module: Any) -> None:
        """moto leaves out that members have capital letters in a state machine."""
        to_api, from_api = self._to_api, self._from_api

        def parameters(
            task: Any, parameters: Any, boto_service_name: Any = None, service_action_name: Any = None
        ) -> None:
            service = task._get_boto_service_name(boto_service_name)
            to_api(service, task._get_boto_service_action(service_action_name), parameters)

        def response(task: Any, response: Any, boto_service_name: Any = None, service_action_name: Any = None) -> None:
            service = task._get_boto_service_name(boto_service_name)
            from_api(service, task._get_boto_service_action(service_action_name), response)

        module.StateTaskService._normalise_parameters = parameters
        module.StateTaskService._normalise_response = response

    def _change_backend(self, models: Any) -> None:
        backend = models.StepFunctionsParserBackend
        own = getattr(backend.start_execution, "__wrapped__", backend.start_execution)

        @functools.wraps(own)
        def start_execution(
            self: Any, state_machine_arn: str, name: str | None = None, execution_input: str | None = None, **more: Any
        ) -> Any:
            if name:
                self._validate_name(name)
            found_by_qualifier: Any = Qualified(self)
            return own(found_by_qualifier, state_machine_arn, name or str(uuid.uuid4()), execution_input, **more)

        backend.start_execution = start_execution

    def _change_executions(self, module: Any) -> None:
        communication = module.BaseExecutionWorkerCommunication
        terminated = getattr(communication.terminated, "__wrapped__", communication.terminated)
        start = getattr(module.Execution.start, "__wrapped__", module.Execution.start)
        running = module.ExecutionStatus.RUNNING

        @functools.wraps(terminated)
        def tell(worker: Any) -> None:
            from moto.stepfunctions.parser.utils import TMP_THREADS

            terminated(worker)
            TMP_THREADS.clear()
            self._ended(_change(worker.execution, str(worker.execution.status)))
            self._threads.announce()

        @functools.wraps(start)
        def start_unless_waited_for(execution: Any) -> None:
            given = execution.input_data
            if isinstance(given, dict) and _CUSTOM_RESOURCE <= given.keys():
                execution.exec_status = running
                return
            self._begun(_change(execution, "RUNNING"))
            start(execution)

        communication.terminated = tell
        module.Execution.start = start_unless_waited_for


def _change(execution: Any, status: str) -> ExecutionChange:
    version_arn, alias_arn = started_as(execution.state_machine)
    return ExecutionChange(
        arn=execution.exec_arn,
        machine_arn=execution.state_machine_arn,
        name=execution.name,
        status=status,
        begun=execution.start_date,
        ended=execution.stop_date,
        input=json.dumps(execution.input_data, separators=(",", ":")),
        output=json.dumps(execution.output, separators=(",", ":")) if status == "SUCCEEDED" else None,
        express=str(execution.state_machine.type) == "EXPRESS",
        error=execution.error or "",
        cause=execution.cause or "",
        version_arn=version_arn,
        alias_arn=alias_arn,
    )


def _backend(account_id: str, region: str) -> Any:
    """The interpreter's backend, which everybody else finds as well who looks for moto's state machines."""
    from moto.stepfunctions.models import stepfunctions_backends
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends

    backend = stepfunctions_parser_backends[account_id][region]
    if stepfunctions_backends[account_id].get(region) is not backend:
        stepfunctions_backends[account_id][region] = backend
    return backend


def _running() -> list[Any]:

    models: Any = loaded(f"{_INTERPRETER}models")
    if models is None:
        return []
    return [
        execution
        for regions in list(models.stepfunctions_parser_backends.values())
        for backend in list(regions.values())
        for machine in backend.state_machines
        for execution in machine.executions
        if str(execution.status) == "RUNNING"
    ]


def _send_task_failure(response: Any) -> Any:
    """moto's own leaves the cause out."""
    from moto.core.responses import EmptyResult

    response.stepfunction_backend.send_task_failure(
        response._get_param("taskToken"), error=response._get_param("error"), cause=response._get_param("cause")
    )
    return EmptyResult()


def _told_in_json(describe: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto gives an output that is a text as it is, and leaves one out that is null: both are JSON as any other."""

    @functools.wraps(describe)
    def describe_execution(response: Any) -> Any:
        answer = describe(response)
        if "outputDetails" in answer.result:
            execution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
            answer.result["output"] = json.dumps(execution.output)
        return answer

    return describe_execution


def _start_sync_execution(response: Any) -> Any:
    """`StartSyncExecution`, which moto does not have. Source: AWS Step Functions API Reference."""
    from moto.core.responses import ActionResult
    from moto.stepfunctions.parser.api import InvalidExecutionInput, StateMachineTypeNotSupported
    from moto.stepfunctions.parser.backend.execution import SyncExecution

    backend = response.stepfunction_backend
    machine = machine_at(backend, response._get_param("stateMachineArn"))
    if machine.type != "EXPRESS":
        raise StateMachineTypeNotSupported("This operation is not supported by this type of state machine")
    given = response._get_param("input") or "{}"
    try:
        json.loads(given)
    except ValueError as invalid:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{invalid}'") from None
    name = response._get_param("name") or str(uuid.uuid4())
    started = datetime.datetime.now(datetime.UTC)
    execution = SyncExecution(
        name=name,
        sm_type=machine.sm_type,
        role_arn=machine.roleArn,
        exec_arn=f"{machine.arn.replace(':stateMachine:', ':express:')}:{name}:{uuid.uuid4()}",
        account_id=backend.account_id,
        region_name=backend.region_name,
        state_machine=machine,
        start_date=started,
        cloud_watch_logging_session=None,
        input_data=given,
        activity_store={},
    )
    execution.start()
    answer = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": machine.arn,
        "name": name,
        "startDate": started,
        "stopDate": execution.stop_date,
        "status": str(execution.status),
        "input": given,
        "error": execution.error,
        "cause": execution.cause,
    }
    if execution.status == "SUCCEEDED":
        answer["output"] = json.dumps(execution.output)
    return ActionResult({key: value for key, value in answer.items() if value is not None})


def _change_function_task(module: Any) -> None:
    """A task that names a function by its ARN fails with the service's error, as any Lambda task does.

    Source: AWS Step Functions Developer Guide, "Handle transient Lambda service exceptions".
    """
    task = module.StateTaskLambda
    own = getattr(task._from_error, "__wrapped__", task._from_error)

    @functools.wraps(own)
    def from_error(state: Any, env: Any, ex: Exception) -> Any:
        event = own(state, env=env, ex=ex)
        refused = getattr(ex, "response", None)  # of the SDK's errors
        if refused is not None:
            error = f"Lambda.{refused['Error']['Code']}"
            event.error_name = module.CustomErrorName(error)
            event.event_details["lambdaFunctionFailedEventDetails"]["error"] = error
        return event

    task._from_error = from_error


def _name_refusals(module: Any) -> None:
    """moto tells some of the interpreter's refusals without their names, as that of a definition."""
    for refusal in vars(module).values():
        if isinstance(refusal, type) and issubclass(refusal, module.ServiceException) and "code" in vars(refusal):
            refusal.TYPE = vars(refusal)["code"]  # type: ignore[attr-defined]  # what is sent as the error's name
            refusal.STATUS = vars(refusal).get("status_code", 400)  # type: ignore[attr-defined]


def _allow_more(module: Any) -> None:
    """Source: AWS Step Functions Developer Guide, "Invoke an AWS Lambda function with Step Functions"."""
    module._SUPPORTED_API_PARAM_BINDINGS["invoke"].add("InvocationType")
