"""One Lambda trigger of a user pool: its event, the call, and what the function's answer is taken for.

Source: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers": the function has 5 s and
is called up to three times when it does not answer in time; it gives the event back with `response` filled. The texts
of the errors are as the service sends them: "PreSignUp failed with error …." for a function that raises,
"… invocation failed due to error …." for one that was not reached, "Unrecognizable lambda output" for another answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.delivery.function_calls import Caller, CallRefused, CallTimedOut, FunctionAnswer, FunctionCalls
from lambdakit.harness.moto_state.user_pools import PoolCall, PoolUser
from lambdakit.trace import EventDelivered, EventNotDelivered, TraceLog

_PRINCIPAL: Final = "cognito-idp.amazonaws.com"
_LIMIT_SECONDS: Final = 5.0
_TRIES: Final = 3
# What callers from nowhere in particular are called.
_SDK: Final = "aws-sdk-unknown-unknown"
NO_CLIENT: Final = "CLIENT_ID_NOT_APPLICABLE"

Request = Mapping[str, Any]


class Triggers:
    """Calls the triggers of user pools. limit_seconds: what a function has, in real time."""

    def __init__(self, calls: FunctionCalls, trace: TraceLog, *, limit_seconds: float = _LIMIT_SECONDS) -> None:
        self._calls = calls
        self._trace = trace
        self._limit_seconds = limit_seconds

    def run(self, call: PoolCall, trigger: str, source: str, user_name: str, request: Request) -> dict[str, Any] | None:
        """The `response` that a trigger gave; None when the pool has no such trigger. Raises the API's error.

        trigger: as `LambdaConfig` names it. source: `triggerSource`.
        """
        function, version = _configured(call, trigger)
        if not function:
            return None
        event = {
            "version": version,
            "region": call.region,
            "userPoolId": call.pool_id,
            "userName": user_name,
            "callerContext": {"awsSdkVersion": _SDK, "clientId": str(call.given.get("ClientId") or NO_CLIENT)},
            "triggerSource": source,
            "request": dict(request),
            "response": dict(_TOKEN_RESPONSE if version != "1" else _RESPONSES.get(trigger, {})),
        }
        try:
            answer = self._call(call, function, json.dumps(event).encode())
        except CallRefused as refused:
            self._tell(call, function, source, f"{refused.code}: {refused.message}", 1)
            reason = f"{trigger} invocation failed due to error {refused.code}."
            raise call.refuse("UnexpectedLambdaException", reason) from None
        except CallTimedOut as late:
            self._tell(call, function, source, str(late), _TRIES)
            reason = f"{trigger} invocation failed due to error Socket timeout while invoking Lambda function."
            raise call.refuse("UnexpectedLambdaException", reason) from None
        if answer.failed:
            reason = f"{trigger} failed with error {answer.error_message}."
            self._tell(call, function, source, reason, 1)
            raise call.refuse("UserLambdaValidationException", reason)
        self._trace.append(EventDelivered(source=call.pool_arn, target=function, what=source))
        return _response(call, answer)

    def _call(self, call: PoolCall, function: str, payload: bytes) -> FunctionAnswer:
        caller = Caller(service=_PRINCIPAL, source_arn=call.pool_arn, account_id=call.account_id)
        for left in reversed(range(_TRIES)):
            try:
                return self._calls.call(function, payload, caller, limit_seconds=self._limit_seconds)
            except CallTimedOut:
                if not left:
                    raise
        raise AssertionError("the last try ends it")

    def _tell(self, call: PoolCall, function: str, source: str, reason: str, attempts: int) -> None:
        self._trace.append(
            EventNotDelivered(
                source=call.pool_arn, target=function, what=source, reason=reason, attempts=attempts, settled="dropped"
            )
        )


# The members that the event has for the answer, so that a function finds where to put it.
_RESPONSES: Final[Mapping[str, Mapping[str, Any]]] = {
    "PreSignUp": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    "CustomMessage": {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    "UserMigration": {
        "userAttributes": None,
        "finalUserStatus": None,
        "messageAction": None,
        "desiredDeliveryMediums": None,
        "forceAliasCreation": None,
    },
    "DefineAuthChallenge": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    "CreateAuthChallenge": {
        "publicChallengeParameters": None,
        "privateChallengeParameters": None,
        "challengeMetadata": None,
    },
    "VerifyAuthChallengeResponse": {"answerCorrect": None},
    "PreTokenGeneration": {"claimsOverrideDetails": None},
}
# Of the second and third version of the event, which only pre token generation has.
_TOKEN_RESPONSE: Final[Mapping[str, Any]] = {"claimsAndScopeOverrideDetails": None}


def has(call: PoolCall, trigger: str) -> bool:
    """Whether the pool has a trigger."""
    return bool(_configured(call, trigger)[0])


def token_event_version(call: PoolCall) -> str:
    """The version of the event that the pool's pre token generation trigger gets."""
    return _configured(call, "PreTokenGeneration")[1]


def with_metadata(call: PoolCall, request: Request) -> Request:
    """The request with what the caller of the API passes on to triggers, if there is anything."""
    metadata = call.given.get("ClientMetadata")
    return {**request, "clientMetadata": metadata} if metadata else request


def attributes_of(user: PoolUser) -> dict[str, str]:
    """`userAttributes` of a user who is there."""
    return {**user.attributes, "cognito:user_status": user.status}


def _configured(call: PoolCall, trigger: str) -> tuple[str, str]:
    """The function's ARN, empty without one, and the version of its event."""
    if trigger == "PreTokenGeneration":
        versioned = call.triggers.get("PreTokenGenerationConfig") or {}
        if versioned.get("LambdaArn"):
            return str(versioned["LambdaArn"]), str(versioned.get("LambdaVersion", "V1_0"))[1]
    return str(call.triggers.get(trigger) or ""), "1"


def _response(call: PoolCall, answer: FunctionAnswer) -> dict[str, Any]:
    try:
        given = answer.json()
    except ValueError:
        given = None
    if not isinstance(given, dict) or not isinstance(given.get("response"), dict):
        raise call.refuse("InvalidLambdaResponseException", "Unrecognizable lambda output")
    response: dict[str, Any] = given["response"]
    return response
