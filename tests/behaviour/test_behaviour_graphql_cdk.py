"""A GraphQL API of the CDK's, unchanged: schema files, mapping template helpers, scripts as assets, grants, logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import httpx
import pytest
from aws_cdk import aws_appsync as appsync
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn

from lambdakit.errors import DeploymentError
from tests.fakes.signed_http import sign
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("cdk")

_SCHEMA: Final = """
type Note { id: ID! text: String! author: String }
input NoteInput { text: String! author: String }
type Query {
  notes: [Note!]
  note(id: ID!): Note
  by(author: String!): [Note]
  direct(a: Int): AWSJSON
  piped(n: Int): AWSJSON
  ping: String @aws_iam
  started: AWSJSON
}
type Mutation { add(input: NoteInput!): Note  put(id: ID!, input: NoteInput!): Note  drop(id: ID!): Note }
"""
_SCRIPT: Final = """
import { util } from '@aws-appsync/utils';
import * as ddb from '@aws-appsync/utils/dynamodb';

export function request(ctx) {
  return ddb.get({ key: { id: ctx.args.id } });
}

export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type);
  }
  return ctx.result;
}
"""
_RESPONSE: Final = "export function response(ctx) { return ctx.result; }"
_PONG: Final = '{"version": "2018-05-29", "payload": "pong"}'


def _synthesized(directory: Path) -> Path:
    (directory / "schema.graphql").write_text(_SCHEMA)
    (directory / "note.js").write_text(_SCRIPT)
    app = cdk.App(outdir=str(directory / "assembly"))
    stack = cdk.Stack(app, "notes")
    api = appsync.GraphqlApi(
        stack,
        "Api",
        name="notes",
        definition=appsync.Definition.from_file(str(directory / "schema.graphql")),
        authorization_config=appsync.AuthorizationConfig(
            default_authorization=appsync.AuthorizationMode(authorization_type=appsync.AuthorizationType.API_KEY),
            additional_authorization_modes=[
                appsync.AuthorizationMode(authorization_type=appsync.AuthorizationType.IAM)
            ],
        ),
        log_config=appsync.LogConfig(field_log_level=appsync.FieldLogLevel.ALL, retention=logs.RetentionDays.ONE_WEEK),
        environment_variables={"STAGE": "test"},
    )
    _tables(stack, api, directory)
    _functions(stack, api)
    _machine(stack, api)
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())
    api.grant_query(caller, "ping")
    cdk.CfnOutput(stack, "Role", value=caller.role_arn)
    cdk.CfnOutput(stack, "Url", value=api.graphql_url)
    cdk.CfnOutput(stack, "Key", value=api.api_key or "")
    return Path(app.synth().directory)


def _tables(stack: cdk.Stack, api: appsync.GraphqlApi, directory: Path) -> None:
    text = dynamodb.AttributeType.STRING
    table = dynamodb.Table(stack, "Table", partition_key=dynamodb.Attribute(name="id", type=text))
    table.add_global_secondary_index(index_name="author", partition_key=dynamodb.Attribute(name="author", type=text))
    notes, templates = api.add_dynamo_db_data_source("notes", table), appsync.MappingTemplate
    given = appsync.Values.projecting("input")
    handlers = {
        ("Query", "notes"): (templates.dynamo_db_scan_table(), templates.dynamo_db_result_list()),
        ("Query", "by"): (
            templates.dynamo_db_query(appsync.KeyCondition.eq("author", "author"), "author"),
            templates.dynamo_db_result_list(),
        ),
        ("Mutation", "add"): (
            templates.dynamo_db_put_item(appsync.PrimaryKey.partition("id").auto(), given),
            templates.dynamo_db_result_item(),
        ),
        ("Mutation", "put"): (
            templates.dynamo_db_put_item(appsync.PrimaryKey.partition("id").is_("id"), given),
            templates.dynamo_db_result_item(),
        ),
        ("Mutation", "drop"): (templates.dynamo_db_delete_item("id", "id"), templates.dynamo_db_result_item()),
    }
    for (type_name, field_name), (request, response) in handlers.items():
        notes.create_resolver(
            f"{type_name}-{field_name}",
            type_name=type_name,
            field_name=field_name,
            request_mapping_template=request,
            response_mapping_template=response,
        )
    notes.create_resolver(
        "OneNote",
        type_name="Query",
        field_name="note",
        runtime=appsync.FunctionRuntime.JS_1_0_0,
        code=appsync.Code.from_asset(str(directory / "note.js")),
    )


def _functions(stack: cdk.Stack, api: appsync.GraphqlApi) -> None:
    function = lambda_.Function(
        stack,
        "Echo",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): return {'got': event['arguments']}"),
    )
    echo, none = api.add_lambda_data_source("echo", function), api.add_none_data_source("none")
    runtime = appsync.FunctionRuntime.JS_1_0_0
    echo.create_resolver("Direct", type_name="Query", field_name="direct")
    none.create_resolver(
        "Ping",
        type_name="Query",
        field_name="ping",
        request_mapping_template=appsync.MappingTemplate.from_string(_PONG),
        response_mapping_template=appsync.MappingTemplate.from_string("$util.toJson($ctx.result)"),
    )
    first = "export function request(ctx) { return { payload: ctx.args.n + 1 }; }" + _RESPONSE
    around = (
        "export function request(ctx) { return {}; }"
        "export function response(ctx) { return { last: ctx.prev.result, stage: ctx.env.STAGE }; }"
    )
    api.create_resolver(
        "Piped",
        type_name="Query",
        field_name="piped",
        runtime=runtime,
        code=appsync.Code.from_inline(around),
        pipeline_config=[
            none.create_function("First", name="first", runtime=runtime, code=appsync.Code.from_inline(first))
        ],
    )


def _machine(stack: cdk.Stack, api: appsync.GraphqlApi) -> None:
    machine = sfn.StateMachine(
        stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "Nothing"))
    )
    states = api.add_http_data_source(
        "states",
        f"https://states.{stack.region}.amazonaws.com",
        authorization_config=appsync.AwsIamConfig(signing_region=stack.region, signing_service_name="states"),
    )
    machine.grant_start_execution(states)
    request = (
        '{"version": "2018-05-29", "method": "POST", "resourcePath": "/", "params": {"headers": {'
        '"content-type": "application/x-amz-json-1.0", "x-amz-target": "AWSStepFunctions.StartExecution"},'
        f' "body": {{"stateMachineArn": "{machine.state_machine_arn}"}}}}}}'
    )
    states.create_resolver(
        "Started",
        type_name="Query",
        field_name="started",
        request_mapping_template=appsync.MappingTemplate.from_string(request),
        response_mapping_template=appsync.MappingTemplate.from_string("$util.toJson($ctx.result.statusCode)"),
    )


def test_an_application_of_the_cdk_answers(tmp_path: Path) -> None:
    assembly = _synthesized(tmp_path)

    with WiredHarness(enforce_iam="on") as harness:
        outputs = harness.deploy(assembly)["stacks"]["notes"]["outputs"]
        with httpx.Client(trust_env=False, timeout=60) as client:

            def ask(query: str) -> Any:
                answer = client.post(outputs["Url"], json={"query": query}, headers={"x-api-key": outputs["Key"]})
                return answer.json()

            added = ask('mutation { add(input: {text: "one", author: "ada"}) { id text author } }')["data"]["add"]
            ask('mutation { put(id: "x", input: {text: "two"}) { id } }')
            read = ask('{ notes { text } note(id: "x") { text author } by(author: "ada") { id } }')["data"]
            dropped = ask('mutation { drop(id: "x") { text } }')["data"]
            others = ask("{ direct(a: 1) piped(n: 1) started }")
            credentials = harness.aws("sts").assume_role(RoleArn=outputs["Role"], RoleSessionName="tests")
            request = httpx.Request("POST", outputs["Url"], json={"query": "{ ping }"})
            signed = client.send(sign(request, credentials["Credentials"], service="appsync")).json()
        groups = harness.aws("logs").describe_log_groups(logGroupNamePrefix="/aws/appsync/apis/")["logGroups"]
        machines = harness.aws("stepfunctions")
        (machine,) = machines.list_state_machines()["stateMachines"]
        executions = machines.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]

    assert (added["text"], added["author"]) == ("one", "ada")
    assert sorted(note["text"] for note in read["notes"]) == ["one", "two"]
    assert (read["note"], read["by"]) == ({"text": "two", "author": None}, [{"id": added["id"]}])
    assert dropped == {"drop": {"text": "two"}}
    assert others == {"data": {"direct": '{"got":{"a":1}}', "piped": '{"last":2,"stage":"test"}', "started": "200"}}
    assert len(executions) == 1
    assert signed == {"data": {"ping": "pong"}}
    assert [group["retentionInDays"] for group in groups] == [7]


def test_a_merged_api_of_the_cdk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "schema.graphql").write_text("type Query { a: String }")
    app = cdk.App(outdir=str(tmp_path / "assembly"))
    stack = cdk.Stack(app, "merged")
    part = appsync.GraphqlApi(
        stack, "Part", name="part", definition=appsync.Definition.from_file(str(tmp_path / "schema.graphql"))
    )
    appsync.GraphqlApi(
        stack,
        "Merged",
        name="merged",
        definition=appsync.Definition.from_source_apis(
            source_apis=[appsync.SourceApi(source_api=part, merge_type=appsync.MergeType.MANUAL_MERGE)]
        ),
    )

    with (
        WiredHarness() as harness,
        pytest.raises(DeploymentError, match="merged APIs are not merged here; deploy the source APIs on their own"),
    ):
        harness.deploy(Path(app.synth().directory))
