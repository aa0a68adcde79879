"""The doors of WebSocket APIs, with what they work with."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from lambdakit.clock import Scheduler
from lambdakit.harness.access import Access
from lambdakit.harness.activity import Activity
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.moto_state.websocket_apis import find_websocket_api, kept_websocket_api
from lambdakit.harness.network.guard import NetworkGuard
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.function_calls import FunctionCalls
from lambdakit.harness.routing.http_proxy import HttpProxy
from lambdakit.harness.routing.rest.aws_integration import AwsIntegration
from lambdakit.harness.routing.websocket.aws_backend import AwsBackend
from lambdakit.harness.routing.websocket.backend_integration import BackendIntegration, mock
from lambdakit.harness.routing.websocket.connect_authorizer import ConnectAuthorizer
from lambdakit.harness.routing.websocket.http_backend import HttpBackend
from lambdakit.harness.routing.websocket.lambda_integration import SocketLambda
from lambdakit.harness.routing.websocket.socket_integrations import SocketIntegrate
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Headers, Request, Response
from lambdakit.trace import ServiceCalled, TraceLog

if TYPE_CHECKING:
    from lambdakit.harness.routing.websocket.socket_record import Metrics
    from lambdakit.harness.routing.websocket.websocket_api import WebSocketApi

_SERVICE: Final = "execute-api"
_OPERATIONS: Final = {"POST": "PostToConnection", "GET": "GetConnection", "DELETE": "DeleteConnection"}
# Messages that are being handled at one moment, of all APIs: as many functions may run at once in an account.
_MESSAGES_MAX: Final = 1_000


class SocketDoors:
    """Makes the door of each WebSocket API. Join it after the environments have ended."""

    def __init__(
        self,
        *,
        calls: FunctionCalls,
        access: Access,
        network: NetworkGuard,
        proxy: HttpProxy,
        services: AwsIntegration,
        write_line: WriteLine,
        metrics: Metrics,
        trace: TraceLog,
        activity: Activity,
        clock: Scheduler,
    ) -> None:
        self._calls = calls
        self._access = access
        self._network = network
        self._write_line = write_line
        self._metrics = metrics
        self._trace = trace
        self._activity = activity
        self._clock = clock
        self._workers = Workers("socket", most=_MESSAGES_MAX)
        self._apis: dict[str, WebSocketApi] = {}
        http = HttpBackend(proxy)
        self._integrations: dict[str, SocketIntegrate] = {
            "AWS": BackendIntegration(AwsBackend(calls.call, services)),
            "AWS_PROXY": SocketLambda(calls.call),
            "HTTP": BackendIntegration(http),
            "HTTP_PROXY": BackendIntegration(http, is_proxy=True),
            "MOCK": BackendIntegration(mock),
        }

    def api(self, api_id: str, region: str, account_id: str) -> WebSocketApi:
        """The door of an API."""
        # With the library for frames and handshakes, which a harness without such an API does without.
        from lambdakit.harness.routing.websocket.socket_record import SocketRecords
        from lambdakit.harness.routing.websocket.websocket_api import WebSocketApi

        api = self._apis[api_id] = WebSocketApi(
            api_id=api_id,
            account_id=account_id,
            region=region,
            definition=kept_websocket_api(account_id, region, api_id),
            authorizer=ConnectAuthorizer(callers=self._access, call=self._calls.call),
            integrations=self._integrations,
            manage=self._manage,
            records=SocketRecords(
                api_id=api_id,
                account_id=account_id,
                region=region,
                write_line=self._write_line,
                metrics=self._metrics,
                trace=self._trace,
                clock=self._clock,
            ),
            activity=self._activity,
            submit=self._workers.submit,
            clock=self._clock,
        )
        return api

    def open_unknown(self, api_id: str, open_api: Callable[[str, str, str], None]) -> None:
        """Serves an API that was made through API Gateway's own API; nothing happens when there is none."""
        place = find_websocket_api(api_id)
        if place is not None:
            account_id, region = place
            open_api(api_id, region, account_id)

    def take_in(self) -> None:
        """Handles every message that has come so far: after it, each of them is done or under way."""
        for api in list(self._apis.values()):
            api.take_in()

    def join(self) -> None:
        """Waits for what was under way, and begins nothing any more."""
        self._workers.stop()
        self._workers.join()

    def _manage(self, request: Request, environment: str, host: str, serve: Callable[[Request], Response]) -> Response:
        """The answer to a request for `@connections`, of whoever is known and may ask for it."""
        started = time.perf_counter()
        named = dataclasses.replace(read_service_request(request), service=_SERVICE)
        principal = self._access.identify(request, named, environment)
        if isinstance(principal, Response):
            return principal
        asker = environment or principal.environment
        held = self._network.hold(asker, _SERVICE, named.region)
        if held is not None:
            return held
        way = self._network.verdict(asker, _SERVICE, named.region)
        # Permissions know the API by its name on AWS, whatever address it was asked under.
        fields = [(name, value) for name, value in request.headers.items if name.lower() != "host"]
        target = request.target.replace("/%40connections/", "/@connections/", 1)  # which is the same
        seen = dataclasses.replace(request, target=target, headers=Headers([("host", host), *fields]))
        response = self._access.refusal(seen, named, principal, way) or serve(request)
        if principal.function:
            self._trace.append(
                ServiceCalled(
                    function=principal.function,
                    environment=principal.environment,
                    service=_SERVICE,
                    operation=_OPERATIONS.get(request.method, request.method),
                    resource=request.path.rpartition("/")[2],
                    status=response.status,
                    duration_ms=(time.perf_counter() - started) * 1000,
                )
            )
        return response
