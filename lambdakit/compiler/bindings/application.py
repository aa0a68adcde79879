"""A document's application as a stack of constructs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Stack

from lambdakit.compiler.bindings import api_backend, event_processing, stream_processing
from lambdakit.compiler.bindings.function import layer_versions
from lambdakit.compiler.bindings.network import bind_network
from lambdakit.compiler.bindings.scope import BindingScope
from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.patterns import Pattern, RequestBackend, WebSocketBackend
from lambdakit.spec.stream_processing import StreamProcessing

if TYPE_CHECKING:
    from constructs import Construct

    from lambdakit.compiler.source_map import SourceMap
    from lambdakit.spec.document import Document

_BINDINGS: Final[Mapping[type[Pattern], Callable[[BindingScope, str, Any], None]]] = {
    RequestBackend: api_backend.bind,
    WebSocketBackend: api_backend.bind,
    EventProcessing: event_processing.bind,
    StreamProcessing: stream_processing.bind,
}


def bind_application(scope: Construct, document: Document, source_map: SourceMap, *, acknowledges: bool) -> Stack:
    """The document's stack with all that is in it, added to `scope`.

    acknowledges: whether packs of rules look at the stack, so that the document's reasons are to be said to them.
    """
    application = document.application
    directory = document.directory.absolute()
    stack = Stack(scope, application.application)
    source_map.record(stack.node.path, ())
    bound = BindingScope(
        stack=stack,
        defaults=application.defaults,
        directory=directory,
        layers=layer_versions(
            stack,
            application.layers,
            defaults=application.defaults,
            directory=directory,
            source_map=source_map,
        ),
        source_map=source_map,
        network=None
        if application.network is None
        else bind_network(stack, application.network, application.patterns.values(), source_map),
    )
    for key, pattern in application.patterns.items():
        _BINDINGS[type(pattern)](bound, key, pattern)
        if acknowledges and pattern.acknowledge:
            acknowledge(stack.node.find_child(key), pattern.acknowledge)
    return stack
