"""What comes through a VPC endpoint: its policy counts, and policies know which way a request took.

Source: AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies"; IAM User Guide, "AWS global
condition context keys" (network), "Troubleshoot access denied error messages" (VPC endpoint policies).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.guarded_world import allow, ask, caller
from tests.fakes.plain_assembly import Resources, table
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

KEY = {"id": {"S": "1"}}
EVERYBODY = {"Principal": "*"}
PLACED = {"SubnetIds": [{"Ref": "Subnet"}], "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}]}


def endpoint(service: str, *statements: dict[str, Any], **properties: object) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": [{**EVERYBODY, **statement} for statement in statements]}
    return {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {
            "VpcId": {"Ref": "Vpc"},
            "ServiceName": {"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{service}"},
            **({"PolicyDocument": document} if statements else {}),
            **properties,
        },
    }


def interface(service: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return endpoint(
        service,
        *statements,
        VpcEndpointType="Interface",
        PrivateDnsEnabled=True,
        SubnetIds=[{"Ref": "Subnet"}],
        SecurityGroupIds=[{"Fn::GetAtt": ["Group", "GroupId"]}],
    )


def resources() -> Resources:
    to_itself = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
    through = {"StringNotEquals": {"aws:SourceVpce": {"Ref": "Objects"}}}
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::vault/*"}
    return {
        "Vpc": {
            "Type": "AWS::EC2::VPC",
            "Properties": {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True, "EnableDnsSupport": True},
        },
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"}},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Routed": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"RouteTableId": {"Ref": "Routes"}, "SubnetId": {"Ref": "Subnet"}},
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "all",
                "VpcId": {"Ref": "Vpc"},
                "SecurityGroupIngress": [to_itself],
            },
        },
        "Items": endpoint(
            "dynamodb",
            allow(["dynamodb:GetItem", "dynamodb:Query"]),
            {"Effect": "Deny", "Action": "dynamodb:Query", "Resource": "*"},
            RouteTableIds=[{"Ref": "Routes"}],
        ),
        "Objects": endpoint("s3", RouteTableIds=[{"Ref": "Routes"}]),
        "Queues": interface(
            "sqs", allow("*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*knownRole*"})
        ),
        "Statements": interface("rds-data", allow("rds-data:*")),
        **table("Table", TableName="guarded"),
        "Vault": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "vault"}},
        "VaultPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Vault"},
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [{**denied, "Condition": through}]},
            },
        },
        **caller("inside", allow("*"), VpcConfig=PLACED),
        **caller("outside", allow("*")),
        **caller("known", allow("sqs:ListQueues"), VpcConfig=PLACED),
        **caller(
            "placed",
            allow(
                "dynamodb:GetItem",
                IpAddress={"aws:VpcSourceIp": "10.0.1.0/24"},
                StringEquals={"aws:SourceVpc": {"Ref": "Vpc"}},
            ),
            VpcConfig=PLACED,
        ),
        **caller("addressed", allow("dynamodb:GetItem", IpAddress={"aws:SourceIp": "0.0.0.0/0"}), VpcConfig=PLACED),
    }


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on", enforce_network="on") as running:
        Stacks(running, Path(tmp_path_factory.mktemp("endpoints")), "endpoints").deploy(resources())
        running.aws("s3").put_object(Bucket="vault", Key="a", Body=b"text")
        yield running


def get(harness: WiredHarness, name: str) -> dict[str, Any]:
    return ask(harness, name, "dynamodb", "get_item", TableName="guarded", Key=KEY)


def test_what_the_endpoint_s_policy_allows_passes(harness: WiredHarness) -> None:
    assert get(harness, "inside")["code"] == ""


def test_what_the_endpoint_s_policy_does_not_allow_is_refused_there(harness: WiredHarness) -> None:
    before = harness.position()

    answer = ask(harness, "inside", "dynamodb", "put_item", TableName="guarded", Item=KEY)

    assert answer["code"] == "AccessDeniedException"
    assert answer["message"].endswith("because no VPC endpoint policy allows the dynamodb:PutItem action")
    (told,) = harness.events("AccessDenied", after=before)
    assert told["place"].startswith("the policy of VPC endpoint vpce-")
    assert json.loads(told["statement"])["Principal"] == "*"


def test_what_the_endpoint_s_policy_denies_is_denied(harness: WiredHarness) -> None:
    answer = ask(
        harness,
        "inside",
        "dynamodb",
        "query",
        TableName="guarded",
        KeyConditionExpression="id = :id",
        ExpressionAttributeValues={":id": {"S": "1"}},
    )

    assert answer["message"].endswith("with an explicit deny in a VPC endpoint policy")


def test_who_comes_another_way_is_not_held_to_it(harness: WiredHarness) -> None:
    answer = ask(harness, "outside", "dynamodb", "put_item", TableName="guarded", Item=KEY)

    assert answer["code"] == ""


def test_a_bucket_may_be_open_to_an_endpoint_alone(harness: WiredHarness) -> None:
    inside = ask(harness, "inside", "s3", "head_object", Bucket="vault", Key="a")
    outside = ask(harness, "outside", "s3", "head_object", Bucket="vault", Key="a")

    assert (inside["code"], outside["code"]) == ("", "403")


def test_an_endpoint_s_policy_may_name_principals(harness: WiredHarness) -> None:
    known, unknown = (ask(harness, name, "sqs", "list_queues") for name in ("known", "inside"))

    assert known["code"] == ""
    assert "no VPC endpoint policy" in unknown["message"]


def test_through_an_endpoint_the_private_address_is_known_and_the_public_one_is_not(harness: WiredHarness) -> None:
    assert get(harness, "placed")["code"] == ""
    assert get(harness, "addressed")["code"] == "AccessDeniedException"


def test_a_policy_that_is_changed_counts_for_warm_environments(harness: WiredHarness) -> None:
    ec2 = harness.aws("ec2")
    items = next(one for one in ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["ServiceName"].endswith("dynamodb"))
    before = get(harness, "inside")
    nothing = {"Version": "2012-10-17", "Statement": [{**allow("dynamodb:Scan"), **EVERYBODY}]}
    ec2.modify_vpc_endpoint(VpcEndpointId=items["VpcEndpointId"], PolicyDocument=json.dumps(nothing))

    changed = get(harness, "inside")
    ec2.modify_vpc_endpoint(VpcEndpointId=items["VpcEndpointId"], PolicyDocument=items["PolicyDocument"])

    assert [before["code"], changed["code"], get(harness, "inside")["code"]] == ["", "AccessDeniedException", ""]


def test_what_a_request_needs_of_another_service_is_not_held_to_the_endpoint_s_policy(harness: WiredHarness) -> None:
    arn = "arn:aws:rds:us-east-1:123456789012:cluster:books"
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:books-AbCdEf"

    answer = ask(harness, "inside", "rds-data", "execute_statement", resourceArn=arn, secretArn=secret, sql="SELECT 1")

    assert "not authorized" not in answer["message"]
