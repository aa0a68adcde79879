"""Tasks of state machines that make HTTP requests: moto has no `http:invoke`, and calls APIs where there are none.

Private surface used: of `moto.stepfunctions.parser.asl.component.state.exec.state_task.service` the modules
`state_task_service_unsupported` with `StateTaskServiceUnsupported` (`_eval_service_task`,
`_assert_integration_pattern_is_supported`), `state_task_service_api_gateway` with `StateTaskServiceApiGateway`
(`_eval_service_task`, `_from_error`, `_SUPPORTED_API_PARAM_BINDINGS`), `state_task_service_factory`
(`_UNSUPPORTED_SERVICE_NAMES`); `env.states.context_object.context_object_data`.
Canary: tests/behaviour/test_behaviour_state_machine_requests.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.moto_state.state_tasks import failure
from lambdakit.records import dataclass

HTTP: Final = "http"
API_GATEWAY: Final = "apigateway"
_SERVICES: Final = "asl.component.state.exec.state_task.service.state_task_service"
# What an `apigateway:invoke` may say; the rest moto drops. Source: "Create API Gateway REST APIs with Step Functions".
_API_MEMBERS: Final = (
    *("ApiEndpoint", "Method", "Headers", "Stage", "Path", "QueryParameters", "RequestBody"),
    *("AllowNullValues", "AuthType"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCall:
    """What a task asks for. machine_arn: of its state machine. role_arn: as whom. given: parameters or arguments."""

    service: str
    machine_arn: str
    role_arn: str
    region: str
    given: Mapping[str, Any]


class TaskCallFailed(Exception):
    """A task fails with an error, which a catcher may name, and a cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


# The result of a task. TaskCallFailed.
TaskCalls = Callable[[TaskCall], Mapping[str, Any]]


def changes_of_calls(interpreter: str, call: TaskCalls) -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules. interpreter: the package's name, with its dot."""
    services = f"{interpreter}{_SERVICES}"

    def serve_http(module: Any) -> None:
        _serve_http(module, call)

    def serve_apis(module: Any) -> None:
        _serve_apis(module, call)

    return {
        f"{services}_factory": _let_machines_be_made,
        f"{services}_unsupported": serve_http,
        f"{services}_api_gateway": serve_apis,
    }


def _let_machines_be_made(module: Any) -> None:
    module._UNSUPPORTED_SERVICE_NAMES.add(HTTP)


def _serve_http(module: Any, call: TaskCalls) -> None:
    """Step Functions Developer Guide, "Integrating services": HTTP tasks wait for the answer, and for nothing else."""
    task = module.StateTaskServiceUnsupported
    own_call, own_check = task._eval_service_task, task._assert_integration_pattern_is_supported

    def eval_task(state: Any, env: Any, *given: Any, **more: Any) -> None:
        if state.resource.service_name != HTTP:
            own_call(state, env, *given, **more)
        else:
            _eval(call, state, env, **more)

    def check(state: Any) -> None:
        if state.resource.service_name == HTTP:
            raise RuntimeError(f"{state.resource.resource_arn}: an HTTP task waits for nothing but its answer")
        own_check(state)

    task._eval_service_task = eval_task
    task._assert_integration_pattern_is_supported = check


def _serve_apis(module: Any, call: TaskCalls) -> None:
    task = module.StateTaskServiceApiGateway

    def eval_task(state: Any, env: Any, **more: Any) -> None:
        _eval(call, state, env, **more)

    def from_error(state: Any, env: Any, ex: Exception) -> Any:
        return module.StateTaskServiceCallback._from_error(state, env=env, ex=ex)

    task._SUPPORTED_API_PARAM_BINDINGS[module.SupportedApiCalls.invoke].update(_API_MEMBERS)
    task._eval_service_task = eval_task
    task._from_error = from_error


def _eval(
    call: TaskCalls,
    state: Any,
    env: Any,
    *,
    resource_runtime_part: Any,
    normalised_parameters: Any,
    state_credentials: Any,
) -> None:
    machine = env.states.context_object.context_object_data["StateMachine"]["Id"]
    asked = TaskCall(
        service=state.resource.service_name,
        # A child of a distributed map is of `…:stateMachine:name/label`, and acts as the machine that began it.
        machine_arn=str(machine).partition("/")[0],
        role_arn=state_credentials.role_arn,
        region=resource_runtime_part.region,
        given=normalised_parameters,
    )
    try:
        env.stack.append(dict(call(asked)))
    except TaskCallFailed as failed:
        raise failure(state, env, failed.error, failed.cause) from None
