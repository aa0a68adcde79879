"""API keys and the cache of an API.

Source: AWS AppSync API Reference, "CreateApiKey", "UpdateApiKey", "CreateApiCache"; AppSync Developer Guide, "API_KEY
authorization" (keys expire, after at most 365 days, and are deleted 60 days after that).
"""

from __future__ import annotations

from typing import Any, Final

from lambdakit.harness.routing.graphql.api_record import new_id
from lambdakit.harness.routing.graphql.appsync_api.calls import Calls, Input, Output, page
from lambdakit.harness.routing.graphql.appsync_api.faults import AppSyncFault, bad_request, not_found

_HOUR: Final = 60 * 60
_DAY: Final = 24 * _HOUR
_KEPT_DAYS: Final = 60
_DEFAULT_DAYS: Final = 7
# "A minimum of 1 day and a maximum of 365 days from the time of creation"; times are rounded down to the hour.
_DAYS_MAX: Final = 365
# Source: AWS General Reference, "AWS AppSync endpoints and quotas" (API keys per API).
_KEYS_MAX: Final = 50


def create_api_key(calls: Calls, given: Input) -> Output:
    """A new key."""
    record = calls.api(given)
    if len(record.keys) >= _KEYS_MAX:
        raise AppSyncFault("ApiKeyLimitExceededException", f"The API key limit of {_KEYS_MAX} is reached.")
    key: dict[str, Any] = {"id": f"da2-{new_id()}", **_validity(calls, given, None)}
    if given.get("description") is not None:
        key["description"] = given["description"]
    with calls.store.changing(record):
        record.keys[key["id"]] = key
    return {"apiKey": key}


def update_api_key(calls: Calls, given: Input) -> Output:
    """Gives a key another description, or lets it expire at another time."""
    record = calls.api(given)
    known = _key(record.keys, given)
    with calls.store.changing(record):
        key = {**known, **_validity(calls, given, known)}
        if given.get("description") is not None:
            key["description"] = given["description"]
        record.keys[key["id"]] = key
    return {"apiKey": key}


def delete_api_key(calls: Calls, given: Input) -> Output:
    """Takes a key away."""
    record = calls.api(given)
    _key(record.keys, given)
    with calls.store.changing(record):
        del record.keys[given["id"]]
    return {}


def list_api_keys(calls: Calls, given: Input) -> Output:
    """The keys of an API."""
    keys, token = page(list(calls.api(given).keys.values()), given)
    return {"apiKeys": keys, "nextToken": token}


def create_api_cache(calls: Calls, given: Input) -> Output:
    """A cache, which is recorded: every field is resolved anew."""
    record = calls.api(given)
    if record.cache is not None:
        raise bad_request("The API has already enabled caching.")
    with calls.store.changing(record):
        record.cache = {
            "transitEncryptionEnabled": False,
            "atRestEncryptionEnabled": False,
            "healthMetricsConfig": "DISABLED",
            **_without_id(given),
            "status": "AVAILABLE",
        }
    return {"apiCache": record.cache}


def update_api_cache(calls: Calls, given: Input) -> Output:
    """Gives the cache other settings."""
    record = calls.api(given)
    cache = _cache(record.cache, "update")
    with calls.store.changing(record):
        record.cache = {**cache, **_without_id(given)}
    return {"apiCache": record.cache}


def get_api_cache(calls: Calls, given: Input) -> Output:
    """The cache."""
    return {"apiCache": _cache(calls.api(given).cache, "get")}


def delete_api_cache(calls: Calls, given: Input) -> Output:
    """Takes the cache away."""
    record = calls.api(given)
    _cache(record.cache, "delete")
    with calls.store.changing(record):
        record.cache = None
    return {}


def flush_api_cache(calls: Calls, given: Input) -> Output:
    """Empties the cache, which holds nothing."""
    _cache(calls.api(given).cache, "flush")
    return {}


def _validity(calls: Calls, given: Input, known: Input | None) -> dict[str, int]:
    now = int(calls.now().timestamp())
    asked = given.get("expires")
    if asked is None and known is not None:
        return {}
    expires = (now + _DEFAULT_DAYS * _DAY if asked is None else int(asked)) // _HOUR * _HOUR
    if asked is not None and not now + _DAY - _HOUR <= expires <= now + _DAYS_MAX * _DAY:
        raise AppSyncFault(
            "ApiKeyValidityOutOfBoundsException",
            f"API key must be valid for a minimum of 1 day, and a maximum of {_DAYS_MAX} days.",
        )
    return {"expires": expires, "deletes": expires + _KEPT_DAYS * _DAY}


def _key(keys: dict[str, dict[str, Any]], given: Input) -> dict[str, Any]:
    if given["id"] not in keys:
        raise not_found(f"API key not found: {given['id']}")
    return keys[given["id"]]


def _cache(cache: dict[str, Any] | None, verb: str) -> dict[str, Any]:
    if cache is None:
        raise not_found(f"Unable to {verb} the cache as it doesn't exist, please create the cache first.")
    return cache


def _without_id(given: Input) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "apiId"}
