"""Portions on their way to a listener: what counts as received, and what is tried again.

Source: AWS Lambda Developer Guide, "Accessing real-time telemetry data for extensions using the Telemetry API", section
"Specifying a destination protocol".
"""

from __future__ import annotations

import json
import math
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lambdakit.harness.runtime.loopback_sockets import LoopbackSockets
from lambdakit.harness.runtime.telemetry_delivery import TelemetryDelivery
from lambdakit.harness.runtime.telemetry_subscription import Api, Subscription

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
WAIT_SECONDS = 60.0


class Peer:
    """A listener that a test drives by hand."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]

    def accept(self) -> socket.socket:
        """The next connection."""
        self.listening.settimeout(WAIT_SECONDS)
        connection, _ = self.listening.accept()
        connection.settimeout(WAIT_SECONDS)
        return connection

    def close(self) -> None:
        """Listens no longer; who comes now is refused."""
        self.listening.close()


class Sender:
    """A delivery and the loop that an environment's holder would run."""

    def __init__(
        self,
        port: int,
        *,
        method: str = "POST",
        made_inside: bool = False,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.selector = selectors.DefaultSelector()
        self.sockets = LoopbackSockets([socket.socket()] if made_inside else None)
        self.subscription = Subscription(
            api=Api.TELEMETRY,
            schema_version="2022-12-13",
            types=("function",),
            method=method,
            port=port,
            target="/t?a=b",
        )
        self.delivery = TelemetryDelivery(self.subscription, now=now)
        self.delivery.attach(self.selector, self.sockets)

    def poll(self, seconds: float = 0.01) -> None:
        """One turn of the loop."""
        self.delivery.advance()
        for key, _ in self.selector.select(seconds):
            key.data()

    def poll_until(self, is_over: Callable[[], bool]) -> None:
        """Turns until `is_over`."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not is_over():
            assert time.monotonic() < deadline, "the delivery did not get there"
            self.poll()

    def close(self) -> None:
        """Lets go of everything."""
        self.delivery.detach()
        self.selector.close()
        self.sockets.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture(params=[False, True], ids=["new sockets", "one socket for all"])
def sender(request: pytest.FixtureRequest, peer: Peer) -> Iterator[Sender]:
    sender = Sender(peer.port, made_inside=request.param)
    yield sender
    sender.close()


def receive(sender: Sender, connection: socket.socket, until: Callable[[bytes], bool]) -> bytes:
    """What comes on a connection until it is enough; the loop runs meanwhile."""
    data = b""
    connection.setblocking(False)
    deadline = time.monotonic() + WAIT_SECONDS
    while not until(data):
        assert time.monotonic() < deadline, f"only {data[:200]!r} came"
        sender.poll()
        try:
            data += connection.recv(65536)
        except BlockingIOError:
            continue
    connection.settimeout(WAIT_SECONDS)
    return data


def is_request(data: bytes) -> bool:
    """Whether a request is complete."""
    head, _, body = data.partition(b"\r\n\r\n")
    length = [line.split(b": ")[1] for line in head.split(b"\r\n") if line.startswith(b"Content-Length")]
    return bool(length) and len(body) == int(length[0])


def test_a_portion_is_a_request_with_an_array(peer: Peer, sender: Sender) -> None:
    sender.delivery.send([b'{"a":1}', b'{"b":2}'])
    connection = peer.accept()
    data = receive(sender, connection, is_request)

    head, _, body = data.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /t?a=b HTTP/1.1",
        b"Host: sandbox.localdomain:%d" % peer.port,
        b"Content-Type: application/json",
        b"Content-Length: 17",
        b"Connection: close",
    ]
    assert json.loads(body) == [{"a": 1}, {"b": 2}]
    connection.close()


def test_it_is_received_when_the_answer_says_so_and_not_before(peer: Peer, sender: Sender) -> None:
    sender.delivery.send([b"{}"])
    connection = peer.accept()
    receive(sender, connection, is_request)

    before = sender.delivery.idle
    connection.sendall(OK[:20])
    sender.poll()
    halfway = sender.delivery.idle
    connection.sendall(OK[20:])
    sender.poll_until(lambda: sender.delivery.idle)
    connection.close()

    assert (before, halfway) == (False, False)


@pytest.mark.parametrize(
    ("answer", "received"),
    [
        (OK, True),
        (b"HTTP/1.0 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 302 Found\r\n\r\n", True),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno", False),
        (b"no HTTP at all", False),
        (b"", False),
    ],
    ids=["200", "204", "302", "400", "503", "nonsense", "nothing"],
)
def test_what_is_not_received_is_sent_again(peer: Peer, sender: Sender, answer: bytes, received: bool) -> None:
    # given
    sender.delivery.send([b'{"n":1}'])
    with peer.accept() as connection:
        first = receive(sender, connection, is_request)

        # when
        connection.sendall(answer)

    # then
    if received:
        sender.poll_until(lambda: sender.delivery.idle)
        return
    sender.poll_until(lambda: sender.delivery.due > time.perf_counter())
    with _accept_while(sender, peer) as connection:
        assert receive(sender, connection, is_request) == first
        connection.sendall(OK)
        sender.poll_until(lambda: sender.delivery.idle)


def _accept_while(sender: Sender, peer: Peer) -> socket.socket:
    """The connection of the next attempt."""
    found: list[socket.socket] = []
    thread = threading.Thread(target=lambda: found.append(peer.accept()), name="test-accept", daemon=True)
    thread.start()
    sender.poll_until(lambda: bool(found))
    thread.join()
    return found[0]


def test_nobody_who_listens_is_tried_again_with_growing_pauses() -> None:
    # given: a time that the test moves
    peer = Peer()
    peer.close()
    now = [0.0]
    sender = Sender(peer.port, now=lambda: now[0])
    pauses: list[float] = []

    # when
    sender.delivery.send([b"{}"])
    for _ in range(8):
        sender.poll_until(lambda: now[0] < sender.delivery.due < math.inf)
        pauses.append(sender.delivery.due - now[0])
        now[0] = sender.delivery.due

    # then
    sender.close()
    assert pauses == pytest.approx([0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0])


def test_a_listener_that_never_answers_holds_up_nothing(peer: Peer, sender: Sender) -> None:
    sender.delivery.send([b"x" * (8 * 1024 * 1024)])
    with peer.accept():
        begun = time.perf_counter()
        for _ in range(10):
            sender.poll(seconds=0)

    assert time.perf_counter() - begun < 1
    assert not sender.delivery.idle


def test_portions_follow_one_another_though_the_listener_keeps_its_connection(peer: Peer, sender: Sender) -> None:
    connections = []
    for number in range(3):
        sender.delivery.send([b"%d" % number])
        connections.append(peer.accept())
        assert receive(sender, connections[-1], is_request).endswith(b"[%d]" % number)
        connections[-1].sendall(OK)
        sender.poll_until(lambda: sender.delivery.idle)

    for connection in connections:
        connection.close()


def test_tcp_is_a_line_for_each_record_on_one_connection(peer: Peer) -> None:
    sender = Sender(peer.port, method="")

    sender.delivery.send([b'{"a":1}', b'{"b":2}'])
    connection = peer.accept()
    first = receive(sender, connection, lambda data: data.count(b"\n") == 2)
    sender.poll_until(lambda: sender.delivery.idle)
    sender.delivery.send([b'{"c":3}'])
    second = receive(sender, connection, lambda data: data.count(b"\n") == 1)

    assert (first, second) == (b'{"a":1}\n{"b":2}\n', b'{"c":3}\n')
    connection.close()
    sender.poll_until(lambda: not sender.selector.get_map())
    sender.delivery.send([b'{"d":4}'])
    with peer.accept() as connection:
        assert receive(sender, connection, lambda data: data.endswith(b"\n")) == b'{"d":4}\n'
    sender.close()


def test_what_the_processes_before_a_reset_did_not_take_goes_to_those_after_it(peer: Peer, sender: Sender) -> None:
    # given
    sender.delivery.send([b'{"n":1}'])
    with peer.accept() as connection:
        receive(sender, connection, is_request)

    # when
    sender.delivery.detach()
    sender.delivery.advance()
    sockets = LoopbackSockets()
    sender.delivery.attach(sender.selector, sockets)

    # then
    with _accept_while(sender, peer) as connection:
        assert receive(sender, connection, is_request).endswith(b'[{"n":1}]')
        connection.sendall(OK)
        sender.poll_until(lambda: sender.delivery.idle)
    sender.delivery.detach()
    sockets.close()


def test_while_every_socket_is_in_use_a_portion_waits(peer: Peer) -> None:
    sender = Sender(peer.port, made_inside=True)
    taken = sender.sockets.take()
    assert taken is not None

    sender.delivery.send([b"{}"])
    waiting = sender.delivery.due > time.perf_counter()
    sender.sockets.give_back(taken)

    with _accept_while(sender, peer) as connection:
        receive(sender, connection, is_request)
    assert waiting
    sender.close()


def test_spare_sockets_are_let_go() -> None:
    made = [socket.socket() for _ in range(3)]
    sockets = LoopbackSockets(made)
    taken = sockets.take()
    assert taken is not None

    sockets.keep(2)
    open_sockets = [each for each in made if each.fileno() >= 0]
    sockets.give_back(taken)
    sockets.give_back(taken)
    sockets.close()
    sockets.close()

    assert len(open_sockets) == 2
    assert all(each.fileno() < 0 for each in made)
