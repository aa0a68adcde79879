"""What a deployment made, as other processes see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdakit.harness.deployment.provisioner import Created


@dataclass(slots=True, kw_only=True)
class DeployedStack:
    """A stack in the account. resources: by logical id, in the order of creation."""

    name: str
    stack_id: str
    account_id: str
    region: str
    resources: dict[str, Created] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Deployment:
    """The stacks that one call deployed, in order."""

    id: str
    stacks: list[DeployedStack] = field(default_factory=list)
    duration_ms: float = 0.0

    @property
    def resources(self) -> list[Created]:
        """Every resource, in the order of creation."""
        return [created for stack in self.stacks for created in stack.resources.values()]


def to_wire(deployment: Deployment, api_urls: Mapping[str, str]) -> dict[str, Any]:
    """The deployment as JSON. api_urls: base URL by API id."""
    return {
        "id": deployment.id,
        "duration_ms": deployment.duration_ms,
        "stacks": {stack.name: _stack(stack) for stack in deployment.stacks},
        "functions": [_function(created) for created in deployment.resources if created.resource.type == _FUNCTION],
        "apis": [
            _api(created, api_urls[created.provisioned.physical_id])
            for created in deployment.resources
            if created.resource.type in _APIS and created.provisioned.physical_id in api_urls
        ],
    }


_FUNCTION = "AWS::Lambda::Function"
_APIS: Mapping[str, str] = {"AWS::ApiGatewayV2::Api": "http_api", "AWS::ApiGateway::RestApi": "rest_api"}


def _stack(stack: DeployedStack) -> dict[str, Any]:
    return {
        "stack_id": stack.stack_id,
        "status": "CREATE_COMPLETE",
        "outputs": stack.outputs,
        "resources": {
            logical_id: {
                "type": created.resource.type,
                "physical_id": created.provisioned.physical_id,
                "status": "CREATE_COMPLETE",
                "attributes": dict(created.provisioned.attributes),
                "path": created.resource.construct_path or "",
            }
            for logical_id, created in stack.resources.items()
        },
    }


def _function(created: Created) -> dict[str, Any]:
    properties = created.resource.properties
    return {
        "name": created.provisioned.physical_id,
        "arn": created.provisioned.attributes["Arn"],
        "runtime": properties.get("Runtime", ""),
        "handler": properties.get("Handler", ""),
        **_identity(created),
    }


def _api(created: Created, url: str) -> dict[str, Any]:
    return {
        "name": created.resource.properties.get("Name") or created.resource.logical_id,
        "api_id": created.provisioned.physical_id,
        "kind": _APIS[created.resource.type],
        "url": url,
        **_identity(created),
    }


def _identity(created: Created) -> dict[str, str]:
    resource = created.resource
    return {"logical_id": resource.logical_id, "stack": resource.stack, "path": resource.construct_path or ""}
