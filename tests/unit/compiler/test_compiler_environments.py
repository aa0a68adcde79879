"""Documents with files, environments and parameters: one assembly, and the way back from each stack."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.fingerprint import fingerprint
from lambdakit.compiler.jsii_errors import found_by_validation, said_once
from lambdakit.compiler.source_map import SourceMap
from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import DocumentError, SynthesisError
from lambdakit.spec.document import load

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """\
application: shop
include: [parts/orders.yaml]
parameters:
  Stage: {default: dev, allowed_values: [dev, prod], description: which}
  Limit: {type: Number, default: 5, min_value: 1}
defaults: {environment: {STAGE: "at ${Stage} ${!Stage}"}, tags: {stage: "${Stage}"}}
environments:
  staging:
    account: "111122223333"
    region: eu-west-1
    defaults: {memory_size: 1024}
    network: {vpc: {max_azs: 3}}
  production:
    region: eu-central-1
    patterns:
      orders: {table: none, routes: {GET /orders: {table_access: none, code: other}}}
"""
ORDERS = """\
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler, table_access: read, description: "${Limit}"}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    for name in ("code", "other"):
        (project / name).mkdir(parents=True)
        (project / name / "app.py").write_text(f"def handler(event, context): return '{name}'\n")
    (project / "parts").mkdir()
    (project / "parts" / "orders.yaml").write_text(ORDERS)
    (project / "lambdakit.yaml").write_text(DOCUMENT)
    return project / "lambdakit.yaml"


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def _resources(assembly: Path, stack: str, type_name: str) -> list[dict[str, Any]]:
    template = _read(assembly / f"{stack}.template.json")
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == type_name]


def _files(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_one_assembly_holds_the_documents_stack_and_its_environments(compiler: Compiler, document: Path) -> None:
    assembly = compiler.synthesize(document)

    manifest = _read(assembly / "manifest.json")
    assert {
        name: artifact["environment"]
        for name, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    } == {
        "shop": "aws://unknown-account/unknown-region",
        "shop-staging": "aws://111122223333/eu-west-1",
        "shop-production": "aws://unknown-account/eu-central-1",
    }
    memory = {
        stack: _resources(assembly, stack, "AWS::Lambda::Function")[0]["MemorySize"]
        for stack in ("shop", "shop-staging", "shop-production")
    }
    assert memory == {"shop": 512, "shop-staging": 1024, "shop-production": 512}
    assert not _resources(assembly, "shop-production", "AWS::DynamoDB::GlobalTable")


def test_nothing_is_left_to_be_looked_up_in_an_account(compiler: Compiler, document: Path) -> None:
    assembly = compiler.synthesize(document)

    zones = [subnet["AvailabilityZone"] for subnet in _resources(assembly, "shop-staging", "AWS::EC2::Subnet")]
    assert "missing" not in _read(assembly / "manifest.json")
    assert zones == [{"Fn::Select": [place, {"Fn::GetAZs": ""}]} for place in range(3)]


def test_parameters_are_cloudformations_and_texts_refer_to_them(compiler: Compiler, document: Path) -> None:
    assembly = compiler.synthesize(document)

    for stack in ("shop", "shop-staging"):
        (function,) = _resources(assembly, stack, "AWS::Lambda::Function")
        declared = _read(assembly / f"{stack}.template.json")["Parameters"]
        assert declared["Stage"] == {
            "Type": "String",
            "Default": "dev",
            "AllowedValues": ["dev", "prod"],
            "Description": "which",
        }
        assert declared["Limit"] == {"Type": "Number", "Default": 5, "MinValue": 1}
        assert function["Environment"]["Variables"]["STAGE"] == {"Fn::Sub": "at ${Stage} ${!Stage}"}
        assert {"Key": "stage", "Value": {"Ref": "Stage"}} in function["Tags"]
        assert function["Description"] == {"Ref": "Limit"}


def test_the_source_map_leads_to_the_file_and_into_the_overlay(compiler: Compiler, document: Path) -> None:
    content = _read(compiler.synthesize(document) / "lambdakit-source-map.json")

    places = {stack: list(entries.values()) for stack, entries in content["stacks"].items()}
    assert (content["version"], content["base"], set(places)) == (
        1,
        ["shop"],
        {"shop", "shop-staging", "shop-production"},
    )
    table = {"pointer": "patterns.orders.table", "line": 4, "column": 5, "path": "parts/orders.yaml"}
    assert all(table in places[stack] for stack in ("shop", "shop-staging"))
    assert {"pointer": "environments.staging.network", "line": 12, "column": 5} in places["shop-staging"]
    assert not any(place["pointer"].startswith("environments") for place in places["shop"])


def test_the_same_input_gives_the_same_bytes_in_another_process(
    compiler: Compiler, document: Path, tmp_path: Path
) -> None:
    first = compiler.synthesize(document)

    with Compiler(validation=False, cache_directory=tmp_path / "another") as another:
        second = another.synthesize(document, tmp_path / "second")

    assert _files(first) == _files(second)


def test_one_environment_alone_has_the_same_stack(compiler: Compiler, document: Path) -> None:
    whole = compiler.synthesize(document)

    alone = compiler.synthesize(document, environment="staging")

    stacks = [path.name for path in alone.glob("*.template.json")]
    source_map = _read(alone / "lambdakit-source-map.json")
    assert stacks == ["shop-staging.template.json"]
    assert (alone / stacks[0]).read_bytes() == (whole / stacks[0]).read_bytes()
    assert source_map["stacks"] == {
        "shop-staging": _read(whole / "lambdakit-source-map.json")["stacks"]["shop-staging"]
    }
    assert "base" not in source_map


def test_a_stack_is_the_same_whether_files_and_environments_are_there_or_not(
    compiler: Compiler, document: Path, tmp_path: Path
) -> None:
    whole = compiler.synthesize(document)
    document.write_text(DOCUMENT.partition("environments:")[0].replace("include: [parts/orders.yaml]\n", "") + ORDERS)

    plain = compiler.synthesize(document)

    assert (plain / "shop.template.json").read_bytes() == (whole / "shop.template.json").read_bytes()
    assert set(_read(plain / "lambdakit-source-map.json")) == {"version", "stacks"}


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ("nothing", False),
        ("included file", True),
        ("comment in included file", True),
        ("code of an environment", True),
        ("overlay", True),
        ("another file", False),
    ],
)
def test_the_fingerprint_follows_every_file(document: Path, change: str, differs: bool) -> None:
    before = fingerprint(load(document), validation=True)
    project = document.parent
    match change:
        case "included file":
            (project / "parts" / "orders.yaml").write_text(ORDERS.replace("list_orders", "all_orders"))
        case "comment in included file":
            (project / "parts" / "orders.yaml").write_text(f"# mine\n{ORDERS}")
        case "code of an environment":
            (project / "other" / "app.py").write_text("def handler(event, context): return 1\n")
        case "overlay":
            document.write_text(DOCUMENT.replace("1024", "2048"))
        case "another file":
            (project / "parts" / "other.yaml").write_text(ORDERS)

    assert (fingerprint(load(document), validation=True) != before) is differs


