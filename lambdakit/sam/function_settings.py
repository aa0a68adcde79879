"""An `AWS::Serverless::Function`, or what `Globals` says of all of them, in the document's words.

Source: AWS SAM Developer Guide, "AWS::Serverless::Function"; AWS Lambda API Reference, CreateFunction (defaults).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lambdakit.sam.properties import Properties
from lambdakit.spec.runtimes import DEPRECATED

Settings = dict[str, object]

# What a function has in SAM that says nothing of it, and has otherwise in a document.
SAM_DEFAULTS: Final[Mapping[str, object]] = {
    "memory_size": 128,
    "timeout": "3s",
    "architecture": "x86_64",
    "tracing": "pass_through",
}
_ARCHITECTURES: Final = {"arm64": "arm_64", "x86_64": "x86_64"}
_TRACING: Final = {"Active": "active", "PassThrough": "pass_through", "Disabled": "disabled"}
_HINTS: Final = {
    "VpcConfig": "a document's network is that of all its functions: see `network`",
    "Role": "a document's functions get a role of their own, with what they need",
    "DeadLetterQueue": "a pattern's failure path is its on_failure",
    "PackageType": "give the function's code as a directory",
    "ImageConfig": "give the function's code as a directory",
    "DeploymentPreference": "see `deployment`",
    "PermissionsBoundary": "see a CDK aspect over the synthesized stack",
    "InlineCode": "write it to a file in a directory of its own, and name that by code",
}


def general_settings(properties: Properties) -> Settings:
    """What can be said of all functions."""
    settings: Settings = {}
    if runtime := properties.text("Runtime"):
        settings["runtime"] = DEPRECATED.get(runtime, runtime)
        if runtime in DEPRECATED:
            problem = f"{runtime} is deprecated, and no function can be created on it: {DEPRECATED[runtime]} is written"
            properties.gap("Runtime", problem, "see whether the code runs on it")
    if (memory := properties.number("MemorySize")) is not None:
        settings["memory_size"] = memory
    if (timeout := properties.number("Timeout")) is not None:
        settings["timeout"] = f"{timeout}s"
    _words(properties, settings)
    if (size := properties.below("EphemeralStorage").number("Size")) is not None:
        settings["ephemeral_storage_size"] = size
    if (reserved := properties.number("ReservedConcurrentExecutions")) is not None:
        settings["reserved_concurrent_executions"] = reserved
    if properties.below("SnapStart").text("ApplyOn") == "PublishedVersions":
        settings["snap_start"] = True
    _asynchronous(properties, settings)
    _alias(properties, settings)
    _logging(properties, settings)
    return settings


def function_url(properties: Properties, settings: Settings) -> None:
    """Writes the function's own address, if it has one."""
    url = properties.below("FunctionUrlConfig")
    kind = url.text("AuthType")
    if kind is None:
        return
    found: Settings = {"auth_type": kind.lower()}
    if (mode := url.text("InvokeMode")) is not None:
        found["invoke_mode"] = mode.lower()
    url.finish()
    settings["function_url"] = found


def function_code(properties: Properties, template_directory: Path, document_directory: Path) -> str | None:
    """The directory of the code, relative to the document's; None with a gap when it is none."""
    if "InlineCode" in properties or properties.text("PackageType") == "Image":
        return None
    if "CodeUri" not in properties:
        return local_directory(".", template_directory, document_directory)
    raw = properties.text("CodeUri") if not isinstance(properties.raw("CodeUri"), Mapping) else None
    if raw is None or raw.startswith(("s3://", "https://")):
        properties.gap("CodeUri", "the code does not lie beside the template", "download it, and name its directory")
        return None
    return local_directory(raw, template_directory, document_directory)


def local_directory(path: str, template_directory: Path, document_directory: Path) -> str:
    """A directory that the template names, as the document names it."""
    return Path(os.path.relpath(template_directory / path, document_directory)).as_posix()


def property_hint(name: str) -> str:
    """What to do about a property of a function that is not carried over."""
    return _HINTS.get(name, "")


def _words(properties: Properties, settings: Settings) -> None:
    if (architectures := properties.texts("Architectures")) is not None:
        known = [_ARCHITECTURES[name] for name in architectures if name in _ARCHITECTURES]
        if len(known) == 1:
            settings["architecture"] = known[0]
        else:
            properties.gap("Architectures", f"{architectures} is not one of arm64 and x86_64")
    if (tracing := properties.text("Tracing")) is not None:
        if tracing in _TRACING:
            settings["tracing"] = _TRACING[tracing]
        else:
            properties.gap("Tracing", f"{tracing!r} is not one of {', '.join(_TRACING)}")
    if properties.below("SnapStart").text("ApplyOn") == "PublishedVersions":
        settings["snap_start"] = True
    tags = properties.value("Tags")
    if isinstance(tags, Mapping):
        settings["tags"] = {key: str(value) for key, value in tags.items()}
    if (loop := properties.text("RecursiveLoop")) is not None:
        settings["recursive_loop"] = loop.lower()


def _asynchronous(properties: Properties, settings: Settings) -> None:
    invoke = properties.below("EventInvokeConfig")
    if (retries := invoke.number("MaximumRetryAttempts")) is not None:
        settings["retry_attempts"] = retries
    if (age := invoke.number("MaximumEventAgeInSeconds")) is not None:
        settings["max_event_age"] = f"{age}s"
    invoke.finish(lambda name: "a pattern's failure path is its on_failure" if name == "DestinationConfig" else "")


def _alias(properties: Properties, settings: Settings) -> None:
    alias: Settings = {}
    if (name := properties.text("AutoPublishAlias")) is not None:
        alias["name"] = name
    provisioned = properties.below("ProvisionedConcurrencyConfig")
    if (count := provisioned.number("ProvisionedConcurrentExecutions")) is not None:
        alias["provisioned_concurrent_executions"] = count
    provisioned.finish()
    if alias:
        settings["alias"] = alias


def _logging(properties: Properties, settings: Settings) -> None:
    logging = properties.below("LoggingConfig")
    # A document's functions log JSON, to a group of their own.
    logging.leave("LogFormat")
    for name, key in (("ApplicationLogLevel", "application_log_level"), ("SystemLogLevel", "system_log_level")):
        if (level := logging.text(name)) is not None:
            settings[key] = level.lower()
    logging.finish()
