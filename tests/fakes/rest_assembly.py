"""REST APIs as resources of a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.plain_assembly import Resources


def proxied(name: str, *, qualifier: str = "Arn", **integration: Any) -> dict[str, Any]:
    """The properties of a method that calls the function `name`. integration: further properties of its integration."""
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s.%s}/invocations"
    return {
        "Integration": {
            "Type": "AWS_PROXY",
            "IntegrationHttpMethod": "POST",
            "Uri": {"Fn::Sub": uri % (name, qualifier)},
            **integration,
        }
    }


def rest_api(
    name: str,
    methods: Mapping[str, Mapping[str, Any]],
    *,
    stage: str = "prod",
    stage_properties: Mapping[str, Any] | None = None,
    **properties: Any,
) -> Resources:
    """A REST API with one deployment and one stage: `name`, `name`Deployment and `name`Stage.

    methods: such as `GET /orders/{id}` -> the properties of the method.
    """
    resources: Resources = {
        name: {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": name, **properties}},
    }
    places: dict[str, Any] = {"": {"Fn::GetAtt": [name, "RootResourceId"]}}
    made = []
    for number, (key, method) in enumerate(methods.items()):
        verb, _, path = key.partition(" ")
        logical_id = f"{name}Method{number}"
        resources[logical_id] = {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": name},
                "ResourceId": _place(name, path.strip("/"), places, resources),
                "HttpMethod": verb,
                "AuthorizationType": "NONE",
                **method,
            },
        }
        made.append(logical_id)
    resources[f"{name}Deployment"] = {
        "Type": "AWS::ApiGateway::Deployment",
        "DependsOn": made,
        "Properties": {"RestApiId": {"Ref": name}},
    }
    resources[f"{name}Stage"] = {
        "Type": "AWS::ApiGateway::Stage",
        "Properties": {
            "RestApiId": {"Ref": name},
            "DeploymentId": {"Ref": f"{name}Deployment"},
            "StageName": stage,
            **(stage_properties or {}),
        },
    }
    return resources


def invocable(name: str, api: str, **properties: Any) -> Resources:
    """What lets every method of `api` call the function `name`: `name`By`api`."""
    source = "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${%s}/*/*/*"
    return {
        f"{name}By{api}": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": name},
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": {"Fn::Sub": source % api},
                **properties,
            },
        }
    }


def url_of(api: str, stage: str = "prod") -> dict[str, str]:
    """The URL of a stage, as an output has it."""
    return {"Fn::Sub": f"https://${{{api}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{stage}"}


def _place(name: str, path: str, places: dict[str, Any], resources: Resources) -> Any:
    if path not in places:
        above, _, part = path.rpartition("/")
        parent = _place(name, above, places, resources)
        logical_id = f"{name}Resource{len(places)}"
        resources[logical_id] = {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {
                "RestApiId": {"Ref": name},
                "ParentId": parent,
                "PathPart": part,
            },
        }
        places[path] = {"Ref": logical_id}
    return places[path]
