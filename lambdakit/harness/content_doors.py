"""The doors of what serves content: websites of buckets, and distributions in front of whatever else is served."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from lambdakit.clock import Clock
from lambdakit.harness.access import Access
from lambdakit.harness.deployment.content import Content
from lambdakit.harness.deployment.distribution_doors import DistributionDoor, DistributionDoors, KeptContent
from lambdakit.harness.deployment.public_urls import DoorHandler, FrontDoors
from lambdakit.harness.deployment.website_doors import WebsiteDoors
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.iam.xml_members import read_xml
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.moto_state.invalidations import watch_invalidations
from lambdakit.harness.moto_state.websites import home_of_bucket, website_of_bucket
from lambdakit.harness.network.bindings import Target
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.distribution.configuration import DistributionConfiguration
from lambdakit.harness.routing.distribution.parts import Parts
from lambdakit.harness.routing.function_calls import FunctionCalls
from lambdakit.harness.routing.outgoing_http import Bound
from lambdakit.harness.routing.website.configuration import WebsiteConfiguration, read_configuration
from lambdakit.harness.routing.website.website import Website
from lambdakit.harness.wire import Headers, Request, Response
from lambdakit.trace import TraceLog

if TYPE_CHECKING:
    from lambdakit.harness.distribution_maker import DistributionMaker

# Website endpoints speak no TLS, which conditions on `aws:SecureTransport` see. Source: Amazon S3 User Guide, "Website
# endpoints" ("SSL support": not supported).
_VISITOR: Final = Principal(kind="anonymous", context={"aws:securetransport": ("false",)})
# moto serves an object without a signature only where it finds a public access control list.
_UNCHECKED: Final = "AWS4-HMAC-SHA256 Credential=-/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=-"
_API: Final = re.compile(
    r"([a-z0-9]+)\.(?:execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|lambda-url\.[a-z0-9-]+\.on\.aws)"
)
_LOCAL: Final = re.compile(r"127\.0\.0\.1:(\d{1,5})")


class ContentDoors:
    """Makes the doors. ask: the AWS APIs of the harness, with a request and who makes it. bound: the servers that
    tests named for hosts. calls: gives up on what takes too long."""

    def __init__(
        self,
        *,
        doors: FrontDoors,
        access: Access,
        ask: Callable[[Request, Principal], Response],
        bound: Bound,
        calls: FunctionCalls,
        stores: FunctionStores,
        invocations: Invocations,
        write_line: WriteLine,
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._doors = doors
        self._access = access
        self._ask = ask
        self._trace = trace
        self._clock = clock
        self._calls = calls
        self._stores = stores
        self._invocations = invocations
        self._bound = bound
        self._write_line = write_line
        self._parts = parts = Parts()
        self._maker: DistributionMaker | None = None
        self.served = Content(
            websites=WebsiteDoors(doors, self._website),
            distributions=DistributionDoors(doors, parts, self._distribution),
        )
        doors.site_door = self._door_of_host
        watch_invalidations(self.served.distributions.invalidate)

    def close(self) -> None:
        """Ends what runs beside the doors. Idempotent."""
        if self._maker is not None:
            self._maker.close()

    def addresses(self) -> Mapping[str, Mapping[int, Target]]:
        """Where functions that connect to a host that is served here are led, by host and port."""
        return self.served.websites.addresses()

    def of_domain(self, domain: str) -> Callable[[Request], Response] | None:
        """Who answers at the front door of an origin's domain; None where there is none."""
        api, local = _API.fullmatch(domain), _LOCAL.fullmatch(domain)
        if api is not None:
            return self._doors.asked_for(api[1])
        if local is not None:  # what attributes of URLs tell is this machine's address already
            return self._doors.handler_at(int(local[1]))
        return self._doors.handler_of_host(domain)

    def is_distribution(self, domain: str) -> bool:
        """Whether a domain is a distribution's."""
        return self.served.distributions.is_distribution(domain)

    def _door_of_host(self, host: str, port: int) -> str | None:
        found = self.served.websites.door_of_host(host, port)
        return self.served.distributions.door_of_host(host, port) if found is None else found

    def _distribution(
        self, configuration: Callable[[], DistributionConfiguration | None]
    ) -> tuple[DistributionDoor, KeptContent]:
        """What distributions are made of is loaded with the first one: most stacks have none."""
        if self._maker is None:
            from lambdakit.harness.distribution_maker import DistributionMaker, EdgeInvocations

            self._maker = DistributionMaker(
                doors=self,
                parts=self._parts,
                access=self._access,
                ask=self._ask,
                bound=self._bound,
                within=self._calls.within,
                edge=EdgeInvocations(self._stores, self._invocations),
                localize=self._localized,
                write_line=self._write_line,
                trace=self._trace,
                clock=self._clock,
            )
        return self._maker.make(configuration)

    def _localized(self, url: str) -> str:
        return str(self._doors.localize(url))

    def _website(self, bucket: str, region: str) -> DoorHandler:
        site = Website(
            bucket=bucket,
            region=region,
            configuration=lambda: _configuration(bucket),
            ask=self._read_as_visitor,
            localize=self._localized,
            trace=self._trace,
            clock=self._clock,
        )
        return site.serve

    def _read_as_visitor(self, request: Request) -> Response:
        if not self._access.is_enforced:
            headers = Headers([*request.headers.items, ("authorization", _UNCHECKED)])
            request = dataclasses.replace(request, headers=headers)
        return self._ask(request, _VISITOR)


def _configuration(bucket: str) -> WebsiteConfiguration | None:
    """What `Website` wants to know of a bucket."""
    if home_of_bucket(bucket) is None:
        raise LookupError(bucket)
    written = website_of_bucket(bucket)
    return None if written is None else read_configuration(read_xml(written))
