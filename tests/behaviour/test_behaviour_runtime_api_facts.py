"""The Runtime API as any runtime meets it: a row per fact.

The functions are Python modules that never return from their import: they take the events themselves.
DG is the AWS Lambda Developer Guide; RIE is aws/aws-lambda-runtime-interface-emulator, AWS's own server of this API.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.fakes.facts import Fact, FactTable, Seen, deployed_facts, error

pytestmark = pytest.mark.xdist_group("behaviour-facts-runtime-api")

_API = "DG, Using the Lambda runtime API"
_TRANSITION = "RIE, rapi/handler/invocationresponse.go"
_RENDER = "RIE, rapi/rendering/render_error.go"

_CLIENT = """
import http.client, json, os

def call(method, path, body=None, headers={}):
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    api.request(method, "/2018-06-01/runtime/" + path, body, headers)
    answer = api.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()

def brief(answer):
    return [answer[0], json.loads(answer[2])["errorType"] if answer[0] >= 400 else answer[2].strip()]

def next_event():
    _, headers, body = call("GET", "invocation/next")
    return headers, body, headers["Lambda-Runtime-Aws-Request-Id"]

def respond(request_id, value, headers={}):
    return call("POST", f"invocation/{request_id}/response", json.dumps(value), headers)
"""


def _each(body: str, *, before: str = "") -> str:
    """A runtime that runs `body` for each event, which has `headers`, `event` and `id`."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    return f"{_CLIENT}\n{before}\nwhile True:\n    headers, event, id = next_event()\n{lines}\n"


_ECHO = _each("respond(id, {'headers': headers, 'event': event})")


def _header(name: str) -> str:
    return _each(f"respond(id, headers.get({name!r}, 'absent'))")


def _in_time(seen: Seen) -> bool:
    left = float(seen.payload) / 1000 - time.time()
    return 15 < left <= 20


