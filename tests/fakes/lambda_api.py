"""Functions made through the Lambda API, and what its refusals say."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/fn"
ARN = "arn:aws:lambda:us-east-1:123456789012:function"
SOURCE = "def handler(event, context): return [event, context.function_version]"


def zip_of(source: str = SOURCE, name: str = "app.py") -> bytes:
    """A deployment package of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), source)
    return buffer.getvalue()


def create_function(client: Any, name: str, source: str = SOURCE, **settings: Any) -> dict[str, Any]:
    """The answer to CreateFunction. settings: other members of it."""
    answer: dict[str, Any] = client.create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.13",
            "Role": ROLE,
            "Handler": "app.handler",
            "Code": {"ZipFile": zip_of(source)},
            **settings,
        }
    )
    return answer


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    """Status, code and text of what a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def delete_functions(client: Any) -> None:
    """Removes every function of the client's region."""
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            client.delete_function(FunctionName=function["FunctionName"])
