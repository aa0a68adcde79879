"""Cloud assemblies written by hand: a manifest, templates as plain data, and asset directories."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

Resources = dict[str, dict[str, Any]]

# Of this interpreter: what its functions are forked from starts with the harness, that of another at the first one.
OWN_RUNTIME: Final = f"python3.{sys.version_info.minor}"
_BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def write_stacks(
    directory: Path,
    stacks: Mapping[str, Mapping[str, Any]],
    *,
    assets: Mapping[str, Path] | None = None,
    dependencies: Mapping[str, Sequence[str]] | None = None,
    environments: Mapping[str, str] | None = None,
) -> Path:
    """An assembly of `stacks`, templates by name.

    assets: what lies in the assembly by its key in the assets bucket. dependencies: stack -> those before it.
    environments: stack -> `account/region`; others go to the harness's own.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = {
        key: {
            "displayName": key,
            "source": {"path": str(path.relative_to(directory)), "packaging": "zip" if path.is_dir() else "file"},
            "destinations": {"here": {"bucketName": _BUCKET, "objectKey": key}},
        }
        for key, path in (assets or {}).items()
    }
    (directory / "plain.assets.json").write_text(json.dumps({"version": "55.0.0", "files": files}))
    artifacts: dict[str, Any] = {
        "plain.assets": {"type": "cdk:asset-manifest", "properties": {"file": "plain.assets.json"}}
    }
    for name, template in stacks.items():
        (directory / f"{name}.template.json").write_text(json.dumps(template))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{(environments or {}).get(name, 'unknown-account/unknown-region')}",
            "properties": {"templateFile": f"{name}.template.json"},
            "dependencies": ["plain.assets", *(dependencies or {}).get(name, ())],
        }
    (directory / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
    return directory


def write_stack(directory: Path, name: str, resources: Resources, **outputs: object) -> Path:
    """An assembly of one stack. outputs: values by name."""
    template = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
    return write_stacks(directory, {name: template})


def asset_code(key: str) -> dict[str, Any]:
    """The `Code` of a function whose package is the asset called `key`."""
    return {"S3Bucket": {"Fn::Sub": _BUCKET}, "S3Key": key}


def role(*statements: Mapping[str, Any], service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    """A role that a service may assume. statements: of its inline policy; absence: everything on everything."""
    allowed = list(statements) or [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": allowed}}],
        },
    }


def function(name: str, source: str = "def handler(event, context): return event", **properties: Any) -> Resources:
    """A function with its role, which may do everything, and log group.

    Their logical ids are `name`, `name`Role and `name`Logs.
    """
    return {
        f"{name}Role": role(),
        f"{name}Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {}},
        name: {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": textwrap.dedent(source)},
                "Handler": "index.handler",
                "Runtime": OWN_RUNTIME,
                "MemorySize": 256,
                "Timeout": 20,
                "Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]},
                "LoggingConfig": {"LogGroup": {"Ref": f"{name}Logs"}},
                **properties,
            },
        },
    }


def published(name: str, alias: str = "live") -> Resources:
    """A version of the function `name`, and an alias for it: `name`Version and `name`Alias."""
    return {
        f"{name}Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": name}}},
        f"{name}Alias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": name},
                "FunctionVersion": {"Fn::GetAtt": [f"{name}Version", "Version"]},
                "Name": alias,
            },
        },
    }


def table(name: str, **properties: Any) -> Resources:
    """A table whose key is the text `id`."""
    return {
        name: {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                **properties,
            },
        }
    }


def http_api(name: str, routes: Mapping[str, object], *, stage: str = "$default", **properties: Any) -> Resources:
    """An HTTP API. routes: route key -> what its integration's URI is."""
    resources: Resources = {
        name: {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": name, "ProtocolType": "HTTP", **properties}},
        f"{name}Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": name}, "StageName": stage, "AutoDeploy": True},
        },
    }
    for number, (key, target) in enumerate(routes.items()):
        integration = f"{name}Integration{number}"
        resources[integration] = {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": name},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": target,
                "PayloadFormatVersion": "2.0",
            },
        }
        resources[f"{name}Route{number}"] = {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": name},
                "RouteKey": key,
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
            },
        }
    return resources
