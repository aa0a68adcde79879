"""Alarms on a metric of one's own."""

from __future__ import annotations

from typing import Any

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.wired_harness import WiredHarness

NAMESPACE = "Shop"


class Watch:
    """Alarms on a metric of one's own, taken away at the end."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.cloudwatch = harness, harness.aws("cloudwatch")
        self.before = harness.position()
        self._names: list[str] = []

    def alarm(self, name: str = "late", **settings: Any) -> str:
        """Puts an alarm: more than 10 in a minute. Its ARN."""
        plain = {"Namespace": NAMESPACE, "MetricName": "Late", "Statistic": "Sum", "Period": 60}
        given = {
            "AlarmName": name,
            "EvaluationPeriods": 1,
            "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanThreshold",
            **({} if "Metrics" in settings else plain),
            **settings,
        }
        if given.get("ExtendedStatistic"):
            del given["Statistic"]
        self.cloudwatch.put_metric_alarm(**given)
        self._names.append(name)
        return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"

    def composite(self, name: str, rule: str, **settings: Any) -> None:
        self.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, **settings)
        self._names.append(name)

    def put(self, *values: float, name: str = "Late", **more: Any) -> None:
        """Measures, and waits for the end of the minute."""
        data = [{"MetricName": name, "Value": value, **more} for value in values]
        self.cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
        self.pass_minutes()

    def pass_minutes(self, minutes: int = 1) -> None:
        assert self.harness.call("POST", "clock", {"advance_seconds": 60 * minutes}).status == 200
        self.harness.drain()

    def described(self, name: str = "late") -> dict[str, Any]:
        found = self.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        alarms: list[dict[str, Any]] = found["MetricAlarms"] + found["CompositeAlarms"]
        assert len(alarms) == 1
        return alarms[0]

    def state(self, name: str = "late") -> str:
        return str(self.described(name)["StateValue"])

    def changes(self, name: str = "late") -> list[tuple[str, str]]:
        told = self.harness.events("AlarmStateChanged", after=self.before)
        return [(event["previous"], event["state"]) for event in told if event["alarm"] == name]

    def remove(self) -> None:
        self.cloudwatch.delete_alarms(AlarmNames=self._names)
