"""moto's buckets, encrypted with SSE-S3 where nobody said otherwise: so are their objects, and their answers say so.

Private surface used: `moto.s3.models.FakeBucket.encryption`. Canary:
tests/unit/harness/provisioners/test_provisioner_s3_encryption.py.
Source: Amazon S3 User Guide, "Setting default server-side encryption behavior for Amazon S3 buckets": every bucket has
it, and `DeleteBucketEncryption` resets it to SSE-S3; Amazon S3 API Reference, "GetBucketEncryption".
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MODELS: Final = "moto.s3.models"
_KEPT: Final = "_encryption"


def encrypt_buckets() -> None:
    """From now on they are. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ == _MODELS:
        vars(module)["FakeBucket"].encryption = property(_encryption, _set_encryption)


def _encryption(bucket: Any) -> dict[str, Any]:
    kept: dict[str, Any] | None = vars(bucket).get(_KEPT)
    if kept:
        return kept
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


def _set_encryption(bucket: Any, encryption: dict[str, Any] | None) -> None:
    vars(bucket)[_KEPT] = encryption
