"""Databases, names, file systems and what else stands in the account only, read back through their APIs."""

from __future__ import annotations

import pytest

from lambdakit.harness.deployment.provisioner import ResourceRefused
from lambdakit.harness.moto_state.database_storage import size_aurora
from tests.fakes.provisioning import Provisioning, Row, follow
from tests.fakes.shown import shown

pytestmark = pytest.mark.xdist_group("moto")

_NETWORK = {
    "Vpc": ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
    "A": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a"}),
    "B": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1b"}),
    "G": ("AWS::EC2::SecurityGroup", {"VpcId": "@Vpc", "GroupDescription": "g"}),
}
_ZONE = {"Zone": ("AWS::Route53::HostedZone", {"Name": "example.com."})}
_METRIC = {"SampledRequestsEnabled": "true", "CloudWatchMetricsEnabled": True, "MetricName": "m"}
_INSTANCE = {
    **{
        "Engine": "postgres",
        "DBInstanceClass": "db.t3.micro",
        "MasterUsername": "u",
        "MasterUserPassword": "password1",
    },
    "DeletionProtection": True,
}

ROWS = [
    Row(
        type="AWS::RDS::DBInstance",
        first={**_INSTANCE, "AllocatedStorage": "20"},
        second={**_INSTANCE, "AllocatedStorage": 30},
        read=shown(
            "rds", "describe_db_instances", "DBInstances[0].[AllocatedStorage, Engine]", DBInstanceIdentifier="ref"
        ),
        shows=([20, "postgres"], [30, "postgres"]),
    ),
    Row(
        type="AWS::RDS::DBCluster",
        first={"Engine": "aurora-postgresql", "MasterUsername": "u", "BackupRetentionPeriod": "1"},
        second={"Engine": "aurora-postgresql", "MasterUsername": "u", "BackupRetentionPeriod": 2},
        read=shown("rds", "describe_db_clusters", "DBClusters[0].BackupRetentionPeriod", DBClusterIdentifier="ref"),
        shows=(1, 2),
    ),
    Row(
        type="AWS::RDS::DBSubnetGroup",
        first={"DBSubnetGroupDescription": "a", "SubnetIds": ["@A", "@B"]},
        second={"DBSubnetGroupDescription": "b", "SubnetIds": ["@A", "@B"]},
        read=shown(
            "rds", "describe_db_subnet_groups", "DBSubnetGroups[0].DBSubnetGroupDescription", DBSubnetGroupName="ref"
        ),
        shows=("a", "b"),
        needs=_NETWORK,
    ),
    Row(
        type="AWS::Route53::RecordSet",
        first={
            "HostedZoneId": "@Zone",
            "Name": "a.example.com.",
            "Type": "A",
            "TTL": "60",
            "ResourceRecords": ["1.1.1.1"],
        },
        second={
            "HostedZoneId": "@Zone",
            "Name": "a.example.com.",
            "Type": "A",
            "TTL": 90,
            "ResourceRecords": ["2.2.2.2"],
        },
        read=shown(
            "route53",
            "list_resource_record_sets",
            "ResourceRecordSets[?Type == 'A'].[TTL, ResourceRecords[0].Value][]",
            HostedZoneId="p.HostedZoneId",
        ),
        shows=([60, "1.1.1.1"], [90, "2.2.2.2"]),
        needs=_ZONE,
    ),
    Row(
        type="AWS::Route53::RecordSetGroup",
        first={
            "HostedZoneId": "@Zone",
            "RecordSets": [
                {"Name": "a.example.com.", "Type": "CNAME", "TTL": "1", "ResourceRecords": ["x"]},
                {
                    **{"Name": "b.example.com.", "Type": "A"},
                    "AliasTarget": {"DNSName": "d1.cloudfront.net.", "HostedZoneId": "Z2FDTNDATAQYW2"},
                },
            ],
        },
        second={
            "HostedZoneId": "@Zone",
            "RecordSets": [{"Name": "a.example.com.", "Type": "CNAME", "TTL": 1, "ResourceRecords": ["y"]}],
        },
        read=shown(
            "route53",
            "list_resource_record_sets",
            "ResourceRecordSets[?Type == 'A' || Type == 'CNAME'].Name",
            HostedZoneId="p.HostedZoneId",
        ),
        shows=(["a.example.com.", "b.example.com."], ["a.example.com."]),
        needs=_ZONE,
    ),
    Row(
        type="AWS::Route53::HealthCheck",
        first={"HealthCheckConfig": {"Type": "HTTP", "FullyQualifiedDomainName": "a.com", "Port": "80"}},
        second={"HealthCheckConfig": {"Type": "HTTP", "FullyQualifiedDomainName": "b.com", "Port": 81}},
        read=shown(
            "route53",
            "get_health_check",
            "HealthCheck.HealthCheckConfig.[FullyQualifiedDomainName, Port]",
            HealthCheckId="ref",
        ),
        shows=(["a.com", 80], ["b.com", 81]),
    ),
    Row(
        type="AWS::CertificateManager::Certificate",
        first={"DomainName": "a.com", "ValidationMethod": "DNS", "Tags": [{"Key": "a", "Value": "1"}]},
        second={"DomainName": "a.com", "ValidationMethod": "DNS", "Tags": [{"Key": "b", "Value": "2"}]},
        read=shown("acm", "list_tags_for_certificate", "Tags[].Key", CertificateArn="ref"),
        shows=(["a"], ["b"]),
    ),
    Row(
        type="AWS::EFS::FileSystem",
        first={"Encrypted": "true", "LifecyclePolicies": [{"TransitionToIA": "AFTER_14_DAYS"}]},
        second={"Encrypted": "true"},
        read=shown("efs", "describe_lifecycle_configuration", "[LifecyclePolicies]", FileSystemId="ref"),
        shows=([[{"TransitionToIA": "AFTER_14_DAYS"}]], [[]]),
    ),
    Row(
        type="AWS::EFS::MountTarget",
        first={"FileSystemId": "@Fs", "SubnetId": "@A", "SecurityGroups": ["@G"]},
        second={"FileSystemId": "@Fs", "SubnetId": "@A", "SecurityGroups": ["@H"]},
        read=shown("efs", "describe_mount_target_security_groups", "SecurityGroups", MountTargetId="ref"),
        shows=(["@G"], ["@H"]),
        needs={
            **_NETWORK,
            "H": ("AWS::EC2::SecurityGroup", {"VpcId": "@Vpc", "GroupDescription": "h"}),
            "Fs": ("AWS::EFS::FileSystem", {}),
        },
    ),
    Row(
        type="AWS::ServiceDiscovery::PrivateDnsNamespace",
        first={"Name": "a.local", "Vpc": "@Vpc", "Description": "a"},
        second={"Name": "a.local", "Vpc": "@Vpc", "Description": "b"},
        read=shown("servicediscovery", "get_namespace", "Namespace.[Name, Description]", Id="ref"),
        shows=(["a.local", "a"], ["a.local", "b"]),
        needs=_NETWORK,
    ),
    Row(
        type="AWS::OpenSearchService::Domain",
        first={"DomainName": "dom", "ClusterConfig": {"InstanceCount": "1"}},
        second={"DomainName": "dom", "ClusterConfig": {"InstanceCount": 2}},
        read=shown("opensearch", "describe_domain", "DomainStatus.ClusterConfig.InstanceCount", DomainName="ref"),
        shows=(1, 2),
    ),
    Row(
        type="AWS::WAFv2::WebACL",
        first={"Name": "w", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": _METRIC},
        second={"Name": "w", "Scope": "REGIONAL", "DefaultAction": {"Block": {}}, "VisibilityConfig": _METRIC},
        read=shown("wafv2", "get_web_acl", "WebACL.DefaultAction", Name="p.Name", Scope="p.Scope", Id="att.Id"),
        shows=({"Allow": {}}, {"Block": {}}),
    ),
    Row(
        type="AWS::WAFv2::IPSet",
        first={"Name": "i", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": ["10.0.0.0/8"]},
        second={"Name": "i", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": ["11.0.0.0/8"]},
        read=shown("wafv2", "get_ip_set", "IPSet.Addresses", Name="p.Name", Scope="p.Scope", Id="att.Id"),
        shows=(["10.0.0.0/8"], ["11.0.0.0/8"]),
    ),
    Row(
        type="AWS::CloudTrail::Trail",
        first={"S3BucketName": "trail-bucket", "IsLogging": "true", "TrailName": "trail"},
        second={"S3BucketName": "trail-bucket", "IsLogging": False, "TrailName": "trail"},
        read=shown("cloudtrail", "get_trail_status", "[IsLogging]", Name="ref"),
        shows=([True], [False]),
        needs={"Bucket": ("AWS::S3::Bucket", {"BucketName": "trail-bucket"})},
    ),
    Row(
        type="AWS::Glue::Table",
        first={"CatalogId": "111122223333", "DatabaseName": "@Db", "TableInput": {"Name": "t", "Description": "a"}},
        second={"CatalogId": "111122223333", "DatabaseName": "@Db", "TableInput": {"Name": "t", "Description": "b"}},
        read=shown("glue", "get_table", "Table.Description", DatabaseName="p.DatabaseName", Name="ref"),
        shows=("a", "b"),
        needs={"Db": ("AWS::Glue::Database", {"CatalogId": "111122223333", "DatabaseInput": {"Name": "db"}})},
    ),
    Row(
        type="AWS::Glue::Job",
        first={"Role": "r", "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/a.py"}, "Timeout": "1"},
        second={"Role": "r", "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/a.py"}, "Timeout": 2},
        read=shown("glue", "get_job", "Job.Timeout", JobName="ref"),
        shows=(1, 2),
    ),
    Row(
        type="AWS::Athena::WorkGroup",
        first={"Name": "w", "Description": "a"},
        second={"Name": "w", "Description": "b"},
        read=shown("athena", "get_work_group", "WorkGroup.Description", WorkGroup="ref"),
        shows=("a", "b"),
    ),
    Row(
        type="AWS::IoT::Policy",
        first={"PolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        second={"PolicyDocument": {"Version": "2012-10-17"}},
        read=shown("iot", "get_policy", "policyDocument", policyName="ref"),
        shows=('{"Version": "2012-10-17", "Statement": []}', '{"Version": "2012-10-17"}'),
    ),
    Row(
        # Its name is generated, and may hold no hyphen.
        type="AWS::IoT::TopicRule",
        first={"TopicRulePayload": {"Sql": "SELECT 1", "Actions": []}},
        second={"TopicRulePayload": {"Sql": "SELECT 2", "Actions": []}},
        read=shown("iot", "get_topic_rule", "rule.sql", ruleName="ref"),
        shows=("SELECT 1", "SELECT 2"),
    ),
    Row(
        type="AWS::SES::Template",
        first={"Template": {"TemplateName": "t", "SubjectPart": "a"}},
        second={"Template": {"TemplateName": "t", "SubjectPart": "b"}},
        read=shown("ses", "get_template", "Template.SubjectPart", TemplateName="ref"),
        shows=("a", "b"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type.removeprefix("AWS::"))
def test_resource_is_created_changed_and_deleted(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


@pytest.mark.parametrize(
    ("engine", "port"), [("postgres", "5432"), ("mysql", "3306"), ("oracle-se2", "1521"), ("sqlserver-ex", "1433")]
)
def test_database_has_its_engine_s_port(provisioning: Provisioning, engine: str, port: str) -> None:
    created = provisioning.create("AWS::RDS::DBInstance", {"Engine": engine, "DBInstanceClass": "db.t3.micro"})

    attributes = created.provisioned.attributes
    assert attributes["Endpoint.Port"] == port
    assert attributes["Endpoint.Address"].endswith(".eu-west-1.rds.amazonaws.com")


def test_cluster_optimized_for_input_and_output(provisioning: Provisioning) -> None:
    size_aurora()
    properties = {"Engine": "aurora-postgresql", "DBClusterIdentifier": "quick", "StorageType": "aurora-iopt1"}

    provisioning.create("AWS::RDS::DBCluster", properties)

    (told,) = provisioning.client("rds").describe_db_clusters(DBClusterIdentifier="quick")["DBClusters"]
    assert (told["StorageType"], told["AllocatedStorage"]) == ("aurora-iopt1", 1)


def test_cluster_can_be_made_again_at_once(provisioning: Provisioning) -> None:
    cluster = {"Engine": "aurora-mysql", "DBClusterIdentifier": "again"}
    provisioning.delete(provisioning.create("AWS::RDS::DBCluster", cluster))

    created = provisioning.create("AWS::RDS::DBCluster", cluster)

    assert created.provisioned.attributes["Endpoint.Port"] == "3306"


def test_record_finds_its_zone_by_name(provisioning: Provisioning) -> None:
    zone_id = provisioning.create(*_ZONE["Zone"]).provisioned.physical_id
    record = {"HostedZoneName": "example.com", "Name": "x.example.com.", "Type": "A", "TTL": 1}

    provisioning.create("AWS::Route53::RecordSet", {**record, "ResourceRecords": ["1.1.1.1"]})

    found = provisioning.client("route53").list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    assert "x.example.com." in {each["Name"] for each in found}


def test_record_without_a_zone_is_refused(provisioning: Provisioning) -> None:
    record = {"HostedZoneName": "nowhere.com.", "Name": "x.nowhere.com.", "Type": "A", "TTL": 1}

    with pytest.raises(ResourceRefused, match="there is no hosted zone nowhere"):
        provisioning.create("AWS::Route53::RecordSet", {**record, "ResourceRecords": ["1.1.1.1"]})


def test_vault_and_plan(provisioning: Provisioning) -> None:
    provisioning.create("AWS::Backup::BackupVault", {"BackupVaultName": "v"}, logical_id="Vault")
    rule = {"RuleName": "daily", "TargetBackupVault": "@Vault", "Lifecycle": {"DeleteAfterDays": "35"}}

    plan = provisioning.create(
        "AWS::Backup::BackupPlan", {"BackupPlan": {"BackupPlanName": "p", "BackupPlanRule": [rule]}}
    )

    shown_plan = provisioning.client("backup").get_backup_plan(BackupPlanId=plan.provisioned.physical_id)["BackupPlan"]
    assert shown_plan["Rules"][0]["TargetBackupVaultName"] == "v"
    assert shown_plan["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 35}


def test_zone_gives_its_name_servers(provisioning: Provisioning) -> None:
    zone = provisioning.create(*_ZONE["Zone"]).provisioned

    assert "/" not in zone.physical_id
    assert len(zone.attributes["NameServers"]) == 4


@pytest.mark.parametrize("default", [False, True], ids=["a secret", "IAM alone"])
def test_proxy_before_a_database(provisioning: Provisioning, default: bool) -> None:
    for name, (type_name, properties) in _NETWORK.items():
        provisioning.create(type_name, properties, logical_id=name)
    provisioning.create("AWS::RDS::DBInstance", _INSTANCE, logical_id="Db")
    secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db"
    proxy = {
        **{"DBProxyName": "p", "EngineFamily": "POSTGRESQL", "RoleArn": "arn:aws:iam::111122223333:role/proxy"},
        **(
            {"DefaultAuthScheme": "IAM_AUTH"} if default else {"Auth": [{"AuthScheme": "SECRETS", "SecretArn": secret}]}
        ),
        "VpcSubnetIds": ["@A", "@B"],
    }

    created = provisioning.create("AWS::RDS::DBProxy", proxy)
    group = provisioning.create(
        "AWS::RDS::DBProxyTargetGroup",
        {"DBProxyName": "p", "TargetGroupName": "default", "DBInstanceIdentifiers": ["@Db"]},
    )

    targets = provisioning.client("rds").describe_db_proxy_targets(DBProxyName="p")["Targets"]
    assert created.provisioned.attributes["DBProxyArn"].startswith("arn:aws:rds:")
    assert group.provisioned.physical_id.startswith("arn:aws:rds:")
    assert [target["RdsResourceId"] for target in targets] == [provisioning.made["Db"].provisioned.physical_id]
