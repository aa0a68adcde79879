"""`AWS::Events::Rule`.

The rule and its targets stand in the account. Nothing fires them yet: the schedule, the pattern and the targets are
recorded.
Source: CloudFormation Template Reference, "AWS::Events::Rule".
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure


class Rule:
    """A rule. `Ref` gives its name, behind its bus's name when that is not the default bus."""

    properties: ClassVar[PropertyTree] = {
        "Description": READ,
        "EventBusName": READ,
        "EventPattern": RECORDED,
        "Name": READ,
        "RoleArn": RECORDED,
        "ScheduleExpression": RECORDED,
        "State": READ,
        "Tags": RECORDED,
        "Targets": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the rule with its targets."""
        properties = resource.properties
        events = context.account.client("events", resource.region)
        name = properties.get("Name") or resource.generated_name(length_max=64)
        arguments: dict[str, Any] = {
            key: properties[key]
            for key in ("Description", "EventBusName", "RoleArn", "ScheduleExpression", "State")
            if key in properties
        }
        if "EventPattern" in properties:
            pattern = properties["EventPattern"]
            arguments["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
        arn = events.put_rule(Name=name, **arguments)["RuleArn"]
        bus = properties.get("EventBusName")
        provisioned = Provisioned(physical_id=f"{bus}|{name}" if bus else name, attributes={"Arn": arn})
        with undone_on_failure(lambda: self.delete(Created(resource=resource, provisioned=provisioned), context)):
            if properties.get("Targets"):
                events.put_targets(Rule=name, Targets=properties["Targets"], **_bus(properties))
        return provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the rule with its targets."""
        events = context.account.client("events", created.resource.region)
        name = created.provisioned.physical_id.rpartition("|")[2]
        bus = _bus(created.resource.properties)
        try:
            targets = events.list_targets_by_rule(Rule=name, **bus)["Targets"]
            if targets:
                events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets], **bus)
            events.delete_rule(Name=name, **bus)
        except events.exceptions.ResourceNotFoundException:
            return

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _bus(properties: Any) -> dict[str, str]:
    bus = properties.get("EventBusName")
    return {"EventBusName": bus} if bus else {}