FACTS = (
    Fact(
        says="the event is handed over byte for byte",
        source=_API,
        code=_each("respond(id, event)"),
        calls=(b' {"b" :1,\n"a":\t"\xc3\xa4" } ',),
        expect=' {"b" :1,\n"a":\t"ä" } ',
    ),
    Fact(
        says="an event that is empty is an empty object",
        source="API Invoke, Payload",
        code=_each("respond(id, event)"),
        calls=(b"",),
        expect="{}",
    ),
    Fact(
        says="the request id is the one that the caller gets",
        source=_API,
        code=_each("respond(id, id)"),
        expect=lambda seen: seen.payload == seen.last.request_id,
    ),
    Fact(
        says="a request id is a UUID",
        source=_API,
        code=_each("respond(id, id)"),
        expect=lambda seen: re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", seen.payload),
    ),
    Fact(
        says="every attempt has an invocation id of its own",
        source=_API,
        code=_header("Lambda-Runtime-Invocation-Id"),
        calls=(1, 2),
        expect=lambda seen: len({*seen.payloads, *(result.request_id for result in seen.results), "absent"}) == 5,
    ),
    Fact(
        says="the deadline is the time-out from now in Unix milliseconds",
        source=_API,
        code=_each("respond(id, int(headers['Lambda-Runtime-Deadline-Ms']))"),
        expect=_in_time,
    ),
    Fact(
        says="the ARN of an unqualified call is unqualified",
        source=_API,
        code=_header("Lambda-Runtime-Invoked-Function-Arn"),
        expect=lambda seen: re.fullmatch(r"arn:aws:lambda:us-east-1:123456789012:function:Fact\d+", seen.payload),
    ),
    *(
        Fact(
            says=f"the ARN keeps the qualifier {qualifier} as the caller named it",
            source=_API,
            code=_header("Lambda-Runtime-Invoked-Function-Arn"),
            invoke={"qualifier": qualifier},
            is_published=True,
            expect=lambda seen, qualifier=qualifier: seen.payload.endswith(f":{qualifier}"),
        )
        for qualifier in ("live", "1", "$LATEST")
    ),
    Fact(
        says="the trace header has root, parent and no sampling for a function that passes traces through",
        source="DG, Visualize Lambda function invocations using AWS X-Ray",
        code=_header("Lambda-Runtime-Trace-Id"),
        expect=lambda seen: re.match(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", seen.payload),
    ),
    Fact(
        says="a client context arrives as JSON",
        source=f"{_API}; API Invoke, ClientContext",
        code=_each("respond(id, json.loads(headers['Lambda-Runtime-Client-Context']))"),
        invoke={"client_context": {"custom": {"k": "ü"}, "env": {"locale": "de"}}},
        expect={"custom": {"k": "ü"}, "env": {"locale": "de"}},
    ),
    Fact(
        says="without a client context there is no such header",
        source=_API,
        code=_header("Lambda-Runtime-Client-Context"),
        expect="absent",
    ),
    Fact(
        says="without the mobile SDK there is no Cognito identity",
        source="RIE, rapi/model/cognitoidentity.go",
        code=_header("Lambda-Runtime-Cognito-Identity"),
        expect="absent",
    ),
    Fact(
        says="without tenant isolation there is no tenant id",
        source="aws-lambda-python-runtime-interface-client, lambda_runtime_client.py",
        code=_header("Lambda-Runtime-Aws-Tenant-Id"),
        expect="absent",
    ),
    Fact(
        says="an event is JSON by its content type",
        source="aws-lambda-python-runtime-interface-client, lambda_runtime_marshaller.py",
        code=_header("Content-Type"),
        expect="application/json",
    ),
    Fact(
        says="the API's address is host and port without a scheme",
        source=_API,
        code=_each("respond(id, os.environ['AWS_LAMBDA_RUNTIME_API'])"),
        expect=lambda seen: re.fullmatch(r"[\d.]+:\d+", seen.payload),
    ),
    Fact(
        says="a response is accepted with 202 and a status",
        source=_API,
        code=_each("last = brief(respond(id, last))", before="last = None"),
        calls=(1, 2),
        expect=[202, '{"status":"OK"}'],
    ),
    Fact(
        says="a response is passed on byte for byte",
        source=_API,
        code=_each("call('POST', f'invocation/{id}/response', b' [1,\\n 2 ] ')"),
        expect=lambda seen: seen.last.raw_payload == b" [1,\n 2 ] ",
    ),
    Fact(
        says="a response need not be JSON",
        source=_API,
        code=_each("call('POST', f'invocation/{id}/response', bytes(range(256)))"),
        expect=lambda seen: seen.last.raw_payload == bytes(range(256)) and seen.last.function_error is None,
    ),
    Fact(
        says="a response may come in chunks",
        source="RFC 9112, section 7.1",
        code=_each(
            "chunks = b'2\\r\\n[1\\r\\n3\\r\\n,2]\\r\\n0\\r\\n\\r\\n'\n"
            "call('POST', f'invocation/{id}/response', chunks, {'Transfer-Encoding': 'chunked'})"
        ),
        expect=[1, 2],
    ),
    Fact(
        says="a request id that is not the active one is refused",
        source=_RENDER,
        code=_each(
            "other = call('POST', 'invocation/another/response', '1'); respond(id, [other[0], json.loads(other[2])])"
        ),
        expect=[400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}],
    ),
    Fact(
        says="an invocation id that is echoed and wrong is refused",
        source=_API,
        code=_each(
            "other = call('POST', f'invocation/{id}/response', '1', {'Lambda-Runtime-Invocation-Id': 'x'})\n"
            "respond(id, brief(other))"
        ),
        expect=[400, "InvalidInvocationId"],
    ),
    Fact(
        says="an invocation id that is echoed and right is accepted",
        source=_API,
        code=_each(
            "own = {'Lambda-Runtime-Invocation-Id': headers['Lambda-Runtime-Invocation-Id']}\nrespond(id, 'taken', own)"
        ),
        expect="taken",
    ),
    Fact(
        says="a second response to one event is out of order",
        source=_TRANSITION,
        code=_each("respond(id, last); last = brief(respond(id, 2))", before="last = None"),
        calls=(1, 2),
        expect=[403, "InvalidStateTransition"],
    ),
    Fact(
        says="a response before the first event is out of order",
        source=_TRANSITION,
        code=_each("respond(id, early)", before="early = brief(respond('x', 1))"),
        expect=[403, "InvalidStateTransition"],
    ),
    Fact(
        says="an init error after the init phase is out of order",
        source=_TRANSITION,
        code=_each("respond(id, brief(call('POST', 'init/error', '{}')))"),
        expect=[403, "InvalidStateTransition"],
    ),
    Fact(
        says="next before the response is out of order",
        source="RIE, core/states.go",
        code=_each("respond(id, brief(call('GET', 'invocation/next')))"),
        expect=[403, "InvalidStateTransition"],
    ),
    Fact(
        says="errors of the API have a type and a text",
        source=_RENDER,
        code=_each("respond(id, sorted(json.loads(call('POST', 'init/error', '{}')[2])))"),
        expect=["errorMessage", "errorType"],
    ),
    *(
        Fact(
            says=f"{path} is not there without SnapStart",
            source=_API,
            code=_each(f"respond(id, call({method!r}, {path!r}, {body!r})[0])"),
            expect=404,
        )
        for method, path, body in (("GET", "restore/next", None), ("POST", "restore/error", "{}"))
    ),
    Fact(
        says="an error report is accepted with 202 and reaches the caller as it was sent",
        source=f"{_API}, Invocation error",
        code=_each(
            """report = '{"errorType": "Own.Type", "errorMessage": "no", "stackTrace": [], "more": [1, null]}'\n"""
            "call('POST', f'invocation/{id}/error', report)"
        ),
        expect=lambda seen: (
            seen.last.function_error == "Unhandled"
            and seen.last.raw_payload
            == b'{"errorType": "Own.Type", "errorMessage": "no", "stackTrace": [], "more": [1, null]}'
        ),
    ),
    Fact(
        says="after an error report the same process takes the next event",
        source=f"{_API}, Invocation error",
        code=_each(
            "count += 1\nrespond(id, count) if count == 2 else call('POST', f'invocation/{id}/error', '{}')",
            before="count = 0",
        ),
        calls=(1, 2),
        expect=2,
    ),
    Fact(
        says="an init error reaches the caller",
        source=f"{_API}, Initialization error",
        code=f"{_CLIENT}\nreport = {{'errorType': 'Own.Init', 'errorMessage': 'cannot start'}}\n"
        "call('POST', 'init/error', json.dumps(report))\nos._exit(0)",
        expect=error("Own.Init", "cannot start"),
    ),
    Fact(
        says="a response of 6 MiB and 100 bytes is accepted",
        source="RIE, interop/model.go",
        code=_each("""call('POST', f'invocation/{id}/response', b'"' + b'x' * (6291556 - 2) + b'"')"""),
        expect=lambda seen: len(seen.last.raw_payload) == 6_291_556 and seen.last.function_error is None,
    ),
    Fact(
        says="a response of one byte more is a function error that names the limit",
        source="RIE, interop/model.go and rapi/rendering/render_error.go",
        code=_each("call('POST', f'invocation/{id}/response', b'x' * 6291557)"),
        expect=error(
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ),
    *(
        Fact(
            says=f"{what} is too large to be kept, and the same process takes the next event",
            source="RIE, rapidcore/server.go",
            code=_each(
                "if last: respond(id, last)\n"
                "else:\n"
                f"    last = call('POST', f'invocation/{{id}}/{kind}', b'x' * {size})[0]",
                before="last = None",
            ),
            calls=(1, 2, 3),
            properties={"MemorySize": 1024},
            expect=lambda seen: (
                seen.payloads[0]["errorType"] == "Function.ResponseSizeTooLarge" and seen.payloads[1:] == [413, 413]
            ),
        )
        for what, kind, size in (
            ("a response of 70 MB", "response", 70_000_000),
            ("an error report of 6 MiB and 101 bytes", "error", 6_291_557),
            ("an error report of 20 MB", "error", 20_000_000),
        )
    ),
    Fact(
        says="the runtime is told of a response that is too large by 413",
        source=_RENDER,
        code=_each(
            "if last: respond(id, last)\n"
            "else:\n"
            "    answer = call('POST', f'invocation/{id}/response', b'x' * 6291557)\n"
            "    last = [answer[0], json.loads(answer[2])]",
            before="last = None",
        ),
        calls=(1, 2),
        expect=[
            413,
            {
                "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
                "errorType": "RequestEntityTooLarge",
            },
        ],
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_the_runtime_api(table: FactTable, fact: Fact) -> None:
    table.check(fact)
