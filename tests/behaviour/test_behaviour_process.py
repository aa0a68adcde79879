"""The harness's process: how it starts, refuses, keeps to itself, and ends with everything it started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit.errors import HarnessError, error_from_wire
from tests.fakes.harness_forks import processes_of_their_own
from tests.fakes.plain_assembly import function, http_api, table, write_stack
from tests.fakes.waiting import is_running, wait_for_exit, wait_until
from tests.fakes.wired_harness import WiredHarness, descendants, request

pytestmark = pytest.mark.xdist_group("behaviour-process")

HANGING = "import threading\ndef handler(event, context):\n    print('here')\n    threading.Event().wait()\n"

# A caller that starts a harness, runs a function in it, says so, and then only waits.
CALLER = """
import json, sys, threading
from pathlib import Path
from tests.fakes.wired_harness import WiredHarness, descendants

harness = WiredHarness(variables={"TMPDIR": sys.argv[2]})
deployment = harness.deploy(Path(sys.argv[1]))
for function in deployment["functions"]:
    threading.Thread(target=harness.invoke, args=(function["name"],), daemon=True).start()
after = 0
while len(harness.events("FunctionLogged")) < 1:
    harness.call("GET", f"trace?after={harness.position()}&wait_seconds=5")
print(json.dumps({"harness": harness.process.pid, "below": sorted(descendants(harness.process.pid))}), flush=True)
threading.Event().wait()
"""


@pytest.fixture(scope="module", autouse=True)
def _no_forks() -> Iterator[None]:
    with processes_of_their_own():
        yield


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        yield running


class TestStart:
    def test_it_says_where_it_listens_and_answers_there(self, harness: WiredHarness) -> None:
        health = harness.call("GET", "health", token=None)

        assert harness.greeting == {"ready": True, "port": harness.port}
        assert health.status == 200
        told = health.json()
        assert "network" in told
        assert {name: value for name, value in told.items() if name != "network"} == {
            "status": "ready",
            "account_id": "123456789012",
            "region": "us-east-1",
            "endpoint_url": f"http://127.0.0.1:{harness.port}",
        }

    def test_a_port_can_be_chosen_and_is_refused_when_it_is_taken(self, harness: WiredHarness) -> None:
        second = WiredHarness(port=harness.port)

        code = second.close()

        error = error_from_wire(second.greeting["error"], second.greeting["diagnostics"])
        assert code == 1
        assert isinstance(error, HarnessError)
        assert [item.code for item in error.diagnostics] == ["LK501"]
        assert str(harness.port) in str(error)

    @pytest.mark.parametrize(
        "line",
        [b"", b"no json", b"[]", b'{"account_id": "7"}', b'{"unknown": 1}', b'{"enforce_iam": "maybe"}', b"\xff"],
    )
    def test_bad_options_are_refused_without_a_traceback(self, line: bytes) -> None:
        refused = WiredHarness(start_line=line)

        code = refused.close()

        assert code == 1
        assert refused.greeting["error"] in ("HarnessError", "NotYetSupported")
        assert refused.greeting["diagnostics"][0]["problem"]

    def test_only_loopback_is_listened_on(self, harness: WiredHarness) -> None:
        inodes = {
            link.readlink().name.partition("[")[2].rstrip("]")
            for link in Path(f"/proc/{harness.process.pid}/fd").iterdir()
            if str(link.readlink()).startswith("socket:")
        }
        listening = []
        for family in ("tcp", "tcp6"):
            rows = [line.split() for line in Path(f"/proc/net/{family}").read_text().splitlines()[1:]]
            listening += [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]

        assert listening
        assert all(address.startswith("0100007F:") for address in listening)


class TestToken:
    CALLS: tuple[tuple[str, str, object], ...] = (
        ("POST", "deployments", {"assembly": "/"}),
        ("DELETE", "deployments/deployment-1", None),
        ("POST", "deployments/deployment-1/reset", {}),
        ("PUT", "deployments/deployment-1", {}),
        ("GET", "trace", None),
        ("POST", "drain", {}),
        ("GET", "anything", None),
    )

    @pytest.mark.parametrize(("method", "path", "body"), CALLS)
    @pytest.mark.parametrize("token", [None, "", "wrong", "token-of-the-test", "tökén"])
    def test_without_it_control_calls_are_refused(
        self, harness: WiredHarness, method: str, path: str, body: object, token: str | None
    ) -> None:
        before = harness.position()

        answer = harness.call(method, path, body, token=token)

        assert answer.status == 403
        assert answer.json() == {"message": "this call needs the harness's token"}
        assert harness.position() == before

    def test_a_harness_without_a_token_takes_no_control_calls(self) -> None:
        with WiredHarness(token="") as locked:
            answers = [locked.call("GET", "trace", token=token).status for token in (None, "", "x")]

        assert answers == [403, 403, 403]

    @pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("PATCH", "trace"), ("POST", "deployments/../x")])
    def test_an_unknown_call_is_told(self, harness: WiredHarness, method: str, path: str) -> None:
        answer = harness.call(method, path)

        assert answer.status == 400
        assert answer.json()["diagnostics"][0]["code"] == "LK504"

    @pytest.mark.parametrize("body", [b"no json", b"[]", b"7"])
    def test_a_body_that_is_no_object_is_told(self, harness: WiredHarness, body: bytes) -> None:
        headers = {"x-lambdakit-token": "token-of-the-tests"}

        answer = harness.request("POST", "/_lambdakit/deployments", headers, body)

        assert answer.status == 400
        assert answer.json()["diagnostics"][0]["code"] == "LK504"


def test_two_harnesses_with_one_account_do_not_see_each_other(harness: WiredHarness, tmp_path: Path) -> None:
    resources = function("Fn", FunctionName="same") | table("Table", TableName="same")
    assembly = write_stack(tmp_path, "same", resources)
    with WiredHarness() as other:
        first, second = harness.deploy(assembly), other.deploy(assembly)
        harness.aws("dynamodb").put_item(TableName="same", Item={"id": {"S": "first"}})

        assert first["stacks"]["same"]["stack_id"] == second["stacks"]["same"]["stack_id"]
        assert other.aws("dynamodb").scan(TableName="same")["Count"] == 0
        other.destroy(second)
        assert harness.invoke("same").status == 200
        assert other.invoke("same").status == 404
    assert harness.aws("dynamodb").scan(TableName="same")["Count"] == 1
    harness.destroy(first)


class TestEnd:
    def test_nothing_is_left_when_its_input_ends(self, tmp_path: Path) -> None:
        # given: a harness with an API, an idle environment and a busy one
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        harness = WiredHarness(variables={"TMPDIR": str(temporary)})
        resources = (
            function("Echo", FunctionName="echo")
            | function("Hang", HANGING, FunctionName="hang", Timeout=60)
            | http_api("Api", {"$default": {"Fn::GetAtt": ["Echo", "Arn"]}})
        )
        deployment = harness.deploy(write_stack(tmp_path / "out", "end", resources))
        api_port = int(deployment["apis"][0]["url"].rpartition(":")[2])
        assert harness.invoke("echo").status == 200
        after = harness.position()
        hanging = threading.Thread(target=_ignoring_the_end, args=(harness, "hang"), daemon=True)
        hanging.start()
        while not harness.events("FunctionLogged", after=after):
            harness.call("GET", f"trace?after={harness.position()}&wait_seconds=5")
        below = descendants(harness.process.pid)

        code = harness.close()

        assert code == 0
        assert below
        for pid in below:
            wait_for_exit(pid)
        for port in (harness.port, api_port):
            with pytest.raises(ConnectionRefusedError):
                request(port, "GET", "/")
        assert list(temporary.iterdir()) == []
        hanging.join(20)
        assert not hanging.is_alive()

    def test_a_caller_that_waits_for_news_does_not_hold_it_up(self) -> None:
        harness = WiredHarness()
        path = f"/_lambdakit/trace?after={harness.position()}&wait_seconds=60"
        with socket.create_connection(("127.0.0.1", harness.port), timeout=60) as waiting:
            waiting.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nx-lambdakit-token: token-of-the-tests\r\n\r\n".encode())
            assert harness.call("GET", "health").status == 200

            assert harness.process.stdin is not None
            harness.process.stdin.close()
            wait_for_exit(harness.process.pid, seconds=10)

        assert harness.close() == 0

    def test_a_terminated_harness_ends_as_well(self) -> None:
        harness = WiredHarness()
        harness.process.send_signal(signal.SIGTERM)

        wait_for_exit(harness.process.pid)

        assert harness.close() == 0

    def test_an_interrupt_at_the_terminal_is_the_caller_s_to_handle(self, tmp_path: Path) -> None:
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        harness = WiredHarness(variables={"TMPDIR": str(temporary)})

        harness.process.send_signal(signal.SIGINT)
        harness.close()

        assert list(temporary.iterdir()) == []

    def test_a_caller_that_is_killed_takes_the_harness_and_its_functions_along(self, tmp_path: Path) -> None:
        temporary = tmp_path / "tmp"
        temporary.mkdir()
        assembly = write_stack(tmp_path / "out", "orphan", function("Hang", HANGING, Timeout=60))
        caller = subprocess.Popen(
            [sys.executable, "-c", CALLER, str(assembly), str(temporary)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [".", os.environ.get("PYTHONPATH")]))},
        )
        assert caller.stdout is not None
        told = json.loads(caller.stdout.readline())
        assert told["below"]
        assert all(is_running(pid) for pid in [told["harness"], *told["below"]])

        caller.kill()
        caller.wait()
        caller.stdout.close()

        for pid in [told["harness"], *told["below"]]:
            wait_for_exit(pid)
        wait_until(lambda: list(temporary.iterdir()) == [], lambda: f"left behind: {list(temporary.iterdir())}")


def _ignoring_the_end(harness: WiredHarness, name: str) -> None:
    try:
        harness.invoke(name)
    except OSError:
        return
    except Exception as error:  # an answer cut off is no answer either
        assert "http.client" in type(error).__module__, error
