"""`AWS::KMS::Key`, `ReplicaKey` and `Alias`.

Source: CloudFormation Template Reference, "AWS::KMS::Key" and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.service_call import as_flag, as_text, call, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    given,
    tags_setting,
    unless_gone,
)

_GONE: Final = ("NotFoundException",)
_PENDING_DAYS_MIN: Final = 7
# Source: KMS API Reference, "CreateKey".
_DEFAULTS: Final[Mapping[str, object]] = {
    "Description": "",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "MultiRegion": False,
    "Origin": "AWS_KMS",
}


class Key(HoldsNothing):
    """A key. `Ref` gives its id. It is gone once it is scheduled for deletion."""

    properties: ClassVar[PropertyTree] = {
        **reads("Description EnableKeyRotation Enabled KeyPolicy KeySpec KeyUsage MultiRegion Origin"),
        **reads("Tags"),
        **records("BypassPolicyLockoutSafetyCheck PendingWindowInDays RotationPeriodInDays"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the key, rotated or disabled where that is asked."""
        properties = resource.properties
        kms = context.client("kms", resource)
        key = call(
            kms,
            "create_key",
            {**_DEFAULTS, **given(properties, *_DEFAULTS)},
            Policy=properties.get("KeyPolicy"),
            Tags=_pairs(tag_map(properties.get("Tags"))) or None,
        )["KeyMetadata"]
        with undone_on_failure(lambda: _schedule_deletion(kms, key["KeyId"])):
            later = given(properties, "EnableKeyRotation", "Enabled")
            change(_settings(kms, key["KeyId"]), {}, later)
        return Provisioned(physical_id=key["KeyId"], attributes={"Arn": key["Arn"], "KeyId": key["KeyId"]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the key in place; what it is used for stays as it is."""
        old, new = created.resource.properties, resource.properties
        for name in ("KeySpec", "KeyUsage", "MultiRegion", "Origin"):
            if old.get(name) != new.get(name):
                # Source: CloudFormation Template Reference, "AWS::KMS::Key" (such an update fails).
                raise ResourceRefused(f"You cannot change the {name} of an existing KMS key", property_pointer=name)
        key_id = created.provisioned.physical_id
        change(_settings(context.client("kms", resource), key_id), old, new)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Schedules the key's deletion, as soon as that may be."""
        _schedule_deletion(context.client("kms", created.resource), created.provisioned.physical_id)


class ReplicaKey(Key):
    """A multi-Region key's copy in the stack's region. `Ref` gives its id, which is the primary key's."""

    properties: ClassVar[PropertyTree] = {
        **reads("Description Enabled KeyPolicy PrimaryKeyArn Tags"),
        **records("PendingWindowInDays"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Replicates the primary key."""
        properties = resource.properties
        primary = properties["PrimaryKeyArn"]
        region, key_id = primary.split(":")[3], primary.rpartition("/")[2]
        if region == resource.region:
            raise ResourceRefused(
                f"{primary} is in {region} already: a replica belongs to another region",
                property_pointer="PrimaryKeyArn",
            )
        call(
            context.account.client("kms", region, resource.account_id),
            "replicate_key",
            KeyId=key_id,
            ReplicaRegion=resource.region,
            Description=properties.get("Description"),
            Policy=properties.get("KeyPolicy"),
            Tags=_pairs(tag_map(properties.get("Tags"))) or None,
        )
        kms = context.client("kms", resource)
        key = kms.describe_key(KeyId=key_id)["KeyMetadata"]
        with undone_on_failure(lambda: _schedule_deletion(kms, key_id)):
            change(_settings(kms, key_id), {}, given(properties, "Enabled"))
        return Provisioned(physical_id=key["KeyId"], attributes={"Arn": key["Arn"], "KeyId": key["KeyId"]})


class Alias(HoldsNothing):
    """Another name of a key. `Ref` gives it."""

    properties: ClassVar[PropertyTree] = reads("AliasName TargetKeyId")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the alias."""
        call(context.client("kms", resource), "create_alias", resource.properties)
        return Provisioned(physical_id=resource.properties["AliasName"])

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Lets the alias stand for another key."""
        call(context.client("kms", resource), "update_alias", resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the alias."""
        with unless_gone(*_GONE):
            context.client("kms", created.resource).delete_alias(AliasName=created.provisioned.physical_id)


def _settings(kms: Any, key_id: str) -> list[Setting]:
    def rotation(_: Properties, new: Properties) -> None:
        if as_flag(new.get("EnableKeyRotation")):
            kms.enable_key_rotation(KeyId=key_id)
        else:
            kms.disable_key_rotation(KeyId=key_id)

    def enabling(_: Properties, new: Properties) -> None:
        if as_flag(new.get("Enabled", True)):
            kms.enable_key(KeyId=key_id)
        else:
            kms.disable_key(KeyId=key_id)

    def policy(_: Properties, new: Properties) -> None:
        wanted = new.get("KeyPolicy") or _default_policy(kms, key_id)
        kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=as_text(wanted))

    return [
        Setting(
            ("Description",),
            lambda _, new: kms.update_key_description(KeyId=key_id, Description=new.get("Description") or ""),
        ),
        Setting(("KeyPolicy",), policy),
        Setting(("EnableKeyRotation",), rotation),
        Setting(("Enabled",), enabling),
        tags_setting(
            lambda tags: kms.tag_resource(KeyId=key_id, Tags=_pairs(tags)),
            lambda keys: kms.untag_resource(KeyId=key_id, TagKeys=keys),
        ),
    ]


def _default_policy(kms: Any, key_id: str) -> dict[str, Any]:
    """The policy of a key that is given none. Source: AWS KMS Developer Guide, "Default key policy"."""
    account_id = kms.describe_key(KeyId=key_id)["KeyMetadata"]["AWSAccountId"]
    statement = {
        "Sid": "Enable IAM User Permissions",
        **{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"}},
        **{"Action": "kms:*", "Resource": "*"},
    }
    return {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}


def _schedule_deletion(kms: Any, key_id: str) -> None:
    with unless_gone(*_GONE):
        if kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] != "PendingDeletion":
            kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=_PENDING_DAYS_MIN)


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as KMS takes them."""
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
