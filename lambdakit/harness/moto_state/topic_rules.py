"""moto's IoT: told of what is published, and asked about rules that are made. moto keeps both, and acts on nothing.

Private surface used: `moto.iotdata.models.IoTDataPlaneBackend.publish` with `account_id` and `region_name`;
`moto.iot.models.IoTBackend.create_topic_rule`, `replace_topic_rule` and `rules`; of a rule `name`, `sql`, `actions`,
`error_action`, `rule_disabled`, `arn`. Canary: tests/unit/harness/test_harness_moto_other_services.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from types import ModuleType
from typing import Any

from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.records import dataclass

Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRule:
    """A rule. actions: each an object with one member, named after its kind, as the API takes them."""

    account_id: str
    region: str
    name: str
    arn: str
    sql: str
    actions: Sequence[Mapping[str, Any]]
    error_action: Mapping[str, Any] = field(default_factory=dict)


class TopicRules:
    """The rules of all accounts. Make it before moto's service is loaded.

    published: called with the place, topic and payload of each message, in the thread of who publishes.
    problem: why a rule with this SQL is not taken; empty for one that is.
    """

    def __init__(
        self,
        published: Callable[[Place, str, bytes], None],
        problem: Callable[[str], str],
    ) -> None:
        self._published = published
        self._problem = problem
        change_when_loaded(self._change)

    def enabled(self, place: Place) -> Sequence[TopicRule]:
        """The rules of a place that are not disabled."""
        from moto.iot.models import iot_backends

        account_id, region = place
        backend = iot_backends[account_id][region]
        return [
            TopicRule(
                account_id=account_id,
                region=region,
                name=rule.rule_name,
                arn=rule.arn,
                sql=rule.sql,
                actions=list(rule.actions or ()),
                error_action=dict(rule.error_action or {}),
            )
            for rule in list(backend.rules.values())
            if not rule.rule_disabled
        ]

    def _change(self, module: ModuleType) -> None:
        if module.__name__ == "moto.iotdata.models":
            backend: Any = vars(module)["IoTDataPlaneBackend"]
            own = getattr(backend.publish, "__wrapped__", backend.publish)

            @functools.wraps(own)
            def publish(self_: Any, topic: str, payload: bytes) -> None:
                own(self_, topic=topic, payload=payload)
                content = payload.encode() if isinstance(payload, str) else bytes(payload or b"")
                self._published((self_.account_id, self_.region_name), topic, content)

            backend.publish = publish
        elif module.__name__ == "moto.iot.models":
            rules: Any = vars(module)["IoTBackend"]
            for method in ("create_topic_rule", "replace_topic_rule"):
                made = getattr(rules, method)
                setattr(rules, method, self._asking(getattr(made, "__wrapped__", made)))

    def _asking(self, own: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(own)
        def asked(backend: Any, rule_name: str, **given: Any) -> Any:
            from moto.core.exceptions import JsonRESTError

            problem = self._problem(str(given.get("sql") or ""))
            if problem:
                raise JsonRESTError("SqlParseException", problem)
            return own(backend, rule_name=rule_name, **given)

        return asked
