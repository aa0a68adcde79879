"""`AWS::Logs::LogGroup`, `LogStream` and `ResourcePolicy`.

Source: CloudFormation Template Reference, "AWS::Logs::LogGroup" and the pages beside it.
"""

from __future__ import annotations

from typing import ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.service_call import as_text, call, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    already_exists,
    change,
    given,
    tags_setting,
    unless_gone,
)
from lambdakit.harness.moto_state import contents, unserved

_GONE: Final = ("ResourceNotFoundException",)
# Source: CloudWatch Logs API Reference, "PutRetentionPolicy".
_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class LogGroup:
    """A log group. `Ref` gives its name; the ARN ends in `:*`."""

    properties: ClassVar[PropertyTree] = {
        **reads("KmsKeyId LogGroupName RetentionInDays Tags"),
        **records("BearerTokenAuthenticationEnabled DataProtectionPolicy DeletionProtectionEnabled"),
        **records("FieldIndexPolicies LogGroupClass ResourcePolicyDocument"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the group with its retention."""
        properties = resource.properties
        logs = context.client("logs", resource)
        name = properties.get("LogGroupName") or resource.generated_name(length_max=512)
        _check_retention(properties)
        call(
            logs,
            "create_log_group",
            given(properties, "KmsKeyId"),
            LogGroupName=name,
            Tags=tag_map(properties.get("Tags")) or None,
        )
        arn = f"arn:{partition_of(resource.region)}:logs:{resource.region}:{resource.account_id}:log-group:{name}:*"
        with undone_on_failure(lambda: logs.delete_log_group(logGroupName=name)):
            if properties.get("RetentionInDays") is not None:
                call(logs, "put_retention_policy", properties, LogGroupName=name)
        return Provisioned(physical_id=name, attributes={"Arn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes retention, key and tags."""
        logs = context.client("logs", resource)
        name, arn = created.provisioned.physical_id, created.provisioned.attributes["Arn"].removesuffix(":*")

        def retention(_: Properties, new: Properties) -> None:
            _check_retention(new)
            if new.get("RetentionInDays") is None:
                logs.delete_retention_policy(logGroupName=name)
            else:
                call(logs, "put_retention_policy", new, LogGroupName=name)

        def key(_: Properties, new: Properties) -> None:
            unserved.set_log_group_key(resource.account_id, resource.region, name, new.get("KmsKeyId"))

        settings = [
            Setting(("RetentionInDays",), retention),
            Setting(("KmsKeyId",), key),
            tags_setting(
                lambda tags: logs.tag_resource(resourceArn=arn, tags=tags),
                lambda keys: logs.untag_resource(resourceArn=arn, tagKeys=keys),
            ),
        ]
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the group with its streams. A line that came later would make it again."""
        context.flush_logs()
        with unless_gone(*_GONE):
            context.client("logs", created.resource).delete_log_group(logGroupName=created.provisioned.physical_id)

    def capture(self, created: Created, context: Context) -> object:
        """The streams that the deployment made, with what custom resources logged."""
        context.flush_logs()
        return contents.log_streams(*_place(created))

    def reset(self, created: Created, context: Context) -> None:
        """Takes every stream and line away but those captured."""
        context.flush_logs()
        contents.restore_log_streams(*_place(created), created.captured)


class LogStream(HoldsNothing):
    """A log stream. `Ref` gives its name. Its group empties it."""

    properties: ClassVar[PropertyTree] = reads("LogGroupName LogStreamName")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the stream."""
        name = resource.properties.get("LogStreamName") or resource.generated_name(length_max=512)
        call(context.client("logs", resource), "create_log_stream", resource.properties, LogStreamName=name)
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Every property of a stream takes a new one: nothing to change."""
        del resource, context
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the stream."""
        with unless_gone(*_GONE):
            context.client("logs", created.resource).delete_log_stream(
                logGroupName=created.resource.properties["LogGroupName"],
                logStreamName=created.provisioned.physical_id,
            )


class ResourcePolicy(HoldsNothing):
    """Who may write into the account's log groups. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads("PolicyDocument PolicyName")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the policy."""
        logs, name = context.client("logs", resource), resource.properties["PolicyName"]
        if any(policy["policyName"] == name for policy in logs.describe_resource_policies()["resourcePolicies"]):
            raise already_exists(resource, name, "PolicyName")
        logs.put_resource_policy(policyName=name, policyDocument=as_text(resource.properties["PolicyDocument"]))
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new document in place."""
        context.client("logs", resource).put_resource_policy(
            policyName=created.provisioned.physical_id,
            policyDocument=as_text(resource.properties["PolicyDocument"]),
        )
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the policy."""
        with unless_gone(*_GONE):
            context.client("logs", created.resource).delete_resource_policy(policyName=created.provisioned.physical_id)


def _check_retention(properties: Properties) -> None:
    days = properties.get("RetentionInDays")
    if days is not None and int(days) not in _RETENTION_DAYS:
        allowed = ", ".join(map(str, _RETENTION_DAYS))
        raise ResourceRefused(
            f"Invalid retention value {days}. Valid retention values are: [{allowed}]",
            property_pointer="RetentionInDays",
        )


def _place(created: Created) -> tuple[str, str, str]:
    return created.resource.account_id, created.resource.region, created.provisioned.physical_id
