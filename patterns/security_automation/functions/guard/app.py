"""Buckets that the public could read: found by a rule of AWS Config, closed, and told of.

A bucket that is meant to be public, a web site's, has the tag `public-access` with the value `intended`.
"""

import json
import os

import boto3
from botocore.exceptions import ClientError

NOTICES_TOPIC_ARN = os.environ.get("NOTICES_TOPIC_ARN", "")
CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
INTENDED = {"Key": "public-access", "Value": "intended"}
SUBJECT_LENGTH_MAX = 100

# Made once per execution environment, so that warm invocations reuse their connections.
s3 = boto3.client("s3")
sns = boto3.client("sns")
config = boto3.client("config")


def evaluate(event, context):
    """Tells AWS Config what it makes of the bucket that changed. The event is that of a custom rule."""
    told = json.loads(event["invokingEvent"])
    # An item that is too large for an event comes as its summary, which names the bucket, too.
    item = told.get("configurationItem") or told["configurationItemSummary"]
    gone = event["eventLeftScope"] or item["configurationItemStatus"].startswith("ResourceDeleted")
    compliance, annotation = ("NOT_APPLICABLE", "gone") if gone else _judge(item["resourceId"])
    config.put_evaluations(
        ResultToken=event["resultToken"],
        Evaluations=[
            {
                "ComplianceResourceType": item["resourceType"],
                "ComplianceResourceId": item["resourceId"],
                "ComplianceType": compliance,
                "Annotation": annotation,
                "OrderingTimestamp": item["configurationItemCaptureTime"],
            }
        ],
    )
    return {"bucket": item["resourceId"], "compliance": compliance}


def close(event, context):
    """Closes the bucket that does not comply. The event is EventBridge's "Config Rules Compliance Change"."""
    bucket = event["detail"]["resourceId"]
    # Asked again: somebody may have mended it in the meantime, or said that it is meant so.
    compliance, annotation = _judge(bucket)
    if compliance != "NON_COMPLIANT":
        return {"bucket": bucket, "closed": False, "because": annotation}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=CLOSED)
    notice = {
        "bucket": bucket,
        "account": event["account"],
        "region": event["region"],
        "rule": event["detail"]["configRuleName"],
        "was": annotation,
        "is": "closed to the public",
        "meant_to_be_public": f"give it the tag {INTENDED['Key']}={INTENDED['Value']} and open it again",
    }
    sns.publish(
        TopicArn=NOTICES_TOPIC_ARN,
        Subject=f"Closed to the public: {bucket}"[:SUBJECT_LENGTH_MAX],
        Message=json.dumps(notice, indent=2),
    )
    return {"bucket": bucket, "closed": True}


def _judge(bucket):
    """How the bucket complies, and why."""
    try:
        block = _public_access_block(bucket)
        missing = [name for name in CLOSED if not block.get(name)]
        if not missing:
            return "COMPLIANT", "closed to the public"
        if INTENDED in _tags(bucket):
            return "COMPLIANT", "meant to be public"
    except s3.exceptions.NoSuchBucket:
        return "NOT_APPLICABLE", "gone"
    return "NON_COMPLIANT", f"without {', '.join(missing)}"


def _public_access_block(bucket):
    try:
        return s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchPublicAccessBlockConfiguration":
            return {}
        raise


def _tags(bucket):
    try:
        return s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchTagSet":
            return []
        raise
