"""What a stage does with each method: metrics and logs, and its access log.

Source: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway", "Amazon API Gateway
dimensions and metrics".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.moto_state.rest_definition import RestStage
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.rest.context import RestOutcome, context_values
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.method_settings import method_settings

_NAME: Final = r"context\.([A-Za-z0-9_]+(?:[.:-][A-Za-z0-9_]+)*)"
_VARIABLE: Final = re.compile(rf"\$(?:\{{{_NAME}\}}|{_NAME})")
_GROUP: Final = re.compile(r"arn:[^:]+:logs:([^:]+):([^:]+):log-group:([^:]+)(?::\*)?")
_NAMESPACE: Final = "AWS/ApiGateway"

_Dimensions = tuple[tuple[str, str], ...]
_Values = tuple[tuple[str, str, float], ...]


class MetricStore(Protocol):
    """Where measurements go; may keep them for later."""

    def add(
        self,
        account_id: str,
        region: str,
        dimensions: _Dimensions,
        values: _Values,
        at: datetime,
        namespace: str = "",
    ) -> None:
        """Takes each of `values`: metric, unit, number."""


def measure(store: MetricStore, stage: RestStage, exchange: RestExchange, outcome: RestOutcome) -> None:
    """Measures a request. With detailed metrics the resource and the method are dimensions too."""
    dimensions: _Dimensions = (("ApiName", exchange.api.name), ("Stage", stage.name))
    if exchange.method is not None and method_settings(stage, exchange).metrics:
        dimensions = (*dimensions, ("Method", exchange.request.method), ("Resource", exchange.resource_path))
    status = outcome.status or 0
    values: _Values = (
        ("Count", "Count", 1),
        ("4XXError", "Count", 1 if 400 <= status < 500 else 0),
        ("5XXError", "Count", 1 if status >= 500 else 0),
        ("Latency", "Milliseconds", outcome.duration_ms or 0),
    )
    if outcome.integration_ms is not None:
        values = (*values, ("IntegrationLatency", "Milliseconds", outcome.integration_ms))
    store.add(exchange.account_id, exchange.region, dimensions, values, exchange.at, namespace=_NAMESPACE)


def write_access_log(write: WriteLine, stage: RestStage, exchange: RestExchange, outcome: RestOutcome) -> None:
    """Writes the line of a request; nothing where the stage keeps no log, or keeps it elsewhere than in a group."""
    if stage.access_log is None:
        return
    destination, text_format = stage.access_log
    group = _GROUP.fullmatch(destination)
    if group is None:
        return
    place = LogPlace(account_id=group[2], region=group[1], group=group[3], stream=f"{exchange.api.api_id}/{stage.name}")
    write(place, access_line(text_format, context_values(exchange, outcome)), exchange.at)


def access_line(text_format: str, values: Mapping[str, Any]) -> str:
    """The format with every variable in place; one without a value is a hyphen."""

    def value(match: re.Match[str]) -> str:
        found: Any = values
        for part in (match[1] or match[2]).split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is None or found == "":
            return "-"
        return found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))

    return _VARIABLE.sub(value, text_format)


def write_execution_log(
    write: WriteLine, now: Callable[[], datetime], stage: RestStage, exchange: RestExchange, outcome: RestOutcome
) -> None:
    """Writes what happened to a request, where the stage logs executions; on level `ERROR` only what failed."""
    level = method_settings(stage, exchange).logging_level
    failure = outcome.refused.problem if outcome.refused is not None else ""
    if level == "OFF" or (level == "ERROR" and not failure):
        return
    lines = [
        f"Extended Request Id: {exchange.extended_request_id}",
        f"Starting execution for request: {exchange.request_id}",
        f"HTTP Method: {exchange.request.method}, Resource Path: {exchange.path}",
        *([f"Execution failed: {failure}"] if failure else ["Successfully completed execution"]),
        f"Method completed with status: {outcome.status}",
    ]
    group = f"API-Gateway-Execution-Logs_{exchange.api.api_id}/{stage.name}"
    place = LogPlace(account_id=exchange.account_id, region=exchange.region, group=group, stream=exchange.request_id)
    for line in lines:
        write(place, f"({exchange.request_id}) {line}", now())
