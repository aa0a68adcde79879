"""What stands in a function's log, as text and as JSON: a row per fact.

DG is the AWS Lambda Developer Guide; RIC is the package awslambdaric, RIC-js the package aws-lambda-ric, both AWS's own
runtime clients.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.fakes.facts import Fact, FactTable, Seen, deployed_facts, python

pytestmark = pytest.mark.xdist_group("behaviour-facts-log")

_FORMAT = "DG, Sending Lambda function logs to CloudWatch Logs"
_LIFECYCLE = "DG, Understanding the Lambda execution environment lifecycle"
_LEVELS = "DG, Log-level filtering"
_BOOTSTRAP = "RIC, bootstrap.py"
_RECORDS = "DG, Lambda Telemetry API Event schema reference"
_MILLISECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_NODE = {"Runtime": "nodejs22.x"}
_LOGS_ALL = python(
    "import logging\nlog = logging.getLogger()\n"
    "for level in ('debug', 'info', 'warning', 'error', 'critical'): getattr(log, level)(level)\nprint('printed')"
)


def _json(**levels: str) -> dict[str, Any]:
    return {"LoggingConfig": {"LogFormat": "JSON", **levels}}


def _node_json(**levels: str) -> dict[str, Any]:
    return {**_NODE, **_json(**levels)}


def _messages(seen: Seen) -> list[object]:
    return [record["message"] for record in seen.records if "message" in record]


def _is_in_order(seen: Seen, patterns: Sequence[str]) -> bool:
    lines = [line for line in seen.log if line]
    assert len(lines) == len(patterns), lines
    return all(
        re.fullmatch(pattern.replace("ID", seen.last.request_id), line)
        for pattern, line in zip(patterns, lines, strict=True)
    )


_INIT_START = (
    r"INIT_START Runtime Version: python:3\.\S+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}"
)
_REPORT = (
    r"REPORT RequestId: ID\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB"
    r"\tMax Memory Used: \d+ MB\t"
)

FACTS = (
    Fact(
        says="a cold start is logged in this order",
        source=f"{_FORMAT}; {_LIFECYCLE}",
        code=python("print('in the call')", before="print('while loading')"),
        expect=lambda seen: _is_in_order(
            seen,
            [
                _INIT_START,
                "while loading",
                r"START RequestId: ID Version: \$LATEST",
                "in the call",
                "END RequestId: ID",
                _REPORT + r"Init Duration: \d+\.\d\d ms\t?",
            ],
        ),
    ),
    Fact(
        says="a warm start has neither INIT_START nor an init duration",
        source=_LIFECYCLE,
        code=python("pass"),
        calls=(1, 2),
        expect=lambda seen: _is_in_order(
            seen, [r"START RequestId: ID Version: \$LATEST", "END RequestId: ID", _REPORT.removesuffix(r"\t") + r"\t?"]
        ),
    ),
    Fact(
        says="START names the version",
        source=_LIFECYCLE,
        code=python("pass"),
        invoke={"qualifier": "live"},
        is_published=True,
        expect=lambda seen: f"START RequestId: {seen.last.request_id} Version: 1" in seen.log,
    ),
    Fact(
        says="print goes out as it is",
        source=f"{_BOOTSTRAP}; DG, Log and monitor Python Lambda functions",
        code=python("print('  two  words\\t', 'ä€')"),
        expect=lambda seen: seen.lines == ["  two  words\t ä€"],
    ),
    Fact(
        says="standard error is logged as well",
        source=_FORMAT,
        code=python("print('to error', file=sys.stderr)"),
        expect=lambda seen: seen.lines == ["to error"],
    ),
    Fact(
        says="what a child writes is logged",
        source=_FORMAT,
        code=python("import subprocess\nsubprocess.run(['echo', 'of a child'])"),
        expect=lambda seen: seen.lines == ["of a child"],
    ),
    Fact(
        says="a Python log line has level, time, request id and message behind tabs",
        source=_BOOTSTRAP,
        code=python("import logging\nlogging.warning('careful')"),
        expect=lambda seen: re.fullmatch(
            rf"\[WARNING\]\t{_MILLISECONDS}\t{seen.last.request_id}\tcareful", seen.lines[0]
        ),
    ),
    Fact(
        says="the root logger of text logs starts at WARNING",
        source=_BOOTSTRAP,
        code=_LOGS_ALL,
        expect=lambda seen: (
            [line.split("\t")[0] for line in seen.lines] == ["[WARNING]", "[ERROR]", "[CRITICAL]", "printed"]
        ),
    ),
    Fact(
        says="code that sets its own level is heard",
        source=_LEVELS,
        code=python("import logging\nlogging.getLogger().setLevel('DEBUG')\nlogging.debug('heard')"),
        expect=lambda seen: seen.lines[0].endswith("\theard"),
    ),
    Fact(
        says="an exception is logged as one event with its frames behind no-break spaces",
        source=_BOOTSTRAP,
        code="def handler(event, context):\n    raise LookupError('no')\n",
        expect=lambda seen: (
            seen.lines[:2] == ["[ERROR] LookupError: no", "Traceback (most recent call last):"]
            and re.fullmatch(r'\xa0\xa0File ".*index\.py", line 2, in handler', seen.lines[2])
            and seen.lines[3] == "\xa0\xa0\xa0\xa0raise LookupError('no')"
        ),
    ),
    Fact(
        says="a handler's exception leaves REPORT without a status",
        source=_LIFECYCLE,
        code=python("raise LookupError('no')"),
        expect=lambda seen: "Status" not in seen.report,
    ),
    Fact(
        says="a crash is logged with its reason and type",
        source=_LIFECYCLE,
        code=python("os._exit(1)"),
        expect=lambda seen: (
            {
                f"RequestId: {seen.last.request_id} Error: Runtime exited with error: exit status 1",
                "Runtime.ExitError",
            }
            <= set(seen.log)
            and "Status: error\tError Type: Runtime.ExitError" in seen.report
        ),
    ),
    Fact(
        says="a time-out is logged with the time and the configured seconds",
        source=_LIFECYCLE,
        code=python("threading.Event().wait()"),
        properties={"Timeout": 1},
        expect=lambda seen: (
            any(
                re.fullmatch(rf"{_MILLISECONDS} {seen.last.request_id} Task timed out after 1\.00 seconds", line)
                for line in seen.log
            )
            and "Status: timeout" in seen.report
        ),
        takes_time=True,
    ),
    Fact(
        says="an init phase that fails has an INIT_REPORT",
        source=_LIFECYCLE,
        code="raise ValueError('cannot')",
        expect=lambda seen: any(
            re.fullmatch(
                r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: error\tError Type: ValueError", line
            )
            for line in seen.log
        ),
    ),
    Fact(
        says="output that is no text is logged with replacement characters",
        source=_FORMAT,
        code=python("os.write(1, b'\\xff\\xfe binary\\n')"),
        expect=lambda seen: seen.lines == ["\ufffd\ufffd binary"],
    ),
    Fact(
        says="a Node.js log line has time, request id, level and text behind tabs",
        source="RIC-js, LogPatch; DG, Log and monitor Node.js Lambda functions",
        code="exports.handler = async () => { console.log('%s=%d', 'n', 5); console.error({a: 1}); };",
        properties=_NODE,
        expect=lambda seen: (
            [re.sub(_MILLISECONDS, "TIME", line) for line in seen.lines]
            == [f"TIME\t{seen.last.request_id}\tINFO\tn=5", f"TIME\t{seen.last.request_id}\tERROR\t{{ a: 1 }}"]
        ),
    ),
    Fact(
        says="a Node.js line of the init phase has no request id",
        source="RIC-js, LogPatch",
        code="console.info('loading'); exports.handler = async () => 1;",
        properties=_NODE,
        expect=lambda seen: re.fullmatch(rf"{_MILLISECONDS}\tundefined\tINFO\tloading", seen.lines[0]),
    ),
    Fact(
        says="process.stdout of Node.js goes out as it is",
        source="DG, Log and monitor Node.js Lambda functions",
        code="exports.handler = async () => { process.stdout.write('plain\\n'); };",
        properties=_NODE,
        expect=lambda seen: seen.lines == ["plain"],
    ),
    Fact(
        says="JSON logs begin with initStart, start and report as records",
        source=f"{_FORMAT}; {_RECORDS}",
        code=python("pass"),
        properties=_json(),
        expect=lambda seen: (
            [record["type"] for record in seen.records] == ["platform.initStart", "platform.start", "platform.report"]
            and all(re.fullmatch(_MILLISECONDS, record["time"]) for record in seen.records)
            and seen.record("start") == {"requestId": seen.last.request_id, "version": "$LATEST"}
        ),
    ),
    Fact(
        says="the JSON report has these metrics",
        source=_RECORDS,
        code=python("pass"),
        properties=_json(),
        expect=lambda seen: (
            set(seen.record("report")) == {"requestId", "status", "metrics"}
            and set(seen.record("report")["metrics"])
            == {"durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"}
            and seen.record("report")["status"] == "success"
        ),
    ),
    Fact(
        says="the JSON report of a crash has its type",
        source=_RECORDS,
        code=python("os._exit(3)"),
        properties=_json(),
        expect=lambda seen: (
            (seen.record("report")["status"], seen.record("report")["errorType"]) == ("error", "Runtime.ExitError")
        ),
    ),
    Fact(
        says="the JSON report of a time-out says timeout",
        source=_RECORDS,
        code=python("threading.Event().wait()"),
        properties={**_json(), "Timeout": 1},
        expect=lambda seen: seen.record("report")["status"] == "timeout",
        takes_time=True,
    ),
    *(
        Fact(
            says=f"system level {level} shows {kinds}",
            source=_LEVELS,
            code=python("pass"),
            properties=_json(SystemLogLevel=level),
            expect=lambda seen, kinds=kinds: (
                [record["type"].removeprefix("platform.") for record in seen.records] == kinds.split()
            ),
        )
        for level, kinds in (
            ("DEBUG", "initStart initReport start runtimeDone report"),
            ("INFO", "initStart start report"),
            ("WARN", ""),
        )
    ),
    Fact(
        says="system level WARN still shows what failed",
        source=_LEVELS,
        code=python("os._exit(1)"),
        properties=_json(SystemLogLevel="WARN"),
        expect=lambda seen: seen.record("report") is not None and seen.record("start") is None,
    ),
    *(
        Fact(
            says=f"application level {level} shows {len(shown.split())} of five",
            source=_LEVELS,
            code=_LOGS_ALL,
            properties=_json(ApplicationLogLevel=level),
            expect=lambda seen, shown=shown: _messages(seen) == shown.split(),
        )
        for level, shown in (
            ("DEBUG", "debug info warning error critical"),
            ("INFO", "info warning error critical"),
            ("WARN", "warning error critical"),
            ("ERROR", "error critical"),
            ("FATAL", "critical"),
        )
    ),
    Fact(
        says="the application level of JSON logs is INFO unless configured",
        source=_LEVELS,
        code=_LOGS_ALL,
        properties=_json(),
        expect=lambda seen: _messages(seen) == ["info", "warning", "error", "critical"],
    ),
    Fact(
        says="print is not filtered and not wrapped in JSON by Python",
        source=f"{_BOOTSTRAP}; {_FORMAT}",
        code=_LOGS_ALL,
        properties=_json(ApplicationLogLevel="FATAL"),
        expect=lambda seen: "printed" in seen.log,
    ),
    Fact(
        says="a JSON log line of Python has these keys and whole seconds",
        source="RIC, lambda_runtime_log_utils.py",
        code=python("import logging\nlogging.getLogger('shop').warning('careful', extra={'order': 7})"),
        properties=_json(),
        expect=lambda seen: (
            _without_time(seen.records[2])
            == {
                "level": "WARNING",
                "message": "careful",
                "logger": "shop",
                "requestId": seen.last.request_id,
                "order": 7,
            }
        ),
    ),
    Fact(
        says="a JSON log line of an exception has type, text and frames",
        source="RIC, lambda_runtime_log_utils.py",
        code=python("import logging\ntry:\n    {}['sku']\nexcept KeyError:\n    logging.exception('lost')"),
        properties=_json(),
        expect=lambda seen: (
            {"errorType", "errorMessage", "stackTrace", "location"} <= set(seen.records[2])
            and seen.records[2]["errorType"] == "KeyError"
        ),
    ),
    Fact(
        says="an exception of the handler is one JSON object",
        source=_BOOTSTRAP,
        code=python("raise LookupError('no')"),
        properties=_json(),
        expect=lambda seen: (
            [
                (record["level"], record["errorType"], record["errorMessage"])
                for record in seen.records
                if "level" in record
            ]
            == [("ERROR", "LookupError", "no")]
        ),
    ),
    Fact(
        says="a line that is JSON already is not encoded twice",
        source=_FORMAT,
        code=python("print(json.dumps({'own': 1}))"),
        properties=_json(),
        expect=lambda seen: '{"own": 1}' in seen.log,
    ),
    Fact(
        says="a JSON log line of Node.js has timestamp, level, request id and message",
        source="DG, Log and monitor Node.js Lambda functions",
        code="exports.handler = async () => { console.warn('careful', 7); };",
        properties=_node_json(),
        expect=lambda seen: (
            _without_time(seen.records[2])
            == {"level": "WARN", "requestId": seen.last.request_id, "message": "careful 7"}
        ),
    ),
    Fact(
        says="Node.js filters by the application level",
        source=_LEVELS,
        code="exports.handler = async () => { for (const l of ['debug', 'info', 'warn', 'error']) console[l](l); };",
        properties=_node_json(ApplicationLogLevel="WARN"),
        expect=lambda seen: _messages(seen) == ["warn", "error"],
    ),
)


def _without_time(record: dict[str, Any]) -> dict[str, Any]:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", record["timestamp"]), record
    return {key: value for key, value in record.items() if key != "timestamp"}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_the_log(table: FactTable, fact: Fact) -> None:
    table.check(fact)
