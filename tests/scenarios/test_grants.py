"""For every access of every kind of resource, one function: it may do what the word says, and nothing beyond.

One deployment with all of them, with permissions and network enforced.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from lambdakit.spec.grants import ACCESSES

pytestmark = pytest.mark.xdist_group("cdk")

# Does each call of its event; tells the error's code of each, or nothing. A text that begins with $ is a variable.
CODE = """\
import base64
import os

import boto3
from botocore.exceptions import ClientError


def handler(event, context):
    return [_done(**call) for call in event]


def _done(service, operation, arguments):
    client = boto3.client(service)
    if service == "dynamodb" and operation in ("get_item", "put_item"):
        client = boto3.resource("dynamodb").meta.client
    try:
        getattr(client, operation)(**_filled(arguments))
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def _filled(value):
    if isinstance(value, dict):
        return {key: _filled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each) for each in value]
    if isinstance(value, str) and value.startswith("$"):
        return os.environ[value[1:]]
    if isinstance(value, str) and value.startswith("base64:"):
        return base64.b64decode(value[7:])
    return value


def called(event, context):
    return "called"
"""
RESOURCES: Final = """\
application: shop
resources:
  table: {kind: table, partition_key: id, removal_policy: destroy}
  bucket: {kind: bucket, removal_policy: destroy}
  queue: {kind: queue}
  topic: {kind: topic}
  stream: {kind: stream, shard_count: 1, removal_policy: destroy}
  event_bus: {kind: event_bus}
  key: {kind: key, removal_policy: destroy}
  secret: {kind: secret, removal_policy: destroy}
  parameter: {kind: parameter, string_value: "on"}
  state_machine: {kind: state_machine, definition: flow.asl.json}
patterns:
  orders:
    kind: api_backend
    routes:
      GET /: {name: home, code: code, handler: app.called}
functions:
  function: {code: code, handler: app.called}
"""
FLOW = '{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}'


class Call(NamedTuple):
    """What a function does: boto3's client, its method, the arguments."""

    service: str
    operation: str
    arguments: Mapping[str, Any]


_ITEM: Final = {"TableName": "$TABLE_TABLE_NAME"}
_OBJECT: Final = {"Bucket": "$BUCKET_BUCKET_NAME", "Key": "a"}
_QUEUE: Final = {"QueueUrl": "$QUEUE_QUEUE_URL"}
_STREAM: Final = {"StreamName": "$STREAM_STREAM_NAME"}
_KEY: Final = {"KeyId": "$KEY_KEY_ARN"}
GET_ITEM = Call("dynamodb", "get_item", {**_ITEM, "Key": {"id": "1"}})
PUT_ITEM = Call("dynamodb", "put_item", {**_ITEM, "Item": {"id": "1"}})
GET = Call("s3", "get_object", _OBJECT)
LIST = Call("s3", "list_objects_v2", {"Bucket": "$BUCKET_BUCKET_NAME"})
PUT = Call("s3", "put_object", {**_OBJECT, "Body": "a"})
DELETE = Call("s3", "delete_object", {**_OBJECT, "Key": "gone"})
SEND = Call("sqs", "send_message", {**_QUEUE, "MessageBody": "a"})
RECEIVE = Call("sqs", "receive_message", _QUEUE)
PUBLISH = Call("sns", "publish", {"TopicArn": "$TOPIC_TOPIC_ARN", "Message": "a"})
PUT_RECORD = Call("kinesis", "put_record", {**_STREAM, "Data": "a", "PartitionKey": "a"})
LIST_SHARDS = Call("kinesis", "list_shards", _STREAM)
ENCRYPT = Call("kms", "encrypt", {**_KEY, "Plaintext": "a"})
# With what the test encrypted.
DECRYPT = Call("kms", "decrypt", {**_KEY, "CiphertextBlob": "CIPHERTEXT"})
START = Call("stepfunctions", "start_execution", {"stateMachineArn": "$STATE_MACHINE_STATE_MACHINE_ARN"})

