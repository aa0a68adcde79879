"""Canary: moto's queues lose their policy, and no longer do once that is mended."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.kept_policies import keep_policies
from tests.fakes.policies import ACCOUNT_ID, REGION, ROLE, statement, text

pytestmark = pytest.mark.xdist_group("moto")

POLICY = text(statement({"AWS": ROLE}, "sqs:SendMessage"))


@pytest.fixture
def sqs() -> Any:
    keep_policies()
    keep_policies()
    return Account(account_id=ACCOUNT_ID, region=REGION).client("sqs")


@pytest.fixture
def url(sqs: Any) -> str:
    return str(sqs.create_queue(QueueName=f"n{uuid.uuid4().hex[:12]}", Attributes={"Policy": POLICY})["QueueUrl"])


def _policy(sqs: Any, url: str) -> object:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
    return json.loads(attributes["Policy"]) if "Policy" in attributes else None


@pytest.mark.parametrize("attributes", [{"DelaySeconds": "1"}, {"KmsMasterKeyId": "alias/k"}])
def test_another_attribute_leaves_the_policy_alone(sqs: Any, url: str, attributes: dict[str, str]) -> None:
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)

    assert _policy(sqs, url) == json.loads(POLICY)


def test_a_policy_replaces_the_one_before_and_an_empty_one_takes_it_away(sqs: Any, url: str) -> None:
    other = text(statement({"AWS": ROLE}, "sqs:*"))

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": other, "DelaySeconds": "1"})
    replaced = _policy(sqs, url)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})

    assert replaced == json.loads(other)
    assert _policy(sqs, url) is None


def test_a_new_queue_has_none(sqs: Any) -> None:
    url = sqs.create_queue(QueueName=f"n{uuid.uuid4().hex[:12]}")["QueueUrl"]

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"})

    assert _policy(sqs, url) is None


def test_moto_alone_still_needs_it() -> None:
    code = (
        "from lambdakit.harness.account import Account\n"
        "sqs = Account(account_id='123456789012', region='eu-west-1').client('sqs')\n"
        f"url = sqs.create_queue(QueueName='q', Attributes={{'Policy': {POLICY!r}}})['QueueUrl']\n"
        "sqs.set_queue_attributes(QueueUrl=url, Attributes={'DelaySeconds': '1'})\n"
        "print(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['Policy']).get('Attributes', {}))"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "{}"
