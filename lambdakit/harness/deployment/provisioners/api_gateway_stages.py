"""`AWS::ApiGateway::Deployment` and `Stage` of REST APIs.

Source: CloudFormation Template Reference, "AWS::ApiGateway::Deployment" and "AWS::ApiGateway::Stage"; Amazon API
Gateway API Reference, "UpdateStage" (patch operations).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from botocore.exceptions import ClientError

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners.moto_backed import is_gone
from lambdakit.harness.deployment.request_shapes import request
from lambdakit.harness.deployment.service_call import tag_map

Patch = dict[str, str]

# API Gateway REST API, "Method settings": where each stands below `/resource/METHOD`.
_SETTINGS: Final[Mapping[str, str]] = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
# Amazon API Gateway API Reference, "MethodSetting": what a setting is that nobody makes.
_UNSET: Final[Mapping[str, str]] = {
    "caching/dataEncrypted": "false",
    "caching/ttlInSeconds": "300",
    "caching/enabled": "false",
    "logging/dataTrace": "false",
    "logging/loglevel": "OFF",
    "metrics/enabled": "false",
    "throttling/burstLimit": "5000",
    "throttling/rateLimit": "10000",
}
_SIMPLE: Final[Mapping[str, str]] = {
    "CacheClusterEnabled": "/cacheClusterEnabled",
    "CacheClusterSize": "/cacheClusterSize",
    "DeploymentId": "/deploymentId",
    "Description": "/description",
    "TracingEnabled": "/tracingEnabled",
}
_ABSENT: Final[Mapping[str, Any]] = {"CacheClusterEnabled": False, "Description": "", "TracingEnabled": False}
_METHOD_SETTING: PropertyTree = {**dict.fromkeys(_SETTINGS, READ), "HttpMethod": READ, "ResourcePath": READ}
_ACCESS_LOG: PropertyTree = {"DestinationArn": READ, "Format": READ}
_CANARY_OF_DEPLOYMENT: PropertyTree = {
    "PercentTraffic": READ,
    "StageVariableOverrides": READ,
    "UseStageCache": RECORDED,
}
_CANARY: PropertyTree = {"DeploymentId": READ, **_CANARY_OF_DEPLOYMENT}


class Deployment:
    """A deployment; with `StageName` it makes that stage as well. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "DeploymentCanarySettings": _CANARY_OF_DEPLOYMENT,
        "Description": READ,
        "RestApiId": READ,
        "StageDescription": {
            **dict.fromkeys(_SETTINGS, READ),
            "AccessLogSetting": _ACCESS_LOG,
            "CacheClusterEnabled": READ,
            "CacheClusterSize": READ,
            "CanarySetting": _CANARY,
            "ClientCertificateId": RECORDED,
            "Description": READ,
            "DocumentationVersion": RECORDED,
            "MethodSettings": _METHOD_SETTING,
            "Tags": RECORDED,
            "TracingEnabled": READ,
            "Variables": READ,
        },
        "StageName": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the deployment, and the stage that it names."""
        properties = resource.properties
        client = context.client("apigateway", resource)
        api_id = properties["RestApiId"]
        stage = properties.get("StageName")
        renamed = {"StageDescription": "", "DeploymentCanarySettings": "canarySettings"}
        arguments = request(client, "create_deployment", properties, renamed)
        deployment_id = client.create_deployment(**arguments)["id"]
        with undone_on_failure(lambda: _delete_deployment(client, api_id, deployment_id, stage)):
            if stage:
                _patch(client, api_id, stage, {}, _stage_properties(properties))
        return Provisioned(physical_id=deployment_id, attributes={"DeploymentId": deployment_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the settings of the stage that the deployment made."""
        old, new = created.resource.properties, resource.properties
        for name in ("Description", "StageName"):
            if old.get(name) != new.get(name):
                raise ResourceRefused(
                    f"moto has no operation that changes {name} of a deployment",
                    property_pointer=name,
                    hint="give the deployment another logical id, as the CDK does",
                )
        if new.get("StageName"):
            client = context.client("apigateway", resource)
            _change(client, new["RestApiId"], new["StageName"], _stage_properties(old), _stage_properties(new))
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the deployment, after the stage that it made."""
        properties = created.resource.properties
        client = context.client("apigateway", created.resource)
        _delete_deployment(
            client, properties["RestApiId"], created.provisioned.physical_id, properties.get("StageName")
        )

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class Stage:
    """A stage. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        "AccessLogSetting": _ACCESS_LOG,
        "CacheClusterEnabled": READ,
        "CacheClusterSize": READ,
        "CanarySetting": _CANARY,
        "ClientCertificateId": RECORDED,
        "DeploymentId": READ,
        "Description": READ,
        "DocumentationVersion": RECORDED,
        "MethodSettings": _METHOD_SETTING,
        "RestApiId": READ,
        "StageName": READ,
        "Tags": READ,
        "TracingEnabled": READ,
        "Variables": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the stage with its settings."""
        properties = resource.properties
        client = context.client("apigateway", resource)
        name = properties.get("StageName") or resource.logical_id
        arguments = request(client, "create_stage", {**properties, "StageName": name}, {"CanarySetting": ""})
        client.create_stage(**arguments)
        with undone_on_failure(lambda: _delete_stage(client, properties["RestApiId"], name)):
            further = ("MethodSettings", "AccessLogSetting", "CanarySetting")
            _patch(client, properties["RestApiId"], name, {}, properties, further)
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs."""
        client = context.client("apigateway", resource)
        name = created.provisioned.physical_id
        old, new = created.resource.properties, resource.properties
        _change(client, new["RestApiId"], name, old, new)
        tags, before = tag_map(new.get("Tags")), tag_map(old.get("Tags"))
        if tags != before:
            place = f"arn:{partition_of(resource.region)}:apigateway:{resource.region}:"
            arn = f"{place}:/restapis/{new['RestApiId']}/stages/{name}"
            removed = [key for key in before if key not in tags]
            if removed:
                client.untag_resource(resourceArn=arn, tagKeys=removed)
            client.tag_resource(resourceArn=arn, tags=tags)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the stage."""
        client = context.client("apigateway", created.resource)
        _delete_stage(client, created.resource.properties["RestApiId"], created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _stage_properties(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """A deployment's `StageDescription` as a stage would have it: what it says of all methods is a setting."""
    described = dict(properties.get("StageDescription") or {})
    general = {name: described[name] for name in _SETTINGS if name in described}
    if general:
        everywhere = {"ResourcePath": "/*", "HttpMethod": "*", **general}
        described["MethodSettings"] = [everywhere, *(described.get("MethodSettings") or ())]
    return described


