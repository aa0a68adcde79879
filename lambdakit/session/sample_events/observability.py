"""Logs and alarms.

Source: Amazon CloudWatch Logs User Guide, "Subscription filters with AWS Lambda"; Amazon CloudWatch User Guide,
"Invoke a Lambda function from an alarm" (the example event of a single-metric alarm).
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Final

from lambdakit.session.sample_events.sample import EPOCH_MS, Choices, JsonObject

_FIRST_EVENT_ID: Final = 39_430_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000
_AT: Final = "2026-01-15T12:00:00.000+0000"
_BEFORE: Final = "2026-01-15T11:59:00.000+0000"


def cloudwatch_logs(choices: Choices) -> JsonObject:
    """A subscription filter's event: a log event for each line of the message."""
    lines = choices.text("message", "[ERROR] first example line\n[ERROR] second example line").splitlines()
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": choices.account_id,
        "logGroup": "/aws/lambda/example-source",
        "logStream": "2026/01/15/[$LATEST]0123456789abcdef0123456789abcdef",
        "subscriptionFilters": ["example-filter"],
        "logEvents": [
            {"id": str(_FIRST_EVENT_ID + number), "timestamp": EPOCH_MS + number, "message": line}
            for number, line in enumerate(lines)
        ],
    }
    # Without the time of compression, which would differ each time.
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode(), mtime=0)).decode()}}


def cloudwatch_alarm(choices: Choices) -> JsonObject:
    """An alarm on one metric goes off."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": choices.arn("cloudwatch", "alarm:example-alarm"),
        "accountId": choices.account_id,
        "time": _AT,
        "region": choices.region,
        "alarmData": {
            "alarmName": "example-alarm",
            "state": _state("ALARM", 12.0, _AT),
            "previousState": _state("OK", 3.0, _BEFORE),
            "configuration": {
                "description": "An example",
                "metrics": [
                    {
                        "id": "example1",
                        "metricStat": {
                            "metric": {
                                "namespace": "AWS/Lambda",
                                "name": "Errors",
                                "dimensions": {"FunctionName": "example-function"},
                            },
                            "period": 60,
                            "stat": "Sum",
                        },
                        "returnData": True,
                    }
                ],
            },
        },
    }


def _state(value: str, point: float, at: str) -> JsonObject:
    compared = "was greater than" if value == "ALARM" else "was not greater than"
    reason = (
        f"Threshold Crossed: 1 out of the last 1 datapoints [{point} (15/01/26 11:59:00)] {compared} the threshold "
        "(10.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = {
        "version": "1.0",
        "queryDate": at,
        "startDate": "2026-01-15T11:59:00.000+0000",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [point],
        "threshold": 10.0,
        "evaluatedDatapoints": [
            {"timestamp": "2026-01-15T11:59:00.000+0000", "sampleCount": 1.0, "value": point},
        ],
    }
    return {"value": value, "reason": reason, "reasonData": json.dumps(data), "timestamp": at}
