"""What every binding is given besides its part of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lambdakit.compiler.source_map import SourceMap
from lambdakit.spec.function import FunctionDefaults

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_lambda as lambda_

    from lambdakit.constructs.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingScope:
    """Where a pattern's construct goes, and what it may use.

    directory: the document's, from which paths count.
    layers: the application's layer versions by their names in the document.
    network: in which functions run; None, outside a VPC.
    source_map: in which the binding records its constructs, before it makes them.
    """

    stack: Stack
    defaults: FunctionDefaults
    directory: Path
    layers: Mapping[str, lambda_.ILayerVersion]
    source_map: SourceMap
    network: Network | None = None
