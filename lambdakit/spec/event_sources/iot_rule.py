"""A rule of AWS IoT."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.function import Model
from lambdakit.spec.refusal import patterned_text

Sql = Annotated[
    str,
    patterned_text(
        "^[Ss][Ee][Ll][Ee][Cc][Tt]\\s[\\s\\S]*[Ff][Rr][Oo][Mm]\\s[\\s\\S]*$",
        allowed="a statement of the form SELECT … FROM 'topic'",
        longest=256 * 1024,
    ),
]


class IotRuleSource(Model):
    """Messages that devices publish, chosen by an SQL statement."""

    kind: Literal["iot_rule"] = Field(description="messages of devices")
    sql: Sql = Field(
        description="which messages, and what of them is the event",
        examples=["SELECT *, topic(2) AS device FROM 'sensors/+/temperature'"],
    )
    aws_iot_sql_version: Literal["2015-10-08", "2016-03-23", "beta"] = Field(
        default="2016-03-23", description="version of the statement's language"
    )
    enabled: bool = Field(default=True, description="whether the rule chooses")
