"""All resources of an application, and what a value in one of them refers to, through stacks and nested stacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from lambdakit.assembly.template import Resource as Declared
from lambdakit.records import dataclass
from lambdakit.reports.node_kinds import KINDS, SERVICES, Kind
from lambdakit.reports.relations.relation import End, Key
from lambdakit.reports.rendered_value import intrinsic, references, rendered
from lambdakit.reports.stack_templates import StackTemplate

# Type -> the property that names what it stands for.
_STANDS_FOR: Final = {
    "AWS::Lambda::Alias": "FunctionName",
    "AWS::Lambda::Version": "FunctionName",
    "AWS::EFS::AccessPoint": "FileSystemId",
    "AWS::ElasticLoadBalancingV2::Listener": "LoadBalancerArn",
    "AWS::Cognito::UserPoolClient": "UserPoolId",
    "AWS::RDS::DBProxyTargetGroup": "DBProxyName",
    "AWS::Kinesis::StreamConsumer": "StreamARN",
    "AWS::SecretsManager::SecretTargetAttachment": "SecretId",
}
_ARN: Final = re.compile(r"arn:[^:]*:(?P<service>[a-z0-9-]+):[^:]*:[^:]*:(?P<rest>.+)")
# What stands before the name in an ARN: `table/orders`, `function:orders`.
_ARN_TYPE: Final = re.compile(
    r"^(?:table|function|stateMachine|secret|parameter|stream|deliverystream|event-bus|cluster|userpool)[/:]"
)
_FUNCTION: Final = "AWS::Lambda::Function"
_DEPTH_MAX: Final = 12
# Functions that the CDK makes for its own custom resources.
_OF_THE_CDK: Final = re.compile(
    r"^(?:BucketNotificationsHandler050a0587|LogRetentionaae0aa3c|CustomCDKBucketDeployment|AWS679f53fac002430c"
    r"|Custom[A-Z]\w*CustomResourceProvider|SingletonLambda|CustomVpcRestrictDefaultSG)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of one of the templates."""

    key: Key
    declared: Declared

    @property
    def type(self) -> str:
        """Its CloudFormation type."""
        return self.declared.type

    @property
    def properties(self) -> Mapping[str, object]:
        """Its properties, as declared."""
        return self.declared.properties


