"""`AWS::SNS::Topic`, `Subscription`, `TopicPolicy` and `TopicInlinePolicy`.

Functions, queues and delivery streams get what is published; e-mail and HTTP endpoints are subscribed and get nothing.
Source: CloudFormation Template Reference, "AWS::SNS::Topic" and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from lambdakit.harness.deployment.service_call import as_flag, as_text, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    already_exists,
    change,
    difference,
    is_there,
    pairs,
    tags_setting,
    unless_gone,
)

_GONE: Final = ("NotFound", "NotFoundException", "ResourceNotFound")
# Attribute -> what it is when a template does not give it. Source: SNS API Reference, "SetTopicAttributes".
_TOPIC_DEFAULTS: Final[Mapping[str, str]] = {
    "ArchivePolicy": "",
    "DisplayName": "",
    "FifoThroughputScope": "Topic",
    "KmsMasterKeyId": "",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
}
# The scope goes first: a policy is checked against it.
_SUBSCRIPTION_DEFAULTS: Final[Mapping[str, str]] = {
    "FilterPolicyScope": "MessageAttributes",
    "FilterPolicy": "",
    "RawMessageDelivery": "",
    "DeliveryPolicy": "",
    "RedrivePolicy": "",
    "SubscriptionRoleArn": "",
}


class Topic(HoldsNothing):
    """A topic with the subscriptions that its template lists. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        **reads("ContentBasedDeduplication DisplayName FifoTopic KmsMasterKeyId Tags TopicName"),
        **reads(Subscription=reads("Endpoint Protocol")),
        **records("ArchivePolicy DataProtectionPolicy DeliveryStatusLogging FifoThroughputScope MaximumMessageSize"),
        **records("SignatureVersion TracingConfig"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the topic, then its subscriptions."""
        properties = resource.properties
        sns = context.client("sns", resource)
        fifo = as_flag(properties.get("FifoTopic"))
        name = properties.get("TopicName") or resource.generated_name(length_max=256, ending=".fifo" if fifo else "")
        arn = f"arn:{partition_of(resource.region)}:sns:{resource.region}:{resource.account_id}:{name}"
        if properties.get("TopicName") and is_there(lambda: sns.get_topic_attributes(TopicArn=arn), *_GONE):
            raise already_exists(resource, arn, "TopicName")
        attributes = {key: as_text(properties[key]) for key in _TOPIC_DEFAULTS if properties.get(key) is not None}
        if fifo:
            attributes["FifoTopic"] = "true"
            attributes["ContentBasedDeduplication"] = as_text(as_flag(properties.get("ContentBasedDeduplication")))
        tags = pairs(tag_map(properties.get("Tags")))
        sns.create_topic(Name=name, Attributes=attributes, **({"Tags": tags} if tags else {}))
        with undone_on_failure(lambda: sns.delete_topic(TopicArn=arn)):
            for subscription in properties.get("Subscription") or ():
                _subscribe(sns, arn, subscription)
        return Provisioned(physical_id=arn, attributes={"TopicArn": arn, "TopicName": name})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets the attributes and tags that differ, subscribes what is new and unsubscribes what is gone."""
        sns = context.client("sns", resource)
        arn = created.provisioned.physical_id
        settings = [
            *(_topic_attribute(sns, arn, name, default) for name, default in _TOPIC_DEFAULTS.items()),
            Setting(("Subscription",), lambda old, new: _resubscribe(sns, arn, old, new)),
            tags_setting(
                lambda tags: sns.tag_resource(ResourceArn=arn, Tags=pairs(tags)),
                lambda keys: sns.untag_resource(ResourceArn=arn, TagKeys=keys),
            ),
        ]
        if as_flag(resource.properties.get("FifoTopic")):
            settings.append(_topic_attribute(sns, arn, "ContentBasedDeduplication", "false"))
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the topic with its subscriptions."""
        sns = context.client("sns", created.resource)
        with unless_gone(*_GONE):
            for subscription in _subscriptions(sns, created.provisioned.physical_id):
                sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
            sns.delete_topic(TopicArn=created.provisioned.physical_id)


class Subscription(HoldsNothing):
    """A subscription. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        **reads("Endpoint FilterPolicy FilterPolicyScope Protocol RawMessageDelivery RedrivePolicy"),
        **reads("SubscriptionRoleArn TopicArn"),
        **records("DeliveryPolicy Region"),
        "ReplayPolicy": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Subscribes the endpoint."""
        sns = self._client(resource, context)
        wanted = _subscription_attributes(resource.properties)
        attributes = {key: value for key, value in wanted.items() if value != _SUBSCRIPTION_DEFAULTS[key]}
        arn = _subscribe(sns, resource.properties["TopicArn"], resource.properties, attributes)
        return Provisioned(physical_id=arn, attributes={"Arn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets the attributes that differ."""
        sns = self._client(resource, context)
        arn = created.provisioned.physical_id

        def setting(name: str) -> Setting:
            return Setting(
                (name,),
                lambda _, new: sns.set_subscription_attributes(
                    SubscriptionArn=arn, AttributeName=name, AttributeValue=_subscription_attributes(new)[name]
                ),
            )

        old, new = created.resource.properties, resource.properties
        if old.get("FilterPolicyScope") != new.get("FilterPolicyScope"):
            # moto reads a policy in the scope that stands when the policy is set.
            def filter_policy(_: Properties, wanted: Properties) -> None:
                for name in ("FilterPolicyScope", "FilterPolicy"):
                    setting(name).apply(_, wanted)

            filtering = [Setting(("FilterPolicyScope", "FilterPolicy"), filter_policy)]
        else:
            filtering = [setting("FilterPolicy")]
        rest = [setting(name) for name in _SUBSCRIPTION_DEFAULTS if not name.startswith("Filter")]
        change([*filtering, *rest], old, new)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Unsubscribes the endpoint."""
        with unless_gone(*_GONE):
            self._client(created.resource, context).unsubscribe(SubscriptionArn=created.provisioned.physical_id)

    def _client(self, resource: Resource, context: Context) -> Any:
        """The topic's region: a subscription may belong to a stack in another."""
        region = resource.properties.get("Region") or resource.properties["TopicArn"].split(":")[3]
        return context.account.client("sns", region, resource.account_id)


class TopicPolicy(HoldsNothing):
    """The policy of some topics."""

    properties: ClassVar[PropertyTree] = reads("PolicyDocument Topics")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy on each topic."""
        identity = resource.generated_name(length_max=80)
        self._change(resource, {}, resource.properties, context)
        return Provisioned(physical_id=identity, attributes={"Id": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy on each topic; those that are no more named get the default one."""
        self._change(resource, created.resource.properties, resource.properties, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Gives each topic the default policy."""
        self._change(created.resource, created.resource.properties, {}, context)

    def _change(self, resource: Resource, old: Properties, new: Properties, context: Context) -> None:
        sns = context.client("sns", resource)

        def setting(arn: str) -> Setting:
            def apply(_: Properties, now: Properties) -> None:
                named = arn in (now.get("Topics") or ())
                _put_policy(sns, arn, now["PolicyDocument"] if named else None)

            return Setting(("Topics", "PolicyDocument"), apply)

        topics = dict.fromkeys([*(old.get("Topics") or ()), *(new.get("Topics") or ())])
        change([setting(arn) for arn in topics], old, new)


class TopicInlinePolicy(HoldsNothing):
    """The policy of one topic. `Ref` gives the topic's ARN."""

    properties: ClassVar[PropertyTree] = reads("PolicyDocument TopicArn")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy on the topic."""
        arn = resource.properties["TopicArn"]
        _put_policy(context.client("sns", resource), arn, resource.properties["PolicyDocument"])
        return Provisioned(physical_id=arn)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the new policy on the topic."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Gives the topic the default policy."""
        _put_policy(context.client("sns", created.resource), created.provisioned.physical_id, None)


def _put_policy(sns: Any, arn: str, policy: object) -> None:
    """Sets a topic's policy; None for the default, and for a topic that may be gone."""
    if policy is not None:
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=as_text(policy))
        return
    with unless_gone(*_GONE):
        default = as_text(_default_policy(arn))
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=default)


