"""A connection that was taken over: both ways, for clients that read and for those that do not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from lambdakit.harness.listener import Listener
from lambdakit.harness.taken_connection import TakenSocket
from lambdakit.harness.wire import Request, Response, TakenConnection
from tests.fakes.waiting import wait_until

SECONDS = 60.0
Pair = tuple[TakenSocket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(SECONDS)
    taken = TakenSocket(ours, b"early", name="test-sender")
    yield taken, theirs
    taken.close()
    ours.close()
    theirs.close()


def _read(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count and (data := connection.recv(count - len(found))):
        found += data
    return found


class TestReceiving:
    def test_what_came_early_comes_first(self, pair: Pair) -> None:
        taken, theirs = pair
        theirs.sendall(b"later")

        taken.wait()
        assert [taken.receive(), taken.receive(), taken.receive()] == [b"early", b"later", None]

    def test_the_end_of_the_other_side(self, pair: Pair) -> None:
        taken, theirs = pair
        theirs.shutdown(socket.SHUT_WR)
        taken.receive()

        taken.wait()
        assert taken.receive() == b""

    def test_waiting_ends_when_it_is_cut(self, pair: Pair) -> None:
        taken, _ = pair
        taken.receive()
        waiting = threading.Thread(target=taken.wait)
        waiting.start()

        taken.cut()

        waiting.join(SECONDS)
        assert not waiting.is_alive()
        assert taken.receive() == b""


class TestSending:
    def test_a_client_that_does_not_read_is_not_waited_for(self, pair: Pair) -> None:
        taken, theirs = pair
        data = bytes(range(256)) * 16_384

        taken.send(data)
        taken.send(b"and more")
        waiting = taken.waiting

        assert 0 < waiting <= len(data) + len(b"and more")
        assert _read(theirs, len(data)) == data
        assert _read(theirs, 8) == b"and more"
        wait_until(lambda: not taken.waiting, "something still waits")
        taken.send(b"again")
        assert _read(theirs, 5) == b"again"

    def test_what_waits_is_sent_before_our_side_ends(self, pair: Pair) -> None:
        taken, theirs = pair
        data = b"x" * 4_000_000

        taken.send(data)
        taken.finish()
        taken.send(b"too late")

        assert _read(theirs, len(data)) == data
        assert theirs.recv(1) == b""

    def test_what_waits_for_a_client_that_is_gone_is_let_go(self, pair: Pair) -> None:
        taken, theirs = pair
        taken.send(b"x" * 4_000_000)

        theirs.close()

        wait_until(lambda: not taken.waiting, "something still waits")
        taken.send(b"to nobody")
        assert taken.waiting == 0

    def test_closing_leaves_no_thread(self, pair: Pair) -> None:
        taken, _ = pair
        taken.send(b"x" * 4_000_000)

        taken.close()

        assert not [thread for thread in threading.enumerate() if thread.name == "test-sender"]


class TestListeners:
    @pytest.fixture
    def serve(self) -> Iterator[Callable[[Callable[[TakenConnection], None]], socket.socket]]:
        opened: list[Listener | socket.socket] = []

        def start(take: Callable[[TakenConnection], None]) -> socket.socket:
            def handle(request: Request) -> Response:
                if "upgrade" not in request.headers:
                    return Response(status=200, body=b"plain")
                headers = [("X-One", "1"), ("Connection", "close")]
                return Response(status=101, headers=headers, takes_over=take, switches_to="echo")

            listener = Listener(handle, name="test-listener")
            client = socket.create_connection(("127.0.0.1", listener.port), timeout=SECONDS)
            opened.extend([listener, client])
            return client

        yield start
        for each in reversed(opened):
            each.close()

    def test_a_request_hands_its_connection_over(
        self, serve: Callable[[Callable[[TakenConnection], None]], socket.socket]
    ) -> None:
        def echo(taken: TakenConnection) -> None:
            while True:
                taken.wait()
                data = taken.receive()
                if not data:
                    return
                taken.send(data.upper())

        client = serve(echo)
        client.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\n\r\nearly")

        said = b""
        while not said.endswith(b"EARLY"):
            said += client.recv(4096)
        client.sendall(b"later")
        plain, _, switched = said.partition(b"plain")
        assert plain.startswith(b"HTTP/1.1 200 OK\r\n")
        assert switched == (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\nX-One: 1\r\n\r\nEARLY"
        )
        assert _read(client, 5) == b"LATER"

    def test_the_client_is_told_when_whoever_takes_it_is_ready(
        self, serve: Callable[[Callable[[TakenConnection], None]], socket.socket]
    ) -> None:
        taking, is_ready = threading.Event(), threading.Event()

        def take(taken: TakenConnection) -> None:
            taking.set()
            is_ready.wait(SECONDS)
            taken.wait()

        client = serve(take)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\n\r\n")
        assert taking.wait(SECONDS)
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)
        client.settimeout(SECONDS)

        is_ready.set()

        assert client.recv(4096).startswith(b"HTTP/1.1 101 ")

    @pytest.mark.parametrize(("said_before", "status"), [(b"", b"500"), (b"hello", b"101")])
    def test_whoever_takes_it_and_fails_ends_it(
        self,
        serve: Callable[[Callable[[TakenConnection], None]], socket.socket],
        said_before: bytes,
        status: bytes,
    ) -> None:
        def fail(taken: TakenConnection) -> None:
            if said_before:
                taken.send(said_before)
            raise RuntimeError("a fault of ours")

        client = serve(fail)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\n\r\n")

        said = b""
        while data := client.recv(4096):
            said += data
        assert said.startswith(b"HTTP/1.1 %b " % status)
        assert said.endswith(said_before)
