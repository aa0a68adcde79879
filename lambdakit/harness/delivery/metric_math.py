"""Metric math, as far as alarms need it: expressions over time series.

In: an expression and the series that its ids stand for. Out: a series. Served are numbers, ids, `METRICS()`, lists,
`+ - * / ^`, comparisons, `AND OR NOT`, and the functions of `_FUNCTIONS`; all else is refused by name.

Source: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from lambdakit.records import dataclass

Series = Mapping[datetime, float]
Value = float | Series | list[Series]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign><=|>=|==|!=|&&|\|\||[-+*/^()\[\],<>]))"
)
_DEPTH_MAX: Final = 40


class UnservedExpression(Exception):
    """An expression that is not evaluated here, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an expression may name. times: every period looked at, oldest first. metrics: those of `METRICS()`."""

    series: Mapping[str, Series]
    metrics: Sequence[str]
    times: Sequence[datetime]
    period_seconds: int = 60


def evaluate(expression: str, scope: Scope) -> Series:
    """The series that an expression stands for. UnservedExpression for what is not served, or is no expression."""
    reader = _Reader(expression, scope)
    value = reader.read()
    if isinstance(value, list):
        raise UnservedExpression(f"{expression}: gives several series, and an alarm looks at one")
    if isinstance(value, float):
        return dict.fromkeys(scope.times, value)
    return value


class _Reader:
    """Reads and evaluates in one go; the weakest operator first."""

    def __init__(self, expression: str, scope: Scope) -> None:
        self._expression = expression
        self._scope = scope
        self._tokens = _tokens(expression)
        self._at = 0
        self._depth = 0

    def read(self) -> Value:
        value = self._either()
        if self._at < len(self._tokens):
            raise UnservedExpression(f"{self._expression}: {self._tokens[self._at]!r} is not expected there")
        return value

    def _either(self) -> Value:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise UnservedExpression(f"{self._expression}: is nested too deep")
        value = self._both()
        while self._take("||", "OR"):
            value = _combined(value, self._both(), lambda left, right: float(bool(left) or bool(right)))
        self._depth -= 1
        return value

    def _both(self) -> Value:
        value = self._comparison()
        while self._take("&&", "AND"):
            value = _combined(value, self._comparison(), lambda left, right: float(bool(left) and bool(right)))
        return value

    def _comparison(self) -> Value:
        value = self._sum()
        while sign := self._take(*_COMPARISONS):
            compare = _COMPARISONS[sign]
            value = _combined(value, self._sum(), lambda left, right, by=compare: float(by(left, right)))  # type: ignore[misc]  # the default binds the operator
        return value

    def _sum(self) -> Value:
        value = self._product()
        while sign := self._take("+", "-"):
            value = _combined(value, self._product(), operator.add if sign == "+" else operator.sub)
        return value

    def _product(self) -> Value:
        value = self._power()
        while sign := self._take("*", "/"):
            value = _combined(value, self._power(), operator.mul if sign == "*" else _divided)
        return value

    def _power(self) -> Value:
        value = self._single()
        if self._take("^"):
            value = _combined(value, self._power(), _raised)
        return value

    def _single(self) -> Value:
        if sign := self._take("-", "NOT"):
            if self._peek() in ("-", "NOT"):
                raise UnservedExpression(f"{self._expression}: {sign!r} twice in a row is not served")
            return _each(self._single(), operator.neg if sign == "-" else lambda one: float(not one))
        if self._take("("):
            value = self._either()
            self._expect(")")
            return value
        if self._take("["):
            return [series for part in self._list("]") for series in _as_list(part)]
        token = self._next()
        if token[0].isdigit() or token[0] == ".":
            return float(token)
        if self._take("("):
            return self._call(token)
        if token in self._scope.series:
            return self._scope.series[token]
        raise UnservedExpression(f"{self._expression}: there is no metric or expression {token!r}")

    def _call(self, name: str) -> Value:
        if name == "METRICS":
            if self._peek() != ")":
                raise UnservedExpression(f"{self._expression}: METRICS with an argument is not served")
            self._expect(")")
            return [self._scope.series[one] for one in self._scope.metrics]
        if name == "FILL":
            return self._fill()
        function = _FUNCTIONS.get(name)
        if function is None:
            raise UnservedExpression(f"{self._expression}: the function {name} is not served")
        arguments = self._list(")")
        if name == "PERIOD":
            return float(self._scope.period_seconds)
        try:
            return function(arguments)
        except (IndexError, TypeError):
            raise UnservedExpression(f"{self._expression}: {name} does not take these arguments") from None

    def _fill(self) -> Value:
        filled = self._either()
        self._expect(",")
        if self._take("REPEAT"):
            self._expect(")")
            return _each_series(filled, lambda series: _repeated(series, self._scope.times))
        if self._take("LINEAR"):
            raise UnservedExpression(f"{self._expression}: FILL with LINEAR is not served")
        by = self._either()
        self._expect(")")
        return _each_series(filled, lambda series: _filled(series, by, self._scope.times))

    def _list(self, end: str) -> list[Value]:
        values: list[Value] = []
        while not self._take(end):
            values.append(self._either())
            if self._peek() != end:
                self._expect(",")
        return values

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *tokens: str) -> str:
        if (token := self._peek()) in tokens and token:
            self._at += 1
            return token
        return ""

    def _next(self) -> str:
        if not (token := self._peek()):
            raise UnservedExpression(f"{self._expression}: ends too early")
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise UnservedExpression(f"{self._expression}: {token!r} is expected before {self._peek() or 'its end'!r}")


def _tokens(expression: str) -> list[str]:
    tokens, at, text = [], 0, expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnservedExpression(f"{expression}: {text[at]!r} is not understood")
        tokens.append(match[match.lastgroup or 0])
        at = match.end()
    return tokens


def _combined(left: Value, right: Value, by: Callable[[float, float], float | None]) -> Value:
    """Guide: two series are combined where both have a data point; what has no result has none either."""
    if isinstance(left, list):
        pairs = zip(left, right, strict=False) if isinstance(right, list) else ((one, right) for one in left)
        return [_one_series(_combined(first, second, by)) for first, second in pairs]
    if isinstance(right, list):
        return [_one_series(_combined(left, one, by)) for one in right]
    if isinstance(left, float) and isinstance(right, float):
        result = by(left, right)
        if result is None:
            raise UnservedExpression("a number is divided by zero")
        return float(result)
    made: dict[datetime, float] = {}
    for time in _times(left, right):
        first = left if isinstance(left, float) else left[time]
        second = right if isinstance(right, float) else right[time]
        if (result := by(first, second)) is not None:
            made[time] = float(result)
    return made


def _times(left: float | Series, right: float | Series) -> Iterable[datetime]:
    """Those that both have; a number has them all."""
    if isinstance(left, float):
        return () if isinstance(right, float) else right
    return left if isinstance(right, float) else [time for time in left if time in right]


def _each(value: Value, change: Callable[[float], float]) -> Value:
    if isinstance(value, float):
        return float(change(value))
    return _each_series(value, lambda series: {time: float(change(one)) for time, one in series.items()})


def _each_series(value: Value, change: Callable[[Series], Series]) -> Value:
    if isinstance(value, list):
        return [change(series) for series in value]
    if isinstance(value, float):
        raise UnservedExpression("a number stands where a metric is needed")
    return change(value)


def _aggregate(by: Callable[[Sequence[float]], float]) -> Callable[[list[Value]], Value]:
    """Guide: of one series its points make a number, of several the points of each time make a series."""

    def aggregate(arguments: list[Value]) -> Value:
        [value] = arguments if len(arguments) == 1 else [[one for each in arguments for one in _as_list(each)]]
        if isinstance(value, float):
            return value
        if isinstance(value, list):
            times = sorted({time for series in value for time in series})
            return {time: by([series[time] for series in value if time in series]) for time in times}
        return by(list(value.values())) if value else {}

    return aggregate


def _if(arguments: list[Value]) -> Value:
    condition, then = arguments[0], arguments[1]
    otherwise = arguments[2] if len(arguments) > 2 else None
    if isinstance(condition, list):
        raise TypeError
    if isinstance(condition, float):
        return then if condition else ({} if otherwise is None else otherwise)
    made: dict[datetime, float] = {}
    for time, one in condition.items():
        chosen = then if one else otherwise
        if isinstance(chosen, float):
            made[time] = chosen
        elif isinstance(chosen, Mapping) and time in chosen:
            made[time] = chosen[time]
    return made


def _repeated(series: Series, times: Sequence[datetime]) -> Series:
    made: dict[datetime, float] = {}
    last: float | None = None
    for time in times:
        last = series.get(time, last)
        if last is not None:
            made[time] = last
    return made


def _filled(series: Series, by: Value, times: Sequence[datetime]) -> Series:
    if isinstance(by, list):
        raise UnservedExpression("FILL with several series is not served")
    fill = dict.fromkeys(times, by) if isinstance(by, float) else by
    return {time: series[time] if time in series else fill[time] for time in times if time in series or time in fill}


def _divided(left: float, right: float) -> float | None:
    return None if right == 0 else left / right


def _raised(left: float, right: float) -> float | None:
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return result if isinstance(result, float) and math.isfinite(result) else None


def _as_list(value: Value) -> list[Series]:
    if isinstance(value, float):
        raise UnservedExpression("a number stands where a metric is needed")
    return value if isinstance(value, list) else [value]


def _one_series(value: Value) -> Series:
    if isinstance(value, Mapping):
        return value
    raise UnservedExpression("a list stands where one metric is needed")


_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_FUNCTIONS: Final[Mapping[str, Callable[[list[Value]], Value]]] = {
    "SUM": _aggregate(math.fsum),
    "MAX": _aggregate(max),
    "MIN": _aggregate(min),
    "AVG": _aggregate(lambda values: math.fsum(values) / len(values)),
    "ABS": lambda arguments: _each(arguments[0], abs),
    "CEIL": lambda arguments: _each(arguments[0], math.ceil),
    "FLOOR": lambda arguments: _each(arguments[0], math.floor),
    "IF": _if,
    "PERIOD": lambda arguments: arguments[0],
}
