"""What moto's interpreter of state machines gets wrong about tasks of services: waiting for jobs, names of errors.

Private surface used: of `moto.stepfunctions.parser.asl.component.state.exec.state_task.service` the modules
`state_task_service` with `StateTaskService` (`_get_boto_service_name`, `_normalise_response`),
`state_task_service_callback` with `StateTaskServiceCallback` (`__init__`, `_supported_integration_patterns`,
`_assert_integration_pattern_is_supported`, `_eval_integration_pattern`),
`state_task_service_aws_sdk` with `StateTaskServiceAwsSdk`
(`_normalise_service_error_name`), `state_task_service_unsupported` with `StateTaskServiceUnsupported`
(`_build_sync_resolver`, `_from_error`, `_eval_service_task`, `_assert_integration_pattern_is_supported`),
`state_task_service_ecs` with `StateTaskServiceEcs` (`_from_error`, `_build_sync_resolver`),
`state_task_service_factory` (`_UNSUPPORTED_SERVICE_NAMES`); `FailureEvent` and what it is made of; beside them
`choice.state_choice` with `StateChoice` (`_eval_body`).
Canary: tests/behaviour/test_behaviour_state_machine_jobs.py.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.moto_state.recorded_work import end_task
from lambdakit.harness.moto_state.state_clusters import SERVICE as CLUSTERS
from lambdakit.harness.moto_state.state_clusters import call_cluster
from lambdakit.harness.moto_state.state_jobs import Job, end_of_job, job_of

_NO_CHOICE: Final = "States.NoChoiceMatched"
_SERVICES: Final = "asl.component.state.exec.state_task.service.state_task_service"
# Optimized integrations whose operation belongs to another of boto3's clients than the one of that name.
_OPTIMIZED: Final[Mapping[tuple[str, str], str]] = {("bedrock", "invokeModel"): "bedrock-runtime"}
# Integrations that moto does not know, and refuses to make a machine with: here only the task fails, by its name.
_NOT_SERVED: Final = frozenset({"bedrockagentcore"})
# Executions of other machines are the only jobs that run.
_OWN: Final = "states"
_RUN_NOWHERE: Final = frozenset({"batch", "bedrock", "ecs", "eks"})
_ENDED_WELL: Final = "recorded as ended well, nothing ran"
_NOBODY_ANSWERS: Final = (
    "recorded, nothing runs that could send the task token: send it with SendTaskSuccess or SendTaskFailure"
)
# Step Functions Developer Guide: "Run Amazon ECS or Fargate tasks with Step Functions" and "Error handling" have it so.
_PREFIXES: Final[Mapping[str, str]] = {"ecs": "ECS"}


def changes_of_tasks(
    interpreter: str,
    *,
    client_name: Callable[[str], str],
    error_prefix: Callable[[str], str],
    recorded: Callable[[str, str], None],
) -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules. interpreter: the package's name, with its dot.

    client_name: what boto3 calls a service that a task names. error_prefix: what its errors begin with.
    recorded: told the ARN of a machine and which of its tasks stands for work that ran nowhere.
    """
    services = f"{interpreter}{_SERVICES}"

    def name_errors_of_the_sdk(module: Any) -> None:
        module.StateTaskServiceAwsSdk._normalise_service_error_name = staticmethod(error_prefix)

    def name_errors_of_clusters(module: Any) -> None:
        _name_errors(module.StateTaskServiceEcs, error_prefix)
        _end_tasks(module.StateTaskServiceEcs)

    def serve_more(module: Any) -> None:
        _serve_more(module)
        _name_errors(module.StateTaskServiceUnsupported, error_prefix)

    return {
        f"{interpreter}asl.component.state.choice.state_choice": _name_the_missing_choice,
        services: functools.partial(_find_clients, client_name),
        f"{services}_factory": _let_machines_be_made,
        f"{services}_callback": functools.partial(_let_jobs_be_waited_for, recorded),
        f"{services}_aws_sdk": name_errors_of_the_sdk,
        f"{services}_unsupported": serve_more,
        f"{services}_ecs": name_errors_of_clusters,
    }


