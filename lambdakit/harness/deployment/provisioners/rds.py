"""`AWS::RDS`: databases as the account shows them. Nothing listens at their endpoints.

Source: CloudFormation Template Reference, "AWS::RDS::DBInstance" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

_NAME_LENGTH_MAX: Final = 63


def _tagging(of: str) -> Tagging:
    return Tagging(tag="add_tags_to_resource", untag="remove_tags_from_resource", target="ResourceName", of=of)


def _arn(kind: str) -> str:
    return f"join(':', ['arn', partition, 'rds', region, account, '{kind}', name])"


_INSTANCE_NAMES: Final = {
    "VPCSecurityGroups": "VpcSecurityGroupIds",
    "DBSecurityGroups": "",
    "AssociatedRoles": "",
    "ProcessorFeatures": "",
    "AdditionalStorageVolumes": "",
    "DomainDnsIps": "",
    "OptionGroupName": "",  # no group is made, so there is none that moto could find
}
# The Template Reference writes `MySQL` as well ("Condition functions", "Pseudo parameters"): RDS minds no case.
_ENGINE: Final = "lower(p.Engine) || 'mysql'"
# Amazon RDS User Guide, "Port" of each engine: moto gives 3306 for most.
_PORT: Final = (
    "to_string(p.Port || (contains(p.Engine || '', 'postgres') && `5432`) || (starts_with(p.Engine || '', 'oracle')"
    " && `1521`) || (starts_with(p.Engine || '', 'sqlserver') && `1433`) || `3306`)"
)

# Source: Amazon RDS API Reference, "CreateDBInstance" and "CreateDBCluster".
_CLEARED: Final = {
    **{"BackupRetentionPeriod": 1, "CopyTagsToSnapshot": False, "DeletionProtection": False},
    "EnableIAMDatabaseAuthentication": False,
}

DB_INSTANCE: Final = MotoBacked(
    service="rds",
    properties=properties_of(
        read="AllocatedStorage AutoMinorVersionUpgrade AvailabilityZone BackupRetentionPeriod CACertificateIdentifier"
        " CharacterSetName CopyTagsToSnapshot DBClusterIdentifier DBInstanceClass DBInstanceIdentifier DBName"
        " DBParameterGroupName DBSubnetGroupName DeletionProtection EnableCloudwatchLogsExports"
        " EnableIAMDatabaseAuthentication EnablePerformanceInsights Engine EngineVersion Iops KmsKeyId LicenseModel"
        " ManageMasterUserPassword MasterUserPassword MasterUsername MaxAllocatedStorage MonitoringInterval"
        " MonitoringRoleArn MultiAZ Port PreferredBackupWindow PreferredMaintenanceWindow PromotionTier"
        " PubliclyAccessible StorageEncrypted StorageThroughput StorageType Tags Timezone VPCSecurityGroups",
        recorded="AdditionalStorageVolumes AllowMajorVersionUpgrade ApplyImmediately AssociatedRoles"
        " AutomaticBackupReplicationKmsKeyId AutomaticBackupReplicationRegion"
        " AutomaticBackupReplicationRetentionPeriod BackupTarget CertificateRotationRestart CustomIAMInstanceProfile"
        " DBClusterSnapshotIdentifier DBSecurityGroups DBSnapshotIdentifier DBSystemId DatabaseInsightsMode"
        " DedicatedLogVolume DeleteAutomatedBackups Domain DomainAuthSecretArn DomainDnsIps DomainFqdn"
        " DomainIAMRoleName DomainOu EngineLifecycleSupport MasterUserAuthenticationType MasterUserSecret"
        " NcharCharacterSetName NetworkType OptionGroupName PerformanceInsightsKMSKeyId"
        " PerformanceInsightsRetentionPeriod ProcessorFeatures ReplicaMode RestoreTime SourceDBClusterIdentifier"
        " SourceDBInstanceAutomatedBackupsArn SourceDBInstanceIdentifier SourceDbiResourceId SourceRegion"
        " TdeCredentialArn TdeCredentialPassword UseDefaultProcessorFeatures UseLatestRestorableTime",
    ),
    named=("DBInstanceIdentifier", _NAME_LENGTH_MAX),
    lower_case=True,
    cleared=_CLEARED,
    made_by=Call(operation="create_db_instance", arguments={"Engine": _ENGINE}, renamed=_INSTANCE_NAMES),
    reference="made.DBInstance.DBInstanceIdentifier",
    read_by=(call("describe_db_instances", DBInstanceIdentifier="ref"),),
    changed_by=(
        Call(
            operation="modify_db_instance",
            arguments={"DBInstanceIdentifier": "ref", "ApplyImmediately": "`true`"},
            renamed={**_INSTANCE_NAMES, "Port": "DBPortNumber", "Tags": ""},
        ),
    ),
    tagged_by=_tagging(_arn("db")),
    deleted_by=(
        call("modify_db_instance", DBInstanceIdentifier="ref", DeletionProtection="`false`", ApplyImmediately="`true`"),
        call("delete_db_instance", DBInstanceIdentifier="ref", SkipFinalSnapshot="`true`"),
    ),
    attributes={
        "DBInstanceArn": "found.DBInstances[0].DBInstanceArn",
        "DBInstanceStatus": "found.DBInstances[0].DBInstanceStatus",
        "DbiResourceId": "found.DBInstances[0].DbiResourceId",
        "Endpoint.Address": "found.DBInstances[0].Endpoint.Address",
        "Endpoint.HostedZoneId": "'Z29XKXDKYMONMX'",
        "Endpoint.Port": _PORT,
        "InstanceCreateTime": "found.DBInstances[0].InstanceCreateTime",
        "MasterUserSecret.SecretArn": "found.DBInstances[0].MasterUserSecret.SecretArn",
        "CertificateDetails.CAIdentifier": "p.CACertificateIdentifier || 'rds-ca-rsa2048-g1'",
        "CertificateDetails.ValidTill": "'2061-05-25T23:54:57Z'",
    },
)

DB_CLUSTER: Final = MotoBacked(
    service="rds",
    properties=properties_of(
        read="AllocatedStorage AutoMinorVersionUpgrade AvailabilityZones BacktrackWindow BackupRetentionPeriod"
        " CopyTagsToSnapshot DBClusterIdentifier DBClusterInstanceClass DBClusterParameterGroupName DBSubnetGroupName"
        " DatabaseName DeletionProtection EnableCloudwatchLogsExports EnableHttpEndpoint"
        " EnableIAMDatabaseAuthentication Engine EngineMode EngineVersion GlobalClusterIdentifier Iops KmsKeyId"
        " ManageMasterUserPassword MasterUserPassword MasterUsername NetworkType Port PreferredBackupWindow"
        " PreferredMaintenanceWindow ReplicationSourceIdentifier ScalingConfiguration ServerlessV2ScalingConfiguration"
        " StorageEncrypted StorageType Tags VpcSecurityGroupIds",
        recorded="AssociatedRoles ClusterScalabilityType DBInstanceParameterGroupName DBSystemId DatabaseInsightsMode"
        " DeleteAutomatedBackups Domain DomainIAMRoleName EnableGlobalWriteForwarding EnableLocalWriteForwarding"
        " EngineLifecycleSupport MasterUserAuthenticationType MasterUserSecret MonitoringInterval MonitoringRoleArn"
        " PerformanceInsightsEnabled PerformanceInsightsKmsKeyId PerformanceInsightsRetentionPeriod PubliclyAccessible"
        " RestoreToTime RestoreType SnapshotIdentifier SourceDBClusterIdentifier SourceDbClusterResourceId SourceRegion"
        " UseLatestRestorableTime",
    ),
    named=("DBClusterIdentifier", _NAME_LENGTH_MAX),
    lower_case=True,
    # moto asks for a user and a password where RDS takes them from a snapshot or keeps the password itself.
    defaults={"MasterUsername": "admin", "MasterUserPassword": "managed-by-the-service"},
    cleared=_CLEARED,
    made_by=Call(operation="create_db_cluster", renamed={"SourceRegion": ""}),
    reference="made.DBCluster.DBClusterIdentifier",
    read_by=(
        call("describe_db_clusters", DBClusterIdentifier="ref"),
        call("describe_db_cluster_snapshots", DBClusterIdentifier="ref", SnapshotType="'automated'"),
    ),
    changed_by=(
        Call(
            operation="modify_db_cluster",
            arguments={"DBClusterIdentifier": "ref", "ApplyImmediately": "`true`"},
            renamed={"Tags": ""},
        ),
    ),
    tagged_by=_tagging(_arn("cluster")),
    deleted_by=(
        call("modify_db_cluster", DBClusterIdentifier="ref", DeletionProtection="`false`"),
        call("delete_db_cluster", DBClusterIdentifier="ref", SkipFinalSnapshot="`true`"),
        # moto keeps the snapshots it made by itself, and then makes no cluster of that name in the same minute.
        *(
            call(
                "delete_db_cluster_snapshot",
                when=f"found.DBClusterSnapshots[{number}]",
                DBClusterSnapshotIdentifier=f"found.DBClusterSnapshots[{number}].DBClusterSnapshotIdentifier",
            )
            for number in range(3)
        ),
    ),
    attributes={
        "DBClusterArn": "found.DBClusters[0].DBClusterArn",
        "DBClusterResourceId": "found.DBClusters[0].DbClusterResourceId",
        "Endpoint.Address": "found.DBClusters[0].Endpoint",
        "Endpoint.Port": _PORT,
        "ReadEndpoint.Address": "found.DBClusters[0].ReaderEndpoint",
        "MasterUserSecret.SecretArn": "found.DBClusters[0].MasterUserSecret.SecretArn",
    },
)

DB_SUBNET_GROUP: Final = MotoBacked(
    service="rds",
    properties=properties_of(read="DBSubnetGroupDescription DBSubnetGroupName SubnetIds Tags"),
    named=("DBSubnetGroupName", _NAME_LENGTH_MAX),
    lower_case=True,
    made_by=Call(operation="create_db_subnet_group"),
    reference="made.DBSubnetGroup.DBSubnetGroupName",
    tagged_by=_tagging(_arn("subgrp")),
    deleted_by=(call("delete_db_subnet_group", DBSubnetGroupName="ref"),),
    attributes={"DBSubnetGroupArn": "made.DBSubnetGroup.DBSubnetGroupArn"},
    remade=True,  # moto's ModifyDBSubnetGroup loses the group
)

DB_PARAMETER_GROUP: Final = MotoBacked(
    service="rds",
    properties=properties_of(read="DBParameterGroupName Description Family Tags", recorded="Parameters"),
    named=("DBParameterGroupName", _NAME_LENGTH_MAX),
    lower_case=True,
    made_by=Call(operation="create_db_parameter_group", renamed={"Family": "DBParameterGroupFamily"}),
    reference="made.DBParameterGroup.DBParameterGroupName",
    tagged_by=_tagging(_arn("pg")),
    deleted_by=(call("delete_db_parameter_group", DBParameterGroupName="ref"),),
    attributes={"DBParameterGroupArn": _arn("pg"), "DBParameterGroupName": "ref"},
)

DB_CLUSTER_PARAMETER_GROUP: Final = MotoBacked(
    service="rds",
    properties=properties_of(read="DBClusterParameterGroupName Description Family Tags", recorded="Parameters"),
    named=("DBClusterParameterGroupName", _NAME_LENGTH_MAX),
    lower_case=True,
    made_by=Call(operation="create_db_cluster_parameter_group", renamed={"Family": "DBParameterGroupFamily"}),
    reference="made.DBClusterParameterGroup.DBClusterParameterGroupName",
    deleted_by=(call("delete_db_cluster_parameter_group", DBClusterParameterGroupName="ref"),),
)

DB_PROXY: Final = MotoBacked(
    service="rds",
    properties=properties_of(
        read="Auth DBProxyName DebugLogging EngineFamily IdleClientTimeout RequireTLS RoleArn Tags VpcSecurityGroupIds"
        " VpcSubnetIds",
        recorded="DefaultAuthScheme EndpointNetworkType TargetConnectionNetworkType",
    ),
    defaults={"Auth": []},  # none is given where the default scheme is IAM's
    made_by=Call(
        operation="create_db_proxy",
        renamed={"DefaultAuthScheme": "", "EndpointNetworkType": "", "TargetConnectionNetworkType": ""},
    ),
    reference="p.DBProxyName",
    deleted_by=(call("delete_db_proxy", DBProxyName="ref"),),
    attributes={
        "DBProxyArn": "made.DBProxy.DBProxyArn",
        "Endpoint": "made.DBProxy.Endpoint",
        "VpcId": "made.DBProxy.VpcId",
    },
    remade=True,
)

DB_PROXY_TARGET_GROUP: Final = MotoBacked(
    service="rds",
    properties=properties_of(
        read="DBClusterIdentifiers DBInstanceIdentifiers DBProxyName TargetGroupName",
        recorded="ConnectionPoolConfigurationInfo Tags",
    ),
    made_by=Call(operation="register_db_proxy_targets"),
    reference="found.TargetGroups[0].TargetGroupArn",
    read_by=(call("describe_db_proxy_target_groups", DBProxyName="p.DBProxyName"),),
    deleted_by=(Call(operation="deregister_db_proxy_targets"),),
    attributes={"TargetGroupArn": "ref"},
    remade=True,
)
