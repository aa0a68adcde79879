"""Parameters: values that a deployment is given, as CloudFormation declares them; and the CDK application's context."""

import math
from typing import Annotated, Any, Final

from pydantic import Field

from lambdakit.spec.json_value import JsonValue
from lambdakit.spec.model import Model
from lambdakit.spec.names import pascal_case
from lambdakit.spec.refusal import Checked, patterned_text, refusal, whole_number, wrong_type
from lambdakit.spec.wording import quoted

# Source: CloudFormation User Guide, "CloudFormation quotas": parameters, parameter names, parameter values
PARAMETERS_MAX: Final = 200
_NAME_LENGTH_MAX: Final = 255
_VALUE_BYTES_MAX: Final = 4096
# Source: CloudFormation User Guide, "CloudFormation template Parameters syntax", Description
_DESCRIPTION_LENGTH_MAX: Final = 4000
# The CDK's own, in every stack.
_RESERVED: Final = "BootstrapVersion"
_TYPE_LENGTH_MAX: Final = 128
# Source: CloudFormation User Guide, "Specify existing resources at runtime with CloudFormation-supplied parameter
# types"
_AWS_TYPE: Final = "AWS::[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+"
_TYPE_PATTERN: Final = (
    "^(String|Number|CommaDelimitedList|List<Number>|AWS::SSM::Parameter::Name"
    f"|AWS::SSM::Parameter::Value<(String|List<String>|CommaDelimitedList|({_AWS_TYPE})|List<({_AWS_TYPE})>)>"
    f"|{_AWS_TYPE}|List<{_AWS_TYPE}>)$"
)
_CONTEXT_LENGTH_MAX: Final = 512
# What the CDK reads of them is the compiler's to say.
_COMPILERS_OWN: Final = "aws:cdk:"


def _refuse_reserved(name: str) -> None:
    if name == _RESERVED:
        raise refusal("LK113", f"{name} is the CDK's own parameter, which every stack has", "choose another name")


def _refuse_own_context(key: str) -> None:
    if key.startswith(_COMPILERS_OWN):
        raise refusal("LK113", f"{quoted(key)} is for the CDK itself, and the compiler says it", "leave it out")


def _read_value(value: object) -> str | int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        hint = (
            f'put it in quotes: "{str(value).lower()}"' if isinstance(value, bool) else 'join a list by commas: "a,b"'
        )
        raise wrong_type(value, "text or a number", hint)
    if not isinstance(value, str):
        return _read_bound(value)
    if len(value.encode()) > _VALUE_BYTES_MAX:
        raise refusal("LK115", f"it has more than {_VALUE_BYTES_MAX} bytes, the most of a parameter's value")
    return value


def _read_bound(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(value, "a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise refusal("LK115", f"{value} is no number that CloudFormation has")
    return value


ParameterName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z][A-Za-z0-9]*$",
        allowed="a name of a parameter: a letter, then letters and digits",
        longest=_NAME_LENGTH_MAX,
        mend=pascal_case,
        refused=_refuse_reserved,
        extra={"not": {"enum": [_RESERVED]}},
    ),
]
ParameterType = Annotated[
    str,
    patterned_text(
        _TYPE_PATTERN,
        allowed="a type of a parameter: String, Number, CommaDelimitedList, List<Number>, one of AWS's such as "
        "AWS::EC2::VPC::Id, or AWS::SSM::Parameter::Value<String>",
        longest=_TYPE_LENGTH_MAX,
        mend=lambda text: {"string": "String", "number": "Number", "list": "CommaDelimitedList"}.get(text.lower(), ""),
    ),
]
ParameterValue = Annotated[Any, Checked(_read_value, {"type": ["string", "number"]})]
_BOUND: Final = Checked(_read_bound, {"type": "number"})
_LENGTH: Final = whole_number(minimum=0, what="length of a parameter's value")
_TEXT: Final = patterned_text(
    "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]+$",
    allowed="text without control characters",
    longest=_DESCRIPTION_LENGTH_MAX,
)
ContextKey = Annotated[
    str,
    patterned_text(
        "^[^\\u0000-\\u001f\\u007f]+$",
        allowed="a key of the context",
        longest=_CONTEXT_LENGTH_MAX,
        refused=_refuse_own_context,
        extra={"not": {"pattern": f"^{_COMPILERS_OWN}"}},
    ),
]
Context = dict[ContextKey, JsonValue]


class Parameter(Model):
    """A value that a deployment gives: `${Name}` in environment variables, descriptions and tags stands for it."""

    type: ParameterType = Field(default="String", description="type of the value", examples=["Number"])
    default: ParameterValue | None = Field(
        default=None, description="value when none is given; lists are joined by commas", examples=["dev"]
    )
    allowed_values: Annotated[list[ParameterValue], Field(min_length=1)] | None = Field(
        default=None, description="the only values that are taken", examples=[["dev", "prod"]]
    )
    allowed_pattern: Annotated[str, _TEXT] | None = Field(
        default=None, description="regular expression that the whole value has to fit", examples=["[a-z]+"]
    )
    min_length: Annotated[int, _LENGTH] | None = Field(default=None, description="least number of characters")
    max_length: Annotated[int, _LENGTH] | None = Field(default=None, description="most characters", examples=[64])
    min_value: Annotated[float, _BOUND] | None = Field(default=None, description="least value of a number")
    max_value: Annotated[float, _BOUND] | None = Field(default=None, description="greatest value of a number")
    no_echo: bool = Field(default=False, description="whether CloudFormation shows the value as asterisks")
    description: Annotated[str, _TEXT] | None = Field(default=None, description="text shown beside the parameter")
    constraint_description: Annotated[str, _TEXT] | None = Field(
        default=None, description="text shown when a value is refused", examples=["must be dev or prod"]
    )

    @property
    def is_list(self) -> bool:
        """Whether `Ref` returns a list, which no text can hold."""
        inner = self.type.removeprefix("AWS::SSM::Parameter::Value<")
        return inner.startswith(("List<", "CommaDelimitedList"))

    @property
    def is_number(self) -> bool:
        """Whether the value, or each of a list, is a number."""
        return self.type in ("Number", "List<Number>")
