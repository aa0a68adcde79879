"""Parts of HTTP APIs for stacks written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.plain_assembly import Resources

Properties = Mapping[str, Any]


def api(name: str, **properties: Any) -> Resources:
    """An HTTP API without a stage."""
    return {
        name: {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": name, "ProtocolType": "HTTP", **properties}}
    }


def stage(of: str, name: str = "$default", **properties: Any) -> Resources:
    """A stage, `<api>Stage` with the letters of its name."""
    letters = "".join(letter for letter in name if letter.isalnum())
    return {
        f"{of}Stage{letters}": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": of}, "StageName": name, "AutoDeploy": True, **properties},
        }
    }


def route(of: str, name: str, key: str, integration: Properties, **properties: Any) -> Resources:
    """A route called `name` and its integration, `<name>Integration`."""
    return {
        f"{name}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {"ApiId": {"Ref": of}, **integration},
        },
        name: {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": of},
                "RouteKey": key,
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": f"{name}Integration"}]]},
                **properties,
            },
        },
    }


def to_function(name: str, version: str = "2.0", **properties: Any) -> dict[str, Any]:
    """An integration with the function called `name` in the template."""
    return {
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": [name, "Arn"]},
        "PayloadFormatVersion": version,
        **properties,
    }


def authorizer(of: str, name: str, kind: str, **properties: Any) -> Resources:
    """An authorizer of type `JWT` or `REQUEST`."""
    return {
        name: {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {"ApiId": {"Ref": of}, "AuthorizerType": kind, "Name": name, **properties},
        }
    }


def authorizer_uri(function: str) -> dict[str, Any]:
    """API Gateway's URI of the function called so in the template."""
    arn = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Arn}/invocations"
    return {"Fn::Sub": [arn, {"Arn": {"Fn::GetAtt": [function, "Arn"]}}]}


def permission(name: str, function: str, source: object, *, principal: str = "apigateway.amazonaws.com") -> Resources:
    """A permission to call a function. source: an ARN, or what gives one."""
    return {
        name: {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Fn::GetAtt": [function, "Arn"]},
                "Principal": principal,
                "SourceArn": source,
            },
        }
    }