# What each access is for, and one step beyond.
CASES: Final[Mapping[tuple[str, str], tuple[list[Call], Call]]] = {
    ("table", "read"): ([GET_ITEM], PUT_ITEM),
    ("table", "write"): ([PUT_ITEM], GET_ITEM),
    ("table", "read_write"): ([PUT_ITEM, GET_ITEM], Call("dynamodb", "delete_table", _ITEM)),
    ("bucket", "read"): ([LIST, GET], PUT),
    ("bucket", "write"): ([PUT], GET),
    ("bucket", "read_write"): ([PUT, GET, LIST], DELETE),
    ("bucket", "read_write_delete"): (
        [PUT, GET, LIST, DELETE],
        Call("s3", "delete_bucket", {"Bucket": "$BUCKET_BUCKET_NAME"}),
    ),
    ("queue", "publish"): ([SEND], RECEIVE),
    ("queue", "consume"): ([RECEIVE], SEND),
    ("topic", "publish"): (
        [PUBLISH],
        Call("sns", "subscribe", {"TopicArn": "$TOPIC_TOPIC_ARN", "Protocol": "email", "Endpoint": "a@example.com"}),
    ),
    ("stream", "read"): ([LIST_SHARDS], PUT_RECORD),
    ("stream", "write"): ([PUT_RECORD], LIST_SHARDS),
    ("stream", "read_write"): (
        [PUT_RECORD, LIST_SHARDS],
        Call("kinesis", "increase_stream_retention_period", {**_STREAM, "RetentionPeriodHours": 48}),
    ),
    ("event_bus", "publish"): (
        [
            Call(
                "events",
                "put_events",
                {
                    "Entries": [
                        {
                            "EventBusName": "$EVENT_BUS_EVENT_BUS_NAME",
                            "Source": "shop",
                            "DetailType": "a",
                            "Detail": "{}",
                        }
                    ]
                },
            )
        ],
        Call("events", "describe_event_bus", {"Name": "$EVENT_BUS_EVENT_BUS_NAME"}),
    ),
    ("key", "read"): ([DECRYPT], ENCRYPT),
    ("key", "write"): ([ENCRYPT], DECRYPT),
    ("key", "read_write"): ([ENCRYPT, DECRYPT], Call("kms", "disable_key", _KEY)),
    ("secret", "read"): (
        [Call("secretsmanager", "get_secret_value", {"SecretId": "$SECRET_SECRET_ARN"})],
        Call("secretsmanager", "put_secret_value", {"SecretId": "$SECRET_SECRET_ARN", "SecretString": "a"}),
    ),
    ("parameter", "read"): (
        [Call("ssm", "get_parameter", {"Name": "$PARAMETER_PARAMETER_NAME"})],
        Call("ssm", "put_parameter", {"Name": "$PARAMETER_PARAMETER_NAME", "Value": "off", "Overwrite": True}),
    ),
    ("state_machine", "invoke"): (
        [START],
        Call("stepfunctions", "describe_state_machine", {"stateMachineArn": "$STATE_MACHINE_STATE_MACHINE_ARN"}),
    ),
    ("function", "invoke"): (
        [Call("lambda", "invoke", {"FunctionName": "$FUNCTION_FUNCTION_ARN"})],
        Call("lambda", "get_function_configuration", {"FunctionName": "$FUNCTION_FUNCTION_ARN"}),
    ),
}


def _called(kind: str, access: str) -> str:
    return f"{access}-of-{kind}"


def _event(calls: Sequence[Call], ciphertext: str) -> list[dict[str, Any]]:
    return [
        {
            **call._asdict(),
            "arguments": {key: ciphertext if value == "CIPHERTEXT" else value for key, value in call.arguments.items()},
        }
        for call in calls
    ]


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("grants")
    (directory / "code").mkdir()
    (directory / "code" / "app.py").write_text(CODE)
    (directory / "flow.asl.json").write_text(FLOW)
    functions = "".join(
        f"  {_called(kind, access)}: {{code: code, handler: app.handler, grants: {{{kind}: {access}}}}}\n"
        for kind, access in CASES
    )
    (directory / "lambdakit.yaml").write_text(RESOURCES + functions)
    return directory


@pytest.fixture(scope="module")
def deployment(harness: Harness, project: Path) -> Deployment:
    return harness.deploy(project / "lambdakit.yaml")


@pytest.fixture(scope="module")
def ciphertext(harness: Harness, deployment: Deployment) -> str:
    """Of something that a function of another role encrypted; an object to get is there, too."""
    outputs = deployment.outputs["shop"]
    harness.client("s3").put_object(Bucket=outputs["BucketBucketName"], Key="a", Body=b"a")
    answer = harness.client("kms").encrypt(KeyId=outputs["KeyKeyArn"], Plaintext=b"a")
    return f"base64:{base64.b64encode(answer['CiphertextBlob']).decode()}"


def test_there_is_a_case_for_every_access_of_every_kind() -> None:
    assert set(CASES) == {(kind, access) for kind, accesses in ACCESSES.items() for access in accesses}


@pytest.mark.parametrize(("kind", "access"), CASES, ids=lambda each: str(each))
def test_an_access_allows_what_it_says_and_is_refused_one_step_beyond(
    deployment: Deployment, ciphertext: str, kind: str, access: str
) -> None:
    allowed, beyond = CASES[kind, access]

    *done, refused = deployment.function(_called(kind, access)).invoke(_event([*allowed, beyond], ciphertext)).payload

    assert done == [""] * len(allowed)
    # As each service says it. Source: API Reference of each, "Common Errors"
    assert refused in ("AccessDenied", "AccessDeniedException", "AuthorizationError")


