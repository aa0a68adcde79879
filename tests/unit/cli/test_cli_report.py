"""`lambdakit report`: what it refuses before anything runs, and reports of earlier runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application
from lambdakit.cli.report_text import reachability_text
from lambdakit.session.permission_report import read_wire, to_file
from lambdakit.session.reachability import Reach, Reachability
from tests.fakes.permission_reports import LOG_STREAM, TABLE, denial, grant, role, use

QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"


def run(*arguments: str | Path) -> Result:
    texts = ("report", *map(str, arguments))
    return CliRunner().invoke(application(texts), texts, prog_name="lambdakit")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    roles = [
        role(
            "Role1",
            "create",
            grants=[
                grant("dynamodb:PutItem", "dynamodb:GetItem", used=("dynamodb:PutItem",)),
                grant("sqs:SendMessage", resources=[QUEUE], statement=2, sid="Jobs"),
            ],
            used=[
                use("dynamodb:PutItem"),
                use("s3:GetObject", "arn:aws:s3:::shop/a"),
                use("s3:GetObject", "arn:aws:s3:::shop/b"),
                use("logs:PutLogEvents", LOG_STREAM, by_platform=True),
            ],
            denied=[denial("dynamodb:DeleteItem"), denial("kms:Decrypt", "*", statement="")],
        ),
        role("Role2", "Logs", of_the_cdk=True, grants=[grant("logs:PutRetentionPolicy")]),
        role("Role3"),
    ]
    file = tmp_path / "permissions.json"
    file.write_text(json.dumps(to_file(read_wire({"roles": roles}, ()))))
    return file


def test_saved_report_is_told_line_by_line(saved: Path) -> None:
    shown = run("permissions", saved)

    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.splitlines() == [
        "create",
        "  stack shop: Role1, app.yaml:9",
        f"  used     dynamodb:PutItem on {TABLE}",
        "  used     s3:GetObject on arn:aws:s3:::shop/*  (2 resources)",
        "  used     logs:PutLogEvents on arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/create:*"
        "  (by Lambda itself)",
        f"  too wide 1 of 2 actions never used: dynamodb:GetItem on {TABLE}; statement 1 of orders",
        f"  unused   sqs:SendMessage on {QUEUE}; statement 2 (Jobs) of orders",
        f"  denied   dynamodb:DeleteItem on {TABLE} because no identity-based policy allows the dynamodb:DeleteItem "
        "action",
        '           {"Effect": "Allow"}',
        "           to stack shop: CreateRole1",
        "  denied   kms:Decrypt on * because no identity-based policy allows the kms:Decrypt action",
        "           see stack shop: CreateRole1",
        "",
        "Role3",
        "  stack shop: Role3, app.yaml:9",
        "  nothing is granted, used or denied",
        "",
        "Logs  (made by the CDK for itself)",
        "  stack shop: Role2, app.yaml:9",
        f"  unused   logs:PutRetentionPolicy on {TABLE}; statement 1 of orders",
        "",
        "permissions used: 4, grants never used: 1, actions never used: 2, denied: 2",
        "what create used, as a policy: --minimal-policy create",
    ]


def test_reachability_tells_below_a_closed_way_what_would_open_it() -> None:
    rows = (
        Reach(function="create", service="dynamodb", reachable=True, path="subnet a -> gateway endpoint vpce-1"),
        Reach(function="create", service="sqs", reachable=True, path="tgw-1 (not known here)", judged=False),
        Reach(
            function="list", service="s3", reachable=False, reason="subnet a has no way to s3", fix="add an endpoint"
        ),
    )

    shown = reachability_text(Reachability(rows=rows, coverage="every socket", _functions=(), _ask=lambda name: {}))

    assert shown.splitlines() == [
        "FUNCTION  SERVICE   REACHED    THROUGH, OR WHAT IS MISSING",
        "create    dynamodb  yes        subnet a -> gateway endpoint vpce-1",
        "create    sqs       not known  tgw-1 (not known here)",
        "list      s3        no         subnet a has no way to s3",
        "  would open it: add an endpoint",
        "",
        "ways looked at: 3, closed: 1; enforced in this run: every socket",
    ]


def test_saved_report_is_json_again(saved: Path) -> None:
    shown = run("permissions", saved, "--format", "json")

    assert shown.exit_code == 0
    assert json.loads(shown.stdout) == json.loads(saved.read_text())


def test_minimal_policy_is_printed_alone(saved: Path) -> None:
    shown = run("permissions", saved, "--minimal-policy", "create")

    assert [statement["Action"] for statement in json.loads(shown.stdout)["Statement"]] == [
        ["dynamodb:PutItem"],
        ["logs:PutLogEvents"],
        ["s3:GetObject"],
    ]


def test_minimal_policy_of_nobody_lists_the_roles(saved: Path) -> None:
    refused = run("permissions", saved, "--minimal-policy", "craete")

    assert refused.exit_code == 1
    assert "there is no role 'craete'; nearest are" in refused.stderr


@pytest.mark.parametrize(
    ("options", "findings"),
    [
        ((), []),
        (("--fail-on", "unused"), [f"unused: create: sqs:SendMessage on {QUEUE} (statement 2 Jobs of orders)"]),
        (
            ("--fail-on", "unused-actions", "--fail-on", "unused"),
            [
                f"unused-actions: create: dynamodb:GetItem on {TABLE} (orders)",
                f"unused-actions: create: sqs:SendMessage on {QUEUE} (orders)",
                f"unused: create: sqs:SendMessage on {QUEUE} (statement 2 Jobs of orders)",
            ],
        ),
        (
            ("--fail-on", "denied"),
            [
                f"denied: create: dynamodb:DeleteItem on {TABLE} because no identity-based policy allows the "
                "dynamodb:DeleteItem action",
                "denied: create: kms:Decrypt on * because no identity-based policy allows the kms:Decrypt action",
            ],
        ),
    ],
)
def test_findings_that_were_asked_for_fail(saved: Path, options: tuple[str, ...], findings: list[str]) -> None:
    shown = run("permissions", saved, *options)

    assert shown.exit_code == (1 if findings else 0)
    assert shown.stderr.splitlines() == [f"{finding} [LK565]" for finding in findings]
    assert "permissions used: 4" in shown.stdout


def test_findings_that_are_not_there_do_not_fail(tmp_path: Path) -> None:
    file = tmp_path / "permissions.json"
    file.write_text(json.dumps(to_file(read_wire({"roles": [role("Role1", "create")]}, ()))))

    assert run("permissions", file, "--fail-on", "unused", "--fail-on", "denied").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(("permissions",), "name what to report on", id="no source"),
        pytest.param(("permissions", "a.json", "--events", "events"), "runs nothing", id="report with events"),
        pytest.param(("permissions", "a.json", "--exercise", "true"), "runs nothing", id="report with a command"),
        pytest.param(("permissions", "a.yaml", "--fail-on", "unreachable"), "are not unreachable", id="other finding"),
        pytest.param(("reachability", "a.yaml", "--fail-on", "unused"), "are not unused", id="another finding"),
        pytest.param(("nonsense",), "nonsense", id="unknown subject"),
    ],
)
def test_wrong_command_line_is_a_usage_error(arguments: tuple[str, ...], problem: str) -> None:
    refused = run(*arguments)

    assert refused.exit_code == 2
    assert problem in " ".join(refused.stderr.replace("│", " ").split())


def test_source_that_nothing_would_run_is_refused() -> None:
    refused = run("permissions", "app.yaml")

    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        "app.yaml: nothing would run the functions: what was never called was never used [LK560]",
        "  hint: pass --events DIR with events called <function>.json, or --exercise COMMAND",
    ]


def test_file_that_is_no_report_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "package.json"
    file.write_text("{}")

    refused = run("permissions", file)

    assert refused.exit_code == 1
    assert "the file is no report of permissions" in refused.stderr
    assert "Traceback" not in refused.output


@pytest.mark.parametrize("subject", ["cost", "cold-starts"])
def test_other_reports_are_not_built(subject: str) -> None:
    refused: Any = run(subject, "app.yaml")

    assert refused.exit_code == 1
    assert f"lambdakit report {subject} app.yaml is not built yet [LK510]" in refused.stderr
