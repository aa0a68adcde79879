"""Events, packages and functions that misbehave: an error of AWS's, nothing lost, nothing left behind.

DG is the AWS Lambda Developer Guide; RIE is aws/aws-lambda-runtime-interface-emulator.
"""

from __future__ import annotations

import contextlib
import platform
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from lambdakit.session.results import LambdaApiError
from tests.fakes.facts import Fact, FactTable, deployed_facts, error, python
from tests.fakes.plain_assembly import asset_code, function, write_stacks
from tests.fakes.waiting import wait_until
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-facts-bad-input")

# Linux 5.17: RLIMIT_NPROC is counted per user namespace since 5.14, and corrected by then.
_COUNTS_BY_NAMESPACE = tuple(int(part) for part in platform.release().split(".")[:2]) >= (5, 17)
_QUOTAS = "DG, Lambda quotas"
_SIX_MIB = 6 * 1024 * 1024

FACTS = (
    Fact(
        says="a function that leaves children behind answers and goes on",
        source="DG, Understanding the Lambda execution environment lifecycle",
        code=python(
            "for _ in range(20):\n    if os.fork() == 0:\n        signal.pause()\n        os._exit(0)\n"
            "return len(os.listdir('/proc/self/fd')) > 0"
        ),
        calls=(1, 2, 3),
        expect=lambda seen: seen.payloads == [True] * 3,
    ),
    Fact(
        says="children in sessions of their own are gone after a crash",
        source="DG, Understanding the Lambda execution environment lifecycle",
        code=python(
            "if event == 'start':\n"
            "    for _ in range(5):\n"
            "        if os.fork() == 0:\n            os.setsid()\n            os.fork()\n            signal.pause()\n"
            "    os._exit(1)\n"
            "return len([name for name in os.listdir('/proc') if name.isdigit()])"
        ),
        calls=("start", "look"),
        expect=2,
        needs_sandbox=True,
    ),
    Fact(
        says="a full /tmp is the function's own error",
        source="API CreateFunction, EphemeralStorage",
        code=python(
            "try:\n    with open('/tmp/large', 'wb') as file:\n"
            "        for _ in range(600): file.write(bytes(1024 * 1024))\n"
            "except OSError as error:\n    return [error.strerror, os.path.getsize('/tmp/large') // 1048576]"
        ),
        properties={"MemorySize": 1024},
        expect=["No space left on device", 512],
        needs_sandbox=True,
    ),
    Fact(
        says="2,000 open files are more than a process may have",
        source=_QUOTAS,
        code=python(
            "kept = []\ntry:\n    for _ in range(2000): kept.append(open('/dev/null'))\n"
            "except OSError as error:\n    return [error.strerror, len(kept) <= 1024]"
        ),
        calls=(1, 2),
        expect=["Too many open files", True],
    ),
    Fact(
        says="binary output is logged and the answer stands",
        source="DG, Sending Lambda function logs to CloudWatch Logs",
        code=python("for _ in range(100): os.write(1, bytes(range(256)))\nreturn 'answered'"),
        expect=lambda seen: seen.payload == "answered" and len("".join(seen.log)) >= 100 * 250,
    ),
    Fact(
        says="10 MB of log are kept whole",
        source="DG, Sending Lambda function logs to CloudWatch Logs",
        code=python("for number in range(10_000): print(f'{number:06}' + 'x' * 993)\nreturn 'answered'"),
        expect=lambda seen: (
            seen.payload == "answered"
            and [line[:6] for line in seen.lines] == [f"{number:06}" for number in range(10_000)]
        ),
        takes_time=True,
    ),
    Fact(
        says="one line of 10 MB is kept in pieces",
        source="CloudWatch Logs API Reference, InputLogEvent",
        code=python("os.write(1, b'y' * 10_000_000 + b'\\n')\nreturn 'answered'"),
        expect=lambda seen: seen.payload == "answered" and sum(line.count("y") for line in seen.lines) == 10_000_000,
        takes_time=True,
    ),
    Fact(
        says="a function that never stops writing is timed out",
        source="DG, Understanding the Lambda execution environment lifecycle",
        code=python("while True: os.write(1, b'again' * 1000 + b'\\n')"),
        properties={"Timeout": 1},
        expect=error("Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        takes_time=True,
    ),
    Fact(
        says="endless recursion is an exception",
        source="Python, sys.setrecursionlimit",
        code=python("return handler(event, context)"),
        calls=(1, 2),
        expect=lambda seen: seen.fault[0] == "RecursionError",
    ),
    Fact(
        says="an event that is nested a thousand times arrives",
        source="API Invoke, Payload",
        code=python("depth = 0\nwhile event:\n    event, depth = event[0], depth + 1\nreturn depth"),
        calls=(b"[" * 900 + b"]" * 900,),
        expect=899,
    ),
    Fact(
        says="an answer that closes standard output is an answer",
        source="DG, Using the Lambda runtime API",
        code=python("os.close(1)\nos.close(2)\nreturn 'answered'"),
        expect="answered",
    ),
    Fact(
        says="a function that stops itself is timed out",
        source="DG, Understanding the Lambda execution environment lifecycle",
        code=python("os.kill(os.getpid(), signal.SIGSTOP)\nreturn 1"),
        properties={"Timeout": 1},
        expect=error("Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        takes_time=True,
    ),
    Fact(
        says="1,024 threads and processes are all that an environment may have, again and again",
        source=_QUOTAS,
        code=python(
            """
            gate, threads, told = threading.Event(), [], []
            try:
                while len(threads) < 2000:
                    threads.append(threading.Thread(target=gate.wait))
                    threads[-1].start()
            except RuntimeError as error:
                told.append(str(error))
                threads.pop()
            try:
                os._exit(0) if os.fork() == 0 else None
            except OSError as error:
                told.append(error.strerror)
            gate.set()
            for thread in threads: thread.join()
            return [1 + len(threads), *told]
            """
        ),
        calls=(1, 2),
        properties={"MemorySize": 1024},
        expect=lambda seen: (
            not _COUNTS_BY_NAMESPACE
            or seen.payloads == [[1024, "can't start new thread", "Resource temporarily unavailable"]] * 2
        ),
        needs_sandbox=True,
    ),
    *(
        Fact(
            says=f"700 threads that stay leave {other} environment its own 1,024",
            source=_QUOTAS,
            code=python(
                "for _ in range(700): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
                "return threading.active_count()"
            ),
            properties={"MemorySize": 512},
            expect=701,
        )
        for other in ("a second", "a first")
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_bad_input(table: FactTable, fact: Fact) -> None:
    table.check(fact)


@pytest.mark.parametrize(
    ("payload", "status", "code", "message"),
    [
        (b"{", 400, "InvalidRequestContentException", "Could not parse request body into json"),
        (b"\xff\xfe", 400, "InvalidRequestContentException", "Could not parse request body into json"),
        (b"[" * 100_000, 400, "InvalidRequestContentException", "Could not parse request body into json"),
        (b"undefined", 400, "InvalidRequestContentException", "Could not parse request body into json"),
        (
            b'"' + b"x" * (_SIX_MIB - 1) + b'"',
            413,
            "RequestTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
        (
            b'"' + b"x" * 7_000_000 + b'"',
            413,
            "RequestTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
    ],
    ids=["cut-off", "no-text", "deep", "no-json", "one-byte", "7-mb"],
)
def test_an_event_that_is_none_is_refused_and_runs_nothing(
    table: FactTable, payload: bytes, status: int, code: str, message: str
) -> None:
    """API Invoke, Errors."""
    called = table.function(FACTS[0])
    before = len(called.invocations)

    with pytest.raises(LambdaApiError) as refused:
        called.invoke(payload)

    assert (refused.value.status_code, refused.value.error_code) == (status, code)
    assert refused.value.message.startswith(message)
    assert len(called.invocations) == before


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Could not unzip uploaded file"),
        (b"no zip file", "Could not unzip uploaded file"),
        (b"PK\x05\x06" + bytes(10), "Could not unzip uploaded file"),
        (None, "would leave the package's directory"),
    ],
    ids=["empty", "text", "cut-off", "escapes"],
)
def test_a_package_that_is_none_is_refused_at_deployment(
    harness: Harness, tmp_path: Path, content: bytes | None, problem: str
) -> None:
    """API CreateFunction, InvalidParameterValueException; an entry that escapes its directory is never written."""
    out = tmp_path / "cdk.out"
    out.mkdir()
    package = out / "asset.code.zip"
    if content is None:
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("../escaped.py", "x")
    else:
        package.write_bytes(content)
    resources = function("Fn", Code=asset_code("code.zip"))
    assembly = write_stacks(out, {"bad": {"Resources": resources}}, assets={"code.zip": package})

    with pytest.raises(DeploymentError) as refused:
        harness.deploy(assembly)

    (diagnostic,) = refused.value.diagnostics
    assert problem in diagnostic.problem
    assert diagnostic.pointer.startswith("Resources.Fn")
    assert not list(tmp_path.rglob("escaped.py"))


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_nothing_that_a_function_started_outlives_the_harness(tmp_path: Path, sandbox: Literal["auto", "off"]) -> None:
    """DG, Understanding the Lambda execution environment lifecycle: shutdown ends everything."""
    mark = str(uuid.uuid4().int)[:12]

    with Harness(sandbox=sandbox) as harness:
        assert harness.deploy(_daemon(tmp_path, mark)).function("Fn").invoke().function_error is None
        wait_until(lambda: _is_running(mark), "the function started nothing")

    wait_until(lambda: not _is_running(mark), "what the function started still runs")


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_nothing_outlives_a_harness_that_was_killed(tmp_path: Path, sandbox: str) -> None:
    mark = str(uuid.uuid4().int)[:12]
    with contextlib.closing(
        WiredHarness(variables={"LAMBDAKIT_TESTS": "a process of its own"}, sandbox=sandbox)
    ) as harness:
        harness.deploy(_daemon(tmp_path, mark))
        assert harness.invoke("Fn").status == 200
        wait_until(lambda: _is_running(mark), "the function started nothing")

        harness.process.kill()

        wait_until(lambda: not _is_running(mark), "what the function started still runs")


def _daemon(directory: Path, mark: str) -> Path:
    """An assembly with a function that leaves a process in a session of its own, whose parent is gone.

    The function returns once that runs: one end of the pipe is open in it until it executes its program.
    """
    source = f"""
    begun, begins = os.pipe()
    if os.fork() == 0:
        os.setsid()
        os._exit(0) if os.fork() else os.execvp("sleep", ["sleep", "{mark}"])
    os.wait()
    os.close(begins)
    os.read(begun, 1)
    """
    template = {"Resources": function("Fn", python(source), FunctionName="Fn")}
    return write_stacks(directory / "out", {"left": template})


def _is_running(mark: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if f"sleep\0{mark}\0".encode() == path.read_bytes():
                return True
    return False
