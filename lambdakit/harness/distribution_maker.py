"""Makes the doors of distributions, and invokes the functions of Lambda@Edge."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from lambdakit.clock import Clock
from lambdakit.harness.access import Access
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.distribution.bucket_origin import BucketOrigin
from lambdakit.harness.routing.distribution.cache import Cache
from lambdakit.harness.routing.distribution.cloudfront_functions import CloudFrontFunctions
from lambdakit.harness.routing.distribution.configuration import DistributionConfiguration
from lambdakit.harness.routing.distribution.distribution import Distribution
from lambdakit.harness.routing.distribution.edge_functions import ViewerFunctions
from lambdakit.harness.routing.distribution.fetching import Fetching
from lambdakit.harness.routing.distribution.lambda_at_edge import EdgeAnswer, EdgeRefused, LambdaAtEdge
from lambdakit.harness.routing.distribution.origins import Doors, Origins
from lambdakit.harness.routing.distribution.parts import Parts
from lambdakit.harness.routing.distribution.trusted_keys import TrustedKeys
from lambdakit.harness.routing.distribution.url_signature import FunctionUrlSignature
from lambdakit.harness.routing.outgoing_http import Bound
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import TraceLog

_REGION: Final = "us-east-1"  # where distributions and the functions of their events are
_TOO_MANY: Final = 429


class EdgeInvocations:
    """Invokes versions of functions as their replicas: the log group is that of a replica."""

    def __init__(self, stores: FunctionStores, invocations: Invocations) -> None:
        self._stores = stores
        self._invocations = invocations

    def invoke(self, arn: str, payload: bytes) -> EdgeAnswer:
        """What the function gives. EdgeRefused."""
        try:
            target = self._stores.resolve(arn)
            configuration = target.configuration
            replica = dataclasses.replace(
                configuration,
                log_group=f"/aws/lambda/{configuration.region}.{configuration.name}",
                revision=f"{configuration.revision}@edge",  # with execution environments of its own
            )
            event = Event(payload=payload, qualifier=target.qualifier)
            outcome = self._invocations.invoke(replica, event).outcome
        except ServiceFault as fault:
            raise EdgeRefused(f"{arn}: {fault.message}", throttled=fault.status == _TOO_MANY) from None
        return EdgeAnswer(payload=outcome.payload, failed=outcome.fault is not None)


class DistributionMaker:
    """What all distributions work with. within: gives up on a call after some seconds."""

    def __init__(
        self,
        *,
        doors: Doors,
        parts: Parts,
        access: Access,
        ask: Callable[[Request, Principal], Response],
        bound: Bound,
        within: Callable[[float, Callable[[], Response]], Response],
        edge: EdgeInvocations,
        localize: Callable[[str], str],
        write_line: WriteLine,
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._parts = parts
        self._localize = localize
        self._trace = trace
        self._clock = clock
        lambdas = LambdaAtEdge(edge.invoke)
        origins = Origins(
            doors=doors,
            buckets=BucketOrigin(parts, ask, access.acting_for, is_enforced=access.is_enforced),
            signatures=FunctionUrlSignature(parts, access.sign_in_service, _REGION),
            bound=bound,
            within=within,
        )
        self._fetching = Fetching(origins, lambdas)
        self._functions = CloudFrontFunctions(parts, lambda arn, request_id, line: self._log(arn, request_id, line))
        self._write_line = write_line
        self._events = ViewerFunctions(self._functions, lambdas)
        self._signatures = TrustedKeys(parts, clock.now)

    def make(self, configuration: Callable[[], DistributionConfiguration | None]) -> tuple[Distribution, Cache]:
        """A distribution's door and its cache."""
        cache = Cache(self._clock.now)
        distribution = Distribution(
            configuration=configuration,
            parts=self._parts,
            fetching=self._fetching,
            events=self._events,
            signatures=self._signatures,
            cache=cache,
            localize=self._localize,
            trace=self._trace,
            clock=self._clock,
        )
        return distribution, cache

    def close(self) -> None:
        """Ends what runs CloudFront functions. Idempotent."""
        self._functions.close()

    def _log(self, arn: str, request_id: str, line: str) -> None:
        """Source: Amazon CloudFront Developer Guide, "Edge function logs"."""
        now, name = self._clock.now(), arn.rpartition("/")[2]
        place = LogPlace(
            account_id=arn.split(":")[4],
            region=_REGION,
            group=f"/aws/cloudfront/function/{name}",
            stream=f"{now.year}/{now.month}/{now.day}/{name}",
        )
        self._write_line(place, f"{request_id} {line}", now)
