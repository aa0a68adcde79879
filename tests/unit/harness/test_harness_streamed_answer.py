"""Answers that are sent while they are made, on real sockets. Source: RFC 9112, 6.3, 7.1 and 8."""

from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from lambdakit.harness.certificates import Certificates
from lambdakit.harness.listener import Listener
from lambdakit.harness.streamed_answer import StreamedAnswer
from lambdakit.harness.wire import Headers, OpenAnswer, Request, Response
from tests.fakes.waiting import wait_until

SECONDS = 60.0
Serve = Callable[[Callable[[OpenAnswer], None]], Listener]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a listener that answers `/stream` with what the given function makes, and everything else with `plain`."""
    with contextlib.ExitStack() as stack:

        def start(make: Callable[[OpenAnswer], None]) -> Listener:
            def handle(request: Request) -> Response:
                return (
                    Response(status=200, stream=make)
                    if request.path == "/stream"
                    else Response(status=200, body=b"plain")
                )

            listener = Listener(handle, name="test-streams")
            stack.callback(listener.close)
            return listener

        yield start


def _connect(listener: Listener) -> socket.socket:
    return socket.create_connection(("127.0.0.1", listener.port), timeout=SECONDS)


def _all(connection: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65536):
            found += data
    return found


def _raw(listener: Listener, *lines: str) -> bytes:
    """Everything that comes until the connection ends."""
    with _connect(listener) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "Host: x", "")).encode())
        return _all(connection)


def _three(answer: OpenAnswer) -> None:
    answer.begin(201, [("X-A", "b"), ("Content-Length", "99"), ("Transfer-Encoding", "gzip")])
    for part in (b"one", b"", b"two" * 10):
        answer.write(part)


def test_a_part_arrives_before_the_next_is_made(serve: Serve) -> None:
    more = threading.Event()

    def make(answer: OpenAnswer) -> None:
        answer.begin(200, [])
        answer.write(b"one")
        assert more.wait(SECONDS)
        answer.write(b"two")

    client = http.client.HTTPConnection("127.0.0.1", serve(make).port, timeout=SECONDS)
    client.request("GET", "/stream")
    response = client.getresponse()
    first = response.read1(100)
    more.set()

    assert first == b"one"
    assert response.read() == b"two"
    client.close()


class TestFraming:
    def test_http_1_1_gets_chunks_and_keeps_its_connection(self, serve: Serve) -> None:
        client = http.client.HTTPConnection("127.0.0.1", serve(_three).port, timeout=SECONDS)
        client.request("GET", "/stream")
        response = client.getresponse()
        body, used = response.read(), client.sock
        client.request("GET", "/next")

        assert (response.status, body) == (201, b"one" + b"two" * 10)
        assert (response.headers["X-A"], response.headers["Transfer-Encoding"]) == ("b", "chunked")
        assert "Content-Length" not in response.headers
        assert client.getresponse().read() == b"plain"
        assert client.sock is used
        client.close()

    def test_an_empty_part_does_not_end_the_answer(self, serve: Serve) -> None:
        answer = _raw(serve(_three), "GET /stream HTTP/1.1", "Connection: close")

        assert answer.endswith(b"\r\n\r\n3\r\none\r\n1e\r\n" + b"two" * 10 + b"\r\n0\r\n\r\n")
        assert b"Connection: close\r\n" in answer

    @pytest.mark.parametrize("option", ["X: y", "Connection: keep-alive"])
    def test_for_http_1_0_the_connection_s_end_is_the_answer_s(self, serve: Serve, option: str) -> None:
        answer = _raw(serve(_three), "GET /stream HTTP/1.0", option)

        head, _, body = answer.partition(b"\r\n\r\n")
        assert body == b"one" + b"two" * 10
        assert b"Connection: close" in head
        assert b"Transfer-Encoding" not in head

    def test_head_has_no_body_and_keeps_its_connection(self, serve: Serve) -> None:
        with _connect(serve(_three)) as connection:
            connection.sendall(
                b"HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            answers = _all(connection)

        first, second, rest = answers.split(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 201 Created")
        assert second.startswith(b"HTTP/1.1 200 OK")
        assert rest == b"plain"

    @pytest.mark.parametrize("status", [204, 304])
    def test_some_have_no_body(self, serve: Serve, status: int) -> None:
        def make(answer: OpenAnswer) -> None:
            answer.begin(status, [])
            answer.write(b"not to be seen")

        answer = _raw(serve(make), "GET /stream HTTP/1.1", "Connection: close")

        assert answer == b"HTTP/1.1 %d %s\r\nConnection: close\r\n\r\n" % (
            status,
            b"No Content" if status == 204 else b"Not Modified",
        )

    def test_an_answer_without_parts(self, serve: Serve) -> None:
        answer = _raw(serve(lambda answer: answer.begin(200, [])), "GET /stream HTTP/1.1", "Connection: close")

        assert answer.endswith(b"Connection: close\r\n\r\n0\r\n\r\n")

    def test_a_whole_answer_instead(self, serve: Serve) -> None:
        def make(answer: OpenAnswer) -> None:
            answer.respond(Response(status=502, body=b"no"))

        client = http.client.HTTPConnection("127.0.0.1", serve(make).port, timeout=SECONDS)
        client.request("GET", "/stream")
        response = client.getresponse()
        body, used = response.read(), client.sock
        client.request("HEAD", "/stream")
        head = client.getresponse()

        assert (response.status, response.headers["Content-Length"], body) == (502, "2", b"no")
        assert (head.status, head.read()) == (502, b"")
        assert client.sock is used
        client.close()


class TestFailures:
    def test_before_the_first_byte_is_a_500(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        def make(answer: OpenAnswer) -> None:
            raise LookupError("a bug")

        with caplog.at_level(logging.ERROR):
            answer = _raw(serve(make), "GET /stream HTTP/1.1", "Connection: close")

        assert answer.startswith(b"HTTP/1.1 500 ")
        assert answer.endswith(b'{"message":"Internal Server Error"}')
        assert "a bug" in caplog.text

    def test_no_answer_at_all_is_a_500(self, serve: Serve) -> None:
        answer = _raw(serve(lambda answer: None), "GET /stream HTTP/1.1", "Connection: close")

        assert answer.startswith(b"HTTP/1.1 500 ")

    def test_on_the_way_cuts_the_answer(self, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
        def make(answer: OpenAnswer) -> None:
            answer.begin(200, [])
            answer.write(b"half")
            raise LookupError("a bug")

        client = http.client.HTTPConnection("127.0.0.1", serve(make).port, timeout=SECONDS)
        client.request("GET", "/stream")
        response = client.getresponse()

        with pytest.raises(http.client.IncompleteRead) as incomplete:
            response.read()

        assert incomplete.value.partial == b"half"
        assert "a bug" in caplog.text
        client.close()

    def test_a_cut_answer_ends_the_connection(self, serve: Serve) -> None:
        def make(answer: OpenAnswer) -> None:
            answer.begin(200, [])
            answer.write(b"half")
            answer.cut()

        answer = _raw(serve(make), "GET /stream HTTP/1.1")

        assert answer.endswith(b"\r\n\r\n4\r\nhalf\r\n")


class TestPace:
    BLOCK = b"x" * 1_000_000

    def test_writing_never_waits_for_a_client_that_does_not_read(self, serve: Serve) -> None:
        written, read = threading.Event(), threading.Event()
        waiting: list[int] = []

        def make(answer: OpenAnswer) -> None:
            answer.begin(200, [])
            for _ in range(40):
                answer.write(self.BLOCK)
            waiting.append(answer.waiting)
            written.set()
            assert read.wait(SECONDS)

        client = http.client.HTTPConnection("127.0.0.1", serve(make).port, timeout=SECONDS)
        client.request("GET", "/stream")
        assert written.wait(SECONDS), "a write waits for its client"
        read.set()

        assert waiting[0] > 10_000_000
        assert client.getresponse().read() == self.BLOCK * 40
        client.close()

    def test_what_waits_is_sent_when_the_client_reads(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            answer = StreamedAnswer(ours, Request(method="GET", target="/", headers=Headers([])), keeps_alive=True)
            answer.begin(200, [])
            answer.write(self.BLOCK)
            before = answer.waiting
            read = len(theirs.recv(200_000))
            answer.send_waiting()

            assert before > answer.waiting > 0
            assert answer.fileno() == ours.fileno()
            assert read > 0

    @pytest.mark.parametrize("where", ["write", "send_waiting", "finish"])
    def test_a_client_that_leaves_is_noticed_and_holds_up_nothing(self, where: str) -> None:
        ours, theirs = socket.socketpair()
        with ours:
            answer = StreamedAnswer(ours, Request(method="GET", target="/", headers=Headers([])), keeps_alive=True)
            answer.begin(200, [])
            if where != "write":
                answer.write(self.BLOCK)
                assert answer.waiting
            theirs.close()
            if where == "write":
                answer.write(b"a")
            elif where == "send_waiting":
                answer.send_waiting()

            assert answer.finish() is False
            assert answer.client_left
            assert answer.waiting == 0
            answer.write(b"more")
            assert answer.waiting == 0

    def test_behind_tls_writing_never_waits_either(self) -> None:
        """The connections of a sandbox's port 443 are encrypted."""
        ours, theirs = socket.socketpair()
        received: list[bytes] = []
        reads, reads_all = threading.Event(), threading.Event()

        def read() -> None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(theirs) as secured:
                assert reads.wait(SECONDS)
                while not b"".join(received[-2:]).endswith(b"\r\n0\r\n\r\n") and (data := secured.recv(65536)):
                    received.append(data)
                    assert sum(map(len, received)) < 1_500_000 or reads_all.wait(SECONDS)

        reader = threading.Thread(target=read, name="test-reader")
        reader.start()
        with Certificates().context().wrap_socket(ours, server_side=True) as server:
            answer = StreamedAnswer(server, Request(method="GET", target="/", headers=Headers([])), keeps_alive=True)
            answer.begin(200, [])
            for _ in range(3):
                answer.write(self.BLOCK)
            waiting = answer.waiting
            reads.set()
            wait_until(lambda: _left_after_sending(answer) < waiting - 500_000, "what is sent is not seen to be sent")
            reads_all.set()
            answer.write(self.BLOCK)
            keeps = answer.finish()
            reader.join(SECONDS)

        assert waiting > 1_000_000
        assert keeps
        assert b"".join(received).count(b"x") == 4 * len(self.BLOCK)

    def test_a_client_that_leaves_leaves_no_thread(self, serve: Serve) -> None:
        left = threading.Event()
        seen: list[bool] = []

        def make(answer: OpenAnswer) -> None:
            answer.begin(200, [])
            assert left.wait(SECONDS)
            for _ in range(20):
                answer.write(self.BLOCK)
            wait_until(lambda: _has_left(answer), "the client is not seen to have left")
            seen.append(answer.client_left)

        listener = serve(make)
        client = _connect(listener)
        client.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        client.close()
        left.set()

        wait_until(lambda: _threads() == ["test-streams-accept"], lambda: f"still there: {_threads()}")
        assert seen == [True]


def _left_after_sending(answer: OpenAnswer) -> int:
    answer.send_waiting()
    return answer.waiting


def _has_left(answer: OpenAnswer) -> bool:
    answer.write(b"x")
    return answer.client_left


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("test-streams")]
