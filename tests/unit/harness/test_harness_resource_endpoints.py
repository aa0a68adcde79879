"""Where recorded databases, caches and domains say that they are to be reached."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambdakit.harness.deployment.deployed import DeployedStack, Stacks
from lambdakit.harness.deployment.provisioner import Created, Provisioned, Resource
from lambdakit.harness.deployment.resource_endpoints import resource_endpoints


def _stacks(type_name: str, attributes: Mapping[str, object], properties: Mapping[str, object]) -> Stacks:
    resource = Resource(
        stack="shop",
        stack_id="id",
        logical_id="Store",
        type=type_name,
        properties=properties,
        account_id="123456789012",
        region="us-east-1",
        construct_path="Shop/Store",
    )
    created = Created(resource=resource, provisioned=Provisioned(physical_id="shop-store", attributes=attributes))
    stack = DeployedStack(name="shop", stack_id="id", account_id="123456789012", region="us-east-1")
    stack.resources["Store"] = created
    stacks = Stacks()
    stacks.add(stack)
    return stacks


@pytest.mark.parametrize(
    ("type_name", "attributes", "properties", "expected"),
    [
        (
            "AWS::RDS::DBInstance",
            {"Endpoint.Address": "db.example.com", "Endpoint.Port": "5432"},
            {"Engine": "postgres"},
            {"db.example.com": (5432,)},
        ),
        (
            "AWS::RDS::DBCluster",
            {"Endpoint.Address": "w.example.com", "Endpoint.Port": "3306", "ReadEndpoint.Address": "r.example.com"},
            {"Engine": "aurora-mysql"},
            {"w.example.com": (3306,), "r.example.com": (3306,)},
        ),
        (
            "AWS::RDS::DBProxy",
            {"Endpoint": "x.example.com"},
            {"EngineFamily": "POSTGRESQL"},
            {"x.example.com": (5432,)},
        ),
        (
            "AWS::ElastiCache::CacheCluster",
            {"RedisEndpoint.Address": "c.example.com", "RedisEndpoint.Port": "443"},
            {"Engine": "redis", "Port": 7000},
            {"c.example.com": (7000, 443, 6379)},
        ),
        (
            "AWS::ElastiCache::CacheCluster",
            {"ConfigurationEndpoint.Address": "m.example.com", "ConfigurationEndpoint.Port": "11211"},
            {"Engine": "memcached"},
            {"m.example.com": (11211,)},
        ),
        (
            "AWS::OpenSearchService::Domain",
            {"DomainEndpoint": "search.example.com", "Arn": "arn:aws:es:us-east-1:1:domain/x.y"},
            {},
            {"search.example.com": (443,)},
        ),
        (
            "AWS::Neptune::DBCluster",
            {"Endpoint": "n.example.com", "Port": 8182},
            {},
            {"n.example.com": (8182,)},
        ),
        ("AWS::ElastiCache::ReplicationGroup", {"ReadEndPoint.Address": "no-host"}, {}, {}),
        ("AWS::S3::Bucket", {"Endpoint.Address": "bucket.example.com"}, {}, {}),
    ],
)
def test_endpoints_of_a_resource(
    type_name: str,
    attributes: Mapping[str, object],
    properties: Mapping[str, object],
    expected: Mapping[str, tuple[int, ...]],
) -> None:
    found = resource_endpoints(_stacks(type_name, attributes, properties))

    assert {endpoint.host: endpoint.ports for endpoint in found} == expected
    assert {(endpoint.logical_id, endpoint.path, endpoint.physical_id) for endpoint in found} <= {
        ("Store", "Shop/Store", "shop-store")
    }
