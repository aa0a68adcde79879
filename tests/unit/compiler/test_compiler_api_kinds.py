"""Documents with other APIs than the default one: where their resources come from, and what a synthesis reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.fingerprint import code_paths
from lambdakit.compiler.synthesize import Compiler
from lambdakit.spec.document import load

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """
application: kinds
network: {vpc: {max_azs: 2}}
patterns:
  store:
    kind: api_backend
    api:
      type: rest
      authorizer: {kind: lambda, function: {code: functions/guard, handler: app.handler}}
      domain:
        domain_name: api.example.com
        certificate_arn: arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
    table: {table_name: known-orders, grant_index_permissions: true}
    routes:
      $default: {name: answer, code: functions/orders, handler: app.handler, table_access: read}
      "GET /orders/{id}": {name: read, code: functions/orders, handler: app.handler}
  members:
    kind: api_backend
    api: {authorizer: {kind: cognito, user_pool_id: eu-west-1_aBcDeFgHi, client_ids: [known]}, log_retention: 90d}
    routes:
      GET /me: {name: me, code: functions/orders, handler: app.handler}
  chat:
    kind: api_backend
    api: {type: websocket}
    routes:
      $connect: {name: join, code: functions/orders, handler: app.handler}
  inner:
    kind: api_backend
    api: {type: load_balancer}
    routes:
      GET /orders: {name: list, code: functions/orders, handler: app.handler}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("kinds")
    for name in ("guard", "orders"):
        (directory / "functions" / name).mkdir(parents=True)
        (directory / "functions" / name / "app.py").write_text("def handler(event, context): return event\n")
    (directory / "lambdakit.yaml").write_text(DOCUMENT)
    return directory


@pytest.fixture(scope="module")
def assembly(project: Path, compiler: Compiler) -> Path:
    return compiler.synthesize(project / "lambdakit.yaml")


@pytest.fixture(scope="module")
def resources(assembly: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((assembly / "kinds.template.json").read_text())["Resources"]
    return found


def test_the_code_of_an_authorizer_is_read(project: Path) -> None:
    application = load(project / "lambdakit.yaml").application

    assert code_paths(application) == {"functions/guard", "functions/orders"}


@pytest.mark.parametrize(
    ("type_name", "pointers"),
    [
        (
            "AWS::ApiGateway::Method",
            {"patterns.store.routes.$default", "patterns.store.routes.GET /orders/{id}"},
        ),
        ("AWS::ApiGateway::Authorizer", {"patterns.store.api.authorizer"}),
        ("AWS::ApiGateway::DomainName", {"patterns.store.api"}),
        ("AWS::ApiGatewayV2::Authorizer", {"patterns.members.api.authorizer"}),
        ("AWS::ApiGatewayV2::Route", {"patterns.members.routes.GET /me", "patterns.chat.routes.$connect"}),
        ("AWS::ElasticLoadBalancingV2::ListenerRule", {"patterns.inner.routes.GET /orders"}),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"patterns.inner.api"}),
    ],
)
def test_every_part_of_an_api_comes_from_its_place(
    assembly: Path, resources: Mapping[str, Any], type_name: str, pointers: set[str]
) -> None:
    entries = json.loads((assembly / "lambdakit-source-map.json").read_text())["stacks"]["kinds"]

    of_type = [logical_id for logical_id, each in resources.items() if each["Type"] == type_name]
    assert {entries[logical_id]["pointer"] for logical_id in of_type} == pointers


def test_existing_resources_are_named_and_not_made(resources: Mapping[str, Any]) -> None:
    types = {each["Type"] for each in resources.values()}

    assert not types & {"AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool"}
    (authorizer,) = [each for each in resources.values() if each["Type"] == "AWS::ApiGatewayV2::Authorizer"]
    jwt = authorizer["Properties"]["JwtConfiguration"]
    assert jwt["Audience"] == ["known"]
    assert jwt["Issuer"]["Fn::Join"][1][-1] == ".amazonaws.com/eu-west-1_aBcDeFgHi"
    (reader,) = [
        each["Properties"]["Environment"]["Variables"]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Function"
        and "Environment" in each["Properties"]
        and "TABLE_NAME" in each["Properties"]["Environment"]["Variables"]
    ]
    assert reader["TABLE_NAME"] == "known-orders"
    granted = json.dumps([each for each in resources.values() if each["Type"] == "AWS::IAM::Policy"])
    assert ":table/known-orders/index/*" in granted


def test_what_the_document_says_of_logs_is_taken(resources: Mapping[str, Any]) -> None:
    (log_group,) = [each for name, each in resources.items() if name.startswith("membersAccessLog")]

    assert log_group["Properties"]["RetentionInDays"] == 90
