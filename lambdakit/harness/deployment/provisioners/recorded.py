"""A resource of a type that no provisioner makes, but whose schema AWS publishes: it is kept, and nothing runs.

`Ref` and `Fn::GetAtt` answer in the form of the real ones, and follow from what the resource is, so that a second
deployment gives the same. Properties that the schema does not have are refused, as CloudFormation does.
Source: CloudFormation CLI User Guide, "Resource type schema"; CloudFormation User Guide, "Ref".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdakit.arn import partition_of
from lambdakit.assembly.provider_schemas import ResourceType
from lambdakit.clock import iso_milliseconds
from lambdakit.harness.deployment.property_tree import RECORDED, PropertyTree, value_at
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.usual_ports import usual_port

_NAME_LENGTH_MAX = 128
_ID_LENGTH = 17
# CloudFormation Template Reference, "Return values" of each: `Ref` is not what the schema calls the identifier.
_REF: Mapping[str, str] = {
    "AWS::AppConfig::ConfigurationProfile": "ConfigurationProfileId",
    "AWS::AppConfig::Environment": "EnvironmentId",
    "AWS::AppConfig::HostedConfigurationVersion": "VersionNumber",
    "AWS::AppSync::ApiKey": "Arn",
    "AWS::Batch::JobDefinition": "JobDefinitionArn",
    "AWS::CloudFormation::Macro": "Name",
    "AWS::CodeBuild::Project": "Name",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::DocDB::DBCluster": "DBClusterIdentifier",
    "AWS::DocDB::DBInstance": "DBInstanceIdentifier",
    "AWS::ECS::Service": "ServiceArn",
    "AWS::ElasticBeanstalk::ApplicationVersion": "Id",
    "AWS::ElasticBeanstalk::ConfigurationTemplate": "TemplateName",
    "AWS::Glue::Connection": "ConnectionInput.Name",
    "AWS::QLDB::Ledger": "Name",
    "AWS::SSM::MaintenanceWindowTarget": "WindowTargetId",
    "AWS::SSM::MaintenanceWindowTask": "WindowTaskId",
}
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("status", "state"), "ACTIVE"),
    **dict.fromkeys(("version", "latestversion", "latestversionnumber", "defaultversionnumber"), "1"),
}
_EMPTY: Mapping[str, Any] = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
# Attributes whose names do not say that they are URLs. Source: AWS Elemental MediaPackage VOD API Reference,
# "PackagingGroup" (`DomainName`: "The URL for the assets in the PackagingGroup").
_URLS = frozenset({("AWS::MediaPackage::PackagingGroup", "DomainName")})
_HOSTS = ("address", "addresses", "endpoint", "domainname", "host", "hostname", "dns", "dnsname")
_HTTPS = 443
# CloudFormation Template Reference, "AWS::DocDB::DBCluster", Return values: the schema has `Port` as a property alone.
_PORT_OF_ITS_OWN = frozenset({"AWS::DocDB::DBCluster"})
# What templates select the first one of. Of other lists nothing is known, and they are empty.
_PLURAL = re.compile(r"(?<=ss)es$|(?<!s)s$")
_NAMED_ALONE = (*_HOSTS, "arn", "id", "uri", "url")
# Same, "AWS::AmazonMQ::Broker": protocol and port are a part of each.
_ENDPOINTS: Mapping[tuple[str, str], str] = {
    ("AWS::AmazonMQ::Broker", "AmqpEndpoints"): "amqp+ssl://{host}:5671",
    ("AWS::AmazonMQ::Broker", "MqttEndpoints"): "mqtt+ssl://{host}:8883",
    ("AWS::AmazonMQ::Broker", "OpenWireEndpoints"): "ssl://{host}:61617",
    ("AWS::AmazonMQ::Broker", "StompEndpoints"): "stomp+ssl://{host}:61614",
    ("AWS::AmazonMQ::Broker", "WssEndpoints"): "wss://{host}:61619",
}
# Whose ARNs have the names in lower case. Source: Amazon SageMaker AI API Reference, "CreateEndpoint" (EndpointName).
_LOWER_CASE = frozenset({"sagemaker"})
# What lies in an instance of Amazon Connect has an ARN below the instance's, with these words where they are not the
# type's own. Source: Service Authorization Reference, "Resource types defined by Amazon Connect".
_IN_AN_INSTANCE = ("connect", "InstanceArn")
_WORD_IN_AN_INSTANCE: Mapping[str, str] = {
    "agent-status": "agent-state",
    "contact-flow-module": "flow-module",
    "hours-of-operation": "operating-hours",
    "quick-connect": "transfer-destination",
    "user": "agent",
    "user-hierarchy-group": "agent-group",
}
_TIMES = re.compile(r"(time|date|timestamp|(create|update|modifi)ed?(at|on)|_at)$", re.IGNORECASE)


class Recorded:
    """Every resource of one type without a provisioner of its own."""

    def __init__(self, type_: ResourceType) -> None:
        self._type = type_
        self.properties: PropertyTree = dict.fromkeys(type_.properties, RECORDED)

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """What the resource gives; nothing is made."""
        note_functions(resource, context)
        names = _Names(self._type, resource, now=iso_milliseconds(context.clock.now()))
        # Some pages list attributes that the schema knows as properties: a cluster's port, an endpoint's name.
        stated = {name: value for name, value in resource.properties.items() if isinstance(value, str | int)}
        attributes = {path: names.attribute(path, kind) for path, kind in self._type.read_only.items()}
        given = {**names.generated(), **names.port(), **stated}
        return Provisioned(physical_id=names.reference(), attributes={**given, **attributes})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """The same, and what follows from the changed properties."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """There is nothing to delete."""

    def reset(self, created: Created, context: Context) -> None:
        """There is nothing to bring back."""


class _Names:
    """The values that a resource gives, made from its name and its place."""

    def __init__(self, type_: ResourceType, resource: Resource, *, now: str) -> None:
        self._type = type_
        self._resource = resource
        self._now = now
        scope = (resource.account_id, resource.region, resource.stack, resource.logical_id, str(resource.generation))
        self._digest = hashlib.sha256("\0".join(scope).encode()).hexdigest()

    def reference(self) -> str:
        """What `Ref` gives: the parts of the identifier, joined by bars where there are several."""
        path = _REF.get(self._type.name)
        paths = (path,) if path is not None else self._type.identifier
        return "|".join(str(self._identifying(path)) for path in paths) or self._name()

    def attribute(self, path: str, kind: str) -> Any:
        """What `Fn::GetAtt` gives: what the template says where it says it, else a value of the right form."""
        given = value_at(self._resource.properties, path)
        if given is not None:
            return given
        last = path.rpartition(".")[2]
        if last in ("Port", "Ports"):
            port = usual_port(self._type.name, self._resource.properties) or _HTTPS
            return str(port) if kind == "string" else [port] if kind == "array" else port
        if (self._type.name, last) in _ENDPOINTS:
            return [_ENDPOINTS[self._type.name, last].format(host=self._host())]
        singular = _PLURAL.sub("", last)
        if kind == "array" and singular != last and singular.lower().endswith(_NAMED_ALONE):
            return [self._text(singular)]
        return _EMPTY[kind] if kind in _EMPTY else self._text(last)

    def generated(self) -> Mapping[str, str]:
        """The names that CloudFormation makes up where the template gives none, which some pages list as attributes.

        Source: CloudFormation Template Reference, "AWS::SageMaker::Model", Return values.
        """
        return {name: self._name(name) for name in self._type.properties if name.endswith("Name")}

    def port(self) -> Mapping[str, str]:
        """The usual port, where a page lists as an attribute what the schema knows as a property alone."""
        usual = usual_port(self._type.name, self._resource.properties)
        return {"Port": str(usual)} if self._type.name in _PORT_OF_ITS_OWN else {}

    def _identifying(self, path: str) -> object:
        if path in self._type.read_only or path == _REF.get(self._type.name):
            return self.attribute(path, self._type.read_only.get(path, "string"))
        given = value_at(self._resource.properties, path)
        return self._name(path) if given is None else given

    def _text(self, name: str) -> str:
        lower = name.lower()
        if lower.endswith("arn"):
            return self._arn()
        if lower == "region":
            return self._resource.region
        if lower in ("accountid", "ownerid", "owneraccountid", "awsaccountid"):
            return self._resource.account_id
        if lower.endswith(("url", "uri")) or (self._type.name, name) in _URLS:
            return f"https://{self._host()}"
        if lower.endswith("ipaddress"):
            return "10.0.0.10"
        if lower.endswith(_HOSTS):
            return self._host()
        if _TIMES.search(name):
            return self._now
        if lower.endswith(("id", "identifier")):
            return self._identity()
        return _WORDS.get(lower, self._name())

    def _arn(self) -> str:
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", self._type.name.rpartition("::")[2]).lower()
        place, name = self._resource, self._own_name()
        if self._type.service in _LOWER_CASE:
            name = name.lower()
        service, parent = _IN_AN_INSTANCE
        instance = place.properties.get(parent)
        if self._type.service == service and isinstance(instance, str) and instance.startswith("arn:"):
            return f"{instance}/{_WORD_IN_AN_INSTANCE.get(kind, kind)}/{self._identity()}"
        return f"arn:{partition_of(place.region)}:{self._type.service}:{place.region}:{place.account_id}:{kind}/{name}"

    def _own_name(self) -> str:
        """The name within the ARN: the one that the template gives, else the generated one."""
        for path in (*self._type.identifier, "Name", f"{self._type.name.rpartition('::')[2]}Name"):
            given = value_at(self._resource.properties, path)
            if isinstance(given, str) and not given.startswith("arn:"):
                return given
        return self._name()

    def _name(self, path: str = "") -> str:
        longest = self._type.length_max.get(path, _NAME_LENGTH_MAX)
        if longest < 2 * _ID_LENGTH:
            return self._digest[:longest]
        return self._resource.generated_name(length_max=min(longest, _NAME_LENGTH_MAX))

    def _identity(self) -> str:
        return self._digest[:_ID_LENGTH]

    def _host(self) -> str:
        return f"{self._identity()}.{self._type.service}.{self._resource.region}.amazonaws.com"


def note_functions(resource: Resource, context: Context) -> None:
    """Tells of each function that a recorded resource names that it will not be invoked by it."""
    for arn in sorted(set(_lambda_arns(resource.properties))):
        note = f"{resource.type} ({resource.logical_id}) names it and is only recorded: it will not invoke it"
        context.note(arn.split(":")[6], note)


def _lambda_arns(value: object) -> Iterator[str]:
    """Every ARN of a function below a resolved value."""
    if isinstance(value, Mapping):
        for below in value.values():
            yield from _lambda_arns(below)
    elif isinstance(value, list):
        for below in value:
            yield from _lambda_arns(below)
    elif isinstance(value, str) and re.fullmatch(r"arn:aws[a-z-]*:lambda:[^:]+:\d{12}:function:[^/]+", value):
        yield value
