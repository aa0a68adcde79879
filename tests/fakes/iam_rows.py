"""Rows of tables that say what a call needs to be allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.required_actions import required_actions
from lambdakit.harness.service_request import ServiceRequest
from lambdakit.harness.wire import Request
from tests.fakes.api_requests import ACCOUNT_ID, REGION, request_of, signing_name
from tests.fakes.resource_lookups import KnownResources

NOTHING_KNOWN = KnownResources()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A call, and what it needs. wanted: `ACTION on ARN ARN …`; in ARNs `~` stands for `:REGION:ACCOUNT:`.

    keys: some of the condition keys of the first of them; None: it is absent. source: the page that says so.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    wanted: Sequence[str]
    source: str
    keys: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    known: KnownResources = NOTHING_KNOWN


def row(
    call: str,
    parameters: Mapping[str, Any],
    *wanted: str,
    source: str,
    keys: Mapping[str, tuple[str, ...] | None] | None = None,
    known: KnownResources = NOTHING_KNOWN,
) -> Any:
    """One row. call: such as `dynamodb PutItem`."""
    service, operation = call.split(" ")
    made = Row(
        service=service,
        operation=operation,
        parameters=parameters,
        wanted=wanted,
        source=source,
        keys=keys or {},
        known=known,
    )
    return pytest.param(made, id=f"{service}-{operation}-{'+'.join(sorted(parameters))}"[:80])


def needs(
    service: str, operation: str, parameters: Mapping[str, Any], known: KnownResources = NOTHING_KNOWN
) -> tuple[Authorization, ...] | None:
    """What boto3's request of that call needs."""
    return needs_of(request_of(service, operation, parameters), signing_name(service), known)


def needs_of(
    request: Request, signed_for: str, known: KnownResources = NOTHING_KNOWN
) -> tuple[Authorization, ...] | None:
    """What a request needs. signed_for: empty for one that is not signed."""
    named = ServiceRequest(access_key_id="AKIAEXAMPLE", region=REGION, service=signed_for, operation="", resource="")
    return required_actions(request, named, account_id=ACCOUNT_ID, region=REGION, lookups=known)


def written(authorizations: Sequence[Authorization] | None) -> list[str] | None:
    """Authorizations as rows write them."""
    if authorizations is None:
        return None
    return [
        f"{one.action} on {'one of ' if one.one_of else ''}{' '.join(one.resources)}".replace(
            f":{REGION}:{ACCOUNT_ID}:", "~"
        )
        for one in authorizations
    ]


def check(case: Row) -> None:
    """The call of a row needs what the row says."""
    found = needs(case.service, case.operation, case.parameters, case.known)

    assert written(found) == list(case.wanted), case.source
    for key, values in case.keys.items():
        assert found is not None
        assert found[0].context.get(key) == values, (key, case.source)
