"""The doors of distributions: one that stands for HTTPS, opened with the distribution, and one for HTTP, on demand.

They answer at the distribution's own domain and at its other names. What distributions refer to (policies, functions,
keys) is kept beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from lambdakit.harness.deployment.public_urls import DoorHandler, FrontDoors
from lambdakit.harness.routing.distribution.configuration import DistributionConfiguration
from lambdakit.harness.routing.distribution.parts import Parts

_HTTPS: Final = 443
_HTTP: Final = 80


class DistributionDoor(Protocol):
    """Who serves a distribution."""

    @property
    def serve(self) -> DoorHandler:
        """Answers who came by HTTPS."""

    @property
    def serve_plain(self) -> DoorHandler:
        """Answers who came by HTTP."""


class KeptContent(Protocol):
    """A distribution's cache."""

    def invalidate(self, paths: Sequence[str]) -> None:
        """Forgets what stands at the paths."""

    def clear(self) -> None:
        """Forgets everything."""


Make = Callable[[Callable[[], DistributionConfiguration | None]], tuple[DistributionDoor, KeptContent]]


class DistributionDoors:
    """Opens and closes the doors of distributions.

    make: a door with its cache; it is given how the distribution is found, which gives None once it is deleted.
    """

    def __init__(self, doors: FrontDoors, parts: Parts, make: Make) -> None:
        self._doors = doors
        self._make = make
        self._made: dict[str, tuple[DistributionDoor, KeptContent]] = {}
        self._distributions: dict[str, DistributionConfiguration] = {}
        self.parts = parts

    def open(self, distribution: DistributionConfiguration) -> None:
        """Serves a distribution, or goes on with what it says now; what its cache holds stays."""
        known = self._distributions.get(distribution.id)
        self._distributions[distribution.id] = distribution
        if known is None:
            name = distribution.id
            made = self._made[name] = self._make(lambda: self._distributions.get(name))
            self._doors.open(_door_id(name, _HTTPS), made[0].serve, also_called=name, reset=made[1].clear)

    def close(self, distribution_id: str) -> None:
        """Ends a distribution; nothing happens without one."""
        self._distributions.pop(distribution_id, None)
        self._made.pop(distribution_id, None)
        for port in (_HTTPS, _HTTP):
            self._doors.close_door(_door_id(distribution_id, port))

    def reset(self, distribution_id: str) -> None:
        """Empties a distribution's cache."""
        self._doors.reset(_door_id(distribution_id, _HTTPS))

    def invalidate(self, distribution_id: str, paths: Sequence[str]) -> None:
        """Has a distribution forget what stands at the paths; nothing happens for one that is not served."""
        made = self._made.get(distribution_id)
        if made is not None:
            made[1].invalidate(paths)

    def door_of_host(self, host: str, port: int) -> str | None:
        """The id of the door of a distribution's host; None for any other. port: 0 for that which stands for HTTPS."""
        found = self._of_host(host)
        if found is None or port not in (0, _HTTPS, _HTTP):
            return None
        if port != _HTTP:
            return _door_id(found.id, _HTTPS)
        made = self._made.get(found.id)
        if made is None:  # it was deleted meanwhile
            return None
        door_id = _door_id(found.id, _HTTP)
        if self._doors.handler(door_id) is None:
            self._doors.open_once(door_id, made[0].serve_plain)
            if found.id not in self._made:
                self._doors.close_door(door_id)
                return None
        return door_id

    def is_distribution(self, host: str) -> bool:
        """Whether a host is a distribution's."""
        return self._of_host(host) is not None

    def _of_host(self, host: str) -> DistributionConfiguration | None:
        """An alias may be a wildcard, which a name beside it goes before.

        Source: Amazon CloudFront Developer Guide, "Use the * wildcard in alternate domain names".
        """
        distributions = list(self._distributions.values())
        for distribution in distributions:
            if host == distribution.domain or host in distribution.aliases:
                return distribution
        wildcards = ((alias, each) for each in distributions for alias in each.aliases if alias.startswith("*."))
        return next((each for alias, each in wildcards if host.endswith(alias[1:])), None)


def _door_id(distribution_id: str, port: int) -> str:
    return f"distribution/{distribution_id}/{port}"
