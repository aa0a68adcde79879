"""A log group whose events go to the function as they are written."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.function import RETENTION_DAYS_DEFAULT, Model, Retention
from lambdakit.spec.refusal import patterned_text

# Source: API logs CreateLogGroup.logGroupName, PutSubscriptionFilter.filterPattern
LogGroupName = Annotated[
    str,
    patterned_text("^[.A-Za-z0-9_/#-]+$", allowed="a name of a log group: letters, digits and . - _ / #", longest=512),
]
FilterPattern = Annotated[
    str, patterned_text("^[^\\u0000-\\u001f\\u007f]+$", allowed="a filter pattern of CloudWatch Logs", longest=1_024)
]


class LogSource(Model):
    """Events of a log group. log_group_name: None for a new one. filter_pattern: None for every event."""

    kind: Literal["logs"] = Field(description="events of a log group")
    log_group_name: LogGroupName | None = Field(
        default=None, description="an existing log group; a new one when absent", examples=["/aws/ecs/shop"]
    )
    filter_pattern: FilterPattern | None = Field(
        default=None,
        description="which events, in the language of CloudWatch Logs; all when absent",
        examples=['{ $.level = "ERROR" }'],
    )
    log_retention: Retention = Field(
        default=RETENTION_DAYS_DEFAULT,
        description="how long a new log group keeps its events",
        examples=["90d"],
        json_schema_extra={"default": f"{RETENTION_DAYS_DEFAULT}d"},
    )
