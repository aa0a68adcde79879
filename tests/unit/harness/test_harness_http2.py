"""Clients that begin with HTTP/2: as the AWS SDK for JavaScript does for Kinesis, Bedrock and others.

Source: RFC 9113.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes

from lambdakit.harness.listener import Listener
from lambdakit.harness.wire import OpenAnswer, Request, Response
from lambdakit.records import dataclass
from tests.fakes.waiting import wait_until

_SECONDS = 10
Handle = Callable[[Request], Response]


@dataclass(slots=True, kw_only=True)
class Answer:
    status: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    was_reset: bool = False


class Client:
    """One connection. opens_windows: whether what was received makes room for more."""

    def __init__(self, port: int, *, window: int | None = None, opens_windows: bool = True) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="latin-1"))
        self._opens_windows = opens_windows
        self.answers: dict[int, Answer] = {}
        self.ended = False
        self._h2.initiate_connection()
        if window is not None:
            self._h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.send()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes | None = None) -> None:
        self._socket.sendall(self._h2.data_to_send() if data is None else data)

    def ask(self, method: str, path: str, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()) -> int:
        number = self._h2.get_next_available_stream_id()
        self.answers[number] = Answer()
        pseudo = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "kinesis.aws:80")]
        self._h2.send_headers(number, [*pseudo, *headers], end_stream=not body)
        rest = body
        while rest:
            size = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size, len(rest))
            if size == 0:
                self.send()
                self.receive()
                continue
            self._h2.send_data(number, rest[:size], end_stream=size == len(rest))
            rest = rest[size:]
        self.send()
        return number

    def receive(self) -> None:
        data = self._socket.recv(64 * 1024)
        if not data:
            self.ended = True
            return
        for event in self._h2.receive_data(data):
            self._see(event)
        self.send()

    def answer(self, number: int) -> Answer:
        while not (self.answers[number].ended or self.answers[number].was_reset or self.ended):
            self.receive()
        return self.answers[number]

    def open_window(self, number: int, size: int) -> None:
        self._h2.increment_flow_control_window(size, number)
        self.send()

    def ask_and_reset(self, path: str) -> int:
        """Both in one segment."""
        number = self._h2.get_next_available_stream_id()
        pseudo = [(":method", "GET"), (":path", path), (":scheme", "http"), (":authority", "kinesis.aws:80")]
        self._h2.send_headers(number, pseudo, end_stream=True)
        self._h2.reset_stream(number)
        self.send()
        return number

    def reset(self, number: int) -> None:
        self._h2.reset_stream(number)
        self.send()

    def _see(self, event: Event) -> None:
        if isinstance(event, ResponseReceived):
            answer = self.answers[event.stream_id]
            answer.headers = {str(name): str(value) for name, value in event.headers}
            answer.status = answer.headers[":status"]
        elif isinstance(event, DataReceived):
            self.answers[event.stream_id].body += event.data or b""
            if self._opens_windows and event.flow_controlled_length:
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            self.answers[event.stream_id].ended = True
        elif isinstance(event, StreamReset):
            self.answers[event.stream_id].was_reset = True
        elif isinstance(event, ConnectionTerminated):
            self.ended = True


class Server:
    """A listener whose handler a test sets."""

    def __init__(self) -> None:
        self.handle: Handle = lambda request: Response(status=200, headers=[], body=request.body)
        self.listener = Listener(lambda request: self.handle(request), name="test")
        self.clients: list[Client] = []

    def client(self, **arguments: object) -> Client:
        client = Client(self.listener.port, **arguments)  # type: ignore[arg-type]  # passed on as they are
        self.clients.append(client)
        return client


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    for client in server.clients:
        client.close()
    server.listener.close()


def test_a_request_comes_as_one_of_http_1_does(server: Server) -> None:
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return Response(status=201, headers=[("X-Made", "yes"), ("Connection", "close")], body=b"made")

    server.handle = handle
    client = server.client()

    answer = client.answer(
        client.ask("POST", "/a%20b?c=d", b"body", [("x-amz-target", "T"), ("cookie", "a=1"), ("cookie", "b=2")])
    )

    (request,) = seen
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a%20b", "c=d", b"body")
    assert request.headers.get("host") == request.headers.get(":authority") == "kinesis.aws:80"
    assert (request.headers.get("x-amz-target"), request.headers.get("cookie")) == ("T", "a=1; b=2")
    assert request.http_version == "HTTP/2.0"
    assert (answer.status, answer.body) == ("201", b"made")
    assert answer.headers["x-made"] == "yes"
    assert answer.headers["content-length"] == "4"
    assert "connection" not in answer.headers


def test_requests_do_not_wait_for_one_another(server: Server) -> None:
    second_is_here = threading.Event()

    def handle(request: Request) -> Response:
        if request.path == "/first":
            assert second_is_here.wait(_SECONDS)
        else:
            second_is_here.set()
        return Response(status=200, headers=[], body=request.path.encode())

    server.handle = handle
    client = server.client()

    first, second = client.ask("GET", "/first"), client.ask("GET", "/second")

    assert client.answer(second).body == b"/second"
    assert client.answer(first).body == b"/first"


def test_large_bodies_go_through_small_windows(server: Server) -> None:
    client = server.client()
    body = bytes(range(256)) * 4096

    assert client.answer(client.ask("PUT", "/", body)).body == body


def test_what_has_no_window_waits_until_there_is_one(server: Server) -> None:
    server.handle = lambda request: Response(status=200, headers=[], body=b"0123456789")
    client = server.client(window=4, opens_windows=False)
    number = client.ask("GET", "/")
    while len(client.answers[number].body) < 4:
        client.receive()

    assert not client.answers[number].ended
    client.open_window(number, 100)

    assert client.answer(number).body == b"0123456789"


def test_a_head_has_no_body(server: Server) -> None:
    server.handle = lambda request: Response(status=200, headers=[], body=b"0123456789")
    client = server.client()

    answer = client.answer(client.ask("HEAD", "/"))

    assert (answer.headers["content-length"], answer.body) == ("10", b"")


def test_a_failing_handler_is_500_and_the_connection_goes_on(server: Server) -> None:
    def fail(request: Request) -> Response:
        raise ValueError(request.path)

    client = server.client()
    server.handle = fail
    assert client.answer(client.ask("GET", "/")).status == "500"

    server.handle = lambda request: Response(status=204, headers=[])
    answer = client.answer(client.ask("GET", "/"))

    assert (answer.status, answer.body) == ("204", b"")


def test_an_answer_is_sent_while_it_is_made(server: Server) -> None:
    goes_on = threading.Event()

    def stream(answer: OpenAnswer) -> None:
        answer.begin(200, [("Content-Type", "text/plain")])
        answer.write(b"one ")
        assert goes_on.wait(_SECONDS)
        answer.write(b"two")

    server.handle = lambda request: Response(status=200, headers=[], stream=stream)
    client = server.client()
    number = client.ask("GET", "/")
    while not client.answers[number].body:
        client.receive()
    assert client.answers[number].body == b"one "

    goes_on.set()

    assert client.answer(number).body == b"one two"


def test_an_answer_that_is_cut_is_reset(server: Server) -> None:
    def stream(answer: OpenAnswer) -> None:
        answer.begin(200, [])
        answer.write(b"half")
        answer.cut()

    server.handle = lambda request: Response(status=200, headers=[], stream=stream)
    client = server.client()

    assert client.answer(client.ask("GET", "/")).was_reset
    server.handle = lambda request: Response(status=200, headers=[], body=b"whole")
    assert client.answer(client.ask("GET", "/")).body == b"whole"


def test_a_client_that_gives_a_request_up_is_left_alone(server: Server) -> None:
    begun, given_up = threading.Event(), threading.Event()

    def handle(request: Request) -> Response:
        if request.path == "/slow":
            begun.set()
            assert given_up.wait(_SECONDS)
        return Response(status=200, headers=[], body=b"x" * 100_000)

    server.handle = handle
    client = server.client()
    slow = client.ask("GET", "/slow")
    assert begun.wait(_SECONDS)
    client.reset(slow)
    assert len(client.answer(client.ask("GET", "/")).body) == 100_000

    given_up.set()

    assert len(client.answer(client.ask("GET", "/")).body) == 100_000
    assert client.answers[slow].status == ""


def test_requests_that_are_given_up_do_not_pile_up(server: Server) -> None:
    goes_on = threading.Event()
    begun: list[str] = []

    def handle(request: Request) -> Response:
        begun.append(request.path)
        assert goes_on.wait(_SECONDS)
        return Response(status=200, headers=[])

    server.handle = handle
    client = server.client()
    for _ in range(100):
        client.reset(client.ask("GET", "/given-up"))

    assert client.answer(client.ask("GET", "/one-too-many")).was_reset
    wait_until(lambda: begun == ["/given-up"] * 100, lambda: str(len(begun)))

    goes_on.set()
    client.close()


def test_a_frame_that_may_not_be_ends_the_connection(server: Server) -> None:
    client = server.client()
    assert client.answer(client.ask("GET", "/")).status == "200"

    client.send(b"\0\0\1" + b"\0" + b"\0" + b"\0\0\0\0" + b"x")  # data of no stream
    while not client.ended:
        client.receive()

    assert client.ended


def test_a_target_that_is_none_is_reset(server: Server) -> None:
    client = server.client()

    assert client.answer(client.ask("GET", "/a b")).was_reset


def test_a_request_that_is_given_up_as_it_comes_disturbs_no_other(server: Server) -> None:
    client = server.client()

    client.ask_and_reset("/a b")
    client.ask_and_reset("/a")

    assert client.answer(client.ask("GET", "/")).status == "200"


@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "byte by byte"])
def test_a_client_that_takes_its_leave_gets_what_it_asked_for(server: Server, together: bool) -> None:
    # RFC 9113, 6.8: streams up to the last one that GOAWAY names go on.
    begun, goes_on = threading.Event(), threading.Event()

    def handle(request: Request) -> Response:
        begun.set()
        assert goes_on.wait(_SECONDS)
        return Response(status=200, headers=[], body=b"x" * 100_000)

    server.handle = handle
    client = server.client()
    number = client.ask("GET", "/")
    assert begun.wait(_SECONDS)

    leave = b"\0\0\x08\x07\0\0\0\0\0" + number.to_bytes(4, "big") + b"\0\0\0\0"
    for part in [leave] if together else [leave[at : at + 1] for at in range(len(leave))]:
        client.send(part)
    goes_on.set()

    assert len(client.answer(number).body) == 100_000


def test_a_client_that_leaves_for_an_error_is_let_go(server: Server) -> None:
    client = server.client()
    assert client.answer(client.ask("GET", "/")).status == "200"

    client.send(b"\0\0\x08\x07\0\0\0\0\0" + b"\0\0\0\0" + b"\0\0\0\1")
    while not client.ended:
        client.receive()

    assert client.ended


def test_a_closed_listener_ends_its_connections(server: Server) -> None:
    client = server.client()
    assert client.answer(client.ask("GET", "/")).status == "200"

    server.listener.close()
    while not client.ended:
        client.receive()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("test-")]
