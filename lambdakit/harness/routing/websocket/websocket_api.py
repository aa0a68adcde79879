"""A WebSocket API's front door.

    request -> stage -> `@connections`, for backends
                     -> handshake -> throttle -> authorizer -> `$connect` -> 101, and a thread of its own from then on
    message -> route -> throttle -> integration, in another thread -> what it says, if the route answers
    end     -> `$disconnect`, in another thread

What is under way is an activity from the moment its bytes are read. A connection ends with its client, with its time,
with `DELETE @connections`, and without a `$disconnect` when the API is changed, reset or closed.
Source: API Gateway Developer Guide, "Overview of WebSocket APIs", "Manage connected users and client apps: $connect and
$disconnect routes", "Set up route responses for WebSocket APIs".
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.invocation.workers import Job
from lambdakit.harness.moto_state.http_apis import Stage
from lambdakit.harness.moto_state.websocket_apis import WebSocketApiDefinition
from lambdakit.harness.routing.exchange import OwnAnswer, told
from lambdakit.harness.routing.http_api import Mapped
from lambdakit.harness.routing.throttle import Throttles, seconds_of
from lambdakit.harness.routing.traced_request import request_id_of_api, with_trace_id
from lambdakit.harness.routing.websocket.connect_authorizer import ConnectAuthorizer
from lambdakit.harness.routing.websocket.connection import NotTaken, WebSocketConnection
from lambdakit.harness.routing.websocket.connections import OpenConnection, OpenConnections
from lambdakit.harness.routing.websocket.handshake import Handshake, read_handshake
from lambdakit.harness.routing.websocket.managed_connections import PATH, Manage, ManagedConnections
from lambdakit.harness.routing.websocket.selection import CONNECT, DISCONNECT, choose_route
from lambdakit.harness.routing.websocket.socket_answer import FORBIDDEN, THROTTLED, SocketRefused, own_message
from lambdakit.harness.routing.websocket.socket_event import SocketResult
from lambdakit.harness.routing.websocket.socket_exchange import EventType, SocketClient, SocketExchange
from lambdakit.harness.routing.websocket.socket_integrations import SocketIntegrate
from lambdakit.harness.routing.websocket.socket_record import SocketRecord, SocketRecords
from lambdakit.harness.wire import Request, Response, TakenConnection
from lambdakit.limits import WEBSOCKET_URL_CHARACTERS_MAX

logger = logging.getLogger(__name__)

_LEAVE_SECONDS: Final = 1.0  # for a client whose connection has ended, to end its side


class WebSocketApi:
    """Serves one WebSocket API.

    definition: the API as it is now; None once it is deleted. integrations: by type. manage: lets requests to
    `@connections` through. records: what is told of each exchange. submit: has a job done in another thread.
    """

    def __init__(
        self,
        *,
        api_id: str,
        account_id: str,
        region: str,
        definition: Callable[[], WebSocketApiDefinition | None],
        authorizer: ConnectAuthorizer,
        integrations: Mapping[str, SocketIntegrate],
        manage: Manage,
        records: SocketRecords,
        activity: Activity,
        submit: Callable[[Job], None],
        clock: Scheduler,
    ) -> None:
        self._api_id = api_id
        self._account_id = account_id
        self._region = region
        self._domain_name = f"{api_id}.execute-api.{region}.amazonaws.com"
        self._definition = definition
        self._authorizer = authorizer
        self._integrations = integrations
        self._manage = manage
        self._records = records
        self._activity = activity
        self._clock = clock
        self._throttles = Throttles(seconds_of(clock))
        self._connections = OpenConnections()
        self._resets = 0
        self._managed = ManagedConnections(self._connections, records.posted)
        self._submit = submit

    def serve(self, request: Request, environment: str = "", *, mapped: Mapped | None = None) -> Response:
        """The API's answer, whatever the request; a connection, if it asks for one and gets it.

        environment: the execution environment that it comes from; empty for others. mapped: how a custom domain led
        here; None for the API's own name.
        """
        api = self._definition()
        if api is None or (mapped is None and not api.own_endpoint):
            return told(*FORBIDDEN)
        stage, rest = _place(api, request, mapped)
        if stage is None:
            return told(*FORBIDDEN)
        if unquote(rest).startswith(PATH):
            return self._manage(
                request,
                environment,
                self._domain_name,
                lambda allowed: self._managed.serve(allowed, stage.name, rest),
            )
        try:
            if rest:
                raise OwnAnswer(*FORBIDDEN, f"there is nothing below the stage {stage.name}")
            if len(request.target) > WEBSOCKET_URL_CHARACTERS_MAX:
                raise OwnAnswer(414, "Request-URI Too Long", f"the URL has {len(request.target)} characters")
            handshake = read_handshake(request)
        except OwnAnswer as own:
            return own.response
        domain_name = self._domain_name if mapped is None else mapped.domain_name
        return self._connect(api, stage, with_trace_id(request, self._clock.now()), handshake, domain_name, environment)

    def take_in(self) -> None:
        """Handles every message that has come so far: after it, each of them is done or under way."""
        for connection in self._connections.all():
            if connection.socket is not None:
                connection.socket.take_in()

    def reset(self) -> None:
        """Ends every connection, unnoticed by the API's own functions, and forgets who was throttled."""
        self._resets += 1
        self._connections.end_all()
        self._throttles.reset()

    def _connect(
        self,
        api: WebSocketApiDefinition,
        stage: Stage,
        request: Request,
        handshake: Handshake,
        domain_name: str,
        environment: str,
    ) -> Response:
        now, resets = self._clock.now(), self._resets
        client = SocketClient(
            connection_id=request_id_of_api(),
            connected_at=now,
            domain_name=domain_name,
            stage=stage.name,
            source_ip=request.peer[0],
            user_agent=request.headers.get("user-agent"),
        )
        exchange = dataclasses.replace(
            self._exchange(client, stage, "CONNECT", CONNECT, at=now),
            request=request,
            trace_id=request.headers.get("x-amzn-trace-id"),
        )
        record = self._records.begin(api, stage, exchange)
        try:
            exchange, result = self._admitted(api, stage, exchange, environment, record)
        except SocketRefused as refused:
            record.refused(exchange, refused)
            body = own_message(refused.message, client.connection_id, exchange.request_id)
            return Response(status=refused.status, headers=[("Content-Type", "application/json")], body=body)
        record.answered(exchange, result)
        if not 200 <= result.status < 300:
            return Response(status=result.status, headers=[("Content-Type", "application/json")])
        chosen = next((value for name, value in result.headers if name.lower() == "sec-websocket-protocol"), "")
        return Response(
            status=101,
            headers=handshake.headers(chosen),
            takes_over=lambda taken: self._converse(OpenConnection(exchange.client, self._clock), taken, resets),
            switches_to="websocket",
        )

    def _admitted(
        self,
        api: WebSocketApiDefinition,
        stage: Stage,
        exchange: SocketExchange,
        environment: str,
        record: SocketRecord,
    ) -> tuple[SocketExchange, SocketResult]:
        if not self._throttles.admits(stage, CONNECT):
            raise SocketRefused(THROTTLED, f"the stage's limit for {CONNECT} is reached")
        route = api.routes.get(CONNECT)
        if route is None:
            return exchange, SocketResult(status=200)
        authorized = self._authorizer.authorize(api, route, exchange, environment)
        exchange = dataclasses.replace(exchange, client=dataclasses.replace(exchange.client, authorized=authorized))
        if route.integration is None:
            return exchange, SocketResult(status=200)
        return exchange, record.asked(self._integrations, route, exchange)

    def _converse(self, connection: OpenConnection, taken: TakenConnection, resets: int) -> None:
        """The life of a connection, in its own thread. resets: how many there had been when it was let in."""
        connection.socket = WebSocketConnection(
            taken,
            received=lambda text: self._begin("message", self._message, connection, text),
            ended=lambda code, reason: self._ended(connection, code, reason),
            active=connection.is_active,
        )
        self._connections.add(connection)
        connection.watch()
        if resets != self._resets:  # its client knows that it is open, and a reset did not yet
            self._connections.end(connection)
        connection.socket.serve()

    def _message(self, connection: OpenConnection, text: str) -> None:
        api = self._definition()
        stage = None if api is None else api.stages.get(connection.client.stage)
        if api is None or stage is None:
            return
        route = choose_route(api.routes, api.route_selection, text)
        key = "$default" if route is None else route.key
        exchange = dataclasses.replace(
            self._exchange(connection.client, stage, "MESSAGE", key, at=self._clock.now()),
            body=text,
            message_id=request_id_of_api(),
        )
        record = self._records.begin(api, stage, exchange)
        try:
            if route is None:
                raise SocketRefused(FORBIDDEN, "no route takes the message")
            if not self._throttles.admits(stage, key):
                raise SocketRefused(THROTTLED, f"the stage's limit for {key} is reached")
            result = record.asked(self._integrations, route, exchange)
        except SocketRefused as refused:
            record.refused(exchange, refused)
            self._send(connection, own_message(refused.message, connection.client.connection_id, exchange.request_id))
            return
        record.answered(exchange, result)
        if route.answers and result.body:
            self._send(connection, result.body)

    def _send(self, connection: OpenConnection, message: bytes) -> None:
        assert connection.socket is not None
        try:
            connection.socket.send(message)
        except NotTaken:
            logger.debug("%s does not read what it is sent", connection.client.connection_id)

    def _ended(self, connection: OpenConnection, code: int, reason: str) -> None:
        self._connections.remove(connection.client.connection_id)
        self._begin("end of a connection", self._disconnect, connection, code, reason)

    def _disconnect(self, connection: OpenConnection, code: int, reason: str) -> None:
        try:
            self._told_of_end(connection, code, reason)
        finally:
            assert connection.socket is not None
            connection.socket.leave(_LEAVE_SECONDS)

    def _told_of_end(self, connection: OpenConnection, code: int, reason: str) -> None:
        api = self._definition()
        stage = None if api is None else api.stages.get(connection.client.stage)
        route = None if api is None else api.routes.get(DISCONNECT)
        if api is None or stage is None or route is None or route.integration is None:
            return
        exchange = dataclasses.replace(
            self._exchange(connection.client, stage, "DISCONNECT", DISCONNECT, at=self._clock.now()),
            ended=(code, reason),
        )
        record = self._records.begin(api, stage, exchange)
        try:
            record.answered(exchange, record.asked(self._integrations, route, exchange))
        except SocketRefused as refused:
            record.refused(exchange, refused)

    def _exchange(
        self, client: SocketClient, stage: Stage, event_type: EventType, route_key: str, *, at: datetime
    ) -> SocketExchange:
        return SocketExchange(
            client=client,
            event_type=event_type,
            route_key=route_key,
            request_id=request_id_of_api(),
            api_id=self._api_id,
            account_id=self._account_id,
            region=self._region,
            at=at,
            stage_variables=stage.variables,
        )

    def _begin(self, what: str, run: Callable[..., None], *arguments: object) -> None:
        """Does something soon, in another thread; it counts as under way from now on."""
        label = f"{what} of the WebSocket API {self._api_id}"
        self._activity.begin(label)

        def work() -> None:
            try:
                run(*arguments)
            finally:
                self._activity.end(label)

        self._submit(work)


def _place(api: WebSocketApiDefinition, request: Request, mapped: Mapped | None) -> tuple[Stage | None, str]:
    """The stage, and the path behind it, without a slash before it."""
    if mapped is not None:
        path = request.path.removeprefix(f"/{mapped.base_path}") if mapped.base_path else request.path
        return api.stages.get(mapped.stage), path.lstrip("/")
    name, _, rest = request.path.removeprefix("/").partition("/")
    return api.stages.get(name), rest
