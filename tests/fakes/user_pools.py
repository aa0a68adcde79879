"""A user pool whose triggers all run one function, and an app client of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

PASSWORD = "Secret-1234"
# Does what its description says of a trigger: `{trigger source: {"response": …} | {"raise": …} | …}`.
SOURCE = """
import json, os, time

def handler(event, context):
    wish = json.loads(os.environ["WISHES"]).get(event["triggerSource"], {})
    if "raise" in wish:
        raise ValueError(wish["raise"])
    if "sleep" in wish:
        time.sleep(wish["sleep"])
    if "instead" in wish:
        return wish["instead"]
    if "solve" in wish:
        solved = [one for one in event["request"]["session"] if one["challengeResult"]]
        failed = [one for one in event["request"]["session"] if not one["challengeResult"]]
        event["response"] = {
            "issueTokens": bool(solved), "failAuthentication": len(failed) > 1, "challengeName": "CUSTOM_CHALLENGE"
        }
    if "verify" in wish:
        given = event["request"]
        right = given["privateChallengeParameters"]["answer"] == given["challengeAnswer"]
        event["response"]["answerCorrect"] = right
    event["response"].update(wish.get("response", {}))
    return event
"""


class Pool:
    """A user pool whose triggers all run one function, and an app client of it."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.cognito, self.lambda_ = harness, harness.aws("cognito-idp"), harness.aws("lambda")
        self.function = create_function(self.lambda_, "trigger", SOURCE, Timeout=20)["FunctionArn"]
        self.before = harness.position()
        self.id = ""
        self.client = ""

    def make(self, *triggers: str, wishes: Mapping[str, Any] | None = None, **settings: Any) -> None:
        """Makes the pool. wishes: what the function does, by trigger source."""
        config: dict[str, Any] = dict.fromkeys(triggers, self.function)
        config |= settings.pop("LambdaConfig", {})
        client = settings.pop("client", {})
        made = self.cognito.create_user_pool(PoolName="people", LambdaConfig=config, **settings)["UserPool"]
        self.id = made["Id"]
        self.arn = made["Arn"]
        app = self.cognito.create_user_pool_client(UserPoolId=self.id, ClientName="app", **client)
        self.client = app["UserPoolClient"]["ClientId"]
        self.wish(wishes or {})
        self.before = self.harness.position()

    def wish(self, wishes: Mapping[str, Any]) -> None:
        """What the function does from now on."""
        self.lambda_.update_function_configuration(
            FunctionName="trigger", Environment={"Variables": {"WISHES": json.dumps(wishes)}}
        )

    def sign_up(self, name: str = "ann", **more: Any) -> dict[str, Any]:
        """The answer to SignUp."""
        attributes = [{"Name": "email", "Value": f"{name}@example.com"}]
        given = {"ClientId": self.client, "Username": name, "Password": PASSWORD, "UserAttributes": attributes}
        answer: dict[str, Any] = self.cognito.sign_up(**{**given, **more})
        return answer

    def person(self, name: str = "ann") -> None:
        """A user who can sign in."""
        self.cognito.admin_create_user(UserPoolId=self.id, Username=name, MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True)
        self.before = self.harness.position()

    def sign_in(self, name: str = "ann", password: str = PASSWORD, **more: Any) -> dict[str, Any]:
        """The answer to a sign-in by password."""
        answer: dict[str, Any] = self.cognito.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
            **more,
        )
        return answer

    def events(self) -> Sequence[dict[str, Any]]:
        """What the function was given, in order."""
        started = self.harness.events("InvocationStarted", after=self.before)
        return [json.loads(event["payload"]) for event in started]

    def sources(self) -> list[str]:
        """What it was called for, in order."""
        return [event["triggerSource"] for event in self.events()]

    def remove(self) -> None:
        """Takes pool and function away."""
        if self.id:
            self.cognito.delete_user_pool(UserPoolId=self.id)
        self.lambda_.delete_function(FunctionName="trigger")


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    payload = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return read
