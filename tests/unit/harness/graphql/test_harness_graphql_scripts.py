"""JavaScript of resolvers: what it finds around it and what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext, ResolverError
from lambdakit.harness.routing.graphql.evaluation.script_evaluator import ScriptEvaluator

_NOW = datetime(2018, 2, 6, 19, 1, 35, 749_000, tzinfo=UTC)
_CONTEXT = ResolverContext(
    arguments={"id": "7", "n": 3, "tags": ["x", "y"]},
    identity={"username": "nadia", "sub": "s"},
    info={"fieldName": "getPost", "parentTypeName": "Query"},
    stash={"before": 1},
    prev={"result": {"n": 1}},
    result={"id": "7"},
    env={"TABLE": "posts"},
)
_IMPORTS = """import { util, extensions, runtime } from '@aws-appsync/utils';
import * as ddb from '@aws-appsync/utils/dynamodb';
import * as rds from '@aws-appsync/utils/rds';
"""


@pytest.fixture(scope="module")
def evaluator() -> Iterator[ScriptEvaluator]:
    evaluator = ScriptEvaluator(seconds=20)
    yield evaluator
    evaluator.close()


def _evaluated(
    evaluator: ScriptEvaluator, code: str, name: Literal["request", "response"] = "request", **changes: Any
) -> Evaluated:
    context = ResolverContext(**{**{each: getattr(_CONTEXT, each) for each in ResolverContext.__slots__}, **changes})
    return evaluator.evaluate(code, name, context, now=_NOW)


def _result(evaluator: ScriptEvaluator, expression: str) -> Any:
    evaluated = _evaluated(evaluator, f"{_IMPORTS}export function request(ctx) {{ return {expression}; }}")
    assert evaluated.error is None, (evaluated.error, evaluated.problems)
    return evaluated.result


class TestDocumentedExamples:
    """Source: AppSync Developer Guide; the page is named at each example."""

    _DOGS = """import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return {
    operation: 'PutItem',
    key: util.dynamodb.toMapValues({ id: util.autoId() }),
    attributeValues: util.dynamodb.toMapValues(ctx.args),
  };
}

