"""`AWS::ECS`: clusters, task definitions and services as the account shows them. No task ever runs.

Source: CloudFormation Template Reference, "AWS::ECS::Service" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of, resets

_CLUSTER_ARN: Final = "join('', ['arn:', partition, ':ecs:', region, ':', account, ':cluster/', name])"

CLUSTER: Final = MotoBacked(
    service="ecs",
    properties=properties_of(
        read="CapacityProviders ClusterName ClusterSettings Configuration DefaultCapacityProviderStrategy"
        " ServiceConnectDefaults Tags",
    ),
    named=("ClusterName", 255),
    # Source: Amazon ECS API Reference, "ClusterSetting"; by the account's default setting they are disabled.
    cleared={
        "ClusterSettings": resets({"containerInsights": "disabled"}, key="Name"),
        "Configuration": {},
        "ServiceConnectDefaults": {"Namespace": ""},
    },
    made_by=Call(operation="create_cluster", renamed={"ClusterSettings": "settings"}),
    reference="name",
    changed_by=(
        Call(
            operation="update_cluster",
            arguments={"cluster": "ref"},
            renamed={"ClusterSettings": "settings"},
            when="p.ClusterSettings || p.Configuration || p.ServiceConnectDefaults || was.Configuration",
        ),
        call(
            "put_cluster_capacity_providers",
            cluster="ref",
            capacityProviders="p.CapacityProviders || `[]`",
            defaultCapacityProviderStrategy="p.DefaultCapacityProviderStrategy || `[]`",
        ),
    ),
    tagged_by=Tagging(tag="tag_resource", untag="untag_resource", target="resourceArn", of=_CLUSTER_ARN),
    deleted_by=(call("delete_cluster", cluster="ref"),),
    attributes={"Arn": "made.cluster.clusterArn"},
)

TASK_DEFINITION: Final = MotoBacked(
    service="ecs",
    properties=properties_of(
        read="ContainerDefinitions Cpu EnableFaultInjection EphemeralStorage ExecutionRoleArn Family"
        " InferenceAccelerators IpcMode Memory NetworkMode PidMode PlacementConstraints ProxyConfiguration"
        " RequiresCompatibilities RuntimePlatform Tags TaskRoleArn Volumes",
    ),
    named=("Family", 255),
    defaults={"ContainerDefinitions": []},
    made_by=Call(operation="register_task_definition"),
    reference="made.taskDefinition.taskDefinitionArn",
    tagged_by=Tagging(tag="tag_resource", untag="untag_resource", target="resourceArn"),
    deleted_by=(call("deregister_task_definition", taskDefinition="ref"),),
    attributes={"TaskDefinitionArn": "ref"},
)

SERVICE: Final = MotoBacked(
    service="ecs",
    properties=properties_of(
        read="AvailabilityZoneRebalancing CapacityProviderStrategy Cluster DeploymentConfiguration DeploymentController"
        " DesiredCount EnableECSManagedTags EnableExecuteCommand HealthCheckGracePeriodSeconds LaunchType LoadBalancers"
        " NetworkConfiguration PlacementConstraints PlacementStrategies PlatformVersion PropagateTags Role"
        " SchedulingStrategy ServiceConnectConfiguration ServiceName ServiceRegistries Tags TaskDefinition"
        " VolumeConfigurations VpcLatticeConfigurations",
        recorded="ForceNewDeployment GatewayConnectors Monitoring",
    ),
    named=("ServiceName", 255),
    made_by=Call(
        operation="create_service",
        # CloudFormation Template Reference, "AWS::ECS::Service" (`DesiredCount`): an update without one keeps it.
        arguments={"desiredCount": "p.DesiredCount || `1`"},
        renamed={"PlacementStrategies": "placementStrategy", "Monitoring": ""},
    ),
    reference="made.service.serviceArn",
    changed_by=(
        Call(
            operation="update_service",
            arguments={"service": "name"},
            renamed={"PlacementStrategies": "placementStrategy", "ForceNewDeployment": "", "Monitoring": ""},
        ),
    ),
    tagged_by=Tagging(tag="tag_resource", untag="untag_resource", target="resourceArn"),
    deleted_by=(
        call("update_service", cluster="p.Cluster", service="name", desiredCount="`0`"),
        call("delete_service", cluster="p.Cluster", service="name", force="`true`"),
    ),
    attributes={"ServiceArn": "ref", "Name": "name"},
)

CAPACITY_PROVIDER: Final = MotoBacked(
    service="ecs",
    properties=properties_of(
        read="AutoScalingGroupProvider Name Tags", recorded="ClusterName ManagedInstancesProvider"
    ),
    named=("Name", 255),
    made_by=Call(operation="create_capacity_provider", renamed={"ManagedInstancesProvider": "", "ClusterName": ""}),
    reference="name",
    changed_by=(call("update_capacity_provider", name="ref", autoScalingGroupProvider="p.AutoScalingGroupProvider"),),
    deleted_by=(call("delete_capacity_provider", capacityProvider="ref"),),
)

CLUSTER_CAPACITY_PROVIDER_ASSOCIATIONS: Final = MotoBacked(
    service="ecs",
    properties=properties_of(read="CapacityProviders Cluster DefaultCapacityProviderStrategy"),
    defaults={"CapacityProviders": []},
    made_by=Call(operation="put_cluster_capacity_providers"),
    reference="p.Cluster",
    changed_by=(Call(operation="put_cluster_capacity_providers"),),
    deleted_by=(
        call(
            "put_cluster_capacity_providers",
            cluster="p.Cluster",
            capacityProviders="`[]`",
            defaultCapacityProviderStrategy="`[]`",
        ),
    ),
)
