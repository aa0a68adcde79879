"""Resource policies: who may call a function, version, alias or layer version; and the statements that say so.

Source: AWS Lambda API Reference, "AddPermission", "RemovePermission" and "GetPolicy"; AWS Lambda Developer Guide,
"Viewing resource-based IAM policies in Lambda" (the statement's form).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_record import ResourcePolicy, StoredFunction
from lambdakit.harness.lambda_service.function_table import FunctionTable, check_revision, new_revision
from lambdakit.limits import RESOURCE_POLICY_BYTES_MAX

_PRINCIPAL_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::([0-9]{12}):.+")


class ResourcePolicies:
    """The policies of the functions of a table. Each qualifier has its own; the empty one is the function's."""

    def __init__(self, table: FunctionTable) -> None:
        self._table = table

    def add(
        self,
        name: str,
        region: str,
        *,
        qualifier: str,
        statement_id: str,
        statement: Mapping[str, object],
        revision_id: str | None = None,
    ) -> None:
        """Adds a statement. ResourceConflictException when its id is taken; PolicyLengthExceededException."""
        with self._table.lock:
            function = self._table.get(name, region)
            policy = function.policies.get(qualifier) or ResourcePolicy()
            check_revision(revision_id, _revision(function, qualifier, policy), read_with="GetPolicy")
            add_statement(policy, statement_id, statement)
            function.policies[qualifier] = policy

    def remove(
        self, name: str, region: str, *, qualifier: str, statement_id: str, revision_id: str | None = None
    ) -> None:
        """Removes a statement. ResourceNotFoundException when it is not there."""
        with self._table.lock:
            function = self._table.get(name, region)
            policy = function.policies.get(qualifier) or ResourcePolicy()
            check_revision(revision_id, _revision(function, qualifier, policy), read_with="GetPolicy")
            remove_statement(policy, statement_id)

    def statements(self, name: str, region: str, *, qualifier: str) -> Sequence[Mapping[str, object]]:
        """The statements of a policy; none when there is no policy."""
        with self._table.lock:
            policy = self._table.get(name, region).policies.get(qualifier)
            return [] if policy is None else list(policy.statements.values())

    def document(self, name: str, region: str, *, qualifier: str) -> tuple[str, str]:
        """The policy as JSON, and its revision. ResourceNotFoundException when it has no statement."""
        with self._table.lock:
            function = self._table.get(name, region)
            policy = function.policies.get(qualifier)
            if policy is None or not policy.statements:
                raise ServiceFault("ResourceNotFoundException", "The resource you requested does not exist.")
            return document_of(policy), _revision(function, qualifier, policy)


def add_statement(policy: ResourcePolicy, statement_id: str, statement: Mapping[str, object]) -> None:
    """Adds a statement to a policy, which stays as it is when that is refused."""
    if statement_id in policy.statements:
        raise ServiceFault(
            "ResourceConflictException",
            f"The statement id ({statement_id}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement.",
        )
    grown = ResourcePolicy(statements={**policy.statements, statement_id: statement})
    size = len(document_of(grown).encode())
    if size > RESOURCE_POLICY_BYTES_MAX:
        raise ServiceFault(
            "PolicyLengthExceededException",
            f"The final policy size ({size}) is bigger than the limit ({RESOURCE_POLICY_BYTES_MAX}).",
        )
    policy.statements[statement_id] = statement
    policy.revision_id = new_revision()


def remove_statement(policy: ResourcePolicy, statement_id: str) -> None:
    """Removes a statement from a policy. ResourceNotFoundException when it is not there."""
    if statement_id not in policy.statements:
        raise ServiceFault("ResourceNotFoundException", f"Statement {statement_id} is not found in resource policy.")
    del policy.statements[statement_id]
    policy.revision_id = new_revision()


def document_of(policy: ResourcePolicy) -> str:
    """The policy's JSON, as `GetPolicy` returns it."""
    statements = list(policy.statements.values())
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": statements}, separators=(",", ":"))


def invocation_statement(statement_id: str, resource: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The statement that a permission becomes. given: members of AddPermission, or of AWS::Lambda::Permission.

    InvalidParameterValueException for a principal that is none, and for a URL's condition on another action.
    """
    action = str(given.get("Action"))
    if given.get("FunctionUrlAuthType") is not None and action != "lambda:InvokeFunctionUrl":
        raise ServiceFault(
            "InvalidParameterValueException",
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
        )
    statement: dict[str, Any] = {
        "Sid": statement_id,
        "Effect": "Allow",
        "Principal": _principal(str(given.get("Principal"))),
        "Action": action,
        "Resource": resource,
    }
    condition: dict[str, dict[str, Any]] = {}
    for name, operator, key in _CONDITIONS:
        value = given.get(name)
        if value is not None:
            condition.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else value
    return {**statement, "Condition": condition} if condition else statement


def layer_statement(statement_id: str, layer_version_arn: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The statement that a permission to use a layer version becomes. given: members of AddLayerVersionPermission."""
    statement: dict[str, Any] = {
        "Sid": statement_id,
        "Effect": "Allow",
        "Principal": _principal(str(given.get("Principal"))),
        "Action": given.get("Action"),
        "Resource": layer_version_arn,
    }
    organization = given.get("OrganizationId")
    if organization is None:
        return statement
    return {**statement, "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}}}


def _principal(text: str) -> object:
    if text == "*":
        return "*"
    if text.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")):
        return {"Service": text}
    if re.fullmatch("[0-9]{12}", text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _PRINCIPAL_ARN.fullmatch(text):
        return {"AWS": text}
    raise ServiceFault(
        "InvalidParameterValueException",
        "The provided principal was invalid. Please check the principal and try again.",
    )


# Member of AddPermission, the operator and the key of the condition that it becomes.
_CONDITIONS = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
)


def _revision(function: StoredFunction, qualifier: str, policy: ResourcePolicy) -> str:
    """The policy's, once it has one of its own; else that of the version or alias it belongs to."""
    alias = function.aliases.get(qualifier)
    if policy.revision_id:
        return policy.revision_id
    if alias is not None:
        return alias.revision_id
    record = function.version(qualifier)
    return "" if record is None else record.revision_id
