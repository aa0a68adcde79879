"""moto's REST APIs, read in process: what a front door needs, as plain data.

A stage serves what was deployed to it: each deployment holds a copy of the API; see `rest_deployments`.
Private surface used: `moto.apigateway.models.apigateway_backends[account][region]` with `apis`, `base_path_mappings`
and the attributes read below. Canary: tests/unit/harness/test_harness_moto_rest_apis.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lambdakit.harness.moto_state.http_apis import ApiMapping
from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.harness.moto_state.rest_definition import Canary, MethodSettings, RestApiDefinition, RestStage
from lambdakit.harness.moto_state.rest_deployments import CANARY, definition_of
from lambdakit.harness.moto_state.rest_snapshot import snapshot
from lambdakit.harness.moto_state.writes import last_write, watch_writes
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedRestApi:
    """A REST API with its stages. deployments: what each of them holds, by id."""

    api_id: str
    name: str
    stages: Mapping[str, RestStage]
    deployments: Mapping[str, RestApiDefinition]


def read_rest_api(account_id: str, region: str, api_id: str) -> DeployedRestApi | None:
    """The API as it is now; None when there is none."""
    api = _apis(account_id, region).get(api_id)
    if api is None:
        return None
    return DeployedRestApi(
        api_id=api_id,
        name=api.name,
        stages={name: _stage(stage) for name, stage in list(api.stages.items())},
        deployments={each.id: definition_of(api, each) for each in list(api.deployments.values())},
    )


def read_draft(account_id: str, region: str, api_id: str) -> RestApiDefinition | None:
    """What would be deployed now; None when there is no such API."""
    api = _apis(account_id, region).get(api_id)
    return None if api is None else snapshot(api, _Undeployed())


class _Undeployed:
    """Stands for the deployment of what is not deployed."""

    id = ""
    created_date = 0


def kept_rest_api(account_id: str, region: str, api_id: str) -> Callable[[], DeployedRestApi | None]:
    """Gives the API as it is now, and reads it again only after something was written to moto."""
    watch_writes()
    kept: list[tuple[int, DeployedRestApi | None]] = [(-1, None)]

    def definition() -> DeployedRestApi | None:
        number = last_write()
        if kept[0][0] != number:
            kept[0] = (number, read_rest_api(account_id, region, api_id))
        return kept[0][1]

    return definition


def find_rest_api(api_id: str) -> tuple[str, str] | None:
    """The account and the region of a REST API; None when nobody has one with this id."""
    for account_id, regions in list(_backends().items()):
        for region, backend in list(regions.items()):
            if api_id in backend.apis:
                return account_id, region
    return None


def read_base_paths(account_id: str, region: str, domain_name: str) -> Sequence[ApiMapping]:
    """Where a custom domain leads by base path mappings. A stage is empty where the path's next segment says it."""
    if not _backends():
        return ()
    mappings = _backends()[account_id][region].base_path_mappings.get(domain_name) or {}
    return [
        ApiMapping(
            key="" if mapping.base_path == "(none)" else mapping.base_path,
            api_id=mapping.rest_api_id,
            stage="" if mapping.stage in (None, "(none)") else mapping.stage,
        )
        for mapping in list(mappings.values())
    ]


def _backends() -> Any:
    return getattr(loaded("moto.apigateway.models"), "apigateway_backends", None) or {}


def _apis(account_id: str, region: str) -> Mapping[str, Any]:
    backends = _backends()
    apis: Mapping[str, Any] = backends[account_id][region].apis if backends else {}
    return apis


def _stage(stage: Any) -> RestStage:
    log = stage.access_log_settings or {}
    return RestStage(
        name=stage.name,
        deployment_id=stage.deployment_id or "",
        variables={name: str(value) for name, value in (stage.variables or {}).items()},
        settings={key: _settings(settings) for key, settings in list(stage.method_settings.items())},
        access_log=(log["destinationArn"], log["format"]) if log.get("destinationArn") and log.get("format") else None,
        canary=_canary(getattr(stage, CANARY, None)),
        tracing=bool(stage.tracing_enabled),
    )


def _settings(settings: Mapping[str, Any]) -> MethodSettings:
    rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
    return MethodSettings(
        rate=None if rate is None else float(rate),
        burst=None if burst is None else int(burst),
        metrics=bool(settings.get("metricsEnabled")),
        logging_level=str(settings.get("loggingLevel") or "OFF"),
        data_trace=bool(settings.get("dataTraceEnabled")),
        caching=bool(settings.get("cachingEnabled")),
        cache_ttl_seconds=int(settings.get("cacheTtlInSeconds") or 0),
    )


def _canary(settings: Mapping[str, Any] | None) -> Canary | None:
    if not settings or not settings.get("deploymentId"):
        return None
    return Canary(
        percent=float(settings.get("percentTraffic") or 0),
        deployment_id=str(settings["deploymentId"]),
        variable_overrides={name: str(value) for name, value in (settings.get("stageVariableOverrides") or {}).items()},
    )
