"""`AWS::ECR::Repository`, `RegistryPolicy` and `ReplicationConfiguration`.

Source: CloudFormation Template Reference, "AWS::ECR::Repository" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.service_call import as_flag, as_text, call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    given,
    pairs,
    tags_setting,
    unless_gone,
)

_GONE: Final = ("RepositoryNotFoundException", "RegistryPolicyNotFoundException")
_NO_POLICY: Final = (*_GONE, "RepositoryPolicyNotFoundException", "LifecyclePolicyNotFoundException")


class Repository(HoldsNothing):
    """A repository for images. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "EmptyOnDelete ImageTagMutability RepositoryName RepositoryPolicyText Tags",
            EncryptionConfiguration=reads("EncryptionType KmsKey"),
            ImageScanningConfiguration=reads("ScanOnPush"),
            LifecyclePolicy=reads("LifecyclePolicyText RegistryId"),
        ),
        **records("ImageTagMutabilityExclusionFilters"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the repository with its policies."""
        properties = resource.properties
        ecr = context.client("ecr", resource)
        name = properties.get("RepositoryName") or resource.generated_name(length_max=256, lower_case=True)
        made_with = given(
            properties, "EncryptionConfiguration", "ImageScanningConfiguration", "ImageTagMutability", "Tags"
        )
        made = call(ecr, "create_repository", made_with, RepositoryName=name)["repository"]
        with undone_on_failure(lambda: ecr.delete_repository(repositoryName=name)):
            change(_policies(ecr, name), {}, properties)
        attributes = {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]}
        return Provisioned(physical_id=name, attributes=attributes)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes policies, scanning, mutability and tags."""
        ecr = context.client("ecr", resource)
        name, arn = created.provisioned.physical_id, created.provisioned.attributes["Arn"]
        settings = [
            *_policies(ecr, name),
            Setting(
                ("ImageScanningConfiguration",),
                lambda _, new: call(
                    ecr,
                    "put_image_scanning_configuration",
                    RepositoryName=name,
                    ImageScanningConfiguration=new.get("ImageScanningConfiguration") or {"ScanOnPush": False},
                ),
            ),
            Setting(
                ("ImageTagMutability",),
                lambda _, new: ecr.put_image_tag_mutability(
                    repositoryName=name, imageTagMutability=new.get("ImageTagMutability", "MUTABLE")
                ),
            ),
            tags_setting(
                lambda tags: ecr.tag_resource(resourceArn=arn, tags=pairs(tags)),
                lambda keys: ecr.untag_resource(resourceArn=arn, tagKeys=keys),
            ),
        ]
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the repository; ECR refuses while it holds images, unless `EmptyOnDelete` is set."""
        with unless_gone(*_GONE):
            context.client("ecr", created.resource).delete_repository(
                repositoryName=created.provisioned.physical_id,
                force=as_flag(created.resource.properties.get("EmptyOnDelete")),
            )


class RegistryPolicy(HoldsNothing):
    """The policy of the account's registry. `Ref` gives the registry's id, the account's."""

    properties: ClassVar[PropertyTree] = reads("PolicyText")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy."""
        text = as_text(resource.properties["PolicyText"])
        context.client("ecr", resource).put_registry_policy(policyText=text)
        return Provisioned(physical_id=resource.account_id, attributes={"RegistryId": resource.account_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off."""
        with unless_gone(*_GONE):
            context.client("ecr", created.resource).delete_registry_policy()


class ReplicationConfiguration(HoldsNothing):
    """Where the registry's images are copied to: kept, and nothing is copied. `Ref` gives the registry's id."""

    properties: ClassVar[PropertyTree] = reads(
        ReplicationConfiguration=reads(
            Rules=reads(Destinations=reads("Region RegistryId"), RepositoryFilters=reads("Filter FilterType"))
        )
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the configuration."""
        call(context.client("ecr", resource), "put_replication_configuration", resource.properties)
        return Provisioned(physical_id=resource.account_id, attributes={"RegistryId": resource.account_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new configuration."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Puts the empty configuration."""
        context.client("ecr", created.resource).put_replication_configuration(replicationConfiguration={"rules": []})


def _policies(ecr: Any, name: str) -> list[Setting]:
    def access(_: Properties, new: Properties) -> None:
        if new.get("RepositoryPolicyText"):
            ecr.set_repository_policy(repositoryName=name, policyText=as_text(new["RepositoryPolicyText"]))
            return
        with unless_gone(*_NO_POLICY):
            ecr.delete_repository_policy(repositoryName=name)

    def lifecycle(_: Properties, new: Properties) -> None:
        text = (new.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
        if text:
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=as_text(text))
            return
        with unless_gone(*_NO_POLICY):
            ecr.delete_lifecycle_policy(repositoryName=name)

    return [Setting(("RepositoryPolicyText",), access), Setting(("LifecyclePolicy",), lifecycle)]
