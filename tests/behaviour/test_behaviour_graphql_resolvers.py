"""Resolvers of GraphQL APIs with handlers: units and pipelines, templates and JavaScript, and their data sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.fakes.graphql_apis import (
    Served,
    function_source,
    graphql_api,
    pipeline,
    pipeline_function,
    resolver,
    source,
)
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-resolvers")

SCHEMA: Final = """
type Query {
  shout(text: String!): String
  early(text: String): String
  refused(text: String): Item
  warned: Item
  piped(start: Int!): AWSJSON
  skipped(start: Int!): AWSJSON
  stopped: AWSJSON
  scripted(a: Int!, b: Int!): Int
  scriptedPipe(start: Int!): AWSJSON
  called(how: String!): AWSJSON
  batched: [Item]
  fetched(path: String!, method: String = "GET", body: String): AWSJSON
  signed: AWSJSON
  searched: AWSJSON
  identity: AWSJSON
  env: String
  headed: String
  oldError: AWSJSON
  oldNull: String
  newNull: String
  sent: AWSJSON
  notList: [Item]
  notObject: Item
  notOne: Kind
  notNumber: Int
  untyped: Node
}
interface Node { id: ID }
enum Kind { GOOD }
type Mutation { tell(detail: AWSJSON!): AWSJSON }
type Item { id: ID text: String twice: String }
"""
WORK: Final = """
import json
def handler(event, context):
    print("EVENT " + json.dumps(event))
    if isinstance(event, list):
        odd = {"errorMessage": "odd"}
        return [{"got": each["id"], **(odd if int(each["id"]) % 2 else {})} for each in event]
    if event.get("how") in ("raise", ""):
        raise KeyError("gone")
    return {"got": event}
"""


def _script(request: str, response: str) -> dict[str, Any]:
    code = f"""
