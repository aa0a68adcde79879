"""moto's S3, CloudWatch Logs and Firehose still have the shape that `buckets`, `bucket_notifications`, `log_groups`,
`log_policies` and `delivery_streams` of `lambdakit.harness.moto_state` rely on, and still the faults they mend.

Each runs in a process of its own: what they change in moto stays changed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("moto")

_BEGIN = """
import json
from lambdakit.harness.account import Account
from lambdakit.harness.moto_state import triggers
triggers.disarm()
account = Account(account_id="555566667777", region="eu-west-1")
told = []
"""
_S3 = """
s3 = account.client("s3")
s3.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
def everything():
    s3.put_object(Bucket="bkt", Key="a", Body=b"1", Tagging="k=v")
    upload = s3.create_multipart_upload(Bucket="bkt", Key="m")["UploadId"]
    tag = s3.upload_part(Bucket="bkt", Key="m", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    s3.complete_multipart_upload(
        Bucket="bkt", Key="m", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}
    )
    s3.delete_object(Bucket="bkt", Key="m")
    s3.put_bucket_versioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    s3.delete_object(Bucket="bkt", Key="a")
"""


def run(program: str) -> Any:
    """What a program prints last, parsed."""
    done = subprocess.run([sys.executable, "-P", "-c", _BEGIN + program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_changes_of_objects_are_told_once_and_completely() -> None:
    told = run(
        "from lambdakit.harness.moto_state.buckets import Buckets\n"
        "buckets = Buckets(lambda change: told.append([change.event, change.key, change.bucket.region]))\n"
        + _S3
        + "everything()\nprint(json.dumps(told))"
    )

    assert told == [
        ["ObjectCreated:Put", "a", "eu-west-1"],
        ["ObjectCreated:CompleteMultipartUpload", "m", "eu-west-1"],
        ["ObjectRemoved:Delete", "m", "eu-west-1"],
        ["ObjectRemoved:DeleteMarkerCreated", "a", "eu-west-1"],
    ]


def test_moto_itself_still_tells_too_much_and_too_little() -> None:
    """When this fails, `buckets` may collect less."""
    told = run(
        _S3
        + "import moto.s3.models as models\n"
        + "models.notifications.send_event = lambda account, event, bucket, key: told.append(event.value[3:])\n"
        + "everything()\nprint(json.dumps(told))"
    )

    assert told == [
        *("ObjectCreated:Put", "ObjectTagging:Put"),
        *("ObjectCreated:Put", "ObjectTagging:Put", "ObjectCreated:CompleteMultipartUpload"),
        "ObjectRemoved:Delete",
    ]


def test_notification_configurations_are_checked_before_they_are_kept() -> None:
    told = run(
        "from lambdakit.harness.moto_state.bucket_notifications import BucketNotifications, ConfigurationRefused\n"
        "from botocore.exceptions import ClientError\n"
        "refused = ConfigurationRefused(message='no', details={'ArgumentName1': '<x>'})\n"
        "def check(bucket, rules):\n"
        "    told.append([[rule.prefix, rule.suffix, list(rule.events)] for rule in rules])\n"
        "    return refused if len(told) == 1 else None\n"
        "BucketNotifications(check, lambda bucket, rules: told.append([bucket.name, len(rules)]))\n"
        + _S3
        + "rules = [{'Name': 'Prefix', 'Value': 'a+b/'}, {'Name': 'suffix', 'Value': '%C3%BC'}]\n"
        "wanted = {'QueueConfigurations': [{'QueueArn': 'arn:aws:sqs:eu-west-1:555566667777:q',"
        " 'Events': ['s3:ObjectCreated:*'], 'Filter': {'Key': {'FilterRules': rules}}}]}\n"
        "try:\n"
        "    s3.put_bucket_notification_configuration(Bucket='bkt', NotificationConfiguration=wanted)\n"
        "except ClientError as error:\n"
        "    told.append(error.response['Error'])\n"
        "kept = s3.get_bucket_notification_configuration(Bucket='bkt')\n"
        "told.append('QueueConfigurations' in kept)\n"
        "s3.put_bucket_notification_configuration(Bucket='bkt', NotificationConfiguration=wanted)\n"
        "print(json.dumps(told))"
    )

    rules = [["a b/", "ü", ["s3:ObjectCreated:*"]]]
    error = {"Code": "InvalidArgument", "Message": "no", "ArgumentName1": "<x>"}
    assert told == [rules, error, False, rules, ["bkt", 1]]


_LOGS = """
import time
from lambdakit.harness.delivery.log_subscription import log_patterns
from lambdakit.harness.moto_state.log_groups import LogGroups
groups = LogGroups(told.append, log_patterns(), lambda group, destination, role: None)
logs = account.client("logs")
logs.create_log_group(logGroupName="g")
logs.create_log_stream(logGroupName="g", logStreamName="s")
def put(*lines):
    now = int(time.time() * 1000)
    entries = [{"timestamp": now, "message": line} for line in lines]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=entries)
