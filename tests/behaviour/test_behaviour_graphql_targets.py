"""GraphQL APIs of AppSync as targets of rules.

Source: Amazon EventBridge User Guide, "AWS AppSync targets for rules in Amazon EventBridge"; EventBridge API Reference,
"AppSyncParameters".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from tests.fakes.event_bus import EventBus
from tests.fakes.graphql_apis import function_source, graphql_api, resolver
from tests.fakes.plain_assembly import Resources, function, role
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-targets")

_SCHEMA: Final = """
type Query { none: String }
type Mutation { publish(sku: String!, note: String): String }
"""
_OPERATION: Final = "mutation Publish($sku: String!, $note: String) { publish(sku: $sku, note: $note) }"
_WORK: Final = 'def handler(event, context): return "taken"'
_VARIABLES: Final = {"InputPathsMap": {"sku": "$.detail.sku"}, "InputTemplate": '{"sku": "<sku>", "note": "by rule"}'}


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


def api(work: str = _WORK, **properties: Any) -> Resources:
    """An API whose one mutation is resolved by a function."""
    given = {"AuthenticationType": "AWS_IAM", **properties}
    made = graphql_api("Api", _SCHEMA, keyed=False, **given) | function("Work", work)
    return made | function_source("Api", "Work", "Work") | resolver("Api", "Mutation.publish", "Work")


def rule(*, field: str = "publish", has_role: bool = True, operation: str = _OPERATION, **target: Any) -> Resources:
    """A rule for events of `shop` with one target and a queue for what it does not take. field: its role may have."""
    resource = {"Fn::Sub": ["${Api}/types/Mutation/fields/" + field, {"Api": {"Ref": "Api"}}]}
    statement = {"Effect": "Allow", "Action": "appsync:GraphQL", "Resource": resource}
    given = {
        "Id": "api",
        "Arn": {"Fn::GetAtt": ["Api", "GraphQLEndpointArn"]},
        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Lost", "Arn"]}},
        "InputTransformer": _VARIABLES,
        **({"RoleArn": {"Fn::GetAtt": ["Caller", "Arn"]}} if has_role else {}),
        **({"AppSyncParameters": {"GraphQLOperation": operation}} if operation else {}),
        **target,
    }
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = {"Queues": [{"Ref": "Lost"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]}}
    return {
        "Caller": role(statement, service="events.amazonaws.com"),
        "Lost": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "LostPolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": policy},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"EventPattern": {"source": ["shop"]}, "Targets": [given]},
        },
    }


def lost(harness: WiredHarness, deployment: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the messages in the queue say of themselves."""
    answer = harness.aws("sqs").receive_message(
        QueueUrl=physical_id(deployment, "Lost"), MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [
        {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
        for message in answer.get("Messages", [])
    ]


def test_an_event_is_the_variables_of_an_operation(harness: WiredHarness, stacks: Stacks) -> None:
    deployment = stacks.deploy(api() | rule())
    before = harness.position()

    EventBus(harness).put({"sku": "a"})

    [called] = harness.payloads(after=before)
    assert called["arguments"] == {"sku": "a", "note": "by rule"}
    rule_name = physical_id(deployment, "Rule")
    assert called["identity"]["userArn"].endswith(f"assumed-role/{physical_id(deployment, 'Caller')}/{rule_name}")
    assert len(harness.events("EventDelivered", after=before)) == 1
    assert lost(harness, deployment) == []


def test_a_whole_event_may_be_the_variables(harness: WiredHarness, stacks: Stacks) -> None:
    stacks.deploy(api() | rule(InputPath="$.detail", InputTransformer={"Ref": "AWS::NoValue"}))
    before = harness.position()

    EventBus(harness).put({"sku": "b"})

    assert [called["arguments"] for called in harness.payloads(after=before)] == [{"sku": "b"}]


@pytest.mark.parametrize(
    ("given", "properties", "said"),
    [
        pytest.param({"field": "other"}, {}, "Not Authorized to access publish on type Mutation", id="another field"),
        pytest.param({"has_role": False}, {}, "Valid authorization header not provided.", id="nobody signs"),
        pytest.param({}, {"AuthenticationType": "API_KEY"}, "", id="an API without signatures"),
    ],
)
def test_who_is_not_let_in_is_not_tried_again(
    harness: WiredHarness, stacks: Stacks, given: dict[str, Any], properties: dict[str, Any], said: str
) -> None:
    deployment = stacks.deploy(api(**properties) | rule(**given))
    before = harness.position()

    EventBus(harness).put({"sku": "a"})

    assert harness.payloads(after=before) == []
    [letter] = lost(harness, deployment)
    assert (letter["ERROR_CODE"], letter["RETRY_ATTEMPTS"]) == ("NO_PERMISSIONS", "0")
    assert said in letter["ERROR_MESSAGE"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        pytest.param({"Input": "[1]", "InputTransformer": {"Ref": "AWS::NoValue"}}, "INVALID_JSON", id="a list"),
        pytest.param({"operation": ""}, "INVALID_PARAMETER", id="no operation"),
        pytest.param({"operation": " "}, "ERROR_FROM_TARGET", id="an empty operation"),
        pytest.param(
            {"Arn": {"Fn::Sub": "arn:aws:appsync:${AWS::Region}:${AWS::AccountId}:endpoints/graphql-api/none"}},
            "NO_RESOURCE",
            id="no API",
        ),
    ],
)
def test_what_cannot_be_sent_is_put_away(
    harness: WiredHarness, stacks: Stacks, target: dict[str, Any], code: str
) -> None:
    deployment = stacks.deploy(api() | rule(**target))
    before = harness.position()

    EventBus(harness).put({"sku": "a"})

    assert harness.payloads(after=before) == []
    assert [letter["ERROR_CODE"] for letter in lost(harness, deployment)] == [code]


def test_an_error_of_a_resolver_is_an_answer(harness: WiredHarness, stacks: Stacks) -> None:
    deployment = stacks.deploy(api("def handler(event, context): raise ValueError('no')") | rule())
    before = harness.position()

    EventBus(harness).put({"sku": "a"})

    assert len(harness.payloads(after=before)) == 1
    assert len(harness.events("EventDelivered", after=before)) == 1
    assert lost(harness, deployment) == []
