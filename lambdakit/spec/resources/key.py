"""A key that functions encrypt and decrypt with."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.resources.description import Description
from lambdakit.spec.stacked import Stacked

# Source: API kms CreateAlias.AliasName; those that begin with aws/ are AWS's own
_ALIAS_LENGTH_MAX: Final = 250

KeyArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}$",
        allowed="an ARN of a key such as arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012",
        longest=256,
    ),
]
KeyAlias = Annotated[
    str,
    patterned_text(
        "^(?!aws/|alias/)[A-Za-z0-9/_-]+$",
        allowed="an alias of a key without alias/ before it: letters, digits and / _ -",
        longest=_ALIAS_LENGTH_MAX,
        mend=lambda text: text.removeprefix("alias/"),
    ),
]


class KeyResource(Stacked):
    """A symmetric key. key_arn: None for a new one. alias: None for none."""

    kind: Literal["key"] = Field(description="a key of KMS, to encrypt and decrypt with")
    key_arn: KeyArn | None = Field(default=None, description="an existing one; a new one when absent")
    alias: KeyAlias | None = Field(default=None, description="another name for it", examples=["shop/master"])
    description: Description | None = Field(default=None, description="text shown beside it")
    enable_key_rotation: bool = Field(default=True, description="whether KMS renews its material every year")
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of it when it leaves the stack"
    )
