"""A rule of AWS Config whose judgement is the function's."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.function import Model
from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.refusal import patterned_text

ResourceType = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+$",
        allowed="a type of a resource such as AWS::S3::Bucket",
        longest=256,
    ),
]


class ConfigRuleSource(Model):
    """Changes of resources, or the passing of time. maximum_execution_frequency: None for changes alone."""

    kind: Literal["config_rule"] = Field(description="changes of resources that AWS Config records")
    configuration_changes: bool = Field(default=True, description="whether each change is an event")
    maximum_execution_frequency: (
        Literal["one_hour", "three_hours", "six_hours", "twelve_hours", "twenty_four_hours"] | None
    ) = Field(default=None, description="how often time itself is an event; never when absent")
    # Source: API config Scope.ComplianceResourceTypes: at most 100
    resource_types: Annotated[list[ResourceType], Field(max_length=100)] = Field(
        default_factory=lambda: [],
        description="whose changes count; every type when empty",
        examples=[["AWS::S3::Bucket"]],
    )
    input_parameters: JsonObject = Field(
        default_factory=dict, description="what the rule is told, as JSON in the event", examples=[{"most_days": 30}]
    )
