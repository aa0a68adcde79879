"""What each access means, by the kind of resource: the actions, and those on the key that it is encrypted with.

Everything here names one resource. Sources: Service Authorization Reference, the page of each service; those of the
keys stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Access: TypeAlias = Literal["read", "write", "read_write", "read_write_delete", "publish", "consume", "invoke"]
Kind: TypeAlias = Literal[
    "table",
    "bucket",
    "queue",
    "topic",
    "stream",
    "event_bus",
    "key",
    "secret",
    "parameter",
    "state_machine",
    "function",
]

# Parts of large uploads go by PutObject, too; giving up on one is an action of its own.
# Source: S3 User Guide, "Multipart upload API and permissions"
_PUT: Final = ("s3:AbortMultipartUpload", "s3:PutObject")
_GET: Final = ("s3:GetObject",)
_DELETE: Final = ("s3:DeleteObject",)

# Source: Kinesis Data Streams Developer Guide, "Controlling access", actions of a consumer and of a producer
_GET_RECORDS: Final = (
    *("kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"),
)
_PUT_RECORDS: Final = ("kinesis:PutRecord", "kinesis:PutRecords")

# Data keys for what is larger than 4 KB are encrypting, too. Source: KMS Developer Guide, "Data keys"
_DECRYPT: Final = ("kms:Decrypt",)
_ENCRYPT: Final = ("kms:Encrypt", "kms:GenerateDataKey")

# By kind and access. Tables, secrets and parameters are granted by methods of their own, which are not told here.
ACTIONS: Final[Mapping[Kind, Mapping[Access, tuple[str, ...]]]] = {
    "bucket": {
        "read": _GET,
        "write": _PUT,
        "read_write": (*_GET, *_PUT),
        "read_write_delete": (*_DELETE, *_GET, *_PUT),
    },
    "queue": {
        "publish": ("sqs:SendMessage",),
        # Source: SQS Developer Guide, "Actions for a consumer", and boto3's Queue, whose attributes are read
        "consume": (
            *("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
        ),
    },
    "topic": {"publish": ("sns:Publish",)},
    "stream": {"read": _GET_RECORDS, "write": _PUT_RECORDS, "read_write": (*_GET_RECORDS, *_PUT_RECORDS)},
    "event_bus": {"publish": ("events:PutEvents",)},
    "key": {"read": _DECRYPT, "write": _ENCRYPT, "read_write": (*_DECRYPT, *_ENCRYPT)},
    "state_machine": {"invoke": ("states:StartExecution",)},
    "function": {"invoke": ("lambda:InvokeFunction",)},
}

# An express workflow can also be waited for. Source: API states StartSyncExecution
EXPRESS_ACTIONS: Final = ("states:StartExecution", "states:StartSyncExecution")

_DATA_KEY: Final = ("kms:Decrypt", "kms:GenerateDataKey")

KEY_ACTIONS: Final[Mapping[Kind, Mapping[Access, tuple[str, ...]]]] = {
    # Decrypting is for uploads in parts. Source: S3 User Guide, "Using server-side encryption with AWS KMS keys"
    "bucket": {"read": _DECRYPT, "write": _DATA_KEY, "read_write": _DATA_KEY, "read_write_delete": _DATA_KEY},
    # Source: SQS Developer Guide, "Key management", permissions of a producer and of a consumer
    "queue": {"publish": _DATA_KEY, "consume": _DECRYPT},
    # Source: SNS Developer Guide, "Key management", permissions of a publisher
    "topic": {"publish": _DATA_KEY},
    # Source: Kinesis Data Streams Developer Guide, "Permissions to use user-generated KMS keys"
    "stream": {"read": _DECRYPT, "write": ("kms:GenerateDataKey",), "read_write": _DATA_KEY},
}

# What a function can do with each kind, in the order in which messages list it.
ACCESSES: Final[Mapping[Kind, tuple[Access, ...]]] = {
    "table": ("read", "write", "read_write"),
    "secret": ("read",),
    "parameter": ("read",),
    **{kind: tuple(accesses) for kind, accesses in ACTIONS.items()},
}
