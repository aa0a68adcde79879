"""moto's REST APIs keep what AWS keeps: a copy of the API with each deployment, a stage's canary, and smaller things.

moto serves no API and drops these. Deploying to a stage that exists leaves its settings alone, as on AWS; moto makes
the stage anew. A deployment is active as long as a stage leads to it, and not as long as its stage's name is in use.

Private surface used: in `moto.apigateway.models` `RestAPI.create_deployment`, `delete_deployment`,
`apply_patch_operations`, `Stage.apply_operations`, `to_json`, `_get_default_method_settings`,
`APIGatewayBackend.put_integration`, `Integration.credentials`; in
`moto.apigateway.responses` `APIGatewayResponse.create_stage`, `create_deployment`, `put_integration`, `_get_param`.
Canary: tests/unit/harness/test_harness_moto_rest_apis.py.
Source: Amazon API Gateway API Reference, "CreateDeployment", "CreateStage", "Stage" (`canarySettings`), "UpdateStage".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.harness.moto_state.rest_definition import CALLERS_OWN, RestApiDefinition
from lambdakit.harness.moto_state.rest_snapshot import TRANSFER_MODE, snapshot

CANARY: Final = "lambdakit_canary"  # with a stage
_DEFINITION: Final = "lambdakit_definition"  # with a deployment

_Method = Callable[..., Any]


def keep_deployments() -> None:
    """From now on moto keeps them, whenever it is loaded. Idempotent."""
    change_when_loaded(_mend)


def definition_of(api: Any, deployment: Any) -> RestApiDefinition:
    """What a deployment of moto's holds."""
    kept: RestApiDefinition | None = getattr(deployment, _DEFINITION, None)
    if kept is None:  # it was made before anybody asked moto to keep it
        kept = snapshot(api, deployment)
        setattr(deployment, _DEFINITION, kept)
    return kept


def _mend(module: ModuleType) -> None:
    if module.__name__ == "moto.apigateway.models":
        models: Any = module
        api, stage = models.RestAPI, models.Stage
        api.create_deployment = _deploying(api.create_deployment)
        api.delete_deployment = _deleting(api.delete_deployment)
        api.apply_patch_operations = _compressing(api.apply_patch_operations)
        stage.apply_operations = _patching(stage.apply_operations)
        stage.to_json = _showing(stage.to_json)
        stage._get_default_method_settings = _settings_of_account(stage._get_default_method_settings)
        backend = models.APIGatewayBackend
        backend.put_integration = _with_callers_own(backend.put_integration)
    elif module.__name__ == "moto.apigateway.responses":
        response: Any = module.APIGatewayResponse
        response.create_stage = _staging(response.create_stage)
        response.create_deployment = _releasing(response.create_deployment)
        response.put_integration = _integrating(response.put_integration)


def _deploying(create_deployment: _Method) -> _Method:
    @functools.wraps(create_deployment)
    def deploy(api: Any, name: str, description: str, stage_variables: Any = None) -> Any:
        before = api.stages.get(name) if name else None
        deployment = create_deployment(api, name, description, stage_variables)
        setattr(deployment, _DEFINITION, snapshot(api, deployment))
        if before is not None:
            api.stages[name] = before
            before.deployment_id = deployment.id
            if stage_variables:
                before.variables = dict(stage_variables)
        return deployment

    return deploy


def _deleting(delete_deployment: _Method) -> _Method:
    @functools.wraps(delete_deployment)
    def delete(api: Any, deployment_id: str) -> Any:
        deployment = api.deployments.get(deployment_id)
        if deployment is not None:
            leading = (name for name, stage in list(api.stages.items()) if stage.deployment_id == deployment_id)
            deployment.stage_name = next(leading, None)
        return delete_deployment(api, deployment_id)

    return delete


def _compressing(apply_patch_operations: _Method) -> _Method:
    @functools.wraps(apply_patch_operations)
    def patch(api: Any, operations: list[Mapping[str, Any]]) -> None:
        for operation in operations:
            if operation["path"] == "/minimumCompressionSize":
                value = operation.get("value")
                api.minimum_compression_size = int(value) if value not in (None, "") else None
        apply_patch_operations(api, operations)

    return patch