def _let_jobs_be_waited_for(recorded: Callable[[str, str], None], module: Any) -> None:
    """moto drops a callback that a task without one never had, and fails for want of it."""
    task = module.StateTaskServiceCallback
    token = module.ResourceCondition.WaitForTaskToken
    own_init = getattr(task.__init__, "__wrapped__", task.__init__)
    own_check = getattr(
        task._assert_integration_pattern_is_supported, "__wrapped__", task._assert_integration_pattern_is_supported
    )

    @functools.wraps(own_init)
    def begin(self: Any, supported_integration_patterns: set[Any]) -> None:
        own_init(self, supported_integration_patterns)
        self._patterns_of_its_own = supported_integration_patterns
        self._supported_integration_patterns = {*supported_integration_patterns, token}

    @functools.wraps(own_check)
    def check(self: Any) -> None:
        if self.resource.condition not in self._patterns_of_its_own:
            own = self._supported_integration_patterns
            self._supported_integration_patterns = self._patterns_of_its_own
            try:
                own_check(self)
            finally:
                self._supported_integration_patterns = own

    own_wait = getattr(task._eval_integration_pattern, "__wrapped__", task._eval_integration_pattern)

    @functools.wraps(own_wait)
    def wait(self: Any, env: Any, **more: Any) -> None:
        service, condition = self.resource.service_name, self.resource.condition
        machine = str(env.states.context_object.context_object_data["StateMachine"]["Id"])
        if condition == token and service in _RUN_NOWHERE:
            recorded(machine, f"{self.resource.resource_arn}: {_NOBODY_ANSWERS}")
        own_wait(self, env=env, **more)
        if condition == module.ResourceCondition.Sync and service != _OWN:
            recorded(machine, f"{self.resource.resource_arn}: {_ENDED_WELL}")
        env.stack[-1] = json.loads(json.dumps(env.stack[-1], default=_iso))

    task.__init__ = begin
    task._eval_integration_pattern = wait
    task._assert_integration_pattern_is_supported = check


def _end_tasks(task: Any) -> None:
    """Source: Step Functions Developer Guide, "Run Amazon ECS or Fargate tasks with Step Functions" (`.sync`)."""
    own = getattr(task._build_sync_resolver, "__wrapped__", task._build_sync_resolver)

    @functools.wraps(own)
    def resolver(state: Any, env: Any, *given: Any, **more: Any) -> Any:
        for begun in env.stack[-1]["Tasks"]:
            end_task(begun["TaskArn"])
        return own(state, env, *given, **more)

    task._build_sync_resolver = resolver


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _find_clients(client_name: Callable[[str], str], module: Any) -> None:
    """moto takes the names that state machines have for services to be boto3's."""

    def name(task: Any, boto_service_name: str | None = None) -> str:
        resource = task.resource
        optimized = _OPTIMIZED.get((resource.service_name, resource.api_action))
        return optimized or client_name(boto_service_name or resource.api_name)

    module.StateTaskService._get_boto_service_name = name


def _name_errors(task: Any, error_prefix: Callable[[str], str]) -> None:
    """Has an optimized integration fail with the service's error, where moto says `States.Runtime`."""
    own = getattr(task._from_error, "__wrapped__", task._from_error)

    @functools.wraps(own)
    def from_error(state: Any, env: Any, ex: Exception) -> Any:
        refused = getattr(ex, "response", None)  # of the SDK's errors
        if refused is None:
            return own(state, env=env, ex=ex)
        service = state.resource.service_name
        error = f"{_PREFIXES.get(service) or error_prefix(service)}.{refused['Error']['Code']}"
        return failure(state, env, error, refused["Error"].get("Message", "")).failure_event

    task._from_error = from_error


def failure(state: Any, env: Any, error: str, cause: str) -> Any:
    """An exception that fails a task with an error that a catcher may name."""
    details = {
        "resource": state._get_sfn_resource(),
        "resourceType": state._get_sfn_resource_type(),
        "error": error,
        "cause": cause,
    }
    return state_failure(env, error, "TaskFailed", {"taskFailedEventDetails": details})


