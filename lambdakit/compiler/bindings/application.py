"""A document's application as stacks of constructs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Environment, Fn, Stack

from lambdakit.compiler.bindings.cloudformation import bind_cloudformation
from lambdakit.compiler.bindings.function import layer_versions
from lambdakit.compiler.bindings.network import bind_network
from lambdakit.compiler.bindings.parameters import bind_parameters, referring
from lambdakit.compiler.bindings.parts import bind_parts
from lambdakit.compiler.bindings.resources import bind_resources
from lambdakit.compiler.bindings.scope import BindingScope, BoundStack
from lambdakit.spec.stack_contents import layers_in, parameters_in
from lambdakit.spec.stacks import OWN_STACK, parts_in, stacks_of

if TYPE_CHECKING:
    from constructs import Construct

    from lambdakit.compiler.source_map import SourceMap
    from lambdakit.spec.document import Document

# As many as a network may ask for.
_ZONES: Final = 6


def bind_application(scope: Construct, document: Document, source_map: SourceMap, *, acknowledges: bool) -> list[Stack]:
    """The document's stacks with all that is in them, added to `scope`. SynthesisError with all that is wrong.

    acknowledges: whether packs of rules look at the stacks, so that the document's reasons are to be said to them.
    """
    directory = document.directory.absolute()
    stacks = {name: _stack(scope, document, name, source_map) for name in stacks_of(document.application)}
    own = stacks.get(OWN_STACK)
    first = next(iter(stacks.values()))
    application = document.application if own is None else own.application
    bound = BindingScope(
        stack=first.stack,
        defaults=first.application.defaults,
        directory=directory,
        layers=first.layers,
        source_map=source_map,
        resources=bind_resources(stacks, document.application, source_map),
        network=None
        if own is None or application.network is None
        else bind_network(own.stack, document.application, application.network, source_map),
    )
    bind_parts(bound, stacks, document.application, acknowledges=acknowledges)
    for each in stacks.values():
        bind_cloudformation(each, stacks, document.application, source_map)
    return [each.stack for each in stacks.values()]


def _stack(scope: Construct, document: Document, name: str, source_map: SourceMap) -> BoundStack:
    """The stack with what it has of its own, as another's could never be changed: its parameters and its layers.

    CloudFormation changes no export that another stack uses. Source: CloudFormation User Guide, "Get exported outputs
    from a deployed CloudFormation stack"
    """
    application = document.application
    stack = Stack(scope, document.stack_called(name), env=_target(document))
    if name == OWN_STACK:
        _name_zones(stack, document)
    source_map.record(stack.node.path, ())
    parts = parts_in(application, name)
    parameters = bind_parameters(stack, parameters_in(application, name), source_map)
    layers = layer_versions(
        stack,
        layers_in(application, name),
        defaults=application.defaults,
        directory=document.directory.absolute(),
        source_map=source_map,
    )
    told = referring(parts, parameters, has_parameters=document.has_parameters)
    return BoundStack(stack=stack, application=told, layers=layers)


def _target(document: Document) -> Environment | None:
    """Where the stacks are deployed; None for whichever account and region deploy them."""
    if document.account is None and document.region is None:
        return None
    return Environment(account=document.account, region=document.region)


def _name_zones(stack: Stack, document: Document) -> None:
    """Lets the stack's network have the region's first zones, as many as it asks for.

    The CDK would ask the account for their names, and there is none to ask.
    """
    if document.account is not None and document.region is not None:
        zones = [Fn.select(place, Fn.get_azs()) for place in range(_ZONES)]
        stack.node.set_context(f"availability-zones:account={document.account}:region={document.region}", zones)
