"""The real-time endpoint without sockets: whose turn it is, what fails, what cannot be delivered, how it ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from websockets.frames import Frame, Opcode

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.routing.graphql.api_record import ApiRecord
from lambdakit.harness.routing.graphql.authorization.admission import Admission
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition
from lambdakit.harness.routing.graphql.execution.operation import Asked, Operation, read_operation
from lambdakit.harness.routing.graphql.execution.visit import Visit
from lambdakit.harness.routing.graphql.realtime.realtime_api import RealtimeApi
from lambdakit.harness.routing.graphql.schema.built import built_schema
from lambdakit.harness.wire import Headers, Request
from lambdakit.trace import RequestAnswered, TraceLog

_SCHEMA: Final = """
type Query { nothing: String }
type Mutation { add: Note }
type Subscription { added: Note @aws_subscribe(mutations: ["add"]) }
type Note { id: ID }
"""
_DEFINITION: Final = GraphqlDefinition(
    record=ApiRecord(account_id="1", region="r", api_id="a", host="h", settings={}),
    name="Api",
    schema_text=_SCHEMA,
    providers=(),
    keys={},
    resolvers={},
    environment={},
)
_SECONDS: Final = 60
_FILTER: Final = {"filterGroup": [{"filters": [{"fieldName": "id", "operator": "eq", "value": "1"}]}]}
_ADDED: Final = {"data": {"add": {"id": "1"}}}
_HANDSHAKE: Final = Headers(
    [
        ("host", "localhost"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "graphql-ws"),
    ]
)


class Client:
    """A connection whose client does not leave before `leave`; what it says, `take_in` of the endpoint takes."""

    def __init__(self) -> None:
        self.coming: list[bytes] = []
        self.sent: list[bytes] = []
        self.waiting = 0
        self.is_cut = False
        self.is_served = threading.Event()
        self._has_left = threading.Event()

    def leave(self) -> None:
        self._has_left.set()

    def say(self, kind: str, **more: Any) -> None:
        text = json.dumps({"type": kind, **more}).encode()
        self.coming.append(Frame(Opcode.TEXT, text).serialize(mask=True))

    def start(self, identity: str, query: str = "subscription { added { id } }") -> None:
        self.say("start", id=identity, payload={"data": json.dumps({"query": query})})

    def heard(self) -> list[tuple[str, str | None]]:
        """Kind and id of what it was told, in order."""
        texts = [data[data.index(b"{") :] for data in self.sent if data[0] & 0x0F == Opcode.TEXT]
        return [(said["type"], said.get("id")) for said in map(json.loads, texts)]

    @property
    def is_closed(self) -> bool:
        return any(data[0] & 0x0F == Opcode.CLOSE for data in self.sent)

    def wait(self) -> None:
        self.is_served.set()
        self._has_left.wait(_SECONDS)

    def receive(self) -> bytes | None:
        if self._has_left.is_set():
            return b""
        return self.coming.pop(0) if self.coming else None

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def finish(self) -> None:
        """Our side may end."""

    def cut(self) -> None:
        self.is_cut = True


class Unequal(str):
    """A text that cannot be compared the first time."""

    __slots__ = ("_times",)
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        self._times = getattr(self, "_times", 0) + 1
        if self._times == 1:
            raise IndexError("of the harness")
        return str.__eq__(self, other)


class Served:
    """The endpoint. jobs: what was put off, to be run.

    failing: queries with that text fail once they are subscribed to. failing_definition: the API cannot be read once.
    """

    def __init__(self) -> None:
        self.failing = "nothing"
        self.failing_definition = False
        self.jobs: list[Callable[[], None]] = []
        self.clock = HarnessClock()
        self._connected: list[tuple[Client, threading.Thread]] = []
        self.trace = TraceLog(self.clock)
        self.activity = Activity()
        self.api = RealtimeApi(
            definition=self._definition,
            admission=cast("Admission", SimpleNamespace(admit=lambda *_: Authorized(provider="API_KEY"))),
            execute=self._execute,
            activity=self.activity,
            submit=self.jobs.append,
            trace=self.trace,
            clock=self.clock,
        )

    def _definition(self) -> GraphqlDefinition:
        if self.failing_definition:
            self.failing_definition = False
            raise KeyError("of the harness")
        return _DEFINITION

    def _execute(
        self,
        definition: GraphqlDefinition,
        operation: Operation,
        authorized: Authorized,
        *,
        request_id: str,
        headers: Mapping[str, str],
        root: Any = None,
    ) -> tuple[Mapping[str, Any], Visit]:
        if root is not None and self.failing in operation.asked.query:
            raise IndexError("of the harness")
        found = SimpleNamespace(subscription_filter=None, invalidation_filter=_FILTER)
        return {"data": root}, cast("Visit", found)

    def client(self, *queries: str) -> Client:
        """One that is connected and has subscribed, as `1` and so on."""
        client = Client()
        response = self.api.connect(Request(method="GET", target="/graphql", headers=_HANDSHAKE), "")
        assert response.takes_over is not None
        thread = threading.Thread(target=response.takes_over, args=(client,), name="a client")
        self._connected.append((client, thread))
        thread.start()
        assert client.is_served.wait(_SECONDS)
        client.say("connection_init")
        for number, query in enumerate(queries, 1):
            client.start(str(number), query)
        self.run()
        client.sent.clear()
        return client

    def run(self) -> None:
        """Handles what clients have said."""
        self.api.take_in()
        while self.jobs:
            self.jobs.pop(0)()

    def close(self) -> None:
        """Everybody leaves."""
        for client, thread in self._connected:
            client.leave()
            thread.join(_SECONDS)
            assert not thread.is_alive()
        self.clock.close()

    def publish(self) -> None:
        """A mutation has been executed."""
        asked = Asked(query="mutation { add { id } }", name=None, variables={})
        operation = read_operation(asked, built_schema(_SCHEMA), introspects=True, depth_max=0)
        self.api.publish(_DEFINITION, operation, _ADDED)

    def problems(self) -> list[tuple[str, str, int, str]]:
        """What the trace says went wrong."""
        answered = [each for each in self.trace.events() if isinstance(each, RequestAnswered) and each.problem]
        return [(each.method, each.path, each.status, each.problem) for each in answered]


_ADD: Final = "subscription { added { id } }"
_FAILING: Final = "subscription failing { added { id } }"


@pytest.fixture
def served() -> Iterator[Served]:
    found = Served()
    yield found
    found.close()


def test_the_messages_of_a_client_are_handled_one_after_the_other(served: Served) -> None:
    client, other = served.client(), served.client()
    client.start("L", _ADD)
    client.say("stop", id="L")
    served.api.take_in()
    other.start("1", _ADD)
    served.api.take_in()

    assert len(served.jobs) == 2  # one for each client
    assert served.activity.still_open() == {"a message of a subscriber": 3}
    served.jobs.pop(0)()
    assert client.heard() == [("start_ack", "L")]
    served.run()
    assert client.heard() == [("start_ack", "L"), ("complete", "L")]
    assert other.heard() == [("start_ack", "1")]
    assert not served.activity.still_open()


def test_a_message_that_fails_is_told_and_holds_up_no_other(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    client = served.client()
    served.failing_definition = True
    client.start("1", _ADD)
    served.run()
    client.start("2", _ADD)
    served.run()

    assert client.heard() == [("start_ack", "2")]
    assert served.problems() == [("MESSAGE", "", 500, "KeyError: 'of the harness'")]
    assert "of the harness" in caplog.text


def test_what_fails_for_a_subscription_is_no_matter_of_others(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    first, second = served.client(_FAILING, _ADD), served.client(_ADD)
    served.failing = "failing"

    served.publish()

    assert (first.heard(), second.heard()) == ([("data", "2")], [("data", "1")])
    assert served.problems() == [("DATA", "added", 500, "IndexError: of the harness")]
    assert "of the harness" in caplog.text


def test_an_invalidation_that_fails_for_one_ends_the_others(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    client = served.client(_ADD, _ADD)

    served.api.invalidate({"subscriptionField": "added", "payload": {"id": Unequal("1")}})

    assert client.heard() == [("complete", "2")]
    assert served.problems() == [("INVALIDATE", "added", 500, "IndexError: of the harness")]
    assert "of the harness" in caplog.text


def test_the_trace_tells_what_a_client_does_not_read(served: Served) -> None:
    slow, other = served.client(_ADD), served.client(_ADD)
    slow.waiting = 1024 * 1024

    served.publish()

    assert (slow.heard(), other.heard()) == ([], [("data", "1")])
    assert served.problems() == [("DATA", "added", 400, "the client does not read the messages before it")]


def test_clients_that_do_not_leave_are_waited_for_all_together(served: Served) -> None:
    clients = [served.client() for _ in range(8)]

    started = time.monotonic()
    served.api.reset()
    took = time.monotonic() - started

    assert all(client.is_closed and client.is_cut for client in clients)
    assert took < 2  # half a second for all of them, not for each
