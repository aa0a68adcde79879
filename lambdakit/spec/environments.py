"""What a document may say of one environment: where it is deployed, and what is laid over the document for it.

An overlay's sections are whatever a part of the document can be: what they come to is validated as a whole document,
once laid over. Here they are mappings, or `none`.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from lambdakit.spec.model import Model
from lambdakit.spec.refusal import Checked, patterned_text, refusal, wrong_type
from lambdakit.spec.regions import REGION_PATTERN, meant_region

ENVIRONMENTS_MAX: Final = 32
_NAME_LENGTH_MAX: Final = 64
_ACCOUNT_PATTERN: Final = "^[0-9]{12}$"
_ACCOUNT: Final = patterned_text(_ACCOUNT_PATTERN, allowed="an account: twelve digits in quotes", longest=12)


def _read_account(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**12:
        raise refusal("LK112", f"must be text, not the number {value}", f'put it in quotes: "{value:012d}"')
    text: str = _ACCOUNT.read(value)
    return text


def _read_section(value: object) -> Any:
    if isinstance(value, dict) or value == "none":
        return value
    raise wrong_type(value, "a mapping", "write its keys on lines of their own, indented below it")


Account = Annotated[str, Checked(_read_account, dict(_ACCOUNT.schema))]
Region = Annotated[
    str, patterned_text(REGION_PATTERN, allowed="a region such as eu-west-1", longest=32, mend=meant_region)
]
EnvironmentName = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9][A-Za-z0-9-]*$",
        allowed="a name of an environment: letters, digits and hyphens",
        longest=_NAME_LENGTH_MAX,
        mend=lambda text: "-".join(text.replace("_", "-").split()),
    ),
]
Section = Annotated[Any, Checked(_read_section, {"anyOf": [{"type": "object"}, {"const": "none"}]})]


def _section(name: str) -> Any:
    return Field(default=None, description=f"laid over {name}, key by key; none removes what the document has")


class EnvironmentOverlay(Model):
    """One environment: further stacks, of the document with this laid over it. Absent sections stay as they are."""

    account: Account | None = Field(
        default=None,
        description="account it is deployed to; whichever deploys it when absent",
        examples=["111122223333"],
    )
    region: Region | None = Field(
        default=None, description="region it is deployed to; whichever deploys it when absent", examples=["eu-west-1"]
    )
    parameters: Section | None = _section("parameters")
    defaults: Section | None = _section("defaults")
    layers: Section | None = _section("layers")
    network: Section | None = _section("network")
    resources: Section | None = _section("resources")
    functions: Section | None = _section("functions")
    cloudformation: Section | None = _section("cloudformation")
    conditions: Section | None = _section("conditions")
    mappings: Section | None = _section("mappings")
    outputs: Section | None = _section("outputs")
    patterns: Section | None = _section("patterns")


SECTIONS: Final = frozenset(EnvironmentOverlay.model_fields) - {"account", "region"}