def _change(client: Any, api_id: str, stage: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    try:
        _patch(client, api_id, stage, old, new)
    except ClientError:
        with contextlib.suppress(ClientError):
            _patch(client, api_id, stage, new, old)
        raise


def _patch(
    client: Any,
    api_id: str,
    stage: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    names: Sequence[str] = (*_SIMPLE, "Variables", "MethodSettings", "AccessLogSetting", "CanarySetting"),
) -> None:
    patches = list(_patches({n: old.get(n) for n in names}, {n: new.get(n) for n in names}))
    if patches:
        client.update_stage(restApiId=api_id, stageName=stage, patchOperations=patches)


def _patches(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Patch]:
    for name, path in _SIMPLE.items():
        before, after = (each.get(name) if each.get(name) is not None else _ABSENT.get(name) for each in (old, new))
        if before != after and after is not None:
            yield _replace(path, after)
    before, after = old.get("Variables") or {}, new.get("Variables") or {}
    for key in before.keys() - after.keys():
        yield {"op": "remove", "path": f"/variables/{key}"}
    for key, value in after.items():
        if before.get(key) != value:
            yield _replace(f"/variables/{key}", value)
    earlier = {patch["path"]: patch for patch in _setting_patches(old)}
    later = {patch["path"]: patch for patch in _setting_patches(new)}
    yield from (patch for path, patch in later.items() if earlier.get(path) != patch)
    yield from (_replace(path, _UNSET[path.split("/", 3)[3]]) for path in earlier if path not in later)
    before, after = old.get("AccessLogSetting"), new.get("AccessLogSetting")
    if after and after != before:
        for key, path in (("DestinationArn", "destinationArn"), ("Format", "format")):
            if key in after:
                yield _replace(f"/accessLogSettings/{path}", after[key])
    elif before and not after:
        yield {"op": "remove", "path": "/accessLogSettings"}
    yield from _canary_patches(old.get("CanarySetting") or {}, new.get("CanarySetting") or {})


def _canary_patches(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Patch]:
    if old == new:
        return
    if old:
        yield {"op": "remove", "path": "/canarySettings"}
    for name, path in (("DeploymentId", "deploymentId"), ("PercentTraffic", "percentTraffic")):
        if name in new:
            yield _replace(f"/canarySettings/{path}", new[name])
    for variable, value in (new.get("StageVariableOverrides") or {}).items():
        yield _replace(f"/canarySettings/stageVariableOverrides/{variable}", value)


def _setting_patches(properties: Mapping[str, Any]) -> Iterator[Patch]:
    for setting in properties.get("MethodSettings") or ():
        resource = str(setting.get("ResourcePath", "/*")).removeprefix("/")
        resource = "*" if resource == "*" else "~1" + resource.replace("/", "~1")
        for name, path in _SETTINGS.items():
            if name in setting:
                yield _replace(f"/{resource}/{setting.get('HttpMethod', '*')}/{path}", setting[name])


def _replace(path: str, value: object) -> Patch:
    return {"op": "replace", "path": path, "value": str(value).lower() if isinstance(value, bool) else str(value)}


def _delete_stage(client: Any, api_id: str, name: str) -> None:
    with _gone_is_fine():
        client.delete_stage(restApiId=api_id, stageName=name)


def _delete_deployment(client: Any, api_id: str, deployment_id: str, stage: str | None) -> None:
    with _gone_is_fine():
        # Another deployment may have taken the stage over.
        if stage and client.get_stage(restApiId=api_id, stageName=stage).get("deploymentId") == deployment_id:
            _delete_stage(client, api_id, stage)
    with _gone_is_fine():
        client.delete_deployment(restApiId=api_id, deploymentId=deployment_id)


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if not is_gone(error):
            raise
