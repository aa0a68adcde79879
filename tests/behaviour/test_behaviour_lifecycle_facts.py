"""How execution environments begin, fail and end: a row per fact.

DG is the AWS Lambda Developer Guide; RIE is aws/aws-lambda-runtime-interface-emulator, AWS's own emulator of the
Runtime API's server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from tests.fakes.facts import Fact, FactTable, Seen, deployed_facts, error, python

pytestmark = pytest.mark.xdist_group("behaviour-facts-lifecycle")

_LIFECYCLE = "DG, Understanding the Lambda execution environment lifecycle"
_EXITS = "RIE, rapid/handlers.go"
_TIMEOUT = "RIE, invoke/utils.go"
_MEMORY = "DG, Configure Lambda function memory; RIE, rapid/model/customer_error.go"
_HANG = "threading.Event().wait()"


def _exit(says: str, statement: str, reason: str) -> Fact:
    return Fact(
        says=f"{says} is told by the caller's error",
        source=_EXITS,
        code=python(f"print('last words')\n{statement}"),
        expect=lambda seen: seen.fault == ("Runtime.ExitError", reason) and "last words" in seen.lines,
    )


def _in_node(statement: str) -> str:
    return f"exports.handler = async (event) => {{ {statement} }};"


_OUT_OF_MEMORY = ("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")


def _is_out_of_memory(seen: Seen) -> bool:
    return seen.fault == _OUT_OF_MEMORY and "Memory Size: 128 MB\tMax Memory Used: 128 MB" in seen.report


def _memory(says: str, code: str, **properties: object) -> Fact:
    return Fact(
        says=f"{says} is killed",
        source=_MEMORY,
        code=code,
        properties={"MemorySize": 128, **properties},
        expect=_is_out_of_memory,
        takes_time=True,
    )


def _timed_out(seconds: int) -> Mapping[str, int]:
    return {"Timeout": seconds}


_ONCE = "import os\nfirst = not os.path.exists('/tmp/began')\nopen('/tmp/began', 'w').close()\n"
_COUNT = "COUNT = [0]"

FACTS = (
    Fact(
        says="a module is loaded once and its globals stay",
        source=_LIFECYCLE,
        code=python("COUNT[0] += 1\nreturn COUNT[0]", before=_COUNT),
        calls=(1, 2, 3),
        expect=lambda seen: seen.payloads == [1, 2, 3],
    ),
    Fact(
        says="only the first report has an init duration",
        source=_LIFECYCLE,
        code=python("return 1"),
        calls=(1, 2),
        expect=lambda seen: "Init Duration" in seen.results[0].log and "Init Duration" not in seen.results[1].log,
    ),
    Fact(
        says="between calls a function's threads stand still",
        source=_LIFECYCLE,
        code=python(
            "if event == 'start':\n    threading.Thread(target=tick, daemon=True).start()\n    return None\n"
            "before = len(TICKS)\nwhile len(TICKS) < before + 3:\n    threading.Event().wait(0.01)\n"
            "return [before, len(TICKS)]",
            before="TICKS = []\ndef tick():\n    while True:\n        TICKS.append(time.monotonic())\n"
            "        threading.Event().wait(0.01)\n",
        ),
        calls=("start", "look"),
        # A slow machine gives it some ticks before it is frozen; it never makes one for each 10 ms that went by.
        expect=lambda seen: seen.payload[0] <= 9 and seen.payload[1] >= seen.payload[0] + 3,
        takes_time=True,
    ),
    *(
        Fact(
            says=f"a time-out of {seconds} s is told with two decimals",
            source=_TIMEOUT,
            code=python(_HANG),
            properties=_timed_out(seconds),
            expect=lambda seen, seconds=seconds: (
                seen.fault == ("Sandbox.Timedout", f"Task timed out after {seconds}.00 seconds")
                and seconds * 1000 <= seen.last.duration_ms < seconds * 1000 + 900
            ),
            takes_time=True,
        )
        for seconds in (1, 2)
    ),
    Fact(
        says="a time-out ends a Node.js function",
        source=_TIMEOUT,
        code=_in_node("await new Promise((resolve) => setTimeout(resolve, 60000));"),
        properties={"Runtime": "nodejs24.x", "Timeout": 1},
        expect=error("Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        takes_time=True,
    ),
    Fact(
        says="a time-out ends a function that ignores every signal",
        source=_LIFECYCLE,
        code=python(
            f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n{_HANG}"
        ),
        properties=_timed_out(1),
        expect=error("Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        takes_time=True,
    ),
    Fact(
        says="after a time-out /tmp is kept and globals are lost",
        source=_LIFECYCLE,
        code=python(
            "COUNT[0] += 1\nif event == 'hang':\n    open('/tmp/kept', 'w').write('x')\n    threading.Event().wait()\n"
            "return [COUNT[0], os.listdir('/tmp')]",
            before=_COUNT,
        ),
        calls=("hang", "look"),
        properties=_timed_out(1),
        expect=[1, ["kept"]],
        needs_sandbox=True,
        takes_time=True,
    ),
    Fact(
        says="after a time-out the next call's init is part of its duration",
        source=_LIFECYCLE,
        code=python("if event == 'hang': threading.Event().wait()\nreturn 1", before="import time\ntime.sleep(0.2)"),
        calls=("hang", "look"),
        properties=_timed_out(1),
        expect=lambda seen: seen.last.init_duration_ms is None and seen.last.duration_ms >= 200,
        takes_time=True,
    ),
    Fact(
        says="after a crash /tmp is kept and globals are lost",
        source=_LIFECYCLE,
        code=python(
            "COUNT[0] += 1\nif event == 'die':\n    open('/tmp/kept', 'w').close()\n    os._exit(1)\n"
            "return [COUNT[0], os.listdir('/tmp')]",
            before=_COUNT,
        ),
        calls=("go on", "die", "look"),
        expect=[1, ["kept"]],
        needs_sandbox=True,
    ),
    _exit("an exit with status 0", "os._exit(0)", "Runtime exited without providing a reason"),
    _exit("an exit with a status", "os._exit(1)", "Runtime exited with error: exit status 1"),
    _exit("an exit with the highest status", "os._exit(255)", "Runtime exited with error: exit status 255"),
    _exit("a kill", "os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
    _exit("a termination", "os.kill(os.getpid(), signal.SIGTERM)", "Runtime exited with error: signal: terminated"),
    _exit(
        "a segmentation fault",
        "import ctypes\nctypes.string_at(0)",
        "Runtime exited with error: signal: segmentation fault",
    ),
    _exit("an abort", "os.abort()", "Runtime exited with error: signal: aborted"),
    Fact(
        says="an exit of the module is told by the caller's error",
        source=_EXITS,
        code="import os\nos._exit(7)",
        expect=error("Runtime.ExitError", "Runtime exited with error: exit status 7"),
    ),
    Fact(
        says="an exit of a Node.js handler is told by the caller's error",
        source=_EXITS,
        code=_in_node("process.exit(3);"),
        properties={"Runtime": "nodejs24.x"},
        expect=error("Runtime.ExitError", "Runtime exited with error: exit status 3"),
    ),
    Fact(
        says="a custom runtime without a bootstrap has an invalid entry point",
        source="RIE, fatalerror/fatalerror.go; awslabs/aws-lambda-dart-runtime, issue 20",
        code={"index.py": ""},
        properties={"Runtime": "provided.al2023"},
        expect=error(
            "Runtime.InvalidEntrypoint", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
        ),
    ),
    _memory("400 MB at once in 128 MB of Python", python("return len(bytearray(400 * 1024 * 1024))")),
    _memory(
        "400 MB by and by in 128 MB of Python",
        python("kept = []\nfor _ in range(400):\n    kept.append(bytearray(1024 * 1024))\nreturn len(kept)"),
    ),
    _memory(
        "400 MB in a child of Python",
        python(
            "import subprocess\n"
            "subprocess.run([sys.executable, '-c', 'import time; x = bytearray(400 * 1024 * 1024); time.sleep(9)'])"
        ),
    ),
    _memory(
        "400 MB in 128 MB of Node.js",
        _in_node(
            "const kept = []; for (let i = 0; i < 400; i++) kept.push(Buffer.alloc(1048576, 1)); return kept.length;"
        ),
        Runtime="nodejs24.x",
    ),
    _memory("400 MB of the module", "kept = bytearray(400 * 1024 * 1024)\ndef handler(event, context): return 1"),
    Fact(
        says="after running out of memory the next call is served",
        source=_LIFECYCLE,
        code=python("return len(bytearray(event * 1024 * 1024))"),
        calls=(400, 1),
        properties={"MemorySize": 128},
        expect=1024 * 1024,
    ),
    Fact(
        says="100 MB are fine in 256 MB and show in the report",
        source=_MEMORY,
        code=python("kept = bytearray(100 * 1024 * 1024)\nreturn len(kept)"),
        expect=lambda seen: seen.payload and 100 <= seen.last.max_memory_used_mb <= 256,
    ),
    Fact(
        says="a crash at once tells the memory that the init phase took",
        source=_MEMORY,
        code=python("os._exit(1)"),
        expect=lambda seen: re.search(r"Max Memory Used: [1-9]\d+ MB", seen.report),
        needs_sandbox=True,
    ),
    Fact(
        says="what is written to /tmp is no memory",
        source="DG, Configure ephemeral storage for Lambda functions",
        code=python(
            "with open('/tmp/large', 'wb') as file:\n    for _ in range(200): file.write(bytes(1024 * 1024))\n"
            "return os.path.getsize('/tmp/large')"
        ),
        properties={"MemorySize": 128},
        expect=200 * 1024 * 1024,
        needs_sandbox=True,
    ),
    Fact(
        says="an init phase of more than 10 s is tried again inside the call",
        source=_LIFECYCLE,
        code=_ONCE + "if first:\n    import threading; threading.Event().wait()\n"
        "def handler(event, context): return 'second try'",
        expect=lambda seen: (
            seen.payload == "second try"
            and re.search(r"INIT_REPORT Init Duration: 1\d{4}\.\d\d ms\tPhase: init\tStatus: timeout", seen.last.log)
            and seen.last.init_duration_ms is None
            and seen.last.duration_ms < 5_000
        ),
        needs_sandbox=True,
        takes_time=True,
    ),
    Fact(
        says="an init phase that never ends is bounded by the time-out of the call",
        source=_LIFECYCLE,
        code="import threading\nthreading.Event().wait()",
        properties=_timed_out(1),
        expect=lambda seen: (
            seen.fault == ("Sandbox.Timedout", "Task timed out after 1.00 seconds") and seen.last.duration_ms < 3_000
        ),
        takes_time=True,
    ),
    Fact(
        says="what the function started ends with its environment",
        source=_LIFECYCLE,
        code=python(
            "import subprocess\nif event == 'start':\n    subprocess.Popen(['sleep', '300'])\n    os._exit(1)\n"
            "running = [open(f'/proc/{p}/cmdline').read() for p in os.listdir('/proc') if p.isdigit()]\n"
            "return [line for line in running if 'sleep' in line]"
        ),
        calls=("start", "look"),
        expect=[],
        needs_sandbox=True,
    ),
    Fact(
        says="a child that runs on does not hold up the answer",
        source=_LIFECYCLE,
        code=python("import subprocess\nsubprocess.Popen(['sleep', '300'])\nreturn 'answered'"),
        calls=(1, 2),
        expect=lambda seen: seen.payloads == ["answered"] * 2 and seen.last.duration_ms < 2_000,
    ),
    Fact(
        says="an environment serves one event at a time",
        source="DG, Understanding Lambda function scaling",
        code=python("return os.environ['AWS_LAMBDA_LOG_STREAM_NAME']"),
        calls=(1, 2),
        expect=lambda seen: len(set(seen.payloads)) == 1,
    ),
    Fact(
        says="billed duration is duration and init duration rounded up",
        source="AWS Compute Blog, AWS Lambda standardizes billing for INIT Phase",
        code=python("time.sleep(0.02)"),
        calls=(1, 2),
        expect=lambda seen: all(
            _is_billed(result.duration_ms, result.init_duration_ms, result.billed_duration_ms)
            for result in seen.results
        ),
    ),
)


def _is_billed(duration: float | None, init: float | None, billed: int | None) -> bool:
    total = (duration or 0) + (init or 0)
    return billed is not None and total <= billed < total + 1


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.mark.parametrize("fact", [fact for fact in FACTS if not fact.takes_time], ids=str)
def test_a_fact_of_the_lifecycle(table: FactTable, fact: Fact) -> None:
    table.check(fact)


@pytest.mark.parametrize("fact", [fact for fact in FACTS if fact.takes_time], ids=str)
def test_a_fact_of_the_lifecycle_that_takes_time(table: FactTable, fact: Fact) -> None:
    table.check(fact)
