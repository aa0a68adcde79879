"""moto's private classes still have the shape that `lambdakit.harness.moto_state.contents` and `triggers` rely on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state import contents, triggers

pytestmark = pytest.mark.xdist_group("moto")

_PLACE = ("555566667777", "eu-west-1")


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=_PLACE[0], region=_PLACE[1])


def test_what_is_not_there_holds_nothing_and_stays_away() -> None:
    for read, restore in (
        (contents.messages, contents.restore_messages),
        (contents.items, contents.restore_items),
        (contents.records, contents.restore_records),
        (contents.log_streams, contents.restore_log_streams),
    ):
        assert read(*_PLACE, "nothing") is None
        restore(*_PLACE, "nothing", None)
    assert contents.objects(_PLACE[0], "nothing") is None
    assert not contents.holds_objects(_PLACE[0], "nothing")
    contents.restore_objects(_PLACE[0], "nothing", None)


def test_taken_messages_are_copies_that_nothing_else_changes(account: Account) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")

    taken = contents.messages(*_PLACE, "q")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    contents.restore_messages(*_PLACE, "q", taken)

    # The message that was received is no more; its copy may be received for the first time.
    again = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"][0]
    assert again["Attributes"]["ApproximateReceiveCount"] == "1"
    assert again["ReceiptHandle"] != handle
    sqs.delete_queue(QueueUrl=url)


def test_moto_finds_no_functions_once_disarmed(account: Account) -> None:
    triggers.disarm()
    from moto.awslambda.utils import get_backend

    backend = get_backend(*_PLACE)

    assert isinstance(backend, triggers.NoFunctions)
    assert backend.get_function("arn:aws:lambda:eu-west-1:555566667777:function:f") is backend
    assert backend.send_sqs_batch("arn", [], "arn") is False
    assert backend.send_dynamodb_items("arn", [], "arn") is False


def test_a_bucket_s_policy_refuses_nobody_once_disarmed(account: Account) -> None:
    triggers.disarm()
    s3 = account.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": _PLACE[1]})
    over_tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::bucket/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [over_tls_only]}))

    s3.put_object(Bucket="bucket", Key="k", Body=b"x")

    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"x"
    s3.delete_object(Bucket="bucket", Key="k")
    s3.delete_bucket(Bucket="bucket")


def test_disarming_twice_is_disarming_once(account: Account) -> None:
    triggers.disarm()
    finders = list(sys.meta_path)

    triggers.disarm()

    assert sys.meta_path == finders


def test_modules_are_disarmed_by_whatever_path_they_are_loaded() -> None:
    # A process of its own: nothing of moto is loaded when it is disarmed, and nothing is for being disarmed.
    program = """
import json, sys
from lambdakit.harness.moto_state import triggers
triggers.disarm()
early = [name for name in sys.modules if name.startswith("moto")]
from moto.backends import get_backend  # as moto finds a service at its first request
get_backend("s3")
import moto.awslambda.utils
from moto.s3.models import FakeBucket, notifications
print(json.dumps([early, *(
    function.__module__ for function in
    (moto.awslambda.utils.get_backend, notifications.send_event, FakeBucket.get_permission)
)]))
"""

    told = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)

    ours = triggers.__name__
    assert json.loads(told.stdout) == [[], ours, ours, ours]
