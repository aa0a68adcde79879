"""`AWS::Lambda::Version` and `AWS::Lambda::Alias`.

Source: CloudFormation Template Reference, "AWS::Lambda::Version" and "AWS::Lambda::Alias".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName, parse_function_name
from lambdakit.harness.lambda_service.store import Alias


def named_function(resource: Resource, text: object) -> FunctionName:
    """The function that a property names: by name, partial ARN or ARN, with or without a qualifier."""
    return parse_function_name(str(text), "", account_id=resource.account_id, region=resource.region)


class LambdaVersion:
    """A published version. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        "CodeSha256": READ,
        "Description": READ,
        "FunctionName": READ,
        "FunctionScalingConfig": RECORDED,
        "ProvisionedConcurrencyConfig": RECORDED,
        "RuntimePolicy": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Publishes `$LATEST`."""
        properties = resource.properties
        function = named_function(resource, properties.get("FunctionName"))
        expected = properties.get("CodeSha256")
        current = context.functions.resolve(function.arn).configuration
        if expected is not None and expected != current.code_sha256:
            raise ResourceRefused(
                f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({current.code_sha256})",
                property_pointer="CodeSha256",
            )
        published = context.functions.publish(
            function.name, function.region, description=properties.get("Description", "")
        )
        arn = f"{published.arn}:{published.version}"
        return Provisioned(physical_id=arn, attributes={"Version": published.version, "FunctionArn": arn})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the version; it goes with its function."""
        function = named_function(created.resource, created.provisioned.physical_id)
        _forgiving(lambda: context.functions.delete_version(function.name, function.region, function.qualifier))

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back: a version never changes."""


class LambdaAlias:
    """A name for a version. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        "Description": READ,
        "FunctionName": READ,
        "FunctionVersion": READ,
        "Name": READ,
        "ProvisionedConcurrencyConfig": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the alias."""
        arn = self._put(resource, context)
        return Provisioned(physical_id=arn, attributes={"AliasArn": arn})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the alias; it goes with its function."""
        function = named_function(created.resource, created.provisioned.physical_id)
        _forgiving(lambda: context.functions.delete_alias(function.name, function.region, function.qualifier))

    def reset(self, created: Created, context: Context) -> None:
        """Points it back at the version that the template names."""
        self._put(created.resource, context)

    def _put(self, resource: Resource, context: Context) -> str:
        properties = resource.properties
        function = named_function(resource, properties.get("FunctionName"))
        alias = Alias(
            name=str(properties.get("Name")),
            version=str(properties.get("FunctionVersion")),
            description=properties.get("Description", ""),
        )
        return context.functions.put_alias(function.name, function.region, alias)


def _forgiving(delete: Callable[[], None]) -> None:
    try:
        delete()
    except ServiceFault as fault:
        if fault.code != "ResourceNotFoundException":
            raise
