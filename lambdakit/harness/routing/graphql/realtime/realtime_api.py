"""The real-time endpoint of a GraphQL API: who connects, subscribes and is told.

    connection_init -> connection_ack       start -> start_ack | error       stop -> complete
    a mutation's result -> data, to those whose subscription is fed by it and whose arguments or filter it fits

Messages of clients are handled one after the other for each client, in threads of their own, and count as under way
from the moment that they have come.
Source: AppSync Developer Guide, "Building a real-time WebSocket client".
"""

from __future__ import annotations

import dataclasses
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

from graphql import FieldNode
from graphql.execution.values import get_argument_values, get_variable_values

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.routing.exchange import OwnAnswer
from lambdakit.harness.routing.graphql.authorization.admission import Admission
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition
from lambdakit.harness.routing.graphql.errors import Body, RequestRefused
from lambdakit.harness.routing.graphql.execution.operation import (
    Operation,
    OperationRefused,
    read_body,
    read_operation,
)
from lambdakit.harness.routing.graphql.execution.visit import Visit
from lambdakit.harness.routing.graphql.realtime.filters import problem_of_filter
from lambdakit.harness.routing.graphql.realtime.messages import (
    KEEP_ALIVE_SECONDS,
    SUBPROTOCOL,
    TIMEOUT_MS,
    connection_header,
    errors,
    shown_by,
)
from lambdakit.harness.routing.graphql.realtime.published import published
from lambdakit.harness.routing.graphql.realtime.subscriber import LEAVE_SECONDS, Subscriber, Subscription
from lambdakit.harness.routing.graphql.realtime.told import Told
from lambdakit.harness.routing.graphql.schema.built import built_schema
from lambdakit.harness.routing.websocket.connection import WebSocketConnection
from lambdakit.harness.routing.websocket.handshake import read_handshake
from lambdakit.harness.wire import Request, Response, TakenConnection
from lambdakit.limits import APPSYNC_MESSAGE_BYTES_MAX
from lambdakit.trace import TraceLog

_CONNECT_PATH: Final = "/graphql/connect"
_PATH: Final = "/graphql"
_GOING_AWAY: Final = (1001, "Going away")
_UNSUPPORTED: Final = "UnsupportedOperation"
_MESSAGE: Final = "a message of a subscriber"


class Execute(Protocol):
    """Executes an operation for a caller."""

    def __call__(
        self,
        definition: GraphqlDefinition,
        operation: Operation,
        authorized: Authorized,
        *,
        request_id: str,
        headers: Mapping[str, str],
        root: Any = None,
    ) -> tuple[Body, Visit]:
        """The answer's body, and what was noted on the way."""


