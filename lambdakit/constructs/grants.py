"""What a function may do with one resource, in one word, and the variable by which it knows it.

In: grants by name, `{"jobs": Grant(queue, "publish")}`. Out: the statements of the function's role, with those for the
key that the resource is encrypted with, and the function's variables, `JOBS_QUEUE_URL`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as stepfunctions

from lambdakit.constructs.grant_actions import ACCESSES, ACTIONS, EXPRESS_ACTIONS, KEY_ACTIONS, Access, Kind
from lambdakit.constructs.object_arns import acknowledge_objects, object_arns
from lambdakit.constructs.table import grant_table_access
from lambdakit.constructs.target_names import variable_name
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_events as events
    from aws_cdk import aws_kinesis as kinesis
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from aws_cdk import aws_ssm as ssm

    from lambdakit.constructs.lambda_function import LambdaFunction

    Grantable: TypeAlias = (
        dynamodb.ITable
        | dynamodb.ITableV2
        | s3.IBucket
        | sqs.IQueue
        | sns.ITopic
        | kinesis.IStream
        | events.IEventBus
        | kms.IKey
        | secretsmanager.ISecret
        | ssm.IParameter
        | stepfunctions.IStateMachine
        | lambda_.IFunction
        | LambdaFunction
    )

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a function may do with a resource.

    resource: the CDK's object, made or imported: a table, a bucket, a queue, a topic, a stream, an event bus, a key, a
        secret, a parameter, a state machine, a function or its alias. A `LambdaFunction` stands for its alias.
    access: `read`, `write` or `read_write` of a table, bucket, stream or key, `read_write_delete` of a bucket, too;
        `publish` to a queue, topic or event bus; `consume` a queue; `read` a secret or a parameter; `invoke` a state
        machine or a function.
    """

    resource: Grantable
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resource:
    """How a kind is recognised and named. arn: the property that only it has. value: that of the variable."""

    arn: str
    suffix: str
    value: str
    allow: Callable[[Any, Access, iam.IRole], None]


def allow_grants(grants: Mapping[str, Grant], role: iam.IRole) -> None:
    """Allows the role what each grant says, and nothing else."""
    for grant in grants.values():
        resource = _meant(grant.resource)
        _RESOURCES[_kind(resource)].allow(resource, grant.access, role)


def grant_variables(grants: Mapping[str, Grant]) -> dict[str, str]:
    """The variables by which a function knows what it is granted: `JOBS_QUEUE_URL` for a queue granted as `jobs`."""
    return {
        variable_name(name, _RESOURCES[_kind(_meant(grant.resource))].suffix): known_by(grant.resource)
        for name, grant in grants.items()
    }


def known_by(resource: Grantable) -> str:
    """What the variable of a granted resource holds: a table's name, a queue's URL, the ARN of a function's alias …"""
    meant = _meant(resource)
    value: str = getattr(meant, _RESOURCES[_kind(meant)].value)
    return value


def arn_of(resource: Grantable) -> str:
    """The ARN of what can be granted, for statements that no access has a word for."""
    meant = _meant(resource)
    arn: str = getattr(meant, _RESOURCES[_kind(meant)].arn)
    return arn


def grant_problems(grants: Mapping[str, Grant]) -> Iterator[Diagnostic]:
    """What cannot be granted, or not so. Pointers are `grants.<name>`."""
    seen: dict[str, str] = {}
    for name, grant in grants.items():
        pointer = f"grants.{name}"
        if _NAME.fullmatch(name) is None:
            yield Diagnostic(
                pointer=pointer,
                problem=f"{name!r} is no name of a grant: a letter, then up to 63 letters, digits, - and _",
                code="LK444",
                hint="name it by what the resource holds, such as jobs",
            )
            continue
        kind = _known_kind(_meant(grant.resource))
        if kind is None:
            yield Diagnostic(
                pointer=f"{pointer}.resource",
                problem=f"{type(grant.resource).__name__} is nothing that can be granted: {', '.join(_RESOURCES)}",
                code="LK444",
                hint="hand over the CDK's object of the resource, made or imported",
            )
            continue
        if grant.access not in ACCESSES[kind]:
            yield Diagnostic(
                pointer=f"{pointer}.access",
                problem=f"{grant.access!r} is nothing that a function can do with a {_words(kind)}, "
                f"only {' or '.join(ACCESSES[kind])}",
                code="LK444",
                hint=f"access={ACCESSES[kind][0]!r}",
            )
        variable = variable_name(name, _RESOURCES[kind].suffix)
        first = seen.setdefault(variable, name)
        if first != name:
            yield Diagnostic(
                pointer=pointer,
                problem=f"{name} and {first} both give the variable {variable}",
                code="LK405",
                hint="give one of the two another name",
            )


def named_alike(pointer: str, names: Mapping[str, object], grants: Mapping[str, Grant]) -> Iterator[Diagnostic]:
    """Grants that give the variable of another thing of the pattern, whose value would hide theirs.

    names: of those things; pointer: where they stand.
    """
    taken = {variable_name(name, ""): name for name in names}
    for name in grants:
        if (other := taken.get(variable_name(name, ""))) is not None:
            yield Diagnostic(
                pointer=f"function.grants.{name}",
                problem=f"{pointer}.{other} is known to the function by the same name",
                code="LK405",
                hint="give one of the two another name",
            )


