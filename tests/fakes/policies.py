"""Policy documents for tests, short to write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

ACCOUNT_ID: Final = "123456789012"
REGION: Final = "eu-west-1"
ROOT: Final = f"arn:aws:iam::{ACCOUNT_ID}:root"
ROLE: Final = f"arn:aws:iam::{ACCOUNT_ID}:role/worker"


def statement(principal: Any, action: Any, resource: Any = "*", **elements: Any) -> dict[str, Any]:
    """One statement that allows, unless `Effect` says otherwise. principal: an element's value, or a service's name."""
    if isinstance(principal, str) and principal.endswith(".amazonaws.com"):
        principal = {"Service": principal}
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **elements}


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def text(*statements: Mapping[str, Any]) -> str:
    """The same as JSON."""
    return json.dumps(document(*statements))


def arn(service: str, resource: str, *, account_id: str = ACCOUNT_ID, region: str = REGION) -> str:
    """An ARN of the tests' account and region."""
    return f"arn:aws:{service}:{region}:{account_id}:{resource}"
