"""What is told of each exchange: in the trace, in the stage's access log, and in metrics.

Source: API Gateway Developer Guide, "Monitor WebSocket API execution with CloudWatch metrics", "Configure logging for
WebSocket APIs in API Gateway".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from lambdakit.clock import Clock
from lambdakit.harness.moto_state.http_apis import Stage
from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.moto_state.websocket_apis import SocketRoute, WebSocketApiDefinition
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.websocket.connections import OpenConnection
from lambdakit.harness.routing.websocket.socket_answer import SocketRefused
from lambdakit.harness.routing.websocket.socket_event import SocketResult
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange, request_context
from lambdakit.harness.routing.websocket.socket_integrations import SocketIntegrate, asked
from lambdakit.harness.routing.websocket.socket_values import context_value
from lambdakit.trace import RequestAnswered, RequestReceived, TraceLog

_DOOR: Final = "websocket_api"
_NAMESPACE: Final = "AWS/ApiGateway"
_GROUP: Final = re.compile(r"arn:[^:]+:logs:([^:]+):([^:]+):log-group:([^:]+)(?::\*)?")
_VARIABLE: Final = re.compile(r"\$context\.([A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*)")


class Metrics(Protocol):
    """Where measurements go."""

    def add(
        self,
        account_id: str,
        region: str,
        dimensions: tuple[tuple[str, str], ...],
        values: tuple[tuple[str, str, float], ...],
        at: datetime,
        namespace: str = "",
    ) -> None:
        """Takes each of `values`: metric, unit, number."""


class SocketRecords:
    """Tells of the exchanges of one API. write_line: takes a line of an access log."""

    def __init__(
        self,
        *,
        api_id: str,
        account_id: str,
        region: str,
        write_line: WriteLine,
        metrics: Metrics,
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._api_id = api_id
        self._account_id = account_id
        self._region = region
        self._metrics = metrics
        self.write_line = write_line
        self.trace = trace
        self.clock = clock

    def begin(self, api: WebSocketApiDefinition, stage: Stage, exchange: SocketExchange) -> SocketRecord:
        """An exchange has begun."""
        record = SocketRecord(self, api.name, stage)
        self.trace.append(RequestReceived(**record.named(exchange)))
        if exchange.event_type == "MESSAGE":
            self.measure(stage.name, ("MessageCount", "Count", 1.0))
        return record

    def posted(self, connection: OpenConnection) -> None:
        """A message was sent to a client."""
        self.measure(connection.client.stage, ("MessageCount", "Count", 1.0))

    def measure(self, stage: str, *values: tuple[str, str, float]) -> None:
        """Takes each of `values`: metric, unit, number."""
        dimensions = (("ApiId", self._api_id), ("Stage", stage))
        self._metrics.add(self._account_id, self._region, dimensions, values, self.clock.now(), _NAMESPACE)


class SocketRecord:
    """One exchange."""

    def __init__(self, records: SocketRecords, name: str, stage: Stage) -> None:
        self._records = records
        self._name = name
        self._stage = stage
        self._started = records.clock.monotonic()
        self._integration_ms: float | None = None

    def named(self, exchange: SocketExchange) -> dict[str, Any]:
        """What the trace's events have in common."""
        return {
            "request_id": exchange.request_id,
            "door": _DOOR,
            "resource": self._name,
            "method": exchange.event_type,
            "path": exchange.route_key,
        }

    def asked(
        self, integrations: Mapping[str, SocketIntegrate], route: SocketRoute, exchange: SocketExchange
    ) -> SocketResult:
        """What the route's integration said, measured."""
        started = self._records.clock.monotonic()
        if exchange.event_type == "CONNECT":
            self._records.measure(self._stage.name, ("ConnectCount", "Count", 1.0))
        try:
            return asked(integrations, route, exchange)
        finally:
            self._integration_ms = (self._records.clock.monotonic() - started) * 1000
            if route.integration is not None and route.integration.type != "MOCK":
                latency = ("IntegrationLatency", "Milliseconds", self._integration_ms)
                self._records.measure(self._stage.name, latency)

    def answered(self, exchange: SocketExchange, result: SocketResult) -> None:
        """The backend's own answer stands."""
        if result.status >= 400:
            self._records.measure(self._stage.name, ("IntegrationError", "Count", 1.0))
        self._end(exchange, result.status, result.status, "", "")

    def refused(self, exchange: SocketExchange, refused: SocketRefused) -> None:
        """The API answered for itself."""
        was_asked = self._integration_ms is not None
        metric = "ExecutionError" if was_asked else "ClientError" if refused.status < 500 else ""
        if metric:
            self._records.measure(self._stage.name, (metric, "Count", 1.0))
        self._end(exchange, refused.status, None, refused.message, refused.problem)

    def _end(
        self, exchange: SocketExchange, status: int, integration_status: int | None, message: str, problem: str
    ) -> None:
        duration_ms = (self._records.clock.monotonic() - self._started) * 1000
        self._records.trace.append(
            RequestAnswered(**self.named(exchange), status=status, duration_ms=duration_ms, problem=problem)
        )
        context = request_context(exchange)
        context |= {
            "status": status,
            "error": {"message": message, "messageString": f'"{message}"' if message else ""},
            "integrationErrorMessage": problem if self._integration_ms is not None else "",
            "integrationStatus": integration_status,
            "integrationLatency": None if self._integration_ms is None else round(self._integration_ms),
            "accountId": exchange.account_id,
            "domainPrefix": exchange.client.domain_name.partition(".")[0],
        }
        self._log(exchange, context)

    def _log(self, exchange: SocketExchange, context: Mapping[str, Any]) -> None:
        if self._stage.access_log is None:
            return
        destination, text_format = self._stage.access_log
        group = _GROUP.fullmatch(destination)
        if group is None:
            return
        name = f"{exchange.api_id}/{self._stage.name}"
        place = LogPlace(account_id=group[2], region=group[1], group=group[3], stream=name)
        line = _VARIABLE.sub(lambda match: context_value(context, match[1]) or "-", text_format)
        self._records.write_line(place, line, exchange.at)
