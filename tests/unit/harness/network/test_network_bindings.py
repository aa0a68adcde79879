"""What a test binds and allows, and where connections then go."""

from __future__ import annotations

import pytest

from lambdakit.errors import HarnessError
from lambdakit.harness.network.bindings import Bindings, ResourceEndpoint, Target
from lambdakit.harness.network.outside_reason import outside_reason

_WRITER = "shop.cluster-1.us-east-1.rds.amazonaws.com"
_READER = "shop.cluster-ro-1.us-east-1.rds.amazonaws.com"


def _endpoint(logical_id: str, host: str, *ports: int, kind: str = "AWS::RDS::DBCluster") -> ResourceEndpoint:
    return ResourceEndpoint(
        logical_id=logical_id,
        path=f"Shop/Data/{logical_id}",
        physical_id=f"shop-{logical_id.lower()}",
        type=kind,
        host=host,
        ports=ports,
    )


@pytest.fixture
def bindings() -> Bindings:
    endpoints = [
        _endpoint("Database", _WRITER, 5432),
        _endpoint("Database", _READER, 5432),
        _endpoint("Cache", "Cache.example.com", 443, 6379, kind="AWS::ElastiCache::CacheCluster"),
    ]
    return Bindings(lambda: endpoints)


@pytest.mark.parametrize("name", ["Database", "Shop/Data/Database", "shop-database", _WRITER.upper(), "Datab"])
def test_binding_stands_for_every_endpoint_of_the_resource(bindings: Bindings, name: str) -> None:
    bindings.bind(name if name != _WRITER.upper() else "Database", "postgresql://127.0.0.1:15432/test")

    targets = bindings.targets()

    assert set(targets) == {_WRITER, _READER}
    assert all((target[5432].host, target[5432].port) == ("127.0.0.1", 15432) for target in targets.values())


def test_every_port_of_a_resource_leads_to_the_server(bindings: Bindings) -> None:
    bindings.bind("Cache", "redis://localhost")

    target = Target(name="Cache", host="127.0.0.1", port=6379)
    assert bindings.targets() == {"cache.example.com": {443: target, 6379: target}}


def test_later_binding_takes_the_place_of_an_earlier_one(bindings: Bindings) -> None:
    bindings.bind("Cache", "redis://127.0.0.1:1")
    bindings.bind("Cache", "redis://127.0.0.1:2")

    assert bindings.targets()["cache.example.com"][6379].port == 2


def test_host_that_nothing_deployed_has_is_bound_at_the_port_of_the_server(bindings: Bindings) -> None:
    bindings.bind("Ledger.Internal.Example", "http://[::1]:8080/")

    target = Target(name="Ledger.Internal.Example", host="::1", port=8080)
    assert bindings.targets() == {"ledger.internal.example": {8080: target}}


@pytest.mark.parametrize(
    ("host", "ports"),
    [("api.example.com", {443, 80}), ("API.example.com:8443", {8443})],
)
def test_allowed_host_is_its_own_target(bindings: Bindings, host: str, ports: set[int]) -> None:
    bindings.allow(host)

    (found,) = bindings.targets().values()
    assert {port: (target.host, target.port) for port, target in found.items()} == {
        port: ("api.example.com", port) for port in ports
    }


def test_host_may_be_allowed_bit_by_bit(bindings: Bindings) -> None:
    bindings.allow("api.example.com")
    bindings.allow("api.example.com:8443")

    assert set(bindings.targets()["api.example.com"]) == {443, 80, 8443}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1",
        "postgresql://",
        "postgresql://10.0.0.1:1/",
        "http://example.com",
        "127.0.0.1:0",
        "x://[::1",
        "a:b:c",
    ],
)
def test_server_elsewhere_is_refused(bindings: Bindings, url: str) -> None:
    with pytest.raises(HarnessError, match=r"names no server of this machine \[LK505\]"):
        bindings.bind("Database", url)


def test_name_of_nothing_lists_what_there_is(bindings: Bindings) -> None:
    with pytest.raises(HarnessError) as refused:
        bindings.bind("Nothing", "127.0.0.1:1")

    assert "there is Shop/Data/Database, Shop/Data/Cache [LK545]" in str(refused.value)


def test_name_of_several_lists_them(bindings: Bindings) -> None:
    with pytest.raises(HarnessError) as refused:
        bindings.bind("Shop", "127.0.0.1:1")

    assert "'Shop' means Shop/Data/Database, Shop/Data/Cache [LK544]" in str(refused.value)


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        (_WRITER, 5432, "Database is recorded by the harness, which runs no server behind AWS::RDS::DBCluster"),
        (_WRITER, 22, "Database answers on port 5432, not on 22"),
        ("cache.example.com", 22, "Cache answers on port 443 and 6379, not on 22"),
        ("s3.us-east-1.amazonaws.com", 443, "no function ever reaches AWS from the harness"),
        ("2001:db8::1", 443, "the harness lets no function out to an address"),
        ("api.example.com", 443, "outside hosts are not reachable from the harness"),
    ],
)
def test_reason_names_what_stands_there(bindings: Bindings, host: str, port: int, reason: str) -> None:
    assert outside_reason(host, port, bindings)[0] == reason


@pytest.mark.parametrize("port", [443, 8443])
def test_the_server_of_a_host_is_the_one_that_is_bound(bindings: Bindings, port: int) -> None:
    bindings.bind("intake.example.com", "http://127.0.0.1:8080")

    assert bindings.server_of("Intake.example.com", port) == Target(
        name="intake.example.com", host="127.0.0.1", port=8080
    )


def test_a_host_that_is_only_allowed_has_no_server_here(bindings: Bindings) -> None:
    bindings.allow("api.example.com")

    assert bindings.server_of("api.example.com", 443) is None
    assert bindings.server_of("other.example.com", 443) is None


def test_the_host_of_a_resource_is_known_by_its_name(bindings: Bindings) -> None:
    assert bindings.host_of(("AWS::RDS::DBCluster",), "shop-database") == _WRITER
    assert bindings.host_of(("AWS::OpenSearchService::Domain",), "shop-database") == ""
    assert bindings.host_of(("AWS::RDS::DBCluster",), "another") == ""