export function response(ctx) {
  if (ctx.identity.username === 'Nadia') {
    console.log("This request is allowed")
    return ctx.result;
  }
  util.unauthorized();
}
"""  # "Testing and debugging resolvers in AWS AppSync (JavaScript)"

    def test_a_request_is_made_of_arguments(self, evaluator: ScriptEvaluator) -> None:
        result = _evaluated(evaluator, self._DOGS).result

        assert isinstance(result, dict)
        assert result["operation"] == "PutItem"
        assert result["attributeValues"]["tags"] == {"L": [{"S": "x"}, {"S": "y"}]}
        assert len(result["key"]["id"]["S"]) == 36

    def test_a_log_says_where_it_was_written(self, evaluator: ScriptEvaluator) -> None:
        evaluated = _evaluated(evaluator, self._DOGS, "response", identity={"username": "Nadia"})

        assert evaluated.result == {"id": "7"}
        assert evaluated.logs == ('INFO - code.js:13:5: "This request is allowed"',)

    def test_who_is_not_allowed_gets_the_error(self, evaluator: ScriptEvaluator) -> None:
        evaluated = _evaluated(evaluator, self._DOGS, "response")

        assert evaluated.error == ResolverError(
            message="Not Authorized to access getPost on type Query", error_type="Unauthorized"
        )

    def test_early_return_ends_the_handler(self, evaluator: ScriptEvaluator) -> None:
        # "Runtime utilities"
        code = (
            f"{_IMPORTS}export function request(ctx) {{ runtime.earlyReturn({{ hello: 'world' }}); return ctx.args }}"
        )
        evaluated = _evaluated(evaluator, code)

        assert (evaluated.result, evaluated.early_return, evaluated.skip_next) == ({"hello": "world"}, True, False)

    @pytest.mark.parametrize(("skip_to", "skips"), [("END", True), ("NEXT", False)])
    def test_early_return_may_skip_the_pipeline(self, evaluator: ScriptEvaluator, skip_to: str, skips: bool) -> None:
        code = f"{_IMPORTS}export function request(ctx) {{ runtime.earlyReturn(null, {{ skipTo: '{skip_to}' }}); }}"
        evaluated = _evaluated(evaluator, code)

        assert (evaluated.result, evaluated.early_return, evaluated.skip_next) == (None, True, skips)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[ctx.args.id, ctx.arguments.n, ctx.prev.result.n, ctx.env.TABLE]", ["7", 3, 1, "posts"]),
        ("ctx.source", None),
        ("undefined", None),
        ("{ a: undefined, b: null }", {"b": None}),
        (
            "util.dynamodb.toDynamoDB([ 'foo', 123, { bar: 'baz' } ])",
            {"L": [{"S": "foo"}, {"N": 123}, {"M": {"bar": {"S": "baz"}}}]},
        ),
        ("util.dynamodb.toString()", None),
        ("util.dynamodb.toNull()", {"NULL": None}),
        ("util.time.nowISO8601()", "2018-02-06T19:01:35.749Z"),
        ("util.time.nowFormatted('yyyy-MM-dd HH:mm:ssZ', 'Australia/Perth')", "2018-02-07 03:01:35+0800"),
        ("util.authType()", "User Pool Authorization"),
        ("util.matches('a*b', 'aaaaab')", True),
        ("util.str.normalize('\\u0041\\u006d\\u0065\\u0301', 'nfc').length", 3),
        ("util.math.roundNum(2.5)", 3),
        ("util.xml.toMap('<a><b>1</b></a>')", {"a": {"b": 1}}),
        ("util.http.copyHeaders({ Host: 'h', accept: 'a' })", {"accept": "a"}),
        (
            "JSON.parse(util.transform.toDynamoDBFilterExpression({ title: { contains: 'Hello World' } })).expression",
            "contains(#title, :title_contains)",
        ),
        # "Supported runtime features": patterns are Java's, and what is no JSON is a blank text
        ("'a.b.c'.replace('.', 'x')", "x.b.c"),
        ("'a.b.c'.replaceAll('[.]', '-')", "a-b-c"),
        ("'2024-01'.replace('(\\\\d+)-(\\\\d+)', '$2/$1')", "01/2024"),
        ("'aXbX'.replaceAll('X', '$0$0')", "aXXbXX"),
        ("JSON.parse('{')", ""),
        ("JSON.parse('[1]')", [1]),
        ("[3, 1, 2].sort()", [1, 2, 3]),
        ("[1, 2, 3].filter((n) => n > 1).map((n) => n * 2)", [4, 6]),
        ("Object.entries({ a: 1 }).flatMap(([k, v]) => [k, v])", ["a", 1]),
        ("`${ctx.args.id}-${[1].at(0) ?? 2}`", "7-1"),
        (
            "ddb.get({ key: { id: 1 }, consistentRead: true })",
            {"operation": "GetItem", "key": {"id": {"N": 1}}, "consistentRead": True},
        ),
        (
            "typeof Date + typeof Promise + typeof process + typeof require + typeof fetch + typeof globalThis",
            "undefined" * 6,
        ),
    ],
)
def test_code_finds_what_the_guide_names(evaluator: ScriptEvaluator, expression: str, expected: object) -> None:
    assert _result(evaluator, expression) == expected


class TestSaid:
    def test_errors_are_raised_and_added(self, evaluator: ScriptEvaluator) -> None:
        code = f"""{_IMPORTS}export const request = (ctx) => {{
  ctx.stash.n = 1;
  util.appendError('first', 'A', {{ x: 1 }}, 'i');
  util.error('second', 'B', ctx.result, [1]);
}}"""
        evaluated = _evaluated(evaluator, code)

        assert evaluated.error == ResolverError(message="second", error_type="B", data={"id": "7"}, error_info=[1])
        assert evaluated.appended_errors == (
            ResolverError(message="first", error_type="A", data={"x": 1}, error_info="i"),
        )
        assert evaluated.stash == {"before": 1, "n": 1}

    def test_extensions_and_headers_reach_the_api(self, evaluator: ScriptEvaluator) -> None:
        code = f"""{_IMPORTS}export function response(ctx) {{
  extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter({{ a: {{ eq: 1 }} }}));
  extensions.setSubscriptionInvalidationFilter({{ filterGroup: [] }});
  extensions.invalidateSubscriptions({{ subscriptionField: 'onX', payload: {{ a: 1 }} }});
  extensions.evictFromApiCache('Query', 'all', {{ 'context.arguments.id': 1 }});
  util.http.addResponseHeader('itemsCount', 7);
  util.http.addResponseHeaders({{ Vary: 'x' }});
  return null;
}}"""
        evaluated = _evaluated(evaluator, code, "response")

        assert evaluated.subscription_filter == {
            "filterGroup": [{"filters": [{"fieldName": "a", "operator": "eq", "value": 1}]}]
        }
        assert evaluated.subscription_invalidation_filter == {"filterGroup": []}
        assert evaluated.subscription_invalidations == ({"subscriptionField": "onX", "payload": {"a": 1}},)
        assert evaluated.cache_evictions == (
            {"typeName": "Query", "fieldName": "all", "keys": {"context.arguments.id": 1}},
        )
        assert evaluated.http_headers == (("itemsCount", "7"),)
        assert [each.error_type for each in evaluated.appended_errors] == ["ResponseHeaderError"]

    def test_logs_have_a_level_and_every_value(self, evaluator: ScriptEvaluator) -> None:
        code = "export function request() {\n  console.error({ a: [1] }, 'x', undefined)\n}"

        assert _evaluated(evaluator, code).logs == ('ERROR - code.js:2:3: {"a":[1]} "x" undefined',)

    def test_the_first_line_counts_from_its_beginning(self, evaluator: ScriptEvaluator) -> None:
        code = (
            "import { util } from '@aws-appsync/utils'; export function request() { console.log(1); return util.no.no }"
        )

        evaluated = _evaluated(evaluator, code)

        assert evaluated.logs == (f"INFO - code.js:1:{code.index('console') + 1}: 1",)
        assert evaluated.error is not None
        assert evaluated.error.message.startswith(f"code.js:1:{code.index('no.no') + 4}: TypeError")


class TestModules:
    def test_bundled_typescript_runs(self, evaluator: ScriptEvaluator) -> None:
        # What esbuild 0.25 makes of two modules with an enumeration (--bundle --format=esm --target=esnext).
        code = """// src/ids.ts
