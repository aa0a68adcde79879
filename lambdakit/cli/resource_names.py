"""What a timeline calls the resources of deployments: by what a user wrote, not by physical names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lambdakit.session.lookup import shortest_name

if TYPE_CHECKING:
    from lambdakit.session.deployment import Deployment

_SEPARATORS: Final = re.compile(r"[:/]")


class ResourceNames:
    """Physical names, ARNs and URLs -> construct ids of functions, logical ids of everything else."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, deployment: Deployment) -> None:
        """Calls a deployment's functions by their construct's id and its other resources by their logical id."""
        for stack in deployment.stacks.values():
            for resource in stack.resources.values():
                if resource.physical_id:
                    self._names[resource.physical_id] = resource.logical_id
                    # A queue is known by its URL, a topic by its ARN, and both are named by their last part elsewhere.
                    self._names.setdefault(_SEPARATORS.split(resource.physical_id)[-1], resource.logical_id)
        functions = deployment.functions
        self._names |= {function.name: shortest_name(function, functions) for function in functions}

    def of(self, name: str) -> str:
        """What is called `name`, as a user knows it; of an ARN, `service name`. What is not known stays as it is."""
        if name in self._names or not name.startswith("arn:"):
            return self._names.get(name, name)
        _, _, service, *parts = _SEPARATORS.split(name)
        known = next((self._names[part] for part in reversed(parts) if part in self._names), None)
        return name if known is None else f"{service} {known}"
