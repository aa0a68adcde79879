"""Operations of CloudWatch Logs that moto does not have: an account's policies, and the test of a pattern.

Private surface used: `moto.logs.responses.LogsResponse` with `logs_backend` and `_get_param`, `LogsBackend.account_id`.
Canary: tests/unit/harness/test_harness_moto_pushers.py.
Source: Amazon CloudWatch Logs API Reference, "PutAccountPolicy", "DescribeAccountPolicies", "DeleteAccountPolicy" and
"TestMetricFilter".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from types import ModuleType
from typing import Any, Final

from lambdakit.clock import milliseconds
from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.records import dataclass

_SUBSCRIPTION: Final = "SUBSCRIPTION_FILTER_POLICY"
_KEPT: Final = "account_policies"
_SELECTION: Final = re.compile(r"LogGroupName(?:Prefix)?\s+(NOT\s+)?IN\s*(\[.*\])\s*", re.DOTALL)

_Policy = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSubscription:
    """What an account's policy sends on, of every group that it selects."""

    name: str
    pattern: str
    destination_arn: str
    role_arn: str


class AccountPolicies:
    """The policies of all accounts, kept beside moto's groups.

    matches, values: of a pattern and a message; ValueError for no pattern.
    """

    def __init__(self, matches: Callable[[str, str], bool], values: Callable[[str, str], Mapping[str, str]]) -> None:
        self._matches = matches
        self._values = values
        change_when_loaded(self._change)

    def subscriptions(self, backend: Any, group: str) -> Iterator[AccountSubscription]:
        """What is sent on of a group. backend: moto's, of an account in a region."""
        for policy in _policies(backend).values():
            if policy["policyType"] != _SUBSCRIPTION or not _selects(policy["selectionCriteria"], group):
                continue
            document = json.loads(policy["policyDocument"])
            yield AccountSubscription(
                name=policy["policyName"],
                pattern=document.get("FilterPattern", ""),
                destination_arn=document["DestinationArn"],
                role_arn=document.get("RoleArn", ""),
            )

    def _change(self, module: ModuleType) -> None:
        if module.__name__ != "moto.logs.responses":
            return
        loaded: Any = module
        response = loaded.LogsResponse
        response.put_account_policy = lambda asked: self._put(asked)
        response.describe_account_policies = lambda asked: _describe(asked)
        response.delete_account_policy = lambda asked: _delete(asked)
        response.test_metric_filter = lambda asked: self._test(asked)

    def _put(self, asked: Any) -> str:
        backend = asked.logs_backend
        kind, name = asked._get_param("policyType"), asked._get_param("policyName")
        policy = {
            "policyName": name,
            "policyDocument": asked._get_param("policyDocument"),
            "lastUpdatedTime": _now(),
            "policyType": kind,
            "scope": asked._get_param("scope") or "ALL",
            "selectionCriteria": asked._get_param("selectionCriteria") or "",
            "accountId": backend.account_id,
        }
        if kind == _SUBSCRIPTION:
            self._need_subscription(policy)
            others = [known for known in _policies(backend).values() if known["policyType"] == kind]
            if any(known["policyName"] != name for known in others):
                # "One account-level subscription filter policy" for a region.
                raise _error("LimitExceededException")("Resource limit exceeded.")
        _policies(backend)[(kind, name)] = policy
        return json.dumps({"accountPolicy": policy})

    def _need_subscription(self, policy: _Policy) -> None:
        invalid = _error("InvalidParameterException")
        try:
            document = json.loads(policy["policyDocument"])
            self._matches(str(document.get("FilterPattern", "")), "")
        except (ValueError, AttributeError) as error:
            raise invalid(str(error)) from None
        if not document.get("DestinationArn"):
            raise invalid("A destination ARN must be provided in the policy document.")
        if policy["selectionCriteria"] and _SELECTION.fullmatch(policy["selectionCriteria"].strip()) is None:
            raise invalid("The specified selection criteria is invalid.")

    def _test(self, asked: Any) -> str:
        pattern = asked._get_param("filterPattern") or ""
        matches = []
        try:
            for number, message in enumerate(asked._get_param("logEventMessages") or (), start=1):
                if self._matches(pattern, message):
                    values = dict(self._values(pattern, message))
                    matches.append({"eventNumber": number, "eventMessage": message, "extractedValues": values})
        except ValueError as error:
            text = str(error).replace("Invalid filter pattern", "Invalid metric filter pattern")
            raise _error("InvalidParameterException")(text) from None
        return json.dumps({"matches": matches})


def _describe(asked: Any) -> str:
    kind, name = asked._get_param("policyType"), asked._get_param("policyName")
    found = [
        policy
        for policy in _policies(asked.logs_backend).values()
        if policy["policyType"] == kind and name in (None, policy["policyName"])
    ]
    return json.dumps({"accountPolicies": found})


def _delete(asked: Any) -> str:
    key = (asked._get_param("policyType"), asked._get_param("policyName"))
    if _policies(asked.logs_backend).pop(key, None) is None:
        raise _error("ResourceNotFoundException")("The specified account policy does not exist.")
    return ""


def _policies(backend: Any) -> dict[tuple[str, str], _Policy]:
    """An account's policies, by type and name. They go with moto's own state of it."""
    kept: dict[tuple[str, str], _Policy] = vars(backend).setdefault(_KEPT, {})
    return kept


def _selects(criteria: str, group: str) -> bool:
    """Whether selection criteria mean a group. Source: "PutAccountPolicy" (`LogGroupName NOT IN []`)."""
    found = _SELECTION.fullmatch(criteria.strip())
    if found is None:
        return True
    try:
        named: Sequence[str] = json.loads(found[2])
    except ValueError:
        return True
    by_prefix = criteria.strip().startswith("LogGroupNamePrefix")
    is_named = any(group.startswith(name) if by_prefix else group == name for name in named)
    return is_named is not bool(found[1])


def _error(name: str) -> Callable[[str], Exception]:
    from moto.core.exceptions import JsonRESTError

    return lambda message: JsonRESTError(name, message)


def _now() -> int:
    from moto.core.utils import utcnow

    return milliseconds(utcnow().replace(tzinfo=UTC))
