"""What the network's verdict means for a function: the connection hangs, or fails, and the trace says why.

Knows which environments there are and where each one stands; the rules themselves are a `Judge`.
"""

from __future__ import annotations

import logging
import select
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from lambdakit.clock import HarnessClock
from lambdakit.harness.network.hanging import EnvironmentNetwork
from lambdakit.harness.network.verdict import Destination, Judge, Placement, Verdict
from lambdakit.harness.wire import OpenAnswer, Response
from lambdakit.trace import NetworkBlocked, RuntimeNote, TraceLog

logger = logging.getLogger(__name__)

_CLOCK_SECONDS: Final = 0.1  # how long a time-out waits for somebody else who moves the clock
_REACHABLE: Final = Verdict(reachable=True)


def unrestricted(placement: Placement, destination: Destination) -> Verdict:
    """A judge under which everything can be reached."""
    del placement, destination
    return _REACHABLE


class NetworkGuard:
    """The environments that there are, and what they may reach.

    judge: may be replaced at any time. moved: called after the clock was moved.
    """

    def __init__(
        self, judge: Judge, *, trace: TraceLog, clock: HarnessClock, moved: Callable[[], None] = lambda: None
    ) -> None:
        self.judge = judge
        self._trace = trace
        self._clock = clock
        self._moved = moved
        self._networks: dict[str, EnvironmentNetwork] = {}
        self._noted: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def environment(self, *, function: str, arn: str, placement: Placement) -> EnvironmentNetwork:
        """The network of a new execution environment of a function. arn: the function's, unqualified."""
        return EnvironmentNetwork(
            function=function, arn=arn, placement=placement, now=self._clock.now, reach=self._reach
        )

    def enter(self, environment: str, network: EnvironmentNetwork) -> None:
        """From now on an environment is known by its id."""
        with self._lock:
            self._networks[environment] = network

    def leave(self, environment: str) -> None:
        """An environment is gone."""
        with self._lock:
            self._networks.pop(environment, None)

    def network(self, environment: str) -> EnvironmentNetwork | None:
        """The network of an environment; None when there is no such environment."""
        with self._lock:
            return self._networks.get(environment)

    def functions(self) -> Iterable[str]:
        """The ARNs, unqualified, of the functions that have an environment."""
        with self._lock:
            return {network.arn for network in self._networks.values()}

    def check(self, environment: str, destination: Destination) -> Verdict:
        """Whether an environment can reach something; it can when there is no such environment."""
        network = self.network(environment)
        return _REACHABLE if network is None else self.judge(network.placement, destination)

    def ask_before_told(self, catch_up: Callable[[], None]) -> None:
        """Whoever reads the trace waits for `catch_up`."""
        self._trace.ask_first(catch_up)

    def blocked(self, environment: str, destination: str, *, reason: str, fix: str) -> None:
        """Tells the trace, once in an invocation for each destination."""
        network = self.network(environment)
        if network is not None and network.first_time(destination):
            self._trace.append(
                NetworkBlocked(
                    function=network.function,
                    environment=environment,
                    destination=destination,
                    reason=reason,
                    fix=fix,
                )
            )

    def note(self, environment: str, note: str) -> None:
        """Tells the trace how the network of an environment differs from AWS, once for each function."""
        network = self.network(environment)
        if network is None:
            return
        with self._lock:
            known = (network.arn, note) in self._noted
            self._noted.add((network.arn, note))
        if not known:
            self._trace.append(RuntimeNote(function=network.function, note=note))

    def verdict(self, environment: str, service: str, region: str) -> Verdict | None:
        """Whether and how an environment in a VPC reaches an AWS API; None for every other one.

        service: as requests to it are signed.
        """
        network = self.network(environment)
        if network is None or not network.placement.subnet_ids:
            return None
        return self.judge(network.placement, Destination(service=service, region=region))

    def hold(self, environment: str, service: str, region: str) -> Response | None:
        """What a request gets whose function cannot reach the AWS API it is for: no answer, ever. None when it can.

        service: as requests to it are signed. Only functions in a VPC are asked about.
        """
        verdict = self.verdict(environment, service, region)
        return None if verdict is None or verdict.reachable else self.unanswered(environment, service, region, verdict)

    def unanswered(self, environment: str, service: str, region: str, verdict: Verdict) -> Response | None:
        """What a request gets that does not reach its service, by a verdict; None when the environment is gone."""
        network = self.network(environment)
        if network is None:
            return None
        destination = f"{service}.{region}.amazonaws.com"
        self.blocked(environment, destination, reason=verdict.reason, fix=verdict.fix)

        def hang(answer: OpenAnswer) -> None:
            held = network.hang(destination)
            try:
                wait_until_left(answer.fileno())
            finally:
                network.end(held)
            answer.cut()

        return Response(status=200, stream=hang)

    def _reach(self, moment: datetime) -> None:
        try:
            self._clock.reach(moment, timeout_seconds=_CLOCK_SECONDS)
        except TimeoutError:
            # Whoever moves it waits for this very invocation, and decides where the clock stands afterwards.
            logger.debug("the clock is being moved, and not to %s", moment)
        else:
            self._moved()


def wait_until_left(descriptor: int) -> None:
    """Returns once the other side of a connection has closed it, or this side has."""
    if descriptor < 0:
        return
    ended = getattr(select, "POLLRDHUP", select.POLLIN)  # only Linux tells of the end alone
    waiting = select.poll()
    waiting.register(descriptor, ended)
    waiting.poll()
