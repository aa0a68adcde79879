"""Events of EventBridge and of its schedules.

Source: Amazon EventBridge User Guide, "AWS service event metadata" and "Creating a rule that runs on a schedule"; AWS
CodePipeline User Guide, "Monitoring CodePipeline events". What EventBridge Scheduler sends for a schedule without an
input is documented nowhere; the form here, whose detail is a text, is the one that functions were seen to get.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lambdakit.session.sample_events.sample import ISO_SECONDS, Choices, JsonObject, identifier


def envelope(
    choices: Choices, *, source: str, detail_type: str, resources: Sequence[str], detail: object
) -> JsonObject:
    """What every event of EventBridge has."""
    return {
        "version": "0",
        "id": identifier(f"{source} {detail_type}"),
        "detail-type": detail_type,
        "source": source,
        "account": choices.account_id,
        "time": ISO_SECONDS,
        "region": choices.region,
        "resources": list(resources),
        "detail": detail,
    }


def event(choices: Choices) -> JsonObject:
    """An event of an application's own."""
    detail = json.loads(choices.text("body", '{"example": "detail"}'))
    return envelope(choices, source="example.application", detail_type="Example Event", resources=[], detail=detail)


def schedule(choices: Choices) -> JsonObject:
    """Of a rule with a schedule."""
    rule = choices.arn("events", "rule/example-rule")
    return envelope(choices, source="aws.events", detail_type="Scheduled Event", resources=[rule], detail={})


def scheduler(choices: Choices) -> JsonObject:
    """Of EventBridge Scheduler, from a schedule that gives no input."""
    resource = choices.arn("scheduler", "schedule/default/example-schedule")
    return envelope(choices, source="aws.scheduler", detail_type="Scheduled Event", resources=[resource], detail="{}")


def pipeline_state(choices: Choices) -> JsonObject:
    """A pipeline's execution began."""
    detail = {
        "pipeline": "example-pipeline",
        "version": 1,
        "state": "STARTED",
        "execution-id": identifier("execution"),
    }
    return envelope(
        choices,
        source="aws.codepipeline",
        detail_type="CodePipeline Pipeline Execution State Change",
        resources=[choices.arn("codepipeline", "example-pipeline")],
        detail=detail,
    )