class RealtimeApi:
    """Serves the subscribers of one API. submit: runs something soon, in another thread."""

    def __init__(
        self,
        *,
        definition: Callable[[], GraphqlDefinition | None],
        admission: Admission,
        execute: Execute,
        activity: Activity,
        submit: Callable[[Callable[[], None]], None],
        trace: TraceLog,
        clock: Scheduler,
    ) -> None:
        self._definition = definition
        self._admission = admission
        self._execute = execute
        self._activity = activity
        self._submit = submit
        self._told = Told(definition, trace, clock)
        self._clock = clock
        self._subscribers: set[Subscriber] = set()
        self._lock = threading.Lock()

    def connect(self, request: Request, environment: str) -> Response:
        """The answer to a handshake. Who is not let in is told so over the connection, which ends then."""
        try:
            handshake = read_handshake(request)
        except OwnAnswer as own:
            return own.response
        offered = ",".join(request.headers.all("sec-websocket-protocol"))
        if SUBPROTOCOL not in [each.strip() for each in offered.split(",")]:
            return Response(status=400, body=b"the sub-protocol graphql-ws is wanted")
        subscriber = Subscriber(request, environment)
        return Response(
            status=101,
            headers=handshake.headers(SUBPROTOCOL),
            takes_over=lambda taken: self._converse(subscriber, taken),
            switches_to="websocket",
        )

    def publish(self, definition: GraphqlDefinition, operation: Operation, body: Body) -> None:
        """Tells subscribers of what a mutation gave."""
        fed = built_schema(definition.schema_text).subscriptions
        for mutation, payload in published(operation, body.get("data")):
            for field in fed.get(mutation, ()):
                self._tell(definition, field, payload)

    def invalidate(self, invalidation: Any) -> None:
        """Ends the subscriptions to a field whose filter for that a payload fits.

        Source: AppSync Developer Guide, "Unsubscribing WebSocket connections using filters".
        """
        given = invalidation if isinstance(invalidation, Mapping) else {}
        payload = given.get("payload")
        for subscriber in self._all():
            for subscription in subscriber.to(str(given.get("subscriptionField", ""))):
                with self._told.apart("INVALIDATE", subscription.field):
                    if subscription.is_ended_by(payload):
                        subscriber.remove(subscription.identity)
                        self._say(subscriber, "complete", subscription.identity)

    def reset(self) -> None:
        """Ends every connection."""
        ending = self._all()
        with self._lock:
            self._subscribers.clear()
        for subscriber in ending:
            subscriber.end(*_GOING_AWAY)
        deadline = time.monotonic() + LEAVE_SECONDS
        for subscriber in ending:
            subscriber.leave(deadline - time.monotonic())

    def take_in(self) -> None:
        """Handles what clients have sent so far: after it, all of that is done or under way."""
        for subscriber in self._all():
            if subscriber.socket is not None:
                subscriber.socket.take_in()

    def _all(self) -> list[Subscriber]:
        with self._lock:
            return list(self._subscribers)

    def _converse(self, subscriber: Subscriber, taken: TakenConnection) -> None:
        """The life of a connection, in its own thread."""
        subscriber.socket = WebSocketConnection(
            taken,
            received=lambda text: self._received(subscriber, text),
            ended=lambda code, reason: self._ended(subscriber),
            active=lambda: None,
            frame_bytes_max=APPSYNC_MESSAGE_BYTES_MAX,  # no page says how large a frame may be
            message_bytes_max=APPSYNC_MESSAGE_BYTES_MAX,
        )
        started = self._clock.monotonic()
        refused = self._refusal(subscriber)
        self._told.tell("CONNECT", _CONNECT_PATH, started, "" if refused is None else str(refused))
        if refused is not None:
            payload = errors(
                [{"errorType": refused.error_type, "errorCode": refused.status, "message": refused.message}]
            )
            subscriber.send("connection_error", payload=payload)
            subscriber.socket.end(1008, refused.error_type)
            subscriber.leave(LEAVE_SECONDS)
        else:
            with self._lock:
                self._subscribers.add(subscriber)
        subscriber.socket.serve()

    def _refusal(self, subscriber: Subscriber) -> RequestRefused | None:
        definition = self._definition()
        if definition is None:
            return RequestRefused(404, "NotFoundException", "the API is gone")
        request = subscriber.request
        header = connection_header(request)
        shown = shown_by(header, request, subscriber.environment, path=_CONNECT_PATH, body=b"{}")
        try:
            self._admission.admit(definition, shown, None, str(uuid.uuid4()))
        except RequestRefused as refused:
            return refused
        return None

    def _ended(self, subscriber: Subscriber) -> None:
        with self._lock:
            self._subscribers.discard(subscriber)
        if subscriber.keep_alive is not None:
            subscriber.keep_alive.cancel()

    def _message(self, subscriber: Subscriber, text: str) -> None:
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        kind = said.get("type") if isinstance(said, dict) else None
        identity = str(said["id"]) if isinstance(said, dict) and "id" in said else None
        if kind == "connection_init":
            self._initialize(subscriber)
        elif kind == "start" and identity is not None and isinstance(said, dict):
            self._start(subscriber, identity, said.get("payload"))
        elif kind == "stop" and identity is not None:
            subscriber.remove(identity)
            self._say(subscriber, "complete", identity)
        else:
            told = {"errorType": _UNSUPPORTED, "message": f"{kind} not supported through the realtime channel"}
            self._say(subscriber, "error", identity, errors([told]))

    def _initialize(self, subscriber: Subscriber) -> None:
        subscriber.initialized = True
        self._say(subscriber, "connection_ack", payload={"connectionTimeoutMs": TIMEOUT_MS})
        if subscriber.keep_alive is None:
            self._keep_alive(subscriber)

    def _keep_alive(self, subscriber: Subscriber) -> None:
        """Says that the connection is there, now and every minute; nobody waits for that."""

        def again() -> None:
            if subscriber in self._all():
                self._keep_alive(subscriber)

        subscriber.send("ka")  # lost on who does not read: nobody misses it
        due = self._clock.now() + timedelta(seconds=KEEP_ALIVE_SECONDS)
        subscriber.keep_alive = self._clock.schedule(due, again, label="a real-time connection", recurring=True)

    def _start(self, subscriber: Subscriber, identity: str, payload: Any) -> None:
        started = self._clock.monotonic()
        field = ""
        problems: list[Body] = []
        try:
            subscription = self._subscribed(subscriber, identity, payload)
        except RequestRefused as refused:
            problems = [{"errorType": refused.error_type, "message": refused.message}]
        except OperationRefused as refused_operation:
            problems = refused_operation.errors
        else:
            field = subscription.field
            if not subscriber.add(subscription):
                problems = [{"errorType": "DuplicatedOperationError", "message": f"there is a subscription {identity}"}]
        self._told.tell("SUBSCRIBE", field, started, str(problems[0]["message"]) if problems else "")
        if problems:
            self._say(subscriber, "error", identity, errors(problems))
        else:
            self._say(subscriber, "start_ack", identity)

    def _subscribed(self, subscriber: Subscriber, identity: str, payload: Any) -> Subscription:
        """What a client asks for. RequestRefused, OperationRefused."""
        definition = self._definition()
        if definition is None or not definition.schema_text:
            raise RequestRefused(404, "NotFoundException", "the API is gone")
        if not subscriber.initialized:
            raise RequestRefused(400, _UNSUPPORTED, "connection_init comes first")
        given = payload if isinstance(payload, dict) else {}
        text = given.get("data")
        try:
            asked = read_body(json.loads(text) if isinstance(text, str) else None)
        except (ValueError, RecursionError):
            raise RequestRefused(400, "MalformedHttpRequestException", "Unable to parse GraphQL query.") from None
        extensions = given.get("extensions")
        header = extensions.get("authorization") if isinstance(extensions, dict) else None
        request_id = str(uuid.uuid4())
        shown = shown_by(
            header if isinstance(header, dict) else {},
            subscriber.request,
            subscriber.environment,
            path=_PATH,
            body=str(text).encode(),
        )
        authorized = self._admission.admit(definition, shown, asked, request_id)
        built = built_schema(definition.schema_text)
        operation = read_operation(asked, built, introspects=definition.introspects, depth_max=definition.depth_max)
        fields = [each for each in operation.node.selection_set.selections if isinstance(each, FieldNode)]
        kind = built.schema.subscription_type
        if operation.kind != "subscription" or len(fields) != 1 or kind is None:
            raise RequestRefused(400, _UNSUPPORTED, "one field of the subscriptions is asked for at a time")
        arguments = self._arguments(built.schema, operation, kind.fields[fields[0].name.value], fields[0])
        body, visit = self._execute(
            dataclasses.replace(definition, resolvers=_of_type(definition, kind.name)),
            operation,
            authorized,
            request_id=request_id,
            headers=shown.headers,
        )
        problems = [each for each in body.get("errors", ()) if each.get("errorType") is not None]
        if problems:
            raise OperationRefused(problems)
        for given_filter in (visit.subscription_filter, visit.invalidation_filter):
            problem = None if given_filter is None else problem_of_filter(given_filter)
            if problem is not None:
                raise RequestRefused(400, "BadRequestException", f"The filter of the subscription is none: {problem}")
        return Subscription(
            identity=identity,
            field=fields[0].name.value,
            operation=operation,
            authorized=authorized,
            arguments=arguments,
            headers=shown.headers,
            filter=visit.subscription_filter,
            invalidation_filter=visit.invalidation_filter,
        )

    @staticmethod
    def _arguments(schema: Any, operation: Operation, field: Any, node: FieldNode) -> Mapping[str, Any]:
        variables = get_variable_values(
            schema, operation.node.variable_definitions, dict(operation.asked.variables), max_errors=1
        )
        if isinstance(variables, list):
            raise OperationRefused([{"path": None, "locations": None, "message": variables[0].message}])
        found = get_argument_values(field, node, variables)
        given = {argument.name.value for argument in node.arguments}
        return {name: value for name, value in found.items() if name in given}

    def _tell(self, definition: GraphqlDefinition, field: str, payload: Any) -> None:
        for subscriber in self._all():
            for subscription in subscriber.to(field):
                with self._told.apart("DATA", field):
                    if subscription.takes(payload):
                        body, _ = self._execute(
                            dataclasses.replace(definition, resolvers={}),
                            subscription.operation,
                            subscription.authorized,
                            request_id=str(uuid.uuid4()),
                            headers=subscription.headers,
                            root={field: payload},
                        )
                        self._say(subscriber, "data", subscription.identity, body, field=field)

    def _say(
        self, subscriber: Subscriber, kind: str, identity: str | None = None, payload: object = None, *, field: str = ""
    ) -> None:
        """Says something to a client; the trace tells what cannot be delivered."""
        started = self._clock.monotonic()
        problem = subscriber.send(kind, identity, payload)
        if problem:
            self._told.tell(kind.upper(), field, started, problem)

    def _received(self, subscriber: Subscriber, text: str) -> None:
        """Has a message handled soon, in another thread, after those before it; it counts as under way from now on."""
        self._activity.begin(_MESSAGE)
        if subscriber.put(text):
            self._submit(lambda: self._handle(subscriber))

    def _handle(self, subscriber: Subscriber) -> None:
        """Handles the message whose turn it is, and has the next one handled."""
        try:
            with self._told.apart("MESSAGE", ""):
                self._message(subscriber, subscriber.first())
        finally:
            if subscriber.handled():
                self._submit(lambda: self._handle(subscriber))
            self._activity.end(_MESSAGE)


def _of_type(definition: GraphqlDefinition, type_name: str) -> dict[tuple[str, str], Any]:
    """The resolvers of a type's own fields: what a subscription's resolver gives is not looked into."""
    return {place: resolver for place, resolver in definition.resolvers.items() if place[0] == type_name}
