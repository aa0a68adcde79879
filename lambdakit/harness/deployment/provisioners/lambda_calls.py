"""Operations of the Lambda API, called with a CloudFormation type's properties, checked as the API checks them.

Source: CloudFormation provider schemas, whose handlers call these operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambdakit.harness.deployment.provisioner import Context, Created, Resource, ResourceRefused
from lambdakit.harness.deployment.request_shapes import convert, matching
from lambdakit.harness.deployment.service_call import tag_map
from lambdakit.harness.lambda_service.api_model import shared_model
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.input_validation import check_input
from lambdakit.harness.lambda_service.operations.operation import OperationContext
from lambdakit.harness.lambda_service.operations.registry import OPERATIONS


def call_lambda(
    operation: str, properties: Mapping[str, Any], resource: Resource, context: Context, **members: Any
) -> Mapping[str, Any]:
    """The operation's output. ServiceFault, or ResourceRefused for a value of another type, when it is refused.

    properties: those that are members of the operation are given to it. members: given as they are, before those.
    """
    shape = shared_model().operation(operation).input_shape
    given: dict[str, Any] = {}
    for member, name in matching(shape, properties, {}):
        try:
            value = convert(shape.members[member], properties[name])
        except (ValueError, TypeError) as error:
            raise ResourceRefused(f"{name}: {error}", property_pointer=name) from None
        if shape.members[member].type_name == "timestamp":
            value = datetime.fromtimestamp(float(value), UTC)
        given[member] = value
    given |= {name: value for name, value in members.items() if value is not None}
    check_input(shape, given)
    return OPERATIONS[operation](given, operation_context(resource, context))


def gone_or(operation: str, resource: Resource, context: Context, **members: Any) -> None:
    """Calls an operation that deletes; what is not there is deleted already."""
    try:
        call_lambda(operation, {}, resource, context, **members)
    except ServiceFault as fault:
        if fault.code != "ResourceNotFoundException":
            raise


def retag(created: Created, resource: Resource, context: Context, arn: str) -> None:
    """Gives what is at `arn` the tags that the template says now; the operations that update it take none."""
    before, after = (tag_map(each.properties.get("Tags")) for each in (created.resource, resource))
    gone = [key for key in before if key not in after]
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    if gone:
        call_lambda("UntagResource", {}, resource, context, Resource=arn, TagKeys=gone)
    if changed:
        call_lambda("TagResource", {}, resource, context, Resource=arn, Tags=changed)


def operation_context(resource: Resource, context: Context) -> OperationContext:
    """What the operations work with, in the resource's account and region."""
    return OperationContext(
        functions=context.functions_of(resource),
        layers=context.layers,
        code=context.code,
        account=context.account,
        clock=context.clock,
        region=resource.region,
        roles=context.roles,
    )
