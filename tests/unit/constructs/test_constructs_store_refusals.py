"""What databases and caches are refused for, before the CDK sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.caches.settings import ReplicationGroup, ServerlessCache
from lambdakit.constructs.databases.settings import AuroraServerless, DatabaseInstance
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.network import Network, NetworkProperties
from lambdakit.constructs.routes import Route
from lambdakit.errors import SynthesisError

if TYPE_CHECKING:
    from aws_cdk import Stack

pytestmark = pytest.mark.xdist_group("cdk")


@pytest.fixture
def network(stack: Stack) -> Network:
    return Network(stack, "net", vpc=NetworkProperties(flow_log_retention=None))


def _backend(stack: Stack, function: FunctionProperties, **stores: Any) -> ApiBackend:
    return ApiBackend(stack, "shop", routes={"GET /a": Route(name="one", function=function)}, **stores)


# Source: Amazon Aurora User Guide, "Performance and scaling for Aurora Serverless v2": 0.5 to 256 in halves;
# API CreateDBCluster, BackupRetentionPeriod: 1 to 35; API CreateDBInstance, AllocatedStorage (gp3): 20 to 65536;
# "Quotas and constraints for Amazon Aurora": 15 replicas
@pytest.mark.parametrize(
    ("kind", "name", "value", "ok"),
    [
        (AuroraServerless, "min_capacity", 0, False),
        (AuroraServerless, "min_capacity", 0.5, True),
        (AuroraServerless, "min_capacity", 0.75, False),
        (AuroraServerless, "max_capacity", 0.5, False),
        (AuroraServerless, "max_capacity", 1, True),
        (AuroraServerless, "max_capacity", 256, True),
        (AuroraServerless, "max_capacity", 256.5, False),
        (AuroraServerless, "readers", -1, False),
        (AuroraServerless, "readers", 15, True),
        (AuroraServerless, "readers", 16, False),
        (AuroraServerless, "backup_retention_days", 0, False),
        (AuroraServerless, "backup_retention_days", 1, True),
        (AuroraServerless, "backup_retention_days", 35, True),
        (AuroraServerless, "backup_retention_days", 36, False),
        (AuroraServerless, "username", "admin", False),
        (AuroraServerless, "username", "a" * 16, True),
        (AuroraServerless, "username", "a" * 17, False),
        (AuroraServerless, "database_name", "1st", False),
        (DatabaseInstance, "allocated_storage", 19, False),
        (DatabaseInstance, "allocated_storage", 20, True),
        (DatabaseInstance, "allocated_storage", 65_536, True),
        (DatabaseInstance, "allocated_storage", 65_537, False),
        (DatabaseInstance, "instance_class", "t4g.micro", False),
    ],
)
def test_bounds_of_databases(
    stack: Stack, function: FunctionProperties, network: Network, kind: Any, name: str, value: Any, ok: bool
) -> None:
    _check(stack, function, "database", kind(network=network, **{name: value}), name, ok=ok)


# Source: Amazon ElastiCache User Guide, "Scaling ElastiCache"; API CreateReplicationGroup, ReplicasPerNodeGroup: 0 to
# 5, SnapshotRetentionLimit: 0 to 35
@pytest.mark.parametrize(
    ("kind", "name", "value", "ok"),
    [
        (ServerlessCache, "max_storage_gb", 0, False),
        (ServerlessCache, "max_storage_gb", 1, True),
        (ServerlessCache, "max_storage_gb", 5000, True),
        (ServerlessCache, "max_storage_gb", 5001, False),
        (ServerlessCache, "max_ecpu_per_second", 999, False),
        (ServerlessCache, "max_ecpu_per_second", 1000, True),
        (ServerlessCache, "max_ecpu_per_second", 15_000_000, True),
        (ServerlessCache, "max_ecpu_per_second", 15_000_001, False),
        (ServerlessCache, "engine_version", "8.1", False),
        (ServerlessCache, "snapshot_retention_days", -1, False),
        (ServerlessCache, "snapshot_retention_days", 0, True),
        (ServerlessCache, "snapshot_retention_days", 35, True),
        (ServerlessCache, "snapshot_retention_days", 36, False),
        (ReplicationGroup, "replicas", -1, False),
        (ReplicationGroup, "replicas", 0, True),
        (ReplicationGroup, "replicas", 5, True),
        (ReplicationGroup, "replicas", 6, False),
        (ReplicationGroup, "node_type", "t4g.micro", False),
    ],
)
def test_bounds_of_caches(
    stack: Stack, function: FunctionProperties, network: Network, kind: Any, name: str, value: Any, ok: bool
) -> None:
    _check(stack, function, "cache", kind(network=network, **{name: value}), name, ok=ok)


def _check(stack: Stack, function: FunctionProperties, store: str, settings: Any, name: str, *, ok: bool) -> None:
    if ok:
        _backend(stack, function, **{store: settings})
        return
    with pytest.raises(SynthesisError) as caught:
        _backend(stack, function, **{store: settings})
    assert f"shop/shop.{store}.{name}" in {each.pointer for each in caught.value.diagnostics}


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"min_capacity": 8}, "database.max_capacity"),
        ({"min_capacity": 8, "max_capacity": 7.5}, "database.max_capacity"),
    ],
)
def test_a_cluster_grows(
    stack: Stack, function: FunctionProperties, network: Network, settings: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(SynthesisError) as caught:
        _backend(stack, function, database=AuroraServerless(network=network, **settings))

    assert [each.pointer for each in caught.value.diagnostics] == [f"shop/shop.{pointer}"]


def test_access_to_what_is_not_there_is_refused(stack: Stack, function: FunctionProperties) -> None:
    with pytest.raises(SynthesisError) as caught:
        ApiBackend(
            stack,
            "shop",
            routes={
                "GET /a": Route(name="one", function=function, database_access=True),
                "GET /b": Route(function="one", cache_access=True),
            },
        )

    assert [(each.pointer, each.code) for each in caught.value.diagnostics] == [
        ("shop/shop.routes.GET /a.database_access", "LK412"),
        ("shop/shop.routes.GET /b.cache_access", "LK405"),
    ]


@pytest.mark.parametrize("name", ["Database", "DatabaseProxy", "Cache", "Network", "Dashboard"])
def test_names_of_parts_are_taken_only_where_the_parts_are(
    stack: Stack, function: FunctionProperties, network: Network, name: str
) -> None:
    ApiBackend(stack, "plain", routes={"GET /a": Route(name=name, function=function)})

    if name != "Dashboard":
        with pytest.raises(SynthesisError, match=name):
            ApiBackend(
                stack,
                "shop",
                routes={"GET /a": Route(name=name, function=function)},
                database=AuroraServerless(network=network),
                cache=ServerlessCache(network=network),
            )
