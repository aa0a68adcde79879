"""What was allowed is not asked again until something may have changed."""

from __future__ import annotations

import itertools

from lambdakit.harness.account import Account
from lambdakit.harness.iam.kept_permits import KeptPermits
from lambdakit.harness.wire import Headers, Request, Response

ROLE = "arn:aws:iam::123456789012:role/talker"
STREAM = "arn:aws:logs:us-east-1:123456789012:log-group:talks:log-stream:one"


class Asked:
    """A refusal that counts how often it is asked, and a version that is there to be changed."""

    def __init__(self) -> None:
        self.times = 0
        self.version = 1
        self.refused: str | None = None
        self.changes_meanwhile = False
        self.permits = KeptPermits(self._refusal, lambda: self.version)

    def _refusal(self, role_arn: str, action: str, resource: str) -> str | None:
        self.times += 1
        if self.changes_meanwhile:
            self.version += 1
        return self.refused

    def ask(self, action: str = "logs:PutLogEvents", resource: str = STREAM) -> str | None:
        return self.permits(ROLE, action, resource)


def test_what_is_allowed_is_asked_once() -> None:
    asked = Asked()

    assert [asked.ask(), asked.ask(), asked.ask()] == [None, None, None]
    assert asked.times == 1


def test_another_action_and_another_resource_are_asked_for_themselves() -> None:
    asked = Asked()
    asked.ask()

    asked.ask(action="logs:CreateLogStream")
    asked.ask(resource=f"{STREAM}-more")

    assert asked.times == 3


def test_what_changed_is_asked_again() -> None:
    asked = Asked()
    asked.ask()
    asked.version, asked.refused = 2, "no more"

    assert asked.ask() == "no more"


def test_what_changes_while_it_is_asked_is_asked_again() -> None:
    asked = Asked()
    asked.changes_meanwhile = True
    asked.ask()
    asked.changes_meanwhile, asked.refused = False, "no more"

    assert asked.ask() == "no more"


def test_a_refusal_is_asked_for_each_time() -> None:
    asked = Asked()
    asked.refused = "not yet"
    assert [asked.ask(), asked.ask()] == ["not yet", "not yet"]

    asked.refused = None

    assert asked.ask() is None


def test_many_resources_are_forgotten_and_asked_again() -> None:
    asked = Asked()
    for number in range(5_000):
        asked.ask(resource=f"{STREAM}-{number}")

    asked.ask(resource=f"{STREAM}-0")

    assert asked.times == 5_001


def test_a_request_to_a_service_touches_the_account_before_and_after() -> None:
    account = Account(account_id="123456789012", region="us-east-1")
    seen: list[int] = []

    def front(request: Request, owner: str, passed_on: object) -> Response:
        seen.append(account.touched)
        return Response(status=200)

    account.stand_before("Some", front)
    before = account.touched
    account.serve(Request(method="POST", target="/", headers=Headers([("x-amz-target", "Some.Thing")])))
    after = account.touched

    assert all(one < other for one, other in itertools.pairwise([before, *seen, after]))
    assert len(seen) == 1
