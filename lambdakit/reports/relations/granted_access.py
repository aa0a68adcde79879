"""What policies let functions and state machines do to data: the templates' only word on it.

A statement on everything (`*`) says nothing of what is used, and gives no arrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Key, Relation, Verb
from lambdakit.reports.rendered_value import rendered
from lambdakit.reports.world import Resource, World

# Action of a service, as an example of its sort -> what it does. An action of a policy, which may hold stars, does
# what any example does that it covers.
_VERBS: Final[Mapping[str, Verb]] = {
    **dict.fromkeys(
        (
            *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem", "s3:GetObject"),
            *("s3:GetObjectVersion", "kinesis:GetRecords", "sqs:ReceiveMessage", "secretsmanager:GetSecretValue"),
            *("ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "es:ESHttpGet", "rds-db:connect"),
            *("dynamodb:PartiQLSelect", "elasticfilesystem:ClientMount", "rds-data:ExecuteStatement"),
        ),
        Verb.READS,
    ),
    **dict.fromkeys(
        (
            *("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
            *("s3:PutObject", "s3:DeleteObject", "ssm:PutParameter", "secretsmanager:PutSecretValue"),
            *("kinesis:PutRecord", "kinesis:PutRecords", "firehose:PutRecord", "firehose:PutRecordBatch"),
            *("es:ESHttpPost", "es:ESHttpPut", "elasticfilesystem:ClientWrite"),
        ),
        Verb.WRITES,
    ),
    **dict.fromkeys(
        ("sqs:SendMessage", "sns:Publish", "events:PutEvents", "execute-api:ManageConnections"), Verb.SENDS
    ),
    **dict.fromkeys(
        ("lambda:InvokeFunction", "states:StartExecution", "states:StartSyncExecution", "execute-api:Invoke"),
        Verb.INVOKES,
    ),
}
# Type -> the property that names the role it acts in.
_ACTORS: Final = {
    "AWS::Lambda::Function": "Role",
    "AWS::StepFunctions::StateMachine": "RoleArn",
    "AWS::ECS::TaskDefinition": "TaskRoleArn",
    "AWS::CodeBuild::Project": "ServiceRole",
}
# What a service's ARN may name besides the thing itself.
_KINDS_OF: Final = {
    Kind.TABLE: "dynamodb",
    Kind.BUCKET: "s3",
    Kind.QUEUE: "sqs",
    Kind.TOPIC: "sns",
    Kind.STREAM: "kinesis",
    Kind.DELIVERY: "firehose",
    Kind.BUS: "events",
    Kind.FUNCTION: "lambda",
    Kind.STATE_MACHINE: "states",
    Kind.SECRET: "secretsmanager",
    Kind.SETTING: "ssm",
    Kind.API: "execute-api",
    Kind.SEARCH: "es",
    Kind.FILES: "elasticfilesystem",
    Kind.DATABASE: "rds",
}


def granted_access(world: World) -> Iterator[Relation]:
    """Function or state machine -> what its role's policies let it read, write, send to or invoke."""
    statements = _statements(world)
    for actor in world.of_type(*_ACTORS):
        start = world.end(actor.key)
        roles = world.referred(actor.key[0], actor.properties.get(_ACTORS[actor.type]))
        if start is None:
            continue
        for role in roles:
            for holder, statement in statements.get(role, ()):
                yield from _relations(world, start, holder, statement)


def _relations(world: World, start: End, holder: Resource, statement: Mapping[str, object]) -> Iterator[Relation]:
    actions = [rendered(action) for action in _list(statement.get("Action"))]
    for verb in (Verb.READS, Verb.WRITES, Verb.SENDS, Verb.INVOKES):
        services = {
            example.partition(":")[0]
            for action in actions
            if action != "*"
            for example, does in _VERBS.items()
            if does is verb and fnmatchcase(example.lower(), action.lower())
        }
        if not services:
            continue
        for target in _list(statement.get("Resource")):
            for end in world.ends(holder, target):
                if any(service.startswith(_KINDS_OF.get(end.kind, "-")) for service in services):
                    yield Relation(start=start, verb=verb, end=end, is_granted=True)


def _statements(world: World) -> Mapping[Key, list[tuple[Resource, Mapping[str, object]]]]:
    """The statements that allow something, by the role that has them, with the resource that says so."""
    found: dict[Key, list[tuple[Resource, Mapping[str, object]]]] = {}
    for resource in world.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        names = [resource.properties.get("Roles"), resource.properties.get("RoleName")]
        for role in world.referred(resource.key[0], [name for name in names if name is not None]):
            found.setdefault(role, []).extend(_allowed(resource, resource.properties))
    for resource in world.of_type("AWS::IAM::Role"):
        own = found.setdefault(resource.key, [])
        for policy in _list(resource.properties.get("Policies")):
            if isinstance(policy, Mapping):
                own += _allowed(resource, policy)
        for key in world.referred(resource.key[0], resource.properties.get("ManagedPolicyArns")):
            own += _allowed(world.resources[key], world.resources[key].properties)
    return found


def _allowed(resource: Resource, policy: Mapping[str, object]) -> Iterator[tuple[Resource, Mapping[str, object]]]:
    document = policy.get("PolicyDocument")
    for statement in _list(document.get("Statement") if isinstance(document, Mapping) else None):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow":
            yield resource, statement


def _list(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
