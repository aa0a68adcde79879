"""Which operators each service takes in its patterns."""

from __future__ import annotations

from typing import Final

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a pattern may hold.

    operators: the keys of match expressions. nested: what may stand inside `anything-but`, beside values.
    cased: whether `prefix` and `suffix` take `equals-ignore-case` inside. deep: whether fields may be nested.
    """

    name: str
    operators: frozenset[str]
    nested: frozenset[str] = frozenset()
    cased: bool = False
    deep: bool = True


_BASIC: Final = frozenset({"prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case"})
_ALL: Final = _BASIC | {"cidr", "wildcard"}

# Amazon EventBridge User Guide, "Comparison operators for use in event patterns".
RULE: Final = Dialect(
    name="rule",
    operators=_ALL,
    nested=frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"}),
    cased=True,
)
# Amazon EventBridge User Guide, "Event filtering in Amazon EventBridge Pipes": neither wildcards nor what may stand
# inside anything-but in a rule.
PIPE: Final = Dialect(name="pipe", operators=_BASIC | {"cidr"}, cased=True)
# AWS Lambda Developer Guide, "Filter rule syntax": its table of operators.
FILTER_CRITERIA: Final = Dialect(name="filter criteria", operators=_BASIC)
# Amazon SNS Developer Guide, "Subscription filter policy constraints" and "String value matching".
SNS_ATTRIBUTES: Final = Dialect(
    name="filter policy", operators=_ALL, nested=frozenset({"prefix", "suffix", "wildcard"}), deep=False
)
SNS_BODY: Final = Dialect(
    name="filter policy", operators=_ALL, nested=frozenset({"prefix", "suffix", "wildcard"}), deep=True
)
