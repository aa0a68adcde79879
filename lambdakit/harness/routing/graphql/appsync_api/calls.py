"""What an operation of AppSync's API works with."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdakit.harness.routing.graphql.api_record import ApiRecord
from lambdakit.harness.routing.graphql.api_store import ApiStore
from lambdakit.harness.routing.graphql.appsync_api.faults import bad_request, not_found
from lambdakit.records import dataclass

# AppSync API Reference, "ListResolvers" (maxResults): at most 25 in one answer.
_PAGE_MAX: Final = 25
_SIGN: Final = "lambdakit:"

Input = Mapping[str, Any]
Output = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Whose call it is, and where things are kept. now: the harness's time. evaluate, check: see `AppSyncApi`."""

    store: ApiStore
    account_id: str
    region: str
    now: Callable[[], datetime]
    evaluate: Callable[[str, Input], Output]
    check: Callable[[str], None]

    def api(self, given: Input) -> ApiRecord:
        """The API that a call names. NotFoundException."""
        record = self.store.find(str(given["apiId"]))
        if record is None or (record.account_id, record.region) != (self.account_id, self.region):
            raise not_found(f"GraphQL API {given['apiId']} not found.")
        return record


def page(items: Sequence[Any], given: Input) -> tuple[list[Any], str | None]:
    """The items that a call asks for, and the token of the next page; None after the last."""
    first = _index(given.get("nextToken"))
    end = first + min(int(given.get("maxResults") or _PAGE_MAX), _PAGE_MAX)
    more = base64.urlsafe_b64encode(f"{_SIGN}{end}".encode()).decode() if end < len(items) else None
    return list(items[first:end]), more


def _index(token: str | None) -> int:
    if token is None:
        return 0
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        text = ""
    number = text.removeprefix(_SIGN)
    if not text.startswith(_SIGN) or not number.isdecimal():
        raise bad_request(f"Invalid pagination token: {token}")
    return int(number)
