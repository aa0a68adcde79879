"""Which resources hold data, and what keeps it when they go."""

from __future__ import annotations

from typing import Final

from lambdakit.assembly.template import Resource

# Types whose deletion loses what users or functions put there.
_STATEFUL: Final = frozenset(
    {
        *("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::S3Express::DirectoryBucket"),
        *("AWS::S3Tables::TableBucket", "AWS::S3Tables::Table", "AWS::S3Vectors::VectorBucket"),
        *("AWS::SQS::Queue", "AWS::Kinesis::Stream", "AWS::MSK::Cluster", "AWS::MSK::ServerlessCluster"),
        *("AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::RDS::GlobalCluster", "AWS::DSQL::Cluster"),
        *("AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster", "AWS::Redshift::Cluster", "AWS::Timestream::Table"),
        *("AWS::RedshiftServerless::Namespace", "AWS::Cassandra::Table", "AWS::MemoryDB::Cluster"),
        *("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache", "AWS::EFS::FileSystem"),
        *("AWS::FSx::FileSystem", "AWS::EC2::Volume", "AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain"),
        *("AWS::OpenSearchServerless::Collection", "AWS::Cognito::UserPool", "AWS::Cognito::IdentityPool"),
        *("AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::SSM::Parameter", "AWS::Logs::LogGroup"),
        *("AWS::ECR::Repository", "AWS::Backup::BackupVault", "AWS::Events::Archive", "AWS::Route53::HostedZone"),
        *("AWS::CodeCommit::Repository", "AWS::QLDB::Ledger", "AWS::CloudTrail::EventDataStore"),
    }
)
_KEEPS: Final = frozenset({"Retain", "RetainExceptOnCreate", "Snapshot"})
# Source: CloudFormation Template Reference, "DeletionPolicy attribute": the default of clusters, and of instances
# that belong to none, is Snapshot.
_SNAPSHOT_BY_DEFAULT: Final = "AWS::RDS::DBCluster"
_INSTANCE: Final = "AWS::RDS::DBInstance"


def is_stateful(type_name: str) -> bool:
    """Whether a resource of the type holds data of its own."""
    return type_name in _STATEFUL


def is_kept_when_removed(resource: Resource) -> bool:
    """Whether the resource, or a snapshot of it, stays when it leaves the stack."""
    if resource.deletion_policy is None:
        alone = resource.type == _INSTANCE and "DBClusterIdentifier" not in resource.properties
        return alone or resource.type == _SNAPSHOT_BY_DEFAULT
    return resource.deletion_policy in _KEEPS


def is_kept_when_replaced(before: Resource, after: Resource) -> bool:
    """Whether the old resource, or a snapshot of it, stays beside the new one; only when both states say so."""
    return before.update_replace_policy in _KEEPS and after.update_replace_policy in _KEEPS
