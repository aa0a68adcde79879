"""Templates without SAM's transform, written by hand, and what comes of them."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from lambdakit.sam.conversion import convert
from lambdakit.sam.template_file import read_template_file
from lambdakit.sam.yaml_text import yaml_text
from lambdakit.spec.document import load

TRUST = "{Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}"
ROLE = f"""
Role:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument: {TRUST}
    ManagedPolicyArns: [!Sub "arn:${{AWS::Partition}}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
    Policies: [{{PolicyName: own, PolicyDocument: {{Statement: [{{Effect: Allow, Action: "ses:SendEmail", Resource: "*"}}]}}}}]
"""  # noqa: E501  # one line of YAML
FUNCTION = """
Work: {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: app.handler, Runtime: python3.13, Role: !GetAtt Role.Arn}}
"""  # noqa: E501  # likewise
HTTP_API = """
Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: shop, ProtocolType: HTTP}}
Calls:
  Type: AWS::ApiGatewayV2::Integration
  Properties:
    {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Work.Arn, PayloadFormatVersion: "2.0"}
Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: $default, AutoDeploy: true}}
Permission:
  Type: AWS::Lambda::Permission
  Properties:
    FunctionName: !Ref Work
    Action: lambda:InvokeFunction
    Principal: apigateway.amazonaws.com
    SourceArn: !Sub "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
"""
TOKENS = """
Tokens:
  Type: AWS::ApiGatewayV2::Authorizer
  Properties:
    ApiId: !Ref Api
    AuthorizerType: JWT
    Name: tokens
    IdentitySource: [$request.header.Authorization]
    JwtConfiguration: {Issuer: "https://issuer.example.com", Audience: [shop]}
"""


def imported(project: Path, resources: str, others: str = "") -> tuple[dict[str, Any], list[str]]:
    """The document, which is valid, and its gaps as `pointer: problem`."""
    path = project / "template.yaml"
    path.write_text(f"Resources:\n{textwrap.indent(resources, '  ')}\n{others}", encoding="utf-8")
    conversion = convert(read_template_file(path), project / "lambdakit.yaml")
    (project / "lambdakit.yaml").write_text(yaml_text(conversion.document), encoding="utf-8")
    load(project / "lambdakit.yaml")
    document: dict[str, Any] = json.loads(json.dumps(conversion.document))
    assert all(gap.line is not None for gap in conversion.gaps)
    return document, [f"{gap.pointer}: {gap.problem}" for gap in conversion.gaps]


def route(key: str, more: str = "", name: str = "Route") -> str:
    """A route of the API."""
    return (
        f"{name}: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, RouteKey: {key}, "
        f'Target: !Sub "integrations/${{Calls}}"{more}}}}}\n'
    )
