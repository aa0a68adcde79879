"""A secret that functions read."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.model import Model
from lambdakit.spec.refusal import patterned_text, whole_number
from lambdakit.spec.resource_name import KEY_SAYS, KeyName
from lambdakit.spec.resources.description import Description
from lambdakit.spec.stacked import Stacked

SecretArn = Annotated[
    str,
    patterned_text(
        "^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6}$",
        allowed="the whole ARN of a secret, with its six last characters, such as "
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:signing-AbCdEf",
        longest=2048,
    ),
]
# Source: API secretsmanager GetRandomPassword; with one of every type, it has four characters at least
PasswordLength = Annotated[int, whole_number(minimum=4, maximum=4096, what="length of a generated secret")]
Characters = Annotated[str, patterned_text("^[!-~]+$", allowed="characters of ASCII, without spaces", longest=4096)]
JsonKey = Annotated[str, patterned_text("^.+$", allowed="a key of a JSON object", longest=256)]


class GeneratedString(Model):
    """How a secret is generated. secret_string_template, generate_string_key: None for a text that is not JSON.

    A rule checks that both or neither are written.
    """

    password_length: PasswordLength = Field(default=32, description="how many characters are generated")
    exclude_characters: Characters | None = Field(
        default=None, description="those that are not among them", examples=["\"'\\/@"]
    )
    exclude_punctuation: bool = Field(default=False, description="whether letters and digits alone are generated")
    secret_string_template: JsonObject | None = Field(
        default=None, description="a JSON object that what is generated goes into", examples=[{"username": "shop"}]
    )
    generate_string_key: JsonKey | None = Field(
        default=None, description="its key in that object", examples=["password"]
    )


class SecretResource(Stacked):
    """A secret. secret_arn: None for a new one, which is generated. generate_secret_string: None for 32 characters."""

    kind: Literal["secret"] = Field(description="a secret of Secrets Manager")
    secret_arn: SecretArn | None = Field(default=None, description="an existing one; a generated one when absent")
    description: Description | None = Field(default=None, description="text shown beside it")
    generate_secret_string: GeneratedString | None = Field(
        default=None, description="how it is generated; 32 characters when absent", examples=[{"password_length": 64}]
    )
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of it when it leaves the stack"
    )
    encryption_key: KeyName | None = Field(default=None, description=KEY_SAYS, examples=["master"])
