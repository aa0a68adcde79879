"""Properties of CloudFormation's that are laid over what a construct writes, by the construct's path."""

from typing import Annotated, Final

from pydantic import Field

from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.model import Model
from lambdakit.spec.refusal import patterned_text

ITSELF: Final = "."
# A construct's path is part of a stack's, of which the CDK writes no more.
_PATH_LENGTH_MAX: Final = 1024
# Short, as the schema repeats it for whatever has overrides.
OVERRIDES_SAYS: Final = (
    "construct path below it -> CloudFormation properties laid over, lists as a whole; !Ref AWS::NoValue removes one"
)

ConstructPath = Annotated[
    str,
    patterned_text(
        "^(\\.|[^/.\\u0000-\\u001f][^/\\u0000-\\u001f]*(/[^/\\u0000-\\u001f]+)*)$",
        allowed="a construct's path such as Table or Api/Default, or . for the construct itself",
        longest=_PATH_LENGTH_MAX,
        mend=lambda text: text.strip("/") or ITSELF,
    ),
]
Overrides = dict[ConstructPath, JsonObject]


class Overridable(Model):
    """A part of the document that becomes constructs, whose CloudFormation properties it can override."""

    overrides: Overrides = Field(default_factory=dict, description=OVERRIDES_SAYS)
