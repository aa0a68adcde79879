"""Types that are told instead of written: what they read, what they refuse, and that they know their schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.assembly.provider_schemas import resource_type
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.provisioner import ResourceRefused
from lambdakit.harness.deployment.provisioners.expressions import evaluate
from lambdakit.harness.deployment.provisioners.moto_backed import MotoBacked
from lambdakit.harness.deployment.registry import PROVISIONERS
from lambdakit.harness.deployment.request_shapes import convert, input_shape, request
from lambdakit.harness.deployment.service_call import tag_map
from tests.fakes.provisioning import Provisioning

pytestmark = pytest.mark.xdist_group("moto")

TOLD = {name: provisioner for name, provisioner in PROVISIONERS.items() if isinstance(provisioner, MotoBacked)}


@pytest.mark.parametrize("type_name", TOLD)
def test_every_property_of_the_schema_is_read_or_recorded(type_name: str) -> None:
    schema = resource_type(type_name)

    assert schema is not None
    read_only = {path.partition(".")[0] for path in schema.read_only}
    assert set(TOLD[type_name].properties) >= set(schema.properties) - read_only


@pytest.mark.parametrize("type_name", TOLD)
def test_every_operation_is_one_of_the_service(account: Account, type_name: str) -> None:
    told = TOLD[type_name]
    client = account.client(told.service)

    for call in (told.made_by, *told.completed_by, *told.read_by, *told.changed_by, *told.deleted_by):
        members = input_shape(client, call.operation).members
        assert set(call.arguments) <= set(members), call.operation
        assert {member for member in call.renamed.values() if member} <= {
            *members,
            *(member[0].lower() + member[1:] for member in call.renamed.values() if member),
        }


class TestUpdate:
    def test_what_no_operation_changes_is_refused_before_anything_is_changed(self, provisioning: Provisioning) -> None:
        server = {"UserPoolId": "@Pool", "Identifier": "i", "Name": "a"}
        provisioning.create("AWS::Cognito::UserPool", {}, logical_id="Pool")
        created = provisioning.create("AWS::Cognito::UserPoolResourceServer", server)

        with pytest.raises(ResourceRefused, match="moto has no operation that changes Name") as refused:
            provisioning.update(created, {**server, "Name": "b"})

        assert refused.value.property_pointer == "Name"

    def test_failed_change_is_taken_back(self, provisioning: Provisioning) -> None:
        provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, logical_id="Vpc")
        provisioning.create("AWS::EC2::RouteTable", {"VpcId": "@Vpc"}, logical_id="Table")
        provisioning.create("AWS::EC2::InternetGateway", {}, logical_id="Igw")
        route = {"RouteTableId": "@Table", "DestinationCidrBlock": "0.0.0.0/0"}
        created = provisioning.create("AWS::EC2::Route", {**route, "GatewayId": "@Igw"})

        with pytest.raises(ClientError):
            provisioning.update(created, {**route, "NetworkInterfaceId": "eni-0123456789abcdef0"})

        tables = [provisioning.made["Table"].provisioned.physical_id]
        routes = provisioning.client("ec2").describe_route_tables(RouteTableIds=tables)["RouteTables"][0]["Routes"]
        gateway_id = provisioning.made["Igw"].provisioned.physical_id
        assert [route.get("GatewayId") for route in routes] == ["local", gateway_id]

    def test_change_of_tags_is_no_replacement(self, provisioning: Provisioning) -> None:
        created = provisioning.create("AWS::ECS::Cluster", {"ClusterName": "c"})

        changed = provisioning.update(created, {"ClusterName": "c", "Tags": [{"Key": "a", "Value": "b"}]})

        assert changed.provisioned.physical_id == "c"


class TestCreate:
    def test_part_that_fails_takes_the_whole_back(self, provisioning: Provisioning) -> None:
        attributes = [{"Key": "no.such.attribute", "Value": "x"}]

        with pytest.raises(ClientError):
            provisioning.create(
                "AWS::ElasticLoadBalancingV2::TargetGroup",
                {"TargetType": "lambda", "Name": "half", "Targets": [{"Id": "x"}, {"Id": "x", "Port": "70000"}]}
                | {"TargetGroupAttributes": attributes, "HealthCheckPath": "no slash", "Protocol": "NONE"},
            )

        assert provisioning.client("elbv2").describe_target_groups()["TargetGroups"] == []

    def test_operation_that_complains_instead_of_failing(self, provisioning: Provisioning) -> None:
        provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, logical_id="Vpc")
        flow = {"ResourceType": "VPC", "ResourceId": "@Vpc", "TrafficType": "ALL", "LogDestinationType": "s3"}

        with pytest.raises(ResourceRefused, match="does not exist"):
            provisioning.create("AWS::EC2::FlowLog", {**flow, "LogDestination": "arn:aws:s3:::no-such-bucket"})


@pytest.mark.parametrize(
    ("service", "operation", "properties", "expected"),
    [
        pytest.param("ecs", "create_cluster", {"ClusterName": "a"}, {"clusterName": "a"}, id="another case"),
        pytest.param("ecs", "create_service", {"DesiredCount": "2"}, {"desiredCount": 2}, id="number as text"),
        pytest.param("ec2", "create_vpc", {"DryRun": "false"}, {"DryRun": False}, id="false as text"),
        pytest.param("ec2", "create_vpc", {"DryRun": False}, {"DryRun": False}, id="false is a value"),
        pytest.param("ec2", "create_vpc", {"CidrBlock": None}, {}, id="nothing"),
        pytest.param("ec2", "create_vpc", {"NotThere": 1}, {}, id="a name the operation does not have"),
        pytest.param(
            "iot", "create_policy", {"PolicyDocument": {"a": [1]}}, {"policyDocument": '{"a": [1]}'}, id="document"
        ),
        pytest.param(
            *("apigateway", "create_rest_api", {"Tags": [{"Key": "a", "Value": 1}]}, {"tags": {"a": "1"}}),
            id="list for a map",
        ),
        pytest.param(
            *("ecs", "create_cluster", {"Tags": {"a": "b"}}, {"tags": [{"key": "a", "value": "b"}]}),
            id="map for a list",
        ),
        pytest.param("ec2", "delete_flow_logs", {"FlowLogIds": "a"}, {"FlowLogIds": ["a"]}, id="one for a list"),
        pytest.param(
            *("cloudfront", "create_invalidation", {"InvalidationBatch": {"Paths": ["/a"], "CallerReference": "r"}}),
            {"InvalidationBatch": {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "r"}},
            id="counted list",
        ),
    ],
)
def test_properties_become_arguments(
    account: Account, service: str, operation: str, properties: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    assert request(account.client(service), operation, properties) == expected


@pytest.mark.parametrize("value", [1, True, ["a"]], ids=repr)
def test_text_where_an_object_is_wanted_is_no_object(account: Account, value: Any) -> None:
    shape = input_shape(account.client("ec2"), "create_launch_template").members["LaunchTemplateData"]

    with pytest.raises(TypeError, match="where an object is wanted"):
        convert(shape, value)


@given(st.dictionaries(st.text(), st.text()))
def test_tags_are_the_same_as_list_and_as_map(tags: dict[str, str]) -> None:
    as_list = [{"Key": key, "Value": value} for key, value in tags.items()]

    assert tag_map(as_list) == tag_map(tags) == tags


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("after('arn:x:loadbalancer/app/a', ':loadbalancer/')", "app/a"),
        ("part('a|b|c', '|', `1`)", "b"),
        ("part('a', '|', `1`)", None),
        ("part(missing, '|', `0`)", ""),
        ("where(list, 'k', 'b').v", 2),
        ("where(missing, 'k', 'b').v", None),
        ("with_each(list, {x: `1`})[0]", {"k": "a", "v": 1, "x": 1}),
        ("join('/', ['a', missing])", None),
    ],
)
def test_expressions(expression: str, expected: object) -> None:
    scope = {"list": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]}

    assert evaluate(expression, scope) == expected
