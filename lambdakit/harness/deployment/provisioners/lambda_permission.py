"""`AWS::Lambda::Permission`: a statement of a function's resource policy.

Source: CloudFormation Template Reference, "AWS::Lambda::Permission"; the statement's form: AWS Lambda API Reference,
"AddPermission".
"""

from __future__ import annotations

from typing import ClassVar

from lambdakit.harness.deployment.property_tree import READ, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.lambda_version import named_function
from lambdakit.harness.lambda_service.resource_policies import invocation_statement


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
        statement_id = resource.generated_name(length_max=100)
        _add(resource, statement_id, context)
        return Provisioned(physical_id=statement_id, attributes={"Id": statement_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Every property needs a replacement, so nothing can differ."""
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Removes the statement."""
        function = named_function(created.resource, created.resource.properties.get("FunctionName"))
        context.functions.of(function.account_id).remove_permission(
            function.name,
            function.region,
            qualifier=function.qualifier,
            statement_id=created.provisioned.physical_id,
        )

    def reset(self, created: Created, context: Context) -> None:
        """Adds the statement again, if it was taken away."""
        function = named_function(created.resource, created.resource.properties.get("FunctionName"))
        statements = context.functions.of(function.account_id).permissions(
            function.name, function.region, qualifier=function.qualifier
        )
        if not any(statement.get("Sid") == created.provisioned.physical_id for statement in statements):
            _add(created.resource, created.provisioned.physical_id, context)


def _add(resource: Resource, statement_id: str, context: Context) -> None:
    function = named_function(resource, resource.properties.get("FunctionName"))
    functions = context.functions.of(function.account_id)
    functions.resolve(function.arn)
    functions.add_permission(
        function.name,
        function.region,
        qualifier=function.qualifier,
        statement_id=statement_id,
        statement=invocation_statement(statement_id, function.arn, resource.properties),
    )
