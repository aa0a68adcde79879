"""Parts of REST APIs that API Gateway refuses, and moto takes.

Private surface used: `moto.apigateway.models.APIGatewayBackend` `create_resource`, `put_method`, `create_stage`,
`create_authorizer`, `create_model` and `get_rest_api`, whose APIs have `resources` with `path_part`, `parent_id` and
`resource_methods`; `moto.apigateway.exceptions` `BadRequestException` and `ConflictException`.
Canary: tests/behaviour/test_behaviour_bounds.py.

Source: API Gateway API Reference, "CreateResource", "PutMethod" (`ConflictException`), "CreateStage", "CreateModel",
"CreateAuthorizer" (`authorizerResultTtlInSeconds`). Two resources of one name, and two variables beside each other, are
refused in the words that users quote; all other texts, and the status for a second variable, no page confirms.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_STAGE: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MODEL: Final = re.compile(r"[a-zA-Z0-9]+")
_VARIABLE: Final = re.compile(r"\{[a-zA-Z0-9._:-]+\+?\}")
_TTL_SECONDS_MAX: Final = 3_600
_TAKEN: Final = "Another resource with the same parent already has this name: {part}"
_SIBLING: Final = "A sibling ({part}) of this resource already has a variable path part -- only one is allowed"
_PART: Final = (
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning "
    "and the end."
)
_METHOD: Final = "Method already exists for this resource"
_Check = Callable[[Any, Mapping[str, Any]], None]


def bound_rest_apis() -> None:
    """From now on they are refused. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ == "moto.apigateway.models":
        backend: Any = vars(module)["APIGatewayBackend"]
        for name, (members, check) in _CHECKS.items():
            setattr(backend, name, _checking(getattr(backend, name), members, check))


def _checking(own: Any, members: tuple[str, ...], check: _Check) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def checked(backend: Any, *arguments: Any, **named: Any) -> Any:
        check(backend, {**dict(zip(members, arguments, strict=False)), **named})
        return own(backend, *arguments, **named)

    return checked


def _check_resource(backend: Any, given: Mapping[str, Any]) -> None:
    part, parent = str(given.get("path_part") or ""), given.get("parent_resource_id")
    if not part:
        return
    if "{" in part or "}" in part:
        if _VARIABLE.fullmatch(part) is None:
            raise _refused("BadRequestException", _PART)
    siblings = [
        resource.path_part
        for resource in backend.get_rest_api(given["function_id"]).resources.values()
        if resource.parent_id == parent and resource.path_part
    ]
    if part in siblings:
        raise _refused("ConflictException", _TAKEN.format(part=part))
    variable = next((sibling for sibling in siblings if sibling.startswith("{")), None)
    if part.startswith("{") and variable is not None:
        raise _refused("BadRequestException", _SIBLING.format(part=variable))


def _check_method(backend: Any, given: Mapping[str, Any]) -> None:
    resource = backend.get_rest_api(given["function_id"]).resources.get(given["resource_id"])
    if resource is not None and given["method_type"] in resource.resource_methods:
        raise _refused("ConflictException", _METHOD)


def _check_stage(backend: Any, given: Mapping[str, Any]) -> None:
    if _STAGE.fullmatch(str(given["stage_name"])) is None:
        raise _refused("BadRequestException", "Stage name only allows a-zA-Z0-9_- and up to 128 characters")


def _check_authorizer(backend: Any, given: Mapping[str, Any]) -> None:
    seconds = given.get("authorizer_result_ttl")
    if seconds is not None and not 0 <= int(seconds) <= _TTL_SECONDS_MAX:
        problem = f"Authorizer result TTL must be between 0 and {_TTL_SECONDS_MAX} seconds"
        raise _refused("BadRequestException", problem)


def _check_model(backend: Any, given: Mapping[str, Any]) -> None:
    name = given.get("name")
    if name and _MODEL.fullmatch(str(name)) is None:
        raise _refused("BadRequestException", f"Model name must be alphanumeric: {name}")


# moto's method -> the names of its arguments, as far as a check reads them, and the check.
_CHECKS: Final[Mapping[str, tuple[tuple[str, ...], _Check]]] = {
    "create_resource": (("function_id", "parent_resource_id", "path_part"), _check_resource),
    "put_method": (("function_id", "resource_id", "method_type"), _check_method),
    "create_stage": (("function_id", "stage_name"), _check_stage),
    "create_authorizer": (("restapi_id", "name", "authorizer_type"), _check_authorizer),
    "create_model": (("rest_api_id", "name"), _check_model),
}


def _refused(kind: str, problem: str) -> Exception:
    from moto.apigateway import exceptions

    refusal: Exception = getattr(exceptions, kind)(problem)
    return refusal
