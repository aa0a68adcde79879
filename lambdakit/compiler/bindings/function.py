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
from lambdakit.compiler.bindings.surroundings import surroundings
from lambdakit.compiler.source_map import SourceMap
from lambdakit.constructs.code_asset import code_problems
from lambdakit.constructs.function_code import layer_code
from lambdakit.constructs.function_problems import located
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.errors import SynthesisError
from lambdakit.spec.application import Layer
from lambdakit.spec.function import FunctionDefaults, FunctionSettings, effective
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.runtimes import DEFAULT_RUNTIME, has_snapshots

_TRACING: Final[Mapping[str, lambda_.Tracing]] = {
    "active": lambda_.Tracing.ACTIVE,
    "pass_through": lambda_.Tracing.PASS_THROUGH,
    "disabled": lambda_.Tracing.DISABLED,
}
# The CDK calls `python3.13` PYTHON_3_13, `nodejs22.x` NODEJS_22_X and `provided.al2023` PROVIDED_AL2023.
_NAME: Final = re.compile(r"^([a-z]+)(?=\d)")
_OTHERWISE_NAMED: Final[Mapping[str, str]] = {"java8.al2": "JAVA_8_CORRETTO"}
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


def function_properties(
    scope: BindingScope, id: str, pointer: Pointer, written: FunctionSettings
) -> FunctionProperties:
    """The properties of the function that the document writes so at the pointer, with the document's defaults.

    id: with which begins what is imported into the stack for it, and so holds a colon.
    """
    settings = effective(written, scope.defaults)
    network = None if settings.vpc == "none" else scope.network
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
        **features(scope, id, settings),
        **uses(scope, settings),
        **surroundings(scope, id, pointer, settings, in_network=network is not None),
    )
    return properties if network is None else network.within(properties)


def _runtime(identifier: str) -> lambda_.Runtime:
    # The CDK's own object where it has one: every other that is made counts among the runtimes of layers that are known
    # by their ARN, in the hash that a version is named by, so that the second stack of a process would be another one.
    name = _OTHERWISE_NAMED.get(identifier) or _NAME.sub(r"\1_", identifier).replace(".", "_").upper()
    known: lambda_.Runtime | None = getattr(lambda_.Runtime, name, None)
    if known is not None:
        return known
    # A new runtime can be in the document's list before it is in the CDK's.
    family = next(family for start, family in _FAMILIES.items() if identifier.startswith(start))
    return lambda_.Runtime(identifier, family, supports_snap_start=has_snapshots(identifier))


def _architecture(name: str) -> lambda_.Architecture:
    return lambda_.Architecture.ARM_64 if name == "arm_64" else lambda_.Architecture.X86_64
