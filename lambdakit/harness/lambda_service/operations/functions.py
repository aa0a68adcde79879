"""Functions: made, read, changed, deleted, listed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from lambdakit.harness.lambda_service.capacity_providers import on_capacity
from lambdakit.harness.lambda_service.code_source import read_code
from lambdakit.harness.lambda_service.execution_roles import check_execution_role
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.function_output import CREATING, UPDATING, Progress, configuration_output
from lambdakit.harness.lambda_service.function_record import LATEST, FunctionRecord
from lambdakit.harness.lambda_service.function_settings import changed_record, new_record, refuse_not_built, with_code
from lambdakit.harness.lambda_service.layers import LayerVersion
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.operations.tags import check_tags
from lambdakit.harness.lambda_service.paging import page_of


def _create(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)
    if named.account_id != context.functions.account_id:
        # No policy of a function that is not there lets another account make it.
        raise ServiceFault(
            "AccessDeniedException",
            f"Not authorized to perform: lambda:CreateFunction on resource: {named.arn} "
            "because no resource-based policy allows the lambda:CreateFunction action",
        )
    refuse_not_built(given)
    check_tags(given.get("Tags") or {})
    code = read_code(given["Code"], client=context.client, code=context.code)
    record = new_record(
        given,
        name=named.name,
        account_id=named.account_id,
        region=named.region,
        code=code,
        layers=_layers(given, context) or (),
    )
    record = on_capacity(record, context.functions.capacity_providers)
    made = record.configuration
    check_execution_role(context.roles, made.role, made.arn, made.dead_letter_target)
    signing = given.get("CodeSigningConfigArn") or ""
    if signing:
        context.functions.code_signing.get(signing, code="CodeSigningConfigNotFoundException")
    stored = context.functions.add(record, tags=given.get("Tags"))
    if signing:
        context.functions.change(named, lambda function: setattr(function, "code_signing_config", signing))
    return _changed(stored, given, context, CREATING)


def _get(given: Input, context: OperationContext) -> Output:
    named, record = context.existing(given)
    function = context.functions.stored(named)
    reserved = function.reserved_concurrency
    return {
        "Configuration": _configuration(named, record, context),
        "Code": {name: value for name, value in _code_location(record, context).items() if value},
        "Tags": dict(function.tags) or None,
        "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }


def _get_configuration(given: Input, context: OperationContext) -> Output:
    named, record = context.existing(given)
    return _configuration(named, record, context)


def _update_code(given: Input, context: OperationContext) -> Output:
    named = _latest(given, context)
    refuse_not_built(given)
    code = read_code(given, client=context.client, code=context.code)
    updated = context.functions.update(
        named.name,
        named.region,
        lambda record: with_code(record, code, given, given),
        revision_id=given.get("RevisionId"),
        dry_run=given.get("DryRun", False),
    )
    if given.get("DryRun"):
        return configuration_output(updated)
    return _changed(updated, given, context, UPDATING)


def _update_configuration(given: Input, context: OperationContext) -> Output:
    named = _latest(given, context)
    layers = _layers(given, context)
    if given.get("DurableConfig") and context.functions.record(named).configuration.durable is None:
        # Guide "Configure Lambda durable functions": only when the function is created
        raise ServiceFault(
            "InvalidParameterValueException", "Durable execution can only be enabled when a function is created."
        )
    if given.get("Role") or given.get("DeadLetterConfig"):
        changed = changed_record(context.functions.record(named), given, layers).configuration
        check_execution_role(context.roles, changed.role, changed.arn, changed.dead_letter_target)
    updated = context.functions.update(
        named.name,
        named.region,
        lambda record: on_capacity(changed_record(record, given, layers), context.functions.capacity_providers),
        revision_id=given.get("RevisionId"),
    )
    return configuration_output(updated, progress=UPDATING, vpc_of=lambda subnets: _vpc_of(subnets, context))


def _delete(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    if not named.qualifier:
        context.functions.delete(named.name, named.region)
    elif named.qualifier == LATEST:
        raise ServiceFault(
            "InvalidParameterValueException", "$LATEST version cannot be deleted without deleting the function."
        )
    elif not named.qualifier.isdigit():
        raise ServiceFault("InvalidParameterValueException", "Deletion of aliases is not currently supported.")
    else:
        context.functions.delete_version(named.name, named.region, named.qualifier)
    return {"StatusCode": 204}


def _list(given: Input, context: OperationContext) -> Output:
    if given.get("MasterRegion") not in (None, "ALL", context.region):
        return {"Functions": []}
    every_version = given.get("FunctionVersion") == "ALL"
    records: list[tuple[str, FunctionRecord]] = []
    for configuration in context.functions.functions(context.region):
        versions = context.functions.versions(configuration.name, context.region)
        records += (
            [(record.configuration.version, record) for record in versions] if every_version else [("", versions[0])]
        )
    page, marker = page_of(records, given, key=_place)
    return {"Functions": _listed(page), "NextMarker": marker}


def _list_versions(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    versions = context.functions.versions(named.name, named.region)
    page, marker = page_of([(record.configuration.version, record) for record in versions], given, key=_place)
    return {"Versions": _listed(page), "NextMarker": marker}


def _publish(given: Input, context: OperationContext) -> Output:
    named = _latest(given, context)
    refuse_not_built(given)
    published = context.functions.publish(
        named.name,
        named.region,
        description=given.get("Description") or "",
        code_sha256=given.get("CodeSha256"),
        revision_id=given.get("RevisionId"),
    )
    record = context.functions.record(dataclasses.replace(named, qualifier=published.version))
    return configuration_output(record, qualifier=published.version)


OPERATIONS: Mapping[str, Operation] = {
    "CreateFunction": _create,
    "DeleteFunction": _delete,
    "GetFunction": _get,
    "GetFunctionConfiguration": _get_configuration,
    "ListFunctions": _list,
    "ListVersionsByFunction": _list_versions,
    "PublishVersion": _publish,
    "UpdateFunctionCode": _update_code,
    "UpdateFunctionConfiguration": _update_configuration,
}


def _changed(record: FunctionRecord, given: Input, context: OperationContext, progress: Progress) -> Output:
    """The answer to a change of code; of the version made from it when `Publish` asks for one."""
    configuration = record.configuration
    qualifier = ""
    if given.get("Publish"):
        published = context.functions.publish(configuration.name, configuration.region)
        qualifier = published.version
        named = context.functions.parse(published.arn, qualifier)
        record = context.functions.record(named)
    return configuration_output(
        record, qualifier=qualifier, progress=progress, vpc_of=lambda subnets: _vpc_of(subnets, context)
    )


def _code_location(record: FunctionRecord, context: OperationContext) -> Output:
    if record.configuration.package_type == "Image":
        return record.code_location
    return {**record.code_location, "Location": context.code_link(record.configuration.code)}


def _configuration(named: FunctionName, record: FunctionRecord, context: OperationContext) -> Output:
    return configuration_output(record, qualifier=named.qualifier, vpc_of=lambda subnets: _vpc_of(subnets, context))


def _place(item: tuple[str, FunctionRecord]) -> str:
    """By name, `$LATEST` first, then the versions as numbers."""
    configuration = item[1].configuration
    return (
        f"{configuration.name}:{configuration.version:0>9}"
        if configuration.version != LATEST
        else f"{configuration.name}:"
    )


def _listed(records: Sequence[tuple[str, FunctionRecord]]) -> list[Output]:
    return [configuration_output(record, qualifier=qualifier, progress={}) for qualifier, record in records]


def _latest(given: Input, context: OperationContext) -> FunctionName:
    """The function to change; versions never change."""
    named = context.name_of(given)
    if named.qualifier not in ("", LATEST):
        raise ServiceFault(
            "InvalidParameterValueException", "Current operation does not support versions other than $LATEST"
        )
    context.functions.record(named)
    return named


def _layers(given: Input, context: OperationContext) -> Sequence[LayerVersion] | None:
    """The layer versions that are named, in order; None when the request says nothing of layers."""
    if "Layers" not in given:
        return None
    arns: list[str] = given["Layers"]
    if len({arn.rpartition(":")[0] for arn in arns}) < len(arns):
        raise ServiceFault(
            "InvalidParameterValueException",
            "Two different versions of the same layer are not allowed to be referenced in the same function.",
        )
    own = context.name_of(given).region
    if any(arn.split(":")[3:5] not in ([own, arn.split(":")[4]], ["", ""]) for arn in arns):
        # As users report it, for instance in TotalTechGeek/elysia-lambda, issue 2.
        raise ServiceFault(
            "InvalidParameterValueException",
            f"Layers are not in the same region as the function. Layers are expected to be in region {own}.",
        )
    return [context.layers.used(arn) for arn in arns]


def _vpc_of(subnets: tuple[str, ...], context: OperationContext) -> str:
    """The VPC of a function's subnets; empty when the account has no such subnet."""
    from botocore.exceptions import ClientError

    try:
        found = context.client("ec2").describe_subnets(SubnetIds=list(subnets[:1]))
    except ClientError:
        return ""
    return next((str(subnet["VpcId"]) for subnet in found["Subnets"]), "")
