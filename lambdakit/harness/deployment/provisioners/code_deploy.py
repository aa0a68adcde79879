"""`AWS::CodeDeploy::Application`, `…::DeploymentConfig` and `…::DeploymentGroup`, and what an alias asks of them.

Source: CloudFormation Template Reference, of each type; "UpdatePolicy attribute", "CodeDeployLambdaAliasUpdate policy".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.delivery.app_spec import AFTER, BEFORE, AppSpec, write_app_spec
from lambdakit.harness.delivery.code_deployments import DeployRefused
from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.service_call import call, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Setting,
    already_exists,
    change,
    is_there,
    pairs,
    tags_setting,
    unless_gone,
)
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.store import Alias

_NAME_LENGTH_MAX: Final = 100
_NO_APPLICATION: Final = "ApplicationDoesNotExistException"
_NO_CONFIG: Final = "DeploymentConfigDoesNotExistException"
_NO_GROUP: Final = "DeploymentGroupDoesNotExistException"
_HOOKS: Final = {"BeforeAllowTrafficHook": BEFORE, "AfterAllowTrafficHook": AFTER}


class Application(HoldsNothing):
    """What deployment groups belong to. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads("ApplicationName ComputePlatform Tags")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the application."""
        client, name = context.client("codedeploy", resource), _name(resource, "ApplicationName")
        if is_there(lambda: client.get_application(applicationName=name), _NO_APPLICATION):
            raise already_exists(resource, name, "ApplicationName")
        tags = pairs(tag_map(resource.properties.get("Tags")))
        call(client, "create_application", resource.properties, applicationName=name, tags=tags)
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the tags: everything else needs a replacement."""
        arn = _arn(resource, f"application:{created.provisioned.physical_id}")
        change([_tags(context.client("codedeploy", resource), arn)], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes it with its deployment groups; one that is gone is no error."""
        client = context.client("codedeploy", created.resource)
        client.delete_application(applicationName=created.provisioned.physical_id)


class DeploymentConfig(HoldsNothing):
    """How traffic moves. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "ComputePlatform DeploymentConfigName",
            TrafficRoutingConfig=reads(
                "Type",
                TimeBasedCanary=reads("CanaryInterval CanaryPercentage"),
                TimeBasedLinear=reads("LinearInterval LinearPercentage"),
            ),
        ),
        **records("MinimumHealthyHosts ZonalConfig"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the configuration."""
        client, name = context.client("codedeploy", resource), _name(resource, "DeploymentConfigName")
        if is_there(lambda: client.get_deployment_config(deploymentConfigName=name), _NO_CONFIG):
            raise already_exists(resource, name, "DeploymentConfigName")
        call(client, "create_deployment_config", resource.properties, deploymentConfigName=name)
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Every property needs a replacement, so nothing can differ."""
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes it; one that is gone is no error."""
        client = context.client("codedeploy", created.resource)
        with unless_gone(_NO_CONFIG):
            client.delete_deployment_config(deploymentConfigName=created.provisioned.physical_id)


class DeploymentGroup(HoldsNothing):
    """What a deployment is made to. `Ref` gives its name, and `Fn::GetAtt` of `Id` its id."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "ApplicationName DeploymentConfigName DeploymentGroupName ServiceRoleArn Tags",
            AlarmConfiguration=reads("Enabled IgnorePollAlarmFailure", Alarms=reads("Name")),
            AutoRollbackConfiguration=reads("Enabled Events"),
            DeploymentStyle=reads("DeploymentOption DeploymentType"),
        ),
        **records("AutoScalingGroups BlueGreenDeploymentConfiguration ECSServices Ec2TagFilters Ec2TagSet"),
        **records("LoadBalancerInfo OnPremisesInstanceTagFilters OnPremisesTagSet OutdatedInstancesStrategy"),
        **records("TerminationHookEnabled TriggerConfigurations"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the group."""
        client, properties = context.client("codedeploy", resource), resource.properties
        application, name = str(properties.get("ApplicationName")), _name(resource, "DeploymentGroupName")
        named = {"applicationName": application, "deploymentGroupName": name}
        if is_there(lambda: client.get_deployment_group(**named), _NO_GROUP, _NO_APPLICATION):
            raise already_exists(resource, name, "DeploymentGroupName")
        tags = pairs(tag_map(properties.get("Tags")))
        call(client, "create_deployment_group", properties, **named, tags=tags)
        found = client.get_deployment_group(**named)["deploymentGroupInfo"]
        return Provisioned(physical_id=name, attributes={"Id": found["deploymentGroupId"]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs; a property that is gone takes what its absence means."""
        client, name = context.client("codedeploy", resource), created.provisioned.physical_id
        application = str(resource.properties.get("ApplicationName"))
        old, new = created.resource.properties, resource.properties

        def set_all(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
            nothing: dict[str, Any] = {
                "AlarmConfiguration": {"enabled": False, "alarms": []},
                "AutoRollbackConfiguration": {"enabled": False, "events": []},
            }
            gone = {part: value for part, value in nothing.items() if part in before and part not in after}
            call(
                client,
                "update_deployment_group",
                {**after, **gone},
                applicationName=application,
                currentDeploymentGroupName=name,
            )

        parts = tuple(part for part in self.properties if part != "Tags")
        tags = _tags(client, _arn(resource, f"deploymentgroup:{application}/{name}"))
        change([Setting(parts, set_all), tags], old, new)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the group; one that is gone is no error."""
        client = context.client("codedeploy", created.resource)
        application = str(created.resource.properties.get("ApplicationName"))
        client.delete_deployment_group(applicationName=application, deploymentGroupName=created.provisioned.physical_id)


def shift_traffic(
    policy: Mapping[str, Any], function: FunctionName, alias: Alias, current: str, context: Context
) -> None:
    """Has CodeDeploy move an alias from a version to the one it names now. ResourceRefused when that fails.

    CloudFormation waits for the deployment; here its hooks are asked and its steps are made, but nobody waits for the
    minutes between them.
    """
    if context.code_deploy is None:
        raise ResourceRefused("CodeDeploy is not there to move the alias")
    spec = AppSpec(
        function=function.name,
        alias=alias.name,
        current=current,
        target=alias.version,
        hooks={event: str(policy[name]) for name, event in _HOOKS.items() if policy.get(name)},
    )
    given = {
        "applicationName": policy.get("ApplicationName"),
        "deploymentGroupName": policy.get("DeploymentGroupName"),
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": write_app_spec(spec)}},
    }
    try:
        done = context.code_deploy.run((function.account_id, function.region), given, context.custom_resources.quiet)
    except DeployRefused as refused:
        raise ResourceRefused(refused.message) from None
    if done.problem:
        # In the words of stack events of failed deployments.
        raise ResourceRefused(f"{done.id} failed. {done.problem}")


def _name(resource: Resource, member: str) -> str:
    return str(resource.properties.get(member) or resource.generated_name(length_max=_NAME_LENGTH_MAX))


def _tags(client: Any, arn: str) -> Setting:
    return tags_setting(
        lambda tags: client.tag_resource(ResourceArn=arn, Tags=pairs(tags)),
        lambda keys: client.untag_resource(ResourceArn=arn, TagKeys=keys),
    )


def _arn(resource: Resource, name: str) -> str:
    return f"arn:{partition_of(resource.region)}:codedeploy:{resource.region}:{resource.account_id}:{name}"