class World:
    """The resources of all templates, by key, in their order."""

    def __init__(self, stacks: Sequence[StackTemplate]) -> None:
        self._stacks = {stack.name: stack for stack in stacks}
        self.resources = {
            (stack.name, logical_id): Resource(key=(stack.name, logical_id), declared=declared)
            for stack in stacks
            for logical_id, declared in stack.template.resources.items()
        }

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of the types, in order."""
        return (resource for resource in self.resources.values() if resource.type in types)

    def referred(self, stack: str, value: object) -> tuple[Key, ...]:
        """The resources that a value names, in order, through parameters, outputs and exports."""
        return tuple(dict.fromkeys(self._referred(stack, value, 0)))

    def ends(self, resource: Resource, value: object, *, kind: Kind | None = None) -> tuple[End, ...]:
        """The things that a value of a resource names, be they resources or an ARN.

        kind: of what has a name only. Without it, such a name gives nothing.
        """
        stack = resource.key[0]
        found = [end for key in self.referred(stack, value) if (end := self.end(key)) is not None]
        if found:
            return tuple(dict.fromkeys(found))
        outside = self._outside(rendered(value), kind)
        return () if outside is None else (outside,)

    def end(self, key: Key) -> End | None:
        """The thing that a resource is, or stands for; None when it is none that can be drawn."""
        for _ in range(_DEPTH_MAX):
            resource = self.resources[key]
            if resource.type in KINDS:
                return End(kind=KINDS[resource.type], resource=key)
            if resource.type not in _STANDS_FOR:
                return None
            owners = self.referred(key[0], resource.properties.get(_STANDS_FOR[resource.type]))
            if not owners:
                return None
            key = owners[0]
        return None

    @cached_property
    def noise(self) -> frozenset[End]:
        """Functions that only make custom resources."""
        tokens = [
            key
            for resource in self.resources.values()
            if resource.type.startswith("Custom::") or resource.type == "AWS::CloudFormation::CustomResource"
            for key in self.referred(resource.key[0], resource.properties.get("ServiceToken"))
        ]
        tokens += [key for key, item in self.resources.items() if item.type == _FUNCTION and _OF_THE_CDK.match(key[1])]
        return frozenset(end for key in tokens if (end := self.end(key)) is not None)

    @cached_property
    def silent(self) -> frozenset[End]:
        """Buckets that only take the access logs of others."""
        logs = ("LoggingConfiguration", "AccessLogSetting", "LoadBalancerAttributes", "Logging")
        return frozenset(
            end
            for resource in self.resources.values()
            for name in logs
            for key in self.referred(resource.key[0], resource.properties.get(name))
            if (end := self.end(key)) is not None and end.kind is Kind.BUCKET
        )

    def _referred(self, stack: str, value: object, depth: int) -> Iterator[Key]:
        if depth > _DEPTH_MAX:
            return
        template = self._stacks[stack]
        for name, attribute in references(value):
            if name in template.template.resources:
                yield from self._of_resource(stack, name, attribute, depth)
            elif name in template.given:
                yield from self._referred(template.parent, template.given[name], depth + 1)
        yield from self._imported(value, depth)

    def _of_resource(self, stack: str, logical_id: str, attribute: str, depth: int) -> Iterator[Key]:
        child = self._stacks.get(f"{stack}/{logical_id}")
        if child is not None and attribute.startswith("Outputs."):
            output = child.template.outputs.get(attribute.removeprefix("Outputs."))
            if output is not None:
                yield from self._referred(child.name, output.value, depth + 1)
            return
        yield stack, logical_id

    def _imported(self, value: object, depth: int) -> Iterator[Key]:
        """What other stacks export under the names in a value."""
        if isinstance(value, list):
            for item in value:
                yield from self._imported(item, depth)
        elif isinstance(value, Mapping):
            if intrinsic(value) == "Fn::ImportValue":
                yield from self._exported(rendered(value["Fn::ImportValue"]), depth)
            elif intrinsic(value) == "Fn::GetStackOutput":
                argument = value["Fn::GetStackOutput"]
                if isinstance(argument, Mapping):
                    name, output = rendered(argument.get("StackName")), rendered(argument.get("OutputName"))
                    if name in self._stacks and output in self._stacks[name].template.outputs:
                        found = self._stacks[name].template.outputs[output].value
                        yield from self._referred(name, found, depth + 1)
            else:
                for item in value.values():
                    yield from self._imported(item, depth)

    def _exported(self, name: str, depth: int) -> Iterator[Key]:
        for stack in self._stacks.values():
            for output in stack.template.outputs.values():
                if output.export_name is not None and rendered(output.export_name) == name:
                    yield from self._referred(stack.name, output.value, depth + 1)
                    return

    def _outside(self, text: str, kind: Kind | None) -> End | None:
        """What an ARN or a name means: a resource with just that name, else something outside."""
        match = _ARN.fullmatch(text)
        if match is None:
            return None if kind is None or not text or "*" in text else self._named(kind, text)
        found = SERVICES.get(match["service"], kind)
        name = _ARN_TYPE.sub("", match["rest"]).partition("/")[0].partition(":")[0]
        if found is None or not name or "*" in name:
            return None
        return self._named(found, name)

    def _named(self, kind: Kind, name: str) -> End:
        for key, resource in self.resources.items():
            if KINDS.get(resource.type) is kind and name in (
                resource.properties.get(f"{resource.type.rpartition('::')[2]}Name"),
                resource.properties.get("Name"),
            ):
                return End(kind=kind, resource=key)
        return End(kind=kind, name=name)
