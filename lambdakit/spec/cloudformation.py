"""Parts of a template as CloudFormation spells them: resources, conditions, mappings and outputs by logical id."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from lambdakit.spec.json_value import JsonObject, JsonValue
from lambdakit.spec.model import Model
from lambdakit.spec.names import pascal_case
from lambdakit.spec.refusal import Checked, patterned_text, refusal, wrong_type

# Source: CloudFormation User Guide, "CloudFormation template Resources syntax", Logical ID;
# "CloudFormation quotas": resources, mappings, outputs, and names of parameters, mappings and outputs
RESOURCES_MAX: Final = 500
OUTPUTS_MAX: Final = 200
MAPPINGS_MAX: Final = 200
_LOGICAL_ID_LENGTH_MAX: Final = 255
_TYPE_LENGTH_MAX: Final = 196
_DESCRIPTION_LENGTH_MAX: Final = 1024
# Sections of a template, which stand elsewhere in a document.
_SECTIONS: Final = {
    "Resources": "write its resources directly below cloudformation",
    "Conditions": "write conditions beside cloudformation, with the conditions below it",
    "Mappings": "write mappings beside cloudformation, with the mappings below it",
    "Outputs": "write outputs beside cloudformation, with the outputs below it",
    "Parameters": "write parameters beside cloudformation, with the parameters below it",
}


def _refuse_sections(name: str) -> None:
    if name in _SECTIONS:
        raise refusal("LK113", f"{name} is a section of templates, not a logical id", _SECTIONS[name])


def _read_names(value: object) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise wrong_type(value, "a name, or a list of names")
    return names


LogicalId = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9]+$",
        allowed="a logical id: letters and digits",
        longest=_LOGICAL_ID_LENGTH_MAX,
        mend=pascal_case,
        refused=_refuse_sections,
        extra={"not": {"enum": list(_SECTIONS)}},
    ),
]
ResourceType = Annotated[
    str,
    patterned_text(
        "^(Custom::[A-Za-z0-9_@-]+|[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+(::MODULE)?)$",
        allowed="a type of a resource such as AWS::SQS::Queue or Custom::Seed",
        longest=_TYPE_LENGTH_MAX,
    ),
]
Names = Annotated[
    list[str],
    Checked(
        _read_names,
        {"type": ["string", "array"], "minLength": 1, "items": {"type": "string", "minLength": 1}},
    ),
]
Description = Annotated[
    str,
    patterned_text("^[^\\u0000-\\u001f]+$", allowed="text in one line", longest=_DESCRIPTION_LENGTH_MAX),
]
MapKey = Annotated[
    str, patterned_text("^[A-Za-z0-9._-]+$", allowed="a key of a mapping: letters, digits and . - _", longest=255)
]


def _read_mapped(value: object) -> Any:
    is_list = isinstance(value, list)
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str | int | float) or item != item or item in (float("inf"), float("-inf")):
            raise wrong_type(item, "text, a number, true or false" + ("" if is_list else ", or a list of them"))
    return value


_PLAIN: Final = ("string", "number", "boolean")
MappedValue = Annotated[Any, Checked(_read_mapped, {"type": [*_PLAIN, "array"], "items": {"type": list(_PLAIN)}})]
Mapping = dict[MapKey, dict[MapKey, MappedValue]]


class RawResource(Model):
    """A resource as CloudFormation spells it; nothing is added to it."""

    Type: ResourceType = Field(description="type of the resource", examples=["AWS::SQS::Queue"])
    Properties: JsonObject = Field(default_factory=dict, description="its properties, with !Ref, !GetAtt, !Sub …")
    DependsOn: Names = Field(default_factory=lambda: [], description="what is made before it, by name")
    Condition: LogicalId | None = Field(default=None, description="one of `conditions`, under which it is made")
    DeletionPolicy: Literal["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"] | None = Field(
        default=None, description="what becomes of it when it leaves the stack; Delete for most types when absent"
    )
    UpdateReplacePolicy: Literal["Delete", "Retain", "Snapshot"] | None = Field(
        default=None, description="what becomes of the old one when it is replaced; Delete for most types when absent"
    )
    CreationPolicy: JsonObject | None = Field(default=None, description="what is waited for when it is made")
    UpdatePolicy: JsonObject | None = Field(default=None, description="how it is updated")
    Metadata: JsonObject | None = Field(default=None, description="what templates carry beside it")


class Output(Model):
    """An output of the stack. condition, export_name, description: None for none."""

    value: JsonValue = Field(description="text, or a function's value", examples=["!Ref Jobs"])
    description: Description | None = Field(default=None, description="text shown beside it")
    export_name: JsonValue | None = Field(default=None, description="name by which other stacks import it")
    condition: LogicalId | None = Field(default=None, description="one of `conditions`, under which it is there")
