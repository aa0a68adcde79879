from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import COMMANDS, application
from lambdakit.cli.explanations import EXPLANATIONS

PACKAGE = Path(__file__).parents[3] / "lambdakit"


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(application(arguments), arguments, input=stdin, prog_name="lambdakit")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "app.py").write_text("def handler(event, context):\n    return event\n")
    path = tmp_path / "lambdakit.yaml"
    path.write_text(
        "application: shop\n"
        "patterns:\n"
        "  orders:\n"
        "    kind: api_backend\n"
        "    routes:\n"
        "      GET /orders: {code: functions, handler: app.handler, runtime: python3.13}\n"
    )
    return path


@pytest.fixture
def broken(document: Path) -> Path:
    document.write_text(document.read_text() + "defaults: {timeout: 1000s, memory_sizes: 512}\n")
    return document


def test_help_names_every_command() -> None:
    shown = run("--help").stdout

    assert all(re.search(rf"^  {command} ", shown, re.MULTILINE) for command in COMMANDS)


def test_help_says_each_command_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    shown = run("--help").stdout.partition("Commands:")[2]

    assert "..." not in shown
    assert "Report all errors of a document, of its files and of its\n            environments, at once." in shown


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "cdk"])
def test_every_command_has_its_own_help(command: str) -> None:
    shown = run(command, "--help")

    assert shown.exit_code == 0
    assert f"Usage: lambdakit {command}" in shown.stdout


def test_misspelt_command_is_a_usage_error_with_the_nearest() -> None:
    refused = run("vaildate")

    assert refused.exit_code == 2
    assert "vaildate" in refused.stderr


def test_version_is_printed() -> None:
    assert re.fullmatch(r"lambdakit \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "cost"),
        ("report", "cold-starts"),
        ("run", "a.yaml", "--watch"),
    ],
    ids=" ".join,
)
def test_what_is_not_built_is_refused_with_one_message(arguments: tuple[str, ...]) -> None:
    refused = run(*arguments)

    assert refused.exit_code == 1
    assert "is not built yet [LK510]" in refused.stderr
    assert refused.stdout == ""


def test_checks_that_are_not_installed_are_a_message(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cdk_nag", None)

    refused = run("synth", str(document), "--check")

    assert refused.exit_code == 1
    assert "the checks need cdk-nag, which the base installation leaves out [LK424]" in refused.stderr
    assert 'pip install "lambdakit[check]"' in refused.stderr


def test_valid_document_is_said_to_be_so(document: Path) -> None:
    checked = run("validate", str(document))

    assert (checked.exit_code, checked.stdout) == (0, f"{document}: valid\n")


def test_every_error_of_a_document_is_reported_at_once(broken: Path) -> None:
    checked = run("validate", str(broken))

    assert checked.exit_code == 1
    assert checked.stdout == ""
    places = [line for line in checked.stderr.splitlines() if line.startswith(f"{broken}:7:")]
    assert len(places) == 2


@pytest.mark.parametrize("output_format", ["text", "json", "sarif", "github"])
def test_missing_document_is_an_error_in_every_format(tmp_path: Path, output_format: str) -> None:
    checked = run("validate", str(tmp_path / "none.yaml"), "--format", output_format)

    assert checked.exit_code == 1
    assert "LK100" in checked.stdout + checked.stderr
    assert "Traceback" not in checked.output


def test_json_carries_every_field(broken: Path) -> None:
    report = json.loads(run("validate", str(broken), "--format", "json").stdout)

    assert report["valid"] is False
    assert {item["line"] for item in report["diagnostics"]} == {7}
    assert set(report["diagnostics"][0]) == {"problem", "code", "path", "line", "column", "pointer", "hint"}


def test_json_of_a_valid_document_has_no_diagnostics(document: Path) -> None:
    assert json.loads(run("validate", str(document), "--format", "json").stdout) == {"valid": True, "diagnostics": []}


def test_sarif_has_a_result_and_a_rule_for_each_error(broken: Path) -> None:
    log = json.loads(run("validate", str(broken), "--format", "sarif").stdout)

    (result, *_) = log["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]
    assert log["version"] == "2.1.0"
    assert location["artifactLocation"]["uri"] == str(broken)
    assert location["region"]["startLine"] == 7
    rules = {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert rules == {item["ruleId"] for item in log["runs"][0]["results"]}


def test_github_has_one_escaped_command_a_line(broken: Path) -> None:
    lines = run("validate", str(broken), "--format", "github").stdout.splitlines()

    assert len(lines) == 2
    assert all(re.match(rf"::error file={broken},line=7,col=\d+,title=LK1\d\d::\S", line) for line in lines)
    assert "%0Ahint: " in lines[0]


def test_schema_is_json(document: Path) -> None:
    assert json.loads(run("schema").stdout)["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize("code", ["LK114", "lk114", "LK201", "LK310", "LK452", "LK510", "LK540"])
def test_code_is_explained(code: str) -> None:
    explained = run("explain", code)

    assert explained.exit_code == 0
    assert explained.stdout.startswith(f"{code.upper()}: ")


def test_unknown_code_is_refused_with_the_nearest() -> None:
    refused = run("explain", "LK311O")

    assert refused.exit_code == 1
    assert "LK311" in refused.stderr


def test_every_code_that_a_diagnostic_can_have_is_explained() -> None:
    used = {code for source in PACKAGE.rglob("*.py") for code in re.findall(r'"(LK[1-5]\d\d)"', source.read_text())}

    assert used - set(EXPLANATIONS) == set()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "the event cannot be read"),
        ("{", "event.json:1:2: the event is no JSON"),
        ("", "1:1: the event is no JSON"),
    ],
)
def test_event_that_cannot_be_used_is_refused_before_anything_starts(
    tmp_path: Path, document: Path, content: str | None, problem: str
) -> None:
    event = tmp_path / "event.json"
    if content is not None:
        event.write_text(content)

    refused = run("invoke", str(document), "get_orders", "--event", str(event))

    assert refused.exit_code == 1
    assert problem in refused.stderr


def test_event_on_stdin_is_named_as_such(document: Path) -> None:
    refused = run("invoke", str(document), "get_orders", "--event", "-", stdin="nonsense")

    assert refused.stderr.startswith("<stdin>:1:1: the event is no JSON")


def test_synth_refuses_a_directory_of_something_else(document: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")

    refused = run("synth", str(document), "-o", str(tmp_path / "mine"))

    assert refused.exit_code == 1
    assert "[LK431]" in refused.stderr
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_start_of_the_command_loads_nothing_heavy() -> None:
    code = (
        "import sys; from lambdakit.cli.application import application; application(['--help']);"
        "print([m for m in sys.argv[1:] if m in sys.modules])"
    )
    heavy = [
        "aws_cdk",
        "jsii",
        "boto3",
        "httpx",
        "moto",
        "pydantic",
        "rich",
        "ruamel.yaml",
        "lambdakit.session.harness",
    ]

    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_module_can_be_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lambdakit", "validate", "none.yaml"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
    )

    assert done.returncode == 1
    assert done.stderr.startswith("none.yaml: ")
