"""What a function cannot see or reach, in the sandbox: a row per fact.

Each follows from how Lambda runs functions: DG (AWS Lambda Developer Guide), "Security in AWS Lambda", "Understanding
the Lambda execution environment lifecycle" and, for the user, "Troubleshoot deployment issues in Lambda".
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from tests.fakes.facts import Fact, FactTable, deployed_facts, python
from tests.fakes.plain_assembly import function, write_stack

pytestmark = pytest.mark.xdist_group("behaviour-facts-isolation")

_ISOLATION = "DG, Security in AWS Lambda"
_ENVIRONMENT = "DG, Understanding the Lambda execution environment lifecycle"
_HOME = str(Path.home())
_HERE = str(Path(__file__).parents[2])

_REACH = """
import socket

def reached(host, port):
    try:
        socket.create_connection((host, port), timeout=0.5).close()  # more than a second counts as a hang
    except OSError as error:
        return type(error).__name__
    return "reached"
"""
_LOAD = """
import importlib

def loads(name):
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
"""


def _sandboxed(says: str, code: str, expect: object, source: str = _ISOLATION, **settings: Any) -> Fact:
    return Fact(says=says, source=source, code=code, expect=expect, needs_sandbox=True, **settings)


FACTS = (
    _sandboxed(
        "the home of whoever runs the harness is not there",
        python(f"return os.path.exists({_HOME!r})"),
        False,
    ),
    _sandboxed("the checkout of the tests is not there", python(f"return os.path.exists({_HERE!r})"), False),
    _sandboxed(
        "the root has only what Lambda's has",
        python("return sorted(name for name in os.listdir('/') if name not in ('lib32', 'libx32'))"),
        lambda seen: (
            set(seen.payload)
            <= {
                *("bin", "dev", "etc", "lib", "lib64", "mnt", "opt", "proc", "sbin", "tmp", "usr", "var"),
                ".host",
                ".slots",
                ".empty",
            }
        ),
    ),
    _sandboxed(
        "what the sandbox was made with is empty",
        python("return [os.listdir(p) for p in ('/.host', '/.slots', '/.empty', '/var/rapid') if os.path.isdir(p)]"),
        lambda seen: not any(seen.payload),
    ),
    _sandboxed(
        "no other process is to be seen",
        python("return len([name for name in os.listdir('/proc') if name.isdigit()])"),
        2,
    ),
    _sandboxed(
        "no other process can be signalled",
        python(
            "found = []\nfor pid in range(3, 400):\n    try:\n        os.kill(pid, 0)\n        found.append(pid)\n"
            "    except OSError:\n        pass\nreturn [pid for pid in found if pid != os.getpid()]"
        ),
        [],
    ),
    _sandboxed(
        "the process before the function shows nothing of the host",
        python("return open('/proc/1/environ').read() if os.access('/proc/1/environ', os.R_OK) else ''"),
        lambda seen: "HOME=" not in seen.payload and "CANARY=" not in seen.payload,
    ),
    _sandboxed(
        "the machine's own name is not shown, and the one that is has an address",
        python("import socket\nreturn [os.uname().nodename, socket.gethostbyname(socket.gethostname())]"),
        ["localhost", "127.0.0.1"],
    ),
    _sandboxed("the user is Lambda's, by number", python("return [os.getuid(), os.getgid(), os.geteuid()]"), [993] * 3),
    _sandboxed(
        "the user is Lambda's, by name",
        python("import pwd\nreturn pwd.getpwuid(os.getuid()).pw_name"),
        "sbx_user1051",
        source="DG, Troubleshoot deployment issues in Lambda",
    ),
    _sandboxed(
        "no privilege is left",
        python(
            "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
            "return [status[name].strip() for name in ('CapEff', 'CapPrm', 'CapInh', 'CapAmb', 'NoNewPrivs')]"
        ),
        ["0000000000000000"] * 4 + ["1"],
    ),
    _sandboxed(
        "a setting of the kernel cannot be changed",
        python(
            "try:\n    open('/proc/sys/kernel/hostname', 'w').write('x')\nexcept OSError as error:\n    return 'no'"
        ),
        "no",
    ),
    _sandboxed(
        "nothing can be mounted or unmounted",
        python(
            "import ctypes\nlibc = ctypes.CDLL(None)\n"
            "return [libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None), libc.umount2(b'/var/task', 2)]"
        ),
        [-1, -1],
    ),
    *(
        _sandboxed(
            f"{name} is not reached",
            python(f"return reached({host!r}, {port})", before=_REACH),
            lambda seen: seen.payload != "reached",
        )
        for name, host, port in (
            ("the internet by address", "1.1.1.1", 53),
            ("a neighbour in a private network", "10.0.0.1", 80),
            ("the metadata service", "169.254.169.254", 80),
            ("a name of AWS", "sqs.us-east-1.amazonaws.com", 443),
        )
    ),
    _sandboxed(
        "loopback is the only interface",
        python("import socket\nreturn [name for _, name in socket.if_nameindex()]"),
        ["lo"],
    ),
    _sandboxed(
        "only the Runtime API and the AWS endpoint listen",
        python(
            "lines = open('/proc/net/tcp').read().splitlines()[1:]\n"
            "ports = sorted(int(line.split()[1].split(':')[1], 16) for line in lines if line.split()[3] == '0A')\n"
            "api, endpoint = os.environ['AWS_LAMBDA_RUNTIME_API'], os.environ['AWS_ENDPOINT_URL']\n"
            "own = [int(url.rpartition(':')[2]) for url in (api, endpoint)]\n"
            "return [sorted(own) == ports, ports]"
        ),
        lambda seen: seen.payload[0] is True,
    ),
    *(
        Fact(
            says=f"{name} of the harness's own environment cannot be imported",
            source=_ENVIRONMENT,
            code=python(f"return loads({name!r})", before=_LOAD),
            expect=False,
        )
        for name in ("pytest", "moto", "lambdakit", "pydantic", "httpx", "pip", "setuptools", "hypothesis", "aws_cdk")
    ),
    Fact(
        says="variables of whoever runs the harness are not the function's",
        source=_ENVIRONMENT,
        code=python("return [name for name in ('HOME', 'USER', 'PWD', 'VIRTUAL_ENV', 'CANARY') if name in os.environ]"),
        expect=[],
    ),
    Fact(
        says="no descriptor of the harness's is open in a function",
        source=_ENVIRONMENT,
        code=python("return sorted(int(fd) for fd in os.listdir('/proc/self/fd'))"),
        # Its three, the channel for what is logged, the connection to the Runtime API, and the listing itself.
        expect=lambda seen: len(seen.payload) <= 6 and seen.payload[:3] == [0, 1, 2],
        needs_sandbox=True,
    ),
    Fact(
        says="standard input is empty",
        source=_ENVIRONMENT,
        code=python("return sys.stdin.read()"),
        expect="",
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    before = os.environ.get("CANARY")
    os.environ["CANARY"] = "of the host"
    try:
        with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
            yield deployed
    finally:
        os.environ.pop("CANARY", None)
        if before is not None:
            os.environ["CANARY"] = before


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_isolation(table: FactTable, fact: Fact) -> None:
    table.check(fact)


def test_two_environments_share_no_file_and_no_session(tmp_path: Path) -> None:
    """DG, Understanding the Lambda execution environment lifecycle: each has a /tmp of its own."""
    source = """
    import os

    def handler(event, context):
        open(f"/tmp/{event}", "w").close()
        return [sorted(os.listdir("/tmp")), os.environ["AWS_ACCESS_KEY_ID"]]
    """
    names = ("one", "two")
    resources = {key: value for name in names for key, value in function(name.title(), source).items()}

    with Harness() as harness:
        deployment = harness.deploy(write_stack(tmp_path, "apart", resources))
        answers = [deployment.function(name.title()).invoke(name).payload for name in names]
        notes = json.dumps([str(event) for event in harness.trace.events])

    if "sandbox" not in notes:
        assert [files for files, _ in answers] == [["one"], ["two"]]
    assert len({key for _, key in answers}) == 2
