"""`lambdakit serve` as another shell sees it: what it prints, what an SDK can do with that, and how it ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.waiting import wait_until

LAMBDAKIT = (sys.executable, "-m", "lambdakit")
_LINES = 15
_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running `lambdakit serve`. head: its first line; script: what a shell runs; exports: what that sets."""

    process: subprocess.Popen[str]
    head: str
    script: str
    exports: Mapping[str, str]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.exports["AWS_ENDPOINT_URL"].rpartition(":")[2])

    def python(self, program: str) -> str:
        """What a program of another shell prints, which knows nothing but what was printed here."""
        command = f"{self.script}\nexec {shlex.quote(sys.executable)} -c {shlex.quote(program)}"
        surroundings = {**os.environ, "AWS_SESSION_TOKEN": "real", "AWS_PROFILE": "of another account"}
        return subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=True, env=surroundings, timeout=_SECONDS
        ).stdout.strip()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where the command puts what is temporary."""
    path = tmp_path / "temporary"
    path.mkdir()
    return path


@contextmanager
def serving(temporary: Path, *options: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [*LAMBDAKIT, "serve", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(_LINES)]
        words = [shlex.split(line) for line in lines if line.startswith("export ")]
        exports = dict(word[1].split("=", 1) for word in words)
        yield Served(process=process, head=lines[0], script="".join(lines), exports=exports)
    finally:
        process.kill()
        process.communicate()


def stop(served: Served, number: signal.Signals) -> int:
    served.process.send_signal(number)
    return served.process.wait(_SECONDS)


def test_an_sdk_of_another_shell_uses_the_account(temporary: Path) -> None:
    program = """
import boto3, json
dynamodb = boto3.client("dynamodb")
dynamodb.create_table(
    TableName="orders",
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    BillingMode="PAY_PER_REQUEST",
)
dynamodb.put_item(TableName="orders", Item={"id": {"S": "a"}})
print(json.dumps([
    boto3.client("sts").get_caller_identity()["Account"],
    dynamodb.meta.region_name,
    dynamodb.get_item(TableName="orders", Key={"id": {"S": "a"}})["Item"],
]))
"""
    with serving(temporary) as served:
        told = json.loads(served.python(program))
        code = stop(served, signal.SIGINT)

    assert told == ["123456789012", "us-east-1", {"id": {"S": "a"}}]
    assert served.head.startswith("# account 123456789012 at http://127.0.0.1:")
    assert code == 0
    assert list(temporary.iterdir()) == []


def test_a_function_is_created_and_invoked(temporary: Path) -> None:
    program = """
import boto3, io, json, zipfile
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("app.py", "def handler(event, context): return {'got': event, 'by': context.function_name}")
functions = boto3.client("lambda")
functions.create_function(
    FunctionName="hello",
    Runtime="python3.11",
    Handler="app.handler",
    Role="arn:aws:iam::123456789012:role/r",
    Code={"ZipFile": code.getvalue()},
)
functions.get_waiter("function_active_v2").wait(FunctionName="hello", WaiterConfig={"Delay": 1})
print(functions.invoke(FunctionName="hello", Payload=json.dumps({"sku": "a"}))["Payload"].read().decode())
"""
    with serving(temporary) as served:
        told = json.loads(served.python(program))

    assert told == {"got": {"sku": "a"}, "by": "hello"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_is_no_failure_and_leaves_nothing(temporary: Path, number: signal.Signals) -> None:
    with serving(temporary) as served:
        code = stop(served, number)

    assert code == 0
    assert list(temporary.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", served.port))


def test_account_region_and_port_are_chosen(temporary: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--port", str(port), "--account-id", "111122223333", "--region", "eu-west-1", "--enforce-iam", "off")

    with serving(temporary, *options) as served:
        told = served.python(
            "import boto3; sts = boto3.client('sts'); print(sts.meta.region_name, sts.get_caller_identity()['Account'])"
        )

    assert told == "eu-west-1 111122223333"
    assert served.exports["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--account-id", "12"), "account_id: '12' is no account id"),
        (("--region", "Mars"), "region: 'Mars' does not name an AWS region"),
        (("--enforce-iam", "maybe"), "enforce_iam: 'maybe' is not one of"),
        (("--port", "70000"), "port: 70000 is no port"),
    ],
)
def test_an_option_that_is_not_allowed_is_a_message(options: tuple[str, ...], problem: str) -> None:
    refused = subprocess.run([*LAMBDAKIT, "serve", *options], capture_output=True, text=True, check=False, timeout=60)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(problem)
    assert "[LK502]" in refused.stderr


def test_another_process_moves_its_clock(temporary: Path) -> None:
    with serving(temporary) as served:
        request = urllib.request.Request(
            f"{served.exports['AWS_ENDPOINT_URL']}/_lambdakit/clock", data=b'{"advance_seconds": 86400}', method="POST"
        )
        with urllib.request.urlopen(request) as answer:
            moved = datetime.fromisoformat(json.load(answer)["now"])

        assert timedelta(hours=23) < moved - datetime.now(UTC) < timedelta(hours=25)


def test_a_parent_that_is_gone_takes_the_account_with_it(temporary: Path) -> None:
    with serving(temporary) as served:
        served.process.kill()
        served.process.wait(_SECONDS)

        wait_until(lambda: not _listens(served.port), "the account outlived the command")


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
