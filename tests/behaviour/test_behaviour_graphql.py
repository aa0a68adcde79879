"""A GraphQL API in front of functions: what resolvers are given, what comes of what they give, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.graphql_apis import Served, function_source, graphql_api, resolver
from tests.fakes.plain_assembly import function
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql")

SCHEMA = """
type Query {
  post(id: ID!): Post
  posts(first: Int = 2): [Post!]
  echo(text: String, kind: Kind, when: AWSDateTime, json: AWSJSON): AWSJSON
  search: [Found]
  strict: Strict
}
type Mutation { add(input: PostInput!): Post }
type Post { id: ID! title: String author: Author tags: [String] rating: Int }
type Author { name: String! posts: [Post] }
type Strict { must: String! }
input PostInput { title: String! tags: [String!] }
enum Kind { GOOD BAD }
union Found = Post | Author
schema { query: Query mutation: Mutation }
"""
HANDLER = """
import json
def handler(event, context):
    print("EVENT " + json.dumps(event))
    if isinstance(event, list):
        return [{"name": "author of " + each["source"]["id"]} for each in event]
    field, arguments = event["info"]["fieldName"], event["arguments"]
    if field == "post":
        if arguments["id"] == "raise":
            raise ValueError("no such post")
        return {"id": arguments["id"], "title": "one", "tags": ["a", "b"], "rating": 5}
    if field == "posts":
        return [{"id": str(number), "title": "t%d" % number} for number in range(arguments["first"])]
    if field == "add":
        return {"id": "new", **arguments["input"]}
    if field == "search":
        return [{"__typename": "Post", "id": "1"}, {"__typename": "Author", "name": "ada"}]
    if field == "strict":
        return {"must": None}
    return event
"""


URL = {"Fn::GetAtt": ["Posts", "GraphQLUrl"]}
PLAIN = {"Fn::Sub": "https://${Posts.GraphQLDns}/graphql"}
CALLER = """
import json, os, urllib.request
def handler(event, context):
    answers = []
    for url in (os.environ["URL"], os.environ["PLAIN"]):
        body = json.dumps({"query": "{ post(id: 9) { id } }"}).encode()
        request = urllib.request.Request(url, body, {"x-api-key": event["key"], "content-type": "application/json"})
        answers.append(json.load(urllib.request.urlopen(request)))
    return answers
