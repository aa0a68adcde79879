"""`AWS::AutoScaling`, whose groups never scale, and the policies of `AWS::ApplicationAutoScaling`.

Source: CloudFormation Template Reference, "AWS::AutoScaling::AutoScalingGroup" and
"AWS::ApplicationAutoScaling::ScalingPolicy" and the pages beside them.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of

_OWNER: Final = "{ResourceId: name, ResourceType: 'auto-scaling-group'}"
_GROUP_ARGUMENTS: Final = {"VPCZoneIdentifier": "p.VPCZoneIdentifier && join(',', p.VPCZoneIdentifier)"}
_GROUP_NAMES: Final = {
    "Cooldown": "DefaultCooldown",
    "CapacityReservationSpecification": "",
    "InstanceLifecyclePolicy": "",
    "TrafficSources": "",
}

AUTO_SCALING_GROUP: Final = MotoBacked(
    service="autoscaling",
    properties=properties_of(
        read="AutoScalingGroupName AvailabilityZones CapacityRebalance Cooldown DesiredCapacity HealthCheckGracePeriod"
        " HealthCheckType InstanceId LaunchConfigurationName LaunchTemplate LoadBalancerNames MaxInstanceLifetime"
        " MaxSize MinSize MixedInstancesPolicy NewInstancesProtectedFromScaleIn PlacementGroup ServiceLinkedRoleARN"
        " Tags TargetGroupARNs TerminationPolicies VPCZoneIdentifier",
        recorded="AvailabilityZoneDistribution AvailabilityZoneIds AvailabilityZoneImpairmentPolicy"
        " CapacityReservationSpecification Context DefaultInstanceWarmup DeletionProtection DesiredCapacityType"
        " InstanceLifecyclePolicy InstanceMaintenancePolicy LifecycleHookSpecificationList MetricsCollection"
        " NotificationConfiguration NotificationConfigurations SkipZonalShiftValidation TrafficSources",
    ),
    named=("AutoScalingGroupName", 255),
    # Source: Amazon EC2 Auto Scaling API Reference, "CreateAutoScalingGroup".
    cleared={"HealthCheckType": "EC2", "NewInstancesProtectedFromScaleIn": False},
    made_by=Call(
        operation="create_auto_scaling_group",
        arguments={**_GROUP_ARGUMENTS, "Tags": f"p.Tags && with_each(p.Tags, {_OWNER})"},
        renamed={**_GROUP_NAMES, "LifecycleHookSpecificationList": ""},
    ),
    reference="name",
    read_by=(call("describe_auto_scaling_groups", AutoScalingGroupNames="[name]"),),
    changed_by=(
        Call(operation="update_auto_scaling_group", arguments=_GROUP_ARGUMENTS, renamed=_GROUP_NAMES),
        call("delete_tags", when="removed.Tags", Tags=f"with_each(removed.Tags, {_OWNER})"),
        call("create_or_update_tags", when="added.Tags", Tags=f"with_each(added.Tags, {_OWNER})"),
        call(
            "detach_load_balancer_target_groups",
            when="removed.TargetGroupARNs",
            AutoScalingGroupName="name",
            TargetGroupARNs="removed.TargetGroupARNs",
        ),
        call(
            "attach_load_balancer_target_groups",
            when="added.TargetGroupARNs",
            AutoScalingGroupName="name",
            TargetGroupARNs="added.TargetGroupARNs",
        ),
    ),
    deleted_by=(call("delete_auto_scaling_group", AutoScalingGroupName="name", ForceDelete="`true`"),),
    gone=frozenset({"ValidationError"}),
    attributes={"AutoScalingGroupARN": "found.AutoScalingGroups[0].AutoScalingGroupARN"},
)

LAUNCH_CONFIGURATION: Final = MotoBacked(
    service="autoscaling",
    properties=properties_of(
        read="AssociatePublicIpAddress BlockDeviceMappings ClassicLinkVPCId ClassicLinkVPCSecurityGroups EbsOptimized"
        " IamInstanceProfile ImageId InstanceId InstanceMonitoring InstanceType KernelId KeyName"
        " LaunchConfigurationName MetadataOptions PlacementTenancy RamDiskId SecurityGroups SpotPrice UserData",
    ),
    named=("LaunchConfigurationName", 255),
    made_by=Call(
        operation="create_launch_configuration",
        arguments={"InstanceMonitoring": "p.InstanceMonitoring != null && {Enabled: p.InstanceMonitoring} || null"},
    ),
    reference="name",
    deleted_by=(call("delete_launch_configuration", LaunchConfigurationName="name"),),
)

SCALING_POLICY: Final = MotoBacked(
    service="autoscaling",
    properties=properties_of(
        read="AdjustmentType AutoScalingGroupName Cooldown EstimatedInstanceWarmup MetricAggregationType"
        " MinAdjustmentMagnitude PolicyType PredictiveScalingConfiguration ScalingAdjustment StepAdjustments"
        " TargetTrackingConfiguration",
    ),
    named=("PolicyName", 255),
    made_by=Call(operation="put_scaling_policy"),
    reference="found.ScalingPolicies[0].PolicyARN",  # moto's answer to the creation does not tell it
    read_by=(call("describe_policies", AutoScalingGroupName="p.AutoScalingGroupName", PolicyNames="[name]"),),
    changed_by=(Call(operation="put_scaling_policy"),),
    deleted_by=(call("delete_policy", AutoScalingGroupName="p.AutoScalingGroupName", PolicyName="name"),),
    attributes={"Arn": "ref", "PolicyName": "name"},
    gone=frozenset({"ValidationError"}),
)

LIFECYCLE_HOOK: Final = MotoBacked(
    service="autoscaling",
    properties=properties_of(
        read="AutoScalingGroupName DefaultResult HeartbeatTimeout LifecycleHookName LifecycleTransition",
        recorded="NotificationMetadata NotificationTargetARN RoleARN",
    ),
    named=("LifecycleHookName", 255),
    made_by=Call(operation="put_lifecycle_hook"),
    reference="name",
    changed_by=(Call(operation="put_lifecycle_hook"),),
    deleted_by=(
        call("delete_lifecycle_hook", AutoScalingGroupName="p.AutoScalingGroupName", LifecycleHookName="name"),
    ),
    gone=frozenset({"ValidationError"}),
)

SCHEDULED_ACTION: Final = MotoBacked(
    service="autoscaling",
    properties=properties_of(
        read="AutoScalingGroupName DesiredCapacity EndTime MaxSize MinSize Recurrence StartTime TimeZone"
    ),
    named=("ScheduledActionName", 255),
    made_by=Call(operation="put_scheduled_update_group_action"),
    reference="name",
    changed_by=(Call(operation="put_scheduled_update_group_action"),),
    deleted_by=(
        call("delete_scheduled_action", AutoScalingGroupName="p.AutoScalingGroupName", ScheduledActionName="name"),
    ),
    attributes={"ScheduledActionName": "name"},
    gone=frozenset({"ValidationError"}),
)

WARM_POOL: Final = MotoBacked(
    service="autoscaling",
    properties=properties_of(
        read="AutoScalingGroupName InstanceReusePolicy MaxGroupPreparedCapacity MinSize PoolState"
    ),
    made_by=Call(operation="put_warm_pool"),
    reference="p.AutoScalingGroupName",
    changed_by=(Call(operation="put_warm_pool"),),
    deleted_by=(call("delete_warm_pool", AutoScalingGroupName="ref", ForceDelete="`true`"),),
    gone=frozenset({"ValidationError"}),
)

# A policy names its target in one text or in three. Source: "AWS::ApplicationAutoScaling::ScalingPolicy".
_OF_TARGET: Final = {
    "ResourceId": "p.ResourceId || part(p.ScalingTargetId, '|', `0`)",
    "ScalableDimension": "p.ScalableDimension || part(p.ScalingTargetId, '|', `1`)",
    "ServiceNamespace": "p.ServiceNamespace || part(p.ScalingTargetId, '|', `2`)",
}

APPLICATION_SCALING_POLICY: Final = MotoBacked(
    service="application-autoscaling",
    properties=properties_of(
        read="PolicyName PolicyType ResourceId ScalableDimension ScalingTargetId ServiceNamespace"
        " StepScalingPolicyConfiguration TargetTrackingScalingPolicyConfiguration",
        recorded="PredictiveScalingPolicyConfiguration",
    ),
    made_by=Call(operation="put_scaling_policy", arguments=_OF_TARGET),
    reference="made.PolicyARN",
    changed_by=(Call(operation="put_scaling_policy", arguments=_OF_TARGET),),
    deleted_by=(Call(operation="delete_scaling_policy", arguments=_OF_TARGET),),
    attributes={"Arn": "ref"},
    gone=frozenset({"ValidationException"}),
)
