"""What every binding is given besides its part of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from lambdakit.compiler.source_map import SourceMap
from lambdakit.records import dataclass
from lambdakit.spec.function import FunctionDefaults

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_lambda as lambda_

    from lambdakit.constructs.network import Network
    from lambdakit.constructs.resources.kinds import Resource
    from lambdakit.spec.application import Application


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStack:
    """One of the application's stacks.

    application: without what stands in other stacks, and with the stack's own parameters in its texts.
    layers: the stack's own layer versions by the layers' names in the document; those that are used in it.
    """

    stack: Stack
    application: Application
    layers: Mapping[str, lambda_.ILayerVersion]


def bound_stack(stacks: Mapping[str, BoundStack], name: str) -> BoundStack:
    """The stack of that name in the document; any for what exists already, and so stands in none."""
    return stacks[name] if name in stacks else next(iter(stacks.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingScope:
    """Where a pattern's construct goes, and what it may use.

    directory: the document's, from which paths count.
    layers: the stack's layer versions by their names in the document.
    network: in which functions run; None, outside a VPC.
    functions: those that were made so far, by their names: their aliases.
    resources: what the section `resources` says, by its names there, as the CDK's own objects.
    source_map: in which the binding records its constructs, before it makes them.
    """

    stack: Stack
    defaults: FunctionDefaults
    directory: Path
    layers: Mapping[str, lambda_.ILayerVersion]
    source_map: SourceMap
    network: Network | None = None
    resources: Mapping[str, Resource] = field(default_factory=dict)
    functions: Mapping[str, lambda_.IFunction] = field(default_factory=dict)
