"""How the managed Python runtimes behave: a row per fact.

DG is the AWS Lambda Developer Guide; RIC is the package awslambdaric, AWS's own runtime client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.fakes.facts import Fact, FactTable, deployed_facts, error, python

pytestmark = pytest.mark.xdist_group("behaviour-facts-python")

_BOOTSTRAP = "RIC, bootstrap.py"
_CONTEXT = "RIC, lambda_context.py"
_MARSHALLER = "RIC, lambda_runtime_marshaller.py"
_EXCEPTION = "RIC, bootstrap.py; DG, AWS Lambda function errors in Python"
_FINE = "def handler(event, context): return 1"


FACTS = (
    Fact(
        says="an exception has text, class, request id and frames",
        source=_EXCEPTION,
        code="class OrderError(Exception): pass\ndef handler(event, context):\n    raise OrderError('no such order')\n",
        expect=lambda seen: (
            seen.error
            == {
                "errorMessage": "no such order",
                "errorType": "OrderError",
                "requestId": seen.last.request_id,
                "stackTrace": [
                    "  File \"/var/task/index.py\", line 3, in handler\n    raise OrderError('no such order')\n"
                ],
            }
        ),
        needs_sandbox=True,
    ),
    Fact(
        says="the type of an exception is the bare name of its class",
        source=_BOOTSTRAP,
        code=python("import urllib.error\nraise urllib.error.URLError('down')"),
        expect=error("URLError", "<urlopen error down>"),
    ),
    Fact(
        says="an exception without a text has an empty one",
        source=_BOOTSTRAP,
        code=python("raise ValueError"),
        expect=error("ValueError", ""),
    ),
    Fact(
        says="frames of a cause are not shown",
        source=_BOOTSTRAP,
        code=python("try:\n    json.loads('{')\nexcept ValueError as error:\n    raise LookupError('no') from error"),
        expect=lambda seen: len(seen.error["stackTrace"]) == 1,
    ),
    Fact(
        says="a handler's exception is no crash and the process stays",
        source="DG, Using the Lambda runtime API; RIC, bootstrap.py",
        code=python("COUNT.append(event)\nif event == 1: raise ValueError('no')\nreturn COUNT", before="COUNT = []"),
        calls=(1, 2),
        expect=[1, 2],
    ),
    Fact(
        says="sys.exit in a handler ends the process",
        source="DG, Troubleshoot invocation issues in Lambda",
        code=python("sys.exit(5)"),
        expect=error("Runtime.ExitError", "Runtime exited with error: exit status 5"),
    ),
    Fact(
        says="a module that is missing is an import error without a request id",
        source=_BOOTSTRAP,
        code=_FINE,
        properties={"Handler": "missing.handler"},
        expect=lambda seen: (
            seen.error
            == {
                "errorMessage": "Unable to import module 'missing': No module named 'missing'",
                "errorType": "Runtime.ImportModuleError",
                "requestId": "",
                "stackTrace": [],
            }
        ),
    ),
    Fact(
        says="a dependency that is missing is an import error that names both",
        source=_BOOTSTRAP,
        code="import requests_that_nobody_packed\n" + _FINE,
        expect=error(
            "Runtime.ImportModuleError",
            "Unable to import module 'index': No module named 'requests_that_nobody_packed'",
        ),
    ),
    Fact(
        says="a function that is missing is no handler",
        source=_BOOTSTRAP,
        code=_FINE,
        properties={"Handler": "index.other"},
        expect=error("Runtime.HandlerNotFound", "Handler 'other' missing on module 'index'"),
    ),
    Fact(
        says="a handler string without a dot is malformed",
        source=_BOOTSTRAP,
        code=_FINE,
        properties={"Handler": "handler"},
        expect=error(
            "Runtime.MalformedHandlerName", "Bad handler 'handler': not enough values to unpack (expected 2, got 1)"
        ),
    ),
    *(
        Fact(
            says=f"the handler string {handler} cannot be imported",
            source=_BOOTSTRAP,
            code=_FINE,
            properties={"Handler": handler},
            expect=lambda seen: seen.error["errorType"] in ("Runtime.ImportModuleError", "ValueError", "TypeError"),
        )
        for handler in (".handler", "..handler", "index..handler", "no/such/file.handler", "index.py.handler")
    ),
    Fact(
        says="an empty function name is no handler",
        source=_BOOTSTRAP,
        code=_FINE,
        properties={"Handler": "index."},
        expect=error("Runtime.HandlerNotFound", "Handler '' missing on module 'index'"),
    ),
    Fact(
        says="a handler's module may lie in a folder",
        source="DG, Define Lambda function handler in Python",
        code={"src/orders/app.py": _FINE},
        properties={"Handler": "src/orders/app.handler"},
        expect=1,
    ),
    Fact(
        says="a handler's module may be named with dots",
        source="DG, Define Lambda function handler in Python",
        code={"src/orders/app.py": _FINE},
        properties={"Handler": "src.orders.app.handler"},
        expect=1,
    ),
    Fact(
        says="a syntax error names file and line",
        source=_BOOTSTRAP,
        code="def handler(event, context):\n    return (\n",
        expect=lambda seen: (
            seen.error["errorType"] == "Runtime.UserCodeSyntaxError"
            and re.fullmatch(
                r"Syntax error in module 'index': '\(' was never closed \(index\.py, line 2\)", seen.fault[1]
            )
            and 'index.py" Line 2' in seen.error["stackTrace"][0]
        ),
    ),
    Fact(
        says="a module that is built in cannot be the handler's",
        source=_BOOTSTRAP,
        code=_FINE,
        properties={"Handler": "sys.exit"},
        expect=error("Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    ),
    Fact(
        says="an exception of the module is an init error of its class",
        source=_BOOTSTRAP,
        code="raise KeyError('TABLE')\n",
        expect=lambda seen: seen.fault == ("KeyError", "'TABLE'") and seen.error["requestId"] == "",
    ),
    Fact(
        says="what failed in the init phase is tried again at the next call",
        source="DG, Understanding the Lambda execution environment lifecycle",
        code="import os\nif not os.path.exists('/tmp/second'):\n    open('/tmp/second', 'w').close()\n"
        "    raise ValueError('not yet')\n" + _FINE,
        expect=1,
        needs_sandbox=True,
    ),
    Fact(
        says="a result that JSON cannot express is a marshal error",
        source=_MARSHALLER,
        code=python("return {1, 2}"),
        expect=error("Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
    ),
    Fact(
        says="an object of one's own is a marshal error that names its class",
        source=_MARSHALLER,
        code=python("return Order()", before="class Order: pass"),
        expect=error(
            "Runtime.MarshalError", "Unable to marshal response: Object of type Order is not JSON serializable"
        ),
    ),
    Fact(
        says="no result is null",
        source="DG, Define Lambda function handler in Python",
        code=python("pass"),
        expect=lambda seen: seen.last.raw_payload == b"null",
    ),
    Fact(
        says="a tuple is a list",
        source=_MARSHALLER,
        code=python("return (1, 'a', None)"),
        expect=[1, "a", None],
    ),
    Fact(
        says="a Decimal is a number",
        source=_MARSHALLER,
        code=python("from decimal import Decimal\nreturn [Decimal('1.10'), Decimal('7')]"),
        expect=lambda seen: seen.last.raw_payload == b"[1.10, 7]",
    ),
    Fact(
        says="bytes are passed on as they are",
        source=_MARSHALLER,
        code=python("return bytes([0, 255, 10])"),
        expect=lambda seen: seen.last.raw_payload == b"\x00\xff\n",
    ),
    Fact(
        says="NaN is written as Python writes it",
        source=_MARSHALLER,
        code=python("return float('nan')"),
        expect=lambda seen: seen.last.raw_payload == b"NaN",
    ),
    *(
        Fact(
            says=f"text in a result of {runtime} is {'UTF-8' if raw else 'escaped'}",
            source=_MARSHALLER,
            code=python("return 'ä€'"),
            properties={"Runtime": runtime},
            expect=lambda seen, raw=raw: seen.last.raw_payload == ('"ä€"'.encode() if raw else b'"\\u00e4\\u20ac"'),
        )
        for runtime, raw in (("python3.11", False), ("python3.12", True), ("python3.13", True))
    ),
    *(
        Fact(
            says=f"the context has {attribute}",
            source=_CONTEXT,
            code=python(f"return {{'is': context.{attribute}, 'type': type(context.{attribute}).__name__}}"),
            expect=lambda seen, expected=expected, kind=kind: (
                seen.payload["type"] == kind and re.fullmatch(expected, str(seen.payload["is"]))
            ),
        )
        for attribute, kind, expected in (
            ("function_name", "str", r"Fact\d+"),
            ("function_version", "str", r"\$LATEST"),
            ("invoked_function_arn", "str", r"arn:aws:lambda:us-east-1:123456789012:function:Fact\d+"),
            ("memory_limit_in_mb", "str", "256"),
            ("aws_request_id", "str", r"[0-9a-f-]{36}"),
            ("log_group_name", "str", r"/aws/lambda/Fact\d+"),
            ("log_stream_name", "str", r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}"),
            ("client_context", "NoneType", "None"),
            ("identity.cognito_identity_id", "NoneType", "None"),
            ("tenant_id", "NoneType", "None"),
        )
    ),
    Fact(
        says="the context's version is the published one behind an alias",
        source="DG, Using the Lambda context object to retrieve Python function information",
        code=python("return [context.function_version, context.invoked_function_arn.rpartition(':')[2]]"),
        invoke={"qualifier": "live"},
        is_published=True,
        expect=["1", "live"],
    ),
    Fact(
        says="the client context has custom, env and client",
        source=_CONTEXT,
        code=python("c = context.client_context\nreturn [c.custom, c.env, c.client.app_title]"),
        invoke={"client_context": {"custom": {"a": 1}, "env": {"b": 2}, "client": {"app_title": "shop"}}},
        expect=[{"a": 1}, {"b": 2}, "shop"],
    ),
    Fact(
        says="the remaining time counts down from the time-out and is never negative",
        source=_CONTEXT,
        code=python(
            "first = context.get_remaining_time_in_millis()\nthreading.Event().wait(0.05)\n"
            "second = context.get_remaining_time_in_millis()\ncontext._epoch_deadline_time_in_ms = 1\n"
            "return [first, second, context.get_remaining_time_in_millis()]"
        ),
        properties={"Timeout": 3},
        expect=lambda seen: (
            2_000 < seen.payload[0] <= 3_000 and seen.payload[0] - seen.payload[1] >= 49 and seen.payload[2] == 0
        ),
    ),
    Fact(
        says="the trace id is a variable that changes with each call",
        source="DG, Working with Lambda environment variables",
        code=python("return os.environ['_X_AMZN_TRACE_ID']"),
        calls=(1, 2),
        expect=lambda seen: len(set(seen.payloads)) == 2 and all(p.startswith("Root=1-") for p in seen.payloads),
    ),
    Fact(
        says="an event may be any JSON value",
        source="API Invoke, Payload",
        code=python("return [event]"),
        calls=(b"0", b'""', b"null", b"[]", b"false", b'"text"', b"1.5e3"),
        expect=lambda seen: seen.payloads == [[0], [""], [None], [[]], [False], ["text"], [1500.0]],
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_python(table: FactTable, fact: Fact) -> None:
    table.check(fact)
