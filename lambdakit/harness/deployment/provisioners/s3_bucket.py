"""`AWS::S3::Bucket`.

Source: CloudFormation Template Reference, "AWS::S3::Bucket".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import RECORDED, PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners import s3_configurations as configurations
from lambdakit.harness.deployment.service_call import as_flag, call, tag_map
from lambdakit.harness.deployment.settings import Properties, Setting, already_exists, change, pairs, unless_gone
from lambdakit.harness.moto_state import contents

_GONE: Final = ("NoSuchBucket", "404")
_LENGTH_MAX: Final = 63
# Amazon S3 endpoints and quotas, "Amazon S3 website endpoints": elsewhere a dot stands before the Region.
_DASHED_WEBSITES: Final = frozenset(
    {"us-east-1", "us-west-1", "us-west-2", "us-gov-west-1", "eu-west-1", "sa-east-1"}
    | {"ap-southeast-1", "ap-southeast-2", "ap-northeast-1"}
)
# S3 User Guide, "Blocking public access": all four are on for a new bucket.
_PUBLIC_ACCESS: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_OWNER_ENFORCED: Final = "BucketOwnerEnforced"


class Bucket:
    """A bucket. `Ref` gives its name.

    Notifications are kept for those who deliver them: moto itself delivers none.
    """

    properties: ClassVar[PropertyTree] = {
        **reads("AccessControl BucketName BucketNamePrefix BucketNamespace ObjectLockEnabled Tags"),
        **reads(
            AccelerateConfiguration=reads("AccelerationStatus"),
            BucketEncryption=configurations.ENCRYPTION,
            CorsConfiguration=configurations.CORS,
            LifecycleConfiguration=configurations.LIFECYCLE,
            NotificationConfiguration=configurations.NOTIFICATIONS,
            ObjectLockConfiguration=configurations.OBJECT_LOCK,
            OwnershipControls=reads(Rules=reads("ObjectOwnership")),
            PublicAccessBlockConfiguration=reads(" ".join(_PUBLIC_ACCESS)),
            ReplicationConfiguration=configurations.REPLICATION,
            VersioningConfiguration=reads("Status"),
            WebsiteConfiguration=configurations.WEBSITE,
        ),
        **records("AbacStatus AnalyticsConfigurations IntelligentTieringConfigurations InventoryConfigurations"),
        **records("LoggingConfiguration MetadataConfiguration MetadataTableConfiguration"),
        "MetricsConfigurations": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the bucket and configures it."""
        properties = resource.properties
        s3 = context.client("s3", resource)
        name = _name(resource)
        if properties.get("BucketName") and _is_taken(s3, name):
            raise already_exists(resource, name, "BucketName")
        place = {"LocationConstraint": resource.region} if resource.region != "us-east-1" else None
        call(
            s3,
            "create_bucket",
            Bucket=name,
            CreateBucketConfiguration=place,
            ObjectLockEnabledForBucket=properties.get("ObjectLockEnabled"),
            BucketNamespace=properties.get("BucketNamespace"),
        )
        with undone_on_failure(lambda: s3.delete_bucket(Bucket=name)):
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=_public_access(properties))
            for setting in _settings(s3, name):
                if any(properties.get(key) is not None for key in setting.of):
                    setting.apply({}, properties)
        _serve(name, properties, context)
        return Provisioned(physical_id=name, attributes=_attributes(name, resource.region))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Configures anew what differs."""
        name = created.provisioned.physical_id
        s3 = context.client("s3", resource)
        access = Setting(
            ("PublicAccessBlockConfiguration",),
            lambda _, new: s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=_public_access(new)),
        )
        change([access, *_settings(s3, name)], created.resource.properties, resource.properties)
        _serve(name, resource.properties, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the bucket; S3 refuses while it holds an object."""
        s3, name = context.client("s3", created.resource), created.provisioned.physical_id
        if contents.holds_objects(created.resource.account_id, name):
            # S3 API Reference, "Error responses": BucketNotEmpty.
            raise ResourceRefused(
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
                hint="empty it first, or set auto_delete_objects on the CDK's bucket",
            )
        with unless_gone(*_GONE):
            s3.delete_bucket(Bucket=name)
        if context.content is not None:
            context.content.websites.close(name)

    def capture(self, created: Created, context: Context) -> object:
        """The objects that a custom resource put, such as a bucket deployment's."""
        del context
        return contents.objects(created.resource.account_id, created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Takes every object away but those captured."""
        del context
        contents.restore_objects(created.resource.account_id, created.provisioned.physical_id, created.captured)


def _name(resource: Resource) -> str:
    properties = resource.properties
    prefix = properties.get("BucketNamePrefix")
    if prefix:
        # CloudFormation Template Reference, "AWS::S3::Bucket": BucketNamePrefix.
        return f"{prefix}-{resource.account_id}-{resource.region}-an"
    name = properties.get("BucketName")
    if name is None:
        return resource.generated_name(length_max=_LENGTH_MAX, lower_case=True)
    # S3 User Guide, "General purpose bucket naming rules".
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) or ".." in name:
        raise ResourceRefused("The specified bucket is not valid.", property_pointer="BucketName")
    return str(name)


def _serve(name: str, properties: Properties, context: Context) -> None:
    """Opens the door of the bucket's website, or closes it."""
    if context.content is None:
        return
    if properties.get("WebsiteConfiguration"):
        context.content.websites.open(name)
    else:
        context.content.websites.close(name)


def _is_taken(s3: Any, name: str) -> bool:
    try:
        s3.head_bucket(Bucket=name)
    except s3.exceptions.ClientError as error:
        return error.response["Error"]["Code"] not in _GONE
    return True


def _attributes(name: str, region: str) -> dict[str, str]:
    mark = "-" if region in _DASHED_WEBSITES else "."
    return {
        "Arn": f"arn:{partition_of(region)}:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website{mark}{region}.amazonaws.com",
    }


def _public_access(properties: Properties) -> dict[str, bool]:
    given = properties.get("PublicAccessBlockConfiguration")
    if given is None:
        return dict.fromkeys(_PUBLIC_ACCESS, True)
    return {key: as_flag(given.get(key)) for key in _PUBLIC_ACCESS}


def _settings(s3: Any, name: str) -> list[Setting]:
    """In the order in which one needs another: no replication without versions, no access list without ownership."""

    def configuration(
        of: str,
        put: str,
        argument: str,
        delete: str,
        form: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        **more: str,
    ) -> Setting:
        def apply(_: Properties, new: Properties) -> None:
            given = new.get(of)
            if given:
                extra = {key: given[source] for key, source in more.items() if source in given}
                call(s3, put, Bucket=name, **{argument: form(given)}, **extra)
            else:
                getattr(s3, delete)(Bucket=name)

        return Setting((of,), apply)

    return [
        configuration(
            *("OwnershipControls", "put_bucket_ownership_controls", "OwnershipControls"),
            *("delete_bucket_ownership_controls", dict),
        ),
        Setting(("AccessControl",), lambda _, new: _put_acl(s3, name, new)),
        Setting(("VersioningConfiguration",), lambda _, new: _put_versioning(s3, name, new)),
        Setting(("ObjectLockConfiguration",), lambda _, new: _put_object_lock(s3, name, new)),
        configuration(
            *("BucketEncryption", "put_bucket_encryption", "ServerSideEncryptionConfiguration"),
            *("delete_bucket_encryption", configurations.encryption),
        ),
        configuration(
            *("CorsConfiguration", "put_bucket_cors", "CORSConfiguration", "delete_bucket_cors", configurations.cors)
        ),
        configuration(
            *("LifecycleConfiguration", "put_bucket_lifecycle_configuration", "LifecycleConfiguration"),
            *("delete_bucket_lifecycle", configurations.lifecycle),
            TransitionDefaultMinimumObjectSize="TransitionDefaultMinimumObjectSize",
        ),
        configuration(
            *("WebsiteConfiguration", "put_bucket_website", "WebsiteConfiguration"),
            *("delete_bucket_website", configurations.website),
        ),
        configuration(
            *("ReplicationConfiguration", "put_bucket_replication", "ReplicationConfiguration"),
            *("delete_bucket_replication", configurations.replication),
        ),
        Setting(("AccelerateConfiguration",), lambda _, new: _put_acceleration(s3, name, new)),
        Setting(("NotificationConfiguration",), lambda _, new: _put_notifications(s3, name, new)),
        Setting(("Tags",), lambda _, new: _put_tags(s3, name, new)),
    ]


def _put_acl(s3: Any, name: str, new: Properties) -> None:
    """The canned access list: `PublicRead` is `public-read`. Without one a bucket is private."""
    given = new.get("AccessControl") or "Private"
    rules = (new.get("OwnershipControls") or {}).get("Rules") or [{}]
    if (
        given not in ("Private", "BucketOwnerFullControl")
        and rules[0].get("ObjectOwnership", _OWNER_ENFORCED) == _OWNER_ENFORCED
    ):
        # S3 User Guide, "Controlling ownership of objects": lists are off where the owner is enforced, the default.
        raise ResourceRefused(
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            property_pointer="AccessControl",
            hint="set OwnershipControls to ObjectWriter or BucketOwnerPreferred",
        )
    s3.put_bucket_acl(Bucket=name, ACL=re.sub(r"(?<=[a-z])(?=[A-Z])", "-", given).lower())


def _put_versioning(s3: Any, name: str, new: Properties) -> None:
    status = (new.get("VersioningConfiguration") or {}).get("Status", "Suspended")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})


def _put_object_lock(s3: Any, name: str, new: Properties) -> None:
    given = new.get("ObjectLockConfiguration") or {"ObjectLockEnabled": "Enabled"}
    call(s3, "put_object_lock_configuration", Bucket=name, ObjectLockConfiguration=given)


def _put_acceleration(s3: Any, name: str, new: Properties) -> None:
    status = (new.get("AccelerateConfiguration") or {}).get("AccelerationStatus", "Suspended")
    s3.put_bucket_accelerate_configuration(Bucket=name, AccelerateConfiguration={"Status": status})


def _put_notifications(s3: Any, name: str, new: Properties) -> None:
    given = configurations.notifications(new.get("NotificationConfiguration") or {})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=given)


def _put_tags(s3: Any, name: str, new: Properties) -> None:
    tags = tag_map(new.get("Tags"))
    if tags:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs(tags)})
    else:
        s3.delete_bucket_tagging(Bucket=name)
