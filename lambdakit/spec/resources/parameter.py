"""A parameter that functions read."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.resources.description import Description
from lambdakit.spec.stacked import Stacked

# Source: Systems Manager User Guide, "Requirements and constraints for parameter names"
ParameterName = Annotated[
    str,
    patterned_text(
        "^(?!/?([Aa][Ww][Ss]|[Ss][Ss][Mm]))([A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+){1,15})$",
        allowed="a name of a parameter such as /shop/flags: letters, digits and . - _, with slashes before each part, "
        "not beginning with aws or ssm",
        longest=1011,
    ),
]
# Source: Systems Manager User Guide, "Managing parameter tiers": 4 KB of a standard one. `{{` would be a reference.
ParameterValue = Annotated[
    str, patterned_text("^(?!\\{\\{)[^\\u0000-\\u0008\\u000b-\\u001f]+$", allowed="a parameter's text", longest=4096)
]


class ParameterResource(Stacked):
    """A parameter of text. string_value: None for an existing one, which parameter_name names.

    parameter_name: beside a value, the name of a new one; None for one that CloudFormation makes. A rule checks that
    one of the two is written.
    """

    kind: Literal["parameter"] = Field(description="a parameter of Systems Manager")
    parameter_name: ParameterName | None = Field(
        default=None,
        description="name of an existing one, or, beside string_value, of a new one",
        examples=["/shop/flags"],
    )
    string_value: ParameterValue | None = Field(default=None, description="text of a new one", examples=["on"])
    description: Description | None = Field(default=None, description="text shown beside it")