"""


def test_lines_are_handed_over_with_who_is_to_know_of_them() -> None:
    told = run(
        _LOGS
        + "put('nobody asks')\n"
        + "arn = 'arn:aws:lambda:eu-west-1:555566667777:function:f'\n"
        + "logs.put_subscription_filter(logGroupName='g', filterName='a', filterPattern='x', destinationArn=arn)\n"
        + "value = {'metricName': 'm', 'metricNamespace': 'n', 'metricValue': '1'}\n"
        + "for _ in range(2):\n"
        + "    logs.put_metric_filter(\n"
        + "        logGroupName='g', filterName='m', filterPattern='x', metricTransformations=[value]\n"
        + "    )\n"
        + "put('one', 'two')\n"
        + "[batch] = told\n"
        + "print(json.dumps([batch.group_arn, [event.message for event in batch.events],\n"
        + "    [kept.name for kept in batch.subscriptions], [kept['filterName'] for kept in batch.metric_filters]]))"
    )

    assert told == ["arn:aws:logs:eu-west-1:555566667777:log-group:g:*", ["one", "two"], ["a"], ["m"]]


def test_operations_that_moto_does_not_have_are_answered() -> None:
    told = run(
        _LOGS
        + "document = json.dumps({'DestinationArn': 'arn:aws:lambda:eu-west-1:1:function:f'})\n"
        + "kind = 'SUBSCRIPTION_FILTER_POLICY'\n"
        + "logs.put_account_policy(policyName='p', policyType=kind, policyDocument=document)\n"
        + "put('x')\n"
        + "found = logs.test_metric_filter(filterPattern='x', logEventMessages=['x', 'y'])['matches']\n"
        + "print(json.dumps([told[0].subscriptions[0].policy_level, [one['eventNumber'] for one in found]]))"
    )

    assert told == ["ACCOUNT_LEVEL_POLICY", [1]]


def test_moto_itself_has_no_such_operations() -> None:
    """When this fails, `log_policies` may go."""
    assert run(
        "from moto.logs.responses import LogsResponse\n"
        "print(json.dumps([hasattr(LogsResponse, name) for name in ('put_account_policy', 'test_metric_filter')]))"
    ) == [False, False]


def test_records_are_handed_over_and_moto_writes_no_object() -> None:
    told = run(
        "from lambdakit.harness.moto_state.delivery_streams import DeliveryStreams\n"
        "def put(arn, data):\n"
        "    told.append([arn, [one.decode() for one in data]])\n"
        "    return ['id'] * len(data)\n"
        "streams = DeliveryStreams(put, lambda arn: told.append(arn))\n"
        + _S3
        + "firehose = account.client('firehose')\n"
        "arn = firehose.create_delivery_stream(DeliveryStreamName='d', ExtendedS3DestinationConfiguration={\n"
        "    'RoleARN': 'arn:aws:iam::555566667777:role/r', 'BucketARN': 'arn:aws:s3:::bkt', 'Prefix': 'p'\n"
        "})['DeliveryStreamARN']\n"
        "answer = firehose.put_record(DeliveryStreamName='d', Record={'Data': b'x'})\n"
        "state = streams.find(arn)\n"
        "known = streams.all() == [arn]\n"
        "told.append([answer['RecordId'], state.kind, state.version, state.settings['Prefix'], known])\n"
        "firehose.delete_delivery_stream(DeliveryStreamName='d')\n"
        "told.append([streams.find(arn), 'Contents' in s3.list_objects_v2(Bucket='bkt')])\n"
        "print(json.dumps(told))"
    )

    arn = "arn:aws:firehose:eu-west-1:555566667777:deliverystream/d"
    assert told == [arn, [arn, ["x"]], ["id", "ExtendedS3", "1", "p", True], arn, [None, False]]
