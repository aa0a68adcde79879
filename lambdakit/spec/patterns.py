"""The patterns: what stands behind each `kind`."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Tag

from lambdakit.spec.api_backend import AnyApiBackend
from lambdakit.spec.api_backend import ApiBackend as ApiBackend
from lambdakit.spec.api_backend import RequestBackend as RequestBackend
from lambdakit.spec.api_backend import Route as Route
from lambdakit.spec.api_backend import SharedRoute as SharedRoute
from lambdakit.spec.api_backend import WebSocketBackend as WebSocketBackend
from lambdakit.spec.api_backend import route_function_name as route_function_name
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.kinds import by_kind
from lambdakit.spec.stream_processing import StreamProcessing

Pattern = RequestBackend | WebSocketBackend | EventProcessing | StreamProcessing
KINDS: Final = ("api_backend", "event_processing", "stream_processing")
AnyPattern = Annotated[
    Annotated[AnyApiBackend, Tag("api_backend")]
    | Annotated[EventProcessing, Tag("event_processing")]
    | Annotated[StreamProcessing, Tag("stream_processing")],
    by_kind(*KINDS),
]
