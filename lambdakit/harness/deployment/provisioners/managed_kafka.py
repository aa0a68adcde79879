"""`AWS::MSK::Cluster`, as the account shows it. No broker runs.

Source: CloudFormation Template Reference, "AWS::MSK::Cluster".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

MSK_CLUSTER: Final = MotoBacked(
    service="kafka",
    properties=properties_of(
        read="BrokerNodeGroupInfo ClientAuthentication ClusterName ConfigurationInfo EncryptionInfo EnhancedMonitoring"
        " KafkaVersion LoggingInfo NumberOfBrokerNodes OpenMonitoring StorageMode Tags",
        recorded="CurrentVersion Rebalancing ZookeeperAccess",
    ),
    made_by=Call(operation="create_cluster"),
    reference="made.ClusterArn",
    read_by=(call("describe_cluster", ClusterArn="ref"),),
    tagged_by=Tagging(tag="tag_resource", untag="untag_resource", target="ResourceArn"),
    deleted_by=(call("delete_cluster", ClusterArn="ref"),),
    attributes={"Arn": "ref", "CurrentVersion": "found.ClusterInfo.CurrentVersion"},
)
