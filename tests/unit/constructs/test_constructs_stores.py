"""Databases and caches behind an API: what is made, who may connect, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import RemovalPolicy, Stack, assertions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.caches.made_cache import MadeCache
from lambdakit.constructs.caches.settings import Cache, ExistingCache, ReplicationGroup, ServerlessCache
from lambdakit.constructs.databases.made_database import MadeDatabase
from lambdakit.constructs.databases.settings import AuroraServerless, Database, DatabaseInstance, ExistingDatabase
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.network import Network, NetworkProperties
from lambdakit.constructs.routes import Route

pytestmark = pytest.mark.xdist_group("cdk")

ARN = "arn:aws:elasticache:eu-west-1:123456789012"


@pytest.fixture
def network(stack: Stack) -> Network:
    return Network(stack, "net", vpc=NetworkProperties(flow_log_retention=None))


def _resources(stack: Stack, type_name: str) -> dict[str, Mapping[str, Any]]:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return {logical_id: each.get("Properties", {}) for logical_id, each in found.items()}


def _only(stack: Stack, type_name: str) -> Mapping[str, Any]:
    (found,) = _resources(stack, type_name).values()
    return found


def _granted(stack: Stack, role: str) -> list[Any]:
    """Actions of the role's policies beyond logs and X-Ray."""
    return [
        statement["Action"]
        for name, policy in _resources(stack, "AWS::IAM::Policy").items()
        if role in name
        for statement in policy["PolicyDocument"]["Statement"]
        if not str(statement["Action"]).startswith(("['logs", "['xray", "xray"))
    ]


def _allowed(stack: Stack) -> set[tuple[str, str, int]]:
    """Who is let in where and at which port, by the beginnings of the groups' logical ids."""

    def name(value: Any) -> str:
        text = value if isinstance(value, str) else value["Fn::GetAtt"][0]
        return text.rstrip("0123456789ABCDEF")

    return {
        (name(each["SourceSecurityGroupId"]), name(each["GroupId"]), each["FromPort"])
        for each in _resources(stack, "AWS::EC2::SecurityGroupIngress").values()
    }


def _backend(stack: Stack, function: FunctionProperties, **stores: Any) -> ApiBackend:
    given = Route(
        name="with_access",
        function=function,
        database_access="database" in stores,
        cache_access="cache" in stores,
    )
    routes = {"GET /a": given, "GET /b": Route(name="without", function=function)}
    return ApiBackend(stack, "shop", routes=routes, **stores)


def test_a_cluster_is_reached_through_its_proxy_alone(
    stack: Stack, function: FunctionProperties, network: Network
) -> None:
    made = _backend(stack, function, database=AuroraServerless(network=network, readers=1))

    cluster = _only(stack, "AWS::RDS::DBCluster")
    assert (cluster["Engine"], cluster["StorageEncrypted"], cluster["DeletionProtection"]) == (
        "aurora-postgresql",
        True,
        True,
    )
    assert cluster["ManageMasterUserPassword"] is True and "MasterUserPassword" not in cluster
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 4}
    assert len(_resources(stack, "AWS::RDS::DBInstance")) == 2
    proxy = _only(stack, "AWS::RDS::DBProxy")
    assert proxy["RequireTLS"] is True
    assert [each["IAMAuth"] for each in proxy["Auth"]] == ["REQUIRED"]
    assert _allowed(stack) == {
        ("shopDatabaseClients", "shopDatabaseProxyGroup", 5432),
        ("shopDatabaseProxyGroup", "shopDatabaseGroup", 5432),
    }
    assert made.database is not None and made.database.cluster is not None


def test_a_function_with_access_alone_may_connect_and_is_told_where(
    stack: Stack, function: FunctionProperties, network: Network
) -> None:
    _backend(stack, function, database=AuroraServerless(network=network), cache=ServerlessCache(network=network))

    functions = _resources(stack, "AWS::Lambda::Function")
    (given,) = (each for name, each in functions.items() if "withaccess" in name)
    (other,) = (each for name, each in functions.items() if "withaccess" not in name)
    assert {name for name in given["Environment"]["Variables"] if "_" in name} == {
        *("DATABASE_PROXY_ENDPOINT", "DATABASE_PORT", "DATABASE_USER", "DATABASE_NAME"),
        *("CACHE_ENDPOINT", "CACHE_PORT", "CACHE_NAME", "CACHE_USER"),
    }
    groups = [each["Fn::GetAtt"][0] for each in given["VpcConfig"]["SecurityGroupIds"]]
    assert [group.rstrip("0123456789ABCDEF") for group in groups] == [
        *("netFunctions", "shopDatabaseClients", "shopCacheClients"),
    ]
    assert "VpcConfig" not in other and "Environment" not in other
    assert _granted(stack, "withaccess") == ["rds-db:connect", "elasticache:Connect"]
    assert _granted(stack, "without") == []


