from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lambdakit.compiler.child_environment import bundled_node, child_variables
from lambdakit.compiler.fingerprint import fingerprint
from lambdakit.compiler.jsii_errors import refused_by_cdk, refused_by_construct
from lambdakit.compiler.source_map import SourceMap
from lambdakit.compiler.validation_report import REPORT_FILE, read_findings
from lambdakit.errors import Diagnostic, SynthesisError
from lambdakit.spec.document import Document, load

DOCUMENT = """\
application: shop
layers: {shared: {code: layer}}
patterns:
  orders:
    kind: api_backend
    routes:
      GET /v1.0/orders:
        name: list_orders
        code: code
        handler: app.handler
        alias: {provisioned_concurrent_executions: 1}
"""


@pytest.fixture
def document(tmp_path: Path) -> Document:
    for directory in ("code", "layer"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "app.py").write_text("def handler(event, context): return event\n")
    (tmp_path / "lambdakit.yaml").write_text(DOCUMENT)
    return load(tmp_path / "lambdakit.yaml")


@pytest.fixture
def source_map(document: Document) -> SourceMap:
    source_map = SourceMap(document)
    source_map.record("shop", ())
    source_map.record("shop/orders", ("patterns", "orders"))
    source_map.record("shop/orders/list_orders", ("patterns", "orders", "routes", "GET /v1.0/orders"))
    return source_map


def test_the_child_gets_nothing_of_aws_nor_what_changes_the_cdk(tmp_path: Path) -> None:
    variables = {
        "PATH": "/bin",
        "HOME": "/home/someone",
        "LC_ALL": "C",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_PROFILE": "production",
        "CDK_CONTEXT_JSON": "{}",
        "CDK_OUTDIR": "/elsewhere",
        "CI": "true",
        "JSII_DEBUG": "1",
        "NODE_OPTIONS": "--inspect",
        "PYTEST_VERSION": "9",
    }

    kept = child_variables(variables, temporary_directory=tmp_path)

    assert {name for name in variables if name in kept} == {"PATH", "HOME", "LC_ALL"}
    assert kept["JSII_NODE"] == str(bundled_node())
    assert kept["TMPDIR"] == str(tmp_path)


def test_jsii_keeps_nothing_where_it_may_not_write(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home, none = {"HOME": str(tmp_path)}, {"HOME": str(tmp_path / "file" / "home")}
    own = {**none, "JSII_RUNTIME_PACKAGE_CACHE_ROOT": "/cache", "JSII_RUNTIME_PACKAGE_CACHE": "enabled"}

    told = [child_variables(each, temporary_directory=tmp_path) for each in (home, none, own, {})]

    assert [each.get("JSII_RUNTIME_PACKAGE_CACHE") for each in told] == [None, "disabled", "enabled", None]


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ("nothing", False),
        ("bytecode", False),
        ("document", True),
        ("comment in document", True),
        ("code", True),
        ("new file", True),
        ("renamed file", True),
        ("executable bit", True),
        ("layer", True),
        ("link", True),
        ("validation", True),
    ],
)
def test_the_fingerprint_follows_everything_that_is_read(document: Document, change: str, differs: bool) -> None:
    before = fingerprint(document, validation=True)
    code = document.directory / "code"
    match change:
        case "bytecode":
            (code / "__pycache__").mkdir()
            (code / "__pycache__" / "app.pyc").write_bytes(b"bytecode")
        case "document":
            document.path.write_text(DOCUMENT.replace("list_orders", "all_orders"))
        case "comment in document":
            document.path.write_text(f"# mine\n{DOCUMENT}")
        case "code":
            (code / "app.py").write_text("def handler(event, context): return 1\n")
        case "new file":
            (code / "rates.json").write_text("{}")
        case "renamed file":
            (code / "app.py").rename(code / "other.py")
        case "executable bit":
            (code / "app.py").chmod(0o755)
        case "layer":
            (document.directory / "layer" / "app.py").write_text("")
        case "link":
            (code / "link.py").symlink_to("app.py")

    after = fingerprint(document, validation=change != "validation")

    assert (after != before) is differs


def test_a_pipe_beside_the_code_is_not_waited_for(document: Document) -> None:
    before = fingerprint(document, validation=True)
    os.mkfifo(document.directory / "code" / "pipe")

    after = fingerprint(document, validation=True)

    assert after != before


def test_every_construct_has_the_place_of_the_nearest_recorded_one(source_map: SourceMap) -> None:
    route = ("patterns", "orders", "routes", "GET /v1.0/orders")

    assert source_map.origin("shop/orders/list_orders/Function/Resource") == route
    assert source_map.origin("shop/orders/Api/Resource") == ("patterns", "orders")
    assert source_map.origin("shop/orders2") == ()
    assert source_map.origin("other") is None
    assert source_map.place(route) == (7, 7)


