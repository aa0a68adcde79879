"""`AWS::Logs::SubscriptionFilter`, `AWS::Logs::MetricFilter` and `AWS::Logs::AccountPolicy`.

Lines that a pattern means are sent on, and measured, while the harness runs; how they are spread over a stream's shards
is by log stream, whatever `Distribution` says.
Source: CloudFormation Template Reference, "AWS::Logs::SubscriptionFilter" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.service_call import as_text, call
from lambdakit.harness.deployment.settings import HoldsNothing, already_exists, remake, unless_gone

_GONE: Final = ("ResourceNotFoundException",)


class SubscriptionFilter(HoldsNothing):
    """Sends a group's lines on. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("DestinationArn FilterName FilterPattern LogGroupName RoleArn"),
        **records("ApplyOnTransformedLogs Distribution EmitSystemFields FieldSelectionCriteria"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the filter."""
        logs = context.client("logs", resource)
        name = _name(resource, logs, "describe_subscription_filters", "subscriptionFilters")
        call(logs, "put_subscription_filter", resource.properties, FilterName=name)
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes the filter anew: moto refuses to change one of two."""
        return remake(self, created, resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the filter."""
        with unless_gone(*_GONE):
            context.client("logs", created.resource).delete_subscription_filter(
                logGroupName=created.resource.properties["LogGroupName"],
                filterName=created.provisioned.physical_id,
            )


class MetricFilter(HoldsNothing):
    """Makes metric values of a group's lines. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "FilterName FilterPattern LogGroupName",
            MetricTransformations=reads(
                "DefaultValue MetricName MetricNamespace MetricValue Unit", Dimensions=reads("Key Value")
            ),
        ),
        **records("ApplyOnTransformedLogs EmitSystemFieldDimensions FieldSelectionCriteria"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the filter."""
        logs = context.client("logs", resource)
        name = _name(resource, logs, "describe_metric_filters", "metricFilters")
        call(logs, "put_metric_filter", resource.properties, FilterName=name)
        return Provisioned(physical_id=name)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the filter anew."""
        name = created.provisioned.physical_id
        call(context.client("logs", resource), "put_metric_filter", resource.properties, FilterName=name)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the filter."""
        with unless_gone(*_GONE):
            context.client("logs", created.resource).delete_metric_filter(
                logGroupName=created.resource.properties["LogGroupName"],
                filterName=created.provisioned.physical_id,
            )


class AccountPolicy(HoldsNothing):
    """Means the account's groups: its subscription filter is served, other types are kept.

    `Ref` gives the account, the type and the name, in the order of the primary identifier in the type's schema.
    """

    properties: ClassVar[PropertyTree] = reads("PolicyDocument PolicyName PolicyType Scope SelectionCriteria")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the policy."""
        logs, named = context.client("logs", resource), _policy(resource)
        if logs.describe_account_policies(**named)["accountPolicies"]:
            raise already_exists(resource, named["policyName"], "PolicyName")
        _put_policy(resource, context)
        identifier = f"{resource.account_id}|{named['policyType']}|{named['policyName']}"
        return Provisioned(physical_id=identifier, attributes={"AccountId": resource.account_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the policy anew."""
        _put_policy(resource, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the policy."""
        with unless_gone(*_GONE):
            context.client("logs", created.resource).delete_account_policy(**_policy(created.resource))


def _policy(resource: Resource) -> dict[str, str]:
    return {name: resource.properties[f"P{name[1:]}"] for name in ("policyName", "policyType")}


def _put_policy(resource: Resource, context: Context) -> None:
    document = as_text(resource.properties["PolicyDocument"])
    call(context.client("logs", resource), "put_account_policy", resource.properties, PolicyDocument=document)


def _name(resource: Resource, logs: Any, describe: str, listed: str) -> str:
    """The filter's name, given and not taken, or generated."""
    given = resource.properties.get("FilterName")
    if given is None:
        return resource.generated_name(length_max=512)
    found = getattr(logs, describe)(logGroupName=resource.properties["LogGroupName"], filterNamePrefix=given)[listed]
    if any(item["filterName"] == given for item in found):
        raise already_exists(resource, given, "FilterName")
    return str(given)
