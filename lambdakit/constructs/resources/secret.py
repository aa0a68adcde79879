"""A secret that functions read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_secretsmanager as secretsmanager

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.resources.shared import shared_id, shared_output

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_kms as kms

_LENGTH: Final = 32
_NOT_RENEWED: Final = (
    "Who else holds a secret, and how it is changed there, is not known here: a rotation is added to it where it is."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedString:
    """How a secret is generated.

    password_length: characters; absent, 32. exclude_characters: absent, none. exclude_punctuation: absent, no.
    template, key: a JSON object, and the key in it that holds what is generated; absent, the secret is a text alone.
    """

    password_length: int = _LENGTH
    exclude_characters: str | None = None
    exclude_punctuation: bool = False
    template: Mapping[str, Any] | None = None
    key: str | None = None


def shared_secret(
    stack: Stack,
    name: str,
    *,
    generated: GeneratedString = GeneratedString(),
    description: str | None = None,
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    encryption_key: kms.IKey | None = None,
) -> secretsmanager.Secret:
    """The secret, generated when the stack is deployed, and the output `<Name>SecretArn`.

    encryption_key: absent, the key that AWS manages for Secrets Manager.
    """
    secret = secretsmanager.Secret(
        stack,
        shared_id(name),
        description=description,
        generate_secret_string=secretsmanager.SecretStringGenerator(
            password_length=generated.password_length,
            exclude_characters=generated.exclude_characters,
            exclude_punctuation=generated.exclude_punctuation or None,
            secret_string_template=None if generated.template is None else json.dumps(generated.template),
            generate_string_key=generated.key,
        ),
        removal_policy=removal_policy,
        encryption_key=encryption_key,
    )
    acknowledge(secret, {"AwsSolutions-SMG4": _NOT_RENEWED})
    shared_output(stack, name, "SecretArn", secret.secret_arn)
    return secret
