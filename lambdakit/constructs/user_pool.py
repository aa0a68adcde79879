"""A Cognito user pool with secure settings, and the client that an application signs its users in with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.cdk_words import word
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from constructs import Construct

MultiFactor: TypeAlias = Literal["required", "optional", "off"]

# What its users have to do, and what is paid for by the month and user, is for the application to say.
POOL_REASONS: Final[Mapping[str, str]] = {
    "AwsSolutions-COG2": "A second factor is each user's choice unless the application requires it: mfa.",
    "AwsSolutions-COG8": "The plus tier is paid for by the user and month, so that the application chooses it.",
}
_PASSWORD_LENGTH: Final = 12
# Source: API cognito-idp PasswordPolicyType.MinimumLength
_PASSWORD_LENGTH_MIN: Final = 6
_PASSWORD_LENGTH_MAX: Final = 99
_MULTI_FACTOR: Final[Mapping[str, cognito.Mfa]] = {
    "required": cognito.Mfa.REQUIRED,
    "optional": cognito.Mfa.OPTIONAL,
    "off": cognito.Mfa.OFF,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPoolProperties:
    """A user pool whose users sign in by their e-mail address.

    self_sign_up: strangers may sign themselves up; absent, users are made by an administrator.
    mfa: a one-time password of an app beside the password; text messages are never used; also as the CDK's `Mfa`;
        absent, who wants it.
    password_length: the least, 6 to 99, of all four sorts of characters; absent, 12.
    removal_policy: what happens to the pool when it leaves the stack; absent, it is retained.
    deletion_protection: absent, off, as `removal_policy` already keeps the pool.
    """

    self_sign_up: bool = False
    mfa: MultiFactor | cognito.Mfa = "optional"
    password_length: int = _PASSWORD_LENGTH
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN
    deletion_protection: bool = False


def make_user_pool(scope: Construct, id: str, properties: UserPoolProperties) -> cognito.UserPool:
    """The user pool."""
    pool = cognito.UserPool(
        scope,
        id,
        self_sign_up_enabled=properties.self_sign_up,
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        keep_original=cognito.KeepOriginalAttrs(email=True),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        mfa=_MULTI_FACTOR[word(properties.mfa)],
        mfa_second_factor=None if word(properties.mfa) == "off" else cognito.MfaSecondFactor(otp=True, sms=False),
        password_policy=cognito.PasswordPolicy(
            min_length=properties.password_length,
            require_digits=True,
            require_lowercase=True,
            require_symbols=True,
            require_uppercase=True,
            temp_password_validity=Duration.days(1),
        ),
        removal_policy=properties.removal_policy,
        deletion_protection=properties.deletion_protection or None,
    )
    acknowledge(pool, POOL_REASONS)
    return pool


def make_client(pool: cognito.IUserPool) -> cognito.UserPoolClient:
    """A client for pages and apps: without a secret, passwords never leave the user's side, errors name no users."""
    return pool.add_client(
        "Client",
        auth_flows=cognito.AuthFlow(user_srp=True),
        generate_secret=False,
        prevent_user_existence_errors=True,
        disable_o_auth=True,
        access_token_validity=Duration.hours(1),
        id_token_validity=Duration.hours(1),
        refresh_token_validity=Duration.days(1),
    )


def user_pool_problems(pointer: str, properties: UserPoolProperties) -> Iterator[Diagnostic]:
    """What Cognito would refuse of `properties`."""
    length = properties.password_length
    if not _PASSWORD_LENGTH_MIN <= length <= _PASSWORD_LENGTH_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.password_length",
            problem=f"{length} is outside {_PASSWORD_LENGTH_MIN} to {_PASSWORD_LENGTH_MAX}",
            code="LK401",
            hint=f"password_length: {_PASSWORD_LENGTH}",
        )
