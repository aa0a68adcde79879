"""Custom authentication by a user pool's triggers, from the first challenge to the tokens.

Source, unless a test says another: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda
triggers" and the page of each trigger.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import refusal
from tests.fakes.user_pools import Pool, claims
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cognito")


@pytest.fixture
def pool(harness: WiredHarness) -> Iterator[Pool]:
    made = Pool(harness)
    yield made
    made.remove()


CHALLENGES = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
RIDDLE = {
    "DefineAuthChallenge_Authentication": {"solve": True},
    "CreateAuthChallenge_Authentication": {
        "response": {
            "publicChallengeParameters": {"question": "2 + 2"},
            "privateChallengeParameters": {"answer": "4"},
            "challengeMetadata": "SUM",
        }
    },
    "VerifyAuthChallengeResponse_Authentication": {"verify": True},
}


def begin(pool: Pool) -> dict[str, Any]:
    answer: dict[str, Any] = pool.cognito.initiate_auth(
        ClientId=pool.client, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "ann"}
    )
    return answer


def reply(pool: Pool, session: str, answer: str) -> dict[str, Any]:
    replied: dict[str, Any] = pool.cognito.respond_to_auth_challenge(
        ClientId=pool.client,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=session,
        ChallengeResponses={"USERNAME": "ann", "ANSWER": answer},
    )
    return replied


def test_a_challenge_is_defined_created_and_verified(pool: Pool) -> None:
    pool.make(*CHALLENGES, wishes=RIDDLE)
    pool.person()

    first = begin(pool)
    second = reply(pool, first["Session"], "5")
    tokens = reply(pool, second["Session"], "4")["AuthenticationResult"]

    assert first["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert first["ChallengeParameters"] == {"question": "2 + 2", "USERNAME": "ann"}
    assert claims(tokens["IdToken"])["cognito:username"] == "ann"
    assert pool.sources() == [
        *("DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication"),
        *("VerifyAuthChallengeResponse_Authentication", "DefineAuthChallenge_Authentication"),
        "CreateAuthChallenge_Authentication",
        *("VerifyAuthChallengeResponse_Authentication", "DefineAuthChallenge_Authentication"),
    ]
    assert pool.events()[-1]["request"]["session"] == [
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": "SUM"},
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "SUM"},
    ]


def test_two_wrong_answers_end_it_and_a_session_is_good_for_one(pool: Pool) -> None:
    pool.make(*CHALLENGES, wishes=RIDDLE)
    pool.person()

    first = begin(pool)
    second = reply(pool, first["Session"], "5")

    used = refusal(reply, pool=pool, session=first["Session"], answer="4")
    assert used[1:] == ("NotAuthorizedException", "Invalid session for the user.")
    wrong = refusal(reply, pool=pool, session=second["Session"], answer="6")
    assert wrong[1:] == ("NotAuthorizedException", "Incorrect username or password.")


def test_a_session_expires(pool: Pool) -> None:
    pool.make(*CHALLENGES, wishes=RIDDLE)
    pool.person()
    first = begin(pool)

    assert pool.harness.call("POST", "clock", {"advance_seconds": 200}).status == 200

    assert "expired" in refusal(reply, pool=pool, session=first["Session"], answer="4")[2]


def test_a_custom_flow_needs_its_triggers(pool: Pool) -> None:
    pool.make("PreSignUp")
    pool.person()

    assert refusal(begin, pool=pool)[1] == "InvalidParameterException"