@pytest.mark.parametrize(
    ("message", "problem", "pointer"),
    [
        (
            "ValidationError: Something is off.\n    at new Function (/tmp/x.js:1:1)\n    at y",
            "something is off",
            "",
        ),
        (
            "There is already a Construct with name 'Api' in ApiBackend [shop/orders]",
            "there is already a Construct with name 'Api' in ApiBackend [shop/orders]",
            "patterns.orders",
        ),
        ("TooManyResourcesInStack: Number of resources is 501", "number of resources is 501", ""),
        ("AWS says no\n  twice", "AWS says no; twice", ""),
        ("", "the CDK gave no reason", ""),
    ],
    ids=["class and stack", "construct", "code", "lines", "empty"],
)
def test_what_the_cdk_says_is_cut_to_what_helps(
    source_map: SourceMap, message: str, problem: str, pointer: str
) -> None:
    (found,) = refused_by_cdk(RuntimeError(message), source_map, path="lambdakit.yaml").diagnostics

    assert (found.problem, found.pointer, found.path, found.code) == (problem, pointer, "lambdakit.yaml", "LK400")


@pytest.mark.parametrize(
    ("setting", "pointer", "line"),
    [
        ("shop/orders/list_orders.handler", 'patterns.orders.routes."GET /v1.0/orders".handler', 10),
        (
            "shop/orders/list_orders.provisioned_concurrent_executions",
            'patterns.orders.routes."GET /v1.0/orders".alias.provisioned_concurrent_executions',
            11,
        ),
        ("shop/orders/list_orders.memory_size", 'patterns.orders.routes."GET /v1.0/orders".memory_size', 7),
        ('shop/orders.routes."GET /v1.0/orders".name', 'patterns.orders.routes."GET /v1.0/orders".name', 8),
        ("shop/orders.cors.max_age", "patterns.orders.api.cors.max_age", 4),
        ("shop/orders", "patterns.orders", 4),
    ],
)
def test_a_constructs_setting_is_told_under_the_documents_name(
    source_map: SourceMap, setting: str, pointer: str, line: int
) -> None:
    error = SynthesisError(Diagnostic(pointer=setting, problem="is wrong", code="LK401", hint="mend it"))

    (found,) = refused_by_construct(error, source_map, path="lambdakit.yaml").diagnostics

    assert (found.pointer, found.line) == (pointer, line)
    assert (found.problem, found.code, found.hint) == ("is wrong", "LK401", "mend it")


def violation(severity: str) -> dict[str, object]:
    return {
        "ruleName": "F3002",
        "description": "'A' was unexpected.",
        "severity": severity,
        "violatingConstructs": [
            {
                "constructPath": "shop/orders/list_orders/Function/Resource",
                "cloudFormationResource": {
                    "logicalId": "Function76856677",
                    "propertyPaths": ["Properties.Environment.Variables.A"],
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("severity", "errors", "warnings"), [("fatal", 1, 0), ("error", 1, 0), ("warning", 0, 1), ("info", 0, 1)]
)
def test_findings_of_the_validation_are_diagnostics(
    source_map: SourceMap, tmp_path: Path, severity: str, errors: int, warnings: int
) -> None:
    report = {"pluginReports": [{"pluginName": "CloudFormation Validate", "violations": [violation(severity)]}]}
    (tmp_path / REPORT_FILE).write_text(json.dumps(report))

    findings = read_findings(tmp_path, source_map, path="lambdakit.yaml")

    assert (len(findings.errors), len(findings.warnings)) == (errors, warnings)
    assert (findings.errors + findings.warnings)[0].render() == (
        'lambdakit.yaml:7:7: patterns.orders.routes."GET /v1.0/orders": '
        "'A' was unexpected (rule F3002 of the CDK's validation, "
        "at Function76856677 Properties.Environment.Variables.A) [LK420]"
    )


@pytest.mark.parametrize(
    ("description", "pointer"),
    [
        ("Outputs/OrdersUrl/Value: Output 'OrdersUrl' value must be a string", "outputs.OrdersUrl"),
        ("Parameters/Stage/Default: Parameter 'Stage' Default 'a' does not match", "parameters.Stage"),
        ("Circular dependency in conditions: IsProd -> IsLarge", "conditions.IsProd"),
        ("Something about the whole template", ""),
    ],
)
def test_a_finding_about_no_resource_is_told_at_its_section(
    source_map: SourceMap, tmp_path: Path, description: str, pointer: str
) -> None:
    about = {"ruleName": "F1", "description": description, "severity": "error", "violatingConstructs": [{}]}
    report = {"pluginReports": [{"pluginName": "CloudFormation Validate", "violations": [about]}]}
    (tmp_path / REPORT_FILE).write_text(json.dumps(report))

    (found,) = read_findings(tmp_path, source_map, path="lambdakit.yaml").errors

    assert found.pointer == pointer


def test_without_a_report_there_are_no_findings(source_map: SourceMap, tmp_path: Path) -> None:
    findings = read_findings(tmp_path, source_map, path="lambdakit.yaml")

    assert findings.errors == findings.warnings == ()