import {{ util, runtime }} from '@aws-appsync/utils';
export function request(ctx) {{ {request} }}
export function response(ctx) {{ {response} }}
"""
    return {"Code": code, "Runtime": {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}}


def _templates(request: str, response: str = "$util.toJson($ctx.result)") -> dict[str, Any]:
    return {"RequestMappingTemplate": request, "ResponseMappingTemplate": response}


def _payload(text: str) -> str:
    return f'{{"version": "2018-05-29", "payload": {text}}}'


def _odd_values() -> Resources:
    """Resolvers that give what does not fit their fields."""
    values = {"notList": "{}", "notObject": "[]", "notOne": '"BAD"', "notNumber": '"five"', "untyped": '{"id": 1}'}
    resources: Resources = {}
    for field, value in values.items():
        resources |= resolver("Api", f"Query.{field}", "none", **_templates(_payload(value)))
    return resources


def _resources(receiver: str) -> Resources:
    invoke = '{"version": "2018-05-29", "operation": "Invoke", "payload": {"how": "$!ctx.args.how"}}'
    caught = "#if($ctx.error) $util.appendError($ctx.error.message, $ctx.error.type) #end $util.toJson($ctx.result)"
    batch = '{"version": "2018-05-29", "operation": "BatchInvoke", "payload": {"id": "$ctx.source.id"}}'
    item = (
        "#if($ctx.result.errorMessage) $util.error($ctx.result.errorMessage, 'Odd') #end $util.toJson($ctx.result.got)"
    )
    http = (
        '{"version": "2018-05-29", "method": "$ctx.args.method", "resourcePath": "$ctx.args.path",'
        ' "params": {"query": {"q": "a b"}, "headers": {"X-Own": "1"}'
        '#if($ctx.args.body), "body": $util.toJson($ctx.args.body)#end}}'
    )
    tell = (
        '{"version": "2018-05-29", "operation": "PutEvents", "events": [{"source": "tests", "detailType": "Told",'
        ' "detail": $util.toJson($ctx.args.detail)}]}'
    )
    sent = '{"version": "2018-05-29", "operation": "Invoke", "invocationType": "Event", "payload": {"how": "later"}}'
    placed = {"EventBridgeConfig": {"EventBusArn": {"Fn::GetAtt": ["Bus", "Arn"]}}}
    return {
        **function("Work", WORK),
        **function("Told", "import json\ndef handler(event, context): print('EVENT ' + json.dumps(event))"),
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Ref": "AWS::StackName"}}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"source": ["tests"]},
                "Targets": [{"Id": "told", "Arn": {"Fn::GetAtt": ["Told", "Arn"]}}],
            },
        },
        **graphql_api("Api", SCHEMA, EnvironmentVariables={"STAGE": "test"}),
        **source("Api", "none", "NONE"),
        **function_source("Api", "work", "Work"),
        **source("Api", "bus", "AMAZON_EVENTBRIDGE", **placed),
        **source("Api", "web", "HTTP", HttpConfig={"Endpoint": receiver}),
        **source(
            "Api",
            "search",
            "AMAZON_OPENSEARCH_SERVICE",
            OpenSearchServiceConfig={"Endpoint": "https://search.example", "AwsRegion": "us-east-1"},
        ),
        **resolver("Api", "Query.shout", "none", **_templates(_payload('"$ctx.args.text.toUpperCase()"'))),
        **resolver(
            "Api",
            "Query.early",
            "none",
            **_templates('#return("early")', '$util.error("not reached")'),
        ),
        **resolver(
            "Api",
            "Query.refused",
            "none",
            **_templates(
                _payload("{}"),
                '$util.error("no: $ctx.args.text", "Mine", {"id": "1", "text": "t", "more": 2}, {"info": 1})',
            ),
        ),
        **resolver(
            "Api",
            "Query.warned",
            "none",
            **_templates(_payload('{"id": "1"}'), '$util.appendError("careful", "Warned") $util.toJson($ctx.result)'),
        ),
        **resolver(
            "Api", "Query.oldError", "work", **_templates(invoke.replace("2018-05-29", "2017-02-28"), '"after"')
        ),
        **resolver("Api", "Query.oldNull", "none", **_templates('{"version": "2017-02-28"}', '"after"')),
        **resolver("Api", "Query.newNull", "none", **_templates('{"version": "2018-05-29"}', '"after"')),
        **resolver("Api", "Query.sent", "work", **_templates(sent)),
        **_odd_values(),
        **resolver("Api", "Query.env", "none", **_templates(_payload('"$ctx.env.STAGE"'))),
        **resolver(
            "Api",
            "Query.headed",
            "none",
            **_templates('$util.http.addResponseHeader("x-made", "here")' + _payload('"h"')),
        ),
        **resolver(
            "Api",
            "Query.scripted",
            "none",
            **_script("return { payload: ctx.args.a + ctx.args.b };", "return ctx.result;"),
        ),
        **resolver("Api", "Query.called", "work", **_templates(invoke, caught)),
        **resolver("Api", "Query.batched", "none", **_templates(_payload('[{"id": "1"}, {"id": "2"}, {"id": "4"}]'))),
        **resolver("Api", "Item.twice", "work", **_templates(batch, item)),
        **resolver("Api", "Query.fetched", "web", **_templates(http)),
        **resolver("Api", "Query.searched", "search", **_templates(_payload("{}"))),
        **resolver("Api", "Mutation.tell", "bus", **_templates(tell)),
        **pipeline_function(
            "Api",
            "First",
            "none",
            **_script(
                "ctx.stash.trail = ['first']; return { payload: { n: ctx.prev.result.n + 1 } };",
                "return ctx.result;",
            ),
        ),
        **pipeline_function(
            "Api",
            "Second",
            "none",
            **_templates(
                '$util.qr($ctx.stash.trail.add("second"))'
                + _payload('{"n": $ctx.prev.result.n, "arg": $ctx.args.start}'),
            ),
        ),
        **pipeline_function(
            "Api", "Skipping", "none", **_script("runtime.earlyReturn({ n: 100 }, { skipTo: 'END' });", "return 1;")
        ),
        **pipeline_function("Api", "Early", "none", **_script("runtime.earlyReturn({ n: 50 });", "return 1;")),
        **pipeline_function("Api", "Failing", "none", **_script("util.error('stop here', 'Stopped');", "return 1;")),
        **pipeline_function("Api", "Direct", "work"),
        **pipeline(
            "Api",
            "Query.piped",
            "First",
            "Second",
            "Direct",
            **_templates(
                '{"n": $ctx.args.start}',
                '{"result": $util.toJson($ctx.result), "prev": $util.toJson($ctx.prev.result),'
                ' "trail": $util.toJson($ctx.stash.trail)}',
            ),
        ),
        **pipeline(
            "Api",
            "Query.skipped",
            "Early",
            "Skipping",
            "Failing",
            **_script("return { n: ctx.args.start };", "return { after: ctx.result, prev: ctx.prev.result };"),
        ),
        **pipeline("Api", "Query.stopped", "Failing", "First", **_script("return {};", "return 'not reached';")),
    }


@pytest.fixture(scope="module")
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver((200, b'{"ok": true}'), headers=[("X-Answer", "a")]) as receiving:
        yield receiving


@pytest.fixture(scope="module")
def api(harness: WiredHarness, receiver: HttpReceiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    stacks = Stacks(harness, tmp_path_factory.mktemp("graphql"), "graphql-resolvers")
    deployment = stacks.deploy(_resources(receiver.url))
    yield Served(harness, deployment, "Api", function="Work")
    stacks.destroy()


class TestTemplates:
    def test_a_unit_without_a_source_gives_its_payload(self, api: Served) -> None:
        assert api.data('{ shout(text: "hey") }') == {"shout": "HEY"}

    def test_an_early_return_leaves_out_the_rest(self, api: Served) -> None:
        assert api.data("{ early }") == {"early": "early"}

    def test_an_error_has_its_type_data_and_info(self, api: Served) -> None:
        body = api.ask('{ refused(text: "x") { id text } }')

        (error,) = body["errors"]
        assert body["data"] == {"refused": None}
        assert (error["message"], error["errorType"]) == ("no: x", "Mine")
        assert (error["data"], error["errorInfo"]) == ({"id": "1", "text": "t"}, {"info": 1})
        assert error["path"] == ["refused"]

    def test_an_appended_error_leaves_the_value(self, api: Served) -> None:
        body = api.ask("{ warned { id } }")

        assert body["data"] == {"warned": {"id": "1"}}
        assert [(each["message"], each["errorType"], each["path"]) for each in body["errors"]] == [
            ("careful", "Warned", ["warned"])
        ]

    def test_the_environment_of_the_api_is_there(self, api: Served) -> None:
        assert api.data("{ env }") == {"env": "test"}

    def test_a_template_adds_a_header(self, api: Served) -> None:
        assert api.send("{ headed }").headers["x-made"] == "here"

    def test_the_version_of_a_template_says_what_becomes_of_errors_and_nulls(self, api: Served) -> None:
        old = api.ask("{ oldError }")
        nulls = api.data("{ oldNull newNull }")

        assert old["errors"][0]["errorType"] == "Lambda:Unhandled"
        assert nulls == {"oldNull": None, "newNull": "after"}

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("{ notList { id } }", "Can't resolve value (/notList) : type mismatch error, expected type LIST"),
            ("{ notObject { id } }", "Can't resolve value (/notObject) : type mismatch error, expected type OBJECT"),
            (
                "{ notOne }",
                "Can't serialize value (/notOne) : Invalid input for Enum 'Kind'. No value found for name 'BAD'",
            ),
            ("{ notNumber }", "Can't serialize value (/notNumber) : Expected type 'Int' but was 'String'."),
            ("{ untyped { id } }", "Could not determine the exact type of Node. Missing __typename key on value."),
        ],
    )
    def test_a_value_that_does_not_fit_its_field_is_an_error(self, api: Served, query: str, message: str) -> None:
        body = api.ask(query)

        (error,) = body["errors"]
        assert list(body["data"].values()) == [None]
        assert error == {"path": [next(iter(body["data"]))], "locations": None, "message": message}


class TestPipelines:
    def test_functions_hand_on_result_and_stash(self, api: Served) -> None:
        found = json.loads(api.data("{ piped(start: 1) }")["piped"])

        event = found["result"]["got"]
        assert found["prev"] == found["result"]
        assert found["trail"] == ["first", "second"]
        assert event["prev"] == {"result": {"n": 2, "arg": 1}}
        assert (event["arguments"], event["stash"]) == ({"start": 1}, {"trail": ["first", "second"]})

    def test_an_early_return_of_a_function_is_its_result(self, api: Served) -> None:
        found = json.loads(api.data("{ skipped(start: 1) }")["skipped"])

        assert found == {"after": {"n": 100}, "prev": {"n": 100}}

    def test_an_error_of_a_function_ends_the_pipeline(self, api: Served) -> None:
        (error,) = api.ask("{ stopped }")["errors"]

        assert (error["message"], error["errorType"]) == ("stop here", "Stopped")


class TestScripts:
    def test_a_script_makes_request_and_response(self, api: Served) -> None:
        assert api.data("{ scripted(a: 2, b: 3) }") == {"scripted": 5}


class TestFunctions:
    def test_a_request_handler_says_what_the_function_gets(self, api: Served) -> None:
        assert json.loads(api.data('{ called(how: "well") }')["called"]) == {"got": {"how": "well"}}

    def test_a_response_handler_may_let_an_error_pass(self, api: Served) -> None:
        body = api.ask('{ called(how: "raise") }')

        (error,) = body["errors"]
        assert (error["message"], error["errorType"]) == ("'gone'", "Lambda:Unhandled")

    def test_a_function_may_be_called_later(self, api: Served) -> None:
        assert api.data("{ sent }") == {"sent": None}
        api.harness.drain()

        assert {"how": "later"} in api.events()

    def test_a_batch_has_five_and_each_item_its_own_error(self, api: Served) -> None:
        body = api.ask("{ batched { id twice } }")

        assert body["data"]["batched"] == [
            {"id": "1", "twice": None},
            {"id": "2", "twice": "2"},
            {"id": "4", "twice": "4"},
        ]
        assert [(each["path"], each["errorType"]) for each in body["errors"]] == [(["batched", 0, "twice"], "Odd")]
        assert api.events()[-1] == [{"id": "1"}, {"id": "2"}, {"id": "4"}]


class TestOtherSources:
    def test_an_endpoint_is_asked(self, api: Served, receiver: HttpReceiver) -> None:
        found = json.loads(api.data('{ fetched(path: "/a/b", method: "POST", body: "text") }')["fetched"])

        received = receiver.received[-1]
        assert (found["statusCode"], found["body"], found["headers"]["X-Answer"]) == (200, '{"ok": true}', "a")
        assert (received.method, received.path, received.body) == ("POST", "/a/b?q=a+b", b"text")
        assert received.headers["x-own"] == "1"

    def test_a_request_without_a_path_is_refused(self, api: Served) -> None:
        (error,) = api.ask('{ fetched(path: "no-slash") }')["errors"]

        assert error["errorType"] == "MappingTemplate"

    def test_events_go_to_the_bus(self, api: Served) -> None:
        found = json.loads(
            api.data("mutation ($detail: AWSJSON!) { tell(detail: $detail) }", {"detail": '{"a": 1}'})["tell"]
        )
        api.harness.drain()

        told = Served(api.harness, api.deployment, "Api", function="Told").events()
        assert found["FailedEntryCount"] == 0
        assert [(each["source"], each["detail-type"], each["detail"]) for each in told] == [("tests", "Told", {"a": 1})]

    def test_a_search_domain_is_refused_and_says_what_to_do(self, api: Served) -> None:
        (error,) = api.ask("{ searched }")["errors"]

        assert "put a function in front of it" in error["message"]
