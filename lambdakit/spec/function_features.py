"""What a function can have beside its code: scaling, gradual deployment, an address, alarms."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit.spec.cors import Cors
from lambdakit.spec.function_places import AlarmArn
from lambdakit.spec.grants import GrantedName
from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.model import Model
from lambdakit.spec.names import CONSTRUCT_ID_PATTERN
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import number, or_none, patterned_text, whole_number
from lambdakit.spec.resource_name import ResourceName
from lambdakit.spec.time_zone import Timezone
from lambdakit.spec.topic_arn import TopicArn

_CAPACITY: Final = whole_number(minimum=1, what="provisioned concurrency")
_COUNT: Final = whole_number(minimum=1, what="value of an alarm")
_AGE: Final = duration(minimum=1, maximum=86_400, what="age that an alarm watches")

# Source: API PutMetricAlarm.AlarmActions, OKActions
TOPICS_MAX: Final = 5
# Source: AWS CodeDeploy User Guide, "CodeDeploy limits", alarms of a deployment group
_ALARMS_MAX: Final = 10

Capacity = Annotated[int, _CAPACITY]
TopicNames = Annotated[list[ResourceName], Field(max_length=TOPICS_MAX)]
TopicArns = Annotated[list[TopicArn], Field(max_length=TOPICS_MAX)]
_SHARE: Final = number(minimum=0.1, maximum=0.9, what="utilization that is held")
_DURATION_SHARE: Final = number(minimum=0.01, maximum=1.0, what="share of the time-out")
Schedule = Annotated[
    str,
    patterned_text(
        r"^(cron|rate|at)\(.+\)$", allowed="a schedule such as cron(0 8 ? * MON-FRI *) or rate(1 hour)", longest=256
    ),
]

# Source: IAM User Guide, "IAM JSON policy elements: Action": a service, a colon and an action, with * and ? in it
Action = Annotated[
    str,
    patterned_text(
        "^[a-z0-9-]+:[A-Za-z0-9*?]+$", allowed="an action such as ses:SendEmail: a service, then a name", longest=128
    ),
]
# Values of the deployment that an ARN or a condition may hold; other braces are IAM's, such as ${aws:username}.
# Source: CloudFormation Template Reference, "Pseudo parameters reference"
_PSEUDO: Final = r"\$\{AWS::(?:AccountId|Partition|Region)\}"
# Source: IAM User Guide, "IAM JSON policy elements: Resource"
_ARN: Final = f"arn:(?:[^:\\s]|{_PSEUDO})+:[^:\\s]+:(?:[^:\\s]|{_PSEUDO})*:(?:[^:\\s]|{_PSEUDO})*:[^\\s]+"
PolicyResource = Annotated[
    str,
    patterned_text(
        f"^(\\*|{_ARN}|{CONSTRUCT_ID_PATTERN.strip('^$')}(/[^\\s]+)?)$",
        allowed="a name of `resources`, with a path below it as in archive/*, an ARN, or * for everything",
        longest=2048,
    ),
]

# Source: IAM User Guide, "IAM JSON policy elements: Condition operators"
ConditionOperator = Annotated[
    str,
    patterned_text(
        "^((ForAllValues|ForAnyValue):)?[A-Z][A-Za-z]+$",
        allowed="an operator of IAM's such as StringEquals",
        longest=64,
    ),
]

# The CDK's names. Source: AWS CodeDeploy User Guide, "Predefined deployment configurations for an AWS Lambda compute
# platform"
DeploymentConfig = Literal[
    "all_at_once",
    "canary_10_percent_5_minutes",
    "canary_10_percent_10_minutes",
    "canary_10_percent_15_minutes",
    "canary_10_percent_30_minutes",
    "linear_10_percent_every_1_minute",
    "linear_10_percent_every_2_minutes",
    "linear_10_percent_every_3_minutes",
    "linear_10_percent_every_10_minutes",
]


class ScheduledCapacity(Model):
    """Bounds that hold from a moment on."""

    schedule: Schedule = Field(description="when", examples=["cron(0 8 ? * MON-FRI *)"])
    min_capacity: Capacity | None = Field(default=None, description="at least; unchanged when absent", examples=[5])
    max_capacity: Capacity | None = Field(default=None, description="at most; unchanged when absent", examples=[20])
    time_zone: Timezone | None = Field(
        default=None, description="in which the time is meant; UTC when absent", examples=["Europe/Berlin"]
    )


class ProvisionedScaling(Model):
    """Provisioned concurrency that follows its use."""

    max_capacity: Capacity = Field(description="environments that are kept ready, at most", examples=[20])
    min_capacity: Capacity = Field(default=1, description="environments that are kept ready, at least")
    utilization_target: Annotated[float | None, or_none(_SHARE)] = Field(
        default=0.7, description="share of them in use that is held; none scales by schedules alone"
    )
    schedules: list[ScheduledCapacity] = Field(default_factory=lambda: [], description="moments that change the bounds")


class GradualDeployment(Model):
    """A new version takes over step by step, and goes back when one of the function's alarms goes off."""

    config: DeploymentConfig = Field(default="canary_10_percent_5_minutes", description="the steps")
    alarm_arns: Annotated[list[AlarmArn], Field(max_length=_ALARMS_MAX)] = Field(
        default_factory=lambda: [],
        description="existing alarms that take it back as well",
        examples=[["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders-fail"]],
    )


