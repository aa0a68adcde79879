"""`AWS::Lambda::Version` and `AWS::Lambda::Alias`.

Source: CloudFormation Template Reference, "AWS::Lambda::Version" and "AWS::Lambda::Alias".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners.code_deploy import shift_traffic
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName, parse_function_name
from lambdakit.harness.lambda_service.store import Alias
from lambdakit.harness.moto_state.scaling import ScalableTarget, scalable_target

_PROVISIONED: PropertyTree = {"ProvisionedConcurrentExecutions": READ, "ProvisionedConcurrencyAutoScaling": RECORDED}


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
        "ProvisionedConcurrencyConfig": _PROVISIONED,
        "RuntimePolicy": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Publishes `$LATEST`."""
        properties = resource.properties
        function = named_function(resource, properties.get("FunctionName"))
        expected = properties.get("CodeSha256")
        functions = context.functions.of(function.account_id)
        current = functions.resolve(function.arn).configuration
        if expected is not None and expected != current.code_sha256:
            raise ResourceRefused(
                f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({current.code_sha256})",
                property_pointer="CodeSha256",
            )
        there = [version.configuration.version for version in functions.versions(function.name, function.region)]
        published = functions.publish(function.name, function.region, description=properties.get("Description", ""))
        if published.version in there:
            # In CloudFormation's words as serverless/serverless#7822 and
            # aws-samples/siem-on-amazon-opensearch-service#261 quote them.
            raise ResourceRefused(
                f"A version for this Lambda function exists ( {published.version} ). Modify the function to create a "
                "new version."
            )
        arn = f"{published.arn}:{published.version}"
        with undone_on_failure(lambda: functions.delete_version(function.name, function.region, published.version)):
            _provision(named_function(resource, arn), properties, context)
        return Provisioned(physical_id=arn, attributes={"Version": published.version, "FunctionArn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Every property that takes effect needs a replacement, so nothing can differ."""
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the version; it goes with its function."""
        function = named_function(created.resource, created.provisioned.physical_id)
        functions = context.functions.of(function.account_id)
        _forgiving(lambda: functions.delete_version(function.name, function.region, function.qualifier))

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back: a version never changes."""


class LambdaAlias:
    """A name for a version. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        "Description": READ,
        "FunctionName": READ,
        "FunctionVersion": READ,
        "Name": READ,
        "ProvisionedConcurrencyConfig": _PROVISIONED,
        "RoutingConfig": {"AdditionalVersionWeights": {"FunctionVersion": READ, "FunctionWeight": READ}},
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the alias."""
        function, alias = _alias(resource)
        functions = context.functions.of(function.account_id)
        arn = functions.put_alias(function.name, function.region, alias)
        with undone_on_failure(lambda: functions.delete_alias(function.name, function.region, alias.name)):
            _provision(named_function(resource, arn), resource.properties, context)
        return Provisioned(physical_id=arn, attributes={"AliasArn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Moves the alias, step by step where its update policy says so; asks for other environments.

        Source: CloudFormation Template Reference, "UpdatePolicy attribute", "CodeDeployLambdaAliasUpdate policy".
        """
        function, alias = _alias(resource)
        before = _alias(created.resource)[1]
        policy = resource.update_policy.get("CodeDeployLambdaAliasUpdate")
        if policy and before.version != alias.version:
            functions = context.functions.of(function.account_id)

            def put_back() -> None:
                functions.put_alias(function.name, function.region, before)

            with undone_on_failure(put_back):
                shift_traffic(policy, function, alias, before.version, context)
        arn = context.functions.of(function.account_id).put_alias(function.name, function.region, alias)
        _provision(named_function(resource, arn), resource.properties, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the alias; it goes with its function."""
        function = named_function(created.resource, created.provisioned.physical_id)
        functions = context.functions.of(function.account_id)
        _forgiving(lambda: functions.delete_alias(function.name, function.region, function.qualifier))

    def reset(self, created: Created, context: Context) -> None:
        """Points it back at the versions that the template names, with as many environments as right after that.

        What is scaled had its minimum then; a scalable target depends on its alias and was brought back before it.
        """
        self.update(created, created.resource, context)
        named = named_function(created.resource, created.provisioned.physical_id)
        target = _scalable_target(named)
        if target is not None and not created.resource.properties.get("ProvisionedConcurrencyConfig"):
            settings = context.functions.of(named.account_id).concurrency
            if target.min_capacity:
                settings.provision(named, target.min_capacity)
            else:
                settings.unprovision(named)


def _alias(resource: Resource) -> tuple[FunctionName, Alias]:
    properties = resource.properties
    weights = (properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or ()
    alias = Alias(
        name=str(properties.get("Name")),
        version=str(properties.get("FunctionVersion")),
        description=properties.get("Description", ""),
        routing={str(each["FunctionVersion"]): float(each["FunctionWeight"]) for each in weights},
    )
    return named_function(resource, properties.get("FunctionName")), alias


def _provision(named: FunctionName, properties: Mapping[str, Any], context: Context) -> None:
    """Asks for the environments that the template wants kept initialised; without a word of them, for none.

    What Application Auto Scaling asked for stays: the template never had it.
    """
    config = properties.get("ProvisionedConcurrencyConfig") or {}
    wanted = config.get("ProvisionedConcurrentExecutions")
    settings = context.functions.of(named.account_id).concurrency
    if wanted is not None:
        settings.provision(named, int(wanted))
    elif settings.provisioned(named.arn.rpartition(":")[0], named.qualifier) is not None:
        if _scalable_target(named) is None:
            settings.unprovision(named)


def _scalable_target(named: FunctionName) -> ScalableTarget | None:
    return scalable_target(named.account_id, named.region, f"function:{named.name}:{named.qualifier}")


def _forgiving(delete: Callable[[], None]) -> None:
    try:
        delete()
    except ServiceFault as fault:
        if fault.code != "ResourceNotFoundException":
            raise
