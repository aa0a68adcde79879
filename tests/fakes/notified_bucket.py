"""A bucket that notifies, with a queue, a topic and another queue behind that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.wired_harness import WiredHarness


class NotifiedBucket:
    """Everything is taken away at the end."""

    def __init__(self, harness: WiredHarness, name: str) -> None:
        self.harness, self.name, self.s3, self.sqs = harness, name, harness.aws("s3"), harness.aws("sqs")
        self.s3.create_bucket(Bucket=name)
        self.queue_url = self.sqs.create_queue(QueueName=f"{name}-q")["QueueUrl"]
        self.queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-q"
        self.sns = harness.aws("sns")
        self.topic_arn = self.sns.create_topic(Name=f"{name}-t")["TopicArn"]
        self.behind_url = self.sqs.create_queue(QueueName=f"{name}-behind")["QueueUrl"]
        behind = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-behind"
        self.sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=behind)

    def notify(self, **configuration: Any) -> None:
        """Puts a notification configuration."""
        self.s3.put_bucket_notification_configuration(Bucket=self.name, NotificationConfiguration=configuration)

    def refusal(self, **configuration: Any) -> dict[str, Any]:
        """The error of one that is refused."""
        with pytest.raises(ClientError) as refused:
            self.notify(**configuration)
        error: dict[str, Any] = refused.value.response["Error"]
        return error

    def to_function(self, arn: str, *events: str, **more: Any) -> None:
        """Notifies a function."""
        wanted = list(events) or ["s3:ObjectCreated:*"]
        self.notify(LambdaFunctionConfigurations=[{"LambdaFunctionArn": arn, "Events": wanted, **more}])

    def put(self, key: str, body: bytes = b"x", **more: Any) -> dict[str, Any]:
        """Puts an object."""
        answer: dict[str, Any] = self.s3.put_object(Bucket=self.name, Key=key, Body=body, **more)
        return answer

    def received(self, url: str = "") -> list[Any]:
        """The bodies of the messages in a queue, parsed; they are taken."""
        self.harness.drain()
        found: list[Any] = []
        while True:
            messages = self.sqs.receive_message(QueueUrl=url or self.queue_url, MaxNumberOfMessages=10).get("Messages")
            if not messages:
                return found
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=url or self.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def remove(self) -> None:
        """Takes everything away."""
        self.notify()
        listed = self.s3.list_object_versions(Bucket=self.name)
        for found in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            self.s3.delete_object(Bucket=self.name, Key=found["Key"], VersionId=found["VersionId"])
        self.s3.delete_bucket(Bucket=self.name)
        self.sns.delete_topic(TopicArn=self.topic_arn)
        for url in (self.queue_url, self.behind_url):
            self.sqs.delete_queue(QueueUrl=url)
