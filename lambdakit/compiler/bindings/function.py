"""A document's function as the construct's properties, and a document's layers as layer versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from lambdakit.compiler.bindings.function_features import features
from lambdakit.compiler.bindings.grants import uses
from lambdakit.compiler.bindings.scope import BindingScope
from lambdakit.compiler.source_map import SourceMap
from lambdakit.constructs.code_asset import code_problems
from lambdakit.constructs.function_code import layer_code
from lambdakit.constructs.function_problems import located
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.errors import SynthesisError
from lambdakit.spec.application import Layer
from lambdakit.spec.function import FunctionDefaults, FunctionSettings, effective
from lambdakit.spec.runtimes import DEFAULT_RUNTIME

_TRACING: Final[Mapping[str, lambda_.Tracing]] = {
    "active": lambda_.Tracing.ACTIVE,
    "pass_through": lambda_.Tracing.PASS_THROUGH,
    "disabled": lambda_.Tracing.DISABLED,
}
_SNAPSHOTS_SINCE: Final[Mapping[str, int]] = {"python3.": 12, "java": 11, "dotnet": 8}
# By how the identifiers begin.
_FAMILIES: Final[Mapping[str, lambda_.RuntimeFamily]] = {
    "python": lambda_.RuntimeFamily.PYTHON,
    "nodejs": lambda_.RuntimeFamily.NODEJS,
    "java": lambda_.RuntimeFamily.JAVA,
    "dotnet": lambda_.RuntimeFamily.DOTNET_CORE,
    "ruby": lambda_.RuntimeFamily.RUBY,
    "provided": lambda_.RuntimeFamily.OTHER,
}


def layer_versions(
    stack: Stack, layers: Mapping[str, Layer], *, defaults: FunctionDefaults, directory: Path, source_map: SourceMap
) -> dict[str, lambda_.ILayerVersion]:
    """A layer version for each of the document's layers, by the document's name.

    defaults: say for which runtime and architecture a layer's dependencies are installed.
    directory: the document's, from which paths count.
    """
    versions: dict[str, lambda_.ILayerVersion] = {}
    for name, layer in layers.items():
        # No pattern's key holds a colon, so that the two never meet in the stack.
        id = f"layer:{name}"
        path = f"{stack.node.path}/{id}"
        source_map.record(path, ("layers", name))
        if problems := list(code_problems("code", directory / layer.code)):
            raise SynthesisError(*located(path, problems))
        code = layer_code(
            f"{path}.code",
            directory / layer.code,
            runtime=defaults.runtime or DEFAULT_RUNTIME,
            architecture="x86_64" if defaults.architecture == "x86_64" else "arm64",
        )
        versions[name] = lambda_.LayerVersion(stack, id, code=code)
    return versions


def function_properties(scope: BindingScope, written: FunctionSettings) -> FunctionProperties:
    """The properties of the function that the document writes so, with the document's defaults."""
    settings = effective(written, scope.defaults)
    properties = FunctionProperties(
        code=scope.directory / settings.code,
        handler=settings.handler,
        runtime=_runtime(settings.runtime),
        architecture=_architecture(settings.architecture),
        memory_size=settings.memory_size,
        timeout=settings.timeout,
        environment=settings.environment,
        tracing=_TRACING[settings.tracing],
        description=settings.description,
        reserved_concurrent_executions=settings.reserved_concurrent_executions,
        ephemeral_storage_size=settings.ephemeral_storage_size,
        layers=[scope.layers[name] for name in settings.layers],
        log_retention=settings.log_retention,
        alias_name=settings.alias.name,
        alias_description=settings.alias.description,
        provisioned_concurrent_executions=settings.alias.provisioned_concurrent_executions,
        **features(settings),
        **uses(scope, settings),
    )
    if scope.network is None or settings.vpc == "none":
        return properties
    return scope.network.within(properties)


def _runtime(identifier: str) -> lambda_.Runtime:
    # Not the CDK's constant of that name: a new runtime is in the document's list before it is in the CDK's.
    family = next(family for start, family in _FAMILIES.items() if identifier.startswith(start))
    return lambda_.Runtime(identifier, family, supports_snap_start=_has_snapshots(identifier))


def _has_snapshots(identifier: str) -> bool:
    """Source: Lambda Developer Guide, "Improving startup performance with Lambda SnapStart", supported runtimes."""
    found = re.fullmatch(r"(python3\.|java|dotnet)(\d+)", identifier)
    return found is not None and int(found[2]) >= _SNAPSHOTS_SINCE[found[1]]


def _architecture(name: str) -> lambda_.Architecture:
    return lambda_.Architecture.ARM_64 if name == "arm_64" else lambda_.Architecture.X86_64
