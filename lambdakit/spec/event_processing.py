"""The pattern of one function between an event source and what it writes to."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from lambdakit.spec.acknowledged import ACKNOWLEDGE_EXAMPLES, ACKNOWLEDGE_SAYS, Acknowledged
from lambdakit.spec.event_sources.alarm import AlarmSource
from lambdakit.spec.event_sources.cognito import CognitoSource
from lambdakit.spec.event_sources.config_rule import ConfigRuleSource
from lambdakit.spec.event_sources.event_rule import EventRuleSource
from lambdakit.spec.event_sources.iot_rule import IotRuleSource
from lambdakit.spec.event_sources.logs import LogSource
from lambdakit.spec.event_sources.s3 import S3Source
from lambdakit.spec.event_sources.schedule import ScheduleSource
from lambdakit.spec.event_sources.sns import SnsSource
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.failure import FAILURE_DEFAULT, FAILURE_SAYS, AnyFailure
from lambdakit.spec.function import FunctionSettings
from lambdakit.spec.kinds import by_kind
from lambdakit.spec.monitoring import Monitored
from lambdakit.spec.names import CONSTRUCT_ID_LENGTH_MAX
from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.targets import AnyTarget

AnyEventSource = Annotated[
    Annotated[S3Source, Tag("s3")]
    | Annotated[SqsSource, Tag("sqs")]
    | Annotated[SnsSource, Tag("sns")]
    | Annotated[EventRuleSource, Tag("event_rule")]
    | Annotated[ScheduleSource, Tag("schedule")]
    | Annotated[IotRuleSource, Tag("iot_rule")]
    | Annotated[ConfigRuleSource, Tag("config_rule")]
    | Annotated[LogSource, Tag("logs")]
    | Annotated[AlarmSource, Tag("alarm")]
    | Annotated[CognitoSource, Tag("cognito")],
    by_kind("s3", "sqs", "sns", "event_rule", "schedule", "iot_rule", "config_rule", "logs", "alarm", "cognito"),
]
# Of targets an environment variable is made as well, whose name begins with a letter.
TargetName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z][A-Za-z0-9_-]*$",
        allowed="a name of a target: a letter, then letters, digits, - and _",
        longest=CONSTRUCT_ID_LENGTH_MAX,
    ),
]


class EventProcessing(Monitored):
    """Event source -> Lambda -> S3, DynamoDB, SQS, SNS, EventBridge, Step Functions."""

    kind: Literal["event_processing"] = Field(
        description="which pattern it is: an event source, a function and what it writes to"
    )
    source: AnyEventSource = Field(
        description="what starts the function", examples=[{"kind": "s3", "prefix": "incoming/"}, {"kind": "sqs"}]
    )
    function: FunctionSettings = Field(
        description="the function, called by the pattern's key",
        examples=[{"code": "functions/thumbnails", "handler": "app.handler"}],
    )
    targets: dict[TargetName, AnyTarget] = Field(
        default_factory=dict,
        description="what the function writes to, each under its name",
        examples=[{"processed": {"kind": "s3"}}],
    )
    on_failure: AnyFailure = Field(
        default=FAILURE_DEFAULT, description=FAILURE_SAYS, json_schema_extra={"default": {"kind": "sqs"}}
    )
    acknowledge: Acknowledged = Field(default_factory=dict, description=ACKNOWLEDGE_SAYS, examples=ACKNOWLEDGE_EXAMPLES)
