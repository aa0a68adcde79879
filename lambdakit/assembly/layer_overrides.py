"""What stands in for layers of other accounts, which cannot be fetched: `layers` in `lambdakit-overrides.json`::

    {"layers": {"arn:aws:lambda:*:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:*": "layers/it",
                "arn:aws:lambda:us-east-1:123456789012:layer:agent:7": "layers/agent.zip"}}

A value is a directory or a zip file with what the layer has (`python/`, `nodejs/`, `extensions/`, `bin/` …), absolute
or beside the file. A star in an ARN stands for any text; the first ARN that fits counts.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from lambdakit.assembly.assembly_directory import read_json
from lambdakit.assembly.codes import MALFORMED_OVERRIDE
from lambdakit.assembly.image_overrides import OVERRIDES, overrides_file
from lambdakit.assembly.place import Place
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

_LAYERS = "layers"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerOverrides:
    """Directories and zip files by the ARN of a layer version, in which a star stands for any text."""

    by_arn: Mapping[str, Path] = field(default_factory=dict)

    def of(self, arn: str) -> Path | None:
        """What stands in for a layer version; None when nobody said."""
        return next((path for pattern, path in self.by_arn.items() if fnmatch.fnmatchcase(arn, pattern)), None)


def read_layer_overrides(assembly: Path) -> LayerOverrides:
    """The overrides for an assembly's layers. AssemblyError with everything that is wrong in them.

    assembly: its directory, resolved.
    """
    file = overrides_file(assembly)
    if file is None:
        return LayerOverrides()
    content = Place(path=str(file), code=MALFORMED_OVERRIDE).mapping(read_json(file, str(file)))
    place = Place(path=str(file), code=MALFORMED_OVERRIDE) / _LAYERS
    faults: list[Diagnostic] = []
    found: dict[str, Path] = {}
    for arn, value in place.mapping(content.get(_LAYERS, {})).items():
        try:
            found[arn] = _path(value, place / arn, file.parent)
        except AssemblyError as error:
            faults += error.diagnostics
    if faults:
        raise AssemblyError(*faults)
    return LayerOverrides(by_arn=found)


def bring_overrides(directory: Path, assembly: Path) -> None:
    """Lays the overrides file of a directory into an assembly that lies elsewhere; nothing happens without one.

    Paths beside the file are absolute then. What is wrong in it is told when the assembly is read.
    """
    file = directory / OVERRIDES
    if file.is_file():
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        moved = _moved(text, directory.resolve())
        (assembly / OVERRIDES).write_text(moved, encoding="utf-8", errors="surrogateescape")


def _moved(text: str, directory: Path) -> str:
    try:
        content = json.loads(text)
        layers = content[_LAYERS]
        content[_LAYERS] = {
            arn: str(directory / value) if isinstance(value, str) else value for arn, value in layers.items()
        }
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return text
    return json.dumps(content)


def _path(value: object, place: Place, directory: Path) -> Path:
    path = directory / place.text(value)
    if not path.exists():
        raise place.error(f"nothing lies at {path}", hint="a directory or a zip file with what the layer has")
    return path
