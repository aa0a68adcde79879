"""moto's rules of AWS Config: who checks their functions, hears of them, and answers for their evaluations.

moto asks its own Lambda, which knows no function, whether a rule's function can be called; it keeps rules, evaluates
none, takes evaluations in test mode only and has no operation that reads them.

Private surface used: of `moto.config.models` `Source.__init__`, `SourceDetail`, `ConfigEmptyDictable.__init__`,
`convert_to_class_args`, `config_backends`, of `ConfigBackend` `put_config_rule`, `delete_config_rule` and
`config_rules`, whose items have `config_rule_name`, `config_rule_arn`, `config_rule_id`, `input_parameters`, `scope`,
`source` and `maximum_execution_frequency`; of `moto.config.responses.ConfigResponse` that its methods are named as the
operations. Canary: tests/unit/harness/test_harness_moto_config.py.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final, Protocol

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.records import dataclass

_CUSTOM: Final = "CUSTOM_LAMBDA"
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What makes a rule run. message_type: such as `ScheduledNotification`. frequency: of it, empty for changes."""

    message_type: str
    frequency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRule:
    """A rule with a function of one's own.

    resource_types: those it is for, empty for all. resource_id, tag_key, tag_value: narrow that, empty for any.
    parameters: JSON. frequency: the rule's own, for triggers that have none.
    """

    account_id: str
    region: str
    name: str
    arn: str
    id: str
    function: str
    triggers: Sequence[Trigger]
    parameters: str
    frequency: str
    resource_types: Sequence[str] = ()
    resource_id: str = ""
    tag_key: str = ""
    tag_value: str = ""

    @property
    def place(self) -> Place:
        """Its account and region."""
        return self.account_id, self.region


