"""`AWS::Scheduler::Schedule` and `AWS::Scheduler::ScheduleGroup`.

Source: CloudFormation Template Reference, "AWS::Scheduler::Schedule" and "AWS::Scheduler::ScheduleGroup".
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.deployment.property_tree import PropertyTree, reads
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    already_exists,
    change,
    is_there,
    pairs,
    tags_setting,
    unless_gone,
)

_GONE: Final = ("ResourceNotFoundException",)


class Schedule(HoldsNothing):
    """A schedule. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads(
        "Description EndDate GroupName KmsKeyArn Name ScheduleExpression ScheduleExpressionTimezone StartDate State",
        FlexibleTimeWindow=reads("MaximumWindowInMinutes Mode"),
        Target=reads(
            "Arn Input RoleArn",
            DeadLetterConfig=reads("Arn"),
            EcsParameters=reads(
                "EnableECSManagedTags EnableExecuteCommand Group LaunchType PlatformVersion PropagateTags ReferenceId "
                "Tags TaskCount TaskDefinitionArn",
                CapacityProviderStrategy=reads("Base CapacityProvider Weight"),
                NetworkConfiguration=reads(AwsvpcConfiguration=reads("AssignPublicIp SecurityGroups Subnets")),
                PlacementConstraints=reads("Expression Type"),
                PlacementStrategy=reads("Field Type"),
            ),
            EventBridgeParameters=reads("DetailType Source"),
            KinesisParameters=reads("PartitionKey"),
            RetryPolicy=reads("MaximumEventAgeInSeconds MaximumRetryAttempts"),
            SageMakerPipelineParameters=reads(PipelineParameterList=reads("Name Value")),
            SqsParameters=reads("MessageGroupId"),
        ),
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the schedule."""
        name = resource.properties.get("Name") or resource.generated_name(length_max=64)
        arn = call(context.client("scheduler", resource), "create_schedule", resource.properties, Name=name)
        return Provisioned(physical_id=name, attributes={"Arn": arn["ScheduleArn"]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Replaces the whole schedule, as the API does; another group takes it over under the same name."""
        scheduler = context.client("scheduler", resource)
        name = created.provisioned.physical_id
        if created.resource.properties.get("GroupName") == resource.properties.get("GroupName"):
            call(scheduler, "update_schedule", {"State": "ENABLED", **resource.properties}, Name=name)
            return created.provisioned
        arn = call(scheduler, "create_schedule", resource.properties, Name=name)["ScheduleArn"]
        self.delete(created, context)
        return Provisioned(physical_id=name, attributes={"Arn": arn})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the schedule."""
        group = created.resource.properties.get("GroupName")
        with unless_gone(*_GONE):
            call(
                context.client("scheduler", created.resource),
                "delete_schedule",
                Name=created.provisioned.physical_id,
                GroupName=group,
            )


class ScheduleGroup(HoldsNothing):
    """A group of schedules. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads("Name Tags")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the group."""
        scheduler = context.client("scheduler", resource)
        name = resource.properties.get("Name") or resource.generated_name(length_max=64)
        # EventBridge Scheduler API Reference, "CreateScheduleGroup": ConflictException. moto puts an empty group in the
        # place of the one that is there.
        if is_there(lambda: scheduler.get_schedule_group(Name=name), *_GONE):
            raise already_exists(resource, name, "Name")
        call(scheduler, "create_schedule_group", resource.properties, Name=name)
        return _provisioned(scheduler.get_schedule_group(Name=name))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the tags."""
        scheduler = context.client("scheduler", resource)
        arn = created.provisioned.attributes["Arn"]
        tags = tags_setting(
            lambda tags: scheduler.tag_resource(ResourceArn=arn, Tags=pairs(tags)),
            lambda keys: scheduler.untag_resource(ResourceArn=arn, TagKeys=keys),
        )
        change([tags], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the group with its schedules."""
        scheduler, name = context.client("scheduler", created.resource), created.provisioned.physical_id
        with unless_gone(*_GONE):
            scheduler.get_schedule_group(Name=name)  # moto breaks over the deletion of what is not there
            scheduler.delete_schedule_group(Name=name)


def _provisioned(group: dict[str, Any]) -> Provisioned:
    return Provisioned(
        physical_id=group["Name"],
        attributes={
            "Arn": group["Arn"],
            "CreationDate": iso_milliseconds(group["CreationDate"]),
            "LastModificationDate": iso_milliseconds(group["LastModificationDate"]),
            "State": group["State"],
        },
    )
