"""A listener on real sockets: many clients, bad clients, clients that vanish, and an end that leaves nothing."""

from __future__ import annotations

import gc
import http.client
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lambdakit.errors import HarnessError
from lambdakit.harness.listener import Listener, RequestHandler
from lambdakit.harness.wire import Request, RequestParser, Response
from tests.fakes.waiting import wait_until

Serve = Callable[..., Listener]
SECONDS = 60.0


def _echo(request: Request) -> Response:
    return Response(status=200, headers=[("X-Method", request.method)], body=f"{request.path}|".encode() + request.body)


@pytest.fixture
def serve() -> Iterator[Serve]:
    listeners: list[Listener] = []

    def start(handle: RequestHandler = _echo, parser: Callable[[], RequestParser] = RequestParser) -> Listener:
        listeners.append(Listener(handle, name="test-listener", parser=parser))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


def _client(listener: Listener) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", listener.port, timeout=SECONDS)


def _connect(listener: Listener) -> socket.socket:
    return socket.create_connection(("127.0.0.1", listener.port), timeout=SECONDS)


def _read_all(connection: socket.socket) -> bytes:
    found = b""
    while data := connection.recv(65536):
        found += data
    return found


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("test-listener")]


def test_a_connection_serves_one_request_after_another(serve: Serve) -> None:
    client = _client(serve())

    answers = []
    for number in range(3):
        client.request("POST", f"/{number}", body=b"x" * number)
        answers.append(client.getresponse().read())
        first = client.sock

    assert answers == [b"/0|", b"/1|x", b"/2|xx"]
    assert client.sock is first
    client.close()


