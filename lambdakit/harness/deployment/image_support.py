"""Functions that come as container images, which nothing in here runs: what stands in for each, or its refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from lambdakit.assembly.assets import Asset
from lambdakit.assembly.cloud_assembly import CloudAssembly
from lambdakit.assembly.image_overrides import METADATA, OVERRIDES, ImageSource, is_image
from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.template import Resource
from lambdakit.errors import LambdakitError
from lambdakit.harness.deployment.dockerfile import read_dockerfile, suggestion
from lambdakit.harness.deployment.scope import UnknownValue
from lambdakit.harness.deployment.support import Unsupported

_INSTALLS_SHOWN = 2


def image_source(assembly: CloudAssembly, stack: str, logical_id: str, uri: str) -> ImageSource:
    """What there is to run in place of the image at `uri`."""
    asset = assembly.assets.find_image(uri)
    override = assembly.image_overrides.of(stack, logical_id)
    if override is None:
        declared = [artifact.template.resources for artifact in assembly.stacks if artifact.stack_name == stack]
        command = _command(declared[0].get(logical_id)) if declared else []
        return ImageSource(hint=_hint(logical_id, asset, command))
    if asset is not None:
        asset.check_links()
    return ImageSource(override=override, build_context=None if asset is None else asset.path)


def images_without_override(assembly: CloudAssembly, stack: str, resolver: Resolver) -> Iterator[Unsupported]:
    """The enabled functions of a stack that come as images, and that nobody said what to run in place of.

    resolver: of the template as its transforms leave it, which may give resources other names.
    """
    for logical_id, resource in resolver.template.resources.items():
        if not resolver.resource_enabled(logical_id) or not is_image(resource):
            continue
        if assembly.image_overrides.of(stack, logical_id) is not None:
            continue
        pointer = f"Resources.{logical_id}.Properties.Code.ImageUri"
        code = resource.properties.get("Code")
        uri = code.get("ImageUri") if isinstance(code, dict) else None
        yield Unsupported(
            stack=stack,
            logical_id=logical_id,
            type=resource.type,
            pointer=pointer,
            problem=f"{resource.type} ({logical_id}) is a container image, and the harness runs no containers",
            code="LK314",
            hint=_hint(logical_id, _asset(assembly, uri, pointer, resolver.resolve), _command(resource)),
        )


def _command(resource: Resource | None) -> list[str]:
    """The image's command as the template has it; nothing where it leaves that to the image."""
    configuration = None if resource is None else resource.properties.get("ImageConfig")
    words = configuration.get("Command") if isinstance(configuration, dict) else None
    return [word for word in words if isinstance(word, str)] if isinstance(words, list) else []


def _asset(
    assembly: CloudAssembly, uri: object, pointer: str, resolve: Callable[[object, str], object]
) -> Asset | None:
    try:
        return assembly.assets.find_image(str(resolve(uri, pointer)))
    except (LambdakitError, LookupError, UnknownValue):  # of a repository that the stack itself makes, say
        return None


def _hint(logical_id: str, asset: Asset | None, image_command: list[str]) -> str:
    """The exact override to write, and where."""
    dockerfile = None
    if asset is not None and asset.source is not None:
        arguments = asset.image.get("dockerBuildArgs")
        texts = {str(key): str(value) for key, value in arguments.items()} if isinstance(arguments, dict) else {}
        dockerfile = read_dockerfile(asset.source / str(asset.image.get("dockerFile", "Dockerfile")), arguments=texts)
    override = dict(suggestion(dockerfile, image_command))
    if asset is None:
        override["directory"] = "/absolute/path/of/its/code"
    whole = json.dumps({"images": {logical_id: override}})
    hint = (
        f"say what runs in its place: {whole} in {OVERRIDES} beside cdk.json, or in the assembly; or in the app, "
        f'cfn_function.add_metadata("{METADATA}", {json.dumps(override)})'
    )
    if dockerfile is not None and dockerfile.installs:
        shown = "; ".join(dockerfile.installs[:_INSTALLS_SHOWN])
        more = f" and {len(dockerfile.installs) - _INSTALLS_SHOWN} more" * (len(dockerfile.installs) > _INSTALLS_SHOWN)
        hint += f". What its Dockerfile installs ({shown}{more}) must be in the directory as well"
    return hint
