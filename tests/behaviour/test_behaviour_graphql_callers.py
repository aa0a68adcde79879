"""GraphQL APIs whose pool denies by default, and data sources that act as whoever asks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
import pytest

from tests.fakes.graphql_apis import APPSYNC, Served, function_source, graphql_api, resolver, source
from tests.fakes.plain_assembly import Resources, function, role, table
from tests.fakes.signed_http import sign
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-callers")

_PONG: Final = {
    "RequestMappingTemplate": '{"version": "2018-05-29", "payload": "pong"}',
    "ResponseMappingTemplate": "$util.toJson($ctx.result)",
}


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


def _pool(**settings: Any) -> tuple[Resources, dict[str, Any]]:
    client = {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]}
    resources: Resources = {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
        "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": client},
        "Other": {"Type": "AWS::Cognito::UserPoolClient", "Properties": client},
    }
    config = {"UserPoolId": {"Ref": "Pool"}, "AwsRegion": {"Ref": "AWS::Region"}, "DefaultAction": "ALLOW", **settings}
    return resources, {"AuthenticationType": "AMAZON_COGNITO_USER_POOLS", "UserPoolConfig": config}


def _token(served: Served, client: str, *groups: str) -> str:
    cognito, pool = served.harness.aws("cognito-idp"), served.physical_id("Pool")
    name = f"user-{client}-{len(groups)}"
    cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password="Secret-1234", Permanent=True)
    for group in groups:
        cognito.create_group(UserPoolId=pool, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=served.physical_id(client),
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": "Secret-1234"},
    )
    return str(answer["AuthenticationResult"]["AccessToken"])


class TestPools:
    def test_a_pool_that_denies_lets_in_where_a_directive_says_so(self, harness: WiredHarness, stacks: Stacks) -> None:
        resources, provider = _pool(DefaultAction="DENY")
        schema = 'type Query { plain: String  grouped: String @aws_auth(cognito_groups: ["a"]) }'
        served = Served(
            harness,
            stacks.deploy(
                {
                    **resources,
                    **graphql_api("Api", schema, keyed=False, **provider),
                    **source("Api", "none", "NONE"),
                    **resolver("Api", "Query.plain", "none", **_PONG),
                    **resolver("Api", "Query.grouped", "none", **_PONG),
                }
            ),
            "Api",
        )

        member = served.ask("{ plain grouped }", headers={"authorization": _token(served, "Client", "a")})
        other = served.ask("{ plain grouped }", headers={"authorization": _token(served, "Other")})

        assert member["data"] == {"plain": None, "grouped": "pong"}
        assert [each["path"] for each in member["errors"]] == [["plain"]]
        assert other["data"] == {"plain": None, "grouped": None}

    def test_a_pool_may_let_one_client_in(self, harness: WiredHarness, stacks: Stacks) -> None:
        resources, provider = _pool(AppIdClientRegex={"Ref": "Client"})
        served = Served(
            harness,
            stacks.deploy(
                {
                    **resources,
                    **graphql_api("Api", "type Query { plain: String }", keyed=False, **provider),
                    **source("Api", "none", "NONE"),
                    **resolver("Api", "Query.plain", "none", **_PONG),
                }
            ),
            "Api",
        )

        mine = served.send("{ plain }", headers={"authorization": _token(served, "Client")})
        other = served.send("{ plain }", headers={"authorization": _token(served, "Other")})

        assert (mine.status, mine.json()) == (200, {"data": {"plain": "pong"}})
        assert other.status == 401


class TestCallers:
    def _signed(self, served: Served, query: str, role_name: str) -> Any:
        arn = f"arn:aws:iam::123456789012:role/{served.physical_id(role_name)}"
        answer = served.harness.aws("sts").assume_role(RoleArn=arn, RoleSessionName="tests")
        key: Mapping[str, str] = answer["Credentials"]
        request = httpx.Request("POST", f"{served.url}/graphql", json={"query": query})
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.send(sign(request, key, service="appsync")).json()

    def test_a_table_is_asked_as_whoever_asks(self, harness: WiredHarness, stacks: Stacks) -> None:
        graphql = {"Effect": "Allow", "Action": "appsync:GraphQL", "Resource": "*"}
        reading = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {"Fn::GetAtt": ["Items", "Arn"]}}
        placed = {
            "TableName": {"Ref": "Items"},
            "AwsRegion": {"Ref": "AWS::Region"},
            "UseCallerCredentials": True,
        }
        get = '{"version": "2018-05-29", "operation": "GetItem", "key": {"id": {"S": "a"}}}'
        handlers = {
            "RequestMappingTemplate": get,
            "ResponseMappingTemplate": "#if($ctx.error) $util.error($ctx.error.message) #end $util.toJson($ctx.result)",
        }
        served = Served(
            harness,
            stacks.deploy(
                {
                    **table("Items"),
                    **graphql_api("Api", "type Query { item: AWSJSON }", keyed=False, AuthenticationType="AWS_IAM"),
                    **source("Api", "items", "AMAZON_DYNAMODB", DynamoDBConfig=placed),
                    **resolver("Api", "Query.item", "items", **handlers),
                    "Reader": role(graphql, reading),
                    "Stranger": role(graphql),
                }
            ),
            "Api",
        )
        harness.aws("dynamodb").put_item(TableName=served.physical_id("Items"), Item={"id": {"S": "a"}})

        reader, stranger = (self._signed(served, "{ item }", name) for name in ("Reader", "Stranger"))

        assert json.loads(reader["data"]["item"]) == {"id": "a"}
        assert "dynamodb:GetItem" in stranger["errors"][0]["message"]

    def test_a_function_asks_with_its_own_role(self, harness: WiredHarness, stacks: Stacks) -> None:
        code = """
        import json, os, urllib.request
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        import boto3
        def handler(event, context):
            body = json.dumps({"query": event["query"]})
            request = AWSRequest("POST", os.environ["URL"], data=body, headers={"content-type": "application/json"})
            SigV4Auth(boto3.Session().get_credentials(), "appsync", "us-east-1").add_auth(request)
            sent = urllib.request.Request(os.environ["URL"], body.encode(), dict(request.headers))
            return json.load(urllib.request.urlopen(sent))
        """
        url = {"Fn::GetAtt": ["Api", "GraphQLUrl"]}
        mine = {"Fn::Sub": "${Api.Arn}/types/Query/fields/mine"}
        resources = {
            **function("Caller", code, Environment={"Variables": {"URL": url}}),
            **graphql_api(
                "Api", "type Query { mine: String  other: String }", keyed=False, AuthenticationType="AWS_IAM"
            ),
            **source("Api", "none", "NONE"),
            **resolver("Api", "Query.mine", "none", **_PONG),
            **resolver("Api", "Query.other", "none", **_PONG),
        }
        resources["CallerRole"] = role({"Effect": "Allow", "Action": "appsync:GraphQL", "Resource": mine})
        served = Served(harness, stacks.deploy(resources), "Api")

        answer = harness.invoke(served.physical_id("Caller"), b'{"query": "{ mine other }"}').json()

        assert answer["data"] == {"mine": "pong", "other": None}
        assert [each["path"] for each in answer["errors"]] == [["other"]]

    def test_a_node_function_asks_by_the_host_of_the_api(self, harness: WiredHarness, stacks: Stacks) -> None:
        code = """
        const https = require("node:https");
        exports.handler = ({ host, key }) => new Promise((resolve, reject) => {
          const headers = { "x-api-key": key, "content-type": "application/json" };
          const request = https.request({ hostname: host, path: "/graphql", method: "POST", headers }, (answer) => {
            let text = "";
            answer.on("data", (piece) => { text += piece; });
            answer.on("end", () => resolve(JSON.parse(text)));
          });
          request.on("error", reject);
          request.end(JSON.stringify({ query: "{ mine }" }));
        });
        """
        resources = {
            **function("Caller", code, Runtime="nodejs22.x"),
            **graphql_api("Api", "type Query { mine: String }"),
            **source("Api", "none", "NONE"),
            **resolver("Api", "Query.mine", "none", **_PONG),
        }
        served = Served(harness, stacks.deploy(resources), "Api")
        event = {"host": served.attributes["GraphQLDns"], "key": served.key}

        answer = harness.invoke(served.physical_id("Caller"), json.dumps(event).encode()).json()

        assert answer == {"data": {"mine": "pong"}}


class TestRefusedRoles:
    def test_a_role_that_may_not_log_logs_nothing(self, harness: WiredHarness, stacks: Stacks) -> None:
        served_by = {}
        for name, statement in (("May", "logs:*"), ("MayNot", "sqs:*")):
            logging = role({"Effect": "Allow", "Action": statement, "Resource": "*"}, service=APPSYNC)
            config = {"CloudWatchLogsRoleArn": {"Fn::GetAtt": ["Logging", "Arn"]}, "FieldLogLevel": "ALL"}
            resources = {
                "Logging": logging,
                **graphql_api("Api", "type Query { plain: String }", LogConfig=config),
                **source("Api", "none", "NONE"),
                **resolver("Api", "Query.plain", "none", **_PONG),
            }
            served_by[name] = Served(harness, stacks.deploy(resources), "Api")
            served_by[name].data("{ plain }")

        groups = harness.aws("logs").describe_log_groups(logGroupNamePrefix="/aws/appsync/apis/")["logGroups"]
        logged = {group["logGroupName"].rpartition("/")[2] for group in groups}
        assert {name for name, served in served_by.items() if served.api_id in logged} == {"May"}

    def test_an_authorizer_that_may_not_be_called_lets_nobody_in(self, harness: WiredHarness, stacks: Stacks) -> None:
        guard = {"AuthorizerUri": {"Fn::GetAtt": ["Guard", "Arn"]}}
        resources = {
            **function("Guard", "def handler(event, context): return {'isAuthorized': True}"),
            **graphql_api(
                "Api",
                "type Query { plain: String }",
                keyed=False,
                AuthenticationType="AWS_LAMBDA",
                LambdaAuthorizerConfig=guard,
            ),
            **function_source("Api", "work", "Guard"),
            **resolver("Api", "Query.plain", "work"),
        }
        served = Served(harness, stacks.deploy(resources), "Api")

        assert served.send("{ plain }", headers={"authorization": "anything"}).status == 500
