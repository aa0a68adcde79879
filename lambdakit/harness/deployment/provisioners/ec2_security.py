"""EC2's security groups and their rules.

Source: CloudFormation Template Reference, "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress" and
"AWS::EC2::SecurityGroupEgress"; Amazon EC2 API Reference, "IpPermission".
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.property_tree import READ, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.provisioners.ec2_tagged import TAGGING
from lambdakit.harness.deployment.provisioners.moto_backed import is_gone
from lambdakit.harness.deployment.service_call import tag_map

Direction = Literal["ingress", "egress"]

_RULE: PropertyTree = {
    "CidrIp": READ,
    "CidrIpv6": READ,
    "Description": READ,
    "FromPort": READ,
    "IpProtocol": READ,
    "ToPort": READ,
}
_SOURCE: PropertyTree = {
    "SourcePrefixListId": READ,
    "SourceSecurityGroupId": READ,
    "SourceSecurityGroupName": READ,
    "SourceSecurityGroupOwnerId": READ,
}
_TARGET: PropertyTree = {"DestinationPrefixListId": READ, "DestinationSecurityGroupId": READ}
# What every new group allows, and a group that states its own egress does not.
_ALL_OUT: Mapping[str, Any] = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
# The same, in a VPC with an IPv6 block. Source: Amazon VPC User Guide, "Security group rules".
_ALL_OUT_6: Mapping[str, Any] = {"IpProtocol": "-1", "CidrIpv6": "::/0"}


class SecurityGroup:
    """A group with the rules that stand in it. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "GroupDescription": READ,
        "GroupName": READ,
        "SecurityGroupEgress": {**_RULE, **_TARGET, **_SOURCE},
        "SecurityGroupIngress": {**_RULE, **_SOURCE},
        "Tags": READ,
        "VpcId": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the group; without egress rules of its own it lets everything out."""
        properties = resource.properties
        ec2 = context.client("ec2", resource)
        arguments = {"VpcId": properties["VpcId"]} if properties.get("VpcId") else {}
        group_id = ec2.create_security_group(
            GroupName=properties.get("GroupName") or resource.generated_name(length_max=255),
            Description=properties["GroupDescription"],
            **arguments,
        )["GroupId"]
        with undone_on_failure(lambda: _delete_group(ec2, group_id)):
            group = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
            provisioned = Provisioned(
                physical_id=group_id, attributes={"GroupId": group_id, "Id": group_id, "VpcId": group.get("VpcId", "")}
            )
            rules = _Rules(ec2, group_id, functools.partial(context.note, resource.logical_id))
            rules.change("ingress", [], properties.get("SecurityGroupIngress") or [])
            implied = _implied_egress(ec2, group)
            rules.change("egress", implied, properties.get("SecurityGroupEgress") or implied)
            _tag(ec2, group_id, {}, properties)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Takes rules and tags away and brings others."""
        ec2 = context.client("ec2", resource)
        group_id = created.provisioned.physical_id
        old, new = created.resource.properties, resource.properties
        implied = _implied_egress(ec2, ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0])

        rules = _Rules(ec2, group_id, functools.partial(context.note, resource.logical_id))

        def change(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
            rules.change("ingress", old.get("SecurityGroupIngress") or [], new.get("SecurityGroupIngress") or [])
            rules.change("egress", old.get("SecurityGroupEgress") or implied, new.get("SecurityGroupEgress") or implied)
            _tag(ec2, group_id, old, new)

        try:
            change(old, new)
        except ClientError:
            with contextlib.suppress(ClientError):
                change(new, old)
            raise
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the group with its rules."""
        _delete_group(context.client("ec2", created.resource), created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class _Rule:
    """A rule that stands beside its group. `Ref` gives its id."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        other = {"GroupName": READ, **_SOURCE} if direction == "ingress" else _TARGET
        self.properties: PropertyTree = {"GroupId": READ, **_RULE, **other}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Adds the rule to its group."""
        ec2 = context.client("ec2", resource)
        rules = _send(ec2, "authorize", self._direction, _group(resource.properties), [resource.properties])
        identity = rules[0]["SecurityGroupRuleId"]
        return Provisioned(physical_id=identity, attributes={"Id": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the description: everything else takes another rule."""
        ec2 = context.client("ec2", resource)
        change = getattr(ec2, f"update_security_group_rule_descriptions_{self._direction}")
        change(**_group(resource.properties), IpPermissions=[_permission({"Description": "", **resource.properties})])
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Takes the rule away."""
        properties = created.resource.properties
        with _gone_is_fine():
            _send(context.client("ec2", created.resource), "revoke", self._direction, _group(properties), [properties])

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class SecurityGroupIngress(_Rule):
    """A rule for what comes in."""

    def __init__(self) -> None:
        super().__init__("ingress")


class SecurityGroupEgress(_Rule):
    """A rule for what goes out."""

    def __init__(self) -> None:
        super().__init__("egress")


def _group(properties: Mapping[str, Any]) -> dict[str, Any]:
    key = "GroupId" if properties.get("GroupId") else "GroupName"
    return {key: properties[key]}


def _implied_egress(ec2: Any, group: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What a group lets out that says nothing of it."""
    vpcs = ec2.describe_vpcs(VpcIds=[group["VpcId"]])["Vpcs"] if group.get("VpcId") else []
    return [_ALL_OUT, _ALL_OUT_6] if any(vpc.get("Ipv6CidrBlockAssociationSet") for vpc in vpcs) else [_ALL_OUT]


class _Rules:
    """The rules that stand in a group. note: tells the trace of one that is there already."""

    def __init__(self, ec2: Any, group_id: str, note: Callable[[str], object]) -> None:
        self._ec2 = ec2
        self._group = {"GroupId": group_id}
        self._note = note

    def change(self, direction: Direction, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> None:
        """Takes away what is no more and brings what is new.

        One that is there already is passed over, and the group made all the same: so where a literal and a reference
        give the same block. Source: aws-cloudformation/cloudformation-coverage-roadmap, issues 1532 and 1534.
        """
        for rule in old:
            if rule not in new:
                with _gone_is_fine():
                    _send(self._ec2, "revoke", direction, self._group, [rule])
        for rule in new:
            if rule not in old:
                self._add(direction, rule)

    def _add(self, direction: Direction, rule: Mapping[str, Any]) -> None:
        try:
            _send(self._ec2, "authorize", direction, self._group, [rule])
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidPermission.Duplicate":
                raise
            what = {key: value for key, value in rule.items() if key != "Description"}
            self._note(f"has the {direction} rule {json.dumps(what)} twice, and the second is passed over")


def _send(
    ec2: Any,
    verb: Literal["authorize", "revoke"],
    direction: Direction,
    group: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]],
) -> Sequence[Mapping[str, Any]]:
    operation = getattr(ec2, f"{verb}_security_group_{direction}")
    answer = operation(**group, IpPermissions=[_permission(rule) for rule in rules])
    return answer.get("SecurityGroupRules") or ()


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as the EC2 API writes it: one permission with one source or target."""
    permission: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    permission |= {key: int(rule[key]) for key in ("FromPort", "ToPort") if rule.get(key) is not None}
    said = {"Description": rule["Description"]} if "Description" in rule else {}
    group = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    prefix_list = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if rule.get("CidrIp"):
        permission["IpRanges"] = [{"CidrIp": rule["CidrIp"], **said}]
    elif rule.get("CidrIpv6"):
        permission["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **said}]
    elif prefix_list:
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list, **said}]
    else:
        pair = {
            "GroupId": group,
            "GroupName": rule.get("SourceSecurityGroupName"),
            "UserId": rule.get("SourceSecurityGroupOwnerId"),
        }
        permission["UserIdGroupPairs"] = [{key: value for key, value in pair.items() if value} | said]
    return permission


def _tag(ec2: Any, group_id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    TAGGING.change(ec2, {"ref": group_id}, tag_map(old.get("Tags")), tag_map(new.get("Tags")))


def _delete_group(ec2: Any, group_id: str) -> None:
    with _gone_is_fine():
        ec2.delete_security_group(GroupId=group_id)


@contextlib.contextmanager
def _gone_is_fine() -> Any:
    try:
        yield
    except ClientError as error:
        if not is_gone(error):
            raise
