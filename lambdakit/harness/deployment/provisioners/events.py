"""`AWS::Events::Rule`.

Source: CloudFormation Template Reference, "AWS::Events::Rule".
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.provisioners.event_targets import TARGETS, as_target
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    already_exists,
    change,
    is_there,
    pairs,
    tags_setting,
    unless_gone,
    without,
)

_GONE: Final = ("ResourceNotFoundException",)
_FIELDS: Final = ("Description", "EventPattern", "RoleArn", "ScheduleExpression", "State")


class Rule(HoldsNothing):
    """A rule. `Ref` gives its name, behind its bus's name when that is not the default bus."""

    properties: ClassVar[PropertyTree] = {
        **reads("Description EventBusName EventPattern Name RoleArn ScheduleExpression State Tags"),
        "Targets": TARGETS,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the rule with its targets."""
        properties = resource.properties
        events = context.client("events", resource)
        name = properties.get("Name") or resource.generated_name(length_max=64)
        bus = _bus(properties)
        taken = properties.get("Name") and is_there(lambda: events.describe_rule(Name=name, **bus), *_GONE)
        if taken:
            raise already_exists(resource, name, "Name")
        arn = call(events, "put_rule", without(properties, "Targets"), Name=name)["RuleArn"]
        bus_name = (properties.get("EventBusName") or "").rpartition("/")[2]
        provisioned = Provisioned(
            physical_id=f"{bus_name}|{name}" if bus_name not in ("", "default") else name,
            attributes={"Arn": arn, "RuleName": name},
        )
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            _put_targets(events, name, {}, properties)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the rule anew, and those of its targets that differ."""
        events = context.client("events", resource)
        name, arn = created.provisioned.attributes["RuleName"], created.provisioned.attributes["Arn"]
        settings = [
            Setting(
                _FIELDS,
                lambda _, new: call(events, "put_rule", without(new, "Targets", "Tags"), Name=name),
            ),
            Setting(("Targets",), lambda old, new: _put_targets(events, name, old, new)),
            tags_setting(
                lambda tags: events.tag_resource(ResourceARN=arn, Tags=pairs(tags)),
                lambda keys: events.untag_resource(ResourceARN=arn, TagKeys=keys),
            ),
        ]
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the rule with its targets."""
        events = context.client("events", created.resource)
        name = created.provisioned.attributes["RuleName"]
        bus = _bus(created.resource.properties)
        with unless_gone(*_GONE):
            targets = events.list_targets_by_rule(Rule=name, **bus)["Targets"]
            if targets:
                events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets], **bus)
            events.delete_rule(Name=name, **bus)


def _put_targets(events: Any, name: str, old: Properties, new: Properties) -> None:
    bus = _bus(new or old)
    before = {target["Id"]: target for target in old.get("Targets") or ()}
    after = {target["Id"]: target for target in new.get("Targets") or ()}
    gone = [identity for identity in before if identity not in after]
    if gone:
        events.remove_targets(Rule=name, Ids=gone, **bus)
    changed = [as_target(target) for identity, target in after.items() if before.get(identity) != target]
    if changed:
        call(events, "put_targets", Rule=name, Targets=changed, **bus)


def _bus(properties: Properties) -> dict[str, str]:
    bus = properties.get("EventBusName")
    return {"EventBusName": bus} if bus else {}