class ConfigRuleWatch(Protocol):
    """Who evaluates rules."""

    def problem(self, place: Place, function: str) -> str | None:
        """Why a function cannot be a rule's; None when it can."""

    def rule_put(self, rule: ConfigRule) -> None:
        """A rule is there, or is another one from now on."""

    def rule_deleted(self, rule: ConfigRule) -> None:
        """A rule is gone."""

    def serve(self, operation: str, place: Place, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to an operation that moto does not have. Raises what `refuse` gives."""


# The operations that read or change what came of evaluations -> what moto would name its method for them.
OPERATIONS: Final[Mapping[str, str]] = {
    "PutEvaluations": "put_evaluations",
    "StartConfigRulesEvaluation": "start_config_rules_evaluation",
    "DeleteEvaluationResults": "delete_evaluation_results",
    "DescribeComplianceByConfigRule": "describe_compliance_by_config_rule",
    "GetComplianceDetailsByConfigRule": "get_compliance_details_by_config_rule",
    "GetComplianceDetailsByResource": "get_compliance_details_by_resource",
}


class ConfigRules:
    """The rules of all accounts. Make it before moto's service is loaded."""

    def __init__(self, watch: ConfigRuleWatch) -> None:
        self._watch = watch
        change_when_loaded(self._change)

    def all(self, account_id: str | None = None) -> Sequence[ConfigRule]:
        """The rules with functions. Absence of `account_id`: of every account."""
        models: Any = loaded("moto.config.models")
        if models is None:
            return []
        return [
            made
            for owner, regions in list(models.config_backends.items())
            if account_id in (None, owner)
            for backend in list(regions.values())
            for held in list(backend.config_rules.values())
            if (made := _rule(backend, held)) is not None
        ]

    def names(self, place: Place) -> Sequence[str]:
        """The names of all rules of a place, those of AWS included."""
        from moto.config.models import config_backends

        return list(config_backends[place[0]][place[1]].config_rules)

    def find(self, place: Place, name: str) -> ConfigRule | None:
        """A rule with a function; None without one of that name."""
        from moto.config.models import config_backends

        backend = config_backends[place[0]][place[1]]
        held = backend.config_rules.get(name)
        return None if held is None else _rule(backend, held)

    def refuse(self, code: str, message: str) -> Exception:
        """The exception that makes moto answer with an error of the API."""
        from moto.core.exceptions import JsonRESTError

        return JsonRESTError(code, message)

    def _change(self, module: ModuleType) -> None:
        names: Any = vars(module)
        if module.__name__ == "moto.config.models":
            backend = names["ConfigBackend"]
            backend.put_config_rule = _around(backend.put_config_rule, self._put)
            backend.delete_config_rule = _around(backend.delete_config_rule, self._delete)
            names["Source"].__init__ = _around(names["Source"].__init__, functools.partial(self._make_source, names))
        elif module.__name__ == "moto.config.responses":
            for operation, method in OPERATIONS.items():
                setattr(names["ConfigResponse"], method, self._answering(operation))

    def _put(self, backend: Any, own: Callable[..., Any], config_rule: Mapping[str, Any], *more: Any) -> Any:
        answer = own(config_rule, *more)
        identifiers = {config_rule.get(name) for name in ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId")} - {None}
        for held in backend.config_rules.values():
            if identifiers & {held.config_rule_name, held.config_rule_arn, held.config_rule_id}:
                made = _rule(backend, held)
                if made is not None:
                    self._watch.rule_put(made)
        return answer

    def _delete(self, backend: Any, own: Callable[..., Any], rule_name: str) -> Any:
        held = backend.config_rules.get(rule_name)
        gone = None if held is None else _rule(backend, held)
        answer = own(rule_name)
        if gone is not None:
            self._watch.rule_deleted(gone)
        return answer

    def _make_source(
        self,
        names: Mapping[str, Any],
        source: Any,
        own: Callable[..., None],
        account_id: str,
        region: str,
        owner: str,
        source_identifier: str,
        source_details: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        if owner != _CUSTOM or not source_details:
            own(account_id, region, owner, source_identifier, source_details)
            return
        problem = self._watch.problem((account_id, region), source_identifier)
        if problem is not None:
            # API Reference, "PutConfigRule": InsufficientPermissionsException.
            raise self.refuse("InsufficientPermissionsException", problem)
        names["ConfigEmptyDictable"].__init__(source, capitalize_start=True, capitalize_arn=False)
        source.owner = owner
        source.source_identifier = source_identifier
        source.source_details = [
            names["SourceDetail"](**names["convert_to_class_args"](detail)) for detail in source_details
        ]

    def _answering(self, operation: str) -> Callable[[Any], str]:
        def answer(response: Any) -> str:
            given = json.loads(response.body or "{}")
            place = response.current_account, response.region
            return json.dumps(self._watch.serve(operation, place, given))

        return answer


def _around(own: Callable[..., Any], then: Callable[..., Any]) -> Callable[..., Any]:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def around(held: Any, *arguments: Any, **named: Any) -> Any:
        return then(held, functools.partial(own, held), *arguments, **named)

    return around


def _rule(backend: Any, held: Any) -> ConfigRule | None:
    """A rule of moto's; None for one without a function."""
    if held.source.owner != _CUSTOM:
        return None
    scope = held.scope
    tag_key, tag_value = next(iter((getattr(scope, "tags", None) or {}).items()), ("", ""))
    return ConfigRule(
        account_id=backend.account_id,
        region=backend.region_name,
        name=held.config_rule_name,
        arn=held.config_rule_arn,
        id=held.config_rule_id,
        function=held.source.source_identifier,
        triggers=[
            Trigger(message_type=one.message_type, frequency=one.maximum_execution_frequency or "")
            for one in held.source.source_details
        ],
        parameters=held.input_parameters or "{}",
        frequency=held.maximum_execution_frequency or "",
        resource_types=list(getattr(scope, "compliance_resource_types", None) or ()),
        resource_id=getattr(scope, "compliance_resource_id", None) or "",
        tag_key=tag_key or "",
        tag_value=tag_value or "",
    )
