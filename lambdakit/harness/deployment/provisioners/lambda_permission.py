"""`AWS::Lambda::Permission`: a statement of a function's resource policy.

Source: CloudFormation Template Reference, "AWS::Lambda::Permission"; the statement's form: AWS Lambda API Reference,
"AddPermission".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.lambda_version import named_function


class LambdaPermission:
    """A permission to invoke. `Ref` gives the statement's id."""

    properties: ClassVar[PropertyTree] = {
        "Action": READ,
        "EventSourceToken": READ,
        "FunctionName": READ,
        "FunctionUrlAuthType": READ,
        "InvokedViaFunctionUrl": READ,
        "Principal": READ,
        "PrincipalOrgID": READ,
        "SourceAccount": READ,
        "SourceArn": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Adds the statement to the policy of the function, version or alias."""
        function = named_function(resource, resource.properties.get("FunctionName"))
        context.functions.resolve(function.arn)
        statement_id = resource.generated_name(length_max=100)
        context.functions.add_permission(
            function.name,
            function.region,
            qualifier=function.qualifier,
            statement_id=statement_id,
            statement=_statement(statement_id, function.arn, resource.properties),
        )
        return Provisioned(physical_id=statement_id, attributes={"Id": statement_id})

    def delete(self, created: Created, context: Context) -> None:
        """Removes the statement."""
        function = named_function(created.resource, created.resource.properties.get("FunctionName"))
        context.functions.remove_permission(
            function.name,
            function.region,
            qualifier=function.qualifier,
            statement_id=created.provisioned.physical_id,
        )

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _statement(statement_id: str, arn: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    principal = str(properties.get("Principal"))
    if principal == "*":
        named: object = "*"
    elif principal.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")):
        named = {"Service": principal}
    else:
        named = {"AWS": principal if ":" in principal else f"arn:aws:iam::{principal}:root"}
    condition: dict[str, dict[str, Any]] = {}
    for name, operator, key in _CONDITIONS:
        value = properties.get(name)
        if value is not None:
            condition.setdefault(operator, {})[key] = value
    statement = {
        "Sid": statement_id,
        "Effect": "Allow",
        "Principal": named,
        "Action": properties.get("Action"),
        "Resource": arn,
    }
    return {**statement, "Condition": condition} if condition else statement


_CONDITIONS = (
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
)
