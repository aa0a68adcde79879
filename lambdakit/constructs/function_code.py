"""A function's or layer's code as the CDK takes it: dependencies that its directory names are built into it."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.code_asset import code_asset
from lambdakit.constructs.python_package import PythonTarget, built_package, dependency_file

_PYTHON = "python"


def function_code(
    pointer: str, code: str | Path | lambda_.Code, *, runtime: lambda_.Runtime, architecture: lambda_.Architecture
) -> lambda_.Code:
    """The code of a function. A `Code` stays as it is, and so does a directory that names no dependencies.

    pointer: of the setting, for messages. SynthesisError when the dependencies cannot be installed.
    """
    if isinstance(code, lambda_.Code) or dependency_file(Path(code)) is None:
        return code_asset(code)
    if not runtime.name.startswith(_PYTHON):
        return code_asset(code)
    return _built(pointer, Path(code), runtime.name, architecture.name, is_layer=False)


def layer_code(pointer: str, directory: Path, *, runtime: str, architecture: str) -> lambda_.Code:
    """The code of a layer: a directory laid out as a layer, or one that names what the layer is to hold.

    runtime: `python3.13`. architecture: `arm64` or `x86_64`.
    """
    if dependency_file(directory) is None or not runtime.startswith(_PYTHON):
        return code_asset(directory)
    return _built(pointer, directory, runtime, architecture, is_layer=True)


def _built(pointer: str, directory: Path, runtime: str, architecture: str, *, is_layer: bool) -> lambda_.Code:
    target = PythonTarget(python=runtime.removeprefix(_PYTHON), architecture=architecture, is_layer=is_layer)
    package = built_package(pointer, directory, target)
    # Its name is a hash of all that it is made of: the CDK need not read it again.
    return lambda_.Code.from_asset(str(package), asset_hash=package.name, asset_hash_type=AssetHashType.CUSTOM)
