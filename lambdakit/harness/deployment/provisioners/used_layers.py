"""The layers that a function of a template names.

Those of other accounts, such as AWS publishes, cannot be fetched from here: an override says what stands in for one,
and without it the function runs without the layer, which the trace tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lambdakit.assembly.image_overrides import OVERRIDES
from lambdakit.harness.deployment.provisioner import Context, Resource, ResourceRefused
from lambdakit.harness.lambda_service.layers import LayerDetails, LayerVersion
from lambdakit.harness.runtime.code_package import CodePackage
from lambdakit.harness.runtime.package_files import InvalidPackage

_ARN: Final = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:([0-9]{12}):layer:[a-zA-Z0-9_-]+:[0-9]+")
# What fetches a layer's files as well. Sources: Powertools for AWS Lambda (Python), "Installation", "Lambda Layer";
# (TypeScript), "Lambda layers"; AWS SDK for pandas, "Install", "AWS Lambda Layer".
_PACKAGES: Final = (
    ("layer:AWSLambdaPowertoolsPython", "pip install --target layers/it/python 'aws-lambda-powertools[all]'"),
    ("layer:AWSLambdaPowertoolsTypeScript", "npm install --prefix layers/it/nodejs @aws-lambda-powertools/logger …"),
    ("layer:AWSSDKPandas", "pip install --target layers/it/python awswrangler"),
)


def used_layers(resource: Resource, context: Context, *, function: str) -> Sequence[LayerVersion]:
    """The layer versions, in order. function: its name.

    InvalidParameterValueException for one of the function's own account that is not there; ResourceRefused for an
    override that is no layer.
    """
    return [_layer(str(arn), resource, context, function) for arn in resource.properties.get("Layers") or ()]


def _layer(arn: str, resource: Resource, context: Context, function: str) -> LayerVersion:
    match = _ARN.fullmatch(arn)
    if context.layers.find(arn) is not None or match is None or match[1] == resource.account_id:
        return context.layers.used(arn)
    path = context.layer(arn)
    if path is None:
        context.note(function, _absence(arn))
        nothing = context.code.empty()
        return LayerVersion(arn=arn, directory=nothing, unzipped_bytes=0, details=LayerDetails())
    package = _package(path, context)
    details = LayerDetails(code_sha256=package.sha256, code_size=package.size, created=context.clock.now())
    return LayerVersion(arn=arn, directory=package.directory, unzipped_bytes=package.unzipped_bytes, details=details)


def _package(path: Path, context: Context) -> CodePackage:
    try:
        return context.code.from_directory(path) if path.is_dir() else context.code.from_zip(path.read_bytes())
    except (InvalidPackage, OSError) as error:
        raise ResourceRefused(
            f"{path}, which stands in for a layer, is none: {error}",
            property_pointer="Layers",
            hint="a directory or a zip file with what the layer has: python/, nodejs/, extensions/, bin/ …",
        ) from None


def _absence(arn: str) -> str:
    command = next((command for part, command in _PACKAGES if part in arn), None)
    fetched = f"`{command}`, and " if command else ""
    return (
        f"runs without the layer {arn}, which another account holds; {fetched}say where its files lie: "
        f'{{"layers": {{"{arn}": "layers/it"}}}} in {OVERRIDES} beside cdk.json or in the assembly'
    )
