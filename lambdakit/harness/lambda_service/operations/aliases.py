"""Aliases."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from lambdakit.harness.lambda_service.function_output import alias_output
from lambdakit.harness.lambda_service.function_record import Alias
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.paging import page_of


def _create(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)
    alias = Alias(
        name=given["Name"],
        version=given["FunctionVersion"],
        description=given.get("Description") or "",
        routing=_weights(given),
    )
    created = context.functions.create_alias(named.name, named.region, alias)
    return alias_output(_arn(given, context), created)


def _get(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)
    return alias_output(_arn(given, context), context.functions.alias(named.name, named.region, given["Name"]))


def _update(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)

    def change(current: Alias) -> Alias:
        return dataclasses.replace(
            current,
            version=given.get("FunctionVersion", current.version),
            description=given.get("Description", current.description),
            routing=_weights(given) if "RoutingConfig" in given else current.routing,
        )

    updated = context.functions.update_alias(
        named.name, named.region, given["Name"], change, revision_id=given.get("RevisionId")
    )
    return alias_output(_arn(given, context), updated)


def _delete(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)
    context.functions.delete_alias(named.name, named.region, given["Name"])
    return {}


def _list(given: Input, context: OperationContext) -> Output:
    named = context.name_of(given)
    aliases = context.functions.aliases(named.name, named.region)
    version = given.get("FunctionVersion")
    chosen = [alias for alias in aliases if version is None or version in (alias.version, *alias.routing)]
    page, marker = page_of(chosen, given, key=lambda alias: alias.name, most=10_000)
    arn = _arn(given, context)
    return {"Aliases": [alias_output(arn, alias) for alias in page], "NextMarker": marker}


OPERATIONS: Mapping[str, Operation] = {
    "CreateAlias": _create,
    "DeleteAlias": _delete,
    "GetAlias": _get,
    "ListAliases": _list,
    "UpdateAlias": _update,
}


def _weights(given: Input) -> dict[str, float]:
    return dict((given.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def _arn(given: Input, context: OperationContext) -> str:
    return dataclasses.replace(context.name_of(given), qualifier="").arn
