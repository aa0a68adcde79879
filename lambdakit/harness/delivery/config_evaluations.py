"""What functions said of resources, kept by rule, and the operations of AWS Config that take and give it.

Source: AWS Config API Reference, of each operation; the service's model in botocore.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.delivery.config_events import Evaluation
from lambdakit.harness.moto_state.config_rules import ConfigRule, ConfigRules, Place
from lambdakit.records import dataclass

# What a function may say: the fourth there is, INSUFFICIENT_DATA, is the service's own.
_SAYABLE: Final = frozenset({"COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"})
_SHOWN: Final = ("COMPLIANT", "NON_COMPLIANT")
_CAPPED: Final = 25
_PAGE: Final = 100
_EVALUATIONS_MAX: Final = 100

Given = Mapping[str, Any]
# Told of each evaluation: the rule, what was said of the resource before, and what is said now.
Evaluated = Callable[[ConfigRule, Evaluation | None, Evaluation], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """An invocation of a rule's function that may still answer."""

    rule: ConfigRule
    at: datetime


class Evaluations:
    """The evaluations of all rules. start: runs a rule now."""

    def __init__(
        self,
        rules: Callable[[], ConfigRules],
        *,
        now: Callable[[], datetime],
        evaluated: Evaluated,
        start: Callable[[ConfigRule], None],
    ) -> None:
        self._rules = rules
        self._now = now
        self._evaluated = evaluated
        self._start = start
        self._runs: dict[str, _Run] = {}
        self._held: dict[str, dict[tuple[str, str], Evaluation]] = {}  # by the rule's ARN
        self._lock = threading.Lock()
        self._operations: Mapping[str, Callable[[Place, Given], Given]] = {
            "PutEvaluations": self._put,
            "StartConfigRulesEvaluation": self._start_rules,
            "DeleteEvaluationResults": self._delete,
            "DescribeComplianceByConfigRule": self._by_rule,
            "GetComplianceDetailsByConfigRule": self._details_of_rule,
            "GetComplianceDetailsByResource": self._details_of_resource,
        }

    def serve(self, operation: str, place: Place, given: Given) -> Given:
        """The answer to an operation."""
        return self._operations[operation](place, given)

    def token(self, rule: ConfigRule) -> str:
        """What an answer of the run that begins now has to name."""
        token = uuid.uuid4().hex
        with self._lock:
            self._runs[token] = _Run(rule=rule, at=self._now())
        return token

    def forget(self, rule: ConfigRule | None = None) -> None:
        """Drops what was said under a rule. Absence: under all."""
        with self._lock:
            self._held = {} if rule is None else {arn: held for arn, held in self._held.items() if arn != rule.arn}
            kept = [] if rule is None else [item for item in self._runs.items() if item[1].rule.arn != rule.arn]
            self._runs = dict(kept)

    def _put(self, place: Place, given: Given) -> Given:
        evaluations = given.get("Evaluations") or []
        token = str(given.get("ResultToken") or "")
        if len(evaluations) > _EVALUATIONS_MAX:
            raise self._invalid(
                f"1 validation error detected: Value at 'evaluations' failed to satisfy constraint: Member must have "
                f"length less than or equal to {_EVALUATIONS_MAX}"
            )
        with self._lock:
            run = self._runs.get(token)
        if given.get("TestMode"):
            return {"FailedEvaluations": []}
        if run is None or run.rule.place != place:
            raise self._rules().refuse("InvalidResultTokenException", "The resultToken provided is invalid")
        made = [self._evaluation(run, one) for one in evaluations]
        for one in made:
            key = one.resource_type, one.resource_id
            with self._lock:
                held = self._held.setdefault(run.rule.arn, {})
                old = held.get(key)
                if old is not None and old.ordered > one.ordered:
                    continue  # API Reference, "Evaluation" (`OrderingTimestamp`): the latest one stands
                if one.compliance == "NOT_APPLICABLE":
                    held.pop(key, None)
                else:
                    held[key] = one
            if old is not None or one.compliance != "NOT_APPLICABLE":
                self._evaluated(run.rule, old, one)
        return {"FailedEvaluations": []}

    def _evaluation(self, run: _Run, given: Given) -> Evaluation:
        compliance = str(given.get("ComplianceType"))
        if compliance not in _SAYABLE:
            raise self._invalid(
                f"ComplianceType {compliance} is not supported: PutEvaluations takes {', '.join(sorted(_SAYABLE))}"
            )
        return Evaluation(
            resource_type=str(given.get("ComplianceResourceType")),
            resource_id=str(given.get("ComplianceResourceId")),
            compliance=compliance,
            annotation=str(given.get("Annotation") or ""),
            ordered=datetime.fromtimestamp(float(given.get("OrderingTimestamp") or 0), UTC),
            recorded=self._now(),
            invoked=run.at,
        )

    def _start_rules(self, place: Place, given: Given) -> Given:
        for rule in [
            self._rule(place, str(name)) for name in given.get("ConfigRuleNames") or self._rules().names(place)
        ]:
            if rule is not None:
                self._start(rule)
        return {}

    def _delete(self, place: Place, given: Given) -> Given:
        rule = self._rule(place, str(given.get("ConfigRuleName")))
        if rule is not None:
            self.forget(rule)
        return {}

    def _by_rule(self, place: Place, given: Given) -> Given:
        found = []
        for name in given.get("ConfigRuleNames") or self._rules().names(place):
            rule = self._rule(place, str(name))
            held = [] if rule is None else self._of(rule)
            failing = sum(one.compliance == "NON_COMPLIANT" for one in held)
            compliance: dict[str, Any] = {"ComplianceType": "COMPLIANT" if held else "INSUFFICIENT_DATA"}
            if failing:
                count = {"CappedCount": min(failing, _CAPPED), "CapExceeded": failing > _CAPPED}
                compliance = {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": count}
            if compliance["ComplianceType"] in (given.get("ComplianceTypes") or (compliance["ComplianceType"],)):
                found.append({"ConfigRuleName": name, "Compliance": compliance})
        return self._page("ComplianceByConfigRules", found, given)

    def _details_of_rule(self, place: Place, given: Given) -> Given:
        rule = self._rule(place, str(given.get("ConfigRuleName")))
        wanted = given.get("ComplianceTypes") or _SHOWN
        held = [] if rule is None else [(rule, one) for one in self._of(rule) if one.compliance in wanted]
        return self._page("EvaluationResults", [_result(*one) for one in held], given)

    def _details_of_resource(self, place: Place, given: Given) -> Given:
        wanted = given.get("ComplianceTypes") or _SHOWN
        named = given.get("ResourceType"), given.get("ResourceId")
        held = [
            (rule, one)
            for rule in self._rules().all(place[0])
            if rule.place == place
            for one in self._of(rule)
            if (one.resource_type, one.resource_id) == named and one.compliance in wanted
        ]
        return self._page("EvaluationResults", [_result(*one) for one in held], given)

    def _page(self, member: str, found: Sequence[Any], given: Given) -> Given:
        token = str(given.get("NextToken") or "0")
        if not token.isdecimal():
            raise self._rules().refuse("InvalidNextTokenException", "The nextToken provided is invalid")
        begin, most = int(token), given.get("Limit") or _PAGE
        page = {member: list(found[begin : begin + most])}
        return {**page, "NextToken": str(begin + most)} if begin + most < len(found) else page

    def _of(self, rule: ConfigRule) -> list[Evaluation]:
        with self._lock:
            return list(self._held.get(rule.arn, {}).values())

    def _rule(self, place: Place, name: str) -> ConfigRule | None:
        """A rule; None for one of AWS's own, which nothing evaluates. Refused when there is none of that name."""
        if name not in self._rules().names(place):
            problem = f"The ConfigRule '{name}' provided in the request is invalid. Please check the configRule name"
            raise self._rules().refuse("NoSuchConfigRuleException", problem)
        return self._rules().find(place, name)

    def _invalid(self, problem: str) -> Exception:
        return self._rules().refuse("InvalidParameterValueException", problem)


def _result(rule: ConfigRule, evaluation: Evaluation) -> Given:
    return {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": rule.name,
                "ResourceType": evaluation.resource_type,
                "ResourceId": evaluation.resource_id,
                "EvaluationMode": "DETECTIVE",
            },
            "OrderingTimestamp": evaluation.ordered.timestamp(),
        },
        "ComplianceType": evaluation.compliance,
        "ResultRecordedTime": evaluation.recorded.timestamp(),
        "ConfigRuleInvokedTime": evaluation.invoked.timestamp(),
        **({"Annotation": evaluation.annotation} if evaluation.annotation else {}),
    }
