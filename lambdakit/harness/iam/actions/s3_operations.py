"""Which action each operation of S3 needs, on the bucket or on the object.

Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"; Service Authorization Reference,
"Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SETTINGS: Final[Mapping[str, tuple[str, str]]] = {
    # What the API calls a setting -> what reading and what writing (and removing) it is called.
    "Abac": ("GetBucketAbac", "PutBucketAbac"),
    "AccelerateConfiguration": ("GetAccelerateConfiguration", "PutAccelerateConfiguration"),
    "Acl": ("GetBucketAcl", "PutBucketAcl"),
    "AnalyticsConfiguration": ("GetAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    "Cors": ("GetBucketCORS", "PutBucketCORS"),
    "Encryption": ("GetEncryptionConfiguration", "PutEncryptionConfiguration"),
    "IntelligentTieringConfiguration": ("GetIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    "InventoryConfiguration": ("GetInventoryConfiguration", "PutInventoryConfiguration"),
    "Lifecycle": ("GetLifecycleConfiguration", "PutLifecycleConfiguration"),
    "LifecycleConfiguration": ("GetLifecycleConfiguration", "PutLifecycleConfiguration"),
    "Logging": ("GetBucketLogging", "PutBucketLogging"),
    "MetricsConfiguration": ("GetMetricsConfiguration", "PutMetricsConfiguration"),
    "Notification": ("GetBucketNotification", "PutBucketNotification"),
    "NotificationConfiguration": ("GetBucketNotification", "PutBucketNotification"),
    "OwnershipControls": ("GetBucketOwnershipControls", "PutBucketOwnershipControls"),
    "Replication": ("GetReplicationConfiguration", "PutReplicationConfiguration"),
    "RequestPayment": ("GetBucketRequestPayment", "PutBucketRequestPayment"),
    "Tagging": ("GetBucketTagging", "PutBucketTagging"),
    "Versioning": ("GetBucketVersioning", "PutBucketVersioning"),
}

# Operation -> action on the bucket.
ON_BUCKET: Final[Mapping[str, str]] = {
    **{f"GetBucket{name}": reading for name, (reading, _) in _SETTINGS.items()},
    **{f"PutBucket{name}": writing for name, (_, writing) in _SETTINGS.items()},
    **{f"DeleteBucket{name}": writing for name, (_, writing) in _SETTINGS.items()},
    "CreateBucketMetadataConfiguration": "CreateBucketMetadataTableConfiguration",
    "CreateBucketMetadataTableConfiguration": "CreateBucketMetadataTableConfiguration",
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketMetadataConfiguration": "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketMetadataTableConfiguration": "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketWebsite": "DeleteBucketWebsite",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketMetadataConfiguration": "GetBucketMetadataTableConfiguration",
    "GetBucketMetadataTableConfiguration": "GetBucketMetadataTableConfiguration",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketPolicyStatus": "GetBucketPolicyStatus",
    "GetBucketWebsite": "GetBucketWebsite",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketPolicy": "PutBucketPolicy",
    "PutBucketWebsite": "PutBucketWebsite",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UpdateBucketMetadataInventoryTableConfiguration": "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration": "UpdateBucketMetadataJournalTableConfiguration",
}

# Operation -> action on the object, and the action when the request names a version.
ON_OBJECT: Final[Mapping[str, tuple[str, str]]] = {
    "AbortMultipartUpload": ("AbortMultipartUpload", "AbortMultipartUpload"),
    "CompleteMultipartUpload": ("PutObject", "PutObject"),
    "CopyObject": ("PutObject", "PutObject"),
    "CreateMultipartUpload": ("PutObject", "PutObject"),
    "DeleteObject": ("DeleteObject", "DeleteObjectVersion"),
    "DeleteObjectTagging": ("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    "GetObject": ("GetObject", "GetObjectVersion"),
    "GetObjectAcl": ("GetObjectAcl", "GetObjectVersionAcl"),
    "GetObjectAttributes": ("GetObject", "GetObjectVersion"),
    "GetObjectLegalHold": ("GetObjectLegalHold", "GetObjectLegalHold"),
    "GetObjectRetention": ("GetObjectRetention", "GetObjectRetention"),
    "GetObjectTagging": ("GetObjectTagging", "GetObjectVersionTagging"),
    "GetObjectTorrent": ("GetObjectTorrent", "GetObjectVersionTorrent"),
    "HeadObject": ("GetObject", "GetObjectVersion"),
    "ListParts": ("ListMultipartUploadParts", "ListMultipartUploadParts"),
    "PutObject": ("PutObject", "PutObject"),
    "PutObjectAcl": ("PutObjectAcl", "PutObjectVersionAcl"),
    "PutObjectLegalHold": ("PutObjectLegalHold", "PutObjectLegalHold"),
    "PutObjectRetention": ("PutObjectRetention", "PutObjectRetention"),
    "PutObjectTagging": ("PutObjectTagging", "PutObjectVersionTagging"),
    "RestoreObject": ("RestoreObject", "RestoreObject"),
    "SelectObjectContent": ("GetObject", "GetObject"),
    "UpdateObjectEncryption": ("UpdateObjectEncryption", "UpdateObjectEncryption"),
    "UploadPart": ("PutObject", "PutObject"),
    "UploadPartCopy": ("PutObject", "PutObject"),
}
