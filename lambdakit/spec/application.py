"""The root of a document."""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from lambdakit.spec.cloudformation import (
    MAPPINGS_MAX,
    OUTPUTS_MAX,
    RESOURCES_MAX,
    LogicalId,
    Mapping,
    Output,
    RawResource,
)
from lambdakit.spec.environments import ENVIRONMENTS_MAX, EnvironmentName, EnvironmentOverlay
from lambdakit.spec.function import FunctionDefaults, Model, RelativePath
from lambdakit.spec.functions import LoneFunction
from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.names import (
    CONSTRUCT_ID_LENGTH_MAX,
    CONSTRUCT_ID_PATTERN,
    STACK_NAME_LENGTH_MAX,
    STACK_NAME_PATTERN,
    pascal_case,
)
from lambdakit.spec.network import Network
from lambdakit.spec.parameters import PARAMETERS_MAX, Context, Parameter, ParameterName
from lambdakit.spec.patterns import AnyPattern
from lambdakit.spec.refusal import patterned_text, refusal
from lambdakit.spec.resources.kinds import AnyResource


def _stack_name(text: str) -> str:
    return "-".join(part for part in text.replace("_", "-").replace(".", "-").split() if part)


StackName = Annotated[
    str,
    patterned_text(
        STACK_NAME_PATTERN,
        allowed="a name of a stack: a letter, then letters, digits and hyphens",
        longest=STACK_NAME_LENGTH_MAX,
        mend=_stack_name,
    ),
]
ConstructId = Annotated[
    str,
    patterned_text(
        CONSTRUCT_ID_PATTERN,
        allowed="a key: a letter, then letters, digits, - and _",
        longest=CONSTRUCT_ID_LENGTH_MAX,
        mend=pascal_case,
    ),
]


# What makes a stack; without any of them there is nothing to deploy.
CONTENTS: Final = ("patterns", "functions", "resources", "cloudformation")


class Layer(Model):
    """A layer that functions of the application share."""

    code: RelativePath = Field(
        description="directory of the layer's content, as it appears in /opt", examples=["layers/shared"]
    )


class Application(Model):
    """One application: a stack, further ones where parts say so, and as many more for each of its environments.

    application: the own stack's name, with which the others' begin. layers: by the name that functions use.
    include, environments: as they are written; what they come to is in the application, or in a further one.
    functions: by their names, which are construct ids as well.
    patterns: by the construct id of the pattern, from which its outputs' names follow.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [key], "properties": {key: {"minProperties": 1}}} for key in CONTENTS]
        }
    )

    application: StackName = Field(description="name of the application and of its stack", examples=["shop"])
    include: list[RelativePath] = Field(
        default_factory=lambda: [],
        description="files of the project whose keys are the document's, too; no key is written twice",
        examples=[["network.yaml"]],
    )
    parameters: Annotated[dict[ParameterName, Parameter], Field(max_length=PARAMETERS_MAX)] = Field(
        default_factory=dict,
        description="values that a deployment is given; ${Name} in environment variables, descriptions and tags",
        examples=[{"Stage": {"default": "dev", "allowed_values": ["dev", "prod"]}}],
    )
    context: Context = Field(
        default_factory=dict,
        description="context of the CDK application, such as its feature flags",
        examples=[{"@aws-cdk/aws-lambda:useCdkManagedLogGroup": True}],
    )
    environments: Annotated[dict[EnvironmentName, EnvironmentOverlay], Field(max_length=ENVIRONMENTS_MAX)] = Field(
        default_factory=dict,
        description="further stacks, <application>-<environment>, each of the document with an overlay",
        examples=[{"staging": {"region": "eu-west-1", "defaults": {"memory_size": 1024}}}],
    )
    defaults: FunctionDefaults = Field(
        default_factory=FunctionDefaults, description="what every function has that does not say otherwise"
    )
    layers: dict[ConstructId, Layer] = Field(default_factory=dict, description="layers that functions name")
    network: Network | None = Field(
        default=None, description="the network that functions run in; outside a VPC when absent"
    )
    resources: dict[ConstructId, AnyResource] = Field(
        default_factory=dict, description="what patterns and functions share, each under its name"
    )
    functions: dict[ConstructId, LoneFunction] = Field(
        default_factory=dict,
        description="functions of no pattern, each under its name, which others are granted to invoke",
        examples=[{"reserve": {"code": "functions/reserve", "handler": "app.handler"}}],
    )
    cloudformation: Annotated[dict[LogicalId, RawResource], Field(max_length=RESOURCES_MAX)] = Field(
        default_factory=dict,
        description="resources as CloudFormation spells them, by logical id; !Ref and the like name them, `resources`, "
        "functions, parameters, and constructs by their path, as in !GetAtt orders/Table.Arn",
        examples=[{"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5}}}],
    )
    conditions: Annotated[dict[LogicalId, JsonObject], Field(max_length=RESOURCES_MAX)] = Field(
        default_factory=dict,
        description="conditions of the template, by logical id, for !If and Condition",
        examples=[{"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}],
    )
    mappings: Annotated[dict[LogicalId, Mapping], Field(max_length=MAPPINGS_MAX)] = Field(
        default_factory=dict,
        description="mappings of the template, by logical id, for !FindInMap",
        examples=[{"Sizes": {"eu-west-1": {"memory": 512}}}],
    )
    outputs: Annotated[dict[LogicalId, Output], Field(max_length=OUTPUTS_MAX)] = Field(
        default_factory=dict,
        description="outputs of the stack besides those of its patterns, by logical id",
        examples=[{"JobsUrl": {"value": {"Ref": "Jobs"}}}],
    )
    patterns: dict[ConstructId, AnyPattern] = Field(
        default_factory=dict,
        validate_default=True,
        description="the parts of the application, each under its construct id",
    )

    @field_validator("patterns")
    @classmethod
    def _is_something(cls, patterns: dict[str, AnyPattern], info: ValidationInfo) -> dict[str, AnyPattern]:
        """The last of the fields sees the others; one that is not there was refused, and so had something."""
        others: dict[str, Any] = info.data
        if patterns or any(others.get(key, True) for key in CONTENTS[1:]):
            return patterns
        problem = f"there is nothing to deploy: {', '.join(CONTENTS[:-1])} and {CONTENTS[-1]} are all empty"
        raise refusal("LK110", problem, "add patterns: and at least one of them below it")
