"""Findings that a document acknowledges by its own names for what a rule is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambdakit.compiler.named_rules import NamedRules
from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import SynthesisError
from lambdakit.spec.document import load

HEAD = """\
application: shop
resources:
  files: {kind: bucket, stack: STACK}
functions:
  copy:
    code: code
    handler: app.handler
    stack: STACK
    initial_policy: [{actions: ["s3:GetObject"], resources: ["files/in/*"]}]
"""
PATTERN = """\
patterns:
  orders:
    kind: api_backend
    table: {partition_key: id}
    routes: {GET /orders: {name: read, code: code, handler: app.handler}}
"""
RESOURCES = {
    "resourcefiles1A2B": "shop/resource:files/Resource",
    "ordersTable3C4D": "shop/orders/Table/Resource",
    "ordersread5E6F": "shop/orders/read/Function/Resource",
    "Raw": "shop/cloudformation:Raw",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    return tmp_path


@pytest.fixture
def rules(project: Path) -> NamedRules:
    text = HEAD.replace(", stack: STACK", "").replace("    stack: STACK\n", "")
    (project / "lambdakit.yaml").write_text(f"{text}{PATTERN}")
    template = {"Resources": {key: {"Metadata": {"aws:cdk:path": path}} for key, path in RESOURCES.items()}}
    (project / "shop.template.json").write_text(json.dumps(template))
    return NamedRules(project, {"shop": load(project / "lambdakit.yaml")})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("R[Resource::<resourcefiles1A2B.Arn>/*]", "R[Resource::<files.Arn>/*]"),
        ("R[Resource::<ordersTable3C4D.Arn>/index/*]", "R[Resource::<orders/Table.Arn>/index/*]"),
        ("R[Resource::<ordersread5E6F.Arn>:*]", "R[Resource::<read.Arn>:*]"),
        ("R[arn:<AWS::Partition>:s3:::<resourcefiles1A2B>/*]", "R[arn:<AWS::Partition>:s3:::<files>/*]"),
        ("R[Resource::<Other.Arn>/*]", "R[Resource::<Other.Arn>/*]"),
        ("AwsSolutions-S1", "AwsSolutions-S1"),
    ],
    ids=["resource", "path", "function", "pseudo parameter", "unknown", "plain"],
)
def test_a_finding_is_said_by_the_documents_names(rules: NamedRules, found: str, said: str) -> None:
    assert rules.said("shop/orders/read", found) == said
    # Which is how the document may write it, as well as by the logical id.
    assert rules.is_among("shop/orders/read", found, [said])
    assert rules.is_among("shop/orders/read", found, [found])


@pytest.mark.parametrize(
    "written",
    [
        "R[Resource::<orders.Arn>/*]",
        "R[Resource::<files>/*]",
        "R[Resource::<files.Arn>]",
        "R",
        "R[Resource::<orders/Table.Arn>/*]",
    ],
)
def test_another_resource_is_another_finding(rules: NamedRules, written: str) -> None:
    assert not rules.is_among("shop/orders/read", "R[Resource::<resourcefiles1A2B.Arn>/*]", [written])


def test_a_stack_without_a_template_has_no_names(rules: NamedRules) -> None:
    assert rules.said("shop-live/orders", "R[<resourcefiles1A2B.Arn>]") == "R[<resourcefiles1A2B.Arn>]"


@pytest.mark.xdist_group("cdk")
def test_a_name_acknowledges_in_every_stack_and_the_hint_says_it(project: Path, checking_compiler: Compiler) -> None:
    rule = "AwsSolutions-IAM5[Resource::<files.Arn>/in/*]"
    reason = f'    acknowledge: {{"{rule}": what comes in is copied}}\n'
    environment = "environments: {live: {region: eu-west-1}}\n"
    found = []

    for written in (reason, ""):
        (project / "lambdakit.yaml").write_text(HEAD.replace("STACK", "data") + written + environment)
        try:
            checking_compiler.synthesize(project / "lambdakit.yaml")
            found.append("")
        except SynthesisError as error:
            found.append(str(error))

    assert "AwsSolutions-IAM5" not in found[0]
    assert f'acknowledge: {{"{rule}": your reason}}' in found[1]
