"""Cloud assemblies with functions that come as container images, each with a build context."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fakes.plain_assembly import Resources, function, write_stack

_REPOSITORY = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"

PYTHON_APP = """
import os, sys

def handler(event, context):
    seen = {"stage": os.environ.get("STAGE"), "env": os.environ.get("AWS_EXECUTION_ENV")}
    return {"event": event, "cwd": os.getcwd(), **seen}

def other(event, context):
    return "other"
"""

BY_COMMAND = {"command": ["python", "-m", "awslambdaric", "app.handler"]}
BY_RUNTIME = {"runtime": "python3.13", "handler": "app.handler"}


class Images:
    """Writes an assembly of image functions, each with a build context of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "cdk.out"
        self._contexts: dict[str, Path] = {}
        self._resources: Resources = {}

    def add(
        self,
        name: str,
        files: Mapping[str, str],
        *,
        metadata: object = None,
        config: Mapping[str, Any] | None = None,
        asset: bool = True,
    ) -> None:
        """A function whose image is built from `files`."""
        uri: object = "123456789012.dkr.ecr.us-east-1.amazonaws.com/elsewhere:latest"
        if asset:
            context = self.directory / f"asset.{name}"
            for file, text in files.items():
                path = context / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                path.chmod(0o755)
            self._contexts[name] = context
            uri = {"Fn::Sub": f"${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.${{AWS::URLSuffix}}/{_REPOSITORY}:{name}"}
        resources = function(name, FunctionName=name.lower())
        properties = resources[name]["Properties"]
        del properties["Runtime"], properties["Handler"]
        properties |= {"Code": {"ImageUri": uri}, "PackageType": "Image"}
        if config is not None:
            properties["ImageConfig"] = config
        resources[name]["Metadata"] = {"aws:cdk:path": f"images/{name}Construct/Resource"}
        if metadata is not None:
            resources[name]["Metadata"]["lambdakit"] = metadata
        self._resources |= resources

    def write(self, overrides: object = None, *, beside: bool = False) -> Path:
        """The assembly. overrides: the file's content; beside: in the directory above, next to a cdk.json."""
        write_stack(self.directory, "images", self._resources)
        images = {
            name: {
                "source": {"directory": context.name},
                "destinations": {"here": {"repositoryName": _REPOSITORY, "imageTag": name}},
            }
            for name, context in self._contexts.items()
        }
        manifest = {"version": "55.0.0", "files": {}, "dockerImages": images}
        (self.directory / "plain.assets.json").write_text(json.dumps(manifest))
        if overrides is not None:
            place = self.directory.parent if beside else self.directory
            (place / "lambdakit-overrides.json").write_text(json.dumps(overrides))
            if beside:
                (place / "cdk.json").write_text('{"app": "cdk.out"}')
        return self.directory
