"""Stacks that a test deploys and that are gone with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fakes.plain_assembly import Resources, write_stack
from tests.fakes.wired_harness import WiredHarness


class Stacks:
    """Deploys stacks of a test, each under a name that nobody else has."""

    def __init__(self, harness: WiredHarness, directory: Path, name: str) -> None:
        self._harness = harness
        self._directory = directory
        self._name = name
        self._deployments: list[dict[str, Any]] = []

    def deploy(self, resources: Resources, **outputs: object) -> dict[str, Any]:
        """The deployment of one stack."""
        name = f"{self._name}-{len(self._deployments)}"
        assembly = write_stack(self._directory / name, name, resources, **outputs)
        self._deployments.append(self._harness.deploy(assembly))
        return self._deployments[-1]

    def destroy(self) -> None:
        """Destroys what was deployed, last first."""
        while self._deployments:
            self._harness.destroy(self._deployments.pop())


def physical_id(deployment: Mapping[str, Any], logical_id: str) -> str:
    """What `Ref` gives for a resource of the deployment's first stack."""
    (stack,) = deployment["stacks"].values()
    return str(stack["resources"][logical_id]["physical_id"])
