"""Doors of websites and distributions that several ask for at once, or that go while somebody asks for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.deployment.distribution_doors import DistributionDoors
from lambdakit.harness.deployment.public_urls import DoorHandler, FrontDoors
from lambdakit.harness.deployment.website_doors import WebsiteDoors
from lambdakit.harness.routing.distribution.configuration import read_distribution
from lambdakit.harness.routing.distribution.parts import Parts
from lambdakit.harness.wire import Request, Response

HOST = "x.cloudfront.net"
SECONDS = 30


def nothing(request: Request, environment: str = "") -> Response:
    """Serves a door with nothing."""
    del request, environment
    return Response(status=200)


class Served:
    """A distribution that answers nothing, and keeps nothing."""

    serve = serve_plain = staticmethod(nothing)

    def invalidate(self, paths: object) -> None:
        """Nothing is kept."""

    def clear(self) -> None:
        """Nothing is kept."""


class InterruptedDoors(FrontDoors):
    """Does something between the moment when somebody sees that there is no door, and the one when it opens it."""

    def __init__(self, between: Callable[[], object]) -> None:
        super().__init__()
        self.between = between

    def handler(self, door_id: str) -> DoorHandler | None:
        found = super().handler(door_id)
        if found is None:
            self.between()
        return found


def listening(text: str) -> int:
    """How many threads listen for doors whose id includes a text."""
    return len([each for each in threading.enumerate() if text in each.name and "accept" in each.name])


def both(ask: Callable[[], object]) -> None:
    """Has two threads ask."""
    threads = [threading.Thread(target=ask, name=f"asking-{number}") for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)


@pytest.fixture
def bucket() -> Iterator[str]:
    s3 = Account(account_id="777788889999", region="us-east-1").client("s3")
    s3.create_bucket(Bucket="asked-for-at-once")
    yield "asked-for-at-once"
    s3.delete_bucket(Bucket="asked-for-at-once")


def distributions(doors: FrontDoors) -> DistributionDoors:
    """The doors of one distribution."""
    found = DistributionDoors(doors, Parts(), lambda configuration: (Served(), Served()))
    properties: dict[str, object] = {"Origins": [], "DefaultCacheBehavior": {}}
    found.open(read_distribution(properties, distribution_id="E1", arn="a", domain=HOST))
    return found


def test_a_door_that_is_opened_once_stays() -> None:
    doors = FrontDoors()

    first, second = (doors.open_once("once", nothing) for _ in range(2))
    listeners = listening("once")
    doors.close()

    assert first == second
    assert (listeners, listening("once")) == (1, 0)


def test_a_distribution_that_two_ask_for_by_http_has_one_door() -> None:
    at_once = threading.Barrier(2, timeout=SECONDS)
    doors = InterruptedDoors(at_once.wait)
    sites, told = distributions(doors), []

    both(lambda: told.append(sites.door_of_host(HOST, 80)))
    listeners = listening("E1/80")
    sites.close("E1")
    doors.close()

    assert told == ["distribution/E1/80"] * 2
    assert (listeners, listening("E1")) == (1, 0)


def test_a_distribution_that_goes_while_somebody_asks_leaves_no_door() -> None:
    doors = InterruptedDoors(lambda: None)
    sites = distributions(doors)
    doors.between = lambda: sites.close("E1")

    told = sites.door_of_host(HOST, 80)
    left = listening("E1")
    doors.close()

    assert (told, left) == (None, 0)


def test_a_website_that_two_ask_for_has_one_door(bucket: str) -> None:
    at_once = threading.Barrier(2, timeout=SECONDS)

    def make(name: str, region: str) -> DoorHandler:
        del name, region
        at_once.wait()
        return nothing

    doors = FrontDoors()
    websites = WebsiteDoors(doors, make)

    both(lambda: websites.door_of_host(f"{bucket}.s3-website-us-east-1.amazonaws.com", 80))
    listeners = listening(bucket)
    doors.close()

    assert (listeners, listening(bucket)) == (1, 0)