def test_requests_sent_at_once_are_answered_in_order(serve: Serve) -> None:
    with _connect(serve()) as connection:
        connection.sendall(
            b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
            b"POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
            b"GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )

        answers = _read_all(connection)

    assert [part.rpartition(b"\r\n\r\n")[2] for part in answers.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"/1|",
        b"/2|ab",
        b"/3|",
    ]


def test_head_has_the_length_and_no_body(serve: Serve) -> None:
    with _connect(serve()) as connection:
        connection.sendall(b"HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        answer = _read_all(connection)

    assert b"Content-Length: 5\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(("own", "told"), [("1234", b"1234"), ("many", None), (None, None)])
def test_head_has_the_length_that_is_known_of_a_body_that_is_not_there(
    serve: Serve, own: str | None, told: bytes | None
) -> None:
    listener = serve(lambda request: Response(status=200, headers=[] if own is None else [("Content-Length", own)]))
    with _connect(listener) as connection:
        connection.sendall(b"HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        answer = _read_all(connection)

    lengths = [line.partition(b": ")[2] for line in answer.split(b"\r\n") if line.startswith(b"Content-Length")]
    assert lengths == ([] if told is None else [told])


@pytest.mark.parametrize("status", [204, 304])
def test_a_body_that_may_not_be_is_left_out(serve: Serve, status: int) -> None:
    listener = serve(lambda request: Response(status=status, headers=[("X-A", "b")], body=b"not to be seen"))
    with _connect(listener) as connection:
        connection.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        answers = _read_all(connection)

    first, second, rest = answers.split(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert second.startswith(b"HTTP/1.1 %d " % status)
    assert rest == b""


def test_a_slow_client_holds_up_nobody(serve: Serve) -> None:
    listener = serve()
    with _connect(listener) as slow:
        slow.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
        quick = _client(listener)
        quick.request("GET", "/quick")
        between = quick.getresponse().read()
        slow.sendall(b"cde")
        first = slow.recv(65536)

    assert between == b"/quick|"
    assert first.endswith(b"/slow|abcde")
    quick.close()


def test_a_slow_answer_holds_up_nobody(serve: Serve) -> None:
    go_on = threading.Event()

    def handle(request: Request) -> Response:
        if request.path == "/slow":
            go_on.wait(SECONDS)
        return _echo(request)

    listener = serve(handle)
    slow, quick = _client(listener), _client(listener)

    slow.request("GET", "/slow")
    quick.request("GET", "/quick")
    between = quick.getresponse().read()
    go_on.set()

    assert between == b"/quick|"
    assert slow.getresponse().read() == b"/slow|"
    slow.close()
    quick.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    ],
)
def test_a_client_that_vanishes_leaves_no_thread(serve: Serve, sent: bytes) -> None:
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return _echo(request)

    listener = serve(handle)
    client = _connect(listener)
    client.sendall(sent)
    wait_until(lambda: len(_threads()) == 2, lambda: f"the connection has no thread: {_threads()}")

    client.close()

    wait_until(lambda: len(_threads()) == 1, lambda: f"its thread is still there: {_threads()}")
    assert seen == []


def test_a_client_that_does_not_read_its_answer_is_no_trouble(serve: Serve) -> None:
    listener = serve(lambda request: Response(status=200, body=b"x" * 20_000_000))
    client = _connect(listener)
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.recv(1) == b"H"

    client.close()

    wait_until(lambda: len(_threads()) == 1, lambda: f"its thread is still there: {_threads()}")


def test_64_clients_are_served_at_once(serve: Serve) -> None:
    everybody = threading.Barrier(64, timeout=SECONDS)

    def handle(request: Request) -> Response:
        if request.path == "/together":
            everybody.wait()
        return _echo(request)

    listener = serve(handle)
    clients = [_client(listener) for _ in range(64)]
    for path in ("/warm", "/together", "/again"):
        for client in clients:
            client.request("GET", path)
        assert [client.getresponse().read() for client in clients] == [f"{path}|".encode()] * 64
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/3\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 200 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 51\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_with_a_reason_and_the_connection_ends(
    serve: Serve, sent: bytes, status: int
) -> None:
    listener = serve(parser=lambda: RequestParser(head_bytes_max=150, body_bytes_max=50))
    with _connect(listener) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)

        answer = _read_all(connection)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in head
    assert set(json.loads(body)) == {"message"}


def test_a_body_that_is_too_long_is_refused_while_it_is_still_sent(serve: Serve) -> None:
    client = _client(serve(parser=lambda: RequestParser(body_bytes_max=1000)))

    client.request("POST", "/", body=b"x" * 8_000_000)

    assert client.getresponse().status == 413
    client.close()


def test_a_client_that_waits_to_be_asked_is_asked_once(serve: Serve) -> None:
    with _connect(serve()) as connection:
        connection.sendall(
            b"POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        )
        asked = connection.recv(1024)
        connection.sendall(b"a")
        connection.sendall(b"b")
        answer = _read_all(connection)

    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"/e|ab")
    assert b"100 Continue" not in answer


def test_http_1_0_ends_the_connection_unless_asked_otherwise(serve: Serve) -> None:
    with _connect(serve()) as connection:
        connection.sendall(b"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n")

        answers = _read_all(connection)

    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.endswith(b"/2|")


def test_a_handler_that_fails_is_answered_logged_and_survived(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    def handle(request: Request) -> Response:
        if request.path == "/bad":
            raise LookupError("a bug")
        return _echo(request)

    client = _client(serve(handle))
    with caplog.at_level(logging.ERROR):
        client.request("GET", "/bad")
        failed = client.getresponse()
        body = failed.read()
    client.request("GET", "/good")

    assert failed.status == 500
    assert json.loads(body) == {"message": "Internal Server Error"}
    assert client.getresponse().read() == b"/good|"
    assert "a bug" in caplog.text
    client.close()


def test_closing_joins_everything_and_leaves_no_descriptor(serve: Serve) -> None:
    gc.collect()
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    listener = serve()
    idle, waiting = _client(listener), _connect(listener)
    idle.request("GET", "/")
    idle.getresponse().read()
    waiting.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
    wait_until(lambda: len(_threads()) == 3, lambda: f"not everybody is there: {_threads()}")

    listener.close()
    listener.close()

    assert _threads() == []
    with pytest.raises(ConnectionRefusedError):
        _connect(listener)
    idle.close()
    waiting.close()
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


def test_closing_waits_for_the_answer_that_is_being_made(serve: Serve) -> None:
    entered, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def handle(request: Request) -> Response:
        entered.set()
        go_on.wait(SECONDS)
        done.set()
        return _echo(request)

    listener = serve(handle)
    client = _connect(listener)
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert entered.wait(SECONDS), "the request was not handled"
    closing = threading.Thread(target=listener.close)
    closing.start()
    go_on.set()
    closing.join(SECONDS)

    assert not closing.is_alive()
    assert done.is_set()
    client.close()


def test_a_request_that_retires_its_listener_is_answered(serve: Serve) -> None:
    found: list[Listener] = []

    def retire(request: Request) -> Response:
        found[0].retire()
        return _echo(request)

    found.append(serve(retire))
    client, idle = _client(found[0]), _connect(found[0])

    client.request("POST", "/last", b"a")
    answer = client.getresponse()

    assert (answer.status, answer.read()) == (200, b"/last|a")
    assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        _connect(found[0])
    found[0].close()
    assert found[0].is_over
    assert _threads() == []
    client.close()
    idle.close()


def test_a_port_in_use_is_an_error_of_the_user(serve: Serve) -> None:
    taken = serve().port

    with pytest.raises(HarnessError) as refused:
        Listener(_echo, port=taken, name="test-listener")

    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "LK501"
    assert f"port {taken} on 127.0.0.1 cannot be used" in diagnostic.problem
    assert diagnostic.hint


def test_only_loopback_is_listened_on(serve: Serve) -> None:
    listener = serve()

    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = [row[1] for row in rows if row[1].endswith(f":{listener.port:04X}") and row[3] == "0A"]

    assert addresses == [f"0100007F:{listener.port:04X}"]
    assert listener.url == f"http://127.0.0.1:{listener.port}"
