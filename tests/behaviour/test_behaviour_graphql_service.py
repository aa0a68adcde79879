"""AppSync's own API: GraphQL APIs and their parts, made, read, changed and deleted by its clients."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-service")

SCHEMA: Final = (
    'type Query { hello(name: String!): String  other: Thing }  type Thing { id: ID! "what it says" text: String }'
)
HELLO: Final = '{"version": "2018-05-29", "payload": "hello $ctx.args.name"}'
RESULT: Final = "$util.toJson($ctx.result)"
SCRIPT: Final = (
    "export function request(ctx) { return ctx.args; }\nexport function response(ctx) { return ctx.result; }"
)
_DAY: Final = 24 * 3600
_KEYED: Final = [{"authType": "API_KEY"}]
_EVENTS: Final = {
    "authProviders": _KEYED,
    "connectionAuthModes": _KEYED,
    "defaultPublishAuthModes": _KEYED,
    "defaultSubscribeAuthModes": _KEYED,
}


class Api:
    """An API that was made by calls."""

    def __init__(self, harness: WiredHarness, **settings: Any) -> None:
        self.harness, self.appsync = harness, harness.aws("appsync")
        given = {"name": "made", "authenticationType": "API_KEY", **settings}
        self.made = self.appsync.create_graphql_api(**given)["graphqlApi"]
        self.id: str = self.made["apiId"]

    def schema(self, definition: str) -> dict[str, Any]:
        """What became of a schema."""
        self.appsync.start_schema_creation(apiId=self.id, definition=definition.encode())
        status: dict[str, Any] = self.appsync.get_schema_creation_status(apiId=self.id)
        return status

    def hello(self) -> str:
        """Makes the API answer, and returns a key."""
        assert self.schema(SCHEMA)["status"] == "SUCCESS"
        self.appsync.create_data_source(apiId=self.id, name="none", type="NONE")
        self.appsync.create_resolver(
            apiId=self.id,
            typeName="Query",
            fieldName="hello",
            dataSourceName="none",
            requestMappingTemplate=HELLO,
            responseMappingTemplate=RESULT,
        )
        return str(self.appsync.create_api_key(apiId=self.id)["apiKey"]["id"])

    def ask(self, query: str, key: str) -> Any:
        """What the API answers under its own host."""
        headers = {"host": self.made["dns"]["GRAPHQL"], "x-api-key": key}
        return self.harness.request("POST", "/graphql", headers, json.dumps({"query": query}).encode()).json()

    def refused(self, operation: str, **arguments: Any) -> tuple[str, str]:
        """Code and message of a refused call."""
        with pytest.raises(ClientError) as caught:
            getattr(self.appsync, operation)(**{"apiId": self.id, **arguments})
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture
def api(harness: WiredHarness) -> Iterator[Api]:
    made = Api(harness)
    yield made
    try:
        made.appsync.delete_graphql_api(apiId=made.id)
    except ClientError as gone:
        assert gone.response["Error"]["Code"] == "NotFoundException"


class TestApis:
    def test_an_api_is_served_as_soon_as_it_is_made(self, api: Api) -> None:
        assert api.ask('{ hello(name: "ada") }', api.hello()) == {"data": {"hello": "hello ada"}}

    def test_it_is_described(self, api: Api) -> None:
        found = api.appsync.get_graphql_api(apiId=api.id)["graphqlApi"]

        host = found["dns"]["GRAPHQL"].partition(".")[0]
        assert len(api.id) == len(host) == 26
        assert found["arn"] == f"arn:aws:appsync:us-east-1:123456789012:apis/{api.id}"
        assert found["uris"] == {
            "GRAPHQL": f"https://{host}.appsync-api.us-east-1.amazonaws.com/graphql",
            "REALTIME": f"wss://{host}.appsync-realtime-api.us-east-1.amazonaws.com/graphql",
        }
        assert (found["apiType"], found["visibility"], found["introspectionConfig"]) == ("GRAPHQL", "GLOBAL", "ENABLED")
        assert api.id in [each["apiId"] for each in api.appsync.list_graphql_apis()["graphqlApis"]]

    def test_an_update_leaves_out_what_it_does_not_say(self, harness: WiredHarness) -> None:
        api = Api(harness, additionalAuthenticationProviders=[{"authenticationType": "AWS_IAM"}], queryDepthLimit=3)

        api.appsync.update_graphql_api(apiId=api.id, name="renamed", authenticationType="API_KEY")
        found = api.appsync.get_graphql_api(apiId=api.id)["graphqlApi"]

        assert (found["name"], found["queryDepthLimit"]) == ("renamed", 0)
        assert "additionalAuthenticationProviders" not in found
        api.appsync.delete_graphql_api(apiId=api.id)

    def test_a_deleted_api_is_gone(self, api: Api) -> None:
        key = api.hello()
        api.appsync.delete_graphql_api(apiId=api.id)

        assert api.refused("get_graphql_api")[0] == "NotFoundException"
        assert api.ask('{ hello(name: "ada") }', key) == {"message": "Not Found"}

    def test_tags_are_found_by_the_tagging_api_as_well(self, harness: WiredHarness) -> None:
        api = Api(harness, tags={"team": "a"})
        arn = api.made["arn"]
        api.appsync.tag_resource(resourceArn=arn, tags={"stage": "test", "gone": "soon"})
        api.appsync.untag_resource(resourceArn=arn, tagKeys=["gone"])

        found = harness.aws("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["appsync:apis"])

        assert api.appsync.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "a", "stage": "test"}
        assert [
            {tag["Key"]: tag["Value"] for tag in each["Tags"]}
            for each in found["ResourceTagMappingList"]
            if each["ResourceARN"] == arn
        ] == [{"team": "a", "stage": "test"}]
        api.appsync.delete_graphql_api(apiId=api.id)

    @pytest.mark.parametrize(
        "settings",
        [
            {"additionalAuthenticationProviders": [{"authenticationType": "API_KEY"}]},
            {"authenticationType": "AWS_LAMBDA"},
            {"authenticationType": "OPENID_CONNECT"},
            {"authenticationType": "nonsense"},
            {"queryDepthLimit": 76},
        ],
    )
    def test_settings_that_make_no_sense_are_refused(self, harness: WiredHarness, settings: dict[str, Any]) -> None:
        with pytest.raises(ClientError) as caught:
            Api(harness, **settings)

        assert caught.value.response["Error"]["Code"] == "BadRequestException"

    def test_merged_apis_are_refused(self, harness: WiredHarness) -> None:
        with pytest.raises(ClientError, match="merged APIs are not merged here"):
            Api(harness, apiType="MERGED")

    def test_variables_are_kept_within_bounds(self, api: Api) -> None:
        api.appsync.put_graphql_api_environment_variables(apiId=api.id, environmentVariables={"STAGE": "a"})

        assert api.appsync.get_graphql_api_environment_variables(apiId=api.id)["environmentVariables"] == {"STAGE": "a"}
        for variables in ({"1a": "x"}, {"OK": "x" * 513}, {f"NAME{n}": "x" for n in range(51)}):
            code, _ = api.refused("put_graphql_api_environment_variables", environmentVariables=variables)
            assert code == "BadRequestException"

    def test_event_apis_stay_with_moto(self, harness: WiredHarness) -> None:
        appsync = harness.aws("appsync")
        made = appsync.create_api(name="events", eventConfig=_EVENTS)["api"]

        key = appsync.create_api_key(apiId=made["apiId"])["apiKey"]["id"]

        assert [each["id"] for each in appsync.list_api_keys(apiId=made["apiId"])["apiKeys"]] == [key]


class TestSchemas:
    @pytest.mark.parametrize(
        "definition",
        [
            "type Query {",
            "type Query { a: Missing }",
            "type Other { a: String }",
            "type Query { a: String }  type AWSThing { a: String }",
            "type Query { a: Input }  input Input { a: String }",
        ],
    )
    def test_what_is_no_schema_fails_and_leaves_the_one_before(self, api: Api, definition: str) -> None:
        key = api.hello()

        status = api.schema(definition)

        assert status["status"] == "FAILED"
        assert status["details"]
        assert api.ask('{ hello(name: "eve") }', key) == {"data": {"hello": "hello eve"}}

    def test_a_schema_can_be_read_back(self, api: Api) -> None:
        api.hello()

        sdl = api.appsync.get_introspection_schema(apiId=api.id, format="SDL")["schema"].read().decode()
        plain = api.appsync.get_introspection_schema(apiId=api.id, format="SDL", includeDirectives=False)
        found = json.loads(api.appsync.get_introspection_schema(apiId=api.id, format="JSON")["schema"].read())

        assert "type Thing" in sdl and "directive @aws_iam" in sdl
        assert "directive" not in plain["schema"].read().decode()
        assert "Thing" in [each["name"] for each in found["data"]["__schema"]["types"]]

    def test_types_can_be_read(self, api: Api) -> None:
        api.hello()

        thing = api.appsync.get_type(apiId=api.id, typeName="Thing", format="SDL")["type"]
        names = [each["name"] for each in api.appsync.list_types(apiId=api.id, format="SDL")["types"]]

        assert "id: ID!" in thing["definition"]
        assert {"Query", "Thing"} <= set(names)
        assert api.refused("get_type", typeName="Nothing", format="SDL")[0] == "NotFoundException"

    def test_types_alone_are_not_changed(self, api: Api) -> None:
        code, message = api.refused("create_type", definition="type New { a: String }", format="SDL")

        assert (code, "schema creation" in message) == ("NotImplemented", True)


class TestKeys:
    def test_a_key_is_good_for_a_week_and_rounded_down_to_the_hour(self, api: Api) -> None:
        key = api.appsync.create_api_key(apiId=api.id, description="one")["apiKey"]

        assert key["id"].startswith("da2-")
        assert key["expires"] % 3600 == 0
        assert 0 <= int(time.time()) + 7 * _DAY - key["expires"] < 3600
        assert key["deletes"] == key["expires"] + 60 * _DAY

    @pytest.mark.parametrize(("days", "is_good"), [(0.5, False), (1.1, True), (364.9, True), (366, False)])
    def test_a_key_is_good_for_a_day_to_a_year(self, api: Api, days: float, is_good: bool) -> None:
        expires = int(time.time() + days * _DAY)

        if is_good:
            key = api.appsync.create_api_key(apiId=api.id, expires=expires)["apiKey"]["id"]
            api.appsync.update_api_key(apiId=api.id, id=key, description="two")
            (found,) = api.appsync.list_api_keys(apiId=api.id)["apiKeys"]
            assert (found["description"], found["expires"]) == ("two", expires // 3600 * 3600)
        else:
            assert api.refused("create_api_key", expires=expires)[0] == "ApiKeyValidityOutOfBoundsException"

    def test_a_cache_is_recorded(self, api: Api) -> None:
        given = {"ttl": 60, "apiCachingBehavior": "FULL_REQUEST_CACHING", "type": "SMALL"}
        api.appsync.create_api_cache(apiId=api.id, **given)
        again = api.refused("create_api_cache", **given)
        api.appsync.update_api_cache(apiId=api.id, **{**given, "ttl": 30})

        assert again[0] == "BadRequestException"
        assert api.appsync.get_api_cache(apiId=api.id)["apiCache"]["ttl"] == 30
        api.appsync.flush_api_cache(apiId=api.id)
        api.appsync.delete_api_cache(apiId=api.id)
        assert api.refused("get_api_cache")[0] == "NotFoundException"


class TestParts:
    def test_a_resolver_is_changed_and_deleted(self, api: Api) -> None:
        key = api.hello()
        place = {"apiId": api.id, "typeName": "Query", "fieldName": "hello"}
        changed = HELLO.replace("hello ", "good bye ")
        api.appsync.update_resolver(
            **place, dataSourceName="none", requestMappingTemplate=changed, responseMappingTemplate=RESULT
        )
        first = api.ask('{ hello(name: "ada") }', key)
        api.appsync.delete_resolver(**place)

        assert first == {"data": {"hello": "good bye ada"}}
        assert api.ask('{ hello(name: "ada") }', key) == {"data": {"hello": None}}
        assert api.refused("get_resolver", typeName="Query", fieldName="hello")[0] == "NotFoundException"

    def test_what_is_in_use_stays(self, api: Api) -> None:
        api.hello()
        function = api.appsync.create_function(
            apiId=api.id, name="one", dataSourceName="none", requestMappingTemplate=HELLO
        )["functionConfiguration"]["functionId"]
        api.appsync.create_resolver(
            apiId=api.id, typeName="Query", fieldName="other", kind="PIPELINE", pipelineConfig={"functions": [function]}
        )

        assert api.refused("delete_data_source", name="none")[0] == "BadRequestException"
        assert api.refused("delete_function", functionId=function)[0] == "BadRequestException"
        using = api.appsync.list_resolvers_by_function(apiId=api.id, functionId=function)["resolvers"]
        assert [each["fieldName"] for each in using] == ["other"]

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"fieldName": "nothing"}, "NotFoundException"),
            ({"typeName": "Nothing"}, "NotFoundException"),
            ({"dataSourceName": "nothing"}, "NotFoundException"),
            ({"fieldName": "hello"}, "BadRequestException"),
            ({"code": SCRIPT}, "BadRequestException"),
            ({"kind": "PIPELINE", "pipelineConfig": {"functions": ["nothing"]}}, "NotFoundException"),
            ({"runtime": {"name": "APPSYNC_JS", "runtimeVersion": "2.0.0"}, "code": SCRIPT}, "BadRequestException"),
            ({"maxBatchSize": 2001}, "BadRequestException"),
        ],
    )
    def test_a_resolver_that_cannot_be_is_refused(self, api: Api, more: dict[str, Any], code: str) -> None:
        api.hello()

        given = {"typeName": "Query", "fieldName": "other", "dataSourceName": "none", **more}

        assert api.refused("create_resolver", **given)[0] == code

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"type": "AWS_LAMBDA"}, "BadRequestException"),
            ({"type": "HTTP"}, "BadRequestException"),
            (
                {"type": "AMAZON_DYNAMODB", "dynamodbConfig": {"tableName": "tables", "awsRegion": "us-east-1"}},
                "BadRequestException",
            ),
            (
                {
                    "type": "AMAZON_DYNAMODB",
                    "serviceRoleArn": "arn:aws:iam::123456789012:role/one",
                    "dynamodbConfig": {"tableName": "tables", "awsRegion": "us-east-1", "versioned": True},
                },
                "NotImplemented",
            ),
            ({"name": "none", "type": "NONE"}, "BadRequestException"),
        ],
        ids=["no function", "no endpoint", "no role", "versioned", "taken"],
    )
    def test_a_data_source_that_cannot_be_is_refused(self, api: Api, more: dict[str, Any], code: str) -> None:
        api.hello()

        assert api.refused("create_data_source", **{"name": "new", **more})[0] == code

    def test_lists_come_in_pages(self, api: Api) -> None:
        for number in range(3):
            api.appsync.create_data_source(apiId=api.id, name=f"none{number}", type="NONE")

        pages = list(
            api.appsync.get_paginator("list_data_sources").paginate(apiId=api.id, PaginationConfig={"PageSize": 2})
        )

        assert [[each["name"] for each in page["dataSources"]] for page in pages] == [["none0", "none1"], ["none2"]]
        assert api.refused("list_data_sources", nextToken="nonsense")[0] == "BadRequestException"


class TestEvaluation:
    def test_a_template_is_evaluated(self, harness: WiredHarness) -> None:
        context = json.dumps({"arguments": {"name": "ada"}})

        answer = harness.aws("appsync").evaluate_mapping_template(template=HELLO, context=context)

        assert json.loads(answer["evaluationResult"])["payload"] == "hello ada"

    def test_code_is_evaluated(self, harness: WiredHarness) -> None:
        appsync, runtime = harness.aws("appsync"), {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}
        code = "import { util } from '@aws-appsync/utils';" + SCRIPT.replace("return ctx.result", "util.error('no')")
        context = json.dumps({"arguments": {"a": 1}})

        good = appsync.evaluate_code(runtime=runtime, code=code, context=context, function="request")
        bad = appsync.evaluate_code(runtime=runtime, code=code, context=context, function="response")

        assert json.loads(good["evaluationResult"]) == {"a": 1}
        assert bad["error"]["message"] == "no"
        with pytest.raises(ClientError, match="Invalid context"):
            appsync.evaluate_code(runtime=runtime, code=code, context="[]")
