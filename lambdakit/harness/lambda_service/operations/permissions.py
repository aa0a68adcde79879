"""Resource policies of functions, versions and aliases."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_record import LATEST
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.harness.lambda_service.resource_policies import invocation_statement


def _add(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    if named.qualifier == LATEST:
        # API AddPermission: "Lambda does not support adding policies to version $LATEST."
        raise ServiceFault("InvalidParameterValueException", "We currently do not support adding policies for $LATEST.")
    statement = invocation_statement(given["StatementId"], named.arn, given)
    context.functions.policies.add(
        named.name,
        named.region,
        qualifier=named.qualifier,
        statement_id=given["StatementId"],
        statement=statement,
        revision_id=given.get("RevisionId"),
    )
    return {"Statement": json.dumps(statement, separators=(",", ":"))}


def _remove(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    context.functions.policies.remove(
        named.name,
        named.region,
        qualifier=named.qualifier,
        statement_id=given["StatementId"],
        revision_id=given.get("RevisionId"),
    )
    return {}


def _get(given: Input, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    document, revision = context.functions.policies.document(named.name, named.region, qualifier=named.qualifier)
    return {"Policy": document, "RevisionId": revision}


OPERATIONS: Mapping[str, Operation] = {"AddPermission": _add, "GetPolicy": _get, "RemovePermission": _remove}
