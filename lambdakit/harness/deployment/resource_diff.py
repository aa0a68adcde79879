"""What a changed resource takes: nothing, an update in place, or a new one in its stead.

Source: CloudFormation User Guide, "Update behaviors of stack resources"; the provider schemas' `createOnlyProperties`.
"""

from __future__ import annotations

from enum import Enum

from lambdakit.assembly.provider_schemas import ResourceType, resource_type
from lambdakit.assembly.same_value import same
from lambdakit.harness.deployment.property_tree import value_at
from lambdakit.harness.deployment.provisioner import Created, Resource

CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"

# What these say may change in place; that they come or go takes a new resource. Source: AWS Durable Execution SDK
# Developer Guide, "Development environment" (the schema has them among its `conditionalCreateOnlyProperties`).
_BY_PRESENCE = frozenset({("AWS::Lambda::Function", "DurableConfig")})
# Their names are labels: several may have the same, so that one may be there beside the one that takes its place.
# Source: API Gateway, AppSync, Cognito, Amplify and Route 53 API References: the operations that create them draw an
# id, and know no error for a name that is taken.
_NAMED_ALIKE = frozenset(
    {
        *("AWS::ApiGateway::ApiKey", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::UsagePlan"),
        *("AWS::ApiGateway::VpcLink", "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::VpcLink"),
        *("AWS::Amplify::App", "AWS::AppSync::GraphQLApi", "AWS::Route53::HostedZone"),
        *("AWS::Cognito::IdentityPool", "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"),
    }
)
# Their names are taken within what this property says: in another one, the same name is free.
# Source: CloudFormation User Guide, "Name type", which has none of them among the types with custom names; AWS Lambda
# Developer Guide, "Create an alias for a Lambda function"; AppSync and Cloud Map API References: the operations that
# create them take the API or the namespace beside the name.
_NAMED_WITHIN = {
    "AWS::AppSync::DataSource": "ApiId",
    "AWS::AppSync::FunctionConfiguration": "ApiId",
    "AWS::Lambda::Alias": "FunctionName",
    "AWS::ServiceDiscovery::Service": "NamespaceId",
}


class Change(Enum):
    """What is to be done with a resource that is there."""

    NONE = "none"
    UPDATE = "update"
    REPLACE = "replace"


def change_of(created: Created, wanted: Resource) -> Change:
    """What brings a resource to what the template says now.

    A secret's new value alone is no change: an update looks it up once something else of the resource differs. Source:
    CloudFormation User Guide, "Get a secret or secret value from Secrets Manager", "Considerations".
    """
    before = created.resource
    if before.type != wanted.type:
        return Change.REPLACE
    if same(before.properties, wanted.properties):
        return Change.NONE
    if before.beside_secrets is not None and same(before.beside_secrets, wanted.beside_secrets):
        return Change.NONE
    schema = None if is_custom(wanted.type) else resource_type(wanted.type)
    if schema is not None and any(_differs(path, before, wanted) for path in schema.create_only):
        return Change.REPLACE
    return Change.UPDATE


def is_custom(type_name: str) -> bool:
    """Whether a function stands for the type: it says by another physical id that it made a new resource."""
    return type_name.startswith("Custom::") or type_name == CUSTOM_RESOURCE


def clashing_name(created: Created, wanted: Resource) -> str | None:
    """The name that the template fixes, and that a second resource beside the first could not have; None without one.

    CloudFormation User Guide, "Name type": a resource with a custom name cannot be replaced.
    """
    schema = resource_type(wanted.type)
    if schema is None or created.resource.type != wanted.type or len(schema.identifier) != 1:
        return None
    if wanted.type in _NAMED_ALIKE:
        return None
    place = _NAMED_WITHIN.get(wanted.type)
    if place is not None and not same(created.resource.properties.get(place), wanted.properties.get(place)):
        return None
    name = value_at(wanted.properties, _custom_name(schema))
    same_name = name is not None and name == value_at(created.resource.properties, _custom_name(schema))
    return str(name) if same_name else None


def _custom_name(schema: ResourceType) -> str:
    """`QueueName` for a queue, whatever the schema calls its identifier."""
    kind = schema.name.rpartition("::")[2]
    names = (schema.identifier[0], f"{kind}Name", "Name")
    return next((name for name in names if name in schema.properties and name not in schema.read_only), names[0])


def _differs(path: str, before: Resource, wanted: Resource) -> bool:
    path = path.partition(".*")[0]
    if (wanted.type, path) in _BY_PRESENCE:
        return (value_at(before.properties, path) is None) != (value_at(wanted.properties, path) is None)
    return not same(value_at(before.properties, path), value_at(wanted.properties, path))
