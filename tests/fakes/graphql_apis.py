"""Parts of GraphQL APIs for stacks written by hand, and requests to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.plain_assembly import Resources, role
from tests.fakes.wired_harness import Answer, WiredHarness

APPSYNC = "appsync.amazonaws.com"
Properties = Mapping[str, Any]


def graphql_api(name: str, schema: str, *, keyed: bool = True, **properties: Any) -> Resources:
    """An API called `name` with its schema, `<name>Schema`, and with `keyed` an API key, `<name>Key`."""
    resources: Resources = {
        name: {
            "Type": "AWS::AppSync::GraphQLApi",
            "Properties": {"Name": name, "AuthenticationType": "API_KEY", **properties},
        },
        f"{name}Schema": part("GraphQLSchema", name, Definition=schema),
    }
    if keyed:
        resources[f"{name}Key"] = part("ApiKey", name)
    return resources


def part(kind: str, api: str, **properties: Any) -> dict[str, Any]:
    """A resource of a kind that belongs to an API."""
    return {
        "Type": f"AWS::AppSync::{kind}",
        "Properties": {"ApiId": {"Fn::GetAtt": [api, "ApiId"]}, **properties},
    }


def source(api: str, name: str, kind: str, *statements: Mapping[str, Any], **properties: Any) -> Resources:
    """A data source with its role, `<name>SourceRole`, that may do everything unless statements say what."""
    given = {"Name": name, "Type": kind, **properties}
    if kind == "NONE":
        return {f"{name}Source": part("DataSource", api, **given)}
    role_name = f"{name}SourceRole"
    return {
        role_name: role(*statements, service=APPSYNC),
        f"{name}Source": part("DataSource", api, ServiceRoleArn={"Fn::GetAtt": [role_name, "Arn"]}, **given),
    }


def function_source(api: str, name: str, function: str, *statements: Mapping[str, Any]) -> Resources:
    """The function called so in the template as a data source."""
    return source(
        api, name, "AWS_LAMBDA", *statements, LambdaConfig={"LambdaFunctionArn": {"Fn::GetAtt": [function, "Arn"]}}
    )


def resolver(api: str, field: str, of: str, **properties: Any) -> Resources:
    """The resolver of a field, `Type.field`, with a data source called `of`."""
    type_name, _, field_name = field.partition(".")
    found = part(
        "Resolver",
        api,
        TypeName=type_name,
        FieldName=field_name,
        DataSourceName={"Fn::GetAtt": [f"{of}Source", "Name"]},
        **properties,
    )
    return {f"{type_name}{field_name}Resolver": {**found, "DependsOn": [f"{api}Schema"]}}


def pipeline_function(api: str, name: str, of: str, **properties: Any) -> Resources:
    """A function of pipelines, with a data source called `of`."""
    return {
        name: part(
            "FunctionConfiguration",
            api,
            Name=name,
            DataSourceName={"Fn::GetAtt": [f"{of}Source", "Name"]},
            **properties,
        )
    }


def pipeline(api: str, field: str, *functions: str, **properties: Any) -> Resources:
    """The resolver of a field with functions of the template."""
    type_name, _, field_name = field.partition(".")
    ids = [{"Fn::GetAtt": [function, "FunctionId"]} for function in functions]
    found = part(
        "Resolver",
        api,
        TypeName=type_name,
        FieldName=field_name,
        Kind="PIPELINE",
        PipelineConfig={"Functions": ids},
        **properties,
    )
    return {f"{type_name}{field_name}Resolver": {**found, "DependsOn": [f"{api}Schema"]}}


class Served:
    """An API of a deployment, as its clients see it. function: one that prints `EVENT` and what it is given."""

    def __init__(self, harness: WiredHarness, deployment: Mapping[str, Any], name: str, *, function: str = "") -> None:
        self.harness = harness
        self.deployment = deployment
        self._function = function
        found = next(api for api in deployment["apis"] if api["logical_id"] == name)
        (stack,) = deployment["stacks"].values()
        resources = self._resources = stack["resources"]
        self.outputs: dict[str, Any] = stack["outputs"]
        self.url: str = found["url"]
        self.name: str = found["name"]
        self.port = int(self.url.rpartition(":")[2])
        self.attributes: dict[str, Any] = resources[name]["attributes"]
        self.api_id: str = self.attributes["ApiId"]
        self.key: str = resources.get(f"{name}Key", {}).get("attributes", {}).get("ApiKey", "")

    def send(
        self, query: str, variables: Properties | None = None, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        """The answer to a query, with the API's key where no headers are given."""
        body = json.dumps({"query": query, "variables": variables or {}, **more}).encode()
        given = {"x-api-key": self.key} if headers is None else dict(headers)
        return self.post(body, given)

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a body, with the API's key where no headers are given."""
        given = {"x-api-key": self.key} if headers is None else dict(headers)
        return self.harness.request(
            "POST", "/graphql", {"content-type": "application/json", **given}, body, port=self.port
        )

    def physical_id(self, logical_id: str) -> str:
        """What `Ref` gives for a resource of the API's stack."""
        return str(self._resources[logical_id]["physical_id"])

    def events(self) -> list[Any]:
        """What the function was given so far."""
        group = self.physical_id(f"{self._function}Logs")
        pages = self.harness.aws("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [event["message"] for page in pages for event in page["events"]]
        return [json.loads(line.removeprefix("EVENT ")) for line in lines if line.startswith("EVENT ")]

    def ask(self, query: str, variables: Properties | None = None, **more: Any) -> Any:
        """The body of the answer. AssertionError for another status than 200."""
        answer = self.send(query, variables, **more)
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json()

    def data(self, query: str, variables: Properties | None = None, **more: Any) -> Any:
        """The data of the answer. AssertionError when there are errors."""
        body = self.ask(query, variables, **more)
        assert "errors" not in body, body["errors"]
        return body["data"]
