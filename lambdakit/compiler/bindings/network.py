"""The document's `network` as the construct `Network`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from lambdakit.compiler.source_map import SourceMap
from lambdakit.constructs.network import Network, NetworkProperties
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.network import Network as NetworkSettings
from lambdakit.spec.patterns import Pattern
from lambdakit.spec.stream_processing import StreamProcessing

if TYPE_CHECKING:
    from aws_cdk import Stack

# No pattern's key holds a colon, so that the two never meet in the stack.
_ID: Final = "network:shared"


# What a function of a pattern calls, by the kind of what it writes to. Two kinds share a name where both mean the same.
_ENDPOINTS: Final[Mapping[str, str]] = {
    "s3": "s3",
    "dynamodb": "dynamodb",
    "existing_table": "dynamodb",
    "sqs": "sqs",
    "sns": "sns",
    "event_bridge": "events",
    "step_functions": "states",
    "firehose": "kinesis-firehose",
    "kinesis": "kinesis-streams",
}


def bind_network(
    stack: Stack, settings: NetworkSettings, patterns: Iterable[Pattern], source_map: SourceMap
) -> Network:
    """Adds the network to the stack.

    patterns: what their functions write to has an endpoint, too, where there is no other way out.
    """
    source_map.record(f"{stack.node.path}/{_ID}", ("network",))
    vpc = settings.vpc
    return Network(
        stack,
        _ID,
        vpc=NetworkProperties(
            max_azs=vpc.max_azs,
            nat_gateways=vpc.nat_gateways,
            endpoints=vpc.endpoints if vpc.nat_gateways else list(dict.fromkeys([*vpc.endpoints, *_needed(patterns)])),
            cidr=vpc.cidr,
            ipv6=vpc.ipv6,
            flow_log_retention=vpc.flow_log_retention,
        ),
    )


def _needed(patterns: Iterable[Pattern]) -> Iterator[str]:
    for pattern in patterns:
        kinds: list[str]
        if isinstance(pattern, EventProcessing):
            kinds = [target.kind for target in pattern.targets.values()]
        elif isinstance(pattern, StreamProcessing):
            kinds = [] if pattern.delivery is None else [pattern.delivery.kind]
        else:
            kinds = [] if pattern.table is None else ["dynamodb"]
        yield from (_ENDPOINTS[kind] for kind in kinds if kind in _ENDPOINTS)
