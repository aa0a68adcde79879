"""The actions of IoT rules, one for each kind that is served, all as the action's own role but a function's.

Source: AWS IoT Core Developer Guide, "AWS IoT rule actions" and the page of each; "Substitution templates".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from lambdakit.arn import partition_of
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.delivery.topic_sql import Template
from lambdakit.harness.delivery.topic_sql_values import Message
from lambdakit.harness.invocation.shipment import Clients
from lambdakit.harness.moto_state.topic_rules import TopicRule
from lambdakit.records import dataclass

_PRINCIPAL: Final = "iot.amazonaws.com"
_NUMBERS: Final[Mapping[str, str]] = {"STRING": "S", "NUMBER": "N"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """An action that is to be done. settings: the action's own. payload: what the rule made of the message."""

    rule: TopicRule
    settings: Mapping[str, Any]
    message: Message
    payload: bytes

    def text(self, name: str, default: str = "") -> str:
        """A setting with its templates filled in."""
        value = self.settings.get(name)
        return default if value is None else Template(str(value)).fill(self.message)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in the rule's own account and region."""
        return f"arn:{partition_of(self.rule.region)}:{service}:{self.rule.region}:{self.rule.account_id}:{resource}"


class TopicActions:
    """Does actions. republish: publishes a message: account and region, topic, payload."""

    def __init__(
        self, targets: Targets, clients: Clients, republish: Callable[[tuple[str, str], str, bytes], None]
    ) -> None:
        self._targets = targets
        self._clients = clients
        self._republish = republish
        self._kinds: Mapping[str, Callable[[Occasion], str]] = {
            "lambda": self._function,
            "sqs": self._queue,
            "sns": self._topic,
            "kinesis": self._stream,
            "firehose": self._delivery_stream,
            "stepFunctions": self._state_machine,
            "dynamoDBv2": self._item,
            "dynamoDB": self._fields,
            "s3": self._object,
            "republish": self._again,
            "cloudwatchAlarm": self._alarm,
            "cloudwatchMetric": self._metric,
            "cloudwatchLogs": self._logs,
        }

    def do(self, kind: str, occasion: Occasion) -> str:
        """Does an action once, and says what it was done to. NotDelivered when it was not."""
        action = self._kinds.get(kind)
        if action is None:
            raise NotDelivered("NOT_SERVED", f"nothing is done by the action {kind} here", is_final=True)
        try:
            return action(occasion)
        except ClientError as error:
            told = error.response["Error"]
            raise NotDelivered(told["Code"], told.get("Message", ""), is_final=True) from None
        except (ParamValidationError, KeyError, ValueError) as error:
            raise NotDelivered("InvalidRequestException", f"{kind}: {error}", is_final=True) from None

    def _send(self, occasion: Occasion, target: str, payload: bytes | None = None, **parameters: Any) -> str:
        role = str(occasion.settings.get("roleArn") or "")
        self._targets.send(
            Delivery(
                source=occasion.rule.arn,
                account_id=occasion.rule.account_id,
                service=_PRINCIPAL,
                role_arn=role,
                target=target,
                payload=occasion.payload if payload is None else payload,
                what="IoT rule",
                parameters=parameters,
            )
        )
        return target

    def _client(self, service: str, occasion: Occasion) -> Any:
        return self._clients(service, occasion.rule.region, role=str(occasion.settings["roleArn"]))

    def _function(self, occasion: Occasion) -> str:
        return self._send(occasion, str(occasion.settings["functionArn"]))

    def _queue(self, occasion: Occasion) -> str:
        account_id, name = str(occasion.settings["queueUrl"]).rstrip("/").split("/")[-2:]
        payload = base64.b64encode(occasion.payload) if occasion.settings.get("useBase64") else None
        return self._send(
            occasion,
            f"arn:{partition_of(occasion.rule.region)}:sqs:{occasion.rule.region}:{account_id}:{name}",
            payload,
        )

    def _topic(self, occasion: Occasion) -> str:
        """Guide, "SNS": the format is JSON unless it is said to be RAW, and needs the key `default` then."""
        is_json = str(occasion.settings.get("messageFormat") or "JSON") == "JSON"
        target = str(occasion.settings["targetArn"])
        if is_json and _has_default(occasion.payload):
            return self._send(occasion, target, MessageStructure="json")
        return self._send(occasion, target)

    def _stream(self, occasion: Occasion) -> str:
        target = occasion.arn("kinesis", f"stream/{occasion.settings['streamName']}")
        return self._send(occasion, target, PartitionKey=occasion.text("partitionKey", occasion.message.topic))

    def _delivery_stream(self, occasion: Occasion) -> str:
        separator = str(occasion.settings.get("separator") or "").encode()
        target = occasion.arn("firehose", f"deliverystream/{occasion.settings['deliveryStreamName']}")
        return self._send(occasion, target, occasion.payload + separator)

    def _state_machine(self, occasion: Occasion) -> str:
        return self._send(occasion, occasion.arn("states", f"stateMachine:{occasion.settings['stateMachineName']}"))

    def _item(self, occasion: Occasion) -> str:
        """Guide, "DynamoDBv2": each member of the payload is an attribute."""
        table = str(occasion.settings["putItem"]["tableName"])
        item = json.loads(occasion.payload)
        attributes = {name: _attribute(value) for name, value in item.items()}
        self._client("dynamodb", occasion).put_item(TableName=table, Item=attributes)
        return occasion.arn("dynamodb", f"table/{table}")

    def _fields(self, occasion: Occasion) -> str:
        """Guide, "DynamoDB": the keys, and the payload in one attribute."""
        table = str(occasion.settings["tableName"])
        item = {str(occasion.settings.get("payloadField") or "payload"): {"S": occasion.payload.decode()}}
        for which in ("hashKey", "rangeKey"):
            if occasion.settings.get(f"{which}Field"):
                kind = _NUMBERS[str(occasion.settings.get(f"{which}Type") or "STRING").upper()]
                item[str(occasion.settings[f"{which}Field"])] = {kind: occasion.text(f"{which}Value")}
        self._client("dynamodb", occasion).put_item(TableName=table, Item=item)
        return occasion.arn("dynamodb", f"table/{table}")

    def _object(self, occasion: Occasion) -> str:
        bucket, key = str(occasion.settings["bucketName"]), occasion.text("key")
        self._client("s3", occasion).put_object(Bucket=bucket, Key=key, Body=occasion.payload)
        return f"arn:{partition_of(occasion.rule.region)}:s3:::{bucket}/{key}"

    def _again(self, occasion: Occasion) -> str:
        topic = occasion.text("topic").replace("$$", "$", 1)
        self._republish((occasion.rule.account_id, occasion.rule.region), topic, occasion.payload)
        return occasion.arn("iot", f"topic/{topic}")

    def _alarm(self, occasion: Occasion) -> str:
        name = str(occasion.settings["alarmName"])
        self._client("cloudwatch", occasion).set_alarm_state(
            AlarmName=name,
            StateValue=occasion.text("stateValue"),
            StateReason=occasion.text("stateReason"),
        )
        return occasion.arn("cloudwatch", f"alarm:{name}")

    def _metric(self, occasion: Occasion) -> str:
        name = occasion.text("metricName")
        datum = {"MetricName": name, "Value": float(occasion.text("metricValue")), "Unit": occasion.text("metricUnit")}
        namespace = occasion.text("metricNamespace")
        self._client("cloudwatch", occasion).put_metric_data(Namespace=namespace, MetricData=[datum])
        return f"{namespace}/{name}"

    def _logs(self, occasion: Occasion) -> str:
        group = str(occasion.settings["logGroupName"])
        return self._send(
            occasion,
            occasion.arn("logs", f"log-group:{group}"),
            logStreamName=occasion.rule.name,
            timestamp=occasion.message.milliseconds,
        )


def _has_default(payload: bytes) -> bool:
    try:
        value = json.loads(payload)
    except ValueError:
        return False
    return isinstance(value, dict) and "default" in value


def _attribute(value: Any) -> dict[str, Any]:
    """A value as DynamoDB has it."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": json.dumps(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [_attribute(one) for one in value]}
    return {"M": {name: _attribute(one) for name, one in value.items()}}