def test_the_fingerprint_of_one_environment_is_another(document: Path) -> None:
    loaded = load(document, environment="staging")

    prints = {fingerprint(loaded, validation=True, environment=each) for each in (None, "staging")}

    assert len(prints) == 2


def test_a_changed_file_gives_another_assembly(compiler: Compiler, document: Path) -> None:
    compiler.synthesize(document)
    (document.parent / "parts" / "orders.yaml").write_text(ORDERS.replace("order_id", "id"))

    assembly = compiler.synthesize(document)

    (table,) = _resources(assembly, "shop", "AWS::DynamoDB::GlobalTable")
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]


def test_context_reaches_the_cdk(compiler: Compiler, document: Path) -> None:
    flag = '"@aws-cdk/aws-lambda:useCdkManagedLogGroup"'
    document.write_text(f"context: {{{flag}: false}}\n{DOCUMENT}")

    with_context = compiler.synthesize(document)

    assert _read(with_context / "tree.json")
    report = _read(with_context / "manifest.json")["artifacts"]["aws-cdk-lib/feature-flag-report"]
    flags = report["properties"]["flags"]
    assert flags["@aws-cdk/aws-lambda:useCdkManagedLogGroup"]["userValue"] is False


def test_context_that_the_cdk_refuses_is_a_diagnostic(compiler: Compiler, document: Path) -> None:
    document.write_text(f'context: {{"@aws-cdk/core:enableStackNameDuplicates": true}}\n{DOCUMENT}')

    with pytest.raises(SynthesisError) as caught:
        compiler.synthesize(document)

    assert caught.value.diagnostics[0].code == "LK400"


def test_an_unknown_environment_is_refused_before_anything_is_made(compiler: Compiler, document: Path) -> None:
    with pytest.raises(DocumentError, match="write staging"):
        compiler.synthesize(document, environment="stagin")


