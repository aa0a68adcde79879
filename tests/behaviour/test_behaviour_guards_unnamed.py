"""Requests that do not name what they are about: any grant of the action on something of its kind may be the one.

Source: Service Authorization Reference, "Amazon Athena" (a query's results are of its work group), "AWS Step
Functions"; aws-cdk-lib 2.275, `StateMachine.grant_task_response`; SES Developer Guide, "Controlling access to Amazon
SES".
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.guarded_world import allow, ask, caller
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

HERE = "us-east-1:123456789012"
RAW = {"Data": b"From: Shop <shop@example.com>\nTo: a@example.org\n\nHello".decode()}


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredHarness]:
    resources = {
        **caller(
            "granted",
            allow("athena:*", "arn:aws:athena:*:123456789012:workgroup/prim*"),
            allow("states:SendTaskSuccess", f"arn:aws:states:{HERE}:stateMachine:approval"),
            allow("ses:SendRawEmail", f"arn:aws:ses:{HERE}:identity/example.com"),
        ),
        **caller(
            "otherwise",
            allow(["athena:GetQueryResults", "states:SendTaskSuccess"], f"arn:aws:athena:{HERE}:datacatalog/prim"),
            allow("ses:SendRawEmail", f"arn:aws:ses:{HERE}:identity/example.net"),
        ),
        **caller(
            "kept",
            allow("athena:*", f"arn:aws:athena:{HERE}:workgroup/primary"),
            {"Effect": "Deny", "Action": "athena:*", "NotResource": f"arn:aws:athena:{HERE}:workgroup/primary"},
        ),
        **caller(
            "denied",
            allow("athena:*"),
            {"Effect": "Deny", "Action": "athena:GetQueryResults", "Resource": "*"},
        ),
    }
    with WiredHarness(enforce_iam="strict") as running:
        Stacks(running, Path(tmp_path_factory.mktemp("unnamed")), "unnamed").deploy(resources)
        yield running


CALLS = [
    pytest.param("athena", "get_query_results", {"QueryExecutionId": "3f1b0f9e"}, id="a query"),
    pytest.param("ses", "send_raw_email", {"RawMessage": RAW}, id="a raw message"),
]


@pytest.mark.parametrize(("service", "operation", "parameters"), CALLS)
def test_a_grant_that_may_be_meant_is_enough(
    harness: WiredHarness, service: str, operation: str, parameters: dict[str, object]
) -> None:
    answer = ask(harness, "granted", service, operation, **parameters)

    assert "not authorized" not in answer["message"]


@pytest.mark.parametrize(("service", "operation", "parameters"), CALLS)
def test_a_grant_on_something_else_is_not(
    harness: WiredHarness, service: str, operation: str, parameters: dict[str, object]
) -> None:
    answer = ask(harness, "otherwise", service, operation, **parameters)

    assert answer["code"].startswith("AccessDenied")


def test_a_task_s_token_may_be_of_the_state_machine_that_is_granted(harness: WiredHarness) -> None:
    granted = ask(harness, "granted", "stepfunctions", "send_task_success", taskToken="t", output="{}")
    denied = ask(harness, "denied", "stepfunctions", "send_task_success", taskToken="t", output="{}")

    assert "not authorized" not in granted["message"]
    assert denied["code"] == "AccessDeniedException"


def test_a_denial_of_everything_counts(harness: WiredHarness) -> None:
    answer = ask(harness, "denied", "athena", "get_query_results", QueryExecutionId="3f1b0f9e")

    assert answer["message"].endswith("with an explicit deny in an identity-based policy")


def test_a_denial_of_everything_else_leaves_what_is_granted(harness: WiredHarness) -> None:
    answer = ask(harness, "kept", "athena", "get_query_results", QueryExecutionId="3f1b0f9e")

    assert "not authorized" not in answer["message"]


def test_nothing_of_it_is_unmapped(harness: WiredHarness) -> None:
    assert harness.events("ActionUnmapped") == []


def test_a_synchronous_execution_is_sent_to_the_harness(harness: WiredHarness) -> None:
    arn = f"arn:aws:states:{HERE}:stateMachine:approval"

    answer = ask(harness, "denied", "stepfunctions", "start_sync_execution", stateMachineArn=arn)

    assert answer["code"] == "AccessDeniedException"


@pytest.mark.parametrize(("given", "code"), [("app client", ""), ("nobody's", "ResourceNotFoundException")])
def test_an_operation_that_is_never_signed_goes_to_its_own_service(
    harness: WiredHarness, given: str, code: str
) -> None:
    """Amazon Cognito API Reference, "SignUp": no permissions are needed, and SDKs do not sign it."""
    pools = harness.aws("cognito-idp")
    pool = pools.create_user_pool(PoolName="people")["UserPool"]["Id"]
    client = pools.create_user_pool_client(UserPoolId=pool, ClientName="app")["UserPoolClient"]["ClientId"]
    identity = client if given == "app client" else "a" * 26

    answer = ask(harness, "denied", "cognito-idp", "sign_up", ClientId=identity, Username="ann", Password="Secret-1234")

    users = [user["Username"] for user in pools.list_users(UserPoolId=pool)["Users"]]
    assert (answer["code"], users) == (code, [] if code else ["ann"])
    pools.delete_user_pool(UserPoolId=pool)


def test_a_header_made_to_be_slow_is_read_at_once(harness: WiredHarness) -> None:
    began = time.monotonic()

    harness.request("POST", "/", {"Authorization": "AWS4-HMAC-SHA256 " + "Credential=" * 3000})

    assert time.monotonic() - began < 10


def test_a_key_that_is_not_there_is_not_found_rather_than_forbidden(harness: WiredHarness) -> None:
    answer = ask(harness, "otherwise", "kms", "encrypt", KeyId="alias/imagined", Plaintext="text")

    assert answer["code"] == "NotFoundException"
