"""`AWS::IAM::Role`, `User` and `Group`: what policies are attached to.

Source: CloudFormation Template Reference, "AWS::IAM::Role", "AWS::IAM::User" and "AWS::IAM::Group".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.service_call import as_flag, as_text, call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    difference,
    given,
    pairs,
    tags_setting,
    unless_gone,
)

_GONE: Final = ("NoSuchEntity",)
_INLINE: Final = reads("PolicyDocument PolicyName")
_SESSION_SECONDS: Final = 3600


class Role(HoldsNothing):
    """A role with its inline and attached policies. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads(
        "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration Path PermissionsBoundary RoleName "
        "Tags",
        Policies=_INLINE,
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the role and attaches what it names."""
        properties = resource.properties
        iam = context.client("iam", resource)
        name = properties.get("RoleName") or resource.generated_name(length_max=64)
        role = call(
            iam,
            "create_role",
            given(properties, "Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags"),
            RoleName=name,
            AssumeRolePolicyDocument=properties["AssumeRolePolicyDocument"],
        )["Role"]
        provisioned = Provisioned(physical_id=name, attributes={"Arn": role["Arn"], "RoleId": role["RoleId"]})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            change(_attachments(iam, "role", name), {}, properties)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes trust, description, session, boundary, policies and tags."""
        iam = context.client("iam", resource)
        name = created.provisioned.physical_id

        def fields(_: Properties, new: Properties) -> None:
            defaults = {"Description": "", "MaxSessionDuration": _SESSION_SECONDS}
            call(iam, "update_role", {**defaults, **given(new, *defaults)}, RoleName=name)

        def trust(_: Properties, new: Properties) -> None:
            document = as_text(new["AssumeRolePolicyDocument"])
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=document)

        settings = [
            Setting(("AssumeRolePolicyDocument",), trust),
            Setting(("Description", "MaxSessionDuration"), fields),
            _boundary(iam, "role", name),
            *_attachments(iam, "role", name),
            tags_setting(
                lambda tags: iam.tag_role(RoleName=name, Tags=pairs(tags)),
                lambda keys: iam.untag_role(RoleName=name, TagKeys=keys),
            ),
        ]
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the role with all that is attached to it."""
        iam = context.client("iam", created.resource)
        name = created.provisioned.physical_id
        with unless_gone(*_GONE):
            _strip(iam, "role", name)
            iam.delete_role(RoleName=name)


class User(HoldsNothing):
    """A user with its policies, groups and password. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads(
        "Groups ManagedPolicyArns Path PermissionsBoundary Tags UserName",
        LoginProfile={**reads("Password"), **records("PasswordResetRequired")},
        Policies=_INLINE,
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the user and attaches what it names."""
        properties = resource.properties
        iam = context.client("iam", resource)
        name = properties.get("UserName") or resource.generated_name(length_max=64)
        user = call(iam, "create_user", given(properties, "Path", "PermissionsBoundary", "Tags"), UserName=name)["User"]
        provisioned = Provisioned(physical_id=name, attributes={"Arn": user["Arn"]})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            change([*_attachments(iam, "user", name), *_memberships(iam, name)], {}, properties)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes path, boundary, policies, groups, password and tags."""
        iam = context.client("iam", resource)
        name = created.provisioned.physical_id
        settings = [
            Setting(("Path",), lambda _, new: iam.update_user(UserName=name, NewPath=new.get("Path", "/"))),
            _boundary(iam, "user", name),
            *_attachments(iam, "user", name),
            *_memberships(iam, name),
            tags_setting(
                lambda tags: iam.tag_user(UserName=name, Tags=pairs(tags)),
                lambda keys: iam.untag_user(UserName=name, TagKeys=keys),
            ),
        ]
        change(settings, created.resource.properties, resource.properties)
        return Provisioned(physical_id=name, attributes={"Arn": iam.get_user(UserName=name)["User"]["Arn"]})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the user with all that is attached to it."""
        iam = context.client("iam", created.resource)
        name = created.provisioned.physical_id
        with unless_gone(*_GONE):
            _strip(iam, "user", name)
            for group in iam.list_groups_for_user(UserName=name)["Groups"]:
                iam.remove_user_from_group(GroupName=group["GroupName"], UserName=name)
            with unless_gone(*_GONE):
                iam.delete_login_profile(UserName=name)
            iam.delete_user(UserName=name)


class Group(HoldsNothing):
    """A group of users with its policies. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads("GroupName ManagedPolicyArns Path", Policies=_INLINE)

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the group and attaches what it names."""
        iam = context.client("iam", resource)
        name = resource.properties.get("GroupName") or resource.generated_name(length_max=128)
        group = call(iam, "create_group", given(resource.properties, "Path"), GroupName=name)["Group"]
        provisioned = Provisioned(physical_id=name, attributes={"Arn": group["Arn"]})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            change(_attachments(iam, "group", name), {}, resource.properties)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes path and policies."""
        iam = context.client("iam", resource)
        name = created.provisioned.physical_id
        path = Setting(("Path",), lambda _, new: iam.update_group(GroupName=name, NewPath=new.get("Path", "/")))
        change([path, *_attachments(iam, "group", name)], created.resource.properties, resource.properties)
        return Provisioned(physical_id=name, attributes={"Arn": iam.get_group(GroupName=name)["Group"]["Arn"]})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the group with all that is attached to it."""
        iam = context.client("iam", created.resource)
        name = created.provisioned.physical_id
        with unless_gone(*_GONE):
            _strip(iam, "group", name)
            for user in iam.get_group(GroupName=name)["Users"]:
                iam.remove_user_from_group(GroupName=name, UserName=user["UserName"])
            iam.delete_group(GroupName=name)


def _operation(iam: Any, verb: str, kind: str, noun: str) -> Callable[..., Any]:
    """`put_role_policy` and its like: IAM has each for roles, users and groups."""
    operation: Callable[..., Any] = getattr(iam, f"{verb}_{kind}_{noun}")
    return operation


def _attachments(iam: Any, kind: str, name: str) -> list[Setting]:
    whose = {f"{kind.capitalize()}Name": name}

    def inline(old: Properties, new: Properties) -> None:
        before = {policy["PolicyName"]: policy["PolicyDocument"] for policy in old.get("Policies") or ()}
        after = {policy["PolicyName"]: policy["PolicyDocument"] for policy in new.get("Policies") or ()}
        for policy in before.keys() - after.keys():
            with unless_gone(*_GONE):
                _operation(iam, "delete", kind, "policy")(**whose, PolicyName=policy)
        for policy, document in after.items():
            if before.get(policy) != document:
                put = _operation(iam, "put", kind, "policy")
                put(**whose, PolicyName=policy, PolicyDocument=as_text(document))

    def managed(old: Properties, new: Properties) -> None:
        gone, added = difference(old.get("ManagedPolicyArns"), new.get("ManagedPolicyArns"))
        for arn in gone:
            with unless_gone(*_GONE):
                _operation(iam, "detach", kind, "policy")(**whose, PolicyArn=arn)
        for arn in added:
            _operation(iam, "attach", kind, "policy")(**whose, PolicyArn=arn)

    return [Setting(("Policies",), inline), Setting(("ManagedPolicyArns",), managed)]


def _boundary(iam: Any, kind: str, name: str) -> Setting:
    whose = {f"{kind.capitalize()}Name": name}

    def apply(_: Properties, new: Properties) -> None:
        arn = new.get("PermissionsBoundary")
        if arn:
            _operation(iam, "put", kind, "permissions_boundary")(**whose, PermissionsBoundary=arn)
        else:
            _operation(iam, "delete", kind, "permissions_boundary")(**whose)

    return Setting(("PermissionsBoundary",), apply)


def _memberships(iam: Any, name: str) -> list[Setting]:
    def groups(old: Properties, new: Properties) -> None:
        gone, added = difference(old.get("Groups"), new.get("Groups"))
        for group in gone:
            with unless_gone(*_GONE):
                iam.remove_user_from_group(GroupName=group, UserName=name)
        for group in added:
            iam.add_user_to_group(GroupName=group, UserName=name)

    def password(old: Properties, new: Properties) -> None:
        if old.get("LoginProfile"):
            with unless_gone(*_GONE):
                iam.delete_login_profile(UserName=name)
        profile = new.get("LoginProfile")
        if profile:
            reset = as_flag(profile.get("PasswordResetRequired"))
            iam.create_login_profile(UserName=name, Password=profile["Password"], PasswordResetRequired=reset)

    return [Setting(("Groups",), groups), Setting(("LoginProfile",), password)]


def _strip(iam: Any, kind: str, name: str) -> None:
    """Takes every policy off, also what others put on."""
    whose = {f"{kind.capitalize()}Name": name}
    for policy in _operation(iam, "list_attached", kind, "policies")(**whose)["AttachedPolicies"]:
        _operation(iam, "detach", kind, "policy")(**whose, PolicyArn=policy["PolicyArn"])
    for policy_name in _operation(iam, "list", kind, "policies")(**whose)["PolicyNames"]:
        _operation(iam, "delete", kind, "policy")(**whose, PolicyName=policy_name)
