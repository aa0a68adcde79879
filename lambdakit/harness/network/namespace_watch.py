"""What the network namespaces of execution environments ask of the harness: names, connections, and what is relayed.

    a name          -> an address that stands for it, whether it can be reached or not: names always resolve in a VPC
    a connection    -> the judge: it hangs where the network has no path; it is refused at once where there is a path
                       that leads out of the harness
    a relayed one   -> the same, and then the server that a test bound, or the host that it allowed

One thread for all environments; each relayed connection has its own. The sockets were made inside the namespaces.
Source: Amazon VPC User Guide, "DNS attributes for your VPC"; RFC 6761 (names that nobody has).
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import socket
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lambdakit.harness.network import dns_message, packets
from lambdakit.harness.network.bindings import Bindings, Target
from lambdakit.harness.network.connecting import is_connecting
from lambdakit.harness.network.guard import NetworkGuard
from lambdakit.harness.network.hanging import Hang
from lambdakit.harness.network.outside_reason import outside_reason
from lambdakit.harness.network.relay import Relay
from lambdakit.harness.network.service_names import service_at
from lambdakit.harness.network.synthetic_names import SyntheticNames, is_relayed
from lambdakit.harness.network.verdict import Destination, Verdict

logger = logging.getLogger(__name__)

_QUESTION_BYTES: Final = 4096
_CATCH_UP_SECONDS: Final = 5.0  # far above what it takes
_ATTEMPTS_MAX: Final = 256  # from then on those that have ended are forgotten
_NO_PACKET_SOCKETS: Final = (
    "only its calls of AWS APIs, and what is bound or allowed, are held to its network: this machine allows no packet "
    "sockets (CAP_NET_RAW), and every other connection fails at once"
)
# The harness's endpoint behind what the SDKs put before a host (Smithy specification, "endpoint trait", `hostPrefix`):
# Step Functions' StartSyncExecution goes to `sync-127.0.0.1`.
_PREFIXED_ENDPOINTS: Final = ("-127.0.0.1", ".127.0.0.1")
_NOBODYS_NAMES: Final = (".invalid", ".local", ".arpa", ".onion")


@dataclass(slots=True, kw_only=True)
class _Namespace:
    """One environment's. relays: its listeners by address and port. attempts: what hangs, by its socket and its end."""

    environment: str
    pid: int
    ports: Collection[int]
    resolver: socket.socket
    tap: socket.socket
    relays: Mapping[tuple[str, int], socket.socket]
    attempts: dict[tuple[int, str, int], Hang] = field(default_factory=dict)

    @property
    def sockets(self) -> Sequence[socket.socket]:
        """All of them."""
        return (self.resolver, self.tap, *self.relays.values())


