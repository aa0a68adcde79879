"""Parts of a document that say in which of the application's stacks they stand."""

from typing import Annotated, Final

from pydantic import Field

from lambdakit.spec.overrides import Overridable
from lambdakit.spec.refusal import patterned_text

STACK_PART_LENGTH_MAX: Final = 64

# In an overlay the word none removes the key, and so is no name.
StackPart = Annotated[
    str,
    patterned_text(
        "^(?!none$)[A-Za-z0-9][A-Za-z0-9-]*$",
        allowed="a stack's name: letters, digits and hyphens, but not the word none",
        longest=STACK_PART_LENGTH_MAX,
        mend=lambda text: "-".join(text.replace("_", "-").split()),
    ),
]


class Stacked(Overridable):
    """A part that stands in a stack. stack: None for the application's own."""

    # Short, as the schema repeats it for whatever stands in a stack.
    stack: StackPart | None = Field(
        default=None, description="stands in the stack <application>-<this>; in the application's own when absent"
    )
