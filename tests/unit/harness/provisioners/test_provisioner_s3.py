"""`AWS::S3::*`, read back through the S3 API."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:nobody"
_READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "*"}],
}
_WRITE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:PutObject", "Resource": "*"}],
}


def _found(ask: Callable[[], Any]) -> Any:
    """The answer without what is about the answer; None for a configuration that is not there."""
    try:
        answer = ask()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            raise
        return None
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _bucket(provisioning: Provisioning, created: Created) -> Any:
    s3, name = provisioning.client("s3"), created.provisioned.physical_id
    s3.head_bucket(Bucket=name)
    reading = (
        *("accelerate_configuration", "acl", "cors", "encryption", "lifecycle_configuration"),
        *("notification_configuration", "ownership_controls", "replication", "tagging", "versioning", "website"),
    )
    found = {what: _found(functools.partial(getattr(s3, f"get_bucket_{what}"), Bucket=name)) for what in reading}
    found["public_access"] = _found(lambda: s3.get_public_access_block(Bucket=name))
    # What was suspended is as if it had never been on.
    for what in ("accelerate_configuration", "versioning"):
        if found[what] and found[what].get("Status") == "Suspended":
            found[what] = {}
    if found["notification_configuration"]:
        for kind in found["notification_configuration"].values():
            for entry in kind if isinstance(kind, list) else ():
                entry.pop("Id", None)
    return found


def _policy(provisioning: Provisioning, created: Created) -> Any:
    return json.loads(provisioning.client("s3").get_bucket_policy(Bucket=created.provisioned.physical_id)["Policy"])


def _access_point(provisioning: Provisioning, created: Created) -> Any:
    control, name = provisioning.client("s3control"), created.provisioned.physical_id
    point = control.get_access_point(AccountId="111122223333", Name=name)
    policy = _found(lambda: control.get_access_point_policy(AccountId="111122223333", Name=name))
    return {"Bucket": point["Bucket"], "Policy": policy and json.loads(policy["Policy"])}


def _event(target: str, arn: str, prefix: str) -> dict[str, Any]:
    rules = [{"Name": "prefix", "Value": prefix}, {"Name": "suffix", "Value": ".jpg"}]
    return {target: arn, "Event": "s3:ObjectCreated:*", "Filter": {"S3Key": {"Rules": rules}}}


_CONFIGURED = {
    "BucketName": "pictures",
    "VersioningConfiguration": {"Status": "Enabled"},
    "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
    "AccessControl": "PublicRead",
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": "true",
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/a"},
            }
        ]
    },
    "CorsConfiguration": {
        "CorsRules": [
            {
                "AllowedMethods": ["GET"],
                "AllowedOrigins": ["*"],
                "AllowedHeaders": ["a"],
                "ExposedHeaders": ["b"],
                "MaxAge": "60",
            }
        ]
    },
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "old",
                "Status": "Enabled",
                "Prefix": "a/",
                "ExpirationInDays": "30",
                "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 10}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 5},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
            {
                "Id": "tagged",
                "Status": "Disabled",
                "Prefix": "b/",
                "TagFilters": [{"Key": "k", "Value": "v"}],
                "NoncurrentVersionTransition": {"StorageClass": "GLACIER", "TransitionInDays": 3},
            },
        ]
    },
    "NotificationConfiguration": {
        "EventBridgeConfiguration": {},
        "LambdaConfigurations": [_event("Function", _FUNCTION, "f/")],
        "QueueConfigurations": [_event("Queue", "@Queue.Arn", "q/")],
        "TopicConfigurations": [_event("Topic", "@Topic", "t/")],
    },
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": "false", "BlockPublicPolicy": True},
    "ReplicationConfiguration": {
        "Role": "arn:aws:iam::111122223333:role/r",
        "Rules": [
            {
                "Id": "all",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {"And": {"Prefix": "a", "TagFilters": [{"Key": "k", "Value": "v"}]}},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Destination": {"Bucket": "arn:aws:s3:::other"},
            }
        ],
    },
    "Tags": [{"Key": "team", "Value": "a"}],
    "WebsiteConfiguration": {
        "IndexDocument": "index.html",
        "ErrorDocument": "error.html",
        "RoutingRules": [
            {
                "RoutingRuleCondition": {"KeyPrefixEquals": "docs/"},
                "RedirectRule": {"ReplaceKeyPrefixWith": "documents/"},
            }
        ],
    },
    "MetricsConfigurations": [{"Id": "all"}],
}

ROWS = [
    Row(
        type="AWS::S3::Bucket",
        first={"BucketName": "pictures"},
        second=_CONFIGURED,
        read=_bucket,
        shows=(
            {
                "versioning": {},
                "tagging": None,
                "website": None,
                "replication": None,
                "notification_configuration": {},
                "public_access": {
                    "PublicAccessBlockConfiguration": dict.fromkeys(
                        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
                    )
                },
            },
            {
                "versioning": {"Status": "Enabled"},
                "accelerate_configuration": {"Status": "Enabled"},
                "tagging": {"TagSet": [{"Key": "team", "Value": "a"}]},
                "ownership_controls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
                "encryption": {
                    "ServerSideEncryptionConfiguration": {
                        "Rules": [
                            {
                                "ApplyServerSideEncryptionByDefault": {
                                    "SSEAlgorithm": "aws:kms",
                                    "KMSMasterKeyID": "alias/a",
                                },
                                "BucketKeyEnabled": True,
                            }
                        ]
                    }
                },
                "cors": {
                    "CORSRules": [
                        {
                            "AllowedMethods": ["GET"],
                            "AllowedOrigins": ["*"],
                            "AllowedHeaders": ["a"],
                            "ExposeHeaders": ["b"],
                            "MaxAgeSeconds": 60,
                        }
                    ]
                },
                "website": {
                    "IndexDocument": {"Suffix": "index.html"},
                    "ErrorDocument": {"Key": "error.html"},
                    "RoutingRules": [
                        {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}}
                    ],
                },
                "public_access": {
                    "PublicAccessBlockConfiguration": {
                        **{"BlockPublicAcls": False, "BlockPublicPolicy": True},
                        **{"IgnorePublicAcls": False, "RestrictPublicBuckets": False},
                    }
                },
            },
        ),
        needs={"Queue": ("AWS::SQS::Queue", {}), "Topic": ("AWS::SNS::Topic", {})},
    ),
    Row(
        type="AWS::S3::BucketPolicy",
        first={"Bucket": "@Bucket", "PolicyDocument": _READ},
        second={"Bucket": "@Bucket", "PolicyDocument": _WRITE},
        read=_policy,
        shows=(_READ, _WRITE),
        needs={"Bucket": ("AWS::S3::Bucket", {})},
    ),
    Row(
        type="AWS::S3::AccessPoint",
        first={"Bucket": "@Bucket", "Name": "readers"},
        second={"Bucket": "@Bucket", "Name": "readers", "Policy": _READ},
        read=_access_point,
        shows=({"Bucket": "@Bucket", "Policy": None}, {"Policy": _READ}),
        needs={"Bucket": ("AWS::S3::Bucket", {})},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_lifecycle_rules_keep_their_conditions_and_terms(provisioning: Provisioning) -> None:
    lifecycle = _CONFIGURED["LifecycleConfiguration"]
    bucket = provisioning.create("AWS::S3::Bucket", {"LifecycleConfiguration": lifecycle})

    first, second = _bucket(provisioning, bucket)["lifecycle_configuration"]["Rules"]

    assert (first["ID"], first["Filter"], first["Expiration"]) == ("old", {"Prefix": "a/"}, {"Days": 30})
    assert first["Transitions"] == [{"Days": 10, "StorageClass": "GLACIER"}]
    assert first["NoncurrentVersionExpiration"] == {"NoncurrentDays": 5}
    assert first["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert second["Status"] == "Disabled"
    assert second["Filter"] == {"And": {"Prefix": "b/", "Tags": [{"Key": "k", "Value": "v"}]}}
    assert second["NoncurrentVersionTransitions"] == [{"NoncurrentDays": 3, "StorageClass": "GLACIER"}]


def test_notifications_are_kept_and_moto_delivers_none(provisioning: Provisioning) -> None:
    queue = provisioning.create("AWS::SQS::Queue", {}, logical_id="Queue")
    provisioning.create("AWS::SNS::Topic", {}, logical_id="Topic")
    notifications = _CONFIGURED["NotificationConfiguration"]
    bucket = provisioning.create("AWS::S3::Bucket", {"NotificationConfiguration": notifications})
    s3, name = provisioning.client("s3"), bucket.provisioned.physical_id

    kept = s3.get_bucket_notification_configuration(Bucket=name)
    assert [item["LambdaFunctionArn"] for item in kept["LambdaFunctionConfigurations"]] == [_FUNCTION]
    assert kept["QueueConfigurations"][0]["Events"] == ["s3:ObjectCreated:*"]
    assert [rule["Value"] for rule in kept["QueueConfigurations"][0]["Filter"]["Key"]["FilterRules"]] == ["q/", ".jpg"]

    s3.put_object(Bucket=name, Key="q/a.jpg", Body=b"x")
    answer = provisioning.client("sqs").receive_message(QueueUrl=queue.provisioned.physical_id)
    assert "Messages" not in answer
    provisioning.reset(bucket)


def test_unnamed_bucket_gets_a_valid_name_and_gives_its_addresses(provisioning: Provisioning) -> None:
    bucket = provisioning.create("AWS::S3::Bucket", {}, logical_id="ALongLogicalIdWithCapitals" * 2).provisioned

    name = bucket.physical_id
    assert name == name.lower()
    assert len(name) <= 63
    assert bucket.attributes == {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.eu-west-1.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.eu-west-1.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website-eu-west-1.amazonaws.com",
    }


def test_object_lock_comes_with_versions(provisioning: Provisioning) -> None:
    retention = {"Mode": "GOVERNANCE", "Days": "3"}
    bucket = provisioning.create(
        "AWS::S3::Bucket",
        {
            "ObjectLockEnabled": "true",
            "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}},
        },
    )

    s3, name = provisioning.client("s3"), bucket.provisioned.physical_id
    locked = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    assert locked["Rule"]["DefaultRetention"]["Days"] == 3
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


@pytest.mark.parametrize(
    ("properties", "refusal", "text"),
    [
        pytest.param({"BucketName": "Upper"}, ResourceRefused, "bucket is not valid", id="capitals"),
        pytest.param({"BucketName": "ab"}, ResourceRefused, "bucket is not valid", id="too short"),
        pytest.param({"AccessControl": "PublicRead"}, ResourceRefused, "BucketOwnerEnforced", id="access list"),
        pytest.param(
            {"ReplicationConfiguration": _CONFIGURED["ReplicationConfiguration"]},
            ClientError,
            "[Vv]ersioning",
            id="replication without versions",
        ),
        pytest.param(
            {
                "NotificationConfiguration": {
                    "LambdaConfigurations": [
                        {"Event": "s3:ObjectCreated:*", "Function": _FUNCTION.replace("eu-west-1", "us-east-1")}
                    ]
                }
            },
            ClientError,
            "notification destination",
            id="function in another Region",
        ),
    ],
)
def test_impossible_bucket_is_refused_and_not_there(
    provisioning: Provisioning, properties: dict[str, Any], refusal: type[Exception], text: str
) -> None:
    with pytest.raises(refusal, match=text):
        provisioning.create("AWS::S3::Bucket", properties)

    assert provisioning.client("s3").list_buckets()["Buckets"] == []


def test_bucket_whose_name_is_taken_is_refused(provisioning: Provisioning) -> None:
    provisioning.create("AWS::S3::Bucket", {"BucketName": "pictures"})

    with pytest.raises(ResourceRefused, match="already exists"):
        provisioning.create("AWS::S3::Bucket", {"BucketName": "pictures"})


def test_failed_update_leaves_the_bucket_as_it_was(provisioning: Provisioning) -> None:
    bucket = provisioning.create("AWS::S3::Bucket", {"Tags": [{"Key": "a", "Value": "1"}]})
    before = _bucket(provisioning, bucket)
    replication = _CONFIGURED["ReplicationConfiguration"]

    with pytest.raises(ClientError, match=r"[Vv]ersioning"):
        provisioning.update(
            bucket, {"WebsiteConfiguration": {"IndexDocument": "i"}, "ReplicationConfiguration": replication}
        )

    assert _bucket(provisioning, bucket) == before
