"""`lambdakit` as a user calls it: a process of its own, its output, its exit code, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fakes.waiting import wait_until

DOCUMENT = Path(__file__).parents[2] / "patterns" / "api_backend" / "lambdakit.yaml"
LAMBDAKIT = (sys.executable, "-m", "lambdakit")


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where the command puts what is temporary."""
    path = tmp_path / "temporary"
    path.mkdir()
    return path


@pytest.fixture
def variables(temporary: Path) -> Mapping[str, str]:
    return {**os.environ, "TMPDIR": str(temporary)}


def run(*arguments: str | Path, variables: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LAMBDAKIT, *arguments], input=stdin, capture_output=True, text=True, check=False, env=variables, timeout=120
    )


def processes_with(temporary: Path) -> list[str]:
    """The processes whose environment names the directory: those that the command started."""
    needle = f"TMPDIR={temporary}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def assert_nothing_left(temporary: Path) -> None:
    assert processes_with(temporary) == []
    assert list(temporary.iterdir()) == []


def test_demo_shows_what_happened_and_leaves_nothing(variables: Mapping[str, str], temporary: Path) -> None:
    shown = run("demo", variables=variables)

    assert (shown.returncode, shown.stderr) == (0, "")
    for line in (
        r"request +POST /orders",
        r"cold start +create_order  init [\d.]+ m?s",
        r"table write +dynamodb PutItem ordersTable",
        r"invocation +create_order  [\d.]+ m?s, \d+ MB",
        r"answer +201 after [\d.]+ m?s",
        r"table read +dynamodb Scan",
        r"table write +dynamodb DeleteItem",
        r"answer +404 after",
        r"5 invocations \(\d+ ms billed\), 4 cold starts",
    ):
        assert re.search(line, shown.stdout), line
    assert_nothing_left(temporary)


def test_invoke_prints_the_answer_and_the_log_apart(variables: Mapping[str, str], temporary: Path) -> None:
    event = DOCUMENT.parent / "events" / "create_order.json"

    called = run("invoke", DOCUMENT, "create_order", "--event", event, "--qualifier", "live", variables=variables)

    assert called.returncode == 0
    assert json.loads(called.stdout)["statusCode"] == 201
    assert '"type":"platform.report"' in called.stderr  # the pattern's functions log JSON
    assert_nothing_left(temporary)


def test_invoke_of_a_function_that_fails_ends_with_1(variables: Mapping[str, str]) -> None:
    called = run("invoke", DOCUMENT, "read_order", "--event", "-", variables=variables, stdin='{"no": "path"}')

    assert called.returncode == 1
    assert json.loads(called.stdout)["errorType"] == "KeyError"
    log, _, happened = called.stderr.partition("what happened:\n")
    assert '"errorType": "KeyError"' in log
    assert re.search(r"invocation +read_order  KeyError after .*: 'pathParameters'\n", happened)
    assert 'File "/var/task/app.py", line ' in happened


@pytest.mark.parametrize(
    ("function", "qualifier", "problem"),
    [
        ("create_ordr", "live", "there is no function 'create_ordr'; nearest are shop/orders/create_order"),
        ("order", "live", "function: 'order' means 4 of them"),
        ("create_order", "nope", "the Lambda API refused the call: ResourceNotFoundException: "),
    ],
)
def test_invoke_of_what_is_not_there_is_refused(
    variables: Mapping[str, str], temporary: Path, function: str, qualifier: str, problem: str
) -> None:
    refused = run("invoke", DOCUMENT, function, "--qualifier", qualifier, variables=variables)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert problem in refused.stderr
    assert "Traceback" not in refused.stderr
    assert_nothing_left(temporary)


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.exhaustive)])
def test_run_serves_until_it_is_told_to_stop_and_leaves_nothing(
    variables: Mapping[str, str], temporary: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [*LAMBDAKIT, "run", DOCUMENT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables
    )
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    url = next(line.split(": ", 1)[1].strip() for line in lines if line.startswith("http_api "))
    with urllib.request.urlopen(f"{url}/orders") as answer:
        assert json.load(answer) == {"orders": []}
    assert any("answer       200" in line for line in lines)

    process.send_signal(number)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 128 + number
    assert errors == ""
    assert_nothing_left(temporary)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])))


@pytest.mark.parametrize("begun", ["lambdakit.harness", "node"])
def test_interrupt_while_it_starts_leaves_nothing(variables: Mapping[str, str], temporary: Path, begun: str) -> None:
    """begun: in the command of what has started already, first the harness and then what synthesizes."""
    process = subprocess.Popen(
        [*LAMBDAKIT, "run", DOCUMENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**variables, "XDG_CACHE_HOME": str(temporary.parent / "cold")},
    )
    wait_until(lambda: any(begun in each for each in processes_with(temporary)), f"{begun} does not start")

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert process.returncode in (130, -signal.SIGINT)
    # What had only just been started ends by itself, as its input does.
    wait_until(lambda: processes_with(temporary) == [], lambda: f"{processes_with(temporary)} are left")
    assert_nothing_left(temporary)


@pytest.mark.parametrize("command", [("serve",), ("run", DOCUMENT)], ids=["serve", "run"])
def test_port_in_use_is_a_message(
    variables: Mapping[str, str], temporary: Path, command: tuple[str | Path, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        refused = run(*command, "--port", str(port), variables=variables)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert re.search(rf"port {port} .* cannot be used: Address already in use \[LK501\]\n  hint: ", refused.stderr)
    assert_nothing_left(temporary)


def test_what_cannot_be_deployed_is_a_message(variables: Mapping[str, str], temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    for source in (tmp_path / "empty", tmp_path / "nowhere.yaml", Path(__file__)):
        refused = run("run", source, variables=variables)

        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"{source}: ")
        assert refused.stderr.count("\n") <= 2
    assert_nothing_left(temporary)


def test_new_project_passes_its_own_test_and_deploys_as_a_cdk_project(
    variables: Mapping[str, str], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    assert run("init", project, variables=variables).returncode == 0

    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=project, capture_output=True, text=True, check=False, env=variables
    )

    assert tested.returncode == 0, tested.stdout
    deployed = run("invoke", project, "list_orders", variables=variables)
    assert json.loads(deployed.stdout)["statusCode"] == 200


def test_cdk_cli_that_cannot_be_installed_is_a_message(variables: Mapping[str, str], tmp_path: Path) -> None:
    offline = {
        **variables,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "npm_config_cache": str(tmp_path / "npm"),
        "npm_config_registry": "http://127.0.0.1:9",
    }

    refused = run("cdk", "--version", variables=offline)

    assert refused.returncode == 1
    assert refused.stderr.startswith(
        "npm could not install aws-cdk@^2.1147 (exit status 1) [LK554]\n  hint: connect to"
    )
    assert not list((tmp_path / "cache" / "lambdakit").glob("*cdk-*"))