import { util } from "@aws-appsync/utils";
var newId = () => util.autoId();

// src/resolver.ts
import { util as util2 } from "@aws-appsync/utils";
import * as ddb from "@aws-appsync/utils/dynamodb";
var Status = /* @__PURE__ */ ((Status2) => {
  Status2["OPEN"] = "open";
  return Status2;
})(Status || {});
function request(ctx) {
  const { id = newId(), ...rest } = ctx.args;
  return ddb.put({ key: { id }, item: { ...rest, status: "open" /* OPEN */, kinds: Status } });
}
var response = (ctx) => {
  if (ctx.error) util2.error(ctx.error.message, ctx.error.type);
  return ctx.result;
};
export {
  request,
  response
};
"""
        asked = _evaluated(evaluator, code)
        answered = _evaluated(evaluator, code, "response")

        assert (asked.error, asked.problems) == (None, ())
        assert isinstance(asked.result, dict)
        assert asked.result["key"] == {"id": {"S": "7"}}
        assert asked.result["attributeValues"]["kinds"] == {"M": {"OPEN": {"S": "open"}}}
        assert answered.result == {"id": "7"}

    @pytest.mark.parametrize(
        "code",
        [
            "import { get as read } from '@aws-appsync/utils/dynamodb'; export "
            "const request = () => read({ key: { a: 1 } });",
            "import * as d from '@aws-appsync/utils/dynamodb'\nexport { r as "
            "request }\nconst r = () => d.get({ key: { a: 1 } })",
            "import {\n  get,\n} from '@aws-appsync/utils/dynamodb';\nexport const { "
            "request } = { request: () => get({ key: { a: 1 } }) };",
            "import { Context, util } from '@aws-appsync/utils'; export default 1; export function request() {"
            " return { operation: 'GetItem', key: util.dynamodb.toMapValues({ a: 1 }) } }",
        ],
    )
    def test_modules_are_imported_and_exported_in_every_form(self, evaluator: ScriptEvaluator, code: str) -> None:
        assert _evaluated(evaluator, code).result == {"operation": "GetItem", "key": {"a": {"N": 1}}}

    def test_a_handler_that_is_not_exported_is_an_error(self, evaluator: ScriptEvaluator) -> None:
        error = _evaluated(evaluator, "export function request() { return 1 } function response() {}", "response").error

        assert error is not None
        assert error.message == "code.js exports no function named response"

    def test_an_error_of_the_code_says_where_it_is(self, evaluator: ScriptEvaluator) -> None:
        code = f"{_IMPORTS}export function request(ctx) {{\n  return ctx.source.name;\n}}"
        error = _evaluated(evaluator, code).error

        assert error is not None
        assert error.message.startswith("code.js:5:21: TypeError: Cannot read properties of null")

    @pytest.mark.parametrize(
        "expression",
        [
            "util.dynamodb.toString(1)",
            "util.time.nowFormatted('b')",
            "ddb.get({})",
            "util.base64Decode('a')",
            "'a'.replace('(', '')",
        ],
    )
    def test_what_a_function_cannot_do_is_an_error(self, evaluator: ScriptEvaluator, expression: str) -> None:
        error = _evaluated(evaluator, f"{_IMPORTS}export const request = (ctx) => {expression}").error

        assert error is not None
        assert error.error_type == "Code"
