"""What a function finds around itself: variables, files, search paths, limits. A row per fact.

DG is the AWS Lambda Developer Guide; DG23 is its text of 2023, as awsdocs/aws-lambda-developer-guide keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from tests.fakes.facts import Fact, FactTable, Seen, deployed_facts, python

pytestmark = pytest.mark.xdist_group("behaviour-facts-environment")

_VARIABLES = "DG, Working with Lambda environment variables"
_VARIABLES_23 = "DG23, configuration-envvars"
_LAYERS = "DG, Packaging your layer content"
_NODE = {"Runtime": "nodejs24.x"}

_RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
_DEFAULTS = frozenset(
    {
        *("LANG", "PATH", "LD_LIBRARY_PATH", "TZ", "AWS_XRAY_CONTEXT_MISSING"),
        *("AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT"),
    }
)
# How the SDKs are led to the harness; AWS sets neither.
_LEADS_HERE = frozenset({"AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED", "AWS_DISABLE_HOST_PREFIX_INJECTION"})
_ANYWHERE = _RESERVED | _DEFAULTS | _LEADS_HERE


def _variable(
    name: str, expect: object, source: str = _VARIABLES, *, needs_sandbox: bool = False, **properties: object
) -> Fact:
    return Fact(
        says=f"{name} is set{' with ' + ', '.join(properties) if properties else ''}",
        source=source,
        code=python(f"return os.environ.get({name!r})"),
        properties=properties,
        expect=expect,
        needs_sandbox=needs_sandbox,
    )


def _matching(pattern: str) -> object:
    return lambda seen: re.fullmatch(pattern, seen.payload)


def _exactly(names: frozenset[str], seen: Seen) -> bool:
    found = set(seen.payload)
    assert found == names, f"missing: {sorted(names - found)}, too much: {sorted(found - names)}"
    return True


def _layer(folder: str) -> Mapping[str, str]:
    return {f"{folder}/shared.py": f"ORIGIN = {folder!r}"}


_FORBIDDEN = """
def tried(path):
    try:
        open(path, "w").close()
    except OSError as error:
        return error.strerror
    return "written"
