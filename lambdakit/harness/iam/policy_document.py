"""Policy documents: JSON in, compiled policies out.

What can be read is every policy that AWS evaluates; `policy_grammar` says which of them AWS lets anybody create.
Source: IAM User Guide, "Grammar of the IAM JSON policy language"; "IAM JSON policy elements: Version".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from lambdakit.harness.iam.conditions import Condition, condition
from lambdakit.harness.iam.policy_json import (
    MalformedPolicy,
    mapping,
    members,
    read_json,
    scalar,
    text,
    texts,
)
from lambdakit.harness.iam.principal_element import PrincipalElement, principal_element
from lambdakit.harness.iam.statement import ResourceElement, Statement, action_element, resource_element
from lambdakit.records import dataclass

__all__ = ["ByEffect", "MalformedPolicy", "NamedPolicy", "Policies", "PolicyDocument", "parse_policy", "version"]

INVALID_VERSION: Final = "The policy must contain a valid version string"
WITHOUT_ACTIONS: Final = "Policy statement must contain actions."
WITHOUT_EFFECT: Final = "Missing required field Effect"
INVALID_PRINCIPAL: Final = "Invalid principal in policy"

_VERSIONS: Final = ("2008-10-17", "2012-10-17")
_POLICY_ELEMENTS: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS: Final = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_PRINCIPAL_KINDS: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_REMEMBERED_ACTIONS: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ByEffect:
    """The statements of a policy that are about one action."""

    denying: tuple[Statement, ...]
    allowing: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocument:
    """A compiled policy. statements: in the document's order."""

    statements: tuple[Statement, ...]
    _by_action: dict[str, ByEffect] = field(default_factory=dict, repr=False, compare=False)

    def about(self, action: str) -> ByEffect:
        """The statements whose action element covers the action, which is given in lower case. Looked for once."""
        found = self._by_action.get(action)
        if found is None:
            about = [statement for statement in self.statements if statement.action.covers(action)]
            found = ByEffect(
                denying=tuple(statement for statement in about if not statement.allows),
                allowing=tuple(statement for statement in about if statement.allows),
            )
            if len(self._by_action) < _REMEMBERED_ACTIONS:
                self._by_action[action] = found
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPolicy:
    """A policy with its name or ARN, as decisions name it."""

    name: str
    document: PolicyDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What is attached to a principal.

    identity: inline and managed ones, those of a user's groups too. boundary: its permissions boundary; None without.
    session: what the session was limited to; None without a limit, empty where it may do nothing.
    """

    identity: tuple[NamedPolicy, ...] = ()
    boundary: NamedPolicy | None = None
    session: tuple[NamedPolicy, ...] | None = None


def parse_policy(document: str | Mapping[str, Any], *, name: str = "") -> PolicyDocument:
    """The compiled policy. name: of the policy, for the message; MalformedPolicy for what AWS would not evaluate.

    A statement may stand alone and so may any value of a list; `Resource` may be absent, as in a role's trust policy.
    """
    try:
        found = mapping(read_json(document))
        if found.keys() - _POLICY_ELEMENTS or "Statement" not in found:
            raise MalformedPolicy
        has_variables = version(found) == _VERSIONS[1]
        statements = [_statement(mapping(each), has_variables) for each in members(found["Statement"])]
    except MalformedPolicy as error:
        raise MalformedPolicy(f"{name}: {error.message}" if name else error.message) from error
    return PolicyDocument(statements=tuple(statements))


def version(document: Mapping[str, Any]) -> str:
    """The version of the policy language; the oldest where the document names none."""
    found = document.get("Version", _VERSIONS[0])
    if found not in _VERSIONS:
        raise MalformedPolicy(INVALID_VERSION)
    return str(found)


def _statement(statement: Mapping[str, Any], has_variables: bool) -> Statement:
    if statement.keys() - _STATEMENT_ELEMENTS:
        raise MalformedPolicy
    if "Effect" not in statement:
        raise MalformedPolicy(WITHOUT_EFFECT)
    if statement["Effect"] not in ("Allow", "Deny"):
        raise MalformedPolicy
    actions = _one_of(statement, "Action", "NotAction")
    if actions is None:
        raise MalformedPolicy(WITHOUT_ACTIONS)
    return Statement(
        sid=text(statement.get("Sid", "")),
        allows=statement["Effect"] == "Allow",
        action=action_element(texts(statement[actions]), negated=actions == "NotAction"),
        resource=_resource(statement, has_variables),
        principal=_principal(statement),
        conditions=tuple(_conditions(statement.get("Condition", {}), has_variables)),
    )


def _one_of(statement: Mapping[str, Any], element: str, complement: str) -> str | None:
    """Which of two elements a statement has, of which it may not have both."""
    if element in statement and complement in statement:
        raise MalformedPolicy
    return next((name for name in (element, complement) if name in statement), None)


def _resource(statement: Mapping[str, Any], has_variables: bool) -> ResourceElement | None:
    name = _one_of(statement, "Resource", "NotResource")
    if name is None:
        return None
    return resource_element(texts(statement[name]), negated=name == "NotResource", has_variables=has_variables)


def _principal(statement: Mapping[str, Any]) -> PrincipalElement | None:
    name = _one_of(statement, "Principal", "NotPrincipal")
    if name is None:
        return None
    value = statement[name]
    if value == "*":
        return principal_element(None, negated=name == "NotPrincipal")
    if not isinstance(value, Mapping) or not value or set(value) - _PRINCIPAL_KINDS:
        raise MalformedPolicy(INVALID_PRINCIPAL)
    return principal_element({kind: texts(names) for kind, names in value.items()}, negated=name == "NotPrincipal")


def _conditions(block: object, has_variables: bool) -> Iterator[Condition]:
    for operator, keys in mapping(block).items():
        for key, value in mapping(keys).items():
            values = [scalar(each) for each in members(value)]
            found = condition(operator, text(key), values, has_variables=has_variables)
            if found is None:
                raise MalformedPolicy
            yield found
