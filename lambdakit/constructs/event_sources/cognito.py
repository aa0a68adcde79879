"""Triggers of a Cognito user pool: steps of a sign-up or sign-in that the function decides or hears of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cognito as cognito

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.constructs.user_pool import POOL_REASONS
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

USER_POOL_ID: Final = "UserPool"
_PASSWORD_LENGTH_MIN: Final = 12
# The CDK's names. Those that need a key of the account's own, custom senders, are not among them.
TRIGGERS: Final = (
    "pre_sign_up",
    "post_confirmation",
    "pre_authentication",
    "post_authentication",
    "pre_token_generation",
    "user_migration",
    "custom_message",
    "define_auth_challenge",
    "create_auth_challenge",
    "verify_auth_challenge_response",
)
# Source: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers": it waits 5 seconds
TRIGGER_SECONDS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CognitoSource:
    """Steps at which a user pool asks the function, and waits for its answer for 5 seconds.

    triggers: of `TRIGGERS`, the CDK's names.
    user_pool: one made in this application; absent, a new one: users sign in by their address, passwords of 12
        characters, a second factor is possible, protected from deletion.
    self_sign_up_enabled: of a new pool; absent, users are made by an administrator.
    removal_policy: what happens to a new pool when it leaves the stack; absent, it is retained.
    """

    triggers: Sequence[str]
    user_pool: cognito.UserPool | None = None
    self_sign_up_enabled: bool = False
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN


def cognito_problems(pointer: str, source: CognitoSource, timeout_seconds: float | None) -> Iterator[Diagnostic]:
    """What Cognito would refuse of `source`, and time that it does not give the function."""
    if not source.triggers:
        yield Diagnostic(
            pointer=f"{pointer}.triggers",
            problem="there is no trigger, so nothing would start the function",
            code="LK441",
            hint="triggers: pre_sign_up",
        )
    for place, trigger in enumerate(source.triggers):
        if trigger not in TRIGGERS or trigger in source.triggers[:place]:
            yield Diagnostic(
                pointer=f"{pointer}.triggers",
                problem=f"{trigger!r} is named twice"
                if trigger in TRIGGERS
                else f"{trigger!r} is no trigger: {', '.join(TRIGGERS)}",
                code="LK441",
                hint="leave one out" if trigger in TRIGGERS else "triggers: pre_sign_up",
            )
    if timeout_seconds is not None and timeout_seconds > TRIGGER_SECONDS_MAX:
        yield Diagnostic(
            pointer="function.timeout",
            problem=f"{timeout_seconds:g} seconds are above {TRIGGER_SECONDS_MAX}, for which a user pool waits",
            code="LK405",
            hint=f"timeout: {TRIGGER_SECONDS_MAX}",
        )


def wire_cognito(wiring: Wiring, source: CognitoSource) -> EventSource:
    """The user pool with its triggers."""
    pool = _make_pool(wiring, source) if source.user_pool is None else source.user_pool
    for trigger in source.triggers:
        # It also allows the pool to invoke the handler.
        pool.add_trigger(getattr(cognito.UserPoolOperation, trigger.upper()), wiring.handler)
    return EventSource(user_pool=pool)


def grant_cognito_source(source: CognitoSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Nothing: the answer is all there is."""


def _make_pool(wiring: Wiring, source: CognitoSource) -> cognito.UserPool:
    pool = cognito.UserPool(
        wiring.scope,
        USER_POOL_ID,
        sign_in_aliases=cognito.SignInAliases(email=True),
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        self_sign_up_enabled=source.self_sign_up_enabled,
        password_policy=cognito.PasswordPolicy(
            min_length=_PASSWORD_LENGTH_MIN,
            require_digits=True,
            require_lowercase=True,
            require_uppercase=True,
            require_symbols=True,
        ),
        mfa=cognito.Mfa.OPTIONAL,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        deletion_protection=source.removal_policy == RemovalPolicy.RETAIN,
        removal_policy=source.removal_policy,
    )
    acknowledge(pool, POOL_REASONS)
    return pool
