"""moto's API keys and usage plans, read in process; and what moto's `UpdateUsagePlan` passes over, mended.

Private surface used: `moto.apigateway.models.apigateway_backends[account][region]` with `keys`, `usage_plans` and
`usage_plan_keys`; of a key `id`, `value`, `enabled` and `created_date`, of a plan `api_stages`, `throttle` and `quota`;
`UsagePlan.apply_patch_operations`. Canary: tests/unit/harness/provisioners/test_provisioner_rest_api_access.py.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.http_apis import Throttle
from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.harness.moto_state.writes import last_write, watch_writes
from lambdakit.records import dataclass

_MODULE: Final = "moto.apigateway.models"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """created: by the harness's clock."""

    key_id: str
    value: str
    is_enabled: bool
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many requests a key may make. period: `DAY`, `WEEK` or `MONTH`. offset: taken off in the first period."""

    limit: int
    period: str
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePlan:
    """stages: by API id and stage, each with the throttles of methods, by resource path and method (`/a`, `GET`).

    throttle, quota: None for no limit of the plan's. key_ids: who may use it.
    """

    plan_id: str
    name: str
    stages: Mapping[tuple[str, str], Mapping[tuple[str, str], Throttle]] = field(default_factory=dict)
    throttle: Throttle | None = None
    quota: Quota | None = None
    key_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePlanBook:
    """All keys, by value, and all plans of an account in a region."""

    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    plans: Sequence[UsagePlan] = ()

    def plan_of(self, key: ApiKey, api_id: str, stage: str) -> UsagePlan | None:
        """The plan by which a key may use a stage; None when it may not. A key has one for a stage at most."""
        for plan in self.plans:
            if key.key_id in plan.key_ids and (api_id, stage) in plan.stages:
                return plan
        return None


ReadUsagePlans = Callable[[str, str], UsagePlanBook]


def read_usage_plans(account_id: str, region: str) -> UsagePlanBook:
    """Keys and plans as they are now."""
    backends = getattr(loaded(_MODULE), "apigateway_backends", None)
    if backends is None:
        return UsagePlanBook()
    backend = backends[account_id][region]
    return UsagePlanBook(
        keys={key.value: _key(key) for key in list(backend.keys.values())},
        plans=[_plan(plan, backend.usage_plan_keys) for plan in list(backend.usage_plans.values())],
    )


def kept_usage_plans() -> ReadUsagePlans:
    """Gives keys and plans as they are now, and reads them again only after something was written to moto."""
    watch_writes()
    kept: dict[tuple[str, str], tuple[int, UsagePlanBook]] = {}
    lock = threading.Lock()

    def read(account_id: str, region: str) -> UsagePlanBook:
        number = last_write()
        with lock:
            found = kept.get((account_id, region))
        if found is not None and found[0] == number:
            return found[1]
        book = read_usage_plans(account_id, region)
        with lock:
            kept[account_id, region] = (number, book)
        return book

    return read


def mend_usage_plans() -> None:
    """From now on a plan's stages can be changed with their throttles, and rates can be fractions. Idempotent."""
    change_when_loaded(_mend)


def _key(key: Any) -> ApiKey:
    return ApiKey(
        key_id=key.id,
        value=key.value,
        is_enabled=str(key.enabled).lower() == "true",
        created=datetime.fromtimestamp(key.created_date, UTC),
    )


def _plan(plan: Any, keys: Mapping[str, Mapping[str, Any]]) -> UsagePlan:
    quota = plan.quota or {}
    has_quota = quota.get("limit") is not None and quota.get("period")
    return UsagePlan(
        plan_id=plan.id,
        name=plan.name or "",
        stages={
            (stage["apiId"], stage["stage"]): dict(_method_throttles(stage.get("throttle") or {}))
            for stage in list(plan.api_stages)
        },
        throttle=_throttle(plan.throttle) if plan.throttle else None,
        quota=Quota(limit=int(quota["limit"]), period=quota["period"], offset=int(quota.get("offset") or 0))
        if has_quota
        else None,
        key_ids=frozenset(keys.get(plan.id, {})),
    )


def _method_throttles(settings: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Throttle]]:
    """Keys are such as `/orders/{id}/GET`; that of the root is `//GET` or `/GET`."""
    for key, limits in settings.items():
        path, _, method = key.rpartition("/")
        yield ("/" + path.strip("/"), method.upper()), _throttle(limits)


def _throttle(limits: Mapping[str, Any]) -> Throttle:
    rate, burst = limits.get("rateLimit"), limits.get("burstLimit")
    return Throttle(rate=None if rate is None else float(rate), burst=None if burst is None else int(burst))


def _mend(module: ModuleType) -> None:
    if module.__name__ != _MODULE:
        return
    plan: Any = module.UsagePlan
    if not hasattr(plan.apply_patch_operations, "__wrapped__"):
        plan.apply_patch_operations = _patched(plan.apply_patch_operations)


def _patched(own: Any) -> Any:
    @functools.wraps(own)
    def apply(plan: Any, operations: list[dict[str, Any]]) -> None:
        own(plan, [operation for operation in operations if not _applied(plan, operation)])

    return apply


def _applied(plan: Any, operation: Mapping[str, Any]) -> bool:
    """Whether an operation was one that moto does not know, and has been applied.

    Source: API Gateway API Reference, "UpdateUsagePlan"; API Gateway Developer Guide, "Patch operations".
    """
    action, path, value = operation["op"], operation["path"], operation.get("value")
    if path in ("/throttle/rateLimit", "/throttle/burstLimit") and action in ("add", "replace"):
        limit = path.rpartition("/")[2]
        plan.throttle = {**plan.throttle, limit: _number(limit, value)}
        return True
    if path == "/apiStages" and action == "remove":
        api_id, _, stage_name = str(value).partition(":")
        plan.api_stages[:] = [one for one in plan.api_stages if (one["apiId"], one["stage"]) != (api_id, stage_name)]
        return True
    place, separator, rest = path.removeprefix("/apiStages/").partition("/throttle")
    stage = next((one for one in plan.api_stages if f"{one['apiId']}:{one['stage']}" == place), None)
    if not path.startswith("/apiStages/") or not separator or stage is None:
        return False
    throttles = {key: dict(limits) for key, limits in (stage.get("throttle") or {}).items()}
    key, _, limit = rest.removeprefix("/").rpartition("/")
    whole = _unescaped(rest.removeprefix("/"))
    if action == "remove" and not whole:
        throttles = {}
    elif action == "remove":
        throttles.pop(whole, None)
    else:
        throttles.setdefault(_unescaped(key), {})[limit] = _number(limit, value)
    stage["throttle"] = throttles
    return True


def _unescaped(pointer: str) -> str:
    """A part of a patch's path as it is meant. Source: RFC 6901, section 4."""
    return pointer.replace("~1", "/").replace("~0", "~")


def _number(limit: str, value: Any) -> float:
    return float(value) if limit == "rateLimit" else int(value)