# What only the CDK's validation knows to be wrong, when DELAY is no number.
RAW = """\
cloudformation:
  Jobs: {Type: "AWS::SQS::Queue", Properties: {DelaySeconds: DELAY}}
"""


def test_a_finding_in_every_stack_is_said_once(validating_compiler: Compiler, document: Path) -> None:
    (document.parent / "parts" / "orders.yaml").write_text(ORDERS + RAW.replace("DELAY", "many"))

    with pytest.raises(SynthesisError) as caught:
        validating_compiler.synthesize(document)

    (found,) = caught.value.diagnostics
    assert (Path(found.path).name, found.line) == ("orders.yaml", 8)
    assert "environment" not in found.problem


def test_a_finding_of_an_environment_is_told_in_its_overlay(
    validating_compiler: Compiler, document: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (document.parent / "parts" / "orders.yaml").write_text(ORDERS + RAW.replace("DELAY", "5"))
    overlay = "  broken: {cloudformation: {More: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: many}}}}\n"
    document.write_text(DOCUMENT + overlay)

    with caplog.at_level(logging.ERROR), pytest.raises(SynthesisError) as caught:
        validating_compiler.synthesize(document)

    assert {(Path(each.path).name, each.line) for each in caught.value.diagnostics} == {("lambdakit.yaml", 17)}
    assert all(each.pointer.startswith("environments.broken.cloudformation") for each in caught.value.diagnostics)


@pytest.mark.parametrize(
    ("stacks", "problems"),
    [
        (["shop"], ["is wrong"]),
        (["shop", "shop-staging", "shop-production"], ["is wrong"]),
        (["shop-staging", "shop-production"], ["is wrong (in the environment staging)"]),
    ],
)
def test_a_finding_at_a_line_of_the_document_names_the_environment_that_alone_has_it(
    document: Path, stacks: list[str], problems: list[str]
) -> None:
    loaded = load(document)
    source_map = SourceMap(loaded, list(loaded.environments.values()))
    for stack in stacks:
        source_map.of(stack).record(f"{stack}/orders", ("patterns", "orders"))

    found = said_once(
        found_by_validation(f"{stack}/orders/Api", "is wrong", "", source_map, path="a/lambdakit.yaml", code="LK420")
        for stack in stacks
    )

    assert [each.problem for each in found] == problems
    assert {(each.path, each.line, each.pointer) for each in found} == {("a/parts/orders.yaml", 2, "patterns.orders")}


def test_where_the_stack_is_stands_in_texts_without_parameters(compiler: Compiler, document: Path) -> None:
    texts = '{REGION: "${AWS::Region}", QUEUE: "sqs.${AWS::Region}.${x}", ITSELF: "${!AWS::Region} ${!x}"}'
    document.write_text(
        f"application: shop\ndefaults: {{environment: {texts}}}\n" + ORDERS.replace("${Limit}", "in ${AWS::StackName}")
    )

    assembly = compiler.synthesize(document)

    (function,) = _resources(assembly, "shop", "AWS::Lambda::Function")
    variables = function["Environment"]["Variables"]
    assert {name: variables[name] for name in ("REGION", "QUEUE", "ITSELF")} == {
        "REGION": {"Ref": "AWS::Region"},
        "QUEUE": {"Fn::Join": ["", ["sqs.", {"Ref": "AWS::Region"}, ".${x}"]]},
        # As plain text, the CDK's validation takes it for a forgotten function (E1029).
        "ITSELF": {"Fn::Sub": "${!AWS::Region} ${!!x}"},
    }
    assert function["Description"] == {"Fn::Join": ["", ["in ", {"Ref": "AWS::StackName"}]]}


@pytest.mark.parametrize("stack", ["shop", "shop-bare"])
def test_an_escaped_text_is_the_same_without_the_parameters(compiler: Compiler, document: Path, stack: str) -> None:
    document.write_text(
        "application: shop\nparameters: {Stage: {default: dev}}\nenvironments: {bare: {parameters: none}}\n"
        'defaults: {environment: {HOME_OF: "${!HOME} and $HOME", EMPTY: ""}}\n'
        + ORDERS.replace("${Limit}", "at ${!Stage}")
    )

    assembly = compiler.synthesize(document)

    (function,) = _resources(assembly, stack, "AWS::Lambda::Function")
    # As plain text, the CDK's validation refuses it where there is such a parameter (E1029).
    assert function["Description"] == ({"Fn::Sub": "at ${!Stage}"} if stack == "shop" else "at ${Stage}")
    assert function["Environment"]["Variables"]["HOME_OF"] == "${HOME} and $HOME"
    assert function["Environment"]["Variables"]["EMPTY"] == ""