"""

FACTS = (
    Fact(
        says="a Python function has exactly these variables",
        source=_VARIABLES,
        code=python("return sorted(os.environ)"),
        properties={"Environment": {"Variables": {"TABLE": "orders"}}},
        expect=lambda seen: _exactly(_ANYWHERE | {"PYTHONPATH", "TABLE"}, seen),
        needs_sandbox=True,
    ),
    Fact(
        says="a Node.js function has exactly these variables",
        source=_VARIABLES,
        code="exports.handler = async () => Object.keys(process.env).sort();",
        properties={**_NODE, "Environment": {"Variables": {"TABLE": "orders"}}},
        expect=lambda seen: _exactly(_ANYWHERE | {"NODE_PATH", "TABLE"}, seen),
        needs_sandbox=True,
    ),
    _variable("_HANDLER", "index.handler"),
    _variable("AWS_REGION", "us-east-1"),
    _variable("AWS_DEFAULT_REGION", "us-east-1"),
    _variable("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13"),
    _variable("AWS_LAMBDA_FUNCTION_NAME", _matching(r"Fact\d+")),
    _variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769", MemorySize=1769),
    _variable("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    _variable("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    _variable("AWS_LAMBDA_LOG_GROUP_NAME", _matching(r"/aws/lambda/Fact\d+")),
    _variable("AWS_LAMBDA_LOG_GROUP_NAME", "/shop/orders", LoggingConfig={"LogGroup": "/shop/orders"}),
    _variable(
        "AWS_LAMBDA_LOG_STREAM_NAME",
        _matching(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}"),
        "DG, Sending Lambda function logs to CloudWatch Logs",
    ),
    _variable("AWS_ACCESS_KEY_ID", _matching(r"ASIA[A-Z0-9]{16}")),
    _variable("AWS_SECRET_ACCESS_KEY", _matching(r"\S{40}")),
    _variable("AWS_SESSION_TOKEN", _matching(r"\S{16,}")),
    _variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001", needs_sandbox=True),
    _variable("LAMBDA_TASK_ROOT", "/var/task", needs_sandbox=True),
    _variable("LAMBDA_RUNTIME_DIR", "/var/runtime", needs_sandbox=True),
    _variable("LANG", "en_US.UTF-8"),
    _variable("TZ", ":UTC", _VARIABLES_23),
    _variable("PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin", needs_sandbox=True),
    _variable(
        "LD_LIBRARY_PATH",
        "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        needs_sandbox=True,
    ),
    _variable("PYTHONPATH", "/var/runtime", _VARIABLES_23, needs_sandbox=True),
    _variable("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR", _VARIABLES_23),
    Fact(
        says="segments are sent to the daemon's address, and that is no error",
        source=_VARIABLES_23,
        code=python(
            "import socket\naddress, port = os.environ['AWS_XRAY_DAEMON_ADDRESS'].split(':')\n"
            "assert (address, port) == (os.environ['_AWS_XRAY_DAEMON_ADDRESS'], os.environ['_AWS_XRAY_DAEMON_PORT'])\n"
            "sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "return [sender.sendto(b'segment', (address, int(port))) for _ in range(3)]"
        ),
        expect=[7, 7, 7],
    ),
    _variable("AWS_LAMBDA_LOG_FORMAT", None, "DG, Log-level filtering"),
    _variable("AWS_LAMBDA_LOG_FORMAT", "JSON", "DG, Log-level filtering", LoggingConfig={"LogFormat": "JSON"}),
    _variable(
        "AWS_LAMBDA_LOG_LEVEL",
        "WARN",
        "DG, Log-level filtering",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"},
    ),
    *(
        Fact(
            says=f"NODE_PATH of nodejs{major}.x leads through layers, the runtime and the package",
            source=_VARIABLES,
            code="exports.handler = async () => process.env.NODE_PATH;",
            properties={"Runtime": f"nodejs{major}.x"},
            expect=lambda seen, major=major: seen.payload.startswith(
                f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules"
            ),
            needs_sandbox=True,
        )
        for major in (20, 22, 24)
    ),
    Fact(
        says="a published version has its own number in the variables",
        source=_VARIABLES,
        code=python("return [os.environ['AWS_LAMBDA_FUNCTION_VERSION'], context.log_stream_name[11:14]]"),
        invoke={"qualifier": "live"},
        is_published=True,
        expect=["1", "[1]"],
    ),
    Fact(
        says="a user's variable may replace a default",
        source=_VARIABLES,
        code=python("return [os.environ['TZ'], os.environ['LANG']]"),
        properties={"Environment": {"Variables": {"TZ": "Europe/Berlin", "LANG": "C.UTF-8"}}},
        expect=["Europe/Berlin", "C.UTF-8"],
    ),
    Fact(
        says="nothing is expanded in the value of a variable",
        source=_VARIABLES,
        code=python("return os.environ['PLAIN']"),
        properties={"Environment": {"Variables": {"PLAIN": "$PATH:${HOME} `id` %TMP%\n \"'"}}},
        expect="$PATH:${HOME} `id` %TMP%\n \"'",
    ),
    Fact(
        says="local time is UTC",
        source=_VARIABLES_23,
        code=python("return [time.localtime(0).tm_hour, time.strftime('%Z', time.localtime(0))]"),
        expect=[0, "UTC"],
    ),
    Fact(
        says="text is UTF-8 everywhere",
        source=_VARIABLES,
        code=python(
            "return [sys.getfilesystemencoding(), sys.stdout.encoding.lower(), open('index.py').encoding.lower()]"
        ),
        expect=["utf-8", "utf-8", "utf-8"],
    ),
    Fact(
        says="the working directory is the package's",
        source=_VARIABLES,
        code=python("return os.getcwd() == os.environ['LAMBDA_TASK_ROOT']"),
        expect=True,
    ),
    Fact(
        says="the search path is package, layers, standard library, runtime",
        source="DG, Working with .zip file archives for Python Lambda functions",
        code={
            "index.py": python("return [entry for entry in sys.path if 'lib/python3' not in entry or 'opt' in entry]")
        },
        layers=(_layer("python"),),
        expect=lambda seen: (
            [entry for entry in seen.payload if not entry.endswith(".zip")]
            == ["/var/task", "/opt/python/lib/python3.13/site-packages", "/opt/python", "/var/runtime"]
        ),
        needs_sandbox=True,
    ),
    Fact(
        says="the package goes before layers",
        source="DG, Working with .zip file archives for Python Lambda functions",
        code={"index.py": python("import shared\nreturn shared.ORIGIN"), "shared.py": "ORIGIN = 'package'"},
        layers=(_layer("python"),),
        expect="package",
    ),
    Fact(
        says="a later layer goes before an earlier one",
        source="DG, Managing Lambda dependencies with layers",
        code={"index.py": python("import shared\nreturn shared.ORIGIN")},
        layers=({"python/shared.py": "ORIGIN = 'first'"}, {"python/shared.py": "ORIGIN = 'second'"}),
        expect="second",
    ),
    Fact(
        says="a layer's folder for the version goes before its folder for all",
        source=_LAYERS,
        code={"index.py": python("import shared\nreturn shared.ORIGIN")},
        layers=({**_layer("python"), **_layer("python/lib/python3.13/site-packages")},),
        expect="python/lib/python3.13/site-packages",
    ),
    Fact(
        says="a layer goes before the SDK of the runtime",
        source="DG, Working with .zip file archives for Python Lambda functions",
        code={"index.py": python("import boto3\nreturn boto3.ORIGIN")},
        layers=({"python/boto3/__init__.py": "ORIGIN = 'layer'"},),
        expect="layer",
    ),
    Fact(
        says="the SDK is there without being packed",
        source="DG, Building Lambda functions with Python",
        code=python("import boto3, botocore\nreturn boto3.__name__ + botocore.__name__"),
        expect="boto3botocore",
    ),
    *(
        Fact(
            says=f"a layer's {folder} is found by Node.js",
            source=_LAYERS,
            code={"index.js": "exports.handler = async () => require('shared').ORIGIN;"},
            layers=({f"{folder}/shared/index.js": "exports.ORIGIN = 'layer';"},),
            properties={"Runtime": "nodejs22.x"},
            expect="layer",
        )
        for folder in ("nodejs/node_modules", "nodejs/node22/node_modules")
    ),
    Fact(
        says="a layer's bin is on the PATH",
        source=_LAYERS,
        code={"index.py": python("import subprocess\nreturn subprocess.check_output(['greet'], text=True)")},
        layers=({"bin/greet": "#!/bin/sh\nprintf hello"},),
        expect="hello",
    ),
    Fact(
        says="layers are merged into one folder",
        source="DG, Managing Lambda dependencies with layers",
        code={"index.py": python("return [sorted(os.listdir('/opt')), open('/opt/a/both').read()]")},
        layers=({"a/one": "", "a/both": "1"}, {"a/two": "", "a/both": "2", "b": ""}),
        expect=lambda seen: seen.payload[0] == ["a", "b"] and seen.payload[1] == "2",
        needs_sandbox=True,
    ),
    Fact(
        says="a bootstrap of the package goes before one of a layer",
        source="DG, Building a custom runtime for AWS Lambda",
        code={"bootstrap": "#!/bin/sh\nexit 11\n"},
        layers=({"bootstrap": "#!/bin/sh\nexit 12\n"},),
        properties={"Runtime": "provided.al2023"},
        expect=lambda seen: seen.fault == ("Runtime.ExitError", "Runtime exited with error: exit status 11"),
    ),
    Fact(
        says="a custom runtime has no execution environment's name and no trace id",
        source=_VARIABLES,
        code={"bootstrap": "#!/bin/sh\nenv | cut -d= -f1\nexit 1\n"},
        properties={"Runtime": "provided.al2023"},
        expect=lambda seen: (
            "LAMBDA_TASK_ROOT" in seen.log and not {"AWS_EXECUTION_ENV", "_X_AMZN_TRACE_ID"} & set(seen.log)
        ),
    ),
    *(
        Fact(
            says=f"{place} is read-only",
            source=_VARIABLES if place == "/var/task" else "DG, Managing Lambda dependencies with layers",
            code={"index.py": python(f"return tried({place + '/new'!r})", before=_FORBIDDEN)},
            layers=(_layer("python"),),
            expect="Read-only file system",
            needs_sandbox=True,
        )
        for place in ("/var/task", "/opt", "/var/runtime", "/var/lang", "/usr", "/etc", "")
    ),
    Fact(
        says="a file of the package cannot be changed",
        source=_VARIABLES,
        code=python("return tried('/var/task/index.py')", before=_FORBIDDEN),
        expect="Read-only file system",
        needs_sandbox=True,
    ),
    Fact(
        says="/tmp has 512 MB unless configured",
        source="API CreateFunction, EphemeralStorage",
        code=python("s = os.statvfs('/tmp')\nreturn s.f_frsize * s.f_blocks // 1048576"),
        expect=512,
        needs_sandbox=True,
    ),
    Fact(
        says="/tmp has the configured size",
        source="API CreateFunction, EphemeralStorage",
        code=python("s = os.statvfs('/tmp')\nreturn s.f_frsize * s.f_blocks // 1048576"),
        properties={"EphemeralStorage": {"Size": 1024}},
        expect=1024,
        needs_sandbox=True,
    ),
    Fact(
        says="/tmp is empty at first and keeps its files from call to call",
        source="DG, Understanding the Lambda execution environment lifecycle",
        code=python("found = os.listdir('/tmp')\nopen('/tmp/kept', 'w').close()\nreturn found"),
        calls=(1, 2),
        expect=lambda seen: seen.payloads == [[], ["kept"]],
        needs_sandbox=True,
    ),
    Fact(
        says="a process may have 1,024 open files",
        source="DG, Lambda quotas",
        code=python("import resource\nreturn resource.getrlimit(resource.RLIMIT_NOFILE)"),
        expect=[1024, 1024],
    ),
    Fact(
        says="a process reads its own files in /proc",
        source="proc(5), /proc/pid/environ",
        code=python("return [os.stat('/proc/self/environ').st_uid, bool(open('/proc/self/environ').read())]"),
        expect=[993, True],
        needs_sandbox=True,
    ),
    Fact(
        says="there is no shared memory for multiprocessing queues",
        source="AWS Compute Blog, Parallel Processing in Python with AWS Lambda",
        code=python("import multiprocessing\ntry:\n    multiprocessing.Queue()\nexcept OSError:\n    return 'none'"),
        expect="none",
        needs_sandbox=True,
    ),
    Fact(
        says="multiprocessing pipes work",
        source="AWS Compute Blog, Parallel Processing in Python with AWS Lambda",
        code=python(
            "import multiprocessing\nmine, theirs = multiprocessing.Pipe()\n"
            "child = multiprocessing.get_context('fork').Process(target=theirs.send, args=('sent',))\n"
            "child.start()\nchild.join()\nreturn mine.recv()"
        ),
        expect="sent",
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_the_environment(table: FactTable, fact: Fact) -> None:
    table.check(fact)
