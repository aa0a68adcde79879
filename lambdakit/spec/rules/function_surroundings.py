"""What a function has around it fits the function, and its place.

Sources: Lambda Developer Guide, "Configuring file system access", "Managing Lambda dependencies with layers", "Create
an alias for a Lambda function"; AWS Distro for OpenTelemetry, "Lambda layer for Python".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit import limits
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import PlacedFunction, RuleContext

_CODE: Final = "LK177"
_OF_NETWORK: Final = ("security_groups", "filesystem")
_PYTHON_WRAPPER: Final = "instrument_handler"
# Each is a layer of its own.
_LAYERS: Final = ("insights_version", "params_and_secrets", "adot_instrumentation")


def function_surroundings(context: RuleContext) -> Iterator[Finding]:
    """A finding for each setting that nothing would read, or that Lambda would refuse beside the others."""
    yield from _of_defaults(context)
    for function in context.functions:
        yield from _outside_network(context, function)
        yield from _file_system(function)
        yield from _extensions(context, function)
        yield from _versions(context, function)


def _of_defaults(context: RuleContext) -> Iterator[Finding]:
    defaults = context.application.defaults
    if defaults.security_groups and context.application.network is None and context.pruned.spares("network"):
        yield _without_network(("defaults", "security_groups"))
    if defaults.alias is not None and defaults.alias.additional_versions:
        yield Finding(
            code=_CODE,
            pointer=("defaults", "alias", "additional_versions"),
            at_key=True,
            problem="a version is one function's, and cannot take traffic of all",
            hint="say it at the function",
        )


def _outside_network(context: RuleContext, function: PlacedFunction) -> Iterator[Finding]:
    for key in _OF_NETWORK:
        if getattr(function.written, key) is None:
            continue
        place = (*function.pointer, key)
        if function.written.vpc == "none":
            problem = f"{key} means something in the network only, and vpc: none leaves it"
            hint = f"leave out {key} or vpc"
            yield Finding(code=_CODE, pointer=place, at_key=True, problem=problem, hint=hint)
        elif context.application.network is None and context.pruned.spares("network"):
            yield _without_network(place)


def _without_network(pointer: Pointer) -> Finding:
    return Finding(
        code=_CODE,
        pointer=pointer,
        at_key=True,
        problem=f"{pointer[-1]} means something in a network only, and the document has none",
        hint="add `network: {vpc: {max_azs: 2}}` at the top",
    )


def _file_system(function: PlacedFunction) -> Iterator[Finding]:
    files = function.written.filesystem
    if files is None:
        return
    place = (*function.pointer, "filesystem")
    of_s3 = ":s3files:" in files.access_point_arn
    if of_s3 and files.file_system_id is not None:
        problem = "an access point of S3 Files names its file system itself"
        yield Finding(code=_CODE, pointer=(*place, "file_system_id"), problem=problem, hint="leave file_system_id out")
    elif not of_s3 and files.file_system_id is None:
        problem = "an access point of EFS does not tell its file system, which the function's role has to name"
        hint = "add file_system_id: fs-…"
        yield Finding(code=_CODE, pointer=place, at_key=True, problem=problem, hint=hint)


def _extensions(context: RuleContext, function: PlacedFunction) -> Iterator[Finding]:
    settings = function.settings
    adot = settings.adot_instrumentation
    if adot is not None and settings.runtime.startswith("python") and adot.exec_wrapper != _PYTHON_WRAPPER:
        yield Finding(
            code=_CODE,
            pointer=(*_place(context, function, "adot_instrumentation"), "exec_wrapper"),
            problem=f"{adot.exec_wrapper} starts no functions in Python",
            hint=f"write {_PYTHON_WRAPPER}",
        )
    added = [key for key in _LAYERS if getattr(settings, key) is not None]
    number = len(settings.layers) + len(added)
    if added and number > limits.LAYERS_MAX:
        yield Finding(
            code=_CODE,
            pointer=_place(context, function, added[-1]),
            at_key=True,
            problem=f"{len(settings.layers)} layers and {', '.join(added)} are {number}, "
            f"above {limits.LAYERS_MAX}, the most a function may have",
            hint="merge layers that always go together",
        )


def _versions(context: RuleContext, function: PlacedFunction) -> Iterator[Finding]:
    alias = function.settings.alias
    if not function.written.alias.additional_versions:
        return
    place = (*function.pointer, "alias", "additional_versions")
    against = {
        "provisioned_concurrent_executions": alias.provisioned_concurrent_executions,
        "provisioned_scaling": alias.provisioned_scaling,
        "deployment": function.settings.deployment,
    }
    for key, value in against.items():
        if value is not None and context.knows(function, "alias"):
            problem = f"an alias that splits its traffic by weights does not go together with {key}"
            hint = f"leave out additional_versions or {key}"
            yield Finding(code=_CODE, pointer=place, at_key=True, problem=problem, hint=hint)


def _place(context: RuleContext, function: PlacedFunction, key: str) -> Pointer:
    """Where the function's setting is written, at itself or among the defaults."""
    if key in function.written.model_fields_set or getattr(context.application.defaults, key, None) is None:
        return (*function.pointer, key)
    return ("defaults", key)
