"""Custom authentication: the function defines which challenge comes next, creates it and verifies the answer.

    InitiateAuth CUSTOM_AUTH -> define -> create -> the challenge
    RespondToAuthChallenge   -> verify -> define -> tokens, the next challenge, or an end

Source: Amazon Cognito Developer Guide, "Custom authentication challenge Lambda triggers"; API Reference, "InitiateAuth"
and "RespondToAuthChallenge" (a session is good for one answer, for 3 minutes by default).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from lambdakit.harness.delivery.user_pool_sign_in import SignIn
from lambdakit.harness.delivery.user_pool_triggers import Request, Triggers, attributes_of, has, with_metadata
from lambdakit.harness.moto_state.user_pools import PoolCall, PoolUser

CHALLENGE: Final = "CUSTOM_CHALLENGE"
FLOW: Final = "CUSTOM_AUTH"
_WRONG: Final = "Incorrect username or password."
_GOOD_FOR: Final = timedelta(minutes=3)


@dataclass(slots=True, kw_only=True)
class _Session:
    """An authentication under way. private, metadata: of the challenge that is out. until: how long it is good for."""

    pool: str
    client: str
    name: str
    until: datetime
    history: list[dict[str, Any]] = field(default_factory=list)
    private: Mapping[str, Any] = field(default_factory=dict)
    metadata: str | None = None


class CustomChallenges:
    """The custom authentications of all pools."""

    def __init__(self, triggers: Triggers, sign_in: SignIn, *, now: Callable[[], datetime]) -> None:
        self._triggers = triggers
        self._sign_in = sign_in
        self._now = now
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()

    def begin(self, call: PoolCall) -> dict[str, Any]:
        """The first challenge. Raises the API's error."""
        if not has(call, "DefineAuthChallenge") or not has(call, "CreateAuthChallenge"):
            problem = "Custom auth lambda trigger is not configured for the user pool."
            raise call.refuse("InvalidParameterException", problem)
        parameters = call.given.get("AuthParameters") or {}
        name = str(parameters.get("USERNAME") or "")
        user = call.user(name)
        if user is None and not call.hides_missing_users:
            raise call.refuse("UserNotFoundException", "User does not exist.")
        if user is not None and not user.is_enabled:
            raise call.refuse("NotAuthorizedException", "User is disabled.")
        self._sign_in.begin(call, user, name)
        session = _Session(pool=call.pool_arn, client=str(call.given.get("ClientId")), name=name, until=self._until())
        if parameters.get("CHALLENGE_NAME") == "SRP_A":
            session.history.append({"challengeName": "SRP_A", "challengeResult": True})
        return self._next(call, session, user)

    def answer(self, call: PoolCall) -> dict[str, Any]:
        """What follows an answer to a challenge. Raises the API's error."""
        session = self._taken(call)
        answer = (call.given.get("ChallengeResponses") or {}).get("ANSWER")
        if answer is None:
            raise call.refuse("InvalidParameterException", "Missing required parameter ANSWER")
        user = call.user(session.name)
        request = {
            **_about(user),
            "privateChallengeParameters": dict(session.private),
            "challengeAnswer": answer,
        }
        response = self._run(call, "VerifyAuthChallengeResponse", session.name, user, request)
        solved: dict[str, Any] = {"challengeName": CHALLENGE, "challengeResult": response.get("answerCorrect") is True}
        if session.metadata is not None:
            solved["challengeMetadata"] = session.metadata
        session.history.append(solved)
        return self._next(call, session, user)

    def reset(self) -> None:
        """Forgets what is under way."""
        with self._lock:
            self._sessions.clear()

    def _next(self, call: PoolCall, session: _Session, user: PoolUser | None) -> dict[str, Any]:
        request: dict[str, Any] = {**_about(user), "session": list(session.history)}
        defined = self._run(call, "DefineAuthChallenge", session.name, user, request)
        if defined.get("failAuthentication"):
            raise call.refuse("NotAuthorizedException", _WRONG)
        if defined.get("issueTokens"):
            if user is None:
                raise call.refuse("NotAuthorizedException", _WRONG)
            return self._sign_in.finish(call, call.sign_in(session.name), session.name)
        challenge = defined.get("challengeName")
        if challenge != CHALLENGE:
            raise _unserved(call, challenge)
        created = self._run(call, "CreateAuthChallenge", session.name, user, {**request, "challengeName": challenge})
        session.private = created.get("privateChallengeParameters") or {}
        session.metadata = created.get("challengeMetadata")
        session.until = self._until()
        public = {key: str(value) for key, value in (created.get("publicChallengeParameters") or {}).items()}
        number = str(uuid.uuid4())
        with self._lock:
            self._sessions[number] = session
        return {
            "ChallengeName": CHALLENGE,
            "Session": number,
            "ChallengeParameters": {**public, "USERNAME": session.name if user is None else user.name},
        }

    def _run(self, call: PoolCall, trigger: str, name: str, user: PoolUser | None, request: Request) -> dict[str, Any]:
        user_name = name if user is None else user.name
        if call.operation.endswith("RespondToAuthChallenge"):
            request = with_metadata(call, request)
        response = self._triggers.run(call, trigger, f"{trigger}_Authentication", user_name, request)
        if response is None:
            raise call.refuse("InvalidParameterException", f"{trigger} is not configured for the user pool.")
        return response

    def _taken(self, call: PoolCall) -> _Session:
        """The session that is answered, which is good no more."""
        with self._lock:
            session = self._sessions.pop(str(call.given.get("Session")), None)
        if session is None or (session.pool, session.client) != (call.pool_arn, call.given.get("ClientId")):
            raise call.refuse("NotAuthorizedException", "Invalid session for the user.")
        if session.until < self._now():
            raise call.refuse("NotAuthorizedException", "Invalid session for the user, session is expired.")
        return session

    def _until(self) -> datetime:
        return self._now() + _GOOD_FOR


def _about(user: PoolUser | None) -> dict[str, Any]:
    return {"userAttributes": {} if user is None else attributes_of(user), "userNotFound": user is None}


def _unserved(call: PoolCall, challenge: object) -> Exception:
    """For what the function asks for beside a challenge of its own: passwords and codes are not looked at here."""
    if isinstance(challenge, str) and challenge:
        problem = f"DefineAuthChallenge asked for {challenge}; the harness serves {CHALLENGE} in a custom flow only"
        return call.refuse("NotImplementedException", problem)
    return call.refuse("InvalidLambdaResponseException", "Unrecognizable lambda output")
