"""`AWS::Lambda::Url` and `AWS::Lambda::EventInvokeConfig`: settings of a function or of one of its aliases.

Source: CloudFormation Template Reference, "AWS::Lambda::Url" and "AWS::Lambda::EventInvokeConfig".
"""

from __future__ import annotations

from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.lambda_calls import call_lambda, gone_or


class LambdaUrl:
    """A function URL, with a front door of its own. `Ref` gives the ARN of what it invokes."""

    properties: ClassVar[PropertyTree] = {
        "AuthType": READ,
        "Cors": READ,
        "InvokeMode": READ,
        "Qualifier": READ,
        "TargetFunctionArn": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Makes the URL."""
        made = call_lambda("CreateFunctionUrlConfig", resource.properties, resource, context, **_target(resource))
        attributes = {
            "FunctionArn": made["FunctionArn"],
            "FunctionUrl": context.doors.localize(made["FunctionUrl"]),
        }
        return Provisioned(physical_id=made["FunctionArn"], attributes=attributes)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets what the template says now."""
        properties = {"Cors": {}, "InvokeMode": "BUFFERED", **resource.properties}
        call_lambda("UpdateFunctionUrlConfig", properties, resource, context, **_target(resource))
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Removes the URL; it goes with its function."""
        gone_or("DeleteFunctionUrlConfig", created.resource, context, **_target(created.resource))

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class LambdaEventInvokeConfig:
    """How asynchronous events are treated. `Ref` gives an id of it."""

    properties: ClassVar[PropertyTree] = dict.fromkeys(
        ("DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"), READ
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Sets it."""
        call_lambda("PutFunctionEventInvokeConfig", resource.properties, resource, context)
        properties = resource.properties
        return Provisioned(physical_id=f"{properties['FunctionName']}|{properties['Qualifier']}")

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets it anew."""
        call_lambda("PutFunctionEventInvokeConfig", resource.properties, resource, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Removes it; it goes with its function."""
        properties = created.resource.properties
        names = {"FunctionName": properties["FunctionName"], "Qualifier": properties["Qualifier"]}
        gone_or("DeleteFunctionEventInvokeConfig", created.resource, context, **names)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _target(resource: Resource) -> dict[str, Any]:
    properties = resource.properties
    return {"FunctionName": properties["TargetFunctionArn"], "Qualifier": properties.get("Qualifier")}
