"""Functions that isolate their tenants: whose environments they run in, who may invoke them, what they cannot have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import create_function, delete_functions, refusal, zip_of
from tests.fakes.plain_assembly import function
from tests.fakes.rest_assembly import proxied, rest_api
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-tenants")

SOURCE = """
import logging, uuid
ENVIRONMENT = uuid.uuid4().hex
SEEN = []

def handler(event, context):
    SEEN.append(context.tenant_id)
    logging.getLogger().warning("handled")
    return {"tenant": context.tenant_id, "environment": ENVIRONMENT, "seen": SEEN}
"""
ISOLATED: dict[str, Any] = {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}
NOT_TOLD = "Tenant ID configuration not specified or passed to a function when tenant isolation is not enabled."


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    """With the function `shared`, which has a version, and `isolated`."""
    client = harness.aws("lambda")
    create_function(client, "shared", SOURCE)
    create_function(client, "isolated", SOURCE, Publish=True, **ISOLATED)
    yield client
    delete_functions(client)


def answer(client: Any, tenant: str, **more: Any) -> Any:
    """What the function gave."""
    return json.loads(client.invoke(FunctionName="isolated", TenantId=tenant, **more)["Payload"].read())


def test_tenants_never_share_an_environment(client: Any) -> None:
    blue, green, again = answer(client, "blue"), answer(client, "green"), answer(client, "blue")

    assert (blue["tenant"], green["tenant"]) == ("blue", "green")
    assert blue["environment"] == again["environment"] != green["environment"]
    assert again["seen"] == ["blue", "blue"]
    assert green["seen"] == ["green"]


def test_an_event_that_nobody_waits_for_runs_for_its_tenant(harness: WiredHarness, client: Any) -> None:
    before = harness.position()

    client.invoke(FunctionName="isolated", TenantId="blue", InvocationType="Event")
    harness.drain()

    (ended,) = harness.events("InvocationEnded", after=before)
    assert json.loads(ended["payload"])["tenant"] == "blue"


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_the_tenant_has_to_be_told_where_tenants_are_isolated_and_nowhere_else(client: Any, kind: str) -> None:
    without = refusal(client.invoke, FunctionName="isolated", InvocationType=kind)
    needless = refusal(client.invoke, FunctionName="shared", InvocationType=kind, TenantId="blue")

    assert without == needless == (400, "InvalidParameterValueException", NOT_TOLD)


@pytest.mark.parametrize(
    ("tenant", "status"),
    [("a", 200), ("a" * 256, 200), ("a.b_c:d/e=f+g-h@i j", 200), ("a" * 257, 400), ("a#b", 400), ("a,b", 400)],
    ids=["one character", "the longest", "every character", "too long", "a number sign", "a comma"],
)
def test_a_tenant_id_has_a_form(harness: WiredHarness, client: Any, tenant: str, status: int) -> None:
    answered = harness.invoke("isolated", headers={"x-amz-tenant-id": tenant})

    assert answered.status == status
    if status == 400:
        assert answered.headers["x-amzn-errortype"] == "ValidationException"


def test_no_more_environments_than_its_concurrency_allows(client: Any) -> None:
    client.put_function_concurrency(FunctionName="isolated", ReservedConcurrentExecutions=1)

    # 2,500 for each 1,000: two for one.
    first, second = answer(client, "a"), answer(client, "b")
    told = refusal(client.invoke, FunctionName="isolated", TenantId="c")
    again = answer(client, "a")

    assert first["environment"] == again["environment"] != second["environment"]
    assert told[:2] == (429, "TooManyRequestsException")


def test_it_is_set_when_the_function_is_made_and_told(client: Any) -> None:
    told = client.get_function_configuration(FunctionName="isolated")

    assert told["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}
    assert "TenancyConfig" not in client.get_function_configuration(FunctionName="shared")
    version = client.get_function_configuration(FunctionName="isolated", Qualifier="1")
    assert version["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}


def test_what_it_does_not_go_with_is_refused(harness: WiredHarness, client: Any) -> None:
    harness.aws("sqs").create_queue(QueueName="jobs")
    client.create_alias(FunctionName="isolated", Name="live", FunctionVersion="1")
    calls: list[tuple[Any, dict[str, Any]]] = [
        (client.create_function_url_config, {"FunctionName": "isolated", "AuthType": "NONE"}),
        (
            client.put_provisioned_concurrency_config,
            {"FunctionName": "isolated", "Qualifier": "live", "ProvisionedConcurrentExecutions": 1},
        ),
        (
            client.create_event_source_mapping,
            {"FunctionName": "isolated", "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:jobs"},
        ),
        (
            client.update_function_configuration,
            {"FunctionName": "isolated", "SnapStart": {"ApplyOn": "PublishedVersions"}},
        ),
    ]

    for call, arguments in calls:
        told = refusal(call, **arguments)

        assert told[1] == "InvalidParameterValueException"
        assert "tenant isolation" in told[2]


def test_json_logs_name_the_tenant(harness: WiredHarness, client: Any) -> None:
    create_function(client, "logs", SOURCE, LoggingConfig={"LogFormat": "JSON"}, **ISOLATED)
    before = harness.position()

    client.invoke(FunctionName="logs", TenantId="blue")
    harness.drain()

    lines = [json.loads(event["line"]) for event in harness.events("FunctionLogged", after=before)]
    records = {line["type"]: line["record"].get("tenantId") for line in lines if "type" in line}
    assert {records["platform.start"], records["platform.report"]} == {"blue"}
    assert records["platform.initStart"] is None
    assert [line["tenantId"] for line in lines if line.get("message") == "handled"] == ["blue"]


def test_a_node_function_sees_its_tenant(client: Any) -> None:
    source = "exports.handler = async (event, context) => ({ tenant: context.tenantId });"
    create_function(
        client,
        "node",
        Runtime="nodejs22.x",
        Handler="app.handler",
        Code={"ZipFile": zip_of(source, "app.js")},
        **ISOLATED,
    )

    given = client.invoke(FunctionName="node", TenantId="blue")

    assert json.loads(given["Payload"].read()) == {"tenant": "blue"}


def test_a_rest_api_maps_the_tenant(harness: WiredHarness, stacks: Stacks) -> None:
    told = {"RequestParameters": {"method.request.header.X-Tenant": False, "method.request.path.tenant": True}}
    from_header = {"integration.request.header.X-Amz-Tenant-Id": "method.request.header.X-Tenant"}
    from_path = {"integration.request.header.x-amz-tenant-id": "method.request.path.tenant"}
    body = {"statusCode": 200, "body": ""}
    source = f"def handler(event, context): return {{**{body!r}, 'body': context.tenant_id}}"
    deployed = stacks.deploy(
        {
            **function("Isolated", source, **ISOLATED),
            **rest_api(
                "Shop",
                {
                    "GET /header": {**told, **proxied("Isolated", RequestParameters=from_header)},
                    "GET /of/{tenant}": {**told, **proxied("Isolated", RequestParameters=from_path)},
                    "GET /none": proxied("Isolated"),
                },
            ),
        },
        Api={"Ref": "Shop"},
    )
    (stack,) = deployed["stacks"].values()
    api = f"/_lambdakit/apis/{stack['outputs']['Api']}/prod"

    by_header = harness.request("GET", f"{api}/header", {"X-Tenant": "blue"})
    by_path = harness.request("GET", f"{api}/of/green")
    without = harness.request("GET", f"{api}/none")

    assert (by_header.body, by_path.body) == (b"blue", b"green")
    assert without.status == 500
