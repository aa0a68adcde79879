"""What a function that comes as a container image is made from here: its override, and the image's own settings.

Source: CloudFormation Template Reference, "AWS::Lambda::Function ImageConfig"; AWS Lambda Developer Guide, "Create a
Lambda function using a container image", "Container image settings".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambdakit.assembly.image_overrides import ImageOverride, ImageSource
from lambdakit.harness.deployment.provisioner import Context, Resource, ResourceRefused
from lambdakit.harness.runtime.code_package import CodePackage
from lambdakit.harness.runtime.function_configuration import ImageCommand
from lambdakit.limits import IMAGE_BYTES_MAX
from lambdakit.records import dataclass

_POINTER = "Code.ImageUri"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePackage:
    """What stands in for an image. handler: what a managed runtime would run; empty for a program of its own."""

    code: CodePackage
    image: ImageCommand
    handler: str


def image_package(resource: Resource, context: Context) -> ImagePackage | None:
    """What runs in place of a function's image; None when nobody said. ResourceRefused when it does not fit."""
    uri = str((resource.properties.get("Code") or {}).get("ImageUri", ""))
    source = context.image(resource.stack, resource.logical_id, uri)
    override = source.override
    if override is None:
        return None
    settings = resource.properties.get("ImageConfig") or {}
    entry_point, words = _words(settings, "EntryPoint"), _words(settings, "Command")
    command = override.command
    if not command and override.runtime is None and entry_point:
        command = (*entry_point, *words)
    handler = override.handler or (words[0] if words else "")
    if not command and not (override.runtime is not None and handler):
        raise ResourceRefused(
            "its override says neither what to start nor, with runtime, which handler to run",
            property_pointer=_POINTER,
            hint='add "command": ["python", "-m", "awslambdaric", "app.handler"], or "runtime" and "handler"',
        )
    return ImagePackage(
        code=context.code.from_directory(_directory(source, override), bytes_max=IMAGE_BYTES_MAX),
        image=ImageCommand(
            runtime=override.runtime or "",
            command=command,
            working_directory=override.working_directory or settings.get("WorkingDirectory") or "/var/task",
            variables=override.environment,
        ),
        handler=handler,
    )


def override_hint(resource: Resource, context: Context) -> str:
    """What to write for an image that nobody said what to run in place of; empty for a zip package."""
    uri = (resource.properties.get("Code") or {}).get("ImageUri")
    return "" if uri is None else context.image(resource.stack, resource.logical_id, str(uri)).hint


def _words(settings: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(word) for word in settings.get(name) or ())


def _directory(source: ImageSource, override: ImageOverride) -> Path:
    chosen = override.directory
    if source.build_context is None:
        if chosen is None or not Path(chosen).is_absolute():
            raise ResourceRefused(
                "the image is no asset of the assembly, so that nothing says where its code lies",
                property_pointer=_POINTER,
                hint='give the override a "directory": an absolute path',
            )
        directory = Path(chosen)
    else:
        directory = source.build_context / (chosen or "")
    if not directory.is_dir():
        raise ResourceRefused(
            f"its override names the directory {chosen!r}, which does not exist",
            property_pointer=_POINTER,
            hint="it is relative to the image's build context, or absolute",
        )
    return directory
