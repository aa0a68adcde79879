"""`AWS::Kinesis::Stream`, `StreamConsumer` and `ResourcePolicy`.

Source: CloudFormation Template Reference, "AWS::Kinesis::Stream" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import RECORDED, PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    undone_on_failure,
)
from lambdakit.harness.deployment.service_call import as_text, call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    difference,
    given,
    tags_setting,
    unless_gone,
)
from lambdakit.harness.moto_state import contents

_GONE: Final = ("ResourceNotFoundException",)
_RETENTION_HOURS: Final = 24


class Stream:
    """A stream. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("DesiredShardLevelMetrics Name RetentionPeriodHours ShardCount Tags"),
        **reads(StreamEncryption=reads("EncryptionType KeyId"), StreamModeDetails=reads("StreamMode")),
        **records("MaxRecordSizeInKiB RecordDistributionStrategy WarmThroughputMiBps"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the stream with its shards, retention and encryption."""
        properties = resource.properties
        kinesis = context.client("kinesis", resource)
        name = properties.get("Name") or resource.generated_name(length_max=128)
        shards = properties.get("ShardCount")
        on_demand = _mode(properties) == "ON_DEMAND"
        call(
            kinesis,
            "create_stream",
            StreamName=name,
            ShardCount=None if on_demand else 1 if shards is None else shards,
            StreamModeDetails=properties.get("StreamModeDetails"),
        )
        arn = f"arn:{partition_of(resource.region)}:kinesis:{resource.region}:{resource.account_id}:stream/{name}"
        with undone_on_failure(lambda: kinesis.delete_stream(StreamName=name)):
            change(
                _Changes(kinesis, name, arn).settings(),
                given(properties, "StreamModeDetails", "ShardCount"),
                properties,
            )
        return Provisioned(physical_id=name, attributes={"Arn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Reshards, retains, encrypts and tags anew what differs."""
        name, arn = created.provisioned.physical_id, created.provisioned.attributes["Arn"]
        settings = _Changes(context.client("kinesis", resource), name, arn).settings()
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the stream with its records and consumers."""
        with unless_gone(*_GONE):
            context.client("kinesis", created.resource).delete_stream(
                StreamName=created.provisioned.physical_id, EnforceConsumerDeletion=True
            )

    def capture(self, created: Created, context: Context) -> object:
        """The records that a custom resource put."""
        del context
        return contents.records(*_place(created))

    def reset(self, created: Created, context: Context) -> None:
        """Takes every record away but those captured."""
        del context
        contents.restore_records(*_place(created), created.captured)


class StreamConsumer(HoldsNothing):
    """A registered consumer of a stream. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {**reads("ConsumerName StreamARN"), "Tags": RECORDED}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Registers the consumer."""
        consumer = context.client("kinesis", resource).register_stream_consumer(
            StreamARN=resource.properties["StreamARN"], ConsumerName=resource.properties["ConsumerName"]
        )["Consumer"]
        created_at = str(int(consumer["ConsumerCreationTimestamp"].timestamp()))
        return Provisioned(
            physical_id=consumer["ConsumerARN"],
            attributes={
                "ConsumerARN": consumer["ConsumerARN"],
                "ConsumerCreationTimestamp": created_at,
                "ConsumerName": consumer["ConsumerName"],
                "ConsumerStatus": "ACTIVE",
                "StreamARN": resource.properties["StreamARN"],
            },
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Every property of a consumer takes a new one: nothing to change."""
        del resource, context
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deregisters the consumer."""
        with unless_gone(*_GONE):
            context.client("kinesis", created.resource).deregister_stream_consumer(
                ConsumerARN=created.provisioned.physical_id
            )


class ResourcePolicy(HoldsNothing):
    """The policy of a stream or a consumer. `Ref` gives the ARN of that."""

    properties: ClassVar[PropertyTree] = reads("ResourceArn ResourcePolicy")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy."""
        arn = resource.properties["ResourceArn"]
        policy = as_text(resource.properties["ResourcePolicy"])
        context.client("kinesis", resource).put_resource_policy(ResourceARN=arn, Policy=policy)
        return Provisioned(physical_id=arn)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Takes the policy off."""
        with unless_gone(*_GONE):
            context.client("kinesis", created.resource).delete_resource_policy(
                ResourceARN=created.provisioned.physical_id
            )


class _Changes:
    """The operations that change one stream."""

    def __init__(self, kinesis: Any, name: str, arn: str) -> None:
        self._kinesis = kinesis
        self._name = name
        self._arn = arn

    def settings(self) -> list[Setting]:
        """Every part of a stream that changes in place."""
        kinesis, name = self._kinesis, self._name
        return [
            Setting(("StreamModeDetails",), self._change_mode),
            Setting(("ShardCount",), self._reshard),
            Setting(("RetentionPeriodHours",), self._retain),
            Setting(("StreamEncryption",), self._encrypt),
            Setting(("DesiredShardLevelMetrics",), self._measure),
            tags_setting(
                lambda tags: kinesis.add_tags_to_stream(StreamName=name, Tags=tags),
                lambda keys: kinesis.remove_tags_from_stream(StreamName=name, TagKeys=keys),
            ),
        ]

    def _change_mode(self, _: Properties, new: Properties) -> None:
        self._kinesis.update_stream_mode(StreamARN=self._arn, StreamModeDetails={"StreamMode": _mode(new)})

    def _reshard(self, _: Properties, new: Properties) -> None:
        if _mode(new) == "PROVISIONED":
            count = new.get("ShardCount")
            call(
                self._kinesis,
                "update_shard_count",
                StreamName=self._name,
                TargetShardCount=1 if count is None else count,
                ScalingType="UNIFORM_SCALING",
            )

    def _retain(self, old: Properties, new: Properties) -> None:
        before, after = _retention(old), _retention(new)
        if after > before:
            self._kinesis.increase_stream_retention_period(StreamName=self._name, RetentionPeriodHours=after)
        elif after < before:
            self._kinesis.decrease_stream_retention_period(StreamName=self._name, RetentionPeriodHours=after)

    def _encrypt(self, old: Properties, new: Properties) -> None:
        if new.get("StreamEncryption"):
            call(self._kinesis, "start_stream_encryption", new["StreamEncryption"], StreamName=self._name)
        else:
            call(self._kinesis, "stop_stream_encryption", old["StreamEncryption"], StreamName=self._name)

    def _measure(self, old: Properties, new: Properties) -> None:
        gone, added = difference(old.get("DesiredShardLevelMetrics"), new.get("DesiredShardLevelMetrics"))
        if gone:
            self._kinesis.disable_enhanced_monitoring(StreamName=self._name, ShardLevelMetrics=gone)
        if added:
            self._kinesis.enable_enhanced_monitoring(StreamName=self._name, ShardLevelMetrics=added)


def _mode(properties: Properties) -> str:
    """CloudFormation Template Reference: a stream without shards is provisioned with one."""
    return str((properties.get("StreamModeDetails") or {}).get("StreamMode", "PROVISIONED"))


def _retention(properties: Properties) -> int:
    hours = properties.get("RetentionPeriodHours")
    return _RETENTION_HOURS if hours is None else int(hours)


def _place(created: Created) -> tuple[str, str, str]:
    return created.resource.account_id, created.resource.region, created.provisioned.physical_id
