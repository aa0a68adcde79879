"""GraphQL APIs of stacks: what their resources give, how they change, are reset and go, and what they log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from lambdakit.errors import DeploymentError
from tests.fakes.graphql_apis import APPSYNC, Served, function_source, graphql_api, part, resolver, source
from tests.fakes.plain_assembly import Resources, function, role, write_stack
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-stacks")

SCHEMA: Final = "type Query { hello: String  deep: Deep }  type Deep { deep: Deep  text: String }"
HELLO: Final = '{"version": "2018-05-29", "payload": "hello"}'
_CACHED: Final = "FULL_REQUEST_CACHING"
RESULT: Final = "$util.toJson($ctx.result)"


def _handlers(request: str = HELLO, response: str = RESULT) -> dict[str, str]:
    return {"RequestMappingTemplate": request, "ResponseMappingTemplate": response}


def _api(schema: str = SCHEMA, request: str = HELLO, **properties: Any) -> Resources:
    deep = '{"version": "2018-05-29", "payload": {"text": "t"}}'
    return {
        **graphql_api("Api", schema, **properties),
        **source("Api", "none", "NONE"),
        **resolver("Api", "Query.hello", "none", **_handlers(request)),
        **resolver("Api", "Query.deep", "none", **_handlers(deep)),
        **resolver("Api", "Deep.deep", "none", **_handlers(deep)),
    }


class TestResources:
    def test_they_give_what_templates_ask_for(self, harness: WiredHarness, stacks: Stacks) -> None:
        names = ("ApiId", "Arn", "GraphQLUrl", "GraphQLDns", "RealtimeUrl", "RealtimeDns")
        asked = {name: {"Fn::GetAtt": ["Api", name]} for name in names}

        deployment = stacks.deploy(
            {**_api(), "Cache": part("ApiCache", "Api", ApiCachingBehavior=_CACHED, Ttl=1, Type="T2_SMALL")},
            **asked,
            Ref={"Ref": "Api"},
            Key={"Ref": "ApiKey"},
            KeyItself={"Fn::GetAtt": ["ApiKey", "ApiKey"]},
            Resolver={"Ref": "QueryhelloResolver"},
        )

        served = Served(harness, deployment, "Api")
        out = served.outputs
        assert out["Ref"] == out["Arn"] == f"arn:aws:appsync:us-east-1:123456789012:apis/{out['ApiId']}"
        assert out["GraphQLUrl"] == f"{served.url}/graphql"
        assert out["RealtimeUrl"] == f"ws{served.url.removeprefix('http')}/graphql"
        assert out["Key"] == f"{out['Arn']}/apikeys/{out['KeyItself']}"
        assert out["Resolver"] == f"{out['Arn']}/types/Query/resolvers/hello"
        assert f"http://{out['GraphQLDns']}" == f"http://{out['RealtimeDns']}" == served.url
        assert [(api["kind"], api["api_id"]) for api in deployment["apis"]] == [("graphql_api", out["ApiId"])]

    def test_texts_may_lie_in_a_bucket(self, harness: WiredHarness, stacks: Stacks) -> None:
        s3 = harness.aws("s3")
        s3.create_bucket(Bucket="texts")
        s3.put_object(Bucket="texts", Key="a/schema.graphql", Body=SCHEMA.encode())
        s3.put_object(Bucket="texts", Key="a/request.vtl", Body=HELLO.encode())
        resources = _api()
        resources["ApiSchema"]["Properties"] = {
            "ApiId": {"Fn::GetAtt": ["Api", "ApiId"]},
            "DefinitionS3Location": "s3://texts/a/schema.graphql",
        }
        properties = resources["QueryhelloResolver"]["Properties"]
        del properties["RequestMappingTemplate"]
        properties["RequestMappingTemplateS3Location"] = "https://texts.s3.us-east-1.amazonaws.com/a/request.vtl"

        served = Served(harness, stacks.deploy(resources), "Api")

        assert served.data("{ hello }") == {"hello": "hello"}

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"ApiSchema": {"Definition": "type Query {"}}, "Schema Creation Status is FAILED"),
            ({"QueryhelloResolver": {"FieldName": "nothing"}}, "No field named nothing found on type Query"),
            ({"Api": {"ApiType": "MERGED"}}, "merged APIs are not merged here"),
            ({"ApiSchema": {"Definition": None, "DefinitionS3Location": "nonsense"}}, "is no location in S3"),
        ],
    )
    def test_what_cannot_be_is_refused(self, stacks: Stacks, change: dict[str, dict[str, Any]], said: str) -> None:
        resources = _api()
        for name, properties in change.items():
            merged = {**resources[name]["Properties"], **properties}
            resources[name]["Properties"] = {key: value for key, value in merged.items() if value is not None}

        with pytest.raises(DeploymentError, match=said):
            stacks.deploy(resources)

    def test_a_custom_domain_leads_to_the_api(self, harness: WiredHarness, stacks: Stacks) -> None:
        echo = '{"version": "2018-05-29", "payload": "$ctx.request.domainName"}'
        domain = {
            "Domain": {
                "Type": "AWS::AppSync::DomainName",
                "Properties": {
                    "DomainName": "graph.example.com",
                    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/one",
                },
            },
            "Led": {
                "Type": "AWS::AppSync::DomainNameApiAssociation",
                "Properties": {"ApiId": {"Fn::GetAtt": ["Api", "ApiId"]}, "DomainName": {"Ref": "Domain"}},
            },
        }
        deployment = stacks.deploy({**_api(request=echo), **domain}, At={"Fn::GetAtt": ["Domain", "AppSyncDomainName"]})
        served = Served(harness, deployment, "Api")

        answer = harness.request(
            "POST", "/graphql", {"host": "graph.example.com", "x-api-key": served.key}, b'{"query": "{ hello }"}'
        )

        assert answer.json() == {"data": {"hello": "graph.example.com"}}
        assert served.outputs["At"].endswith(".cloudfront.net")
        assert [each["kind"] for each in deployment["apis"]] == ["graphql_api", "custom_domain"]

    def test_an_event_api_stands_in_the_account(self, harness: WiredHarness, stacks: Stacks) -> None:
        keyed = [{"AuthType": "API_KEY"}]
        config = {
            "AuthProviders": keyed,
            "ConnectionAuthModes": keyed,
            "DefaultPublishAuthModes": keyed,
            "DefaultSubscribeAuthModes": keyed,
        }
        before = harness.position()
        deployment = stacks.deploy(
            {
                **function("Work"),
                "Api": {"Type": "AWS::AppSync::Api", "Properties": {"Name": "events", "EventConfig": config}},
                "ApiKey": part("ApiKey", "Api"),
                **function_source("Api", "work", "Work"),
                "Namespace": part("ChannelNamespace", "Api", Name="default"),
            },
            Id={"Fn::GetAtt": ["Api", "ApiId"]},
            Key={"Fn::GetAtt": ["ApiKey", "ApiKey"]},
        )
        (stack,) = deployment["stacks"].values()
        appsync, out = harness.aws("appsync"), stack["outputs"]

        assert appsync.get_api(apiId=out["Id"])["api"]["name"] == "events"
        assert [each["id"] for each in appsync.list_api_keys(apiId=out["Id"])["apiKeys"]] == [out["Key"]]
        notes = [each["note"] for each in harness.events("RuntimeNote", after=before)]
        assert any("AWS::AppSync::DataSource" in note and "will not invoke it" in note for note in notes)
        stacks.destroy()
        assert out["Id"] not in [each["apiId"] for each in appsync.list_apis()["apis"]]


class TestChanges:
    def test_an_update_changes_in_place(self, harness: WiredHarness, tmp_path: Path) -> None:
        first = write_stack(tmp_path / "first", "changing", _api())
        changed = _api(
            SCHEMA.replace("hello: String", "hello: String  more: Int"), HELLO.replace("hello", "bye"), Name="new"
        )
        second = write_stack(tmp_path / "second", "changing", changed)
        deployment = harness.deploy(first)
        before = Served(harness, deployment, "Api")
        try:
            answer = harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": str(second)})
            after = Served(harness, answer.json(), "Api")

            assert (after.api_id, after.key, after.url) == (before.api_id, before.key, before.url)
            assert after.data("{ hello more }") == {"hello": "bye", "more": None}
            assert harness.aws("appsync").get_graphql_api(apiId=after.api_id)["graphqlApi"]["name"] == "new"
        finally:
            harness.destroy(deployment)

    def test_what_is_gone_from_the_template_goes(self, harness: WiredHarness, tmp_path: Path) -> None:
        resources = _api()
        first = write_stack(tmp_path / "first", "shrinking", resources)
        kept = {name: each for name, each in resources.items() if name not in ("QueryhelloResolver", "ApiKey")}
        second = write_stack(tmp_path / "second", "shrinking", kept)
        deployment = harness.deploy(first)
        served = Served(harness, deployment, "Api")
        try:
            harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": str(second)})
            appsync = harness.aws("appsync")

            assert appsync.list_api_keys(apiId=served.api_id)["apiKeys"] == []
            names = [
                each["typeName"] for each in appsync.list_resolvers(apiId=served.api_id, typeName="Query")["resolvers"]
            ]
            assert names == ["Query"]
        finally:
            harness.destroy(deployment)

    def test_a_destroyed_stack_leaves_nothing(self, harness: WiredHarness, stacks: Stacks) -> None:
        deployment = stacks.deploy(_api())
        served = Served(harness, deployment, "Api")
        stacks.destroy()

        assert served.api_id not in [
            each["apiId"] for each in harness.aws("appsync").list_graphql_apis()["graphqlApis"]
        ]
        with pytest.raises(OSError, match=r"refused|reset"):
            served.send("{ hello }")

    def test_a_reset_brings_back_what_was_deleted(self, harness: WiredHarness, stacks: Stacks) -> None:
        deployment = stacks.deploy(_api())
        served = Served(harness, deployment, "Api")
        harness.aws("appsync").delete_resolver(apiId=served.api_id, typeName="Query", fieldName="hello")
        before = served.data("{ hello }")

        answer = harness.call("POST", f"deployments/{deployment['id']}/reset", {}).json()

        assert before == {"hello": None}
        again = answer.get("deployment", deployment)
        assert Served(harness, again, "Api").data("{ hello }") == {"hello": "hello"}


class TestLimits:
    @pytest.fixture
    def limited(self, harness: WiredHarness, stacks: Stacks) -> Iterator[Served]:
        limits: dict[str, Any] = {"QueryDepthLimit": 3, "ResolverCountLimit": 2, "IntrospectionConfig": "DISABLED"}
        yield Served(harness, stacks.deploy(_api(SCHEMA, HELLO, **limits)), "Api")

    def test_depth_resolvers_and_introspection_are_limited(self, limited: Served) -> None:
        deep = limited.ask("{ deep { deep { deep { text } } } }")
        fragmented = limited.ask(
            "{ ...A }  fragment A on Query { deep { ...B } }  fragment B on Deep { deep { deep { text } } }"
        )
        many = limited.ask("{ a: hello b: hello c: hello }")
        schema = limited.ask("{ ...S }  fragment S on Query { __schema { types { name } } }")

        assert limited.data("{ deep { deep { text __typename } } }")["deep"]["deep"]["__typename"] == "Deep"
        for refused in (deep, fragmented):
            assert refused["data"] is None
            assert "depth of 4" in refused["errors"][0]["message"]
        assert sorted(many["data"].values(), key=str) == [None, "hello", "hello"]
        assert [each["errorType"] for each in many["errors"]] == ["ResolverExecutionLimitReached"]
        assert (schema["data"], "introspection" in schema["errors"][0]["message"]) == (None, True)


class TestLogs:
    def _logged(self, harness: WiredHarness, served: Served) -> list[str]:
        logs = harness.aws("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/appsync/apis/{served.api_id}")
        return [event["message"] for page in pages for event in page["events"]]

    def test_everything_is_logged_where_the_api_says_so(self, harness: WiredHarness, stacks: Stacks) -> None:
        config = {"CloudWatchLogsRoleArn": {"Fn::GetAtt": ["Logging", "Arn"]}, "FieldLogLevel": "ALL"}
        served = Served(harness, stacks.deploy({**_api(LogConfig=config), "Logging": role(service=APPSYNC)}), "Api")

        served.data("{ hello }")

        lines = self._logged(harness, served)
        objects = [json.loads(line) for line in lines if line.startswith("{")]
        kinds = [each["logType"] for each in objects]
        assert kinds == ["RequestMapping", "ResponseMapping", "Tracing", "ExecutionSummary", "RequestSummary"]
        assert objects[0]["transformedTemplate"] == json.dumps({"version": "2018-05-29", "payload": "hello"})
        assert (objects[2]["path"], objects[2]["parentType"], objects[2]["returnType"]) == (
            ["hello"],
            "Query",
            "String",
        )
        assert "GraphQL Query: { hello }" in "\n".join(lines)
        assert served.key not in "\n".join(lines)

    def test_less_is_logged_where_it_says_so(self, harness: WiredHarness, stacks: Stacks) -> None:
        config = {
            "CloudWatchLogsRoleArn": {"Fn::GetAtt": ["Logging", "Arn"]},
            "FieldLogLevel": "ERROR",
            "ExcludeVerboseContent": True,
        }
        failing = '$util.error("no", "Mine")'
        resources = {
            **_api(LogConfig=config),
            "Logging": role(service=APPSYNC),
            **resolver("Api", "Query.deep", "none", **_handlers(response=failing)),
        }
        served = Served(harness, stacks.deploy(resources), "Api")

        served.ask("{ deep { text } hello }")

        lines = self._logged(harness, served)
        objects = [json.loads(line) for line in lines if line.startswith("{")]
        assert {each["fieldName"] for each in objects if "fieldName" in each} == {"deep"}
        assert not any("transformedTemplate" in each for each in objects)
        assert "GraphQL Query" not in "\n".join(lines)

    def test_without_a_setting_nothing_is_logged(self, harness: WiredHarness, stacks: Stacks) -> None:
        served = Served(harness, stacks.deploy(_api()), "Api")

        served.data("{ hello }")

        groups = harness.aws("logs").describe_log_groups(logGroupNamePrefix="/aws/appsync/apis/")["logGroups"]
        assert f"/aws/appsync/apis/{served.api_id}" not in [group["logGroupName"] for group in groups]


@pytest.fixture(scope="module")
def judging() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


class TestRoles:
    @pytest.fixture
    def stacks(self, judging: WiredHarness, tmp_path: Path) -> Iterator[Stacks]:
        stacks = Stacks(judging, tmp_path, "judged")
        yield stacks
        stacks.destroy()

    def test_a_role_that_may_not_call_is_refused(self, judging: WiredHarness, stacks: Stacks) -> None:
        logging = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
        resources = {
            **function("Work"),
            **graphql_api("Api", "type Query { hello: String }"),
            **function_source("Api", "work", "Work", logging),
            **resolver("Api", "Query.hello", "work"),
        }
        served = Served(judging, stacks.deploy(resources), "Api")

        (error,) = served.ask("{ hello }")["errors"]

        assert "lambda:InvokeFunction" in error["message"]

    def test_a_role_that_appsync_may_not_assume_is_refused(self, judging: WiredHarness, stacks: Stacks) -> None:
        resources = {
            **function("Work"),
            **graphql_api("Api", "type Query { hello: String }"),
            **function_source("Api", "work", "Work"),
            **resolver("Api", "Query.hello", "work"),
        }
        resources["workSourceRole"] = role(service="lambda.amazonaws.com")
        served = Served(judging, stacks.deploy(resources), "Api")

        (error,) = served.ask("{ hello }")["errors"]

        assert "sts:AssumeRole" in error["message"]

    def test_a_role_that_appsync_may_not_assume_signs_nothing(self, judging: WiredHarness, stacks: Stacks) -> None:
        signing = {"SigningRegion": "us-east-1", "SigningServiceName": "sts"}
        config = {
            "Endpoint": "https://sts.us-east-1.amazonaws.com",
            "AuthorizationConfig": {"AuthorizationType": "AWS_IAM", "AwsIamConfig": signing},
        }
        request = (
            '{"version": "2018-05-29", "method": "GET", "resourcePath": "/", "params": {"query":'
            ' {"Action": "GetCallerIdentity", "Version": "2011-06-15"}}}'
        )
        response = "#if($ctx.error) $util.error($ctx.error.message) #end $util.toJson($ctx.result.body)"
        resources = {
            **graphql_api("Api", "type Query { good: String  bad: String }"),
            **source("Api", "good", "HTTP", HttpConfig=config),
            **source("Api", "bad", "HTTP", HttpConfig=config),
            **resolver("Api", "Query.good", "good", **_handlers(request, response)),
            **resolver("Api", "Query.bad", "bad", **_handlers(request, response)),
        }
        resources["badSourceRole"] = role(service="lambda.amazonaws.com")
        served = Served(judging, stacks.deploy(resources), "Api")

        body = served.ask("{ good bad }")

        assert f"assumed-role/{served.physical_id('goodSourceRole')}/" in body["data"]["good"]
        assert body["data"]["bad"] is None
        assert "sts:AssumeRole" in body["errors"][0]["message"]
