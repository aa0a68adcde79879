"""`AWS::IAM::Policy`, `ManagedPolicy`, `RolePolicy`, `UserPolicy` and `GroupPolicy`.

Source: CloudFormation Template Reference, "AWS::IAM::Policy" and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.deployment.property_tree import PropertyTree, reads
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.service_call import as_text, call
from lambdakit.harness.deployment.settings import HoldsNothing, Properties, Setting, change, given, unless_gone

_GONE: Final = ("NoSuchEntity",)
_KINDS: Final = ("role", "user", "group")


class Policy(HoldsNothing):
    """An inline policy of roles, users or groups."""

    properties: ClassVar[PropertyTree] = reads("Groups PolicyDocument PolicyName Roles Users")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy on each principal."""
        identity = resource.generated_name(length_max=64)
        self._change({}, resource.properties, context.client("iam", resource))
        return Provisioned(physical_id=identity, attributes={"Id": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy on each principal, and takes it off those that are no more named."""
        self._change(created.resource.properties, resource.properties, context.client("iam", resource))
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off each principal that is still there."""
        self._change(created.resource.properties, {}, context.client("iam", created.resource))

    def _change(self, old: Properties, new: Properties, iam: Any) -> None:
        def setting(kind: str, name: str) -> Setting:
            def apply(before: Properties, after: Properties) -> None:
                was = before.get("PolicyName") if (kind, name) in _principals(before) else None
                if (kind, name) in _principals(after):
                    _put(iam, kind, name, after["PolicyName"], after["PolicyDocument"])
                    was = None if was == after["PolicyName"] else was
                if was is not None:
                    _take_off(iam, kind, name, was)

            return Setting(("Groups", "PolicyDocument", "PolicyName", "Roles", "Users"), apply)

        named = dict.fromkeys([*_principals(old), *_principals(new)])
        change([setting(kind, name) for kind, name in named], old, new)


class ManagedPolicy(HoldsNothing):
    """A customer-managed policy. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = reads("Description Groups ManagedPolicyName Path PolicyDocument Roles Users")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the policy and attaches it."""
        properties = resource.properties
        iam = context.client("iam", resource)
        policy = call(
            iam,
            "create_policy",
            given(properties, "Description", "Path", "PolicyDocument"),
            PolicyName=properties.get("ManagedPolicyName") or resource.generated_name(length_max=128),
        )["Policy"]
        provisioned = _provisioned(policy)
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            change([_attaching(iam, provisioned.physical_id)], {}, properties)
            return _provisioned(iam.get_policy(PolicyArn=provisioned.physical_id)["Policy"])

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes another document the default version, and attaches and detaches what differs."""
        iam = context.client("iam", resource)
        arn = created.provisioned.physical_id

        def document(_: Properties, new: Properties) -> None:
            before = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=as_text(new["PolicyDocument"]), SetAsDefault=True)
            iam.delete_policy_version(PolicyArn=arn, VersionId=before)  # IAM keeps five at most

        settings = [Setting(("PolicyDocument",), document), _attaching(iam, arn)]
        change(settings, created.resource.properties, resource.properties)
        return _provisioned(iam.get_policy(PolicyArn=arn)["Policy"])

    def delete(self, created: Created, context: Context) -> None:
        """Detaches and deletes the policy."""
        iam = context.client("iam", created.resource)
        arn = created.provisioned.physical_id
        _attaching(iam, arn).apply(created.resource.properties, {})
        with unless_gone(*_GONE):
            iam.delete_policy(PolicyArn=arn)


class PrincipalPolicy(HoldsNothing):
    """The inline policy of one role, user or group. `Ref` gives the policy's name and the principal's, with a bar.

    kind: `role`, `user` or `group`.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._key = f"{kind.capitalize()}Name"
        self.properties: PropertyTree = reads(f"PolicyDocument PolicyName {self._key}")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy."""
        properties = resource.properties
        name, policy = properties[self._key], properties["PolicyName"]
        _put(context.client("iam", resource), self._kind, name, policy, properties["PolicyDocument"])
        return Provisioned(physical_id=f"{policy}|{name}")

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new document."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off."""
        properties = created.resource.properties
        iam = context.client("iam", created.resource)
        _take_off(iam, self._kind, properties[self._key], properties["PolicyName"])


def _attaching(iam: Any, arn: str) -> Setting:
    def apply(old: Properties, new: Properties) -> None:
        before, after = dict.fromkeys(_principals(old)), dict.fromkeys(_principals(new))
        for kind, name in before:
            if (kind, name) not in after:
                with unless_gone(*_GONE):
                    _operation(iam, "detach", kind)(**{f"{kind.capitalize()}Name": name}, PolicyArn=arn)
        for kind, name in after:
            if (kind, name) not in before:
                _operation(iam, "attach", kind)(**{f"{kind.capitalize()}Name": name}, PolicyArn=arn)

    return Setting(("Groups", "Roles", "Users"), apply)


def _principals(properties: Properties) -> Iterator[tuple[str, str]]:
    """Kind and name of each principal that the properties name."""
    for kind in _KINDS:
        for name in properties.get(f"{kind.capitalize()}s") or ():
            yield kind, name


def _operation(iam: Any, verb: str, kind: str) -> Callable[..., Any]:
    """`put_role_policy` and its like: IAM has each for roles, users and groups."""
    operation: Callable[..., Any] = getattr(iam, f"{verb}_{kind}_policy")
    return operation


def _put(iam: Any, kind: str, name: str, policy: str, document: object) -> None:
    whose = {f"{kind.capitalize()}Name": name}
    _operation(iam, "put", kind)(**whose, PolicyName=policy, PolicyDocument=as_text(document))


def _take_off(iam: Any, kind: str, name: str, policy: str) -> None:
    with unless_gone(*_GONE):
        _operation(iam, "delete", kind)(**{f"{kind.capitalize()}Name": name}, PolicyName=policy)


def _provisioned(policy: dict[str, Any]) -> Provisioned:
    return Provisioned(
        physical_id=policy["Arn"],
        attributes={
            "AttachmentCount": policy["AttachmentCount"],
            "CreateDate": iso_milliseconds(policy["CreateDate"]),
            "DefaultVersionId": policy["DefaultVersionId"],
            "IsAttachable": policy["IsAttachable"],
            "PermissionsBoundaryUsageCount": policy.get("PermissionsBoundaryUsageCount", 0),
            "PolicyArn": policy["Arn"],
            "PolicyId": policy["PolicyId"],
            "UpdateDate": iso_milliseconds(policy["UpdateDate"]),
        },
    )
