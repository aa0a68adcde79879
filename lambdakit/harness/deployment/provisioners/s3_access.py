"""`AWS::S3::BucketPolicy` and `AWS::S3::AccessPoint`.

Source: CloudFormation Template Reference, "AWS::S3::BucketPolicy" and "AWS::S3::AccessPoint".
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    undone_on_failure,
)
from lambdakit.harness.deployment.service_call import as_text, call
from lambdakit.harness.deployment.settings import HoldsNothing, Properties, Setting, change, unless_gone

_GONE: Final = ("NoSuchBucket", "NoSuchBucketPolicy", "NoSuchAccessPoint", "404")


class BucketPolicy(HoldsNothing):
    """The policy of a bucket. `Ref` gives the bucket's name."""

    properties: ClassVar[PropertyTree] = reads("Bucket PolicyDocument")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy on the bucket."""
        bucket = resource.properties["Bucket"]
        policy = as_text(resource.properties["PolicyDocument"])
        context.client("s3", resource).put_bucket_policy(Bucket=bucket, Policy=policy)
        return Provisioned(physical_id=bucket)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy on the bucket."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off the bucket."""
        with unless_gone(*_GONE):
            context.client("s3", created.resource).delete_bucket_policy(Bucket=created.provisioned.physical_id)


class AccessPoint(HoldsNothing):
    """An access point of a bucket. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("Bucket Name Policy PublicAccessBlockConfiguration", VpcConfiguration=reads("VpcId")),
        **records("BucketAccountId Tags"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the access point with its policy."""
        properties = resource.properties
        control = context.client("s3control", resource)
        account = resource.account_id
        name = properties.get("Name") or resource.generated_name(length_max=50, lower_case=True)
        call(
            control,
            "create_access_point",
            AccountId=account,
            Name=name,
            Bucket=properties["Bucket"],
            VpcConfiguration=properties.get("VpcConfiguration"),
            PublicAccessBlockConfiguration=properties.get("PublicAccessBlockConfiguration"),
        )
        with undone_on_failure(lambda: control.delete_access_point(AccountId=account, Name=name)):
            if properties.get("Policy"):
                _put_policy(control, account, name, properties)
        digest = hashlib.sha256(f"{account}\0{resource.region}\0{name}".encode()).hexdigest()
        return Provisioned(
            physical_id=name,
            attributes={
                "Arn": f"arn:{partition_of(resource.region)}:s3:{resource.region}:{account}:accesspoint/{name}",
                "Alias": f"{name[:20]}-{digest[:30]}-s3alias",
                "NetworkOrigin": "VPC" if properties.get("VpcConfiguration") else "Internet",
                "Name": name,
            },
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy on the access point."""
        control = context.client("s3control", resource)
        name = created.provisioned.physical_id
        setting = Setting(("Policy",), lambda _, new: _put_policy(control, resource.account_id, name, new))
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the access point."""
        with unless_gone(*_GONE):
            context.client("s3control", created.resource).delete_access_point(
                AccountId=created.resource.account_id, Name=created.provisioned.physical_id
            )


def _put_policy(control: Any, account: str, name: str, properties: Properties) -> None:
    if properties.get("Policy"):
        policy = as_text(properties["Policy"])
        control.put_access_point_policy(AccountId=account, Name=name, Policy=policy)
    else:
        control.delete_access_point_policy(AccountId=account, Name=name)
