"""Which APIs requests can be signed for, and the prefix of their IAM actions.

The file beside this one is made by `tests/documentation/service_authorization.py` from botocore's models. One signing
name can stand for several APIs: `ses` for both versions of SES, `es` for Elasticsearch and OpenSearch.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lambdakit.records import dataclass

API_SERVICES: Final = Path(__file__).with_name("api_services.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiService:
    """An API.

    name: of botocore's model. prefix: of its actions. target: what `X-Amz-Target` begins with, if it does.
    protocols: such as `rest-json`.
    """

    name: str
    prefix: str
    target: str
    protocols: frozenset[str]


def apis_signed_for(signing_name: str) -> tuple[ApiService, ...]:
    """The APIs of that signing name; empty for an unknown one."""
    return _by_signing_name().get(signing_name, ())


def api_of_target(target: str) -> ApiService | None:
    """The API that `DynamoDB_20120810` begins the targets of; None when no API's do."""
    return _by_target().get(target)


@functools.cache
def _by_signing_name() -> Mapping[str, tuple[ApiService, ...]]:
    rows = json.loads(API_SERVICES.read_text())
    return {
        signing: tuple(
            ApiService(name=name, prefix=prefix, target=target, protocols=frozenset(protocols))
            for name, (prefix, target, *protocols) in apis.items()
        )
        for signing, apis in rows.items()
    }


@functools.cache
def _by_target() -> Mapping[str, ApiService]:
    return {api.target: api for apis in _by_signing_name().values() for api in apis if api.target}
