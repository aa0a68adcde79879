"""How the managed Node.js runtimes behave: a row per fact.

DG is the AWS Lambda Developer Guide; RIC-js is the package aws-lambda-ric, AWS's own runtime client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.facts import Fact, FactTable, deployed_facts, error

pytestmark = pytest.mark.xdist_group("behaviour-facts-node")

_HANDLER = "DG, Define Lambda function handler in Node.js"
_RIC = "RIC-js"
_OLD, _NEW = {"Runtime": "nodejs22.x"}, {"Runtime": "nodejs24.x"}


def _node(says: str, code: str | Mapping[str, str], expect: object, source: str = _RIC, **settings: Any) -> Fact:
    properties = {**_NEW, **settings.pop("properties", {})}
    return Fact(says=says, source=source, code=code, expect=expect, properties=properties, **settings)


def _answers(body: str) -> str:
    return f"exports.handler = async (event, context) => {{ {body} }};"


FACTS = (
    _node(
        "an error has type, text and stack",
        _answers("class OrderError extends Error { name = 'OrderError'; } throw new OrderError('no such order');"),
        lambda seen: (
            seen.fault == ("OrderError", "no such order")
            and set(seen.error) == {"errorType", "errorMessage", "trace"}
            and seen.error["trace"][0] == "OrderError: no such order"
            and re.match(r"    at .*handler \(.*index\.js:1:\d+\)", seen.error["trace"][1])
        ),
    ),
    *(
        _node(
            f"a method of an exported object runs on {runtime['Runtime']} without that object",
            "class Shop { stock = 3; async handler() { return [this.stock ?? 'none', typeof this.handler]; } }\n"
            "module.exports = new Shop();",
            ["none", "function"],
            source="RIC-js 3.3.0, src/Runtime.js; 4.0.2, index.mjs",
            properties=runtime,
        )
        for runtime in (_OLD, _NEW)
    ),
    _node(
        "an error is no crash and the process stays",
        "let n = 0; exports.handler = async (event) => { n++; if (event === 1) throw new Error('no'); return n; };",
        2,
        calls=(1, 2),
    ),
    *(
        _node(f"{thrown} thrown has the type {kind}", _answers(f"throw {thrown};"), error(kind, text))
        for thrown, kind, text in (
            ("'text'", "string", "text"),
            ("42", "number", "42"),
            ("true", "boolean", "true"),
            ("null", "object", "null"),
            ("undefined", "undefined", "undefined"),
            ("{ a: 1 }", "object", "[object Object]"),
        )
    ),
    _node(
        "what is no error has no stack",
        _answers("throw 'text';"),
        lambda seen: seen.error["trace"] == [],
    ),
    _node(
        "a module that is missing is an import error",
        _answers("return 1;"),
        lambda seen: (
            seen.fault[0] == "Runtime.ImportModuleError"
            and seen.fault[1].startswith("Error: Cannot find module 'missing'\nRequire stack:\n- ")
        ),
        properties={"Handler": "missing.handler"},
    ),
    _node(
        "a dependency that is missing is an import error",
        "require('nobody-packed-this'); exports.handler = async () => 1;",
        lambda seen: (
            seen.fault[0] == "Runtime.ImportModuleError"
            and seen.fault[1].startswith("Error: Cannot find module 'nobody-packed-this'")
        ),
        properties=_OLD,
    ),
    _node(
        "a function that is missing is no handler",
        _answers("return 1;"),
        error("Runtime.HandlerNotFound", "index.other is undefined or not exported"),
        properties={"Handler": "index.other"},
    ),
    _node(
        "a value that is no function is no handler",
        "exports.handler = 5;",
        error("Runtime.HandlerNotFound", "index.handler is not a function"),
    ),
    _node(
        "a handler string without a dot is malformed",
        _answers("return 1;"),
        error("Runtime.MalformedHandlerName", "Bad handler"),
        properties={"Handler": "index"},
    ),
    *(
        _node(
            f"the handler string {handler} runs nothing",
            _answers("return 1;"),
            lambda seen: seen.error["errorType"].startswith("Runtime."),
            properties={"Handler": handler},
        )
        for handler in ("../index.handler", "no/such/file.handler", "index.", "index.handler.inner")
    ),
    _node(
        "a handler may be nested in an export",
        "exports.orders = { create: async () => 'created' };",
        "created",
        properties={"Handler": "index.orders.create"},
    ),
    _node(
        "a handler's module may lie in a folder",
        {"src/orders/app.js": _answers("return 'found';")},
        "found",
        source=_HANDLER,
        properties={"Handler": "src/orders/app.handler"},
    ),
    _node(
        "a syntax error has a type of its own",
        "exports.handler = async ( => 1;",
        lambda seen: seen.fault[0] == "Runtime.UserCodeSyntaxError" and seen.fault[1].startswith("SyntaxError: "),
    ),
    _node(
        "an error of the module is told as it is",
        "throw new TypeError('top');",
        error("TypeError", "top"),
    ),
    *(
        _node(
            f"a result that JSON cannot express is told by {kind} in {runtime['Runtime']}",
            _answers("return 1n;"),
            error(kind, "Unable to stringify response body"),
            properties=runtime,
        )
        for runtime, kind in ((_OLD, "Error"), (_NEW, "Runtime.JSONStringifyError"))
    ),
    _node(
        "no result is null",
        _answers(""),
        lambda seen: seen.last.raw_payload == b"null",
    ),
    _node(
        "text in a result is UTF-8",
        _answers("return 'ä€';"),
        lambda seen: seen.last.raw_payload == '"ä€"'.encode(),
    ),
    _node(
        "a callback's result is the answer up to Node.js 22",
        "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, 'called back'), 5); };",
        "called back",
        source=_HANDLER,
        properties=_OLD,
    ),
    _node(
        "a callback's error is the answer up to Node.js 22",
        "exports.handler = (event, context, callback) => { callback(new RangeError('no')); };",
        error("RangeError", "no"),
        source=_HANDLER,
        properties=_OLD,
    ),
    _node(
        "a handler with a callback is refused from Node.js 24 on",
        "exports.handler = (event, context, callback) => { callback(null, 1); };",
        lambda seen: "allback" in seen.fault[1],
        source=_HANDLER,
    ),
    _node(
        "a handler may be an ES module",
        {"index.mjs": "export const handler = async (event) => ({ seen: event });"},
        {"seen": {}},
        source=_HANDLER,
    ),
    _node(
        "an ES module may wait at its top level",
        {"index.mjs": "const found = await Promise.resolve(7); export const handler = async () => found;"},
        7,
        source="DG, Building Lambda functions with Node.js",
    ),
    _node(
        "a package of type module holds ES modules",
        {"package.json": '{"type": "module"}', "index.js": "export const handler = async () => import.meta.url;"},
        lambda seen: seen.payload.startswith("file:///"),
        source="DG, Building Lambda functions with Node.js",
        properties=_OLD,
    ),
    _node(
        "up to Node.js 22 a promise that nobody waits for ends the process when it is rejected",
        _answers("Promise.reject(new Error('lost')); await new Promise((resolve) => setTimeout(resolve, 60));"),
        lambda seen: (
            seen.error["errorType"] == "Runtime.UnhandledPromiseRejection"
            and seen.error["errorMessage"] == "Error: lost"
        ),
        properties=_OLD,
    ),
    _node(
        "up to Node.js 22 an exception outside the handler is told to the caller",
        _answers(
            "setTimeout(() => { throw new RangeError('late'); }, 1); await new Promise((r) => setTimeout(r, 60));"
        ),
        error("RangeError", "late"),
        properties=_OLD,
    ),
    *(
        _node(
            f"the context has {name}",
            _answers(f"return String(context.{name});"),
            lambda seen, pattern=pattern: re.fullmatch(pattern, seen.payload),
            source="DG, Using the Lambda context object to retrieve Node.js function information",
        )
        for name, pattern in (
            ("functionName", r"Fact\d+"),
            ("functionVersion", r"\$LATEST"),
            ("invokedFunctionArn", r"arn:aws:lambda:us-east-1:123456789012:function:Fact\d+"),
            ("memoryLimitInMB", "256"),
            ("awsRequestId", r"[0-9a-f-]{36}"),
            ("logGroupName", r"/aws/lambda/Fact\d+"),
            ("logStreamName", r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}"),
            ("getRemainingTimeInMillis()", r"1\d{4}|20000"),
        )
    ),
    _node(
        "the client context is an object",
        _answers("return context.clientContext.custom;"),
        {"a": 1},
        source="DG, Using the Lambda context object to retrieve Node.js function information",
        invoke={"client_context": {"custom": {"a": 1}}},
    ),
    _node(
        "the trace id is a variable that changes with each call",
        _answers("return process.env._X_AMZN_TRACE_ID;"),
        lambda seen: len(set(seen.payloads)) == 2 and all(p.startswith("Root=1-") for p in seen.payloads),
        source="DG, Working with Lambda environment variables",
        calls=(1, 2),
    ),
    _node(
        "callbackWaitsForEmptyEventLoop keeps the answer until nothing is left, up to Node.js 22",
        "exports.handler = (event, context, callback) => { setTimeout(() => console.log('late'), 30);"
        " callback(null, 'first'); };",
        lambda seen: seen.payload == "first" and any("late" in line for line in seen.lines),
        source=_HANDLER,
        properties=_OLD,
    ),
    _node(
        "callbackWaitsForEmptyEventLoop = false answers at once",
        "exports.handler = (event, context, callback) => { context.callbackWaitsForEmptyEventLoop = false;"
        " setTimeout(() => {}, 5000); callback(null, 'first'); };",
        lambda seen: seen.payload == "first" and seen.last.duration_ms < 2_000,
        source=_HANDLER,
        properties=_OLD,
    ),
    _node(
        "an answer of 6 MiB and 100 bytes is accepted",
        _answers("return 'x'.repeat(6291556 - 2);"),
        lambda seen: len(seen.last.raw_payload) == 6_291_556,
        source="aws-lambda-runtime-interface-emulator, interop/model.go",
    ),
    _node(
        "an answer of one byte more is refused",
        _answers("return 'x'.repeat(6291557 - 2);"),
        lambda seen: seen.fault[0] == "Function.ResponseSizeTooLarge",
        source="aws-lambda-runtime-interface-emulator, interop/model.go",
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_node(table: FactTable, fact: Fact) -> None:
    table.check(fact)