class HookedDeployment(GradualDeployment):
    """The same with functions that are asked whether to go on. None for none."""

    pre_hook: GrantedName | None = Field(
        default=None, description="function that is asked before traffic moves", examples=["check"]
    )
    post_hook: GrantedName | None = Field(
        default=None, description="function that is asked once traffic has moved", examples=["check"]
    )


class FunctionUrl(Model):
    """The address of the function's alias."""

    auth_type: Literal["aws_iam", "none"] = Field(
        default="aws_iam", description="aws_iam: signed requests of allowed principals; none: everybody"
    )
    invoke_mode: Literal["buffered", "response_stream"] = Field(
        default="buffered", description="whether answers are sent while they are made"
    )
    cors: Cors | None = Field(default=None, description="cross-origin requests")


class Alarms(Model):
    """Alarms over five minutes each, paid for by the month. `none` leaves one out."""

    errors: Annotated[int | None, or_none(_COUNT)] = Field(default=1, description="failed invocations")
    throttles: Annotated[int | None, or_none(_COUNT)] = Field(default=1, description="refused invocations")
    duration_share: Annotated[float | None, or_none(_DURATION_SHARE)] = Field(
        default=0.9, description="share of the time-out that the slowest hundredth reaches"
    )
    async_event_age: Annotated[int, _AGE] | None = Field(
        default=None, description="how long asynchronous events wait", examples=["5m"]
    )
    iterator_age: Annotated[int, _AGE] | None = Field(
        default=None, description="how far a stream's records are behind", examples=["1h"]
    )
    concurrent_executions: Annotated[int, _COUNT] | None = Field(
        default=None, description="how many run at once", examples=[80]
    )
    topics: TopicNames = Field(
        default_factory=lambda: [],
        description="of `resources`, told when an alarm goes off and is over",
        examples=[["alerts"]],
    )
    topic_arns: TopicArns = Field(default_factory=lambda: [], description="existing ones, likewise; at most 5 together")


class PolicyStatement(Model):
    """Actions that the function's role may do on resources, for what no grant has a word for."""

    actions: Annotated[list[Action], Field(min_length=1)] = Field(
        description="what it may do", examples=[["ses:SendEmail"]]
    )
    resources: Annotated[list[PolicyResource], Field(min_length=1)] = Field(
        description="on what: names of `resources`, with a path below it as in archive/*, or ARNs, in which "
        "${AWS::AccountId}, ${AWS::Partition} and ${AWS::Region} stand for where the stack is; * where the service "
        "knows no resource",
        examples=[["orders"], ["archive/*"], ["arn:${AWS::Partition}:ses:eu-west-1:${AWS::AccountId}:identity/*"]],
    )
    conditions: dict[ConditionOperator, JsonObject] = Field(
        default_factory=dict,
        description="when, by IAM's operators; ${AWS::AccountId} and the like are replaced here, too",
        examples=[{"StringEquals": {"aws:ResourceAccount": "${AWS::AccountId}"}}],
    )
