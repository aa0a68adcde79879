"""Names that no bucket can have, refused as S3 refuses them: moto looks at their length alone.

Private surface used: `moto.s3.models.S3Backend.create_bucket`; `moto.s3.exceptions.InvalidBucketName`.
Canary: tests/behaviour/test_behaviour_bounds.py.
Source: Amazon S3 User Guide, "General purpose bucket naming rules"; S3 API Reference, "Error responses"
(`InvalidBucketName`).
"""

from __future__ import annotations

import functools
import re
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
# Directory buckets are called something that ends in `--x-s3`; see "Directory bucket naming rules".
_SUFFIXES: Final = ("-s3alias", "--ol-s3", ".mrap", "--table-s3")


def bound_bucket_names() -> None:
    """From now on they are refused. Idempotent."""
    change_when_loaded(_change)


def is_bucket_name(name: str) -> bool:
    """Whether a general purpose bucket may be called so."""
    return (
        _NAME.fullmatch(name) is not None
        and ".." not in name
        and _ADDRESS.fullmatch(name) is None
        and not name.startswith(_PREFIXES)
        and not name.endswith(_SUFFIXES)
    )


def _change(module: ModuleType) -> None:
    if module.__name__ != "moto.s3.models":
        return
    backend: Any = vars(module)["S3Backend"]
    own = getattr(backend.create_bucket, "__wrapped__", backend.create_bucket)

    @functools.wraps(own)
    def create(held: Any, bucket_name: str, *arguments: Any, **named: Any) -> Any:
        if not is_bucket_name(bucket_name):
            from moto.s3.exceptions import InvalidBucketName

            raise InvalidBucketName
        return own(held, bucket_name, *arguments, **named)

    backend.create_bucket = create
