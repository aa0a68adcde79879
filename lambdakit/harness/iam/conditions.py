"""The `Condition` element, compiled: whether it holds for a request.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators"; "Conditions with multiple context keys or
values"; "Set operators for multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

from lambdakit.harness.iam.condition_keys import RequestContext
from lambdakit.harness.iam.matching import Matcher
from lambdakit.harness.iam.operators import OPERATORS, Build, Operator
from lambdakit.harness.iam.variables import Template, template
from lambdakit.records import dataclass

Quantifier = Literal["", "all", "any"]

_IF_EXISTS: Final = "ifexists"
_SET_OPERATORS: Final[Mapping[str, Quantifier]] = {"": "", "forallvalues": "all", "foranyvalue": "any"}
_BY_NAME: Final[Mapping[str, Operator]] = {name.lower(): operator for name, operator in OPERATORS.items()}


class Condition(Protocol):
    """One key of one operator."""

    def holds(self, request: RequestContext) -> bool:
        """Whether the request meets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NullCondition:
    """Whether a key is there, with a value that is not empty. key: in lower case. absent: it is not to be."""

    key: str
    absent: bool

    def holds(self, request: RequestContext) -> bool:
        """Whether the key is as it has to be."""
        return (not any(request.values(self.key) or ())) is self.absent


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A key compared with the policy's values.

    key: in lower case. quantifier: of `ForAllValues` or `ForAnyValue`. matches: whether one value of the request is
    like one of the policy's; None where `templates` have to be resolved first, of which `build` makes it then.
    """

    key: str
    quantifier: Quantifier
    negated: bool
    if_exists: bool
    matches: Matcher | None
    build: Build
    templates: tuple[str | Template, ...]

    def holds(self, request: RequestContext) -> bool:
        """Whether the key of the request, if it has it, compares as it should.

        Without a set operator a key of several values counts as equal when one of them is.
        """
        values = request.values(self.key)
        if not values:
            return self._holds_without_key()
        if self.quantifier and not any(values):
            return self.quantifier == "all"
        matches = self.matches or self._resolved(request)
        if self.quantifier == "all":
            return all(matches(value) is not self.negated for value in values)
        if self.quantifier == "any":
            return any(matches(value) is not self.negated for value in values)
        return any(map(matches, values)) is not self.negated

    def _holds_without_key(self) -> bool:
        if self.if_exists or self.quantifier == "all":
            return True
        return self.negated and not self.quantifier

    def _resolved(self, request: RequestContext) -> Matcher:
        """The test with the variables' values in place; a text whose variable has none is equal to nothing."""
        texts = [text if isinstance(text, str) else text.resolve(request.values) for text in self.templates]
        return self.build([text for text in texts if text is not None])


def condition(operator: str, key: str, values: Sequence[str], *, has_variables: bool) -> Condition | None:
    """The condition that a policy's operator, key and values mean; None when there is no such operator."""
    prefix, _, name = operator.lower().rpartition(":")
    quantifier = _SET_OPERATORS.get(prefix)
    if quantifier is None:
        return None
    if name == "null" and not quantifier:
        return NullCondition(key=key.lower(), absent=any(value.lower() == "true" for value in values))
    known = _BY_NAME.get(name.removesuffix(_IF_EXISTS))
    if known is None:
        return None
    templates = tuple(
        template(value, pattern=known.takes_patterns, has_variables=has_variables and known.takes_variables)
        for value in values
    )
    texts = [text for text in templates if isinstance(text, str)]
    return Comparison(
        key=key.lower(),
        quantifier=quantifier,
        negated=known.negated,
        if_exists=name.endswith(_IF_EXISTS),
        matches=known.build(texts) if len(texts) == len(templates) else None,
        build=known.build,
        templates=templates,
    )
