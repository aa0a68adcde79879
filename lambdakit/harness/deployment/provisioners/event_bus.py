"""`AWS::Events::EventBus`, `EventBusPolicy` and `Archive`.

Source: CloudFormation Template Reference, "AWS::Events::EventBus" and the pages beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    pairs,
    tags_setting,
    unless_gone,
)
from lambdakit.harness.moto_state import unserved

_GONE: Final = ("ResourceNotFoundException",)
_DEFAULT_BUS: Final = "default"


class EventBus(HoldsNothing):
    """An event bus. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("EventSourceName Name Policy Tags"),
        **records("DeadLetterConfig Description KmsKeyIdentifier LogConfig"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the bus with its policy."""
        properties = resource.properties
        events = context.client("events", resource)
        name = properties["Name"]
        arn = call(events, "create_event_bus", properties)["EventBusArn"]
        with undone_on_failure(lambda: events.delete_event_bus(Name=name)):
            change([_policy_setting(events, name)], {}, properties)
        return Provisioned(physical_id=name, attributes={"Arn": arn, "Name": name})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy and the tags that differ."""
        events = context.client("events", resource)
        name, arn = created.provisioned.physical_id, created.provisioned.attributes["Arn"]
        tags = tags_setting(
            lambda tags: events.tag_resource(ResourceARN=arn, Tags=pairs(tags)),
            lambda keys: events.untag_resource(ResourceARN=arn, TagKeys=keys),
        )
        change([_policy_setting(events, name), tags], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the bus."""
        with unless_gone(*_GONE):
            context.client("events", created.resource).delete_event_bus(Name=created.provisioned.physical_id)


class EventBusPolicy(HoldsNothing):
    """A statement of a bus's policy. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = reads(
        "Action EventBusName Principal Statement StatementId", Condition=reads("Key Type Value")
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Adds the statement."""
        properties = resource.properties
        _put_statement(context.client("events", resource), properties)
        bus = properties.get("EventBusName") or _DEFAULT_BUS
        # CloudFormation Template Reference, "AWS::Events::EventBusPolicy": Return values.
        return Provisioned(physical_id=f"{bus}|{properties['StatementId']}")

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the statement in the place of the one before."""
        events = context.client("events", resource)
        names = ("Action", "Principal", "Statement", "Condition")
        setting = Setting(names, lambda _, new: _put_statement(events, new))
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Takes the statement away."""
        events = context.client("events", created.resource)
        with unless_gone(*_GONE):
            _remove_statements(
                events, _bus_name(created.resource.properties), [created.resource.properties["StatementId"]]
            )


class Archive(HoldsNothing):
    """An archive of a bus's events. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("ArchiveName Description EventPattern RetentionDays SourceArn"),
        **records("KmsKeyIdentifier"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the archive."""
        properties = resource.properties
        name = properties.get("ArchiveName") or resource.generated_name(length_max=48)
        arn = call(
            context.client("events", resource),
            "create_archive",
            properties,
            ArchiveName=name,
            EventSourceArn=properties["SourceArn"],
            Description=properties.get("Description", ""),
            RetentionDays=properties.get("RetentionDays", 0),
        )["ArchiveArn"]
        return Provisioned(physical_id=name, attributes={"Arn": arn, "ArchiveName": name})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what the archive takes and for how long."""
        events = context.client("events", resource)
        name = created.provisioned.physical_id

        def fields(_: Properties, new: Properties) -> None:
            call(events, "update_archive", new, ArchiveName=name)
            unserved.set_archive_terms(
                resource.account_id,
                resource.region,
                name,
                description=new.get("Description") or "",
                retention_days=int(new.get("RetentionDays") or 0),
                takes_everything=not new.get("EventPattern"),
            )

        setting = Setting(("Description", "EventPattern", "RetentionDays"), fields)
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the archive with what it holds."""
        with unless_gone(*_GONE):
            context.client("events", created.resource).delete_archive(ArchiveName=created.provisioned.physical_id)


def _policy_setting(events: Any, bus: str) -> Setting:
    def apply(old: Properties, new: Properties) -> None:
        after = _statements(new.get("Policy"))
        kept = {statement["Sid"] for statement in after}
        _remove_statements(
            events, bus, [item["Sid"] for item in _statements(old.get("Policy")) if item["Sid"] not in kept]
        )
        if after:
            _put_policy(events, bus, after)

    return Setting(("Policy",), apply)


def _put_statement(events: Any, properties: Properties) -> None:
    bus, sid = _bus_name(properties), properties["StatementId"]
    statement = properties.get("Statement")
    _remove_statements(events, bus, [sid])
    if statement is not None:
        given = json.loads(statement) if isinstance(statement, str) else statement
        _put_policy(events, bus, [{"Sid": sid, **given}])
    else:
        call(events, "put_permission", {**properties, "EventBusName": bus})


def _put_policy(events: Any, bus: str, statements: list[Mapping[str, Any]]) -> None:
    """Adds statements to a bus's policy. moto puts them in the place of others with the same principal: all go in."""
    sids = {statement["Sid"] for statement in statements}
    others = [statement for statement in _current(events, bus) if statement["Sid"] not in sids]
    policy = {"Version": "2012-10-17", "Statement": [*others, *statements]}
    events.put_permission(EventBusName=bus, Policy=json.dumps(policy))


def _remove_statements(events: Any, bus: str, sids: list[str]) -> None:
    present = {statement["Sid"] for statement in _current(events, bus)}
    for sid in sids:
        if sid in present:
            events.remove_permission(EventBusName=bus, StatementId=sid)


def _current(events: Any, bus: str) -> list[Mapping[str, Any]]:
    return _statements(events.describe_event_bus(Name=bus).get("Policy"))


def _statements(policy: object) -> list[Mapping[str, Any]]:
    if not policy:
        return []
    document = json.loads(policy) if isinstance(policy, str) else policy
    assert isinstance(document, Mapping)
    found = document.get("Statement") or []
    return [found] if isinstance(found, Mapping) else list(found)


def _bus_name(properties: Properties) -> str:
    return str(properties.get("EventBusName") or _DEFAULT_BUS)
