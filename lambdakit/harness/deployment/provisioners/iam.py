"""`AWS::IAM::Role`, `AWS::IAM::Policy` and `AWS::IAM::ManagedPolicy`.

Source: CloudFormation Template Reference, "AWS::IAM::Role", "AWS::IAM::Policy" and "AWS::IAM::ManagedPolicy".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure

_INLINE: PropertyTree = {"PolicyDocument": READ, "PolicyName": READ}


class Role:
    """A role with its inline policies. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        "AssumeRolePolicyDocument": READ,
        "Description": READ,
        "ManagedPolicyArns": READ,
        "MaxSessionDuration": READ,
        "Path": READ,
        "PermissionsBoundary": READ,
        "Policies": _INLINE,
        "RoleName": READ,
        "Tags": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the role and attaches what it names."""
        properties = resource.properties
        iam = context.account.client("iam", resource.region)
        name = properties.get("RoleName") or resource.generated_name(length_max=64)
        optional = ("Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags")
        role = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=_document(properties["AssumeRolePolicyDocument"]),
            **{key: properties[key] for key in optional if key in properties},
        )["Role"]
        provisioned = Provisioned(physical_id=name, attributes={"Arn": role["Arn"], "RoleId": role["RoleId"]})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            for policy in properties.get("Policies") or ():
                iam.put_role_policy(
                    RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=_document(policy["PolicyDocument"])
                )
            for arn in properties.get("ManagedPolicyArns") or ():
                iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        return provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the role with all that is attached to it."""
        iam = context.account.client("iam", created.resource.region)
        name = created.provisioned.physical_id
        try:
            for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
            for policy_name in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
            iam.delete_role(RoleName=name)
        except iam.exceptions.NoSuchEntityException:
            return

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class Policy:
    """An inline policy of roles, users or groups."""

    properties: ClassVar[PropertyTree] = {
        "Groups": READ,
        "PolicyDocument": READ,
        "PolicyName": READ,
        "Roles": READ,
        "Users": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy on each principal."""
        properties = resource.properties
        iam = context.account.client("iam", resource.region)
        policy = {
            "PolicyName": str(properties["PolicyName"]),
            "PolicyDocument": _document(properties["PolicyDocument"]),
        }
        identity = resource.generated_name(length_max=64)
        provisioned = Provisioned(physical_id=identity, attributes={"Id": identity})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            for kind, put in (
                ("Role", iam.put_role_policy),
                ("User", iam.put_user_policy),
                ("Group", iam.put_group_policy),
            ):
                for name in properties.get(f"{kind}s") or ():
                    put(**{f"{kind}Name": name}, **policy)
        return provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off each principal that is still there."""
        iam = context.account.client("iam", created.resource.region)
        properties = created.resource.properties
        removals = (
            ("Role", iam.delete_role_policy),
            ("User", iam.delete_user_policy),
            ("Group", iam.delete_group_policy),
        )
        for kind, remove in removals:
            for name in properties.get(f"{kind}s") or ():
                try:
                    remove(**{f"{kind}Name": name}, PolicyName=str(properties.get("PolicyName")))
                except iam.exceptions.NoSuchEntityException:
                    continue

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class ManagedPolicy:
    """A customer-managed policy. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        "Description": READ,
        "Groups": READ,
        "ManagedPolicyName": READ,
        "Path": READ,
        "PolicyDocument": READ,
        "Roles": READ,
        "Users": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the policy and attaches it."""
        properties = resource.properties
        iam = context.account.client("iam", resource.region)
        name = properties.get("ManagedPolicyName") or resource.generated_name(length_max=128)
        arn = iam.create_policy(
            PolicyName=name,
            PolicyDocument=_document(properties["PolicyDocument"]),
            **{key: properties[key] for key in ("Description", "Path") if properties.get(key)},
        )["Policy"]["Arn"]
        provisioned = Provisioned(physical_id=arn, attributes={"PolicyArn": arn})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            for kind, attach in _attachments(iam, "attach").items():
                for principal in properties.get(f"{kind}s") or ():
                    attach(**{f"{kind}Name": principal}, PolicyArn=arn)
        return provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Detaches and deletes the policy."""
        iam = context.account.client("iam", created.resource.region)
        arn = created.provisioned.physical_id
        for kind, detach in _attachments(iam, "detach").items():
            for principal in created.resource.properties.get(f"{kind}s") or ():
                try:
                    detach(**{f"{kind}Name": principal}, PolicyArn=arn)
                except iam.exceptions.NoSuchEntityException:
                    continue
        try:
            iam.delete_policy(PolicyArn=arn)
        except iam.exceptions.NoSuchEntityException:
            return

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _attachments(iam: Any, verb: str) -> Mapping[str, Any]:
    if verb == "attach":
        return {"Role": iam.attach_role_policy, "User": iam.attach_user_policy, "Group": iam.attach_group_policy}
    return {"Role": iam.detach_role_policy, "User": iam.detach_user_policy, "Group": iam.detach_group_policy}


def _document(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