def test_the_permission_names_one_user_of_one_proxy(
    stack: Stack, function: FunctionProperties, network: Network
) -> None:
    _backend(stack, function, database=AuroraServerless(network=network, username="clerk"))

    (resource,) = (
        statement["Resource"]
        for policy in _resources(stack, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "rds-db:connect"
    )
    parts = resource["Fn::Join"][1]
    assert parts[-1] == "/clerk"
    assert parts[-2]["Fn::Select"][0] == 6
    assert "*" not in str(resource)


def test_an_instance_gives_its_password_to_who_asks_by_secret(
    stack: Stack, function: FunctionProperties, network: Network
) -> None:
    settings = DatabaseInstance(network=network, engine="mysql", authentication="secret")

    _backend(stack, function, database=settings)

    instance = _only(stack, "AWS::RDS::DBInstance")
    assert (instance["Engine"], instance["MultiAZ"], instance["PubliclyAccessible"]) == ("mysql", True, False)
    assert _granted(stack, "withaccess") == [["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]]
    (given,) = (each for name, each in _resources(stack, "AWS::Lambda::Function").items() if "withaccess" in name)
    assert given["Environment"]["Variables"]["DATABASE_PORT"] == "3306"
    assert "DATABASE_SECRET_ARN" in given["Environment"]["Variables"]
    assert [each["IAMAuth"] for each in _only(stack, "AWS::RDS::DBProxy")["Auth"]] == ["DISABLED"]


@pytest.mark.parametrize(
    ("policy", "deletion", "protected", "group"),
    [
        (RemovalPolicy.RETAIN, "Retain", True, "Retain"),
        (RemovalPolicy.SNAPSHOT, "Snapshot", False, None),
        (RemovalPolicy.DESTROY, "Delete", False, None),
    ],
)
def test_what_stays_keeps_what_it_stands_on(
    stack: Stack,
    function: FunctionProperties,
    network: Network,
    policy: RemovalPolicy,
    deletion: str,
    protected: bool,
    group: str | None,
) -> None:
    _backend(stack, function, database=AuroraServerless(network=network, removal_policy=policy))

    template = assertions.Template.from_stack(stack)
    (cluster,) = template.find_resources("AWS::RDS::DBCluster").values()
    (subnets,) = template.find_resources("AWS::RDS::DBSubnetGroup").values()
    assert (cluster["DeletionPolicy"], cluster["Properties"]["DeletionProtection"]) == (deletion, protected)
    assert subnets.get("DeletionPolicy") == group


def test_a_cache_knows_one_user_by_iam_and_speaks_tls(
    stack: Stack, function: FunctionProperties, network: Network
) -> None:
    _backend(stack, function, cache=ReplicationGroup(network=network, engine="redis"))

    group = _only(stack, "AWS::ElastiCache::ReplicationGroup")
    assert (group["TransitEncryptionEnabled"], group["TransitEncryptionMode"]) == (True, "required")
    assert group["AtRestEncryptionEnabled"] is group["MultiAZEnabled"] is group["AutomaticFailoverEnabled"] is True
    users = {each["UserName"]: each for each in _resources(stack, "AWS::ElastiCache::User").values()}
    # Redis asks for a user called default; this one may do nothing.
    assert users.pop("default")["AccessString"] == "off -@all"
    ((name, user),) = users.items()
    assert user["UserId"] == name and user["AuthenticationMode"] == {"Type": "iam"}
    assert _allowed(stack) == {("shopCacheClients", "shopCacheGroup", 6379)}


def test_a_serverless_cache_stops_growing_where_it_is_told(
    stack: Stack, function: FunctionProperties, network: Network
) -> None:
    settings = ServerlessCache(network=network, max_storage_gb=10, max_ecpu_per_second=5000, engine_version="8")

    _backend(stack, function, cache=settings)

    cache = _only(stack, "AWS::ElastiCache::ServerlessCache")
    assert cache["CacheUsageLimits"] == {
        "DataStorage": {"Maximum": 10, "Unit": "GB"},
        "ECPUPerSecond": {"Maximum": 5000},
    }
    assert len(_resources(stack, "AWS::ElastiCache::User")) == 1


def test_existing_ones_let_the_clients_in(stack: Stack, function: FunctionProperties, network: Network) -> None:
    group = ec2.SecurityGroup.from_security_group_id(stack, "group", "sg-1")
    proxy = rds.DatabaseProxy.from_database_proxy_attributes(
        stack,
        "proxy",
        db_proxy_arn="arn:aws:rds:eu-west-1:123456789012:db-proxy:prx-1",
        db_proxy_name="shared",
        endpoint="shared.example.com",
        security_groups=[group],
    )

    _backend(
        stack,
        function,
        database=ExistingDatabase(proxy=proxy, network=network, security_groups=[group], username="clerk"),
        cache=ExistingCache(
            endpoint="cache.example.com",
            network=network,
            security_groups=[group],
            cache_arn=f"{ARN}:serverlesscache:shop",
            user_arn=f"{ARN}:user:shop",
            secret=secretsmanager.Secret(stack, "secret"),
        ),
    )

    assert _resources(stack, "AWS::RDS::DBProxy") == _resources(stack, "AWS::ElastiCache::User") == {}
    assert {(source, port) for source, _, port in _allowed(stack)} == {
        ("shopDatabaseClients", 5432),
        ("shopCacheClients", 6379),
    }
    assert _granted(stack, "withaccess")[:2] == ["rds-db:connect", "elasticache:Connect"]


def test_a_function_in_a_vpc_of_its_own_is_let_in_by_its_own_group(
    stack: Stack, function: FunctionProperties, network: Network
) -> None:
    _backend(stack, replace(function, vpc=network.vpc), database=AuroraServerless(network=network))

    sources = {source for source, target, _ in _allowed(stack) if target == "shopDatabaseProxyGroup"}
    assert sources == {"shopDatabaseClients", "shopwithaccessFunctionSecurityGroup"}


def test_an_existing_function_is_granted_and_let_in(
    stack: Stack, function: FunctionProperties, network: Network
) -> None:
    existing = lambda_.Function(
        stack,
        "existing",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
        vpc=network.vpc,
        vpc_subnets=network.subnets,
    )

    ApiBackend(
        stack,
        "shop",
        routes={"GET /a": Route(function=existing, database_access=True)},
        database=AuroraServerless(network=network),
    )

    assert ("existingSecurityGroup", "shopDatabaseProxyGroup", 5432) in _allowed(stack)
    assert "rds-db:connect" in str(_resources(stack, "AWS::IAM::Policy"))


def test_a_vpc_will_do_for_a_network(stack: Stack, function: FunctionProperties) -> None:
    vpc = ec2.Vpc(stack, "vpc", max_azs=2, nat_gateways=1, restrict_default_security_group=False)

    _backend(stack, function, database=AuroraServerless(network=vpc), cache=ServerlessCache(network=vpc))

    (given,) = (each for name, each in _resources(stack, "AWS::Lambda::Function").items() if "withaccess" in name)
    groups = [each["Fn::GetAtt"][0] for each in given["VpcConfig"]["SecurityGroupIds"]]
    assert len(groups) == 3 and groups[0].startswith("shopNetworkFunctions")


def test_a_subclass_changes_database_and_cache(stack: Stack, function: FunctionProperties, network: Network) -> None:
    class Tagged(ApiBackend):
        def make_database(self, database: Database) -> MadeDatabase:
            made = super().make_database(database)
            assert made.cluster is not None
            made.cluster.backtrack_window = 0
            return made

        def make_cache(self, cache: Cache) -> MadeCache:
            made = super().make_cache(cache)
            assert made.cache is not None
            made.cache.description = "of the shop"
            return made

        def permissions(self, name: str, function: Any, table_access: Any) -> None:
            super().permissions(name, function, table_access)
            function.role.add_to_principal_policy(iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"]))

    Tagged(
        stack,
        "shop",
        routes={"GET /a": Route(name="with_access", function=function, database_access=True, cache_access=True)},
        database=AuroraServerless(network=network),
        cache=ServerlessCache(network=network),
    )

    assert _only(stack, "AWS::RDS::DBCluster")["BacktrackWindow"] == 0
    assert _only(stack, "AWS::ElastiCache::ServerlessCache")["Description"] == "of the shop"
