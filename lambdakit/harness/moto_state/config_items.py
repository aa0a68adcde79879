"""What AWS Config would record of moto's resources, and word of every change of them.

moto describes buckets, roles, managed policies and topics as AWS Config does; nothing else is recorded.

Private surface used: `moto.config.models.RESOURCE_MAP` and of its entries `backends`, `list_config_service_resources`,
`get_config_resource`; `moto.core.responses.BaseResponse.call_action`, `_get_action`, `service_name`,
`current_account`; `_bucket_response_put`, `_bucket_response_post`, `_bucket_response_delete` of
`moto.s3.responses.S3Response`. Canary: tests/unit/harness/test_harness_moto_config.py.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Collection, Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.config_rules import Place
from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded

# What is recorded -> the service whose requests change it.
RECORDED: Final[Mapping[str, str]] = {
    "AWS::S3::Bucket": "s3",
    "AWS::IAM::Role": "iam",
    "AWS::IAM::Policy": "iam",
    "AWS::SNS::Topic": "sns",
}
_READS: Final = ("Get", "List", "Describe", "Simulate", "Generate", "Publish")
_BUCKET_WRITES: Final = ("_bucket_response_put", "_bucket_response_post", "_bucket_response_delete")
_PAGE: Final = 100
# Kept with moto's own module, which all harnesses of a process share as they share moto's state.
_WATCH: Final = "lambdakit_config_watch"

Item = dict[str, Any]
# Takes an account and the service that it was asked to change something of.
Changed = Callable[[str, str], None]


class ConfigItems:
    """The items of all accounts. changed: told after each request that may have changed one."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        change_when_loaded(self._change)

    def all(self, place: Place, types: Collection[str]) -> Mapping[tuple[str, str], Item]:
        """The items of a place by type and id. types: those that are wanted, empty for all that are recorded."""
        from moto.config.models import RESOURCE_MAP
        from moto.utilities.utils import get_partition

        account_id, region = place
        wanted = [name for name in RECORDED if (not types or name in types) and _is_loaded(RECORDED[name])]
        found = {}
        for name in wanted:
            query: Any = RESOURCE_MAP[name]
            for number in _ids(query, account_id, get_partition(region), region):
                item = query.get_config_resource(
                    account_id=account_id, partition=get_partition(region), resource_id=number, backend_region=region
                )
                if item:
                    found[name, number] = _plain(item)
        return found

    def _change(self, module: ModuleType) -> None:
        loaded: Any = module
        if module.__name__ == "moto.core.responses":
            _tell(loaded, loaded.BaseResponse, ("call_action",), self._called)
        elif module.__name__ == "moto.s3.responses":
            _tell(loaded, loaded.S3Response, _BUCKET_WRITES, self._bucket_called)

    def _called(self, response: Any) -> None:
        service = response.service_name
        if service in ("iam", "sns") and not str(response._get_action()).startswith(_READS):
            self._changed(response.current_account, service)

    def _bucket_called(self, response: Any) -> None:
        self._changed(response.current_account, "s3")


def _tell(module: Any, responses: Any, methods: Collection[str], tell: Callable[[Any], None]) -> None:
    """Has `tell` told after each of the methods, and nobody else who asked for that before."""
    is_told = hasattr(module, _WATCH)
    setattr(module, _WATCH, tell)
    for name in () if is_told else methods:
        setattr(responses, name, _then(getattr(responses, name), module))


def _then(own: Callable[..., Any], module: Any) -> Callable[..., Any]:
    """Around whatever stands there already."""

    @functools.wraps(own)
    def told(response: Any, *arguments: Any, **named: Any) -> Any:
        answer = own(response, *arguments, **named)
        getattr(module, _WATCH)(response)
        return answer

    return told


def _is_loaded(service: str) -> bool:
    """Whether anybody can have made anything of a service; to load it only to find nothing takes its time."""
    return loaded(f"moto.{service}.models") is not None


def _ids(query: Any, account_id: str, partition: str, region: str) -> list[str]:
    found: list[str] = []
    token: str | None = None
    while True:
        listed, token = query.list_config_service_resources(
            account_id,
            partition=partition,
            resource_ids=None,
            resource_name=None,
            limit=_PAGE,
            next_token=token,
            backend_region=region,
        )
        found += [str(one["id"]) for one in listed]
        if not token:
            return found


def _plain(item: Mapping[str, Any]) -> Item:
    """An item without the texts of JSON that the API has in it."""
    plain = copy.deepcopy(dict(item))
    plain["configuration"] = _parsed(plain.get("configuration"))
    supplements = plain.get("supplementaryConfiguration") or {}
    plain["supplementaryConfiguration"] = {name: _parsed(value) for name, value in supplements.items()}
    return plain


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
