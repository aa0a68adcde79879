"""Every kind of resource that an application's patterns and functions share."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Tag

from lambdakit.spec.kinds import by_kind
from lambdakit.spec.resources.bucket import BucketResource as BucketResource
from lambdakit.spec.resources.event_bus import EventBusResource as EventBusResource
from lambdakit.spec.resources.key import KeyResource as KeyResource
from lambdakit.spec.resources.parameter import ParameterResource as ParameterResource
from lambdakit.spec.resources.queue import QueueResource as QueueResource
from lambdakit.spec.resources.secret import SecretResource as SecretResource
from lambdakit.spec.resources.state_machine import StateMachineResource as StateMachineResource
from lambdakit.spec.resources.stream import StreamResource as StreamResource
from lambdakit.spec.resources.table import AnyTableResource
from lambdakit.spec.resources.table import ExistingTableResource as ExistingTableResource
from lambdakit.spec.resources.table import TableResource as TableResource
from lambdakit.spec.resources.topic import TopicResource as TopicResource

RESOURCE_KINDS: Final = (
    *("table", "queue", "topic", "bucket", "stream", "event_bus"),
    *("key", "secret", "parameter", "state_machine"),
)
Resource = (
    TableResource
    | ExistingTableResource
    | QueueResource
    | TopicResource
    | BucketResource
    | StreamResource
    | EventBusResource
    | KeyResource
    | SecretResource
    | ParameterResource
    | StateMachineResource
)
AnyResource = Annotated[
    Annotated[AnyTableResource, Tag("table")]
    | Annotated[QueueResource, Tag("queue")]
    | Annotated[TopicResource, Tag("topic")]
    | Annotated[BucketResource, Tag("bucket")]
    | Annotated[StreamResource, Tag("stream")]
    | Annotated[EventBusResource, Tag("event_bus")]
    | Annotated[KeyResource, Tag("key")]
    | Annotated[SecretResource, Tag("secret")]
    | Annotated[ParameterResource, Tag("parameter")]
    | Annotated[StateMachineResource, Tag("state_machine")],
    by_kind(*RESOURCE_KINDS),
]