"""


@pytest.fixture(scope="module")
def api(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    stacks = Stacks(harness, tmp_path_factory.mktemp("graphql"), "graphql")
    deployment = stacks.deploy(
        {
            **function("Work", HANDLER),
            **graphql_api("Posts", SCHEMA),
            **function_source("Posts", "work", "Work"),
            **resolver("Posts", "Query.post", "work"),
            **resolver("Posts", "Query.posts", "work"),
            **resolver("Posts", "Query.echo", "work"),
            **resolver("Posts", "Query.search", "work"),
            **resolver("Posts", "Query.strict", "work"),
            **resolver("Posts", "Mutation.add", "work"),
            **resolver("Posts", "Post.author", "work", MaxBatchSize=10),
            **function("Caller", CALLER, Environment={"Variables": {"URL": URL, "PLAIN": PLAIN}}),
        },
        Url=URL,
    )
    yield Served(harness, deployment, "Posts", function="Work")
    stacks.destroy()


class TestResolving:
    def test_a_function_resolves_a_field(self, api: Served) -> None:
        assert api.data('{ post(id: "7") { id title tags rating } }') == {
            "post": {"id": "7", "title": "one", "tags": ["a", "b"], "rating": 5}
        }

    def test_the_event_is_the_context(self, api: Served) -> None:
        query = """
        query Ask($text: String) {
          said: echo(text: $text, kind: GOOD, when: "2026-01-01T00:00:00Z", json: "{\\"a\\": 1}")
        }
        """

        event = json.loads(api.data(query, {"text": "hi"}, headers={"x-api-key": api.key, "X-Own": "1"})["said"])

        assert sorted(event) == ["arguments", "identity", "info", "prev", "request", "source", "stash"]
        assert event["arguments"] == {"text": "hi", "kind": "GOOD", "when": "2026-01-01T00:00:00Z", "json": {"a": 1}}
        assert event["info"] == {
            "fieldName": "echo",
            "parentTypeName": "Query",
            "variables": {"text": "hi"},
            "selectionSetList": [],
            "selectionSetGraphQL": "",
        }
        assert (event["identity"], event["source"], event["prev"], event["stash"]) == (None, None, None, {})
        assert event["request"]["domainName"] is None
        assert event["request"]["headers"]["x-own"] == "1"
        assert event["request"]["headers"]["x-api-key"] == api.key

    def test_the_selection_is_told(self, api: Served) -> None:
        query = """
        query ($no: Boolean!) {
          posts(first: 1) { id ...Rest author { called: name } rating @include(if: $no) ... on Post { tags } }
        }
        fragment Rest on Post { title }
        """
        api.data(query, {"no": False})

        single = [each for each in api.events() if isinstance(each, dict)]
        received = [each for each in single if each["info"]["fieldName"] == "posts"][-1]
        assert received["info"]["selectionSetList"] == ["id", "title", "author", "author/called", "tags"]
        assert "... on Post {" in received["info"]["selectionSetGraphQL"]
        assert "rating" not in received["info"]["selectionSetGraphQL"]
        assert received["arguments"] == {"first": 1}

    def test_siblings_go_to_the_function_in_batches(self, api: Served) -> None:
        before = api.harness.position()

        data = api.data("{ posts(first: 12) { id author { name } } }")

        assert data["posts"][11] == {"id": "11", "author": {"name": "author of 11"}}
        invoked = api.harness.events("InvocationStarted", after=before)
        assert len(invoked) == 3  # the posts, and 12 authors in batches of at most 10

    def test_a_mutation_takes_an_input(self, api: Served) -> None:
        query = "mutation Add($input: PostInput!) { add(input: $input) { id title tags } }"

        assert api.data(query, {"input": {"title": "new", "tags": ["x"]}}) == {
            "add": {"id": "new", "title": "new", "tags": ["x"]}
        }

    def test_a_union_says_what_it_is(self, api: Served) -> None:
        query = "{ search { __typename ... on Post { id } ... on Author { name } } }"

        assert api.data(query) == {
            "search": [{"__typename": "Post", "id": "1"}, {"__typename": "Author", "name": "ada"}]
        }

    def test_a_failure_of_the_function_is_an_error_of_the_field(self, api: Served) -> None:
        body = api.ask('{ post(id: "raise") { id } other: post(id: "1") { id } }')

        assert body["data"] == {"post": None, "other": {"id": "1"}}
        assert body["errors"] == [
            {
                "path": ["post"],
                "data": None,
                "errorType": "Lambda:Unhandled",
                "errorInfo": None,
                "locations": [{"line": 1, "column": 3, "sourceName": None}],
                "message": "no such post",
            }
        ]

    def test_a_null_that_must_not_be_takes_its_parent_away(self, api: Served) -> None:
        body = api.ask("{ strict { must } }")

        assert body["data"] == {"strict": None}
        assert body["errors"] == [
            {
                "path": ["strict", "must"],
                "locations": None,
                "message": "Cannot return null for non-nullable type: 'String' within parent 'Strict' (/strict/must)",
            }
        ]


class TestOperations:
    def test_an_unknown_field_is_refused_before_anything_runs(self, api: Served) -> None:
        before = api.harness.position()

        body = api.ask("{ post(id: 1) { id } nothing }")

        assert body["data"] is None
        (error,) = body["errors"]
        assert error["path"] is None
        assert error["message"].startswith("Validation error of type FieldUndefined: ")
        assert api.harness.events("InvocationStarted", after=before) == []

    @pytest.mark.parametrize(
        ("query", "kind"),
        [
            ("{ post { id } }", "MissingFieldArgument"),
            ("{ post(id: 1, more: 2) { id } }", "UnknownArgument"),
            ("{ post(id: 1) }", "SubSelectionRequired"),
            ("{ post(id: $id) { id } }", "UndefinedVariable"),
            ("query ($a: Int) { post(id: 1) { id } }", "UnusedVariable"),
            ("{ echo(kind: UGLY) }", "WrongType"),
            ('{ echo(when: "yesterday") }', "WrongType"),
            ("{ ...Missing }", "UndefinedFragment"),
        ],
    )
    def test_what_does_not_fit_the_schema_says_so(self, api: Served, query: str, kind: str) -> None:
        body = api.ask(query)

        assert body["data"] is None
        assert f"Validation error of type {kind}: " in body["errors"][0]["message"]

    @pytest.mark.parametrize("variables", [{}, {"when": 5}, {"when": "2026-13-01T00:00:00Z"}])
    def test_a_variable_that_does_not_fit_is_refused(self, api: Served, variables: dict[str, Any]) -> None:
        body = api.ask("query ($when: AWSDateTime!) { echo(when: $when) }", variables)

        assert body["data"] is None
        assert "$when" in body["errors"][0]["message"]

    def test_syntax_errors_have_a_place(self, api: Served) -> None:
        (error,) = api.ask("{ post(")["errors"]

        assert (error["path"], error["locations"][0]["line"]) == (None, 1)

    def test_one_of_several_operations_is_named(self, api: Served) -> None:
        query = 'query A { post(id: "a") { id } } query B { post(id: "b") { id } }'

        assert api.data(query, operationName="B") == {"post": {"id": "b"}}
        assert "operation name" in api.ask(query)["errors"][0]["message"]
        assert "'C'" in api.ask(query, operationName="C")["errors"][0]["message"]

    def test_the_schema_can_be_asked_for(self, api: Served) -> None:
        names = [each["name"] for each in api.data("{ __schema { types { name } } }")["__schema"]["types"]]

        assert {"Post", "PostInput", "AWSJSON"} <= set(names)

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"[]", b"{}", b'{"query": ""}', b'{"query": 1}', b"{", b'{"query":"{a}","variables":[]}'),
            b'{"query":"{__typename}","variables":{"x":NaN}}',
        ],
    )
    def test_a_body_that_asks_for_nothing_is_refused(self, api: Served, body: bytes) -> None:
        answer = api.post(body)

        assert answer.status == 400
        assert answer.json()["errors"][0]["errorType"] == "MalformedHttpRequestException"

    def test_a_query_nested_beyond_reason_is_refused(self, api: Served) -> None:
        deep = "{ posts { author " * 3000 + "{ name }" + "} }" * 3000

        assert "errors" in api.ask(deep)
        assert api.data('{ post(id: "1") { id } }') == {"post": {"id": "1"}}

    def test_fragments_that_stand_for_any_number_of_fields_are_refused(self, api: Served) -> None:
        levels = 30
        bomb = "".join(f"fragment F{n} on Post {{ ...F{n + 1} ...F{n + 1} }} " for n in range(levels))
        query = f"{{ posts {{ ...F0 }} }} {bomb} fragment F{levels} on Post {{ id }}"

        (error,) = api.ask(query)["errors"]

        assert error["message"] == "the query selects more than 20000 fields"

    def test_a_subscription_is_not_for_requests(self, api: Served) -> None:
        assert api.send("subscription { added { id } }").status in (200, 400)

    def test_other_paths_and_methods_are_not_there(self, api: Served) -> None:
        assert api.harness.request("GET", "/graphql", {"x-api-key": api.key}, port=api.port).status == 405
        assert api.harness.request("POST", "/other", {"x-api-key": api.key}, b"{}", port=api.port).status == 404

    def test_browsers_of_every_origin_may_ask(self, api: Served) -> None:
        answer = api.harness.request("OPTIONS", "/graphql", {"origin": "https://example.com"}, port=api.port)

        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


class TestReaching:
    def test_the_url_of_the_outputs_is_on_this_machine(self, api: Served) -> None:
        assert api.outputs["Url"] == f"{api.url}/graphql"

    def test_the_host_leads_there_as_well(self, api: Served) -> None:
        host = f"{api.attributes['GraphQLDns']}"
        body = json.dumps({"query": '{ post(id: "1") { id } }'}).encode()

        answer = api.harness.request("POST", "/graphql", {"host": host, "x-api-key": api.key}, body)

        assert host.endswith(".appsync-api.us-east-1.amazonaws.com")
        assert answer.json() == {"data": {"post": {"id": "1"}}}

    def test_requests_stand_in_the_trace(self, api: Served) -> None:
        before = api.harness.position()

        api.data('{ post(id: "1") { id } }')

        (received,) = api.harness.events("RequestReceived", after=before)
        (answered,) = api.harness.events("RequestAnswered", after=before)
        assert (received["door"], received["resource"], received["path"]) == ("graphql_api", "Posts", "/graphql")
        assert (answered["status"], answered["problem"]) == (200, "")

    def test_a_function_calls_the_api(self, api: Served) -> None:
        answer = api.harness.invoke(api.physical_id("Caller"), json.dumps({"key": api.key}).encode())

        assert answer.json() == [{"data": {"post": {"id": "9"}}}] * 2
