"""The doors of static websites, which open with a bucket's configuration or when somebody asks for the website's host.

Source: Amazon S3 endpoints and quotas, "Amazon S3 website endpoints": a dash or a dot stands before the region.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from lambdakit.harness.deployment.public_urls import DoorHandler, FrontDoors
from lambdakit.harness.listener import LOOPBACK
from lambdakit.harness.moto_state.websites import home_of_bucket
from lambdakit.harness.network.bindings import Target

_HOST: Final = re.compile(r"([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.s3-website[.-]([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_HTTP: Final = 80


class WebsiteDoors:
    """Opens and closes the doors of websites. make: who serves a bucket's, by the bucket's name and region."""

    def __init__(self, doors: FrontDoors, make: Callable[[str, str], DoorHandler]) -> None:
        self._doors = doors
        self._make = make
        self._hosts: dict[str, str] = {}  # of the doors that are open, by bucket

    def open(self, bucket: str) -> None:
        """Serves a bucket's website; nothing happens when there is no such bucket."""
        home = home_of_bucket(bucket)
        if home is None or self._doors.handler(_door_id(bucket)) is not None:
            return
        self._hosts[bucket] = f"{bucket}.s3-website-{home.region}.amazonaws.com"
        self._doors.open_once(_door_id(bucket), self._make(bucket, home.region), also_called=bucket)

    def close(self, bucket: str) -> None:
        """Ends a bucket's website; nothing happens without one."""
        self._hosts.pop(bucket, None)
        self._doors.close_door(_door_id(bucket))

    def door_of_host(self, host: str, port: int) -> str | None:
        """The id of the door of a website's host; None for any other host, or another port than that of HTTP.

        port: 0 for whichever there is. A bucket that has no website answers so at its host.
        """
        named = _HOST.fullmatch(host)
        if named is None or port not in (0, _HTTP):
            return None
        home = home_of_bucket(named[1])
        if home is None or home.region != named[2]:
            return None
        self.open(named[1])
        return _door_id(named[1])

    def addresses(self) -> Mapping[str, Mapping[int, Target]]:
        """Where functions that connect to a website by its host are led, by host and port."""
        found: dict[str, dict[int, Target]] = {}
        for bucket, host in list(self._hosts.items()):
            url = self._doors.url(_door_id(bucket))
            if url is not None:
                target = Target(name=bucket, host=LOOPBACK, port=int(url.rpartition(":")[2]))
                for name in (host, host.replace(".s3-website-", ".s3-website.")):
                    found[name] = {_HTTP: target}
        return found


def _door_id(bucket: str) -> str:
    return f"website/{bucket}"