def _patching(apply_operations: _Method) -> _Method:
    @functools.wraps(apply_operations)
    def patch(stage: Any, operations: list[Mapping[str, Any]]) -> Any:
        others = []
        for operation in operations:
            if operation["path"].startswith("/canarySettings"):
                _patch_canary(stage, operation)
            elif operation["op"] == "copy" and operation["path"] == "/deploymentId":
                # How a canary is promoted: the stage takes its deployment.
                stage.deployment_id = (getattr(stage, CANARY, None) or {}).get("deploymentId", stage.deployment_id)
            elif operation["op"] == "copy" and operation["path"] == "/variables":
                stage.variables.update((getattr(stage, CANARY, None) or {}).get("stageVariableOverrides") or {})
            else:
                others.append(operation)
        return apply_operations(stage, others)

    return patch


def _patch_canary(stage: Any, operation: Mapping[str, Any]) -> None:
    """Source: API Gateway Developer Guide, "Update a canary release", "Promote a canary release"."""
    settings = dict(getattr(stage, CANARY, None) or {})
    member, _, name = str(operation["path"]).removeprefix("/canarySettings").removeprefix("/").partition("/")
    value = operation.get("value")
    if operation["op"] == "remove" and not member:
        setattr(stage, CANARY, None)
        return
    if member == "stageVariableOverrides" and name:
        overrides = dict(settings.get(member) or {})
        if operation["op"] == "remove":
            overrides.pop(name, None)
        else:
            overrides[name] = value
        settings[member] = overrides
    elif operation["op"] == "copy":
        settings[member] = stage.deployment_id if member == "deploymentId" else settings.get(member)
    elif member:
        settings[member] = value
    setattr(stage, CANARY, settings)


def _showing(to_json: _Method) -> _Method:
    @functools.wraps(to_json)
    def show(stage: Any) -> dict[str, Any]:
        shown: dict[str, Any] = to_json(stage)
        settings = getattr(stage, CANARY, None)
        if settings:
            shown["canarySettings"] = {**settings, "percentTraffic": float(settings.get("percentTraffic") or 0)}
        return shown

    return show


def _settings_of_account(defaults: _Method) -> _Method:
    @functools.wraps(defaults)
    def settings(stage: Any) -> dict[str, Any]:
        # A setting that nobody makes leaves the account's limits.
        return {**defaults(stage), "throttlingRateLimit": 10_000.0, "throttlingBurstLimit": 5_000}

    return settings


def _staging(create_stage: _Method) -> _Method:
    @functools.wraps(create_stage)
    def create(response: Any) -> Any:
        answer = create_stage(response)
        settings = response._get_param("canarySettings")
        if settings:
            api = response.backend.get_rest_api(response.path.split("/")[2])
            setattr(api.stages[response._get_param("stageName")], CANARY, dict(settings))
        return answer

    return create


def _releasing(create_deployment: _Method) -> _Method:
    """A deployment that says it is a canary leaves its stage as it is, but for the canary."""

    @functools.wraps(create_deployment)
    def create(response: Any) -> Any:
        settings, name = response._get_param("canarySettings"), response._get_param("stageName")
        api = response.backend.apis.get(response.path.replace("/restapis/", "", 1).split("/")[0])
        before = None if api is None or not name else api.stages.get(name)
        leads_to = None if before is None else before.deployment_id
        answer = create_deployment(response)
        if settings and before is not None:
            setattr(before, CANARY, {**settings, "deploymentId": before.deployment_id})
            before.deployment_id = leads_to
        return answer

    return create


def _with_callers_own(put_integration: _Method) -> _Method:
    """moto takes the caller's own credentials for a role of another account, and refuses them.

    Source: Amazon API Gateway API Reference, "PutIntegration" (`credentials`): `arn:aws:iam::\\*:user/\\*` stands for
    the identity of the caller.
    """

    @functools.wraps(put_integration)
    def put(backend: Any, *arguments: Any, credentials: str | None = None, **settings: Any) -> Any:
        if credentials != CALLERS_OWN:
            return put_integration(backend, *arguments, credentials=credentials, **settings)
        some_role = f"arn:{backend.partition}:iam::{backend.account_id}:role/caller"
        integration = put_integration(backend, *arguments, credentials=some_role, **settings)
        integration.credentials = CALLERS_OWN
        return integration

    return put


def _integrating(put_integration: _Method) -> _Method:
    @functools.wraps(put_integration)
    def put(response: Any) -> Any:
        answer = put_integration(response)
        mode = response._get_param("responseTransferMode")
        if mode:
            _, _, api_id, _, resource_id, _, verb, *_ = response.path.split("/")
            integration = response.backend.get_integration(api_id, resource_id, verb)
            setattr(integration, TRANSFER_MODE, mode)
        return answer

    return put