def _default_policy(arn: str) -> dict[str, Any]:
    """Source: SNS Developer Guide, "Default topic policy" (the owner may do everything with the topic)."""
    actions = (
        *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic"),
        *("Subscribe", "ListSubscriptionsByTopic", "Publish"),
    )
    statement = {
        "Effect": "Allow",
        "Sid": "__default_statement_ID",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": arn.split(":")[4]}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}


def _topic_attribute(sns: Any, arn: str, name: str, default: str) -> Setting:
    def apply(_: Properties, new: Properties) -> None:
        value = default if new.get(name) is None else as_text(new[name])
        sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)

    return Setting((name,), apply)


def _subscription_attributes(properties: Properties) -> dict[str, str]:
    given = {key: as_text(properties[key]) for key in _SUBSCRIPTION_DEFAULTS if properties.get(key) is not None}
    # moto 5.2 takes any text for true.
    raw = {"RawMessageDelivery": "true" if as_flag(properties.get("RawMessageDelivery")) else ""}
    return {**_SUBSCRIPTION_DEFAULTS, **given, **raw}


def _subscribe(
    sns: Any, topic_arn: str, subscription: Mapping[str, Any], attributes: Mapping[str, str] | None = None
) -> str:
    arn: str = sns.subscribe(
        TopicArn=topic_arn,
        Protocol=subscription["Protocol"],
        ReturnSubscriptionArn=True,
        **({"Endpoint": subscription["Endpoint"]} if subscription.get("Endpoint") else {}),
        **({"Attributes": attributes} if attributes else {}),
    )["SubscriptionArn"]
    return arn


def _subscriptions(sns: Any, topic_arn: str) -> list[dict[str, str]]:
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
    return [subscription for page in pages for subscription in page["Subscriptions"]]


def _resubscribe(sns: Any, topic_arn: str, old: Properties, new: Properties) -> None:
    gone, added = difference(old.get("Subscription"), new.get("Subscription"))
    for subscription in _subscriptions(sns, topic_arn) if gone else ():
        if {"Endpoint": subscription["Endpoint"], "Protocol": subscription["Protocol"]} in gone:
            sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    for subscription in added:
        _subscribe(sns, topic_arn, subscription)