def state_failure(env: Any, error: str, event_type: str, details: Any) -> Any:
    """An exception that fails a state. event_type, details: of the event in the execution's history."""
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )

    name = ErrorName(error_name=error)
    event = FailureEvent(env=env, error_name=name, event_type=HistoryEventType(event_type), event_details=details)
    return FailureEventException(event)


def _name_the_missing_choice(module: Any) -> None:
    """Source: Step Functions Developer Guide, "Handling errors in Step Functions workflows" (the error names)."""
    choice = module.StateChoice
    own = getattr(choice._eval_body, "__wrapped__", choice._eval_body)

    @functools.wraps(own)
    def eval_body(state: Any, env: Any) -> None:
        try:
            own(state, env)
        except RuntimeError as error:
            if not str(error.args[0]).startswith("No branching option"):
                raise
            entered = f"the state '{state.name}' (entered at the event id #{env.event_history_context.source_event_id})"
            cause = "Failed to transition out of the state. The state does not point to a next state."
            details = {"error": _NO_CHOICE, "cause": f"An error occurred while executing {entered}. {cause}"}
            raise state_failure(env, _NO_CHOICE, "ExecutionFailed", {"executionFailedEventDetails": details}) from None

    choice._eval_body = eval_body


def _let_machines_be_made(module: Any) -> None:
    module._UNSUPPORTED_SERVICE_NAMES.update(_NOT_SERVED)


def _serve_more(module: Any) -> None:
    """Waits for jobs of services that moto has no integration of."""
    task = module.StateTaskServiceUnsupported

    def resolver(
        state: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
    ) -> Callable[[], Any]:
        del normalised_parameters
        job = _job_of(state)
        if job is None:
            raise RuntimeError(f"{state.resource.resource_arn} is not served: nothing tells when its job has ended")
        client = module.boto_client_for(
            service=state._get_boto_service_name(),
            region=resource_runtime_part.region,
            state_credentials=state_credentials,
        )
        begun = env.stack.pop()
        state._normalise_response(begun)
        job.settle(begun)
        return functools.partial(end_of_job, job, state, client, begun, functools.partial(failure, state, env))

    def response(state: Any, response: Any, *names: Any, **more: Any) -> None:
        own_response(state, response, *names, **more)
        # Developer Guide, "Invoke and customize Amazon Bedrock models with Step Functions": `Body` is a JSON value.
        if state.resource.service_name == "bedrock" and isinstance(response.get("Body"), str):
            response["Body"] = _value_of(response["Body"])

    def call(state: Any, env: Any, *given: Any, **more: Any) -> None:
        if state.resource.service_name in _NOT_SERVED:
            raise RuntimeError(f"{state.resource.resource_arn} is not served here: nothing stands for what it calls")
        if state.resource.service_name != CLUSTERS or not _on_cluster(module, state, env, **more):
            own_call(state, env, *given, **more)

    own_call = task._eval_service_task
    task._eval_service_task = call

    def check(state: Any) -> None:
        if state.resource.condition != module.ResourceCondition.Sync or _job_of(state) is None:
            own_check(state)

    own_check = module.StateTaskServiceCallback._assert_integration_pattern_is_supported
    own_response = task._normalise_response
    task._normalise_response = response
    task._build_sync_resolver = resolver
    task._assert_integration_pattern_is_supported = check


def _on_cluster(
    module: Any,
    state: Any,
    env: Any,
    *,
    resource_runtime_part: Any,
    normalised_parameters: Any,
    state_credentials: Any,
) -> bool:
    """Does a call on a cluster of EMR; whether the integration has such a call."""
    client = module.boto_client_for(
        service="emr", region=resource_runtime_part.region, state_credentials=state_credentials
    )
    answer = call_cluster(state.resource.api_action, client, normalised_parameters)
    if answer is None:
        return False
    if state.resource.condition == module.ResourceCondition.Sync:
        answer.setdefault("ClusterId", normalised_parameters.get("ClusterId"))
    env.stack.append(answer)
    return True


def _job_of(state: Any) -> Job | None:
    return job_of(state.resource.service_name, state.resource.api_action)


def _value_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
