"""What a function may do with each kind of resource, by access; and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from aws_cdk import Stack, assertions
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
from aws_cdk import aws_stepfunctions as stepfunctions

from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.grant_actions import ACCESSES, Access, Kind
from lambdakit.constructs.grants import Grant
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"

_INDEXED = "dynamodb:BatchGetItem dynamodb:ConditionCheckItem dynamodb:DescribeTable dynamodb:GetItem dynamodb:Query"
_READ = f"{_INDEXED} dynamodb:Scan"
_WRITE = "dynamodb:BatchWriteItem dynamodb:DeleteItem dynamodb:DescribeTable dynamodb:PutItem dynamodb:UpdateItem"
_CONSUME = "kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator kinesis:ListShards"
_PRODUCE = "kinesis:PutRecord kinesis:PutRecords"
_PUT = "s3:AbortMultipartUpload s3:PutObject"
_SECRET = "secretsmanager:DescribeSecret secretsmanager:GetSecretValue"
_PARAMETER = "ssm:DescribeParameters ssm:GetParameter ssm:GetParameterHistory ssm:GetParameters"

# Written out, not taken from the code: what each access allows, and on which of the names in `_resource`.
ALLOWED: Mapping[tuple[str, str], set[tuple[str, str]]] = {
    ("table", "read"): {(action, "it") for action in _READ.split()},
    ("table", "write"): {(action, "it") for action in _WRITE.split()},
    ("table", "read_write"): {(action, "it") for action in f"{_READ} {_WRITE}".split()},
    ("bucket", "read"): {("s3:GetObject", "it/*"), ("s3:ListBucket", "it")},
    ("bucket", "write"): {(action, "it/*") for action in _PUT.split()},
    ("bucket", "read_write"): {
        *((action, "it/*") for action in f"s3:GetObject {_PUT}".split()),
        ("s3:ListBucket", "it"),
    },
    ("bucket", "read_write_delete"): {
        *((action, "it/*") for action in f"s3:DeleteObject s3:GetObject {_PUT}".split()),
        ("s3:ListBucket", "it"),
    },
    ("queue", "publish"): {("sqs:SendMessage", "it")},
    ("queue", "consume"): {
        (f"sqs:{name}", "it")
        for name in ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
    },
    ("topic", "publish"): {("sns:Publish", "it")},
    ("stream", "read"): {(action, "it") for action in _CONSUME.split()},
    ("stream", "write"): {(action, "it") for action in _PRODUCE.split()},
    ("stream", "read_write"): {(action, "it") for action in f"{_CONSUME} {_PRODUCE}".split()},
    ("event_bus", "publish"): {("events:PutEvents", "it")},
    ("key", "read"): {("kms:Decrypt", "it")},
    ("key", "write"): {("kms:Encrypt", "it"), ("kms:GenerateDataKey", "it")},
    ("key", "read_write"): {("kms:Decrypt", "it"), ("kms:Encrypt", "it"), ("kms:GenerateDataKey", "it")},
    ("secret", "read"): {(action, "it") for action in _SECRET.split()},
    ("parameter", "read"): {(action, "it") for action in _PARAMETER.split()},
    ("state_machine", "invoke"): {("states:StartExecution", "it")},
    ("function", "invoke"): {("lambda:InvokeFunction", "it")},
}

# An imported resource, and what is said of it: its ARN, the ending and the value of the function's variable.
IMPORTED: Mapping[str, tuple[Callable[[Stack], Any], str, str, str]] = {
    "table": (
        lambda stack: dynamodb.Table.from_table_arn(stack, "it", ARN.format("dynamodb", "table/it")),
        ARN.format("dynamodb", "table/it"),
        "TABLE_NAME",
        "it",
    ),
    "bucket": (
        lambda stack: s3.Bucket.from_bucket_arn(stack, "it", "arn:aws:s3:::its"),
        "arn:aws:s3:::its",
        "BUCKET_NAME",
        "its",
    ),
    "queue": (
        lambda stack: sqs.Queue.from_queue_attributes(
            stack, "it", queue_arn=ARN.format("sqs", "it"), queue_url="https://sqs/it"
        ),
        ARN.format("sqs", "it"),
        "QUEUE_URL",
        "https://sqs/it",
    ),
    "topic": (
        lambda stack: sns.Topic.from_topic_arn(stack, "it", ARN.format("sns", "it")),
        ARN.format("sns", "it"),
        "TOPIC_ARN",
        ARN.format("sns", "it"),
    ),
    "stream": (
        lambda stack: kinesis.Stream.from_stream_arn(stack, "it", ARN.format("kinesis", "stream/it")),
        ARN.format("kinesis", "stream/it"),
        "STREAM_NAME",
        "it",
    ),
    "event_bus": (
        lambda stack: events.EventBus.from_event_bus_arn(stack, "it", ARN.format("events", "event-bus/it")),
        ARN.format("events", "event-bus/it"),
        "EVENT_BUS_NAME",
        "it",
    ),
    "key": (
        lambda stack: kms.Key.from_key_arn(stack, "it", ARN.format("kms", "key/it")),
        ARN.format("kms", "key/it"),
        "KEY_ARN",
        ARN.format("kms", "key/it"),
    ),
    "secret": (
        lambda stack: secretsmanager.Secret.from_secret_complete_arn(
            stack, "it", ARN.format("secretsmanager", "secret:it-AbCdEf")
        ),
        ARN.format("secretsmanager", "secret:it-AbCdEf"),
        "SECRET_ARN",
        ARN.format("secretsmanager", "secret:it-AbCdEf"),
    ),
    "parameter": (
        lambda stack: ssm.StringParameter.from_string_parameter_arn(stack, "it", ARN.format("ssm", "parameter/it")),
        ARN.format("ssm", "parameter/it"),
        "PARAMETER_NAME",
        "it",
    ),
    "state_machine": (
        lambda stack: stepfunctions.StateMachine.from_state_machine_arn(
            stack, "it", ARN.format("states", "stateMachine:it")
        ),
        ARN.format("states", "stateMachine:it"),
        "STATE_MACHINE_ARN",
        ARN.format("states", "stateMachine:it"),
    ),
    "function": (
        lambda stack: lambda_.Function.from_function_arn(stack, "it", ARN.format("lambda", "function:it")),
        ARN.format("lambda", "function:it"),
        "FUNCTION_ARN",
        ARN.format("lambda", "function:it"),
    ),
}


def _statements(stack: Stack) -> Iterator[tuple[str, Any]]:
    """Action and resource of each that the one policy of a function allows, but for its logs."""
    (policy,) = assertions.Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
        actions, resources = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            for resource in resources if isinstance(resources, list) else [resources]:
                if not action.startswith("logs:"):
                    yield action, resource


def _variables(stack: Stack) -> Mapping[str, Any]:
    (function,) = assertions.Template.from_stack(stack).find_resources("AWS::Lambda::Function").values()
    found: Mapping[str, Any] = function["Properties"].get("Environment", {}).get("Variables", {})
    return found


def _problems(make: Callable[[], object]) -> list[tuple[str, str, str, str]]:
    with pytest.raises(SynthesisError) as caught:
        make()
    return [(each.code, each.pointer, each.problem, each.hint) for each in caught.value.diagnostics]


def test_the_table_of_this_file_has_every_access_of_every_kind() -> None:
    assert set(ALLOWED) == {(kind, access) for kind, accesses in ACCESSES.items() for access in accesses}
    assert set(ACCESSES) == set(get_args(Kind)) == set(IMPORTED)


@pytest.mark.parametrize(("kind", "access"), ALLOWED, ids=lambda each: str(each))
def test_each_access_allows_its_actions_on_that_resource_alone(
    stack: Stack, code: Path, kind: str, access: Access
) -> None:
    make, arn, suffix, value = IMPORTED[kind]

    LambdaFunction(stack, "greet", code=code, handler="app.handler", grants={"order-Jobs": Grant(make(stack), access)})

    assert set(_statements(stack)) == {
        (action, resource.replace("it", arn, 1)) for action, resource in ALLOWED[kind, access]
    }
    assert _variables(stack) == {f"ORDER_JOBS_{suffix}": value}


@pytest.mark.parametrize("kind", IMPORTED)
def test_an_access_that_the_kind_has_not_is_refused_with_those_it_has(stack: Stack, code: Path, kind: Kind) -> None:
    other = next(access for access in get_args(Access) if access not in ACCESSES[kind])
    grant = Grant(IMPORTED[kind][0](stack), other)

    [(code_, pointer, problem, hint)] = _problems(
        lambda: LambdaFunction(stack, "greet", code=code, handler="app.handler", grants={"jobs": grant})
    )

    assert (code_, pointer, hint) == ("LK444", "shop/greet.grants.jobs.access", f"access={ACCESSES[kind][0]!r}")
    assert problem == (
        f"{other!r} is nothing that a function can do with a {kind.replace('_', ' ')}, "
        f"only {' or '.join(ACCESSES[kind])}"
    )


def _keyed(stack: Stack) -> Mapping[str, tuple[Any, kms.Key]]:
    keys = {kind: kms.Key(stack, f"{kind}Key") for kind in ("bucket", "queue", "topic", "stream")}
    made: dict[str, Any] = {
        "bucket": s3.Bucket(stack, "bucket", encryption_key=keys["bucket"]),
        "queue": sqs.Queue(stack, "queue", encryption_master_key=keys["queue"]),
        "topic": sns.Topic(stack, "topic", master_key=keys["topic"]),
        "stream": kinesis.Stream(stack, "stream", encryption_key=keys["stream"]),
    }
    return {kind: (made[kind], key) for kind, key in keys.items()}


_ONE: Mapping[tuple[str, str], set[str]] = {
    ("bucket", "read"): {"kms:Decrypt"},
    ("bucket", "write"): {"kms:Decrypt", "kms:GenerateDataKey"},
    ("bucket", "read_write"): {"kms:Decrypt", "kms:GenerateDataKey"},
    ("bucket", "read_write_delete"): {"kms:Decrypt", "kms:GenerateDataKey"},
    ("queue", "publish"): {"kms:Decrypt", "kms:GenerateDataKey"},
    ("queue", "consume"): {"kms:Decrypt"},
    ("topic", "publish"): {"kms:Decrypt", "kms:GenerateDataKey"},
    ("stream", "read"): {"kms:Decrypt"},
    ("stream", "write"): {"kms:GenerateDataKey"},
    ("stream", "read_write"): {"kms:Decrypt", "kms:GenerateDataKey"},
}


@pytest.mark.parametrize(("kind", "access"), _ONE, ids=lambda each: str(each))
def test_the_key_of_what_is_granted_is_granted_with_it(stack: Stack, code: Path, kind: str, access: Access) -> None:
    resource, key = _keyed(stack)[kind]

    LambdaFunction(stack, "greet", code=code, handler="app.handler", grants={"it": Grant(resource, access)})

    arn = stack.resolve(key.key_arn)
    assert {action for action, on in _statements(stack) if on == arn} == _ONE[kind, access]


def test_the_key_of_a_secret_lets_the_role_decrypt_through_secrets_manager(stack: Stack, code: Path) -> None:
    secret = secretsmanager.Secret(stack, "secret", encryption_key=kms.Key(stack, "key"))

    greet = LambdaFunction(stack, "greet", code=code, handler="app.handler", grants={"it": Grant(secret, "read")})

    (key,) = assertions.Template.from_stack(stack).find_resources("AWS::KMS::Key").values()
    assert {
        "Action": "kms:Decrypt",
        "Condition": {
            "StringEquals": {
                "kms:ViaService": {"Fn::Join": ["", ["secretsmanager.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}
            }
        },
        "Effect": "Allow",
        "Principal": {"AWS": stack.resolve(greet.role.role_arn)},
        "Resource": "*",
    } in key["Properties"]["KeyPolicy"]["Statement"]


def test_a_table_s_key_and_indexes_are_granted_with_it(stack: Stack, code: Path) -> None:
    key = kms.Key(stack, "key")
    table = dynamodb.Table(
        stack,
        "table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        encryption_key=key,
    )
    table.add_global_secondary_index(
        index_name="by_at", partition_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.STRING)
    )

    LambdaFunction(stack, "greet", code=code, handler="app.handler", grants={"orders": Grant(table, "read")})

    found = [(action, on) for action, on in _statements(stack) if action in ("dynamodb:Query", "kms:Decrypt")]
    arn = stack.resolve(table.table_arn)
    assert found == [
        ("dynamodb:Query", arn),
        ("dynamodb:Query", {"Fn::Join": ["", [arn, "/index/*"]]}),
        ("kms:Decrypt", stack.resolve(key.key_arn)),
    ]


def test_an_express_state_machine_can_be_waited_for(stack: Stack, code: Path) -> None:
    machine = stepfunctions.StateMachine(
        stack,
        "machine",
        definition_body=stepfunctions.DefinitionBody.from_chainable(stepfunctions.Pass(stack, "Pass")),
        state_machine_type=stepfunctions.StateMachineType.EXPRESS,
    )

    LambdaFunction(stack, "greet", code=code, handler="app.handler", grants={"it": Grant(machine, "invoke")})

    assert {action for action, _ in _statements(stack)} == {"states:StartExecution", "states:StartSyncExecution"}


@pytest.mark.parametrize("whole", [True, False], ids=["LambdaFunction", "alias"])
def test_a_function_is_invoked_by_its_alias(stack: Stack, function: FunctionProperties, whole: bool) -> None:
    called = LambdaFunction(stack, "called", **function.keywords())
    grant = Grant(called if whole else called.alias, "invoke")

    LambdaFunction(stack, "caller", **replace(function, grants={"called": grant}).keywords())

    template = assertions.Template.from_stack(stack)
    alias = stack.resolve(called.alias.function_arn)
    template.has_resource_properties(
        "AWS::IAM::Policy",
        {
            "PolicyDocument": {
                "Statement": assertions.Match.array_with(
                    [{"Action": "lambda:InvokeFunction", "Effect": "Allow", "Resource": alias}]
                )
            }
        },
    )
    template.has_resource_properties(
        "AWS::Lambda::Function", {"Environment": {"Variables": {"CALLED_FUNCTION_ARN": alias}}}
    )


def test_the_user_s_own_variable_wins(stack: Stack, code: Path) -> None:
    queue = sqs.Queue(stack, "queue")

    LambdaFunction(
        stack,
        "greet",
        code=code,
        handler="app.handler",
        grants={"jobs": Grant(queue, "publish")},
        environment={"JOBS_QUEUE_URL": "https://elsewhere"},
    )

    assert _variables(stack) == {"JOBS_QUEUE_URL": "https://elsewhere"}
