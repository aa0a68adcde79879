"""The root of a document."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lambdakit.spec.function import FunctionDefaults, Model, RelativePath
from lambdakit.spec.names import (
    CONSTRUCT_ID_LENGTH_MAX,
    CONSTRUCT_ID_PATTERN,
    STACK_NAME_LENGTH_MAX,
    STACK_NAME_PATTERN,
    pascal_case,
)
from lambdakit.spec.network import Network
from lambdakit.spec.patterns import AnyPattern
from lambdakit.spec.refusal import patterned_text


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


class Layer(Model):
    """A layer that functions of the application share."""

    code: RelativePath = Field(
        description="directory of the layer's content, as it appears in /opt", examples=["layers/shared"]
    )


class Application(Model):
    """One application: one stack of patterns.

    application: the stack's name. layers: by the name that functions use.
    patterns: by the construct id of the pattern, from which its outputs' names follow.
    """

    application: StackName = Field(description="name of the application and of its stack", examples=["shop"])
    defaults: FunctionDefaults = Field(
        default_factory=FunctionDefaults, description="what every function has that does not say otherwise"
    )
    layers: dict[ConstructId, Layer] = Field(default_factory=dict, description="layers that functions name")
    network: Network | None = Field(
        default=None, description="the network that functions run in; outside a VPC when absent"
    )
    patterns: Annotated[dict[ConstructId, AnyPattern], Field(min_length=1)] = Field(
        description="the parts of the application, each under its construct id"
    )
