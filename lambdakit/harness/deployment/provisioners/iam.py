"""`AWS::IAM::AccessKey`, `InstanceProfile`, `OIDCProvider`, `ServiceLinkedRole` and `UserToGroupAddition`.

Source: CloudFormation Template Reference, the pages of these types.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    difference,
    given,
    remake,
    unless_gone,
)

_GONE: Final = ("NoSuchEntity",)


class AccessKey(HoldsNothing):
    """A user's access key. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {**reads("Status UserName"), **records("Serial")}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the key."""
        iam = context.client("iam", resource)
        user = resource.properties["UserName"]
        key = iam.create_access_key(UserName=user)["AccessKey"]
        identity = key["AccessKeyId"]
        with undone_on_failure(lambda: iam.delete_access_key(UserName=user, AccessKeyId=identity)):
            change([self._status(iam, user, identity)], {}, resource.properties)
        return Provisioned(physical_id=identity, attributes={"Id": identity, "SecretAccessKey": key["SecretAccessKey"]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Activates or deactivates the key."""
        user, identity = resource.properties["UserName"], created.provisioned.physical_id
        setting = self._status(context.client("iam", resource), user, identity)
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the key."""
        with unless_gone(*_GONE):
            context.client("iam", created.resource).delete_access_key(
                UserName=created.resource.properties["UserName"], AccessKeyId=created.provisioned.physical_id
            )

    def _status(self, iam: Any, user: str, identity: str) -> Setting:
        return Setting(
            ("Status",),
            lambda _, new: iam.update_access_key(
                UserName=user, AccessKeyId=identity, Status=new.get("Status", "Active")
            ),
        )


class InstanceProfile(HoldsNothing):
    """A role for instances. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads("InstanceProfileName Path Roles")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the profile with its role."""
        properties = resource.properties
        iam = context.client("iam", resource)
        name = properties.get("InstanceProfileName") or resource.generated_name(length_max=128)
        profile = call(iam, "create_instance_profile", given(properties, "Path"), InstanceProfileName=name)
        provisioned = Provisioned(physical_id=name, attributes={"Arn": profile["InstanceProfile"]["Arn"]})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            change([self._roles(iam, name)], {}, properties)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts another role in."""
        setting = self._roles(context.client("iam", resource), created.provisioned.physical_id)
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the profile."""
        iam, name = context.client("iam", created.resource), created.provisioned.physical_id
        with unless_gone(*_GONE):
            for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
                iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
            iam.delete_instance_profile(InstanceProfileName=name)

    def _roles(self, iam: Any, name: str) -> Setting:
        def apply(old: Properties, new: Properties) -> None:
            gone, added = difference(old.get("Roles"), new.get("Roles"))
            for role in gone:
                with unless_gone(*_GONE):
                    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
            for role in added:
                iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)

        return Setting(("Roles",), apply)


class OIDCProvider(HoldsNothing):
    """An OpenID Connect provider. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = reads("ClientIdList Tags ThumbprintList Url")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the provider."""
        arn = call(
            context.client("iam", resource),
            "create_open_id_connect_provider",
            {"ThumbprintList": [], **resource.properties},
        )["OpenIDConnectProviderArn"]
        return Provisioned(physical_id=arn, attributes={"Arn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes the provider anew under its ARN: moto takes no client away from one that is there."""
        return remake(self, created, resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the provider."""
        with unless_gone(*_GONE):
            context.client("iam", created.resource).delete_open_id_connect_provider(
                OpenIDConnectProviderArn=created.provisioned.physical_id
            )


class ServiceLinkedRole(HoldsNothing):
    """A role that a service makes for itself. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads("AWSServiceName CustomSuffix Description")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the role."""
        role = call(context.client("iam", resource), "create_service_linked_role", resource.properties)["Role"]
        return Provisioned(physical_id=role["RoleName"], attributes={"RoleName": role["RoleName"]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the description."""
        iam, name = context.client("iam", resource), created.provisioned.physical_id
        setting = Setting(
            ("Description",),
            lambda _, new: iam.update_role(RoleName=name, Description=new.get("Description") or ""),
        )
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the role."""
        with unless_gone(*_GONE):
            context.client("iam", created.resource).delete_service_linked_role(RoleName=created.provisioned.physical_id)


class UserToGroupAddition(HoldsNothing):
    """Users in a group."""

    properties: ClassVar[PropertyTree] = reads("GroupName Users")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Adds the users."""
        identity = resource.generated_name(length_max=128)
        self._change({}, resource.properties, context.client("iam", resource))
        return Provisioned(physical_id=identity, attributes={"Id": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Adds the users that are new, and takes out those that are no more named."""
        self._change(created.resource.properties, resource.properties, context.client("iam", resource))
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Takes the users out of the group."""
        self._change(created.resource.properties, {}, context.client("iam", created.resource))

    def _change(self, old: Properties, new: Properties, iam: Any) -> None:
        def apply(before: Properties, after: Properties) -> None:
            was, will = _members(before), _members(after)
            for group, user in was:
                if (group, user) not in will:
                    with unless_gone(*_GONE):
                        iam.remove_user_from_group(GroupName=group, UserName=user)
            for group, user in will:
                if (group, user) not in was:
                    iam.add_user_to_group(GroupName=group, UserName=user)

        change([Setting(("GroupName", "Users"), apply)], old, new)


def _members(properties: Properties) -> list[tuple[str, str]]:
    return [(properties["GroupName"], user) for user in properties.get("Users") or ()]
