"""boto3 sessions that read botocore's models once for all: they are most of what a client costs."""

from __future__ import annotations

from typing import Any

from lambdakit.harness.account import service_models


def session_of(key_id: str, secret: str, token: str | None = None, *, region: str = "us-east-1") -> Any:
    """A session of its own with these credentials."""
    import boto3
    import botocore.session

    bare = botocore.session.Session()
    bare.register_component("data_loader", service_models())
    return boto3.session.Session(
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name=region,
        botocore_session=bare,
    )
