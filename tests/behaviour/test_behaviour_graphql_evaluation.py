"""JavaScript and mapping templates behind a GraphQL API: requests of the modules that run, and code that is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from lambdakit.errors import DeploymentError
from tests.fakes.graphql_apis import Served, graphql_api, part, resolver, source
from tests.fakes.plain_assembly import Resources, table
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-evaluation")

RUNTIME: Final = {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}
CALLED: Final = {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}
_IMPORTS: Final = """import { util, runtime } from '@aws-appsync/utils';
import * as ddb from '@aws-appsync/utils/dynamodb';
const { operations } = ddb;
"""
_RESPONSE: Final = """
export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  return ctx.result;
}
"""
# By the names of fields: what the request handler returns.
_HANDLERS: Final = {
    "put": "ddb.put({ key: { id: ctx.args.id }, item: ctx.args.item, condition: { id: { attributeExists: false } } })",
    "read": "ddb.get({ key: { id: ctx.args.id }, projection: ['id', 'address.city', 'tags'] })",
    "whole": "ddb.get({ key: { id: ctx.args.id }, consistentRead: true })",
    "change": """ddb.update({
    key: { id: ctx.args.id },
    condition: { and: [
      { rating: { between: [1, 9] } }, { or: [{ title: { beginsWith: 'o' } }, { not: { n: { gt: 1 } } }] },
    ] },
    update: {
      title: 'two', rating: operations.increment(4), left: operations.decrement(), gone: operations.remove(),
      tags: operations.append(['c']), before: operations.prepend([0]), list: [operations.updateListItem('B', 1)],
      address: { city: 'Bern', zip: operations.replace({ code: 3000 }) }, fresh: operations.add({ a: 1 }),
      kinds: ddb.toStringSet(['x', 'y']),
    },
  })""",
    "found": "ddb.query({ query: { id: { eq: ctx.args.id } }, filter: { title: { contains: 'w' },"
    " rating: { in: [8, 9] }, address: { city: { eq: 'Bern' } }, kinds: { contains: 'x' } } })",
    "scanned": "ddb.scan({ filter: { or: [{ title: { size: { gt: 100 } } }, { title: { attributeType: 'string' } }],"
    " nothing: { attributeExists: false }, tags: { notContains: 'q' } }, limit: 10 })",
    "removed": "ddb.remove({ key: { id: ctx.args.id }, condition: { title: { ne: 'one' } } })",
    "batch": "ddb.batchGet({ tables: { [ctx.env.TABLE]: { keys: [{ id: ctx.args.id }, { id: 'nowhere' }] } } })",
    "written": """ddb.transactWrite({ items: [
    { putItem: { table: ctx.env.TABLE, key: { id: 't1' }, item: { n: 1 } } },
    { updateItem: { table: ctx.env.TABLE, key: { id: ctx.args.id }, update: { title: 'three' } } },
    { conditionCheck: { table: ctx.env.TABLE, key: { id: 'none' }, condition: { id: { attributeExists: false } } } },
  ] })""",
}
_FIELDS: Final = "\n".join(
    f"  {name}(id: ID, item: AWSJSON): AWSJSON" for name in (*_HANDLERS, "early", "late", "skipped", "empty")
)
_EARLY: Final = _IMPORTS + "export function request(ctx) { runtime.earlyReturn({ early: true }) }" + _RESPONSE
_LATE: Final = (
    _IMPORTS + "export function request(ctx) { ctx.stash.seen = ['before']; return {} }"
    "export function response(ctx) { return { stash: ctx.stash, prev: ctx.prev.result } }"
)
_SKIPPED: Final = (
    _IMPORTS + "export function request(ctx) { ctx.stash.seen = []; runtime.earlyReturn({ skipped: 1 }) }"
    "export function response(ctx) { return { stash: ctx.stash, prev: ctx.prev.result, result: ctx.result } }"
)
_STEP: Final = (
    _IMPORTS
    + "export function request(ctx) { ctx.stash.seen.push('step'); runtime.earlyReturn({ step: 1 }) }"
    + _RESPONSE
)


def _scripted(field: str, of: str, code: str, **more: Any) -> Resources:
    return resolver("Api", field, of, Code=code, Runtime=RUNTIME, **more)


def _resources() -> Resources:
    resources: Resources = {
        **table("Items"),
        **graphql_api("Api", f"type Query {{\n{_FIELDS}\n}}", EnvironmentVariables={"TABLE": {"Ref": "Items"}}),
        **source(
            "Api",
            "items",
            "AMAZON_DYNAMODB",
            DynamoDBConfig={"TableName": {"Ref": "Items"}, "AwsRegion": {"Ref": "AWS::Region"}},
        ),
        **_scripted("Query.early", "items", _EARLY),
        "Step": part("FunctionConfiguration", "Api", Name="step", DataSourceName="items", Code=_STEP, Runtime=RUNTIME),
    }
    pipeline = {"Functions": [{"Fn::GetAtt": ["Step", "FunctionId"]}]}
    resources |= _scripted("Query.late", "items", _LATE, Kind="PIPELINE", PipelineConfig=pipeline)
    resources |= _scripted("Query.skipped", "items", _SKIPPED, Kind="PIPELINE", PipelineConfig=pipeline)
    resources |= resolver("Api", "Query.empty", "items", RequestMappingTemplate="##", ResponseMappingTemplate="{}")
    for name, request in _HANDLERS.items():
        code = f"{_IMPORTS}export function request(ctx) {{\n  return {request};\n}}{_RESPONSE}"
        resources |= _scripted(f"Query.{name}", "items", code)
    resources["Step"]["DependsOn"] = ["itemsSource"]
    return resources


@pytest.fixture(scope="module")
def api(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    stacks = Stacks(harness, tmp_path_factory.mktemp("graphql"), "graphql-evaluation")
    yield Served(harness, stacks.deploy(_resources()), "Api")
    stacks.destroy()


def _run(api: Served, field: str, identity: str = "1", item: object = None) -> Any:
    found = api.data(
        f"query ($id: ID, $item: AWSJSON) {{ {field}(id: $id, item: $item) }}",
        {"id": identity, "item": json.dumps(item)},
    )[field]
    return None if found is None else json.loads(found)


class TestTheTablesModule:
    def test_its_requests_do_what_they_say(self, api: Served) -> None:
        item = {
            **{"title": "one", "rating": 5, "left": 3, "gone": True, "tags": ["a", "b"], "before": [1]},
            **{"list": ["a", "b", "c"], "address": {"city": "Basel", "street": "s"}, "n": 1},
        }
        assert _run(api, "put", item=item)["title"] == "one"
        assert _run(api, "read") == {"id": "1", "address": {"city": "Basel"}, "tags": ["a", "b"]}

        changed = _run(api, "change")

        assert {name: value for name, value in changed.items() if name != "kinds"} == {
            **{"id": "1", "title": "two", "rating": 9, "left": 2, "tags": ["a", "b", "c"], "before": [0, 1]},
            **{"list": ["a", "B", "c"], "n": 1, "fresh": {"a": 1}},
            "address": {"city": "Bern", "street": "s", "zip": {"code": 3000}},
        }
        assert sorted(changed["kinds"]) == ["x", "y"]
        assert _run(api, "whole") == changed
        assert [each["id"] for each in _run(api, "found")["items"]] == ["1"]
        assert [each["id"] for each in _run(api, "scanned")["items"]] == ["1"]
        ((_, batch),) = _run(api, "batch")["data"].items()
        assert [each and each["id"] for each in batch] == ["1", None]
        assert len(_run(api, "written")["keys"]) == 3
        assert _run(api, "removed")["title"] == "three"
        assert _run(api, "whole") is None

    def test_a_condition_that_does_not_hold_is_an_error(self, api: Served) -> None:
        _run(api, "put", "twice", {"title": "x"})

        body = api.ask('{ put(id: "twice", item: "{}") }')

        assert body["errors"][0]["errorType"] == "DynamoDB:ConditionalCheckFailedException"


def test_a_request_template_that_writes_nothing_is_an_error(api: Served) -> None:
    (error,) = api.ask("{ empty }")["errors"]

    assert error["errorType"] == "MappingTemplate"
    assert error["message"] == "Template transformation yielded an empty response."


class TestEarlyReturns:
    def test_of_a_unit_leave_out_its_source_and_response(self, api: Served) -> None:
        assert _run(api, "early") == {"early": True}

    def test_of_a_function_leave_the_rest_of_the_pipeline(self, api: Served) -> None:
        assert _run(api, "late") == {"stash": {"seen": ["before", "step"]}, "prev": {"step": 1}}

    def test_of_a_pipelines_request_leave_out_its_functions_alone(self, api: Served) -> None:
        assert _run(api, "skipped") == {"stash": {"seen": []}, "prev": {"skipped": 1}, "result": {"skipped": 1}}


class TestTheApisOperations:
    def test_code_is_evaluated_with_logs_stash_and_errors(self, harness: WiredHarness) -> None:
        code = (
            "import { util } from '@aws-appsync/utils';\nexport function request(ctx) {\n"
            "  console.log('hi', ctx.args.a);\n  ctx.stash.n = 1;\n"
            "  util.appendError('added', 'Kind');\n  return ctx.args.a + 'b';\n}"
        )
        answer = harness.aws("appsync").evaluate_code(
            runtime=CALLED, code=code, function="request", context=json.dumps({"arguments": {"a": "a"}})
        )

        assert json.loads(answer["evaluationResult"]) == "ab"
        assert answer["logs"] == ['INFO - code.js:3:3: "hi" "a"']
        assert json.loads(answer["stash"]) == {"n": 1}
        assert json.loads(answer["outErrors"])[0]["message"] == "added"
        assert "error" not in answer

    def test_refused_code_is_an_answer_that_says_where(self, harness: WiredHarness) -> None:
        answer = harness.aws("appsync").evaluate_code(
            runtime=CALLED, code="export const request = () => { while (true) {} }", function="request", context="{}"
        )

        (problem,) = answer["error"]["codeErrors"]
        assert problem["errorType"] == "LINT_ERROR"
        assert problem["location"] == {"line": 1, "column": 32, "span": 15}
        assert "evaluationResult" not in answer

    @pytest.mark.parametrize(
        ("template", "result"), [("no json: $ctx.args.a", "no json: 1"), ("", ""), ('#return({"a": 1})', '{"a": 1}')]
    )
    def test_a_template_is_answered_to_the_letter(self, harness: WiredHarness, template: str, result: str) -> None:
        answer = harness.aws("appsync").evaluate_mapping_template(
            template=template or "##", context=json.dumps({"arguments": {"a": 1}})
        )

        assert answer["evaluationResult"] == result
        assert "error" not in answer

    def test_a_stack_with_such_code_is_told_what_is_wrong_with_it(self, harness: WiredHarness, tmp_path: Path) -> None:
        code = "export const request = () => { throw 1 }; export const response = () => 1"
        resources: Resources = {
            **graphql_api("Api", "type Query { a: Int }"),
            **source("Api", "none", "NONE"),
            **_scripted("Query.a", "none", code),
        }

        with pytest.raises(DeploymentError) as caught:
            Stacks(harness, tmp_path, "graphql-refused").deploy(resources)

        assert "code.js(1,32): error: Throw statements are not supported." in str(caught.value)

    @pytest.mark.parametrize("operation", ["create_function", "create_resolver"])
    def test_code_that_the_runtime_does_not_run_is_not_kept(self, harness: WiredHarness, operation: str) -> None:
        appsync = harness.aws("appsync")
        made = appsync.create_graphql_api(name="refusing", authenticationType="API_KEY")["graphqlApi"]["apiId"]
        appsync.start_schema_creation(apiId=made, definition=b"type Query { a: Int }")
        appsync.create_data_source(apiId=made, name="none", type="NONE")
        named = {"name": "f"} if operation == "create_function" else {"typeName": "Query", "fieldName": "a"}
        code = "export const request = () => { throw 1 }; export const response = () => 1"

        with pytest.raises(ClientError) as caught:
            getattr(appsync, operation)(apiId=made, dataSourceName="none", code=code, runtime=CALLED, **named)

        response = caught.value.response
        assert response["Error"]["Code"] == "BadRequestException"
        assert response["Error"]["Message"] == "The code contains one or more errors."
        assert response["reason"] == "CODE_ERROR"
        (problem,) = response["detail"]["codeErrors"]
        assert problem["value"] == "code.js(1,32): error: Throw statements are not supported."
        appsync.delete_graphql_api(apiId=made)