class NamespaceWatch:
    """Serves the namespaces of all environments. Linux only, as they are."""

    def __init__(self, guard: NetworkGuard, bindings: Bindings) -> None:
        self._guard = guard
        self._bindings = bindings
        self._names = SyntheticNames()
        self._relay = Relay()
        self._namespaces: dict[str, _Namespace] = {}
        self._handlers: dict[int, Callable[[], None]] = {}
        self._arrived: queue.SimpleQueue[_Namespace] = queue.SimpleQueue()
        self._asked: queue.SimpleQueue[threading.Event] = queue.SimpleQueue()
        self._leaving: queue.SimpleQueue[Sequence[socket.socket] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._poll = select.epoll()
        self._wake, self._waker = os.pipe()
        self._poll.register(self._wake, select.EPOLLIN)
        self._closed = False
        self._threads = [
            threading.Thread(target=self._run, name="namespace-watch", daemon=True),
            threading.Thread(target=self._close_sockets, name="namespace-close", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        guard.ask_before_told(self.catch_up)

    def relayed(self) -> Sequence[tuple[str, int]]:
        """Addresses and ports at which a new environment is to have listeners, for what is bound and allowed now."""
        found = []
        for host, targets in self._bindings.targets().items():
            address = self._names.relayed(host)
            found += [(address, port) for port in targets] if address is not None else []
        return found

    def attach(
        self,
        environment: str,
        *,
        pid: int,
        ports: Collection[int],
        sockets: Sequence[socket.socket],
        relays: Sequence[tuple[str, int]],
    ) -> None:
        """Serves a new environment. sockets: its resolver, its packet socket, and a listener for each of `relays`.

        pid: of a process in its namespace. ports: on which the harness itself listens in there.
        """
        resolver, tap, *listeners = sockets
        namespace = _Namespace(
            environment=environment,
            pid=pid,
            ports=ports,
            resolver=resolver,
            tap=tap,
            relays=dict(zip(relays, listeners, strict=True)),
        )
        with self._lock:
            self._namespaces[environment] = namespace
        # A filter costs the kernel a quarter of a millisecond, which no cold start is to wait for.
        self._arrived.put(namespace)
        self._wake_up()

    def detach(self, environment: str) -> None:
        """Lets go of an environment that is gone; nothing happens when it is not known."""
        with self._lock:
            namespace = self._namespaces.pop(environment, None)
            if namespace is None:
                return
            for each in namespace.sockets:
                if self._handlers.pop(each.fileno(), None) is not None:
                    with contextlib.suppress(OSError):
                        self._poll.unregister(each.fileno())
        network = self._guard.network(environment)
        if network is not None:
            network.forget()
        # The kernel takes milliseconds to let go of a packet socket, for which nobody is to wait either.
        self._leaving.put(namespace.sockets)

    def catch_up(self) -> None:
        """Returns once everything has been seen that functions have tried so far.

        The kernel itself refuses a connection to an address of the harness's at which nothing listens: the function
        knows of it before this does.
        """
        if self._namespaces:
            seen = threading.Event()
            self._asked.put(seen)
            if self._wake_up():
                seen.wait(_CATCH_UP_SECONDS)

    def close(self) -> None:
        """Ends every connection and thread. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.close(self._waker)
        self._threads[0].join()
        for environment in list(self._namespaces):
            self.detach(environment)
        self._relay.close()
        self._leaving.put(None)
        self._threads[1].join()
        self._poll.close()
        os.close(self._wake)

    def _wake_up(self) -> bool:
        """Has the thread look at what has been put down for it; False when it has ended."""
        with self._lock:
            if not self._closed:
                os.write(self._waker, b"+")
            return not self._closed

    def _run(self) -> None:
        while True:
            descriptors = [descriptor for descriptor, _ in self._poll.poll()]
            if self._wake in descriptors:
                if not os.read(self._wake, 64):
                    self._serve_who_asked()
                    return
                self._begin()
            self._serve(descriptors)
            self._serve_who_asked()

    def _serve(self, descriptors: Sequence[int]) -> None:
        for descriptor in descriptors:
            with self._lock:
                handle = self._handlers.get(descriptor)
            if handle is not None:
                self._handle(handle)

    def _serve_who_asked(self) -> None:
        asked = []
        with contextlib.suppress(queue.Empty):
            while True:
                asked.append(self._asked.get_nowait())
        if asked:
            self._serve([descriptor for descriptor, _ in self._poll.poll(0)])
            for seen in asked:
                seen.set()

    @staticmethod
    def _handle(handle: Callable[[], None]) -> None:
        try:
            handle()
        except OSError:
            logger.debug("a namespace went away", exc_info=True)
        except Exception:  # one environment's fault must not take the network from the others
            logger.exception("the network of an execution environment")

    def _begin(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                namespace = self._arrived.get_nowait()
                self._handle(lambda namespace=namespace: self._watch(namespace))  # type: ignore[misc]  # bound at once

    def _watch(self, namespace: _Namespace) -> None:
        handlers = {namespace.resolver: lambda: self._resolve(namespace)}
        sees_attempts = namespace.tap.family == socket.AF_PACKET
        if sees_attempts:
            handlers[namespace.tap] = lambda: self._look(namespace)
        else:
            self._guard.note(namespace.environment, _NO_PACKET_SOCKETS)
        for (address, port), listener in namespace.relays.items():
            handlers[listener] = lambda at=(address, port), it=listener: self._accept(namespace, at, it)  # type: ignore[misc]  # bound at once
        with self._lock:
            if self._namespaces.get(namespace.environment) is not namespace:
                return
            if sees_attempts:
                packets.watch(namespace.tap)
            for each, handle in handlers.items():
                each.setblocking(False)
                self._handlers[each.fileno()] = handle
                self._poll.register(each.fileno(), select.EPOLLIN)

    def _close_sockets(self) -> None:
        while (leaving := self._leaving.get()) is not None:
            for each in leaving:
                each.close()

    def _resolve(self, namespace: _Namespace) -> None:
        message, client = namespace.resolver.recvfrom(_QUESTION_BYTES)
        question = dns_message.read_question(message)
        if question is not None:
            namespace.resolver.sendto(self._answer(namespace, question), client)

    def _answer(self, namespace: _Namespace, question: dns_message.Question) -> bytes:
        name = question.name
        if name == "localhost" or name.endswith((".localhost", *_PREFIXED_ENDPOINTS)):
            address: str | None = "127.0.0.1"
        elif "." not in name or name.endswith(_NOBODYS_NAMES):
            return dns_message.answer(question, code=dns_message.NO_SUCH_NAME)
        elif question.kind not in (dns_message.A, dns_message.ANY):
            return dns_message.answer(question)
        else:
            address = self._address(namespace, name)
            if address is None:
                return dns_message.answer(question, code=dns_message.SERVER_FAILURE)
        return dns_message.answer(question, address if question.kind in (dns_message.A, dns_message.ANY) else None)

    def _address(self, namespace: _Namespace, name: str) -> str | None:
        """Where the harness listens for a name, if there is a way to it; else where the attempt is seen."""
        listened = self._names.relayed(name)
        service = self._service(namespace, name)
        if service is not None:
            reachable = self._guard.check(namespace.environment, service).reachable
            return listened if reachable else self._names.outside(name)
        for address, port in namespace.relays:
            if address == listened and self._check(namespace, name, port).reachable:
                return listened
        return self._names.outside(name)

    def _check(self, namespace: _Namespace, host: str, port: int) -> Verdict:
        service = self._service(namespace, host) if port in namespace.ports else None
        return self._guard.check(namespace.environment, service or Destination(host=host, port=port))

    def _service(self, namespace: _Namespace, host: str) -> Destination | None:
        """The AWS API that functions in a VPC find at a name; None for other names and functions."""
        network = self._guard.network(namespace.environment)
        return service_at(host) if network is not None and network.placement.subnet_ids else None

    def _look(self, namespace: _Namespace) -> None:
        while (attempt := packets.next_attempt(namespace.tap)) is not None:
            if not (attempt.is_tcp and _is_listened_to(namespace, attempt.address, attempt.port)):
                self._decide(namespace, attempt)

    def _decide(self, namespace: _Namespace, attempt: packets.Attempt) -> None:
        environment, network = namespace.environment, self._guard.network(namespace.environment)
        host = self._names.name_of(attempt.address) or attempt.address
        destination = host if attempt.port in namespace.ports else f"{host}:{attempt.port}"
        verdict = self._check(namespace, host, attempt.port)
        key = (attempt.source_port, attempt.address, attempt.port)
        if verdict.reachable:
            reason, fix = outside_reason(host, attempt.port, self._bindings)
            self._guard.blocked(environment, destination, reason=reason, fix=fix)
            hang = namespace.attempts.pop(key, None)
            if hang is not None and network is not None:
                network.end(hang)
            packets.refuse(namespace.tap, attempt)
            return
        self._guard.blocked(environment, destination, reason=verdict.reason, fix=verdict.fix)
        if network is None or not attempt.is_tcp:
            return  # nobody learns whether a datagram arrived

        def still_connecting() -> bool:
            return is_connecting(
                namespace.pid, source_port=attempt.source_port, address=attempt.address, port=attempt.port
            )

        hang = namespace.attempts.get(key)
        if hang is None or not network.holds(hang):  # else it is the same one, asking again
            if len(namespace.attempts) >= _ATTEMPTS_MAX:
                namespace.attempts = {at: each for at, each in namespace.attempts.items() if network.holds(each)}
            namespace.attempts[key] = network.hang(destination, still_connecting)

    def _accept(self, namespace: _Namespace, at: tuple[str, int], listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        connection.setblocking(True)
        address, port = at
        environment, network = namespace.environment, self._guard.network(namespace.environment)
        host = self._names.name_of(address)
        destination = f"{host}:{port}"
        verdict = self._check(namespace, host, port)
        target = self._bindings.targets().get(host, {}).get(port)
        if not verdict.reachable and network is not None:
            self._guard.blocked(environment, destination, reason=verdict.reason, fix=verdict.fix)
            hang = network.hang(destination)
            self._relay.hold(connection, lambda: network.end(hang))
        elif target is None:
            connection.close()
        else:
            self._relay.connect(
                connection, (target.host, target.port), lambda error: self._refused(environment, destination, target)
            )

    def _refused(self, environment: str, destination: str, target: Target) -> None:
        self._guard.blocked(
            environment,
            destination,
            reason=f"nothing answers at {target.host}:{target.port}, where {target.name} was sent",
            fix="start the server there before the function is invoked",
        )


def _is_listened_to(namespace: _Namespace, address: str, port: int) -> bool:
    """Whether a listener answers, so that nobody has to."""
    return (address, port) in namespace.relays or (port in namespace.ports and is_relayed(address))
