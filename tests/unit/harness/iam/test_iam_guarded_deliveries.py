"""moto's own deliveries ask before they are made; at the same time the canary of `moto_state.guarded_deliveries`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.iam.resource_policies import ResourcePolicies
from lambdakit.harness.iam.service_calls import ServiceCalls, refusal_of
from lambdakit.harness.moto_state import triggers
from lambdakit.harness.moto_state.guarded_deliveries import Delivery, GuardedDeliveries
from lambdakit.harness.moto_state.kept_policies import keep_policies
from tests.fakes.policies import ACCOUNT_ID, REGION, arn, statement, text

pytestmark = pytest.mark.xdist_group("moto")


class World:
    """An account whose deliveries are judged by its policies; what was refused, in order."""

    def __init__(self) -> None:
        self.account = Account(account_id=ACCOUNT_ID, region=REGION)
        self.refused: list[tuple[str, str, str]] = []
        self.asked: list[Delivery] = []
        self._calls = ServiceCalls(ResourcePolicies(lambda _: None))

    def judge(self, delivery: Delivery) -> str:
        self.asked.append(delivery)
        decisions = [
            self._calls.decide(delivery.service, action, delivery.resource, source_arn=delivery.source_arn)
            for action in delivery.actions
        ]
        return next((refusal_of(decision) for decision in decisions if not decision.allowed), "")

    def tell(self, source_arn: str, target_arn: str, reason: str) -> None:
        self.refused.append((source_arn, target_arn, reason))

    def queue(self, name: str, policy: str = "") -> str:
        url = self.account.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy} if policy else {})[
            "QueueUrl"
        ]
        return str(url)

    def received(self, url: str) -> list[Any]:
        return list(self.account.client("sqs").receive_message(QueueUrl=url).get("Messages", []))


@pytest.fixture
def world() -> Iterator[World]:
    triggers.disarm()
    keep_policies()
    world = World()
    guard = GuardedDeliveries(world.judge, world.tell)
    guard.begin()
    guard.begin()
    yield world
    guard.end()
    guard.end()


@pytest.fixture
def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


def _from(service: str, source_arn: str) -> str:
    condition = {"ArnEquals": {"aws:SourceArn": source_arn}}
    return text(statement(service, "sqs:SendMessage", Condition=condition))


class TestTopics:
    def test_a_queue_that_lets_the_topic_in_gets_its_messages(self, world: World, name: str) -> None:
        sns = world.account.client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]
        url = world.queue(name, _from("sns.amazonaws.com", topic))
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", name))

        sns.publish(TopicArn=topic, Message="hello")

        (message,) = world.received(url)
        assert json.loads(message["Body"])["Message"] == "hello"
        assert world.refused == []
        assert len(world.asked) == 1

    def test_a_queue_that_does_not_gets_none_and_that_is_told(self, world: World, name: str) -> None:
        sns = world.account.client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]
        closed = world.queue(f"{name}-closed")
        other = world.queue(f"{name}-other", _from("sns.amazonaws.com", arn("sns", "other")))
        open_ = world.queue(name, _from("sns.amazonaws.com", topic))
        for queue in (f"{name}-closed", f"{name}-other", name):
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", queue))

        answer = sns.publish(TopicArn=topic, Message="hello")

        assert answer["MessageId"]
        assert [len(world.received(url)) for url in (closed, other, open_)] == [0, 0, 1]
        assert [told[:2] for told in world.refused] == [
            (topic, arn("sqs", f"{name}-closed")),
            (topic, arn("sqs", f"{name}-other")),
        ]
        assert "because its resource-based policy does not allow the sqs:SendMessage action" in world.refused[0][2]

    def test_what_a_filter_keeps_back_is_not_asked_for(self, world: World, name: str) -> None:
        sns = world.account.client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]
        world.queue(name)
        attributes = {"FilterPolicy": json.dumps({"kind": ["order"]})}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", name), Attributes=attributes)

        sns.publish(TopicArn=topic, Message="m")
        silent = list(world.refused)
        kind = {"kind": {"DataType": "String", "StringValue": "order"}}
        sns.publish(TopicArn=topic, Message="m", MessageAttributes=kind)

        assert silent == []
        assert len(world.refused) == 1

    def test_every_message_of_a_batch_is_asked_for(self, world: World, name: str) -> None:
        sns = world.account.client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]
        world.queue(name)
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", name))

        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": str(n), "Message": "m"} for n in range(3)])

        assert len(world.refused) == 3

    def test_an_encrypted_queue_needs_its_key(self, world: World, name: str) -> None:
        sns, sqs = world.account.client("sns"), world.account.client("sqs")
        topic = sns.create_topic(Name=name)["TopicArn"]
        url = world.queue(name, _from("sns.amazonaws.com", topic))
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", name))

        sns.publish(TopicArn=topic, Message="m")

        assert world.received(url) == []
        assert "kms:GenerateDataKey" in world.refused[0][2]

    def test_subscribers_of_other_kinds_are_not_asked_for(self, world: World, name: str) -> None:
        sns = world.account.client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn("lambda", "function:f"))
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")

        sns.publish(TopicArn=topic, Message="m")

        assert (world.asked, world.refused) == ([], [])


class TestRules:
    def _rule(self, world: World, name: str, *targets: str) -> str:
        events = world.account.client("events")
        rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
        listed = [{"Id": str(number), "Arn": target} for number, target in enumerate(targets)]
        events.put_targets(Rule=name, Targets=listed)
        return str(rule)

    def _put(self, world: World, name: str) -> Any:
        entry = {"Source": name, "DetailType": "d", "Detail": "{}"}
        return world.account.client("events").put_events(Entries=[entry])

    def test_a_queue_gets_what_its_policy_lets_in(self, world: World, name: str) -> None:
        rule = arn("events", f"rule/{name}")
        open_ = world.queue(name, _from("events.amazonaws.com", rule))
        closed = world.queue(f"{name}-closed")
        assert self._rule(world, name, arn("sqs", f"{name}-closed"), arn("sqs", name)) == rule

        answer = self._put(world, name)

        assert answer["FailedEntryCount"] == 0
        assert (len(world.received(open_)), len(world.received(closed))) == (1, 0)
        assert [told[:2] for told in world.refused] == [(rule, arn("sqs", f"{name}-closed"))]

    def test_a_log_group_gets_what_the_regions_policies_let_in(self, world: World, name: str) -> None:
        logs = world.account.client("logs")
        group = f"/aws/events/{name}"
        logs.create_log_group(logGroupName=group)
        rule = self._rule(world, name, arn("logs", f"log-group:{group}"))

        self._put(world, name)
        before = logs.filter_log_events(logGroupName=group)["events"]
        allowed = statement(
            "events.amazonaws.com", ["logs:CreateLogStream", "logs:PutLogEvents"], arn("logs", f"log-group:{group}:*")
        )
        logs.put_resource_policy(policyName=name, policyDocument=text(allowed))
        self._put(world, name)
        after = logs.filter_log_events(logGroupName=group)["events"]
        logs.delete_resource_policy(policyName=name)

        assert (len(before), len(after)) == (0, 1)
        assert [told[:2] for told in world.refused] == [(rule, arn("logs", f"log-group:{group}"))]

    def test_a_rule_that_does_not_match_is_not_asked_for(self, world: World, name: str) -> None:
        world.queue(name)
        self._rule(world, name, arn("sqs", name))

        self._put(world, "another.source")

        assert world.asked == []


def test_after_the_end_nothing_is_asked_for_any_more(name: str) -> None:
    world = World()
    guard = GuardedDeliveries(world.judge, world.tell)
    guard.begin()
    guard.end()
    sns = world.account.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = world.queue(name)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", name))

    sns.publish(TopicArn=topic, Message="m")

    assert len(world.received(url)) == 1
    assert world.asked == []


def test_it_may_begin_again_and_asks_once(name: str) -> None:
    world = World()
    guard = GuardedDeliveries(world.judge, world.tell)
    for _ in range(2):
        guard.begin()
        guard.end()
    guard.begin()
    sns = world.account.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    world.queue(name)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", name))

    sns.publish(TopicArn=topic, Message="m")
    guard.end()

    assert len(world.asked) == len(world.refused) == 1
