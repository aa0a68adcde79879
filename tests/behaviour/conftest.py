"""One harness for all behaviour tests of a module; each test brings its own stacks and takes them away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

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


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        yield running


@pytest.fixture
def stacks(harness: WiredHarness, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stacks]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[-60:].strip("-")
    stacks = Stacks(harness, tmp_path, f"t-{name}")
    yield stacks
    stacks.destroy()


def physical_id(deployment: Mapping[str, Any], logical_id: str) -> str:
    """What `Ref` gives for a resource of the deployment's first stack."""
    (stack,) = deployment["stacks"].values()
    return str(stack["resources"][logical_id]["physical_id"])
