"""The document's `network` as the construct `Network`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_ec2 as ec2

from lambdakit.compiler.source_map import SourceMap
from lambdakit.constructs.network import Network, NetworkProperties
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.network import ExistingVpc
from lambdakit.spec.network import Network as NetworkSettings
from lambdakit.spec.placed_functions import written_functions
from lambdakit.spec.stores import ExistingCache
from lambdakit.spec.stream_processing import StreamProcessing

if TYPE_CHECKING:
    from aws_cdk import Stack

    from lambdakit.spec.api_backend import RequestBackend, WebSocketBackend
    from lambdakit.spec.application import Application
    from lambdakit.spec.function import FunctionSettings

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
# What a function calls, by the kind of what it is granted.
_GRANTED: Final[Mapping[str, str]] = {
    "bucket": "s3",
    "table": "dynamodb",
    "queue": "sqs",
    "topic": "sns",
    "stream": "kinesis-streams",
    "event_bus": "events",
    "key": "kms",
    "secret": "secretsmanager",
    "parameter": "ssm",
    "state_machine": "states",
    "function": "lambda",
}


def bind_network(stack: Stack, application: Application, settings: NetworkSettings, source_map: SourceMap) -> Network:
    """Adds the network to the stack.

    application: what its functions write to, or are granted, has an endpoint, too, where there is no other way out.
    """
    source_map.record(f"{stack.node.path}/{_ID}", ("network",))
    vpc = settings.vpc
    if isinstance(vpc, ExistingVpc):
        return Network(stack, _ID, vpc=_existing(stack, vpc))
    return Network(
        stack,
        _ID,
        vpc=NetworkProperties(
            max_azs=vpc.max_azs,
            nat_gateways=vpc.nat_gateways,
            endpoints=vpc.endpoints
            if vpc.nat_gateways
            else list(dict.fromkeys([*vpc.endpoints, *_needed(application)])),
            cidr=vpc.cidr,
            ipv6=vpc.ipv6,
            flow_log_retention=vpc.flow_log_retention,
        ),
    )


def _existing(stack: Stack, settings: ExistingVpc) -> ec2.IVpc:
    return ec2.Vpc.from_vpc_attributes(
        stack,
        "network:vpc",
        vpc_id=settings.vpc_id,
        availability_zones=settings.availability_zones,
        private_subnet_ids=settings.private_subnet_ids,
        public_subnet_ids=settings.public_subnet_ids,
        vpc_cidr_block=settings.vpc_cidr_block,
    )


def _needed(application: Application) -> Iterator[str]:
    """Endpoints, some of them more than once, in the order of the document."""
    for pattern in application.patterns.values():
        kinds: list[str]
        if isinstance(pattern, EventProcessing):
            kinds = [target.kind for target in pattern.targets.values()]
        elif isinstance(pattern, StreamProcessing):
            kinds = [] if pattern.delivery is None else [pattern.delivery.kind]
        else:
            kinds = [] if pattern.table is None else ["dynamodb"]
            if needs_secrets(pattern):
                yield _GRANTED["secret"]
        yield from (_ENDPOINTS[kind] for kind in kinds if kind in _ENDPOINTS)
    for _, written, _ in written_functions(application):
        if written.vpc is None:
            yield from _granted(application, written)


def needs_secrets(pattern: RequestBackend | WebSocketBackend) -> bool:
    """Whether functions read the password of the pattern's database or cache."""
    database, cache = pattern.database, pattern.cache
    by_password = database is not None and database.authentication == "secret"
    return by_password or (isinstance(cache, ExistingCache) and cache.secret is not None)


def _granted(application: Application, settings: FunctionSettings) -> Iterator[str]:
    """Destinations and dead letters are not among them: Lambda sends there itself, from outside the network."""
    for name in settings.grants:
        resource = application.resources.get(name)
        yield _GRANTED["function" if resource is None else resource.kind]
    if settings.secrets:
        yield _GRANTED["secret"]
    if settings.ssm_parameters:
        yield _GRANTED["parameter"]