def hidden_grants(pointer: str, variables: Mapping[str, str], grants: Mapping[str, Grant]) -> Iterator[Diagnostic]:
    """The same for variables that stand for something already. pointer: of that."""
    for name, grant in grants.items():
        for variable in grant_variables({name: grant}):
            if variable in variables:
                yield Diagnostic(
                    pointer=f"function.grants.{name}",
                    problem=f"{variable} is the function's variable for {pointer} already",
                    code="LK405",
                    hint="give the grant another name",
                )


def _allow_table(table: dynamodb.ITable, access: Access, role: iam.IRole) -> None:
    assert access in ("read", "write", "read_write")
    grant_table_access(table, role, access)


def _allow_bucket(bucket: s3.IBucket, access: Access, role: iam.IRole) -> None:
    objects = object_arns(bucket)
    _allow(ACTIONS["bucket"][access], objects, role)
    acknowledge_objects(role, objects)
    if access != "write":
        # Without it, S3 answers that an object which is not there may not be read.
        # Source: API s3 GetObject, Permissions
        _allow(("s3:ListBucket",), bucket.bucket_arn, role)
    _allow_key(bucket.encryption_key, "bucket", access, role)


def _allow_state_machine(machine: stepfunctions.IStateMachine, access: Access, role: iam.IRole) -> None:
    actions = ACTIONS["state_machine"][access]
    if isinstance(machine, stepfunctions.StateMachine) and (
        machine.state_machine_type == stepfunctions.StateMachineType.EXPRESS
    ):
        actions = EXPRESS_ACTIONS
    _allow(actions, machine.state_machine_arn, role)


def _allow_reading(resource: secretsmanager.ISecret | ssm.IParameter, _access: Access, role: iam.IRole) -> None:
    # With the key, where it is one of the account's own.
    resource.grant_read(role)


def _allow_key_use(key: kms.IKey, access: Access, role: iam.IRole) -> None:
    # By the key, whose own policy may have to name the role.
    key.grant(role, *ACTIONS["key"][access])


def _plainly(kind: Kind, arn: str, key: str | None = None) -> Callable[[Any, Access, iam.IRole], None]:
    """Allows the actions of the access on the resource itself. key: the property that has its key."""

    def allow(resource: Any, access: Access, role: iam.IRole) -> None:
        _allow(ACTIONS[kind][access], getattr(resource, arn), role)
        _allow_key(None if key is None else getattr(resource, key), kind, access, role)

    return allow


def _allow(actions: tuple[str, ...], resource: str, role: iam.IRole) -> None:
    role.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=[resource]))


def _allow_key(key: kms.IKey | None, kind: Kind, access: Access, role: iam.IRole) -> None:
    if key is not None:
        key.grant(role, *KEY_ACTIONS[kind][access])


# In the order in which messages list them.
_RESOURCES: Final[Mapping[Kind, _Resource]] = {
    "table": _Resource(arn="table_arn", suffix="TABLE_NAME", value="table_name", allow=_allow_table),
    "bucket": _Resource(arn="bucket_arn", suffix="BUCKET_NAME", value="bucket_name", allow=_allow_bucket),
    "queue": _Resource(
        arn="queue_arn",
        suffix="QUEUE_URL",
        value="queue_url",
        allow=_plainly("queue", "queue_arn", "encryption_master_key"),
    ),
    "topic": _Resource(
        arn="topic_arn", suffix="TOPIC_ARN", value="topic_arn", allow=_plainly("topic", "topic_arn", "master_key")
    ),
    "stream": _Resource(
        arn="stream_arn",
        suffix="STREAM_NAME",
        value="stream_name",
        allow=_plainly("stream", "stream_arn", "encryption_key"),
    ),
    "event_bus": _Resource(
        arn="event_bus_arn",
        suffix="EVENT_BUS_NAME",
        value="event_bus_name",
        allow=_plainly("event_bus", "event_bus_arn"),
    ),
    "key": _Resource(arn="key_arn", suffix="KEY_ARN", value="key_arn", allow=_allow_key_use),
    "secret": _Resource(arn="secret_arn", suffix="SECRET_ARN", value="secret_arn", allow=_allow_reading),
    "parameter": _Resource(arn="parameter_arn", suffix="PARAMETER_NAME", value="parameter_name", allow=_allow_reading),
    "state_machine": _Resource(
        arn="state_machine_arn",
        suffix="STATE_MACHINE_ARN",
        value="state_machine_arn",
        allow=_allow_state_machine,
    ),
    "function": _Resource(
        arn="function_arn",
        suffix="FUNCTION_ARN",
        value="function_arn",
        allow=_plainly("function", "function_arn"),
    ),
}


def _meant(resource: object) -> object:
    """What callers invoke of a `LambdaFunction`; everything else is meant itself."""
    # Known by its parts: the class itself is made of grants.
    own: Mapping[str, object] = getattr(resource, "__dict__", {})
    return own["alias"] if {"alias", "version", "log_group"} <= own.keys() else resource


def _kind(resource: object) -> Kind:
    kind = _known_kind(resource)
    assert kind is not None
    return kind


def _known_kind(resource: object) -> Kind | None:
    """The kind; None for what is none of them."""
    # By a property that only it has: what jsii hands out for an imported resource is of no class that says more.
    return next((kind for kind, each in _RESOURCES.items() if hasattr(resource, each.arn)), None)


def _words(kind: Kind) -> str:
    return kind.replace("_", " ")
