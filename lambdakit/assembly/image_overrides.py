"""What stands in for container images on a machine that runs no containers: overrides, by function.

They come from `Metadata` of the function's resource, under `lambdakit`, or from `lambdakit-overrides.json`::

    {"images": {"<logical id, construct path or function name>": {"runtime": "python3.13", "handler": "app.handler"},
                "Resize": {"command": ["python", "-m", "awslambdaric", "app.handler"], "directory": "src"}}}

The file lies in the assembly, or beside the `cdk.json` above it, and goes before the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from lambdakit.assembly.assembly_directory import read_json
from lambdakit.assembly.codes import MALFORMED_OVERRIDE
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.template import Resource, Template
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

OVERRIDES: Final = "lambdakit-overrides.json"
METADATA: Final = "lambdakit"

_FUNCTION: Final = "AWS::Lambda::Function"
_KEYS: Final = ("command", "directory", "environment", "handler", "runtime", "working_directory")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOverride:
    """What runs in place of an image.

    command: a program that speaks the Runtime API, with its arguments; empty when the image's own entry point does, or
    when `runtime` runs `handler`, as AWS's base images do.
    runtime: the identifier of what stands in `/var/lang` and `/var/runtime`; None for the harness's own Python.
    handler: None for the first word of the image's own command.
    directory: what is seen as `/var/task`, relative to the image's build context, or absolute; None for the context.
    working_directory: as the function sees it; None for the image's own, else `/var/task`.
    environment: variables of the image's own.
    """

    command: tuple[str, ...] = ()
    runtime: str | None = None
    handler: str | None = None
    directory: str | None = None
    working_directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOverrides:
    """Overrides by stack name and logical id."""

    by_function: Mapping[tuple[str, str], ImageOverride] = field(default_factory=dict)

    def of(self, stack: str, logical_id: str) -> ImageOverride | None:
        """What runs in place of a function's image; None when nobody said."""
        return self.by_function.get((stack, logical_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """What there is to run in place of an image.

    override: None when nobody said what to run; hint then says what to write.
    build_context: None for an image that is no asset of the assembly.
    """

    override: ImageOverride | None = None
    build_context: Path | None = None
    hint: str = ""


def is_image(resource: Resource) -> bool:
    """Whether a resource is a function that comes as a container image."""
    code = resource.properties.get("Code")
    names_image = isinstance(code, Mapping) and "ImageUri" in code
    return resource.type == _FUNCTION and (names_image or resource.properties.get("PackageType") == "Image")


def read_image_overrides(assembly: Path, templates: Sequence[tuple[str, Template]]) -> ImageOverrides:
    """The overrides for an assembly's functions. AssemblyError with everything that is wrong in them.

    assembly: its directory, resolved. templates: by stack name.
    """
    faults: list[Diagnostic] = []
    found = dict(_from_metadata(templates, faults))
    file = overrides_file(assembly)
    if file is not None:
        try:
            found |= _from_file(file, templates, faults)
        except AssemblyError as error:
            faults += error.diagnostics
    if faults:
        raise AssemblyError(*faults)
    return ImageOverrides(by_function=found)


def overrides_file(assembly: Path) -> Path | None:
    """The file that holds for an assembly; None when there is none."""
    places = [assembly]
    if (assembly.parent / "cdk.json").is_file():
        places.append(assembly.parent)
    return next((place / OVERRIDES for place in places if (place / OVERRIDES).is_file()), None)


def _from_metadata(
    templates: Sequence[tuple[str, Template]], faults: list[Diagnostic]
) -> Iterator[tuple[tuple[str, str], ImageOverride]]:
    for stack, template in templates:
        for logical_id, resource in template.resources.items():
            if is_image(resource) and METADATA in resource.metadata:
                place = Place(
                    path=template.path, pointer=f"Resources.{logical_id}.Metadata.{METADATA}", code=MALFORMED_OVERRIDE
                )
                try:
                    yield (stack, logical_id), _override(resource.metadata[METADATA], place)
                except AssemblyError as error:
                    faults += error.diagnostics


def _from_file(
    file: Path, templates: Sequence[tuple[str, Template]], faults: list[Diagnostic]
) -> Mapping[tuple[str, str], ImageOverride]:
    place = Place(path=str(file), code=MALFORMED_OVERRIDE)
    content = place.mapping(read_json(file, str(file)))
    _refuse_unknown(content, ("existing", "images", "layers"), place)
    named: dict[str, list[tuple[str, str]]] = {}
    for stack, template in templates:
        for logical_id, resource in template.resources.items():
            if is_image(resource):
                for name in _names(logical_id, resource):
                    named.setdefault(name, []).append((stack, logical_id))
    found: dict[tuple[str, str], ImageOverride] = {}
    images = place / "images"
    for name, value in images.mapping(content.get("images", {})).items():
        try:
            if name not in named:
                known = ", ".join(sorted(named)) or "none"
                hint = nearest(name, named, otherwise=f"known are {known}")
                raise images.error(f"{shown(name)} is no function with a container image", hint=hint)
            override = _override(value, images / name)
            found |= dict.fromkeys(named[name], override)
        except AssemblyError as error:
            faults += error.diagnostics
    return found


def _names(logical_id: str, resource: Resource) -> Iterator[str]:
    yield logical_id
    if resource.construct_path is not None:
        yield resource.construct_path
        yield resource.construct_path.removesuffix("/Resource")
    name = resource.properties.get("FunctionName")
    if isinstance(name, str):
        yield name


def _override(value: object, place: Place) -> ImageOverride:
    keys = place.mapping(value)
    _refuse_unknown(keys, _KEYS, place)
    environment = (place / "environment").mapping(keys.get("environment", {}))
    override = ImageOverride(
        command=(place / "command").texts(keys.get("command", [])),
        runtime=_text(keys, "runtime", place),
        handler=_text(keys, "handler", place),
        directory=_text(keys, "directory", place),
        working_directory=_text(keys, "working_directory", place),
        environment={name: _variable(text, place / "environment" / name) for name, text in environment.items()},
    )
    if override.command and override.handler is not None:
        problem = "handler stands beside command, which is all that is started"
        raise (place / "handler").error(problem, hint="write the handler into the command, or leave command out")
    if override.handler is not None and override.runtime is None:
        raise place.error("handler has no runtime that would run it", hint='add "runtime": "python3.13"')
    if override.working_directory is not None and not override.working_directory.startswith("/"):
        problem = f"{shown(override.working_directory)} is not an absolute path"
        raise (place / "working_directory").error(problem, hint='as the function sees it, such as "/var/task/src"')
    return override


def _refuse_unknown(keys: Mapping[str, object], known: Sequence[str], place: Place) -> None:
    for key in keys:
        if key not in known:
            hint = nearest(key, known, otherwise=f"known are {', '.join(known)}")
            raise place.error(f"{shown(key)} is not a key here", hint=hint)


def _text(keys: Mapping[str, object], name: str, place: Place) -> str | None:
    return None if keys.get(name) is None else (place / name).text(keys[name])


def _variable(value: object, place: Place) -> str:
    if not isinstance(value, str):  # the empty one is a value, too
        raise place.error(f"{shown(value)} is not a string")
    return value
