"""What `Ref` and `Fn::GetAtt` give for types that are only recorded, in the form of the real ones.

Source: CloudFormation Template Reference, "Return values" of each type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from lambdakit.assembly.provider_schemas import resource_type
from lambdakit.harness.deployment.property_tree import RECORDED, recorded
from lambdakit.harness.deployment.provisioner import Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.recorded import Recorded
from tests.fakes.provisioning import ACCOUNT_ID, REGION, Provisioning

pytestmark = pytest.mark.xdist_group("moto")


def resource(type_name: str, properties: Mapping[str, Any], *, generation: int = 0, stack: str = "shop") -> Resource:
    return Resource(
        stack=stack,
        stack_id=f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/{stack}/1",
        logical_id="Thing",
        type=type_name,
        properties=properties,
        account_id=ACCOUNT_ID,
        region=REGION,
        generation=generation,
    )


def made(provisioning: Provisioning, type_name: str, properties: Mapping[str, Any], **more: Any) -> Provisioned:
    schema = resource_type(type_name)
    assert schema is not None
    return Recorded(schema).create(resource(type_name, properties, **more), provisioning.context)


# The name that the template gives, where it is what `Ref` returns.
NAMED = {
    "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupName",
    "AWS::CodeBuild::Project": "Name",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::CodePipeline::Pipeline": "Name",
    "AWS::Config::ConfigRule": "ConfigRuleName",
    "AWS::DocDB::DBCluster": "DBClusterIdentifier",
    "AWS::EKS::Cluster": "Name",
    "AWS::ElastiCache::CacheCluster": "ClusterName",
    "AWS::Redshift::Cluster": "ClusterIdentifier",
    "AWS::Synthetics::Canary": "Name",
    "AWS::Timestream::Database": "DatabaseName",
}
ARN = rf"arn:aws:%s:{REGION}:{ACCOUNT_ID}:[a-z-]+/.+"
FORMS = {
    "AWS::AmazonMQ::Configuration": r"[0-9a-z-]+",
    "AWS::AppConfig::Environment": r"[0-9a-z]+",
    "AWS::AppSync::GraphQLApi": ARN % "appsync",
    "AWS::AppSync::DataSource": ARN % "appsync",
    "AWS::Batch::JobDefinition": ARN % "batch",
    "AWS::Batch::JobQueue": ARN % "batch",
    "AWS::SageMaker::Endpoint": ARN % "sagemaker",
    "AWS::SageMaker::Model": ARN % "sagemaker",
    "AWS::SSM::MaintenanceWindowTarget": r"[0-9a-z]+",
}


@pytest.mark.parametrize("type_name", NAMED)
def test_ref_gives_the_name_that_the_template_gives(provisioning: Provisioning, type_name: str) -> None:
    given = {"ApplicationName": "application"} if type_name == "AWS::CodeDeploy::DeploymentGroup" else {}

    assert made(provisioning, type_name, {**given, NAMED[type_name]: "mine"}).physical_id == "mine"


@pytest.mark.parametrize("type_name", NAMED)
def test_ref_gives_a_name_where_the_template_gives_none(provisioning: Provisioning, type_name: str) -> None:
    physical_id = made(provisioning, type_name, {}).physical_id

    assert physical_id
    assert physical_id == made(provisioning, type_name, {}).physical_id
    others = [made(provisioning, type_name, {}, generation=1), made(provisioning, type_name, {}, stack="other")]
    assert physical_id not in [other.physical_id for other in others]


@pytest.mark.parametrize("type_name", FORMS)
def test_ref_gives_an_arn_or_an_id_of_the_service_s_own(provisioning: Provisioning, type_name: str) -> None:
    assert re.fullmatch(FORMS[type_name], made(provisioning, type_name, {"Name": "mine"}).physical_id)


@pytest.mark.parametrize(
    ("type_name", "attribute", "form"),
    [
        ("AWS::AppSync::GraphQLApi", "GraphQLUrl", r"https://[a-z0-9.-]+"),
        ("AWS::DocDB::DBCluster", "Endpoint", r"[a-z0-9.-]+\.amazonaws\.com"),
        ("AWS::DocDB::DBCluster", "Port", "27017"),
        ("AWS::EC2::LaunchTemplate", "LatestVersionNumber", "1"),
        ("AWS::ElastiCache::ReplicationGroup", "PrimaryEndPoint.Address", r"[a-z0-9.-]+"),
        ("AWS::ElastiCache::ReplicationGroup", "PrimaryEndPoint.Port", r"\d+"),
        ("AWS::OpenSearchServerless::Collection", "Arn", r"arn:aws:aoss:.+|arn:aws:opensearchserverless:.+"),
        ("AWS::SageMaker::Endpoint", "EndpointName", "mine"),
        ("AWS::SageMaker::Model", "ModelName", r"[A-Za-z0-9-]+"),
        ("AWS::SageMaker::Model", "ModelArn", r"arn:aws:sagemaker:[a-z0-9-]+:\d{12}:model/[a-z0-9-]+"),
    ],
)
def test_attributes_have_the_form_of_the_real_ones(
    provisioning: Provisioning, type_name: str, attribute: str, form: str
) -> None:
    properties = {"EndpointName": "mine", "Name": "mine", "Port": 27017}
    schema = resource_type(type_name)
    assert schema is not None
    known = {name: value for name, value in properties.items() if name in schema.properties}

    attributes = made(provisioning, type_name, known).attributes

    assert re.fullmatch(form, str(attributes[attribute])), attributes[attribute]


@pytest.mark.parametrize(
    ("type_name", "properties", "attribute", "port"),
    [
        ("AWS::DocDB::DBCluster", {}, "Port", "27017"),
        ("AWS::DocDB::DBCluster", {"Port": 27018}, "Port", "27018"),
        ("AWS::Neptune::DBCluster", {}, "Port", "8182"),
        ("AWS::ElastiCache::ReplicationGroup", {}, "PrimaryEndPoint.Port", "6379"),
        ("AWS::ElastiCache::CacheCluster", {"Engine": "memcached"}, "ConfigurationEndpoint.Port", "11211"),
        ("AWS::Redshift::Cluster", {}, "Endpoint.Port", "5439"),
        ("AWS::RedshiftServerless::Workgroup", {}, "Workgroup.Endpoint.Port", "5439"),
    ],
)
def test_a_port_is_the_usual_one_of_its_kind(
    provisioning: Provisioning, type_name: str, properties: Mapping[str, Any], attribute: str, port: str
) -> None:
    assert str(made(provisioning, type_name, properties).attributes[attribute]) == port


@pytest.mark.parametrize(
    ("type_name", "attribute"),
    [
        ("AWS::EMR::Cluster", "MasterPublicDNS"),
        ("AWS::AppSync::GraphQLApi", "GraphQLDns"),
        ("AWS::ElastiCache::ReplicationGroup", "ReadEndPoint.Addresses"),
    ],
)
def test_the_name_of_a_host_is_one(provisioning: Provisioning, type_name: str, attribute: str) -> None:
    host = made(provisioning, type_name, {}).attributes[attribute]

    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host)


def test_an_update_follows_the_properties_and_a_deletion_leaves_nothing(provisioning: Provisioning) -> None:
    schema = resource_type("AWS::Config::ConfigRule")
    assert schema is not None
    recorder = Recorded(schema)
    first = resource(schema.name, {"ConfigRuleName": "one"})
    created = Created(resource=first, provisioned=recorder.create(first, provisioning.context))

    changed = recorder.update(created, resource(schema.name, {"ConfigRuleName": "two"}), provisioning.context)

    assert (created.provisioned.physical_id, changed.physical_id) == ("one", "two")
    recorder.reset(created, provisioning.context)
    recorder.delete(created, provisioning.context)


def test_every_property_of_the_schema_is_recorded_and_no_other() -> None:
    schema = resource_type("AWS::SageMaker::Endpoint")
    assert schema is not None

    tree = Recorded(schema).properties

    assert set(tree) == set(schema.properties)
    assert list(recorded(tree, {"EndpointName": "x"}, "P")) == ["P.EndpointName"]
    assert set(tree.values()) == {RECORDED}


def test_what_would_invoke_a_function_is_noted(provisioning: Provisioning) -> None:
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:resolve:live"
    source = {"ApiId": "a", "Name": "d", "Type": "AWS_LAMBDA", "LambdaConfig": {"LambdaFunctionArn": arn}}

    made(provisioning, "AWS::AppSync::DataSource", source)

    ((function, note),) = provisioning.notes
    assert function == "resolve"
    assert note.startswith("AWS::AppSync::DataSource (Thing)")
    assert note.endswith("it will not invoke it")


@pytest.mark.parametrize(
    ("type_name", "attribute", "word"),
    [
        ("AWS::Connect::ContactFlow", "ContactFlowArn", "contact-flow"),
        ("AWS::Connect::HoursOfOperation", "HoursOfOperationArn", "operating-hours"),
        ("AWS::Connect::User", "UserArn", "agent"),
    ],
)
def test_what_lies_in_an_instance_of_connect_has_an_arn_below_the_instance(
    provisioning: Provisioning, type_name: str, attribute: str, word: str
) -> None:
    instance = f"arn:aws:connect:{REGION}:{ACCOUNT_ID}:instance/1234"

    arn = made(provisioning, type_name, {"InstanceArn": instance}).attributes[attribute]

    assert re.fullmatch(rf"{re.escape(instance)}/{word}/[0-9a-f]+", arn)
