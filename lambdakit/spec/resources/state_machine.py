"""A state machine that calls functions and resources, and that patterns and functions start."""

import json
import math
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from lambdakit.records import dataclass
from lambdakit.spec.function import RelativePath
from lambdakit.spec.grants import Grants
from lambdakit.spec.names import CONSTRUCT_ID_LENGTH_MAX, CONSTRUCT_ID_PATTERN
from lambdakit.spec.refusal import Checked, patterned_text, wrong_type
from lambdakit.spec.stacked import Stacked

_NAME: Final = patterned_text(
    CONSTRUCT_ID_PATTERN,
    allowed="a name of `resources` or `functions`, or a text of its own, written as {value: text}",
    longest=CONSTRUCT_ID_LENGTH_MAX,
)
_FORMS: Final = "a name of `resources` or `functions`, a number, true or false, or {value: text}"

StateMachineArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[^\\s:]{1,80}$",
        allowed="an ARN of a state machine such as arn:aws:states:eu-west-1:123456789012:stateMachine:orders",
        longest=256,
    ),
]
Placeholder = Annotated[
    str,
    patterned_text(
        "^[A-Za-z_][A-Za-z0-9_-]*$",
        allowed="a name as the definition has it between ${ and }: letters, digits, - and _",
        longest=CONSTRUCT_ID_LENGTH_MAX,
    ),
]


@dataclass(frozen=True, slots=True)
class LiteralText:
    """A text that stands in the definition itself."""

    text: str


def _read_substitution(value: object) -> str | LiteralText:
    match value:
        case str():
            name: str = _NAME.read(value)
            return name
        case {"value": str() as text, **others} if not others:
            return LiteralText(text)
        case bool() | int():
            return LiteralText(json.dumps(value))
        case float() if math.isfinite(value):
            return LiteralText(json.dumps(value))
    raise wrong_type(value, _FORMS)


_SUBSTITUTION: Final[dict[str, Any]] = {
    "anyOf": [
        dict(_NAME.schema),
        {"type": ["number", "boolean"]},
        {
            "type": "object",
            "properties": {"value": {"type": "string"}},
            "required": ["value"],
            "additionalProperties": False,
        },
    ]
}
Substitution = Annotated[str | LiteralText, Checked(_read_substitution, _SUBSTITUTION)]


class StateMachineResource(Stacked):
    """A state machine. One of definition and state_machine_arn is written, which a rule checks.

    substitutions: by the name in the definition; a name of `resources` or `functions` needs none.
    """

    kind: Literal["state_machine"] = Field(description="a state machine of Step Functions")
    state_machine_arn: StateMachineArn | None = Field(default=None, description="an existing one")
    definition: RelativePath | None = Field(
        default=None,
        description="file with the definition of a new one, in Amazon States Language; ${name} in it is the table's "
        "name, the queue's URL, the ARN of a function … called so",
        examples=["workflows/order.asl.json"],
    )
    state_machine_type: Literal["standard", "express"] = Field(
        default="standard", description="express: short and many, at least once each"
    )
    substitutions: dict[Placeholder, Substitution] = Field(
        default_factory=dict,
        description="what other names between ${ and } in the definition stand for",
        examples=[{"orders_table": "orders", "limit": 10, "sender": {"value": "Shop"}}],
    )
    grants: Grants = Field(
        default_factory=dict,
        description="what its tasks may do; functions that the definition names may be invoked anyway",
        examples=[{"orders": "write", "jobs": "publish"}],
    )
