"""`AWS::SQS::Queue`, `QueuePolicy` and `QueueInlinePolicy`.

Source: CloudFormation Template Reference, "AWS::SQS::Queue" and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

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
from lambdakit.harness.deployment.service_call import as_flag, as_text, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    already_exists,
    change,
    is_there,
    tags_setting,
    unless_gone,
)
from lambdakit.harness.moto_state import contents

_GONE: Final = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_LENGTH_MAX: Final = 80
# Attribute -> what it is when a template does not give it. Source: SQS API Reference, "SetQueueAttributes".
_DEFAULTS: Final[Mapping[str, str]] = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "SqsManagedSseEnabled": "true",
    "KmsMasterKeyId": "",
    "KmsDataKeyReusePeriodSeconds": "300",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
}
_FIFO_DEFAULTS: Final[Mapping[str, str]] = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}


class Queue:
    """A queue. `Ref` gives its URL. Its redrive policy's queue must be there before."""

    properties: ClassVar[PropertyTree] = {
        **reads("ContentBasedDeduplication DelaySeconds FifoQueue MaximumMessageSize MessageRetentionPeriod QueueName"),
        **reads("ReceiveMessageWaitTimeSeconds SqsManagedSseEnabled Tags VisibilityTimeout KmsMasterKeyId"),
        **reads(RedrivePolicy=reads("deadLetterTargetArn maxReceiveCount")),
        **records("DeduplicationScope FifoThroughputLimit KmsDataKeyReusePeriodSeconds"),
        "RedriveAllowPolicy": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the queue with its attributes and tags."""
        sqs = context.client("sqs", resource)
        fifo = as_flag(resource.properties.get("FifoQueue"))
        name = resource.properties.get("QueueName") or resource.generated_name(
            length_max=_LENGTH_MAX, ending=".fifo" if fifo else ""
        )
        if name.endswith(".fifo") and not fifo:
            raise ResourceRefused(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
                "with .fifo suffix and be 1 to 80 in length",
                property_pointer="QueueName",
                hint="set FifoQueue: true",
            )
        taken = resource.properties.get("QueueName") and is_there(lambda: sqs.get_queue_url(QueueName=name), *_GONE)
        if taken:
            raise already_exists(resource, name, "QueueName")
        attributes = {key: value for key, value in _attributes(resource.properties).items() if value}
        url = sqs.create_queue(QueueName=name, Attributes=attributes | ({"FifoQueue": "true"} if fifo else {}))[
            "QueueUrl"
        ]
        with undone_on_failure(lambda: sqs.delete_queue(QueueUrl=url)):
            if resource.properties.get("Tags"):
                sqs.tag_queue(QueueUrl=url, Tags=tag_map(resource.properties["Tags"]))
        arn = f"arn:{partition_of(resource.region)}:sqs:{resource.region}:{resource.account_id}:{name}"
        return Provisioned(physical_id=url, attributes={"Arn": arn, "QueueName": name, "QueueUrl": url})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets the attributes and tags that differ."""
        sqs = context.client("sqs", resource)
        url = created.provisioned.physical_id

        def attribute(old: Properties, new: Properties) -> None:
            before, after = _attributes(old), _attributes(new)
            changed = {key: value for key, value in after.items() if before.get(key) != value}
            if changed:
                # moto forgets the policy when it is not among the attributes that are set.
                policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes") or {}
                sqs.set_queue_attributes(QueueUrl=url, Attributes={**policy, **changed})

        settings = (
            Setting((*_DEFAULTS, *_FIFO_DEFAULTS), attribute),
            tags_setting(
                lambda tags: sqs.tag_queue(QueueUrl=url, Tags=tags),
                lambda keys: sqs.untag_queue(QueueUrl=url, TagKeys=keys),
            ),
        )
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the queue with its messages."""
        with unless_gone(*_GONE):
            context.client("sqs", created.resource).delete_queue(QueueUrl=created.provisioned.physical_id)

    def capture(self, created: Created, context: Context) -> object:
        """The messages that a custom resource sent."""
        del context
        return contents.messages(*_place(created))

    def reset(self, created: Created, context: Context) -> None:
        """Takes every message away but those captured."""
        del context
        contents.restore_messages(*_place(created), created.captured)


class QueuePolicy(HoldsNothing):
    """The policy of some queues."""

    properties: ClassVar[PropertyTree] = reads("PolicyDocument Queues")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy on each queue."""
        identity = resource.generated_name(length_max=_LENGTH_MAX)
        self._change(resource, {}, resource.properties, context)
        return Provisioned(physical_id=identity, attributes={"Id": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy on each queue, and takes it off those that are no more named."""
        self._change(resource, created.resource.properties, resource.properties, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off each queue."""
        self._change(created.resource, created.resource.properties, {}, context)

    def _change(self, resource: Resource, old: Properties, new: Properties, context: Context) -> None:
        sqs = context.client("sqs", resource)
        before, after = old.get("Queues") or [], new.get("Queues") or []

        def put(url: str, policy: object) -> None:
            with unless_gone(*(_GONE if not policy else ())):
                sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": as_text(policy)})

        def setting(url: str) -> Setting:
            return Setting(
                ("Queues", "PolicyDocument"),
                lambda _, now: put(url, now["PolicyDocument"] if url in (now.get("Queues") or ()) else ""),
            )

        change([setting(url) for url in dict.fromkeys([*before, *after])], old, new)


class QueueInlinePolicy(HoldsNothing):
    """The policy of one queue. `Ref` gives the queue's URL."""

    properties: ClassVar[PropertyTree] = reads("PolicyDocument Queue")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy on the queue."""
        _put_policy(resource, resource.properties["PolicyDocument"], context)
        return Provisioned(physical_id=resource.properties["Queue"])

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy on the queue."""
        _put_policy(resource, resource.properties["PolicyDocument"], context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off the queue."""
        with unless_gone(*_GONE):
            _put_policy(created.resource, "", context)


def _put_policy(resource: Resource, policy: object, context: Context) -> None:
    context.client("sqs", resource).set_queue_attributes(
        QueueUrl=resource.properties["Queue"], Attributes={"Policy": as_text(policy)}
    )


def _attributes(properties: Properties) -> dict[str, str]:
    """Every attribute of a queue with these properties."""
    defaults = dict(_DEFAULTS)
    if as_flag(properties.get("FifoQueue")):
        defaults |= _FIFO_DEFAULTS
    if properties.get("KmsMasterKeyId"):
        defaults["SqsManagedSseEnabled"] = "false"
    given = {key: as_text(value) for key, value in properties.items() if key in defaults and value is not None}
    return {**defaults, **given}


def _place(created: Created) -> tuple[str, str, str]:
    resource = created.resource
    return resource.account_id, resource.region, created.provisioned.attributes["QueueName"]
