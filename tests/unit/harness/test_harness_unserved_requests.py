"""Requests that nothing serves: each SDK reads an error that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.unserved_request import is_no_such_path
from lambdakit.harness.wire import Response


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id="123456789012", region="us-east-1")


# Protocols as botocore's service models name them.
@pytest.mark.parametrize(
    ("service", "call", "said"),
    [
        pytest.param(
            "sns",
            lambda client: client.verify_sms_sandbox_phone_number(PhoneNumber="+15550100", OneTimePassword="123456"),
            "moto: The verify_sms_sandbox_phone_number action has not been implemented",
            id="query",
        ),
        pytest.param(
            "ec2",
            lambda client: client.describe_verified_access_groups(),
            "moto: The describe_verified_access_groups action has not been implemented",
            id="ec2",
        ),
        pytest.param(
            "kendra",
            lambda client: client.list_indices(),
            "kendra: ListIndices is not served by the harness",
            id="json, a service that is not there",
        ),
        pytest.param(
            "connect",
            lambda client: client.list_prompts(InstanceId="i"),
            "connect: GET /prompts-summary/i is not served by the harness",
            id="rest-json, a path that is not there",
        ),
        pytest.param(
            "route53",
            lambda client: client.get_checker_ip_ranges(),
            "route53: GET /2013-04-01/checkeripranges is not served by the harness",
            id="rest-xml, a path that is not there",
        ),
    ],
)
def test_error_names_what_is_missing(account: Account, service: str, call: Callable[[Any], object], said: str) -> None:
    with pytest.raises(ClientError) as refused:
        call(account.client(service))

    answer: Any = refused.value.response
    assert answer["Error"]["Code"] == "NotImplemented"
    assert answer["Error"]["Message"] == said
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501  # which no SDK tries again


def test_fault_of_motos_own_is_an_answer_too(account: Account) -> None:
    # moto 5.2 walks over the account ids, which may be absent.
    with pytest.raises(ClientError) as refused:
        account.client("inspector2").enable(resourceTypes=["EC2"])

    answer: Any = refused.value.response
    assert answer["Error"]["Code"] == "InternalFailure"
    assert answer["Error"]["Message"].startswith("moto failed to answer: TypeError: ")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>", True),
        (405, b"<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>", True),
        (200, b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>", False),
        (404, b"<!doctype html>\n<html lang=en>\n<title>our own page</title>", False),
        (404, b"<Error><Code>NoSuchKey</Code></Error>", False),
        (404, b"", False),
    ],
    ids=["no path", "no method", "an object", "a page of a bucket", "the service's own", "nothing"],
)
def test_what_of_motos_answers_means_no_such_path(status: int, body: bytes, expected: bool) -> None:
    assert is_no_such_path(Response(status=status, body=body)) is expected