def test_the_report_of_permissions_knows_what_each_used(deployment: Deployment, ciphertext: str, project: Path) -> None:
    lines = (project / "lambdakit.yaml").read_text().splitlines()
    for kind, access in CASES:
        allowed, beyond = CASES[kind, access]
        deployment.function(_called(kind, access)).invoke(_event([*allowed, beyond], ciphertext))

    report = deployment.permissions

    assert {each for each in report.unused if each.holder != "home"} == set()
    assert {each.holder for each in report.denied} == {_called(*case) for case in CASES}
    for denial in report.denied:
        at = next(number for number, line in enumerate(lines, 1) if line.startswith(f"  {denial.holder}:"))
        assert f"lambdakit.yaml:{at}" in denial.place


NETWORKED: Final = """\
application: inside
network: {vpc: {max_azs: 1, endpoints: [], flow_log_retention: none}}
resources:
  jobs: {kind: queue}
  notices: {kind: topic}
functions:
  granted: {code: code, handler: app.handler, grants: {jobs: publish}}
  outside: {code: code, handler: app.handler, vpc: none, grants: {notices: publish}}
  unreached: {code: code, handler: app.handler, environment: {NOTICES_TOPIC_ARN: "arn:aws:sns:eu-west-1:1:no"}}
patterns:
  orders:
    kind: api_backend
    routes:
      GET /: {name: home, code: code, handler: app.called}
"""


def test_what_functions_are_granted_is_reached_from_a_network_without_a_way_out(
    harness: Harness, project: Path
) -> None:
    """That of a function outside the network needs no endpoint, and has none."""
    (project / "inside.yaml").write_text(NETWORKED)
    deployment = harness.deploy(project / "inside.yaml")
    send = Call("sqs", "send_message", {"QueueUrl": "$JOBS_QUEUE_URL", "MessageBody": "a"})
    publish = Call("sns", "publish", {"TopicArn": "$NOTICES_TOPIC_ARN", "Message": "a"})

    answers = [
        deployment.function(name).invoke(_event([call], "")) for name, call in [("granted", send), ("outside", publish)]
    ]
    failed = deployment.function("unreached").invoke(_event([publish], ""))

    assert [answer.payload for answer in answers] == [[""], [""]]
    assert failed.function_error is not None
    services = [
        endpoint["ServiceName"].rpartition(".")[2]
        for endpoint in harness.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    ]
    assert services == ["sqs"]


VARIABLES: Final = """\
application: variables
resources:
  master: {kind: key, removal_policy: destroy}
  signing: {kind: secret, removal_policy: destroy}
  flags: {kind: parameter, string_value: "on"}
  failed: {kind: queue}
  done: {kind: event_bus}
functions:
  reader:
    code: code
    handler: app.handler
    secrets: {SIGNING_KEY: signing}
    ssm_parameters: {SWITCHES: flags}
    environment_encryption: master
    dead_letter_queue: failed
    on_success: done
    on_failure: failed
    initial_policy: [{actions: ["ses:ListIdentities"], resources: ["*"]}]
patterns:
  orders:
    kind: api_backend
    routes:
      GET /: {name: home, code: code, handler: app.called}
  work:
    kind: event_processing
    source: {kind: sqs}
    function: {code: code, handler: app.handler, grants: {home: invoke, reader: invoke}}
"""


def test_secrets_and_parameters_are_known_by_variables_and_functions_by_their_aliases(
    harness: Harness, project: Path
) -> None:
    (project / "variables.yaml").write_text(VARIABLES)
    deployment = harness.deploy(project / "variables.yaml")
    reads = [
        Call("secretsmanager", "get_secret_value", {"SecretId": "$SIGNING_KEY"}),
        Call("ssm", "get_parameter", {"Name": "$SWITCHES"}),
        Call("ses", "list_identities", {}),
    ]
    invokes = [
        Call("lambda", "invoke", {"FunctionName": "$HOME_FUNCTION_ARN"}),
        Call("lambda", "invoke", {"FunctionName": "$READER_FUNCTION_ARN", "Payload": "[]"}),
    ]

    assert deployment.function("reader").invoke(_event(reads, "")).payload == ["", "", ""]
    assert deployment.function("work").invoke(_event(invokes, "")).payload == ["", ""]
    configuration = harness.client("lambda").get_function_configuration(
        FunctionName=deployment.outputs["variables"]["ReaderFunctionArn"]
    )
    assert configuration["KMSKeyArn"] == deployment.outputs["variables"]["MasterKeyArn"]
    assert configuration["DeadLetterConfig"]["TargetArn"].endswith(
        deployment.outputs["variables"]["FailedQueueUrl"].rpartition("/")[2]
    )
