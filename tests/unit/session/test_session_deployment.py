from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit.errors import HarnessError
from lambdakit.session.harness import Harness
from tests.fakes.fake_assembly import fake_harness, write_assembly

FUNCTIONS = {
    "shop-orders-create-1": "shop/orders/create_order/Resource",
    "shop-orders-read-2": "shop/orders/read_order/Resource",
    "shop-thumbnails-3": "shop/thumbnails/Resource",
    "shop-thumbnails-log-4": "shop/thumbnails/LogRetention/Resource",
    "shop-legacy": "",
}


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with fake_harness() as started:
        yield started


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_assembly(tmp_path_factory.mktemp("assembly"), functions=FUNCTIONS, apis=("orders", "admin"))


def test_stacks_resources_and_outputs_are_what_the_harness_said(harness: Harness, assembly: Path) -> None:
    deployment = harness.deploy(assembly, parameters={"Stage": "test"})

    table = deployment.stacks["shop"].resources["TableABC"]
    assert (table.type, table.physical_id, table.status) == ("AWS::DynamoDB::Table", "shop-table", "CREATED")
    assert table.attributes["Arn"].endswith("table/shop-table")
    assert deployment.outputs["shop"] == {"Stage": "test", "Stacks": "*"}
    assert deployment.status == "DEPLOYED"


def test_stacks_to_deploy_reach_the_harness(harness: Harness, assembly: Path) -> None:
    deployment = harness.deploy(assembly, stacks=["shop", "network"])

    assert deployment.outputs["shop"]["Stacks"] == "shop,network"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("shop-orders-create-1", "shop-orders-create-1"),
        ("arn:aws:lambda:us-east-1:123456789012:function:shop-legacy", "shop-legacy"),
        ("OrdersCreate_orderResource0A1B2C3D", "shop-orders-create-1"),
        ("shop/orders/create_order/Resource", "shop-orders-create-1"),
        ("shop/orders/create_order", "shop-orders-create-1"),
        ("create_order", "shop-orders-create-1"),
        ("orders/create", "shop-orders-create-1"),
        ("read", "shop-orders-read-2"),
        ("thumbnails", "shop-thumbnails-3"),
        ("LogRetention", "shop-thumbnails-log-4"),
        ("legacy", "shop-legacy"),
    ],
)
def test_function_is_found_by(harness: Harness, assembly: Path, wanted: str, name: str) -> None:
    assert harness.deploy(assembly).function(wanted).name == name


def test_ambiguous_name_lists_the_candidates(harness: Harness, assembly: Path) -> None:
    with pytest.raises(HarnessError) as refusal:
        harness.deploy(assembly).function("orders")

    assert str(refusal.value) == (
        "function: 'orders' means 2 of them: shop/orders/create_order/Resource (shop-orders-create-1); "
        "shop/orders/read_order/Resource (shop-orders-read-2) [LK544]\n"
        '  hint: pass the whole name, function("shop-orders-create-1")'
    )


def test_unknown_name_lists_the_nearest(harness: Harness, assembly: Path) -> None:
    with pytest.raises(HarnessError) as refusal:
        harness.deploy(assembly).function("create_ordr")

    first, hint = str(refusal.value).splitlines()
    assert first.startswith("function: there is no function 'create_ordr'; nearest are shop/orders/create_order/")
    assert hint == '  hint: pass function("create_order")'


@pytest.mark.parametrize("wanted", ["", "zzz"])
def test_name_like_none_lists_them_all(harness: Harness, assembly: Path, wanted: str) -> None:
    with pytest.raises(HarnessError, match="there are") as refusal:
        harness.deploy(assembly).function(wanted)

    assert all(name in str(refusal.value) for name in FUNCTIONS)


def test_deployment_without_functions_says_so(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(write_assembly(tmp_path / "empty", functions={}))

    with pytest.raises(HarnessError, match="the deployment has no functions"):
        deployment.function("any")
    with pytest.raises(HarnessError, match="the deployment has no API"):
        deployment.http()


def test_http_leads_to_the_api_named(harness: Harness, assembly: Path) -> None:
    with harness.deploy(assembly).http("admin") as http:
        assert str(http.base_url) == f"{harness.endpoint_url}/_apis/admin/"
        assert http.build_request("GET", "/users").url.path == "/_apis/admin/users"


def test_http_without_a_name_among_several_lists_them(harness: Harness, assembly: Path) -> None:
    with pytest.raises(HarnessError, match=r"has 2 APIs: .*orders.*admin") as refusal:
        harness.deploy(assembly).http()

    assert 'http("orders")' in str(refusal.value)


def test_http_without_a_name_is_the_only_api(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(write_assembly(tmp_path / "one", functions={}, apis=("orders",)))

    with deployment.http() as http:
        assert http.base_url.path == "/_apis/orders/"


@pytest.mark.parametrize(
    ("apis", "meant"),
    [
        (("orders", "distribution:front", "website:pages"), "orders"),
        (("distribution:front", "website:pages"), "front"),
        (("website:pages",), "pages"),
    ],
    ids=["an API", "a distribution", "a website"],
)
def test_http_without_a_name_passes_over_what_stands_in_front_or_beside(
    harness: Harness, tmp_path: Path, apis: tuple[str, ...], meant: str
) -> None:
    deployment = harness.deploy(write_assembly(tmp_path / "front", functions={}, apis=apis))

    with deployment.http() as http:
        assert http.base_url.path == f"/_apis/{meant}/"
    assert deployment.api().name == meant


def test_http_reads_no_proxy(harness: Harness, assembly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    with harness.deploy(assembly).http("admin") as http:
        assert http.get("/users").status_code == 400


def test_update_changes_the_same_object(harness: Harness, assembly: Path, tmp_path: Path) -> None:
    deployment = harness.deploy(assembly)
    identity = deployment.id

    deployment.update(write_assembly(tmp_path / "next", functions={"shop-next": "shop/next/Resource"}))

    assert [function.name for function in deployment.functions] == ["shop-next"]
    assert (deployment.id, deployment.status) == (identity, "UPDATED")


def test_destroyed_deployment_refuses_everything_but_destroy(harness: Harness, assembly: Path) -> None:
    deployment = harness.deploy(assembly)

    deployment.reset()
    deployment.destroy()
    deployment.destroy()

    assert deployment.status == "DESTROYED"
    with pytest.raises(HarnessError, match="was destroyed"):
        deployment.reset()
    with pytest.raises(HarnessError, match="was destroyed"):
        deployment.update(assembly)
