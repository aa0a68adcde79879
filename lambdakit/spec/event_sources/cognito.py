"""Triggers of a Cognito user pool."""

from typing import Annotated, Literal

from pydantic import Field

from lambdakit.spec.function import Model

Trigger = Literal[
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
]


class CognitoSource(Model):
    """Steps at which a new user pool asks the function, and waits for its answer."""

    kind: Literal["cognito"] = Field(description="steps of sign-up and sign-in at a user pool")
    triggers: Annotated[list[Trigger], Field(min_length=1)] = Field(
        description="at which steps the pool asks the function", examples=[["pre_sign_up", "post_confirmation"]]
    )
    self_sign_up_enabled: bool = Field(default=False, description="whether users may sign up themselves")
    removal_policy: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of the pool when it leaves the stack"
    )
