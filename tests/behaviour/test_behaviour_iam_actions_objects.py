"""What each call needs to be allowed: objects in S3.

SAR is the Service Authorization Reference, with the service's page.
"""

from __future__ import annotations

import pytest

from tests.fakes.iam_rows import Row, check, row
from tests.fakes.resource_lookups import KnownResources

SAR = "SAR, Amazon S3"
REQUIRED = "S3 User Guide, Required permissions for Amazon S3 API operations"
KEYS = "S3 User Guide, Bucket policy examples using condition keys"
B = {"Bucket": "shop"}
O = {"Bucket": "shop", "Key": "a/b c.txt"}  # noqa: E741  # an object, as B is a bucket
BUCKET = "arn:aws:s3:::shop"
OBJECT = "arn:aws:s3:::shop/a/b c.txt"
TAGGED = KnownResources(objects={("shop", "a/b c.txt"): {"stage": "draft"}, ("other", "k"): {"stage": "draft"}})

ROWS = [
    row(
        "s3 GetObject",
        O,
        f"s3:GetObject on {OBJECT}",
        keys={
            "s3:existingobjecttag/stage": ("draft",),
            "s3:authtype": ("REST-HEADER",),
            "aws:securetransport": ("true",),
            "aws:viaawsservice": ("false",),
            "aws:sourceip": ("127.0.0.1",),
            "aws:requestedregion": ("eu-west-1",),
            "aws:calledvia": None,
        },
        known=TAGGED,
        source=KEYS,
    ),
    row("s3 GetObject", O | {"VersionId": "v"}, f"s3:GetObjectVersion on {OBJECT}", source=REQUIRED),
    row("s3 HeadObject", O, f"s3:GetObject on {OBJECT}", source=REQUIRED),
    row(
        "s3 GetObjectAttributes",
        O | {"ObjectAttributes": ["ETag"]},
        f"s3:GetObject on {OBJECT}",
        f"s3:GetObjectAttributes on {OBJECT}",
        source=REQUIRED,
    ),
    row("s3 GetObjectTagging", O, f"s3:GetObjectTagging on {OBJECT}", source=REQUIRED),
    row("s3 GetObjectTagging", O | {"VersionId": "v"}, f"s3:GetObjectVersionTagging on {OBJECT}", source=REQUIRED),
    row(
        "s3 PutObject",
        O | {"Body": b"x", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k", "StorageClass": "GLACIER"},
        f"s3:PutObject on {OBJECT}",
        keys={
            "s3:x-amz-server-side-encryption": ("aws:kms",),
            "s3:x-amz-server-side-encryption-aws-kms-key-id": ("k",),
            "s3:x-amz-storage-class": ("GLACIER",),
            "s3:x-amz-acl": None,
        },
        source=KEYS,
    ),
    row(
        "s3 PutObject",
        O | {"ACL": "public-read", "Tagging": "team=a&stage=draft"},
        f"s3:PutObject on {OBJECT}",
        f"s3:PutObjectAcl on {OBJECT}",
        f"s3:PutObjectTagging on {OBJECT}",
        keys={
            "s3:x-amz-acl": ("public-read",),
            "s3:requestobjecttag/team": ("a",),
            "s3:requestobjecttagkeys": ("team", "stage"),
        },
        source="S3 API Reference, PutObject: Permissions",
    ),
    row(
        "s3 PutObject",
        O | {"ObjectLockMode": "GOVERNANCE", "ObjectLockLegalHoldStatus": "ON"},
        f"s3:PutObject on {OBJECT}",
        f"s3:PutObjectRetention on {OBJECT}",
        f"s3:PutObjectLegalHold on {OBJECT}",
        keys={"s3:object-lock-mode": ("GOVERNANCE",), "s3:object-lock-legal-hold": ("ON",)},
        source=REQUIRED,
    ),
    row(
        "s3 PutObjectTagging",
        O | {"Tagging": {"TagSet": [{"Key": "team", "Value": "a"}]}},
        f"s3:PutObjectTagging on {OBJECT}",
        keys={"s3:requestobjecttag/team": ("a",), "s3:requestobjecttagkeys": ("team",)},
        source=SAR,
    ),
    row(
        "s3 CopyObject",
        O | {"CopySource": "other/k%20k", "MetadataDirective": "REPLACE"},
        "s3:GetObject on arn:aws:s3:::other/k%20k",
        f"s3:PutObject on {OBJECT}",
        source="S3 API Reference, CopyObject: Permissions",
    ),
    row(
        "s3 CopyObject",
        O | {"CopySource": {"Bucket": "other", "Key": "k", "VersionId": "v"}},
        "s3:GetObjectVersion on arn:aws:s3:::other/k",
        "s3:GetObjectVersionTagging on arn:aws:s3:::other/k",
        f"s3:PutObject on {OBJECT}",
        f"s3:PutObjectTagging on {OBJECT}",
        known=TAGGED,
        source="S3 API Reference, CopyObject: TaggingDirective",
    ),
    row(
        "s3 UploadPartCopy",
        O | {"CopySource": "other/k", "UploadId": "u", "PartNumber": 1},
        "s3:GetObject on arn:aws:s3:::other/k",
        f"s3:PutObject on {OBJECT}",
        source=REQUIRED,
    ),
    row("s3 CreateMultipartUpload", O, f"s3:PutObject on {OBJECT}", source=REQUIRED),
    row("s3 UploadPart", O | {"UploadId": "u", "PartNumber": 1}, f"s3:PutObject on {OBJECT}", source=REQUIRED),
    row("s3 CompleteMultipartUpload", O | {"UploadId": "u"}, f"s3:PutObject on {OBJECT}", source=REQUIRED),
    row("s3 AbortMultipartUpload", O | {"UploadId": "u"}, f"s3:AbortMultipartUpload on {OBJECT}", source=REQUIRED),
    row("s3 ListParts", O | {"UploadId": "u"}, f"s3:ListMultipartUploadParts on {OBJECT}", source=REQUIRED),
    row("s3 ListMultipartUploads", B, f"s3:ListBucketMultipartUploads on {BUCKET}", source=REQUIRED),
    row("s3 DeleteObject", O, f"s3:DeleteObject on {OBJECT}", source=REQUIRED),
    row("s3 DeleteObject", O | {"VersionId": "v"}, f"s3:DeleteObjectVersion on {OBJECT}", source=REQUIRED),
    row(
        "s3 DeleteObjects",
        B | {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}, {"Key": "c&d"}]}},
        f"s3:DeleteObject on {BUCKET}/a {BUCKET}/c&d",
        f"s3:DeleteObjectVersion on {BUCKET}/b",
        source=REQUIRED,
    ),
    row(
        "s3 ListObjectsV2",
        B | {"Prefix": "home/", "Delimiter": "/", "MaxKeys": 5},
        f"s3:ListBucket on {BUCKET}",
        keys={"s3:prefix": ("home/",), "s3:delimiter": ("/",), "s3:max-keys": ("5",)},
        source=KEYS,
    ),
    row("s3 ListObjects", B, f"s3:ListBucket on {BUCKET}", keys={"s3:prefix": None}, source=REQUIRED),
    row("s3 HeadBucket", B, f"s3:ListBucket on {BUCKET}", source=REQUIRED),
    row("s3 ListObjectVersions", B, f"s3:ListBucketVersions on {BUCKET}", source=REQUIRED),
    row("s3 ListBuckets", {}, "s3:ListAllMyBuckets on arn:aws:s3:::*", source=REQUIRED),
    row(
        "s3 CreateBucket",
        B | {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}, "ACL": "private"},
        f"s3:CreateBucket on {BUCKET}",
        f"s3:PutBucketAcl on {BUCKET}",
        keys={"s3:locationconstraint": ("eu-west-1",), "s3:x-amz-acl": ("private",)},
        source="S3 API Reference, CreateBucket: Permissions",
    ),
    row(
        "s3 PutBucketNotificationConfiguration",
        B | {"NotificationConfiguration": {}},
        f"s3:PutBucketNotification on {BUCKET}",
        source=REQUIRED,
    ),
    row("s3 GetBucketLifecycleConfiguration", B, f"s3:GetLifecycleConfiguration on {BUCKET}", source=REQUIRED),
    row("s3 DeleteBucketEncryption", B, f"s3:PutEncryptionConfiguration on {BUCKET}", source=REQUIRED),
    row("s3 GetBucketCors", B, f"s3:GetBucketCORS on {BUCKET}", source=REQUIRED),
    row("s3 DeletePublicAccessBlock", B, f"s3:PutBucketPublicAccessBlock on {BUCKET}", source=REQUIRED),
    row("s3 GetBucketPolicy", B, f"s3:GetBucketPolicy on {BUCKET}", source=REQUIRED),
    row(
        "s3 GetObject",
        {"Bucket": "theirs", "Key": "k"},
        "s3:GetObject on arn:aws:s3:::theirs/k",
        keys={"s3:resourceaccount": ("999999999999",)},
        known=KnownResources(buckets={"theirs": "999999999999"}),
        source=SAR,
    ),
]


@pytest.mark.parametrize("case", ROWS)
def test_a_call_needs(case: Row) -> None:
    check(case)
