"""`AWS::CloudWatch::Alarm`, `CompositeAlarm` and `Dashboard`.

Source: CloudFormation Template Reference, "AWS::CloudWatch::Alarm" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.service_call import as_flag, as_text, call, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    already_exists,
    change,
    pairs,
    tags_setting,
    unless_gone,
    without,
)
from lambdakit.harness.moto_state import unserved

_GONE: Final = ("ResourceNotFound", "ResourceNotFoundException")
_LENGTH_MAX: Final = 255


class Alarm(HoldsNothing):
    """An alarm on a metric or on an expression over metrics. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("ActionsEnabled AlarmActions AlarmDescription AlarmName ComparisonOperator DatapointsToAlarm"),
        **reads("EvaluateLowSampleCountPercentile EvaluationPeriods ExtendedStatistic InsufficientDataActions"),
        **reads("MetricName Namespace OKActions Period Statistic Tags Threshold ThresholdMetricId TreatMissingData"),
        **reads(
            "Unit",
            Dimensions=reads("Name Value"),
            Metrics=reads(
                "AccountId Expression Id Label Period ReturnData",
                MetricStat=reads(
                    "Period Stat Unit", Metric=reads("MetricName Namespace", Dimensions=reads("Name Value"))
                ),
            ),
        ),
        **records("ActionConfiguration EvaluationCriteria EvaluationInterval EvaluationWindow WarmUpConfiguration"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the alarm."""
        cloudwatch = context.client("cloudwatch", resource)
        name = _alarm_name(resource, cloudwatch)
        call(cloudwatch, "put_metric_alarm", _enabled(resource.properties), AlarmName=name)
        return _alarm(resource, name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the alarm anew."""
        cloudwatch = context.client("cloudwatch", resource)
        name = created.provisioned.physical_id
        setting = Setting(
            tuple(without(self.properties, "Tags")),
            lambda _, new: call(cloudwatch, "put_metric_alarm", _enabled(without(new, "Tags")), AlarmName=name),
        )
        change([setting, _tags(cloudwatch, created)], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the alarm."""
        with unless_gone(*_GONE):
            context.client("cloudwatch", created.resource).delete_alarms(AlarmNames=[created.provisioned.physical_id])


class CompositeAlarm(HoldsNothing):
    """An alarm on other alarms. `Ref` gives its name. moto keeps it, though its API does not take it."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "ActionsEnabled AlarmActions AlarmDescription AlarmName AlarmRule InsufficientDataActions OKActions Tags"
        ),
        **records("ActionConfiguration ActionsSuppressor ActionsSuppressorExtensionPeriod ActionsSuppressorWaitPeriod"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the alarm."""
        cloudwatch = context.client("cloudwatch", resource)
        name = _alarm_name(resource, cloudwatch)
        _put_composite(resource, name, resource.properties)
        provisioned = _alarm(resource, name)
        tags = tag_map(resource.properties.get("Tags"))
        if tags:
            cloudwatch.tag_resource(ResourceARN=provisioned.attributes["Arn"], Tags=pairs(tags))
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the alarm anew."""
        cloudwatch = context.client("cloudwatch", resource)
        name = created.provisioned.physical_id
        setting = Setting(tuple(without(self.properties, "Tags")), lambda _, new: _put_composite(resource, name, new))
        change([setting, _tags(cloudwatch, created)], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the alarm."""
        with unless_gone(*_GONE):
            context.client("cloudwatch", created.resource).delete_alarms(AlarmNames=[created.provisioned.physical_id])


class Dashboard(HoldsNothing):
    """A dashboard. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {**reads("DashboardBody DashboardName"), **records("Tags")}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the dashboard."""
        name = resource.properties.get("DashboardName") or resource.generated_name(length_max=_LENGTH_MAX)
        _put_dashboard(resource, name, context)
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new body in place."""
        _put_dashboard(resource, created.provisioned.physical_id, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the dashboard."""
        with unless_gone(*_GONE):
            context.client("cloudwatch", created.resource).delete_dashboards(
                DashboardNames=[created.provisioned.physical_id]
            )


def _alarm_name(resource: Resource, cloudwatch: Any) -> str:
    given = resource.properties.get("AlarmName")
    if given is None:
        return resource.generated_name(length_max=_LENGTH_MAX)
    found = cloudwatch.describe_alarms(AlarmNames=[given], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    if found.get("MetricAlarms") or found.get("CompositeAlarms"):
        raise already_exists(resource, given, "AlarmName")
    return str(given)


def _alarm(resource: Resource, name: str) -> Provisioned:
    arn = f"arn:{partition_of(resource.region)}:cloudwatch:{resource.region}:{resource.account_id}:alarm:{name}"
    return Provisioned(physical_id=name, attributes={"Arn": arn})


def _tags(cloudwatch: Any, created: Created) -> Setting:
    arn = created.provisioned.attributes["Arn"]
    return tags_setting(
        lambda tags: cloudwatch.tag_resource(ResourceARN=arn, Tags=pairs(tags)),
        lambda keys: cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys),
    )


def _enabled(properties: Properties) -> dict[str, Any]:
    """Source: CloudWatch API Reference, "PutMetricAlarm": actions are enabled unless it is said."""
    return {"ActionsEnabled": True, **properties}


def _put_composite(resource: Resource, name: str, properties: Properties) -> None:
    unserved.put_composite_alarm(
        resource.account_id,
        resource.region,
        name,
        rule=str(properties["AlarmRule"]),
        description=properties.get("AlarmDescription") or "",
        actions_enabled=as_flag(properties.get("ActionsEnabled", True)),
        alarm_actions=list(properties.get("AlarmActions") or ()),
        ok_actions=list(properties.get("OKActions") or ()),
        insufficient_data_actions=list(properties.get("InsufficientDataActions") or ()),
    )


def _put_dashboard(resource: Resource, name: str, context: Context) -> None:
    context.client("cloudwatch", resource).put_dashboard(
        DashboardName=name, DashboardBody=as_text(resource.properties["DashboardBody"])
    )
