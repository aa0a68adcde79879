"""The doors of load balancers: a loopback listener for each port, opened by a listener or by a URL that names it.

A URL may be needed before its listener is there: the environment of a function that stands behind the listener names
it. So a balancer's port has a door from the first that asks for it, and says so while nobody listens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from lambdakit.harness.deployment.public_urls import DoorHandler, FrontDoors
from lambdakit.harness.listener import LOOPBACK
from lambdakit.harness.moto_state.load_balancers import BalancerListener, LoadBalancer, LoadBalancers
from lambdakit.harness.network.bindings import Target
from lambdakit.harness.routing.load_balancer.health_checks import HealthChecks

_HTTPS: Final = "HTTPS"


class PortDoor(Protocol):
    """Who serves a port of a balancer."""

    @property
    def serve(self) -> DoorHandler:
        """Answers a request."""

    @property
    def reset(self) -> Callable[[], None]:
        """Forgets what it remembers."""


class LoadBalancerDoors:
    """Opens and closes the doors of load balancers.

    make: a door for a port; it is given how the balancer is found, which gives None once it is deleted.
    """

    def __init__(
        self,
        doors: FrontDoors,
        balancers: LoadBalancers,
        make: Callable[[int, Callable[[], LoadBalancer | None]], PortDoor],
        *,
        checks: HealthChecks,
    ) -> None:
        self._doors = doors
        self._balancers = balancers
        self._make = make
        self._checks = checks
        doors.balancer_door = self._door_of_host

    def listen(self, listener_arn: str) -> None:
        """Serves a listener; nothing happens for one of another kind of balancer."""
        found = self._balancers.of_listener(listener_arn)
        if found is None:
            return
        balancer, listener = found
        self._doors.call_also(self._opened(balancer, listener.port), listener_arn)
        self._name_balancer(balancer)
        self.follow(listener_arn)

    def end(self, listener_arn: str, balancer_arn: str) -> None:
        """Closes the door of a listener that is deleted already."""
        address = self._doors.address(listener_arn)
        if address is not None:
            self._doors.close_door(address[0])
        balancer = self._balancers.by_arn(balancer_arn)
        if balancer is not None:
            self._name_balancer(balancer)

    def forget(self, balancer_arn: str) -> None:
        """Closes every door of a balancer that is deleted already."""
        for door_id in self._doors.ids():
            if door_id.startswith(f"{_begin(balancer_arn)}/"):
                self._doors.close_door(door_id)

    def follow(self, listener_arn: str) -> None:
        """Begins the health checks of the target groups that a listener leads to, after its rules changed."""
        found = self._balancers.of_listener(listener_arn)
        for group_arn in () if found is None else found[1].group_arns:
            self._checks.follow(group_arn)

    def check(self, group_arn: str) -> None:
        """Begins, changes or ends the health checks of a target group, as it is now."""
        self._checks.follow(group_arn)

    def reset(self, balancer_arn: str) -> None:
        """Lets a balancer's doors forget whose turn it is."""
        for door_id in self._doors.ids():
            if door_id.startswith(f"{_begin(balancer_arn)}/"):
                self._doors.reset(door_id)

    def addresses(self) -> Mapping[str, Mapping[int, Target]]:
        """Where functions that connect to a balancer by its DNS name are led, by host and port.

        Those that speak TLS to it are not: its doors do not.
        """
        found: dict[str, dict[int, Target]] = {}
        for balancer in self._balancers.all():
            for listener in balancer.listeners.values():
                url = self._doors.url(f"{_begin(balancer.arn)}/{listener.port}")
                if url is not None and listener.protocol != _HTTPS:
                    target = Target(name=balancer.name, host=LOOPBACK, port=int(url.rpartition(":")[2]))
                    found.setdefault(balancer.dns_name.lower(), {})[listener.port] = target
        return found

    def _door_of_host(self, host: str, port: int) -> str | None:
        balancer = self._balancers.by_host(host)
        if balancer is None:
            return None
        wanted = port or next((listener.port for listener in _by_use(balancer)), 0)
        return self._opened(balancer, wanted) if wanted else None

    def _opened(self, balancer: LoadBalancer, port: int) -> str:
        door_id = f"{_begin(balancer.arn)}/{port}"
        if self._doors.handler(door_id) is None:
            door = self._make(port, lambda: self._balancers.by_arn(balancer.arn))
            self._doors.open_once(door_id, door.serve, reset=door.reset)
        return door_id

    def _name_balancer(self, balancer: LoadBalancer) -> None:
        """The balancer's own door is that of its first listener that does more than lead from HTTP to HTTPS."""
        with contextlib.suppress(StopIteration):
            self._doors.call_also(self._opened(balancer, next(_by_use(balancer)).port), balancer.arn)


def _begin(balancer_arn: str) -> str:
    """What the ids of a balancer's doors begin with: `app/NAME/NUMBER`."""
    return balancer_arn.partition(":loadbalancer/")[2]


def _by_use(balancer: LoadBalancer) -> Iterator[BalancerListener]:
    listeners = sorted(balancer.listeners.values(), key=lambda listener: listener.port)
    yield from (listener for listener in listeners if listener.protocol == _HTTPS and listener.port == 443)
    yield from (listener for listener in listeners if listener.protocol == _HTTPS)
    yield from listeners
